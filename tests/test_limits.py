"""How often and how many: the vendor's rates and quotas, the generous ones, and whose they are.

Promise: the numbers are those of AWS's user guide ("Service quotas"), written down here once more and never
asked of the server; what may come through in a given time is reckoned, not waited for.
"""

import re
from itertools import count
from typing import Any

import pytest

from harness import aws
from harness.burst import Burst
from harness.caller import Caller
from harness.encoder import Recipe
from harness.ivschat_story import IvsChatStory, nobodys_values
from harness.ledger import IVS, ask
from harness.model import Operation, Service
from harness.resources import CHANNEL, KINDS, PLAYBACK_KEY, RECORDING_CONFIGURATION, RESTRICTION_POLICY
from harness.samples import Samples
from harness.server import ACCOUNT, REGION, Key, Server, rillcast
from harness.viewer import on_air
from harness.waiting import wait_until
from harness.wire import Reply

CHAT = Service("ivschat", IvsChatStory.DEVIATIONS)

#: Calls a second of each operation by one account.
RATES = {
    2: ["BatchStartViewerSessionRevocation"],
    3: [
        *("DeletePlaybackKeyPair", "GetPlaybackKeyPair", "ImportPlaybackKeyPair", "ListPlaybackKeyPairs"),
        *("CreateRecordingConfiguration", "DeleteRecordingConfiguration"),
        *("GetRecordingConfiguration", "ListRecordingConfigurations"),
    ],
    5: [
        *("BatchGetChannel", "CreateChannel", "DeleteChannel", "GetChannel", "ListChannels", "UpdateChannel"),
        *("CreatePlaybackRestrictionPolicy", "DeletePlaybackRestrictionPolicy", "GetPlaybackRestrictionPolicy"),
        *("ListPlaybackRestrictionPolicies", "UpdatePlaybackRestrictionPolicy"),
        *("GetStream", "GetStreamSession", "ListStreams", "ListStreamSessions", "StopStream"),
        *("BatchGetStreamKey", "CreateStreamKey", "DeleteStreamKey", "GetStreamKey", "ListStreamKeys"),
    ],
    10: ["StartViewerSessionRevocation", "ListTagsForResource", "TagResource", "UntagResource"],
    155: ["PutMetadata"],
}
#: The same of chat. Deletions and disconnections are counted with those of clients.
CHAT_RATES = {
    3: [
        *("CreateLoggingConfiguration", "DeleteLoggingConfiguration", "GetLoggingConfiguration"),
        *("ListLoggingConfigurations", "UpdateLoggingConfiguration"),
    ],
    5: ["CreateRoom", "DeleteRoom", "GetRoom", "ListRooms", "UpdateRoom"],
    10: ["ListTagsForResource", "TagResource", "UntagResource"],
    100: ["DeleteMessage", "DisconnectUser", "SendEvent"],
    200: ["CreateChatToken"],
}
METADATA_PER_CHANNEL = 5
EACH = [
    pytest.param(rate, service.operations[name], id=f"{service.name}.{name}")
    for service, table in ((IVS, RATES), (CHAT, CHAT_RATES))
    for rate, names in table.items()
    for name in names
]

#: More than two hundred that exist (ISO 3166-1).
COUNTRIES = re.findall(
    "[A-Z]{2}",
    """
    AD AE AF AG AI AL AM AO AQ AR AS AT AU AW AX AZ BA BB BD BE BF BG BH BI BJ BL BM BN BO BQ BR BS BT BV BW BY BZ
    CA CC CD CF CG CH CI CK CL CM CN CO CR CU CV CW CX CY CZ DE DJ DK DM DO DZ EC EE EG EH ER ES ET FI FJ FK FM FO FR
    GA GB GD GE GF GG GH GI GL GM GN GP GQ GR GS GT GU GW GY HK HM HN HR HT HU ID IE IL IM IN IO IQ IR IS IT JE JM JO
    JP KE KG KH KI KM KN KP KR KW KY KZ LA LB LC LI LK LR LS LT LU LV LY MA MC MD ME MF MG MH MK ML MM MN MO MP MQ MR
    MS MT MU MV MW MX MY MZ NA NC NE NF NG NI NL NO NP NR NU NZ OM PA PE PF PG PH PK PL PM PN PR PS PT PW PY QA RE RO
    RS RU RW SA SB SC SD SE SG SH SI SJ SK SL SM SN SO SR SS ST SV SX SY SZ
    """,
)

ACCOUNTS = count(100_000_000_000)


