"""Thumbnails of recordings: how many, of which moments, how large and how dated, of streams that are passed through
and of a ladder; the newest one; and what a server does that may not run ffmpeg.

Promise: each image is decoded, and the number in its picture is read.
"""

import datetime
import json
import re
import subprocess
from dataclasses import dataclass, replace
from functools import partial
from pathlib import Path

import pytest

from harness import ladder_watch as ladder
from harness.aws import Channel
from harness.ladder_film import BITS, Film
from harness.recording import START, Tree, configure, recorded_channel
from harness.recording_house import House
from harness.recording_playlist import parse
from harness.waiting import wait_until

FILM = Film(size="480x270", fps=15, seconds=21, gop_seconds=1, kbps=150, rate=22_050)
PORTRAIT = replace(FILM, size="180x320", seconds=13)
#: 4:3 as coded, 16:9 on the screen.
WIDE_PIXELS = replace(FILM, size="360x270", pixel="4/3", seconds=13)
#: Keyframes and times do not agree.
RARE = replace(FILM, seconds=21, keyframes=(0, 1.4, 2.8, 4.2, 7, 8.4, 11.2, 14, 16.8, 19.6))
#: The larger rungs of the ladder are larger than the thumbnails.
LADDER = Film(size="854x480", fps=15, seconds=13, gop_seconds=1, kbps=700)
#: Four times as fast as it plays: a thumbnail of each second costs a third of a processor then.
SPEED = 4.0


@dataclass(frozen=True)
class Wish:
    film: Film
    size: tuple[int, int]
    #: The numbers of the pictures that are shown, if the first one is.
    shown: list[int]
    storage: tuple[str, ...] = ("SEQUENTIAL",)
    every: int = 1
    resolution: str = ""
    channel: str = "BASIC"

    @property
    def configuration(self) -> dict:
        asked = {"recordingMode": "INTERVAL", "targetIntervalSeconds": self.every, "storage": list(self.storage)}
        return {"thumbnailConfiguration": asked | ({"resolution": self.resolution} if self.resolution else {})}


def seconds(film: Film, every: int = 1) -> list[int]:
    """The pictures at whole multiples of so many seconds."""
    return list(range(0, film.pictures, film.fps * every))


BASIC = {
    "each second": Wish(FILM, (480, 270), seconds(FILM), ("SEQUENTIAL", "LATEST")),
    "each five seconds": Wish(FILM, (480, 270), seconds(FILM, 5), every=5, resolution="LOWEST_RESOLUTION"),
    # There is no such rendition: as large as the source.
    "upright": Wish(PORTRAIT, (180, 320), seconds(PORTRAIT), resolution="FULL_HD"),
    # As wide as coded, and as high as they are shown then.
    "wide pixels": Wish(WIDE_PIXELS, (360, 202), seconds(WIDE_PIXELS), ("LATEST",)),
    # The first keyframe at or after 0, 2, 4, …
    "rare keyframes": Wish(RARE, (480, 270), [0, 42, 63, 105, 126, 168, 210, 252, 294], every=2),
}
RUNGS = {
    "ladder": Wish(LADDER, (854, 480), seconds(LADDER), channel="STANDARD"),
    "lowest": Wish(LADDER, (284, 160), seconds(LADDER), resolution="LOWEST_RESOLUTION", channel="STANDARD"),
}


@dataclass
class Image:
    number: int
    size: tuple[int, int]
    shown: datetime.datetime


@dataclass
class Recorded:
    house: House
    wish: Wish
    channel: Channel
    tree: Tree

    def told(self) -> dict:
        """What the manifest tells of media."""
        return self.tree.json("events/recording-ended.json")["media"]

    def images(self, folder: Path) -> list[Image]:
        """The numbered ones, in their order."""
        keys = [key for key in self.tree.items() if key.startswith("media/thumbnails/")]
        numbers = sorted(int(re.fullmatch(r"media/thumbnails/thumb(\d+)\.jpg", key)[1]) for key in keys)
        assert numbers == list(range(len(keys))), "numbered without a hole"
        return [image(self.tree.read(f"media/thumbnails/thumb{number}.jpg"), folder) for number in numbers]

    def clock(self, number: int) -> datetime.datetime:
        """When a picture is shown, as the playlist tells it."""
        rendition = self.told()["hls"]["renditions"][0]["path"]
        first = parse(self.tree.text(f"media/hls/{rendition}/playlist.m3u8")).entries[0]
        return first.moment + datetime.timedelta(seconds=number / self.wish.film.fps)


def image(jpeg: bytes, folder: Path) -> Image:
    """What is to be seen in a JPEG file, and what it says of itself, as ffmpeg reads it."""
    file = folder / "thumbnail.jpg"
    file.write_bytes(jpeg)
    entries = "frame=width,height,pict_type:frame_tags"
    command = ["ffprobe", "-v", "error", "-of", "json", "-show_entries", entries, str(file)]
    [frame] = json.loads(subprocess.run(command, check=True, capture_output=True, timeout=60).stdout)["frames"]
    tags = frame["tags"]
    shown = datetime.datetime.strptime(
        f"{tags['DateTimeOriginal']}.{tags['SubSecTimeOriginal']} +0000", "%Y:%m:%d %H:%M:%S.%f %z"
    )
    return Image(number_of(file), (frame["width"], frame["height"]), shown)


