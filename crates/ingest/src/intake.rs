//! From tag bodies to what goes on air: headers into tracks, payloads into frames on one clock.
//!
//! Promise: the first thing out is the tracks and the second a keyframe; equal headers change nothing;
//! what waits for a late track is bounded; no payload is copied.

use std::collections::VecDeque;
use std::time::Duration;

use bytes::Bytes;
use media::flv::{self, AudioTag, VideoTag};
use media::{AacParams, AvcParams, FlvError, Frame, Ticks, TrackKind, Tracks, avc};

use crate::rtmp::{Announced, Event};
use crate::timeline::{Edge, Place, Seam, Timeline};

/// How much media a stream waits for sound that it announced, or left open by announcing nothing.
const PATIENCE: Ticks = Ticks::from_millis(2_000);
/// What may wait meanwhile, in frames and in bytes of payload.
const MAX_HELD_FRAMES: usize = 512;
const MAX_HELD_BYTES: usize = 4 << 20;

/// What goes on air next.
#[derive(Clone, Debug, PartialEq)]
pub enum Output {
    /// What the following frames are.
    Tracks(Tracks),
    /// The next frame.
    Frame(Frame),
}

/// What a stream brought so far, for the log line at its end.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Tally {
    /// Pictures put on air.
    pub pictures: u64,
    /// Audio frames put on air.
    pub sounds: u64,
    /// Frames before the first keyframe, without a header, or empty.
    pub dropped: u64,
    /// Bodies that were no tags.
    pub malformed: u64,
    /// Times the publisher's clock jumped.
    pub jumps: u64,
}

/// Turns one publisher's tags into one stream.
#[derive(Debug, Default)]
pub struct Intake {
    timeline: Timeline,
    tracks: Tracks,
    announced: Option<Announced>,
    /// A keyframe has come.
    started: bool,
    /// The tracks have been told.
    settled: bool,
    held: Vec<Frame>,
    held_bytes: usize,
    output: VecDeque<Output>,
    tally: Tally,
    first_jump: Option<i64>,
    seam: Seam,
}

impl Intake {
    /// Takes an event of the session in; `arrival` is the time since the stream began.
    ///
    /// # Errors
    /// A codec that is not taken in, or a first sequence header that can't be read. Later faults are
    /// counted and passed over.
    pub fn take(&mut self, event: Event, arrival: Duration) -> Result<(), FlvError> {
        match event {
            Event::Video { timestamp, body } => self.video(timestamp, &body, arrival),
            Event::Audio { timestamp, body } => self.audio(timestamp, &body, arrival),
            Event::Metadata(announced) => {
                self.announced = Some(announced);
                Ok(())
            }
            Event::Publish(_) | Event::Told(_) | Event::Finished => Ok(()),
        }
    }

    /// What goes on air next.
    pub fn poll(&mut self) -> Option<Output> {
        loop {
            match self.output.pop_front()? {
                Output::Frame(mut frame) => {
                    if self.seam.place(&mut frame) {
                        return Some(Output::Frame(frame));
                    }
                    self.tally.sounds -= 1;
                    self.drop_frame();
                }
                tracks @ Output::Tracks(_) => return Some(tracks),
            }
        }
    }

    /// The tracks and a first keyframe are there: from now on [`Intake::poll`] has something to say.
    pub fn is_settled(&self) -> bool {
        self.settled
    }

    /// Goes on with a stream that has come as far as `edge`, instead of beginning one. To be called before the
    /// first [`Intake::poll`].
    pub fn follow(&mut self, edge: &Edge) {
        let first = self.output.iter().find_map(|output| match output {
            Output::Frame(frame) => Some(frame),
            Output::Tracks(_) => None,
        });
        self.seam = first.map(|first| edge.join(first)).unwrap_or_default();
    }

    /// What the encoder said about itself, if it did.
    pub fn announced(&self) -> Option<&Announced> {
        self.announced.as_ref()
    }

    /// The tracks as far as they are known.
    pub fn tracks(&self) -> &Tracks {
        &self.tracks
    }

    /// Has a keyframe come?
    pub fn has_started(&self) -> bool {
        self.started
    }

    /// The counts so far.
    pub fn tally(&self) -> Tally {
        self.tally
    }

    /// The stream's first clock jump in milliseconds, given once: later ones are only counted.
    pub fn take_first_jump(&mut self) -> Option<i64> {
        self.first_jump.take()
    }

    fn video(&mut self, timestamp: u32, body: &Bytes, arrival: Duration) -> Result<(), FlvError> {
        match flv::parse_video(body) {
            Ok(VideoTag::Header(params)) => self.video_header(params),
            Ok(VideoTag::Picture { keyframe, composition, data }) => {
                let place = self.place(TrackKind::Video, timestamp, arrival);
                self.picture(place, keyframe, composition, data);
            }
            Ok(VideoTag::End | VideoTag::Ignored) => {}
            Err(fault) => self.fault(fault, self.tracks.video.is_some())?,
        }
        Ok(())
    }

