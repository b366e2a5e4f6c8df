//! Each rule finds the fault that it is for: a good stream with one thing wrong.

use crate::across::{misaligned, misreported, variants};
use crate::reader::Playlist;
use crate::rules::{Form, Pace, Rule, Rules};

/// Segments `first..=edge` of one second in five parts; the last one is open with `parts` of them. A discontinuity
/// opens segment 2.
fn low(first: u64, edge: u64, parts: u64, skip: u64) -> String {
    let mut text = format!(
        "#EXTM3U\n#EXT-X-VERSION:9\n#EXT-X-TARGETDURATION:1\n\
         #EXT-X-SERVER-CONTROL:CAN-BLOCK-RELOAD=YES,PART-HOLD-BACK=0.707,HOLD-BACK=3.000,CAN-SKIP-UNTIL=6.000\n\
         #EXT-X-PART-INF:PART-TARGET=0.202\n#EXT-X-MEDIA-SEQUENCE:{first}\n\
         #EXT-X-DISCONTINUITY-SEQUENCE:{}\n{SOURCE}\n",
        u64::from(first > 2)
    );
    if skip > 0 {
        text += &format!("#EXT-X-SKIP:SKIPPED-SEGMENTS={skip}\n");
    }
    for number in first + skip..=edge {
        let is_open = number == edge;
        if number == 2 {
            text += "#EXT-X-DISCONTINUITY\n";
        }
        let has_map = skip == 0 && number == first || number == 2;
        if has_map {
            text += &format!("#EXT-X-MAP:URI=\"i{}.mp4\"\n", u64::from(number >= 2));
        }
        text += &format!("#EXT-X-PROGRAM-DATE-TIME:2026-11-21T10:00:{number:02}.000Z\n");
        if number + 3 >= edge {
            for part in 0..if is_open { parts } else { 5 } {
                let more = if part == 0 { ",INDEPENDENT=YES" } else { "" };
                text += &format!("#EXT-X-PART:DURATION=0.200,URI=\"p{number}.{part}.m4s\"{more}\n");
            }
        }
        if !is_open {
            text += &format!("#EXTINF:1.000,live\ns{number}.m4s\n");
        }
    }
    text + &format!(
        "#EXT-X-PREFETCH:s{edge}.m4s\n#EXT-X-PREFETCH:s{}.m4s\n\
         #EXT-X-PRELOAD-HINT:TYPE=PART,URI=\"p{edge}.{parts}.m4s\"\n",
        edge + 1
    )
}

const SOURCE: &str = "#EXT-X-DATERANGE:ID=\"source-1\",CLASS=\"live-video-net-stream-source\",\
    START-DATE=\"2026-11-21T10:00:00.000Z\",END-ON-NEXT=YES,X-NET-LIVE-VIDEO-STREAM-SOURCE=\"live\"";

fn seen(texts: &[&str]) -> Rules {
    let mut rules = Rules::new(Form::Low, Pace::Keyed);
    texts.iter().for_each(|text| rules.see(text));
    rules
}

/// The text with all of one thing replaced, which it must have.
fn with(text: &str, from: &str, to: &str) -> String {
    assert!(text.contains(from), "{from} is not in {text}");
    text.replace(from, to)
}

fn assert_finds(rules: &Rules, rule: Rule, fault: &str) {
    let found = rules.broken.iter().any(|(broken, _)| *broken == rule);
    assert!(found, "{rule:?} overlooks {fault}: {:?}", rules.broken);
}

#[test]
fn a_good_stream_breaks_no_rule() {
    let texts = [low(0, 9, 1, 0), low(0, 9, 2, 0), low(1, 10, 1, 0), low(3, 11, 1, 0)];
    let mut rules = seen(&texts[..1].iter().map(String::as_str).collect::<Vec<_>>());
    assert_eq!(rules.broken, []);
    for (text, before) in texts.iter().skip(1).zip(&texts) {
        // More than one part at a time is what R28 is for.
        rules.see(text);
        let delta = low(rules.last.as_ref().expect("seen").sequence, edge(text), parts(text), 2);
        rules.delta(&Playlist::read(before).expect("a playlist"), &delta);
    }
    rules.broken.retain(|(rule, _)| !matches!(rule, Rule::R28OneByOne | Rule::R22HintCame));
    assert_eq!(rules.broken, []);
}

