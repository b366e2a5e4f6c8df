"""Events from what a broadcaster does to those who want to know: webhooks, EventBridge, NATS and files.

Promise: what arrives is compared with what the API tells of the sessions; a server that is killed is killed by SIGKILL.
"""

import json
import random
import subprocess
import threading
import time
from collections import defaultdict
from pathlib import Path

import pytest
from moto.events.models import EventPattern

from harness import aws
from harness.encoder import Recipe
from harness.listener import Listener
from harness.moto import Destinations
from harness.nats import Nats
from harness.receiver import Receiver, Reply, section
from harness.rtmp import Publisher
from harness.server import ACCOUNT, REGION, ROOT
from harness.waiting import wait_until

STATE = "IVS Stream State Change"


def lines(path: Path) -> list[dict]:
    """The events of a file sink."""
    return [json.loads(line) for line in path.read_text().splitlines()] if path.exists() else []


def connect(server, key: str) -> Publisher:
    """A publisher that was let in; nothing comes from it."""

    def admitted():
        publisher = Publisher(server.bound["rtmp"])
        publisher.connect()
        if publisher.publish(key)["code"] == "NetStream.Publish.Start":
            return publisher
        publisher.close()
        return None

    return wait_until(admitted, "a publisher on air")


def visit(server, channel) -> None:
    """A session without a picture."""
    connect(server, channel.key).close()


def once(events: list[dict]) -> list[dict]:
    """Each event where it came first."""
    return list({event["id"]: event for event in events}.values())


def names(events: list[dict], channel) -> list[tuple[str, str]]:
    """Stream and name of a channel's events, in order."""
    mine = [event for event in once(events) if event["resources"] == [channel.arn]]
    return [(event["detail"]["stream_id"], event["detail"]["event_name"]) for event in mine]


def told(ivs, channel) -> dict[str, list[str]]:
    """What the API tells of each session of a channel: its events' names, oldest first."""
    page = ivs.list_stream_sessions(channelArn=channel.arn, maxResults=100)
    assert "nextToken" not in page
    streams = [session["streamId"] for session in page["streamSessions"]]
    found = {}
    for stream in streams:
        session = ivs.get_stream_session(channelArn=channel.arn, streamId=stream)["streamSession"]
        found[stream] = [event["name"] for event in reversed(session["truncatedEvents"])]
    return found


def all_ended(ivs, channel, count: int) -> dict[str, list[str]] | None:
    sessions = told(ivs, channel)
    over = [events for events in sessions.values() if "Session Ended" in events]
    return sessions if len(over) == len(sessions) == count else None


def of_sessions(found: list[tuple[str, str]]) -> dict[str, list[str]]:
    sessions = defaultdict(list)
    for stream, name in found:
        sessions[stream].append(name)
    return dict(sessions)


# All kinds of sinks at once


@pytest.fixture(scope="module")
def places(tmp_path_factory):
    """Everything that a sink can lead to."""

    class Places:
        folder = tmp_path_factory.mktemp("sinks")
        file = folder / "events.jsonl"
        hook, endings = Receiver().up(), Receiver().up()
        moto = Destinations().up()
        broker = Nats().start()

    places = Places()
    places.listener = Listener(places.broker.url).begin()
    try:
        yield places
    finally:
        places.listener.end()
        places.broker.remove()
        places.moto.down()
        places.hook.down()
        places.endings.down()


@pytest.fixture(scope="module")
def queue(places):
    """A queue of moto's that a rule of its bus leads to; gives what is in it."""
    events, sqs = places.moto.client("events"), places.moto.client("sqs")
    url = sqs.create_queue(QueueName="events")["QueueUrl"]
    arn = sqs.get_queue_attributes(QueueUrl=url, AttributeNames=["QueueArn"])["Attributes"]["QueueArn"]
    events.create_event_bus(Name="video")
    events.put_rule(Name="all", EventBusName="video", EventPattern=json.dumps({"source": ["aws.ivs"]}))
    events.put_targets(Rule="all", EventBusName="video", Targets=[{"Id": "1", "Arn": arn}])
    found: list[dict] = []

    def read() -> list[dict]:
        while messages := sqs.receive_message(QueueUrl=url, MaxNumberOfMessages=10).get("Messages"):
            found.extend(json.loads(message["Body"]) for message in messages)
            for message in messages:
                sqs.delete_message(QueueUrl=url, ReceiptHandle=message["ReceiptHandle"])
        return found

    return read


