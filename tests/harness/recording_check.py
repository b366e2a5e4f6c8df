"""A finished recording held against the layout: every object, every member of the JSON, every line of the playlists,
every byte range.

Promise: what is expected comes from the service's documentation and from captures, and from the media themselves;
nothing is believed that the recording says of itself without looking.
"""

import datetime
import re
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from . import recording_look as look
from .buckets import KINDS, Item
from .recording import Tree
from .recording_playlist import Entry, Playlist, parse, variants
from .server import ACCOUNT

STARTED, ENDED = "events/recording-started.json", "events/recording-ended.json"
HLS = "media/hls"
#: What a chunk is at least, unless its stream ends or changes.
CHUNK_MS = 10_000
RFC_3339 = r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d(\.\d+)?Z"
#: Rounding of times that are told in milliseconds.
ROUNDED = 0.0011


@dataclass
class Rendition:
    """What was found of one."""

    path: str
    width: int
    height: int
    whole: Playlist
    ranges: Playlist
    #: Number of pictures in each chunk that is no gap.
    pictures: dict[str, int] = field(default_factory=dict)


@dataclass
class Checked:
    tree: Tree
    started: dict[str, Any]
    ended: dict[str, Any]
    renditions: list[Rendition]

    @property
    def ms(self) -> int:
        return self.ended["media"]["hls"]["duration_ms"]

    def playlist(self, which: str) -> str:
        """The URL of `master.m3u8` or its like."""
        return self.tree.url(f"{HLS}/{which}")


def check(
    tree: Tree,
    channel: str,
    sizes: dict[str, tuple[int, int]],
    folder: Path,
    *,
    suffix: str = "ts",
    every_keyframe: bool = True,
    has_gaps: bool = False,
) -> Checked:
    """All of it. `sizes` are the renditions by name, the highest first; `folder` is for scratch files.

    Unless `every_keyframe`, a byte range may hold more than one. If it `has_gaps`, chunks may end where one begins or
    ends, in all renditions.
    """
    _prefix(tree.prefix, channel)
    started, ended = tree.json(STARTED), tree.json(ENDED)
    _started(started, channel, sizes)
    _ended(ended, started)
    items = tree.items()
    found = [_rendition(tree, items, name, size, suffix) for name, size in sizes.items()]
    for one in found:
        if not has_gaps:
            _cuts(one.whole.entries, one.path)
            assert not any(entry.gap for entry in one.whole.entries), one.path
        assert one.whole.ms == ended["media"]["hls"]["duration_ms"], f"{one.path}: {one.whole.ms} ms"
        _chunks(tree, one, folder, suffix, every_keyframe)
    assert_aligned(found)
    if sizes:
        _multivariants(tree, found)
    _nothing_stray(items, found, ended)
    return Checked(tree, started, ended, found)


def moment(text: str) -> datetime.datetime:
    assert re.fullmatch(RFC_3339, text), text
    return datetime.datetime.fromisoformat(text)


def _prefix(prefix: str, channel: str) -> None:
    """`ivs/v1/<account>/<channel>/<year>/<month>/<day>/<hour>/<minute>/<id>`, without padding."""
    number = r"(0|[1-9]\d*)"
    form = f"ivs/v1/{ACCOUNT}/{channel.rpartition('/')[2]}/" + f"{number}/" * 5 + "[A-Za-z0-9]{12}"
    assert re.fullmatch(form, prefix), prefix


def minute_of(prefix: str) -> datetime.datetime:
    return datetime.datetime(*map(int, prefix.split("/")[4:9]), tzinfo=datetime.UTC)


# The JSON


def _hls(sizes: dict[str, tuple[int, int]]) -> dict[str, Any]:
    """`media.hls` without its duration."""
    return {
        "path": HLS,
        "playlist": "master.m3u8",
        "byte_range_playlist": "byte-range-multivariant.m3u8",
        "renditions": [
            {
                "path": name,
                "playlist": "playlist.m3u8",
                "byte_range_playlist": "byte-range-variant.m3u8",
                "resolution_height": height,
                "resolution_width": width,
            }
            for name, (width, height) in sizes.items()
        ],
    }


def _started(told: dict[str, Any], channel: str, sizes: dict[str, tuple[int, int]]) -> None:
    assert told.keys() == {"channel_arn", "media", "recording_started_at", "recording_status", "version"}, told.keys()
    assert told["version"] == "v1"
    assert told["channel_arn"] == channel
    assert told["recording_status"] == "RECORDING_STARTED"
    moment(told["recording_started_at"])
    assert told["media"].keys() <= {"hls", "thumbnails", "latest_thumbnail"}
    assert told["media"]["hls"] == _hls(sizes), told["media"]["hls"]


