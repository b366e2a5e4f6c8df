//! `rillcast recordings list`: all of them in few words.
//!
//! Promise: the newest first; a line for each, printed as it is read, so that a million of them take no memory.

use std::io::{ErrorKind, Write as _};
use std::time::SystemTime;

use clap::ArgMatches;
use domain::{Arn, Recording, RecordingStage, time_text, unix_millis};

use super::{Shelves, Walk, show};
use crate::cli::output::{Form, form};
use crate::cli::table::fitted;

pub(super) async fn run(shelves: &Shelves, matches: &ArgMatches) -> Result<String, String> {
    let channel = matches.get_one::<String>("channel").map(|text| channel(text)).transpose()?;
    let json = form(matches) == Form::Json;
    let head = line("ID", "CHANNEL", "BEGAN", "LENGTH", "STAGE", "SIZE", "WHERE");
    if !json && !print(&fitted(&head))? {
        return Ok(String::new());
    }
    let now = unix_millis(SystemTime::now());
    let mut walk = Walk::over(&shelves.store, channel.as_ref());
    while let Some(page) = walk.page().await? {
        for recording in &page {
            let text = if json { show::as_json(shelves, recording) } else { fitted(&row(recording, now)) };
            if !print(&text)? {
                return Ok(String::new());
            }
        }
    }
    Ok(String::new())
}

fn channel(text: &str) -> Result<Arn, String> {
    Arn::parse(text).map_err(|error| format!("{text} is not the ARN of a channel: {error}"))
}

/// False when nobody reads on, such as `head` that has seen enough.
fn print(text: &str) -> Result<bool, String> {
    match std::io::stdout().lock().write_all(text.as_bytes()) {
        Ok(()) => Ok(true),
        Err(error) if error.kind() == ErrorKind::BrokenPipe => Ok(false),
        Err(error) => Err(format!("printing: {error}")),
    }
}

fn row(recording: &Recording, now: i64) -> String {
    let place = format!("{}/{}", recording.configuration.bucket, recording.prefix);
    let size = if is_over(recording) { size(recording.bytes) } else { String::new() };
    line(
        recording.id.as_str(),
        recording.channel.id.as_str(),
        &time_text(recording.started_at),
        &length(played(recording, now)),
        stage(recording.stage),
        &size,
        &place,
    )
}

fn line(id: &str, channel: &str, began: &str, length: &str, stage: &str, size: &str, place: &str) -> String {
    let line = format!("{id:<14}  {channel:<14}  {began:<20}  {length:>9}  {stage:<9}  {size:>9}  {place}");
    format!("{}\n", line.trim_end())
}

pub(super) fn is_over(recording: &Recording) -> bool {
    recording.stage != RecordingStage::Started
}

/// How long it plays, in milliseconds; of one that goes on, how long it has been going on.
pub(super) fn played(recording: &Recording, now: i64) -> u64 {
    if is_over(recording) {
        recording.duration_ms
    } else {
        let until = recording.ended_at.unwrap_or(now);
        u64::try_from(until.saturating_sub(recording.started_at)).unwrap_or(0)
    }
}

/// In words for a table.
pub(super) fn stage(stage: RecordingStage) -> &'static str {
    match stage {
        RecordingStage::Started => "recording",
        RecordingStage::Ended => "ended",
        RecordingStage::EndedWithFailure => "failed",
    }
}

/// Hours, minutes and seconds.
pub(super) fn length(ms: u64) -> String {
    let seconds = ms / 1_000;
    format!("{}:{:02}:{:02}", seconds / 3_600, seconds / 60 % 60, seconds % 60)
}

/// With a unit that leaves at most four digits.
pub(super) fn size(bytes: u64) -> String {
    let (mut rest, mut unit) = (bytes, "B");
    for larger in ["KiB", "MiB", "GiB", "TiB"] {
        if rest < 10_000 {
            break;
        }
        (rest, unit) = (rest.div_ceil(1_024), larger);
    }
    format!("{rest} {unit}")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn sizes_and_lengths_are_short() {
        assert_eq!(
            [0, 9_999, 10_000, 123 << 20, 5 << 40].map(size),
            ["0 B", "9999 B", "10 KiB", "123 MiB", "5120 GiB"]
        );
        assert_eq!(
            [0, 59_999, 3_600_000, 360_061_000].map(length),
            ["0:00:00", "0:00:59", "1:00:00", "100:01:01"]
        );
    }
}
