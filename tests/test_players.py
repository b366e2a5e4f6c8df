"""The players of the web before the real server, each in both containers and both latency modes.

Promise: what counts is what a person would see and hear: pictures carry their number, so that each one shown is
known, in its order and with its age; the tone is looked for in what comes out of the element. How late a player
shows is told; tests only hold it to what the mode promises, for machines are busy.
"""

import re
import statistics
import time
from dataclasses import dataclass

import pytest

from harness import players
from harness.aws import Channel, make_channel
from harness.player_clip import FPS, HERTZ, Look, Sender, make
from harness.player_token import Signer
from harness.players import HLS_LOW, HLS_PLAIN, SHAKA_LOW, SHAKA_PLAIN, VIDEOJS, VIDEOJS_PLAIN, Kind, Stage
from harness.viewer import on_air
from harness.waiting import wait_until
from harness.web import fetch

# Five players in one browser, watched for how smoothly they play, want the machine for themselves.
pytestmark = pytest.mark.alone

SEGMENT = 2
#: How long players are watched once all of them play.
WATCHED = 12.0
#: What a person would call a stall, once a player has settled, on a machine with nothing else to do.
STALL_MS = 2_500
CONTAINERS = ["FRAGMENTED_MP4", "TS"]


@dataclass
class OnAir:
    channel: Channel
    sender: Sender

    def ready(self) -> None:
        """Waits until there is a window to choose in."""
        wait_until(lambda: on_air(self.channel.playback), "the channel on air")
        wait_until(lambda: self.sender.media_seconds() > 5 * SEGMENT, "some segments")


@pytest.fixture(scope="module")
def film(tmp_path_factory):
    return make(Look(gop_seconds=SEGMENT), tmp_path_factory.mktemp("films"))


@pytest.fixture(scope="module")
def hall():
    with players.hall() as opened:
        yield opened


@pytest.fixture(scope="module")
def start(server, ivs, film):
    """Puts channels on air."""
    begun = []

    def go(**options) -> OnAir:
        channel = make_channel(ivs, **options)
        sender = Sender(server.bound["rtmp"], channel.key, film)
        begun.append(sender)
        return OnAir(channel, sender)

    yield go
    for sender in begun:
        sender.end()


@pytest.fixture(scope="module")
def channels(start):
    """One of each kind, all on air for some segments."""
    kinds = [(mode, container) for mode in ("LOW", "NORMAL") for container in CONTAINERS]
    found = {kind: start(latencyMode=kind[0], containerFormat=kind[1]) for kind in kinds}
    for one in found.values():
        one.ready()
    return found


def kinds_for(container: str) -> list[Kind]:
    """video.js makes MP4 of transport streams and can't where a keyframe doesn't begin the piece, as most parts."""
    return [HLS_LOW, HLS_PLAIN, SHAKA_LOW, SHAKA_PLAIN, VIDEOJS if container == "FRAGMENTED_MP4" else VIDEOJS_PLAIN]


@pytest.fixture(scope="module")
def ages() -> dict[tuple[str, str, str], float]:
    """Median age of the pictures shown, by mode, container and player."""
    return {}


#: hls.js calls it an error that the first picture it can show is not at 0, and that the picture stands still
#: although more than a second is buffered: then the machine was busy, and nobody is to blame but it.
HARMLESS = re.compile(r'bufferSeekOverHole: .* seeking from 0 |bufferStalledError: .*"len":[1-9]')


def trouble(stage: Stage) -> list[str]:
    """What the player calls an error, but for what is none."""
    return [error for error in stage.errors() if not HARMLESS.match(error)]


def assert_plays(stage: Stage, sender: Sender, since: float) -> float:
    """Picture, sound and no trouble since then; gives the median age of the pictures."""
    name = stage.kind.name
    assert trouble(stage) == [], name
    assert stage.tab.errors == [], name
    shown = [one for one in stage.pictures() if one["now"] >= since]
    steps = stage.steps(since)
    assert stage.read("glass.unreadable") == 0, f"{name}: pictures are whole"
    assert min(steps) >= 0, f"{name}: pictures come in their order: {sorted(set(steps))}"
    moved = sum(steps) / FPS / ((shown[-1]["now"] - shown[0]["now"]) / 1000)
    assert 0.75 < moved < 1.4, f"{name}: {moved:.2f} seconds of pictures a second"
    stalls = [one["still"] for one in stage.read("glass.stalls") if one["since"] > since]
    assert max(stalls, default=0) < STALL_MS, f"{name}: the picture stood still: {stalls} ms"
    sound = stage.read("glass.sound()")
    assert abs(sound["hertz"] - HERTZ) < 25 and sound["loudness"] > 60, f"{name}: {sound}"
    return statistics.median(stage.ages(sender, since))


