"""What one account has been told, against what is there.

Promise: a call that was answered counts, one that was not answered may have been made or not, but wholly;
nothing else is forgiven.
"""

from collections.abc import Callable, Iterable
from dataclasses import dataclass, field
from typing import Any

from .caller import Caller
from .model import Deviations, Service
from .wire import Reply

IVS = Service("ivs", Deviations())

#: Most ARNs of a call to BatchGetChannel or BatchGetStreamKey.
BATCH = 50

#: A resource as it reads back; a channel has its stream keys in `keys`, by ARN.
Record = dict[str, Any]
Records = dict[str, Record]


@dataclass
class Doubt:
    """A call that was sent and not answered."""

    operation: str
    #: What it was about; `None`: something that only its answer would have named.
    arn: str | None
    #: Is this what the call makes of it? `None` stands for nothing there.
    made: Callable[[Record | None], bool]


@dataclass
class Ledger:
    """The resources of an account by ARN, as they were acknowledged, in no order."""

    records: Records = field(default_factory=dict)
    gone: list[str] = field(default_factory=list)
    doubts: list[Doubt] = field(default_factory=list)

    def of(self, kind: str) -> list[str]:
        return sorted(arn for arn in self.records if f":{kind}/" in arn)

    def forget(self, arn: str) -> None:
        self.gone += [arn, *self.records.pop(arn).get("keys", {})]

    def settle(self, seen: Records) -> int:
        """Takes what is there for the truth if it may be; tells how many of the calls in doubt were made."""
        made = 0
        for arn in sorted(seen.keys() | self.records.keys()):
            before, now = self.records.get(arn), seen.get(arn)
            if before != now:
                cause = next((doubt for doubt in self.doubts if self._explains(doubt, arn, now)), None)
                assert cause, f"{arn}: acknowledged {before}, there is {now}; in doubt {self.doubts}"
                self.doubts.remove(cause)
                made += 1
                if now is None:
                    self.forget(arn)
        self.records, self.doubts = dict(seen), []
        return made

    def _explains(self, doubt: Doubt, arn: str, now: Record | None) -> bool:
        about_this = doubt.arn == arn if doubt.arn else arn not in self.records
        return about_this and doubt.made(now)


def ask(caller: Caller, operation: str, **values: Any) -> Any:
    """The answer of a call that must succeed."""
    reply = caller.call(IVS.operations[operation], values)
    assert reply.status in (200, 204), (operation, values, reply)
    return answer(reply)


def answer(reply: Reply) -> Any:
    return reply.json() if reply.body else None


def pages(caller: Caller, operation: str, member: str, size: int = 50, **values: Any) -> list[Any]:
    """A list from page to page."""
    found, more = [], {}
    while True:
        page = ask(caller, operation, maxResults=size, **values, **more)
        found += page[member]
        if "nextToken" not in page:
            return found
        more = {"nextToken": page["nextToken"]}


def read(caller: Caller) -> Records:
    """Everything that the account has, by the lists first and then by the resources' own words."""
    listed = [channel["arn"] for channel in pages(caller, "ListChannels", "channels")]
    assert len(listed) == len(set(listed)), "a channel is listed once"
    records = {arn: channel | {"keys": {}} for arn, channel in batches(caller, "BatchGetChannel", "channels", listed)}
    keys = [key["arn"] for arn in listed for key in pages(caller, "ListStreamKeys", "streamKeys", channelArn=arn)]
    for arn, key in batches(caller, "BatchGetStreamKey", "streamKeys", keys):
        records[key["channelArn"]]["keys"][arn] = key
    for pair in pages(caller, "ListPlaybackKeyPairs", "keyPairs"):
        records[pair["arn"]] = ask(caller, "GetPlaybackKeyPair", arn=pair["arn"])["keyPair"]
        assert records[pair["arn"]].items() >= pair.items()
    return records


def batches(caller: Caller, operation: str, member: str, arns: list[str]) -> Iterable[tuple[str, Record]]:
    """Each of these resources; what is listed can be read."""
    for at in range(0, len(arns), BATCH):
        found = ask(caller, operation, arns=arns[at : at + BATCH])
        assert not found.get("errors"), found
        yield from ((one["arn"], one) for one in found[member])


def is_gone(caller: Caller, arn: str) -> bool:
    kind = {"channel": "GetChannel", "stream-key": "GetStreamKey", "playback-key": "GetPlaybackKeyPair"}
    operation = kind[arn.split(":")[5].split("/")[0]]
    return caller.call(IVS.operations[operation], {"arn": arn}).error_type == "ResourceNotFoundException"
