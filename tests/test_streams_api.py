"""Streams and their sessions as AWS's SDK reads them: live, over, and with their channel gone.

Promise: every answer is read by botocore against the vendor's model; what is said of a stream is compared with what
its encoder sent.
"""

import datetime
import re
import time

import pytest

from harness import aws, rtmp
from harness.aws import refused
from harness.burst import Burst
from harness.encoder import Recipe
from harness.ledger import IVS
from harness.nats import Nats
from harness.server import ACCOUNT, REGION
from harness.viewer import Viewer, on_air
from harness.waiting import wait_until

CLIP = Recipe(seconds=6, kbps=300)
STATE, LIMIT = "IVS Stream State Change", "IVS Limit Breach"
#: Calls a second of PutMetadata, of a channel and of an account ("Service quotas").
PER_CHANNEL, PER_ACCOUNT = 5, 155


def start(ivs, publish, clip, server, *, recipe: Recipe = CLIP, loop: bool = True, **options):
    """A channel whose stream can be watched, and its encoder."""
    channel = aws.make_channel(ivs, **options)
    encoder = publish(clip(recipe), server.rtmp_url(channel.key), loop=loop)
    wait_until(lambda: live(ivs, channel.arn), "the stream is live")
    # That it can be watched is seen at once, and written a moment later.
    wait_until(lambda: "Stream Start" in names(session(ivs, channel.arn)), "its start is written")
    return channel, encoder


def live(ivs, arn: str):
    return next((stream for stream in ivs.list_streams()["streams"] if stream["channelArn"] == arn), None)


def session(ivs, arn: str, **stream):
    return ivs.get_stream_session(channelArn=arn, **stream)["streamSession"]


def ended(ivs, arn: str):
    """The newest session, once it is over."""
    return wait_until(lambda: (found := session(ivs, arn)) and "endTime" in found and found, "the session is over")


def names(found) -> list[str]:
    return [event["name"] for event in found["truncatedEvents"]]


@pytest.fixture(scope="module")
def on(ivs, publish, clip, server):
    """A stream that several tests only look at."""
    return start(ivs, publish, clip, server, name="looked-at")[0]


# Live


def test_a_live_stream_is_told_alike_by_each_operation(ivs, on):
    stream = ivs.get_stream(channelArn=on.arn)["stream"]
    assert stream["state"] == "LIVE" and stream["channelArn"] == on.arn and stream["playbackUrl"] == on.playback
    assert stream["viewerCount"] == 0 and re.fullmatch("st-[A-Za-z0-9]{23}", stream["streamId"])
    listed = live(ivs, on.arn)
    same = ["channelArn", "state", "startTime", "streamId", "viewerCount"]
    assert {name: listed[name] for name in same} == {name: stream[name] for name in same}
    [summary] = ivs.list_stream_sessions(channelArn=on.arn)["streamSessions"]
    assert summary == {"hasErrorEvent": False, "startTime": stream["startTime"], "streamId": stream["streamId"]}
    found = session(ivs, on.arn)
    assert (found["streamId"], found["startTime"]) == (stream["streamId"], stream["startTime"])
    assert "endTime" not in found
    assert session(ivs, on.arn, streamId=stream["streamId"])["startTime"] == stream["startTime"]


def test_a_session_says_what_the_encoder_sends(ivs, on):
    found = session(ivs, on.arn)
    told, all_told = found["ingestConfiguration"], found["ingestConfigurations"]
    [audio], [video] = all_told["audioConfigurations"], all_told["videoConfigurations"]
    assert told["audio"] == audio
    assert (audio["codec"], audio["channels"], audio["sampleRate"]) == ("mp4a.40.2", 2, 48_000)
    assert (video["videoWidth"], video["videoHeight"], video["targetFramerate"]) == (320, 180, 30)
    assert (audio["track"], video["track"]) == ("Track0", "Track0")
    assert re.fullmatch("avc1[.][0-9A-F]{6}", video["codec"])
    # ffmpeg announces both by onMetaData, in kilobits, and its own name.
    assert video["targetBitrate"] > 0 and audio["targetBitrate"] > 0 and "Lavf" in video["encoder"]
    assert (video["avcLevel"], video["avcProfile"]) == ("", "")
    old = told["video"]
    assert (old["avcLevel"], old["avcProfile"]) == (video["level"], video["profile"])
    assert {name: old[name] for name in old.keys() - {"avcLevel", "avcProfile"}} == {
        name: video[name] for name in video.keys() - {"avcLevel", "avcProfile"}
    }


