"""Load by wrk: signed requests replayed on a few connections.

Promise: a run counts only when every answer was a 2xx and no connection broke. wrk
counts the answers itself; what the server used meanwhile is read from the kernel's
clock of its processes, so the load's own cost is in no figure.
"""

from __future__ import annotations

import dataclasses
import json
import pathlib
import shutil
import subprocess
import tempfile

from lab import meter, servers

SCRIPT = pathlib.Path(__file__).with_name("replay.lua")


@dataclasses.dataclass
class Run:
    """One run: what each answered call took."""

    requests: int
    cpu: float  # µs of the server's processor time per call
    median: float  # µs from sending to the whole answer
    p99: float
    rate: float  # answers per second of wall time
    bytes: float  # per answer, head and body


def binary() -> str:
    """The load generator, or why it is missing."""
    found = shutil.which("wrk")
    if not found:
        raise servers.Missing("install wrk from Debian: benches/peers.sh")
    return found


def run(
    address: str,
    pids: list[int],
    requests: list[bytes],
    seconds: int,
    connections: int = 16,
    pause: int = 0,
    scheme: str = "http",
) -> Run:
    """Sends the requests in turn for so long, each connection with `pause` ms between an answer and the next
    request; raises when one was refused or lost."""
    with tempfile.NamedTemporaryFile() as file:
        for each in requests:
            file.write(b"%d\n%s" % (len(each), each))
        file.flush()
        command = [
            binary(), "--threads", "1", "--connections", connections, "--duration", f"{seconds}s", "--timeout", "30s",
            "--script", SCRIPT, f"{scheme}://{address}", "--", file.name, pause,
        ]  # fmt: skip
        before = meter.cpu_seconds(pids)
        told = subprocess.run([str(word) for word in command], capture_output=True, text=True, check=True).stdout
        used = meter.cpu_seconds(pids) - before
    found = json.loads(next(line for line in told.splitlines() if line.startswith("RESULT "))[7:])
    answered = found["requests"]
    if found["refused"] or found["lost"] or not answered:
        raise RuntimeError(f"{answered} answered, {found['refused']} refused, {found['lost']} lost")
    return Run(
        requests=answered,
        cpu=used / answered * 1e6,
        median=found["median"],
        p99=found["p99"],
        rate=answered / found["micros"] * 1e6,
        bytes=found["bytes"] / answered,
    )
