"""A server that records, its buckets and its events, as one thing that test files share.

Promise: what is opened here is gone with the fixture that opened it.
"""

from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from . import aws, rtmp
from .aws import Channel
from .buckets import PLACES, DiskBuckets, S3Buckets
from .encoder import Tag, tags
from .recording import END, Events, Push, Tree, pushing
from .server import Server
from .waiting import wait_until


@dataclass
class House:
    buckets: DiskBuckets | S3Buckets
    server: Server
    events: Events
    ivs: Any
    push: Callable[..., Push]

    def send_with_texts(self, channel: Channel, film: Path, texts: dict[int, str]) -> None:
        """Sends the film, and each text with PutMetadata so that it belongs to the picture of this number."""
        media = [tag for tag in tags(film) if tag.kind in (rtmp.AUDIO, rtmp.VIDEO)]
        shown = [at for at, tag in enumerate(media) if tag.kind == rtmp.VIDEO and tag.body[1] == 1]
        publisher, begun = self.send(channel, []), 0
        for number, text in texts.items():
            publisher.tags(media[begun : shown[number]])
            settle(publisher)
            self.ivs.put_metadata(channelArn=channel.arn, metadata=text)
            begun = shown[number]
        publisher.tags(media[begun:])
        leave(publisher)

    def tree(self, channel: Channel, at: int = 0) -> Tree:
        """What the channel's recording left (the first, unless told), once it has ended."""
        return self.tree_of(self.events.wait(channel, END, at + 1)[at])

    def tree_of(self, event: dict[str, Any]) -> Tree:
        """Where an event says that a recording is."""
        told = event["detail"]
        return Tree(self.buckets, told["recording_s3_bucket_name"], told["recording_s3_key_prefix"])

    def url(self, channel: Channel, query: str = "") -> str:
        return self.server.rtmp_url(channel.key + query)

    def send(self, channel: Channel, media: list[Tag]) -> rtmp.Publisher:
        """Puts the channel on air, once the stream before is gone, with all of that at once."""

        def admitted() -> rtmp.Publisher | None:
            publisher = rtmp.Publisher(self.server.bound["rtmp"])
            publisher.connect()
            if publisher.publish(channel.key)["code"] == "NetStream.Publish.Start":
                return publisher
            publisher.close()
            return None

        publisher = wait_until(admitted, f"{channel.id} free for a stream")
        publisher.tags(media)
        return publisher


def settle(publisher: rtmp.Publisher) -> None:
    """Waits until the server has read all that was sent."""
    publisher.send(rtmp.command("createStream", 9, None))
    publisher.answer_to("_result", 9)


def leave(publisher: rtmp.Publisher) -> None:
    """Ends the stream as encoders do."""
    publisher.send(rtmp.command("deleteStream", 10, None, 1))
    publisher.close()


@contextmanager
def houses(start_server: Callable[..., Server], folder: Callable[[str], Path]) -> Iterator[Callable[..., House]]:
    """Opens houses: `open(place, *flags)`."""
    with ExitStack() as stack:

        def open_(place: str, *flags: str) -> House:
            here = folder(place)
            buckets, events = PLACES[place](), Events(here)
            stack.callback(buckets.remove)
            buckets.start()
            server = start_server(*events.flags, *flags, env=buckets.settings())
            (here / "pushes").mkdir()
            return House(buckets.of(server), server, events, aws.client(server), pushing(here / "pushes"))

        yield open_