@pytest.fixture(scope="module")
def server(start_server, places, queue):
    ended = {"detail-type": [STATE], "detail": {"event_name": [{"suffix": " Ended"}, {"wildcard": "Stream *d"}]}}
    subject = "{region}.{channel}.{detail_type}.{event_name}"
    sinks = [
        places.hook.sink("hook", timeout_seconds=2),
        places.endings.sink("endings", pattern=ended),
        section("bus", "eventbridge", region=REGION, bus="video", endpoint=places.moto.url),
        section("kept", "nats", servers=places.broker.url, subject=f"kept.{subject}", jetstream=True),
        section("plain", "nats", servers=places.broker.url, subject=f"plain.{subject}"),
        section("disk", "file", path=str(places.file)),
    ]
    file = places.folder / "sinks.toml"
    file.write_text("".join(sinks))
    return start_server("--event-sinks", str(file), env=places.moto.settings())


def test_a_stream_is_told_to_every_sink_as_the_api_tells_it(server, ivs, places, queue, publish, clip):
    channel = aws.make_channel(ivs, name="studio")
    encoder = publish(clip(Recipe(seconds=4.0)), server.rtmp_url(channel.key))
    assert encoder.ended() == 0
    wanted = ["Session Created", "Stream Start", "Session Ended", "Stream End"]
    found = wait_until(lambda: len(of := names(lines(places.file), channel)) >= 4 and of, "the file")
    assert [name for _, name in found] == wanted
    (stream,) = {stream for stream, _ in found}
    assert told(ivs, channel) == {stream: wanted}

    for event in lines(places.file):
        assert list(event)[:2] == ["version", "id"]
        assert (event["source"], event["account"], event["region"]) == ("aws.ivs", ACCOUNT, REGION)
        assert event["detail-type"] == STATE
        assert event["detail"]["channel_name"] == "studio"
    events = {event["id"]: event for event in lines(places.file)}

    wait_until(lambda: len(names(places.hook.events, channel)) >= 4, "the webhook")
    assert places.hook.events == list(events.values())
    wait_until(lambda: len(names(places.endings.events, channel)) >= 2, "the webhook of endings")
    assert [name for _, name in names(places.endings.events, channel)] == ["Session Ended", "Stream End"]
    assert places.hook.forgeries == places.endings.forgeries == []

    kept = wait_until(lambda: len(all := places.listener.kept()) >= 4 and all, "the stream at the broker")
    assert [event for _, event in kept] == list(events.values())
    words = [f"kept.{REGION}.{channel.id}.IVS_Stream_State_Change.{name.replace(' ', '_')}" for name in wanted]
    assert [subject for subject, _ in kept] == words
    heard = wait_until(lambda: len(all := list(places.listener.heard)) >= 4 and all, "the subscriber")
    assert [event for _, _, event in heard] == list(events.values())
    assert [headers["Nats-Msg-Id"] for _, headers, _ in heard] == list(events)

    entries = wait_until(lambda: len(all := queue()) >= 4 and all, "EventBridge's target")
    assert [entry["detail"] for entry in entries] == [event["detail"] for event in events.values()]
    for entry, event in zip(entries, events.values()):
        for key in ("source", "detail-type", "resources", "time", "region"):
            assert entry[key] == event[key], key


