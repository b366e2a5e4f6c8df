"""Captions (CEA-608 in SEI messages) are in every rendition: each byte pair, once, in its order, at its time.

Promise: they are written by hand and read by hand and by ffmpeg, in both containers.
"""

import pytest

from harness import aws
from harness import ladder_captions as captions
from harness import ladder_watch as ladder
from harness.aws import make_channel
from harness.ladder_film import Film, make
from harness.player_demux import PICTURE, Fragments, TransportStream
from harness.viewer import Background

pytestmark = pytest.mark.alone

#: Pictures are reordered, and every second one has no place in a rendition of 30 a second.
FILM = Film(size="704x396", fps=60, seconds=11, b_frames=2, kbps=900)
CONTAINERS = ("FRAGMENTED_MP4", "TS")


@pytest.fixture(scope="module")
def server(start_server):
    flags = ("--transcode-speed", "ultrafast", "--transcode-nice", "0")
    return ladder.ready(start_server("--transcoding", "on", *flags))


@pytest.fixture(scope="module")
def film(tmp_path_factory):
    return captions.caption(make(FILM, tmp_path_factory.mktemp("films")), FILM.fps, FILM.seconds)


@pytest.fixture(scope="module")
def seen(server, film, publish):
    """All renditions by container."""
    ivs, watching = aws.client(server), {}
    for container in CONTAINERS:
        channel = make_channel(ivs, type="STANDARD", containerFormat=container)
        publish(film, server.rtmp_url(channel.key))
        watching[container] = Background(ladder.watch, channel.playback)
    return {container: work.result() for container, work in watching.items()}


def pictures(one: ladder.Rendition):
    """Each picture with its time."""
    demuxer = TransportStream() if one.segments[one.numbers[0]].map is None else Fragments(*one.maps.values())
    for number in one.numbers:
        for unit in demuxer.feed(one.bodies[number]):
            if unit.kind == PICTURE:
                yield unit.at, unit.data
    for unit in demuxer.end():
        if unit.kind == PICTURE:
            yield unit.at, unit.data


def told(one: ladder.Rendition) -> list[captions.Pair]:
    pairs = captions.read(pictures(one))
    return [pair for pair in pairs if pair.field == captions.FIELD_1 and pair.data != captions.NOTHING]


@pytest.mark.parametrize("container", CONTAINERS)
def test_every_rendition_has_each_pair_once_and_in_order(seen, container):
    renditions = {one.name: one for one in seen[container]}
    assert len(renditions) >= 3, list(renditions)
    wanted = [pair for pair in captions.pairs(FILM.seconds) if pair != captions.NOTHING]
    for name, one in renditions.items():
        assert [pair.data for pair in told(one)] == wanted, name


@pytest.mark.parametrize("container", CONTAINERS)
def test_pairs_come_with_their_pictures(seen, container):
    source, *others = (told(one) for one in seen[container])
    for other in others:
        late = [after.at - before.at for before, after in zip(source, other, strict=True)]
        # Those of a picture that is left out come with the next one.
        assert min(late) >= -0.001 and max(late) <= 1 / FILM.fps + 0.001, (min(late), max(late))


@pytest.mark.parametrize("container", CONTAINERS)
def test_another_reader_reads_every_line(seen, container, tmp_path):
    for one in seen[container]:
        text = captions.as_text(one.join(tmp_path / f"{one.name}.{'ts' if container == 'TS' else 'mp4'}"))
        lines = [captions.line(second) for second in range(FILM.seconds - 1)]
        assert [line for line in lines if line not in text] == [], one.name
