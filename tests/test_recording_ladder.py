"""Recordings of a ladder: which renditions are kept, and how they lie beside each other.

Promise: each rendition is decoded and its pictures' numbers are read; a browser changes between them.
"""

from dataclasses import dataclass, field

import pytest

from harness import ladder_faults as faults
from harness import ladder_watch as ladder
from harness import players
from harness import recording_check as checks
from harness import recording_look as look
from harness.aws import Channel
from harness.ladder_film import Film, make
from harness.ladder_look import thumbnail
from harness.players import Stage, kind
from harness.recording import END, NO_THUMBNAILS, START, Tree, configure, recorded_channel
from harness.recording_house import House, houses

pytestmark = pytest.mark.alone

#: A little more than a rung of the ladder, so that the source is a rendition, too.
FILM = Film(size="704x396", fps=15, seconds=13, gop_seconds=2, kbps=700)
SOURCE, MIDDLE, LOWEST = ("396p15", (704, 396)), ("360p30", (640, 360)), ("160p30", (284, 160))
EVERY = dict([SOURCE, MIDDLE, LOWEST])


@dataclass(frozen=True)
class Choice:
    asked: dict
    kept: dict
    container: str = "TS"
    thumbnails: dict = field(default_factory=lambda: NO_THUMBNAILS)


EACH_SECOND = {"recordingMode": "INTERVAL", "targetIntervalSeconds": 1, "storage": ["SEQUENTIAL", "LATEST"]}


def custom(*classes: str) -> dict:
    return {"renditionSelection": "CUSTOM", "renditions": list(classes)}


CHOICES = {
    "all": Choice({"renditionSelection": "ALL"}, EVERY),
    "all in fMP4": Choice({}, EVERY, "FRAGMENTED_MP4"),
    "none": Choice({"renditionSelection": "NONE"}, {}, thumbnails=EACH_SECOND),
    # HD is not there: the best is.
    "some": Choice(custom("LOWEST_RESOLUTION", "HD"), dict([SOURCE, LOWEST])),
    "one twice": Choice(custom("SD", "FULL_HD"), dict([SOURCE])),
}


@dataclass
class Recorded:
    house: House
    channel: Channel
    choice: Choice
    tree: Tree

    @property
    def suffix(self) -> str:
        return "ts" if self.choice.container == "TS" else "mp4"


@pytest.fixture(scope="module")
def house(start_server, tmp_path_factory):
    with houses(start_server, tmp_path_factory.mktemp) as opened:
        flags = ("--transcoding", "on", "--transcode-speed", "ultrafast", "--transcode-nice", "0")
        house = opened("disk", *flags)
        ladder.ready(house.server)
        yield house


@pytest.fixture(scope="module")
def all_recorded(house, publish, tmp_path_factory):
    film, begun = make(FILM, tmp_path_factory.mktemp("films")), {}
    for title, choice in CHOICES.items():
        asked = {"thumbnailConfiguration": choice.thumbnails}
        asked |= {"renditionConfiguration": choice.asked} if choice.asked else {}
        configuration = configure(house.ivs, title.lower().replace(" ", "-"), **asked)
        options = {"type": "STANDARD", "containerFormat": choice.container}
        channel = recorded_channel(house.ivs, configuration, **options)
        begun[title] = channel, publish(film, house.url(channel))
    found = {}
    for title, (channel, publisher) in begun.items():
        assert publisher.ended(120) == 0, publisher.log()
        found[title] = Recorded(house, channel, CHOICES[title], house.tree(channel))
    return found


@pytest.fixture(params=CHOICES)
def recorded(request, all_recorded) -> Recorded:
    return all_recorded[request.param]


def test_the_renditions_that_were_asked_for_are_kept(recorded, tmp_path):
    found = checks.check(recorded.tree, recorded.channel.arn, recorded.choice.kept, tmp_path, suffix=recorded.suffix)
    assert found.ms == FILM.seconds * 1000
    for one in found.renditions:
        assert sum(one.pictures.values()) == FILM.pictures, one.path
    (end,) = recorded.house.events.recordings(recorded.channel, END)
    assert end["detail"]["recording_duration_ms"] == found.ms


