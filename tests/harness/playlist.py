"""HLS playlists read strictly, and the rules that must hold while a stream runs, for each form of a playlist.

The rules are those of RFC 8216bis (4.4.3 media playlists, 6.2 server, appendix B and C low latency)
together with what Apple's and other players insist on in practice, and for the IVS player's form what was
captured of the real service.

Promise: written from the specification and knowing nothing of the server, so that it is a second opinion.
"""

import datetime
import re
from dataclasses import dataclass, field, replace

#: Rounding of times that are printed with few decimals.
TEXT = 0.0011


HEADERS = {
    f"#EXT-X-{name}"
    for name in (
        "VERSION",
        "TARGETDURATION",
        "SERVER-CONTROL",
        "PART-INF",
        "MEDIA-SEQUENCE",
        "DISCONTINUITY-SEQUENCE",
        "NET-LIVE-VIDEO-LIVE-SEQUENCE",
        "NET-LIVE-VIDEO-ELAPSED-SECS",
        "DATERANGE",
    )
}
AFTER_HINT = ("#EXT-X-PRELOAD-HINT", "#EXT-X-RENDITION-REPORT")
AFTER_PREFETCH = (*AFTER_HINT, "#EXT-X-PREFETCH")

#: The forms of a media playlist: parts and prefetch lines, prefetch lines alone, neither.
LOW, PREFETCH, PLAIN = "index.m3u8", "prefetch.m3u8", "plain.m3u8"


def attributes(text: str) -> dict[str, str]:
    """An attribute list (4.2); quotes are taken off."""
    found = dict(re.findall(r'([A-Z0-9-]+)=("[^"]*"|[^",]*)(?:,|$)', text))
    rebuilt = ",".join(f"{name}={value}" for name, value in found.items())
    assert rebuilt == text, f"not an attribute list: {text}"
    return {name: value.strip('"') for name, value in found.items()}


@dataclass
class Part:
    uri: str
    duration: float
    independent: bool
    gap: bool = False


@dataclass
class Segment:
    sequence: int
    parts: list[Part] = field(default_factory=list)
    uri: str | None = None  # none while it is still open
    duration: float = 0.0
    moment: datetime.datetime | None = None
    discontinuity: bool = False
    map: str | None = None
    gap: bool = False

    @property
    def length(self) -> float:
        return self.duration if self.uri else sum(part.duration for part in self.parts)


@dataclass
class MediaPlaylist:
    version: int = 1
    target: int = 0
    part_target: float = 0.0
    control: dict[str, str] = field(default_factory=dict)
    sequence: int = 0
    discontinuity_sequence: int = 0
    segments: list[Segment] = field(default_factory=list)  # the last may be open
    hint: str | None = None
    prefetch: list[str] = field(default_factory=list)
    ranges: list[dict[str, str]] = field(default_factory=list)
    reports: list[dict[str, str]] = field(default_factory=list)
    #: What the IVS player's tags say: the number of the first segment, the seconds before it.
    live_sequence: int | None = None
    elapsed: float | None = None
    skipped: int = 0
    ended: bool = False

    @property
    def length(self) -> float:
        return sum(segment.length for segment in self.segments)

    @property
    def closed(self) -> list[Segment]:
        return [segment for segment in self.segments if segment.uri]

    def edge(self) -> tuple[int, int]:
        """Sequence number and part number that come next."""
        last = self.segments[-1]
        return (last.sequence, len(last.parts)) if last.uri is None else (last.sequence + 1, 0)


