"""What an encoder tells viewers in its own stream.

Promise: the text is found in the media that viewers get, under the owner that the official player tells
apart from the API's.
"""

import pytest

from harness import rtmp
from harness.aws import make_channel
from harness.encoder import Recipe, tags
from harness.viewer import Background, Viewer
from harness.waiting import wait_until

OWNER = b"inband.metadata.live-video.net\0"


#: Fragmented MP4 carries each text twice, once for each kind of player.
@pytest.mark.parametrize(("container", "copies"), [("FRAGMENTED_MP4", 2), ("TS", 1)])
def test_text_of_the_encoder_reaches_viewers_under_its_own_owner(server, ivs, clip, container, copies):
    channel = make_channel(ivs, containerFormat=container)
    media = tags(clip(Recipe(seconds=8)))
    publisher = rtmp.Publisher(server.bound["rtmp"])
    publisher.connect()
    assert publisher.publish(channel.key)["code"] == "NetStream.Publish.Start"
    publisher.tags(tag for tag in media if tag.time < 5000)
    viewer = Viewer(channel.playback)
    watching = Background(viewer.follow)
    assert viewer.started.wait(40)
    publisher.data("onTextData", {"type": "Text", "text": "from the studio"})
    publisher.data("onCuePoint", {"name": "offer", "parameters": {"price": 12.5}})
    publisher.data("onTextData", "x" * 1025)
    publisher.tags(tag for tag in media if tag.time >= 5000)
    publisher.close()
    seen = b"".join(body for _, body in watching.result().pieces.values())
    assert seen.count(OWNER + b"from the studio") == copies
    assert seen.count(OWNER + b'{"name":"offer","parameters":{"price":12.5}}') == copies
    assert seen.count(OWNER) == 2 * copies, "what is longer than 1 KB is left out"
    wait_until(lambda: "a text of the encoder's is not handed on" in server.log(), "a line of the log")
