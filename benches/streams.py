"""Processor time and memory per passthrough stream: rillcast, nginx-rtmp, multimux.

Each server is started afresh and climbs the same stairs: so many streams, a wait
until windows are full and things are steady, then several windows of measuring,
then more streams. Promise: all figures of a table are of one run on one machine.
"""

from __future__ import annotations

import argparse
import dataclasses
import json
import statistics
import subprocess
import sys
import time

from lab import clip as clips
from lab import meter, servers


@dataclasses.dataclass
class Reading:
    """One server at one number of streams."""

    cpu: list[float] = dataclasses.field(default_factory=list)  # % of a core per stream
    resident: int = 0
    machine: float = 0.0  # % busy of the whole machine meanwhile


@dataclasses.dataclass
class Climb:
    """One server on all its levels."""

    idle: int  # resident bytes before the first stream
    levels: dict[int, Reading]
    window_seconds: float  # listed of a stream at the last level, on average of some
    held: int  # bytes of a stream's media that can be fetched then, likewise
    publisher: dict


@dataclasses.dataclass
class Plan:
    levels: tuple[int, ...] = (1, 10, 50)
    keyframes: tuple[int, ...] = (2, 1)
    settle: float = 10.0
    # Before the last level: 18 of our keyframe intervals of 2 s are listed or still readable.
    fill: float = 38.0
    windows: int = 3
    seconds: float = 3.0


QUICK = Plan(levels=(1, 5), keyframes=(2,), settle=6.0, fill=38.0, windows=2)


class Publishers:
    """The load, in a process of its own."""

    def __init__(self, keyframe_seconds: int, *picture: str):
        program = str(servers.ROOT / "benches/lab/publisher.py")
        self.process = subprocess.Popen(
            [sys.executable, program, str(servers.CACHE), str(keyframe_seconds), *picture],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            text=True,
        )

    def add(self, urls: list[str]) -> None:
        self.process.stdin.write("".join(f"{url}\n" for url in urls))
        self.process.stdin.flush()
        for _ in urls:
            answer = self.process.stdout.readline()
            if not answer.startswith("on "):
                raise RuntimeError(f"a publisher did not get on air: {answer.strip()}")

    def cpu(self) -> float:
        return meter.cpu_seconds([self.process.pid])

    def close(self) -> dict:
        """How well it kept time; a lost stream is an error."""
        said, _ = self.process.communicate(timeout=20)
        *lost, last = said.strip().splitlines()
        if lost:
            raise RuntimeError(f"streams were lost: {lost}")
        return json.loads(last)


