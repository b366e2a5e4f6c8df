"""Players of the web on a ladder: up, down, by hand and by themselves, and a ladder whose worker dies.

Promise: a switch is looked at as a person would see and hear it: pictures carry their number, so a jump is known
from its first picture; each number belongs to one media time, so renditions that lie beside each other are known
too; silence in the sound and holes in what is buffered are noted while they last.
"""

import os
import signal
import statistics
import time
from collections import Counter
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

import pytest

from harness import aws, players
from harness.aws import Channel, make_channel
from harness.player_clip import HERTZ, SECONDS, Look, Sender, make
from harness.players import VIDEOJS, VIDEOJS_PLAIN, Kind, Stage, kind
from harness.server import Server
from harness.viewer import on_air
from harness.waiting import wait_until

pytestmark = pytest.mark.alone

#: A little more than 720p, so that the source is a rendition too; few pictures, for a machine with two cores.
LOOK = Look(gop_seconds=1, kbps=3_000, width=1312, height=738, fps=15)
HEIGHTS = [738, 720, 480, 360, 160]
BOTH = pytest.mark.parametrize("here", ["FRAGMENTED_MP4", "TS"], indirect=True)
ONE = pytest.mark.parametrize("here", ["FRAGMENTED_MP4"], indirect=True)
#: Seconds of a part.
PART = 0.2
#: As in test_players: what a person would call a stall on a machine with nothing else to do.
STALL_MS = 2_500
#: Down the whole ladder and up again.
DOWN_AND_UP = [*HEIGHTS[1:], *reversed(HEIGHTS[:-1])]
BY_HAND = kind("hls.js", "hls", lowLatencyMode=True, backBufferLength=30)
BY_ITSELF = kind("hls.js by itself", "hls", lowLatencyMode=True, backBufferLength=30)
#: With low latency it may leave out the rest of the segment that plays.
SHAKA_BY_HAND = kind("Shaka", "shaka", streaming={"lowLatencyMode": False, "bufferingGoal": 4}, abr={"enabled": False})
#: A picture that stands still for so long nobody notices, and nobody notes it (glass.js); the sound stops with it.
SILENCE_MS = 450


@dataclass
class OnAir:
    channel: Channel
    container: str
    sender: Sender


@pytest.fixture(scope="module")
def server(start_server):
    # The fastest of x264's speeds: how it looks is not the question here.
    return start_server("--transcoding", "on", "--transcode-speed", "ultrafast", "--transcode-capacity", "500")


@pytest.fixture(scope="module")
def film(tmp_path_factory):
    return make(LOOK, tmp_path_factory.mktemp("films"))


@pytest.fixture(scope="module")
def here(request, server, film):
    """A STANDARD channel on air with its whole ladder; one at a time."""
    channel = make_channel(aws.client(server), type="STANDARD", containerFormat=request.param)
    sender = Sender(server.bound["rtmp"], channel.key, film, LOOK)
    try:
        wait_until(lambda: on_air(channel.playback), "the channel on air")
        wait_until(lambda: sender.media_seconds() > 6, "some segments")
        yield OnAir(channel, request.param, sender)
    finally:
        sender.end()


@pytest.fixture(scope="module")
def hall():
    with players.hall() as opened:
        yield opened


@pytest.fixture
def stage(hall):
    """Opens players, which are gone when the test is."""
    opened = []

    def go(which: Kind, playback: str) -> Stage:
        opened.append(hall.open(which, playback))
        opened[-1].playing()
        return opened[-1]

    yield go
    for one in opened:
        hall.close(one)


def shown(stage: Stage, height: int, pictures: int = 5, since: float = 0.0) -> None:
    """Waits until so many pictures of this height were shown."""
    stage.wait(f"glass.pictures.filter(one => one.height === {height} && one.now >= {since}).length >= {pictures}")


def listen(stage: Stage) -> None:
    """Waits for the tone, and notes silences from then on."""
    stage.wait(f"Math.abs(glass.sound().hertz - {HERTZ}) < 25 && glass.sound().loudness > 60")
    stage.read("glass.listen()")


def trouble(stage: Stage) -> list[str]:
    """What the player calls an error, but for the words that hls.js has for a busy machine and for its start."""
    harmless = ("bufferSeekOverHole: fragment loaded with buffer holes, seeking from 0 ", "bufferStalledError")
    return [error for error in stage.errors() if not error.startswith(harmless)]


