"""Streams from encoder to viewer: what goes in comes out, and what should not go in does no harm.

Each test that has to watch a whole stream names its work with `early`; all such work of the selected tests
starts when the file starts and runs side by side.

Promise: media are judged by ffprobe and by a playlist checker of our own, never by the server's word.
"""

import datetime
import random
import re
import socket
import ssl
import subprocess
import threading
from collections.abc import Callable
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any
from urllib.parse import urljoin

import pytest

from harness import aws, probe, rtmp
from harness.aws import Channel, make_channel, refused
from harness.compare import assert_same_media
from harness.encoder import Publisher, Recipe, tags
from harness.playlist import parse, rebuild
from harness.server import Server
from harness.viewer import Background, Recording, Viewer, on_air
from harness.waiting import wait_until
from harness.web import fetch

#: The server's own limit on a silent connection, with room for a busy machine.
SILENCE = 90.0

MATRIX = [
    pytest.param(Recipe(fps=fps, b_frames=b_frames, rate=rate), id=f"{fps}fps-{b_frames}b-{rate}")
    for fps in (25, 30, 60)
    for b_frames in (0, 2)
    for rate in (44100, 48000)
]


def begins(job: Callable[..., Any]):
    """Marks a test with its early work."""
    return pytest.mark.early.with_args(job)


@dataclass
class Stage:
    """What work on streams needs."""

    server: Server
    ivs: Any
    clip: Callable[..., Path]
    publish: Callable[..., Publisher]
    folder: Path
    start_server: Callable[..., Server]

    def channel(self, **options: Any) -> Channel:
        return make_channel(self.ivs, **options)

    def send(self, recipe: Recipe, channel: Channel, **options: Any) -> Publisher:
        return self.publish(self.clip(recipe), self.server.rtmp_url(channel.key), **options)

    def elsewhere(self, *flags: str) -> "Stage":
        """The same on a server of its own that was started with these flags."""
        server = self.start_server(*flags)
        return replace(self, server=server, ivs=aws.client(server))

    def raw(self, channel: Channel) -> rtmp.Publisher:
        """A connection of our own that publishes, accepted."""
        connection = rtmp.Publisher(self.server.bound["rtmp"])
        connection.connect()
        status = connection.publish(channel.key)
        assert status["code"] == "NetStream.Publish.Start", status
        return connection


@pytest.fixture(scope="module")
def stage(server, ivs, clip, publish, tmp_path_factory, start_server):
    return Stage(server, ivs, clip, publish, tmp_path_factory.mktemp("joined"), start_server)


@pytest.fixture(scope="module", autouse=True)
def early(request, stage):
    """Starts the named work of all selected tests of this file."""
    started = {}
    for item in request.session.items:
        marker = item.get_closest_marker("early")
        if marker is not None and item.path == request.path:
            parameters = item.callspec.params if hasattr(item, "callspec") else {}
            started[item.nodeid] = Background(lambda job, more: job(stage, **more), marker.args[0], parameters)
    return started


@pytest.fixture
def outcome(request, early):
    """The answer of the test's own early work."""
    return early[request.node.nodeid].result(SILENCE + 60)


@pytest.fixture(scope="module")
def live(stage):
    """A channel that is on air for the whole file."""
    channel = stage.channel(name="live")
    stage.send(Recipe(seconds=240, gop_seconds=1), channel)
    wait_until(lambda: on_air(channel.playback), "the live channel on air")
    return channel


@pytest.fixture
def viewer(live):
    viewer = Viewer(live.playback)
    viewer.open()
    return viewer


@pytest.fixture
def undisturbed(live):
    """A viewer who watches the live channel meanwhile, and must not notice anything."""
    done, viewer = threading.Event(), Viewer(live.playback)
    watching = Background(viewer.follow, lambda seen: done.is_set())
    assert viewer.started.wait(40)
    yield
    first = viewer.recording.last.edge()
    wait_until(lambda: viewer.recording.last.edge() > (first[0] + 1, 0), "the live channel goes on")
    done.set()
    seen = watching.result()
    assert seen.rules.broken == []
    assert not any(segment.discontinuity for segment in seen.last.segments)


