//! Backups: all of it, of one moment, back again; and what is not a backup changes nothing.

use std::collections::BTreeSet;
use std::io::Cursor;
use std::time::SystemTime;

use domain::{
    Channel, ChatRestriction, ResourceKind, RestrictionKind, Room, StateChange, StreamKey, StreamSession,
    Tags, ViewerRevocation,
};
use store::{
    AccessKey, ChannelFilter, DeadLetter, NewestRequest, PageRequest, Position, Progress, RecentRequest,
    RoomFilter, SpentToken, Stage, Store, StoreError, StreamMinute,
};

use crate::recordings::recording;
use crate::sample::{
    arn, channel, event, event_id, home, logging_configuration, playback_key_pair, room, stream, stream_key,
    stream_session,
};
use crate::stream_samples::sample;

fn numbered(number: usize) -> (Channel, StreamKey) {
    (channel(&home(), number), stream_key(&home(), number, number))
}

async fn filled(store: &Store) {
    let key = AccessKey::mint(home().account, SystemTime::UNIX_EPOCH, &mut |bytes| bytes.fill(1));
    store.add_access_key(&key).await.expect("a free id");
    store.import_playback_key_pair(&playback_key_pair(&home(), 1), 10).await.expect("room for it");
    store.installation_secret("page-tokens", &[7; 32]).await.expect("a secret");
    for number in 0..3 {
        let (mut channel, key) = numbered(number);
        channel.tags = Tags::from([("name".to_owned(), format!("Ünïcödé \"{number}\"\n"))]);
        store.create_channel(&channel, &key, 10).await.expect("room for it");
    }
    let revoked = |number, viewer: &str| ViewerRevocation {
        channel: arn(&home(), ResourceKind::Channel, number),
        viewer: viewer.to_owned(),
        version: 3,
        revoked_at: SystemTime::UNIX_EPOCH,
    };
    let viewers = [revoked(1, "amy"), revoked(0, "b\"b"), revoked(2, "amy")];
    store.revoke_viewers(&home(), &viewers).await.expect("revoked");
    store.spend_playback_token(SPENT, 7).await.expect("a used token");
    chat(store).await;
    streams(store).await;
    let recording = recording(7);
    store.put_recording(&recording, &recording.streams[0], &[]).await.expect("a recording");
}

/// A playback token's name.
const SPENT: [u8; 16] = [5; 16];

const USED: SpentToken = SpentToken { id: [9; 16], expires_at: 1_700_000_000_000 };

async fn chat(store: &Store) {
    let (log, time) = (logging_configuration(&home(), 1), i64::MAX);
    store.create_logging_configuration(&log, 10).await.expect("room for it");
    for number in 1..=3 {
        let logging_configurations = if number == 2 { Vec::new() } else { vec![log.arn.clone()] };
        let room = Room { logging_configurations, ..room(&home(), number) };
        store.create_room(&room, 10).await.expect("room for it");
    }
    let ban = |user: &str, until| ChatRestriction {
        user: user.to_owned(),
        kind: RestrictionKind::Ban,
        until,
        reason: Some("said \"no\"".to_owned()),
    };
    for ban in [ban("amy", None), ban("b\0b", Some(time)), ban("", Some(0))] {
        let room = arn(&home(), ResourceKind::Room, 2);
        store.put_chat_restriction(&room, &ban).await.expect("room for it");
    }
    for secret in [[1; 32], [255; 32]] {
        store.add_chat_token_key(&secret, 7).await.expect("a key");
    }
    let earlier = SpentToken { id: [0; 16], expires_at: -1 };
    store.spend_chat_tokens(&[USED, earlier]).await.expect("two used tokens");
}

/// One that ended, one that is on air, and an audit that has been told of the first and missed an event.
async fn streams(store: &Store) {
    let (ended, live) = (session(1), session(2));
    store.open_session(&ended, &[event(&ended, 1, StateChange::SessionCreated)]).await.expect("a session");
    let failure = StateChange::StreamFailure { reason: "said \"no\"".to_owned() };
    store.close_session(&ended.stream, 2, &[event(&ended, 2, failure)]).await.expect("its end");
    store.claim_sink("audit", "me", 0, 1).await.expect("a new sink");
    store.open_session(&live, &[event(&live, 3, StateChange::SessionCreated)]).await.expect("a session");
    let samples = vec![sample(1_790_000_000_000, 7), sample(1_790_000_005_000, 8)];
    let minute = StreamMinute { stream: ended.stream, samples };
    store.put_stream_samples(&[minute]).await.expect("samples");
    delivery(store).await;
}

