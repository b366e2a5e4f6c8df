//! `rillcast db`: backups of the database, and the way back.
//!
//! Promise: a backup is whole or not there, its owner's alone, and never written over another file; a
//! restore changes everything or nothing.

use std::fs::File;
use std::io::BufWriter;
use std::path::{Path, PathBuf};

use clap::ArgMatches;
use domain::chain;
use store::{Progress, Stage, Store, StoreError};

use crate::cli::bar::Bar;
use crate::config::Config;
use crate::{files, first_start};

/// Runs one of the `db` commands and returns what to print.
pub(crate) async fn run(config: &Config, command: &str, matches: &ArgMatches) -> Result<String, String> {
    let file = matches.get_one::<PathBuf>("file").expect("clap requires a file");
    if command == "backup" {
        // Opening would make one, and a backup of nothing would look like a good one.
        first_start::must_exist(config)?;
    }
    let store = first_start::open(config).await.map_err(|error| chain(&error))?;
    let done = match command {
        "backup" => backup(&store, file).await,
        _ => restore(&store, file, matches.get_flag("replace")).await,
    };
    store.close().await;
    done
}

/// Under another name until it is whole and on the disk.
async fn backup(store: &Store, path: &Path) -> Result<String, String> {
    let failed = |why: String| format!("backing up to {}: {why}", path.display());
    if path.exists() {
        return Err(failed("the file exists; a backup is never written over another file".to_owned()));
    }
    let partial = files::beside(path);
    let written = write(store, &partial).await;
    let placed = written
        .and_then(|rows| files::place_new(&partial, path).map(|()| rows).map_err(|error| error.to_string()));
    let rows = placed.inspect_err(|_| {
        let _ = std::fs::remove_file(&partial);
    });
    let rows = rows.map_err(failed)?;
    Ok(format!(
        "backed up {rows} rows to {}\nIt holds secrets: keep it as you keep the database.\n",
        path.display()
    ))
}

async fn write(store: &Store, path: &Path) -> Result<u64, String> {
    let file = files::new_private(path).map_err(|error| error.to_string())?;
    let mut out = BufWriter::new(file);
    let mut bar = Bar::new("db backup");
    let rows = store.backup(&mut out, &mut |Progress { done, total, .. }| bar.show(done, total)).await;
    drop(bar);
    let rows = rows.map_err(|error| chain(&error))?;
    let file = out.into_inner().map_err(|error| error.to_string())?;
    file.sync_all().map_err(|error| error.to_string())?;
    Ok(rows)
}

async fn restore(store: &Store, path: &Path, replace: bool) -> Result<String, String> {
    let failed = |why: String| format!("restoring {}: {why}", path.display());
    let file = File::open(path).map_err(|error| failed(error.to_string()))?;
    let (mut checking, mut replacing) = (Bar::new("db restore: checking"), Bar::new("db restore"));
    let mut watcher = |Progress { stage, done, total }| match stage {
        Stage::Checking => checking.show(done, total),
        _ => replacing.show(done, total),
    };
    let restored = store.restore(file, replace, &mut watcher).await;
    drop((checking, replacing));
    match restored {
        Ok(rows) => Ok(format!("restored {rows} rows from {}\n", path.display())),
        Err(error @ StoreError::NotEmpty) => Err(failed(format!("{error}; --replace does that"))),
        Err(error) => Err(failed(chain(&error))),
    }
}
