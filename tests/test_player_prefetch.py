"""The service's player, played by one of our own: what it asks, in which form it is answered, and how soon it has
each picture of the segment that is still being made.

Promise: written from what is known of that player's requests; its own code is not run here.
"""

import json
import statistics
import time

import pytest

from harness import player_demux as demux
from harness.aws import make_channel
from harness.player_clip import Look, Sender, make
from harness.player_prefetch import PROBE, PlayerError, PrefetchPlayer, is_date, on_air
from harness.waiting import wait_until
from harness.web import fetch

SEGMENT = 2
CONTAINERS = ["FRAGMENTED_MP4", "TS"]
OWNER = "metadata.live-video.net"
TEXTS = ["goal", '{"who": "Füße 🎈"}']


@pytest.fixture(scope="module")
def film(tmp_path_factory):
    return make(Look(gop_seconds=SEGMENT), tmp_path_factory.mktemp("films"))


@pytest.fixture(scope="module")
def start(server, ivs, film):
    """Puts channels on air."""
    begun = []

    def go(**options):
        channel = make_channel(ivs, **options)
        begun.append(Sender(server.bound["rtmp"], channel.key, film))
        return channel, begun[-1]

    yield go
    for sender in begun:
        sender.end()


@pytest.fixture(scope="module")
def stage(start):
    """A channel of each container on air, for as long as fills a window."""
    found = {container: start(containerFormat=container) for container in CONTAINERS}
    for _, sender in found.values():
        wait_until(lambda sender=sender: sender.media_seconds() > 6 * SEGMENT, "a window")
    return found


@pytest.fixture(scope="module", params=CONTAINERS)
def watched(request, stage, ivs):
    """Some segments as the player had them, with texts that were sent meanwhile."""
    channel, sender = stage[request.param]
    player = on_air(channel.playback)

    def enough(player: PrefetchPlayer) -> bool:
        # One text into each of the first segments.
        for text in TEXTS[len(player.received) :][:1]:
            ivs.put_metadata(channelArn=channel.arn, metadata=text)
        return len(player.received) >= 4

    player.play(enough)
    return request.param, player, sender


def test_it_is_told_apart_by_what_it_accepts_and_gets_a_form_of_its_own(watched):
    container, player, _ = watched
    assert player.url.endswith("/prefetch.m3u8")
    assert player.low_latency
    for listing in player.listings:
        assert len(listing.prefetch) == 2, "the segment being made, and the next one"
        assert listing.version == (3 if container == "TS" else listing.version) and listing.version < 8
        assert (listing.map is None) == (container == "TS")
        assert 1 <= len(listing.segments) <= 16
        assert listing.live_sequence >= listing.sequence and listing.elapsed >= 0
        assert all(seconds <= listing.target + 0.5 for _, seconds, _ in listing.segments)
        assert all(is_date(date) for _, _, date in listing.segments)
        classes = {one["CLASS"] for one in listing.dates}
        assert classes == {"timestamp", "live-video-net-stream-source"}
        now = next(one for one in listing.dates if one["CLASS"] == "timestamp")
        assert abs(float(now["X-SERVER-TIME"]) - time.time()) < 120
    for before, after in zip(player.listings, player.listings[1:]):
        assert before.sequence <= after.sequence and before.growing <= after.growing
        assert before.elapsed <= after.elapsed


def test_the_session_is_told_as_the_service_tells_it(watched):
    _, player, _ = watched
    assert player.session["USER-IP"] == "127.0.0.1"
    assert abs(float(player.session["SERVER-TIME"]) - time.time()) < 120
    assert {"NODE", "SERVING-ID", "VIDEO-SESSION-ID", "BROADCAST-ID", "STREAM-TIME", "REGION"} <= set(player.session)
    assert player.variant["CODECS"].startswith("avc1.") and player.variant["RESOLUTION"] == "320x180"


def test_segments_come_while_they_are_made(watched, report):
    container, player, sender = watched
    first, *later = player.received
    for segment in player.received:
        assert segment.whole and segment.alone == 0, "both tracks in each fragment"
        assert "content-length" not in segment.headers, "nobody knows yet how long it will be"
        assert segment.headers["content-type"] == ("video/mp2t" if container == "TS" else "video/iso.segment")
        assert segment.units[0][1].keyframe or any(unit.keyframe for _, unit in segment.units[:6])
    for segment in later:
        assert segment.pieces > 3, "piece by piece, not at once"
    # What was there before the player came is older; from then on each picture comes as its part is ready.
    ages = [sender.age_of(unit.data, at) for seen in later for at, unit in seen.units if unit.kind == demux.PICTURE]
    report(
        f"prefetching from {container}: pictures are there {statistics.median(ages):.3f} s after they were sent"
        f" (at most {max(ages):.2f} s), {len(ages)} pictures, {len(later[0].units)} units a segment"
    )
    assert statistics.median(ages) < SEGMENT / 2, "long before the segment is whole"
    assert first.asked


