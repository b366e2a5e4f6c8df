"""The playlist checker itself: it is content with a good stream and notices each kind of fault.

Promise: every rule of the checker has a fault here that it must find.
"""

import re

import pytest

from harness.playlist import (
    LOW,
    PLAIN,
    PREFETCH,
    Rules,
    attributes,
    misaligned,
    misreported,
    parse,
    parse_multivariant,
    rebuild,
)

SOURCE = (
    '#EXT-X-DATERANGE:ID="source-1",CLASS="live-video-net-stream-source",START-DATE="2026-11-20T10:00:00.000Z",'
    'END-ON-NEXT=YES,X-NET-LIVE-VIDEO-STREAM-SOURCE="live"'
)


def playlist(edge: int, *, first: int = 0, parts: int = 2, skip: int = 0, ended: bool = False) -> str:
    """Segments `first` to `edge` of one second in five parts, the last of them open with `parts` parts."""
    lines = [
        "#EXTM3U",
        "#EXT-X-VERSION:9",
        "#EXT-X-TARGETDURATION:1",
        "#EXT-X-SERVER-CONTROL:CAN-BLOCK-RELOAD=YES,PART-HOLD-BACK=0.7035,HOLD-BACK=3.0,CAN-SKIP-UNTIL=6.0",
        "#EXT-X-PART-INF:PART-TARGET=0.201",
        f"#EXT-X-MEDIA-SEQUENCE:{first}",
        SOURCE,
    ]
    lines += [f"#EXT-X-SKIP:SKIPPED-SEGMENTS={skip}"] if skip else ['#EXT-X-MAP:URI="i0.mp4"']
    for number in range(first + skip, edge + 1):
        is_open = number == edge and not ended
        lines.append(f"#EXT-X-PROGRAM-DATE-TIME:2026-11-20T10:00:{number:02}.000Z")
        if number >= edge - 3:
            for part in range(parts if is_open else 5):
                more = ",INDEPENDENT=YES" if part == 0 else ""
                lines.append(f'#EXT-X-PART:DURATION=0.20000,URI="p{number}.{part}.m4s"{more}')
        if not is_open:
            lines += ["#EXTINF:1.00000,live", f"s{number}.m4s"]
    if not ended:
        lines += [f"#EXT-X-PREFETCH:s{edge}.m4s", f"#EXT-X-PREFETCH:s{edge + 1}.m4s"]
    lines.append("#EXT-X-ENDLIST" if ended else f'#EXT-X-PRELOAD-HINT:TYPE=PART,URI="p{edge}.{parts}.m4s"')
    return "\n".join(lines) + "\n"


def other(form: str, edge: int, *, first: int = 0, made: int = 5, ended: bool = False) -> str:
    """The same segments in a form without parts, as a transport stream; `edge` is the segment in the making."""
    lines = ["#EXTM3U", "#EXT-X-VERSION:3", "#EXT-X-TARGETDURATION:1", f"#EXT-X-MEDIA-SEQUENCE:{first}"]
    if form == PREFETCH:
        moment = f"2026-11-20T10:00:{edge:02}.{made:03}Z"
        lines += [
            f"#EXT-X-NET-LIVE-VIDEO-LIVE-SEQUENCE:{first}",
            f"#EXT-X-NET-LIVE-VIDEO-ELAPSED-SECS:{first}.000",
            f'#EXT-X-DATERANGE:ID="playlist-creation-{edge}{made}",CLASS="timestamp",START-DATE="{moment}",'
            f'END-ON-NEXT=YES,X-SERVER-TIME="{edge}.{made}"',
        ]
    lines.append(SOURCE)
    for number in range(first, edge):
        lines.append(f"#EXT-X-PROGRAM-DATE-TIME:2026-11-20T10:00:{number:02}.000Z")
        lines += ["#EXTINF:1.00000,live", f"s{number}.ts"]
    if form == PREFETCH and not ended:
        lines += [f"#EXT-X-PREFETCH:s{edge}.ts", f"#EXT-X-PREFETCH:s{edge + 1}.ts"]
    return "\n".join([*lines, *["#EXT-X-ENDLIST"] * ended]) + "\n"


def broken(*texts: str, form: str = LOW) -> list[str]:
    rules = Rules(form)
    for text in texts:
        rules.observe(parse(text))
    return rules.broken


GOOD = [playlist(8, first=0, parts=2), playlist(8, first=0, parts=3), playlist(9, first=1, parts=1)]


def test_a_good_stream_breaks_no_rule():
    assert broken(*GOOD, playlist(9, first=1, ended=True)) == []


