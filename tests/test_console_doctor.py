"""The console's pages of the server's log and of the doctor.

Promise: what the pages show is what the server logged and found while somebody looked; nothing is asked of it unasked.
"""

import json

import pytest

from harness.console import axe, console, shots
from harness.server import Key, Server
from harness.waiting import wait_until
from harness.web import fetch


@pytest.fixture(scope="module")
def server(start_server) -> Server:
    """Its public URL leads nowhere."""
    return start_server("--public-url", "http://127.0.0.1:9", "--log", "info,rillcast=debug")


@pytest.fixture(scope="module")
def tab(server):
    with console(server) as tab:
        yield tab


def make_lines(server: Server, count: int) -> None:
    """Calls that are refused are logged, each as a line."""
    for number in range(count):
        fetch(f"{server.url}/rillcast/v1/logs?number={number}")


def lines(tab) -> list[str]:
    return tab.page.locator(".log-line").all_inner_texts()


# Doctor


def test_nothing_is_examined_before_somebody_asks(tab):
    asked: list[str] = []
    tab.page.on("request", lambda request: asked.append(request.url))
    tab.go("/doctor")
    tab.wait_for_text("Listeners, certificate, disk")
    assert not [url for url in asked if "/rillcast/v1/doctor" in url]


def test_an_examination_shows_what_is_found_and_what_to_do(tab):
    tab.go("/doctor")
    tab.button("Examine", exact=True).click()
    tab.wait_for_text("One thing does not work.")
    text = tab.text()
    for title in ("Listeners", "Data and disk", "Machine"):
        assert title in text
    assert "http://127.0.0.1:9 can't be reached from here" in text
    assert "Look at DNS, firewall, proxy" in text
    axe(tab)
    shots(tab, "doctor")


def test_what_was_found_is_still_there_for_who_comes_back(tab):
    tab.go("/doctor")
    tab.button("Examine", exact=True).click()
    tab.wait_for_text("One thing does not work.")
    tab.page.get_by_role("link", name="Server log").click()
    tab.wait_for_text("Following")
    tab.page.get_by_role("link", name="Doctor").click()
    tab.wait_for_text("One thing does not work.")


def test_keys_that_only_read_are_not_offered_an_examination(server):
    reader = server.add_key("--policy", "read-only")
    with console(server, reader) as tab:
        tab.go("/doctor")
        tab.wait_for_text("needs rillcast:RunDoctor")
        assert tab.button("Examine", exact=True).count() == 0
        tab.go("/logs")
        tab.wait_for_text("Following")
        wait_until(lambda: lines(tab), "the log")


# The log


def test_lines_come_while_somebody_looks(tab, server):
    tab.go("/logs")
    wait_until(lambda: lines(tab), "what was logged before")
    before = tab.page.locator(".log-line").last.inner_text()
    make_lines(server, 3)
    wait_until(lambda: tab.page.locator(".log-line").last.inner_text() != before, "lines that come")


def test_who_holds_the_log_sees_what_came_meanwhile_when_it_goes_on(tab, server):
    tab.go("/logs")
    wait_until(lambda: lines(tab), "the log")
    tab.button("Hold").click()
    tab.wait_for_text("Held")
    held = lines(tab)
    make_lines(server, 2)
    tab.button("Go on").click()
    wait_until(lambda: lines(tab) != held, "what came meanwhile")


def test_a_line_opens_with_its_fields(tab):
    tab.go("/logs")
    wait_until(lambda: lines(tab), "the log")
    tab.button("Hold").click()
    tab.field("Text").fill("rtmps=")
    tab.page.locator(".log-line", has_text="ready").first.click()
    card = tab.page.get_by_role("region", name="Line", exact=True)
    line = json.loads(card.locator("code").last.inner_text())
    assert line["message"] == "ready" and line["fields"]["http"]
    assert line["fields"]["http"] in card.inner_text()
    card.get_by_role("button", name="Close").click()
    assert card.count() == 0


def test_text_and_level_pick_lines(tab, server):
    make_lines(server, 3)
    tab.go("/logs")
    wait_until(lambda: lines(tab), "the log")
    tab.field("Text").fill("ReadServerLOG")
    wait_until(lambda: len(lines(tab)) >= 3 and all("ReadServerLog" in line for line in lines(tab)), "what fits")
    tab.field("Text").fill("there is no such word in it")
    tab.wait_for_text("No line fits the filter.")
    tab.field("Text").fill("")
    tab.field("Level").select_option("error")
    wait_until(lambda: all("ERROR" in line for line in lines(tab)), "errors alone")


def test_the_page_holds_only_the_lines_in_sight(tab, server):
    make_lines(server, 400)
    tab.go("/logs")
    count = "Number(document.querySelector('.log-filter p').textContent.split(' ')[0])"
    wait_until(lambda: tab.page.evaluate(count) > 400, "hundreds of lines")
    assert tab.page.locator(".log-line").count() < 120
    # The newest is in sight, and stays so.
    box = "document.querySelector('.log')"
    at_end = f"{box}.scrollHeight - {box}.scrollTop - {box}.clientHeight < 30"
    assert tab.page.evaluate(at_end)
    tab.page.locator(".log").hover()
    tab.page.mouse.wheel(0, -2000)
    tab.wait_for_text("Held")
    axe(tab)
    shots(tab, "logs")


def test_a_key_that_may_not_read_the_log_is_told(server):
    policy = server.folder / "narrow.json"
    statement = {"Effect": "Allow", "Action": "ivs:*", "Resource": "*"}
    policy.write_text(json.dumps({"Version": "2012-10-17", "Statement": [statement]}))
    narrow: Key = server.add_key("--policy", str(policy))
    with console(server, narrow) as tab:
        tab.go("/logs")
        tab.wait_for_text("rillcast:ReadServerLog")
