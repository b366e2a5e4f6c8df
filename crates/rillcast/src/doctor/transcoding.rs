//! What there is for transcoding: the program, what it is kept from, its encoders, and how much they can do.
//!
//! Promise: each encoder was tried with the same ladder of the same film; what is told of one does not hang on
//! another.

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};

use domain::{ChannelType, chain};
use serde::Serialize;
use transcode::{Check, Config, Confinement, Encoder, Error, Film, Input, Ladder, Machine, Measure, Trial};

use super::advice;
use super::finding::{Finding, Found, Group};

/// All that was found. Its fields are what `--output json` prints.
#[derive(Debug, Serialize)]
pub(super) struct Findings {
    pub(super) transcoding: bool,
    pub(super) ffmpeg: Program,
    pub(super) confinement: Vec<Kept>,
    pub(super) encoders: Vec<Coder>,
    pub(super) capacity: Option<Capacity>,
    pub(super) thumbnails: Thumbnails,
    pub(super) problems: Vec<Problem>,
}

impl Findings {
    /// Everything that is configured works.
    pub(super) fn is_well(&self) -> bool {
        self.problems.is_empty()
    }

    /// The one that streams are coded with.
    pub(super) fn configured(&self) -> Option<&Coder> {
        self.encoders.iter().find(|coder| coder.is_configured)
    }
}

#[derive(Debug, Serialize)]
pub(super) struct Program {
    /// As it is configured.
    pub(super) name: PathBuf,
    /// Where it is.
    pub(super) path: Option<PathBuf>,
    pub(super) version: Option<String>,
}

/// One thing that workers are kept from.
#[derive(Debug, Serialize)]
pub(super) struct Kept {
    #[serde(rename = "measure")]
    pub(super) what: &'static str,
    pub(super) in_force: bool,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(super) advice: Option<&'static str>,
}

/// An encoder and what came of its trial.
#[derive(Debug, Serialize)]
pub(super) struct Coder {
    pub(super) name: &'static str,
    #[serde(rename = "configured")]
    pub(super) is_configured: bool,
    #[serde(rename = "works")]
    pub(super) is_working: bool,
    /// Why it does not.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(super) fault: Option<String>,
    pub(super) checks: Vec<Looked>,
}

#[derive(Debug, Serialize)]
pub(super) struct Looked {
    pub(super) what: &'static str,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(super) fault: Option<String>,
}

/// Coded pixels a second that streams may be promised.
#[derive(Debug, Serialize)]
pub(super) struct Capacity {
    /// What holds.
    pub(super) pixels_a_second: u64,
    pub(super) measured: u64,
    /// The setting holds, not the measurement.
    pub(super) is_set: bool,
    /// How many streams of STANDARD channels at a time, if all are of this kind.
    pub(super) standard_streams: BTreeMap<&'static str, u64>,
}

#[derive(Debug, Serialize)]
pub(super) struct Thumbnails {
    /// From one to the next; 0: none are made.
    pub(super) seconds: u64,
    pub(super) lines: u32,
    pub(super) works: bool,
}

/// Something that is configured and does not work.
#[derive(Debug, Serialize)]
pub(super) struct Problem {
    pub(super) problem: String,
    pub(super) advice: String,
}

/// The same as findings among others, for those who asked for a measurement.
pub(crate) async fn measured(config: Config) -> Vec<Finding> {
    let found = examine(&config).await;
    let name = config.encoder.name();
    let one = match (found.problems.first(), &found.capacity) {
        _ if !found.transcoding => Found::skip("nothing is transcoded, as configured"),
        (Some(problem), _) => Found::fail(problem.problem.clone(), problem.advice.clone()),
        (None, Some(capacity)) => {
            let streams =
                capacity.standard_streams.iter().map(|(input, streams)| format!("{streams} of {input}"));
            let streams: Vec<_> = streams.collect();
            Found::ok(format!("{name} works; there is room for STANDARD streams: {}", streams.join(", or ")))
        }
        (None, None) => Found::skip(format!("{name} was not measured")),
    };
    vec![one.named(Group::Transcoding, "encoder")]
}

