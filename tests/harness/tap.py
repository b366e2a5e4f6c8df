"""A wire between a proxy and the server that writes down what is asked over it.

Promise: bytes go through as they are and as they come, and what is written down is what the server got, in its order.
"""

import asyncio
import re
import threading
from contextlib import suppress

_REQUEST = re.compile(rb"(?:^|\r\n)(GET|HEAD|POST|OPTIONS) (\S+) HTTP/1\.1\r\n")


class Tap:
    """Listens on a port of its own and hands everything on to the server."""

    def __init__(self, netloc: str):
        host, _, port = netloc.rpartition(":")
        self._server = (host, int(port))
        #: Method and target of each request.
        self.asked: list[tuple[str, str]] = []
        self._loop = asyncio.new_event_loop()
        self._listener = self._loop.run_until_complete(asyncio.start_server(self._serve, "127.0.0.1", 0))
        self.port = self._listener.sockets[0].getsockname()[1]
        self._thread = threading.Thread(target=self._loop.run_forever, daemon=True)
        self._thread.start()

    def count(self, ending: str) -> int:
        """How many requests there were for files that end so."""
        return sum(target.partition("?")[0].endswith(ending) for _, target in self.asked)

    def close(self) -> None:
        self._loop.call_soon_threadsafe(self._loop.stop)
        self._thread.join()
        for task in asyncio.all_tasks(self._loop):
            task.cancel()
        self._listener.close()
        self._loop.run_until_complete(asyncio.sleep(0))
        self._loop.close()

    async def _serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        with suppress(OSError, asyncio.CancelledError):
            there, back = await asyncio.open_connection(*self._server)
            await asyncio.gather(self._carry(reader, back, self._read), self._carry(there, writer, None))

    async def _carry(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter, read) -> None:
        with suppress(OSError):
            while data := await reader.read(65536):
                if read:
                    read(data)
                writer.write(data)
                await writer.drain()
        writer.close()

    def _read(self, data: bytes) -> None:
        """Proxies send a request's head in one piece, and no second request before the answer."""
        self.asked += [(method.decode(), target.decode()) for method, target in _REQUEST.findall(data)]
