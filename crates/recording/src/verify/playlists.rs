//! The two playlists of a rendition, held against each other.
//!
//! Promise: what comes out is chunks that both agree on; where they do not, that is a fault.

use std::sync::Arc;

use super::report::Report;
use crate::listed::{Listed, ListedEntry};

/// A chunk as both playlists tell it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Planned {
    pub name: Arc<str>,
    pub init: Option<Arc<str>>,
    pub discontinuity: bool,
    pub is_gap: bool,
    pub millis: u64,
    /// Its byte ranges: length, offset and how long each plays. Empty where there is no second playlist.
    pub ranges: Vec<(u64, u64, u64)>,
}

/// Looks at one playlist by itself.
pub(super) fn look(report: &mut Report, key: &str, listed: &Listed) {
    if listed.is_ended == report.is_going_on {
        report.fault(key, if listed.is_ended { "has an end, though it goes on" } else { "has no end" });
    }
    let total: u64 = listed.entries.iter().map(|entry| entry.millis).sum();
    if let Some(told) = listed.total_ms.filter(|told| told.abs_diff(total) > 1) {
        report.fault(key, format!("tells {told} ms in all, but its entries are {total} ms"));
    }
    let longest = listed.entries.iter().map(|entry| entry.millis).max().unwrap_or(0);
    if longest.saturating_add(500) / 1_000 > listed.target_duration {
        let words = format!("has an entry of {longest} ms, above its target of {} s", listed.target_duration);
        report.fault(key, words);
    }
    let mut before: Option<&str> = None;
    for entry in &listed.entries {
        let Some(time) = entry.time.as_deref() else {
            report.fault(key, format!("does not say when {} was on air", entry.name));
            continue;
        };
        // Clocks are set now and then, hence no fault; another stream has a time of its own.
        if !entry.discontinuity && before.is_some_and(|before| before > time) {
            report.note(key, format!("goes back in time to {time} at {}", entry.name));
        }
        before = Some(time);
    }
}

/// The chunks that both tell. While it goes on, one may be ahead of the other.
pub(super) fn join(report: &mut Report, key: &str, whole: &Listed, ranges: Option<&Listed>) -> Vec<Planned> {
    let mut rest = ranges.map(|ranges| ranges.entries.as_slice());
    let mut plan = Vec::new();
    for entry in &whole.entries {
        let mut planned = Planned {
            name: Arc::clone(&entry.name),
            init: entry.init.clone(),
            discontinuity: entry.discontinuity,
            is_gap: entry.is_gap,
            millis: entry.millis,
            ranges: Vec::new(),
        };
        if entry.range.is_some() {
            report.fault(key, format!("has a byte range at {}", entry.name));
        }
        if let Some(entries) = rest {
            let (own, after) = take(entries, &entry.name);
            rest = Some(after);
            if own.is_empty() && report.is_going_on {
                break;
            }
            compare(report, key, entry, own);
            let told = own.iter().filter_map(|own| own.range.map(|(length, at)| (length, at, own.millis)));
            planned.ranges = told.collect();
        }
        plan.push(planned);
    }
    if let Some([left, ..]) = rest.filter(|_| !report.is_going_on) {
        report.fault(key, format!("lacks {}, which the byte ranges have", left.name));
    }
    plan
}

/// The entries of one file, which stand first.
fn take<'a>(entries: &'a [ListedEntry], name: &str) -> (&'a [ListedEntry], &'a [ListedEntry]) {
    let count = entries.iter().take_while(|entry| *entry.name == *name).count();
    entries.split_at(count)
}

fn compare(report: &mut Report, key: &str, entry: &ListedEntry, own: &[ListedEntry]) {
    let name = &entry.name;
    let Some(first) = own.first() else {
        report.fault(key, format!("has {name}, which the byte ranges lack"));
        return;
    };
    let is_same = (first.discontinuity, first.is_gap, &first.init, &first.time)
        == (entry.discontinuity, entry.is_gap, &entry.init, &entry.time);
    let goes_on = |more: &ListedEntry| !more.discontinuity && !more.is_gap && more.init == first.init;
    if !is_same || !own[1..].iter().all(goes_on) {
        report.fault(key, format!("tells something else of {name} than the byte ranges"));
    }
    let sum: u64 = own.iter().map(|own| own.millis).sum();
    if sum != entry.millis {
        report.fault(key, format!("tells {} ms of {name}, but the byte ranges {sum} ms", entry.millis));
    }
    let mut at = 0;
    for one in own.iter().filter(|one| !one.is_gap) {
        match one.range {
            Some((length, offset)) if offset == at && length > 0 => at += length,
            _ => {
                report.fault(
                    key,
                    format!("and the byte ranges of {name} do not cover it one behind the other"),
                );
                return;
            }
        }
    }
}
