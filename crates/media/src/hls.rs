//! HLS playlists as text.
//!
//! Promise: a pure function of its fields; times are rounded alike everywhere, and no text that is
//! handed in can break out of its attribute or line.
//!
//! The rules are those of draft-pantos-hls-rfc8216bis; section numbers are that draft's.

mod media_playlist;
mod multivariant;
mod text;

pub use media_playlist::{
    DateRange, Growing, MediaPlaylist, Part, Past, Report, Segment, ServerControl, past,
};
pub use multivariant::{MultivariantPlaylist, Variant, rendition_name};
