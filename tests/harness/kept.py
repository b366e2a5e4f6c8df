"""What of a stream is kept: a server that records, encoders that know what they sent, and the recording in its bucket.

Promise: a recording is read from its bucket as a player without our server does, and told by the numbers in its
pictures; `rillcast recordings verify` is asked beside it.
"""

import json
import re
import tempfile
import threading
import time
from dataclasses import dataclass, field
from functools import cache
from itertools import groupby
from pathlib import Path
from urllib.parse import urljoin

from . import aws, ladder_look
from .buckets import DiskBuckets, S3Buckets
from .encoder import Tag, tags
from .rtmp import MEDIA, VIDEO, Publisher, message
from .server import Server
from .waiting import wait_until

SINK = '[[sink]]\nname = "file"\nkind = "file"\npath = "{}"\n'
CHANGE, TRIAL = "IVS Recording State Change", "IVS Recording Configuration State Change"
#: Names of what a recording is told by.
START, END = "Recording Start", "Recording End"
START_FAILURE, END_FAILURE = "Recording Start Failure", "Recording End Failure"


@dataclass
class Channel:
    arn: str
    key: str
    bucket: str

    @property
    def id(self) -> str:
        return self.arn.rsplit("/", 1)[1]


class Studio:
    """A server that records, and the file in which it tells what happens."""

    def __init__(self, start_server, folder: Path, buckets: S3Buckets | DiskBuckets, *flags: str, **settings: str):
        self.events_file = folder / "events.jsonl"
        sinks = folder / "sinks.toml"
        sinks.write_text(SINK.format(self.events_file))
        if "--recording-keep-free-mb" not in flags:
            flags += ("--recording-keep-free-mb", "0")
        # The address of playback would else be another after each start.
        flags += ("--event-sinks", str(sinks), "--public-url", "http://video.example.com")
        self.server: Server = start_server(*flags, env=buckets.settings(**settings))
        self.buckets = buckets.of(self.server)
        self._client = ("", None)

    @property
    def ivs(self):
        """An SDK's client; after a new start the server is at another address."""
        if self._client[0] != self.server.url:
            self._client = (self.server.url, aws.client(self.server))
        return self._client[1]

    def configure(self, bucket: str, state: str = "ACTIVE", **more) -> str:
        """A recording configuration whose trial ended so; its ARN."""
        destination = {"s3": {"bucketName": bucket}}
        made = self.ivs.create_recording_configuration(destinationConfiguration=destination, **more)
        arn = made["recordingConfiguration"]["arn"]

        def tried():
            found = self.ivs.get_recording_configuration(arn=arn)["recordingConfiguration"]["state"]
            return found if found != "CREATING" else None

        assert wait_until(tried, f"the trial of {bucket}") == state
        return arn

    def channel(self, bucket: str, configuration: str = "", **more) -> Channel:
        """A channel that is recorded into this bucket."""
        arn = configuration or self.configure(self.buckets.make(bucket))
        made = self.ivs.create_channel(insecureIngest=True, type="BASIC", recordingConfigurationArn=arn, **more)
        return Channel(made["channel"]["arn"], made["streamKey"]["value"], bucket)

    def push(self, channel: Channel, film: Path, speed: float) -> "Push":
        return Push(self.server.bound["rtmp"], channel.key, film, speed)

    def is_live(self, channel: Channel) -> bool:
        ivs = self.ivs
        try:
            return ivs.get_stream(channelArn=channel.arn)["stream"]["state"] == "LIVE"
        except ivs.exceptions.ChannelNotBroadcasting:
            return False

    # What was told

    def events(self) -> list[dict]:
        """All that was told so far, in order."""
        if not self.events_file.exists():
            return []
        whole = self.events_file.read_text().rpartition("\n")[0]
        return [json.loads(line) for line in whole.splitlines()]

    def told(self, channel: Channel) -> list[dict]:
        """Of a channel's recordings, each event once: a file may hold one twice after a kill."""
        mine = [event for event in self.events() if event["detail-type"] == CHANGE]
        once = {event["id"]: event for event in mine if event["resources"] == [channel.arn]}
        return [event["detail"] for event in once.values()]

    def names(self, channel: Channel) -> list[str]:
        return [detail["recording_status"] for detail in self.told(channel)]

    def ended(self, channel: Channel, count: int = 1, seconds: float = 60) -> list[dict]:
        """Waits until so many recordings of the channel are over, in whichever way; their last events."""

        def over():
            found = [detail for detail in self.told(channel) if detail["recording_status"] != START]
            return found if len(found) >= count else None

        return wait_until(over, f"{count} ends of recordings in {channel.bucket}", seconds)

    def verified(self, *which: str) -> str:
        """What `rillcast recordings verify` says; it finds no fault."""
        done = self.server.command("recordings", "verify", *which)
        assert done.returncode == 0, f"{done.stdout}\n{done.stderr}"
        return done.stdout

    def tapes(self) -> list[Path]:
        """Recordings that wait on the server's disk."""
        folder = self.server.data_dir / "recordings"
        return sorted(folder.iterdir()) if folder.exists() else []


