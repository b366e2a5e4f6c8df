//! A take: a recording that goes on, with its tape, its courier and its ledger.
//!
//! Promise: what came in gets onto the tape before anything else happens to it; a take that can't go on ends, with all
//! that it has, and the stream does not notice.

use std::collections::VecDeque;
use std::sync::Arc;
use std::sync::atomic::Ordering;
use std::time::{Duration, SystemTime};

use domain::{
    Recording, RecordingConfiguration, RecordingStage, ResourceId, StreamId, alphanumeric, chain, unix_millis,
};
use live::Audience;
use media::Ticks;
use tokio::sync::mpsc;
use tokio::task::JoinSet;
use tokio::time::timeout;

use super::ending::{manifest, place};
use super::{Ending, Introduction, finish};
use crate::casting::Cast;
use crate::courier::{Courier, Errand};
use crate::entropy;
use crate::figures::Active;
use crate::house::House;
use crate::ledger::Ledger;
use crate::listing::Listing;
use crate::merge::{self, Difference, Profile};
use crate::reading::Row;
use crate::tape::{Chunk, End, Header, Run, Size, Tape};
use crate::thumbnails::{Image, Plan, Thumbnails};
use crate::{Error, layout};

/// `recording_status_reason` of what went wrong on this server.
pub(crate) const INTERNAL: &str = "InternalServerException";
/// `recording_status_reason` of a bucket that can't be used.
const VALIDATION: &str = "ValidationException";
/// Characters of a `recording_session_id`.
const SESSION_ID: usize = 16;
/// Rows that may wait for a slow disk, beside what the shelves hold.
const ROWS: usize = 32;

/// How long thumbnails that are being made at a stream's end are waited for.
const LAST_IMAGES: Duration = Duration::from_secs(5);

/// Bytes that a segment of a rendition has in playlists at most, as a rule: a line by chunks, and one for each keyframe
/// of a segment of two seconds.
const LISTED: u64 = 512;

/// Seconds that a chunk has at least, unless its run ends.
const CHUNK: u32 = 10;
/// Of EXT-X-TARGETDURATION: what the vendor's recordings have.
const TARGET: u32 = 14;

/// Whole seconds that no chunk is longer than, of segments that have at most so many: the last of them begins before
/// the chunk is long enough.
pub(crate) fn target(segment: u32) -> u32 {
    TARGET.max(CHUNK + segment + 1)
}

/// How the recording of a stream went.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Verdict {
    /// The stream is over, and all of it is on the tape.
    Over,
    /// The tape takes no more.
    Failed,
    /// The bucket can't be used: there is no recording.
    Refused,
    /// There is no time left; the next start goes on from the tape.
    Abandoned,
}

/// A recording that goes on.
pub(super) struct Take {
    house: House,
    tape: Tape,
    courier: Courier,
    ledger: Ledger,
    introduction: Introduction,
    header: Header,
    /// Of the first stream.
    profile: Profile,
    plan: Option<Plan>,
    /// When the first stream went on air.
    began: SystemTime,
    /// When what is on the tape ends.
    until: SystemTime,
    lost: u64,
    active: Active,
}

impl Take {
    /// Begins the recording of a stream. `None`: it could not begin, which is told.
    pub(super) async fn begin(
        house: &House,
        cast: &Cast,
        plan: Option<Plan>,
        configuration: &Arc<RecordingConfiguration>,
        beside: &mut JoinSet<()>,
    ) -> Option<Self> {
        let recording = recording(house, cast, configuration);
        let (ledger, scribe) = Ledger::open(house.store.clone(), recording.clone(), house.deadline.clone());
        beside.spawn(scribe);
        let header = Header {
            container: cast.container(),
            renditions: cast.renditions.clone(),
            thumbnails: plan.map(|plan| Size { width: plan.size.width, height: plan.size.height }),
            recording,
        };
        let tape = match tape(house, &header, cast).await {
            Ok(tape) => tape,
            Err(cause) => {
                let (channel, stream) = (cast.broadcast.channel(), cast.broadcast.stream());
                tracing::error!(%channel, %stream, cause = chain(&cause), "a stream is not recorded");
                house.figures().failed.fetch_add(1, Ordering::Relaxed);
                ledger.amend(|recording| INTERNAL.clone_into(&mut recording.reason));
                ledger.give_up(SystemTime::now());
                return None;
            }
        };
        let courier = Courier::start(
            place(&header.recording),
            Listing::new(tape.scratch(), &header, target(cast.target_duration)),
            &house.means,
        );
        let manifest = manifest(&header, &header.recording);
        let introduction = Introduction::begin(&courier, &ledger, &manifest, beside);
        house.figures().started.fetch_add(1, Ordering::Relaxed);
        tell(&header.recording);
        Some(Self {
            house: house.clone(),
            active: Active::new(house.figures()),
            profile: cast.profile.clone(),
            began: cast.broadcast.started(),
            until: cast.first.time,
            lost: 0,
            plan,
            tape,
            courier,
            ledger,
            introduction,
            header,
        })
    }

