//! Events from the outbox to sinks over real sockets and files, with a database in memory.
//!
//! Promise: every test waits for what it says, not for time to pass.

use std::collections::HashMap;
use std::path::Path;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicU32, Ordering};
use std::time::Duration;

use domain::{Arn, Event, EventId, EventKind, EventSubject, StateChange, StreamId};
use events::{Config, Counts, Deps, Events, Sinks};
use outbound::{Credentials, Keys, Outbound, Secret};
use serde_json::{Value, json};
use store::{PageRequest, Store};
use testkit::{Answerer, Asked, Reply};
use tokio::sync::Semaphore;
use tokio::task::JoinSet;
use tokio_util::sync::CancellationToken;

const SECRET: &str = "whsec_c2l4dGVlbiBieXRlcyBvciBzbw==";
const PATIENCE: Duration = Duration::from_secs(60);

/// A server's part that delivers events.
struct House {
    store: Store,
    counts: Counts,
    stop: CancellationToken,
    tasks: JoinSet<()>,
}

impl House {
    async fn open(store: &Store, node: &str, sinks: &str) -> Self {
        let keys = Keys { id: "AKIATEST".to_owned(), secret: "a secret".to_owned(), session: None };
        let outbound = Outbound::new(outbound::Config {
            credentials: Credentials::Keys(keys),
            ..outbound::Config::default()
        });
        let config = Config {
            sinks: Sinks::parse(sinks).expect("sinks"),
            event_age: Duration::from_secs(7 * 24 * 3600),
        };
        let deps =
            Deps { store: store.clone(), outbound: outbound.expect("a client"), node: node.to_owned() };
        let events = Events::bind(config, deps).await.expect("bound");
        let (counts, stop) = (events.counts(), CancellationToken::new());
        let mut tasks = JoinSet::new();
        tasks.spawn(events.run(stop.clone()));
        Self { store: store.clone(), counts, stop, tasks }
    }

    async fn close(mut self) {
        self.stop.cancel();
        self.tasks.join_next().await.expect("a task").expect("it ended well");
    }

    /// As a crash: nothing is written down.
    async fn kill(mut self) {
        self.tasks.shutdown().await;
    }

    async fn wait(&self, what: &str, is_so: impl Fn(&events::SinkCounts) -> bool) {
        until(what, async || is_so(&self.counts.read()[0])).await;
    }

    async fn dead(&self) -> Vec<store::DeadLetter> {
        let request = PageRequest::first(100);
        self.store.dead_letters(None, request, None).await.expect("read").items
    }
}

async fn until(what: &str, is_so: impl AsyncFn() -> bool) {
    let waited = tokio::time::timeout(PATIENCE, async {
        while !is_so().await {
            tokio::time::sleep(Duration::from_millis(5)).await;
        }
    });
    waited.await.unwrap_or_else(|_| panic!("waited for {what}"));
}

fn webhook(answerer: &Answerer, more: &str) -> String {
    let url = answerer.url("/hook");
    format!("[[sink]]\nname = \"hook\"\nkind = \"webhook\"\nurl = \"{url}\"\nsecret = \"{SECRET}\"\n{more}\n")
}

fn file(path: &Path, more: &str) -> String {
    format!("[[sink]]\nname = \"disk\"\nkind = \"file\"\npath = \"{}\"\n{more}\n", path.display())
}

/// The `number`th event of a channel.
fn event(channel: u32, number: u32) -> Event {
    let channel = Arn::parse(&format!("arn:aws:ivs:us-east-1:123456789012:channel/{channel:012}"));
    let channel = channel.expect("an ARN");
    let stream = StreamId::parse("st-12345678901234567890123").expect("a stream id");
    let mut entropy = |bytes: &mut [u8]| aws_lc_rs::rand::fill(bytes).expect("entropy");
    Event {
        id: EventId::mint(&mut entropy),
        at: now(),
        account: channel.account.clone(),
        region: channel.region.clone(),
        subject: Some(EventSubject { channel, channel_name: "mine".to_owned(), stream }),
        kind: EventKind::State(StateChange::StreamFailure { reason: number.to_string() }),
    }
}

