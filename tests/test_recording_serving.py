"""Recordings in buckets on disk as the server shows them: bytes, ranges, caches, and who may watch.

Promise: players get the URL that `rillcast recordings show` prints and, where it is private, a token; nothing else.
"""

import gzip
import re
import socket
import uuid
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, replace
from urllib.parse import urljoin, urlsplit

import pytest

from harness import players
from harness import recording_look as look
from harness.aws import Channel
from harness.ladder_film import make
from harness.player_token import Signer
from harness.players import kind
from harness.recording import LONG, START, Tree, configure, recorded_channel
from harness.recording_house import House, houses
from harness.waiting import wait_until
from harness.web import Answer, fetch

FILM = replace(LONG, seconds=45)
MASTER, RANGES = "media/hls/master.m3u8", "media/hls/byte-range-multivariant.m3u8"
PAGE, STRANGER = {"Origin": "https://page.example"}, {"Origin": "https://stranger.example"}
KEPT, GROWS, FINAL = "max-age=3600", "max-age=2", "max-age=86400, immutable"
HLS_JS = kind("hls.js", "hls", startPosition=0, lowLatencyMode=False)


@dataclass
class Show:
    """A channel and its recording."""

    house: House
    channel: Channel
    tree: Tree

    def url(self, below: str = MASTER) -> str:
        return f"{self.house.server.url}/recordings/{self.tree.bucket}/{self.tree.prefix}/{below}"

    def get(self, below: str = MASTER, **options) -> Answer:
        return fetch(self.url(below), **options)

    def enter(self, token: str, **options) -> str:
        """Where a token leads to: the URL of the multivariant playlist for one viewer."""
        answer = fetch(f"{self.url()}?token={token}", **options)
        assert answer.status == 302, answer.text
        return urljoin(self.url(), answer.headers["location"])


@pytest.fixture(scope="module")
def house(start_server, tmp_path_factory):
    with houses(start_server, tmp_path_factory.mktemp) as opened:
        yield opened("disk", "--metrics", "127.0.0.1:0")


@pytest.fixture(scope="module")
def signer(house):
    signer = Signer()
    house.ivs.import_playback_key_pair(publicKeyMaterial=signer.public)
    return signer


@pytest.fixture(scope="module")
def film(tmp_path_factory):
    return make(FILM, tmp_path_factory.mktemp("films"))


@pytest.fixture(scope="module")
def shows(house, film):
    """One that anybody may watch, one that is private, both recorded at once; the first is looked at meanwhile."""
    configuration = configure(house.ivs, house.buckets.make("shown-recordings"))
    channels = {
        "public": recorded_channel(house.ivs, configuration, containerFormat="TS", name="public"),
        "private": recorded_channel(house.ivs, configuration, authorized=True, name="private"),
    }
    pushes = [house.push(film, house.url(channel), speed=4.0) for channel in channels.values()]
    event = house.events.wait(channels["public"], START)[0]
    begun = Show(house, channels["public"], house.tree_of(event))
    growing = grown(begun)
    for push in pushes:
        assert push.ended(120) == 0, push.log()
    found = {name: Show(house, channel, house.tree(channel)) for name, channel in channels.items()}
    found["growing"] = growing
    return found


@pytest.fixture(scope="module")
def public(shows) -> Show:
    return shows["public"]


@pytest.fixture(scope="module")
def private(shows) -> Show:
    return shows["private"]


def uris(text: str) -> list[str]:
    return [line for line in text.splitlines() if line and not line.startswith("#")]


def grown(show: Show) -> tuple[Answer, Answer, bytes]:
    """A playlist as it was while the recording was made, one of its chunks, and what lay in the bucket then."""
    master = wait_until(lambda: (answer := show.get()).status == 200 and answer, "a multivariant playlist")
    media = urljoin(show.url(), uris(master.text)[0])
    playlist = fetch(media)
    chunk = urljoin(media, uris(playlist.text)[0])
    return playlist, fetch(chunk), show.tree.read(chunk.partition(show.tree.prefix)[2].lstrip("/"))


# What is served


def test_a_recording_is_watched_from_its_beginning_while_it_is_made(shows):
    playlist, chunk, stored = shows["growing"]
    assert playlist.status == 200 and "#EXT-X-ENDLIST" not in playlist.text
    assert "#EXT-X-PLAYLIST-TYPE:EVENT" in playlist.text or "#EXT-X-PLAYLIST-TYPE" not in playlist.text
    assert playlist.headers["cache-control"] == f"public, {GROWS}"
    assert chunk.headers["cache-control"] == f"public, {FINAL}"
    assert chunk.body == stored
    media = urljoin(shows["public"].url(), uris(shows["public"].get().text)[0])
    ended = wait_until(lambda: KEPT in (answer := fetch(media)).headers["cache-control"] and answer, "its end")
    assert "#EXT-X-ENDLIST" in ended.text
    assert uris(ended.text)[0] == uris(playlist.text)[0], "it began where it begins now"


