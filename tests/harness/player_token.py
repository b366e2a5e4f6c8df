"""Viewers' tokens for private channels, as an application's backend makes them.

Promise: made here from RFC 7518 with a key of the test's own; the server sees its public half alone.
"""

import base64
import json
import time
from typing import Any

from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.asymmetric.utils import decode_dss_signature


def _text(data: bytes) -> str:
    return base64.urlsafe_b64encode(data).rstrip(b"=").decode()


class Signer:
    """A private key, and the tokens that are signed with it."""

    def __init__(self) -> None:
        self._key = ec.generate_private_key(ec.SECP384R1())

    @property
    def public(self) -> str:
        """What ImportPlaybackKeyPair takes."""
        form = serialization.PublicFormat.SubjectPublicKeyInfo
        return self._key.public_key().public_bytes(serialization.Encoding.PEM, form).decode()

    def private(self, form: str) -> str:
        """The private key as openssl writes it: `TraditionalOpenSSL` or `PKCS8`."""
        kind = getattr(serialization.PrivateFormat, form)
        return self._key.private_bytes(serialization.Encoding.PEM, kind, serialization.NoEncryption()).decode()

    def token(self, channel_arn: str, **claims: Any) -> str:
        """Good for five minutes unless the claims (with underscores for hyphens) say otherwise."""
        told = {"aws:channel-arn": channel_arn, "exp": int(time.time()) + 300}
        told |= {f"aws:{name.replace('_', '-')}" if name != "exp" else name: value for name, value in claims.items()}
        head = _text(json.dumps({"alg": "ES384", "typ": "JWT"}).encode())
        body = f"{head}.{_text(json.dumps(told).encode())}"
        r, s = decode_dss_signature(self._key.sign(body.encode(), ec.ECDSA(hashes.SHA384())))
        return f"{body}.{_text(r.to_bytes(48) + s.to_bytes(48))}"