def assert_seamless(
    stage: Stage, since: float, *, stall_ms: float = STALL_MS, silence_ms: float = SILENCE_MS, lost: float = 0.0
) -> dict[int, int]:
    """No stall, no jump, no hole and no silence since then; how many pictures of each height were shown. So many
    seconds of media may be lost at a switch."""
    name = stage.kind.name
    assert [error for error in trouble(stage) if "fatal" in error] == [], name
    assert stage.tab.errors == [], name
    pictures = [one for one in stage.pictures() if one["now"] >= since]
    steps = stage.steps(since, LOOK.pictures)
    assert min(steps) >= 0, f"{name}: the picture jumped back: {sorted(set(steps))}"
    assert stage.read("glass.unreadable") == 0, f"{name}: pictures are whole"
    stalls = [one["still"] for one in stage.read("glass.stalls") if one["since"] > since]
    assert max(stalls, default=0) < stall_ms, f"{name}: the picture stood still: {stalls} ms"
    silences = [one["still"] for one in stage.read("glass.silences") if one["since"] > since]
    quiet = max(stalls, default=0) + silence_ms
    assert max(silences, default=0) < quiet, f"{name}: nothing was to be heard: {silences} ms, stalls {stalls} ms"
    holes = [hole for hole in stage.read("glass.holes") if hole["since"] > since and hole["to"] - hole["from"] > lost]
    assert holes == [], f"{name}: holes in what is buffered"
    return assert_on_one_clock(pictures, name, lost)


def assert_on_one_clock(pictures: list[dict[str, float]], name: str, lost: float) -> dict[int, int]:
    """Each number has the same media time in all renditions, to half a picture: so none is left out or shown twice
    where one rendition follows on another. How many pictures of each height were shown."""
    first = pictures[0]
    offs = []
    for one in pictures:
        off = (one["number"] - first["number"]) / LOOK.fps - (one["mediaTime"] - first["mediaTime"])
        offs.append((off + SECONDS / 2) % SECONDS - SECONDS / 2)
    # On a busy machine a picture is read when the next one is there already, so its neighbours are asked too.
    around = [statistics.median(offs[max(0, at - 2) : at + 3]) for at in range(len(offs))]
    told = [f"{one['number']} in {one['height']}p" for one in pictures]
    wrong = {one: off for one, off in zip(told, around) if abs(off) > 0.5 / LOOK.fps}
    assert max(map(abs, wrong.values()), default=0.0) <= lost, f"{name}: seconds off: {wrong}"
    return Counter(int(one["height"]) for one in pictures)


def now_ms() -> float:
    return time.time() * 1000


def tell(report, stage: Stage, begun: float, what: str) -> None:
    """A line about how it went."""
    stalls = [round(stall["still"]) for stall in stage.read("glass.stalls") if stall["since"] > begun]
    report(f"{stage.kind.name}, {what}: {(now_ms() - begun) / 1000:.1f} s, stood still for {stalls} ms")