fn now() -> i64 {
    let since = std::time::SystemTime::now().duration_since(std::time::UNIX_EPOCH).expect("after 1970");
    i64::try_from(since.as_millis()).expect("a time")
}

fn events(channels: u32, each: u32) -> Vec<Event> {
    (0..each).flat_map(|number| (0..channels).map(move |channel| event(channel, number))).collect()
}

fn body(asked: &Asked) -> Value {
    serde_json::from_slice(&asked.body).expect("JSON")
}

/// The numbers of each channel's events, in the order in which they came; again ones once.
fn by_channel(bodies: impl IntoIterator<Item = Value>) -> HashMap<String, Vec<u32>> {
    let mut channels: HashMap<String, Vec<u32>> = HashMap::new();
    for event in bodies {
        let channel = event["resources"][0].as_str().expect("a channel").to_owned();
        let number = event["detail"]["reason"].as_str().and_then(|text| text.parse().ok()).expect("a number");
        let numbers = channels.entry(channel).or_default();
        if !numbers.contains(&number) {
            numbers.push(number);
        }
    }
    channels
}

fn assert_in_order(channels: &HashMap<String, Vec<u32>>, count: usize, each: u32) {
    assert_eq!(channels.len(), count);
    for (channel, numbers) in channels {
        assert_eq!(*numbers, (0..each).collect::<Vec<_>>(), "{channel}");
    }
}

fn lines(path: &Path) -> Vec<Value> {
    let text = std::fs::read_to_string(path).unwrap_or_default();
    text.lines().map(|line| serde_json::from_str(line).expect("whole lines")).collect()
}

#[tokio::test]
async fn a_webhook_gets_each_event_signed_and_in_its_channels_order() {
    let store = Store::in_memory().await.expect("a store");
    let answerer = Answerer::start(|_| Reply::Wire(Reply::json(204, ""))).await;
    let house = House::open(&store, "one", &webhook(&answerer, "headers = { x-key = \"k\" }")).await;
    let put = events(20, 10);
    store.put_events(&put).await.expect("put");
    house.wait("all deliveries", |counts| counts.delivered == 200).await;
    let asked = answerer.asked();
    assert_eq!(asked.len(), 200);
    assert_in_order(&by_channel(asked.iter().map(body)), 20, 10);
    let envelopes: HashMap<_, _> = put.iter().map(|event| (event.id.to_string(), event.envelope())).collect();
    let secret = Secret::parse(SECRET).expect("a secret");
    for request in &asked {
        let header = |name: &str| request.head.headers[name].to_str().expect("text").to_owned();
        assert_eq!(envelopes[&header("webhook-id")].as_bytes(), request.body, "the very text");
        let timestamp = header("webhook-timestamp").parse().expect("seconds");
        assert_eq!(header("webhook-signature"), secret.sign(&header("webhook-id"), timestamp, &request.body));
        assert_eq!(
            (header("content-type"), header("x-key")),
            ("application/json".to_owned(), "k".to_owned())
        );
    }
    house.close().await;
    let sinks = store.sinks().await.expect("read");
    assert_eq!((sinks[0].position, sinks[0].holder.as_str()), (200, ""), "left at the end, and let go");
}

#[tokio::test]
async fn a_pattern_chooses() {
    let store = Store::in_memory().await.expect("a store");
    let folder = tempfile::tempdir().expect("a folder");
    let path = folder.path().join("events");
    let pattern =
        r#"pattern = '''{"detail": {"reason": [{"anything-but": "1"}]}, "resources": [{"suffix": "1"}]}'''"#;
    let house = House::open(&store, "one", &file(&path, pattern)).await;
    store.put_events(&events(3, 3)).await.expect("put");
    house.wait("two lines", |counts| counts.delivered == 2).await;
    house.close().await;
    let reasons: Vec<_> = lines(&path).into_iter().map(|event| event["detail"]["reason"].clone()).collect();
    assert_eq!(reasons, [json!("0"), json!("2")]);
    assert_eq!(store.sinks().await.expect("read")[0].position, 9, "unwanted events are passed, too");
}

