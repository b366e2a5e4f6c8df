"""What keys may ask about events: as they come, what sinks would not take, and another try for it.

Promise: every request is signed, and everything that is refused is refused for one reason.
"""

import json
import threading
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from urllib.parse import quote

import pytest

from harness import aws, rtmp, sigv4
from harness.browser import watching
from harness.eventsource import PATH, EventSource, Told
from harness.server import ACCOUNT, REGION, Key, Server
from harness.waiting import wait_until
from harness.web import fetch

SINKS = "/rillcast/v1/event-sinks"
#: What an encoder that is let in and leaves without a picture makes happen.
VISIT = ["Session Created", "Session Ended"]


def policy_file(server: Server, name: str, *statements: dict) -> str:
    file = server.folder / f"{name}.json"
    file.write_text(json.dumps({"Version": "2012-10-17", "Statement": list(statements)}))
    return str(file)


def may(server: Server, actions: list[str] | str, resource: str = "*") -> Key:
    """A key of the server's account that may do this and nothing else."""
    statement = {"Effect": "Allow", "Action": actions, "Resource": resource}
    return server.add_key("--policy", policy_file(server, "policy", statement))


def visit(server: Server, channel: aws.Channel) -> None:
    """An encoder comes, is let in, and goes."""
    encoder = rtmp.Publisher(server.bound["rtmp"])
    encoder.connect()
    assert encoder.publish(channel.key)["code"] == "NetStream.Publish.Start"
    encoder.close()


def names(told: list[Told]) -> list[str]:
    return [one.name for one in told]


def ask(server: Server, path: str, method: str = "GET", body: object = None, key: Key | None = None):
    raw = b"" if body is None else body if isinstance(body, bytes) else json.dumps(body).encode()
    return aws.send(aws.signed(server, path, raw, method=method, key=key))


def refused(answer, status: int, code: str, text: str = "") -> None:
    body = answer.json()
    assert (answer.status, body["__type"], answer.headers["x-amzn-errortype"]) == (status, code, code), body
    assert text in body["message"], body


@pytest.fixture(scope="module")
def channel(ivs):
    return aws.make_channel(ivs, name="watched")


@pytest.fixture
def open_stream(server):
    """Opens streams of events, and closes them."""
    opened = []

    def start(*arguments, of: Server = server, **options) -> EventSource:
        opened.append(EventSource(of, *arguments, **options))
        return opened[-1]

    yield start
    for stream in opened:
        stream.close()


# Events as they come


def test_events_come_as_they_happen_in_the_envelope_of_the_vendor(server, ivs, channel, open_stream):
    stream = open_stream()
    assert stream.headers["content-type"] == "text/event-stream"
    assert stream.headers["cache-control"] == "no-store" and stream.headers["access-control-allow-origin"] == "*"
    visit(server, channel)
    told = stream.until("Session Ended")
    assert names(told) == VISIT
    assert sorted(one.place for one in told) == [one.place for one in told]
    session = ivs.get_stream_session(channelArn=channel.arn)["streamSession"]
    for one, kept in zip(told, reversed(session["truncatedEvents"]), strict=True):
        event = one.event
        assert (event["version"], event["source"], event["account"]) == ("0", "aws.ivs", ACCOUNT)
        assert event["resources"] == [channel.arn]
        assert (event["detail-type"], one.name) == (kept["type"], kept["name"])
        assert event["time"] == kept["eventTime"].strftime("%Y-%m-%dT%H:%M:%SZ")
        assert event["detail"]["stream_id"] == session["streamId"]
        assert event["detail"]["channel_name"] == "watched"


def test_a_stream_goes_on_where_it_was_cut_and_nothing_is_lost_or_comes_twice(server, channel, open_stream):
    first = open_stream()
    visit(server, channel)
    seen = first.take(1)
    first.close()
    for _ in range(3):
        visit(server, channel)
    second = open_stream(last=first.last)
    while len(seen) < 8:
        seen += second.take(1)
    assert names(seen) == VISIT * 4
    whole = open_stream(last=seen[0].place - 1)
    assert whole.take(8) == seen


def test_the_whole_history_is_there_for_who_asks(server, channel, open_stream):
    visit(server, channel)
    told = open_stream(last=0).until("Session Ended")
    assert names(told)[:1] == ["Session Created"]
    # A place that was never reached is that of another history.
    assert open_stream(last=10**12).take(1) == told[:1]


