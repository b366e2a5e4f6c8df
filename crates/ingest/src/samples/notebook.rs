//! What was measured of all streams and waits to be written.
//!
//! Promise: it takes no more memory than [`MINUTES`] and [`MOST`] say, whatever becomes of the database; what finds
//! no room is counted. No times make it panic.

use std::collections::{HashMap, VecDeque};

use domain::{StreamHealth, StreamId, StreamSample};
use live::Incoming;
use store::StreamMinute;

/// Minutes of a stream that may wait to be written.
const MINUTES: usize = 10;
/// Minutes of all streams together; one takes about a kilobyte.
const MOST: usize = 20_000;
/// Minutes that are written in one change.
const BATCH: usize = 2_000;
const MINUTE_MS: i64 = 60_000;

/// What a look at a stream showed.
#[derive(Clone, Copy, Debug)]
pub(super) struct Reading {
    pub(super) incoming: Incoming,
    pub(super) viewers: u32,
    pub(super) health: StreamHealth,
}

/// Readings on their way to a sample.
#[derive(Debug)]
struct Gathering {
    /// Which of the times between samples it is of, counted since 1970.
    slot: i64,
    count: u32,
    /// Sums, but of the lows, the viewers and the health, which are what is to be told.
    sum: StreamSample,
}

impl Gathering {
    fn new(slot: i64, at: i64, reading: &Reading) -> Self {
        let incoming = &reading.incoming;
        let sum = StreamSample {
            at,
            bitrate: incoming.bitrate,
            bitrate_low: incoming.bitrate,
            video_bitrate: incoming.video_bitrate,
            audio_bitrate: incoming.audio_bitrate,
            frame_rate: incoming.frame_rate,
            frame_rate_low: incoming.frame_rate,
            keyframe_interval: incoming.keyframe_interval,
            viewers: reading.viewers,
            health: reading.health,
        };
        Self { slot, count: 1, sum }
    }

    fn add(&mut self, at: i64, reading: &Reading) {
        let (sum, incoming) = (&mut self.sum, &reading.incoming);
        self.count = self.count.saturating_add(1);
        sum.at = at;
        sum.bitrate = sum.bitrate.saturating_add(incoming.bitrate);
        sum.bitrate_low = sum.bitrate_low.min(incoming.bitrate);
        sum.video_bitrate = sum.video_bitrate.saturating_add(incoming.video_bitrate);
        sum.audio_bitrate = sum.audio_bitrate.saturating_add(incoming.audio_bitrate);
        sum.frame_rate += incoming.frame_rate;
        sum.frame_rate_low = sum.frame_rate_low.min(incoming.frame_rate);
        sum.keyframe_interval = incoming.keyframe_interval;
        sum.viewers = sum.viewers.max(reading.viewers);
        if sum.health != StreamHealth::Starving {
            sum.health = reading.health;
        }
    }

    fn sample(self) -> StreamSample {
        let count = u64::from(self.count);
        let sum = self.sum;
        StreamSample {
            bitrate: sum.bitrate / count,
            video_bitrate: sum.video_bitrate / count,
            audio_bitrate: sum.audio_bitrate / count,
            frame_rate: sum.frame_rate / f64::from(self.count),
            ..sum
        }
    }
}

#[derive(Debug)]
struct Minute {
    minute: i64,
    samples: Vec<StreamSample>,
    /// How many of them are in the store.
    written: usize,
}

#[derive(Debug, Default)]
struct Pages {
    gathering: Option<Gathering>,
    minutes: VecDeque<Minute>,
    ended: bool,
}

/// What to write, and what to note when it is written.
#[derive(Debug, Default)]
pub(super) struct Batch {
    pub(super) minutes: Vec<StreamMinute>,
}

/// All streams' samples that wait.
#[derive(Debug, Default)]
pub(super) struct Notebook {
    streams: HashMap<StreamId, Pages>,
    minutes: usize,
    lost: u64,
}

