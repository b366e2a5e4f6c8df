"""What is measured of streams: on the metrics page, in CloudWatch, and in the dashboard's queries.

Promise: pages are read by the official parser; what encoders sent is known from their files.
"""

import datetime
import json
import re
import threading
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import pytest
import yaml
from prometheus_client.openmetrics.parser import text_string_to_metric_families

from harness import aws, encoder
from harness.encoder import Recipe
from harness.moto import Destinations
from harness.recording import configure
from harness.viewer import Background, Viewer
from harness.waiting import wait_until
from harness.web import fetch

GRAFANA = Path(__file__).resolve().parents[1] / "deploy" / "grafana"
NAMESPACE = "Rillcast/IVS"
RECIPE = Recipe()

Series = tuple[str, tuple[tuple[str, str], ...]]


@dataclass
class Page:
    """One scrape."""

    samples: dict[Series, float]
    kinds: dict[str, str]

    def value(self, name: str, **labels: str) -> float | None:
        return self.samples.get((name, tuple(sorted(labels.items()))))

    def channels(self, name: str) -> set[str]:
        return {dict(labels)["channel"] for found, labels in self.samples if found == name}

    def counters(self) -> dict[Series, float]:
        ends = {f"{name}_total" for name, kind in self.kinds.items() if kind == "counter"}
        return {series: value for series, value in self.samples.items() if series[0] in ends}


def scrape(address: str) -> Page:
    answer = fetch(f"http://{address}/metrics")
    assert answer.status == 200
    assert answer.headers["content-type"] == "application/openmetrics-text; version=1.0.0; charset=utf-8"
    assert answer.text.endswith("\n# EOF\n") and answer.text.count("# EOF") == 1
    families = list(text_string_to_metric_families(answer.text))
    names = [family.name for family in families]
    assert len(names) == len(set(names)), "each kind of metric is described once"
    samples = {}
    for family in families:
        for sample in family.samples:
            series = (sample.name, tuple(sorted(sample.labels.items())))
            assert series not in samples, series
            samples[series] = sample.value
    return Page(samples, {family.name: family.type for family in families})


@dataclass
class Story:
    """One server's life, as its page told it."""

    watched: str = ""
    second: str = ""
    third: str = ""
    alone: Page | None = None
    crowd: Page | None = None
    after: Page | None = None
    pages: list[Page] = field(default_factory=list)
    cloud: Destinations | None = None


@pytest.fixture(scope="module")
def story(start_server, clip, publish, tmp_path_factory):
    folder = tmp_path_factory.mktemp("sinks")
    (folder / "sinks.toml").write_text(f'[[sink]]\nname = "audit"\nkind = "file"\npath = "{folder}/events.jsonl"\n')
    cloud = Destinations().up()
    settings = cloud.settings() | {"RILLCAST_CLOUDWATCH_METRICS": "on", "RILLCAST_CLOUDWATCH_ENDPOINT": cloud.url}
    flags = ["--metrics", "127.0.0.1:0", "--metrics-channels", "2", "--event-sinks", str(folder / "sinks.toml")]
    server = start_server(*flags, env=settings)
    try:
        yield tell(server, clip(RECIPE), publish, cloud)
    finally:
        cloud.down()


def tell(server: Any, file: Path, publish: Any, cloud: Destinations) -> Story:
    """A channel with a viewer; two more beside it; the first one ends; the server ends."""
    told = Story(cloud=cloud)
    address, over = server.bound["metrics"], threading.Event()

    def watch() -> None:
        while not over.wait(0.2):
            told.pages.append(scrape(address))

    def until(what: str, condition: Any) -> Page:
        def look() -> Page | None:
            page = scrape(address)
            return page if condition(page) else None

        return wait_until(look, what)

    cloud.client("s3").create_bucket(Bucket="measured")
    recorded = {"recordingConfigurationArn": configure(aws.client(server), "measured")}
    channels = [aws.make_channel(aws.client(server), **options) for options in (recorded, {}, {})]
    told.watched, told.second, told.third = (channel.id for channel in channels)
    watcher = threading.Thread(target=watch)
    watcher.start()
    try:
        first = publish(file, server.rtmp_url(channels[0].key), loop=True)
        viewer = Background(Viewer(channels[0].playback).follow)
        told.alone = until("a stream with a viewer", lambda page: is_settled(page, told.watched))
        publish(file, server.rtmp_url(channels[1].key), loop=True)
        until("the second", lambda page: page.value("ivs_concurrent_views", channel=told.second) is not None)
        publish(file, server.rtmp_url(channels[2].key), loop=True)
        told.crowd = until("the third", lambda page: sum_of(page, "ivs_concurrent_streams") == 3)
        first.stop()
        viewer.result()
        gone = "ivs_ingest_bitrate_bits_per_second"
        until("the end", lambda page: told.watched not in page.channels(gone))
        told.after = until("its recording", lambda page: page.value("rillcast_recordings_total", stage="ended") == 1)
    finally:
        over.set()
        watcher.join()
    server.stop()
    return told


