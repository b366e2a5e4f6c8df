"""The console in headless Chromium, signed in as a person signs in.

Promise: every page is the server's own, under its own content security policy; when a tab closes, it has asked
nothing of another host, no script of it has failed and no part of it was refused by the policy.
"""

import os
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

from playwright.sync_api import Browser, BrowserContext, ConsoleMessage, Locator, Request, Route, sync_playwright

from .browser import FLAGS, Tab, chromium
from .server import ROOT, Key, Server
from .waiting import PATIENCE, wait_until

DESKTOP = {"width": 1280, "height": 860}
PHONE = {"width": 390, "height": 844}
OUT = ROOT / "tests" / "out" / "console"
_AXE = ROOT / "tests" / "players" / "node_modules" / "axe-core" / "axe.min.js"

#: Rules of WCAG 2.2 AA and axe's good manners; only what hurts somebody is told.
_LOOK = """async () => {
    const { violations } = await axe.run(document, { resultTypes: ["violations"] });
    return violations
        .filter(({ impact }) => impact === "serious" || impact === "critical")
        .map(({ id, help, nodes }) => `${id}: ${help}: ` + nodes.slice(0, 4).map(node =>
            node.target.join(" ") + " (" + (node.any[0] ?? node.all[0] ?? node.none[0])?.message + ")").join("; "));
}"""

#: Chromium is started once for all tabs that are open at a time.
_open: dict[str, Any] = {"users": 0}


@contextmanager
def chromium_kept() -> Iterator[Browser]:
    """Tabs of several keys may be open at once, and Playwright runs only once in a thread. A file with many short
    tests keeps one for all of them, which saves a start for each."""
    if _open["users"] == 0:
        playwright = _open["playwright"] = sync_playwright().start()
        try:
            _open["browser"] = playwright.chromium.launch(executable_path=chromium(), headless=True, args=FLAGS)
        except BaseException:
            playwright.stop()
            raise
    _open["users"] += 1
    try:
        yield _open["browser"]
    finally:
        _open["users"] -= 1
        if _open["users"] == 0:
            _open["browser"].close()
            _open["playwright"].stop()


class Console(Tab):
    """A tab on the console."""

    def __init__(self, context: BrowserContext, server: Server):
        super().__init__(context.new_page())
        self.context = context
        self.server = server
        #: What the content security policy refused.
        self.refused: list[str] = []
        self.foreign: list[str] = []
        self.page.on("console", self._hear)
        self.page.on("request", self._meet)
        self.page.set_default_timeout(PATIENCE * 1000)

    def _hear(self, message: ConsoleMessage) -> None:
        if "Content Security Policy" in message.text:
            self.refused.append(message.text)

    def _meet(self, request: Request) -> None:
        url = urlsplit(request.url)
        if url.scheme in ("http", "https", "ws", "wss") and url.netloc != urlsplit(self.server.url).netloc:
            self.foreign.append(request.url)

    def check(self) -> None:
        """What must hold of each page at any time."""
        assert self.foreign == [], "nothing is asked of another host"
        assert self.refused == [], "nothing is done that the page's policy forbids"
        assert self.errors == [], "no script fails"

    # Ways

    def sign_in(self, key: Key | None = None) -> "Console":
        """Through the form, as a person would."""
        key = key or self.server.root_key()
        if not self.page.url.startswith(self.server.url):
            self.page.goto(f"{self.server.url}/console")
        self.page.get_by_label("Access key id").fill(key.id)
        self.page.get_by_label("Secret access key", exact=True).fill(key.secret)
        self.page.get_by_role("button", name="Sign in").click()
        self.wait("document.querySelector('#page h1')")
        return self

    def go(self, place: str) -> "Console":
        """To a place by its address, such as `/channels`; waits until its head is there."""
        self.page.goto(f"{self.server.url}/console{'' if place == '/' else place}")
        self.wait("document.querySelector('#page h1')")
        return self

    # What is there

    def button(self, name: str, **more: Any) -> Locator:
        return self.page.get_by_role("button", name=name, **more)

    def field(self, label: str, **more: Any) -> Locator:
        return self.page.get_by_label(label, **more)

    def text(self) -> str:
        """All that is to be read on the page."""
        return self.page.locator("#page").inner_text()

    def wait_for_text(self, text: str, seconds: float = PATIENCE) -> None:
        wait_until(lambda: text in self.page.locator("body").inner_text(), f"'{text}' on the page", seconds, every=0.1)

    # Looks

    def in_each_look(self, act: Callable[[str], None]) -> None:
        """Does something on a desktop and on a phone, light and dark; told is which of the four."""
        for width, size in (("desktop", DESKTOP), ("phone", PHONE)):
            self.page.set_viewport_size(size)
            for scheme in ("light", "dark"):
                self.page.emulate_media(color_scheme=scheme, reduced_motion="reduce")
                act(f"{width}-{scheme}")
        self.page.set_viewport_size(DESKTOP)
        self.page.emulate_media(color_scheme="light", reduced_motion="no-preference")


