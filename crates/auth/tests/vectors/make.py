"""Signs a handful of requests with botocore and prints them as JSON, for tests/vectors.rs.

Run: python crates/auth/tests/vectors/make.py > crates/auth/tests/vectors/sigv4.json
"""
import datetime
import json

import botocore.auth
from botocore.auth import SigV4Auth, SigV4QueryAuth
from botocore.awsrequest import AWSRequest
from botocore.credentials import Credentials

NOW = datetime.datetime(2015, 8, 30, 12, 36, 0)
botocore.auth.get_current_datetime = lambda *args, **kwargs: NOW
KEY, SECRET = "AKIDEXAMPLE", "wJalrXUtnFEMI/K7MDENG+bPxRfiCYEXAMPLEKEY"
ARN = "arn%3Aaws%3Aivs%3Aus-east-1%3A123456789012%3Achannel%2FabcdABCD1234"


def sign(name, method, path, body=b"", headers=(), service="ivs", region="us-east-1",
         expires=None, token=None, host="localhost:8080"):
    request = AWSRequest(method=method, url=f"http://{host}{path}", data=body, headers=dict(headers))
    credentials = Credentials(KEY, SECRET, token)
    if expires:
        SigV4QueryAuth(credentials, service, region, expires=expires).add_auth(request)
    else:
        SigV4Auth(credentials, service, region).add_auth(request)
    prepared = request.prepare()
    sent = {key: value.decode() if isinstance(value, bytes) else value for key, value in prepared.headers.items()}
    sent.pop("Content-Length", None)
    sent.setdefault("Host", host)
    return {"name": name, "method": method, "uri": prepared.url[len(f"http://{host}"):], "headers": sent,
            "body": body.decode(), "region": region, "service": service}


vectors = [
    sign("get_vanilla", "GET", "/", service="service", host="example.amazonaws.com"),
    sign("post_json", "POST", "/CreateChannel", b'{"name": "a-channel"}', {"Content-Type": "application/json"}),
    sign("post_empty_object", "POST", "/ListChannels", b"{}", region="eu-west-1"),
    sign("post_no_body", "POST", "/ListChannels"),
    sign("label_in_path", "GET", f"/tags/{ARN}"),
    sign("label_and_query", "DELETE", f"/tags/{ARN}?tagKeys=a%20b&tagKeys=c%2Bd&tagKeys=%C3%BC&tagKeys=~-_."),
    sign("folded_header", "POST", "/ListChannels", b"{}", {"X-Amz-Meta-Folded": "  a   b  c "}),
    sign("named_payload", "POST", "/ListChannels", b"{}",
         {"X-Amz-Content-SHA256": "44136fa355b3678a1146ad16f7e8649e94fb4fc21fe77e8310c060f61caaff8a"}),
    sign("presigned_get", "GET", f"/tags/{ARN}", expires=900),
    sign("presigned_week", "GET", "/ListChannels?b=2&a=1", expires=604800),
    sign("session_token", "POST", "/ListChannels", b"{}", token="a/token+with=signs"),
    sign("presigned_session_token", "GET", f"/tags/{ARN}", expires=900, token="a/token"),
]
print(json.dumps({"origin": "botocore " + botocore.__version__, "secret": SECRET, "vectors": vectors}, indent=1))
