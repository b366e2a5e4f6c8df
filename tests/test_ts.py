"""Channels that ask for MPEG-TS, as they do by default: the same media, rules and times as in fragmented MP4.

Promise: transport streams are read by a reader of our own and by ffmpeg; what plays is hls.js's word.
"""

from collections.abc import Iterator
from pathlib import Path
from urllib.parse import urljoin

import pytest

from harness import probe, ts
from harness.aws import make_channel
from harness.compare import assert_same_times
from harness.encoder import Recipe, tags
from harness.rtmp import AUDIO
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


def units(seen: Recording) -> Iterator[tuple[tuple[int, int], ts.Pes]]:
    reader = ts.Reader()
    for place, (_, body) in sorted(seen.pieces.items()):
        for pes in reader.read(body):
            yield place, pes


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
    sent = [tag.body[2:] for tag in tags(source) if tag.kind == AUDIO and tag.body[1] == 1]
    frames = [frame for _, pes in units(seen) if pes.kind == ts.AAC for frame in pes.frames]
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
    clocks, times = [], []
    for place, pes in units(seen):
        if pes.kind == ts.H264:
            clocks.append(pes.clock)
            times.append(pes.dts)
            nals = [nal[0] & 0x1F for nal in pes.nals]
            assert nals[0] == 9, "a delimiter first"
            assert pes.keyframe == pes.random_access == ({7, 8} <= set(nals)), "parameter sets with each keyframe"
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