fn edge(text: &str) -> u64 {
    Playlist::read(text).expect("a playlist").edge().0
}

fn parts(text: &str) -> u64 {
    Playlist::read(text).expect("a playlist").edge().1 as u64
}

#[test]
fn a_fault_in_one_playlist_is_found() {
    use Rule::*;
    for (rule, from, to) in [
        (R01Grammar, "#EXTM3U\n", ""),
        (R01Grammar, "#EXTINF:1.000,live\ns4.m4s", "#EXTINF:1.000,live"),
        (
            R01Grammar,
            "#EXT-X-PART-INF:PART-TARGET=0.202\n",
            "#EXT-X-PART-INF:PART-TARGET=0.202,PART-TARGET=1\n",
        ),
        (R01Grammar, "#EXT-X-VERSION:9\n", "#EXT-X-VERSION:9\n#EXT-X-VERSION:9\n"),
        (R01Grammar, "#EXTINF:1.000,live\ns8.m4s\n", "#EXTINF:1.000,live\ns8.m4s\n#EXT-X-VERSION:9\n"),
        (
            R01Grammar,
            "HINT:TYPE=PART,URI=\"p9.1.m4s\"\n",
            "HINT:TYPE=PART,URI=\"p9.1.m4s\"\n#EXTINF:1,live\nx.m4s\n",
        ),
        (R01Grammar, "10:00:08.000Z\n#EXT-X-PART", "10:00:08.000Z\n#EXT-X-UNKNOWN\n#EXT-X-PART"),
        (R01Grammar, "p8.0.m4s\",INDEPENDENT=YES\n", "p8.0.m4s\",INDEPENDENT=YES\n#EXT-X-DISCONTINUITY\n"),
        (R02Version, "#EXT-X-VERSION:9", "#EXT-X-VERSION:6"),
        (R03Target, "#EXTINF:1.000,live\ns4", "#EXTINF:1.500,live\ns4"),
        (R07PartTarget, "#EXT-X-PART-INF:PART-TARGET=0.202\n", ""),
        (R08Control, "PART-HOLD-BACK=0.707", "PART-HOLD-BACK=0.700"),
        (R08Control, ",HOLD-BACK=3.000", ",HOLD-BACK=2.999"),
        (R08Control, "CAN-SKIP-UNTIL=6.000", "CAN-SKIP-UNTIL=5.999"),
        (R08Control, "CAN-BLOCK-RELOAD=YES,", ""),
        (R10Map, "#EXT-X-MAP:URI=\"i0.mp4\"\n", ""),
        (R11Dates, "#EXT-X-PROGRAM-DATE-TIME:2026-11-21T10:00:04.000Z\n", ""),
        (R11Dates, "10:00:04.000Z", "10:00:03.900Z"),
        (R12DatesFit, "10:00:04.000Z", "10:00:04.010Z"),
        (R13PartLength, "DURATION=0.200,URI=\"p8.4", "DURATION=0.203,URI=\"p8.4"),
        (R14PartShare, "DURATION=0.200,URI=\"p8.1", "DURATION=0.171,URI=\"p8.1"),
        (R30Gaps, "p8.1.m4s\"\n", "p8.1.m4s\",GAP=YES\n"),
        (R30Gaps, "#EXTINF:1.000,live\ns8.m4s", "#EXT-X-GAP\n#EXTINF:1.000,live\ns8.m4s"),
        (R30Gaps, "p8.0.m4s\",INDEPENDENT=YES", "p8.0.m4s\",GAP=YES,INDEPENDENT=YES"),
        (R01Grammar, "p8.1.m4s\"\n", "p8.1.m4s\",GAP=NO\n"),
        (R01Grammar, "#EXTINF:1.000,live\ns8.m4s", "#EXTINF:1.000,live\n#EXT-X-GAP\ns8.m4s"),
        (R15Independent, "p8.0.m4s\",INDEPENDENT=YES", "p8.0.m4s\""),
        (R16Sum, "DURATION=0.200,URI=\"p8.4", "DURATION=0.199,URI=\"p8.4"),
        (
            R17RecentParts,
            "#EXTINF:1.000,live\ns4",
            "#EXT-X-PART:DURATION=0.200,URI=\"p4.0.m4s\"\n#EXTINF:1.000,live\ns4",
        ),
        (R19Unique, "s4.m4s", "s5.m4s"),
        (R21Hint, "#EXT-X-PRELOAD-HINT:TYPE=PART,URI=\"p9.1.m4s\"\n", ""),
        (R21Hint, "HINT:TYPE=PART,URI=\"p9.1.m4s\"", "HINT:TYPE=PART,URI=\"p9.0.m4s\""),
        (R23Ranges, SOURCE, "#EXT-X-DATERANGE:ID=\"a\",START-DATE=\"2026-11-21T10:00:00.000Z\""),
        (R23Ranges, "END-ON-NEXT=YES,X", "END-ON-NEXT=YES,DURATION=1.0,X"),
        (
            R25Reports,
            "p9.1.m4s\"\n",
            "p9.1.m4s\"\n#EXT-X-RENDITION-REPORT:URI=\"index.m3u8\",LAST-MSN=9,LAST-PART=0\n",
        ),
        (R26Prefetch, "#EXT-X-PREFETCH:s10.m4s\n", ""),
        (R26Prefetch, "#EXT-X-PREFETCH:s10.m4s", "#EXT-X-PREFETCH:s11.m4s"),
    ] {
        let text = with(&low(0, 9, 1, 0), from, to);
        assert_finds(&seen(&[&text]), rule, to);
    }
    let far = with(&low(0, 9, 1, 0), "#EXT-X-PREFETCH:s9.m4s\n#EXT-X-PREFETCH:s10.m4s\n", "");
    let late = with(&far, "#EXTINF:1.000,live\ns8.m4s\n", "");
    assert_finds(&seen(&[&late]), R01Grammar, "no segment between two");
    let short = low(7, 9, 1, 0);
    assert_finds(&seen(&[&short]), R20Length, "2.2 s");
    let recent = with(&low(0, 9, 1, 0), "#EXT-X-PART:DURATION=0.200,URI=\"p8.4.m4s\"\n", "");
    assert_finds(&seen(&[&recent]), R16Sum, "a part that is not listed");
}

