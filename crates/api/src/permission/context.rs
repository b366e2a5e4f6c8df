//! What a policy's conditions can ask of a request.
//!
//! Promise: every key of [`auth::policy::KEYS`] that the request has a value for is there; tags only where the
//! operation really sets or removes them, so that an ignored member can't fulfil a condition.

use std::time::SystemTime;

use auth::policy::Context;
use domain::Tags;
use serde_json::Value;
use time::OffsetDateTime;
use time::format_description::well_known::Rfc3339;

use super::Request;
use crate::access::Tagging;

impl<K> Request<'_, K> {
    /// All but the tags of the resource (IAM User Guide, "AWS global condition context keys").
    pub(super) fn context(&self) -> Context {
        let mut context = Context::default();
        let principal = &self.call.principal;
        context.set("aws:username", principal.name.as_str());
        context.set("aws:PrincipalArn", principal.arn());
        context.set("aws:PrincipalAccount", principal.account.as_str());
        context.set("aws:RequestedRegion", self.call.region.as_str());
        context.set("aws:SourceIp", self.peer.ip.to_canonical().to_string());
        context.set("aws:SecureTransport", self.peer.secure.to_string());
        put_time(&mut context, self.now);
        self.put_tags(&mut context);
        context
    }

    fn put_tags(&self, context: &mut Context) {
        let keys: Vec<String> = match self.access.tags {
            Tagging::Nothing => return,
            Tagging::Sets | Tagging::SetsOnNew(_) => {
                let tags = self.members.get("tags").and_then(Value::as_object);
                for (key, value) in tags.into_iter().flatten() {
                    context.set(format!("aws:RequestTag/{key}"), value.as_str().unwrap_or_default());
                }
                tags.into_iter().flatten().map(|(key, _)| key.clone()).collect()
            }
            Tagging::Removes => {
                let keys = self.members.get("tagKeys").and_then(Value::as_array);
                keys.into_iter().flatten().filter_map(Value::as_str).map(str::to_owned).collect()
            }
        };
        if !keys.is_empty() {
            context.set_all("aws:TagKeys", keys);
        }
    }
}

fn put_time(context: &mut Context, now: SystemTime) {
    let now = OffsetDateTime::from(now);
    let now = now.replace_nanosecond(0).unwrap_or(now);
    context.set("aws:EpochTime", now.unix_timestamp().to_string());
    // A clock beyond the year 9999 has no such form; then no condition on the time holds.
    if let Ok(text) = now.format(&Rfc3339) {
        context.set("aws:CurrentTime", text);
    }
}

/// Adds the tags of the resource that is asked about.
pub(super) fn with_resource_tags(mut context: Context, tags: Tags) -> Context {
    for (key, value) in tags {
        context.set(format!("aws:ResourceTag/{key}"), value);
    }
    context
}
