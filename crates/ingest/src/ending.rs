//! Why a stream ended, and what its publisher is told.
//!
//! Promise: every end has one cause, in words that stand in one log line.

use std::sync::Arc;

use domain::chain;
use media::FlvError;

use crate::allowance::Excess;
use crate::error::Error;

/// The cause of a stream's end.
#[derive(Debug, thiserror::Error)]
pub(crate) enum Ending {
    #[error("the publisher finished")]
    Finished,
    #[error("the publisher closed the connection")]
    Vanished,
    #[error("the publisher sent nothing to show for {0} s")]
    Stalled(u64),
    #[error("no picture arrived within {0} s: sound alone is not supported")]
    NoVideo(u64),
    #[error("no keyframe arrived within {0} s")]
    NoKeyframe(u64),
    #[error("nothing but metadata arrived within {0} s")]
    NoMedia(u64),
    #[error("the media can't be used")]
    Unusable(#[source] FlvError),
    #[error("no sign of life from the publisher for {0} s, and another one was at the door")]
    Lost(u64),
    #[error("{0}")]
    Exceeded(Excess),
    #[error("the stream was on air for {0} s, the longest that a stream may be")]
    TooLong(u64),
    #[error("another server closed its session while this one could not reach the database")]
    Forfeited,
    #[error("the stream was asked to stop")]
    StopRequested,
    /// A part of the server that had to work on the stream can't. In a sentence of its own.
    #[error("the stream was refused: {0}")]
    Refused(Arc<str>),
    #[error("the server is shutting down")]
    Shutdown,
    #[error("the connection failed")]
    Broken(#[source] Error),
}

impl Ending {
    /// The RTMP status that tells the publisher: level, code, description. Nothing where nobody listens.
    pub(crate) fn status(&self) -> Option<(&'static str, &'static str, String)> {
        match self {
            Self::Finished | Self::Vanished | Self::Broken(_) => None,
            Self::StopRequested => Some(("status", "NetStream.Unpublish.Success", self.sentence())),
            Self::Shutdown => Some(("status", "NetConnection.Connect.Closed", self.sentence())),
            Self::Unusable(fault) => {
                let description = format!("This stream can't be used: {}.", chain(fault));
                Some(("error", "NetStream.Publish.Rejected", description))
            }
            Self::Exceeded(_) => Some(("error", "NetStream.Publish.Rejected", self.sentence())),
            Self::Refused(reason) => Some(("error", "NetStream.Publish.Rejected", reason.to_string())),
            Self::TooLong(_) | Self::Forfeited => {
                Some(("status", "NetStream.Unpublish.Success", self.sentence()))
            }
            Self::Lost(_) | Self::Stalled(_) | Self::NoVideo(_) | Self::NoKeyframe(_) | Self::NoMedia(_) => {
                Some(("error", "NetStream.Failed", self.sentence()))
            }
        }
    }

    /// The limit that was broken.
    pub(crate) fn excess(&self) -> Option<&Excess> {
        match self {
            Self::Exceeded(excess) => Some(excess),
            _ => None,
        }
    }

    /// Why there is no stream, or none any more, in words: what the encoder sent could not be made one of, or there
    /// is nobody to make it.
    pub(crate) fn failure(&self) -> Option<String> {
        match self {
            Self::NoVideo(_) | Self::NoKeyframe(_) | Self::NoMedia(_) => Some(self.sentence()),
            Self::Unusable(fault) => Some(format!("This stream can't be used: {}.", chain(fault))),
            Self::Refused(reason) => Some(reason.to_string()),
            Self::Broken(error @ Error::Chunk { .. }) => Some(format!("The connection failed: {error}.")),
            _ => None,
        }
    }

    fn sentence(&self) -> String {
        let text = self.to_string();
        let mut characters = text.chars();
        let first = characters.next().map(|first| first.to_ascii_uppercase());
        first.into_iter().chain(characters).chain(['.']).collect()
    }
}
