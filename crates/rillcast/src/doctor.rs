//! `rillcast doctor`: what of all that is configured works here, and what to do about the rest.
//!
//! Promise: everything is tried with the programs, options and addresses that the server itself uses; it works before
//! the first start and beside a server that runs, and leaves nothing behind. It fails only where something that is
//! configured does not work.

mod advice;
mod certificate;
mod clock;
mod data;
mod destinations;
mod examination;
mod finding;
mod listeners;
mod logs;
mod machine;
mod reach;
mod report;
mod reviewers;
mod running;
mod services;
mod transcoding;

use std::process::ExitCode;
use std::time::Duration;

use clap::ArgMatches;
use domain::chain;
use serde::Serialize;
use store::Store;
use tokio::time::timeout;

use crate::cli::bar::Bar;
use crate::cli::{output, style};
use crate::commands::{print, refuse};
use crate::config::Config;
use crate::first_start;
pub(crate) use examination::{Examination, Subject};
pub(crate) use finding::{Finding, Outcome};
pub(crate) use transcoding::measured;

/// The database gets this long to be opened.
const OPENING: Duration = Duration::from_secs(8);

/// What `--output json` prints.
#[derive(Serialize)]
struct Told<'a> {
    well: bool,
    findings: &'a [Finding],
    /// Left out with `--quick`.
    #[serde(flatten)]
    transcoding: Option<&'a transcoding::Findings>,
}

/// Looks at the house, prints what it found, and says whether all that is configured works.
pub(crate) async fn run(config: &Config, matches: &ArgMatches) -> ExitCode {
    let mut findings = examined(config).await;
    findings.sort_by_key(|finding| finding.group);
    let measured = if matches.get_flag("quick") {
        None
    } else {
        Some(transcoding::examine(&config.transcoding.0).await)
    };
    if measured.is_some() {
        // What was measured says more.
        findings.retain(|finding| finding.check != "ffmpeg");
    }
    let is_well = is_well(&findings) && measured.as_ref().is_none_or(transcoding::Findings::is_well);
    let text = match output::form(matches) {
        output::Form::Table => {
            report::text(&findings, measured.as_ref(), style::is_coloured(&std::io::stdout()))
        }
        output::Form::Json => {
            let told = Told { well: is_well, findings: &findings, transcoding: measured.as_ref() };
            match serde_json::to_string_pretty(&told) {
                Ok(text) => text + "\n",
                Err(why) => return refuse(1, &why.to_string()),
            }
        }
    };
    if let Err(why) = print(&text) {
        return refuse(1, &why);
    }
    ExitCode::from(u8::from(!is_well))
}

async fn examined(config: &Config) -> Vec<Finding> {
    let store =
        timeout(OPENING, opened(config)).await.unwrap_or_else(|_| Err("the database hangs".to_owned()));
    let subject = Subject { config: config.clone(), is_inside: false, store };
    let mut examination = Examination::begin(&subject);
    let (mut bar, mut done) = (Bar::new("doctor"), 0);
    let mut findings = Vec::new();
    while let Some(found) = examination.next().await {
        done += 1;
        bar.show(done, examination.total() as u64);
        findings.extend(found);
    }
    findings.sort_by(|one, other| one.check.cmp(&other.check));
    if let Ok(store) = subject.store {
        // What hangs here hung before.
        let _ = timeout(OPENING, store.close()).await;
    }
    findings
}

/// The database, if it is one of this version: to open any other would change it.
async fn opened(config: &Config) -> Result<Store, String> {
    let path = config.data_dir.join(first_start::DATABASE);
    let look = match &config.database {
        Some(address) => Store::look_at_server(address.reveal()).await,
        None if !path.exists() => return Err("there is no database yet".to_owned()),
        None => Store::look_at_file(&path).await,
    };
    let look = look.map_err(|_| "the database can't be read".to_owned())?;
    if look.step != Some(look.known) {
        return Err("the database is not one of this version yet".to_owned());
    }
    first_start::open(config).await.map_err(|error| chain(&error))
}

/// Nothing that is configured was found not to work.
pub(crate) fn is_well(findings: &[Finding]) -> bool {
    findings.iter().all(|finding| finding.outcome != Outcome::Fail)
}
