"""The desk: what keys may ask about the house itself, over HTTP.

Promise: every request is signed by botocore's signer; each door is tried with a key that may do everything, one
that may read, and one that may nothing, and what is refused is refused for one reason.
"""

import json
from typing import Any
from urllib.parse import quote

import pytest

from harness import aws
from harness.server import ACCOUNT, REGION, Key, Server, rillcast

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


# Access keys


@pytest.fixture(scope="module")
def keepers(server):
    """Keys that may do everything, read, do nothing, and do everything in another account."""
    return {
        "admin": server.add_key("--name", "boss"),
        "reader": server.add_key("--name", "auditor", "--policy", "read-only"),
        "nobody": key_with(server, allow("ivs:*")),
        "stranger": server.add_key("--name", "stranger", "--account", "999999999999"),
    }


def listed(server: Server, key: Key | None = None) -> dict[str, dict]:
    return {one["accessKeyId"]: one for one in told(server, "GET", "keys", key=key)["keys"]}


def new_key(server: Server, policy: str = "read-only", name: str = "", key: Key | None = None) -> Key:
    made = told(server, "POST", "keys", {"name": name, "policy": policy}, key)
    return Key(made["key"]["accessKeyId"], made["secretAccessKey"])


def test_a_key_is_made_with_its_secret_told_once(server, keepers):
    made = told(server, "POST", "keys", {"name": "backend", "policy": "application"}, keepers["admin"])
    key = Key(made["key"]["accessKeyId"], made["secretAccessKey"])
    assert made["region"] == REGION and (made["key"]["name"], made["key"]["policy"]) == ("backend", "application")
    assert "lastUsed" not in made["key"] and made["key"]["active"] and not made["key"]["own"]
    aws.client(server, key).list_channels()
    kept = listed(server)[key.id]
    assert kept["lastUsed"] >= kept["created"] > 1_700_000_000_000
    assert kept | {"lastUsed": 0} == made["key"] | {"lastUsed": 0}
    for text in (json.dumps(listed(server)), server.log()):
        assert key.secret not in text
    assert key.id in server.command("keys", "list").stdout


def test_a_key_of_a_document_may_do_what_that_says_alone(server):
    key = new_key(server, policy(allow("ivs:ListChannels")))
    assert may(server, key, ("ivs:ListChannels", "*"), ("ivs:ListStreams", "*")) == [True, False]
    assert listed(server)[key.id]["policy"] == "custom"


def test_a_changed_key_is_judged_anew_by_the_next_request(server):
    key = new_key(server)
    assert may(server, key, ("ivs:CreateChannel", "*")) == [False]
    told(server, "PUT", f"keys/{key.id}/policy", {"policy": "admin"})
    assert may(server, key, ("ivs:CreateChannel", "*")) == [True]
    told(server, "POST", f"keys/{key.id}/disable")
    refused(ask(server, "POST", "whoami", {}, key), 403, "UnrecognizedClientException")
    assert not listed(server)[key.id]["active"]
    told(server, "POST", f"keys/{key.id}/enable")
    assert may(server, key, ("ivs:CreateChannel", "*")) == [True]
    told(server, "DELETE", f"keys/{key.id}")
    refused(ask(server, "POST", "whoami", {}, key), 403, "UnrecognizedClientException")
    assert key.id not in listed(server)
    refused(ask(server, "DELETE", f"keys/{key.id}"), 404, "ResourceNotFoundException")


def changes(key_id: str) -> list[tuple[str, str, Any]]:
    return [
        ("PUT", f"keys/{key_id}/policy", {"policy": "read-only"}),
        ("POST", f"keys/{key_id}/disable", None),
        ("POST", f"keys/{key_id}/enable", None),
        ("DELETE", f"keys/{key_id}", None),
    ]


def test_nobody_locks_themselves_out(server, keepers):
    admin = keepers["admin"]
    before = listed(server, admin)[admin.id]
    assert before["own"]
    for method, path, body in changes(admin.id):
        refused(ask(server, method, path, body, admin), 409, "ConflictException", "rillcast keys")
    after = listed(server, admin)[admin.id]
    assert (after["active"], after["policy"]) == (True, "admin")


