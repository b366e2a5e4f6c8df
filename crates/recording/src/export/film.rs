//! Samples on the recording's own time, as the bytes of a file.
//!
//! Promise: what goes in comes out in the file's order, and the same in is the same out. Within a timeline all times move by the same amount, so that sound and picture stay together; where another
//! timeline begins, its first picture stands where the playlists say. Decoding times rise, whatever comes in.

use bytes::Bytes;
use media::fmp4::{Coding, Table, TableSample, moov};
use media::{Ticks, aac};

use super::ExportError;
use super::roll::Cut;
use crate::samples::{Picture, Piece, Sound};

/// Sound and picture take turns in the file after so much time.
const TURN: Ticks = Ticks::from_millis(1_000);
/// Room for the header beside what is expected of it.
const SPARE: u64 = 16 * 1_024;
/// More room than this is not left; headers of more than some hours stand at the end then.
const MOST_ROOM: u64 = 64 << 20;

/// What was made.
pub(super) struct Made {
    pictures: Option<Table>,
    sounds: Option<Table>,
}

/// A file in the making.
pub(super) struct Film {
    /// Where the next byte goes.
    at: u64,
    pictures: Option<Table>,
    sounds: Option<Table>,
    /// From the times in the media to those in the recording; `None`: another timeline begins.
    shift: Option<Ticks>,
    last_picture: Option<Ticks>,
    /// From the picture before to the last one.
    last_step: Ticks,
    /// Where the last frame of sound ends, in units of its table.
    sound_end: Option<i64>,
}

/// One table's samples of a turn, and their bytes.
#[derive(Default)]
struct Turn {
    samples: Vec<TableSample>,
    bytes: Vec<Bytes>,
}

impl Film {
    /// One whose media begins there in the file.
    pub(super) fn new(at: u64) -> Self {
        Self {
            at,
            pictures: None,
            sounds: None,
            shift: None,
            last_picture: None,
            last_step: Ticks::ZERO,
            sound_end: None,
        }
    }

    /// Where the next byte goes.
    pub(super) fn at(&self) -> u64 {
        self.at
    }

    /// Adds a chunk that stands at this time of the recording: the bytes that come next in the file.
    pub(super) fn add(&mut self, cut: Cut, at: Ticks) -> Vec<Bytes> {
        let Cut { mut piece, is_new } = cut;
        if is_new {
            self.shift = None;
        }
        self.move_to(&mut piece, at);
        let mut out = Vec::new();
        let mut pictures = piece.pictures.into_iter().peekable();
        let mut sounds = piece.sounds.into_iter().peekable();
        loop {
            let next = [pictures.peek().map(|one| one.dts), sounds.peek().map(|one| one.pts)];
            let Some(first) = next.into_iter().flatten().min() else { return out };
            let end = first + TURN;
            while let Some(picture) = pictures.next_if(|picture| picture.dts < end) {
                let mut turn = vec![picture];
                // What is coded differently gets a chunk of its own.
                let goes_on = |one: &Picture| one.dts < end && one.params.is_none();
                turn.extend(std::iter::from_fn(|| pictures.next_if(goes_on)));
                self.put_pictures(turn, &mut out);
            }
            while let Some(sound) = sounds.next_if(|sound| sound.pts < end) {
                let mut turn = vec![sound];
                let goes_on = |one: &Sound| one.pts < end && one.params.is_none();
                turn.extend(std::iter::from_fn(|| sounds.next_if(goes_on)));
                self.put_sounds(turn, &mut out);
            }
        }
    }

    /// Moves a piece's times to those of the recording.
    fn move_to(&mut self, piece: &mut Piece, at: Ticks) {
        let first = piece.pictures.first().map(|one| one.dts);
        let first = first.or_else(|| piece.sounds.first().map(|one| one.pts));
        let shift = *self.shift.get_or_insert_with(|| at - first.unwrap_or(at));
        for picture in &mut piece.pictures {
            picture.dts += shift;
            picture.pts += shift;
        }
        piece.sounds.iter_mut().for_each(|sound| sound.pts += shift);
    }

    fn put_pictures(&mut self, pictures: Vec<Picture>, out: &mut Vec<Bytes>) {
        let params = pictures.first().and_then(|first| first.params.clone());
        if !prepare(&mut self.pictures, params.map(Coding::Video)) {
            return;
        }
        let mut turn = Turn::default();
        for picture in pictures {
            // Lengths are told to the millisecond, so a timeline may begin a little before the last one's end.
            let least = self.last_picture.map(|last| last + Ticks::new(1));
            let dts = least.map_or(picture.dts, |least| picture.dts.max(least));
            self.last_step = self.last_picture.map_or(self.last_step, |last| dts - last);
            self.last_picture = Some(dts);
            let composition = i32::try_from((picture.pts - dts).count()).unwrap_or(0);
            turn.add(dts.count(), composition, picture.keyframe, picture.data);
        }
        self.put(turn, true, out);
    }

