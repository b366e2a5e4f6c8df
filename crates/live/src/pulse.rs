//! What is measured of a broadcast: written by those who measure, read by those who tell.
//!
//! Promise: to write and to read takes no lock and waits for nobody; each number is whole, though two of them
//! may be of moments that lie a little apart.

use std::sync::atomic::{AtomicI64, AtomicU8, AtomicU32, AtomicU64, Ordering};
use std::time::{Duration, SystemTime, UNIX_EPOCH};

use domain::StreamHealth;
use media::Ticks;

/// What comes in, averaged over a few seconds.
#[derive(Clone, Copy, Debug, Default, PartialEq)]
pub struct Incoming {
    /// Bits a second of all that the encoder sends.
    pub bitrate: u64,
    /// Bits a second of the picture.
    pub video_bitrate: u64,
    /// Bits a second of the sound.
    pub audio_bitrate: u64,
    /// Pictures a second.
    pub frame_rate: f64,
    /// Seconds between the two newest keyframes; 0 before there were two.
    pub keyframe_interval: f64,
}

/// The numbers of one broadcast.
#[derive(Debug, Default)]
pub struct Pulse {
    health: AtomicU8,
    bitrate: AtomicU64,
    video_bitrate: AtomicU64,
    audio_bitrate: AtomicU64,
    /// Bits of an `f64`.
    frame_rate: AtomicU64,
    /// Bits of an `f64`.
    keyframe_interval: AtomicU64,
    viewers: AtomicU32,
    delivered_ms: AtomicU64,
    recorded_ms: AtomicU64,
    announced_bitrate: AtomicU64,
    /// When media time zero was, in microseconds since 1970; 0: not known.
    epoch: AtomicI64,
}

impl Pulse {
    /// How the stream fares.
    pub fn health(&self) -> StreamHealth {
        match self.health.load(Ordering::Relaxed) {
            1 => StreamHealth::Healthy,
            2 => StreamHealth::Starving,
            _ => StreamHealth::Unknown,
        }
    }

    /// Says how the stream fares.
    pub fn set_health(&self, health: StreamHealth) {
        let number = match health {
            StreamHealth::Unknown => 0,
            StreamHealth::Healthy => 1,
            StreamHealth::Starving => 2,
        };
        self.health.store(number, Ordering::Relaxed);
    }

    /// What comes in.
    pub fn incoming(&self) -> Incoming {
        let float = |bits: &AtomicU64| f64::from_bits(bits.load(Ordering::Relaxed));
        Incoming {
            bitrate: self.bitrate.load(Ordering::Relaxed),
            video_bitrate: self.video_bitrate.load(Ordering::Relaxed),
            audio_bitrate: self.audio_bitrate.load(Ordering::Relaxed),
            frame_rate: float(&self.frame_rate),
            keyframe_interval: float(&self.keyframe_interval),
        }
    }

    /// Says what comes in.
    pub fn set_incoming(&self, incoming: Incoming) {
        self.bitrate.store(incoming.bitrate, Ordering::Relaxed);
        self.video_bitrate.store(incoming.video_bitrate, Ordering::Relaxed);
        self.audio_bitrate.store(incoming.audio_bitrate, Ordering::Relaxed);
        self.frame_rate.store(incoming.frame_rate.to_bits(), Ordering::Relaxed);
        self.keyframe_interval.store(incoming.keyframe_interval.to_bits(), Ordering::Relaxed);
    }

    /// Playback sessions that are watching on this node.
    pub fn viewers(&self) -> u32 {
        self.viewers.load(Ordering::Relaxed)
    }

    /// Says how many are watching.
    pub fn set_viewers(&self, viewers: u32) {
        self.viewers.store(viewers, Ordering::Relaxed);
    }

    /// Media time that was handed to viewers so far, in milliseconds: with two viewers, twice the stream's.
    pub fn delivered_ms(&self) -> u64 {
        self.delivered_ms.load(Ordering::Relaxed)
    }

    /// Counts media time that is handed to a viewer.
    pub fn add_delivered(&self, milliseconds: u64) {
        self.delivered_ms.fetch_add(milliseconds, Ordering::Relaxed);
    }

    /// Bits a second of the picture as the encoder announced them, which some do as the most that they would send; 0:
    /// it did not.
    pub fn announced_bitrate(&self) -> u64 {
        self.announced_bitrate.load(Ordering::Relaxed)
    }

    /// Says what the encoder announced.
    pub fn set_announced_bitrate(&self, bitrate: u64) {
        self.announced_bitrate.store(bitrate, Ordering::Relaxed);
    }

    /// How much of it was recorded so far, in milliseconds: each moment once, however many renditions it has.
    pub fn recorded_ms(&self) -> u64 {
        self.recorded_ms.load(Ordering::Relaxed)
    }

    /// Counts what was recorded.
    pub fn add_recorded(&self, milliseconds: u64) {
        self.recorded_ms.fetch_add(milliseconds, Ordering::Relaxed);
    }

    /// Says which wall clock time playlists tell of this moment on the stream's own clock, and of those after it.
    pub fn set_clock(&self, at: Ticks, time: SystemTime) {
        let since = time.duration_since(UNIX_EPOCH).unwrap_or_default().as_micros();
        let epoch = i64::try_from(since).unwrap_or(i64::MAX).saturating_sub(micros(at));
        self.epoch.store(epoch, Ordering::Relaxed);
    }

    /// The wall clock time at a moment on the stream's own clock, as playlists tell it; `None` as long as they tell
    /// none.
    pub fn time_of(&self, at: Ticks) -> Option<SystemTime> {
        let epoch = self.epoch.load(Ordering::Relaxed);
        let since = u64::try_from(epoch.saturating_add(micros(at))).ok()?;
        (epoch != 0).then(|| UNIX_EPOCH + Duration::from_micros(since))
    }
}

fn micros(span: Ticks) -> i64 {
    span.to_scale(1_000_000)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_was_written_is_read() {
        let pulse = Pulse::default();
        assert_eq!((pulse.health(), pulse.viewers()), (StreamHealth::Unknown, 0));
        let incoming =
            Incoming { bitrate: 3, frame_rate: 29.97, keyframe_interval: 2.0, ..Incoming::default() };
        pulse.set_incoming(incoming);
        assert_eq!(pulse.incoming(), incoming);
        for health in [StreamHealth::Starving, StreamHealth::Healthy, StreamHealth::Unknown] {
            pulse.set_health(health);
            assert_eq!(pulse.health(), health);
        }
        pulse.add_delivered(200);
        pulse.add_delivered(300);
        assert_eq!(pulse.delivered_ms(), 500);
        pulse.add_recorded(2_000);
        assert_eq!(pulse.recorded_ms(), 2_000);
        pulse.set_announced_bitrate(6_000_000);
        assert_eq!(pulse.announced_bitrate(), 6_000_000);
    }

    #[test]
    fn a_moment_of_the_stream_has_the_time_that_playlists_tell_of_it() {
        let pulse = Pulse::default();
        assert_eq!(pulse.time_of(Ticks::ZERO), None);
        let noon = UNIX_EPOCH + Duration::from_millis(1_790_000_000_125);
        pulse.set_clock(Ticks::from_millis(10_040), noon);
        assert_eq!(pulse.time_of(Ticks::from_millis(10_040)), Some(noon));
        assert_eq!(pulse.time_of(Ticks::from_millis(12_540)), Some(noon + Duration::from_millis(2_500)));
        assert_eq!(pulse.time_of(Ticks::from_millis(40)), Some(noon - Duration::from_secs(10)));
    }
}
