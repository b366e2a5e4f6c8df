"""The frame of the console: signing in and out, places, looks, the keyboard; the list of channels; the overview.

Promise: what is tried is tried as people do it, by form, link and key, against a live server with streams on air.
"""

import gzip
import json
import re
from pathlib import Path

import pytest
from playwright.sync_api import Locator

from harness import aws
from harness.aws import make_channel
from harness.console import OUT, PHONE, Console, axe, chromium_kept, console, shots
from harness.encoder import Recipe
from harness.server import ROOT, Key
from harness.viewer import on_air
from harness.waiting import wait_until

RECIPE = Recipe(seconds=20, size="640x360", fps=15)
NONE = json.dumps(
    {"Version": "2012-10-17", "Statement": [{"Effect": "Allow", "Action": "ivs:GetStream", "Resource": "*"}]}
)
CHANNELS_ONLY = NONE.replace("ivs:GetStream", "ivs:ListChannels")

#: Places and what their titles are.
PLACES = {
    "Overview": "/",
    "Channels": "/channels",
    "Recordings": "/recordings",
    "Chat rooms": "/rooms",
    "Events": "/events",
    "Access keys": "/keys",
    "Quotas": "/quotas",
    "Server log": "/logs",
    "Doctor": "/doctor",
}


@pytest.fixture(scope="module", autouse=True)
def one_chromium():
    with chromium_kept():
        yield


@pytest.fixture(scope="module")
def server(start_server):
    """One that makes pictures of what is on air."""
    return start_server("--transcoding", "on", "--thumbnail-seconds", "1")


@pytest.fixture(scope="module")
def ivs(server):
    return aws.client(server)


@pytest.fixture(scope="module")
def studio(server, ivs, clip, publish):
    """Two channels on air, one of them private, and one that is not."""
    open_to_all = make_channel(ivs, name="studio", type="BASIC")
    private = make_channel(ivs, name="board-room", type="BASIC", authorized=True)
    make_channel(ivs, name="nobody-sends")
    for channel in (open_to_all, private):
        publish(clip(RECIPE), server.rtmp_url(channel.key), loop=True)
    wait_until(lambda: on_air(open_to_all.playback), "the channel on air")
    return open_to_all, private


def key_for(server, policy: str, tmp_path_factory) -> Key:
    file = tmp_path_factory.mktemp("policy") / "policy.json"
    file.write_text(policy)
    return server.add_key("--name", "narrow", "--policy", str(file))


def titles(tab: Console) -> list[str]:
    links = tab.page.get_by_role("navigation", name="Console").get_by_role("link").all_inner_texts()
    return [text.strip() for text in links if text.strip() not in ("Rillcast", "Guide")]


# The door


def test_a_key_signs_in_by_the_form_and_out_again(server):
    with console(server, signed_in=False) as tab:
        assert tab.field("Region").input_value() == "us-east-1", "the server's own region is there already"
        shots(tab, "sign-in")
        axe(tab)
        tab.sign_in()
        assert "root" in tab.page.get_by_role("navigation").inner_text()
        tab.page.reload()
        tab.wait("document.querySelector('#page h1')")
        tab.button("Sign out").click()
        tab.page.get_by_label("Access key id").wait_for()
        assert tab.read("JSON.stringify(sessionStorage) + JSON.stringify(localStorage)") == "{}{}", (
            "nothing is remembered"
        )
        tab.page.reload()
        tab.page.get_by_label("Access key id").wait_for()


def test_another_tab_has_to_sign_in_itself(server):
    with console(server) as tab:
        other = tab.context.new_page()
        other.goto(f"{server.url}/console/channels")
        other.get_by_label("Access key id").wait_for()


@pytest.mark.parametrize(
    ("spoil", "field", "words"),
    [
        (lambda key: {"id": "AKIAIOSFODNN7EXAMPLE"}, "Access key id", "No active key has this id here"),
        (lambda key: {"secret": key.secret[::-1]}, "Secret access key", "does not belong to this key id"),
        (lambda key: {"region": "eu-west-1"}, "Region", "This server signs for us-east-1"),
    ],
    ids=["unknown key", "wrong secret", "wrong region"],
)
def test_what_is_wrong_with_a_key_is_said_at_its_field(server, spoil, field, words):
    key = server.root_key()
    values = {"id": key.id, "secret": key.secret, "region": "us-east-1"} | spoil(key)
    with console(server, signed_in=False) as tab:
        tab.field("Access key id").fill(values["id"])
        tab.field("Secret access key").fill(values["secret"])
        tab.field("Region").fill(values["region"])
        tab.page.keyboard.press("Enter")
        tab.wait_for_text(words)
        about = tab.page.get_by_label(field).get_attribute("aria-describedby")
        assert words in tab.page.locator(f"[id='{about}']").inner_text()
        assert tab.read("sessionStorage.length") == 0, "what is not taken is not kept"
        axe(tab)


