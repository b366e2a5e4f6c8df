//! One suite for all backends.
//!
//! Promise: each test runs on the in-process bus and on three nodes with a NATS server between them.

use std::collections::{BTreeMap, HashMap, HashSet};
use std::sync::Arc;
use std::thread;

use bus::{Body, Bus, BusError, Envelope, FrameKind, NatsConfig, RoomNews, Subject};

use crate::ear::{Ear, node, room, saying, word};
use crate::server::Server;

/// Buses that belong together, and what they live on.
struct Cluster {
    nodes: Vec<Bus>,
    _server: Option<Server>,
}

impl Cluster {
    fn single() -> Self {
        Self { nodes: vec![Bus::in_process(node("0"))], _server: None }
    }

    async fn of_three() -> Self {
        let server = Server::start().await;
        let mut nodes = Vec::new();
        for name in ["0", "1", "2"] {
            let bus = Bus::nats(NatsConfig::new(server.url()), node(name)).await;
            nodes.push(bus.expect("a server that is up"));
        }
        Self { nodes, _server: Some(server) }
    }

    /// Two ears on each node.
    fn ears(&self) -> Vec<Arc<Ear>> {
        self.nodes.iter().flat_map(|bus| [Ear::on(bus), Ear::on(bus)]).collect()
    }

    fn node(&self, index: usize) -> &Bus {
        &self.nodes[index % self.nodes.len()]
    }
}

macro_rules! on_each_backend {
    ($($test:ident),+ $(,)?) => {
        mod in_process {
            $(#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
            async fn $test() {
                super::$test(super::Cluster::single()).await;
            })+
        }
        mod nats {
            $(#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
            async fn $test() {
                super::$test(super::Cluster::of_three().await).await;
            })+
        }
    };
}

on_each_backend! {
    all_receivers_hear_one_order_of_concurrent_publishers,
    every_kind_of_news_arrives_as_it_was_said,
    an_envelope_carries_the_node_that_published_it,
    a_receiver_hears_from_its_subscription_on,
    the_heaviest_envelope_passes_and_a_heavier_one_is_refused,
    nothing_is_carried_after_the_close_but_all_from_before_is,
}

const THREADS: usize = 6;
const EACH: usize = 500;
const ROOMS: [&str; 3] = ["aaaaaaaaaaaa", "bbbbbbbbbbbb", "cccccccccccc"];

async fn all_receivers_hear_one_order_of_concurrent_publishers(cluster: Cluster) {
    let ears = cluster.ears();
    let publishers: Vec<_> = (0..THREADS)
        .map(|thread| {
            let bus = cluster.node(thread).clone();
            thread::spawn(move || {
                for count in 0..EACH {
                    let said = bus.publish(room(ROOMS[count % 3]), saying(&format!("{thread} {count}")));
                    said.expect("far fewer than are too many");
                }
            })
        })
        .collect();
    for publisher in publishers {
        publisher.join().expect("no publisher panics");
    }
    let mut orders = Vec::new();
    for ear in &ears {
        let all = ear.words(THREADS * EACH).await;
        assert_eq!(all.len(), THREADS * EACH, "nothing twice");
        assert_eq!(all.iter().collect::<HashSet<_>>().len(), all.len(), "nothing twice in another's place");
        assert_threads_keep_their_order(ear);
        orders.push(by_room(ear));
        assert_eq!(ear.look(|heard| (heard.gaps, heard.lost.len())), (0, 0));
    }
    for other in &orders[1..] {
        assert!(orders[0] == *other, "two receivers heard two orders");
    }
}

fn by_room(ear: &Ear) -> HashMap<Subject, Vec<String>> {
    ear.look(|heard| {
        let mut rooms: HashMap<Subject, Vec<String>> = HashMap::new();
        for envelope in &heard.envelopes {
            rooms.entry(envelope.subject.clone()).or_default().push(word(envelope));
        }
        rooms
    })
}

fn assert_threads_keep_their_order(ear: &Ear) {
    ear.look(|heard| {
        let mut last: HashMap<(&Subject, String), usize> = HashMap::new();
        for envelope in &heard.envelopes {
            let said = word(envelope);
            let (thread, count) = said.split_once(' ').expect("the form of this test's words");
            let count = count.parse().expect("a number");
            let before = last.insert((&envelope.subject, thread.to_owned()), count);
            assert!(before.is_none_or(|before| before < count), "{thread} said {count} after {before:?}");
        }
    });
}

