//! One MP4 file of a recording's rendition, without coding anything anew.
//!
//! Promise: every picture of the rendition is in the file, once, at its time in the recording, also across
//! discontinuities, where the time goes on; sound stays with its pictures. The file has its name only when it is whole.
//! Memory: one chunk, and about twenty bytes for each picture and each frame of sound. Header first, where the room
//! that was left for it suffices, which is what players over HTTP want.

mod film;
mod roll;
mod sent;
mod sink;

use std::io;
use std::path::{Path, PathBuf};

use blob::{BlobError, Blobs};
use media::fmp4::file_type;
use tokio_util::sync::CancellationToken;

use crate::source::Source;

use film::{Film, expected_header};
use roll::Roll;
use sink::Sink;

pub use sent::{Sending, Sent};

/// What to export, and where to.
#[derive(Clone, Copy, Debug)]
pub struct Order<'a> {
    /// The recording's bucket.
    pub bucket: &'a str,
    /// What the keys of its objects begin with, without a slash at the end.
    pub prefix: &'a str,
    /// The rendition's folder; `None`: the highest.
    pub rendition: Option<&'a str>,
    /// The file.
    pub to: &'a Path,
    /// Replace a file that is there.
    pub force: bool,
}

/// What was exported.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Exported {
    /// The rendition.
    pub rendition: String,
    /// The file's length.
    pub bytes: u64,
    /// Pictures.
    pub pictures: usize,
    /// AAC frames.
    pub sounds: usize,
    /// How long it plays.
    pub duration_ms: u64,
    /// Chunks that the recording lacks: the picture stands still there.
    pub gaps: usize,
    /// The recording goes on: this is what there was of it.
    pub is_going_on: bool,
    /// The file's header stands behind the media, for want of room before it.
    pub is_header_last: bool,
}

/// Milliseconds that were exported, of those that there are.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Progress {
    /// Exported.
    pub done: u64,
    /// There are.
    pub total: u64,
}

/// Why there is no file.
#[derive(Debug, thiserror::Error)]
pub enum ExportError {
    /// It would have been overwritten.
    #[error("{} is there already", .0.display())]
    Exists(PathBuf),
    /// It can't be written.
    #[error("can't {act} {}", path.display())]
    File {
        /// Such as `write to`.
        act: &'static str,
        /// The file.
        path: PathBuf,
        /// What the system said.
        source: io::Error,
    },
    /// The bucket can't be read.
    #[error("the bucket can't be read")]
    Bucket(#[from] BlobError),
    /// An object is missing.
    #[error("{0} is missing")]
    Missing(String),
    /// An object is not what it should be.
    #[error("{key} can't be used: {words}")]
    Damaged {
        /// The object.
        key: String,
        /// What is wrong with it.
        words: String,
    },
    /// There is no such rendition.
    #[error("there is no rendition {wanted}; there are: {known}")]
    Rendition {
        /// The one that was asked for.
        wanted: String,
        /// Those that there are.
        known: String,
    },
    /// It plays for longer than can be sent as it is made.
    #[error(
        "it plays for more than {hours} hours; the command `rillcast recordings export` writes files of any length"
    )]
    Long {
        /// The most.
        hours: u64,
    },
    /// It is not what it was a moment ago.
    #[error("the recording was changed meanwhile")]
    Changed,
    /// Nothing was recorded.
    #[error("there is nothing to play in it")]
    Empty,
    /// It was told to stop.
    #[error("stopped")]
    Stopped,
}

/// Writes the file, and tells `progress` after each chunk how far it is. When it fails, or `cancel` says so, nothing
/// is left of it.
///
/// # Errors
/// [`ExportError`].
pub async fn export(
    blobs: &Blobs,
    order: Order<'_>,
    progress: &mut (dyn FnMut(Progress) + Send),
    cancel: &CancellationToken,
) -> Result<Exported, ExportError> {
    check_target(order).await?;
    let source = Source::new(blobs.clone(), order.bucket, order.prefix);
    let mut roll = Roll::open(source, order.rendition).await?;
    let mut part = order.to.as_os_str().to_owned();
    part.push(".part");
    let part = PathBuf::from(part);
    let work = written(&mut roll, &part, progress);
    let made = tokio::select! {
        made = work => made,
        () = cancel.cancelled() => Err(ExportError::Stopped),
    };
    let made = match made {
        Ok(made) => made,
        Err(error) => {
            // What is left is of no use; why it can't be removed neither.
            let _ = tokio::fs::remove_file(&part).await;
            return Err(error);
        }
    };
    check_target(order).await?;
    tokio::fs::rename(&part, order.to).await.map_err(|source| ExportError::File {
        act: "give its name to",
        path: order.to.to_owned(),
        source,
    })?;
    Ok(Exported {
        bytes: made.bytes,
        pictures: made.pictures,
        sounds: made.sounds,
        duration_ms: roll.total_ms(),
        gaps: roll.gaps(),
        is_going_on: roll.is_going_on(),
        is_header_last: made.is_header_last,
        rendition: roll.rendition().to_owned(),
    })
}

async fn check_target(order: Order<'_>) -> Result<(), ExportError> {
    let to = order.to;
    if !order.force && tokio::fs::symlink_metadata(to).await.is_ok() {
        return Err(ExportError::Exists(to.to_owned()));
    }
    Ok(())
}

/// What was written.
struct Written {
    bytes: u64,
    pictures: usize,
    sounds: usize,
    is_header_last: bool,
}

/// Brings every chunk into the file.
async fn written(
    roll: &mut Roll,
    part: &Path,
    progress: &mut (dyn FnMut(Progress) + Send),
) -> Result<Written, ExportError> {
    let mut sink = Sink::create(part).await?;
    let mut film = None;
    while let Some(step) = roll.next().await? {
        if let Some((piece, at)) = step {
            let film = match &mut film {
                Some(film) => film,
                None => {
                    sink.begin(&file_type(), expected_header(&piece, roll.total())).await?;
                    film.insert(Film::new(sink.at()))
                }
            };
            sink.write(&film.add(piece, at).concat()).await?;
        }
        progress(roll.progress());
    }
    let made = film.ok_or(ExportError::Empty)?.finish()?;
    let (bytes, is_header_last) = sink.finish(&made.header()).await?;
    Ok(Written { bytes, pictures: made.pictures(), sounds: made.sounds(), is_header_last })
}
