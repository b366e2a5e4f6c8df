"""Channels whose viewers may go back: what left memory is listed and read from disk, as the tag asks.

Promise: what comes from disk is compared with what a viewer saw live, byte by byte.
"""

import subprocess
from collections.abc import Iterator
from pathlib import Path
from urllib.parse import urljoin

import pytest

from harness import aws
from harness.aws import make_channel
from harness.encoder import Publisher, Recipe, make
from harness.player_token import Signer
from harness.playlist import MediaPlaylist, parse, rebuild
from harness.server import Server
from harness.viewer import Background, Viewer
from harness.waiting import wait_until
from harness.web import fetch

RECIPE = Recipe(seconds=30, gop_seconds=1)
TAG = {"rillcast:dvr": "1m"}
#: Segments that are made before anything is asked. Memory lists eight target durations, of one second or two.
ENOUGH = 28


class Stage:
    """A channel on air, with somebody who watches from the start."""

    def __init__(self, server: Server, film: Path, **options):
        self.channel = make_channel(aws.client(server), **options)
        self.is_private = options.get("authorized", False)
        log = server.folder / f"encoder-{self.channel.arn[-8:]}.log"
        self.encoder = Publisher(film, server.rtmp_url(self.channel.key), log, loop=True)
        self.viewer = Viewer(self.channel.playback + self.admission(server))
        self.watching = Background(self.viewer.follow, lambda seen: seen.last.edge()[0] >= ENOUGH)

    def admission(self, server: Server) -> str:
        """What stands behind the playback URL of a private channel."""
        if not self.is_private:
            return ""
        signer = Signer()
        aws.client(server).import_playback_key_pair(publicKeyMaterial=signer.public)
        return f"?token={signer.token(self.channel.arn)}"

    def now(self, query: str = "") -> MediaPlaylist:
        answer = self.viewer.read(query)
        assert answer.status == 200, answer.body[:200]
        return parse(answer.text)

    def get(self, uri: str, **headers: str):
        return fetch(urljoin(self.viewer.recording.url, uri), headers=headers)

    def saw(self, segment: int) -> bytes:
        """A segment's parts as they were served live."""
        pieces = self.viewer.recording.pieces
        return b"".join(body for (number, _), (_, body) in sorted(pieces.items()) if number == segment)


@pytest.fixture(scope="module")
def film(tmp_path_factory) -> Path:
    return make(RECIPE, tmp_path_factory.mktemp("film"))


@pytest.fixture(scope="module")
def house(tmp_path_factory) -> Iterator[Server]:
    server = Server(tmp_path_factory.mktemp("rewind"), "--window-seconds", "6").start()
    yield server
    server.stop()


@pytest.fixture(scope="module")
def stages(house, film) -> Iterator[dict[str, Stage]]:
    """Channels that can be rewound, in both containers and a private one, and two that can't."""
    stages = {
        "fragments": Stage(house, film, tags=TAG),
        "packets": Stage(house, film, tags=TAG, containerFormat="TS"),
        "private": Stage(house, film, tags=TAG, authorized=True),
        "usual": Stage(house, film),
        "unreadable": Stage(house, film, tags={"rillcast:dvr": "for ever"}),
    }
    for stage in stages.values():
        stage.watching.result()
    yield stages
    for stage in stages.values():
        stage.encoder.kill()


@pytest.fixture(params=["fragments", "packets"])
def stage(stages, request) -> Stage:
    return stages[request.param]


def reels(server: Server) -> list[Path]:
    return sorted(server.data_dir.glob("dvr/*/*.reel"))


def test_all_that_the_tag_asks_for_is_listed(stage):
    now = stage.now()
    assert now.sequence == 0
    assert [segment.sequence for segment in now.closed] == list(range(len(now.closed)))
    assert stage.viewer.recording.rules.broken == []


def test_without_a_tag_that_can_be_read_the_window_is_the_usual_one(stages, house):
    for name in ("usual", "unreadable"):
        assert stages[name].now().sequence > 0, name
    assert house.log().count("not from 1m to 24h") == 1


def test_the_form_of_the_ivs_player_keeps_the_usual_window(stage):
    prefetch = urljoin(stage.viewer.recording.url, "prefetch.m3u8")
    form = parse(fetch(prefetch).text)
    assert form.sequence > 0 and len(form.closed) <= 20
    assert form.live_sequence == form.sequence


def test_every_segment_from_disk_is_what_was_served_live(stage, house):
    compared = 0
    for segment in stage.now().closed:
        live = stage.saw(segment.sequence)
        if live:
            answer = stage.get(segment.uri)
            assert answer.status == 200 and answer.body == live, segment.sequence
            assert "immutable" in answer.headers["cache-control"]
            compared += 1
    assert compared >= ENOUGH - 4
    assert len(reels(house)) == 3, "only those with the tag are on disk"


