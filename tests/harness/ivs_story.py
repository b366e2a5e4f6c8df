"""What valid calls of `ivs` need beyond the model: its resources, its rules, a stream on air.

Promise: each resource is made by the API itself, shared ones once and first when needed; nobody's values are
well-formed and name nothing that exists.
"""

import itertools
from collections.abc import Callable
from functools import cached_property
from typing import Any

from .caller import Caller
from .model import Deviations, Service
from .publickey import make_public_key
from .samples import Known
from .server import ACCOUNT, REGION
from .story import Story, Values

#: Puts streams on air, by stream key and channel ARN; they run until the server ends them.
GoLive = Callable[[dict[str, str]], None]


def arn(kind: str, name: str, region: str = REGION, account: str = ACCOUNT) -> str:
    return f"arn:aws:ivs:{region}:{account}:{kind}/{name}"


def nobodys(kind: str) -> str:
    return arn(kind, "AAAAbbbb0000")


#: Which resource an ARN of the model names.
KINDS = {
    "ChannelArn": "channel",
    "StreamKeyArn": "stream-key",
    "PlaybackKeyPairArn": "playback-key",
    "PlaybackRestrictionPolicyArn": "playback-restriction-policy",
    "RecordingConfigurationArn": "recording-configuration",
    "ChannelRecordingConfigurationArn": "recording-configuration",
    "ChannelPlaybackRestrictionPolicyArn": "playback-restriction-policy",
    "ChannelAdConfigurationArn": "ad-configuration",
    "ChannelFailoverSlateConfigurationArn": "failover-slate-configuration",
    "AdConfigurationArn": "ad-configuration",
    "FailoverSlateConfigurationArn": "failover-slate-configuration",
    "ResourceArn": "channel",
}


def nobodys_values() -> Known:
    """Well-formed values that need no server: for inputs that are refused before anything is looked up."""
    arns = {shape: (lambda kind=kind: [nobodys(kind)]) for shape, kind in KINDS.items()}
    return arns | {
        "PaginationToken": lambda: ["AAAA"],
        "StreamId": lambda: ["st-" + "A" * 23],
        "MediaTailorPlaybackConfigurationArn": lambda: [f"arn:aws:mediatailor:{REGION}:1:playbackConfiguration/a"],
        "StreamMetadata": lambda: ["metadata-of-nobody"],
        "TagKeyList": _tag_keys,
    }


def _tag_keys() -> list[list[str]]:
    """An empty list has no form in a query."""
    return [["a"], [f"key {number}" for number in range(50)]]


def _multitrack() -> list[Values]:
    off = [{"enabled": False}, {"enabled": False, "policy": "ALLOW", "maximumResolution": "SD"}]
    choices = itertools.product(("ALLOW", "REQUIRE"), ("SD", "HD", "FULL_HD"))
    return off + [{"enabled": True, "policy": one, "maximumResolution": other} for one, other in choices]


def _thumbnails() -> list[Values]:
    interval = {"recordingMode": "INTERVAL"}
    return [
        {},
        {"recordingMode": "DISABLED"},
        interval,
        *(interval | {"targetIntervalSeconds": seconds} for seconds in (1, 60)),
        *(interval | {"resolution": size} for size in ("SD", "HD", "FULL_HD", "LOWEST_RESOLUTION")),
        *(interval | {"storage": storage} for storage in (["SEQUENTIAL"], ["LATEST"], ["SEQUENTIAL", "LATEST"])),
        interval | {"targetIntervalSeconds": 30, "resolution": "HD", "storage": ["LATEST", "SEQUENTIAL"]},
    ]


def _renditions() -> list[Values]:
    sizes = ["SD", "HD", "FULL_HD", "LOWEST_RESOLUTION"]
    custom = [{"renditionSelection": "CUSTOM", "renditions": some} for some in (["HD"], ["LOWEST_RESOLUTION"], sizes)]
    return [{}, {"renditionSelection": "ALL"}, {"renditionSelection": "NONE"}, *custom]


