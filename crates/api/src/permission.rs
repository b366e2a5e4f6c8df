//! May the caller do this? Asked of the caller's policy after everything else about a request is known good.
//!
//! Promise: the only way from a proven request to a [`Call`]: no operation is reached without each of its
//! resources allowed. What can't be asked about is refused.

mod context;

use std::borrow::Cow;
use std::time::SystemTime;

use auth::policy::{Context, Decision, Policy, Question};
use domain::{Arn, ResourceKind};
use serde_json::{Map, Value};

use crate::access::{About, Access, Tagging};
use crate::call::Call;
use crate::error::ApiError;
use crate::keyring::KeyRing;
use crate::peer::Peer;
use crate::refusal::Refusal;
use crate::route::Operation;

/// A proven request with all that a policy may ask about it.
pub(crate) struct Request<'a, K> {
    pub(crate) keys: &'a K,
    pub(crate) policy: &'a Policy,
    /// The operation as a policy names it: `ivs:GetChannel`.
    pub(crate) action: &'static str,
    pub(crate) access: Access,
    pub(crate) members: &'a Map<String, Value>,
    pub(crate) peer: Peer,
    pub(crate) now: SystemTime,
    pub(crate) call: Call,
}

impl<'a, K: KeyRing> Request<'a, K> {
    /// The call, when the policy allows it on every resource that it is about. To be awaited after the input
    /// was found within its bounds: here it is taken as such.
    pub(crate) async fn permitted(self) -> Result<Call, ApiError> {
        let context = if self.policy.reads_context() { self.context() } else { Context::default() };
        let mut of_named = None;
        for (action, resource) in self.needs()? {
            if !is_kind(&resource) {
                of_named = self.tagged(&resource, &context).await?;
            }
            // What belongs to a named resource and is asked about as a kind (a channel's stream keys) has
            // that one's tags: a condition on them could never hold otherwise.
            self.allowed(action, &resource, of_named.as_ref().unwrap_or(&context))?;
        }
        Ok(self.call)
    }

    /// Would another call by the same caller be permitted: this action, on this resource? Both are any text.
    pub(crate) async fn would_permit(&self, action: &str, resource: &str) -> Result<bool, ApiError> {
        let context = if self.policy.reads_context() { self.context() } else { Context::default() };
        let mut of_named = None;
        for resource in self.would_need(action, resource) {
            if !is_kind(&resource) {
                of_named = self.tagged(&resource, &context).await?;
            }
            let context = of_named.as_ref().unwrap_or(&context);
            if !self.policy.decide(&Question { action, resource: &resource, context }).is_allowed() {
                return Ok(false);
            }
        }
        Ok(true)
    }

    /// What a call with this action that names this resource would be about; never none.
    fn would_need<'b>(&self, action: &str, resource: &'b str) -> Vec<Cow<'b, str>> {
        let Some(operation) = Operation::all().find(|operation| operation.route().action == action) else {
            return vec![Cow::Borrowed(resource)];
        };
        let about = operation.access().about.iter().map(|about| match about {
            About::Named(_) | About::EachOf(_) | About::EachIn(..) => Cow::Borrowed(resource),
            About::New(kind) | About::Kind(kind) => Cow::Owned(self.any(*kind)),
            About::Everything => Cow::Borrowed("*"),
        });
        about.collect()
    }

    /// Which actions must be allowed on which resources; never none.
    fn needs(&self) -> Result<Vec<(&'static str, Cow<'a, str>)>, ApiError> {
        let mut needs = Vec::with_capacity(1);
        for about in self.access.about {
            let resources = self.resources(*about);
            let resources = resources.filter(|resources| !resources.is_empty());
            let resources = resources.ok_or_else(|| {
                ApiError::internal(
                    "finding what the call is about",
                    format!("{} lacks {about:?}", self.action),
                )
            })?;
            needs.extend(resources.into_iter().map(|resource| (self.action, resource)));
        }
        if let (Tagging::SetsOnNew(action), Some((_, created))) = (self.access.tags, needs.first())
            && self.tags().is_some_and(|tags| !tags.is_empty())
        {
            needs.push((action, created.clone()));
        }
        Ok(needs)
    }

    fn resources(&self, about: About) -> Option<Vec<Cow<'a, str>>> {
        let text = |value: &'a Value| value.as_str().map(Cow::Borrowed);
        let member = |name| self.members.get(name);
        match about {
            About::Named(name) => member(name).and_then(text).map(|one| vec![one]),
            About::EachOf(list) => member(list)?.as_array()?.iter().map(text).collect(),
            About::EachIn(list, name) => {
                member(list)?.as_array()?.iter().map(|element| text(element.get(name)?)).collect()
            }
            About::New(kind) | About::Kind(kind) => Some(vec![self.any(kind).into()]),
            About::Everything => Some(vec!["*".into()]),
        }
    }

    /// Any resource of this kind that the caller has or may have.
    fn any(&self, kind: ResourceKind) -> String {
        let Call { principal, region, .. } = &self.call;
        format!("arn:aws:{}:{region}:{}:{}/*", kind.service(), principal.account, kind.as_str())
    }

    /// The tags that the operation sets.
    fn tags(&self) -> Option<&'a Map<String, Value>> {
        match self.access.tags {
            Tagging::Sets | Tagging::SetsOnNew(_) => self.members.get("tags")?.as_object(),
            Tagging::Nothing | Tagging::Removes => None,
        }
    }

    fn allowed(&self, action: &'static str, resource: &str, context: &Context) -> Result<(), ApiError> {
        let denied_by = match self.policy.decide(&Question { action, resource, context }) {
            Decision::Allowed { .. } => return Ok(()),
            Decision::Denied { statement } => Some(statement),
            Decision::Unmentioned => None,
        };
        let (user, resource) = (self.call.principal.arn(), resource.to_owned());
        Err(ApiError::NotAllowed(Box::new(Refusal { user, action, resource, denied_by })))
    }

    /// The context with the resource's tags, when the policy reads them and the resource is the caller's: the
    /// tags of others must not decide, or refusals would tell of them.
    async fn tagged(&self, resource: &str, context: &Context) -> Result<Option<Context>, ApiError> {
        if !self.policy.reads_resource_tags() {
            return Ok(None);
        }
        let Call { principal, region, .. } = &self.call;
        let own = |arn: &Arn| arn.account == principal.account && arn.region == *region;
        let Some(arn) = Arn::parse(resource).ok().filter(own) else { return Ok(None) };
        let tags = self.keys.resource_tags(&arn).await?;
        Ok(tags.map(|tags| context::with_resource_tags(context.clone(), tags)))
    }
}

/// Is it all of a kind, which no ARN that a caller may give is?
fn is_kind(resource: &str) -> bool {
    resource == "*" || resource.ends_with("/*")
}
