//! One rendition: its playlists, its chunks, and the times of its pictures.
//!
//! Promise: each sample is read once, in order, one chunk at a time in memory. The times in the media are held against the
//! lengths that the playlists tell, piece by piece: what is missing between two pictures shows there, however slow
//! or uneven the pictures themselves are.

use bytes::Bytes;
use domain::ContainerFormat;
use media::Ticks;

use super::counters::Counters;
use super::playlists::{self, Planned};
use super::{Check, LARGEST_OBJECT, RenditionReport};
use crate::Error;
use crate::listed::{self, Listed};
use crate::manifest::Rendition;
use crate::samples::{Picture, Piece, Reader};

pub(super) async fn look(
    check: &mut Check<'_>,
    hls: &str,
    rendition: &Rendition,
) -> Result<RenditionReport, Error> {
    let mut told = RenditionReport { name: rendition.path.clone(), ..RenditionReport::default() };
    let folder = format!("{hls}/{}", rendition.path);
    let key = format!("{folder}/{}", rendition.playlist);
    let whole = playlist(check, &key).await?;
    let ranges = playlist(check, &format!("{folder}/{}", rendition.byte_range_playlist)).await?;
    let Some(whole) = whole else { return Ok(told) };
    told.duration_ms = whole.entries.iter().map(|entry| entry.millis).sum();
    let plan = playlists::join(&mut check.report, &key, &whole, ranges.as_ref());
    let has_pictures = rendition.resolution_height.is_some();
    let mut walk = Walk::new(has_pictures);
    for chunk in &plan {
        walk.chunk(check, &mut told, &folder, chunk).await?;
    }
    walk.settle(check, None);
    if walk.closed_ranges > 0 {
        let words = format!("has {} byte ranges that begin without a keyframe", walk.closed_ranges);
        check.report.note(&folder, words);
    }
    Ok(told)
}

async fn playlist(check: &mut Check<'_>, key: &str) -> Result<Option<Listed>, Error> {
    let Some(text) = check.fetch_text(key).await? else { return Ok(None) };
    match listed::read(&text) {
        Ok(listed) => {
            playlists::look(&mut check.report, key, &listed);
            Ok(Some(listed))
        }
        Err(error) => {
            check.report.fault(key, error.to_string());
            Ok(None)
        }
    }
}

/// What came before.
struct Walk {
    has_pictures: bool,
    reader: Option<(ContainerFormat, Reader)>,
    init: Option<std::sync::Arc<str>>,
    counters: Counters,
    /// The piece before, if this one must continue it.
    before: Option<Before>,
    closed_ranges: u64,
}

/// The times of a piece.
struct Before {
    key: String,
    /// Of its first sample.
    start: Ticks,
    /// Of its last sample.
    last: Ticks,
    /// From a picture to the next, as it usually is.
    usual: Ticks,
    /// From a picture to the next, at most.
    longest: Ticks,
    /// What the playlist tells.
    millis: u64,
}

impl Walk {
    fn new(has_pictures: bool) -> Self {
        Self {
            has_pictures,
            reader: None,
            init: None,
            counters: Counters::default(),
            before: None,
            closed_ranges: 0,
        }
    }

    async fn chunk(
        &mut self,
        check: &mut Check<'_>,
        told: &mut RenditionReport,
        folder: &str,
        chunk: &Planned,
    ) -> Result<(), Error> {
        let key = format!("{folder}/{}", chunk.name);
        told.discontinuities += u64::from(chunk.discontinuity);
        if chunk.is_gap {
            told.gaps += 1;
            if check.size_of(&key).await?.is_some() {
                check.report.note(&key, "is told to be missing, and is there");
            }
            self.forget(check);
            return Ok(());
        }
        if chunk.discontinuity {
            self.forget(check);
        }
        let Some(bytes) = check.fetch(&key, LARGEST_OBJECT).await? else {
            self.forget(check);
            return Ok(());
        };
        told.chunks += 1;
        told.bytes += count(bytes.len());
        let covered: u64 = chunk.ranges.iter().map(|(length, _, _)| length).sum();
        if !chunk.ranges.is_empty() && covered != count(bytes.len()) {
            let words = format!("has {} bytes, but its byte ranges cover {covered}", bytes.len());
            check.report.fault(&key, words);
            self.forget(check);
            return Ok(());
        }
        if !self.prepare(check, folder, &key, chunk).await? {
            return Ok(());
        }
        if chunk.ranges.is_empty() {
            self.piece(check, told, &key, &bytes, chunk.millis);
        }
        for (length, offset, millis) in &chunk.ranges {
            let ends = (usize::try_from(*offset), usize::try_from(offset.saturating_add(*length)));
            let (Ok(from), Ok(to)) = ends else { continue };
            if from <= to && to <= bytes.len() {
                told.ranges += 1;
                self.piece(check, told, &key, &bytes.slice(from..to), *millis);
            }
        }
        Ok(())
    }

    /// The next piece need not continue anything.
    fn forget(&mut self, check: &mut Check<'_>) {
        self.settle(check, None);
        self.counters.forget();
        if let Some((_, reader)) = &mut self.reader {
            reader.forget_times();
        }
    }

