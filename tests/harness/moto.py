"""The destinations of chat logs: moto's server as S3, CloudWatch Logs and Firehose.

Promise: it forgets nothing while it is down, and stands at the same address when it is up again.
"""

import contextlib
import gzip
import json
from typing import Any

import boto3
from botocore.config import Config
from botocore.exceptions import ClientError
from moto.server import ThreadedMotoServer

from .server import REGION

#: Any will do: moto asks for none, but calls have to be signed.
KEY, SECRET = "AKIAMOTOMOTOMOTOMOTO", "a secret of no worth"


class Destinations:
    """One server; `up` and `down` as often as a test likes."""

    def __init__(self):
        self._port = 0
        self._server: ThreadedMotoServer | None = None

    def up(self) -> "Destinations":
        self._server = ThreadedMotoServer(ip_address="127.0.0.1", port=self._port, verbose=False)
        self._server.start()
        _, self._port = self._server.get_host_and_port()
        return self

    def down(self) -> None:
        if self._server is not None:
            self._server.stop()
            self._server = None

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self._port}"

    def settings(self) -> dict[str, str]:
        """Environment of a server that logs to these destinations."""
        places = {f"RILLCAST_{name}_ENDPOINT": self.url for name in ("S3", "LOGS", "FIREHOSE")}
        return places | {
            "RILLCAST_BUCKETS": "s3",
            "RILLCAST_AWS_ACCESS_KEY": KEY,
            "RILLCAST_AWS_SECRET_KEY": SECRET,
            "RILLCAST_CHAT_LOG_SECONDS": "1",
        }

    def client(self, service: str):
        session = boto3.session.Session(aws_access_key_id=KEY, aws_secret_access_key=SECRET, region_name=REGION)
        return session.client(service, endpoint_url=self.url, config=Config(s3={"addressing_style": "path"}))

    # Making them

    def bucket(self, name: str) -> dict[str, Any]:
        self.client("s3").create_bucket(Bucket=name)
        return {"s3": {"bucketName": name}}

    def log_group(self, name: str) -> dict[str, Any]:
        self.client("logs").create_log_group(logGroupName=name)
        return {"cloudWatchLogs": {"logGroupName": name}}

    def delivery_stream(self, name: str) -> dict[str, Any]:
        """A stream with a bucket of the same name, where its records can be seen."""
        self.client("s3").create_bucket(Bucket=name)
        role = "arn:aws:iam::123456789012:role/firehose"
        target = {"RoleARN": role, "BucketARN": f"arn:aws:s3:::{name}"}
        self.client("firehose").create_delivery_stream(DeliveryStreamName=name, S3DestinationConfiguration=target)
        return {"firehose": {"deliveryStreamName": name}}

    # Looking into them

    def files(self, bucket: str) -> dict[str, bytes]:
        """Every object of a bucket by its key."""
        s3 = self.client("s3")
        pages = s3.get_paginator("list_objects_v2").paginate(Bucket=bucket)
        keys = [item["Key"] for page in pages for item in page.get("Contents", [])]
        return {key: s3.get_object(Bucket=bucket, Key=key)["Body"].read() for key in keys}

    def in_bucket(self, bucket: str) -> dict[str, list[dict[str, Any]]]:
        """The records of each log file."""
        return {key: lines(gzip.decompress(body)) for key, body in self.files(bucket).items()}

    def in_group(self, group: str, stream: str) -> list[dict[str, Any]]:
        """The events of a stream: `timestamp` and `message`. None while there is no such stream."""
        found = []
        with contextlib.suppress(ClientError):
            logs = self.client("logs")
            pages = logs.get_paginator("filter_log_events").paginate(logGroupName=group, logStreamNames=[stream])
            found = [event for page in pages for event in page["events"]]
        return found

    def in_stream(self, name: str) -> list[dict[str, Any]]:
        """The records that a delivery stream has put into its bucket."""
        return [record for body in self.files(name).values() for record in lines(body)]


def lines(text: bytes) -> list[dict[str, Any]]:
    """JSON, one value in each line, each with its end."""
    assert text.endswith(b"\n")
    return [json.loads(line) for line in text.splitlines()]
