//! May a stream go on with the recording of the one before it?
//!
//! Promise: pure; an answer of no names the first rule that forbids it.
//!
//! Source: IVS user guide, "Auto-Record to Amazon S3", "Merge Fragmented Streams", "Eligibility".

use std::time::Duration;

use domain::{Arn, ContainerFormat};
use serde::{Deserialize, Serialize};

/// Streams that one recording has at most.
pub const MOST_STREAMS: usize = 20;
/// A recording that began longer ago is not continued.
pub const LONGEST: Duration = Duration::from_hours(48);

/// What must stay the same from stream to stream.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Profile {
    /// Pixels across; 0 without pictures.
    pub width: u32,
    /// Pixels down; 0 without pictures.
    pub height: u32,
    /// Pictures a second as measured; `None` without pictures or when unknown.
    pub frame_rate: Option<f64>,
    /// CODECS of the source.
    pub codecs: String,
    /// Bits a second that came in; 0 when unknown.
    pub bitrate: u64,
    /// The folders of the recorded renditions, the highest first.
    pub renditions: Vec<String>,
    /// Container of the chunks.
    pub container: ContainerFormat,
    /// The recording configuration.
    pub configuration: Arn,
}

/// Why a stream gets a recording of its own.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum Difference {
    /// See the text.
    #[error("the channel has another recording configuration")]
    Configuration,
    /// See the text.
    #[error("the picture has another width or height")]
    Size,
    /// See the text.
    #[error("the picture has another frame rate")]
    FrameRate,
    /// See the text.
    #[error("picture or sound is coded differently")]
    Codecs,
    /// See the text.
    #[error("its bitrate differs from the first stream's by more than 50 %")]
    Bitrate,
    /// See the text.
    #[error("its media has another container")]
    Container,
    /// See the text.
    #[error("it has other renditions")]
    Renditions,
    /// See the text.
    #[error("the recording has {MOST_STREAMS} streams")]
    Streams,
    /// See the text.
    #[error("the recording began 48 hours ago")]
    Age,
}

/// May a stream of the profile `next` be recorded behind one of the profile `first`, the first of its recording?
///
/// # Errors
/// The rule that forbids it.
pub fn may_follow(first: &Profile, next: &Profile) -> Result<(), Difference> {
    let rules = [
        (first.configuration == next.configuration, Difference::Configuration),
        ((first.width, first.height) == (next.width, next.height), Difference::Size),
        (is_same_rate(first.frame_rate, next.frame_rate), Difference::FrameRate),
        (first.codecs == next.codecs, Difference::Codecs),
        (is_near(first.bitrate, next.bitrate), Difference::Bitrate),
        (first.container == next.container, Difference::Container),
        (first.renditions == next.renditions, Difference::Renditions),
    ];
    rules.into_iter().find(|(holds, _)| !holds).map_or(Ok(()), |(_, difference)| Err(difference))
}

/// May a recording that has so many streams, and began so long ago, have another one?
///
/// # Errors
/// The rule that forbids it.
pub fn may_go_on(streams: usize, since_start: Duration) -> Result<(), Difference> {
    match () {
        () if streams >= MOST_STREAMS => Err(Difference::Streams),
        () if since_start >= LONGEST => Err(Difference::Age),
        () => Ok(()),
    }
}

/// Rates are measured on timestamps of whole milliseconds, hence not the same to the last digit; 29.97 and 30 can't be
/// told apart by that.
fn is_same_rate(first: Option<f64>, next: Option<f64>) -> bool {
    const NEAR: f64 = 0.02;
    match (first, next) {
        (Some(first), Some(next)) => (first - next).abs() <= NEAR * first.abs(),
        (None, None) => true,
        _ => false,
    }
}

fn is_near(first: u64, next: u64) -> bool {
    first == 0 || next == 0 || first.abs_diff(next) <= first / 2
}
