"""Captions as broadcasters send them: CEA-608 byte pairs in A/53 user data, in an SEI message of each picture.

Promise: written and read from the standards (ANSI/CTA-608-E 8.4, ATSC A/53 part 4, ITU-T H.264 7.3.2.3 and D.1.6);
knows nothing of the server.
"""

import subprocess
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

from .encoder import Tag, tags
from .rtmp import VIDEO

#: ITU-T T.35: the United States, and ATSC.
ATSC = b"\xb5\x00\x31GA94\x03"
FIELD_1, FIELD_2 = 0, 1
ROLL_UP, RETURN, BOTTOM = (0x94, 0x25), (0x94, 0xAD), (0x94, 0x70)
NOTHING = (0x80, 0x80)
PER_SECOND = 30


@dataclass(frozen=True)
class Pair:
    """Two bytes of a field, and when they are shown."""

    at: float
    field: int
    data: tuple[int, int]


def line(second: int) -> str:
    """What the captions say in this second of the film."""
    return f"SECOND {second:02} OF THE FILM"


def pairs(seconds: int) -> list[tuple[int, int]]:
    """All byte pairs of field 1 of a film, `PER_SECOND` each second: a line rolls up in each."""
    found = []
    for second in range(seconds):
        text = [_odd(ord(char)) for char in line(second)]
        text += [0x80] * (len(text) % 2)
        # Control codes are sent twice, so that one that is lost does no harm.
        here = [ROLL_UP, ROLL_UP, RETURN, RETURN, BOTTOM, BOTTOM, *zip(text[::2], text[1::2])]
        found += here + [NOTHING] * (PER_SECOND - len(here))
    return found


def caption(film: Path, fps: int, seconds: int) -> Path:
    """The film with captions; made on first use.

    At 60 pictures a second every second picture has a pair of field 1: now an odd one and now an even one, so that
    whoever leaves out every second picture meets both.
    """
    file = film.with_name(f"{film.stem}-captions.flv")
    if file.exists():
        return file
    step, sent = fps // PER_SECOND, pairs(seconds)
    at = {number * step + (number % step): pair for number, pair in enumerate(sent)}
    found = tags(film)
    media = [tag for tag in found if tag.kind == VIDEO and tag.body[1] == 1]
    order = {shown: number for number, shown in enumerate(sorted(_shown(tag) for tag in media))}
    changed = []
    for tag in found:
        if tag.kind == VIDEO and tag.body[1] == 1:
            pair = at.get(order[_shown(tag)], NOTHING)
            tag = Tag(tag.kind, tag.time, _with_sei(tag.body, _message(pair)))
        changed.append(tag)
    write(changed, file)
    return file


def write(media: list[Tag], file: Path) -> None:
    """An FLV file of these tags."""
    pieces = [b"FLV\1\5\0\0\0\x09\0\0\0\0"]
    for tag in media:
        time = tag.time & 0xFFFFFF
        head = bytes([tag.kind]) + len(tag.body).to_bytes(3) + time.to_bytes(3) + bytes([tag.time >> 24]) + bytes(3)
        pieces += [head, tag.body, (11 + len(tag.body)).to_bytes(4)]
    file.write_bytes(b"".join(pieces))


def read(shown: Iterator[tuple[float, bytes]]) -> list[Pair]:
    """The pairs in pictures (time, coded picture in either form), in the order in which they are shown."""
    found = []
    for at, picture in sorted(shown, key=lambda one: one[0]):
        for nal in _nals(picture):
            if nal and nal[0] & 0x1F == 6:
                found += [Pair(at, field, data) for field, data in _triplets(nal)]
    return found


def as_text(file: Path) -> str:
    """What ffmpeg, as a reader of its own, makes of the captions of a file."""
    done = subprocess.run(
        ["ffmpeg", "-nostdin", "-v", "error", "-f", "lavfi", "-i", f"movie={file.name}[out0+subcc]"]
        + ["-map", "0:s", "-f", "srt", "-"],
        cwd=file.parent,
        stdin=subprocess.DEVNULL,
        capture_output=True,
        text=True,
        timeout=60,
    )
    assert done.returncode == 0, done.stderr
    return done.stdout


def _odd(char: int) -> int:
    """With odd parity in the highest bit."""
    return char | (0x80 if char.bit_count() % 2 == 0 else 0)


def _shown(tag: Tag) -> int:
    return tag.time + int.from_bytes(tag.body[2:5], signed=True)


def _message(pair: tuple[int, int]) -> bytes:
    """An SEI NAL unit with one pair of field 1, and nothing in field 2."""
    triplets = bytes([0xFC | FIELD_1, *pair, 0xFC | FIELD_2, *NOTHING])
    payload = ATSC + bytes([0xC0 | len(triplets) // 3, 0xFF]) + triplets + b"\xff"
    return b"\x06" + _escape(bytes([4, len(payload)]) + payload + b"\x80")


def _with_sei(body: bytes, message: bytes) -> bytes:
    """The picture with the message before its first slice."""
    at = 5
    while body[at + 4] & 0x1F not in (1, 5):
        at += 4 + int.from_bytes(body[at : at + 4])
    return body[:at] + len(message).to_bytes(4) + message + body[at:]


def _nals(picture: bytes) -> list[bytes]:
    if picture.startswith((b"\0\0\0\1", b"\0\0\1")):
        return [nal.rstrip(b"\0") for nal in picture.split(b"\0\0\1")[1:]]
    found, at = [], 0
    while at < len(picture):
        size = int.from_bytes(picture[at : at + 4])
        found.append(picture[at + 4 : at + 4 + size])
        at += 4 + size
    return found


def _triplets(nal: bytes) -> Iterator[tuple[int, tuple[int, int]]]:
    raw, at = _unescape(nal[1:]), 0
    while at < len(raw) - 1:
        kind, at = _number(raw, at)
        size, at = _number(raw, at)
        payload, at = raw[at : at + size], at + size
        assert len(payload) == size, "a whole message"
        if kind != 4 or not payload.startswith(ATSC):
            continue
        count, begin = payload[len(ATSC)] & 0x1F, len(ATSC) + 2
        assert payload[len(ATSC)] & 0x40, "there are captions"
        assert len(payload) >= begin + 3 * count + 1 and payload[begin + 3 * count] == 0xFF, "the marker at the end"
        for one in range(begin, begin + 3 * count, 3):
            if payload[one] & 4 and payload[one] & 3 in (FIELD_1, FIELD_2):
                yield payload[one] & 3, (payload[one + 1], payload[one + 2])


def _number(raw: bytes, at: int) -> tuple[int, int]:
    total = 0
    while raw[at] == 0xFF:
        total, at = total + 255, at + 1
    return total + raw[at], at + 1


def _escape(raw: bytes) -> bytes:
    out = bytearray()
    for byte in raw:
        if byte <= 3 and out[-2:] == b"\0\0":
            out.append(3)
        out.append(byte)
    return bytes(out)


def _unescape(nal: bytes) -> bytes:
    return nal.replace(b"\0\0\3", b"\0\0")
