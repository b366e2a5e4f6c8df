"""Headless Chromium on the watch page.

Promise: the page is the server's own; nothing is put into it but reading.
"""

import os
import shutil
from contextlib import contextmanager
from typing import Any

from playwright.sync_api import Page, sync_playwright

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


@contextmanager
def watching(url: str):
    """A page on `url`; yields the page and the list of all addresses that it asked for."""
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=chromium(), headless=True, args=FLAGS)
        try:
            context = browser.new_context(viewport={"width": 1280, "height": 860}, color_scheme="dark")
            asked: list[str] = []
            context.on("request", lambda request: asked.append(request.url))
            page = context.new_page()
            page.on("pageerror", lambda error: asked.append(f"error: {error}"))
            page.goto(url)
            yield page, asked
        finally:
            browser.close()


def wait_for(page: Page, condition: str, seconds: float, argument: Any = None) -> Any:
    """Waits until the JavaScript expression is truthy, and gives its value."""
    handle = page.wait_for_function(condition, arg=argument, timeout=seconds * 1000, polling=100)
    return handle.json_value()


def picture(page: Page) -> dict[str, Any]:
    return page.evaluate(PICTURE)
