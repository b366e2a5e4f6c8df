"""Playlists of recordings, read strictly: each line must stand where captures of the service have it.

Promise: written from those captures and RFC 8216, and knowing nothing of the server, so that it is a second
opinion; times are whole milliseconds, not floats.
"""

import datetime
import re
from dataclasses import dataclass, field
from decimal import Decimal

from .playlist import Variant, attributes, parse_multivariant

#: The lines before the first chunk, in their order, and what stands behind each.
HEAD = (
    ("EXT-X-VERSION", r"\d+"),
    ("EXT-X-TARGETDURATION", r"\d+"),
    ("ID3-EQUIV-TDTG", r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d"),
    ("EXT-X-PLAYLIST-TYPE", "EVENT"),
    ("EXT-X-MEDIA-SEQUENCE", "0"),
    ("EXT-X-TWITCH-ELAPSED-SECS", r"0\.000"),
    ("EXT-X-TWITCH-TOTAL-SECS", r"\d+\.\d{3}"),
)
#: The lines that may stand before a URI, in their order.
ORDER = (
    "EXT-X-DISCONTINUITY",
    "EXT-X-TWITCH-DISCONTINUITY",
    "EXT-X-MAP",
    "EXT-X-GAP",
    "EXT-X-PROGRAM-DATE-TIME",
    "EXTINF",
    "EXT-X-BYTERANGE",
)


@dataclass
class Entry:
    """A line with a URI, and what stands before it."""

    uri: str = ""
    ms: int = 0
    moment: datetime.datetime | None = None
    discontinuity: bool = False
    map: str | None = None
    gap: bool = False
    offset: int = 0
    #: Of a byte range; of a whole file none.
    length: int | None = None


@dataclass
class Playlist:
    version: int
    target: int
    made: datetime.datetime
    total_ms: int
    entries: list[Entry] = field(default_factory=list)
    ended: bool = False

    @property
    def ms(self) -> int:
        return sum(entry.ms for entry in self.entries)

    @property
    def files(self) -> list[str]:
        """Each file once, in the order of the list."""
        return list(dict.fromkeys(entry.uri for entry in self.entries))

    @property
    def maps(self) -> list[str]:
        return list(dict.fromkeys(entry.map for entry in self.entries if entry.map))

    def of(self, file: str) -> list[Entry]:
        return [entry for entry in self.entries if entry.uri == file]


def parse(text: str) -> Playlist:
    """Reads a media playlist; a line that does not belong where it stands is an error."""
    assert text.endswith("\n") and "\r" not in text, "the last line is whole"
    lines = text.splitlines()
    assert lines[0] == "#EXTM3U", "a playlist begins with #EXTM3U"
    told = {}
    for line, (tag, form) in zip(lines[1:], HEAD):
        assert re.fullmatch(f"#{tag}:{form}", line), f"{line} where #{tag} is wanted"
        told[tag] = line.partition(":")[2]
    found = Playlist(
        int(told["EXT-X-VERSION"]),
        int(told["EXT-X-TARGETDURATION"]),
        datetime.datetime.fromisoformat(told["ID3-EQUIV-TDTG"] + "+00:00"),
        _ms(told["EXT-X-TWITCH-TOTAL-SECS"]),
    )
    entry, seen, map_ = Entry(), [], None
    for line in lines[1 + len(HEAD) :]:
        assert not found.ended, f"after the end: {line}"
        if line == "#EXT-X-ENDLIST":
            assert not seen, f"tags without a URI: {seen}"
            found.ended = True
            continue
        if not line.startswith("#"):
            assert line and "EXTINF" in seen, f"a URI without EXTINF: {line!r}"
            entry.uri, entry.map = line, map_
            found.entries.append(entry)
            entry, seen = Entry(), []
            continue
        tag, _, value = line[1:].partition(":")
        assert tag in ORDER, f"an unknown tag: {line}"
        assert not seen or ORDER.index(seen[-1]) < ORDER.index(tag), f"{line} behind {seen}"
        seen.append(tag)
        match tag:
            case "EXT-X-DISCONTINUITY":
                entry.discontinuity = True
            case "EXT-X-TWITCH-DISCONTINUITY":
                assert entry.discontinuity, "one of the two alone"
            case "EXT-X-MAP":
                named = attributes(value)
                assert named.keys() == {"URI"}, line
                map_ = named["URI"]
            case "EXT-X-PROGRAM-DATE-TIME":
                assert re.fullmatch(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{3}Z", value), line
                entry.moment = datetime.datetime.fromisoformat(value)
            case "EXT-X-GAP":
                entry.gap = True
            case "EXTINF":
                assert re.fullmatch(r"\d+\.\d{3},", value), line
                entry.ms = _ms(value.rstrip(","))
            case "EXT-X-BYTERANGE":
                length, offset = value.split("@")
                entry.length, entry.offset = int(length), int(offset)
    assert not seen, f"tags without a URI: {seen}"
    return found


def _ms(text: str) -> int:
    return int(Decimal(text) * 1000)


def variants(text: str) -> list[Variant]:
    return parse_multivariant(text)
