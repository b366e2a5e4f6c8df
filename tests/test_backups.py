"""`rillcast db`: what is backed up comes back whole, on either database, and nothing else does.

Promise: a backup is judged by the server that runs on what was restored from it; its file is only ever
damaged, never understood, but for its first line.
"""

import json
import random
import stat
import subprocess
import time
from pathlib import Path
from typing import Any

import pytest

from harness.caller import Caller
from harness.ledger import IVS, ask, pages, read
from harness.publickey import make_public_key
from harness.server import Key, Server, binary
from harness.viewer import Background
from harness.waiting import wait_until
from harness.writer import QUOTAS, Writer

FLAGS = [*QUOTAS, "--public-url", "http://video.example.com"]
OPEN = FLAGS[-2:]
DATABASES = ["sqlite", "postgres"]
PEMS = [make_public_key().pem for _ in range(6)]


@pytest.fixture
def house(request, start_server, tmp_path_factory):
    """Builds servers on either database, each on an empty one; not yet started, or started."""

    def build(database: str, start: bool = True, flags: list[str] = FLAGS) -> Server:
        url = request.getfixturevalue("postgres").database() if database == "postgres" else None
        env = {"RILLCAST_DATABASE": url} if url else None
        if start:
            return start_server(*flags, env=env)
        built.append(Server(tmp_path_factory.mktemp("restored"), *flags, env=env))
        return built[-1]

    built: list[Server] = []
    yield build
    for server in built:
        server.stop()


def backup(server: Server, file: Path) -> Path:
    done = server.command("db", "backup", str(file))
    assert done.returncode == 0, done.stderr
    return file


def restore(server: Server, file: Path, *flags: str) -> subprocess.CompletedProcess[str]:
    return server.command("db", "restore", str(file), *flags)


def restored(server: Server, file: Path, *flags: str) -> Server:
    done = restore(server, file, *flags)
    assert done.returncode == 0, done.stderr
    return server.start()


def refused(server: Server, file: Path, *flags: str) -> str:
    """What it says when it does not restore: a line, no panic."""
    done = restore(server, file, *flags)
    assert done.returncode not in (0, 101) and "panicked" not in done.stderr, done
    assert done.stderr.strip(), "it says why"
    return done.stderr


def busy_account(server: Server, number: int, acts: int = 60) -> Writer:
    """An account with a past: some of everything, some deleted again."""
    writer = Writer(
        server.add_key("--account", str(100_000_000_000 + number), "--name", f"w{number}"), f"{number}", PEMS
    )
    writer.connect(server)
    work = Background(writer.write_until_unanswered)
    wait_until(lambda: len(writer.history) >= acts or work.done(), "some acts", every=0.001)
    writer.enough.set()
    assert work.result() is None
    return writer


def with_everything(server: Server, key: Key) -> dict[str, Any]:
    """One of each kind that writers do not make."""
    caller = Caller(server, key)
    bucket = {"s3": {"bucketName": "recordings"}}
    recording = ask(caller, "CreateRecordingConfiguration", destinationConfiguration=bucket, tags={"ü": "é"})
    policy = ask(caller, "CreatePlaybackRestrictionPolicy", allowedCountries=["DE"], name="p")
    attached = {
        "recordingConfigurationArn": recording["recordingConfiguration"]["arn"],
        "playbackRestrictionPolicyArn": policy["playbackRestrictionPolicy"]["arn"],
    }
    channel = ask(caller, "CreateChannel", name="attached", **attached)["channel"]
    ask(caller, "StartViewerSessionRevocation", channelArn=channel["arn"], viewerId="v")
    arn = attached["recordingConfigurationArn"]
    state = lambda: ask(caller, "GetRecordingConfiguration", arn=arn)["recordingConfiguration"]["state"]  # noqa: E731
    wait_until(lambda: state() != "CREATING", "the trial of the bucket")
    caller.close()
    return everything(server, key)


