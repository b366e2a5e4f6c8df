"""Access keys, events and quotas in the console.

Promise: a real server and a real browser; what a page did is looked at from outside, by the wire or the SDK.
"""

import json
import threading
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

import pytest

from harness import aws, rtmp
from harness.console import axe, console, shots
from harness.server import Key, rillcast
from harness.waiting import wait_until

SINKS = "/rillcast/v1/event-sinks"


class Unwilling:
    """A webhook that takes nothing until it is told otherwise."""

    def __init__(self):
        self.willing, self.taken = threading.Event(), []
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
def unwilling():
    receiver = Unwilling()
    yield receiver
    receiver.close()


@pytest.fixture(scope="module")
def server(start_server, unwilling, tmp_path_factory):
    file = tmp_path_factory.mktemp("sinks") / "sinks.toml"
    file.write_text(
        f"""
        [[sink]]
        name = "deaf"
        kind = "webhook"
        url = "{unwilling.url}"
        secret = "whsec_C2FVsBQIhrscChlQIMV+b5sSYspob7oD"
        pattern = '{{"detail": {{"event_name": ["Session Created"]}}}}'
        """
    )
    return start_server("--event-sinks", str(file), "--quota-channels", "5")


def visit(server, channel) -> None:
    """An encoder comes, is let in, and goes: two events."""
    encoder = rtmp.Publisher(server.bound["rtmp"])
    encoder.connect()
    assert encoder.publish(channel.key)["code"] == "NetStream.Publish.Start"
    encoder.close()


@pytest.fixture(scope="module")
def channel(server):
    """What becomes of its visits comes to the page while the other tests run."""
    channel = aws.make_channel(aws.client(server), name="stage")
    visit(server, channel)
    return channel


@pytest.fixture(scope="module")
def boss(server, channel):
    with console(server, server.add_key("--name", "boss")) as tab:
        yield tab


def in_table(tab, text: str):
    return tab.page.locator("tbody tr", has_text=text)


def test_a_key_is_made_tried_changed_and_removed(server, boss):
    boss.go("/keys")
    boss.button("Create access key").click()
    boss.field("Name").fill("backend")
    boss.field("May do").select_option("application")
    boss.page.get_by_role("dialog").get_by_role("button", name="Create", exact=True).click()
    boss.wait_for_text("Keep the secret now")
    key_id, secret = boss.page.locator(".paste code").all_inner_texts()
    key = Key(key_id, secret)
    aws.client(server, key).list_channels()
    with aws.refused("AccessDeniedException", 403):
        aws.client(server, key).create_channel()
    axe(boss)
    boss.button("I have kept it").click()
    assert secret not in boss.page.content()
    in_table(boss, "backend").get_by_role("button").click()

    boss.page.get_by_role("tab", name="What may it do?").click()
    boss.field("Action").fill("ivs:DeleteChannel")
    boss.button("Ask").click()
    boss.wait_for_text("DENIED: no statement allows it")
    axe(boss)

    boss.page.get_by_role("tab", name="Change policy").click()
    boss.field("May do").select_option("")
    document = boss.field("Policy document")
    document.fill('{"Version": "2012-10-17", "Statement": [{"Effect": "Perhaps"}]}')
    boss.wait_for_text("Effect")
    allow = [{"Effect": "Allow", "Action": "ivs:*", "Resource": "*"}]
    document.fill(json.dumps({"Version": "2012-10-17", "Statement": allow}))
    boss.button("Save policy").click()
    boss.page.get_by_role("dialog").get_by_text("Own policy").wait_for()
    created = aws.client(server, key).create_channel()["channel"]["arn"]
    aws.client(server).delete_channel(arn=created)

    boss.page.get_by_role("dialog").get_by_role("button", name="Disable").click()
    boss.page.get_by_role("dialog").get_by_role("button", name="Enable").wait_for()
    with aws.refused("UnrecognizedClientException", 403):
        aws.client(server, key).list_channels()
    boss.page.get_by_role("dialog").get_by_role("button", name="Remove").click()
    boss.wait_for_text("for good?")
    boss.button("Remove key").click()
    in_table(boss, "backend").wait_for(state="detached")
    assert key.id not in server.command("keys", "list").stdout


