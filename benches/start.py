"""How large the program is, how soon it answers, and what it takes while nobody asks anything.

Our server, moto's (the emulator that developers would start instead) and nginx (which serves nothing but a file) are
started in turn, several times. Promise: the clock runs from the start of the process to the first good answer over
HTTP, asked for without a pause; sizes are of what is handed out, without symbols.
"""

from __future__ import annotations

import argparse
import dataclasses
import gzip
import os
import pathlib
import shutil
import signal
import statistics
import subprocess
import sys
import tempfile
import time
import urllib.request

from lab import meter, servers

CONSOLE = servers.ROOT / "console" / "dist"
BINARY = pathlib.Path(os.environ.get("RILLCAST_BIN", servers.ROOT / "target/release/rillcast")).resolve()
#: Of a process that has answered, until its memory is read: what it tries at its start (ffmpeg) is over by then.
IDLE = 20.0


@dataclasses.dataclass
class Plan:
    rounds: int = 15


QUICK = Plan(rounds=5)


@dataclasses.dataclass
class Start:
    """One start."""

    seconds: float
    cpu: float
    resident: int


def until_answered(process: subprocess.Popen, url: str, begun: float) -> float:
    while time.monotonic() - begun < 30:
        try:
            with urllib.request.urlopen(url, timeout=5) as answer:
                answer.read()
                return time.monotonic() - begun
        except OSError:
            if process.poll() is not None:
                raise SystemExit(f"{process.args} ended") from None
            time.sleep(0.0005)
    raise SystemExit(f"{process.args} does not answer")


def started(command: list[str], url: str, folder: pathlib.Path, rounds_left: bool) -> Start:
    environment = {key: value for key, value in os.environ.items() if not key.startswith(("RILLCAST_", "AWS_"))}
    with (folder / "log").open("wb") as log:
        begun = time.monotonic()
        process = subprocess.Popen(command, stdout=log, stderr=log, cwd=folder, env=environment)
        try:
            seconds = until_answered(process, url, begun)
            cpu = meter.cpu_seconds(meter.family(process.pid))
            # One look at the memory is enough; it does not change from start to start.
            time.sleep(0 if rounds_left else IDLE)
            return Start(seconds, cpu, meter.resident_bytes(meter.family(process.pid)))
        finally:
            process.send_signal(signal.SIGTERM)
            process.wait(30)


def rillcast(folder: pathlib.Path) -> tuple[list[str], str]:
    http, rtmp, rtmps = servers.free_ports(3)
    flags = [f"--http=127.0.0.1:{http}", f"--rtmp=127.0.0.1:{rtmp}", f"--rtmps=127.0.0.1:{rtmps}"]
    return [str(BINARY), "serve", f"--data-dir={folder}/data", *flags], f"http://127.0.0.1:{http}/readyz"


def moto(_folder: pathlib.Path) -> tuple[list[str], str]:
    (port,) = servers.free_ports(1)
    program = shutil.which("moto_server", path=pathlib.Path(sys.executable).parent) or "moto_server"
    return [program, "-p", str(port)], f"http://127.0.0.1:{port}/moto-api/data.json"


def nginx(folder: pathlib.Path) -> tuple[list[str], str]:
    (port,) = servers.free_ports(1)
    (folder / "index.html").write_text("ready\n")
    (folder / "conf").write_text(
        f"daemon off; pid {folder}/pid; error_log stderr; worker_processes 2; events {{}} "
        f"http {{ access_log off; server {{ listen 127.0.0.1:{port}; root {folder}; }} }}"
    )
    program = shutil.which("nginx", path=f"{os.environ['PATH']}:/usr/sbin") or "nginx"
    return [program, "-p", str(folder), "-c", str(folder / "conf")], f"http://127.0.0.1:{port}/index.html"


def megabytes(size: float) -> str:
    return f"{size / 1e6:.1f} MB"


def sizes() -> list[str]:
    """The program without symbols, and the pages in it as a browser gets them."""
    with tempfile.TemporaryDirectory() as folder:
        bare = pathlib.Path(folder) / "rillcast"
        subprocess.run(["strip", "--strip-unneeded", "-o", bare, BINARY], check=True)
        program, packed = bare.stat().st_size, len(gzip.compress(bare.read_bytes(), 9))
    squeezed = {path.name: len(gzip.compress(path.read_bytes(), 9)) for path in CONSOLE.iterdir() if path.is_file()}
    kilobytes = f"{sum(size for name, size in squeezed.items() if not name.endswith('.txt')) / 1e3:.0f} kB"
    return [
        "| | size |",
        "|---|---|",
        f"| `rillcast`, one file with console, guide and players | **{megabytes(program)}** |",
        f"| the same, compressed | {megabytes(packed)} |",
        f"| all pages of the console and the watch page in it, with the player, compressed | {kilobytes} |",
    ]


def row(name: str, starts: list[Start]) -> str:
    seconds = [one.seconds * 1000 for one in starts]
    cpu = statistics.median(one.cpu for one in starts) * 1000
    told = f"**{statistics.median(seconds):.0f}** ({min(seconds):.0f} to {max(seconds):.0f})"
    return f"| {name} | {told} | {cpu:.0f} | {megabytes(starts[-1].resident)} |"


def measure(plan: Plan) -> str:
    kinds = {
        "rillcast, first start (keys, certificate, database)": (rillcast, True),
        "rillcast, later starts": (rillcast, False),
        "moto_server": (moto, False),
        "nginx": (nginx, False),
    }
    found: dict[str, list[Start]] = {name: [] for name in kinds}
    with tempfile.TemporaryDirectory() as base:
        # nginx gives up its rights before it reads a file.
        pathlib.Path(base).chmod(0o755)
        for left in reversed(range(plan.rounds)):
            for name, (kind, fresh) in kinds.items():
                folder = pathlib.Path(base) / (f"{kind.__name__}-{left}" if fresh else kind.__name__)
                folder.mkdir(exist_ok=True)
                found[name].append(started(*kind(folder), folder, left > 0))
    head = ["| | first answer after, ms | CPU until then, ms | resident when idle |", "|---|---|---|---|"]
    rows = [row(name, starts[0 if kinds[name][1] else 1 :]) for name, starts in found.items()]
    return "\n".join([*sizes(), "", f"{plan.rounds} starts of each, in turn.", "", *head, *rows])


if __name__ == "__main__":
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--quick", action="store_true", help="a third of the time; rough")
    print(measure(QUICK if parser.parse_args().quick else Plan()))
