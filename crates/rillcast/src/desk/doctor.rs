//! `POST doctor`: what `rillcast doctor` finds, from within the server.
//!
//! The body is `{}`, or `{"transcoding": true}` to measure the encoders too, which keeps the processors busy for some
//! seconds. The answer is a line of JSON for each step, as it comes:
//!
//! | `kind` | besides |
//! | --- | --- |
//! | `begun` | `total`, the number of looks |
//! | `finding` | `group`, `check`, `outcome` (`ok`, `warn`, `fail` or `skip`), `found`, `advice`; `done`, the looks that have ended |
//! | `done` | `well`: nothing fails |
//!
//! An answer that ends without `done` was cut off. What is found is about the whole server, so only keys of its own
//! account may ask.
//!
//! Promise: one examination at a time; it ends with its reader, and when the server closes.

use std::collections::VecDeque;
use std::convert::Infallible;
use std::pin::Pin;
use std::sync::Arc;
use std::task::{Context, Poll};

use api::{Admitted, ApiError, Why};
use bytes::Bytes;
use http_body::{Body, Frame};
use serde::Deserialize;
use serde_json::{Value, json};
use tokio::sync::{OwnedSemaphorePermit, Semaphore};
use tokio_util::sync::{CancellationToken, WaitForCancellationFutureOwned};

use super::{House, body};
use crate::doctor::{Examination, Finding, Outcome, Subject, measured};

/// What is asked for.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
struct Asked {
    #[serde(default)]
    transcoding: bool,
}

/// Begins an examination.
pub(super) fn begin(
    house: &House,
    admitted: &Admitted,
    turn: &Arc<Semaphore>,
    closing: &CancellationToken,
) -> Result<Lines, ApiError> {
    if admitted.call.principal.account != house.config.account {
        let why = "Examinations are for keys of the server's own account";
        return Err(ApiError::AccessDenied(why.to_owned()));
    }
    let asked: Asked = body::read(admitted)?;
    let Ok(turn) = Arc::clone(turn).try_acquire_owned() else {
        return Err(ApiError::Conflict(Why::new("An examination is under way; try again when it has ended")));
    };
    let subject = Subject { config: house.config.clone(), is_inside: true, store: Ok(house.store.clone()) };
    let mut examination = Examination::begin(&subject);
    if asked.transcoding {
        examination.add(measured(subject.config.transcoding.0));
    }
    let begun = json!({ "kind": "begun", "total": examination.total() });
    Ok(Lines {
        examination: Some(examination),
        waiting: VecDeque::from([line(&begun)]),
        closed: Box::pin(closing.clone().cancelled_owned()),
        done: 0,
        is_well: true,
        _turn: turn,
    })
}

/// The answer as it comes.
pub(super) struct Lines {
    /// None behind the last look.
    examination: Option<Examination>,
    waiting: VecDeque<Bytes>,
    closed: Pin<Box<WaitForCancellationFutureOwned>>,
    done: usize,
    is_well: bool,
    _turn: OwnedSemaphorePermit,
}

impl Lines {
    fn tell(&mut self, findings: Vec<Finding>) {
        self.done += 1;
        for finding in findings {
            self.is_well &= finding.outcome != Outcome::Fail;
            let mut told = serde_json::to_value(&finding).unwrap_or_default();
            if let Value::Object(members) = &mut told {
                members.insert("kind".to_owned(), "finding".into());
                members.insert("done".to_owned(), self.done.into());
            }
            self.waiting.push_back(line(&told));
        }
    }
}

impl Body for Lines {
    type Data = Bytes;
    type Error = Infallible;

    fn poll_frame(
        mut self: Pin<&mut Self>,
        context: &mut Context<'_>,
    ) -> Poll<Option<Result<Frame<Bytes>, Infallible>>> {
        loop {
            if let Some(line) = self.waiting.pop_front() {
                return Poll::Ready(Some(Ok(Frame::data(line))));
            }
            if self.closed.as_mut().poll(context).is_ready() {
                return Poll::Ready(None);
            }
            let Some(examination) = &mut self.examination else { return Poll::Ready(None) };
            match examination.poll_next(context) {
                Poll::Pending => return Poll::Pending,
                Poll::Ready(Some(findings)) => self.tell(findings),
                Poll::Ready(None) => {
                    self.examination = None;
                    let done = line(&json!({ "kind": "done", "well": self.is_well }));
                    self.waiting.push_back(done);
                }
            }
        }
    }
}

fn line(told: &Value) -> Bytes {
    Bytes::from(format!("{told}\n"))
}