class Push:
    """An encoder on a thread of its own: sends a film, and knows the last picture that it handed to the network."""

    def __init__(self, address: str, key: str, film: Path, speed: float):
        self._address, self._key, self._film, self._speed = address, key, film, speed
        #: Pictures that were handed to the network; the next one has this number.
        self.sent = 0
        #: Was the server gone before the film was over?
        self.is_cut = False
        self._leave = threading.Event()
        self._thread = threading.Thread(target=self._run, daemon=True)
        self._thread.start()

    def _run(self) -> None:
        try:
            self._publish()
        except (OSError, ConnectionError):
            self.is_cut = True

    def _publish(self) -> None:
        publisher = Publisher(self._address)
        try:
            publisher.connect()
            said = publisher.publish(self._key)
            assert said["code"] == "NetStream.Publish.Start", said
            begun = time.monotonic()
            for tag, wire, is_picture in packed(self._film):
                wait = begun + tag.time / 1000 / self._speed - time.monotonic()
                if wait > 0 and self._leave.wait(wait):
                    return
                publisher.send(wire)
                self.sent += is_picture
        finally:
            publisher.close()

    def leave(self) -> None:
        """Goes now."""
        self._leave.set()
        self.over()

    def over(self, seconds: float = 90) -> "Push":
        """Waits until the film is sent."""
        self._thread.join(seconds)
        assert not self._thread.is_alive(), f"{self._film.name} was not sent in {seconds:.0f} s"
        return self


@cache
def packed(film: Path) -> list[tuple[Tag, bytes, bool]]:
    """A film's messages as they go over the wire, and whether each is a picture."""
    return [
        (tag, message(tag.kind, tag.body, chunk_stream=MEDIA, stream=1, time=tag.time), is_picture(tag))
        for tag in tags(film)
    ]


def is_picture(tag: Tag) -> bool:
    """Not what only describes pictures."""
    return tag.kind == VIDEO and tag.body[1] == 1


# What is in the bucket


@dataclass
class Entry:
    uri: str
    seconds: float
    time: str
    is_gap: bool = False
    discontinuity: bool = False
    map: str = ""
    #: Length and offset, in a playlist of byte ranges.
    range: tuple[int, int] | None = None


@dataclass
class Playlist:
    entries: list[Entry] = field(default_factory=list)
    has_end: bool = False


def parse(text: str) -> Playlist:
    """A media playlist of a recording, as far as these tests look at it."""
    found, new, last_map = Playlist(), Entry("", 0.0, ""), ""
    for line in text.splitlines():
        name, _, value = line.partition(":")
        match name:
            case "#EXTINF":
                new.seconds = float(value.split(",")[0])
            case "#EXT-X-PROGRAM-DATE-TIME":
                new.time = value
            case "#EXT-X-DISCONTINUITY":
                new.discontinuity = True
            case "#EXT-X-GAP":
                new.is_gap = True
            case "#EXT-X-MAP":
                last_map = re.search(r'URI="([^"]+)"', value)[1]
            case "#EXT-X-BYTERANGE":
                length, _, offset = value.partition("@")
                new.range = (int(length), int(offset))
            case "#EXT-X-ENDLIST":
                found.has_end = True
        if line and not line.startswith("#"):
            new.uri, new.map = line, last_map
            found.entries.append(new)
            new = Entry("", 0.0, "")
    return found


