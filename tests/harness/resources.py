"""The five kinds of resource that the API keeps, and how each is made, read, listed and deleted.

Promise: twins are told apart only by what is in this table, so that a rule can be tested on all of them at once.
"""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from .publickey import make_public_key

Call = Callable[..., dict[str, Any]]


@dataclass(frozen=True)
class Kind:
    """A kind of resource: its operations, and where their answers keep it."""

    name: str
    create: str
    get: str
    list: str
    delete: str
    member: str
    listed: str
    minimal: Callable[[], dict[str, Any]]
    pageable_by_sdks: bool = True

    def __str__(self) -> str:
        return self.name

    def make(self, call: Call, **members: Any) -> dict[str, Any]:
        """Creates one and gives it as the answer showed it."""
        return call(self.create, **(self.minimal() | members))[self.member]

    def read(self, call: Call, arn: str) -> dict[str, Any]:
        return call(self.get, arn=arn)[self.member]


CHANNEL = Kind(
    name="channel",
    create="CreateChannel",
    get="GetChannel",
    list="ListChannels",
    delete="DeleteChannel",
    member="channel",
    listed="channels",
    minimal=dict,
)
RECORDING_CONFIGURATION = Kind(
    name="recording-configuration",
    create="CreateRecordingConfiguration",
    get="GetRecordingConfiguration",
    list="ListRecordingConfigurations",
    delete="DeleteRecordingConfiguration",
    member="recordingConfiguration",
    listed="recordingConfigurations",
    minimal=lambda: {"destinationConfiguration": {"s3": {"bucketName": "recordings"}}},
)
PLAYBACK_KEY = Kind(
    name="playback-key",
    create="ImportPlaybackKeyPair",
    get="GetPlaybackKeyPair",
    list="ListPlaybackKeyPairs",
    delete="DeletePlaybackKeyPair",
    member="keyPair",
    listed="keyPairs",
    minimal=lambda: {"publicKeyMaterial": make_public_key().pem},
)
RESTRICTION_POLICY = Kind(
    name="playback-restriction-policy",
    create="CreatePlaybackRestrictionPolicy",
    get="GetPlaybackRestrictionPolicy",
    list="ListPlaybackRestrictionPolicies",
    delete="DeletePlaybackRestrictionPolicy",
    member="playbackRestrictionPolicy",
    listed="playbackRestrictionPolicies",
    minimal=dict,
    pageable_by_sdks=False,
)

#: Those that stand on their own; a stream key needs its channel.
KINDS = [CHANNEL, RECORDING_CONFIGURATION, PLAYBACK_KEY, RESTRICTION_POLICY]
