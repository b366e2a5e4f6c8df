//! The rules of draft-pantos-hls-rfc8216bis that every playlist here is held to, one number each, with the section
//! that says it. What several players ask beyond the draft is marked so.
//!
//! Promise: knows the texts alone. A rule that is broken is named, and each rule has a fault that it finds
//! (`faults.rs`).

use std::collections::{HashMap, HashSet};

use crate::reader::{Attributes, Playlist, Segment, decimal, millis, quoted};

/// Half of the last decimal of a time, twice.
const TEXT: f64 = 0.000_001_1;
/// Dates are rounded down to milliseconds.
const DATE: f64 = 0.001_1;

#[rustfmt::skip]
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub(crate) enum Rule {
    /// 4: the grammar; each tag where it belongs and as often as it may.
    R01Grammar,
    /// 4.4.1.2, 8: the version is the least that knows the tags, or 9 all along with low latency.
    R02Version,
    /// 4.4.3.1, 6.2.1: no segment's rounded duration is more than the target, which never changes.
    R03Target,
    /// 4.4.3.2, 6.2.2: the media sequence rises by one for each segment that leaves, and never goes back.
    R04Sequence,
    /// 4.4.3.3, 6.2.2: the discontinuity sequence rises by one for each tag that leaves.
    R05Discontinuities,
    /// 4.4.3.4, 6.2.1: after the end nothing changes; a finished playlist has no segment in the making.
    R06End,
    /// 4.4.3.7: a part target stands where parts are, and never changes.
    R07PartTarget,
    /// 4.4.3.8: hold-backs are at least three targets and three and a half part targets (players), the Skip Boundary
    /// six targets.
    R08Control,
    /// 4.4.3.8 (players stop otherwise): the server control never changes.
    R09ControlStays,
    /// 4.4.4.5: fragments have an init section in force, transport streams have none.
    R10Map,
    /// 4.4.4.6, 6.2.1: each segment has a date; dates rise and leave room for what is before.
    R11Dates,
    /// 4.4.4.6 (players): without a discontinuity the next date is a segment's duration later.
    R12DatesFit,
    /// 4.4.4.9: no part is longer than the target.
    R13PartLength,
    /// 4.4.4.9: parts are at least 85 % of it, but the last of a segment and independent ones.
    R14PartShare,
    /// 4.4.4.9 (players): the first part of a segment is independent, if it is there.
    R15Independent,
    /// 3.2: a segment is the sum of its parts.
    R16Sum,
    /// 6.2.2: parts are listed within three targets of the end, and no further back.
    R17RecentParts,
    /// 6.2.1: what was listed stays as it was, new media come at the end, old ones leave at the beginning.
    R18Kept,
    /// 6.2.1: no URI names two things, now or later.
    R19Unique,
    /// 6.2.2: at least three targets are listed while the stream goes on.
    R20Length,
    /// 4.4.5.3, 6.2.6: one hint at the part that comes next, which is not listed yet; none after the end.
    R21Hint,
    /// 6.2.6: the hinted part comes, under its name.
    R22HintCame,
    /// 4.4.5.1, 6.2.1: date ranges are whole, keep their values and stay while their time is listed.
    R23Ranges,
    /// 4.4.5.2, 6.2.5.1: a delta update and what was known are the whole; nothing within the Skip Boundary is skipped.
    R24Delta,
    /// 4.4.5.4: a rendition does not report of itself, and there is nothing to be reported to other forms or after the
    /// end.
    R25Reports,
    /// IVS reference, 4.3: the segment in the making and the next are to be prefetched, where anything is.
    R26Prefetch,
    /// 6.2.4: all forms tell of the same media, as far back as each goes.
    R27Forms,
    /// hls.js #5028 (players): parts become public one by one.
    R28OneByOne,
    /// 6.2.1, 6.2.2: what is listed can be fetched at once, and for a while after it has left.
    R29Fetched,
    /// 4.4.4.7, 4.4.4.9: a segment is a gap where one of its parts is, and nowhere else; what is not there is not
    /// independent.
    R30Gaps,
    /// 6.2.4, B: renditions promise the same, and tell of the same media at the same numbers.
    R31Aligned,
    /// 4.4.5.4, B: each rendition reports how far each other one is, under the URI that the multivariant playlist has.
    R32Reports,
    /// 4.4.6.2, 6.2.4: the multivariant playlist lists what can be played, as it is coded.
    R33Listed,
}

