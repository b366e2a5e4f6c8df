"""What valid calls of `ivschat` need beyond the model: its resources and its rules.

Promise: each resource is made by the API itself, shared ones once and first when needed; nobody's values are
well-formed and name nothing that exists.
"""

from functools import cached_property
from typing import Any

from .model import Deviations
from .samples import Known
from .server import ACCOUNT, REGION
from .story import Story, Values

LAMBDA = f"arn:aws:lambda:{REGION}:{ACCOUNT}:function:review"


def arn(kind: str, name: str, region: str = REGION, account: str = ACCOUNT) -> str:
    return f"arn:aws:ivschat:{region}:{account}:{kind}/{name}"


def nobodys(kind: str) -> str:
    return arn(kind, "AAAAbbbb0000")


#: Which resource an ARN of the model names.
KINDS = {
    "RoomIdentifier": "room",
    "LoggingConfigurationIdentifier": "logging-configuration",
    "ResourceArn": "room",
}


def nobodys_values() -> Known:
    """Well-formed values that need no server: for inputs that are refused before anything is looked up."""
    arns = {shape: (lambda kind=kind: [nobodys(kind)]) for shape, kind in KINDS.items()}
    return arns | _plain() | {"PaginationToken": lambda: ["AAAA"]}


def _plain() -> Known:
    """What is valid whatever there is."""
    return {
        "ChatTokenAttributes": _attributes,
        "EventAttributes": _attributes,
        "LambdaArn": lambda: ["", LAMBDA, LAMBDA.ljust(170, "x")],
        "TagKeyList": _tag_keys,
    }


def _attributes() -> list[Values]:
    return [{}, {"a": ""}, {"\u00e9": "\u00e9" * 511}]


def _tag_keys() -> list[list[str]]:
    """An empty list has no form in a query."""
    return [["a"], [f"key {number}" for number in range(50)]]


class IvsChatStory(Story):
    """Resources are made on first use."""

    #: The generator's own list of these is `xtask/src/exceptions.rs`.
    DEVIATIONS = Deviations(
        patterns_not_enforced={"ResourceArn": "the model's `[a-z-]/` has one letter as the kind; no real ARN does"},
        more_words={
            "CreateLoggingConfigurationState": (["CREATING", "CREATE_FAILED"], "the model knows success alone"),
            "UpdateLoggingConfigurationState": (
                ["CREATING", "CREATE_FAILED", "UPDATING", "UPDATE_FAILED"],
                "the model knows success alone",
            ),
        },
    )
    KINDS = KINDS
    arn = staticmethod(arn)
    nobodys_values = staticmethod(nobodys_values)

    # Resources

    def new_room(self, **values: Any) -> str:
        return self.do("CreateRoom", **values)["arn"]

    def new_log(self, **values: Any) -> str:
        wanted = {"destinationConfiguration": {"s3": {"bucketName": "a-bucket"}}} | values
        made = self.do("CreateLoggingConfiguration", **wanted)
        assert made["state"] == "ACTIVE", made
        return made["arn"]

    @cached_property
    def rooms(self) -> list[str]:
        return [self.new_room(name="a-room") for _ in range(2)]

    @cached_property
    def logs(self) -> list[str]:
        """As many as a room may have."""
        return [self.new_log() for _ in range(3)]

    @cached_property
    def spare_log(self) -> str:
        """One whose destination may be changed to what can't be reached."""
        return self.new_log()

    # What the model can't say

    def known(self) -> Known:
        return _plain() | {
            "RoomIdentifier": lambda: self.rooms[:1],
            "LoggingConfigurationIdentifier": lambda: self.logs[:1],
            "LoggingConfigurationIdentifierList": lambda: [[], self.logs[:1], self.logs],
            "ResourceArn": lambda: [self.rooms[0], self.logs[0]],
            "TagKey": lambda: ["a", "\u00dcberschrift 1_.:/=+-@", "k" * 128],
            "UserID": lambda: ["u", "\u00e9 \u2713" * 42 + "u"],
        }

    def required(self, operation: str) -> Values:
        match operation:
            case "DeleteRoom":
                return {"identifier": self.new_room()}
            case "DeleteLoggingConfiguration":
                return {"identifier": self.new_log()}
            case "UpdateLoggingConfiguration":
                return {"identifier": self.spare_log}
        return {}

    def page_token(self, operation: str, values: Values) -> str | None:
        match operation:
            case "ListRooms":
                _ = self.rooms
            case "ListLoggingConfigurations":
                _ = self.logs
        # A filter may leave less than a page.
        return self.do(operation, **(values | {"maxResults": 1})).get("nextToken")

    def forget(self, operation: str, values: Values, output: Values) -> None:
        match operation:
            case "CreateRoom":
                self.do("DeleteRoom", identifier=output["arn"])
            case "CreateLoggingConfiguration":
                self.do("DeleteLoggingConfiguration", identifier=output["arn"])
            case "TagResource" if values["tags"]:
                self.do("UntagResource", resourceArn=values["resourceArn"], tagKeys=list(values["tags"]))
