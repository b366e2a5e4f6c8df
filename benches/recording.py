"""What it costs to record: CPU and bytes written of recorded streams beside the same streams unrecorded.

Servers of our own stand side by side in the same seconds, each with the same streams: one records nothing, one into
buckets on disk, one into an S3 service. Then one stream is recorded for hours, faster than life, to see whether an
hour costs more the longer it goes on. Promise: all figures of a table are of the same seconds on one machine; the S3
service's own work is not counted.
"""

from __future__ import annotations

import argparse
import dataclasses
import os
import pathlib
import shutil
import statistics
import subprocess
import sys
import tempfile
import threading
import time

import streams
from lab import clip as clips
from lab import meter, servers

sys.path.insert(0, str(servers.ROOT / "tests"))
from harness.buckets import S3Buckets

KEYFRAME_SECONDS = 2
BUCKET = "bench"
#: Seconds of a long recording before its first hour is counted.
BEFORE = 240


@dataclasses.dataclass
class Plan:
    streams: int = 10
    settle: float = 25.0
    windows: int = 3
    # Several chunks of each stream end in it.
    seconds: float = 30.0
    # Of the long recording.
    hours: int = 4
    speed: float = 60.0


QUICK = Plan(streams=5, settle=15.0, windows=2, seconds=20.0, hours=2, speed=120.0)


class Plain(servers.Rillcast):
    """Records nothing. Its files are on the checkout's disk: what is written to it counts here."""

    name = "not recorded"
    recording: dict | None = None
    environment: dict[str, str] = {}

    def __init__(self, count: int):
        super().__init__(count, KEYFRAME_SECONDS)

    def start(self, count: int) -> subprocess.Popen:
        shutil.rmtree(self.folder)
        servers.CACHE.mkdir(parents=True, exist_ok=True)
        self.folder = pathlib.Path(tempfile.mkdtemp(prefix="recording-", dir=servers.CACHE))
        self.log.close()
        self.log = (self.folder / "log").open("wb")
        return super().start(count)

    def run(self, *command) -> subprocess.Popen:
        environment = {key: value for key, value in os.environ.items() if not key.startswith(("RILLCAST_", "AWS_"))}
        environment |= {"RUST_LOG": "warn", **self.environment}
        return subprocess.Popen(
            [str(word) for word in command], stdout=self.log, stderr=self.log, cwd=self.folder, env=environment
        )

    def wait_ready(self) -> None:
        super().wait_ready()
        if self.recording is None:
            return
        ivs = self.client()
        made = ivs.create_recording_configuration(
            destinationConfiguration={"s3": {"bucketName": BUCKET}}, **self.recording
        )
        arn = made["recordingConfiguration"]["arn"]

        def tried() -> bool:
            return ivs.get_recording_configuration(arn=arn)["recordingConfiguration"]["state"] == "ACTIVE"

        servers.until("the bucket to be tried", tried)
        for channel in ivs.list_channels(maxResults=100)["channels"]:
            ivs.update_channel(arn=channel["arn"], recordingConfigurationArn=arn)

    def examined(self) -> None:
        """Waits until the server knows what the machine can do: a cost of its start, not of a stream."""
        if self.transcoding[1] == "on":
            servers.until("ffmpeg to be looked at", lambda: meter.reaped_seconds(self.process.pid) > 0, 60)
            servers.until("an end of that", self._rests, 60)

    def _rests(self) -> bool:
        before = self.cpu()
        time.sleep(2.0)
        return self.cpu() - before < 0.05

    def cpu(self) -> float:
        """Seconds so far, of all children too, those that are over included."""
        return meter.cpu_seconds(self.pids()) + meter.reaped_seconds(self.process.pid)

    def written(self) -> int:
        """Bytes that were sent towards the disk."""
        return io(self.process.pid)["write_bytes"]

    def recorded(self) -> list[pathlib.Path]:
        """Media of recordings on this server's disk, on its tapes and in its buckets."""
        data = self.folder / "data"
        return [file for place in ("recordings", "buckets") for file in (data / place).rglob("*.*") if media(file)]


class OnDisk(Plain):
    name = "recorded, disk"
    recording = {"thumbnailConfiguration": {"recordingMode": "DISABLED"}}


class InS3(OnDisk):
    name = "recorded, S3"


class WithFfmpeg(Plain):
    """Thumbnails are ffmpeg's work: beside a server that makes recordings' stands one that may run it. None for players."""

    name = "not recorded, ffmpeg allowed"
    transcoding = ("--transcoding", "on", "--thumbnail-passed-seconds", "0")


class WithThumbnails(WithFfmpeg):
    name = "recorded, disk, a thumbnail each 60 s"
    recording = {"thumbnailConfiguration": {"recordingMode": "INTERVAL", "targetIntervalSeconds": 60}}


def media(file: pathlib.Path) -> bool:
    return file.suffix in (".ts", ".mp4") and file.is_file()