    pub(super) fn id(&self) -> &ResourceId {
        &self.header.recording.id
    }

    /// May this stream join?
    pub(super) fn joined_by(&self, cast: &Cast) -> Result<(), Difference> {
        let age = cast.broadcast.started().duration_since(self.began).unwrap_or_default();
        merge::may_go_on(self.tape.streams(), age)?;
        merge::may_follow(&self.profile, &cast.profile)
    }

    /// Goes on with this stream. False when the tape takes no more.
    pub(super) async fn join(&mut self, cast: &Cast) -> bool {
        let begun = self.tape.begin_run(run(cast)).await;
        if self.send(begun).is_err() {
            return false;
        }
        self.courier.send(Errand::Target(target(cast.target_duration)));
        self.ledger.amend(|recording| recording.streams.push(cast.broadcast.stream().clone()));
        self.ledger.write();
        true
    }

    /// Puts a stream on the tape, to its end.
    pub(super) async fn record(
        &mut self,
        cast: Cast,
        thumbnails: &mut Thumbnails,
        early: &mut VecDeque<Image>,
    ) -> Verdict {
        // The first segment is not held for as long as the stream lasts.
        let (mut reading, broadcast) = (cast.reading, cast.broadcast);
        drop((cast.first, cast.renditions, cast.profile));
        let deadline = self.house.deadline.clone();
        let (sender, mut rows) = mpsc::channel(ROWS);
        let read = async move {
            while let Some(row) = reading.next().await {
                if sender.send(row).await.is_err() {
                    break;
                }
            }
        };
        let write = async {
            // What this stream has may be ordered only now, as one that joins has what the recording has.
            if self.plan.is_some() && thumbnails.plan() != self.plan {
                early.clear();
                *thumbnails = Thumbnails::of(&broadcast, self.plan);
            }
            while let Some(image) = early.pop_front() {
                self.image(image).await;
            }
            loop {
                tokio::select! {
                    biased;
                    words = self.introduction.refused() => return self.refused(&words),
                    row = rows.recv() => {
                        let Some(row) = row else { return self.end_run(thumbnails).await };
                        if self.row(&row).await.is_err() {
                            return Verdict::Failed;
                        }
                        broadcast.pulse().add_recorded(millis(row.conductor.duration));
                    }
                    image = thumbnails.next() => self.image(image).await,
                }
            }
        };
        tokio::pin!(read, write);
        tokio::select! {
            verdict = &mut write => verdict,
            () = deadline.cancelled() => Verdict::Abandoned,
            () = &mut read => tokio::select! {
                verdict = &mut write => verdict,
                () = deadline.cancelled() => Verdict::Abandoned,
            },
        }
    }

    async fn row(&mut self, row: &Row) -> Result<(), Error> {
        if row.lost > 0 && self.lost == 0 {
            let (id, lost) = (self.id(), row.lost);
            tracing::warn!(recording = %id, lost, "segments of a recording are lost: its disk is too slow");
        }
        self.lost += row.lost;
        let before = self.tape.sums();
        let taken = self.tape.take(row.segments.clone(), &row.conductor).await;
        let after = self.tape.sums();
        let figures = self.house.figures();
        figures.lost_segments.fetch_add(after.lost_segments - before.lost_segments, Ordering::Relaxed);
        figures.taped_bytes.fetch_add(after.bytes - before.bytes, Ordering::Relaxed);
        let has_grown = taken.as_ref().is_ok_and(|chunks| !chunks.is_empty());
        self.send(taken)?;
        if has_grown {
            self.keep_room().await;
        }
        self.house.figures().recorded_ms.fetch_add(millis(row.conductor.duration), Ordering::Relaxed);
        self.until = row.conductor.time + row.conductor.duration.to_duration();
        Ok(())
    }

    /// Keeps room for the playlists as they will be in the end: on a full disk they are written all the same.
    async fn keep_room(&mut self) {
        let listed = self.tape.sums().segments * self.header.renditions.len() as u64;
        if let Err(cause) = self.tape.grow_ballast(listed * LISTED).await {
            // The next segment finds no room either, and ends the recording with what is kept.
            tracing::debug!(recording = %self.id(), cause = chain(&cause), "no room is left to keep");
        }
    }

    fn refused(&self, words: &str) -> Verdict {
        let Recording { id, channel, configuration, .. } = &self.header.recording;
        let bucket = &configuration.bucket;
        tracing::error!(recording = %id, %channel, bucket, cause = words, "a stream is not recorded: its bucket refuses it");
        Verdict::Refused
    }

