//! An HTTPS POST for each event, signed by the Standard Webhooks scheme.
//!
//! Promise: the body is the event's very text and the id is the event's, however often it is told; only an
//! answer of 200 to 299 counts as delivered, and no redirect is followed.

use std::time::Duration;

use http::header::RETRY_AFTER;
use outbound::{Answer, Hook, Outbound, OutboundError};
use tokio::time::Instant;

use super::{Failure, FailureKind, Letter, story};
use crate::sinks;

/// What a receiver says is not read by anybody; it may be a page of words all the same.
const MAX_ANSWER: usize = 1 << 20;
/// The longest pause that a receiver may ask for.
const LONGEST_PAUSE: Duration = Duration::from_secs(300);

#[derive(Debug)]
pub(crate) struct Webhook {
    pub(super) config: sinks::Webhook,
    pub(super) outbound: Outbound,
}

impl Webhook {
    pub(super) async fn deliver(&self, letter: &Letter) -> Result<(), Failure> {
        let hook = Hook {
            url: &self.config.url,
            id: letter.id.as_str(),
            secrets: &self.config.secrets,
            headers: self.config.headers.clone(),
            body: letter.envelope.clone(),
            deadline: Instant::now() + self.config.timeout,
            max_answer: MAX_ANSWER,
        };
        match self.outbound.webhook(hook).await {
            Ok(answer) => judge(&answer),
            Err(error) => Err(broken(&error)),
        }
    }
}

fn judge(answer: &Answer) -> Result<(), Failure> {
    let reason = || format!("it answered {}", answer.status);
    match answer.status {
        200..=299 => Ok(()),
        408 | 425 => Err(Failure::failed(reason())),
        429 | 502..=504 => Err(Failure { kind: FailureKind::Away(pause(answer)), reason: reason() }),
        300..=499 => Err(Failure::refused(reason())),
        _ => Err(Failure::failed(reason())),
    }
}

/// The pause that the receiver asked for, in seconds; the header's other form, a date, is passed over.
fn pause(answer: &Answer) -> Option<Duration> {
    let seconds = answer.headers.get(RETRY_AFTER)?.to_str().ok()?.trim().parse().ok()?;
    Some(Duration::from_secs(seconds).min(LONGEST_PAUSE))
}

fn broken(error: &OutboundError) -> Failure {
    match error {
        OutboundError::TooLong { .. } => Failure::failed(story(error)),
        _ => Failure::away(story(error)),
    }
}