def test_every_object_is_served_as_it_lies_in_the_bucket(public):
    for key, item in public.tree.items().items():
        answer = public.get(key)
        assert (answer.status, answer.body) == (200, public.tree.read(key)), key
        assert answer.headers["content-type"] == item.kind
        assert answer.headers["access-control-allow-origin"] == "*"
        assert answer.headers["cache-control"].startswith("public, ")
        head = public.get(key, method="HEAD")
        assert (head.status, head.headers["content-length"], head.body) == (200, str(item.size), b"")
        known = public.get(key, headers={"If-None-Match": answer.headers["etag"]})
        assert (known.status, known.body) == (304, b"")
        known = public.get(key, headers={"If-Modified-Since": answer.headers["last-modified"]})
        assert (known.status, known.body) == (304, b"")


def test_the_byte_ranges_of_a_playlist_are_the_chunks(public):
    media = urljoin(public.url(RANGES), uris(public.get(RANGES).text)[0])
    text, joined = fetch(media).text, {}
    entries = re.findall(r"#EXT-X-BYTERANGE:(\d+)@(\d+)\n(?:#.*\n)*([^#\n]+)", text)
    assert entries, text
    for length, offset, uri in entries:
        last = int(offset) + int(length) - 1
        answer = fetch(urljoin(media, uri), headers={"Range": f"bytes={offset}-{last}"})
        assert (answer.status, len(answer.body)) == (206, int(length))
        assert answer.headers["content-range"].startswith(f"bytes {offset}-{last}/")
        joined.setdefault(uri, []).append(answer.body)
    for uri, pieces in joined.items():
        assert b"".join(pieces) == fetch(urljoin(media, uri)).body
    beyond = fetch(urljoin(media, entries[0][2]), headers={"Range": "bytes=999999999-"})
    assert beyond.status == 416 and re.fullmatch(r"bytes \*/\d+", beyond.headers["content-range"])


def test_playlists_are_squeezed_for_who_can_read_that(public):
    media = urljoin(public.url(RANGES), uris(public.get(RANGES).text)[0])
    plain, squeezed = fetch(media), fetch(media, headers={"Accept-Encoding": "gzip"})
    assert squeezed.headers["content-encoding"] == "gzip"
    assert gzip.decompress(squeezed.body) == plain.body
    assert squeezed.headers["etag"] != plain.headers["etag"]


@pytest.mark.parametrize("master", [MASTER, RANGES])
def test_ffmpeg_plays_every_picture(public, master):
    assert look.runs(look.numbers(public.url(master))) == [(0, FILM.pictures - 1)]


def test_many_slow_readers_cost_no_threads(public):
    media = urljoin(public.url(), uris(public.get().text)[0])
    chunk = urlsplit(urljoin(media, uris(fetch(media).text)[0]))
    pid, readers = public.house.server.process.pid, []
    try:
        for _ in range(100):
            reader = socket.create_connection((chunk.hostname, chunk.port))
            reader.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 4096)
            reader.sendall(f"GET {chunk.path} HTTP/1.1\r\nHost: x\r\n\r\n".encode())
            assert reader.recv(12) == b"HTTP/1.1 200"
            readers.append(reader)
        # Others are served beside them; reads are few at a time, whoever waits.
        with ThreadPoolExecutor(8) as pool:
            assert all(answer.status == 200 for answer in pool.map(fetch, [media] * 40))
        with open(f"/proc/{pid}/status") as status:
            threads = int(re.search(r"Threads:\s+(\d+)", status.read())[1])
        assert threads < 100
    finally:
        for reader in readers:
            reader.close()


def test_nothing_else_is_served(public):
    base, prefix = f"/recordings/{public.tree.bucket}", public.tree.prefix
    other = prefix[:-1] + ("a" if prefix[-1] != "a" else "b")
    address = urlsplit(public.url())
    for target in [
        f"{base}/{prefix}/media/hls/none.ts",
        f"{base}/{prefix}/media",
        f"{base}/{prefix}/media/hls/",
        f"{base}/{prefix}",
        f"{base}/{prefix}/../../../../../../../../../../credentials",
        f"{base}/{prefix}/..%2f..%2fcredentials",
        f"{base}/{prefix}/%2e%2e/%2e%2e/x",
        f"{base}/{prefix}/media%2fhls%2fmaster.m3u8",
        f"{base}/{prefix}/{MASTER}%00",
        f"{base}/{prefix}/.rillcast-draft-0",
        f"{base}/{other}/{MASTER}",
        f"/recordings/other-bucket/{prefix}/{MASTER}",
        f"/recordings/../{prefix}/{MASTER}",
        f"/recordings/~abc/{public.tree.bucket}",
        "/recordings/",
    ]:
        with socket.create_connection((address.hostname, address.port)) as line:
            line.sendall(f"GET {target} HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n".encode())
            answer = line.makefile("rb").read()
        assert answer.startswith(b"HTTP/1.1 404"), (target, answer)
        assert b'"not_found"' in answer