    /// A thumbnail that finds no room is left out; the next segment tells whether there is any.
    async fn image(&mut self, image: Image) {
        let Some(plan) = self.plan else { return };
        if plan.is_latest {
            let (key, bytes) = (layout::LATEST_THUMBNAIL.to_owned(), image.jpeg.clone());
            self.courier.send(Errand::Bytes { key, bytes, supersedes: true });
        }
        if plan.is_sequential {
            let bytes = image.jpeg.len() as u64;
            match self.tape.thumbnail(image.jpeg).await {
                Ok(parcel) => {
                    self.house.figures().taped_bytes.fetch_add(bytes, Ordering::Relaxed);
                    self.courier.send(Errand::Files(vec![parcel]));
                }
                Err(cause) => {
                    let (id, cause) = (self.id(), chain(&cause));
                    tracing::warn!(recording = %id, cause, "a thumbnail of a recording is lost");
                }
            }
        }
    }

    async fn end_run(&mut self, thumbnails: &mut Thumbnails) -> Verdict {
        while let Ok(Some(image)) = timeout(LAST_IMAGES, thumbnails.last()).await {
            self.image(image).await;
        }
        let cut = self.tape.cut().await;
        if self.send(cut).is_err() { Verdict::Failed } else { Verdict::Over }
    }

    /// Sends chunks to the bucket.
    fn send(&mut self, chunks: Result<Vec<Chunk>, Error>) -> Result<(), Error> {
        let chunks = chunks.inspect_err(|cause| {
            let (id, cause) = (&self.header.recording.id, chain(cause));
            tracing::error!(recording = %id, cause, "a recording ends before its stream does");
        })?;
        for chunk in chunks {
            self.courier.send(Errand::Chunk(chunk));
        }
        Ok(())
    }

    /// Brings it to its end, as far as there is time; `reason`: why it failed, or nothing.
    pub(super) async fn finish(self, reason: &'static str) {
        drop(self.active);
        let ending = Ending {
            tape: self.tape,
            courier: self.courier,
            ledger: self.ledger,
            introduction: self.introduction,
            header: self.header,
            end: End { at: unix_millis(self.until), reason: reason.to_owned() },
            is_ended: false,
        };
        finish(&self.house, ending).await;
    }

    /// Takes all of it back: there is no recording.
    pub(super) async fn void(self) {
        self.courier.abandon().await;
        self.ledger.amend(|recording| VALIDATION.clone_into(&mut recording.reason));
        self.ledger.give_up(SystemTime::now());
        self.house.figures().failed.fetch_add(1, Ordering::Relaxed);
        if self.ledger.written().await
            && let Err(cause) = self.tape.discard().await
        {
            tracing::warn!(cause = chain(&cause), "the tape of a recording that could not begin is left");
        }
    }
}

fn tell(recording: &Recording) {
    let Recording { id, channel, configuration, prefix, .. } = recording;
    let stream = recording.streams.first().map(tracing::field::display);
    tracing::info!(recording = %id, %channel, stream, bucket = configuration.bucket, prefix, "a stream is recorded");
}

/// A tape that is ready for the first segment.
async fn tape(house: &House, header: &Header, cast: &Cast) -> Result<Tape, Error> {
    let mut tape = house.rack.create(header.clone()).await?;
    match tape.begin_run(run(cast)).await {
        Ok(_) => Ok(tape),
        Err(error) => {
            // It may have no room for this either; then the next start finds nothing on it.
            let _ = tape.discard().await;
            Err(error)
        }
    }
}

fn run(cast: &Cast) -> Run {
    Run {
        stream: cast.broadcast.stream().clone(),
        at: unix_millis(cast.first.time),
        profile: cast.profile.clone(),
        target_duration: cast.target_duration,
    }
}

fn recording(house: &House, cast: &Cast, configuration: &RecordingConfiguration) -> Recording {
    let broadcast = &cast.broadcast;
    let id = ResourceId::mint(&mut entropy::fill);
    let session = alphanumeric(SESSION_ID, &mut entropy::fill);
    let streams: Vec<StreamId> = vec![broadcast.stream().clone()];
    Recording {
        session: ResourceId::parse(&session).expect("letters and digits are an id"),
        channel: broadcast.channel().clone(),
        channel_name: broadcast.channel_name().to_owned(),
        is_private: broadcast.audience() == Audience::TokenHolders,
        configuration: configuration.clone(),
        prefix: layout::prefix(broadcast.channel(), cast.first.time, &id),
        id,
        node: house.node.to_string(),
        streams,
        started_at: unix_millis(cast.first.time),
        ended_at: None,
        stage: RecordingStage::Started,
        duration_ms: 0,
        bytes: 0,
        reason: String::new(),
    }
}

pub(super) fn millis(span: Ticks) -> u64 {
    u64::try_from(span.to_scale(1_000)).unwrap_or(0)
}
