"""Rillcast behind nginx and Varnish, with the configurations that `deploy/` gives operators.

Promise: what reaches the server is counted on the wire before it, and what viewers get is compared with what the
server itself gives.
"""

import base64
import http.client
import secrets
import socket
import subprocess
import threading
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from urllib.parse import urljoin, urlsplit

import pytest

from harness import aws
from harness.aws import make_channel
from harness.encoder import Recipe
from harness.player_token import Signer
from harness.playlist import parse
from harness.proxies import Nginx, Varnish
from harness.server import Server
from harness.tap import Tap
from harness.viewer import Background, Viewer, on_air
from harness.waiting import wait_until
from harness.web import Answer, fetch

RECIPE = Recipe(seconds=20, gop_seconds=2)
SHORT = Recipe(seconds=5, gop_seconds=1)
CROWD = 20
MULTIVARIANT = {"Accept": "application/x-mpegURL, application/vnd.apple.mpegurl, application/json, text/plain"}


class Front:
    """A proxy, the wire behind it, and the server behind that."""

    def __init__(self, server: Server, kind: type):
        self.server = server
        self.tap = Tap(server.bound["http"])
        self.proxy = kind(self.tap.port)
        self.url, self.name = self.proxy.url, kind.name

    def through(self, url: str) -> str:
        """The same URL by way of the proxy."""
        return url.replace(self.server.url, self.url)

    def close(self) -> None:
        self.proxy.close()
        self.tap.close()

    # What clients of the API look at.

    def root_key(self):
        return self.server.root_key()


@pytest.fixture(scope="module")
def server(start_server):
    # Everybody here is on this machine, so the proxies are told apart by their address.
    return start_server("--trusted-proxies", "127.0.0.1/32")


@pytest.fixture(scope="module", params=[Nginx, Varnish], ids=lambda kind: kind.name)
def front(request, server):
    made = Front(server, request.param)
    yield made
    made.close()


@pytest.fixture(scope="module")
def channel(server, ivs, clip, publish):
    channel = make_channel(ivs, name="public")
    publish(clip(RECIPE), server.rtmp_url(channel.key), loop=True)
    wait_until(lambda: on_air(channel.playback), "the channel on air")
    return channel


def watch(front: Front, channel, until=None):
    """A low-latency viewer behind the proxy, for as long as `until` says."""
    viewer = Viewer(front.through(channel.playback))
    return viewer.follow(until or (lambda seen: len(seen.pieces) > 3))


def playlist_url(playback: str, headers: dict[str, str] | None = None) -> str:
    answer = wait_until(lambda: (a := fetch(playback, headers=headers)).status == 200 and a, "a multivariant playlist")
    return urljoin(playback, [line for line in answer.text.splitlines() if line and line[0] != "#"][0])


def crowd(url: str, headers: dict[str, str] | None = None) -> list[Answer]:
    """What many viewers get who ask at the same moment."""
    together = threading.Barrier(CROWD)

    def ask(_) -> Answer:
        together.wait()
        return fetch(url, headers=headers)

    with ThreadPoolExecutor(CROWD) as viewers:
        return list(viewers.map(ask, range(CROWD)))


def the_same(answers: list[Answer]) -> Answer:
    assert {answer.status for answer in answers} == {200}
    assert len({answer.body for answer in answers}) == 1
    return answers[0]


def newest_segment(url: str) -> str:
    return urljoin(url, parse(fetch(url).text).closed[-1].uri)


def path(url: str) -> str:
    return urlsplit(url).path


def test_a_segment_is_asked_of_the_server_once_however_many_watch(front, channel, report):
    url = newest_segment(playlist_url(front.through(channel.playback)))
    got = the_same(crowd(url))
    asked = front.tap.count(path(url))
    assert the_same(crowd(url)).body == got.body == fetch(url.replace(front.url, front.server.url)).body
    assert front.tap.count(path(url)) == asked, "the second crowd is answered from the cache"
    # nginx lets the others wait for a fifth of a second only.
    assert asked == 1 if front.name == "varnish" else asked < CROWD
    assert got.headers["access-control-allow-origin"] == "*"
    report(f"{front.name}: {2 * CROWD} viewers of a segment are {asked} requests to the server")


def test_the_part_that_all_wait_for_reaches_all_at_once(front, channel, report):
    url = playlist_url(front.through(channel.playback))

    def hinted() -> str:
        hint = parse(fetch(url).text).hint
        assert hint, "a part is hinted"
        return urljoin(url, hint)

    part = hinted()
    body = the_same(crowd(part)).body
    asked = front.tap.count(path(part))
    assert fetch(part).body == body and front.tap.count(path(part)) == asked, "later it comes from the cache"
    if front.name == "varnish":
        assert asked == 1
    report(f"{front.name}: {CROWD} viewers who wait for a part are {asked} requests to the server")


