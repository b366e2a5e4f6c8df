"""What is measured of streams: told while they are live, kept with their sessions, for who may read it.

Promise: one stream is sent, held up and goes on, its server is killed with it, and another stream follows; what was
measured is held against what was sent.
"""

import json
import signal
import statistics
import threading
import time
from dataclasses import dataclass, field
from typing import Any
from urllib.parse import quote, urlencode

import pytest

from harness import aws
from harness.encoder import Recipe, tags
from harness.server import ACCOUNT, Key, Server
from harness.viewer import Background, Viewer
from harness.waiting import wait_until

SHOW = Recipe(seconds=8, kbps=800, gop_seconds=2.0)
EVERY_MS = 5_000
HOUR = 3_600_000


def ask(server: Server, path: str, key: Key | None = None, **query: Any):
    target = f"/rillcast/v1/{path}?{urlencode(query, quote_via=quote)}"
    return aws.send(aws.signed(server, target, b"", method="GET", key=key))


def told(server: Server, path: str, **query: Any) -> dict[str, Any]:
    answer = ask(server, path, **query)
    assert answer.status == 200, answer.text
    samples = answer.json()
    lists = [value for value in samples.values() if isinstance(value, list) and value is not samples["sessions"]]
    assert len({len(values) for values in lists}) == 1, "all lists are of the same length"
    assert samples["times"] == sorted(set(samples["times"]))
    return samples


@dataclass
class Story:
    server: Server
    arn: str
    streams: list[str] = field(default_factory=list)
    #: As it was just before the kill, in milliseconds since 1970.
    killed: float = 0
    before: dict[str, Any] = field(default_factory=dict)

    def of(self, stream: str, **query: Any) -> dict[str, Any]:
        return told(self.server, f"streams/{stream}/samples", arn=self.arn, **query)


def on_air(ivs, arn: str, health: str) -> str | None:
    try:
        stream = ivs.get_stream(channelArn=arn)["stream"]
    except ivs.exceptions.ChannelNotBroadcasting:
        return None
    return stream["streamId"] if stream["health"] == health else None


@pytest.fixture(scope="module")
def story(start_server, clip, publish) -> Story:
    """A stream that starves and recovers, a server that dies, another stream."""
    server = start_server()
    ivs = aws.client(server)
    made = ivs.create_channel(insecureIngest=True, name="show")
    arn, key = made["channel"]["arn"], made["streamKey"]["value"]
    story = Story(server, arn)
    encoder = publish(clip(SHOW), server.rtmp_url(key), loop=True)
    stream = wait_until(lambda: on_air(ivs, arn, "HEALTHY"), "a healthy stream")
    story.streams.append(stream)
    leave = threading.Event()
    viewer = Background(Viewer(made["channel"]["playbackUrl"]).follow, lambda _: leave.is_set())
    wait_until(lambda: 1 in story.of(stream)["viewers"][:-1], "a viewer among what is kept")
    leave.set()
    viewer.result()
    wait_until(lambda: len(story.of(stream)["times"]) >= 4, "some samples")
    encoder.freeze()
    wait_until(lambda: on_air(ivs, arn, "STARVING"), "starvation")
    encoder.process.send_signal(signal.SIGCONT)
    wait_until(lambda: on_air(ivs, arn, "HEALTHY"), "recovery")

    def settled() -> dict[str, Any] | None:
        samples = story.of(stream)
        well = samples["health"][-3:] == ["HEALTHY"] * 3
        return samples if well and "STARVING" in samples["health"] else None

    story.before = wait_until(settled, "samples of both")
    server.process.kill()
    story.killed = time.time() * 1000
    server.ended(10)
    encoder.kill()
    server.start()
    publish(clip(SHOW), server.rtmp_url(key), loop=True)
    ivs = aws.client(server)
    story.streams.append(wait_until(lambda: on_air(ivs, arn, "HEALTHY"), "another stream"))
    wait_until(lambda: story.of(story.streams[1])["times"], "samples of it")
    return story


def test_what_is_told_of_a_live_stream_is_what_the_encoder_sends(story, clip):
    samples = story.before
    assert samples["step"] == EVERY_MS
    film = tags(clip(SHOW))
    bits = sum(len(tag.body) for tag in film if tag.kind == 9) * 8 / SHOW.seconds
    well = [at for at, health in enumerate(samples["health"]) if health == "HEALTHY"]
    middle = lambda name: statistics.median(samples[name][at] for at in well)  # noqa: E731
    assert middle("videoBitrate") == pytest.approx(bits, rel=0.25)
    assert middle("audioBitrate") == pytest.approx(64_000, rel=0.4)
    assert middle("bitrate") >= middle("videoBitrate") + 0.8 * middle("audioBitrate")
    assert middle("frameRate") == pytest.approx(SHOW.fps, rel=0.1)
    assert middle("keyframeInterval") == pytest.approx(SHOW.gop_seconds, rel=0.05)
    for low, mean, high in (("bitrateLow", "bitrate", "bitrateHigh"), ("frameRateLow", "frameRate", "frameRateHigh")):
        assert all(a <= b <= c for a, b, c in zip(samples[low], samples[mean], samples[high], strict=True))
    # Samples come every five seconds; what is told now is newer than the last of them.
    steps = [b - a for a, b in zip(samples["times"], samples["times"][1:], strict=False)][:-1]
    assert steps and statistics.median(steps) == pytest.approx(EVERY_MS, rel=0.3)
    assert samples["to"] - samples["times"][-1] < 1_000


