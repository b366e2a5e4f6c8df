"""Signed API calls per CPU second: rillcast, moto's server, and the limit.

The limit is our own frame (listener, signature, bounds, JSON) answering from memory.
Calls: GetChannel, CreateChannel, ListChannels with a page of 100; then that page among
a thousand and among a million channels. Promise: all figures of a table are of one run
on one machine, the servers in turn round by round, and every answer was looked at or
counted as a success.
"""

from __future__ import annotations

import argparse
import dataclasses
import statistics
import time

from lab import api_servers, meter, servers, signed, wrk

PAGE = 100


@dataclasses.dataclass
class Plan:
    rounds: int = 7
    seconds: int = 2  # of a round, for each server and call
    held: int = 1_000  # channels of each server before the first round
    sizes: tuple[int, ...] = (1_000, 1_000_000)
    page_rounds: int = 7
    page_seconds: int = 1


QUICK = Plan(rounds=3, seconds=1, sizes=(1_000, 100_000), page_rounds=3)

CALLS = ("GetChannel", "CreateChannel", "ListChannels")


def requests(server, call: str) -> list[bytes]:
    """Fresh signatures; GetChannel asks for 64 channels in turn."""
    signer = server.signer()
    if call == "GetChannel":
        return [signer.request("get_channel", arn=arn) for arn in server.arns[:64]]
    if call == "CreateChannel":
        return [signer.request("create_channel", name="bench-new", tags={"stage": "bench"})]
    return [signer.request("list_channels", maxResults=PAGE)]


def check(server, call: str) -> None:
    """What the server answers is what was asked for."""
    first = requests(server, call)[0]
    with signed.Line(server.address) as line:
        answer = line.send(first)
    if call == "ListChannels":
        good = len(answer["channels"]) == PAGE and answer["nextToken"] and answer["channels"][0]["arn"]
    elif call == "CreateChannel":
        good = answer["channel"]["arn"] and answer["streamKey"]["value"]
    else:
        good = server.name == "limit" or answer["channel"]["arn"] == server.arns[0]
    if not good:
        raise RuntimeError(f"{server.name} answers {call} with {answer}")


def calls(plan: Plan, names: list[str] | None, wanted: tuple[str, ...] = CALLS) -> str:
    """The first table: processor time of each call on each server."""
    found: dict[tuple[str, str], list[wrk.Run]] = {}
    load = meter.Load()
    running = []
    try:
        for kind in api_servers.EVERY:
            if not names or kind.name in names:
                try:
                    running.append(kind(plan.held))
                except servers.Missing as reason:
                    print(f"left out: {kind.name} ({reason})", flush=True)
        for server in running:
            for call in wanted:
                check(server, call)
        for call in wanted:
            for number in range(plan.rounds + 1):
                turn = number % len(running)
                for server in running[turn:] + running[:turn]:
                    run = wrk.run(server.address, server.pids(), requests(server, call), plan.seconds)
                    if number:  # the first round warms up
                        found.setdefault((server.name, call), []).append(run)
            for server in running:
                tell(server.name, call, found[server.name, call])
    finally:
        for server in running:
            server.stop()
    return calls_table([server.name for server in running], wanted, found, load.percent())


def cpu(runs: list[wrk.Run]) -> float:
    return statistics.median(run.cpu for run in runs)


def tell(name: str, what: str, runs: list[wrk.Run]) -> None:
    print(
        f"  {name:10} {what:22} {cpu(runs):9.1f} µs of CPU ({min(run.cpu for run in runs):.1f} to"
        f" {max(run.cpu for run in runs):.1f}), {runs[0].bytes:.0f} bytes",
        flush=True,
    )


def calls_table(names: list[str], wanted, found, busy: float) -> str:
    lines = [
        "CPU per call in µs: median (lowest to highest round); calls per CPU second below it.",
        "",
        "| call | " + " | ".join(names) + " | calls per CPU second: times moto | of the limit |",
        "|---|" + "---|" * (len(names) + 2),
    ]
    for call in wanted:
        cells = []
        for name in names:
            runs = found[name, call]
            low, high = min(run.cpu for run in runs), max(run.cpu for run in runs)
            cells.append(f"**{cpu(runs):.1f}** ({low:.1f} to {high:.1f}) = {1e6 / cpu(runs):,.0f}/s")
        ours = found.get(("rillcast", call))
        for other, ratio in (("moto", "{:.0f}"), ("limit", "{:.2f}")):
            theirs = found.get((other, call))
            cells.append(ratio.format(cpu(theirs) / cpu(ours)) if ours and theirs else "")
        lines.append(f"| {call} | " + " | ".join(cells) + " |")
    lines += ["", f"The machine was {busy:.0f} % busy, the load itself included."]
    return "\n".join(lines)


