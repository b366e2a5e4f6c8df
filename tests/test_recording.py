"""Recordings in buckets on disk and in S3: the objects, the JSON, the playlists, the byte ranges, the events, and
what is kept of a stream beside its pictures.

Promise: everything is compared with the documented layout and with what was sent; whether it plays is looked at in
`test_recording_playback.py`.
"""

import datetime
from dataclasses import dataclass, replace

import pytest

from harness import emsg, ladder_captions
from harness import recording_check as checks
from harness.aws import Channel
from harness.ladder_film import Film
from harness.player_demux import PICTURE, TAG, Fragments, TransportStream
from harness.recording import CHANGE, END, LONG, START, Tree, configure, name, recorded_channel
from harness.recording_house import House, leave
from harness.server import ACCOUNT, REGION
from harness.waiting import wait_until

CONTAINERS = {"TS": "ts", "FRAGMENTED_MP4": "mp4"}
SHORT = replace(LONG, seconds=13)
PORTRAIT = replace(SHORT, size="180x320", gop_seconds=1)


@pytest.fixture(scope="module")
def disk(open_house):
    return open_house("disk")


@pytest.fixture(scope="module")
def s3(open_house):
    return open_house("s3")


# Minutes of a stream, in each place and container


@dataclass
class Recorded:
    place: str
    house: House
    channel: Channel
    container: str
    configuration: str
    begun: datetime.datetime
    tree: Tree


@pytest.fixture(scope="module")
def all_recorded(disk, s3, films):
    """Two streams in each place, all at once."""
    film, begun = films(LONG), {}
    for place, house in (("disk", disk), ("s3", s3)):
        configuration = configure(house.ivs, house.buckets.make("studio-recordings"), name="studio")
        for container in CONTAINERS:
            channel = recorded_channel(house.ivs, configuration, name=f"{place}-{container}", containerFormat=container)
            now = datetime.datetime.now(datetime.UTC)
            push = house.push(film, house.url(channel))
            begun[place, container] = house, channel, configuration, now, push
    found = {}
    for (place, container), (house, channel, configuration, now, push) in begun.items():
        assert push.ended(120) == 0, push.log()
        tree = house.tree(channel)
        found[place, container] = Recorded(place, house, channel, container, configuration, now, tree)
    return found


@pytest.fixture(params=[(place, container) for place in ("disk", "s3") for container in CONTAINERS], ids="-".join)
def recorded(request, all_recorded):
    return all_recorded[request.param]


