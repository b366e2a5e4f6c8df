"""The manners of the command line: help that teaches, output for people and for programs, exit codes, pipes.

Promise: the real binary is asked, by a pipe where programs read it and by a terminal where people do.
"""

import json
import os
import pty
import re
import select
import shlex
import shutil
import signal
import socket
import subprocess
import termios
from pathlib import Path

import pytest

from harness.aws import make_channel
from harness.encoder import Recipe
from harness.server import binary, clean_env, rillcast
from harness.viewer import on_air
from harness.waiting import wait_until
from harness.web import fetch

COLOUR = "\x1b["
#: No listener of these gets into the way of another server's.
ANYWHERE = [flag for name in ("http", "rtmp", "rtmps") for flag in (f"--{name}", "127.0.0.1:0")]


def below(help_text: str) -> list[str]:
    """The commands that a help text lists."""
    part = re.search(r"^Commands:\n((?:  .*\n|\n)+)", help_text, re.M)
    names = re.findall(r"^  ([a-z][a-z-]*)  ", part[1] if part else "", re.M)
    return [name for name in names if name != "help"]


@pytest.fixture(scope="module")
def helps(tmp_path_factory) -> dict[tuple[str, ...], str]:
    """All help texts, by the words of their commands."""
    folder = tmp_path_factory.mktemp("help")
    texts: dict[tuple[str, ...], str] = {}
    waiting: list[tuple[str, ...]] = [()]
    while waiting:
        words = waiting.pop()
        done = rillcast(*words, "--help", cwd=folder)
        assert (done.returncode, done.stderr) == (0, ""), words
        texts[words] = done.stdout
        waiting += [(*words, name) for name in below(done.stdout)]
    return texts


def leaves(helps: dict[tuple[str, ...], str]) -> list[tuple[str, ...]]:
    return [words for words, text in helps.items() if not below(text)]


def on_terminal(*words: str, cwd: Path, columns: int = 120, **env: str) -> tuple[int, str]:
    """Runs a command whose standard output and error are one terminal; gives its exit code and what it wrote."""
    ours, theirs = pty.openpty()
    termios.tcsetwinsize(theirs, (40, columns))
    environment = clean_env(TERM="xterm") | env
    environment = {name: value for name, value in environment.items() if name != "NO_COLOR" or "NO_COLOR" in env}
    process = subprocess.Popen(
        [binary(), *words], stdin=subprocess.DEVNULL, stdout=theirs, stderr=theirs, cwd=cwd, env=environment
    )
    os.close(theirs)
    told = b""
    try:
        while select.select([ours], [], [], 60)[0]:
            told += os.read(ours, 65536)
    except OSError:
        pass  # The last one to write is gone.
    finally:
        os.close(ours)
    return process.wait(timeout=60), told.decode()


# Help


def test_every_help_text_fits_a_hundred_columns(helps):
    wide = [(words, line) for words, text in helps.items() for line in text.splitlines() if len(line) > 100]
    assert wide == []


def test_every_command_shows_how_it_is_used(helps):
    assert len(leaves(helps)) > 20
    for words in leaves(helps):
        assert f"  rillcast {' '.join(words)}" in helps[words] or f"(rillcast {words[0]}" in helps[words], words


def commands(line: str) -> list[list[str]]:
    """The words of each `rillcast` in a line of the shell, without those of its pipes and redirections."""
    words = shlex.shlex(line, posix=True, punctuation_chars=True)
    words.whitespace_split = True
    found: list[list[str]] = []
    is_ours = False
    for word in words:
        if word == "rillcast":
            found.append([])
            is_ours = True
        elif set(word) <= set("|<>();&"):
            is_ours = False
        elif is_ours:
            found[-1].append(word)
    return found


def test_every_example_is_a_command_line_that_is_understood(helps, tmp_path):
    tried = 0
    for text in helps.values():
        for line in re.findall(r"^  (.*rillcast .*)$", text.partition("Examples:")[2], re.M):
            for words in commands(line):
                done = rillcast(*words, "--help", cwd=tmp_path)
                assert done.returncode == 0, (words, done.stderr)
                tried += 1
    assert tried > 30


