"""Signature version 4 over the bytes that go out, whatever they are.

Written from "Create a signed AWS API request" in AWS's IAM user guide. botocore's signer would repair or
refuse what the abuse tests want to send, and is too slow for thousands of requests.

Promise: signs exactly what it is given and changes nothing but the headers that it adds.
"""

import datetime
import hashlib
import hmac
from collections.abc import Iterable
from dataclasses import dataclass
from functools import lru_cache

from .server import Key

ALGORITHM = "AWS4-HMAC-SHA256"
UNRESERVED = frozenset(b"ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-._~")
#: Headers that a signature leaves out: what the transport may change, and the signature itself.
UNSIGNED = {b"authorization", b"connection", b"content-length", b"expect", b"transfer-encoding", b"upgrade", b"te"}

Headers = list[tuple[bytes, bytes]]


@dataclass(frozen=True)
class Scope:
    """What a signature is for."""

    region: str
    service: str


def now() -> datetime.datetime:
    return datetime.datetime.now(datetime.UTC)


def encode(raw: bytes, keep: bytes = b"") -> str:
    """Percent-encoding as the signature wants it."""
    return "".join(chr(byte) if byte in UNRESERVED or byte in keep else f"%{byte:02X}" for byte in raw)


def decode(raw: bytes) -> bytes:
    """Percent-decoding; what is no escape stays."""
    first, *rest = raw.split(b"%")
    out = [first]
    for piece in rest:
        try:
            out.append(bytes.fromhex(piece[:2].decode("ascii")) + piece[2:] if len(piece) >= 2 else b"%" + piece)
        except ValueError:
            out.append(b"%" + piece)
    return b"".join(out)


def canonical_path(path: bytes) -> str:
    kept: list[bytes] = []
    for segment in path.split(b"/"):
        if segment == b"..":
            kept[-1:] = []
        elif segment not in (b"", b"."):
            kept.append(segment)
    slash = b"/" if path.endswith(b"/") and kept else b""
    return encode(b"/" + b"/".join(kept) + slash, b"/")


def canonical_query(query: bytes) -> str:
    pairs = [pair.partition(b"=") for pair in query.split(b"&") if pair]
    encoded = [(encode(decode(name)), encode(decode(value))) for name, _, value in pairs]
    return "&".join(f"{name}={value}" for name, value in sorted(encoded) if name != "X-Amz-Signature")


def canonical_headers(headers: Headers, names: Iterable[bytes]) -> bytes:
    lines = []
    for name in names:
        values = [b" ".join(value.split()) for given, value in headers if given.lower() == name]
        lines.append(name + b":" + b",".join(values) + b"\n")
    return b"".join(lines)


@lru_cache(maxsize=64)
def signing_key(secret: str, day: str, region: str, service: str) -> bytes:
    key = b"AWS4" + secret.encode()
    for part in (day, region, service, "aws4_request"):
        key = hmac.new(key, part.encode(), hashlib.sha256).digest()
    return key


def signature(
    key: Key, scope: Scope, stamp: str, method: bytes, target: bytes, headers: Headers, names: list[bytes], payload: str
) -> str:
    """The hexadecimal signature of a request with this head and this payload hash."""
    path, _, query = origin_form(target).partition(b"?")
    request = b"\n".join(
        [
            method,
            canonical_path(path).encode(),
            canonical_query(query).encode(),
            canonical_headers(headers, names),
            b";".join(names),
            payload.encode(),
        ]
    )
    day = stamp[:8]
    scope_text = f"{day}/{scope.region}/{scope.service}/aws4_request"
    text = "\n".join([ALGORITHM, stamp, scope_text, hashlib.sha256(request).hexdigest()])
    return hmac.new(signing_key(key.secret, day, *_names(scope)), text.encode(), hashlib.sha256).hexdigest()


def signed(
    key: Key, scope: Scope, method: bytes, target: bytes, headers: Headers, body: bytes, time: datetime.datetime
) -> Headers:
    """The headers with `X-Amz-Date` and `Authorization` added; all that may be signed is signed."""
    stamp = time.strftime("%Y%m%dT%H%M%SZ")
    complete = [*headers, (b"X-Amz-Date", stamp.encode())]
    names = sorted({name.lower() for name, _ in complete} - UNSIGNED)
    payload = hashlib.sha256(body).hexdigest()
    proof = signature(key, scope, stamp, method, target, complete, names, payload)
    credential = f"{key.id}/{stamp[:8]}/{scope.region}/{scope.service}/aws4_request"
    text = f"{ALGORITHM} Credential={credential}, SignedHeaders={b';'.join(names).decode('latin-1')}, Signature={proof}"
    return [*complete, (b"Authorization", text.encode("latin-1"))]


def presigned(
    key: Key,
    scope: Scope,
    method: bytes,
    target: bytes,
    headers: Headers,
    body: bytes,
    time: datetime.datetime,
    seconds: int,
) -> bytes:
    """The target with the signature in its query; of the headers it signs the host."""
    stamp = time.strftime("%Y%m%dT%H%M%SZ")
    fields = {
        "X-Amz-Algorithm": ALGORITHM,
        "X-Amz-Credential": f"{key.id}/{stamp[:8]}/{scope.region}/{scope.service}/aws4_request",
        "X-Amz-Date": stamp,
        "X-Amz-Expires": str(seconds),
        "X-Amz-SignedHeaders": "host",
    }
    query = "&".join(f"{name}={encode(value.encode())}" for name, value in fields.items()).encode()
    target += (b"&" if b"?" in target else b"?") + query
    payload = hashlib.sha256(body).hexdigest()
    proof = signature(key, scope, stamp, method, target, headers, [b"host"], payload)
    return target + b"&X-Amz-Signature=" + proof.encode()


def origin_form(target: bytes) -> bytes:
    """Path and query of a target that may name a host too."""
    for scheme in (b"http://", b"https://"):
        if target.startswith(scheme):
            _, slash, rest = target[len(scheme) :].partition(b"/")
            return slash + rest
    return target


def _names(scope: Scope) -> tuple[str, str]:
    return scope.region, scope.service
