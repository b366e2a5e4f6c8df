//! What keys may ask about events over HTTP: sinks, dead letters, another try for them, and events as they come.
//!
//! All of it is below `/rillcast/v1/`, signed as calls of the service `ivs` are, and asked of the key's policy as
//! actions of the service `rillcast`.
//!
//! | request | action |
//! | --- | --- |
//! | `GET event-sinks` | `rillcast:ListEventSinks` |
//! | `GET event-sinks/{name}/dead-letters` | `rillcast:ListDeadLetters` |
//! | `POST event-sinks/{name}/redeliver` | `rillcast:RedeliverEvents` |
//! | `GET events` | `rillcast:ReadEvents`, on the channel's ARN with `?channel=` |
//!
//! A stream of events begins behind `Last-Event-ID`; without it behind the newest, or with `?recent=` so many places
//! before it, for whoever looks for the first time and wants to see what happened a moment ago.
//!
//! Promise: nobody sees, counts or moves an event of another account.

mod path;
mod query;
mod views;

use std::convert::Infallible;
use std::time::SystemTime;

use api::{Admitted, ApiError, Errand, Gate, KeyRing, Peer, Why};
use bytes::Bytes;
use domain::{AccountId, EventId};
use http::request::Parts;
use http::{HeaderName, HeaderValue, Method, Request, Response};
use http_body::Body;
use http_body_util::BodyExt;
use http_body_util::combinators::UnsyncBoxBody;
use serde::Deserialize;
use serde_json::Value;
use store::{PageRequest, Position, Store, StoreError};

use crate::counts::Counts;
use crate::pattern::Pattern;
use crate::stream::{Begin, Feed, Readers, Wanted};
use path::Path;
use query::Query;

/// Dead letters of a page without `maxResults`, and at most.
const PAGE: u32 = 50;
const MOST: u32 = 100;

/// Events and letters that are counted of one sink; more are not told from so many.
const COUNTED: u32 = 1_000;

/// Places back that a stream of events may begin at most: what a person looks through.
const RECENT: u32 = 10_000;

/// Asks proxies that keep answers back (nginx does) to hand events on as they come.
const UNBUFFERED: HeaderName = HeaderName::from_static("x-accel-buffering");

/// What policies can allow here.
pub const ADMIN_ACTIONS: [&str; 4] = [
    "rillcast:ListDeadLetters",
    "rillcast:ListEventSinks",
    "rillcast:ReadEvents",
    "rillcast:RedeliverEvents",
];

/// What the admin ways answer with.
pub type Reply = Response<UnsyncBoxBody<Bytes, Infallible>>;

/// Answers requests below [`Admin::PREFIX`].
#[derive(Debug)]
pub struct Admin<K> {
    gate: Gate<K>,
    store: Store,
    counts: Counts,
    readers: Readers,
}

/// What a request wants to be tried again.
#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Redelivery {
    /// One event's id.
    id: Option<String>,
    /// True: every letter of the sink.
    #[serde(default)]
    all: bool,
}

impl<K: KeyRing> Admin<K> {
    /// How the paths begin that belong here.
    pub const PREFIX: &str = "/rillcast/v1/";

    /// Looks at this store, and at what the sinks of this process count; `gate` knows the keys.
    pub fn new(gate: Gate<K>, store: Store, counts: Counts) -> Self {
        Self { gate, store, counts, readers: Readers::default() }
    }

    /// Ends the streams of events that go on, so that they don't hold up shutdown. No further one is begun.
    pub fn close(&self) {
        self.readers.close();
    }

    /// Answers one request, which came from `peer`; `now` is the server's clock. Never fails: whatever goes
    /// wrong is an answer.
    pub async fn handle<B>(&self, request: Request<B>, peer: Peer, now: SystemTime) -> Reply
    where
        B: Body + Send,
        B::Error: Into<Box<dyn std::error::Error + Send + Sync>>,
    {
        if request.method() == Method::OPTIONS {
            return self.gate.preflight().map(BodyExt::boxed_unsync);
        }
        let admitted = match self.gate.admit(request, peer, now, errand).await {
            Ok(admitted) => admitted,
            Err(refusal) => return refusal.map(BodyExt::boxed_unsync),
        };
        // It was found before, or nobody was let in.
        match Path::parse(admitted.parts.uri.path()) {
            Some(Path::Events) => return self.events(admitted).await,
            Some(Path::Sinks) => {
                let outcome = self.sinks(&admitted).await;
                admitted.answer(outcome)
            }
            Some(Path::DeadLetters(sink)) => {
                let outcome = self.dead_letters(&admitted, &sink).await;
                admitted.answer(outcome)
            }
            Some(Path::Redeliver(sink)) => {
                let outcome = self.redeliver(&admitted, &sink).await;
                admitted.answer(outcome)
            }
            None => admitted.answer::<Value>(Err(ApiError::UnknownOperation)),
        }
        .map(BodyExt::boxed_unsync)
    }

    async fn sinks(&self, admitted: &Admitted) -> Result<Value, ApiError> {
        Query::read(&admitted.parts, &[])?;
        let account = &admitted.call.principal.account;
        let (rows, configured) = (self.store.sinks().await.map_err(failed)?, self.counts.read());
        let mut sinks = Vec::with_capacity(rows.len());
        for row in rows {
            let kind = configured.iter().find(|sink| sink.name == row.name).map(|sink| sink.kind);
            let waiting = self.waiting(row.position, account).await?;
            let request = PageRequest::first(COUNTED);
            let dead = self.store.dead_letters(Some(&row.name), request, Some(account)).await;
            sinks.push(views::sink(&row.name, kind, waiting, dead.map_err(failed)?.items.len()));
        }
        Ok(views::sinks(&sinks))
    }

