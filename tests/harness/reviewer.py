"""A message review handler: one that answers, sleeps, crashes or lies, as a test says.

Promise: every question's proof is checked by code that is not the server's, webhooks by the Standard Webhooks rules and
invocations by botocore's signer, before the question is answered; one that fails is kept for the test to see.
"""

import base64
import hashlib
import hmac
import json
import re
import threading
import time
from collections.abc import Callable
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any

from botocore.auth import SigV4Auth
from botocore.awsrequest import AWSRequest
from botocore.credentials import Credentials

from .waiting import PATIENCE

SECRET = "whsec_" + base64.b64encode(b"known to server and reviewer only").decode()
KEY_ID, KEY_SECRET = "AKREVIEW", "the key that invokes functions"


@dataclass
class Reply:
    """What a question gets; it waits for `gate` first."""

    body: bytes = b""
    status: int = 200
    headers: dict[str, str] = field(default_factory=dict)
    gate: threading.Event | None = None
    #: Instead of all that, the connection ends.
    hangs_up: bool = False


def says(result: str, content: str = "", **attributes: str) -> Reply:
    answer: dict[str, Any] = {"ReviewResult": result, "Content": content}
    if attributes:
        answer["Attributes"] = attributes
    return Reply(json.dumps(answer).encode())


def allows(question: dict[str, Any]) -> Reply:
    """Lets everything pass as it is."""
    return says("ALLOW", question["Content"])


class Reviewer:
    """The handler's endpoint: `/hook/<name>` is a webhook, the rest is Lambda's Invoke API."""

    def __init__(self):
        #: How the handler of that name answers.
        self.plans: dict[str, Callable[[dict[str, Any]], Reply]] = {}
        #: All questions, each with its handler's name.
        self.questions: list[tuple[str, dict[str, Any]]] = []
        #: What was wrong with proofs.
        self.forgeries: list[str] = []
        reviewer = self

        class Handler(BaseHTTPRequestHandler):
            protocol_version = "HTTP/1.1"

            def do_POST(self):
                reviewer.answer(self, self.rfile.read(int(self.headers["Content-Length"])))

            def log_message(self, *_):
                pass

        self._http = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        self._http.daemon_threads = True
        self._thread = threading.Thread(target=self._http.serve_forever, daemon=True)
        self._thread.start()

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self._http.server_address[1]}"

    def close(self) -> None:
        self._http.shutdown()
        self._http.server_close()
        self._thread.join()

    def asked(self, name: str) -> list[dict[str, Any]]:
        """The questions to the handler of that name."""
        return [question for asked, question in list(self.questions) if asked == name]

    def answer(self, request: BaseHTTPRequestHandler, body: bytes) -> None:
        if hook := re.fullmatch(r"/hook/([\w-]+)", request.path):
            forgery = forged_webhook(request, body)
        else:
            hook = re.fullmatch(
                r"/2015-03-31/functions/arn:aws:lambda:[^/]+:function:([\w-]+)/invocations", request.path
            )
            forgery = forged_invocation(request, body)
        if hook is None or forgery:
            self.forgeries.append(forgery or f"nobody is at {request.path}")
            return send(request, Reply(status=403))
        question = json.loads(body)
        self.questions.append((hook[1], question))
        return send(request, self.plans.get(hook[1], allows)(question))


def send(request: BaseHTTPRequestHandler, reply: Reply) -> None:
    if reply.gate is not None:
        reply.gate.wait(PATIENCE)
    if reply.hangs_up:
        request.close_connection = True
        return
    try:
        request.send_response(reply.status)
        for name, value in {"Content-Length": str(len(reply.body)), **reply.headers}.items():
            request.send_header(name, value)
        request.end_headers()
        request.wfile.write(reply.body)
    except (BrokenPipeError, ConnectionResetError):
        request.close_connection = True  # The server no longer waits for it.


def forged_webhook(request: BaseHTTPRequestHandler, body: bytes) -> str | None:
    said = request.headers
    if abs(time.time() - int(said["webhook-timestamp"])) > 300:
        return "its time is not now"
    if said["webhook-id"] != json.loads(body)["MessageId"]:
        return "its id is not the message's"
    signed = f"{said['webhook-id']}.{said['webhook-timestamp']}.".encode() + body
    key = base64.b64decode(SECRET.removeprefix("whsec_"))
    proof = "v1," + base64.b64encode(hmac.new(key, signed, hashlib.sha256).digest()).decode()
    return None if proof in said["webhook-signature"].split(" ") else "its signature is not the secret's"


def forged_invocation(request: BaseHTTPRequestHandler, body: bytes) -> str | None:
    said = request.headers
    claim = re.fullmatch(
        r"AWS4-HMAC-SHA256 Credential=([^/]+)/(\d{8})/([^/]+)/lambda/aws4_request, SignedHeaders=([^,]+), "
        r"Signature=([0-9a-f]{64})",
        said.get("Authorization", ""),
    )
    if claim is None or claim[1] != KEY_ID:
        return "it is not signed with the key"
    if said["X-Amz-Invocation-Type"] != "RequestResponse":
        return "it does not wait for the answer"
    again = AWSRequest("POST", f"http://{said['Host']}{request.path}", data=body)
    for name in claim[4].split(";"):
        again.headers[name] = said[name]
    if said["X-Amz-Content-SHA256"] != hashlib.sha256(body).hexdigest():
        return "its body is another one"
    again.context["timestamp"] = said["X-Amz-Date"]
    signer = SigV4Auth(Credentials(KEY_ID, KEY_SECRET), "lambda", claim[3])
    proof = signer.signature(signer.string_to_sign(again, signer.canonical_request(again)), again)
    return None if proof == claim[5] else "its signature is not the key's"