def test_a_low_latency_viewer_plays_through_the_proxy_by_all_rules(front, channel):
    seen = watch(front, channel, lambda seen: len(seen.rules.last.segments) > 1 and len(seen.pieces) > 40)
    assert len(seen.pieces) > 40 and seen.url.startswith(front.url)


def test_ffmpeg_plays_through_the_proxy(front, channel):
    command = ["ffmpeg", "-nostdin", "-v", "error", "-i", front.through(channel.playback), "-t", "3", "-c", "copy"]
    played = subprocess.run([*command, "-f", "null", "-"], capture_output=True, text=True, timeout=120)
    assert (played.returncode, played.stderr) == (0, "")


def test_a_playlist_is_each_viewers_own_and_never_kept(front, channel):
    url = playlist_url(front.through(channel.playback))
    before = front.tap.count("index.m3u8")
    assert all(fetch(url).status == 200 for _ in range(3))
    assert front.tap.count("index.m3u8") == before + 3
    passes = {path(playlist_url(front.through(channel.playback))) for _ in range(3)}
    assert len(passes) == 3, "no viewer gets another one's multivariant playlist"
    packed = fetch(url, headers={"Accept-Encoding": "gzip"})
    assert packed.headers.get("content-encoding") == "gzip" and packed.body[:2] == b"\x1f\x8b"


def test_a_growing_segment_reaches_viewers_while_it_grows(front, channel):
    url = playlist_url(front.through(channel.playback), MULTIVARIANT)
    # The second of the two: it is asked for before it begins.
    [_, growing] = prefetched(url)
    with open_stream(growing) as (response, connection):
        assert response.status == 200 and response.getheader("content-length") is None
        first = response.read1(65536)
        assert first, "it begins to come"
        now = [urljoin(url, line) for line in fetch(url).text.splitlines() if line and line[0] != "#"]
        assert growing not in now, "before it is whole"
        rest = response.read()
    whole = fetch(growing.replace(front.url, front.server.url))
    assert whole.status == 200 and first + rest == whole.body


@contextmanager
def open_stream(url: str):
    connection = http.client.HTTPConnection(urlsplit(url).netloc, timeout=40)
    try:
        connection.request("GET", path(url))
        yield connection.getresponse(), connection
    finally:
        connection.close()


def test_a_crowd_gets_a_growing_segment_whole(front, channel, report):
    url = playlist_url(front.through(channel.playback), MULTIVARIANT)
    [growing, _] = prefetched(url)
    got = the_same(crowd(growing))
    asked = front.tap.count(path(growing))
    assert got.body == fetch(growing.replace(front.url, front.server.url)).body
    if front.name == "varnish":
        assert asked == 1
    assert fetch(growing).body == got.body and front.tap.count(path(growing)) == asked, "it is kept when it is whole"
    report(f"{front.name}: {CROWD} viewers of a segment in the making are {asked} requests to the server")


def test_half_a_segment_is_an_error_and_is_never_kept(front, server, ivs, clip, publish):
    channel = make_channel(ivs, name="stalls")
    encoder = publish(clip(SHORT), server.rtmp_url(channel.key), loop=True)
    url = playlist_url(front.through(channel.playback), MULTIVARIANT)
    [growing, _] = prefetched(url)
    with open_stream(growing) as (response, _):
        assert response.read1(65536)
        encoder.freeze()
        with pytest.raises((http.client.IncompleteRead, ConnectionError)):
            response.read()
    asked = front.tap.count(path(growing))
    try:
        # What is kept would be there at once.
        again = fetch(growing, timeout=2)
    except (http.client.IncompleteRead, ConnectionError, TimeoutError):
        again = None
    assert again is None or again.status != 200, "nobody takes the half for the whole"
    assert front.tap.count(path(growing)) > asked, "it is asked for again"
    encoder.kill()


def prefetched(url: str) -> list[str]:
    """The segments that a playlist tells to prefetch."""
    lines = [line for line in fetch(url).text.splitlines() if line.startswith("#EXT-X-PREFETCH:")]
    return [urljoin(url, line.partition(":")[2]) for line in lines]


def test_a_piece_of_a_segment_is_cut_from_what_is_kept(front, channel):
    own = playlist_url(front.through(channel.playback))

    def fresh() -> str | None:
        # nginx keeps one that it got while it was made without its length, and sends it whole.
        url = newest_segment(own)
        return None if front.tap.count(path(url)) else url

    url = wait_until(fresh, "a segment that nobody asked for")
    whole = fetch(url).body
    piece = fetch(url, headers={"Range": "bytes=0-999", "Accept-Encoding": "identity"})
    assert piece.status == 206 and piece.body == whole[:1000]
    assert front.tap.count(path(url)) == 1
    head = fetch(url, "HEAD")
    assert head.status == 200 and int(head.headers["content-length"]) == len(whole)


def test_what_is_absent_is_asked_for_again(front, channel):
    url = newest_segment(playlist_url(front.through(channel.playback)))
    absent = url.rpartition("/")[0] + "/p999999.0.m4s"
    for _ in range(3):
        assert fetch(absent).status == 404
    assert front.tap.count(path(absent)) == 3, "a part that is not there yet may be there at once"


