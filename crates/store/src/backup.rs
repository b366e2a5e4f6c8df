//! Backups: the whole truth of one moment as text, the same from every database.
//!
//! The form: one JSON value a line. First a header (`{"rillcast":"backup","format":1,"migration":7,
//! "positions":{"channels":7,…}}`, the last position that each table has given away), then each row as an array (the table's name, then its columns in the order of `tables.rs`; bytes as
//! `{"hex":"…"}`), tables in the order in which they can be put back, last a trailer
//! (`{"rows":…,"sha256":"…"}`) over all bytes before it.
//!
//! Promise: a backup is one snapshot, taken without keeping a writer waiting, in memory that does not grow
//! with the database; a restore looks through the whole file before it touches anything, and then changes
//! everything or nothing; a backup of an older version, from step 2 on, can be put back.

mod line;
mod tables;

use std::io::{BufRead, BufReader, Read, Seek, SeekFrom, Write};

use aws_lc_rs::digest;

use crate::Store;
use crate::database::{Cell, Change, Snapshot, Value};
use crate::error::StoreError;
use line::{Lasts, Line, Reader};
use tables::TABLES;

const OBJECT: &str = "the database";

/// The form that this version writes and reads.
const FORMAT: u32 = 1;

/// The step of the tables that the columns here are of.
const MIGRATION: i64 = 7;

/// The oldest step whose backups can be put back: since then tables were added, none changed.
const OLDEST: i64 = 2;

/// How far a backup or a restore is. It is told at the beginning and the end of each stage, and often between them.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Progress {
    /// What is being done.
    pub stage: Stage,
    /// So many of them are done.
    pub done: u64,
    /// Of so many.
    pub total: u64,
}

/// What is being done. A backup has the first stage alone, a restore the two others, in this order.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Stage {
    /// Rows are written.
    Writing,
    /// Bytes of the backup are looked through; nothing has changed yet.
    Checking,
    /// Rows are put in the place of what was there. What all that is worth is decided behind the last.
    Replacing,
}

/// No row is longer than this, in bytes: a channel with all of its tags is below 100 KiB.
const LONGEST: u64 = 1 << 20;

impl Store {
    /// Writes everything as it stands now; gives the number of rows. Others may read and write meanwhile.
    /// What it writes holds secrets. `watcher` is told how far it is.
    ///
    /// # Errors
    /// [`StoreError::BackupFile`] when writing fails, [`StoreError::Read`].
    pub async fn backup(
        &self,
        to: &mut (dyn Write + Send),
        watcher: &mut (dyn FnMut(Progress) + Send),
    ) -> Result<u64, StoreError> {
        let mut out = Sealed { to, hash: digest::Context::new(&digest::SHA256) };
        let mut snapshot = self.database.snapshot(OBJECT).await?;
        out.line(&line::header(FORMAT, MIGRATION, &lasts(&mut snapshot).await?))?;
        let mut steps = Steps { watcher, stage: Stage::Writing, total: count(&mut snapshot).await? };
        let mut rows = 0;
        steps.tell(rows);
        for table in TABLES {
            let mut after: Vec<Cell> = table.start();
            loop {
                let key: Vec<_> = after.iter().map(Cell::value).collect();
                let page = snapshot.fetch(table.page, &key).await?;
                let Some(last) = page.last() else { break };
                after = table.key(last);
                for row in &page {
                    out.line(&line::row(table.name, row.cells()))?;
                }
                rows += page.len() as u64;
                steps.tell(rows);
            }
        }
        out.seal(rows)?;
        Ok(rows)
    }

    /// Puts a backup in the place of everything that is here; gives the number of rows. With `replace` false
    /// only into a database that holds nothing yet. `watcher` is told how far it is.
    ///
    /// # Errors
    /// [`StoreError::NotEmpty`]; [`StoreError::NotABackup`] when a line or the whole is not as it was
    /// written, [`StoreError::OtherBackup`], [`StoreError::BackupFile`] when reading fails;
    /// [`StoreError::Write`]. Nothing was changed then.
    pub async fn restore<F: Read + Seek + Send>(
        &self,
        mut from: F,
        replace: bool,
        watcher: &mut (dyn FnMut(Progress) + Send),
    ) -> Result<u64, StoreError> {
        let bytes = from.seek(SeekFrom::End(0)).map_err(StoreError::BackupFile)?;
        let mut file = BufReader::new(from);
        file.rewind().map_err(StoreError::BackupFile)?;
        let Inspected { rows, sum, positions } =
            inspect(&mut file, Steps { watcher: &mut *watcher, stage: Stage::Checking, total: bytes })?;
        file.rewind().map_err(StoreError::BackupFile)?;
        let mut change = self.database.begin_long(OBJECT).await?;
        if !replace && !is_empty(&mut change).await? {
            return Err(StoreError::NotEmpty);
        }
        for table in TABLES.iter().rev() {
            change.execute(table.clear, &[]).await?;
        }
        let mut lines = Reader::new(&mut file, LONGEST);
        let mut steps = Steps { watcher, stage: Stage::Replacing, total: rows };
        let mut done = 0;
        steps.tell(done);
        while let Some(line) = lines.next()? {
            if let Line::Row { table, cells } = line {
                let values: Vec<_> = cells.iter().map(Cell::value).collect();
                change.execute(table.insert, &values).await?;
                done += 1;
                steps.tell(done);
            }
        }
        if lines.sum() != sum {
            return Err(lines.wrong("the file was changed while it was read"));
        }
        for (table, last) in positions {
            if let Some(positions) = table.positions {
                change.execute_either(positions.start, &[]).await?;
                change.execute_either(positions.go_on, &[Value::Integer(last)]).await?;
            }
        }
        change.commit().await?;
        Ok(rows)
    }
}

