//! Casting: which renditions of a stream are recorded, and what each of them is.
//!
//! Promise: every rendition has a folder of its own, whose name does not depend on which others there are; the same
//! stream sent again is cast the same.

use std::sync::Arc;
use std::time::Duration;

use domain::{ChannelType, ContainerFormat, RecordingConfiguration};
use live::{Broadcast, Segment, Snapshot};
use media::Tracks;
use media::hls::rendition_name;
use tokio::time::timeout;

use crate::merge::Profile;
use crate::reading::{Feed, Offer, Reading};
use crate::selection::{self, Candidate};
use crate::tape::Rendition;

/// Folder of the source where it has no pictures.
const AUDIO_ONLY: &str = "audio_only";
/// Media that the source's bitrate is measured on, where the encoder did not announce one.
const MEASURED: Duration = Duration::from_secs(2);
/// How long to wait for that.
const PATIENCE: Duration = Duration::from_secs(5);

/// What is recorded of a stream, and how it is read.
#[derive(Debug)]
pub(crate) struct Cast {
    pub(crate) broadcast: Arc<Broadcast>,
    pub(crate) reading: Reading,
    /// The recorded ones, the highest first; empty where only thumbnails are wanted.
    pub(crate) renditions: Vec<Rendition>,
    pub(crate) profile: Profile,
    /// Whole seconds that the stream's segments have at most.
    pub(crate) target_duration: u32,
    /// Its first segment that is recorded.
    pub(crate) first: Arc<Segment>,
}

impl Cast {
    /// Waits until a stream has something to be recorded, and decides what of it is. `None`: it ended without.
    pub(crate) async fn of(
        broadcast: &Arc<Broadcast>,
        configuration: &RecordingConfiguration,
    ) -> Option<Self> {
        let offer = Offer::of(broadcast).await?;
        if !offer.missing.is_empty() {
            let (channel, stream, missing) =
                (broadcast.channel(), broadcast.stream(), offer.missing.join(", "));
            tracing::warn!(%channel, %stream, missing, "these renditions did not come: they are not recorded");
        }
        let bitrate = bitrate(broadcast).await;
        Some(Self::choose(offer, configuration, bitrate))
    }

    fn choose(offer: Offer, configuration: &RecordingConfiguration, bitrate: u64) -> Self {
        let Offer { broadcast, source, made, offers_source, .. } = offer;
        let tracks = Arc::clone(&source.first().init.tracks);
        let terms = source.snapshot().terms;
        let taken: Vec<String> = made.iter().map(|feed| described(feed, "").name).collect();
        let name = source_name(&tracks, terms.frame_rate, &taken);
        let described_source = described(&source, &name);
        let all: Vec<Rendition> = offers_source
            .then(|| described_source.clone())
            .into_iter()
            .chain(made.iter().map(|feed| described(feed, "")))
            .collect();
        let candidates: Vec<Candidate> =
            all.iter().enumerate().map(|(at, of)| candidate(of, offers_source && at == 0)).collect();
        let is_basic = broadcast.channel_type() == ChannelType::Basic;
        let chosen = selection::select(configuration, is_basic, &candidates);
        let mut made: Vec<_> = made.into_iter().map(Some).collect();
        let feeds = chosen.iter().map(|at| match (offers_source, *at) {
            (true, 0) => None,
            (true, at) => made[at - 1].take(),
            (false, at) => made[at].take(),
        });
        let feeds: Vec<_> = feeds.collect();
        let renditions: Vec<Rendition> = chosen.iter().map(|at| all[*at].clone()).collect();
        let profile = Profile {
            width: described_source.width,
            height: described_source.height,
            frame_rate: terms.frame_rate.filter(|_| tracks.video.is_some()),
            codecs: described_source.codecs,
            bitrate,
            renditions: renditions.iter().map(|rendition| rendition.name.clone()).collect(),
            container: terms.container,
            configuration: configuration.arn.clone(),
        };
        let first = Arc::clone(source.first());
        let reading = Reading::new(source, feeds);
        Self { broadcast, reading, renditions, profile, target_duration: terms.target_duration, first }
    }

