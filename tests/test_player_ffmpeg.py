"""ffmpeg and ffprobe as players: what they copy from each form of a playlist decodes and goes on without a hole,
and what the multivariant playlist promises is what they find.

Promise: no warning of theirs is overlooked, but for the few that mean nothing.
"""

import re
import subprocess
from dataclasses import dataclass
from pathlib import Path
from urllib.parse import urljoin

import pytest

from harness import probe
from harness.aws import Channel, make_channel
from harness.encoder import Recipe
from harness.playlist import Variant, parse_multivariant
from harness.viewer import on_air
from harness.waiting import wait_until
from harness.web import fetch

#: Two that differ in all that is told of them.
CALM = Recipe(seconds=40, gop_seconds=1)
BUSY = Recipe(
    seconds=40, gop_seconds=2, fps=25, b_frames=2, rate=44100, size="640x360", kbps=900, x264="level=31:ref=2"
)
STAGES = {
    "LOW in fragmented MP4": (CALM, {"containerFormat": "FRAGMENTED_MP4", "latencyMode": "LOW"}),
    "LOW in TS": (BUSY, {"containerFormat": "TS", "latencyMode": "LOW"}),
    "NORMAL in fragmented MP4": (BUSY, {"containerFormat": "FRAGMENTED_MP4", "latencyMode": "NORMAL"}),
    "NORMAL in TS": (CALM, {"containerFormat": "TS", "latencyMode": "NORMAL"}),
}
#: Forms of a playlist, by what is asked; a channel of normal latency has one.
FORMS = {"LOW": ["", "?form=low", "?form=prefetch", "?form=plain"], "NORMAL": [""]}
SECONDS = 8
#: ffmpeg reads the initialisation section again with each playlist of a live stream, whichever server's.
HARMLESS = re.compile(r"^(\[mov,mp4.*Found duplicated MOOV Atom. Skipped it| *Last message repeated \d+ times)\n", re.M)
PROFILES = {"Constrained Baseline": "42C0", "Baseline": "4200", "Main": "4D40", "High": "6400"}


@dataclass
class OnAir:
    name: str
    channel: Channel
    recipe: Recipe
    mode: str
    container: str


@pytest.fixture(scope="module")
def stages(server, ivs, clip, publish) -> list[OnAir]:
    found = []
    for name, (recipe, options) in STAGES.items():
        channel = make_channel(ivs, **options)
        publish(clip(recipe), server.rtmp_url(channel.key))
        found.append(OnAir(name, channel, recipe, options["latencyMode"], options["containerFormat"]))
    for one in found:
        wait_until(lambda one=one: on_air(one.channel.playback), one.name)
    return found


@pytest.fixture(scope="module")
def told(stages) -> dict[str, tuple[str, Variant]]:
    """What the multivariant playlist says, with the URL of the media playlist."""
    found = {}
    for one in stages:
        variant = parse_multivariant(fetch(one.channel.playback).text)[0]
        found[one.name] = (urljoin(one.channel.playback, variant.uri), variant)
    return found


@pytest.fixture(scope="module")
def copies(stages, tmp_path_factory) -> dict[tuple[str, str], Path]:
    """What ffmpeg copied of each form, all at once."""
    folder, work = tmp_path_factory.mktemp("copies"), []
    for one in stages:
        for form in FORMS[one.mode]:
            file = folder / f"{len(work)}.{'ts' if one.container == 'TS' else 'mp4'}"
            url = one.channel.playback + form
            command = ["ffmpeg", "-nostdin", "-v", "warning", "-t", str(SECONDS), "-i", url]
            command += ["-map", "0:v", "-map", "0:a", "-c", "copy", str(file)]
            process = subprocess.Popen(command, stdin=subprocess.DEVNULL, stderr=subprocess.PIPE, text=True)
            work.append((one, form, file, process))
    try:
        for one, form, _, process in work:
            _, complaints = process.communicate(timeout=60)
            complaints = HARMLESS.sub("", complaints)
            assert process.returncode == 0 and complaints == "", f"{one.name} {form}: {complaints}"
    finally:
        for *_, process in work:
            process.kill()
            process.wait()
    return {(one.name, form): file for one, form, file, _ in work}


def test_every_form_is_copied_and_decodes_without_a_complaint(copies):
    assert len(copies) == 10
    for (name, form), file in copies.items():
        done = subprocess.run(
            ["ffmpeg", "-nostdin", "-v", "warning", "-xerror", "-i", str(file), "-f", "null", "-"],
            stdin=subprocess.DEVNULL,
            capture_output=True,
            text=True,
            timeout=60,
        )
        assert done.returncode == 0 and done.stderr == "", f"{name} {form}: {done.stderr}"


def test_copies_go_on_without_a_hole(copies):
    for (name, form), file in copies.items():
        recipe = STAGES[name][0]
        tracks = probe.packets(file)
        for kind, usual in (("video", 1 / recipe.fps), ("audio", 1024 / recipe.rate)):
            packets = tracks[kind]
            times = [packet.dts * packet.base for packet in packets]
            steps = [float(after - before) for before, after in zip(times, times[1:])]
            assert len(packets) * usual > 0.8 * SECONDS, f"{name} {form}: {len(packets)} of {kind}"
            odd = [step for step in steps if abs(step - usual) > 0.002]
            assert odd == [], f"{name} {form}: {kind} steps {odd[:5]}, not {usual:.4f}"
        assert tracks["video"][0].keyframe, f"{name} {form}: begins with a keyframe"


def test_the_multivariant_playlist_tells_what_is_there(stages, told, copies):
    for one in stages:
        _, variant = told[one.name]
        streams = probe.streams(copies[one.name, ""])
        video, audio = streams["video"], streams["audio"]
        picture, sound = variant.stream["CODECS"].split(",")
        assert picture.upper() == f"AVC1.{PROFILES[video['profile']]}{video['level']:02X}", one.name
        assert (sound, audio["profile"]) == ("mp4a.40.2", "LC"), one.name
        assert variant.stream["RESOLUTION"] == f"{video['width']}x{video['height']}", one.name
        above, below = map(int, video["r_frame_rate"].split("/"))
        assert abs(float(variant.stream["FRAME-RATE"]) - above / below) < 0.001, one.name


def test_the_promised_bandwidth_holds(stages, told):
    for one in stages:
        url, variant = told[one.name]
        lines = fetch(url).text.splitlines()
        spans = [float(line[8:].split(",")[0]) for line in lines if line.startswith("#EXTINF:")]
        files = [line for line in lines if line and not line.startswith("#")]
        rates = []
        for span, file in zip(spans, files):
            answer = fetch(urljoin(url, file), "HEAD")
            assert answer.status == 200, f"{one.name}: {file}"
            rates.append(int(answer.headers["content-length"]) * 8 / span)
        peak, average = (int(variant.stream[key]) for key in ("BANDWIDTH", "AVERAGE-BANDWIDTH"))
        # RFC 8216bis, 4.4.6.2: an upper bound, which a live stream can only tell of what it has seen.
        assert max(rates) <= 1.25 * peak, f"{one.name}: {max(rates):.0f} of {peak}"
        assert average <= peak and 0.5 * average < sum(rates) / len(rates) < 1.5 * average, one.name
