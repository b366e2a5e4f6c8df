"""Recordings when the bucket, the wire to it or the disk makes trouble: nothing is lost but time.

Promise: what is in the bucket afterwards is counted by the numbers in the pictures; each kind of trouble is done to
calls that were counted, and the streams never notice.
"""

import json
import subprocess
from pathlib import Path

import pytest

from harness import ladder_look, s3_faults
from harness.buckets import DiskBuckets, S3Buckets
from harness.kept import END, END_FAILURE, START, START_FAILURE, TRIAL, Channel, Kept, Studio
from harness.ladder_film import Film, make
from harness.s3_faults import FaultyWire
from harness.viewer import Background, Viewer
from harness.waiting import wait_until

#: A minute, sent in a few seconds.
FILM = Film(size="160x90", fps=15, seconds=60, kbps=80)
#: Ten minutes: what a service that is away for so long must not cost.
LONG = Film(size="160x90", fps=3, seconds=600, kbps=30, rate=16_000)
#: A tenth of a MB a second.
RICH = Film(size="320x180", fps=15, seconds=120, kbps=800, noise=30)


@pytest.fixture(scope="session")
def film(tmp_path_factory):
    folder = tmp_path_factory.mktemp("films")
    return lambda of: make(of, folder)


@pytest.fixture(scope="module")
def s3():
    service = S3Buckets().start()
    try:
        yield service
    finally:
        service.remove()


@pytest.fixture(scope="module")
def wire(s3):
    wire = FaultyWire(s3.endpoint)
    try:
        yield wire
    finally:
        wire.close()


@pytest.fixture(scope="module")
def studio(start_server, tmp_path_factory, s3, wire):
    """A server whose calls to S3 go over the wire on which they go wrong."""
    return Studio(start_server, tmp_path_factory.mktemp("studio"), s3, endpoint=wire.endpoint)


def complete(studio: Studio, channel: Channel, pictures: int) -> Kept:
    """The one recording of a channel, which has every picture of its stream."""
    (end,) = studio.ended(channel)
    assert studio.names(channel) == [START, END], studio.told(channel)
    kept = Kept(studio.buckets, channel.bucket, end["recording_s3_key_prefix"]).check()
    assert kept.numbers() == list(range(pictures))
    assert kept.manifest("ended")["recording_status"] == "RECORDING_ENDED"
    return kept


# Trouble of each kind


@pytest.fixture(scope="module")
def troubled(studio, wire, film):
    """One stream for each kind of trouble, all at once, each into a bucket of its own; the trouble begins with the
    stream and lasts until it is over and each was hit."""
    channels = {name: studio.channel(f"trouble-{name}") for name in s3_faults.KINDS}
    pushes = {name: studio.push(channel, film(FILM), 12) for name, channel in channels.items()}
    for name, channel in channels.items():
        # A service that refuses the very first call for good has refused the recording.
        wait_until(lambda channel=channel: studio.names(channel) == [START], f"the recording of {name}")
    faults = {name: wire.spoil(kind(f"trouble-{name}")) for name, kind in s3_faults.KINDS.items()}
    for push in pushes.values():
        push.over()
    for name, fault in faults.items():
        # One that is not answered is waited for.
        wanted = 1 if fault.silent else 3
        wait_until(lambda fault=fault, wanted=wanted: fault.done >= wanted, f"calls that met {name}")
    for fault in faults.values():
        wire.mend(fault)
    return channels


@pytest.mark.parametrize("kind", s3_faults.KINDS)
def test_a_recording_is_complete_whatever_the_service_did_meanwhile(studio, troubled, kind):
    kept = complete(studio, troubled[kind], FILM.pictures)
    assert studio.buckets.unfinished(kept.bucket) == []
    studio.verified(kept.prefix.rpartition("/")[2])


def test_nothing_waits_any_more_once_all_is_in_the_buckets(studio, troubled):
    for channel in troubled.values():
        studio.ended(channel)
    wait_until(lambda: studio.tapes() == [], "the tapes to be removed")