def test_a_wrong_clock_is_told_as_such(server):
    with console(server, signed_in=False) as tab:
        tab.page.clock.install(time="2020-01-01T00:00:00Z")
        tab.page.reload()
        key = server.root_key()
        tab.field("Access key id").fill(key.id)
        tab.field("Secret access key").fill(key.secret)
        tab.button("Sign in").click()
        tab.wait_for_text("clocks of this machine and of the server")


def test_a_server_that_is_away_is_told_as_such(server):
    with console(server, signed_in=False) as tab:
        tab.context.set_offline(True)
        tab.field("Access key id").fill("RILLAAAAAAAAAAAAAAAA")
        tab.field("Secret access key").fill("x")
        tab.button("Sign in").click()
        tab.wait_for_text("The server does not answer")
        tab.context.set_offline(False)


def test_a_key_that_is_disabled_meanwhile_is_led_to_the_door(server):
    key = server.add_key("--name", "temporary")
    with console(server, key) as tab:
        assert server.command("keys", "disable", key.id).returncode == 0
        wait_until(lambda: _asks(tab), "the door", every=0.3)


def _asks(tab: Console) -> bool:
    """Something is asked for, until the server has noticed."""
    link = tab.page.get_by_role("link", name="Channels", exact=True)
    if link.count():
        link.first.click()
        tab.page.get_by_role("link", name="Overview", exact=True).or_(tab.field("Access key id")).first.click()
    return tab.page.get_by_label("Access key id").count() > 0


# Places


def test_every_place_is_reached_and_is_clean_in_each_look(server, studio):
    with console(server) as tab:
        assert titles(tab) == list(PLACES)
        for title, place in PLACES.items():
            tab.page.get_by_role("navigation").get_by_role("link", name=title, exact=True).click()
            tab.wait("document.querySelector('#page h1')")
            assert urlpath(tab) == f"/console{'' if place == '/' else place}"
            current = tab.page.locator("nav [aria-current=page]")
            assert current.inner_text().strip() == title, "the place is marked"
            tab.wait("!document.querySelector('#page .waiting')")
            axe(tab)
            shots(tab, f"place-{title.lower().replace(' ', '-')}")
        tab.page.go_back()
        tab.wait("location.pathname === '/console/logs'")
        tab.go("/nowhere")
        tab.wait_for_text("There is no such page")


def urlpath(tab: Console) -> str:
    return tab.read("location.pathname")


def test_an_empty_server_is_clean_too(start_server):
    with console(start_server()) as tab:
        for place in ("/", "/channels", "/rooms", "/recordings", "/events"):
            tab.go(place)
            tab.wait("!document.querySelector('#page .waiting')")
            axe(tab)
        tab.go("/channels")
        tab.wait_for_text("There are no channels yet")
        shots(tab, "channels-none")


def test_places_that_a_key_may_not_look_at_are_not_offered(server, tmp_path_factory):
    key = key_for(server, CHANNELS_ONLY, tmp_path_factory)
    with console(server, key) as tab:
        tab.go("/channels")
        tab.page.get_by_role("region", name="Channels").or_(tab.page.locator(".empty")).first.wait_for()
        assert titles(tab) == ["Overview", "Channels"]
        assert tab.button("Create channel").count() == 0
        axe(tab)
        tab.go("/")
        assert tab.errors == []


def test_who_may_nothing_sees_no_dead_button(server, tmp_path_factory):
    with console(server, key_for(server, NONE, tmp_path_factory)) as tab:
        assert titles(tab) == ["Overview"]
        assert tab.page.locator("#page button").count() == 0
        tab.go("/channels")
        tab.wait_for_text("is not authorized to perform: ivs:ListChannels")


def test_a_page_that_fails_leaves_the_frame_standing(server):
    with console(server) as tab:
        # An answer that no page can make sense of.
        tab.page.route("**/ListChannels", lambda route: route.fulfill(json={"channels": [{"arn": 5}]}))
        tab.page.get_by_role("navigation").get_by_role("link", name="Channels", exact=True).click()
        tab.wait_for_text("This page failed")
        tab.page.get_by_role("navigation").get_by_role("link", name="Overview", exact=True).click()
        tab.wait("document.querySelector('#page h1').textContent === 'Overview'")