    /// Makes the reader ready for a chunk: its container and its initialisation section.
    async fn prepare(
        &mut self,
        check: &mut Check<'_>,
        folder: &str,
        key: &str,
        chunk: &Planned,
    ) -> Result<bool, Error> {
        let container =
            if key.ends_with(".ts") { ContainerFormat::Ts } else { ContainerFormat::FragmentedMp4 };
        if self.reader.as_ref().is_none_or(|(of, _)| *of != container) {
            self.reader = Some((container, Reader::new(container)));
            self.init = None;
        }
        if container == ContainerFormat::Ts {
            return Ok(true);
        }
        let Some(init) = &chunk.init else {
            check.report.fault(key, "has no initialisation section");
            return Ok(false);
        };
        if self.init.as_ref() != Some(init) {
            let init_key = format!("{folder}/{init}");
            let Some(bytes) = check.fetch(&init_key, LARGEST_OBJECT).await? else { return Ok(false) };
            let reader = self.reader.as_mut().map(|(_, reader)| reader);
            if let Some(Err(words)) = reader.map(|reader| reader.init(&bytes)) {
                check.report.fault(&init_key, format!("can't be read: {words}"));
                return Ok(false);
            }
            self.init = Some(std::sync::Arc::clone(init));
        }
        Ok(true)
    }

    fn piece(
        &mut self,
        check: &mut Check<'_>,
        told: &mut RenditionReport,
        key: &str,
        bytes: &Bytes,
        millis: u64,
    ) {
        let Some((container, reader)) = &mut self.reader else { return };
        let piece = reader.read(bytes);
        for trouble in &piece.troubles {
            check.report.fault(key, format!("has {trouble}"));
        }
        if *container == ContainerFormat::Ts && self.counters.jumps(bytes) > 0 {
            check.report.fault(key, "does not continue the packets of what is before it");
        }
        told.pictures += count(piece.pictures.len());
        told.sounds += count(piece.sounds.len());
        if self.has_pictures && piece.pictures.first().is_some_and(|first| !first.keyframe) {
            self.closed_ranges += 1;
        }
        self.damage(check, key, &piece);
        let Some(now) = times(&piece, self.has_pictures, key, millis) else {
            check.report.fault(key, "has a piece with nothing in it to play");
            self.forget(check);
            return;
        };
        told.longest_pause_ms =
            told.longest_pause_ms.max(u64::try_from(now.longest.count() / 90).unwrap_or(0));
        self.settle(check, Some(&now));
        self.before = Some(now);
    }

    /// Samples that no decoder can take; times that run backwards.
    fn damage(&self, check: &mut Check<'_>, key: &str, piece: &Piece) {
        let broken = piece.pictures.iter().filter(|picture| !is_tiled(picture)).count();
        if broken > 0 {
            check.report.fault(key, format!("has {broken} pictures with damaged content"));
        }
        if piece.sounds.iter().any(|sound| sound.data.is_empty()) {
            check.report.fault(key, "has empty frames of sound");
        }
        if piece.pictures.is_sorted_by(|one, next| one.dts < next.dts) {
            return;
        }
        check.report.fault(key, "has pictures whose times do not rise");
    }

    /// Holds the length of the piece before against what was told of it: it reaches to where the next one begins, or, at
    /// the end of a timeline, to the end of its last picture.
    fn settle(&mut self, check: &mut Check<'_>, next: Option<&Before>) {
        let Some(before) = self.before.take() else { return };
        let told = Ticks::from_millis(i64::try_from(before.millis).unwrap_or(i64::MAX));
        let (end, slack) = match next {
            Some(next) => (next.start, before.usual.max(next.usual)),
            None => (before.last + before.usual, before.longest.max(before.usual)),
        };
        let off = (end - before.start) - told;
        // Lengths are told to the millisecond.
        let most = Ticks::new(slack.count() + slack.count() / 2 + 180);
        if off.count().abs() <= most.count() {
            return;
        }
        let millis = off.count().abs() / 90;
        match next {
            Some(next) if off > Ticks::ZERO => {
                check
                    .report
                    .fault(&next.key, format!("begins {millis} ms after the end of what is before it"));
            }
            Some(next) => {
                check
                    .report
                    .fault(&next.key, format!("begins {millis} ms before the end of what is before it"));
            }
            None => {
                let by = if off > Ticks::ZERO { "longer" } else { "shorter" };
                check.report.fault(&before.key, format!("is {millis} ms {by} than the playlist tells"));
            }
        }
    }
}

/// `None`: there is nothing that could be timed.
fn times(piece: &Piece, has_pictures: bool, key: &str, millis: u64) -> Option<Before> {
    let moments: Vec<Ticks> = if has_pictures {
        piece.pictures.iter().map(|picture| picture.dts).collect()
    } else {
        piece.sounds.iter().map(|sound| sound.pts).collect()
    };
    let (start, last) = (*moments.first()?, *moments.last()?);
    let mut steps: Vec<Ticks> = moments.windows(2).map(|two| two[1] - two[0]).collect();
    // Where the container tells how long the last one is, that is one more.
    steps.extend(piece.pictures.last().filter(|_| has_pictures).and_then(|picture| picture.duration));
    steps.sort_unstable();
    let longest = steps.last().copied().unwrap_or_default();
    let told = Ticks::from_millis(i64::try_from(millis).unwrap_or(0));
    // A single picture without a length is as long as is told.
    let usual = steps.get(steps.len() / 2).copied().unwrap_or(told);
    Some(Before { key: key.to_owned(), start, last, usual, longest, millis })
}

/// NAL units behind lengths, from the first byte to the last.
fn is_tiled(picture: &Picture) -> bool {
    let size = usize::from(picture.length_size.clamp(1, 4));
    let mut rest = &picture.data[..];
    while let Some((length, after)) = rest.split_at_checked(size) {
        let length = length.iter().fold(0usize, |length, byte| length << 8 | usize::from(*byte));
        let Some(after) = after.get(length..).filter(|_| length > 0) else { return false };
        rest = after;
        if rest.is_empty() {
            return true;
        }
    }
    false
}

fn count(length: usize) -> u64 {
    u64::try_from(length).unwrap_or(u64::MAX)
}
