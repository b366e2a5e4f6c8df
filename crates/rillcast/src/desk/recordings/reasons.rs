//! Why recording configurations could not be created: what the vendor's API has no member for.
//!
//! Promise: of the caller's account alone.

use api::{Admitted, ApiError};
use domain::RecordingState;
use serde::Serialize;
use store::{PageRequest, Position};

use super::{House, failed, tenant};
use crate::desk::query;

const PAGE: u32 = 200;

/// All of them.
#[derive(Debug, Serialize)]
#[serde(rename_all = "camelCase")]
pub(super) struct Reasons {
    recording_configurations: Vec<Reason>,
}

#[derive(Debug, Serialize)]
#[serde(rename_all = "camelCase")]
struct Reason {
    arn: String,
    name: String,
    bucket: String,
    reason: String,
}

pub(super) async fn reasons(house: &House, admitted: &Admitted) -> Result<Reasons, ApiError> {
    query::only(&admitted.parts, &[])?;
    let (tenant, mut found) = (tenant(admitted), Vec::new());
    let mut request = PageRequest { after: Position::default(), limit: PAGE };
    loop {
        // A quota bounds how many there are.
        let page = house.store.recording_configurations(&tenant, request).await.map_err(failed)?;
        let failures = page.items.into_iter().filter(|one| one.state == RecordingState::CreateFailed);
        found.extend(failures.map(|one| Reason {
            arn: one.arn.to_string(),
            name: one.name,
            bucket: one.bucket,
            reason: one.state_reason,
        }));
        match page.next {
            Some(next) => request.after = next,
            None => return Ok(Reasons { recording_configurations: found }),
        }
    }
}
