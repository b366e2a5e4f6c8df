"""The official chat SDK against the binary, in Node and in headless Chromium.

Promise: what counts is what the SDK tells the app that uses it; it gets its tokens as in every app, and nothing is put
between it and the server.
"""

import datetime
import itertools
from typing import Any

import pytest

from harness.chat_app import EVERYTHING, App, Seat, chat_cli, in_browser, in_node
from harness.server import REGION
from harness.waiting import wait_until

_numbers = itertools.count(1)
HANDLER = f"arn:aws:lambda:{REGION}:123456789012:function:reviewer"


@pytest.fixture(scope="module")
def app():
    started = App()
    yield started
    started.close()


@pytest.fixture(scope="module")
def server(start_server, app, tmp_path_factory):
    """A server whose review handler is the app's backend, with all the time that a busy machine needs."""
    targets = tmp_path_factory.mktemp("review") / "targets.toml"
    targets.write_text(
        f'[[target]]\nuri = "{HANDLER}"\nwebhook = "{app.url}/review"\nsecret = "whsec_{"c2VjcmV0" * 4}"\n'
        "timeout_ms = 10000\n"
    )
    started = start_server("--chat-review", str(targets))
    app.serve(started)
    return started


@pytest.fixture(scope="module")
def node(app):
    with in_node(app) as sdk:
        yield sdk


@pytest.fixture(scope="module")
def chromium(app):
    with in_browser(app) as sdk:
        yield sdk


@pytest.fixture(scope="module", params=["node", "chromium"])
def sdk(request):
    return request.getfixturevalue(request.param)


@pytest.fixture
def room(server, app):
    """A fresh room, as CreateRoom answers it."""
    return app.chat.create_room()


@pytest.fixture
def seat(server, app, sdk, room):
    """Takes seats in the fresh room; a name may come again in another test."""
    taken = []

    def take(name: str, **more: Any) -> Seat:
        unique = f"{name}-{next(_numbers)}"
        where = more.pop("room", room["arn"])
        take_in = more.pop("sdk", sdk)
        given = {"userId": name, "roomIdentifier": where, "capabilities": EVERYTHING} | more
        taken.append(Seat(take_in, app, server, unique, **given))
        return taken[-1].connected()

    yield take
    for one in taken:
        one.leave()


# Talking


def test_a_message_comes_to_all_with_its_attributes_and_its_sender(seat):
    alice = seat("alice", attributes={"name": "Alice", "colour": "grün"})
    bob = seat("bob")
    sent = alice.send("Hallo, Wörld 👋", attributes={"mood": "good"}, requestId="mine")
    [heard] = bob.wait("message")
    assert heard == sent, "the sender's own copy is everybody's"
    assert alice.wait("message") == [heard]
    assert heard["content"] == "Hallo, Wörld 👋"
    assert heard["attributes"] == {"mood": "good"}
    assert heard["sender"] == {"userId": "alice", "attributes": {"name": "Alice", "colour": "grün"}}
    assert heard["requestId"] == "mine"
    age = datetime.datetime.now(datetime.UTC) - datetime.datetime.fromisoformat(heard["sendTime"])
    assert abs(age) < datetime.timedelta(minutes=1)
    assert alice.order()[:2] == ["connecting", "connect"]


def test_all_hear_all_in_one_order(seat, app, room):
    app.chat.update_room(identifier=room["arn"], maximumMessageRatePerSecond=100)
    seats = [seat(f"user-{number}") for number in range(3)]
    for number in range(3):
        for one in seats:
            one.perform("sendMany", contents=[f"{one.user} {number}.{part}" for part in range(2)])
    for one in seats:
        one.wait("message", 18)
    heard = [one.contents() for one in seats]
    assert heard[0] == heard[1] == heard[2]
    assert len(set(heard[0])) == 18
    for one in seats:
        mine = [text for text in heard[0] if text.startswith(one.user)]
        assert mine == sorted(mine), "a sender's own messages keep their order"


def test_who_may_only_look_is_told_so_and_goes_on_looking(seat):
    alice, viewer = seat("alice"), seat("viewer", capabilities=[])
    for verb, given in [
        ("send", {"content": "let me in"}),
        ("remove", {"id": "AAAAbbbb0123"}),
        ("kick", {"user": "alice"}),
    ]:
        refused = viewer.refused(verb, **given)
        assert refused["errorCode"] == 403 and "Forbidden" in refused["errorMessage"], verb
    alice.send("still here?")
    viewer.wait("message")
    assert viewer.perform("state") == "connected"


