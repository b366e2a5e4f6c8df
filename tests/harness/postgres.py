"""A PostgreSQL server of one's own: Debian's programs, a new cluster in a temporary folder, a free port.

Promise: it is gone with whoever made it, and nobody else's server is touched.
"""

import os
import pwd
import shutil
import socket
import subprocess
import tempfile
from itertools import count
from pathlib import Path

#: No test needs its data after a power cut.
SETTINGS = "fsync = off\nfull_page_writes = off\nmax_connections = 100\nlisten_addresses = '127.0.0.1'\n"


def programs() -> Path:
    """The folder of `initdb` and its like: the newest that Debian has, else whatever the path leads to."""
    debian = sorted(Path("/usr/lib/postgresql").glob("*/bin/initdb"), key=lambda path: int(path.parts[4]))
    found = debian[-1] if debian else shutil.which("initdb")
    assert found, "PostgreSQL is not installed: make setup"
    return Path(found).parent


class Postgres:
    """A cluster; it may be stopped and started again on the same port."""

    def __init__(self):
        # Not below pytest's folder, which each run closes to everybody but its own user.
        self.folder = Path(tempfile.mkdtemp(prefix="rillcast-postgres-"))
        self.data, self.programs = self.folder / "cluster", programs()
        self.user = self._owner()
        self.port = self._free_port()
        self._numbers = count(1)
        self.data.mkdir(mode=0o700)
        if self.user:
            # The server refuses to run as root, and must reach its folder as somebody else.
            shutil.chown(self.data, self.user)
            self.folder.chmod(0o711)
        options = ["--no-sync", "--auth=trust", "--username=postgres", "--encoding=UTF8", "--no-locale"]
        self._run("initdb", *options, "--pgdata", str(self.data))
        settings = f"{SETTINGS}port = {self.port}\nunix_socket_directories = '{self.data}'\n"
        (self.data / "postgresql.auto.conf").write_text(settings)

    @staticmethod
    def _owner() -> str | None:
        if os.geteuid() != 0:
            return None
        names = {entry.pw_name for entry in pwd.getpwall()}
        return "postgres" if "postgres" in names else "nobody"

    @staticmethod
    def _free_port() -> int:
        with socket.socket() as asked:
            asked.bind(("127.0.0.1", 0))
            return asked.getsockname()[1]

    def _run(self, program: str, *arguments: str) -> str:
        # Its own children must not hold our pipe open: the server would, for good.
        log = self.folder / f"{program}.log"
        with open(log, "wb") as out:
            command = [str(self.programs / program), *arguments]
            group = pwd.getpwnam(self.user).pw_gid if self.user else None
            done = subprocess.run(
                command, stdin=subprocess.DEVNULL, stdout=out, stderr=out, user=self.user, group=group, cwd="/", timeout=60
            )
        text = log.read_text(errors="replace")
        assert done.returncode == 0, f"{program} {arguments}: {text}"
        return text

    def start(self) -> "Postgres":
        self._run("pg_ctl", "-D", str(self.data), "-w", "-l", str(self.data / "server.log"), "start")
        return self

    def stop(self, mode: str = "immediate") -> None:
        if (self.data / "postmaster.pid").exists():
            self._run("pg_ctl", "-D", str(self.data), "-w", "-m", mode, "stop")

    def remove(self) -> None:
        """Stops it for good."""
        self.stop()
        shutil.rmtree(self.folder)

    def database(self) -> str:
        """Makes an empty database and gives its URL."""
        name = f"rillcast_{next(self._numbers)}"
        server = ["-h", "127.0.0.1", "-p", str(self.port), "-U", "postgres"]
        self._run("createdb", *server, name)
        return f"postgres://postgres@127.0.0.1:{self.port}/{name}"
