"""Recordings as they are watched: from the bucket over plain HTTP, while they are made and afterwards, by ffmpeg and by
hls.js in a real browser.

Promise: each picture carries its number, so what is missing, twice or in the wrong place is known; players get a
URL and nothing else.
"""

from dataclasses import dataclass, replace

import pytest

from harness import emsg, players
from harness import recording_check as checks
from harness import recording_look as look
from harness.aws import Channel
from harness.players import Stage, kind
from harness.recording import LONG, START, Push, Tree, configure, recorded_channel
from harness.recording_house import House
from harness.viewer import Background
from harness.waiting import wait_until

FILM = replace(LONG, seconds=70)
CONTAINERS = {"TS": "ts", "FRAGMENTED_MP4": "mp4"}
KINDS = [(place, container) for place in ("disk", "s3") for container in CONTAINERS]
PLAYLISTS = ["master.m3u8", "byte-range-multivariant.m3u8"]
HLS_JS = kind("hls.js", "hls", startPosition=0, lowLatencyMode=False)
VIDEO = "document.querySelector('video')"
#: Players may place a picture this far from where it belongs, in seconds: less than one picture.
EXACT = 0.5 / FILM.fps


@pytest.fixture(scope="module")
def hall():
    with players.hall() as opened:
        yield opened


@dataclass
class Show:
    """A stream that is recorded."""

    house: House
    channel: Channel
    push: Push

    def live(self) -> Tree:
        """Where it is being recorded."""
        return self.house.tree_of(self.house.events.wait(self.channel, START)[0])

    def ended(self) -> Tree:
        assert self.push.ended(120) == 0, self.push.log()
        return self.house.tree(self.channel)


@pytest.fixture(scope="module")
def shows(open_house, films):
    """One in each place and container, all at once; those on disk take their time, to be watched meanwhile."""
    film, found = films(FILM), {}
    for place in ("disk", "s3"):
        house = open_house(place)
        configuration = configure(house.ivs, house.buckets.make("watched"))
        for container in CONTAINERS:
            channel = recorded_channel(house.ivs, configuration, containerFormat=container)
            push = house.push(film, house.url(channel), speed=3.0 if place == "disk" else 8.0)
            found[place, container] = Show(house, channel, push)
    return found


def url(tree: Tree, playlist: str) -> str:
    return tree.url(f"media/hls/{playlist}")


# While it is made


def test_a_recording_is_watched_from_its_beginning_while_it_grows(hall, shows):
    watched = [Watched(hall, shows["disk", container]) for container in CONTAINERS]
    try:
        for one in watched:
            one.begins()
        for one in watched:
            one.grows()
        for one in watched:
            one.ends()
    finally:
        for one in watched:
            one.close()


class Watched:
    """Somebody who watches a recording that is being made, from its first picture to its last."""

    def __init__(self, hall, show: Show):
        self.show, self.tree = show, show.live()
        self.url = url(self.tree, PLAYLISTS[1])
        wait_until(lambda: self.tree.has(f"media/hls/{PLAYLISTS[1]}"), "a playlist")
        assert not self.tree.has(checks.ENDED)
        # An independent player reads on to the end while the list grows. On a connection that it keeps, ffmpeg 5.1
        # asks for the initialisation section with the byte range of the piece before, and waits for ever.
        self.decoded = Background(look.numbers, self.url, "-live_start_index", "0", "-http_persistent", "0")
        self.hall, self.stage = hall, hall.open(HLS_JS, self.url)

    def begins(self) -> None:
        self.stage.playing()
        assert self.stage.pictures()[0]["number"] <= 2, "from the beginning"

    def grows(self) -> None:
        length = self.stage.read(f"{VIDEO}.duration")
        assert length < FILM.seconds, "it was opened before its end"
        self.stage.wait(f"{VIDEO}.duration > {length}")

    def ends(self) -> None:
        self.show.ended()
        self.stage.wait(f"Math.abs({VIDEO}.duration - {FILM.seconds}) < 0.5")
        assert_seeks(self.stage, FILM.seconds - 3)
        self.stage.wait("glass.ended")
        assert_shown(self.stage)
        assert look.runs(self.decoded.result(120)) == [(0, FILM.pictures - 1)]

    def close(self) -> None:
        self.hall.close(self.stage)


# Afterwards


