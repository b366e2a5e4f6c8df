"""Every form of every playlist obeys the rules while a real stream runs, stalls, changes hands and ends.

Promise: the checker knows nothing of the server (`harness.playlist`); every playlist that a viewer could have read
is looked at, one after another.
"""

import re
import time
from dataclasses import dataclass, field
from urllib.parse import urljoin, urlsplit

import pytest

from harness.aws import Channel, make_channel
from harness.encoder import Recipe
from harness.playlist import LOW, PLAIN, PREFETCH, MediaPlaylist, Rules, parse, parse_multivariant, rebuild
from harness.viewer import Background, on_air
from harness.waiting import PATIENCE, wait_until
from harness.web import Answer, Connection, fetch

CHANNELS = [
    pytest.param(container, latency, id=f"{container}-{latency}")
    for container in ("TS", "FRAGMENTED_MP4")
    for latency in ("LOW", "NORMAL")
]


@dataclass
class Reader:
    """One viewer who reads one form of the playlist until it ends."""

    channel: Channel
    form: str
    rules: Rules = field(init=False)
    deltas: int = 0
    stalls: int = 0
    last: MediaPlaylist | None = None

    def __post_init__(self) -> None:
        self.rules = Rules(self.form)

    def follow(self) -> "Reader":
        answer = wait_until(lambda: on_air(self.channel.playback), f"{self.channel.playback} on air")
        uri = parse_multivariant(answer.text)[0].uri
        self.url = urljoin(self.channel.playback, uri.rpartition("/")[0] + "/" + self.form)
        self.kept = Connection(urlsplit(self.url).netloc)
        query = ""
        while self.last is None or not self.last.ended:
            answer = self.read(query)
            if (
                answer.status == 503
            ):  # the stream stalls: the server says when to come back, and what was is still there
                query, self.stalls = "", self.stalls + 1
                continue
            assert answer.status == 200, (query, answer.status, answer.text)
            now = self.observe(answer)
            if self.form == LOW and not now.ended:
                self.delta(now)
                query = "?_HLS_msn={}&_HLS_part={}".format(*self.last.edge())
            else:
                time.sleep(0.1)
        return self

    def read(self, query: str = "") -> Answer:
        return self.kept.ask("GET", urlsplit(self.url).path + query)

    def observe(self, answer: Answer) -> MediaPlaylist:
        self.last = parse(answer.text)
        self.rules.observe(self.last)
        return self.last

    def delta(self, before: MediaPlaylist) -> None:
        """A delta update between two whole playlists is what they are, if nothing happened between."""
        delta = parse(self.read("?_HLS_skip=YES").text)
        after = self.observe(self.read())
        if delta.skipped and delta.edge() == after.edge() and delta.sequence == after.sequence:
            self.deltas += 1
            assert rebuild(before, delta) == after.segments
            assert (delta.ranges, delta.prefetch, delta.hint) == (after.ranges, after.prefetch, after.hint)


@dataclass
class Story:
    """What the readers of one channel saw."""

    readers: dict[str, Reader]
    text: str


def told(server, ivs, clip, publish, container: str, latency: str) -> Story:
    """A stream that runs for longer than its window, stalls, goes on, is taken over and ends."""
    channel = make_channel(ivs, containerFormat=container, latencyMode=latency)
    film = clip(Recipe(seconds=60, fps=25, gop_seconds=1))
    first = publish(film, server.rtmp_url(channel.key))
    forms = (LOW, PREFETCH) if latency == "LOW" else (PLAIN,)
    following = {form: Background(Reader(channel, form).follow) for form in forms}
    text = wait_until(lambda: on_air(channel.playback), "on air").text
    newest = lambda: parse(fetch(media_url(channel, forms[0])).text).edge()[0]  # noqa: E731
    wait_until(lambda: newest() >= 14, "more than the window", 2 * PATIENCE)
    first.freeze()
    time.sleep(3.5)  # more than the three target durations that a request is held for
    first.process.send_signal(18)  # SIGCONT
    at = newest()
    wait_until(lambda: newest() >= at + 4, "the stream goes on")
    second = publish(film, server.rtmp_url(channel.key) + "?priority=1")
    at = newest()
    wait_until(lambda: newest() >= at + 4, "the other encoder's stream")
    second.stop()
    return Story({form: work.result() for form, work in following.items()}, text)


