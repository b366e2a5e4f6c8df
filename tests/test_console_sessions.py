"""Sessions in the console: the list of a channel's, and the page of one, live and over, with charts and events.

Promise: one stream is sent, starves and goes on, and ends; what pages show of it is held against what the API tells.
"""

import re
import signal

import pytest

from harness.aws import Channel, make_channel
from harness.console import Console, axe, console, shots
from harness.encoder import Publisher, Recipe
from harness.waiting import wait_until

SHOW = Recipe(seconds=8, kbps=800, gop_seconds=2.0)
CHARTS = ["Bitrate", "Frame rate", "Keyframe interval", "Viewers"]


class Stage:
    """A channel, its encoder, and what the API tells of its newest session."""

    def __init__(self, server, ivs, channel: Channel, encoder: Publisher):
        self.server, self.ivs, self.channel, self.encoder = server, ivs, channel, encoder

    @property
    def id(self) -> str:
        return self.channel.arn.rsplit("/", 1)[1]

    def session(self) -> dict:
        return self.ivs.get_stream_session(channelArn=self.channel.arn)["streamSession"]

    def happened(self, name: str) -> bool:
        return name in [event["name"] for event in self.session()["truncatedEvents"]]

    @property
    def place(self) -> str:
        return f"/channels/{self.id}/sessions/{self.session()['streamId']}"


@pytest.fixture(scope="module")
def stage(server, ivs, clip, publish):
    """A stream that has starved once and goes on."""
    channel = make_channel(ivs, name="studio")
    encoder = publish(clip(SHOW), server.rtmp_url(channel.key), loop=True)
    stage = Stage(server, ivs, channel, encoder)
    is_well = lambda: ivs.get_stream(channelArn=channel.arn)["stream"]["health"] == "HEALTHY"  # noqa: E731
    wait_until(lambda: ivs.list_streams()["streams"], "the channel on air")
    wait_until(is_well, "health")
    encoder.freeze()
    wait_until(lambda: stage.happened("Starvation Start"), "starvation")
    encoder.process.send_signal(signal.SIGCONT)
    wait_until(lambda: stage.happened("Starvation End"), "recovery")
    return stage


def slider(tab: Console, chart: str):
    return tab.page.get_by_role("slider", name=f"{chart}: moment")


def says(tab: Console, chart: str) -> str:
    """What a chart tells of the moment below its cursor, or of the newest."""
    return slider(tab, chart).get_attribute("aria-valuetext") or ""


def moment(said: str) -> int:
    """Seconds of the day of what a chart says."""
    hours, minutes, seconds = re.search(r"(\d\d):(\d\d):(\d\d)", said).groups()
    return int(hours) * 3600 + int(minutes) * 60 + int(seconds)


def lines_drawn(tab: Console) -> int:
    """Charts whose drawing has something on it."""
    return tab.read("document.querySelectorAll('.chart .u-over').length")


def test_a_live_session_is_shown_as_it_goes_on(stage):
    with console(stage.server) as tab:
        tab.go(stage.place)
        tab.wait_for_text("LIVE")
        wait_until(lambda: lines_drawn(tab) == len(CHARTS), "the charts")
        wait_until(lambda: "fps" in says(tab, "Frame rate"), "figures of the frame rate")
        assert re.search(r"Received (2[6-9]|3[0-4])(\.\d+)? fps", says(tab, "Frame rate")), says(tab, "Frame rate")
        assert re.search(r"Between keyframes (1\.9|2)", says(tab, "Keyframe interval")), says(tab, "Keyframe interval")
        assert re.search(r"Received \d", says(tab, "Bitrate")) and "Announced for the picture" in says(tab, "Bitrate")
        before = says(tab, "Bitrate")
        wait_until(lambda: says(tab, "Bitrate") != before, "news of the bitrate")
        text = tab.text()
        for shown in ["320 × 180", "30 fps", "Low", "Everyone", "Lavf"]:
            assert shown in text, shown
        for event in ("Starvation Start", "Starvation End", "Stream Start", "Session Created"):
            assert event in text
        # Which of the five minutes it was is told in words, not only by a colour.
        health = tab.page.get_by_role("img", name=re.compile("^Health: "))
        wait_until(lambda: "Starving" in (health.get_attribute("aria-label") or ""), "starving among how it fared")
        axe(tab)
        shots(tab, "session-live")