# Looks and keys


def test_light_and_dark_follow_the_system_until_somebody_chooses(server):
    ground = "getComputedStyle(document.body).backgroundColor"
    with console(server) as tab:
        light = tab.read(ground)
        tab.page.emulate_media(color_scheme="dark")
        dark = tab.read(ground)
        assert light != dark
        switch = tab.page.get_by_role("button", name=re.compile("^Colours"))
        switch.click()
        assert tab.read(ground) == light
        tab.page.reload()
        tab.wait("document.querySelector('#page h1')")
        assert tab.read(ground) == light, "a choice is kept"
        switch.click()
        assert tab.read(ground) == dark
        switch.click()
        tab.page.emulate_media(color_scheme="light")
        assert tab.read(ground) == light


def test_all_of_it_is_reached_and_used_by_the_keyboard(server, studio):
    with console(server) as tab:
        press = tab.page.keyboard.press
        tab.go("/channels")
        tab.page.get_by_role("link", name="studio").wait_for()
        focused = "(document.activeElement.getAttribute('aria-label') ?? document.activeElement.innerText).trim()"

        press("Tab")
        assert tab.read(focused) == "Skip to the page"
        press("Enter")
        assert tab.read("document.activeElement.id") == "page"
        press("Tab")
        assert tab.read(focused) == "Create channel"

        # A dialog takes the keyboard, and gives it back.
        press("Enter")
        tab.page.get_by_role("dialog", name="Create channel").wait_for()
        assert (
            tab.read("document.activeElement.closest('dialog') !== null && document.activeElement.tagName") == "INPUT"
        )
        seen = set()
        for _ in range(60):
            press("Tab")
            seen.add(tab.read("document.activeElement.closest('dialog') ? 'dialog' : document.activeElement.tagName"))
        assert seen <= {"dialog", "BODY"}, "nothing behind the dialog is reached"
        axe(tab)
        shots(tab, "channel-create")
        press("Escape")
        tab.wait("!document.querySelector('dialog')")
        assert tab.read(focused) == "Create channel"

        # Down to the rows, by Tab alone.
        reached = []
        while "studio" not in reached and len(reached) < 40:
            press("Tab")
            reached.append(tab.read(focused))
            outline = tab.read("getComputedStyle(document.activeElement).outlineStyle")
            assert outline != "none", f"where the keyboard is can be seen: {reached[-1]}"
        assert {"Filter by name or id", "Live", "Name", "studio"} <= set(reached)
        press("Enter")
        tab.wait("location.pathname.startsWith('/console/channels/')")


def test_on_a_phone_the_places_are_behind_a_menu(server):
    with console(server, viewport=PHONE, has_touch=True, is_mobile=True) as tab:
        tab.page.locator("nav").wait_for(state="hidden")
        tab.button("Menu").click()
        tab.page.locator("nav").wait_for(state="visible")
        OUT.mkdir(parents=True, exist_ok=True)
        tab.page.screenshot(path=OUT / "menu-phone.png")
        wait_until(lambda: tab.page.locator("#places a:visible").count() > len(PLACES), "all places, and the guide")
        tab.page.keyboard.press("Escape")
        tab.page.locator("nav").wait_for(state="hidden")
        tab.button("Menu").click()
        tab.page.get_by_role("navigation").get_by_role("link", name="Channels", exact=True).click()
        tab.wait("location.pathname === '/console/channels'")
        tab.page.locator("nav").wait_for(state="hidden")


# Channels


def test_channels_are_filtered_sorted_and_created(server, ivs, studio):
    with console(server) as tab:
        tab.go("/channels")
        rows = tab.page.get_by_role("region", name="Channels").locator("tbody tr:not([aria-hidden])")
        live = rows.filter(has_text="studio").filter(has_text=re.compile("Live|Starving"))
        live.wait_for()
        tab.field("Filter by name or id").fill("STUD")
        wait_until(lambda: rows.count() == 1, "one row")
        tab.field("Filter by name or id").fill("")
        tab.button("Private").click()
        wait_until(
            lambda: rows.all_inner_texts() != [] and all("Private" in text for text in rows.all_inner_texts()),
            "private ones",
        )
        tab.button("All", exact=True).click()
        names = tab.page.get_by_role("region", name="Channels").locator("tbody a")
        before = names.all_inner_texts()
        tab.button("Name", exact=True).click()
        wait_until(lambda: names.all_inner_texts() == sorted(before, key=str.lower), "the order of names")
        tab.button("Name", exact=True).click()
        wait_until(lambda: names.all_inner_texts() == sorted(before, key=str.lower, reverse=True), "the other order")
        assert tab.page.locator("th[aria-sort=descending]").inner_text() == "Name"

        tab.button("Create channel").click()
        dialog = tab.page.get_by_role("dialog")
        dialog.get_by_label("Name").fill("no such name!")
        dialog.get_by_role("button", name="Create channel").click()
        tab.wait("document.querySelector('dialog .fault')")
        assert dialog.get_by_label("Name").get_attribute("aria-invalid") == "true", (
            "the server's words are at the field"
        )
        axe(tab)
        dialog.get_by_label("Name").fill("from-the-console")
        dialog.get_by_role("button", name="Create channel").click()
        tab.wait("/^\\/console\\/channels\\/\\w+$/.test(location.pathname)")
        made = [one for one in ivs.list_channels()["channels"] if one["name"] == "from-the-console"]
        assert len(made) == 1 and urlpath(tab).endswith(made[0]["arn"].rsplit("/")[-1])