def test_a_message_that_is_too_long_is_refused_by_its_characters(seat):
    alice, bob = seat("alice"), seat("bob")
    longest = "👋" * 500
    assert alice.send(longest)["content"] == longest
    refused = alice.refused("send", content=longest + "x")
    assert (refused["errorCode"], refused["errorMessage"]) == (400, "Message exceeds maximum length")
    alice.send("and on")
    bob.wait("message", 2)
    assert bob.contents() == [longest, "and on"]


def test_too_much_attribute_text_is_refused(seat):
    alice = seat("alice")
    refused = alice.refused("send", content="x", attributes={"k": "v" * 1024})
    assert refused["errorCode"] == 413
    assert alice.send("x", attributes={"k": "v" * 1023})["attributes"] == {"k": "v" * 1023}


def test_talking_too_fast_is_refused_and_talking_on_later_is_not(seat, app, room):
    app.chat.update_room(identifier=room["arn"], maximumMessageRatePerSecond=1)
    alice = seat("alice")
    told = alice.perform("sendMany", contents=["one", "two", "three"])
    refused = [one["refused"] for one in told if "refused" in one]
    assert refused, "three at once are more than one a second"
    assert {(one["errorCode"], one["errorMessage"]) for one in refused} == {(429, "rate limit exceeded")}
    assert len(refused) < 3
    wait_until(lambda: "done" in alice.perform("send", content="later"), "the room takes messages again", every=0.5)


# Moderation by the SDK


def test_a_moderator_deletes_a_message(seat):
    moderator, bob = seat("moderator"), seat("bob")
    message = bob.send("spam")
    deleted = moderator.perform("remove", id=message["id"], reason="advertising")["done"]
    assert (deleted["messageId"], deleted["reason"]) == (message["id"], "advertising")
    [heard] = bob.wait("messageDelete")
    assert heard == deleted
    assert heard["id"] != message["id"], "an event has an id of its own"
    assert bob.heard("event") == [], "the SDK knows it for what it is"


def test_a_moderator_kicks_a_user_from_all_his_seats_for_good(seat, app, node, chromium):
    moderator, troll, other = seat("moderator"), seat("troll"), seat("troll", sdk=node)
    third = seat("troll", sdk=chromium)
    kicked = moderator.perform("kick", user="troll", reason="rude")["done"]
    assert (kicked["userId"], kicked["reason"]) == ("troll", "rude")
    for one in (troll, other, third):
        [event] = one.wait("userDisconnect")
        assert event == kicked
        assert one.wait("disconnect") == ["serverDisconnect"]
        order = one.order()
        assert order.index("userDisconnect") < order.index("disconnect"), "told why before it is closed"
    # The SDK would come back at once if it took the end for an accident.
    assert moderator.send("peace")["content"] == "peace"
    for one in (troll, other, third):
        assert one.perform("state") == "disconnected"
        assert (app.asked[one.name], one.contents()) == (1, [])
    assert moderator.wait("userDisconnect") == [kicked]
    assert moderator.perform("state") == "connected"


# The control plane acts on the room


def test_calls_of_the_api_are_heard_in_the_room(seat, app, room):
    alice = seat("alice")
    message = alice.send("hello")
    sent = app.chat.send_event(
        roomIdentifier=room["arn"], eventName="app:POLL", attributes={"question": "tea?", "of": "alice"}
    )
    [event] = alice.wait("event")
    assert (event["id"], event["eventName"]) == (sent["id"], "app:POLL")
    assert event["attributes"] == {"question": "tea?", "of": "alice"}
    deletion = app.chat.delete_message(roomIdentifier=room["arn"], id=message["id"], reason="tidy")
    [deleted] = alice.wait("messageDelete")
    assert (deleted["id"], deleted["messageId"], deleted["reason"]) == (deletion["id"], message["id"], "tidy")
    app.chat.disconnect_user(roomIdentifier=room["arn"], userId="alice", reason="bye")
    [kick] = alice.wait("userDisconnect")
    assert (kick["userId"], kick["reason"]) == ("alice", "bye")
    assert alice.wait("disconnect") == ["serverDisconnect"]


