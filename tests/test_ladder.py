"""The ladder from end to end: what ffmpeg and ffprobe find in every rendition of real streams, beside what was
sent and beside what the playlists say.

Promise: pictures are told apart by numbers that are drawn in them, sound by its beeps; nothing is believed that
the server says of itself.
"""

import re
import subprocess
import time
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field
from pathlib import Path
from urllib.parse import urljoin

import pytest

from harness import aws, probe
from harness import ladder_look as look
from harness import ladder_watch as ladder
from harness.aws import make_channel
from harness.ladder_faults import media, sending
from harness.ladder_film import Film, make
from harness.viewer import Background
from harness.web import fetch

pytestmark = pytest.mark.alone

#: The user guide's tables: bits a second of pictures in thousands, of sound in thousands (none: the source's).
STANDARD = {"720p60": (3400, None), "720p30": (2400, None), "480p30": (1400, None)}
STANDARD |= {"360p30": (630, 64), "160p30": (230, 48)}
HIGHER = {"720p60": (3000, 128), "720p30": (2300, 128), "540p30": (2300, 128), "480p30": (1300, 128)}
HIGHER |= {"396p30": (1300, 128), "360p30": (700, 64), "160p30": (270, 48), "audio_only": (0, 64)}
CONSTRAINED = {"720p60": (2200, 128), "720p30": (1900, 128), "540p30": (1900, 128), "480p30": (800, 128)}
CONSTRAINED |= {"396p30": (800, 128), "360p30": (400, 64), "160p30": (220, 48), "audio_only": (0, 64)}

WIDE = {"source": (1920, 1080), "720p60": (1280, 720), "720p30": (1280, 720), "480p30": (852, 480)}
WIDE |= {"360p30": (640, 360), "160p30": (284, 160)}

#: Milliseconds between what is seen and what is heard.
SYNC = 0.020


@dataclass(frozen=True)
class Case:
    """A stream, and the renditions that it must have: name, then width and height; the best first."""

    name: str
    film: Film
    sizes: dict[str, tuple[int, int] | None]
    rates: dict[str, tuple[int, int | None]] = field(default_factory=lambda: STANDARD, hash=False)
    type: str = "STANDARD"
    preset: str | None = None
    container: str = "FRAGMENTED_MP4"

    def __str__(self) -> str:
        return self.name

    @property
    def options(self) -> dict[str, str]:
        preset = {"preset": self.preset} if self.preset else {}
        return {"type": self.type, "containerFormat": self.container} | preset


def shapes(*names: str, **others: tuple[int, int] | None) -> dict[str, tuple[int, int] | None]:
    return {name: WIDE.get(name) for name in names} | others


#: Long enough for bit rates to settle, of noise that needs them.
LONG = Case(
    "half a minute of noise",
    Film(size="1280x720", fps=25, seconds=31, noise=25, kbps=5000),
    shapes("720p30", "480p30", "360p30", "160p30"),
)
SHORT = 7
CASES = [
    Case(
        "1080p30",
        Film(size="1920x1080", seconds=SHORT, gop_seconds=1, kbps=4000),
        shapes("source", "720p30", "480p30", "360p30", "160p30"),
    ),
    Case(
        "720p60 with B-frames",
        Film(size="1280x720", fps=60, seconds=SHORT, gop_seconds=1, b_frames=2, kbps=3000),
        shapes("720p60", "480p30", "360p30", "160p30"),
        container="TS",
    ),
    Case(
        "irregular keyframes at 50",
        Film(
            size="704x396",
            fps=50,
            seconds=SHORT,
            gop_seconds=1,
            b_frames=2,
            keyframes=(0, 1.1, 1.62, 2.92, 3.94, 5.1, 6.3),
        ),
        {"source": (704, 396), "360p30": (640, 360), "160p30": (284, 160)},
    ),
    Case(
        "portrait",
        Film(size="396x704", seconds=SHORT, gop_seconds=1),
        {"source": (396, 704), "360p30": (360, 640), "160p30": (160, 284)},
        container="TS",
    ),
    Case(
        "oblong pixels",
        Film(size="720x576", fps=25, seconds=SHORT, gop_seconds=1, pixel="16/15"),
        {"480p30": (640, 480), "360p30": (480, 360), "160p30": (212, 160)},
    ),
    Case(
        "cropped",
        Film(size="800x478", seconds=SHORT, gop_seconds=1),
        {"480p30": (800, 478), "360p30": (602, 360), "160p30": (266, 160)},
    ),
    Case(
        "ADVANCED_HD, higher bandwidth",
        Film(size="1280x720", seconds=SHORT, gop_seconds=1, noise=40, kbps=5000),
        shapes("720p30", "480p30", "360p30", "160p30", "audio_only"),
        HIGHER,
        "ADVANCED_HD",
        "HIGHER_BANDWIDTH_DELIVERY",
    ),
    Case(
        "ADVANCED_HD, constrained bandwidth",
        Film(size="960x540", seconds=SHORT, gop_seconds=1, noise=40, kbps=5000, rate=44_100),
        {"540p30": (960, 540)} | shapes("480p30", "360p30", "160p30", "audio_only"),
        CONSTRAINED,
        "ADVANCED_HD",
        "CONSTRAINED_BANDWIDTH_DELIVERY",
        "TS",
    ),
    Case(
        "ADVANCED_SD, higher bandwidth",
        Film(size="704x396", fps=60, seconds=SHORT, gop_seconds=1, noise=40, kbps=4000),
        {"396p30": (704, 396)} | shapes("360p30", "160p30", "audio_only"),
        HIGHER,
        "ADVANCED_SD",
        container="TS",
    ),
    Case(
        "ADVANCED_SD, constrained bandwidth",
        Film(size="852x480", seconds=SHORT, gop_seconds=1, noise=40, kbps=4000),
        shapes("480p30", "360p30", "160p30", "audio_only"),
        CONSTRAINED,
        "ADVANCED_SD",
        "CONSTRAINED_BANDWIDTH_DELIVERY",
    ),
]
ALL = [LONG, *CASES]


