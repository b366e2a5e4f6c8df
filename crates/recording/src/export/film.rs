//! Samples on the recording's own time, into the file.
//!
//! Promise: within a timeline all times move by the same amount, so that sound and picture stay together; where another
//! timeline begins, its first picture stands where the playlists say. Decoding times rise, whatever comes in.

use std::path::Path;

use bytes::Bytes;
use media::fmp4::{Coding, Table, TableSample, file_type, moov};
use media::{Ticks, aac};

use super::ExportError;
use super::sink::Sink;
use crate::samples::{Picture, Piece, Sound};

/// Sound and picture take turns in the file after so much time.
const TURN: Ticks = Ticks::from_millis(1_000);
/// Room for the header beside what is expected of it.
const SPARE: u64 = 16 * 1_024;
/// More room than this is not left; headers of more than some hours stand at the end then.
const MOST_ROOM: u64 = 64 << 20;

/// What was made.
pub(super) struct Made {
    pub bytes: u64,
    pub pictures: usize,
    pub sounds: usize,
    pub is_header_last: bool,
}

/// A file in the making.
pub(super) struct Film {
    sink: Sink,
    has_begun: bool,
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
    pub(super) async fn create(path: &Path) -> Result<Self, ExportError> {
        Ok(Self {
            sink: Sink::create(path).await?,
            has_begun: false,
            pictures: None,
            sounds: None,
            shift: None,
            last_picture: None,
            last_step: Ticks::ZERO,
            sound_end: None,
        })
    }

    /// Another timeline begins.
    pub(super) fn cut(&mut self) {
        self.shift = None;
    }

    /// Adds a chunk that stands at this time of the recording, of all that there will be.
    pub(super) async fn add(&mut self, mut piece: Piece, at: Ticks, total: Ticks) -> Result<(), ExportError> {
        self.move_to(&mut piece, at);
        if !self.has_begun {
            let room = expected_header(&piece, total);
            self.sink.begin(&file_type(), room).await?;
            self.has_begun = true;
        }
        let mut pictures = piece.pictures.into_iter().peekable();
        let mut sounds = piece.sounds.into_iter().peekable();
        loop {
            let next = [pictures.peek().map(|one| one.dts), sounds.peek().map(|one| one.pts)];
            let Some(first) = next.into_iter().flatten().min() else { return Ok(()) };
            let end = first + TURN;
            while let Some(picture) = pictures.next_if(|picture| picture.dts < end) {
                let mut turn = vec![picture];
                // What is coded differently gets a chunk of its own.
                let goes_on = |one: &Picture| one.dts < end && one.params.is_none();
                turn.extend(std::iter::from_fn(|| pictures.next_if(goes_on)));
                self.put_pictures(turn).await?;
            }
            while let Some(sound) = sounds.next_if(|sound| sound.pts < end) {
                let mut turn = vec![sound];
                let goes_on = |one: &Sound| one.pts < end && one.params.is_none();
                turn.extend(std::iter::from_fn(|| sounds.next_if(goes_on)));
                self.put_sounds(turn).await?;
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

    async fn put_pictures(&mut self, pictures: Vec<Picture>) -> Result<(), ExportError> {
        let params = pictures.first().and_then(|first| first.params.clone());
        if !prepare(&mut self.pictures, params.map(Coding::Video)) {
            return Ok(());
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
        self.write(turn, true).await
    }

    async fn put_sounds(&mut self, sounds: Vec<Sound>) -> Result<(), ExportError> {
        let params = sounds.first().and_then(|first| first.params.clone());
        if !prepare(&mut self.sounds, params.map(Coding::Audio)) {
            return Ok(());
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
        self.write(turn, false).await
    }

    async fn write(&mut self, turn: Turn, is_video: bool) -> Result<(), ExportError> {
        let table = if is_video { &mut self.pictures } else { &mut self.sounds };
        let Some(table) = table.as_mut().filter(|_| !turn.samples.is_empty()) else { return Ok(()) };
        table.begin_chunk(self.sink.at());
        turn.samples.into_iter().for_each(|sample| table.push(sample));
        self.sink.write(&turn.bytes.concat()).await
    }

    /// Writes the header.
    pub(super) async fn finish(mut self) -> Result<Made, ExportError> {
        if !self.has_begun {
            return Err(ExportError::Empty);
        }
        if let (Some(table), Some(last)) = (&mut self.pictures, self.last_picture) {
            table.end((last + self.last_step).count());
        }
        if let (Some(table), Some(end)) = (&mut self.sounds, self.sound_end) {
            table.end(end);
        }
        let tables: Vec<&Table> = [&self.pictures, &self.sounds].into_iter().flatten().collect();
        let samples = |table: &Option<Table>| table.as_ref().map_or(0, Table::samples);
        let (pictures, sounds) = (samples(&self.pictures), samples(&self.sounds));
        if pictures + sounds == 0 {
            return Err(ExportError::Empty);
        }
        let header = moov(&tables);
        let (bytes, is_header_last) = self.sink.finish(&header).await?;
        Ok(Made { bytes, pictures, sounds, is_header_last })
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
fn expected_header(first: &Piece, total: Ticks) -> u64 {
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
