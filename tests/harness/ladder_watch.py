"""A viewer of every rendition of a stream at once.

Promise: what it keeps of a rendition is its playlists and the bytes of its segments, as they were served.
"""

import subprocess
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field
from pathlib import Path
from urllib.parse import urljoin, urlsplit

from .playlist import MediaPlaylist, Segment, Variant, parse, parse_multivariant
from .viewer import on_air
from .waiting import PATIENCE, wait_until
from .web import Connection, fetch


@dataclass
class Rendition:
    """What was seen of one."""

    name: str
    url: str
    variant: Variant
    segments: dict[int, Segment] = field(default_factory=dict)
    bodies: dict[int, bytes] = field(default_factory=dict)
    maps: dict[str, bytes] = field(default_factory=dict)
    last: MediaPlaylist | None = None

    @property
    def numbers(self) -> list[int]:
        """Of the segments that there are media of."""
        return sorted(self.bodies)

    def join(self, file: Path, numbers: list[int] | None = None) -> Path:
        """The segments of one initialisation section as one file."""
        wanted = self.numbers if numbers is None else numbers
        maps = {self.segments[number].map for number in wanted}
        assert len(maps) == 1, f"{self.name}: {maps}"
        (init,) = maps
        pieces = [self.maps[init]] if init else []
        file.write_bytes(b"".join([*pieces, *(self.bodies[number] for number in wanted)]))
        return file

    def see(self, now: MediaPlaylist, get) -> None:
        """Takes what is new and finished."""
        self.last = now
        for segment in now.closed:
            self.segments[segment.sequence] = segment
            # Of one with gaps there are the parts that are none, as long as parts are listed.
            names = [part.uri for part in segment.parts if not part.gap] if is_gap(segment) else [segment.uri]
            if segment.sequence in self.bodies or not names:
                continue
            if segment.map and segment.map not in self.maps:
                self.maps[segment.map] = get(segment.map)
            self.bodies[segment.sequence] = b"".join(map(get, names))


def is_gap(segment: Segment) -> bool:
    return segment.gap or any(part.gap for part in segment.parts)


def name_of(variant: Variant) -> str:
    """The rendition's name, which is a folder in its URL."""
    return urlsplit(variant.uri).path.rsplit("/", 2)[-2]


def variants(playback: str, seconds: float = PATIENCE) -> list[Variant]:
    """The multivariant playlist, as soon as there is one."""
    answer = wait_until(lambda: on_air(playback), f"{playback} on air", seconds)
    return parse_multivariant(answer.text)


def rendition(playback: str, variant: Variant) -> Rendition:
    return Rendition(name_of(variant), urljoin(playback, variant.uri), variant)


def watch(playback: str, until=None, seconds: float = 2 * PATIENCE) -> list[Rendition]:
    """All renditions from when they are there until the stream's end, or until `until(rendition)` holds for each."""
    found = [rendition(playback, variant) for variant in variants(playback)]
    with ThreadPoolExecutor(len(found)) as pool:
        list(pool.map(lambda one: follow(one, until), found, timeout=seconds))
    return found


def follow(seen: Rendition, until=None) -> Rendition:
    """One rendition, a segment at a time."""
    kept = Connection(urlsplit(seen.url).netloc)

    def get(uri: str) -> bytes:
        parts = urlsplit(urljoin(seen.url, uri))
        answer = kept.ask("GET", parts.path + (f"?{parts.query}" if parts.query else ""))
        assert answer.status == 200, f"{seen.name} {uri}: {answer.status} {answer.body[:200]!r}"
        return answer.body

    query = ""
    try:
        while True:
            now = parse(get(seen.url + query).decode())
            seen.see(now, get)
            if now.ended or (until is not None and until(seen)):
                return seen
            query = f"?_HLS_msn={now.edge()[0]}"
    finally:
        kept.close()


def shape(file: Path) -> dict:
    """What ffprobe says of the pictures of a file."""
    entries = "width,height,sample_aspect_ratio,r_frame_rate,avg_frame_rate,profile,level,has_b_frames"
    shown = subprocess.run(
        ["ffprobe", "-v", "error", "-select_streams", "v:0", "-show_entries", f"stream={entries}", "-of"]
        + ["default=noprint_wrappers=1", str(file)],
        capture_output=True,
        text=True,
        check=True,
        timeout=60,
    )
    return dict(line.split("=", 1) for line in shown.stdout.splitlines())


def thumbnail_url(playback: str) -> str:
    return playback.removesuffix(".m3u8") + ".jpg"


def thumbnail(playback: str) -> bytes | None:
    answer = fetch(thumbnail_url(playback))
    return answer.body if answer.status == 200 else None


def picture_bits(file: Path) -> int:
    """Of all pictures but the last, which has no end."""
    options = ["-select_streams", "v:0", "-show_entries", "packet=size", "-of", "csv=p=0"]
    done = subprocess.run(["ffprobe", "-v", "error", *options, str(file)], capture_output=True, text=True, check=True)
    sizes = [int(line.strip(",")) for line in done.stdout.split()]
    return sum(sizes[:-1]) * 8


def ready(server):
    """The server, when it knows what the machine can do: streams that come before then wait for it."""
    wait_until(lambda: "transcoding is possible" in server.log(), "the machine's examination", seconds=120)
    return server