    fn audio(&mut self, timestamp: u32, body: &Bytes, arrival: Duration) -> Result<(), FlvError> {
        match flv::parse_audio(body) {
            Ok(AudioTag::Header(params)) => self.audio_header(params),
            Ok(AudioTag::Frame(data)) => {
                let place = self.place(TrackKind::Audio, timestamp, arrival);
                self.sound(place, data);
            }
            Ok(AudioTag::Ignored) => {}
            Err(fault) => self.fault(fault, self.tracks.audio.is_some())?,
        }
        Ok(())
    }

    fn place(&mut self, track: TrackKind, timestamp: u32, arrival: Duration) -> Place {
        let place = self.timeline.place(track, timestamp, arrival);
        if let Some(jump) = place.jump {
            if self.tally.jumps == 0 {
                self.first_jump = Some(jump);
            }
            self.tally.jumps += 1;
        }
        place
    }

    fn video_header(&mut self, params: AvcParams) {
        let params = Some(params);
        if self.tracks.video != params {
            self.tracks.video = params;
            self.announce_change();
        }
    }

    fn audio_header(&mut self, params: AacParams) {
        let params = Some(params);
        if self.tracks.audio != params {
            self.tracks.audio = params;
            self.announce_change();
        }
    }

    fn announce_change(&mut self) {
        if self.settled {
            self.output.push_back(Output::Tracks(self.tracks.clone()));
        } else {
            self.settle_if_ready();
        }
    }

    fn picture(&mut self, place: Place, claimed: bool, composition: Ticks, data: Bytes) {
        if self.tracks.video.is_none()
            && let Some(params) = params_within(&data)
        {
            self.video_header(params);
        }
        let Some(params) = &self.tracks.video else { return self.drop_frame() };
        let length_size = params.length_size;
        if avc::nals(&data, length_size).next().is_none() {
            return self.drop_frame();
        }
        let keyframe = avc::starts_decoding(&data, length_size, claimed);
        if !keyframe && !self.started {
            return self.drop_frame();
        }
        if keyframe && let Some(refreshed) = params.refreshed(&data) {
            self.video_header(refreshed);
        }
        self.started = true;
        self.tally.pictures += 1;
        let pts = place.time + composition;
        self.put(Frame { track: TrackKind::Video, dts: place.dts, pts, keyframe, data });
    }

    fn sound(&mut self, place: Place, data: Bytes) {
        if !self.started || self.tracks.audio.is_none() {
            return self.drop_frame();
        }
        self.tally.sounds += 1;
        self.put(Frame { track: TrackKind::Audio, dts: place.dts, pts: place.dts, keyframe: true, data });
    }

    fn put(&mut self, frame: Frame) {
        if self.settled {
            return self.output.push_back(Output::Frame(frame));
        }
        self.held_bytes += frame.data.len();
        self.held.push(frame);
        self.settle_if_ready();
    }

    /// Tells the tracks once the picture is known and the sound is known, not expected, or too late.
    fn settle_if_ready(&mut self) {
        if self.tracks.video.is_none() || !self.started {
            return;
        }
        let expected = self.announced.as_ref().is_none_or(|announced| announced.audio);
        if expected && self.tracks.audio.is_none() && !self.patience_is_over() {
            return;
        }
        self.settled = true;
        self.output.push_back(Output::Tracks(self.tracks.clone()));
        self.output.extend(std::mem::take(&mut self.held).into_iter().map(Output::Frame));
        self.held_bytes = 0;
    }

    fn patience_is_over(&self) -> bool {
        let span = self.held.first().zip(self.held.last()).map(|(first, last)| last.dts - first.dts);
        span.is_some_and(|span| span >= PATIENCE)
            || self.held.len() >= MAX_HELD_FRAMES
            || self.held_bytes >= MAX_HELD_BYTES
    }

    /// A codec that is not taken in ends the stream, and so does a header without which there is no track.
    fn fault(&mut self, fault: FlvError, track_known: bool) -> Result<(), FlvError> {
        let fatal = match fault {
            FlvError::UnsupportedCodec { .. } => true,
            FlvError::VideoHeader(_) | FlvError::AudioHeader(_) => !track_known,
            FlvError::Truncated { .. } | FlvError::UnknownPacket { .. } => false,
        };
        if fatal {
            return Err(fault);
        }
        self.tally.malformed += 1;
        Ok(())
    }

    fn drop_frame(&mut self) {
        self.tally.dropped += 1;
    }
}

/// Parameters out of a picture's own parameter sets, for encoders that send no sequence header. Without
/// one nothing tells the size of the NAL units' lengths; all encoders use four bytes.
fn params_within(picture: &[u8]) -> Option<AvcParams> {
    const LENGTH_SIZE: u8 = 4;
    let sets = |kind: u8| -> Vec<&[u8]> {
        avc::nals(picture, LENGTH_SIZE)
            .filter(|nal| nal.first().is_some_and(|byte| byte & 0x1f == kind))
            .collect()
    };
    let (sps, pps) = (sets(7), sets(8));
    (!sps.is_empty()).then(|| avc::encode_record(&sps, &pps, LENGTH_SIZE).ok()).flatten()
}
