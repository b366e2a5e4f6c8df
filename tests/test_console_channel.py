"""The page of a channel in the console: watch, ingest, metadata, access, settings, stop, delete.

Promise: real streams, a real browser, and the AWS SDK to look at what the page did.
"""

import json
from urllib.parse import quote, urlsplit

import pytest
from botocore.exceptions import ClientError
from harness import aws
from harness.aws import make_channel
from harness.console import axe, console, shots, visitor
from harness.encoder import Recipe
from harness.ladder_film import Film
from harness.player_token import Signer
from harness.viewer import on_air
from harness.waiting import wait_until
from harness.web import fetch

RECIPE = Recipe(seconds=10, size="640x360", kbps=800)
TIME = "(document.querySelector('.player video')?.currentTime ?? 0)"
STATE = "document.querySelector('.player')?.dataset.state"


@pytest.fixture(scope="module")
def channel(ivs):
    """Public, and on air all the while."""
    return make_channel(ivs, name="studio", type="BASIC")


@pytest.fixture(scope="module")
def private(ivs):
    return make_channel(ivs, name="backstage", type="BASIC", authorized=True)


@pytest.fixture(scope="module")
def on_stage(server, channel, private, clip, publish):
    """Both on air."""
    for one in (channel, private):
        publish(clip(RECIPE), server.rtmp_url(one.key), loop=True)
    wait_until(lambda: on_air(channel.playback), "the channel on air")


@pytest.fixture(scope="module")
def operator(server, on_stage):
    """The console of somebody who may do everything."""
    with console(server) as tab:
        yield tab


def ask_pass(server, arn: str, **options):
    return aws.send(aws.signed(server, f"/rillcast/v1/watch-passes?arn={quote(arn, safe='')}", b"{}", **options))


def plays(tab) -> None:
    """The picture moves on."""
    tab.wait(f"{STATE} === 'live'")
    start = tab.read(TIME)
    tab.wait(f"{TIME} > {start} + 1")


def test_the_picture_moves_and_the_facts_of_the_stream_are_there(operator, channel, ivs, report):
    operator.go(f"/channels/{channel.id}")
    plays(operator)
    latency = operator.wait("document.querySelector('.player .latency').textContent.match(/[0-9.]+(?= s)/)?.[0]")
    report(f"the console's player sees a latency of {latency} s")
    assert 0 < float(latency) < 10
    operator.wait("document.querySelector('.viewers').textContent === '1'")
    operator.wait_for_text("HEALTHY")
    stream = ivs.get_stream(channelArn=channel.arn)["stream"]["streamId"]
    link = operator.page.get_by_role("link", name=stream)
    assert link.get_attribute("href").endswith(f"/channels/{channel.id}/sessions/{stream}")
    operator.page.get_by_role("button", name="Unmute").click()
    operator.wait("!document.querySelector('.player video').muted")
    frame = operator.page.get_by_text(f"/watch/{channel.id}?embed=1").inner_text()
    assert frame.startswith("<iframe ")
    axe(operator)
    shots(operator, "channel-watch")


def test_a_stream_key_is_fetched_only_when_somebody_asks_for_it(operator, channel, server):
    operator.asked.clear()
    operator.go(f"/channels/{channel.id}?tab=ingest")
    operator.wait_for_text("OBS Studio")
    operator.wait("document.body.innerText.includes('Show key')")
    assert channel.key not in operator.page.content()
    assert not any(url.endswith("/GetStreamKey") for url in operator.asked)
    command = operator.page.get_by_text("ffmpeg -re").inner_text()
    assert command.endswith(f"{server.rtmps_url('STREAM_KEY')}")
    operator.button("Show key").click()
    operator.wait(f"document.querySelector('#page').innerText.includes({json.dumps(channel.key)})")
    assert operator.page.get_by_text("ffmpeg -re").inner_text().endswith(server.rtmps_url(channel.key))
    axe(operator)
    operator.button("Hide key").click()
    operator.wait("document.body.innerText.includes('Show key')")
    assert channel.key not in operator.page.content()
    shots(operator, "channel-ingest")


