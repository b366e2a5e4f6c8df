"""The real binary as a child process on ports of its own.

Promise: a server that was started here is gone when its test is, and its log can be read at any time.
"""

import configparser
import json
import os
import re
import signal
import subprocess
import sys
from dataclasses import dataclass
from pathlib import Path
from typing import IO

from .waiting import wait_until

ROOT = Path(__file__).resolve().parents[2]
ACCOUNT = "123456789012"
REGION = "us-east-1"


def binary() -> str:
    """Path of the program under test: `RILLCAST_BIN`, else the debug build of this checkout."""
    return os.environ.get("RILLCAST_BIN") or str(ROOT / "target" / "debug" / "rillcast")


def clean_env(**more: str) -> dict[str, str]:
    """This process's environment without anything that would configure the server or an AWS SDK."""
    # What terminal there is, and whose machine, must not matter to what a program prints here.
    told = {"COLUMNS", "LINES", "NO_COLOR", "TERM", "CI"}
    kept = {k: v for k, v in os.environ.items() if not k.startswith(("RILLCAST_", "AWS_")) and k not in told}
    # The SDKs must never look for an instance's metadata or for the user's own files.
    kept |= {"AWS_EC2_METADATA_DISABLED": "true", "AWS_CONFIG_FILE": os.devnull, "NO_PROXY": "127.0.0.1"}
    return kept | more


@dataclass(frozen=True)
class Key:
    """An access key."""

    id: str
    secret: str


class Server:
    """`rillcast serve` over one data folder; it may be stopped and started again."""

    def __init__(self, folder: Path, *flags: str, env: dict[str, str] | None = None):
        self.folder = folder
        self.data_dir = folder / "data"
        #: A ladder for each stream would keep the machine busy; tests of it ask for it.
        self.flags = flags if "--transcoding" in flags else ("--transcoding", "off", *flags)
        self.env = clean_env(**(env or {}))
        self.process: subprocess.Popen[bytes] | None = None
        self.bound: dict[str, str] = {}
        self._files: list[IO[bytes]] = []

    # Life

    def start(self) -> "Server":
        assert Path(binary()).exists(), f"{binary()} is not there: cargo build -p rillcast"
        ready = self.folder / "ready.json"
        ready.unlink(missing_ok=True)
        out, err = (open(self.folder / name, "ab") for name in ("stdout.log", "stderr.log"))
        self._files = [out, err]
        self.process = subprocess.Popen(
            [binary(), "serve", *self.address_flags(), "--ready-file", str(ready), *self.flags],
            stdin=subprocess.DEVNULL,
            stdout=out,
            stderr=err,
            env=self.env,
            cwd=self.folder,
        )
        self.bound = wait_until(lambda: self._read_ready(ready), "the ready file")
        return self

    def address_flags(self) -> list[str]:
        anywhere = "127.0.0.1:0"
        return ["--data-dir", str(self.data_dir), "--http", anywhere, "--rtmp", anywhere, "--rtmps", anywhere]

    def _read_ready(self, ready: Path) -> dict[str, str] | None:
        assert self.process is not None
        if self.process.poll() is not None:
            raise AssertionError(f"the server ended with {self.process.returncode} before it was ready\n{self.log()}")
        if not ready.exists():
            return None
        # Seen at all means seen whole: a half-written file would fail here, and should.
        return json.loads(ready.read_text())

    def terminate(self) -> None:
        assert self.process is not None
        self.process.send_signal(signal.SIGTERM)

    def ended(self, seconds: float) -> int:
        """Waits for the end and gives the exit code."""
        assert self.process is not None
        code = self.process.wait(timeout=seconds)
        for file in self._files:
            file.close()
        return code

    def stop(self) -> None:
        if self.process is None or self.process.poll() is not None:
            return
        self.terminate()
        try:
            self.ended(20)
        except subprocess.TimeoutExpired:
            self.process.kill()
            self.process.wait()
            print("the server had to be killed", file=sys.stderr)

    # What it says

    @property
    def url(self) -> str:
        return f"http://{self.bound['http']}"

    def rtmp_url(self, key: str) -> str:
        return f"rtmp://{self.bound['rtmp']}/app/{key}"

    def rtmps_url(self, key: str) -> str:
        return f"rtmps://{self.bound['rtmps']}/app/{key}"

    def stdout(self) -> str:
        return (self.folder / "stdout.log").read_text(errors="replace")

    def log(self) -> str:
        """Everything it printed, without colours."""
        files = [self.folder / "stdout.log", self.folder / "stderr.log"]
        text = "".join(file.read_text(errors="replace") for file in files if file.exists())
        return re.sub(r"\x1b\[[0-9;]*m", "", text)

    def memory(self) -> int:
        """Resident bytes."""
        assert self.process is not None
        status = Path(f"/proc/{self.process.pid}/status").read_text()
        return int(re.search(r"VmRSS:\s+(\d+) kB", status)[1]) * 1024

    # Keys and the command line

    @property
    def credentials(self) -> Path:
        return self.data_dir / "credentials"

    def root_key(self) -> Key:
        parser = configparser.RawConfigParser()
        parser.read(self.credentials)
        profile = parser["default"]
        return Key(profile["aws_access_key_id"], profile["aws_secret_access_key"])

    def command(self, *arguments: str) -> subprocess.CompletedProcess[str]:
        """Runs another `rillcast` command over the same data folder."""
        return subprocess.run(
            [binary(), *arguments, "--data-dir", str(self.data_dir)],
            capture_output=True,
            text=True,
            env=self.env,
            cwd=self.folder,
            timeout=60,
        )

    def add_key(self, *arguments: str) -> Key:
        """`rillcast keys add`: the key as it was printed."""
        done = self.command("keys", "add", *arguments)
        assert done.returncode == 0, done.stderr
        key_id = re.search(r"\bRILL[A-Z0-9]{16}\b", done.stdout)
        secret = re.search(r"\b[A-Za-z0-9]{40}\b", done.stdout)
        assert key_id and secret, done.stdout
        return Key(key_id[0], secret[0])


def rillcast(*arguments: str, cwd: Path, env: dict[str, str] | None = None) -> subprocess.CompletedProcess[str]:
    """Any `rillcast` command in a folder, with a clean environment."""
    return subprocess.run(
        [binary(), *arguments], capture_output=True, text=True, cwd=cwd, env=clean_env(**(env or {})), timeout=60
    )
