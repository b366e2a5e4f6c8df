//! What the store costs: processor time and wall time for each act, on a file (the argument names its
//! folder; default: a temporary one) or on a server (the argument is its address). A second argument,
//! `streams`, measures the life of streams alone.
//!
//! `cargo run --release -p store --example store_cost [-- FOLDER | postgres://… [streams]]`
//!
//! Promise: the same acts in the same order each time; nothing here is a test, and no figure is a limit.

#![expect(clippy::unwrap_used, reason = "a failed step is a failed measurement")]

use std::path::Path;
use std::time::{Duration, Instant};

use domain::{
    AccountId, Arn, Channel, ChannelType, ContainerFormat, Event, EventId, EventKind, EventSubject,
    HealthChange, LatencyMode, MultitrackInput, Region, ResourceId, ResourceKind, StreamHealth, StreamId,
    StreamKey, StreamKeyValue, StreamSession, Tags,
};
use store::{AccessKey, ChannelFilter, PageRequest, Position, SpentToken, Store, Tenant};
use tokio::task::JoinSet;

const CHANNELS: usize = 20_000;
const READS: usize = 100_000;
const PAGES: usize = 2_000;
const TOKENS: usize = 200_000;
const SESSIONS: usize = 1_000;
/// Steps of each session.
const STEPS: usize = 10;
const BEATS: usize = 2_000;
/// How many use tokens at once, how many in a batch, and in what span of time those were made that are used
/// at one moment, at five joins in a millisecond: the wider it is, the more pages a batch touches.
const SPENDING: [(usize, usize, u32); 8] = [
    (1, 1, 200),
    (1, 10, 200),
    (1, 100, 1),
    (1, 100, 200),
    (1, 100, 1_000),
    (1, 100, 10_000),
    (1, 1_000, 200),
    (4, 100, 200),
];
const QUOTA: u32 = 1_000_000;

#[tokio::main]
async fn main() {
    let place = std::env::args().nth(1);
    let folder = tempfile::tempdir().unwrap();
    let store = match place.as_deref() {
        Some(address) if address.contains("://") => Store::connect(address).await.unwrap(),
        Some(folder) => Store::open(&Path::new(folder).join("cost.db")).await.unwrap(),
        None => Store::open(&folder.path().join("cost.db")).await.unwrap(),
    };
    if std::env::args().nth(2).is_none_or(|part| part != "streams") {
        resources_and_chat(&store).await;
    }
    streams(&store).await;
    store.close().await;
}

async fn resources_and_chat(store: &Store) {
    let tenant = tenant();
    for creators in [1, 16] {
        let each = CHANNELS / 2 / creators;
        let name = format!("create a channel, {creators} at a time");
        let run = creators * 1_000_000;
        measure(&name, each * creators, create(store, run, creators, each)).await;
    }
    let key = access_key();
    store.add_access_key(&key).await.unwrap();
    measure("read an access key", READS, async {
        for _ in 0..READS {
            assert!(store.access_key(&key.id).await.unwrap().is_some());
        }
    })
    .await;
    let arns: Vec<_> = (0..CHANNELS / 2).map(|number| channel(1_000_000 + number).arn).collect();
    measure("read one channel over and over", READS, async {
        for _ in 0..READS {
            assert!(store.channel(&tenant, &arns[0]).await.unwrap().is_some());
        }
    })
    .await;
    measure("read channels here and there", READS, async {
        for number in 0..READS {
            let arn = &arns[number * 7919 % arns.len()];
            assert!(store.channel(&tenant, arn).await.unwrap().is_some());
        }
    })
    .await;
    measure("list a page of 100", PAGES, async {
        for number in 0..PAGES {
            let after = Position::new(i64::try_from(number * 5).unwrap());
            let request = PageRequest { after, limit: 100 };
            let page = store.channels(&tenant, &ChannelFilter::All, request).await.unwrap();
            assert_eq!(page.items.len(), 100);
        }
    })
    .await;
    for (run, (spenders, batch, spread)) in SPENDING.into_iter().enumerate() {
        let tokens = if batch == 1 { TOKENS / 50 } else { TOKENS };
        let name = format!("use a chat token, {spenders} x {batch} of within {spread} ms");
        measure(&name, tokens, spend(store, run as u128, spenders, tokens / spenders, batch, spread)).await;
    }
    measure("forget a used chat token", TOKENS * (SPENDING.len() - 1) + TOKENS / 50, async {
        store.forget_spent_chat_tokens(i64::MAX).await.unwrap();
    })
    .await;
}

