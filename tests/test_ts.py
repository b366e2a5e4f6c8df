"""Channels that ask for MPEG-TS, as they do by default: the same media, rules and times as in fragmented MP4.

So is what both containers owe to players: low latency, and parameters that change without a break.

Promise: transport streams are read by a reader of our own and by ffmpeg; what plays is hls.js's word.
"""

import subprocess
import time
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path
from urllib.parse import urljoin

import pytest

from harness import browser, probe, rtmp, ts
from harness.aws import make_channel
from harness.compare import assert_same_times
from harness.encoder import Recipe, tags
from harness.viewer import Background, Recording, Viewer, on_air
from harness.waiting import wait_until
from harness.web import fetch

RECIPE = Recipe(seconds=12, gop_seconds=2, b_frames=2, rate=44100)


@pytest.fixture(scope="module")
def passage(ivs, server, clip, publish) -> tuple[Path, Recording]:
    """A clip and what a viewer saw of it."""
    channel, source = make_channel(ivs, containerFormat="TS"), clip(RECIPE)
    encoder = publish(source, server.rtmp_url(channel.key))
    seen = Viewer(channel.playback).follow()
    assert encoder.ended() == 0
    return source, seen


def units(seen: Recording) -> Iterator[ts.Pes]:
    reader = ts.Reader()
    for _, (_, body) in sorted(seen.pieces.items()):
        yield from reader.read(body)


@pytest.fixture(params=["FRAGMENTED_MP4", "TS"])
def channel(ivs, request):
    return make_channel(ivs, containerFormat=request.param)


def test_a_channel_is_a_transport_stream_unless_it_asks_for_something_else(ivs):
    assert ivs.create_channel()["channel"]["containerFormat"] == "TS"


def test_packets_come_out_as_they_went_in(passage, tmp_path: Path):
    source, seen = passage
    joined = seen.join(tmp_path / "joined.ts")
    assert_same_times(source, joined)
    sent, came = (len(probe.packets(file)["audio"]) for file in (source, joined))
    assert sent - 2 <= came <= sent, "only sound before the first picture is left out"


def test_sound_is_the_sources_frame_by_frame(passage):
    source, seen = passage
    sent = [tag.body[2:] for tag in tags(source) if tag.kind == rtmp.AUDIO and tag.body[1] == 1]
    frames = [frame for pes in units(seen) if pes.kind == ts.AAC for frame in pes.frames]
    assert len(frames) >= len(sent) - 2, "only sound before the first picture is left out"
    assert frames == sent[len(sent) - len(frames) :]


def test_the_low_latency_rules_hold(passage):
    _, seen = passage
    assert seen.rules.broken == []
    assert seen.maps == []
    assert seen.last.part_target < 0.3
    names = {url.rpartition(".")[2] for url, _ in seen.pieces.values()}
    assert names == {"ts"}


def test_each_part_reads_alone_and_counts_on(passage):
    _, seen = passage
    reader, clocks, times = ts.Reader(), [], []
    for _, (_, body) in sorted(seen.pieces.items()):
        pictures = [pes for pes in reader.read(body) if pes.kind == ts.H264]
        for number, pes in enumerate(pictures):
            clocks.append(pes.clock)
            times.append(pes.dts)
            nals = [nal[0] & 0x1F for nal in pes.nals]
            assert nals[0] == 9, "a delimiter first"
            assert pes.keyframe == pes.random_access
            if pes.keyframe or number == 0:
                assert {7, 8} <= set(nals), "parameter sets with each keyframe, and at the beginning of each part"
            assert nals.count(7) <= 1 and nals.count(8) <= 1
    assert times == sorted(times) and clocks == sorted(clocks)
    assert all(clock < dts for clock, dts in zip(clocks, times))


def test_whole_segments_are_their_parts_and_typed(passage):
    _, seen = passage
    for segment in seen.last.closed[-3:]:
        answer = fetch(urljoin(seen.url, segment.uri))
        assert answer.headers["content-type"] == "video/mp2t"
        parts = [body for (number, _), (_, body) in sorted(seen.pieces.items()) if number == segment.sequence]
        assert b"".join(parts) == answer.body
        assert ts.read(answer.body)


def test_files_of_the_other_container_are_not_there(passage):
    _, seen = passage
    uri = seen.last.closed[-1].uri
    for other in (uri.replace(".ts", ".m4s"), "i0.mp4"):
        assert fetch(urljoin(seen.url, other)).status == 404, other


def test_ffmpeg_as_an_hls_player_plays_to_the_end(ivs, server, clip, publish):
    channel = make_channel(ivs, containerFormat="TS")
    publish(clip(Recipe(seconds=6)), server.rtmp_url(channel.key))
    wait_until(lambda: on_air(channel.playback), "the channel on air")
    played = subprocess.run(
        ["ffmpeg", "-v", "error", "-i", channel.playback, "-map", "0:v", "-map", "0:a", "-f", "framemd5", "-"],
        stdin=subprocess.DEVNULL,
        capture_output=True,
        text=True,
        timeout=120,
    )
    assert played.returncode == 0 and played.stderr == ""
    kinds = [line.partition(",")[0] for line in played.stdout.splitlines() if not line.startswith("#")]
    assert kinds.count("0") > 100 and kinds.count("1") > 100, "pictures and sound"


