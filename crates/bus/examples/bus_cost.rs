//! What carrying costs: nanoseconds a publication inside a process and, given a NATS server's address, how many
//! envelopes a second go to a broker and back, and how long one alone takes.
//!
//! `cargo run --release -p bus --example bus_cost [nats://127.0.0.1:4222]`
//!
//! Promise: receivers do nothing but count, so what is printed is the bus's own.

use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::{Duration, Instant};

use bus::{Body, Bus, Envelope, FrameKind, NatsConfig, NodeId, Receiver, RoomNews, Subject};
use domain::Arn;
use tokio::sync::Notify;

const INSIDE: u32 = 1_000_000;
const OUTSIDE: u64 = 200_000;
const ALONE: u32 = 500;

#[derive(Default)]
struct Count {
    heard: AtomicU64,
    news: Notify,
}

impl Receiver for Count {
    fn receive(&self, _: &Arc<Envelope>) {
        self.heard.fetch_add(1, Ordering::Relaxed);
        self.news.notify_one();
    }

    fn gap(&self) {}

    fn lost(&self, _: &Arc<Envelope>) {
        println!("lost one");
    }
}

impl Count {
    async fn until(&self, count: u64) {
        while self.heard.load(Ordering::Relaxed) < count {
            self.news.notified().await;
        }
    }
}

fn main() -> Result<(), Box<dyn std::error::Error>> {
    inside();
    match std::env::args().nth(1) {
        Some(url) => tokio::runtime::Runtime::new()?.block_on(outside(url)),
        None => Ok(()),
    }
}

fn node(name: &str) -> NodeId {
    NodeId(name.to_owned())
}

fn room() -> Subject {
    let arn = Arn::parse("arn:aws:ivschat:us-west-2:123456789012:room/AbCdEfGh0123");
    Subject::Room(arn.expect("a well-formed ARN"))
}

/// A message of 200 bytes, as chat makes them; its texts exist already.
fn message() -> Body {
    let (id, sender, payload) = ("AbCdEfGh0123".into(), Some("user".into()), "x".repeat(200).into());
    Body::Room(RoomNews::Frame { kind: FrameKind::Message, id, sender, at: 0, payload })
}

fn inside() {
    let (bus, count) = (Bus::in_process(node("1")), Arc::new(Count::default()));
    bus.subscribe(Arc::clone(&count) as Arc<dyn Receiver>);
    let (subject, body) = (room(), message());
    let began = Instant::now();
    for _ in 0..INSIDE {
        let _ = bus.publish(subject.clone(), body.clone());
    }
    println!("in process: {:?} each, with the copy of subject and body", began.elapsed() / INSIDE);
    let began = Instant::now();
    for _ in 0..INSIDE {
        std::hint::black_box((subject.clone(), body.clone()));
    }
    println!("            {:?} each is that copy", began.elapsed() / INSIDE);
}

async fn outside(url: String) -> Result<(), Box<dyn std::error::Error>> {
    let mut nodes = Vec::new();
    for name in ["1", "2"] {
        let (bus, count) = (Bus::nats(NatsConfig::new(&url), node(name)).await?, Arc::new(Count::default()));
        bus.subscribe(Arc::clone(&count) as Arc<dyn Receiver>);
        nodes.push((bus, count));
    }
    let (bus, own) = &nodes[0];
    let other = &nodes[1].1;
    let began = Instant::now();
    for turn in 0..u64::from(ALONE) {
        bus.publish(room(), message())?;
        other.until(turn + 1).await;
    }
    println!("through NATS: {:?} from one node to the other", began.elapsed() / ALONE);
    let (began, mut refused) = (Instant::now(), 0_u64);
    for _ in 0..OUTSIDE {
        while bus.publish(room(), message()).is_err() {
            refused += 1;
            tokio::time::sleep(Duration::from_millis(1)).await;
        }
    }
    let all = u64::from(ALONE) + OUTSIDE;
    own.until(all).await;
    other.until(all).await;
    let rate = u128::from(OUTSIDE) * 1_000 / began.elapsed().as_millis().max(1);
    println!("through NATS: {rate} a second, heard by two nodes; the queue was full {refused} times");
    bus.close().await;
    Ok(())
}
