//! One request from its head to its answer.
//!
//! The order of the checks, cheapest first and each before the next one's cost: path, then method (an unknown
//! path is 404, a wrong method 405, both `UnknownOperationException`) · the claim in the signature (403) ·
//! service, region and clock (403) · body length (413) and time (408) · the key (403) · the signature (403) ·
//! JSON · bounds (400) · the key's policy (403) · the operation.
//!
//! Promise: nothing is read from a body, and no key looked up, for a request that says not who sent it; the
//! operation's function is reached by a verified signature of an active key whose policy allows it, alone.

use std::time::{Duration, Instant, SystemTime};

use auth::sigv4::Claim;
use bytes::Bytes;
use domain::{Region, chain};
use http::request::Parts;
use http::{Method, Request, Response};
use http_body::Body;
use http_body_util::Full;
use serde_json::{Map, Value};

use crate::answer::{self, Reply};
use crate::body;
use crate::call::Call;
use crate::error::ApiError;
use crate::gate::Gate;
use crate::ivs::{self, Ivs};
use crate::ivschat::{self, IvsChat};
use crate::keyring::KeyRing;
use crate::peer::Peer;
use crate::permission;
use crate::request_id::RequestId;
use crate::route::{self, Operation, Place, Service};

/// Which regions' signatures are good here.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum RegionRule {
    /// One.
    Only(Region),
    /// Whatever region the SDK was set to.
    Any,
}

/// How the frame behaves.
#[derive(Clone, Debug)]
pub struct Config {
    /// Which regions' signatures are good here.
    pub region: RegionRule,
    /// The largest body that is read, in bytes.
    pub max_body: usize,
    /// How long a body may take to arrive.
    pub body_deadline: Duration,
}

impl Config {
    /// 64 KiB (the largest legal input is below 40 KiB) within ten seconds.
    pub fn new(region: RegionRule) -> Self {
        Self { region, max_body: 64 * 1024, body_deadline: Duration::from_secs(10) }
    }
}

/// The API's frame around the services that give the operations their meaning.
#[derive(Debug)]
pub struct Api<S, K> {
    services: S,
    gate: Gate<K>,
}

/// A request's head, and how and when it came.
struct Came<'a> {
    parts: &'a Parts,
    peer: Peer,
    now: SystemTime,
    id: RequestId,
}

/// What the log line of a call says of it.
#[derive(Debug, Default)]
pub(crate) struct Note {
    /// Whose words an error is put in.
    pub(crate) service: Option<Service>,
    pub(crate) operation: Option<&'static str>,
    pub(crate) key: Option<String>,
}

impl<S: Ivs + IvsChat, K: KeyRing> Api<S, K> {
    /// A frame around `services`, with the keys of `keys`.
    pub fn new(config: Config, services: S, keys: K) -> Self {
        Self { services, gate: Gate::new(config, keys) }
    }

    /// Answers one request, which came from `peer`; `now` is the server's clock. Never fails: whatever goes
    /// wrong is an answer.
    pub async fn handle<B>(&self, request: Request<B>, peer: Peer, now: SystemTime) -> Response<Full<Bytes>>
    where
        B: Body + Send,
        B::Data: Send,
        B::Error: Into<Box<dyn std::error::Error + Send + Sync>>,
    {
        let (id, begun) = (RequestId::fresh(), Instant::now());
        let (parts, body) = request.into_parts();
        if parts.method == Method::OPTIONS {
            return answer::preflight(id);
        }
        let mut note = Note::default();
        let came = Came { parts: &parts, peer, now, id };
        let outcome = self.call(came, body, &mut note).await;
        report(id, &note, begun.elapsed(), &outcome);
        match outcome {
            Ok((status, reply)) => answer::success(id, status, reply),
            Err(error) => answer::refusal(id, note.service, &error),
        }
    }

