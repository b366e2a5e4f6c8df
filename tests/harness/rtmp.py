"""A small RTMP publisher of our own, for what no real encoder would send.

Promise: what it writes is correct RTMP 1.0 unless the test makes it otherwise; it reads just enough to
see the server's answers to its commands.
"""

import socket
import struct
from collections.abc import Iterable
from typing import Any

from .encoder import Tag
from .waiting import PATIENCE

CONTROL, COMMAND, MEDIA = 2, 3, 4
SET_CHUNK_SIZE, AUDIO, VIDEO, DATA, INVOKE = 1, 8, 9, 18, 20
#: Of Linux: a socket that is closed in this mode says nothing to its peer.
TCP_REPAIR = 19


def amf(value: Any) -> bytes:
    match value:
        case None:
            return b"\x05"
        case bool():
            return b"\x01" + bytes([value])
        case int() | float():
            return b"\x00" + struct.pack(">d", value)
        case str():
            raw = value.encode()
            return b"\x02" + struct.pack(">H", len(raw)) + raw
        case dict():
            fields = b"".join(amf(name)[1:] + amf(item) for name, item in value.items())
            return b"\x03" + fields + b"\x00\x00\x09"
    raise TypeError(value)


def unamf(data: bytes, at: int) -> tuple[Any, int]:
    kind, at = data[at], at + 1
    if kind == 0:
        return struct.unpack_from(">d", data, at)[0], at + 8
    if kind == 1:
        return bool(data[at]), at + 1
    if kind == 2:
        length = struct.unpack_from(">H", data, at)[0]
        return data[at + 2 : at + 2 + length].decode(), at + 2 + length
    if kind in (3, 8):
        at += 4 if kind == 8 else 0
        found = {}
        while data[at : at + 3] != b"\x00\x00\x09":
            length = struct.unpack_from(">H", data, at)[0]
            name = data[at + 2 : at + 2 + length].decode()
            found[name], at = unamf(data, at + 2 + length)
        return found, at + 3
    if kind in (5, 6):
        return None, at
    if kind == 10:
        count, at = struct.unpack_from(">I", data, at)[0], at + 4
        items = []
        for _ in range(count):
            item, at = unamf(data, at)
            items.append(item)
        return items, at
    raise ValueError(f"AMF0 marker {kind}")


def message(kind: int, body: bytes, *, chunk_stream: int = COMMAND, stream: int = 0, time: int = 0) -> bytes:
    """One message in chunks of 128 bytes, the size that holds until it is changed."""
    head = bytes([chunk_stream]) + time.to_bytes(3) + len(body).to_bytes(3) + bytes([kind]) + struct.pack("<I", stream)
    pieces = [body[at : at + 128] for at in range(0, len(body), 128)] or [b""]
    return head + bytes([0xC0 | chunk_stream]).join(pieces)


def command(name: str, transaction: int, *values: Any, stream: int = 0) -> bytes:
    return message(INVOKE, amf(name) + amf(transaction) + b"".join(map(amf, values)), stream=stream)


class Publisher:
    """One connection, step by step."""

    def __init__(self, address: str):
        host, port = address.rsplit(":", 1)
        self.socket = socket.create_connection((host, int(port)), timeout=PATIENCE)
        self._input = self.socket.makefile("rb")
        self._chunk_size = 128
        self._heads: dict[int, list] = {}  # chunk stream -> [length, kind, body so far]

    def send(self, data: bytes) -> None:
        self.socket.sendall(data)

    def handshake(self) -> None:
        self.send(b"\x03" + struct.pack(">II", 0, 0) + bytes(range(256)) * 5 + bytes(248))
        answer = self._input.read(1 + 1536 * 2)
        assert len(answer) == 3073 and answer[0] == 3, "the server's half of the handshake"
        self.send(answer[1:1537])

    def connect(self, app: str = "app") -> None:
        self.handshake()
        self.send(command("connect", 1, {"app": app, "type": "nonprivate", "tcUrl": f"rtmp://localhost/{app}"}))
        self.answer_to("_result", 1)

    def publish(self, key: str) -> dict[str, Any]:
        """Asks to publish and gives the status that answers it."""
        self.send(command("createStream", 2, None))
        self.answer_to("_result", 2)
        self.send(command("publish", 3, None, key, "live", stream=1))
        return self.status()

    def status(self) -> dict[str, Any]:
        """The next onStatus."""
        return self.answer_to("onStatus")[3]

    def video(self, body: bytes, time: int = 0) -> None:
        self.send(message(VIDEO, body, chunk_stream=MEDIA, stream=1, time=time))

    def audio(self, body: bytes, time: int = 0) -> None:
        self.send(message(AUDIO, body, chunk_stream=MEDIA, stream=1, time=time))

    def tags(self, tags: Iterable[Tag]) -> None:
        """Media of an FLV file, with what describes them."""
        for tag in tags:
            self.send(message(tag.kind, tag.body, chunk_stream=MEDIA, stream=1, time=tag.time))

    def data(self, handler: str, value: Any) -> None:
        """A data message."""
        self.send(message(DATA, amf(handler) + amf(value), chunk_stream=MEDIA, stream=1))

    def reset(self) -> None:
        """Leaves by a reset."""
        self.socket.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
        self.close()

    def vanish(self) -> None:
        """Leaves without a word, as a machine does that lost its power. Only root may."""
        self.socket.setsockopt(socket.IPPROTO_TCP, TCP_REPAIR, 1)
        self.close()

    def answer_to(self, name: str, transaction: int | None = None) -> list[Any]:
        while True:
            values = self.next_command()
            if values[0] == "_error":
                raise AssertionError(f"refused: {values}")
            if values[0] == name and transaction in (None, values[1]):
                return values

    def next_command(self) -> list[Any]:
        while True:
            kind, body = self._message()
            if kind == SET_CHUNK_SIZE:
                self._chunk_size = int.from_bytes(body)
            elif kind == INVOKE:
                values, at = [], 0
                while at < len(body):
                    value, at = unamf(body, at)
                    values.append(value)
                return values

    def closed(self) -> bool:
        """Waits until the server has closed the connection."""
        try:
            while self.socket.recv(65536):
                pass
        except ConnectionError:
            pass
        return True

    def close(self) -> None:
        self._input.close()
        self.socket.close()

    def _message(self) -> tuple[int, bytes]:
        while True:
            first = self._exactly(1)[0]
            form, chunk_stream = first >> 6, first & 0x3F
            assert chunk_stream > 1, "the server uses small chunk stream numbers"
            size = {0: 11, 1: 7, 2: 3, 3: 0}[form]
            head = self._exactly(size)
            if head[:3] == b"\xff\xff\xff":
                self._exactly(4)
            kept = self._heads.setdefault(chunk_stream, [0, 0, b""])
            if form < 2:
                kept[0], kept[1] = int.from_bytes(head[3:6]), head[6]
            kept[2] += self._exactly(min(self._chunk_size, kept[0] - len(kept[2])))
            if len(kept[2]) == kept[0]:
                kind, body = kept[1], kept[2]
                kept[2] = b""
                return kind, body

    def _exactly(self, size: int) -> bytes:
        data = self._input.read(size)
        if len(data) < size:
            raise ConnectionError("the server closed the connection")
        return data
