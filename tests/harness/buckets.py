"""Where recordings go: buckets on disk, and an S3 service that can be killed and keeps what it has.

Promise: both have one face, so that a test of one is a test of both; the service stands at the same address over the
same folder when it is started again, and is gone with whoever made it.
"""

import contextlib
import os
import re
import shutil
import subprocess
import tempfile
import threading
from dataclasses import dataclass
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from urllib.parse import quote, unquote

import boto3
from botocore.config import Config

from .server import REGION, ROOT, Server
from .web import fetch

KEY, SECRET = "AKIATESTSOFRILLCAST0", "a secret of no worth at all"
PROGRAM = ROOT / "tests" / "s3" / "server.cjs"
#: Any page may read, as a browser's player has to.
CORS = {
    "CORSRules": [
        {"AllowedOrigins": ["*"], "AllowedMethods": ["GET", "HEAD"], "AllowedHeaders": ["*"], "ExposeHeaders": ["ETag"]}
    ]
}
KINDS = {
    "json": "application/json",
    "m3u8": "application/vnd.apple.mpegurl",
    "ts": "video/mp2t",
    "mp4": "video/mp4",
    "jpg": "image/jpeg",
}


@dataclass(frozen=True)
class Item:
    """What is known of an object."""

    size: int
    kind: str
    modified: float  # seconds since 1970


class S3Buckets:
    """An S3 service (`tests/s3`) over a folder. It checks signatures; whoever does not sign may read."""

    def __init__(self):
        self.folder = Path(tempfile.mkdtemp(prefix="rillcast-s3-"))
        self.port = 0
        self.process: subprocess.Popen[str] | None = None
        self._client = None

    # Life

    def start(self) -> "S3Buckets":
        """Starts it, again at the same address."""
        assert (PROGRAM.parent / "node_modules").exists(), "tests/s3 is not installed: make setup"
        with open(self.folder / "log", "ab") as log:
            self.process = subprocess.Popen(
                [os.environ.get("NODE", "node"), str(PROGRAM), str(self.objects), str(self.port), KEY, SECRET],
                stdin=subprocess.PIPE,
                stdout=subprocess.PIPE,
                stderr=log,
                text=True,
            )
        line = self.process.stdout.readline()
        assert line.strip(), f"the S3 service did not start: {(self.folder / 'log').read_text()[-2000:]}"
        self.port = int(line)
        return self

    def kill(self) -> None:
        """SIGKILL."""
        if self.process is not None:
            self.process.kill()
            self.process.wait()
            self.process.stdin.close()
            self.process.stdout.close()
            self.process = None

    def remove(self) -> None:
        """Ends it for good."""
        self.kill()
        shutil.rmtree(self.folder, ignore_errors=True)

    @property
    def objects(self) -> Path:
        return self.folder / "objects"

    @property
    def endpoint(self) -> str:
        return f"http://127.0.0.1:{self.port}"

    def settings(self, endpoint: str = "", key: str = KEY, secret: str = SECRET) -> dict[str, str]:
        """Environment of a server that keeps its buckets here, or at a proxy in front."""
        return {
            "RILLCAST_BUCKETS": "s3",
            "RILLCAST_S3_ENDPOINT": endpoint or self.endpoint,
            "RILLCAST_AWS_ACCESS_KEY": key,
            "RILLCAST_AWS_SECRET_KEY": secret,
        }

    def of(self, server: Server) -> "S3Buckets":
        """The same for every server."""
        del server
        return self

    # Buckets and objects

    def client(self):
        """An SDK's client, one for all: to make one takes long."""
        self._client = self._client or self._make_client()
        return self._client

    def _make_client(self):
        session = boto3.session.Session(aws_access_key_id=KEY, aws_secret_access_key=SECRET, region_name=REGION)
        # The service knows no check sums that are sent behind a body.
        config = Config(s3={"addressing_style": "path"}, request_checksum_calculation="when_required")
        return session.client("s3", endpoint_url=self.endpoint, config=config)

    def make(self, bucket: str) -> str:
        """Makes a bucket that any web page may read."""
        s3 = self.client()
        s3.create_bucket(Bucket=bucket)
        s3.put_bucket_cors(Bucket=bucket, CORSConfiguration=CORS)
        return bucket

    def delete(self, bucket: str) -> None:
        """Removes a bucket and all that is in it."""
        shutil.rmtree(self.objects / bucket)

    def items(self, bucket: str, prefix: str = "") -> dict[str, Item]:
        """Every object by its key, in order."""
        s3 = self.client()
        pages = s3.get_paginator("list_objects_v2").paginate(Bucket=bucket, Prefix=prefix)
        found = [item["Key"] for page in pages for item in page.get("Contents", [])]
        heads = {key: s3.head_object(Bucket=bucket, Key=key) for key in sorted(found)}
        return {
            key: Item(head["ContentLength"], head["ContentType"], head["LastModified"].timestamp())
            for key, head in heads.items()
        }

    def keys(self, bucket: str, prefix: str = "") -> dict[str, int]:
        """The size of every object by its key."""
        pages = self.client().get_paginator("list_objects_v2").paginate(Bucket=bucket, Prefix=prefix)
        found = {item["Key"]: item["Size"] for page in pages for item in page.get("Contents", [])}
        return dict(sorted(found.items()))

    def read(self, bucket: str, key: str) -> bytes | None:
        """An object, `None` if there is none."""
        answer = fetch(self.url(bucket, quote(key)))
        assert answer.status in (200, 404), f"{key}: {answer.status}"
        return answer.body if answer.status == 200 else None

    def unfinished(self, bucket: str) -> list[str]:
        """Uploads in parts that were neither completed nor given up."""
        folder = self.objects / bucket / "._S3rver_uploads"
        return sorted(path.name for path in folder.iterdir()) if folder.exists() else []

    def url(self, bucket: str, key: str) -> str:
        """Where anybody may read it."""
        return f"{self.endpoint}/{bucket}/{key}"


