"""The message review handler: webhooks, Lambda's Invoke API, and moto's Lambda in its form without containers.

Promise: whatever a handler does, a message is delivered as the handler or else the room's fallback says, and a slow one
delays its own room's messages only.
"""

import io
import json
import re
import subprocess
import sys
import threading
import zipfile

import pytest

from harness.chat_app import chat_client
from harness.chatter import Chatter
from harness.moto import Destinations
from harness.reviewer import KEY_ID, KEY_SECRET, SECRET, Reply, Reviewer, allows, says
from harness.server import ACCOUNT, REGION, ROOT, Server, binary
from harness.waiting import wait_until
from harness.web import fetch

HOOK, SLEEPER, FUNCTION, NOWHERE = "hook", "sleeper", "function", "nowhere"
MOTO, GUIDE = "moto", "guide"
#: A deadline that a busy machine does not meet by chance, and one that a sleeper misses soon.
LONG, SHORT = 10_000, 300


def arn(name: str) -> str:
    return f"arn:aws:lambda:{REGION}:{ACCOUNT}:function:{name}"


@pytest.fixture(scope="module")
def reviewer():
    started = Reviewer()
    yield started
    started.close()
    assert started.forgeries == []


@pytest.fixture(scope="module")
def moto():
    """moto's server with Lambda that answers what it was told, as no container runs here."""
    server = Destinations().up()
    fetch(f"{server.url}/moto-api/config", "POST", json.dumps({"lambda": {"use_docker": False}}).encode())
    yield server
    server.down()


@pytest.fixture(scope="module")
def moto_lambda(moto):
    """A function in moto; gives a way to say what it answers next."""
    role = moto.client("iam").create_role(RoleName="reviewer", AssumeRolePolicyDocument="{}")
    code = io.BytesIO()
    with zipfile.ZipFile(code, "w") as archive:
        archive.writestr("code.py", "def handle(event, context): ...")
    functions = moto.client("lambda")
    functions.create_function(
        FunctionName=MOTO,
        Runtime="python3.13",
        Role=role["Role"]["Arn"],
        Handler="code.handle",
        Code={"ZipFile": code.getvalue()},
    )

    def answers(*results: dict) -> None:
        told = {"results": [json.dumps(result) for result in results], "region": REGION, "account_id": ACCOUNT}
        answer = fetch(f"{moto.url}/moto-api/static/lambda-simple/response", "POST", json.dumps(told).encode())
        assert answer.status == 201, answer.text

    return answers


@pytest.fixture(scope="module")
def guides_handler():
    """The program in the guide, with its secret and a free port filled in; gives its address."""
    guide = (ROOT / "docs" / "guide" / "chat-review.md").read_text()
    program = next(part for part in re.findall(r"```python\n(.*?)```", guide, re.S) if "class Review" in part)
    assert "9000" in program and '"…"' in program
    program = program.replace('"…"', repr(SECRET.removeprefix("whsec_"))).replace("9000", "0")
    program = program.replace(").serve_forever()", ")").replace(
        "http.server.Threading", "served = http.server.Threading"
    )
    program += "print(served.server_address[1], flush=True)\nserved.serve_forever()\n"
    process = subprocess.Popen([sys.executable, "-c", program], stdout=subprocess.PIPE, stderr=subprocess.DEVNULL)
    assert process.stdout is not None
    yield f"http://127.0.0.1:{int(process.stdout.readline())}"
    process.kill()
    process.wait()


@pytest.fixture(scope="module")
def server(start_server, reviewer, moto, guides_handler, tmp_path_factory):
    folder = tmp_path_factory.mktemp("review")
    (folder / "secret").write_text(f"{SECRET}\n")
    keys = f'access_key = "{KEY_ID}"\nsecret = "{KEY_SECRET}"\n'
    hook = f'webhook = "{reviewer.url}/hook/%s"\nsecret_file = "{folder / "secret"}"\n'
    # The breaker has tests of its own; here it stays closed.
    steady = "breaker_failures = 1000\n"

    def target(name: str, where: str, deadline: int) -> str:
        return f'[[target]]\nuri = "{arn(name)}"\n{where}timeout_ms = {deadline}\n{steady}\n'

    targets = [
        target(HOOK, hook % HOOK, LONG),
        target(SLEEPER, hook % SLEEPER, SHORT),
        target(FUNCTION, f'lambda = "{reviewer.url}"\n{keys}', LONG),
        target(GUIDE, f'webhook = "{guides_handler}/review"\nsecret = "{SECRET}"\n', LONG),
        target("moto*", f'lambda = "{moto.url}"\n{keys}', LONG),
    ]
    (folder / "targets.toml").write_text("".join(targets))
    return start_server("--chat-review", str(folder / "targets.toml"), "--metrics", "127.0.0.1:0")


@pytest.fixture(scope="module")
def chat(server):
    return chat_client(server)


