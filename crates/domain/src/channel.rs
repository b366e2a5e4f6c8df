//! A channel: the configuration of one place to broadcast to.
//!
//! Promise: the defaults are those that a fresh channel of the real service reads back
//! (API reference, CreateChannel).

use serde::{Deserialize, Serialize};

use crate::arn::Arn;
use crate::tags::Tags;

/// A set of words on the wire: each with its text, and the way back.
macro_rules! words {
    ($(#[$doc:meta])* $name:ident { $($(#[$vdoc:meta])* $variant:ident = $word:literal),+ $(,)? }) => {
        $(#[$doc])*
        #[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
        pub enum $name { $($(#[$vdoc])* #[serde(rename = $word)] $variant),+ }

        impl $name {
            /// The word on the wire.
            pub fn as_str(self) -> &'static str {
                match self { $(Self::$variant => $word),+ }
            }

            /// Reads the word on the wire; case counts.
            pub fn parse(word: &str) -> Option<Self> {
                match word { $($word => Some(Self::$variant),)+ _ => None }
            }
        }
    };
}

pub(crate) use words;

words! {
    /// How far behind the camera viewers are.
    LatencyMode {
        /// A few seconds and more; for broad playback.
        Normal = "NORMAL",
        /// Near real time.
        Low = "LOW",
    }
}

words! {
    /// What is done with the incoming video (user guide, "Channel types").
    ChannelType {
        /// Passed through as it is.
        Basic = "BASIC",
        /// Transcoded into a ladder up to the source.
        Standard = "STANDARD",
        /// Transcoded, at most 480p.
        AdvancedSd = "ADVANCED_SD",
        /// Transcoded, at most 720p.
        AdvancedHd = "ADVANCED_HD",
    }
}

words! {
    /// Ladder preset of the ADVANCED types.
    Preset {
        /// The default: more bits.
        HigherBandwidth = "HIGHER_BANDWIDTH_DELIVERY",
        /// Fewer bits for viewers on thin lines.
        ConstrainedBandwidth = "CONSTRAINED_BANDWIDTH_DELIVERY",
    }
}

words! {
    /// Container of the media segments.
    ContainerFormat {
        /// MPEG transport stream.
        Ts = "TS",
        /// Fragmented MP4 (CMAF).
        FragmentedMp4 = "FRAGMENTED_MP4",
    }
}

words! {
    /// May, or must, encoders send several tracks?
    MultitrackPolicy {
        /// They may.
        Allow = "ALLOW",
        /// They must.
        Require = "REQUIRE",
    }
}

words! {
    /// The largest track of a multitrack input.
    MultitrackResolution {
        /// 480p class.
        Sd = "SD",
        /// 720p class.
        Hd = "HD",
        /// 1080p class.
        FullHd = "FULL_HD",
    }
}

/// Multitrack (Enhanced RTMP) input rules of a channel.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct MultitrackInput {
    /// Off by default.
    pub enabled: bool,
    /// Default ALLOW.
    pub policy: MultitrackPolicy,
    /// Default FULL_HD.
    pub maximum_resolution: MultitrackResolution,
}

impl Default for MultitrackInput {
    fn default() -> Self {
        Self {
            enabled: false,
            policy: MultitrackPolicy::Allow,
            maximum_resolution: MultitrackResolution::FullHd,
        }
    }
}

/// A channel as stored. Endpoints and URLs are not part of it: they follow the server's configuration.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Channel {
    /// Its ARN.
    pub arn: Arn,
    /// Not unique; 0 to 128 of `[a-zA-Z0-9-_]`.
    pub name: String,
    /// Default LOW.
    pub latency_mode: LatencyMode,
    /// Default STANDARD.
    pub channel_type: ChannelType,
    /// Only for the ADVANCED types; `None` is "" on the wire.
    pub preset: Option<Preset>,
    /// Private: viewers need a token.
    pub authorized: bool,
    /// Plain RTMP and unencrypted SRT are let in.
    pub insecure_ingest: bool,
    /// Default TS.
    pub container_format: ContainerFormat,
    /// Multitrack input rules.
    pub multitrack_input: MultitrackInput,
    /// `None` is "" on the wire: no recording.
    pub recording_configuration: Option<Arn>,
    /// `None` is "" on the wire: no restriction.
    pub playback_restriction_policy: Option<Arn>,
    /// Passphrase for SRT ingest, made with the channel.
    pub srt_passphrase: String,
    /// Tags.
    pub tags: Tags,
}