@pytest.mark.parametrize("which", KINDS, ids="-".join)
@pytest.mark.parametrize("playlist", PLAYLISTS)
def test_every_picture_is_there_in_its_order(shows, which, playlist):
    source = url(shows[which].ended(), playlist)
    assert look.runs(look.numbers(source)) == [(0, FILM.pictures - 1)]
    shape = look.shape(source)
    assert shape.codecs["h264"] == shape.codecs["aac"] == 1, shape
    assert shape.sizes == [(320, 180)] and abs(shape.seconds - FILM.seconds) < 0.2, shape


@pytest.mark.parametrize("container", CONTAINERS)
def test_the_server_serves_what_it_recorded(shows, container):
    show = shows["disk", container]
    tree = show.ended()
    for playlist in PLAYLISTS:
        source = f"{show.house.server.url}/recordings/{tree.bucket}/{tree.prefix}/media/hls/{playlist}"
        assert look.runs(look.numbers(source)) == [(0, FILM.pictures - 1)], playlist


@pytest.mark.parametrize("which", KINDS, ids="-".join)
def test_sound_and_picture_stay_together(shows, which):
    source = url(shows[which].ended(), PLAYLISTS[0])
    picture, sound = look.spans(source)
    assert abs(picture[0] - sound[0]) < 0.1 and abs(picture[1] - sound[1]) < 0.1, (picture, sound)


@pytest.mark.parametrize(("which", "playlist"), [*zip(KINDS, [*PLAYLISTS, *reversed(PLAYLISTS)])], ids=str)
def test_a_browser_plays_it_and_goes_where_it_is_sent(hall, shows, which, playlist):
    stage = hall.open(HLS_JS, url(shows[which].ended(), playlist))
    try:
        stage.playing()
        assert stage.pictures()[0]["number"] <= 2, "from the beginning"
        assert abs(stage.read(f"{VIDEO}.duration") - FILM.seconds) < 0.2
        for place in (FILM.seconds / 2 + 0.7, FILM.seconds - 2, 9.5):
            assert_seeks(stage, place)
        # Over the seam between two chunks, and later over the end.
        stage.wait(f"{VIDEO}.currentTime > 10.5")
        assert_seeks(stage, FILM.seconds - 1)
        stage.wait("glass.ended")
        assert stage.pictures()[-1]["number"] >= FILM.pictures - 3
        assert_shown(stage)
    finally:
        hall.close(stage)


def assert_seeks(stage: Stage, seconds: float) -> None:
    stage.read(f"(glass.sought = glass.pictures.length, {VIDEO}.currentTime = {seconds})")
    stage.wait(f"!{VIDEO}.seeking && glass.pictures.slice(glass.sought).some(one => one.mediaTime >= {seconds - 0.1})")


def assert_shown(stage: Stage, fps: int = FILM.fps) -> None:
    """Each picture came at its own time, and nothing was amiss."""
    shown = stage.pictures()
    off = [one["number"] / fps - one["mediaTime"] for one in shown]
    assert max(off) - min(off) < 4 * EXACT, f"from {min(off):.3f} to {max(off):.3f} s off"
    assert stage.read("glass.unreadable") == 0
    assert [error for error in stage.errors() if "fatal" in error or "404" in error] == [], stage.errors()
    assert stage.read("glass.holes") == []


@pytest.mark.parametrize("container", CONTAINERS)
def test_a_browser_finds_timed_metadata_at_their_pictures(hall, shows, films, container):
    house = shows["disk", container].house
    channel = recorded_channel(house.ivs, configure(house.ivs, "told"), containerFormat=container)
    texts = {22: "kick-off", 60: "goal", 142: "in the middle of a chunk", 180: "in the second"}
    house.send_with_texts(channel, films(replace(FILM, seconds=13)), texts)
    stages = [hall.open(HLS_JS, url(house.tree(channel), playlist)) for playlist in PLAYLISTS]
    try:
        for stage in stages:
            stage.wait(f"{VIDEO}.buffered.length === 1 && {VIDEO}.buffered.end(0) > 12.9")
            tags = [(one["at"], bytes(one["data"])) for one in stage.read("glass.tags")]
            told = [(at, emsg.private_frame(tag).data.decode()) for at, tag in tags if not emsg.is_text(tag)]
            assert [text for _, text in told] == list(texts.values())
            for number, (at, _) in zip(texts, told):
                assert abs(at - number / FILM.fps) < 0.1, (number, at)
    finally:
        for stage in stages:
            hall.close(stage)
