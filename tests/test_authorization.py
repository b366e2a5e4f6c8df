"""Who may do what: every operation walked with keys of its own policies, and the conditions that policies set.

Source of the tables: Service Authorization Reference, "Amazon Interactive Video Service" and "Amazon Interactive
Video Service Chat": the required resource types of each action.

Promise: a served operation without a line in the table fails the walk; each refusal is read word for word.
"""

import datetime
import itertools
import json
from typing import Any

import pytest

from harness import aws
from harness.aws import refused
from harness.caller import Caller, served
from harness.ivs_story import IvsStory, arn, nobodys
from harness.ivschat_story import IvsChatStory
from harness.ivschat_story import nobodys as nobodys_chat
from harness.model import Operation, Service
from harness.server import ACCOUNT, Key, rillcast
from harness.wire import Reply

STORIES = {"ivs": IvsStory, "ivschat": IvsChatStory}
SERVICES = {name: Service(name, story.DEVIATIONS) for name, story in STORIES.items()}
IVS = SERVICES["ivs"]

#: What each action is asked about, in order: a member whose ARN or ARNs it is, a kind of resource, or `*`.
STREAMING: dict[str, list[str]] = {
    "BatchGetChannel": ["$arns"],
    "BatchGetStreamKey": ["$arns"],
    "BatchStartViewerSessionRevocation": ["$viewerSessions"],
    "CreateChannel": ["channel", "stream-key"],
    "CreatePlaybackRestrictionPolicy": ["playback-restriction-policy"],
    "CreateRecordingConfiguration": ["recording-configuration"],
    "CreateStreamKey": ["stream-key"],
    "DeleteChannel": ["$arn", "stream-key"],
    "DeletePlaybackKeyPair": ["$arn"],
    "DeletePlaybackRestrictionPolicy": ["$arn"],
    "DeleteRecordingConfiguration": ["$arn"],
    "DeleteStreamKey": ["$arn"],
    "GetChannel": ["$arn"],
    "GetPlaybackKeyPair": ["$arn"],
    "GetPlaybackRestrictionPolicy": ["$arn"],
    "GetRecordingConfiguration": ["$arn"],
    "GetStream": ["$channelArn"],
    "GetStreamKey": ["$arn"],
    "GetStreamSession": ["$channelArn"],
    "ImportPlaybackKeyPair": ["playback-key"],
    "ListChannels": ["channel"],
    "ListPlaybackKeyPairs": ["playback-key"],
    "ListPlaybackRestrictionPolicies": ["*"],
    "ListRecordingConfigurations": ["recording-configuration"],
    "ListStreamKeys": ["$channelArn", "stream-key"],
    "ListStreamSessions": ["$channelArn"],
    "ListStreams": ["channel"],
    "ListTagsForResource": ["$resourceArn"],
    "PutMetadata": ["$channelArn"],
    "StartViewerSessionRevocation": ["$channelArn"],
    "StopStream": ["$channelArn"],
    "TagResource": ["$resourceArn"],
    "UntagResource": ["$resourceArn"],
    "UpdateChannel": ["$arn"],
    "UpdatePlaybackRestrictionPolicy": ["$arn"],
}
CHAT: dict[str, list[str]] = {
    "CreateChatToken": ["$roomIdentifier"],
    "CreateLoggingConfiguration": ["logging-configuration"],
    "CreateRoom": ["room"],
    "DeleteLoggingConfiguration": ["$identifier"],
    "DeleteMessage": ["$roomIdentifier"],
    "DeleteRoom": ["$identifier"],
    "DisconnectUser": ["$roomIdentifier"],
    "GetLoggingConfiguration": ["$identifier"],
    "GetRoom": ["$identifier"],
    "ListLoggingConfigurations": ["logging-configuration"],
    "ListRooms": ["room"],
    "ListTagsForResource": ["$resourceArn"],
    "SendEvent": ["$roomIdentifier"],
    "TagResource": ["$resourceArn"],
    "UntagResource": ["$resourceArn"],
    "UpdateLoggingConfiguration": ["$identifier"],
    "UpdateRoom": ["$identifier"],
}
RESOURCES = {"ivs": STREAMING, "ivschat": CHAT}
#: What an allowed call on a channel that is off air may answer besides success.
OFF_AIR = {"ChannelNotBroadcasting", "ResourceNotFoundException"}
OFF_AIR_OPERATIONS = {"GetStream", "GetStreamSession", "ListStreamSessions", "PutMetadata", "StopStream"}

