"""Private channels: tokens, what they open and for whom, and revocation.

Promise: each claim is tried valid, at its bound and beyond, by tokens made outside of the product; what is refused is
refused everywhere below, and nothing but a token ever gets media. `PRIVATE_SEED=…` repeats the mutations.
"""

import base64
import http.client
import json
import os
import random
import re
import subprocess
import sys
import threading
import time
import uuid
from pathlib import Path
from urllib.parse import urljoin, urlsplit

import pytest

from harness import aws
from harness.aws import make_channel
from harness.encoder import Recipe
from harness.player_token import Signer
from harness.publickey import make_public_key
from harness.server import rillcast
from harness.viewer import Background
from harness.waiting import wait_until
from harness.web import Connection, fetch

#: Long groups of pictures, so that there is time to revoke who waits for one.
RECIPE = Recipe(seconds=16, gop_seconds=2)
MUTATIONS = 10_000
GUIDE = Path(__file__).parents[1] / "docs" / "guide" / "private-channels.md"
CODE = "invalid_playback_auth_token"


class Session:
    """A viewer who was let in: the URLs of one pass."""

    def __init__(self, playback: str, token: str, form: str = "low", origin: str | None = None):
        self.headers = {"Origin": origin} if origin else {}
        separator = "&" if "?" in playback else "?"
        self.entered = fetch(f"{playback}{separator}form={form}&token={token}", headers=self.headers)
        assert self.entered.status == 200, self.entered.text
        uri = next(line for line in self.entered.text.splitlines() if line and not line.startswith("#"))
        self.playlist = urljoin(playback, uri)

    def read(self, query: str = "", headers=None):
        return fetch(self.playlist + query, headers=self.headers if headers is None else headers)

    def files(self) -> list[str]:
        """Segments and parts that it may fetch."""
        text = self.read().text
        names = re.findall(r'^[^#\n]+$|(?<=PART:).*?URI="([^"]+)"', text, re.M)
        whole = [line for line in text.splitlines() if line and not line.startswith("#")]
        return [urljoin(self.playlist, name) for name in [*whole, *filter(None, names)]]

    def segment(self) -> str:
        return wait_until(self.files, "a segment")[0]


def refused(answer, *, status: int = 403, code: str = CODE) -> str:
    """Checks the one form that the service's players read; gives the text."""
    assert answer.status == status, answer.text
    assert answer.headers["content-type"] == "application/json"
    [told] = json.loads(answer.text)
    assert sorted(told) == ["error", "error_code", "type", "url"]
    assert (told["error_code"], told["type"]) == (code, "error")
    return told["error"]


def entered(playback: str, token: str | None, **options):
    return fetch(playback if token is None else f"{playback}?token={token}", **options)


@pytest.fixture(scope="module")
def signer(ivs):
    signer = Signer()
    ivs.import_playback_key_pair(publicKeyMaterial=signer.public, name="viewers")
    return signer


@pytest.fixture(scope="module")
def channels(server, ivs, signer, clip, publish):
    """Two private channels and a public one, on air."""
    made = [make_channel(ivs, name=name, authorized=name != "public") for name in ("private", "other", "public")]
    for channel in made:
        publish(clip(RECIPE), server.rtmp_url(channel.key), loop=True)
    for channel in made:
        wait_until(lambda one=channel: entered(one.playback, signer.token(one.arn)).status == 200, "on air")
    return made


@pytest.fixture(scope="module")
def channel(channels):
    return channels[0]


def now() -> int:
    return int(time.time())


def uid() -> str:
    return str(uuid.uuid4())