#[test]
fn a_change_between_two_playlists_is_found() {
    use Rule::*;
    for (rule, from, to) in [
        (R03Target, "TARGETDURATION:1", "TARGETDURATION:2"),
        (R18Kept, "#EXT-X-MEDIA-SEQUENCE:0", "#EXT-X-MEDIA-SEQUENCE:1"),
        (R05Discontinuities, "DISCONTINUITY-SEQUENCE:0", "DISCONTINUITY-SEQUENCE:1"),
        (R07PartTarget, "PART-TARGET=0.202", "PART-TARGET=0.201"),
        (R09ControlStays, "PART-HOLD-BACK=0.707", "PART-HOLD-BACK=0.800"),
        (R18Kept, "i0.mp4", "i9.mp4"),
        (R18Kept, "s5.m4s", "s5b.m4s"),
        (R18Kept, "10:00:05.000Z", "10:00:05.001Z"),
        (R18Kept, "URI=\"p7.3", "URI=\"p7.3b"),
        (R19Unique, "DURATION=0.200,URI=\"p9.0", "DURATION=0.201,URI=\"p9.0"),
        (R22HintCame, "URI=\"p9.1.m4s\"\n#EXT-X-PREFETCH", "URI=\"p9.1b.m4s\"\n#EXT-X-PREFETCH"),
        (R23Ranges, "STREAM-SOURCE=\"live\"", "STREAM-SOURCE=\"slate\""),
    ] {
        let text = with(&low(0, 9, 2, 0), from, to);
        assert_finds(&seen(&[&low(0, 9, 1, 0), &text]), rule, to);
    }
    assert_finds(&seen(&[&low(0, 9, 3, 0), &low(0, 9, 2, 0)]), R04Sequence, "a part that goes");
    assert_finds(&seen(&[&low(3, 9, 1, 0), &low(2, 9, 1, 0)]), R04Sequence, "a segment that comes back");
    assert_finds(&seen(&[&low(0, 9, 1, 0), &low(0, 9, 3, 0)]), R28OneByOne, "two parts at once");
    let gone = low(3, 10, 1, 0).replace("DISCONTINUITY-SEQUENCE:1", "DISCONTINUITY-SEQUENCE:0");
    assert_finds(&seen(&[&low(0, 9, 4, 0), &gone]), R05Discontinuities, "a tag that left uncounted");
}

