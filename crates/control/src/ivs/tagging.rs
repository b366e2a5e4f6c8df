//! What the operations on tags mean (API reference, `TagResource` and its siblings).
//!
//! Promise: all kinds of resources are tagged alike; two callers who tag one resource at the same time both
//! find their tags there.

use api::ivs::{
    ListTagsForResourceRequest, ListTagsForResourceResponse, TagResourceRequest, TagResourceResponse,
    UntagResourceRequest, UntagResourceResponse,
};
use api::{ApiError, Call};
use domain::{Arn, Tags};

use crate::error::{Refused, missing, refusal};
use crate::{Control, tags, tenant};

pub(super) async fn list(
    control: &Control,
    call: &Call,
    input: ListTagsForResourceRequest,
) -> Result<ListTagsForResourceResponse, ApiError> {
    let name = name(&input.resource_arn)?;
    let found = control.store.tags(&tenant(call), &name).await.map_err(refusal)?;
    let tags = found.ok_or_else(|| missing(&input.resource_arn))?;
    Ok(ListTagsForResourceResponse { tags })
}

pub(super) async fn tag(
    control: &Control,
    call: &Call,
    input: TagResourceRequest,
) -> Result<TagResourceResponse, ApiError> {
    let name = name(&input.resource_arn)?;
    let added = tags::checked(Some(input.tags))?;
    let add = |tags: &mut Tags| {
        tags.extend(added);
        tags::few_enough(tags)?;
        Ok::<_, Refused>(())
    };
    control.store.change_tags(&tenant(call), &name, add).await?;
    tracing::info!(resource = %name, "tagged");
    Ok(TagResourceResponse {})
}

pub(super) async fn untag(
    control: &Control,
    call: &Call,
    input: UntagResourceRequest,
) -> Result<UntagResourceResponse, ApiError> {
    let name = name(&input.resource_arn)?;
    let take = |tags: &mut Tags| {
        tags.retain(|key, _| !input.tag_keys.contains(key));
        Ok::<_, Refused>(())
    };
    control.store.change_tags(&tenant(call), &name, take).await?;
    tracing::info!(resource = %name, "untagged");
    Ok(UntagResourceResponse {})
}

/// The resource that is meant. The model's pattern for these ARNs lacks a `+` and would let none through;
/// with it, a name that fits but that nothing here can have is not found, and any other, that of a chat
/// room among them, is no name at all.
fn name(text: &str) -> Result<Arn, ApiError> {
    Arn::parse(text).map_err(|_| match fits(text) {
        true => missing(text),
        false => {
            ApiError::validation("resourceArn: must have the form arn:aws:ivs:<region>:<account>:<kind>/<id>")
        }
    })
}

/// `arn:aws:ivs:[a-z0-9-]+:[0-9]+:[a-z-]+/[a-zA-Z0-9-]+`.
fn fits(text: &str) -> bool {
    let all = |text: &str, fits: fn(u8) -> bool| !text.is_empty() && text.bytes().all(fits);
    let parts = text.strip_prefix("arn:aws:ivs:").and_then(|rest| {
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
