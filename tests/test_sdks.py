"""Whole stories by real SDKs, and the habits of infrastructure tools.

Promise: each SDK is the vendor's own release, asked once without retries; what one reads from an answer that another
does not is read here too.
"""

import itertools
from typing import Any

import pytest

from harness.aws import call, client
from harness.encoder import Recipe
from harness.publickey import make_public_key
from harness.resources import CHANNEL, KINDS, PLAYBACK_KEY, RECORDING_CONFIGURATION, RESTRICTION_POLICY, Kind
from harness.sdk_chat_story import STEPS as CHAT_STEPS
from harness.sdk_chat_story import SdkChatStory
from harness.sdk_story import STEPS, SdkStory, tell
from harness.sdks import Boto3, CommandLine, JavaScript, Rust, Sdk, refused
from harness.server import Key
from harness.waiting import wait_until

#: Paginators of operations that the server does not serve yet.
NOT_SERVED = {"ListAdConfigurations", "ListFailoverSlateConfigurations"}

_accounts = itertools.count(310987654321)


@pytest.fixture
def account(server) -> tuple[str, Key]:
    """An account that nobody has used yet, and a key of it: lists and quotas are the test's own."""
    account = str(next(_accounts))
    return account, server.add_key("--account", account)


@pytest.fixture
def sdk(server, account, request):
    """A client of an account of its own; boto3 unless the test names another."""
    client: Sdk = getattr(request, "param", Boto3)(server, account[1])
    yield client
    client.close()


def lasting(resource: dict[str, Any]) -> dict[str, Any]:
    """A resource without what moves on by itself."""
    return {name: value for name, value in resource.items() if name != "state"}


def make_three(sdk: Sdk, kind: Kind) -> list[str]:
    return [kind.make(sdk.call, name=f"number-{number}")["arn"] for number in range(3)]


# The same story in each SDK


@pytest.mark.parametrize("sdk", [Boto3, CommandLine, JavaScript], indirect=True)
def test_an_sdk_lives_through_the_whole_story(sdk, account):
    tell(SdkStory(sdk, account[0], make_public_key()))


def test_the_rust_sdk_lives_through_the_same_story(server, account):
    assert Rust(server, account[1]).steps(account[0], make_public_key()) == STEPS


@pytest.mark.parametrize("make_sdk", [Boto3, CommandLine, JavaScript])
def test_an_sdk_lives_through_the_story_of_a_chat(server, account, make_sdk):
    sdk = make_sdk(server, account[1], "ivschat")
    tell(SdkChatStory(sdk, account[0]))
    sdk.close()


def test_the_rust_sdk_lives_through_the_same_story_of_a_chat(server, account):
    assert Rust(server, account[1]).chat_steps(account[0]) == CHAT_STEPS


def test_each_sdk_reads_a_live_stream(server, account, clip, publish):
    key = account[1]
    sdks = [Boto3(server, key), CommandLine(server, key), JavaScript(server, key)]
    made = sdks[0].call("CreateChannel", insecureIngest=True)
    publish(clip(Recipe()), server.rtmp_url(made["streamKey"]["value"]), loop=True)
    channel = made["channel"]["arn"]
    wait_until(lambda: sdks[0].call("ListStreams")["streams"], "the stream is listed")
    told = []
    for sdk in sdks:
        stream = sdk.call("GetStream", channelArn=channel)["stream"]
        assert (stream["state"], stream["playbackUrl"]) == ("LIVE", made["channel"]["playbackUrl"])
        [summary] = sdk.call("ListStreams")["streams"]
        [session] = sdk.call("ListStreamSessions", channelArn=channel)["streamSessions"]
        whole = sdk.call("GetStreamSession", channelArn=channel)["streamSession"]
        assert {one["streamId"] for one in (stream, summary, session, whole)} == {stream["streamId"]}
        assert stream["startTime"] == summary["startTime"], "each SDK takes the time as a time"
        assert "endTime" not in session
        assert sdk.call("PutMetadata", channelArn=channel, metadata="hello") == {}
        told.append(stream["streamId"])
    assert set(told) == {Rust(server, key).live_stream_id(channel)}
    for sdk in sdks:
        with refused("ConflictException", 409):
            sdk.call("DeleteChannel", arn=channel)
    assert sdks[1].call("StopStream", channelArn=channel) == {}
    for sdk in sdks:
        sdk.close()


# The paginators that SDKs have


@pytest.mark.parametrize("kind", [kind for kind in KINDS if kind.pageable_by_sdks], ids=str)
@pytest.mark.parametrize("sdk", [Boto3, CommandLine, JavaScript], indirect=True)
def test_a_paginator_walks_in_creation_order(sdk, kind):
    made = make_three(sdk, kind)
    pages = sdk.pages(kind.list, 2, kind.listed)
    assert [[one["arn"] for one in page] for page in pages] == [made[:2], made[2:]]


