//! What there is of a recording to look at: its renditions, and some of its thumbnails with the moments they show.
//!
//! Promise: nothing is changed; a few dozen small reads and one playlist, however long the recording is.

use blob::Blobs;
use domain::RecordingStage;
use futures_util::stream::{self, StreamExt as _, TryStreamExt as _};
use serde::Serialize;

use crate::export::ExportError;
use crate::layout;
use crate::listed::Listed;
use crate::manifest::{Manifest, Pictures, Rendition};
use crate::source::Source;
use crate::thumbnails::date_of;

/// Reads at once.
const READS: usize = 8;
/// Bytes of a thumbnail that are read: its date is at the beginning.
const HEAD: u64 = 256;

/// What there is.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Contents {
    /// What the manifest says of how far it is.
    pub status: RecordingStage,
    /// The highest first; none where only thumbnails are recorded.
    pub renditions: Vec<Rendition>,
    /// How long it plays by now, in milliseconds; 0 where there is nothing to play (yet).
    pub duration_ms: u64,
    /// Numbered thumbnails that there are.
    pub thumbnails: u64,
    /// Some of them, evenly spread.
    pub shots: Vec<Shot>,
    /// The key of the newest thumbnail below the prefix, where it is kept.
    pub latest_thumbnail: Option<String>,
}

/// A thumbnail.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct Shot {
    /// Its key below the prefix.
    pub key: String,
    /// The moment it shows (RFC 3339), if it says so.
    pub at: Option<String>,
    /// Where that is in the recording, in milliseconds, if it can be told.
    pub offset_ms: Option<u64>,
}

/// Looks at a recording; of its numbered thumbnails, at most `most` are told one by one.
///
/// # Errors
/// [`ExportError::Bucket`], [`ExportError::Missing`] without a manifest, [`ExportError::Damaged`].
pub async fn contents(blobs: &Blobs, bucket: &str, prefix: &str, most: u64) -> Result<Contents, ExportError> {
    let source = Source::new(blobs.clone(), bucket, prefix);
    let manifest = source.manifest().await?;
    let listed = match source.choose(&manifest, None) {
        Ok(best) => match source.playlist(&manifest, &best).await {
            Ok(listed) => Some(listed),
            Err(ExportError::Empty | ExportError::Missing(_)) => None,
            Err(error) => return Err(error),
        },
        Err(_) => None,
    };
    let (thumbnails, shots) = match &manifest.media.thumbnails {
        Some(told) => some_shots(&source, told, listed.as_ref(), most).await?,
        None => (0, Vec::new()),
    };
    let Manifest { recording_status, media, .. } = manifest;
    Ok(Contents {
        status: recording_status,
        duration_ms: listed.map_or(0, |listed| listed.entries.iter().map(|entry| entry.millis).sum()),
        thumbnails,
        shots,
        renditions: media.hls.renditions,
        latest_thumbnail: media.latest_thumbnail.map(|told| told.path),
    })
}

async fn some_shots(
    source: &Source,
    told: &Pictures,
    listed: Option<&Listed>,
    most: u64,
) -> Result<(u64, Vec<Shot>), ExportError> {
    // Elsewhere than where this version puts them, they can't be numbered.
    if told.path != layout::THUMBNAILS {
        return Ok((0, Vec::new()));
    }
    let count = count(source).await?;
    let step = count.div_ceil(most.max(1)).max(1);
    let numbers = (0..count).step_by(usize::try_from(step).unwrap_or(usize::MAX));
    let times = listed.map(times).unwrap_or_default();
    let shots = stream::iter(numbers.map(|number| shot(source, number, &times)));
    Ok((count, shots.buffered(READS).try_collect().await?))
}

/// They are numbered without a hole: looks at twice the logarithm of so many.
async fn count(source: &Source) -> Result<u64, ExportError> {
    let mut high = 1;
    while source.has(&layout::thumbnail(high - 1)).await? {
        high *= 2;
    }
    // The last that is known to be there, and the first that is not, each counted from 1.
    let mut low = high / 2;
    while low + 1 < high {
        let middle = low.midpoint(high);
        if source.has(&layout::thumbnail(middle - 1)).await? {
            low = middle;
        } else {
            high = middle;
        }
    }
    Ok(low)
}

async fn shot(source: &Source, number: u64, times: &[(&str, u64)]) -> Result<Shot, ExportError> {
    let key = layout::thumbnail(number);
    let head = source.head(&key, HEAD).await?;
    let at = head.and_then(|head| date_of(&head));
    let offset_ms = at.as_deref().and_then(|at| offset(times, at));
    Ok(Shot { key, at, offset_ms })
}

/// When each entry was on air, and where it stands in the recording.
fn times(listed: &Listed) -> Vec<(&str, u64)> {
    let mut offset = 0;
    let mut times = Vec::with_capacity(listed.entries.len());
    for entry in &listed.entries {
        if let Some(time) = entry.time.as_deref() {
            times.push((time, offset));
        }
        offset += entry.millis;
    }
    times
}

/// Where a moment is; texts compare as the moments do.
fn offset(times: &[(&str, u64)], at: &str) -> Option<u64> {
    let next = times.partition_point(|(time, _)| *time <= at);
    let (time, offset) = times.get(next.checked_sub(1)?)?;
    const DAY: u64 = 86_400_000;
    let into = (of_day(at)? + DAY - of_day(time)?) % DAY;
    let end = times.get(next).map(|(_, offset)| *offset);
    // What is in a gap of the recording belongs to where that goes on.
    Some((offset + into).min(end.unwrap_or(u64::MAX)))
}

/// Milliseconds since midnight: of `2017-06-12T10:23:43.071Z`.
fn of_day(text: &str) -> Option<u64> {
    let (clock, millis) = text.split_once('T')?.1.strip_suffix('Z')?.split_once('.')?;
    let mut numbers = clock.split(':').map(str::parse::<u64>);
    let mut next = || numbers.next()?.ok();
    let (hours, minutes, seconds) = (next()?, next()?, next()?);
    Some(((hours * 60 + minutes) * 60 + seconds) * 1_000 + millis.parse::<u64>().ok()?)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_moment_is_found_in_the_recording() {
        let times = [
            ("2026-06-12T23:59:50.000Z", 0),
            ("2026-06-12T23:59:56.000Z", 6_000),
            ("2026-06-13T01:00:00.000Z", 12_000),
        ];
        for (at, expected) in [
            ("2026-06-12T23:59:49.000Z", None),
            ("2026-06-12T23:59:50.000Z", Some(0)),
            ("2026-06-12T23:59:55.500Z", Some(5_500)),
            ("2026-06-13T00:00:01.000Z", Some(11_000)),
            ("2026-06-13T00:30:00.000Z", Some(12_000)),
            ("2026-06-13T01:00:00.250Z", Some(12_250)),
            ("nonsense", None),
        ] {
            assert_eq!(offset(&times, at), expected, "{at}");
        }
    }
}
