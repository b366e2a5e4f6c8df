"""What calls of the API do to those who are in a chat room.

Promise: frames are read bare; every effect is waited for where it shows.
"""

import time

import pytest

from harness import aws
from harness.aws import refused
from harness.chatter import Chatter, Refused
from harness.nats import Nats
from harness.waiting import wait_until


@pytest.fixture(scope="module")
def chat(server):
    return aws.client(server, service="ivschat")


@pytest.fixture
def room(chat):
    return chat.create_room(maximumMessageRatePerSecond=100)["arn"]


@pytest.fixture
def join(server, chat):
    """Joins rooms; all leave at the end."""
    opened: list[Chatter] = []

    def come(room: str, user: str = "somebody", on=(server, chat), **more) -> Chatter:
        rights = {"capabilities": ["SEND_MESSAGE", "DELETE_MESSAGE", "DISCONNECT_USER"]} | more
        token = on[1].create_chat_token(roomIdentifier=room, userId=user, **rights)["token"]
        opened.append(Chatter(on[0], token))
        return opened[-1]

    yield come
    for one in opened:
        one.leave()


def test_events_and_deletions_reach_everybody_with_the_ids_that_the_caller_got(chat, room, join):
    both = [join(room, "a"), join(room, "b")]
    sent = chat.send_event(roomIdentifier=room, eventName="app:GOAL", attributes={"by": "7"})["id"]
    deleted = chat.delete_message(roomIdentifier=room, id="M2YcHkgffEvU", reason="spam")["id"]
    for one in both:
        event = one.wait_for(lambda frame: frame["Id"] == sent)
        assert (event["Type"], event["EventName"], event["Attributes"]) == ("EVENT", "app:GOAL", {"by": "7"})
        event = one.wait_for(lambda frame: frame["Id"] == deleted)
        assert (event["EventName"], event["RequestId"]) == ("aws:DELETE_MESSAGE", "")
        assert event["Attributes"] == {"MessageID": "M2YcHkgffEvU", "MessageId": "M2YcHkgffEvU", "Reason": "spam"}


def test_all_connections_of_a_user_are_closed_after_all_have_heard_why(chat, room, join):
    kicked, other = [join(room, "rude") for _ in range(2)], join(room, "kind")
    chat.disconnect_user(roomIdentifier=room, userId="rude", reason="no shouting")
    for one in kicked:
        assert one.ended() == (1001, "no shouting")
        assert one.frames[-1]["EventName"] == "aws:DISCONNECT_USER"
    heard = other.wait_for(lambda frame: frame.get("EventName") == "aws:DISCONNECT_USER")
    assert heard["Attributes"] == {"UserId": "rude", "Reason": "no shouting"}
    assert other.is_here()


def refusal(one: Chatter, content: str) -> dict:
    """Says it until it is refused: sockets read what a call changed a moment after its answer."""

    def refused_at_last() -> dict | None:
        answer = one.answer(one.say(content))
        return answer if answer["Type"] == "ERROR" else None

    # A connection may ask ten times a second.
    return wait_until(refused_at_last, f"{content!r} to be refused", every=0.2)


def test_new_limits_of_a_room_hold_for_who_is_in_it(chat, room, join):
    one = join(room)
    assert one.answer(one.say("x" * 500))["Type"] == "MESSAGE"
    chat.update_room(identifier=room, maximumMessageLength=3)
    assert refusal(one, "four")["ErrorMessage"] == "Message exceeds maximum length"
    assert one.answer(one.say("two"))["Content"] == "two"
    chat.update_room(identifier=room, maximumMessageRatePerSecond=1)
    assert refusal(one, "two")["ErrorMessage"] == "rate limit exceeded"


def test_who_is_in_a_deleted_room_stays_but_cannot_send_and_nobody_comes(server, chat, room, join):
    one = join(room)
    unused = chat.create_chat_token(roomIdentifier=room, userId="late")["token"]
    chat.delete_room(identifier=room)
    assert refusal(one, "hello")["ErrorCode"] == 404
    assert one.is_here()
    with pytest.raises(Refused) as gone:
        Chatter(server, unused)
    assert gone.value.status == 404
    with refused("ResourceNotFoundException", 404, room):
        chat.send_event(roomIdentifier=room, eventName="e")


def test_a_token_gives_no_more_than_it_says(chat, room, join):
    viewer = join(room, capabilities=[])
    for action, fields in (
        ("SEND_MESSAGE", {"Content": "x"}),
        ("DELETE_MESSAGE", {"Id": "M2YcHkgffEvU"}),
        ("DISCONNECT_USER", {"UserId": "x"}),
    ):
        assert viewer.answer(viewer.ask(action, **fields))["ErrorCode"] == 403
    chat.send_event(roomIdentifier=room, eventName="app:READ")
    assert viewer.wait_for(lambda frame: frame.get("EventName") == "app:READ")


def test_deletions_by_calls_and_by_clients_are_counted_together(start_server, join):
    server = start_server("--limits", "aws", "--rate-chat-deletions", "1", "--rate-rooms", "100")
    chat = aws.client(server, service="ivschat")
    room = chat.create_room()["arn"]
    one = join(room, on=(server, chat))
    begun, passed = time.monotonic(), 0
    for _ in range(4):
        for _ in range(2):
            try:
                passed += bool(chat.delete_message(roomIdentifier=room, id="M2YcHkgffEvU")["id"])
            except chat.exceptions.ThrottlingException as error:
                assert error.response["limit"] == 1
        answer = one.answer(one.ask("DELETE_MESSAGE", Id="M2YcHkgffEvU"))
        passed += answer["Type"] == "EVENT"
        assert answer.get("ErrorCode", 429) == 429, answer
    seconds = time.monotonic() - begun
    # One at once, one for each second that passed, and one for the clocks' edges.
    assert 1 <= passed <= 2 + seconds, (passed, seconds)


def test_a_change_while_the_bus_is_away_stands_and_is_told_when_it_is_back(start_server, postgres, join):
    nats = Nats()
    try:
        nats.start()
        server = start_server(env={"RILLCAST_NATS": nats.url, "RILLCAST_DATABASE": postgres.database()})
        chat = aws.client(server, service="ivschat")
        room = chat.create_room()["arn"]
        one = join(room, on=(server, chat))
        assert one.answer(one.say("heard"))["Content"] == "heard"
        nats.stop()
        with refused("ServiceUnavailable", 503):
            while True:  # What was just on its way may still be taken.
                chat.send_event(roomIdentifier=room, eventName="e")
        assert chat.update_room(identifier=room, maximumMessageLength=3)["maximumMessageLength"] == 3
        nats.start()

        def too_long() -> bool:
            return one.answer(one.say("four")).get("ErrorMessage") == "Message exceeds maximum length"

        wait_until(too_long, "the new length to hold", every=0.2)
        wait_until(lambda: one.answer(one.say("two")).get("Content") == "two", "the bus to be back", every=0.2)
    finally:
        nats.remove()


def test_a_server_that_was_restarted_opens_its_tokens_once(start_server):
    server = start_server()
    chat = aws.client(server, service="ivschat")
    room = chat.create_room()["arn"]
    spent, fresh = (chat.create_chat_token(roomIdentifier=room, userId="u")["token"] for _ in range(2))
    Chatter(server, spent).leave()
    server.stop()
    server.start()
    Chatter(server, fresh).leave()
    for token in (spent, fresh):
        with pytest.raises(Refused) as again:
            Chatter(server, token)
        assert again.value.status == 401
