"""A wire to an S3 service on which calls go wrong as they do in life.

Promise: what it does to a call is decided when the call begins and counted; a call that nothing is done to goes
through as it is, and all of them do once nothing is broken any more.
"""

import asyncio
import random
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field
from urllib.parse import urlsplit

PIECE = 16 * 1024
GO_ON = b"HTTP/1.1 100 Continue\r\n\r\n"
SORRY = {
    403: ("Forbidden", "<Error><Code>ExpiredToken</Code><Message>The provided token has expired.</Message></Error>"),
    429: ("Too Many Requests", "<Error><Code>TooManyRequests</Code><Message>Slow down.</Message></Error>"),
    500: ("Internal Server Error", "<Error><Code>InternalError</Code><Message>Try again.</Message></Error>"),
    502: ("Bad Gateway", "<html><body><h1>502 Bad Gateway</h1></body>"),
    503: ("Service Unavailable", "<Error><Code>SlowDown</Code><Message>Reduce your request rate.</Message></Error>"),
}


@dataclass(frozen=True)
class Request:
    method: str
    target: str
    #: As it came, with the empty line at its end.
    head: bytes
    length: int

    @property
    def is_write(self) -> bool:
        return self.method in ("PUT", "POST", "DELETE")


@dataclass
class Fault:
    """What is done to a share of the calls that `picks` names."""

    name: str
    share: float = 1.0
    #: Only to calls about this bucket.
    bucket: str = ""
    picks: Callable[[Request], bool] = lambda _: True
    #: Answers with this instead of handing the call on.
    status: int = 0
    #: Takes the call and says nothing, as long as this fault is on the wire.
    silent: bool = False
    #: Bytes a second, in both directions.
    speed: int = 0
    #: Closes after half of the body.
    cut: bool = False
    #: The service does what it was asked; its answer gets lost.
    lost: bool = False
    #: Calls that it was done to.
    done: int = field(default=0, compare=False)

    def is_for(self, request: Request) -> bool:
        is_there = not self.bucket or request.target.partition("?")[0].split("/")[1] == self.bucket
        return is_there and self.picks(request)


def status(code: int, **more) -> Fault:
    return Fault(f"{code}", status=code, **more)


def silent(**more) -> Fault:
    return Fault("silent", silent=True, **more)


def slow(speed: int, **more) -> Fault:
    return Fault("slow", speed=speed, **more)


def cut(**more) -> Fault:
    return Fault("cut", cut=True, **more)


def lost(**more) -> Fault:
    return Fault("lost", lost=True, picks=lambda request: request.is_write, **more)


#: Each kind of trouble that an S3 service makes, as one that is done to the calls of a bucket.
KINDS: dict[str, Callable[[str], Fault]] = {
    "503": lambda bucket: status(503, bucket=bucket),
    "500": lambda bucket: status(500, bucket=bucket, share=0.6),
    "502": lambda bucket: status(502, bucket=bucket, share=0.6),
    "429": lambda bucket: status(429, bucket=bucket),
    "403": lambda bucket: status(403, bucket=bucket),
    "silent": lambda bucket: silent(bucket=bucket),
    "slow": lambda bucket: slow(40_000, bucket=bucket),
    "cut": lambda bucket: cut(bucket=bucket, share=0.6),
    "lost": lambda bucket: lost(bucket=bucket, share=0.6),
}


