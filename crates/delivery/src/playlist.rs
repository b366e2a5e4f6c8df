//! Playlist text from a snapshot.
//!
//! Promise: a media playlist is rendered once for each snapshot and form, whoever asks and however many, and
//! compressed once; the bytes are shared. It names no viewer.

mod history;
mod media_text;
mod multivariant;

use std::sync::{Arc, OnceLock};

use bytes::Bytes;
use live::{Broadcast, Rendering, Snapshot};

pub(crate) use multivariant::{Resolution, Viewing, multivariant};

/// Which low latency a media playlist is for.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub(crate) enum Form {
    /// Parts, and for whoever knows them segments to be prefetched.
    Low,
    /// Segments to be prefetched, as the IVS player knows them from the real service.
    Prefetch,
    /// None.
    Plain,
}

impl Form {
    /// What the playlist of this form is called, in each rendition.
    pub(crate) fn file(self) -> &'static str {
        match self {
            Self::Low => "index.m3u8",
            Self::Prefetch => "prefetch.m3u8",
            Self::Plain => "plain.m3u8",
        }
    }
}

/// A media playlist; clones share it.
#[derive(Clone, Debug)]
pub(crate) struct Text(Arc<Rendering>);

impl Text {
    /// As it was written.
    pub(crate) fn plain(&self) -> &Bytes {
        &self.0.plain
    }

    /// Compressed.
    pub(crate) fn gzip(&self) -> &Bytes {
        self.0.gzip.get_or_init(|| media_text::gzip(&self.0.plain))
    }

    /// Sixteen characters that change with the text; no quotes around them.
    pub(crate) fn tag(&self) -> &Bytes {
        &self.0.tag
    }
}

/// The media playlist in one form. With `skip` a low-latency one is a delta update, if there is something to
/// skip and the stream goes on.
pub(crate) fn text(broadcast: &Broadcast, snapshot: &Snapshot, form: Form, skip: bool) -> Text {
    let texts = &snapshot.texts;
    let (place, skip): (&OnceLock<_>, bool) = match form {
        Form::Low if skip && !snapshot.ended => (&texts.delta, true),
        Form::Low => (&texts.low, false),
        Form::Prefetch => (&texts.prefetch, false),
        Form::Plain => (&texts.plain, false),
    };
    Text(Arc::clone(place.get_or_init(|| Arc::new(media_text::render(broadcast, snapshot, form, skip)))))
}
