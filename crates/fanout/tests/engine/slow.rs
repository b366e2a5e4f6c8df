//! Readers that do not read.
//!
//! Promise: bounded in bytes and seconds, told at a frame's boundary, and nobody else waits for them.

use std::time::{Duration, Instant};

use fanout::{Config, Ended, Engine, Frame, codec};

use crate::harness::{Client, ENGINES, House, config, masked, read, read_to_end, write};

const FAREWELL: &str = "you read too slowly";

fn slow_config(engine: Engine) -> Config {
    Config {
        farewell: Some(Frame::text(FAREWELL)),
        stall: Duration::from_secs(1),
        tick: Duration::ZERO,
        ..config(engine)
    }
}

/// A log that holds all that these tests publish, and time to read it.
fn patient(engine: Engine) -> Config {
    Config { log_bytes: 8 << 20, stall: Duration::from_secs(60), tick: Duration::ZERO, ..config(engine) }
}

/// Takes frames of ours apart; they have to be whole.
fn texts(mut bytes: &[u8]) -> Vec<String> {
    let mut texts = Vec::new();
    while let [0x81, length, rest @ ..] = bytes {
        let (length, rest) = match length {
            126 => (usize::from(u16::from_be_bytes([rest[0], rest[1]])), &rest[2..]),
            short => (usize::from(*short), rest),
        };
        texts.push(String::from_utf8(rest[..length].to_vec()).expect("text"));
        bytes = &rest[length..];
    }
    assert_eq!(bytes, b"", "ends at a boundary");
    texts
}

fn numbered(n: usize) -> String {
    format!("{n} {}", "x".repeat(1000))
}

/// Publishes until the engine has given somebody up; the healthy ones read along.
fn publish_until_slow(house: &House, healthy: &mut [Client]) -> usize {
    let mut n = 0;
    while house.fanout.counts().slow == 0 {
        house.publish(1, &numbered(n));
        for client in healthy.iter_mut() {
            assert_eq!(client.hear(), numbered(n));
        }
        n += 1;
        assert!(n < 20_000, "a stuck reader is bounded");
    }
    n
}

#[test]
fn a_reader_that_falls_off_the_log_gets_whole_frames_then_the_farewell() {
    for engine in ENGINES {
        let house = House::new(slow_config(engine));
        let (stuck, stream) = house.raw(1);
        let mut healthy: Vec<_> = (0..4).map(|_| house.client(1).1).collect();
        let published = publish_until_slow(&house, &mut healthy);
        assert_eq!(house.end_of(stuck), Ended::Slow);
        let (bytes, whole) = read_to_end(&stream);
        assert!(whole, "it reads again before the stall time is over");
        let heard = texts(&bytes);
        let (last, frames) = heard.split_last().expect("frames");
        assert_eq!(last, FAREWELL);
        assert!(frames.iter().enumerate().all(|(n, text)| *text == numbered(n)), "a prefix without a gap");
        assert!(frames.len() < published);
        assert_eq!(house.fanout.counts().connections, 4);
    }
}

#[test]
fn a_stuck_reader_is_ended_in_time_and_then_reset() {
    for engine in ENGINES {
        // The log is large enough for all that follows: only time ends it.
        let house = House::new(Config { log_bytes: 64 << 20, ..slow_config(engine) });
        let (stuck, stream) = house.raw(1);
        let (_, mut healthy) = house.client(1);
        let start = Instant::now();
        let mut n = 0;
        while house.fanout.counts().slow == 0 {
            house.publish(1, &numbered(n));
            assert_eq!(healthy.hear(), numbered(n));
            n += 1;
        }
        assert!(start.elapsed() >= Duration::from_secs(1));
        assert_eq!(house.end_of(stuck), Ended::Slow);
        house.publish(1, "still here");
        assert_eq!(healthy.hear(), "still here");
        // Only when it is reset does the engine hold no more connections; then the stream ends within a frame.
        house.drain(Duration::ZERO);
        let (bytes, whole) = read_to_end(&stream);
        assert!(!whole || !bytes.is_empty());
    }
}

