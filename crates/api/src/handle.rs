//! One request from its head to its answer.
//!
//! The order of the checks, cheapest first and each before the next one's cost: path, then method (an unknown
//! path is 404, a wrong method 405, both `UnknownOperationException`) · the claim in the signature (403) ·
//! service, region and clock (403) · body length (413) and time (408) · the key (403) · the signature (403) ·
//! JSON · bounds (400) · the operation.
//!
//! Promise: nothing is read from a body, and no key looked up, for a request that says not who sent it; the
//! operation's function is reached by a verified signature of an active key alone.

use std::time::{Duration, Instant, SystemTime};

use auth::Principal;
use auth::sigv4::{self, Claim, Expected};
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
use crate::ivs::{self, Ivs};
use crate::keyring::KeyRing;
use crate::request_id::RequestId;
use crate::route::{self, Found, Operation};

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
pub struct Api<I, K> {
    config: Config,
    ivs: I,
    keys: K,
}

/// What the log line of a call says of it.
#[derive(Default)]
struct Note {
    operation: Option<&'static str>,
    key: Option<String>,
}

impl<I: Ivs, K: KeyRing> Api<I, K> {
    /// A frame around `ivs`, with the keys of `keys`.
    pub fn new(config: Config, ivs: I, keys: K) -> Self {
        Self { config, ivs, keys }
    }

    /// Answers one request; `now` is the server's clock. Never fails: whatever goes wrong is an answer.
    pub async fn handle<B>(&self, request: Request<B>, now: SystemTime) -> Response<Full<Bytes>>
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
        let outcome = self.call(&parts, body, now, id, &mut note).await;
        report(id, &note, begun.elapsed(), &outcome);
        match outcome {
            Ok((status, reply)) => answer::success(id, status, reply),
            Err(error) => answer::refusal(id, &error),
        }
    }

    async fn call<B>(
        &self,
        parts: &Parts,
        body: B,
        now: SystemTime,
        id: RequestId,
        note: &mut Note,
    ) -> Result<(u16, Reply), ApiError>
    where
        B: Body + Send,
        B::Error: Into<Box<dyn std::error::Error + Send + Sync>>,
    {
        let candidates = route(parts)?;
        note.operation = candidates.first().map(|operation| operation.route().name);
        let claim = Claim::parse(parts)?;
        note.key = Some(claim.access_key_id().to_owned());
        let operation = self.meant(&candidates, &claim, now)?;
        let body = body::take(body, self.config.max_body, self.config.body_deadline).await?;
        let principal = self.prove(&claim, &body).await?;
        let mut members = object(&body)?;
        route::bind(operation.route(), parts.uri.path(), parts.uri.query(), &mut members);
        let call = Call::trusted(principal, claim.scope().region.clone(), id.to_string());
        let reply = match operation {
            Operation::Ivs(operation) => ivs::perform(&self.ivs, operation, &call, &members).await?,
        };
        Ok((operation.route().status, reply))
    }

    /// Which of the operations on this path the signature is for.
    fn meant(&self, candidates: &[Operation], claim: &Claim, now: SystemTime) -> Result<Operation, ApiError> {
        let named = |operation: &&Operation| operation.service().name() == claim.scope().service;
        let operation = candidates.iter().find(named).or(candidates.first());
        let operation = *operation.ok_or(ApiError::UnknownOperation)?;
        let region = match &self.config.region {
            RegionRule::Only(region) => Some(region),
            RegionRule::Any => None,
        };
        claim.check(Expected { region, service: operation.service().name() }, now)?;
        Ok(operation)
    }

    async fn prove(&self, claim: &Claim, body: &[u8]) -> Result<Principal, ApiError> {
        let access_key_id = claim.access_key_id();
        let key = self.keys.find(access_key_id).await?.filter(|key| key.active);
        let key = key.ok_or(sigv4::Error::UnrecognizedClient)?;
        claim.verify(&key.secret.0, body)?;
        Ok(Principal { account: key.account, access_key_id: access_key_id.to_owned() })
    }
}

fn route(parts: &Parts) -> Result<Vec<Operation>, ApiError> {
    match route::find(&parts.method, parts.uri.path()) {
        Found::Operations(operations) => Ok(operations),
        Found::NoPath => Err(ApiError::UnknownOperation),
        Found::NoMethod(methods) => {
            let allow: Vec<_> = methods.into_iter().map(Method::as_str).collect();
            Err(ApiError::MethodNotAllowed { allow: allow.join(", ") })
        }
    }
}

/// The members of the body; an empty body has none.
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

/// One line per call; the cause of an internal error goes here and nowhere else.
fn report(id: RequestId, note: &Note, took: Duration, outcome: &Result<(u16, Reply), ApiError>) {
    let operation = note.operation.unwrap_or("-");
    let key = note.key.as_deref().unwrap_or("-");
    let ms = took.as_millis();
    match outcome {
        Ok((status, _)) => tracing::info!(operation, status, key, %id, ms, "call"),
        Err(error @ ApiError::Internal { source, .. }) => {
            tracing::error!(operation, status = 500, key, %id, ms, %error, cause = %chain(source.as_ref()), "call failed");
        }
        Err(error) => {
            let (status, code) = error.wire();
            tracing::info!(operation, status = status.as_u16(), code, key, %id, ms, "call refused");
        }
    }
}
