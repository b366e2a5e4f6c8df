"""Media read while they arrive: pictures, sound and ID3 tags of a segment that is still being made.

Promise: what is whole comes out as soon as its last byte is there; knows nothing of the server. What players
rely on beside that (tables first, both tracks in one fragment) is checked on the way.
"""

import struct
from collections.abc import Iterator
from dataclasses import dataclass, field

PICTURE, SOUND, TAG = "picture", "sound", "tag"
SCHEME = b"urn:twitch:id3"


@dataclass(frozen=True)
class Unit:
    """A picture, some sound, or an ID3 tag, with its time in seconds on the stream's clock."""

    kind: str
    at: float
    data: bytes
    keyframe: bool = False


@dataclass
class TransportStream:
    """MPEG-TS. A PES packet is whole when its length is reached or another one begins on its PID."""

    alone: int = 0
    _rest: bytes = b""
    _open: dict[int, bytearray] = field(default_factory=dict)
    _tables: bool = False

    def feed(self, data: bytes) -> Iterator[Unit]:
        data = self._rest + data
        whole = len(data) // 188 * 188
        self._rest = data[whole:]
        for at in range(0, whole, 188):
            yield from self._packet(data[at : at + 188])

    def end(self) -> Iterator[Unit]:
        assert self._rest == b"", "half a packet at the end"
        for body in self._open.values():
            yield self._unit(bytes(body))
        self._open = {}

    def _packet(self, packet: bytes) -> Iterator[Unit]:
        assert packet[0] == 0x47, "a packet begins with its sync byte"
        pid, starts = int.from_bytes(packet[1:3]) & 0x1FFF, packet[1] & 0x40
        payload = packet[4 + (1 + packet[4] if packet[3] & 0x20 else 0) :]
        if pid == 0:
            self._tables = True
        if starts and payload[:3] == b"\0\0\1":
            assert self._tables, "the tables come before the media"
            if before := self._open.pop(pid, None):
                yield self._unit(bytes(before))
            self._open[pid] = bytearray(payload)
        elif pid in self._open:
            self._open[pid] += payload
        body = self._open.get(pid)
        if body and (length := int.from_bytes(body[4:6])) and len(body) >= length + 6:
            yield self._unit(bytes(self._open.pop(pid)))

    def _unit(self, body: bytes) -> Unit:
        pts, data = body[9:14], body[9 + body[8] :]
        time = (pts[0] >> 1 & 7) << 30 | int.from_bytes(pts[1:3]) >> 1 << 15 | int.from_bytes(pts[3:5]) >> 1
        kind = {0xE0: PICTURE, 0xC0: SOUND, 0xBD: TAG}[body[3]]
        keyframe = kind == PICTURE and b"\0\0\1\x65" in data
        return Unit(kind, time / 90_000, data, keyframe)


