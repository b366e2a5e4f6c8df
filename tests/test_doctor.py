"""`rillcast doctor`: what this machine can do of transcoding, for people and for scripts.

Promise: it needs no server and no data, leaves nothing behind, and fails only where something configured does not work.
"""

import json
import subprocess
from pathlib import Path

import pytest

from harness.server import binary, clean_env


def doctor(folder: Path, *flags: str, env: dict[str, str] | None = None) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [binary(), "doctor", *flags],
        cwd=folder,
        env=env or clean_env(),
        capture_output=True,
        text=True,
        timeout=120,
    )


@pytest.fixture(scope="module")
def well(tmp_path_factory: pytest.TempPathFactory) -> tuple[Path, subprocess.CompletedProcess[str]]:
    """An examination of the installed ffmpeg, as scripts get it."""
    folder = tmp_path_factory.mktemp("well")
    return folder, doctor(folder, "--output", "json", "--transcode-capacity", "100")


def test_a_machine_with_ffmpeg_is_well(well: tuple[Path, subprocess.CompletedProcess[str]]):
    folder, told = well
    assert (told.returncode, told.stderr) == (0, "")
    found = json.loads(told.stdout)
    assert found["problems"] == []
    assert Path(found["ffmpeg"]["path"]).is_file()
    assert found["ffmpeg"]["version"] in subprocess.run(["ffmpeg", "-version"], capture_output=True, text=True).stdout
    assert found["thumbnails"] == {"seconds": 5, "lines": 360, "works": True}
    assert list(folder.iterdir()) == [], "it left something behind"


def test_each_encoder_is_tried_whichever_is_configured(well: tuple[Path, subprocess.CompletedProcess[str]]):
    encoders = {encoder["name"]: encoder for encoder in json.loads(well[1].stdout)["encoders"]}
    assert list(encoders) == ["x264", "nvenc", "vaapi", "qsv", "v4l2"]
    assert encoders["x264"]["configured"] and encoders["x264"]["works"]
    assert len(encoders["x264"]["checks"]) >= 7
    assert all("fault" not in check for check in encoders["x264"]["checks"])
    for encoder in encoders.values():
        assert encoder["works"] != bool(encoder.get("fault")), encoder


def test_what_is_set_as_capacity_holds_and_what_was_measured_is_told(
    well: tuple[Path, subprocess.CompletedProcess[str]],
):
    capacity = json.loads(well[1].stdout)["capacity"]
    assert (capacity["pixels_a_second"], capacity["is_set"]) == (100_000_000, True)
    assert capacity["measured"] > 1_000_000
    # 1280x720 at 60 and 852x480, 640x360 and 284x160 at 30: 76 million; at 30: 47; without the first: 21.
    assert capacity["standard_streams"] == {"1080p60": 1, "1080p30": 2, "480p30": 4}


def test_without_ffmpeg_it_says_what_to_do_and_fails(tmp_path: Path):
    told = doctor(tmp_path, "--ffmpeg", "/nowhere/ffmpeg")
    assert told.returncode == 1
    assert "/nowhere/ffmpeg is not there" in told.stdout
    assert "apt install ffmpeg" in told.stdout
    assert "passed through" in told.stdout


def test_an_old_ffmpeg_is_told_its_age(tmp_path: Path):
    old = tmp_path / "ffmpeg"
    old.write_text("#!/bin/sh\necho 'ffmpeg version 4.4.2-0ubuntu0.22.04.1 Copyright'\n")
    for path in (tmp_path, old):
        path.chmod(0o755)
    told = doctor(tmp_path, "--ffmpeg", str(old), "--output", "json")
    assert told.returncode == 1
    (problem,) = json.loads(told.stdout)["problems"]
    assert problem["problem"] == "ffmpeg 4.4.2 is too old: 5.1 or newer is needed"
    assert "newer ffmpeg" in problem["advice"]


def test_an_encoder_that_is_configured_and_not_here_is_a_problem(tmp_path: Path):
    # By the environment, as a server would be told.
    told = doctor(tmp_path, env=clean_env(RILLCAST_TRANSCODE_ENCODER="v4l2", RILLCAST_THUMBNAIL_SECONDS="0"))
    assert told.returncode == 1
    lines = told.stdout.splitlines()
    assert "x264        works" in lines
    assert any(line.startswith("v4l2        does not work: ") and line.endswith("(configured)") for line in lines)
    assert any(line.startswith("Problem: v4l2 ") for line in lines)
    assert "/dev/video" in told.stdout
    assert "thumbnails  none, as configured" in lines


def test_what_is_not_used_is_no_problem(tmp_path: Path):
    told = doctor(tmp_path, "--transcoding", "off", "--ffmpeg", "/nowhere/ffmpeg")
    assert told.returncode == 0
    assert told.stdout.splitlines()[-1] == 'Nothing is transcoded, as configured: transcoding = "off".'


def test_a_setting_that_can_not_be_is_refused_as_by_the_server(tmp_path: Path):
    told = doctor(tmp_path, "--transcode-encoder", "mpeg1")
    assert told.returncode == 2
    assert "x264, nvenc, vaapi, qsv or v4l2" in told.stderr