def watch(stage: Stage, channel: Channel) -> tuple[Recording, Path]:
    """Follows a channel's next stream to its end and joins it."""
    viewer = Viewer(channel.playback)
    viewer.open()
    seen = viewer.follow()
    return seen, seen.join(stage.folder / f"{channel.id}.mp4")


# What goes in comes out


@dataclass
class Passage:
    """A clip's way through the server."""

    clip: Path
    joined: Path
    seen: Recording
    exit_code: int


def pass_through(stage: Stage, recipe: Recipe, secure: bool = False) -> Passage:
    channel = stage.channel(insecureIngest=not secure)
    clip = stage.clip(recipe)
    url = stage.server.rtmps_url(channel.key) if secure else stage.server.rtmp_url(channel.key)
    encoder = stage.publish(clip, url)
    seen, joined = watch(stage, channel)
    return Passage(clip, joined, seen, encoder.ended())


@begins(pass_through)
@pytest.mark.parametrize("recipe", MATRIX)
def test_every_packet_comes_out_as_it_went_in(outcome, recipe):
    assert outcome.exit_code == 0
    assert_same_media(outcome.clip, outcome.joined)
    assert outcome.seen.rules.broken == []


@begins(lambda stage: pass_through(stage, Recipe(), secure=True))
def test_a_stream_over_rtmps_comes_out_as_it_went_in(outcome):
    assert outcome.exit_code == 0
    assert_same_media(outcome.clip, outcome.joined)
    assert outcome.seen.rules.broken == []


@begins(lambda stage: pass_through(stage, Recipe(audio=None)))
def test_video_without_sound_plays(outcome):
    assert_same_media(outcome.clip, outcome.joined)
    assert outcome.seen.rules.broken == []
    assert "mp4a" not in outcome.seen.variant.stream["CODECS"]


@begins(lambda stage: pass_through(stage, Recipe(seconds=14, gop_seconds=2, fps=30, b_frames=2)))
def test_two_second_keyframe_intervals_come_out_as_they_went_in(outcome):
    assert_same_media(outcome.clip, outcome.joined)
    assert outcome.seen.rules.broken == []
    assert outcome.seen.last.target == 2


@begins(lambda stage: pass_through(stage, Recipe(fps=60, size="640x360")))
def test_the_multivariant_playlist_says_what_ffprobe_finds(outcome):
    found, said = probe.streams(outcome.joined), outcome.seen.variant.stream
    video, audio = found["video"], found["audio"]
    codecs = said["CODECS"].split(",")
    assert [codec.partition(".")[0] for codec in codecs] == ["avc1", "mp4a"]
    assert int(codecs[0][-2:], 16) == video["level"]
    assert audio["profile"] == "LC" and codecs[1] == "mp4a.40.2"
    assert said["RESOLUTION"] == f"{video['width']}x{video['height']}"
    assert re.fullmatch(r"\d+\.\d{3}", said["FRAME-RATE"])
    assert abs(float(said["FRAME-RATE"]) - 60) < 0.5
    bits = {}
    for (msn, _), (_, body) in outcome.seen.pieces.items():
        bits[msn] = bits.get(msn, 0) + 8 * len(body)
    lengths = {segment.sequence: segment.duration for segment in outcome.seen.last.closed}
    rates = [bits[msn] / length for msn, length in lengths.items() if length >= 0.5]
    assert max(rates) / 4 < int(said["BANDWIDTH"]) < max(rates) * 2


def play_with_ffmpeg(stage: Stage) -> subprocess.CompletedProcess[str]:
    channel = stage.channel()
    stage.send(Recipe(seconds=10), channel)
    wait_until(lambda: on_air(channel.playback), "the channel on air")
    return subprocess.run(
        ["ffmpeg", "-nostdin", "-v", "error", "-i", channel.playback, "-map", "0", "-f", "framemd5", "-"],
        capture_output=True,
        text=True,
        timeout=120,
    )


