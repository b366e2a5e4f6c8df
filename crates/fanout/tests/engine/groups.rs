//! What members of a group get.
//!
//! Promise: order, once each, from the adoption on.

use crate::harness::{ENGINES, House, config, masked, read, write};

#[test]
fn all_get_everything_in_one_order_from_their_adoption_on() {
    for engine in ENGINES {
        let house = House::new(config(engine));
        let mut early: Vec<_> = (0..10).map(|_| house.client(7).1).collect();
        for n in 0..100 {
            house.publish(7, &n.to_string());
        }
        let (_, mut late) = house.client(7);
        for n in 100..200 {
            house.publish(7, &n.to_string());
        }
        for client in &mut early {
            for n in 0..200 {
                assert_eq!(client.hear(), n.to_string());
            }
        }
        for n in 100..200 {
            assert_eq!(late.hear(), n.to_string());
        }
    }
}

#[test]
fn clients_of_many_shards_talk_at_once_and_all_hear_one_order() {
    for engine in ENGINES {
        let house = House::new(config(engine));
        let mut clients: Vec<_> = (0..8).map(|_| house.client(1).1).collect();
        for round in 0..50 {
            for (speaker, client) in clients.iter_mut().enumerate() {
                client.say(&format!("say {speaker} {round}"));
            }
        }
        let heard: Vec<Vec<String>> =
            clients.iter_mut().map(|client| (0..400).map(|_| client.hear()).collect()).collect();
        for other in &heard[1..] {
            assert_eq!(other, &heard[0]);
        }
        for speaker in 0..8 {
            let mine: Vec<_> =
                heard[0].iter().filter(|text| text.starts_with(&format!("{speaker} "))).cloned().collect();
            let sent: Vec<_> = (0..50).map(|round| format!("{speaker} {round}")).collect();
            assert_eq!(mine, sent);
        }
    }
}

#[test]
fn groups_do_not_hear_each_other() {
    for engine in ENGINES {
        let house = House::new(config(engine));
        let (_, mut one) = house.client(1);
        let (_, mut two) = house.client(2);
        house.publish(1, "one");
        house.publish(2, "two");
        house.publish(3, "nobody");
        assert_eq!((one.hear(), two.hear()), ("one".into(), "two".into()));
        assert_eq!((house.fanout.members(fanout::Group(1)), house.fanout.members(fanout::Group(3))), (1, 0));
    }
}

#[test]
fn ten_messages_that_came_in_one_read_leave_in_one_write() {
    for engine in ENGINES {
        let house = House::new(config(engine));
        let (_, speaker) = house.raw(1);
        let burst: Vec<u8> = (0..10).flat_map(|n| masked(0x81, format!("say {n}").as_bytes())).collect();
        write(&speaker, &burst);
        // Ten frames of three bytes; one segment brings them all, so one read of a ready socket has them all.
        let mut buffer = [0; 100];
        let count = std::io::Read::read(&mut (&speaker), &mut buffer).expect("bytes");
        assert_eq!(count, 30);
    }
}

#[test]
fn a_greeting_comes_before_the_groups_frames() {
    for engine in ENGINES {
        let house = House::new(config(engine));
        let (_, stream) = house.seat(1, &["hello", "you"], None);
        house.publish(1, "all");
        let expected: Vec<u8> = ["hello", "you", "all"]
            .iter()
            .flat_map(|text| fanout::Frame::text(text).bytes().to_vec())
            .collect();
        assert_eq!(read(&stream, expected.len()), expected);
    }
}

#[test]
fn whispers_and_replies_stand_behind_what_was_published_before() {
    for engine in ENGINES {
        let house = House::new(config(engine));
        let (_, mut client) = house.client(1);
        let (_, mut other) = house.client(1);
        for text in ["say 1", "whisper 2", "say 3", "reply 4", "say 5"] {
            client.say(text);
        }
        let heard: Vec<_> = (0..5).map(|_| client.hear()).collect();
        assert_eq!(heard, ["1", "2", "3", "4", "5"]);
        let heard: Vec<_> = (0..3).map(|_| other.hear()).collect();
        assert_eq!(heard, ["1", "3", "5"]);
    }
}