def everything(server: Server, key: Key) -> dict[str, Any]:
    caller = Caller(server, key)
    found: dict[str, Any] = {"records": read(caller)}
    for operation, member in (
        ("ListChannels", "channels"),
        ("ListRecordingConfigurations", "recordingConfigurations"),
        ("ListPlaybackRestrictionPolicies", "playbackRestrictionPolicies"),
        ("ListPlaybackKeyPairs", "keyPairs"),
    ):
        found[member] = pages(caller, operation, member)
    caller.close()
    return found


def keys(server: Server) -> str:
    return server.command("keys", "list").stdout


# There and back


@pytest.mark.parametrize("target", DATABASES)
@pytest.mark.parametrize("source", DATABASES)
def test_everything_comes_back(house, tmp_path, source, target):
    server = house(source)
    writers = [busy_account(server, number) for number in range(3)]
    root = server.root_key()
    before = [with_everything(server, root), *(everything(server, writer.key) for writer in writers)]
    listed = keys(server)
    token = ask(Caller(server, writers[0].key), "ListChannels", maxResults=1).get("nextToken")
    file = backup(server, tmp_path / "backup")
    server.stop()

    again = restored(house(target, start=False), file)
    assert keys(again) == listed, "no key more, not even a new root key"
    assert [everything(again, key) for key in (root, *(writer.key for writer in writers))] == before
    if token:
        page = ask(Caller(again, writers[0].key), "ListChannels", maxResults=50, nextToken=token)
        assert page["channels"] == before[1]["channels"][1:], "a walk that began before goes on after"
    policy = before[0]["playbackRestrictionPolicies"][0]["arn"]
    refusal = Caller(again, root).call(IVS.operations["DeletePlaybackRestrictionPolicy"], {"arn": policy})
    assert refusal.error_type == "ConflictException", "what is attached stays attached"
    for writer, old in zip(writers, before[1:]):
        writer.connect(again)
        writer.fill()
        now = everything(again, writer.key)
        writer.ledger.settle(now["records"])
        assert now["channels"][: len(old["channels"])] == old["channels"], "new ones stand behind the old ones"


def test_from_sqlite_to_postgres_and_back_nothing_changes(house, tmp_path):
    server = house("sqlite")
    writer, root = busy_account(server, 1), server.root_key()
    before = [with_everything(server, root), everything(server, writer.key)]
    file = backup(server, tmp_path / "0")
    for turn, database in enumerate(["postgres", "sqlite", "postgres"], 1):
        server.stop()
        server = restored(house(database, start=False), file)
        assert [everything(server, root), everything(server, writer.key)] == before
        file = backup(server, tmp_path / f"{turn}")
    first, last = ((tmp_path / name).read_text().splitlines() for name in ("0", "3"))
    assert first[1:-1] == last[1:-1], "also in the file, but for its head and its end"


@pytest.mark.parametrize("database", DATABASES)
def test_a_backup_while_writers_write_is_one_moment_of_each(house, tmp_path, database):
    server = house(database)
    keys = [server.add_key("--account", str(100_000_000_000 + n)) for n in range(4)]
    writers = [Writer(key, f"{n}", PEMS) for n, key in enumerate(keys)]
    for writer in writers:
        writer.connect(server)
    working = [Background(writer.write_until_unanswered) for writer in writers]
    wait_until(lambda: all(len(writer.history) > 40 for writer in writers), "some acts")
    files, spans = [], []
    for turn in range(3):
        begun = acts_of(writers)
        files.append(backup(server, tmp_path / f"{turn}"))
        ended = acts_of(writers)
        # The act that was under way may be in the backup too.
        wait_until(lambda ended=ended: all(now > then for now, then in zip(acts_of(writers), ended)), "another act")
        spans.append([slice(first - 1, last + 1) for first, last in zip(begun, ended)])
    for writer in writers:
        writer.enough.set()
    assert [work.result() for work in working] == [None] * 4
    for file, span in zip(files, spans):
        again = restored(house(database, start=False), file)
        for writer, possible in zip(writers, span):
            seen = read(Caller(again, writer.key))
            assert any(seen == state for state in writer.history[possible]), "a state that there was"
        again.stop()


def acts_of(writers: list[Writer]) -> list[int]:
    return [len(writer.history) for writer in writers]


