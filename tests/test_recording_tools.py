"""`rillcast recordings verify` and `export`: what they find in recordings of real streams, and in damaged ones.

Promise: films are counted with ffprobe, not with our own reader.
"""

import json
import os
import shutil
import sys
from dataclasses import replace
from pathlib import Path

import pytest

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
    print(reports)
    assert code == 0
