"""Every operation against the vendor's own model, as botocore carries it: what is answered, what is refused.

Promise: operations come from the model alone, so a new one shows up here by itself; the lists of what is not
served and of what deviates can only get shorter.
"""

import re
from collections import defaultdict

import pytest

from harness.caller import Caller, served
from harness.encoder import Recipe
from harness.faults import Fault, Faults
from harness.ivs_story import IvsStory, nobodys
from harness.ivschat_story import IvsChatStory
from harness.ivschat_story import nobodys as nobodys_chat
from harness.model import Operation, Service
from harness.publickey import make_public_key
from harness.samples import Samples
from harness.server import ACCOUNT
from harness.story import Story
from harness.waiting import wait_until
from harness.wire import Reply

STORIES = {"ivs": IvsStory, "ivschat": IvsChatStory}

#: Operations of the model that are answered as unknown ones. Only ever take lines out.
NOT_SERVED = {
    "ivs": {
        "CreateAdConfiguration",
        "CreateFailoverSlateConfiguration",
        "DeleteAdConfiguration",
        "DeleteFailoverSlateConfiguration",
        "GetAdConfiguration",
        "GetFailoverSlateConfiguration",
        "InsertAdBreak",
        "ListAdConfigurations",
        "ListFailoverSlateConfigurations",
        "UpdateAdConfiguration",
        "UpdateFailoverSlateConfiguration",
    },
    "ivschat": set(),
}

SERVICES = {name: Service(name, story.DEVIATIONS) for name, story in STORIES.items()}
SERVED = [
    pytest.param(operation, id=f"{service.name}.{operation.name}")
    for service in SERVICES.values()
    for operation in service.operations.values()
    if operation.name not in NOT_SERVED[service.name]
]
REQUEST_ID = re.compile(r"[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}")

each_operation = pytest.mark.parametrize("operation", SERVED)
each_service = pytest.mark.parametrize("service", SERVICES.values(), ids=SERVICES)


class Table:
    """Counts checks and failures by operation."""

    def __init__(self):
        self._rows: dict[str, dict[str, list[int]]] = defaultdict(lambda: {"valid": [0, 0], "broken": [0, 0]})

    def add(self, operation: Operation, column: str, checks: int, failures: int) -> None:
        cell = self._rows[f"{operation.service.name} {operation.name}"][column]
        cell[0] += checks
        cell[1] += failures

    def lines(self) -> list[str]:
        rows = sorted(self._rows.items())
        totals = {column: [sum(row[column][at] for _, row in rows) for at in (0, 1)] for column in ("valid", "broken")}
        head = f"{'operation':<42}{'valid':>8}{'failed':>8}{'broken':>8}{'failed':>8}"
        shown = [*rows, (f"{len(rows)} operations", totals)]
        return [head, *(f"{name:<42}{_cells(row['valid'])}{_cells(row['broken'])}" for name, row in shown)]


def _cells(cell: list[int]) -> str:
    return f"{cell[0]:>8}{cell[1] or '-':>8}"


@pytest.fixture(scope="module")
def table(report):
    table = Table()
    yield table
    for line in table.lines():
        report(line)


@pytest.fixture(scope="module")
def server(start_server):
    """Thousands of refusals are not worth a log line each."""
    return start_server("--log", "warn")


@pytest.fixture(scope="module")
def caller(server):
    caller = Caller(server)
    yield caller
    caller.close()


@pytest.fixture(scope="module")
def stories(server, caller, publish, clip):
    """Each service's story on the module's server."""

    def go_live(channels: dict[str, str]) -> None:
        for stream_key in channels:
            publish(clip(Recipe()), server.rtmps_url(stream_key), loop=True)
        for channel in channels.values():
            wait_until(lambda channel=channel: on_air(channel), f"{channel} on air")

    def on_air(channel: str) -> bool:
        reply = caller.call(SERVICES["ivs"].operations["GetStream"], {"channelArn": channel})
        assert reply.error_type in (None, "ChannelNotBroadcasting"), reply
        return reply.status == 200

    ivs = IvsStory(SERVICES["ivs"], caller, go_live)
    return {"ivs": ivs, "ivschat": IvsChatStory(SERVICES["ivschat"], caller)}


# What is answered


