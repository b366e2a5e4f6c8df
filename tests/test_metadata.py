"""Timed metadata from PutMetadata to the players: the same text, once, at the same moment of the stream.

Promise: boxes and tags are read by a reader of our own; what a player makes of them is hls.js's word, in a
real browser. The service's own player is not at hand: of its form only what the standard says is checked.
"""

from pathlib import Path
from urllib.parse import urljoin

import pytest

from harness import browser, emsg
from harness.aws import Channel, make_channel
from harness.compare import assert_same_media
from harness.encoder import Recipe
from harness.viewer import Background, Recording, Viewer, on_air
from harness.waiting import wait_until
from harness.web import fetch

OWNER = "metadata.live-video.net"
SERVICE_SCHEME = "urn:twitch:id3"
OPEN_SCHEME = "https://aomedia.org/emsg/ID3"

#: What people send: plain, structured, of several bytes a letter, as long as is allowed.
TEXTS = ["goal", '{"quiz": {"question": "Who?", "answers": ["A", "B"]}}', "Füße 🎈 日本語", "x" * 1024]

#: hls.js 1.7 makes its text track with the first text, and Chromium empties the track as it loads: that cue is
#: lost, although hls.js has read it.
FIRST = "makes the text track"

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
            const date = frag.programDateTime / 1000 + pts - frag.start;
            window.parsed.push({ tag: [...data], start: pts, date, scheme: type });
        }
    });
    const video = document.querySelector("#video");
    const seen = new Set();
    const note = track => () => {
        for (const cue of track.activeCues ?? []) {
            if (seen.has(cue)) continue;
            seen.add(cue);
            window.heard.push({ text: decode(cue.value.data), start: cue.startTime, now: video.currentTime });
        }
    };
    video.textTracks.addEventListener("addtrack", ({ track }) => track.addEventListener("cuechange", note(track)));
}"""


@pytest.fixture
def channel(ivs) -> Channel:
    return make_channel(ivs)


def put(ivs, channel: Channel, text: str) -> None:
    answer = ivs.put_metadata(channelArn=channel.arn, metadata=text)
    assert answer["ResponseMetadata"]["HTTPStatusCode"] == 204


def pairs(data: bytes) -> list[tuple[emsg.Event, emsg.Event]]:
    """The events of a part or segment: each text in both forms, which agree in all but the time."""
    found = emsg.events(data)
    assert len(found) % 2 == 0
    told = list(zip(found[::2], found[1::2]))
    for service, other in told:
        assert (service.scheme, other.scheme) == (SERVICE_SCHEME, OPEN_SCHEME)
        assert service.after is not None and other.at is not None, "version 0, then version 1"
        assert (service.id, service.message) == (other.id, other.message)
        assert service.duration == other.duration == emsg.UNKNOWN
    return told


def text_of(pair: tuple[emsg.Event, emsg.Event]) -> str:
    return text_in(pair[0].message)


def dates(recording: Recording) -> dict[str, float]:
    """When each text of the listed segments is to be shown, by their dates and its time in them."""
    found = {}
    moments = {segment.sequence: segment.moment for segment in recording.last.segments}
    for (sequence, _), (_, body) in recording.pieces.items():
        for pair in pairs(body) if moments.get(sequence) else ():
            found[text_of(pair)] = moments[sequence].timestamp() + pair[0].after
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


def text_in(tag: bytes | list[int]) -> str:
    """The text in a tag; pages hand it over as numbers."""
    frame = emsg.private_frame(bytes(tag))
    assert frame.owner == OWNER
    return frame.data.decode()


@pytest.fixture(scope="module")
def recording(ivs, server, clip, publish, tmp_path_factory):
    """A stream with all the texts, from its first picture to its end, and the clip that it was."""
    channel, source = make_channel(ivs), clip(Recipe(seconds=16, gop_seconds=2, b_frames=2))
    encoder = publish(source, server.rtmp_url(channel.key))
    viewer = Viewer(channel.playback)
    following = Background(lambda: viewer.follow())
    wait_until(viewer.started.is_set, "a viewer")
    for text in TEXTS:
        put(ivs, channel, text)
    seen = following.result()
    assert encoder.ended() == 0
    return seen, source


def test_texts_are_in_the_stream_once_and_in_order(recording):
    seen, _ = recording
    told = [pair for _, (_, body) in sorted(seen.pieces.items()) for pair in pairs(body)]
    assert [text_of(pair) for pair in told] == TEXTS
    times = [other.at for _, other in told]
    assert times == sorted(times)
    assert len({other.id for _, other in told}) == len(TEXTS), "players take two of the same id for one"


def test_whoever_fetches_whole_segments_finds_the_same(recording):
    seen, _ = recording
    assert seen.rules.broken == []
    segments = [segment for segment in seen.last.segments if segment.uri]
    whole = {segment.sequence: fetch(urljoin(seen.url, segment.uri)).body for segment in segments}
    for sequence, data in whole.items():
        parts = [body for (number, _), (_, body) in sorted(seen.pieces.items()) if number == sequence]
        assert b"".join(parts) == data
    assert [text_of(pair) for data in whole.values() for pair in pairs(data)] == TEXTS


def test_pictures_and_sound_are_as_they_were(recording, tmp_path: Path):
    seen, source = recording
    assert_same_media(source, seen.join(tmp_path / "joined.mp4"))


def test_a_browser_shows_each_text_once_at_its_moment(ivs, server, channel, clip, publish, report):
    publish(clip(Recipe(seconds=90, size="640x360", gop_seconds=2, b_frames=2)), server.rtmp_url(channel.key))
    wait_until(lambda: on_air(channel.playback), "the channel on air")
    listener = Listener(channel.playback, [FIRST, *TEXTS])
    with browser.watching(f"{server.url}/watch/{channel.id}") as tab:
        tab.wait("document.querySelector('#state').dataset.state === 'live'")
        tab.read(LISTEN)
        tab.wait_for_progress(2)
        put(ivs, channel, FIRST)
        tab.wait("document.querySelector('#video track')?.readyState >= HTMLTrackElement.LOADED")
        for count, text in enumerate(TEXTS, 1):
            put(ivs, channel, text)
            # Each has a moment of its own: the last is shown before the next is sent.
            tab.wait(f"window.heard.filter(one => one.text !== '{FIRST}').length >= {count}")
        parsed, heard, cues = tab.read("window.parsed"), tab.read("window.heard"), tab.read(CUES)
        assert tab.errors == []

    assert [text_in(one["tag"]) for one in parsed] == [FIRST, *TEXTS], "one for each text, not for each form"
    assert {one["scheme"] for one in parsed} == {OPEN_SCHEME}
    cues, heard = ([one for one in found if one["text"] != FIRST] for found in (cues, heard))
    assert [cue["text"] for cue in cues] == [one["text"] for one in heard] == TEXTS
    assert {cue["owner"] for cue in cues} == {OWNER}
    assert [cue["start"] for cue in cues] == [one["start"] for one in parsed[1:]]
    assert all(one["now"] >= one["start"] for one in heard), "no cue before its moment"

    part = listener.following.result().last.part_target
    off = [one["date"] - listener.dates[text_in(one["tag"])] for one in parsed]
    assert all(abs(seconds) < part for seconds in off), f"each within a part of its moment: {off}"
    late = max(one["now"] - one["start"] for one in heard)
    report(
        f"timed metadata: hls.js places it within {max(map(abs, off)) * 1000:.0f} ms, "
        f"cues come {late * 1000:.0f} ms after their moment"
    )