/// The life of streams, and what follows its events.
async fn streams(store: &Store) {
    for (run, hands) in [(1, 1), (2, 16)] {
        let each = SESSIONS / hands;
        let name = format!("open a session with an event, {hands} at a time");
        measure(&name, each * hands, by_hands(store, hands, each, run, open)).await;
        let name = format!("change a session with an event, {hands} at a time");
        let steps = by_hands(store, hands, each * STEPS, run, |store, run, number| {
            step(store, run, number / STEPS, number % STEPS)
        });
        measure(&name, each * hands * STEPS, steps).await;
        let name = format!("close a session with an event, {hands} at a time");
        measure(&name, each * hands, by_hands(store, hands, each, run, close)).await;
    }
    measure("give a sign of life", BEATS, async {
        for now in 0..BEATS {
            store.beat("node", now as i64).await.unwrap();
        }
    })
    .await;
    measure("read an event behind a position, by pages of 100", SESSIONS * (STEPS + 2) * 2, async {
        let mut position = 0;
        while let Some(last) = store.events_after(position, 100).await.unwrap().last() {
            position = last.position;
        }
    })
    .await;
    measure("find that there is no newer event", READS, async {
        let newest = store.newest_event().await.unwrap();
        for _ in 0..READS {
            assert!(store.events_after(newest, 100).await.unwrap().is_empty());
        }
    })
    .await;
    store.claim_sink("sink", "me", 0, 1).await.unwrap();
    measure("move a sink on", BEATS, async {
        for position in 0..BEATS {
            assert!(store.advance_sink("sink", "me", position as i64, 1).await.unwrap());
        }
    })
    .await;
    measure("forget an event", SESSIONS * (STEPS + 2) * 2, async {
        while store.forget_events(i64::MAX, i64::MAX, 1_000).await.unwrap() > 0 {}
    })
    .await;
    measure("forget a session", SESSIONS * 2, async {
        store.forget_sessions(i64::MAX, u32::MAX).await.unwrap();
    })
    .await;
}

async fn by_hands<F: Future<Output = ()> + Send + 'static>(
    store: &Store,
    hands: usize,
    each: usize,
    run: usize,
    act: impl Fn(Store, usize, usize) -> F + Copy + Send + 'static,
) {
    let mut work = JoinSet::new();
    for hand in 0..hands {
        let store = store.clone();
        work.spawn(async move {
            for number in hand * each..(hand + 1) * each {
                act(store.clone(), run, number).await;
            }
        });
    }
    work.join_all().await;
}

async fn open(store: Store, run: usize, number: usize) {
    let session = session(run, number);
    store.open_session(&session, &[event(&session, 0)]).await.unwrap();
}

async fn step(store: Store, run: usize, number: usize, step: usize) {
    let session = session(run, number);
    let health = if step.is_multiple_of(2) { StreamHealth::Healthy } else { StreamHealth::Starving };
    let revise = |session: &mut StreamSession| {
        session.health = health;
        true
    };
    let events = [event(&session, step + 1)];
    assert!(store.revise_session(&session.stream, revise, &events).await.unwrap().is_some());
}

async fn close(store: Store, run: usize, number: usize) {
    let session = session(run, number);
    let events = [event(&session, STEPS + 1)];
    assert!(store.close_session(&session.stream, number as i64, &events).await.unwrap());
}

fn session(run: usize, number: usize) -> StreamSession {
    StreamSession {
        stream: StreamId::parse(&format!("st-{run:03}{number:020}")).unwrap(),
        channel: channel(number),
        recording_configuration: None,
        node: "node".to_owned(),
        created_at: 0,
        started_at: None,
        ended_at: None,
        incoming: None,
        health: StreamHealth::Unknown,
        has_error: false,
    }
}

/// Ids have no order, as in life.
fn event(session: &StreamSession, step: usize) -> Event {
    let text = session.stream.as_str();
    let number = text[3..].parse::<u128>().unwrap() * 100 + step as u128 + 1;
    let id = number.wrapping_mul(0x9E37_79B9_7F4A_7C15_F39C_C060_5CED_C835).to_be_bytes();
    let channel = session.channel.arn.clone();
    let name = session.channel.name.clone();
    Event {
        id: EventId::mint(&mut |bytes| bytes.copy_from_slice(&id)),
        at: 0,
        account: channel.account.clone(),
        region: channel.region.clone(),
        subject: Some(EventSubject { channel, channel_name: name, stream: session.stream.clone() }),
        kind: EventKind::Health(HealthChange::StarvationStart),
    }
}