def test_a_pattern_and_a_channel_choose(server, ivs, channel, open_stream):
    other = aws.make_channel(ivs)
    ends = open_stream(pattern=json.dumps({"detail": {"event_name": [{"prefix": "Session E"}]}}))
    of_other = open_stream(channel=other.arn)
    visit(server, channel)
    visit(server, other)
    assert [(one.name, one.channel) for one in ends.take(2)] in (
        [("Session Ended", channel.arn), ("Session Ended", other.arn)],
        [("Session Ended", other.arn), ("Session Ended", channel.arn)],
    )
    told = of_other.until("Session Ended")
    assert names(told) == VISIT and {one.channel for one in told} == {other.arn}


@pytest.mark.parametrize(
    ("parameters", "text"),
    [
        ({"pattern": "{"}, "pattern: "),
        ({"pattern": "{}"}, "pattern: "),
        ({"pattern": '{"detail": "x"}'}, "pattern: detail"),
        ({"patern": "{}"}, "patern: no such parameter"),
    ],
)
def test_a_filter_that_is_none_is_refused(open_stream, parameters, text):
    stream = open_stream(**parameters)
    assert stream.status == 400
    refusal = stream.refusal()
    assert refusal["__type"] == "ValidationException" and text in refusal["message"]


def test_an_eventsource_without_headers_is_let_in_by_a_presigned_address(server, channel, open_stream):
    stream = open_stream(presigned=True)
    visit(server, channel)
    assert names(stream.until("Session Ended")) == VISIT
    filtered = open_stream(presigned=True, channel=channel.arn, last=0)
    assert filtered.take(1)[0].channel == channel.arn
    spoilt = fetch(f"{server.url}{PATH}?X-Amz-Algorithm=AWS4-HMAC-SHA256")
    assert spoilt.status == 403


LISTEN = """address => {
    window.told = [];
    const source = new EventSource(address);
    source.onmessage = message => {
        window.told.push([Number(message.lastEventId), JSON.parse(message.data).detail.event_name]);
        // Whoever comes back goes on behind what it saw; the browser says where that was.
        if (window.told.length === 1 && !window.again) {
            window.again = true;
            source.close();
            fetch(address, { headers: { "Last-Event-ID": message.lastEventId } }).then(async answer => {
                const reader = answer.body.pipeThrough(new TextDecoderStream()).getReader();
                window.text = "";
                for (;;) window.text += (await reader.read()).value;
            });
        }
    };
    source.onopen = () => { window.open_ = true; };
}"""


def test_a_page_of_any_origin_may_listen_in_a_browser(server, channel):
    host = server.bound["http"]
    target = sigv4.presigned(
        server.root_key(),
        sigv4.Scope(REGION, "ivs"),
        b"GET",
        PATH.encode(),
        [(b"host", host.encode())],
        b"",
        sigv4.now(),
        60,
    )
    # An answer of the API's, at another origin: a page without a policy of its own.
    with watching(f"http://localhost:{host.rpartition(':')[2]}/nothing") as tab:
        tab.page.evaluate(LISTEN, server.url + target.decode())
        tab.wait("window.open_")
        visit(server, channel)
        tab.wait("(window.text || '').includes('Session Ended')")
        [[place, name]] = tab.read("window.told")
        assert name == "Session Created"
        assert f"id: {place}\n" not in tab.read("window.text"), "what was seen does not come again"


def test_a_policy_says_who_may_read(server, ivs, channel, open_stream):
    other = aws.make_channel(ivs)
    refused(ask(server, PATH, key=may(server, "ivs:*")), 403, "AccessDeniedException", "rillcast:ReadEvents")
    of_one = may(server, "rillcast:ReadEvents", channel.arn)
    refused(ask(server, PATH, key=of_one), 403, "AccessDeniedException", "on resource: *")
    refused(
        ask(server, f"{PATH}?channel={quote(other.arn, safe='')}", key=of_one), 403, "AccessDeniedException", other.arn
    )
    stream = open_stream(of_one, channel=channel.arn)
    visit(server, other)
    visit(server, channel)
    assert {one.channel for one in stream.until("Session Ended")} == {channel.arn}


def test_unsigned_requests_and_other_methods_are_refused(server):
    unsigned = fetch(server.url + PATH)
    refused(unsigned, 403, "MissingAuthenticationTokenException")
    refused(ask(server, PATH, "POST"), 405, "UnknownOperationException")
    refused(ask(server, "/rillcast/v1/nothing"), 404, "UnknownOperationException")
    refused(ask(server, f"{SINKS}/x/redeliver", "GET"), 405, "UnknownOperationException")
    asked = {"Origin": "https://console.example.com", "Access-Control-Request-Method": "GET"}
    preflight = fetch(server.url + PATH, "OPTIONS", headers=asked)
    assert preflight.status == 204
    allowed = preflight.headers["access-control-allow-headers"].lower()
    assert {"authorization", "last-event-id", "x-amz-date"} <= set(allowed.split(", "))


