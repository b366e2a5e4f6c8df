"""Mutations of a request's headers, path and method, all before it is signed.

Promise: each takes a random generator and a draft; what HTTP itself may refuse is marked as such.
"""

TYPES = [b"text/plain", b"application/x-amz-json-1.1", b"", b"application/json; charset=utf-16", b"\xff", b"a" * 5_000]


def other_content_type(rng, draft):
    draft.set_header(b"Content-Type", rng.choice(TYPES))


def no_content_type(rng, draft):
    draft.drop_header(b"Content-Type")


def no_host(rng, draft):
    draft.drop_header(b"Host")
    draft.may_cut = True


def other_host(rng, draft):
    hosts = [b"", b"ivs.us-east-1.amazonaws.com", b"localhost", b"[::1]:80", b"a b", b"x" * 5_000, b"\xe9"]
    draft.set_header(b"Host", rng.choice(hosts))
    draft.may_cut = True


def header_twice(rng, draft):
    draft.headers.append(rng.choice(draft.headers))
    draft.may_cut = True


def another_date(rng, draft):
    dates = [b"20200101T000000Z", b"Thu, 01 Jan 1970 00:00:00 GMT", b"", b"now", b"\xff"]
    draft.headers.append((rng.choice([b"X-Amz-Date", b"Date"]), rng.choice(dates)))


def long_header(rng, draft):
    size = rng.choice([1_000, 8_000, 30_000, 60_000, 70_000, 140_000])
    draft.headers.append((rng.choice([b"X-Amz-Junk", b"User-Agent", b"Accept", b"Cookie"]), b"a" * size))
    draft.may_cut = size >= 60_000
    draft.last = draft.may_cut


def long_header_name(rng, draft):
    size = rng.choice([300, 9_000, 70_000])
    draft.headers.append((b"x" * size, b"a"))
    draft.may_cut, draft.last = True, True


def many_headers(rng, draft):
    count = rng.choice([40, 63, 64, 65, 90, 99, 100, 101, 500, 3_000])
    draft.headers += [(f"x-junk-{number}".encode(), b"") for number in range(count)]
    draft.may_cut = count > 80
    draft.last = draft.may_cut


def odd_bytes_in_a_header(rng, draft):
    values = [
        b"\x80\xff",
        b"\t\t",
        b"a\tb",
        b"\x00",
        b"a\x0bb",
        b"\x7f",
        b"a\rb",
        b"a\nb",
        "\u00e9".encode(),
        b'"',
        b"a,b",
    ]
    draft.headers.append((b"X-Amz-Junk", rng.choice(values)))
    draft.may_cut, draft.last = True, True


def odd_header_name(rng, draft):
    names = [b"", b" ", b"a b", b"a:b", b"\xe9", b"a\x00", b"(a)", b"X-Amz-Date ", b"\tx", b"authorization\x0b"]
    draft.headers.append((rng.choice(names), b"x"))
    draft.may_cut, draft.last = True, True


def spaces_in_a_header(rng, draft):
    draft.headers.append((b"X-Amz-Junk", b"  a   b \t c  "))


def proxy_headers(rng, draft):
    draft.headers += [
        (b"X-Forwarded-For", rng.choice([b"10.0.0.1", b"::1", b"x", b"1.2.3.4, " * 500])),
        (b"X-Forwarded-Proto", b"https"),
        (b"X-HTTP-Method-Override", b"DELETE"),
        (b"X-Original-URL", b"/DeleteChannel"),
        (b"Forwarded", b"for=_hidden"),
    ]


def browser_headers(rng, draft):
    draft.headers += [(b"Origin", rng.choice([b"null", b"https://x", b"\xff"])), (b"Sec-Fetch-Mode", b"cors")]
    draft.headers.append((b"Range", b"bytes=0-"))
    draft.headers.append((b"If-None-Match", b"*"))


HEADS = [
    other_content_type,
    no_content_type,
    no_host,
    other_host,
    *[header_twice] * 2,
    another_date,
    *[long_header] * 2,
    long_header_name,
    *[many_headers] * 2,
    *[odd_bytes_in_a_header] * 2,
    *[odd_header_name] * 2,
    spaces_in_a_header,
    proxy_headers,
    browser_headers,
]


def other_case(rng, draft):
    draft.target = rng.choice([draft.target.lower(), draft.target.upper(), draft.target.swapcase()])


def dressed_path(rng, draft):
    name = draft.target
    forms = [
        name + b"/",
        b"/" + name,
        b"/." + name,
        b"/x/.." + name,
        b"/.." + name,
        name + b"/.",
        name + b"%00",
        name + b"%2f",
        name + b";v=1",
        name[:1] + f"%{name[1]:02x}".encode() + name[2:],
        name + b"\\",
        name + b".json",
        name[:-1],
        b"/v1" + name,
    ]
    draft.target = rng.choice(forms)


