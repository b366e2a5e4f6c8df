//! `POST recordings/{id}/verify`: what `rillcast recordings verify` finds, while it is found.
//!
//! The answer is lines of JSON:
//!
//! | `kind` | besides |
//! | --- | --- |
//! | `progress` | `done` and `total`, in bytes |
//! | `report` | `good`, and all that is said by `rillcast recordings verify --json`: the last line |
//! | `failed` | `message`: the bucket can't be read, which says nothing of the recording: the last line |
//!
//! Promise: it works on a thread of its own, ends with its reader or when the server closes, and tells progress a few
//! times a second at most.

use std::convert::Infallible;
use std::pin::Pin;
use std::sync::Arc;
use std::task::{Context, Poll};
use std::time::{Duration, Instant};

use api::{Admitted, ApiError, Why};
use bytes::Bytes;
use domain::{Recording, chain};
use http_body::{Body, Frame};
use recording::verify::{Progress, Subject, verify};
use serde_json::{Value, json};
use tokio::runtime::Handle;
use tokio::sync::mpsc::{Receiver, Sender, channel};
use tokio_util::sync::CancellationToken;

use super::{House, Places, find};

/// From one line of progress to the next.
const PACE: Duration = Duration::from_millis(200);
/// Lines that wait for a slow reader; progress beyond is left out.
const WAITING: usize = 16;

/// Begins to look.
pub(super) async fn begin(
    house: &House,
    admitted: &Admitted,
    id: &str,
    places: &Places,
    closing: &CancellationToken,
) -> Result<Lines, ApiError> {
    let recording = find(house, admitted, id).await?;
    let Ok(place) = Arc::clone(&places.verifies).try_acquire_owned() else {
        let why = "As many recordings are being verified as can be at once; try again in a while";
        return Err(ApiError::Conflict(Why::new(why)));
    };
    let (lines, receiver) = channel(WAITING);
    let (blobs, closing, handle) = (house.blobs.clone(), closing.clone(), Handle::current());
    // Media is read to its last sample: that would keep others from their turn.
    tokio::task::spawn_blocking(move || {
        handle.block_on(async {
            tokio::select! {
                () = look(&blobs, &recording, &lines) => {}
                () = lines.closed() => {}
                () = closing.cancelled() => {}
            }
        });
        drop(place);
    });
    Ok(Lines { receiver })
}

async fn look(blobs: &blob::Blobs, recording: &Recording, lines: &Sender<Bytes>) {
    let subject =
        Subject { bucket: &recording.configuration.bucket, prefix: &recording.prefix, row: Some(recording) };
    let mut told: Option<Instant> = None;
    let mut progress = |Progress { done, total }| {
        if told.is_none_or(|told| told.elapsed() >= PACE) {
            told = Some(Instant::now());
            let _ = lines.try_send(line(&json!({ "kind": "progress", "done": done, "total": total })));
        }
    };
    let last = match verify(blobs, subject, &mut progress).await {
        Ok(report) => {
            let mut object = json!({ "kind": "report", "good": report.is_good() });
            if let (Some(object), Ok(Value::Object(more))) =
                (object.as_object_mut(), serde_json::to_value(&report))
            {
                object.extend(more);
            }
            object
        }
        Err(error) => json!({ "kind": "failed", "message": chain(&error) }),
    };
    // Nobody reads any more: nobody needs it.
    let _ = lines.send(line(&last)).await;
}

fn line(value: &Value) -> Bytes {
    format!("{value}\n").into()
}

/// The answer as it comes.
pub(super) struct Lines {
    receiver: Receiver<Bytes>,
}

impl Body for Lines {
    type Data = Bytes;
    type Error = Infallible;

    fn poll_frame(
        mut self: Pin<&mut Self>,
        context: &mut Context<'_>,
    ) -> Poll<Option<Result<Frame<Bytes>, Infallible>>> {
        self.receiver.poll_recv(context).map(|line| line.map(|line| Ok(Frame::data(line))))
    }
}