#[test]
fn what_changes_after_the_end_or_stays_open_is_found() {
    let ended = |edge: u64| {
        let text = low(0, edge, 0, 0);
        let (media, _) = text.split_once("#EXT-X-PREFETCH").expect("written");
        let (media, _) = media.rsplit_once("#EXT-X-PROGRAM-DATE-TIME").expect("written");
        format!("{media}#EXT-X-ENDLIST\n")
    };
    let good = seen(&[&low(0, 9, 0, 0), &ended(9), &ended(9)]);
    assert_eq!(good.broken, []);
    assert_finds(&seen(&[&ended(9), &ended(10)]), Rule::R06End, "a segment after the end");
    let open = low(0, 9, 1, 0).replace("#EXT-X-PREFETCH:s9.m4s\n#EXT-X-PREFETCH:s10.m4s\n", "");
    let (open, _) = open.split_once("#EXT-X-PRELOAD").expect("written");
    assert_finds(&seen(&[&format!("{open}#EXT-X-ENDLIST\n")]), Rule::R06End, "an open segment");
}

#[test]
fn a_wrong_delta_update_is_found() {
    let full = low(0, 9, 1, 0);
    let good = low(0, 9, 1, 3);
    let found = |delta: &str, known: &str| {
        let mut rules = seen(&[&full]);
        rules.delta(&Playlist::read(known).expect("a playlist"), delta);
        rules
    };
    assert_eq!(found(&good, &full).broken, []);
    for (from, to) in [
        ("SKIPPED-SEGMENTS=3", "SKIPPED-SEGMENTS=2"),
        ("SKIPPED-SEGMENTS=3", "SKIPPED-SEGMENTS=4"),
        ("#EXT-X-MEDIA-SEQUENCE:0", "#EXT-X-MEDIA-SEQUENCE:3"),
        ("#EXT-X-DISCONTINUITY-SEQUENCE:0", "#EXT-X-DISCONTINUITY-SEQUENCE:1"),
        (SOURCE, &SOURCE.replace("source-1", "source-2")),
        ("s5.m4s", "s6b.m4s"),
    ] {
        let delta = with(&good, from, to);
        assert_finds(&found(&delta, &full), Rule::R24Delta, to);
    }
    assert_finds(&found(&low(0, 9, 1, 4), &full), Rule::R24Delta, "what lies within the Skip Boundary");
    assert_finds(&found(&good, &low(2, 9, 1, 0)), Rule::R24Delta, "more than the player had");
}

#[test]
fn forms_that_disagree_are_found() {
    let (mut first, second) = (seen(&[&low(0, 9, 1, 0)]), seen(&[&low(0, 8, 1, 0)]));
    first.beside(&second);
    assert_finds(&first, Rule::R27Forms, "another last segment");
}

#[test]
fn a_gap_that_heals_or_comes_later_is_found() {
    let lost = |text: &str| with(text, "#EXTINF:1.000,live\ns4", "#EXT-X-GAP\n#EXTINF:1.000,live\ns4");
    let (whole, next) = (low(0, 9, 1, 0), low(0, 9, 2, 0));
    assert_eq!(seen(&[&lost(&whole), &lost(&next)]).broken, []);
    assert_finds(&seen(&[&lost(&whole), &next]), Rule::R18Kept, "a gap that heals");
    assert_finds(&seen(&[&whole, &lost(&next)]), Rule::R18Kept, "a gap that comes later");
}

