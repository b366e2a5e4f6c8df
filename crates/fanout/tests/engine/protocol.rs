//! What clients may say and what becomes of it.
//!
//! Promise: RFC 6455's rules for a server, each refusal with its close code.

use std::net::{Shutdown, TcpStream};
use std::time::Duration;

use fanout::{Config, Ended, Engine};
use tokio_tungstenite::tungstenite::Message;
use tokio_tungstenite::tungstenite::protocol::CloseFrame;
use tokio_tungstenite::tungstenite::protocol::frame::coding::CloseCode;

use crate::harness::{ENGINES, House, config, masked, read, read_to_end, write};

const TEXT: u8 = 0x81;

/// The close frame with a code that ends a stream of bytes.
fn close_code(bytes: &[u8]) -> Option<u16> {
    match bytes {
        [0x88, length, high, low, ..] if *length >= 2 => Some(u16::from_be_bytes([*high, *low])),
        _ => None,
    }
}

/// What a client gets that says these bytes and nothing else, and why it ended.
fn answer(engine: Engine, bytes: &[u8]) -> (Vec<u8>, Ended) {
    let house = House::new(Config { max_message: 1000, ..config(engine) });
    let (connection, client) = house.raw(1);
    write(&client, bytes);
    let (answer, whole) = read_to_end(&client);
    assert!(whole, "a reset may cost the client our close frame");
    (answer, house.end_of(connection))
}

#[test]
fn a_message_may_come_byte_by_byte_and_in_fragments_with_pings_between() {
    for engine in ENGINES {
        let house = House::new(config(engine));
        let (_, client) = house.raw(1);
        let mut bytes = masked(0x01, b"say h");
        bytes.extend(masked(0x89, b"there?"));
        bytes.extend(masked(0x00, "\u{e9}".as_bytes().split_at(1).0));
        bytes.extend(masked(0x80, "\u{e9}".as_bytes().split_at(1).1));
        for byte in bytes {
            write(&client, &[byte]);
        }
        let pong = [&[0x8a, 6][..], b"there?"].concat();
        assert_eq!(read(&client, pong.len()), pong);
        assert_eq!(read(&client, 5), [0x81, 3, b'h', 0xc3, 0xa9]);
    }
}

#[test]
fn what_breaks_the_protocol_is_answered_with_its_code() {
    let cases: &[(&str, Vec<u8>, u16)] = &[
        ("no mask", vec![TEXT, 2, b'h', b'i'], 1002),
        ("reserved bit", masked(TEXT | 0x40, b"hi"), 1002),
        ("reserved opcode", masked(0x83, b"hi"), 1002),
        ("reserved control opcode", masked(0x8b, b"hi"), 1002),
        ("fragmented ping", masked(0x09, b"hi"), 1002),
        ("long ping", masked(0x89, &[b'x'; 126]), 1002),
        ("continuation of nothing", masked(0x80, b"hi"), 1002),
        ("text within a message", [masked(0x01, b"a"), masked(0x81, b"b")].concat(), 1002),
        ("length not shortest", vec![TEXT, 0x80 | 126, 0, 5, 0, 0, 0, 0, 1, 2, 3, 4, 5], 1002),
        ("close with half a code", masked(0x88, b"x"), 1002),
        ("close with a code for nothing", masked(0x88, &1005u16.to_be_bytes()), 1002),
        ("close with a reason that is no text", masked(0x88, &[0x03, 0xe8, 0xff]), 1007),
        ("binary", masked(0x82, b"hi"), 1003),
        ("not UTF-8", masked(TEXT, &[0xff, 0xfe]), 1007),
        ("half a character", [masked(0x01, &[0xc3]), masked(0x80, b"")].concat(), 1007),
        ("too long, by its header alone", vec![TEXT, 0x80 | 126, 0x03, 0xe9], 1009),
        ("too long in fragments", [masked(0x01, &[b'x'; 900]), masked(0x80, &[b'x'; 101])].concat(), 1009),
        ("absurdly long", [&[TEXT, 0x80 | 127][..], &[0x7f; 8]].concat(), 1009),
    ];
    for engine in ENGINES {
        for (name, bytes, code) in cases {
            let mut bytes = bytes.clone();
            // A header that is refused early must not wait for the mask; one that is not must not wait for ever.
            bytes.extend([0; 4]);
            let (answer, why) = answer(engine, &bytes);
            assert_eq!((close_code(&answer), why), (Some(*code), Ended::Broken), "{name}");
        }
    }
}

