//! `GET streams/{id}/samples?arn=<channel>`: what was measured in one session of a channel; `GET
//! channels/samples?arn=<channel>`: in all of them, over hours and days.
//!
//! | in the query | is |
//! | --- | --- |
//! | `from`, `to` | moments in milliseconds since 1970. Of a session: all of it without them. Of a channel: the last day; at most 31 days |
//! | `points` | so many points at most, 1 to 2000; 600 without it |
//!
//! The newest seconds of what this server has on air are told too, before they are kept. Viewers are those of the
//! server that has the stream.
//!
//! Promise: what is told is of a channel of the caller's, also of one that is gone; an answer takes memory for its
//! points and not for what they were made of.

mod fold;

use std::time::SystemTime;

use api::{Admitted, ApiError};
use domain::{Arn, ResourceKind, StreamHealth, StreamId, StreamSample, StreamSession, unix_millis};
use http::request::Parts;
use live::Broadcast;
use serde::Serialize;
use store::{NewestRequest, Position, Tenant};

use super::{House, failed, query};
use fold::{Fold, Points};

const MOST_POINTS: u32 = 2_000;
const USUAL_POINTS: u32 = 600;
const DAY_MS: i64 = 86_400_000;
/// The longest time that is told of at once, of a channel: that of a session has an end by itself.
const LONGEST_MS: i64 = 31 * DAY_MS;
/// Minutes that are read at a time.
const PAGE: u32 = 500;
/// Sessions that are read at a time, and pages of them that are looked through.
const SESSIONS: u32 = 100;
const SESSION_PAGES: usize = 50;

/// What was measured.
#[derive(Debug, Serialize)]
#[serde(rename_all = "camelCase")]
pub(super) struct Told {
    /// Milliseconds since 1970.
    from: i64,
    to: i64,
    /// Milliseconds that a point stands for. Where points lie further apart, nothing was measured between.
    step: i64,
    #[serde(flatten)]
    points: Points,
    /// Which sessions this is of, the oldest first.
    sessions: Vec<SessionSpan>,
}

#[derive(Debug, Serialize)]
#[serde(rename_all = "camelCase")]
struct SessionSpan {
    stream_id: StreamId,
    /// Milliseconds since 1970.
    from: i64,
    /// Left out while it is live.
    #[serde(skip_serializing_if = "Option::is_none")]
    to: Option<i64>,
}

/// What was measured in the session of this id.
pub(super) async fn of_stream(
    house: &House,
    admitted: &Admitted,
    id: &str,
    now: SystemTime,
) -> Result<Told, ApiError> {
    let (channel, tenant) = whose(admitted)?;
    let wanted = Wanted::read(&admitted.parts)?;
    let stream = StreamId::parse(id).ok_or_else(|| ApiError::validation("streamId: no id of a stream"))?;
    let session = house.store.stream_session(&tenant, &channel, Some(&stream)).await.map_err(failed)?;
    let session = session.ok_or_else(|| ApiError::not_found(&channel))?;
    let end = session.ended_at.unwrap_or_else(|| unix_millis(now));
    let from = wanted.from.unwrap_or(i64::MIN).clamp(session.created_at, end);
    let to = wanted.to.unwrap_or(i64::MAX).clamp(from, end);
    tell(house, (from, to), wanted.points, &[session], now).await
}

/// What was measured in all sessions of a channel.
pub(super) async fn of_channel(
    house: &House,
    admitted: &Admitted,
    now: SystemTime,
) -> Result<Told, ApiError> {
    let (channel, tenant) = whose(admitted)?;
    let wanted = Wanted::read(&admitted.parts)?;
    let to = wanted.to.unwrap_or_else(|| unix_millis(now));
    let from = wanted.from.unwrap_or(to.saturating_sub(DAY_MS));
    if to.saturating_sub(from) > LONGEST_MS {
        return Err(ApiError::validation("from: at most 31 days before to"));
    }
    let mut sessions = Vec::new();
    let mut before: Option<Position> = None;
    let mut is_known = false;
    'pages: for _ in 0..SESSION_PAGES {
        let request = NewestRequest { before, limit: SESSIONS };
        let page = house.store.stream_sessions(&tenant, &channel, request).await.map_err(failed)?;
        is_known |= !page.items.is_empty();
        for session in page.items {
            // A channel has one at a time, so those before it ended earlier still.
            if session.ended_at.is_some_and(|ended| ended < from) {
                break 'pages;
            }
            if session.created_at <= to {
                sessions.push(session);
            }
        }
        before = page.next;
        if before.is_none() {
            break;
        }
    }
    // One without sessions has nothing to tell, one that never was is not there.
    if !is_known && house.store.channel(&tenant, &channel).await.map_err(failed)?.is_none() {
        return Err(ApiError::not_found(&channel));
    }
    sessions.reverse();
    tell(house, (from, to), wanted.points, &sessions, now).await
}

