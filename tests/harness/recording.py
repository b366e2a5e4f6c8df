"""Recordings from outside: channels that are recorded, encoders that send faster than anybody watches, and what
lies in the bucket afterwards.

Promise: what was recorded is learnt from the events and the bucket alone.
"""

import json
import subprocess
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from .aws import Channel, make_channel
from .buckets import DiskBuckets, Item, S3Buckets
from .encoder import Publisher
from .ladder_film import Film
from .receiver import section
from .waiting import PATIENCE, wait_until
from .web import fetch

CHANGE = "IVS Recording State Change"
START, END = "Recording Start", "Recording End"
#: How many times faster than real time an encoder sends. The server holds the last half minute of such a film for
#: who falls behind, so a machine may stand still for some seconds without losing a picture.
SPEED = 8.0
#: Of few bits, pictures and samples a second, so that minutes of it are sent in seconds.
LONG = Film(size="320x180", fps=15, seconds=130, gop_seconds=2, kbps=100, rate=22_050)

NO_THUMBNAILS = {"recordingMode": "DISABLED"}


@dataclass(frozen=True)
class Tree:
    """What lies below a prefix of a bucket."""

    buckets: DiskBuckets | S3Buckets
    bucket: str
    prefix: str

    def items(self) -> dict[str, Item]:
        """Every object by what follows the prefix; a call for each."""
        found = self.buckets.items(self.bucket, f"{self.prefix}/")
        return {key.removeprefix(f"{self.prefix}/"): item for key, item in found.items()}

    def read(self, key: str) -> bytes:
        answer = fetch(self.url(key))
        assert answer.status == 200, f"{key}: {answer.status}"
        return answer.body

    def has(self, key: str) -> bool:
        return fetch(self.url(key)).status == 200

    def text(self, key: str) -> str:
        return self.read(key).decode()

    def json(self, key: str) -> dict[str, Any]:
        return json.loads(self.read(key))

    def url(self, key: str) -> str:
        return self.buckets.url(self.bucket, f"{self.prefix}/{key}")


class Events:
    """A server's file of events, which it is started with."""

    def __init__(self, folder: Path):
        self._file, self._sinks = folder / "events.jsonl", folder / "sinks.toml"
        self._sinks.write_text(section("disk", "file", path=str(self._file)))

    @property
    def flags(self) -> tuple[str, str]:
        return "--event-sinks", str(self._sinks)

    def all(self) -> list[dict[str, Any]]:
        if not self._file.exists():
            return []
        whole = self._file.read_text().rpartition("\n")[0]
        return [json.loads(line) for line in whole.splitlines()]

    def of(self, channel: Channel) -> list[dict[str, Any]]:
        return [event for event in self.all() if event["resources"] == [channel.arn]]

    def recordings(self, channel: Channel, status: str = "") -> list[dict[str, Any]]:
        """The channel's events of recordings, or those of one kind."""
        mine = [event for event in self.of(channel) if event["detail-type"] == CHANGE]
        return [event for event in mine if status in ("", event["detail"]["recording_status"])]

    def wait(
        self, channel: Channel, status: str, count: int = 1, seconds: float = 2 * PATIENCE
    ) -> list[dict[str, Any]]:
        """So many of them."""

        def there() -> list[dict[str, Any]] | None:
            found = self.recordings(channel, status)
            return found if len(found) >= count else None

        return wait_until(there, f"{count} x {status} of {channel.id}", seconds)


def name(event: dict[str, Any]) -> str:
    """What an event tells."""
    detail = event["detail"]
    return detail.get("event_name") or detail.get("limit_name") or detail["recording_status"]


def configure(ivs: Any, bucket: str, **options: Any) -> str:
    """The ARN of a recording configuration that can be used; without thumbnails unless told."""
    usual = {"thumbnailConfiguration": NO_THUMBNAILS}
    destination = {"s3": {"bucketName": bucket}}
    made = ivs.create_recording_configuration(destinationConfiguration=destination, **(usual | options))
    arn = made["recordingConfiguration"]["arn"]

    def active() -> bool:
        now = ivs.get_recording_configuration(arn=arn)["recordingConfiguration"]["state"]
        assert now != "CREATE_FAILED", f"the bucket {bucket} can't be used"
        return now == "ACTIVE"

    wait_until(active, "the recording configuration")
    return arn


def recorded_channel(ivs: Any, configuration: str, **options: Any) -> Channel:
    return make_channel(ivs, recordingConfigurationArn=configuration, **({"type": "BASIC"} | options))


class Push(Publisher):
    """An ffmpeg that sends a film faster than it plays, once."""

    def __init__(self, film: Path, url: str, log: Path, *, speed: float = SPEED, options: Iterable[str] = ()):
        self._log, self._file = log, open(log, "wb")
        command = ["ffmpeg", "-nostdin", "-hide_banner", "-readrate", str(speed), "-i", str(film), *options]
        self.process = subprocess.Popen(
            [*command, "-c", "copy", "-f", "flv", url],
            stdin=subprocess.DEVNULL,
            stdout=self._file,
            stderr=self._file,
        )


def pushing(folder: Path) -> Callable[..., Push]:
    """Makes pushes whose logs are in the folder."""

    def push(film: Path, url: str, **options: Any) -> Push:
        return Push(film, url, folder / f"push-{len(list(folder.iterdir()))}.log", **options)

    return push
