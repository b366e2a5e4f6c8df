"""The chat log, from a message in a room to a bucket, a log group and a delivery stream.

Promise: what is found there is compared with the frames that a client got; a server that is killed is killed by
SIGKILL, in the middle of a conversation.
"""

import gzip
import itertools
import json
import random
import re
import time
from collections import defaultdict
from pathlib import Path

import pytest
from botocore.exceptions import ClientError

from harness.chat_app import EVERYTHING, chat_client
from harness.chatter import Chatter
from harness.moto import Destinations, lines
from harness.server import ACCOUNT, REGION
from harness.waiting import wait_until
from harness.web import fetch

NAMES = (f"place-{number}" for number in itertools.count())
#: Rounds of the test that kills the server.
ROUNDS = 10


@pytest.fixture(scope="module")
def destinations():
    places = Destinations().up()
    try:
        yield places
    finally:
        places.down()


@pytest.fixture(scope="module")
def server(start_server, destinations):
    return start_server("--metrics", "127.0.0.1:0", env=destinations.settings())


@pytest.fixture(scope="module")
def chat(server):
    return chat_client(server)


def settled(chat, made) -> dict:
    """The configuration once its destination was tried."""

    def state():
        found = chat.get_logging_configuration(identifier=made["arn"])
        return found if found["state"] not in ("CREATING", "UPDATING") else None

    return wait_until(state, "the trial of a destination")


def configuration(chat, destination) -> str:
    made = chat.create_logging_configuration(destinationConfiguration=destination)
    found = settled(chat, made)
    assert found["state"] == "ACTIVE"
    return found["arn"]


def enter(server, chat, room: str, user: str) -> Chatter:
    token = chat.create_chat_token(
        roomIdentifier=room, userId=user, capabilities=EVERYTHING, attributes={"name": user.title()}
    )
    return Chatter(server, token["token"])


def counted(server, metric: str, configuration: str) -> int:
    page = fetch(f"http://{server.bound['metrics']}/metrics").text
    found = re.search(rf'^{metric}{{logging_configuration="{configuration}"}} (\d+)$', page, re.MULTILINE)
    return int(found[1]) if found else 0


def room_id(arn: str) -> str:
    return arn.rsplit("/", 1)[1]


def ids(records) -> list[str]:
    return [record["payload"]["Id"] for record in records]


def stream_of(room: str) -> str:
    return f"aws/IVSChatLogs/1.0/room_{room_id(room)}"


def in_order(files: dict[str, list[dict]]) -> list[dict]:
    """Records of one room: files of one minute are told apart by a hash, so their first records order them."""
    by_time = sorted(files.values(), key=lambda records: records[0]["event_timestamp"])
    return list(itertools.chain(*by_time))


