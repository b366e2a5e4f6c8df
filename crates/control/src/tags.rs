//! The rules of tags that the models' bounds do not say, and what both services' operations on them mean.
//!
//! Promise: what is stored as a tag was given by the caller and is theirs to change; all kinds of resources are
//! tagged alike, each by its own service; two callers who tag one resource at the same time both find their tags
//! there.

use api::{ApiError, Call};
use domain::{Arn, Tags};

use crate::error::{Refused, missing, refusal};
use crate::{Control, tenant};

/// Keys with this beginning are the vendor's own (AWS General Reference, "Tagging": in any case of letters).
const RESERVED: &str = "aws:";

/// Tags that a resource may have (API reference, `TagResource`).
const MOST: usize = 50;

/// The tags to be stored with a resource.
pub(crate) fn checked(tags: Option<Tags>) -> Result<Tags, ApiError> {
    let tags = tags.unwrap_or_default();
    let reserved = |key: &&String| {
        key.get(..RESERVED.len()).is_some_and(|beginning| beginning.eq_ignore_ascii_case(RESERVED))
    };
    match tags.keys().find(reserved) {
        Some(key) => Err(ApiError::validation(format!("tags: key {key} has the reserved prefix {RESERVED}"))),
        None => Ok(tags),
    }
}

/// Refuses more tags than a resource may have. The model knows no quota error for tags.
pub(crate) fn few_enough(tags: &Tags) -> Result<(), ApiError> {
    match tags.len() {
        0..=MOST => Ok(()),
        count => Err(ApiError::validation(format!(
            "tags: a resource may have at most {MOST}, and this one would have {count}"
        ))),
    }
}

impl Control {
    /// The tags of a resource of this service.
    pub(crate) async fn tags_of(&self, call: &Call, service: &str, arn: &str) -> Result<Tags, ApiError> {
        let name = name(service, arn)?;
        let found = self.store.tags(&tenant(call), &name).await.map_err(refusal)?;
        found.ok_or_else(|| missing(arn))
    }

    /// Adds tags to a resource of this service.
    pub(crate) async fn tag(
        &self,
        call: &Call,
        service: &str,
        arn: &str,
        tags: Tags,
    ) -> Result<Arn, ApiError> {
        let name = name(service, arn)?;
        let added = checked(Some(tags))?;
        let add = |tags: &mut Tags| {
            tags.extend(added);
            few_enough(tags)?;
            Ok::<_, Refused>(())
        };
        self.store.change_tags(&tenant(call), &name, add).await?;
        tracing::info!(resource = %name, "tagged");
        Ok(name)
    }

    /// Takes tags from a resource of this service.
    pub(crate) async fn untag(
        &self,
        call: &Call,
        service: &str,
        arn: &str,
        keys: &[String],
    ) -> Result<Arn, ApiError> {
        let name = name(service, arn)?;
        let take = |tags: &mut Tags| {
            tags.retain(|key, _| !keys.contains(key));
            Ok::<_, Refused>(())
        };
        self.store.change_tags(&tenant(call), &name, take).await?;
        tracing::info!(resource = %name, "untagged");
        Ok(name)
    }
}

/// The resource that is meant. The models' patterns for these ARNs lack a `+` and would let none through;
/// with it, a name that fits but that nothing here can have is not found, and any other, that of the other
/// service among them, is no name at all.
fn name(service: &str, text: &str) -> Result<Arn, ApiError> {
    let own = Arn::parse(text).ok().filter(|arn| arn.kind.service() == service);
    own.ok_or_else(|| match fits(service, text) {
        true => missing(text),
        false => ApiError::validation(format!(
            "resourceArn: must have the form arn:aws:{service}:<region>:<account>:<kind>/<id>"
        )),
    })
}

/// `arn:aws:<service>:[a-z0-9-]+:[0-9]+:[a-z-]+/[a-zA-Z0-9-]+`.
fn fits(service: &str, text: &str) -> bool {
    let all = |text: &str, fits: fn(u8) -> bool| !text.is_empty() && text.bytes().all(fits);
    let parts = text.strip_prefix("arn:aws:").and_then(|rest| {
        let rest = rest.strip_prefix(service)?.strip_prefix(':')?;
        let (region, rest) = rest.split_once(':')?;
        let (account, resource) = rest.split_once(':')?;
        let (kind, id) = resource.split_once('/')?;
        Some((region, account, kind, id))
    });
    parts.is_some_and(|(region, account, kind, id)| {
        all(region, |byte| matches!(byte, b'a'..=b'z' | b'0'..=b'9' | b'-'))
            && all(account, |byte| byte.is_ascii_digit())
            && all(kind, |byte| matches!(byte, b'a'..=b'z' | b'-'))
            && all(id, |byte| byte.is_ascii_alphanumeric() || byte == b'-')
    })
}
