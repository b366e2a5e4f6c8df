//! How connections end by their owner.
//!
//! Promise: kicks, deadlines, cuts and drains, as clients see them.

use std::time::{Duration, Instant};

use fanout::{Close, Config, Ended};

use crate::harness::{ENGINES, House, PATIENCE, config, read_to_end};

#[test]
fn what_was_published_before_comes_before_the_close_frame() {
    for engine in ENGINES {
        let house = House::new(config(engine));
        let (victim, mut client) = house.client(1);
        for n in 0..20 {
            house.publish(1, &n.to_string());
        }
        house.fanout.close(victim, Close::Frame { code: 1001, reason: "moderated".into() });
        house.publish(1, "too late");
        for n in 0..20 {
            assert_eq!(client.hear(), n.to_string());
        }
        assert_eq!(client.hear_close(), (1001, "moderated".into()));
        assert_eq!(house.end_of(victim), Ended::ByOwner);
    }
}

#[test]
fn a_long_reason_is_cut_on_a_characters_boundary() {
    for engine in ENGINES {
        let house = House::new(config(engine));
        let (victim, mut client) = house.client(1);
        house.fanout.close(victim, Close::Frame { code: 4000, reason: "\u{e9}".repeat(200) });
        assert_eq!(client.hear_close(), (4000, "\u{e9}".repeat(61)));
    }
}

#[test]
fn one_client_kicks_another_and_itself() {
    for engine in ENGINES {
        let house = House::new(config(engine));
        let (first, mut one) = house.client(1);
        let (second, mut two) = house.client(1);
        one.say(&format!("kick {}", second.0));
        assert_eq!(two.hear_close(), (1001, "kicked".into()));
        assert_eq!(house.end_of(second), Ended::ByOwner);
        one.say("leave it");
        one.say("say never heard");
        assert_eq!(one.hear(), "last words");
        assert_eq!(one.hear_close(), (4000, "it".into()));
        assert_eq!(house.end_of(first), Ended::ByOwner);
        // Nobody is there any more, and that is no matter.
        house.fanout.close(first, Close::Cut);
        house.fanout.send(second, fanout::Frame::text("hello"));
    }
}

#[test]
fn a_client_that_ignores_the_close_frame_is_ended_all_the_same() {
    for engine in ENGINES {
        let house = House::new(config(engine));
        let (victim, client) = house.raw(1);
        house.fanout.close(victim, Close::Frame { code: 1001, reason: String::new() });
        let (bytes, _) = read_to_end(&client);
        assert_eq!(bytes, [0x88, 2, 0x03, 0xe9]);
    }
}

#[test]
fn a_cut_shows_no_close_frame_but_all_that_was_published_before() {
    for engine in ENGINES {
        let house = House::new(config(engine));
        let (victim, client) = house.raw(1);
        house.publish(1, "one");
        house.publish(1, "two");
        house.fanout.close(victim, Close::Cut);
        assert_eq!(read_to_end(&client), (b"\x81\x03one\x81\x03two".to_vec(), true));
        assert_eq!(house.end_of(victim), Ended::ByOwner);
    }
}

#[test]
fn a_deadline_comes_when_it_is_due() {
    for engine in ENGINES {
        let house = House::new(config(engine));
        let start = Instant::now();
        let (connection, stream) = house.seat(1, &[], Some(Duration::from_millis(300)));
        let mut client = crate::harness::Client::new(stream);
        assert_eq!(client.hear(), "time is up");
        assert!(start.elapsed() >= Duration::from_millis(300));
        assert_eq!(client.hear_close(), (4001, "due".into()));
        assert_eq!(house.end_of(connection), Ended::ByOwner);
    }
}

#[test]
fn a_drain_cuts_all_one_by_one_and_takes_no_more() {
    for engine in ENGINES {
        let house = House::new(config(engine));
        let clients: Vec<_> = (0..20).map(|_| house.raw(1)).collect();
        let start = Instant::now();
        let ends = std::thread::scope(|scope| {
            let readers: Vec<_> = clients
                .iter()
                .map(|(_, client)| {
                    scope.spawn(move || {
                        let (bytes, whole) = read_to_end(client);
                        // A client that sees the end goes, too, as real ones do.
                        client.shutdown(std::net::Shutdown::Both).ok();
                        (bytes, whole, start.elapsed())
                    })
                })
                .collect();
            house.drain(Duration::from_secs(1));
            readers.into_iter().map(|reader| reader.join().expect("read")).collect::<Vec<_>>()
        });
        assert!(ends.iter().all(|(bytes, whole, _)| bytes.is_empty() && *whole));
        // Two shards of ten each: one of each at once, the last ones after nine tenths of the time.
        assert!(ends.iter().any(|(_, _, after)| *after >= Duration::from_millis(850)));
        assert_eq!(house.ended.iter().take(20).filter(|(_, why)| *why == Ended::ByOwner).count(), 20);
        let (server, _client) = house.pair();
        assert!(house.try_adopt(server, 1).is_err());
        assert_eq!(house.fanout.members(fanout::Group(1)), 0);
    }
}

#[test]
fn a_drain_ends_though_clients_never_answer() {
    for engine in ENGINES {
        let house = House::new(Config { shards: 1, ..config(engine) });
        let clients: Vec<_> = (0..5).map(|_| house.raw(1)).collect();
        let start = Instant::now();
        house.drain(Duration::ZERO);
        assert!(start.elapsed() < PATIENCE);
        drop(clients);
    }
}

#[test]
fn the_last_handle_takes_the_connections_along() {
    for engine in ENGINES {
        let (server, client) = {
            let house = House::new(config(engine));
            let (_, client) = house.raw(1);
            // The service holds a handle, too: it is the last one.
            house.fanout.service().forget();
            (house, client)
        };
        drop(server);
        assert_eq!(read_to_end(&client).0, b"");
    }
}
