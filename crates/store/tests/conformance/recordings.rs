//! Recordings on every backend.
//!
//! Promise: each function needs an empty store and leaves nothing running.

use domain::{
    Event, EventKind, Recording, RecordingChange, RecordingStage, RecordingStatus, ResourceId, StreamId,
};
use store::{NewestRequest, Store};

use crate::sample::{
    arn, channel, event, event_id, home, recording_configuration, stream, stream_session, tenant,
};

const NODE: &str = "node-1";

/// One of channel 1 of the home tenant that goes on.
pub(crate) fn recording(number: usize) -> Recording {
    Recording {
        id: ResourceId::parse(&format!("recording{number:03}")).unwrap(),
        session: ResourceId::parse(&format!("session{number:03}")).unwrap(),
        channel: channel(&home(), 1).arn,
        channel_name: "tést".to_owned(),
        is_private: true,
        configuration: recording_configuration(&home(), 1),
        prefix: format!("ivs/v1/123456789012/abc/2026/1/2/3/4/recording{number:03}"),
        node: NODE.to_owned(),
        streams: vec![stream(number)],
        started_at: 1_000,
        ended_at: None,
        stage: RecordingStage::Started,
        duration_ms: 0,
        bytes: 0,
        reason: String::new(),
    }
}

fn ended(recording: Recording, at: i64) -> Recording {
    let stage = RecordingStage::Ended;
    Recording { ended_at: Some(at), stage, duration_ms: 99_370, bytes: u64::from(u32::MAX), ..recording }
}

fn change(number: i64, recording: &Recording, status: RecordingStatus) -> Event {
    let session = stream_session(channel(&home(), 1), 1);
    let change = RecordingChange {
        status,
        reason: String::new(),
        bucket: recording.configuration.bucket.clone(),
        prefix: recording.prefix.clone(),
        duration_ms: recording.duration_ms,
        session: recording.session.clone(),
        streams: recording.streams.clone(),
    };
    let sample = event(&session, 7, domain::StateChange::StreamStart);
    Event { id: event_id(number), kind: EventKind::Recording(change), ..sample }
}

async fn put(store: &Store, recording: &Recording) {
    store.put_recording(recording, &recording.streams[0], &[]).await.unwrap();
}

/// The ids of a page.
fn ids(items: &[Recording]) -> Vec<&str> {
    items.iter().map(|recording| recording.id.as_str()).collect()
}

pub(crate) async fn a_recording_is_found_by_its_id_and_its_place(store: &Store) {
    let (one, two) = (recording(1), recording(2));
    put(store, &one).await;
    put(store, &two).await;
    assert_eq!(store.recording(&two.id).await.unwrap().as_ref(), Some(&two));
    assert_eq!(store.recording_at("bucket-1", &one.prefix).await.unwrap().as_ref(), Some(&one));
    for (bucket, prefix) in [("bucket-2", &*one.prefix), ("bucket-1", "ivs/v1"), ("bucket-1", "")] {
        assert_eq!(store.recording_at(bucket, prefix).await.unwrap(), None);
    }
    assert_eq!(store.recording(&ResourceId::parse("other").unwrap()).await.unwrap(), None);
}

pub(crate) async fn what_is_told_of_a_recording_is_out_and_with_its_session_once(store: &Store) {
    let session = stream_session(channel(&home(), 1), 1);
    store.open_session(&session, &[]).await.unwrap();
    let one = recording(1);
    let start = change(1, &one, RecordingStatus::Start);
    let over = ended(one.clone(), 9_000);
    let failure = change(2, &over, RecordingStatus::EndFailure);
    for _ in 0..2 {
        store.put_recording(&one, &session.stream, std::slice::from_ref(&start)).await.unwrap();
    }
    for _ in 0..2 {
        store.put_recording(&over, &session.stream, std::slice::from_ref(&failure)).await.unwrap();
    }
    let out = store.events_after(0, 99).await.unwrap();
    assert_eq!(
        out.iter().map(|event| &event.envelope).collect::<Vec<_>>(),
        [&start.envelope(), &failure.envelope()]
    );
    let kept = store.session_events(&session.stream).await.unwrap();
    let names: Vec<_> = kept.iter().map(|event| &*event.name).collect();
    assert_eq!(names, ["Recording End Failure", "Recording Start"]);
    assert_eq!(store.recording(&one.id).await.unwrap(), Some(over));
}

