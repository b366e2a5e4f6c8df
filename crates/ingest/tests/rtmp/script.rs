//! A publisher's side of RTMP, written out byte by byte so that tests can get it wrong on purpose.
//!
//! Promise: nothing is taken from the code under test but AMF0.

use std::time::Duration;

use ingest::rtmp::{Event, PublishRequest, Session, Told};
use ingest::{Intake, Output};
use media::amf0::{Value, encode};
use media::{FlvError, Frame, TrackKind, Tracks};
use testkit::Film;

pub(crate) const KEY: &str = "sk_us-east-1_abcdABCD0123_012345678901234567890123456789";

/// How type 3 chunks treat the extended timestamp.
#[derive(Clone, Copy, PartialEq)]
pub(crate) enum Extended {
    Repeated,
    LeftOut,
    /// Repeated as this value, whatever the header said.
    As(u32),
}

/// Bytes of a publisher.
pub(crate) struct Script {
    pub(crate) bytes: Vec<u8>,
    pub(crate) chunk_size: usize,
    pub(crate) extended: Extended,
}

impl Script {
    /// A simple handshake.
    pub(crate) fn new() -> Self {
        let mut bytes = vec![3];
        bytes.extend_from_slice(&[0; 8]);
        bytes.extend((0..1528u32).map(|n| n.to_le_bytes()[0]));
        bytes.extend_from_slice(&[0; 1536]);
        Self { bytes, chunk_size: 128, extended: Extended::Repeated }
    }

    /// A handshake, `connect`, `createStream` and `publish`, as encoders send them.
    pub(crate) fn publishing(app: &str, name: &str) -> Self {
        Self::new().connect(app).command("createStream", 4.0, &[]).publish(name)
    }

    /// The usual way on air.
    pub(crate) fn on_air() -> Self {
        Self::publishing("app", KEY)
    }

    pub(crate) fn raw(mut self, bytes: &[u8]) -> Self {
        self.bytes.extend_from_slice(bytes);
        self
    }

    pub(crate) fn extended(mut self, extended: Extended) -> Self {
        self.extended = extended;
        self
    }

    pub(crate) fn connect(self, app: &str) -> Self {
        let properties = Value::object([
            ("app", Value::string(app)),
            ("flashVer", Value::string("FMLE/3.0 (compatible; test)")),
            ("tcUrl", Value::string(format!("rtmp://host/{app}"))),
        ]);
        self.amf(20, &[Value::string("connect"), Value::Number(1.0), properties])
    }

    pub(crate) fn command(self, name: &str, transaction: f64, arguments: &[Value]) -> Self {
        let mut values = vec![Value::string(name), Value::Number(transaction), Value::Null];
        values.extend_from_slice(arguments);
        self.amf(20, &values)
    }

    pub(crate) fn publish(self, name: &str) -> Self {
        self.command("publish", 5.0, &[Value::string(name), Value::string("live")])
    }

    pub(crate) fn amf(self, kind: u8, values: &[Value]) -> Self {
        self.message(0, 3, 0, kind, &encode(values))
    }

    pub(crate) fn metadata(self, audio: bool) -> Self {
        let mut properties = vec![("framerate".to_owned(), Value::Number(25.0))];
        if audio {
            properties.push(("audiocodecid".to_owned(), Value::Number(10.0)));
        }
        let head = [Value::string("@setDataFrame"), Value::string("onMetaData")];
        self.amf(18, &[head.as_slice(), &[Value::EcmaArray(properties)]].concat())
    }

    pub(crate) fn set_chunk_size(mut self, size: u32) -> Self {
        self = self.message(0, 2, 0, 1, &size.to_be_bytes());
        self.chunk_size = usize::try_from(size).expect("32 bits fit").max(1);
        self
    }

    pub(crate) fn video(self, time: u32, body: &[u8]) -> Self {
        self.message(0, 6, time, 9, body)
    }

    pub(crate) fn audio(self, time: u32, body: &[u8]) -> Self {
        self.message(0, 4, time, 8, body)
    }

    /// A whole message: `form` is the first chunk's header type, `time` what stands in it.
    pub(crate) fn message(mut self, form: u8, stream: u8, time: u32, kind: u8, body: &[u8]) -> Self {
        self.bytes.extend_from_slice(&header(form, stream, time, kind, body.len()));
        for (index, chunk) in body.chunks(self.chunk_size).enumerate() {
            if index > 0 {
                self.bytes.push(0xc0 | stream);
                let field = match self.extended {
                    Extended::Repeated if time >= 0xff_ffff => Some(time),
                    Extended::As(value) if time >= 0xff_ffff => Some(value),
                    _ => None,
                };
                self.bytes.extend(field.into_iter().flat_map(u32::to_be_bytes));
            }
            self.bytes.extend_from_slice(chunk);
        }
        self
    }
}

