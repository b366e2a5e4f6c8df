"""The rules of the control plane, in memory and as short as they can be said.

Promise: knows nothing of the server. Each operation either changes the state and gives what must come back,
or raises `Refused` with the error that must come back and changes nothing.
"""

from dataclasses import dataclass, field
from typing import Any

ADVANCED = ("ADVANCED_SD", "ADVANCED_HD")


class Refused(Exception):
    """The operation must be refused with this error."""


@dataclass(frozen=True)
class Quotas:
    """How many of each an account may have."""

    channel: int
    recording_configuration: int
    playback_restriction_policy: int
    playback_key: int
    stream_key: int = 1


@dataclass
class Rules:
    """One account's resources: what each ARN must read back as, in creation order."""

    quotas: Quotas
    things: dict[str, dict[str, Any]] = field(default_factory=dict)

    def kind(self, kind: str) -> dict[str, dict[str, Any]]:
        return {arn: thing for arn, thing in self.things.items() if f":{kind}/" in arn}

    def get(self, arn: str, kind: str) -> dict[str, Any]:
        found = self.kind(kind).get(arn)
        if found is None:
            raise Refused("ResourceNotFoundException")
        return found

    def room(self, kind: str) -> None:
        if len(self.kind(kind)) >= getattr(self.quotas, kind.replace("-", "_")):
            raise Refused("ServiceQuotaExceededException")

    # Channels and their keys

    def check_channel(self, wanted: dict[str, Any]) -> None:
        """What is attached must exist."""
        for member, kind in (
            ("recordingConfigurationArn", "recording-configuration"),
            ("playbackRestrictionPolicyArn", "playback-restriction-policy"),
        ):
            if wanted.get(member):
                self.get(wanted[member], kind)

    @staticmethod
    def preset(channel_type: str, asked: str | None, before: str) -> str:
        if channel_type in ADVANCED:
            return asked or before or "HIGHER_BANDWIDTH_DELIVERY"
        if asked:
            raise Refused("ValidationException")
        return ""

    def new_channel(self, wanted: dict[str, Any]) -> dict[str, Any]:
        channel = {
            "name": "", "latencyMode": "LOW", "type": "STANDARD", "authorized": False, "insecureIngest": False,
            "recordingConfigurationArn": "", "playbackRestrictionPolicyArn": "", "containerFormat": "TS", "tags": {},
        }  # fmt: skip
        channel |= wanted
        channel["preset"] = self.preset(channel["type"], wanted.get("preset"), "")
        self.check_channel(wanted)
        self.room("channel")
        return channel

    def changed_channel(self, arn: str, wanted: dict[str, Any]) -> dict[str, Any]:
        before = self.get(arn, "channel")
        channel = before | wanted
        channel["preset"] = self.preset(channel["type"], wanted.get("preset"), before["preset"])
        self.check_channel(wanted)
        return channel

    def delete_channel(self, arn: str) -> None:
        self.get(arn, "channel")
        del self.things[arn]
        self.things = {arn_: thing for arn_, thing in self.things.items() if thing.get("channelArn") != arn}

    def keys_of(self, channel: str) -> list[str]:
        self.get(channel, "channel")
        return [arn for arn, thing in self.kind("stream-key").items() if thing["channelArn"] == channel]

    def new_stream_key(self, channel: str) -> dict[str, Any]:
        if len(self.keys_of(channel)) >= self.quotas.stream_key:
            raise Refused("ServiceQuotaExceededException")
        return {"channelArn": channel, "tags": {}}

    # What channels are attached to

    def delete_attachable(self, arn: str, kind: str, member: str) -> None:
        self.get(arn, kind)
        if any(channel[member] == arn for channel in self.kind("channel").values()):
            raise Refused("ConflictException")
        del self.things[arn]

    def new_playback_key(self, fingerprint: str, name: str) -> dict[str, Any]:
        if any(key["fingerprint"] == fingerprint for key in self.kind("playback-key").values()):
            raise Refused("ConflictException")
        self.room("playback-key")
        return {"name": name, "fingerprint": fingerprint, "tags": {}}

    # Tags

    def tagged(self, arn: str) -> dict[str, Any]:
        if arn not in self.things:
            raise Refused("ResourceNotFoundException")
        return self.things[arn]["tags"]

    def tag(self, arn: str, tags: dict[str, str]) -> None:
        merged = self.tagged(arn) | tags
        if len(merged) > 50:
            raise Refused("ValidationException")
        self.things[arn]["tags"] = merged

    def untag(self, arn: str, keys: list[str]) -> None:
        self.things[arn]["tags"] = {k: v for k, v in self.tagged(arn).items() if k not in keys}
