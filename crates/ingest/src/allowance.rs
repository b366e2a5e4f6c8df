//! How much a stream may bring: bits a second and pixels, by its channel's type (user guide, "Service quotas").
//!
//! Promise: an encoder that overshoots for a while is let be; one that lastingly brings more than its channel may
//! take is named with what was seen and what is allowed.
//!
//! # The rule for bits
//!
//! An encoder's rate is an average, not a ceiling: keyframes and scene cuts overshoot for seconds, and what a
//! network held up arrives in one gulp. IVS's users report being cut off with a maximum set below the limit
//! (amazon-ivs-broadcast-ios-sample#53). So there is a bucket: what arrives flows in, 105 % of the limit flows out
//! all the time, and the limit is broken when 15 seconds' worth of it stand in there. Twice the limit is taken for
//! a quarter of a minute, 120 % for more than a minute and a half, 105 % for ever: that margin is the one of RTMP's
//! own headers and of metadata, which count here as they count in IVS's IngestBitrate.

use std::fmt;
use std::time::Duration;

use domain::{BreachedLimit, ChannelType, LimitBreach, Limits};

/// What flows out of the bucket, in percent of the limit.
const OUTFLOW: u64 = 105;
/// What the bucket holds, in seconds of the limit.
const DEPTH: u64 = 15;
/// The shorter edge up to which a picture is 480p.
const SD: u32 = 480;

/// More than is allowed was seen.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Excess {
    /// Which limit it is.
    pub limit: BreachedLimit,
    /// The limit.
    pub allowed: u64,
    /// What was seen, in the limit's unit; of bits the mean since it was within the limit last.
    pub seen: u64,
}

impl Excess {
    /// As events tell it.
    pub fn breach(&self) -> LimitBreach {
        let exceeded_by = self.seen.saturating_sub(self.allowed);
        LimitBreach { limit: self.limit, value: self.allowed, exceeded_by }
    }
}

impl fmt::Display for Excess {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self { limit, allowed, seen } = self;
        match limit {
            BreachedLimit::IngestBitrate => {
                write!(f, "the stream brings {seen} bits a second, its channel may take {allowed}")
            }
            BreachedLimit::IngestPixels => write!(f, "the picture has {seen} pixels, {allowed} are allowed"),
            BreachedLimit::IngestEdge => {
                write!(f, "the picture's longer edge has {seen} pixels, {allowed} are allowed")
            }
            BreachedLimit::ConcurrentBroadcasts | BreachedLimit::ConcurrentViewers => {
                write!(f, "there are {seen} {}, {allowed} are allowed", limit.unit())
            }
        }
    }
}

/// Watches over one stream. Times count from any beginning that stays the same.
#[derive(Clone, Debug)]
pub struct Allowance {
    limits: Limits,
    channel_type: ChannelType,
    /// Bits a second.
    rate: u64,
    /// What arrived in the second that runs, in bits.
    running: u64,
    /// Which one that is.
    second: Option<u64>,
    /// What stands in the bucket, in bits.
    level: u64,
    /// For how many seconds something has stood in there.
    span: u64,
}

impl Allowance {
    /// Of a stream on a channel of this type.
    pub fn new(limits: Limits, channel_type: ChannelType) -> Self {
        let rate = match channel_type {
            ChannelType::Basic => limits.ingest_bitrate_basic,
            ChannelType::Standard | ChannelType::AdvancedSd | ChannelType::AdvancedHd => {
                limits.ingest_bitrate
            }
        };
        Self { limits, channel_type, rate: rate.into(), running: 0, second: None, level: 0, span: 0 }
    }

    /// The picture has this size now: may it, and how many bits may it have?
    pub fn picture(&mut self, width: u32, height: u32) -> Option<Excess> {
        if self.channel_type == ChannelType::Basic {
            let is_small = width.min(height) <= SD;
            let limits = &self.limits;
            let rate = if is_small { limits.ingest_bitrate_basic_sd } else { limits.ingest_bitrate_basic };
            self.rate = rate.into();
        }
        let pixels = u64::from(width) * u64::from(height);
        let edge = u64::from(width.max(height));
        let (most_pixels, longest) = (self.limits.ingest_pixels.into(), self.limits.ingest_edge.into());
        let over = |limit, seen, allowed| (seen > allowed).then_some(Excess { limit, allowed, seen });
        over(BreachedLimit::IngestPixels, pixels, most_pixels)
            .or_else(|| over(BreachedLimit::IngestEdge, edge, longest))
    }

    /// Bytes arrived, of whatever kind.
    pub fn arrived(&mut self, bytes: u64, now: Duration) {
        self.advance(now);
        self.running = self.running.saturating_add(bytes.saturating_mul(8));
    }

    /// Looks at the seconds that are whole by now.
    pub fn judge(&mut self, now: Duration) -> Option<Excess> {
        self.advance(now);
        let is_over = self.level > self.rate.saturating_mul(DEPTH);
        // More than the outflow, as the bucket was empty at the beginning of the span.
        let seen = self.outflow().saturating_add(self.level / self.span.max(1));
        is_over.then_some(Excess { limit: BreachedLimit::IngestBitrate, allowed: self.rate, seen })
    }

