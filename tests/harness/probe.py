"""What ffmpeg and ffprobe, as independent readers, make of a file or URL.

Promise: a warning counts as a failure, but for two that mean nothing.
"""

import json
import re
import subprocess
from dataclasses import dataclass
from fractions import Fraction
from pathlib import Path

#: In a transport stream: that ID3 tags are nothing to decode, and that there may be none.
HARMLESS = re.compile(
    r"^(Unsupported codec with id 98313 for input stream \d+"
    r"|\[mpegts @ \w+\] start time for stream \d+ is not set in estimate_timings_from_pts)\n",
    re.MULTILINE,
)


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
    """Packets by kind of track (`video`, `audio`, and `data` for ID3 tags) in decode order."""
    found = _probe(
        "-show_packets",
        "-show_data_hash",
        "MD5",
        "-show_entries",
        "packet=codec_type,stream_index,pts,dts,flags,data_hash:stream=index,time_base",
        str(file),
    )
    bases = {stream["index"]: Fraction(stream["time_base"]) for stream in found["streams"]}
    tracks: dict[str, list[Packet]] = {"video": [], "audio": [], "data": []}
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
    counts = {stream["codec_type"]: stream.get("nb_read_frames") for stream in found["streams"]}
    return {kind: int(count) for kind, count in counts.items() if count is not None}


def _probe(*arguments: str) -> dict:
    done = subprocess.run(
        ["ffprobe", "-v", "warning", "-of", "json", *arguments], capture_output=True, text=True, timeout=120
    )
    complaints = HARMLESS.sub("", done.stderr)
    assert done.returncode == 0 and not complaints, complaints
    return json.loads(done.stdout)