def sum_of(page: Page, name: str) -> float:
    return sum(value for (found, _), value in page.samples.items() if found == name)


def is_settled(page: Page, channel: str) -> bool:
    """Measured over its whole window, and watched for some seconds."""
    delivered = page.value("ivs_live_delivered_seconds_total", channel=channel) or 0
    rate = page.value("ivs_ingest_framerate", channel=channel) or 0
    watched = page.value("ivs_concurrent_views", channel=channel) == 1
    return watched and delivered > 4 and abs(rate - RECIPE.fps) <= RECIPE.fps / 10


def sent(file: Path, *kinds: int) -> float:
    """Bits a second of a clip's media messages."""
    return sum(len(tag.body) for tag in encoder.tags(file) if tag.kind in kinds) * 8 / RECIPE.seconds


def test_what_comes_in_is_what_the_encoder_sent(story, clip):
    page, file = story.alone, clip(RECIPE)
    for name, kinds in [("", (8, 9, 18)), ("video_", (9,)), ("audio_", (8,))]:
        value = page.value(f"ivs_ingest_{name}bitrate_bits_per_second", channel=story.watched)
        assert value == pytest.approx(sent(file, *kinds), rel=0.2), name
    assert page.value("ivs_ingest_framerate", channel=story.watched) == pytest.approx(RECIPE.fps, rel=0.1)
    assert page.value("ivs_keyframe_interval_seconds", channel=story.watched) == pytest.approx(
        RECIPE.gop_seconds, rel=0.1
    )


def test_a_viewer_is_counted_and_a_stream_that_nobody_watches_has_none_of_them(story):
    assert story.alone.value("ivs_concurrent_views", channel=story.watched) == 1
    assert story.alone.value("ivs_all_concurrent_views") == 1
    assert story.crowd.value("ivs_concurrent_views", channel=story.second) == 0
    assert story.alone.value("ivs_concurrent_streams", health="HEALTHY") == 1
    assert sum_of(story.crowd, "ivs_concurrent_streams") == 3


def test_one_viewer_gets_as_much_time_as_the_stream_was_on_air(story):
    page = story.alone
    delivered = page.value("ivs_live_delivered_seconds_total", channel=story.watched)
    on_air = page.value("ivs_live_input_seconds_total", channel=story.watched)
    # What the window held when the viewer came is the most that can be ahead, what the encoder holds back behind.
    assert 0.4 * on_air < delivered < 1.4 * on_air + 2


def test_channels_beyond_the_bound_share_a_series(story):
    named = {story.watched, story.second}
    assert story.crowd.channels("ivs_concurrent_views") == named | {"_other"}
    assert story.crowd.channels("ivs_ingest_framerate") <= named
    assert story.crowd.value("ivs_concurrent_views", channel="_other") == 0
    every = set().union(*(page.channels("ivs_live_input_seconds_total") for page in story.pages))
    assert every == named | {"_other"}, "who has a series of its own is decided once"


