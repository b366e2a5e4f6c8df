//! What was measured of streams, added up.
//!
//! Promise: a sum never falls while it is shown; series are at most as many as was configured, whoever streams, and
//! which channels have their own is decided once for as long as they are shown.

use std::collections::HashMap;
use std::sync::{Arc, Weak};
use std::time::{Duration, Instant};

use domain::{StreamHealth, StreamId};
use live::{Broadcast, Incoming, Pulse};

/// A channel without a stream is shown this long, so that a scraper gets the end of its sums.
const LINGER: Duration = Duration::from_secs(300);

/// Sums over time.
#[derive(Clone, Copy, Debug, Default, PartialEq)]
pub(crate) struct Sums {
    /// Time on air.
    pub input: Duration,
    /// Media time handed to viewers, in milliseconds.
    pub delivered_ms: u64,
    /// Media time recorded, in milliseconds: each moment once, however many renditions it has.
    pub recorded_ms: u64,
}

impl Sums {
    fn add(&mut self, more: Self) {
        self.input += more.input;
        self.delivered_ms += more.delivered_ms;
        self.recorded_ms += more.recorded_ms;
    }

    /// Media time handed to viewers, in seconds.
    #[expect(clippy::cast_precision_loss, reason = "exact up to 285,000 years")]
    pub(crate) fn delivered_seconds(&self) -> f64 {
        self.delivered_ms as f64 / 1_000.0
    }

    /// Media time recorded, in seconds.
    #[expect(clippy::cast_precision_loss, reason = "exact up to 285,000 years")]
    pub(crate) fn recorded_seconds(&self) -> f64 {
        self.recorded_ms as f64 / 1_000.0
    }
}

/// A stream that is on air, at one moment.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(crate) struct Present {
    /// It can be played.
    pub live: bool,
    /// Who watches here.
    pub viewers: u32,
    /// How it fares.
    pub health: StreamHealth,
    /// What comes in; `None` before that was measured for the first time.
    pub incoming: Option<Incoming>,
}

/// A channel that has series of its own.
#[derive(Clone, Debug)]
pub(crate) struct Named {
    /// The id in the channel's ARN.
    pub channel: Arc<str>,
    /// Since the channel is shown.
    pub sums: Sums,
    /// Its stream, if it is on air.
    pub present: Option<Present>,
}

/// All of it at one moment.
#[derive(Clone, Debug, Default)]
pub(crate) struct View {
    /// Channels with series of their own, by name.
    pub named: Vec<Named>,
    /// Streams of all other channels.
    pub unnamed: Vec<Present>,
    /// Sums of all other channels.
    pub other: Sums,
    /// Sums of all channels, since the server started.
    pub all: Sums,
}

impl View {
    /// Every stream on air.
    pub(crate) fn present(&self) -> impl Iterator<Item = &Present> {
        self.named.iter().filter_map(|named| named.present.as_ref()).chain(&self.unnamed)
    }
}

#[derive(Debug, Default)]
struct Channel {
    sums: Sums,
    present: Option<Present>,
    /// Since when there is no stream.
    left: Option<Instant>,
}

/// A stream whose sums may still rise: it is on air, or somebody reads its end.
#[derive(Debug)]
struct Tracked {
    /// Weak, so that counting keeps no media in memory.
    broadcast: Weak<Broadcast>,
    channel: Arc<str>,
    /// It came while there was room for its channel. It does not move when room is made later: a sum would jump.
    named: bool,
    on_air: bool,
    /// Up to when its time on air is counted; `None` once all of it is.
    counted_until: Option<Instant>,
    delivered_ms: u64,
    recorded_ms: u64,
    measured: bool,
}

/// Adds up. It has to be shown what is on air each second or so, and at once when that changes.
#[derive(Debug)]
pub(crate) struct Tally {
    most: usize,
    channels: HashMap<Arc<str>, Channel>,
    tracked: HashMap<StreamId, Tracked>,
    unnamed: Vec<Present>,
    other: Sums,
    all: Sums,
}

impl Tally {
    /// Of which at most `most` channels have series of their own.
    pub(crate) fn new(most: usize) -> Self {
        Self {
            most,
            channels: HashMap::new(),
            tracked: HashMap::new(),
            unnamed: Vec::new(),
            other: Sums::default(),
            all: Sums::default(),
        }
    }

    /// Takes in what is on air at this moment.
    pub(crate) fn observe(&mut self, mut on_air: Vec<Arc<Broadcast>>, now: Instant) {
        on_air.sort_by_key(|broadcast| broadcast.started());
        for tracked in self.tracked.values_mut() {
            tracked.on_air = false;
        }
        for channel in self.channels.values_mut() {
            channel.present = None;
        }
        self.unnamed.clear();
        for broadcast in &on_air {
            self.meet(broadcast, now);
        }
        self.follow_ended(now);
        for channel in self.channels.values_mut() {
            channel.left = match channel.present {
                Some(_) => None,
                None => channel.left.or(Some(now)),
            };
        }
        self.channels.retain(|_, channel| channel.left.is_none_or(|left| now - left < LINGER));
    }

