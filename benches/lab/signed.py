"""Signed requests of the `ivs` API as boto3 sends them, to be sent again by others.

Promise: the bytes are those of the vendor's own client (its headers, its body, its
signature); nothing is sent while they are made. A signature is good for five minutes.
"""

from __future__ import annotations

import http.client
import json

import botocore.config
import botocore.session

REGION = "us-east-1"


class _Caught(Exception):
    """Carries the request out of the client instead of sending it."""

    def __init__(self, request):
        super().__init__("caught before it was sent")
        self.request = request


def _catch(request, **_):
    raise _Caught(request)


class Signer:
    """A caller with one key, at one address."""

    def __init__(self, address: str, key_id: str, secret: str):
        self.address = address
        self.client = botocore.session.Session().create_client(
            "ivs",
            endpoint_url=f"http://{address}",
            region_name=REGION,
            aws_access_key_id=key_id,
            aws_secret_access_key=secret,
            config=botocore.config.Config(retries={"total_max_attempts": 1}),
        )
        self.client.meta.events.register("before-send.ivs", _catch)

    def request(self, operation: str, **members) -> bytes:
        """A whole request, head and body; the operation by its name in snake case."""
        try:
            getattr(self.client, operation)(**members)
        except _Caught as caught:
            return self._bytes(caught.request)
        raise AssertionError("the request left the client")

    def _bytes(self, request) -> bytes:
        body = request.body or b""
        body = body.encode() if isinstance(body, str) else bytes(body)
        path = request.url[len(f"http://{self.address}") :]
        lines = [f"{request.method} {path} HTTP/1.1", f"Host: {self.address}"]
        for name, value in request.headers.items():
            lines.append(f"{name}: {value.decode() if isinstance(value, bytes) else value}")
        return "\r\n".join([*lines, "", ""]).encode() + body


class Line:
    """One connection on which ready-made requests are sent one after another."""

    def __init__(self, address: str):
        host, port = address.rsplit(":", 1)
        self.connection = http.client.HTTPConnection(host, int(port), timeout=60)

    def __enter__(self):
        return self

    def __exit__(self, *_):
        self.connection.close()

    def send(self, request: bytes) -> dict:
        """The answer's members; a RuntimeError with the text for anything but 200."""
        head, body = request.split(b"\r\n\r\n", 1)
        first, *fields = head.decode().split("\r\n")
        method, path, _ = first.split(" ")
        headers = dict(field.split(": ", 1) for field in fields)
        self.connection.request(method, path, body, headers)
        answer = self.connection.getresponse()
        text = answer.read()
        if answer.status != 200:
            raise RuntimeError(f"{method} {path}: {answer.status} {text[:300]!r}")
        return json.loads(text)
