"""Chat rooms in the console: found, made, listened to, kept in order, looked after.

Promise: a real server, real connections in the room, a real browser; what the page did is asked of the API and of those
in the room.
"""

import json
from urllib.parse import quote

import pytest
from harness import aws
from harness.aws import make_channel
from harness.chatter import Chatter, Refused
from harness.console import axe, console, shots, visitor
from harness.reviewer import SECRET, Reviewer, allows, says
from harness.waiting import wait_until

HANDLER = "arn:aws:lambda:us-east-1:123456789012:function:judge"
UNKNOWN = "arn:aws:lambda:us-east-1:123456789012:function:nobody"


@pytest.fixture(scope="module")
def judge():
    reviewer = Reviewer()
    yield reviewer
    reviewer.close()


@pytest.fixture(scope="module")
def server(start_server, judge, tmp_path_factory):
    targets = tmp_path_factory.mktemp("review") / "targets.toml"
    # Generous: a busy machine is not what the tests are about.
    known = {"uri": HANDLER, "webhook": f"{judge.url}/hook/judge", "secret": SECRET}
    targets.write_text("[[target]]\n" + "".join(f'{key} = "{value}"\n' for key, value in known.items()) + "timeout_ms = 10000\n")
    return start_server("--chat-review", str(targets))


@pytest.fixture(scope="module")
def chat(server):
    return aws.client(server, service="ivschat")


@pytest.fixture(scope="module")
def room(chat):
    tags = {"rillcast:moderation": "true", "rillcast:history": "50"}
    return chat.create_room(name="lounge", maximumMessageRatePerSecond=100, tags=tags)


@pytest.fixture(scope="module")
def operator(server):
    with console(server) as tab:
        yield tab


@pytest.fixture
def enter(server, chat):
    """Comes into a room as somebody."""
    inside: list[Chatter] = []

    def come(room, user: str, *may: str) -> Chatter:
        made = chat.create_chat_token(
            roomIdentifier=room["arn"],
            userId=user,
            capabilities=["SEND_MESSAGE", *may],
            attributes={"displayName": user.title()},
        )
        inside.append(Chatter(server, made["token"]))
        return inside[-1]

    yield come
    for one in inside:
        one.leave()


LIST = "(document.querySelector('.talk-list')?.innerText ?? '')"


def shows(tab, text: str) -> None:
    tab.wait(f"{LIST}.includes({json.dumps(text)})")


def moderate(tab, text: str) -> None:
    """Opens what can be done about a message."""
    tab.page.locator(".talk-row", has_text=text).get_by_role("button").click()
    tab.page.get_by_role("dialog").wait_for()


def press(tab, name: str) -> None:
    """Presses a button of the dialog, which closes when it is done."""
    dialog = tab.page.get_by_role("dialog")
    dialog.get_by_role("button", name=name, exact=True).click()
    dialog.wait_for(state="detached")


def test_what_is_said_is_seen_and_the_operator_answers(operator, room, enter):
    ada = enter(room, "ada")
    ada.say("hello <b>operators</b>")
    operator.go(f"/rooms/{room['id']}")
    shows(operator, "hello <b>operators</b>")
    shows(operator, "Ada")
    box = operator.page.get_by_label("Write as the operator")
    operator.wait("document.querySelector('.composer input').placeholder.startsWith('Write')")
    box.fill("hello Ada")
    box.press("Enter")
    shows(operator, "hello Ada")
    frame = ada.wait_for(lambda frame: frame["Type"] == "MESSAGE" and frame["Content"] == "hello Ada")
    assert frame["Sender"]["Attributes"]["role"] == "operator"
    operator.wait_for_text("Who is here (2)")
    axe(operator)
    shots(operator, "room-live")


def test_order_is_kept_by_deleting_kicking_banning_and_muting(operator, room, chat, enter, server):
    ada, mallory = enter(room, "ada"), enter(room, "mallory")
    operator.go(f"/rooms/{room['id']}")
    for text in ("first rude word", "second rude word"):
        mallory.say(text)
        shows(operator, text)
    moderate(operator, "first rude word")
    operator.field("Reason").fill("rude")
    shots(operator, "room-moderate")
    axe(operator)
    press(operator, "Delete message")
    deleted = ada.wait_for(lambda frame: frame.get("EventName") == "aws:DELETE_MESSAGE")
    assert deleted["Attributes"]["Reason"] == "rude"
    operator.wait(f"!{LIST}.includes('first rude word')")

    moderate(operator, "second rude word")
    press(operator, "Mute")
    operator.wait_for_text("Muted")
    wait_until(lambda: mallory.answer(mallory.say("psst")).get("ErrorCode") == 403, "the mute holds", every=0.3)
    operator.page.get_by_label("Lift: mallory").click()
    wait_until(lambda: mallory.answer(mallory.say("third rude word")).get("ErrorCode") is None, "it was lifted", every=0.3)
    shows(operator, "third rude word")

    moderate(operator, "second rude word")
    press(operator, "Kick")
    assert mallory.ended()[0] == 1001
    again = enter(room, "mallory")
    again.say("I am back")
    shows(operator, "I am back")
    moderate(operator, "I am back")
    press(operator, "Delete all their messages")
    operator.wait(f"!{LIST}.includes('rude word') && !{LIST}.includes('I am back')")
    operator.page.get_by_label("Moderate mallory", exact=True).click()
    press(operator, "Ban")
    assert again.ended()[0] == 1001
    operator.wait_for_text("Banned")
    token = chat.create_chat_token(roomIdentifier=room["arn"], userId="mallory")["token"]
    with pytest.raises(Refused):
        Chatter(server, token)


