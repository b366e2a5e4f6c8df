"""The same signed call many times on one connection, faster than any client waits.

Promise: the requests go out in one piece, so that no rate below what the server can answer goes unreached.
"""

import socket
import time
from typing import Any

from . import sigv4
from .model import Operation
from .server import REGION, Key, Server
from .waiting import PATIENCE
from .wire import Reply, Wire, head


class Burst(Wire):
    """A connection for pipelined requests (RFC 9112, 9.3.2)."""

    def __init__(self, server: Server, key: Key):
        super().__init__(server.bound["http"])
        self.key = key
        self._socket = socket.create_connection(self._address, timeout=PATIENCE)

    def send(self, operation: Operation, values: dict[str, Any], times: int) -> tuple[list[Reply], float]:
        """The answers, and how many seconds passed from the first to the last."""
        target, body = operation.request(values)
        headers = [(b"Host", self.netloc.encode())]
        if body:
            headers += [(b"Content-Type", b"application/json"), (b"Content-Length", str(len(body)).encode())]
        method = operation.method.encode()
        scope = sigv4.Scope(REGION, operation.service.signing_name)
        request = head(method, target, sigv4.signed(self.key, scope, method, target, headers, body, sigv4.now())) + body
        begun = time.monotonic()
        # More at once than both ends' buffers hold would have each wait for the other.
        replies = [reply for _ in range(times // 50) for reply in self._volley(request, 50)]
        replies += self._volley(request, times % 50)
        return replies, time.monotonic() - begun

    def _volley(self, request: bytes, times: int) -> list[Reply]:
        self._socket.sendall(request * times)
        return [self._read(False) for _ in range(times)]
