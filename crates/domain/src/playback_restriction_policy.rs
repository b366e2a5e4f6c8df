//! Playback restriction policies: from which countries and web origins a channel may be watched.
//!
//! Promise: an empty list restricts nothing (user guide, "Undesired content and viewers").

use serde::{Deserialize, Serialize};

use crate::arn::Arn;
use crate::tags::Tags;

/// A policy that channels can be attached to.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct PlaybackRestrictionPolicy {
    /// Its ARN.
    pub arn: Arn,
    /// Not unique; 0 to 128 of `[a-zA-Z0-9-_]`.
    pub name: String,
    /// ISO 3166-1 alpha-2 codes; empty: all countries.
    pub allowed_countries: Vec<String>,
    /// Values of an Origin header, a host may begin with `*`; empty: all origins.
    pub allowed_origins: Vec<String>,
    /// Must every request of every client name an allowed origin?
    pub strict_origin: bool,
    /// Tags.
    pub tags: Tags,
}
