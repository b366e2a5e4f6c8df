"""Runs what the guide tells its readers to type: each block of code of a page, in order, in a folder of its own.

Promise: a block that fails, or does not say what the page says it would, is named with its page and line; nothing
of a page outlives it.

The rules, which comments in the pages (`<!-- test: … -->`, unseen by readers) bend where they must:

- A page begins with an empty folder, a server that runs in it (`rillcast serve`, ports of its own, data in
  `rillcast-data`), `film.mp4` (three seconds), the AWS CLI and `rillcast` in the PATH, and that server's credentials.
- The addresses 127.0.0.1:8080, :1935, :1936 and :9464 mean that server's own. In commands
  and settings CHANNEL_ARN, CHANNEL_ID, STREAM_KEY, PLAYBACK_URL, ROOM_ARN and KEY_ID stand for what is made when a
  block names one; programs find it in the variable of that name.
- `sh` blocks share one shell, so variables and functions last; each of their commands must succeed. `python` blocks
  share one interpreter, which knows `ivs`, `chat`, `channel` and `room`. `js` blocks are run by Node.js.
- `toml` and `json` are parsed.

| comment | meaning |
| --- | --- |
| `serve` | the block starts the page's server; it goes on in the background |
| `background` | the block goes on in the background until the page is over |
| `stream` | the page's channel is on air from here on |
| `forget` | CHANNEL_ARN and the like stand for new ones from here on |
| `before: COMMAND` | runs first, in the shell |
| `file: NAME` | the block is the content of this file; it is not run by itself |
| `config` | the block holds settings: `rillcast config check` must take it |
| `expect: PATTERN` | the block's output has a match |
| `exit: CODE` | the block's last command ends so |
| `outside: REASON` | not run: it needs what a test may not have |
| `browser: REASON` | JavaScript for a page; only its grammar is looked at |
"""

import json
import os
import re
import signal
import subprocess
import tomllib
from dataclasses import dataclass, field
from pathlib import Path

from . import aws
from .server import ROOT, Key, binary, clean_env
from .waiting import wait_until

#: Languages that are run or parsed here. Others can only be read.
RUN = {"sh", "python", "js"}
PARSED = {"toml", "json"}
PATIENCE = 90

_FENCE = re.compile(r"^(?P<indent> *)```(?P<language>[\w-]*)\n(?P<text>.*?)^(?P=indent)```$", re.M | re.S)
_COMMENT = re.compile(r"<!-- test: (.*?) -->", re.S)
_NAMES = "CHANNEL_ARN|CHANNEL_ID|STREAM_KEY|PLAYBACK_URL|ROOM_ARN|KEY_ID"
_PLACEHOLDER = re.compile(rf"(?<![$\w{{])({_NAMES})(?![\w=])")
_VARIABLE = re.compile(rf"(?:\$\{{?|env\.|environ\[\")({_NAMES})\b")


@dataclass(frozen=True)
class Block:
    """A block of code and what its comments say."""

    page: str
    line: int
    language: str
    text: str
    rules: dict[str, str] = field(hash=False)

    def __str__(self) -> str:
        return f"{self.page}:{self.line}"


def pages() -> list[str]:
    """All pages with commands for readers, by their paths."""
    found = sorted((ROOT / "docs" / "guide").glob("*.md")) + sorted((ROOT / "docs" / "operate").glob("*.md"))
    return ["README.md", *(str(path.relative_to(ROOT)) for path in found)]


def blocks(page: str) -> list[Block]:
    """The blocks of a page that have a language."""
    text = (ROOT / page).read_text()
    found, end = [], 0
    for match in _FENCE.finditer(text):
        between = text[end : match.start()].rstrip()
        end = match.end()
        rules: dict[str, str] = {}
        # Comments belong to the block that follows them at once.
        while between.endswith("-->"):
            between, comment = between[: between.rindex("<!--")].rstrip(), between[between.rindex("<!--") :]
            if told := _COMMENT.fullmatch(comment):
                name, _, value = told[1].strip().partition(":")
                rules[name.strip()] = value.strip()
        if match["language"]:
            body = re.sub(f"^{match['indent']}", "", match["text"], flags=re.M)
            line = text.count("\n", 0, match.start()) + 1
            found.append(Block(page, line, match["language"], body, rules))
    return found