def io(pid: int) -> dict[str, int]:
    """The kernel's account of what a process read and wrote."""
    lines = pathlib.Path(f"/proc/{pid}/io").read_text().splitlines()
    return {name: int(value) for name, value in (line.split(": ") for line in lines)}


@dataclasses.dataclass
class Reading:
    cpu: list[float]  # % of a core per stream
    written: float  # bytes a second and stream
    resident: float  # bytes a stream, less the idle server's
    at_rest: int  # bytes of media that are recorded at the end


def side_by_side(kinds: list[type[Plain]], plan: Plan) -> tuple[dict[str, Reading], float, dict]:
    """All servers in the same seconds."""
    s3 = S3Buckets().start()
    s3.make(BUCKET)
    InS3.environment = s3.settings()
    running: list[Plain] = []
    fleet = streams.Publishers(KEYFRAME_SECONDS)
    try:
        for kind in kinds:
            running.append(kind(plan.streams))
        for server in running:
            server.examined()
        idle = [meter.resident_bytes(server.pids()) for server in running]
        for number in range(plan.streams):
            fleet.add([server.publish[number] for server in running])
        time.sleep(plan.settle)
        load, found = meter.Load(), [([], server.written()) for server in running]
        for _ in range(plan.windows):
            before, at = [server.cpu() for server in running], time.monotonic()
            time.sleep(plan.seconds)
            wall = time.monotonic() - at
            for server, (cpu, _), was in zip(running, found, before, strict=True):
                cpu.append((server.cpu() - was) / wall / plan.streams * 100)
        share = plan.streams * plan.windows * plan.seconds
        readings = {}
        for server, (cpu, was), empty in zip(running, found, idle, strict=True):
            grown = (meter.resident_bytes(server.pids()) - empty) / plan.streams
            at_rest = sum(file.stat().st_size for file in server.recorded())
            if isinstance(server, InS3):
                at_rest += sum(size for key, size in s3.keys(BUCKET).items() if key.endswith((".ts", ".mp4")))
            readings[server.name] = Reading(cpu, (server.written() - was) / share, grown, at_rest)
            must_record(server, at_rest)
        return readings, load.percent(), fleet.close()
    finally:
        fleet.process.kill()
        for server in running:
            server.stop()
        s3.remove()


def must_record(server: Plain, at_rest: int) -> None:
    """A figure of a server that records nothing would look fine."""
    if (server.recording is not None) != (at_rest > 0):
        raise RuntimeError(f"{server.name}: {at_rest} bytes of media are recorded")


# One recording for hours


@dataclasses.dataclass
class Hour:
    cpu: float  # seconds
    written: int  # bytes that were handed to the kernel for files
    resident: int


@dataclasses.dataclass
class Long:
    hours: list[Hour]
    unrecorded: list[Hour]
    playlists: int  # bytes of the media playlists at the end
    chunks: int


def long(plan: Plan) -> Long:
    """The same small stream at the same time to a server that records and to one that does not."""
    film = servers.CACHE / "long.flv"
    clips.load(servers.CACHE, KEYFRAME_SECONDS, clips.SMALL).write(film, plan.hours * 3600 + 2 * BEFORE)
    running, senders = [], []
    try:
        running += [OnDisk(1), Plain(1)]
        senders = [Sender(film, server.publish[0], plan.speed) for server in running]
        # Its start is not an hour's cost.
        for sender in senders:
            sender.reach(BEFORE)
        was, found = [spent(server) for server in running], [[], []]
        for hour in range(1, plan.hours + 1):
            for at, (server, sender) in enumerate(zip(running, senders, strict=True)):
                if not sender.reach(BEFORE + hour * 3600):
                    said = (server.folder / "log").read_text(errors="replace")
                    raise RuntimeError(f"an encoder was sent away ({server.name}): {said}")
                now = spent(server)
                resident = meter.resident_bytes([server.process.pid])
                found[at].append(Hour(now[0] - was[at][0], now[1] - was[at][1], resident))
                was[at] = now
        chunks = running[0].recorded()
        expected = plan.hours * 3600 / 14 * 0.9
        if len(chunks) < expected:
            raise RuntimeError(f"{len(chunks)} chunks of {plan.hours} hours: less than were sent")
        lists = [file for file in (running[0].folder / "data/buckets").rglob("*.m3u8")]
        return Long(*found, sum(file.stat().st_size for file in lists), len(chunks))
    finally:
        for sender in senders:
            sender.stop()
        for server in running:
            server.stop()
        film.unlink(missing_ok=True)


def spent(server: Plain) -> tuple[float, int]:
    """CPU seconds, and bytes handed over for files, so far."""
    return server.cpu(), io(server.process.pid)["wchar"]


