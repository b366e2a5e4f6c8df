"""AWS's own SDKs behind one face, so that all of them can be told the same story.

Promise: an error comes through as its SDK gives it to its user; a class that the SDK does not type, or a text that it
loses, fails the test.
"""

import json
import os
import re
import subprocess
import sys
from abc import ABC, abstractmethod
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest
from botocore import xform_name
from botocore.exceptions import ClientError

from . import aws
from .publickey import PublicKey
from .server import REGION, ROOT, Key, Server, clean_env
from .waiting import PATIENCE

SDK_FOLDER = ROOT / "tests" / "sdk"


@dataclass
class Refusal(Exception):
    """An error of the service as an SDK showed it; no status where the SDK shows none."""

    code: str
    text: str
    status: int | None


class Sdk(ABC):
    """One SDK's client of one account."""

    @abstractmethod
    def call(self, operation: str, **members: Any) -> dict[str, Any]:
        """The answer's members; raises `Refusal`."""

    @abstractmethod
    def pages(self, operation: str, size: int, listed: str, **members: Any) -> list[list[dict[str, Any]]]:
        """What the SDK's own paginator walks through, page by page; `listed` is the member that holds the items."""

    @abstractmethod
    def close(self) -> None:
        """Ends what the client runs on."""


class Boto3(Sdk):
    def __init__(self, server: Server, key: Key, service: str = "ivs"):
        self._client = aws.client(server, key, service=service)

    def call(self, operation: str, **members: Any) -> dict[str, Any]:
        try:
            answer = getattr(self._client, xform_name(operation))(**members)
        except ClientError as error:
            raise self._refusal(operation, error) from error
        return _without_metadata(answer)

    def pages(self, operation: str, size: int, listed: str, **members: Any) -> list[list[dict[str, Any]]]:
        paginator = self._client.get_paginator(xform_name(operation))
        return [page[listed] for page in paginator.paginate(**members, PaginationConfig={"PageSize": size})]

    def close(self) -> None:
        self._client.close()

    def can_page(self, operation: str) -> bool:
        return self._client.can_paginate(xform_name(operation))

    def operations(self) -> list[str]:
        return list(self._client.meta.service_model.operation_names)

    def _refusal(self, operation: str, error: ClientError) -> Refusal:
        told = error.response
        code, text = told["Error"]["Code"], told["Error"]["Message"]
        modelled = {shape.name for shape in self._client.meta.service_model.operation_model(operation).error_shapes}
        assert code in modelled, f"{operation} is not modelled to answer {code}: {text}"
        assert type(error) is getattr(self._client.exceptions, code), f"{operation} raised {type(error)}"
        assert told.get("exceptionMessage", told.get("message")) == text, "the modelled member holds the same text"
        return Refusal(code, text, told["ResponseMetadata"]["HTTPStatusCode"])


class _Process(Sdk):
    """An SDK that runs in a process of its own: a line of JSON in, a line of JSON out."""

    def __init__(self, server: Server, key: Key, *command: str, **env: str):
        credentials = {"AWS_ACCESS_KEY_ID": key.id, "AWS_SECRET_ACCESS_KEY": key.secret, "AWS_REGION": REGION}
        self._process = subprocess.Popen(
            command,
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            text=True,
            env=clean_env(**credentials, AWS_DEFAULT_REGION=REGION, STORY_ENDPOINT=server.url, **env),
        )

    def _ask(self, question: Any) -> dict[str, Any]:
        self._process.stdin.write(json.dumps(question) + "\n")
        self._process.stdin.flush()
        line = self._process.stdout.readline()
        assert line, f"{self._process.args} ended with {self._process.poll()}"
        return json.loads(line)

    def close(self) -> None:
        self._process.stdin.close()
        try:
            self._process.wait(PATIENCE)
        except subprocess.TimeoutExpired:
            self._process.kill()
            self._process.wait()
        self._process.stdout.close()


class JavaScript(_Process):
    """The AWS SDK for JavaScript v3."""

    def __init__(self, server: Server, key: Key, service: str = "ivs"):
        assert (SDK_FOLDER / "js" / "node_modules").exists(), "make setup installs the JavaScript SDK"
        program = (os.environ.get("NODE", "node"), str(SDK_FOLDER / "js" / "caller.mjs"))
        super().__init__(server, key, *program, STORY_SERVICE=service)

    def call(self, operation: str, **members: Any) -> dict[str, Any]:
        return self._told({"verb": "call", "operation": operation, "input": members})

    def pages(self, operation: str, size: int, listed: str, **members: Any) -> list[list[dict[str, Any]]]:
        told = self._told({"verb": "pages", "operation": operation, "input": members, "size": size})
        return [page[listed] for page in told]

    def _told(self, question: dict[str, Any]) -> Any:
        answer = self._ask(question)
        assert "failure" not in answer, answer["failure"]
        if refusal := answer.get("refusal"):
            assert refusal["typed"], f"{question['operation']} raised an untyped {refusal}"
            assert refusal.get("exceptionMessage", refusal["text"]) == refusal["text"], refusal
            raise Refusal(refusal["code"], refusal["text"], refusal["status"])
        return answer["output"]


