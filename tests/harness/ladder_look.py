"""What is to be seen and heard in a rendition of a film (`ladder_film`): numbers, flashes and beeps, each with its
time.

Promise: ffmpeg decodes and ffprobe tells the times, so that it is a second opinion; a number that can't be read
with certainty is an error.
"""

import array
import subprocess
import tempfile
from dataclasses import dataclass
from fractions import Fraction
from pathlib import Path

from . import probe
from .ladder_film import BITS

#: A band's height in the picture that is read is one.
ROWS = 9
#: Samples in a frame of sound.
FRAME = 1024
#: Shades of a block that count as black and white.
DARK, LIGHT = 100, 155


@dataclass(frozen=True)
class Picture:
    pts: float
    number: int
    flash: bool
    keyframe: bool


def pictures(file: Path, strict: bool = True) -> list[Picture]:
    """Every picture in the order in which they are shown.

    If not strict, whatever a decoder makes of a spoilt file: what can't be read has the number -1, and keyframes
    are not told.
    """
    times, shown = _decoded_pictures(file, strict)
    coded = sorted(probe.packets(file)["video"], key=lambda packet: packet.pts) if strict else []
    keyframes = {packet.time for packet in coded if packet.keyframe}
    assert not strict or times == [packet.time for packet in coded], f"{len(times)} of {len(coded)} pictures decode"
    size, found = BITS * ROWS, []
    for at, time in enumerate(times):
        number, flash = _read(shown[at * size : (at + 1) * size], strict)
        found.append(Picture(float(time), number, flash, time in keyframes))
    return found


def _decoded_pictures(file: Path, strict: bool) -> tuple[list[Fraction], bytes]:
    """Times, and what is to be read of each picture."""
    small = f"[0:v:0]scale={BITS}:{ROWS}:flags=area:out_range=full,format=gray,split[seen][timed]"
    output = ["-fps_mode", "passthrough", "-enc_time_base", "-1", "-c:v", "rawvideo"]
    with tempfile.NamedTemporaryFile() as list_:
        options = ["-filter_complex", small, "-map", "[timed]", *output, "-f", "framecrc", "-y", list_.name]
        shown = _decode(file, *options, "-map", "[seen]", *output, "-f", "rawvideo", strict=strict)
        lines = Path(list_.name).read_text().splitlines()
    (base,) = (Fraction(line.split()[2]) for line in lines if line.startswith("#tb"))
    times = [int(line.split(",")[2]) * base for line in lines if not line.startswith("#")]
    assert len(shown) == BITS * ROWS * len(times)
    return times, shown


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


def flashes(shown: list[Picture], fps: int) -> list[float]:
    """When the light goes on, also where the very picture is left out."""
    changes = (after for before, after in zip(shown, shown[1:]) if after.flash and not before.flash)
    return [picture.pts - picture.number % fps / fps for picture in changes]


def beeps(file: Path) -> list[float]:
    """When the tone begins."""
    coded = probe.packets(file)["audio"]
    rate = int(probe.streams(file)["audio"]["sample_rate"])
    steps = [float(after.time - before.time) for before, after in zip(coded, coded[1:])]
    assert all(abs(step - FRAME / rate) < 0.002 for step in steps), f"sound has holes: {sorted(steps)[-3:]}"
    heard = array.array("h", _decode(file, "-map", "0:a:0", "-ac", "1", "-ar", str(rate), "-f", "s16le"))
    begun, loud, silence, found = float(coded[0].time), max(heard) / 2, 0, []
    # The first frame of a piece that was cut out has no frame before it to be whole with.
    for at in range(FRAME, len(heard)):
        if abs(heard[at]) < loud:
            silence += 1
            continue
        if silence > rate // 4:
            found.append(begun + at / rate)
        silence = 0
    return found


def _read(blocks: bytes, strict: bool = True) -> tuple[int, bool]:
    bits, inverse = blocks[:BITS], blocks[BITS : 2 * BITS]
    is_sure = all(min(pair) < DARK and max(pair) > LIGHT for pair in zip(bits, inverse))
    if not is_sure:
        assert not strict, f"unreadable: {list(blocks[: 3 * BITS])}"
        return -1, False
    flash = blocks[2 * BITS : 3 * BITS]
    middle = sum(flash) / len(flash)
    return int("".join(str(int(bit > 127)) for bit in bits), 2), middle > 127


def _decode(file: Path, *options: str, strict: bool = True) -> bytes:
    command = ["ffmpeg", "-nostdin", "-v", "error", "-copyts", "-threads", "1", "-i", str(file)]
    done = subprocess.run([*command, *options, "-"], stdin=subprocess.DEVNULL, capture_output=True, timeout=120)
    assert done.returncode == 0, done.stderr
    assert done.stderr == b"" or not strict, f"{file.name}: {done.stderr[:500]!r}"
    return done.stdout
