//! Bad days of a broker and of the lines to it.
//!
//! Promise: after each of them all nodes hear one order again, and each envelope that did not arrive was
//! refused, told as lost, or part of a gap that was told.

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::thread;
use std::time::Duration;

use bus::{Body, Bus, BusError, NatsConfig, RoomNews};

use crate::ear::{Ear, PATIENCE, node, room, saying, word, words};
use crate::server::{Line, Server};

const ROOM: &str = "aaaaaaaaaaaa";

async fn bus(url: String, name: &str) -> (Bus, Arc<Ear>) {
    let bus = Bus::nats(NatsConfig::new(url), node(name)).await.expect("a server that is up");
    let ear = Ear::on(&bus);
    (bus, ear)
}

fn say(bus: &Bus, text: &str) -> Result<(), BusError> {
    bus.publish(room(ROOM), saying(text))
}

/// Waits until the bus has a link, or has none.
async fn linked(bus: &Bus, wanted: bool) {
    let wait = async {
        while bus.figures().linked != wanted {
            tokio::time::sleep(Duration::from_millis(5)).await;
        }
    };
    tokio::time::timeout(PATIENCE, wait).await.expect("the link changes");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_broker_that_restarts_is_away_then_a_gap_and_then_one_order_again() {
    let server = Server::start().await;
    let (first, first_ear) = bus(server.url(), "1").await;
    let (second, second_ear) = bus(server.url(), "2").await;
    say(&first, "before").expect("a bus that is up");
    for ear in [&first_ear, &second_ear] {
        ear.words(1).await;
    }
    server.stop();
    for bus in [&first, &second] {
        linked(bus, false).await;
        assert!(matches!(say(bus, "during"), Err(BusError::Away)));
    }
    server.resume().await;
    for bus in [&first, &second] {
        linked(bus, true).await;
    }
    say(&first, "after 1").expect("a bus that is up again");
    say(&second, "after 2").expect("a bus that is up again");
    let heard = first_ear.words(3).await;
    assert_eq!(second_ear.words(3).await, heard);
    assert_eq!(heard[0], "before");
    for ear in [&first_ear, &second_ear] {
        ear.look(|heard| assert_eq!(heard.before_gap, [1], "one gap, where it was"));
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_broker_that_restarts_under_load_loses_nothing_in_silence() {
    let server = Server::start().await;
    let (first, first_ear) = bus(server.url(), "1").await;
    let (_second, second_ear) = bus(server.url(), "2").await;
    let (enough, publisher) = (Arc::new(AtomicBool::new(false)), first.clone());
    let told = Arc::clone(&enough);
    let publisher = thread::spawn(move || {
        let (mut taken, mut refused) = (0, 0);
        for count in 0.. {
            match say(&publisher, &count.to_string()) {
                Ok(()) => taken += 1,
                Err(_) => refused += 1,
            }
            if told.load(Ordering::Relaxed) {
                break;
            }
            thread::park_timeout(Duration::from_micros(100));
        }
        (taken, refused)
    });
    first_ear.words(500).await;
    server.stop();
    linked(&first, false).await;
    server.resume().await;
    linked(&first, true).await;
    let before = first_ear.look(|heard| heard.envelopes.len());
    first_ear.words(before + 500).await;
    enough.store(true, Ordering::Relaxed);
    let (taken, refused) = publisher.join().expect("the publisher does not panic");
    assert!(refused > 0, "the broker was away");
    let settled = first_ear.when(
        "all that was taken to come or be told as lost",
        |heard| heard.envelopes.len() + heard.lost.len() >= taken,
        |heard| (words(&heard.envelopes), heard.lost.len()),
    );
    let (heard, lost) = settled.await;
    assert_eq!(heard.len() + lost, taken);
    assert_rising(&heard);
    let other = second_ear.when(
        "the end",
        |seen| seen.envelopes.last().map(|last| word(last)) == heard.last().cloned(),
        |seen| words(&seen.envelopes),
    );
    assert_rising(&other.await);
}

fn assert_rising(heard: &[String]) {
    let numbers: Vec<usize> = heard.iter().map(|word| word.parse().expect("a number")).collect();
    assert!(numbers.is_sorted_by(|before, after| before < after), "in order and once");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_node_whose_line_was_cut_hears_what_it_missed_and_no_other_notices() {
    let server = Server::start().await;
    let line = Line::to(&server).await;
    let (first, first_ear) = bus(server.url(), "1").await;
    let (second, second_ear) = bus(line.url(), "2").await;
    say(&second, "0").expect("a bus that is up");
    second_ear.words(1).await;
    line.cut().await;
    linked(&second, false).await;
    assert!(matches!(say(&second, "away"), Err(BusError::Away)));
    for count in 1..=200 {
        say(&first, &count.to_string()).expect("a bus that is up");
    }
    first_ear.words(201).await;
    line.mend();
    assert_eq!(second_ear.words(201).await, first_ear.words(201).await);
    for ear in [&first_ear, &second_ear] {
        ear.look(|heard| assert_eq!((heard.gaps, heard.lost.len()), (0, 0)));
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn what_the_broker_forgot_during_a_cut_is_a_gap() {
    let server = Server::start().await;
    let line = Line::to(&server).await;
    let (first, first_ear) = bus(server.url(), "1").await;
    let (second, second_ear) = bus(line.url(), "2").await;
    line.cut().await;
    linked(&second, false).await;
    for count in 0..10 {
        say(&first, &count.to_string()).expect("a bus that is up");
    }
    first_ear.words(10).await;
    let client = async_nats::connect(server.url()).await.expect("a server that is up");
    let stream = async_nats::jetstream::new(client).get_stream("RILLCAST_ROOMS").await.expect("the stream");
    stream.purge().keep(5).await.expect("a purge");
    line.mend();
    let heard = second_ear.words(5).await;
    assert_eq!(heard, ["5", "6", "7", "8", "9"]);
    second_ear.look(|heard| assert_eq!(heard.before_gap, [0]));
    first_ear.look(|heard| assert_eq!(heard.gaps, 0));
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_pulled_cable_is_noticed_and_what_was_on_it_is_told_as_lost() {
    let server = Server::start().await;
    let line = Line::to(&server).await;
    let (first, first_ear) = bus(line.url(), "1").await;
    let (_second, second_ear) = bus(server.url(), "2").await;
    line.stall();
    for count in 0..10 {
        say(&first, &count.to_string()).expect("nobody knows yet");
    }
    linked(&first, false).await;
    assert!(matches!(say(&first, "away"), Err(BusError::Away)));
    let lost = first_ear.when("losses", |heard| heard.lost.len() >= 10, |heard| words(&heard.lost));
    assert_eq!(lost.await, (0..10).map(|count| count.to_string()).collect::<Vec<_>>());
    assert_eq!(first.figures().waiting_bytes, 0);
    line.cut().await;
    line.mend();
    linked(&first, true).await;
    say(&first, "back").expect("a bus that is up again");
    assert_eq!(second_ear.words(1).await, ["back"], "nothing is sent late");
    first_ear.look(|heard| assert_eq!(heard.gaps, 0));
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_line_that_does_not_keep_up_fills_the_bus_and_no_more() {
    let server = Server::start().await;
    let line = Line::to(&server).await;
    let (bus, ear) = bus(line.url(), "1").await;
    line.stall();
    let heavy = "x".repeat(60_000);
    let mut taken = 0;
    let refusal = loop {
        match say(&bus, &heavy) {
            Ok(()) => taken += 1,
            Err(refusal) => break refusal,
        }
    };
    assert!(matches!(refusal, BusError::Full), "{refusal:?}");
    assert!(bus.figures().waiting_bytes <= 32 << 20);
    ear.when("losses", |heard| heard.lost.len() >= taken, |_| ()).await;
    assert_eq!(bus.figures().waiting_bytes, 0);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn what_is_no_envelope_of_this_version_is_a_gap_and_stops_nothing() {
    let server = Server::start().await;
    let (bus, ear) = bus(server.url(), "1").await;
    let client = async_nats::connect(server.url()).await.expect("a server that is up");
    let newer = r#"{"v":2,"n":1,"node":"9","subject":{"Stage":"x"},"body":{"Stage":"x"}}"#;
    for text in ["", "garbage", "{}", "[]", "\u{0}", newer] {
        let subject = "rillcast.rooms.us-west-2.123456789012.aaaaaaaaaaaa";
        client.publish(subject, text.to_owned().into()).await.expect("a server that is up");
    }
    client.flush().await.expect("a server that is up");
    ear.when("a gap", |heard| heard.gaps > 0, |_| ()).await;
    say(&bus, "after").expect("a bus that is up");
    assert_eq!(ear.words(1).await, ["after"]);
    assert_eq!(bus.figures().unreadable, 6);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_stream_that_an_operator_deletes_is_made_again() {
    let server = Server::start().await;
    let (first, first_ear) = bus(server.url(), "1").await;
    let (_second, second_ear) = bus(server.url(), "2").await;
    let client = async_nats::connect(server.url()).await.expect("a server that is up");
    let context = async_nats::jetstream::new(client);
    context.delete_stream("RILLCAST_ROOMS").await.expect("a stream to delete");
    for ear in [&first_ear, &second_ear] {
        ear.when("a gap", |heard| heard.gaps > 0, |_| ()).await;
    }
    linked(&first, true).await;
    say(&first, "after").expect("a bus that is up");
    for ear in [&first_ear, &second_ear] {
        assert_eq!(ear.words(1).await, ["after"]);
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_change_that_could_not_be_told_is_a_gap_for_all_as_soon_as_it_can() {
    let server = Server::start().await;
    let line = Line::to(&server).await;
    let (_first, first_ear) = bus(server.url(), "1").await;
    let (second, second_ear) = bus(line.url(), "2").await;
    line.cut().await;
    linked(&second, false).await;
    assert!(matches!(say(&second, "told to its speaker alone"), Err(BusError::Away)));
    line.mend();
    linked(&second, true).await;
    say(&second, "no gap before this").expect("a bus that is up again");
    for ear in [&first_ear, &second_ear] {
        ear.words(1).await;
        ear.look(|heard| assert_eq!(heard.gaps, 0));
    }
    line.cut().await;
    linked(&second, false).await;
    let changed = || second.publish(room(ROOM), Body::Room(RoomNews::Changed));
    assert!(matches!(changed(), Err(BusError::Away)));
    line.mend();
    for ear in [&first_ear, &second_ear] {
        ear.when("a gap", |heard| heard.gaps == 1, |_| ()).await;
    }
    // Lost on a line instead of refused.
    linked(&second, true).await;
    line.stall();
    changed().expect("nobody knows yet");
    linked(&second, false).await;
    line.cut().await;
    line.mend();
    for ear in [&first_ear, &second_ear] {
        ear.when("a gap", |heard| heard.gaps == 2, |_| ()).await;
    }
}
