//! Delivery directives: what a player wants to wait for, and whether a delta update will do
//! (draft-pantos-hls-rfc8216bis, 6.2.5).
//!
//! Promise: a request is held only for what is at most two segments and an Advance Part Limit ahead; what
//! is there, or was there, is answered at once.

use live::Snapshot;
use media::Ticks;

use crate::error::Error;
use crate::path::parse_number;

/// What the query of a media playlist's URL asks for.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(crate) struct Directives {
    pub(crate) wanted: Option<Wanted>,
    /// A delta update is welcome. `v2` also asks for date ranges to be left out; there are none here.
    pub(crate) skip: bool,
}

/// What the playlist must hold before it is sent.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Wanted {
    pub(crate) segment: u64,
    /// Absent: the whole segment.
    pub(crate) part: Option<usize>,
}

/// Reads the directives of a query; all else in it is ignored.
pub(crate) fn parse(query: &str) -> Result<Directives, Error> {
    const SEGMENT: &str = "_HLS_msn";
    const PART: &str = "_HLS_part";
    const SKIP: &str = "_HLS_skip";
    let segment = find(query, SEGMENT)?.map(|value| number(SEGMENT, value)).transpose()?;
    let part = find(query, PART)?.map(|value| number(PART, value)).transpose()?;
    let skip = match find(query, SKIP)? {
        None => false,
        Some("YES" | "v2") => true,
        Some(value) => return Err(Error::Directive { name: SKIP, value: value.to_owned() }),
    };
    let wanted = match (segment, part) {
        (None, None) => None,
        (None, Some(_)) => return Err(Error::PartAlone),
        (Some(segment), None) => Some(Wanted { segment, part: None }),
        // A number that no machine word holds is too far ahead, not malformed.
        (Some(segment), Some(part)) => {
            Some(Wanted { segment, part: Some(usize::try_from(part).unwrap_or(usize::MAX)) })
        }
    };
    Ok(Directives { wanted, skip })
}

fn find<'a>(query: &'a str, name: &'static str) -> Result<Option<&'a str>, Error> {
    let pair = |pair: &'a str| pair.split_once('=').unwrap_or((pair, ""));
    let mut values = query.split('&').map(pair).filter(|(key, _)| *key == name).map(|(_, value)| value);
    let first = values.next();
    if values.next().is_some() { Err(Error::Repeated { name }) } else { Ok(first) }
}

fn number(name: &'static str, value: &str) -> Result<u64, Error> {
    parse_number(value).ok_or_else(|| Error::Directive { name, value: value.chars().take(32).collect() })
}

impl Wanted {
    /// Refuses what lies too far ahead of this snapshot.
    pub(crate) fn check(self, now: &Snapshot) -> Result<(), Error> {
        let Self { segment, part } = self;
        let growing = now.next_number();
        // Two ahead of the last complete one is one ahead of the one in the making.
        if segment > growing.saturating_add(1) {
            return Err(Error::TooFar { segment });
        }
        let there = if segment == growing { now.next_part() } else { 0 };
        match part {
            Some(part) if segment >= growing && part >= there.saturating_add(advance_limit(now)) => {
                Err(Error::PartTooFar { segment, part })
            }
            _ => Ok(()),
        }
    }

    /// Does this snapshot hold it? A part number past the end of a complete segment means the first part of
    /// the next one.
    pub(crate) fn is_met(self, now: &Snapshot) -> bool {
        let Self { segment, part } = self;
        let growing = now.next_number();
        if segment >= growing {
            return segment == growing && part.is_some_and(|part| now.next_part() > part);
        }
        let is_past = |part| now.segment(segment).is_some_and(|segment| part >= segment.parts.len());
        let is_next_there = segment + 1 < growing || now.next_part() > 0;
        is_next_there || !part.is_some_and(is_past)
    }
}

/// Three seconds' worth of parts, or three when parts are longer than a second (6.2.5.2).
fn advance_limit(now: &Snapshot) -> usize {
    let parts = 3 * Ticks::PER_SECOND / now.terms.part_target.count().clamp(1, Ticks::PER_SECOND);
    usize::try_from(parts).unwrap_or(usize::MAX).max(3)
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    proptest! {
        #[test]
        fn any_query_is_read_without_a_panic(noise in "\\PC{0,40}", segment in any::<u64>(), part in any::<u64>()) {
            let _ = parse(&noise);
            let asked = format!("_HLS_msn={segment}&_HLS_part={part}");
            prop_assert!(parse(&asked).is_ok_and(|found| found.wanted.is_some()));
        }
    }

    #[test]
    fn directives_are_found_among_other_things() {
        let wanted = Some(Wanted { segment: 12, part: Some(3) });
        assert_eq!(parse("token=a.b&_HLS_msn=12&x&_HLS_part=3"), Ok(Directives { wanted, skip: false }));
        assert_eq!(parse("_HLS_skip=v2"), Ok(Directives { wanted: None, skip: true }));
        assert_eq!(parse(""), Ok(Directives::default()));
    }

    #[test]
    fn what_cannot_be_read_is_refused_by_name() {
        for (query, name) in [
            ("_HLS_msn=", "_HLS_msn"),
            ("_HLS_msn=-1", "_HLS_msn"),
            ("_HLS_msn=1.5", "_HLS_msn"),
            ("_HLS_msn=99999999999999999999", "_HLS_msn"),
            ("_HLS_msn=1&_HLS_part=x", "_HLS_part"),
            ("_HLS_skip=NO", "_HLS_skip"),
        ] {
            assert!(
                matches!(parse(query), Err(Error::Directive { name: found, .. }) if found == name),
                "{query}"
            );
        }
        assert_eq!(parse("_HLS_part=1"), Err(Error::PartAlone));
        assert_eq!(parse("_HLS_msn=1&_HLS_msn=2"), Err(Error::Repeated { name: "_HLS_msn" }));
    }
}