/// What a form must have.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Form {
    Low,
    Prefetch,
    Plain,
}

/// What an encoder can be held to.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) enum Pace {
    Wild,
    /// It keeps its pace, its keyframes and its clock.
    Steady,
    /// And each of its groups of pictures makes a segment.
    Keyed,
}

/// Sees the playlists of one form of one stream, one after another.
#[derive(Debug)]
pub(crate) struct Rules {
    form: Form,
    pace: Pace,
    pub(crate) last: Option<Playlist>,
    /// What each URI stood for.
    names: HashMap<String, String>,
    ranges: HashMap<String, Attributes>,
    pub(crate) broken: Vec<(Rule, String)>,
}

impl Rules {
    pub(crate) fn new(form: Form, pace: Pace) -> Self {
        let (names, ranges) = (HashMap::new(), HashMap::new());
        Self { form, pace, last: None, names, ranges, broken: Vec::new() }
    }

    /// Looks at the next full playlist.
    pub(crate) fn see(&mut self, text: &str) {
        let now = match Playlist::read(text) {
            Ok(now) => now,
            Err(error) => return self.broken.push((Rule::R01Grammar, error)),
        };
        self.headers(&now);
        self.control(&now);
        self.segments(&now);
        self.edge(&now);
        self.ranges(&now);
        if let Some(before) = self.last.take() {
            self.after(&before, &now);
        }
        self.last = Some(now);
    }

    fn check(&mut self, holds: bool, rule: Rule, detail: impl FnOnce() -> String) {
        if !holds {
            self.broken.push((rule, detail()));
        }
    }

    // One playlist by itself.

    fn headers(&mut self, now: &Playlist) {
        let has_maps = now.segments.iter().any(|segment| segment.map.is_some());
        let least = if now.skipped.is_some() || self.form == Form::Low {
            9
        } else if has_maps {
            6
        } else {
            3
        };
        self.check(now.version == least, Rule::R02Version, || format!("{} for {least}", now.version));
        let over = now.segments.iter().find(|segment| segment.duration.round() > f64::from(now.target));
        self.check(over.is_none(), Rule::R03Target, || format!("{over:?}"));
        let told = (now.live_sequence, now.elapsed.is_some());
        let wanted = if self.form == Form::Prefetch { (Some(now.sequence), true) } else { (None, false) };
        self.check(told == wanted, Rule::R04Sequence, || format!("{told:?} in the tags of the IVS player"));
        self.check(now.skipped.is_none(), Rule::R24Delta, || "a delta update unasked".into());
    }

    fn control(&mut self, now: &Playlist) {
        let wanted = self.form == Form::Low;
        self.check(now.part_target.is_some() == wanted, Rule::R07PartTarget, String::new);
        self.check(now.control.is_some() == wanted, Rule::R08Control, String::new);
        let (Some(control), Some(part)) = (&now.control, now.part_target) else { return };
        let value = |name| decimal(control, name).unwrap_or(0.0);
        let target = f64::from(now.target);
        let enough =
            [("HOLD-BACK", 3.0 * target), ("PART-HOLD-BACK", 3.5 * part), ("CAN-SKIP-UNTIL", 6.0 * target)];
        for (name, least) in enough {
            self.check(value(name) + TEXT >= least, Rule::R08Control, || format!("{name} under {least}"));
        }
        let blocks = control.get("CAN-BLOCK-RELOAD").is_some_and(|value| value == "YES");
        self.check(blocks && control.len() == 4, Rule::R08Control, || format!("{control:?}"));
    }

