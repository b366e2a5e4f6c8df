"""Recordings at the desk: listed, told, watched, checked, fetched and removed over HTTP, on disk and in S3.

Promise: films are sent faster than they play; what the desk says is held against the bucket and against ffprobe.
"""

import json
import subprocess
from dataclasses import replace
from pathlib import Path
from urllib.parse import quote, urljoin, urlsplit

import pytest

from harness import aws
from harness.encoder import tags
from harness.ladder_film import Film
from harness.recording import START, configure, recorded_channel
from harness.recording_house import House, leave, settle
from harness.server import ACCOUNT, Key, Server
from harness.waiting import wait_until
from harness.web import fetch

BASE = "/rillcast/v1/"
FILM = Film(seconds=12)
PLACES = ["disk", "s3"]


def ask(server: Server, method: str, path: str, body: object = None, key: Key | None = None):
    raw = b"" if body is None else json.dumps(body).encode()
    return aws.send(aws.signed(server, BASE + path, raw, method=method, key=key))


def whole(arn: str) -> str:
    return quote(arn, safe="")


def told(server: Server, method: str, path: str, body: object = None, key: Key | None = None):
    answer = ask(server, method, path, body, key)
    assert answer.status == 200, answer.text
    return answer.json()


def refused(answer, status: int, code: str, text: str = "") -> None:
    assert (answer.status, answer.headers.get("x-amzn-errortype")) == (status, code), answer.text
    assert text in answer.json()["message"], answer.text


def own(show: dict, more: str = "") -> str:
    return f"recordings/{show['id']}{more}?arn={whole(show['channelArn'])}"


def key_with(server: Server, actions: list[str], resource: str = "*", account: str = ACCOUNT) -> Key:
    file = server.folder / "policy.json"
    statement = {"Effect": "Allow", "Action": actions, "Resource": resource}
    file.write_text(json.dumps({"Version": "2012-10-17", "Statement": [statement]}))
    return server.add_key("--policy", str(file), "--account", account)


def lines(answer) -> list[dict]:
    assert answer.status == 200, answer.text
    return [json.loads(line) for line in answer.text.splitlines()]


def length(file: Path) -> float:
    command = ["ffprobe", "-v", "error", "-show_entries", "format=duration", "-of", "csv=p=0", str(file)]
    return float(subprocess.run(command, capture_output=True, text=True, check=True).stdout)


def decoded(file: Path) -> str:
    """What ffmpeg has to complain of."""
    command = ["ffmpeg", "-v", "error", "-i", str(file), "-f", "null", "-"]
    return subprocess.run(command, capture_output=True, text=True, check=True).stderr


class Place:
    """A house and its two recordings: one that anybody may watch, one that is private."""

    def __init__(self, house: House, film: Path, name: str):
        self.house, self.server, self.name = house, house.server, name
        thumbnails = {"recordingMode": "INTERVAL", "targetIntervalSeconds": 2, "storage": ["SEQUENTIAL", "LATEST"]}
        arn = configure(house.ivs, house.buckets.make("console-films"), thumbnailConfiguration=thumbnails)
        container = {"disk": "TS", "s3": "FRAGMENTED_MP4"}[name]
        self.public = recorded_channel(house.ivs, arn, name="public", type="BASIC", containerFormat=container)
        self.private = recorded_channel(house.ivs, arn, name="private", type="BASIC", authorized=True)
        pushes = [house.push(film, house.url(channel), speed=4.0) for channel in (self.public, self.private)]
        for push in pushes:
            assert push.ended() == 0, push.log
        self.trees = {channel.arn: house.tree(channel) for channel in (self.public, self.private)}

    def row(self, channel) -> dict:
        [row] = told(self.server, "GET", f"recordings?arn={whole(channel.arn)}")["recordings"]
        return row

    def local(self, url: str) -> str:
        return urljoin(self.server.url, urlsplit(url).path)


@pytest.fixture(scope="module", params=PLACES)
def place(request, open_house, films):
    return Place(open_house(request.param, "--transcoding", "on"), films(FILM), request.param)