def test_trouble_is_told_once_when_it_begins_and_once_when_it_is_over(studio, troubled):
    for channel in troubled.values():
        studio.ended(channel)
    for kind in ("503", "429"):
        lines = [line for line in studio.server.log().splitlines() if f"trouble-{kind}" in line]
        warned = [line for line in lines if " WARN " in line]
        assert 1 <= len(warned) <= 3, "\n".join(lines)


def test_ten_minutes_without_a_service_cost_nothing_but_delay(studio, wire, film):
    channel = studio.channel("ten-minutes")
    push = studio.push(channel, film(LONG), 60)
    wait_until(lambda: studio.names(channel) == [START], "the recording")
    with wire.broken(s3_faults.status(503, bucket=channel.bucket)) as fault:
        memory = studio.server.memory()
        push.over()
        wait_until(lambda: not studio.is_live(channel), "the stream's end")
        assert fault.done > 0
        assert studio.names(channel) == [START], "it is not over before it is in the bucket"
        grown = studio.server.memory() - memory
    complete(studio, channel, LONG.pictures)
    assert grown < 64_000_000, f"what waits does so on disk, not in memory: {grown / 1e6:.0f} MB"


def test_viewers_of_a_recorded_stream_notice_nothing(studio, wire, film, tmp_path):
    """In real time, with a service that takes calls and says nothing."""
    channel = studio.channel("watched")
    playback = studio.ivs.get_channel(arn=channel.arn)["channel"]["playbackUrl"]
    url = studio.server.url + playback.removeprefix("http://video.example.com")
    push = studio.push(channel, film(FILM), 1)
    watching = Background(Viewer(url).follow)
    wait_until(lambda: studio.names(channel) == [START], "the recording")
    with wire.broken(s3_faults.silent(bucket=channel.bucket)) as fault:
        wait_until(lambda: fault.done >= 1 and push.sent > 8 * FILM.fps, "calls that are not answered")
    push.leave()
    # The rules of playlists are checked while it follows.
    seen = watching.result()
    assert seen.last.ended and seen.rules.broken == []
    numbers = [picture.number for picture in ladder_look.pictures(seen.join(tmp_path / "seen"))]
    assert numbers == list(range(push.sent))
    complete(studio, channel, push.sent)


# The service dies


def test_a_service_that_dies_and_comes_back_costs_nothing(start_server, tmp_path, film):
    """Twice: in the middle of a stream, and at its end with the server stopped before the service is back."""
    s3 = S3Buckets().start()
    try:
        studio = Studio(start_server, tmp_path, s3)
        middle, end = studio.channel("dies-in-the-middle"), studio.channel("dies-at-the-end")
        pushes = [studio.push(channel, film(FILM), 20) for channel in (middle, end)]
        for push in pushes:
            wait_until(lambda push=push: push.sent > 20 * FILM.fps, "a third of the stream")
        s3.kill()
        for push in pushes:
            wait_until(lambda push=push: push.sent > 40 * FILM.fps, "two thirds of the stream")
        s3.start()
        complete(studio, middle, pushes[0].over().sent)
        complete(studio, end, pushes[1].over().sent)
        again = studio.push(end, film(FILM), 20)
        wait_until(lambda: again.sent > 30 * FILM.fps, "half of the stream")
        s3.kill()
        again.over()
        wait_until(lambda: not studio.is_live(end), "the stream's end")
        studio.server.stop()
        assert studio.names(end) == [START, END, START] and studio.tapes()
        s3.start()
        studio.server.start()
        assert [found["recording_status"] for found in studio.ended(end, 2)] == [END, END]
        last = studio.told(end)[-1]
        kept = Kept(s3, end.bucket, last["recording_s3_key_prefix"]).check()
        assert kept.numbers() == list(range(FILM.pictures))
        assert studio.names(end) == [START, END, START, END]
        wait_until(lambda: studio.tapes() == [], "the tape to be removed")
        studio.verified("--all")
    finally:
        s3.remove()


