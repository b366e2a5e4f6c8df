//! The desk: what keys may ask about the house itself over HTTP, beside the operations of the vendor's model. The
//! console is made of both.
//!
//! All of it is below `/rillcast/v1/`, signed as calls of the service `ivs` are, and asked of the key's policy as
//! actions of the service `rillcast` on the ARN that the query names as `arn` (where the door says so), else on `*`.
//! `doors.rs` has the table; what events have to say is the `events` crate's. Who one is, and what one may do, each
//! key may ask.
//!
//! Promise: nothing is answered that is not in the table, and nothing in it without the action that stands there
//! being allowed, but a key's questions about itself.

mod body;
mod doctor;
mod doors;
mod keys;
mod logs;
mod machine;
mod on_air;
mod passes;
mod policies;
mod query;
mod quotas;
mod recordings;
mod rooms;
mod samples;
mod whoami;

use std::convert::Infallible;
use std::sync::Arc;
use std::time::SystemTime;

use api::{Admitted, ApiError, Errand, Gate, Peer};
use blob::Blobs;
use bytes::Bytes;
use chat::Chat;
use control::Control;
use delivery::Delivery;
use http::request::Parts;
use http::{Method, Request, Response};
use http_body::Body;
use http_body_util::BodyExt;
use http_body_util::combinators::UnsyncBoxBody;
use live::Hub;
use serde::Serialize;
use store::{Store, StoreError};
use tokio::sync::Semaphore;
use tokio_util::sync::CancellationToken;

use crate::config::Config;
use crate::telemetry::Tail;
use doors::{About, Door, Task};
pub(crate) use passes::IngestDoors;
pub(crate) use recordings::{DOWNLOADS, Film};

/// What the desk answers with.
pub(crate) type Reply = Response<UnsyncBoxBody<Bytes, Infallible>>;

/// All that may be looked at from the desk.
#[derive(Clone)]
pub(crate) struct House {
    pub(crate) config: Config,
    /// This server's name among those that share a database.
    pub(crate) node: String,
    /// What URLs for those outside begin with, without a slash at the end.
    pub(crate) public_url: String,
    pub(crate) control: Control,
    pub(crate) store: Store,
    pub(crate) hub: Hub,
    pub(crate) blobs: Blobs,
    pub(crate) chat: Chat,
    pub(crate) delivery: Delivery,
    /// Where encoders send to.
    pub(crate) ingest: IngestDoors,
    pub(crate) started: SystemTime,
    /// The newest lines of the log.
    pub(crate) log: Tail,
}

/// Answers requests for what [`Desk::owns`].
pub(crate) struct Desk {
    gate: Gate<Control>,
    house: House,
    closing: CancellationToken,
    /// For one examination at a time.
    doctors_turn: Arc<Semaphore>,
    /// For work on recordings.
    places: recordings::Places,
}

impl Desk {
    /// `gate` knows the keys.
    pub(crate) fn new(gate: Gate<Control>, house: House) -> Self {
        let doctors_turn = Arc::new(Semaphore::new(1));
        Self {
            gate,
            house,
            closing: CancellationToken::new(),
            doctors_turn,
            places: recordings::Places::default(),
        }
    }

    /// Ends answers that wait for something.
    pub(crate) fn close(&self) {
        self.closing.cancel();
    }

    /// Does this path belong here, by whatever method?
    pub(crate) fn owns(path: &str) -> bool {
        Door::of(path).next().is_some()
    }

    /// Answers a request for a recording that was linked to by this desk; `path` begins with [`DOWNLOADS`].
    pub(crate) async fn download(&self, path: &str, query: Option<&str>) -> Response<Film> {
        recordings::send(&self.house, &self.places, path, query).await
    }