def test_recordings_are_listed_from_the_newest_on_page_by_page(place):
    both = told(place.server, "GET", "recordings")["recordings"]
    assert {row["channelName"] for row in both} >= {"public", "private"}
    assert [row["startedAt"] for row in both] == sorted((row["startedAt"] for row in both), reverse=True)
    first = told(place.server, "GET", "recordings?maxResults=1")
    rest = told(place.server, "GET", f"recordings?maxResults=200&nextToken={first['nextToken']}")
    assert [row["id"] for row in first["recordings"] + rest["recordings"]] == [row["id"] for row in both]
    row = place.row(place.public)
    tree = place.trees[place.public.arn]
    assert (row["state"], row["bucket"], row["prefix"]) == ("RECORDING_ENDED", tree.bucket, tree.prefix)
    assert row["storage"] == place.name and row["url"].endswith("/media/hls/master.m3u8")
    assert row["bytes"] == sum(item.size for item in tree.items().values())
    stream = row["streamIds"][0]
    found = told(place.server, "GET", f"recordings?arn={whole(place.public.arn)}&stream={stream}")
    assert [one["id"] for one in found["recordings"]] == [row["id"]]
    assert told(place.server, "GET", f"recordings?id={row['id']}")["recordings"] == [row]
    for wrong in ("recordings?maxResults=0", "recordings?nextToken=x", "recordings?state=x", "recordings?stream=x"):
        refused(ask(place.server, "GET", wrong), 400, "ValidationException")


def test_a_recording_is_told_with_its_renditions_and_the_moments_of_its_thumbnails(place):
    row = place.row(place.public)
    facts = told(place.server, "GET", own(row))
    assert {name: facts[name] for name in row} == row
    assert "trouble" not in facts and facts["playableMs"] == row["durationMs"]
    assert [(one["width"], one["height"]) for one in facts["renditions"]] == [(640, 360)]
    keys = [key for key in place.trees[place.public.arn].items() if key.startswith("media/thumbnails/")]
    assert facts["thumbnails"] == len(keys) > 2
    assert sorted(shot["key"] for shot in facts["shots"]) == sorted(keys)
    offsets = [shot["offsetMs"] for shot in facts["shots"]]
    assert offsets == sorted(offsets) and all(0 <= at <= row["durationMs"] for at in offsets)
    # A thumbnail each two seconds shows the keyframe there.
    assert all(abs(at - 2000 * number) < 100 for number, at in enumerate(offsets)), offsets


def test_a_pass_shows_a_private_recording_and_those_in_s3_too(place):
    row = place.row(place.private)
    plain = f"{place.server.url}/recordings/{row['bucket']}/{row['prefix']}"
    assert fetch(f"{plain}/media/hls/master.m3u8").status == (403 if place.name == "disk" else 404)
    shown = told(place.server, "POST", own(row, "/watch-pass"), {})
    assert shown["playbackUrl"] == f"{shown['baseUrl']}/media/hls/master.m3u8"
    base = place.local(shown["baseUrl"])
    tree = place.trees[place.private.arn]
    for key in tree.items():
        answer = fetch(f"{base}/{key}")
        assert answer.status == 200 and answer.body == tree.read(key), key
        assert "public" not in answer.headers["cache-control"], key
    chunk = next(key for key in tree.items() if "/hls/" in key and key.endswith((".ts", "0.mp4")))
    part = fetch(f"{base}/{chunk}", headers={"Range": "bytes=100-299"})
    assert (part.status, part.body) == (206, tree.read(chunk)[100:300])
    assert fetch(f"{base}/media/hls/none.m3u8").status == 404
    # It opens this recording, and no other.
    other = place.row(place.public)
    elsewhere = base.replace(row["prefix"], other["prefix"])
    stolen = fetch(f"{elsewhere}/media/hls/master.m3u8").status
    assert stolen in (403, 404)
    spoilt = base.replace("/~", "/~A", 1)
    assert fetch(f"{spoilt}/media/hls/master.m3u8").status in (403, 404)


def test_a_download_is_one_whole_film_whose_length_was_said(place, tmp_path):
    for channel in (place.public, place.private):
        row = place.row(channel)
        [rendition] = told(place.server, "GET", own(row))["renditions"]
        link = told(place.server, "POST", own(row, "/downloads"), {"rendition": rendition["name"]})
        url = urlsplit(link["url"])
        answer = fetch(f"{place.server.url}{url.path}?{url.query}")
        assert answer.status == 200, answer.text
        assert answer.headers["content-type"] == "video/mp4"
        assert answer.headers["content-disposition"] == f'attachment; filename="{link["fileName"]}"'
        assert int(answer.headers["content-length"]) == len(answer.body)
        file = tmp_path / link["fileName"]
        file.write_bytes(answer.body)
        assert abs(length(file) - FILM.seconds) < 0.2
        assert decoded(file) == ""
        # What it was made for, and nothing else.
        for wrong in (url.path.replace(row["id"], "A" * 12), url.path[:-5] + ".mp4", url.path.replace("/downloads/", "/downloads/A")):
            assert fetch(f"{place.server.url}{wrong}").status == 404, wrong
        assert fetch(f"{place.server.url}{url.path}?rendition=none").status == 404
    refused(ask(place.server, "POST", own(row, "/downloads"), {"rendition": "../x"}), 400, "ValidationException")
    refused(ask(place.server, "POST", own(row, "/downloads"), {"other": 1}), 400, "ValidationException")