@begins(play_with_ffmpeg)
def test_ffmpeg_as_an_hls_player_plays_to_the_end(outcome):
    assert outcome.returncode == 0 and outcome.stderr == ""
    kinds = [line.partition(",")[0] for line in outcome.stdout.splitlines() if not line.startswith("#")]
    assert kinds.count("0") > 100 and kinds.count("1") > 100, "pictures and sound"


# The playlist while the stream runs


@dataclass
class Slide:
    seen: Recording
    unreadable: list[str]
    changed: list[str]


def let_the_window_slide(stage: Stage) -> Slide:
    """Follows until enough has left the playlist, reading whatever leaves it once more."""
    channel = stage.channel()
    encoder = stage.send(Recipe(seconds=60), channel)
    viewer, found, known = Viewer(channel.playback), Slide(None, [], []), set()

    def enough(seen: Recording) -> bool:
        bodies = dict(seen.pieces.values())
        for uri in seen.rules.gone:
            if uri not in known:
                known.add(uri)
                url = urljoin(seen.url, uri)
                again = fetch(url)
                if again.status != 200:
                    found.unreadable.append(uri)
                elif bodies.get(url, again.body) != again.body:
                    found.changed.append(uri)
        return len(known) >= 12

    found.seen = viewer.follow(enough)
    encoder.stop()
    return found


@begins(let_the_window_slide)
def test_the_low_latency_rules_hold_while_the_window_slides(outcome):
    assert outcome.seen.rules.broken == []
    assert outcome.seen.rules.seen > 40, "nearly every part made a playlist of its own"
    assert outcome.seen.last.sequence > outcome.seen.rules.first.sequence


@begins(let_the_window_slide)
def test_media_stay_readable_and_unchanged_when_they_leave_the_playlist(outcome):
    assert outcome.unreadable == [] and outcome.changed == []


def test_a_blocked_reload_is_answered_with_what_it_asked_for(viewer):
    msn, part = parse(viewer.read().text).edge()
    now = parse(viewer.read(f"?_HLS_msn={msn}&_HLS_part={part + 1}").text)
    assert now.edge() > (msn, part + 1)


def test_a_reload_without_a_part_waits_for_the_whole_segment(viewer):
    msn, _ = parse(viewer.read().text).edge()
    now = parse(viewer.read(f"?_HLS_msn={msn}").text)
    assert msn in [segment.sequence for segment in now.closed]


def test_a_part_past_the_segments_end_is_the_first_of_the_next(viewer):
    msn, _ = parse(viewer.read().text).edge()
    now = parse(viewer.read(f"?_HLS_msn={msn}&_HLS_part=7").text)
    assert now.edge() > (msn + 1, 0)


def test_numbers_that_have_left_the_window_get_the_whole_playlist(viewer):
    wait_until(lambda: parse(viewer.read().text).sequence > 0, "the window slides")
    answer = viewer.read("?_HLS_msn=0&_HLS_part=0")
    assert answer.status == 200 and parse(answer.text).skipped == 0


@pytest.mark.parametrize(
    "query",
    [
        "_HLS_part=1",
        "_HLS_msn=x",
        "_HLS_msn=-1",
        "_HLS_msn=1&_HLS_part=x",
        "_HLS_msn=99999999999999999999999",
        "_HLS_skip=maybe",
    ],
)
def test_a_malformed_directive_is_refused(viewer, query):
    answer = viewer.read(f"?{query}")
    assert answer.status == 400
    assert answer.headers["access-control-allow-origin"] == "*"


@pytest.mark.parametrize(("segments", "parts"), [(4, 0), (1000, 0), (0, 40)])
def test_a_request_too_far_ahead_is_refused_at_once(viewer, segments, parts):
    msn, part = parse(viewer.read().text).edge()
    answer = viewer.read(f"?_HLS_msn={msn + segments}&_HLS_part={part + parts}")
    assert answer.status == 400
    assert answer.headers["access-control-allow-origin"] == "*"


