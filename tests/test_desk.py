"""The desk: what keys may ask about the house itself, over HTTP.

Promise: every request is signed by botocore's signer; each door is tried with a key that may do everything, one
that may read, and one that may nothing, and what is refused is refused for one reason.
"""

import json
from typing import Any
from urllib.parse import quote

import pytest

from harness import aws
from harness.server import ACCOUNT, REGION, Key, Server

BASE = "/rillcast/v1/"


def ask(server: Server, method: str, path: str, body: Any = None, key: Key | None = None):
    raw = b"" if body is None else body if isinstance(body, bytes) else json.dumps(body).encode()
    return aws.send(aws.signed(server, BASE + path, raw, method=method, key=key))


def told(server: Server, method: str, path: str, body: Any = None, key: Key | None = None) -> Any:
    answer = ask(server, method, path, body, key)
    assert answer.status == 200, answer.text
    return answer.json()


def refused(answer, status: int, code: str, text: str = "") -> None:
    body = answer.json()
    assert (answer.status, body["__type"], answer.headers["x-amzn-errortype"]) == (status, code, code), body
    assert text in body["message"], body


def policy(*statements: dict) -> str:
    return json.dumps({"Version": "2012-10-17", "Statement": list(statements)})


def allow(actions: list[str] | str, resource: str = "*", **more: Any) -> dict:
    return {"Effect": "Allow", "Action": actions, "Resource": resource} | more


def key_with(server: Server, *statements: dict, account: str = ACCOUNT) -> Key:
    file = server.folder / "policy.json"
    file.write_text(policy(*statements))
    return server.add_key("--policy", str(file), "--account", account)


@pytest.fixture(scope="module")
def server(start_server):
    return start_server()


@pytest.fixture(scope="module")
def ivs(server):
    return aws.client(server)


# Who am I, and what may I do?


def test_every_key_is_told_who_it_is(server):
    nobody = key_with(server, {"Effect": "Deny", "Action": "*", "Resource": "*"})
    for key in (server.root_key(), nobody):
        who = told(server, "POST", "whoami", {}, key)
        name = who["name"]
        assert who == {
            "account": ACCOUNT,
            "region": REGION,
            "name": name,
            "arn": f"arn:aws:iam::{ACCOUNT}:user/{name}",
            "accessKeyId": key.id,
            "allowed": [],
        }
    assert told(server, "POST", "whoami")["allowed"] == [], "no body asks nothing"


def may(server: Server, key: Key, *asks: tuple[str, str]) -> list[bool]:
    body = {"asks": [{"action": action, "resource": resource} for action, resource in asks]}
    return told(server, "POST", "whoami", body, key)["allowed"]


def test_a_key_is_told_what_calls_would_find(server, ivs):
    one, other = (aws.make_channel(ivs).arn for _ in range(2))
    ivs.tag_resource(resourceArn=other, tags={"team": "red"})
    of_one = key_with(server, allow("ivs:*Channel", one))
    assert may(server, of_one, ("ivs:GetChannel", one), ("ivs:GetChannel", other), ("ivs:GetChannel", "*")) == [
        True,
        False,
        False,
    ]
    # One comes with a stream key: it is asked about too.
    channels = key_with(server, allow("ivs:CreateChannel", "arn:aws:ivs:*:*:channel/*"))
    both = key_with(server, allow("ivs:CreateChannel", ["arn:aws:ivs:*:*:channel/*", "arn:aws:ivs:*:*:stream-key/*"]))
    assert may(server, channels, ("ivs:CreateChannel", "*")) == [False]
    assert may(server, both, ("ivs:CreateChannel", "*"), ("ivs:ListChannels", "*")) == [True, False]
    tagged = {"StringEquals": {"aws:ResourceTag/team": "red"}}
    red = key_with(server, allow("ivs:StopStream", Condition=tagged))
    assert may(server, red, ("ivs:StopStream", one), ("ivs:StopStream", other)) == [False, True]
    near = key_with(server, allow("*", Condition={"IpAddress": {"aws:SourceIp": "127.0.0.0/8"}}))
    far = key_with(server, allow("*", Condition={"IpAddress": {"aws:SourceIp": "192.0.2.0/24"}}))
    assert may(server, near, ("rillcast:ReadEvents", "*")) == [True]
    assert may(server, far, ("rillcast:ReadEvents", "*")) == [False]


def test_what_whoami_says_is_what_happens(server, ivs):
    channel = aws.make_channel(ivs).arn
    key = key_with(server, allow(["ivs:GetChannel", "ivs:ListChannels", "rillcast:ReadMachine"]))
    mine = aws.client(server, key)
    tries = {
        "ivs:GetChannel": (channel, lambda: mine.get_channel(arn=channel)),
        "ivs:ListChannels": ("*", mine.list_channels),
        "ivs:DeleteChannel": (channel, lambda: mine.delete_channel(arn=channel)),
        "ivs:ListStreams": ("*", mine.list_streams),
    }
    allowed = may(server, key, *((action, resource) for action, (resource, _) in tries.items()))
    assert allowed == [True, True, False, False]
    for yes, (_, attempt) in zip(allowed, tries.values(), strict=True):
        if yes:
            attempt()
        else:
            with aws.refused("AccessDeniedException", 403):
                attempt()


@pytest.mark.parametrize(
    ("body", "text"),
    [
        (b"{", "Request body: "),
        ({"ask": []}, "unknown field"),
        ({"asks": {}}, "Request body: "),
        ({"asks": [{"action": "ivs:GetChannel", "resource": "*"}] * 101}, "asks: at most 100"),
        ({"asks": [{"action": "ivs:GetChannel"}, {"action": "ivs:*"}]}, "asks[1].action: "),
        ({"asks": [{"action": "x" * 200 + ":y"}]}, "asks[0].action: "),
        ({"asks": [{"action": "ivs:GetChannel", "resource": ""}]}, "asks[0].resource: "),
        ({"asks": [{"action": "ivs:GetChannel", "resource": "a" * 257}]}, "asks[0].resource: "),
        ({"asks": [{"action": "ivs:GetChannel", "as": "root"}]}, "unknown field"),
    ],
)
def test_questions_that_are_none_are_refused(server, body, text):
    refused(ask(server, "POST", "whoami", body), 400, "ValidationException", text)


def test_strangers_are_told_nothing(server):
    root = server.root_key()
    refused(ask(server, "POST", "whoami", {}, Key(root.id, "A" * 40)), 403, "InvalidSignatureException")
    refused(ask(server, "POST", "whoami", {}, Key("RILLNOBODY", "A" * 40)), 403, "UnrecognizedClientException")
    sleeping = server.add_key()
    assert server.command("keys", "disable", sleeping.id).returncode == 0
    refused(ask(server, "POST", "whoami", {}, sleeping), 403, "UnrecognizedClientException")
    refused(ask(server, "GET", "whoami"), 405, "UnknownOperationException")
