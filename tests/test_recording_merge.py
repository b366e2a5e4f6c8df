"""Streams that follow each other: when they are one recording, when they are not, and what is told of it.

Promise: encoders really leave and come back; which pictures a recording has is read from the pictures themselves.
"""

from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field, replace
from urllib.parse import urljoin

import pytest

from harness import recording_check as checks
from harness import recording_look as look
from harness.aws import Channel
from harness.encoder import Recipe, tags
from harness.ladder_film import Film
from harness.ladder_watch import variants
from harness.playlist import Variant, parse
from harness.recording import END, LONG, START, configure, name, recorded_channel
from harness.recording_house import House, houses, leave
from harness.rtmp import AUDIO, DATA, VIDEO
from harness.waiting import wait_until
from harness.web import fetch

#: Long enough for a busy machine to begin the next stream in, short enough to be waited for.
WINDOW = 8
FILM = replace(LONG, seconds=5)
OTHERS = {
    "size": replace(FILM, size="352x198"),
    "frame rate": replace(FILM, fps=30),
    "bit rate": replace(FILM, kbps=700, noise=20),
    "profile": replace(FILM, b_frames=2),
}
NEAR = replace(FILM, kbps=130)


@pytest.fixture(scope="module")
def house(start_server, tmp_path_factory):
    with houses(start_server, tmp_path_factory.mktemp) as opened:
        yield opened("disk")


@dataclass
class Story:
    """Streams of one channel, one after the other, and how they are to be shared among recordings."""

    films: list[Film]
    recordings: list[int]
    window: int = WINDOW
    container: str = "TS"
    #: Encoders tell their bit rates beforehand.
    announced: bool = True
    #: The next stream comes after the recording before it has ended.
    late: bool = False
    channel: Channel | None = None
    #: The streams' ids, and the events of recordings.
    streams: list[str] = field(default_factory=list)
    events: list[dict] = field(default_factory=list)

    def of(self, status: str) -> list[dict]:
        return [event["detail"] for event in self.events if event["detail"]["recording_status"] == status]


STORIES = {
    "the same encoder again": Story([FILM, FILM], [2]),
    "the same encoder again in fMP4": Story([FILM, FILM, FILM], [3], container="FRAGMENTED_MP4"),
    "a little more bits": Story([FILM, NEAR], [2]),
    "no window": Story([FILM, FILM], [1, 1], window=0),
    "after the window": Story([FILM, FILM], [1, 1], window=1, late=True),
    "twenty-one streams": Story([replace(FILM, seconds=3)] * 21, [20, 1]),
} | {f"another {what}": Story([FILM, film, film], [1, 2]) for what, film in OTHERS.items()}
UNTOLD = OTHERS["bit rate"]
STORIES["another bit rate that nobody tells"] = Story([FILM, UNTOLD, UNTOLD], [1, 2], announced=False)


def tell(house: House, films, story: Story) -> Story:
    """Lets it happen."""
    window = {"recordingReconnectWindowSeconds": story.window}
    configuration = configure(house.ivs, f"window-{story.window}", **window)
    story.channel = recorded_channel(house.ivs, configuration, containerFormat=story.container)
    wanted = (AUDIO, VIDEO, DATA) if story.announced else (AUDIO, VIDEO)
    for number, film in enumerate(story.films):
        media = [tag for tag in tags(films(film)) if tag.kind in wanted]
        publisher = house.send(story.channel, media)
        leave(publisher)
        wait_until(lambda n=number: len(streams(house, story.channel, "Session Ended")) > n, "the stream's end")
        if story.late:
            house.events.wait(story.channel, END, number + 1)
    house.events.wait(story.channel, END, len(story.recordings))
    story.events = house.events.recordings(story.channel)
    story.streams = streams(house, story.channel, "Session Ended")
    assert len(set(story.streams)) == len(story.films), "another stream each time"
    return story


def streams(house: House, channel: Channel, what: str) -> list[str]:
    """Of which streams this was told."""
    return [event["detail"]["stream_id"] for event in house.events.of(channel) if name(event) == what]


@pytest.fixture(scope="module")
def told(house, films):
    """All stories at once: they mostly wait."""
    for story in STORIES.values():
        for film in story.films:
            films(film)
    with ThreadPoolExecutor(len(STORIES)) as pool:
        return {title: pool.submit(tell, house, films, story) for title, story in STORIES.items()}


@pytest.fixture(params=STORIES)
def story(request, told) -> Story:
    return told[request.param].result()


def streams_of(story: Story) -> list[list[str]]:
    """The streams of each recording that there has to be."""
    found, at = [], 0
    for count in story.recordings:
        found.append(story.streams[at : at + count])
        at += count
    return found


def test_streams_are_one_recording_or_several(house, story):
    starts, ends = story.of(START), story.of(END)
    wanted = streams_of(story)
    assert [one["recording_session_stream_ids"] for one in ends] == wanted
    assert [one["stream_id"] for one in starts] == [streams[0] for streams in wanted], "the first of each began it"
    assert [one["stream_id"] for one in ends] == [streams[-1] for streams in wanted], "the last of each ended it"
    for what in ("recording_s3_key_prefix", "recording_session_id"):
        told = [one[what] for one in starts]
        assert [one[what] for one in ends] == told and len(set(told)) == len(told), told
    assert len(story.events) == 2 * len(wanted)


