"""Spoilt requests from a seed: valid calls with one thing made wrong, most of them signed after that.

Promise: number N of a seed is always the same mutation; each knows whether the model would let it succeed,
and whether HTTP itself may refuse it before any operation is known.
"""

import datetime
import json
import random
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any

from . import sigv4
from .model import Operation, Reader, Service
from .server import Key
from .sigv4 import Headers
from .spoil_body import BODIES
from .spoil_frame import FRAMES
from .spoil_head import HEADS, PATHS
from .spoil_proof import PROOFS
from .wire import head

#: How many of a hundred mutants each family gives.
FAMILIES = ((BODIES, 46), (HEADS, 14), (PATHS, 14), (PROOFS, 18), (FRAMES, 8))


@dataclass
class Draft:
    """A request while it is being spoilt. A mutation changes fields; what it leaves is sent as it should be."""

    method: bytes
    target: bytes
    body: bytes
    headers: Headers
    key: Key
    scope: sigv4.Scope
    time: datetime.datetime
    version: bytes = b"HTTP/1.1"
    #: Sign in the query, for so many seconds, instead of in a header.
    presign: int | None = None
    #: Changes to the headers, target and body after they were signed.
    afterwards: list[Callable[["Draft"], None]] = field(default_factory=list)
    #: Writes the body; with `None` it goes out with its length.
    frame: Callable[["Draft"], bytes] | None = None
    #: Is the signature still right for what is sent?
    honest: bool = True
    #: May HTTP itself refuse it?
    may_cut: bool = False
    #: Is the connection of no use afterwards?
    last: bool = False
    half_close: bool = False

    def set_header(self, name: bytes, value: bytes) -> None:
        self.drop_header(name)
        self.headers.append((name, value))

    def drop_header(self, name: bytes) -> None:
        self.headers = [(given, value) for given, value in self.headers if given.lower() != name.lower()]

    def header(self, name: bytes) -> bytes:
        return next(value for given, value in self.headers if given.lower() == name.lower())


@dataclass(frozen=True)
class Mutant:
    """A request that is ready to be sent, and what may come back."""

    number: int
    label: str
    raw: bytes
    method: bytes
    #: The operation that it leads to, whatever it was made from.
    operation: Operation | None
    may_succeed: bool
    may_cut: bool
    last: bool
    half_close: bool


class Mutants:
    """Makes mutants of a service's operations; `inputs` are valid values for each operation."""

    def __init__(self, seed: str, service: Service, inputs: dict[str, list[dict[str, Any]]], key: Key, netloc: str):
        self._seed, self._service, self._inputs = seed, service, inputs
        self._key, self._netloc = key, netloc
        self._reader = Reader(service.deviations)

    def make(self, number: int, region: str) -> Mutant:
        """Number `number` of the seed."""
        rng = random.Random(f"{self._seed}/{number}")
        operation = self._service.operations[rng.choice(sorted(self._inputs))]
        draft = self._draft(operation, rng.choice(self._inputs[operation.name]), region)
        family = rng.choices([family for family, _ in FAMILIES], [weight for _, weight in FAMILIES])[0]
        mutation = rng.choice(family)
        mutation(rng, draft)
        raw = self._write(draft)
        meant = self._route(draft.method, draft.target)
        return Mutant(
            number=number,
            label=f"{operation.name}: {mutation.__name__}",
            raw=raw,
            method=draft.method,
            operation=meant,
            may_succeed=draft.honest and meant is not None and self._valid(meant, draft),
            may_cut=draft.may_cut,
            last=draft.last,
            half_close=draft.half_close,
        )

    def _draft(self, operation: Operation, values: dict[str, Any], region: str) -> Draft:
        target, body = operation.request(values)
        headers = [(b"Host", self._netloc.encode())]
        if body:
            headers.append((b"Content-Type", b"application/json"))
        scope = sigv4.Scope(region, self._service.signing_name)
        method = operation.method.encode()
        return Draft(method, target, body, headers, self._key, scope, sigv4.now())

    @staticmethod
    def _write(draft: Draft) -> bytes:
        if draft.presign is None:
            draft.headers = sigv4.signed(
                draft.key, draft.scope, draft.method, draft.target, draft.headers, draft.body, draft.time
            )
        else:
            draft.target = sigv4.presigned(
                draft.key,
                draft.scope,
                draft.method,
                draft.target,
                draft.headers,
                draft.body,
                draft.time,
                draft.presign,
            )
        for change in draft.afterwards:
            change(draft)
        body = draft.body
        if draft.frame:
            body = draft.frame(draft)
        elif body or draft.method in (b"POST", b"PUT", b"PATCH"):
            draft.headers.append((b"Content-Length", str(len(body)).encode()))
        return head(draft.method, draft.target, draft.headers, draft.version) + body

    def _route(self, method: bytes, target: bytes) -> Operation | None:
        """The operation with exactly this method and path."""
        path = sigv4.origin_form(target).partition(b"?")[0].partition(b"#")[0]
        for operation in self._service.operations.values():
            if operation.method.encode() == method and _labels(operation, path) is not None:
                return operation
        return None

    def _valid(self, operation: Operation, draft: Draft) -> bool:
        """Would the model accept what was sent as this operation's input?"""
        if operation.input is None:
            return True
        try:
            values = json.loads(draft.body.decode(), parse_constant=_refuse) if draft.body else {}
        except (ValueError, RecursionError):
            return False
        if not isinstance(values, dict):
            return False
        path, _, query = sigv4.origin_form(draft.target).partition(b"?")
        values |= _labels(operation, path) or {}
        for name in operation.members:
            if operation.location(name) == "querystring":
                values[name] = _parameters(query, name)
        return not self._reader.structure(operation.input, values, "", strict=False)


def _refuse(text: str) -> None:
    raise ValueError(text)


def _labels(operation: Operation, path: bytes) -> dict[str, str] | None:
    """What the path says of the operation's members; `None` for another path.

    An ARN at the end may have its slash as it is: some clients and proxies decode it.
    """
    wanted, given = operation.path.encode().split(b"/"), path.split(b"/")
    if wanted[-1].startswith(b"{"):
        given[len(wanted) - 1 :] = [b"/".join(given[len(wanted) - 1 :])]
    if len(wanted) != len(given):
        return None
    found = {}
    for template, segment in zip(wanted, given):
        if template.startswith(b"{") and segment:
            found[template[1:-1].decode()] = sigv4.decode(segment).decode(errors="replace")
        elif template != segment:
            return None
    return found


def _parameters(query: bytes, name: str) -> list[str] | None:
    pairs = [pair.partition(b"=") for pair in query.split(b"&")]
    found = [value for key, _, value in pairs if sigv4.decode(key) == name.encode()]
    return [sigv4.decode(value).decode(errors="replace") for value in found] or None