def test_sums_rise_and_never_fall_also_when_a_stream_ends(story):
    pages = [*story.pages]
    assert len(pages) > 20
    for before, now in zip(pages, pages[1:], strict=False):
        for series, value in before.counters().items():
            assert now.counters().get(series, -1) >= value, series
    ended = {"channel": story.watched}
    assert story.after.value("ivs_concurrent_views", **ended) is None
    for name in ("ivs_live_input_seconds_total", "ivs_live_delivered_seconds_total", "ivs_recorded_seconds_total"):
        assert story.after.value(name, **ended) >= story.crowd.value(name, **ended), name
        shown = sum(value for (found, _), value in story.after.samples.items() if found == name)
        assert story.after.value(name.replace("ivs_", "ivs_all_")) == pytest.approx(shown), name


def test_the_process_is_measured_by_the_usual_names(story):
    first, last = story.pages[0], story.pages[-1]
    assert last.value("process_cpu_seconds_total") > first.value("process_cpu_seconds_total")
    assert 1 << 20 < last.value("process_resident_memory_bytes") < last.value("process_virtual_memory_bytes")
    assert 3 < last.value("process_open_fds") < last.value("process_max_fds")
    assert last.value("process_threads") >= 1
    assert abs(last.value("process_start_time_seconds") - datetime.datetime.now().timestamp()) < 3600
    assert any(name == "rillcast_build_info" for name, _ in last.samples)


def test_cloudwatch_gets_the_vendors_metrics_with_their_dimensions(story):
    metrics = story.cloud.client("cloudwatch").list_metrics(Namespace=NAMESPACE)["Metrics"]
    found = {(m["MetricName"], *(pair for d in m["Dimensions"] for pair in (d["Name"], d["Value"]))) for m in metrics}
    alone = [
        "ConcurrentViews",
        "ConcurrentStreams",
        "IngestBitrate",
        "IngestFramerate",
        "LiveDeliveredTime",
        "LiveInputTime",
        "RecordedTime",
    ]
    of_channel = [name for name in alone if name != "ConcurrentStreams"]
    of_channel += ["IngestVideoBitrate", "IngestAudioBitrate", "KeyframeInterval"]
    wanted = {(name,) for name in alone} | {("ConcurrentStreams", "Health", "HEALTHY")}
    wanted |= {(name, "Channel", story.watched) for name in of_channel}
    assert wanted <= found
    assert all(name[1:] != ("Channel", story.third) for name in found), "it has no series of its own"


def test_cloudwatch_gets_what_the_page_says(story):
    now = datetime.datetime.now(datetime.UTC)

    def statistics(name: str, unit: str, channel: str | None = story.watched) -> dict[str, float]:
        found = story.cloud.client("cloudwatch").get_metric_statistics(
            Namespace=NAMESPACE,
            MetricName=name,
            Dimensions=[{"Name": "Channel", "Value": channel}] if channel else [],
            StartTime=now - datetime.timedelta(hours=1),
            EndTime=now + datetime.timedelta(hours=1),
            Period=2 * 3600,
            Statistics=["Sum", "Maximum", "Minimum", "SampleCount"],
        )["Datapoints"]
        assert {point["Unit"] for point in found} == {unit}, name
        sums = {key: sum(point[key] for point in found) for key in ("Sum", "SampleCount")}
        return sums | {"Maximum": max(point["Maximum"] for point in found)}

    rate = statistics("IngestFramerate", "Count/Second")
    assert rate["Maximum"] == pytest.approx(RECIPE.fps, rel=0.15)
    assert rate["SampleCount"] > 4, "each second has a sample"
    views = statistics("ConcurrentViews", "Count")
    assert (views["Maximum"], statistics("ConcurrentViews", "Count", story.second)["Maximum"]) == (1, 0)
    last = {
        name: story.after.value(f"ivs_live_{name}_seconds_total", channel=story.watched)
        for name in ("input", "delivered")
    }
    assert statistics("LiveInputTime", "Seconds")["Sum"] == pytest.approx(last["input"])
    # A viewer may have fetched the very end after the page was read.
    assert statistics("LiveDeliveredTime", "Seconds")["Sum"] >= last["delivered"] - 0.001
    assert statistics("LiveInputTime", "Seconds", None)["Sum"] > last["input"]
    recorded = story.after.value("ivs_recorded_seconds_total", channel=story.watched)
    assert statistics("RecordedTime", "Seconds")["Sum"] == pytest.approx(recorded)
    # moto counts the channels' data in as well.
    assert statistics("RecordedTime", "Seconds", None)["Sum"] == pytest.approx(2 * recorded)