def test_the_own_key_is_shown_without_what_it_can_not_do(boss):
    boss.go("/keys")
    in_table(boss, "This one").get_by_role("button").click()
    boss.wait_for_text("does not change, disable or remove itself")
    dialog = boss.page.get_by_role("dialog")
    assert dialog.get_by_role("button", name="Remove").count() == 0
    assert dialog.get_by_role("button", name="Disable").count() == 0
    assert dialog.get_by_role("tab", name="Change policy").count() == 0
    boss.page.keyboard.press("Escape")
    dialog.wait_for(state="detached")
    axe(boss)
    shots(boss, "keys")


def test_events_come_as_they_happen_and_stay_still_when_told_to(server, boss, channel):
    boss.go("/events")
    boss.wait_for_text("Listening")
    in_table(boss, "Session Ended").first.wait_for()
    before = in_table(boss, "Session Created").count()
    visit(server, channel)
    wait_until(lambda: in_table(boss, "Session Created").count() == before + 1, "the new visit")
    boss.button("Pause").click()
    visit(server, channel)
    boss.wait_for_text("2 new")
    assert in_table(boss, "Session Created").count() == before + 1
    boss.button("Go on").click()
    wait_until(lambda: in_table(boss, "Session Created").count() == before + 2, "the visit that was held back")
    in_table(boss, "Session Created").first.get_by_role("button").click()
    assert json.loads(boss.page.locator("dialog pre").inner_text())["resources"] == [channel.arn]
    axe(boss)
    boss.page.get_by_role("dialog").get_by_role("button", name="Close", exact=True).last.click()
    boss.field("Filter by channel, event or type").fill("ended")
    wait_until(lambda: in_table(boss, "Session Created").count() == 0, "only ends")
    boss.field("Filter by channel, event or type").fill("")
    axe(boss)
    shots(boss, "events")


def test_a_pattern_lets_through_what_matches_it(boss):
    boss.go("/events")
    boss.button("Pattern…").click()
    boss.field("Event pattern").fill('{"detail": {"event_name": ["Session Ended"]}}')
    boss.button("Show these").click()
    in_table(boss, "Session Ended").first.wait_for()
    wait_until(lambda: in_table(boss, "Session Created").count() == 0, "only ends")


def test_quotas_say_how_near_they_are(server, boss, channel):
    ivs = aws.client(server)
    others = [aws.make_channel(ivs) for _ in range(3)]
    boss.go("/quotas")
    boss.wait_for_text("4 of 5")
    first = boss.page.locator(".quotas li").first
    assert "Channels" in first.inner_text() and "Near" in first.inner_text()
    boss.wait_for_text("80 % or more")
    axe(boss)
    shots(boss, "quotas")
    ivs.delete_channel(arn=others[0].arn)
    boss.wait_for_text("3 of 5")


def test_dead_letters_are_read_and_sent_again(server, unwilling, boss):
    boss.go("/events?tab=sinks")
    wait_until(lambda: boss.button("Dead letters of deaf").count() == 1, "an event is given up", seconds=90)
    boss.button("Dead letters of deaf").click()
    letter = boss.page.get_by_role("region", name="Dead letters of deaf").locator("tbody tr").first
    letter.get_by_role("button").click()
    boss.wait_for_text("410")
    axe(boss)
    shots(boss, "dead-letters")
    unwilling.willing.set()
    boss.button("Redeliver", exact=True).click()
    boss.wait_for_text("One event is sent again.")
    wait_until(lambda: len(unwilling.taken) >= 1, "the event is taken", seconds=90)


def test_a_reader_sees_everything_and_no_dead_button(server, channel):
    server.add_key("--name", "chief", "--policy", "admin")
    with console(server, server.add_key("--name", "auditor", "--policy", "read-only")) as tab:
        tab.go("/keys")
        in_table(tab, "auditor").wait_for()
        in_table(tab, "chief").get_by_role("button").click()
        tab.page.get_by_role("dialog").get_by_role("tab", name="What may it do?").wait_for()
        for name in ("Create access key", "Disable", "Remove"):
            assert tab.button(name).count() == 0
        tab.go("/events?tab=sinks")
        tab.wait_for_text("deaf")
        tab.go("/quotas")
        tab.wait_for_text("Channels")
    nobody = rillcast("policy", "show", "read-only", cwd=server.folder).stdout
    file = server.folder / "channels.json"
    file.write_text(nobody.replace("rillcast:", "nothing:"))
    with console(server, server.add_key("--policy", str(file))) as tab:
        tab.go("/events")
        tab.wait_for_text("may neither read events nor list sinks")
        tab.go("/keys")
        tab.wait_for_text("is not authorized to perform: rillcast:ListAccessKeys")
