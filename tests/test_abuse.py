"""Ten thousand spoilt requests: each is refused as AWS refuses, and nobody else notices.

Promise: the seed is printed and can be given as ABUSE_SEED; a failure names the number of its request, which
ABUSE_ONLY sends alone.
"""

import itertools
import os
import random
import threading
from collections import Counter
from collections.abc import Iterable
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field

import pytest

from harness import aws
from harness.caller import Caller, served
from harness.ivs_story import IvsStory
from harness.ivschat_story import IvsChatStory
from harness.model import COMMON_ERRORS, Service
from harness.mutants import Mutant, Mutants
from harness.samples import Samples
from harness.server import REGION
from harness.story import Story
from harness.wire import Cut, Reply, Wire

#: Refusals that are wanted; mutations that turn out harmless come on top.
REFUSALS = int(os.environ.get("ABUSE_REFUSALS", "10000"))
BATCH = 1_000
THREADS = 4
#: What an HTTP server may answer before it knows what is asked.
HTTP_REFUSALS = {400, 408, 413, 414, 431}
#: Resident bytes that the server may gain after the first quarter: allocators keep some.
GROWTH = 24 * 1024 * 1024


@pytest.fixture(scope="module")
def server(start_server):
    """Thousands of refusals are not worth a log line each."""
    return start_server("--log", "warn")


@dataclass
class Tally:
    """What came back."""

    refused: Counter = field(default_factory=Counter)
    succeeded: Counter = field(default_factory=Counter)
    cut: Counter = field(default_factory=Counter)
    wrong: list[str] = field(default_factory=list)

    def add(self, mutant: Mutant, reply: Reply | None) -> None:
        found = self._judge(mutant, reply)
        if found:
            self.wrong.append(f"request {mutant.number} ({mutant.label}): {found}\n    {_shown(mutant.raw)}")

    def _judge(self, mutant: Mutant, reply: Reply | None) -> str | None:
        if reply is None:
            self.cut["closed"] += 1
            return None if mutant.may_cut else "closed without an answer"
        code, status = reply.error_type, reply.status
        if reply.rest and not mutant.last:
            return f"a second answer: {reply.rest[:200]!r}"
        if status >= 500:
            return f"{status} {code} {reply.body[:200]!r}"
        if status < 300:
            self.succeeded[status] += 1
            return _success(mutant, reply)
        if code is None:
            self.cut[status] += 1
            allowed = mutant.may_cut and status in HTTP_REFUSALS
            return None if allowed else f"{status} without an AWS error type: {reply.body[:200]!r}"
        self.refused[code] += 1
        return _refusal(mutant, reply)

    def lines(self) -> list[str]:
        def counts(counter: Counter) -> str:
            return ", ".join(f"{name} {count}" for name, count in counter.most_common())

        return [
            f"refused {self.refused.total()}: {counts(self.refused)}",
            f"harmless after all {self.succeeded.total()}: {counts(self.succeeded)}",
            f"refused by HTTP itself {self.cut.total()}: {counts(self.cut)}",
        ]


def _success(mutant: Mutant, reply: Reply) -> str | None:
    if mutant.method == b"OPTIONS" and reply.status == 204:
        return None
    if not mutant.may_succeed or mutant.operation is None:
        return f"{reply.status} for what must be refused: {reply.body[:300]!r}"
    found = mutant.operation.output_complaints(reply.headers, reply.body)
    return "; ".join(found) if reply.status == mutant.operation.status else f"status {reply.status}"


def _refusal(mutant: Mutant, reply: Reply) -> str | None:
    code, status = reply.error_type, reply.status
    expected = {COMMON_ERRORS.get(code)} | ({405} if code == "UnknownOperationException" else set())
    if mutant.operation is not None:
        expected.add(mutant.operation.expected_status(code))
    if status not in expected:
        return f"{code} with {status}"
    if "x-amzn-requestid" not in reply.headers:
        return f"{code} without a request id"
    if mutant.method == b"HEAD":
        return None
    told = reply.json()
    return None if told.get("message") else f"{code} without a text: {told}"


def _shown(raw: bytes) -> str:
    return f"{raw[:1500]!r}{f' and {len(raw) - 1500} bytes' if len(raw) > 1500 else ''}"


def target(service: Service, caller: Caller) -> dict[str, str]:
    """Resources that exist, by the shapes of their ARNs."""
    if service.name == "ivschat":
        room = caller.call(service.operations["CreateRoom"], {"name": "target"}).json()["arn"]
        return {"RoomIdentifier": room, "ResourceArn": room}
    made = caller.call(service.operations["CreateChannel"], {"name": "target"}).json()
    channel = made["channel"]["arn"]
    return {"ChannelArn": channel, "StreamKeyArn": made["streamKey"]["arn"], "ResourceArn": channel}