# Overview


def assert_that_it_moves(picture: Locator) -> None:
    picture.wait_for()
    assert picture.evaluate("picture => picture.naturalWidth") > 0
    first = picture.get_attribute("src")
    wait_until(lambda: picture.get_attribute("src") != first, "another picture", every=0.3)


def test_the_overview_shows_what_is_live_with_pictures_that_move(server, studio):
    with console(server) as tab:
        cards = tab.page.locator(".live-card")
        wait_until(lambda: cards.count() == 2, "both channels")
        for name in ("studio", "board-room"):
            assert_that_it_moves(cards.filter(has_text=name).locator("img"))
        wait_until(lambda: "b/s" in cards.first.inner_text(), "the bitrate")
        assert "2" in tab.page.locator(".tile").filter(has_text="Live channels").inner_text()
        machine = tab.page.get_by_role("region", name="Machine")
        wait_until(lambda: machine.get_by_role("meter").count() >= 4, "processors, memory, disk")
        assert "Version" in machine.inner_text()
        wait_until(
            lambda: "Stream Start" in tab.page.get_by_role("region", name="Recent events").inner_text(), "events"
        )
        axe(tab)
        shots(tab, "overview")
        cards.filter(has_text="studio").get_by_role("link").click()
        tab.wait("location.pathname.startsWith('/console/channels/')")


def test_the_machine_tells_what_the_system_tells(server):
    told = aws.send(aws.signed(server, "/rillcast/v1/machine", b"", method="GET")).json()
    assert told["account"] == "123456789012" and told["region"] == "us-east-1"
    assert told["started"] <= told["now"]
    assert told["processor"]["count"] >= 1 and told["processor"]["usedSeconds"] > 0
    assert told["memory"]["resident"] < told["memory"]["total"]
    assert {"data", "buckets"} <= {held for disk in told["disks"] for held in disk["holds"]} | {"buckets"}
    assert all(0 <= disk["free"] <= disk["total"] for disk in told["disks"])
    assert told["files"]["open"] > 0


def test_another_accounts_streams_are_not_told(server, studio):
    key = server.add_key("--name", "stranger", "--account", "210987654321")
    told = aws.send(aws.signed(server, "/rillcast/v1/live", b"", method="GET", key=key)).json()
    assert told == {"streams": []}
    own = aws.send(aws.signed(server, "/rillcast/v1/live", b"", method="GET")).json()
    assert {one["channelName"] for one in own["streams"]} == {"studio", "board-room"}


# Budgets


def test_the_console_is_small():
    dist = ROOT / "console" / "dist"
    size = {
        file.name: len(gzip.compress(file.read_bytes(), 9))
        for file in dist.iterdir()
        if file.suffix in (".js", ".css", ".html")
    }
    own = {name: size[name] for name in size if not name.startswith(("watch.", "docs.")) and not holds_hls(dist / name)}
    assert len(own) < len(size), "hls.js is apart"
    assert sum(own.values()) < 300_000, own
    first = {"console.html", "console.css", "console.js"}
    first |= static_imports(dist, "console.js")
    assert sum(size[name] for name in first) < 60_000, {name: size[name] for name in first}


def holds_hls(file: Path) -> bool:
    return file.suffix == ".js" and len(file.read_bytes()) > 300_000 and b"hlsError" in file.read_bytes()


def static_imports(dist: Path, name: str) -> set[str]:
    """What comes with a script before anything is shown."""
    found: set[str] = set()
    for other in re.findall(r'(?:from|import)\s*"\./([\w.-]+)"', (dist / name).read_text()):
        if other not in found:
            found |= {other} | static_imports(dist, other)
    return found
