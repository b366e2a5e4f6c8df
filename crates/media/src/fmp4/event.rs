//! An event message box (`emsg`; ISO 23009-1, 5.10.3.3): something that is said at a moment of the stream.
//!
//! Promise: the size is known before the first byte is written. Times are in the picture's timescale, the
//! length of the event is unknown: it holds until the next one of its kind.

use std::ffi::CStr;

use bytes::{BufMut, Bytes, BytesMut};

use super::VIDEO_TIMESCALE;
use super::fragment::{FULL_BOX, put_full_header};

/// The scheme of ID3 tags that hls.js, Shaka, Media3 and Apple's players read (AOM, "Carriage of ID3 Timed
/// Metadata in CMAF", which asks for [`EventTime::At`] within the fragment).
pub const ID3_SCHEME: &CStr = c"https://aomedia.org/emsg/ID3";
/// The scheme of ID3 tags that the service's own player reads, with [`EventTime::AfterSegmentStart`] only.
pub const SERVICE_ID3_SCHEME: &CStr = c"urn:twitch:id3";

/// Unknown (ISO 23009-1); the AOM asks for it where a message has no length of its own.
const DURATION: u32 = u32::MAX;

/// When an event happens, in 1/90 000 s. Each form has a version of the box.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum EventTime {
    /// Version 0: after the earliest presentation time in the event's segment (ISO 23009-1; not in its
    /// fragment).
    AfterSegmentStart(u32),
    /// Version 1: on the timeline of the pictures.
    At(u64),
}

/// One event message.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Event {
    /// What kind of message it is.
    pub scheme: &'static CStr,
    /// When it happens.
    pub time: EventTime,
    /// Players take two messages of a scheme with the same id for one.
    pub id: u32,
    /// The message.
    pub message: Bytes,
}

impl Event {
    /// Of the whole box.
    pub(super) fn size(&self) -> usize {
        let time = match self.time {
            EventTime::AfterSegmentStart(_) => 4,
            EventTime::At(_) => 8,
        };
        let strings = self.scheme.to_bytes_with_nul().len() + c"".to_bytes_with_nul().len();
        (FULL_BOX + 4 + time + 4 + 4 + strings).saturating_add(self.message.len())
    }

    pub(super) fn put(&self, out: &mut BytesMut) {
        match self.time {
            EventTime::AfterSegmentStart(delta) => {
                put_full_header(out, self.size(), b"emsg", 0, 0);
                self.put_strings(out);
                out.put_u32(VIDEO_TIMESCALE);
                out.put_u32(delta);
                out.put_u32(DURATION);
                out.put_u32(self.id);
            }
            EventTime::At(time) => {
                put_full_header(out, self.size(), b"emsg", 1, 0);
                out.put_u32(VIDEO_TIMESCALE);
                out.put_u64(time);
                out.put_u32(DURATION);
                out.put_u32(self.id);
                self.put_strings(out);
            }
        }
        out.put_slice(&self.message);
    }

    /// Scheme and value; the value says nothing in either scheme.
    fn put_strings(&self, out: &mut BytesMut) {
        out.put_slice(self.scheme.to_bytes_with_nul());
        out.put_slice(c"".to_bytes_with_nul());
    }
}
