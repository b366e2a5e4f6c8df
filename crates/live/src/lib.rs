//! What is on air on this node: the pipe between those who take streams in and those who hand them out.
//!
//! Two pipes per [`Broadcast`]. *Frames*: one [`Publisher`] pushes, any number of [`Subscriber`]s read,
//! each at its own pace, from one ring of shared frames. *The shelf*: one [`ShelfWriter`] replaces an
//! immutable [`Snapshot`] of finished parts and segments, any number of readers look at it or wait for the
//! next one. The [`Hub`] is the register of both.
//!
//! Promise: a writer never waits for a reader. A reader that falls behind loses frames, is told so
//! ([`Next::Lagged`]) and resumes at a keyframe; memory stays within [`RingLimits`].

#![warn(missing_docs)]

mod broadcast;
mod error;
mod history;
mod hub;
mod line;
mod pulse;
mod rendition;
mod ring;
mod shelf;
mod snapshot;
mod thumbnail;

pub use broadcast::{Airing, Audience, Broadcast, Publisher};
pub use error::Busy;
pub use history::{Block, History, Past};
pub use hub::Hub;
pub use line::Subscriber;
pub use pulse::{Incoming, Pulse};
pub use rendition::{Ladder, Rendition, RenditionPublisher, RenditionSound, RenditionTerms};
pub use ring::{Next, RingLimits, Text, TextSource};
pub use shelf::{SegmentReader, Shelf, ShelfReader, ShelfWriter};
pub use snapshot::{Init, Open, Part, Rendering, Segment, Snapshot, Terms, Texts};
pub use thumbnail::{Ordered, OrderedThumbnails, Thumbnail, ThumbnailOrder, thumbnail_size};