# In a browser, in both containers

LIVE = "document.querySelector('#state').dataset.state === 'live'"

#: Notes errors of hls.js, and the longest time that the picture stood still, in seconds.
WATCH = """() => {
    window.seen = { errors: [], still: 0 };
    window.rillcast.player.on("hlsError", (_, error) => window.seen.errors.push(error.details));
    const video = document.querySelector("#video");
    let [at, since] = [video.currentTime, performance.now()];
    setInterval(() => {
        if (video.currentTime !== at) [at, since] = [video.currentTime, performance.now()];
        window.seen.still = Math.max(window.seen.still, (performance.now() - since) / 1000);
    }, 20);
}"""

FRAGMENTS = """() => window.rillcast.player.levels[0].details.fragments.map(one => ({
    break: one.cc, start: one.start, init: one.initSegment?.relurl ?? null,
}))"""

#: A stall that a person would call one.
STALL = 1.0


def test_a_browser_plays_with_low_latency_in_either_container(server, channel, clip, publish, report):
    publish(clip(Recipe(seconds=60, size="640x360")), server.rtmp_url(channel.key))
    wait_until(lambda: on_air(channel.playback), "the channel on air")
    with browser.watching(f"{server.url}/watch/{channel.id}") as tab:
        tab.wait(LIVE)
        tab.read(WATCH)
        tab.wait_for_progress(8)
        latency, target = tab.wait("window.rillcast.latency()"), tab.read("window.rillcast.player.targetLatency")
        seen, kinds = tab.read("window.seen"), {url.partition("?")[0].rpartition(".")[2] for url in tab.asked}
        decoded = tab.read("document.querySelector('#video').webkitAudioDecodedByteCount")
        ranges = tab.read("document.querySelector('#video').buffered.length")
    media = "ts" if "ts" in kinds else "m4s"
    report(f"hls.js with .{media}: {latency:.2f} s behind, aims at {target:.2f} s, still for {seen['still']:.2f} s")
    assert latency < 5 and target < 2, "parts are played, not whole segments"
    assert seen["errors"] == [] and seen["still"] < STALL
    assert decoded > 0, "sound, too"
    assert ranges == 1, "neither track has a hole"


#: Entropy coding, references and the picture differ; size, profile and level are the same. With the other's
#: parameters neither can be decoded. The third has another profile and level, too.
FIRST = Recipe(seconds=10, size="640x360", x264="cabac=1:ref=1:weightp=1:level=31")
SECOND = Recipe(seconds=8, size="640x360", scene="smptehdbars", x264="cabac=0:ref=2:weightp=1:level=31")

THIRD = Recipe(seconds=8, size="640x360", scene="smptehdbars", x264="cabac=1:8x8dct=1:ref=3:level=40")


def send(connection: rtmp.Publisher, clips: list[tuple[Path, Recipe]]) -> None:
    """Publishes one clip after the other in real time, as one stream; sound is described otherwise, too."""
    begun, offset = time.monotonic(), 0
    for file, recipe in clips:
        for tag in tags(file):
            is_header = tag.kind == rtmp.AUDIO and tag.body[1] == 0
            if is_header and offset:
                # ffmpeg says that there is no SBR, others say nothing of it.
                assert tag.body[4:] == b"\x56\xe5\x00"
                tag = replace(tag, body=tag.body[:4])
            if tag.kind in (rtmp.AUDIO, rtmp.VIDEO):
                at = offset + tag.time
                time.sleep(max(0.0, begun + at / 1000 - time.monotonic()))
                connection.send(rtmp.message(tag.kind, tag.body, chunk_stream=rtmp.MEDIA, stream=1, time=at))
        offset += round(recipe.seconds * 1000)


@pytest.mark.parametrize("other", [SECOND, THIRD], ids=["parameters", "profile"])
def test_a_browser_plays_on_when_the_same_picture_is_coded_otherwise(server, channel, clip, report, other):
    clips = [(clip(recipe), recipe) for recipe in (FIRST, other)]
    connection = rtmp.Publisher(server.bound["rtmp"])
    connection.connect()
    connection.publish(channel.key)
    sending = Background(send, connection, clips)
    wait_until(lambda: on_air(channel.playback), "the channel on air")
    viewer = Background(lambda: Viewer(channel.playback).follow())
    with browser.watching(f"{server.url}/watch/{channel.id}") as tab:
        tab.wait(LIVE)
        tab.read(WATCH)
        first = tab.picture()["mean"]
        # Well into the second clip.
        tab.wait("document.querySelector('#video').currentTime > 10 + 4")
        fragments, seen, second = tab.read(FRAGMENTS), tab.read("window.seen"), tab.picture()["mean"]
        assert tab.errors == []
    sending.result()
    connection.close()
    playlist = viewer.result()
    assert playlist.rules.broken == []
    assert {one["break"] for one in fragments} == {0}, "no discontinuity"
    report(f"another encoder: still for {seen['still']:.2f} s, {len(playlist.maps)} init sections")
    assert seen["errors"] == [] and seen["still"] < STALL
    assert abs(first - second) > 10, "the picture is the second clip's"
    assert len(playlist.maps) in (0, 2)