def test_a_session_keeps_the_channel_and_its_first_events(ivs, on):
    found = session(ivs, on.arn)
    channel = ivs.get_channel(arn=on.arn)["channel"]
    assert found["channel"] == channel
    started, created = found["truncatedEvents"]
    assert (created["name"], created["type"]) == ("Session Created", STATE)
    assert (started["name"], started["type"]) == ("Stream Start", STATE)
    assert created["eventTime"] <= started["eventTime"] == found["startTime"]
    assert "code" not in created


def test_the_filter_by_health_takes_each_stream_once(ivs, on):
    def streams(**filters):
        return {stream["channelArn"] for stream in ivs.list_streams(**filters)["streams"]}

    healthy = {"filterBy": {"health": "HEALTHY"}}
    wait_until(lambda: on.arn in streams(**healthy), "the stream is healthy")
    assert ivs.get_stream(channelArn=on.arn)["stream"]["health"] == "HEALTHY"
    assert on.arn in streams()
    assert on.arn not in streams(filterBy={"health": "STARVING"}) | streams(filterBy={"health": "UNKNOWN"})


def test_a_live_channel_stays_as_it_is(ivs, on):
    for change in (lambda: ivs.delete_channel(arn=on.arn), lambda: ivs.update_channel(arn=on.arn, name="other")):
        with refused("ConflictException", 409, on.arn):
            change()
    assert ivs.get_channel(arn=on.arn)["channel"]["name"] == "looked-at"


def test_another_account_learns_nothing_of_a_stream(server, on):
    stranger = aws.client(server, server.add_key("--account", "999999999999"))
    assert stranger.list_streams()["streams"] == []
    for ask in (stranger.get_stream, stranger.get_stream_session, stranger.list_stream_sessions, stranger.stop_stream):
        with refused("ResourceNotFoundException", 404, on.arn):
            ask(channelArn=on.arn)


# Over


def test_stop_stream_ends_the_session_at_once_and_it_is_kept_when_the_channel_is_gone(ivs, publish, clip, server):
    channel, encoder = start(ivs, publish, clip, server, name="to-be-deleted")
    before = session(ivs, channel.arn)
    assert ivs.stop_stream(channelArn=channel.arn)["ResponseMetadata"]["HTTPStatusCode"] == 200
    encoder.ended()
    encoder.kill()
    over = ended(ivs, channel.arn)
    assert over["endTime"] >= over["startTime"] == before["startTime"]
    assert names(over)[::-1][:2] == ["Session Created", "Stream Start"]
    assert sorted(names(over)[:2]) == ["Session Ended", "Stream End"]
    with refused("ChannelNotBroadcasting", 404):
        ivs.get_stream(channelArn=channel.arn)
    wait_until(lambda: on_air(channel.playback) is None, "nothing can be watched")
    [summary] = ivs.list_stream_sessions(channelArn=channel.arn)["streamSessions"]
    assert summary["endTime"] == over["endTime"] and summary["hasErrorEvent"] is False

    ivs.delete_channel(arn=channel.arn)
    with refused("ResourceNotFoundException", 404):
        ivs.get_channel(arn=channel.arn)
    with refused("ResourceNotFoundException", 404):
        ivs.get_stream(channelArn=channel.arn)
    assert session(ivs, channel.arn) == over
    assert ivs.list_stream_sessions(channelArn=channel.arn)["streamSessions"] == [summary]
    with refused("ResourceNotFoundException", 404, channel.arn):
        session(ivs, channel.arn, streamId="st-" + "A" * 23)


