//! `rillcast doctor`: what this machine can do of what is configured, and what to do about the rest.
//!
//! Promise: everything is tried with the programs and options that the server itself uses; nothing is needed of a
//! server or its data, and nothing is left behind. It fails only where something that is configured does not work.

mod advice;
mod report;
mod transcoding;

use std::process::ExitCode;

use clap::ArgMatches;

use crate::commands::refuse;
use crate::config::Config;

/// Looks at the machine, prints what it found, and says whether all that is configured works.
pub(crate) async fn run(config: &Config, matches: &ArgMatches) -> ExitCode {
    let found = transcoding::examine(&config.transcoding.0).await;
    if matches.get_one::<String>("output").is_some_and(|form| form == "json") {
        match serde_json::to_string_pretty(&found) {
            Ok(text) => println!("{text}"),
            Err(why) => return refuse(1, &why.to_string()),
        }
    } else {
        print!("{}", report::text(&found));
    }
    ExitCode::from(u8::from(!found.is_well()))
}
