//! Small recordings, made without a recorder.
//!
//! Promise: what is written is what the crate's own texts say; nothing of it is read back here.

use std::path::PathBuf;
use std::time::{Duration, SystemTime};

use blob::Blobs;
use bytes::Bytes;
use domain::{
    Arn, ContainerFormat, Recording, RecordingConfiguration, RecordingStage, RecordingState,
    RenditionSelection, ResourceId, StreamId, Tags, Thumbnails, from_unix_millis,
};
use media::fmp4::{self, Fragment, Sample, init_segment};
use media::ts::{self, Muxer};
use media::{Frame, Ticks};
use recording::layout;
use recording::manifest::{Manifest, Rendition, Size};
use recording::playlist::{self, ChunkLines, Entry, Form, Head, Variant, millis};
use tempfile::TempDir;
use testkit::Film;

pub(crate) const BUCKET: &str = "recordings";
const NAME: &str = "360p30";
const BEGUN: i64 = 1_789_699_500_000;
/// Groups of pictures in a chunk.
const GROUPS: usize = 3;

/// A chunk and what playlists say of it.
#[derive(Clone)]
pub(crate) struct Piece {
    pub number: u64,
    pub bytes: Bytes,
    pub entries: Vec<Entry>,
    pub duration: Ticks,
    pub discontinuity: bool,
    pub is_gap: bool,
}

/// A recording in a bucket on disk.
pub(crate) struct Studio {
    folder: TempDir,
    blobs: Blobs,
    row: Recording,
    container: ContainerFormat,
    init: Bytes,
    has_pictures: bool,
    pieces: Vec<Piece>,
}

impl Studio {
    /// Some seconds of a film.
    pub(crate) async fn record(container: ContainerFormat, film: &Film, seconds: u64) -> Self {
        let folder = tempfile::tempdir().expect("a folder");
        let mut studio = Self {
            blobs: Blobs::disk(folder.path().to_owned()),
            folder,
            row: row(),
            container,
            init: init_segment(&film.tracks()),
            has_pictures: film.picture,
            pieces: pieces(container, film, seconds),
        };
        studio.settle();
        studio.write().await;
        studio
    }

    pub(crate) fn blobs(&self) -> &Blobs {
        &self.blobs
    }

    pub(crate) fn row(&self) -> &Recording {
        &self.row
    }

    pub(crate) fn prefix(&self) -> &str {
        &self.row.prefix
    }

    /// Changes what will be written.
    pub(crate) fn edit(&mut self, change: impl FnOnce(&mut Vec<Piece>)) {
        change(&mut self.pieces);
        self.settle();
    }

    /// It is not over.
    pub(crate) fn go_on(&mut self) {
        self.row = Recording { stage: RecordingStage::Started, ended_at: None, duration_ms: 0, ..row() };
    }

    /// The files of all objects.
    pub(crate) fn files(&self) -> Vec<PathBuf> {
        let mut folders = vec![self.folder.path().to_owned()];
        let mut files = Vec::new();
        while let Some(folder) = folders.pop() {
            for entry in std::fs::read_dir(folder).expect("a folder") {
                let path = entry.expect("an entry").path();
                if path.is_dir() { folders.push(path) } else { files.push(path) }
            }
        }
        files.sort();
        files
    }

    fn total(&self) -> Ticks {
        self.pieces.iter().fold(Ticks::ZERO, |sum, piece| sum + piece.duration)
    }

    fn settle(&mut self) {
        self.row.duration_ms = u64::try_from(millis(self.total())).expect("not negative");
    }

