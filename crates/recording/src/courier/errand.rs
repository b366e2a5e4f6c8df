//! What a courier is sent for.
//!
//! Promise: an errand can be sent again, by this process or the next: what is in the bucket already stays as it is, or
//! becomes the same once more.

use bytes::Bytes;
use tokio::sync::oneshot;

use crate::tape::{Chunk, ChunkFile, Parcel};

/// Something to bring. Keys are below the recording's prefix.
#[derive(Debug)]
pub enum Errand {
    /// A text.
    Text {
        /// Its key.
        key: String,
        /// The text.
        text: String,
    },
    /// An image that is not on the tape.
    Bytes {
        /// Its key.
        key: String,
        /// The image.
        bytes: Bytes,
        /// It takes the place of one of the same key that still waits.
        supersedes: bool,
    },
    /// Files, in no order.
    Files(Vec<Parcel>),
    /// A chunk, and then the playlists that name it, if it is time for them.
    Chunk(Chunk),
    /// No entry of the playlists needs to be longer than this; whole seconds. They never get a lower one.
    Target(u32),
    /// The playlists with their end. No chunk comes after it.
    Close,
    /// To tell that all before is done: in the bucket, apart from playlists that are not due.
    Tell(oneshot::Sender<()>),
}

impl Errand {
    /// How many bytes wait with it.
    pub(super) fn bytes(&self) -> u64 {
        match self {
            Self::Text { text, .. } => text.len() as u64,
            Self::Bytes { bytes, .. } => bytes.len() as u64,
            Self::Files(files) => files.iter().map(waiting).sum(),
            Self::Chunk(chunk) => files_of(chunk).map(waiting).sum(),
            Self::Target(_) | Self::Close | Self::Tell(_) => 0,
        }
    }

    /// The files that it brings.
    pub(super) fn files(&self) -> Vec<&Parcel> {
        match self {
            Self::Files(files) => files.iter().collect(),
            Self::Chunk(chunk) => files_of(chunk).collect(),
            _ => Vec::new(),
        }
    }

    /// Does it bring files?
    pub(super) fn is_of_files(&self) -> bool {
        matches!(self, Self::Files(_) | Self::Chunk(_))
    }
}

/// Bytes of a file that have to be brought.
pub(super) fn waiting(parcel: &Parcel) -> u64 {
    if parcel.on_tape { parcel.bytes } else { 0 }
}

/// All files of a chunk.
fn files_of(chunk: &Chunk) -> impl Iterator<Item = &Parcel> {
    chunk.files.iter().flatten().flat_map(of_rendition)
}

fn of_rendition(file: &ChunkFile) -> impl Iterator<Item = &Parcel> {
    let init = file.init.as_ref().and_then(|init| init.parcel.as_ref());
    init.into_iter().chain([&file.parcel])
}
