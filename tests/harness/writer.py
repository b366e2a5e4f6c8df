"""A client that changes things without a pause, and keeps a book of what it was told.

Promise: every call is either in the book as acknowledged or in it as in doubt; a refusal is a failed test.
"""

import random
import threading
from itertools import count
from typing import Any

from .caller import Caller
from .ledger import IVS, Doubt, Ledger, Record, Records, answer
from .server import Key, Server
from .wire import Cut, Reply

#: An account's quotas that the writer reckons with.
CHANNELS, PAIRS = 20, 3
QUOTAS = ["--quota-channels", str(CHANNELS), "--quota-playback-key-pairs", str(PAIRS)]


class Unanswered(Exception):
    """The server has gone before it answered, or answered that it can't say (status 503)."""

    def __init__(self, reply: Reply | None = None):
        super().__init__(reply)
        self.reply = reply


class Writer:
    """An account's only writer."""

    def __init__(self, key: Key, seed: str, pems: list[str]):
        self.key, self.pems = key, pems
        self.ledger = Ledger()
        self.answered: dict[str, int] = {}
        self.caller: Caller | None = None
        #: What there was after each act, when somebody wants to know.
        self.history: list[Records] = []
        self.enough = threading.Event()
        self._random = random.Random(seed)
        self._numbers = count(1)

    def connect(self, server: Server) -> Caller:
        self.caller = Caller(server, self.key)
        return self.caller

    def write_until_unanswered(self) -> Reply | None:
        """Calls until one is not answered, or with a 503, which is given; or until it is enough."""
        acts = [self.create, self.update, self.update, self.tag, self.tag, self.untag, self.delete]
        acts += [self.create_key, self.delete_key, self.import_pair, self.delete_pair]
        try:
            while not self.enough.is_set():
                self._random.choice(acts)()
                self.history.append(dict(self.ledger.records))
            return None
        except Unanswered as end:
            self.caller.close()
            return end.reply

    # Calls

    def _call(self, doubt: Doubt, **values: Any) -> Any:
        try:
            reply = self.caller.call(IVS.operations[doubt.operation], values)
        except (Cut, OSError) as cut:
            self.ledger.doubts.append(doubt)
            raise Unanswered from cut
        if reply.status == 503:
            self.ledger.doubts.append(doubt)
            raise Unanswered(reply)
        assert reply.status in (200, 204), (doubt.operation, values, reply)
        self.answered[doubt.operation] = self.answered.get(doubt.operation, 0) + 1
        return answer(reply)

    def _some(self, kind: str) -> tuple[str, Record] | None:
        arns = self.ledger.of(kind)
        arn = self._random.choice(arns) if arns else None
        return (arn, self.ledger.records[arn]) if arn else None

    def _settings(self) -> dict[str, Any]:
        return {
            "name": f"n{next(self._numbers)}",
            "latencyMode": self._random.choice(["LOW", "NORMAL"]),
            "type": self._random.choice(["BASIC", "STANDARD"]),
            "authorized": self._random.random() < 0.5,
            "insecureIngest": self._random.random() < 0.5,
        }

    # Channels

    def create(self) -> None:
        """Also makes the stream key."""
        if len(self.ledger.of("channel")) >= CHANNELS:
            return
        values = self._settings() | {"tags": {"made": str(next(self._numbers))}}
        made = lambda now: now is not None and now.items() >= values.items() and len(now["keys"]) == 1  # noqa: E731
        shown = self._call(Doubt("CreateChannel", None, made), **values)
        key = shown["streamKey"]
        self.ledger.records[shown["channel"]["arn"]] = shown["channel"] | {"keys": {key["arn"]: key}}

    def update(self) -> None:
        if some := self._some("channel"):
            arn, before = some
            values = self._settings()
            made = lambda now: now == before | values  # noqa: E731
            shown = self._call(Doubt("UpdateChannel", arn, made), arn=arn, **values)
            assert shown["channel"] | {"keys": before["keys"]} == before | values
            self.ledger.records[arn] = before | values

    def delete(self) -> None:
        """Seldom while there are few."""
        some = self._some("channel")
        if some and self._random.randrange(CHANNELS) < len(self.ledger.of("channel")):
            arn, _ = some
            self._call(Doubt("DeleteChannel", arn, lambda now: now is None), arn=arn)
            self.ledger.forget(arn)

    # Stream keys

    def create_key(self) -> None:
        without = [arn for arn in self.ledger.of("channel") if not self.ledger.records[arn]["keys"]]
        if without:
            arn, tags = self._random.choice(without), {"made": str(next(self._numbers))}
            before = self.ledger.records[arn]

            def made(now: Record | None) -> bool:
                keys = list(now["keys"].values()) if now else []
                return len(keys) == 1 and keys[0]["tags"] == tags and now | {"keys": {}} == before

            key = self._call(Doubt("CreateStreamKey", arn, made), channelArn=arn, tags=tags)["streamKey"]
            self.ledger.records[arn] = before | {"keys": {key["arn"]: key}}

    def delete_key(self) -> None:
        some = self._some("channel")
        if some and some[1]["keys"]:
            arn, before = some
            [key] = before["keys"]
            self._call(Doubt("DeleteStreamKey", arn, lambda now: now == before | {"keys": {}}), arn=key)
            self.ledger.records[arn] = before | {"keys": {}}
            self.ledger.gone.append(key)

    # Playback keys

    def import_pair(self) -> None:
        used = {record["name"] for record in self.ledger.records.values() if "fingerprint" in record}
        free = [number for number in range(len(self.pems)) if f"pair-{number}" not in used]
        if free and len(used) < PAIRS:
            number = self._random.choice(free)
            values = {"name": f"pair-{number}", "tags": {"made": str(next(self._numbers))}}
            made = lambda now: now is not None and "fingerprint" in now and now.items() >= values.items()  # noqa: E731
            doubt = Doubt("ImportPlaybackKeyPair", None, made)
            shown = self._call(doubt, publicKeyMaterial=self.pems[number], **values)
            self.ledger.records[shown["keyPair"]["arn"]] = shown["keyPair"]

    def delete_pair(self) -> None:
        if some := self._some("playback-key"):
            self._call(Doubt("DeletePlaybackKeyPair", some[0], lambda now: now is None), arn=some[0])
            self.ledger.forget(some[0])

    # Tags

    def _retagged(self, operation: str, all_tags: dict[str, str], **values: Any) -> None:
        arn = values["resourceArn"]
        after = self.ledger.records[arn] | {"tags": all_tags}
        self._call(Doubt(operation, arn, lambda now: now == after), **values)
        self.ledger.records[arn] = after

    def tag(self) -> None:
        """Two that only come together."""
        if some := self._some(self._random.choice(["channel", "playback-key"])):
            new = dict.fromkeys(("left", "right"), str(next(self._numbers)))
            self._retagged("TagResource", some[1]["tags"] | new, resourceArn=some[0], tags=new)

    def untag(self) -> None:
        if (some := self._some("channel")) and "left" in some[1]["tags"]:
            kept = {key: value for key, value in some[1]["tags"].items() if key == "made"}
            self._retagged("UntagResource", kept, resourceArn=some[0], tagKeys=["left", "right"])

    # Quotas

    def fill(self) -> None:
        """Up to the quotas: as many as there are rows missing fit, and not one more."""
        for _ in range(CHANNELS - len(self.ledger.of("channel"))):
            self.create()
        for _ in range(PAIRS - len(self.ledger.of("playback-key"))):
            self.import_pair()
        used = {record["name"] for record in self.ledger.records.values() if "fingerprint" in record}
        spare = next(pem for number, pem in enumerate(self.pems) if f"pair-{number}" not in used)
        for operation, values in (("CreateChannel", {}), ("ImportPlaybackKeyPair", {"publicKeyMaterial": spare})):
            reply = self.caller.call(IVS.operations[operation], values)
            assert reply.error_type == "ServiceQuotaExceededException", (operation, reply)
