"""The ladder of a 1080p30 stream: what it costs, how late it is and how it looks, beside a bare ffmpeg command.

Ours: a STANDARD channel, its stream pushed over RTMP in real time, the server and all its children counted. Beside
it one ffmpeg command that makes the same renditions with the same encoder options of the same film in a file.
Promise: both are measured in one run; the options of the bare command are held against those of our worker, and
what differs is printed.
"""

from __future__ import annotations

import argparse
import concurrent.futures
import dataclasses
import http.client
import os
import pathlib
import re
import statistics
import subprocess
import tempfile
import time
import urllib.parse

import streams
from lab import clip as clips
from lab import listing, meter, servers

KEYFRAME_SECONDS = 2


@dataclasses.dataclass(frozen=True)
class Rung:
    """A rendition as the table of STANDARD has it."""

    name: str
    size: str
    video: int
    #: Bits a second of its own sound; the source's where it is None.
    audio: int | None = None


#: STANDARD's for 1080p30, beside the source itself.
RUNGS = (
    Rung("720p30", "1280x720", 2_400_000),
    Rung("480p30", "852x480", 1_400_000),
    Rung("360p30", "640x360", 630_000, 64_000),
    Rung("160p30", "284x160", 230_000, 48_000),
)


@dataclasses.dataclass
class Plan:
    seconds: int = 60
    settle: float = 6.0
    listing: float = 20.0


QUICK = Plan(seconds=20, settle=4.0, listing=8.0)


class Ladder(servers.Rillcast):
    """Our server with its transcoder."""

    name = "rillcast"
    channel_type = "STANDARD"
    transcoding = ("--transcoding", "on")

    def cpu(self) -> tuple[float, float]:
        """CPU seconds so far: of the server itself, and of all its children, those that are over too."""
        own, *children = self.pids()
        return meter.cpu_seconds([own]), meter.cpu_seconds(children) + meter.reaped_seconds(own)

    def renditions(self) -> dict[str, str]:
        """URLs of the media playlists by the names of the renditions, best first."""
        url, found, name = self.watch[0], {}, ""
        for line in servers.fetch(url).decode().splitlines():
            if line.startswith("#EXT-X-STREAM-INF:"):
                name = re.search(r'VIDEO="([^"]*)"', line)[1]
            elif line and not line.startswith("#"):
                found[name] = urllib.parse.urljoin(url, line)
        return found

    def is_climbed(self) -> bool:
        try:
            return len(self.renditions()) == len(RUNGS) + 1
        except OSError:
            return False

    def worker(self) -> list[str]:
        """The command line of the ffmpeg at work."""
        for pid in self.pids()[1:]:
            words = pathlib.Path(f"/proc/{pid}/cmdline").read_bytes().decode(errors="replace").split("\0")
            if "libx264" in words:
                return words
        return []


class Plain(Ladder):
    """The same without thumbnails, which the bare command does not make either."""

    name = "rillcast, no thumbnails"
    transcoding = ("--transcoding", "on", "--thumbnail-seconds", "0")


#: What is said to each encoder, in the order in which ffmpeg gets it.
ENCODER = [
    *("-c:v", "libx264", "-preset", "veryfast", "-tune", "zerolatency", "-profile:v", "main", "-threads", "1"),
    *("-force_key_frames", "source", "-forced-idr", "1", "-sc_threshold", "0", "-g", "100000", "-bf", "0"),
    *("-fps_mode", "passthrough", "-enc_time_base", "1/90000"),
]
#: To files whose times are the film's.
STREAM = ["-muxdelay", "0", "-muxpreload", "0", "-f", "mpegts"]


def bare(film: pathlib.Path, folder: pathlib.Path, seconds: int, *, paced: bool = False) -> list[str]:
    """One command that makes the same renditions."""
    names = [f"[v{at}]" for at in range(len(RUNGS))]
    graph = f"[0:v]split={len(RUNGS)}" + "".join(f"[s{at}]" for at in range(len(RUNGS)))
    for at, rung in enumerate(RUNGS):
        graph += f";[s{at}]scale={rung.size.replace('x', ':')}{names[at]}"
    command = ["ffmpeg", "-nostdin", "-v", "error", "-y", "-threads", "1", *(["-re"] if paced else []), "-copyts"]
    command += ["-i", str(film), "-filter_complex", graph]
    for at, rung in enumerate(RUNGS):
        rate = str(rung.video)
        command += ["-map", names[at], "-map", "0:a", *ENCODER, "-b:v", rate, "-maxrate", rate, "-bufsize", rate]
        command += ["-c:a", "aac", "-b:a", str(rung.audio)] if rung.audio else ["-c:a", "copy"]
        command += ["-t", str(seconds), *STREAM, str(folder / f"{rung.name}.ts")]
    return command