def test_a_receiver_that_is_down_delays_no_other_sink(server, ivs, places):
    channels = [aws.make_channel(ivs) for _ in range(3)]
    places.hook.down()
    try:
        for _ in range(4):
            for channel in channels:
                visit(server, channel)
        for channel in channels:
            wait_until(lambda c=channel: all_ended(ivs, c, 4), "the sessions")
            wait_until(lambda c=channel: of_sessions(names(lines(places.file), c)) == told(ivs, c), "the file")
            wait_until(lambda c=channel: len(names(places.endings.events, c)) >= 4, "the other webhook")
            assert names(places.hook.events, channel) == []
    finally:
        places.hook.up()
    for channel in channels:
        in_file = names(lines(places.file), channel)
        wait_until(lambda c=channel, wanted=in_file: len(names(places.hook.events, c)) >= len(wanted), "what it missed")
        assert names(places.hook.events, channel) == in_file
    assert "a sink does not take events" in server.log() and "a sink takes events again" in server.log()


def test_a_broker_that_was_away_has_everything_afterwards(server, ivs, places):
    channel = aws.make_channel(ivs)
    mine = lambda: names([event for _, event in places.listener.kept()], channel)  # noqa: E731
    visit(server, channel)
    wait_until(lambda: len(mine()) >= 2, "events while it is there")
    places.broker.stop()
    visit(server, channel)
    visit(server, channel)
    in_file = wait_until(lambda: all_ended(ivs, channel, 3) and names(lines(places.file), channel), "the sessions")
    places.broker.start()
    wait_until(lambda: len(mine()) >= len(in_file), "events of meanwhile")
    assert mine() == in_file
    assert len([event for _, event in places.listener.kept() if event["resources"] == [channel.arn]]) == len(in_file)


@pytest.fixture(scope="module")
def troubles(server, ivs, places):
    """Two channels whose events the receiver does not take as it should; both take their time side by side."""

    class Troubles:
        stuck, refused = aws.make_channel(ivs), aws.make_channel(ivs)
        refuses = True
        gate = threading.Event()

    troubles = Troubles()
    replies = iter(
        [
            Reply(status=500),
            Reply(status=307, headers={"Location": places.endings.url}),
            Reply(hangs_up=True),
            Reply(status=299, body=b"\x00" * 100, gate=troubles.gate),
        ]
    )

    def plan(event):
        if event["resources"] == [troubles.stuck.arn]:
            return next(replies, Reply(status=204))
        first = event["detail"].get("event_name") == "Session Created"
        gone = troubles.refuses and first and event["resources"] == [troubles.refused.arn]
        return Reply(status=410 if gone else 200)

    places.hook.plan = plan
    visit(server, troubles.stuck)
    visit(server, troubles.refused)
    visit(server, troubles.stuck)
    yield troubles
    troubles.gate.set()
    places.hook.plan = lambda event: Reply()


def test_a_receiver_in_trouble_gets_each_event_in_order_at_last(ivs, places, troubles):
    channel = troubles.stuck
    in_file = wait_until(lambda: all_ended(ivs, channel, 2) and names(lines(places.file), channel), "the sessions")
    # One call hangs until the server gives it up; it is let go only when all else is there.
    wait_until(lambda: len(names(places.hook.events, channel)) >= len(in_file), "all events")
    assert names(places.hook.events, channel) == in_file
    (first, *_) = [event["id"] for event in lines(places.file) if event["resources"] == [channel.arn]]
    assert places.hook.calls[first] >= 5


def test_what_is_refused_waits_among_the_dead_letters_for_another_order(server, places, troubles):
    channel = troubles.refused

    def taken() -> list[str]:
        return [name for _, name in names(places.hook.events, channel)]

    wait_until(lambda: "Session Ended" in taken(), "the event after the one that was refused")
    assert "Session Created" not in taken()
    (event, *_) = [event for event in lines(places.file) if event["resources"] == [channel.arn]]
    listed = server.command("events", "dead-letters", "--sink", "hook")
    assert listed.returncode == 0, listed.stderr
    assert event["id"] in listed.stdout and "410" in listed.stdout
    troubles.refuses = False
    ordered = server.command("events", "redeliver", "--sink", "hook", "--id", event["id"])
    assert ordered.returncode == 0, ordered.stderr
    wait_until(lambda: "Session Created" in taken(), "the event that was ordered again")
    wait_until(lambda: event["id"] not in server.command("events", "dead-letters").stdout, "no dead letter")