def harmless_inputs(story: type[Story], service: Service, caller: Caller) -> dict[str, list[dict]]:
    """Valid inputs of every served operation: with resources that exist, but for what would delete or stop them."""
    real, nobodys = target(service, caller), story.nobodys_values()
    existing = Samples(nobodys | {k: (lambda v=v: [v]) for k, v in real.items()}, service.deviations)
    strangers = Samples(nobodys, service.deviations)
    found = {}
    for name in served(service, caller):
        samples, operation = strangers if name.startswith(("Delete", "Stop")) else existing, service.operations[name]
        least = {member: samples.least(operation.members[member]) for member in operation.required}
        found[name] = [least, {member: samples.most(shape) for member, shape in operation.members.items()}]
    return found


class Both:
    """Spoilt requests of both services by turns."""

    def __init__(self, parts: list[Mutants]):
        self._parts = parts

    def make(self, number: int, region: str) -> Mutant:
        return self._parts[number // THREADS % len(self._parts)].make(number, region)


def assault(mutants: Both, netloc: str, numbers: Iterable[int], tally: Tally) -> None:
    """Sends these numbers over one connection after another."""
    wire = Wire(netloc)
    for number in numbers:
        mutant = mutants.make(number, REGION)
        try:
            reply = wire.ask(mutant.raw, empty=mutant.method == b"HEAD", half_close=mutant.half_close)
        except Cut:
            reply = None
        tally.add(mutant, reply)
        if mutant.last:
            wire.close()
    wire.close()


class Bystander:
    """An ordinary client in an account of its own, which goes about its work until told to stop."""

    def __init__(self, server):
        self._ivs = aws.client(server, server.add_key("--account", "555555555555"))
        self._stop = threading.Event()
        self._thread = threading.Thread(target=self._work)
        self.rounds, self.failure = 0, None

    def __enter__(self):
        self._thread.start()
        return self

    def __exit__(self, *_):
        self._stop.set()
        self._thread.join()

    def _work(self) -> None:
        try:
            for number in itertools.count():
                if self._stop.is_set():
                    return
                self._round(f"round-{number}")
                self.rounds += 1
        except Exception as error:
            self.failure = error

    def _round(self, name: str) -> None:
        created = self._ivs.create_channel(name=name, tags={"n": name})["channel"]
        assert self._ivs.get_channel(arn=created["arn"])["channel"] == created
        assert [one["arn"] for one in self._ivs.list_channels()["channels"]] == [created["arn"]]
        self._ivs.delete_channel(arn=created["arn"])
        assert self._ivs.list_channels()["channels"] == []


@pytest.fixture(scope="module")
def mutants(server):
    seed = os.environ.get("ABUSE_SEED") or str(random.SystemRandom().randrange(10**9))
    print(f"ABUSE_SEED={seed}")
    caller, parts = Caller(server), []
    for name, story in (("ivs", IvsStory), ("ivschat", IvsChatStory)):
        service = Service(name, story.DEVIATIONS)
        inputs = harmless_inputs(story, service, caller)
        parts.append(Mutants(seed, service, inputs, server.root_key(), server.bound["http"]))
    caller.close()
    return seed, Both(parts)


def test_no_spoilt_request_gets_more_than_a_refusal(server, mutants, report):
    seed, make = mutants
    netloc, tally = server.bound["http"], Tally()

    only = os.environ.get("ABUSE_ONLY")
    if only:
        assault(make, netloc, [int(only)], tally)
        assert not tally.wrong, tally.wrong[0]
        return
    sent, resident = 0, []
    with Bystander(server) as bystander, ThreadPoolExecutor(THREADS) as pool:
        while tally.refused.total() < REFUSALS and not tally.wrong:
            parts = [range(sent + at, sent + BATCH, THREADS) for at in range(THREADS)]
            list(pool.map(lambda part: assault(make, netloc, part, tally), parts))
            sent += BATCH
            resident.append(server.memory())
    report(f"{sent} spoilt requests, ABUSE_SEED={seed}, {bystander.rounds} rounds of an ordinary client beside them")
    for line in tally.lines():
        report(f"  {line}")
    report(f"  resident MiB after each thousand: {', '.join(f'{one / 2**20:.1f}' for one in resident)}")
    assert not tally.wrong, f"seed {seed}: {len(tally.wrong)} wrong\n" + "\n".join(tally.wrong[:20])
    assert bystander.failure is None, bystander.failure
    assert bystander.rounds > 0, "the ordinary client was served meanwhile"
    assert "panicked" not in server.log()
    assert "ERROR" not in server.log()
    assert resident[-1] < resident[len(resident) // 4] + GROWTH, "memory stays flat"
    assert tally.cut.total() < sent // 10, "most of them reach the API"


def test_the_same_seed_gives_the_same_requests(mutants):
    _, make = mutants
    numbers = range(100)
    first, second = ([make.make(number, REGION).label for number in numbers] for _ in range(2))
    assert first == second
