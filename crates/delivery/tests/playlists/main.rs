//! Every playlist that is ever served, of every form, obeys the draft's rules, however strange the stream.
//!
//! Promise: the rules are a numbered list (`rules.rs`), each with its section, and each finds the fault that it is
//! for (`faults.rs`).

mod faults;
mod reader;
mod rules;
mod streams;

use domain::{ContainerFormat, LatencyMode};
use proptest::prelude::*;

use streams::{RATES, Scene, Script, Show, Turn};

proptest! {
    #![proptest_config(ProptestConfig { cases: 24, ..ProptestConfig::default() })]

    #[test]
    fn whatever_the_stream_no_playlist_breaks_a_rule(script in streams::script()) {
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
            let script = Script { container, latency, rate, b_frames: 1, scenes };
            assert_eq!(Show::play(&script), vec![], "{script:?}");
        }
    }
}