class CommandLine(_Process):
    """The AWS CLI, with arguments as a person would type them."""

    _ERROR = re.compile(r"An error occurred \((\w+)\) when calling the (\w+) operation: (.*)", re.DOTALL)

    def __init__(self, server: Server, key: Key, service: str = "ivs"):
        super().__init__(server, key, sys.executable, str(SDK_FOLDER / "cli.py"))
        self._common = ["--endpoint-url", server.url, "--output", "json", service]

    def call(self, operation: str, **members: Any) -> dict[str, Any]:
        return self._run(operation, *_as_arguments(members))

    def pages(self, operation: str, size: int, listed: str, **members: Any) -> list[list[dict[str, Any]]]:
        # The CLI joins pages unless told to stop after some items; it then gives a token of its own.
        limits = ["--page-size", str(size), "--max-items", str(size)]
        pages, token = [], []
        while True:
            answer = self._run(operation, *_as_arguments(members), *limits, *token)
            pages.append(answer[listed])
            if "NextToken" not in answer:
                return pages
            token = ["--starting-token", answer["NextToken"]]

    def _run(self, operation: str, *arguments: str) -> dict[str, Any]:
        done = self._ask([*self._common, xform_name(operation, "-"), *arguments])
        if done["code"] == 0:
            return json.loads(done["stdout"] or "{}")
        error = self._ERROR.search(done["stderr"])
        assert error and error[2] == operation, done
        raise Refusal(error[1], error[3].strip(), None)


class Rust:
    """The program that tells the story by the AWS SDK for Rust; it prints what holds, and fails otherwise."""

    def __init__(self, server: Server, key: Key):
        credentials = {"AWS_ACCESS_KEY_ID": key.id, "AWS_SECRET_ACCESS_KEY": key.secret, "AWS_REGION": REGION}
        self._env = credentials | {"STORY_ENDPOINT": server.url}

    def steps(self, account: str, public_key: PublicKey) -> list[str]:
        """Tells the whole story in an empty account and gives the names of its steps."""
        given = {"ACCOUNT": account, "PUBLIC_KEY": public_key.pem, "FINGERPRINT": public_key.fingerprint}
        return self._run(**given)

    def chat_steps(self, account: str) -> list[str]:
        """Tells the story of a chat in an empty account and gives the names of its steps."""
        return self._run(SERVICE="ivschat", ACCOUNT=account)

    def live_stream_id(self, channel: str) -> str:
        """Looks at a live channel and gives its stream's id."""
        [told] = self._run(LIVE_CHANNEL=channel)
        return told

    def _run(self, **given: str) -> list[str]:
        program = Path(os.environ.get("SDK_STORY_BIN") or ROOT / "target" / "sdk-story" / "debug" / "sdk-story")
        assert program.exists(), f"{program} is not there: make sdks"
        env = clean_env(**self._env, **{f"STORY_{name}": value for name, value in given.items()})
        done = subprocess.run([str(program)], capture_output=True, text=True, env=env, timeout=120)
        told = done.stdout.splitlines()
        assert done.returncode == 0, f"after {told[-1:]}: {done.stderr}"
        return told


def _as_arguments(members: dict[str, Any]) -> list[str]:
    """Members of an input as the CLI takes them: flags, words, several words, or JSON."""
    arguments = []
    for name, value in members.items():
        flag = xform_name(name, "-")
        match value:
            case bool():
                arguments.append(f"--{flag}" if value else f"--no-{flag}")
            # A word that looks like a URL would be fetched by the CLI, which then takes what it finds there.
            case [str(first), *_] if not first.startswith("http"):
                arguments += [f"--{flag}", *value]
            case dict() | list():
                arguments += [f"--{flag}", json.dumps(value)]
            case _:
                # One word, since a key's PEM text begins with dashes.
                arguments.append(f"--{flag}={value}")
    return arguments


def _without_metadata(answer: dict[str, Any]) -> dict[str, Any]:
    return {name: value for name, value in answer.items() if name != "ResponseMetadata"}


@contextmanager
def refused(code: str, status: int, text: str = ""):
    """The call inside is refused with this error, and with words that hold `text`."""
    with pytest.raises(Refusal) as caught:
        yield
    refusal = caught.value
    assert refusal.code == code, refusal
    assert refusal.status in (status, None), refusal
    assert refusal.text and text in refusal.text, refusal