#: Every operation, and those that are about a resource which the caller names.
OPERATIONS = [
    pytest.param(SERVICES[service].operations[name], id=f"{service}.{name}")
    for service, table in RESOURCES.items()
    for name in table
]
NAMING = [one for one in OPERATIONS if RESOURCES[one.values[0].service.name][one.values[0].name][0].startswith("$")]
each_operation = pytest.mark.parametrize("operation", OPERATIONS)
each_naming_operation = pytest.mark.parametrize("operation", NAMING)


def action(operation: Operation) -> str:
    """The operation as a policy names it."""
    return f"{operation.service.name}:{operation.name}"


def statement(action: str | list[str], resource: str | list[str] = "*", effect: str = "Allow", **more: Any) -> dict:
    return {"Effect": effect, "Action": action, "Resource": resource, **more}


def resources(operation: Operation, values: dict[str, Any]) -> list[str]:
    """The ARNs that the table names for a call with these members."""
    service, found = operation.service.name, []
    for name in RESOURCES[service][operation.name]:
        if name.startswith("$"):
            value = values[name[1:]]
            found += [_channel(one) for one in value] if isinstance(value, list) else [value]
        else:
            found.append(name if name == "*" else STORIES[service].arn(name, "*"))
    return found


def _channel(element: str | dict[str, str]) -> str:
    return element if isinstance(element, str) else element["channelArn"]


class Keys:
    """Makes keys with policies through the command line."""

    def __init__(self, server, folder):
        self._server, self._folder = server, folder
        self._numbers = itertools.count(1)

    def file(self, *statements: dict) -> str:
        """A policy of these statements, as a file's path."""
        path = self._folder / f"policy-{next(self._numbers)}.json"
        path.write_text(json.dumps({"Version": "2012-10-17", "Statement": list(statements)}))
        return str(path)

    def make(self, name: str, *statements: dict) -> Key:
        return self._server.add_key("--name", name, "--policy", self.file(*statements))

    def client(self, *statements: dict):
        """An SDK's client with a key of this policy."""
        return aws.client(self._server, self.make("conditions", *statements))


@pytest.fixture(scope="module")
def caller(server):
    caller = Caller(server)
    yield caller
    caller.close()


@pytest.fixture(scope="module")
def keys(server, tmp_path_factory):
    return Keys(server, tmp_path_factory.mktemp("policies"))


@pytest.fixture(scope="module")
def story(caller):
    def never(*_):
        raise AssertionError("these tests need no stream on air")

    return IvsStory(IVS, caller, never)


@pytest.fixture(scope="module")
def stories(caller, story):
    return {"ivs": story, "ivschat": IvsChatStory(SERVICES["ivschat"], caller)}


@pytest.fixture
def values(operation, stories):
    """A valid call of the operation on resources that exist."""
    story = stories[operation.service.name]
    if operation.name in OFF_AIR_OPERATIONS:
        channel = {"channelArn": story.channel["channel"]["arn"]}
        return channel | ({"metadata": "x"} if operation.name == "PutMetadata" else {})
    return story.least(operation)


def denied(reply: Reply) -> str:
    """The text of a refusal for want of permission."""
    assert (reply.status, reply.error_type) == (403, "AccessDeniedException"), reply
    told = reply.json()
    assert told.get("exceptionMessage", told["message"]) == told["message"]
    return told["message"]


def beginning(user: str, asked: Operation | str, resource: str) -> str:
    who, what = f"arn:aws:iam::{ACCOUNT}:user/{user}", asked if isinstance(asked, str) else action(asked)
    return f"User: {who} is not authorized to perform: {what} on resource: {resource} "


def unmentioned(user: str, asked: Operation | str, resource: str) -> str:
    what = asked if isinstance(asked, str) else action(asked)
    return beginning(user, what, resource) + f"because no identity-based policy allows the {what} action"


def allowed(operation: Operation, reply: Reply) -> None:
    """The call went as it does for one who may do anything."""
    if operation.name in OFF_AIR_OPERATIONS and reply.error_type in OFF_AIR:
        return
    assert reply.status == operation.status, reply


# The walk