#[test]
fn renditions_that_disagree_are_found() {
    let read = |text: &str| Playlist::read(text).expect("a playlist");
    let (ours, theirs) = (read(&low(0, 9, 1, 0)), low(2, 8, 3, 0));
    assert_eq!(misaligned(&ours, &read(&theirs)), None);
    let renamed = with(&with(&theirs, "p8.1.m4s\"", "x.m4s\",GAP=YES"), "s5.m4s", "y.m4s");
    assert_eq!(misaligned(&ours, &read(&renamed)), None);
    for (from, to) in [
        ("TARGETDURATION:1", "TARGETDURATION:2"),
        ("PART-HOLD-BACK=0.707", "PART-HOLD-BACK=0.708"),
        ("PART-TARGET=0.202", "PART-TARGET=0.203"),
        ("10:00:05.000Z", "10:00:05.001Z"),
        ("#EXTINF:1.000,live\ns5", "#EXTINF:1.001,live\ns5"),
        ("#EXT-X-DISCONTINUITY\n", ""),
        ("DURATION=0.200,URI=\"p8.1", "DURATION=0.199,URI=\"p8.1"),
    ] {
        let other = read(&with(&theirs, from, to));
        assert!(misaligned(&ours, &other).is_some() && misaligned(&other, &ours).is_some(), "{to}");
    }
    let short = with(&low(0, 9, 1, 0), "#EXT-X-PART:DURATION=0.200,URI=\"p8.4.m4s\"\n", "");
    assert!(misaligned(&ours, &read(&short)).is_some(), "a part less");
}

#[test]
fn a_report_that_is_not_true_is_found() {
    let good = "#EXT-X-RENDITION-REPORT:URI=\"../a/index.m3u8\",LAST-MSN=9,LAST-PART=1\n\
        #EXT-X-RENDITION-REPORT:URI=\"../b/index.m3u8\",LAST-MSN=7,LAST-PART=4\n";
    let whole = low(0, 9, 1, 0) + good;
    assert_eq!(seen(&[&whole]).broken, []);
    let others = [low(0, 9, 2, 0), low(0, 8, 0, 0)].map(|text| Playlist::read(&text).expect("a playlist"));
    let found = |text: &str| {
        let now = Playlist::read(text).expect("a playlist");
        let uris = ["../a/index.m3u8", "../b/index.m3u8"].map(str::to_owned);
        misreported(&now, uris.into_iter().zip(&others))
    };
    assert_eq!(found(&whole), None);
    for (from, to) in [
        ("LAST-MSN=9", "LAST-MSN=8"),
        ("LAST-PART=1", "LAST-PART=2"),
        ("LAST-PART=4", "LAST-PART=0"),
        (",LAST-PART=1", ""),
        ("../a/index", "../c/index"),
        ("../a/index.m3u8\",LAST-MSN=9,LAST-PART=1", "../b/index.m3u8\",LAST-MSN=7,LAST-PART=4"),
        (good, ""),
    ] {
        assert!(found(&with(&whole, from, to)).is_some(), "{to}");
    }
}

#[test]
fn a_strange_line_of_the_multivariant_playlist_is_found() {
    let good = "#EXTM3U\n#EXT-X-MEDIA:TYPE=VIDEO,GROUP-ID=\"480p30\",NAME=\"480p\"\n\
        #EXT-X-STREAM-INF:BANDWIDTH=2,AVERAGE-BANDWIDTH=2,RESOLUTION=852x480,CODECS=\"avc1.4D401F,mp4a.40.2\",\
        VIDEO=\"480p30\",FRAME-RATE=30.000\nx/480p30/index.m3u8\n";
    let fault = |text: &str| match variants(text) {
        Ok(found) => found.iter().find_map(super::across::Variant::fault),
        Err(error) => Some(error),
    };
    assert_eq!(fault(good), None);
    for (from, to) in [
        ("VIDEO=\"480p30\"", "VIDEO=\"480p\""),
        ("avc1.4D401F,", ""),
        (",RESOLUTION=852x480", ""),
        ("AVERAGE-BANDWIDTH=2", "AVERAGE-BANDWIDTH=3"),
        ("FRAME-RATE=30.000", "FRAME-RATE=30.000,CLOSED-CAPTIONS=NONE"),
        ("#EXT-X-MEDIA:TYPE=VIDEO,GROUP-ID=\"480p30\",NAME=\"480p\"\n", ""),
        ("x/480p30/index.m3u8\n", ""),
    ] {
        assert!(fault(&with(good, from, to)).is_some(), "{to}");
    }
    let (_, line) = good.split_once('\n').expect("lines");
    assert!(fault(&[good, line].concat()).is_some(), "the same twice");
}