# There is no such bucket, or no right to it


def failed(studio: Studio, channel: Channel) -> dict:
    """What was told of a recording that could not start."""
    (told,) = studio.ended(channel)
    assert studio.names(channel) == [START_FAILURE]
    assert told["recording_s3_key_prefix"] == "" and told["recording_duration_ms"] == 0
    assert told["recording_s3_bucket_name"] == channel.bucket
    return told


def lives_on(studio: Studio, channel: Channel, push) -> None:
    """The stream does, whatever its recording does."""
    wait_until(lambda: studio.is_live(channel), "the stream is live")
    at = push.sent
    wait_until(lambda: push.sent > at + 30, "more of the stream")
    assert not push.is_cut and studio.is_live(channel)
    push.leave()
    wait_until(lambda: not studio.is_live(channel), "the stream's end")


def test_a_bucket_that_is_gone_fails_the_recording_and_not_the_stream(studio, film):
    channel = studio.channel("gone-tomorrow")
    studio.buckets.delete(channel.bucket)
    push = studio.push(channel, film(FILM), 4)
    assert failed(studio, channel)["recording_status_reason"] == "ValidationException"
    lives_on(studio, channel, push)
    assert channel.bucket in studio.server.log()
    studio.buckets.make(channel.bucket)
    push = studio.push(channel, film(FILM), 20)
    assert studio.ended(channel, 2)[-1]["recording_status"] == END
    assert push.over().sent == FILM.pictures


def test_a_key_that_is_refused_at_the_start_fails_the_recording_and_not_the_stream(studio, wire, film):
    channel = studio.channel("refused")
    with wire.broken(s3_faults.status(403, bucket=channel.bucket)):
        push = studio.push(channel, film(FILM), 4)
        assert failed(studio, channel)["recording_status_reason"] == "ValidationException"
        lives_on(studio, channel, push)
    assert studio.buckets.keys(channel.bucket) == {}


@pytest.mark.parametrize("wrong", ["key", "secret", "bucket"])
def test_a_configuration_that_can_not_work_says_why(start_server, tmp_path, s3, wrong):
    bucket = "no-such-bucket" if wrong == "bucket" else s3.make(f"wrong-{wrong}")
    studio = Studio(start_server, tmp_path, s3, **({wrong: "AKIANOTTHEONETHATITIS"} if wrong != "bucket" else {}))
    arn = studio.configure(bucket, "CREATE_FAILED")
    words = {"key": "InvalidAccessKeyId", "secret": "SignatureDoesNotMatch", "bucket": "NoSuchBucket"}[wrong]

    def told():
        found = [event for event in studio.events() if event["detail-type"] == TRIAL]
        return found[-1] if found else None

    event = wait_until(told, "the event of a trial")
    assert event["resources"] == [arn]
    assert event["detail"]["recording_configuration_state"] == "CREATE_FAILED"
    assert event["detail"]["recording_s3_bucket_name"] == bucket
    assert words in event["detail"]["recording_configuration_state_reason"]
    assert [line for line in studio.server.log().splitlines() if words in line and " WARN " in line]
    assert "AKIANOT" not in json.dumps(event) and "AKIANOT" not in studio.server.log(), "keys are not told"


# The disk is full


@pytest.fixture
def small_disk():
    """Puts a file system of a few MB where it is asked for."""
    mounted: list[Path] = []

    def mount(place: Path) -> Path:
        place.mkdir(exist_ok=True)
        command = ["mount", "-t", "tmpfs", "-o", "size=3m,mode=700", "tmpfs", str(place)]
        done = subprocess.run(command, capture_output=True, text=True)
        if done.returncode:
            pytest.skip(f"needs the right to mount: {done.stderr}")
        mounted.append(place)
        return place

    yield mount
    for place in mounted:
        subprocess.run(["umount", "--lazy", str(place)], check=True)


