//! `GET rooms/stats`: how a chat room fares on this server. `POST rooms/seats`: a chat token to read along.
//!
//! Promise: only of rooms of the caller's own account and region; a token that is given here lets nobody write,
//! delete or disconnect.

use std::collections::BTreeMap;
use std::time::SystemTime;

use api::{Admitted, ApiError};
use chat::RoomFigures;
use chat::review::HandlerFigures;
use domain::{Arn, ResourceKind, Room, unix_millis};
use serde::Serialize;
use store::Tenant;

use super::{House, body, failed, query};

/// Bans and mutes that are told; of more it is told how many.
const MOST_RESTRICTIONS: usize = 1_000;

/// How a room fares.
#[derive(Debug, Serialize)]
#[serde(rename_all = "camelCase")]
pub(super) struct Stats {
    /// The server that this is told of.
    node: String,
    /// Nothing when nobody was in the room on this server lately.
    room: Option<Told>,
    /// Nothing when the room has no handler.
    review: Option<Review>,
    restrictions: Vec<Restriction>,
    /// Bans and mutes beyond those.
    more_restrictions: usize,
}

/// Counts since `since`, in milliseconds since 1970; the rest is now.
#[derive(Debug, Serialize)]
#[serde(rename_all = "camelCase")]
struct Told {
    since: i64,
    connections: u32,
    users: usize,
    people: Vec<Person>,
    messages: u64,
    events: u64,
    deletions: u64,
    disconnections: u64,
    joins: u64,
    allowed: u64,
    denied: u64,
    too_fast: u64,
    refused: u64,
    remembered: usize,
}

#[derive(Debug, Serialize)]
#[serde(rename_all = "camelCase")]
struct Person {
    user_id: String,
    connections: usize,
}

/// How the room's handler fares, whatever rooms ask it.
#[derive(Debug, Serialize)]
#[serde(rename_all = "camelCase")]
struct Review {
    uri: String,
    configured: bool,
    resting: bool,
    waiting: usize,
    allowed: u64,
    denied: u64,
    failed: u64,
    invalid: u64,
    /// Milliseconds of the newest answer, and of all on average.
    last_took: Option<u128>,
    mean_took: Option<u128>,
    last_failure: Option<Failure>,
}

#[derive(Debug, Serialize)]
struct Failure {
    at: i64,
    text: String,
}

#[derive(Debug, Serialize)]
#[serde(rename_all = "camelCase")]
struct Restriction {
    user_id: String,
    /// `BAN` or `MUTE`.
    kind: &'static str,
    /// Milliseconds since 1970; nothing: until it is lifted.
    until: Option<i64>,
    reason: Option<String>,
}

/// A token to read along, with the name under which its bearer is there.
#[derive(Debug, Serialize)]
#[serde(rename_all = "camelCase")]
pub(super) struct Place {
    token: String,
    user_id: String,
}

/// How the room that the query names fares here.
pub(super) async fn stats(house: &House, admitted: &Admitted) -> Result<Stats, ApiError> {
    let room = find(house, admitted).await?;
    let mut restrictions = house.store.chat_restrictions(&room.arn).await.map_err(failed)?;
    let now = unix_millis(SystemTime::now());
    restrictions.retain(|restriction| restriction.holds(now));
    let more_restrictions = restrictions.len().saturating_sub(MOST_RESTRICTIONS);
    restrictions.truncate(MOST_RESTRICTIONS);
    let handler = room.review_handler.map(|handler| handler.uri).filter(|uri| !uri.is_empty());
    Ok(Stats {
        node: house.node.clone(),
        room: house.chat.room_figures(&room.arn).map(Told::from),
        review: handler.map(|uri| Review::new(house.chat.handler_figures(&uri), uri)),
        restrictions: restrictions
            .into_iter()
            .map(|one| Restriction {
                user_id: one.user,
                kind: one.kind.as_str(),
                until: one.until,
                reason: one.reason,
            })
            .collect(),
        more_restrictions,
    })
}

/// Lets the caller read along in the room that the query names.
pub(super) async fn seat(house: &House, admitted: &Admitted) -> Result<Place, ApiError> {
    #[derive(serde::Deserialize)]
    #[serde(deny_unknown_fields)]
    struct Nothing {}
    let Nothing {} = body::read(admitted)?;
    let room = find(house, admitted).await?;
    let user: String = format!("console:{}", admitted.call.principal.name).chars().take(128).collect();
    let (shown, may) = (BTreeMap::new(), Vec::new());
    let token = house.control.house_chat_token(room.arn, user.clone(), shown, may).await?;
    Ok(Place { token, user_id: user })
}

/// The caller's room that the query names.
async fn find(house: &House, admitted: &Admitted) -> Result<Room, ApiError> {
    let named = query::find(&admitted.parts, "arn").unwrap_or_default();
    let arn = Arn::parse(&named).ok().filter(|arn| arn.kind == ResourceKind::Room);
    let arn = arn.ok_or_else(|| ApiError::validation("arn: must be the ARN of a chat room"))?;
    let call = &admitted.call;
    let tenant = Tenant { account: call.principal.account.clone(), region: call.region.clone() };
    let found = house.store.room(&tenant, &arn).await.map_err(failed)?;
    found.ok_or_else(|| ApiError::not_found(&arn))
}

impl From<RoomFigures> for Told {
    fn from(figures: RoomFigures) -> Self {
        let people = figures.people.into_iter();
        Self {
            since: unix_millis(figures.since),
            connections: figures.connections,
            users: figures.users,
            people: people.map(|(user_id, connections)| Person { user_id, connections }).collect(),
            messages: figures.messages,
            events: figures.events,
            deletions: figures.deletions,
            disconnections: figures.disconnections,
            joins: figures.joins,
            allowed: figures.allowed,
            denied: figures.denied,
            too_fast: figures.too_fast,
            refused: figures.refused,
            remembered: figures.remembered,
        }
    }
}

impl Review {
    fn new(figures: HandlerFigures, uri: String) -> Self {
        Self {
            uri,
            configured: figures.configured,
            resting: figures.resting,
            waiting: figures.waiting,
            allowed: figures.allowed,
            denied: figures.denied,
            failed: figures.failed,
            invalid: figures.invalid,
            last_took: figures.last_took.map(|took| took.as_millis()),
            mean_took: figures.took.checked_div(figures.answers).map(|took| took.as_millis()),
            last_failure: figures.last_failure.map(|(at, text)| Failure { at: unix_millis(at), text }),
        }
    }
}
