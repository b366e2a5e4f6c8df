"""The API as AWS's own clients see it: boto3, botocore, the AWS CLI, and requests that they would never send.

Promise: expectations come from the vendor's model and documentation, not from the server's code.
"""

import itertools
import json
import re

import botocore.session
import pytest
from botocore import UNSIGNED

from harness import aws
from harness.aws import call, refused, send, signed
from harness.server import ACCOUNT, REGION, Key
from harness.web import fetch

OPERATIONS = [
    "CreateChannel",
    "CreateStreamKey",
    "DeleteChannel",
    "DeleteStreamKey",
    "GetChannel",
    "GetStreamKey",
    "ListChannels",
    "ListStreamKeys",
]
CHANNEL_ARN = rf"arn:aws:ivs:{REGION}:{ACCOUNT}:channel/[A-Za-z0-9]{{12}}"
STREAM_KEY_ARN = rf"arn:aws:ivs:{REGION}:{ACCOUNT}:stream-key/[A-Za-z0-9]{{12}}"
NOBODYS_CHANNEL = f"arn:aws:ivs:{REGION}:{ACCOUNT}:channel/AAAAbbbb0000"
NOBODYS_KEY = f"arn:aws:ivs:{REGION}:{ACCOUNT}:stream-key/AAAAbbbb0000"

_accounts = itertools.count(210987654321)


@pytest.fixture
def other_account(server) -> tuple[str, Key]:
    """An account that nobody has used yet, and a key of it."""
    account = str(next(_accounts))
    return account, server.add_key("--account", account)


@pytest.fixture
def own_ivs(server, other_account):
    """A client in an account of its own: its lists hold what the test made."""
    return aws.client(server, other_account[1])


# Channels


def test_a_channel_is_created_with_the_documented_defaults(ivs, server):
    answer = ivs.create_channel()
    channel, stream_key = answer["channel"], answer["streamKey"]
    arn, channel_id = channel["arn"], channel["arn"].rpartition("/")[2]
    assert re.fullmatch(CHANNEL_ARN, arn)
    expected = {
        "name": "",
        "latencyMode": "LOW",
        "type": "STANDARD",
        "recordingConfigurationArn": "",
        "playbackRestrictionPolicyArn": "",
        "authorized": False,
        "insecureIngest": False,
        "preset": "",
        "containerFormat": "TS",
        "multitrackInputConfiguration": {"enabled": False, "policy": "ALLOW", "maximumResolution": "FULL_HD"},
        "tags": {},
    }
    assert {name: channel.get(name) for name in expected} == expected
    assert channel.get("adConfigurationArn", "") == channel.get("failoverSlateConfigurationArn", "") == ""
    assert re.fullmatch(r"[A-Za-z0-9.-]+", channel["ingestEndpoint"]), "a host without scheme, port or path"
    assert channel["playbackUrl"] == f"{server.url}/api/video/v1/{REGION}.{ACCOUNT}.channel.{channel_id}.m3u8"
    assert channel["srt"]["endpoint"]
    assert re.fullmatch(r"[A-Za-z0-9]{10,79}", channel["srt"]["passphrase"])
    assert re.fullmatch(STREAM_KEY_ARN, stream_key["arn"])
    assert re.fullmatch(rf"sk_{REGION}_[A-Za-z0-9]{{12}}_[A-Za-z0-9]{{12,}}", stream_key["value"])
    assert stream_key["channelArn"] == arn
    assert stream_key["tags"] == {}


def test_a_channel_is_read_back_at_once_as_it_was_created(ivs):
    wanted = {
        "name": "front-door_1",
        "latencyMode": "NORMAL",
        "type": "ADVANCED_HD",
        "preset": "CONSTRAINED_BANDWIDTH_DELIVERY",
        "authorized": True,
        "insecureIngest": True,
        "tags": {"team": "live video", "Überschrift": ""},
    }
    created = ivs.create_channel(**wanted)["channel"]
    assert {name: created[name] for name in wanted} == wanted
    assert ivs.get_channel(arn=created["arn"])["channel"] == created


