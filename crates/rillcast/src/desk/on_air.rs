//! `GET live`: what is on air at this server, with what is measured of it now.
//!
//! `ivs:ListStreams` tells what is on air at any server, without what encoders send: this is what the overview adds.
//!
//! Promise: streams of the caller's own account and region alone, those that most watch first; nothing is asked of
//! the database.

use std::cmp::Reverse;

use api::Admitted;
use domain::unix_millis;
use live::Broadcast;
use serde::Serialize;

use super::House;

/// What is on air here.
#[derive(Debug, Serialize)]
pub(super) struct Live {
    streams: Vec<OnAir>,
}

/// One stream.
#[derive(Debug, Serialize)]
#[serde(rename_all = "camelCase")]
struct OnAir {
    channel_arn: String,
    /// As it was when the stream began.
    channel_name: String,
    stream_id: String,
    /// Milliseconds since 1970.
    started: i64,
    health: &'static str,
    /// That watch at this server.
    viewers: u32,
    /// Bits a second that come in; nothing before they were measured.
    #[serde(skip_serializing_if = "Option::is_none")]
    bitrate: Option<u64>,
    /// Pictures a second.
    #[serde(skip_serializing_if = "Option::is_none")]
    frame_rate: Option<f64>,
    /// Players are shown something.
    is_playable: bool,
    /// A picture of it can be fetched.
    has_thumbnail: bool,
}

/// What the caller has on air here.
pub(super) fn on_air(house: &House, admitted: &Admitted) -> Live {
    let call = &admitted.call;
    let own = |broadcast: &&std::sync::Arc<Broadcast>| {
        let channel = broadcast.channel();
        channel.account == call.principal.account && channel.region == call.region
    };
    let mut streams: Vec<OnAir> = house.hub.on_air().iter().filter(own).map(|one| stream(one)).collect();
    streams.sort_by_key(|stream| (Reverse(stream.viewers), stream.started));
    Live { streams }
}

fn stream(broadcast: &Broadcast) -> OnAir {
    let pulse = broadcast.pulse();
    let incoming = pulse.incoming();
    OnAir {
        channel_arn: broadcast.channel().to_string(),
        channel_name: broadcast.channel_name().to_owned(),
        stream_id: broadcast.stream().to_string(),
        started: unix_millis(broadcast.started()),
        health: pulse.health().as_str(),
        viewers: pulse.viewers(),
        bitrate: (incoming.bitrate > 0).then_some(incoming.bitrate),
        frame_rate: (incoming.frame_rate > 0.0).then_some(incoming.frame_rate),
        is_playable: broadcast.is_playable(),
        has_thumbnail: broadcast.thumbnail().is_some(),
    }
}