@pytest.mark.parametrize("service", SERVICES.values(), ids=SERVICES)
def test_every_served_operation_has_its_line_in_the_table(service, caller):
    assert served(service, caller) == RESOURCES[service.name].keys()


@each_operation
def test_nothing_said_is_denied(operation, values, caller, nothing):
    reply = caller.call(operation, values, nothing)
    assert denied(reply) == unmentioned("nobody", operation, resources(operation, values)[0])


@pytest.fixture(scope="module")
def nothing(keys):
    """May do only what no operation is, or what the other service's is."""
    rooms, channels = nobodys_chat("room"), nobodys("channel")
    other = [statement("ivs:*", rooms), statement("ivschat:*", channels)]
    return keys.make("nobody", statement("ivs:InsertAdBreak"), *other)


@each_operation
def test_exactly_the_action_on_exactly_the_resource_is_enough(operation, values, caller, keys):
    wanted = resources(operation, values)
    key = keys.make(operation.name, statement(action(operation), wanted))
    allowed(operation, caller.call(operation, values, key))


@each_operation
def test_each_resource_that_is_asked_about_must_be_allowed(operation, values, caller, keys):
    """One resource at a time is left out of what the key may touch; the refusal names it."""
    wanted = resources(operation, values)
    for left_out in wanted:
        others = [one for one in wanted if one != left_out] + [_other(left_out)]
        key = keys.make("short", statement(action(operation), others))
        reply = caller.call(operation, values, key)
        assert denied(reply) == unmentioned("short", operation, left_out)


def _other(resource: str) -> str:
    """Another resource of the same kind."""
    return arn("channel", "ZZZZzzzz9999") if resource == "*" else resource.rpartition("/")[0] + "/ZZZZzzzz9999"


@each_operation
def test_an_explicit_deny_wins(operation, values, caller, keys):
    first = resources(operation, values)[0]
    everything = statement("*")
    key = keys.make("denied", everything, statement(action(operation), first, effect="Deny"))
    text = denied(caller.call(operation, values, key))
    assert text == beginning("denied", operation, first) + "with an explicit deny in an identity-based policy"


@each_operation
def test_another_action_on_the_same_resources_is_not_enough(operation, values, caller, all_but):
    reply = caller.call(operation, values, all_but(operation))
    denied(reply)


@pytest.fixture(scope="module")
def all_but(keys):
    """Keys that may do everything but every second operation: two are enough for all."""
    actions = [action(one.values[0]) for one in OPERATIONS]
    halves = [actions[half::2] for half in (0, 1)]
    made = [keys.make("half", statement(half)) for half in halves]
    return lambda operation: made[1] if action(operation) in halves[0] else made[0]


@each_naming_operation
def test_a_refusal_does_not_tell_whether_the_resource_is_there(operation, values, caller, nothing):
    existing = resources(operation, values)[0]
    stranger = existing.rpartition("/")[0] + "/ZZZZzzzz9999"
    other = json.loads(json.dumps(values).replace(existing, stranger))
    texts = [denied(caller.call(operation, one, nothing)) for one in (values, other)]
    assert texts[1] == texts[0].replace(existing, stranger)


def test_a_refused_call_changes_nothing(story, caller, nothing):
    channel = story.new_channel(name="untouched", tags={"a": "b"})["channel"]
    for operation, more in (
        ("DeleteChannel", {}),
        ("UpdateChannel", {"name": "touched"}),
    ):
        denied(caller.call(IVS.operations[operation], {"arn": channel["arn"]} | more, nothing))
    denied(caller.call(IVS.operations["UntagResource"], {"resourceArn": channel["arn"], "tagKeys": ["a"]}, nothing))
    denied(caller.call(IVS.operations["CreateChannel"], {"name": "made-by-nobody"}, nothing))
    assert story.do("GetChannel", arn=channel["arn"])["channel"] == channel
    assert story.do("ListChannels", filterByName="made-by-nobody")["channels"] == []


def test_a_batch_is_refused_whole_and_names_the_first_that_may_not_be_touched(story, caller, keys):
    first, second, third = (story.new_channel()["channel"]["arn"] for _ in range(3))
    key = keys.make("batch", statement("ivs:BatchGetChannel", [first, third]))
    reply = caller.call(IVS.operations["BatchGetChannel"], {"arns": [first, second, third]}, key)
    assert denied(reply) == unmentioned("batch", "ivs:BatchGetChannel", second)
    reply = caller.call(IVS.operations["BatchGetChannel"], {"arns": [first, third]}, key)
    assert [one["arn"] for one in reply.json()["channels"]] == [first, third]


