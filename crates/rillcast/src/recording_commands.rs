//! `rillcast recordings`: what was recorded, where it is, and whether it is whole.
//!
//! Promise: works on the database and the buckets of the settings, with running servers beside it or none, and for
//! buckets on disk and in S3 alike; nothing is removed that still goes on.

mod export;
mod list;
mod remove;
mod show;
pub(crate) mod url;
mod verify;

use std::process::ExitCode;

use blob::Blobs;
use clap::ArgMatches;
use domain::{Recording, ResourceId, chain};
use store::{NewestRequest, Store};

use crate::cli::output::form;
use crate::commands::say;
use crate::config::Config;
use crate::{first_start, pipes};

/// Rows that are read at a time.
const PAGE: u32 = 200;

/// What the commands work on.
pub(crate) struct Shelves {
    /// The settings.
    pub config: Config,
    /// The rows.
    pub store: Store,
    /// The buckets.
    pub blobs: Blobs,
}

impl Shelves {
    async fn open(config: Config) -> Result<Self, String> {
        // Opening would make one, and nothing was recorded where no server ever ran.
        first_start::must_exist(&config)?;
        let store = first_start::open(&config).await.map_err(|error| chain(&error))?;
        let blobs = pipes::blobs(&config);
        Ok(Self { config, store, blobs })
    }

    /// The recording of this id, as a person wrote it.
    pub(crate) async fn recording(&self, id: &str) -> Result<Recording, String> {
        let none = || format!("there is no recording {id}");
        let known = ResourceId::parse(id).ok_or_else(none)?;
        let found = self.store.recording(&known).await.map_err(|error| chain(&error))?;
        found.ok_or_else(none)
    }
}

/// Recordings from the newest to the oldest, a page at a time.
pub(crate) struct Walk<'a> {
    store: &'a Store,
    channel: Option<&'a domain::Arn>,
    next: Option<NewestRequest>,
}

impl<'a> Walk<'a> {
    /// Of one channel, or of all.
    pub(crate) fn over(store: &'a Store, channel: Option<&'a domain::Arn>) -> Self {
        Self { store, channel, next: Some(NewestRequest::first(PAGE)) }
    }

    /// The next page; `None` behind the last.
    pub(crate) async fn page(&mut self) -> Result<Option<Vec<Recording>>, String> {
        let Some(request) = self.next.take() else { return Ok(None) };
        let page = self.store.recordings(self.channel, request).await.map_err(|error| chain(&error))?;
        self.next = page.next.map(|before| NewestRequest { before: Some(before), limit: PAGE });
        Ok(Some(page.items))
    }
}

/// Runs one of the `recordings` commands.
pub(crate) async fn run(config: Config, command: &str, matches: &ArgMatches) -> ExitCode {
    let shelves = match Shelves::open(config).await {
        Ok(shelves) => shelves,
        Err(why) => return say(Err((1, why))),
    };
    let code = match command {
        "list" => said(list::run(&shelves, matches).await),
        "verify" => verify::run(&shelves, matches).await,
        "export" => export::run(&shelves, id(matches), matches).await,
        "show" => said(show::run(&shelves, id(matches), form(matches)).await),
        _ => said(remove::run(&shelves, matches).await),
    };
    shelves.store.close().await;
    code
}

fn said(said: Result<String, String>) -> ExitCode {
    say(said.map_err(|why| (1, why)))
}

/// The id that a command was given.
pub(crate) fn id(matches: &ArgMatches) -> &str {
    matches.get_one::<String>("id").map(String::as_str).unwrap_or_default()
}