@dataclasses.dataclass
class Cost:
    """CPU seconds."""

    server: float
    children: float
    wall: float
    resident: int = 0
    machine: float = 0.0

    @property
    def all(self) -> float:
        return self.server + self.children


def run_bare(film: pathlib.Path, folder: pathlib.Path, plan: Plan, *, paced: bool) -> Cost:
    load, begun = meter.Load(), time.monotonic()
    process = subprocess.Popen(bare(film, folder, plan.seconds, paced=paced))
    _, status, usage = os.wait4(process.pid, 0)
    if status:
        raise RuntimeError(f"the bare command failed: {os.waitstatus_to_exitcode(status)}")
    process.returncode = 0
    cpu = usage.ru_utime + usage.ru_stime
    return Cost(0.0, cpu, time.monotonic() - begun, usage.ru_maxrss * 1024, load.percent())


@dataclasses.dataclass
class Ours:
    cost: Cost
    lost: int  # workers that fell behind or died: then fewer pictures were coded than should be
    first: float  # seconds from the first frame to a whole ladder that can be played
    late: dict[str, list[float]]  # ms that a rendition's parts are listed after the source's
    gaps: int
    folder: pathlib.Path  # with each rendition in a file
    worker: list[str]


def run_ours(kind, plan: Plan, folder: pathlib.Path, *, whole: bool) -> Ours:
    """Costs, and with `whole` also lateness and media."""
    with kind(1, KEYFRAME_SECONDS) as server:
        quiet(server)
        publishers = streams.Publishers(KEYFRAME_SECONDS, "full")
        try:
            begun = time.monotonic()
            publishers.add(server.publish)
            servers.until("the whole ladder", server.is_climbed, 60)
            first, renditions = time.monotonic() - begun, server.renditions()
            time.sleep(plan.settle)
            load, before, at = meter.Load(), server.cpu(), time.monotonic()
            time.sleep(plan.seconds)
            after, wall = server.cpu(), time.monotonic() - at
            share = plan.seconds / wall
            used = [(new - old) * share for old, new in zip(before, after, strict=True)]
            cost = Cost(*used, wall, meter.resident_bytes(server.pids()), load.percent())
            worker, late, gaps = server.worker(), {}, 0
            if whole:
                late, gaps = lateness(renditions, plan.listing)
                keep(renditions, folder)
            lost = (server.folder / "log").read_text().count("transcoding worker lost")
            publishers.close()
        finally:
            publishers.process.kill()
    return Ours(cost, lost, first, late, gaps, folder, worker)


def quiet(server) -> None:
    """Waits until the server has examined the machine: that is a cost of its start, not of a stream."""

    def rests() -> bool:
        before = sum(server.cpu())
        time.sleep(0.5)
        return sum(server.cpu()) - before < 0.02 and len(server.pids()) == 1

    servers.until("the server to rest", rests, 120)


def lateness(renditions: dict[str, str], seconds: float) -> tuple[dict[str, list[float]], int]:
    """How many ms after the source's each part is listed, by rendition; and how many parts were gaps."""
    end = time.monotonic() + seconds
    with concurrent.futures.ThreadPoolExecutor(len(renditions)) as threads:
        found = list(threads.map(lambda url: seen(url, end), renditions.values()))
    (source, _), *_ = found
    late = {}
    for name, (times, _) in list(zip(renditions, found, strict=True))[1:]:
        late[name] = [(at - source[part]) * 1000 for part, at in times.items() if part in source]
    return late, sum(gaps for _, gaps in found)


def seen(url: str, end: float) -> tuple[dict[tuple[int, int], float], int]:
    """When each part was first listed, by its numbers; and how many were gaps."""
    parts = urllib.parse.urlsplit(url)
    line = http.client.HTTPConnection(parts.hostname, parts.port, timeout=10)
    times: dict[tuple[int, int], float] = {}
    following, gaps = None, 0
    while time.monotonic() < end:
        query = f"?_HLS_msn={following[0]}&_HLS_part={following[1]}" if following else ""
        body, at = listing._get(line, url + query)
        text = body.decode()
        if following:
            times[following] = at
            gaps += "GAP=YES" in [x for x in text.splitlines() if x.startswith("#EXT-X-PART:")][-1]
        following = listing._next(text)
    return times, gaps


def keep(renditions: dict[str, str], folder: pathlib.Path) -> None:
    """The same segments of each rendition as a file of that name."""
    newest = {name: numbered(url) for name, url in renditions.items()}
    common = set.intersection(*(set(segments) for segments, _ in newest.values()))
    for name, (segments, head) in newest.items():
        with (folder / f"{name}.mp4").open("wb") as file:
            file.write(servers.fetch(head))
            for number in sorted(common):
                file.write(servers.fetch(segments[number]))