def test_a_reset_makes_a_new_key_and_the_old_one_is_refused(operator, server, ivs, clip, publish):
    channel = make_channel(ivs, name="reset")
    operator.go(f"/channels/{channel.id}?tab=ingest")
    operator.button("Reset key").click()
    operator.button("Cancel").click()
    assert len(ivs.list_stream_keys(channelArn=channel.arn)["streamKeys"]) == 1
    operator.button("Reset key").click()
    operator.button("Reset now").click()
    operator.button("Hide key").wait_for()
    [summary] = ivs.list_stream_keys(channelArn=channel.arn)["streamKeys"]
    fresh = ivs.get_stream_key(arn=summary["arn"])["streamKey"]["value"]
    assert fresh != channel.key
    operator.wait(f"document.querySelector('#page').innerText.includes({json.dumps(fresh)})")
    old = publish(clip(RECIPE), server.rtmp_url(channel.key))
    assert old.ended() != 0
    publish(clip(RECIPE), server.rtmp_url(fresh), loop=True)
    wait_until(lambda: on_air(channel.playback), "the new key is let in")


def test_metadata_that_is_sent_comes_back_in_the_player(operator, channel, ivs):
    operator.go(f"/channels/{channel.id}?tab=metadata")
    plays(operator)
    text = '{"title": "Füße"}'
    operator.field("Text").fill("ü" * 513)
    operator.wait_for_text("1026 of 1024 bytes")
    assert operator.button("Send", exact=True).is_disabled()
    operator.field("Text").fill(text)
    operator.wait_for_text("Valid JSON.")
    operator.button("Send", exact=True).click()
    operator.wait("/in the player after .* with its picture after/.test(document.querySelector('.came li')?.innerText)")
    ivs.put_metadata(channelArn=channel.arn, metadata="from a program")
    operator.wait("document.querySelector('.came').innerText.includes('from a program')")
    came = operator.page.locator(".came li", has_text="from a program").inner_text()
    assert "from elsewhere" in came
    axe(operator)
    shots(operator, "channel-metadata")


def test_health_and_sessions_have_their_tabs(operator, channel):
    operator.go(f"/channels/{channel.id}?tab=health")
    operator.wait("document.querySelector('#page canvas')")
    shots(operator, "channel-health")
    operator.page.get_by_role("tab", name="Sessions").click()
    operator.wait("document.querySelector('#page .table a[href*=\"/sessions/st-\"]')")
    assert operator.page.url.endswith("?tab=sessions"), "each tab has an address of its own"
    axe(operator)
    shots(operator, "channel-sessions")


def test_a_private_channel_is_watched_without_a_token(operator, private):
    assert fetch(private.playback).status == 403
    operator.go(f"/channels/{private.id}")
    plays(operator)


def test_a_pass_is_refused_once_its_holder_is_revoked(server, private, ivs, on_stage):
    key = server.add_key("--name", "watcher", "--policy", "application")
    answer = ask_pass(server, private.arn, key=key)
    assert answer.status == 200, answer.body
    told = json.loads(answer.body)
    wait_until(lambda: fetch(told["playbackUrl"]).status == 200, "the pass opens the channel")
    assert fetch(told["playbackUrl"].replace(private.id, "someOther123")).status in (403, 404)
    ivs.start_viewer_session_revocation(channelArn=private.arn, viewerId=key.id)
    wait_until(lambda: fetch(told["playbackUrl"]).status == 403, "the pass opens nothing any more")


def test_passes_are_for_keys_that_may_watch_and_channels_that_are_theirs(server, private, channel, on_stage):
    reader = server.add_key("--name", "auditor", "--policy", "read-only")

    assert ask_pass(server, private.arn, key=reader).status == 403
    assert ask_pass(server, private.arn.replace(private.id, "absent123456")).status == 404
    assert ask_pass(server, "nothing").status == 400
    told = json.loads(ask_pass(server, channel.arn).body)
    assert told["playbackUrl"] == channel.playback and "expiresAt" not in told