def test_multitrack_input_needs_a_standard_channel_in_fragmented_mp4(ivs):
    multitrack = {"enabled": True, "policy": "REQUIRE", "maximumResolution": "HD"}
    created = ivs.create_channel(containerFormat="FRAGMENTED_MP4", multitrackInputConfiguration=multitrack)["channel"]
    assert created["multitrackInputConfiguration"] == multitrack
    assert created["containerFormat"] == "FRAGMENTED_MP4"
    with refused("ValidationException", 400):
        ivs.create_channel(containerFormat="TS", multitrackInputConfiguration=multitrack)
    with refused("ValidationException", 400):
        ivs.create_channel(type="BASIC", containerFormat="FRAGMENTED_MP4", multitrackInputConfiguration=multitrack)


def test_an_advanced_channel_has_the_higher_preset_and_others_take_none(ivs):
    assert ivs.create_channel(type="ADVANCED_SD")["channel"]["preset"] == "HIGHER_BANDWIDTH_DELIVERY"
    assert ivs.create_channel(type="BASIC")["channel"]["preset"] == ""
    with refused("ValidationException", 400, "preset"):
        ivs.create_channel(type="STANDARD", preset="HIGHER_BANDWIDTH_DELIVERY")


def test_the_same_name_twice_makes_two_channels(own_ivs):
    first, second = (own_ivs.create_channel(name="twin")["channel"] for _ in range(2))
    assert first["arn"] != second["arn"]
    assert len(own_ivs.list_channels(filterByName="twin")["channels"]) == 2


def test_a_configuration_that_does_not_exist_cannot_be_attached(ivs):
    arn = f"arn:aws:ivs:{REGION}:{ACCOUNT}:recording-configuration/AAAAbbbb0000"
    with refused("ResourceNotFoundException", 404, arn):
        ivs.create_channel(recordingConfigurationArn=arn)
    arn = f"arn:aws:ivs:{REGION}:{ACCOUNT}:playback-restriction-policy/AAAAbbbb0000"
    with refused("ResourceNotFoundException", 404, arn):
        ivs.create_channel(playbackRestrictionPolicyArn=arn)
    assert ivs.create_channel(recordingConfigurationArn="", playbackRestrictionPolicyArn="")["channel"]


def test_deleting_a_channel_deletes_its_stream_key_and_shows_at_once(ivs):
    created = ivs.create_channel()
    arn, key_arn = created["channel"]["arn"], created["streamKey"]["arn"]
    deleted = ivs.delete_channel(arn=arn)
    assert deleted["ResponseMetadata"]["HTTPStatusCode"] == 204
    assert deleted["ResponseMetadata"]["RequestId"]
    with refused("ResourceNotFoundException", 404, arn):
        ivs.get_channel(arn=arn)
    with refused("ResourceNotFoundException", 404):
        ivs.get_stream_key(arn=key_arn)
    with refused("ResourceNotFoundException", 404):
        ivs.delete_channel(arn=arn)


def test_a_channel_that_nobody_made_is_not_found(ivs):
    with refused("ResourceNotFoundException", 404, NOBODYS_CHANNEL) as caught:
        ivs.get_channel(arn=NOBODYS_CHANNEL)
    assert caught.value.response["exceptionMessage"], "the modelled member is filled too"
    assert isinstance(caught.value, ivs.exceptions.ResourceNotFoundException)


# Lists


def test_the_paginator_walks_all_channels_in_creation_order(own_ivs):
    made = [own_ivs.create_channel(name=f"page-{number}")["channel"]["arn"] for number in range(7)]
    pages = list(own_ivs.get_paginator("list_channels").paginate(PaginationConfig={"PageSize": 3}))
    assert [len(page["channels"]) for page in pages] == [3, 3, 1]
    assert [channel["arn"] for page in pages for channel in page["channels"]] == made
    assert re.fullmatch(r"[a-zA-Z0-9+/=_-]{1,1024}", pages[0]["nextToken"])
    assert "nextToken" not in pages[-1]


def test_paging_neither_skips_nor_repeats_while_channels_come_and_go(own_ivs):
    made = [own_ivs.create_channel()["channel"]["arn"] for _ in range(6)]
    first = own_ivs.list_channels(maxResults=3)
    own_ivs.delete_channel(arn=made[0])
    own_ivs.delete_channel(arn=made[2])
    late = own_ivs.create_channel()["channel"]["arn"]
    rest = own_ivs.list_channels(maxResults=100, nextToken=first["nextToken"])
    assert [channel["arn"] for channel in rest["channels"]] == [*made[3:], late]


