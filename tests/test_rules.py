"""Random stories, told to the server and to a model of its rules: both must say the same, on both databases.

Promise: each story has an account of its own, so that it finds nothing but what it made, and proves on the
way that accounts do not see one another.
"""

import os
from itertools import count
from typing import Any

import pytest
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.serialization import Encoding, PublicFormat
from harness.caller import Caller
from harness.model import Deviations, Service
from harness.rules import Quotas, Refused, Rules
from hypothesis import HealthCheck, settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, initialize, invariant, rule, run_state_machine_as_test

STORIES = int(os.environ.get("RILLCAST_STORIES", "60"))
QUOTAS = Quotas(channel=4, recording_configuration=2, playback_restriction_policy=2, playback_key=2)
FLAGS = [
    *("--quota-channels", "4", "--quota-recording-configurations", "2"),
    *("--quota-playback-restriction-policies", "2", "--quota-playback-key-pairs", "2"),
]
IVS = Service("ivs", Deviations())
ACCOUNTS = count(100_000_000_000)

NAMES = st.sampled_from(["", "a", "b", "c-d_e"])
TAGS = st.dictionaries(st.sampled_from(["k1", "k2", "é: /=+-@"]), st.sampled_from(["", "v", "w"]), max_size=3)
MANY_TAGS = st.sampled_from([0, 3, 25]).map(lambda first: {f"n{i}": "" for i in range(first, first + 26)})
#: An index into whatever there is at that time, the deleted and the foreign too.
PICK = st.integers(0, 30)
OPTIONAL = lambda strategy: st.one_of(st.none(), strategy)  # noqa: E731
PEMS = [
    ec.generate_private_key(ec.SECP384R1()).public_key().public_bytes(Encoding.PEM, PublicFormat.SubjectPublicKeyInfo)
    for _ in range(3)
]
LADDER = st.fixed_dictionaries(
    {},
    optional={
        "type": st.sampled_from(["ADVANCED_SD", "ADVANCED_HD", "STANDARD"]),
        "preset": st.sampled_from(["CONSTRAINED_BANDWIDTH_DELIVERY", "HIGHER_BANDWIDTH_DELIVERY"]),
    },
)
SETTINGS_OF_CHANNELS = st.fixed_dictionaries(
    {},
    optional={
        "name": NAMES,
        "latencyMode": st.sampled_from(["NORMAL", "LOW"]),
        "type": st.sampled_from(["ADVANCED_SD", "ADVANCED_HD", "BASIC", "STANDARD"]),
        "preset": st.sampled_from(["HIGHER_BANDWIDTH_DELIVERY", "CONSTRAINED_BANDWIDTH_DELIVERY"]),
        "authorized": st.booleans(),
        "insecureIngest": st.booleans(),
        "containerFormat": st.sampled_from(["TS", "FRAGMENTED_MP4"]),
    },
)


@pytest.fixture(scope="module", params=["sqlite", "postgres"])
def server(request, start_server):
    if request.param == "sqlite":
        return start_server(*FLAGS)
    url = request.getfixturevalue("postgres").database()
    return start_server(*FLAGS, env={"RILLCAST_DATABASE": url})