def test_an_account_sees_its_own_events_alone(server, channel, open_stream):
    stranger = server.add_key("--account", "999999999999")
    theirs = aws.make_channel(aws.client(server, stranger))
    visit(server, channel)
    stream = open_stream(stranger, last=0)
    visit(server, theirs)
    visit(server, channel)
    told = stream.until("Session Ended")
    assert names(told) == VISIT and {one.event["account"] for one in told} == {"999999999999"}


def test_an_account_may_have_so_many_streams_open(server):
    key = server.add_key("--account", "888888888888")
    streams = [EventSource(server, key) for _ in range(16)]
    assert {stream.status for stream in streams} == {200}
    one_more = EventSource(server, key)
    assert (one_more.status, one_more.refusal()["__type"]) == (429, "ThrottlingException")
    assert EventSource(server).status == 200, "another account is not concerned"
    streams.pop().close()

    def room() -> bool:
        stream = EventSource(server, key)
        stream.close()
        return stream.status == 200

    wait_until(room, "the seat of one that left")
    for stream in streams:
        stream.close()


def test_open_streams_hold_up_no_shutdown_and_go_on_behind_it(start_server):
    server = start_server()
    channel = aws.make_channel(aws.client(server))
    before = EventSource(server)
    visit(server, channel)
    seen = before.take(1)
    server.terminate()
    assert server.ended(20) == 0
    assert "cut at the end of the grace time" not in server.log()
    server.start()
    visit(server, channel)
    after = EventSource(server, last=before.last)
    seen += after.take(3)
    assert names(seen) == VISIT * 2
    after.close()


# Dead letters


class Receiver:
    """A webhook that refuses everything for good until it is told otherwise."""

    def __init__(self):
        self.willing = threading.Event()
        self.taken: list[str] = []
        outer = self

        class Handler(BaseHTTPRequestHandler):
            protocol_version = "HTTP/1.1"

            def do_POST(self):
                event = json.loads(self.rfile.read(int(self.headers["content-length"])))
                if outer.willing.is_set():
                    outer.taken.append(event["id"])
                self.send_response(204 if outer.willing.is_set() else 410)
                self.send_header("Content-Length", "0")
                self.end_headers()

            def log_message(self, *_):
                pass

        self._server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        self._server.daemon_threads = True
        self.url = f"http://127.0.0.1:{self._server.server_port}/hook"
        threading.Thread(target=self._server.serve_forever, daemon=True).start()

    def close(self) -> None:
        self._server.shutdown()
        self._server.server_close()


@pytest.fixture(scope="module")
def receiver():
    receiver = Receiver()
    yield receiver
    receiver.close()


@pytest.fixture(scope="module")
def telling(start_server, receiver, tmp_path_factory):
    """A server whose sink `deaf` gets the beginnings of sessions and takes none; three were given up."""
    file = tmp_path_factory.mktemp("sinks") / "sinks.toml"
    file.write_text(
        f"""
        [[sink]]
        name = "deaf"
        kind = "webhook"
        url = "{receiver.url}"
        secret = "whsec_C2FVsBQIhrscChlQIMV+b5sSYspob7oD"
        pattern = '{{"detail": {{"event_name": ["Session Created"]}}}}'

        [[sink]]
        name = "file"
        kind = "file"
        path = "{file.parent / "events.jsonl"}"
        """
    )
    server = start_server("--event-sinks", str(file))
    ivs = aws.client(server)
    for _ in range(3):
        visit(server, aws.make_channel(ivs))
    wait_until(lambda: len(letters(server)) == 3, "three events are given up", seconds=90)
    return server


def letters(server: Server, key: Key | None = None, query: str = "") -> list[dict]:
    answer = ask(server, f"{SINKS}/deaf/dead-letters{query}", key=key)
    assert answer.status == 200, answer.text
    return answer.json()["deadLetters"]


def test_sinks_are_listed_with_what_waits_and_what_they_would_not_take(telling):
    def sinks(**options) -> list[dict]:
        return ask(telling, SINKS, **options).json()["eventSinks"]

    expected = [
        {"name": "deaf", "kind": "webhook", "waiting": 0, "deadLetters": 3},
        {"name": "file", "kind": "file", "waiting": 0, "deadLetters": 0},
    ]
    wait_until(lambda: sinks() == expected, "both sinks have caught up")
    stranger = telling.add_key("--account", "999999999999")
    assert [sink["deadLetters"] for sink in sinks(key=stranger)] == [0, 0], "others' letters are not counted"


