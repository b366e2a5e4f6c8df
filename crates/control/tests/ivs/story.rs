//! Sessions in the store, written as those who take streams in write them.
//!
//! Promise: each step is the store's own change; times are seconds after the first of January 2024.

use api::ivs::Channel;
use domain::{
    AccountId, Arn, Event, EventId, EventKind, EventSubject, IncomingAudio, IncomingMedia, IncomingVideo,
    Region, StateChange, StreamHealth, StreamSession,
};
use store::Tenant;

use crate::air::{at, stream_id};
use crate::house::House;

/// The name that a server has unless it is told one.
pub(crate) const HERE: &str = "node";

/// Milliseconds since 1970.
pub(crate) fn ms(seconds: u64) -> i64 {
    let since = at(seconds).duration_since(std::time::SystemTime::UNIX_EPOCH).unwrap();
    i64::try_from(since.as_millis()).unwrap()
}

pub(crate) fn arn(channel: &Channel) -> Arn {
    Arn::parse(channel.arn.as_deref().unwrap()).unwrap()
}

/// What an encoder with a name and whole announcements sends.
pub(crate) fn incoming() -> IncomingMedia {
    let video = IncomingVideo {
        codec: "avc1.42C028".to_owned(),
        profile: Some("Baseline".to_owned()),
        level: "4.0".to_owned(),
        width: 1_920,
        height: 1_080,
        target_bitrate: Some(3_500_000),
        target_frame_rate: Some(30),
        encoder: Some("obs-output module (libobs version 27.0.1)".to_owned()),
    };
    let audio = IncomingAudio {
        codec: "mp4a.40.2".to_owned(),
        channels: 2,
        sample_rate: 48_000,
        target_bitrate: Some(160_000),
    };
    IncomingMedia { video: Some(video), audio: Some(audio) }
}

impl House {
    /// A key was accepted.
    pub(crate) async fn open(&self, channel: &Channel, number: u32, seconds: u64) {
        self.open_on(HERE, channel, number, seconds).await;
    }

    /// A key was accepted by this server.
    pub(crate) async fn open_on(&self, node: &str, channel: &Channel, number: u32, seconds: u64) {
        let arn = arn(channel);
        let tenant = Tenant::of(&arn);
        let channel = self.store.channel(&tenant, &arn).await.unwrap().unwrap();
        let recording_configuration = match &channel.recording_configuration {
            Some(name) => self.store.recording_configuration(&tenant, name).await.unwrap(),
            None => None,
        };
        let session = StreamSession {
            stream: stream_id(number),
            channel,
            recording_configuration,
            node: node.to_owned(),
            created_at: ms(seconds),
            started_at: None,
            ended_at: None,
            incoming: None,
            health: StreamHealth::Unknown,
            has_error: false,
        };
        let event = event(&arn, number, seconds, StateChange::SessionCreated);
        self.store.open_session(&session, &[event]).await.unwrap();
    }

    /// It can be played, and what comes in is known.
    pub(crate) async fn start(&self, channel: &Channel, number: u32, seconds: u64) {
        let event = event(&arn(channel), number, seconds, StateChange::StreamStart);
        let revise = |session: &mut StreamSession| {
            session.started_at = Some(ms(seconds));
            session.incoming = Some(incoming());
            session.health = StreamHealth::Healthy;
            true
        };
        self.store.revise_session(&stream_id(number), revise, &[event]).await.unwrap().unwrap();
    }

    /// Something happened to it.
    pub(crate) async fn happen(&self, channel: &Channel, number: u32, seconds: u64, kind: EventKind) {
        let event = Event { kind, ..event(&arn(channel), number, seconds, StateChange::StreamStart) };
        self.store.revise_session(&stream_id(number), |_| true, &[event]).await.unwrap().unwrap();
    }

    /// All that came in was handed on.
    pub(crate) async fn close(&self, channel: &Channel, number: u32, seconds: u64) {
        let event = event(&arn(channel), number, seconds, StateChange::StreamEnd);
        assert!(self.store.close_session(&stream_id(number), ms(seconds), &[event]).await.unwrap());
    }
}

fn event(channel: &Arn, number: u32, seconds: u64, change: StateChange) -> Event {
    // Ids need only differ.
    let mut count = 0_u8;
    let mut entropy = |bytes: &mut [u8]| {
        for byte in bytes {
            count = count.wrapping_add(1);
            *byte = count ^ u8::try_from((u64::from(number) + seconds) % 251).unwrap();
        }
    };
    Event {
        id: EventId::mint(&mut entropy),
        at: ms(seconds),
        account: AccountId::clone(&channel.account),
        region: Region::clone(&channel.region),
        subject: Some(EventSubject {
            channel: channel.clone(),
            channel_name: "show".to_owned(),
            stream: stream_id(number),
        }),
        kind: EventKind::State(change),
    }
}
