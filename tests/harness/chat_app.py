"""What stands between an app's users and the server: the app's own backend and the official chat SDK.

Promise: the SDK is the vendor's release, in Node or in headless Chromium; tokens come to it as in every app, from a
backend that calls CreateChatToken with its own credentials.
"""

import json
import os
import subprocess
import sys
import threading
import urllib.parse
from abc import ABC, abstractmethod
from collections import Counter
from collections.abc import Callable
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any

import boto3
from botocore.config import Config
from botocore.exceptions import ClientError, ConnectionError, HTTPClientError

from . import browser
from .server import REGION, ROOT, Server, clean_env
from .waiting import PATIENCE, wait_until

FOLDER = ROOT / "tests" / "sdk" / "chat"
EVERYTHING = ["SEND_MESSAGE", "DELETE_MESSAGE", "DISCONNECT_USER"]


def chat_client(server: Server):
    """An `ivschat` client of boto3 that asks once."""
    key = server.root_key()
    session = boto3.session.Session(aws_access_key_id=key.id, aws_secret_access_key=key.secret, region_name=REGION)
    return session.client(
        "ivschat", endpoint_url=server.url, config=Config(retries={"total_max_attempts": 1}, read_timeout=10)
    )


def chat_cli(server: Server, *words: str) -> dict[str, Any]:
    """`aws ivschat ...` with the server's own credentials file; what it prints."""
    program = Path(sys.executable).with_name("aws")
    settings = {"AWS_SHARED_CREDENTIALS_FILE": str(server.credentials), "AWS_DEFAULT_REGION": REGION}
    done = subprocess.run(
        [str(program), "--endpoint-url", server.url, "--output", "json", "ivschat", *words],
        capture_output=True,
        text=True,
        env=clean_env(**settings),
        timeout=120,
    )
    assert done.returncode == 0, done.stderr
    return json.loads(done.stdout or "{}")


class App:
    """An app's backend: it gives out tokens, reviews messages and serves the page with the SDK."""

    def __init__(self):
        self.chat = None
        #: Input of CreateChatToken for each seat.
        self.seats: dict[str, dict[str, Any]] = {}
        #: How often each seat asked for a token.
        self.asked: Counter[str] = Counter()
        #: Changes what a seat is told of its token.
        self.retouch: dict[str, Callable[[dict[str, Any], int], dict[str, Any]]] = {}
        #: Answers the review handler's question.
        self.review: Callable[[dict[str, Any]], dict[str, Any]] = lambda question: {
            "ReviewResult": "ALLOW",
            "Content": question["Content"],
        }
        self.bundle = b""
        app = self

        class Handler(BaseHTTPRequestHandler):
            protocol_version = "HTTP/1.1"

            def do_GET(self):
                path, _, query = self.path.partition("?")
                if path == "/token":
                    app.answer_token(self, urllib.parse.parse_qs(query)["seat"][0])
                elif path == "/seats.js":
                    app.answer(self, app.bundle, "text/javascript; charset=utf-8")
                else:
                    app.answer(self, b"<!doctype html><title>app</title><script src=/seats.js></script>", "text/html")

            def do_POST(self):
                question = json.loads(self.rfile.read(int(self.headers["Content-Length"])))
                app.answer(self, json.dumps(app.review(question)).encode(), "application/json")

            def log_message(self, *_):
                pass

        self._http = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        self._http.daemon_threads = True
        self._thread = threading.Thread(target=self._http.serve_forever, daemon=True)
        self._thread.start()

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self._http.server_address[1]}"

    def serve(self, server: Server) -> None:
        """Uses this server from now on."""
        self.chat = chat_client(server)

    def close(self) -> None:
        self._http.shutdown()
        self._http.server_close()
        self._thread.join()

    @staticmethod
    def answer(handler: BaseHTTPRequestHandler, body: bytes, kind: str, status: int = 200) -> None:
        handler.send_response(status)
        handler.send_header("Content-Type", kind)
        handler.send_header("Content-Length", str(len(body)))
        handler.end_headers()
        handler.wfile.write(body)

    def answer_token(self, handler: BaseHTTPRequestHandler, seat: str) -> None:
        self.asked[seat] += 1

        def minted() -> dict[str, Any] | None:
            try:
                return self.chat.create_chat_token(**self.seats[seat])
            except (ConnectionError, HTTPClientError):
                return None  # The server is away for a moment: a backend that is worth its name tries again.

        try:
            made = wait_until(minted, "a token")
        except ClientError as refused:
            self.answer(handler, str(refused).encode(), "text/plain", 502)
            return
        told = {
            "token": made["token"],
            "tokenExpirationTime": made["tokenExpirationTime"].isoformat(),
            "sessionExpirationTime": made["sessionExpirationTime"].isoformat(),
        }
        told = self.retouch.get(seat, lambda told, _: told)(told, self.asked[seat])
        self.answer(handler, json.dumps(told).encode(), "application/json")


