//! The playlists of a recording while it grows.
//!
//! Promise: memory does not grow with what is listed: the lines are in files on the tape, and a playlist is put
//! together from its first lines, one of these files and its end. What is written of playlists does not outgrow what is
//! written of media (see [`Pace`]).
//!
//! The files need not survive a power cut: whoever takes up a tape lists all of its chunks again.

mod body;
mod pace;

use std::path::PathBuf;
use std::time::SystemTime;

use blob::Block;
use domain::ContainerFormat;
use media::Ticks;
use tokio::time::Instant;

use crate::layout;
use crate::playlist::{self, ChunkLines, END, Form, Head, Variant};
use crate::tape::{Chunk, Header, Rendition};
use body::{Addition, Body};
use pace::Pace;

pub use body::Lines;

/// What is listed so far.
#[derive(Debug)]
pub struct Listing {
    container: ContainerFormat,
    target: u32,
    total: Ticks,
    sheets: Vec<Sheet>,
    pace: Pace,
    has_masters: bool,
}

/// One rendition's.
#[derive(Debug)]
struct Sheet {
    rendition: Rendition,
    /// In the order of [`Form::ALL`].
    bodies: [Body; 2],
    /// The initialisation section that was named last.
    init: Option<u32>,
    /// The most bits a second of any chunk that is long enough to count.
    peak: u64,
}

/// A playlist as it is to be written.
#[derive(Debug)]
pub struct Playlist {
    /// Below the recording's prefix.
    pub key: String,
    /// Its text.
    pub blocks: Vec<Block>,
    /// It names other playlists.
    pub is_master: bool,
}

impl Playlist {
    /// How long it is.
    pub fn bytes(&self) -> u64 {
        self.blocks.iter().map(Block::length).sum()
    }
}

impl Listing {
    /// An empty one, whose files are in `folder`, which is made when it is first needed. No entry needs to be longer
    /// than `target` seconds.
    pub fn new(folder: PathBuf, header: &Header, target: u32) -> Self {
        let sheet = move |rendition: &Rendition| Sheet {
            bodies: Form::ALL.map(|form| Body::new(folder.join(file_name(&rendition.name, form)))),
            rendition: rendition.clone(),
            init: None,
            peak: 0,
        };
        Self {
            container: header.container,
            target,
            total: Ticks::ZERO,
            sheets: header.renditions.iter().map(sheet).collect(),
            pace: Pace::default(),
            has_masters: false,
        }
    }

    /// No entry needs to be longer than this from now on; never less than before.
    pub fn raise_target(&mut self, seconds: u32) {
        self.target = self.target.max(seconds);
    }

    /// The lines of a chunk, to be written before it is added.
    pub fn lines(&self, chunk: &Chunk) -> Lines {
        let name = layout::chunk_name(chunk.number, self.container);
        let mut additions = Vec::with_capacity(2 * self.sheets.len());
        for (sheet, file) in self.sheets.iter().zip(&chunk.files) {
            let init = file.as_ref().and_then(|file| file.init.as_ref()).map(|init| init.number);
            let new_init = init.filter(|_| init != sheet.init).map(layout::init_name);
            let lines = ChunkLines {
                name: &name,
                init: new_init.as_deref(),
                start: chunk.start,
                duration: chunk.duration,
                time: chunk.time,
                discontinuity: chunk.discontinuity,
                is_gap: file.is_none(),
                entries: file.as_ref().map_or(&[], |file| &file.entries),
            };
            for (form, body) in Form::ALL.into_iter().zip(&sheet.bodies) {
                additions.push(Addition::new(body, playlist::lines(form, &lines)));
            }
        }
        Lines::new(additions)
    }

