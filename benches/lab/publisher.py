"""Many RTMP publishers in one cheap process, so that the load does not eat the machine.

Each frame goes out as one message in one write at its own time, as a live
encoder does: servers must not profit from frames that arrive in heaps.
Promise: no frame is sent before its time, and lateness is measured and told.

As a program: `publisher.py CACHE KEYFRAME_SECONDS [small|full]`; each line on stdin is the
URL of a stream to add; answers `on URL`, `refused URL`, `lost URL` on stdout
and a line of JSON at the end of stdin.
"""

from __future__ import annotations

import heapq
import json
import os
import pathlib
import random
import selectors
import socket
import struct
import sys
import time
import urllib.parse

if __package__ in (None, ""):
    sys.path.insert(0, str(pathlib.Path(__file__).resolve().parent.parent))

from lab import clip as clips

CHUNK = 4096  # what OBS asks for


def amf(*values) -> bytes:
    """AMF0 text of an RTMP command; as much of AMF0 as a publisher says."""
    out = bytearray()
    for value in values:
        if value is None:
            out += b"\x05"
        elif isinstance(value, bool):
            out += bytes((1, value))
        elif isinstance(value, (int, float)):
            out += b"\x00" + struct.pack(">d", value)
        elif isinstance(value, str):
            out += b"\x02" + struct.pack(">H", len(value)) + value.encode()
        else:
            out += b"\x03"
            for key, inner in value.items():
                out += struct.pack(">H", len(key)) + key.encode() + amf(inner)
            out += b"\x00\x00\x09"
    return bytes(out)


def unamf(data: bytes) -> list:
    """Values of a server's command; stops at what it does not know."""
    values, at = [], 0
    while at < len(data):
        value, at = _value(data, at)
        values.append(value)
    return values


def _value(data: bytes, at: int):
    marker, at = data[at], at + 1
    if marker == 0:
        return struct.unpack_from(">d", data, at)[0], at + 8
    if marker == 1:
        return bool(data[at]), at + 1
    if marker == 2:
        size = struct.unpack_from(">H", data, at)[0]
        return data[at + 2 : at + 2 + size].decode(errors="replace"), at + 2 + size
    if marker in (3, 8):
        at += 4 if marker == 8 else 0
        found = {}
        while data[at : at + 3] != b"\x00\x00\x09":
            size = struct.unpack_from(">H", data, at)[0]
            key = data[at + 2 : at + 2 + size].decode(errors="replace")
            found[key], at = _value(data, at + 2 + size)
        return found, at + 3
    if marker in (5, 6):
        return None, at
    return None, len(data)


def message(chunk_stream: int, kind: int, stream: int, body: bytes, at: int = 0) -> bytearray:
    """One whole message, cut into chunks, its timestamp in bytes 1 to 3."""
    out = bytearray((chunk_stream,))
    out += struct.pack(">I", at)[1:] + struct.pack(">I", len(body))[1:]
    out.append(kind)
    out += struct.pack("<I", stream)
    out += body[:CHUNK]
    for offset in range(CHUNK, len(body), CHUNK):
        out.append(0xC0 | chunk_stream)
        out += body[offset : offset + CHUNK]
    return out


class Connection:
    """The talking half: from the handshake to the permission to publish."""

    def __init__(self, url: str, source: str = ""):
        parts = urllib.parse.urlsplit(url)
        self.app, self.name = parts.path.lstrip("/").rsplit("/", 1)
        self.tc_url = f"rtmp://{parts.netloc}/{self.app}"
        self.socket = socket.create_connection((parts.hostname, parts.port or 1935), 10, (source, 0))
        self.socket.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        self.socket.setsockopt(socket.SOL_SOCKET, socket.SO_SNDBUF, 1 << 20)
        self.read_chunk = 128
        self.heads: dict[int, list] = {}

    def publish(self) -> int:
        """Ends when the server said `NetStream.Publish.Start`; the message stream's number."""
        opening = b"\x00" * 8 + random.randbytes(1528)
        self.socket.sendall(b"\x03" + opening)
        answer = self._take(1 + 1536 + 1536)
        self.socket.sendall(answer[1:1537])
        self.socket.sendall(message(2, 1, 0, struct.pack(">I", CHUNK)))
        about = {"app": self.app, "type": "nonprivate", "flashVer": "FMLE/3.0", "tcUrl": self.tc_url}
        self._say(amf("connect", 1, about))
        self._until(lambda words: words[0] == "_result" and words[1] == 1)
        self._say(amf("releaseStream", 2, None, self.name))
        self._say(amf("FCPublish", 3, None, self.name))
        self._say(amf("createStream", 4, None))
        stream = int(self._until(lambda words: words[0] == "_result" and words[1] == 4)[3])
        self.socket.sendall(message(4, 20, stream, amf("publish", 5, None, self.name, "live")))
        self._until(lambda words: words[0] == "onStatus")
        self.socket.setblocking(False)
        return stream

    def _say(self, body: bytes) -> None:
        self.socket.sendall(message(3, 20, 0, body))

    def _until(self, wanted) -> list:
        while True:
            kind, body = self._message()
            if kind == 1:
                self.read_chunk = struct.unpack(">I", body[:4])[0] & 0x7FFFFFFF
            if kind not in (17, 20):
                continue
            words = unamf(body)
            level = words[3].get("level") if len(words) > 3 and isinstance(words[3], dict) else None
            if words[0] in ("_error", "close") or level == "error":
                raise ConnectionRefusedError(str(words))
            if wanted(words):
                return words

    def _message(self) -> tuple[int, bytes]:
        while True:
            first = self._take(1)[0]
            form, number = first >> 6, first & 0x3F
            head = self.heads.setdefault(number, [0, 0, b""])
            if form < 3:
                fields = self._take((11, 7, 3)[form])
                if form < 2:
                    head[0] = fields[6]
                    head[1] = struct.unpack(">I", b"\0" + fields[3:6])[0]
            head[2] += self._take(min(self.read_chunk, head[1] - len(head[2])))
            if len(head[2]) == head[1]:
                body, head[2] = head[2], b""
                return head[0], body

    def _take(self, count: int) -> bytes:
        data = b""
        while len(data) < count:
            more = self.socket.recv(count - len(data))
            if not more:
                raise ConnectionRefusedError("the server closed the connection")
            data += more
        return data


