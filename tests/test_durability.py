"""What was acknowledged stays, whatever happens to the server, its database or its disk.

Promise: servers die by SIGKILL, databases by their own means; what is there afterwards is asked of the API.
"""

import os
import random
import subprocess
import threading
import time
from collections.abc import Iterator
from dataclasses import dataclass, field
from itertools import count
from typing import Any

import pytest

from harness.caller import Caller
from harness.ledger import IVS, Doubt, Ledger, is_gone, read
from harness.postgres import Postgres
from harness.publickey import make_public_key
from harness.server import Server
from harness.viewer import Background
from harness.waiting import wait_until
from harness.wire import Cut
from harness.writer import QUOTAS, Writer

SEED = os.environ.get("DURABILITY_SEED") or str(random.SystemRandom().randrange(10**6))
ROUNDS = {"sqlite": int(os.environ.get("DURABILITY_ROUNDS", "50")), "postgres": 10}
WRITERS = 4
CREATORS = 16

databases = pytest.mark.parametrize("database", list(ROUNDS))


@dataclass
class House:
    """A server that is killed and started again over the same data."""

    server: Server
    url: str | None
    postgres: Postgres | None
    starts: list[float] = field(default_factory=list)

    def kill(self) -> None:
        self.server.process.kill()
        self.server.ended(10)
        if self.postgres:
            # What the dead server had sent may still be on its way to a commit.
            wait_until(lambda: self._connections() == 0, "the database to notice")

    def _connections(self) -> int:
        asked = "SELECT count(*) FROM pg_stat_activity WHERE application_name = 'rillcast' AND datname = "
        name = self.url.rpartition("/")[2]
        command = [str(self.postgres.programs / "psql"), "-At", "-c", f"{asked} '{name}'"]
        address = ["-h", "127.0.0.1", "-p", str(self.postgres.port), "-U", "postgres", "postgres"]
        return int(subprocess.run([*command, *address], capture_output=True, check=True, timeout=60).stdout)

    def start(self) -> None:
        begun = time.monotonic()
        self.server.start()
        self.starts.append(time.monotonic() - begun)


@pytest.fixture
def house(request, start_server):
    def build(database: str, *flags: str) -> House:
        postgres = request.getfixturevalue("postgres") if database == "postgres" else None
        url = postgres.database() if postgres else None
        # Else playback URLs would follow the port, which is another one after each start.
        flags += ("--public-url", "http://video.example.com")
        return House(start_server(*flags, env={"RILLCAST_DATABASE": url} if url else None), url, postgres)

    return build


# The book that is held against the server


CHANNEL = {"name": "n", "tags": {}, "keys": {"k": {"arn": "k"}}}
RENAME = Doubt("UpdateChannel", "a:channel/1", lambda now: now == CHANNEL | {"name": "m", "tags": {"t": ""}})
CREATE = Doubt("CreateChannel", None, lambda now: now is not None and len(now["keys"]) == 1)
DELETE = Doubt("DeleteChannel", "a:channel/1", lambda now: now is None)


@pytest.mark.parametrize(
    ("doubts", "seen"),
    [
        pytest.param([], {}, id="an acknowledged one is gone"),
        pytest.param([], {"a:channel/1": CHANNEL | {"name": "m"}}, id="another value"),
        pytest.param([], {"a:channel/1": CHANNEL | {"keys": {}}}, id="no stream key"),
        pytest.param([], {"a:channel/1": CHANNEL, "a:channel/2": CHANNEL}, id="one that nobody made"),
        pytest.param([RENAME], {"a:channel/1": CHANNEL | {"name": "m"}}, id="half an update"),
        pytest.param([RENAME], {}, id="gone instead of updated"),
        pytest.param([CREATE], {"a:channel/1": CHANNEL, "a:channel/2": CHANNEL | {"keys": {}}}, id="half a create"),
        pytest.param([CREATE], {f"a:channel/{n}": CHANNEL for n in (1, 2, 3)}, id="one call, made twice"),
        pytest.param([DELETE], {"a:channel/1": CHANNEL | {"keys": {}}}, id="half a delete"),
    ],
)
def test_the_ledger_forgives_nothing_but_what_is_in_doubt(doubts, seen):
    with pytest.raises(AssertionError):
        Ledger({"a:channel/1": CHANNEL}, doubts=list(doubts)).settle(seen)