# Conditions on tags


def test_a_channel_may_be_created_only_with_the_wanted_tag(keys):
    live = {"StringEquals": {"aws:RequestTag/team": "live"}}
    ivs = keys.client(statement(["ivs:CreateChannel", "ivs:TagResource"], Condition=live))
    assert ivs.create_channel(tags={"team": "live", "more": "x"})["channel"]["tags"]["team"] == "live"
    for tags in ({}, {"team": "other"}, {"Team": "live "}):
        with refused("AccessDeniedException", 403, "ivs:CreateChannel"):
            ivs.create_channel(tags=tags)


def test_tags_on_creation_need_the_permission_to_tag(keys):
    ivs = keys.client(statement("ivs:CreateChannel"))
    ivs.create_channel()
    with refused("AccessDeniedException", 403, "ivs:TagResource"):
        ivs.create_channel(tags={"a": "b"})


def test_a_channel_may_be_read_only_if_it_has_the_tag(keys, story):
    dev, live = (story.new_channel(tags={"env": env})["channel"]["arn"] for env in ("dev", "live"))
    bare = story.new_channel()["channel"]["arn"]
    only_dev = {"StringEquals": {"aws:ResourceTag/env": "dev"}}
    ivs = keys.client(statement(["ivs:GetChannel", "ivs:UpdateChannel"], Condition=only_dev))
    assert ivs.get_channel(arn=dev)["channel"]["arn"] == dev
    for arn_ in (live, bare, nobodys("channel")):
        with refused("AccessDeniedException", 403, arn_):
            ivs.get_channel(arn=arn_)
    story.do("TagResource", resourceArn=live, tags={"env": "dev"})
    assert ivs.get_channel(arn=live)["channel"]["arn"] == live
    story.do("UntagResource", resourceArn=dev, tagKeys=["env"])
    with refused("AccessDeniedException", 403, dev):
        ivs.update_channel(arn=dev, name="x")


ONLY_DEV = {"StringEquals": {"aws:ResourceTag/env": "dev"}}


@pytest.mark.parametrize(
    "statements",
    [
        [
            statement("ivs:DeleteChannel", arn("channel", "*"), Condition=ONLY_DEV),
            statement("ivs:DeleteChannel", arn("stream-key", "*")),
        ],
        [statement("ivs:DeleteChannel", Condition=ONLY_DEV)],
    ],
    ids=["on the channel", "on everything"],
)
def test_a_channel_may_be_deleted_only_if_it_has_the_tag(keys, story, statements):
    dev, live = (story.new_channel(tags={"env": env})["channel"]["arn"] for env in ("dev", "live"))
    ivs = keys.client(*statements)
    with refused("AccessDeniedException", 403, live):
        ivs.delete_channel(arn=live)
    ivs.delete_channel(arn=dev)
    assert story.reply("GetChannel", {"arn": dev}).error_type == "ResourceNotFoundException"


def test_tags_of_another_accounts_channel_open_nothing(server, keys, story):
    theirs = aws.client(server, server.add_key("--account", "666666666666")).create_channel(tags={"env": "dev"})
    ivs = keys.client(statement("ivs:GetChannel", Condition={"StringEquals": {"aws:ResourceTag/env": "dev"}}))
    with refused("AccessDeniedException", 403):
        ivs.get_channel(arn=theirs["channel"]["arn"])


def test_only_listed_tag_keys_may_be_set_or_removed(keys, story):
    channel = story.new_channel(tags={"env": "dev", "owner": "x"})["channel"]["arn"]
    listed = {"ForAllValues:StringEquals": {"aws:TagKeys": ["team", "env"]}}
    ivs = keys.client(statement(["ivs:TagResource", "ivs:UntagResource"], Condition=listed))
    ivs.tag_resource(resourceArn=channel, tags={"team": "live"})
    ivs.tag_resource(resourceArn=channel, tags={"team": "live", "env": "test"})
    ivs.untag_resource(resourceArn=channel, tagKeys=["team"])
    for tags in ({"other": "x"}, {"team": "live", "other": "x"}, {"Team": "x"}):
        with refused("AccessDeniedException", 403, "ivs:TagResource"):
            ivs.tag_resource(resourceArn=channel, tags=tags)
    for tag_keys in (["owner"], ["env", "owner"]):
        with refused("AccessDeniedException", 403, "ivs:UntagResource"):
            ivs.untag_resource(resourceArn=channel, tagKeys=tag_keys)
    assert story.do("ListTagsForResource", resourceArn=channel)["tags"] == {"env": "test", "owner": "x"}


