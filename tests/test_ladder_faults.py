"""Workers that die or stand still, spoilt and wrongly described pictures, other pictures in mid-stream: the source
goes on as if nothing were, and the ladder is back soon.

Promise: faults happen to real workers of real streams; pictures are told apart by numbers that are drawn in them.
"""

from dataclasses import dataclass, field
from pathlib import Path

import pytest

from harness import aws
from harness import ladder_look as look
from harness import ladder_watch as ladder
from harness.aws import Channel, make_channel
from harness.ladder_faults import Eye, between, headers, kill, media, moved, sending, spoil, stop, worker, workers
from harness.ladder_film import Film, make
from harness.viewer import Background, on_air
from harness.waiting import wait_until
from harness.web import fetch

pytestmark = pytest.mark.alone

FPS = 30
#: A source with two renditions beside it.
FILM = Film(size="704x396", fps=FPS, seconds=32)
#: Another picture, also in shape.
OTHER = Film(size="640x480", fps=FPS, seconds=12)
#: Seconds: when pictures go wrong, for how long (a group of pictures), and the end.
FAULT, GOP, END = 10, 2, 18
#: What else the machine does is not to be seen here.
QUICK = ("--transcode-speed", "ultrafast", "--transcode-nice", "0", "--transcode-capacity", "4000")
#: What a person would call a stall, in seconds.
STALL = 1.0
#: Within so many seconds of media the ladder is back.
BACK = 3.0


@pytest.fixture(scope="module")
def server(start_server):
    return ladder.ready(start_server("--transcoding", "on", "--metrics", "127.0.0.1:0", *QUICK))


@pytest.fixture(scope="module")
def ivs(server):
    return aws.client(server)


@pytest.fixture(scope="module")
def film(tmp_path_factory):
    folder = tmp_path_factory.mktemp("films")
    return lambda kind: make(kind, folder)


@dataclass
class Passage:
    """A stream with faults, as viewers saw it."""

    channel: Channel
    renditions: dict[str, ladder.Rendition] = field(default_factory=dict)
    eyes: dict[str, Eye] = field(default_factory=dict)
    log: str = ""

    def watch(self) -> "Passage":
        """Opens an eye on each rendition as soon as there is one, and keeps their segments."""
        for variant in ladder.variants(self.channel.playback):
            one = ladder.rendition(self.channel.playback, variant)
            self.renditions[one.name] = one
            self.eyes[one.name] = Eye(one).open()
        self._keeping = [Background(ladder.follow, one) for one in self.renditions.values()]
        return self

    def end(self) -> "Passage":
        for one in self.eyes.values():
            one.close()
        for one in self._keeping:
            one.result()
        return self

    @property
    def rungs(self) -> list[str]:
        return [name for name in self.renditions if name != "source"]

    def pictures(self, name: str, folder: Path) -> list[look.Picture]:
        """Of all segments that are there; each is read by itself, for its neighbours may be missing."""
        one, found = self.renditions[name], []
        for number in one.numbers:
            kind = "ts" if one.segments[number].map is None else "mp4"
            found += look.pictures(one.join(folder / f"{name}-{number}.{kind}", [number]), strict=False)
        return found


def metric(server, name: str) -> float:
    """The sum of all series of a metric."""
    lines = fetch(f"http://{server.bound['metrics']}/metrics").text.splitlines()
    found = [line for line in lines if line.startswith((f"{name} ", f"{name}{{"))]
    assert found, f"no {name} on the page"
    return sum(float(line.split()[-1]) for line in found)


# Workers that die and stand still


@dataclass
class Deaths(Passage):
    """With what was counted, and the segment of the source in which each fault happened."""

    lost: float = 0
    started: float = 0
    faults: list[int] = field(default_factory=list)


@pytest.fixture(scope="module")
def deaths(server, ivs, film, publish, begun):
    """A worker stands still, the next one is killed, and then two are killed one after the other."""
    lost, started = (metric(server, f"rillcast_transcode_workers_{what}_total") for what in ("lost", "started"))
    channel = make_channel(ivs, type="STANDARD", containerFormat="FRAGMENTED_MP4")
    encoder = publish(film(FILM), server.rtmp_url(channel.key))
    told = Deaths(channel)
    told.watch()

    def harm(how) -> None:
        told.faults.append(told.eyes["source"].edges[-1][1][0])
        harmed = worker(server)
        how(harmed)
        wait_until(lambda: harmed not in workers(server), "the end of a worker")

    def is_back() -> bool:
        # In another group of pictures than the one that somebody died in.
        wanted = told.faults[-1] + 2
        return all(told.eyes[name].has_media_from(wanted) for name in told.rungs)

    wait_until(lambda: all(eye.seen for eye in told.eyes.values()), "somebody who looks at each rendition")
    for what, fault in (("stopped", [stop]), ("killed", [kill]), ("killed twice", [kill, kill])):
        for how in fault:
            harm(how)
        wait_until(is_back, f"the ladder after its worker was {what}")
    told.lost = metric(server, "rillcast_transcode_workers_lost_total") - lost
    told.started = metric(server, "rillcast_transcode_workers_started_total") - started
    told.end()
    assert encoder.ended() == 0
    wait_until(lambda: not workers(server), "nothing of a worker is left")
    told.log = server.log()
    return told


def test_the_source_goes_on_whatever_happens_to_workers(deaths, report):
    source = deaths.eyes["source"]
    report(f"workers die: the source's parts at most {source.longest_wait:.2f} s apart")
    assert source.longest_wait < STALL and not source.gaps


