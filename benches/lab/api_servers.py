"""The servers of the API bench, each with the same face: an address, a key, its processes.

Promise: each runs on a free port of 127.0.0.1 with its files in a folder of its own
that goes away with it. The folder is on disk: a commit is to cost what it costs.
"""

from __future__ import annotations

import configparser
import importlib.util
import json
import os
import pathlib
import shutil
import subprocess
import sys
import tempfile

from lab import fill, servers, signed


class ApiServer(servers.Server):
    """A server that speaks the `ivs` API and holds `channels` channels."""

    key_id, secret = "testing", "testing"

    def __init__(self, channels: int):
        self.channels = channels
        servers.CACHE.mkdir(parents=True, exist_ok=True)
        self.folder = pathlib.Path(tempfile.mkdtemp(prefix=f"api-{self.name}-", dir=servers.CACHE))
        self.log = (self.folder / "log").open("wb")
        try:
            self.begin()
        except BaseException:
            self.stop()
            raise

    def begin(self) -> None:
        """Starts the process and fills it; sets `address`."""
        raise NotImplementedError

    def signer(self) -> signed.Signer:
        return signed.Signer(self.address, self.key_id, self.secret)

    def wait_for_file(self) -> None:
        """Takes the address from the file that is written when all is bound."""
        ready = self.folder / "ready"

        def bound():
            if self.process.poll() is not None:
                raise RuntimeError((self.folder / "log").read_text(errors="replace"))
            return ready.exists() and ready.stat().st_size and json.loads(ready.read_text())

        self.address = servers.until(f"{self.name} to be ready", bound)["http"]


class Rillcast(ApiServer):
    """This repository's server, release build, on its defaults but for quota and rate of channels."""

    name = "rillcast"

    def begin(self) -> None:
        self._serve()
        profile = configparser.ConfigParser()
        profile.read(self.folder / "data/credentials")
        self.key_id = profile["default"]["aws_access_key_id"]
        self.secret = profile["default"]["aws_secret_access_key"]
        with signed.Line(self.address) as line:
            made = line.send(self.signer().request("create_channel", name="bench-0", tags={"stage": "bench"}))
        # Filled while it is down, as the only one on the file.
        self.process.terminate()
        self.process.wait(30)
        (self.folder / "ready").unlink()
        database = next((self.folder / "data").glob("*.db"))
        self.arns = fill.sqlite(database, made["channel"]["arn"], made["streamKey"], self.channels)
        self._serve()

    def _serve(self) -> None:
        binary = pathlib.Path(os.environ.get("RILLCAST_BIN", servers.ROOT / "target/release/rillcast")).resolve()
        if not binary.exists():
            raise servers.Missing("build it: cargo build --release -p rillcast")
        here = "127.0.0.1:0"
        self.process = self.run(
            binary, "serve", "--data-dir", self.folder / "data", "--ready-file", self.folder / "ready",
            "--http", here, "--rtmp", here, "--rtmps", here, "--log", "warn",
            # A bench is meant to be beyond what one account may ask for.
            "--quota-channels", 100_000_000, "--rate-channels", 100_000_000,
        )  # fmt: skip
        self.wait_for_file()


class Limit(ApiServer):
    """The same listener and frame with one key in memory, and answers from memory."""

    name = "limit"
    key_id, secret = "RILLLIMITLIMITLIMITL", "limitlimitlimitlimitlimitlimitlimitlimit"

    def begin(self) -> None:
        binary = os.environ.get("API_LIMIT", servers.ROOT / "target/release/examples/api_limit")
        if not pathlib.Path(binary).exists():
            raise servers.Missing("build it: cargo build --release -p rillcast --example api_limit")
        self.process = self.run(binary, self.folder / "ready")
        self.wait_for_file()
        self.arns = [f"arn:aws:ivs:{signed.REGION}:123456789012:channel/limit{n:07}" for n in range(100)]


class Moto(ApiServer):
    """moto's server, the best-known emulator: Flask and Werkzeug, resources in a list in memory."""

    name = "moto"

    def begin(self) -> None:
        if not importlib.util.find_spec("moto"):
            raise servers.Missing("pip install -r benches/requirements.txt")
        (port,) = servers.free_ports(1)
        self.address = f"127.0.0.1:{port}"
        script = shutil.which("moto_server", path=pathlib.Path(sys.executable).parent) or "moto_server"
        self.process = self.run(script, "-H", "127.0.0.1", "-p", port)
        servers.until("moto to listen", lambda: self.process.poll() is not None or servers.answers(port))
        request = self.signer().request("create_channel", name="bench-0", tags={"stage": "bench"})
        self.arns = []
        for _ in range(self.channels):
            # Its server closes the connection after each answer.
            with signed.Line(self.address) as line:
                self.arns.append(line.send(request)["channel"]["arn"])

    def run(self, *command) -> subprocess.Popen:
        # Its access log, a line for each call, is at the level of information.
        return super().run(sys.executable, "-c", QUIET, *command[1:])


QUIET = "import logging, moto.server; logging.getLogger('werkzeug').setLevel(logging.WARNING); moto.server.main()"

EVERY = (Rillcast, Moto, Limit)