class Story(RuleBasedStateMachine):
    """One account's life."""

    server: Any = None

    @initialize()
    def begin(self):
        self.caller = Caller(self.server, self.server.add_key("--account", str(next(ACCOUNTS))))
        self.rules = Rules(QUOTAS)
        self.gone = ["arn:aws:ivs:us-east-1:999999999999:channel/foreign"]

    def teardown(self):
        if hasattr(self, "caller"):
            self.caller.close()

    # Asking both

    def ask(self, operation: str, **values: Any):
        """The server's answer: the error's code, or the body."""
        given = {name: value for name, value in values.items() if value is not None}
        reply = self.caller.call(IVS.operations[operation], given)
        assert reply.status < 500, (operation, reply)
        return reply.error_type or (reply.json() if reply.body else None)

    def agree(self, expected: Any, operation: str, **values: Any):
        """The model's word first: an error that must come, or an answer that must not be one."""
        try:
            wanted = expected()
        except Refused as refused:
            assert self.ask(operation, **values) == str(refused)
            return None, None
        answer = self.ask(operation, **values)
        assert not isinstance(answer, str), (operation, values, answer)
        return wanted, answer

    def remember(self, wanted: dict[str, Any], shown: dict[str, Any]):
        assert shown.items() >= wanted.items(), (shown, wanted)
        self.rules.things[shown["arn"]] = dict(wanted)

    def pick(self, kind: str, n: int) -> str:
        """One that is there, was there, or never was: the kind is always right."""
        gone = [arn for arn in self.gone if f":{kind}/" in arn]
        known = [*self.rules.kind(kind), *gone] or [f"arn:aws:ivs:us-east-1:999999999999:{kind}/foreign"]
        return known[n % len(known)]

    def delete(self, operation: str, arn: str, act):
        _, answer = self.agree(act, operation, arn=arn)
        if arn not in self.rules.things:
            self.gone.append(arn)

    # Channels and stream keys

    def attached(self, recording: int | None, policy: int | None) -> dict[str, str]:
        values = {}
        if recording is not None:
            values["recordingConfigurationArn"] = self.pick("recording-configuration", recording) if recording else ""
        if policy is not None:
            values["playbackRestrictionPolicyArn"] = self.pick("playback-restriction-policy", policy) if policy else ""
        return values

    @rule(settings=SETTINGS_OF_CHANNELS, recording=OPTIONAL(PICK), policy=OPTIONAL(PICK), tags=OPTIONAL(TAGS))
    def create_channel(self, settings, recording, policy, tags):
        values = settings | self.attached(recording, policy) | ({} if tags is None else {"tags": tags})
        wanted, answer = self.agree(lambda: self.rules.new_channel(values), "CreateChannel", **values)
        if wanted is not None:
            self.remember(wanted, answer["channel"])
            key = answer["streamKey"]
            self.remember({"channelArn": answer["channel"]["arn"], "tags": {}}, key)

    @rule(n=PICK, settings=SETTINGS_OF_CHANNELS, recording=OPTIONAL(PICK), policy=OPTIONAL(PICK))
    def update_channel(self, n, settings, recording, policy):
        arn, values = self.pick("channel", n), settings | self.attached(recording, policy)
        wanted, answer = self.agree(
            lambda: self.rules.changed_channel(arn, values), "UpdateChannel", arn=arn, **values
        )
        if wanted is not None:
            self.remember(wanted, answer["channel"])

    @rule(n=PICK, settings=LADDER)
    def change_the_ladder(self, n, settings):
        self.update_channel(n, settings, None, None)

    @rule(n=PICK)
    def delete_channel(self, n):
        keys = set(self.rules.kind("stream-key"))
        arn = self.pick("channel", n)
        self.delete("DeleteChannel", arn, lambda: self.rules.delete_channel(arn))
        self.gone += keys - set(self.rules.kind("stream-key"))

    @rule(n=PICK)
    def create_stream_key(self, n):
        channel = self.pick("channel", n)
        wanted, answer = self.agree(lambda: self.rules.new_stream_key(channel), "CreateStreamKey", channelArn=channel)
        if wanted is not None:
            self.remember(wanted, answer["streamKey"])

    @rule(n=PICK)
    def delete_stream_key(self, n):
        arn = self.pick("stream-key", n)

        def act():
            self.rules.get(arn, "stream-key")
            del self.rules.things[arn]

        self.delete("DeleteStreamKey", arn, act)

    @rule(picks=st.lists(PICK, min_size=1, max_size=5, unique=True))
    def batch_get_channel(self, picks):
        arns = list(dict.fromkeys(self.pick("channel", n) for n in picks))
        answer = self.ask("BatchGetChannel", arns=arns)
        there = [arn for arn in arns if arn in self.rules.things]
        assert [channel["arn"] for channel in answer["channels"]] == there
        assert [error["arn"] for error in answer["errors"]] == [arn for arn in arns if arn not in there]

    # What channels are attached to

    @rule(name=NAMES, tags=OPTIONAL(TAGS))
    def create_recording_configuration(self, name, tags):
        def act():
            self.rules.room("recording-configuration")
            return {"name": name, "tags": tags or {}, "recordingReconnectWindowSeconds": 0}

        values = {"name": name, "tags": tags, "destinationConfiguration": {"s3": {"bucketName": "bucket"}}}
        wanted, answer = self.agree(act, "CreateRecordingConfiguration", **values)
        if wanted is not None:
            self.remember(wanted, answer["recordingConfiguration"])

    @rule(n=PICK)
    def delete_recording_configuration(self, n):
        arn, member = self.pick("recording-configuration", n), "recordingConfigurationArn"
        act = lambda: self.rules.delete_attachable(arn, "recording-configuration", member)  # noqa: E731
        self.delete("DeleteRecordingConfiguration", arn, act)

    @rule(name=NAMES, countries=st.lists(st.sampled_from(["DE", "FR"]), unique=True), strict=st.booleans())
    def create_policy(self, name, countries, strict):
        values = {"name": name, "allowedCountries": countries, "enableStrictOriginEnforcement": strict}

        def act():
            self.rules.room("playback-restriction-policy")
            return values | {"allowedOrigins": [], "tags": {}}

        wanted, answer = self.agree(act, "CreatePlaybackRestrictionPolicy", **values)
        if wanted is not None:
            self.remember(wanted, answer["playbackRestrictionPolicy"])

    @rule(n=PICK, name=OPTIONAL(NAMES), countries=OPTIONAL(st.lists(st.sampled_from(["AT", "CH"]), unique=True)))
    def update_policy(self, n, name, countries):
        arn = self.pick("playback-restriction-policy", n)
        values = {"name": name, "allowedCountries": countries}
        given = {member: value for member, value in values.items() if value is not None}
        wanted, answer = self.agree(
            lambda: self.rules.get(arn, "playback-restriction-policy") | given,
            "UpdatePlaybackRestrictionPolicy",
            arn=arn,
            **values,
        )
        if wanted is not None:
            self.remember(wanted, answer["playbackRestrictionPolicy"])

    @rule(n=PICK)
    def delete_policy(self, n):
        arn, member = self.pick("playback-restriction-policy", n), "playbackRestrictionPolicyArn"
        act = lambda: self.rules.delete_attachable(arn, "playback-restriction-policy", member)  # noqa: E731
        self.delete("DeletePlaybackRestrictionPolicy", arn, act)

    # Playback keys

    @rule(which=st.integers(0, len(PEMS) - 1), name=NAMES)
    def import_playback_key(self, which, name):
        # The model need not know the fingerprint's form, only that equal keys have equal ones.
        values = {"publicKeyMaterial": PEMS[which].decode(), "name": name}
        wanted, answer = self.agree(
            lambda: self.rules.new_playback_key(str(which), name), "ImportPlaybackKeyPair", **values
        )
        if wanted is not None:
            self.remember({"name": name, "tags": {}}, answer["keyPair"])
            self.rules.things[answer["keyPair"]["arn"]]["fingerprint"] = str(which)

    @rule(n=PICK)
    def delete_playback_key(self, n):
        arn = self.pick("playback-key", n)

        def act():
            self.rules.get(arn, "playback-key")
            del self.rules.things[arn]

        self.delete("DeletePlaybackKeyPair", arn, act)

    # Tags

    def anything(self, n: int) -> str:
        known = [*self.rules.things, *self.gone]
        return known[n % len(known)]

    @rule(n=PICK, tags=st.one_of(TAGS.filter(len), MANY_TAGS))
    def tag(self, n, tags):
        arn = self.anything(n)
        self.agree(lambda: self.rules.tag(arn, tags), "TagResource", resourceArn=arn, tags=tags)

    @rule(n=PICK, keys=st.lists(st.sampled_from(["k1", "k2", "é: /=+-@", "n3"]), min_size=1, unique=True))
    def untag(self, n, keys):
        arn = self.anything(n)
        self.agree(lambda: self.rules.untag(arn, keys), "UntagResource", resourceArn=arn, tagKeys=keys)

    # What everyone can see

    def listed(self, operation: str, key: str, size: int, **values: Any) -> list[dict[str, Any]]:
        found, token = [], None
        while True:
            page = self.ask(operation, maxResults=size, nextToken=token, **values)
            assert len(page[key]) <= size
            found += page[key]
            token = page.get("nextToken")
            if token is None:
                return found

    @rule(size=st.integers(1, 5), name=OPTIONAL(NAMES.filter(len)))
    def list_channels(self, size, name):
        found = self.listed("ListChannels", "channels", size, filterByName=name)
        known = self.rules.kind("channel")
        assert [channel["arn"] for channel in found] == [
            arn for arn, channel in known.items() if name is None or channel["name"] == name
        ]
        for channel in found:
            wanted = known[channel["arn"]]
            assert all(wanted[member] == value for member, value in channel.items() if member in wanted)

    @rule(n=PICK)
    def list_channels_that_something_is_attached_to(self, n):
        arn = self.pick("recording-configuration", n)
        found = self.listed("ListChannels", "channels", 2, filterByRecordingConfigurationArn=arn)
        known = self.rules.kind("channel").items()
        assert [one["arn"] for one in found] == [a for a, c in known if c["recordingConfigurationArn"] == arn]

    @rule(size=st.integers(1, 3))
    def list_the_rest(self, size):
        for operation, key, kind in (
            ("ListRecordingConfigurations", "recordingConfigurations", "recording-configuration"),
            ("ListPlaybackRestrictionPolicies", "playbackRestrictionPolicies", "playback-restriction-policy"),
            ("ListPlaybackKeyPairs", "keyPairs", "playback-key"),
        ):
            found = self.listed(operation, key, size)
            assert [one["arn"] for one in found] == list(self.rules.kind(kind)), operation

    @invariant()
    def one_of_each_kind_reads_back_as_the_model_has_it(self):
        if not hasattr(self, "rules"):
            return
        for kind, operation, key in (
            ("channel", "GetChannel", "channel"),
            ("stream-key", "GetStreamKey", "streamKey"),
            ("recording-configuration", "GetRecordingConfiguration", "recordingConfiguration"),
            ("playback-restriction-policy", "GetPlaybackRestrictionPolicy", "playbackRestrictionPolicy"),
        ):
            things = list(self.rules.kind(kind).items())
            for arn, wanted in things[-1:]:
                shown = self.ask(operation, arn=arn)[key]
                assert shown.items() >= wanted.items(), (shown, wanted)
        for arn in self.gone[-1:]:
            assert self.ask("ListTagsForResource", resourceArn=arn) == "ResourceNotFoundException"


def test_random_stories_are_told_alike_by_the_server_and_by_its_rules(server):
    told = type("Told", (Story,), {"server": server})
    run_state_machine_as_test(
        told,
        settings=settings(
            max_examples=STORIES,
            stateful_step_count=60,
            deadline=None,
            derandomize="RILLCAST_STORIES" not in os.environ,
            suppress_health_check=list(HealthCheck),
        ),
    )
