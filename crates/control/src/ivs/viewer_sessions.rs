//! What the operations on viewer sessions mean (API reference, `StartViewerSessionRevocation` and its batch).
//!
//! Promise: what was answered without an error is kept, and the highest version asked for stands.

use std::time::SystemTime;

use api::ivs::{
    BatchStartViewerSessionRevocationError, BatchStartViewerSessionRevocationRequest,
    BatchStartViewerSessionRevocationResponse, BatchStartViewerSessionRevocationViewerSession,
    StartViewerSessionRevocationRequest, StartViewerSessionRevocationResponse,
};
use api::{ApiError, Call};
use domain::{Arn, ViewerRevocation};

use crate::error::{missing, refusal};
use crate::{Control, tenant};

/// One bad pair does not keep the others from being revoked.
pub(super) async fn batch_start_revocation(
    control: &Control,
    call: &Call,
    input: BatchStartViewerSessionRevocationRequest,
) -> Result<BatchStartViewerSessionRevocationResponse, ApiError> {
    let (now, asked) = (SystemTime::now(), &input.viewer_sessions);
    let read = |session: &BatchStartViewerSessionRevocationViewerSession| {
        let version = session.viewer_session_versions_less_than_or_equal_to;
        revocation(&session.channel_arn, &session.viewer_id, version, now)
    };
    let mut results: Vec<_> = asked.iter().map(read).collect();
    let good: Vec<_> = results.iter().filter_map(|result| result.as_ref().ok()).cloned().collect();
    let absent = control.store.revoke_viewers(&tenant(call), &good).await.map_err(refusal)?;
    for result in &mut results {
        if let Ok(revocation) = result
            && absent.contains(&revocation.channel)
        {
            *result = Err(ApiError::not_found(&revocation.channel));
        }
    }
    let errors: Vec<_> =
        asked.iter().zip(results).filter_map(|(asked, result)| told(asked, result)).collect();
    tracing::info!(asked = asked.len(), refused = errors.len(), "viewer sessions revoked");
    Ok(BatchStartViewerSessionRevocationResponse { errors: Some(errors) })
}

pub(super) async fn start_revocation(
    control: &Control,
    call: &Call,
    input: StartViewerSessionRevocationRequest,
) -> Result<StartViewerSessionRevocationResponse, ApiError> {
    let version = input.viewer_session_versions_less_than_or_equal_to;
    let revocation = revocation(&input.channel_arn, &input.viewer_id, version, SystemTime::now())?;
    let absent = control.store.revoke_viewers(&tenant(call), std::slice::from_ref(&revocation)).await;
    if !absent.map_err(refusal)?.is_empty() {
        return Err(ApiError::not_found(&revocation.channel));
    }
    tracing::info!(channel = %revocation.channel, version = revocation.version, "viewer session revoked");
    Ok(StartViewerSessionRevocationResponse {})
}

fn revocation(
    channel: &str,
    viewer: &str,
    version: Option<i32>,
    now: SystemTime,
) -> Result<ViewerRevocation, ApiError> {
    // PostgreSQL has no text with it, and all databases are to answer alike.
    if viewer.contains('\0') {
        return Err(ApiError::validation("viewerId: must not contain the character NUL"));
    }
    Ok(ViewerRevocation {
        channel: Arn::parse(channel).map_err(|_| missing(channel))?,
        viewer: viewer.to_owned(),
        version: version.and_then(|version| u32::try_from(version).ok()).unwrap_or(0),
        revoked_at: now,
    })
}

/// The refusal of one pair, by the same codes and words as that of a single call.
fn told(
    asked: &BatchStartViewerSessionRevocationViewerSession,
    result: Result<ViewerRevocation, ApiError>,
) -> Option<BatchStartViewerSessionRevocationError> {
    let error = result.err()?;
    Some(BatchStartViewerSessionRevocationError {
        channel_arn: asked.channel_arn.clone(),
        code: Some(error.wire().1.to_owned()),
        message: Some(error.to_string()),
        viewer_id: asked.viewer_id.clone(),
    })
}
