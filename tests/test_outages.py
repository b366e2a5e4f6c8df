"""The database that is away for a while: stopped, locked or without room.

Promise: whatever happens to the database is done by its own means or the kernel's, and undone while the
server runs on.
"""

import os
import re
import signal
import sqlite3
import subprocess
import time
from pathlib import Path
from typing import Any

import pytest

from harness import aws
from harness.caller import Caller
from harness.encoder import Recipe
from harness.ledger import IVS, Doubt, ask, read
from harness.postgres import Postgres
from harness.publickey import make_public_key
from harness.server import Server, rillcast
from harness.viewer import Background, Viewer
from harness.waiting import wait_until
from harness.web import fetch
from harness.wire import Reply
from harness.writer import QUOTAS, Writer


def assert_unavailable(server: Server, *replies: Reply) -> list[str]:
    """Each is a 503 as AWS has it, tells nothing of the cause, and has one line in the log that names it."""
    lines, causes = server.log().splitlines(), []
    for reply in replies:
        assert reply.status == 503, reply
        assert reply.error_type == "ServiceUnavailable" == reply.json()["__type"]
        assert int(reply.headers["retry-after"]) >= 1
        assert not re.search(r"(?i)sql|postgres|database|disk|connect", reply.body.decode()), reply
        about = [line for line in lines if reply.headers["x-amzn-requestid"] in line]
        assert len(about) == 1 and "ERROR" in about[0], about
        cause = re.search(r"cause=(.+)", about[0])
        assert cause, about
        causes.append(cause[1])
    return causes


def some_calls(arn: str) -> list[tuple[str, dict[str, Any]]]:
    """Reads and writes of each kind."""
    return [
        ("GetChannel", {"arn": arn}),
        ("ListChannels", {}),
        ("BatchGetChannel", {"arns": [arn]}),
        ("CreateChannel", {"name": "while-away"}),
        ("UpdateChannel", {"arn": arn, "latencyMode": "NORMAL"}),
        ("TagResource", {"resourceArn": arn, "tags": {"while": "away"}}),
        ("ListTagsForResource", {"resourceArn": arn}),
        ("ListStreamKeys", {"channelArn": arn}),
        ("ImportPlaybackKeyPair", {"publicKeyMaterial": make_public_key().pem}),
        ("ListStreams", {}),
        ("DeleteChannel", {"arn": arn}),
    ]


def call(caller: Caller, operation: str, **values: Any) -> Reply:
    return caller.call(IVS.operations[operation], values)


def all_at_once(server: Server, calls: list[tuple[str, dict[str, Any]]]) -> list[Reply]:
    """Each on a connection of its own."""
    asked = [Background(lambda one=one: call(Caller(server), one[0], **one[1])) for one in calls]
    return [work.result() for work in asked]


def write(server: Server) -> tuple[list[Writer], list[Background]]:
    """Writers at work, who have written things of many kinds already."""
    pems = [make_public_key().pem for _ in range(6)]
    keys = [server.add_key("--account", str(100_000_000_000 + n)) for n in range(4)]
    writers = [Writer(key, f"{n}", pems) for n, key in enumerate(keys)]
    return writers, go_on(server, writers)


def go_on(server: Server, writers: list[Writer]) -> list[Background]:
    for writer in writers:
        writer.answered.clear()
        writer.connect(server)
    working = [Background(writer.write_until_unanswered) for writer in writers]
    wait_until(lambda: all(len(writer.answered) > 4 for writer in writers), "writes of many kinds")
    return working


# PostgreSQL


def test_postgres_that_stops_under_load_is_a_503_until_it_is_back(start_server, postgres, publish, clip, report):
    flags = [*QUOTAS, "--public-url", "http://video.example.com"]
    server = start_server(*flags, env={"RILLCAST_DATABASE": postgres.database()})
    caller = Caller(server)
    channel, other = (aws.make_channel(aws.client(server)) for _ in range(2))
    publish(clip(Recipe(seconds=60)), server.rtmp_url(channel.key))
    playback = channel.playback.replace("http://video.example.com", server.url)
    viewer, done = Viewer(playback), []
    watching = Background(viewer.follow, lambda seen: bool(done))
    assert viewer.started.wait(40)
    writers, working = write(server)
    postgres.stop()
    try:
        in_flight = [work.result() for work in working]
        replies = all_at_once(server, some_calls(other.arn))
        at = viewer.recording.last.edge()[0]
        wait_until(lambda: viewer.recording.last.edge()[0] > at + 2, "the stream goes on")
        Viewer(playback).open()
        assert fetch(f"{server.url}/healthz").status == 200
        assert fetch(f"{server.url}/readyz").status == 503
        causes = assert_unavailable(server, *in_flight, *replies)
        named = [cause for cause in causes[len(in_flight) :] if "refused" in cause and str(postgres.port) in cause]
        assert len(named) == len(replies), causes
        report(f"PostgreSQL away: {sorted(set(causes))}")
    finally:
        postgres.start()

    wait_until(lambda: call(caller, "GetChannel", arn=channel.arn).status == 200, "the database is reached again")
    for operation, values in some_calls(other.arn):
        assert call(caller, operation, **values).status in (200, 204), operation
    assert fetch(f"{server.url}/readyz").status == 200
    for writer in writers:
        writer.ledger.settle(read(writer.connect(server)))
        writer.fill()
    done.append(True)
    assert watching.result().rules.broken == []


def everyone(postgres: Postgres) -> list[int]:
    """The processes of the cluster, its head first."""
    head = int((postgres.data / "postmaster.pid").read_text().splitlines()[0])
    children = Path(f"/proc/{head}/task/{head}/children").read_text()
    return [head, *map(int, children.split())]


