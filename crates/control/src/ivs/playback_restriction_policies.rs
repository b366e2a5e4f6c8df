//! What the operations mean on playback restriction policies (API reference, `CreatePlaybackRestrictionPolicy`
//! and its siblings).
//!
//! Promise: a policy names only countries that there are and origins that a browser can have, each once;
//! one that a channel is attached to stays.

use std::collections::HashSet;

use api::ivs::{
    CreatePlaybackRestrictionPolicyRequest, CreatePlaybackRestrictionPolicyResponse,
    DeletePlaybackRestrictionPolicyRequest, GetPlaybackRestrictionPolicyRequest,
    GetPlaybackRestrictionPolicyResponse, ListPlaybackRestrictionPoliciesRequest,
    ListPlaybackRestrictionPoliciesResponse, UpdatePlaybackRestrictionPolicyRequest,
    UpdatePlaybackRestrictionPolicyResponse,
};
use api::{ApiError, Call};
use domain::{Arn, Limits, PlaybackRestrictionPolicy, ResourceKind};

use super::set;
use crate::error::{Refused, missing, refusal};
use crate::paging::List;
use crate::{Control, countries, origins, tags, tenant, views};

/// `ListPlaybackRestrictionPolicies` without `maxResults`: one, by the model's default.
const PAGE: u32 = 1;

pub(super) async fn create(
    control: &Control,
    call: &Call,
    input: CreatePlaybackRestrictionPolicyRequest,
) -> Result<CreatePlaybackRestrictionPolicyResponse, ApiError> {
    let (arn, limits) = (control.mint(call, ResourceKind::PlaybackRestrictionPolicy), &control.limits);
    let policy = PlaybackRestrictionPolicy {
        arn,
        name: input.name.unwrap_or_default(),
        allowed_countries: allowed_countries(input.allowed_countries.unwrap_or_default(), limits)?,
        allowed_origins: allowed_origins(input.allowed_origins.unwrap_or_default(), limits)?,
        strict_origin: input.enable_strict_origin_enforcement.unwrap_or(false),
        tags: tags::checked(input.tags)?,
    };
    let quota = limits.playback_restriction_policies;
    control.store.create_playback_restriction_policy(&policy, quota).await.map_err(refusal)?;
    tracing::info!(policy = %policy.arn, "playback restriction policy created");
    let policy = Some(views::playback_restriction_policy(policy));
    Ok(CreatePlaybackRestrictionPolicyResponse { playback_restriction_policy: policy })
}

pub(super) async fn delete(
    control: &Control,
    call: &Call,
    input: DeletePlaybackRestrictionPolicyRequest,
) -> Result<(), ApiError> {
    let name = Arn::parse(&input.arn).map_err(|_| missing(&input.arn))?;
    control.store.delete_playback_restriction_policy(&tenant(call), &name).await.map_err(refusal)?;
    tracing::info!(policy = %name, "playback restriction policy deleted");
    Ok(())
}

pub(super) async fn get(
    control: &Control,
    call: &Call,
    input: GetPlaybackRestrictionPolicyRequest,
) -> Result<GetPlaybackRestrictionPolicyResponse, ApiError> {
    let name = Arn::parse(&input.arn).map_err(|_| missing(&input.arn))?;
    let found = control.store.playback_restriction_policy(&tenant(call), &name).await.map_err(refusal)?;
    let policy = Some(views::playback_restriction_policy(found.ok_or_else(|| missing(&input.arn))?));
    Ok(GetPlaybackRestrictionPolicyResponse { playback_restriction_policy: policy })
}

pub(super) async fn list(
    control: &Control,
    call: &Call,
    input: ListPlaybackRestrictionPoliciesRequest,
) -> Result<ListPlaybackRestrictionPoliciesResponse, ApiError> {
    let tenant = tenant(call);
    let list = List { operation: "ListPlaybackRestrictionPolicies", tenant: &tenant, about: "" };
    let request = control.tokens.request(&list, input.next_token.as_deref(), input.max_results, PAGE)?;
    let page = control.store.playback_restriction_policies(&tenant, request).await.map_err(refusal)?;
    Ok(ListPlaybackRestrictionPoliciesResponse {
        playback_restriction_policies: page
            .items
            .into_iter()
            .map(views::playback_restriction_policy_summary)
            .collect(),
        next_token: page.next.map(|position| control.tokens.seal(&list, position)),
    })
}

/// What is given replaces what was there, lists as a whole.
pub(super) async fn update(
    control: &Control,
    call: &Call,
    input: UpdatePlaybackRestrictionPolicyRequest,
) -> Result<UpdatePlaybackRestrictionPolicyResponse, ApiError> {
    let name = Arn::parse(&input.arn).map_err(|_| missing(&input.arn))?;
    // Checked before the change begins: all other writers wait for that.
    let limits = &control.limits;
    let countries = input.allowed_countries.map(|asked| allowed_countries(asked, limits)).transpose()?;
    let origins = input.allowed_origins.map(|asked| allowed_origins(asked, limits)).transpose()?;
    let revise = |policy: &mut PlaybackRestrictionPolicy| {
        set(&mut policy.name, input.name);
        set(&mut policy.allowed_countries, countries);
        set(&mut policy.allowed_origins, origins);
        set(&mut policy.strict_origin, input.enable_strict_origin_enforcement);
        Ok::<_, Refused>(())
    };
    let policy = control.store.update_playback_restriction_policy(&tenant(call), &name, revise).await?;
    tracing::info!(policy = %name, "playback restriction policy updated");
    let policy = Some(views::playback_restriction_policy(policy));
    Ok(UpdatePlaybackRestrictionPolicyResponse { playback_restriction_policy: policy })
}

fn allowed_countries(asked: Vec<String>, limits: &Limits) -> Result<Vec<String>, ApiError> {
    asked.iter().try_for_each(|code| countries::check(code))?;
    few_enough("allowedCountries", once(asked), limits.countries_per_policy)
}

fn allowed_origins(asked: Vec<String>, limits: &Limits) -> Result<Vec<String>, ApiError> {
    asked.iter().try_for_each(|origin| origins::check(origin))?;
    few_enough("allowedOrigins", once(asked), limits.origins_per_policy)
}

/// Saying something twice allows it no more than once.
fn once(asked: Vec<String>) -> Vec<String> {
    let mut seen = HashSet::new();
    asked.into_iter().filter(|item| seen.insert(item.clone())).collect()
}

/// Quotas of what is within one resource; the vendor does not say with which error they are refused.
fn few_enough(member: &str, items: Vec<String>, most: u32) -> Result<Vec<String>, ApiError> {
    match u32::try_from(items.len()) {
        Ok(count) if count <= most => Ok(items),
        _ => Err(ApiError::validation(format!("{member}: at most {most} per policy, not {}", items.len()))),
    }
}