    fn segments(&mut self, now: &Playlist) {
        for (number, segment) in now.numbered() {
            let names = segment.parts.iter().map(|part| &part.uri).chain([&segment.uri]);
            let fragments = names.clone().any(|name| name.ends_with(".m4s"));
            let maps = segment.map.is_some();
            self.check(maps == fragments, Rule::R10Map, || format!("{number}: {:?}", segment.map));
            self.check(segment.date.is_some(), Rule::R11Dates, || format!("{number} has no date"));
            self.parts(now, number, segment);
        }
        let all: Vec<_> = now.numbered().collect();
        for pair in all.windows(2) {
            let [(_, before), (number, after)] = pair else { continue };
            let (Some(from), Some(to)) = (before.date, after.date) else { continue };
            #[expect(clippy::cast_precision_loss, reason = "milliseconds of one stream")]
            let off = (to - from) as f64 / 1_000.0 - before.duration;
            let rises = to > from && off >= -DATE;
            self.check(rises, Rule::R11Dates, || format!("{number}: {off} s"));
            let fits = after.discontinuity || self.pace == Pace::Wild || off <= DATE;
            self.check(fits, Rule::R12DatesFit, || format!("{number}: {off} s"));
        }
        let uris = now.numbered().flat_map(|(_, segment)| {
            let parts = segment.parts.iter().map(|part| (part.uri.clone(), format!("{part:?}")));
            let whole =
                (!segment.uri.is_empty()).then(|| (segment.uri.clone(), segment.duration.to_string()));
            parts.chain(whole).collect::<Vec<_>>()
        });
        let mut seen = HashSet::new();
        for (uri, what) in uris {
            self.check(seen.insert(uri.clone()), Rule::R19Unique, || format!("{uri} twice"));
            let known = self.names.entry(uri.clone()).or_insert_with(|| what.clone()).clone();
            self.check(known == what, Rule::R19Unique, || format!("{uri}: {known}, now {what}"));
        }
    }

    fn parts(&mut self, now: &Playlist, number: u64, segment: &Segment) {
        let target = now.part_target.unwrap_or(0.0);
        for (at, part) in segment.parts.iter().enumerate() {
            let fits = part.duration > 0.0 && part.duration <= target + TEXT;
            self.check(fits, Rule::R13PartLength, || format!("{number}.{at}: {part:?}"));
            // What follows the last part of an open segment may be the next segment.
            let is_last = at + 1 == segment.parts.len();
            let full = is_last || part.independent || part.duration >= 0.85 * target - TEXT;
            self.check(full || self.pace == Pace::Wild, Rule::R14PartShare, || {
                format!("{number}.{at}: {part:?}")
            });
        }
        let lost = segment.parts.iter().filter(|part| part.gap).count();
        let told = segment.uri.is_empty() || segment.parts.is_empty() || segment.gap == (lost > 0);
        self.check(told, Rule::R30Gaps, || format!("{number}: {lost} parts, {}", segment.gap));
        let whole = segment.parts.iter().all(|part| !(part.gap && part.independent));
        self.check(whole, Rule::R30Gaps, || format!("{number}: begins nowhere"));
        let begins = segment.parts.first().is_none_or(|first| first.independent || first.gap);
        self.check(begins || self.pace < Pace::Keyed, Rule::R15Independent, || format!("{number}"));
        let is_whole = !segment.uri.is_empty() && !segment.parts.is_empty();
        let off = (segment.length_of_parts() - segment.duration).abs();
        #[expect(clippy::cast_precision_loss, reason = "a few parts")]
        let rounding = TEXT * (1 + segment.parts.len()) as f64;
        self.check(!is_whole || off <= rounding, Rule::R16Sum, || format!("{number}: {off} s off"));
    }

    fn edge(&mut self, now: &Playlist) {
        let low = self.form == Form::Low;
        let (target, length) = (f64::from(now.target), now.length());
        let enough = now.ended || length + TEXT >= 3.0 * target;
        self.check(enough && !now.segments.is_empty(), Rule::R20Length, || format!("{length} s of {target}"));
        let mut behind = now.open_length();
        for (number, segment) in now.numbered().rev().filter(|(_, segment)| !segment.uri.is_empty()) {
            let has = !segment.parts.is_empty();
            let (near, far) =
                (behind + segment.duration <= 3.0 * target - TEXT, behind > 3.0 * target + TEXT);
            let fits = if low { (!near || has) && !(far && has) } else { !has };
            self.check(fits, Rule::R17RecentParts, || format!("{number}: {behind} s behind"));
            behind += segment.duration;
        }
        let done = !now.ended || now.open.is_none();
        self.check(done, Rule::R06End, || "an open segment after the end".into());
        let may_report = self.form == Form::Low && !now.ended;
        let own = |report: &Attributes| quoted(report, "URI").is_ok_and(|uri| !uri.starts_with("../"));
        let fits = now.reports.is_empty() || may_report && !now.reports.iter().any(own);
        self.check(fits, Rule::R25Reports, || format!("{:?}", now.reports));
        let listed = |uri: &String| {
            now.numbered().any(|(_, segment)| segment.parts.iter().any(|part| part.uri == *uri))
        };
        let hints = usize::from(low && !now.ended);
        let fits = now.hints.len() == hints && !now.hints.iter().any(listed);
        self.check(fits, Rule::R21Hint, || format!("{:?}", now.hints));
        let wanted = if self.form == Form::Plain || now.ended { 0 } else { 2 };
        let next = (now.edge().0..).take(wanted).map(|number| sibling(&now.segments, now.sequence, number));
        self.check(next.eq(now.prefetch.iter().cloned()), Rule::R26Prefetch, || {
            format!("{:?}", now.prefetch)
        });
    }