def _ended(told: dict[str, Any], started: dict[str, Any]) -> None:
    more = {"recording_ended_at", "recording_status_message"}
    assert told.keys() - {"recording_status_message"} == (started.keys() | more) - {"recording_status_message"}
    assert told["recording_status"] == "RECORDING_ENDED"
    assert told.get("recording_status_message", "") == ""
    for name in ("channel_arn", "version", "recording_started_at"):
        assert told[name] == started[name], name
    assert moment(told["recording_ended_at"]) >= moment(told["recording_started_at"])
    duration = told["media"]["hls"]["duration_ms"]
    assert isinstance(duration, int) and duration >= 0
    assert {name: value for name, value in told["media"]["hls"].items() if name != "duration_ms"} == started["media"][
        "hls"
    ]
    rest = [{name: value for name, value in one["media"].items() if name != "hls"} for one in (started, told)]
    assert rest[0] == rest[1], rest


# Playlists


def _rendition(tree: Tree, items: dict[str, Item], name: str, size: tuple[int, int], suffix: str) -> Rendition:
    base = f"{HLS}/{name}"
    whole, ranges = (parse(tree.text(f"{base}/{file}.m3u8")) for file in ("playlist", "byte-range-variant"))
    assert (whole.version, ranges.version) == ((3, 4) if suffix == "ts" else (7, 7))
    assert whole.ended and ranges.ended
    for form in (whole, ranges):
        assert form.total_ms == form.ms, f"{name}: {form.total_ms} ms are told, {form.ms} listed"
        assert 13 <= form.target <= 15 and form.target * 1000 >= max(entry.ms for entry in form.entries) - 499
        assert all((entry.map is None) == (suffix == "ts") for entry in form.entries)
    assert (whole.target, whole.total_ms) == (ranges.target, ranges.total_ms)
    assert whole.files == ranges.files and len(whole.files) == len(whole.entries)
    assert all(re.fullmatch(rf"(0|[1-9]\d*)\.{suffix}", file) for file in whole.files), whole.files
    order = [int(file.partition(".")[0]) for file in whole.files]
    assert order == sorted(order) and order[0] == 0, order
    assert all(entry.length is None for entry in whole.entries)
    _dates(whole.entries, name)
    _dates(ranges.entries, name)
    for chunk in whole.entries:
        item = items.get(f"{base}/{chunk.uri}")
        _tiles(chunk, ranges.of(chunk.uri), item.size if item else None)
    return Rendition(name, *size, whole, ranges)


def _dates(entries: list[Entry], name: str) -> None:
    """Each entry has its date; within a stream it is the one before plus its length.

    Across streams it may be anything: encoders of these tests are ahead of the clock.
    """
    for before, after in zip(entries, entries[1:]):
        assert before.moment and after.moment, f"{name}/{after.uri}"
        step = (after.moment - before.moment).total_seconds()
        is_next = abs(step - before.ms / 1000) <= 2 * ROUNDED
        assert is_next or after.discontinuity, f"{name}/{after.uri}: {step} s after {before.ms} ms"
    assert not entries[0].discontinuity and entries[0].moment


def _cuts(entries: list[Entry], name: str) -> None:
    """A chunk is long enough unless a stream ends or changes behind it."""
    for entry, following in zip(entries, [*entries[1:], None]):
        is_last = following is None or following.discontinuity or following.map != entry.map
        assert entry.ms >= CHUNK_MS - 1 or is_last, f"{name}/{entry.uri} of {entry.ms} ms"


def _tiles(chunk: Entry, ranges: list[Entry], size: int | None) -> None:
    """Byte ranges are the chunk, each byte once, and say of it what the chunk's own line says."""
    assert size is not None or chunk.gap, f"{chunk.uri} is not there"
    first = ranges[0]
    assert (first.moment, first.discontinuity) == (chunk.moment, chunk.discontinuity), chunk.uri
    assert {entry.map for entry in ranges} == {chunk.map}
    assert not any(entry.discontinuity for entry in ranges[1:]), chunk.uri
    assert sum(entry.ms for entry in ranges) == chunk.ms, f"{chunk.uri}: {[entry.ms for entry in ranges]}"
    if chunk.gap:
        assert all(entry.gap for entry in ranges), chunk.uri
        return
    at = 0
    for entry in ranges:
        assert not entry.gap and entry.length and entry.offset == at, f"{chunk.uri}: {entry}"
        at += entry.length
    assert at == size, f"{chunk.uri}: {at} of {size} bytes"


def assert_aligned(found: list[Rendition]) -> None:
    """All renditions tell the same times, numbers and discontinuities."""
    for one in found[1:]:
        told = [
            [(entry.uri, entry.ms, entry.moment, entry.discontinuity) for entry in which.whole.entries]
            for which in (found[0], one)
        ]
        assert told[0] == told[1], one.path


