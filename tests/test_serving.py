"""How playlists and media are sent by the real server: ranges, tags, compression, heads, pages of other origins,
HTTP/2, segments that are sent while they are made, and paths that no player would ask for.

Promise: ffmpeg feeds the server as an encoder does; what is compared is bytes, never times.
"""

import gzip
import http.client
import random
import subprocess
import time
from urllib.parse import urljoin, urlsplit

import pytest

from harness import aws
from harness.aws import make_channel
from harness.encoder import Recipe
from harness.playlist import parse_multivariant
from harness.viewer import on_air
from harness.waiting import PATIENCE, wait_until
from harness.web import Connection, fetch

RECIPE = Recipe(seconds=20, gop_seconds=2)
FOREVER = "public, max-age=86400, immutable"
#: What the service's web player sends to any host.
IVS_PLAYER = "application/x-mpegURL, application/vnd.apple.mpegurl, application/json, text/plain"


class Stage:
    """A channel on air, and where one viewer finds its files."""

    def __init__(self, channel):
        self.channel = channel
        answer = wait_until(lambda: on_air(channel.playback), "the channel on air")
        self.playlist = urljoin(channel.playback, parse_multivariant(answer.text)[0].uri)

    def prefetched(self) -> list[str]:
        """The segment in the making and the one after it."""
        text = fetch(self.playlist.replace("index.m3u8", "prefetch.m3u8")).text
        lines = [line.partition(":")[2] for line in text.splitlines() if line.startswith("#EXT-X-PREFETCH:")]
        return [urljoin(self.playlist, line) for line in lines]

    def segments(self) -> list[str]:
        """Finished ones, oldest first."""
        lines = fetch(self.playlist).text.splitlines()
        return [urljoin(self.playlist, line) for line in lines if line and not line.startswith("#")]


@pytest.fixture(scope="module", params=["TS", "FRAGMENTED_MP4"])
def stage(request, server, ivs, clip, publish):
    channel = make_channel(ivs, name=request.param.lower(), containerFormat=request.param)
    publish(clip(RECIPE), server.rtmp_url(channel.key), loop=True)
    return Stage(channel)