def test_sessions_are_paged_newest_first(ivs, publish, clip, server):
    channel = aws.make_channel(ivs)
    ids = []
    for _ in range(3):
        encoder = publish(clip(CLIP), server.rtmp_url(channel.key), loop=True)
        wait_until(lambda: live(ivs, channel.arn), "the stream is live")
        ids.insert(0, session(ivs, channel.arn)["streamId"])
        encoder.stop()
        assert ended(ivs, channel.arn)["streamId"] == ids[0]
    assert len(set(ids)) == 3
    seen, token = [], {}
    while True:
        page = ivs.list_stream_sessions(channelArn=channel.arn, maxResults=1, **token)
        seen += [summary["streamId"] for summary in page["streamSessions"]]
        if "nextToken" not in page:
            break
        token = {"nextToken": page["nextToken"]}
    assert seen == ids
    other = aws.make_channel(ivs)
    first = ivs.list_stream_sessions(channelArn=channel.arn, maxResults=1)["nextToken"]
    with refused("ValidationException", 400, "nextToken"):
        ivs.list_stream_sessions(channelArn=other.arn, nextToken=first)
    for stream_id in ids:
        assert session(ivs, channel.arn, streamId=stream_id)["streamId"] == stream_id


def test_a_session_with_an_error_event_says_so(start_server, publish, clip):
    strict = start_server("--quota-ingest-edge", "200")
    ivs = aws.client(strict)
    channel = aws.make_channel(ivs)
    encoder = publish(clip(CLIP), strict.rtmp_url(channel.key))
    encoder.ended()
    over = ended(ivs, channel.arn)
    [summary] = ivs.list_stream_sessions(channelArn=channel.arn)["streamSessions"]
    assert summary["hasErrorEvent"] is True
    [breach] = [event for event in over["truncatedEvents"] if event["type"] == LIMIT]
    assert breach["name"] == "Ingest Resolution"
    with refused("ChannelNotBroadcasting", 404):
        ivs.get_stream(channelArn=channel.arn)


def test_a_channel_that_never_was_on_air_has_no_session(ivs):
    channel = aws.make_channel(ivs)
    with refused("ResourceNotFoundException", 404, channel.arn):
        session(ivs, channel.arn)
    assert ivs.list_stream_sessions(channelArn=channel.arn)["streamSessions"] == []
    nobodys = f"arn:aws:ivs:{REGION}:{ACCOUNT}:channel/abcdABCD0123"
    with refused("ResourceNotFoundException", 404, nobodys):
        ivs.list_stream_sessions(channelArn=nobodys)


def test_sessions_outlive_a_restart(start_server, publish, clip):
    server = start_server()
    ivs = aws.client(server)
    channel, _ = start(ivs, publish, clip, server)
    before = session(ivs, channel.arn)
    server.terminate()
    assert server.ended(30) == 0
    server.start()
    ivs = aws.client(server)
    after = session(ivs, channel.arn)
    assert (after["streamId"], after["startTime"]) == (before["streamId"], before["startTime"])
    assert after["endTime"] - after["startTime"] < datetime.timedelta(minutes=2)
    assert sorted(names(after)[:2]) == ["Session Ended", "Stream End"]


# Two servers


@pytest.fixture(scope="module")
def nats():
    server = Nats()
    try:
        yield server.start()
    finally:
        server.remove()


def two(start_server, postgres, **links) -> list:
    """Servers on one database."""
    links = {"RILLCAST_DATABASE": postgres.database()} | links
    return [start_server("--public-url", "http://video.example.com", env=links) for _ in range(2)]


def both_clients(servers) -> list:
    key = servers[0].root_key()
    return [aws.client(server, key) for server in servers]