@pytest.mark.parametrize("container", CONTAINERS)
@pytest.mark.parametrize("mode", ["LOW", "NORMAL"])
def test_every_player_shows_and_sounds_without_an_error(hall, channels, ages, report, mode, container):
    here = channels[mode, container]
    stages = [hall.open(kind, here.channel.playback) for kind in kinds_for(container)]
    try:
        for stage in stages:
            stage.playing()
            stage.read("glass.sound()")
        since = time.time() * 1000 + 1_000
        time.sleep(WATCHED)
        for stage in stages:
            age = assert_plays(stage, here.sender, since)
            ages[mode, container, stage.kind.name] = age
        blocked = [url for url in stages[0].tab.asked if "_HLS_msn=" in url and "_HLS_part=" in url]
        assert bool(blocked) == (mode == "LOW"), "low latency is offered where the channel has it, and used"
        told = ", ".join(f"{stage.kind.name} {ages[mode, container, stage.kind.name]:.2f} s" for stage in stages)
        report(f"{mode} {container}, from server to glass: {told}")
    finally:
        for stage in stages:
            hall.close(stage)
    for stage in stages:
        age = ages[mode, container, stage.kind.name]
        if mode == "LOW" and stage.kind in (HLS_LOW, SHAKA_LOW):
            assert age < 2 * SEGMENT, f"{stage.kind.name}: parts are played, not whole segments"
        assert age < 8 * SEGMENT, f"{stage.kind.name}: {age:.1f} s"


def test_normal_latency_is_that_of_whole_segments(ages):
    if len(ages) < 4 * len(kinds_for("TS")):
        pytest.skip("only after all of the tests above")
    for container in CONTAINERS:
        for kind in (HLS_LOW, SHAKA_LOW):
            low, normal = (ages[mode, container, kind.name] for mode in ("LOW", "NORMAL"))
            assert normal > SEGMENT / 2, f"{container}, {kind.name}: a segment is listed when it is whole"
            assert low < normal, f"{container}, {kind.name}: {low:.2f} s and {normal:.2f} s"


@pytest.mark.parametrize("container", CONTAINERS)
def test_players_outlast_a_silent_encoder_go_back_in_the_window_and_notice_the_end(hall, start, report, container):
    here = start(containerFormat=container)
    here.ready()
    stages = [hall.open(kind, here.channel.playback) for kind in (HLS_LOW, SHAKA_LOW)]
    # The other way to spare video.js parts: the form that has none. With them it was once seen not to notice the
    # end, with a tenth of a second left to play.
    stages.append(hall.open(VIDEOJS, here.channel.playback + "?form=plain"))
    try:
        for stage in stages:
            stage.playing()

        # The encoder says nothing for four seconds, then all of it at once.
        before = {stage.kind: stage.seconds() for stage in stages}
        here.sender.hold()
        time.sleep(4)
        here.sender.go_on()
        again = time.time() * 1000
        for stage in stages:
            stage.wait(f"document.querySelector('video').currentTime > {before[stage.kind] + 8}")
            assert min(stage.steps()) >= 0, f"{stage.kind.name}: nothing is shown twice"
            assert [one for one in stage.errors() if "fatal" in one] == [], stage.kind.name
        late = {stage.kind.name: stage.ages(here.sender, again)[-1] for stage in stages}
        told = ", ".join(f"{name} {age:.1f} s" for name, age in late.items())
        report(f"{container}, after an encoder that was silent for 4 s: {told} behind")

        # Back by three segments, and on from there.
        for stage in stages:
            back = stage.seconds() - 3 * SEGMENT
            stage.read(f"(document.querySelector('video').currentTime = {back}, glass.pictures.length = 0)")
            stage.wait(f"glass.pictures.length > 20 && document.querySelector('video').currentTime > {back}")
            # The first may have been on its way to the glass already.
            at = stage.pictures()[10]["mediaTime"]
            assert back - SEGMENT < at < back + 2 * SEGMENT, f"{stage.kind.name}: {at}, not {back}"
            assert [one for one in stage.errors() if "fatal" in one] == [], stage.kind.name

        here.sender.end()
        for stage in stages:
            stage.wait("glass.ended")
            assert [one for one in stage.errors() if "fatal" in one] == [], stage.kind.name
    finally:
        for stage in stages:
            hall.close(stage)
    # Nothing is on air any more, and nobody is told otherwise.
    wait_until(lambda: fetch(here.channel.playback).status == 404, "the channel offline")


def test_a_token_behind_the_url_is_all_that_a_player_needs_of_a_private_channel(hall, ivs, start):
    signer = Signer()
    ivs.import_playback_key_pair(publicKeyMaterial=signer.public)
    here = start(authorized=True)
    playback = f"{here.channel.playback}?token={signer.token(here.channel.arn)}"
    wait_until(lambda: on_air(playback), "the channel on air")
    stages = [hall.open(kind, playback) for kind in (HLS_LOW, SHAKA_LOW, VIDEOJS)]
    try:
        for stage in stages:
            stage.playing()
            stage.wait("glass.pictures.length > 3 * 30")
            assert trouble(stage) == [], stage.kind.name
            later = [url for url in stage.tab.asked if "/source/" in url]
            assert later and not any("token" in url for url in later), "the token is shown once, at the door"
    finally:
        for stage in stages:
            hall.close(stage)


def test_players_tell_a_refusal(hall, ivs):
    channel = make_channel(ivs, authorized=True)
    for kind, status in ((HLS_LOW, "glass.status"), (SHAKA_LOW, "glass.status")):
        stage = hall.open(kind, channel.playback)
        try:
            stage.wait("glass.errors.length > 0")
            # The answer can be read by a page of another origin, so the player knows why.
            assert stage.read(status) in (403, 404)
        finally:
            hall.close(stage)