def _multivariants(tree: Tree, found: list[Rendition]) -> None:
    for file, leaf in (("master", "playlist"), ("byte-range-multivariant", "byte-range-variant")):
        text = tree.text(f"{HLS}/{file}.m3u8")
        listed = variants(text)
        assert [one.uri for one in listed] == [f"{one.path}/{leaf}.m3u8" for one in found], text
        for variant, one in zip(listed, found):
            assert variant.stream["RESOLUTION"] == f"{one.width}x{one.height}"
            assert int(variant.stream["BANDWIDTH"]) > 0
            # Each variant names the group of the same name, as the service's lists do.
            groups = {media["GROUP-ID"] for media in variant.media if media["TYPE"] == "VIDEO"}
            assert not groups or variant.stream["VIDEO"] in groups
            codecs = variant.stream["CODECS"].split(",")
            assert re.fullmatch(r"avc1\.[0-9A-F]{6}", codecs[0]) and codecs[1:] in ([], ["mp4a.40.2"]), codecs


# Media


def init_of(tree: Tree, one: Rendition, chunk: Entry) -> bytes:
    return tree.read(f"{HLS}/{one.path}/{chunk.map}") if chunk.map else b""


def _chunks(tree: Tree, one: Rendition, folder: Path, suffix: str, every_keyframe: bool) -> None:
    """Pictures of each chunk and byte range fill the time that is told of it, and begin with a keyframe."""
    for row in _rows(one.whole.entries):
        init = init_of(tree, one, row[0])
        file, at = folder / f"row.{suffix}", len(init)
        bodies = [tree.read(f"{HLS}/{one.path}/{chunk.uri}") for chunk in row]
        file.write_bytes(init + b"".join(bodies))
        coded = look.pictures(file)
        shown = sorted(picture.time for picture in coded)
        usual = min(after - before for before, after in zip(shown, shown[1:]))
        for chunk, body in zip(row, bodies):
            inside = [picture for picture in coded if at <= picture.position < at + len(body)]
            one.pictures[chunk.uri] = len(inside)
            _fills(inside, chunk, usual, f"{one.path}/{chunk.uri}")
            for entry in one.ranges.of(chunk.uri):
                begin = at + entry.offset
                part = [picture for picture in inside if begin <= picture.position < begin + entry.length]
                _fills(part, entry, usual, f"{one.path}/{chunk.uri} from {entry.offset}")
                keyframes = sum(picture.keyframe for picture in part)
                assert keyframes == 1 or not every_keyframe, f"{one.path}/{chunk.uri}: {keyframes} in {entry}"
            at += len(body)
        assert sum(one.pictures[chunk.uri] for chunk in row) == len(coded)


def _rows(entries: list[Entry]) -> list[list[Entry]]:
    """Chunks that can be read as one file."""
    rows: list[list[Entry]] = []
    for entry in entries:
        if entry.gap:
            continue
        if not rows or entry.discontinuity or entry.map != rows[-1][-1].map:
            rows.append([])
        rows[-1].append(entry)
    return rows


def _fills(coded: list[look.Packet], entry: Entry, usual: float, what: str) -> None:
    """`coded` are its pictures in the order in which they are decoded; `usual` is how long one of them is shown."""
    assert coded and coded[0].keyframe, f"{what} begins with a keyframe"
    times = [picture.time for picture in coded]
    length = max(times) - min(times) + usual
    assert abs(length - entry.ms / 1000) < 1.5 * usual, f"{what}: {length} s of {entry.ms} ms"


# Objects


def _nothing_stray(items: dict[str, Item], found: list[Rendition], ended: dict[str, Any]) -> None:
    wanted = {STARTED, ENDED}
    if found:
        wanted |= {f"{HLS}/master.m3u8", f"{HLS}/byte-range-multivariant.m3u8"}
    for one in found:
        names = ["playlist.m3u8", "byte-range-variant.m3u8", *one.whole.maps]
        names += [entry.uri for entry in one.whole.entries if not entry.gap]
        wanted |= {f"{HLS}/{one.path}/{name}" for name in names}
    thumbnails = [key for key in items if key.startswith("media/thumbnails/")]
    if "thumbnails" in ended["media"]:
        wanted |= {f"{ended['media']['thumbnails']['path']}/thumb{at}.jpg" for at in range(len(thumbnails))}
    if "latest_thumbnail" in ended["media"]:
        wanted.add(ended["media"]["latest_thumbnail"]["path"])
    assert items.keys() == wanted, f"too much {items.keys() - wanted}, missing {wanted - items.keys()}"
    for key, item in items.items():
        assert item.size > 0 and item.kind == KINDS[key.rpartition(".")[2]], (key, item)