#: Each claim, and whether it opens; the claims are made when the test runs, as some hold the time.
TABLE = {
    "no further claim": (dict, True),
    "exp in a minute": (lambda: {"exp": now() + 60}, True),
    "exp with a fraction": (lambda: {"exp": time.time() + 60}, True),
    "exp in milliseconds": (lambda: {"exp": now() * 1000}, True),
    "exp in a year": (lambda: {"exp": now() + 365 * 86_400}, True),
    "exp now": (lambda: {"exp": now()}, False),
    "exp a minute ago": (lambda: {"exp": now() - 60}, False),
    "exp of 1970": (lambda: {"exp": 0}, False),
    "exp below zero": (lambda: {"exp": -1}, False),
    "exp as text": (lambda: {"exp": str(now() + 60)}, False),
    "exp null": (lambda: {"exp": None}, False),
    "exp too large for a number": (lambda: {"exp": 10**30}, True),
    "another channel": (lambda: {"channel-arn": "arn:aws:ivs:us-east-1:123456789012:channel/abcdefghijkl"}, False),
    "no ARN": (lambda: {"channel-arn": "private"}, False),
    "the channel as a number": (lambda: {"channel-arn": 7}, False),
    "viewer of 40 characters": (lambda: {"viewer_id": "ü" * 40}, True),
    "viewer of 41 characters": (lambda: {"viewer_id": "ü" * 41}, False),
    "viewer of none": (lambda: {"viewer_id": ""}, False),
    "viewer as a number": (lambda: {"viewer_id": 7}, False),
    "viewer for ten minutes": (lambda: {"viewer_id": "a", "exp": now() + 600}, True),
    "viewer for eleven minutes": (lambda: {"viewer_id": "a", "exp": now() + 660}, False),
    "viewer in milliseconds": (lambda: {"viewer_id": "a", "exp": now() * 1000}, False),
    "version of a viewer": (lambda: {"viewer_id": "a", "viewer_session_version": 3}, True),
    "the greatest version": (lambda: {"viewer_id": "a", "viewer_session_version": 2**63 - 1}, True),
    "a greater version": (lambda: {"viewer_id": "a", "viewer_session_version": 2**63}, False),
    "version as text": (lambda: {"viewer_id": "a", "viewer_session_version": "3"}, False),
    "version with a fraction": (lambda: {"viewer_id": "a", "viewer_session_version": 0.5}, False),
    "version of nobody": (lambda: {"viewer_session_version": 3}, False),
    "single use": (lambda: {"single_use_uuid": uid()}, True),
    "single use in upper case": (lambda: {"single_use_uuid": uid().upper()}, True),
    "single use of no UUID": (lambda: {"single_use_uuid": "once"}, False),
    "single use for eleven minutes": (lambda: {"single_use_uuid": uid(), "exp": now() + 660}, False),
    "maximum resolution SD": (lambda: {"maximum_resolution": "SD"}, True),
    "maximum resolution HD": (lambda: {"maximum_resolution": "HD"}, True),
    "maximum resolution FULL_HD": (lambda: {"maximum_resolution": "FULL_HD"}, True),
    "maximum resolution 4K": (lambda: {"maximum_resolution": "4K"}, False),
    "an origin": (lambda: {"access_control_allow_origin": "https://a.example"}, True),
    "eleven origins": (lambda: {"access_control_allow_origin": ",".join(["https://*.example.com"] * 11)}, True),
    "origins as a list": (lambda: {"access_control_allow_origin": ["https://a.example"]}, False),
    "strict without origins": (lambda: {"strict_origin_enforcement": True}, True),
    "strict as text": (lambda: {"strict_origin_enforcement": "true"}, False),
    "six origins, strict": (
        lambda: {
            "access_control_allow_origin": ",".join(["https://a.example"] * 6),
            "strict_origin_enforcement": True,
        },
        False,
    ),
    "ads": (lambda: {"ads_opt_out": True, "ads_reporting_mode": "CLIENT"}, True),
    "ads reported by nobody": (lambda: {"ads_reporting_mode": "NONE"}, False),
    "ads with long parameters": (lambda: {"ads_player_params": "x" * 1001}, False),
    "a claim of the future": (lambda: {"what": {"is": ["this"]}}, True),
    "almost 2 KB": (lambda: {"filler": "x" * 1100}, True),
    "more than 2 KB": (lambda: {"filler": "x" * 1500}, False),
}


