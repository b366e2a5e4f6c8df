"""The console with a thousand channels and ten thousand events.

Promise: what is in the page is bounded and answers; how long it took is told, not asserted.
"""

import json
from concurrent.futures import ThreadPoolExecutor

import pytest

from harness import aws
from harness.console import axe, chromium_kept, console
from harness.waiting import wait_until

CHANNELS = 1_000
EVENTS = 10_000
#: Rows that a table may have in the page: what fits in a window, and some to either side.
ROWS = 60

#: What keeps the page from answering for longer than 50 ms, as browsers define long tasks.
LISTEN = """() => {
    window.__tasks = [];
    new PerformanceObserver(list => window.__tasks.push(...list.getEntries().map(one => Math.round(one.duration))))
        .observe({ type: "longtask", buffered: true });
}"""


@pytest.fixture(scope="module", autouse=True)
def one_chromium():
    with chromium_kept():
        yield


@pytest.fixture(scope="module")
def thousand(server):
    """Channels, each known by its number."""

    def make(numbers: range) -> None:
        ivs = aws.client(server)
        for number in numbers:
            ivs.create_channel(name=f"camera-{number:04}", type="BASIC")

    with ThreadPoolExecutor(8) as pool:
        list(pool.map(make, [range(first, CHANNELS, 8) for first in range(8)]))


def rows(tab, name: str):
    return tab.page.get_by_role("region", name=name).locator("tbody tr:not([aria-hidden])")


def told(tab, what: str, report) -> None:
    tasks = tab.read("window.__tasks")
    nodes = tab.read("document.querySelectorAll('*').length")
    report(f"console, {what}: {nodes} elements, {len(tasks)} long tasks, the longest {max(tasks, default=0)} ms")


def test_a_thousand_channels_answer(server, thousand, report):
    with console(server) as tab:
        tab.go("/channels")
        tab.page.evaluate(LISTEN)
        said = tab.page.locator(".head .said")
        wait_until(lambda: said.inner_text().startswith(f"{CHANNELS},"), "all channels")
        table = tab.page.get_by_role("region", name="Channels")
        shown = rows(tab, "Channels")
        assert 10 < shown.count() <= ROWS
        assert table.locator("table").get_attribute("aria-rowcount") == str(CHANNELS + 1)

        # To the end by the keyboard, and back.
        tab.button("Name", exact=True).click()
        table.focus()
        tab.page.keyboard.press("End")
        wait_until(lambda: f"camera-{CHANNELS - 1:04}" in shown.last.inner_text(), "the last row")
        assert shown.count() <= ROWS
        tab.page.keyboard.press("Home")
        wait_until(lambda: "camera-0000" in shown.first.inner_text(), "the first row")
        for step in range(40):
            table.evaluate("(box, step) => { box.scrollTop = step * 1000; }", step)
            assert shown.count() <= ROWS

        # Typing narrows it with each letter.
        table.evaluate("box => { box.scrollTop = 20000; }")
        tab.field("Filter by name or id").press_sequentially("camera-077")
        wait_until(lambda: shown.count() == 10, "ten rows")
        assert shown.first.is_visible()
        told(tab, "1,000 channels", report)
        axe(tab)


def test_ten_thousand_events_answer(server, report):
    """The server's own door keeps its promises elsewhere; here it is one that says ten thousand events at once."""
    lines = []
    for number in range(EVENTS):
        event = {
            "version": "0",
            "id": f"00000000-0000-4000-8000-{number:012}",
            "detail-type": "IVS Stream State Change",
            "source": "aws.ivs",
            "account": "123456789012",
            "time": "2026-01-01T00:00:00Z",
            "region": "us-east-1",
            "resources": [f"arn:aws:ivs:us-east-1:123456789012:channel/camera{number % 7}"],
            "detail": {
                "event_name": "Stream Start",
                "channel_name": f"camera-{number % 7}",
                "stream_id": f"st-{number}",
            },
        }
        lines.append(f"id: {number + 1}\ndata: {json.dumps(event)}\n\n")
    with console(server) as tab:
        stream = {"content_type": "text/event-stream", "body": "".join(lines)}
        tab.page.route("**/rillcast/v1/events*", lambda route: route.fulfill(**stream))
        tab.page.evaluate(LISTEN)
        tab.page.get_by_role("navigation").get_by_role("link", name="Events", exact=True).click()
        wait_until(lambda: tab.page.locator("tbody tr:not([aria-hidden])").count() > 5, "events")
        boxes = tab.page.locator(".table")
        assert tab.page.locator("tbody tr").count() <= 2 * ROWS
        boxes.first.evaluate("box => { box.scrollTop = box.scrollHeight; }")
        wait_until(lambda: tab.page.locator("tbody tr:not([aria-hidden])").count() > 5, "events at the end")
        assert tab.page.locator("tbody tr").count() <= 2 * ROWS
        assert tab.read("document.querySelectorAll('*').length") < 3_000
        told(tab, "10,000 events", report)