def test_short_help_has_ten_settings_and_long_help_all_by_topic(helps, tmp_path):
    short = rillcast("serve", "-h", cwd=tmp_path).stdout
    flags = set(re.findall(r"^\s+(?:-\w, )?--([a-z0-9-]+)", short, re.M)) - {"help", "config"}
    assert len(flags) == 10 and {"http", "data-dir", "public-url"} <= flags
    assert "--help" in short
    settings = len(rillcast("config", "check", cwd=tmp_path).stdout.splitlines())
    long = set(re.findall(r"^\s+--([a-z0-9-]+)", helps["serve",], re.M)) - {"help", "config"}
    assert len(long) == settings
    for topic in ("Listeners:", "Streams:", "Transcoding and thumbnails:", "Chat:", "Limits:"):
        assert f"\n{topic}\n" in helps["serve",]


def test_exit_codes_are_explained(tmp_path):
    by_help = rillcast("help", "exit-codes", cwd=tmp_path).stdout
    for code in ("0  ", "1  ", "2  ", "130"):
        assert f"\n{code}" in by_help
    assert rillcast("exit-codes", cwd=tmp_path).stdout in by_help


# Completions and manual pages


@pytest.mark.parametrize("shell", ["bash", "zsh", "fish", "elvish", "powershell"])
def test_completions_are_printed_for_each_shell(shell, tmp_path):
    done = rillcast("completions", shell, cwd=tmp_path)
    assert done.returncode == 0 and "recordings" in done.stdout and "exit-codes" in done.stdout or shell != "bash"
    if shutil.which(shell) and shell != "elvish":
        check = subprocess.run([shell, "-n"], input=done.stdout, text=True, capture_output=True)
        assert check.returncode == 0, check.stderr


def test_bash_completes_commands_and_flags(tmp_path):
    script = """
        source <(%s completions bash)
        try() {
            COMP_WORDS=("$@"); COMP_CWORD=$(($# - 1)); COMPREPLY=()
            _rillcast rillcast "${@: -1}" "${@: -2:1}"
            echo "${COMPREPLY[*]}"
        }
        try rillcast reco
        try rillcast keys cr
        try rillcast recordings verify --al
    """
    done = subprocess.run(
        ["bash", "-c", script % shlex.quote(binary())], capture_output=True, text=True, cwd=tmp_path, env=clean_env()
    )
    assert done.stdout.splitlines() == ["recordings", "create", "--all"], done.stderr


def test_manual_pages_are_written_for_all_commands(helps, tmp_path):
    done = rillcast("man", str(tmp_path / "man1"), cwd=tmp_path)
    pages = {path.name for path in (tmp_path / "man1").iterdir()}
    assert done.stdout == f"wrote {len(pages)} pages to {tmp_path / 'man1'}\n"
    assert pages == {"-".join(("rillcast", *words)) + ".1" for words in helps}
    printed = rillcast("man", cwd=tmp_path).stdout
    assert printed == (tmp_path / "man1" / "rillcast.1").read_text()
    groff = shutil.which("groff")
    if groff is None:
        pytest.skip("groff is not installed")
    for page in ("rillcast.1", "rillcast-serve.1", "rillcast-keys-create.1"):
        shown = subprocess.run(
            [groff, "-man", "-ww", "-Tutf8", "-P-c", str(tmp_path / "man1" / page)], capture_output=True, text=True
        )
        assert (shown.returncode, shown.stderr) == (0, ""), page
        # Bold letters are printed twice.
        text = re.sub(r".\x08", "", shown.stdout)
        assert "NAME" in text and "rillcast" in text


# Output


def lines(done: subprocess.CompletedProcess[str]) -> list[dict]:
    assert (done.returncode, done.stderr) == (0, ""), done
    return [json.loads(line) for line in done.stdout.splitlines()]


def test_settings_are_told_to_programs_without_secrets(tmp_path):
    flags = ["--database", "postgres://me:hush@127.0.0.1/x", "--http", "127.0.0.1:1"]
    told = {line["key"]: line for line in lines(rillcast("config", "check", "--output", "json", *flags, cwd=tmp_path))}
    assert told["http"] == {"key": "http", "value": "127.0.0.1:1", "source": "flag --http"}
    assert told["public_url"]["value"] is None
    assert "value" not in told["database"] and "hush" not in json.dumps(told)