@pytest.mark.parametrize(
    ("pattern", "fault", "rule"),
    [
        ("PART-HOLD-BACK=0.7035", "PART-HOLD-BACK=0.6", "PART-HOLD-BACK"),
        (",HOLD-BACK=3.0", ",HOLD-BACK=2.0", "HOLD-BACK under"),
        ("CAN-SKIP-UNTIL=6.0", "CAN-SKIP-UNTIL=5.0", "CAN-SKIP-UNTIL"),
        ("CAN-BLOCK-RELOAD=YES,", "", "blocking reload"),
        ("#EXT-X-VERSION:9", "#EXT-X-VERSION:6", "version 9"),
        ('#EXT-X-MAP:URI="i0.mp4"\n', "", "no map"),
        ("#EXT-X-PROGRAM-DATE-TIME:2026-11-20T10:00:03.000Z\n", "", "no date"),
        ("10:00:03.000Z", "10:00:03.010Z", "date is off"),
        ("10:00:03.000Z", "10:00:01.000Z", "does not rise"),
        ("#EXTINF:1.00000", "#EXTINF:1.60000", "over the target"),
        ('DURATION=0.20000,URI="p8.1', 'DURATION=0.20300,URI="p8.1', "over 0.201"),
        ('DURATION=0.20000,URI="p7.1', 'DURATION=0.15000,URI="p7.1', "under 85 %"),
        ('DURATION=0.20000,URI="p7.4', 'DURATION=0.10000,URI="p7.4', "parts are"),
        (",INDEPENDENT=YES", "", "independent"),
        (r"#EXT-X-PART:[^\n]*p7\.\d[^\n]*\n", "", "no parts"),
        ('HINT:TYPE=PART,URI="p8.2', 'HINT:TYPE=PART,URI="p8.1', "listed already"),
        ("#EXT-X-PREFETCH:s9.m4s\n", "", "to be prefetched"),
        ("#EXT-X-PREFETCH:s9", "#EXT-X-PREFETCH:s10", "to be prefetched"),
        ("#EXT-X-PREFETCH:s", "#EXT-X-PREFETCH:x/s", "lies elsewhere"),
        (re.escape(SOURCE) + "\n", "", "date ranges of"),
        ("END-ON-NEXT=YES,", "", "not whole"),
        ("END-ON-NEXT=YES,", "END-ON-NEXT=YES,DURATION=1.0,", "not whole"),
    ],
)
def test_a_fault_in_one_playlist_is_found(pattern, fault, rule):
    text = re.sub(pattern, fault, GOOD[0])
    assert text != GOOD[0]
    assert any(rule in one for one in broken(text)), broken(text)


@pytest.mark.parametrize(
    ("pattern", "fault", "rule"),
    [
        ("PART-TARGET=0.201", "PART-TARGET=0.2009", "part_target changed"),
        ("TARGETDURATION:1", "TARGETDURATION:2", "target changed"),
        ("CAN-SKIP-UNTIL=6.0", "CAN-SKIP-UNTIL=7.0", "control changed"),
        ('URI="i0.mp4"', 'URI="i1.mp4"', "map"),
        ("s5.m4s", "s5b.m4s", "changed after it was closed"),
        ("p7.0.m4s", "p7b.0.m4s", "parts changed"),
        ("p8.2.m4s", "p8.9.m4s", "hinted part"),
        (
            "#EXT-X-MEDIA-SEQUENCE:0",
            "#EXT-X-MEDIA-SEQUENCE:0\n#EXT-X-DISCONTINUITY-SEQUENCE:1",
            "discontinuity sequence",
        ),
    ],
)
def test_a_change_between_two_playlists_is_found(pattern, fault, rule):
    text = re.sub(pattern, fault, GOOD[1])
    assert any(rule in one for one in broken(GOOD[0], text)), broken(GOOD[0], text)


@pytest.mark.parametrize("form", [PREFETCH, PLAIN])
def test_a_good_stream_in_another_form_breaks_no_rule(form):
    texts = [other(form, 8), other(form, 8, made=205), other(form, 9, first=1), other(form, 9, first=1, ended=True)]
    assert broken(*texts, form=form) == []