#[test]
fn a_client_that_closes_gets_its_code_back_and_a_clean_end() {
    for engine in ENGINES {
        let house = House::new(config(engine));
        let (connection, mut client) = house.client(1);
        let frame = CloseFrame { code: CloseCode::Normal, reason: "bye".into() };
        client.0.close(Some(frame)).expect("sent");
        assert_eq!(client.hear_close().0, 1000);
        assert_eq!(house.end_of(connection), Ended::ByClient);
        assert_eq!(house.fanout.counts().connections, 0);
    }
}

#[test]
fn a_close_frame_without_a_code_is_answered_without_one() {
    for engine in ENGINES {
        let (answer, why) = answer(engine, &masked(0x88, b""));
        assert_eq!((answer.as_slice(), why), (&[0x88, 0][..], Ended::ByClient));
    }
}

#[test]
fn nothing_behind_a_close_frame_is_heard() {
    for engine in ENGINES {
        let house = House::new(config(engine));
        let (_, mut witness) = house.client(1);
        let (connection, client) = house.raw(1);
        write(&client, &[masked(0x88, b""), masked(TEXT, b"say ghost")].concat());
        assert_eq!(house.end_of(connection), Ended::ByClient);
        house.publish(1, "after");
        assert_eq!(witness.hear(), "after");
    }
}

#[test]
fn a_client_that_is_gone_without_a_word_is_lost() {
    for engine in ENGINES {
        let house = House::new(config(engine));
        let (connection, client) = house.raw(1);
        drop(client);
        assert_eq!(house.end_of(connection), Ended::Lost);
        let (connection, client) = house.raw(1);
        client.shutdown(Shutdown::Write).expect("half closed");
        assert_eq!(house.end_of(connection), Ended::Lost);
        assert_eq!(read_to_end(&client).0, b"");
    }
}

#[test]
fn idle_clients_are_pinged_and_two_pings_without_an_answer_end_them() {
    for engine in ENGINES {
        let house = House::new(Config { ping: Duration::from_millis(200), ..config(engine) });
        let (_, mut polite) = house.client(1);
        let (silent, stream) = house.raw(1);
        // Reading answers pings; the silent one's end comes while the polite one stays.
        polite.0.get_mut().set_read_timeout(Some(Duration::from_millis(20))).expect("an option");
        let why = loop {
            match polite.0.read() {
                Ok(Message::Ping(_)) => {}
                Err(tokio_tungstenite::tungstenite::Error::Io(_)) => {}
                other => panic!("unexpected: {other:?}"),
            }
            polite.0.flush().expect("pongs leave");
            if let Ok((connection, why)) = house.ended.try_recv() {
                assert_eq!(connection, silent);
                break why;
            }
        };
        assert_eq!(why, Ended::Silent);
        assert_eq!(read_to_end(&stream).0, [0x89, 0, 0x89, 0]);
        assert_eq!(house.fanout.counts().connections, 1);
    }
}

#[test]
fn bytes_that_came_with_the_handshake_are_heard_first() {
    for engine in ENGINES {
        let house = House::new(config(engine));
        let (server, client) = house.pair();
        let early = masked(TEXT, b"reply early");
        let (now, later) = early.split_at(7);
        house.adopt_with(server, 1, bytes::Bytes::copy_from_slice(now));
        write(&client, later);
        assert_eq!(read(&client, 7), [&[TEXT, 5][..], b"early"].concat());
    }
}

#[test]
fn thousands_of_broken_clients_harm_nobody_else() {
    let mut seed = 0x2545_f491_4f6c_dd1d_u64;
    let mut random = move || {
        seed ^= seed << 13;
        seed ^= seed >> 7;
        seed ^= seed << 17;
        seed.to_le_bytes()
    };
    for engine in ENGINES {
        let house = House::new(config(engine));
        let (_, mut healthy) = house.client(1);
        for round in 0..1000 {
            let (connection, client) = house.raw(1);
            let mut bytes = masked(TEXT, b"nothing at all");
            let noise = random();
            let place = usize::from(noise[0]) % bytes.len();
            bytes[place] ^= noise[1] | 1;
            if noise[2] & 1 == 0 {
                bytes.extend(noise);
            }
            write_what_it_takes(&client, &bytes);
            drop(client);
            house.end_of(connection);
            if round % 100 == 0 {
                house.publish(1, &round.to_string());
                assert_eq!(healthy.hear(), round.to_string());
            }
        }
        assert_eq!(house.fanout.counts().connections, 1);
    }
}

/// The engine may have ended the connection before all of it is written.
fn write_what_it_takes(mut client: &TcpStream, bytes: &[u8]) {
    let _ = std::io::Write::write(&mut client, bytes);
}