@dataclass
class Fragments:
    """Fragmented MP4, with both tracks in one `moof`, as the service's player wants it."""

    init: bytes
    #: Fragments with one track alone, as the last one of a stream may be.
    alone: int = 0
    _rest: bytes = b""
    _runs: list[tuple[str, float, list[tuple[int, float, bool]]]] = field(default_factory=list)
    _told: list[tuple[float, bytes]] = field(default_factory=list)
    _tracks: dict[int, tuple[str, int]] = field(default_factory=dict)

    def __post_init__(self) -> None:
        moov = dict(_boxes(self.init))[b"moov"]
        for trak in (body for kind, body in _boxes(moov) if kind == b"trak"):
            inside = dict(_boxes(trak))
            media = dict(_boxes(inside[b"mdia"]))
            number = struct.unpack_from(">I", inside[b"tkhd"], 12 if inside[b"tkhd"][0] == 0 else 20)[0]
            scale = struct.unpack_from(">I", media[b"mdhd"], 12 if media[b"mdhd"][0] == 0 else 20)[0]
            self._tracks[number] = ({b"vide": PICTURE, b"soun": SOUND}[media[b"hdlr"][8:12]], scale)
        assert sorted(kind for kind, _ in self._tracks.values()) == [PICTURE, SOUND]

    def feed(self, data: bytes) -> Iterator[Unit]:
        data = self._rest + data
        at = 0
        while len(data) - at >= 8:
            size = int.from_bytes(data[at : at + 4])
            assert size >= 8, f"a box of {size} bytes"
            if len(data) - at < size:
                break
            yield from self._box(data[at + 4 : at + 8], data[at + 8 : at + size])
            at += size
        self._rest = data[at:]

    def end(self) -> Iterator[Unit]:
        assert self._rest == b"", "half a box at the end"
        yield from ()

    def _box(self, kind: bytes, body: bytes) -> Iterator[Unit]:
        match kind:
            case b"emsg" if body[0] == 0 and body[4:].startswith(SCHEME + b"\0"):
                _, _, rest = body[4:].split(b"\0", 2)
                scale, delta = struct.unpack_from(">II", rest)
                self._told.append((delta / scale, rest[16:]))
            case b"moof":
                self._runs = [self._run(traf) for name, traf in _boxes(body) if name == b"traf"]
                kinds = {run[0] for run in self._runs}
                assert kinds and len(kinds) == len(self._runs), "a fragment holds each track once"
                self.alone += len(kinds) == 1
            case b"mdat":
                yield from self._media(body)

    def _run(self, traf: bytes) -> tuple[str, float, list[tuple[int, float, bool]]]:
        inside = dict(_boxes(traf))
        kind, scale = self._tracks[struct.unpack_from(">I", inside[b"tfhd"], 4)[0]]
        start = struct.unpack_from(">Q" if inside[b"tfdt"][0] else ">I", inside[b"tfdt"], 4)[0]
        tfhd, trun = inside[b"tfhd"], inside[b"trun"]
        flags, at = int.from_bytes(tfhd[1:4]), 8
        usual = {}
        for bit, width in ((1, 8), (2, 4), (8, 4), (0x10, 4), (0x20, 4)):
            if flags & bit:
                usual[bit] = int.from_bytes(tfhd[at : at + width])
                at += width
        flags, count = int.from_bytes(trun[1:4]), int.from_bytes(trun[4:8])
        at = 8 + (4 if flags & 1 else 0)
        first = int.from_bytes(trun[at : at + 4]) if flags & 4 else None
        at += 4 if flags & 4 else 0
        samples = []
        for number in range(count):
            told = {0x100: usual.get(8, 0), 0x200: usual.get(0x10, 0), 0x400: usual.get(0x20, 0), 0x800: 0}
            for bit in told:
                if flags & bit:
                    told[bit] = int.from_bytes(trun[at : at + 4], signed=bit == 0x800)
                    at += 4
            state = first if number == 0 and first is not None else told[0x400]
            samples.append((told[0x200], (start + told[0x800]) / scale, not state & 0x10000))
            start += told[0x100]
        return kind, samples[0][1] if samples else 0.0, samples

    def _media(self, body: bytes) -> Iterator[Unit]:
        earliest = min(start for kind, start, samples in self._runs if samples)
        for after, tag in self._told:
            yield Unit(TAG, earliest + after, tag)
        self._told, at = [], 0
        # The tracks' samples lie behind each other in the order of the runs.
        for kind, _, samples in self._runs:
            for size, time, keyframe in samples:
                yield Unit(kind, time, body[at : at + size], keyframe and kind == PICTURE)
                at += size
        assert at == len(body), "all of the media belong to samples"


def _boxes(data: bytes) -> Iterator[tuple[bytes, bytes]]:
    at = 0
    while at < len(data):
        size = int.from_bytes(data[at : at + 4])
        assert 8 <= size <= len(data) - at, f"a box of {size} bytes"
        yield data[at + 4 : at + 8], data[at + 8 : at + size]
        at += size


def frames(tag: bytes) -> list[tuple[str, bytes]]:
    """The frames of an ID3v2.4 tag."""
    assert tag[:5] == b"ID3\4\0", tag[:5]
    found, at, end = [], 10, 10 + _synchsafe(tag[6:10])
    while at < end:
        size = _synchsafe(tag[at + 4 : at + 8])
        found.append((tag[at : at + 4].decode(), tag[at + 10 : at + 10 + size]))
        at += 10 + size
    assert at == end == len(tag), "the tag is its frames"
    return found


def _synchsafe(four: bytes) -> int:
    assert all(byte < 0x80 for byte in four)
    return four[0] << 21 | four[1] << 14 | four[2] << 7 | four[3]
