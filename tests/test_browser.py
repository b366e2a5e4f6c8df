"""A real browser on the watch page.

Promise: what counts is what a person would see: a picture that moves, sound that decodes, a page that comes
back by itself.
"""

import re
from pathlib import Path
from urllib.parse import urlsplit

import pytest

from harness import browser
from harness.aws import client, make_channel
from harness.encoder import Recipe
from harness.player_token import Signer
from harness.viewer import on_air
from harness.waiting import wait_until

RECIPE = Recipe(seconds=60, size="1280x720", kbps=3000, gop_seconds=1)


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
def tab(server, channel, on_stage):
    with browser.watching(f"{server.url}/watch/{channel.id}") as opened:
        yield opened


OUT = Path(__file__).parent / "out"
LIVE = "document.querySelector('#state').dataset.state === 'live'"
SOUND = "document.querySelector('#video').webkitAudioDecodedByteCount"


def test_the_watch_page_plays_picture_and_sound_with_low_latency(tab, server, report):
    tab.wait(LIVE)
    tab.wait_for_progress(4)

    first = tab.picture()
    assert first["mean"] > 20 and first["spread"] > 20, "neither black nor of one colour"
    wait_until(lambda: tab.picture()["print"] != first["print"], "the picture changes")
    tab.wait(f"{SOUND} > {tab.read(SOUND)}")
    assert tab.read("window.rillcast.player.lowLatencyMode") is True

    # Playing goes on for a while, so that the player has settled where it wants to be.
    tab.wait_for_progress(8)
    latency = tab.wait("window.rillcast.latency()")
    target = tab.read("window.rillcast.player.targetLatency")
    report(f"hls.js sees a latency of {latency:.2f} s and aims at {target:.2f} s")
    assert 0 < latency < 10
    assert target < 2, "the player takes the part hold-back, not three whole segments"
    assert re.fullmatch(r"\d+\.\d\d s", tab.read("document.querySelector('#latency').textContent"))
    take_picture(tab)

    own = urlsplit(server.url).netloc
    asked = [url for url in tab.asked if urlsplit(url).scheme not in ("blob", "data")]
    assert {urlsplit(url).netloc for url in asked} == {own}, "nothing is asked of another host"
    assert tab.errors == []


def test_the_page_survives_the_end_of_the_stream_and_its_return(tab, on_stage, server, channel, clip, publish):
    playing = "window.rillcast.player.levels[0].url[0]"
    tab.wait(LIVE)
    old = tab.read(playing)
    on_stage.stop()
    tab.wait(f"!({LIVE})")
    wait_until(lambda: not on_air(channel.playback), "the channel offline")
    encoder = publish(clip(RECIPE), server.rtmp_url(channel.key))
    tab.wait(LIVE)
    tab.wait_for_progress(2)
    assert tab.read(playing) != old, "another stream under the same page"
    encoder.stop()


def test_a_channel_of_normal_latency_plays_too(server, ivs, clip, publish):
    channel = make_channel(ivs, name="normal", latencyMode="NORMAL", containerFormat="TS")
    publish(clip(RECIPE), server.rtmp_url(channel.key))
    wait_until(lambda: on_air(channel.playback), "the channel on air")
    with browser.watching(f"{server.url}/watch/{channel.id}") as tab:
        tab.wait(LIVE)
        tab.wait_for_progress(3)
        assert tab.read("window.rillcast.player.targetLatency") > 2, "whole segments are waited for"
        assert tab.errors == []


def test_who_went_back_stays_there_until_they_want_to_be_live(tab):
    tab.wait(LIVE)
    tab.wait_for_progress(8)
    tab.read("void (document.querySelector('#video').currentTime -= 5)")
    tab.wait("!document.querySelector('#golive').hidden")
    tab.wait_for_progress(4)
    behind = tab.read("window.rillcast.latency()")
    assert behind > 4, "nobody is hurried"
    assert tab.read("document.querySelector('#video').playbackRate") == 1
    tab.page.click("#golive")
    tab.wait("document.querySelector('#golive').hidden")
    tab.wait(f"window.rillcast.latency() < {behind} - 2")
    assert tab.errors == []


NOTICE = "document.querySelector('#notice').textContent"


def test_a_private_channel_plays_with_its_viewers_token_and_says_so_without(server, ivs, clip, publish):
    signer = Signer()
    ivs.import_playback_key_pair(publicKeyMaterial=signer.public)
    channel = make_channel(ivs, name="private", authorized=True)
    publish(clip(RECIPE), server.rtmp_url(channel.key))
    page = f"{server.url}/watch/{channel.id}"
    token = signer.token(channel.arn)
    wait_until(lambda: on_air(f"{channel.playback}?token={token}"), "the channel on air")
    with browser.watching(page) as tab:
        tab.wait(f"{NOTICE}.includes('private')")
        assert tab.read("document.querySelector('#state').dataset.state") == "failed"
        take_picture(tab, "watch-private")
        tab.page.goto(f"{page}?token={signer.token(channel.arn, exp=1)}")
        tab.wait(f"{NOTICE}.includes('expired')")
        tab.page.goto(f"{page}?token={token}")
        tab.wait(LIVE)
        tab.wait_for_progress(3)
        assert tab.errors == []


def test_the_page_says_that_too_many_watch(start_server, clip, publish):
    server = start_server("--quota-viewers", "1")
    channel = make_channel(client(server))
    publish(clip(RECIPE), server.rtmp_url(channel.key))
    wait_until(lambda: on_air(channel.playback), "the channel on air")
    with browser.watching(f"{server.url}/watch/{channel.id}") as first:
        first.wait(LIVE)
        second = first.another(f"{server.url}/watch/{channel.id}")
        second.wait(f"{NOTICE}.includes('As many people watch as may')")
        assert first.errors == second.errors == []


def take_picture(tab: browser.Tab, name: str = "watch") -> None:
    """For whoever looks into a failure."""
    file = OUT / f"{name}.png"
    file.parent.mkdir(parents=True, exist_ok=True)
    tab.page.screenshot(path=file)
