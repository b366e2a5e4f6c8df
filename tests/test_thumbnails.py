"""Thumbnails: who may see what is on air, for how long, and when there is nothing to be seen.

Promise: what opens a channel opens its picture, and nothing else does; what the picture shows is looked at where
ladders are (`test_ladder.py`).
"""

import struct
import time
import uuid

import pytest

from harness import aws, countries
from harness.aws import Channel, make_channel
from harness.encoder import Publisher, Recipe
from harness.player_token import Signer
from harness.viewer import on_air
from harness.waiting import wait_until
from harness.web import Answer, fetch

RECIPE = Recipe(seconds=20, size="640x360", fps=15)
GERMAN, AMERICAN = "192.0.2.7", "198.51.100.7"
PAGE, OTHER = "https://app.example.com", "https://evil.example.net"


@pytest.fixture(scope="module")
def server(start_server, tmp_path_factory):
    database = countries.write(tmp_path_factory.mktemp("countries") / "countries.mmdb")
    pictures = ("--transcoding", "on", "--thumbnail-seconds", "1", "--thumbnail-passed-seconds", "1", "--thumbnail-lines", "180")
    return start_server(*pictures, "--geoip-database", str(database), "--trusted-proxies", "127.0.0.1")


@pytest.fixture(scope="module")
def ivs(server):
    return aws.client(server)


@pytest.fixture(scope="module")
def signer(ivs) -> Signer:
    signer = Signer()
    ivs.import_playback_key_pair(publicKeyMaterial=signer.public, name="viewers")
    return signer


@pytest.fixture(scope="module")
def air(server, ivs, clip, publish):
    """Puts a channel that is passed through on air."""

    def put(**options) -> tuple[Channel, Publisher]:
        channel = make_channel(ivs, type="BASIC", **options)
        return channel, publish(clip(RECIPE), server.rtmp_url(channel.key), loop=True)

    return put


@pytest.fixture(scope="module")
def public(air) -> Channel:
    channel, _ = air()
    wait_until(lambda: look(channel).status == 200, "the first picture")
    return channel


@pytest.fixture(scope="module")
def private(air, signer) -> Channel:
    channel, _ = air(authorized=True)
    wait_until(lambda: look(channel, signer.token(channel.arn)).status == 200, "the first picture")
    return channel


def look(channel: Channel, token: str | None = None, method: str = "GET", **headers) -> Answer:
    url = channel.playback.removesuffix(".m3u8") + ".jpg" + (f"?token={token}" if token is not None else "")
    return fetch(url, method, headers={name.replace("_", "-"): value for name, value in headers.items()})


def refusal(answer: Answer) -> tuple[int, str]:
    [told] = answer.json()
    assert answer.headers["content-type"] == "application/json" and told["type"] == "error"
    return answer.status, told["error_code"]


def size(jpeg: bytes) -> tuple[int, int]:
    """Width and height, from the frame header of a baseline JPEG."""
    assert jpeg.startswith(b"\xff\xd8") and jpeg.endswith(b"\xff\xd9")
    at = 2
    while jpeg[at + 1] != 0xC0:
        at += 2 + struct.unpack(">H", jpeg[at + 2 : at + 4])[0]
    height, width = struct.unpack(">HH", jpeg[at + 5 : at + 9])
    return width, height


def test_a_picture_of_the_stream_lies_beside_its_playlist_and_changes(public):
    first = look(public)
    assert size(first.body) == (320, 180)
    assert first.headers["content-type"] == "image/jpeg"
    assert first.headers["cache-control"] == "public, max-age=2"
    assert first.headers["access-control-allow-origin"] == "*"
    known = {"If_None_Match": first.headers["etag"]}
    again = look(public, **known)
    assert again.status == 200 or (again.status, again.body) == (304, b"")
    later = wait_until(lambda: (a := look(public, **known)).status == 200 and a, "another picture")
    assert later.body != first.body and later.headers["etag"] != first.headers["etag"]
    head = look(public, method="HEAD")
    assert (head.status, head.body) == (200, b"") and int(head.headers["content-length"]) > 500


