//! Recordings, the newest first.
//!
//! Promise: of the caller's account alone; memory is bounded by a page, whatever is asked for.

use api::{Admitted, ApiError};
use domain::{Recording, ResourceId, StreamId};
use serde::Serialize;
use store::{NewestPage, NewestRequest, Position, Tenant};

use super::facts::Row;
use super::{House, channel, failed, tenant};
use crate::desk::query;

/// Recordings of a page without `maxResults`, and at most.
const PAGE: u32 = 50;
const MOST: u32 = 200;
/// Rows that are looked through for one stream, whose recording is among the newest, most times.
const LOOKED_THROUGH: usize = 20_000;

/// A page.
#[derive(Debug, Serialize)]
#[serde(rename_all = "camelCase")]
pub(super) struct List {
    recordings: Vec<Row>,
    #[serde(skip_serializing_if = "Option::is_none")]
    next_token: Option<String>,
}

pub(super) async fn list(house: &House, admitted: &Admitted) -> Result<List, ApiError> {
    let parts = &admitted.parts;
    query::only(parts, &["arn", "id", "stream", "maxResults", "nextToken"])?;
    let (channel, tenant) = (channel(admitted)?, tenant(admitted));
    if channel.as_ref().is_some_and(|channel| Tenant::of(channel) != tenant) {
        return Ok(List { recordings: Vec::new(), next_token: None });
    }
    let told = |page: NewestPage<Recording>| List {
        recordings: page.items.iter().map(|one| Row::of(house, one)).collect(),
        next_token: page.next.map(|next| next.get().to_string()),
    };
    if let Some(id) = query::find(parts, "id") {
        let found = match ResourceId::parse(&id) {
            Some(id) => house.store.recording(&id).await.map_err(failed)?,
            None => None,
        };
        let is_wanted = |one: &Recording| channel.as_ref().is_none_or(|channel| one.channel == *channel);
        let found = found.filter(|one| Tenant::of(&one.channel) == tenant && is_wanted(one));
        return Ok(told(NewestPage { items: found.into_iter().collect(), next: None }));
    }
    let limit = number(query::find(parts, "maxResults"))?;
    let before = query::find(parts, "nextToken").filter(|token| !token.is_empty());
    let before = before.map(|token| {
        let place = token.parse::<i64>().ok().filter(|place| *place >= 0).map(Position::new);
        place.ok_or_else(|| ApiError::validation("nextToken: not a token of this list"))
    });
    let mut request = NewestRequest { before: before.transpose()?, limit };
    let Some(stream) = query::find(parts, "stream") else {
        return page(house, channel.as_ref(), &tenant, request).await.map(told);
    };
    let stream =
        StreamId::parse(&stream).ok_or_else(|| ApiError::validation("stream: must be the id of a stream"))?;
    request.limit = MOST;
    for _ in 0..LOOKED_THROUGH / MOST as usize {
        let NewestPage { items, next } = page(house, channel.as_ref(), &tenant, request).await?;
        let items: Vec<_> = items.into_iter().filter(|one| one.streams.contains(&stream)).collect();
        // A stream belongs to one recording.
        if !items.is_empty() || next.is_none() {
            return Ok(told(NewestPage { items, next: None }));
        }
        request.before = next;
    }
    Ok(told(NewestPage { items: Vec::new(), next: request.before }))
}

async fn page(
    house: &House,
    channel: Option<&domain::Arn>,
    tenant: &Tenant,
    request: NewestRequest,
) -> Result<NewestPage<Recording>, ApiError> {
    let page = match channel {
        Some(channel) => house.store.recordings(Some(channel), request).await,
        None => house.store.recordings_of_tenant(tenant, request).await,
    };
    page.map_err(failed)
}

fn number(text: Option<String>) -> Result<u32, ApiError> {
    let Some(text) = text else { return Ok(PAGE) };
    let number = text.parse().ok().filter(|number| (1..=MOST).contains(number));
    number.ok_or_else(|| ApiError::validation(format!("maxResults: must be a number from 1 to {MOST}")))
}
