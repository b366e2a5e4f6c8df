"""Chat beside the picture of the watch page, timed metadata over it, and the page within other pages.

Promise: viewers are real browsers, or strangers who speak to the door that gives them chat tokens; moderators call the
API as anybody would.
"""

import http.server
import json
import threading
from collections.abc import Iterator
from urllib.parse import urljoin, urlsplit

import pytest

from harness.aws import client, make_channel
from harness.browser import Tab
from harness.chatter import Chatter, Refused
from harness.console import axe, shots, visitor
from harness.encoder import Recipe
from harness.player_token import Signer
from harness.viewer import on_air
from harness.waiting import wait_until
from harness.web import Answer, fetch

RECIPE = Recipe(seconds=10, size="640x360", kbps=500)
ROOM_TAG = "rillcast:chat-room"
TAB = "0123456789abcdef0123456789abcdef"
LIVE = "document.querySelector('#state').dataset.state === 'live'"


@pytest.fixture(scope="module")
def chat(server):
    return client(server, service="ivschat")


@pytest.fixture(scope="module")
def room(chat):
    tags = {"rillcast:moderation": "true", "rillcast:history": "20", "rillcast:presence": "1"}
    return chat.create_room(name="beside", maximumMessageRatePerSecond=100, tags=tags)


@pytest.fixture(scope="module")
def channel(ivs, room):
    return make_channel(ivs, name="with-chat", tags={ROOM_TAG: room["id"]})


@pytest.fixture(scope="module")
def on_stage(server, channel, clip, publish):
    publish(clip(RECIPE), server.rtmp_url(channel.key), loop=True)
    wait_until(lambda: on_air(channel.playback), "the channel on air")


def ask(server, channel_id: str, wish: dict | bytes | None = None, method: str = "POST", **headers: str) -> Answer:
    """What somebody gets who asks for a chat token."""
    body = wish if isinstance(wish, bytes) else json.dumps({"tab": TAB} if wish is None else wish).encode()
    given = {"content-type": "application/json"} | {name.replace("_", "-"): value for name, value in headers.items()}
    return fetch(f"{server.url}/watch/{channel_id}/chat-token", method, body, given)


def join(tab: Tab, name: str) -> None:
    """Says what to be called, and waits until writing is possible."""
    tab.page.get_by_label("Your name in the chat").fill(name)
    tab.page.get_by_role("button", name="Join").click()
    tab.page.get_by_label(f"Write as {name}").wait_for()
    tab.wait("document.querySelector('.composer input').placeholder.startsWith('Write')")


def say(tab: Tab, text: str) -> None:
    tab.page.locator(".composer input").fill(text)
    tab.page.keyboard.press("Enter")


def shows(tab: Tab, text: str) -> None:
    tab.wait(f"document.querySelector('#chat .talk-list').innerText.includes({json.dumps(text)})")


def hides(tab: Tab, text: str) -> None:
    tab.wait(f"!document.querySelector('#chat .talk-list').innerText.includes({json.dumps(text)})")


def told(tab: Tab, text: str) -> None:
    """Somewhere in the chat, not only among the messages."""
    tab.wait(f"document.querySelector('#chat').innerText.includes({json.dumps(text)})")


def writer_of(room, chat, text: str, server) -> str:
    """The user who wrote this, as the room's history has it."""
    token = chat.create_chat_token(roomIdentifier=room["arn"], userId="looker")["token"]
    looker = Chatter(server, token)
    frame = looker.wait_for(lambda frame: frame["Type"] == "MESSAGE" and frame["Content"] == text)
    looker.leave()
    return frame["Sender"]["UserId"]


# Two people


def test_two_viewers_talk_and_see_what_moderators_do(server, channel, on_stage, room, chat):
    page = f"{server.url}/watch/{channel.id}"
    with visitor(page) as ann, visitor(page) as bob:
        ann.wait(LIVE)
        join(ann, "Ann")
        join(bob, "Bob <b>")
        say(ann, "hello <i>everybody</i>")
        shows(bob, "hello <i>everybody</i>")
        say(bob, "hello Ann")
        shows(ann, "hello Ann")
        shows(ann, "Bob <b>")
        assert ann.read("document.querySelectorAll('#chat .talk-list i, #chat .talk-name b').length") == 0
        told(ann, "2 here")
        axe(ann)
        shots(ann, "watch")

        bobs = writer_of(room, chat, "hello Ann", server)
        chat.send_event(
            roomIdentifier=room["arn"], eventName="rillcast:DELETE_USER_MESSAGES", attributes={"UserId": bobs}
        )
        hides(ann, "hello Ann")

        muted = {"UserId": bobs, "Seconds": "600", "Reason": "shouting"}
        chat.send_event(roomIdentifier=room["arn"], eventName="rillcast:MUTE_USER", attributes=muted)
        told(bob, "shouting")
        say(bob, "am I heard?")
        told(bob, "You are muted")
        assert bob.read("document.querySelector('.composer input').value") == "am I heard?", "nothing written is lost"

        chat.send_event(
            roomIdentifier=room["arn"],
            eventName="rillcast:BAN_USER",
            attributes={"UserId": bobs, "Seconds": "600", "Reason": "enough"},
        )
        told(bob, "You were removed from the chat: enough")
        bob.page.get_by_role("button", name="Come back").click()
        told(bob, "You are banned from this chat.")
        assert ann.errors == bob.errors == []


