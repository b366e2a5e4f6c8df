"""Thousands of low-latency viewers who all wait for the same next part: what they cost, and who is answered last.

Beside them nginx, asked by as many connections for a file of the same size as often. Promise: both in the same run,
by the same load generator; what is counted is the servers' own processor time.
"""

from __future__ import annotations

import argparse
import dataclasses
import json
import os
import pathlib
import resource
import statistics
import subprocess
import threading
import time

from lab import clip as clips
from lab import listing, meter, origins, servers

KEYFRAME_SECONDS = 2
PROGRAM = servers.ROOT / "target/playback-bench/release/playback-bench"


@dataclasses.dataclass
class Plan:
    viewers: int = 5_000
    rounds: int = 3
    seconds: int = 10
    fill: float = 8.0


QUICK = Plan(viewers=1_000, rounds=1, seconds=5)


@dataclasses.dataclass
class Crowd:
    cpu: float  # seconds of the server's while measured
    seconds: float
    told: dict

    @property
    def per_answer(self) -> float:
        return self.cpu / self.told["answers"] * 1e6


def program() -> pathlib.Path:
    found = pathlib.Path(os.environ.get("PLAYBACK_BENCH", PROGRAM))
    if not found.exists():
        raise servers.Missing("build the load generator: benches/peers.sh")
    return found


def crowd(address: str, pids: list[int], path: str, plan: Plan, *more: str) -> Crowd:
    """Runs the viewers; raises when one was refused or lost."""
    command = [program(), address, path, plan.viewers, plan.seconds, *more]
    process = subprocess.Popen([str(word) for word in command], stdout=subprocess.PIPE, text=True)
    try:
        assert process.stdout.readline() == "begin\n", "the load generator did not begin"
        cpu, at = meter.cpu_seconds(pids), time.monotonic()
        assert process.stdout.readline() == "end\n", "the load generator broke off"
        cpu, seconds = meter.cpu_seconds(pids) - cpu, time.monotonic() - at
        told = json.loads(process.communicate()[0])
    finally:
        process.kill()
        process.wait()
    if told["refused"] or told["lost"]:
        raise RuntimeError(f"{told['refused']} refused, {told['lost']} lost")
    return Crowd(cpu, seconds, told)


def measure(plan: Plan, _: list[str] | None = None) -> str:
    """Runs the plan; a table as Markdown."""
    wanted = min(plan.viewers * 2 + 1_000, resource.getrlimit(resource.RLIMIT_NOFILE)[1])
    resource.setrlimit(resource.RLIMIT_NOFILE, (wanted, resource.getrlimit(resource.RLIMIT_NOFILE)[1]))
    clip = clips.load(servers.CACHE, KEYFRAME_SECONDS)
    runs: dict[tuple[str, str], list[Crowd]] = {}
    with origins.Origin(1, KEYFRAME_SECONDS) as origin, origins.Static() as static:
        # One viewer with clocks of its own, and the publisher whose frames it knows.
        heard: dict[str, list[float]] = {}
        name, going = "alone", threading.Event()
        going.set()

        def listen() -> None:
            for delay in listing.delays(origin, clip, going.is_set):
                heard.setdefault(name, []).append(delay)

        probe = threading.Thread(target=listen)
        probe.start()
        try:
            time.sleep(plan.fill)
            load = meter.Load()
            for turn in range(plan.rounds):
                for scheme in ("http", "https"):
                    more = ["tls"] if scheme == "https" else []
                    name = scheme
                    ours = crowd(origin.addresses[scheme], origin.pids(), origins.path_of(origin.watch[0]), plan, *more)
                    name = "after"
                    size = round(ours.told["bytes"] / ours.told["answers"])
                    every = round(ours.seconds * 1000 / max(1, ours.told["rounds"]))
                    path = static.put("playlist.m3u8", os.urandom(size))
                    nginx = crowd(static.addresses[scheme], static.pids(), path, plan, *more, f"every={every}")
                    runs.setdefault((scheme, "rillcast"), []).append(ours)
                    runs.setdefault((scheme, "nginx"), []).append(nginx)
                    print(
                        f"  {scheme:5} round {turn + 1}: rillcast {ours.per_answer:.1f} µs, nginx {nginx.per_answer:.1f} µs a"
                        f" playlist of {size} bytes; first to last {ours.told['spread']}",
                        flush=True,
                    )
            busy = load.percent()
        finally:
            going.clear()
            probe.join()
    return table(runs, heard, plan, busy)


def table(runs: dict, heard: dict[str, list[float]], plan: Plan, busy: float) -> str:
    lines = [
        f"{plan.viewers:,} viewers of one channel, each on a connection and with a session of its own, all waiting for"
        f" the next part; {plan.rounds} rounds of {plan.seconds} s. nginx: as many connections that ask for a file of the"
        " same size as often, all at once. Ratio: playlists per CPU second, ours over nginx's.",
        "",
        "| over | µs of CPU per playlist, rillcast | nginx | ratio | µs of CPU per viewer and second"
        " | first to last viewer, median, ms | worst, ms | last frame to listed, median, ms | p90 |",
        "|---|---|---|---|---|---|---|---|---|",
    ]
    for scheme in ("http", "https"):
        ours, nginx = runs[scheme, "rillcast"], runs[scheme, "nginx"]
        costs = [[run.per_answer for run in each] for each in (ours, nginx)]
        figures = [f"**{statistics.median(x):.1f}** ({min(x):.1f} to {max(x):.1f})" for x in costs]
        ratio = statistics.median(costs[1]) / statistics.median(costs[0])
        second = statistics.median(run.cpu / run.seconds / plan.viewers * 1e6 for run in ours)
        spreads = [run.told["spread"] for run in ours]
        delays = sorted(heard.get(scheme, [])) or [float("nan")]
        lines.append(
            f"| {'TLS' if scheme == 'https' else 'plain'} | {figures[0]} | {figures[1]} | **{ratio:.2f}** | {second:.0f}"
            f" | **{statistics.median(one['median'] for one in spreads):.0f}** | {max(one['worst'] for one in spreads):.0f}"
            f" | **{statistics.median(delays):.1f}** | {delays[int(len(delays) * 0.9)]:.1f} |"
        )
    if alone := heard.get("alone"):
        lines += ["", f"Last frame to listed with nobody else there: {statistics.median(alone):.1f} ms."]
    return "\n".join([*lines, "", f"The machine was {busy:.0f} % busy, the load itself included."])


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--quick", action="store_true", help="fewer viewers, one short round; rough")
    parser.add_argument("--viewers", type=int, help="how many; default 5,000")
    asked = parser.parse_args()
    plan = QUICK if asked.quick else Plan()
    if asked.viewers:
        plan = dataclasses.replace(plan, viewers=asked.viewers)
    print(measure(plan))


if __name__ == "__main__":
    main()