def test_a_pause_shows_from_far_away_too(story):
    starved = [at for at, health in enumerate(story.before["health"]) if health == "STARVING"]
    assert starved
    assert min(story.before["frameRateLow"][at] for at in starved) < SHOW.fps / 2
    far = story.of(story.streams[0], points=1)
    assert len(far["times"]) == 1 and far["step"] > EVERY_MS
    assert far["health"] == ["STARVING"] and far["frameRateLow"][0] < SHOW.fps / 2 < far["frameRateHigh"][0]
    assert far["viewers"][0] >= 1


def test_a_server_that_is_killed_loses_the_last_seconds_at_most(story):
    kept = story.of(story.streams[0])
    # What was told last before the kill was of the very moment, and is kept with its five seconds' sample.
    lost = [time for time in story.before["times"][:-1] if time not in kept["times"]]
    assert all(time > story.killed - 2 * EVERY_MS for time in lost), (lost, story.killed)
    assert "STARVING" in kept["health"]
    assert kept["sessions"][0]["to"] == kept["to"] <= story.killed


def test_a_channel_tells_of_all_its_sessions_with_gaps_between(story):
    samples = told(story.server, "channels/samples", arn=story.arn, points=2_000)
    assert [one["streamId"] for one in samples["sessions"]] == story.streams
    first, second = samples["sessions"]
    assert first["to"] < second["from"] and "to" not in second
    of_first = [time for time in samples["times"] if time <= first["to"]]
    of_second = [time for time in samples["times"] if time >= second["from"]]
    assert of_first and of_second and len(of_first) + len(of_second) == len(samples["times"])
    assert samples["to"] - samples["from"] == 24 * HOUR


def test_a_part_is_told_alone(story):
    whole = story.of(story.streams[0])["times"]
    part = story.of(story.streams[0], **{"from": whole[1], "to": whole[2]})
    assert (part["times"], part["from"], part["to"]) == (whole[1:3], whole[1], whole[2])
    nothing = told(story.server, "channels/samples", arn=story.arn, **{"from": 0, "to": 5 * HOUR})
    assert (nothing["times"], nothing["sessions"]) == ([], [])


def test_what_is_asked_for_wrongly_is_refused_with_its_name(story):
    paths = [f"streams/{story.streams[0]}/samples", "channels/samples"]
    for path in paths:
        for query, name in [
            ({"points": 2_001}, "points"),
            ({"points": "many"}, "points"),
            ({"from": -1}, "from"),
            ({"to": "now"}, "to"),
            ({"from": 7, "to": 5}, "from"),
            ({"resolution": 5}, "the query"),
        ]:
            answer = ask(story.server, path, arn=story.arn, **query)
            assert (answer.status, answer.json()["__type"]) == (400, "ValidationException"), answer.text
            assert answer.json()["message"].startswith(name), answer.text
    long = ask(story.server, paths[1], arn=story.arn, **{"from": 0, "to": 32 * 24 * HOUR})
    assert long.status == 400 and "31 days" in long.text
    for arn in ["", "no ARN", story.arn.replace(":channel/", ":stream-key/")]:
        answer = ask(story.server, paths[1], arn=arn)
        assert answer.status == 400 and "arn" in answer.json()["message"]
    other = story.streams[0][:-1] + ("a" if story.streams[0][-1] != "a" else "b")
    assert ask(story.server, f"streams/{other}/samples", arn=story.arn).status == 404
    assert ask(story.server, "streams/nothing/samples", arn=story.arn).status == 400


def test_samples_are_for_those_who_may_read_them(story):
    def key(*statements: dict, account: str = ACCOUNT) -> Key:
        file = story.server.folder / "policy.json"
        file.write_text(json.dumps({"Version": "2012-10-17", "Statement": list(statements)}))
        return story.server.add_key("--policy", str(file), "--account", account)

    def allow(action: str, resource: str) -> dict:
        return {"Effect": "Allow", "Action": action, "Resource": resource}

    path = f"streams/{story.streams[0]}/samples"
    reader = key(allow("rillcast:ReadStreamSamples", story.arn))
    assert ask(story.server, path, reader, arn=story.arn).status == 200
    assert ask(story.server, "channels/samples", reader, arn=story.arn).status == 200
    assert ask(story.server, "channels/samples", reader, arn=story.arn[:-1] + "X").status == 403
    stranger = key(allow("ivs:*", "*"))
    refused = ask(story.server, path, stranger, arn=story.arn)
    assert (refused.status, refused.json()["__type"]) == (403, "AccessDeniedException")
    # Who may do everything elsewhere knows nothing of this channel.
    foreigner = key(allow("*", "*"), account="999999999999")
    for one in (path, "channels/samples"):
        assert ask(story.server, one, foreigner, arn=story.arn).status == 404