@pytest.mark.parametrize("case", TABLE)
def test_each_claim_is_held_to_its_rule(channel, signer, case):
    claims, opens = TABLE[case]
    answer = entered(channel.playback, signer.token(channel.arn, **claims()))
    if opens:
        assert answer.status == 200, answer.text
        assert Session(channel.playback, signer.token(channel.arn, **claims())).read().status == 200
    else:
        assert refused(answer).startswith("Playback token is not valid: the token")


def encode(data: bytes) -> str:
    return base64.urlsafe_b64encode(data).rstrip(b"=").decode()


def spoilt(token: str) -> dict[str, str]:
    """Tokens that were made by someone who has no key."""
    head, body, proof = token.split(".")
    header = lambda **members: encode(json.dumps({"typ": "JWT"} | members).encode())  # noqa: E731
    return {
        "no proof": f"{head}.{body}.",
        "no parts": token.replace(".", ""),
        "of nobody": f"{header(alg='none')}.{body}.",
        "of nobody, with a proof": f"{header(alg='none')}.{body}.{proof}",
        "by a shared secret": f"{header(alg='HS384')}.{body}.{proof}",
        "on another curve": f"{header(alg='ES256')}.{body}.{proof}",
        "with what must be understood": f"{header(alg='ES384', crit=['b64'])}.{body}.{proof}",
        "of another kind": f"{header(alg='ES384', typ='at+jwt')}.{body}.{proof}",
        "of zeros": f"{head}.{body}.{encode(bytes(96))}",
        "in DER": f"{head}.{body}.{encode(b'0d' + bytes(100))}",
        "two channels": ".".join([head, encode(b'{"exp":9999999999,"exp":1}'), proof]),
        "padded": f"{head}.{body}.{proof}=",
        "a fourth part": f"{token}.{proof}",
        "nothing": "",
        "garbage": "x" * 300,
        "too much of it": "x" * 20_000,
    }


@pytest.mark.parametrize("kind", spoilt("a.b.c"))
def test_who_has_no_key_gets_nothing(channel, signer, kind):
    refused(entered(channel.playback, spoilt(signer.token(channel.arn))[kind]))


def test_a_private_channel_wants_a_token_of_its_own_and_a_public_one_none(channels, signer):
    private, other, public = channels
    assert refused(entered(private.playback, None)) == "Playback token is missing or not valid"
    refused(entered(private.playback, signer.token(other.arn)))
    refused(entered(private.playback, Signer().token(private.arn)))
    assert "expired" in refused(entered(private.playback, signer.token(private.arn, exp=1)))
    assert entered(public.playback, "nonsense").status == 200
    assert entered(public.playback, Signer().token(public.arn, exp=1)).status == 200


def test_a_pass_opens_its_own_stream_and_nothing_is_shared(channels, signer):
    private, other, _ = channels
    mine, theirs = (Session(one.playback, signer.token(one.arn)) for one in (private, other))
    segment = mine.segment()
    assert fetch(segment).status == 200
    assert "public" not in fetch(segment).headers["cache-control"]
    own, foreign = (session.playlist.split("/")[-3] for session in (mine, theirs))
    assert len(own) < 80
    refused(fetch(segment.replace(own, foreign)))
    refused(fetch(mine.playlist.replace(own, foreign)))
    refused(fetch(segment.replace(f"{own}/", "")))
    assert Session(private.playback, signer.token(private.arn)).playlist != mine.playlist


def test_a_key_opens_from_its_import_to_its_deletion(ivs, channel, signer):
    for _ in range(3):
        fresh = Signer()
        token = fresh.token(channel.arn)
        refused(entered(channel.playback, token))
        pair = ivs.import_playback_key_pair(publicKeyMaterial=fresh.public)["keyPair"]
        assert entered(channel.playback, token).status == 200, "with the very next request"
        watching = Session(channel.playback, token)
        ivs.delete_playback_key_pair(arn=pair["arn"])
        wait_until(lambda t=token: entered(channel.playback, t).status == 403, "the key is gone")
        assert watching.read().status == 200, "who is in stays in"
    assert entered(channel.playback, signer.token(channel.arn)).status == 200