def test_a_full_disk_ends_the_recording_and_not_the_stream(start_server, tmp_path, s3, wire, film, small_disk):
    place = small_disk(tmp_path / "recordings")
    studio = Studio(start_server, tmp_path, s3, "--recording-folder", str(place), endpoint=wire.endpoint)
    channel = studio.channel("full")
    push = studio.push(channel, film(RICH), 6)
    wait_until(lambda: studio.names(channel) == [START], "the recording")
    # What can't leave the disk fills it.
    fault = wire.spoil(s3_faults.status(503, bucket=channel.bucket))
    words = "a recording ends before its stream does"
    wait_until(lambda: words in studio.server.log(), "the disk to be full")
    (line,) = [line for line in studio.server.log().splitlines() if words in line]
    assert "No space left on device" in line
    at = push.sent
    wait_until(lambda: push.sent > at + 60, "more of the stream")
    assert not push.is_cut and studio.is_live(channel)
    wire.mend(fault)
    (end,) = studio.ended(channel)
    assert end["recording_status"] == END_FAILURE
    assert end["recording_status_reason"] == "InternalServerException"
    kept = Kept(s3, channel.bucket, end["recording_s3_key_prefix"]).check("failed")
    numbers = kept.numbers()
    assert numbers == list(range(len(numbers))) and len(numbers) > 10 * RICH.fps
    assert kept.manifest("failed")["recording_status"] == "RECORDING_ENDED_WITH_FAILURE"
    assert kept.manifest("failed")["recording_status_message"]
    assert studio.is_live(channel)
    studio.verified(kept.prefix.rpartition("/")[2])
    push.leave()
    wait_until(lambda: not studio.is_live(channel) and not list(place.glob("*/*")), "room again")
    push = studio.push(channel, film(FILM), 20)
    assert studio.ended(channel, 2)[-1]["recording_status"] == END
    last = Kept(s3, channel.bucket, studio.told(channel)[-1]["recording_s3_key_prefix"]).check()
    assert last.numbers() == list(range(push.over().sent))


def test_a_full_bucket_costs_nothing_but_delay(start_server, tmp_path, film, small_disk):
    """One on a disk of its own, while there is room for tapes."""
    studio = Studio(start_server, tmp_path, DiskBuckets())
    channel = studio.channel("full-bucket")
    place = small_disk(studio.buckets.root / channel.bucket)
    push = studio.push(channel, film(RICH), 6)
    wait_until(lambda: "waits on the disk" in studio.server.log(), "the bucket to be full")
    at = push.sent
    wait_until(lambda: push.sent > at + 60, "more of the stream")
    subprocess.run(["mount", "-o", "remount,size=64m", str(place)], check=True)
    push.leave()
    complete(studio, channel, push.sent)
    studio.verified("--all")


def test_nothing_is_recorded_where_less_is_free_than_is_to_be_kept(start_server, tmp_path, film):
    """On a disk of any size: more is to be kept than there is."""
    buckets = DiskBuckets()
    studio = Studio(start_server, tmp_path, buckets, "--recording-keep-free-mb", "16777216")
    channel = studio.channel("full-from-the-start")
    push = studio.push(channel, film(FILM), 4)
    assert failed(studio, channel)["recording_status_reason"] == "InternalServerException"
    lives_on(studio, channel, push)
    assert studio.tapes() == [], "nothing is left on the disk"


def test_a_folder_that_can_not_be_written_fails_the_recording_and_not_the_stream(start_server, tmp_path, film):
    (tmp_path / "file").write_text("no folder")
    flags = ("--recording-folder", str(Path(tmp_path, "file", "recordings")))
    studio = Studio(start_server, tmp_path, DiskBuckets(), *flags)
    channel = studio.channel("no-folder")
    push = studio.push(channel, film(FILM), 4)
    assert failed(studio, channel)["recording_status_reason"] == "InternalServerException"
    lives_on(studio, channel, push)