# Crashes


def test_a_killed_server_loses_no_event_and_keeps_each_channels_order(start_server, tmp_path, report):
    dice = random.Random(5)
    hook, file = Receiver().up(), tmp_path / "events.jsonl"
    sinks = tmp_path / "sinks.toml"
    sinks.write_text(hook.sink("hook") + section("disk", "file", path=str(file)))
    hook.plan = lambda event: time.sleep(dice.random() * 0.05) or Reply()
    server = start_server("--event-sinks", str(sinks))
    ivs = aws.client(server)
    channels = [aws.make_channel(ivs) for _ in range(3)]
    visits = kills = 0
    for _ in range(8):
        for channel in channels * dice.randrange(1, 3):
            visit(server, channel)
            visits += 1
        on_air = connect(server, channels[0].key)
        visits += 1
        time.sleep(dice.random() * 0.3)
        server.process.kill()
        server.process.wait()
        kills += 1
        on_air.close()
        server.start()
        ivs = aws.client(server)

    def sessions():
        found = [told(ivs, channel) for channel in channels]
        ended = ["Session Ended" in events for one in found for events in one.values()]
        return found if len(ended) == visits and all(ended) else None

    expected = wait_until(sessions, "the end of all sessions")
    for channel, sessions in zip(channels, expected):
        for where, events in (("the file", lambda: lines(file)), ("the webhook", lambda: list(hook.events))):
            wait_until(lambda: of_sessions(names(events(), channel)) == sessions, f"all events at {where}")  # noqa: B023
            order = list(dict.fromkeys(stream for stream, _ in names(events(), channel)))
            assert order == list(reversed(sessions)), "one session after the other"
    again = len(hook.events) - len(once(hook.events))
    assert names(hook.events, channels[0]) == names(lines(file), channels[0])
    report(f"events: {kills} kills, {len(once(hook.events))} events; {again} came again to the webhook")
    hook.down()


def test_of_two_servers_on_one_database_one_tells_until_it_dies(start_server, postgres, tmp_path):
    hook = Receiver().up()
    sinks = tmp_path / "sinks.toml"
    sinks.write_text(hook.sink("hook"))
    flags = ["--public-url", "http://video.example.com", "--event-sinks", str(sinks)]
    database = {"RILLCAST_DATABASE": postgres.database()}
    first, second = (start_server(*flags, env=database) for _ in range(2))
    ivs = aws.client(second, first.root_key())
    channel = aws.make_channel(ivs)

    def arrives(count: int) -> None:
        sessions = wait_until(lambda: all_ended(ivs, channel, count), "the sessions")
        wait_until(lambda: of_sessions(names(hook.events, channel)) == sessions, "their events")

    for server in (first, second, first, second):
        visit(server, channel)
    arrives(4)
    assert max(hook.calls.values()) == 1, "one of the two delivers"
    # It was the first, which claimed the sink when it was alone.
    first.process.kill()
    first.process.wait()
    visit(second, channel)
    arrives(5)
    hook.down()


# Patterns


@pytest.fixture(scope="module")
def matcher():
    """The crate's own matcher, as a filter from lines to lines."""
    # Of the whole workspace, as `make test` has built it: for one crate alone all it stands on would be built anew.
    build = ["cargo", "build", "--quiet", "--workspace", "--example", "matches"]
    subprocess.run(build, cwd=ROOT, check=True)
    program = ROOT / "target" / "debug" / "examples" / "matches"

    def ask(questions: list[tuple[dict, dict]]) -> list[str]:
        text = "".join(json.dumps({"pattern": pattern, "event": event}) + "\n" for pattern, event in questions)
        done = subprocess.run([program], input=text, capture_output=True, text=True, check=True)
        return done.stdout.splitlines()

    return ask