def test_the_ledger_takes_a_call_in_doubt_as_made_or_not():
    before = {"a:channel/1": CHANNEL}
    after = {"a:channel/1": CHANNEL | {"name": "m", "tags": {"t": ""}}, "a:channel/2": CHANNEL}
    assert Ledger(dict(before), doubts=[RENAME, CREATE]).settle(before) == 0
    assert Ledger(dict(before), doubts=[RENAME, CREATE]).settle(after) == 2
    ledger = Ledger(dict(before), doubts=[DELETE])
    assert ledger.settle({}) == 1 and ledger.gone == ["a:channel/1", "k"]


# SIGKILL


@databases
def test_kill_in_a_stream_of_writes_loses_nothing_and_halves_nothing(house, report, database):
    print(f"DURABILITY_SEED={SEED}")
    house, dice = house(database, *QUOTAS), random.Random(SEED)
    pems = [make_public_key().pem for _ in range(6)]
    keys = [house.server.add_key("--account", str(100_000_000_000 + n)) for n in range(WRITERS)]
    writers = [Writer(key, f"{SEED}-{n}", pems) for n, key in enumerate(keys)]
    doubts = made = 0
    for turn in range(ROUNDS[database]):
        for writer in writers:
            writer.connect(house.server)
        working = [Background(writer.write_until_unanswered) for writer in writers]
        dice_wait(dice)
        house.kill()
        assert [work.result() for work in working] == [None] * WRITERS, "no answer but what it says"
        house.start()
        for writer in writers:
            doubts += len(writer.ledger.doubts)
            made += writer.ledger.settle(read(writer.connect(house.server)))
            assert all(is_gone(writer.caller, arn) for arn in writer.ledger.gone[-3:])
        # Counters that differ from the rows would show as a quota that is reached too soon or too late.
        writers[turn % WRITERS].fill()
    for writer in writers:
        writer.fill()
        writer.ledger.settle(read(writer.caller))
        assert all(is_gone(writer.caller, arn) for arn in writer.ledger.gone)
    answered: dict[str, int] = {}
    for writer in writers:
        for operation, times in writer.answered.items():
            answered[operation] = answered.get(operation, 0) + times
    assert len(answered) == 9 and min(answered.values()) >= ROUNDS[database] // 2, answered
    report(
        f"kill -9, {database}: {sum(answered.values())} writes acknowledged, {doubts} in doubt of which {made} were "
        f"made; {len(house.starts)} restarts, the slowest {max(house.starts):.2f} s, the median "
        f"{sorted(house.starts)[len(house.starts) // 2]:.2f} s"
    )


def dice_wait(dice: random.Random) -> None:
    """A moment that no writer can foresee."""
    threading.Event().wait(dice.uniform(0.02, 0.4))


@databases
def test_kill_while_many_creates_share_commits_keeps_each_of_them_whole_or_not_at_all(house, report, database):
    """Changes that come together are committed together: a kill must not tear one out of its commit."""
    room = 600
    house = house(database, "--quota-channels", str(room))
    ledger, numbers, kept = Ledger(), count(1), 0
    for turn in range(4):
        callers = [Caller(house.server) for _ in range(CREATORS)]
        enough = len(ledger.records) + 40 + 20 * turn
        working = [Background(create_until_cut, caller, ledger, numbers) for caller in callers]
        wait_until(lambda enough=enough: len(ledger.records) > enough, "some creates", every=0.001)
        house.kill()
        for work in working:
            work.result()
        house.start()
        reader = Caller(house.server)
        kept += ledger.settle(read(reader))
    added = 0
    while (reply := reader.call(IVS.operations["CreateChannel"], {})).status == 200:
        added += 1
    assert reply.error_type == "ServiceQuotaExceededException", reply
    assert len(ledger.records) + added == room
    report(f"kill -9 under {CREATORS} creates at once, {database}: {room - added} made, {kept} of them unanswered")


def create_until_cut(caller: Caller, ledger: Ledger, numbers: Iterator[int]) -> None:
    while True:
        values = {"name": f"n{next(numbers)}", "tags": {"a": "1", "b": "2"}}

        def made(now: Any, values: dict[str, Any] = values) -> bool:
            return now is not None and now.items() >= values.items() and len(now["keys"]) == 1

        try:
            reply = caller.call(IVS.operations["CreateChannel"], values)
        except (Cut, OSError):
            ledger.doubts.append(Doubt("CreateChannel", None, made))
            caller.close()
            return
        assert reply.status == 200, reply
        shown = reply.json()
        ledger.records[shown["channel"]["arn"]] = shown["channel"] | {
            "keys": {shown["streamKey"]["arn"]: shown["streamKey"]}
        }