    fn meet(&mut self, broadcast: &Arc<Broadcast>, now: Instant) {
        let (channels, most) = (&mut self.channels, self.most);
        let tracked = self.tracked.entry(broadcast.stream().clone()).or_insert_with(|| {
            let channel: Arc<str> = Arc::from(broadcast.channel().id.as_str());
            let named = channels.len() < most || channels.contains_key(&channel);
            Tracked::new(broadcast, channel, named, now)
        });
        tracked.on_air = true;
        let more = tracked.advance(broadcast.pulse(), now);
        let (present, name) = (tracked.present(broadcast), Arc::clone(&tracked.channel));
        if tracked.named {
            channels.entry(Arc::clone(&name)).or_default().present = Some(present);
        } else {
            self.unnamed.push(present);
        }
        self.add(&name, more);
    }

    /// Streams that went off air: time up to now is theirs, and viewers may still fetch the end.
    fn follow_ended(&mut self, now: Instant) {
        let mut gone = Vec::new();
        let mut more = Vec::new();
        for (stream, tracked) in self.tracked.iter_mut().filter(|(_, tracked)| !tracked.on_air) {
            more.push((Arc::clone(&tracked.channel), tracked.finish(now)));
            if tracked.broadcast.strong_count() == 0 {
                gone.push(stream.clone());
            }
        }
        for (channel, more) in more {
            self.add(&channel, more);
        }
        for stream in gone {
            self.tracked.remove(&stream);
        }
    }

    fn add(&mut self, channel: &str, more: Sums) {
        self.all.add(more);
        self.channels.get_mut(channel).map_or(&mut self.other, |channel| &mut channel.sums).add(more);
    }

    /// All of it, as it was last observed.
    pub(crate) fn view(&self) -> View {
        let mut named: Vec<_> = self
            .channels
            .iter()
            .map(|(name, channel)| Named {
                channel: Arc::clone(name),
                sums: channel.sums,
                present: channel.present,
            })
            .collect();
        named.sort_by(|one, other| one.channel.cmp(&other.channel));
        View { named, unnamed: self.unnamed.clone(), other: self.other, all: self.all }
    }
}

impl Tracked {
    fn new(broadcast: &Arc<Broadcast>, channel: Arc<str>, named: bool, now: Instant) -> Self {
        Self {
            broadcast: Arc::downgrade(broadcast),
            channel,
            named,
            on_air: true,
            counted_until: Some(now),
            delivered_ms: 0,
            recorded_ms: 0,
            measured: false,
        }
    }

    /// What came since the last time, of a stream on air.
    fn advance(&mut self, pulse: &Pulse, now: Instant) -> Sums {
        self.measured |= pulse.incoming().bitrate > 0;
        let input = self.counted_until.map_or(Duration::ZERO, |until| now.saturating_duration_since(until));
        self.counted_until = Some(now);
        Sums { input, ..self.media(pulse) }
    }

    /// What came since the last time, of a stream that is off air.
    fn finish(&mut self, now: Instant) -> Sums {
        let input =
            self.counted_until.take().map_or(Duration::ZERO, |until| now.saturating_duration_since(until));
        let media = self.broadcast.upgrade().map(|broadcast| self.media(broadcast.pulse()));
        Sums { input, ..media.unwrap_or_default() }
    }

    /// What was done with its media since the last time.
    fn media(&mut self, pulse: &Pulse) -> Sums {
        let since = |known: &mut u64, now: u64| now.saturating_sub(std::mem::replace(known, now));
        Sums {
            delivered_ms: since(&mut self.delivered_ms, pulse.delivered_ms()),
            recorded_ms: since(&mut self.recorded_ms, pulse.recorded_ms()),
            ..Sums::default()
        }
    }

    fn present(&self, broadcast: &Broadcast) -> Present {
        let pulse = broadcast.pulse();
        Present {
            live: broadcast.is_playable(),
            viewers: pulse.viewers(),
            health: pulse.health(),
            incoming: self.measured.then(|| pulse.incoming()),
        }
    }
}

#[cfg(test)]
mod tests {
    use std::time::SystemTime;

    use domain::Arn;
    use live::{Audience, Hub, Publisher, RingLimits};

    use super::*;

    struct Studio {
        hub: Hub,
        tally: Tally,
        start: Instant,
        streams: u8,
    }

    impl Studio {
        fn new(most: usize) -> Self {
            let hub = Hub::new(RingLimits::default());
            Self { hub, tally: Tally::new(most), start: Instant::now(), streams: 0 }
        }

