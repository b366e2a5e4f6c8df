//! How a recording ends: the tape, the playlists, the manifest, the row with its event, and then nothing is left of it
//! on this machine.
//!
//! Promise: each step waits for the one before it, so whoever is told of the end finds all there; what there is no time
//! for is found, and done, by the next start.

use std::sync::atomic::Ordering;
use std::time::{Duration, SystemTime};

use domain::{Recording, RecordingStage, RecordingStatus, chain};
use tokio::sync::oneshot;
use tokio::time::sleep;

use super::Introduction;
use super::take::{INTERNAL, millis};
use crate::Error;
use crate::courier::{Courier, Errand, Place};
use crate::house::House;
use crate::ledger::Ledger;
use crate::manifest::Manifest;
use crate::tape::{Chunk, End, Header, Tape};

/// From one try to end a tape that has no room to the next: the courier makes room meanwhile.
const PAUSE: Duration = Duration::from_secs(2);

/// A recording to which nothing is added any more.
pub(crate) struct Ending {
    pub(crate) tape: Tape,
    pub(crate) courier: Courier,
    pub(crate) ledger: Ledger,
    pub(crate) introduction: Introduction,
    pub(crate) header: Header,
    pub(crate) end: End,
    /// The end is on the tape.
    pub(crate) is_ended: bool,
}

/// Brings a recording to its end, as far as there is time. True when nothing is left to do.
pub(crate) async fn finish(house: &House, ending: Ending) -> bool {
    let deadline = house.deadline.clone();
    let id = ending.header.recording.id.clone();
    let is_finished = tokio::select! {
        is_finished = close(house, ending) => is_finished,
        () = deadline.cancelled() => false,
    };
    if !is_finished {
        tracing::warn!(recording = %id, "a recording is not all in its bucket: the next start goes on");
    }
    is_finished
}

async fn close(house: &House, mut ending: Ending) -> bool {
    end_tape(&mut ending).await;
    ending.courier.send(Errand::Close);
    if !ending.is_brought().await {
        return false;
    }
    let over = ending.over();
    let manifest = manifest(&ending.header, &over);
    let (key, text) = (manifest.key().to_owned(), manifest.to_json());
    ending.courier.send(Errand::Text { key, text });
    if !ending.is_brought().await || !ending.introduction.done().await {
        return false;
    }
    let is_failure = over.stage == RecordingStage::EndedWithFailure;
    let status = if is_failure { RecordingStatus::EndFailure } else { RecordingStatus::End };
    let bytes = ending.courier.state().borrow().bytes;
    ending.ledger.amend(|recording| *recording = Recording { bytes, ..over });
    ending.ledger.tell(status, SystemTime::now());
    if !ending.ledger.written().await {
        return false;
    }
    let figures = house.figures();
    let figure = if is_failure { &figures.failed } else { &figures.ended };
    figure.fetch_add(1, Ordering::Relaxed);
    ending.clear().await;
    house.retention.look_soon();
    true
}

/// Says on the tape that nothing more comes, and sends what was still open. Tries again while there is no room.
async fn end_tape(ending: &mut Ending) {
    if ending.is_ended {
        return;
    }
    if !ending.end.reason.is_empty() {
        // An error here is seen in what follows.
        let _ = ending.tape.release_ballast().await;
    }
    let mut is_first = true;
    loop {
        match ending.tape.end(ending.end.at, &ending.end.reason).await {
            Ok(chunks) => return send(&ending.courier, chunks),
            Err(cause) => ending.complain(&cause, is_first),
        }
        let _ = ending.tape.release_ballast().await;
        is_first = false;
        sleep(PAUSE).await;
    }
}

fn send(courier: &Courier, chunks: Vec<Chunk>) {
    for chunk in chunks {
        courier.send(Errand::Chunk(chunk));
    }
}

impl Ending {
    fn complain(&self, cause: &Error, is_first: bool) {
        if is_first {
            let (id, cause) = (&self.header.recording.id, chain(cause));
            tracing::error!(recording = %id, cause, "the end of a recording can't be written yet; trying on");
        }
    }

    /// Waits until all that was sent is in the bucket.
    async fn is_brought(&self) -> bool {
        let (told, tells) = oneshot::channel();
        self.courier.send(Errand::Tell(told));
        tells.await.is_ok()
    }

    /// The recording as it is in the end. Where files are lost it has failed, whatever the tape says.
    fn over(&self) -> Recording {
        let lost = self.courier.state().borrow().lost_files;
        let mut reason = self.end.reason.clone();
        if lost > 0 {
            tracing::error!(recording = %self.header.recording.id, lost, "files of a recording are lost");
        }
        if lost > 0 && reason.is_empty() {
            INTERNAL.clone_into(&mut reason);
        }
        let is_whole = reason.is_empty();
        Recording {
            ended_at: Some(self.end.at),
            stage: if is_whole { RecordingStage::Ended } else { RecordingStage::EndedWithFailure },
            duration_ms: millis(self.tape.sums().duration),
            reason,
            ..self.ledger.recording()
        }
    }

    /// Nothing of it is needed here any more.
    async fn clear(self) {
        let (id, folder) = (self.header.recording.id, self.tape.folder().to_owned());
        self.courier.abandon().await;
        match self.tape.discard().await {
            Ok(strangers) if strangers.is_empty() => {}
            Ok(strangers) => {
                tracing::warn!(recording = %id, ?strangers, "files that no recording made are left in its folder");
            }
            Err(cause) => {
                let (folder, cause) = (folder.display(), chain(&cause));
                tracing::warn!(recording = %id, %folder, cause, "the tape of a recording that is in its bucket is left");
            }
        }
        tracing::info!(recording = %id, "a recording is complete in its bucket");
    }
}

/// What is told of a recording as it is.
pub(crate) fn manifest(header: &Header, recording: &Recording) -> Manifest {
    let size = |width, height| (width > 0).then_some(crate::manifest::Size { width, height });
    let renditions = header.renditions.iter().map(|rendition| {
        crate::manifest::Rendition::new(&rendition.name, size(rendition.width, rendition.height))
    });
    let thumbnails = header.thumbnails.and_then(|of| size(of.width, of.height));
    Manifest::new(recording, renditions.collect(), thumbnails)
}

/// Where a recording goes.
pub(crate) fn place(recording: &Recording) -> Place {
    Place { bucket: recording.configuration.bucket.clone(), prefix: recording.prefix.clone() }
}