def test_other_spellings_of_a_url_do_not_take_its_place(front, channel):
    url = newest_segment(playlist_url(front.through(channel.playback)))
    folder, _, name = url.rpartition("/")
    spelt = f"{folder}/%73{name[1:]}"
    fetch(spelt)
    fetch(f"{folder}//{name}")
    fetch(f"{folder}/../{name}")
    assert fetch(f"{url}?a=1").status == 200
    got = fetch(url)
    assert got.status == 200 and got.body == fetch(url.replace(front.url, front.server.url)).body


def test_clients_of_the_api_and_of_chat_pass(front):
    # Signatures hold, for the proxy leaves the host as it is.
    made = aws.client(front).create_channel(name="behind-a-proxy")
    aws.client(front).delete_channel(arn=made["channel"]["arn"])
    host = urlsplit(front.url).netloc
    key = base64.b64encode(secrets.token_bytes(16)).decode()
    lines = [
        "GET / HTTP/1.1",
        f"Host: {host}",
        "Upgrade: websocket",
        "Connection: Upgrade",
        "Sec-WebSocket-Version: 13",
        f"Sec-WebSocket-Key: {key}",
        f"Sec-WebSocket-Protocol: {chat_token(front)}",
    ]
    with socket.create_connection(host.split(":"), timeout=40) as wire:
        wire.sendall("\r\n".join([*lines, "", ""]).encode())
        answer = wire.recv(4096)
        assert answer.startswith(b"HTTP/1.1 101 "), answer
        wire.sendall(b"\x89\x80\x00\x00\x00\x00")  # a ping
        pong = answer.partition(b"\r\n\r\n")[2] or wire.recv(4096)
        assert pong[:1] == b"\x8a", pong


def chat_token(front: Front) -> str:
    chat = aws.client(front, service="ivschat")
    room = chat.create_room(name="behind-a-proxy")["arn"]
    return chat.create_chat_token(roomIdentifier=room, userId="someone")["token"]


def test_the_viewers_address_comes_through_and_none_that_it_made_up(front, channel):
    def told(headers: dict[str, str], source: str) -> str:
        netloc = urlsplit(front.url).netloc
        connection = http.client.HTTPConnection(netloc, timeout=40, source_address=(source, 0))
        try:
            connection.request("GET", path(channel.playback), headers=headers)
            text = connection.getresponse().read().decode()
        finally:
            connection.close()
        [line] = [line for line in text.splitlines() if 'DATA-ID="USER-IP"' in line]
        return line.partition('VALUE="')[2].rstrip('"')

    # All of 127.0.0.0/8 is this machine, and only 127.0.0.1 is trusted.
    assert told({}, "127.0.0.2") == "127.0.0.2"
    for name in ("X-Forwarded-For", "Forwarded", "X-Real-IP"):
        value = "for=192.0.2.1" if name == "Forwarded" else "192.0.2.1"
        assert told({name: value}, "127.0.0.2") == "127.0.0.2", name


@pytest.fixture(scope="module")
def private(server, ivs, clip, publish):
    """A private channel on air, and who signs its tokens."""
    signer = Signer()
    ivs.import_playback_key_pair(publicKeyMaterial=signer.public)
    channel = make_channel(ivs, name="private", authorized=True)
    publish(clip(RECIPE), server.rtmp_url(channel.key), loop=True)
    return channel, signer


def test_a_private_channel_is_never_kept(front, private):
    channel, signer = private

    def segment_of_a_viewer() -> str:
        playback = f"{front.through(channel.playback)}?token={signer.token(channel.arn)}"
        url = playlist_url(playback)
        closed = wait_until(lambda: parse(fetch(url).text).closed, "a segment")
        return urljoin(url, closed[-1].uri)

    own = segment_of_a_viewer()
    for _ in range(3):
        answer = fetch(own)
        assert answer.status == 200 and "public" not in answer.headers["cache-control"]
    assert front.tap.count(path(own)) == 3, "each request is proven by the server"
    folder, name = own.rsplit("/", 1)
    base, given, rendition = folder.rsplit("/", 2)
    for stranger in (
        f"{base}/{rendition}/{name}",
        f"{base}/{given[:-2]}AA/{rendition}/{name}",
        f"{base}/{given}x/{rendition}/{name}",
        f"{front.through(channel.playback)}",
    ):
        for _ in range(2):
            assert fetch(stranger).status in (403, 404), stranger
    assert fetch(segment_of_a_viewer()).status == 200


def test_viewers_stop_when_the_stream_does(front, server, ivs, clip, publish):
    channel = make_channel(ivs, name="brief")
    publish(clip(SHORT), server.rtmp_url(channel.key))
    viewer = Viewer(front.through(channel.playback))
    seen = Background(viewer.follow).result()
    assert seen.last.ended
