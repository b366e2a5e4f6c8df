"""A NATS server of one's own: Debian's program with JetStream in memory, on a free port.

Promise: it is gone with whoever made it, also when that is killed: its shell waits for the end of a pipe that only we
hold.
"""

import shutil
import socket
import subprocess
import tempfile
from pathlib import Path

from .waiting import wait_until

#: Its arguments are the server and the server's arguments.
GUARD = '"$@" & server=$!; read -r _; kill -9 $server; wait'


class Nats:
    """A server; it may be stopped, which empties it, and started again on the same port."""

    def __init__(self):
        # Debian keeps it where only root's path leads.
        found = shutil.which("nats-server") or shutil.which("nats-server", path="/usr/sbin")
        assert found, "nats-server is not installed: make setup"
        self.program = found
        self.folder = Path(tempfile.mkdtemp(prefix="rillcast-nats-"))
        with socket.socket() as asked:
            asked.bind(("127.0.0.1", 0))
            self.port = asked.getsockname()[1]
        self._shell: subprocess.Popen[bytes] | None = None

    @property
    def url(self) -> str:
        return f"nats://127.0.0.1:{self.port}"

    def start(self) -> "Nats":
        flags = [
            "-js",
            "-a",
            "127.0.0.1",
            "-p",
            str(self.port),
            "-sd",
            str(self.folder),
            "-l",
            str(self.folder / "log"),
        ]
        self._shell = subprocess.Popen(["sh", "-c", GUARD, "sh", self.program, *flags], stdin=subprocess.PIPE)
        wait_until(self._answers, "the NATS server", every=0.01)
        return self

    def _answers(self) -> bool:
        assert self._shell is not None and self._shell.poll() is None, "the NATS server ended"
        with socket.socket() as asked:
            return asked.connect_ex(("127.0.0.1", self.port)) == 0

    def stop(self) -> None:
        """Kills it, with all that it has in memory."""
        if self._shell is not None:
            self._shell.stdin.close()
            self._shell.wait(20)
            self._shell = None

    def remove(self) -> None:
        """Stops it for good."""
        self.stop()
        shutil.rmtree(self.folder)
