//! Text that goes with a picture (timed metadata): it waits for the picture, then for the picture's part.
//!
//! Promise: order is kept, each text goes out once, and what waits is bounded. Where there is no text,
//! nothing is allocated or copied.
//!
//! Each text is said twice, for no form is understood by all players. The service's own player reads version
//! 0 of its own scheme; hls.js, Shaka, Media3 and Apple's read version 1 of the AOM's. None known reads both.

use std::collections::VecDeque;
use std::sync::Arc;

use media::fmp4::{Event, EventTime, ID3_SCHEME, SERVICE_ID3_SCHEME};
use media::{Frame, Ticks, id3};

/// What may wait, in bytes of boxes: about 230 texts of the longest that the API takes (1 KB). At its rate
/// of five a second that is more than an encoder may be silent.
const MOST: usize = 512 << 10;
/// What both boxes of a text take beside the text.
const OVERHEAD: usize = 200;

#[derive(Debug, Default)]
pub(crate) struct Cues {
    /// Oldest first, without a picture yet.
    loose: Vec<Arc<str>>,
    /// Oldest first, so decoding times never go back.
    placed: VecDeque<Cue>,
    /// Bytes of boxes that both will take.
    bytes: usize,
    /// Events so far. Players take two of the same number for one.
    told: u32,
}

#[derive(Debug)]
struct Cue {
    text: Arc<str>,
    /// Decoding and presentation time of its picture.
    dts: Ticks,
    pts: Ticks,
}

/// What the times of a part count from.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Clock {
    /// The stream's time zero.
    pub(crate) origin: Ticks,
    /// The earliest presentation time in the part's segment.
    pub(crate) opening: Ticks,
}

/// Bytes of boxes that a text takes, about.
pub(crate) fn weight(text: &str) -> usize {
    text.len().saturating_mul(2).saturating_add(OVERHEAD)
}

/// Is there room for one more?
pub(crate) fn fits(held: usize, text: &str) -> bool {
    held.saturating_add(weight(text)) <= MOST
}

impl Cues {
    /// Takes text for the next picture. False if too much waits already; then it is left out.
    pub(crate) fn push(&mut self, text: Arc<str>) -> bool {
        let fits = fits(self.bytes, &text);
        if fits {
            self.bytes += weight(&text);
            self.loose.push(text);
        }
        fits
    }

    /// This is the picture that text was waiting for.
    pub(crate) fn place(&mut self, picture: &Frame) {
        let (dts, pts) = (picture.dts, picture.pts);
        self.placed.extend(self.loose.drain(..).map(|text| Cue { text, dts, pts }));
    }

    /// The events of the pictures that are decoded before `end`.
    pub(crate) fn take(&mut self, end: Ticks, clock: Clock) -> Vec<Event> {
        let mut events = Vec::new();
        while let Some(cue) = self.placed.pop_front_if(|cue| cue.dts < end) {
            self.bytes -= weight(&cue.text);
            self.told = self.told.wrapping_add(1);
            events.extend(cue.events(self.told, clock));
        }
        events
    }
}

impl Cue {
    fn events(&self, id: u32, clock: Clock) -> [Event; 2] {
        let message = id3::private_tag(id3::API_METADATA, self.text.as_bytes())
            .expect("text that waits is far below what a tag can hold");
        let after = u32::try_from((self.pts - clock.opening).count().max(0)).unwrap_or(u32::MAX);
        let at = u64::try_from((self.pts - clock.origin).count()).unwrap_or(0);
        [(SERVICE_ID3_SCHEME, EventTime::AfterSegmentStart(after)), (ID3_SCHEME, EventTime::At(at))]
            .map(|(scheme, time)| Event { scheme, time, id, message: message.clone() })
    }
}