    /// Container of its chunks.
    pub(crate) fn container(&self) -> ContainerFormat {
        self.profile.container
    }
}

/// By its size and rate; where a rendition that was made has that name, with a word behind it.
fn source_name(tracks: &Tracks, frame_rate: Option<f64>, taken: &[String]) -> String {
    let Some(video) = &tracks.video else { return AUDIO_ONLY.to_owned() };
    let name = rendition_name(video.width.min(video.height), frame_rate);
    if taken.contains(&name) { format!("{name}_source") } else { name }
}

/// `name` is that of the source; the others have their own.
fn described(feed: &Feed, name: &str) -> Rendition {
    let terms = feed.rendition().map(|rendition| rendition.terms());
    let (first, snapshot) = (feed.first(), feed.snapshot());
    let video = first.init.tracks.video.as_ref();
    let promised = terms.map_or(0, |terms| terms.bandwidth);
    Rendition {
        name: terms.map_or(name, |terms| &terms.name).to_owned(),
        width: video.map_or(0, |video| video.width),
        height: video.map_or(0, |video| video.height),
        codecs: codecs(&first.init.tracks),
        frame_rate: snapshot.terms.frame_rate.filter(|_| video.is_some()),
        bandwidth: promised.max(peak(snapshot)),
    }
}

fn candidate(rendition: &Rendition, is_source: bool) -> Candidate {
    let (width, height) = (rendition.width, rendition.height);
    Candidate {
        name: rendition.name.clone(),
        lines: (width > 0).then(|| width.min(height)),
        width,
        height,
        is_source,
    }
}

/// CODECS (RFC 6381) of both tracks.
fn codecs(tracks: &Tracks) -> String {
    let video = tracks.video.as_ref().map(media::AvcParams::codec);
    let audio = tracks.audio.as_ref().map(media::AacParams::codec);
    video.into_iter().chain(audio).collect::<Vec<_>>().join(",")
}

fn held(snapshot: &Snapshot) -> impl Iterator<Item = &Arc<Segment>> {
    snapshot.retired.iter().chain(snapshot.listed.iter())
}

fn bits(segment: &Segment) -> u64 {
    segment.parts.iter().fold(0, |sum, part| sum + 8 * part.data.len() as u64)
}

fn rate(bits: u64, length: media::Ticks) -> u64 {
    let millis = u64::try_from(length.to_duration().as_millis()).unwrap_or(0);
    bits.saturating_mul(1_000).checked_div(millis).unwrap_or(0)
}

/// The most bits a second of any segment that is there.
fn peak(snapshot: &Snapshot) -> u64 {
    held(snapshot).map(|segment| rate(bits(segment), segment.duration)).max().unwrap_or(0)
}

/// Bits a second of what comes in: those that the encoder announced, since what it sends first says little about what
/// it sends later; where it announced none, those of the first seconds.
async fn bitrate(broadcast: &Broadcast) -> u64 {
    let announced = broadcast.pulse().announced_bitrate();
    if announced > 0 {
        return announced;
    }
    let mut segments = broadcast.shelf().segments();
    let measure = async {
        loop {
            let Some(now) = segments.wait(0).await else { return 0 };
            let length = held(&now).fold(media::Ticks::ZERO, |sum, segment| sum + segment.duration);
            if segments.is_over() || length.to_duration() >= MEASURED {
                return rate(held(&now).map(|segment| bits(segment)).sum(), length);
            }
            let Some(newest) = now.listed.last() else { return 0 };
            segments.wait(newest.number + 1).await;
        }
    };
    match timeout(PATIENCE, measure).await {
        Ok(measured) => measured,
        Err(_) => broadcast.shelf().latest().map_or(0, |now| peak(&now)),
    }
}
