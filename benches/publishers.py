"""Many publishers that send little: what each costs a server, and how soon others hear of its end.

Two hundred small streams (320x180, 15 frames a second, 0.13 Mb/s) on rillcast, nginx-rtmp and multimux, one
after another; then publishers come and go beside them, and a receiver of webhooks notes when it is told. Promise:
all figures of a table are of one run on one machine.
"""

from __future__ import annotations

import argparse
import dataclasses
import http.server
import statistics
import threading
import time

import streams
from lab import clip as clips
from lab import meter, publisher, servers

KEYFRAME_SECONDS = 2


@dataclasses.dataclass
class Plan:
    publishers: int = 200
    # Until windows are full: a bit more than in `streams`, for the small clip's parts are as many.
    fill: float = 38.0
    windows: int = 3
    seconds: float = 5.0
    leavers: int = 30


QUICK = Plan(publishers=50, fill=20.0, windows=2, leavers=10)


class Receiver:
    """Takes webhooks and notes the moment of each."""

    def __init__(self):
        self.told: list[tuple[float, str]] = []
        receiver = self

        class Handler(http.server.BaseHTTPRequestHandler):
            protocol_version = "HTTP/1.1"

            def do_POST(self):
                at = time.monotonic()
                body = self.rfile.read(int(self.headers.get("Content-Length", 0))).decode()
                receiver.told.append((at, body))
                self.send_response(200)
                self.send_header("Content-Length", "0")
                self.end_headers()

            def log_message(self, *_):
                pass

        self.server = http.server.ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        self.url = f"http://127.0.0.1:{self.server.server_port}/"
        threading.Thread(target=self.server.serve_forever, daemon=True).start()

    def heard(self, since: float, *words: str) -> float | None:
        """When it was first told something with these words in it."""
        times = [at for at, body in self.told if at >= since and all(word in body for word in words)]
        return min(times, default=None)

    def close(self) -> None:
        self.server.shutdown()
        self.server.server_close()


@dataclasses.dataclass
class Reading:
    cpu: list[float]  # % of a core per stream
    memory: float  # resident bytes per stream, less the idle server's
    delays: list[float]  # seconds from a publisher's end to its news
    machine: float
    load: dict


def measure_one(kind, plan: Plan) -> Reading:
    receiver = Receiver()
    # The last one is for those who come and go.
    with kind(plan.publishers + 1, KEYFRAME_SECONDS, receiver.url) as server:
        fleet = streams.Publishers(KEYFRAME_SECONDS, "small")
        try:
            idle = meter.resident_bytes(server.pids())
            fleet.add(server.publish[: plan.publishers])
            time.sleep(plan.fill)
            machine = meter.Load()
            cpu = [window(server, plan) for _ in range(plan.windows)]
            memory = (meter.resident_bytes(server.pids()) - idle) / plan.publishers
            busy = machine.percent()
            delays = [leave(server, receiver) for _ in range(plan.leavers)]
            delays = [delay for delay in delays if delay is not None]
            reading = Reading(cpu, memory, delays, busy, fleet.close())
        finally:
            fleet.process.kill()
            receiver.close()
    told = f"news after {statistics.median(delays) * 1000:.1f} ms" if delays else "tells nobody"
    print(f"  {kind.name:10} {statistics.median(cpu):.4f} % of a core, {memory / 1e6:.2f} MB a stream, {told}", flush=True)
    return reading


def window(server, plan: Plan) -> float:
    pids = server.pids()
    cpu, at = meter.cpu_seconds(pids), time.monotonic()
    time.sleep(plan.seconds)
    return (meter.cpu_seconds(pids) - cpu) / (time.monotonic() - at) / plan.publishers * 100


def leave(server, receiver: Receiver) -> float | None:
    """Publishes for a moment and goes: the time until the receiver was told; nothing from servers that tell nobody."""
    # From another address: rillcast takes 200 connections from one.
    connection = publisher.Connection(server.publish[-1], "127.0.0.2")
    connection.publish()
    time.sleep(0.3)
    gone = time.monotonic()
    connection.socket.close()
    # rillcast names the event; what nginx-rtmp posts is a form with the call's name.
    wanted = {"rillcast": "Session Ended", "nginx-rtmp": "call=publish_done"}.get(server.name)
    if not wanted:
        return None
    return servers.until("the news", lambda: receiver.heard(gone, wanted)) - gone


def measure(plan: Plan, names: list[str] | None = None) -> str:
    """Runs the plan; a table as Markdown."""
    clip = clips.load(servers.CACHE, KEYFRAME_SECONDS, clips.SMALL)
    results = {kind.name: measure_one(kind, plan) for kind in servers.present(names)}
    lines = [
        f"{plan.publishers} publishers of {clip.bytes_per_second * 8 / 1e6:.2f} Mb/s each, 15 pictures a second, a"
        f" keyframe each {KEYFRAME_SECONDS} s. CPU: median (lowest to highest of {plan.windows} windows of"
        f" {plan.seconds:.0f} s). News: from the moment a publisher closes its socket to the webhook's receiver.",
        "",
        "| server | CPU per publisher, % of a core | memory per publisher | news of an end, median | slowest | busy machine |",
        "|---|---|---|---|---|---|",
    ]
    for name, one in results.items():
        news = ["", ""]
        if one.delays:
            news = [f"**{statistics.median(one.delays) * 1000:.1f} ms**", f"{max(one.delays) * 1000:.1f} ms"]
        lines.append(
            f"| {name} | **{statistics.median(one.cpu):.4f}** ({min(one.cpu):.4f} to {max(one.cpu):.4f})"
            f" | **{one.memory / 1e6:.2f} MB** | {news[0]} | {news[1]} | {one.machine:.0f} % |"
        )
    ours = results.get(servers.Rillcast.name)
    for name, other in results.items():
        if ours and other is not ours:
            share = statistics.median(ours.cpu) / statistics.median(other.cpu)
            lines += ["", f"CPU per publisher, rillcast / {name}: {share:.2f}."]
    return "\n".join(lines)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--quick", action="store_true", help="fewer publishers, shorter windows")
    parser.add_argument("--only", action="append", help="a server's name; may be repeated")
    parser.add_argument("--publishers", type=int, help="how many; default 200")
    asked = parser.parse_args()
    plan = QUICK if asked.quick else Plan()
    if asked.publishers:
        plan = dataclasses.replace(plan, publishers=asked.publishers)
    print(measure(plan, asked.only))


if __name__ == "__main__":
    main()