def test_an_updated_room_holds_for_who_is_there_already(seat, app, room):
    alice = seat("alice")
    alice.send("123456")
    app.chat.update_room(identifier=room["arn"], maximumMessageLength=5)
    assert alice.refused("send", content="123456")["errorMessage"] == "Message exceeds maximum length"
    alice.send("12345")


def test_a_deleted_room_takes_no_message_and_nobody_new(seat, app, room, sdk, server):
    alice = seat("alice")
    app.chat.delete_room(identifier=room["arn"])
    assert alice.refused("send", content="anybody?")["errorCode"] == 404
    assert alice.perform("state") == "connected"
    late = Seat(sdk, app, server, f"late-{next(_numbers)}", roomIdentifier=room["arn"])
    assert late.wait("disconnect") == ["fetchTokenError"], "no token for a room that is gone"


def test_what_is_said_in_one_room_stays_there(seat, app, room):
    other = app.chat.create_room()
    alice, bob = seat("alice"), seat("alice", room=other["arn"])
    alice.send("here")
    app.chat.disconnect_user(roomIdentifier=room["arn"], userId="alice")
    alice.wait("disconnect")
    bob.send("there")
    assert (alice.contents(), bob.contents()) == (["here"], ["there"])


def test_the_command_line_runs_a_room(seat, app, server):
    def cli(*words: str) -> dict[str, Any]:
        return chat_cli(server, *words)

    made = cli("create-room", "--name", "by-hand", "--maximum-message-rate-per-second", "20", "--tags", "a=b")
    arn = made["arn"]
    alice = seat("alice", room=arn)
    message = alice.send("hello")
    token = cli("create-chat-token", "--room-identifier", arn, "--user-id", "bob", "--capabilities", "SEND_MESSAGE")
    assert token.keys() == {"token", "tokenExpirationTime", "sessionExpirationTime"}
    cli("send-event", "--room-identifier", arn, "--event-name", "app:NEWS", "--attributes", "k=v")
    cli("delete-message", "--room-identifier", arn, "--id", message["id"])
    cli("disconnect-user", "--room-identifier", arn, "--user-id", "alice", "--reason", "closing time")
    assert alice.wait("disconnect") == ["serverDisconnect"]
    assert [one["eventName"] for one in alice.heard("event")] == ["app:NEWS"]
    assert [one["messageId"] for one in alice.heard("messageDelete")] == [message["id"]]
    assert [one["reason"] for one in alice.heard("userDisconnect")] == ["closing time"]
    cli("delete-room", "--identifier", arn)
    assert arn not in [one["arn"] for one in cli("list-rooms")["rooms"]]


# Review


def test_the_review_handler_denies_and_rewrites(seat, app):
    room = app.chat.create_room(messageReviewHandler={"uri": HANDLER, "fallbackResult": "DENY"})
    questions = []

    def review(question: dict[str, Any]) -> dict[str, Any]:
        questions.append(question)
        if "bad" in question["Content"]:
            return {"ReviewResult": "DENY", "Content": "", "Attributes": {"Reason": "denied for moderation"}}
        return {"ReviewResult": "ALLOW", "Content": question["Content"].upper(), "Attributes": {"seen": "yes"}}

    app.review = review
    alice, bob = (seat(name, room=room["arn"], attributes={"name": name}) for name in ("alice", "bob"))
    refused = alice.refused("send", content="a bad word")
    assert refused["errorCode"] == 406 and "denied for moderation" in refused["errorMessage"]
    allowed = alice.send("a good word", attributes={"k": "v"})
    assert (allowed["content"], allowed["attributes"]) == ("A GOOD WORD", {"seen": "yes"})
    assert bob.wait("message") == [allowed], "nobody hears what was denied"
    assert questions[1]["Sender"]["UserId"] == "alice"
    assert questions[1]["RoomArn"] == room["arn"]
    assert questions[1]["MessageId"] == allowed["id"]


# Tokens and sessions