class IvsStory(Story):
    """Resources are made on first use; `go_live` puts a stream on air."""

    #: The generator's own list of these is `xtask/src/exceptions.rs`.
    DEVIATIONS = Deviations(
        patterns_not_enforced={"ResourceArn": "the model's `[a-z-]/` has one letter as the kind; no real ARN does"},
        empty_word_allowed={"TranscodePreset": 'a BASIC or STANDARD channel reads back with the preset ""'},
        longer={"PlaybackRestrictionPolicyAllowedOrigin": (256, "the quota page says 256, the model 128")},
    )

    KINDS = KINDS
    arn = staticmethod(arn)
    nobodys_values = staticmethod(nobodys_values)

    def __init__(self, service: Service, caller: Caller, go_live: GoLive):
        super().__init__(service, caller)
        self._go_live = go_live

    # Resources

    def new_channel(self, **values: Any) -> Values:
        return self.do("CreateChannel", **values)

    def new_recording(self, **values: Any) -> str:
        wanted = {"destinationConfiguration": {"s3": {"bucketName": "a-bucket"}}} | values
        return self.do("CreateRecordingConfiguration", **wanted)["recordingConfiguration"]["arn"]

    def new_policy(self, **values: Any) -> str:
        return self.do("CreatePlaybackRestrictionPolicy", **values)["playbackRestrictionPolicy"]["arn"]

    def new_key_pair(self) -> str:
        made = self.do("ImportPlaybackKeyPair", publicKeyMaterial=make_public_key().pem)
        return made["keyPair"]["arn"]

    @cached_property
    def channel(self) -> Values:
        return self.new_channel()

    @cached_property
    def channels(self) -> list[Values]:
        """As many as a batch may name."""
        return [self.channel, *(self.new_channel(name=f"batch-{number}") for number in range(49))]

    @cached_property
    def recordings(self) -> list[str]:
        return [self.new_recording() for _ in range(2)]

    @cached_property
    def policies(self) -> list[str]:
        return [self.new_policy() for _ in range(2)]

    @cached_property
    def key_pairs(self) -> list[str]:
        return [self.new_key_pair() for _ in range(2)]

    @cached_property
    def live(self) -> list[str]:
        """Two channels that stay on air, and others that may be stopped."""
        made = [self.new_channel(name=f"live-{number}") for number in range(6)]
        arns = [one["channel"]["arn"] for one in made]
        self._go_live(dict(zip([one["streamKey"]["value"] for one in made], arns)))
        return arns

    # What the model can't say

    def known(self) -> Known:
        return {
            "ChannelArn": lambda: [self.channel["channel"]["arn"]],
            "ChannelArnList": lambda: self._lists([one["channel"]["arn"] for one in self.channels]),
            "StreamKeyArn": lambda: [self.channel["streamKey"]["arn"]],
            "StreamKeyArnList": lambda: self._lists([one["streamKey"]["arn"] for one in self.channels]),
            "PlaybackKeyPairArn": lambda: self.key_pairs[:1],
            "PlaybackRestrictionPolicyArn": lambda: self.policies[:1],
            "RecordingConfigurationArn": lambda: self.recordings[:1],
            "ChannelPlaybackRestrictionPolicyArn": lambda: ["", self.policies[0]],
            "ChannelRecordingConfigurationArn": lambda: ["", self.recordings[0]],
            "ChannelAdConfigurationArn": lambda: [""],
            "ChannelFailoverSlateConfigurationArn": lambda: [""],
            "ResourceArn": self._taggable,
            "StreamId": lambda: [self.do("GetStream", channelArn=self.live[0])["stream"]["streamId"]],
            "PlaybackPublicKeyMaterial": lambda: [make_public_key().pem],
            "PlaybackRestrictionPolicyAllowedCountry": lambda: ["DE", "US"],
            "PlaybackRestrictionPolicyAllowedOrigin": lambda: [
                "https://example.com",
                "https://*.example.org",
                f"https://{'a.' * 122}info",
            ],
            "StreamMetadata": lambda: ["x", "\u00e9" * 512],
            "TagKeyList": _tag_keys,
            "TagKey": lambda: ["a", "\u00dcberschrift 1_.:/=+-@", "k" * 128],
            "MultitrackInputConfiguration": _multitrack,
            "ThumbnailConfiguration": _thumbnails,
            "RenditionConfiguration": _renditions,
        }

    @staticmethod
    def _lists(arns: list[str]) -> list[list[str]]:
        return [arns[:1], arns]

    def _taggable(self) -> list[str]:
        return [
            self.channel["channel"]["arn"],
            self.channel["streamKey"]["arn"],
            self.key_pairs[0],
            self.recordings[0],
            self.policies[0],
        ]

    def required(self, operation: str) -> Values:
        match operation:
            case "CreateStreamKey":
                made = self.new_channel()
                self.do("DeleteStreamKey", arn=made["streamKey"]["arn"])
                return {"channelArn": made["channel"]["arn"]}
            case "DeleteChannel" | "UpdateChannel":
                return {"arn": self.new_channel()["channel"]["arn"]}
            case "DeleteStreamKey":
                return {"arn": self.new_channel()["streamKey"]["arn"]}
            case "DeletePlaybackKeyPair":
                return {"arn": self.new_key_pair()}
            case "DeletePlaybackRestrictionPolicy":
                return {"arn": self.new_policy()}
            case "DeleteRecordingConfiguration":
                return {"arn": self.new_recording()}
            case "ImportPlaybackKeyPair":
                return {"publicKeyMaterial": make_public_key().pem}
            case "CreateRecordingConfiguration":
                return {"destinationConfiguration": {"s3": {"bucketName": "a-bucket"}}}
            case "GetStream" | "GetStreamSession" | "ListStreamSessions" | "PutMetadata":
                return {"channelArn": self.live[0]}
            case "StopStream":
                return {"channelArn": self.live.pop()}
        return {}

    def companions(self, operation: str, member: str, value: Any) -> Values:
        match member, value:
            case "preset", _:
                return {"type": "ADVANCED_HD"}
            case "multitrackInputConfiguration", {"enabled": True}:
                return {"type": "STANDARD", "containerFormat": "FRAGMENTED_MP4"}
        return {}

    def complete(self, operation: str, everything: Values) -> list[Values]:
        def without(*names: str) -> Values:
            return {name: value for name, value in everything.items() if name not in names}

        match operation:
            case "CreateChannel" | "UpdateChannel":
                multitrack = {"type": "STANDARD", "containerFormat": "FRAGMENTED_MP4"}
                advanced = {"type": "ADVANCED_HD", "containerFormat": "TS"}
                return [without("preset") | multitrack, without("multitrackInputConfiguration") | advanced]
            case "ListChannels":
                filters = [name for name in everything if name.startswith("filterBy")]
                return [{"maxResults": 100}, *({name: everything[name], "maxResults": 1} for name in filters)]
        return [everything]

    def page_token(self, operation: str, values: Values) -> str | None:
        match operation:
            case "ListChannels":
                _ = self.channels
            case "ListPlaybackKeyPairs":
                _ = self.key_pairs
            case "ListPlaybackRestrictionPolicies":
                _ = self.policies
            case "ListRecordingConfigurations":
                _ = self.recordings
            case "ListStreams" | "ListStreamSessions":
                _ = self.live
            case "ListStreamKeys":
                return None  # A channel has one stream key.
        # A filter may leave less than a page.
        return self.do(operation, **(values | {"maxResults": 1})).get("nextToken")

    def forget(self, operation: str, values: Values, output: Values) -> None:
        match operation:
            case "CreateChannel":
                self.do("DeleteChannel", arn=output["channel"]["arn"])
            case "CreatePlaybackRestrictionPolicy":
                self.do("DeletePlaybackRestrictionPolicy", arn=output["playbackRestrictionPolicy"]["arn"])
            case "CreateRecordingConfiguration":
                self.do("DeleteRecordingConfiguration", arn=output["recordingConfiguration"]["arn"])
            case "ImportPlaybackKeyPair":
                self.do("DeletePlaybackKeyPair", arn=output["keyPair"]["arn"])
            case "UpdateChannel":
                self.do("DeleteChannel", arn=output["channel"]["arn"])
            case "TagResource" if values["tags"]:
                self.do("UntagResource", resourceArn=values["resourceArn"], tagKeys=list(values["tags"]))