@pytest.mark.parametrize("sdk", [Boto3, CommandLine, JavaScript], indirect=True)
def test_the_stream_key_paginator_ends_after_the_one_key(sdk):
    made = sdk.call("CreateChannel")
    [[key]] = sdk.pages("ListStreamKeys", 1, "streamKeys", channelArn=made["channel"]["arn"])
    assert key["arn"] == made["streamKey"]["arn"]


def test_the_stream_paginator_walks_all_live_streams(server, sdk, clip, publish):
    live = set()
    for _ in range(3):
        made = sdk.call("CreateChannel", insecureIngest=True)
        publish(clip(Recipe()), server.rtmp_url(made["streamKey"]["value"]), loop=True)
        live.add(made["channel"]["arn"])
    wait_until(lambda: len(sdk.call("ListStreams")["streams"]) == 3, "three streams are live")
    pages = sdk.pages("ListStreams", 2, "streams")
    assert [len(page) for page in pages] == [2, 1]
    assert {stream["channelArn"] for page in pages for stream in page} == live


def test_each_paginator_of_the_sdk_is_walked_here(sdk):
    walked = {kind.list for kind in KINDS if kind.pageable_by_sdks} | {"ListStreamKeys", "ListStreams"}
    assert {name for name in sdk.operations() if sdk.can_page(name)} == walked | NOT_SERVED


# The habits of infrastructure tools: reads at once, tags beside every read, updates in place


@pytest.mark.parametrize("kind", KINDS, ids=str)
def test_a_resource_is_there_at_once_and_gone_at_once(sdk, kind):
    made = kind.make(sdk.call, name="once", tags={"owner": "tools"})
    for _ in range(2):  # tools believe an answer once they have had it twice
        assert lasting(kind.read(sdk.call, made["arn"])) == lasting(made)
        assert sdk.call("ListTagsForResource", resourceArn=made["arn"])["tags"] == made["tags"] == {"owner": "tools"}
    sdk.call(kind.delete, arn=made["arn"])
    for _ in range(2):
        with refused("ResourceNotFoundException", 404, made["arn"]):
            kind.read(sdk.call, made["arn"])
        with refused("ResourceNotFoundException", 404, made["arn"]):
            sdk.call("ListTagsForResource", resourceArn=made["arn"])
    assert sdk.call(kind.list)[kind.listed] == []
    assert kind.make(sdk.call, name="once")["arn"] != made["arn"], "the same again is another resource"


@pytest.mark.parametrize("kind", KINDS, ids=str)
def test_changed_tags_show_in_every_read_at_once(sdk, kind):
    arn = kind.make(sdk.call, tags={"a": "1", "b": "2"})["arn"]
    sdk.call("TagResource", resourceArn=arn, tags={"b": "3", "c": ""})
    sdk.call("UntagResource", resourceArn=arn, tagKeys=["a"])
    wanted = {"b": "3", "c": ""}
    assert sdk.call("ListTagsForResource", resourceArn=arn)["tags"] == wanted
    assert kind.read(sdk.call, arn)["tags"] == wanted
    [summary] = sdk.call(kind.list)[kind.listed]
    assert summary["tags"] == wanted


@pytest.mark.parametrize("kind", KINDS, ids=str)
def test_a_list_is_in_creation_order_and_its_last_page_has_no_token_member(server, sdk, account, kind):
    made = make_three(sdk, kind)

    def page(**members: Any) -> dict[str, Any]:
        return call(server, kind.list, members, key=account[1]).json()

    first = page(maxResults=2)
    last = page(maxResults=2, nextToken=first["nextToken"])
    assert [one["arn"] for one in first[kind.listed] + last[kind.listed]] == made
    assert "nextToken" not in last
    assert "nextToken" not in page(maxResults=3), "a page that is just full is the last one too"
    for arn in made:
        sdk.call(kind.delete, arn=arn)
    assert page() == {kind.listed: []}


def test_lists_below_a_channel_end_without_a_token_member(server, sdk, account):
    channel = CHANNEL.make(sdk.call)["arn"]
    for operation, members in [
        ("ListStreamKeys", {"channelArn": channel}),
        ("ListStreamSessions", {"channelArn": channel}),
        ("ListStreams", {}),
    ]:
        assert "nextToken" not in call(server, operation, members, key=account[1]).json(), operation


