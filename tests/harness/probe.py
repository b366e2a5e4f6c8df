"""What ffmpeg and ffprobe, as independent readers, make of a file or URL.

Promise: a warning counts as a failure.
"""

import json
import subprocess
from dataclasses import dataclass
from fractions import Fraction
from pathlib import Path


@dataclass(frozen=True)
class Packet:
    pts: int
    dts: int
    base: Fraction
    keyframe: bool
    digest: str

    @property
    def time(self) -> Fraction:
        return self.pts * self.base


def packets(file: Path) -> dict[str, list[Packet]]:
    """Packets by kind of track (`video`, `audio`) in decode order."""
    found = _probe(
        "-show_packets",
        "-show_data_hash",
        "MD5",
        "-show_entries",
        "packet=codec_type,stream_index,pts,dts,flags,data_hash:stream=index,time_base",
        str(file),
    )
    bases = {stream["index"]: Fraction(stream["time_base"]) for stream in found["streams"]}
    tracks: dict[str, list[Packet]] = {"video": [], "audio": []}
    for packet in found["packets"]:
        tracks[packet["codec_type"]].append(
            Packet(
                int(packet["pts"]),
                int(packet["dts"]),
                bases[packet["stream_index"]],
                "K" in packet["flags"],
                packet["data_hash"],
            )
        )
    return tracks


def streams(file: Path) -> dict[str, dict]:
    """Stream headers by kind of track."""
    return {stream["codec_type"]: stream for stream in _probe("-show_streams", str(file))["streams"]}


def decoded(file: Path) -> dict[str, int]:
    """Frames that decode, by kind of track; everything is decoded to the end."""
    found = _probe("-count_frames", "-show_entries", "stream=codec_type,nb_read_frames", str(file))
    return {stream["codec_type"]: int(stream["nb_read_frames"]) for stream in found["streams"]}


def _probe(*arguments: str) -> dict:
    done = subprocess.run(
        ["ffprobe", "-v", "warning", "-of", "json", *arguments], capture_output=True, text=True, timeout=120
    )
    assert done.returncode == 0 and not done.stderr, done.stderr
    return json.loads(done.stdout)