@pytest.mark.parametrize(
    ("form", "pattern", "fault", "rule"),
    [
        (PREFETCH, "VERSION:3", "VERSION:9", "version 9"),
        (PREFETCH, "LIVE-SEQUENCE:0", "LIVE-SEQUENCE:1", "IVS player's tags"),
        (PREFETCH, "#EXT-X-NET-LIVE-VIDEO-ELAPSED-SECS:0.000\n", "", "IVS player's tags"),
        (PREFETCH, "#EXT-X-PREFETCH:s8.ts\n", "", "to be prefetched"),
        (PREFETCH, 'CLASS="timestamp"', 'CLASS="time"', "date ranges of"),
        (
            PREFETCH,
            "#EXTINF:1.00000,live\ns4",
            '#EXT-X-PART:DURATION=1,URI="p"\n#EXTINF:1.00000,live\ns4',
            "parts where",
        ),
        (PREFETCH, "#EXTINF:1.00000,live\ns4", "#EXTINF:1.60000,live\ns4", "over the target"),
        (PREFETCH, "#EXT-X-MEDIA", "#EXT-X-PART-INF:PART-TARGET=0.2\n#EXT-X-MEDIA", "not there"),
        (PLAIN, "#EXT-X-MEDIA", "#EXT-X-SERVER-CONTROL:CAN-BLOCK-RELOAD=YES\n#EXT-X-MEDIA", "not there"),
        (PLAIN, "s7.ts\n", "s7.ts\n#EXT-X-PREFETCH:s8.ts\n#EXT-X-PREFETCH:s9.ts\n", "to be prefetched"),
        (PLAIN, "s7.ts\n", 's7.ts\n#EXT-X-PRELOAD-HINT:TYPE=PART,URI="p"\n', "preload hint"),
    ],
)
def test_a_fault_in_another_form_is_found(form, pattern, fault, rule):
    good = other(form, 8)
    text = re.sub(pattern, fault, good)
    assert text != good
    assert any(rule in one for one in broken(text, form=form)), broken(text, form=form)


def test_a_date_range_whose_values_change_is_found():
    same = other(PREFETCH, 8).replace('X-SERVER-TIME="8.5"', 'X-SERVER-TIME="9.5"')
    assert any("values changed" in one for one in broken(other(PREFETCH, 8), same, form=PREFETCH))
    source = other(PLAIN, 8).replace('SOURCE="live"', 'SOURCE="slate"').replace("source-1", "source-2")
    assert any("source changed" in one for one in broken(other(PLAIN, 8), source, form=PLAIN))


def test_a_hint_that_is_left_out_while_more_comes_is_found():
    silent = re.sub(r"#EXT-X-PRELOAD-HINT[^\n]*\n", "", GOOD[0])
    assert silent != GOOD[0]
    assert any("no preload hint" in one for one in broken(silent, GOOD[1])), broken(silent, GOOD[1])


def test_a_stream_that_goes_back_is_found():
    assert any("went back" in one for one in broken(GOOD[2], GOOD[1]))


def test_too_short_a_window_is_found():
    assert any("only 2.4" in one for one in broken(playlist(8, first=6, parts=2)))


def test_parts_far_behind_the_edge_are_found():
    closing = "#EXTINF:1.00000,live\ns2.m4s"
    late = playlist(8).replace(closing, f'#EXT-X-PART:DURATION=0.2,URI="p2.0.m4s"\n{closing}')
    assert any("behind the edge" in one for one in broken(late))


def test_what_leaves_the_playlist_is_remembered():
    rules = Rules()
    for text in (playlist(4, first=0), playlist(5, first=2)):
        rules.observe(parse(text))
    assert "s0.m4s" in rules.gone and "s1.m4s" in rules.gone and "p1.4.m4s" in rules.gone


def test_a_delta_is_rebuilt_from_the_playlist_before():
    full, delta = parse(playlist(12)), parse(playlist(12, skip=5))
    assert delta.skipped == 5 and rebuild(full, delta)[5:] == full.segments[5:]
    assert [segment.sequence for segment in rebuild(full, delta)] == list(range(13))


@pytest.mark.parametrize(
    "text",
    [
        "",
        "#EXTM3U",
        "#EXT-X-VERSION:9\n",
        "#EXTM3U\ns0.m4s\n",
        "#EXTM3U\n#EXTINF:1,\n#EXTINF:1,\ns.m4s\n",
        "#EXTM3U\n#EXTINF:1,\n",
        "#EXTM3U\n#EXTINF:1,\ns.m4s\n#EXT-X-ENDLIST\n#EXTINF:1,\nt.m4s\n",
        "#EXTM3U\n#EXTINF:1,\ns.m4s\n#EXT-X-VERSION:9\n",
        "#EXTM3U\n#EXTINF:1,\ns.m4s\n#EXT-X-TWITCH-PREFETCH:t.m4s\n",
        "#EXTM3U\n#EXTINF:1,\ns.m4s\n#EXT-X-PREFETCH:t.m4s\n#EXTINF:1,\nt.m4s\n",
    ],
)
def test_a_malformed_playlist_is_not_read(text):
    with pytest.raises(AssertionError):
        parse(text)