def media_url(channel: Channel, form: str) -> str:
    uri = parse_multivariant(fetch(channel.playback).text)[0].uri
    return urljoin(channel.playback, uri.rpartition("/")[0] + "/" + form)


@pytest.fixture(scope="module")
def stories(request, server, ivs, clip, publish):
    """All of them side by side."""
    told_of = {tuple(one.values): Background(told, server, ivs, clip, publish, *one.values) for one in CHANNELS}
    return {which: work.result(4 * PATIENCE) for which, work in told_of.items()}


@pytest.fixture
def story(stories, container, latency) -> Story:
    return stories[container, latency]


@pytest.mark.parametrize(("container", "latency"), CHANNELS)
def test_no_playlist_breaks_a_rule_from_the_first_to_the_last(story):
    for form, reader in story.readers.items():
        # The other encoder's keyframes come when they come: one segment may have to be cut before the next of them.
        late = [one for one in reader.rules.broken if "does not begin with an independent part" in one]
        assert len({one.partition(": ")[2] for one in late}) <= 1, late
        assert [one for one in reader.rules.broken if one not in late] == [], form
        assert reader.rules.seen > 40 and reader.last.ended, (form, reader.rules.seen)
        assert reader.last.sequence > 0, "the window slid"


@pytest.mark.parametrize(("container", "latency"), CHANNELS)
def test_all_forms_end_alike(story):
    last = [reader.last for reader in story.readers.values()]
    plain = lambda one: [(s.sequence, s.uri, s.duration, s.moment, s.discontinuity, s.map) for s in one.segments]  # noqa: E731
    assert all(plain(one) == plain(last[0]) for one in last)
    assert all(one.control == last[0].control or not one.control for one in last)


@pytest.mark.parametrize(("container", "latency"), CHANNELS)
def test_the_way_in_names_the_form_of_the_channel(story, latency, container):
    [variant] = parse_multivariant(story.text)
    assert variant.uri.endswith(LOW if latency == "LOW" else PLAIN)
    data = dict(re.findall(r'#EXT-X-SESSION-DATA:DATA-ID="([^"]*)",VALUE="([^"]*)"', story.text))
    assert data["USER-IP"] == "127.0.0.1" and data["REGION"] == "us-east-1"
    assert re.fullmatch(r"\d+\.\d\d", data["SERVER-TIME"]) and abs(float(data["SERVER-TIME"]) - time.time()) < 3600
    assert re.fullmatch(r"[0-9a-f]{32}", data["SERVING-ID"])
    assert len(data) == story.text.count("#EXT-X-SESSION-DATA"), "no name twice (4.4.6.4)"


@pytest.mark.parametrize("container", ["TS", "FRAGMENTED_MP4"])
def test_a_stall_is_told_to_those_who_wait_and_ends_nothing(stories, container):
    reader = stories[container, "LOW"].readers[LOW]
    assert reader.stalls > 0
    assert sum(segment.discontinuity for segment in reader.last.segments) <= 1, "only where the encoder changed"


@pytest.mark.parametrize("container", ["TS", "FRAGMENTED_MP4"])
def test_deltas_were_rebuilt_as_the_stream_ran(stories, container):
    assert stories[container, "LOW"].readers[LOW].deltas > 10


@pytest.mark.parametrize("container", ["TS", "FRAGMENTED_MP4"])
def test_another_form_of_a_channel_without_low_latency_is_not_there(server, ivs, clip, publish, container):
    channel = make_channel(ivs, containerFormat=container, latencyMode="NORMAL")
    encoder = publish(clip(Recipe(seconds=60, fps=25, gop_seconds=1)), server.rtmp_url(channel.key))
    wait_until(lambda: on_air(channel.playback), "on air")
    assert [fetch(media_url(channel, form)).status for form in (PLAIN, LOW, PREFETCH)] == [200, 404, 404]
    # Directives mean nothing where they are not offered (6.2.5): nothing is held, skipped or refused.
    answers = [
        fetch(media_url(channel, PLAIN) + query) for query in ("?_HLS_skip=YES", "?_HLS_msn=99999", "?_HLS_part=1")
    ]
    assert [answer.status for answer in answers] == [200, 200, 200]
    assert all(parse(answer.text).skipped == 0 for answer in answers)
    encoder.stop()
