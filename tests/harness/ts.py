"""MPEG transport streams, read from the standards (ISO 13818-1; Apple's "Timed Metadata for HLS").

Promise: knows nothing of the server; a packet that does not continue the one before, a table with a wrong
checksum and a PES packet that is not whole are errors.
"""

from dataclasses import dataclass, field

PACKET = 188
CLOCK = 90_000

#: Stream types.
H264, AAC, METADATA = 0x1B, 0x0F, 0x15
#: What a program with ID3 tags, and the stream of them, must say: formats are identified as "ID3 ".
_ID3_FORMAT = b"\xff\xff" + b"ID3 " + b"\xff" + b"ID3 "


@dataclass(frozen=True)
class Pes:
    """One PES packet: a picture, some audio frames, or a tag."""

    kind: int  # its stream's type
    pts: int  # 33 bits
    dts: int
    data: bytes
    random_access: bool
    clock: int | None

    @property
    def keyframe(self) -> bool:
        return self.kind == H264 and any(nal[0] & 0x1F == 5 for nal in self.nals)

    @property
    def nals(self) -> list[bytes]:
        """NAL units, without start codes."""
        pieces = self.data.split(b"\0\0\1")
        assert pieces[0] in (b"", b"\0"), "a start code comes first"
        return [nal.rstrip(b"\0") for nal in pieces[1:]]

    @property
    def frames(self) -> list[bytes]:
        """Audio frames behind their ADTS headers."""
        found, at = [], 0
        while at < len(self.data):
            assert self.data[at] == 0xFF and self.data[at + 1] & 0xF6 == 0xF0, "an ADTS header"
            size = (self.data[at + 3] & 3) << 11 | self.data[at + 4] << 3 | self.data[at + 5] >> 5
            assert 7 < size <= len(self.data) - at, f"a frame of {size} bytes"
            found.append(self.data[at + 7 : at + size])
            at += size
        return found


@dataclass
class Reader:
    """Reads parts or segments of one stream, in order; each must be readable by itself."""

    counters: dict[int, int] = field(default_factory=dict)

    def read(self, data: bytes) -> list[Pes]:
        assert data and len(data) % PACKET == 0, f"{len(data)} bytes are no packets"
        kinds: dict[int, int] = {}
        open_: dict[int, tuple[bytearray, bool, int | None]] = {}
        tables, begun, order = 0, 0, []
        for at in range(0, len(data), PACKET):
            pid, start, access, clock, payload = self._packet(data[at : at + PACKET])
            match pid:
                case 0:
                    # Each part of a segment has tables of its own, and nothing is open across them.
                    assert start
                    begun, open_ = at, {}
                    body = _section(payload, 0)
                    program, pmt = (int.from_bytes(body[n : n + 2]) for n in (0, 2))
                    assert program == 1
                    tables = pmt & 0x1FFF
                case _ if pid == tables:
                    assert at == begun + PACKET, "the PMT follows the PAT"
                    kinds = _streams(_section(payload, 2))
                case _:
                    assert at > PACKET, "the tables come first"
                    assert pid in kinds, f"PID {pid:#x} is in no table"
                    if start:
                        open_[pid] = (bytearray(), access, clock)
                        order.append((pid, open_[pid]))
                    assert pid in open_, "a PES packet from the part before"
                    open_[pid][0].extend(payload)
        found = [_pes(kinds[pid], *parts) for pid, parts in order]
        assert found, "nothing but tables"
        return found

    def _packet(self, packet: bytes):
        assert packet[0] == 0x47, "a packet begins with its sync byte"
        assert not packet[1] & 0x80, "no transport error"
        pid = int.from_bytes(packet[1:3]) & 0x1FFF
        count, at, access, clock = packet[3] & 0x0F, 4, False, None
        expected = (self.counters.get(pid, count - 1) + 1) & 0x0F
        assert count == expected, f"PID {pid:#x}: packet {count}, not {expected}"
        self.counters[pid] = count
        assert packet[3] & 0xD0 == 0x10, "not scrambled, with a payload"
        if packet[3] & 0x20:
            length = packet[4]
            at += 1 + length
            assert at < PACKET
            if length:
                access = bool(packet[5] & 0x40)
                used = 1
                if packet[5] & 0x10:
                    clock, used = int.from_bytes(packet[6:12]) >> 15, 7
                assert set(packet[5 + used : at]) <= {0xFF}, "stuffing"
        return pid, bool(packet[1] & 0x40), access, clock, packet[at:]


