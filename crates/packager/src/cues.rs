//! Text that goes with a picture (timed metadata): it waits for the picture, then for the picture's part.
//!
//! Promise: order is kept, each text goes out once, and what waits is bounded. Where there is no text,
//! nothing is allocated or copied.

use std::collections::VecDeque;
use std::ffi::CStr;

use bytes::Bytes;
use live::{Text, TextSource};
use media::{Frame, Ticks, id3};

use crate::latency;

/// What may wait, in bytes of boxes: about 230 texts of the longest that the API takes (1 KB). At its rate
/// of five a second that is more than an encoder may be silent.
const MOST: usize = 512 << 10;
/// The longest text, far above what the API takes: every container can tell the length of its tag.
const LONGEST: usize = 32 << 10;
/// What both boxes of a text take beside the text.
const OVERHEAD: usize = 200;

#[derive(Debug, Default)]
pub(crate) struct Cues {
    /// Oldest first, without a picture yet.
    loose: Vec<Text>,
    /// Oldest first, so decoding times never go back.
    placed: VecDeque<Placed>,
    /// When the newest of those that were placed is shown.
    newest: Option<Ticks>,
    /// Bytes of boxes that both will take.
    bytes: usize,
    /// Texts so far. Players take two of the same number for one; the latency frames have numbers far above.
    told: u32,
}

#[derive(Debug)]
struct Placed {
    text: Text,
    /// Decoding and presentation time of its picture.
    dts: Ticks,
    pts: Ticks,
}

/// Who is to hear of a cue, where a container has more than one way to say it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Hearers {
    /// Whoever plays.
    All,
    /// The service's own players.
    Service,
}

/// What is said in the part that is being made.
#[derive(Clone, Debug)]
pub(crate) struct Cue {
    pub(crate) hearers: Hearers,
    /// What is said, as an ID3 tag.
    pub(crate) tag: Bytes,
    /// Its number in the stream.
    pub(crate) id: u32,
    /// When it is shown, from the stream's time zero.
    pub(crate) at: u64,
    /// When it is shown, from the earliest presentation time of its segment.
    pub(crate) after: u32,
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
pub(crate) fn weight(text: &Text) -> usize {
    text.text.len().saturating_mul(2).saturating_add(OVERHEAD)
}

/// Is this text short enough, and is there room for it?
pub(crate) fn fits(held: usize, text: &Text) -> bool {
    text.text.len() <= LONGEST && held.saturating_add(weight(text)) <= MOST
}

impl Cues {
    /// Takes text for the next picture. False if it is too long or too much waits already; then it is left
    /// out.
    pub(crate) fn push(&mut self, text: Text) -> bool {
        let fits = fits(self.bytes, &text);
        if fits {
            self.bytes += weight(&text);
            self.loose.push(text);
        }
        fits
    }

    /// This is the picture that text was waiting for. It may be shown before one that was decoded earlier; text
    /// is not, for then it would overtake what was said before it.
    pub(crate) fn place(&mut self, picture: &Frame) {
        if self.loose.is_empty() {
            return;
        }
        let (dts, pts) = (picture.dts, self.newest.map_or(picture.pts, |newest| newest.max(picture.pts)));
        self.newest = Some(pts);
        self.placed.extend(self.loose.drain(..).map(|text| Placed { text, dts, pts }));
    }

    /// The cues of the pictures that are decoded before `end`.
    pub(crate) fn take(&mut self, end: Ticks, clock: Clock) -> Vec<Cue> {
        let mut cues = Vec::new();
        while let Some(placed) = self.placed.pop_front_if(|placed| placed.dts < end) {
            self.bytes -= weight(&placed.text);
            self.told = self.told.wrapping_add(1) & !latency::NUMBERS;
            cues.push(placed.cue(self.told, clock));
        }
        cues
    }
}

impl Cue {
    /// One for the moment that is called `pts` in the stream.
    pub(crate) fn new(hearers: Hearers, tag: Bytes, id: u32, pts: Ticks, clock: Clock) -> Self {
        let after = u32::try_from((pts - clock.opening).count().max(0)).unwrap_or(u32::MAX);
        let at = u64::try_from((pts - clock.origin).count()).unwrap_or(0);
        Self { hearers, tag, id, at, after }
    }

    /// The same in a segment whose earliest presentation time is `opening`, from the stream's time zero.
    pub(crate) fn within(&self, opening: u64) -> Self {
        let after = u32::try_from(self.at.saturating_sub(opening)).unwrap_or(u32::MAX);
        Self { after, ..self.clone() }
    }
}

impl Placed {
    fn cue(&self, id: u32, clock: Clock) -> Cue {
        let tag = id3::private_tag(owner(self.text.source), self.text.text.as_bytes())
            .expect("text that waits is far below what a tag can hold");
        Cue::new(Hearers::All, tag, id, self.pts, clock)
    }
}

/// Players tell by the owner who said it.
fn owner(source: TextSource) -> &'static CStr {
    match source {
        TextSource::Api => id3::API_METADATA,
        TextSource::Encoder => id3::ENCODER_METADATA,
    }
}
