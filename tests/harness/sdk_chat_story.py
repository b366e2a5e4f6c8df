"""The story of a chat that every SDK is told: rooms and their log from the first create to the last delete.

The Rust SDK's story (`sdk/rust/src/chat.rs`) has the same steps under the same names.

Promise: each step asserts what the SDK's user sees, and leaves what the next one builds on.
"""

from typing import Any

from .sdks import Sdk, refused
from .server import REGION

LAMBDA = f"arn:aws:lambda:{REGION}:123456789012:function:review"
#: Members of a room that move on by themselves.
TIMES = {"createTime", "updateTime"}


class SdkChatStory:
    """Its steps are its public methods, in order."""

    def __init__(self, sdk: Sdk, account: str):
        self._call = sdk.call
        self._account = account
        self._room: dict[str, Any] = {}
        self._log = ""

    def a_log_is_active_when_its_bucket_can_be_written_to(self) -> None:
        destination = {"s3": {"bucketName": "chat-logs"}}
        made = self._call("CreateLoggingConfiguration", name="archive", destinationConfiguration=destination)
        assert (made["state"], made["destinationConfiguration"]) == ("ACTIVE", destination)
        self._log = made["arn"]
        assert self._call("GetLoggingConfiguration", identifier=self._log) == made
        renamed = self._call("UpdateLoggingConfiguration", identifier=self._log, name="renamed")
        assert _lasting(renamed) == _lasting(made) | {"name": "renamed"}

    def a_room_with_nothing_said_has_the_defaults(self) -> None:
        made = self._call("CreateRoom")
        assert (made["maximumMessageRatePerSecond"], made["maximumMessageLength"]) == (10, 500)
        assert (made["name"], made["tags"], made["loggingConfigurationIdentifiers"]) == ("", {}, [])
        assert "messageReviewHandler" not in made
        assert made["arn"].endswith("/" + made["id"])
        self._room = made
        assert self._read() == made

    def a_room_is_updated_in_place(self) -> None:
        for change in [
            {"name": "lobby"},
            {"maximumMessageRatePerSecond": 100, "maximumMessageLength": 1},
            {"messageReviewHandler": {"uri": LAMBDA, "fallbackResult": "DENY"}},
            {"loggingConfigurationIdentifiers": [self._log]},
            {"messageReviewHandler": {"uri": "", "fallbackResult": "DENY"}},
        ]:
            answer = self._call("UpdateRoom", identifier=self._room["arn"], **change)
            assert _lasting(answer) == _lasting(self._room) | change, change
            self._room = answer
            assert self._read() == answer

    def rooms_are_listed_from_the_latest_change_backwards(self) -> None:
        other = self._call("CreateRoom", name="other")["arn"]
        first = self._call("ListRooms", maxResults=1)
        last = self._call("ListRooms", maxResults=1, nextToken=first["nextToken"])
        assert [one["arn"] for one in first["rooms"] + last["rooms"]] == [other, self._room["arn"]]
        assert "nextToken" not in last
        assert "maximumMessageLength" not in last["rooms"][0]
        for wanted in ({"name": "lobby"}, {"loggingConfigurationIdentifier": self._log}):
            assert [one["arn"] for one in self._call("ListRooms", **wanted)["rooms"]] == [self._room["arn"]]
        assert self._call("ListRooms", messageReviewHandlerUri=LAMBDA)["rooms"] == []
        [log] = self._call("ListLoggingConfigurations")["loggingConfigurations"]
        assert log["arn"] == self._log
        assert self._call("DeleteRoom", identifier=other) == {}

    def a_log_in_use_is_not_deleted(self) -> None:
        with refused("ConflictException", 409, self._log):
            self._call("DeleteLoggingConfiguration", identifier=self._log)

    def a_token_is_given_out(self) -> None:
        made = self._call(
            "CreateChatToken",
            roomIdentifier=self._room["arn"],
            userId="user \u2713",
            capabilities=["SEND_MESSAGE", "DELETE_MESSAGE"],
            sessionDurationInMinutes=180,
            attributes={"name": "Max"},
        )
        assert made["token"] and made["tokenExpirationTime"] == made["sessionExpirationTime"]
        with refused("ValidationException", 400, "attributes"):
            self._call("CreateChatToken", roomIdentifier=self._room["arn"], userId="u", attributes={"k": "v" * 1024})

    def a_moderator_acts_on_the_room(self) -> None:
        room = {"roomIdentifier": self._room["arn"]}
        deleted = self._call("DeleteMessage", **room, id="M2YcHkgffEvU", reason="spam")["id"]
        sent = self._call("SendEvent", **room, eventName="app:GOAL", attributes={"by": "7"})["id"]
        assert len(deleted) == len(sent) == 12 and deleted != sent
        assert self._call("DisconnectUser", **room, userId="user \u2713", reason="rude") == {}

    def tags_come_and_go_on_each_kind(self) -> None:
        for arn in (self._room["arn"], self._log):
            assert self._tags(arn) == {}
            self._call("TagResource", resourceArn=arn, tags={"a/b": "1 + 1", "c": "", "Straße": "ü"})
            assert self._tags(arn) == {"a/b": "1 + 1", "c": "", "Straße": "ü"}
            self._call("UntagResource", resourceArn=arn, tagKeys=["a/b", "Straße", "was never there"])
            assert self._tags(arn) == {"c": ""}
        assert self._read()["tags"] == {"c": ""}

    def a_refusal_says_why(self) -> None:
        unknown = f"arn:aws:ivschat:{REGION}:{self._account}:room/AAAAbbbb0000"
        with refused("ResourceNotFoundException", 404, unknown):
            self._call("GetRoom", identifier=unknown)
        with refused("ResourceNotFoundException", 404, unknown):
            self._call("CreateChatToken", roomIdentifier=unknown, userId="u")
        with refused("ValidationException", 400, "name"):
            self._call("CreateRoom", name="with spaces in it")

    def all_is_deleted_and_stays_so(self) -> None:
        room, log = self._room["arn"], self._log
        assert self._call("DeleteRoom", identifier=room) == {}
        assert self._call("DeleteLoggingConfiguration", identifier=log) == {}
        for operation, arn in [("GetRoom", room), ("DeleteRoom", room), ("GetLoggingConfiguration", log)]:
            with refused("ResourceNotFoundException", 404, arn):
                self._call(operation, identifier=arn)
        assert self._call("ListRooms")["rooms"] == []
        assert self._call("ListLoggingConfigurations")["loggingConfigurations"] == []

    def _read(self) -> dict[str, Any]:
        return self._call("GetRoom", identifier=self._room["arn"])

    def _tags(self, arn: str) -> dict[str, str]:
        return self._call("ListTagsForResource", resourceArn=arn)["tags"]


def _lasting(resource: dict[str, Any]) -> dict[str, Any]:
    return {name: value for name, value in resource.items() if name not in TIMES}


#: The names of the steps.
STEPS = [name for name in vars(SdkChatStory) if not name.startswith("_")]