def test_keys_are_told_to_programs_and_in_a_table(tmp_path):
    (made,) = lines(rillcast("keys", "create", "--name", "one", "-o", "json", cwd=tmp_path))
    assert set(made) == {"accessKeyId", "secretAccessKey", "region"}
    (listed,) = lines(rillcast("keys", "list", "--json", cwd=tmp_path))
    assert listed == {
        "accessKeyId": made["accessKeyId"],
        "account": "123456789012",
        "active": True,
        "policy": "admin",
        "name": "one",
    } | {name: listed[name] for name in listed if name not in made and name.startswith("last")}
    head, row = rillcast("keys", "list", cwd=tmp_path).stdout.splitlines()
    assert head.index("STATE") == row.index("active") and head.index("NAME") == row.index("one")


def test_lists_that_are_empty_are_so_for_programs_too(tmp_path):
    rillcast("keys", "create", cwd=tmp_path)
    for words in (["events", "sinks"], ["events", "dead-letters"], ["recordings", "list"]):
        assert lines(rillcast(*words, "--output", "json", cwd=tmp_path)) == []
        head = rillcast(*words, cwd=tmp_path).stdout.splitlines()
        assert len(head) == 1 and head[0].isupper(), words


def test_a_policys_decision_is_told_to_programs(tmp_path):
    ask = ["policy", "check", "read-only", "--resource", "*", "-o", "json", "--action"]
    (allowed,) = lines(rillcast(*ask, "ivs:GetStream", cwd=tmp_path))
    assert (allowed["valid"], allowed["allowed"]) == (True, True) and allowed["explanation"]
    denied = rillcast(*ask, "ivs:StopStream", cwd=tmp_path)
    assert denied.returncode == 1 and json.loads(denied.stdout)["allowed"] is False
    assert lines(rillcast("policy", "check", "admin", "--output", "json", cwd=tmp_path)) == [{"valid": True}]


def test_a_form_of_output_that_is_none_is_refused(tmp_path):
    done = rillcast("keys", "list", "--output", "xml", cwd=tmp_path)
    assert done.returncode == 2 and done.stderr.startswith("rillcast: invalid value 'xml'")


# Terminals and pipes


QUICK = ["doctor", "--quick", *ANYWHERE]


def test_colours_and_bars_are_for_terminals_alone(tmp_path):
    code, told = on_terminal(*QUICK, cwd=tmp_path)
    assert code == 0 and f"{COLOUR}32mok" in told and "doctor [" in told
    done = rillcast(*QUICK, cwd=tmp_path)
    assert (done.returncode, done.stderr) == (0, "") and COLOUR not in done.stdout


def test_a_backup_and_a_restore_show_how_far_they_are_on_terminals_alone(tmp_path):
    rillcast("keys", "create", cwd=tmp_path)
    code, told = on_terminal("db", "backup", "seen", cwd=tmp_path)
    assert code == 0 and "db backup [" in told and told.count("\x1b[K") >= 2
    assert re.search(r"\x1b\[Kbacked up \d+ rows to seen\r?\n", told), "the bar is gone before the end is told"
    code, told = on_terminal("db", "restore", "seen", "--data-dir", "other", cwd=tmp_path)
    assert code == 0 and "db restore: checking [" in told and "db restore [" in told
    assert re.search(r"\x1b\[Krestored \d+ rows from seen\r?\n", told)
    for words in (["backup", "unseen"], ["restore", "seen", "--replace"]):
        done = rillcast("db", *words, cwd=tmp_path)
        assert (done.returncode, done.stderr) == (0, "") and "[" not in done.stdout, words


@pytest.mark.parametrize("env", [{"NO_COLOR": "1"}, {"TERM": "dumb"}, {"TERM": "dumb", "CI": "true"}])
def test_who_wants_no_colours_gets_none(env, tmp_path):
    _, told = on_terminal(*QUICK, cwd=tmp_path, **env)
    assert "Everything that is configured works" in told and not re.search(r"\x1b\[\d*m", told)
    _, told = on_terminal("--help", cwd=tmp_path, **env)
    assert "Examples:" in told and COLOUR not in told


