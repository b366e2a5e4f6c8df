//! What parts are wrapped in: the containers, behind one face.
//!
//! Promise: both say the same of the same media; a container changes neither times nor where is cut.
//!
//! In fragmented MP4 each text is said twice, for no form is understood by all players. The service's own
//! player reads version 0 of its own scheme; hls.js, Shaka, Media3 and Apple's read version 1 of the AOM's.
//! None known reads both. In a transport stream all of them read the same form.

use std::ffi::CStr;
use std::sync::Arc;

use bytes::Bytes;
use domain::ContainerFormat;
use media::fmp4::{Event, EventTime, Fragment, ID3_SCHEME, SERVICE_ID3_SCHEME, Sample, init_segment};
use media::{Tracks, ts};

use crate::cues::{Cue, Hearers};

/// One for each stream.
#[derive(Debug)]
pub(crate) enum Wrapper {
    Fragments {
        /// Of the next fragment.
        sequence: u32,
    },
    /// Boxed, for it is much larger.
    Transport(Box<ts::Muxer>),
}

/// The media of a part.
pub(crate) struct Contents<'a> {
    pub(crate) cues: &'a [Cue],
    /// When the first picture is decoded, in 1/90 000 s.
    pub(crate) video_time: u64,
    pub(crate) video: &'a [Sample],
    /// When the first audio frame is played, in samples.
    pub(crate) audio_time: u64,
    pub(crate) audio: &'a [Sample],
}

impl Wrapper {
    pub(crate) fn new(container: ContainerFormat) -> Self {
        match container {
            ContainerFormat::FragmentedMp4 => Self::Fragments { sequence: 1 },
            ContainerFormat::Ts => Self::Transport(Box::new(ts::Muxer::new(&Tracks::default()))),
        }
    }

    /// The initialisation section of these tracks, empty where there is none; what follows is of them.
    pub(crate) fn begin(&mut self, tracks: &Tracks) -> Bytes {
        match self {
            Self::Fragments { .. } => init_segment(tracks),
            Self::Transport(muxer) => {
                muxer.set_tracks(tracks);
                Bytes::new()
            }
        }
    }

    /// Writes a part. Its pictures, sound and text were bounded to far below 2 GiB.
    pub(crate) fn part(&mut self, contents: &Contents<'_>) -> Bytes {
        let Contents { cues, video_time, video, audio_time, audio } = *contents;
        match self {
            Self::Fragments { sequence } => {
                let events: Vec<Event> = cues.iter().flat_map(events).collect();
                let events = &events;
                let fragment = Fragment { sequence: *sequence, events, video_time, video, audio_time, audio };
                *sequence = sequence.wrapping_add(1);
                fragment.encode().expect("pictures, sound and text of a part were bounded")
            }
            Self::Transport(muxer) => {
                let tags: Vec<ts::Tag> = cues.iter().map(tag).collect();
                muxer.part(&ts::Part { tags: &tags, video_time, video, audio_time, audio })
            }
        }
    }
}

/// The tracks as this container can carry them.
pub(crate) fn carried(container: ContainerFormat, tracks: Arc<Tracks>) -> Arc<Tracks> {
    match container {
        ContainerFormat::FragmentedMp4 => tracks,
        ContainerFormat::Ts => Arc::new(ts::carried(&tracks)),
    }
}

fn events(cue: &Cue) -> impl Iterator<Item = Event> {
    let service = event(cue, SERVICE_ID3_SCHEME, EventTime::AfterSegmentStart(cue.after));
    let others = || event(cue, ID3_SCHEME, EventTime::At(cue.at));
    std::iter::once(service).chain((cue.hearers == Hearers::All).then(others))
}

fn event(cue: &Cue, scheme: &'static CStr, time: EventTime) -> Event {
    Event { scheme, time, id: cue.id, message: cue.tag.clone() }
}

fn tag(cue: &Cue) -> ts::Tag {
    ts::Tag { at: cue.at, data: cue.tag.clone() }
}
