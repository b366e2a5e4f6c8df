//! `rillcast recordings remove`: one recording, for good.
//!
//! Promise: nothing is removed unasked, nor while it goes on; what was cut short in the middle is finished by the same
//! command.

use std::io::{BufRead as _, IsTerminal as _, Write as _};

use clap::ArgMatches;
use domain::{Recording, chain};

use super::{Shelves, list};

pub(super) async fn run(shelves: &Shelves, id: &str, matches: &ArgMatches) -> Result<String, String> {
    let recording = shelves.recording(id).await?;
    if !list::is_over(&recording) && !matches.get_flag("force") {
        return Err(format!(
            "{id} goes on, or server {} has yet to finish it; --force removes it all the same, when that server is gone for good",
            recording.node
        ));
    }
    if !matches.get_flag("yes") && !is_wanted(&recording)? {
        return Ok("nothing is removed\n".to_owned());
    }
    let removed = recording::remove(&shelves.store, &shelves.blobs, &recording).await;
    let removed = removed.map_err(|error| format!("removing {id}: {}", chain(&error)))?;
    Ok(format!("removed {id}: {removed} objects\n"))
}

/// Asks the person at the terminal.
fn is_wanted(recording: &Recording) -> Result<bool, String> {
    let (input, mut out) = (std::io::stdin(), std::io::stderr());
    if !input.is_terminal() {
        return Err("nobody is there to be asked; --yes removes it".to_owned());
    }
    let Recording { id, channel, duration_ms, bytes, .. } = recording;
    let (length, size) = (list::length(*duration_ms), list::size(*bytes));
    let asked = write!(out, "remove recording {id} of {channel}, {length}, {size}? [y/N] ")
        .and_then(|()| out.flush());
    let mut answer = String::new();
    let read = asked.and_then(|()| input.lock().read_line(&mut answer));
    read.map_err(|error| format!("asking: {error}"))?;
    Ok(matches!(answer.trim(), "y" | "Y" | "yes"))
}