def test_what_opens_a_private_channel_opens_its_picture_and_nothing_else(private, public, signer):
    assert look(private, signer.token(private.arn)).headers["cache-control"] == "private, max-age=2"
    refused = [
        None,
        "",
        "a.b.c",
        signer.token(public.arn),
        signer.token(private.arn, exp=int(time.time()) - 1),
        Signer().token(private.arn),
    ]
    for token in refused:
        assert refusal(look(private, token)) == (403, "invalid_playback_auth_token"), token


def test_a_token_for_one_use_shows_the_picture_until_it_is_used(private, signer):
    token = signer.token(private.arn, single_use_uuid=str(uuid.uuid4()))
    assert [look(private, token).status for _ in range(3)] == [200, 200, 200]
    assert fetch(f"{private.playback}?token={token}").status == 200, "to look did not use it"
    assert refusal(look(private, token)) == (403, "invalid_playback_auth_token")


def test_a_viewer_who_is_revoked_sees_nothing_more(private, signer, ivs):
    token = signer.token(private.arn, viewer_id="ada", viewer_session_version=1)
    assert look(private, token).status == 200
    ivs.start_viewer_session_revocation(
        channelArn=private.arn, viewerId="ada", viewerSessionVersionsLessThanOrEqualTo=1
    )
    wait_until(lambda: look(private, token).status == 403, "the revocation holds")
    assert look(private, signer.token(private.arn, viewer_id="ada", viewer_session_version=2)).status == 200


def test_a_pages_origin_is_held_to_the_token(private, signer):
    strict = signer.token(private.arn, access_control_allow_origin=PAGE, strict_origin_enforcement=True)
    assert refusal(look(private, strict)) == (403, "origin_not_allowed")
    assert refusal(look(private, strict, Origin=OTHER)) == (403, "origin_not_allowed")
    answer = look(private, strict, Origin=PAGE)
    assert (answer.status, answer.headers["access-control-allow-origin"]) == (200, PAGE)
    loose = look(private, signer.token(private.arn, access_control_allow_origin=PAGE), Origin=OTHER)
    assert loose.status == 200 and "access-control-allow-origin" not in loose.headers, "no page may read it"


def test_a_policy_holds_for_pictures_too(air, ivs):
    policy = {"allowedCountries": ["DE"], "allowedOrigins": [PAGE], "enableStrictOriginEnforcement": True}
    made = ivs.create_playback_restriction_policy(**policy)["playbackRestrictionPolicy"]["arn"]
    channel, publisher = air(playbackRestrictionPolicyArn=made)
    seen = wait_until(
        lambda: (a := look(channel, X_Forwarded_For=GERMAN, Origin=PAGE)).status == 200 and a, "the first picture"
    )
    assert seen.headers["cache-control"].startswith("private") and seen.headers["access-control-allow-origin"] == PAGE
    assert refusal(look(channel, X_Forwarded_For=AMERICAN, Origin=PAGE)) == (403, "content_geoblocked")
    assert refusal(look(channel, X_Forwarded_For=GERMAN, Origin=OTHER)) == (403, "origin_not_allowed")
    publisher.stop()


def test_to_look_is_not_to_watch_and_off_air_there_is_nothing(air, ivs):
    channel, publisher = air()
    wait_until(lambda: look(channel).status == 200, "the first picture")
    assert ivs.get_stream(channelArn=channel.arn)["stream"]["viewerCount"] == 0
    publisher.stop()
    wait_until(lambda: not on_air(channel.playback), "off air")
    assert refusal(look(channel)) == (404, "transcode_does_not_exist")
    assert refusal(fetch(channel.playback.replace(".m3u8", ".jpeg"))) == (404, "not_found")