#[tokio::test]
async fn a_new_sink_starts_with_what_happens_after_it_was_bound() {
    let store = Store::in_memory().await.expect("a store");
    let folder = tempfile::tempdir().expect("a folder");
    let path = folder.path().join("events");
    store.put_events(&[event(0, 0)]).await.expect("put");
    let house = House::open(&store, "one", &file(&path, "")).await;
    store.put_events(&[event(0, 1)]).await.expect("put");
    house.wait("a line", |counts| counts.delivered == 1).await;
    assert_eq!(lines(&path)[0]["detail"]["reason"], "1");
    house.close().await;
}

#[tokio::test]
async fn a_sink_that_is_down_delays_no_other_and_gets_everything_later() {
    let store = Store::in_memory().await.expect("a store");
    let folder = tempfile::tempdir().expect("a folder");
    let path = folder.path().join("events");
    let up = Arc::new(AtomicBool::new(false));
    let is_up = Arc::clone(&up);
    let answerer = Answerer::start(move |_| match is_up.load(Ordering::Relaxed) {
        true => Reply::Wire(Reply::json(200, "{}")),
        false => Reply::Hangup,
    });
    let answerer = answerer.await;
    let sinks = format!("{}{}", webhook(&answerer, ""), file(&path, ""));
    let house = House::open(&store, "one", &sinks).await;
    store.put_events(&events(5, 20)).await.expect("put");
    until("all lines", async || house.counts.read()[1].delivered == 100).await;
    house
        .wait("failures", |counts| counts.failed >= 5 && counts.delivered == 0 && counts.waiting == 100)
        .await;
    up.store(true, Ordering::Relaxed);
    house.wait("all deliveries", |counts| counts.delivered == 100 && counts.waiting == 0).await;
    assert_eq!(by_channel(lines(&path)).len(), 5);
    assert_in_order(&by_channel(lines(&path)), 5, 20);
    assert_in_order(&by_channel(answerer.asked().iter().map(body)), 5, 20);
    assert!(house.dead().await.is_empty());
    house.close().await;
}

#[tokio::test]
async fn one_channels_trouble_holds_up_no_other_channel() {
    let store = Store::in_memory().await.expect("a store");
    let poison =
        |asked: &Asked| body(asked)["resources"][0].as_str().is_some_and(|arn| arn.ends_with("00003"));
    let answerer = Answerer::start(move |asked| match poison(asked) {
        true => Reply::Wire(Reply::json(500, "no")),
        false => Reply::Wire(Reply::json(200, "yes")),
    });
    let answerer = answerer.await;
    let house = House::open(&store, "one", &webhook(&answerer, "")).await;
    store.put_events(&events(10, 30)).await.expect("put");
    house.wait("the other channels", |counts| counts.delivered == 270 && counts.waiting == 30).await;
    house.close().await;
    let position = store.sinks().await.expect("read")[0].position;
    assert_eq!(position, 3, "the position stays before the first event that was not delivered");
}

#[tokio::test]
async fn what_a_receiver_refuses_five_times_is_a_dead_letter_until_it_is_delivered_again() {
    let store = Store::in_memory().await.expect("a store");
    let status = Arc::new(AtomicU32::new(410));
    let answer = Arc::clone(&status);
    let answerer = Answerer::start(move |asked| {
        let is_second = body(asked)["detail"]["reason"] == "1";
        let status = if is_second { answer.load(Ordering::Relaxed) } else { 200 };
        Reply::Wire(Reply::json(u16::try_from(status).expect("a status"), "{}"))
    });
    let answerer = answerer.await;
    let house = House::open(&store, "one", &webhook(&answerer, "")).await;
    let put = events(1, 3);
    store.put_events(&put).await.expect("put");
    house.wait("the third event", |counts| counts.delivered == 2 && counts.dead == 1).await;
    let dead = house.dead().await;
    assert_eq!((&dead[0].id, dead[0].attempts, dead[0].reason.as_str()), (&put[1].id, 5, "it answered 410"));
    assert_eq!(dead[0].envelope, put[1].envelope());

    assert_eq!(store.redeliver(Some("hook"), None, None).await.expect("marked"), 1);
    house.wait("another failure", |counts| counts.failed == 6).await;
    until("the letter with one more try", async || house.dead().await[0].attempts == 6).await;
    assert!(store.due_letters("hook", 9).await.expect("read").is_empty(), "it waits for the next order");

    status.store(200, Ordering::Relaxed);
    store.redeliver(None, Some(&put[1].id), None).await.expect("marked");
    until("no letter", async || house.dead().await.is_empty()).await;
    house.wait("the last delivery", |counts| counts.delivered == 3).await;
    house.close().await;
}

