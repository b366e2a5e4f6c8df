"""`rillcast recordings list`, `show` and `remove`, and the removal of what there is no room for, on disk and in S3.

Promise: what the commands tell is compared with the events and the bucket; what is removed is looked for there.
"""

import json
import re
from dataclasses import dataclass, replace

import pytest

from harness.aws import Channel
from harness.recording import END, LONG, START, Tree, configure, recorded_channel
from harness.recording_house import House
from harness.waiting import wait_until
from harness.web import fetch

FILM = replace(LONG, seconds=13)
#: About a megabyte of it is recorded: there is room for one in the smallest room that can be set.
LARGE = replace(LONG, seconds=12, kbps=550, noise=60)
PLACES = ["disk", "s3"]


@dataclass
class Shelf:
    """A server with two recordings of different channels, the second the newer one."""

    house: House
    channels: list[Channel]
    trees: list[Tree]

    def run(self, *arguments: str):
        return self.house.server.command("recordings", *arguments)

    def lines(self, *arguments: str) -> list[dict]:
        done = self.run("list", "--json", *arguments)
        assert done.returncode == 0, done.stderr
        return [json.loads(line) for line in done.stdout.splitlines()]


@pytest.fixture(scope="module")
def shelves(open_house, films):
    film, found = films(FILM), {}
    for place in PLACES:
        house = open_house(place)
        configuration = configure(house.ivs, house.buckets.make("listed-recordings"))
        options = {"name": "mine", "authorized": True}, {"name": ""}
        found[place] = Shelf(house, [recorded_channel(house.ivs, configuration, **one) for one in options], [])
    for at in range(2):
        pushes = [shelf.house.push(film, shelf.house.url(shelf.channels[at])) for shelf in found.values()]
        for shelf, push in zip(found.values(), pushes):
            assert push.ended(120) == 0, push.log()
            shelf.trees.append(shelf.house.tree(shelf.channels[at]))
    return found


@pytest.fixture(params=PLACES)
def shelf(shelves, request) -> Shelf:
    return shelves[request.param]


def identity(tree: Tree) -> str:
    return tree.prefix.rpartition("/")[2]


def test_recordings_are_listed_the_newest_first(shelf):
    listed = shelf.lines()
    assert [one["id"] for one in listed] == [identity(tree) for tree in reversed(shelf.trees)]
    for one, channel, tree in zip(reversed(listed), shelf.channels, shelf.trees):
        event = shelf.house.events.recordings(channel, END)[0]["detail"]
        assert (one["bucket"], one["prefix"]) == (tree.bucket, tree.prefix)
        assert one["channelArn"] == channel.arn and one["channelName"] == event["channel_name"]
        assert one["durationMs"] == event["recording_duration_ms"] > 12_000
        assert one["recordingSessionId"] == event["recording_session_id"]
        assert one["streamIds"] == event["recording_session_stream_ids"]
        assert one["bytes"] == sum(item.size for item in tree.items().values())
        assert (one["state"], one["reason"]) == ("RECORDING_ENDED", "")
    assert [one["private"] for one in listed] == [False, True]
    assert [one["id"] for one in shelf.lines("--channel", shelf.channels[0].arn)] == [identity(shelf.trees[0])]
    assert shelf.lines("--channel", shelf.channels[0].arn.rpartition("/")[0] + "/nobody") == []


def test_the_table_says_the_same_in_few_words(shelf):
    done = shelf.run("list")
    head, *rows = done.stdout.splitlines()
    assert head.split() == ["ID", "CHANNEL", "BEGAN", "LENGTH", "STAGE", "SIZE", "WHERE"]
    for row, channel, tree in zip(rows, reversed(shelf.channels), reversed(shelf.trees), strict=True):
        fields = row.split()
        assert fields[:2] == [identity(tree), channel.id]
        assert re.fullmatch(r"0:00:1[23]", fields[3]) and fields[4] == "ended"
        assert fields[-1] == f"{tree.bucket}/{tree.prefix}"