# The file


def test_a_backup_is_its_owners_alone_and_overwrites_nothing(house, tmp_path):
    server = house("sqlite")
    file = backup(server, tmp_path / "backup")
    assert stat.S_IMODE(file.stat().st_mode) == 0o600
    kept = file.read_bytes()
    done = server.command("db", "backup", str(file))
    assert done.returncode != 0 and str(file) in done.stderr, done
    assert file.read_bytes() == kept
    elsewhere = server.command("db", "backup", str(tmp_path / "missing" / "backup"))
    assert elsewhere.returncode != 0 and "missing" in elsewhere.stderr
    assert [path.name for path in tmp_path.iterdir()] == ["backup"], "nothing half-written beside it"


def test_a_backup_that_fails_leaves_no_file(house, postgres, tmp_path):
    server = house("sqlite", start=False)
    server.env |= {"RILLCAST_DATABASE": f"postgres://postgres@127.0.0.1:{postgres.port}/no_such_database"}
    done = server.command("db", "backup", str(tmp_path / "backup"))
    assert done.returncode != 0 and "no_such_database" in done.stderr, done
    assert list(tmp_path.iterdir()) == []


# Killed on the way


def killed(server: Server, seconds: float, *command: str) -> bool:
    """Runs a command and kills it after so long; false when it was done before."""
    running = subprocess.Popen(
        [binary(), *command, "--data-dir", str(server.data_dir)],
        stdout=subprocess.DEVNULL,
        stderr=subprocess.DEVNULL,
        env=server.env,
    )
    try:
        running.wait(seconds)
    except subprocess.TimeoutExpired:
        running.kill()
    return running.wait() != 0


@pytest.mark.parametrize("database", DATABASES)
def test_a_restore_that_is_killed_has_changed_everything_or_nothing(house, tmp_path, report, database):
    big, server = house("sqlite", flags=OPEN), house(database, flags=OPEN)
    key = big.root_key()
    caller = Caller(big, key)
    for n in range(700):
        ask(caller, "CreateChannel", name=f"n{n}")
    new = backup(big, tmp_path / "new")
    channels = [channel["arn"] for channel in everything(big, key)["channels"]]
    writer = busy_account(server, 1)
    old = backup(server, tmp_path / "old")
    old_root, old_records = server.root_key(), read(writer.caller)
    dice, seen, cut = random.Random(11), [], 0
    server.stop()
    begun = time.monotonic()
    assert restore(server, new, "--replace").returncode == 0
    whole = time.monotonic() - begun
    for _ in range(12):
        assert restore(server, old, "--replace").returncode == 0
        cut += killed(server, dice.uniform(0.02, 1.2) * whole, "db", "restore", "--replace", str(new))
        server.start()
        is_new = Caller(server, key).call(IVS.operations["ListChannels"], {}).status == 200
        if is_new:
            assert [channel["arn"] for channel in everything(server, key)["channels"]] == channels
            assert not is_known(server, old_root)
        else:
            assert is_known(server, old_root) and read(writer.connect(server)) == old_records
        seen.append(is_new)
        server.stop()
    report(f"restore of 700 channels into {database}: {whole:.2f} s; {cut} of 12 killed, {sum(seen)} were through")


def is_known(server: Server, key: Key) -> bool:
    return Caller(server, key).call(IVS.operations["ListChannels"], {}).status == 200


def test_a_backup_that_is_killed_leaves_no_file_of_that_name_or_a_whole_one(house, tmp_path):
    server, dice = house("sqlite", flags=OPEN), random.Random(12)
    caller = Caller(server)
    for n in range(500):
        ask(caller, "CreateChannel", name=f"n{n}")
    begun = time.monotonic()
    size = backup(server, tmp_path / "whole").stat().st_size
    whole = time.monotonic() - begun
    for n in range(12):
        killed(server, dice.uniform(0.2, 1.0) * whole, "db", "backup", str(tmp_path / f"{n}"))
        if (tmp_path / f"{n}").exists():
            assert (tmp_path / f"{n}").stat().st_size == size
    assert all(stat.S_IMODE(path.stat().st_mode) == 0o600 for path in tmp_path.iterdir()), "parts hold secrets too"