def test_a_recording_of_several_streams_is_whole(house, story, tmp_path):
    suffix = "ts" if story.container == "TS" else "mp4"
    at = 0
    for recording, end in zip(streams_of(story), story.of(END)):
        films = story.films[at : at + len(recording)]
        at += len(recording)
        tree = house.tree_of({"detail": end})
        (rendition,) = tree.json(checks.ENDED)["media"]["hls"]["renditions"]
        size = tuple(map(int, films[0].size.split("x")))
        found = checks.check(tree, story.channel.arn, {rendition["path"]: size}, tmp_path, suffix=suffix)
        (one,) = found.renditions
        breaks = [entry.discontinuity for entry in one.whole.entries]
        assert breaks == [False] + [True] * (len(films) - 1), "one for each stream but the first"
        # Stamps of encoders are whole milliseconds.
        lengths = [entry.ms - 1000 * film.seconds for entry, film in zip(one.whole.entries, films, strict=True)]
        assert max(map(abs, lengths)) <= 1, lengths
        assert end["recording_duration_ms"] == found.ms
        # Of twenty streams the first and the last ones are enough: how many pictures there are is known.
        assert [one.pictures[entry.uri] for entry in one.whole.entries] == [film.pictures for film in films]
        for entry, film in [*zip(one.whole.entries, films)][:: max(1, len(films) - 1)]:
            numbers = chunk_numbers(tree, one, entry, tmp_path, suffix)
            assert look.runs(numbers) == [(0, film.pictures - 1)], "every picture of every stream"


def chunk_numbers(tree, one: checks.Rendition, entry, folder, suffix: str) -> list[int]:
    file = folder / f"one.{suffix}"
    file.write_bytes(checks.init_of(tree, one, entry) + tree.read(f"media/hls/{one.path}/{entry.uri}"))
    return look.numbers(file)


def test_each_stream_lists_what_became_of_its_recording(house, story):
    for recording in streams_of(story):
        for stream in recording:
            session = house.ivs.get_stream_session(channelArn=story.channel.arn, streamId=stream)["streamSession"]
            names = [event["name"] for event in reversed(session["truncatedEvents"])]
            wanted = [START] * (stream == recording[0]) + [END] * (stream == recording[-1])
            assert [one for one in names if one in (START, END)] == wanted, names


def test_the_end_is_told_when_the_window_is_over(house, told):
    story = told["the same encoder again"].result()
    mine = house.events.of(story.channel)
    last = [checks.moment(event["time"]) for event in mine if name(event) == "Stream End"][-1]
    end = [checks.moment(event["time"]) for event in mine if name(event) == END][-1]
    # Both are told in whole seconds.
    assert (end - last).total_seconds() >= WINDOW - 1
    ended = house.tree_of(house.events.recordings(story.channel, END)[0]).json(checks.ENDED)
    assert checks.moment(ended["recording_ended_at"]) < end, "it ended when its last stream did"


def edge(playback: str, variant: Variant) -> int:
    """Number of the segment that comes next."""
    return parse(fetch(urljoin(playback, variant.uri)).text).edge()[0]


SHOW = Recipe(seconds=30, kbps=200, fps=15)


def test_a_takeover_leaves_no_seam_and_a_reconnect_leaves_one(house, clip, publish, tmp_path):
    configuration = configure(house.ivs, "takeovers", recordingReconnectWindowSeconds=WINDOW)
    channel = recorded_channel(house.ivs, configuration, containerFormat="TS")
    first = publish(clip(SHOW), house.url(channel), loop=True)
    house.events.wait(channel, START)
    second = publish(clip(replace(SHOW, scene="smptebars")), house.url(channel, "?priority=1"), loop=True)
    first.ended()
    wait_until(lambda: "Stream Takeover" in map(name, house.events.of(channel)), "the takeover")
    sends_on(channel)
    second.stop()
    # And on again, after a while without a picture.
    wait_until(lambda: len(streams(house, channel, "Session Ended")) == 1, "the stream's end")
    third = publish(clip(SHOW), house.url(channel), loop=True)
    sends_on(channel)
    third.stop()
    tree = house.tree(channel)
    (end,) = house.events.recordings(channel, END)
    wanted = streams(house, channel, "Session Created")
    assert end["detail"]["recording_session_stream_ids"] == wanted and len(wanted) == 2
    (rendition,) = tree.json(checks.ENDED)["media"]["hls"]["renditions"]
    # Where the encoders change, two keyframes may be closer to each other than what is cut apart.
    found = checks.check(tree, channel.arn, {rendition["path"]: (320, 180)}, tmp_path, every_keyframe=False)
    entries = found.renditions[0].whole.entries
    (seam,) = [at for at, entry in enumerate(entries) if entry.discontinuity]
    paused = (entries[seam].moment - entries[seam - 1].moment).total_seconds() - entries[seam - 1].ms / 1000
    assert paused > 0, "the dates are those of the clock"
    assert sum(entry.ms for entry in entries) == end["detail"]["recording_duration_ms"], "without the pause"


def sends_on(channel: Channel) -> None:
    """Waits for some segments of the encoder that is on air now."""
    live = variants(channel.playback)[0]
    begun = edge(channel.playback, live)
    wait_until(lambda: edge(channel.playback, live) > begun + 1, "media of the encoder")
