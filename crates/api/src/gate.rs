//! Who knocks? The proof of a request, for the operations of the vendor's model and for those of the house's own.
//!
//! Operations of our own (paths below `/rillcast/`) are signed like any other, for the service `ivs`, and asked
//! of the same policies as actions of the service `rillcast`. What answers them is not here.
//!
//! One thing needs no permission: to ask who one is and what one may do ([`Gate::identify`]), as the vendor's
//! `sts:GetCallerIdentity` needs none. It tells a key nothing but what its own policy says.
//!
//! Promise: whoever gets in has a verified signature of an active key; to an operation of our own that does
//! anything only with a policy that allows its action.

use std::sync::Arc;
use std::time::{Instant, SystemTime};

use auth::Principal;
use auth::policy::Policy;
use auth::sigv4::{self, Claim, Expected};
use bytes::Bytes;
use http::request::Parts;
use http::{Request, Response};
use http_body::Body;
use http_body_util::Full;
use serde::Serialize;
use serde_json::{Map, Value};

use crate::access::About::{Everything, Named};
use crate::access::Access;
use crate::answer::{self, Reply};
use crate::body;
use crate::call::Call;
use crate::error::ApiError;
use crate::handle::{Config, Note, RegionRule, report};
use crate::keyring::KeyRing;
use crate::peer::Peer;
use crate::permission;
use crate::request_id::RequestId;
use crate::route::Service;
use crate::signing_keys::SigningKeys;

/// The member that stands for the resource of an operation of our own.
const RESOURCE: &str = "resource";

/// Proves requests.
#[derive(Debug)]
pub struct Gate<K> {
    pub(crate) config: Config,
    pub(crate) keys: K,
    signing_keys: SigningKeys,
}

/// An operation of the house's own.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Errand {
    /// What a policy must allow: `rillcast:ReadEvents`.
    pub action: &'static str,
    /// The ARN of what it is about; `None` for `*`. Not trusted: it may be any text.
    pub resource: Option<String>,
}

/// A request to an operation of the house's own whose caller may do it.
#[derive(Debug)]
#[non_exhaustive]
pub struct Admitted {
    /// Who calls, and the region signed for.
    pub call: Call,
    /// The request's head.
    pub parts: Parts,
    /// The request's body, whole.
    pub body: Bytes,
    visit: Visit,
}

/// A request by somebody who is known, whatever they may do.
#[derive(Debug)]
#[non_exhaustive]
pub struct Known<'a, K> {
    /// The request. That its caller may do anything is not said by it being here.
    pub admitted: Admitted,
    keys: &'a K,
    policy: Arc<Policy>,
    peer: Peer,
    now: SystemTime,
}

/// One request to an operation of the house's own, for its log line and its answer.
#[derive(Debug)]
struct Visit {
    id: RequestId,
    begun: Instant,
    note: Note,
}

impl<K: KeyRing> Gate<K> {
    /// A gate that knows the keys of `keys`.
    pub fn new(config: Config, keys: K) -> Self {
        Self { config, keys, signing_keys: SigningKeys::default() }
    }

    /// Lets a request to an operation of the house's own in, or answers it with its refusal. `errand` says what
    /// is asked for; it is called first, so its error (an unknown path, a wrong method) comes before all others.
    ///
    /// # Errors
    /// The answer for the caller, when the request is refused.
    pub async fn admit<B>(
        &self,
        request: Request<B>,
        peer: Peer,
        now: SystemTime,
        errand: impl FnOnce(&Parts) -> Result<Errand, ApiError>,
    ) -> Result<Admitted, Response<Full<Bytes>>>
    where
        B: Body + Send,
        B::Error: Into<Box<dyn std::error::Error + Send + Sync>>,
    {
        let (id, begun) = (RequestId::fresh(), Instant::now());
        let (parts, body) = request.into_parts();
        let mut visit = Visit { id, begun, note: Note::default() };
        let found = match errand(&parts) {
            Ok(errand) => self.let_in(&parts, body, peer, now, errand, &mut visit).await,
            Err(error) => Err(error),
        };
        match found {
            Ok((call, body)) => Ok(Admitted { call, parts, body, visit }),
            Err(error) => Err(visit.answer(Err(error))),
        }
    }

    /// Lets a request in of which no more is asked than who sends it, or answers it with its refusal. `name` is
    /// what the log calls it. Only what is the caller's own business may be answered: who they are, and what
    /// their policy lets them do.
    ///
    /// # Errors
    /// The answer for the caller, when it is not known who they are.
    pub async fn identify<B>(
        &self,
        request: Request<B>,
        peer: Peer,
        now: SystemTime,
        name: &'static str,
    ) -> Result<Known<'_, K>, Response<Full<Bytes>>>
    where
        B: Body + Send,
        B::Error: Into<Box<dyn std::error::Error + Send + Sync>>,
    {
        let (id, begun) = (RequestId::fresh(), Instant::now());
        let (parts, body) = request.into_parts();
        let mut visit = Visit { id, begun, note: Note::default() };
        visit.note.operation = Some(name);
        match self.know(&parts, body, now, &mut visit).await {
            Ok((call, policy, body)) => {
                let admitted = Admitted { call, parts, body, visit };
                Ok(Known { admitted, keys: &self.keys, policy, peer, now })
            }
            Err(error) => Err(visit.answer(Err(error))),
        }
    }