/// What goes on by itself, also where nobody uses anything.
async fn delivery(store: &Store) {
    store.claim_sink("audit", "me", 0, 1).await.expect("a sink");
    store.beat("one", 9).await.expect("a sign of life");
    let letter = DeadLetter {
        sink: "audit".to_owned(),
        position: 2,
        id: event_id(2),
        at: 2,
        account: home().account,
        envelope: "{}".to_owned(),
        attempts: 5,
        failed_at: 3,
        reason: "410 Gone".to_owned(),
    };
    store.put_dead_letters(&[letter]).await.expect("a letter");
    store.redeliver(None, None, None).await.expect("due");
}

fn session(number: usize) -> StreamSession {
    stream_session(channel(&home(), 7), number)
}

async fn text_of(store: &Store) -> Vec<u8> {
    let mut text = Vec::new();
    store.backup(&mut text, &mut |_| {}).await.expect("a backup");
    text
}

pub(crate) async fn a_backup_read_into_an_empty_database_is_the_same_again(store: &Store) {
    filled(store).await;
    let text = text_of(store).await;
    let other = Store::in_memory().await.expect("an empty database");
    let rows = other.restore(Cursor::new(&text), false, &mut |_| {}).await.expect("a whole backup");
    assert_eq!(text_of(&other).await, text);
    let lines = text.iter().filter(|byte| **byte == b'\n').count();
    assert_eq!(usize::try_from(rows), Ok(lines - 2), "all lines but the first and the last");
    assert!(!other.spend_playback_token(SPENT, 7).await.expect("a token"), "used up before the backup");
    assert_eq!(other.viewer_revocations_after(0, 9).await.expect("all").len(), 3);
    store.restore(Cursor::new(&text), true, &mut |_| {}).await.expect("also over what is there");
    assert_eq!(text_of(store).await, text);
}

pub(crate) async fn who_waits_is_told_how_far_a_backup_and_a_restore_are(store: &Store) {
    filled(store).await;
    let (mut text, mut told) = (Vec::new(), Vec::new());
    let rows = store.backup(&mut text, &mut |progress| told.push(progress)).await.expect("a backup");
    assert_eq!(goes_through(&told), [(Stage::Writing, rows)]);
    told.clear();
    let restored = store.restore(Cursor::new(&text), true, &mut |progress| told.push(progress)).await;
    assert_eq!(restored.expect("a whole backup"), rows);
    let bytes = u64::try_from(text.len()).expect("a length");
    assert_eq!(goes_through(&told), [(Stage::Checking, bytes), (Stage::Replacing, rows)]);
}

/// The stages that were gone through, each from nothing to all of its total and never back.
fn goes_through(told: &[Progress]) -> Vec<(Stage, u64)> {
    let stages = told.chunk_by(|one, next| one.stage == next.stage);
    stages
        .map(|of| {
            let (first, last) = (of[0], of[of.len() - 1]);
            assert!(of.is_sorted_by_key(|one| one.done) && of.iter().all(|one| one.total == first.total));
            assert_eq!((first.done, last.done), (0, last.total));
            (first.stage, first.total)
        })
        .collect()
}

pub(crate) async fn after_a_restore_positions_and_quotas_go_on(store: &Store) {
    let full = Store::in_memory().await.expect("an empty database");
    filled(&full).await;
    store.restore(Cursor::new(text_of(&full).await), false, &mut |_| {}).await.expect("a whole backup");
    let (fourth, key) = numbered(9);
    store.create_channel(&fourth, &key, 4).await.expect("room for one more");
    let (fifth, key) = numbered(10);
    let refused = store.create_channel(&fifth, &key, 4).await;
    assert!(matches!(refused, Err(StoreError::ResourceQuota { .. })), "{refused:?}");
    let page = store.channels(&home(), &ChannelFilter::All, PageRequest::first(10)).await;
    assert_eq!(page.expect("a page").items.last().map(|last| &last.arn), Some(&fourth.arn));
}