def parse(text: str) -> MediaPlaylist:
    """Reads a media playlist; a line that does not belong where it stands is an error."""
    lines = text.splitlines()
    assert lines and lines[0] == "#EXTM3U", "a playlist begins with #EXTM3U"
    assert text.endswith("\n"), "the last line is whole"
    found, current, current_map = MediaPlaylist(), None, None

    def segment() -> Segment:
        nonlocal current
        if current is None:
            sequence = found.sequence + found.skipped + len(found.segments)
            current = Segment(sequence, map=current_map)
        return current

    for line in lines[1:]:
        tag, _, rest = line.partition(":")
        assert found.hint is None or tag in AFTER_HINT, f"after the hint: {line}"
        assert not found.prefetch or tag in AFTER_PREFETCH, f"after what is to be prefetched: {line}"
        assert not found.ended, f"after the end: {line}"
        if tag in HEADERS:
            assert current is None and not found.segments and not found.skipped, f"header below the media: {line}"
        match tag:
            case "#EXT-X-VERSION":
                found.version = int(rest)
            case "#EXT-X-TARGETDURATION":
                found.target = int(rest)
            case "#EXT-X-SERVER-CONTROL":
                found.control = attributes(rest)
            case "#EXT-X-PART-INF":
                found.part_target = float(attributes(rest)["PART-TARGET"])
            case "#EXT-X-MEDIA-SEQUENCE":
                found.sequence = int(rest)
            case "#EXT-X-DISCONTINUITY-SEQUENCE":
                found.discontinuity_sequence = int(rest)
            case "#EXT-X-NET-LIVE-VIDEO-LIVE-SEQUENCE":
                found.live_sequence = int(rest)
            case "#EXT-X-NET-LIVE-VIDEO-ELAPSED-SECS":
                found.elapsed = float(rest)
            case "#EXT-X-DATERANGE":
                found.ranges.append(attributes(rest))
            case "#EXT-X-PREFETCH":
                found.prefetch.append(rest)
            case "#EXT-X-RENDITION-REPORT":
                found.reports.append(attributes(rest))
            case "#EXT-X-SKIP":
                assert not found.segments and current is None, "the skip stands before all media"
                found.skipped = int(attributes(rest)["SKIPPED-SEGMENTS"])
            case "#EXT-X-MAP":
                current_map = attributes(rest)["URI"]
                if current is not None:
                    assert not current.parts, "a map inside a segment"
                    current.map = current_map
            case "#EXT-X-DISCONTINUITY":
                assert not segment().parts, "a discontinuity inside a segment"
                segment().discontinuity = True
            case "#EXT-X-PROGRAM-DATE-TIME":
                assert not segment().parts, "a date inside a segment"
                segment().moment = datetime.datetime.fromisoformat(rest)
            case "#EXT-X-GAP":
                assert not segment().gap and segment().duration == 0.0, "a gap twice, or after its EXTINF"
                segment().gap = True
            case "#EXT-X-PART":
                values = attributes(rest)
                flags = [values.get(name) for name in ("INDEPENDENT", "GAP")]
                assert all(flag in (None, "YES") for flag in flags), f"YES or not there: {line}"
                independent, gap = (flag == "YES" for flag in flags)
                segment().parts.append(Part(values["URI"], float(values["DURATION"]), independent, gap))
            case "#EXTINF":
                assert segment().duration == 0.0, "two EXTINF for one segment"
                segment().duration = float(rest.partition(",")[0])
            case "#EXT-X-PRELOAD-HINT":
                values = attributes(rest)
                if values["TYPE"] == "PART":
                    found.hint = values["URI"]
            case "#EXT-X-ENDLIST":
                found.ended = True
            case _ if line and not line.startswith("#"):
                assert segment().duration > 0.0, f"a segment without EXTINF: {line}"
                current.uri = line
                found.segments.append(current)
                current = None
            case _:
                raise AssertionError(f"an unknown tag: {line}")
    if current is not None:
        assert current.duration == 0.0, "an EXTINF without its URI"
        assert not current.gap, "a gap that is no segment"
        # Only a date or a map for a segment that has no part yet: nothing to play there.
        if current.parts:
            found.segments.append(current)
    return found