def test_one_wanted_tag_key_may_be_demanded(keys, story):
    channel = story.new_channel()["channel"]["arn"]
    demanded = {"ForAnyValue:StringEquals": {"aws:TagKeys": "ticket"}}
    ivs = keys.client(statement("ivs:TagResource", Condition=demanded))
    ivs.tag_resource(resourceArn=channel, tags={"ticket": "1", "other": "x"})
    with refused("AccessDeniedException", 403):
        ivs.tag_resource(resourceArn=channel, tags={"other": "x"})


def test_conditions_on_tags_hold_for_rooms_too(server, keys, stories):
    chat = stories["ivschat"]
    dev, live = (chat.new_room(tags={"env": env}) for env in ("dev", "live"))
    only_dev = {"StringEquals": {"aws:ResourceTag/env": "dev"}}
    tokens = aws.client(
        server,
        keys.make("conditions", statement("ivschat:CreateChatToken", Condition=only_dev)),
        service="ivschat",
    )
    assert tokens.create_chat_token(roomIdentifier=dev, userId="u")["token"]
    with refused("AccessDeniedException", 403, live):
        tokens.create_chat_token(roomIdentifier=live, userId="u")
    tagged = {"StringEquals": {"aws:RequestTag/env": "dev"}}
    may = statement(["ivschat:CreateRoom", "ivschat:TagResource"], Condition=tagged)
    rooms = aws.client(server, keys.make("conditions", may), service="ivschat")
    rooms.create_room(tags={"env": "dev"})
    with refused("AccessDeniedException", 403, "ivschat:CreateRoom"):
        rooms.create_room()
    bare = aws.client(server, keys.make("conditions", statement("ivschat:CreateRoom")), service="ivschat")
    with refused("AccessDeniedException", 403, "ivschat:TagResource"):
        bare.create_room(tags={"env": "dev"})


# Conditions on place and time


def test_the_callers_address_decides(keys):
    here, elsewhere = ({"IpAddress": {"aws:SourceIp": net}} for net in ("127.0.0.0/8", "10.0.0.0/8"))
    keys.client(statement("ivs:ListChannels", Condition=here)).list_channels()
    with refused("AccessDeniedException", 403):
        keys.client(statement("ivs:ListChannels", Condition=elsewhere)).list_channels()
    not_here = {"NotIpAddress": {"aws:SourceIp": "127.0.0.1"}}
    with refused("AccessDeniedException", 403):
        keys.client(statement("ivs:ListChannels", Condition=not_here)).list_channels()


def test_no_header_of_the_callers_own_changes_its_address(server, caller, keys):
    key = keys.make("spoof", statement("ivs:ListChannels", Condition={"IpAddress": {"aws:SourceIp": "10.0.0.0/8"}}))
    for header in ("X-Forwarded-For", "X-Real-IP", "Forwarded"):
        spoofed = {header: "for=10.0.0.1" if header == "Forwarded" else "10.0.0.1"}
        answer = aws.call(server, "ListChannels", {}, key=key, headers=spoofed)
        assert answer.status == 403, header


def test_the_time_of_day_decides(keys):
    def until(days: int) -> dict:
        moment = datetime.datetime.now(datetime.UTC) + datetime.timedelta(days=days)
        return {"DateLessThan": {"aws:CurrentTime": moment.strftime("%Y-%m-%dT%H:%M:%SZ")}}

    keys.client(statement("ivs:ListChannels", Condition=until(1))).list_channels()
    with refused("AccessDeniedException", 403):
        keys.client(statement("ivs:ListChannels", Condition=until(-1))).list_channels()


def test_a_plain_connection_is_not_a_secure_one(keys):
    secure = {"Bool": {"aws:SecureTransport": "true"}}
    with refused("AccessDeniedException", 403):
        keys.client(statement("ivs:ListChannels", Condition=secure)).list_channels()
    keys.client(
        statement("ivs:ListChannels", Condition={"Bool": {"aws:SecureTransport": "false"}}),
    ).list_channels()


