//! Viewers of one playlist, thousands of them, each on a connection of its own that stays.
//!
//! `playback-bench ADDRESS PATH CONNECTIONS SECONDS [tls] [every=MS]`. Without `every`, PATH is a multivariant
//! playlist: each viewer takes its own media playlist from it and then always waits for the next part. With it, all
//! ask for PATH at the same moment, again and again. Says `begin` when all are there and settled, `end` so many
//! seconds later, and then what came, as a line of JSON.
//!
//! Promise: one thread, no answer is lost unseen, and an answer is looked at only as far as it differs from the
//! last one.

mod answer;
mod crowd;
mod line;
mod plan;
mod playlist;
mod tally;

use std::process::ExitCode;

fn main() -> ExitCode {
    match plan::Plan::read(std::env::args().skip(1)).and_then(|plan| crowd::run(&plan)) {
        Ok(tally) => {
            println!("{}", tally.told());
            ExitCode::SUCCESS
        }
        Err(error) => {
            eprintln!("{error}");
            ExitCode::FAILURE
        }
    }
}