@each_operation
def test_valid_input_is_answered_to_the_letter_of_the_model(operation, stories, table):
    story, wrong, checks = stories[operation.service.name], [], 0
    for label, values in story.inputs(operation):
        reply = story.reply(operation.name, values)
        found = _answer_complaints(operation, reply)
        wrong += [f"{label}: {one}" for one in found]
        checks += 1
        if not found and reply.body:
            story.forget(operation.name, values, reply.json())
    table.add(operation, "valid", checks, len(wrong))
    assert not wrong, "\n".join(wrong)


def _answer_complaints(operation: Operation, reply: Reply) -> list[str]:
    if reply.status != operation.status:
        return [f"{reply.status} {reply.error_type} {reply.body[:300]!r}"]
    found = _head_complaints(reply)
    found += ["an error type with success"] if reply.error_type else []
    return found + operation.output_complaints(reply.headers, reply.body)


def _head_complaints(reply: Reply) -> list[str]:
    found = []
    if not REQUEST_ID.fullmatch(reply.headers.get("x-amzn-requestid", "")):
        found.append(f"request id {reply.headers.get('x-amzn-requestid')!r}")
    wanted = "application/json" if reply.body else None
    if reply.headers.get("content-type") != wanted:
        found.append(f"content type {reply.headers.get('content-type')!r}, not {wanted!r}")
    return found


def test_chat_is_answered_to_the_letter_on_postgresql_too(start_server, postgres):
    server = start_server("--log", "warn", env={"RILLCAST_DATABASE": postgres.database()})
    caller = Caller(server)
    story, wrong = IvsChatStory(SERVICES["ivschat"], caller), []
    for operation in story.service.operations.values():
        for label, values in story.inputs(operation):
            reply = story.reply(operation.name, values)
            found = _answer_complaints(operation, reply)
            wrong += [f"{operation.name} {label}: {one}" for one in found]
            if not found and reply.body:
                story.forget(operation.name, values, reply.json())
    caller.close()
    assert not wrong, "\n".join(wrong)


# What is refused


@each_operation
def test_each_broken_bound_is_a_validation_error_that_names_its_member(operation, caller, table):
    samples = Samples(STORIES[operation.service.name].nobodys_values(), operation.service.deviations)
    valid = {name: samples.least(operation.members[name]) for name in operation.required}
    wrong, checks = [], 0
    for fault in Faults(samples).of_input(operation, valid):
        reply = caller.call(operation, fault.value)
        found = refusal_complaints(operation, reply, "ValidationException") or _naming_complaints(fault, reply)
        wrong += [f"{'.'.join(fault.path)} {fault.label[:80]}: {one}" for one in found]
        checks += 1
    table.add(operation, "broken", checks, len(wrong))
    assert not wrong, f"{len(wrong)} of {checks}:\n" + "\n".join(wrong)


def refusal_complaints(operation: Operation, reply: Reply, code: str | None = None) -> list[str]:
    """What is wrong with an error answer; `code` is the one that is expected, if there is only one."""
    given = reply.error_type
    if given is None or (code and given != code):
        return [f"{reply.status} {given}, not {code or 'an error'}: {reply.body[:200]!r}"]
    found = _head_complaints(reply)
    status = operation.expected_status(given)
    if status is None:
        found.append(f"{given} is not modelled for {operation.name}")
    elif status != reply.status:
        found.append(f"{given} with status {reply.status}, not {status}")
    return found + operation.refusal_complaints(given, reply.json())


def _naming_complaints(fault: Fault, reply: Reply) -> list[str]:
    text = reply.json()["message"]
    found = [one for name in fault.path for one in _unnamed(reply, name)]
    shown = fault.value.get(fault.path[0])
    if fault.sensitive and isinstance(shown, str) and len(shown) > 3 and shown in text:
        found.append("a sensitive value is echoed")
    return found


@each_operation
def test_resources_that_are_not_there_or_not_ours_are_refused_alike(operation, stories):
    """Nobody's, another region's and another account's: the answer does not tell which."""
    story, wrong = stories[operation.service.name], []
    for member, shape in operation.members.items():
        single = shape if shape.type_name == "string" else getattr(shape, "member", None)
        if single is None or single.name not in story.KINDS:
            continue
        kind = story.KINDS[single.name]
        strangers = [
            story.arn(kind, "AAAAbbbb0000"),
            story.arn(kind, "AAAAbbbb0000", region="eu-west-1"),
            story.arn(kind, "AAAAbbbb0000", account="999999999999"),
        ]
        for stranger in strangers:
            value = stranger if single is shape else [stranger]
            reply = story.reply(operation.name, story.least(operation, {member: value}))
            wrong += [f"{member}={stranger}: {one}" for one in _stranger_complaints(operation, reply, stranger)]
    assert not wrong, "\n".join(wrong)


