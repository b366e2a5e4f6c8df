"""Films by which renditions can be compared: each picture carries its number, and once a second light flashes
while a tone beeps.

Promise: the number and the flash can be read after any scaling, whatever the shape of the picture; the flash and
the beep begin at the same moment.
"""

import re
import subprocess
import threading
from dataclasses import astuple, dataclass
from pathlib import Path

#: The number's bits, the highest first; below them the same in reverse, and below those the flash: three bands,
#: each a ninth of the picture's height.
BITS = 16
#: Flash and beep last so long, at the beginning of each second, in seconds.
SIGNAL = 0.1
HERTZ = 1000
WHITE, BLACK = 235, 16


@dataclass(frozen=True)
class Film:
    """How a film is shot and coded."""

    size: str = "640x360"
    fps: int = 30
    seconds: int = 12
    gop_seconds: float = 2.0
    b_frames: int = 0
    kbps: int = 1200
    #: Keyframes at these seconds instead of regular ones.
    keyframes: tuple[float, ...] = ()
    #: Width to height of a pixel, as `16/15`.
    pixel: str = ""
    #: Strength of the noise on the picture; with much of it an encoder spends all the bits it may.
    noise: int = 0
    #: Samples of sound a second.
    rate: int = 48_000

    @property
    def name(self) -> str:
        return re.sub(r"[^\w.]+", "-", "-".join(map(str, astuple(self)))) + ".flv"

    @property
    def pictures(self) -> int:
        return self.fps * self.seconds


_making = threading.Lock()


def make(film: Film, folder: Path) -> Path:
    """The film as an FLV file; made on first use."""
    file = folder / film.name
    with _making:
        if not file.exists():
            partial = file.with_suffix(".part")
            subprocess.run(_command(film, partial), input=_marks(film), check=True, timeout=180)
            partial.rename(file)
    return file


def _marks(film: Film) -> bytes:
    """The three bands of each picture, one byte for each block."""
    shades = bytes((BLACK, WHITE))
    found = []
    for number in range(film.pictures):
        bits = [number >> BITS - 1 - at & 1 for at in range(BITS)]
        flash = number % film.fps < film.fps * SIGNAL
        found.append(bytes(shades[bit] for bit in (*bits, *(1 - bit for bit in bits), *[flash] * BITS)))
    return b"".join(found)


def _command(film: Film, file: Path) -> list[str]:
    width, height = map(int, film.size.split("x"))
    scene = f"testsrc2=size={film.size}:rate={film.fps}"
    if film.noise:
        scene += f",noise=alls={film.noise}:allf=t"
    bands = f"scale={width}:{round(height / 3)}:flags=neighbor:in_range=limited:out_range=limited,format=yuv420p"
    drawn = f"[0]{bands}[marks];[1][marks]overlay=0:0:shortest=1,format=yuv420p"
    if film.pixel:
        drawn += f",setsar={film.pixel}"
    command = ["ffmpeg", "-v", "error", "-y"]
    command += ["-f", "rawvideo", "-pix_fmt", "gray", "-s", f"{BITS}x3", "-r", str(film.fps), "-i", "pipe:0"]
    command += ["-f", "lavfi", "-i", scene]
    beep = f"0.7*sin({HERTZ}*2*PI*t)*lt(mod(t,1),{SIGNAL})"
    command += ["-f", "lavfi", "-i", f"aevalsrc='{beep}|{beep}':s={film.rate}:c=stereo"]
    command += [
        "-filter_complex",
        f"{drawn}[picture]",
        "-map",
        "[picture]",
        "-map",
        "2:a",
        "-c:a",
        "aac",
        "-b:a",
        "96k",
    ]
    command += ["-t", str(film.seconds), "-c:v", "libx264", "-preset", "ultrafast", "-threads", "2"]
    command += ["-bf", str(film.b_frames), "-b_strategy", "0"] if film.b_frames else ["-tune", "zerolatency"]
    if film.keyframes:
        times = ",".join(map(str, film.keyframes))
        command += ["-force_key_frames", times, "-g", str(film.pictures)]
    else:
        gop = str(round(film.gop_seconds * film.fps))
        command += ["-g", gop, "-keyint_min", gop]
    rate = f"{film.kbps}k"
    command += ["-sc_threshold", "0", "-b:v", rate, "-maxrate", rate, "-bufsize", rate]
    return [*command, "-f", "flv", str(file)]
