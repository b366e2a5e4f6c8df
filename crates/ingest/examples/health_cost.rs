//! What it costs to measure a stream's health and to watch over its limits, beside taking it in.
//!
//! `cargo run --release -p ingest --example health_cost [ROUNDS]`
//!
//! The same RTMP bytes of a minute of film go through [`Session`] and [`Intake`] in pieces as sockets give them,
//! alternately with and without [`Meter`] and [`Allowance`]. Nothing waits in there, so the least time that a round
//! of a kind takes is its processor time, undisturbed by others. The pictures are filled up to 200 kb/s, which is
//! little: with more, more of the work is the reading of bytes, and the ratio falls. Ends with an error when the
//! ratio is 1.05 or more; one a little below 1 says that the cost is less than what chance of placement makes.
//!
//! Promise: both kinds take in every frame, and the measured kind comes to the verdict that the stream is healthy.

use std::hint::black_box;
use std::time::{Duration, Instant};

use domain::{ChannelType, Limits, StreamHealth};
use ingest::rtmp::{Announced, Event, Session};
use ingest::{Allowance, Intake, Meter, Output};
use media::amf0::{self, Value};
use media::{Frame, TrackKind};
use testkit::Film;

/// Length of the film.
const LENGTH: Duration = Duration::from_secs(60);
/// Bytes that a socket gives at once: about a picture and the sound beside it.
const PIECE: usize = 1_000;
/// Bytes of a picture.
const PICTURE: usize = 800;
/// What the accounting may cost.
const LIMIT: f64 = 1.05;

fn main() -> Result<(), String> {
    let rounds = std::env::args().nth(1).map_or(Ok(200), |text| text.parse::<usize>());
    let rounds = rounds.map_err(|error| error.to_string())?.max(1);
    let (greeting, media) = film();
    let frames = Film::default().frames(LENGTH).len();
    let (mut plain, mut measured) = (Duration::MAX, Duration::MAX);
    for number in 0..2 * rounds {
        // Each kind as often first as second: what the one leaves in caches and allocator serves the other.
        if number % 4 == 0 || number % 4 == 3 {
            plain = plain.min(round(&greeting, &media, frames, &mut ())?);
            continue;
        }
        let mut accounting = Accounting::new();
        measured = measured.min(round(&greeting, &media, frames, &mut accounting)?);
        let (_, health) = accounting.meter.judge(LENGTH);
        if health != StreamHealth::Healthy {
            return Err(format!("the stream is {}", health.as_str()));
        }
    }
    let ratio = measured.as_secs_f64() / plain.as_secs_f64();
    let a_second = |total: Duration| total.as_secs_f64() * 1e6 / LENGTH.as_secs_f64();
    println!("frames of a minute   {frames:>9}");
    println!("bytes of a minute    {:>9}", media.len());
    println!("without accounting   {:>9.2} us of processor time per second of stream", a_second(plain));
    println!("with accounting      {:>9.2} us of processor time per second of stream", a_second(measured));
    println!("ratio                {ratio:>9.4}");
    if ratio < LIMIT { Ok(()) } else { Err(format!("not less than {LIMIT}")) }
}

/// What is done beside taking the stream in. Called through a table, so that both kinds are the same machine code.
trait Beside {
    fn arrived(&mut self, bytes: usize, now: Duration);
    fn heard(&mut self, frame: &Frame, now: Duration);
    fn tick(&mut self, now: Duration);
}

/// Nothing.
impl Beside for () {
    fn arrived(&mut self, _: usize, _: Duration) {}
    fn heard(&mut self, _: &Frame, _: Duration) {}
    fn tick(&mut self, _: Duration) {}
}

struct Accounting {
    meter: Meter,
    allowance: Allowance,
}

impl Accounting {
    fn new() -> Self {
        let mut meter = Meter::default();
        let (frame_rate, video_kbps) = (Some(30.0), Some(100.0));
        meter.announce(&Announced { frame_rate, video_kbps, ..Announced::default() });
        Self { meter, allowance: Allowance::new(Limits::AWS, ChannelType::Standard) }
    }
}

impl Beside for Accounting {
    fn arrived(&mut self, bytes: usize, now: Duration) {
        self.meter.arrived(bytes as u64, now);
        self.allowance.arrived(bytes as u64, now);
    }

    fn heard(&mut self, frame: &Frame, now: Duration) {
        self.meter.frame(frame, now);
    }

