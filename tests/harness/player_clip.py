"""A clip whose pictures carry their number, sent in real time by a clock that the test knows.

Promise: the moment at which each picture was sent is known to the millisecond, also after a pause, so what a
player shows can be dated; the clip repeats without a seam in time.
"""

import subprocess
import threading
import time
from dataclasses import dataclass, replace
from pathlib import Path

from . import rtmp
from .encoder import Tag, tags

FPS = 30
#: So long that pictures and frames of sound (1024 samples at 48 kHz) both fit in whole.
SECONDS = 32
PICTURES = FPS * SECONDS
WIDTH, HEIGHT, BLOCKS = 320, 180, 16
HERTZ = 440


@dataclass(frozen=True)
class Look:
    """How the clip is coded."""

    gop_seconds: int = 1
    b_frames: int = 0
    kbps: int = 300
    width: int = WIDTH
    height: int = HEIGHT
    #: Divides `FPS`.
    fps: int = FPS

    @property
    def name(self) -> str:
        shape = f"{self.width}x{self.height}-{self.fps}"
        return f"numbered-{shape}-{self.gop_seconds}-{self.b_frames}-{self.kbps}.flv"

    @property
    def pictures(self) -> int:
        return self.fps * SECONDS


def _number(look: Look) -> str:
    """Filters that write a picture's number into it: blocks for bits, and below them the same in reverse."""
    side, drawn = look.width // BLOCKS, []
    for block in range(BLOCKS):
        bit = f"mod(floor(n/{1 << BLOCKS - 1 - block}),2)"
        for row, white in ((0, bit), (1, f"1-{bit}")):
            box = f"drawbox=x={block * side}:y={row * side}:w={side}:h={side}:t=fill"
            drawn += [f"{box}:color=black", f"{box}:color=white:enable='{white}'"]
    return ",".join(drawn)


def make(look: Look, folder: Path) -> Path:
    """The clip as an FLV file; made on first use."""
    file = folder / look.name
    if file.exists():
        return file
    speed = ["-tune", "zerolatency"] if not look.b_frames else ["-bf", str(look.b_frames), "-b_strategy", "0"]
    gop = str(look.gop_seconds * look.fps)
    command = [
        "ffmpeg", "-nostdin", "-v", "error", "-y",
        "-f", "lavfi", "-i", f"testsrc2=size={look.width}x{look.height}:rate={look.fps},{_number(look)}",
        "-f", "lavfi", "-i", f"sine=frequency={HERTZ}:sample_rate=48000",
        "-t", str(SECONDS), "-pix_fmt", "yuv420p", "-c:v", "libx264", "-preset", "ultrafast", *speed,
        "-b:v", f"{look.kbps}k", "-maxrate", f"{look.kbps}k", "-bufsize", f"{look.kbps}k",
        "-g", gop, "-keyint_min", gop, "-sc_threshold", "0",
        "-c:a", "aac", "-b:a", "64k", "-ac", "2",
    ]  # fmt: skip
    partial = file.with_suffix(".part")
    subprocess.run([*command, "-f", "flv", str(partial)], check=True, timeout=120)
    partial.rename(file)
    return file


def _slices(picture: bytes) -> bytes:
    """What is the picture's own in an access unit, behind start codes or lengths."""
    if picture.startswith(b"\0\0\0\1"):
        nals = [nal.rstrip(b"\0") for nal in picture.split(b"\0\0\1")]
    else:
        nals, at = [], 0
        while at < len(picture):
            size = int.from_bytes(picture[at : at + 4])
            nals.append(picture[at + 4 : at + 4 + size])
            at += 4 + size
    return b"".join(nal for nal in nals if nal and nal[0] & 0x1F in (1, 5))


class Sender:
    """Sends the clip over and over as one stream, on a thread of its own."""

    def __init__(self, address: str, key: str, clip: Path, look: Look | None = None):
        self.pictures = (look or Look()).pictures
        found = [tag for tag in tags(clip) if tag.kind in (rtmp.AUDIO, rtmp.VIDEO)]
        self._headers = [tag for tag in found if tag.body[1] == 0]
        media = [tag for tag in found if tag.body[1] == 1]
        first = media[0].time
        self._media = [replace(tag, time=tag.time - first) for tag in media if tag.time - first < SECONDS * 1000]
        #: When each picture is shown, in milliseconds from the clip's beginning.
        self._times = sorted(
            tag.time + int.from_bytes(tag.body[2:5], signed=True) for tag in self._media if tag.kind == rtmp.VIDEO
        )
        assert len(self._times) == self.pictures, len(self._times)
        #: When the picture of these slices is sent.
        self._sent = {_slices(tag.body[5:]): tag.time for tag in self._media if tag.kind == rtmp.VIDEO}
        assert len(self._sent) == self.pictures, "no two pictures are the same"
        self._go, self._leave = threading.Event(), threading.Event()
        self._go.set()
        self._connection = rtmp.Publisher(address)
        self._connection.connect()
        self._connection.publish(key)
        #: Wall clock at which the media time 0 was sent.
        self.begun = time.time()
        self._thread = threading.Thread(target=self._run, daemon=True)
        self._thread.start()

    def _run(self) -> None:
        for tag in self._headers:
            self._send(tag, 0)
        offset = 0
        while True:
            for tag in self._media:
                at = offset + tag.time
                time.sleep(max(0.0, self.begun + at / 1000 - time.time()))
                # What was held back goes out at once when it goes on, as an encoder's network does it.
                self._go.wait()
                if self._leave.is_set():
                    return
                self._send(tag, at)
            offset += SECONDS * 1000

    def _send(self, tag: Tag, at: int) -> None:
        message = rtmp.message(tag.kind, tag.body, chunk_stream=rtmp.MEDIA, stream=1, time=at)
        self._connection.send(message)

    def media_seconds(self) -> float:
        """The media time that is sent now."""
        return time.time() - self.begun

    def age(self, number: int, now_ms: float) -> float:
        """Seconds from when the picture was due at the sender until `now_ms`; the newest one of this number."""
        since = now_ms / 1000 - self.begun - self._times[number % self.pictures] / 1000
        return since % SECONDS

    def age_of(self, picture: bytes, now: float) -> float:
        """Seconds from when this picture was due at the sender until `now`; in whichever container it came."""
        return (now - self.begun - self._sent[_slices(picture)] / 1000) % SECONDS

    def hold(self) -> None:
        """Sends nothing until `go_on`."""
        self._go.clear()

    def go_on(self) -> None:
        self._go.set()

    def end(self) -> None:
        """Ends the stream as encoders do when they are told to; once is enough."""
        if self._leave.is_set():
            return
        self._stop()
        self._connection.send(rtmp.command("deleteStream", 9, None, 1))
        self._connection.close()

    def vanish(self) -> None:
        """Is gone without a word."""
        self._stop()
        self._connection.close()

    def _stop(self) -> None:
        self._leave.set()
        self._go.set()
        self._thread.join(10)
        assert not self._thread.is_alive()
