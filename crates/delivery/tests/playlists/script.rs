//! Scripts: what happens to a stream, and what is made of it.
//!
//! Promise: what can be drawn at random can be written down, too.

use domain::{ContainerFormat, LatencyMode};
use proptest::prelude::*;

use crate::rules::Pace;

pub(crate) const RATES: [(u32, u32); 6] =
    [(24_000, 1_001), (25, 1), (30_000, 1_001), (30, 1), (50, 1), (60, 1)];

/// What happens to a stream for a while.
#[derive(Clone, Debug)]
pub(crate) struct Scene {
    pub(crate) seconds: u64,
    /// How it begins.
    pub(crate) turn: Turn,
    /// Milliseconds that stamps are off by at most.
    pub(crate) jitter: i64,
    /// Pictures from keyframe to keyframe, as seconds of the whole.
    pub(crate) group: f64,
}

#[derive(Clone, Copy, Debug, PartialEq)]
pub(crate) enum Turn {
    /// Goes on.
    On,
    /// After so many milliseconds without anything.
    Gap(i64),
    /// After frames were lost on the way to the packager.
    Lag,
    /// The encoder begins anew, its clock somewhere else, so many milliseconds later.
    Restart { after: i64, clock: i64 },
    /// In another size.
    Resized(u32),
    /// With or without sound.
    Sound(bool),
}

#[derive(Clone, Debug)]
pub(crate) struct Script {
    pub(crate) container: ContainerFormat,
    pub(crate) latency: LatencyMode,
    pub(crate) rate: (u32, u32),
    pub(crate) b_frames: u32,
    pub(crate) rewind: Option<Rewind>,
    pub(crate) ladder: Option<Rungs>,
    pub(crate) scenes: Vec<Scene>,
}

/// Viewers may go back.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Rewind {
    pub(crate) seconds: u64,
    /// The disk takes what it has to write once in so many cuts.
    pub(crate) patience: usize,
}

/// What is made of the stream.
#[derive(Clone, Debug)]
pub(crate) struct Rungs {
    /// The source is one that viewers are offered.
    pub(crate) offers_source: bool,
    /// How each is made, the best first.
    pub(crate) rungs: Vec<Rung>,
}

/// How a rendition fares.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Rung {
    /// So many snapshots it is behind the source.
    pub(crate) lag: usize,
    /// From this segment's third part on nothing is there of this many.
    pub(crate) out: (u64, u64),
}

impl Rung {
    pub(crate) fn is_out(self, segment: u64, part: usize) -> bool {
        let (from, count) = self.out;
        count > 0 && (segment == from && part >= 2 || segment > from && segment - from < count)
    }
}

/// Their names, and lines if they have pictures.
pub(crate) const RUNGS: [(&str, Option<u32>); 3] =
    [("480p30", Some(480)), ("160p30", Some(160)), ("audio_only", None)];
pub(crate) const SOURCE: &str = "source";

impl Script {
    pub(crate) fn pace(&self) -> Pace {
        let [Scene { turn: Turn::On, jitter: 0, group, .. }] = self.scenes[..] else { return Pace::Wild };
        // Longer groups than the longest target duration are cut within.
        if group < 6.0 { Pace::Keyed } else { Pace::Steady }
    }
}

fn turn() -> impl Strategy<Value = Turn> {
    prop_oneof![
        3 => Just(Turn::On),
        2 => (20i64..20_000).prop_map(Turn::Gap),
        1 => Just(Turn::Lag),
        2 => (0i64..9_000, -50_000i64..50_000).prop_map(|(after, clock)| Turn::Restart { after, clock }),
        1 => (1u32..4).prop_map(Turn::Resized),
        1 => any::<bool>().prop_map(Turn::Sound),
    ]
}

fn scene() -> impl Strategy<Value = Scene> {
    let jitter = prop_oneof![2 => Just(0), 1 => 1i64..9];
    let group = prop::sample::select(vec![0.2, 0.5, 1.0, 1.0, 2.0, 2.0, 3.37, 8.0]);
    (1u64..14, turn(), jitter, group).prop_map(|(seconds, turn, jitter, group)| Scene {
        seconds,
        turn,
        jitter,
        group,
    })
}

fn rungs() -> impl Strategy<Value = Rungs> {
    let out = prop_oneof![1 => Just((0, 0)), 2 => (0u64..12, 1u64..9)];
    let rung = (0usize..9, out).prop_map(|(lag, out)| Rung { lag, out });
    let rungs = (any::<bool>(), prop::collection::vec(rung, 1..=RUNGS.len()));
    rungs.prop_map(|(offers_source, rungs)| Rungs { offers_source, rungs })
}

pub(crate) fn script() -> impl Strategy<Value = Script> {
    let many = prop::collection::vec(scene(), 2..7);
    let group = prop::sample::select(vec![0.2, 0.5, 1.0, 2.0, 3.37]);
    let steady = |group| vec![Scene { seconds: 45, turn: Turn::On, jitter: 0, group }];
    let scenes = prop_oneof![2 => many, 1 => group.prop_map(steady)];
    let container = prop::sample::select(vec![ContainerFormat::Ts, ContainerFormat::FragmentedMp4]);
    let latency = prop::sample::select(vec![LatencyMode::Low, LatencyMode::Low, LatencyMode::Normal]);
    let rate = prop::sample::select(RATES.to_vec());
    let rewind = (20u64..90, prop::sample::select(vec![1, 30, 200]));
    let rewind = prop::option::weighted(0.3, rewind);
    let ladder = prop::option::weighted(0.6, rungs());
    (container, latency, rate, 0u32..3, (rewind, ladder), scenes).prop_map(
        |(container, latency, rate, b_frames, (rewind, ladder), scenes)| {
            let rewind = rewind.map(|(seconds, patience)| Rewind { seconds, patience });
            // What follows the source here has no history.
            let ladder = ladder.filter(|_| rewind.is_none());
            Script { container, latency, rate, b_frames, rewind, ladder, scenes }
        },
    )
}