    /// Everything anew.
    pub(crate) async fn write(&self) {
        let _ = std::fs::remove_dir_all(self.folder.path().join(BUCKET));
        let is_over = self.row.stage != RecordingStage::Started;
        let started = Recording { stage: RecordingStage::Started, ended_at: None, ..self.row.clone() };
        self.put(layout::STARTED, self.manifest(&started)).await;
        if is_over {
            self.put(layout::ENDED, self.manifest(&self.row)).await;
        }
        for form in Form::ALL {
            let (width, height) = if self.has_pictures { (640, 360) } else { (0, 0) };
            let codecs = "avc1.64001F,mp4a.40.2";
            let variant =
                Variant { name: NAME, width, height, codecs, frame_rate: None, bandwidth: 1_000_000 };
            self.put(&layout::master(form), playlist::multivariant(form, &[variant])).await;
            self.put(&layout::playlist(NAME, form), self.playlist(form, is_over)).await;
        }
        if self.container == ContainerFormat::FragmentedMp4 {
            self.put(&layout::init(NAME, 0), self.init.clone()).await;
        }
        for piece in self.pieces.iter().filter(|piece| !piece.is_gap) {
            self.put(&layout::chunk(NAME, piece.number, self.container), piece.bytes.clone()).await;
        }
    }

    fn manifest(&self, recording: &Recording) -> String {
        let size = self.has_pictures.then_some(Size { width: 640, height: 360 });
        Manifest::new(recording, vec![Rendition::new(NAME, size)], None).to_json()
    }

    fn playlist(&self, form: Form, is_over: bool) -> String {
        let written = from_unix_millis(BEGUN);
        let head = Head { container: self.container, target_duration: 14, written, total: self.total() };
        let mut text = playlist::head(form, &head);
        let (mut start, mut is_first) = (Ticks::ZERO, true);
        let init = layout::init_name(0);
        for piece in &self.pieces {
            let name = layout::chunk_name(piece.number, self.container);
            let has_init = self.container == ContainerFormat::FragmentedMp4 && is_first;
            text += &playlist::lines(
                form,
                &ChunkLines {
                    name: &name,
                    init: has_init.then_some(&init),
                    start,
                    duration: piece.duration,
                    time: moment(start),
                    discontinuity: piece.discontinuity,
                    is_gap: piece.is_gap,
                    entries: &piece.entries,
                },
            );
            start += piece.duration;
            is_first = false;
        }
        if is_over { text + playlist::END } else { text }
    }

    async fn put(&self, key: &str, bytes: impl Into<Bytes>) {
        let key = format!("{}/{key}", self.prefix());
        self.blobs.put(BUCKET, &key, bytes.into()).await.expect("a writable folder");
    }
}

fn moment(after: Ticks) -> SystemTime {
    from_unix_millis(BEGUN) + after.to_duration()
}

fn row() -> Recording {
    let arn = |text| Arn::parse(text).expect("an ARN");
    let id = |text| ResourceId::parse(text).expect("an id");
    let channel = arn("arn:aws:ivs:us-west-2:123456789012:channel/AsXego4U6tnj");
    Recording {
        id: id("j8Z9O91ndcVs"),
        session: id("uxa0OrtRP8Rs"),
        prefix: layout::prefix(&channel, from_unix_millis(BEGUN), &id("j8Z9O91ndcVs")),
        channel,
        channel_name: String::new(),
        is_private: false,
        configuration: RecordingConfiguration {
            arn: arn("arn:aws:ivs:us-west-2:123456789012:recording-configuration/0123456789ab"),
            name: String::new(),
            bucket: BUCKET.to_owned(),
            state: RecordingState::Active,
            state_reason: String::new(),
            thumbnails: Thumbnails::default(),
            rendition_selection: RenditionSelection::All,
            renditions: Vec::new(),
            reconnect_window_seconds: 0,
            tags: Tags::default(),
        },
        node: "one".to_owned(),
        streams: StreamId::parse("st-1BFfRucA3M934F2XJV2QjKO").into_iter().collect(),
        started_at: BEGUN,
        ended_at: Some(BEGUN + 60_000),
        stage: RecordingStage::Ended,
        duration_ms: 0,
        bytes: 0,
        reason: String::new(),
    }
}

/// Frames of one group, and where they begin.
struct Group {
    start: Ticks,
    pictures: Vec<Frame>,
    sounds: Vec<Frame>,
}

