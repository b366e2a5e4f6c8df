"""How many watch: players of three kinds before the real server, and the count that its API gives.

Promise: the count is exact while nobody comes or goes, and falls to those who stayed; how long that takes is
told, and bounded only by what the service itself promises.
"""

import json
import subprocess
import threading
import time
from contextlib import contextmanager

import pytest
from botocore.exceptions import ClientError

from harness import aws, browser
from harness.aws import make_channel
from harness.encoder import Recipe
from harness.viewer import Background, Viewer, on_air
from harness.waiting import wait_until
from harness.web import fetch

RECIPE = Recipe(seconds=20, gop_seconds=1)
#: The service: a view is there within about 15 seconds of its start, and gone within about a minute of its end.
LEAVING = 60


@pytest.fixture(scope="module")
def stage(server, ivs, clip, publish):
    """Channels on air, so many that no test waits for another's viewers to go."""
    channels = [make_channel(ivs, name=name) for name in ("one", "two", "looked-at", "listed")]
    for channel in channels:
        publish(clip(RECIPE), server.rtmp_url(channel.key), loop=True)
    for channel in channels:
        wait_until(lambda channel=channel: on_air(channel.playback), "the channel on air")
    return channels


@pytest.fixture(scope="module")
def count(ivs):
    """What GetStream says of a channel's viewers."""
    return lambda channel: ivs.get_stream(channelArn=channel.arn)["stream"]["viewerCount"]


@contextmanager
def playing(channel, viewers: int):
    """So many scripted players, each on a thread of its own."""
    leave = threading.Event()
    players = [Viewer(channel.playback) for _ in range(viewers)]
    work = [Background(player.follow, lambda _: leave.is_set()) for player in players]
    try:
        for player in players:
            assert player.started.wait(40)
        yield players
    finally:
        leave.set()
        for one in work:
            one.result()


@contextmanager
def ffmpeg(url: str):
    """ffmpeg as a player that shows nothing."""
    command = ["ffmpeg", "-nostdin", "-v", "error", "-i", url, "-c", "copy", "-f", "null", "-"]
    player = subprocess.Popen(command, stdin=subprocess.DEVNULL, stderr=subprocess.PIPE)
    try:
        yield player
        assert player.poll() is None, player.stderr.read()
    finally:
        player.kill()
        player.wait()
        player.stderr.close()


def steady(read, wanted: int, looks: int = 5) -> None:
    """The count gets there and stays."""
    wait_until(lambda: read() == wanted, f"{wanted} viewers; it is {read()}")
    seen = []
    while len(seen) < looks:
        seen.append(read())
        time.sleep(0.3)
    assert seen == [wanted] * looks


def test_every_kind_of_player_is_one_viewer_and_channels_count_apart(server, stage, count, report):
    one, two, *_ = stage
    steady(lambda: count(one), 0, looks=3)
    with (
        playing(two, 2),
        browser.watching(f"{server.url}/watch/{one.id}") as tab,
        ffmpeg(one.playback),
        playing(one, 3),
    ):
        tab.wait("document.querySelector('#state').dataset.state === 'live'")
        tab.wait_for_progress(2)
        steady(lambda: count(one), 5)
        steady(lambda: count(two), 2, looks=3)
        own = {url.partition("?")[0] for url in tab.asked if "/source/index.m3u8" in url}
        assert len(own) == 1, "hls.js keeps the pass in each reload"
        [own_pass] = [url.split("/")[-3] for url in own]
        files = [url for url in tab.asked if "/source/" in url and "index.m3u8" not in url]
        assert files and not any(own_pass in url for url in files), "media have one URL for all"
        assert tab.errors == []
    left = time.monotonic()
    with playing(two, 1):
        wait_until(lambda: count(one) == 0 and count(two) == 1, "only who stays", LEAVING, every=0.2)
        report(f"viewers were gone {time.monotonic() - left:.1f} s after they left")
        steady(lambda: count(two), 1)


def test_looking_in_is_not_watching_and_nobody_watches_without_a_pass(stage, count):
    _, _, channel, _ = stage
    for _ in range(5):
        media = Viewer(channel.playback).open().url
    assert count(channel) == 0
    stream, own_pass, below = media.rsplit("/", 3)[0], media.split("/")[-3], "source/index.m3u8"
    for other in (
        f"{stream}/{below}",
        f"{stream}/AAAAAAAAAAAAAAAAAAAAAA/{below}",
        f"{stream}/{own_pass[::-1]}/{below}",
    ):
        assert fetch(other).status == 403, other
    assert fetch(media, "HEAD").status == 200
    assert count(channel) == 0
    for headers in ({}, {"User-Agent": "another program"}):
        assert fetch(media, headers=headers).status == 200
        assert count(channel) == 1, "a pass is one viewer, whoever shows it"


def test_list_streams_tells_the_same_count(ivs, stage, count):
    *_, channel = stage
    with playing(channel, 2):
        steady(lambda: count(channel), 2, looks=2)
        listed = {stream["channelArn"]: stream["viewerCount"] for stream in ivs.list_streams()["streams"]}
        assert listed[channel.arn] == 2


def test_a_private_channel_lets_nobody_in_and_counts_nobody(server, ivs, clip, publish, count):
    channel = make_channel(ivs, name="private", authorized=True)
    publish(clip(RECIPE), server.rtmp_url(channel.key), loop=True)

    def live() -> bool:
        try:
            return count(channel) >= 0
        except ClientError:
            return False

    wait_until(live, "the private channel on air")
    assert fetch(channel.playback).status == 403
    assert count(channel) == 0


@pytest.mark.parametrize(
    "flag, of_channel", [("--quota-viewers", False), ("--quota-viewers-per-channel", True)], ids=["account", "channel"]
)
def test_viewers_beyond_a_quota_are_refused_and_it_is_told(start_server, tmp_path, clip, publish, flag, of_channel):
    journal, sinks = tmp_path / "events.jsonl", tmp_path / "sinks.toml"
    sinks.write_text(f'[[sink]]\nname = "journal"\nkind = "file"\npath = "{journal}"\n')
    server = start_server(flag, "2", "--event-sinks", str(sinks))
    ivs = aws.client(server)
    channel = make_channel(ivs, name="crowded")
    publish(clip(RECIPE), server.rtmp_url(channel.key), loop=True)
    wait_until(lambda: on_air(channel.playback), "the channel on air")
    with playing(channel, 2) as players:
        refused = fetch(channel.playback)
        assert refused.status == 429
        [body] = refused.json()
        assert body["type"] == "error" and body["error_code"] == "too_many_viewers"
        assert all(fetch(player.recording.url).status == 200 for player in players), "those who are in stay in"
        assert ivs.get_stream(channelArn=channel.arn)["stream"]["viewerCount"] == 2

        def breaches() -> list[dict]:
            lines = journal.read_text().splitlines() if journal.exists() else []
            events = [json.loads(line) for line in lines]
            return [event for event in events if event["detail-type"] == "IVS Limit Breach"]

        [breach] = wait_until(breaches, "the event")
        assert breach["source"] == "aws.ivs"
        assert breach["resources"] == ([channel.arn] if of_channel else [])
        stream = {"channel_name", "stream_id"}
        assert {key: value for key, value in breach["detail"].items() if key not in stream} == {
            "limit_name": "Concurrent Viewers",
            "limit_value": 2,
            "exceeded_by": 1,
            "limit_unit": "viewers",
        }