impl Notebook {
    /// Looks at what is on air. A stream that is not among it any more has ended. True: there is something to write.
    pub(super) fn look<'a>(
        &mut self,
        at: i64,
        on_air: impl IntoIterator<Item = (&'a StreamId, Reading)>,
    ) -> bool {
        let slot = at.div_euclid(StreamSample::EVERY_MS);
        let mut has_more = false;
        for pages in self.streams.values_mut() {
            pages.ended = true;
        }
        let mut whole = Vec::new();
        for (stream, reading) in on_air {
            let pages = self.streams.entry(stream.clone()).or_default();
            pages.ended = false;
            match &mut pages.gathering {
                Some(gathering) if gathering.slot == slot => gathering.add(at, &reading),
                other => {
                    let next = Gathering::new(slot, at, &reading);
                    whole.extend(other.replace(next).map(|done| (stream.clone(), done.sample())));
                }
            }
        }
        for (stream, pages) in &mut self.streams {
            if pages.ended {
                whole.extend(pages.gathering.take().map(|done| (stream.clone(), done.sample())));
            }
        }
        for (stream, sample) in whole {
            has_more = true;
            self.keep(&stream, sample);
        }
        has_more
    }

    fn keep(&mut self, stream: &StreamId, sample: StreamSample) {
        let Some(pages) = self.streams.get_mut(stream) else { return };
        let minute = sample.at.div_euclid(MINUTE_MS);
        if let Some(found) = pages.minutes.iter_mut().rfind(|one| one.minute == minute) {
            found.samples.push(sample);
            return;
        }
        if pages.minutes.len() >= MINUTES
            && let Some(oldest) = pages.minutes.pop_front()
        {
            self.minutes -= 1;
            self.lost += unwritten(&oldest);
        }
        if self.minutes >= MOST {
            self.lost += 1;
            return;
        }
        self.minutes += 1;
        pages.minutes.push_back(Minute { minute, samples: vec![sample], written: 0 });
    }

    /// Minutes that are not, or not wholly, in the store: some of them, if there are many.
    pub(super) fn batch(&self) -> Batch {
        let mut minutes = Vec::new();
        for (stream, pages) in &self.streams {
            for minute in pages.minutes.iter().filter(|minute| unwritten(minute) > 0) {
                if minutes.len() == BATCH {
                    return Batch { minutes };
                }
                minutes.push(StreamMinute { stream: stream.clone(), samples: minute.samples.clone() });
            }
        }
        Batch { minutes }
    }

    /// These are in the store. What can't change any more is let go.
    pub(super) fn written(&mut self, batch: &Batch) {
        for StreamMinute { stream, samples } in &batch.minutes {
            let number = samples.first().map(|first| first.at.div_euclid(MINUTE_MS));
            let pages = self.streams.get_mut(stream);
            let found =
                pages.and_then(|pages| pages.minutes.iter_mut().find(|one| Some(one.minute) == number));
            if let Some(minute) = found {
                minute.written = minute.written.max(samples.len());
            }
        }
        for pages in self.streams.values_mut() {
            let newest = pages.minutes.back().map(|minute| minute.minute);
            let ended = pages.ended;
            pages.minutes.retain(|one| unwritten(one) > 0 || !ended && Some(one.minute) == newest);
        }
        self.streams.retain(|_, pages| !pages.ended || !pages.minutes.is_empty());
        self.minutes = self.streams.values().map(|pages| pages.minutes.len()).sum();
    }

    /// How many samples found no room since this was asked last.
    pub(super) fn take_lost(&mut self) -> u64 {
        std::mem::take(&mut self.lost)
    }
}

fn unwritten(minute: &Minute) -> u64 {
    minute.samples.len().saturating_sub(minute.written) as u64
}

#[cfg(test)]
mod tests {
    use super::*;

    const NOON: i64 = 1_790_000_040_000;

    fn stream(number: usize) -> StreamId {
        StreamId::parse(&format!("st-{number:023}")).expect("23 characters")
    }

    fn reading(bitrate: u64) -> Reading {
        let incoming = Incoming { bitrate, frame_rate: 30.0, ..Incoming::default() };
        Reading { incoming, viewers: 3, health: StreamHealth::Healthy }
    }

