"""What is to be seen in a recording: the numbers of its pictures, by way of its playlists and chunk by chunk.

Promise: ffmpeg and ffprobe read and decode; a warning counts as a failure, but for those that mean nothing.
"""

import json
import re
import subprocess
from collections import Counter
from dataclasses import dataclass
from pathlib import Path

from .ladder_film import BITS
from .ladder_look import DARK, LIGHT, ROWS

#: That ID3 tags are nothing to decode, and that there may be none; that the initialisation section is there again,
#: which is what comes of reading a list that grows: ffmpeg fetches it anew.
HARMLESS = re.compile(
    r"^(Unsupported codec with id 98313 for input stream \d+"
    r"|\[mov,mp4,[\w,]+ @ \w+\] Found duplicated MOOV Atom. Skipped it"
    r"|    Last message repeated \d+ times"
    r"|\[\w+ @ \w+\] start time for stream \d+ is not set in estimate_timings_from_pts)\n",
    re.MULTILINE,
)
#: Of a demuxer that a playlist may name anything with any extension to.
OPEN = ["-protocol_whitelist", "file,http,tcp,crypto,data"]


@dataclass(frozen=True)
class Packet:
    time: float
    keyframe: bool
    position: int


def numbers(source: str | Path, *options: str, stream: int = 0) -> list[int]:
    """The number of each picture, in the order in which a player shows them, of the `stream`-th track of pictures."""
    small = f"scale={BITS}:{ROWS}:flags=area:out_range=full,format=gray"
    command = ["ffmpeg", "-nostdin", "-v", "warning", *OPEN, *options, "-i", str(source), "-map", f"0:v:{stream}"]
    command += ["-vf", small, "-fps_mode", "passthrough", "-f", "rawvideo", "-"]
    done = subprocess.run(command, stdin=subprocess.DEVNULL, capture_output=True, timeout=300)
    complaints = HARMLESS.sub("", done.stderr.decode())
    assert done.returncode == 0 and not complaints, f"{source}: {complaints[:1000]}"
    size = BITS * ROWS
    assert len(done.stdout) % size == 0
    return [_number(done.stdout[at : at + size]) for at in range(0, len(done.stdout), size)]


def _number(blocks: bytes) -> int:
    bits, inverse = blocks[:BITS], blocks[BITS : 2 * BITS]
    assert all(min(pair) < DARK and max(pair) > LIGHT for pair in zip(bits, inverse)), f"unreadable: {list(blocks)}"
    return sum((bit > 127) << BITS - 1 - at for at, bit in enumerate(bits))


def pictures(file: Path) -> list[Packet]:
    """The coded pictures of a file in the order in which they are decoded, each with its first byte's place."""
    entries = "packet=pts_time,flags,pos"
    found = _probe(str(file), "-select_streams", "v:0", "-show_entries", entries)["packets"]
    return [Packet(float(one["pts_time"]), "K" in one["flags"], int(one["pos"])) for one in found]


@dataclass(frozen=True)
class Shape:
    """What a player knows of something before it plays."""

    codecs: Counter[str]
    #: Width and height of each track of pictures.
    sizes: list[tuple[int, int]]
    seconds: float


def shape(source: str | Path) -> Shape:
    entries = "stream=codec_name,width,height:format=duration"
    found = _probe(*OPEN, str(source), "-show_entries", entries)
    streams = found["streams"]
    codecs = Counter(one.get("codec_name", "?") for one in streams)
    sizes = [(one["width"], one["height"]) for one in streams if "width" in one]
    return Shape(codecs, sizes, float(found["format"]["duration"]))


def spans(source: str | Path) -> tuple[tuple[float, float], tuple[float, float]]:
    """When the first and the last picture are shown, and the first and the last frame of sound are heard."""
    found = _probe(*OPEN, str(source), "-show_entries", "packet=pts_time,codec_type")["packets"]
    times = {
        kind: [float(one["pts_time"]) for one in found if one["codec_type"] == kind and "pts_time" in one]
        for kind in ("video", "audio")
    }
    picture, sound = (times[kind] for kind in ("video", "audio"))
    return (min(picture), max(picture)), (min(sound), max(sound))


def runs(found: list[int]) -> list[tuple[int, int]]:
    """First and last of each row of numbers that follow each other."""
    rows: list[tuple[int, int]] = []
    for number in found:
        if rows and number == rows[-1][1] + 1:
            rows[-1] = (rows[-1][0], number)
        else:
            rows.append((number, number))
    return rows


def _probe(*arguments: str) -> dict:
    done = subprocess.run(
        ["ffprobe", "-v", "warning", "-of", "json", *arguments], capture_output=True, text=True, timeout=120
    )
    complaints = HARMLESS.sub("", done.stderr)
    assert done.returncode == 0 and not complaints, complaints[:1000]
    return json.loads(done.stdout)
