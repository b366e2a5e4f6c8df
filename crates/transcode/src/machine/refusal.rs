//! Why an encoder does not even begin.
//!
//! Promise: the first thing that the program says is told: what it says last is only that it gave up.

use std::process::Stdio;

use tokio::io::AsyncReadExt;
use tokio::process::Command;

use crate::worker::Confinement;
use crate::{Config, Error, Picture, encoder};

/// What it is to code.
const PICTURE: Picture = Picture {
    width: 640,
    height: 360,
    frame_rate: 30.0,
    is_halved: false,
    bit_rate: 630_000,
    lines: 360,
    keeps_rate: false,
};
/// What is listened to, in bytes, and what is told of it, in characters.
const HEARD: u64 = 64 << 10;
const TOLD: usize = 200;

/// The same error, or a better one where a process ended by itself and the encoder is to blame.
pub(super) async fn explained(config: &Config, confinement: &Confinement, error: Error) -> Error {
    if !matches!(error, Error::Ended { .. }) {
        return error;
    }
    let why = super::within(super::PATIENCE, first_words(config, confinement)).await;
    match why {
        Ok(Some(why)) => Error::NoEncoder { encoder: config.encoder.name(), why },
        _ => error,
    }
}

/// What is said first when it is to code a few black pictures; `None` if it can.
async fn first_words(config: &Config, confinement: &Confinement) -> Result<Option<String>, Error> {
    let mut command = Command::from(confinement.command(&config.ffmpeg));
    command.args(arguments(config)).stderr(Stdio::piped()).kill_on_drop(true);
    let mut child = command.spawn().map_err(Error::Pipe)?;
    let mut heard = Vec::new();
    if let Some(errors) = child.stderr.take() {
        // To the end of the pipe, or of patience with it.
        errors.take(HEARD).read_to_end(&mut heard).await.map_err(Error::Pipe)?;
    }
    let status = child.wait().await.map_err(Error::Pipe)?;
    let first = first_line(&String::from_utf8_lossy(&heard));
    Ok((!status.success()).then_some(first).flatten())
}

fn arguments(config: &Config) -> Vec<String> {
    let words = |text: &str| text.split_ascii_whitespace().map(str::to_owned).collect::<Vec<_>>();
    let device = encoder::device(config);
    // What keeps a device from being opened is told at this level only, and first.
    let level = if device.is_empty() { "error" } else { "verbose" };
    [
        words(&format!("-hide_banner -nostdin -nostats -loglevel {level}")),
        device,
        words("-f lavfi -i color=size=640x360:rate=30:duration=0.1"),
        words(&format!("-vf {}", encoder::intake(config))),
        encoder::options(config, &PICTURE),
        words("-f null -"),
    ]
    .concat()
}

/// Without the name and address of who said it: `[h264_nvenc @ 0x5581] Cannot load libcuda.so.1`.
fn first_line(said: &str) -> Option<String> {
    let line = said.lines().map(str::trim).find(|line| !line.is_empty())?;
    let line = match line.strip_prefix('[').and_then(|rest| rest.split_once("] ")) {
        Some((_, rest)) => rest,
        None => line,
    };
    let shown = |letter: char| if letter.is_control() { '?' } else { letter };
    Some(line.trim_end_matches('.').chars().take(TOLD).map(shown).collect())
}

#[cfg(test)]
mod tests {
    use super::first_line;

    #[test]
    fn the_first_line_is_told_without_who_said_it() {
        let said = "\n[h264_nvenc @ 0x556a7c13c600] Cannot load libcuda.so.1\nError initializing output stream 0:0\n";
        assert_eq!(first_line(said).as_deref(), Some("Cannot load libcuda.so.1"));
        assert_eq!(first_line("Unknown encoder 'x'.\n").as_deref(), Some("Unknown encoder 'x'"));
        assert_eq!(first_line("[odd\u{1b}").as_deref(), Some("[odd?"));
        assert_eq!(first_line(" \n"), None);
    }
}