/// Tokens as they come: ids without order, each used some time after it was made, and good for an hour.
async fn spend(store: &Store, run: u128, spenders: usize, each: usize, batch: usize, spread: u32) {
    let mut work = JoinSet::new();
    for spender in 0..spenders {
        let store = store.clone();
        work.spawn(async move {
            for from in (0..each).step_by(batch) {
                let token = |number: usize| {
                    let unique = (run << 64) + (((spender * each + number) as u128) << 8) + 1;
                    let id = unique.wrapping_mul(0x9E37_79B9_7F4A_7C15_F39C_C060_5CED_C835).to_be_bytes();
                    let spread = i64::from(u32::from_be_bytes([id[0], id[1], id[2], id[3]]) % spread);
                    SpentToken { id, expires_at: 3_600_000 + number as i64 / 5 + spread }
                };
                let tokens: Vec<_> = (from..from + batch).map(token).collect();
                let first = store.spend_chat_tokens(&tokens).await.unwrap();
                assert!(first.iter().all(|first| *first));
            }
        });
    }
    work.join_all().await;
}

async fn create(store: &Store, run: usize, creators: usize, each: usize) {
    let mut work = JoinSet::new();
    for creator in 0..creators {
        let store = store.clone();
        work.spawn(async move {
            for number in 0..each {
                let number = run + creator * each + number;
                store.create_channel(&channel(number), &stream_key(number), QUOTA).await.unwrap();
            }
        });
    }
    work.join_all().await;
}

async fn measure<T>(name: &str, acts: usize, work: impl Future<Output = T>) {
    let (start, processor) = (Instant::now(), processor_time());
    work.await;
    let each = |spent: Duration| spent.as_secs_f64() * 1e6 / f64::from(u32::try_from(acts).unwrap());
    let (wall, processor) = (each(start.elapsed()), each(processor_time() - processor));
    println!("{name:50} {processor:8.1} µs processor {wall:8.1} µs wall");
}

/// User and system time of all threads (proc(5), `stat`), in ticks of 10 ms as Linux fixes them.
fn processor_time() -> Duration {
    let stat = std::fs::read_to_string("/proc/self/stat").unwrap();
    let fields: Vec<_> = stat.rsplit_once(')').unwrap().1.split_whitespace().collect();
    let ticks = |field: usize| fields[field].parse::<u64>().unwrap();
    Duration::from_millis((ticks(11) + ticks(12)) * 10)
}

fn tenant() -> Tenant {
    Tenant { account: AccountId::parse("123456789012").unwrap(), region: Region::parse("us-east-1").unwrap() }
}

fn arn(kind: ResourceKind, number: usize) -> Arn {
    let Tenant { account, region } = tenant();
    Arn { region, account, kind, id: ResourceId::parse(&format!("id{number:010}")).unwrap() }
}

fn access_key() -> AccessKey {
    let mut state = std::process::id().to_le_bytes()[0];
    let mut entropy = move |slice: &mut [u8]| {
        for byte in slice {
            state = state.wrapping_mul(73).wrapping_add(31);
            *byte = state;
        }
    };
    AccessKey::mint(tenant().account, std::time::SystemTime::UNIX_EPOCH, &mut entropy)
}

fn channel(number: usize) -> Channel {
    Channel {
        arn: arn(ResourceKind::Channel, number),
        name: format!("channel-{number}"),
        latency_mode: LatencyMode::Low,
        channel_type: ChannelType::Standard,
        preset: None,
        authorized: false,
        insecure_ingest: false,
        container_format: ContainerFormat::Ts,
        multitrack_input: MultitrackInput::default(),
        recording_configuration: None,
        playback_restriction_policy: None,
        srt_passphrase: "passphrase".repeat(6),
        tags: Tags::from([("stage".to_owned(), "production".to_owned())]),
    }
}

fn stream_key(number: usize) -> StreamKey {
    StreamKey {
        arn: arn(ResourceKind::StreamKey, number),
        channel: arn(ResourceKind::Channel, number),
        value: StreamKeyValue::parse(&format!("sk_us-east-1_123456789012_{number}")).unwrap(),
        tags: Tags::new(),
    }
}