def test_a_single_use_token_opens_once(channel, signer):
    token = signer.token(channel.arn, single_use_uuid=uid())
    assert fetch(f"{channel.playback}?token={token}", method="HEAD").status == 200, "a look uses nothing up"
    session = Session(channel.playback, token)
    assert refused(entered(channel.playback, token)) == "Playback token was used before"
    assert session.read().status == 200 and fetch(session.segment()).status == 200


def test_of_many_who_bring_a_single_use_token_one_gets_in(channel, signer):
    token = signer.token(channel.arn, single_use_uuid=uid())
    racing = [Background(entered, channel.playback, token) for _ in range(20)]
    assert sorted(one.result().status for one in racing) == [200] + [403] * 19


# Origins

GOOD, SUB, BAD = "https://a.example", "https://x.b.example", "https://evil.example"
ORIGINS = "https://a.example, https://*.b.example"


def test_origins_are_left_to_browsers_unless_they_are_strict(channel, signer):
    token = signer.token(channel.arn, access_control_allow_origin=ORIGINS)
    for origin in (GOOD, SUB):
        answer = entered(channel.playback, token, headers={"Origin": origin})
        assert (answer.status, answer.headers["access-control-allow-origin"]) == (200, origin)
        assert "origin" in answer.headers["vary"].lower()
    for headers in ({}, {"Origin": BAD}, {"Origin": "null"}):
        answer = entered(channel.playback, token, headers=headers)
        assert answer.status == 200 and "access-control-allow-origin" not in answer.headers
        assert "origin" in answer.headers["vary"].lower()
    session = Session(channel.playback, token)
    assert session.read(headers={"Origin": BAD}).headers["access-control-allow-origin"] == "*"
    free = entered(channel.playback, signer.token(channel.arn), headers={"Origin": BAD})
    assert free.headers["access-control-allow-origin"] == "*"


def test_strict_origins_are_asked_of_every_request(channel, signer):
    token = signer.token(channel.arn, access_control_allow_origin=ORIGINS, strict_origin_enforcement=True)
    session = Session(channel.playback, token, origin=GOOD)
    segment = session.segment()
    for url in (f"{channel.playback}?token={token}", session.playlist, segment):
        for origin in (GOOD, SUB, "HTTPS://A.EXAMPLE", "https://a.example:443"):
            answer = fetch(url, headers={"Origin": origin})
            assert (answer.status, answer.headers["access-control-allow-origin"]) == (200, origin), url
        for headers in ({}, {"Origin": BAD}, {"Origin": "null"}, {"Origin": ""}, {"Origin": "http://a.example"}):
            refused(fetch(url, headers=headers), code="origin_not_allowed")


# Revocation


def revoke(ivs, channel, viewer: str, version: int | None = None) -> None:
    more = {} if version is None else {"viewerSessionVersionsLessThanOrEqualTo": version}
    ivs.start_viewer_session_revocation(channelArn=channel.arn, viewerId=viewer, **more)


def test_a_revocation_ends_the_sessions_of_its_versions(ivs, channel, channels, signer, report):
    tokens = {
        version: signer.token(channel.arn, viewer_id="ada", viewer_session_version=version) for version in (1, 2, 3)
    }
    sessions = {version: Session(channel.playback, token) for version, token in tokens.items()}
    neighbours = [
        Session(channel.playback, signer.token(channel.arn, viewer_id="bob")),
        Session(channel.playback, signer.token(channel.arn)),
        Session(channels[1].playback, signer.token(channels[1].arn, viewer_id="ada")),
    ]
    segments = {version: session.segment() for version, session in sessions.items()}
    revoke(ivs, channel, "ada", 2)
    began = time.monotonic()
    wait_until(lambda: sessions[1].read().status == 403, "a running playlist ends", every=0.005)
    report(f"a revoked viewer was refused {1000 * (time.monotonic() - began):.0f} ms after the answer")
    for version in (1, 2):
        told = {refused(sessions[version].read()), refused(fetch(segments[version]))}
        told |= {refused(entered(channel.playback, tokens[version]))}
        assert told == {"The viewer's session was revoked"}
    for session in [sessions[3], *neighbours]:
        assert session.read().status == 200 and fetch(session.segment()).status == 200
    # Without a version it is 0; and a later one of fewer sessions takes nothing back.
    revoke(ivs, channel, "ada")
    refused(sessions[2].read())
    assert sessions[3].read().status == 200