def test_an_update_in_place_keeps_the_arn_and_what_it_does_not_name(sdk):
    recording, policy = (kind.make(sdk.call)["arn"] for kind in (RECORDING_CONFIGURATION, RESTRICTION_POLICY))
    channel = CHANNEL.make(sdk.call, name="first", tags={"a": "b"})
    for change in [
        {"name": "second"},
        {"authorized": True},
        {"latencyMode": "NORMAL"},
        {"type": "BASIC"},
        {"recordingConfigurationArn": recording},
        {"playbackRestrictionPolicyArn": policy},
        {"recordingConfigurationArn": "", "playbackRestrictionPolicyArn": ""},
        {"name": "", "authorized": False, "insecureIngest": True},
    ]:
        wanted = channel | change
        channel = sdk.call("UpdateChannel", arn=channel["arn"], **change)["channel"]
        assert channel == wanted, change
        assert CHANNEL.read(sdk.call, channel["arn"]) == wanted
    for kind, arn in ((RECORDING_CONFIGURATION, recording), (RESTRICTION_POLICY, policy)):
        sdk.call(kind.delete, arn=arn)


def test_a_policy_is_updated_in_place(sdk):
    policy = RESTRICTION_POLICY.make(sdk.call, name="first", allowedCountries=["DE"], tags={"a": "b"})
    for change in [
        {"name": "second"},
        {"allowedOrigins": ["https://*.example.com", "https://example.org"]},
        {"enableStrictOriginEnforcement": True},
        {"allowedCountries": [], "allowedOrigins": []},
    ]:
        wanted = policy | change
        answer = sdk.call("UpdatePlaybackRestrictionPolicy", arn=policy["arn"], **change)
        policy = answer["playbackRestrictionPolicy"]
        assert policy == wanted, change
        assert RESTRICTION_POLICY.read(sdk.call, policy["arn"]) == wanted


def test_a_recording_configuration_is_creating_then_active_then_gone(sdk):
    made = RECORDING_CONFIGURATION.make(sdk.call)
    states = [made["state"]]

    def active() -> bool:
        states.append(RECORDING_CONFIGURATION.read(sdk.call, made["arn"])["state"])
        return states[-1] not in ("CREATING",)

    wait_until(active, "the recording configuration is made")
    assert (states[0], states[-1]) == ("CREATING", "ACTIVE")
    sdk.call("DeleteRecordingConfiguration", arn=made["arn"])
    with refused("ResourceNotFoundException", 404, made["arn"]):
        RECORDING_CONFIGURATION.read(sdk.call, made["arn"])


def test_a_key_is_imported_again_only_after_its_deletion(sdk):
    key = make_public_key()
    material = {"publicKeyMaterial": key.pem}
    first = PLAYBACK_KEY.make(sdk.call, name="one", **material)
    assert first["fingerprint"] == key.fingerprint
    with refused("ConflictException", 409):
        PLAYBACK_KEY.make(sdk.call, name="two", **material)
    sdk.call("DeletePlaybackKeyPair", arn=first["arn"])
    second = PLAYBACK_KEY.make(sdk.call, name="two", **material)
    assert second["fingerprint"] == key.fingerprint
    assert second["arn"] != first["arn"]


@pytest.mark.parametrize("sdk", [Boto3, CommandLine, JavaScript], indirect=True)
def test_a_key_of_another_curve_is_refused_and_told_why(sdk):
    with refused("ValidationException", 400, "P-384"):
        sdk.call("ImportPlaybackKeyPair", publicKeyMaterial=make_public_key("P-256").pem)


# What an account may have and ask for, by Amazon's own numbers


@pytest.fixture(scope="module")
def server_with_aws_limits(start_server):
    """Amazon's quotas and rates, but for the rates that would stand before a quota."""
    rates = ["--rate-playback-key-pairs", "1000", "--rate-playback-restriction-policies", "1000"]
    return start_server("--limits", "aws", *rates)


@pytest.mark.parametrize("make_sdk", [Boto3, CommandLine, JavaScript])
def test_each_sdk_types_a_reached_quota(server_with_aws_limits, make_sdk):
    server = server_with_aws_limits
    sdk = make_sdk(server, server.add_key("--account", str(next(_accounts))))
    for kind in (RESTRICTION_POLICY, PLAYBACK_KEY):
        make_three(sdk, kind)
        with refused("ServiceQuotaExceededException", 402, "3"):
            kind.make(sdk.call)
    sdk.close()


@pytest.mark.parametrize("make_sdk", [Boto3, JavaScript])
def test_an_sdk_types_a_throttled_call(server_with_aws_limits, make_sdk):
    server = server_with_aws_limits
    sdk = make_sdk(server, server.add_key("--account", str(next(_accounts))))
    arn = CHANNEL.make(sdk.call)["arn"]
    with refused("ThrottlingException", 429, "Rate exceeded"):
        while True:  # five a second are let through; an SDK is a hundred times as fast
            sdk.call("UpdateChannel", arn=arn, name="again")
    sdk.close()


def test_an_sdks_own_retries_ride_out_throttling(server_with_aws_limits):
    server = server_with_aws_limits
    key = server.add_key("--account", str(next(_accounts)))
    patient = client(server, key, retries={"mode": "standard", "total_max_attempts": 10})
    retried = 0
    while not retried:
        retried = patient.list_channels()["ResponseMetadata"]["RetryAttempts"]