@dataclass
class Passage:
    """A stream as it was sent, and its renditions as they came, each as one file."""

    case: Case
    film: Path
    renditions: list[ladder.Rendition]
    files: dict[str, Path]
    playback: str
    foreign: int
    shown: dict[str, list[look.Picture]] = field(default_factory=dict)

    def pictures(self) -> dict[str, list[look.Picture]]:
        """Of each rendition that has any, and of what was sent as ``""``."""
        if not self.shown:
            self.shown = {"": look.pictures(self.film)}
            self.shown |= {name: look.pictures(file) for name, file in self.files.items() if self.case.sizes[name]}
        return self.shown


@pytest.fixture(scope="module")
def film(tmp_path_factory):
    folder = tmp_path_factory.mktemp("films")
    return lambda kind: make(kind, folder)


@pytest.fixture(scope="module")
def passages(request, start_server, film, publish, tmp_path_factory) -> dict[str, Passage]:
    """All streams that were chosen: the long one on a server of its own, the others one by one beside it."""
    params = [getattr(item, "callspec", None) for item in request.session.items if item.module is request.module]
    chosen = {one.params["passage"].name for one in params if one and "passage" in one.params}
    folder = tmp_path_factory.mktemp("renditions")
    usual = ("--transcoding", "on", "--transcode-nice", "0", "--transcode-capacity", "4000", "--thumbnail-seconds", "0")
    slow, quick = (start_server(*usual, "--transcode-speed", speed) for speed in ("superfast", "ultrafast"))

    def play(server, case: Case) -> Passage:
        source = film(case.film)
        channel = make_channel(aws.client(server), **case.options)
        if case is LONG:
            # As it comes it would be much for a machine that runs other tests beside this.
            sending(server, channel.key, media(source), pace=0.6)
        else:
            publish(source, server.rtmp_url(channel.key))
        variants = ladder.variants(channel.playback)
        url = urljoin(channel.playback, variants[0].uri)
        foreign = fetch(url.replace(f"/{ladder.name_of(variants[0])}/", "/source/")).status
        renditions = ladder.watch(channel.playback)
        kind = "ts" if case.container == "TS" else "mp4"
        name = re.sub(r"\W+", "-", case.name)
        files = {one.name: one.join(folder / f"{name}-{one.name}.{kind}") for one in renditions}
        return Passage(case, source, renditions, files, channel.playback, foreign)

    cases = [case for case in ALL if case.name in chosen]
    for case in cases:
        film(case.film)
    for server in (slow, quick):
        ladder.ready(server)
    with ThreadPoolExecutor(2) as pool:
        work = [(case, pool.submit(play, slow if case is LONG else quick, case)) for case in cases]
        return {case.name: one.result() for case, one in work}


@pytest.fixture(params=ALL, ids=str)
def passage(request, passages) -> Passage:
    return passages[request.param.name]


def test_each_stream_has_the_renditions_of_its_channel(passage):
    assert [one.name for one in passage.renditions] == list(passage.case.sizes)


