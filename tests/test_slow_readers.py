"""Clients that ask and do not take: each is cut off, over plain HTTP, TLS and HTTP/2, and nobody else notices.

Promise: what the server does is read from the kernel's list of sockets, since a client that reads nothing can't see
it; no test measures how long it took.
"""

import re
import socket
import ssl
import threading
from pathlib import Path
from urllib.parse import urljoin, urlsplit

import h2.connection
import h2.settings
import pytest
from harness.aws import make_channel
from harness.encoder import Recipe
from harness.viewer import Background, Viewer, on_air
from harness.waiting import PATIENCE, wait_until
from harness.web import fetch

RECIPE = Recipe(seconds=20, gop_seconds=1)
ESTABLISHED = "01"
#: Far more than a socket holds, in requests that the server takes at once.
REQUESTS = 40
#: Cut off after 20 s without progress, so seen as cut well before this.
CUT = 2 * PATIENCE


@pytest.fixture(scope="module")
def server(start_server):
    return start_server("--https", "127.0.0.1:0")


@pytest.fixture(scope="module")
def channel(server, ivs, clip, publish):
    channel = make_channel(ivs, name="watched")
    publish(clip(RECIPE), server.rtmp_url(channel.key), loop=True)
    wait_until(lambda: on_air(channel.playback), "the channel on air")
    return channel


class Client:
    """A connection with next to no room for what it is sent."""

    def __init__(self, address: str, alpn: str | None = None):
        host, port = address.rsplit(":", 1)
        raw = socket.socket()
        raw.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 4096)
        raw.settimeout(PATIENCE)
        raw.connect((host, int(port)))
        self.ports = (int(port), raw.getsockname()[1])
        self.socket: socket.socket = raw
        if alpn:
            context = ssl.create_default_context()
            context.check_hostname, context.verify_mode = False, ssl.CERT_NONE
            context.set_alpn_protocols([alpn])
            self.socket = context.wrap_socket(raw)
            assert self.socket.selected_alpn_protocol() == alpn

    def ask(self, *paths: str) -> "Client":
        self.socket.sendall("".join(f"GET {path} HTTP/1.1\r\nHost: a\r\n\r\n" for path in paths).encode())
        return self

    def ask_without_a_window(self, path: str) -> "Client":
        """By HTTP/2, whose windows stay shut."""
        connection = h2.connection.H2Connection()
        connection.local_settings.update({h2.settings.SettingCodes.INITIAL_WINDOW_SIZE: 0})
        connection.initiate_connection()
        head = {":method": "GET", ":scheme": "https", ":authority": "a", ":path": path}
        connection.send_headers(1, list(head.items()), end_stream=True)
        self.socket.sendall(connection.data_to_send())
        return self

    def is_held(self) -> bool:
        """The server's end of the connection is open."""
        here, there = (f"{port:04X}" for port in self.ports)
        rows = Path("/proc/net/tcp").read_text()
        row = re.search(rf"^ *\d+: [0-9A-F]+:{here} [0-9A-F]+:{there} ([0-9A-F]+) ", rows, re.MULTILINE)
        return bool(row) and row.group(1) == ESTABLISHED

    def take(self, size: int, stop: threading.Event) -> None:
        """Takes so many bytes a second."""
        while not stop.wait(1):
            left = size
            while left > 0 and (taken := len(self.socket.recv(left))):
                left -= taken


@pytest.fixture(scope="module")
def idle(server):
    """Connections without a request under way, since the first test: what they wait for takes as long as it does."""
    clients = [Client(server.bound["http"]).ask("/api/video/v1/nothing"), Client(server.bound["https"], "h2")]
    begun = h2.connection.H2Connection()
    begun.initiate_connection()
    clients[1].socket.sendall(begun.data_to_send())
    return clients


@pytest.mark.slow
def test_clients_that_take_next_to_nothing_are_cut_off_and_nobody_else_is(server, channel, idle):
    viewer = Viewer(channel.playback)
    stop = threading.Event()
    watching = Background(viewer.follow, lambda _: stop.is_set())
    assert viewer.started.wait(PATIENCE)
    segment = newest_segment(viewer.recording.url)
    http, https = server.bound["http"], server.bound["https"]
    asked = [segment] * REQUESTS
    slow = {
        "plain": Client(http).ask(*asked),
        "encrypted": Client(https, "http/1.1").ask(*asked),
        "behind a page": Client(http).ask("/healthz", *asked),
        "without a window": Client(https, "h2").ask_without_a_window(segment),
    }
    trickle, patient = Client(http).ask(*asked), Client(http).ask(*asked)
    takers = [Background(trickle.take, 50, stop), Background(patient.take, 20_000, stop)]
    try:
        assert [name for name, client in slow.items() if not client.is_held()] == []
        slow["by drops"] = trickle
        wait_until(lambda: not any(client.is_held() for client in slow.values()), "slow clients cut off", CUT)
        assert patient.is_held(), "a client that takes enough is waited for"
    finally:
        stop.set()
        seen = watching.result()
    assert len(seen.pieces) > 50, "who takes what it asked for goes on"
    takers[1].result()


def test_a_held_request_ends_with_its_client(server, channel):
    url = Viewer(channel.playback).open().url
    client = Client(server.bound["http"]).ask(f"{urlsplit(url).path}?_HLS_msn={next_segment(url) + 1}")
    client.socket.close()
    wait_until(lambda: not client.is_held(), "the server's end closed")


@pytest.mark.slow
def test_an_idle_connection_is_closed(idle):
    for client in idle:
        wait_until(lambda client=client: not client.is_held() or drained(client), "idle connections closed", CUT)


def drained(client: Client) -> bool:
    """Reads what came; true at the end of the connection."""
    client.socket.settimeout(0.2)
    try:
        return client.socket.recv(65536) == b""
    except (TimeoutError, ssl.SSLWantReadError):
        return False
    except OSError:
        return True


def newest_segment(playlist: str) -> str:
    """Path of the newest whole segment."""
    lines = fetch(playlist).text.splitlines()
    return urlsplit(urljoin(playlist, [line for line in lines if line and not line.startswith("#")][-1])).path


def next_segment(playlist: str) -> int:
    text = fetch(playlist).text
    first = int(re.search(r"MEDIA-SEQUENCE:(\d+)", text).group(1))
    return first + text.count("#EXTINF:")
