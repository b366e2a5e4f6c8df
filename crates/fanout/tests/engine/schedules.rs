//! Any schedule of joins, leaves, messages and pauses, against the least model there is: a list.
//!
//! Promise: every connection that was not ended gets exactly what was published from its adoption on, and its
//! own frames where they were sent; one that was ended gets a prefix of that.

use std::collections::BTreeMap;
use std::time::Duration;

use fanout::{Close, Config, Connection, Engine, Frame};
use proptest::prelude::*;

use crate::harness::{Client, House, config};

#[derive(Clone, Debug)]
enum Step {
    Join { group: u64, greeting: usize },
    Publish { group: u64, length: usize, times: usize },
    Send { who: usize },
    Say { who: usize },
    Read { who: usize, most: usize },
    Kick { who: usize },
    Cut { who: usize },
    Vanish { who: usize },
}

fn step() -> impl Strategy<Value = Step> {
    let who = 0usize..12;
    prop_oneof![
        4 => (0u64..3, 0usize..3).prop_map(|(group, greeting)| Step::Join { group, greeting }),
        8 => (0u64..3, 0usize..3000, 1usize..30)
            .prop_map(|(group, length, times)| Step::Publish { group, length, times }),
        4 => who.clone().prop_map(|who| Step::Send { who }),
        4 => who.clone().prop_map(|who| Step::Say { who }),
        4 => (who.clone(), 0usize..50).prop_map(|(who, most)| Step::Read { who, most }),
        1 => who.clone().prop_map(|who| Step::Kick { who }),
        1 => who.clone().prop_map(|who| Step::Cut { who }),
        1 => who.prop_map(|who| Step::Vanish { who }),
    ]
}

/// A connection and what it has to get.
struct Member {
    name: Connection,
    group: u64,
    client: Client,
    expected: Vec<String>,
    heard: usize,
    closed: Option<bool>,
}

fn run(engine: Engine, tick: u64, steps: &[Step]) {
    let house = House::new(Config {
        tick: Duration::from_millis(tick),
        log_bytes: 4 << 20,
        stall: Duration::from_secs(60),
        ..config(engine)
    });
    let mut members: Vec<Member> = Vec::new();
    let mut witnesses: BTreeMap<u64, Client> = (0..3).map(|group| (group, house.client(group).1)).collect();
    let mut number = 0;
    let publish = |members: &mut Vec<Member>, group: u64, text: &str| {
        let concerned = members.iter_mut().filter(|member| member.group == group && member.closed.is_none());
        concerned.for_each(|member| member.expected.push(text.to_owned()));
    };
    for step in steps {
        number += 1;
        match step {
            Step::Join { group, greeting } if members.len() < 12 => {
                let greeting: Vec<_> = (0..*greeting).map(|n| format!("greeting {number} {n}")).collect();
                let texts: Vec<_> = greeting.iter().map(String::as_str).collect();
                let (name, stream) = house.seat(*group, &texts, None);
                let client = Client::new(stream);
                members.push(Member {
                    name,
                    group: *group,
                    client,
                    expected: greeting,
                    heard: 0,
                    closed: None,
                });
            }
            Step::Publish { group, length, times } => {
                for time in 0..*times {
                    let text = format!("{number} {time} {}", "x".repeat(*length));
                    house.publish(*group, &text);
                    publish(&mut members, *group, &text);
                }
            }
            Step::Send { who } => {
                if let Some(member) = members.get_mut(*who).filter(|member| member.closed.is_none()) {
                    house.fanout.send(member.name, Frame::text(&format!("own {number}")));
                    member.expected.push(format!("own {number}"));
                }
            }
            Step::Say { who } => {
                if let Some(member) = members.get_mut(*who).filter(|member| member.closed.is_none()) {
                    let group = member.group;
                    member.client.say(&format!("say {number}"));
                    // It is in the group's order once somebody heard it.
                    let witness = witnesses.get_mut(&group).expect("one for each group");
                    let said = number.to_string();
                    while witness.hear() != said {}
                    publish(&mut members, group, &said);
                }
            }
            Step::Read { who, most } => {
                // What one that was cut still gets is certain to nobody.
                if let Some(member) = members.get_mut(*who).filter(|member| member.closed != Some(false)) {
                    let waiting = (member.expected.len() - member.heard).min(*most);
                    for _ in 0..waiting {
                        assert_eq!(member.client.hear(), member.expected[member.heard]);
                        member.heard += 1;
                    }
                }
            }
            Step::Kick { who } => {
                if let Some(member) = members.get_mut(*who).filter(|member| member.closed.is_none()) {
                    house.fanout.close(member.name, Close::Frame { code: 4000, reason: String::new() });
                    member.closed = Some(true);
                }
            }
            Step::Cut { who } => {
                if let Some(member) = members.get_mut(*who).filter(|member| member.closed.is_none()) {
                    house.fanout.close(member.name, Close::Cut);
                    member.closed = Some(false);
                }
            }
            Step::Vanish { who } if *who < members.len() => {
                members.remove(*who);
            }
            Step::Join { .. } | Step::Vanish { .. } => {}
        }
    }
    members.into_iter().for_each(finish);
}

/// Reads on to what is certain.
fn finish(mut member: Member) {
    if member.closed == Some(false) {
        return finish_cut(member);
    }
    for expected in &member.expected[member.heard..] {
        assert_eq!(member.client.hear(), *expected);
    }
    if member.closed.is_some() {
        assert_eq!(member.client.hear_close().0, 4000);
    }
}

/// One that was cut while it lagged gets a prefix.
fn finish_cut(mut member: Member) {
    let mut expected = member.expected[member.heard..].iter();
    while let Ok(message) = member.client.0.read() {
        if let Ok(text) = message.to_text() {
            assert_eq!(Some(text), expected.next().map(String::as_str));
        }
    }
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 60, max_shrink_iters: 200, ..ProptestConfig::default() })]

    #[test]
    fn every_healthy_connection_gets_exactly_its_sequence(
        tick in prop_oneof![Just(0u64), Just(5), Just(20)],
        steps in prop::collection::vec(step(), 1..120),
    ) {
        for engine in crate::harness::ENGINES {
            run(engine, tick, &steps);
        }
    }
}
