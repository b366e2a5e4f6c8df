"""`rillcast recordings verify` and `export`: what they find in recordings of real streams, and in damaged ones.

Promise: films are counted with ffprobe, not with our own reader.
"""

import json
import os
import subprocess
from dataclasses import replace
from pathlib import Path

import pytest

from harness import ladder_look
from harness import recording_look as look
from harness.ladder_film import make
from harness.recording import LONG, Tree, configure, recorded_channel
from harness.recording_house import House, houses

FILM = replace(LONG, seconds=25)
CONTAINERS = {"TS": "ts", "FRAGMENTED_MP4": "mp4"}
#: Two streams of each channel are one recording.
STREAMS = 2


@pytest.fixture(scope="module")
def house(start_server, tmp_path_factory):
    with houses(start_server, tmp_path_factory.mktemp) as opened:
        yield opened("disk")


@pytest.fixture(scope="module")
def recordings(house, tmp_path_factory):
    """One for each container, of two streams of the same film."""
    film = make(FILM, tmp_path_factory.mktemp("films"))
    configuration = configure(house.ivs, house.buckets.make("tools-recordings"), recordingReconnectWindowSeconds=20)
    channels = {
        container: recorded_channel(house.ivs, configuration, containerFormat=container) for container in CONTAINERS
    }
    for _ in range(STREAMS):
        pushes = [house.push(film, house.url(channel)) for channel in channels.values()]
        for push in pushes:
            assert push.ended(120) == 0, push.log()
    return {container: house.tree(channel) for container, channel in channels.items()}


def verify(house: House, *which: str) -> tuple[int, list[dict]]:
    done = house.server.command("recordings", "verify", "--json", *which)
    assert not done.stderr, done.stderr
    return done.returncode, [json.loads(line) for line in done.stdout.splitlines()]


def test_whole_recordings_are_found_whole(house, recordings):
    code, reports = verify(house, "--all")
    assert code == 0 and len(reports) == len(recordings), reports
    assert all(report["status"] == "RECORDING_ENDED" for report in reports)


@pytest.fixture(params=CONTAINERS)
def recording(request, recordings) -> Tree:
    return recordings[request.param]


def id_of(tree: Tree) -> str:
    return tree.prefix.rpartition("/")[2]


def test_a_report_counts_what_there_is(house, recording):
    code, (report,) = verify(house, id_of(recording))
    items = recording.items()
    assert (code, report["good"], report["isGoingOn"]) == (0, True, False)
    assert (report["faults"], report["moreFaults"]) == ([], 0)
    assert (report["objects"], report["bytes"]) == (len(items), sum(item.size for item in items.values()))
    (rendition,) = report["renditions"]
    assert rendition["pictures"] == STREAMS * FILM.pictures
    assert rendition["durationMs"] == recording.json("events/recording-ended.json")["media"]["hls"]["duration_ms"]
    assert (rendition["gaps"], rendition["discontinuities"]) == (0, STREAMS - 1)


def test_what_is_damaged_is_named(house, recording):
    """One object at a time: missing, cut, too long, with other bytes, or empty."""
    root = folder_of(house, recording)
    suffix = "ts" if (root / "media/hls/180p15/0.ts").exists() else "mp4"
    chunk = f"media/hls/180p15/1.{suffix}"
    whole = (root / chunk).read_bytes()
    middle = len(whole) // 2
    damages = {
        chunk: [None, whole[:-188], whole + bytes(188), whole[:middle] + bytes(20_000) + whole[middle + 20_000 :], b""],
        "media/hls/master.m3u8": [None, b"#EXTM3U\n"],
        "media/hls/180p15/playlist.m3u8": [None, (root / "media/hls/180p15/byte-range-variant.m3u8").read_bytes()],
        "media/hls/180p15/byte-range-variant.m3u8": [None, b"\xff"],
        "events/recording-started.json": [None],
        "events/recording-ended.json": [None, b"{}"],
    }
    for key, contents in damages.items():
        kept = (root / key).read_bytes()
        for content in contents:
            if content is None:
                (root / key).unlink()
            else:
                (root / key).write_bytes(content)
            code, (report,) = verify(house, id_of(recording))
            assert code == 1 and not report["good"], (key, content and len(content))
            assert any(fault["object"] in (key, "media/hls/180p15/playlist.m3u8") for fault in report["faults"]), report
            (root / key).write_bytes(kept)
    assert verify(house, id_of(recording))[0] == 0