def nobodys(kind: str, account: str = ACCOUNT) -> str:
    return f"arn:aws:ivs:{REGION}:{account}:{kind}/AAAAbbbb0000"


def least(operation: str) -> dict[str, Any]:
    """Valid input that names nothing which exists."""
    kind = {
        "PlaybackKeyPair": "playback-key",
        "PlaybackRestrictionPolicy": "playback-restriction-policy",
        "RecordingConfiguration": "recording-configuration",
        "StreamKey": "stream-key",
        "Channel": "channel",
    }
    about = next((kind[noun] for noun in kind if operation.endswith(noun)), "channel")
    viewer = {"channelArn": nobodys("channel"), "viewerId": "somebody"}
    values = {
        "arn": nobodys(about),
        "arns": [nobodys(about)],
        "channelArn": nobodys("channel"),
        "resourceArn": nobodys("channel"),
        "tags": {"a": "b"},
        "tagKeys": ["a"],
        "metadata": "m",
        "publicKeyMaterial": PLAYBACK_KEY.minimal()["publicKeyMaterial"] if operation.startswith("Import") else None,
        "destinationConfiguration": RECORDING_CONFIGURATION.minimal()["destinationConfiguration"],
        "viewerId": "somebody",
        "viewerSessions": [viewer],
    }
    return {name: values[name] for name in IVS.operations[operation].required}


def least_of(operation: Operation) -> dict[str, Any]:
    """The same for an operation of either service."""
    if operation.service is IVS:
        return least(operation.name)
    samples = Samples(nobodys_values(), CHAT.deviations)
    return {name: samples.least(operation.members[name]) for name in operation.required}


def throttled(replies: list[Reply]) -> int:
    """How many were refused for their rate, each as the model has it."""
    refused = [reply for reply in replies if reply.status == 429]
    for reply in refused:
        assert reply.error_type == "ThrottlingException" == reply.json()["__type"], reply
        assert reply.json()["message"] and int(reply.headers["retry-after"]) >= 1
    assert all(reply.status < 500 for reply in replies)
    return len(refused)


@pytest.fixture(scope="module")
def strict(start_server):
    return start_server("--limits", "aws")


@pytest.fixture(scope="module")
def generous(start_server):
    return start_server()


@pytest.fixture
def burst():
    opened: list[Burst] = []

    def send(server: Server, key: Key, asked: str | Operation, values: dict[str, Any], times: int):
        opened.append(Burst(server, key))
        return opened[-1].send(IVS.operations[asked] if isinstance(asked, str) else asked, values, times)

    yield send
    for connection in opened:
        connection.close()


def account(server: Server) -> Key:
    return server.add_key("--account", str(next(ACCOUNTS)))


# Rates


def test_every_operation_has_a_rate():
    named = [name for names in RATES.values() for name in names]
    beyond = {name for name in IVS.operations if re.search("AdConfiguration|AdBreak|FailoverSlate", name)}
    assert sorted(named) == sorted(IVS.operations.keys() - beyond)
    assert sorted(name for names in CHAT_RATES.values() for name in names) == sorted(CHAT.operations)


@pytest.mark.parametrize(("rate", "operation"), EACH)
def test_an_account_has_its_rate_and_no_more(strict, burst, rate, operation):
    key, times = account(strict), 8 * rate + 20
    replies, seconds = burst(strict, key, operation, least_of(operation), times)
    passed = times - throttled(replies)
    assert all(reply.status != 429 for reply in replies[:rate]), "a second's worth may come at once"
    # As many again as time has passed for, and one for the clocks' edges.
    assert passed <= rate + rate * seconds + 1, (passed, seconds)
    assert throttled(replies), f"{times} calls in {seconds:.1f} s"


@pytest.mark.parametrize("operation", ["GetChannel", "ImportPlaybackKeyPair", "TagResource"])
def test_what_one_account_calls_costs_no_other_and_no_other_operation(strict, burst, operation):
    greedy, modest = account(strict), account(strict)
    replies, _ = burst(strict, greedy, operation, least(operation), 100)
    assert throttled(replies)
    for key, name in ((modest, operation), (greedy, "ListChannels"), (greedy, "ListTagsForResource")):
        replies, _ = burst(strict, key, name, least(name), 1)
        assert throttled(replies) == 0, name


def test_keys_of_one_account_share_its_rate(strict, burst):
    number = str(next(ACCOUNTS))
    first, second = (strict.add_key("--account", number) for _ in range(2))
    for key in (first, second):
        replies, seconds = burst(strict, key, "GetChannel", least("GetChannel"), 60)
    assert 60 - throttled(replies) <= 5 + 5 * seconds + 1
    assert throttled(replies) >= 1