def number_of(file: Path) -> int:
    small = f"scale={BITS}:9:flags=area:out_range=full,format=gray"
    command = ["ffmpeg", "-nostdin", "-v", "error", "-i", str(file), "-vf", small, "-f", "rawvideo", "-"]
    blocks = subprocess.run(command, check=True, capture_output=True, timeout=60).stdout
    bits, inverse = blocks[:BITS], blocks[BITS : 2 * BITS]
    assert all(abs(one - other) > 90 for one, other in zip(bits, inverse, strict=True)), f"unreadable: {list(blocks)}"
    return sum((bit > 127) << BITS - 1 - at for at, bit in enumerate(bits))


@pytest.fixture(scope="module")
def house(open_house):
    opened = open_house("disk", "--transcoding", "on", "--transcode-speed", "ultrafast", "--transcode-nice", "0")
    ladder.ready(opened.server)
    return opened


def record(house: House, films, wishes: dict[str, Wish], **options) -> dict[str, Recorded]:
    begun = {}
    for title, wish in wishes.items():
        bucket = f"thumbnails-{title.replace(' ', '-')}"
        channel = recorded_channel(house.ivs, configure(house.ivs, bucket, **wish.configuration), type=wish.channel)
        begun[title] = channel, house.push(films(wish.film), house.url(channel), **options)
    found = {}
    for title, (channel, push) in begun.items():
        assert push.ended(120) == 0, push.log()
        found[title] = Recorded(house, wishes[title], channel, house.tree(channel))
    return found


@pytest.fixture(scope="module")
def all_basic(house, films):
    return record(house, films, BASIC, speed=SPEED)


@pytest.fixture(scope="module")
def all_rungs(house, films):
    return record(house, films, RUNGS, speed=1.0)


def assert_as_told(recorded: Recorded, folder: Path) -> None:
    wish, told = recorded.wish, recorded.told()
    size = {"resolution_width": wish.size[0], "resolution_height": wish.size[1]}
    is_kept = "SEQUENTIAL" in wish.storage
    assert told.get("thumbnails") == ({"path": "media/thumbnails"} | size if is_kept else None)
    is_latest = "LATEST" in wish.storage
    latest = "media/latest_thumbnail/thumb.jpg"
    assert told.get("latest_thumbnail") == ({"path": latest} | size if is_latest else None)
    found = recorded.images(folder)
    if is_kept:
        assert [one.number for one in found] == wish.shown
    newest = [image(recorded.tree.read(latest), folder)] if is_latest else []
    assert bool(found) == is_kept and recorded.tree.has(latest) == is_latest
    assert all(one.number == wish.shown[-1] for one in newest)
    for one in [*found, *newest]:
        assert one.size == wish.size
        off = (one.shown - recorded.clock(one.number)).total_seconds()
        assert abs(off) < 0.1, f"picture {one.number} is dated {off} s off"
    kinds = {item.kind for key, item in recorded.tree.items().items() if key.endswith(".jpg")}
    assert kinds == {"image/jpeg"}


@pytest.mark.parametrize("title", BASIC)
def test_each_time_has_the_picture_of_its_keyframe(title, all_basic, tmp_path):
    assert_as_told(all_basic[title], tmp_path)


@pytest.mark.alone
@pytest.mark.parametrize("title", RUNGS)
def test_a_ladders_thumbnails_have_the_size_of_the_rendition_that_was_asked_for(title, all_rungs, tmp_path):
    assert_as_told(all_rungs[title], tmp_path)


def test_the_newest_is_there_while_the_stream_is_on_air_and_changes(house, films):
    wish = BASIC["each second"]
    channel = recorded_channel(house.ivs, configure(house.ivs, "thumbnails-live", **wish.configuration))
    push = house.push(films(wish.film), house.url(channel), speed=1.5)
    tree = house.tree_of(house.events.wait(channel, START)[0])
    latest = "media/latest_thumbnail/thumb.jpg"
    wait_until(lambda: tree.has(latest), "the newest thumbnail")
    first = tree.read(latest)
    wait_until(lambda: tree.read(latest) != first, "a newer one")
    assert push.running(), "before the stream is over"
    push.stop()
    house.tree(channel)


def test_streams_that_are_merged_number_on(house, films):
    wish = BASIC["upright"]
    options = wish.configuration | {"recordingReconnectWindowSeconds": 60}
    channel = recorded_channel(house.ivs, configure(house.ivs, "thumbnails-merged", **options))
    for count in (1, 2):
        push = house.push(films(wish.film), house.url(channel), speed=SPEED)
        assert push.ended(60) == 0, push.log()
        tree = house.tree_of(house.events.wait(channel, START)[0])
        last = f"media/thumbnails/thumb{count * len(wish.shown) - 1}.jpg"
        wait_until(partial(tree.has, last), "the thumbnails of this stream")


def test_a_server_that_may_not_run_ffmpeg_records_without_thumbnails_and_says_so(open_house, films):
    house = open_house("disk", "--transcoding", "off")
    [recorded] = record(house, films, {"none": replace(BASIC["upright"])}, speed=8.0).values()
    assert not [key for key in recorded.tree.items() if key.endswith(".jpg")]
    lines = [line for line in house.server.log().splitlines() if "gets no thumbnails" in line]
    assert len(lines) == 1 and recorded.channel.id in lines[0], lines