# Refusals


@pytest.fixture
def stocked(house, tmp_path):
    """A backup, and for each database a stopped server that has something else."""
    source = house("sqlite")
    with_everything(source, source.root_key())
    file = backup(source, tmp_path / "backup")

    def build(database: str) -> tuple[Server, Writer]:
        server = house(database)
        writer = busy_account(server, 7)
        server.stop()
        return server, writer

    return file, build


def still_there(server: Server, writer: Writer) -> None:
    server.start()
    assert Caller(server, server.root_key()).call(IVS.operations["ListChannels"], {}).status == 200
    assert writer.ledger.settle(read(writer.connect(server))) == 0
    writer.fill()
    server.stop()


@pytest.mark.parametrize("database", DATABASES)
def test_a_database_that_holds_something_is_replaced_only_when_told_to(stocked, database):
    file, build = stocked
    server, writer = build(database)
    assert "--replace" in refused(server, file)
    still_there(server, writer)
    restored(server, file, "--replace")
    assert (
        Caller(server, writer.key).call(IVS.operations["ListChannels"], {}).error_type == "UnrecognizedClientException"
    )


def damaged(text: str) -> dict[str, str]:
    """Files that no backup is."""
    dice, lines = random.Random(7), text.splitlines(keepends=True)
    middle = len(lines) // 2
    found = {
        "nothing": "",
        "no backup": '{"hello": "world"}\n',
        "no text": "\0" * 4096,
        "half": text[: len(text) // 2],
        "without its end": "".join(lines[:-1]),
        "only its head": lines[0],
        "without its head": "".join(lines[1:]),
        "without a line": "".join(lines[:middle] + lines[middle + 1 :]),
        "a line twice": "".join(lines[: middle + 1] + lines[middle:]),
        "two lines swapped": "".join([*lines[:middle], lines[middle + 1], lines[middle], *lines[middle + 2 :]]),
        "twice": text + text,
        "more behind": text + "{}\n",
    }
    for _ in range(25):
        at = dice.randrange(len(text) - 1)
        other = chr(ord(text[at]) ^ 1) if text[at] != "\n" else " "
        found[f"{text[at]!r} at {at} is {other!r}"] = text[:at] + other + text[at + 1 :]
    for _ in range(5):
        at = dice.randrange(len(text) - 2)
        found[f"cut at {at}"] = text[:at]
    return found


@pytest.mark.parametrize("database", DATABASES)
def test_a_damaged_file_is_refused_and_changes_nothing(stocked, tmp_path, database):
    file, build = stocked
    server, writer = build(database)
    taken = []
    for name, text in damaged(file.read_text()).items():
        spoilt = tmp_path / "spoilt"
        spoilt.write_text(text)
        done = restore(server, spoilt, "--replace")
        if done.returncode == 0:
            taken.append(name)
        else:
            assert done.stderr.strip() and "panicked" not in done.stderr, (name, done)
    assert taken == []
    assert "missing" in refused(server, tmp_path / "missing")
    still_there(server, writer)


def test_a_damaged_file_leaves_an_empty_database_empty(house, stocked, tmp_path):
    file, _ = stocked
    for database in DATABASES:
        server = house(database, start=False)
        (tmp_path / "spoilt").write_text(file.read_text()[:-40])
        refused(server, tmp_path / "spoilt")
        restored(server, file).stop()


def test_a_backup_of_a_newer_version_is_refused_by_name(house, stocked, tmp_path):
    file, _ = stocked
    first, *rest = file.read_text().splitlines(keepends=True)
    numbers = {key: value for key, value in json.loads(first).items() if type(value) is int and value < 10_000}
    assert numbers, first
    for key, value in numbers.items():
        newer = json.dumps(json.loads(first) | {key: value + 1000}, separators=(",", ":")) + "\n"
        (tmp_path / "newer").write_text(newer + "".join(rest))
        said = refused(house("sqlite", start=False), tmp_path / "newer")
        assert "newer" in said and str(value + 1000) in said, (key, said)
