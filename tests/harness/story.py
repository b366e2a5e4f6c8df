"""Valid calls of every operation of a service, made from its model and from what exists on the server.

Promise: the model decides which members are tried; a service's own story adds only what the model can't say:
resources that exist, members that need or exclude one another, page tokens.
"""

from collections.abc import Iterator
from typing import Any

from .caller import Caller
from .model import Deviations, Operation, Service
from .samples import Known, Samples
from .wire import Reply

Values = dict[str, Any]


class Story:
    """The generic half; a service's story overrides what its names say."""

    #: Where the service does not do what its model says.
    DEVIATIONS: Deviations
    #: The kind of resource that an ARN names, by the ARN's shape.
    KINDS: dict[str, str]

    @staticmethod
    def arn(kind: str, name: str, region: str = "", account: str = "") -> str:
        """The name of a resource of this service; ours unless told otherwise."""
        raise NotImplementedError

    @staticmethod
    def nobodys_values() -> Known:
        """Well-formed values that need no server and name nothing that exists."""
        raise NotImplementedError

    def __init__(self, service: Service, caller: Caller):
        self.service, self.caller = service, caller
        self.samples = Samples(self.known(), service.deviations)

    # What a service's story says

    def known(self) -> Known:
        """Valid values by shape name, with resources that exist."""
        raise NotImplementedError

    def required(self, operation: str) -> Values:
        """Members that this operation's samples alone don't get right: resources of its own to spend."""
        return {}

    def companions(self, operation: str, member: str, value: Any) -> Values:
        """Other members that `member` with this value needs beside it."""
        return {}

    def complete(self, operation: str, everything: Values) -> list[Values]:
        """Largest inputs that the service's rules allow, out of every member's largest value."""
        return [everything]

    def page_token(self, operation: str, values: Values) -> str | None:
        """A token for the next page of this list; `None` where there can never be a second page."""
        raise NotImplementedError

    def forget(self, operation: str, values: Values, output: Values) -> None:
        """Takes back what a successful call with these members has made."""

    # What follows from it

    def do(self, operation: str, **values: Any) -> Values:
        """A call that must go well."""
        return self.ok(operation, self.reply(operation, values))

    def reply(self, operation: str, values: Values) -> Reply:
        return self.caller.call(self.service.operations[operation], values)

    def ok(self, operation: str, reply: Reply) -> Values:
        assert reply.status == self.service.operations[operation].status, f"{operation}: {reply}"
        return reply.json() if reply.body else {}

    def least(self, operation: Operation, given: Values | None = None) -> Values:
        """The required members and no other, but for those that are given."""
        values = dict(given or {})
        if set(operation.required) - values.keys():
            values = self.required(operation.name) | values
        wanted = [name for name in operation.required if name not in values]
        return values | {name: self.samples.least(operation.members[name]) for name in wanted}

    def inputs(self, operation: Operation) -> Iterator[tuple[str, Values]]:
        """Valid inputs with a label each, every one to be called before the next is made."""
        yield "least", self.least(operation)
        for name, shape in operation.members.items():
            for value in self._choices(operation, name, shape):
                beside = self.companions(operation.name, name, value)
                yield f"{name}={value!r}"[:80], self.least(operation) | beside | {name: value}
        if any(operation.location(name) == "body" for name in operation.members):
            optional = operation.members.keys() - set(operation.required)
            yield (
                "null is absent",
                self.least(operation) | {name: None for name in optional if operation.location(name) == "body"},
            )
            yield "unknown members are ignored", self.least(operation) | {"fromTheFuture": {"a": [1]}, "": None}
        for number, values in enumerate(self._complete(operation), 1):
            yield f"most {number}", values | self.required(operation.name)

    def _choices(self, operation: Operation, name: str, shape: Any) -> list[Any]:
        if shape.name == "PaginationToken":
            token = self.page_token(operation.name, self.least(operation))
            return [token] if token else []
        if name in operation.required and name in self.required(operation.name):
            return []
        return self.samples.of(shape)

    def _complete(self, operation: Operation) -> list[Values]:
        plain = {name: shape for name, shape in operation.members.items() if shape.name != "PaginationToken"}
        everything = {name: self.samples.most(shape) for name, shape in plain.items()}
        found = self.complete(operation.name, everything)
        if len(plain) < len(operation.members):
            tokens = [(values, self.page_token(operation.name, values)) for values in found]
            found = [values | ({"nextToken": token} if token else {}) for values, token in tokens]
        return found
