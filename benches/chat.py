"""Chat: what a delivery, a join and an idle connection cost, beside plain broadcast servers.

Promise: all figures of a table are of one run on one machine, the servers in turn round by
round; every delivery was counted and its order checked at every connection. Nothing here is
asserted: what is lost, refused or out of order stands in the tables.
"""

from __future__ import annotations

import argparse
import dataclasses
import json
import pathlib
import statistics

from lab import chat_servers, load, meter, servers

#: Beside it all ratios stand: uWebSockets, as inside Bun.
ANCHOR = "bun"


@dataclasses.dataclass(frozen=True)
class Room:
    """A column of the first table. Nobody sends more than five messages a second."""

    name: str
    connections: int
    rate: int
    burst: int = 1

    @property
    def senders(self) -> int:
        return max(4, self.rate // 5)


ROOMS = (
    Room("1,000 at 20/s", 1_000, 20),
    Room("4,000 at 8/s", 4_000, 8),
    Room("1,000 at 100/s", 1_000, 100),
    Room("1,000 at 100/s in tens", 1_000, 100, burst=10),
)


@dataclasses.dataclass
class Plan:
    rounds: int = 3
    seconds: float = 6
    warm: float = 2
    crowd: int = 10_000  # connections of the table of joins
    idle: float = 20  # seconds that they say nothing; pings are spread, so some are among them
    storms: int = 2
    slow: float = 14  # seconds of messages while some read slowly
    bad: float = 14  # and while some do not read


QUICK = Plan(rounds=1, seconds=4, warm=1, idle=3, storms=1, slow=4, bad=13)


class Bench:
    def __init__(self, plan: Plan, kinds: list[type[chat_servers.ChatServer]], keep: pathlib.Path | None):
        self.plan, self.kinds, self.keep = plan, kinds, keep
        self.names = [kind.name for kind in kinds]
        self.found: dict[tuple[str, str], list[dict]] = {}

    def run(self, server: chat_servers.ChatServer, what: str, *, afresh: bool = False, **numbers) -> dict | None:
        """One run; its findings are kept under the server's name and `what`."""
        try:
            told = load.run(**server.ready(numbers["connections"], afresh=afresh), **numbers)
        except Exception as error:  # A server that fails loses its figure, not everybody's.
            print(f"  {server.name:15} {what:24} failed: {str(error)[:300]}", flush=True)
            return None
        if self.keep:
            with self.keep.open("a") as file:
                file.write(json.dumps({"server": server.name, "what": what, "plan": numbers, "found": told}) + "\n")
        self.found.setdefault((server.name, what), []).append(told)
        print(f"  {server.name:15} {what:24} {brief(told)}", flush=True)
        return told

    def deliveries(self) -> None:
        """All rooms on all servers, in turn, another server first each time."""
        running = []
        try:
            for kind in self.kinds:
                running.append(kind())
            for number in range(self.plan.rounds):
                turn = number % len(running)
                for room in ROOMS:
                    for server in running[turn:] + running[:turn]:
                        self.room(server, room)
            for server in running:
                self.half(server)
            for server in running:
                self.bad_readers(server)
        finally:
            for server in running:
                server.stop()

    def room(self, server: chat_servers.ChatServer, room: Room) -> None:
        self.run(
            server, room.name, connections=room.connections, rate=room.rate, burst=room.burst, senders=room.senders,
            seconds=self.plan.seconds, warm=self.plan.warm,
        )  # fmt: skip

    def half(self, server: chat_servers.ChatServer) -> None:
        """So many connections that the server should need half a core: for its latency there."""
        cost = self.middle(server.name, "1,000 at 100/s", "load", "server_cpu_per_million")
        if cost:
            connections = max(200, min(6_000, round(0.5e6 / 100 / cost / 100) * 100))
            self.run(
                server, "half a core", connections=connections, rate=100, senders=20,
                seconds=self.plan.seconds, warm=self.plan.warm,
            )  # fmt: skip

    def bad_readers(self, server: chat_servers.ChatServer) -> None:
        self.run(
            server, "one slow in a hundred", connections=1_000, rate=100, senders=20, slow=10,
            seconds=self.plan.slow, warm=self.plan.warm,
        )  # fmt: skip
        self.run(
            server, "twenty stuck", connections=100, rate=100, senders=20, stuck=20, wide=True,
            seconds=self.plan.bad, warm=0,
        )  # fmt: skip

    def crowds(self) -> None:
        """Joins, storms and memory, each of a process that has just begun."""
        for kind in self.kinds:
            server = kind()
            try:
                self.run(server, "crowd", afresh=True, connections=self.plan.crowd, settle=self.plan.idle)
                for _ in range(self.plan.storms):
                    self.run(server, "storm", afresh=True, connections=self.plan.crowd, at_once=self.plan.crowd)
            finally:
                server.stop()

    # Reading

    def all(self, name: str, what: str, *path: str) -> list[float]:
        values = []
        for told in self.found.get((name, what), []):
            for step in path:
                told = told[step]
            values.append(told)
        return values

    def middle(self, name: str, what: str, *path: str) -> float | None:
        values = self.all(name, what, *path)
        return statistics.median(values) if values else None

    # Tables

    def text(self) -> str:
        parts = [self.cost_table(), self.latency_table(), self.crowd_table(), self.bad_table(), self.faults()]
        return "\n\n".join(part for part in parts if part)

    def cost_table(self) -> str:
        lines = [
            f"CPU seconds of the server per million deliveries: median (lowest to highest of {self.plan.rounds}"
            f" rounds), and how much that is of {ANCHOR}'s.",
            "",
            "| server | " + " | ".join(room.name for room in ROOMS) + " |",
            "|---|" + "---|" * len(ROOMS),
        ]
        for name in self.names:
            cells = []
            for room in ROOMS:
                values = self.all(name, room.name, "load", "server_cpu_per_million")
                anchor = self.middle(ANCHOR, room.name, "load", "server_cpu_per_million")
                cells.append(with_range(values, anchor))
            lines.append(f"| {name} | " + " | ".join(cells) + " |")
        return "\n".join(lines)

    def latency_table(self) -> str:
        columns = [room.name for room in ROOMS] + ["half a core", "one slow in a hundred"]
        lines = [
            "Milliseconds from when a message was due until a connection had it: median, 99th percentile (middle"
            " round). At half a core each server has as many connections as that takes.",
            "",
            "| server | " + " | ".join(columns) + " | connections, cores at half a core |",
            "|---|" + "---|" * (len(columns) + 1),
        ]
        for name in self.names:
            cells = []
            for what in columns:
                p50, p99 = (self.middle(name, what, "load", "latency", of) for of in ("p50_ms", "p99_ms"))
                cells.append("" if p50 is None else f"{p50:.1f}, {p99:.1f}")
            half = self.found.get((name, "half a core"), [None])[0]
            cells.append(
                f"{half['join']['connections']:,}, {half['load']['server_cpu_seconds'] / half['load']['seconds']:.2f}"
                if half
                else ""
            )
            lines.append(f"| {name} | " + " | ".join(cells) + " |")
        return "\n".join(lines)

    def crowd_table(self) -> str:
        crowd = self.plan.crowd
        lines = [
            f"{crowd:,} connections that say nothing, one user each; a process that has just begun. Memory from the"
            " 500th connection on, so without what is needed once; joins 64 at a time, storms all at once.",
            "",
            "| server | bytes of RSS per connection | anonymous | µs of CPU per join | join, median | p99 |"
            " CPU while idle | storm: errors | seconds | slowest join | µs of CPU per join |",
            "|---|---|---|---|---|---|---|---|---|---|---|",
        ]
        for name in self.names:
            told = next(iter(self.found.get((name, "crowd"), [])), None)
            storms = self.found.get((name, "storm"), [])
            cells = [""] * 10
            if told:
                join, few = told["join"], told["join"]["resident_few"]
                grown = [
                    (after - before) / (join["connections"] - 500)
                    for before, after in zip(few, told["resident_joined"], strict=True)
                ]
                cells[:6] = [
                    f"**{grown[0]:,.0f}**",
                    f"{grown[1]:,.0f}",
                    f"**{join['server_cpu_seconds'] / join['connections'] * 1e6:.1f}**",
                    f"{join['took']['p50_ms']:.1f} ms",
                    f"{join['took']['p99_ms']:.1f} ms",
                    f"{told['idle_cpu_seconds'] / told['idle_seconds'] * 100:.2f} %",
                ]
            if storms:
                cells[6:] = [
                    f"**{sum(storm['join']['errors'] for storm in storms)}**",
                    f"{statistics.median(storm['join']['seconds'] for storm in storms):.2f}",
                    f"{max(storm['join']['took']['max_ms'] for storm in storms):,.0f} ms",
                    f"{statistics.median(storm['join']['server_cpu_seconds'] for storm in storms) / crowd * 1e6:.1f}",
                ]
            lines.append(f"| {name} | " + " | ".join(cells) + " |")
        return "\n".join(lines)

    def bad_table(self) -> str:
        lines = [
            "Connections that do not read: 20 of 100 while 100 messages a second of 2 kB come; seconds are counted"
            " from the first message.",
            "",
            "| server | closed by the server | first after | last after | bytes queued in the kernel, at most |"
            " RSS grown, per stuck one | others' p99 |",
            "|---|---|---|---|---|---|---|",
        ]
        for name in self.names:
            told = next(iter(self.found.get((name, "twenty stuck"), [])), None)
            if told:
                seen = told["load"]["watched"]
                closed = seen["closed"]
                lines.append(
                    f"| {name} | {closed} of {seen['connections']} | "
                    + (f"{seen['closed_after_first']:.1f} s | {seen['closed_after_last']:.1f} s" if closed else " | ")
                    + f" | {seen['queued_bytes_max']:,} | {seen['resident_growth_bytes'] // seen['connections']:,}"
                    f" | {told['load']['latency']['p99_ms']:.1f} ms |"
                )
        return "\n".join(lines)

    def faults(self) -> str:
        """Everything that was not as it should be, in words."""
        lines = []
        for (name, what), runs in self.found.items():
            for told in runs:
                if told["join"]["errors"]:
                    lines.append(f"- {name}, {what}: joins failed: {told['join']['failures']}")
                loaded = told["load"]
                if not loaded:
                    continue
                lost = loaded["expected"] - loaded["deliveries"]
                if lost or loaded["refused"] or loaded["sequences"] != 1 or loaded["overtaken"] or loaded["ended"]:
                    lines.append(
                        f"- {name}, {what}: {lost} of {loaded['expected']} deliveries missing,"
                        f" {loaded['refused']} messages refused, {loaded['sequences']} different sequences,"
                        f" {loaded['overtaken']} overtakings, ended {loaded['ended']}"
                        + "".join(f"; {words[:120]}" for words in loaded["refusals"][:1])
                    )
                if loaded["late"]["p99_ms"] > 5:
                    lines.append(f"- {name}, {what}: the generator sent {loaded['late']['p99_ms']:.1f} ms late (p99)")
        return "\n".join(["Not as it should be:", "", *lines]) if lines else "Nothing was lost, doubled or reordered."


def with_range(values: list[float], anchor: float | None) -> str:
    if not values:
        return ""
    middle = statistics.median(values)
    ratio = f" = {middle / anchor:.2f}" if anchor else ""
    return f"**{middle:.2f}** ({min(values):.2f} to {max(values):.2f}){ratio}"


def brief(told: dict) -> str:
    join, loaded = told["join"], told["load"]
    if not loaded:
        return (
            f"{join['server_cpu_seconds'] / max(1, join['connections']) * 1e6:.1f} µs a join, {join['seconds']:.2f} s,"
            f" {join['errors']} errors, {(told['resident_joined'][0] - join['resident_few'][0]) / 1e6:.1f} MB"
        )
    return (
        f"{loaded['server_cpu_per_million']:6.2f} CPU s per million, p50 {loaded['latency']['p50_ms']:.1f},"
        f" p99 {loaded['latency']['p99_ms']:.1f} ms, generator {loaded['generator_cpu_seconds'] / loaded['seconds']:.2f}"
        f" cores, lost {loaded['expected'] - loaded['deliveries']}, refused {loaded['refused']}"
    )


def present(names: list[str] | None) -> list[type[chat_servers.ChatServer]]:
    """The servers asked for that this machine has; says what is left out and why."""
    found = []
    for kind in chat_servers.EVERY:
        if names and kind.name not in names:
            continue
        try:
            kind().stop()
            found.append(kind)
        except servers.Missing as reason:
            print(f"left out: {kind.name} ({reason})", flush=True)
        except Exception as reason:  # A server that does not even start is no reason to measure none.
            print(f"left out: {kind.name}, which fails: {reason}", flush=True)
    return found


def measure(plan: Plan, names: list[str] | None, keep: pathlib.Path | None = None, parts: str = "dc") -> str:
    """The section's tables, in Markdown."""
    load.binary()
    busy = meter.Load()
    bench = Bench(plan, present(names), keep)
    if "c" in parts:
        bench.crowds()
    if "d" in parts:
        bench.deliveries()
    return bench.text() + f"\n\nThe machine was {busy.percent():.0f} % busy, the load itself included."


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--quick", action="store_true", help="under five minutes; rough")
    parser.add_argument("--only", action="append", help="a server's name; may be repeated")
    parser.add_argument("--part", choices=["deliveries", "crowds"], help="only this half")
    parser.add_argument("--keep", type=pathlib.Path, help="append all findings to this file, a JSON object a line")
    asked = parser.parse_args()
    parts = asked.part[0] if asked.part else "cd"
    print("\n" + measure(QUICK if asked.quick else Plan(), asked.only, asked.keep, parts))


if __name__ == "__main__":
    main()