def test_a_token_that_is_signed_in_the_browser_opens_the_watch_page(operator, private, ivs):
    signer = Signer()
    ivs.import_playback_key_pair(publicKeyMaterial=signer.public, name="by-hand")
    operator.go(f"/channels/{private.id}?tab=access")
    operator.button("Add key pair").click()
    operator.page.get_by_role("dialog").get_by_label("Name").fill("browser")
    operator.button("Make key pair").click()
    with operator.page.expect_download() as download:
        operator.page.get_by_role("link", name="Download browser-private.pem").click()
    pem = download.value.path().read_text()
    assert pem.startswith("-----BEGIN PRIVATE KEY-----")
    operator.button("Done").click()
    operator.wait_for_text("by-hand")
    assert {pair["name"] for pair in ivs.list_playback_key_pairs()["keyPairs"]} == {"by-hand", "browser"}

    for text in (pem, signer.private("TraditionalOpenSSL")):
        operator.field("Private key, in PEM").fill(text)
        operator.field("Viewer id").first.fill("ada")
        operator.field("Largest rendition").select_option("HD")
        operator.button("Sign", exact=True).click()
        link = operator.page.get_by_role("link", name="Open the watch page with this token")
        link.wait_for()
        with visitor(operator.server.url + link.get_attribute("href")) as guest:
            guest.wait("document.querySelector('#state').dataset.state === 'live'")
    axe(operator)
    shots(operator, "channel-access")
    operator.field("Private key, in PEM").fill("-----BEGIN PUBLIC KEY-----")
    operator.button("Sign", exact=True).click()
    operator.wait_for_text("not a plain private key")


def test_restriction_policies_are_made_chosen_and_do_not_shut_the_operator_out(operator, server, ivs, clip, publish):
    channel = make_channel(ivs, name="fenced", type="BASIC")
    operator.go(f"/channels/{channel.id}?tab=access")
    operator.button("New policy").click()
    dialog = operator.page.get_by_role("dialog")
    dialog.get_by_label("Name").fill("fence")
    dialog.get_by_label("Countries that may watch").fill("D")
    operator.button("Create policy").click()
    dialog.locator(".fault").first.wait_for()
    dialog.get_by_label("Countries that may watch").fill("")
    dialog.get_by_label("Pages that may play").fill("https://a.example")
    dialog.get_by_label("Refuse requests").check()
    operator.button("Create policy").click()
    operator.button("Use for this channel").click()
    operator.wait_for_text("This channel's")
    [policy] = ivs.list_playback_restriction_policies()["playbackRestrictionPolicies"]
    assert policy["allowedOrigins"] == ["https://a.example"] and policy["enableStrictOriginEnforcement"]
    publish(clip(RECIPE), server.rtmp_url(channel.key), loop=True)
    wait_until(lambda: fetch(channel.playback).status == 403, "strangers are refused")
    operator.go(f"/channels/{channel.id}")
    plays(operator)


