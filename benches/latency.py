"""Glass to glass: from a clock in the encoder's picture to the same clock on a browser's canvas.

ffmpeg (x264, ultrafast, zerolatency, a keyframe each second) encodes pictures
that carry the time; headless Chromium plays them with hls.js and reads the time
back from each picture it shows. One page and one set of player settings for all
servers. Promise: the figure holds everything, encoder, server, player, browser,
and nothing is subtracted.
"""

from __future__ import annotations

import argparse
import dataclasses
import functools
import http.server
import math
import os
import shutil
import statistics
import subprocess
import sys
import threading
import time
import urllib.parse

from lab import clip as clips
from lab import listing, meter, servers

BENCHES = servers.ROOT / "benches"
CLOCK = BENCHES / "lab/clock.js"
KEYFRAME_SECONDS = 1


@dataclasses.dataclass
class Plan:
    window: float = 9.5
    viewers: int = 3  # one after another: where hls.js settles depends on how its start went
    settle: float = 6.0
    seconds: float = 7.0
    listing: float = 15.0


QUICK = Plan(viewers=1, listing=8.0)


class Pages(http.server.BaseHTTPRequestHandler):
    """The player's page and hls.js, from this checkout."""

    files = {
        "/": (BENCHES / "lab/player.html", "text/html; charset=utf-8"),
        "/clock.js": (CLOCK, "text/javascript"),
        "/hls.js": (servers.ROOT / "console/node_modules/hls.js/dist/hls.min.js", "text/javascript"),
    }

    def do_GET(self):
        path, kind = self.files.get(urllib.parse.urlsplit(self.path).path, (None, None))
        body = path.read_bytes() if path else b""
        self.send_response(200 if path else 404)
        self.send_header("Content-Length", str(len(body)))
        self.send_header("Content-Type", kind or "text/plain")
        self.end_headers()
        self.wfile.write(body)

    def log_message(self, *_):
        pass


class Encoder:
    """Pictures with a clock through ffmpeg to a server."""

    def __init__(self, url: str):
        from lab import pictures

        self.pictures = subprocess.Popen(
            [sys.executable, str(BENCHES / "lab/pictures.py")], stdout=subprocess.PIPE, stderr=subprocess.DEVNULL
        )
        self.ffmpeg = subprocess.Popen(
            [
                "ffmpeg", "-v", "error", "-nostdin",
                "-fflags", "nobuffer", "-probesize", "32", "-analyzeduration", "0",
                "-f", "rawvideo", "-pix_fmt", "yuv420p", "-s", f"{pictures.WIDTH}x{pictures.HEIGHT}",
                "-framerate", str(pictures.FPS), "-i", "pipe:0",
                "-f", "lavfi", "-i", "sine=f=440:r=48000",
                "-c:v", "libx264", "-preset", "ultrafast", "-tune", "zerolatency",
                "-g", str(pictures.FPS * KEYFRAME_SECONDS), "-keyint_min", str(pictures.FPS * KEYFRAME_SECONDS),
                "-sc_threshold", "0", "-b:v", "3000k", "-maxrate", "3000k", "-bufsize", "1500k",
                "-c:a", "aac", "-b:a", "128k", "-ac", "2",
                "-flush_packets", "1", "-f", "flv", url,
            ],
            stdin=self.pictures.stdout,
        )  # fmt: skip
        self.pictures.stdout.close()

    def stop(self) -> None:
        for process in (self.ffmpeg, self.pictures):
            process.kill()
            process.wait()


def chromium() -> str:
    found = os.environ.get("CHROMIUM") or shutil.which("chromium") or shutil.which("chromium-browser")
    if not found:
        raise servers.Missing("apt-get install chromium")
    return found


def watch(browser, page_url: str, plan: Plan) -> dict:
    """Plays the page; ages of the pictures shown after things have settled."""
    # The page under test forbids code in strings, which is how the driver waits.
    page = browser.new_page(bypass_csp=True)
    page.goto(page_url)
    if not page.evaluate("() => 'bench' in window"):  # the server's own page
        page.wait_for_function("window.rillcast?.player", timeout=40_000)
        page.evaluate(
            f"() => {{ {CLOCK.read_text()}\nreadClock(document.querySelector('video'), () => window.rillcast.player) }}"
        )
    page.wait_for_function("window.bench.samples.length > 0", timeout=40_000)
    page.wait_for_timeout(plan.settle * 1000)
    # Stalls and errors count from the start: a bad start is what viewers see first.
    page.evaluate("() => { bench.samples.length = 0; bench.unreadable = 0 }")
    load = meter.Load()
    page.wait_for_timeout(plan.seconds * 1000)
    found = page.evaluate(
        "() => ({samples: bench.samples, unreadable: bench.unreadable, stalls: bench.stalls, errors: bench.errors})"
    )
    found["machine"] = load.percent()
    page.close()
    return found


def percentile(values: list[float], share: float) -> float:
    ordered = sorted(values)
    return ordered[min(len(ordered) - 1, math.ceil(share * len(ordered)) - 1)]


