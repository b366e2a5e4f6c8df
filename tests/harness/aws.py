"""AWS's own clients against the server, and requests that they would never send.

Promise: signatures are botocore's; only what a test names is changed.
"""

import datetime
import json
import subprocess
import sys
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any
from unittest import mock

import boto3
import botocore.auth
import pytest
from botocore.awsrequest import AWSRequest
from botocore.config import Config
from botocore.credentials import Credentials
from botocore.exceptions import ClientError

from .server import REGION, Key, Server, clean_env
from .web import Answer, fetch


def client(server: Server, key: Key | None = None, region: str = REGION, service: str = "ivs", **config: Any):
    """A client that asks once and does not check parameters itself unless told to."""
    key = key or server.root_key()
    settings = {"retries": {"total_max_attempts": 1}, "parameter_validation": True} | config
    session = boto3.session.Session(aws_access_key_id=key.id, aws_secret_access_key=key.secret, region_name=region)
    return session.client(service, endpoint_url=server.url, config=Config(**settings))


def careless_client(server: Server, **config: Any):
    """A client that sends whatever it is given."""
    return client(server, parameter_validation=False, **config)


def aws_cli(server: Server, *arguments: str, env: dict[str, str] | None = None) -> subprocess.CompletedProcess[str]:
    """`aws ivs ...` with the server's own credentials file."""
    program = Path(sys.executable).with_name("aws")
    settings = {"AWS_SHARED_CREDENTIALS_FILE": str(server.credentials), "AWS_DEFAULT_REGION": REGION}
    return subprocess.run(
        [str(program), "--endpoint-url", server.url, "--output", "json", "ivs", *arguments],
        capture_output=True,
        text=True,
        env=clean_env(**settings, **(env or {})),
        timeout=120,
    )


def signed(
    server: Server,
    path: str,
    body: bytes,
    *,
    key: Key | None = None,
    method: str = "POST",
    service: str = "ivs",
    region: str = REGION,
    headers: dict[str, str] | None = None,
) -> AWSRequest:
    """A request with a good signature, ready to be spoilt."""
    key = key or server.root_key()
    headers = {"Content-Type": "application/json"} | (headers or {})
    request = AWSRequest(method, server.url + path, data=body, headers=headers)
    botocore.auth.SigV4Auth(Credentials(key.id, key.secret), service, region).add_auth(request)
    return request


def send(request: AWSRequest) -> Answer:
    prepared = request.prepare()
    body = prepared.body
    headers = {name: text if isinstance(text, str) else text.decode() for name, text in prepared.headers.items()}
    return fetch(prepared.url, prepared.method, body.encode() if isinstance(body, str) else body, headers)


def call(server: Server, operation: str, body: Any, **options: Any) -> Answer:
    """A signed call with any bytes or JSON value as its body."""
    raw = body if isinstance(body, bytes) else json.dumps(body).encode()
    return send(signed(server, f"/{operation}", raw, **options))


@contextmanager
def clock_off_by(seconds: float):
    """botocore signs as if its clock were wrong."""

    def wrong(*_, **__):
        now = datetime.datetime.now(datetime.UTC).replace(tzinfo=None)
        return now + datetime.timedelta(seconds=seconds)

    with mock.patch.object(botocore.auth, "get_current_datetime", wrong):
        yield


@contextmanager
def refused(code: str, status: int, text: str = ""):
    """The call inside fails with this AWS error; yields the place where the error will be."""
    with pytest.raises(ClientError) as caught:
        yield caught
    response = caught.value.response
    assert response["Error"]["Code"] == code, response
    assert response["ResponseMetadata"]["HTTPStatusCode"] == status, response
    assert response["ResponseMetadata"]["RequestId"], response
    assert response["Error"]["Message"], response
    assert text in response["Error"]["Message"], response


@dataclass(frozen=True)
class Channel:
    """A channel with what an encoder and a viewer need of it."""

    arn: str
    playback: str
    key: str

    @property
    def id(self) -> str:
        return self.arn.rpartition("/")[2]


def make_channel(ivs: Any, **options: Any) -> Channel:
    """Creates one; plain RTMP is let in, and media are fragmented MP4, unless the test says otherwise."""
    usual = {"insecureIngest": True, "containerFormat": "FRAGMENTED_MP4"}
    created = ivs.create_channel(**(usual | options))
    return Channel(created["channel"]["arn"], created["channel"]["playbackUrl"], created["streamKey"]["value"])
