//! The same file for one who takes it as it is made, such as a browser.
//!
//! Promise: its length is known before its first byte, and its header comes first: for that all chunks are read twice.
//! Memory: one chunk, and about forty bytes for each picture and each frame of sound while the header is made. It ends
//! with an error unless all of it came.

use blob::Blobs;
use bytes::{BufMut as _, Bytes, BytesMut};
use media::fmp4::file_type;

use super::ExportError;
use super::film::Film;
use super::roll::Roll;
use super::sink::{DATA, data_header};
use crate::source::Source;

/// A file that can be sent.
#[derive(Debug)]
pub struct Sent {
    /// The rendition.
    pub rendition: String,
    /// The file's length.
    pub bytes: u64,
    /// How long it plays.
    pub duration_ms: u64,
}

/// What is left of it to be sent.
pub struct Sending {
    /// All that comes before the media.
    head: Option<Bytes>,
    film: Film,
    roll: Roll,
    /// Where the media ends.
    end: u64,
}

impl Sending {
    /// Looks through a recording's rendition, the highest when none is named, and makes the header. One that plays for
    /// longer than `longest_ms` is refused.
    ///
    /// # Errors
    /// [`ExportError`].
    pub async fn begin(
        blobs: &Blobs,
        bucket: &str,
        prefix: &str,
        rendition: Option<&str>,
        longest_ms: u64,
    ) -> Result<(Sent, Self), ExportError> {
        let mut roll = Roll::open(Source::new(blobs.clone(), bucket, prefix), rendition).await?;
        let duration_ms = roll.total_ms();
        if duration_ms > longest_ms {
            return Err(ExportError::Long { hours: longest_ms / 3_600_000 });
        }
        let mut film = Film::new(0);
        while let Some(step) = roll.next().await? {
            if let Some((cut, at)) = step {
                film.add(cut, at);
            }
        }
        let media = film.at();
        let mut made = film.finish()?;
        let kind = file_type();
        // Offsets have the same size wherever they lead.
        let begin = kind.len() as u64 + made.header().len() as u64 + DATA;
        made.move_by(begin);
        let mut head = BytesMut::from(&kind[..]);
        head.put(made.header());
        head.put(data_header(DATA + media));
        let sent = Sent { rendition: roll.rendition().to_owned(), bytes: begin + media, duration_ms };
        let sending =
            Self { head: Some(head.freeze()), film: Film::new(begin), roll: roll.again(), end: sent.bytes };
        Ok((sent, sending))
    }

    /// The next bytes; `None` at the end.
    ///
    /// # Errors
    /// [`ExportError`], also when the recording is not what it was when this began.
    pub async fn next(&mut self) -> Result<Option<Bytes>, ExportError> {
        if let Some(head) = self.head.take() {
            return Ok(Some(head));
        }
        while let Some(step) = self.roll.next().await? {
            let Some((cut, at)) = step else { continue };
            let blocks = self.film.add(cut, at);
            if self.film.at() > self.end {
                return Err(ExportError::Changed);
            }
            if !blocks.is_empty() {
                return Ok(Some(blocks.concat().into()));
            }
        }
        if self.film.at() == self.end { Ok(None) } else { Err(ExportError::Changed) }
    }
}

impl std::fmt::Debug for Sending {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Sending").field("end", &self.end).finish_non_exhaustive()
    }
}
