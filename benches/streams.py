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
    window_seconds: float = 0.0
    machine: float = 0.0  # % busy of the whole machine meanwhile


@dataclasses.dataclass
class Plan:
    levels: tuple[int, ...] = (1, 10, 50)
    keyframes: tuple[int, ...] = (2, 1)
    settle: float = 15.0  # the window of media (12 s) has filled and moved on
    windows: int = 3
    seconds: float = 3.0


QUICK = Plan(levels=(1, 5), keyframes=(2,), settle=6.0, windows=2, seconds=3.0)


class Publishers:
    """The load, in a process of its own."""

    def __init__(self, keyframe_seconds: int):
        self.process = subprocess.Popen(
            [sys.executable, str(servers.ROOT / "benches/lab/publisher.py"), str(servers.CACHE), str(keyframe_seconds)],
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


def climb(kind, keyframe_seconds: int, plan: Plan) -> tuple[dict[int, Reading], dict]:
    """All levels on one server process."""
    found: dict[int, Reading] = {}
    with kind(max(plan.levels), keyframe_seconds) as server:
        publishers = Publishers(keyframe_seconds)
        try:
            on_air = 0
            for level in plan.levels:
                publishers.add(server.publish[on_air:level])
                on_air = level
                time.sleep(plan.settle)
                found[level] = read(server, level, plan)
                report(kind.name, keyframe_seconds, level, found[level])
            spent = publishers.close()
        finally:
            publishers.process.kill()
    return found, spent


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
    reading.window_seconds = server.window(level - 1)
    return reading


def report(name: str, keyframe_seconds: int, level: int, reading: Reading) -> None:
    print(
        f"  {name:10} keyframes {keyframe_seconds} s, {level:3} streams: {statistics.median(reading.cpu):.3f} % of a core"
        f" per stream, {reading.resident / 1e6:.1f} MB, window {reading.window_seconds:.1f} s,"
        f" machine {reading.machine:.0f} % busy",
        flush=True,
    )


def measure(plan: Plan, names: list[str] | None = None) -> str:
    """Runs the plan; the tables as Markdown."""
    kinds = servers.present(names)
    out = []
    for turn, keyframe_seconds in enumerate(plan.keyframes):
        clip = clips.load(servers.CACHE, keyframe_seconds)
        order = kinds[turn % len(kinds) :] + kinds[: turn % len(kinds)]
        results, worst, cpu = {}, 0, []
        for kind in order:
            results[kind.name], kept = climb(kind, keyframe_seconds, plan)
            worst = max(worst, kept["worst_ms"])
            cpu.append(kept["late"] / max(1, kept["frames"]) * 100)
        out.append(table(keyframe_seconds, clip, plan, [kind.name for kind in kinds], results))
        out.append(
            f"Publisher: {max(cpu):.1f} % of frames more than 10 ms late at most, the worst by {worst} ms."
        )
    return "\n\n".join(out)


def table(keyframe_seconds: int, clip, plan: Plan, names: list[str], results: dict) -> str:
    lines = [
        f"Keyframes each {keyframe_seconds} s; CPU in % of one core per stream: median (lowest to highest"
        f" of {plan.windows} windows of {plan.seconds:.0f} s).",
        "",
        "| server | " + " | ".join(f"CPU, {level} streams" for level in plan.levels)
        + " | " + " | ".join(f"RSS, {level}" for level in plan.levels)
        + " | RSS per further stream | listed window | busy machine |",
        "|---|" + "---|" * (2 * len(plan.levels) + 3),
    ]  # fmt: skip
    for name in names:
        rows = results[name]
        low, high = rows[plan.levels[0]], rows[plan.levels[-1]]
        further = (high.resident - low.resident) / max(1, plan.levels[-1] - plan.levels[0])
        window = high.window_seconds * clip.bytes_per_second
        cells = [
            f"**{statistics.median(rows[level].cpu):.3f}** ({min(rows[level].cpu):.3f} to {max(rows[level].cpu):.3f})"
            for level in plan.levels
        ]
        cells += [f"{rows[level].resident / 1e6:.1f} MB" for level in plan.levels]
        cells += [f"{further / 1e6:.2f} MB", f"{high.window_seconds:.1f} s = {window / 1e6:.2f} MB"]
        cells.append(f"{max(reading.machine for reading in rows.values()):.0f} %")
        lines.append(f"| {name} | " + " | ".join(cells) + " |")
    if "rillcast" in names:
        for name in names[1:] if names[0] == "rillcast" else []:
            ratios = [
                statistics.median(results["rillcast"][level].cpu) / statistics.median(results[name][level].cpu)
                for level in plan.levels
            ]
            told = ", ".join(f"{ratio:.2f} at {level}" for ratio, level in zip(ratios, plan.levels))
            lines += ["", f"CPU per stream, rillcast / {name}: {told}."]
    return "\n".join(lines)


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
