//! A journal, read from its beginning to its end.
//!
//! Promise: no panic on any bytes, and nothing is held of what segments and chunks there were but their sums.

use std::collections::BTreeMap;
use std::io::{self, BufRead};

use super::account::Account;
use super::journal::{Line, Reader, Step};
use super::{End, Header, Run, Sums, folder};

/// What a journal tells by itself, whatever became of the files that it tells of.
#[derive(Debug)]
pub struct Replay {
    /// `None`: the first line is not as it was written, and nothing else was read.
    pub header: Option<Header>,
    /// Its streams.
    pub runs: Vec<Run>,
    /// The words that were kept, by name.
    pub notes: BTreeMap<String, String>,
    /// How it ended, if it did.
    pub end: Option<End>,
    /// Where the last good line ended.
    pub good_bytes: u64,
    /// Lines before that which could not be read, or were out of place.
    pub broken_lines: u64,
    pub(super) account: Account,
}

impl Replay {
    /// Reads a journal to its end. Each line is the CRC-32 of its text in eight hexadecimal digits, a space, and JSON.
    ///
    /// # Errors
    /// Those of reading; whatever was read is no error.
    pub fn read(source: impl BufRead) -> io::Result<Self> {
        let mut reader = Reader::new(source);
        let header = first(reader.next()?);
        let account = Account::new(header.as_ref().map_or(0, |header| header.renditions.len()));
        let (runs, notes, good_bytes) = (Vec::new(), BTreeMap::new(), reader.at());
        let mut replay = Self { header, runs, notes, end: None, good_bytes, broken_lines: 0, account };
        let mut broken = 0;
        while replay.header.is_some() {
            match reader.next()? {
                Step::End => break,
                Step::Line(line) if replay.account.add(&line).is_ok() => {
                    replay.broken_lines += std::mem::take(&mut broken);
                    replay.good_bytes = reader.at();
                    replay.keep(*line);
                }
                Step::Line(_) | Step::Broken => {
                    broken += 1;
                    replay.account.note_damage();
                }
            }
        }
        Ok(replay)
    }

    /// What was written by it, the open chunk with it.
    pub fn sums(&self) -> Sums {
        self.account.sums()
    }

    fn keep(&mut self, line: Line) {
        match line {
            Line::Run(run) => self.runs.push(run),
            Line::Note(note) => drop(self.notes.insert(note.name, note.text)),
            Line::End(end) => self.end = Some(end),
            _ => {}
        }
    }
}

fn first(step: Step) -> Option<Header> {
    let Step::Line(line) = step else { return None };
    let Line::Header(header) = *line else { return None };
    header.renditions.iter().all(|rendition| folder::is_name(&rendition.name)).then_some(*header)
}
