//! `rillcast recordings remove`: recordings, for good.
//!
//! Promise: nothing is removed unasked, nor while it goes on; what was cut short in the middle is finished by the same
//! command. Of several, none is removed unless all can be.

use std::io::{BufRead as _, IsTerminal as _, Write as _};

use clap::ArgMatches;
use domain::{Recording, chain};

use super::{Shelves, list};
use crate::cli::bar::Bar;
use crate::commands::print;

pub(super) async fn run(shelves: &Shelves, matches: &ArgMatches) -> Result<String, String> {
    let ids: Vec<_> = matches.get_many::<String>("id").into_iter().flatten().collect();
    let mut recordings = Vec::with_capacity(ids.len());
    for id in ids {
        recordings.push(removable(shelves, id, matches.get_flag("force")).await?);
    }
    if !matches.get_flag("yes") && !are_wanted(&recordings)? {
        return Ok("nothing is removed\n".to_owned());
    }
    let total = recordings.len() as u64;
    let mut bar = (total > 1).then(|| Bar::new("removing"));
    for (done, recording) in (0..).zip(&recordings) {
        if let Some(bar) = &mut bar {
            bar.show(done, total);
        }
        let removed = recording::remove(&shelves.store, &shelves.blobs, recording).await;
        let removed = removed.map_err(|error| format!("removing {}: {}", recording.id, chain(&error)))?;
        print(&format!("removed {}: {removed} objects\n", recording.id))?;
    }
    Ok(String::new())
}

async fn removable(shelves: &Shelves, id: &str, is_forced: bool) -> Result<Recording, String> {
    let recording = shelves.recording(id).await?;
    if !list::is_over(&recording) && !is_forced {
        return Err(format!(
            "{id} goes on, or server {} has yet to finish it; --force removes it all the same, when that server is gone for good",
            recording.node
        ));
    }
    Ok(recording)
}

/// Asks the person at the terminal.
fn are_wanted(recordings: &[Recording]) -> Result<bool, String> {
    let (input, mut out) = (std::io::stdin(), std::io::stderr());
    if !input.is_terminal() {
        return Err("nobody is there to be asked; --yes removes it".to_owned());
    }
    let asked = write!(out, "remove {}? [y/N] ", words(recordings)).and_then(|()| out.flush());
    let mut answer = String::new();
    let read = asked.and_then(|()| input.lock().read_line(&mut answer));
    read.map_err(|error| format!("asking: {error}"))?;
    Ok(matches!(answer.trim(), "y" | "Y" | "yes"))
}

fn words(recordings: &[Recording]) -> String {
    let size = list::size(recordings.iter().map(|recording| recording.bytes).sum());
    match recordings {
        [Recording { id, channel, duration_ms, .. }] => {
            format!("recording {id} of {channel}, {}, {size}", list::length(*duration_ms))
        }
        many => format!("{} recordings, {size}", many.len()),
    }
}
