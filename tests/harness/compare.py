"""Is what a viewer joined the same media as the file that was published?

Promise: packets are compared by their bytes and times, and both tracks are decoded to the end.
"""

from fractions import Fraction
from pathlib import Path

from . import probe

MILLISECOND = Fraction(1, 1000)


def assert_same_media(source: Path, joined: Path) -> None:
    was, now = probe.packets(source), probe.packets(joined)
    _same_video(was["video"], now["video"])
    if was["audio"]:
        _same_audio(was, now)
    else:
        assert not now["audio"]
    frames = probe.decoded(joined)
    assert frames == {kind: len(packets) for kind, packets in now.items() if packets}, "every frame decodes"


def assert_same_times(source: Path, joined: Path) -> None:
    """For a container that writes the same pictures in other bytes: a transport stream."""
    was, now = probe.packets(source)["video"], probe.packets(joined)["video"]
    assert [packet.keyframe for packet in now] == [packet.keyframe for packet in was]
    for before, after in zip(was, now, strict=True):
        for name in ("pts", "dts"):
            moved = _since(now[0], after, name) - _since(was[0], before, name)
            assert abs(moved) <= MILLISECOND, f"the picture at {float(before.time):.3f} s moved by {float(moved):.4f} s"
    frames, sounds = probe.decoded(joined), probe.packets(joined)["audio"]
    assert frames["video"] == len(now) and frames.get("audio", 0) == len(sounds), "every frame decodes"


def _same_video(was: list[probe.Packet], now: list[probe.Packet]) -> None:
    assert len(now) == len(was), "as many pictures came out as went in"
    assert [packet.digest for packet in now] == [packet.digest for packet in was], "the same pictures in order"
    assert [packet.keyframe for packet in now] == [packet.keyframe for packet in was]
    for before, after in zip(was, now):
        for name in ("pts", "dts"):
            moved = _since(now[0], after, name) - _since(was[0], before, name)
            assert abs(moved) <= MILLISECOND, f"the picture at {float(before.time):.3f} s moved by {float(moved):.4f} s"


def _since(first: probe.Packet, packet: probe.Packet, name: str) -> Fraction:
    # RTMP's times are whole milliseconds of the decode time, so that is what both are counted from.
    return (getattr(packet, name) - first.dts) * packet.base


def _same_audio(was: dict[str, list[probe.Packet]], now: dict[str, list[probe.Packet]]) -> None:
    before, after = was["audio"], now["audio"]
    dropped = len(before) - len(after)
    assert dropped >= 0 and [packet.digest for packet in after] == [packet.digest for packet in before[dropped:]], (
        f"sound is the source's from some point to the end ({len(before)} in, {len(after)} out)"
    )
    start = was["video"][0].dts * was["video"][0].base
    if dropped:
        lost = before[dropped - 1]
        assert lost.time <= start + 25 * MILLISECOND, "only sound before the first picture is left out"
    steps = {(later.pts - packet.pts) * packet.base for packet, later in zip(after, after[1:])}
    rate = round(1024 / (before[-1].time - before[0].time) * (len(before) - 1))
    assert len(steps) == 1, f"sound goes on by whole frames: {sorted(map(float, steps))}"
    assert abs(1024 / steps.pop() - rate) < rate / 500, "a frame is 1024 samples"
    offset = (after[0].time - now["video"][0].time) - (before[dropped].time - was["video"][0].time)
    assert abs(offset) <= 12 * MILLISECOND, f"sound and picture moved apart by {float(offset):.4f} s"
