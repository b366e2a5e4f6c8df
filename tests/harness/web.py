"""Plain HTTP as a viewer or a careless client speaks it.

Promise: no retries, no redirects, no cookies: what the server answered is what the test sees.
"""

import http.client
import json
from dataclasses import dataclass
from typing import Any
from urllib.parse import urlsplit

from .waiting import PATIENCE


@dataclass
class Answer:
    status: int
    headers: dict[str, str]  # names in lower case
    body: bytes

    @property
    def text(self) -> str:
        return self.body.decode()

    def json(self) -> Any:
        return json.loads(self.body)


class Connection:
    """One keep-alive connection to one host."""

    def __init__(self, netloc: str, timeout: float = PATIENCE):
        self._http = http.client.HTTPConnection(netloc, timeout=timeout)

    def ask(self, method: str, target: str, body: bytes | None = None, headers: dict[str, str] | None = None) -> Answer:
        self._http.request(method, target, body=body, headers=headers or {})
        response = self._http.getresponse()
        body = response.read()
        return Answer(response.status, {k.lower(): v for k, v in response.getheaders()}, body)

    def close(self) -> None:
        self._http.close()


def fetch(
    url: str,
    method: str = "GET",
    body: bytes | None = None,
    headers: dict[str, str] | None = None,
    timeout: float = PATIENCE,
) -> Answer:
    """One request on a connection of its own."""
    parts = urlsplit(url)
    target = (parts.path or "/") + (f"?{parts.query}" if parts.query else "")
    connection = Connection(parts.netloc, timeout)
    try:
        return connection.ask(method, target, body, headers)
    finally:
        connection.close()
