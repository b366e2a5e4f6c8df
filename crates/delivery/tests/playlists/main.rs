//! Every playlist that is ever served, of every form, obeys the draft's rules, however strange the stream.
//!
//! Promise: the rules are a numbered list (`rules.rs`), each with its section, and each finds the fault that it is
//! for (`faults.rs`).

mod across;
mod faults;
#[path = "../shared/followed.rs"]
mod followed;
mod reader;
mod rules;
mod script;
mod seat;
mod streams;

use domain::{ContainerFormat, LatencyMode};
use proptest::prelude::*;

use script::{RATES, Rewind, Rung, Rungs, Scene, Script, Turn, script};
use streams::Show;

/// Few, for each is minutes of a stream; `PROPTEST_CASES` asks for more.
fn cases() -> ProptestConfig {
    let usual = ProptestConfig::default();
    let cases = if std::env::var_os("PROPTEST_CASES").is_some() { usual.cases } else { 32 };
    ProptestConfig { cases, failure_persistence: None, ..usual }
}

proptest! {
    #![proptest_config(cases())]

    #[test]
    fn whatever_the_stream_no_playlist_breaks_a_rule(script in script()) {
        prop_assert_eq!(Show::play(&script), vec![]);
    }
}

#[test]
fn over_all_frame_rates_and_containers_no_playlist_of_a_steady_stream_breaks_a_rule() {
    for (rate, container) in
        RATES.into_iter().zip([ContainerFormat::Ts, ContainerFormat::FragmentedMp4].into_iter().cycle())
    {
        for latency in [LatencyMode::Low, LatencyMode::Normal] {
            let scenes = vec![Scene { seconds: 40, turn: Turn::On, jitter: 0, group: 2.0 }];
            let script = Script { container, latency, rate, b_frames: 1, rewind: None, ladder: None, scenes };
            assert_eq!(Show::play(&script), vec![], "{script:?}");
        }
    }
}

#[test]
fn playlists_that_go_back_further_break_no_rule_either() {
    for (container, patience) in [(ContainerFormat::Ts, 1), (ContainerFormat::FragmentedMp4, 200)] {
        let scenes = vec![Scene { seconds: 200, turn: Turn::On, jitter: 0, group: 1.0 }];
        let rewind = Some(Rewind { seconds: 90, patience });
        let script = Script {
            container,
            latency: LatencyMode::Low,
            rate: (25, 1),
            b_frames: 0,
            rewind,
            ladder: None,
            scenes,
        };
        assert_eq!(Show::play(&script), vec![], "{script:?}");
    }
}

#[test]
fn renditions_that_lag_and_fall_out_break_no_rule_whether_or_not_the_source_is_offered() {
    let out = |lag, from, count| Rung { lag, out: (from, count) };
    for (offers_source, rungs) in [
        (true, vec![out(0, 0, 0), out(3, 9, 4)]),
        (false, vec![out(1, 0, 0), out(2, 12, 2), out(5, 14, 3)]),
        // All of it out at once, from the beginning and later.
        (false, vec![out(0, 0, 6)]),
        (false, vec![out(2, 8, 5), out(0, 8, 6)]),
    ] {
        for (container, latency) in
            [(ContainerFormat::Ts, LatencyMode::Normal), (ContainerFormat::FragmentedMp4, LatencyMode::Low)]
        {
            let scenes = vec![Scene { seconds: 45, turn: Turn::On, jitter: 0, group: 2.0 }];
            let ladder = Some(Rungs { offers_source, rungs: rungs.clone() });
            let script =
                Script { container, latency, rate: (30, 1), b_frames: 1, rewind: None, ladder, scenes };
            assert_eq!(Show::play(&script), vec![], "{script:?}");
        }
    }
}
