"""What is to be seen and heard in a rendition of a film (`ladder_film`): numbers, flashes and beeps, each with its
time.

Promise: ffmpeg decodes and ffprobe tells the times, so that it is a second opinion; a number that can't be read
with certainty is an error.
"""

import array
import subprocess
from dataclasses import dataclass
from pathlib import Path

from . import probe
from .ladder_film import BITS

#: A band's height in the picture that is read is one.
ROWS = 9
RATE = 48_000
#: Shades of a block that count as black and white.
DARK, LIGHT = 100, 155


@dataclass(frozen=True)
class Picture:
    pts: float
    number: int
    flash: bool
    keyframe: bool


def pictures(file: Path) -> list[Picture]:
    """Every picture in the order in which they are shown."""
    coded = sorted(probe.packets(file)["video"], key=lambda packet: packet.pts)
    small = f"scale={BITS}:{ROWS}:flags=area:out_range=full,format=gray"
    shown = _decode(file, "0:v:0", "-fps_mode", "passthrough", "-vf", small, "-f", "rawvideo")
    size = BITS * ROWS
    assert len(shown) == size * len(coded), f"{len(shown) / size} pictures of {len(coded)} decode in {file.name}"
    found = []
    for at, packet in enumerate(coded):
        number, flash = _read(shown[at * size : (at + 1) * size])
        found.append(Picture(float(packet.time), number, flash, packet.keyframe))
    return found


def thumbnail(jpeg: bytes) -> int:
    """The number in an image."""
    done = subprocess.run(
        ["ffmpeg", "-v", "error", "-f", "mjpeg", "-i", "pipe:0", "-vf", f"scale={BITS}:{ROWS}:flags=area,format=gray"]
        + ["-f", "rawvideo", "-"],
        input=jpeg,
        capture_output=True,
        timeout=60,
    )
    assert done.returncode == 0 and not done.stderr, done.stderr
    return _read(done.stdout)[0]


def flashes(shown: list[Picture]) -> list[float]:
    """When the light goes on."""
    return [after.pts for before, after in zip(shown, shown[1:]) if after.flash and not before.flash]


def beeps(file: Path) -> list[float]:
    """When the tone begins."""
    coded = probe.packets(file)["audio"]
    steps = [float(after.time - before.time) for before, after in zip(coded, coded[1:])]
    assert all(abs(step - 1024 / RATE) < 0.002 for step in steps), f"sound has holes: {sorted(steps)[-3:]}"
    heard = array.array("h", _decode(file, "0:a:0", "-ac", "1", "-ar", str(RATE), "-f", "s16le"))
    begun, found = float(coded[0].time), []
    loud = max(heard) / 2
    quiet = RATE // 4
    # The first frame of a piece that was cut out has no frame before it to be whole with.
    silence = 0
    for at in range(1024, len(heard)):
        if abs(heard[at]) < loud:
            silence += 1
            continue
        if silence > quiet:
            found.append(begun + at / RATE)
        silence = 0
    return found


def _read(blocks: bytes) -> tuple[int, bool]:
    bits = blocks[:BITS]
    inverse = blocks[BITS : 2 * BITS]
    for bit, other in zip(bits, inverse):
        assert (bit < DARK and other > LIGHT) or (bit > LIGHT and other < DARK), f"unreadable: {list(blocks[:48])}"
    flash = blocks[2 * BITS : 3 * BITS]
    middle = sum(flash) / len(flash)
    return int("".join(str(int(bit > 127)) for bit in bits), 2), middle > 127


def _decode(file: Path, track: str, *options: str) -> bytes:
    command = ["ffmpeg", "-nostdin", "-v", "error", "-copyts", "-threads", "1", "-i", str(file), "-map", track]
    done = subprocess.run([*command, *options, "-"], stdin=subprocess.DEVNULL, capture_output=True, timeout=120)
    assert done.returncode == 0, done.stderr
    assert done.stderr == b"", f"{file.name}: {done.stderr[:500]!r}"
    return done.stdout