@pytest.fixture
def enter(server, chat):
    """Takes people into rooms."""
    came = []

    def take(room: dict, user: str, **more) -> Chatter:
        made = chat.create_chat_token(roomIdentifier=room["arn"], userId=user, capabilities=["SEND_MESSAGE"], **more)
        came.append(Chatter(server, made["token"]))
        return came[-1]

    yield take
    for chatter in came:
        chatter.leave()


@pytest.fixture
def room(chat):
    """Makes rooms with a handler."""

    def make(handler: str, fallback: str = "ALLOW", **more) -> dict:
        review = {"uri": arn(handler), "fallbackResult": fallback}
        return chat.create_room(messageReviewHandler=review, maximumMessageRatePerSecond=100, **more)

    return make


@pytest.fixture
def plan(reviewer):
    """Says how handlers answer while a test runs."""

    def say(name: str, how) -> None:
        reviewer.plans[name] = how if callable(how) else lambda _: how

    yield say
    reviewer.plans.clear()


def count(server: Server, name: str, handler: str) -> int:
    page = fetch(f"http://{server.bound['metrics']}/metrics").text
    series = f'ivschat_{name}_total{{uri="{arn(handler)}"}} '
    return sum(int(line.removeprefix(series)) for line in page.splitlines() if line.startswith(series))


@pytest.mark.parametrize("handler", [HOOK, FUNCTION])
def test_a_handler_sees_the_message_as_the_vendors_would(reviewer, room, enter, handler):
    where = room(handler)
    alice = enter(where, "alice", attributes={"name": "Alice ü"})
    message = alice.answer(alice.say("hello 🙂", Attributes={"k": "v"}))
    assert (message["Type"], message["Content"], message["Attributes"]) == ("MESSAGE", "hello 🙂", {"k": "v"})
    assert reviewer.asked(handler)[-1] == {
        "Content": "hello 🙂",
        "MessageId": message["Id"],
        "RoomArn": where["arn"],
        "Attributes": {"k": "v"},
        "Sender": {"Attributes": {"name": "Alice ü"}, "UserId": "alice", "Ip": "127.0.0.1"},
    }


@pytest.mark.parametrize("handler", [HOOK, FUNCTION])
def test_a_denied_message_is_told_to_its_sender_alone(room, enter, plan, handler):
    where = room(handler)
    alice, bob = enter(where, "alice"), enter(where, "bob")
    plan(handler, lambda asked: says("DENY", Reason="not here") if "bad" in asked["Content"] else allows(asked))
    denied = alice.answer(alice.say("bad"))
    assert (denied["Type"], denied["ErrorCode"]) == ("ERROR", 406)
    assert "not here" in denied["ErrorMessage"]
    good = alice.say("good")
    assert bob.answer(good)["Content"] == "good"
    assert [frame["Type"] for frame in bob.frames] == ["MESSAGE"], "nothing else came to the other"


def test_content_and_attributes_are_replaced_and_the_rest_stays(room, enter, plan):
    where = room(HOOK)
    alice, bob = enter(where, "alice", attributes={"name": "A"}), enter(where, "bob")
    plan(HOOK, says("ALLOW", "****", flagged="1"))
    request = alice.say("dirt", Attributes={"k": "v"})
    for chatter in (alice, bob):
        message = chatter.answer(request)
        assert (message["Content"], message["Attributes"]) == ("****", {"flagged": "1"})
        assert message["Sender"] == {"UserId": "alice", "Attributes": {"name": "A"}}


def bad_endings() -> dict[str, Reply]:
    asleep = threading.Event()
    return {
        "sleeps": Reply(gate=asleep),
        "crashes": Reply(hangs_up=True),
        "fails": Reply(b"oops", 500),
        "throws": Reply(b'{"errorMessage":"boom"}', headers={"X-Amz-Function-Error": "Unhandled"}),
        "babbles": Reply(b"<html>"),
        "lies": says("ALLOW", "x" * 501),
        "hesitates": says("PERHAPS", "x"),
        "floods": Reply(b" " * 1_000_000),
    }


@pytest.mark.parametrize("ending", bad_endings())
def test_without_a_good_answer_the_fallback_decides_and_it_is_counted(server, room, enter, plan, ending):
    reply = bad_endings()[ending]
    handler = SLEEPER if ending == "sleeps" else HOOK
    plan(handler, reply)
    name = "response_validation_errors" if ending in {"babbles", "lies", "hesitates"} else "invocation_errors"
    before = count(server, name, handler)
    lenient, strict = room(handler, "ALLOW"), room(handler, "DENY")
    alice, bob = enter(lenient, "alice"), enter(strict, "bob")
    delivered = alice.answer(alice.say("as it was", Attributes={"k": "v"}))
    assert (delivered["Type"], delivered["Content"], delivered["Attributes"]) == ("MESSAGE", "as it was", {"k": "v"})
    refused = bob.answer(bob.say("as it was"))
    assert (refused["Type"], refused["ErrorCode"]) == ("ERROR", 406)
    assert bob.contents() == []
    assert count(server, name, handler) == before + 2
    if reply.gate is not None:
        reply.gate.set()


