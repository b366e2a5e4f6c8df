"""Servers that die in the middle of recordings, by SIGKILL at random moments: what is in the buckets afterwards.

Promise: an encoder here knows the last picture that it handed to the network, and recordings are told by the numbers
in their pictures, so that what a death costs is counted and printed. `RECORDING_SEED=…` repeats a run as far as
moments can be repeated, `RECORDING_KILLS=…` changes how many.
"""

import os
import random
import time
from collections import defaultdict
from dataclasses import dataclass, field
from pathlib import Path

import pytest

from harness import s3_faults
from harness.buckets import DiskBuckets, S3Buckets
from harness.kept import END, START, Channel, Kept, Push, Studio
from harness.ladder_film import Film, make
from harness.s3_faults import FaultyWire
from harness.viewer import Background
from harness.waiting import wait_until

SEED = os.environ.get("RECORDING_SEED") or str(random.SystemRandom().randrange(10**6))
KILLS = int(os.environ.get("RECORDING_KILLS", "50"))
#: Servers that are killed side by side, and streams on each.
HOUSES, STREAMS = ("disk", "s3", "s3"), 2
FILM = Film(size="160x90", fps=15, seconds=60, gop_seconds=2, kbps=80)
#: Times as fast as life: quick streams get through many chunks, slow ones show what a kill costs.
SPEEDS = (2, 8)
#: Most pictures that a death may cost: those of a chunk, which is what a power cut costs. A kill costs the segment
#: in the making, and what is on its way to it.
BOUND = 10 * FILM.fps
#: How a server may die, by how often.
DEATHS = ("on air", "on air", "service away", "slow uploads", "in the window", "in recovery")


@dataclass
class Life:
    """A stream that ended with its server."""

    channel: Channel
    push: Push
    death: str
    speed: int


@dataclass
class House:
    """A server that is killed again and again, with what it was killed over."""

    studio: Studio
    wire: FaultyWire | None
    configurations: dict[str, str]
    film: Path
    random: random.Random
    lives: list[Life] = field(default_factory=list)
    kills: int = 0

    def kill(self) -> None:
        self.studio.server.process.kill()
        self.studio.server.ended(10)
        self.kills += 1

    def round(self, kills: int) -> None:
        """Some streams, a death, and a new start; another death in recovery if there is one to go."""
        deaths = DEATHS if self.wire else [death for death in DEATHS if death not in ("service away", "slow uploads")]
        death = self.random.choice(deaths if kills > 1 else deaths[:-1])
        speed = self.random.choice(SPEEDS)
        made = [self.stream(death, speed) for _ in range(STREAMS)]
        fault = self._trouble(death, made)
        time.sleep(self.random.uniform(0.1, 3.5))
        if death == "in the window":
            self._into_the_window(made)
        self.kill()
        for life in made:
            life.push.over()
        self.lives += made
        if death == "in recovery":
            self._start_and_kill()
        self.studio.server.start()
        if fault:
            # Recovery begins with a service that is away.
            time.sleep(self.random.uniform(0.0, 0.5))
            self.wire.mend(fault)

    def stream(self, death: str, speed: int) -> Life:
        window = "long" if death == "in the window" else "none"
        channel = self.studio.channel(self.studio.events_file.parent.name, self.configurations[window])
        return Life(channel, self.studio.push(channel, self.film, speed), death, speed)

    def _trouble(self, death: str, made: list[Life]):
        if death not in ("service away", "slow uploads"):
            return None
        for life in made:
            # Before it begins, a refusal would be one of the whole recording.
            wait_until(lambda life=life: self.studio.names(life.channel), "a recording")
        return self.wire.spoil(s3_faults.status(503) if death == "service away" else s3_faults.slow(20_000))

    def _into_the_window(self, made: list[Life]) -> None:
        """The streams end, and their recordings wait for others."""
        for life in made:
            life.push.leave()
        for life in made:
            wait_until(lambda life=life: not self.studio.is_live(life.channel), "the stream's end")
        time.sleep(self.random.uniform(0.0, 0.5))

    def _start_and_kill(self) -> None:
        fault = self.wire.spoil(s3_faults.slow(20_000)) if self.wire else None
        self.studio.server.start()
        time.sleep(self.random.uniform(0.0, 0.4))
        self.kill()
        if fault:
            self.wire.mend(fault)

    def live_out(self, kills: int) -> "House":
        while self.kills < kills:
            self.round(kills - self.kills)
        return self