#[tokio::test]
async fn receivers_that_redirect_stall_or_talk_nonsense_do_not_count_as_delivered() {
    let store = Store::in_memory().await.expect("a store");
    let tries = AtomicU32::new(0);
    let elsewhere = Answerer::start(|_| Reply::Wire(Reply::json(200, ""))).await;
    let location = format!("location: {}\r\n", elsewhere.url("/"));
    let answerer = Answerer::start(move |_| match tries.fetch_add(1, Ordering::Relaxed) {
        0 => Reply::Wire(Reply::with(307, &location, "")),
        1 => Reply::Stalled(b"HTTP/1.1 200 OK\r\ncontent-length: 10\r\n\r\nhal".to_vec()),
        2 => Reply::Wire(b"!\r\n\r\n".to_vec()),
        _ => Reply::Wire(Reply::json(200, "")),
    });
    let answerer = answerer.await;
    let house = House::open(&store, "one", &webhook(&answerer, "timeout_seconds = 1")).await;
    store.put_events(&[event(0, 0)]).await.expect("put");
    house.wait("the delivery", |counts| counts.delivered == 1).await;
    assert_eq!(house.counts.read()[0].failed, 3);
    assert!(elsewhere.asked().is_empty());
    house.close().await;
}

#[tokio::test]
async fn a_server_that_dies_in_the_middle_loses_nothing_and_keeps_the_order() {
    let store = Store::in_memory().await.expect("a store");
    let gate = Arc::new(Semaphore::new(37));
    let held = Arc::clone(&gate);
    let answerer = Answerer::start(move |_| Reply::Gated(Arc::clone(&held), Reply::json(200, ""))).await;
    let sinks = webhook(&answerer, "timeout_seconds = 60");
    let house = House::open(&store, "one", &sinks).await;
    store.put_events(&events(7, 20)).await.expect("put");
    house.wait("some deliveries", |counts| counts.delivered == 37).await;
    house.kill().await;
    gate.add_permits(100_000);
    let house = House::open(&store, "one", &sinks).await;
    until("everything", async || {
        by_channel(answerer.asked().iter().map(body)).values().flatten().count() == 140
    })
    .await;
    house.wait("rest", |counts| counts.waiting == 0).await;
    assert_in_order(&by_channel(answerer.asked().iter().map(body)), 7, 20);
    house.close().await;
    assert_eq!(store.sinks().await.expect("read")[0].position, 140);
}

#[tokio::test]
async fn of_two_servers_one_delivers_and_the_other_goes_on_when_it_is_gone() {
    let store = Store::in_memory().await.expect("a store");
    let answerer = Answerer::start(|_| Reply::Wire(Reply::json(200, ""))).await;
    let one = House::open(&store, "one", &webhook(&answerer, "")).await;
    let two = House::open(&store, "two", &webhook(&answerer, "")).await;
    store.put_events(&[event(0, 0)]).await.expect("put");
    one.wait("the first", |counts| counts.delivered == 1).await;
    one.close().await;
    store.put_events(&[event(0, 1)]).await.expect("put");
    two.wait("the second", |counts| counts.delivered == 1).await;
    assert_eq!(answerer.asked().len(), 2, "each came once");
    two.close().await;
}