    fn ranges(&mut self, now: &Playlist) {
        for range in &now.ranges {
            if let Err(error) = self.range(range) {
                self.broken.push((Rule::R23Ranges, format!("{error}: {range:?}")));
            }
        }
        let source =
            |range: &Attributes| range.get("CLASS").is_some_and(|class| class.contains("stream-source"));
        let sources = now.ranges.iter().filter(|range| source(range)).count();
        self.check(sources == 1, Rule::R23Ranges, || format!("{sources} of the stream's source"));
        let others = usize::from(self.form == Form::Prefetch);
        self.check(now.ranges.len() == 1 + others, Rule::R23Ranges, || format!("{:?}", now.ranges));
    }

    fn range(&mut self, range: &Attributes) -> Result<(), String> {
        let (id, _class) = (quoted(range, "ID")?, quoted(range, "CLASS")?);
        millis(&quoted(range, "START-DATE")?)?;
        let open = range.get("END-ON-NEXT").is_some_and(|value| value == "YES");
        if !open || range.contains_key("DURATION") || range.contains_key("END-DATE") {
            return Err("one that ends with the next has no end of its own".into());
        }
        let known = self.ranges.entry(id).or_insert_with(|| range.clone());
        if known == range { Ok(()) } else { Err("other values under the same ID".into()) }
    }

    // Against the one before.

    fn after(&mut self, was: &Playlist, now: &Playlist) {
        let same = was.target == now.target && was.version == now.version;
        self.check(same, Rule::R03Target, || format!("{} to {}", was.target, now.target));
        self.check(was.part_target == now.part_target, Rule::R07PartTarget, || {
            format!("{:?}", now.part_target)
        });
        self.check(was.control == now.control, Rule::R09ControlStays, || format!("{:?}", now.control));
        self.check(!was.ended || was == now, Rule::R06End, || "something changed after the end".into());
        let forward = now.sequence >= was.sequence && now.edge() >= was.edge();
        self.check(forward, Rule::R04Sequence, || format!("{:?} to {:?}", was.edge(), now.edge()));
        let removed = was.numbered().filter(|(number, _)| *number < now.sequence);
        let breaks = removed.filter(|(_, segment)| segment.discontinuity).count() as u64;
        let counted = now.discontinuity_sequence == was.discontinuity_sequence + breaks;
        self.check(counted, Rule::R05Discontinuities, || {
            format!("{} to {}, {breaks} left", was.discontinuity_sequence, now.discontinuity_sequence)
        });
        self.kept(was, now);
        self.news(was, now);
        let source = |list: &Playlist| list.ranges.last().cloned();
        self.check(source(was) == source(now), Rule::R23Ranges, || "the stream's source has gone".into());
    }

    fn kept(&mut self, was: &Playlist, now: &Playlist) {
        let current: HashMap<u64, &Segment> = now.numbered().collect();
        for (number, old) in was.numbered().filter(|(number, _)| *number >= now.sequence) {
            let Some(new) = current.get(&number) else {
                self.broken.push((Rule::R18Kept, format!("{number} has gone from the middle")));
                continue;
            };
            let opening = (old.date, &old.map, old.discontinuity) == (new.date, &new.map, new.discontinuity);
            let same = (&old.uri, old.duration, old.gap) == (&new.uri, new.duration, new.gap);
            let closed = old.uri.is_empty() || same;
            let parts = new.parts.is_empty() || new.parts.starts_with(&old.parts);
            self.check(opening && closed && parts, Rule::R18Kept, || format!("{number}: {old:?} to {new:?}"));
        }
    }

    fn news(&mut self, was: &Playlist, now: &Playlist) {
        if self.form != Form::Low {
            return;
        }
        let parts = |list: &Playlist, from: u64| -> usize {
            list.numbered()
                .filter(|(number, _)| *number >= from)
                .map(|(_, segment)| segment.parts.len())
                .sum()
        };
        let from = was.edge().0;
        let news = parts(now, from).saturating_sub(parts(was, from));
        self.check(news <= 1, Rule::R28OneByOne, || format!("{news} at once"));
        let moved = now.edge() != was.edge();
        let came = |hint: &String| {
            now.numbered().any(|(_, segment)| segment.parts.iter().any(|part| part.uri == *hint))
        };
        // A change in the stream may close a segment early (6.2.6); then nobody gets what was hinted at.
        let excused = !moved || now.ended || self.pace == Pace::Wild;
        let came = excused || was.hints.iter().all(came);
        self.check(came, Rule::R22HintCame, || format!("{:?}", was.hints));
    }

