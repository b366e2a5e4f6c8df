//! What packaging costs in either container: a minute of 6 Mb/s pictures at 30 a second and 48 kHz sound, cut
//! into parts of 200 ms.
//!
//! Promise: both take the same frames and take turns; the least of all rounds counts, for a busy machine only
//! adds. Frames are synthetic, padded to their size before the clock starts.
//!
//! `cargo run --release -p packager --example container_cost -- 20`

use std::hint::black_box;
use std::sync::Arc;
use std::time::{Duration, Instant, SystemTime};

use bytes::Bytes;
use domain::ContainerFormat;
use media::{Frame, TrackKind};
use packager::Segmenter;
use testkit::Film;

const LENGTH: Duration = Duration::from_secs(60);
/// Bytes of a picture: 6 Mb/s at 30 a second.
const PICTURE: usize = 25_000;
/// Bytes of an audio frame: 128 kb/s.
const SOUND: usize = 341;
const CONTAINERS: [ContainerFormat; 2] = [ContainerFormat::FragmentedMp4, ContainerFormat::Ts];

fn main() {
    let rounds = std::env::args().nth(1).and_then(|count| count.parse().ok()).unwrap_or(20);
    let film = Film { gop: 60, ..Film::default() };
    let frames: Vec<Frame> = film.frames(LENGTH).iter().map(padded).collect();
    let raw: usize = frames.iter().map(|frame| frame.data.len()).sum();
    let mut least = [Duration::MAX; 2];
    let mut bytes = [0; 2];
    for _ in 0..rounds {
        for (at, container) in CONTAINERS.into_iter().enumerate() {
            let begun = Instant::now();
            bytes[at] = package(&film, container, &frames);
            least[at] = least[at].min(begun.elapsed());
        }
    }
    for (at, container) in CONTAINERS.into_iter().enumerate() {
        let share = least[at].as_secs_f64() / LENGTH.as_secs_f64() * 100.0;
        #[expect(clippy::cast_precision_loss, reason = "a minute of media is far below 2^53 bytes")]
        let overhead = (bytes[at] as f64 / raw as f64 - 1.0) * 100.0;
        println!("{}: {share:.4} % of a core for a stream, {overhead:.2} % more bytes", container.as_str());
    }
    println!("ratio {:.2}", least[1].as_secs_f64() / least[0].as_secs_f64());
}

fn padded(frame: &Frame) -> Frame {
    let wanted = if frame.track == TrackKind::Video { PICTURE } else { SOUND };
    let mut data = frame.data.to_vec();
    let room = wanted.saturating_sub(data.len());
    if frame.track == TrackKind::Video {
        // Filler data (H.264 7.3.2.7) behind its length.
        let filler = room.saturating_sub(4);
        data.extend_from_slice(&u32::try_from(filler).unwrap_or(0).to_be_bytes());
        data.push(12);
        data.resize(data.len() + filler.saturating_sub(1), 0xff);
    } else {
        data.resize(wanted, 0);
    }
    Frame { data: Bytes::from(data), ..*frame }
}

fn package(film: &Film, container: ContainerFormat, frames: &[Frame]) -> usize {
    let mut segmenter = Segmenter::within(container, Duration::from_millis(200));
    segmenter.tracks(Arc::new(film.tracks()));
    let mut bytes = 0;
    for frame in frames {
        segmenter.frame(frame.clone(), SystemTime::UNIX_EPOCH);
        while let Some(cut) = segmenter.next_cut() {
            bytes += black_box(&cut).part.as_ref().map_or(0, |part| part.data.len());
        }
    }
    segmenter.end();
    bytes += std::iter::from_fn(|| segmenter.next_cut())
        .flat_map(|cut| cut.part)
        .map(|part| part.data.len())
        .sum::<usize>();
    bytes
}