async fn every_kind_of_news_arrives_as_it_was_said(cluster: Cluster) {
    let ears = cluster.ears();
    let odd = "{\"Content\":\"\u{1f600} \\u0000 \\\"\u{7f}\u{2028}\"}";
    let attributes =
        BTreeMap::from([("UserId".to_owned(), "\u{0}\n\"ü".to_owned()), (String::new(), String::new())]);
    let frame = |kind, sender: Option<&str>| RoomNews::Frame {
        kind,
        id: "abcdefABCDEF".into(),
        sender: sender.map(Arc::from),
        at: i64::MAX,
        payload: odd.into(),
    };
    let kick = |reason: Option<&str>| RoomNews::Disconnect {
        id: "i".into(),
        at: -1,
        payload: odd.into(),
        user: "ü\"\\".into(),
        reason: reason.map(Arc::from),
    };
    let all = [
        frame(FrameKind::Message, Some("s")),
        frame(FrameKind::Event, None),
        kick(None),
        kick(Some("")),
        RoomNews::ToUser { user: "u".into(), payload: odd.into() },
        RoomNews::Command { name: "rillcast:BAN_USER".into(), attributes },
        RoomNews::Changed,
    ];
    for news in &all {
        let said = cluster.node(0).publish(room(ROOMS[0]), Body::Room(news.clone()));
        said.expect("a bus that is up");
    }
    for ear in &ears {
        let heard = ear.when(
            "all kinds",
            |heard| heard.envelopes.len() >= all.len(),
            |heard| heard.envelopes.iter().map(|envelope| envelope.body.clone()).collect::<Vec<_>>(),
        );
        assert_eq!(heard.await, all.clone().map(Body::Room));
    }
}

async fn an_envelope_carries_the_node_that_published_it(cluster: Cluster) {
    let ears = cluster.ears();
    let count = cluster.nodes.len();
    for (index, bus) in cluster.nodes.iter().enumerate() {
        bus.publish(room(ROOMS[0]), saying(&index.to_string())).expect("a bus that is up");
    }
    for ear in &ears {
        ear.words(count).await;
        ear.look(|heard| {
            for envelope in &heard.envelopes {
                assert_eq!(envelope.node.0, word(envelope));
                assert_eq!(envelope.subject, room(ROOMS[0]));
            }
        });
    }
}

async fn a_receiver_hears_from_its_subscription_on(cluster: Cluster) {
    let first = Ear::on(cluster.node(0));
    cluster.node(0).publish(room(ROOMS[0]), saying("before")).expect("a bus that is up");
    first.words(1).await;
    let second = Ear::on(cluster.node(0));
    cluster.node(0).publish(room(ROOMS[0]), saying("after")).expect("a bus that is up");
    assert_eq!(first.words(2).await, ["before", "after"]);
    assert_eq!(second.words(1).await, ["after"]);
}

async fn the_heaviest_envelope_passes_and_a_heavier_one_is_refused(cluster: Cluster) {
    let ears = cluster.ears();
    let rest = "0".len() + "id".len() + "sender".len();
    // Of this, JSON makes six bytes each.
    let most = "\u{1}".repeat(Envelope::MAX_WEIGHT - rest);
    let refused = cluster.node(0).publish(room(ROOMS[0]), saying(&format!("{most}!")));
    assert!(matches!(refused, Err(BusError::TooLarge)));
    cluster.node(0).publish(room(ROOMS[0]), saying(&most)).expect("within the bounds");
    for ear in &ears {
        assert_eq!(ear.words(1).await, std::slice::from_ref(&most));
    }
}

async fn nothing_is_carried_after_the_close_but_all_from_before_is(cluster: Cluster) {
    let ears = cluster.ears();
    if let [first, others @ ..] = &cluster.nodes[..] {
        for count in 0..1_000 {
            first.publish(room(ROOMS[0]), saying(&count.to_string())).expect("a bus that is up");
        }
        first.close().await;
        let figures = first.figures();
        assert_eq!((figures.lost, figures.waiting_bytes), (0, 0));
        if !others.is_empty() {
            assert!(matches!(first.publish(room(ROOMS[0]), saying("late")), Err(BusError::Away)));
        }
    }
    for ear in &ears {
        assert_eq!(ear.words(1_000).await.len(), 1_000);
    }
}
