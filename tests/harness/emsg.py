"""Event messages in fragmented MP4, and the ID3 tags in them, read from the standards.

Promise: knows nothing of the server; what is not a whole box or tag is an error.
"""

import struct
from dataclasses import dataclass

#: ISO 23009-1: the length of the event is not known.
UNKNOWN = 0xFFFF_FFFF


@dataclass(frozen=True)
class Event:
    scheme: str
    value: str
    timescale: int
    id: int
    duration: int
    message: bytes
    #: Seconds on the stream's own clock (version 1), or
    at: float | None = None
    #: seconds after the earliest presentation time of the segment (version 0).
    after: float | None = None


@dataclass(frozen=True)
class PrivateFrame:
    owner: str
    data: bytes


def boxes(data: bytes) -> list[tuple[str, bytes]]:
    """Boxes of one level, each with its body."""
    found, at = [], 0
    while at < len(data):
        size = int.from_bytes(data[at : at + 4])
        assert 8 <= size <= len(data) - at, f"a box of {size} bytes at {at} of {len(data)}"
        found.append((data[at + 4 : at + 8].decode(), data[at + 8 : at + size]))
        at += size
    return found


def events(data: bytes) -> list[Event]:
    """The events of a part or segment; each stands before the media of its time."""
    found, fragment_is_open = [], False
    for kind, body in boxes(data):
        if kind == "emsg":
            assert not fragment_is_open, "an event between a moof and its mdat"
            found.append(_event(body))
        fragment_is_open = kind == "moof" or (fragment_is_open and kind != "mdat")
    return found


def _event(body: bytes) -> Event:
    version, flags, rest = body[0], body[1:4], body[4:]
    assert flags == bytes(3)
    if version == 0:
        scheme, value, rest = rest.split(b"\0", 2)
        scale, delta, duration, number = struct.unpack_from(">IIII", rest)
        times, message = {"after": delta / scale}, rest[16:]
    else:
        assert version == 1
        scale, time, duration, number = struct.unpack_from(">IQII", rest)
        scheme, value, message = rest[20:].split(b"\0", 2)
        times = {"at": time / scale}
    return Event(scheme.decode(), value.decode(), scale, number, duration, message, **times)


@dataclass(frozen=True)
class TextFrame:
    description: str
    text: str


def private_frame(tag: bytes) -> PrivateFrame:
    """The only frame of an ID3v2.4 tag."""
    owner, data = _frame(tag, b"PRIV").split(b"\0", 1)
    return PrivateFrame(owner.decode(), data)


def text_frame(tag: bytes) -> TextFrame:
    """The only frame of an ID3v2.4 tag, which is a text in UTF-8 with a description."""
    body = _frame(tag, b"TXXX")
    assert body[0] == 3, "UTF-8"
    description, text = body[1:].split(b"\0", 1)
    return TextFrame(description.decode(), text.decode())


def is_text(tag: bytes) -> bool:
    return tag[10:14] == b"TXXX"


def _frame(tag: bytes, kind: bytes) -> bytes:
    assert tag[:6] == b"ID3\4\0\0", tag[:6]
    assert _size(tag[6:10]) == len(tag) - 10
    frame = tag[10:]
    assert frame[:4] == kind and frame[8:10] == b"\0\0"
    assert _size(frame[4:8]) == len(frame) - 10
    return frame[10:]


def _size(four: bytes) -> int:
    assert all(byte < 0x80 for byte in four)
    first, second, third, fourth = four
    return first << 21 | second << 14 | third << 7 | fourth