class Rules:
    """Sees one playlist after another of one stream and collects what broke a rule."""

    def __init__(self, form: str = LOW) -> None:
        self.form = form
        self.ranges: dict[str, dict[str, str]] = {}
        self.first: MediaPlaylist | None = None
        self.last: MediaPlaylist | None = None
        self.seen = 0
        self.broken: list[str] = []
        self.gone: list[str] = []  # URIs that have left the playlist, oldest first

    def observe(self, now: MediaPlaylist) -> None:
        """`now` is a full playlist, not a delta."""
        self.seen += 1
        self._alone(now)
        if self.last is not None:
            self._after(self.last, now)
        self.first, self.last = self.first or now, now

    def _check(self, holds: bool, rule: str) -> None:
        if not holds:
            self.broken.append(f"playlist {self.seen}: {rule}")

    # One playlist by itself

    def _alone(self, now: MediaPlaylist) -> None:
        self._control(now)
        for segment in now.segments:
            self._segment(now, segment)
        self._dates(now)
        self._ranges(now)
        self._prefetch(now)
        own = [report for report in now.reports if not report["URI"].startswith("../")]
        reported = not own and (self.form == LOW and not now.ended or not now.reports)
        self._check(reported, f"reports of itself, or where none are: {now.reports}")
        if self.form == LOW:
            self._recent_parts(now)
        else:
            self._check(not any(segment.parts for segment in now.segments), "parts where there are none")
        if not now.ended:
            enough = now.length >= 3 * now.target - TEXT
            self._check(enough, f"only {now.length:.3f} s listed, the target is {now.target}")
            # Low latency may do without one only where nothing but the end follows: `_hint_kept`.
            self._check(now.hint is None or self.form == LOW, "a preload hint where none is")
            listed = {part.uri for segment in now.segments for part in segment.parts}
            self._check(now.hint not in listed, "the hint names a part that is listed already")
        else:
            self._check(now.hint is None, "a hint after the end")
            self._check(now.segments[-1].uri is not None, "an open segment after the end")

    def _control(self, now: MediaPlaylist) -> None:
        ivs = self.form == PREFETCH
        told = now.live_sequence == (now.sequence if ivs else None) and (now.elapsed is not None) == ivs
        self._check(told, f"the IVS player's tags say {now.live_sequence} and {now.elapsed}")
        if self.form != LOW:
            maps = any(segment.map for segment in now.segments)
            self._check(now.version == (6 if maps else 3), f"version {now.version}")
            self._check(not now.control and not now.part_target, "terms of a low latency that is not there")
            return
        self._check(now.version >= 6, "parts and maps need version 6 and more")
        self._check(now.control.get("CAN-BLOCK-RELOAD") == "YES", "blocking reload is not offered")
        part_hold_back = float(now.control.get("PART-HOLD-BACK", 0))
        self._check(part_hold_back >= 3.5 * now.part_target - TEXT, f"PART-HOLD-BACK {part_hold_back} under 3.5 parts")
        self._check(float(now.control.get("HOLD-BACK", 0)) >= 3 * now.target, "HOLD-BACK under three targets")
        if "CAN-SKIP-UNTIL" in now.control:
            self._check(now.version >= 9, "skipping needs version 9")
            self._check(float(now.control["CAN-SKIP-UNTIL"]) >= 6 * now.target, "CAN-SKIP-UNTIL under six targets")

    def _segment(self, now: MediaPlaylist, segment: Segment) -> None:
        name = f"segment {segment.sequence}"
        names = [part.uri for part in segment.parts] + ([segment.uri] if segment.uri else [])
        if all(uri.endswith(".ts") for uri in names):
            self._check(segment.map is None, f"{name}: a map beside a transport stream")
        else:
            self._check(segment.map is not None, f"{name}: no map")
        self._check(segment.moment is not None, f"{name}: no date")
        if segment.uri:
            fits = round(segment.duration) <= now.target
            self._check(fits, f"{name}: {segment.duration} s over the target {now.target}")
        for at, part in enumerate(segment.parts):
            fits = 0 < part.duration <= now.part_target + TEXT / 10
            self._check(fits, f"{name}.{at}: {part.duration} over {now.part_target}")
            if at + 1 < len(segment.parts):
                short = part.duration < 0.85 * now.part_target - TEXT / 10
                self._check(not short, f"{name}.{at}: {part.duration} under 85 % of {now.part_target}")
        lost = [part for part in segment.parts if part.gap]
        if segment.uri and segment.parts:
            self._check(segment.gap == bool(lost), f"{name}: {len(lost)} parts are gaps, the segment: {segment.gap}")
        self._check(not any(part.independent for part in lost), f"{name}: a gap that is independent")
        if segment.parts and not segment.parts[0].gap:
            self._check(segment.parts[0].independent, f"{name}: does not begin with an independent part")
        if segment.parts and segment.uri:
            total = sum(part.duration for part in segment.parts)
            equal = abs(total - segment.duration) <= TEXT
            self._check(equal, f"{name}: parts are {total:.5f}, EXTINF {segment.duration}")

    def _dates(self, now: MediaPlaylist) -> None:
        for before, after in zip(now.segments, now.segments[1:]):
            if before.moment is None or after.moment is None:
                continue
            step = (after.moment - before.moment).total_seconds()
            self._check(step > 0, f"segment {after.sequence}: its date does not rise")
            if not after.discontinuity:
                off = abs(step - before.duration)
                self._check(off <= 2 * TEXT, f"segment {after.sequence}: its date is off by {off:.4f} s")

    def _ranges(self, now: MediaPlaylist) -> None:
        """Date ranges (4.4.5.1): their ends are the next ones' beginnings; an ID means one thing for ever."""
        for one in now.ranges:
            whole = {"ID", "CLASS", "START-DATE", "END-ON-NEXT"} <= one.keys() and not {
                "DURATION",
                "END-DATE",
            } & one.keys()
            self._check(whole and one.get("END-ON-NEXT") == "YES", f"a date range that is not whole: {one}")
            same = self.ranges.setdefault(one.get("ID", ""), one) == one
            self._check(same, f"a date range's values changed: {one}")
        kinds = [one.get("CLASS") for one in now.ranges]
        wanted = ["timestamp"] * (self.form == PREFETCH) + ["live-video-net-stream-source"]
        self._check(kinds == wanted, f"date ranges of {kinds}")

    def _prefetch(self, now: MediaPlaylist) -> None:
        """The segment in the making and the next one, by the names that they will have."""
        following = now.edge()[0]
        wanted = [] if now.ended or self.form == PLAIN else [following, following + 1]
        numbers = [int(re.search(r"s(\d+)\.(ts|m4s)$", uri)[1]) for uri in now.prefetch]
        self._check(numbers == wanted, f"{now.prefetch} are to be prefetched")
        folders = {uri.rpartition("/")[0] for uri in [*now.prefetch, now.closed[-1].uri]} if now.closed else set()
        self._check(len(folders) <= 1, f"what is to be prefetched lies elsewhere: {folders}")

    def _recent_parts(self, now: MediaPlaylist) -> None:
        behind = 0.0
        for segment in reversed(now.segments):
            if behind > 3 * now.target + TEXT:
                self._check(not segment.parts, f"segment {segment.sequence}: parts {behind:.2f} s behind the edge")
            elif not now.ended and behind + segment.length <= 3 * now.target:
                self._check(bool(segment.parts), f"segment {segment.sequence}: no parts {behind:.2f} s behind the edge")
            behind += segment.length

    # Against the one before

    def _after(self, was: MediaPlaylist, now: MediaPlaylist) -> None:
        for name in ("version", "target", "part_target", "control"):
            before, after = getattr(was, name), getattr(now, name)
            self._check(before == after, f"{name} changed: {before} -> {after}")
        sources = [one.ranges[-1:] for one in (was, now)]
        self._check(sources[0] == sources[1], f"the stream's source changed: {sources}")
        self._check(now.sequence >= was.sequence, "the media sequence went back")
        self._check(now.edge() >= was.edge(), f"the edge went back: {was.edge()} -> {now.edge()}")
        removed = [segment for segment in was.segments if segment.sequence < now.sequence]
        self.gone += [part.uri for segment in removed for part in segment.parts]
        self.gone += [segment.uri for segment in removed if segment.uri]
        breaks = sum(segment.discontinuity for segment in removed)
        before, after = was.discontinuity_sequence, now.discontinuity_sequence
        self._check(after == before + breaks, f"discontinuity sequence {before} -> {after}, {breaks} tags removed")
        current = {segment.sequence: segment for segment in now.segments}
        for old in was.segments:
            if old.sequence >= now.sequence:
                self._kept(old, current.get(old.sequence))
        self._hint_kept(was, now)

    def _kept(self, old: Segment, new: Segment | None) -> None:
        name = f"segment {old.sequence}"
        if new is None:
            self._check(False, f"{name}: gone from the middle")
            return
        kept = (old.moment, old.map, old.discontinuity) == (new.moment, new.map, new.discontinuity)
        self._check(kept, f"{name}: its date, map or discontinuity changed")
        if old.uri:
            same = (old.uri, old.duration, old.gap) == (new.uri, new.duration, new.gap)
            self._check(same, f"{name}: changed after it was closed")
        if old.parts and new.parts:
            self._check(new.parts[: len(old.parts)] == old.parts, f"{name}: its parts changed")

    def _hint_kept(self, was: MediaPlaylist, now: MediaPlaylist) -> None:
        if was.hint is None and self.form == LOW:
            self._check(now.edge() == was.edge(), "no preload hint, and more came")
        if was.hint is None or now.edge() == was.edge():
            return
        listed = {part.uri for segment in now.segments for part in segment.parts}
        # At the end of a stream there may be nothing more to put under the name, and where the timeline breaks the
        # segment ends early (6.2.6).
        broke = any(segment.discontinuity for segment in now.segments if segment.sequence >= was.edge()[0])
        # After a burst its segment may be too old for its parts to be listed, or have left the list.
        told = any(segment.parts for segment in now.segments if segment.sequence == was.edge()[0])
        came = was.hint in listed or now.ended or broke or (not told and now.edge()[0] > was.edge()[0])
        self._check(came, f"the hinted part {was.hint} never came")


