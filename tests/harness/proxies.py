"""nginx and Varnish as an operator runs them: Debian's programs, with the configurations of `deploy/`.

Promise: only addresses and folders differ from the files that operators copy; nothing needs root, nothing is left.
"""

import os
import re
import shutil
import socket
import subprocess
import tempfile
from pathlib import Path

from .server import ROOT
from .waiting import wait_until
from .web import fetch

_PATH = f"{os.environ.get('PATH', '')}:/usr/sbin"

#: What a distribution's own nginx.conf has around ours.
_NGINX = """
{user}daemon off;
worker_processes 1;
pid {folder}/nginx.pid;
error_log {folder}/error.log warn;
events {{ worker_connections 1024; }}
http {{
    access_log off;
    client_body_temp_path {folder}/body;
    proxy_temp_path {folder}/proxy;
    fastcgi_temp_path {folder}/fastcgi;
    uwsgi_temp_path {folder}/uwsgi;
    scgi_temp_path {folder}/scgi;
    include {folder}/rillcast.conf;
}}
"""


def _program(name: str) -> str:
    found = shutil.which(name, path=_PATH)
    assert found, f"{name} is not installed: make setup"
    return found


def _free_port() -> int:
    with socket.socket() as asked:
        asked.bind(("127.0.0.1", 0))
        return asked.getsockname()[1]


def _replaced(text: str, *changes: tuple[str, str]) -> str:
    for pattern, new in changes:
        text, count = re.subn(pattern, new, text)
        assert count == 1, f"{pattern} stands once in the example, not {count} times"
    return text


class Proxy:
    """One of them in front of a server on `port`; `url` is where clients go."""

    def __init__(self, port: int):
        self.folder = Path(tempfile.mkdtemp(prefix="rillcast-proxy-"))
        self.port = _free_port()
        self.url = f"http://127.0.0.1:{self.port}"
        with open(self.folder / "output.log", "wb") as output:
            command = self._command(port)
            self._process = subprocess.Popen(command, stdin=subprocess.DEVNULL, stdout=output, stderr=output)
        try:
            wait_until(self._answers, f"{command[0]} in front of the server")
        except BaseException:
            print(self.log())
            self.close()
            raise

    def _answers(self) -> bool:
        assert self._process.poll() is None, self.log()
        try:
            return fetch(self.url + "/healthz").status == 200
        except OSError:
            return False

    def _command(self, port: int) -> list[str]:
        raise NotImplementedError

    def log(self) -> str:
        return "".join(file.read_text(errors="replace") for file in sorted(self.folder.glob("*.log")))

    def close(self) -> None:
        self._process.terminate()
        try:
            self._process.wait(timeout=20)
        except subprocess.TimeoutExpired:
            self._process.kill()
            self._process.wait()
        shutil.rmtree(self.folder, ignore_errors=True)


class Nginx(Proxy):
    name = "nginx"

    def _command(self, port: int) -> list[str]:
        example = (ROOT / "deploy/nginx/rillcast.conf").read_text()
        example = _replaced(
            example,
            (r"/var/cache/nginx/rillcast", f"{self.folder}/cache"),
            (r"server 127\.0\.0\.1:8080;", f"server 127.0.0.1:{port};"),
            (r"listen 80;", f"listen 127.0.0.1:{self.port};"),
        )
        (self.folder / "rillcast.conf").write_text(example)
        user = "user root;\n" if os.geteuid() == 0 else ""
        main = self.folder / "nginx.conf"
        main.write_text(_NGINX.format(folder=self.folder, user=user))
        return [_program("nginx"), "-p", str(self.folder), "-c", str(main), "-e", str(self.folder / "error.log")]


class Varnish(Proxy):
    name = "varnish"

    def _command(self, port: int) -> list[str]:
        example = (ROOT / "deploy/varnish/rillcast.vcl").read_text()
        example = _replaced(example, (r'\.port = "8080";', f'.port = "{port}";'))
        vcl = self.folder / "rillcast.vcl"
        vcl.write_text(example)
        command = [_program("varnishd"), "-F", "-j", "none", "-n", str(self.folder / "work"), "-f", str(vcl)]
        return [*command, "-a", f"127.0.0.1:{self.port}", "-s", "malloc,64m", "-T", "none"]