    /// The answer to a browser that asks whether a page may call.
    pub fn preflight(&self) -> Response<Full<Bytes>> {
        answer::preflight(RequestId::fresh())
    }

    async fn let_in<B>(
        &self,
        parts: &Parts,
        body: B,
        peer: Peer,
        now: SystemTime,
        errand: Errand,
        visit: &mut Visit,
    ) -> Result<(Call, Bytes), ApiError>
    where
        B: Body + Send,
        B::Error: Into<Box<dyn std::error::Error + Send + Sync>>,
    {
        let Errand { action, resource } = errand;
        visit.note.operation = action.split_once(':').map(|(_, name)| name);
        let (call, policy, body) = self.know(parts, body, now, visit).await?;
        let (access, members) = match resource {
            None => (Access::to(&[Everything]), Map::new()),
            Some(resource) => {
                let members = Map::from_iter([(RESOURCE.to_owned(), Value::String(resource))]);
                (Access::to(&[Named(RESOURCE)]), members)
            }
        };
        let (keys, policy, members) = (&self.keys, policy.as_ref(), &members);
        let permission = permission::Request { keys, policy, action, access, members, peer, now, call };
        Ok((permission.permitted().await?, body))
    }

    /// Whose request this is, what their policy is, and the body. The policy was not asked: the call is not to
    /// leave the gate as a permitted one.
    async fn know<B>(
        &self,
        parts: &Parts,
        body: B,
        now: SystemTime,
        visit: &mut Visit,
    ) -> Result<(Call, Arc<Policy>, Bytes), ApiError>
    where
        B: Body + Send,
        B::Error: Into<Box<dyn std::error::Error + Send + Sync>>,
    {
        let claim = Claim::parse(parts)?;
        visit.note.key = Some(claim.access_key_id().to_owned());
        self.check(&claim, Service::Ivs, now)?;
        let body = body::take(body, self.config.max_body, self.config.body_deadline).await?;
        let (principal, policy) = self.prove(&claim, &body, now).await?;
        let call = Call::trusted(principal, claim.scope().region.clone(), visit.id.as_str());
        Ok((call, policy, body))
    }

    /// Is the signature for this service, a region that is served, and now?
    pub(crate) fn check(&self, claim: &Claim, service: Service, now: SystemTime) -> Result<(), ApiError> {
        let region = match &self.config.region {
            RegionRule::Only(region) => Some(region),
            RegionRule::Any => None,
        };
        Ok(claim.check(Expected { region, service: service.name() }, now)?)
    }

    pub(crate) async fn prove(
        &self,
        claim: &Claim,
        body: &[u8],
        now: SystemTime,
    ) -> Result<(Principal, Arc<Policy>), ApiError> {
        let access_key_id = claim.access_key_id();
        let key = self.keys.find(access_key_id).await?.filter(|key| key.active);
        let key = key.ok_or(sigv4::Error::UnrecognizedClient)?;
        self.signing_keys.verify(claim, &key.secret.0, body)?;
        self.keys.used(access_key_id, now);
        let principal =
            Principal { account: key.account, access_key_id: access_key_id.to_owned(), name: key.name };
        Ok((principal, key.policy))
    }
}

impl<K: KeyRing> Known<'_, K> {
    /// Would the caller be let through with this action (`ivs:GetChannel`) on this resource, now and from where
    /// they are? Asked as a real call would be: an operation of the vendor's model that creates or lists is
    /// about all of a kind, whatever `resource` says. Tags that a request would set are not known and count as
    /// none. Neither text is trusted.
    ///
    /// # Errors
    /// When the resource's tags are wanted and can't be read.
    pub async fn may(&self, action: &str, resource: &str) -> Result<bool, ApiError> {
        let Self { admitted, keys, policy, peer, now } = self;
        let (peer, now, call) = (*peer, *now, admitted.call.clone());
        let (access, members) = (Access::to(&[Everything]), &Map::new());
        let own = "rillcast:WhoAmI";
        let request =
            permission::Request { keys: *keys, policy, action: own, access, members, peer, now, call };
        request.would_permit(action, resource).await
    }
}

impl Admitted {
    /// Answers with a JSON object, or a refusal in the words of the service.
    pub fn answer<T: Serialize>(self, outcome: Result<T, ApiError>) -> Response<Full<Bytes>> {
        self.visit.answer(outcome.and_then(|output| answer::reply(&output)))
    }

    /// Answers with a body that goes on, of this type; the connection is not to be used again before its end.
    pub fn stream<B>(self, content_type: &'static str, body: B) -> Response<B> {
        let Visit { id, begun, note } = self.visit;
        report(id, &note, begun.elapsed(), &Ok((200, Reply::Empty)));
        answer::stream(id, content_type, body)
    }
}

impl Visit {
    fn answer(self, outcome: Result<Reply, ApiError>) -> Response<Full<Bytes>> {
        let outcome = outcome.map(|reply| (200, reply));
        report(self.id, &self.note, self.begun.elapsed(), &outcome);
        match outcome {
            Ok((status, reply)) => answer::success(self.id, status, reply),
            Err(error) => answer::refusal(self.id, None, &error),
        }
    }
}