def test_a_refused_call_changes_nothing(strict, burst):
    key = account(strict)
    replies, _ = burst(strict, key, "CreateChannel", {}, 40)
    made = sum(reply.status == 200 for reply in replies)
    assert made + throttled(replies) == 40
    assert len(ask(Caller(strict, key), "ListChannels", maxResults=100)["channels"]) == made


def test_the_rate_comes_back(strict, burst):
    key = account(strict)
    replies, _ = burst(strict, key, "GetChannel", least("GetChannel"), 60)
    assert throttled(replies)
    caller = Caller(strict, key)
    again = lambda: caller.call(IVS.operations["GetChannel"], least("GetChannel")).status == 404  # noqa: E731
    wait_until(again, "a call gets through again")
    caller.close()


@pytest.mark.parametrize(("rate", "operation"), EACH)
def test_the_open_profile_lets_the_same_through(generous, burst, rate, operation):
    values = least_of(operation)
    if operation.name == "CreateLoggingConfiguration":
        values = {"destinationConfiguration": {"s3": {"bucketName": "a-bucket"}}}
    times = max(100, rate + 20)
    replies, _ = burst(generous, account(generous), operation, values, times)
    assert throttled(replies) == 0


def test_metadata_has_a_rate_for_each_channel(strict, burst, publish, clip):
    ivs, key = aws.client(strict), strict.root_key()
    one, other = (aws.make_channel(ivs) for _ in range(2))
    for channel in (one, other):
        publish(clip(Recipe(seconds=60)), strict.rtmp_url(channel.key))
    for channel in (one, other):
        wait_until(lambda channel=channel: on_air(channel.playback), "on air")
    replies, seconds = burst(strict, key, "PutMetadata", {"channelArn": one.arn, "metadata": "m"}, 60)
    assert {reply.status for reply in replies} == {204, 429}
    assert {reply.status for reply in replies[:METADATA_PER_CHANNEL]} == {204}
    assert 60 - throttled(replies) <= METADATA_PER_CHANNEL * (1 + seconds) + 1
    replies, _ = burst(strict, key, "PutMetadata", {"channelArn": other.arn, "metadata": "m"}, 5)
    assert [reply.status for reply in replies] == [204] * 5, "another channel has a rate of its own"


# Quotas


@pytest.fixture(scope="module")
def counting(start_server):
    """The vendor's quotas without the vendor's rates, and few channels, since five thousand take long."""
    groups = ["channels", "stream-keys", "playback-restriction-policies", "playback-key-pairs"]
    groups += ["recording-configurations", "tags", "rooms", "logging-configurations"]
    unhurried = [word for group in groups for word in (f"--rate-{group}", "1000")]
    few = ["--quota-channels", "7", "--quota-rooms", "7"]
    return start_server("--limits", "aws", *few, *unhurried)


QUOTAS = {CHANNEL: 7, RECORDING_CONFIGURATION: 20, RESTRICTION_POLICY: 3, PLAYBACK_KEY: 3}


def over(reply: Reply) -> bool:
    """Refused for a quota, as the model has it."""
    assert reply.error_type == "ServiceQuotaExceededException", reply
    assert reply.json()["message"]
    return reply.status == 402


@pytest.mark.parametrize("kind", KINDS, ids=str)
def test_an_account_has_its_quota_and_no_more(counting, kind):
    caller, other = (Caller(counting, account(counting)) for _ in range(2))
    create = IVS.operations[kind.create]
    made = [ask(caller, kind.create, **kind.minimal())[kind.member]["arn"] for _ in range(QUOTAS[kind])]
    assert over(caller.call(create, kind.minimal()))
    assert over(caller.call(create, kind.minimal())), "and again"
    assert len(ask(caller, kind.list, maxResults=100)[kind.listed]) == QUOTAS[kind]
    assert other.call(create, kind.minimal()).status == 200, "another account has its own"
    ask(caller, kind.delete, arn=made[1])
    assert caller.call(create, kind.minimal()).status == 200, "a place that was given back"
    assert over(caller.call(create, kind.minimal()))
    for one in (caller, other):
        one.close()


