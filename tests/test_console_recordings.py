"""Recordings in the console: found, played, looked through, checked, downloaded and deleted.

Promise: films are sent faster than they play; what a page shows is held against what the desk tells.
"""

import subprocess
from pathlib import Path
from urllib.parse import quote

import pytest

from harness import aws
from harness.console import axe, console, shots
from harness.encoder import tags
from harness.ladder_film import Film
from harness.recording import START, configure, recorded_channel
from harness.recording_house import House, leave, settle
from harness.waiting import wait_until

FILM = Film(seconds=12)
#: Where the video is, and whether it goes on.
AT = "document.querySelector('video')?.currentTime ?? 0"
THUMBNAILS = {"recordingMode": "INTERVAL", "targetIntervalSeconds": 2, "storage": ["SEQUENTIAL", "LATEST"]}


class Stage:
    """A house and the ended recordings of two channels, one of them private."""

    def __init__(self, house: House, film: Path):
        self.house, self.server = house, house.server
        self.configuration = configure(
            house.ivs, house.buckets.make("console-films"), name="films", thumbnailConfiguration=THUMBNAILS
        )
        make = lambda **more: recorded_channel(house.ivs, self.configuration, **more)  # noqa: E731
        self.public, self.private = make(name="open-stage"), make(name="closed-stage", authorized=True)
        for push in [house.push(film, house.url(channel), speed=4.0) for channel in (self.public, self.private)]:
            assert push.ended() == 0, push.log()
        self.trees = {channel.arn: house.tree(channel) for channel in (self.public, self.private)}

    def row(self, channel) -> dict:
        path = f"/rillcast/v1/recordings?arn={quote(channel.arn, safe='')}"
        answer = aws.send(aws.signed(self.server, path, b"", method="GET"))
        assert answer.status == 200, answer.text
        return answer.json()["recordings"][0]

    def place(self, channel) -> str:
        return f"/recordings/{self.row(channel)['id']}?channel={quote(channel.arn, safe='')}"


@pytest.fixture(scope="module")
def stage(open_house, films):
    return Stage(open_house("disk", "--transcoding", "on"), films(FILM))


@pytest.fixture(scope="module")
def tab(stage):
    with console(stage.server) as opened:
        yield opened


def test_the_list_finds_recordings_and_leads_to_each(stage, tab):
    tab.go("/recordings")
    tab.wait_for_text("open-stage")
    assert "closed-stage" in tab.text() and "0:12" in tab.text()
    # Pictures of both, the private one's by a pass.
    tab.wait("[...document.querySelectorAll('.still img')].filter(({ naturalWidth }) => naturalWidth > 0).length === 2")
    axe(tab)
    shots(tab, "recordings")
    tab.page.get_by_label("Filter by channel or id").fill("closed")
    tab.wait("!document.querySelector('#page').innerText.includes('open-stage')")
    tab.page.get_by_label("Filter by channel or id").fill("")
    tab.button("Failed").click()
    tab.wait_for_text("No recording fits.")
    tab.button("All").click()
    tab.page.get_by_role("link", name="open-stage").click()
    tab.wait_for_text("Recording of open-stage")
    stream = stage.row(stage.private)["streamIds"][0]
    tab.go(f"/recordings?stream={stream}&channel={quote(stage.private.arn, safe='')}")
    tab.wait_for_text("closed-stage")
    assert "open-stage" not in tab.text()


@pytest.mark.parametrize("which", ["public", "private"])
def test_a_recording_plays_and_a_thumbnail_leads_to_its_moment(stage, tab, which):
    channel = getattr(stage, which)
    tab.go(stage.place(channel))
    tab.wait("document.querySelector('video')?.readyState >= 2")
    strip = tab.page.get_by_role("group", name="Thumbnails").get_by_role("button")
    wait_until(lambda: strip.count() > 2, "thumbnails")
    tab.wait("[...document.querySelectorAll('.strip img')].slice(0, 3).every(({ naturalWidth }) => naturalWidth > 0)")
    tab.page.evaluate("document.querySelector('video').muted = true")
    strip.nth(4).click()
    wait_until(lambda: 7.5 < tab.read(AT) <= FILM.seconds + 1, "the moment of the fifth thumbnail")
    tab.page.evaluate("document.querySelector('video').pause()")
    wait_until(lambda: abs(tab.read("document.querySelector('video').duration") - FILM.seconds) < 0.5, "its length")
    text = tab.text()
    assert stage.row(channel)["prefix"] in text and stage.row(channel)["streamIds"][0] in text
    if which == "public":
        axe(tab)
        shots(tab, "recording")


def test_one_without_its_channel_in_the_address_is_found_too(stage, tab):
    tab.go(f"/recordings/{stage.row(stage.public)['id']}")
    tab.wait_for_text("Recording of open-stage")
    tab.go("/recordings/AAAAAAAAAAAA")
    tab.wait_for_text("There is no such recording.")


def test_a_download_is_a_film_that_plays(stage, tab, tmp_path):
    tab.go(stage.place(stage.private))
    with tab.page.expect_download() as waiting:
        tab.page.get_by_role("button", name="Download").first.click()
    file = tmp_path / waiting.value.suggested_filename
    waiting.value.save_as(file)
    command = ["ffprobe", "-v", "error", "-show_entries", "format=duration", "-of", "csv=p=0", str(file)]
    told = subprocess.run(command, capture_output=True, text=True, check=True).stdout
    assert abs(float(told) - FILM.seconds) < 0.2 and file.name.startswith("closedstage-")


