//! `POST watch-passes?arn=<channel>`: how who runs a channel sees its picture; `GET ingest-addresses`: where encoders
//! send to.
//!
//! What opens a private channel, or one under a restriction policy, is made by this server and needs no key pair of
//! the customer's (ADR 31). Whoever asked is revoked as the viewer whose id is their access key's.
//!
//! Promise: a pass is given for a channel that is the caller's, whether on air or not, and for no other.

use std::net::SocketAddr;

use api::{Admitted, ApiError};
use domain::{Arn, Channel, ResourceKind, unix_millis};
use serde::Serialize;
use store::Tenant;

use super::{House, failed, query};

/// How a channel is watched.
#[derive(Debug, Serialize)]
#[serde(rename_all = "camelCase")]
pub(super) struct Pass {
    playback_url: String,
    thumbnail_url: String,
    /// Milliseconds since 1970: what begins to play before goes on. Of what is open to all nothing ends.
    #[serde(skip_serializing_if = "Option::is_none")]
    expires_at: Option<i64>,
}

/// A pass for the channel that the query names.
pub(super) async fn watch(house: &House, admitted: &Admitted) -> Result<Pass, ApiError> {
    let channel = find(house, admitted).await?;
    let is_open = !channel.authorized && channel.playback_restriction_policy.is_none();
    let entry = (!is_open).then(|| {
        let who = &admitted.call.principal;
        tracing::info!(channel = %channel.arn, key = %who.access_key_id, "a pass to watch was given");
        house.delivery.invite(&channel.arn, &who.access_key_id)
    });
    let (query, expires_at) = match entry {
        Some((token, until)) => (format!("?token={token}"), Some(unix_millis(until))),
        None => (String::new(), None),
    };
    let url = |path: String| format!("{}{path}{query}", house.public_url);
    Ok(Pass {
        playback_url: url(delivery::multivariant_path(&channel.arn)),
        thumbnail_url: url(delivery::thumbnail_path(&channel.arn)),
        expires_at,
    })
}

async fn find(house: &House, admitted: &Admitted) -> Result<Channel, ApiError> {
    let text = query::find(&admitted.parts, "arn").unwrap_or_default();
    let arn = Arn::parse(&text).ok().filter(|arn| arn.kind == ResourceKind::Channel);
    let arn = arn.ok_or_else(|| ApiError::validation("arn: must be the ARN of a channel"))?;
    let call = &admitted.call;
    let tenant = Tenant { account: call.principal.account.clone(), region: call.region.clone() };
    let found = house.store.channel(&tenant, &arn).await.map_err(failed)?;
    found.ok_or_else(|| ApiError::not_found(&arn))
}

/// Where encoders send to, without the key.
#[derive(Debug, Serialize)]
pub(super) struct Addresses {
    /// Left out: this server does not listen for it.
    #[serde(skip_serializing_if = "Option::is_none")]
    rtmps: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    rtmp: Option<String>,
}

/// What listens for encoders, and under which name it is reached.
#[derive(Clone, Debug)]
pub(crate) struct IngestDoors {
    pub(crate) host: String,
    pub(crate) rtmps: Option<SocketAddr>,
    pub(crate) rtmp: Option<SocketAddr>,
}

const RTMPS_PORT: u16 = 443;
const RTMP_PORT: u16 = 1_935;

/// The addresses of this server's own doors. Where ports are mapped on the way, encoders need the outer ones.
pub(super) fn addresses(house: &House) -> Addresses {
    let IngestDoors { host, rtmps, rtmp } = &house.ingest;
    let url = |scheme: &str, door: &Option<SocketAddr>, usual: u16| {
        door.map(|door| match door.port() {
            port if port == usual => format!("{scheme}://{host}/app/"),
            port => format!("{scheme}://{host}:{port}/app/"),
        })
    };
    Addresses { rtmps: url("rtmps", rtmps, RTMPS_PORT), rtmp: url("rtmp", rtmp, RTMP_PORT) }
}