    async fn call<B>(&self, came: Came<'_>, body: B, note: &mut Note) -> Result<(u16, Reply), ApiError>
    where
        B: Body + Send,
        B::Error: Into<Box<dyn std::error::Error + Send + Sync>>,
    {
        let Came { parts, peer, now, id } = came;
        let place = place(parts)?;
        let first = place.with(&parts.method).next();
        note.operation = first.map(|operation| operation.route().name);
        note.service = first.map(Operation::service);
        let claim = Claim::parse(parts)?;
        note.key = Some(claim.access_key_id().to_owned());
        let operation = meant(place, &parts.method, &claim)?;
        note.service = Some(operation.service());
        self.gate.check(&claim, operation.service(), now)?;
        let config = &self.gate.config;
        let body = body::take(body, config.max_body, config.body_deadline).await?;
        let (principal, policy) = self.gate.prove(&claim, &body, now).await?;
        let mut members = object(&body)?;
        let route = operation.route();
        route::bind(route, parts.uri.path(), parts.uri.query(), &mut members);
        let permission = permission::Request {
            keys: &self.gate.keys,
            policy: &policy,
            action: route.action,
            access: operation.access(),
            members: &members,
            peer,
            now,
            call: Call::trusted(principal, claim.scope().region.clone(), id.as_str()),
        };
        let permission = permission.permitted();
        let reply = match operation {
            Operation::Ivs(operation) => {
                ivs::perform(&self.services, operation, &members, permission).await?
            }
            Operation::IvsChat(operation) => {
                ivschat::perform(&self.services, operation, &members, permission).await?
            }
        };
        Ok((route.status, reply))
    }
}

/// The operations that a request may mean by its path and method; at least one.
fn place(parts: &Parts) -> Result<&'static Place, ApiError> {
    let place = route::find(parts.uri.path()).ok_or(ApiError::UnknownOperation)?;
    match place.with(&parts.method).next() {
        Some(_) => Ok(place),
        None => Err(ApiError::MethodNotAllowed { allow: place.methods() }),
    }
}

/// Which of the operations with this path and method the signature is for.
fn meant(place: &Place, method: &Method, claim: &Claim) -> Result<Operation, ApiError> {
    let named = |operation: &Operation| operation.service().name() == claim.scope().service;
    let operation = place.with(method).find(named).or_else(|| place.with(method).next());
    operation.ok_or(ApiError::UnknownOperation)
}

/// The members of the body; an empty body has none. Of several members of one name the last counts, as in most
/// readers of JSON (RFC 8259, 4); policy and operation see the same one. Values nest at most 127 deep.
fn object(body: &[u8]) -> Result<Map<String, Value>, ApiError> {
    if body.is_empty() {
        return Ok(Map::new());
    }
    match serde_json::from_slice(body) {
        Ok(Value::Object(members)) => Ok(members),
        Ok(_) => Err(ApiError::validation("Request body must be a JSON object")),
        Err(error) => Err(ApiError::Validation(format!("Request body is not valid JSON: {error}"))),
    }
}

/// One line per call; the cause of a failure that is not the caller's goes here and nowhere else.
pub(crate) fn report(id: RequestId, note: &Note, took: Duration, outcome: &Result<(u16, Reply), ApiError>) {
    let operation = note.operation.unwrap_or("-");
    let key = note.key.as_deref().unwrap_or("-");
    let ms = took.as_millis();
    let error = match outcome {
        Ok((status, _)) => {
            tracing::info!(operation, status, key, %id, ms, "call");
            return;
        }
        Err(error) => error,
    };
    let (status, code) = error.wire();
    let status = status.as_u16();
    match error {
        ApiError::Internal { source, .. } | ApiError::ServiceUnavailable { source, .. } => {
            tracing::error!(operation, status, key, %id, ms, %error, cause = %chain(source.as_ref()), "call failed");
        }
        ApiError::NotAllowed(refusal) => {
            let (resource, reason) = (&refusal.resource, refusal.reason());
            tracing::info!(operation, status, code, key, resource, reason, %id, ms, "call refused");
        }
        _ => tracing::info!(operation, status, code, key, %id, ms, "call refused"),
    }
}
