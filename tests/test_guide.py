"""The guide: what it tells its readers to type works, and its site, served at /docs, is whole.

Each page's blocks of code are run as its reader would (`harness/guide.py` has the rules). What can't be run here is
counted below, so that it does not grow unnoticed.
"""

import gzip
import json
import re
import subprocess
from collections import Counter
from html.parser import HTMLParser
from urllib.parse import urldefrag, urljoin

import pytest

from harness import guide
from harness.console import axe, shots, visitor
from harness.encoder import Recipe, make
from harness.waiting import wait_until
from harness.web import fetch

#: Blocks for the shell that are not run, by page: they need root, the internet, or take too long.
OUTSIDE = {
    "README.md": 2,
    "docs/guide/encoders.md": 1,
    "docs/guide/events.md": 1,
    "docs/guide/first-stream.md": 1,
    "docs/guide/players.md": 1,
    "docs/guide/recording.md": 1,
    "docs/operate/backup.md": 2,
    "docs/operate/installing.md": 4,
    "docs/operate/sizing.md": 1,
    "docs/operate/tls.md": 3,
    "docs/operate/transcoding.md": 1,
    "docs/operate/upgrade.md": 1,
}

#: Blocks in languages that no tool of `make setup` can run: they are read with care, and no more. The SDK for Rust
#: has a story of its own (`tests/sdk/rust`).
READ_ONLY = {"go": 2, "java": 2, "kotlin": 2, "csharp": 1, "ruby": 1, "php": 1, "rust": 2, "hcl": 1, "html": 1}

#: JavaScript that only a page with a player could run; `tests/test_players.py` plays with these players.
BROWSER = {
    "README.md": 1,
    "docs/guide/chat.md": 1,
    "docs/guide/metadata.md": 1,
    "docs/guide/players.md": 4,
    "docs/guide/rewind.md": 1,
}

PAGES = {page: guide.blocks(page) for page in guide.pages()}
ENTRY = "/docs/"
#: Bytes of gzip: what a reader's browser loads beside the page itself, and what a search loads.
LOOKS, INDEX = 8_000, 200_000


@pytest.fixture(scope="session")
def film(tmp_path_factory):
    """Three seconds that a reader has at hand."""
    folder = tmp_path_factory.mktemp("film")
    file = folder / "film.mp4"
    clip = make(Recipe(seconds=3), folder)
    subprocess.run(["ffmpeg", "-v", "error", "-i", clip, "-c", "copy", file], check=True)
    return file


# What readers type


@pytest.mark.parametrize("page", [page for page, blocks in PAGES.items() if blocks])
def test_a_reader_can_do_what_the_page_says(page, film, tmp_path):
    reader = guide.Reader(tmp_path, film)
    try:
        for block in PAGES[page]:
            reader.read(block)
    finally:
        reader.leave()


def test_what_is_not_run_is_known():
    left = {
        rule: Counter(page for page, blocks in PAGES.items() for block in blocks if rule in block.rules)
        for rule in ("outside", "browser")
    }
    assert (left["outside"], left["browser"]) == (OUTSIDE, BROWSER)
    every = [block for blocks in PAGES.values() for block in blocks]
    reasons = [block.rules[rule] for block in every for rule in left if rule in block.rules]
    assert all(reasons), "each says why"
    known = guide.RUN | guide.PARSED
    others = Counter(block.language for block in every if block.language not in known and "file" not in block.rules)
    assert others == READ_ONLY


# The site


class Links(HTMLParser):
    """Where a page leads, and where it can be entered."""

    def __init__(self, text: str):
        super().__init__()
        self.leads: list[str] = []
        self.anchors: set[str] = set()
        self.title = ""
        self._in_title = False
        self.feed(text)

    def handle_starttag(self, tag, attrs):
        attributes = dict(attrs)
        self.leads += [attributes[name] for name in ("href", "src") if attributes.get(name)]
        if "id" in attributes:
            self.anchors.add(attributes["id"])
        self._in_title = tag == "title"

    def handle_data(self, data):
        if self._in_title:
            self.title, self._in_title = data, False


@pytest.fixture(scope="module")
def site(server):
    """All that can be reached from the entry, by URL."""
    found, todo = {}, [server.url + ENTRY]
    while todo:
        url = todo.pop()
        if url in found:
            continue
        found[url] = fetch(url)
        if found[url].headers["content-type"].startswith("text/html"):
            links = Links(found[url].text)
            todo += [urldefrag(there)[0] for there in (urljoin(url, link) for link in links.leads) if "/docs/" in there]
    return found