def test_settings_are_changed_and_the_api_is_heard_at_the_field(operator, ivs):
    channel = make_channel(ivs, name="before", tags={"team": "news"})
    operator.go(f"/channels/{channel.id}?tab=settings")
    operator.field("Name", exact=True).fill("no spaces please")
    operator.button("Save changes").click()
    operator.page.locator(".field", has_text="Name").locator(".fault").first.wait_for()
    axe(operator)
    shots(operator, "channel-settings")
    operator.field("Name", exact=True).fill("after")
    operator.field("Latency").select_option("NORMAL")
    operator.field("Type").select_option("ADVANCED_HD")
    operator.field("Transcode preset").select_option("CONSTRAINED_BANDWIDTH_DELIVERY")
    operator.field("Private", exact=False).first.check()
    operator.button("Save changes").click()
    operator.wait_for_text("Saved.")
    told = ivs.get_channel(arn=channel.arn)["channel"]
    assert (told["name"], told["latencyMode"], told["type"]) == ("after", "NORMAL", "ADVANCED_HD")
    assert told["preset"] == "CONSTRAINED_BANDWIDTH_DELIVERY" and told["authorized"] is True
    assert operator.page.get_by_role("heading", name="after", exact=True).is_visible()

    operator.field("Key", exact=True).fill("rillcast:dvr")
    operator.field("Value").fill("2h")
    operator.button("Add tag").click()
    operator.wait_for_text("2h")
    operator.button("Remove tag team").click()
    wait_until(lambda: ivs.get_channel(arn=channel.arn)["channel"]["tags"] == {"rillcast:dvr": "2h"}, "the tags")


def test_a_live_channels_settings_say_beforehand_what_the_api_answers(operator, channel):
    operator.go(f"/channels/{channel.id}?tab=settings")
    operator.wait_for_text("The channel is live")
    operator.field("Name", exact=True).fill("other")
    operator.button("Save changes").click()
    operator.wait_for_text("is currently online")


def test_a_key_that_only_reads_sees_facts_and_no_dead_buttons(server, channel, private, on_stage):
    reader = server.add_key("--name", "reader", "--policy", "read-only")
    with console(server, reader) as tab:
        tab.go(f"/channels/{channel.id}")
        plays(tab)
        for place in ("watch", "ingest", "metadata", "access", "settings"):
            tab.go(f"/channels/{channel.id}?tab={place}")
            tab.wait_for_text("LIVE")
            names = [button.inner_text() for button in tab.page.locator("#page button").all()]
            dead = ("Stop", "Delete", "Show key", "Reset", "Send", "Save", "Make", "Revoke", "Add", "New")
            assert not [name for name in names if name.startswith(dead)], (place, names)
        tab.wait_for_text("Insecure ingest")
        tab.go(f"/channels/{private.id}")
        tab.wait_for_text("this key may not watch it")


def test_a_stream_is_stopped_and_a_channel_deleted_by_its_name(operator, server, ivs, clip, publish):
    channel = make_channel(ivs, name="shortlived")
    encoder = publish(clip(RECIPE), server.rtmp_url(channel.key), loop=True)
    wait_until(lambda: on_air(channel.playback), "the channel on air")
    operator.go(f"/channels/{channel.id}")
    plays(operator)
    assert operator.button("Delete").is_disabled()
    operator.button("Stop stream").click()
    operator.button("Stop now").click()
    encoder.ended()
    operator.wait_for_text("Nothing is on air")
    operator.wait(f"['waiting', 'ended'].includes({STATE})")
    operator.button("Delete").click()
    confirm = operator.button("Delete channel")
    assert confirm.is_disabled()
    operator.field("Type shortlived to delete it").fill("shortlived")
    confirm.click()
    operator.wait("location.pathname === '/console/channels'")
    with pytest.raises(ClientError, match="ResourceNotFound"):
        ivs.get_channel(arn=channel.arn)


@pytest.mark.alone
def test_a_rendition_is_chosen(start_server, films, publish):
    server = start_server("--transcoding", "on", "--transcode-speed", "ultrafast", "--transcode-capacity", "4000")
    film = films(Film(seconds=30))
    channel = make_channel(aws.client(server), name="ladder", type="STANDARD")
    publish(film, server.rtmp_url(channel.key), loop=True)
    with console(server) as tab:
        tab.go(f"/channels/{channel.id}")
        plays(tab)
        menu = tab.field("Rendition")
        menu.wait_for()
        lowest = menu.locator("option").last.inner_text()
        menu.select_option(lowest)
        tab.wait("document.querySelector('.player video').videoHeight < 300")
        plays(tab)
        assert urlsplit(tab.page.url).path.endswith(channel.id)
