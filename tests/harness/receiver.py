"""A webhook's receiver: one that answers, waits, refuses or hangs up, as a test says.

Promise: every call's proof is checked by the Standard Webhooks project's own library before it is answered; one that
fails is kept for the test to see. It stands at the same address when it is up again.
"""

import base64
import contextlib
import json
import socket
import threading
from collections import defaultdict
from collections.abc import Callable
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any

from standardwebhooks.webhooks import Webhook, WebhookVerificationError

from .reviewer import Reply, send

SECRET = "whsec_" + base64.b64encode(b"known to server and receiver only").decode()

Event = dict[str, Any]


class Server(ThreadingHTTPServer):
    daemon_threads = True
    # The port is taken again as soon as it is free.
    allow_reuse_address = True


class Receiver:
    """Keeps each event that it said it has."""

    def __init__(self):
        #: How the call for an event is answered.
        self.plan: Callable[[Event], Reply] = lambda event: Reply()
        #: Events that were answered with a 2xx, in the order of the answers.
        self.events: list[Event] = []
        #: All calls, by event.
        self.calls: dict[str, int] = defaultdict(int)
        self.forgeries: list[str] = []
        self._port = 0
        self._http: Server | None = None
        self._thread: threading.Thread | None = None
        self._lock = threading.Lock()
        self._connections: set[socket.socket] = set()

    def up(self) -> "Receiver":
        receiver = self

        class Handler(BaseHTTPRequestHandler):
            protocol_version = "HTTP/1.1"
            # An answer in two pieces would wait for the other side's word about the first.
            disable_nagle_algorithm = True

            def setup(self):
                super().setup()
                receiver._connections.add(self.connection)

            def finish(self):
                super().finish()
                receiver._connections.discard(self.connection)

            def do_POST(self):
                receiver._answer(self, self.rfile.read(int(self.headers["Content-Length"])))

            def log_message(self, *_):
                pass

        self._http = Server(("127.0.0.1", self._port), Handler)
        self._port = self._http.server_address[1]
        self._thread = threading.Thread(target=self._http.serve_forever, args=(0.05,), daemon=True)
        self._thread.start()
        return self

    def down(self) -> None:
        if self._http is not None:
            self._http.shutdown()
            self._http.server_close()
            self._thread.join()
            self._http = None
            for connection in list(self._connections):
                with contextlib.suppress(OSError):
                    connection.shutdown(socket.SHUT_RDWR)

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self._port}/hook"

    def sink(self, name: str, **more: Any) -> str:
        """A section of the file of sinks."""
        return section(name, "webhook", url=self.url, secret=SECRET, **more)

    def _answer(self, request: BaseHTTPRequestHandler, body: bytes) -> None:
        try:
            event = Webhook(SECRET).verify(body, dict(request.headers))
            assert event["id"] == request.headers["webhook-id"], "its id is not the event's"
        except (WebhookVerificationError, AssertionError) as error:
            self.forgeries.append(str(error))
            send(request, Reply(status=403))
            return
        with self._lock:
            self.calls[event["id"]] += 1
        reply = self.plan(event)
        if 200 <= reply.status < 300 and not reply.hangs_up:
            if reply.gate is not None:
                reply.gate.wait()
            with self._lock:
                self.events.append(event)
        send(request, reply)


def section(name: str, kind: str, **keys: Any) -> str:
    """A sink in TOML; JSON's texts and numbers are TOML's, too."""
    pattern = keys.pop("pattern", None)
    lines = ["[[sink]]", f'name = "{name}"', f'kind = "{kind}"']
    lines += [f"{key} = {json.dumps(value)}" for key, value in keys.items()]
    if pattern is not None:
        lines.append(f"pattern = '''{json.dumps(pattern)}'''")
    return "\n".join(lines) + "\n\n"