def test_what_does_not_belong_there_is_no_fault(house, recording):
    stray = folder_of(house, recording) / "media/hls/notes.txt"
    stray.write_text("mine")
    code, (report,) = verify(house, id_of(recording))
    stray.unlink()
    assert code == 0
    assert {"object": "media/hls/notes.txt", "words": "is not part of the recording"} in report["notes"]


def folder_of(house: House, tree: Tree) -> Path:
    (found,) = house.server.data_dir.rglob(id_of(tree))
    return found


def test_an_export_has_every_picture_and_sound_stays_with_it(house, recording, tmp_path):
    out = tmp_path / "film.mp4"
    done = house.server.command("recordings", "export", id_of(recording), str(out))
    assert done.returncode == 0 and "note" not in done.stdout, done
    assert "\r" not in done.stderr, "no bar where there is no terminal"
    assert os.listdir(tmp_path) == ["film.mp4"]
    shape = look.shape(out)
    assert shape.codecs == {"h264": 1, "aac": 1} and shape.sizes == [(320, 180)]
    assert abs(shape.seconds - STREAMS * FILM.seconds) < 0.2, shape
    assert look.numbers(out) == STREAMS * list(range(FILM.pictures))
    packets = look.pictures(out)
    steps = {round(after.time - before.time, 2) for before, after in zip(packets, packets[1:])}
    assert steps <= {0.06, 0.07}, f"time goes on, also from stream to stream: {steps}"
    offsets = [beep_after_flash(out, begin, tmp_path) for begin in (4, FILM.seconds + 4)]
    assert abs(offsets[0] - offsets[1]) < 0.03, offsets
    header = out.read_bytes()[:200_000]
    assert header.index(b"moov") < header.index(b"mdat"), "players begin before they have all of it"


def beep_after_flash(film: Path, begin: float, folder: Path) -> float:
    """How much later sound is than the picture in the seconds after this one."""
    part = folder / f"part-{begin}.mkv"
    cut = ["-ss", str(begin), "-to", str(begin + 12), "-i", str(film), "-map", "0", "-c", "copy", "-copyts", str(part)]
    subprocess.run(["ffmpeg", "-nostdin", "-v", "error", *cut], check=True, timeout=60)
    flashes = ladder_look.flashes(ladder_look.pictures(part), FILM.fps)
    beeps = ladder_look.beeps(part)
    near = [min((beep - flash for beep in beeps), key=abs) for flash in flashes[1:-1]]
    assert len(near) >= 3 and max(near) - min(near) < 0.05, near
    return sum(near) / len(near)


def test_a_file_that_is_there_stays_unless_it_is_to_be_replaced(house, recording, tmp_path):
    out = tmp_path / "film.mp4"
    out.write_text("mine")
    export = ["recordings", "export", id_of(recording), str(out)]
    refused = house.server.command(*export)
    assert refused.returncode == 1 and "is there already" in refused.stderr
    assert out.read_text() == "mine"
    assert house.server.command(*export, "--force").returncode == 0
    assert look.shape(out).codecs == {"h264": 1, "aac": 1}


def test_an_export_says_what_it_can_not_do_and_leaves_nothing(house, recording, tmp_path):
    out = str(tmp_path / "film.mp4")
    for arguments, words in [
        ((id_of(recording), out, "--rendition", "1080p60"), "there are: 180p15"),
        (("ABCDEFGHIJKL", out), "there is no recording ABCDEFGHIJKL"),
        ((id_of(recording), str(tmp_path / "no" / "film.mp4")), "can't make"),
    ]:
        done = house.server.command("recordings", "export", *arguments)
        assert done.returncode == 1 and words in done.stderr, done
    chunk = next(folder_of(house, recording).rglob("1.[tm]*"))
    kept = chunk.read_bytes()
    chunk.unlink()
    done = house.server.command("recordings", "export", id_of(recording), out)
    chunk.write_bytes(kept)
    assert done.returncode == 1 and "is missing" in done.stderr, done
    assert os.listdir(tmp_path) == []
