"""A player of the project's own that plays as the service's web player does: it prefetches the segment that is
being made and shows it while it comes.

Written from what is publicly known of that player's requests and expectations; none of its code was at hand.
Promise: it never waits for a finished segment, re-reads the playlist once per segment, reads errors as JSON
arrays, and tells what it saw and when.
"""

import http.client
import json
import re
import time
from collections.abc import Callable
from dataclasses import dataclass, field
from urllib.parse import urljoin, urlsplit

from . import player_demux as demux
from .playlist import attributes
from .waiting import PATIENCE, wait_until
from .web import Answer, fetch

#: What it accepts, which is also how it is known.
ACCEPT = "application/x-mpegURL, application/vnd.apple.mpegurl, application/json, text/plain"
#: What codes of refusals mean to it.
REFUSALS = {
    "content_geoblocked": 1,
    "no_cdm_specified": 2,
    "anonymizer_blocked": 3,
    "cellular_geoblocked": 4,
    "unauthorized_entitlements": 5,
    "vod_manifest_restricted": 6,
    "invalid_playback_auth_token": 7,
}
#: Bytes of a finished segment that it reads to measure the way.
PROBE = 32_767
OWNERS = ("metadata.live-video.net", "inband.metadata.live-video.net")


class PlayerError(Exception):
    """What the page is told."""

    def __init__(self, kind: str, code: int, message: str):
        super().__init__(f"{kind}, {code}, {message}")
        self.kind, self.code, self.message = kind, code, message


def error_of(answer: Answer) -> PlayerError:
    """How an answer other than 200 to the first request is understood."""
    if answer.status == 403:
        try:
            told = json.loads(answer.body)
        except ValueError:
            told = None
        # A bare object is not understood.
        if isinstance(told, list) and told and told[0].get("error_code") in REFUSALS:
            code = told[0]["error_code"]
            return PlayerError("ErrorAuthorization", REFUSALS[code], code)
        return PlayerError("ErrorAuthorization", 403, answer.text)
    if answer.status in (404, 429):
        return PlayerError("ErrorNotAvailable", answer.status, answer.text)
    return PlayerError("ErrorNetwork", answer.status, answer.text)


@dataclass
class Listing:
    """A media playlist in the form for prefetching."""

    version: int
    target: int
    sequence: int
    live_sequence: int
    elapsed: float
    segments: list[tuple[str, float, str]]  # URI, seconds, date
    prefetch: list[str]
    dates: list[dict[str, str]]
    map: str | None
    breaks: int
    ended: bool

    @property
    def growing(self) -> int:
        """Number of the segment that is being made."""
        return self.sequence + len(self.segments)


def read_listing(text: str) -> Listing:
    """Reads it strictly: a tag that this form does not have is an error."""
    lines = text.splitlines()
    assert lines[0] == "#EXTM3U" and text.endswith("\n")
    found = Listing(0, 0, 0, -1, -1.0, [], [], [], None, 0, False)
    duration, date = None, ""
    for line in lines[1:]:
        name, _, rest = line.partition(":")
        assert not found.ended, f"after the end: {line}"
        assert not found.prefetch or name in ("#EXT-X-PREFETCH", "#EXT-X-PREFETCH-DISCONTINUITY"), line
        match name:
            case "#EXT-X-VERSION":
                found.version = int(rest)
            case "#EXT-X-TARGETDURATION":
                found.target = int(rest)
            case "#EXT-X-MEDIA-SEQUENCE":
                found.sequence = int(rest)
            case "#EXT-X-NET-LIVE-VIDEO-LIVE-SEQUENCE":
                found.live_sequence = int(rest)
            case "#EXT-X-NET-LIVE-VIDEO-ELAPSED-SECS":
                found.elapsed = float(rest)
            case "#EXT-X-DATERANGE":
                found.dates.append(attributes(rest))
            case "#EXT-X-MAP":
                found.map = attributes(rest)["URI"]
            case "#EXT-X-PROGRAM-DATE-TIME":
                date = rest
            case "#EXTINF":
                seconds, _, title = rest.partition(",")
                assert title == "live"
                duration = float(seconds)
            case "#EXT-X-PREFETCH":
                found.prefetch.append(rest)
            case "#EXT-X-ENDLIST":
                found.ended = True
            case "#EXT-X-DISCONTINUITY":
                found.breaks += 1
            case "#EXT-X-DISCONTINUITY-SEQUENCE" | "#EXT-X-INDEPENDENT-SEGMENTS" | "#EXT-X-PREFETCH-DISCONTINUITY":
                pass
            case _:
                assert line and not line.startswith("#"), f"not of this form: {line}"
                assert duration is not None and date, f"a segment without its length or date: {line}"
                found.segments.append((line, duration, date))
                duration, date = None, ""
    return found


@dataclass
class Received:
    """A segment as it came."""

    number: int
    uri: str
    headers: dict[str, str]
    #: Wall clock at which each unit was whole.
    units: list[tuple[float, demux.Unit]] = field(default_factory=list)
    body: bytes = b""
    asked: float = 0.0
    pieces: int = 0
    whole: bool = False
    #: Fragments that did not hold both tracks.
    alone: int = 0


@dataclass
class Cue:
    owner: str
    text: str
    at: float


