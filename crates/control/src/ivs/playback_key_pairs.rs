//! What the operations on playback key pairs mean (API reference, `ImportPlaybackKeyPair` and its siblings).
//!
//! Promise: an account has each public key at most once in a region; no answer holds the key itself.

use api::ivs::{
    DeletePlaybackKeyPairRequest, DeletePlaybackKeyPairResponse, GetPlaybackKeyPairRequest,
    GetPlaybackKeyPairResponse, ImportPlaybackKeyPairRequest, ImportPlaybackKeyPairResponse,
    ListPlaybackKeyPairsRequest, ListPlaybackKeyPairsResponse,
};
use api::{ApiError, Call};
use domain::{Arn, PlaybackKeyPair, ResourceKind};

use crate::error::{missing, refusal};
use crate::paging::List;
use crate::public_key::PublicKey;
use crate::{Control, tags, tenant, views};

/// `ListPlaybackKeyPairs` without `maxResults`: so many, or the quota if that is less.
const PAGE: u32 = 100;

/// What was signed by its private key opens no new playback from now on.
pub(super) async fn delete(
    control: &Control,
    call: &Call,
    input: DeletePlaybackKeyPairRequest,
) -> Result<DeletePlaybackKeyPairResponse, ApiError> {
    let name = Arn::parse(&input.arn).map_err(|_| missing(&input.arn))?;
    control.store.delete_playback_key_pair(&tenant(call), &name).await.map_err(refusal)?;
    tracing::info!(key_pair = %name, "playback key pair deleted");
    Ok(DeletePlaybackKeyPairResponse {})
}

pub(super) async fn get(
    control: &Control,
    call: &Call,
    input: GetPlaybackKeyPairRequest,
) -> Result<GetPlaybackKeyPairResponse, ApiError> {
    let name = Arn::parse(&input.arn).map_err(|_| missing(&input.arn))?;
    let found = control.store.playback_key_pair(&tenant(call), &name).await.map_err(refusal)?;
    let pair = found.ok_or_else(|| missing(&input.arn))?;
    Ok(GetPlaybackKeyPairResponse { key_pair: Some(views::playback_key_pair(pair)) })
}

pub(super) async fn import(
    control: &Control,
    call: &Call,
    input: ImportPlaybackKeyPairRequest,
) -> Result<ImportPlaybackKeyPairResponse, ApiError> {
    let tags = tags::checked(input.tags)?;
    let key = PublicKey::parse(&input.public_key_material)?;
    let pair = PlaybackKeyPair {
        arn: control.mint(call, ResourceKind::PlaybackKeyPair),
        name: input.name.unwrap_or_default(),
        public_key: key.to_hex(),
        fingerprint: key.fingerprint(),
        tags,
    };
    let quota = control.limits.playback_key_pairs;
    control.store.import_playback_key_pair(&pair, quota).await.map_err(refusal)?;
    tracing::info!(key_pair = %pair.arn, fingerprint = pair.fingerprint, "playback key pair imported");
    Ok(ImportPlaybackKeyPairResponse { key_pair: Some(views::playback_key_pair(pair)) })
}

pub(super) async fn list(
    control: &Control,
    call: &Call,
    input: ListPlaybackKeyPairsRequest,
) -> Result<ListPlaybackKeyPairsResponse, ApiError> {
    let tenant = tenant(call);
    let list = List { operation: "ListPlaybackKeyPairs", tenant: &tenant, about: "" };
    let default = control.limits.playback_key_pairs.min(PAGE);
    let request = control.tokens.request(&list, input.next_token.as_deref(), input.max_results, default)?;
    let page = control.store.playback_key_pairs(&tenant, request).await.map_err(refusal)?;
    Ok(ListPlaybackKeyPairsResponse {
        key_pairs: page.items.into_iter().map(views::playback_key_pair_summary).collect(),
        next_token: page.next.map(|position| control.tokens.seal(&list, position)),
    })
}
