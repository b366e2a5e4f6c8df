//! When a segment came in and went out, told in the segment itself: the service's players take the latency that
//! they show from it.
//!
//! Promise: what is told is what this server saw. Its ingest and its packager are one process, so a picture
//! arrives at both at once; what the encoder's clock said is not known, and not told.
//!
//! The form is that of the service (observed: `segmentmetadata` with the command `ld_lat_data`): moments in
//! milliseconds since 1970, places in seconds. Players subtract `transc_r`, the arrival of the picture at which
//! the frame stands.

use std::time::SystemTime;

use domain::unix_millis;
use media::{Ticks, id3};

use crate::cues::{Clock, Cue, Hearers};

/// Marks the numbers of these frames: texts have lower ones, and players tell both apart by number alone.
pub(crate) const NUMBERS: u32 = 1 << 31;

/// When a picture passed through.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Passage {
    /// It came from the encoder.
    pub(crate) arrived: SystemTime,
    /// Its part was made.
    pub(crate) left: SystemTime,
}

/// What the segment of this number says of itself at its first picture, which is shown at `pts`.
pub(crate) fn latency_cue(number: u64, pts: Ticks, clock: Clock, passage: Passage) -> Cue {
    let [arrived, left] = [passage.arrived, passage.left].map(unix_millis);
    let offset = seconds(pts - clock.origin);
    let text = format!(
        "{{\"cmd\":\"ld_lat_data\",\"ingest_r\":{arrived},\"ingest_s\":{arrived},\
         \"transc_r\":{arrived},\"transc_s\":{left},\"stream_offset\":{offset}}}"
    );
    let tag = id3::text_tag(id3::LATENCY, &text).expect("a few numbers are far below what a tag can hold");
    let id = NUMBERS | u32::try_from(number & u64::from(!NUMBERS)).unwrap_or(0);
    Cue::new(Hearers::Service, tag, id, pts, clock)
}

/// As JSON has it, to the millisecond.
fn seconds(span: Ticks) -> String {
    let millis = span.count().max(0) / Ticks::from_millis(1).count();
    format!("{}.{:03}", millis / 1_000, millis % 1_000)
}

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use super::*;

    #[test]
    fn a_segment_tells_when_its_first_picture_came_and_its_part_left() {
        let at = |millis| SystemTime::UNIX_EPOCH + Duration::from_millis(millis);
        let clock = Clock { origin: Ticks::from_millis(500), opening: Ticks::from_millis(12_500) };
        let passage = Passage { arrived: at(1_790_000_000_123), left: at(1_790_000_000_400) };
        let cue = latency_cue(6, Ticks::from_millis(12_534), clock, passage);
        assert_eq!((cue.id, cue.after, cue.at), (NUMBERS | 6, 34 * 90, 12_034 * 90));
        let text = br#"{"cmd":"ld_lat_data","ingest_r":1790000000123,"ingest_s":1790000000123,"transc_r":1790000000123,"transc_s":1790000000400,"stream_offset":12.034}"#;
        assert!(cue.tag.ends_with(text), "{:?}", cue.tag);
    }
}