def test_nothing_is_missing_and_nothing_comes_twice(watched):
    _, player, _ = watched
    numbers = [segment.number for segment in player.received]
    assert numbers == list(range(numbers[0], numbers[0] + len(numbers)))
    pictures = [unit.at for _, unit in player.units(demux.PICTURE)]
    steps = [after - before for before, after in zip(pictures, pictures[1:])]
    assert all(abs(step - 1 / 30) < 0.002 for step in steps), sorted(set(steps))
    assert player.units(demux.SOUND)


def test_the_finished_segment_is_what_came_while_it_was_made(watched):
    _, player, _ = watched
    for segment in player.received:
        whole = fetch(segment.uri)
        assert whole.status == 200 and whole.body == segment.body
        assert int(whole.headers["content-length"]) == len(whole.body)


def test_the_way_can_be_measured_with_a_piece_of_a_finished_segment(watched):
    _, player, _ = watched
    answer = player.probe()
    assert answer.status == 206
    total = int(answer.headers["content-range"].rpartition("/")[2])
    assert len(answer.body) == min(PROBE, total)


def test_latency_can_be_told_from_each_segment(watched, report):
    container, player, _ = watched
    assert len(player.telemetry) >= len(player.received), "at least once a segment"
    lags = []
    for seen, told in player.telemetry:
        assert told["cmd"] == "ld_lat_data"
        lags.append(seen - told["transc_r"] / 1000)
    # The first may be of media that were there before the player came.
    late = statistics.median(lags[1:])
    report(f"{container}: by the telemetry in its segments the player is {late:.3f} s behind the server at arrival")
    assert 0 <= late < SEGMENT


def test_texts_come_as_cues_once_and_in_their_order(watched):
    _, player, _ = watched
    assert [(cue.owner, cue.text) for cue in player.cues] == [(OWNER, text) for text in TEXTS]
    pictures = [unit.at for _, unit in player.units(demux.PICTURE)]
    for cue in player.cues:
        assert pictures[0] - 0.1 <= cue.at <= pictures[-1] + 0.1


def test_a_channel_of_normal_latency_has_nothing_to_prefetch(start):
    channel, sender = start(latencyMode="NORMAL")
    wait_until(lambda: sender.media_seconds() > 4 * SEGMENT, "some segments")
    answer = wait_until(lambda: (found := fetch(channel.playback)).status == 200 and found, "on air")
    form = answer.text.splitlines()[-1]
    assert form.endswith("/plain.m3u8")
    player = PrefetchPlayer(channel.playback)
    with pytest.raises(AssertionError):
        # Not the form that it would know prefetch lines in.
        player.open()
        assert player.low_latency


def test_the_end_of_the_stream_ends_the_segment_being_made(start):
    channel, sender = start()
    player = on_air(channel.playback)
    wait_until(lambda: sender.media_seconds() > 4 * SEGMENT, "some segments")

    def enough(player: PrefetchPlayer) -> bool:
        if len(player.received) == 2:
            sender.end()
        return len(player.received) > 20

    player.poll()
    try:
        player.play(enough)
    except PlayerError as error:
        # The stream ended with a segment, and the next one, which was announced, never came.
        assert error.code == 404
        player.received.pop()
        wait_until(lambda: player.poll().ended, "the end is told")
    last = player.listings[-1]
    assert last.ended and last.prefetch == []
    assert all(segment.whole for segment in player.received), "an end in order, not a broken transfer"


def test_refusals_are_understood(server, ivs, start):
    private, _ = start(authorized=True)
    cases = [
        (make_channel(ivs).playback, "ErrorNotAvailable", 404),
        (private.playback, "ErrorAuthorization", 7),
        (private.playback + "?token=a.b.c", "ErrorAuthorization", 7),
    ]
    for url, kind, code in cases:

        def refused(url=url, kind=kind, code=code):
            try:
                PrefetchPlayer(url).open()
            except PlayerError as error:
                # A private channel is not told from one that is offline before it is on air.
                return (error.kind, error.code) == (kind, code)
            return False

        wait_until(refused, f"{url}: {kind}, {code}")
        told = json.loads(fetch(url).body)
        assert isinstance(told, list) and told[0]["type"] == "error" and told[0]["url"]
