"""A reader of server-sent events, as the HTML standard has them.

Promise: what it gives are whole events with the place that their stream names; it asks as any signed call does.
"""

import http.client
import json
import socket
import time
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any
from urllib.parse import quote

from . import sigv4
from .server import REGION, Key, Server
from .waiting import PATIENCE

PATH = "/rillcast/v1/events"


@dataclass(frozen=True)
class Told:
    """One event."""

    place: int
    event: dict[str, Any]

    @property
    def name(self) -> str:
        return self.event["detail"].get("event_name") or self.event["detail"]["limit_name"]

    @property
    def channel(self) -> str:
        return self.event["resources"][0]


class EventSource:
    """One open stream; `presigned` asks as a browser's EventSource must, without headers."""

    def __init__(
        self,
        server: Server,
        key: Key | None = None,
        *,
        last: int | None = None,
        presigned: bool = False,
        region: str = REGION,
        **parameters: str,
    ):
        key, host = key or server.root_key(), server.bound["http"]
        query = "&".join(f"{name}={quote(value, safe='')}" for name, value in parameters.items())
        target = (PATH + (f"?{query}" if query else "")).encode()
        headers, scope, now = [(b"host", host.encode())], sigv4.Scope(region, "ivs"), sigv4.now()
        if presigned:
            target = sigv4.presigned(key, scope, b"GET", target, headers, b"", now, 60)
        else:
            headers = sigv4.signed(key, scope, b"GET", target, headers, b"", now)
        if last is not None:
            headers.append((b"Last-Event-ID", str(last).encode()))
        self._http = http.client.HTTPConnection(host, timeout=PATIENCE)
        self._http.connect()
        self._socket: socket.socket = self._http.sock
        plain = {name.decode(): value.decode() for name, value in headers if name != b"host"}
        self._http.request("GET", target.decode(), headers=plain)
        self._answer = self._http.getresponse()
        self.status = self._answer.status
        self.headers = {name.lower(): value for name, value in self._answer.getheaders()}
        #: Up to where everything was seen; a stream that is opened again goes on behind it.
        self.last = last

    def refusal(self) -> dict[str, Any]:
        """The body of an answer that is no stream."""
        assert self.status != 200, "a stream was opened"
        return json.loads(self._answer.read())

    def blocks(self) -> Iterator[list[str]]:
        """Lines up to the next empty one; ends with the stream, and fails when nothing but signs of life comes."""
        lines: list[str] = []
        deadline = time.monotonic() + PATIENCE
        while True:
            assert time.monotonic() < deadline, f"no event within {PATIENCE:.0f} s"
            try:
                raw = self._answer.readline()
            except http.client.IncompleteRead:
                return
            if not raw.endswith(b"\n"):
                return
            line = raw[:-1].decode()
            if line:
                lines.append(line)
            else:
                yield lines
                lines = []

    def __iter__(self) -> Iterator[Told]:
        assert self.status == 200, self.refusal()
        for lines in self.blocks():
            fields = dict(line.split(": ", 1) for line in lines if not line.startswith(":"))
            if "id" in fields:
                self.last = int(fields["id"])
            if "data" in fields:
                yield Told(int(fields["id"]), json.loads(fields["data"]))

    def take(self, count: int) -> list[Told]:
        """The next events."""
        events = iter(self)
        return [next(events) for _ in range(count)]

    def until(self, name: str) -> list[Told]:
        """All events up to the next one of this name."""
        seen = []
        for told in self:
            seen.append(told)
            if told.name == name:
                return seen
        raise AssertionError(f"the stream ended before {name}: {seen}")

    def close(self) -> None:
        """Breaks the connection off; doing it twice is no harm."""
        if self._socket.fileno() < 0:
            return
        # A response that is still open would keep the socket from being closed.
        self._socket.shutdown(socket.SHUT_RDWR)
        self._answer.close()
        self._http.close()