def numbered(url: str) -> tuple[dict[int, str], str]:
    """URLs of the closed segments by their numbers, and of what goes before them."""
    found, number, head = {}, 0, ""
    for line in servers.fetch(url).decode().splitlines():
        if line.startswith("#EXT-X-MEDIA-SEQUENCE:"):
            number = int(line.split(":")[1])
        elif line.startswith("#EXT-X-MAP:"):
            head = urllib.parse.urljoin(url, line.split('URI="')[1].split('"')[0])
        elif line and not line.startswith("#"):
            found[number] = urllib.parse.urljoin(url, line)
            number += 1
    return found, head


def likeness(made: pathlib.Path, source: pathlib.Path, size: str, measure: str) -> float:
    """SSIM or VMAF of a rendition against the source scaled to its size; pictures are matched by their times."""
    scaled = f"[1:v]scale={size.replace('x', ':')}[source];[0:v][source]"
    ask = {"ssim": "ssim", "vmaf": "libvmaf=n_threads=2"}[measure]
    done = subprocess.run(
        ["ffmpeg", "-nostdin", "-hide_banner", "-copyts", "-i", str(made), "-copyts", "-i", str(source),
         "-filter_complex", f"{scaled}{ask}", "-an", "-f", "null", "-"],
        capture_output=True, text=True, check=True,
    )  # fmt: skip
    return float(re.search({"ssim": r"SSIM .*All:([\d.]+)", "vmaf": r"VMAF score: ([\d.]+)"}[measure], done.stderr)[1])


def rate(file: pathlib.Path) -> float:
    """Bits a second of a file's pictures, without the container."""
    ask = ["ffprobe", "-v", "error", "-select_streams", "v", "-show_entries", "packet=size,pts_time", "-of", "csv=p=0"]
    asked = subprocess.run([*ask, str(file)], capture_output=True, text=True, check=True)
    rows = [line.strip(",").split(",") for line in asked.stdout.split()]
    times = [float(row[0]) for row in rows]
    return sum(int(row[1]) for row in rows) * 8 / (max(times) - min(times) + 1 / 30)


def measures() -> list[str]:
    """What this machine's ffmpeg can say of a picture's quality."""
    filters = subprocess.run(["ffmpeg", "-hide_banner", "-filters"], capture_output=True, text=True, check=True).stdout
    return ["ssim", "vmaf"] if " libvmaf " in filters else ["ssim"]


def percentile(values: list[float], share: float) -> float:
    ordered = sorted(values)
    return ordered[min(len(ordered) - 1, int(share * len(ordered)))]


#: What must be the same on both sides, for each encoder.
COMPARED = ("-preset", "-tune", "-profile:v", "-b:v", "-maxrate", "-bufsize", "-threads", "-x264-params")


def options(command: list[str]) -> list[dict[str, str]]:
    """The options of each video encoder of a command, without the numbers of streams behind their names."""
    groups: list[dict[str, str]] = []
    for name, value in zip(command, command[1:]):
        if value == "libx264":
            groups.append({})
        plain = {"-b:v:0": "-b:v", "-threads:v": "-threads", "-profile:v:0": "-profile:v"}.get(name, name)
        if groups and plain in COMPARED:
            groups[-1].setdefault(plain, value)
    return groups


def differences(ours: list[str], theirs: list[str]) -> list[str]:
    """Where the encoders were told different things."""
    found = []
    pairs = list(zip(RUNGS, options(ours), options(theirs)))
    if len(pairs) < len(RUNGS):
        found.append(f"only {len(pairs)} encoders of ours were seen at work")
    for name in COMPARED:
        where: dict[tuple[str, str], list[str]] = {}
        for rung, mine, bares in pairs:
            if mine.get(name) != bares.get(name):
                where.setdefault((mine.get(name, "not said"), bares.get(name, "not said")), []).append(rung.name)
        for (told, bare_told), rungs in where.items():
            found.append(f"{', '.join(rungs)}: `{name}` is {told} in ours, {bare_told} in the bare command")
    return found


