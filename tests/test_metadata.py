"""Timed metadata from PutMetadata to the players: the same text, once, at the same moment of the stream.

Promise: boxes and tags are read by a reader of our own; what a player makes of them is hls.js's word, in a
real browser. The service's own player is not at hand: of its form only what the standard says is checked.
"""

import json
import time
from dataclasses import dataclass
from pathlib import Path
from urllib.parse import urljoin

import pytest
from harness import browser, emsg, probe, ts
from harness.aws import Channel, make_channel
from harness.compare import assert_same_media, assert_same_times
from harness.encoder import Recipe
from harness.viewer import Background, Recording, Viewer, on_air
from harness.waiting import wait_until
from harness.web import fetch

OWNER = "metadata.live-video.net"
SERVICE_SCHEME = "urn:twitch:id3"
OPEN_SCHEME = "https://aomedia.org/emsg/ID3"

#: What people send: plain, structured, of several bytes a letter, as long as is allowed.
TEXTS = ["goal", '{"quiz": {"question": "Who?", "answers": ["A", "B"]}}', "Füße 🎈 日本語", "x" * 1024]

#: A picture's time in the clips.
FRAME = 1 / 30

#: The cues that hls.js has made so far, as plain values.
CUES = """() => [...document.querySelector("#video").textTracks].flatMap(track => [...(track.cues ?? [])])
    .filter(cue => cue.value?.key === "PRIV")
    .map(cue => ({
        start: cue.startTime,
        owner: cue.value.info,
        text: new TextDecoder().decode(cue.value.data),
    }))"""

#: Notes each text when hls.js reads it, and each cue when its moment comes.
LISTEN = """() => {
    [window.parsed, window.heard] = [[], []];
    const decode = bytes => new TextDecoder().decode(bytes);
    window.rillcast.player.on("hlsFragParsingMetadata", (_, { frag, samples }) => {
        for (const { data, pts, type } of samples) {
            if (decode(data.subarray(10, 14)) !== "PRIV") continue;
            const date = frag.programDateTime / 1000 + pts - frag.start;
            window.parsed.push({ tag: [...data], start: pts, date, scheme: type });
        }
    });
    const video = document.querySelector("#video");
    const seen = new Set();
    const note = track => () => {
        for (const cue of track.activeCues ?? []) {
            if (seen.has(cue) || cue.value.key !== "PRIV") continue;
            seen.add(cue);
            window.heard.push({ text: decode(cue.value.data), start: cue.startTime, now: video.currentTime });
        }
    };
    const listen = track => track.addEventListener("cuechange", note(track));
    // The track is there already, for the playlist's date range is a cue of it: hls.js makes it with the first
    // cue, and Chromium empties a track as it loads, which would lose a text.
    [...video.textTracks].forEach(listen);
    video.textTracks.addEventListener("addtrack", ({ track }) => listen(track));
}"""


@pytest.fixture(scope="module", params=["FRAGMENTED_MP4", "TS"])
def container(request) -> str:
    return request.param


@pytest.fixture
def channel(ivs, container) -> Channel:
    return make_channel(ivs, containerFormat=container)


def put(ivs, channel: Channel, text: str) -> None:
    answer = ivs.put_metadata(channelArn=channel.arn, metadata=text)
    assert answer["ResponseMetadata"]["HTTPStatusCode"] == 204


@dataclass(frozen=True)
class Told:
    """A text as a viewer finds it in the media."""

    text: str
    #: Seconds on the media's own clock, and after the earliest picture of its segment.
    at: float
    after: float
    #: What tells it from others where the container numbers them.
    id: int | None = None


def text_in(tag: bytes | list[int]) -> str:
    """The text in a tag; pages hand it over as numbers."""
    frame = emsg.private_frame(bytes(tag))
    assert frame.owner == OWNER
    return frame.data.decode()


def in_fragments(data: bytes) -> list[Told]:
    """Each text in both forms, which agree in all but the way to tell the time."""
    found = [event for event in emsg.events(data) if not emsg.is_text(event.message)]
    assert len(found) % 2 == 0
    for service, other in zip(found[::2], found[1::2]):
        assert (service.scheme, other.scheme) == (SERVICE_SCHEME, OPEN_SCHEME)
        assert service.after is not None and other.at is not None, "version 0, then version 1"
        assert (service.id, service.message) == (other.id, other.message)
        assert service.duration == other.duration == emsg.UNKNOWN
    return [
        Told(text_in(other.message), other.at, service.after, other.id)
        for service, other in zip(found[::2], found[1::2])
    ]