def test_show_tells_all_of_one_and_where_it_plays(shelf):
    for tree in shelf.trees:
        done = shelf.run("show", identity(tree))
        assert done.returncode == 0, done.stderr
        told = dict(line.split(maxsplit=1) for line in done.stdout.splitlines())
        assert (told["id"], told["bucket"], told["prefix"]) == (identity(tree), tree.bucket, tree.prefix)
        (line,) = [one for one in shelf.lines() if one["id"] == identity(tree)]
        assert json.loads(shelf.run("show", "--json", identity(tree)).stdout) == line
        assert told["url"] == line["url"]
        # The command knows the settings, not which port a server got that may take any.
        url = re.sub(r"^http://127\.0\.0\.1:8080", shelf.house.server.url, told["url"])
        assert fetch(url).status == (403 if line["private"] and "/recordings/" in url else 200)


def test_what_is_not_there_is_said_so(shelf):
    for arguments in (["show", "nonesuch"], ["show", "x y"], ["remove", "--yes", "nonesuch"]):
        done = shelf.run(*arguments)
        assert (done.returncode, done.stdout) == (1, "")
        assert done.stderr == f"rillcast: there is no recording {arguments[-1]}\n"
    done = shelf.run("list", "--channel", "mine")
    assert done.returncode == 1 and "ARN" in done.stderr
    assert shelf.run("remove").returncode == 2


def test_a_recording_that_goes_on_is_not_removed(shelves, films):
    shelf = shelves["disk"]
    channel, house = shelf.channels[1], shelf.house
    push = house.push(films(LONG), house.url(channel), speed=4.0)
    try:
        tree = house.tree_of(house.events.wait(channel, START, 2)[1])
        (line,) = [one for one in shelf.lines() if one["id"] == identity(tree)]
        assert (line["state"], line["endedAt"], line["durationMs"]) == ("RECORDING_STARTED", None, 0)
        assert " recording " in shelf.run("list").stdout
        done = shelf.run("remove", "--yes", identity(tree))
        assert done.returncode == 1 and "goes on" in done.stderr
    finally:
        push.stop()
    house.events.wait(channel, END, 2)
    assert tree.has("events/recording-ended.json")


def test_remove_takes_objects_and_row_away_and_nothing_else(shelf):
    gone, kept = shelf.trees
    refused = shelf.run("remove", identity(gone))
    assert refused.returncode == 1 and "--yes" in refused.stderr, "nobody is there to be asked"
    assert gone.items()
    before, count = kept.items(), len(gone.items())
    done = shelf.run("remove", "--yes", identity(gone))
    assert (done.returncode, done.stdout) == (0, f"removed {identity(gone)}: {count} objects\n"), done.stderr
    assert not gone.items() and kept.items() == before
    assert identity(gone) not in [one["id"] for one in shelf.lines()]
    assert identity(kept) in [one["id"] for one in shelf.lines()]
    url = f"{shelf.house.server.url}/recordings/{gone.bucket}/{gone.prefix}/media/hls/master.m3u8"
    wait_until(lambda: fetch(url).status == 404, "its end for viewers")


def test_the_commands_work_without_a_server(shelf):
    listed = shelf.lines()
    shelf.house.server.stop()
    assert shelf.lines() == listed
    done = shelf.run("remove", "--yes", identity(shelf.trees[1]))
    assert done.returncode == 0 and not shelf.trees[1].items()


def test_without_room_the_oldest_recording_goes(open_house, films):
    house = open_house("disk", "--recording-disk-mb", "1")
    configuration = configure(house.ivs, house.buckets.make("small-room"))
    trees = []
    for _ in range(2):
        channel = recorded_channel(house.ivs, configuration)
        push = house.push(films(LARGE), house.url(channel))
        assert push.ended(120) == 0, push.log()
        trees.append(house.tree(channel))
        bytes_ = sum(item.size for item in trees[-1].items().values())
        assert (1 << 20) / 2 < bytes_ < 1 << 20, "one fits, two do not"
    # Its objects go before its row, and the line in the log comes last.
    wait_until(lambda: "there is no room for it" in house.server.log(), "the older one to go")
    assert not trees[0].items() and trees[1].has("media/hls/master.m3u8")
    done = house.server.command("recordings", "list", "--json")
    assert [json.loads(line)["id"] for line in done.stdout.splitlines()] == [identity(trees[1])]
