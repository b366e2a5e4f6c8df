"""Playback restriction policies: countries and origins, with each request, also when they change while on air.

Promise: viewers are where a trusted proxy says they are, in networks that are kept for documentation.
"""

import subprocess
from urllib.parse import urljoin

import pytest

from harness import countries
from harness.aws import make_channel
from harness.encoder import Recipe
from harness.player_token import Signer
from harness.playlist import parse
from harness.server import binary, clean_env
from harness.waiting import wait_until
from harness.web import Answer, fetch

RECIPE = Recipe(seconds=20, gop_seconds=1)
GERMAN, AMERICAN, JAPANESE, NOWHERE = "192.0.2.7", "198.51.100.7", "2001:db8::7", "203.0.113.7"
PAGE, OTHER = "https://app.example.com", "https://evil.example.net"


@pytest.fixture(scope="module")
def server(start_server, tmp_path_factory):
    database = countries.write(tmp_path_factory.mktemp("countries") / "countries.mmdb")
    return start_server("--geoip-database", str(database), "--trusted-proxies", "127.0.0.1")


@pytest.fixture(scope="module")
def air(server, ivs, clip, publish):
    """Puts a channel under a policy on air."""

    def put(policy: dict, **options):
        made = ivs.create_playback_restriction_policy(**policy)["playbackRestrictionPolicy"]["arn"]
        channel = make_channel(ivs, playbackRestrictionPolicyArn=made, **options)
        publish(clip(RECIPE), server.rtmp_url(channel.key), loop=True)
        return channel, made

    return put


def ask(url: str, address: str = GERMAN, origin: str | None = None, method: str = "GET") -> Answer:
    headers = {"X-Forwarded-For": address} | ({"Origin": origin} if origin else {})
    return fetch(url, method, headers=headers)


def refusal(answer: Answer) -> str:
    """The code in a refusal's body, which players take only in this form."""
    [told] = answer.json()
    assert answer.status == 403 and told["type"] == "error" and told["error"] and told["url"]
    return told["error_code"]


def files(channel, **who) -> list[str]:
    """A viewer's playlist, and a segment, a part and an initialisation section of it."""
    answer = wait_until(lambda: (a := ask(channel.playback, **who)).status == 200 and a, "the channel on air")
    playlist = urljoin(channel.playback, [line for line in answer.text.splitlines() if line and line[0] != "#"][0])

    def listed():
        now = parse(ask(playlist, **who).text)
        return now if any(segment.parts for segment in now.closed) else None

    now = wait_until(listed, "a segment with parts")
    newest = now.closed[-1]
    return [playlist, *(urljoin(playlist, uri) for uri in (newest.uri, newest.parts[0].uri, newest.map))]


@pytest.fixture(scope="module")
def german(air):
    return air({"allowedCountries": ["DE"]})[0]


def test_every_request_from_another_country_is_refused(german):
    for address in (GERMAN, f"::ffff:{GERMAN}", f"{AMERICAN}, {GERMAN}", f"[::ffff:{GERMAN}]:4711"):
        assert all(ask(url, address).status == 200 for url in files(german, address=address)), address
    own = files(german)
    for address in (AMERICAN, JAPANESE, f"{GERMAN}, {AMERICAN}"):
        for url in (german.playback, *own):
            answer = ask(url, address)
            assert refusal(answer) == "content_geoblocked", url
            assert answer.headers["access-control-allow-origin"] == "*", "a page learns why"
            assert ask(url, address, method="HEAD").status == 403


def test_viewers_whose_country_cannot_be_told_are_served(german):
    own = files(german)
    for address in (NOWHERE, "127.0.0.1", "2001:db8:ffff::1", "nonsense"):
        assert all(ask(url, address).status == 200 for url in (german.playback, *own)), address


def test_the_country_that_was_told_stands_in_the_session_data(german):
    def told(address: str) -> dict[str, str]:
        lines = [line for line in ask(german.playback, address).text.splitlines() if "SESSION-DATA" in line]
        data = [line.split('"') for line in lines]
        return {parts[1]: parts[3] for parts in data}

    files(german)
    here = told(GERMAN)
    assert (here["USER-COUNTRY"], here["USER-IP"]) == ("DE", GERMAN)
    assert told(NOWHERE).get("USER-COUNTRY", "") == ""