class PrefetchPlayer:
    """One viewer."""

    def __init__(self, playback_url: str):
        self.playback_url = playback_url
        self.session: dict[str, str] = {}
        self.variant: dict[str, str] = {}
        self.url = ""
        self.listings: list[Listing] = []
        self.received: list[Received] = []
        self.cues: list[Cue] = []
        #: Milliseconds since 1970 at which the server had each picture that carried them; when that was seen.
        self.telemetry: list[tuple[float, dict]] = []
        self._init: dict[str, bytes] = {}

    def open(self) -> None:
        """Reads the multivariant playlist, and the media playlist once."""
        answer = fetch(self.playback_url, headers={"Accept": ACCEPT})
        for pause in (2, 4):
            if answer.status < 500:
                break
            time.sleep(pause)
            answer = fetch(self.playback_url, headers={"Accept": ACCEPT})
        if answer.status != 200:
            raise error_of(answer)
        lines = answer.text.splitlines()
        for line in lines:
            if line.startswith("#EXT-X-SESSION-DATA:"):
                one = attributes(line.partition(":")[2])
                self.session[one["DATA-ID"]] = one["VALUE"]
        at = next(number for number, line in enumerate(lines) if line.startswith("#EXT-X-STREAM-INF:"))
        self.variant = attributes(lines[at].partition(":")[2])
        self.url = urljoin(self.playback_url, lines[at + 1])
        self.poll()

    @property
    def low_latency(self) -> bool:
        """Whether there is anything to prefetch."""
        return bool(self.listings[-1].prefetch)

    def poll(self) -> Listing:
        answer = fetch(self.url, headers={"Accept": ACCEPT})
        for pause in (2, 4):
            if answer.status == 200:
                break
            time.sleep(pause)
            answer = fetch(self.url, headers={"Accept": ACCEPT})
        if answer.status != 200:
            raise PlayerError("ErrorNetwork", answer.status, "MediaPlaylist")
        self.listings.append(read_listing(answer.text))
        return self.listings[-1]

    def play(self, until: Callable[["PrefetchPlayer"], bool]) -> None:
        """Shows the segment being made, and those after it, until the stream or `until(self)` ends it."""
        listing = self.listings[-1]
        number, uri = listing.growing, listing.prefetch[0]
        while not until(self):
            self._receive(number, uri)
            number += 1
            listing = self.poll()
            if number >= listing.growing + len(listing.prefetch):
                # The next one is begun only after the last line of this playlist.
                assert listing.ended, f"segment {number} is not named by a playlist up to {listing.growing}"
                return
            at = number - listing.growing
            uri = listing.prefetch[at] if at >= 0 else listing.segments[at][0]

    def _receive(self, number: int, uri: str) -> None:
        url = urljoin(self.url, uri)
        place = urlsplit(url)
        connection = http.client.HTTPConnection(place.netloc, timeout=PATIENCE)
        seen = Received(number, url, {}, asked=time.time())
        self.received.append(seen)
        reader = self._reader()
        try:
            connection.request("GET", place.path, headers={"Accept": "*/*"})
            answer = connection.getresponse()
            if answer.status != 200:
                raise PlayerError("ErrorNetwork", answer.status, "Segment")
            seen.headers = {name.lower(): value for name, value in answer.getheaders()}
            while chunk := answer.read1(65536):
                seen.pieces += 1
                seen.body += chunk
                self._take(seen, reader.feed(chunk))
            self._take(seen, reader.end())
            seen.whole, seen.alone = True, reader.alone
        finally:
            connection.close()

    def _reader(self):
        where = self.listings[-1].map
        if where is None:
            return demux.TransportStream()
        if where not in self._init:
            self._init[where] = fetch(urljoin(self.url, where)).body
        return demux.Fragments(self._init[where])

    def _take(self, seen: Received, units) -> None:
        for unit in units:
            now = time.time()
            seen.units.append((now, unit))
            if unit.kind == demux.TAG:
                for kind, body in demux.frames(unit.data):
                    self._frame(kind, body, unit.at, now)

    def _frame(self, kind: str, body: bytes, at: float, now: float) -> None:
        if kind == "PRIV":
            owner, text = body.split(b"\0", 1)
            if owner.decode() in OWNERS:
                self.cues.append(Cue(owner.decode(), text.decode(), at))
        elif kind == "TXXX":
            description, text = body[1:].split(b"\0", 1)
            if description == b"segmentmetadata":
                self.telemetry.append((now, json.loads(text.rstrip(b"\0"))))
            else:
                self.cues.append(Cue(description.decode(), text.decode(), at))

    def probe(self) -> Answer:
        """Re-reads the beginning of a finished segment, to measure the way."""
        uri = self.listings[-1].segments[-1][0]
        headers = {"Range": f"bytes=0-{PROBE - 1}", "Accept-Encoding": "identity"}
        return fetch(urljoin(self.url, uri), headers=headers)

    def units(self, kind: str) -> list[tuple[float, demux.Unit]]:
        return [one for seen in self.received for one in seen.units if one[1].kind == kind]


def on_air(playback_url: str) -> PrefetchPlayer:
    """A player of a channel as soon as that is on air."""

    def opened() -> PrefetchPlayer | None:
        player = PrefetchPlayer(playback_url)
        try:
            player.open()
        except PlayerError as error:
            if error.code == 404:
                return None
            raise
        return player

    return wait_until(opened, f"{playback_url} on air")


def is_date(text: str) -> bool:
    return re.fullmatch(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{3}Z", text) is not None
