"""The stream that every server is fed: one clip, encoded once, looped without a seam.

Promise: the same frames, sizes and timestamps for every server and every run on
this machine. 16 s is a whole number of video frames (480 at 30/s), of audio
frames (750 of 1024 samples at 48 kHz) and of both keyframe intervals, so the
loop has no jump in either track.
"""

from __future__ import annotations

import dataclasses
import pathlib
import struct
import subprocess

SECONDS = 16
SAMPLE_RATE = 48_000
AUDIO_FRAMES = SECONDS * SAMPLE_RATE // 1024

AUDIO, VIDEO, DATA = 8, 9, 18


@dataclasses.dataclass(frozen=True)
class Picture:
    """What the clip looks like; `fps` divides 480, so that the loop stays whole."""

    name: str
    size: str
    fps: int
    video_bits: int
    audio_bits: int
    noise: int = 12

    @property
    def frames(self) -> int:
        return SECONDS * self.fps


#: A usual broadcast.
USUAL = Picture("clip", "1280x720", 30, 3_100_000, 128_000)
#: A camera on which little happens: of interest when there are hundreds.
SMALL = Picture("small", "320x180", 15, 96_000, 32_000)
#: What a ladder is made of.
FULL = Picture("full", "1920x1080", 30, 6_000_000, 128_000, noise=4)
NAMED = {picture.name: picture for picture in (USUAL, SMALL, FULL)}


@dataclasses.dataclass(frozen=True)
class Tag:
    """One FLV tag: `at` is milliseconds from the start of the clip."""

    kind: int
    at: int
    body: bytes


@dataclasses.dataclass(frozen=True)
class Clip:
    """Headers to send once, and the frames to send for ever, in order of time."""

    metadata: bytes
    headers: list[Tag]
    frames: list[Tag]

    @property
    def bytes_per_second(self) -> float:
        """Media bytes a second, without any container around them."""
        return sum(len(tag.body) - (5 if tag.kind == VIDEO else 2) for tag in self.frames) / SECONDS


    def write(self, path: pathlib.Path, seconds: int) -> None:
        """So many seconds of the loop as an FLV file: what a server gets over RTMP, for programs that read files."""
        with path.open("wb") as file:
            file.write(b"FLV\x01\x05\0\0\0\x09\0\0\0\0")
            for tag in self.headers:
                file.write(_bytes(tag, 0))
            for again in range(0, seconds, SECONDS):
                for tag in self.frames:
                    at = again * 1000 + tag.at
                    if at < seconds * 1000:
                        file.write(_bytes(tag, at))


def _bytes(tag: Tag, at: int) -> bytes:
    size = struct.pack(">I", len(tag.body))[1:]
    time = struct.pack(">I", at)
    head = bytes((tag.kind,)) + size + time[1:] + time[:1] + b"\0\0\0"
    return head + tag.body + struct.pack(">I", len(head) + len(tag.body))


def load(cache: pathlib.Path, keyframe_seconds: int, picture: Picture = USUAL) -> Clip:
    """The clip with that keyframe interval, encoded on first use."""
    path = cache / f"{picture.name}-keyframe-{keyframe_seconds}s.flv"
    if not path.exists():
        cache.mkdir(parents=True, exist_ok=True)
        _encode(path, keyframe_seconds, picture)
    return _cut(path.read_bytes(), picture)


def _encode(path: pathlib.Path, keyframe_seconds: int, picture: Picture) -> None:
    unfinished = path.with_suffix(".part.flv")
    rate, interval = str(picture.video_bits), str(picture.fps * keyframe_seconds)
    subprocess.run(
        [
            "ffmpeg", "-v", "error", "-y",
            "-f", "lavfi", "-i", f"testsrc2=s={picture.size}:r={picture.fps},noise=alls={picture.noise}:allf=t",
            "-f", "lavfi", "-i", f"sine=f=440:r={SAMPLE_RATE}",
            "-t", str(SECONDS + 2), "-pix_fmt", "yuv420p",
            "-c:v", "libx264", "-preset", "veryfast", "-bf", "0",
            "-g", interval, "-keyint_min", interval,
            "-sc_threshold", "0", "-b:v", rate, "-maxrate", rate, "-bufsize", rate,
            "-c:a", "aac", "-b:a", str(picture.audio_bits), "-ac", "2",
            "-flvflags", "no_duration_filesize", "-f", "flv", str(unfinished),
        ],
        check=True,
        stdin=subprocess.DEVNULL,  # what is there would be taken as commands
    )  # fmt: skip
    unfinished.rename(path)


def _cut(flv: bytes, picture: Picture) -> Clip:
    metadata, headers, video, audio = b"", [], [], []
    for kind, body in _tags(flv):
        if kind == DATA:
            metadata = body
        elif body[1] == 0 and (kind == AUDIO or body[0] & 0x0F == 7):
            headers.append(Tag(kind, 0, body))
        elif kind == VIDEO and body[1] == 1 and len(video) < picture.frames:
            video.append(Tag(VIDEO, round(len(video) * 1000 / picture.fps), body))
        elif kind == AUDIO and len(audio) < AUDIO_FRAMES:
            audio.append(Tag(AUDIO, round(len(audio) * 1024 * 1000 / SAMPLE_RATE), body))
    if len(video) < picture.frames or len(audio) < AUDIO_FRAMES:
        raise RuntimeError("the clip came out shorter than its loop; delete it and try again")
    frames = sorted(video + audio, key=lambda tag: (tag.at, -tag.kind))
    return Clip(metadata, headers, frames)


def _tags(flv: bytes):
    offset = 13
    while offset + 11 <= len(flv):
        kind = flv[offset]
        size = struct.unpack(">I", b"\0" + flv[offset + 1 : offset + 4])[0]
        yield kind, flv[offset + 11 : offset + 11 + size]
        offset += 11 + size + 4
