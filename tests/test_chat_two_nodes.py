"""A chat room on two servers: one PostgreSQL, one NATS, and nobody in the room can tell where the others are.

Promise: whatever is said at one is heard at both, in one order; what can't be said is told to whoever said it.
"""

import time
from collections import Counter
from itertools import count
from threading import Event

import boto3
import pytest
from botocore.config import Config

from harness.chatter import Chatter, Refused
from harness.nats import Nats
from harness.server import REGION, Key, Server
from harness.viewer import Background
from harness.waiting import wait_until

#: Else tokens and URLs would follow each server's own port.
PUBLIC = ["--public-url", "http://video.example.com"]
EVERYTHING = ["SEND_MESSAGE", "DELETE_MESSAGE", "DISCONNECT_USER"]
USERS = count()


@pytest.fixture(scope="module")
def nats():
    server = Nats()
    try:
        yield server.start()
    finally:
        server.remove()


@pytest.fixture(scope="module")
def both(start_server, postgres, nats):
    """Two servers that belong together."""
    links = {"RILLCAST_DATABASE": postgres.database(), "RILLCAST_NATS": nats.url}
    return [start_server(*PUBLIC, env=links), start_server(*PUBLIC, env=links)]


@pytest.fixture(scope="module")
def key(both):
    return both[0].root_key()


def client(server: Server, key: Key):
    session = boto3.session.Session(aws_access_key_id=key.id, aws_secret_access_key=key.secret, region_name=REGION)
    config = Config(retries={"total_max_attempts": 1}, read_timeout=20)
    return session.client("ivschat", endpoint_url=server.url, config=config)


@pytest.fixture
def chats(both, key):
    """A client of each server's API."""
    return [client(server, key) for server in both]


@pytest.fixture
def enter(both, chats):
    """Lets users into a room."""
    inside = []

    def enter(node: int, room: str, user: str = "", **token) -> Chatter:
        user = user or f"user-{next(USERS)}"
        # Made at the other one: a token is good everywhere.
        made = chats[1 - node].create_chat_token(roomIdentifier=room, userId=user, capabilities=EVERYTHING, **token)
        chatter = Chatter(both[node], made["token"])
        inside.append(chatter)
        return chatter

    yield enter
    for chatter in inside:
        chatter.leave()


@pytest.fixture
def room(chats):
    return chats[0].create_room(maximumMessageRatePerSecond=100)["arn"]


# Order


def test_a_room_on_two_nodes_has_one_order_and_loses_nothing(enter, room):
    """Eight speak at once, at the pace that each may; two at each node listen only."""
    speakers = [enter(n % 2, room) for n in range(8)]
    listeners = [enter(n % 2, room) for n in range(4)]
    turns = 30

    def speak(n: int) -> list[str]:
        asked = []
        for turn in range(turns):
            asked.append(speakers[n].say(f"{n}:{turn}"))
            # A connection may ask ten times a second.
            time.sleep(0.11)
        return asked

    asked = [one.result() for one in [Background(speak, n) for n in range(len(speakers))]]
    everybody = speakers + listeners
    total = len(speakers) * turns
    for chatter in everybody:
        wait_until(lambda c=chatter: len(c.messages()) + len(c.errors()) >= total, "all messages")
    heard = [chatter.messages() for chatter in everybody]
    assert all(one == heard[0] for one in heard), "two heard two orders"
    assert [chatter.errors() for chatter in everybody] == [[]] * len(everybody)
    assert Counter(message["RequestId"] for message in heard[0]) == Counter(r for one in asked for r in one)
    for n in range(len(speakers)):
        mine = [content for content in everybody[0].contents() if content.startswith(f"{n}:")]
        assert mine == [f"{n}:{turn}" for turn in range(turns)]
    assert len({message["Id"] for message in heard[0]}) == total


# What the API does at one node


def test_an_event_and_a_deletion_asked_of_one_are_heard_at_both(enter, room, chats):
    chatters = [enter(0, room), enter(1, room)]
    for turn in range(6):
        api = chats[turn % 2]
        sent = api.send_event(roomIdentifier=room, eventName=f"app:{turn}", attributes={"a": str(turn)})
        for chatter in chatters:
            event = chatter.wait_for(lambda frame, sent=sent: frame["Id"] == sent["id"])
            assert (event["EventName"], event["Attributes"]) == (f"app:{turn}", {"a": str(turn)})
        deleted = api.delete_message(roomIdentifier=room, id="AYk6xKitV4On", reason="spam")
        for chatter in chatters:
            event = chatter.wait_for(lambda frame, deleted=deleted: frame["Id"] == deleted["id"])
            assert event["EventName"] == "aws:DELETE_MESSAGE"
    assert chatters[0].frames == chatters[1].frames


