"""The playlists of a ladder: each rendition's by the rules of one stream, all of them beside each other, and who gets
which.

Promise: every playlist that a viewer of any rendition could have read is looked at by the checker, which knows nothing
of the server; a token's cap is tried on all that a rendition has.
"""

import base64
import json
import re
import subprocess
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field
from pathlib import Path
from urllib.parse import urljoin, urlsplit

import pytest

from harness import aws, browser, players
from harness.aws import Channel, make_channel
from harness.encoder import Recipe
from harness.ladder_watch import name_of
from harness.player_clip import Look, Sender, make
from harness.player_token import Signer
from harness.players import HLS_LOW, SHAKA_LOW, VIDEOJS
from harness.playlist import MediaPlaylist, Rules, Segment, Variant, last_part, misaligned, parse, parse_multivariant
from harness.viewer import on_air
from harness.waiting import PATIENCE, wait_until
from harness.web import Connection, fetch

pytestmark = pytest.mark.alone

OUT = Path(__file__).parent / "out"

#: Small and slow, so that two ladders at once cost no more than a slow machine has.
SMALL = Recipe(seconds=60, size="640x360", fps=15)
#: Above 480 lines, so that a cap takes something away.
LARGER = Recipe(seconds=60, size="960x540", fps=15)
#: Playlists of each rendition that are looked at: five of them are a second.
ENOUGH = 40


@dataclass
class Eye:
    """A viewer of one rendition, part by part."""

    url: str
    variant: Variant
    rules: Rules = field(default_factory=Rules)
    segments: dict[int, Segment] = field(default_factory=dict)
    playlists: list[MediaPlaylist] = field(default_factory=list)

    @property
    def name(self) -> str:
        return name_of(self.variant)

    def follow(self) -> "Eye":
        """Until the stream ends."""
        kept, query = Connection(urlsplit(self.url).netloc), ""
        while not self.playlists or not self.playlists[-1].ended:
            answer = kept.ask("GET", urlsplit(self.url).path + query)
            assert answer.status == 200, (self.name, query, answer.status, answer.text)
            now = parse(answer.text)
            self.rules.observe(now)
            self.playlists.append(now)
            for segment in now.segments:
                if segment.parts or segment.sequence not in self.segments:
                    self.segments[segment.sequence] = segment
            query = "?_HLS_msn={}&_HLS_part={}".format(*now.edge())
        kept.close()
        return self


@dataclass
class Watched:
    """What the viewers of all renditions saw, from one multivariant playlist."""

    channel: Channel
    playback: str
    variants: list[Variant]
    text: str
    eyes: dict[str, Eye] = field(default_factory=dict)


def watch(channel: Channel, publisher, token: str | None, before_the_end) -> Watched:
    playback = channel.playback + (f"?token={token}" if token else "")
    text = wait_until(lambda: on_air(playback), f"{channel.playback} on air", 2 * PATIENCE).text
    variants = parse_multivariant(text)
    watched = Watched(channel, playback, variants, text)
    eyes = [Eye(urljoin(channel.playback, variant.uri), variant) for variant in variants]
    with ThreadPoolExecutor(len(eyes)) as pool:
        following = [pool.submit(eye.follow) for eye in eyes]
        try:
            seen = lambda: all(eye.rules.seen >= ENOUGH for eye in eyes) or any(one.done() for one in following)  # noqa: E731
            wait_until(seen, "enough playlists of each rendition", 2 * PATIENCE)
            before_the_end(watched)
        finally:
            publisher.stop()
        watched.eyes = {eye.name: eye for eye in (one.result(PATIENCE) for one in following)}
    return watched


@pytest.fixture(scope="module")
def server(start_server):
    return start_server("--transcoding", "on", "--transcode-speed", "ultrafast", "--transcode-capacity", "4000")


@pytest.fixture(scope="module")
def ivs(server):
    return aws.client(server)


@pytest.fixture(scope="module")
def signer(ivs) -> Signer:
    signer = Signer()
    ivs.import_playback_key_pair(publicKeyMaterial=signer.public, name="viewers")
    return signer


@pytest.fixture(scope="module")
def standard(server, ivs, clip, publish) -> Watched:
    """A public channel whose source is one of its renditions."""
    channel = make_channel(ivs, type="STANDARD", containerFormat="FRAGMENTED_MP4")
    publisher = publish(clip(SMALL), server.rtmp_url(channel.key))
    return watch(channel, publisher, None, probe)


@pytest.fixture(scope="module")
def advanced(server, ivs, signer, clip, publish) -> Watched:
    """A private one whose source nobody gets."""
    channel = make_channel(ivs, type="ADVANCED_HD", containerFormat="TS", authorized=True)
    publisher = publish(clip(LARGER), server.rtmp_url(channel.key))

    def ask(watched: Watched) -> None:
        probe(watched)
        capped(watched, signer)

    return watch(channel, publisher, signer.token(channel.arn), ask)


