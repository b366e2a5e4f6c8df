"""The players of the web in headless Chromium, side by side, and what a person would see and hear of each.

Promise: a player gets a playback URL and settings in its own words, nothing else; its page comes from another
origin than the server's, as viewers' pages do.
"""

import functools
import http.server
import json
import threading
import urllib.parse
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Any

from playwright.sync_api import BrowserContext, sync_playwright

from .browser import FLAGS, Tab, chromium
from .player_clip import PICTURES, Sender
from .server import ROOT
from .waiting import PATIENCE

FOLDER = ROOT / "tests" / "players"


class _Files(http.server.SimpleHTTPRequestHandler):
    """The pages and the players' packages."""

    def log_message(self, *_: Any) -> None:
        pass


@contextmanager
def pages() -> Iterator[str]:
    """Serves the players' pages; the origin they come from."""
    assert (FOLDER / "node_modules").exists(), "the players are not installed (make setup)"
    server = http.server.ThreadingHTTPServer(("127.0.0.1", 0), functools.partial(_Files, directory=str(FOLDER)))
    threading.Thread(target=server.serve_forever, daemon=True).start()
    try:
        yield f"http://127.0.0.1:{server.server_address[1]}"
    finally:
        server.shutdown()
        server.server_close()


@dataclass(frozen=True)
class Kind:
    """A player and how it is set."""

    name: str
    player: str
    settings: str  # JSON

    def page(self, origin: str, playback: str) -> str:
        asked = {"player": self.player, "src": playback, "settings": self.settings}
        return f"{origin}/page.html?{urllib.parse.urlencode(asked)}"


def kind(name: str, player: str, **settings: Any) -> Kind:
    return Kind(name, player, json.dumps(settings))


#: As the guide tells people to set them.
HLS_LOW = kind("hls.js low latency", "hls", lowLatencyMode=True, backBufferLength=30)
HLS_PLAIN = kind("hls.js", "hls", lowLatencyMode=False, backBufferLength=30)
SHAKA_LOW = kind("Shaka low latency", "shaka", streaming={"lowLatencyMode": True})
SHAKA_PLAIN = kind("Shaka", "shaka", streaming={"lowLatencyMode": False})
VIDEOJS = kind("video.js", "videojs", html5={"vhs": {"overrideNative": True}})
VIDEOJS_PLAIN = kind("video.js", "videojs", html5={"vhs": {"overrideNative": True, "llhls": False}})


#: For whoever looks into a failure.
STATE = """() => {
    const video = document.querySelector("video");
    const { buffered, currentTime, duration, paused, readyState } = video;
    const ranges = [...Array(buffered.length).keys()].map(n => [buffered.start(n), buffered.end(n)]);
    const { errors, stalls } = glass;
    return JSON.stringify({ currentTime, duration, paused, readyState, ranges, errors, stalls });
}"""


class Stage:
    """One player on one channel."""

    def __init__(self, tab: Tab, which: Kind):
        self.tab, self.kind = tab, which

    def read(self, expression: str) -> Any:
        return self.tab.read(expression)

    def wait(self, condition: str, seconds: float = PATIENCE) -> Any:
        try:
            return self.tab.wait(condition, seconds)
        except AssertionError as failure:
            raise AssertionError(f"{self.kind.name}: {failure}; {self.read(STATE)}") from failure

    def playing(self) -> None:
        """Waits for the first picture."""
        self.wait("glass.pictures.length > 0 || glass.errors.length > 30")
        assert self.pictures(), self.errors()

    def pictures(self) -> list[dict[str, float]]:
        return self.read("glass.pictures")

    def errors(self) -> list[str]:
        return self.read("glass.errors")

    def seconds(self) -> float:
        """Media time on the glass."""
        return self.read("document.querySelector('video').currentTime")

    def ages(self, sender: Sender, since_ms: float = 0) -> list[float]:
        """How old each picture was that was shown: seconds since it was sent."""
        return [sender.age(one["number"], one["now"]) for one in self.pictures() if one["now"] >= since_ms]

    def steps(self, since_ms: float = 0, clip: int = PICTURES) -> list[int]:
        """By how many pictures each one is ahead of the one shown before it; a repeated clip (of so many) goes on."""
        numbers = [one["number"] for one in self.pictures() if one["now"] >= since_ms]
        half = clip // 2
        return [(after - before + half) % clip - half for before, after in zip(numbers, numbers[1:])]


class Hall:
    """A browser in which players play side by side."""

    def __init__(self, context: BrowserContext, origin: str):
        self._context, self.origin = context, origin

    def open(self, which: Kind, playback: str) -> Stage:
        tab = Tab(self._context.new_page())
        tab.page.goto(which.page(self.origin, playback))
        return Stage(tab, which)

    def close(self, stage: Stage) -> None:
        stage.tab.page.close()


@contextmanager
def hall() -> Iterator[Hall]:
    with pages() as origin, sync_playwright() as playwright:
        # Tabs in the background play on as the one in front does.
        awake = ["--disable-background-timer-throttling", "--disable-backgrounding-occluded-windows",
                 "--disable-renderer-backgrounding"]  # fmt: skip
        browser = playwright.chromium.launch(executable_path=chromium(), headless=True, args=[*FLAGS, *awake])
        try:
            yield Hall(browser.new_context(viewport={"width": 700, "height": 480}), origin)
        finally:
            browser.close()
