//! A rendition's shelf, made of the source's: the same segments and parts at the same times, other bytes.
//!
//! Promise: what one call makes of a segment the next one makes of it too, gaps and all.

use std::collections::HashMap;
use std::sync::Arc;

use bytes::Bytes;
use live::{History, Init, Open, Part, Segment, Snapshot, Texts};
use media::Tracks;

/// Makes one rendition's snapshots.
pub(crate) struct Followed {
    name: String,
    tracks: Arc<Tracks>,
    /// Is nothing there of this part of this segment?
    is_gap: Box<dyn Fn(u64, usize) -> bool>,
    inits: HashMap<u32, Arc<Init>>,
}

impl Followed {
    /// Of this name, coded as `tracks` say.
    pub(crate) fn new(name: &str, tracks: Tracks, is_gap: impl Fn(u64, usize) -> bool + 'static) -> Self {
        let (name, tracks) = (name.to_owned(), Arc::new(tracks));
        Self { name, tracks, is_gap: Box::new(is_gap), inits: HashMap::new() }
    }

    /// What stands on its shelf when this stands on the source's; of the source's history nothing.
    pub(crate) fn of(&mut self, source: &Snapshot) -> Arc<Snapshot> {
        let mut all =
            |segments: &[Arc<Segment>]| segments.iter().map(|segment| self.segment(segment)).collect();
        let (listed, retired) = (all(&source.listed), all(&source.retired));
        let open = source.open.as_ref().map(|open| Open {
            number: open.number,
            init: self.init(&open.init),
            discontinuity: open.discontinuity,
            time: open.time,
            parts: self.parts(open.number, &open.parts),
        });
        Arc::new(Snapshot {
            terms: source.terms,
            history: History::default(),
            listed,
            retired,
            open,
            discontinuity_sequence: source.discontinuity_sequence,
            time: source.time,
            closing: source.closing,
            ended: source.ended,
            texts: Texts::default(),
        })
    }

    fn segment(&mut self, source: &Segment) -> Arc<Segment> {
        Arc::new(Segment {
            number: source.number,
            init: self.init(&source.init),
            discontinuity: source.discontinuity,
            time: source.time,
            duration: source.duration,
            parts: self.parts(source.number, &source.parts).into(),
        })
    }

    fn parts(&self, segment: u64, source: &[Part]) -> Vec<Part> {
        let made = source.iter().enumerate().map(|(at, part)| {
            let text = format!("{} {segment}.{at} ", self.name);
            let data = if (self.is_gap)(segment, at) { Bytes::new() } else { Bytes::from(text) };
            Part { data, duration: part.duration, independent: part.independent }
        });
        made.collect()
    }

    fn init(&mut self, source: &Init) -> Arc<Init> {
        let (name, tracks) = (&self.name, &self.tracks);
        let data = if source.data.is_empty() { Bytes::new() } else { Bytes::from(format!("{name} init")) };
        let init = || Arc::new(Init { number: source.number, data, tracks: Arc::clone(tracks) });
        Arc::clone(self.inits.entry(source.number).or_insert_with(init))
    }
}