#[tokio::test]
async fn when_a_server_dies_another_goes_on_where_it_was() {
    let store = Store::in_memory().await.expect("a store");
    let answerer = Answerer::start(|_| Reply::Wire(Reply::json(200, ""))).await;
    let one = House::open(&store, "one", &webhook(&answerer, "")).await;
    store.put_events(&events(3, 4)).await.expect("put");
    one.wait("the first", |counts| counts.delivered == 12).await;
    one.kill().await;
    let two = House::open(&store, "two", &webhook(&answerer, "")).await;
    store
        .put_events(&(4..9).flat_map(|number| (0..3).map(move |at| event(at, number))).collect::<Vec<_>>())
        .await
        .expect("put");
    assert_eq!(two.counts.read()[0].delivered, 0, "the dead one's lease is not over");
    two.wait("the rest", |counts| counts.delivered >= 15 && counts.waiting == 0).await;
    assert_in_order(&by_channel(answerer.asked().iter().map(body)), 3, 9);
    two.close().await;
}

#[tokio::test]
async fn eventbridge_gets_entries_and_is_believed_about_each() {
    let store = Store::in_memory().await.expect("a store");
    let refused = Arc::new(AtomicU32::new(0));
    let count = Arc::clone(&refused);
    let answerer = Answerer::start(move |asked| {
        let entries = body(asked)["Entries"].as_array().cloned().unwrap_or_default();
        let fate = |entry: &Value| {
            let second = entry["Detail"].as_str().is_some_and(|detail| detail.contains(r#""reason":"1""#));
            if second && count.fetch_add(1, Ordering::Relaxed) < 3 {
                return json!({"ErrorCode": "ThrottlingException", "ErrorMessage": "slowly"});
            }
            json!({"EventId": "1"})
        };
        let fates: Vec<_> = entries.iter().map(fate).collect();
        Reply::Wire(Reply::json(200, &json!({"FailedEntryCount": 0, "Entries": fates}).to_string()))
    });
    let answerer = answerer.await;
    let sinks = format!(
        "[[sink]]\nname = \"bus\"\nkind = \"eventbridge\"\nregion = \"eu-west-1\"\nbus = \"mine\"\nendpoint = \"{}\"",
        answerer.url("")
    );
    let house = House::open(&store, "one", &sinks).await;
    store.put_events(&events(25, 3)).await.expect("put");
    house.wait("all deliveries", |counts| counts.delivered == 75).await;
    assert_eq!(house.counts.read()[0].failed, 3);
    let mut numbers: HashMap<String, Vec<String>> = HashMap::new();
    for asked in answerer.asked() {
        let header = |name: &str| asked.head.headers[name].to_str().expect("text").to_owned();
        assert_eq!(header("x-amz-target"), "AWSEvents.PutEvents");
        assert!(header("authorization").contains("/eu-west-1/events/aws4_request"));
        let entries = body(&asked)["Entries"].as_array().cloned().expect("entries");
        assert!((1..=10).contains(&entries.len()));
        for entry in entries {
            assert_eq!((&entry["Source"], &entry["EventBusName"]), (&json!("aws.ivs"), &json!("mine")));
            assert_eq!(entry["DetailType"], "IVS Stream State Change");
            assert!(entry["Time"].as_i64().is_some_and(|time| (now() / 1000 - time).abs() < 600));
            let detail: Value = serde_json::from_str(entry["Detail"].as_str().expect("text")).expect("JSON");
            let channel = entry["Resources"][0].as_str().expect("an ARN").to_owned();
            numbers.entry(channel).or_default().push(detail["reason"].as_str().expect("text").to_owned());
        }
    }
    assert_eq!(numbers.len(), 25);
    for mut seen in numbers.into_values() {
        seen.dedup();
        assert_eq!(seen, ["0", "1", "2"]);
    }
    house.close().await;
}

#[tokio::test]
async fn a_full_stop_waits_for_what_is_on_its_way() {
    let store = Store::in_memory().await.expect("a store");
    let gate = Arc::new(Semaphore::new(0));
    let held = Arc::clone(&gate);
    let answerer = Answerer::start(move |_| Reply::Gated(Arc::clone(&held), Reply::json(200, ""))).await;
    let house = House::open(&store, "one", &webhook(&answerer, "")).await;
    store.put_events(&[event(0, 0)]).await.expect("put");
    answerer.wait_for(1).await;
    house.stop.cancel();
    gate.add_permits(1);
    house.close().await;
    assert_eq!(store.sinks().await.expect("read")[0].position, 1);
}