class Stream:
    """One publisher on air: a socket, its own zero of time, its place in the clip."""

    def __init__(self, url: str, clip: clips.Clip, delay: float):
        self.url = url
        connection = Connection(url)
        self.number = connection.publish()
        self.socket = connection.socket
        self.start = time.monotonic() + delay
        self.next, self.loop, self.backlog = 0, 0, b""
        opening = amf("@setDataFrame") + clip.metadata
        self.send(bytes(message(4, clips.DATA, self.number, opening)))
        for tag in clip.headers:
            self.send(bytes(message(4 if tag.kind == clips.AUDIO else 6, tag.kind, self.number, tag.body)))

    def send(self, data) -> None:
        """What the socket does not take waits here, and goes first next time."""
        if self.backlog:
            data = self.backlog + data
        try:
            sent = self.socket.send(data)
        except BlockingIOError:
            sent = 0
        self.backlog = bytes(data[sent:]) if sent < len(data) else b""


class Fleet:
    """Sends the clip on every stream, each frame at its time."""

    def __init__(self, clip: clips.Clip, on_sent=None):
        self.clip = clip
        self.on_sent = on_sent
        self.messages = [
            message(4 if tag.kind == clips.AUDIO else 6, tag.kind, 1, tag.body) for tag in clip.frames
        ]
        self.due: list = []
        self.streams = 0
        self.sent = self.late = 0
        self.worst = 0.0
        self.watch = selectors.DefaultSelector()

    def add(self, url: str) -> None:
        """Connects, and starts within two seconds: keyframes of streams must not coincide."""
        stream = Stream(url, self.clip, (self.streams * 0.618034) % 1.0 * 2.0)
        self.streams += 1
        self.watch.register(stream.socket, selectors.EVENT_READ, stream)
        heapq.heappush(self.due, (stream.start, self.streams, stream))

    def turn(self, longest: float) -> list:
        """Sends what is due, then waits for the next frame or for something to read."""
        now = time.monotonic()
        lost = []
        while self.due and self.due[0][0] <= now:
            due, order, stream = self.due[0]
            try:
                self._frame(stream)
            except OSError:
                heapq.heappop(self.due)
                self._drop(stream)
                lost.append(stream)
                continue
            self.sent += 1
            behind = now - due
            self.late += behind > 0.010
            self.worst = max(self.worst, behind)
            frame = self.clip.frames[stream.next]
            after = stream.start + stream.loop * clips.SECONDS + frame.at / 1000
            heapq.heapreplace(self.due, (after, order, stream))
            now = time.monotonic()
        wait = min(longest, max(0.0, self.due[0][0] - now)) if self.due else longest
        ready = self.watch.select(wait)
        others = [key.data for key, _ in ready if not isinstance(key.data, Stream)]
        for key, _ in ready:
            if isinstance(key.data, Stream) and not self._drain(key.data):
                self.due = [entry for entry in self.due if entry[2] is not key.data]
                heapq.heapify(self.due)
                self._drop(key.data)
                lost.append(key.data)
        return lost + others

    def _frame(self, stream: Stream) -> None:
        data = self.messages[stream.next]
        at = stream.loop * clips.SECONDS * 1000 + self.clip.frames[stream.next].at
        data[1:4] = struct.pack(">I", at)[1:]
        data[8:12] = struct.pack("<I", stream.number)
        stream.send(data)
        if self.on_sent:
            self.on_sent(stream, stream.next)
        stream.next += 1
        if stream.next == len(self.messages):
            stream.next, stream.loop = 0, stream.loop + 1

    def _drain(self, stream: Stream) -> bool:
        try:
            return bool(stream.socket.recv(65536))
        except BlockingIOError:
            return True
        except OSError:
            return False

    def _drop(self, stream: Stream) -> None:
        self.watch.unregister(stream.socket)
        stream.socket.close()


def main() -> None:
    cache, keyframe_seconds = pathlib.Path(sys.argv[1]), int(sys.argv[2])
    picture = clips.NAMED[sys.argv[3]] if sys.argv[3:] else clips.USUAL
    fleet = Fleet(clips.load(cache, keyframe_seconds, picture))
    fleet.watch.register(sys.stdin, selectors.EVENT_READ, "stdin")
    waiting: list[str] = []
    text = b""
    reading = True
    while reading:
        for what in fleet.turn(0 if waiting else 1.0):
            if isinstance(what, Stream):
                print("lost", what.url, flush=True)
                continue
            more = os.read(sys.stdin.fileno(), 65536)
            reading = bool(more)
            *lines, text = (text + more).split(b"\n")
            waiting += [line.decode() for line in lines]
        if waiting:
            url = waiting.pop(0)
            try:
                fleet.add(url)
                print("on", url, flush=True)
            except OSError as error:
                print("refused", url, error, flush=True)
    print(json.dumps({"frames": fleet.sent, "late": fleet.late, "worst_ms": round(fleet.worst * 1000)}))


if __name__ == "__main__":
    main()
