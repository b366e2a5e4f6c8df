//! A recording whose tape is gone: what of it is in its bucket is closed there.
//!
//! Promise: what could be played can be played to its end; nothing is told that is not in the bucket.

use blob::{BlobError, Blobs};
use bytes::{Bytes, BytesMut};
use domain::{Recording, time_text};

use crate::layout;
use crate::manifest::Manifest;
use crate::playlist::{END, Form};

/// What stands before the length in a playlist.
const TOTAL: &str = "#EXT-X-TWITCH-TOTAL-SECS:";

/// Ends its playlists, and writes its last manifest, from which the recording learns how long it is. One that has no
/// first manifest has nothing to be closed.
pub(super) async fn close(blobs: &Blobs, recording: &mut Recording) -> Result<(), BlobError> {
    let bucket = recording.configuration.bucket.clone();
    let path = |key: &str| format!("{}/{key}", recording.prefix);
    let Some(json) = blobs.get(&bucket, &path(layout::STARTED)).await? else { return Ok(()) };
    let Ok(mut manifest) = Manifest::parse(&json) else { return Ok(()) };
    let mut length = 0;
    for rendition in &manifest.media.hls.renditions {
        for form in Form::ALL {
            let key = path(&layout::playlist(&rendition.path, form));
            let Some(text) = blobs.get(&bucket, &key).await? else { continue };
            length = length.max(total_ms(&text));
            if !text.ends_with(END.as_bytes()) {
                blobs.put(&bucket, &key, ended(&text)).await?;
            }
        }
    }
    recording.duration_ms = length;
    manifest.recording_status = recording.stage;
    manifest.recording_ended_at = recording.ended_at.map(time_text);
    manifest.recording_status_message = Some(recording.reason.clone());
    manifest.media.hls.duration_ms = Some(length);
    blobs.put(&bucket, &path(manifest.key()), manifest.to_json().into()).await
}

fn ended(text: &Bytes) -> Bytes {
    let mut ended = BytesMut::from(&text[..]);
    ended.extend_from_slice(END.as_bytes());
    ended.freeze()
}

/// How long a playlist says that it is.
fn total_ms(text: &[u8]) -> u64 {
    let text = String::from_utf8_lossy(text);
    let seconds = text.lines().find_map(|line| line.strip_prefix(TOTAL)).unwrap_or("");
    let (whole, part) = seconds.split_once('.').unwrap_or((seconds, ""));
    let millis = format!("{part:0<3}").get(..3).and_then(|digits| digits.parse::<u64>().ok());
    whole.parse::<u64>().ok().map_or(0, |whole| whole.saturating_mul(1_000) + millis.unwrap_or(0))
}