def test_slow_mode_says_how_long_and_the_words_stay(server, channel, room, chat):
    chat.tag_resource(resourceArn=room["arn"], tags={"rillcast:slow-mode": "300"})
    try:
        with visitor(f"{server.url}/watch/{channel.id}") as tab:
            join(tab, "Cleo")

            def is_slow() -> bool:
                say(tab, "one more")
                tab.wait("document.querySelector('.composer input').value === '' || !!document.querySelector('.composer-told')")
                return tab.read("document.querySelector('.composer-told')?.textContent.startsWith('Slow mode') ?? false")

            wait_until(is_slow, "slow mode holds", every=0.5)
            assert tab.read("document.querySelector('.composer input').value") == "one more"
            assert tab.read("document.querySelector('.composer button').disabled") is True
    finally:
        chat.untag_resource(resourceArn=room["arn"], tagKeys=["rillcast:slow-mode"])


def test_a_kick_is_said_and_a_way_back_is_offered(server, channel, room, chat):
    with visitor(f"{server.url}/watch/{channel.id}") as tab:
        join(tab, "Dan")
        say(tab, "I am Dan")
        shows(tab, "I am Dan")
        user = writer_of(room, chat, "I am Dan", server)
        chat.disconnect_user(roomIdentifier=room["arn"], userId=user, reason="cool down")
        told(tab, "You were removed from the chat: cool down")
        tab.page.get_by_role("button", name="Come back").click()
        tab.wait("document.querySelector('.composer input').placeholder.startsWith('Write')")
        say(tab, "I am back")
        shows(tab, "I am back")


def test_the_chat_comes_back_after_the_server_was_away(start_server):
    server = start_server()
    chat = client(server, service="ivschat")
    room = chat.create_room(name="again")
    channel = make_channel(client(server), tags={ROOM_TAG: room["arn"]})
    with visitor(f"{server.url}/watch/{channel.id}") as tab:
        join(tab, "Eve")
        same = [f"--{name}={address}" for name, address in server.bound.items()]
        server.address_flags = lambda: ["--data-dir", str(server.data_dir), *same]
        server.stop()
        told(tab, "Trying again")
        server.start()
        tab.wait("document.querySelector('.composer input').placeholder.startsWith('Write')")
        say(tab, "still here")
        shows(tab, "still here")


# The picture


def test_timed_metadata_appears_over_the_picture_as_text_alone(server, ivs, channel, on_stage):
    with visitor(f"{server.url}/watch/{channel.id}") as tab:
        tab.wait(LIVE)
        texts = [json.dumps({"title": "Score <u>", "text": "2 : 1"}), "plain & simple", json.dumps({"odds": 3})]
        cards = "[...document.querySelectorAll('#cards .card')].map(card => card.innerText)"
        for text, shown in zip(texts[:2], ("Score <u>\n2 : 1", "plain & simple"), strict=True):
            ivs.put_metadata(channelArn=channel.arn, metadata=texts[2])
            ivs.put_metadata(channelArn=channel.arn, metadata=text)
            tab.wait(f"{cards}.includes({json.dumps(shown)})")
            assert not any("odds" in card for card in tab.read(cards)), "what is for programs is not drawn"
        assert tab.read("document.querySelectorAll('#cards u').length") == 0
        tab.wait("document.querySelectorAll('#cards .card').length === 0")
        assert tab.errors == []


# Within other pages


@pytest.fixture
def elsewhere() -> Iterator[tuple[str, dict[str, str]]]:
    """Another origin, and the pages that it has by their paths."""
    pages: dict[str, str] = {}

    class Pages(http.server.BaseHTTPRequestHandler):
        def do_GET(self):
            body = pages.get(self.path, "").encode()
            self.send_response(200)
            self.send_header("content-type", "text/html")
            self.send_header("content-length", str(len(body)))
            self.end_headers()
            self.wfile.write(body)

        def log_message(self, *_):
            pass

    with http.server.ThreadingHTTPServer(("127.0.0.1", 0), Pages) as site:
        thread = threading.Thread(target=site.serve_forever, daemon=True)
        thread.start()
        yield f"http://localhost:{site.server_port}", pages
        site.shutdown()
        thread.join()