def test_slow_mode_is_set_and_an_event_is_sent(operator, room, chat, enter):
    ada = enter(room, "ada")
    operator.go(f"/rooms/{room['id']}")
    operator.page.get_by_role("combobox", name="Slow mode").select_option("300")
    operator.button("Set slow mode").click()
    operator.wait_for_text("it holds in a moment")
    assert chat.get_room(identifier=room["arn"])["tags"]["rillcast:slow-mode"] == "300"
    wait_until(lambda: ada.answer(ada.say("quick")).get("ErrorCode") == 429, "slow mode holds", every=0.2)
    operator.page.get_by_role("combobox", name="Slow mode").select_option("")
    operator.button("Set slow mode").click()
    wait_until(lambda: "rillcast:slow-mode" not in chat.get_room(identifier=room["arn"])["tags"], "it is off")

    operator.button("Send event…").click()
    operator.page.get_by_role("textbox", name="Name", exact=True).fill("app:POLL")
    operator.field("Attributes").fill("question = Who?\nanswers=a=b")
    operator.button("Send", exact=True).last.click()
    event = ada.wait_for(lambda frame: frame.get("EventName") == "app:POLL")
    assert event["Attributes"] == {"question": "Who?", "answers": "a=b"}
    operator.wait_for_text(f"Sent as {event['Id']}")


def test_a_room_is_made_changed_and_deleted(operator, chat):
    operator.go("/rooms")
    operator.button("Create room").click()
    operator.page.get_by_role("textbox", name="Name", exact=True).fill("not a name!")
    operator.page.get_by_role("dialog").get_by_role("button", name="Create room").click()
    operator.wait("!!document.querySelector('dialog .fault, dialog .notice.bad')")
    operator.page.get_by_role("textbox", name="Name", exact=True).fill("fresh")
    operator.field("Messages a second").fill("7")
    shots(operator, "rooms-create")
    axe(operator)
    operator.page.get_by_role("dialog").get_by_role("button", name="Create room").click()
    operator.wait("document.querySelector('#page h1').textContent === 'fresh'")
    made = chat.list_rooms(name="fresh")["rooms"][0]
    assert made["tags"] == {"rillcast:moderation": "true", "rillcast:history": "50"}

    operator.page.get_by_role("tab", name="Settings").click()
    operator.field("Characters of a message").fill("100")
    operator.button("Save").click()
    operator.wait_for_text("Saved.")
    room = chat.get_room(identifier=made["arn"])
    assert (room["maximumMessageRatePerSecond"], room["maximumMessageLength"]) == (7, 100)
    operator.field("Key").fill("team")
    operator.field("Value").fill("blue")
    operator.button("Add tag").click()
    operator.page.get_by_label("Remove tag team").wait_for()
    assert chat.get_room(identifier=made["arn"])["tags"]["team"] == "blue"
    operator.page.get_by_label("Remove tag team").click()
    wait_until(lambda: "team" not in chat.get_room(identifier=made["arn"])["tags"], "the tag is gone")
    axe(operator)

    operator.button("Delete room").click()
    operator.page.get_by_role("dialog").get_by_role("button", name="Delete room").click()
    operator.wait("document.querySelector('#page h1').textContent === 'Chat rooms'")
    assert chat.list_rooms(name="fresh")["rooms"] == []


def test_a_test_token_opens_the_room(operator, server, room):
    operator.go(f"/rooms/{room['id']}?tab=token")
    operator.field("User id").fill("tester")
    operator.field("DELETE_MESSAGE").check()
    operator.button("Create token").click()
    token = operator.page.locator(".paste code").inner_text()
    tester = Chatter(server, token)
    said = tester.answer(tester.say("from the test token"))
    assert said["Sender"] == {"UserId": "tester", "Attributes": {"displayName": "Alice"}}
    assert tester.answer(tester.ask("DELETE_MESSAGE", Id=said["Id"]))["EventName"] == "aws:DELETE_MESSAGE"
    tester.leave()
    axe(operator)


