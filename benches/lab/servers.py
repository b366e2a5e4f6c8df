"""The three servers, each with the same face: start, stop, where to send, where to watch.

Promise: every server runs on its own ports of 127.0.0.1 with its files in a
folder of its own that goes away with it; nothing installed on the machine as a
service is touched. All keep about 12 s of media; nginx cuts 2 s files, multimux
and rillcast 2 s segments (or one keyframe interval) with parts of 200 ms.
"""

from __future__ import annotations

import json
import os
import pathlib
import re
import shutil
import signal
import socket
import subprocess
import tempfile
import time
import urllib.parse
import urllib.request

from lab import meter

ROOT = pathlib.Path(__file__).resolve().parent.parent.parent
CACHE = ROOT / ".cache" / "bench"
WINDOW_SECONDS = 12
SEGMENT_SECONDS = 2
PART_MS = 200


class Missing(Exception):
    """A server that is not on this machine; the text says how to get it."""


def free_ports(count: int) -> list[int]:
    """Ports that nobody has now: bound together, so all different, then given back."""
    sockets = [socket.socket() for _ in range(count)]
    for each in sockets:
        each.bind(("127.0.0.1", 0))
    ports = [each.getsockname()[1] for each in sockets]
    for each in sockets:
        each.close()
    return ports


def until(what: str, ask, seconds: float = 30.0):
    """Polls `ask` until it answers something true."""
    deadline = time.monotonic() + seconds
    while time.monotonic() < deadline:
        found = ask()
        if found:
            return found
        time.sleep(0.02)
    raise TimeoutError(f"waited {seconds:.0f} s for {what}")


def fetch(url: str, timeout: float = 10.0) -> bytes:
    """Body of a 200, or an OSError."""
    with urllib.request.urlopen(url, timeout=timeout) as answer:
        return answer.read()


def answers(port: int) -> bool:
    """Whether something listens there."""
    try:
        socket.create_connection(("127.0.0.1", port), 1).close()
        return True
    except OSError:
        return False


def _open(lines: list[str]) -> list[str]:
    """The parts of the segment that is being made."""
    last = max((n for n, line in enumerate(lines) if line.startswith("#EXTINF:")), default=0)
    return [line for line in lines[last:] if line.startswith("#EXT-X-PART:")]


class Server:
    """One server process with room for `streams` publishers."""

    name = ""

    def __init__(self, streams: int, keyframe_seconds: int, listener: str | None = None):
        self.keyframe_seconds = keyframe_seconds
        #: URL that is told when publishers come and go, by servers that can.
        self.listener = listener
        # Memory, where there is such a folder: a slow disk is not what is measured.
        memory = "/dev/shm" if os.access("/dev/shm", os.W_OK) else None
        self.folder = pathlib.Path(tempfile.mkdtemp(prefix=f"bench-{self.name}-", dir=memory))
        self.publish: list[str] = []
        self.watch: list[str] = []
        self.log = (self.folder / "log").open("wb")
        try:
            self.process = self.start(streams)
            self.wait_ready()
        except BaseException:
            self.stop()
            raise

    def run(self, *command) -> subprocess.Popen:
        # Ours refuses variables of its prefix that it does not know, such as RILLCAST_BIN.
        environment = {key: value for key, value in os.environ.items() if not key.startswith("RILLCAST_")}
        environment["RUST_LOG"] = "warn"
        return subprocess.Popen(
            [str(word) for word in command], stdout=self.log, stderr=self.log, cwd=self.folder, env=environment
        )

    def stop(self) -> None:
        """Ends the process this object started, and no other."""
        process = getattr(self, "process", None)
        if process and process.poll() is None:
            process.send_signal(signal.SIGTERM)
            try:
                process.wait(15)
            except subprocess.TimeoutExpired:
                process.kill()
                process.wait()
        self.log.close()
        shutil.rmtree(self.folder, ignore_errors=True)

    def __enter__(self):
        return self

    def __exit__(self, *_):
        self.stop()

    def pids(self) -> list[int]:
        return meter.family(self.process.pid)

    def page(self, stream: int) -> str | None:
        """A page of the server's own that plays the stream."""
        return None

    def media(self, stream: int) -> tuple[str, list[str]]:
        """URL and lines of the stream's media playlist now."""
        url = self.watch[stream]
        lines = fetch(url).decode().splitlines()
        if not any(line.startswith("#EXTINF") for line in lines):
            url = urllib.parse.urljoin(url, next(line for line in lines if line and not line.startswith("#")))
            lines = fetch(url).decode().splitlines()
        return url, lines

    def window(self, stream: int) -> float:
        """Seconds of media in the stream's playlist now."""
        _, lines = self.media(stream)
        seconds = sum(float(line[8:].split(",")[0]) for line in lines if line.startswith("#EXTINF:"))
        for line in _open(lines):
            seconds += float(line.split("DURATION=")[1].split(",")[0])
        return seconds

    def held_bytes(self, stream: int) -> int:
        """Bytes of media that can be fetched: what is listed, and older segments that still answer.

        RFC 8216, 6.2.2: a segment that left the playlist has to stay available for as long as the
        longest playlist that held it."""
        url, lines = self.media(stream)
        segments = [line for line in lines if line and not line.startswith("#")]
        newest = [line.split('URI="')[1].split('"')[0] for line in _open(lines)]
        total = sum(len(fetch(urllib.parse.urljoin(url, uri))) for uri in segments + newest)
        found = re.fullmatch(r"((?:.*/)?\D*)(\d+)(.*)", segments[0])
        if not found:
            return total
        before, number, after = found.group(1), int(found.group(2)), found.group(3)
        while number > 0:
            number -= 1
            try:
                total += len(fetch(urllib.parse.urljoin(url, f"{before}{number}{after}")))
            except OSError:
                break
        return total

    def start(self, streams: int) -> subprocess.Popen:
        raise NotImplementedError

    def wait_ready(self) -> None:
        raise NotImplementedError