def test_pictures_are_what_the_playlist_says(passage):
    for one in passage.renditions:
        size = passage.case.sizes[one.name]
        told = one.variant.stream
        if size is None:
            assert "RESOLUTION" not in told and "FRAME-RATE" not in told and told["CODECS"] == "mp4a.40.2", told
            continue
        shape = ladder.shape(passage.files[one.name])
        assert (int(shape["width"]), int(shape["height"])) == size, one.name
        assert told["RESOLUTION"] == f"{size[0]}x{size[1]}", one.name
        pixel = passage.case.film.pixel.replace("/", ":") if one.name == "source" else ""
        assert shape["sample_aspect_ratio"] in ("1:1", "N/A", pixel), one.name
        profile = {"Constrained Baseline": "42C0", "Main": "4D40", "High": "6400"}[shape["profile"]]
        picture, sound = told["CODECS"].split(",")
        assert (picture.upper(), sound) == (f"AVC1.{profile}{int(shape['level']):02X}", "mp4a.40.2"), one.name
        if one.name != "source":
            assert shape["profile"] == "Main" and shape["has_b_frames"] == "0", one.name


def test_pictures_keep_the_rate_or_half_of_it(passage):
    fps = passage.case.film.fps
    for one in passage.renditions:
        if passage.case.sizes[one.name] is None:
            continue
        wanted = fps if fps <= 30 or one.name == "source" or one.name.endswith("p60") else fps / 2
        assert float(one.variant.stream["FRAME-RATE"]) == pytest.approx(wanted, abs=0.02), one.name
        shown = passage.pictures()[one.name]
        assert len(shown) / (shown[-1].pts - shown[0].pts) == pytest.approx(wanted, rel=0.02), one.name


def test_every_picture_is_the_one_that_was_sent_for_its_moment(passage):
    pictures = passage.pictures()
    sent = {picture.number: picture.pts for picture in pictures[""]}
    shifts = []
    for name, shown in pictures.items():
        assert [picture.number for picture in shown] == sorted({picture.number for picture in shown}), name
        shifts += [(picture.pts - sent[picture.number], name, picture.number) for picture in shown]
    by_rendition = [one for one in shifts if one[1]]
    # The clock of a rendition is the source's, moved by the same for all.
    assert max(by_rendition)[0] - min(by_rendition)[0] < 0.0005, (min(by_rendition), max(by_rendition))


def test_no_picture_is_missing(passage):
    pictures, fps = passage.pictures(), passage.case.film.fps
    whole = {name: shown for name, shown in pictures.items() if name}
    begins = {name: shown[0].number for name, shown in whole.items()}
    assert len(set(begins.values())) == 1, f"all begin with the same picture: {begins}"
    for name, shown in whole.items():
        halved = fps > 30 and name != "source" and not name.endswith("p60")
        steps = {after.number - before.number for before, after in zip(shown, shown[1:])}
        # A keyframe is never left out, be its number odd or even.
        assert steps <= ({1, 2, 3} if halved else {1}), (name, steps)
        assert passage.case.film.pictures - shown[-1].number <= (2 if halved else 1), name


def test_keyframes_are_where_the_source_has_them(passage):
    pictures = passage.pictures()
    begin = min(shown[0].number for name, shown in pictures.items() if name)
    sent = [picture.number for picture in pictures[""] if picture.keyframe and picture.number >= begin]
    for name, shown in pictures.items():
        if name:
            assert [picture.number for picture in shown if picture.keyframe] == sent, name


def test_segments_and_parts_are_the_same_in_all(passage):
    first, *others = passage.renditions
    for other in others:
        assert other.numbers == first.numbers, other.name
        assert not any(ladder.is_gap(segment) for segment in other.segments.values()), other.name
        for number in first.numbers:
            one, two = first.segments[number], other.segments[number]
            assert (one.duration, one.moment, one.discontinuity) == (two.duration, two.moment, two.discontinuity)
            if one.parts and two.parts:
                assert [part.duration for part in one.parts] == [part.duration for part in two.parts], other.name


def test_what_is_heard_belongs_to_what_is_seen(passage, report):
    pictures = passage.pictures()
    seen = look.flashes(next(shown for name, shown in pictures.items() if name), passage.case.film.fps)
    off = {}
    for name, file in passage.files.items():
        heard = look.beeps(file)
        flashes = look.flashes(pictures[name], passage.case.film.fps) if name in pictures else seen
        pairs = [(light, min(heard, key=lambda beep: abs(beep - light))) for light in flashes]
        # The beep of the last moments may be cut off.
        pairs = [pair for pair in pairs if pair[0] < seen[-1] - 0.5]
        assert len(pairs) >= passage.case.film.seconds - 4, (name, pairs)
        off[name] = max((beep - light for light, beep in pairs), key=abs)
    report(f"{passage.case}: sound after pictures " + ", ".join(f"{k} {v * 1000:+.1f} ms" for k, v in off.items()))
    assert all(abs(value) <= SYNC for value in off.values()), off


