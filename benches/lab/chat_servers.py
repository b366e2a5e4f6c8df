"""The servers of the chat bench, each with the same face: what it speaks, an address, its processes.

Promise: each runs on a free port of 127.0.0.1 with its files in a folder of its own that
goes away with it. Rillcast runs with all that it does for a chat: a token for each
connection, all rates, and a logging configuration on the room; its folder is on disk.
"""

from __future__ import annotations

import configparser
import json
import os
import pathlib
import shutil
import tempfile

import botocore.auth
import botocore.awsrequest
import botocore.config
import botocore.credentials
import botocore.session
from lab import load, servers

PEERS = servers.ROOT / "benches" / "chat" / "peers"
REGION = "us-east-1"


class ChatServer(servers.Server):
    """A server in which every connection hears every message."""

    speech = "plain"

    def __init__(self):
        servers.CACHE.mkdir(parents=True, exist_ok=True)
        self.folder = pathlib.Path(tempfile.mkdtemp(prefix=f"chat-{self.name}-", dir=servers.CACHE))
        self.log = (self.folder / "log").open("wb")
        try:
            self.begin()
        except BaseException:
            self.stop()
            raise

    def begin(self) -> None:
        """Starts the process; sets `address`."""
        raise NotImplementedError

    def ready(self, connections: int, *, afresh: bool = False) -> dict:
        """What a plan needs beside its numbers; `afresh`: as if the process had just begun."""
        if afresh:
            self.process.terminate()
            self.process.wait(30)
            self.begin()
        return {"speech": self.speech, "address": self.address, "pids": self.pids()}

    def complain(self) -> RuntimeError:
        return RuntimeError(f"{self.name}: {(self.folder / 'log').read_text(errors='replace')[-2000:]}")


class Rillcast(ChatServer):
    """This repository's server, release build, on its defaults."""

    name = "rillcast"
    speech = "ivs"
    flags: tuple[str, ...] = ()

    def begin(self) -> None:
        binary = pathlib.Path(os.environ.get("RILLCAST_BIN", servers.ROOT / "target/release/rillcast")).resolve()
        if not binary.exists():
            raise servers.Missing("build it: cargo build --release -p rillcast")
        ready, here = self.folder / "ready", "127.0.0.1:0"
        ready.unlink(missing_ok=True)
        self.process = self.run(
            binary, "serve", "--data-dir", self.folder / "data", "--ready-file", ready,
            "--http", here, "--rtmp", here, "--rtmps", here, "--log", "warn", *self.flags,
        )  # fmt: skip

        def bound():
            if self.process.poll() is not None:
                raise self.complain()
            return ready.exists() and ready.stat().st_size and json.loads(ready.read_text())

        self.address = servers.until("rillcast to be ready", bound)["http"]
        profile = configparser.ConfigParser()
        profile.read(self.folder / "data/credentials")
        key = (profile["default"]["aws_access_key_id"], profile["default"]["aws_secret_access_key"])
        self.signature = botocore.auth.SigV4Auth(botocore.credentials.Credentials(*key), "ivschat", REGION)
        self.api = botocore.session.Session().create_client(
            "ivschat",
            endpoint_url=f"http://{self.address}",
            region_name=REGION,
            aws_access_key_id=key[0],
            aws_secret_access_key=key[1],
            config=botocore.config.Config(retries={"total_max_attempts": 1}),
        )

    def ready(self, connections: int, *, afresh: bool = False) -> dict:
        """A room of its own for each run, and as many tokens as connections, each of another user."""
        log = self.api.create_logging_configuration(
            destinationConfiguration={"s3": {"bucketName": f"bench-{os.urandom(4).hex()}"}}
        )
        if log["state"] != "ACTIVE":
            raise RuntimeError(f"the logging configuration is {log['state']}")
        room = self.api.create_room(maximumMessageRatePerSecond=100, loggingConfigurationIdentifiers=[log["arn"]])
        requests = self.folder / "requests"
        requests.write_bytes(b"".join(self._token_request(room["arn"], number) for number in range(connections)))
        tokens = self.folder / "tokens"
        self.minted = load.mint(address=self.address, pids=self.pids(), requests=str(requests), out=str(tokens))
        return super().ready(connections, afresh=afresh) | {"tokens": str(tokens)}

    def _token_request(self, room: str, number: int) -> bytes:
        body = json.dumps(
            {
                "roomIdentifier": room,
                "userId": f"user-{number:06}",
                "capabilities": ["SEND_MESSAGE"],
                "attributes": {"name": f"Number {number:06}", "colour": "green"},
            }
        ).encode()
        request = botocore.awsrequest.AWSRequest(
            "POST",
            f"http://{self.address}/CreateChatToken",
            {"Content-Type": "application/json", "Host": self.address, "Content-Length": str(len(body))},
            body,
        )
        self.signature.add_auth(request)
        lines = ["POST /CreateChatToken HTTP/1.1", *(f"{name}: {value}" for name, value in request.headers.items())]
        whole = "\r\n".join([*lines, "", ""]).encode() + body
        return len(whole).to_bytes(4, "little") + whole


class RillcastEpoll(Rillcast):
    """The same where the kernel refuses io_uring."""

    name = "rillcast-epoll"
    flags = ("--chat-engine", "epoll")


class _Peer(ChatServer):
    """A program that prints its port when it listens."""

    def command(self) -> list:
        raise NotImplementedError

    def begin(self) -> None:
        self.log.truncate(0)
        self.log.seek(0)
        self.process = self.run(*self.command())

        def port():
            if self.process.poll() is not None:
                raise self.complain()
            return (self.folder / "log").read_text().strip()

        self.address = f"127.0.0.1:{int(servers.until(f'{self.name} to listen', port))}"


class Bun(_Peer):
    """Bun's server, which is uWebSockets (C++) inside; publishes through its topics."""

    name = "bun"

    def command(self) -> list:
        binary = PEERS / "node_modules/bun/bin/bun.exe"
        if not binary.exists():
            raise servers.Missing("npm ci in benches/chat/peers")
        return [binary, PEERS / "bun.js"]


class Ws(_Peer):
    """Node with the package `ws`, the usual choice there."""

    name = "ws"

    def command(self) -> list:
        node = shutil.which("node")
        if not node or not (PEERS / "node_modules/ws").exists():
            raise servers.Missing("npm ci in benches/chat/peers")
        return [node, PEERS / "ws.js"]


class Nats(ChatServer):
    """Debian's nats-server with its WebSocket listener; one subject."""

    name = "nats"
    speech = "nats"

    def begin(self) -> None:
        binary = shutil.which("nats-server") or "/usr/sbin/nats-server"
        if not pathlib.Path(binary).exists():
            raise servers.Missing("apt-get install nats-server")
        plain, socket = servers.free_ports(2)
        (self.folder / "nats.conf").write_text(
            f"""
            listen: "127.0.0.1:{plain}"
            max_connections: 65536
            websocket {{ listen: "127.0.0.1:{socket}", no_tls: true, compression: false }}
            """
        )
        self.process = self.run(binary, "-c", self.folder / "nats.conf")
        self.address = f"127.0.0.1:{socket}"

        def listens():
            if self.process.poll() is not None:
                raise self.complain()
            return servers.answers(socket)

        servers.until("nats-server to listen", listens)


EVERY = (Rillcast, RillcastEpoll, Bun, Ws, Nats)