def test_tables_are_cut_to_the_terminal_and_nowhere_else(tmp_path):
    rillcast("keys", "create", "--name", "n" * 60, cwd=tmp_path)
    code, told = on_terminal("keys", "list", cwd=tmp_path, columns=70)
    assert code == 0 and max(len(line) for line in told.splitlines()) == 70 and "…" in told
    assert "n" * 60 in rillcast("keys", "list", cwd=tmp_path).stdout


@pytest.mark.parametrize("words", ["config check", "config full", "completions bash", "man", "serve --help"])
def test_a_reader_that_has_seen_enough_is_no_failure(words, tmp_path):
    # The pipe is closed before the first byte is written.
    script = f"set -o pipefail; {shlex.quote(binary())} {words} | true; exit ${{PIPESTATUS[0]}}"
    done = subprocess.run(["bash", "-c", script], capture_output=True, text=True, cwd=tmp_path, env=clean_env())
    assert (done.returncode, done.stderr) == (0, "")


def test_ctrl_c_ends_a_command_at_once_and_leaves_nothing(tmp_path):
    with socket.create_server(("127.0.0.1", 0)) as silent:
        silent.settimeout(60)
        database = f"postgres://me@127.0.0.1:{silent.getsockname()[1]}/x"
        process = subprocess.Popen(
            [binary(), *QUICK, "--database", database], cwd=tmp_path, env=clean_env(), stderr=subprocess.PIPE
        )
        with silent.accept()[0]:
            process.send_signal(signal.SIGINT)
            _, told = process.communicate(timeout=60)
    assert (process.returncode, told) == (-signal.SIGINT, b"")
    assert list(tmp_path.glob(".rillcast*")) == []


# Failures


@pytest.mark.parametrize(
    ("words", "code", "says"),
    [
        (["keyz"], 2, "a similar subcommand exists: 'keys'"),
        (["serve", "--htp", "x"], 2, "a similar argument exists: '--http'"),
        (["keys", "disable"], 2, "<KEY-ID>"),
        (["config", "check", "--http", "here"], 2, "an address and a port"),
        (["keys", "disable", "NOBODY"], 1, "there is no access key NOBODY"),
        (["recordings", "show", "AAAAbbbb0000", "--data-dir", "nowhere"], 1, "is data_dir right?"),
        (["policy", "check", "nowhere.json"], 2, "nowhere.json"),
        (["status", "--data-dir", "nowhere"], 1, "--credentials"),
    ],
)
def test_failures_have_their_codes_and_begin_with_the_programs_name(words, code, says, tmp_path):
    done = rillcast(*words, cwd=tmp_path)
    assert done.returncode == code and done.stdout == ""
    assert done.stderr.startswith("rillcast: ") and says in done.stderr
    if code == 1:
        assert done.stderr.count("\n") == 1, "one line"


# A server


@pytest.fixture(scope="module")
def studio(server, ivs, clip, publish):
    channel = make_channel(ivs, name="studio", type="BASIC")
    publish(clip(Recipe(seconds=10, size="320x180", fps=15)), server.rtmp_url(channel.key), loop=True)
    wait_until(lambda: on_air(channel.playback), "the channel on air")
    return channel


def test_the_first_start_says_what_to_open(server):
    told = server.stdout()
    console = re.search(r"Console:\s+(\S+)", told)[1]
    assert console == f"{server.url}/console" and fetch(console).status == 200
    assert str(server.credentials) in told and f"{server.url}/watch/" in told


def test_status_tells_what_is_on_air(server, studio):
    flags = ["--url", server.url]
    (told,) = lines(server.command("status", "--output", "json", *flags))
    assert (told["url"], told["account"], told["region"]) == (server.url, "123456789012", "us-east-1")
    (stream,) = told["streams"]
    assert (stream["channelArn"], stream["state"]) == (studio.arn, "LIVE")
    table = server.command("status", *flags).stdout
    assert studio.arn in table and re.search(r"^on air +1$", table, re.M)


def test_status_of_a_server_that_is_away_says_what_to_do(server, unused_port):
    done = server.command("status", "--url", f"http://127.0.0.1:{unused_port}")
    assert done.returncode == 1 and "does the server run" in done.stderr and done.stderr.count("\n") == 1


@pytest.fixture
def unused_port():
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        yield taken.getsockname()[1]