def climb(kind, keyframe_seconds: int, plan: Plan) -> Climb:
    """All levels on one server process."""
    found: dict[int, Reading] = {}
    with kind(max(plan.levels), keyframe_seconds) as server:
        publishers = Publishers(keyframe_seconds)
        try:
            idle, on_air = meter.resident_bytes(server.pids()), 0
            for level in plan.levels:
                publishers.add(server.publish[on_air:level])
                on_air = level
                time.sleep(plan.fill if level == plan.levels[-1] else plan.settle)
                found[level] = read(server, level, plan)
                report(kind.name, keyframe_seconds, level, found[level])
            # Streams stand at different places in their keyframe intervals, so some of them.
            some = range(0, on_air, max(1, on_air // 5))
            held = round(statistics.mean(server.held_bytes(stream) for stream in some))
            window = statistics.mean(server.window(stream) for stream in some)
            return Climb(idle, found, window, held, publishers.close())
        finally:
            publishers.process.kill()


def read(server, level: int, plan: Plan) -> Reading:
    reading = Reading()
    load = meter.Load()
    for _ in range(plan.windows):
        pids = server.pids()
        cpu, at = meter.cpu_seconds(pids), time.monotonic()
        time.sleep(plan.seconds)
        used, wall = meter.cpu_seconds(pids) - cpu, time.monotonic() - at
        reading.cpu.append(used / wall / level * 100)
    reading.resident = meter.resident_bytes(server.pids())
    reading.machine = load.percent()
    return reading


def report(name: str, keyframe_seconds: int, level: int, reading: Reading) -> None:
    print(
        f"  {name:10} keyframes {keyframe_seconds} s, {level:3} streams: {statistics.median(reading.cpu):.3f} % of a core"
        f" per stream, {reading.resident / 1e6:.1f} MB, machine {reading.machine:.0f} % busy",
        flush=True,
    )


def measure(plan: Plan, names: list[str] | None = None) -> str:
    """Runs the plan; the tables as Markdown."""
    kinds = servers.present(names)
    out = []
    for turn, keyframe_seconds in enumerate(plan.keyframes):
        clip = clips.load(servers.CACHE, keyframe_seconds)
        order = kinds[turn % len(kinds) :] + kinds[: turn % len(kinds)]
        results = {kind.name: climb(kind, keyframe_seconds, plan) for kind in order}
        out.append(table(keyframe_seconds, clip, plan, {kind.name: results[kind.name] for kind in kinds}))
        late = max(one.publisher["late"] / max(1, one.publisher["frames"]) * 100 for one in results.values())
        worst = max(one.publisher["worst_ms"] for one in results.values())
        out.append(f"Publisher: {late:.1f} % of frames more than 10 ms late at most, the worst by {worst} ms.")
    return "\n\n".join(out)


def table(keyframe_seconds: int, clip, plan: Plan, results: dict[str, Climb]) -> str:
    most = plan.levels[-1]
    lines = [
        f"Keyframes each {keyframe_seconds} s, {clip.bytes_per_second / 1e6:.2f} MB of media a second and stream."
        f" CPU in % of one core per stream: median (lowest to highest of {plan.windows} windows of {plan.seconds:.0f} s).",
        "",
        "| server | " + " | ".join(f"CPU, {level} streams" for level in plan.levels)
        + f" | RSS idle | RSS, {most} streams | per stream | media that can be fetched, per stream | RSS beyond it"
        + " | listed window | busy machine |",
        "|---|" + "---|" * (len(plan.levels) + 7),
    ]  # fmt: skip
    for name, one in results.items():
        cells = [
            f"**{statistics.median(each.cpu):.3f}** ({min(each.cpu):.3f} to {max(each.cpu):.3f})"
            for each in one.levels.values()
        ]
        per_stream = (one.levels[most].resident - one.idle) / most
        cells += [f"{one.idle / 1e6:.1f} MB", f"{one.levels[most].resident / 1e6:.1f} MB", f"**{per_stream / 1e6:.2f} MB**"]
        beyond = "in files" if name == servers.Nginx.name else f"{(per_stream - one.held) / 1e6:.2f} MB"
        window = one.window_seconds * clip.bytes_per_second
        cells += [f"{one.held / 1e6:.2f} MB", beyond, f"{one.window_seconds:.1f} s = {window / 1e6:.2f} MB"]
        cells.append(f"{max(each.machine for each in one.levels.values()):.0f} %")
        lines.append(f"| {name} | " + " | ".join(cells) + " |")
    lines += ratios(plan, results)
    return "\n".join(lines)


def ratios(plan: Plan, results: dict[str, Climb]) -> list[str]:
    ours = results.get(servers.Rillcast.name)
    lines = []
    for name, other in results.items():
        if ours and other is not ours:
            told = ", ".join(
                f"{statistics.median(ours.levels[n].cpu) / statistics.median(other.levels[n].cpu):.2f} at {n}"
                for n in plan.levels
            )
            lines += ["", f"CPU per stream, rillcast / {name}: {told}."]
    return lines


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--quick", action="store_true", help="fewer streams, shorter windows")
    parser.add_argument("--only", action="append", help="a server's name; may be repeated")
    parser.add_argument("--levels", help="numbers of streams, for example 1,10,50")
    parser.add_argument("--keyframes", help="keyframe intervals in seconds, for example 2,1")
    asked = parser.parse_args()
    plan = QUICK if asked.quick else Plan()
    if asked.levels:
        plan = dataclasses.replace(plan, levels=tuple(int(n) for n in asked.levels.split(",")))
    if asked.keyframes:
        plan = dataclasses.replace(plan, keyframes=tuple(int(n) for n in asked.keyframes.split(",")))
    print(measure(plan, asked.only))


if __name__ == "__main__":
    main()