    fn put_sounds(&mut self, sounds: Vec<Sound>, out: &mut Vec<Bytes>) {
        let params = sounds.first().and_then(|first| first.params.clone());
        if !prepare(&mut self.sounds, params.map(Coding::Audio)) {
            return;
        }
        let timescale = self.sounds.as_ref().map_or(1, Table::timescale);
        let frame = i64::from(aac::FRAME_SAMPLES);
        let mut turn = Turn::default();
        for sound in sounds {
            let told = sound.pts.to_scale(timescale);
            let expected = self.sound_end.unwrap_or(told);
            // Of two timelines that overlap, the first is heard to its end.
            if told < expected - frame / 2 {
                continue;
            }
            // Frames follow each other; stamps are a little off.
            let time = if told > expected + frame / 2 { told } else { expected };
            self.sound_end = Some(time + frame);
            turn.add(time, 0, true, sound.data);
        }
        self.put(turn, false, out);
    }

    fn put(&mut self, turn: Turn, is_video: bool, out: &mut Vec<Bytes>) {
        let table = if is_video { &mut self.pictures } else { &mut self.sounds };
        let Some(table) = table.as_mut().filter(|_| !turn.samples.is_empty()) else { return };
        table.begin_chunk(self.at);
        turn.samples.into_iter().for_each(|sample| table.push(sample));
        self.at += turn.bytes.iter().map(|bytes| bytes.len() as u64).sum::<u64>();
        out.extend(turn.bytes);
    }

    /// All that the header tells of.
    pub(super) fn finish(mut self) -> Result<Made, ExportError> {
        if let (Some(table), Some(last)) = (&mut self.pictures, self.last_picture) {
            table.end((last + self.last_step).count());
        }
        if let (Some(table), Some(end)) = (&mut self.sounds, self.sound_end) {
            table.end(end);
        }
        let made = Made { pictures: self.pictures, sounds: self.sounds };
        if made.pictures() + made.sounds() == 0 { Err(ExportError::Empty) } else { Ok(made) }
    }
}

impl Made {
    pub(super) fn pictures(&self) -> usize {
        self.pictures.as_ref().map_or(0, Table::samples)
    }

    pub(super) fn sounds(&self) -> usize {
        self.sounds.as_ref().map_or(0, Table::samples)
    }

    pub(super) fn header(&self) -> Bytes {
        let tables: Vec<&Table> = [&self.pictures, &self.sounds].into_iter().flatten().collect();
        moov(&tables)
    }

    /// The media begins so many bytes further on in the file.
    pub(super) fn move_by(&mut self, bytes: u64) {
        [&mut self.pictures, &mut self.sounds].into_iter().flatten().for_each(|table| table.move_by(bytes));
    }
}

impl Turn {
    fn add(&mut self, time: i64, composition: i32, keyframe: bool, data: Bytes) {
        let bytes = u32::try_from(data.len()).unwrap_or(u32::MAX);
        self.samples.push(TableSample { time, composition, keyframe, bytes });
        self.bytes.push(data);
    }
}

/// Makes a table ready for samples of a coding; `false`: nobody has said yet how they are coded.
fn prepare(table: &mut Option<Table>, coding: Option<Coding>) -> bool {
    match (table.as_mut(), coding) {
        (Some(table), Some(coding)) => table.set_coding(coding),
        (None, Some(coding)) => *table = Some(Table::new(coding)),
        (Some(_), None) => {}
        (None, None) => return false,
    }
    true
}

/// How long the header may get, by the samples in the first chunk.
pub(super) fn expected_header(first: &Cut, total: Ticks) -> u64 {
    let first = &first.piece;
    let times = first.pictures.iter().map(|one| one.dts).chain(first.sounds.iter().map(|one| one.pts));
    let (begin, end) = times.fold((None::<Ticks>, None::<Ticks>), |(begin, end), time| {
        (Some(begin.map_or(time, |begin| begin.min(time))), Some(end.map_or(time, |end| end.max(time))))
    });
    let span = end.zip(begin).map_or(1, |(end, begin)| (end - begin).count()).max(Ticks::PER_SECOND);
    // Size, duration and composition of pictures that are all unlike, and the places of chunks.
    let bytes = first.pictures.len() * 24 + first.sounds.len() * 8;
    let each = u128::try_from(bytes).unwrap_or(0) * u128::try_from(total.count()).unwrap_or(0);
    let expected = each / u128::try_from(span).unwrap_or(1);
    let expected = u64::try_from(expected).unwrap_or(u64::MAX).saturating_add(SPARE);
    expected.saturating_add(expected / 8).min(MOST_ROOM)
}