def rebuild(previous: MediaPlaylist, delta: MediaPlaylist) -> list[Segment]:
    """The segments that a player has after a delta update (6.2.5.1)."""
    known = {segment.sequence: segment for segment in previous.segments}
    skipped = [known[delta.sequence + at] for at in range(delta.skipped)]
    # A map holds for all segments that follow it, also when its own line was skipped.
    inherited = skipped[-1].map if skipped else None
    return skipped + [replace(segment, map=segment.map or inherited) for segment in delta.segments]


def misaligned(one: MediaPlaylist, other: MediaPlaylist) -> list[str]:
    """How two renditions' playlists of one form differ that must not: what they promise, and what they tell of the
    segments that both list (6.2.4); bytes and gaps are each one's own."""
    found = [
        f"{name}: {getattr(one, name)} and {getattr(other, name)}"
        for name in ("version", "target", "part_target", "control")
        if getattr(one, name) != getattr(other, name)
    ]
    theirs = {segment.sequence: segment for segment in other.segments}
    for ours in one.segments:
        if (same := theirs.get(ours.sequence)) is None:
            continue
        if (ours.moment, ours.discontinuity) != (same.moment, same.discontinuity):
            found.append(f"segment {ours.sequence}: {ours.moment} and {same.moment}, or a discontinuity in one")
        if ours.uri and same.uri and ours.duration != same.duration:
            found.append(f"segment {ours.sequence}: {ours.duration} and {same.duration} s")
        lengths = [[part.duration for part in segment.parts] for segment in (ours, same)]
        both = min(map(len, lengths))
        whole = ours.uri and same.uri and both
        if lengths[0][:both] != lengths[1][:both] or (whole and len(lengths[0]) != len(lengths[1])):
            found.append(f"segment {ours.sequence}: parts of {lengths[0]} and {lengths[1]} s")
    return found