class Rillcast(Server):
    """This repository's server, release build, on its defaults but for the transcoder, which its peers have not."""

    name = "rillcast"
    channel_type = "BASIC"
    transcoding = ("--transcoding", "off")

    def start(self, streams: int) -> subprocess.Popen:
        binary = pathlib.Path(os.environ.get("RILLCAST_BIN", ROOT / "target/release/rillcast")).resolve()
        if not binary.exists():
            raise Missing("build it: cargo build --release -p rillcast")
        self.streams = streams
        here = "127.0.0.1:0"
        return self.run(
            binary, "serve", "--data-dir", self.folder / "data", "--ready-file", self.folder / "ready",
            "--http", here, "--rtmp", here, "--rtmps", here, *self.transcoding, *self.sinks(),
        )  # fmt: skip

    def sinks(self) -> list[str]:
        if not self.listener:
            return []
        file = self.folder / "sinks.toml"
        file.write_text(f'[[sink]]\nname = "bench"\nkind = "webhook"\nurl = "{self.listener}"\nplain = true\n')
        return ["--event-sinks", str(file)]

    def wait_ready(self) -> None:
        ready = self.folder / "ready"

        def bound():
            if self.process.poll() is not None:
                raise RuntimeError((self.folder / "log").read_text(errors="replace"))
            return ready.exists() and ready.stat().st_size and json.loads(ready.read_text())

        at = until("rillcast to be ready", bound)
        self.http = f"http://{at['http']}"
        ivs = self.client()
        self.channels = []
        for number in range(self.streams):
            made = ivs.create_channel(
                name=f"bench-{number}", type=self.channel_type, insecureIngest=True, containerFormat="FRAGMENTED_MP4"
            )
            playback = made["channel"]["playbackUrl"]
            path = playback[playback.index("/api/") :]
            self.channels.append(made["channel"]["arn"].rsplit("/", 1)[1])
            self.publish.append(f"rtmp://{at['rtmp']}/app/{made['streamKey']['value']}")
            self.watch.append(self.http + path)

    def page(self, stream: int) -> str | None:
        return f"{self.http}/watch/{self.channels[stream]}"

    def client(self):
        """An SDK's client of its API."""
        import configparser

        import botocore.session

        profile = configparser.ConfigParser()
        profile.read(self.folder / "data/credentials")
        return botocore.session.Session().create_client(
            "ivs",
            endpoint_url=self.http,
            region_name="us-east-1",
            aws_access_key_id=profile["default"]["aws_access_key_id"],
            aws_secret_access_key=profile["default"]["aws_secret_access_key"],
        )