/// Groups of a second.
fn groups(film: &Film, seconds: u64) -> Vec<Group> {
    let length = Duration::from_secs(seconds);
    let (pictures, sounds) = (film.pictures(length), film.sounds(length));
    let lead = if film.picture { &pictures } else { &sounds };
    let second = |frame: &Frame| (frame.dts - film.start).count() / Ticks::PER_SECOND;
    let mut starts: Vec<Ticks> = Vec::new();
    for frame in lead.iter().filter(|frame| frame.keyframe) {
        if starts.last().is_none_or(|last| film.picture || (frame.dts - *last).count() >= Ticks::PER_SECOND) {
            starts.push(frame.dts);
        }
    }
    assert!(lead.iter().all(|frame| second(frame) < i64::try_from(seconds).expect("few")));
    let of = |frames: &[Frame], index: usize| {
        let (from, to) = (starts[index], starts.get(index + 1).copied());
        let is_in = |frame: &&Frame| (frame.dts >= from || index == 0) && to.is_none_or(|to| frame.dts < to);
        frames.iter().filter(is_in).cloned().collect()
    };
    (0..starts.len())
        .map(|index| Group {
            start: starts[index],
            pictures: of(&pictures, index),
            sounds: of(&sounds, index),
        })
        .collect()
}

fn pieces(container: ContainerFormat, film: &Film, seconds: u64) -> Vec<Piece> {
    let groups = groups(film, seconds);
    let end = film.start + Ticks::new(i64::try_from(seconds).expect("few") * Ticks::PER_SECOND);
    let mut muxer = Muxer::new(&film.tracks());
    let mut sound_samples = samples_before(film);
    let mut pieces: Vec<Piece> = Vec::new();
    for (index, group) in groups.iter().enumerate() {
        let next = groups.get(index + 1).map_or(end, |next| next.start);
        let video = coded(&group.pictures, next);
        let audio: Vec<Sample> = group
            .sounds
            .iter()
            .map(|frame| Sample { duration: 1_024, composition: 0, keyframe: true, data: frame.data.clone() })
            .collect();
        let video_time = u64::try_from(group.start.count()).expect("not negative");
        let bytes = match container {
            ContainerFormat::Ts => muxer.part(&ts::Part {
                tags: &[],
                video_time,
                video: &video,
                audio_time: sound_samples,
                audio: &audio,
            }),
            ContainerFormat::FragmentedMp4 => {
                let fragment = Fragment {
                    sequence: 1,
                    events: &[],
                    video_time: video_time * u64::from(fmp4::VIDEO_TIMESCALE) / 90_000,
                    video: &video,
                    audio_time: sound_samples,
                    audio: &audio,
                };
                fragment.encode().expect("small")
            }
        };
        sound_samples += 1_024 * u64::try_from(audio.len()).expect("few");
        let entry = Entry { bytes: u64::try_from(bytes.len()).expect("short"), duration: next - group.start };
        match pieces.last_mut().filter(|_| index % GROUPS != 0) {
            Some(piece) => {
                piece.bytes = [&piece.bytes[..], &bytes].concat().into();
                piece.entries.push(entry);
                piece.duration += entry.duration;
            }
            None => pieces.push(Piece {
                number: u64::try_from(pieces.len()).expect("few"),
                bytes,
                entries: vec![entry],
                duration: entry.duration,
                discontinuity: false,
                is_gap: false,
            }),
        }
    }
    pieces
}

fn samples_before(film: &Film) -> u64 {
    u64::try_from(film.start.to_scale(film.sample_rate)).expect("not negative")
}

fn coded(pictures: &[Frame], end: Ticks) -> Vec<Sample> {
    let nexts = pictures.iter().skip(1).map(|next| next.dts).chain([end]);
    pictures
        .iter()
        .zip(nexts)
        .map(|(frame, next)| Sample {
            duration: u32::try_from((next - frame.dts).count()).expect("it rises"),
            composition: i32::try_from((frame.pts - frame.dts).count()).expect("near"),
            keyframe: frame.keyframe,
            data: frame.data.clone(),
        })
        .collect()
}