pub(crate) async fn a_position_of_a_deleted_row_is_not_used_again_after_a_restore(store: &Store) {
    let full = Store::in_memory().await.expect("an empty database");
    filled(&full).await;
    let (newest, _) = numbered(2);
    full.delete_channel(&home(), &newest.arn).await.expect("the third one");
    store.restore(Cursor::new(text_of(&full).await), false, &mut |_| {}).await.expect("a whole backup");
    let (next, key) = numbered(9);
    store.create_channel(&next, &key, 10).await.expect("room for one more");
    let behind = PageRequest { after: Position::new(3), limit: 10 };
    let page = store.channels(&home(), &ChannelFilter::All, behind).await.expect("a page");
    assert_eq!(page.items, [next]);
    // Nor when a backup with fewer rows takes the place of one with more.
    let few = text_of(&Store::in_memory().await.expect("an empty database")).await;
    store.restore(Cursor::new(few), true, &mut |_| {}).await.expect("a whole backup");
    let (later, key) = numbered(10);
    store.create_channel(&later, &key, 10).await.expect("room for one more");
    let behind = PageRequest { after: Position::new(4), limit: 10 };
    let page = store.channels(&home(), &ChannelFilter::All, behind).await.expect("a page");
    assert_eq!(page.items, [later]);
}

pub(crate) async fn a_used_database_is_restored_only_when_told_to(store: &Store) {
    filled(store).await;
    let text = text_of(store).await;
    let refused = store.restore(Cursor::new(&text), false, &mut |_| {}).await;
    assert!(matches!(refused, Err(StoreError::NotEmpty)), "{refused:?}");
}

pub(crate) async fn a_damaged_backup_changes_nothing(store: &Store) {
    filled(store).await;
    let text = text_of(store).await;
    let damaged = |change: &dyn Fn(&mut Vec<u8>)| {
        let mut text = text.clone();
        change(&mut text);
        text
    };
    let lines =
        |text: &[u8]| text.split_inclusive(|byte| *byte == b'\n').map(<[u8]>::to_vec).collect::<Vec<_>>();
    let cases = [
        damaged(&|text| text.truncate(text.len() - 1)),
        damaged(&|text| text.truncate(text.len() / 2)),
        damaged(&|text| text.clear()),
        damaged(&|text| *text = lines(text)[1..].concat()),
        damaged(&|text| {
            let mut all = lines(text);
            all.remove(3);
            *text = all.concat();
        }),
        damaged(&|text| {
            let at = text.windows(4).position(|four| four == b"true").expect("a word of a body");
            text[at..at + 4].copy_from_slice(b"True");
        }),
        damaged(&|text| text.extend_from_slice(b"[]\n")),
        damaged(&|text| text.splice(0..0, b"\n".to_vec()).for_each(drop)),
        damaged(&|text| *text = vec![b'['; 3 << 20]),
        damaged(&|text| *text = b"SQLite format 3\0".to_vec()),
    ];
    for (number, case) in cases.into_iter().enumerate() {
        let refused = store.restore(Cursor::new(case), true, &mut |_| {}).await;
        assert!(matches!(refused, Err(StoreError::NotABackup { .. })), "{number}: {refused:?}");
    }
    let newer = String::from_utf8_lossy(&text).replacen("\"migration\":7", "\"migration\":99", 1);
    let refused = store.restore(Cursor::new(newer), true, &mut |_| {}).await;
    assert!(matches!(refused, Err(StoreError::OtherBackup { migration: 99, .. })), "{refused:?}");
    assert_eq!(text_of(store).await, text);
}

