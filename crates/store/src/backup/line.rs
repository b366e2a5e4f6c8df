//! The lines of a backup.
//!
//! Promise: a line that was not written by this version's [`super::Store::backup`] is refused by its number,
//! whatever it holds; no more than one line is in memory.

use std::io::{BufRead, Read as _};

use aws_lc_rs::digest;
use serde_json::{Map, Value as Json, json};

use super::tables::{Kind, Table};
use crate::database::Cell;
use crate::error::StoreError;

/// One line.
pub(super) enum Line {
    Header { format: u32, migration: i64, positions: Lasts },
    Row { table: &'static Table, cells: Vec<Cell> },
    Trailer { rows: u64, sha256: String },
}

/// The last position that each table has given away.
pub(super) type Lasts = Vec<(&'static Table, i64)>;

pub(super) fn header(format: u32, migration: i64, positions: &Lasts) -> String {
    let positions: Map<_, _> =
        positions.iter().map(|(table, last)| (table.name.to_owned(), Json::from(*last))).collect();
    json!({ "rillcast": "backup", "format": format, "migration": migration, "positions": positions })
        .to_string()
}

pub(super) fn row(table: &str, cells: &[Cell]) -> String {
    let cell = |cell: &Cell| match cell {
        Cell::Null => Json::Null,
        Cell::Text(text) => Json::from(text.as_str()),
        Cell::Integer(integer) => Json::from(*integer),
        Cell::Bytes(bytes) => json!({ "hex": hex::encode(bytes) }),
    };
    let cells = std::iter::once(Json::from(table)).chain(cells.iter().map(cell));
    Json::Array(cells.collect()).to_string()
}

pub(super) fn trailer(rows: u64, sum: &[u8]) -> String {
    json!({ "rows": rows, "sha256": hex::encode(sum) }).to_string()
}

/// Reads lines and sums them up.
pub(super) struct Reader<'a, F> {
    file: &'a mut F,
    longest: u64,
    number: u64,
    bytes: u64,
    hash: digest::Context,
}

impl<'a, F: BufRead> Reader<'a, F> {
    pub(super) fn new(file: &'a mut F, longest: u64) -> Self {
        Self { file, longest, number: 0, bytes: 0, hash: digest::Context::new(&digest::SHA256) }
    }

    /// The next line; `None` at the end of the file.
    pub(super) fn next(&mut self) -> Result<Option<Line>, StoreError> {
        let mut bytes = Vec::new();
        self.file
            .by_ref()
            .take(self.longest)
            .read_until(b'\n', &mut bytes)
            .map_err(StoreError::BackupFile)?;
        self.number += 1;
        self.bytes += bytes.len() as u64;
        if bytes.is_empty() {
            return Ok(None);
        }
        self.hash.update(&bytes);
        if bytes.pop() != Some(b'\n') {
            return Err(self.wrong("the line is cut off, or far too long"));
        }
        let json = serde_json::from_slice(&bytes).map_err(|_| self.wrong("this is not JSON"))?;
        let line = match json {
            Json::Object(members) => closing(&members),
            Json::Array(cells) => tabled(cells),
            _ => None,
        };
        line.map(Some).ok_or_else(|| self.wrong("this is no line of a backup"))
    }

    /// Length of all lines so far.
    pub(super) fn bytes(&self) -> u64 {
        self.bytes
    }

    /// SHA-256 of all lines so far.
    pub(super) fn sum(&self) -> String {
        hex::encode(self.hash.clone().finish())
    }

    /// Why the latest line is refused.
    pub(super) fn wrong(&self, why: &'static str) -> StoreError {
        StoreError::NotABackup { line: self.number, why }
    }
}

/// The first line, or the last.
fn closing(members: &Map<String, Json>) -> Option<Line> {
    if members.get("rillcast").is_some_and(|what| what == "backup") {
        let format = u32::try_from(members.get("format")?.as_u64()?).ok()?;
        let migration = members.get("migration")?.as_i64()?;
        // Tables that only another version knows: that version's backup is refused by its number.
        let positions = members.get("positions")?.as_object()?.iter();
        let positions = positions.filter_map(|(name, last)| Some((Table::named(name)?, last.as_i64()?)));
        return Some(Line::Header { format, migration, positions: positions.collect() });
    }
    let sha256 = members.get("sha256")?.as_str()?.to_owned();
    Some(Line::Trailer { rows: members.get("rows")?.as_u64()?, sha256 })
}

fn tabled(cells: Vec<Json>) -> Option<Line> {
    let mut cells = cells.into_iter();
    let table = Table::named(cells.next()?.as_str()?)?;
    if cells.len() != table.columns.len() {
        return None;
    }
    let cells =
        table.columns.iter().zip(cells).map(|(kind, json)| cell(*kind, json)).collect::<Option<_>>()?;
    Some(Line::Row { table, cells })
}

fn cell(kind: Kind, json: Json) -> Option<Cell> {
    match (kind, json) {
        (Kind::Text, Json::String(text)) => Some(Cell::Text(text)),
        (Kind::Integer, json) => json.as_i64().map(Cell::Integer),
        (Kind::Bytes, json) => hex::decode(json.get("hex")?.as_str()?).ok().map(Cell::Bytes),
        (Kind::Text, _) => None,
    }
}
