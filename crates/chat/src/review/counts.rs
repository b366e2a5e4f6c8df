//! What goes wrong with review handlers, counted and told.
//!
//! Promise: a handler that fails a thousand times a second is told of once a minute; the number of series is
//! bounded, whatever ARNs rooms name.
//!
//! Source: user guide, "Monitoring Amazon IVS Chat": `InvocationErrors` and `ResponseValidationErrors`, both
//! with the dimension `Uri`.

use std::collections::HashMap;
use std::error::Error;
use std::sync::Arc;
use std::time::Duration;

use parking_lot::Mutex;
use prometheus_client::encoding::EncodeLabelSet;
use prometheus_client::metrics::counter::Counter;
use prometheus_client::metrics::family::Family;
use prometheus_client::registry::Registry;
use tokio::time::Instant;

use super::answer::Flaw;
use super::ask::Failure;

/// Handlers with a series of their own; all others share one.
const MOST: usize = 4_096;
/// What the shared series is called.
const OTHERS: &str = "other";
/// Between two lines about one handler.
const QUIET: Duration = Duration::from_secs(60);

#[derive(Clone, Debug, PartialEq, Eq, Hash, EncodeLabelSet)]
struct Labels {
    uri: String,
}

#[derive(Default)]
pub(super) struct Counts {
    invocation_errors: Family<Labels, Counter>,
    response_validation_errors: Family<Labels, Counter>,
    told: Mutex<HashMap<Arc<str>, Told>>,
}

/// What was said about one handler.
#[derive(Default)]
struct Told {
    last: Option<Instant>,
    /// Not said since then.
    kept: u64,
}

impl Counts {
    pub(super) fn register(&self, registry: &mut Registry) {
        registry.register(
            "invocation_errors",
            "Messages whose review handler could not be invoked, failed or was too late",
            self.invocation_errors.clone(),
        );
        registry.register(
            "response_validation_errors",
            "Answers of review handlers that broke a rule",
            self.response_validation_errors.clone(),
        );
    }

    pub(super) fn invocation_error(&self, uri: &Arc<str>, failure: &Failure) {
        let (uri, told) = self.note(uri);
        if let Some(kept) = told {
            let cause = failure.source().map(ToString::to_string);
            tracing::warn!(%uri, error = %failure, cause, kept, "a review handler gave no answer");
        }
        self.invocation_errors.get_or_create(&labels(&uri)).inc();
    }

    pub(super) fn invalid_answer(&self, uri: &Arc<str>, flaw: Flaw) {
        let (uri, told) = self.note(uri);
        if let Some(kept) = told {
            tracing::warn!(%uri, error = %flaw, kept, "a review handler's answer is invalid");
        }
        self.response_validation_errors.get_or_create(&labels(&uri)).inc();
    }

    /// The handler's name among the series, and how much was not said about it if it is time to say something.
    fn note(&self, uri: &Arc<str>) -> (Arc<str>, Option<u64>) {
        let mut told = self.told.lock();
        let full = told.len() >= MOST && !told.contains_key(uri);
        let uri: Arc<str> = if full { OTHERS.into() } else { uri.clone() };
        let about = told.entry(uri.clone()).or_default();
        let now = Instant::now();
        if about.last.is_some_and(|last| now < last + QUIET) {
            about.kept += 1;
            return (uri, None);
        }
        about.last = Some(now);
        (uri, Some(std::mem::take(&mut about.kept)))
    }
}

fn labels(uri: &str) -> Labels {
    Labels { uri: uri.to_owned() }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_handler_that_fails_on_and_on_is_told_of_once_in_a_while() {
        let counts = Counts::default();
        let uri: Arc<str> = "arn:a".into();
        assert_eq!(counts.note(&uri), (uri.clone(), Some(0)));
        for _ in 0..1_000 {
            assert_eq!(counts.note(&uri), (uri.clone(), None));
        }
        assert_eq!(counts.note(&"arn:b".into()).1, Some(0), "each has its own turn");
        let earlier = Instant::now().checked_sub(QUIET).expect("the machine runs for longer");
        counts.told.lock().entry(uri.clone()).and_modify(|told| told.last = Some(earlier));
        assert_eq!(counts.note(&uri), (uri, Some(1_000)));
    }

    #[test]
    fn rooms_that_name_ever_new_handlers_share_a_series() {
        let counts = Counts::default();
        for index in 0..MOST + 100 {
            counts.invocation_error(&format!("arn:{index}").into(), &Failure::NoTarget);
        }
        assert_eq!(counts.told.lock().len(), MOST + 1);
        assert_eq!(counts.invocation_errors.get_or_create(&labels(OTHERS)).get(), 100);
    }
}