# Who may watch


def test_a_private_recording_is_watched_with_a_token_of_its_channel(private, signer):
    for key in private.tree.items():
        refused = private.get(key)
        assert refused.status == 403 and refused.json()[0]["error_code"] == "invalid_playback_auth_token"
    token = signer.token(private.channel.arn)
    assert look.runs(look.numbers(f"{private.url()}?token={token}")) == [(0, FILM.pictures - 1)]
    answer = fetch(private.enter(token))
    assert (answer.status, answer.text) == (200, private.tree.text(MASTER))
    assert answer.headers["cache-control"].startswith("private, ")
    stranger = signer.token(private.channel.arn[:-1] + "?")
    assert fetch(f"{private.url()}?token={stranger}").status == 403


def test_a_browser_plays_a_private_recording_of_another_origin(private, signer):
    with players.hall() as hall:
        stage = hall.open(HLS_JS, f"{private.url()}?token={signer.token(private.channel.arn)}")
        stage.playing()
        assert stage.pictures()[0]["number"] <= 2
        assert not stage.errors()
        hall.close(stage)


def test_a_token_for_one_use_opens_once(private, signer):
    token = signer.token(private.channel.arn, single_use_uuid=str(uuid.uuid4()))
    looked = fetch(f"{private.url()}?token={token}", method="HEAD")
    assert looked.status == 200 and "location" not in looked.headers
    master = private.enter(token)
    assert fetch(f"{private.url()}?token={token}").status == 403
    media = urljoin(master, uris(fetch(master).text)[0])
    assert fetch(media).status == 200


def test_a_revoked_viewer_is_refused_everywhere(private, signer):
    ada = signer.token(private.channel.arn, viewer_id="ada", viewer_session_version=1)
    bob = signer.token(private.channel.arn, viewer_id="bob")
    hers, his = private.enter(ada), private.enter(bob)
    media = urljoin(hers, uris(fetch(hers).text)[0])
    assert fetch(media).status == 200
    private.house.ivs.start_viewer_session_revocation(
        channelArn=private.channel.arn, viewerId="ada", viewerSessionVersionsLessThanOrEqualTo=1
    )
    wait_until(lambda: fetch(media).status == 403, "the end of her sessions")
    assert fetch(hers).status == 403
    assert fetch(f"{private.url()}?token={ada}").status == 403
    assert fetch(his).status == 200


def test_the_channels_policy_holds_for_its_recordings_as_it_is_now(public):
    ivs, channel = public.house.ivs, public.channel
    policy = ivs.create_playback_restriction_policy(
        allowedOrigins=[PAGE["Origin"]], enableStrictOriginEnforcement=True
    )["playbackRestrictionPolicy"]["arn"]
    chunk = next(key for key in public.tree.items() if key.endswith(".ts"))
    ivs.update_channel(arn=channel.arn, playbackRestrictionPolicyArn=policy)
    try:
        wait_until(lambda: public.get(chunk).status == 403, "the policy")
        assert public.get(chunk, headers=STRANGER).json()[0]["error_code"] == "origin_not_allowed"
        allowed = public.get(chunk, headers=PAGE)
        assert (allowed.status, allowed.headers["access-control-allow-origin"]) == (200, PAGE["Origin"])
        assert allowed.headers["cache-control"] == f"private, {FINAL}"
    finally:
        ivs.update_channel(arn=channel.arn, playbackRestrictionPolicyArn="")
    wait_until(lambda: public.get(chunk).status == 200, "its end")


def test_a_channel_that_becomes_private_or_goes_changes_who_may_watch(house, public, private, signer):
    ivs = house.ivs
    ivs.update_channel(arn=public.channel.arn, authorized=True)
    wait_until(lambda: public.get().status == 403, "a closed door")
    assert fetch(public.enter(signer.token(public.channel.arn))).status == 200
    for show in (public, private):
        ivs.delete_channel(arn=show.channel.arn)
    wait_until(lambda: public.get().status == 200, "it began public")
    assert private.get().status == 403, "it began private"
    assert fetch(private.enter(signer.token(private.channel.arn))).status == 200


def test_the_metrics_page_counts_recordings_apart(house, public):
    public.get()
    page = fetch(f"http://{house.server.bound['metrics']}/metrics").text
    counted = re.search(r'^rillcast_playback_requests_total\{kind="recording",status="2xx"\} (\d+)', page, re.M)
    assert counted and int(counted[1]) > 0