def test_a_part_of_a_session_is_looked_at_closely_by_pointer_and_by_keys(stage):
    with console(stage.server) as tab:
        tab.go(stage.place)
        wait_until(lambda: lines_drawn(tab) == len(CHARTS), "the charts")
        tab.button("Show the charts around Starvation Start", exact=False).first.click()
        wait_until(lambda: tab.button("Show all").count() == len(CHARTS), "a part in all charts")
        chart = slider(tab, "Frame rate")
        chart.focus()
        chart.press("Home")
        first = says(tab, "Frame rate")
        chart.press("PageDown")
        wait_until(lambda: says(tab, "Frame rate") != first, "another moment by keys")
        # The cursor of one chart is that of all.
        apart = lambda: abs(moment(says(tab, "Bitrate")) - moment(says(tab, "Frame rate")))  # noqa: E731
        wait_until(lambda: apart() <= 1, "all charts at one moment")
        chart.press("Escape")
        wait_until(lambda: tab.button("Show all").count() == 0, "all again")
        tab.button("All of it").click()
        box = tab.page.locator(".u-over").first.bounding_box()
        assert box
        low, high = box["x"] + box["width"] * 0.3, box["x"] + box["width"] * 0.7
        tab.page.locator(".u-over").first.scroll_into_view_if_needed()
        tab.page.mouse.move(low, box["y"] + 40)
        tab.page.mouse.down()
        tab.page.mouse.move(high, box["y"] + 40, steps=5)
        tab.page.mouse.up()
        wait_until(lambda: tab.button("Show all").count() == len(CHARTS), "the part that was dragged over")
        tab.page.get_by_text("Figures").first.click()
        figures = tab.page.get_by_role("row", name=re.compile("^Received")).first.inner_text()
        assert figures.count("kb/s") + figures.count("Mb/s") == 4, figures


def test_who_may_not_read_samples_sees_the_rest(stage):
    file = stage.server.folder / "sessions-only.json"
    file.write_text(
        '{"Version":"2012-10-17","Statement":[{"Effect":"Allow","Resource":"*","Action":'
        '["ivs:ListChannels","ivs:GetChannel","ivs:GetStreamSession","ivs:ListStreamSessions"]}]}'
    )
    with console(stage.server, stage.server.add_key("--policy", str(file))) as tab:
        tab.go(stage.place)
        tab.wait_for_text("Starvation End")
        tab.wait_for_text("may not read what was measured")
        assert lines_drawn(tab) == 0 and tab.button("Show the charts around", exact=False).count() == 0


def test_sessions_are_listed_and_one_that_is_over_is_shown_whole(stage):
    with console(stage.server) as tab:
        tab.go(f"/channels/{stage.id}?tab=sessions")
        if not tab.page.get_by_role("region", name="Stream sessions").count():
            tab.page.get_by_role("tab", name="Sessions").click()
        row = tab.page.get_by_role("row", name=stage.session()["streamId"])
        row.wait_for()
        assert "LIVE" in row.inner_text()
        stage.encoder.stop()
        wait_until(lambda: stage.session().get("endTime"), "the session's end")
        wait_until(lambda: "Ended" in row.inner_text(), "the end in the list")
        axe(tab)
        shots(tab, "sessions")
        row.get_by_role("link").click()
        tab.wait_for_text("Session Ended")
        wait_until(lambda: lines_drawn(tab) == len(CHARTS), "the charts")
        wait_until(lambda: "fps" in says(tab, "Frame rate"), "figures of the frame rate")
        assert tab.button("Last hour").count() == 0, "nothing to follow"
        assert "This session was not recorded." in tab.text()
        axe(tab)
        shots(tab, "session-over")


def test_a_channels_health_is_shown_over_its_sessions(stage):
    with console(stage.server) as tab:
        tab.go(f"/channels/{stage.id}")
        tab.page.get_by_role("tab", name="Health").click()
        wait_until(lambda: lines_drawn(tab) == len(CHARTS), "the charts")
        tab.button("7 days").click()
        wait_until(lambda: tab.button("7 days").get_attribute("aria-pressed") == "true", "a week")
        wait_until(lambda: "fps" in says(tab, "Frame rate"), "figures of the frame rate")


def test_a_session_that_is_not_there_is_said_to_be(stage):
    with console(stage.server) as tab:
        tab.go(f"/channels/{stage.id}/sessions/st-nothingOfTheKindIsThere")
        tab.wait_for_text("not found")