def test_the_ladder_is_back_soon(deaths, report):
    for name in deaths.rungs:
        eye = deaths.eyes[name]
        late = max(eye.later_than(deaths.eyes["source"]).values())
        missing = [f"{length:.2f} s" for length in eye.holes] or ["nothing"]
        report(f"workers die: {name} at most {late:.2f} s behind the source, missing: {', '.join(missing)}")
        assert max(eye.holes, default=0) <= BACK, name


def test_what_is_there_is_right(deaths, tmp_path):
    pictures = {name: deaths.pictures(name, tmp_path) for name in deaths.renditions}
    sent = {picture.number: picture.pts for picture in pictures["source"]}
    assert list(sent) == list(range(min(sent), FILM.pictures))
    for name in deaths.rungs:
        shown = pictures[name]
        assert [picture.number for picture in shown] == sorted({picture.number for picture in shown}), name
        off = [picture for picture in shown if abs(picture.pts - sent[picture.number]) > 0.0005]
        assert off == [], name
        missing = len(sent) - len(shown)
        gaps = sum(deaths.eyes[name].holes)
        assert missing <= gaps * FPS + 2, f"{name}: {missing} pictures missing, {gaps:.2f} s marked"


def test_lost_workers_are_counted_and_told(deaths):
    assert deaths.lost == 4 and deaths.started == 5
    told = [line for line in deaths.log.splitlines() if deaths.channel.id in line and "worker" in line]
    assert any("died" in line for line in told) and any("stalled" in line for line in told), told


# Pictures that are spoilt, or not what is said of them


@pytest.fixture(scope="module")
def begun(start_server, film) -> dict[str, Background]:
    """Streams beside each other on a server of their own, beside everything else."""
    server = ladder.ready(start_server("--transcoding", "on", *QUICK))
    ivs, good, other = aws.client(server), media(film(FILM)), media(film(OTHER))
    before, after = [*headers(good, 0), *between(good, 0, FAULT)], between(good, FAULT + GOP, END)
    bad = between(good, FAULT, FAULT + GOP)
    streams = {
        "flipped": (before + spoil(bad) + after, "TS"),
        "lying": (before + headers(other, FAULT) + bad + headers(good, FAULT + GOP) + after, "FRAGMENTED_MP4"),
        "other": (before + headers(other, FAULT) + moved(between(other, 0, END - FAULT), FAULT), "FRAGMENTED_MP4"),
    }

    def play(film_: list, container: str) -> Passage:
        channel = make_channel(ivs, type="STANDARD", containerFormat=container)
        work = sending(server, channel.key, film_)
        told = Passage(channel).watch().end()
        work.result()
        told.log = server.log()
        return told

    return {name: Background(play, *one) for name, one in streams.items()}


@pytest.fixture(scope="module")
def spoilt(begun) -> dict[str, Passage]:
    return {name: work.result() for name, work in begun.items()}


KINDS = ["flipped", "lying", "other"]


@pytest.mark.parametrize("kind", KINDS)
def test_the_source_goes_on_whatever_is_sent(spoilt, report, kind):
    source = spoilt[kind].eyes["source"]
    report(f"{kind}: the source's parts at most {source.longest_wait:.2f} s apart")
    assert source.longest_wait < STALL and not source.gaps


@pytest.mark.parametrize("kind", KINDS)
def test_the_ladder_is_back_when_pictures_are_good_again(spoilt, tmp_path, report, kind):
    told = spoilt[kind]
    for name in told.rungs:
        gaps = sum(told.eyes[name].holes)
        report(f"{kind}: {gaps:.2f} s of {name} are missing")
        assert gaps <= BACK, name
        shown = [picture.number for picture in told.pictures(name, tmp_path)]
        first = FAULT * FPS - shown[0]
        assert shown[:first] == list(range(shown[0], FAULT * FPS)), name
        last = range((END - FAULT) * FPS) if kind == "other" else range((FAULT + GOP) * FPS, END * FPS)
        assert shown[-len(last) :] == list(last), name


def test_other_pictures_in_mid_stream_keep_the_renditions(spoilt, tmp_path):
    told = spoilt["other"]
    wanted = {
        "source": [(704, 396), (640, 480)],
        "360p30": [(640, 360), (480, 360)],
        "160p30": [(284, 160), (212, 160)],
    }
    for name, one in told.renditions.items():
        sizes = []
        for number in one.numbers:
            shape = ladder.shape(one.join(tmp_path / f"{name}-{number}.mp4", [number]))
            size = (int(shape["width"]), int(shape["height"]))
            sizes += [size] if size not in sizes else []
        assert sizes == wanted[name], name


@pytest.mark.parametrize("kind", KINDS)
def test_pictures_are_at_their_times(spoilt, tmp_path, kind):
    told = spoilt[kind]
    source = told.pictures("source", tmp_path)
    sent = {round(picture.pts * 1000): picture.number for picture in source}
    fault = next(picture.pts for picture in source if picture.number == FAULT * FPS - 1)
    for name in told.rungs:
        for picture in told.pictures(name, tmp_path):
            if picture.pts <= fault or picture.pts > fault + GOP + 1 / FPS:
                assert picture.number == sent[round(picture.pts * 1000)], (name, picture)


def test_without_ffmpeg_what_comes_in_is_passed_through(start_server, film, publish):
    server = start_server("--transcoding", "on", "--ffmpeg", "/nonexistent/ffmpeg")
    channel = make_channel(aws.client(server), type="STANDARD")
    publish(film(FILM), server.rtmp_url(channel.key))
    wait_until(lambda: on_air(channel.playback), "the channel on air")
    assert [ladder.name_of(variant) for variant in ladder.variants(channel.playback)] == ["source"]
    told = [line for line in server.log().splitlines() if "/nonexistent/ffmpeg" in line and " WARN " in line]
    assert len(told) == 1 and 'transcoding = "off"' in told[0], told