def test_a_whole_recording_is_said_to_be_and_a_spoilt_one_shows_what_is_wrong(stage, tab):
    tab.go(stage.place(stage.public))
    tab.button("Verify").click()
    tab.wait_for_text("Whole: ")
    tree = stage.trees[stage.public.arn]
    chunk = next(key for key in tree.items() if "/hls/" in key and key.endswith("/0.mp4"))
    file = stage.house.buckets.root / tree.bucket / tree.prefix / chunk
    whole = file.read_bytes()
    file.write_bytes(whole[:-2000])
    try:
        tab.button("Verify").click()
        tab.wait_for_text("Damaged: ")
        assert chunk in tab.text()
        shots(tab, "recording-damaged")
    finally:
        file.write_bytes(whole)


def test_who_may_only_read_sees_facts_and_no_dead_button(stage):
    with console(stage.server, stage.server.add_key("--policy", "read-only")) as tab:
        tab.go(stage.place(stage.public))
        tab.wait_for_text("Facts")
        tab.wait("document.querySelector('video')?.readyState >= 1")
        for name in ("Delete", "Verify", "Download"):
            assert tab.button(name).count() == 0, name
        tab.go(stage.place(stage.private))
        tab.wait_for_text("This key may not watch recordings")
        tab.go("/recordings?tab=configurations")
        tab.wait_for_text("films")
        assert tab.button("Create recording configuration").count() == tab.button("Delete").count() == 0


def test_one_that_goes_on_is_shown_from_its_start_and_can_be_deleted_when_it_is_over(stage, tab, films):
    channel = recorded_channel(stage.house.ivs, stage.configuration, name="going-on")
    publisher = stage.house.send(channel, tags(films(FILM)))
    settle(publisher)
    stage.house.events.wait(channel, START)
    tab.go(stage.place(channel))
    tab.wait_for_text("Recording of going-on")
    tab.wait("document.querySelector('video')?.readyState >= 2")
    assert tab.read(AT) < 5 and tab.button("Delete").count() == 0
    leave(publisher)
    stage.house.tree(channel)
    tab.button("Delete").click()
    dialog = tab.page.get_by_role("dialog")
    assert "console-films" in dialog.inner_text()
    dialog.get_by_role("button", name="Delete", exact=True).click()
    tab.wait("location.pathname === '/console/recordings'")
    tab.wait_for_text("open-stage")
    wait_until(lambda: "going-on" not in tab.text(), "the recording gone from the list")


def test_recording_configurations_are_made_and_deleted(stage, tab):
    tab.go("/recordings?tab=configurations")
    tab.wait_for_text("films")
    tab.button("Create recording configuration").click()
    tab.field("Name", exact=True).fill("no spaces")
    tab.field("Bucket").fill("more-films")
    tab.button("Create", exact=True).click()
    tab.wait("document.querySelector('dialog .fault, dialog .notice.bad')")
    axe(tab)
    shots(tab, "recording-configuration")
    tab.field("Name", exact=True).fill("more-films")
    tab.field("Renditions").select_option("CUSTOM")
    tab.field("Reconnect window in seconds").fill("30")
    tab.button("Create", exact=True).click()
    tab.wait("!document.querySelector('dialog')")
    tab.wait_for_text("more-films")
    listed = stage.house.ivs.list_recording_configurations()["recordingConfigurations"]
    [made] = [one for one in listed if one.get("name") == "more-films"]
    full = stage.house.ivs.get_recording_configuration(arn=made["arn"])["recordingConfiguration"]
    assert full["recordingReconnectWindowSeconds"] == 30
    assert full["renditionConfiguration"] == {"renditionSelection": "CUSTOM", "renditions": ["HD"]}
    axe(tab)
    shots(tab, "recording-configurations")
    row = tab.page.get_by_role("row").filter(has_text="more-films")
    row.get_by_role("button", name="Delete").click()
    tab.page.get_by_role("dialog").get_by_role("button", name="Delete", exact=True).click()
    wait_until(lambda: row.count() == 0, "the configuration gone")


def test_recordings_in_s3_play_in_the_console_and_failures_say_why(open_house, films):
    house = open_house("s3", "--transcoding", "on")
    arn = configure(house.ivs, house.buckets.make("far-films"), thumbnailConfiguration=THUMBNAILS)
    channel = recorded_channel(house.ivs, arn, name="far-stage")
    push = house.push(films(FILM), house.url(channel), speed=4.0)
    house.ivs.create_recording_configuration(
        name="nowhere", destinationConfiguration={"s3": {"bucketName": "there-is-no-such-bucket"}}
    )
    assert push.ended() == 0, push.log()
    house.tree(channel)
    with console(house.server) as tab:
        tab.go("/recordings")
        tab.page.get_by_role("link", name="far-stage").click()
        tab.wait("document.querySelector('video')?.readyState >= 2")
        tab.wait("[...document.querySelectorAll('.strip img')].some(({ naturalWidth }) => naturalWidth > 0)")
        tab.go("/recordings?tab=configurations")
        tab.wait_for_text("could not be created: ")
        assert "NoSuchBucket" in tab.text() or "there-is-no-such-bucket" in tab.text()
        axe(tab)
