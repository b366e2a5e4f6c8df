"""HTTP/1.1 as bytes on a socket: for requests that no HTTP library would write.

Promise: what is sent is what the caller gave, byte for byte; an answer is read exactly, and one that breaks
HTTP's own framing is an error.
"""

import json
import socket
from dataclasses import dataclass
from typing import Any

from .sigv4 import Headers
from .waiting import PATIENCE

#: A server that sends more header bytes than this is wrong.
HEAD_LIMIT = 64 * 1024


class Cut(Exception):
    """The server closed the connection before a whole answer."""


@dataclass
class Reply:
    """An answer; header names in lower case."""

    status: int
    headers: dict[str, str]
    body: bytes
    #: What came after it, though nothing more was asked.
    rest: bytes = b""

    @property
    def error_type(self) -> str | None:
        return self.headers.get("x-amzn-errortype")

    def json(self) -> Any:
        return json.loads(self.body)


def head(method: bytes, target: bytes, headers: Headers, version: bytes = b"HTTP/1.1") -> bytes:
    """The head of a request."""
    lines = [b" ".join((method, target, version)), *(name + b": " + value for name, value in headers)]
    return b"\r\n".join(lines) + b"\r\n\r\n"


class Wire:
    """A connection that is kept while the server keeps it, and opened anew when it does not."""

    def __init__(self, netloc: str):
        host, port = netloc.rsplit(":", 1)
        self.netloc = netloc
        self._address = (host, int(port))
        self._socket: socket.socket | None = None
        self._rest = b""

    def ask(self, raw: bytes, *, empty: bool = False, half_close: bool = False) -> Reply:
        """Sends bytes and reads one answer; `empty`: one that has no body whatever it says (HEAD).

        Raises `Cut` when the connection ends without an answer.
        """
        fresh = self._socket is None
        try:
            return self._ask(raw, empty, half_close)
        except Cut:
            self.close()
            if fresh:
                raise
        # The server may close a kept connection at any time: only a fresh one tells.
        try:
            return self._ask(raw, empty, half_close)
        except Cut:
            self.close()
            raise

    def _ask(self, raw: bytes, empty: bool, half_close: bool) -> Reply:
        if self._socket is None:
            self._socket = socket.create_connection(self._address, timeout=PATIENCE)
            self._socket.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        try:
            self._socket.sendall(raw)
            if half_close:
                self._socket.shutdown(socket.SHUT_WR)
        except OSError:
            pass  # An answer may have come before all was sent, and the connection be gone.
        reply = self._read(empty)
        if half_close or reply.rest or reply.headers.get("connection", "").lower() == "close":
            self.close()
        return reply

    def _read(self, empty: bool) -> Reply:
        while True:
            reply, length = self._head()
            if reply.status >= 200:
                break
        if not empty and reply.status not in (204, 304):
            while len(self._rest) < length:
                self._more()
            reply.body, self._rest = self._rest[:length], self._rest[length:]
        reply.rest = self._rest
        return reply

    def _head(self) -> tuple[Reply, int]:
        while b"\r\n\r\n" not in self._rest:
            assert len(self._rest) < HEAD_LIMIT, "an endless head"
            self._more()
        raw, _, self._rest = self._rest.partition(b"\r\n\r\n")
        first, *lines = raw.decode("latin-1").split("\r\n")
        version, status, _ = f"{first} ".split(" ", 2)
        assert version in ("HTTP/1.1", "HTTP/1.0") and len(status) == 3, first
        pairs = [line.partition(":") for line in lines]
        headers = {name.lower(): value.strip() for name, _, value in pairs}
        assert "transfer-encoding" not in headers, "an answer whose length is known has it in its head"
        if version == "HTTP/1.0":
            headers.setdefault("connection", "close")
        return Reply(int(status), headers, b""), int(headers.get("content-length", "0"))

    def _more(self) -> None:
        assert self._socket is not None
        try:
            data = self._socket.recv(65536)
        except ConnectionError as error:
            raise Cut(str(error)) from error
        if not data:
            raise Cut(f"closed after {self._rest[:100]!r}")
        self._rest += data

    def close(self) -> None:
        if self._socket is not None:
            self._socket.close()
        self._socket, self._rest = None, b""
