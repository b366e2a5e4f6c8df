"""A viewer that reads low-latency HLS as the specification has it: blocking reloads, every part.

Promise: what it joins is exactly the bytes that the server served, in the playlist's order, nothing twice.
"""

import threading
from dataclasses import dataclass, field
from pathlib import Path
from urllib.parse import urljoin, urlsplit

from .playlist import MediaPlaylist, Rules, Variant, parse, parse_multivariant
from .waiting import PATIENCE, wait_until
from .web import Answer, Connection, fetch


@dataclass
class Recording:
    """What a viewer saw of one stream."""

    url: str
    variant: Variant
    rules: Rules = field(default_factory=Rules)
    maps: list[str] = field(default_factory=list)
    pieces: dict[tuple[int, int], tuple[str, bytes]] = field(default_factory=dict)  # (segment, part) -> URL, bytes
    moments: dict[int, float] = field(default_factory=dict)

    def join(self, file: Path) -> Path:
        """Initialisation section, if the container has one, and all parts as one file."""
        pieces = [(url, body) for _, (url, body) in sorted(self.pieces.items())]
        needed = 0 if all(url.endswith(".ts") for url, _ in pieces) else 1
        assert len(self.maps) == needed, f"{needed} initialisation section: {self.maps}"
        data = [fetch(urljoin(self.url, uri)).body for uri in self.maps] + [body for _, body in pieces]
        file.write_bytes(b"".join(data))
        return file

    @property
    def last(self) -> MediaPlaylist:
        assert self.rules.last is not None
        return self.rules.last


def on_air(playback_url: str) -> Answer | None:
    answer = fetch(playback_url)
    return answer if answer.status == 200 else None


class Viewer:
    """Follows one channel from its playback URL."""

    def __init__(self, playback_url: str):
        self.playback_url = playback_url
        self.recording: Recording | None = None
        self.started = threading.Event()
        self._kept: Connection | None = None

    def open(self, seconds: float = PATIENCE) -> Recording:
        """Waits until the channel is on air and takes its first variant."""
        answer = wait_until(lambda: on_air(self.playback_url), f"{self.playback_url} on air", seconds)
        variant = parse_multivariant(answer.text)[0]
        url = urljoin(self.playback_url, variant.uri)
        self._kept = Connection(urlsplit(url).netloc)
        self.recording = Recording(url, variant)
        return self.recording

    def read(self, query: str = "") -> Answer:
        """The media playlist; `query` begins with a question mark."""
        assert self.recording is not None
        return self._get(self.recording.url + query)

    def follow(self, until=None) -> Recording:
        """Reads and downloads until the playlist ends, or until `until(recording)` says so."""
        seen = self.recording or self.open()
        query, wanted = "", (0, 0)
        while True:
            answer = self.read(query)
            assert answer.status == 200, f"{query}: {answer.status} {answer.body[:200]!r}"
            now = parse(answer.text)
            if query:
                assert now.ended or now.edge() > wanted, f"asked for {wanted}, got up to {now.edge()}"
            seen.rules.observe(now)
            self._download(seen, now)
            self.started.set()
            if now.ended or (until is not None and until(seen)):
                return seen
            wanted = now.edge()
            query = f"?_HLS_msn={wanted[0]}&_HLS_part={wanted[1]}"

    def _download(self, seen: Recording, now: MediaPlaylist) -> None:
        for segment in now.segments:
            if segment.map is not None and segment.map not in seen.maps:
                seen.maps.append(segment.map)
            if segment.parts:
                for at, part in enumerate(segment.parts):
                    self._piece(seen, (segment.sequence, at), part.uri)
            # A segment without parts is old already when a viewer comes; it is taken whole.
            elif segment.uri and (segment.sequence, 0) not in seen.pieces:
                self._piece(seen, (segment.sequence, 0), segment.uri)

    def _piece(self, seen: Recording, place: tuple[int, int], uri: str) -> None:
        if place in seen.pieces:
            return
        url = urljoin(seen.url, uri)
        answer = self._get(url)
        assert answer.status == 200, f"{uri}: {answer.status}"
        seen.pieces[place] = (url, answer.body)

    def _get(self, url: str) -> Answer:
        assert self._kept is not None
        parts = urlsplit(url)
        return self._kept.ask("GET", parts.path + (f"?{parts.query}" if parts.query else ""))


class Background:
    """Work on a thread of its own; its answer, or its failure, comes out of `result`."""

    def __init__(self, work, *arguments):
        self._answer: list = []
        self._failure: list[BaseException] = []
        self._thread = threading.Thread(target=self._run, args=(work, arguments), daemon=True)
        self._thread.start()

    def _run(self, work, arguments) -> None:
        try:
            self._answer.append(work(*arguments))
        except BaseException as failure:  # handed to whoever asks for the result
            self._failure.append(failure)

    def done(self) -> bool:
        return not self._thread.is_alive()

    def result(self, seconds: float = 2 * PATIENCE):
        self._thread.join(seconds)
        assert not self._thread.is_alive(), f"not done within {seconds:.0f} s"
        if self._failure:
            raise self._failure[0]
        return self._answer[0]