def axe(tab: Tab) -> None:
    """No serious or critical violation, on a desktop and on a phone, light and dark."""

    def look(which: str) -> None:
        # Playwright's own evaluation is not what the page's policy is about.
        if not tab.read("typeof window.axe === 'object'"):
            tab.page.evaluate(_AXE.read_text())
        found = tab.page.evaluate(_LOOK)
        assert found == [], f"axe on {tab.page.url} ({which}): " + "\n".join(found)
        wide = tab.read("document.documentElement.scrollWidth - document.documentElement.clientWidth")
        assert wide <= 0, f"{tab.page.url} ({which}) is {wide} px wider than the window"

    Console.in_each_look(tab, look)  # any tab has what it takes


def shots(tab: Tab, name: str) -> list[Path]:
    """Screenshots in each look, kept as `tests/out/console/<name>-<desktop|phone>-<light|dark>.png`."""
    OUT.mkdir(parents=True, exist_ok=True)
    files: list[Path] = []

    def shoot(which: str) -> None:
        files.append(OUT / f"{name}-{which}.png")
        tab.page.screenshot(path=files[-1], animations="disabled")

    Console.in_each_look(tab, shoot)
    return files


@contextmanager
def console(server: Server, key: Key | None = None, *, signed_in: bool = True, **context: Any) -> Iterator[Console]:
    """A tab signed in with a key (by default the root key); `context` is for Playwright's browser context.

    Several may be open at once, each with a session of its own.
    """
    options = {"viewport": DESKTOP, "color_scheme": "light", "locale": "en-GB", "accept_downloads": True} | context
    with chromium_kept() as browser:
        opened = browser.new_context(**options)
        if built := os.environ.get("CONSOLE_DIST"):
            # Pages as they were built just now, in a binary that has older ones: for who writes them.
            opened.route("**/console/assets/*", lambda route: _from(Path(built), route))
        try:
            tab = Console(opened, server)
            tab.page.goto(f"{server.url}/console")
            if signed_in:
                tab.sign_in(key)
            yield tab
            tab.check()
        finally:
            opened.close()


def _from(folder: Path, route: Route) -> None:
    file = folder / urlsplit(route.request.url).path.rsplit("/", 1)[-1]
    if file.exists():
        route.fulfill(path=file)
    else:
        route.continue_()


@contextmanager
def visitor(url: str, **context: Any) -> Iterator[Tab]:
    """A stranger's tab on any page, beside those of the console."""
    with chromium_kept() as browser:
        opened = browser.new_context(**({"viewport": DESKTOP, "color_scheme": "light", "locale": "en-GB"} | context))
        try:
            tab = Tab(opened.new_page())
            tab.page.goto(url)
            yield tab
        finally:
            opened.close()