pub(crate) async fn chat_goes_on_after_a_restore_where_it_was(store: &Store) {
    let full = Store::in_memory().await.expect("an empty database");
    filled(&full).await;
    let keys = full.chat_token_keys().await.expect("two keys");
    full.retire_chat_token_keys(8).await.expect("both");
    let third = full.add_chat_token_key(&[3; 32], 9).await.expect("a third");
    full.delete_room(&home(), &arn(&home(), ResourceKind::Room, 3)).await.expect("the newest room");
    store.restore(Cursor::new(text_of(&full).await), false, &mut |_| {}).await.expect("a whole backup");
    assert_eq!(store.spend_chat_tokens(&[USED]).await.expect("an answer"), [false], "used up before");
    assert_eq!(store.chat_token_keys().await.expect("one key"), std::slice::from_ref(&third));
    let fourth = store.add_chat_token_key(&[4; 32], 10).await.expect("a fourth");
    let ids: BTreeSet<_> = keys.iter().chain([&third, &fourth]).map(|key| key.id).collect();
    assert_eq!(ids.len(), 4, "no id is used twice");
    let log = arn(&home(), ResourceKind::LoggingConfiguration, 1);
    let logged = store.rooms_logged_to(&log, PageRequest::first(9)).await.expect("a page");
    assert_eq!(logged.items, [arn(&home(), ResourceKind::Room, 1)]);
    let refused = store.delete_logging_configuration(&home(), &log).await;
    assert!(matches!(refused, Err(StoreError::Attached { .. })), "{refused:?}");
    let bans = store.chat_restrictions(&arn(&home(), ResourceKind::Room, 2)).await.expect("bans");
    assert_eq!(bans.iter().map(|ban| ban.user.as_str()).collect::<Vec<_>>(), ["", "amy", "b\0b"]);
    store.create_room(&room(&home(), 7), 3).await.expect("the place of the deleted one");
    let refused = store.create_room(&room(&home(), 8), 3).await;
    assert!(matches!(refused, Err(StoreError::ResourceQuota { .. })), "{refused:?}");
}

pub(crate) async fn a_database_with_nothing_but_keys_and_used_tokens_is_not_in_use(store: &Store) {
    store.add_chat_token_key(&[1; 32], 7).await.expect("a key");
    store.spend_chat_tokens(&[USED]).await.expect("a used token");
    let full = Store::in_memory().await.expect("an empty database");
    filled(&full).await;
    let text = text_of(&full).await;
    store.restore(Cursor::new(&text), false, &mut |_| {}).await.expect("a whole backup");
    assert_eq!(store.chat_token_keys().await.expect("keys").len(), 2, "those of the backup alone");
}

pub(crate) async fn streams_go_on_after_a_restore_where_they_were(store: &Store) {
    let full = Store::in_memory().await.expect("an empty database");
    filled(&full).await;
    let newest = full.newest_event().await.expect("a position");
    store.restore(Cursor::new(text_of(&full).await), false, &mut |_| {}).await.expect("a whole backup");
    let channel = session(1).channel.arn;
    let page = store.stream_sessions(&home(), &channel, NewestRequest::first(9)).await.expect("a page");
    let told: Vec<_> = page.items.iter().map(|session| (session.created_at, session.has_error)).collect();
    assert_eq!(told, [(2, false), (1, true)]);
    assert_eq!(store.session_events(&stream(1)).await.expect("events").len(), 2);
    let samples = store.stream_samples(&stream(1), 0, i64::MAX, 9).await.expect("samples");
    assert_eq!(samples.iter().map(|sample| sample.viewers).collect::<Vec<_>>(), [7, 8]);
    assert_eq!(store.heartbeat("one").await.expect("an answer"), Some(9));
    assert_eq!(store.live_sessions(&home()).await.expect("sessions"), [session(2)]);
    assert!(store.close_session(&stream(2), 9, &[]).await.expect("an answer"), "cut off by the restore");
    let position =
        store.claim_sink("audit", "you", 1, 2).await.expect("an answer").expect("its time is over");
    let waiting = store.events_after(position, 9).await.expect("events");
    assert_eq!(waiting.iter().map(|event| event.at).collect::<Vec<_>>(), [3], "what it was not told");
    store.put_events(&[event(&session(2), 4, StateChange::SessionEnded)]).await.expect("an event");
    assert_eq!(store.newest_event().await.expect("a position"), newest + 1);
    assert_eq!(store.due_letters("audit", 9).await.expect("letters").len(), 1);
}

