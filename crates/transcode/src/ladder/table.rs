//! The tables of the user guide ("Streaming Configuration"): rungs by channel type, preset and class of the input.
//!
//! Promise: rates and sounds are the guide's; what it leaves open is settled in one place.

use domain::{ChannelType, Preset};

use super::Sound;

/// A rung of a table.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(super) struct Step {
    /// Its class.
    pub(super) lines: u32,
    /// Its class is "60", which keeps all pictures.
    pub(super) is_fast: bool,
    /// Bits a second of its pictures.
    pub(super) bit_rate: u32,
    pub(super) sound: Sound,
}

/// What a table says of an input.
#[derive(Debug, PartialEq)]
pub(super) struct Plan {
    pub(super) offers_source: bool,
    pub(super) steps: Vec<Step>,
    pub(super) has_sound_alone: bool,
}

/// What comes in may lack a fiftieth of a class's lines.
fn reaches(lines: f64, class: u32) -> bool {
    lines * 51.0 >= f64::from(class) * 50.0
}

/// It is larger than a class, by more than a fiftieth.
fn exceeds(lines: f64, class: u32) -> bool {
    lines * 50.0 > f64::from(class) * 51.0
}

pub(super) fn plan(channel_type: ChannelType, preset: Option<Preset>, lines: f64, is_fast: bool) -> Plan {
    match channel_type {
        ChannelType::Basic => Plan { offers_source: true, steps: Vec::new(), has_sound_alone: false },
        ChannelType::Standard => standard(lines, is_fast),
        ChannelType::AdvancedHd => {
            let steps = |is_fast| [vec![top(preset, is_fast)], advanced(preset)].concat();
            // The guide gives one rate for the input's own size between 480p and 720p: that of 720p30.
            advanced_plan(lines, &steps(is_fast), &steps(false))
        }
        ChannelType::AdvancedSd => advanced_plan(lines, &advanced(preset), &advanced(preset)),
    }
}

fn standard(lines: f64, is_fast: bool) -> Plan {
    let top = if is_fast { 3_400_000 } else { 2_400_000 };
    let step = |lines, is_fast, bit_rate, sound| Step { lines, is_fast, bit_rate, sound };
    let steps = [
        step(720, is_fast, top, Sound::Source),
        step(480, false, 1_400_000, Sound::Source),
        step(360, false, 630_000, Sound::Coded(64_000)),
        step(160, false, 230_000, Sound::Coded(48_000)),
    ];
    let is_small = !reaches(lines, 480);
    let offers_source = is_small || exceeds(lines, 720);
    // Small pictures are offered as they come; a rung of the same size beside them would only be worse.
    let fits = |step: &Step| if is_small { exceeds(lines, step.lines) } else { reaches(lines, step.lines) };
    Plan { offers_source, steps: steps.into_iter().filter(fits).collect(), has_sound_alone: false }
}

fn is_constrained(preset: Option<Preset>) -> bool {
    preset == Some(Preset::ConstrainedBandwidth)
}

fn top(preset: Option<Preset>, is_fast: bool) -> Step {
    let bit_rate = match (is_fast, is_constrained(preset)) {
        (true, false) => 3_000_000,
        (true, true) => 2_200_000,
        (false, false) => 2_300_000,
        (false, true) => 1_900_000,
    };
    Step { lines: 720, is_fast, bit_rate, sound: Sound::Coded(128_000) }
}

/// What both ADVANCED types have.
fn advanced(preset: Option<Preset>) -> Vec<Step> {
    let rates =
        if is_constrained(preset) { [800_000, 400_000, 220_000] } else { [1_300_000, 700_000, 270_000] };
    let classes = [(480, 128_000), (360, 64_000), (160, 48_000)];
    let step =
        |((lines, sound), bit_rate)| Step { lines, is_fast: false, bit_rate, sound: Sound::Coded(sound) };
    classes.into_iter().zip(rates).map(step).collect()
}

fn advanced_plan(lines: f64, steps: &[Step], slow_steps: &[Step]) -> Plan {
    let reached = steps.iter().filter(|step| reaches(lines, step.lines)).copied();
    let steps = between(lines, slow_steps).into_iter().chain(reached).collect();
    Plan { offers_source: false, steps, has_sound_alone: true }
}

/// The rung of the input's own size, where that is no class and below the best of the table.
fn between(lines: f64, steps: &[Step]) -> Option<Step> {
    let above = steps.iter().rev().find(|step| !reaches(lines, step.lines))?;
    let is_class = steps.iter().any(|step| reaches(lines, step.lines) && !exceeds(lines, step.lines));
    #[expect(clippy::cast_possible_truncation, clippy::cast_sign_loss, reason = "less than a class's lines")]
    let own = (lines.max(0.0) / 2.0).floor() as u32 * 2;
    (!is_class).then_some(Step { lines: own, ..*above })
}
