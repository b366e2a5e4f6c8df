//! Streams on air for tests: a publisher with an id and a start of its own, and a film that can be played.
//!
//! Promise: what a stream shows went through the real segmenter to the real shelf; nothing moves by itself.

use std::sync::Arc;
use std::time::{Duration, SystemTime};

use api::ivs::Channel;
use domain::{Arn, StreamId};
use live::{Audience, Publisher};
use packager::{Segmenter, Window};
use testkit::Film;

use crate::house::House;

pub(crate) fn stream_id(number: u32) -> StreamId {
    StreamId::parse(&format!("st-{number:023}")).unwrap()
}

/// Whole seconds after the first of January 2024.
pub(crate) fn at(seconds: u64) -> SystemTime {
    SystemTime::UNIX_EPOCH + Duration::from_secs(1_704_067_200 + seconds)
}

impl House {
    /// An encoder is connected: nothing can be played yet.
    pub(crate) fn connect(&self, channel: &Channel, number: u32, seconds: u64) -> Publisher {
        let arn = Arn::parse(channel.arn.as_deref().unwrap()).unwrap();
        self.hub.publish(&arn, stream_id(number), Audience::Everyone, at(seconds)).unwrap()
    }

    /// A stream that viewers can play.
    pub(crate) fn play(&self, channel: &Channel, number: u32, seconds: u64) -> Publisher {
        let mut publisher = self.connect(channel, number, seconds);
        let film = Film::default();
        publisher.set_tracks(film.tracks());
        show(&publisher, &film);
        publisher
    }
}

/// Puts the film on the shelf up to its first playlist.
fn show(publisher: &Publisher, film: &Film) {
    let shelf = publisher.broadcast().shelf().writer().unwrap();
    let config = packager::Config::default();
    let mut segmenter = Segmenter::new(config.part);
    segmenter.tracks(Arc::new(film.tracks()));
    let mut window: Option<Window> = None;
    for frame in film.frames(Duration::from_secs(20)) {
        let now = publisher.broadcast().started() + frame.dts.to_duration();
        segmenter.frame(frame, now);
        while let Some(cut) = segmenter.next_cut() {
            let terms = *segmenter.terms().unwrap();
            let window = window.get_or_insert_with(|| Window::new(terms, &config));
            window.apply(cut);
            if let Some(snapshot) = window.snapshot(SystemTime::UNIX_EPOCH) {
                shelf.put(snapshot);
                return;
            }
        }
    }
    panic!("twenty seconds are enough for a first playlist");
}