def test_a_handler_that_nobody_configured_leaves_it_to_the_fallback(server, room, enter):
    alice = enter(room(NOWHERE), "alice")
    assert alice.answer(alice.say("hello"))["Type"] == "MESSAGE"
    bob = enter(room(NOWHERE, "DENY"), "bob")
    assert bob.answer(bob.say("hello"))["ErrorCode"] == 406
    assert count(server, "invocation_errors", NOWHERE) == 2
    assert server.log().count("no target is configured") == 1, "told once, not for each message"


def test_a_slow_handler_delays_no_other_room(reviewer, chat, room, enter, plan):
    gate = threading.Event()
    plan(HOOK, lambda asked: Reply(allows(asked).body, gate=gate))
    before = len(reviewer.asked(HOOK))
    slow = enter(room(HOOK), "alice")
    waiting = [slow.say(f"slow {n}") for n in range(8)]
    wait_until(lambda: len(reviewer.asked(HOOK)) == before + 8, "eight questions")
    others = [enter(room(FUNCTION), "bob"), enter(chat.create_room(), "carol")]
    for other in others:
        for n in range(5):
            assert other.answer(other.say(f"quick {n}"))["Content"] == f"quick {n}"
    assert slow.frames == []
    gate.set()
    assert slow.answer(waiting[-1])["Content"] == "slow 7"
    assert slow.contents() == [f"slow {n}" for n in range(8)]


def test_a_senders_messages_keep_their_order_and_others_go_before(room, enter, plan):
    gate = threading.Event()

    def first_is_slow(asked):
        return Reply(allows(asked).body, gate=gate if asked["Content"] == "first" else None)

    plan(HOOK, first_is_slow)
    where = room(HOOK)
    alice, bob = enter(where, "alice"), enter(where, "bob")
    alice.say("first")
    last = alice.say("second")
    assert alice.answer(bob.say("meanwhile"))["Content"] == "meanwhile"
    gate.set()
    for chatter in (alice, bob):
        chatter.answer(last)
        assert chatter.contents() == ["meanwhile", "first", "second"]


def test_a_handler_that_is_set_or_removed_holds_for_the_next_message(chat, room, enter, plan):
    plan(HOOK, says("ALLOW", "reviewed"))
    where = room(HOOK)
    alice = enter(where, "alice")

    def hears(content: str) -> bool:
        """The room is read again when its change is heard of, which is not at once."""
        return wait_until(lambda: alice.answer(alice.say("mine"))["Content"] == content, content, every=0.2)

    assert hears("reviewed")
    chat.update_room(identifier=where["arn"], messageReviewHandler={"uri": ""})
    assert hears("mine")
    chat.update_room(identifier=where["arn"], messageReviewHandler={"uri": arn(HOOK)})
    assert hears("reviewed")


def test_motos_lambda_reviews_messages(server, room, enter, moto_lambda):
    alice = enter(room(MOTO, "DENY"), "alice")
    moto_lambda({"ReviewResult": "ALLOW", "Content": "moto was here"})
    assert alice.answer(alice.say("hello"))["Content"] == "moto was here"
    moto_lambda({"ReviewResult": "DENY", "Content": "", "Attributes": {"Reason": "moto says no"}})
    denied = alice.answer(alice.say("hello"))
    assert denied["ErrorCode"] == 406 and "moto says no" in denied["ErrorMessage"]
    assert count(server, "invocation_errors", MOTO) == 0


def test_a_function_that_only_repeats_the_question_has_not_answered(server, room, enter, moto_lambda):
    alice = enter(room("moto-parrot"), "alice")
    assert alice.answer(alice.say("hello"))["Content"] == "hello"
    assert count(server, "response_validation_errors", "moto-parrot") == 1


def test_the_guides_own_handler_reviews(chat, enter, guides_handler, room):
    alice = enter(room(GUIDE, "DENY"), "alice")
    assert alice.answer(alice.say("hello"))["Content"] == "hello"
    denied = alice.answer(alice.say("some spam"))
    assert denied["ErrorCode"] == 406 and "no spam" in denied["ErrorMessage"]


def test_a_file_that_makes_no_sense_stops_the_start_and_says_where(tmp_path):
    targets = tmp_path / "targets.toml"
    targets.write_text(f'[[target]]\nuri = "{arn(HOOK)}"\nwebhook = "http://127.0.0.1/"\nsecret = "hunter2"\n')
    server = Server(tmp_path)
    done = subprocess.run(
        [binary(), "serve", *server.address_flags(), "--chat-review", str(targets)],
        capture_output=True,
        text=True,
        timeout=60,
        env=server.env,
        cwd=tmp_path,
    )
    assert done.returncode != 0
    said = done.stdout + done.stderr
    assert "line 2: secret: it has fewer than 16 bytes" in said
    assert "hunter2" not in said