def test_a_delta_update_rebuilds_to_the_full_playlist(viewer):
    def one_moment():
        before, delta, after = (parse(viewer.read(query).text) for query in ("", "?_HLS_skip=YES", ""))
        return (before, delta) if before == after and delta.skipped else None

    full, delta = wait_until(one_moment, "a delta between two equal playlists")
    assert rebuild(full, delta) == full.segments
    assert (delta.sequence, delta.target, delta.control) == (full.sequence, full.target, full.control)
    boundary = float(full.control["CAN-SKIP-UNTIL"])
    assert sum(segment.length for segment in delta.segments) >= boundary - delta.target


def test_the_hinted_part_is_held_until_it_is_complete(viewer):
    base = viewer.recording.url
    for _ in range(5):
        hint = parse(viewer.read().text).hint
        early_bird = fetch(urljoin(base, hint))
        assert early_bird.status == 200
        again = fetch(urljoin(base, hint))
        assert again.body == early_bird.body and int(again.headers["content-length"]) == len(again.body)


def test_media_may_be_kept_for_ever_and_playlists_may_not(viewer):
    recording = viewer.recording
    playlist = viewer.read()
    now = parse(playlist.text)
    base = recording.url
    closed = now.closed[-1]
    for uri in (closed.uri, closed.parts[0].uri, closed.map):
        answer = fetch(urljoin(base, uri))
        assert answer.status == 200
        assert int(re.search(r"max-age=(\d+)", answer.headers["cache-control"])[1]) >= 60
        assert re.match(r"video/(mp4|iso\.segment)", answer.headers["content-type"])
    multivariant = fetch(viewer.playback_url)
    for answer in (playlist, multivariant):
        assert answer.headers["content-type"] == "application/vnd.apple.mpegurl"
        assert re.search(r"no-cache|no-store|max-age=[01]\b", answer.headers["cache-control"])


def test_a_whole_segment_is_its_parts(viewer):
    now = parse(viewer.read().text)
    base = viewer.recording.url
    segment = now.closed[-1]
    parts = b"".join(fetch(urljoin(base, part.uri)).body for part in segment.parts)
    assert fetch(urljoin(base, segment.uri)).body == parts


def test_any_site_may_play(viewer):
    asked = {"Origin": "https://example.org", "Access-Control-Request-Method": "GET"}
    for url in (viewer.playback_url, viewer.recording.url):
        assert fetch(url, headers={"Origin": "https://example.org"}).headers["access-control-allow-origin"] == "*"
        preflight = fetch(url, "OPTIONS", headers=asked)
        assert preflight.status in (200, 204) and preflight.headers["access-control-allow-origin"] == "*"
        head = fetch(url, "HEAD")
        assert head.status == 200 and head.body == b""
        assert fetch(url, "POST", b"x").status == 405


def test_the_date_of_a_segment_is_when_it_was_sent(viewer):
    newest = parse(viewer.read().text).segments[-1].moment
    age = datetime.datetime.now(datetime.UTC) - newest
    assert abs(age.total_seconds()) < 30, "a clock, not a guess from zero"


# Begin and end


def test_an_offline_channel_is_told_in_a_json_array(stage):
    channel = stage.channel()
    unknown = channel.playback.replace(channel.id, "AAAAbbbb0000")
    for url in (channel.playback, unknown):
        answer = fetch(url)
        assert answer.status == 404
        assert answer.headers["access-control-allow-origin"] == "*"
        [told] = answer.json()
        assert told["type"] == "error" and told["error_code"] == "transcode_does_not_exist"
        assert told["url"] and told["error"]


def end_and_come_back(stage: Stage) -> tuple[Recording, Recording, int]:
    channel = stage.channel()
    stage.send(Recipe(seconds=6), channel)
    first, _ = watch(stage, channel)
    wait_until(lambda: fetch(channel.playback).status == 404, "offline after the end")
    after_the_end = fetch(first.url).status
    stage.send(Recipe(seconds=6), channel)
    second, _ = watch(stage, channel)
    return first, second, after_the_end


@begins(end_and_come_back)
def test_a_publisher_who_comes_back_makes_a_new_stream(outcome):
    first, second, after_the_end = outcome
    assert after_the_end == 200, "late readers of the first still learn its end"
    streams = [re.search(r"st-[A-Za-z0-9]{23}", seen.url)[0] for seen in (first, second)]
    assert streams[0] != streams[1]
    assert first.last.ended and second.last.ended
    assert first.rules.broken == second.rules.broken == []


