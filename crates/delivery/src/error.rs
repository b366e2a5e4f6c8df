//! Why a viewer doesn't get what it asked for.
//!
//! Promise: each variant has its own word in the answer's body, so that a page can tell them apart.

use auth::playback_token::Refusal;
use http::StatusCode;

/// A refused request.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum Error {
    /// Nobody is on air there, or there is nothing to play yet. The words are those of the real service.
    #[error("Can not find channel")]
    Offline,
    /// A private channel, and no token that any key of the account has signed.
    #[error("Playback token is missing or not valid")]
    Private,
    /// A private channel, and a token that does not open it.
    #[error("Playback token is not valid: {0}")]
    Token(Refusal),
    /// A token for one use that was used.
    #[error("Playback token was used before")]
    Used,
    /// The viewer's sessions were ended.
    #[error("The viewer's session was revoked")]
    Revoked,
    /// The viewer's token admits no rendition of the stream. The code is one that players of the real service know.
    #[error("Playback token allows no rendition of this stream")]
    Entitlement,
    /// The channel may not be watched where the viewer is. The code is one that players of the real service know.
    #[error("This content is not available in your region")]
    Country,
    /// The request is for no page whose origin is allowed, and that is strictly asked for.
    #[error("The Origin of this request is not allowed")]
    Origin,
    /// What restricts the channel can't be told at this moment.
    #[error("What restricts this channel can not be told now")]
    Unsure,
    /// A recording's object, for a server whose buckets are not on its disk.
    #[error("Recordings of this server are in an S3 service, which serves them itself")]
    Elsewhere,
    /// The disk does not give what is there.
    #[error("The recording can not be read now")]
    Unreadable,
    /// The broadcast is there, the file isn't (yet, or any more), or the path is none of ours.
    #[error("Not found")]
    Missing,
    /// A parameter that can't be read.
    #[error("{name} can not be {value:?}")]
    Directive {
        /// Which one.
        name: &'static str,
        /// What it said.
        value: String,
    },
    /// A delivery directive that stands twice.
    #[error("{name} is given twice")]
    Repeated {
        /// Which one.
        name: &'static str,
    },
    /// `_HLS_part` needs `_HLS_msn`.
    #[error("_HLS_part is given without _HLS_msn")]
    PartAlone,
    /// Further ahead than may be asked for (draft-pantos-hls-rfc8216bis, 6.2.5.2).
    #[error("segment {segment} is too far ahead of the playlist")]
    TooFar {
        /// What was asked for.
        segment: u64,
    },
    /// The part is further ahead than may be asked for (6.2.5.2, Advance Part Limit).
    #[error("part {part} of segment {segment} is too far ahead of the playlist")]
    PartTooFar {
        /// What was asked for.
        segment: u64,
        /// What was asked for.
        part: usize,
    },
    /// The channel or its account has as many viewers as it may have.
    #[error("Too many viewers")]
    Full,
    /// This viewer has too many requests that wait.
    #[error("Too many requests of this viewer are waiting")]
    Impatient,
    /// Too many requests are held for this broadcast.
    #[error("Too many requests are waiting")]
    Crowded,
    /// The stream stalls: what was asked for did not come in three target durations.
    #[error("The stream stalls")]
    Overdue {
        /// When asking again makes sense.
        seconds: u32,
    },
    /// Something else than GET, HEAD or OPTIONS.
    #[error("Method not allowed")]
    Method,
}

impl Error {
    /// All words that [`Error::code`] gives.
    pub(crate) const CODES: [&str; 15] = [
        "transcode_does_not_exist",
        "invalid_playback_auth_token",
        "unauthorized_entitlements",
        "content_geoblocked",
        "origin_not_allowed",
        "restriction_unknown",
        "recording_unreadable",
        "not_found",
        "bad_directive",
        "too_far_ahead",
        "too_many_viewers",
        "too_many_requests",
        "too_many_waiting",
        "stream_stalled",
        "method_not_allowed",
    ];

    /// The status of the answer.
    pub fn status(&self) -> StatusCode {
        match self {
            Self::Offline | Self::Elsewhere | Self::Missing => StatusCode::NOT_FOUND,
            Self::Private
            | Self::Token(_)
            | Self::Used
            | Self::Revoked
            | Self::Entitlement
            | Self::Country
            | Self::Origin => StatusCode::FORBIDDEN,
            Self::Directive { .. }
            | Self::Repeated { .. }
            | Self::PartAlone
            | Self::TooFar { .. }
            | Self::PartTooFar { .. } => StatusCode::BAD_REQUEST,
            Self::Full | Self::Impatient => StatusCode::TOO_MANY_REQUESTS,
            Self::Unsure | Self::Unreadable | Self::Crowded | Self::Overdue { .. } => {
                StatusCode::SERVICE_UNAVAILABLE
            }
            Self::Method => StatusCode::METHOD_NOT_ALLOWED,
        }
    }

    /// The word for programs. The first four are what players of the real service know.
    pub fn code(&self) -> &'static str {
        match self {
            Self::Offline => "transcode_does_not_exist",
            Self::Private | Self::Token(_) | Self::Used | Self::Revoked => "invalid_playback_auth_token",
            Self::Entitlement => "unauthorized_entitlements",
            Self::Country => "content_geoblocked",
            Self::Origin => "origin_not_allowed",
            Self::Unsure => "restriction_unknown",
            Self::Unreadable => "recording_unreadable",
            Self::Elsewhere | Self::Missing => "not_found",
            Self::Directive { .. } | Self::Repeated { .. } | Self::PartAlone => "bad_directive",
            Self::TooFar { .. } | Self::PartTooFar { .. } => "too_far_ahead",
            Self::Full => "too_many_viewers",
            Self::Impatient => "too_many_requests",
            Self::Crowded => "too_many_waiting",
            Self::Overdue { .. } => "stream_stalled",
            Self::Method => "method_not_allowed",
        }
    }
}