def test_rates_and_the_review_handler_are_told(operator, chat, enter, judge):
    judge.plans["judge"] = lambda question: says("DENY", Reason="no") if "bad" in question["Content"] else allows(question)
    handler = {"uri": HANDLER, "fallbackResult": "DENY"}
    room = chat.create_room(name="judged", messageReviewHandler=handler, maximumMessageRatePerSecond=100)
    ada = enter(room, "ada")
    for text in ("good", "bad", "better"):
        ada.answer(ada.say(text))
    operator.go(f"/rooms/{room['id']}?tab=health")
    operator.wait_for_text("Answering")
    facts = "Object.fromEntries([...document.querySelectorAll('.facts div')].map(one => [one.children[0].textContent, one.children[1].textContent]))"
    told = operator.read(facts)
    assert (told["Messages"], told["Denied in review (406)"]) == ("2", "1")
    assert (told["Allowed"], told["Denied"], told["No answer"]) == ("2", "1", "0")
    assert told["Newest answer took"].endswith(" ms")
    ada.say("one more")
    operator.wait(f"{facts}['Messages'] === '3'")
    operator.wait("[...document.querySelectorAll('.chart .none')].length === 0")
    axe(operator)
    shots(operator, "room-health")

    chat.update_room(identifier=room["arn"], messageReviewHandler={"uri": UNKNOWN})
    wait_until(lambda: ada.answer(ada.say("anybody?")).get("ErrorCode") == 406, "the fallback decides", every=0.3)
    operator.go(f"/rooms/{room['id']}?tab=health")
    operator.wait_for_text("does not know where to ask this handler")


def test_logging_configurations_are_made_and_attached(operator, chat, room):
    operator.go("/rooms")
    operator.page.get_by_role("tab", name="Logging configurations").click()
    operator.button("Create logging configuration").click()
    operator.page.get_by_role("textbox", name="Name", exact=True).fill("diary")
    operator.page.get_by_role("textbox", name="S3 bucket (or folder of the server)").fill("diary-bucket")
    operator.button("Create", exact=True).click()
    operator.wait_for_text("ACTIVE")
    axe(operator)
    operator.go(f"/rooms/{room['id']}?tab=settings")
    operator.page.get_by_label("diary: S3 bucket diary-bucket (ACTIVE)").check()
    operator.button("Save").click()
    operator.wait_for_text("Saved.")
    made = chat.list_logging_configurations()["loggingConfigurations"][0]
    assert chat.get_room(identifier=room["arn"])["loggingConfigurationIdentifiers"] == [made["arn"]]


def test_who_may_only_look_reads_along_and_sees_no_dead_button(server, room, enter):
    ada = enter(room, "ada")
    reader = server.add_key("--policy", "read-only")
    with console(server, reader) as tab:
        tab.go("/rooms")
        tab.page.get_by_role("link", name="lounge").wait_for()
        assert tab.page.get_by_role("button", name="Create room").count() == 0
        tab.page.get_by_role("link", name="lounge").click()
        ada.say("seen by all")
        shows(tab, "seen by all")
        tab.wait_for_text("Who is here")
        for gone in (".composer", ".talk-acts"):
            assert tab.page.locator(gone).count() == 0, gone
        for name in ("Delete room", "Set slow mode", "Send event…"):
            assert tab.page.get_by_role("button", name=name).count() == 0, name
        assert tab.page.get_by_role("tab", name="Test token").count() == 0


def test_the_desks_doors_are_for_rooms_of_ones_own(server, chat, room):
    def ask(path: str, arn: str, method: str = "GET", **options):
        body = b"" if method == "GET" else b"{}"
        return aws.send(aws.signed(server, f"/rillcast/v1/rooms/{path}?arn={quote(arn, safe='')}", body, method=method, **options))

    told = ask("stats", room["arn"])
    assert told.status == 200 and set(told.json()) >= {"node", "room", "review", "restrictions"}
    seat = ask("seats", room["arn"], "POST").json()
    reader = Chatter(server, seat["token"])
    for action, fields in (("SEND_MESSAGE", {"Content": "x"}), ("DISCONNECT_USER", {"UserId": "x"})):
        assert reader.answer(reader.ask(action, **fields))["ErrorCode"] == 403
    reader.leave()
    assert ask("stats", room["arn"][:-12] + "abcdABCD0123").status == 404
    assert ask("stats", "nonsense").status == 400
    channel = make_channel(aws.client(server))
    assert ask("stats", channel.arn).status == 400


def test_what_moderators_do_is_seen_on_the_watch_page(operator, server, chat, room):
    channel = make_channel(aws.client(server), tags={"rillcast:chat-room": room["arn"]})
    with visitor(f"{server.url}/watch/{channel.id}") as viewer:
        viewer.page.get_by_label("Your name in the chat").fill("Vic")
        viewer.page.get_by_role("button", name="Join").click()
        viewer.wait("(document.querySelector('.composer input')?.placeholder ?? '').startsWith('Write')")
        viewer.page.locator(".composer input").fill("is anybody there?")
        viewer.page.keyboard.press("Enter")
        operator.go(f"/rooms/{room['id']}")
        shows(operator, "is anybody there?")
        moderate(operator, "is anybody there?")
        press(operator, "Delete message")
        viewer.wait(f"!{LIST}.includes('is anybody there?')")
        assert viewer.errors == []