def test_keys_of_another_account_are_none(server, keepers):
    stranger, admin = keepers["stranger"], keepers["admin"]
    assert list(listed(server, stranger)) == [stranger.id]
    assert stranger.id not in listed(server, admin)
    for method, path, body in changes(admin.id):
        refused(ask(server, method, path, body, stranger), 404, "ResourceNotFoundException", "no such access key")
    for method, path, body in changes("RILLNOTTHEREATALL"):
        refused(ask(server, method, path, body, stranger), 404, "ResourceNotFoundException", "no such access key")


#: Every door of keys, policies and quotas, a good body, and the action that opens it.
DOORS = [
    ("GET", "keys", None, "rillcast:ListAccessKeys"),
    ("POST", "keys", {"policy": "read-only"}, "rillcast:CreateAccessKey"),
    ("PUT", "keys/{}/policy", {"policy": "read-only"}, "rillcast:PutAccessKeyPolicy"),
    ("POST", "keys/{}/disable", None, "rillcast:UpdateAccessKey"),
    ("POST", "keys/{}/enable", None, "rillcast:UpdateAccessKey"),
    ("GET", "policies", None, "rillcast:ListPolicies"),
    ("POST", "policies/check", {"policy": "admin"}, "rillcast:ReadPolicyDecision"),
    ("GET", "quotas", None, "rillcast:ListQuotas"),
    ("DELETE", "keys/{}", None, "rillcast:DeleteAccessKey"),
]


@pytest.mark.parametrize(("method", "path", "body", "action"), DOORS)
def test_each_door_is_opened_by_its_action_alone(server, keepers, method, path, body, action):
    path = path.format(new_key(server).id)
    refused(ask(server, method, path, body, keepers["nobody"]), 403, "AccessDeniedException", action)
    reads = action.split(":")[1].startswith(("List", "Read"))
    if reads:
        told(server, method, path, body, keepers["reader"])
    else:
        refused(ask(server, method, path, body, keepers["reader"]), 403, "AccessDeniedException", action)
    every_other = [{"Effect": "Deny", "Action": action, "Resource": "*"}, allow("*")]
    refused(ask(server, method, path, body, key_with(server, *every_other)), 403, "AccessDeniedException", "deny")
    told(server, method, path, body, key_with(server, allow(action)))


@pytest.mark.parametrize(
    ("body", "text"),
    [
        ({}, "missing field `policy`"),
        ({"policy": "Admin"}, "policy: "),
        ({"policy": "/etc/passwd"}, "policy: "),
        ({"policy": {"Version": "2012-10-17"}}, "Request body: "),
        ({"policy": policy(allow("ivs:*", "nonsense"))}, "policy: "),
        ({"policy": json.dumps({"pad": "x" * 21_000})}, "20480 are allowed"),
        ({"policy": "admin", "name": "x" * 65}, "name: "),
        ({"policy": "admin", "name": "a b"}, "name: "),
        ({"policy": "admin", "account": ACCOUNT}, "unknown field"),
        (b"[1]", "Request body: "),
    ],
)
def test_a_key_that_can_not_be_is_refused_and_not_made(server, body, text):
    before = listed(server)
    refused(ask(server, "POST", "keys", body), 400, "ValidationException", text)
    assert set(listed(server)) == set(before)


# Policies


def test_policies_are_told_with_the_words_that_they_are_made_of(server):
    known = told(server, "GET", "policies")
    for one in known["readyMade"]:
        shown = rillcast("policy", "show", one["name"], cwd=server.folder)
        assert shown.stdout.strip() == one["document"].strip()
    assert {one["name"] for one in known["readyMade"]} == {"admin", "read-only", "application"}
    assert known["actions"] == sorted(set(known["actions"]))
    assert {"ivs:CreateChannel", "ivschat:SendEvent", "rillcast:ReadEvents", "rillcast:CreateAccessKey"} <= set(
        known["actions"]
    )
    assert "aws:SourceIp" in {one["name"] for one in known["conditionKeys"]}