def test_sound_is_the_sources_or_coded_as_the_table_says(passage):
    _, sent = sound(passage.film)
    for one in passage.renditions:
        wanted = passage.case.rates.get(one.name, (0, None))[1]
        rate, frames = sound(passage.files[one.name])
        assert probe.streams(passage.files[one.name])["audio"]["profile"] == "LC", one.name
        if wanted is None:
            assert frames <= sent, one.name
        else:
            # Beeps with silence between them need less than they may.
            assert not frames <= sent and rate <= wanted * 1150, (one.name, rate)


def sound(file: Path) -> tuple[float, set[str]]:
    """Bits a second, and what tells frames from each other, without what a container puts around them."""
    command = ["ffmpeg", "-nostdin", "-v", "error", "-i", str(file), "-map", "0:a:0", "-c", "copy"]
    command += ["-bsf:a", "aac_adtstoasc", "-f", "framemd5", "-"]
    done = subprocess.run(command, stdin=subprocess.DEVNULL, capture_output=True, text=True, timeout=60, check=True)
    frames = [line.split(",") for line in done.stdout.splitlines() if not line.startswith("#")]
    rate = probe.streams(file)["audio"]["sample_rate"]
    bits = sum(int(frame[4]) for frame in frames) * 8
    return bits * int(rate) / (len(frames) * look.FRAME), {frame[5].strip() for frame in frames}


def test_bit_rates_are_the_tables(passages, report):
    """Within 10 % over half a minute; the short ones within more, for want of time."""
    for passage in passages.values():
        if not passage.case.film.noise:
            continue
        usual, off = (0.10, {}) if passage.case is LONG else (0.25, {})
        for name, shown in passage.pictures().items():
            if name in ("", "source"):
                continue
            rate = ladder.picture_bits(passage.files[name]) / (shown[-1].pts - shown[0].pts)
            off[name] = rate / (passage.case.rates[name][0] * 1000) - 1
        report(f"{passage.case}: bit rates " + ", ".join(f"{k} {v * 100:+.1f} %" for k, v in off.items()))
        assert all(abs(value) <= usual for value in off.values()), (passage.case.name, off)


def test_the_promised_bandwidth_holds(passage):
    for one in passage.renditions:
        peak, average = (int(one.variant.stream[key]) for key in ("BANDWIDTH", "AVERAGE-BANDWIDTH"))
        rates = [len(one.bodies[number]) * 8 / one.segments[number].duration for number in one.numbers]
        assert average <= peak and max(rates) <= 1.25 * peak, (one.name, max(rates), peak)


def test_variants_are_the_best_first(passage):
    told = [int(one.variant.stream["BANDWIDTH"]) for one in passage.renditions]
    assert told == sorted(told, reverse=True), told


def test_the_source_is_served_only_where_it_is_offered(passage):
    assert passage.foreign == (200 if "source" in passage.case.sizes else 404)


SHOT = Film(seconds=11, gop_seconds=1)


@pytest.fixture(scope="module")
def thumbnails(start_server, film, publish):
    """What was served while two streams were on air: by type, each image with the seconds since its stream began."""
    flags = ("--transcode-speed", "ultrafast", "--transcode-nice", "0", "--thumbnail-seconds", "2", "--thumbnail-passed-seconds", "2")
    server = ladder.ready(start_server("--transcoding", "on", *flags))

    def look_at(kind: str) -> list[tuple[float, bytes]]:
        channel = make_channel(aws.client(server), type=kind)
        begun, seen = time.monotonic(), []
        encoder = publish(film(SHOT), server.rtmp_url(channel.key))
        while encoder.running():
            jpeg = ladder.thumbnail(channel.playback)
            if jpeg and (not seen or seen[-1][1] != jpeg):
                seen.append((time.monotonic() - begun, jpeg))
            time.sleep(0.2)
        return seen

    work = {kind: Background(look_at, kind) for kind in ("STANDARD", "BASIC")}
    return {kind: one.result() for kind, one in work.items()}


@pytest.mark.parametrize("kind", ["STANDARD", "BASIC"])
def test_a_thumbnail_shows_what_is_on_air(thumbnails, kind):
    seen = thumbnails[kind]
    numbers = [look.thumbnail(jpeg) for _, jpeg in seen]
    assert len(numbers) >= 3 and numbers == sorted(set(numbers)), numbers
    ages = [moment - number / SHOT.fps for (moment, _), number in zip(seen, numbers)]
    # No older than a group of pictures and what it takes to make it; the machine may be busy.
    assert max(ages) < 5, ages