    /// Bits that flow out in a second.
    fn outflow(&self) -> u64 {
        self.rate.saturating_mul(OUTFLOW) / 100
    }

    /// Closes the seconds before the one of `now`; a clock that goes back closes none.
    fn advance(&mut self, now: Duration) {
        let second = now.as_secs();
        let passed = second.saturating_sub(*self.second.get_or_insert(second));
        if passed == 0 {
            return;
        }
        self.second = Some(second);
        let arrived = std::mem::take(&mut self.running);
        self.level = self.level.saturating_add(arrived).saturating_sub(self.outflow().saturating_mul(passed));
        self.span = if self.level == 0 { 0 } else { self.span.saturating_add(passed) };
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn limits() -> Limits {
        Limits::AWS
    }

    /// Brings these kilobits, each for a second, one after the other; gives the second that broke a limit.
    fn bring(allowance: &mut Allowance, kilobits: impl IntoIterator<Item = u64>) -> Option<(u64, Excess)> {
        let mut seconds = 0;
        for rate in kilobits {
            for tenth in 0..10 {
                let now = Duration::from_millis(seconds * 1_000 + tenth * 100);
                allowance.arrived(rate * 1_000 / 80, now);
            }
            seconds += 1;
            if let Some(excess) = allowance.judge(Duration::from_secs(seconds)) {
                return Some((seconds, excess));
            }
        }
        None
    }

    #[test]
    fn an_encoder_that_overshoots_for_seconds_is_let_be() {
        let mut allowance = Allowance::new(limits(), ChannelType::Standard);
        // Its mean is at the limit; scene cuts take twice as much.
        let wave = (0..600).map(|second| if second % 10 < 2 { 16_000 } else { 6_625 });
        assert_eq!(bring(&mut allowance, wave), None);
    }

    #[test]
    fn what_a_network_held_up_may_come_at_once() {
        let mut allowance = Allowance::new(limits(), ChannelType::Standard);
        let held = (0..120).map(|second| match second % 40 {
            20..28 => 0,
            28 => 72_000,
            _ => 8_000,
        });
        assert_eq!(bring(&mut allowance, held), None);
    }

    #[test]
    fn far_too_much_ends_soon_and_a_little_too_much_later() {
        let mut allowance = Allowance::new(limits(), ChannelType::Standard);
        let (second, excess) = bring(&mut allowance, [20_000; 60]).expect("a breach");
        assert!((10..15).contains(&second), "{second}");
        assert_eq!((excess.allowed, excess.limit), (8_500_000, BreachedLimit::IngestBitrate));
        assert!(excess.breach().exceeded_by.abs_diff(11_500_000) < 1_000, "{excess:?}");
        let mut allowance = Allowance::new(limits(), ChannelType::Standard);
        let (second, excess) = bring(&mut allowance, [10_200; 300]).expect("a breach");
        assert!(second > 90, "{second}");
        assert!(excess.seen.abs_diff(10_200_000) < 1_000, "{excess:?}");
        let mut allowance = Allowance::new(limits(), ChannelType::Standard);
        assert_eq!(bring(&mut allowance, [8_900; 7_200]), None, "headers and metadata count");
    }

    #[test]
    fn a_basic_channel_may_have_less_and_a_small_picture_less_still() {
        let at_two_megabits = |width, height| {
            let mut allowance = Allowance::new(limits(), ChannelType::Basic);
            assert_eq!(allowance.picture(width, height), None);
            bring(&mut allowance, [2_000; 90]).map(|(_, excess)| excess.allowed)
        };
        assert_eq!(at_two_megabits(852, 480), Some(1_500_000));
        assert_eq!(at_two_megabits(480, 852), Some(1_500_000), "upright");
        assert_eq!(at_two_megabits(1_280, 720), None);
    }

    #[test]
    fn pictures_have_a_largest_size_in_pixels_and_along_their_edge() {
        let seen = |width, height| {
            let excess = Allowance::new(limits(), ChannelType::Standard).picture(width, height);
            excess.map(|excess| (excess.limit, excess.breach().exceeded_by))
        };
        assert_eq!(seen(1_920, 1_088), None);
        assert_eq!(seen(1_080, 1_920), None, "upright");
        assert_eq!(seen(1_600, 1_600), Some((BreachedLimit::IngestPixels, 460_000)));
        assert_eq!(seen(1_000, 1_930), Some((BreachedLimit::IngestEdge, 10)));
        assert_eq!(seen(u32::MAX, u32::MAX).map(|(limit, _)| limit), Some(BreachedLimit::IngestPixels));
    }

    proptest! {
        #[test]
        fn whatever_the_clock_does_nothing_breaks(
            arrivals in prop::collection::vec((any::<u64>(), any::<u64>()), 0..200),
        ) {
            let mut allowance = Allowance::new(limits(), ChannelType::Basic);
            for (bytes, time) in arrivals {
                allowance.arrived(bytes, Duration::from_millis(time));
                allowance.judge(Duration::from_millis(time / 2));
            }
        }
    }
}