def test_the_page_plays_and_chats_within_a_page_of_another_origin(server, channel, on_stage, elsewhere):
    origin, pages = elsewhere
    pages["/"] = f'<iframe id="f" width="900" height="420" src="{server.url}/watch/{channel.id}?embed=1"></iframe>'
    with visitor(origin) as tab:
        frame = tab.page.frame_locator("#f")
        frame.locator("#state[data-state=live]").wait_for(state="attached", timeout=60_000)
        assert frame.locator("header.top").is_hidden() and frame.locator("footer").is_hidden()
        frame.get_by_label("Your name in the chat").fill("Fay")
        frame.get_by_role("button", name="Join").click()
        box = frame.get_by_label("Write as Fay")
        box.fill("from within")
        wait_until(lambda: frame.get_by_role("button", name="Send").is_enabled(), "the chat is open")
        box.press("Enter")
        frame.locator(".talk-row", has_text="from within").wait_for()
        assert tab.errors == []


def test_nothing_but_the_watch_page_may_stand_in_a_frame(server, channel):
    def policy(path: str) -> str:
        return fetch(f"{server.url}{path}").headers["content-security-policy"]

    assert "frame-ancestors *" in policy(f"/watch/{channel.id}")
    for path in ("/console", "/console/rooms", "/watch/assets/watch.js"):
        assert "frame-ancestors 'none'" in policy(path), path


def test_wishes_in_the_address_are_heard(server, channel, on_stage):
    with visitor(f"{server.url}/watch/{channel.id}?chat=0&autoplay=0&muted=0") as tab:
        tab.page.get_by_role("button", name="Play", exact=True).wait_for()
        assert tab.read("document.querySelector('#chat').hidden") is True
        assert tab.read("document.querySelector('#video').muted") is False
        assert not any("chat-token" in url or ".m3u8" in url for url in tab.asked)
        tab.page.get_by_role("button", name="Play", exact=True).click()
        tab.wait(LIVE)


# The door for tokens


def test_a_tab_is_one_user_who_may_only_write_and_only_with_a_name(server, channel):
    nameless = ask(server, channel.id).json()
    named = ask(server, channel.id, {"tab": TAB, "displayName": "  Gus  Gusson "}).json()
    other = ask(server, channel.id, {"tab": TAB[::-1], "displayName": "Gus"}).json()
    assert named["userId"] == nameless["userId"] != other["userId"]
    assert TAB not in named["userId"] and named["displayName"] == "Gus Gusson"
    reader, gus = Chatter(server, nameless["token"]), Chatter(server, named["token"])
    assert reader.answer(reader.say("may I?"))["ErrorCode"] == 403
    frame = gus.answer(gus.say("I may"))
    assert frame["Sender"] == {"UserId": named["userId"], "Attributes": {"displayName": "Gus Gusson"}}
    assert gus.answer(gus.ask("DELETE_MESSAGE", Id=frame["Id"]))["ErrorCode"] == 403
    assert gus.answer(gus.ask("DISCONNECT_USER", UserId="x"))["ErrorCode"] == 403
    with pytest.raises(Refused):
        Chatter(server, named["token"])
    for one in (reader, gus):
        one.leave()


def test_only_a_channel_that_names_a_room_of_its_own_account_has_a_chat(server, ivs, chat):
    gone = chat.create_room(name="gone")
    chat.delete_room(identifier=gone["arn"])
    foreign = gone["arn"].replace("123456789012", "210987654321")
    for tags in ({}, {ROOM_TAG: gone["id"]}, {ROOM_TAG: foreign}, {ROOM_TAG: "no room at all"}, {ROOM_TAG: ""}):
        channel = make_channel(ivs, tags=tags)
        refused = ask(server, channel.id)
        assert (refused.status, refused.json()["code"]) == (404, "no_chat"), tags
    assert ask(server, "abcdABCD0123").status == 404
    assert ask(server, "%00..").status == 404
    with visitor(f"{server.url}/watch/{make_channel(ivs).id}") as tab:
        tab.wait("document.querySelector('#notice').textContent.includes('offline')")
        assert tab.read("document.querySelector('#chat').hidden") is True
        assert not any("chat-token" in url for url in tab.asked)


