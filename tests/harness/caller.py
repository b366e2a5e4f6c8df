"""Signed calls of any operation with any input, valid or not.

Promise: no SDK stands between a test and the wire: what goes out is the test's, what comes back is raw.
"""

from typing import Any

from . import sigv4
from .model import Operation, Service
from .server import REGION, Key, Server
from .wire import Reply, Wire, head


class Caller:
    """A keep-alive connection and a key that signs; not for several threads at once."""

    def __init__(self, server: Server, key: Key | None = None, region: str = REGION):
        self.wire = Wire(server.bound["http"])
        self.key = key or server.root_key()
        self.region = region

    def call(self, operation: Operation, values: dict[str, Any], key: Key | None = None) -> Reply:
        """Calls an operation with these members."""
        target, body = operation.request(values)
        return self.send(operation.service.signing_name, operation.method, target, body, key)

    def send(self, service: str, method: str, target: bytes, body: bytes, key: Key | None = None) -> Reply:
        """Sends a signed request with any target and body."""
        headers = [(b"Host", self.wire.netloc.encode())]
        if body:
            headers += [(b"Content-Type", b"application/json"), (b"Content-Length", str(len(body)).encode())]
        scope, verb = sigv4.Scope(self.region, service), method.encode()
        signed = sigv4.signed(key or self.key, scope, verb, target, headers, body, sigv4.now())
        reply = self.wire.ask(head(verb, target, signed) + body)
        assert reply.rest == b"", reply
        return reply

    def close(self) -> None:
        self.wire.close()


def served(service: Service, caller: Caller) -> set[str]:
    """The operations of the model that are not answered as unknown ones."""
    found = set()
    for operation in service.operations.values():
        # A label of a path must not be empty; the rest may be as wrong as it likes.
        labels = {name: "x" for name in operation.members if operation.location(name) == "uri"}
        if caller.call(operation, labels).error_type != "UnknownOperationException":
            found.add(operation.name)
    return found