class DiskBuckets:
    """The buckets that a server keeps on its disk, read as files and served by a plain web server of ours."""

    def __init__(self):
        self._root: Path | None = None
        self._web: ThreadingHTTPServer | None = None

    def start(self) -> "DiskBuckets":
        self._web = ThreadingHTTPServer(("127.0.0.1", 0), type("Reader", (FileReader,), {"buckets": self}))
        self._web.daemon_threads = True
        threading.Thread(target=self._web.serve_forever, daemon=True).start()
        return self

    def remove(self) -> None:
        if self._web is not None:
            self._web.shutdown()
            self._web.server_close()
            self._web = None

    def settings(self) -> dict[str, str]:
        return {"RILLCAST_BUCKETS": "disk"}

    def of(self, server: Server) -> "DiskBuckets":
        """From now on, those of this server."""
        self._root = server.data_dir / "buckets"
        return self

    @property
    def root(self) -> Path:
        assert self._root is not None, "whose buckets? say it by `of(server)`"
        return self._root

    def make(self, bucket: str) -> str:
        """Nothing is to do: the probe of a recording configuration makes it."""
        return bucket

    def delete(self, bucket: str) -> None:
        shutil.rmtree(self.root / bucket)

    def items(self, bucket: str, prefix: str = "") -> dict[str, Item]:
        found = {}
        for key in self.keys(bucket, prefix):
            stat = (self.root / bucket / key).stat()
            found[key] = Item(stat.st_size, KINDS.get(key.rpartition(".")[2], ""), stat.st_mtime)
        return found

    def keys(self, bucket: str, prefix: str = "") -> dict[str, int]:
        folder = self.root / bucket
        files = [path for path in folder.rglob("*") if path.is_file() and not path.name.startswith(".rillcast-")]
        found = {str(path.relative_to(folder)): path.stat().st_size for path in files}
        return {key: found[key] for key in sorted(found) if key.startswith(prefix)}

    def read(self, bucket: str, key: str) -> bytes | None:
        path = self.root / bucket / key
        return path.read_bytes() if path.is_file() else None

    def url(self, bucket: str, key: str) -> str:
        assert self._web is not None
        return f"http://127.0.0.1:{self._web.server_address[1]}/{bucket}/{key}"


class FileReader(BaseHTTPRequestHandler):
    """Files with ranges, for any page."""

    protocol_version = "HTTP/1.1"
    buckets: DiskBuckets

    def do_OPTIONS(self) -> None:
        self._head(204, 0)
        self.end_headers()

    def do_HEAD(self) -> None:
        self._answer(body=False)

    def do_GET(self) -> None:
        self._answer(body=True)

    def _answer(self, body: bool) -> None:
        root = self.buckets.root.resolve()
        path = (root / unquote(self.path.partition("?")[0]).lstrip("/")).resolve()
        if not path.is_relative_to(root) or not path.is_file():
            self._head(404, 0)
            self.end_headers()
            return
        found = path.read_bytes()
        asked = re.fullmatch(r"bytes=(\d+)-(\d*)", self.headers.get("Range", ""))
        first, last = 0, len(found) - 1
        if asked:
            first, last = int(asked[1]), min(int(asked[2] or last), last)
        if asked and first > last:
            self._head(416, 0)
            self.end_headers()
            return
        self._head(206 if asked else 200, last + 1 - first)
        if asked:
            self.send_header("Content-Range", f"bytes {first}-{last}/{len(found)}")
        self.send_header("Content-Type", KINDS.get(path.suffix[1:], "application/octet-stream"))
        self.end_headers()
        if body:
            with contextlib.suppress(ConnectionError):
                self.wfile.write(found[first : last + 1])

    def _head(self, status: int, length: int) -> None:
        self.send_response(status)
        self.send_header("Content-Length", str(length))
        self.send_header("Accept-Ranges", "bytes")
        self.send_header("Cache-Control", "no-cache")
        self.send_header("Access-Control-Allow-Origin", "*")
        self.send_header("Access-Control-Allow-Headers", "range")

    def log_message(self, *_) -> None:
        """Nothing to say."""


#: What a test is run with, by its name: `@pytest.mark.parametrize("place", PLACES)`.
PLACES = {"disk": DiskBuckets, "s3": S3Buckets}
