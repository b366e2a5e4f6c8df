//! The machine: which `ffmpeg` it has, which encoders that really can use, and how much they can do.
//!
//! Promise: nothing is believed that was not tried, with the same worker that streams get.

mod cost;
mod film;
mod refusal;
mod trial;
mod version;

use std::num::NonZero;
use std::time::Duration;

use tokio::time::timeout;

use crate::worker::Confinement;
use crate::{Config, Error};

pub(crate) use cost::processor_time;
pub use film::Film;
pub use trial::{Check, Trial};

/// How much of what the machine could code is promised to streams, in hundredths: the rest is for what the server
/// itself does, and for pictures that are harder than those of the trial.
const SHARE: u64 = 80;
/// Longest that making the film and a trial may each take. A quiet machine needs one second for each.
const PATIENCE: Duration = Duration::from_secs(30);

/// What codes pictures.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Encoder {
    /// libx264, in software.
    X264,
    /// NVIDIA's.
    Nvenc,
    /// Intel's and AMD's, through VA-API.
    Vaapi,
    /// Intel's, through Quick Sync Video.
    Qsv,
    /// What small boards have, through V4L2.
    V4l2,
}

impl Encoder {
    /// All of them.
    pub const ALL: [Self; 5] = [Self::X264, Self::Nvenc, Self::Vaapi, Self::Qsv, Self::V4l2];

    /// Its name in the configuration.
    pub fn name(self) -> &'static str {
        match self {
            Self::X264 => "x264",
            Self::Nvenc => "nvenc",
            Self::Vaapi => "vaapi",
            Self::Qsv => "qsv",
            Self::V4l2 => "v4l2",
        }
    }

    /// The name by which `ffmpeg` knows it.
    pub fn codec(self) -> &'static str {
        crate::encoder::name(self)
    }
}

/// What was found.
#[derive(Clone, Debug, PartialEq)]
pub struct Machine {
    /// As the program says it: `5.1.9`.
    pub version: String,
    /// Coded pixels a second that streams may be promised, with [`Config::encoder`] at [`Config::speed`].
    pub capacity: u64,
    /// How the encoder did.
    pub trial: Trial,
}

impl Machine {
    /// Tries the options that workers use on the installed program, confined as workers will be, and how fast it is:
    /// about two seconds of one core's time.
    ///
    /// # Errors
    /// [`Error`] says what this machine can't do.
    pub async fn examine(config: &Config, confinement: &Confinement) -> Result<Self, Error> {
        let version = Self::version(config, confinement).await?;
        let film = match Film::make(config, confinement).await {
            Ok(film) => film,
            Err(error) => return Err(refusal::explained(config, confinement, error).await),
        };
        let trial = Self::try_out(config, confinement, &film).await?;
        if let Some(fault) = trial.fault() {
            return Err(Error::Unfit(fault.to_owned()));
        }
        Ok(Self { version, capacity: Self::capacity_of(config.encoder, &trial), trial })
    }

    /// Coded pixels a second that streams may be promised, by how this encoder did.
    pub fn capacity_of(encoder: Encoder, trial: &Trial) -> u64 {
        capacity(encoder, trial, cores())
    }

    /// The installed program's version: `5.1.9`, or what a build of its own calls itself.
    ///
    /// # Errors
    /// When it can't be run, or is older than 5.1.
    pub async fn version(config: &Config, confinement: &Confinement) -> Result<String, Error> {
        within(PATIENCE, version::installed(config, confinement)).await
    }

    /// Tries one encoder, that of `config`, on a film, whatever comes of it.
    ///
    /// # Errors
    /// When it codes nothing at all.
    pub async fn try_out(config: &Config, confinement: &Confinement, film: &Film) -> Result<Trial, Error> {
        match within(PATIENCE, trial::run(config, confinement, film)).await {
            Ok(trial) => Ok(trial),
            Err(error) => Err(refusal::explained(config, confinement, error).await),
        }
    }
}

async fn within<T>(time: Duration, work: impl Future<Output = Result<T, Error>>) -> Result<T, Error> {
    timeout(time, work)
        .await
        .unwrap_or_else(|_| Err(Error::Unfit(format!("it was not done within {} seconds", time.as_secs()))))
}

fn cores() -> u64 {
    std::thread::available_parallelism().map_or(1, NonZero::get) as u64
}

/// Coded pixels a second that may be promised. In software all cores do as much as the one that the trial took;
/// processor time is what counts, as the machine may have been busy. A device is as fast as it was.
fn capacity(encoder: Encoder, trial: &Trial, cores: u64) -> u64 {
    let whole = match (encoder, trial.pixels_a_core()) {
        (Encoder::X264, Some(pixels)) => pixels.saturating_mul(cores),
        (_, pixels) => {
            pixels.map_or(u64::MAX, |pixels| pixels.saturating_mul(cores)).min(trial.pixels_a_second())
        }
    };
    whole / 100 * SHARE
}

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use super::{Encoder, Trial, capacity};

    fn trial(processor: Option<Duration>) -> Trial {
        Trial { checks: Vec::new(), pixels: 30_000_000, processor, elapsed: Duration::from_secs(2) }
    }

    #[test]
    fn software_is_promised_four_fifths_of_what_all_cores_can_do_however_busy_they_are() {
        let trial = trial(Some(Duration::from_millis(500)));
        assert_eq!(capacity(Encoder::X264, &trial, 4), 60_000_000 * 4 / 100 * 80);
    }

    #[test]
    fn a_device_is_promised_no_more_than_it_did() {
        let light = trial(Some(Duration::from_millis(50)));
        assert_eq!(capacity(Encoder::Nvenc, &light, 8), 15_000_000 / 100 * 80);
        let heavy = trial(Some(Duration::from_secs(4)));
        assert_eq!(capacity(Encoder::Nvenc, &heavy, 1), 7_500_000 / 100 * 80);
    }

    #[test]
    fn where_the_system_tells_no_processor_time_what_went_by_counts() {
        assert_eq!(capacity(Encoder::X264, &trial(None), 4), 15_000_000 / 100 * 80);
    }
}