def read(data: bytes) -> list[Pes]:
    return Reader().read(data)


def tags(data: bytes) -> list[tuple[int, bytes]]:
    """The ID3 tags of a part or segment, each with its presentation time."""
    return [(pes.pts, pes.data) for pes in read(data) if pes.kind == METADATA]


def _section(payload: bytes, table: int) -> bytes:
    """The body of the one section in a payload."""
    section = payload[1 + payload[0] :]
    assert section[0] == table
    length = int.from_bytes(section[1:3]) & 0x0FFF
    whole = section[: 3 + length]
    assert _checksum(whole) == 0, "the checksum is right"
    assert set(section[3 + length :]) <= {0xFF}, "stuffing"
    return whole[8:-4]


def _streams(body: bytes) -> dict[int, int]:
    """Stream types by PID; what Apple asks of the descriptors is there."""
    clock, program = int.from_bytes(body[:2]) & 0x1FFF, int.from_bytes(body[2:4]) & 0x0FFF
    pointer = _descriptors(body[4 : 4 + program])[0x25]
    assert pointer[:11] == _ID3_FORMAT and pointer[12] & 0xE0 == 0 and pointer[13:] == b"\0\1", "it is in program 1"
    found, at = {}, 4 + program
    while at < len(body):
        kind, pid = body[at], int.from_bytes(body[at + 1 : at + 3]) & 0x1FFF
        length = int.from_bytes(body[at + 3 : at + 5]) & 0x0FFF
        if kind == METADATA:
            metadata = _descriptors(body[at + 5 : at + 5 + length])[0x26]
            assert metadata[:11] == _ID3_FORMAT and metadata[11] == pointer[11], "the same service"
        found[pid] = kind
        at += 5 + length
    assert found.get(clock) == H264, "the clock comes with the pictures"
    return found


def _descriptors(data: bytes) -> dict[int, bytes]:
    found, at = {}, 0
    while at < len(data):
        found[data[at]] = data[at + 2 : at + 2 + data[at + 1]]
        at += 2 + data[at + 1]
    return found


def _pes(kind: int, data: bytearray, access: bool, clock: int | None) -> Pes:
    assert data[:3] == b"\0\0\1", "a PES packet"
    assert data[3] == {H264: 0xE0, AAC: 0xC0, METADATA: 0xBD}[kind]
    length, after = int.from_bytes(data[4:6]), 9 + data[8]
    assert length == len(data) - 6 or (kind == H264 and length == 0 and len(data) > 65_541), "its length"
    assert data[6] & 0xC4 == 0x84, "its payload begins with a whole unit"
    pts = _timestamp(data[9:14])
    dts = _timestamp(data[14:19]) if data[7] & 0x40 else pts
    return Pes(kind, pts, dts, bytes(data[after:]), access, clock)


def _timestamp(five: bytes) -> int:
    assert five[0] & 1 and five[2] & 1 and five[4] & 1, "marker bits"
    return (five[0] >> 1 & 7) << 30 | int.from_bytes(five[1:3]) >> 1 << 15 | int.from_bytes(five[3:5]) >> 1


def _checksum(data: bytes) -> int:
    total = 0xFFFF_FFFF
    for byte in data:
        total ^= byte << 24
        for _ in range(8):
            total = (total << 1 ^ (0x04C1_1DB7 if total >> 31 else 0)) & 0xFFFF_FFFF
    return total
