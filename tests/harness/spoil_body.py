"""Mutations of a request's body.

Promise: each takes a random generator and a draft, and changes the draft's body and what describes it.
"""

import copy
import gzip
import json
import random
from typing import Any

from .ivs_story import nobodys

#: Values that programs trip over.
JUNK: list[Any] = [
    None,
    True,
    False,
    0,
    -1,
    1.5,
    2**31,
    2**63,
    -(2**63) - 1,
    10**40,
    1e308,
    "",
    " ",
    "a",
    "a" * 129,
    "a" * 5_000,
    "\x00",
    "a\x00b",
    "\u00e9",
    "e\u0301",
    "\U0001f3ac",
    "\u202eabc",
    "\ufeff",
    "../../etc/passwd",
    "' OR 1=1 --",
    "{{7*7}}",
    "${jndi:ldap://x}",
    "%00%0d%0a",
    "%s%n%x",
    "<script>",
    "arn:",
    "arn:aws:ivs:::channel/",
    "arn:aws:ivs:us-east-1:123456789012:channel/" + "x" * 85,
    "arn:aws:ivs:us-east-1:123456789012:channel/\u0661",
    nobodys("channel"),
    nobodys("stream-key"),
    [],
    {},
    [[]],
    [None],
    ["a"] * 200,
    {"": {}},
    {"a": None},
    {"$ref": "#"},
    {"__proto__": {"x": 1}},
]
#: Number texts, most of which are no JSON.
NUMBERS = ["1e400", "-1e400", "1e-400", "9" * 400, "-0", "00", "01", "+1", ".5", "5.", "0x10", "1_000", "NaN"]
NUMBERS += ["Infinity", "1E2", "1.0", "9007199254740993", "18446744073709551616", "1e2147483648", "1" + "0" * 5_000]
PLACE = "@the-place@"


def _paths(value: Any, at: tuple = ()) -> list[tuple]:
    """The way to each place inside a value."""
    found = [at] if at else []
    inside = value.items() if isinstance(value, dict) else enumerate(value) if isinstance(value, list) else ()
    for step, one in inside:
        found += _paths(one, (*at, step))
    return found


def _put(value: Any, path: tuple, new: Any) -> Any:
    """A copy with something else at one place."""
    if not path:
        return new
    made = copy.copy(value)
    made[path[0]] = _put(value[path[0]], path[1:], new) if path[1:] else new
    return made


def _members(draft) -> dict[str, Any]:
    """The members that travel in the body; some for a request that has no body."""
    return json.loads(draft.body) if draft.body else {"maxResults": 1}


def _set(draft, body: bytes) -> None:
    draft.body = body
    draft.set_header(b"Content-Type", b"application/json")


def _somewhere(rng: random.Random, members: dict[str, Any]) -> tuple:
    names = [*_paths(members), ("name",), ("tags",), ("nextToken",), ("fromTheFuture",)]
    return rng.choice(names)


def _with_raw(rng: random.Random, draft, raw: bytes) -> None:
    """Puts bytes where some value stood."""
    members = _members(draft)
    text = json.dumps(_put(members, _somewhere(rng, members), PLACE)) if members else f'{{"name": "{PLACE}"}}'
    _set(draft, text.encode().replace(f'"{PLACE}"'.encode(), raw))


def replaced_value(rng, draft):
    members = _members(draft)
    text = json.dumps(_put(members, _somewhere(rng, members), rng.choice(JUNK)), ensure_ascii=rng.random() < 0.5)
    _set(draft, text.encode())


def several_replaced_values(rng, draft):
    members = _members(draft)
    for _ in range(rng.randint(2, 6)):
        members = _put(members, _somewhere(rng, members), rng.choice(JUNK))
    _set(draft, json.dumps(members).encode())


def removed_members(rng, draft):
    members = _members(draft)
    for name in rng.sample(sorted(members), rng.randint(0, len(members))):
        del members[name]
    _set(draft, json.dumps(members).encode())


def renamed_member(rng, draft):
    members = _members(draft)
    if members:
        name = rng.choice(sorted(members))
        other = rng.choice([name.upper(), name.lower(), name.capitalize(), f" {name}", f"{name}\x00", "", name * 500])
        members[other] = members.pop(name)
    _set(draft, json.dumps(members).encode())


def swapped_values(rng, draft):
    members = _members(draft)
    values = list(members.values())
    rng.shuffle(values)
    _set(draft, json.dumps(dict(zip(members, values))).encode())


def wrapped(rng, draft):
    members = _members(draft)
    _set(draft, json.dumps(rng.choice([[members], {"input": members}, [[members]], json.dumps(members), 7])).encode())


def odd_number(rng, draft):
    _with_raw(rng, draft, rng.choice(NUMBERS).encode())


def truncated(rng, draft):
    body = json.dumps(_members(draft)).encode()
    _set(draft, body[: rng.randrange(len(body))])


def flipped_bytes(rng, draft):
    body = bytearray(json.dumps(_members(draft)).encode())
    for _ in range(rng.randint(1, 5)):
        body[rng.randrange(len(body))] = rng.randrange(256)
    _set(draft, bytes(body))