def test_pieces_of_old_segments_can_be_asked_for(stage):
    oldest = stage.now().closed[0]
    whole = stage.get(oldest.uri).body
    piece = stage.get(oldest.uri, Range="bytes=100-299")
    assert (piece.status, piece.body) == (206, whole[100:300])
    assert piece.headers["content-range"] == f"bytes 100-299/{len(whole)}"
    assert stage.get(oldest.uri, Range=f"bytes={len(whole)}-").status == 416


def test_a_delta_update_leaves_the_past_out_and_rebuilds_to_the_whole(stage):
    def pair():
        """Both of one moment."""
        before, delta, after = stage.now(), stage.now("?_HLS_skip=YES"), stage.now()
        return (before, delta) if before == after else None

    whole, delta = wait_until(pair, "two playlists of one moment")
    assert delta.skipped > len(whole.closed) - 16
    assert rebuild(whole, delta) == whole.segments


def test_ffmpeg_plays_from_the_beginning(stage):
    done = subprocess.run(
        [
            *("ffprobe", "-v", "error", "-live_start_index", "0", "-read_intervals", "%+8"),
            *("-select_streams", "v", "-count_packets", "-show_entries", "stream=nb_read_packets,start_time"),
            *("-of", "csv=p=0", stage.channel.playback),
        ],
        capture_output=True,
        text=True,
        timeout=60,
    )
    # Eight seconds from the first picture on, in a moment: a live edge would have taken its time.
    start, count = done.stdout.splitlines()[0].split(",")[:2]
    assert int(count) >= 8 * 30 - 2, done.stderr
    # Transport streams begin at ten seconds.
    assert float(start) < 12


def test_a_public_channels_past_is_at_one_url_for_all(stages):
    url = stages["fragments"].viewer.recording.url
    shared = urljoin(url, stages["fragments"].now().closed[0].uri)
    viewer = url.split("/")[-3]
    assert viewer not in shared
    assert fetch(shared.replace("/source/", f"/{viewer}/source/")).status == 404


def test_a_private_channels_past_is_for_those_with_a_pass(stages):
    url = stages["private"].viewer.recording.url
    own = urljoin(url, stages["private"].now().closed[0].uri)
    viewer = url.split("/")[-3]
    assert fetch(own).status == 200
    assert fetch(own.replace(f"/{viewer}/", "/")).status == 403
    assert fetch(own.replace(f"/{viewer}/", f"/{viewer[::-1]}/")).status == 403


def test_past_and_present_are_one_film(stages, tmp_path):
    stage = stages["packets"]
    bodies = [stage.get(segment.uri).body for segment in stage.now().closed]
    file = tmp_path / "film.ts"
    file.write_bytes(b"".join(bodies))
    done = subprocess.run(
        ["ffprobe", "-v", "error", "-select_streams", "v", "-show_entries", "packet=dts", "-of", "csv=p=0", str(file)],
        capture_output=True,
        text=True,
        timeout=60,
    )
    times = [int(line.strip(",")) for line in done.stdout.split()]
    steps = {after - before for before, after in zip(times, times[1:])}
    # RTMP counts in milliseconds.
    assert len(times) >= len(bodies) * 30 - 1 and max(steps) <= 3_060 and min(steps) >= 2_970, steps


def test_killed_servers_leave_files_and_the_next_start_removes_them(stages, house):
    assert all(any(reel.iterdir()) for reel in reels(house))
    house.process.kill()
    house.process.wait()
    for stage in stages.values():
        stage.encoder.kill()
    assert len(reels(house)) == 3
    house.start()
    wait_until(lambda: not reels(house), "an empty folder")


def test_a_server_that_stops_takes_its_files_along(house, film):
    stage = Stage(house, film, tags=TAG)
    wait_until(lambda: reels(house) and any(reels(house)[0].iterdir()), "a segment on disk", 30)
    house.stop()
    stage.encoder.kill()
    assert not reels(house)


def test_without_a_folder_to_write_to_channels_are_live_as_ever(tmp_path, film):
    server = Server(tmp_path, "--window-seconds", "6").start()
    try:
        (server.data_dir / "dvr").write_text("in the way")
        stage = Stage(server, film, tags=TAG)
        seen = stage.watching.result()
        assert seen.rules.broken == []
        assert stage.now().sequence > 0
        assert server.log().count("can't be kept on disk") == 1
        stage.encoder.kill()
    finally:
        server.stop()
