"""Mutations of how a body is framed, and of HTTP's version.

Promise: only requests after which both sides agree where the next one begins leave their connection usable.
"""

CLOSE = (b"Connection", b"close")


def _chunks(rng, body: bytes) -> bytes:
    pieces, at = [], 0
    while at < len(body):
        size = rng.randint(1, 1 + len(body) // 2)
        piece = body[at : at + size]
        pieces.append(b"%x\r\n%s\r\n" % (len(piece), piece))
        at += size
    return b"".join(pieces)


def _framed(draft, headers, body: bytes) -> None:
    """Sends this body under these headers, which say how long it is."""

    def frame(signed):
        signed.headers += headers
        return body

    draft.frame = frame


def chunked(rng, draft):
    end = rng.choice([b"0\r\n\r\n", b"000\r\n\r\n", b"0\r\nX-Trailer: x\r\n\r\n", b"0;ext=1\r\n\r\n"])
    _framed(draft, [(b"Transfer-Encoding", rng.choice([b"chunked", b"Chunked"]))], _chunks(rng, draft.body) + end)


def broken_chunks(rng, draft):
    bodies = [
        b"zz\r\n{}\r\n0\r\n\r\n",
        b"-1\r\n",
        b"ffffffffffffffffff\r\n",
        b"2\r\n{}x0\r\n\r\n",
        b"2{}0\r\n\r\n",
        b"10000000\r\n{}",
        b"2;" + b"a" * 30_000 + b"\r\n{}\r\n0\r\n\r\n",
        b"0\r\n" + b"X-Trailer: x\r\n" * 2_000 + b"\r\n",
    ]
    _framed(draft, [(b"Transfer-Encoding", b"chunked")], rng.choice(bodies))
    draft.honest, draft.may_cut, draft.last, draft.half_close = False, True, True, True


def chunks_without_end(rng, draft):
    _framed(draft, [(b"Transfer-Encoding", b"chunked")], _chunks(rng, draft.body or b"{}"))
    draft.honest, draft.may_cut, draft.last, draft.half_close = False, True, True, True


def two_lengths(rng, draft):
    size, headers = len(draft.body), []
    other = rng.choice([size, size + 1, 0])
    headers += [(b"Content-Length", str(size).encode()), (b"Content-Length", str(other).encode()), CLOSE]
    _framed(draft, headers, draft.body)
    draft.may_cut, draft.last = True, True


def length_and_chunks(rng, draft):
    body = _chunks(rng, draft.body) + b"0\r\n\r\n"
    headers = [(b"Content-Length", str(len(body)).encode()), (b"Transfer-Encoding", b"chunked"), CLOSE]
    rng.shuffle(headers)
    _framed(draft, headers, body)
    draft.may_cut, draft.last = True, True


def odd_length(rng, draft):
    lengths = [b"-1", b"x", b"", b"1e3", b"0x10", b"+2", b"99999999999999999999", b"4294967297", b"2, 2", b" ", b"2 2"]
    _framed(draft, [(b"Content-Length", rng.choice(lengths)), CLOSE], draft.body)
    draft.may_cut, draft.last = True, True


def odd_transfer_encoding(rng, draft):
    names = [b"gzip", b"gzip, chunked", b"identity", b"chunked, chunked", b"x", b"", b"\x0bchunked", b"chunked, gzip"]
    _framed(draft, [(b"Transfer-Encoding", rng.choice(names)), CLOSE], _chunks(rng, draft.body) + b"0\r\n\r\n")
    draft.may_cut, draft.last = True, True


def shorter_than_said(rng, draft):
    said = str(len(draft.body) + rng.choice([1, 100, 60_000])).encode()
    _framed(draft, [(b"Content-Length", said)], draft.body)
    draft.honest, draft.may_cut, draft.last, draft.half_close = False, True, True, True


def longer_than_said(rng, draft):
    body = draft.body or b"{}"
    _framed(draft, [(b"Content-Length", str(rng.randrange(len(body))).encode()), CLOSE], body)
    # Without a body of its own, nothing that was signed is lost.
    draft.honest, draft.may_cut, draft.last = not draft.body, True, True


def expectation(rng, draft):
    draft.headers.append((b"Expect", rng.choice([b"100-continue", b"100-Continue", b"x", b""])))
    draft.may_cut = True


def other_version(rng, draft):
    draft.version = rng.choice([b"HTTP/1.0", b"HTTP/1.2", b"HTTP/0.9", b"HTTP/2.0", b"HTTP/3", b"http/1.1", b"X", b""])
    draft.may_cut, draft.last = True, True


def wish_to_upgrade(rng, draft):
    draft.headers += [(b"Connection", b"Upgrade"), (b"Upgrade", rng.choice([b"h2c", b"websocket", b"x", b""]))]
    draft.headers.append((b"Sec-WebSocket-Key", b"AAAAAAAAAAAAAAAAAAAAAA=="))


def bare_line_ends(rng, draft):
    """Headers that smuggle a line end."""
    draft.afterwards.append(lambda signed: signed.headers.append((b"X-Junk", b"a\n\nPOST /DeleteChannel HTTP/1.1")))
    # A bare line feed may end a line (RFC 9112, 2.2); then the rest of the head is another request's.
    draft.honest, draft.may_cut, draft.last = not draft.body, True, True


FRAMES = [
    *[chunked] * 4,
    broken_chunks,
    chunks_without_end,
    two_lengths,
    length_and_chunks,
    odd_length,
    odd_transfer_encoding,
    shorter_than_said,
    longer_than_said,
    *[expectation] * 2,
    other_version,
    *[wish_to_upgrade] * 2,
    bare_line_ends,
]