def test_what_is_recorded_is_counted_once(story):
    page = story.after
    recorded = page.value("ivs_recorded_seconds_total", channel=story.watched)
    # All but what comes before the first keyframe, and what the encoder holds back at the end.
    assert recorded == pytest.approx(page.value("ivs_live_input_seconds_total", channel=story.watched), abs=5)
    assert page.value("ivs_all_recorded_seconds_total") == pytest.approx(recorded)
    assert page.value("ivs_recorded_seconds_total", channel=story.second) == 0
    stages = {stage: page.value("rillcast_recordings_total", stage=stage) for stage in ("started", "ended", "failed")}
    assert stages == {"started": 1, "ended": 1, "failed": 0}
    assert (page.value("rillcast_recordings_active"), page.value("rillcast_recording_waiting_bytes")) == (0, 0)
    taped, uploaded = (page.value(f"rillcast_recording_{what}_bytes_total") for what in ("taped", "uploaded"))
    assert 0 < taped <= uploaded, "and its playlists"
    assert page.value("rillcast_recording_uploads_total", outcome="done") > 5
    assert page.value("rillcast_recording_lost_segments_total") == 0


#: What PromQL has besides names of metrics and labels.
WORDS = {"by", "on", "and", "or", "sum", "max", "min", "topk", "rate", "increase", "time", "humanize1024"}
WORDS |= {"histogram_quantile"}
#: Made by Prometheus itself.
OF_PROMETHEUS = {"up"}


def metrics_of(query: str) -> set[str]:
    """Names of the metrics in a query."""
    bare = re.sub(r"\{[^}]*\}|\[[^\]]*\]|\b(by|on|without|ignoring) ?\([^)]*\)", " ", query)
    return set(re.findall(r"\b[a-z_][a-z0-9_]+", bare)) - WORDS


def test_every_metric_of_the_dashboard_and_the_alerts_is_on_the_page(story):
    dashboard = json.loads((GRAFANA / "rillcast.json").read_text())
    panels = [panel for panel in dashboard["panels"] if panel["type"] != "row"]
    rules = yaml.safe_load((GRAFANA / "alerts.yml").read_text())["groups"][0]["rules"]
    queries = [target["expr"] for panel in panels for target in panel["targets"]] + [rule["expr"] for rule in rules]
    on_page = {name for page in [story.alone, *story.pages] for name, _ in page.samples}
    assert len(panels) > 15 and len(queries) > 25
    for query in queries:
        names = metrics_of(query)
        assert names and names <= on_page | OF_PROMETHEUS, query
    variables = [item["query"]["query"] for item in dashboard["templating"]["list"] if item["type"] == "query"]
    for query in variables:
        assert re.match(r"label_values\(([a-z_]+)", query)[1] in on_page, query


def test_each_panel_says_what_it_shows_and_in_what_unit():
    dashboard = json.loads((GRAFANA / "rillcast.json").read_text())
    for panel in dashboard["panels"]:
        if panel["type"] == "row":
            continue
        assert len(panel["description"]) > 10 and panel["fieldConfig"]["defaults"]["unit"], panel["title"]
        assert all(target["datasource"]["uid"] == "${datasource}" for target in panel["targets"]), panel["title"]


def test_every_metric_of_streams_is_in_the_reference(story):
    reference = (GRAFANA.parents[1] / "docs" / "reference" / "metrics.md").read_text()
    ours = {name for name, _ in story.crowd.samples if not name.startswith("ivschat_log_")}
    assert [name for name in sorted(ours) if f"`{name}" not in reference] == []


def test_cloudwatch_that_is_away_does_not_hold_up_the_servers_end(start_server):
    away = {"RILLCAST_CLOUDWATCH_METRICS": "on", "RILLCAST_CLOUDWATCH_ENDPOINT": "http://127.0.0.1:9"}
    keys = {"RILLCAST_AWS_ACCESS_KEY": "AKIAEXAMPLE", "RILLCAST_AWS_SECRET_KEY": "no secret"}
    server = start_server(env=away | keys)
    server.terminate()
    assert server.ended(20) == 0
    assert "CloudWatch does not take metrics" in server.log()