def last_part(now: MediaPlaylist) -> tuple[int, int]:
    """The last part that is there, as a rendition report has it (4.4.5.4)."""
    return now.segments[-1].sequence, len(now.segments[-1].parts) - 1


def misreported(now: MediaPlaylist, others: dict[str, tuple[MediaPlaylist, MediaPlaylist]]) -> list[str]:
    """What a playlist reports of others that is not so. `others` are they by their URIs relative to it, as they were
    before it was made and as they are after."""
    told = {report["URI"]: (int(report["LAST-MSN"]), int(report["LAST-PART"])) for report in now.reports}
    found = [] if len(told) == len(now.reports) else ["one twice"]
    if told.keys() != others.keys():
        found.append(f"reports of {sorted(told)}, not {sorted(others)}")
    for uri in told.keys() & others.keys():
        before, after = (last_part(one) for one in others[uri])
        if not before <= told[uri] <= after:
            found.append(f"{uri} is said to be at {told[uri]}, but went from {before} to {after}")
    return found


@dataclass
class Variant:
    uri: str
    stream: dict[str, str]
    media: list[dict[str, str]]


def parse_multivariant(text: str) -> list[Variant]:
    lines = text.splitlines()
    assert lines and lines[0] == "#EXTM3U", "a playlist begins with #EXTM3U"
    media = [attributes(line.partition(":")[2]) for line in lines if line.startswith("#EXT-X-MEDIA:")]
    found = []
    for line, following in zip(lines, lines[1:]):
        if line.startswith("#EXT-X-STREAM-INF:"):
            assert following and not following.startswith("#"), "STREAM-INF is followed by its URI"
            found.append(Variant(following, attributes(line.partition(":")[2]), media))
    assert found, "no variant"
    return found