def test_who_is_held_or_receives_a_segment_in_the_making_is_cut_off_too(ivs, channel, signer):
    held = Session(channel.playback, signer.token(channel.arn, viewer_id="held"))
    growing = Session(channel.playback, signer.token(channel.arn, viewer_id="growing"), form="prefetch")

    def wait_for_next():
        text = held.read().text
        sequence = int(re.search(r"MEDIA-SEQUENCE:(\d+)", text)[1]) + text.count("#EXTINF")
        waiting = Background(held.read, f"?_HLS_msn={sequence + 1}&_HLS_part=0")
        return waiting if not waiting.done() else None

    waiting = wait_for_next()
    following = re.findall(r"^#EXT-X-PREFETCH:(.+)$", growing.read().text, re.M)[-1]
    receiving = Background(fetch, urljoin(growing.playlist, following))
    revoke(ivs, channel, "held", 0)
    revoke(ivs, channel, "growing", 0)
    refused(waiting.result())
    try:
        assert receiving.result().status == 403
    except (http.client.IncompleteRead, ConnectionError):
        pass
    refused(growing.read())


def test_a_revocation_of_hundreds_ends_each_of_them_and_no_other(ivs, channel, signer):
    tokens = [signer.token(channel.arn, viewer_id=f"viewer-{number}") for number in range(200)]
    sessions = [Session(channel.playback, token) for token in tokens]
    stay, busy = threading.Event(), []

    def keep_asking():
        while not stay.is_set():
            busy.extend(session.read().status for session in sessions[::25])

    asking = [Background(keep_asking) for _ in range(4)]
    gone = [number for number in range(200) if number % 2]
    for at in range(0, len(gone), 20):
        pairs = [{"channelArn": channel.arn, "viewerId": f"viewer-{number}"} for number in gone[at : at + 20]]
        assert ivs.batch_start_viewer_session_revocation(viewerSessions=pairs).get("errors", []) == []
    wait_until(lambda: sessions[gone[-1]].read().status == 403, "the last one of them is out")
    stay.set()
    for one in asking:
        one.result()
    assert [session.read().status for session in sessions] == [200, 403] * 100
    assert set(busy) <= {200, 403}


def test_ffmpeg_plays_a_private_channel_until_it_is_revoked(ivs, channel, signer):
    token = signer.token(channel.arn, viewer_id="ffmpeg")
    url = f"{channel.playback}?token={token}"
    command = ["ffmpeg", "-nostdin", "-v", "info", "-re", "-i", url, "-c", "copy", "-f", "null", "-"]
    player = subprocess.Popen(command, stdin=subprocess.DEVNULL, stderr=subprocess.PIPE, text=True)
    seen: list[str] = []
    reading = Background(lambda: [seen.append(line) for line in player.stderr])
    try:
        wait_until(lambda: any("Output #0" in line for line in seen), "ffmpeg plays")
        revoke(ivs, channel, "ffmpeg", 0)
        player.wait(60)
        assert any("403" in line for line in seen), "".join(seen)
    finally:
        player.kill()
        player.wait()
        reading.result()


def test_tokens_and_revocations_are_remembered_over_a_restart(start_server, clip, publish):
    server = start_server("--public-url", "http://video.example.com")
    ivs, signer = aws.client(server), Signer()
    ivs.import_playback_key_pair(publicKeyMaterial=signer.public)
    channel = make_channel(ivs, authorized=True)
    path = urlsplit(channel.playback).path
    once = signer.token(channel.arn, single_use_uuid=uid())
    ended, unended = (signer.token(channel.arn, viewer_id="ada", viewer_session_version=version) for version in (0, 1))

    def on_air():
        publish(clip(RECIPE), server.rtmp_url(channel.key), loop=True)
        wait_until(lambda: entered(server.url + path, signer.token(channel.arn)).status == 200, "on air")

    on_air()
    assert entered(server.url + path, once).status == 200
    Session(server.url + path, ended)
    revoke(ivs, channel, "ada", 0)
    server.terminate()
    assert server.ended(40) == 0
    server.start()
    on_air()
    assert "used" in refused(entered(server.url + path, once))
    assert "revoked" in refused(entered(server.url + path, ended))
    assert entered(server.url + path, unended).status == 200