@pytest.fixture(params=["standard", "advanced"])
def watched(request) -> Watched:
    return request.getfixturevalue(request.param)


#: What was asked while the streams ran, by channel.
probed: dict[str, dict] = {}
caps: dict[str, tuple] = {}


def probe(watched: Watched) -> None:
    """What ffprobe finds behind the multivariant playlist."""
    entries = "program=program_id:stream=codec_type,width,height"
    command = ["ffprobe", "-v", "error", "-show_entries", entries, "-of", "json", watched.playback]
    shown = subprocess.run(command, capture_output=True, text=True, timeout=60)
    probed[watched.channel.arn] = json.loads(shown.stdout)


def capped(watched: Watched, signer: Signer) -> None:
    """What a viewer gets who may have 480 lines, and what else of the same pass is refused."""
    token = signer.token(watched.channel.arn, maximum_resolution="SD")
    text = fetch(f"{watched.channel.playback}?token={token}").text
    mine = {name_of(variant): urljoin(watched.channel.playback, variant.uri) for variant in parse_multivariant(text)}
    answers = {}
    for variant in watched.variants:
        name, playlist = name_of(variant), urljoin(watched.channel.playback, variant.uri)
        known = parse(fetch(playlist).text)
        files = ["index.m3u8", "prefetch.m3u8", known.closed[-1].uri, known.closed[-1].parts[0].uri, known.hint]
        folder = next(iter(mine.values())).rsplit("/", 2)[0]
        answers[name] = [fetch(f"{folder}/{name}/{file.rpartition('/')[2]}") for file in files]
    caps[watched.channel.arn] = (text, mine, answers)


def test_each_rendition_keeps_the_rules_from_the_first_playlist_to_the_last(watched):
    for name, eye in watched.eyes.items():
        assert eye.rules.broken == [], name
        assert eye.rules.seen >= ENOUGH, (name, eye.rules.seen)


def test_all_renditions_are_cut_alike(watched):
    eyes = list(watched.eyes.values())
    for eye in eyes[1:]:
        assert misaligned(eyes[0].playlists[-1], eye.playlists[-1]) == [], eye.name
        for number in eyes[0].segments.keys() & eye.segments.keys():
            one, other = (MediaPlaylist(segments=[seen.segments[number]]) for seen in (eyes[0], eye))
            assert misaligned(one, other) == [], eye.name
        assert eye.segments.keys() == eyes[0].segments.keys(), eye.name
        assert not any(segment.gap for segment in eye.segments.values()), eye.name


def test_each_rendition_reports_where_the_others_are_under_the_uris_that_were_told(watched):
    told = {urljoin(watched.channel.playback, variant.uri): name_of(variant) for variant in watched.variants}
    for name, eye in watched.eyes.items():
        before: dict[str, tuple[int, int]] = {}
        for now in eye.playlists[:-1]:
            reports = {told[urljoin(eye.url, one["URI"])]: one for one in now.reports}
            # One that is over already is reported like the others.
            assert reports.keys() == watched.eyes.keys() - {name}, name
            for other, report in reports.items():
                at = (int(report["LAST-MSN"]), int(report["LAST-PART"]))
                assert before.get(other, (0, 0)) <= at <= last_part(watched.eyes[other].playlists[-1]), (name, other)
                assert at[1] < len(watched.eyes[other].segments[at[0]].parts), (name, other, at)
                before[other] = at
        assert eye.playlists[-1].reports == []


def test_renditions_are_listed_by_their_names_the_best_first(standard, advanced):
    assert [name_of(one) for one in standard.variants] == ["source", "160p30"]
    assert [name_of(one) for one in advanced.variants] == ["540p30", "480p30", "360p30", "160p30", "audio_only"]
    for watched in (standard, advanced):
        for variant, media in zip(watched.variants, watched.variants[0].media, strict=True):
            name = name_of(variant)
            group = "360p15" if name == "source" else name
            assert (variant.stream["VIDEO"], media["GROUP-ID"]) == (group, group)
            rates = [int(variant.stream[key]) for key in ("AVERAGE-BANDWIDTH", "BANDWIDTH")]
            assert 0 < rates[0] <= rates[1]
            assert "CLOSED-CAPTIONS" not in variant.stream
            if name == "audio_only":
                assert variant.stream["CODECS"] == "mp4a.40.2"
                assert not {"RESOLUTION", "FRAME-RATE"} & variant.stream.keys()
            else:
                assert re.fullmatch(r"avc1\.[0-9A-F]{6},mp4a\.40\.2", variant.stream["CODECS"])
                assert float(variant.stream["FRAME-RATE"]) == 15
        assert len({variant.uri.split("/")[2] for variant in watched.variants}) == 1, "one pass for all"