    fn tick(&mut self, now: Duration) {
        black_box(self.meter.judge(now));
        black_box(self.allowance.judge(now));
    }
}

/// Takes the film in; gives the time that it took.
fn round(greeting: &[u8], media: &[u8], frames: usize, beside: &mut dyn Beside) -> Result<Duration, String> {
    let mut session = Session::new(&mut |bytes| bytes.fill(7));
    session.input(greeting).map_err(|error| error.to_string())?;
    while !matches!(session.poll_event().ok_or("no publish request")?, Event::Publish(_)) {}
    session.accept_publish().map_err(|error| error.to_string())?;
    let mut intake = Intake::default();
    let (mut taken, mut next_tick) = (0, 1);
    let begun = Instant::now();
    let pieces = media.len().div_ceil(PIECE);
    for (number, piece) in media.chunks(PIECE).enumerate() {
        let now = LENGTH.mul_f64(number as f64 / pieces as f64);
        session.input(black_box(piece)).map_err(|error| error.to_string())?;
        beside.arrived(piece.len(), now);
        while let Some(event) = session.poll_event() {
            intake.take(event, now).map_err(|error| error.to_string())?;
            while let Some(output) = intake.poll() {
                if let Output::Frame(frame) = &output {
                    beside.heard(frame, now);
                    taken += 1;
                }
                black_box(output);
            }
        }
        if now.as_secs() >= next_tick {
            next_tick += 1;
            beside.tick(now);
        }
    }
    let spent = begun.elapsed();
    if taken == frames { Ok(spent) } else { Err(format!("{taken} of {frames} frames were taken in")) }
}

/// What an encoder says up to its publish request, and its media.
fn film() -> (Vec<u8>, Vec<u8>) {
    let film = Film::default();
    let mut greeting = vec![3];
    greeting.resize(1 + 2 * 1_536, 0);
    let app = Value::Object(vec![("app".into(), Value::string("app"))]);
    let connect = [Value::string("connect"), Value::Number(1.0), app];
    let publish = [Value::string("publish"), Value::Number(2.0), Value::Null, Value::string("sk_key")];
    message(&mut greeting, 3, 20, 0, &amf0::encode(&connect));
    message(&mut greeting, 3, 20, 0, &amf0::encode(&publish));
    let tracks = film.tracks();
    let mut media = Vec::new();
    if let (Some(video), Some(audio)) = (&tracks.video, &tracks.audio) {
        message(&mut media, 4, 9, 0, &[&[0x17, 0, 0, 0, 0], &video.record[..]].concat());
        message(&mut media, 4, 8, 0, &[&[0xaf, 0], &audio.config[..]].concat());
    }
    for frame in film.frames(LENGTH) {
        let time = u32::try_from(frame.dts.count() / 90).unwrap_or(0);
        let (kind, head): (u8, &[u8]) = match (frame.track, frame.keyframe) {
            (TrackKind::Video, true) => (9, &[0x17, 1, 0, 0, 0]),
            (TrackKind::Video, false) => (9, &[0x27, 1, 0, 0, 0]),
            (TrackKind::Audio, _) => (8, &[0xaf, 1]),
        };
        let missing = if kind == 9 { PICTURE.saturating_sub(frame.data.len()) } else { 0 };
        message(&mut media, 4, kind, time, &[head, &frame.data[..], &filler(missing)].concat());
    }
    (greeting, media)
}

/// A NAL unit of filler data (ITU-T H.264, 7.3.2.7) with its length; nothing when that finds no room.
fn filler(bytes: usize) -> Vec<u8> {
    let Some(body) = bytes.checked_sub(6) else { return Vec::new() };
    let length = u32::try_from(body + 2).unwrap_or(0).to_be_bytes();
    [&length[..], &[0x0c], &vec![0xff; body], &[0x80]].concat()
}

/// An RTMP message in chunks of 128 bytes, the size that holds until it is changed.
fn message(out: &mut Vec<u8>, chunk_stream: u8, kind: u8, time: u32, body: &[u8]) {
    let length = u32::try_from(body.len()).unwrap_or(0).to_be_bytes();
    out.push(chunk_stream);
    out.extend_from_slice(&time.to_be_bytes()[1..]);
    out.extend_from_slice(&length[1..]);
    out.push(kind);
    out.extend_from_slice(&1u32.to_le_bytes());
    for (number, chunk) in body.chunks(128).enumerate() {
        if number > 0 {
            out.push(0xc0 | chunk_stream);
        }
        out.extend_from_slice(chunk);
    }
}
