//! `rillcast recordings export`: a recording as one MP4 file.
//!
//! Promise: a file that is there is never touched unless that was asked for; what is left after Ctrl-C is what was there
//! before.

use std::path::PathBuf;
use std::process::ExitCode;

use clap::ArgMatches;
use domain::chain;
use recording::export::{Exported, Order, Progress, export};
use tokio_util::sync::CancellationToken;

use super::{Shelves, list};
use crate::cli::bar::Bar;
use crate::commands::{on_signals, refuse, say};

pub(super) async fn run(shelves: &Shelves, id: &str, matches: &ArgMatches) -> ExitCode {
    let stop = match on_signals() {
        Ok(stop) => stop,
        Err(why) => return refuse(1, &chain(&why)),
    };
    match written(shelves, id, matches, &stop).await {
        Ok(text) => say(Ok(text)),
        Err(why) => refuse(1, &why),
    }
}

async fn written(
    shelves: &Shelves,
    id: &str,
    matches: &ArgMatches,
    stop: &CancellationToken,
) -> Result<String, String> {
    let recording = shelves.recording(id).await?;
    let to = matches.get_one::<PathBuf>("file").expect("clap requires it");
    let order = Order {
        bucket: &recording.configuration.bucket,
        prefix: &recording.prefix,
        rendition: matches.get_one::<String>("rendition").map(String::as_str),
        to,
        force: matches.get_flag("force"),
    };
    let mut bar = Bar::new(id);
    let mut progress = |Progress { done, total }| bar.show(done, total);
    let done = export(&shelves.blobs, order, &mut progress, stop).await;
    drop(bar);
    let Exported { rendition, bytes, pictures, duration_ms, gaps, is_going_on, is_header_last, .. } =
        done.map_err(|error| chain(&error))?;
    let (length, size) = (list::length(duration_ms), list::size(bytes));
    let mut text = format!("{}: {rendition}, {length}, {pictures} pictures, {size}\n", to.display());
    for (is_so, words) in [
        (is_going_on, "it goes on: this is what there was of it".to_owned()),
        (gaps > 0, format!("it lacks {gaps} chunks: the picture stands still there")),
        (is_header_last, "its header stands at the end: players over HTTP fetch that first".to_owned()),
    ] {
        if is_so {
            text += &format!("  note: {words}\n");
        }
    }
    Ok(text)
}