def in_packets(data: bytes) -> list[Told]:
    """Each text at the time of a picture of its segment."""
    found = ts.read(data)
    shown = [pes.pts for pes in found if pes.kind == ts.H264]
    tags = [pes for pes in found if pes.kind == ts.METADATA]
    assert all(tag.pts in shown for tag in tags)
    texts = [tag for tag in tags if not emsg.is_text(tag.data)]
    return [Told(text_in(tag.data), tag.pts / ts.CLOCK, (tag.pts - min(shown)) / ts.CLOCK) for tag in texts]


@dataclass(frozen=True)
class Latency:
    """What a segment tells of its own way, and where."""

    said: dict
    #: Seconds after the earliest picture of its segment.
    after: float


def latency_in(data: bytes) -> list[Latency]:
    """Said in the one form of the service's own player."""
    if data[:1] == b"\x47":
        found = ts.read(data)
        opening = min(pes.pts for pes in found if pes.kind == ts.H264)
        tags = [(pes.data, (pes.pts - opening) / ts.CLOCK) for pes in found if pes.kind == ts.METADATA]
    else:
        events = [event for event in emsg.events(data) if emsg.is_text(event.message)]
        assert all(event.scheme == SERVICE_SCHEME for event in events)
        tags = [(event.message, event.after) for event in events]
    frames = [(emsg.text_frame(tag), after) for tag, after in tags if emsg.is_text(tag)]
    assert all(frame.description == "segmentmetadata" for frame, _ in frames)
    return [Latency(json.loads(frame.text), after) for frame, after in frames]


def texts_in(data: bytes) -> list[Told]:
    return in_packets(data) if data[:1] == b"\x47" else in_fragments(data)


def segments_of(recording: Recording) -> dict[int, bytes]:
    """The bytes of each segment so far."""
    found: dict[int, bytes] = {}
    for (sequence, _), (_, body) in sorted(recording.pieces.items()):
        found[sequence] = found.get(sequence, b"") + body
    return found


def all_told(recording: Recording) -> list[Told]:
    return [one for data in segments_of(recording).values() for one in texts_in(data)]


def dates(recording: Recording) -> dict[str, float]:
    """When each text of the listed segments is to be shown, by their dates and its time in them."""
    data, found = segments_of(recording), {}
    for segment in recording.last.segments:
        for one in texts_in(data.get(segment.sequence, b"")):
            found[one.text] = segment.moment.timestamp() + one.after
    return found


class Listener:
    """A viewer that reads on until it has the date of each of these texts."""

    def __init__(self, playback_url: str, texts: list[str]):
        self.texts, self.dates = texts, {}
        viewer = Viewer(playback_url)
        self.following = Background(lambda: viewer.follow(until=self._has_all))

    def _has_all(self, seen: Recording) -> bool:
        self.dates |= dates(seen)
        return set(self.dates) >= set(self.texts)


@pytest.fixture(scope="module")
def recording(ivs, server, clip, publish, container):
    """A stream with all the texts, from its first picture to its end, and the clip that it was."""
    channel = make_channel(ivs, containerFormat=container)
    source = clip(Recipe(seconds=12, gop_seconds=2, b_frames=2))
    encoder = publish(source, server.rtmp_url(channel.key))
    viewer = Viewer(channel.playback)
    following = Background(lambda: viewer.follow())
    wait_until(viewer.started.is_set, "a viewer")
    for text in TEXTS:
        put(ivs, channel, text)
    seen = following.result()
    assert encoder.ended() == 0
    return seen, source


def test_texts_are_in_the_stream_once_and_in_order(recording, container):
    seen, _ = recording
    told = all_told(seen)
    assert [one.text for one in told] == TEXTS
    times = [one.at for one in told]
    assert times == sorted(times)
    if container == "FRAGMENTED_MP4":
        assert len({one.id for one in told}) == len(TEXTS), "players take two of the same id for one"