class Sdk(ABC):
    """The official SDK somewhere; its rooms have names."""

    @abstractmethod
    def perform(self, verb: str, **given: Any) -> Any:
        """What the verb of `seats.mjs` answers."""


class NodeSdk(Sdk):
    """In Node, which gets its WebSocket from the package `ws`."""

    def __init__(self):
        assert (FOLDER / "node_modules").exists(), "make setup installs the chat SDK"
        self._process = subprocess.Popen(
            [os.environ.get("NODE", "node"), str(FOLDER / "node.mjs")],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            text=True,
            env=clean_env(),
        )

    def perform(self, verb: str, **given: Any) -> Any:
        self._process.stdin.write(json.dumps({"verb": verb, **given}) + "\n")
        self._process.stdin.flush()
        line = self._process.stdout.readline()
        assert line, f"node ended with {self._process.poll()}"
        return _read(json.loads(line))

    def close(self) -> None:
        self._process.stdin.close()
        try:
            self._process.wait(PATIENCE)
        except subprocess.TimeoutExpired:
            self._process.kill()
            self._process.wait()
        self._process.stdout.close()


class BrowserSdk(Sdk):
    """In a page of headless Chromium that the app's backend serves."""

    def __init__(self, tab: browser.Tab):
        self.tab = tab

    def perform(self, verb: str, **given: Any) -> Any:
        return _read(self.tab.page.evaluate("given => perform(given)", {"verb": verb, **given}))


def _read(told: dict[str, Any]) -> Any:
    assert "failure" not in told, told["failure"]
    return told["answer"]


@contextmanager
def in_node(app: App):
    sdk = NodeSdk()
    try:
        yield sdk
    finally:
        sdk.close()


@contextmanager
def in_browser(app: App):
    app.bundle = bundle()
    with browser.watching(app.url) as tab:
        tab.wait("typeof perform === 'function'")
        yield BrowserSdk(tab)


def bundle() -> bytes:
    """The SDK as an app's build makes it."""
    program = Path(FOLDER / "node_modules" / ".bin" / "esbuild")
    assert program.exists(), "make setup installs the chat SDK"
    done = subprocess.run(
        [str(program), "browser.mjs", "--bundle", "--format=iife", "--log-level=warning"],
        cwd=FOLDER,
        capture_output=True,
        check=True,
    )
    return done.stdout


class Seat:
    """One user of the app, somewhere in a room, with the official SDK."""

    def __init__(self, sdk: Sdk, app: App, server: Server, name: str, **token: Any):
        self.sdk, self.app, self.name = sdk, app, name
        self.user = token.setdefault("userId", name)
        app.seats[name] = token
        self.perform("open", url=f"ws://{server.bound['http']}", tokens=f"{app.url}/token", maxReconnectAttempts=3)

    def perform(self, verb: str, **given: Any) -> Any:
        return self.sdk.perform(verb, name=self.name, **given)

    # What it does

    def send(self, content: str, **more: Any) -> dict[str, Any]:
        """The message as it came back to its sender."""
        return done(self.perform("send", content=content, **more))

    def refused(self, verb: str, **given: Any) -> dict[str, Any]:
        """The error that the SDK gives to the app."""
        told = self.perform(verb, **given)
        assert "refused" in told, told
        return told["refused"]

    def leave(self) -> None:
        self.perform("leave")

    # What it hears

    def heard(self, what: str | None = None) -> list[Any]:
        """What it was told so far: all, or what was told with one kind of event."""
        heard = self.perform("heard")
        return heard if what is None else [one["told"] for one in heard if one["what"] == what]

    def order(self) -> list[str]:
        """The kinds of events so far."""
        return [one["what"] for one in self.heard()]

    def wait(self, what: str, count: int = 1, seconds: float = PATIENCE) -> list[Any]:
        """Waits until it heard so many of these, and gives all of them."""
        return wait_until(
            lambda: (heard := self.heard(what)) and len(heard) >= count and heard,
            f"{self.name} hears {count} × {what}",
            seconds,
        )

    def connected(self, times: int = 1, seconds: float = PATIENCE) -> "Seat":
        self.wait("connect", times, seconds)
        return self

    def contents(self) -> list[str]:
        return [message["content"] for message in self.heard("message")]


def done(told: dict[str, Any]) -> Any:
    assert "done" in told, told
    return told["done"]