class Kept:
    """A recording in its bucket."""

    def __init__(self, buckets: S3Buckets | DiskBuckets, bucket: str, prefix: str):
        self._buckets, self.bucket, self.prefix = buckets, bucket, prefix
        self.objects = {
            key.removeprefix(f"{prefix}/"): size for key, size in buckets.keys(bucket, f"{prefix}/").items()
        }

    def read(self, key: str) -> bytes:
        body = self._buckets.read(self.bucket, f"{self.prefix}/{key}")
        assert body is not None, f"{key} is not there: {sorted(self.objects)}"
        return body

    def manifest(self, stage: str) -> dict:
        """`started`, `ended` or `failed`."""
        return json.loads(self.read(f"events/recording-{stage}.json"))

    def stages(self) -> list[str]:
        found = re.compile(r"events/recording-(\w+)\.json")
        return sorted(match[1] for match in map(found.fullmatch, self.objects) if match)

    def renditions(self) -> list[str]:
        """The folders that the multivariant playlist names."""
        lines = self.read("media/hls/master.m3u8").decode().splitlines()
        return [line.rpartition("/")[0] for line in lines if line and not line.startswith("#")]

    def playlist(self, rendition: str, name: str = "playlist.m3u8") -> Playlist:
        return parse(self.read(f"media/hls/{rendition}/{name}").decode())

    def check(self, stage: str = "ended") -> "Kept":
        """Each object that is named is there, byte ranges tile it, both lists agree, and they are closed."""
        assert self.stages() == sorted(["started", stage])
        told = self.manifest(stage)["media"]["hls"]
        assert [each["path"] for each in told["renditions"]] == self.renditions() != []
        for rendition in self.renditions():
            whole, ranges = self.playlist(rendition), self.playlist(rendition, "byte-range-variant.m3u8")
            assert whole.has_end and ranges.has_end
            seconds = sum(entry.seconds for entry in whole.entries)
            assert abs(seconds - sum(entry.seconds for entry in ranges.entries)) < 0.002
            assert abs(seconds * 1000 - told["duration_ms"]) <= 1
            pieces = {uri: list(found) for uri, found in groupby(ranges.entries, lambda entry: entry.uri)}
            assert list(pieces) == [entry.uri for entry in whole.entries]
            for entry in whole.entries:
                self._check_chunk(rendition, entry, pieces[entry.uri])
        return self

    def _check_chunk(self, rendition: str, entry: Entry, pieces: list[Entry]) -> None:
        key = urljoin(f"media/hls/{rendition}/", entry.uri)
        if entry.is_gap:
            assert key not in self.objects
            return
        at = 0
        for piece in pieces:
            length, offset = piece.range
            assert offset == at, f"{key}: a hole at {at}"
            at += length
        assert self.objects.get(key) == at, f"{key}: {self.objects.get(key)} bytes, {at} are listed"

    def runs(self, rendition: str = "") -> list[list[ladder_look.Picture]]:
        """The pictures between discontinuities."""
        rendition = rendition or self.renditions()[0]
        folder, found = f"media/hls/{rendition}", []
        for entry in self.playlist(rendition).entries:
            if not found or entry.discontinuity:
                found.append([])
            if not entry.is_gap:
                init = [f"{folder}/{entry.map}"] if entry.map and not found[-1] else []
                found[-1] += [*init, f"{folder}/{entry.uri}"]
        return [self._pictures(keys) for keys in found]

    def _pictures(self, keys: list[str]) -> list[ladder_look.Picture]:
        with tempfile.NamedTemporaryFile(suffix=Path(keys[0]).suffix) as file:
            for key in keys:
                file.write(self.read(key))
            file.flush()
            return ladder_look.pictures(Path(file.name))

    def numbers(self, rendition: str = "") -> list[int]:
        """The numbers in the pictures, none missing and none twice within a run."""
        found = []
        for run in self.runs(rendition):
            numbers = [picture.number for picture in run]
            assert numbers == list(range(numbers[0], numbers[0] + len(numbers))), f"{self.prefix}: {holes(numbers)}"
            found += numbers
        return found


def holes(numbers: list[int]) -> list[tuple[int, int]]:
    """Neighbours that are none."""
    return [(before, after) for before, after in zip(numbers, numbers[1:]) if after != before + 1]