#[test]
fn a_reader_that_pauses_catches_up_without_a_gap() {
    for engine in ENGINES {
        let house = House::new(patient(engine));
        let (_, stream) = house.raw(1);
        let (_, mut healthy) = house.client(1);
        for n in 0..5000 {
            house.publish(1, &numbered(n));
            assert_eq!(healthy.hear(), numbered(n));
        }
        let mut late = Client::new(stream);
        for n in 0..5000 {
            assert_eq!(late.hear(), numbered(n));
        }
        house.publish(1, "after");
        assert_eq!((late.hear(), healthy.hear()), ("after".into(), "after".into()));
    }
}

#[test]
fn own_frames_stand_between_whole_frames_for_a_reader_that_lags() {
    for engine in ENGINES {
        let house = House::new(patient(engine));
        let (lagging, stream) = house.raw(1);
        let (_, mut healthy) = house.client(1);
        let mut expected = Vec::new();
        for n in 0..3000 {
            house.publish(1, &numbered(n));
            expected.push(numbered(n));
            if n % 100 == 0 {
                house.fanout.send(lagging, Frame::text(&format!("own {n}")));
                expected.push(format!("own {n}"));
            }
            assert_eq!(healthy.hear(), numbered(n));
        }
        // Its pings are answered once, behind all else.
        write(&stream, &[masked(0x89, b"1"), masked(0x89, b"2")].concat());
        let mut late = Client::new(stream);
        for text in expected {
            assert_eq!(late.hear(), text);
        }
    }
}

#[test]
fn own_frames_for_a_reader_that_does_not_read_are_bounded() {
    for engine in ENGINES {
        let house = House::new(slow_config(engine));
        let (stuck, stream) = house.raw(1);
        let mut sent = 0;
        while house.fanout.counts().slow == 0 {
            house.fanout.send(stuck, Frame::text(&numbered(sent)));
            sent += 1;
            assert!(sent < 100_000, "bounded");
        }
        assert_eq!(house.end_of(stuck), Ended::Slow);
        let heard = texts(&read_to_end(&stream).0);
        assert_eq!(heard.last().map(String::as_str), Some(FAREWELL));
    }
}

#[test]
fn a_reader_that_lags_gets_all_before_its_close_frame() {
    for engine in ENGINES {
        let house = House::new(patient(engine));
        let (lagging, stream) = house.raw(1);
        for n in 0..3000 {
            house.publish(1, &numbered(n));
        }
        house.fanout.close(lagging, fanout::Close::Frame { code: 1001, reason: "enough".into() });
        assert_eq!(house.end_of(lagging), Ended::ByOwner);
        let mut late = Client::new(stream);
        for n in 0..3000 {
            assert_eq!(late.hear(), numbered(n));
        }
        assert_eq!(late.hear_close(), (1001, "enough".into()));
    }
}

#[test]
fn a_large_greeting_is_delivered_whole() {
    for engine in ENGINES {
        let house = House::new(config(engine));
        let frames: Vec<_> = (0..2000).map(numbered).collect();
        let greeting: Vec<_> = frames.iter().map(String::as_str).collect();
        let (_, stream) = house.seat(1, &greeting, None);
        house.publish(1, "all");
        let mut client = Client::new(stream);
        for frame in frames {
            assert_eq!(client.hear(), frame);
        }
        assert_eq!(client.hear(), "all");
    }
}

#[test]
fn a_frame_larger_than_the_log_reaches_those_who_read() {
    for engine in ENGINES {
        let house = House::new(Config { log_bytes: 1000, ..config(engine) });
        let (_, stream) = house.raw(1);
        house.publish(1, &"x".repeat(20_000));
        let expected = codec::text(&"x".repeat(20_000));
        assert_eq!(read(&stream, expected.len()), expected);
    }
}

#[test]
fn what_waits_for_a_shard_is_bounded_and_its_readers_are_told() {
    for engine in ENGINES {
        let house = House::new(Config { shards: 1, ..slow_config(engine) });
        let (stuck, stream) = house.raw(1);
        let (_, mut blocker) = house.client(2);
        // The service keeps its thread busy while more is published than may wait.
        let gate = house.block(&mut blocker);
        let large = Frame::text(&"x".repeat(1 << 20));
        for _ in 0..64 {
            house.fanout.publish(fanout::Group(1), &large);
        }
        drop(gate);
        assert_eq!(house.end_of(stuck), Ended::Slow);
        read_to_end(&stream);
        house.publish(2, "unharmed");
        assert_eq!(blocker.hear(), "unharmed");
    }
}