        fn publish(&mut self, channel: &str) -> Publisher {
            let text = format!("arn:aws:ivs:us-east-1:123456789012:channel/{channel}");
            let channel = Arn::parse(&text).expect("an ARN");
            self.streams += 1;
            let (number, started) = (self.streams, SystemTime::UNIX_EPOCH);
            let stream = StreamId::mint(&mut |bytes| bytes.fill(number));
            let started = started + Duration::from_secs(number.into());
            self.hub.publish(&channel, stream, Audience::Everyone, started).expect("a free channel")
        }

        fn view(&mut self, seconds: u64) -> View {
            self.tally.observe(self.hub.on_air(), self.start + Duration::from_secs(seconds));
            self.tally.view()
        }
    }

    fn seconds(sums: Sums) -> (u64, u64) {
        (sums.input.as_secs(), sums.delivered_ms / 1_000)
    }

    fn names(view: &View) -> Vec<&str> {
        view.named.iter().map(|named| &*named.channel).collect()
    }

    #[test]
    fn sums_rise_while_a_stream_is_on_air_and_stay_when_it_ends() {
        let mut studio = Studio::new(10);
        let publisher = studio.publish("one");
        let broadcast = Arc::clone(publisher.broadcast());
        broadcast.pulse().add_delivered(500);
        studio.view(0);
        broadcast.pulse().add_delivered(2_500);
        assert_eq!(seconds(studio.view(3).named[0].sums), (3, 3));
        drop(publisher);
        assert_eq!(seconds(studio.view(4).named[0].sums), (4, 3));
        // A viewer fetches the end, which is recorded, too.
        broadcast.pulse().add_delivered(1_000);
        broadcast.pulse().add_recorded(4_000);
        let view = studio.view(5);
        assert_eq!((view.named[0].sums.recorded_ms, view.all.recorded_ms), (4_000, 4_000));
        assert_eq!((seconds(view.named[0].sums), seconds(view.all)), ((4, 4), (4, 4)));
        assert_eq!(view.named[0].present, None);
    }

    #[test]
    fn the_next_stream_of_a_channel_goes_on_where_the_last_one_ended() {
        let mut studio = Studio::new(10);
        let publisher = studio.publish("one");
        studio.view(0);
        studio.view(10);
        drop(publisher);
        studio.view(10);
        let _next = studio.publish("one");
        studio.view(20);
        assert_eq!(seconds(studio.view(25).named[0].sums), (15, 0));
    }

    #[test]
    fn channels_beyond_the_bound_share_one_sum_and_keep_their_place() {
        let mut studio = Studio::new(2);
        let publishers: Vec<_> = ["a", "b", "c", "d"].map(|channel| studio.publish(channel)).into();
        publishers[3].broadcast().pulse().set_viewers(7);
        studio.view(0);
        let view = studio.view(10);
        assert_eq!((names(&view), view.unnamed.len()), (vec!["a", "b"], 2));
        assert_eq!((seconds(view.other).0, seconds(view.all).0), (20, 40));
        assert_eq!(view.present().map(|present| present.viewers).sum::<u32>(), 7);
        drop(publishers);
        studio.view(10);
        // Their names are kept for a while, so the next one finds no room.
        let late = studio.publish("e");
        let view = studio.view(11);
        assert_eq!((names(&view), view.unnamed.len()), (vec!["a", "b"], 1));
        // Room that is made later does not move it; its next stream has the room.
        let view = studio.view(310);
        assert_eq!((names(&view).len(), view.unnamed.len()), (0, 1));
        drop(late);
        let other = seconds(studio.view(311).other).0;
        assert_eq!(other, 20 + 300);
        let _again = studio.publish("e");
        let view = studio.view(312);
        assert_eq!((names(&view), seconds(view.other).0), (vec!["e"], other));
    }

    #[test]
    fn with_no_room_at_all_everything_is_counted_together() {
        let mut studio = Studio::new(0);
        let _publisher = studio.publish("a");
        studio.view(0);
        let view = studio.view(2);
        assert_eq!((view.named.len(), seconds(view.other).0), (0, 2));
    }

    #[test]
    fn a_stream_that_nobody_holds_any_more_is_forgotten() {
        let mut studio = Studio::new(1);
        for number in 0..20 {
            let publisher = studio.publish("one");
            studio.view(number);
            drop(publisher);
        }
        studio.view(20);
        assert_eq!(studio.tally.tracked.len(), 0);
    }

    #[test]
    fn what_comes_in_is_unknown_until_it_was_measured_and_known_when_it_falls_to_nothing() {
        let mut studio = Studio::new(1);
        let publisher = studio.publish("one");
        let pulse = publisher.broadcast().pulse();
        let incoming = |view: View| view.named[0].present.expect("on air").incoming;
        assert_eq!(incoming(studio.view(0)), None);
        pulse.set_incoming(Incoming { bitrate: 1, ..Incoming::default() });
        assert_eq!(incoming(studio.view(1)).map(|incoming| incoming.bitrate), Some(1));
        pulse.set_incoming(Incoming::default());
        assert_eq!(incoming(studio.view(2)), Some(Incoming::default()));
    }
}