def test_ranges_of_a_segment_are_pieces_of_the_whole(stage):
    url = stage.segments()[-1]
    whole = fetch(url)
    assert whole.status == 200 and whole.headers["accept-ranges"] == "bytes"
    assert whole.headers["cache-control"] == FOREVER
    size = len(whole.body)
    for first, last in [(0, 0), (0, size - 1), (size // 3, size // 2), (size - 1, size - 1), (1000, 1999)]:
        piece = fetch(url, headers={"Range": f"bytes={first}-{last}"})
        assert piece.status == 206 and piece.body == whole.body[first : last + 1]
        assert piece.headers["content-range"] == f"bytes {first}-{last}/{size}"
    assert fetch(url, headers={"Range": "bytes=-7"}).body == whole.body[-7:]
    assert fetch(url, headers={"Range": f"bytes={size}-"}).status == 416
    assert fetch(url, headers={"Range": "bytes=0-1,5-6"}).body == whole.body
    resumed = fetch(url, headers={"Range": "bytes=9-", "If-Range": whole.headers["etag"]})
    assert resumed.status == 206
    assert fetch(url, headers={"If-None-Match": whole.headers["etag"]}).status == 304


def test_a_playlist_is_compressed_tagged_and_has_a_head(stage):
    connection = Connection(urlsplit(stage.playlist).netloc)
    path = urlsplit(stage.playlist).path

    def pair():
        """The same playlist plain and compressed: asked until no part came between."""
        plain = connection.ask("GET", path)
        squeezed = connection.ask("GET", path, headers={"Accept-Encoding": "gzip"})
        return (plain, squeezed) if gzip.decompress(squeezed.body) == plain.body else None

    plain, squeezed = wait_until(pair, "two answers from one moment")
    assert squeezed.headers["content-encoding"] == "gzip" and "content-encoding" not in plain.headers
    assert plain.headers["vary"] == squeezed.headers["vary"] == "Accept-Encoding"
    assert plain.headers["etag"] != squeezed.headers["etag"]

    def unchanged():
        tag = connection.ask("GET", path).headers["etag"]
        again = connection.ask("GET", path, headers={"If-None-Match": tag})
        return again if again.status == 304 else None

    assert wait_until(unchanged, "the same playlist twice").body == b""
    head = connection.ask("HEAD", path)
    assert head.status == 200 and head.body == b"" and int(head.headers["content-length"]) > 500
    assert head.headers["content-type"] == "application/vnd.apple.mpegurl"
    connection.close()


def test_pages_of_other_origins_may_ask_for_all_of_it(stage):
    asking = {"Origin": "https://page.example", "Access-Control-Request-Method": "GET"}
    for url in [stage.channel.playback, stage.playlist, stage.segments()[-1], f"{stage.playlist}x"]:
        preflight = fetch(url, "OPTIONS", headers=asking | {"Access-Control-Request-Headers": "range"})
        assert preflight.status == 204
        assert preflight.headers["access-control-allow-origin"] == "*"
        assert "range" in preflight.headers["access-control-allow-headers"]
        assert "GET" in preflight.headers["access-control-allow-methods"]
        answer = fetch(url, headers=asking)
        assert answer.headers["access-control-allow-origin"] == "*"
        assert answer.headers["access-control-expose-headers"] == "*"


def test_the_services_player_is_given_segments_to_prefetch(stage):
    def name(headers=None, query=""):
        text = fetch(stage.channel.playback + query, headers=headers or {}).text
        return parse_multivariant(text)[0].uri.rpartition("/")[2]

    assert name() == "index.m3u8"
    assert name({"Accept": IVS_PLAYER}) == "prefetch.m3u8"
    assert name(query="?player_backend=mediaplayer") == "prefetch.m3u8"
    assert name({"Accept": IVS_PLAYER}, "?form=plain") == "plain.m3u8"
    assert len(stage.prefetched()) == 2


def chunks(url: str, timeout: float = PATIENCE):
    """The answer's head, and its chunks as they come."""
    parts = urlsplit(url)
    connection = http.client.HTTPConnection(parts.netloc, timeout=timeout)
    connection.request("GET", parts.path)
    response = connection.getresponse()

    def come():
        try:
            while block := response.read1(1 << 20):
                yield block
        finally:
            connection.close()

    return response, come()


def test_a_segment_is_sent_while_it_is_made_and_is_what_it_will_be(stage):
    """The one after the segment in the making: its first bytes come when it begins, long before it is whole."""
    _, url = stage.prefetched()
    head, blocks = chunks(url)
    assert head.status == 200 and head.headers["Transfer-Encoding"] == "chunked"
    assert head.headers["Content-Length"] is None and head.headers["Cache-Control"] == FOREVER
    first = next(blocks)
    assert url not in stage.segments(), "it is not listed while its first bytes are here"
    whole = first + b"".join(blocks)
    finished = fetch(url)
    assert finished.body == whole and int(finished.headers["content-length"]) == len(whole)
    assert len(first) < len(whole) / 2


def test_far_ahead_is_refused_at_once(stage):
    edge = int(stage.prefetched()[0].rpartition("/s")[2].partition(".")[0])
    for query in (f"_HLS_msn={edge + 9}", f"_HLS_msn={edge}&_HLS_part=99", "_HLS_msn=18446744073709551615"):
        answer = fetch(f"{stage.playlist}?{query}", timeout=5)
        assert answer.status == 400 and answer.json()[0]["error_code"] == "too_far_ahead"
    ahead = stage.prefetched()[1].replace(f"/s{edge + 1}.", f"/s{edge + 9}.")
    assert fetch(ahead, timeout=5).status == 404


def test_a_stall_breaks_a_growing_segment_off_and_its_playlist_is_told_503(server, ivs, clip, publish):
    channel = make_channel(ivs, name="stalls")
    encoder = publish(clip(RECIPE), server.rtmp_url(channel.key), loop=True)
    stage = Stage(channel)
    head, blocks = chunks(stage.prefetched()[1])
    assert head.status == 200 and next(blocks)
    encoder.freeze()
    with pytest.raises((http.client.IncompleteRead, ConnectionError, http.client.HTTPException)):
        for _ in blocks:
            pass
    assert fetch(stage.prefetched()[1], timeout=60).status == 503


def test_over_http2_all_is_the_same(start_server, clip, publish, tmp_path):
    server = start_server("--https", "127.0.0.1:0")
    channel = make_channel(aws.client(server), name="two")
    publish(clip(RECIPE), server.rtmp_url(channel.key), loop=True)
    stage = Stage(channel)
    base = f"https://{server.bound['https']}"

    def curl(url: str, *flags: str) -> tuple[dict[str, str], bytes]:
        file = tmp_path / "head"
        target = base + urlsplit(url).path
        run = subprocess.run(
            ["curl", "-sk", "--http2", "-D", str(file), *flags, target], capture_output=True, timeout=60, check=True
        )
        status, *lines = file.read_text().strip().splitlines()
        assert status.startswith("HTTP/2 "), status
        headers = dict(line.split(": ", 1) for line in lines if ": " in line)
        return {"status": status.split()[1]} | headers, run.stdout

    url = stage.segments()[-1]
    whole = fetch(url).body
    headers, body = curl(url)
    assert headers["status"] == "200" and body == whole and headers["etag"]
    headers, body = curl(url, "-r", "10-19")
    assert headers["status"] == "206" and body == whole[10:20]
    headers, body = curl(url, "-I")
    assert headers["status"] == "200" and int(headers["content-length"]) == len(whole)
    headers, body = curl(stage.playlist, "-H", "accept-encoding: gzip")
    assert headers["content-encoding"] == "gzip" and gzip.decompress(body).startswith(b"#EXTM3U")
    growing = stage.prefetched()[0]
    headers, body = curl(growing)
    assert "content-length" not in headers and body == fetch(growing).body
    headers, _ = curl(f"{stage.playlist}x")
    assert headers["status"] == "404"


SPOILT = "abzAZ09.-_~/%?#=&+ ;:@!$'()*,[]\\\"<>^`{|}\x7f\u00e9"


def spoilt(rng: random.Random, path: str) -> str:
    """A path like this one with a few changes."""
    text = list(path)
    for _ in range(rng.randint(1, 4)):
        at = rng.randrange(len("/api/video/v1/"), len(text)) if len(text) > 15 else len(text) - 1
        match rng.randrange(5):
            case 0:
                text[at] = rng.choice(SPOILT)
            case 1:
                text.insert(at, rng.choice(SPOILT))
            case 2:
                del text[at]
            case 3:
                other = rng.randrange(14, len(text)) if len(text) > 15 else at
                text[at], text[other] = text[other], text[at]
            case 4:
                text[at:at] = rng.choice(["..", "//", "%00", "%2e%2e/", "source/", "?form=", "18446744073709551616"])
    path = "".join(letter if letter.isascii() and letter > " " else f"%{ord(letter):02x}" for letter in text)
    return path.replace("\x7f", "%7f").partition("#")[0]


def test_ten_thousand_spoilt_paths_get_no_media_that_has_another_path(stage, report):
    """What answers 200 must be a file that its path names: a parameter or a number was all that changed."""
    seed = random.randrange(1 << 32)
    rng = random.Random(seed)
    good = [urlsplit(url).path for url in (stage.channel.playback, stage.playlist, *stage.segments()[-3:])]
    stream, below = good[1].split("/")[5], ("index.m3u8", "prefetch.m3u8", "plain.m3u8")
    connection = Connection(urlsplit(stage.playlist).netloc)
    counts: dict[int, int] = {}
    deadline = time.monotonic() + 120
    for _ in range(5_000):  # for each of two containers
        assert time.monotonic() < deadline, "a spoilt path is held"
        path = spoilt(rng, rng.choice(good))
        answer = connection.ask("HEAD" if rng.random() < 0.2 else "GET", path)
        counts[answer.status] = counts.get(answer.status, 0) + 1
        assert answer.status in (200, 400, 403, 404), f"{answer.status} for {path} (seed {seed})"
        if answer.status == 200:
            bare = path.partition("?")[0]
            name = bare.rpartition("/")[2]
            own = bare == good[0] or bare == good[1].replace("index.m3u8", name) and name in below
            media = bare.startswith(good[2].rpartition("/")[0] + "/") and stream in bare and name[0] in "sip"
            assert own or media, f"{path} (seed {seed})"
    connection.close()
    assert counts.get(404, 0) > 1_000
    report(f"spoilt paths: {dict(sorted(counts.items()))}")
