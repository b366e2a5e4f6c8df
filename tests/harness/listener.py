"""Those who listen at a NATS server: a stream of JetStream, and a plain subscriber.

Promise: what was published from the moment of `begin` on is found, in the server's order.
"""

import asyncio
import json
import threading
from typing import Any

import nats

from .waiting import PATIENCE


class Listener:
    """A subscriber of the subjects `plain.>` and a stream that keeps `kept.>`."""

    def __init__(self, url: str):
        self.url = url
        #: Subject, headers and event of each message that came by itself.
        self.heard: list[tuple[str, dict[str, str], dict[str, Any]]] = []
        self._loop = asyncio.new_event_loop()
        self._thread = threading.Thread(target=self._loop.run_forever, daemon=True)
        self._thread.start()

    def _do(self, act):
        return asyncio.run_coroutine_threadsafe(act, self._loop).result(PATIENCE)

    def begin(self) -> "Listener":
        async def begin():
            self._client = await nats.connect(self.url, reconnect_time_wait=0.1, max_reconnect_attempts=-1)
            await self._client.jetstream().add_stream(name="EVENTS", subjects=["kept.>"])

            async def hear(message):
                self.heard.append((message.subject, dict(message.headers or {}), json.loads(message.data)))

            await self._client.subscribe("plain.>", cb=hear)
            await self._client.flush()

        self._do(begin())
        return self

    def kept(self) -> list[tuple[str, dict[str, Any]]]:
        """Subject and event of each message in the stream."""

        async def read():
            stream = self._client.jetstream()
            last = (await stream.stream_info("EVENTS")).state.last_seq
            messages = [await stream.get_msg("EVENTS", number) for number in range(1, last + 1)]
            return [(message.subject, json.loads(message.data)) for message in messages]

        return self._do(read())

    def end(self) -> None:
        self._do(self._client.close())
        self._loop.call_soon_threadsafe(self._loop.stop)
        self._thread.join()
