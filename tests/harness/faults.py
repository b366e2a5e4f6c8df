"""Each bound of each member of the model, broken once.

Promise: a fault breaks what its label says on top of an otherwise valid input, and names the members that a
good error text must hold. Members in a path or a query break only as texts can.
"""

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

from botocore.model import Shape

from .model import INTEGER_BITS, Operation, compiled, in_body
from .samples import Samples

OFF_PATTERN = ("no such thing!", "!", "é", "a\n", "\u0000", "(", " ")
WRONG_TYPES: dict[str, list[Any]] = {
    "string": [7, 1.5, True, [], ["x"], {}, {"x": "y"}],
    "timestamp": [7, 1.5, True, [], {}],
    "boolean": ["true", "", 0, 1, [], {}],
    "integer": ["7", "", 1.5, True, [], {}],
    "long": ["7", "", 1.5, True, [], {}],
    "list": ["x", 7, True, {}, {"0": "x"}],
    "map": ["x", 7, True, [], [["k", "v"]]],
    "structure": ["x", 7, True, [], [{}]],
}


@dataclass(frozen=True)
class Fault:
    """A broken input."""

    label: str
    value: Any
    #: Members that lead to the fault, outermost first.
    path: tuple[str, ...] = ()
    sensitive: bool = False


class Faults:
    """Breaks shapes; `samples` makes what stays whole around a fault."""

    def __init__(self, samples: Samples):
        self._samples = samples

    def of_input(self, operation: Operation, valid: dict[str, Any]) -> Iterator[Fault]:
        """Broken inputs of an operation, each made of the valid one."""
        for name, shape in operation.members.items():
            where, required = operation.location(name), name in operation.required
            if required and where != "uri":
                yield Fault("missing", {k: v for k, v in valid.items() if k != name}, (name,))
            if required and where == "body":
                yield Fault("null", valid | {name: None}, (name,))
            for fault in self.of(shape):
                if where == "body" or _is_text(where, fault.value):
                    yield _inside(fault, name, valid | {name: fault.value})

    def of(self, shape: Shape) -> Iterator[Fault]:
        """Broken values of a shape."""
        sensitive = bool(shape.metadata.get("sensitive"))
        for wrong in WRONG_TYPES[shape.type_name]:
            yield Fault(f"of wrong type {wrong!r}", wrong)
        match shape.type_name:
            case "string":
                for label, value in self._texts(shape):
                    yield Fault(label, value, sensitive=sensitive)
            case "timestamp":
                for text in ("", "soon", "2030-13-01T00:00:00Z", "1634860000"):
                    yield Fault(f"no time {text!r}", text)
            case "integer" | "long":
                for label, value in _numbers(shape):
                    yield Fault(label, value)
            case "list":
                yield from self._lists(shape)
            case "map":
                yield from self._maps(shape)
            case "structure":
                yield from self._structures(shape)

    def _texts(self, shape: Shape) -> Iterator[tuple[str, str]]:
        bounds = self._samples.deviations.bounds(shape)
        if "enum" in bounds:
            word = bounds["enum"][0]
            for text in ("NOPE", word.swapcase(), f" {word}", word + "\n"):
                yield f"unknown word {text!r}", text
            return
        low, high = bounds.get("min", 0), bounds.get("max")
        if high is not None:
            longest = self._samples.most(shape) or "a"
            yield "too long", longest + longest[-1] * (high + 1 - len(longest))
            yield "much too long", longest[:1] * 20_000
        if low > 0:
            yield "too short", self._samples.least(shape)[: low - 1]
        if "pattern" in bounds:
            pattern, longest = compiled(bounds["pattern"]), self._samples.most(shape)
            broken = [*OFF_PATTERN, *(longest[: (high or 99) - len(end)] + end for end in ("\n", "!", "é"))]
            for text in broken:
                if low <= len(text) <= (high or len(text)) and not pattern.fullmatch(text):
                    yield f"off its pattern {text!r}", text

    def _lists(self, shape: Shape) -> Iterator[Fault]:
        low, high = shape.metadata.get("min", 0), shape.metadata.get("max")
        good = self._samples.least(shape.member)
        if low > 0:
            yield Fault("too few", [good] * (low - 1))
        if high is not None:
            yield Fault("too many", [good] * (high + 1))
        yield Fault("null as its element", [None])
        for fault in self.of(shape.member):
            yield Fault(f"element {fault.label}", [fault.value], fault.path, fault.sensitive)

    def _maps(self, shape: Shape) -> Iterator[Fault]:
        high = shape.metadata.get("max")
        good = self._samples.least(shape.value)
        if high is not None:
            yield Fault("too many", {f"key-{number}": good for number in range(high + 1)})
        yield Fault("null as its value", {"k": None})
        for label, key in self._texts(shape.key):
            yield Fault(f"key {label}", {key: good})
        for fault in self.of(shape.value):
            yield Fault(f"value {fault.label}", {"k": fault.value}, fault.path, fault.sensitive)

    def _structures(self, shape: Shape) -> Iterator[Fault]:
        members = {name: member for name, member in shape.members.items() if in_body(member)}
        if shape.is_tagged_union:
            yield Fault("with nothing set", {})
            if len(members) > 1:
                yield Fault("with all set", {name: self._samples.least(one) for name, one in members.items()})
        base = {} if shape.is_tagged_union else self._samples.least(shape)
        for name in shape.required_members:
            yield Fault("missing", {k: v for k, v in base.items() if k != name}, (name,))
            yield Fault("null", base | {name: None}, (name,))
        for name, member in members.items():
            for fault in self.of(member):
                yield _inside(fault, name, base | {name: fault.value})


def _inside(fault: Fault, name: str, value: Any) -> Fault:
    return Fault(fault.label, value, (name, *fault.path), fault.sensitive)


def _numbers(shape: Shape) -> Iterator[tuple[str, int]]:
    bounds = shape.metadata
    if "min" in bounds:
        yield "too small", bounds["min"] - 1
    if "max" in bounds:
        yield "too large", bounds["max"] + 1
    width = 2 ** (INTEGER_BITS[shape.type_name] - 1)
    for value in (width, -width - 1, 2**64, -(2**64), 10**30):
        yield f"too wide {value}", value


def _is_text(where: str, value: Any) -> bool:
    """Can a path or a query carry it at all?"""
    if where == "uri":
        return isinstance(value, str) and value != ""
    return isinstance(value, list) and bool(value) and all(isinstance(one, str) for one in value)
