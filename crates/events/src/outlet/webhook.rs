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

#[cfg(test)]
mod tests {
    use bytes::Bytes;
    use http::{HeaderMap, HeaderValue};

    use super::*;

    fn judged(status: u16, wait: Option<&'static str>) -> Option<FailureKind> {
        let mut headers = HeaderMap::new();
        if let Some(wait) = wait {
            headers.insert(RETRY_AFTER, HeaderValue::from_static(wait));
        }
        judge(&Answer { status, headers, body: Bytes::new() }).err().map(|failure| failure.kind)
    }

    #[test]
    fn an_answer_says_whether_another_try_is_of_use() {
        for status in [200, 201, 202, 204, 299] {
            assert_eq!(judged(status, None), None, "{status}");
        }
        for status in [301, 307, 308, 400, 401, 403, 404, 410, 422] {
            assert_eq!(judged(status, None), Some(FailureKind::Refused), "{status}");
        }
        for status in [101, 408, 425, 500, 501, 505] {
            assert_eq!(judged(status, None), Some(FailureKind::Failed), "{status}");
        }
        for status in [429, 502, 503, 504] {
            assert_eq!(judged(status, None), Some(FailureKind::Away(None)), "{status}");
        }
    }

    #[test]
    fn a_pause_is_kept_up_to_a_bound() {
        let asked = |text| judged(503, Some(text));
        assert_eq!(asked("30"), Some(FailureKind::Away(Some(Duration::from_secs(30)))));
        assert_eq!(asked("86400"), Some(FailureKind::Away(Some(LONGEST_PAUSE))));
        for text in ["-1", "soon", "Sat, 21 Nov 2026 15:00:00 GMT", "99999999999999999999999"] {
            assert_eq!(asked(text), Some(FailureKind::Away(None)), "{text}");
        }
    }
}
