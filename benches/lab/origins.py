"""Where viewers get media from: our server with streams on air, and nginx with the same bytes as files in memory.

Promise: both speak plain HTTP and TLS with the same certificate (ECDSA, P-256), each on ports of its own of
127.0.0.1; nginx is set as well as it can be (sendfile, open files remembered, no log).
"""

from __future__ import annotations

import os
import pathlib
import shutil
import subprocess
import tempfile
import urllib.parse

from lab import servers


def certificate(folder: pathlib.Path) -> tuple[pathlib.Path, pathlib.Path]:
    """A self-signed certificate for this machine, and its key."""
    folder.mkdir(parents=True, exist_ok=True)
    paths = folder / "certificate.pem", folder / "key.pem"
    subprocess.run(
        [
            "openssl", "req", "-x509", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:prime256v1", "-nodes",
            "-subj", "/CN=localhost", "-addext", "subjectAltName=DNS:localhost,IP:127.0.0.1", "-days", "2",
            "-out", str(paths[0]), "-keyout", str(paths[1]),
        ],
        check=True,
        capture_output=True,
    )  # fmt: skip
    return paths


class Origin(servers.Rillcast):
    """Our server, with TLS beside plain HTTP."""

    def sinks(self) -> list[str]:
        chain, key = certificate(self.folder / "tls")
        return ["--https", "127.0.0.1:0", "--tls-certificate", str(chain), "--tls-key", str(key)]

    def wait_ready(self) -> None:
        super().wait_ready()
        import json

        at = json.loads((self.folder / "ready").read_text())
        self.addresses = {"http": at["http"], "https": at["https"]}


class Static:
    """nginx with files in memory; one worker, which is the cheapest."""

    name = "nginx"

    def __init__(self):
        binary = shutil.which("nginx") or "/usr/sbin/nginx"
        if not os.path.exists(binary):
            raise servers.Missing("apt-get install nginx")
        memory = "/dev/shm" if os.access("/dev/shm", os.W_OK) else None
        self.folder = pathlib.Path(tempfile.mkdtemp(prefix="bench-static-", dir=memory))
        self.root = self.folder / "files"
        self.root.mkdir()
        self.files = 0
        chain, key = certificate(self.folder / "tls")
        plain, encrypted = servers.free_ports(2)
        self.addresses = {"http": f"127.0.0.1:{plain}", "https": f"127.0.0.1:{encrypted}"}
        user = "user root;" if os.geteuid() == 0 else ""
        (self.folder / "nginx.conf").write_text(
            f"""
            {user}
            worker_processes 1;
            worker_rlimit_nofile 32768;
            pid {self.folder}/pid;
            error_log {self.folder}/error.log error;
            events {{ worker_connections 16384; }}
            http {{
                access_log off;
                sendfile on; tcp_nopush on; tcp_nodelay on;
                open_file_cache max=1000 inactive=60s; open_file_cache_valid 60s;
                keepalive_requests 1000000000; keepalive_timeout 120s;
                client_body_temp_path {self.folder}/t1; proxy_temp_path {self.folder}/t2;
                fastcgi_temp_path {self.folder}/t3; uwsgi_temp_path {self.folder}/t4;
                scgi_temp_path {self.folder}/t5;
                server {{
                    listen 127.0.0.1:{plain} backlog=16384;
                    listen 127.0.0.1:{encrypted} ssl backlog=16384;
                    ssl_certificate {chain}; ssl_certificate_key {key};
                    ssl_protocols TLSv1.2 TLSv1.3;
                    root {self.root};
                    types {{ application/vnd.apple.mpegurl m3u8; video/mp2t ts; video/iso.segment m4s; }}
                    add_header Cache-Control "public, max-age=86400, immutable";
                    add_header Access-Control-Allow-Origin *;
                    add_header Access-Control-Expose-Headers *;
                }}
            }}
            """
        )
        with (self.folder / "log").open("wb") as log:
            command = [binary, "-p", str(self.folder), "-c", str(self.folder / "nginx.conf"), "-g", "daemon off;"]
            self.process = subprocess.Popen(command, stdout=log, stderr=log)
        port = int(self.addresses["http"].rsplit(":", 1)[1])
        servers.until("nginx to listen", lambda: servers.answers(port))

    def put(self, name: str, body: bytes) -> str:
        """Makes a file, which never changes, for nginx remembers its size; its path."""
        self.files += 1
        folder = self.root / str(self.files)
        folder.mkdir()
        (folder / name).write_bytes(body)
        return f"/{self.files}/{name}"

    pids = servers.Server.pids

    def stop(self) -> None:
        """Ends the process this object started, and no other."""
        self.process.terminate()
        self.process.wait(15)
        shutil.rmtree(self.folder, ignore_errors=True)

    def __enter__(self):
        return self

    def __exit__(self, *_):
        self.stop()


def path_of(url: str) -> str:
    """What a request names: path and query."""
    parts = urllib.parse.urlsplit(url)
    return parts.path + (f"?{parts.query}" if parts.query else "")
