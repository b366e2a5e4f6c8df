"""What goes wrong with a ladder, done on purpose: workers that die or stand still, pictures that are spoilt or
described wrongly, other pictures in mid-stream. And eyes that see who waits for it.

Promise: only workers of the server under test are touched, and media only before they are sent.
"""

import os
import random
import signal
import threading
import time
from dataclasses import dataclass, field, replace
from pathlib import Path
from urllib.parse import urlsplit

from . import rtmp
from .encoder import Tag, tags
from .ladder_watch import Rendition
from .playlist import MediaPlaylist, parse
from .viewer import Background
from .waiting import PATIENCE, wait_until
from .web import Connection

# Processes


def workers(server) -> set[int]:
    """Processes that transcode for this server."""
    parents: dict[int, int] = {}
    for entry in Path("/proc").iterdir():
        if entry.name.isdigit():
            try:
                stat = (entry / "stat").read_text()
            except OSError:
                continue
            parents[int(entry.name)] = int(stat.rpartition(")")[2].split()[1])
    family, grown = {server.process.pid}, True
    while grown:
        more = {pid for pid, parent in parents.items() if parent in family} - family
        family, grown = family | more, bool(more)
    return {pid for pid in family if _is_ladder(pid)}


def _is_ladder(pid: int) -> bool:
    """It codes pictures for viewers, and lives."""
    try:
        command = Path(f"/proc/{pid}/cmdline").read_bytes().split(b"\0")
    except OSError:
        return False
    return command[0].endswith(b"ffmpeg") and b"libx264" in command


def worker(server) -> int:
    """The only one, as soon as there is one."""

    def only() -> int | None:
        found = workers(server)
        assert len(found) < 2, f"workers {found}"
        return next(iter(found), None)

    return wait_until(only, "a worker")


def kill(pid: int) -> None:
    os.kill(pid, signal.SIGKILL)


def stop(pid: int) -> None:
    os.kill(pid, signal.SIGSTOP)


# Media


def media(file: Path) -> list[Tag]:
    """What is sent of a film."""
    return [tag for tag in tags(file) if tag.kind in (rtmp.AUDIO, rtmp.VIDEO)]


def is_header(tag: Tag) -> bool:
    return tag.body[1] == 0 and (tag.kind == rtmp.AUDIO or tag.body[0] & 0x0F == 7)


def spoil(film: list[Tag], seed: int = 7) -> list[Tag]:
    """Flips bits in the slices of every picture; their heads stay."""
    chance = random.Random(seed)
    return [replace(tag, body=_spoil(tag.body, chance)) if tag.kind == rtmp.VIDEO else tag for tag in film]


def _spoil(picture: bytes, chance: random.Random) -> bytes:
    out, at = bytearray(picture), 5
    while at < len(out):
        size = int.from_bytes(picture[at : at + 4])
        # What a slice's header may take is left alone.
        if picture[at + 4] & 0x1F in (1, 5):
            for place in range(at + 4 + 40, at + 4 + size):
                if chance.random() < 0.01:
                    out[place] ^= 1 << chance.randrange(8)
        at += 4 + size
    return bytes(out)


def headers(film: list[Tag], seconds: float) -> list[Tag]:
    """What is said of the film, sent at this moment."""
    return [replace(tag, time=round(seconds * 1000)) for tag in film if is_header(tag)]


def between(film: list[Tag], begin: float, end: float) -> list[Tag]:
    """Its media between these seconds."""
    return [tag for tag in film if not is_header(tag) and begin * 1000 <= tag.time < end * 1000]


def moved(film: list[Tag], seconds: float) -> list[Tag]:
    return [replace(tag, time=tag.time + round(seconds * 1000)) for tag in film]


def send(address: str, key: str, film: list[Tag], pace: float) -> None:
    """Publishes in real time, or so many times as fast, and ends as encoders do."""
    connection = rtmp.Publisher(address)
    connection.connect()
    connection.publish(key)
    begun = time.monotonic()
    for tag in film:
        time.sleep(max(0.0, begun + tag.time / 1000 / pace - time.monotonic()))
        connection.send(rtmp.message(tag.kind, tag.body, chunk_stream=rtmp.MEDIA, stream=1, time=tag.time))
    connection.send(rtmp.command("deleteStream", 9, None, 1))
    connection.close()


def sending(server, key: str, film: list[Tag], pace: float = 1.0) -> Background:
    return Background(send, server.bound["rtmp"], key, film, pace)


# Eyes


@dataclass
class Eye:
    """Sees when each part of a rendition is listed."""

    rendition: Rendition
    #: Moments, by segment and part.
    seen: dict[tuple[int, int], float] = field(default_factory=dict)
    gaps: dict[tuple[int, int], float] = field(default_factory=dict)
    #: Playlists in their order, with the moment at which each came.
    edges: list[tuple[float, tuple[int, int]]] = field(default_factory=list)
    last: MediaPlaylist | None = None
    _thread: threading.Thread | None = None
    _failure: list[BaseException] = field(default_factory=list)

    def open(self) -> "Eye":
        self._thread = threading.Thread(target=self._run, daemon=True)
        self._thread.start()
        return self

    def close(self) -> None:
        """Waits for the stream's end."""
        self._thread.join(2 * PATIENCE)
        assert not self._thread.is_alive(), "the stream has ended"
        if self._failure:
            raise self._failure[0]

    def _run(self) -> None:
        try:
            self._look()
        except BaseException as failure:  # handed to whoever closes it
            self._failure.append(failure)

    def _look(self) -> None:
        url = urlsplit(self.rendition.url)
        kept, query, is_first = Connection(url.netloc), "", True
        while self.last is None or not self.last.ended:
            answer = kept.ask("GET", url.path + query)
            assert answer.status == 200, f"{self.rendition.name}{query}: {answer.status} {answer.body[:200]!r}"
            now, self.last = time.monotonic(), parse(answer.text)
            for segment in self.last.segments:
                for at, part in enumerate(segment.parts):
                    place = (segment.sequence, at)
                    if part.gap:
                        self.gaps[place] = part.duration
                    if not is_first:
                        self.seen.setdefault(place, now)
                    else:
                        self.seen[place] = float("-inf")
            self.edges.append((now, self.last.edge()))
            query, is_first = "?_HLS_msn={}&_HLS_part={}".format(*self.last.edge()), False
        kept.close()

    @property
    def longest_wait(self) -> float:
        """Between two playlists that had something new."""
        return max(after - before for (before, _), (after, _) in zip(self.edges, self.edges[1:]))

    def later_than(self, other: "Eye") -> dict[tuple[int, int], float]:
        """Seconds by which parts came later than the other rendition's."""
        both = self.seen.keys() & other.seen.keys()
        return {at: self.seen[at] - other.seen[at] for at in both if self.seen[at] > 0 and other.seen[at] > 0}

    def has_media_from(self, number: int) -> bool:
        """Is a part of this segment or a later one listed, that is no gap?"""
        return any(place[0] >= number and place not in self.gaps for place in list(self.seen))

    @property
    def holes(self) -> list[float]:
        """Seconds of each row of gaps."""
        found, is_open = [], False
        for place in sorted(self.seen):
            if place in self.gaps:
                found += [] if is_open else [0.0]
                found[-1] += self.gaps[place]
            is_open = place in self.gaps
        return found