LEAVES = ["", "a", "A", "ab", "aBc", "b", "*", "a*b", "\\", "é", 0, 1, 2, 2.5, -3, 10**9, None, "10.1.2.3", "10.9.2.3"]


class Patterns:
    """Patterns and events from a seed, of few words, so that they meet."""

    def __init__(self, seed: int):
        self.dice = random.Random(seed)

    def event(self, depth: int = 0) -> dict:
        count = self.dice.randrange(1, 4)
        return {self.dice.choice("xyz"): self._value(depth) for _ in range(count)}

    def _value(self, depth: int):
        kind = self.dice.randrange(5)
        if kind == 0 and depth < 2:
            return self.event(depth + 1)
        if kind == 1:
            return [self.dice.choice(LEAVES) for _ in range(self.dice.randrange(1, 3))]
        return self.dice.choice(LEAVES)

    def pattern(self, depth: int = 0) -> dict:
        rules = {}
        for _ in range(self.dice.randrange(1, 3)):
            kind = self.dice.randrange(6)
            if kind == 0 and depth < 2:
                rules["$or"] = [self.pattern(depth + 1) for _ in range(2)]
            elif kind <= 2 and depth < 2:
                rules[self.dice.choice("xyz")] = self.pattern(depth + 1)
            else:
                conditions = [self._condition() for _ in range(self.dice.randrange(1, 3))]
                rules[self.dice.choice("xyz")] = conditions
        return rules

    def _text(self) -> str:
        return self.dice.choice(["a", "A", "ab", "b", "bc", "c", "é", "10."])

    def _condition(self):
        text, number = self._text(), self.dice.choice([0, 1, 2, 2.5, -3])
        wildcard = self.dice.choice(["*", "a*", "*b", "a*b", "*b*", "a\\*b", "\\\\", "*c", "a*c"])
        return self.dice.choice(
            [
                self.dice.choice(LEAVES),
                self.dice.choice(LEAVES),
                {"prefix": text},
                {"suffix": text},
                {"prefix": {"equals-ignore-case": text}},
                {"suffix": {"equals-ignore-case": text}},
                {"equals-ignore-case": text},
                {"wildcard": wildcard},
                {"exists": self.dice.random() < 0.5},
                {"anything-but": self.dice.choice([text, number, [text, "b"], [number, 1]])},
                {"anything-but": {self.dice.choice(["prefix", "suffix", "equals-ignore-case"]): text}},
                {"anything-but": {"wildcard": wildcard}},
                {"numeric": [self.dice.choice(["<", "<=", "=", ">=", ">"]), number]},
                {"numeric": [">", number, "<=", number + 2]},
                {"cidr": self.dice.choice(["10.1.0.0/16", "10.0.0.0/8", "10.9.2.3/32"])},
            ]
        )


def has_object(event: dict, pattern: dict) -> bool:
    """Does a pattern ask for a leaf where there is an object? There moto differs from the service's own matcher."""
    for key, rule in pattern.items():
        if key == "$or":
            if any(has_object(event, one) for one in rule):
                return True
        elif isinstance(rule, dict):
            inner = event.get(key)
            if isinstance(inner, list) or (isinstance(inner, dict) and has_object(inner, rule)):
                return True
        elif isinstance(event.get(key), dict):
            return True
    return False


def test_patterns_mean_what_another_matcher_says(matcher, report):
    made = Patterns(7)
    questions = []
    while len(questions) < 5000:
        pattern, event = made.pattern(), made.event()
        if not has_object(event, pattern):
            questions.append((pattern, event))
    answers = matcher(questions)
    assert len(answers) == len(questions)
    for (pattern, event), answer in zip(questions, answers):
        witness = EventPattern.load(json.dumps(pattern)).matches_event(event)
        assert answer == str(witness).lower(), (pattern, event)
    matched = answers.count("true")
    assert 500 < matched < 4500, "both answers are seen often"
    report(f"event patterns: {len(questions)} questions answered as moto does, {matched} of them yes")