@pytest.mark.parametrize(("noun", "quota"), [("Room", 7), ("LoggingConfiguration", 10)])
def test_an_account_has_its_quota_of_chat_and_no_more(counting, noun, quota):
    key = account(counting)
    caller, create = Caller(counting, key), CHAT.operations[f"Create{noun}"]
    values = {"destinationConfiguration": {"s3": {"bucketName": "a-bucket"}}} if noun != "Room" else {}
    made = [caller.call(create, values) for _ in range(quota)]
    assert {reply.status for reply in made} == {200}
    refused = caller.call(create, values)
    assert over(refused) and refused.json()["limit"] == quota
    assert caller.call(CHAT.operations[f"Delete{noun}"], {"identifier": made[0].json()["arn"]}).status == 204
    assert caller.call(create, values).status == 200, "a place that was given back"
    assert over(caller.call(create, values))
    caller.close()


def test_calls_that_disconnect_and_delete_share_no_rate_with_each_other(strict, burst):
    key = account(strict)
    delete, disconnect = CHAT.operations["DeleteMessage"], CHAT.operations["DisconnectUser"]
    replies, _ = burst(strict, key, delete, least_of(delete), 400)
    assert throttled(replies)
    replies, _ = burst(strict, key, disconnect, least_of(disconnect), 1)
    assert throttled(replies) == 0


def test_a_channel_has_one_stream_key(counting):
    caller = Caller(counting, account(counting))
    made = ask(caller, "CreateChannel")
    values = {"channelArn": made["channel"]["arn"]}
    assert over(caller.call(IVS.operations["CreateStreamKey"], values))
    ask(caller, "DeleteStreamKey", arn=made["streamKey"]["arn"])
    ask(caller, "CreateStreamKey", **values)
    assert over(caller.call(IVS.operations["CreateStreamKey"], values))
    caller.close()


@pytest.mark.parametrize(
    ("member", "most"),
    [("allowedCountries", 200), ("allowedOrigins", 5)],
)
def test_a_policy_has_so_many_countries_and_origins(counting, member, most):
    caller = Caller(counting, account(counting))
    words = COUNTRIES if member == "allowedCountries" else [f"https://o{n}.example.com" for n in range(300)]
    create = IVS.operations["CreatePlaybackRestrictionPolicy"]
    made = ask(caller, create.name, **{member: words[:most]})["playbackRestrictionPolicy"]
    assert len(made[member]) == most
    for operation, more in ((create, {}), (IVS.operations["UpdatePlaybackRestrictionPolicy"], {"arn": made["arn"]})):
        reply = caller.call(operation, {member: words[: most + 1]} | more)
        assert reply.error_type == "ValidationException" and member in reply.json()["exceptionMessage"], reply
    caller.close()


def test_the_open_profile_has_room_for_more(generous):
    caller = Caller(generous, account(generous))
    for kind in KINDS:
        for _ in range(QUOTAS[kind] + 1):
            ask(caller, kind.create, **kind.minimal())
    caller.close()


# Settings


def test_config_check_shows_the_profile_and_what_differs_from_it(tmp_path):
    (tmp_path / "rillcast.toml").write_text('limits = "aws"\nquota_channels = 12\n')
    done = rillcast("config", "check", "--rate-tags", "7", cwd=tmp_path, env={"RILLCAST_RATE_METADATA": "9"})
    assert done.returncode == 0, done.stderr
    shown = {line.split(" = ")[0].strip(): line.split(" = ")[1] for line in done.stdout.splitlines()}
    for key, value, origin in (
        ("limits", "aws", "rillcast.toml"),
        ("quota_channels", "12", "rillcast.toml"),
        ("rate_tags", "7", "--rate-tags"),
        ("rate_metadata", "9", "RILLCAST_RATE_METADATA"),
    ):
        assert shown[key].startswith(f"{value} ") and origin in shown[key], shown[key]


@pytest.mark.parametrize(
    ("flag", "value"),
    [("limits", "huge"), ("quota-channels", "0"), ("quota-channels", "-1"), ("rate-tags", "many"), ("rate-tags", "0")],
)
def test_a_limit_that_cannot_be_is_refused_by_name(tmp_path, flag, value):
    done = rillcast("config", "check", f"--{flag}={value}", cwd=tmp_path)
    assert done.returncode != 0 and flag.replace("-", "_") in done.stderr and value in done.stderr, done.stderr


def test_a_limit_of_ones_own_holds_in_either_profile(start_server, burst):
    for profile in ("open", "aws"):
        server = start_server("--limits", profile, "--rate-channels", "2", "--quota-channels", "1")
        key = account(server)
        replies, seconds = burst(server, key, "GetChannel", least("GetChannel"), 60)
        assert 60 - throttled(replies) <= 2 + 2 * seconds + 1
        first, second = burst(server, key, "CreateChannel", {}, 2)[0]
        assert first.status == 200 and over(second)