def test_every_rendition_shows_every_picture(recorded):
    for name in recorded.choice.kept:
        source = recorded.tree.url(f"media/hls/{name}/byte-range-variant.m3u8")
        assert look.runs(look.numbers(source)) == [(0, FILM.pictures - 1)], name


def test_a_worker_that_dies_costs_a_recording_no_more_than_it_says(house, all_recorded, publish, tmp_path):
    # All other streams are over: the worker that is there is this one's.
    channel = recorded_channel(house.ivs, configure(house.ivs, "gaps"), type="STANDARD", containerFormat="TS")
    publisher = publish(make(FILM, tmp_path), house.url(channel))
    house.events.wait(channel, START)
    faults.kill(faults.worker(house.server))
    assert publisher.ended(120) == 0, publisher.log()
    # Another worker begins with a keyframe of its own.
    found = checks.check(house.tree(channel), channel.arn, EVERY, tmp_path, every_keyframe=False, has_gaps=True)
    source, *made = found.renditions
    assert not any(entry.gap for entry in source.whole.entries)
    assert sum(source.pictures.values()) == FILM.pictures
    for one in made:
        missing = FILM.pictures - sum(one.pictures.values())
        gaps = sum(entry.ms for entry in one.whole.entries if entry.gap) / 1000
        assert abs(missing - gaps * FILM.fps) <= 2, f"{one.path}: {missing} pictures, {gaps} s"


@pytest.fixture(scope="module")
def hall():
    with players.hall() as opened:
        yield opened


VIDEO = "document.querySelector('video')"
HLS_JS = kind("hls.js", "hls", startPosition=0, lowLatencyMode=False, maxBufferLength=6)


@pytest.mark.parametrize(
    ("title", "playlist"), [("all", "master.m3u8"), ("all in fMP4", "byte-range-multivariant.m3u8")]
)
def test_a_browser_changes_between_renditions(hall, all_recorded, title, playlist):
    stage = hall.open(HLS_JS, all_recorded[title].tree.url(f"media/hls/{playlist}"))
    try:
        stage.playing()
        assert stage.read("glass.levels()") == [396, 360, 160]
        for height in (160, 396, 360):
            # At once: what is buffered is fetched anew.
            stage.read(f"glass.now({height})")
            stage.wait(f"{VIDEO}.videoHeight === {height} && glass.pictures.at(-1).height === {height}")
        stage.read(f"{VIDEO}.currentTime = {FILM.seconds - 3}")
        stage.wait("glass.ended")
        assert_shown(stage)
    finally:
        hall.close(stage)


def assert_shown(stage: Stage) -> None:
    """Each picture came at its own time, whichever rendition it was of, and nothing was amiss."""
    off = [one["number"] / FILM.fps - one["mediaTime"] for one in stage.pictures()]
    assert max(off) - min(off) < 1 / FILM.fps, f"from {min(off):.3f} to {max(off):.3f} s off"
    assert stage.read("glass.unreadable") == 0
    assert [error for error in stage.errors() if "fatal" in error or "404" in error] == [], stage.errors()


def test_where_no_rendition_is_kept_there_are_thumbnails_all_the_same(all_recorded):
    recorded = all_recorded["none"]
    media, items = recorded.tree.json(checks.ENDED)["media"], recorded.tree.items()
    count = sum(key.startswith(f"{media['thumbnails']['path']}/") for key in items)
    read = [recorded.tree.read(f"{media['thumbnails']['path']}/thumb{number}.jpg") for number in range(count)]
    numbers = [thumbnail(jpeg) for jpeg in read]
    # Of each keyframe; the first may be over when they are ordered.
    every = [*range(0, FILM.pictures, round(FILM.gop_seconds * FILM.fps))]
    assert numbers[-5:] == every[-5:] and numbers == every[-count:], numbers
    assert recorded.tree.read(media["latest_thumbnail"]["path"]) == read[-1]
    assert [key for key in items if key.startswith("media/hls/")] == []
