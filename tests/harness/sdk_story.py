"""One story that every SDK is told: a streaming app's resources from the first create to the last delete.

The Rust SDK's story (`sdk/rust/src/story.rs`) has the same steps under the same names.

Promise: each step asserts what the SDK's user sees, and leaves what the next one builds on.
"""

from typing import Any

from .publickey import PublicKey
from .resources import CHANNEL, PLAYBACK_KEY, RECORDING_CONFIGURATION, RESTRICTION_POLICY
from .sdks import Sdk, refused
from .server import REGION
from .waiting import wait_until

#: How many channels the story pages through, its first one included, and how many fit a page.
CHANNELS, PAGE = 5, 2


class SdkStory:
    """Its steps are its public methods, in order."""

    def __init__(self, sdk: Sdk, account: str, public_key: PublicKey):
        self._call, self._pages = sdk.call, sdk.pages
        self._account = account
        self._public_key = public_key
        self._arns: dict[str, str] = {}

    def a_recording_configuration_becomes_active(self) -> None:
        made = RECORDING_CONFIGURATION.make(self._call, name="archive", recordingReconnectWindowSeconds=60)
        assert made["state"] == "CREATING"
        arn = self._arns["recording"] = made["arn"]

        def active() -> dict[str, Any] | None:
            read = RECORDING_CONFIGURATION.read(self._call, arn)
            assert read["state"] in ("CREATING", "ACTIVE")
            return read if read["state"] == "ACTIVE" else None

        read = wait_until(active, "the recording configuration is active")
        assert read == made | {"state": "ACTIVE"}
        assert read["recordingReconnectWindowSeconds"] == 60
        assert read["destinationConfiguration"]["s3"]["bucketName"] == "recordings"

    def a_restriction_policy_is_made_and_changed(self) -> None:
        rules = {"allowedCountries": ["DE", "FR"], "allowedOrigins": ["https://example.com"]}
        made = RESTRICTION_POLICY.make(self._call, name="europe", **rules)
        arn = self._arns["policy"] = made["arn"]
        assert {name: made[name] for name in rules} == rules
        strict = {"arn": arn, "enableStrictOriginEnforcement": True, "allowedCountries": ["DE"]}
        changed = self._call("UpdatePlaybackRestrictionPolicy", **strict)["playbackRestrictionPolicy"]
        assert changed == made | strict
        assert RESTRICTION_POLICY.read(self._call, arn) == changed

    def a_p384_key_is_imported_once(self) -> None:
        material = {"publicKeyMaterial": self._public_key.pem}
        made = PLAYBACK_KEY.make(self._call, name="viewers", **material)
        self._arns["key pair"] = made["arn"]
        assert made["fingerprint"] == self._public_key.fingerprint
        assert PLAYBACK_KEY.read(self._call, made["arn"]) == made
        with refused("ConflictException", 409, made["arn"]):
            self._call("ImportPlaybackKeyPair", **material)

    def a_channel_is_made_with_all_of_them(self) -> None:
        wanted = {
            "name": "front-door",
            "latencyMode": "NORMAL",
            "authorized": True,
            "recordingConfigurationArn": self._arns["recording"],
            "playbackRestrictionPolicyArn": self._arns["policy"],
            "tags": {"team": "live video"},
        }
        made = self._call("CreateChannel", **wanted)
        self._arns |= {"channel": made["channel"]["arn"], "stream key": made["streamKey"]["arn"]}
        assert {name: made["channel"][name] for name in wanted} == wanted
        assert made["streamKey"]["channelArn"] == made["channel"]["arn"]

    def channels_are_read_alone_and_in_a_batch(self) -> None:
        arn, unknown = self._arns["channel"], self._unknown("channel")
        channel = CHANNEL.read(self._call, arn)
        batch = self._call("BatchGetChannel", arns=[arn, unknown])
        assert batch["channels"] == [channel]
        self._assert_one_is_missing(batch, unknown)

    def a_list_takes_one_filter(self) -> None:
        arn = self._arns["channel"]
        filters = {
            "filterByName": "front-door",
            "filterByRecordingConfigurationArn": self._arns["recording"],
            "filterByPlaybackRestrictionPolicyArn": self._arns["policy"],
        }
        for name, value in filters.items():
            assert [one["arn"] for one in self._call("ListChannels", **{name: value})["channels"]] == [arn]
        assert self._call("ListChannels", filterByName="back-door")["channels"] == []
        with refused("ConflictException", 409, "filterByRecordingConfigurationArn"):
            self._call("ListChannels", **dict(list(filters.items())[:2]))

    def a_channel_has_one_stream_key_that_can_be_replaced(self) -> None:
        channel, old = self._arns["channel"], self._arns["stream key"]
        with refused("ServiceQuotaExceededException", 402, channel):
            self._call("CreateStreamKey", channelArn=channel)
        before = self._call("GetStreamKey", arn=old)["streamKey"]
        assert self._call("DeleteStreamKey", arn=old) == {}
        after = self._call("CreateStreamKey", channelArn=channel, tags={"turn": "2"})["streamKey"]
        assert after["arn"] != old and after["value"] != before["value"]
        self._arns["stream key"] = after["arn"]
        batch = self._call("BatchGetStreamKey", arns=[after["arn"], old])
        assert batch["streamKeys"] == [after]
        self._assert_one_is_missing(batch, old)
        summaries = self._call("ListStreamKeys", channelArn=channel)["streamKeys"]
        assert summaries == [{name: after[name] for name in ("arn", "channelArn", "tags")}]

    def what_is_in_use_is_not_deleted(self) -> None:
        with refused("ConflictException", 409, self._arns["policy"]):
            self._call("DeletePlaybackRestrictionPolicy", arn=self._arns["policy"])
        with refused("ConflictException", 409, self._arns["recording"]):
            self._call("DeleteRecordingConfiguration", arn=self._arns["recording"])

    def a_channel_is_updated_in_place(self) -> None:
        arn = self._arns["channel"]
        before = CHANNEL.read(self._call, arn)
        wanted = {
            "name": "front-door-2",
            "type": "ADVANCED_HD",
            "preset": "CONSTRAINED_BANDWIDTH_DELIVERY",
            "recordingConfigurationArn": "",
        }
        after = self._call("UpdateChannel", arn=arn, **wanted)["channel"]
        assert after == before | wanted
        assert CHANNEL.read(self._call, arn) == after

    def tags_come_and_go_on_each_kind(self) -> None:
        for arn in self._arns.values():
            before = self._tags(arn)
            self._call("TagResource", resourceArn=arn, tags={"a/b": "1 + 1", "c": "", "Straße": "ü"})
            self._call("TagResource", resourceArn=arn, tags={"c": "again"})
            assert self._tags(arn) == before | {"a/b": "1 + 1", "c": "again", "Straße": "ü"}
            self._call("UntagResource", resourceArn=arn, tagKeys=["a/b", "Straße", "was never there"])
            assert self._tags(arn) == before | {"c": "again"}
        assert CHANNEL.read(self._call, self._arns["channel"])["tags"] == {"team": "live video", "c": "again"}

    def viewers_are_revoked_alone_and_in_a_batch(self) -> None:
        viewer = {"channelArn": self._arns["channel"], "viewerId": "viewer-1"}
        assert self._call("StartViewerSessionRevocation", **viewer, viewerSessionVersionsLessThanOrEqualTo=3) == {}
        unknown = {"channelArn": self._unknown("channel"), "viewerId": "viewer-2"}
        batch = self._call("BatchStartViewerSessionRevocation", viewerSessions=[viewer, unknown])
        [error] = batch["errors"]
        assert {name: error[name] for name in unknown} == unknown
        assert error["code"] == "ResourceNotFoundException" and unknown["channelArn"] in error["message"]

    def an_offline_channel_has_no_stream(self) -> None:
        channel = self._arns["channel"]
        for operation, more in [("GetStream", {}), ("StopStream", {}), ("PutMetadata", {"metadata": "hello"})]:
            with refused("ChannelNotBroadcasting", 404, channel):
                self._call(operation, channelArn=channel, **more)
        with refused("ResourceNotFoundException", 404, channel):
            self._call("GetStreamSession", channelArn=channel)
        assert self._call("ListStreams", filterBy={"health": "HEALTHY"})["streams"] == []
        assert self._call("ListStreamSessions", channelArn=channel)["streamSessions"] == []

    def a_refusal_says_why(self) -> None:
        with refused("ValidationException", 400, "name"):
            self._call("CreateChannel", name="with spaces in it")
        with refused("ResourceNotFoundException", 404, self._unknown("channel")):
            self._call("GetChannel", arn=self._unknown("channel"))
        with refused("ResourceNotFoundException", 404, self._unknown("recording-configuration")):
            self._call("CreateChannel", recordingConfigurationArn=self._unknown("recording-configuration"))

    def channels_are_paged_through(self) -> None:
        more = [CHANNEL.make(self._call, name=f"page-{number}")["arn"] for number in range(1, CHANNELS)]
        pages = self._pages("ListChannels", PAGE, "channels")
        assert [len(page) for page in pages] == [2, 2, 1]
        assert [channel["arn"] for page in pages for channel in page] == [self._arns["channel"], *more]
        for arn in more:
            assert self._call("DeleteChannel", arn=arn) == {}

    def all_is_deleted_and_stays_so(self) -> None:
        deleted = [
            ("channel", CHANNEL),
            ("policy", RESTRICTION_POLICY),
            ("recording", RECORDING_CONFIGURATION),
            ("key pair", PLAYBACK_KEY),
        ]
        for name, kind in deleted:
            assert self._call(kind.delete, arn=self._arns[name]) == {}
        for name, kind in deleted:
            arn = self._arns[name]
            for operation, member in [(kind.get, "arn"), (kind.delete, "arn"), ("ListTagsForResource", "resourceArn")]:
                with refused("ResourceNotFoundException", 404, arn):
                    self._call(operation, **{member: arn})
            assert self._call(kind.list)[kind.listed] == []
        with refused("ResourceNotFoundException", 404, self._arns["stream key"]):
            self._call("GetStreamKey", arn=self._arns["stream key"])
        batch = self._call("BatchGetChannel", arns=[self._arns["channel"]])
        assert batch.get("channels", []) == []
        self._assert_one_is_missing(batch, self._arns["channel"])

    def _unknown(self, kind: str) -> str:
        return f"arn:aws:ivs:{REGION}:{self._account}:{kind}/AAAAbbbb0000"

    def _tags(self, arn: str) -> dict[str, str]:
        return self._call("ListTagsForResource", resourceArn=arn)["tags"]

    @staticmethod
    def _assert_one_is_missing(batch: dict[str, Any], arn: str) -> None:
        [error] = batch["errors"]
        assert error["arn"] == arn
        assert error["code"] == "ResourceNotFoundException" and arn in error["message"]


#: The names of the steps.
STEPS = [name for name in vars(SdkStory) if not name.startswith("_")]


def tell(story: Any) -> None:
    """All steps of a story, in order."""
    for step in [name for name in vars(type(story)) if not name.startswith("_")]:
        getattr(story, step)()