    /// A second for each number, from noon on; 0 is a second off air.
    fn watch(book: &mut Notebook, stream: &StreamId, bitrates: &[u64]) {
        for (second, bitrate) in bitrates.iter().enumerate() {
            let at = NOON + i64::try_from(second).expect("a few") * 1_000 + 3;
            book.look(at, (*bitrate > 0).then(|| (stream, reading(*bitrate))));
        }
    }

    fn write(book: &mut Notebook) -> Vec<StreamMinute> {
        let batch = book.batch();
        book.written(&batch);
        batch.minutes
    }

    #[test]
    fn five_seconds_make_a_sample_with_their_mean_and_their_least() {
        let (mut book, one) = (Notebook::default(), stream(1));
        watch(&mut book, &one, &[10, 20, 30, 40, 50]);
        assert_eq!(write(&mut book), [], "they are not over");
        let starving = Reading { health: StreamHealth::Starving, viewers: 9, ..reading(60) };
        assert!(book.look(NOON + 5_003, [(&one, starving)]));
        let written = write(&mut book);
        let [StreamMinute { samples, .. }] = &written[..] else { panic!("{written:?}") };
        let [sample] = samples[..] else { panic!("{samples:?}") };
        assert_eq!((sample.at, sample.bitrate, sample.bitrate_low), (NOON + 4_003, 30, 10));
        assert_eq!((sample.health, sample.viewers), (StreamHealth::Healthy, 3));
        assert_eq!(write(&mut book), [], "nothing is written twice without need");
        book.look(NOON + 6_003, [(&one, reading(60))]);
        book.look(NOON + 10_003, [(&one, reading(60))]);
        let written = write(&mut book);
        assert_eq!(written[0].samples.len(), 2, "the minute as a whole");
        assert_eq!(
            (written[0].samples[1].health, written[0].samples[1].viewers),
            (StreamHealth::Starving, 9)
        );
    }

    #[test]
    fn the_last_seconds_of_a_stream_are_a_sample_too_and_then_it_is_forgotten() {
        let (mut book, one) = (Notebook::default(), stream(1));
        watch(&mut book, &one, &[10, 10, 0]);
        let written = write(&mut book);
        assert_eq!(written[0].samples.iter().map(|one| one.at).collect::<Vec<_>>(), [NOON + 1_003]);
        assert!(book.streams.is_empty() && book.minutes == 0);
    }

    #[test]
    fn what_comes_while_it_is_written_waits_for_the_next_time() {
        let (mut book, one) = (Notebook::default(), stream(1));
        watch(&mut book, &one, &[10; 6]);
        let batch = book.batch();
        book.look(NOON + 10_003, [(&one, reading(10))]);
        book.written(&batch);
        assert_eq!(write(&mut book)[0].samples.len(), 2);
    }

    #[test]
    fn without_a_database_ten_minutes_are_kept_and_older_ones_counted() {
        let (mut book, one) = (Notebook::default(), stream(1));
        watch(&mut book, &one, &[10; 12 * 60 + 1]);
        assert_eq!(book.batch().minutes.len(), 10);
        assert_eq!(book.take_lost(), 24, "the first two minutes");
        assert_eq!(book.take_lost(), 0);
        write(&mut book);
        assert_eq!(book.minutes, 1, "the newest may go on");
    }

    #[test]
    fn many_streams_do_not_take_more_room_than_there_is() {
        let mut book = Notebook::default();
        let streams: Vec<_> = (0..MOST + 7).map(stream).collect();
        book.look(NOON, streams.iter().map(|stream| (stream, reading(1))));
        book.look(NOON + 1_000, []);
        assert_eq!((book.minutes, book.take_lost()), (MOST, 7));
        assert_eq!(book.batch().minutes.len(), BATCH);
        while !write(&mut book).is_empty() {}
        assert!(book.streams.is_empty(), "all that has ended is gone");
    }

    #[test]
    fn a_clock_that_is_set_back_harms_nothing() {
        let (mut book, one) = (Notebook::default(), stream(1));
        for at in [NOON, NOON - 3_600_000, i64::MIN, i64::MAX, NOON, NOON + 5_000] {
            book.look(at, [(&one, reading(u64::MAX))]);
            write(&mut book);
        }
        assert_eq!(book.take_lost(), 0);
    }
}