class Nginx(Server):
    """nginx with the RTMP module: 2 s TS files; one worker, as the module needs."""

    name = "nginx-rtmp"

    def start(self, streams: int) -> subprocess.Popen:
        binary = shutil.which("nginx") or "/usr/sbin/nginx"
        module = "/usr/lib/nginx/modules/ngx_rtmp_module.so"
        if not (os.path.exists(binary) and os.path.exists(module)):
            raise Missing("apt-get install nginx libnginx-mod-rtmp")
        self.rtmp, self.http_port = free_ports(2)
        (self.folder / "hls").mkdir()
        user = "user root;" if os.geteuid() == 0 else ""
        tell = f"on_publish_done {self.listener};" if self.listener else ""
        (self.folder / "nginx.conf").write_text(
            f"""
            load_module {module};
            {user}
            worker_processes 1;
            pid {self.folder}/pid;
            error_log {self.folder}/error.log error;
            events {{ worker_connections 1024; }}
            rtmp {{ server {{
                listen 127.0.0.1:{self.rtmp};
                access_log off;
                application live {{
                    live on;
                    {tell}
                    hls on;
                    hls_path {self.folder}/hls;
                    hls_fragment {SEGMENT_SECONDS}s;
                    hls_playlist_length {WINDOW_SECONDS}s;
                }}
            }} }}
            http {{
                access_log off;
                sendfile on; tcp_nopush on; tcp_nodelay on;
                client_body_temp_path {self.folder}/t1; proxy_temp_path {self.folder}/t2;
                fastcgi_temp_path {self.folder}/t3; uwsgi_temp_path {self.folder}/t4;
                scgi_temp_path {self.folder}/t5;
                server {{
                    listen 127.0.0.1:{self.http_port};
                    location / {{
                        root {self.folder}/hls;
                        types {{ application/vnd.apple.mpegurl m3u8; video/mp2t ts; }}
                        add_header Cache-Control no-cache;
                        add_header Access-Control-Allow-Origin *;
                    }}
                }}
            }}
            """
        )
        self.publish = [f"rtmp://127.0.0.1:{self.rtmp}/live/bench-{n}" for n in range(streams)]
        self.watch = [f"http://127.0.0.1:{self.http_port}/bench-{n}.m3u8" for n in range(streams)]
        return self.run(binary, "-p", self.folder, "-c", self.folder / "nginx.conf", "-g", "daemon off;")

    def wait_ready(self) -> None:
        until("nginx to listen", lambda: answers(self.rtmp) and answers(self.http_port))


class Multimux(Server):
    """multimux: low-latency HLS from memory; one route and one RTMP port per stream."""

    name = "multimux"

    def start(self, streams: int) -> subprocess.Popen:
        cached = ROOT / ".cache/multimux/bin/multimux"
        binary = os.environ.get("MULTIMUX") or shutil.which("multimux") or cached
        if not pathlib.Path(binary).exists():
            raise Missing("build it once: benches/peers.sh")
        self.http_port, *self.ports = free_ports(streams + 1)
        routes = [
            {
                "name": f"bench-{n}",
                "input": {"type": "rtmp", "listen": f"127.0.0.1:{port}", "app": "live"},
                "outputs": ["llhls"],
            }
            for n, port in enumerate(self.ports)
        ]
        settings = {
            "bind": f"127.0.0.1:{self.http_port}",
            "target_duration_secs": float(SEGMENT_SECONDS),
            "part_target_ms": PART_MS,
            "window_segments": WINDOW_SECONDS // SEGMENT_SECONDS,
            "routes": routes,
        }
        (self.folder / "routes.json").write_text(json.dumps(settings))
        self.publish = [f"rtmp://127.0.0.1:{port}/live/bench" for port in self.ports]
        self.watch = [f"http://127.0.0.1:{self.http_port}/bench-{n}/master.m3u8" for n in range(streams)]
        return self.run(binary, "--config", self.folder / "routes.json")

    def wait_ready(self) -> None:
        def up():
            if self.process.poll() is not None:
                raise RuntimeError((self.folder / "log").read_text(errors="replace"))
            return answers(self.http_port)

        until("multimux to listen", up)


EVERY = (Rillcast, Nginx, Multimux)


def present(names: list[str] | None = None) -> list[type[Server]]:
    """The servers asked for that this machine has; says what is left out and why."""
    found = []
    for kind in EVERY:
        if names and kind.name not in names:
            continue
        try:
            kind(1, 1).stop()
            found.append(kind)
        except Missing as reason:
            print(f"left out: {kind.name} ({reason})", flush=True)
    return found