@pytest.mark.parametrize("by", ["the API", "a moderator"])
def test_a_kick_at_one_ends_all_connections_of_the_user_at_both(enter, room, chats, by):
    kicked = [enter(node, room, user="rude") for node in (0, 1, 1)]
    witness, moderator = enter(1, room), enter(0, room)
    if by == "the API":
        chats[0].disconnect_user(roomIdentifier=room, userId="rude", reason="rude words")
    else:
        moderator.ask("DISCONNECT_USER", UserId="rude", Reason="rude words")
    for chatter in kicked:
        assert chatter.ended() == (1001, "rude words")
        assert chatter.frames[-1]["EventName"] == "aws:DISCONNECT_USER"
    seen = witness.wait_for(lambda frame: frame.get("EventName") == "aws:DISCONNECT_USER")
    assert seen["Attributes"]["UserId"] == "rude"
    assert witness.is_here() and moderator.is_here()
    again = enter(0, room, user="rude")
    assert again.answer(again.say("sorry"))["Content"] == "sorry"


def test_a_change_at_one_rules_both(enter, room, chats):
    chatters = [enter(0, room), enter(1, room)]
    for length in (5, 20, 7):
        chats[0].update_room(identifier=room, maximumMessageLength=length)
        for chatter in chatters:
            too_long = "x" * (length + 1)

            def refused(chatter=chatter, too_long=too_long) -> bool:
                time.sleep(0.11)
                return chatter.answer(chatter.say(too_long)).get("ErrorMessage") == "Message exceeds maximum length"

            wait_until(refused, "the new length to rule")
            time.sleep(0.11)
            assert chatter.answer(chatter.say("x" * length))["Type"] == "MESSAGE"


def test_a_room_deleted_at_one_is_gone_at_both(enter, room, both, chats):
    chatters = [enter(0, room), enter(1, room)]
    tokens = [chats[0].create_chat_token(roomIdentifier=room, userId="late")["token"] for _ in both]
    chats[0].delete_room(identifier=room)
    for chatter in chatters:

        def refused(chatter=chatter) -> bool:
            time.sleep(0.11)
            return chatter.answer(chatter.say("anybody?")).get("ErrorCode") == 404

        wait_until(refused, "the deletion to be known")
    for server, token in zip(both, tokens):
        with pytest.raises(Refused) as refusal:
            Chatter(server, token)
        assert refusal.value.status == 404


# Tokens


def test_a_token_opens_one_connection_whichever_node_it_comes_to(both, room, chats):
    for turn in range(20):
        token = chats[turn % 2].create_chat_token(roomIdentifier=room, userId="twice")["token"]

        def open_at(server: Server, token: str = token) -> Chatter | int:
            try:
                return Chatter(server, token)
            except Refused as refusal:
                return refusal.status

        racing = [Background(open_at, both[n % 2]) for n in range(6)]
        opened = [one.result() for one in racing]
        chatters = [one for one in opened if isinstance(one, Chatter)]
        assert len(chatters) == 1, opened
        assert [one for one in opened if not isinstance(one, Chatter)] == [401] * 5
        chatters[0].leave()


# Rates


def test_a_room_has_one_rate_over_both_nodes(enter, chats):
    rate = 10
    room = chats[0].create_room(maximumMessageRatePerSecond=rate)["arn"]
    speakers = [enter(n % 2, room) for n in range(10)]
    began = time.monotonic()

    def speak(n: int) -> None:
        for turn in range(40):
            speakers[n].say(f"{n}:{turn}")
            time.sleep(0.11)

    for one in [Background(speak, n) for n in range(len(speakers))]:
        one.result()
    for chatter in speakers:
        wait_until(lambda c=chatter: sum(m["RequestId"] != "" for m in c.frames) >= 40, "all answers")
    seconds = time.monotonic() - began
    heard = speakers[0].contents()
    # What each node alone would let through in a moment, and the rate. Two rates would be twice that.
    assert rate * 2 <= len(heard) <= rate * seconds + 2 * rate
    assert {code for chatter in speakers for code in chatter.errors()} == {429}


# Bad days