def test_a_stream_of_one_server_is_seen_and_stopped_through_another(start_server, postgres, nats, publish, clip):
    servers = two(start_server, postgres, RILLCAST_NATS=nats.url)
    here, there = both_clients(servers)
    channel = aws.make_channel(there)
    encoder = publish(clip(CLIP), servers[0].rtmp_url(channel.key), loop=True)
    theirs = wait_until(lambda: live(there, channel.arn), "the other server sees it")
    mine = live(here, channel.arn)
    # Who watches is known to the server that they watch at.
    assert (mine["viewerCount"], theirs["viewerCount"]) == (0, -1)
    same = ["channelArn", "state", "startTime", "streamId"]
    assert [mine[name] for name in same] == [theirs[name] for name in same]
    assert there.get_stream(channelArn=channel.arn)["stream"]["streamId"] == mine["streamId"]
    assert session(there, channel.arn) == session(here, channel.arn)
    for change in (lambda: there.delete_channel(arn=channel.arn), lambda: there.update_channel(arn=channel.arn)):
        with refused("ConflictException", 409, channel.arn):
            change()

    local = f"{servers[0].url}/api/video/v1/{REGION}.{ACCOUNT}.channel.{channel.id}.m3u8"
    viewer = Viewer(local)
    viewer.open()
    there.put_metadata(channelArn=channel.arn, metadata="told over there")
    told = b"told over there"
    viewer.follow(until=lambda seen: any(told in body for _, body in seen.pieces.values()))

    there.stop_stream(channelArn=channel.arn)
    assert "endTime" in session(there, channel.arn), "an answer says that it is over"
    encoder.ended()
    with refused("ChannelNotBroadcasting", 404):
        there.stop_stream(channelArn=channel.arn)
    assert live(there, channel.arn) is None


def test_without_a_bus_a_stream_of_another_server_is_unavailable(start_server, postgres, publish, clip):
    servers = two(start_server, postgres)
    here, there = both_clients(servers)
    channel = aws.make_channel(here)
    encoder = publish(clip(CLIP), servers[0].rtmp_url(channel.key), loop=True)
    wait_until(lambda: live(there, channel.arn), "the other server sees it")
    for ask in (there.stop_stream, lambda **values: there.put_metadata(metadata="x", **values)):
        with refused("StreamUnavailable", 503, channel.arn):
            ask(channelArn=channel.arn)
    assert encoder.running()
    here.stop_stream(channelArn=channel.arn)


# PutMetadata


@pytest.fixture(scope="module")
def announced(start_server):
    """The vendor's own rates, and more channels with an encoder than the account's rate has seconds' worths of one
    channel's. Their encoders were let in and have sent nothing yet, which is enough to be on air."""
    server = start_server("--limits", "aws", "--rate-streams", "1000", "--rate-channels", "1000")
    ivs = aws.client(server)
    channels = [aws.make_channel(ivs) for _ in range(2 * PER_ACCOUNT // PER_CHANNEL)]
    encoders = [rtmp.Publisher(server.bound["rtmp"]) for _ in channels]
    for channel, encoder in zip(channels, encoders, strict=True):
        encoder.connect()
        assert encoder.publish(channel.key)["code"] == "NetStream.Publish.Start"
    yield server, channels
    for encoder in encoders:
        encoder.close()


def put(channel) -> dict[str, str]:
    return {"channelArn": channel.arn, "metadata": "m"}


def test_the_sixth_metadata_of_a_second_is_throttled(announced):
    server, channels = announced
    connection = Burst(server, server.root_key())

    def at_once():
        replies, seconds = connection.send(IVS.operations["PutMetadata"], put(channels[0]), PER_CHANNEL + 1)
        # Within less time than a single call comes back in, and with all of them come back before.
        return replies if seconds < 1 / PER_CHANNEL else time.sleep(1.1)

    *fine, sixth = wait_until(at_once, "six calls within a fifth of a second")
    connection.close()
    assert [reply.status for reply in fine] == [204] * PER_CHANNEL
    assert (sixth.status, sixth.error_type) == (429, "ThrottlingException")
    assert channels[0].arn in sixth.json()["message"]


def test_an_account_has_its_rate_of_metadata_over_all_channels(announced):
    server, channels = announced
    connection = Burst(server, server.root_key())
    # What earlier calls took is back.
    time.sleep(1.1)
    statuses, begun = [], time.monotonic()
    for channel in channels:
        replies, _ = connection.send(IVS.operations["PutMetadata"], put(channel), PER_CHANNEL)
        statuses += [reply.status for reply in replies]
    took = time.monotonic() - begun
    connection.close()
    assert statuses[:PER_ACCOUNT] == [204] * PER_ACCOUNT, "a second's worth may come at once"
    assert set(statuses) == {204, 429}, f"{len(statuses)} calls in {took:.1f} s"
    assert statuses.count(204) <= PER_ACCOUNT * (1 + took) + 1
