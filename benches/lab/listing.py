"""The server's own share of latency: from a part's last frame sent to the part listed.

A publisher sends the clip and notes when each video frame left; a viewer holds a
blocking playlist request, notes when a new part is listed, downloads it, and
finds by its bytes which frame is its last. Promise: it depends on no timestamp
of the server's, only on the frames' own bytes.
"""

from __future__ import annotations

import http.client
import threading
import time
import urllib.parse

from lab import clip as clips
from lab import publisher, servers


def measure(server, clip: clips.Clip, seconds: float) -> list[float]:
    """Delays in milliseconds, one for each part seen after the first three seconds."""
    end: list[float] = []

    def goes_on() -> bool:
        if not end:
            end.append(time.monotonic() + seconds)
        return time.monotonic() < end[0]

    return list(delays(server, clip, goes_on))


def delays(server, clip: clips.Clip, goes_on):
    """The same, as they come; publishes to the server's first channel meanwhile."""
    sent: list[tuple[int, float]] = []
    stop = threading.Event()

    def send() -> None:
        fleet = publisher.Fleet(clip, lambda _, index: note(index))
        fleet.add(server.publish[0])
        while not stop.is_set():
            fleet.turn(0.05)

    def note(index: int) -> None:
        if clip.frames[index].kind == clips.VIDEO:
            sent.append((index, time.monotonic()))
            del sent[:-120]

    sender = threading.Thread(target=send)
    sender.start()
    try:
        yield from _watch(server.watch[0], clip, sent, goes_on)
    finally:
        stop.set()
        sender.join()


def _watch(master: str, clip: clips.Clip, sent: list, goes_on):
    media = servers.until("a playlist with parts", lambda: _media(master))
    parts = urllib.parse.urlsplit(media)
    line = http.client.HTTPConnection(parts.hostname, parts.port, timeout=10)
    seen: set[str] = set()
    begin = time.monotonic()
    body, at = _get(line, media)
    text = body.decode()
    while goes_on():
        listed = _parts(text)
        fresh = [uri for uri in listed if uri not in seen]
        if len(fresh) == 1 and time.monotonic() - begin > 3:
            delay = _delay(line, urllib.parse.urljoin(media, fresh[0]), clip, sent, at)
            if delay is not None:
                yield delay
        seen.update(listed)
        msn, part = _next(text)
        mark = "&" if "?" in media else "?"
        body, at = _get(line, f"{media}{mark}_HLS_msn={msn}&_HLS_part={part}")
        text = body.decode()


def _media(master: str) -> str | None:
    try:
        lines = servers.fetch(master).decode().splitlines()
        media = urllib.parse.urljoin(master, next(x for x in lines if x and not x.startswith("#")))
        return media if "#EXT-X-PART:" in servers.fetch(media).decode() else None
    except (OSError, StopIteration):
        return None


def _get(line: http.client.HTTPConnection, url: str) -> tuple[bytes, float]:
    parts = urllib.parse.urlsplit(url)
    line.request("GET", parts.path + (f"?{parts.query}" if parts.query else ""))
    answer = line.getresponse()
    body = answer.read()
    at = time.monotonic()
    if answer.status != 200:
        raise OSError(f"{url}: {answer.status}")
    return body, at


def _parts(text: str) -> list[str]:
    return [x.split('URI="')[1].split('"')[0] for x in text.splitlines() if x.startswith("#EXT-X-PART:")]


def _next(text: str) -> tuple[int, int]:
    """Sequence numbers of the part that comes next."""
    msn, part = 0, 0
    for row in text.splitlines():
        if row.startswith("#EXT-X-MEDIA-SEQUENCE:"):
            msn = int(row.split(":")[1])
        elif row.startswith("#EXT-X-PART:"):
            part += 1
        elif row.startswith("#EXTINF:"):
            msn, part = msn + 1, 0
    return msn, part


def _delay(line, url: str, clip: clips.Clip, sent: list, at: float) -> float | None:
    body, _ = _get(line, url)
    for index, left in reversed(list(sent)):
        # The picture's bytes behind FLV's five and the length and head of its last slice.
        if clip.frames[index].body[-200:] in body:
            return (at - left) * 1000
    return None
