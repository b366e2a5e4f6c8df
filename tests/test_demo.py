"""`make demo`: what a newcomer sees first.

Promise: the script is run as make runs it, its page is looked at in a real browser, and nothing that it started is
left when it ends.
"""

import os
import re
import signal
import subprocess
import sys
from pathlib import Path

import pytest
from harness.console import visitor
from harness.server import ROOT, binary, clean_env
from harness.waiting import wait_until

LIVE = "document.querySelector('#state').dataset.state === 'live'"
MESSAGES = "[...document.querySelectorAll('.talk-row')].map(row => row.innerText)"
CARDS = "document.querySelectorAll('#cards .card').length"
ANYWHERE = "127.0.0.1:0"
#: Then its page is taken as the guide's picture.
FOR_THE_GUIDE = os.environ.get("RILLCAST_SCREENSHOT") == "1"


def group(leader: int) -> list[int]:
    """The living processes of a process group."""
    found = []
    for stat in Path("/proc").glob("[0-9]*/stat"):
        try:
            fields = stat.read_text().rpartition(")")[2].split()
        except OSError:
            continue
        if int(fields[2]) == leader and fields[0] != "Z":
            found.append(int(stat.parent.name))
    return found


@pytest.fixture(scope="module")
def demo(tmp_path_factory):
    """The running demo, and what it printed once all was there."""
    data = tmp_path_factory.mktemp("demo") / "data"
    flags = ["--http", ANYWHERE, "--rtmp", ANYWHERE, "--rtmps", ANYWHERE, "--transcoding", "off"]
    printed = data.parent / "printed"
    with printed.open("w") as out:
        process = subprocess.Popen(
            [sys.executable, str(ROOT / "deploy" / "demo.py"), binary(), *flags],
            # A busy machine is not what the test is about.
            env=clean_env(RILLCAST_DATA_DIR=str(data), DEMO_SIZE="1280x720" if FOR_THE_GUIDE else "320x180"),
            stdin=subprocess.DEVNULL,
            stdout=out,
            stderr=subprocess.STDOUT,
            start_new_session=True,
        )

    def text() -> str:
        assert process.poll() is None, printed.read_text()
        return printed.read_text() if "Stop:" in printed.read_text() else ""

    try:
        yield process, wait_until(text, "the demo's addresses")
    finally:
        if process.poll() is None:
            os.killpg(process.pid, signal.SIGKILL)
            process.wait()


def test_its_page_plays_with_a_chat_that_lives_and_cards_over_the_picture(demo):
    process, printed = demo
    page = re.search(r"Watch: +(\S+)", printed)[1]
    for line in ("Console:", "/console", "credentials", "Playlist:", "API:"):
        assert line in printed
    with visitor(page) as tab:
        tab.wait(LIVE, 120)
        tab.wait_for_progress(2)
        tab.wait(f"{MESSAGES}.some(text => text.includes('simulated'))")
        tab.wait(f"{CARDS} > 0")
        tab.page.get_by_label("Your name in the chat").fill("Nora")
        tab.page.get_by_role("button", name="Join").click()
        tab.wait("(document.querySelector('.composer input')?.placeholder ?? '').startsWith('Write')")
        tab.page.locator(".composer input").fill("Is anybody there?")
        tab.page.keyboard.press("Enter")
        tab.wait(f"{MESSAGES}.some(text => text.includes('simulated') && text.includes('Nora'))")
        tab.wait(f"{CARDS} > 0")
        take_picture(tab)
        assert tab.errors == []
    assert process.poll() is None


def take_picture(tab) -> None:
    """For the guide when asked to, else for whoever looks into a failure."""
    out = ROOT / "docs" / "guide" if FOR_THE_GUIDE else ROOT / "tests" / "out"
    out.mkdir(parents=True, exist_ok=True)
    tab.page.screenshot(path=out / "watch.png")


def test_nothing_is_left_when_it_ends(demo):
    process, _ = demo
    started = group(process.pid)
    assert len(started) >= 3, "the script, the server, the encoder"
    process.send_signal(signal.SIGINT)
    assert process.wait(40) == 0
    wait_until(lambda: group(process.pid) == [], "all processes are gone")