def test_dead_letters_hold_the_event_and_the_reason_page_by_page(telling):
    found = letters(telling)
    for letter in found:
        assert letter["id"] == letter["event"]["id"] and letter["time"] == letter["event"]["time"]
        assert letter["event"]["detail"]["event_name"] == "Session Created"
        assert letter["attempts"] >= 5 and "410" in letter["reason"] and letter["failedAt"] >= letter["time"]
    paged, token = [], ""
    while True:
        answer = ask(telling, f"{SINKS}/deaf/dead-letters?maxResults=2{token}").json()
        paged.append(answer["deadLetters"])
        if "nextToken" not in answer:
            break
        token = f"&nextToken={answer['nextToken']}"
    assert [len(page) for page in paged] == [2, 1] and sum(paged, []) == found
    assert letters(telling, telling.add_key("--account", "999999999999")) == []
    for query, text in [("?maxResults=0", "maxResults"), ("?nextToken=x", "nextToken"), ("?max=1", "max")]:
        refused(ask(telling, f"{SINKS}/deaf/dead-letters{query}"), 400, "ValidationException", text)
    refused(ask(telling, f"{SINKS}/absent/dead-letters"), 404, "ResourceNotFoundException", "absent")


def test_the_command_line_shows_the_same(telling):
    found = letters(telling)
    listed = telling.command("events", "dead-letters", "--sink", "deaf")
    assert listed.returncode == 0, listed.stderr
    head, *lines = listed.stdout.splitlines()
    assert head.split()[:2] == ["SINK", "EVENT"]
    assert [line.split()[1] for line in lines] == [letter["id"] for letter in found]
    as_json = telling.command("events", "dead-letters", "--json")
    assert [json.loads(line) for line in as_json.stdout.splitlines()] == [{"sink": "deaf"} | one for one in found]
    sinks = telling.command("events", "sinks")
    assert [line.split()[:3] for line in sinks.stdout.splitlines()[1:]] == [["deaf", "0", "3"], ["file", "0", "0"]]
    absent = telling.command("events", "dead-letters", "--sink", "absent")
    assert (absent.returncode, absent.stderr) == (1, "rillcast: there is no event sink absent\n")
    assert telling.command("events", "redeliver").returncode == 2, "which letters must be said"
    assert telling.command("events", "redeliver", "--id", "x").returncode == 1


def test_redelivery_is_allowed_by_itself_and_asked_for_in_full(telling):
    looker = may(telling, ["rillcast:List*"])
    assert len(letters(telling, looker)) == 3
    again = f"{SINKS}/deaf/redeliver"
    denied = ask(telling, again, "POST", {"all": True}, looker)
    refused(denied, 403, "AccessDeniedException", "rillcast:RedeliverEvents")
    for body in (b"", {}, {"id": "a", "all": True}, {"all": False}, {"id": "x"}, {"everything": True}, b"[]"):
        refused(ask(telling, again, "POST", body), 400, "ValidationException")
    refused(ask(telling, f"{SINKS}/absent/redeliver", "POST", {"all": True}), 404, "ResourceNotFoundException")
    stranger = telling.add_key("--account", "999999999999")
    assert ask(telling, again, "POST", {"all": True}, stranger).json() == {"due": 0}


def test_letters_are_delivered_when_they_are_tried_again(telling, receiver):
    ids = [letter["id"] for letter in letters(telling)]
    receiver.willing.set()
    answer = ask(telling, f"{SINKS}/deaf/redeliver", "POST", {"id": ids[1]}, may(telling, "rillcast:RedeliverEvents"))
    assert (answer.status, answer.json()) == (200, {"due": 1})
    wait_until(lambda: receiver.taken == [ids[1]], "the one that was asked for")
    wait_until(lambda: [letter["id"] for letter in letters(telling)] == [ids[0], ids[2]], "its letter is gone")
    done = telling.command("events", "redeliver", "--sink", "deaf", "--all")
    assert (done.returncode, done.stdout) == (0, "2 dead letters are tried again\n")
    wait_until(lambda: sorted(receiver.taken) == sorted(ids), "the others")
    wait_until(lambda: letters(telling) == [], "no letter is left")
    assert telling.command("events", "redeliver", "--all").stdout == "0 dead letters are tried again\n"
