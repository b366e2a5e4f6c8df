"""Mutations of a request's signature, and of what it covers after it was made.

Promise: whoever changes what was signed, or signs with what is not theirs, marks the draft as dishonest.
"""

import datetime
from dataclasses import replace

from . import sigv4
from .server import Key

HEX = b"0123456789abcdef"


def _authorization(change):
    """A mutation of the finished header by `change(rng, text)`."""

    def mutation(rng, draft):
        def apply(signed):
            signed.set_header(b"Authorization", change(rng, signed.header(b"Authorization")))

        draft.afterwards.append(apply)
        draft.honest = False

    mutation.__name__ = change.__name__.strip("_")
    return mutation


@_authorization
def flipped_signature(rng, text):
    at = len(text) - 1 - rng.randrange(64)
    other = HEX[(HEX.index(text[at]) ^ (1 << rng.randrange(4)))]
    return text[:at] + bytes([other]) + text[at + 1 :]


@_authorization
def cut_signature(rng, text):
    return text[: len(text) - rng.randint(1, 64)]


@_authorization
def odd_signature(rng, text):
    return text[:-64] + rng.choice([b"", b"z" * 64, b"0" * 64, b"0" * 4_000, b"\xff" * 64, b"0" * 63])


@_authorization
def malformed_authorization(rng, text):
    forms = [
        b"",
        b"AWS4-HMAC-SHA256",
        b"AWS4-HMAC-SHA256 ",
        text.replace(b"SHA256", b"SHA1", 1),
        text.replace(b"AWS4-HMAC-SHA256", b"AWS4-ECDSA-P256-SHA256"),
        text.lower(),
        text.replace(b", ", b""),
        text.replace(b"=", b":"),
        text.replace(b"SignedHeaders=", b"signedHeaders="),
        text.replace(b"Credential=", b"Credential=,Credential="),
        b"Bearer x",
        b"Basic " + b"QQ" * 4_000,
        text + b"," * 5_000,
        text * 30,
        b"\xff\xfe",
    ]
    return rng.choice(forms)


@_authorization
def other_scope(rng, text):
    start, _, rest = text.partition(b"Credential=")
    credential, _, rest = rest.partition(b",")
    parts = credential.split(b"/")
    odd = [
        b"",
        b"s3",
        b"aws4_request",
        b"20200101",
        b"\xff",
        b"us-east-1",
        b"a" * 300,
        b"../..",
        b"99999999",
        b"eu-west-1",
    ]
    at = rng.randrange(len(parts))
    parts[at] = rng.choice([one for one in odd if one != parts[at]])
    return start + b"Credential=" + b"/".join(parts) + b"," + rest


@_authorization
def other_signed_headers(rng, text):
    start, _, rest = text.partition(b"SignedHeaders=")
    names, _, rest = rest.partition(b",")
    forms = [
        b"",
        b"host",
        b"x-amz-date",
        names.replace(b"host;", b""),
        names + b";x-not-there",
        names.upper(),
        names + b";" + names,
        b";".join(reversed(names.split(b";"))),
        b";" * 1_000,
        b";".join(f"x-{number}".encode() for number in range(200)),
        b"authorization;host;x-amz-date",
        b"\xff",
    ]
    return start + b"SignedHeaders=" + rng.choice([one for one in forms if one != names]) + b"," + rest


def no_signature(rng, draft):
    draft.afterwards.append(lambda signed: signed.drop_header(b"Authorization"))
    draft.honest = False


def no_date(rng, draft):
    draft.afterwards.append(lambda signed: signed.drop_header(b"X-Amz-Date"))
    draft.honest = False


def other_date_afterwards(rng, draft):
    value = rng.choice(
        [b"", b"20200101T000000Z", b"99991231T235959Z", b"00000000T000000Z", b"x", b"2026-01-01", b"\xff"]
    )
    draft.afterwards.append(lambda signed: signed.set_header(b"X-Amz-Date", value))
    draft.honest = False


def clock_off(rng, draft):
    off = rng.choice([-400, 400, -86_400, 86_400, -(10**9), 10**9])
    draft.time += datetime.timedelta(seconds=off)
    draft.honest = False


def end_of_time(rng, draft):
    draft.time = draft.time.replace(year=rng.choice([1, 1000, 9999]), month=12, day=31)
    draft.honest = False


