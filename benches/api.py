"""Signed API calls per CPU second: rillcast, moto's server, and the limit.

The limit is our own frame (listener, signature, policy, bounds, JSON) answering from
memory. Calls: GetChannel, CreateChannel, ListChannels with a page of 100; then that
page among a thousand and among a million channels. Promise: all figures of a table are
of one run on one machine, the servers in turn round by round; each kind of answer was
looked at, and every answer was a success.
"""

from __future__ import annotations

import argparse
import dataclasses
import statistics
import time

from lab import api_servers, meter, servers, signed, wrk

PAGE = 100
# Channels that GetChannel asks for in turn: few of many, as a busy service does.
ASKED = 64
# More than what the server may remember of rows.
MORE = 20_000


@dataclasses.dataclass(frozen=True)
class Call:
    """A row of the first table."""

    name: str
    operation: str
    pause: int = 0  # ms between an answer and the next request of a connection


CALLS = (
    Call("GetChannel", "get_channel"),
    Call("GetChannel, all at one pace", "get_channel", pause=1),
    Call("CreateChannel", "create_channel"),
    Call("ListChannels, 100", "list_channels"),
)


@dataclasses.dataclass
class Plan:
    rounds: int = 7
    seconds: int = 2  # of a round, for each server and call
    held: int = 1_000  # channels of each server before the first round
    sizes: tuple[int, ...] = (1_000, 1_000_000)
    page_rounds: int = 7
    page_seconds: int = 1


QUICK = Plan(rounds=3, seconds=1, sizes=(1_000, 100_000), page_rounds=3)


def requests(server, operation: str) -> list[bytes]:
    """Freshly signed: a signature is good for five minutes."""
    signer = server.signer()
    if operation == "get_channel":
        return [signer.request("get_channel", arn=arn) for arn in server.arns[:ASKED]]
    if operation == "create_channel":
        return [signer.request("create_channel", name="bench-new", tags={"stage": "bench"})]
    return [signer.request("list_channels", maxResults=PAGE)]


def check(server, operation: str) -> None:
    """What the server answers is what was asked for."""
    first = requests(server, operation)[0]
    with signed.Line(server.address) as line:
        answer = line.send(first)
    if operation == "list_channels":
        good = len(answer["channels"]) == PAGE and answer["nextToken"] and answer["channels"][0]["arn"]
    elif operation == "create_channel":
        good = answer["channel"]["arn"] and answer["streamKey"]["value"]
    else:
        good = server.name == "limit" or answer["channel"]["arn"] == server.arns[0]
    if not good:
        raise RuntimeError(f"{server.name} answers {operation} with {answer}")


Found = dict[tuple[str, Call], list[wrk.Run]]


def calls(plan: Plan, names: list[str] | None, wanted: tuple[Call, ...] = CALLS) -> str:
    """The first table: processor time of each call on each server."""
    found: Found = {}
    load = meter.Load()
    running = []
    try:
        for kind in api_servers.EVERY:
            if not names or kind.name in names:
                try:
                    running.append(kind(plan.held))
                except servers.Missing as reason:
                    print(f"left out: {kind.name} ({reason})", flush=True)
        for call in wanted:
            for server in running:
                check(server, call.operation)
            rounds(plan, running, call, found)
    finally:
        for server in running:
            server.stop()
    return calls_table([server.name for server in running], wanted, found, load.percent())


def rounds(plan: Plan, running: list, call: Call, found: Found) -> None:
    """All servers in turn, another one first each time; the first round only warms up."""
    for number in range(plan.rounds + 1):
        turn = number % len(running)
        for server in running[turn:] + running[:turn]:
            fresh = requests(server, call.operation)
            run = wrk.run(server.address, server.pids(), fresh, plan.seconds, pause=call.pause)
            if number:
                found.setdefault((server.name, call), []).append(run)
    for server in running:
        tell(server.name, call.name, found[server.name, call])


def cpu(runs: list[wrk.Run]) -> float:
    return statistics.median(run.cpu for run in runs)


def tell(name: str, what: str, runs: list[wrk.Run]) -> None:
    rate = statistics.median(run.rate for run in runs)
    print(
        f"  {name:10} {what:28} {cpu(runs):9.1f} µs of CPU ({min(run.cpu for run in runs):.1f} to"
        f" {max(run.cpu for run in runs):.1f}), {rate:,.0f}/s, {runs[0].bytes:.0f} bytes",
        flush=True,
    )


