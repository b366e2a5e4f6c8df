"""A service's own model as botocore carries it: where each member travels, and what a value may be.

Promise: knows the model and its listed deviations, nothing of the server; a value without complaints meets
every bound that the model states.
"""

import datetime
import json
from dataclasses import dataclass, field
from functools import cache
from typing import Any
from urllib.parse import quote

import botocore.session
import regex
from botocore.model import OperationModel, Shape

#: Errors that any operation of any service may give, with their status (AWS: "Common errors").
COMMON_ERRORS = {
    "AccessDeniedException": 403,
    "IncompleteSignatureException": 403,
    "InternalServerException": 500,
    "InvalidSignatureException": 403,
    "MissingAuthenticationTokenException": 403,
    "RequestEntityTooLargeException": 413,
    "RequestTimeoutException": 408,
    "ServiceUnavailable": 503,
    "ThrottlingException": 429,
    "UnknownOperationException": 404,
    "UnrecognizedClientException": 403,
    "ValidationException": 400,
}
TIME = regex.compile(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d(\.\d{1,9})?(Z|[+-]\d\d:\d\d)")
INTEGER_BITS = {"integer": 32, "long": 64}


@dataclass(frozen=True)
class Deviations:
    """Where the service does not do what its model says, by shape; each with its reason."""

    patterns_not_enforced: dict[str, str] = field(default_factory=dict)
    empty_word_allowed: dict[str, str] = field(default_factory=dict)
    #: With the most characters that are allowed instead.
    longer: dict[str, tuple[int, str]] = field(default_factory=dict)
    #: With the words that are there besides the model's.
    more_words: dict[str, tuple[list[str], str]] = field(default_factory=dict)

    def bounds(self, shape: Shape) -> dict[str, Any]:
        """The shape's bounds as the service has them."""
        bounds = dict(shape.metadata)
        if shape.name in self.patterns_not_enforced:
            del bounds["pattern"]
        if shape.name in self.longer:
            bounds["max"], _ = self.longer[shape.name]
        if shape.name in self.more_words:
            bounds["enum"] = bounds["enum"] + self.more_words[shape.name][0]
        return bounds


class Service:
    """All operations of a service."""

    def __init__(self, name: str, deviations: Deviations):
        model = botocore.session.get_session().get_service_model(name)
        self.name = name
        self.signing_name = model.signing_name
        self.deviations = deviations
        self.operations = {name: Operation(self, model.operation_model(name)) for name in model.operation_names}
        self.exceptions: dict[str, Shape] = {shape.name: shape for shape in model.error_shapes}
        #: The member of an exception that holds its text.
        own = self.exceptions["ValidationException"].members
        self.text_member = "exceptionMessage" if "exceptionMessage" in own else "message"


class Operation:
    """One operation's binding to HTTP and its shapes."""

    def __init__(self, service: Service, model: OperationModel):
        self.service, self.name = service, model.name
        self.method: str = model.http["method"]
        self.path: str = model.http["requestUri"]
        self.status: int = model.http.get("responseCode", 200)
        self.input: Shape | None = model.input_shape
        self.output: Shape | None = model.output_shape
        self.errors: dict[str, int] = {
            shape.name: shape.metadata["error"]["httpStatusCode"] for shape in model.error_shapes
        }

    @property
    def members(self) -> dict[str, Shape]:
        return dict(self.input.members) if self.input else {}

    @property
    def required(self) -> list[str]:
        return list(self.input.required_members) if self.input else []

    def location(self, member: str) -> str:
        """`uri`, `querystring` or `body`."""
        return self.members[member].serialization.get("location", "body")

    def request(self, values: dict[str, Any]) -> tuple[bytes, bytes]:
        """Target and body that carry these values; a member that the model does not know goes into the body."""
        path, query, body = self.path, [], {}
        for name, value in values.items():
            where = self.location(name) if name in self.members else "body"
            wire = self.members[name].serialization.get("name", name) if name in self.members else name
            if where == "uri":
                path = path.replace(f"{{{wire}}}", quote(value, safe=""))
            elif where == "querystring":
                parts = value if isinstance(value, list) else [value]
                query += [f"{quote(wire, safe='')}={quote(part, safe='')}" for part in parts]
            else:
                body[wire] = value
        target = path + ("?" + "&".join(query) if query else "")
        has_body = self.method not in ("GET", "DELETE", "HEAD")
        return target.encode(), json.dumps(body).encode() if has_body else b""

    def expected_status(self, code: str) -> int | None:
        """The status of an error that this operation may give; `None` for one that it may not."""
        return self.errors.get(code, COMMON_ERRORS.get(code))

    def refusal_complaints(self, code: str, told: dict[str, Any]) -> list[str]:
        """What is wrong with the body of an error: the text stands where modelled and generic readers look."""
        text = self.service.text_member
        found = [f"members {sorted(told)}"] if not {"__type", "message", text} <= told.keys() else []
        if not found and (not told["message"] or told[text] != told["message"] or told["__type"] != code):
            found.append(f"an error that contradicts itself: {told}")
        own = {name: value for name, value in told.items() if name not in {"__type", "message"} - {text}}
        if code in self.service.exceptions:
            shape = self.service.exceptions[code]
            return found + Reader(self.service.deviations).structure(shape, own, code, strict=True)
        return found + ([f"members {sorted(told)}"] if own.keys() != {text} else [])

    def output_complaints(self, headers: dict[str, str], body: bytes) -> list[str]:
        """What is wrong with a successful answer; empty when it is the model's to the letter."""
        if self.status == 204:
            return [f"a body of {len(body)} bytes with 204"] if body else []
        try:
            value = json.loads(body, parse_constant=_no_number, object_pairs_hook=_unique)
        except ValueError as error:
            return [f"no JSON: {error}"]
        if self.output is None:
            return [f"members that nobody modelled: {value}"] if value != {} else []
        found = Reader(self.service.deviations).structure(self.output, value, "", strict=True)
        for name, shape in self.output.members.items():
            if shape.serialization.get("location") == "header":
                text = headers.get(shape.serialization["name"].lower(), "")
                found += [f"header {name} is not printable"] if not text.isprintable() else []
        return found


def _no_number(text: str) -> None:
    raise ValueError(f"{text} is no JSON")


def _unique(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    found = dict(pairs)
    if len(found) < len(pairs):
        raise ValueError(f"a member twice: {[name for name, _ in pairs]}")
    return found


def _is_time(value: Any) -> bool:
    if not isinstance(value, str) or not TIME.fullmatch(value):
        return False
    try:
        datetime.datetime.fromisoformat(value)
    except ValueError:
        return False
    return True


@cache
def compiled(pattern: str) -> regex.Pattern:
    """A pattern of the model; it must match a whole text."""
    return regex.compile(pattern)


def in_body(shape: Shape) -> bool:
    """Does a member travel in the JSON body?"""
    return "location" not in shape.serialization


class Reader:
    """Compares JSON with a shape.

    A strict reading is for what the service sends: no unknown member, no null. Otherwise null is absence and
    unknown members are ignored, as the service reads what it is sent.
    """

    def __init__(self, deviations: Deviations):
        self._deviations = deviations

    def complaints(self, shape: Shape, value: Any, where: str, *, strict: bool) -> list[str]:
        match shape.type_name:
            case "structure":
                return self.structure(shape, value, where, strict=strict)
            case "list":
                return self._list(shape, value, where, strict)
            case "map":
                return self._map(shape, value, where, strict)
            case "string":
                return self._string(shape, value, where)
            case "integer" | "long":
                return self._number(shape, value, where)
            case "boolean":
                return [] if isinstance(value, bool) else [f"{where}: {value!r} is no boolean"]
            case "timestamp":
                return [] if _is_time(value) else [f"{where}: {value!r} is no ISO 8601 time"]
        raise NotImplementedError(f"{where}: a shape of type {shape.type_name}")

    def structure(self, shape: Shape, value: Any, where: str, *, strict: bool) -> list[str]:
        if not isinstance(value, dict):
            return [f"{where or 'it'}: {value!r} is no object"]
        members = {name: member for name, member in shape.members.items() if not strict or in_body(member)}
        given = {name for name, one in value.items() if strict or one is not None}
        found = [f"{where}.{name}: unknown" for name in value.keys() - members.keys() if strict]
        found += [f"{where}.{name}: missing" for name in shape.required_members if name not in given]
        if shape.is_tagged_union and len(given & members.keys()) != 1:
            found.append(f"{where}: not exactly one of {list(members)}")
        for name in given & members.keys():
            found += self.complaints(members[name], value[name], f"{where}.{name}", strict=strict)
        return found

    def _list(self, shape: Shape, value: Any, where: str, strict: bool) -> list[str]:
        if not isinstance(value, list):
            return [f"{where}: {value!r} is no list"]
        found = self._length(shape, len(value), where)
        for number, one in enumerate(value):
            found += self.complaints(shape.member, one, f"{where}[{number}]", strict=strict)
        return found

    def _map(self, shape: Shape, value: Any, where: str, strict: bool) -> list[str]:
        if not isinstance(value, dict):
            return [f"{where}: {value!r} is no map"]
        found = self._length(shape, len(value), where)
        for key, one in value.items():
            found += self.complaints(shape.key, key, f"{where}.key", strict=strict)
            found += self.complaints(shape.value, one, f"{where}[{key!r}]", strict=strict)
        return found

    def _string(self, shape: Shape, value: Any, where: str) -> list[str]:
        if not isinstance(value, str):
            return [f"{where}: {value!r} is no string"]
        bounds = self._deviations.bounds(shape)
        if "enum" in bounds:
            words = bounds["enum"] + ([""] if shape.name in self._deviations.empty_word_allowed else [])
            return [] if value in words else [f"{where}: {value!r} is none of {words}"]
        found = self._length(shape, len(value), where)
        pattern = bounds.get("pattern")
        if pattern and not compiled(pattern).fullmatch(value):
            found.append(f"{where}: {value!r} does not match {pattern}")
        return found

    def _number(self, shape: Shape, value: Any, where: str) -> list[str]:
        if not isinstance(value, int) or isinstance(value, bool):
            return [f"{where}: {value!r} is no integer"]
        most = 2 ** (INTEGER_BITS[shape.type_name] - 1)
        low, high = shape.metadata.get("min", -most), shape.metadata.get("max", most - 1)
        return [] if low <= value <= high else [f"{where}: {value} is not in {low}..{high}"]

    def _length(self, shape: Shape, length: int, where: str) -> list[str]:
        bounds = self._deviations.bounds(shape)
        low, high = bounds.get("min", 0), bounds.get("max")
        fits = low <= length and (high is None or length <= high)
        return [] if fits else [f"{where}: length {length} is not in {low}..{high}"]