def _stranger_complaints(operation: Operation, reply: Reply, stranger: str) -> list[str]:
    if operation.name.startswith("List") and "ResourceNotFoundException" not in operation.errors:
        listed = [value for value in reply.json().values() if isinstance(value, list)]
        return _answer_complaints(operation, reply) or ([] if listed == [[]] else [f"it lists {listed}"])
    if operation.name.startswith("Batch"):
        told = [one.get("arn") for one in reply.json().get("errors", [])]
        return _answer_complaints(operation, reply) or ([] if told == [stranger] else [f"errors for {told}"])
    return refusal_complaints(operation, reply, "ResourceNotFoundException")


@each_service
def test_forged_and_foreign_page_tokens_are_refused_by_every_list(service, stories):
    story, tokens, wrong = stories[service.name], {}, []
    for operation in service.operations.values():
        if "nextToken" in operation.members and operation.name not in NOT_SERVED[service.name]:
            tokens[operation.name] = story.page_token(operation.name, story.least(operation))
    assert any(tokens.values())
    for name in tokens:
        foreign = [token for other, token in tokens.items() if token and other != name]
        forged = [text for token in tokens.values() if token for text in _forgeries(token)]
        operation = service.operations[name]
        for text in {*foreign, *forged}:
            reply = story.reply(name, story.least(operation) | {"nextToken": text})
            found = refusal_complaints(operation, reply, "ValidationException")
            wrong += [f"{name} {text}: {one}" for one in found or _unnamed(reply, "nextToken")]
    assert not wrong, "\n".join(wrong[:20])