def vanish(stage: Stage) -> Recording:
    channel = stage.channel()
    encoder = stage.send(Recipe(seconds=60), channel)
    viewer = Viewer(channel.playback)
    watching = Background(viewer.follow)
    assert viewer.started.wait(60)
    encoder.kill()
    return watching.result()


@begins(vanish)
def test_the_stream_of_a_publisher_who_vanishes_ends_properly(outcome):
    assert outcome.last.ended
    assert outcome.rules.broken == []


def freeze(stage: Stage) -> tuple[int, Recording, str]:
    stage = stage.elsewhere("--silence-seconds", "6")
    channel = stage.channel()
    encoder = stage.send(Recipe(seconds=60), channel)
    viewer = Viewer(channel.playback)
    viewer.open()
    viewer.follow(lambda seen: True)
    encoder.freeze()
    status, text = 200, ""
    while status == 200 and not parse(text or viewer.read().text).ended:
        text = viewer.read().text
        msn, part = parse(text).edge()
        status = viewer.read(f"?_HLS_msn={msn}&_HLS_part={part}").status
    wait_until(lambda: parse(viewer.read().text).ended, "the silent stream is given up", SILENCE)
    # The encoder wakes up to a closed connection; a new one takes its place.
    encoder.kill()
    stage.send(Recipe(seconds=6), channel)
    again, _ = watch(stage, channel)
    return status, again, stage.server.log()


@begins(freeze)
def test_a_publisher_who_freezes_is_given_up_and_may_come_back(outcome):
    status, again, log = outcome
    assert status == 503, "a held request is not held for ever"
    assert again.last.ended and again.rules.broken == []
    assert re.search(r"stream ended .*cause=\"[^\"]*sent nothing", log), "the log names the cause"


def test_a_private_channel_shows_nothing_without_a_valid_token(stage):
    channel = stage.channel(authorized=True)
    public = stage.channel()
    for each in (channel, public):
        stage.send(Recipe(seconds=60), each)
    wait_until(lambda: on_air(public.playback), "the public channel on air")
    wait_until(lambda: fetch(channel.playback).status != 404, "the private one, too")
    for url in (channel.playback, f"{channel.playback}?token=not.a.token"):
        answer = fetch(url)
        assert answer.status == 403
        assert answer.json()[0]["error_code"] == "invalid_playback_auth_token"


def test_a_live_channel_cannot_be_deleted(stage, live):
    with refused("ConflictException", 409):
        stage.ivs.delete_channel(arn=live.arn)
    assert on_air(live.playback)


def test_a_channel_can_be_deleted_after_its_stream(stage):
    channel = stage.channel()
    encoder = stage.send(Recipe(seconds=60), channel)
    wait_until(lambda: on_air(channel.playback), "on air")
    encoder.stop()
    wait_until(lambda: fetch(channel.playback).status == 404, "offline")
    stage.ivs.delete_channel(arn=channel.arn)


def test_a_deleted_stream_key_opens_no_new_stream_but_ends_none(stage):
    channel = stage.channel()
    encoder = stage.send(Recipe(seconds=60), channel)
    wait_until(lambda: on_air(channel.playback), "on air")
    [key] = stage.ivs.list_stream_keys(channelArn=channel.arn)["streamKeys"]
    stage.ivs.delete_stream_key(arn=key["arn"])
    viewer = Viewer(channel.playback)
    viewer.open()
    first = parse(viewer.read().text).edge()
    viewer.follow(lambda seen: seen.last.edge() > (first[0] + 1, 0))
    assert encoder.running()
    encoder.stop()
    late = stage.send(Recipe(seconds=60), channel)
    assert late.ended() != 0


# Who may publish


def answer_to_publish(server: Server, key: str) -> dict[str, Any]:
    connection = rtmp.Publisher(server.bound["rtmp"])
    connection.connect()
    status = connection.publish(key)
    assert connection.closed()
    connection.close()
    return status