def test_ffprobe_takes_every_rendition(watched):
    found = probed[watched.channel.arn]
    assert len(found["programs"]) == len(watched.variants)
    shown = [one for one in found["streams"] if one["codec_type"] == "video"]
    told = [variant.stream["RESOLUTION"] for variant in watched.variants if "RESOLUTION" in variant.stream]
    assert sorted({f"{one['width']}x{one['height']}" for one in shown}) == sorted(told)
    assert sum(one["codec_type"] == "audio" for one in found["streams"]) == len(watched.variants)


def test_a_cap_withholds_the_playlists_and_the_media_of_larger_renditions(advanced):
    text, mine, answers = caps[advanced.channel.arn]
    assert list(mine) == ["480p30", "360p30", "160p30", "audio_only"]
    data = dict(re.findall(r'DATA-ID="([^"]*)",VALUE="([^"]*)"', text))
    [withheld] = json.loads(base64.b64decode(data["com.amazon.ivs.unavailable-media"]))
    assert (withheld["IVS_NAME"], withheld["RESOLUTION"]) == ("540p", "960x540")
    for name, got in answers.items():
        expected = 200 if name in mine else 403
        assert [answer.status for answer in got] == [expected] * len(got), name
    codes = {json.loads(answer.text)[0]["error_code"] for answer in answers["540p30"]}
    assert codes == {"unauthorized_entitlements"}


def test_nobody_gets_a_source_that_is_not_offered(advanced):
    eye = advanced.eyes["540p30"]
    folder, _, file = eye.url.rpartition("/")
    source = folder.removesuffix(eye.name) + "source"
    newest = eye.playlists[-1].closed[-1].uri.rpartition("/")[2]
    for name in (file, "plain.m3u8", newest):
        assert fetch(f"{folder}/{name}").status == 200, name
        assert fetch(f"{source}/{name}").status == 404, name


def test_the_watch_page_offers_the_qualities_and_keeps_to_the_one_that_is_chosen(server, ivs, clip, publish):
    channel = make_channel(ivs, type="STANDARD")
    publisher = publish(clip(SMALL), server.rtmp_url(channel.key))
    wait_until(lambda: on_air(channel.playback), "the channel on air")
    menu = "document.querySelector('#quality')"
    with browser.watching(f"{server.url}/watch/{channel.id}") as tab:
        tab.wait("document.querySelector('#state').dataset.state === 'live'")
        assert not tab.read("document.querySelector('#choice').hidden")
        assert tab.read(f"[...{menu}.options].map(one => one.text)") == ["Automatic", "360p15", "160p30"]
        for choice, height in (("160p30", 160), ("360p15", 360), ("", None)):
            tab.page.select_option("#quality", choice)
            if height:
                tab.wait(f"document.querySelector('#video').videoHeight === {height}")
                assert tab.read("window.rillcast.player.autoLevelEnabled") is False
        assert tab.read("window.rillcast.player.autoLevelEnabled") is True
        tab.wait_for_progress(2)
        OUT.mkdir(parents=True, exist_ok=True)
        tab.page.screenshot(path=OUT / "watch-quality.png")
        assert tab.errors == []
    publisher.stop()


def test_players_take_sound_alone_among_the_renditions_and_show_pictures(server, ivs, tmp_path_factory, report):
    film = make(Look(), tmp_path_factory.mktemp("films"))
    channel = make_channel(ivs, type="ADVANCED_SD")
    sender = Sender(server.bound["rtmp"], channel.key, film)
    levels = {}
    try:
        text = wait_until(lambda: on_air(channel.playback), "the channel on air").text
        pictures = [int(one["RESOLUTION"].partition("x")[2]) for one in streams(text) if "RESOLUTION" in one]
        assert len(streams(text)) == len(pictures) + 1, "and sound alone"
        with players.hall() as hall:
            for kind in (HLS_LOW, SHAKA_LOW, VIDEOJS):
                stage = hall.open(kind, channel.playback)
                stage.playing()
                stage.wait("glass.pictures.length > 20")
                levels[kind.name] = stage.read("glass.levels()")
                # hls.js calls it an error that a machine is busy.
                fatal = [error for error in stage.errors() if not error.startswith("buffer")]
                assert fatal == stage.tab.errors == [], kind.name
                hall.close(stage)
    finally:
        sender.end()
    report(f"levels of {pictures} and sound alone: {levels}")
    # Who can't go from pictures to sound and back leaves it out.
    assert all([level for level in found if level] == pictures for found in levels.values()), levels


def streams(text: str) -> list[dict[str, str]]:
    return [variant.stream for variant in parse_multivariant(text)]