def test_a_token_opens_one_connection_once(seat, app, room, server, sdk):
    alice = seat("alice")
    spent = app.chat.create_chat_token(roomIdentifier=room["arn"], userId="bob")
    name = f"bob-{next(_numbers)}"
    # A backend that gives the same token to everybody.
    app.retouch[name] = lambda told, _: told | {"token": spent["token"]}
    given = {"roomIdentifier": room["arn"], "userId": "bob"}
    first = Seat(sdk, app, server, name, **given).connected()
    again = f"{name}-again"
    app.retouch[again] = app.retouch[name]
    second = Seat(sdk, app, server, again, **given)
    assert second.wait("disconnect") == ["socketError"]
    assert app.asked[again] == 4, "the SDK tried as often as it does, each time in vain"
    alice.send("one of you")
    first.wait("message")
    assert second.contents() == []


def test_the_sdk_changes_to_a_fresh_token_and_misses_nothing(seat, app, server):
    # It connects anew a minute before a token's end: so the end that the first one names is close.
    def soon(told: dict[str, Any], asked: int) -> dict[str, Any]:
        end = datetime.datetime.now(datetime.UTC) + datetime.timedelta(seconds=63)
        return told | {"tokenExpirationTime": end.isoformat()} if asked == 1 else told

    alice = seat("alice")
    name = f"bob-{next(_numbers)}"
    app.retouch[name] = soon
    bob = Seat(alice.sdk, app, server, name, **(app.seats[alice.name] | {"userId": "bob"})).connected()
    sent = []

    def changed() -> bool:
        told = alice.perform("send", content=f"number {len(sent)}")
        sent.append(f"number {len(sent)}")
        assert "done" in told, told
        return app.asked[name] == 2

    wait_until(changed, "the SDK takes a second token", every=0.3)
    alice.send("behind it")
    wait_until(lambda: bob.contents()[-1:] == ["behind it"], "the new connection hears")
    assert bob.contents() == [*sent, "behind it"], "nothing twice, nothing missed"
    assert bob.send("mine")["content"] == "mine"
    assert bob.heard("disconnect") == [] and bob.perform("state") == "connected"
    # The old connection is closed behind the new one, and no third one comes.
    alice.send("and on")
    wait_until(lambda: bob.contents()[-1:] == ["and on"], "it stays")
    assert app.asked[name] == 2


@pytest.mark.slow
def test_the_sdk_comes_back_when_its_session_has_ended(server, app, node, chromium):
    room = app.chat.create_room()["arn"]
    made = app.chat.create_chat_token(roomIdentifier=room, userId="any", sessionDurationInMinutes=1)
    spare = made["tokenExpirationTime"] - made["sessionExpirationTime"]
    assert spare > datetime.timedelta(minutes=3), "no SDK plans a reconnect of its own within this session"
    seats = []
    for place, sdk in (("node", node), ("chromium", chromium)):
        given = {"roomIdentifier": room, "userId": place, "capabilities": EVERYTHING, "sessionDurationInMinutes": 1}
        seats.append(Seat(sdk, app, server, f"{place}-{next(_numbers)}", **given).connected())
    for one in seats:
        one.connected(2, seconds=120)
        assert one.order()[:4] == ["connecting", "connect", "connecting", "connect"], "an end is no disconnect"
        assert app.asked[one.name] == 2
    assert seats[0].send("again")["content"] == "again"
    seats[1].wait("message")
    for one in seats:
        one.leave()


# Restart


def test_the_sdk_comes_back_when_the_server_was_restarted(start_server, app, sdk, server):
    own = start_server()
    try:
        app.serve(own)
        room = app.chat.create_room()["arn"]
        given = {"roomIdentifier": room, "capabilities": EVERYTHING}
        alice, bob = (Seat(sdk, app, own, f"{name}-{next(_numbers)}", **given).connected() for name in ("alice", "bob"))
        alice.send("before")
        bob.wait("message")
        own.stop()
        address = own.bound["http"]
        own.address_flags = lambda: [
            *("--data-dir", str(own.data_dir), "--http", address, "--rtmp", "127.0.0.1:0", "--rtmps", "127.0.0.1:0")
        ]
        own.start()
        for one in (alice, bob):
            one.connected(2)
            assert "disconnect" not in one.order(), "an app sees only that it connects again"
        alice.send("after")
        bob.wait("message", 2)
        assert bob.contents() == ["before", "after"]
    finally:
        app.serve(server)
        own.stop()
