"""Valid values of the model's shapes: the least, the most, and each choice in between.

Promise: every value meets the model's bounds; the last sample of a shape is the largest. What the model can't
say (a resource that exists, a key that is on the curve) is looked up in `known` by the shape's name.
"""

import json
from collections.abc import Callable
from typing import Any

from botocore.model import Shape

from .model import Deviations, Reader, compiled, in_body

#: Members that a list, a map or a text without an upper bound gets.
PLENTY = 20
FILLERS = ("a", "0", "A", "-")

Known = dict[str, Callable[[], list[Any]]]


class Samples:
    """Makes values; `known` maps shape names to what makes theirs."""

    def __init__(self, known: Known, deviations: Deviations):
        self._known, self.deviations = known, deviations
        self._reader = Reader(deviations)

    def of(self, shape: Shape) -> list[Any]:
        """Valid values, smallest first; equal ones once."""
        made = self._known[shape.name]() if shape.name in self._known else self._made(shape)
        unique = list({json.dumps(value, sort_keys=True): value for value in made}.values())
        for value in unique:
            wrong = self._reader.complaints(shape, value, shape.name, strict=False)
            assert not wrong, f"a sample that the model refuses: {wrong}"
        return unique

    def least(self, shape: Shape) -> Any:
        return self.of(shape)[0]

    def most(self, shape: Shape) -> Any:
        return self.of(shape)[-1]

    def _made(self, shape: Shape) -> list[Any]:
        bounds = self.deviations.bounds(shape)
        match shape.type_name:
            case "string" if "enum" in bounds:
                return list(bounds["enum"])
            case "string":
                return [self._text(shape, bounds.get("min", 0)), self._text(shape, bounds.get("max", PLENTY))]
            case "boolean":
                return [False, True]
            case "integer":
                return [bounds.get("min", 0), bounds.get("max", 2**31 - 1)]
            case "long":
                return [bounds.get("min", 0), bounds.get("max", 2**53)]
            case "timestamp":
                return ["2030-01-02T03:04:05Z"]
            case "list":
                return self._lists(shape)
            case "map":
                return self._maps(shape)
            case "structure":
                return self._structures(shape)
        raise NotImplementedError(f"{shape.name} of type {shape.type_name}")

    @staticmethod
    def _text(shape: Shape, length: int) -> str:
        pattern = compiled(shape.metadata.get("pattern", "(?s:.*)"))
        for filler in FILLERS:
            if pattern.fullmatch(filler * length):
                return filler * length
        raise AssertionError(f"{shape.name} ({pattern.pattern}) needs a known value")

    def _lists(self, shape: Shape) -> list[Any]:
        choices = self.of(shape.member)
        low, high = shape.metadata.get("min", 0), shape.metadata.get("max", len(choices))
        return [choices[:1] * low, *([one] for one in choices), [choices[at % len(choices)] for at in range(high)]]

    def _maps(self, shape: Shape) -> list[Any]:
        high = shape.metadata.get("max", PLENTY)
        longest = self.most(shape.key)
        keys = [f"{number:03}{longest[3:]}" for number in range(high)]
        return [{}, {self.least(shape.key): self.least(shape.value)}, dict.fromkeys(keys, self.most(shape.value))]

    def _structures(self, shape: Shape) -> list[Any]:
        members = {name: member for name, member in shape.members.items() if in_body(member)}
        if shape.is_tagged_union:
            return [{name: value} for name, member in members.items() for value in self.of(member)]
        base = {name: self.least(members[name]) for name in shape.required_members}
        singles = [base | {name: value} for name, member in members.items() for value in self.of(member)]
        return [base, *singles, {name: self.most(member) for name, member in members.items()}]