async fn tell(
    house: &House,
    (from, to): (i64, i64),
    points: u32,
    sessions: &[StreamSession],
    now: SystemTime,
) -> Result<Told, ApiError> {
    let mut fold = Fold::new(from, to, points);
    for session in sessions {
        fold.interrupt();
        // What was measured after the last sign of life of a server that died is not told.
        let (mut next, to) = (from.max(session.created_at), session.ended_at.map_or(to, |end| end.min(to)));
        loop {
            let read = house.store.stream_samples(&session.stream, next, to, PAGE).await.map_err(failed)?;
            let Some(last) = read.last() else { break };
            next = last.at.saturating_add(1);
            read.iter().for_each(|sample| fold.add(sample));
            // Others have their turn between the pages of a long story.
            tokio::task::yield_now().await;
        }
        let newest =
            house.hub.broadcast(&session.channel.arn).filter(|on_air| *on_air.stream() == session.stream);
        let newest = newest.and_then(|on_air| just_now(&on_air, unix_millis(now)));
        if let Some(sample) = newest.filter(|sample| (next..=to).contains(&sample.at)) {
            fold.add(&sample);
        }
    }
    let sessions = sessions.iter().map(|session| SessionSpan {
        stream_id: session.stream.clone(),
        from: session.created_at,
        to: session.ended_at,
    });
    Ok(Told { from, to, step: fold.step(), sessions: sessions.collect(), points: fold.points() })
}

/// What is measured at this moment; `None` before there was anything.
fn just_now(on_air: &Broadcast, at: i64) -> Option<StreamSample> {
    let (incoming, health) = (on_air.pulse().incoming(), on_air.pulse().health());
    let is_measured = incoming.bitrate > 0 || health != StreamHealth::Unknown;
    is_measured.then(|| StreamSample {
        at,
        bitrate: incoming.bitrate,
        bitrate_low: incoming.bitrate,
        video_bitrate: incoming.video_bitrate,
        audio_bitrate: incoming.audio_bitrate,
        frame_rate: incoming.frame_rate,
        frame_rate_low: incoming.frame_rate,
        keyframe_interval: incoming.keyframe_interval,
        viewers: on_air.pulse().viewers(),
        health,
    })
}

/// The channel that the query names, and whose it must be.
fn whose(admitted: &Admitted) -> Result<(Arn, Tenant), ApiError> {
    let text = query::find(&admitted.parts, "arn").unwrap_or_default();
    let arn = Arn::parse(&text).ok().filter(|arn| arn.kind == ResourceKind::Channel);
    let arn = arn.ok_or_else(|| ApiError::validation("arn: must be the ARN of a channel"))?;
    let call = &admitted.call;
    Ok((arn, Tenant { account: call.principal.account.clone(), region: call.region.clone() }))
}

/// What the query asks for.
#[derive(Debug, PartialEq, Eq)]
struct Wanted {
    from: Option<i64>,
    to: Option<i64>,
    points: u32,
}

impl Wanted {
    fn read(parts: &Parts) -> Result<Self, ApiError> {
        query::only(parts, &["arn", "from", "to", "points"])?;
        let moment = |name: &str| {
            let Some(text) = query::find(parts, name) else { return Ok(None) };
            // Numbers that browsers can hold.
            let moment = text.parse().ok().filter(|moment| (0..1 << 53).contains(moment));
            moment
                .map(Some)
                .ok_or_else(|| ApiError::validation(format!("{name}: a moment in milliseconds since 1970")))
        };
        let (from, to) = (moment("from")?, moment("to")?);
        if from.zip(to).is_some_and(|(from, to)| from > to) {
            return Err(ApiError::validation("from: not after to"));
        }
        let points = query::find(parts, "points").map(|text| {
            let points = text.parse().ok().filter(|points| (1..=MOST_POINTS).contains(points));
            points.ok_or_else(|| {
                ApiError::validation(format!("points: a whole number from 1 to {MOST_POINTS}"))
            })
        });
        Ok(Self { from, to, points: points.transpose()?.unwrap_or(USUAL_POINTS) })
    }
}

#[cfg(test)]
mod tests {
    use http::Request;

    use super::*;

    fn read(query: &str) -> Result<Wanted, ApiError> {
        let request = Request::builder().uri(format!("/rillcast/v1/channels/samples?{query}")).body(());
        Wanted::read(&request.expect("a request").into_parts().0)
    }

    #[test]
    fn a_query_is_read_or_refused_with_the_name_of_what_is_wrong() {
        let wanted = Wanted { from: Some(5), to: Some(7), points: 3 };
        assert_eq!(read("arn=x&from=5&to=7&points=3").expect("fine"), wanted);
        assert_eq!(read("arn=x").expect("fine").points, USUAL_POINTS);
        let too_late = (1_i64 << 53).to_string();
        for (query, name) in [
            ("from=-1", "from"),
            ("to=now", "to"),
            (&format!("to={too_late}"), "to"),
            ("from=7&to=5", "from"),
            ("points=0", "points"),
            ("points=2001", "points"),
            ("resolution=5", "the query"),
        ] {
            let refused = read(query).expect_err(query).to_string();
            assert!(refused.starts_with(name), "{query}: {refused}");
        }
    }
}