def test_a_private_channels_chat_is_for_its_viewers(server, ivs, room, clip, publish):
    signer = Signer()
    ivs.import_playback_key_pair(publicKeyMaterial=signer.public)
    channel = make_channel(ivs, name="members", authorized=True, tags={ROOM_TAG: room["id"]})

    def asked(**proof: str) -> tuple[int, str | None]:
        answer = ask(server, channel.id, {"tab": TAB, **proof})
        return answer.status, answer.json().get("code")

    refused = (403, "invalid_playback_auth_token")
    elsewhere = make_channel(ivs, authorized=True)
    assert asked() == refused
    assert asked(token="nonsense") == refused
    assert asked(token=signer.token(elsewhere.arn)) == refused
    assert asked(token=signer.token(channel.arn, exp=1)) == refused
    assert asked(token=signer.token(channel.arn))[0] == 200
    assert asked(playing="/api/video/v1/nonsense.m3u8") == refused

    # Its player uses up a token for one use; what it plays by is as good from then on.
    publish(clip(RECIPE), server.rtmp_url(channel.key), loop=True)
    open_token = signer.token(channel.arn)
    wait_until(lambda: on_air(f"{channel.playback}?token={open_token}"), "the channel on air")
    once = signer.token(channel.arn, single_use_uuid="3b241101-e2bb-4255-8caf-4136c566a962")
    assert asked(token=once)[0] == 200, "before the use"
    listed = fetch(f"{channel.playback}?token={once}").text
    playlist = next(line for line in listed.splitlines() if line and not line.startswith("#"))
    path = urlsplit(urljoin(channel.playback, playlist)).path
    assert asked(token=once) == refused
    assert asked(token=once, playing=path)[0] == 200
    assert asked(playing=path.replace(channel.id, elsewhere.id)) == refused

    # A viewer who was revoked is out of both.
    viewer = signer.token(channel.arn, viewer_id="mallory", viewer_session_version=1)
    assert asked(token=viewer)[0] == 200
    ivs.start_viewer_session_revocation(channelArn=channel.arn, viewerId="mallory", viewerSessionVersionsLessThanOrEqualTo=1)
    wait_until(lambda: asked(token=viewer) == refused, "the revocation holds", every=1)

    with visitor(f"{server.url}/watch/{channel.id}?token={open_token}") as tab:
        join(tab, "Hal")
        say(tab, "members only")
        shows(tab, "members only")


@pytest.fixture(scope="module")
def strict(start_server):
    """A server whose addresses have asked for nothing yet."""
    server = start_server()
    room = client(server, service="ivschat").create_room(name="strict")
    return server, make_channel(client(server), tags={ROOM_TAG: room["id"]})


def test_spoilt_requests_get_an_answer_and_no_token(strict):
    server, channel = strict
    wishes = [b"", b"[]", b"\xff\xfe", b"{", {}, {"tab": "short"}, {"tab": TAB, "displayName": ""}]
    wishes += [{"tab": TAB, "displayName": "\u202egnp.exe"}, {"tab": TAB, "displayName": "x" * 41}]
    wishes += [{"tab": TAB, "userId": "admin"}, {"tab": TAB, "capabilities": ["DELETE_MESSAGE"]}]
    for wish in wishes:
        answer = ask(server, channel.id, wish)
        assert (answer.status, answer.json()["code"]) == (400, "bad_request"), wish
    assert ask(server, channel.id, b'"' + b"x" * 20_000 + b'"').status == 413
    refused = ask(server, channel.id, method="PUT")
    assert (refused.status, refused.headers["allow"]) == (405, "POST")


def test_pages_of_others_get_no_token(strict):
    server, channel = strict
    assert ask(server, channel.id, origin="https://evil.example").status == 403
    assert ask(server, channel.id, origin="null").status == 403
    assert ask(server, channel.id, sec_fetch_site="cross-site").status == 403
    assert ask(server, channel.id, sec_fetch_site="same-site", origin=server.url).status == 403
    assert ask(server, channel.id, content_type="text/plain").status == 415
    own = ask(server, channel.id, origin=server.url, sec_fetch_site="same-origin")
    assert own.status == 200 and own.headers["cache-control"] == "no-store"
    assert "access-control-allow-origin" not in own.headers


def test_an_address_that_asks_without_end_has_to_wait(strict):
    server, channel = strict
    statuses = [ask(server, channel.id).status for _ in range(80)]
    assert statuses[0] == 200 and set(statuses) == {200, 429}
    # Each two seconds one more is let in, so of the last few most wait.
    waits = wait_until(lambda: next((a for a in [ask(server, channel.id)] if a.status == 429), None), "one has to wait")
    assert int(waits.headers["retry-after"]) >= 1 and waits.json()["code"] == "too_many"