class FaultyWire:
    """Stands between a server and an S3 service on a port of its own."""

    def __init__(self, endpoint: str, seed: int = 1):
        parts = urlsplit(endpoint)
        self._there = (parts.hostname, parts.port)
        self._random = random.Random(seed)
        self._faults: list[Fault] = []
        self._changed = asyncio.Event()
        #: Method and target of each call, in the order in which they came.
        self.asked: list[tuple[str, str]] = []
        self._loop = asyncio.new_event_loop()
        self._listener = self._loop.run_until_complete(asyncio.start_server(self._serve, "127.0.0.1", 0))
        self.port = self._listener.sockets[0].getsockname()[1]
        self._thread = threading.Thread(target=self._loop.run_forever, daemon=True)
        self._thread.start()

    @property
    def endpoint(self) -> str:
        return f"http://127.0.0.1:{self.port}"

    @contextmanager
    def broken(self, fault: Fault) -> Iterator[Fault]:
        """While this lasts, calls go wrong."""
        self.spoil(fault)
        try:
            yield fault
        finally:
            self.mend(fault)

    def spoil(self, fault: Fault) -> Fault:
        """From now on."""
        self._faults = [*self._faults, fault]
        return fault

    def mend(self, fault: Fault) -> None:
        self._faults = [each for each in self._faults if each is not fault]
        self._loop.call_soon_threadsafe(self._notice)

    def _notice(self) -> None:
        """Whoever is kept waiting looks again."""
        self._changed.set()
        self._changed = asyncio.Event()

    def close(self) -> None:
        self._loop.call_soon_threadsafe(self._loop.stop)
        self._thread.join()
        self._loop.run_until_complete(self._drop())
        self._loop.close()

    async def _drop(self) -> None:
        self._listener.close()
        calls = asyncio.all_tasks() - {asyncio.current_task()}
        for call in calls:
            call.cancel()
        await asyncio.gather(*calls, return_exceptions=True)

    # One connection

    async def _serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        with suppress(OSError, asyncio.IncompleteReadError, asyncio.CancelledError):
            while await self._call(reader, writer):
                pass
        writer.close()

    async def _call(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> bool:
        """Serves one call; may another follow on this connection?"""
        request = await _request(reader)
        self.asked.append((request.method, request.target))
        fault = next((each for each in self._faults if each.is_for(request)), Fault("none"))
        if self._random.random() >= fault.share:
            fault = Fault("none")
        fault.done += 1
        if b"\r\nexpect:" in request.head.lower():
            writer.write(GO_ON)
        if fault.status:
            await _skip(reader, request.length)
            writer.write(_sorry(fault.status))
            await writer.drain()
            return True
        if fault.silent:
            await self._keep_waiting(fault)
            return False
        return await self._hand_on(request, fault, reader, writer)

    async def _keep_waiting(self, fault: Fault) -> None:
        while any(each is fault for each in self._faults):
            await self._changed.wait()

    async def _hand_on(self, request: Request, fault: Fault, reader, writer) -> bool:
        """Over a connection of its own, so that what happens to one call happens to no other."""
        there, back = await asyncio.open_connection(*self._there)
        try:
            back.write(request.head)
            length = request.length // 2 if fault.cut else request.length
            await _carry(reader, back, length, fault.speed)
            if fault.cut:
                return False
            while (answer := await there.readuntil(b"\r\n\r\n")) == GO_ON:
                pass
            body = _length(answer)
            if fault.lost:
                await _skip(there, body)
                return False
            writer.write(answer)
            has_body = request.method != "HEAD"
            await _carry(there, writer, body if has_body else 0, fault.speed)
            return b"connection: close" not in answer.lower()
        finally:
            back.close()


async def _request(reader: asyncio.StreamReader) -> Request:
    head = await reader.readuntil(b"\r\n\r\n")
    method, target, _ = head.split(b"\r\n", 1)[0].decode().split(" ", 2)
    return Request(method, target, head, _length(head))


def _length(head: bytes) -> int:
    """Of the body behind a head; a client of ours and the service of the tests always tell it."""
    for line in head.lower().split(b"\r\n"):
        assert not line.startswith(b"transfer-encoding:"), "the length is not told"
        if line.startswith(b"content-length:"):
            return int(line.partition(b":")[2])
    return 0


async def _carry(reader, writer, length: int, speed: int) -> None:
    piece = min(PIECE, max(1, speed // 8)) if speed else PIECE
    while length > 0:
        data = await reader.read(min(piece, length))
        if not data:
            raise ConnectionResetError
        length -= len(data)
        writer.write(data)
        await writer.drain()
        if speed:
            await asyncio.sleep(len(data) / speed)


async def _skip(reader, length: int) -> None:
    while length > 0:
        data = await reader.read(min(65536, length))
        if not data:
            raise ConnectionResetError
        length -= len(data)


def _sorry(code: int) -> bytes:
    reason, body = SORRY[code]
    return (
        f"HTTP/1.1 {code} {reason}\r\nContent-Type: application/xml\r\nContent-Length: {len(body)}\r\n\r\n{body}"
    ).encode()