def test_what_one_server_is_told_holds_on_the_other(start_server, postgres, clip, publish, report):
    env = {"RILLCAST_DATABASE": postgres.database()}
    starting = [Background(lambda: start_server("--public-url", "http://video.example.com", env=env)) for _ in range(2)]
    servers = [one.result() for one in starting]
    first, second = servers
    key = next(server for server in servers if server.credentials.exists()).root_key()
    ivs, signer = aws.client(second, key), Signer()
    channel = make_channel(ivs, authorized=True)
    path = urlsplit(channel.playback).path
    publish(clip(RECIPE), first.rtmp_url(channel.key), loop=True)
    wait_until(lambda: entered(first.url + path, None).status == 403, "on air")
    ivs.import_playback_key_pair(publicKeyMaterial=signer.public)
    token = signer.token(channel.arn, viewer_id="ada")
    wait_until(lambda: entered(first.url + path, token).status == 200, "something to play")
    session = Session(first.url + path, token)
    assert session.read().status == 200
    revoke(ivs, channel, "ada", 0)
    began = time.monotonic()
    wait_until(lambda: session.read().status == 403, "refused at the other server", every=0.01)
    report(f"a viewer revoked at another server was refused after {1000 * (time.monotonic() - began):.0f} ms")


# Ten thousand spoilt ones


def test_spoilt_tokens_and_urls_never_get_anything(channel, signer, server):
    seed = int(os.environ.get("PRIVATE_SEED") or random.randrange(1 << 32))
    print(f"PRIVATE_SEED={seed}")
    dice = random.Random(seed)
    token = signer.token(channel.arn, viewer_id="mallory")
    session = Session(channel.playback, token)
    segment = urlsplit(session.segment()).path
    way_in, playlist = urlsplit(channel.playback).path, urlsplit(session.playlist).path
    letters = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_.~!%"
    base = segment.index("/st-") + 1

    def spoil(text: str, first: int = 0, last: int | None = None) -> str:
        last = len(text) if last is None else last
        at = dice.randrange(first, last)
        match dice.randrange(5):
            case 0:
                return text[:at] + dice.choice(letters) + text[at + 1 :]
            case 1:
                return text[:at] + text[at + 1 :]
            case 2:
                return text[:at] + dice.choice(letters) + text[at:]
            case 3:
                return text[:at] + text[at:last][::-1] + text[last:]
            case _:
                other = dice.randrange(first, last)
                low, high = sorted((at, other))
                return text[:low] + text[high:]

    seen: dict[int, int] = {}
    connection = Connection(urlsplit(server.url).netloc)
    for number in range(MUTATIONS):
        match number % 3:
            case 0:
                target = f"{way_in}?token={spoil(token)}"
                if target == f"{way_in}?token={token}":
                    continue
            case 1:
                # From the stream's id to the pass: behind it, a file of another number may be a good one.
                target = spoil(segment, base, segment.index("/source/"))
                if target == segment:
                    continue
            case _:
                target = spoil(playlist, base, playlist.index("/source/"))
                if target == playlist:
                    continue
        answer = connection.ask("GET", target)
        seen[answer.status] = seen.get(answer.status, 0) + 1
        assert answer.status in (403, 404), f"{target}: {answer.status}"
        assert answer.headers["content-type"] == "application/json", target
    assert sum(seen.values()) > MUTATIONS * 0.8 and set(seen) == {403, 404}, seen
    assert session.read().status == 200


# The command and the guide