/// Tells of the steps of one stage.
struct Steps<'a> {
    watcher: &'a mut (dyn FnMut(Progress) + Send),
    stage: Stage,
    total: u64,
}

impl Steps<'_> {
    fn tell(&mut self, done: u64) {
        (self.watcher)(Progress { stage: self.stage, done, total: self.total });
    }
}

/// All rows of the moment.
async fn count(snapshot: &mut Snapshot) -> Result<u64, StoreError> {
    let mut all = 0;
    for table in TABLES {
        let rows = snapshot.fetch(table.count, &[]).await?;
        let rows = rows.first().and_then(|row| row.integer(0).ok()).unwrap_or(0);
        all += u64::try_from(rows).unwrap_or(0);
    }
    Ok(all)
}

/// Asked before any row is read: PostgreSQL tells of this moment and not of the snapshot's, and a position
/// that was given away since then does no harm.
async fn lasts(snapshot: &mut Snapshot) -> Result<Lasts, StoreError> {
    let mut lasts = Lasts::new();
    for table in TABLES {
        let Some(positions) = table.positions else { continue };
        let rows = snapshot.fetch_either(positions.last).await?;
        let last = rows.first().and_then(|row| row.integer(0).ok()).filter(|last| *last > 0);
        lasts.extend(last.map(|last| (table, last)));
    }
    Ok(lasts)
}

/// Nothing but what a first start leaves behind at once: the page tokens' secret.
async fn is_empty(change: &mut Change) -> Result<bool, StoreError> {
    for table in TABLES.iter().filter(|table| table.counts) {
        if !change.fetch(table.any, &[]).await?.is_empty() {
            return Ok(false);
        }
    }
    Ok(true)
}

/// What a whole backup has told of itself.
struct Inspected {
    rows: u64,
    /// Of everything, so that a change between two readings is seen.
    sum: String,
    positions: Lasts,
}

/// Looks through the whole file: every line, their order, their number and their sum.
fn inspect(file: &mut impl BufRead, mut steps: Steps<'_>) -> Result<Inspected, StoreError> {
    let mut lines = Reader::new(file, LONGEST);
    steps.tell(0);
    let positions = match lines.next()? {
        Some(Line::Header { format: FORMAT, migration: OLDEST..=MIGRATION, positions }) => positions,
        Some(Line::Header { format, migration, .. }) => {
            return Err(StoreError::OtherBackup { format, migration, known: MIGRATION });
        }
        _ => return Err(lines.wrong("this is not the first line of a backup")),
    };
    let mut rows = 0;
    loop {
        let sum = lines.sum();
        match lines.next()? {
            Some(Line::Row { .. }) => {
                rows += 1;
                steps.tell(lines.bytes());
            }
            Some(Line::Trailer { rows: told, sha256 }) if told == rows && sha256 == sum => break,
            Some(Line::Trailer { .. }) => {
                return Err(lines.wrong("the lines above are not those that were written"));
            }
            Some(Line::Header { .. }) => return Err(lines.wrong("a second beginning")),
            None => return Err(lines.wrong("the end is missing")),
        }
    }
    match lines.next()? {
        None => {
            steps.tell(lines.bytes());
            Ok(Inspected { rows, sum: lines.sum(), positions })
        }
        Some(_) => Err(lines.wrong("something follows the end")),
    }
}

/// Writes lines and sums them up.
struct Sealed<'a> {
    to: &'a mut (dyn Write + Send),
    hash: digest::Context,
}

impl Sealed<'_> {
    fn line(&mut self, text: &str) -> Result<(), StoreError> {
        for part in [text.as_bytes(), b"\n"] {
            self.hash.update(part);
            self.to.write_all(part).map_err(StoreError::BackupFile)?;
        }
        Ok(())
    }

    fn seal(self, rows: u64) -> Result<(), StoreError> {
        let text = line::trailer(rows, self.hash.finish().as_ref());
        let written = self.to.write_all(text.as_bytes()).and_then(|()| self.to.write_all(b"\n"));
        written.and_then(|()| self.to.flush()).map_err(StoreError::BackupFile)
    }
}
