//! The streams' part of the page (user guide, "Monitoring Amazon IVS Low-Latency Streaming").
//!
//! Promise: each metric of the vendor's that can be known has one here with the same meaning; a channel off air has
//! no gauges, one on air that nobody watches has 0 views.

use std::fmt;

use domain::StreamHealth;
use live::Incoming;
use prometheus_client::collector::Collector;
use prometheus_client::encoding::DescriptorEncoder;
use prometheus_client::registry::Unit;

use super::series::{About, counter, counters, gauge, gauges};
use super::tally::{Named, Present, Sums, View};

/// The label of all channels that have no series of their own.
pub(crate) const OTHER: &str = "_other";

/// One moment's numbers, ready to be written.
#[derive(Debug)]
pub(crate) struct StreamsPage(pub(crate) View);

impl Collector for StreamsPage {
    fn encode(&self, mut encoder: DescriptorEncoder<'_>) -> fmt::Result {
        let to = &mut encoder;
        self.viewers(to)?;
        self.health(to)?;
        self.incoming(to)?;
        self.sums(to)
    }
}

impl StreamsPage {
    fn viewers(&self, to: &mut DescriptorEncoder<'_>) -> fmt::Result {
        let live = |present: &Present| present.live.then(|| u64::from(present.viewers));
        let about = About::new("ivs_concurrent_views", "Playback sessions that watch now, by channel");
        gauges(to, &about, "channel", self.with_other(live))?;
        let all: u64 = self.0.present().filter_map(live).sum();
        let about =
            About::new("ivs_all_concurrent_views", "Playback sessions that watch now, of all channels");
        gauge(to, &about, all)
    }

    fn health(&self, to: &mut DescriptorEncoder<'_>) -> fmt::Result {
        let about = About::new("ivs_concurrent_streams", "Streams that can be played now, by health");
        let all = [StreamHealth::Healthy, StreamHealth::Starving, StreamHealth::Unknown];
        let count = |health| {
            let fares = |present: &&Present| present.live && present.health == health;
            self.0.present().filter(fares).count()
        };
        gauges(to, &about, "health", all.into_iter().map(|health| (health.as_str(), count(health))))
    }

    fn incoming(&self, to: &mut DescriptorEncoder<'_>) -> fmt::Result {
        type Rate = fn(&Incoming) -> u64;
        let rates: [(&str, &str, Rate); 3] = [
            ("ivs_ingest_bitrate", "All that encoders send, by channel", |incoming| incoming.bitrate),
            ("ivs_ingest_video_bitrate", "Picture that encoders send, by channel", |incoming| {
                incoming.video_bitrate
            }),
            ("ivs_ingest_audio_bitrate", "Sound that encoders send, by channel", |incoming| {
                incoming.audio_bitrate
            }),
        ];
        for (name, help, rate) in rates {
            let about = About::of(name, help, Unit::Other("bits_per_second".to_owned()));
            let value = |present: &Present| present.incoming.map(|incoming| rate(&incoming));
            gauges(to, &about, "channel", self.with_other(value))?;
        }
        let about = About::new("ivs_ingest_framerate", "Pictures a second that encoders send, by channel");
        gauges(
            to,
            &about,
            "channel",
            self.of_named(|present| present.incoming.map(|incoming| incoming.frame_rate)),
        )?;
        let about = About::of("ivs_keyframe_interval", "Time between keyframes, by channel", Unit::Seconds);
        let interval = |present: &Present| {
            present.incoming.map(|incoming| incoming.keyframe_interval).filter(|interval| *interval > 0.0)
        };
        gauges(to, &about, "channel", self.of_named(interval))
    }

    fn sums(&self, to: &mut DescriptorEncoder<'_>) -> fmt::Result {
        type Sum = fn(&Sums) -> f64;
        let sums: [([&str; 2], [&str; 2], Sum); 3] = [
            (
                ["ivs_live_delivered", "ivs_all_live_delivered"],
                ["Media time handed to viewers, by channel", "Media time handed to viewers, of all channels"],
                Sums::delivered_seconds,
            ),
            (
                ["ivs_live_input", "ivs_all_live_input"],
                [
                    "Time that streams were on air, by channel",
                    "Time that streams were on air, of all channels",
                ],
                |sums| sums.input.as_secs_f64(),
            ),
            (
                ["ivs_recorded", "ivs_all_recorded"],
                ["Media time recorded, by channel", "Media time recorded, of all channels"],
                |sums| sums.recorded_seconds(),
            ),
        ];
        for ([name, all], [help, help_of_all], sum) in sums {
            let named = self.0.named.iter().map(|named| (&*named.channel, sum(&named.sums)));
            let other = self.has_other().then(|| (OTHER, sum(&self.0.other)));
            counters(to, &About::of(name, help, Unit::Seconds), "channel", named.chain(other))?;
            counter(to, &About::of(all, help_of_all, Unit::Seconds), sum(&self.0.all))?;
        }
        Ok(())
    }

    /// Of each named channel, and of the others together.
    fn with_other<'a>(
        &'a self,
        value: impl Fn(&Present) -> Option<u64> + Copy + 'a,
    ) -> impl Iterator<Item = (&'a str, u64)> {
        let other =
            (!self.0.unnamed.is_empty()).then(|| (OTHER, self.0.unnamed.iter().filter_map(value).sum()));
        self.of_named(value).chain(other)
    }

    /// Of each named channel alone: numbers of strangers that can't be added.
    fn of_named<'a, T>(
        &'a self,
        value: impl Fn(&Present) -> Option<T> + 'a,
    ) -> impl Iterator<Item = (&'a str, T)> {
        let of = move |named: &'a Named| Some((&*named.channel, value(named.present.as_ref()?)?));
        self.0.named.iter().filter_map(of)
    }

    /// Some channel had to share; from then on their sum is shown.
    fn has_other(&self) -> bool {
        !self.0.unnamed.is_empty() || self.0.other != Sums::default()
    }
}