def test_a_policy_is_checked_as_the_command_line_checks_it(server):
    def check(**asked: Any) -> dict:
        return told(server, "POST", "policies/check", asked)

    near = policy(allow("ivs:Get*", Condition={"IpAddress": {"aws:SourceIp": "192.0.2.0/24"}}))
    assert check(policy=near) == {"valid": True}
    yes = check(policy=near, action="ivs:GetChannel", resource="*", context={"aws:SourceIp": ["192.0.2.9"]})
    no = check(policy=near, action="ivs:GetChannel", context={"aws:SourceIp": ["198.51.100.1"]})
    assert (yes["allowed"], no["allowed"]) == (True, False)
    assert yes["decision"] == "ALLOWED by statement 1" and no["decision"] == "DENIED: no statement allows it"
    assert "the request has" in no["explanation"][0]
    file = server.folder / "near.json"
    file.write_text(near)
    ordered = ["policy", "check", str(file), "--action", "ivs:GetChannel", "--resource", "*"]
    said = rillcast(*ordered, "--context", "aws:SourceIp=198.51.100.1", cwd=server.folder).stdout.splitlines()
    assert said == [no["decision"], *(f"  {line}" for line in no["explanation"])]
    broken = check(policy='{"Version": "2012-10-17", "Statement": [{"Effect": "Perhaps"}]}')
    assert broken["valid"] is False and "Effect" in broken["error"] and "allowed" not in broken
    assert check(policy="read-only", action="ivs:CreateChannel")["allowed"] is False


@pytest.mark.parametrize(
    ("body", "text"),
    [
        ({}, "missing field `policy`"),
        ({"policy": "admin", "resource": "*"}, "action: needed"),
        ({"policy": "admin", "action": "x" * 513}, "at most 512"),
        ({"policy": "admin", "action": "a:b", "context": {f"k{n}": [] for n in range(33)}}, "context: at most 32"),
        ({"policy": "admin", "action": "a:b", "context": {"k": ["v"] * 33}}, "context: at most 32"),
        ({"policy": "admin", "act": "a:b"}, "unknown field"),
    ],
)
def test_a_question_to_a_policy_has_bounds(server, body, text):
    refused(ask(server, "POST", "policies/check", body), 400, "ValidationException", text)


# Quotas


def test_quotas_tell_the_limit_in_force_and_what_is_used(start_server):
    server = start_server("--quota-channels", "3", "--limits", "aws")
    ivs = aws.client(server)

    def quotas(key: Key | None = None) -> dict[str, dict]:
        return {one["setting"]: one for one in told(server, "GET", "quotas", key=key)["quotas"]}

    aws.make_channel(ivs)
    aws.make_channel(ivs)
    aws.client(server, service="ivschat").create_room()
    found = quotas()
    assert found["quota_channels"] == {
        "name": "Channels",
        "setting": "quota_channels",
        "about": "Channels that an account may have.",
        "limit": 3,
        "open": 1_000_000,
        "aws": 5_000,
        "rate": False,
        "used": 2,
        "here": False,
    }
    assert (found["quota_rooms"]["used"], found["quota_rooms"]["limit"]) == (1, 50_000)
    assert (found["quota_streams"]["used"], found["quota_streams"]["here"]) == (0, True)
    assert found["quota_playback_key_pairs"]["used"] == 0
    assert found["rate_channels"]["rate"] and "used" not in found["rate_channels"]
    ivs.delete_channel(arn=ivs.list_channels()["channels"][0]["arn"])
    assert quotas()["quota_channels"]["used"] == 1
    stranger = server.add_key("--account", "999999999999")
    assert quotas(stranger)["quota_channels"]["used"] == 0, "others' use is theirs"
    elsewhere = aws.signed(server, BASE + "quotas", b"", method="GET", region="eu-west-1")
    refused(aws.send(elsewhere), 403, "InvalidSignatureException")


# Events from a little before


def test_a_stream_of_events_may_begin_a_little_before_now(server):
    for value, text in (("-1", "recent"), ("10001", "recent"), ("x", "recent")):
        refused(ask(server, "GET", f"events?recent={quote(value)}"), 400, "ValidationException", text)