def garbage_path(rng, draft):
    draft.method = b"POST"
    draft.target = rng.choice(
        [
            b"/",
            b"/%",
            b"/%zz",
            b"/%00",
            b"/%ff%fe",
            b"/..%2f..%2fetc%2fpasswd",
            b"/../../../../etc/passwd",
            b"/%2e%2e/%2e%2e/x",
            b"/CreateChannel%0d%0aX:y",
            b"/" + b"a" * rng.choice([300, 9_000, 60_000]),
            b"/" + b"a/" * rng.choice([100, 5_000]),
            b"/" + b"%41" * rng.choice([100, 5_000]),
            b"/api",
            b"/api/video",
            b"/watch",
            b"/admin",
            b"/.git/config",
        ]
    )
    draft.may_cut = len(draft.target) > 30_000
    draft.last = draft.may_cut


def unparsable_target(rng, draft):
    """What HTTP's own grammar forbids."""
    odd = [
        b" ",
        b"/a b",
        b"",
        b"a",
        b"*",
        b"/\x00",
        b"/\x7f",
        b"/\xff",
        b"http://",
        b"http://[::1/x",
        b"//",
        b"?",
        b"/<>",
    ]
    odd += [b"/" + b"a" * 70_000, b"/|{}^`", b"/\tx", b"http:///CreateChannel", b"ftp://x/CreateChannel"]
    draft.target = rng.choice(odd)
    draft.method = b"POST"
    draft.may_cut, draft.last = True, True


def tag_path(rng, draft):
    kinds = [b"channel", b"stream-key", b"recording-configuration", b"room", b"x", b""]
    arn = b"arn:aws:ivs:us-east-1:123456789012:" + rng.choice(kinds) + b"/AAAAbbbb0000"
    escaped = arn.replace(b":", b"%3A").replace(b"/", b"%2F")
    labels = [
        arn,
        escaped,
        escaped.replace(b"%", b"%25"),
        escaped.lower(),
        escaped + b"%00",
        escaped + b"%ff",
        escaped + b"%0a",
        escaped + b"%",
        b"",
        b"x",
        b"%20",
        b"%2e%2e",
        b"..",
        escaped + b"/x",
        escaped * 4,
        escaped + b"a" * 20_000,
    ]
    draft.target = b"/tags/" + rng.choice(labels)
    draft.method = rng.choice([b"GET", b"POST", b"DELETE"])
    if draft.method == b"DELETE":
        draft.target += b"?" + rng.choice(
            [b"", b"tagKeys", b"tagKeys=", b"tagKeys=a", b"tagkeys=a", b"tagKeys=" + b"k" * 200]
        )
    if draft.method == b"POST":
        draft.body = rng.choice([b"", b"{}", b'{"tags":{"a":"b"}}', b'{"tags":null}', b'{"tags":{"a":1}}'])


def odd_query(rng, draft):
    queries = [
        b"?",
        b"?a=b",
        b"?%",
        b"?%zz=%",
        b"?&&&=&=",
        b"?a=b=c&a",
        b"?a[]=1&a[b]=2",
        b"?tagKeys=a&tagKeys=b",
        b"?" + b"a=b&" * 2_000,
        b"?" + b"a" * 20_000,
        b"?a=%00%ff",
        b"?Action=CreateChannel&Version=2020-07-14",
        b"?+=+",
        b"#fragment",
    ]
    draft.target += rng.choice(queries)
    # The fragment never reaches the signature on the server's side.
    draft.honest = b"#" not in draft.target
    draft.may_cut = b"#" in draft.target


def other_method(rng, draft):
    methods = [b"GET", b"PUT", b"DELETE", b"PATCH", b"HEAD", b"OPTIONS", b"TRACE", b"POST", b"PURGE", b"post", b"Post"]
    methods += [b"P" * 40, b"M-SEARCH", b"CONNECT"]
    draft.method = rng.choice(methods)
    draft.may_cut = draft.last = draft.method in (b"CONNECT", b"TRACE")


def unparsable_method(rng, draft):
    draft.method = rng.choice([b"", b"PO ST", b"P\x00ST", b"\xff", b"POST\t", b"P" * 70_000, b"{}", b"@"])
    draft.may_cut, draft.last = True, True


def absolute_target(rng, draft):
    draft.target = rng.choice([b"http://elsewhere:1", b"https://x", b"http://a@b"]) + draft.target


PATHS = [
    other_case,
    *[dressed_path] * 4,
    *[garbage_path] * 2,
    unparsable_target,
    *[tag_path] * 4,
    *[odd_query] * 3,
    *[other_method] * 3,
    unparsable_method,
    absolute_target,
]