def calls_table(names: list[str], wanted, found: Found, busy: float) -> str:
    lines = [
        "CPU per call: median (lowest to highest round), and calls per CPU second.",
        "",
        "| call | " + " | ".join(names) + " | rillcast / moto, calls per CPU second | rillcast / limit |",
        "|---|" + "---|" * (len(names) + 2),
    ]
    for call in wanted:
        cells = []
        for name in names:
            runs = found[name, call]
            low, high = min(run.cpu for run in runs), max(run.cpu for run in runs)
            cells.append(f"**{cpu(runs):.1f} µs** ({low:.1f} to {high:.1f}) = {1e6 / cpu(runs):,.0f}/s")
        ours = found.get(("rillcast", call))
        for other, form in (("moto", "{:.0f}"), ("limit", "{:.2f}")):
            theirs = found.get((other, call))
            cells.append(form.format(cpu(theirs) / cpu(ours)) if ours and theirs else "")
        lines.append(f"| {call.name} | " + " | ".join(cells) + " |")
    lines += ["", f"The machine was {busy:.0f} % busy, the load itself included."]
    return "\n".join(lines)


def middle(server, channels: int) -> str:
    """The token half-way through the list, found by walking there."""
    signer, token = server.signer(), None
    with signed.Line(server.address) as line:
        for _ in range(max(1, channels // 2 // PAGE)):
            more = {"nextToken": token} if token else {}
            token = line.send(signer.request("list_channels", maxResults=PAGE, **more))["nextToken"]
    return token


def pages(plan: Plan) -> str:
    """The second table: a page, and a channel, among few and among many."""
    found: dict[tuple[int, str], list[wrk.Run]] = {}
    running, tokens = {}, {}
    try:
        for size in plan.sizes:
            begun = time.monotonic()
            running[size] = api_servers.Rillcast(size)
            print(f"  filled {size:,} channels in {time.monotonic() - begun:.0f} s", flush=True)
            tokens[size] = middle(running[size], size)
        for number in range(plan.page_rounds + 1):
            for size, server in running.items():
                for what, fresh in asked_among(server, tokens[size]):
                    # One connection: the time to answer is then the call's own.
                    run = wrk.run(server.address, server.pids(), fresh, plan.page_seconds, connections=1)
                    if number:
                        found.setdefault((size, what), []).append(run)
        found[plan.sizes[-1], f"GetChannel of {MORE:,} in turn"] = strangers(running[plan.sizes[-1]], plan)
        for (size, what), runs in found.items():
            tell(f"{size:,}", what, runs)
    finally:
        for server in running.values():
            server.stop()
    return pages_table(plan, found)


def asked_among(server, token: str):
    """What is asked of a server with few or many channels."""
    signer = server.signer()
    yield "first page", [signer.request("list_channels", maxResults=PAGE)]
    yield "page in the middle", [signer.request("list_channels", maxResults=PAGE, nextToken=token)]
    step = len(server.arns) // ASKED
    yield "GetChannel", [signer.request("get_channel", arn=arn) for arn in server.arns[::step][:ASKED]]


def strangers(server, plan: Plan) -> list[wrk.Run]:
    """GetChannel of so many channels in turn that each was forgotten when it comes again."""
    signer, step = server.signer(), len(server.arns) // MORE
    fresh = [signer.request("get_channel", arn=arn) for arn in server.arns[::step][:MORE]]
    runs = [
        wrk.run(server.address, server.pids(), fresh, plan.page_seconds * 2, connections=1)
        for _ in range(plan.page_rounds)
    ]
    return runs[1:] or runs


def pages_table(plan: Plan, found: dict[tuple[int, str], list[wrk.Run]]) -> str:
    lines = [
        "| channels | call | CPU per call | time to answer, median | p99 |",
        "|---|---|---|---|---|",
    ]
    for (size, what), runs in found.items():
        lines.append(f"| {size:,} | {what} | **{cpu(runs):.0f} µs** | {wait(runs):.0f} µs | {p99(runs):.0f} µs |")
    few, many = plan.sizes[0], plan.sizes[-1]
    told = []
    for what in ("first page", "page in the middle", "GetChannel"):
        small, large = found[few, what], found[many, what]
        told.append(f"{what} {cpu(large) / cpu(small):.2f} in CPU, {wait(large) / wait(small):.2f} in time")
    lines += ["", f"{many:,} channels beside {few:,}: {'; '.join(told)}."]
    return "\n".join(lines)


def wait(runs: list[wrk.Run]) -> float:
    return statistics.median(run.median for run in runs)


def p99(runs: list[wrk.Run]) -> float:
    return statistics.median(run.p99 for run in runs)


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
    parser.add_argument("--calls", help="only the first table, for operations such as get_channel,list_channels")
    parser.add_argument("--pages", action="store_true", help="only the second table")
    asked = parser.parse_args()
    plan = QUICK if asked.quick else Plan()
    if asked.pages:
        print(pages(plan))
    elif asked.calls:
        wanted = tuple(call for call in CALLS if call.operation in asked.calls.split(","))
        print(calls(plan, asked.only, wanted))
    else:
        print(measure(plan, asked.only))


if __name__ == "__main__":
    main()
