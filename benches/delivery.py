"""Media and playlists from memory: requests and bytes per second of processor time, beside nginx with files in tmpfs.

Promise: both servers send the same bytes in the same run, to the same clients over connections that stay; what is
counted is the servers' own processor time, by the kernel's clock.
"""

from __future__ import annotations

import argparse
import dataclasses
import statistics
import sys
import time
import urllib.parse

import streams
from lab import meter, origins, servers, wrk

sys.path.append(str(servers.ROOT / "tests"))
from harness.player_token import Signer  # noqa: E402

KEYFRAME_SECONDS = 2
# As a browser's player asks.
HEADERS = (
    "Host: media.example.com\r\n"
    "User-Agent: Mozilla/5.0 (X11; Linux x86_64) AppleWebKit/537.36 (KHTML, like Gecko) Chrome/140.0.0.0 Safari/537.36\r\n"
    "Accept: */*\r\n"
    "Accept-Language: en-GB,en;q=0.9\r\n"
    "Origin: https://www.example.com\r\n"
    "Referer: https://www.example.com/\r\n"
    "Sec-Fetch-Dest: empty\r\n"
    "Sec-Fetch-Mode: cors\r\n"
    "Sec-Fetch-Site: cross-site\r\n"
)


@dataclasses.dataclass
class Plan:
    rounds: int = 7
    seconds: int = 2
    fill: float = 16.0


QUICK = Plan(rounds=3, seconds=1, fill=10.0)


@dataclasses.dataclass
class Item:
    """One thing that is asked for: where, on each server."""

    name: str
    size: int
    ours: str
    nginx: str


def request(path: str) -> bytes:
    return f"GET {path} HTTP/1.1\r\n{HEADERS}\r\n".encode()


def find(origin: origins.Origin, static: origins.Static) -> list[Item]:
    """The newest of each kind: media leave the server after a while."""
    items = []
    for stream, size in enumerate(("small", "usual", "private")):
        playlist, lines = origin.media(stream)
        # Keyframes make some parts large.
        lines_of_parts = [line for line in lines if line.startswith("#EXT-X-PART:") and "INDEPENDENT" not in line]
        parts = [line.split('URI="')[1].split('"')[0] for line in lines_of_parts]
        whole = [line for line in lines if line and not line.startswith("#")]
        wanted = {f"part, {size} stream": parts[len(parts) // 2], f"segment, {size} stream": whole[-1]}
        if size == "usual":
            wanted |= {"playlist": playlist}
        if size == "small":
            wanted.popitem()
        for name, uri in wanted.items():
            url = urllib.parse.urljoin(playlist, uri)
            body = servers.fetch(url)
            file = "playlist.m3u8" if name == "playlist" else f"{len(items)}.m4s"
            items.append(Item(name, len(body), origins.path_of(url), static.put(file, body)))
    return sorted(items, key=lambda item: item.size)


def add_private(origin: origins.Origin) -> None:
    """A channel of the same stream that wants tokens."""
    signer, ivs = Signer(), origin.client()
    ivs.import_playback_key_pair(publicKeyMaterial=signer.public)
    made = ivs.create_channel(
        name="private", type="BASIC", insecureIngest=True, containerFormat="FRAGMENTED_MP4", authorized=True
    )
    channel, key = made["channel"], made["streamKey"]["value"]
    origin.publish.append(f"{origin.publish[0].rsplit('/', 1)[0]}/{key}")
    token = signer.token(channel["arn"], exp=int(time.time()) + 3_600)
    origin.watch.append(f"{origin.http}{urllib.parse.urlsplit(channel['playbackUrl']).path}?token={token}")


def measure(plan: Plan, only: list[str] | None = None) -> str:
    """Runs the plan; a table as Markdown."""
    costs: dict[tuple[str, str], dict[str, list[float]]] = {}
    sizes: dict[str, int] = {}
    with origins.Origin(2, KEYFRAME_SECONDS) as origin, origins.Static() as static:
        add_private(origin)
        small, usual = streams.Publishers(KEYFRAME_SECONDS, "small"), streams.Publishers(KEYFRAME_SECONDS)
        try:
            small.add(origin.publish[:1])
            usual.add(origin.publish[1:])
            time.sleep(plan.fill)
            load = meter.Load()
            for turn in range(plan.rounds + 1):
                for item in find(origin, static):
                    if only and not any(word in item.name for word in only):
                        continue
                    for scheme in ("http", "https"):
                        # Anew, for all of it together takes longer than media stay.
                        item = next(fresh for fresh in find(origin, static) if fresh.name == item.name)
                        sizes[item.name] = item.size
                        pair = [("rillcast", origin, item.ours), ("nginx", static, item.nginx)]
                        for name, server, path in pair if turn % 2 else reversed(pair):
                            run = wrk.run(
                                server.addresses[scheme], server.pids(), [request(path)], plan.seconds, scheme=scheme
                            )
                            print(f"  {name:8} {scheme:5} {item.name}: {run.cpu:.1f} µs", flush=True)
                            # The first round only warms both.
                            if turn:
                                costs.setdefault((item.name, scheme), {}).setdefault(name, []).append(run.cpu)
            busy = load.percent()
        finally:
            small.process.kill()
            usual.process.kill()
    return table(costs, sizes, plan, busy)


def table(costs: dict, sizes: dict[str, int], plan: Plan, busy: float) -> str:
    lines = [
        f"µs of the server's processor time per request: median (lowest to highest of {plan.rounds} rounds of"
        f" {plan.seconds} s on 16 connections that stay). Ratio: requests (and so bytes) per CPU second, ours over"
        " nginx's; more is better.",
        "",
        "| asked for | bytes | over | rillcast | nginx | ratio | our MB per CPU second |",
        "|---|---|---|---|---|---|---|",
    ]
    for (name, scheme), by in costs.items():
        ours, nginx = by["rillcast"], by["nginx"]
        figures = [f"**{statistics.median(x):.1f}** ({min(x):.1f} to {max(x):.1f})" for x in (ours, nginx)]
        ratio = statistics.median(nginx) / statistics.median(ours)
        rate = sizes[name] / statistics.median(ours)
        lines.append(
            f"| {name} | {sizes[name]:,} | {'TLS' if scheme == 'https' else 'plain'} | {figures[0]} | {figures[1]}"
            f" | **{ratio:.2f}** | {rate:,.0f} |"
        )
    for scheme in ("http", "https"):
        both = [costs.get((f"segment, {kind} stream", scheme), {}).get("rillcast") for kind in ("private", "usual")]
        if all(both):
            share = statistics.median(both[0]) / statistics.median(both[1])
            over = "TLS" if scheme == "https" else "plain"
            lines += ["", f"CPU per segment of a private channel, to that of a public one, {over}: {share:.2f}."]
    return "\n".join([*lines, "", f"The machine was {busy:.0f} % busy, the load itself included."])


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--quick", action="store_true", help="short rounds; rough")
    parser.add_argument("--only", action="append", help="a word of what is asked for; may be repeated")
    asked = parser.parse_args()
    print(measure(QUICK if asked.quick else Plan(), asked.only))


if __name__ == "__main__":
    main()