def glass(kind, browser, pages: str, plan: Plan) -> dict[str, list[dict]]:
    """One server, its viewers one after another; by server, and for its own page if it has one."""
    with kind(1, KEYFRAME_SECONDS) as server:
        encoder = Encoder(server.publish[0])
        try:
            # A viewer who comes to a stream that is long on air, not to its first second.
            servers.until("a full window", functools.partial(full, server, plan.window), 60)
            page = f"{pages}/?src={urllib.parse.quote(server.watch[0], safe='')}"
            viewers = {kind.name: [watch(browser, page, plan) for _ in range(plan.viewers)]}
            # Without parts there is no such pace to keep: hls.js catches up by itself with whole segments.
            if kind is not servers.Nginx:
                paced = [watch(browser, f"{page}&pace", plan) for _ in range(plan.viewers)]
                viewers[f"{kind.name}, paced"] = paced
            if own := server.page(0):
                viewers[f"{kind.name}, its own page"] = [watch(browser, own, plan) for _ in range(plan.viewers)]
        finally:
            encoder.stop()
    for name, all_found in viewers.items():
        for found in all_found:
            found["ages"] = [sample["age"] for sample in found["samples"]]
            if not found["ages"]:
                raise RuntimeError(f"{name}: no picture was read ({found})")
            print(
                f"  {name:10} glass to glass {statistics.median(found['ages']):.0f} ms median,"
                f" {percentile(found['ages'], 0.95):.0f} ms p95, {len(found['ages'])} pictures,"
                f" {found['unreadable']} unreadable, {found['stalls']} stalls,"
                f" errors {sorted(set(found['errors']))}, machine {found['machine']:.0f} % busy",
                flush=True,
            )
    return viewers


def full(server, seconds: float) -> bool:
    try:
        return server.window(0) >= seconds
    except (OSError, StopIteration):
        return False


def measure(plan: Plan, names: list[str] | None = None) -> str:
    """Runs the plan; the table as Markdown."""
    from playwright.sync_api import sync_playwright

    kinds = servers.present(names)
    clip = clips.load(servers.CACHE, KEYFRAME_SECONDS)
    listings = {kind.name: share(kind, clip, plan) for kind in kinds if kind is not servers.Nginx}
    found: dict[str, list[dict]] = {}
    pages = http.server.ThreadingHTTPServer(("127.0.0.1", 0), Pages)
    threading.Thread(target=pages.serve_forever, daemon=True).start()
    flags = [
        "--no-sandbox", "--disable-gpu", "--no-first-run", "--disable-background-networking",
        "--disable-component-update", "--disable-sync", "--disable-quic", "--autoplay-policy=no-user-gesture-required",
    ]  # fmt: skip
    with sync_playwright() as play:
        browser = play.chromium.launch(executable_path=chromium(), args=flags)
        # The browser's first page pays for its start; it is nobody's.
        browser.new_page().close()
        for kind in kinds:
            found |= glass(kind, browser, f"http://127.0.0.1:{pages.server_address[1]}", plan)
        browser.close()
    pages.shutdown()
    return table(found, listings)


def share(kind, clip, plan: Plan) -> list[float]:
    """How long the server keeps a finished part to itself."""
    with kind(1, KEYFRAME_SECONDS) as server:
        delays = listing.measure(server, clip, plan.listing)
    print(
        f"  {kind.name:10} part listed {statistics.median(delays):.0f} ms median, {percentile(delays, 0.95):.0f} ms p95"
        f" after its last frame was sent, {len(delays)} parts",
        flush=True,
    )
    return delays


def table(found: dict[str, list[dict]], listings: dict) -> str:
    lines = [
        "| server | glass to glass, median | p95 | medians of the viewers | hls.js's own figure, median | its target"
        " | pictures read | stalls | part listed after its last frame, median | p95 | busy machine |",
        "|---|---|---|---|---|---|---|---|---|---|---|",
    ]
    medians = {}
    for name, viewers in found.items():
        ages = [age for viewer in viewers for age in viewer["ages"]]
        samples = [sample for viewer in viewers for sample in viewer["samples"]]
        medians[name] = statistics.median(ages)
        each = ", ".join(f"{statistics.median(viewer['ages']) / 1000:.2f}" for viewer in viewers)
        told = statistics.median(sample["told"] for sample in samples)
        target = statistics.median(sample["target"] or 0 for sample in samples)
        delays = listings.get(name)
        parts = f"{statistics.median(delays):.0f} ms | {percentile(delays, 0.95):.0f} ms" if delays else "no parts | "
        stalls, busy = sum(viewer["stalls"] for viewer in viewers), max(viewer["machine"] for viewer in viewers)
        lines.append(
            f"| {name} | **{medians[name] / 1000:.2f} s** | {percentile(ages, 0.95) / 1000:.2f} s | {each}"
            f" | {told:.2f} s | {target:.2f} s | {len(ages)} | {stalls} | {parts} | {busy:.0f} % |"
        )
    told = [
        f"{medians[ours] / medians[theirs]:.2f} of {theirs}"
        for ours, theirs in (("rillcast", "nginx-rtmp"), ("rillcast", "multimux"), ("rillcast, paced", "multimux, paced"))
        if ours in medians and theirs in medians
    ]
    if told:
        lines += ["", f"Median glass to glass of rillcast: {', '.join(told)} (paced beside paced)."]
    return "\n".join(lines)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--quick", action="store_true", help="shorter")
    parser.add_argument("--only", action="append", help="a server's name; may be repeated")
    asked = parser.parse_args()
    print(measure(QUICK if asked.quick else Plan(), asked.only))


if __name__ == "__main__":
    main()