class Sender:
    """An ffmpeg that sends a film faster than life."""

    def __init__(self, film: pathlib.Path, url: str, speed: float):
        command = ["ffmpeg", "-nostdin", "-v", "error", "-progress", "-", "-stats_period", "0.05"]
        command += ["-readrate", str(speed), "-i", str(film), "-c", "copy", "-f", "flv", url]
        self.process = subprocess.Popen(command, stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, text=True)
        self.sent = 0.0  # seconds of the film
        # Nobody else may keep it from writing.
        self.listener = threading.Thread(target=self._listen, daemon=True)
        self.listener.start()

    def _listen(self) -> None:
        for line in self.process.stdout:
            name, _, value = line.strip().partition("=")
            if name == "out_time_us" and value.isdigit():
                self.sent = int(value) / 1e6

    def reach(self, seconds: float) -> bool:
        """Waits until so much of the film is sent; was it?"""
        while self.sent < seconds and self.process.poll() is None:
            time.sleep(0.02)
        return self.sent >= seconds

    def stop(self) -> None:
        self.process.kill()
        self.process.wait()
        self.listener.join()


# Telling


def measure(plan: Plan) -> str:
    """Runs the plan; the tables as Markdown."""
    clip = clips.load(servers.CACHE, KEYFRAME_SECONDS)
    out = [
        f"{plan.streams} streams on each server at the same time, {clip.bytes_per_second / 1e6:.2f} MB of media a second"
        f" and stream, a keyframe each {KEYFRAME_SECONDS} s, fragmented MP4. CPU: median (lowest to highest of"
        f" {plan.windows} windows of {plan.seconds:.0f} s). Written: bytes sent towards the disk by the kernel's account,"
        " of those of the media."
    ]
    for kinds in ([Plain, OnDisk, InS3], [WithFfmpeg, WithThumbnails]):
        readings, busy, kept_time = side_by_side(kinds, plan)
        out.append(table(readings, clip.bytes_per_second, busy))
        late = kept_time["late"] / max(1, kept_time["frames"]) * 100
        out.append(f"Publisher: {late:.1f} % of frames more than 10 ms late.")
    out.append(hours(long(plan), plan))
    return "\n\n".join(out)


def table(readings: dict[str, Reading], rate: float, busy: float) -> str:
    lines = [
        "| | CPU per stream, % of a core | of the unrecorded stream's | CPU seconds per stream-hour"
        " | written, of the media | memory per stream | busy machine |",
        "|---|---|---|---|---|---|---|",
    ]
    base = statistics.median(next(iter(readings.values())).cpu)
    for name, one in readings.items():
        cpu = statistics.median(one.cpu)
        lines.append(
            f"| {name} | **{cpu:.3f}** ({min(one.cpu):.3f} to {max(one.cpu):.3f}) | **{cpu / base:.2f}** | {cpu * 36:.1f}"
            f" | {one.written / rate:.2f} | {one.resident / 1e6:.1f} MB | {busy:.0f} % |"
        )
    return "\n".join(lines)


def hours(one: Long, plan: Plan) -> str:
    rate = clips.load(servers.CACHE, KEYFRAME_SECONDS, clips.SMALL).bytes_per_second
    lines = [
        f"One stream of {rate * 8 / 1e6:.2f} Mb/s for {plan.hours} hours at {plan.speed:.0f} times the speed of life,"
        f" recorded to disk and not, at the same time: {one.chunks} chunks, playlists of {one.playlists / 1e3:.0f} kB at"
        " the end. Written: bytes of all writes to files.",
        "",
        "| hour | CPU seconds, recorded | not recorded | written, recorded | not recorded | RSS, recorded | not recorded |",
        "|---|---|---|---|---|---|---|",
    ]
    for number, (with_, without) in enumerate(zip(one.hours, one.unrecorded, strict=True), 1):
        lines.append(
            f"| {number} | **{with_.cpu:.2f}** | {without.cpu:.2f} | {with_.written / 1e6:.0f} MB"
            f" | {without.written / 1e6:.0f} MB | {with_.resident / 1e6:.0f} MB | {without.resident / 1e6:.0f} MB |"
        )
    first, last = one.hours[0], one.hours[-1]
    lines += ["", f"The last hour's CPU, of the first's: {last.cpu / first.cpu:.2f}."]
    return "\n".join(lines)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--quick", action="store_true", help="fewer streams, shorter windows")
    parser.add_argument("--streams", type=int, help="how many on each server")
    parser.add_argument("--only", choices=["cost", "long"], help="half of it")
    asked = parser.parse_args()
    plan = QUICK if asked.quick else Plan()
    if asked.streams:
        plan = dataclasses.replace(plan, streams=asked.streams)
    if asked.only == "cost":
        readings, busy, _ = side_by_side([Plain, OnDisk, InS3], plan)
        print(table(readings, clips.load(servers.CACHE, KEYFRAME_SECONDS).bytes_per_second, busy))
    elif asked.only == "long":
        print(hours(long(plan), plan))
    else:
        print(measure(plan))


if __name__ == "__main__":
    main()