    /// Answers one request, which came from `peer`; `now` is the server's clock. Never fails: whatever goes
    /// wrong is an answer.
    pub(crate) async fn handle<B>(&self, request: Request<B>, peer: Peer, now: SystemTime) -> Reply
    where
        B: Body + Send,
        B::Error: Into<Box<dyn std::error::Error + Send + Sync>>,
    {
        if request.method() == Method::OPTIONS {
            return self.gate.preflight().map(BodyExt::boxed_unsync);
        }
        if let Some(door) = Door::open_to_all(request.method(), request.uri().path()) {
            return self.own_business(door, request, peer, now).await;
        }
        let admitted = match self.gate.admit(request, peer, now, errand).await {
            Ok(admitted) => admitted,
            Err(refusal) => return refusal.map(BodyExt::boxed_unsync),
        };
        // It was found before, or nobody was let in.
        match find(&admitted.parts) {
            Ok((door, names)) => match door.task {
                Task::Machine => {
                    let told = machine::machine(&self.house).await;
                    reply(admitted, told)
                }
                Task::IngestAddresses => {
                    let told = passes::addresses(&self.house);
                    reply(admitted, Ok(told))
                }
                Task::WatchPass => {
                    let told = passes::watch(&self.house, &admitted).await;
                    reply(admitted, told)
                }
                Task::Doctor => {
                    match doctor::begin(&self.house, &admitted, &self.doctors_turn, &self.closing) {
                        Ok(lines) => {
                            admitted.stream("application/x-ndjson", lines).map(BodyExt::boxed_unsync)
                        }
                        Err(error) => reply::<()>(admitted, Err(error)),
                    }
                }
                Task::Live => {
                    let told = on_air::on_air(&self.house, &admitted);
                    reply(admitted, Ok(told))
                }
                Task::Logs => {
                    let told = logs::logs(&self.house, &admitted, &self.closing).await;
                    reply(admitted, told)
                }
                Task::Recordings(act) => {
                    recordings::answer(&self.house, act, &names, admitted, &self.places, &self.closing).await
                }
                Task::RoomStats => {
                    let told = rooms::stats(&self.house, &admitted).await;
                    reply(admitted, told)
                }
                Task::RoomSeat => {
                    let told = rooms::seat(&self.house, &admitted).await;
                    reply(admitted, told)
                }
                Task::ChannelSamples => {
                    let told = samples::of_channel(&self.house, &admitted, now).await;
                    reply(admitted, told)
                }
                Task::StreamSamples => {
                    let stream = names.first().map_or("", String::as_str);
                    let told = samples::of_stream(&self.house, &admitted, stream, now).await;
                    reply(admitted, told)
                }
                Task::Keys => {
                    let told = keys::list(&self.house, &admitted).await;
                    reply(admitted, told)
                }
                Task::CreateKey => {
                    let told = keys::create(&self.house, &admitted).await;
                    reply(admitted, told)
                }
                Task::ChangeKeyPolicy => {
                    let told = keys::set_policy(&self.house, &admitted, first(&names)).await;
                    reply(admitted, told)
                }
                Task::DisableKey | Task::EnableKey => {
                    let active = door.task == Task::EnableKey;
                    let told = keys::set_active(&self.house, &admitted, first(&names), active).await;
                    reply(admitted, told)
                }
                Task::DeleteKey => {
                    let told = keys::remove(&self.house, &admitted, first(&names)).await;
                    reply(admitted, told)
                }
                Task::Policies => reply(admitted, Ok(policies::list())),
                Task::CheckPolicy => {
                    let told = policies::check(&admitted);
                    reply(admitted, told)
                }
                Task::Quotas => {
                    let told = quotas::quotas(&self.house, &admitted).await;
                    reply(admitted, told)
                }
                // Answered before anybody's policy was asked.
                Task::WhoAmI => reply::<()>(admitted, Err(ApiError::UnknownOperation)),
            },
            Err(error) => reply::<()>(admitted, Err(error)),
        }
    }
}

impl Desk {
    /// What whoever is known may ask: about themselves.
    async fn own_business<B>(&self, door: &Door, request: Request<B>, peer: Peer, now: SystemTime) -> Reply
    where
        B: Body + Send,
        B::Error: Into<Box<dyn std::error::Error + Send + Sync>>,
    {
        let name = door.action.strip_prefix("rillcast:").unwrap_or(door.action);
        match self.gate.identify(request, peer, now, name).await {
            Ok(known) => {
                let told = whoami::whoami(&known).await;
                reply(known.admitted, told)
            }
            Err(refusal) => refusal.map(BodyExt::boxed_unsync),
        }
    }
}

/// An answer that is whole.
fn reply<T: Serialize>(admitted: Admitted, outcome: Result<T, ApiError>) -> Reply {
    admitted.answer(outcome).map(BodyExt::boxed_unsync)
}

/// The name in a path whose door has one.
fn first(names: &[String]) -> &str {
    names.first().map_or("", String::as_str)
}

/// The door that a request knocks at, and the names in its path.
fn find(parts: &Parts) -> Result<(&'static Door, Vec<String>), ApiError> {
    let mut allow = Vec::new();
    for (door, names) in Door::of(parts.uri.path()) {
        if door.method == parts.method {
            return Ok((door, names));
        }
        allow.push(door.method.as_str());
    }
    if allow.is_empty() {
        return Err(ApiError::UnknownOperation);
    }
    Err(ApiError::MethodNotAllowed { allow: allow.join(", ") })
}

/// What a request asks for, by its method, path and query alone.
fn errand(parts: &Parts) -> Result<Errand, ApiError> {
    let (door, _) = find(parts)?;
    let resource = match door.about {
        About::Everything | About::Nothing => None,
        // Left out it is a text that no policy but one for everything allows.
        About::Arn => Some(query::find(parts, "arn").unwrap_or_default()),
        About::ArnIfNamed => query::find(parts, "arn"),
    };
    Ok(Errand { action: door.action, resource })
}

/// What the database's failure is to a caller.
fn failed(error: StoreError) -> ApiError {
    if error.is_unavailable() {
        ApiError::unavailable("reaching the database", error)
    } else {
        ApiError::internal("asking the database", error)
    }
}