def test_an_exact_last_page_has_no_token(own_ivs):
    for _ in range(2):
        own_ivs.create_channel()
    assert "nextToken" not in own_ivs.list_channels(maxResults=2)


def test_a_summary_holds_what_the_model_lists(own_ivs):
    channel = own_ivs.create_channel(name="brief", tags={"a": "b"})["channel"]
    summary = own_ivs.list_channels()["channels"][0]
    shared = [
        "arn",
        "name",
        "latencyMode",
        "authorized",
        "recordingConfigurationArn",
        "tags",
        "insecureIngest",
        "type",
        "preset",
        "playbackRestrictionPolicyArn",
    ]
    assert {name: summary[name] for name in shared} == {name: channel[name] for name in shared}
    assert not {"srt", "playbackUrl", "ingestEndpoint"} & summary.keys()


def test_channels_are_filtered_by_their_exact_name(own_ivs):
    arns = {name: own_ivs.create_channel(name=name)["channel"]["arn"] for name in ("gate", "gate-2", "Gate")}
    found = own_ivs.list_channels(filterByName="gate")["channels"]
    assert [channel["arn"] for channel in found] == [arns["gate"]]
    assert own_ivs.list_channels(filterByName="nobody")["channels"] == []


def test_channels_are_filtered_by_recording_configuration(own_ivs):
    own_ivs.create_channel()
    arn = f"arn:aws:ivs:{REGION}:{ACCOUNT}:recording-configuration/AAAAbbbb0000"
    assert own_ivs.list_channels(filterByRecordingConfigurationArn=arn)["channels"] == []


def test_two_filters_at_once_are_a_conflict(ivs):
    arn = f"arn:aws:ivs:{REGION}:{ACCOUNT}:recording-configuration/AAAAbbbb0000"
    with refused("ConflictException", 409):
        ivs.list_channels(filterByName="a", filterByRecordingConfigurationArn=arn)