def test_postgres_that_falls_silent_under_load_is_a_503_until_it_speaks(start_server, postgres, report):
    """No refusal, no reset: what is sent is taken and nothing comes back."""
    flags = [*QUOTAS, "--public-url", "http://video.example.com"]
    server = start_server(*flags, env={"RILLCAST_DATABASE": postgres.database()})
    arn = ask(Caller(server), "CreateChannel")["channel"]["arn"]
    writers, working = write(server)
    frozen = everyone(postgres)
    for pid in frozen:
        os.kill(pid, signal.SIGSTOP)
    try:
        begun = time.monotonic()
        in_flight = [work.result() for work in working]
        first = time.monotonic() - begun
        assert fetch(f"{server.url}/healthz").status == 200
        replies = all_at_once(server, some_calls(arn))
        assert fetch(f"{server.url}/readyz").status == 503
        causes = assert_unavailable(server, *in_flight, *replies)
        assert all("timed out" in cause for cause in causes), causes
        rest = time.monotonic() - begun - first
        report(f"PostgreSQL silent: {sorted(set(causes))}; calls under way {first:.0f} s, later ones {rest:.0f} s")
    finally:
        for pid in frozen:
            os.kill(pid, signal.SIGCONT)
    caller = Caller(server)
    wait_until(lambda: call(caller, "UpdateChannel", arn=arn).status == 200, "the database is reached again")
    for writer in writers:
        writer.connect(server)
        # Takes its turn behind whatever was still under way.
        wait_until(lambda writer=writer: call(writer.caller, "CreateChannel").status in (200, 402), "its turn")
        writer.ledger.doubts.append(Doubt("CreateChannel", None, lambda now: now is not None and now["name"] == ""))
        writer.ledger.settle(read(writer.caller))
        writer.fill()


def test_a_server_without_its_database_does_not_start_and_says_so(postgres, tmp_path):
    missing = postgres.database() + "_missing"
    nobody = "postgres://postgres:s3cret@127.0.0.1:1/nothing"
    for url, words in ((missing, missing.rpartition("/")[2]), (nobody, "127.0.0.1:1")):
        done = rillcast("serve", "--http", "127.0.0.1:0", cwd=tmp_path, env={"RILLCAST_DATABASE": url})
        assert done.returncode == 1 and words in done.stderr, done
        assert "s3cret" not in done.stderr + done.stdout, "a password is a secret"


# SQLite


def database_file(server: Server) -> Path:
    return server.data_dir / "rillcast.db"


def test_sqlite_locked_by_another_process_is_a_503_for_writes_until_it_lets_go(start_server):
    server = start_server()
    caller = Caller(server)
    arn = ask(caller, "CreateChannel")["channel"]["arn"]
    before = read(caller)
    reads, writes = [], []
    for one in some_calls(arn):
        (reads if one[0].startswith(("Get", "List", "Batch")) else writes).append(one)
    other = sqlite3.connect(database_file(server), isolation_level=None)
    other.execute("BEGIN EXCLUSIVE")
    try:
        waiting = Background(all_at_once, server, writes)
        assert [reply.status for reply in all_at_once(server, reads)] == [200] * len(reads)
        assert not waiting.done(), "reads wait for no writer"
        causes = assert_unavailable(server, *waiting.result())
        assert any("locked" in cause for cause in causes), causes
        assert read(caller) == before
    finally:
        other.execute("ROLLBACK")
        other.close()
    for operation, values in writes:
        assert call(caller, operation, **values).status in (200, 204), operation


@pytest.fixture
def small_disk(tmp_path_factory):
    """A file system of a few MB, mounted where it is asked for."""
    mounted: list[Path] = []

    def mount(place: Path) -> Path:
        place.mkdir(mode=0o700)
        done = subprocess.run(
            ["mount", "-t", "tmpfs", "-o", "size=8m,mode=700", "tmpfs", str(place)], capture_output=True, text=True
        )
        if done.returncode != 0:
            pytest.skip(f"needs the right to mount: {done.stderr}")
        mounted.append(place)
        return place

    yield mount
    for place in mounted:
        subprocess.run(["umount", "--lazy", str(place)], check=True)


def fill(disk: Path) -> Path:
    """Leaves no room at all."""
    filler = disk / "filler"
    with open(filler, "wb", buffering=0) as file:
        try:
            while file.write(bytes(4096)) == 4096:
                pass
        except OSError:
            pass
    return filler


def test_sqlite_on_a_full_disk_is_a_503_for_writes_until_there_is_room(start_server, small_disk, tmp_path, report):
    server = Server(tmp_path, *QUOTAS, "--public-url", "http://video.example.com")
    disk = small_disk(server.data_dir)
    try:
        server.start()
        writers, working = write(server)
        for turn in range(3):
            if turn:
                working = go_on(server, writers)
            # One who reads on keeps the log from starting over in the room that it has.
            reader = sqlite3.connect(database_file(server), isolation_level=None)
            reader.execute("BEGIN")
            reader.execute("SELECT COUNT(*) FROM sqlite_master").fetchall()
            filler = fill(disk)
            causes = assert_unavailable(server, *(work.result() for work in working))
            report(f"full disk: {sorted(set(causes))}")
            assert fetch(f"{server.url}/readyz").status == 200, "what can be read is served"
            for writer in writers:
                assert writer.ledger.settle(read(writer.connect(server))) == 0, "what was refused was not done"
            filler.unlink()
            reader.close()
            for writer in writers:
                writer.fill()
        server.process.kill()
        server.ended(10)
        server.start()
        for writer in writers:
            assert writer.ledger.settle(read(writer.connect(server))) == 0
        assert "panicked" not in server.log()
    finally:
        server.stop()
