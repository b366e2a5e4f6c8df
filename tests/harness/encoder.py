"""ffmpeg as the encoder: clips made once, published as often as a test likes.

Promise: a published clip's packets are the file's packets, so that what comes out can be compared with it.
"""

import os
import signal
import subprocess
import threading
from dataclasses import astuple, dataclass
from pathlib import Path

from .waiting import PATIENCE, wait_until


@dataclass(frozen=True)
class Recipe:
    """A synthetic picture with a running time code, and a tone."""

    fps: int = 30
    seconds: float = 8.0
    b_frames: int = 0
    rate: int = 48000
    gop_seconds: float = 1.0
    size: str = "320x180"
    kbps: int = 400
    video: str | None = "h264"
    audio: str | None = "aac"
    #: What is to be seen (one of ffmpeg's test pictures), and more of x264's parameters.
    scene: str = "testsrc2"
    x264: str = ""

    @property
    def name(self) -> str:
        return "-".join(str(value) for value in astuple(self)) + ".flv"


#: Tests ask for clips from several threads.
_making = threading.Lock()


def make(recipe: Recipe, folder: Path) -> Path:
    """The clip as an FLV file; made on first use."""
    file = folder / recipe.name
    with _making:
        if not file.exists():
            _encode(recipe, file)
    return file


def _encode(recipe: Recipe, file: Path) -> None:
    command = ["ffmpeg", "-nostdin", "-v", "error", "-y"]
    if recipe.video:
        command += ["-f", "lavfi", "-i", f"{recipe.scene}=size={recipe.size}:rate={recipe.fps}"]
    if recipe.audio:
        command += ["-f", "lavfi", "-i", f"sine=frequency=440:sample_rate={recipe.rate}"]
    command += ["-t", str(recipe.seconds)]
    if recipe.video:
        gop = str(round(recipe.fps * recipe.gop_seconds))
        command += [
            "-pix_fmt",
            "yuv420p",
            "-c:v",
            "libx264",
            "-b:v",
            f"{recipe.kbps}k",
            "-g",
            gop,
            "-sc_threshold",
            "0",
        ]
        if recipe.b_frames:
            command += ["-preset", "veryfast", "-bf", str(recipe.b_frames), "-b_strategy", "0"]
        else:
            command += ["-preset", "ultrafast", "-tune", "zerolatency"]
        if recipe.x264:
            command += ["-x264-params", recipe.x264]
    if recipe.audio:
        codec = {"aac": "aac", "mp3": "libmp3lame"}[recipe.audio]
        command += ["-c:a", codec, "-b:a", "64k", "-ac", "2"]
    partial = file.with_suffix(".part")
    subprocess.run([*command, "-f", "flv", str(partial)], check=True, timeout=120)
    partial.rename(file)


@dataclass(frozen=True)
class Tag:
    """One FLV tag, which is also the body of an RTMP message."""

    kind: int
    time: int  # milliseconds
    body: bytes


def tags(file: Path) -> list[Tag]:
    """The tags of an FLV file in their order."""
    data, at, found = file.read_bytes(), 13, []
    while at < len(data):
        size = int.from_bytes(data[at + 1 : at + 4])
        time = int.from_bytes(data[at + 4 : at + 7]) | data[at + 7] << 24
        found.append(Tag(data[at], time, data[at + 11 : at + 11 + size]))
        at += 11 + size + 4
    return found


class Publisher:
    """An ffmpeg that sends a clip in real time."""

    def __init__(self, clip: Path, url: str, log: Path, *, loop: bool = False):
        self._log = log
        self._file = open(log, "wb")
        again = ["-stream_loop", "-1"] if loop else []
        self.process = subprocess.Popen(
            ["ffmpeg", "-nostdin", "-hide_banner", "-re", *again, "-i", str(clip), "-c", "copy", "-f", "flv", url],
            stdin=subprocess.DEVNULL,
            stdout=self._file,
            stderr=self._file,
        )

    def log(self) -> str:
        return self._log.read_text(errors="replace")

    def running(self) -> bool:
        return self.process.poll() is None

    def ended(self, seconds: float = PATIENCE) -> int:
        """Waits until it is done and gives its exit code."""
        wait_until(lambda: not self.running(), f"the encoder's end ({self._log.name})", seconds)
        return self.process.returncode

    def stop(self) -> int:
        """Ends the stream as a user does, with FCUnpublish and deleteStream."""
        if self.running():
            self.process.send_signal(signal.SIGINT)
        return self.ended()

    def freeze(self) -> None:
        self.process.send_signal(signal.SIGSTOP)

    def kill(self) -> None:
        if self.running():
            os.kill(self.process.pid, signal.SIGKILL)
        self.process.wait()
        self._file.close()