def test_the_tree_the_json_and_the_playlists_are_as_documented(recorded, tmp_path):
    suffix = CONTAINERS[recorded.container]
    found = checks.check(recorded.tree, recorded.channel.arn, {"180p15": (320, 180)}, tmp_path, suffix=suffix)
    (one,) = found.renditions
    assert sum(one.pictures.values()) == LONG.pictures, "no picture is missing or there twice"
    assert found.ms == LONG.seconds * 1000
    # Keyframes are at even seconds, so that chunks can be cut to the second.
    assert [entry.ms for entry in one.whole.entries] == [10_000] * (LONG.seconds // 10)
    assert {entry.ms for entry in one.ranges.entries} == {2_000}
    assert one.whole.files == [f"{at}.{suffix}" for at in range(LONG.seconds // 10)]
    assert {"thumbnails", "latest_thumbnail"} & found.ended["media"].keys() == set(), "there are none"
    every = recorded.house.buckets.keys(recorded.tree.bucket)
    prefixes = {tree for tree in every if not tree.startswith("ivs/v1/")}
    assert prefixes == set(), "nothing else lies in the bucket"


def test_times_are_those_of_the_stream(recorded):
    started, ended = (recorded.tree.json(key) for key in (checks.STARTED, checks.ENDED))
    playlist = recorded.tree.text("media/hls/180p15/playlist.m3u8")
    first = checks.parse(playlist)
    begun = checks.moment(started["recording_started_at"])
    patience = datetime.timedelta(seconds=60)
    assert recorded.begun - datetime.timedelta(seconds=1) <= begun <= recorded.begun + patience
    opening = first.entries[0].moment
    assert recorded.begun - datetime.timedelta(seconds=1) <= opening <= recorded.begun + patience
    # Media time is what the dates count in, however fast the encoder sent.
    end = first.entries[-1].moment + datetime.timedelta(milliseconds=first.entries[-1].ms)
    assert end - opening == datetime.timedelta(seconds=LONG.seconds)
    assert checks.moment(ended["recording_ended_at"]) >= begun
    assert checks.minute_of(recorded.tree.prefix) == begun.replace(second=0, microsecond=0)
    assert abs(first.made - begun) <= patience


def test_events_tell_of_its_beginning_and_its_end(recorded):
    here, channel = recorded, recorded.channel
    start, end = here.house.events.recordings(channel)
    (session,) = here.house.ivs.list_stream_sessions(channelArn=channel.arn)["streamSessions"]
    stream = session["streamId"]
    for event in (start, end):
        assert event["source"] == "aws.ivs" and event["version"] == "0"
        assert event["account"] == ACCOUNT and event["region"] == REGION
        assert event["resources"] == [channel.arn] and event["detail-type"] == CHANGE
    same = {
        "channel_name": f"{here.place}-{here.container}",
        "stream_id": stream,
        "recording_status_reason": "",
        "recording_s3_bucket_name": "studio-recordings",
        "recording_s3_key_prefix": here.tree.prefix,
        "recording_session_id": start["detail"]["recording_session_id"],
    }
    assert start["detail"] == same | {"recording_status": START, "recording_duration_ms": 0}
    more = {"recording_duration_ms": LONG.seconds * 1000, "recording_session_stream_ids": [stream]}
    assert end["detail"] == same | {"recording_status": END} | more
    assert start["detail"]["recording_session_id"] != here.tree.prefix.rpartition("/")[2]
    assert start["time"] <= end["time"] and start["id"] != end["id"]


def test_the_session_of_the_stream_lists_what_became_of_its_recording(recorded):
    channel, ivs = recorded.channel, recorded.house.ivs
    session = ivs.get_stream_session(channelArn=channel.arn)["streamSession"]
    told = [(event["name"], event["type"]) for event in reversed(session["truncatedEvents"])]
    assert session["recordingConfiguration"]["arn"] == recorded.configuration
    assert session["channel"]["recordingConfigurationArn"] == recorded.configuration
    streams = [one for one in told if one[1] != CHANGE]
    assert [one for one, _ in streams] == ["Session Created", "Stream Start", "Session Ended", "Stream End"]
    assert [one for one in told if one[1] == CHANGE] == [(START, CHANGE), (END, CHANGE)]
    in_file = [name(event) for event in recorded.house.events.of(channel)]
    assert [one for one, _ in told] == in_file, "both tell the same in the same order"
    assert in_file.index(START) > in_file.index("Stream Start")
    assert in_file[-1] == END


# What else a stream brings


def media(tree: Tree, rendition: str, suffix: str) -> tuple[bytes, list[bytes]]:
    """The initialisation section, empty if there is none, and the chunks."""
    playlist = checks.parse(tree.text(f"media/hls/{rendition}/playlist.m3u8"))
    inits = [tree.read(f"media/hls/{rendition}/{one}") for one in playlist.maps]
    assert len(inits) == (suffix == "mp4")
    chunks = [tree.read(f"media/hls/{rendition}/{file}") for file in playlist.files]
    return b"".join(inits), chunks


def units(init: bytes, chunks: list[bytes]) -> list:
    demuxer = Fragments(init) if init else TransportStream()
    found = [unit for chunk in chunks for unit in demuxer.feed(chunk)]
    return [*found, *demuxer.end()]


@pytest.fixture(scope="module")
def plain(disk):
    """A configuration of the server with its buckets on disk."""
    return configure(disk.ivs, "plain")


@pytest.mark.parametrize("container", CONTAINERS)
def test_timed_metadata_are_kept_with_their_pictures(disk, plain, films, container):
    channel = recorded_channel(disk.ivs, plain, containerFormat=container)
    # One in the first segment, one for the picture that begins another, one in the last chunk.
    wanted = {22: "kick-off", 60: '{"goal": "Füße 🎈"}', 180: "x" * 1024}
    disk.send_with_texts(channel, films(SHORT), wanted)
    init, chunks = media(disk.tree(channel), "180p15", CONTAINERS[container])
    found = units(init, chunks)
    pictures = sorted(unit.at for unit in found if unit.kind == PICTURE)
    assert len(pictures) == SHORT.pictures
    told = [(unit.at, unit.data) for unit in found if unit.kind == TAG]
    if init:
        # Those that tell their time on the stream's own clock; the others count from a segment that is a chunk now.
        told = [(event.at, event.message) for chunk in chunks for event in emsg.events(chunk) if event.at is not None]
    told = [(at, emsg.private_frame(tag).data.decode()) for at, tag in told if not emsg.is_text(tag)]
    assert [text for _, text in told] == list(wanted.values())
    for number, (at, _) in zip(wanted, told):
        assert abs(at - pictures[number]) < 0.001, f"picture {number}: {at}, not {pictures[number]}"


@pytest.mark.parametrize("container", CONTAINERS)
def test_captions_are_kept(disk, plain, films, container, tmp_path):
    film = Film(size="320x180", fps=30, seconds=11, b_frames=2, kbps=150, rate=22_050)
    file = ladder_captions.caption(films(film), film.fps, film.seconds)
    channel = recorded_channel(disk.ivs, plain, containerFormat=container)
    push = disk.push(file, disk.url(channel), speed=4)
    assert push.ended() == 0, push.log()
    found = units(*media(disk.tree(channel), "180p30", CONTAINERS[container]))
    shown = ((unit.at, unit.data) for unit in found if unit.kind == PICTURE)
    pairs = [pair.data for pair in ladder_captions.read(shown) if pair.field == ladder_captions.FIELD_1]
    wanted = ladder_captions.pairs(film.seconds)
    nothing = ladder_captions.NOTHING
    assert [pair for pair in pairs if pair != nothing] == [pair for pair in wanted if pair != nothing]


@pytest.mark.parametrize("container", CONTAINERS)
def test_a_stream_without_sound_in_portrait_is_recorded(disk, plain, films, container, tmp_path):
    channel = recorded_channel(disk.ivs, plain, containerFormat=container)
    push = disk.push(films(PORTRAIT), disk.url(channel), options=["-an"])
    assert push.ended() == 0, push.log()
    suffix, tree = CONTAINERS[container], disk.tree(channel)
    (rendition,) = (one["path"] for one in tree.json(checks.ENDED)["media"]["hls"]["renditions"])
    found = checks.check(tree, channel.arn, {rendition: (180, 320)}, tmp_path, suffix=suffix)
    (one,) = found.renditions
    assert [entry.ms for entry in one.whole.entries] == [10_000, 3_000]
    assert {entry.ms for entry in one.ranges.entries} == {1_000}, "one for each keyframe"
    assert sum(one.pictures.values()) == PORTRAIT.pictures
    codecs = checks.variants(tree.text("media/hls/master.m3u8"))[0].stream["CODECS"]
    assert "mp4a" not in codecs


def test_what_is_shorter_than_a_chunk_is_recorded_to_its_last_picture(disk, plain, films, tmp_path):
    film = replace(LONG, seconds=5)
    channel = recorded_channel(disk.ivs, plain, containerFormat="TS")
    push = disk.push(films(film), disk.url(channel))
    assert push.ended() == 0, push.log()
    found = checks.check(disk.tree(channel), channel.arn, {"180p15": (320, 180)}, tmp_path)
    assert sum(found.renditions[0].pictures.values()) == film.pictures
    assert found.ms == film.seconds * 1000


def test_a_channel_that_is_not_recorded_leaves_nothing(disk, plain, films):
    channels = [recorded_channel(disk.ivs, ""), recorded_channel(disk.ivs, plain)]
    # The second brings nothing that could be recorded.
    leave(disk.send(channels[1], []))
    push = disk.push(films(replace(LONG, seconds=5)), disk.url(channels[0]))
    assert push.ended() == 0, push.log()
    for channel in channels:
        wait_until(lambda c=channel: "Session Ended" in map(name, disk.events.of(c)), "the stream's end")
        assert disk.events.recordings(channel) == []
        every = disk.buckets.keys("plain")
        assert [key for key in every if f"/{channel.id}/" in key] == []