def test_a_wrong_key_is_refused_with_a_status(stage, undisturbed):
    status = answer_to_publish(stage.server, "sk_us-east-1_AAAAbbbb0000_" + "x" * 30)
    assert status["level"] == "error" and status["code"].startswith("NetStream.Publish."), status
    assert status["description"]


def test_ffmpeg_with_a_wrong_key_fails(stage):
    encoder = stage.publish(stage.clip(Recipe()), stage.server.rtmps_url("sk_us-east-1_AAAAbbbb0000_nope"))
    assert encoder.ended() != 0


def test_plain_rtmp_is_refused_on_a_secure_channel(stage):
    channel = stage.channel(insecureIngest=False)
    status = answer_to_publish(stage.server, channel.key)
    assert status["level"] == "error"
    assert "rtmps" in status["description"].lower(), "the broadcaster learns what to do"


def second_publisher(stage: Stage) -> tuple[Passage, dict[str, Any], int]:
    # Long enough to be still there when the rival comes, on a slow machine too.
    channel, clip = stage.channel(), stage.clip(Recipe(seconds=15))
    encoder = stage.publish(clip, stage.server.rtmp_url(channel.key))
    watching = Background(watch, stage, channel)
    wait_until(lambda: on_air(channel.playback), "on air")
    status = answer_to_publish(stage.server, channel.key)
    rival = stage.send(Recipe(seconds=60), channel).ended()
    seen, joined = watching.result()
    return Passage(clip, joined, seen, encoder.ended()), status, rival


@begins(second_publisher)
def test_a_second_publisher_is_refused_and_the_first_goes_on(outcome):
    passage, status, rival = outcome
    assert status["level"] == "error" and status["description"]
    assert rival != 0
    assert passage.exit_code == 0
    assert_same_media(passage.clip, passage.joined)
    assert passage.seen.rules.broken == []


# What must do no harm


def test_an_http_request_to_the_rtmp_port_is_logged_as_what_it_is(stage, undisturbed):
    with _raw(stage, "rtmp") as connection:
        connection.sendall(b"GET / HTTP/1.1\r\nHost: localhost\r\n\r\n")
        _drain(connection)
    wait_until(lambda: "HTTP" in stage.server.log(), "a line about HTTP in the log")


def test_a_tls_hello_to_the_plain_port_is_logged_as_what_it_is(stage, undisturbed):
    context = ssl.create_default_context()
    context.check_hostname, context.verify_mode = False, ssl.CERT_NONE
    with _raw(stage, "rtmp") as connection, pytest.raises((ssl.SSLError, ConnectionError)):
        context.wrap_socket(connection)
    wait_until(lambda: "TLS" in stage.server.log(), "a line about TLS in the log")


def test_garbage_on_the_media_ports_harms_nobody(stage, undisturbed):
    noise = random.Random(7)
    before = stage.server.memory()
    for name in ("rtmp", "rtmps"):
        for start in (b"", b"\x03", b"\x16\x03\x01", b"\x03" + bytes(1536), b"\x03" + bytes(3072)):
            with _raw(stage, name) as connection:
                _pour(connection, start + noise.randbytes(200_000))
    assert stage.server.memory() - before < 64 << 20


def test_an_rtmp_session_cut_anywhere_harms_nobody(stage, undisturbed):
    channel = stage.channel()
    hello = b"\x03" + bytes(1536) + bytes(1536)
    session = hello + b"".join(
        [
            rtmp.command("connect", 1, {"app": "app", "tcUrl": "rtmp://localhost/app"}),
            rtmp.command("createStream", 2, None),
            rtmp.command("publish", 3, None, channel.key, "live", stream=1),
            rtmp.message(rtmp.VIDEO, b"\x17\x00\x00\x00\x00" + bytes(300), chunk_stream=4, stream=1),
        ]
    )
    for cut in [*range(0, len(session), 97), len(session) - 1]:
        with _raw(stage, "rtmp") as connection:
            _pour(connection, session[:cut])
    assert fetch(channel.playback).status == 404