@pytest.fixture(scope="module")
def private_key(ivs, tmp_path_factory):
    """A private key in a file, made as the guide says; its public half is imported."""
    folder = tmp_path_factory.mktemp("keys")
    commands = [
        "openssl ecparam -name secp384r1 -genkey -noout -out private.pem",
        "openssl ec -in private.pem -pubout -out public.pem",
        "openssl pkcs8 -topk8 -nocrypt -in private.pem -out private-pkcs8.pem",
    ]
    for command in commands:
        subprocess.run(command.split(), cwd=folder, check=True, capture_output=True)
    ivs.import_playback_key_pair(publicKeyMaterial=(folder / "public.pem").read_text())
    return folder / "private.pem"


def test_the_command_makes_tokens_that_open(server, channel, private_key):
    pkcs8 = private_key.with_name("private-pkcs8.pem")
    say = ["token", "--channel", channel.arn]
    plain = rillcast(*say, "--key", str(private_key), cwd=server.folder)
    assert plain.returncode == 0, plain.stderr
    assert entered(channel.playback, plain.stdout.strip()).status == 200
    options = [
        "--viewer-id",
        "ada-of-the-command",
        "--session-version",
        "7",
        "--single-use",
        "--ttl",
        "5m",
        "--max-resolution",
        "HD",
    ]
    options += ["--origin", GOOD, "--origin", "https://*.b.example", "--strict-origin", "--url", server.url]
    url = rillcast(*say, "--key", str(pkcs8), *options, cwd=server.folder).stdout.strip()
    assert url.startswith(f"{channel.playback}?token=")
    body = url.split(".")[-2]
    claims = json.loads(base64.urlsafe_b64decode(body + "=" * (-len(body) % 4)))
    assert claims["aws:viewer-session-version"] == 7 and claims["aws:strict-origin-enforcement"] is True
    assert fetch(url, headers={"Origin": SUB}).status == 200
    assert "used" in refused(fetch(url, headers={"Origin": SUB}))


@pytest.mark.parametrize(
    ("flags", "why"),
    [
        (["--viewer-id", "a", "--ttl", "11m"], "more than 10 minutes ahead"),
        (["--session-version", "1"], "without aws:viewer-id"),
        (["--max-resolution", "8K"], "SD, HD or FULL_HD"),
        (["--ttl", "soon"], "--ttl"),
        (["--ttl", "0"], "expired"),
    ],
)
def test_the_command_makes_no_token_that_a_server_would_refuse(server, channel, private_key, flags, why):
    done = rillcast("token", "--channel", channel.arn, "--key", str(private_key), *flags, cwd=server.folder)
    assert (done.returncode, done.stdout) == (2, "") and why in done.stderr, done


def sample(language: str) -> str:
    return re.search(rf"```{language}\n(.*?)```", GUIDE.read_text(), re.S)[1]


def test_the_guides_python_makes_a_token_that_opens(channel, private_key):
    env = os.environ | {"CHANNEL_ARN": channel.arn}
    ran = subprocess.run(
        [sys.executable, "-c", sample("python")], cwd=private_key.parent, env=env, capture_output=True, text=True
    )
    assert entered(channel.playback, ran.stdout.strip()).status == 200, ran.stderr


def test_the_guides_javascript_makes_a_token_that_opens(channel, private_key):
    packages = Path(__file__).parent / "sdk" / "js" / "node_modules"
    script = packages.parent / f"sample-{os.getpid()}.cjs"
    script.write_text(sample("js"))
    env = os.environ | {"CHANNEL_ARN": channel.arn}
    try:
        node = [os.environ.get("NODE", "node"), str(script)]
        ran = subprocess.run(node, cwd=private_key.parent, env=env, capture_output=True, text=True)
    finally:
        script.unlink()
    assert entered(channel.playback, ran.stdout.strip()).status == 200, ran.stderr


def test_other_kinds_of_keys_are_no_playback_keys(ivs):
    with pytest.raises(ivs.exceptions.ValidationException):
        ivs.import_playback_key_pair(publicKeyMaterial=make_public_key("P-256").pem)