@pytest.fixture(scope="module")
def houses(start_server, tmp_path_factory, report):
    """Servers that were killed often and are well again."""
    folder = tmp_path_factory.mktemp("kills")
    s3 = S3Buckets().start()
    wires, built = [], []
    film = make(FILM, folder)
    try:
        for number, place in enumerate(HOUSES):
            home = folder / f"house-{number}"
            home.mkdir()
            wire = FaultyWire(s3.endpoint, seed=number) if place == "s3" else None
            wires += [wire] if wire else []
            settings = {"endpoint": wire.endpoint} if wire else {}
            studio = Studio(start_server, home, s3 if wire else DiskBuckets(), **settings)
            bucket = studio.buckets.make(home.name)
            configurations = {
                "none": studio.configure(bucket),
                "long": studio.configure(bucket, recordingReconnectWindowSeconds=300),
            }
            house = House(studio, wire, configurations, film, random.Random(f"{SEED}-{number}"))
            built.append(house)
        shares = [KILLS * (number + 1) // len(built) - KILLS * number // len(built) for number in range(len(built))]
        for work in [Background(house.live_out, share) for house, share in zip(built, shares)]:
            work.result(600)
        for house in built:
            wait_until(lambda house=house: house.studio.tapes() == [], "all recordings to be finished", 120)
        report(f"recordings: {sum(house.kills for house in built)} kills (RECORDING_SEED={SEED})")
        yield built
    finally:
        for wire in wires:
            wire.close()
        s3.remove()


def test_every_recording_is_finished_and_what_a_kill_costs_is_less_than_a_chunk(houses, report):
    cost, recordings = defaultdict(list), 0
    for house in houses:
        for life in house.lives:
            numbers = recorded(house.studio, life)
            assert numbers == list(range(len(numbers)))
            recordings += bool(numbers)
            # Before its first segment is done, a stream has no recording to lose pictures from.
            ending = life.death if numbers else "too short"
            cost[f"{ending}, {life.speed} x"].append(life.push.sent - len(numbers))
    streams = sum(len(house.lives) for house in houses)
    report(f"recordings: {streams} streams were cut, {recordings} recordings; pictures missing at the end, at most:")
    report("  " + "; ".join(f"{how}: {max(found)} of {len(found)}" for how, found in sorted(cost.items())))
    for how, found in cost.items():
        assert max(found) <= BOUND, f"{how}: {found}"
        assert "window" not in how or max(found) == 0, "a stream that ended before is complete"


def recorded(studio: Studio, life: Life) -> list[int]:
    """The numbers of a stream's recorded pictures; its recording is closed and told of once."""
    told = studio.told(life.channel)
    if not told:
        # It never had a finished segment.
        return []
    names = [detail["recording_status"] for detail in told]
    assert names == [START, END], f"{life.death}: {told}"
    assert len({detail["recording_session_id"] for detail in told}) == 1
    assert len({detail["recording_s3_key_prefix"] for detail in told}) == 1
    (stream,) = told[-1]["recording_session_stream_ids"]
    session = studio.ivs.get_stream_session(channelArn=life.channel.arn, streamId=stream)["streamSession"]
    listed = [event["name"] for event in reversed(session["truncatedEvents"]) if event["name"] in (START, END)]
    assert listed == [START, END]
    kept = Kept(studio.buckets, life.channel.bucket, told[-1]["recording_s3_key_prefix"]).check()
    numbers = kept.numbers()
    milliseconds = kept.manifest("ended")["media"]["hls"]["duration_ms"]
    assert abs(milliseconds - len(numbers) * 1000 / FILM.fps) < 2000 / FILM.fps
    assert told[-1]["recording_duration_ms"] == milliseconds
    return numbers


def test_nothing_of_a_finished_recording_is_left_on_the_servers_disk(houses):
    for house in houses:
        assert house.studio.tapes() == []


def test_verify_finds_no_fault_in_any_of_them(houses):
    for house in houses:
        house.studio.verified("--all")


def test_rows_say_what_the_buckets_say(houses):
    for house in houses:
        done = house.studio.server.command("recordings", "list", "--json")
        assert done.returncode == 0, done.stderr
        assert "RECORDING_STARTED" not in done.stdout and "FAILURE" not in done.stdout, done.stdout