@pytest.mark.parametrize(
    "spoil",
    [
        pytest.param(lambda token: token[:-2] + ("AA" if token[-2:] != "AA" else "BB"), id="changed-at-its-end"),
        pytest.param(lambda token: ("A" if token[0] != "A" else "B") + token[1:], id="changed-at-its-start"),
        pytest.param(lambda token: token[: len(token) // 2], id="cut"),
        pytest.param(lambda token: token + token, id="doubled"),
        pytest.param(lambda _: "bm90IG91cnM", id="invented"),
    ],
)
def test_a_forged_page_token_is_refused(own_ivs, spoil):
    for _ in range(2):
        own_ivs.create_channel()
    token = own_ivs.list_channels(maxResults=1)["nextToken"]
    with refused("ValidationException", 400, "nextToken"):
        own_ivs.list_channels(maxResults=1, nextToken=spoil(token))


def test_a_page_token_serves_only_the_list_that_gave_it(own_ivs, ivs):
    channel = [own_ivs.create_channel(name="same")["channel"] for _ in range(3)][0]
    token = own_ivs.list_channels(maxResults=1)["nextToken"]
    with refused("ValidationException", 400, "nextToken"):
        own_ivs.list_channels(maxResults=1, nextToken=token, filterByName="same")
    with refused("ValidationException", 400, "nextToken"):
        own_ivs.list_stream_keys(channelArn=channel["arn"], nextToken=token)
    with refused("ValidationException", 400, "nextToken"):
        ivs.list_channels(maxResults=1, nextToken=token)
    filtered = own_ivs.list_channels(maxResults=1, filterByName="same")["nextToken"]
    assert len(own_ivs.list_channels(filterByName="same", nextToken=filtered)["channels"]) == 2


# Stream keys


def test_a_channel_has_one_stream_key_and_a_second_is_over_the_quota(ivs):
    created = ivs.create_channel()
    with refused("ServiceQuotaExceededException", 402):
        ivs.create_stream_key(channelArn=created["channel"]["arn"])


def test_a_stream_key_is_reset_by_deleting_and_creating(ivs):
    created = ivs.create_channel()
    arn, old = created["channel"]["arn"], created["streamKey"]
    assert ivs.delete_stream_key(arn=old["arn"])["ResponseMetadata"]["HTTPStatusCode"] == 204
    assert ivs.list_stream_keys(channelArn=arn)["streamKeys"] == []
    with refused("ResourceNotFoundException", 404, old["arn"]):
        ivs.get_stream_key(arn=old["arn"])
    with refused("ResourceNotFoundException", 404, old["arn"]):
        ivs.delete_stream_key(arn=old["arn"])
    new = ivs.create_stream_key(channelArn=arn, tags={"made": "again"})["streamKey"]
    assert new["channelArn"] == arn and new["tags"] == {"made": "again"}
    assert new["arn"] != old["arn"] and new["value"] != old["value"]


def test_a_stream_keys_value_is_in_get_but_not_in_list(ivs):
    created = ivs.create_channel()
    stream_key = created["streamKey"]
    assert ivs.get_stream_key(arn=stream_key["arn"])["streamKey"] == stream_key
    answer = ivs.list_stream_keys(channelArn=created["channel"]["arn"])
    assert answer["streamKeys"] == [{"arn": stream_key["arn"], "channelArn": created["channel"]["arn"], "tags": {}}]
    assert "nextToken" not in answer, "the default page of one key is also the last"


def test_the_stream_keys_of_an_unknown_channel_are_not_found(ivs):
    with refused("ResourceNotFoundException", 404, NOBODYS_CHANNEL):
        ivs.create_stream_key(channelArn=NOBODYS_CHANNEL)
    with refused("ResourceNotFoundException", 404, NOBODYS_CHANNEL):
        ivs.list_stream_keys(channelArn=NOBODYS_CHANNEL)
    with refused("ResourceNotFoundException", 404, NOBODYS_KEY):
        ivs.get_stream_key(arn=NOBODYS_KEY)


# Who calls


def test_a_wrong_secret_is_refused(server):
    root = server.root_key()
    with refused("InvalidSignatureException", 403):
        aws.client(server, Key(root.id, "x" * 40)).list_channels()


def test_an_unknown_access_key_is_refused(server):
    with refused("UnrecognizedClientException", 403):
        aws.client(server, Key("RILL0000000000000000", "x" * 40)).list_channels()


def test_an_unsigned_call_is_refused(server):
    with refused("MissingAuthenticationTokenException", 403):
        aws.client(server, signature_version=UNSIGNED).list_channels()


@pytest.mark.parametrize("operation", OPERATIONS)
def test_no_operation_is_reached_without_a_signature(server, operation):
    answer = fetch(f"{server.url}/{operation}", "POST", b"{}", {"Content-Type": "application/json"})
    assert answer.status == 403
    assert answer.headers["x-amzn-errortype"] == "MissingAuthenticationTokenException"
    assert answer.headers["x-amzn-requestid"]


@pytest.mark.parametrize("minutes", [-6, 6])
def test_a_clock_off_by_more_than_five_minutes_is_refused(ivs, minutes):
    with aws.clock_off_by(minutes * 60), refused("InvalidSignatureException", 403):
        ivs.list_channels()


@pytest.mark.parametrize("minutes", [-4, 4])
def test_a_clock_off_by_less_than_five_minutes_is_accepted(ivs, minutes):
    with aws.clock_off_by(minutes * 60):
        assert ivs.list_channels(maxResults=1)["ResponseMetadata"]["HTTPStatusCode"] == 200


def _other_body(request):
    request.body = b'{"name":"not-mine"}'
    request.headers["Content-Length"] = str(len(request.body))


def _other_header(request):
    date = request.headers["X-Amz-Date"].decode()
    request.headers["X-Amz-Date"] = date[:-2] + ("0Z" if date[-2] != "0" else "1Z")


def _other_path(request):
    request.url = request.url.replace("/CreateChannel", "/ListChannels")


def _other_query(request):
    request.url += "?more=1"


@pytest.mark.parametrize("spoil", [_other_body, _other_header, _other_path, _other_query])
def test_a_request_changed_on_its_way_is_refused(server, spoil):
    client = aws.client(server)
    before = len(client.list_channels(filterByName="not-mine")["channels"])

    def change(request, **_):
        for name in ("X-Amz-Date", "Authorization"):  # as the signer left them: text or bytes
            if isinstance(request.headers[name], str):
                request.headers[name] = request.headers[name].encode()
        spoil(request)

    client.meta.events.register("before-send.ivs.CreateChannel", change)
    with refused("InvalidSignatureException", 403):
        client.create_channel(name="mine-999")
    assert len(client.list_channels(filterByName="not-mine")["channels"]) == before


@pytest.mark.parametrize(
    "authorization",
    [
        "AWS4-HMAC-SHA256",
        "AWS4-HMAC-SHA256 Credential=, SignedHeaders=, Signature=",
        "AWS4-HMAC-SHA256 Credential=RILL/20200101/us-east-1/ivs/aws4_request",
        "AWS4-HMAC-SHA256 Credential=a/b/c/d/e, SignedHeaders=host, Signature=zz",
        "Basic cm9vdDpyb290",
        "AWS4-HMAC-SHA256 " + "Credential=" * 2000,
    ],
)
def test_a_malformed_authorization_is_refused(server, authorization):
    request = signed(server, "/ListChannels", b"{}")
    request.headers.replace_header("Authorization", authorization)
    answer = send(request)
    assert answer.status in (400, 403, 431)
    if answer.status != 431:
        assert re.search(r"Signature|Token", answer.headers["x-amzn-errortype"])


@pytest.mark.parametrize("scope", [{"region": "eu-west-1"}, {"service": "s3"}])
def test_a_signature_for_another_region_or_service_is_refused(server, scope):
    answer = call(server, "ListChannels", {}, **scope)
    assert answer.status == 403
    assert answer.headers["x-amzn-errortype"] == "InvalidSignatureException"


def test_another_accounts_key_sees_nothing(server, ivs, own_ivs, other_account):
    theirs = ivs.create_channel(name="theirs")
    arn, key_arn = theirs["channel"]["arn"], theirs["streamKey"]["arn"]
    assert own_ivs.list_channels()["channels"] == []
    for refused_call in (
        lambda: own_ivs.get_channel(arn=arn),
        lambda: own_ivs.delete_channel(arn=arn),
        lambda: own_ivs.list_stream_keys(channelArn=arn),
        lambda: own_ivs.create_stream_key(channelArn=arn),
        lambda: own_ivs.get_stream_key(arn=key_arn),
        lambda: own_ivs.delete_stream_key(arn=key_arn),
    ):
        with refused("ResourceNotFoundException", 404):
            refused_call()
    assert ivs.get_channel(arn=arn)["channel"] == theirs["channel"]
    assert f":{other_account[0]}:" in own_ivs.create_channel()["channel"]["arn"]


def test_a_disabled_key_is_refused_at_once_and_an_enabled_one_accepted(server):
    key = server.add_key()
    client = aws.client(server, key)
    client.list_channels()
    assert server.command("keys", "disable", key.id).returncode == 0
    with refused("UnrecognizedClientException", 403):
        client.list_channels()
    assert server.command("keys", "enable", key.id).returncode == 0
    client.list_channels()
    assert server.command("keys", "remove", key.id).returncode == 0
    with refused("UnrecognizedClientException", 403):
        client.list_channels()


def test_keys_are_listed_without_their_secrets(server):
    key = server.add_key("--account", "333333333333")
    listed = server.command("keys", "list")
    line = next(line for line in listed.stdout.splitlines() if key.id in line)
    assert "333333333333" in line
    assert key.secret not in listed.stdout and server.root_key().secret not in listed.stdout
    unknown = server.command("keys", "disable", "RILL0000000000000000")
    assert unknown.returncode != 0 and "RILL0000000000000000" in unknown.stderr


# What is sent


def _violations():
    """Each bound of each member in the vendor's model, broken once: operation, name, body, member."""
    model = botocore.session.get_session().get_service_model("ivs")
    for operation in OPERATIONS:
        shape = model.operation_model(operation).input_shape
        arns = {
            "CreateStreamKey": NOBODYS_CHANNEL,
            "ListStreamKeys": NOBODYS_CHANNEL,
            "GetStreamKey": NOBODYS_KEY,
            "DeleteStreamKey": NOBODYS_KEY,
            "GetChannel": NOBODYS_CHANNEL,
            "DeleteChannel": NOBODYS_CHANNEL,
        }
        complete = dict.fromkeys(shape.required_members, arns.get(operation))
        for name in shape.required_members:
            yield operation, "missing", {}, name
        for name, member in shape.members.items():
            for fault, value, path in _faults(name, member):
                yield operation, fault, complete | {name: value}, path


def _faults(name, member):
    bounds = member.metadata
    wrong_type = {"string": 7, "boolean": "true", "integer": "7", "map": "x", "structure": "x"}[member.type_name]
    yield "of-wrong-type", wrong_type, name
    match member.type_name:
        case "string":
            if "enum" in bounds:
                yield "unknown-word", "NOPE", name
            if bounds.get("max"):
                yield "too-long", "a" * (bounds["max"] + 1), name
            if bounds.get("min"):
                yield "too-short", "", name
            if "pattern" in bounds:
                yield "off-pattern", "no such thing!", name
        case "integer":
            yield "too-small", bounds["min"] - 1, name
            yield "too-large", bounds["max"] + 1, name
            yield "fractional", 1.5, name
        case "map":
            yield "too-many", {f"key-{number}": "" for number in range(bounds["max"] + 1)}, name
            yield "empty-key", {"": "x"}, name
            yield "key-too-long", {"k" * (member.key.metadata["max"] + 1): "x"}, name
            yield "key-off-pattern", {"no!": "x"}, name
            yield "value-too-long", {"k": "v" * (member.value.metadata["max"] + 1)}, name
            yield "value-off-pattern", {"k": "no!"}, name
            yield "value-of-wrong-type", {"k": 7}, name
        case "structure":
            for inner, shape in member.members.items():
                for fault, value, path in _faults(inner, shape):
                    yield f"{inner}-{fault}", {inner: value}, path


@pytest.mark.parametrize(
    ("operation", "body", "member"),
    [pytest.param(op, body, member, id=f"{op}.{member}-{fault}") for op, fault, body, member in _violations()],
)
def test_each_broken_bound_is_a_validation_error_that_names_the_member(server, operation, body, member):
    answer = call(server, operation, body)
    assert answer.status == 400, answer
    assert answer.headers["x-amzn-errortype"] == "ValidationException"
    told = answer.json()
    assert member in told["message"], told
    assert told["exceptionMessage"] == told["message"], "modelled and generic readers find the text"


def test_botocore_surfaces_a_broken_bound(server):
    with refused("ValidationException", 400, "name"):
        aws.careless_client(server).create_channel(name="with spaces in it")


@pytest.mark.parametrize("body", [b"{", b"[]", b'"text"', b"\xff\xfe", b"{}{}", b'{"name":"a","name":', b"[" * 5000])
def test_a_body_that_is_no_json_object_is_a_validation_error(server, body):
    answer = call(server, "CreateChannel", body)
    assert answer.status == 400
    assert answer.headers["x-amzn-errortype"] == "ValidationException"
    assert answer.json()["message"]


def test_null_is_the_same_as_absent_and_unknown_members_are_ignored(server):
    answer = call(server, "CreateChannel", {"name": None, "tags": None, "fromTheFuture": {"a": [1]}})
    assert answer.status == 200
    assert answer.json()["channel"]["name"] == ""


def test_an_oversized_body_is_refused(server):
    answer = call(server, "CreateChannel", {"name": "a" * 400_000})
    assert answer.status == 413
    assert answer.headers["x-amzn-requestid"]


def test_an_unknown_operation_is_refused(server):
    answer = call(server, "MakeCoffee", {})
    assert answer.status == 404
    assert answer.headers["x-amzn-errortype"] == "UnknownOperationException"
    assert answer.headers["x-amzn-requestid"]


@pytest.mark.parametrize("method", ["GET", "PUT", "DELETE", "PATCH"])
def test_a_wrong_method_is_refused(server, method):
    answer = send(signed(server, "/ListChannels", b"{}", method=method))
    assert answer.status in (404, 405)
    assert answer.headers["x-amzn-requestid"]


def test_every_answer_has_a_request_id_of_its_own(server):
    arn = call(server, "CreateChannel", {}).json()["channel"]["arn"]
    answers = [
        call(server, "ListChannels", {}),
        call(server, "DeleteChannel", {"arn": arn}),
        call(server, "DeleteChannel", {"arn": arn}),
        call(server, "ListChannels", b"{"),
        call(server, "MakeCoffee", {}),
        fetch(f"{server.url}/ListChannels", "POST", b"{}"),
    ]
    assert [answer.status for answer in answers] == [200, 204, 404, 400, 404, 403]
    ids = {answer.headers["x-amzn-requestid"] for answer in answers}
    assert len(ids) == len(answers)
    assert all(re.fullmatch(r"[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}", one) for one in ids)
    assert answers[1].body == b""


def test_a_browser_may_call_the_api(server):
    asked = {
        "Origin": "https://example.org",
        "Access-Control-Request-Method": "POST",
        "Access-Control-Request-Headers": "authorization,content-type,x-amz-date",
    }
    preflight = fetch(f"{server.url}/ListChannels", "OPTIONS", headers=asked)
    assert preflight.status in (200, 204)
    assert preflight.headers["access-control-allow-origin"] == "*"
    assert "authorization" in preflight.headers["access-control-allow-headers"].lower()
    answer = call(server, "ListChannels", {}, headers={"Origin": "https://example.org"})
    assert answer.headers["access-control-allow-origin"] == "*"


# The AWS CLI


def test_the_aws_cli_creates_gets_lists_and_deletes(server):
    def aws_ivs(*arguments: str):
        done = aws.aws_cli(server, *arguments)
        assert done.returncode == 0, done.stderr
        return json.loads(done.stdout) if done.stdout.strip() else None

    arns = [aws_ivs("create-channel", "--name", "from-cli")["channel"]["arn"] for _ in range(2)]
    assert aws_ivs("get-channel", "--arn", arns[0])["channel"]["name"] == "from-cli"
    listed = aws_ivs("list-channels", "--filter-by-name", "from-cli", "--page-size", "1")
    assert [channel["arn"] for channel in listed["channels"]] == arns
    assert aws_ivs("delete-channel", "--arn", arns[0]) is None


def test_the_aws_cli_shows_the_errors_text(server):
    done = aws.aws_cli(server, "get-channel", "--arn", NOBODYS_CHANNEL)
    assert done.returncode != 0
    assert "ResourceNotFoundException" in done.stderr and NOBODYS_CHANNEL in done.stderr


# What lasts


def test_a_restart_keeps_channels_keys_and_page_tokens(start_server):
    server = start_server()
    client, root = aws.client(server), server.root_key()
    made = [client.create_channel(name=f"kept-{number}", tags={"n": str(number)}) for number in range(3)]
    token = client.list_channels(maxResults=1)["nextToken"]
    server.stop()
    server.start()
    assert server.root_key() == root
    client = aws.client(server)

    def lasting(channel):
        # The port is another one, and the playback URL follows it.
        return {name: value for name, value in channel.items() if name != "playbackUrl"}

    for one in made:
        assert lasting(client.get_channel(arn=one["channel"]["arn"])["channel"]) == lasting(one["channel"])
        assert client.get_stream_key(arn=one["streamKey"]["arn"])["streamKey"] == one["streamKey"]
    rest = client.list_channels(nextToken=token)["channels"]
    assert [channel["arn"] for channel in rest] == [one["channel"]["arn"] for one in made[1:]]


def test_a_server_killed_outright_keeps_what_it_had_answered(start_server):
    server = start_server()
    arn = aws.client(server).create_channel()["channel"]["arn"]
    server.process.kill()
    server.process.wait()
    server.start()
    assert aws.client(server).get_channel(arn=arn)["channel"]["arn"] == arn


def test_the_channel_quota_is_kept(start_server):
    client = aws.client(start_server("--quota-channels", "2"))
    for _ in range(2):
        client.create_channel()
    with refused("ServiceQuotaExceededException", 402):
        client.create_channel()