def test_each_page_is_there_and_each_link_leads_somewhere(site, server):
    broken = []
    for url, answer in site.items():
        if answer.status != 200:
            broken.append(f"{url}: {answer.status}")
        if not answer.headers["content-type"].startswith("text/html"):
            continue
        for link in Links(answer.text).leads:
            there, anchor = urldefrag(urljoin(url, link))
            if anchor and there in site and anchor not in Links(site[there].text).anchors:
                broken.append(f"{url}: {link}")
    assert broken == []
    sources = {str(path.relative_to(guide.ROOT / "docs")) for path in (guide.ROOT / "docs").rglob("*.md")}
    assert len(sources) > 40
    missing = [one for one in sources - {"contents.md"} if f"{server.url}/docs/{one[:-3]}.html" not in site]
    assert missing == [], "each file of docs/ is a page, and is reached"


def test_pages_say_what_they_may_do_and_have_a_title_of_their_own(site):
    pages = {url: answer for url, answer in site.items() if answer.headers["content-type"].startswith("text/html")}
    # The entry has two addresses.
    titles = Counter(Links(answer.text).title for url, answer in pages.items() if not url.endswith("/"))
    assert [title for title, times in titles.items() if times > 1 or not title] == []
    for url, answer in pages.items():
        assert "default-src 'none'" in answer.headers["content-security-policy"], url
        assert "<!--" not in answer.text and "test:" not in answer.text.split("<code>")[0], url


def test_the_folder_and_pages_without_their_ending_are_found(server):
    moved = fetch(f"{server.url}/docs")
    assert (moved.status, moved.headers["location"]) == (308, "/docs/")
    assert fetch(f"{server.url}/docs/guide/chat").text == fetch(f"{server.url}/docs/guide/chat.html").text
    assert fetch(f"{server.url}/docs/guide/nothing.html").status == 404
    assert fetch(f"{server.url}/docs/../console.html").status != 200


def test_the_site_is_small(server):
    def size(path: str) -> int:
        answer = fetch(f"{server.url}/docs/{path}", headers={"Accept-Encoding": "gzip"})
        assert answer.headers["content-encoding"] == "gzip", path
        assert gzip.decompress(answer.body)
        return len(answer.body)

    assert size("assets/docs.css") + size("assets/docs.js") < LOOKS
    assert size("search.json") < INDEX


def test_every_section_can_be_searched(site, server):
    index = json.loads(fetch(f"{server.url}/docs/search.json").text)
    for page, anchor, _, text in index["sections"]:
        url, _ = index["pages"][page]
        assert anchor in Links(site[f"{server.url}/docs/{url}"].text).anchors
        assert "<!--" not in text
    assert any("kill -9" in text for *_, text in index["sections"])


def test_a_reader_searches_by_keyboard_and_copies(server):
    with visitor(f"{server.url}/docs/") as tab:
        tab.wait("document.querySelector('.search input')")
        tab.page.keyboard.press("/")
        tab.page.keyboard.type("revoke viewer")
        tab.wait("document.querySelectorAll('.found a').length > 0")
        tab.page.keyboard.press("Enter")
        tab.page.wait_for_url("**/docs/*/*.html*")
        text = tab.page.locator("article").inner_text().lower()
        assert "revo" in text and "viewer" in text
        tab.page.goto(f"{server.url}/docs/guide/chat.html")
        tab.page.get_by_role("navigation", name="Before and next").get_by_role("link").last.click()
        tab.page.wait_for_url("**/chat-review.html")
        tab.page.context.grant_permissions(["clipboard-read", "clipboard-write"])
        tab.page.goto(f"{server.url}/docs/guide/first-stream.html")
        button = tab.page.locator(".code button").first
        button.focus()
        tab.page.keyboard.press("Enter")
        wait_until(lambda: button.inner_text() == "Copied", "the copy")
        copied = tab.page.evaluate("navigator.clipboard.readText()")
        assert copied == tab.page.locator(".code code").first.text_content()


def test_pages_can_be_used_by_all_on_all_screens(server):
    with visitor(f"{server.url}/docs/") as tab:
        axe(tab)
        pages = ["guide/first-stream", "guide/players", "operate/running", "reference/config"]
        for page in [*pages, "project/benches/README"]:
            tab.page.goto(f"{server.url}/docs/{page}.html")
            axe(tab)
        tab.page.goto(f"{server.url}/docs/guide/first-stream.html")
        shots(tab, "docs")


def test_the_front_door_is_a_page_for_people_and_text_for_programs(server):
    text = fetch(f"{server.url}/")
    assert text.headers["content-type"].startswith("text/plain") and "/docs" in text.text
    with visitor(f"{server.url}/") as tab:
        axe(tab)
        shots(tab, "front-door")
        tab.page.get_by_role("link", name=re.compile("Guide")).click()
        tab.page.wait_for_url("**/docs/")