/// Looks at everything.
pub(super) async fn examine(config: &Config) -> Findings {
    let confinement = Confinement::found(config).await;
    let version = Machine::version(config, &confinement).await;
    let mut findings = Findings {
        transcoding: config.is_on,
        ffmpeg: Program {
            name: config.ffmpeg.clone(),
            path: found_in_path(&config.ffmpeg),
            version: version.as_ref().ok().cloned(),
        },
        confinement: kept(config, &confinement),
        encoders: Vec::new(),
        capacity: None,
        thumbnails: Thumbnails {
            seconds: config.thumbnail_interval.as_secs(),
            lines: config.thumbnail_lines,
            works: false,
        },
        problems: Vec::new(),
    };
    match version {
        Err(why) => {
            let problem = chain(&why);
            findings.problems.push(Problem { problem, advice: advice::program(config, &why) });
        }
        Ok(_) => try_encoders(config, &confinement, &mut findings).await,
    }
    if !config.is_on {
        // What is not used can't be missed.
        findings.problems.clear();
    }
    findings
}

async fn try_encoders(config: &Config, confinement: &Confinement, findings: &mut Findings) {
    let film = Film::make(config, confinement).await;
    for encoder in Encoder::ALL {
        let tried = match &film {
            Ok(film) => try_out(config, encoder, confinement, film).await,
            Err(why) => Err(words(why)),
        };
        let coder = coder(encoder, encoder == config.encoder, &tried);
        if coder.is_configured {
            if let Some(fault) = &coder.fault {
                let problem = format!("{} does not work: {fault}", coder.name);
                findings.problems.push(Problem { problem, advice: advice::encoder(encoder) });
            }
            if let Ok(trial) = tried.as_ref().map_err(drop).and_then(fit) {
                findings.capacity = Some(capacity(config, trial));
                findings.thumbnails.works = findings.thumbnails.seconds > 0;
            }
        }
        findings.encoders.push(coder);
    }
}

/// What was wrong with an encoder that is named already.
fn words(error: &Error) -> String {
    match error {
        Error::NoEncoder { why, .. } => why.clone(),
        _ => chain(error),
    }
}

fn fit(trial: &Trial) -> Result<&Trial, ()> {
    if trial.fault().is_none() { Ok(trial) } else { Err(()) }
}

async fn try_out(
    config: &Config,
    encoder: Encoder,
    confinement: &Confinement,
    film: &Film,
) -> Result<Trial, String> {
    if encoder == config.encoder {
        return Machine::try_out(config, confinement, film).await.map_err(|why| words(&why));
    }
    // With its own words for how fast it is to be, not with those of the one that is configured.
    let speed = Config::default().speed;
    let config = Config { encoder, speed, ..config.clone() };
    let confinement = Confinement::found(&config).await;
    Machine::try_out(&config, &confinement, film).await.map_err(|why| words(&why))
}

fn coder(encoder: Encoder, is_configured: bool, tried: &Result<Trial, String>) -> Coder {
    let looked = |check: &Check| Looked { what: check.what, fault: check.fault.clone() };
    let (fault, checks) = match tried {
        Ok(trial) => (trial.fault().map(str::to_owned), trial.checks.iter().map(looked).collect()),
        Err(why) => (Some(why.clone()), Vec::new()),
    };
    Coder { name: encoder.name(), is_configured, is_working: fault.is_none(), fault, checks }
}

fn capacity(config: &Config, trial: &Trial) -> Capacity {
    let measured = Machine::capacity_of(config.encoder, trial);
    let pixels = config.capacity.unwrap_or(measured);
    let count = |(name, lines, frame_rate): (&'static str, u32, f64)| {
        let (width, pixel_aspect) = (lines * 16 / 9, (1, 1));
        let input = Input { width, height: lines, pixel_aspect, frame_rate, has_sound: true };
        let each = Ladder::of(ChannelType::Standard, None, &input).pixels();
        (name, pixels.checked_div(each).unwrap_or(0))
    };
    let kinds = [("1080p60", 1080, 60.0), ("1080p30", 1080, 30.0), ("480p30", 480, 30.0)];
    Capacity {
        pixels_a_second: pixels,
        measured,
        is_set: config.capacity.is_some(),
        standard_streams: kinds.into_iter().map(count).collect(),
    }
}

fn kept(config: &Config, confinement: &Confinement) -> Vec<Kept> {
    let is_wanted = |measure: &Measure| *measure != Measure::GivesWay || config.nice > 0;
    let kept = |measure| {
        let in_force = confinement.has(measure);
        let advice = (!in_force).then(|| advice::measure(measure));
        Kept { what: advice::name(measure), in_force, advice }
    };
    Measure::ALL.into_iter().filter(is_wanted).map(kept).collect()
}

/// Where a program is, as a shell would find it.
fn found_in_path(program: &Path) -> Option<PathBuf> {
    if program.components().count() > 1 {
        return program.is_file().then(|| program.to_owned());
    }
    let folders = std::env::var_os("PATH")?;
    std::env::split_paths(&folders).map(|folder| folder.join(program)).find(|path| path.is_file())
}