def unknown_key(rng, draft):
    ids = ["RILL0000000000000000", "AKIDEXAMPLE", "x", "a" * 128, "a" * 129, "-", "\u00e9", "' OR 1=1 --", ""]
    draft.key = Key(rng.choice(ids), draft.key.secret)
    draft.honest = False


def wrong_secret(rng, draft):
    draft.key = Key(draft.key.id, rng.choice(["", "x", draft.key.secret.swapcase(), draft.key.secret[:-1]]))
    draft.honest = False


def wrong_region_or_service(rng, draft):
    other = "ivs" if draft.scope.service == "ivschat" else "ivschat"
    choices = [{"region": "eu-west-1"}, {"region": "US-EAST-1"}, {"service": "s3"}, {"service": other}]
    draft.scope = replace(draft.scope, **rng.choice([*choices, {"region": "x" * 100}, {"service": "IVS"}]))
    draft.honest = False


def other_body_afterwards(rng, draft):
    def apply(signed):
        spoilt = bytearray(signed.body or b"{}")
        at = rng.randrange(len(spoilt))
        spoilt[at] ^= 1 << rng.randrange(8)
        signed.body = rng.choice([bytes(spoilt), signed.body + b" ", b"{}" if signed.body != b"{}" else b"{ }"])

    draft.afterwards.append(apply)
    draft.honest = False


def other_target_afterwards(rng, draft):
    extra = rng.choice([b"?x=1", b"?X-Amz-Date=1", b"?X-Amz-Credential=a", b"/"])
    draft.afterwards.append(lambda signed: setattr(signed, "target", signed.target + extra))
    draft.honest = False


def named_payload(rng, draft):
    names = [b"UNSIGNED-PAYLOAD", b"STREAMING-AWS4-HMAC-SHA256-PAYLOAD", b"", b"0" * 64, b"x", b"\xff"]
    draft.headers.append((b"X-Amz-Content-Sha256", rng.choice(names)))
    draft.honest = False


def session_token(rng, draft):
    draft.headers.append((b"X-Amz-Security-Token", rng.choice([b"x", b"a" * 3_000, b""])))
    draft.honest = False


def signature_twice(rng, draft):
    def apply(signed):
        other = rng.choice([signed.header(b"Authorization"), b"AWS4-HMAC-SHA256 x", b""])
        signed.headers.append((b"Authorization", other))

    draft.afterwards.append(apply)
    draft.honest = False


def presigned(rng, draft):
    """A good one."""
    draft.presign = rng.choice([1, 60, 604_800])


def presigned_badly(rng, draft):
    draft.presign = rng.choice([0, -1, 604_801, 10**12, 300])
    if draft.presign == 300:
        draft.time -= datetime.timedelta(seconds=600)
    draft.honest = False


def presigned_and_changed(rng, draft):
    def apply(signed):
        at = rng.randrange(signed.target.index(b"X-Amz-"), len(signed.target))
        other = bytes([signed.target[at] ^ 1])
        signed.target = rng.choice(
            [
                signed.target[:at] + (other if other.isalnum() else b"0" * 2) + signed.target[at + 1 :],
                signed.target[:-10],
                signed.target + b"&x=1",
                signed.target.replace(b"X-Amz-SignedHeaders=host", b"X-Amz-SignedHeaders="),
                signed.target.replace(b"X-Amz-Algorithm", b"X-Amz-Algorithn"),
                signed.target.replace(b"%2F", b"%ff"),
            ]
        )

    draft.presign = 60
    draft.afterwards.append(apply)
    draft.honest = False


def presigned_twice(rng, draft):
    def apply(signed):
        signed.target = sigv4.presigned(
            signed.key, signed.scope, signed.method, signed.target, signed.headers, signed.body, signed.time, 60
        )

    draft.presign = 60
    draft.afterwards.append(apply)


PROOFS = [
    *[flipped_signature] * 3,
    cut_signature,
    odd_signature,
    *[malformed_authorization] * 2,
    *[other_scope] * 2,
    *[other_signed_headers] * 2,
    no_signature,
    no_date,
    other_date_afterwards,
    clock_off,
    end_of_time,
    unknown_key,
    wrong_secret,
    wrong_region_or_service,
    *[other_body_afterwards] * 2,
    other_target_afterwards,
    named_payload,
    session_token,
    signature_twice,
    presigned,
    presigned_badly,
    *[presigned_and_changed] * 2,
    presigned_twice,
]