def measure(plan: Plan, only: list[str] | None = None) -> str:
    """Runs the plan; tables as Markdown."""
    clip = clips.load(servers.CACHE, KEYFRAME_SECONDS, clips.FULL)
    memory = "/dev/shm" if os.access("/dev/shm", os.W_OK) else None
    with tempfile.TemporaryDirectory(prefix="bench-ladder-", dir=memory) as name:
        folder = pathlib.Path(name)
        film = folder / "film.flv"
        clip.write(film, plan.seconds)
        costs: dict[str, Cost] = {}
        ours: dict[str, Ours] = {}

        def told(what: str, cost: Cost) -> None:
            costs[what] = cost
            print(f"  {what}: {cost.all:.1f} CPU s of {plan.seconds} s, machine {cost.machine:.0f} % busy", flush=True)

        def wanted(what: str) -> bool:
            return not only or any(word in what for word in only)

        if wanted("bare ffmpeg"):
            told("bare ffmpeg", run_bare(film, folder, plan, paced=False))
        for kind in (Plain, Ladder):
            if wanted(kind.name):
                ours[kind.name] = run_ours(kind, plan, folder, whole=kind is Plain)
                told(kind.name, ours[kind.name].cost)
                if lost := ours[kind.name].lost:
                    print(f"  {lost} workers were lost: the machine is too busy, and this run says nothing", flush=True)
        if wanted("bare ffmpeg, in real time"):
            told("bare ffmpeg, in real time", run_bare(film, folder, plan, paced=True))
        out = [costs_table(costs, plan, clip)]
        out += [
            f"{name}: {one.lost} workers were lost, so this says nothing." for name, one in ours.items() if one.lost
        ]
        if one := ours.get(Plain.name):
            out += [latency_table(one, plan)]
            if "bare ffmpeg" in costs:
                out += [quality_table(folder, film)]
            different = differences(one.worker, bare(film, folder, plan.seconds))
            out += ["What the encoders were told: " + ("the same." if not different else "; ".join(different) + ".")]
        return "\n\n".join(out)


def costs_table(costs: dict[str, Cost], plan: Plan, clip) -> str:
    lines = [
        f"{clips.FULL.size}, 30 pictures a second, {clip.bytes_per_second * 8 / 1e6:.1f} Mb/s, keyframes each"
        f" {KEYFRAME_SECONDS} s; {plan.seconds} s of it; {', '.join(rung.name for rung in RUNGS)} beside the source.",
        "",
        "| | CPU seconds | of it the server | its children | cores | of the bare command's | RSS | wall | busy |",
        "|---|---|---|---|---|---|---|---|---|",
    ]
    bares = [cost.all for name, cost in costs.items() if name.startswith("bare")]
    for name, cost in costs.items():
        shares = " / ".join(f"{cost.all / one:.2f}" for one in bares)
        server = f"{cost.server:.2f}" if cost.server else ""
        lines.append(
            f"| {name} | **{cost.all:.1f}** | {server} | {cost.children:.1f} | {cost.all / plan.seconds:.2f} | {shares}"
            f" | {cost.resident / 1e6:.0f} MB | {cost.wall:.0f} s | {cost.machine:.0f} % |"
        )
    lines += ["", "Shares: of the bare command as fast as it goes / in real time (`-re`)."]
    return "\n".join(lines)


def latency_table(ours: Ours, plan: Plan) -> str:
    lines = [
        f"Parts of a rendition listed after the source's part of the same number, ms; {plan.listing:.0f} s of parts,"
        f" {ours.gaps} of them gaps. From the first frame to the whole ladder: {ours.first:.1f} s.",
        "",
        "| rendition | median | p95 | worst | parts |",
        "|---|---|---|---|---|",
    ]
    for name, late in ours.late.items():
        if late:
            figures = [f"{x:.0f}" for x in (percentile(late, 0.95), max(late))]
            lines.append(f"| {name} | **{statistics.median(late):.0f}** | {' | '.join(figures)} | {len(late)} |")
    return "\n".join(lines)


def quality_table(folder: pathlib.Path, film: pathlib.Path) -> str:
    named = {path.stem: path for path in folder.glob("*.mp4")}
    best = max(named, key=lambda name: named[name].stat().st_size)
    heads = " | ".join(f"{one.upper()}, ours | {one.upper()}, bare" for one in measures())
    lines = [
        "Against the source, scaled to the rendition's size. Rates are those of the pictures alone.",
        "",
        f"| rendition | asked for | rate, ours | rate, bare | {heads} |",
        "|---|---|---|---|" + "---|---|" * len(measures()),
    ]
    for rung in RUNGS:
        made, plain = named[rung.name], folder / f"{rung.name}.ts"
        cells = [f"{rung.video / 1e6:.2f}", f"{rate(made) / 1e6:.2f}", f"{rate(plain) / 1e6:.2f} Mb/s"]
        for one in measures():
            ours, theirs = likeness(made, named[best], rung.size, one), likeness(plain, film, rung.size, one)
            cells += [f"**{ours:.4f}**", f"{theirs:.4f}"]
        lines.append(f"| {rung.name} | " + " | ".join(cells) + " |")
    return "\n".join(lines)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--quick", action="store_true", help="20 s instead of 60")
    parser.add_argument("--only", action="append", help="bare or rillcast; may be repeated")
    asked = parser.parse_args()
    print(measure(QUICK if asked.quick else Plan(), asked.only))


if __name__ == "__main__":
    main()
