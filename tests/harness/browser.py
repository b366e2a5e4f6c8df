"""Headless Chromium on the watch page.

Promise: the page is the server's own; nothing is put into it but reading.
"""

import os
import shutil
from contextlib import contextmanager
from typing import Any

from playwright.sync_api import Page, sync_playwright

from .waiting import PATIENCE, wait_until

FLAGS = [
    "--no-sandbox",
    "--disable-gpu",
    "--no-first-run",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
    "--disable-quic",
    "--autoplay-policy=no-user-gesture-required",
]

#: Mean and spread of the brightness of what is on screen now, and a fingerprint of it.
PICTURE = """() => {
    const video = document.querySelector("#video");
    const canvas = document.createElement("canvas");
    [canvas.width, canvas.height] = [96, 54];
    const pen = canvas.getContext("2d");
    pen.drawImage(video, 0, 0, canvas.width, canvas.height);
    const pixels = pen.getImageData(0, 0, canvas.width, canvas.height).data;
    const light = [];
    for (let at = 0; at < pixels.length; at += 4) light.push((pixels[at] + pixels[at + 1] + pixels[at + 2]) / 3);
    const mean = light.reduce((sum, one) => sum + one, 0) / light.length;
    const spread = Math.sqrt(light.reduce((sum, one) => sum + (one - mean) ** 2, 0) / light.length);
    return { mean, spread, print: light.map(one => Math.round(one / 8)).join(",") };
}"""


def chromium() -> str:
    found = os.environ.get("CHROMIUM") or shutil.which("chromium") or shutil.which("chromium-browser")
    assert found, "Chromium is not installed (make setup)"
    return found


class Tab:
    """One page, everything that it asked for, and what went wrong in it."""

    def __init__(self, page: Page):
        self.page = page
        self.asked: list[str] = []
        self.errors: list[str] = []
        page.on("request", lambda request: self.asked.append(request.url))
        page.on("pageerror", lambda error: self.errors.append(str(error)))

    def read(self, expression: str) -> Any:
        """The value of a JavaScript expression."""
        return self.page.evaluate(expression)

    def wait(self, condition: str, seconds: float = PATIENCE) -> Any:
        """Waits until the expression is truthy, and gives its value."""

        # Playwright's own waiting runs code from text in the page, which the page's policy rightly forbids.
        def holds() -> Any:
            assert self.errors == [], f"while waiting for {condition}"
            return self.read(condition)

        return wait_until(holds, condition, seconds, every=0.1)

    def wait_for_progress(self, seconds: float) -> None:
        """Waits until the picture has moved on by so many seconds of media."""
        start = self.read("document.querySelector('#video').currentTime")
        self.wait(f"document.querySelector('#video').currentTime > {start + seconds}")

    def state(self) -> str:
        return self.read("document.querySelector('#state').dataset.state + ': ' + document.body.innerText")

    def another(self, url: str) -> "Tab":
        """One more tab beside this one."""
        tab = Tab(self.page.context.new_page())
        tab.page.goto(url)
        return tab

    def picture(self) -> dict[str, Any]:
        return self.read(PICTURE)


@contextmanager
def watching(url: str):
    """A tab on `url`."""
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=chromium(), headless=True, args=FLAGS)
        try:
            context = browser.new_context(viewport={"width": 1280, "height": 860}, color_scheme="dark")
            tab = Tab(context.new_page())
            tab.page.goto(url)
            yield tab
        finally:
            browser.close()
