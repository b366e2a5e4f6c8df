"""A real browser on the watch page.

Promise: what counts is what a person would see: a picture that moves, sound that decodes, a page that comes
back by itself.
"""

import os
from pathlib import Path
from urllib.parse import urlsplit

import pytest

from harness import browser
from harness.aws import make_channel
from harness.encoder import Recipe
from harness.server import ROOT
from harness.viewer import on_air
from harness.waiting import wait_until

RECIPE = Recipe(seconds=120, size="1280x720", gop_seconds=1)
PATIENCE = 60


@pytest.fixture(scope="module")
def channel(ivs):
    return make_channel(ivs, name="watched")


@pytest.fixture
def on_stage(server, channel, clip, publish):
    """The channel on air."""
    encoder = publish(clip(RECIPE), server.rtmp_url(channel.key))
    wait_until(lambda: on_air(channel.playback), "the channel on air")
    yield encoder
    if encoder.running():
        encoder.stop()
    wait_until(lambda: not on_air(channel.playback), "the channel offline")


@pytest.fixture
def page(server, channel, on_stage):
    with browser.watching(f"{server.url}/watch/{channel.id}") as opened:
        yield opened


def test_the_watch_page_plays_picture_and_sound_with_low_latency(page, server):
    view, asked = page
    browser.wait_for(view, "document.querySelector('#state[data-state=live]') !== null", PATIENCE)
    start = view.evaluate("document.querySelector('#video').currentTime")
    browser.wait_for(view, f"document.querySelector('#video').currentTime > {start} + 4", PATIENCE)

    first = browser.picture(view)
    assert first["mean"] > 20 and first["spread"] > 20, "neither black nor of one colour"
    wait_until(lambda: browser.picture(view)["print"] != first["print"], "the picture changes")

    sound = view.evaluate("document.querySelector('#video').webkitAudioDecodedByteCount")
    browser.wait_for(view, f"document.querySelector('#video').webkitAudioDecodedByteCount > {sound}", PATIENCE)
    assert view.evaluate("window.rillcast.player.lowLatencyMode") is True

    # Playing goes on for a while, so that the player has settled where it wants to be.
    browser.wait_for(view, f"document.querySelector('#video').currentTime > {start} + 10", PATIENCE)
    latency = browser.wait_for(view, "window.rillcast.latency()", PATIENCE)
    target = view.evaluate("window.rillcast.player.targetLatency")
    print(f"hls.js sees a latency of {latency:.2f} s and aims at {target:.2f} s")
    assert 0 < latency < 10
    shown = browser.wait_for(view, "document.querySelector('#latency').textContent.replace('–', '')", PATIENCE)
    assert shown.endswith(" s")
    take_picture(view)

    own = urlsplit(server.url).netloc
    foreign = [url for url in asked if urlsplit(url).scheme not in ("blob", "data") and urlsplit(url).netloc != own]
    assert foreign == [], "nothing is asked of another host, and no script failed"


def test_the_page_survives_the_end_of_the_stream_and_its_return(page, on_stage, server, channel, clip, publish):
    view, _ = page
    browser.wait_for(view, "document.querySelector('#state').dataset.state === 'live'", PATIENCE)
    old = view.evaluate("window.rillcast.player.levels[0].url[0]")
    on_stage.stop()
    browser.wait_for(view, "document.querySelector('#state').dataset.state !== 'live'", PATIENCE)
    wait_until(lambda: not on_air(channel.playback), "the channel offline")
    encoder = publish(clip(RECIPE), server.rtmp_url(channel.key))
    browser.wait_for(view, "document.querySelector('#state').dataset.state === 'live'", PATIENCE)
    start = view.evaluate("document.querySelector('#video').currentTime")
    browser.wait_for(view, f"document.querySelector('#video').currentTime > {start} + 2", PATIENCE)
    assert view.evaluate("window.rillcast.player.levels[0].url[0]") != old, "another stream under the same page"
    encoder.stop()


def take_picture(view) -> None:
    """For the guide when asked to, else for whoever looks into a failure."""
    wanted = os.environ.get("RILLCAST_SCREENSHOT") == "1"
    file = ROOT / "docs" / "guide" / "watch.png" if wanted else Path(__file__).parent / "out" / "watch.png"
    file.parent.mkdir(parents=True, exist_ok=True)
    view.screenshot(path=file)
