"""Somebody in a chat room, by bare WebSocket frames.

Promise: everything that the server sends is kept in the order in which it came; nothing is hidden as an SDK would.
"""

import itertools
import json
import ssl
import threading
from collections.abc import Callable
from contextlib import ExitStack
from typing import Any

from websockets.exceptions import ConnectionClosed, InvalidStatus
from websockets.sync.client import connect

from .server import Server
from .waiting import wait_until

_requests = itertools.count()


class Refused(Exception):
    """The handshake was answered with this status."""

    def __init__(self, status: int):
        super().__init__(f"refused with {status}")
        self.status = status


def _any_certificate() -> ssl.SSLContext:
    context = ssl.create_default_context()
    context.check_hostname, context.verify_mode = False, ssl.CERT_NONE
    return context


class Chatter:
    """One connection; `secret`: over TLS, whatever the certificate; `origin`: as a page of that origin."""

    def __init__(self, server: Server, token: str, *, secret: bool = False, origin: str | None = None):
        self._open = ExitStack()
        try:
            url = f"wss://{server.bound['https']}" if secret else f"ws://{server.bound['http']}"
            opening = connect(
                url,
                subprotocols=[token],
                compression=None,
                proxy=None,
                max_size=None,
                origin=origin,
                ssl=_any_certificate() if secret else None,
            )
            self._socket = self._open.enter_context(opening)
        except InvalidStatus as refused:
            raise Refused(refused.response.status_code) from None
        assert self._socket.subprotocol == token, "the token is echoed"
        self.frames: list[dict[str, Any]] = []
        self._reader = threading.Thread(target=self._read, daemon=True)
        self._reader.start()

    def _read(self) -> None:
        try:
            for text in self._socket:
                self.frames.append(json.loads(text))
        except ConnectionClosed:
            pass

    # What it does

    def say(self, content: str, **more: Any) -> str:
        """Asks for a message to be sent; gives the request's id."""
        return self.ask("SEND_MESSAGE", Content=content, **more)

    def ask(self, action: str, **fields: Any) -> str:
        request = f"r{next(_requests)}"
        self._socket.send(json.dumps({"Action": action, "RequestId": request, **fields}))
        return request

    def leave(self) -> None:
        self._open.close()
        self._reader.join()

    # What it hears

    def answer(self, request: str) -> dict[str, Any]:
        """The frame with this request's id."""
        return self.wait_for(lambda frame: frame["RequestId"] == request)

    def wait_for(self, wanted: Callable[[dict[str, Any]], bool]) -> dict[str, Any]:
        return wait_until(
            lambda: next(filter(wanted, list(self.frames)), None), f"a frame; came: {self.frames[-9:]}", every=0.01
        )

    def messages(self) -> list[dict[str, Any]]:
        return [frame for frame in list(self.frames) if frame["Type"] == "MESSAGE"]

    def contents(self) -> list[str]:
        return [frame["Content"] for frame in self.messages()]

    def errors(self) -> list[int]:
        return [frame["ErrorCode"] for frame in list(self.frames) if frame["Type"] == "ERROR"]

    def ended(self) -> tuple[int | None, str | None]:
        """Waits for the end: the close frame's code and reason, or nothing of both when none came."""
        wait_until(lambda: not self._reader.is_alive(), "the end of the connection")
        received = self._socket.protocol.close_rcvd
        return (received.code, received.reason) if received else (None, None)

    def is_here(self) -> bool:
        return self._reader.is_alive()