def random_bytes(rng, draft):
    _set(draft, rng.randbytes(rng.choice([1, 2, 16, 300, 10_000])))


def deeply_nested(rng, draft):
    depth = rng.choice([100, 127, 128, 129, 1_000, 20_000])
    opened, closed = rng.choice([(b"[", b"]"), (b'{"a":', b"}"), (b'[{"a":', b"}]")])
    depth = min(depth, 60_000 // (len(opened) + len(closed)))
    nested = opened * depth + (b"1" if opened != b"[" or rng.random() < 0.5 else b"") + closed * depth
    rng.choice([lambda: _set(draft, nested), lambda: _with_raw(rng, draft, nested)])()


def never_closed(rng, draft):
    _set(draft, rng.choice([b"[", b'{"a":', b'"', b'{"a":"', b"[{"]) * rng.choice([1, 100, 10_000]))


def member_twice(rng, draft):
    members = _members(draft)
    name = rng.choice([*sorted(members), "name"])
    first, last = rng.choice(JUNK), members.get(name, "x")
    pair = [f"{json.dumps(name)}: {json.dumps(one)}" for one in rng.sample([first, last], 2)]
    rest = [f"{json.dumps(key)}: {json.dumps(value)}" for key, value in members.items() if key != name]
    _set(draft, ("{" + ", ".join([*pair, *rest]) + "}").encode())


def invalid_utf8(rng, draft):
    broken = [b"\xff", b"\xc0\xaf", b"\xe2\x82", b"\xed\xa0\x80", b"\xf5\x80\x80\x80", b"\x80", b"a\xfe\xffb"]
    _with_raw(rng, draft, b'"' + rng.choice(broken) + b'"')


def lone_surrogate(rng, draft):
    _with_raw(rng, draft, rng.choice([rb'"\ud800"', rb'"\udfff\ud800"', rb'"\u12"', rb'"\x41"', rb'"\uD83C"']))


def control_characters(rng, draft):
    broken = [b'"a\x00b"', b'"a\nb"', b'"\x1f"', b'"\\u0000"', b'"\\u0000\\u0001"', b"\x00", b'"\x7f"']
    _with_raw(rng, draft, rng.choice(broken))


def other_encoding(rng, draft):
    text = json.dumps(_members(draft))
    name = rng.choice(["utf-16", "utf-16-le", "utf-16-be", "utf-32", "utf-8-sig", "utf-7", "cp037"])
    _set(draft, text.encode(name))
    if rng.random() < 0.3:
        draft.set_header(b"Content-Type", f"application/json; charset={name}".encode())


def giant_text(rng, draft):
    _with_raw(rng, draft, b'"' + rng.choice([b"a", b"\\u0061", "\u00e9".encode()]) * rng.choice([1_000, 9_000]) + b'"')


def giant_body(rng, draft):
    """On both sides of what the server reads."""
    size = rng.choice([60_000, 65_000, 65_536, 65_537, 70_000, 200_000])
    _set(draft, json.dumps(_members(draft)).encode().ljust(size, rng.choice([b" ", b"\n", b"a"])))


def very_many_members(rng, draft):
    many = {f"member-{number}": number for number in range(rng.choice([100, 2_000]))}
    members = _members(draft)
    rng.choice(
        [
            lambda: _set(draft, json.dumps(members | many).encode()),
            lambda: _set(draft, json.dumps(members | {"tags": many}).encode()),
            lambda: _set(draft, json.dumps(members | {"arns": list(many)}).encode()),
        ]
    )()


def not_quite_json(rng, draft):
    text = json.dumps(_members(draft))
    forms = [
        text.replace('"', "'"),
        text + ",",
        text + text,
        text + "x",
        f"// comment\n{text}",
        f"/**/{text}",
        text.replace("}", ",}"),
        text.replace(":", "="),
        f"\ufeff{text}",
        f")]}}'\n{text}",
        "",
        "   ",
        "null",
        "undefined",
        "{}",
        "{",
        "arn=x&name=y",
        "<xml/>",
        "---\narn: x\n",
    ]
    _set(draft, rng.choice(forms).encode())


def compressed(rng, draft):
    _set(draft, gzip.compress(json.dumps(_members(draft)).encode(), mtime=0))
    if rng.random() < 0.7:
        draft.set_header(b"Content-Encoding", b"gzip")


BODIES = [
    *[replaced_value] * 6,
    *[several_replaced_values] * 4,
    removed_members,
    renamed_member,
    swapped_values,
    wrapped,
    *[odd_number] * 2,
    *[truncated] * 2,
    *[flipped_bytes] * 2,
    random_bytes,
    *[deeply_nested] * 2,
    never_closed,
    *[member_twice] * 2,
    *[invalid_utf8] * 2,
    lone_surrogate,
    control_characters,
    other_encoding,
    giant_text,
    giant_body,
    very_many_members,
    *[not_quite_json] * 2,
    compressed,
]
