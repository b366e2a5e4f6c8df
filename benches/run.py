"""All benches in one run, beside their peers; `--write` renews their figures in README.md.

Promise: what is written was measured in this run on this machine, with the load
of the machine and the date beside it.
"""

from __future__ import annotations

import argparse
import datetime
import os
import pathlib
import subprocess
import time

import api
import chat
import delivery
import ladder
import latency
import publishers
import recording
import start
import streams
import viewers
from lab import meter, servers

README = pathlib.Path(__file__).with_name("README.md")
# What is measured together stands together, between two such lines of the page.
BLOCKS = {
    "figures": ("latency", "streams"),
    "ladder figures": ("ladder",),
    "publisher figures": ("publishers",),
    "api figures": ("api",),
    "chat figures": ("chat",),
    "delivery figures": ("delivery", "viewers"),
    "recording figures": ("recording",),
    "start figures": ("start",),
}


def revision() -> str:
    """The commit that was measured, or nothing outside a checkout."""
    asked = subprocess.run(
        ["git", "-C", str(servers.ROOT), "rev-parse", "--short", "HEAD"], capture_output=True, text=True, check=False
    )
    return asked.stdout.strip()


def block(name: str, what: list[str], asked: argparse.Namespace) -> str:
    """Measures what belongs to a block; its Markdown."""
    begun = time.monotonic()
    load = os.getloadavg()[0]
    day = datetime.datetime.now(datetime.UTC).date().isoformat()
    out = [f"{day}, revision {revision() or 'unknown'}; {meter.machine()}; load average before the run {load:.2f}."]
    if "latency" in what:
        plan = latency.QUICK if asked.quick else latency.Plan()
        out += ["### Glass to glass", latency.measure(plan, asked.only)]
    if "streams" in what:
        plan = streams.QUICK if asked.quick else streams.Plan()
        out += ["### CPU and memory per stream", streams.measure(plan, asked.only)]
    if "ladder" in what:
        plan = ladder.QUICK if asked.quick else ladder.Plan()
        out += ["### The ladder", ladder.measure(plan)]
    if "publishers" in what:
        plan = publishers.QUICK if asked.quick else publishers.Plan()
        out += ["### Many small publishers", publishers.measure(plan, asked.only)]
    if "api" in what:
        plan = api.QUICK if asked.quick else api.Plan()
        out += ["### Signed API calls", api.measure(plan, asked.only)]
    if "chat" in what:
        plan = chat.QUICK if asked.quick else chat.Plan()
        out += ["### Chat", chat.measure(plan, asked.only)]
    if "delivery" in what:
        plan = delivery.QUICK if asked.quick else delivery.Plan()
        out += ["### Media and playlists from memory", delivery.measure(plan)]
    if "viewers" in what:
        plan = viewers.QUICK if asked.quick else viewers.Plan()
        out += ["### Viewers who wait", viewers.measure(plan)]
    if "recording" in what:
        plan = recording.QUICK if asked.quick else recording.Plan()
        out += ["### Recording", recording.measure(plan)]
    if "start" in what:
        plan = start.QUICK if asked.quick else start.Plan()
        out += ["### Size and start", start.measure(plan)]
    out.append(f"The run took {(time.monotonic() - begun) / 60:.1f} minutes.")
    text = "\n\n".join(out)
    print("\n" + text)
    if asked.write:
        begin, end = f"<!-- {name} begin -->", f"<!-- {name} end -->"
        page = README.read_text()
        before, after = page.split(begin)[0], page.split(end)[1]
        README.write_text(f"{before}{begin}\n\n{text}\n\n{end}{after}")


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    every = [one for names in BLOCKS.values() for one in names]
    parser.add_argument("what", nargs="*", help=f"{', '.join(every)} (default: all)")
    parser.add_argument("--quick", action="store_true", help="a quarter of the time; rough")
    parser.add_argument("--only", action="append", help="a server's name; may be repeated")
    parser.add_argument("--write", action="store_true", help="renew the figures in README.md")
    asked = parser.parse_args()
    what = asked.what or every
    if unknown := set(what) - set(every):
        parser.error(f"no such bench: {', '.join(sorted(unknown))}")
    for name, members in BLOCKS.items():
        if wanted := [one for one in members if one in what]:
            block(name, wanted, asked)


if __name__ == "__main__":
    main()