def test_no_cache_hands_on_what_not_everybody_may_have(german):
    for url in files(german)[1:]:
        cached = ask(url).headers["cache-control"]
        assert "private" in cached and "public" not in cached, f"{url}: {cached}"


def test_a_policy_that_changes_holds_for_those_who_watch(air, ivs):
    channel, policy = air({"allowedCountries": ["DE", "JP"]})
    own = files(channel)
    assert all(ask(url, JAPANESE).status == 200 for url in own)
    ivs.update_playback_restriction_policy(arn=policy, allowedCountries=["JP"])
    for url in own:
        wait_until(lambda url=url: ask(url).status == 403, f"{url} refused", 10)
    assert ask(own[0], JAPANESE).status == 200
    ivs.update_playback_restriction_policy(arn=policy, allowedCountries=[])
    wait_until(lambda: ask(own[0]).status == 200, "open again", 10)


def test_origins_bind_browsers_at_the_way_in_alone(air):
    channel, _ = air({"allowedOrigins": ["https://*.example.com", "http://localhost:3000"]})
    own = files(channel)
    for origin in (PAGE, "http://localhost:3000"):
        answer = ask(channel.playback, origin=origin)
        assert answer.status == 200 and answer.headers["access-control-allow-origin"] == origin
        assert "origin" in answer.headers["vary"].lower()
    for origin in (OTHER, "https://example.com", "http://app.example.com", "null", None):
        answer = ask(channel.playback, origin=origin)
        assert answer.status == 200 and "access-control-allow-origin" not in answer.headers, origin
        assert "origin" in answer.headers["vary"].lower()
    for url in own:
        assert ask(url, origin=OTHER).headers["access-control-allow-origin"] == "*"


def test_strict_origins_are_asked_of_every_client_each_time(air):
    channel, _ = air({"allowedOrigins": [PAGE], "enableStrictOriginEnforcement": True})
    own = files(channel, origin=PAGE)
    for url in (channel.playback, *own):
        answer = ask(url, origin=PAGE)
        assert answer.status == 200 and answer.headers["access-control-allow-origin"] == PAGE
        for origin in (OTHER, None, "null"):
            assert refusal(ask(url, origin=origin)) == "origin_not_allowed", url


def test_policy_and_token_must_both_let_a_viewer_in(air, ivs):
    signer = Signer()
    ivs.import_playback_key_pair(publicKeyMaterial=signer.public)
    policy = {"allowedCountries": ["DE"], "allowedOrigins": [PAGE, OTHER]}
    channel, _ = air(policy, authorized=True)
    plain = channel.playback

    def with_token(**claims) -> str:
        return f"{plain}?token={signer.token(channel.arn, **claims)}"

    opened = wait_until(lambda: (a := ask(with_token())).status == 200 and a, "the channel on air")
    playlist = urljoin(plain, [line for line in opened.text.splitlines() if line and line[0] != "#"][0])
    assert ask(playlist).status == 200
    assert refusal(ask(plain)) == "invalid_playback_auth_token"
    assert refusal(ask(with_token(), AMERICAN)) == "content_geoblocked"
    assert refusal(ask(playlist, AMERICAN)) == "content_geoblocked"
    assert ask(with_token(), origin=OTHER).headers["access-control-allow-origin"] == OTHER
    for origin, readers in ((PAGE, PAGE), (OTHER, None)):
        answer = ask(with_token(access_control_allow_origin=PAGE), origin=origin)
        assert (answer.status, answer.headers.get("access-control-allow-origin")) == (200, readers)


@pytest.mark.parametrize("content", [None, b"", b"no database", "networks"])
def test_a_database_that_tells_no_countries_is_refused_at_the_start(tmp_path, content):
    file = tmp_path / "addresses.mmdb"
    if content == "networks":
        countries.write_networks(file)
    elif content is not None:
        file.write_bytes(content)
    flags = ["--data-dir", str(tmp_path / "data"), "--http", "127.0.0.1:0", "--rtmp", "off", "--rtmps", "off"]
    command = [binary(), "serve", *flags, "--geoip-database", str(file)]
    ended = subprocess.run(command, capture_output=True, text=True, timeout=60, env=clean_env())
    said = ended.stdout + ended.stderr
    assert ended.returncode != 0 and str(file) in said and "countries" in said, said
    assert "panicked" not in said
