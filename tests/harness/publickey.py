"""Public keys as OpenSSL makes them, for playback key pairs.

Promise: the fingerprint is worked out here from the key itself, not asked of the server.
"""

import base64
import hashlib
import subprocess
from dataclasses import dataclass


@dataclass(frozen=True)
class PublicKey:
    """A public key as PEM text."""

    pem: str

    @property
    def fingerprint(self) -> str:
        """MD5 over the key's DER form as pairs of hexadecimal digits with colons."""
        der = base64.b64decode("".join(line for line in self.pem.splitlines() if not line.startswith("-----")))
        return hashlib.md5(der).digest().hex(":")


def make_public_key(curve: str = "P-384") -> PublicKey:
    """A fresh elliptic-curve key."""
    curve_option = ["-algorithm", "EC", "-pkeyopt", f"ec_paramgen_curve:{curve}"]
    private = subprocess.run(["openssl", "genpkey", *curve_option], capture_output=True, check=True).stdout
    public = subprocess.run(["openssl", "pkey", "-pubout"], input=private, capture_output=True, check=True).stdout
    return PublicKey(public.decode())
