"""A machine with room for next to nothing: streams that are refused, and streams that get less.

Promise: what a broadcaster, the API, the metrics and the log say of it is the same story.
"""

import json
import re
import urllib.request

import pytest

from harness import aws
from harness.encoder import Recipe
from harness.receiver import section
from harness.viewer import on_air
from harness.waiting import wait_until

pytestmark = pytest.mark.alone

CLIP = Recipe(seconds=6, kbps=300)
REASON = "Transcode capacity exceeded. Please try again."
#: A million coded pixels a second: less than the smallest rendition of the clip.
FULL = ("--transcoding", "on", "--transcode-capacity", "1", "--metrics", "127.0.0.1:0")


def metric(server, series: str) -> float:
    with urllib.request.urlopen(f"http://{server.bound['metrics']}/metrics") as page:
        return float(re.search(rf"^{re.escape(series)} (\S+)$", page.read().decode(), re.MULTILINE)[1])


@pytest.fixture(scope="module")
def events(tmp_path_factory):
    return tmp_path_factory.mktemp("events") / "events.jsonl"


@pytest.fixture(scope="module")
def strict(start_server, events):
    sinks = events.with_name("sinks.toml")
    sinks.write_text(section("disk", "file", path=str(events)))
    return start_server(*FULL, "--transcode-when-full", "refuse", "--event-sinks", str(sinks))


def test_a_stream_that_there_is_no_room_for_is_refused_in_the_documented_words(strict, events, publish, clip):
    ivs = aws.client(strict)
    channel = aws.make_channel(ivs, type="STANDARD")
    encoder = publish(clip(CLIP), strict.rtmp_url(channel.key), loop=True)
    assert encoder.ended() != 0

    def session():
        found = ivs.get_stream_session(channelArn=channel.arn)["streamSession"]
        return "endTime" in found and found

    over = wait_until(session, "the session is over")
    names = [event["name"] for event in over["truncatedEvents"]]
    # Newest first; two of the same moment come in either order.
    assert sorted(names) == ["Session Created", "Session Ended", "Stream Failure"] and "Created" in names[-1]
    [summary] = ivs.list_stream_sessions(channelArn=channel.arn)["streamSessions"]
    assert summary["hasErrorEvent"] is True
    assert on_air(channel.playback) is None
    assert metric(strict, 'rillcast_transcode_short_total{outcome="refused"}') == 1
    assert metric(strict, "rillcast_transcode_capacity_pixels_per_second") == 1e6
    assert REASON in strict.log() and "stream refused: no room for its ladder" in strict.log()

    def failure():
        told = [json.loads(line) for line in events.read_text().splitlines()] if events.exists() else []
        return next((event for event in told if event["detail"]["event_name"] == "Stream Failure"), None)

    event = wait_until(failure, "the event is told")
    assert event["resources"] == [channel.arn]
    assert event["detail"]["reason"] == REASON


def test_a_channel_that_is_passed_through_needs_no_room(strict, publish, clip):
    ivs = aws.client(strict)
    channel = aws.make_channel(ivs, type="BASIC")
    publish(clip(CLIP), strict.rtmp_url(channel.key), loop=True)
    wait_until(lambda: on_air(channel.playback), "it can be watched")


def test_a_stream_gets_as_much_of_its_ladder_as_there_is_room_for(start_server, publish, clip):
    server = start_server(*FULL)
    ivs = aws.client(server)
    channel = aws.make_channel(ivs, type="STANDARD")
    publish(clip(CLIP), server.rtmp_url(channel.key), loop=True)
    wait_until(lambda: on_air(channel.playback), "it can be watched as it came")
    wait_until(lambda: ivs.list_streams()["streams"], "it is live")
    assert "no room for the whole ladder" in server.log()
    assert metric(server, 'rillcast_transcode_short_total{outcome="degraded"}') == 1
    assert metric(server, "rillcast_transcode_workers") == 0