def test_a_node_that_is_killed_takes_only_its_own_connections_and_comes_back(both, enter, room, chats):
    here, there = enter(0, room), enter(1, room)
    spent = chats[0].create_chat_token(roomIdentifier=room, userId="spent")["token"]
    Chatter(both[1], spent).leave()
    here.answer(there.say("before"))
    both[1].process.kill()
    assert there.ended() == (None, None)
    assert here.answer(here.say("alone"))["Content"] == "alone"
    both[1].ended(20)
    both[1].start()
    chats[1] = client(both[1], both[0].root_key())
    back = enter(1, room)
    for speaker, hearer in [(here, back), (back, here)]:
        request = speaker.say("again")
        for chatter in (speaker, hearer):
            chatter.answer(request)
    assert here.contents()[-2:] == back.contents() == ["again", "again"]
    with pytest.raises(Refused) as refusal:
        Chatter(both[1], spent)
    assert refusal.value.status == 401


def test_without_the_broker_speakers_are_told_and_after_it_all_is_well(both, nats, enter, room, chats):
    chatters = [enter(0, room), enter(1, room)]
    chatters[1].answer(chatters[0].say("before"))
    nats.stop()
    for chatter in chatters:

        def refused(chatter=chatter) -> bool:
            time.sleep(0.11)
            return chatter.answer(chatter.say("during")).get("ErrorCode") == 500

        wait_until(refused, "a refusal")
    # The change stands, though nobody can be told of it now.
    chats[0].update_room(identifier=room, maximumMessageLength=9)
    nats.start()
    for speaker, hearer in [chatters, chatters[::-1]]:

        def heard(speaker=speaker, hearer=hearer) -> bool:
            time.sleep(0.11)
            request = speaker.say("after")
            said = speaker.answer(request)["Type"] == "MESSAGE"
            if said:
                hearer.answer(request)
            return said

        wait_until(heard, "the link to be back")
    assert [chatter.is_here() for chatter in chatters] == [True, True], "nobody lost a connection"
    for chatter in chatters:

        def ruled(chatter=chatter) -> bool:
            time.sleep(0.11)
            return chatter.answer(chatter.say("x" * 10)).get("ErrorCode") == 400

        wait_until(ruled, "the change to be known")
    common = [[m for m in chatter.messages() if m["Content"] == "after"] for chatter in chatters]
    assert common[0] == common[1]


def test_a_broker_that_restarts_under_load_leaves_no_request_without_its_one_answer(nats, enter, room):
    speakers = [enter(n % 2, room) for n in range(6)]
    listeners = [enter(0, room), enter(1, room)]
    stop = Event()

    def speak(n: int) -> list[str]:
        asked = []
        while not stop.is_set():
            asked.append(speakers[n].say(f"{n}:{len(asked)}"))
            time.sleep(0.11)
        return asked

    speaking = [Background(speak, n) for n in range(len(speakers))]
    for _ in range(2):
        heard = len(listeners[0].messages())
        wait_until(lambda heard=heard: len(listeners[0].messages()) > heard + 60, "some talk")
        nats.stop()
        errors = len(speakers[0].errors())
        wait_until(lambda errors=errors: len(speakers[0].errors()) > errors, "a refusal")
        nats.start()
    heard = len(listeners[0].messages())
    wait_until(lambda: len(listeners[0].messages()) > heard + 60, "some talk")
    stop.set()
    asked = [one.result() for one in speaking]
    for speaker, requests in zip(speakers, asked):
        answered = wait_until(lambda s=speaker, r=requests: answers(s, r), "an answer to each request")
        assert answered == Counter(requests), "one answer each"
        assert set(speaker.errors()) <= {500}
    orders = [chatter.messages() for chatter in listeners + speakers]
    # What a broker had sent to one node only when it died is a hole at the other, never another order.
    common = set.intersection(*({message["Id"] for message in order} for order in orders))
    orders = [[message["Id"] for message in order if message["Id"] in common] for order in orders]
    assert all(order == orders[0] for order in orders)
    print(f"{len(orders[0])} messages at both, {sum(len(s.errors()) for s in speakers)} refused")


def answers(speaker: Chatter, requests: list[str]) -> Counter | None:
    """How often each of these requests was answered, once none is missing."""
    mine = set(requests)
    seen = Counter(frame["RequestId"] for frame in list(speaker.frames) if frame["RequestId"] in mine)
    return seen if len(seen) == len(mine) else None