def test_a_check_tells_how_far_it_is_and_what_it_found(place):
    found = lines(ask(place.server, "POST", own(place.row(place.public), "/verify"), {}))
    assert [line["kind"] for line in found[:-1]] == ["progress"] * (len(found) - 1)
    report = found[-1]
    assert report["kind"] == "report" and report["good"] and report["faults"] == [], report
    assert report["thumbnails"] > 2 and report["renditions"][0]["pictures"] == FILM.pictures


def test_who_may_not_is_refused_and_strangers_learn_nothing(place):
    row, server = place.row(place.public), place.server
    reader = server.add_key("--policy", "read-only")
    assert told(server, "GET", "recordings", key=reader)["recordings"]
    assert told(server, "GET", own(row), key=reader)["id"] == row["id"]
    doors = [("POST", "/watch-pass"), ("POST", "/verify"), ("POST", "/downloads"), ("DELETE", "")]
    for method, more in doors:
        refused(ask(server, method, own(row, more), {}, reader), 403, "AccessDeniedException")
    of_one = key_with(server, ["rillcast:*"], place.public.arn)
    assert told(server, "GET", own(row), key=of_one)["id"] == row["id"]
    refused(ask(server, "GET", "recordings", key=of_one), 403, "AccessDeniedException")
    assert told(server, "GET", f"recordings?arn={whole(place.public.arn)}", key=of_one)["recordings"] == [row]
    # The channel that is named must be the recording's.
    crossed = f"recordings/{place.row(place.private)['id']}?arn={whole(place.public.arn)}"
    refused(ask(server, "GET", crossed, key=of_one), 404, "ResourceNotFoundException")
    refused(ask(server, "DELETE", crossed, key=of_one), 404, "ResourceNotFoundException")
    refused(ask(server, "GET", f"recordings/{row['id']}"), 400, "ValidationException", "arn")
    stranger = key_with(server, ["*"], account="999999999999")
    assert told(server, "GET", "recordings", key=stranger)["recordings"] == []
    assert told(server, "GET", f"recordings?id={row['id']}", key=stranger)["recordings"] == []
    for method, more in [("GET", ""), *doors]:
        answer = ask(server, method, own(row, more), None if method in ("GET", "DELETE") else {}, stranger)
        assert answer.status in (403, 404), answer.text
    assert place.trees[place.public.arn].items()


def test_the_reason_of_a_failed_configuration_is_told(open_house):
    house = open_house("s3")
    made = house.ivs.create_recording_configuration(
        name="nowhere", destinationConfiguration={"s3": {"bucketName": "there-is-no-such-bucket"}}
    )["recordingConfiguration"]

    def reason() -> dict | None:
        found = told(house.server, "GET", "recording-configuration-reasons")["recordingConfigurations"]
        return next((one for one in found if one["arn"] == made["arn"]), None)

    one = wait_until(reason, "the reason")
    assert one["name"] == "nowhere" and one["bucket"] == "there-is-no-such-bucket" and one["reason"]


def test_a_recording_is_kept_while_it_goes_on_and_gone_when_it_is_removed(open_house, films):
    house = open_house("disk")
    arn = configure(house.ivs, house.buckets.make("console-gone"))
    channel = recorded_channel(house.ivs, arn, name="gone", type="BASIC")
    film = films(replace(FILM, seconds=8))

    publisher = house.send(channel, tags(film))
    settle(publisher)
    house.events.wait(channel, START)
    [row] = told(house.server, "GET", f"recordings?arn={whole(channel.arn)}")["recordings"]
    refused(ask(house.server, "DELETE", own(row)), 409, "ConflictException", "goes on")
    leave(publisher)
    tree = house.tree(channel)
    chunk = next(key for key in tree.items() if key.endswith(".mp4") and not key.endswith("init-0.mp4"))
    spoilt = house.buckets.root / tree.bucket / tree.prefix / chunk
    spoilt.write_bytes(spoilt.read_bytes()[:-1000])
    report = lines(ask(house.server, "POST", own(row, "/verify"), {}))[-1]
    assert not report["good"] and chunk in {fault["object"] for fault in report["faults"]}, report
    assert told(house.server, "DELETE", own(row))["objects"] > 0
    assert tree.items() == {}
    refused(ask(house.server, "GET", own(row)), 404, "ResourceNotFoundException")