def _forgeries(token: str) -> list[str]:
    def flipped(at: int) -> str:
        return token[:at] + ("A" if token[at] != "A" else "B") + token[at + 1 :]

    return [*map(flipped, (0, 1, len(token) // 2, len(token) - 3)), token[:-4], token + "AAAA", token * 2, "A"]


def _unnamed(reply: Reply, member: str) -> list[str]:
    text = reply.json()["message"]
    return [] if member in text else [f"{text!r} does not name {member}"]


def _refusals(story: Story):
    """Calls that the state of things forbids: operation, members, error."""
    return _refusals_of_chat(story) if story.service.name == "ivschat" else _refusals_of_streaming(story)


def _refusals_of_chat(story: IvsChatStory):
    log, room = story.new_log(), story.new_room()
    bad = story.do("CreateLoggingConfiguration", destinationConfiguration={"firehose": {"deliveryStreamName": "x"}})
    assert bad["state"] == "CREATE_FAILED"
    story.new_room(loggingConfigurationIdentifiers=[log])
    too_much = {"k": "\u00e9" * 512}
    yield "CreateChatToken", {"roomIdentifier": room, "userId": "u", "attributes": too_much}, "ValidationException"
    yield "CreateChatToken", {"roomIdentifier": room, "userId": "a\0b"}, "ValidationException"
    yield "CreateRoom", {"loggingConfigurationIdentifiers": [bad["arn"]]}, "ValidationException"
    yield "CreateRoom", {"tags": {"aws:a": "b"}}, "ValidationException"
    yield "DeleteLoggingConfiguration", {"identifier": log}, "ConflictException"
    yield "SendEvent", {"roomIdentifier": room, "eventName": "e", "attributes": too_much}, "ValidationException"
    yield "TagResource", {"resourceArn": nobodys("channel"), "tags": {"a": "b"}}, "ValidationException"
    yield "UpdateRoom", {"identifier": room, "loggingConfigurationIdentifiers": [bad["arn"]]}, "ValidationException"


def _refusals_of_streaming(story: IvsStory):
    offline, live = story.new_channel()["channel"]["arn"], story.live[0]
    recording, policy = story.new_recording(), story.new_policy()
    used = {"recordingConfigurationArn": recording, "playbackRestrictionPolicyArn": policy}
    story.new_channel(**used)
    key = make_public_key().pem
    story.do("ImportPlaybackKeyPair", publicKeyMaterial=key)
    yield "CreateStreamKey", {"channelArn": offline}, "ServiceQuotaExceededException"
    yield "DeleteChannel", {"arn": live}, "ConflictException"
    yield "DeletePlaybackRestrictionPolicy", {"arn": policy}, "ConflictException"
    yield "DeleteRecordingConfiguration", {"arn": recording}, "ConflictException"
    yield "GetStream", {"channelArn": offline}, "ChannelNotBroadcasting"
    yield "GetStreamSession", {"channelArn": live, "streamId": "st-" + "A" * 23}, "ResourceNotFoundException"
    yield "ImportPlaybackKeyPair", {"publicKeyMaterial": key}, "ConflictException"
    yield "ImportPlaybackKeyPair", {"publicKeyMaterial": make_public_key("P-256").pem}, "ValidationException"
    yield "ListChannels", {"filterByName": "x"} | _filter("RecordingConfiguration", recording), "ConflictException"
    yield "PutMetadata", {"channelArn": live, "metadata": "\u00e9" * 513}, "ValidationException"
    yield "PutMetadata", {"channelArn": offline, "metadata": "x"}, "ChannelNotBroadcasting"
    yield "StopStream", {"channelArn": offline}, "ChannelNotBroadcasting"
    yield "TagResource", {"resourceArn": nobodys_chat("room"), "tags": {"a": "b"}}, "ValidationException"
    yield "UpdateChannel", {"arn": live, "name": "x"}, "ConflictException"
    yield "UpdateChannel", {"arn": offline, "preset": "HIGHER_BANDWIDTH_DELIVERY"}, "ValidationException"


def _filter(name: str, arn: str) -> dict[str, str]:
    return {f"filterBy{name}Arn": arn}


@each_service
def test_what_the_state_of_things_forbids_is_refused_as_modelled(service, stories):
    story, wrong = stories[service.name], []
    for name, values, code in _refusals(story):
        found = refusal_complaints(story.service.operations[name], story.reply(name, values), code)
        wrong += [f"{name} {values}: {one}" for one in found]
    assert not wrong, "\n".join(wrong)


def test_the_vendors_rates_and_quotas_refuse_as_modelled(start_server):
    caller = Caller(start_server("--limits", "aws"))
    update, create = (SERVICES["ivs"].operations[name] for name in ("UpdateChannel", "CreatePlaybackRestrictionPolicy"))
    stranger = {"arn": nobodys("channel")}
    # Five a second: slower than that is no machine on earth for so long.
    replies = (caller.call(update, stranger) for _ in range(1_000))
    throttled = next(reply for reply in replies if reply.error_type != "ResourceNotFoundException")
    assert refusal_complaints(update, throttled, "ThrottlingException") == []
    assert throttled.headers["retry-after"].isdigit()
    wait_until(lambda: caller.call(update, stranger).error_type == "ResourceNotFoundException", "the rate to recover")
    assert [caller.call(create, {}).status for _ in range(3)] == [200] * 3
    assert refusal_complaints(create, caller.call(create, {}), "ServiceQuotaExceededException") == []
    for name, values, rate in (("GetRoom", {"identifier": nobodys_chat("room")}, 5), ("CreateRoom", {}, 5)):
        operation = SERVICES["ivschat"].operations[name]
        replies = (caller.call(operation, values) for _ in range(1_000))
        throttled = next(reply for reply in replies if reply.status == 429)
        assert refusal_complaints(operation, throttled, "ThrottlingException") == []
        assert throttled.json()["limit"] == rate and throttled.json()["resourceId"] == ACCOUNT
    caller.close()


# What is served


@each_service
def test_only_the_listed_operations_are_unknown_here(service, caller):
    unknown = service.operations.keys() - served(service, caller)
    listed = NOT_SERVED[service.name]
    assert unknown - listed == set(), "in the model, but neither served nor listed"
    assert listed - unknown == set(), "served, so take them off the list"


@each_service
def test_an_operation_that_is_not_served_is_refused_as_an_unknown_one(service, caller):
    for name in NOT_SERVED[service.name]:
        reply = caller.call(service.operations[name], {})
        assert refusal_complaints(service.operations[name], reply, "UnknownOperationException") == [], name


@each_service
def test_the_list_of_what_is_not_served_names_only_what_the_model_has(service):
    assert NOT_SERVED[service.name] <= service.operations.keys()