/// A chunk's header with a one-byte basic header.
pub(crate) fn header(form: u8, stream: u8, time: u32, kind: u8, length: usize) -> Vec<u8> {
    let mut bytes = vec![(form << 6) | stream];
    if form < 3 {
        bytes.extend_from_slice(&time.min(0xff_ffff).to_be_bytes()[1..]);
    }
    if form < 2 {
        bytes.extend_from_slice(&u32::try_from(length).expect("a short message").to_be_bytes()[1..]);
        bytes.push(kind);
    }
    if form == 0 {
        bytes.extend_from_slice(&[1, 0, 0, 0]);
    }
    if form < 3 && time >= 0xff_ffff {
        bytes.extend_from_slice(&time.to_be_bytes());
    }
    bytes
}

pub(crate) fn film() -> Film {
    Film { frame_rate: (25, 1), gop: 25, ..Film::default() }
}

pub(crate) fn video_header() -> Vec<u8> {
    let params = film().tracks().video.expect("a film with a picture");
    [&[0x17, 0, 0, 0, 0], &params.record[..]].concat()
}

/// The body of one of the film's pictures: number 0 is a keyframe, 1 is not.
pub(crate) fn picture(number: usize) -> Vec<u8> {
    let pictures = film().pictures(Duration::from_secs(1));
    let frame = &pictures[number];
    [&[if frame.keyframe { 0x17 } else { 0x27 }, 1, 0, 0, 0], &frame.data[..]].concat()
}

pub(crate) fn audio_header() -> Vec<u8> {
    let params = film().tracks().audio.expect("a film with sound");
    [&[0xaf, 0], &params.config[..]].concat()
}

pub(crate) fn sound() -> Vec<u8> {
    let sounds = film().sounds(Duration::from_secs(1));
    [&[0xaf, 1], &sounds[0].data[..]].concat()
}

/// What became of a publisher's bytes.
#[derive(Debug, Default)]
pub(crate) struct Seen {
    pub(crate) requests: Vec<PublishRequest>,
    pub(crate) video: Vec<(u32, Vec<u8>)>,
    pub(crate) audio: Vec<(u32, Vec<u8>)>,
    pub(crate) metadata: usize,
    pub(crate) told: Vec<Told>,
    pub(crate) finished: bool,
    pub(crate) tracks: Vec<Tracks>,
    pub(crate) frames: Vec<Frame>,
    pub(crate) refused: Option<FlvError>,
    pub(crate) error: Option<String>,
    pub(crate) output: Vec<u8>,
    pub(crate) held: usize,
}

impl Seen {
    /// Decoding times of a track in milliseconds after its first.
    pub(crate) fn times(&self, track: TrackKind) -> Vec<i64> {
        let of_track = self.frames.iter().filter(|frame| frame.track == track);
        let times: Vec<i64> = of_track.map(|frame| frame.dts.count() / 90).collect();
        times.iter().map(|time| time - times[0]).collect()
    }

    pub(crate) fn video_times(&self) -> Vec<u32> {
        self.video.iter().map(|(time, _)| *time).collect()
    }

    /// Did the server say something that begins with these values?
    pub(crate) fn said(&self, values: &[Value]) -> bool {
        contains(&self.output, &encode(values))
    }
}

pub(crate) fn contains(haystack: &[u8], needle: &[u8]) -> bool {
    haystack.windows(needle.len()).any(|window| window == needle)
}

/// Plays bytes to a server that lets everybody on air, in pieces that end where `cuts` say.
pub(crate) fn play_in_pieces(bytes: &[u8], pieces: impl IntoIterator<Item = usize>) -> Seen {
    let mut session = Session::new(&mut |bytes| bytes.fill(7));
    let (mut intake, mut seen, mut rest) = (Intake::default(), Seen::default(), bytes);
    let mut pieces = pieces.into_iter();
    while !rest.is_empty() && seen.error.is_none() {
        let (piece, after) = rest.split_at(pieces.next().unwrap_or(rest.len()).clamp(1, rest.len()));
        rest = after;
        let fed = session.input(piece);
        seen.error = fed.err().map(|error| error.to_string());
        take(&mut session, &mut intake, &mut seen);
    }
    seen.held = session.held_bytes();
    seen
}

pub(crate) fn play(script: &Script) -> Seen {
    play_in_pieces(&script.bytes, [])
}

fn take(session: &mut Session, intake: &mut Intake, seen: &mut Seen) {
    seen.output.extend_from_slice(&session.take_output());
    while let Some(event) = session.poll_event() {
        match &event {
            Event::Publish(request) => {
                seen.requests.push(request.clone());
                if let Err(error) = session.accept_publish() {
                    seen.error = Some(error.to_string());
                }
                seen.output.extend_from_slice(&session.take_output());
            }
            Event::Metadata(_) => seen.metadata += 1,
            Event::Video { timestamp, body } => seen.video.push((*timestamp, body.to_vec())),
            Event::Audio { timestamp, body } => seen.audio.push((*timestamp, body.to_vec())),
            Event::Told(told) => seen.told.push(told.clone()),
            Event::Finished => seen.finished = true,
        }
        if let Err(fault) = intake.take(event, Duration::ZERO) {
            seen.refused.get_or_insert(fault);
        }
        while let Some(output) = intake.poll() {
            match output {
                Output::Tracks(tracks) => seen.tracks.push(tracks),
                Output::Frame(frame) => seen.frames.push(frame),
            }
        }
    }
}