def test_whoever_fetches_whole_segments_finds_the_same(recording):
    seen, _ = recording
    assert seen.rules.broken == []
    segments = [segment for segment in seen.last.segments if segment.uri]
    whole = {segment.sequence: fetch(urljoin(seen.url, segment.uri)).body for segment in segments}
    assert whole == {sequence: data for sequence, data in segments_of(seen).items() if sequence in whole}
    assert [one.text for data in whole.values() for one in texts_in(data)] == TEXTS


def test_pictures_and_sound_are_as_they_were(recording, container, tmp_path: Path):
    seen, source = recording
    if container == "FRAGMENTED_MP4":
        assert_same_media(source, seen.join(tmp_path / "joined.mp4"))
    else:
        assert_same_times(source, seen.join(tmp_path / "joined.ts"))


def test_each_segment_tells_when_its_first_picture_came_in(recording):
    seen, _ = recording
    said = []
    for data in segments_of(seen).values():
        [one] = latency_in(data)
        assert one.after == 0 and one.said["cmd"] == "ld_lat_data"
        said.append(one.said)
    assert len(said) == 6
    arrivals = [one["transc_r"] for one in said]
    assert arrivals == sorted(arrivals) == [one["ingest_r"] for one in said]
    assert all(one["transc_r"] <= one["transc_s"] <= time.time() * 1000 for one in said)
    moments = [segment.moment.timestamp() for segment in seen.last.segments]
    assert arrivals[-1] / 1000 >= moments[0], "by the clock that the playlist's dates are of"
    assert [round(one["stream_offset"], 1) for one in said] == [0.1, 2.1, 4.1, 6.1, 8.1, 10.1], "B pictures wait"


# It passes over events of fragmented MP4.
@pytest.mark.parametrize("container", ["TS"], indirect=True)
def test_ffprobe_finds_the_texts_at_the_times_of_pictures(recording, tmp_path: Path):
    seen, _ = recording
    found = probe.packets(seen.join(tmp_path / "joined.ts"))
    pictures = {packet.pts for packet in found["video"]}
    assert all(packet.pts in pictures for packet in found["data"])
    times = [packet.pts for packet in found["data"]]
    assert len(times) == len(TEXTS) + len(segments_of(seen)), "each segment tells its latency beside"
    assert {round(one.at * ts.CLOCK) for one in all_told(seen)} <= set(times)


def test_a_browser_shows_each_text_once_at_its_moment(ivs, server, channel, container, clip, publish, report):
    publish(clip(Recipe(seconds=90, size="640x360", gop_seconds=2, b_frames=2)), server.rtmp_url(channel.key))
    wait_until(lambda: on_air(channel.playback), "the channel on air")
    listener = Listener(channel.playback, TEXTS)
    with browser.watching(f"{server.url}/watch/{channel.id}") as tab:
        tab.wait("document.querySelector('#state').dataset.state === 'live'")
        tab.read(LISTEN)
        tab.wait_for_progress(2)
        for count, text in enumerate(TEXTS, 1):
            put(ivs, channel, text)
            # Each has a moment of its own: the last is shown before the next is sent.
            tab.wait(f"window.heard.length >= {count}")
        parsed, heard, cues = tab.read("window.parsed"), tab.read("window.heard"), tab.read(CUES)
        assert tab.errors == []

    assert [text_in(one["tag"]) for one in parsed] == TEXTS, "one for each text, not for each form"
    assert {one["scheme"] for one in parsed} == {OPEN_SCHEME}, "hls.js calls tags in packets so, too"
    assert [cue["text"] for cue in cues] == [one["text"] for one in heard] == TEXTS
    assert {cue["owner"] for cue in cues} == {OWNER}
    assert [cue["start"] for cue in cues] == [one["start"] for one in parsed]
    assert all(one["now"] >= one["start"] for one in heard), "no cue before its moment"

    listener.following.result()
    off = [one["date"] - listener.dates[text_in(one["tag"])] for one in parsed]
    assert all(abs(seconds) < FRAME for seconds in off), f"each within a picture of its moment: {off}"
    late = max(one["now"] - one["start"] for one in heard)
    report(
        f"timed metadata in {container}: hls.js places it within {max(map(abs, off)) * 1000:.0f} ms, "
        f"cues come {late * 1000:.0f} ms after their moment"
    )