@contextmanager
def thin_line(stage: Stage, bits_a_second: int) -> Iterator[None]:
    """The page gets no more than that from anywhere."""
    wire = stage.tab.page.context.new_cdp_session(stage.tab.page)
    wire.send("Network.enable")
    open_line = {"offline": False, "latency": 0, "downloadThroughput": -1, "uploadThroughput": -1}
    wire.send("Network.emulateNetworkConditions", open_line | {"downloadThroughput": bits_a_second // 8})
    try:
        yield
    finally:
        wire.send("Network.emulateNetworkConditions", open_line)
        wire.detach()


def workers(server: Server) -> list[int]:
    """The server's children that code pictures."""
    assert server.process is not None
    found = []
    for entry in Path("/proc").iterdir():
        if not entry.name.isdigit():
            continue
        try:
            parent = int((entry / "stat").read_text().rpartition(")")[2].split()[1])
            words = (entry / "cmdline").read_bytes().split(b"\0")
        except OSError:
            continue
        if parent == server.process.pid and b"libx264" in words:
            found.append(int(entry.name))
    return found


@BOTH
def test_hls_js_goes_down_and_up_the_whole_ladder_without_a_seam(stage, here, report):
    one = stage(BY_HAND, here.channel.playback)
    assert one.read("glass.levels()") == HEIGHTS
    one.read(f"glass.next({HEIGHTS[0]})")
    shown(one, HEIGHTS[0])
    listen(one)
    begun = now_ms()
    for height in DOWN_AND_UP:
        asked = now_ms()
        one.read(f"glass.next({height})")
        shown(one, height, since=asked)
    counts = assert_seamless(one, begun)
    assert sorted(counts, reverse=True) == HEIGHTS
    tell(report, one, begun, f"through {len(DOWN_AND_UP)} levels")


@ONE
def test_hls_js_is_on_another_level_at_once_when_it_is_told_to_drop_what_it_has(stage, here, report):
    one = stage(BY_HAND, here.channel.playback)
    one.read(f"glass.next({HEIGHTS[1]})")
    shown(one, HEIGHTS[1])
    listen(one)
    begun = now_ms()
    for height in (HEIGHTS[0], HEIGHTS[-1], HEIGHTS[2]):
        asked = now_ms()
        one.read(f"glass.now({height})")
        shown(one, height, since=asked)
    # What was dropped has to be fetched again: the picture waits for that, and goes on where it was.
    assert_seamless(one, begun)
    tell(report, one, begun, "three levels at once")


@ONE
def test_hls_js_steps_down_when_the_line_gets_thin_and_up_again_when_it_does_not(stage, here, report):
    one = stage(BY_ITSELF, here.channel.playback)
    shown(one, HEIGHTS[0])
    listen(one)
    begun = now_ms()
    with thin_line(one, bits_a_second=900_000):
        one.wait(f"glass.pictures.at(-1).height < {HEIGHTS[2]}")
        below = now_ms()
        # It stays there, and what is there plays.
        one.wait(f"glass.pictures.filter(one => one.now > {below}).length > {2 * LOOK.fps}")
        assert max(one.read("glass.pictures.slice(-15).map(one => one.height)")) < HEIGHTS[2]
    again = now_ms()
    shown(one, HEIGHTS[0], since=again)
    tell(report, one, begun, f"down after {(below - begun) / 1000:.1f} s, up after {(now_ms() - again) / 1000:.1f} s")
    # What was on its way when the line got thin comes late; nothing is lost or doubled for it.
    assert_seamless(one, begun, stall_ms=4 * STALL_MS, silence_ms=4 * STALL_MS)


@BOTH
def test_another_player_switches_by_hand_and_plays_on(stage, here, report):
    # Shaka 5.2 now and then goes on without fetching the new level's initialisation section, and can't decode what
    # follows; transport streams have none. video.js guesses at first where a part belongs, and finds out at a switch.
    others = {"FRAGMENTED_MP4": [(VIDEOJS, 1.5 * PART)], "TS": [(SHAKA_BY_HAND, 0.0), (VIDEOJS_PLAIN, 0.0)]}
    for which, lost in others[here.container]:
        one = stage(which, here.channel.playback)
        assert one.read("glass.levels()") == HEIGHTS
        listen(one)
        begun = now_ms()
        for height in (HEIGHTS[-1], HEIGHTS[1]):
            asked = now_ms()
            one.read(f"glass.next({height})")
            shown(one, height, since=asked)
        # On a busy machine video.js was once seen to wait for four seconds.
        assert_seamless(one, begun, lost=lost, stall_ms=4 * STALL_MS)
        tell(report, one, begun, "two levels")


@ONE
def test_a_viewer_of_a_rendition_sees_on_when_its_worker_is_killed(stage, server, here, report):
    one = stage(BY_HAND, here.channel.playback)
    one.read(f"glass.next({HEIGHTS[2]})")
    shown(one, HEIGHTS[2])
    listen(one)
    begun = now_ms()
    (pid,) = workers(server)
    os.kill(pid, signal.SIGKILL)
    wait_until(lambda: workers(server) not in ([], [pid]), "another worker")
    # Seconds of pictures from behind the kill.
    one.wait(f"glass.pictures.filter(one => one.now > {begun}).length > {6 * LOOK.fps}")
    assert_seamless(one, begun)
    tell(report, one, begun, "a killed worker")
