//! The file that is being written.
//!
//! Promise: whole pieces are written one behind the other; nothing is kept in memory. The header's place is filled, or
//! left empty, at the end.

use std::io::SeekFrom;
use std::path::{Path, PathBuf};

use bytes::{BufMut, Bytes, BytesMut};
use tokio::fs::File;
use tokio::io::{AsyncSeekExt as _, AsyncWriteExt as _};

use super::ExportError;

/// A `free` box's size and kind.
const FREE: u64 = 8;
/// An `mdat` box's header with a size of 64 bits.
pub(super) const DATA: u64 = 16;

/// An MP4 file in the making: its type, room for a header, media.
#[derive(Debug)]
pub(super) struct Sink {
    path: PathBuf,
    file: File,
    /// Where the room for the header begins, and how much there is.
    room: (u64, u64),
    /// Where the next byte goes.
    at: u64,
}

impl Sink {
    pub(super) async fn create(path: &Path) -> Result<Self, ExportError> {
        let file = File::create(path).await;
        let failed = |source| ExportError::File { act: "make", path: path.to_owned(), source };
        let file = file.map_err(failed)?;
        Ok(Self { path: path.to_owned(), file, room: (0, 0), at: 0 })
    }

    /// Writes all that comes before the media: `room` bytes are left for the header.
    pub(super) async fn begin(&mut self, file_type: &Bytes, room: u64) -> Result<(), ExportError> {
        self.write(file_type).await?;
        self.room = (self.at, room.max(FREE));
        let mut empty = BytesMut::new();
        put_free_header(&mut empty, self.room.1);
        self.write(&empty).await?;
        self.seek(self.room.0 + self.room.1).await?;
        // Its size is told at the end.
        self.write(&data_header(DATA)).await
    }

    /// Where the next byte goes.
    pub(super) fn at(&self) -> u64 {
        self.at
    }

    pub(super) async fn write(&mut self, bytes: &[u8]) -> Result<(), ExportError> {
        let written = self.file.write_all(bytes).await;
        written.map_err(|source| self.failed("write to", source))?;
        self.at += u64::try_from(bytes.len()).unwrap_or(0);
        Ok(())
    }

    /// Tells the media's size, and puts the header before it, or behind it where it does not fit: then `true`.
    pub(super) async fn finish(mut self, header: &Bytes) -> Result<(u64, bool), ExportError> {
        let (start, room) = self.room;
        let size = u64::try_from(header.len()).unwrap_or(u64::MAX);
        let end = self.at;
        let data = start + room;
        self.seek(data).await?;
        self.write(&data_header(end - data)).await?;
        // Less than a box's own header can't be left free.
        let fits = size == room || size.saturating_add(FREE) <= room;
        self.seek(if fits { start } else { end }).await?;
        self.write(header).await?;
        if fits && size < room {
            let mut rest = BytesMut::new();
            put_free_header(&mut rest, room - size);
            self.write(&rest).await?;
        }
        let flushed = match self.file.flush().await {
            Ok(()) => self.file.sync_all().await,
            failed => failed,
        };
        flushed.map_err(|source| self.failed("write to", source))?;
        Ok((if fits { end } else { end + size }, !fits))
    }

    async fn seek(&mut self, to: u64) -> Result<(), ExportError> {
        let moved = self.file.seek(SeekFrom::Start(to)).await;
        moved.map_err(|source| self.failed("write to", source))?;
        self.at = to;
        Ok(())
    }

    fn failed(&self, act: &'static str, source: std::io::Error) -> ExportError {
        ExportError::File { act, path: self.path.clone(), source }
    }
}

pub(super) fn data_header(size: u64) -> Bytes {
    let mut out = BytesMut::new();
    out.put_u32(1); // the size stands behind the kind
    out.put_slice(b"mdat");
    out.put_u64(size);
    out.freeze()
}

fn put_free_header(out: &mut BytesMut, size: u64) {
    out.put_u32(u32::try_from(size).unwrap_or(u32::MAX));
    out.put_slice(b"free");
}