pub(crate) async fn a_database_where_only_events_move_is_not_in_use(store: &Store) {
    store.put_events(&[event(&session(1), 1, StateChange::StreamEnd)]).await.expect("an event");
    delivery(store).await;
    let full = Store::in_memory().await.expect("an empty database");
    filled(&full).await;
    store.restore(Cursor::new(text_of(&full).await), false, &mut |_| {}).await.expect("a whole backup");
    let of_one_who_streams = Store::in_memory().await.expect("an empty database");
    of_one_who_streams.open_session(&session(1), &[]).await.expect("a session");
    let refused = of_one_who_streams.restore(Cursor::new(text_of(&full).await), false, &mut |_| {}).await;
    assert!(matches!(refused, Err(StoreError::NotEmpty)), "{refused:?}");
}

pub(crate) async fn a_backup_from_before_the_life_of_streams_is_put_back(store: &Store) {
    streams(store).await;
    let old = include_bytes!("../../testdata/step-3.backup");
    let rows = store.restore(Cursor::new(old), true, &mut |_| {}).await.expect("a whole backup");
    assert_eq!(usize::try_from(rows).ok(), old.split(|byte| *byte == b'\n').count().checked_sub(3));
    assert_eq!(store.live_sessions(&home()).await.expect("sessions"), []);
    assert_eq!(store.sinks().await.expect("sinks"), []);
    let rooms = store.rooms(&home(), &RoomFilter::default(), RecentRequest::first(9)).await.expect("a page");
    assert_eq!(rooms.items.len(), 2);
    store.put_events(&[event(&session(1), 1, StateChange::StreamEnd)]).await.expect("an event");
    let kept = store.events_after(0, 9).await.expect("events");
    assert_eq!(kept.len(), 1, "what was on its way here is gone");
}

pub(crate) async fn a_backup_from_before_chat_is_put_back(store: &Store) {
    chat(store).await;
    let old = include_bytes!("../../testdata/step-2.backup");
    let rows = store.restore(Cursor::new(old), true, &mut |_| {}).await.expect("a whole backup");
    assert_eq!(usize::try_from(rows).ok(), old.split(|byte| *byte == b'\n').count().checked_sub(3));
    let page = store.channels(&home(), &ChannelFilter::All, PageRequest::first(9)).await.expect("a page");
    let names: Vec<_> = page.items.iter().map(|channel| channel.name.as_str()).collect();
    assert_eq!(names, ["channel-1", "channel-2"]);
    let rooms = store.rooms(&home(), &RoomFilter::default(), RecentRequest::first(9)).await.expect("a page");
    assert_eq!(rooms.items, [], "what was here is gone, as is the place that it took");
    assert_eq!(store.chat_token_keys().await.expect("no keys"), []);
    store.create_room(&room(&home(), 1), 1).await.expect("the first of all");
    let older = String::from_utf8_lossy(old).replacen("\"migration\":2", "\"migration\":1", 1);
    let refused = store.restore(Cursor::new(older), true, &mut |_| {}).await;
    assert!(matches!(refused, Err(StoreError::OtherBackup { migration: 1, .. })), "{refused:?}");
}

pub(crate) async fn a_backup_from_before_private_channels_is_put_back(store: &Store) {
    filled(store).await;
    let old = include_bytes!("../../testdata/step-4.backup");
    let rows = store.restore(Cursor::new(old), true, &mut |_| {}).await.expect("a whole backup");
    assert_eq!(usize::try_from(rows).ok(), old.split(|byte| *byte == b'\n').count().checked_sub(3));
    let all = store.viewer_revocations(None, 9).await.expect("revocations");
    let told: Vec<_> = all.iter().map(|revoked| (revoked.viewer.as_str(), revoked.version)).collect();
    assert_eq!(told, [("amy", 3), ("amy", 7), ("b\u{fc}b", 0)]);
    assert_eq!(store.viewer_revocations_after(0, 9).await.expect("none"), [], "what was here is gone");
    assert!(store.spend_playback_token(SPENT, 7).await.expect("a token"), "as is what was used here");
    assert_eq!(store.live_sessions(&home()).await.expect("sessions").len(), 1);
}