def middle(server, channels: int) -> tuple[str, float]:
    """The token half-way through the list, found by walking there; and µs of CPU per page of the walk."""
    signer, token, pages = server.signer(), None, channels // 2 // PAGE
    before = meter.cpu_seconds(server.pids())
    with signed.Line(server.address) as line:
        for _ in range(pages):
            more = {"nextToken": token} if token else {}
            token = line.send(signer.request("list_channels", maxResults=PAGE, **more))["nextToken"]
    return token, (meter.cpu_seconds(server.pids()) - before) / pages * 1e6


def pages(plan: Plan) -> str:
    """The second table: a page among few and among many channels."""
    found: dict[tuple[int, str], list[wrk.Run]] = {}
    running, walks, tokens = {}, {}, {}
    try:
        for size in plan.sizes:
            begun = time.monotonic()
            running[size] = api_servers.Rillcast(size)
            print(f"  filled {size:,} channels in {time.monotonic() - begun:.0f} s", flush=True)
            tokens[size], walks[size] = middle(running[size], size)
        for number in range(plan.page_rounds + 1):
            for size, server in running.items():
                for where, more in (("first", {}), ("middle", {"nextToken": tokens[size]})):
                    request = server.signer().request("list_channels", maxResults=PAGE, **more)
                    # One connection: the time to answer is then the page's own.
                    run = wrk.run(server.address, server.pids(), [request], plan.page_seconds, connections=1)
                    if number:
                        found.setdefault((size, where), []).append(run)
        for (size, where), runs in found.items():
            tell(f"{size:,}", f"{where} page", runs)
    finally:
        for server in running.values():
            server.stop()
    return pages_table(plan, found, walks)


def pages_table(plan: Plan, found, walks) -> str:
    lines = [
        "| channels | page | CPU per page | time to answer, median | p99 | CPU per page of a walk from the start |",
        "|---|---|---|---|---|---|",
    ]
    for (size, where), runs in found.items():
        median = statistics.median(run.median for run in runs)
        p99 = statistics.median(run.p99 for run in runs)
        walk = f"{walks[size]:.0f} µs" if where == "middle" else ""
        lines.append(f"| {size:,} | {where} | **{cpu(runs):.0f} µs** | {median:.0f} µs | {p99:.0f} µs | {walk} |")
    few, many = plan.sizes[0], plan.sizes[-1]
    told = []
    for where in ("first", "middle"):
        small, large = found[few, where], found[many, where]
        time_ratio = statistics.median(r.median for r in large) / statistics.median(r.median for r in small)
        told.append(f"{where} page {cpu(large) / cpu(small):.2f} in CPU, {time_ratio:.2f} in time")
    lines += ["", f"{many:,} channels beside {few:,}: {'; '.join(told)}."]
    return "\n".join(lines)


def measure(plan: Plan, names: list[str] | None = None) -> str:
    """Runs the plan; the tables as Markdown."""
    out = [calls(plan, names)]
    if not names or "rillcast" in names:
        out.append(pages(plan))
    return "\n\n".join(out)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--quick", action="store_true", help="fewer rounds, a hundred thousand channels at most")
    parser.add_argument("--only", action="append", help="a server's name; may be repeated")
    parser.add_argument("--calls", help="only the first table, for these calls, for example GetChannel,ListChannels")
    parser.add_argument("--pages", action="store_true", help="only the second table")
    asked = parser.parse_args()
    plan = QUICK if asked.quick else Plan()
    if asked.pages:
        print(pages(plan))
    elif asked.calls:
        print(calls(plan, asked.only, tuple(asked.calls.split(","))))
    else:
        print(measure(plan, asked.only))


if __name__ == "__main__":
    main()