def test_a_policy_may_speak_of_the_callers_own_name(server, keys, story):
    channel = story.new_channel(tags={"owner": "ada"})["channel"]["arn"]
    own = statement("ivs:GetChannel", Condition={"StringEquals": {"aws:ResourceTag/owner": "${aws:username}"}})
    aws.client(server, keys.make("ada", own)).get_channel(arn=channel)
    with refused("AccessDeniedException", 403, "user/bob"):
        aws.client(server, keys.make("bob", own)).get_channel(arn=channel)


# Ready-made policies, and changes


def test_the_ready_made_policies_let_through_what_their_names_say(server, story):
    made = story.new_channel()
    channel, stream_key = made["channel"]["arn"], made["streamKey"]["arn"]
    admin, reader, application = (
        aws.client(server, server.add_key("--policy", name)) for name in ("admin", "read-only", "application")
    )
    assert admin.get_stream_key(arn=stream_key)["streamKey"]["value"]
    for client in (reader, application):
        assert client.get_channel(arn=channel)["channel"]["arn"] == channel
        client.list_channels()
        with refused("AccessDeniedException", 403):
            client.create_channel()
        with refused("AccessDeniedException", 403):
            client.delete_channel(arn=channel)
    with refused("AccessDeniedException", 403):
        reader.get_stream_key(arn=stream_key)
    with refused("AccessDeniedException", 403):
        reader.put_metadata(channelArn=channel, metadata="x")
    with refused("ChannelNotBroadcasting", 404):
        application.put_metadata(channelArn=channel, metadata="x")


def test_the_ready_made_policies_know_chat(server, stories):
    room = stories["ivschat"].new_room()
    reader, application = (
        aws.client(server, server.add_key("--policy", name), service="ivschat") for name in ("read-only", "application")
    )
    for client in (reader, application):
        assert client.get_room(identifier=room)["arn"] == room
        client.list_rooms()
        with refused("AccessDeniedException", 403):
            client.create_room()
        with refused("AccessDeniedException", 403):
            client.delete_room(identifier=room)
    with refused("AccessDeniedException", 403):
        reader.create_chat_token(roomIdentifier=room, userId="u")
    assert application.create_chat_token(roomIdentifier=room, userId="u")["token"]
    application.send_event(roomIdentifier=room, eventName="e")


def test_a_changed_policy_holds_from_the_next_call(server, keys):
    key = keys.make("changing", statement("ivs:ListChannels"))
    ivs = aws.client(server, key)
    ivs.list_channels()
    assert server.command("keys", "policy", key.id, "--policy", keys.file(statement("ivs:GetChannel"))).returncode == 0
    with refused("AccessDeniedException", 403, "user/changing"):
        ivs.list_channels()
    assert server.command("keys", "policy", key.id, "--policy", "admin").returncode == 0
    ivs.list_channels()


def test_a_policy_that_is_not_understood_makes_no_key(server, keys):
    before = server.command("keys", "list").stdout
    for broken in (
        statement("ivs:GetChannel", effect="Perhaps"),
        statement("ivs:GetChannel", Condition={"StringEquals": {"aws:SourceIP_": "x"}}),
        statement("ivs:GetChannel", Condition={"Resembles": {"aws:SourceIp": "x"}}),
        {"Effect": "Allow", "Action": "ivs:GetChannel"},
    ):
        done = server.command("keys", "create", "--policy", keys.file(broken))
        assert done.returncode != 0 and done.stderr
    assert server.command("keys", "list").stdout == before


def test_policy_check_explains_what_the_server_decides(server, keys):
    file = keys.file(statement("ivs:Get*"), statement("ivs:GetStreamKey", effect="Deny", Sid="NoSecrets"))

    def check(action: str, kind: str):
        question = ("--action", f"ivs:{action}", "--resource", nobodys(kind))
        return rillcast("policy", "check", file, *question, cwd=server.folder)

    told = check("GetChannel", "channel")
    assert told.returncode == 0 and "ALLOWED" in told.stdout, told
    told = check("GetStreamKey", "stream-key")
    assert told.returncode == 1 and "DENIED" in told.stdout and "NoSecrets" in told.stdout, told