pub(crate) async fn a_recording_whose_session_is_forgotten_is_told_all_the_same(store: &Store) {
    let one = recording(1);
    let gone = StreamId::parse("st-99999999999999999999999").unwrap();
    store.put_recording(&one, &gone, &[change(1, &one, RecordingStatus::Start)]).await.unwrap();
    assert_eq!(store.events_after(0, 99).await.unwrap().len(), 1);
    assert!(store.session_events(&gone).await.unwrap().is_empty());
}

pub(crate) async fn recordings_are_listed_from_the_newest_on(store: &Store) {
    for number in 1..=5 {
        put(store, &recording(number)).await;
    }
    let other = Recording { channel: arn(&home(), domain::ResourceKind::Channel, 2), ..recording(6) };
    put(store, &other).await;
    // A change moves nothing.
    put(store, &ended(recording(2), 9_000)).await;
    let first = store.recordings(None, NewestRequest::first(4)).await.unwrap();
    assert_eq!(ids(&first.items), ["recording006", "recording005", "recording004", "recording003"]);
    let rest = NewestRequest { before: first.next, limit: 4 };
    let rest = store.recordings(None, rest).await.unwrap();
    assert_eq!((ids(&rest.items), rest.next), (vec!["recording002", "recording001"], None));
    let of_one = store.recordings(Some(&recording(1).channel), NewestRequest::first(2)).await.unwrap();
    assert_eq!(ids(&of_one.items), ["recording005", "recording004"]);
    let stranger = arn(&tenant("999999999999", "us-east-1"), domain::ResourceKind::Channel, 1);
    let of_none = store.recordings(Some(&stranger), NewestRequest::first(2)).await.unwrap();
    assert!(of_none.items.is_empty());
    // Of a tenant: all its channels, and nobody else's.
    let foreign = tenant("999999999999", "us-east-1");
    let channel = arn(&foreign, domain::ResourceKind::Channel, 1);
    put(store, &Recording { channel, ..recording(7) }).await;
    let first = store.recordings_of_tenant(&home(), NewestRequest::first(5)).await.unwrap();
    assert_eq!(ids(&first.items)[..2], ["recording006", "recording005"]);
    let rest = NewestRequest { before: first.next, limit: 5 };
    let rest = store.recordings_of_tenant(&home(), rest).await.unwrap();
    assert_eq!((ids(&rest.items), rest.next), (vec!["recording001"], None));
    let theirs = store.recordings_of_tenant(&foreign, NewestRequest::first(5)).await.unwrap();
    assert_eq!(ids(&theirs.items), ["recording007"]);
}

pub(crate) async fn open_and_ended_recordings_are_found_by_their_node(store: &Store) {
    for (number, at) in [(1, None), (2, Some(9_000)), (3, Some(8_000)), (4, Some(10_000))] {
        let recording = recording(number);
        put(store, &recording).await;
        if let Some(at) = at {
            put(store, &ended(recording, at)).await;
        }
    }
    put(store, &Recording { node: "node-2".to_owned(), ..recording(5) }).await;
    // Over, and still on its way into the bucket.
    put(store, &Recording { ended_at: Some(5_000), ..recording(6) }).await;
    let open = store.open_recordings_of(NODE).await.unwrap();
    assert_eq!(ids(&open), ["recording001", "recording006"]);
    let over = store.ended_recordings_of(NODE, 10_000, 9).await.unwrap();
    assert_eq!(ids(&over), ["recording003", "recording002"], "the longest ended first");
    let all = store.ended_recordings_of(NODE, i64::MAX, 9).await.unwrap();
    assert_eq!(ids(&all), ["recording003", "recording002", "recording004"]);
    assert_eq!(store.ended_recordings_of(NODE, i64::MAX, 1).await.unwrap().len(), 1);
}

pub(crate) async fn a_recording_is_removed_once(store: &Store) {
    put(store, &recording(1)).await;
    assert!(store.remove_recording(&recording(1).id).await.unwrap());
    assert!(!store.remove_recording(&recording(1).id).await.unwrap());
    assert_eq!(store.recording(&recording(1).id).await.unwrap(), None);
}