    /// Adds a chunk, whose lines are written. `brought` are the bytes that came into the bucket with it; `None`: it was
    /// there before this listing was begun, so its playlists are, too.
    pub fn add(&mut self, chunk: &Chunk, lines: &Lines, brought: Option<u64>, now: Instant) {
        let seconds = u32::try_from((playlist::millis(chunk.duration) + 500) / 1_000).unwrap_or(0);
        self.raise_target(seconds);
        self.total = chunk.start + chunk.duration;
        let mut lengths = lines.lengths();
        for (sheet, file) in self.sheets.iter_mut().zip(&chunk.files) {
            for body in &mut sheet.bodies {
                body.grow(lengths.next().unwrap_or(0));
            }
            let Some(file) = file else { continue };
            sheet.init = file.init.as_ref().map(|init| init.number).or(sheet.init);
            // A shorter one says little of the bandwidth (draft-pantos-hls-rfc8216bis, 4.4.6.2).
            if 2 * seconds >= self.target {
                sheet.peak = sheet.peak.max(bits_per_second(file.parcel.bytes, chunk.duration));
            }
        }
        if let Some(bytes) = brought {
            self.pace.brought(bytes, now);
        }
    }

    /// When the playlists have to be written, if nothing more is added; `None`: they tell all that there is.
    pub fn due_at(&self) -> Option<Instant> {
        self.pace.due_at(self.bytes())
    }

    /// The playlists as they are to be written now; none while nothing is listed. Those that name others come last.
    pub fn playlists(&self, is_end: bool) -> Vec<Playlist> {
        if self.bytes() == 0 {
            return Vec::new();
        }
        let mut playlists = Vec::with_capacity(2 * self.sheets.len() + 2);
        for sheet in &self.sheets {
            for (form, body) in Form::ALL.into_iter().zip(&sheet.bodies) {
                let key = layout::playlist(&sheet.rendition.name, form);
                let mut blocks = vec![text(self.head(form)), body.block()];
                blocks.extend(is_end.then(|| text(END.to_owned())));
                playlists.push(Playlist { key, blocks, is_master: false });
            }
        }
        if is_end || !self.has_masters {
            playlists.extend(Form::ALL.map(|form| self.master(form, is_end)));
        }
        playlists
    }

    /// Says that the playlists were written.
    pub fn listed(&mut self, now: Instant) {
        self.has_masters |= self.bytes() > 0;
        self.pace.listed(now);
    }

    /// How long the media playlists are together, apart from their first lines and their ends.
    fn bytes(&self) -> u64 {
        self.sheets.iter().flat_map(|sheet| &sheet.bodies).map(Body::length).sum()
    }

    fn head(&self, form: Form) -> String {
        let (container, target_duration, total) = (self.container, self.target, self.total);
        playlist::head(form, &Head { container, target_duration, written: SystemTime::now(), total })
    }

    /// At the end, what was measured counts; until then, what was announced.
    fn master(&self, form: Form, is_end: bool) -> Playlist {
        let variants: Vec<_> = self.sheets.iter().map(|sheet| sheet.variant(is_end)).collect();
        let blocks = vec![text(playlist::multivariant(form, &variants))];
        Playlist { key: layout::master(form), blocks, is_master: true }
    }
}

impl Sheet {
    fn variant(&self, is_end: bool) -> Variant<'_> {
        let Rendition { name, width, height, codecs, frame_rate, bandwidth } = &self.rendition;
        let (width, height, frame_rate) = (*width, *height, *frame_rate);
        let bandwidth = if is_end && self.peak > 0 { self.peak } else { *bandwidth };
        Variant { name, width, height, codecs, frame_rate, bandwidth }
    }
}

fn bits_per_second(bytes: u64, duration: Ticks) -> u64 {
    let millis = u64::try_from(playlist::millis(duration)).unwrap_or(0).max(1);
    bytes.saturating_mul(8_000) / millis
}

fn file_name(rendition: &str, form: Form) -> String {
    match form {
        Form::Whole => format!("{rendition}.whole"),
        Form::Ranges => format!("{rendition}.ranges"),
    }
}

fn text(text: String) -> Block {
    Block::Bytes(text.into())
}