    // Against other texts of the same moment.

    /// A delta update of the playlist that was seen last, for a player that has `known`.
    pub(crate) fn delta(&mut self, known: &Playlist, text: &str) {
        let Some(full) = self.last.clone() else { return };
        let delta = match Playlist::read(text) {
            Ok(delta) => delta,
            Err(error) => return self.broken.push((Rule::R01Grammar, error)),
        };
        let skipped = delta.skipped.unwrap_or(0);
        let target = f64::from(full.target);
        let boundary =
            full.control.as_ref().map_or(6.0 * target, |list| decimal(list, "CAN-SKIP-UNTIL").unwrap_or(0.0));
        let near: f64 =
            full.segments[skipped.min(full.segments.len())..].iter().map(|segment| segment.duration).sum();
        let far = near + full.open_length() + TEXT >= boundary;
        self.check(skipped == 0 || far, Rule::R24Delta, || format!("skips to {near} s"));
        let skips = full.ended || skipped > 0 || full.length() < boundary + target * 2.0;
        self.check(skips, Rule::R24Delta, || "nothing skipped".into());
        self.check(!full.ended || delta == full, Rule::R24Delta, || "a delta after the end".into());
        match rebuilt(known, &delta) {
            Some(rebuilt) => {
                self.check(rebuilt == full, Rule::R24Delta, || format!("{rebuilt:?} for {full:?}"));
            }
            None => self.check(false, Rule::R24Delta, || "more was skipped than anybody had".into()),
        }
    }

    /// Another form of the playlist that was seen last.
    pub(crate) fn beside(&mut self, other: &Rules) {
        let (Some(ours), Some(theirs)) = (&self.last, &other.last) else { return };
        let newer = ours.sequence.max(theirs.sequence);
        // From the number on that both list: only some forms go back further.
        let media = |list: &Playlist| {
            let plain = |segment: &Segment| Segment { parts: Vec::new(), ..segment.clone() };
            let older = usize::try_from(newer - list.sequence).unwrap_or(usize::MAX).min(list.segments.len());
            let (old, common) = list.segments.split_at(older);
            let left = old.iter().filter(|segment| segment.discontinuity).count() as u64;
            let common: Vec<_> = common.iter().map(plain).collect();
            (common, list.discontinuity_sequence + left, list.target, list.ended)
        };
        let (ours, theirs) = (media(ours), media(theirs));
        let same = ours == theirs && !ours.0.is_empty();
        self.check(same, Rule::R27Forms, || "the forms tell of other media".into());
    }
}

/// The URI that a segment will have, from one that is there and its number.
fn sibling(segments: &[Segment], first: u64, number: u64) -> String {
    let uri = segments.first().map_or("", |segment| &segment.uri);
    uri.replace(&format!("s{first}."), &format!("s{number}."))
}

/// What a player has after a delta update (6.3.7): it knows segments by their numbers, and takes from what it had
/// those that are skipped. `None` when it can't.
fn rebuilt(known: &Playlist, delta: &Playlist) -> Option<Playlist> {
    let had: HashMap<u64, &Segment> = known.numbered().collect();
    let count = delta.skipped.unwrap_or(0) as u64;
    let mut map = None;
    let mut skipped = Vec::new();
    for number in delta.sequence..delta.sequence + count {
        let segment = had.get(&number).filter(|segment| !segment.uri.is_empty())?;
        map.clone_from(&segment.map);
        // Its parts are older than the Skip Boundary, and so than what may be listed.
        skipped.push(Segment { parts: Vec::new(), ..(*segment).clone() });
    }
    // The map of the last skipped one is in force until another is told.
    let inherit = |segment: &Segment| {
        let map = segment.map.clone().or_else(|| map.clone());
        Segment { map, ..segment.clone() }
    };
    let segments = skipped.into_iter().chain(delta.segments.iter().map(inherit)).collect();
    let open = delta.open.as_ref().map(inherit);
    Some(Playlist { skipped: None, segments, open, ..delta.clone() })
}