class Reader:
    """Somebody who does what a page says, from its first block to its last."""

    def __init__(self, folder: Path, film: Path):
        self.folder = folder
        self.bound: dict[str, str] = {}
        self.made: dict[str, str] = {}
        self._running: list[subprocess.Popen[bytes]] = []
        self._server: subprocess.Popen[bytes] | None = None
        self._workers: dict[str, subprocess.Popen[str]] = {}
        self._count = 0
        programs = folder / "bin"
        programs.mkdir(parents=True)
        (programs / "rillcast").symlink_to(binary())
        (folder / "film.mp4").symlink_to(film)
        modules = [ROOT / "tests" / "sdk" / place / "node_modules" for place in ("js", "chat")]
        (folder / "node_modules").mkdir()
        for package in (one for place in modules if place.exists() for one in place.iterdir()):
            link = folder / "node_modules" / package.name
            if not (package.name.startswith(".") or link.exists()):
                link.symlink_to(package)
        anywhere = "127.0.0.1:0"
        self.env = clean_env(
            PATH=f"{programs}:{ROOT / '.venv' / 'bin'}:{os.environ['PATH']}",
            HOME=str(folder),
            AWS_SHARED_CREDENTIALS_FILE=str(folder / "rillcast-data" / "credentials"),
            AWS_DEFAULT_REGION="us-east-1",
            AWS_PAGER="",
            RILLCAST_HTTP=anywhere,
            RILLCAST_RTMP=anywhere,
            RILLCAST_RTMPS=anywhere,
            RILLCAST_METRICS=anywhere,
            RILLCAST_TRANSCODING="off",
            RILLCAST_READY_FILE=str(folder / "page-ready.json"),
        )

    # What a block does

    def read(self, block: Block) -> None:
        """Does what the block says."""
        rules = block.rules
        if "outside" in rules:
            return
        if "serve" not in rules and self._server is None:
            self.serve("rillcast serve\n")
        if "forget" in rules:
            self.made = {}
        if "stream" in rules:
            self._put_on_air()
        text = self._filled(block.text)
        if block.language in ("sh", *PARSED):
            text = _PLACEHOLDER.sub(lambda found: self._placeholder(found[1]), text)
        if "before" in rules:
            self._work(block, "sh", self._filled(rules["before"]) + "\n")
        if "file" in rules:
            (self.folder / rules["file"]).write_text(text)
        if block.language == "toml":
            tomllib.loads(block.text)
            if "config" in rules:
                (self.folder / "page.toml").write_text(text)
                self._work(block, "sh", "rillcast config check --config page.toml\n")
        elif block.language == "json":
            # What was left out is a text like any other.
            json.loads(block.text.replace(",…", "").replace("…", ""))
        elif "file" in rules:
            pass
        elif "serve" in rules:
            self.serve(text)
        elif "background" in rules:
            self._begin(text)
        elif block.language == "js":
            self._javascript(block, text)
        elif block.language in RUN:
            self._expect(block, self._work(block, block.language, text, rules.get("exit")))

    def serve(self, text: str) -> None:
        """Starts the page's server with this command."""
        if self._server is not None:
            self._end(self._server)
        ready = Path(self.env["RILLCAST_READY_FILE"])
        ready.unlink(missing_ok=True)
        # If the page starts it again, it is where it was.
        self._server = self._begin(text, {f"RILLCAST_{name.upper()}": at for name, at in self.bound.items()})

        def opened() -> dict[str, str] | None:
            assert self._server is not None and self._server.poll() is None, self.log()
            return json.loads(ready.read_text()) if ready.exists() else None

        self.bound = wait_until(opened, "the page's server")

    def _javascript(self, block: Block, text: str) -> None:
        kind = "mjs" if re.search(r"^\s*import |^(const|let) .*await |^\s*await ", text, re.M) else "cjs"
        file = self.folder / f"block-{block.line}.{kind}"
        if "browser" in block.rules:
            file = file.with_suffix(".mjs")
            file.write_text(text)
            done = self._run(["node", "--check", file.name])
        else:
            file.write_text(text)
            done = self._run(["node", file.name])
        assert done.returncode == 0, f"{block}\n{text}\n{done.stdout}{done.stderr}"
        self._expect(block, done.stdout + done.stderr)

    def _run(self, command: list[str]) -> subprocess.CompletedProcess[str]:
        env = self.env | self.made
        return subprocess.run(command, capture_output=True, text=True, cwd=self.folder, env=env, timeout=PATIENCE)

    def _expect(self, block: Block, said: str) -> None:
        if pattern := block.rules.get("expect"):
            assert re.search(pattern, said), f"{block}: no {pattern!r} in\n{said}"

    # Shell and interpreter, one of each for a page

    def _work(self, block: Block, language: str, text: str, code: str | None = None) -> str:
        """Has the page's shell or interpreter do this, and gives what it said."""
        self._count += 1
        script = self.folder / f"block-{self._count}.{language}"
        said, done = script.with_suffix(".out"), script.with_suffix(".done")
        script.write_text(text)
        worker = self._workers.get(language) or self._hire(language)
        if language == "sh":
            run = f"set +e; . ./{script.name} >{said.name} 2>&1 </dev/null; code=$?; set -e; [ $code = {code} ]"
            if code is None:
                run = f". ./{script.name} >{said.name} 2>&1 </dev/null"
            order = f"{self._exports()}{run}\necho >{done.name}\n"
        else:
            order = f"{script.name} {said.name} {done.name}\n"
        assert worker.stdin is not None
        worker.stdin.write(order)
        worker.stdin.flush()

        def finished() -> bool:
            return done.exists() or worker.poll() is not None

        wait_until(finished, f"the end of {block}", PATIENCE)
        words = said.read_text(errors="replace") if said.exists() else ""
        assert done.exists(), f"{block} failed\n{text}\nsaid:\n{words}\n{self.log()[-3000:]}"
        return words

    def _exports(self) -> str:
        return "".join(f"export {name}='{value}'\n" for name, value in self.made.items())

    def _hire(self, language: str) -> subprocess.Popen[str]:
        if language == "sh":
            command, first = ["bash", "--noprofile", "--norc"], "set -euo pipefail\n"
        else:
            command, first = [str(ROOT / ".venv" / "bin" / "python"), "-c", _INTERPRETER], self._clients()
        log = (self.folder / f"worker-{language}.log").open("wb")
        worker = subprocess.Popen(
            command,
            stdin=subprocess.PIPE,
            stdout=log,
            stderr=subprocess.STDOUT,
            text=True,
            cwd=self.folder,
            env=self.env,
            start_new_session=True,
        )
        assert worker.stdin is not None
        worker.stdin.write(first)
        self._workers[language] = worker
        return worker

    def _clients(self) -> str:
        """What Python's blocks take for granted, as the interpreter's first order: a line of JSON."""
        names = {name: self._placeholder(name) for name in ("CHANNEL_ARN", "ROOM_ARN")}
        return json.dumps({"url": f"http://{self.bound['http']}", **names}) + "\n"

    # What stands for what

    def _filled(self, text: str) -> str:
        text = text.replace("target/debug/rillcast", "rillcast")
        for port, name in (("8080", "http"), ("1935", "rtmp"), ("1936", "rtmps"), ("9464", "metrics")):
            if name in self.bound:
                text = re.sub(rf"(127\.0\.0\.1|localhost):{port}\b", self.bound[name], text)
        for name in set(_VARIABLE.findall(text)):
            self._placeholder(name)
        return text

    def _placeholder(self, name: str) -> str:
        if name not in self.made:
            endpoint = _Endpoint(f"http://{self.bound['http']}", self._key())
            if name == "ROOM_ARN":
                self.made[name] = aws.client(endpoint, service="ivschat").create_room()["arn"]
            elif name == "KEY_ID":
                done = self._run(["rillcast", "keys", "create", "--name", "placeholder"])
                self.made[name] = re.search(r"\bRILL[A-Z0-9]{16}\b", done.stdout)[0]
            else:
                made = aws.client(endpoint).create_channel(type="BASIC")
                arn = made["channel"]["arn"]
                self.made |= {
                    "CHANNEL_ARN": arn,
                    "CHANNEL_ID": arn.rsplit("/")[-1],
                    "STREAM_KEY": made["streamKey"]["value"],
                    "PLAYBACK_URL": made["channel"]["playbackUrl"],
                }
        return self.made[name]

    def _key(self) -> Key:
        text = (self.folder / "rillcast-data" / "credentials").read_text()
        return Key(*(re.search(rf"{name}\s*=\s*(\S+)", text)[1] for name in ("key_id", "secret_access_key")))

    def _put_on_air(self) -> None:
        key = self._placeholder("STREAM_KEY")
        url = f"rtmps://{self.bound['rtmps']}/app/{key}"
        self._begin(f"exec ffmpeg -loglevel error -re -stream_loop -1 -i film.mp4 -c copy -f flv {url}\n")
        endpoint = _Endpoint(f"http://{self.bound['http']}", self._key())
        ivs = aws.client(endpoint)

        def live() -> bool:
            return any(one["state"] == "LIVE" for one in ivs.list_streams()["streams"])

        wait_until(live, "the page's stream on air", PATIENCE)

    # Processes

    def _begin(self, text: str, env: dict[str, str] | None = None) -> subprocess.Popen[bytes]:
        log = (self.folder / "background.log").open("ab")
        process = subprocess.Popen(
            ["bash", "--noprofile", "--norc", "-euo", "pipefail", "-c", text],
            stdin=subprocess.DEVNULL,
            stdout=log,
            stderr=subprocess.STDOUT,
            cwd=self.folder,
            env=self.env | self.made | (env or {}),
            start_new_session=True,
        )
        self._running.append(process)
        return process

    @staticmethod
    def _end(process: subprocess.Popen) -> None:
        try:
            os.killpg(process.pid, signal.SIGTERM)
            process.wait(20)
        except ProcessLookupError:
            process.wait()
        except subprocess.TimeoutExpired:
            os.killpg(process.pid, signal.SIGKILL)
            process.wait()

    def log(self) -> str:
        """What the server and others in the background said."""
        file = self.folder / "background.log"
        return file.read_text(errors="replace") if file.exists() else ""

    def leave(self) -> None:
        """Ends all that the page began."""
        for process in [*self._workers.values(), *reversed(self._running)]:
            self._end(process)


@dataclass(frozen=True)
class _Endpoint:
    """As much of a server as clients ask for."""

    url: str
    key: Key

    def root_key(self) -> Key:
        return self.key


_INTERPRETER = """
import json, os, sys, contextlib, boto3
told = json.loads(sys.stdin.readline())
client = lambda name: boto3.client(name, endpoint_url=told["url"], region_name="us-east-1")
ivs, chat = client("ivs"), client("ivschat")
channel = ivs.get_channel(arn=told["CHANNEL_ARN"])["channel"]
room = chat.get_room(identifier=told["ROOM_ARN"])
known = {"ivs": ivs, "chat": chat, "channel": channel, "room": room, "__name__": "page"}
os.environ["CHANNEL_ARN"] = told["CHANNEL_ARN"]
for order in sys.stdin:
    script, said, done = order.split()
    with open(said, "w") as out, contextlib.redirect_stdout(out):
        try:
            exec(compile(open(script).read(), script, "exec"), known)
        except BaseException:
            import traceback
            traceback.print_exc(file=out)
            sys.exit(1)
    open(done, "w").close()
"""