    /// The account's events behind a position, as far as they are counted.
    async fn waiting(&self, position: i64, account: &AccountId) -> Result<usize, ApiError> {
        let events = self.store.events_after(position, COUNTED).await.map_err(failed)?;
        Ok(events.iter().filter(|event| event.account == *account).count())
    }

    async fn dead_letters(&self, admitted: &Admitted, sink: &str) -> Result<Value, ApiError> {
        let query = Query::read(&admitted.parts, &["maxResults", "nextToken"])?;
        let limit = query.number("maxResults", 1..=MOST)?.unwrap_or(PAGE);
        let after = query.get("nextToken").filter(|token| !token.is_empty()).map(|token| {
            let place = token.parse::<i64>().ok().filter(|place| *place >= 0);
            place.ok_or_else(|| ApiError::validation("nextToken: not a token of this list"))
        });
        let after = after.transpose()?.map_or(Position::default(), Position::new);
        self.known(sink).await?;
        let account = &admitted.call.principal.account;
        let request = PageRequest { after, limit };
        let page = self.store.dead_letters(Some(sink), request, Some(account)).await.map_err(failed)?;
        Ok(views::dead_letters(&page))
    }

    async fn redeliver(&self, admitted: &Admitted, sink: &str) -> Result<Value, ApiError> {
        Query::read(&admitted.parts, &[])?;
        let wanted: Redelivery = serde_json::from_slice(&admitted.body)
            .map_err(|error| ApiError::validation(format!("Request body: {error}")))?;
        let id = match (wanted.id, wanted.all) {
            (Some(id), false) => {
                let id = EventId::parse(&id);
                Some(id.ok_or_else(|| ApiError::validation("id: not the id of an event"))?)
            }
            (None, true) => None,
            _ => return Err(ApiError::validation("Request body: either id or all must be given")),
        };
        self.known(sink).await?;
        let account = &admitted.call.principal.account;
        let due = self.store.redeliver(Some(sink), id.as_ref(), Some(account)).await.map_err(failed)?;
        tracing::info!(sink, due, "dead letters are tried again");
        Ok(views::redelivered(due))
    }

    /// Is there such a sink? One that is no longer named may still have a place.
    async fn known(&self, sink: &str) -> Result<(), ApiError> {
        let named = |name: &str| name == sink;
        if self.counts.read().iter().any(|counts| named(&counts.name))
            || self.store.sinks().await.map_err(failed)?.iter().any(|row| named(&row.name))
        {
            return Ok(());
        }
        Err(ApiError::ResourceNotFound(Why::new(format!("Event sink: {sink} not found"))))
    }

    async fn events(&self, admitted: Admitted) -> Reply {
        match self.feed(&admitted).await {
            Ok(feed) => {
                let mut reply = admitted.stream("text/event-stream", feed.into_body());
                reply.headers_mut().insert(UNBUFFERED, HeaderValue::from_static("no"));
                reply.map(BodyExt::boxed_unsync)
            }
            Err(error) => admitted.answer::<Value>(Err(error)).map(BodyExt::boxed_unsync),
        }
    }

    async fn feed(&self, admitted: &Admitted) -> Result<Feed, ApiError> {
        let query = Query::read(&admitted.parts, &["channel", "pattern", "recent"])?;
        let pattern = query.get("pattern").map(Pattern::parse).transpose();
        let pattern = pattern.map_err(|error| ApiError::validation(format!("pattern: {error}")))?;
        let recent = query.number("recent", 0..=RECENT)?.unwrap_or(0);
        let call = &admitted.call;
        let wanted = Wanted {
            account: call.principal.account.clone(),
            region: call.region.clone(),
            lane: query.get("channel").map(str::to_owned),
            pattern,
        };
        let seat = self.readers.sit(&wanted.account).ok_or_else(|| {
            let most = Readers::MOST_OF_ACCOUNT;
            ApiError::Throttling(Why::new(format!("Too many streams of events are open: at most {most}")))
        })?;
        let begin = match last_seen(&admitted.parts)? {
            Some(last) => Begin::Behind(last),
            None => Begin::Newest { back: recent },
        };
        Feed::begin(self.store.clone(), wanted, begin, seat).await.map_err(failed)
    }
}

/// What a request asks for, by its method and path alone.
fn errand(parts: &Parts) -> Result<Errand, ApiError> {
    let path = Path::parse(parts.uri.path()).ok_or(ApiError::UnknownOperation)?;
    if parts.method != path.method() {
        return Err(ApiError::MethodNotAllowed { allow: path.method().to_string() });
    }
    let resource = match path {
        Path::Events => Query::find(parts, "channel"),
        _ => None,
    };
    Ok(Errand { action: path.action(), resource })
}

/// Up to where a reader has seen all, by its own word (HTML, "Server-sent events").
fn last_seen(parts: &Parts) -> Result<Option<i64>, ApiError> {
    let Some(value) = parts.headers.get("last-event-id") else { return Ok(None) };
    let text = value.to_str().unwrap_or_default().trim();
    if text.is_empty() {
        return Ok(None);
    }
    let place = text.parse::<i64>().ok().filter(|place| *place >= 0);
    place.map(Some).ok_or_else(|| ApiError::validation("Last-Event-ID: not a number"))
}

fn failed(error: StoreError) -> ApiError {
    if error.is_unavailable() {
        ApiError::unavailable("reaching the database", error)
    } else {
        ApiError::internal("asking the database about events", error)
    }
}