def test_attribute_lists_and_variants_are_read():
    assert attributes('A=1,B-C="x,y=z",D=1280x720') == {"A": "1", "B-C": "x,y=z", "D": "1280x720"}
    with pytest.raises(AssertionError):
        attributes("A=1,,b")
    [variant] = parse_multivariant('#EXTM3U\n#EXT-X-STREAM-INF:BANDWIDTH=1,CODECS="a,b"\nx/index.m3u8\n')
    assert (variant.uri, variant.stream) == ("x/index.m3u8", {"BANDWIDTH": "1", "CODECS": "a,b"})


def test_gaps_are_read_and_held_to_their_rules():
    lost = (
        playlist(9)
        .replace('p8.1.m4s"', 'p8.1.m4s",GAP=YES')
        .replace("#EXTINF:1.00000,live\ns8", "#EXT-X-GAP\n#EXTINF:1.00000,live\ns8")
    )
    rules = Rules()
    rules.observe(parse(lost))
    assert rules.broken == []
    [gone] = [segment for segment in rules.last.segments if segment.gap]
    assert (gone.sequence, [part.gap for part in gone.parts]) == (8, [False, True, False, False, False])
    for fault, what in [
        (lost.replace("#EXT-X-GAP\n", ""), "the segment: False"),
        (lost.replace(",GAP=YES", ""), "the segment: True"),
        (lost.replace("GAP=YES", "GAP=YES,INDEPENDENT=YES"), "a gap that is independent"),
    ]:
        rules = Rules()
        rules.observe(parse(fault))
        assert any(what in one for one in rules.broken), (what, rules.broken)
    rules = Rules()
    rules.observe(parse(lost))
    rules.observe(parse(playlist(9, parts=3)))
    assert any("changed" in one for one in rules.broken), rules.broken
    for fault in [
        lost.replace("GAP=YES", "GAP=NO"),
        lost.replace("#EXT-X-GAP\n", "#EXT-X-GAP\n#EXT-X-GAP\n"),
        lost.replace("#EXT-X-PREFETCH:s9", "#EXT-X-GAP\n#EXT-X-PREFETCH:s9"),
    ]:
        with pytest.raises(AssertionError):
            parse(fault)


def test_renditions_that_differ_are_noticed():
    ours, theirs = parse(playlist(9)), playlist(8, first=2, parts=1)
    assert misaligned(ours, parse(theirs.replace("s5.m4s", "x.m4s"))) == []
    for old, new in [
        ("TARGETDURATION:1", "TARGETDURATION:2"),
        ("PART-TARGET=0.201", "PART-TARGET=0.202"),
        ("HOLD-BACK=3.0", "HOLD-BACK=3.1"),
        ("10:00:05.000Z", "10:00:05.001Z"),
        (
            "#EXT-X-PROGRAM-DATE-TIME:2026-11-20T10:00:04",
            "#EXT-X-DISCONTINUITY\n#EXT-X-PROGRAM-DATE-TIME:2026-11-20T10:00:04",
        ),
        ("#EXTINF:1.00000,live\ns5", "#EXTINF:1.00100,live\ns5"),
        ('DURATION=0.20000,URI="p7.2', 'DURATION=0.20100,URI="p7.2'),
        ('#EXT-X-PART:DURATION=0.20000,URI="p7.4.m4s"\n', ""),
    ]:
        assert old in theirs, old
        assert misaligned(ours, parse(theirs.replace(old, new))) != [], new


def test_reports_that_are_not_true_are_noticed():
    report = '#EXT-X-RENDITION-REPORT:URI="../a/index.m3u8",LAST-MSN=8,LAST-PART=1\n'
    others = {"../a/index.m3u8": (parse(playlist(8, parts=1)), parse(playlist(8, parts=3)))}
    assert misreported(parse(playlist(9) + report), others) == []
    for old, new in [
        ("LAST-MSN=8", "LAST-MSN=9"),
        ("LAST-PART=1", "LAST-PART=3"),
        ("../a/", "../b/"),
        (report, report + report),
        (report, ""),
    ]:
        assert misreported(parse(playlist(9) + report.replace(old, new)), others) != [], new
    rules = Rules()
    rules.observe(parse(playlist(9) + report))
    assert rules.broken == []
    for fault in [playlist(9) + report.replace("../a/", ""), playlist(9) + report.replace("../a/index", "plain")]:
        rules = Rules()
        rules.observe(parse(fault))
        assert any("reports of itself" in one for one in rules.broken), rules.broken