def test_messages_that_claim_to_be_huge_cost_no_memory(stage, undisturbed):
    before = stage.server.memory()
    for _ in range(8):
        connection = rtmp.Publisher(stage.server.bound["rtmp"])
        connection.connect()
        connection.send(rtmp.message(rtmp.SET_CHUNK_SIZE, (0x7FFFFFFF).to_bytes(4), chunk_stream=2))
        for chunk_stream in range(3, 60):
            head = bytes([chunk_stream]) + bytes(3) + b"\xff\xff\xff" + b"\x09" + bytes(4)
            if not _pour(connection.socket, head + bytes(400_000)):
                break
        connection.close()
    assert stage.server.memory() - before < 96 << 20


def test_half_open_connections_are_closed_and_others_still_served(stage, undisturbed):
    held = [_raw(stage, name) for name in ("rtmp", "rtmps") for _ in range(60)]
    for connection in held[::2]:
        _pour(connection, b"\x03" + bytes(500))
    status = answer_to_publish(stage.server, "sk_us-east-1_AAAAbbbb0000_nope")
    assert status["level"] == "error", "there is room for another"
    for connection in held:
        _drain(connection)
        connection.close()


def _raw(stage: Stage, name: str) -> socket.socket:
    host, port = stage.server.bound[name].rsplit(":", 1)
    return socket.create_connection((host, int(port)), timeout=SILENCE)


def _pour(connection: socket.socket, data: bytes) -> bool:
    """Sends what the server takes; false when it has closed the connection."""
    try:
        connection.sendall(data)
    except ConnectionError:
        return False
    return True


def _drain(connection: socket.socket) -> None:
    """Reads until the server closes."""
    try:
        while connection.recv(65536):
            pass
    except ConnectionError:
        pass


# What is not supported


@pytest.mark.parametrize(
    "header",
    [
        pytest.param(b"\x1c\x00\x00\x00\x00" + bytes(40), id="legacy-codec-id"),
        pytest.param(b"\x90hvc1" + bytes(40), id="fourcc"),
    ],
)
def test_hevc_is_refused_by_name(stage, header, undisturbed):
    connection = stage.raw(stage.channel())
    connection.video(header)
    status = connection.status()
    assert status["level"] == "error"
    assert re.search(r"HEVC|H\.265", status["description"]), status
    assert connection.closed()
    connection.close()
    wait_until(lambda: re.search(r"HEVC|H\.265", stage.server.log()), "the codec in the log")


def test_mp3_sound_is_refused_by_name(stage):
    channel = stage.channel()
    encoder = stage.send(Recipe(audio="mp3", rate=44100, seconds=30), channel)
    assert encoder.ended() != 0
    wait_until(lambda: re.search(r"(?i)mp3", stage.server.log()), "the codec in the log")
    assert fetch(channel.playback).status == 404


def audio_only(stage: Stage) -> tuple[int, str]:
    encoder = stage.send(Recipe(video=None, seconds=60), stage.channel())
    return encoder.ended(SILENCE), encoder.log()


@pytest.mark.slow
@begins(audio_only)
def test_sound_alone_is_ended_after_a_while(outcome, stage):
    assert outcome[0] != 0
    assert re.search(r"(?i)no video|without video|audio[- ]only|video", stage.server.log())


def never_a_keyframe(stage: Stage) -> tuple[dict[str, Any], int]:
    pictures = [tag for tag in tags(stage.clip(Recipe(seconds=60))) if tag.kind == rtmp.VIDEO]
    channel = stage.channel()
    connection = stage.raw(channel)
    connection.video(pictures[0].body)
    answer = Background(connection.status)
    tick = threading.Event()
    for picture in pictures[1:]:
        if answer.done() or picture.body[0] >> 4 == 1:
            continue
        try:
            connection.video(picture.body, picture.time)
        except ConnectionError:
            break
        tick.wait(1 / 30)
    status = answer.result()
    connection.close()
    return status, fetch(channel.playback).status


@pytest.mark.slow
@begins(never_a_keyframe)
def test_video_that_never_has_a_keyframe_is_ended_with_a_reason(outcome):
    status, playback = outcome
    assert status["level"] == "error" and "keyframe" in status["description"].lower().replace("key frame", "keyframe")
    assert playback == 404