def check_record(record, frame) -> None:
    assert list(record) == ["event_timestamp", "type", "payload", "version"]
    assert record["payload"] == frame
    assert list(record["payload"]) == list(frame), "keys stand as clients got them"
    assert record["type"] == frame["Type"]
    assert record["version"] == "1.0"
    assert re.fullmatch(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{3}Z", record["event_timestamp"])
    whole, _, fraction = frame["SendTime"].removesuffix("Z").partition(".")
    assert record["event_timestamp"] == f"{whole}.{fraction.ljust(9, '0')[:3]}Z"


def check_key(key: str, room: str, records) -> None:
    at = records[0]["event_timestamp"]
    day, hour = at[:10].replace("-", "/"), at[11:13]
    name = room_id(room)
    head = f"AWSLogs/{ACCOUNT}/IVSChatLogs/1.0/{REGION}/room_{name}/{day}/{hour}/"
    stamp = f"{at[:10].replace('-', '')}T{hour}{at[14:16]}Z"
    pattern = re.escape(f"{head}{ACCOUNT}_IVSChatLogs_1.0_{REGION}_room_{name}_{stamp}_") + r"[0-9a-f]{8}\.log\.gz"
    assert re.fullmatch(pattern, key), key
    assert {record["event_timestamp"][:13] for record in records} == {at[:13]}, "one hour in a file"


def test_what_a_room_heard_is_in_each_of_its_three_destinations(server, chat, destinations):
    bucket, group, stream = next(NAMES), next(NAMES), next(NAMES)
    places = [destinations.bucket(bucket), destinations.log_group(group), destinations.delivery_stream(stream)]
    room = chat.create_room(loggingConfigurationIdentifiers=[configuration(chat, place) for place in places])["arn"]
    ann, bob = enter(server, chat, room, "ann"), enter(server, chat, room, "bob")
    first = ann.answer(ann.say('hällo 👋 "quoted" \\ \u2028', Attributes={"mood": "good"}))
    bob.answer(bob.say("bye"))
    bob.answer(bob.ask("DELETE_MESSAGE", Id=first["Id"], Reason="too loud"))
    chat.send_event(roomIdentifier=room, eventName="poll", attributes={"question": "why?"})
    refused = bob.answer(bob.say(""))
    assert refused["Type"] == "ERROR"
    ann.answer(ann.ask("DISCONNECT_USER", UserId="bob", Reason="enough"))
    ann.wait_for(lambda frame: frame.get("EventName") == "aws:DISCONNECT_USER")
    frames = [frame for frame in ann.frames if frame["Type"] != "ERROR"]
    assert len(frames) == 5
    ann.leave()

    def files():
        found = destinations.in_bucket(bucket)
        return found if sum(map(len, found.values())) >= len(frames) else None

    files = wait_until(files, "the files")
    for key, records in files.items():
        check_key(key, room, records)
    in_group = wait_until(
        lambda: len(found := destinations.in_group(group, stream_of(room))) >= len(frames) and found, "the log group"
    )
    in_stream = wait_until(
        lambda: len(found := destinations.in_stream(stream)) >= len(frames) and found, "the delivery stream"
    )
    for records in (in_order(files), [json.loads(event["message"]) for event in in_group], in_stream):
        assert ids(records) == ids({"payload": frame} for frame in frames)
        for record, frame in zip(records, frames):
            check_record(record, frame)
    for event, frame in zip(in_group, frames):
        second = time.strftime("%Y-%m-%dT%H:%M:%S", time.gmtime(event["timestamp"] // 1000))
        assert second == frame["SendTime"][:19]


@pytest.mark.parametrize(
    "destination",
    [
        {"s3": {"bucketName": "no-such-bucket"}},
        {"cloudWatchLogs": {"logGroupName": "no/such/group"}},
        {"firehose": {"deliveryStreamName": "no-such-stream"}},
    ],
    ids=lambda destination: next(iter(destination)),
)
def test_a_destination_that_is_not_there_fails_its_trial(chat, destination):
    made = chat.create_logging_configuration(destinationConfiguration=destination)
    assert made["state"] in ("CREATING", "CREATE_FAILED")
    assert settled(chat, made)["state"] == "CREATE_FAILED"
    with pytest.raises(ClientError) as refusal:
        chat.create_room(loggingConfigurationIdentifiers=[made["arn"]])
    assert refusal.value.response["ResponseMetadata"]["HTTPStatusCode"] in (400, 409)


def test_a_changed_destination_is_tried_and_then_written_to(server, chat, destinations):
    old, new = next(NAMES), next(NAMES)
    arn = configuration(chat, destinations.bucket(old))
    room = chat.create_room(loggingConfigurationIdentifiers=[arn])["arn"]
    ann = enter(server, chat, room, "ann")
    ann.answer(ann.say("to the old one"))
    wait_until(lambda: destinations.in_bucket(old), "a file in the old bucket")
    chat.update_logging_configuration(identifier=arn, destinationConfiguration=destinations.bucket(new))
    assert settled(chat, {"arn": arn})["state"] == "ACTIVE"
    ann.answer(ann.say("to the new one"))
    files = wait_until(lambda: destinations.in_bucket(new), "a file in the new bucket")
    assert [record["payload"]["Content"] for record in in_order(files)] == ["to the new one"]
    broken = {"s3": {"bucketName": "no-such-bucket"}}
    chat.update_logging_configuration(identifier=arn, destinationConfiguration=broken)
    assert settled(chat, {"arn": arn})["state"] == "UPDATE_FAILED"
    ann.leave()


def test_a_bucket_that_is_gone_is_counted_and_asked_again(server, chat, destinations):
    bucket = next(NAMES)
    arn = configuration(chat, destinations.bucket(bucket))
    room = chat.create_room(loggingConfigurationIdentifiers=[arn])["arn"]
    destinations.client("s3").delete_bucket(Bucket=bucket)
    ann = enter(server, chat, room, "ann")
    frame = ann.answer(ann.say("is anybody there?"))
    missing = "ivschat_log_destination_resource_not_found_errors_total"
    wait_until(lambda: counted(server, missing, arn) >= 2, "two failures")
    assert counted(server, "ivschat_log_destination_errors_total", arn) >= 2
    assert chat.get_logging_configuration(identifier=arn)["state"] == "ACTIVE"
    destinations.bucket(bucket)
    files = wait_until(lambda: destinations.in_bucket(bucket), "the file")
    assert ids(in_order(files)) == [frame["Id"]]
    assert counted(server, "ivschat_log_records_delivered_total", arn) == 1
    ann.leave()


def test_many_rooms_are_logged_to_one_bucket(server, chat, destinations):
    bucket = next(NAMES)
    arn = configuration(chat, destinations.bucket(bucket))
    rooms = [chat.create_room(loggingConfigurationIdentifiers=[arn])["arn"] for _ in range(100)]
    for room in rooms:
        chat.send_event(roomIdentifier=room, eventName="opened", attributes={"room": room})
    files = wait_until(lambda: len(found := destinations.in_bucket(bucket)) == len(rooms) and found, "all files")
    assert {record["payload"]["Attributes"]["room"] for records in files.values() for record in records} == set(rooms)
    for key, records in files.items():
        check_key(key, records[0]["payload"]["Attributes"]["room"], records)


def test_what_was_said_while_destinations_were_down_arrives_when_they_are_back(server, chat, destinations):
    bucket, group = next(NAMES), next(NAMES)
    places = [destinations.bucket(bucket), destinations.log_group(group)]
    room = chat.create_room(loggingConfigurationIdentifiers=[configuration(chat, place) for place in places])["arn"]
    ann = enter(server, chat, room, "ann")
    ann.answer(ann.say("before"))
    wait_until(lambda: destinations.in_bucket(bucket), "the first file")
    destinations.down()
    try:
        said = [ann.answer(ann.say(f"meanwhile {number}")) for number in range(5)]
        wait_until(lambda: "a destination did not take the chat log" in server.log(), "a failed delivery")
        said += [ann.answer(ann.say(f"later {number}")) for number in range(3)]
    finally:
        destinations.up()
    everything = ids({"payload": frame} for frame in ann.messages())
    assert len(everything) == 9
    wait_until(lambda: len(ids(in_order(destinations.in_bucket(bucket)))) >= 9, "the files")
    assert ids(in_order(destinations.in_bucket(bucket))) == everything
    wait_until(lambda: len(destinations.in_group(group, stream_of(room))) >= 9, "the log group")
    events = destinations.in_group(group, stream_of(room))
    assert list(dict.fromkeys(ids(json.loads(event["message"]) for event in events))) == everything
    ann.leave()


def logged(data: Path, bucket: str) -> dict[str, list[list[str]]]:
    """The ids in each room's files, file by file in the order of their first records."""
    rooms = defaultdict(list)
    for path in (data / "buckets" / bucket).rglob("*.log.gz"):
        rooms[path.parts[-6]].append(lines(gzip.decompress(path.read_bytes())))
    by_time = {room: sorted(files, key=lambda records: records[0]["event_timestamp"]) for room, files in rooms.items()}
    return {room: [ids(records) for records in files] for room, files in by_time.items()}


def test_a_killed_server_loses_nothing_that_was_heard_a_second_before(start_server, report):
    server = start_server(env={"RILLCAST_CHAT_LOG_SECONDS": "2"})
    chat = chat_client(server)
    arn = configuration(chat, {"s3": {"bucketName": "killed"}})
    wish = {"loggingConfigurationIdentifiers": [arn], "maximumMessageRatePerSecond": 100}
    rooms = [chat.create_room(**wish)["arn"] for _ in range(2)]
    heard = {room: [] for room in rooms}
    wanted = {room: [] for room in rooms}
    dice = random.Random(4)
    for _ in range(ROUNDS):
        chat = chat_client(server)
        people = {room: [enter(server, chat, room, f"user-{number}") for number in range(2)] for room in rooms}
        times = {room: [] for room in rooms}
        end = time.monotonic() + 1.5 + dice.random() * 1.5
        while time.monotonic() < end:
            for room, chatters in people.items():
                for chatter in chatters:
                    frame = chatter.answer(chatter.say("x" * dice.randrange(1, 400)))
                    assert frame["Type"] == "MESSAGE", frame
                    times[room].append((time.monotonic(), frame["Id"]))
            # Each connection may ask ten times a second.
            time.sleep(0.12)
        server.process.kill()
        killed = time.monotonic()
        server.process.wait()
        for room in rooms:
            wanted[room] += [name for at, name in times[room] if killed - at > 1.0]
            heard[room] += [name for _, name in times[room]]
        for chatter in itertools.chain(*people.values()):
            chatter.leave()
        server.start()

    def missing():
        found = logged(server.data_dir, "killed")
        return sum(
            len(set(wanted[room]) - set(itertools.chain(*found.get(f"room_{room_id(room)}", [])))) for room in rooms
        )

    wait_until(lambda: missing() == 0, "every message that was heard a second before a kill")
    found = logged(server.data_dir, "killed")
    saved = 0
    for room in rooms:
        names = list(itertools.chain(*found[f"room_{room_id(room)}"]))
        once = list(dict.fromkeys(names))
        assert set(once) <= set(heard[room])
        assert once == [name for name in heard[room] if name in set(once)], "in the order in which they were heard"
        saved += len(once)
    total, due = sum(map(len, heard.values())), sum(map(len, wanted.values()))
    report(f"chat log: {ROUNDS} kills, {total} messages heard, {due} of them a second before; {saved} logged")
