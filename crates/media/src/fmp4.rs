//! Fragmented MP4 as HLS carries it: one init segment, then fragments; and the header of a file that has none.
//!
//! Promise: a fragment is its events (`emsg`), one `moof` (video before audio) and one `mdat`, written into
//! one buffer of exactly the right size with one copy of each payload; equal input gives equal bytes. What is read back
//! is within what was handed in.
//!
//! Boxes are those of ISO 14496-12 (2022), the sample entries those of 14496-15 (avc1) and 14496-14
//! (mp4a), the profile of both that of CMAF (ISO 23000-19) except that both tracks share a file, which
//! players of HLS take and the IVS web player asks for.

mod event;
mod fragment;
mod init;
mod movie;
mod read;

pub use event::{Event, EventTime, ID3_SCHEME, SERVICE_ID3_SCHEME};
pub use fragment::{Fragment, Sample};
pub use init::init_segment;
pub use movie::{Coding, Table, TableSample, file_type, moov};
pub use read::{BoxError, Fragments, SampleView, TrackHeader, TrackRun, fragments, read_init};

/// Track id of the picture.
pub const VIDEO_TRACK: u32 = 1;
/// Track id of the sound.
pub const AUDIO_TRACK: u32 = 2;
/// Units a second of the picture's times, those of [`crate::Ticks`]. The sound's are its sample rate.
pub const VIDEO_TIMESCALE: u32 = 90_000;
