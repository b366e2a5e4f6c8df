//! One worker: an `ffmpeg` process that makes a ladder of the frames that it is fed.
//!
//! Promise: feeding never waits, and what waits to be fed is bounded; what comes out has the times that went in;
//! whatever happens to the process, its end is told once and nothing of it stays behind.

pub(crate) mod confinement;

use std::sync::Arc;

use live::Thumbnail;
use media::{Frame, Ticks, Tracks};

use crate::{Config, Error, Ladder};

pub use confinement::{Confinement, Measure};

/// What a worker is to do.
#[derive(Clone, Debug)]
pub(crate) struct Job {
    /// What is fed.
    pub(crate) tracks: Arc<Tracks>,
    /// What is made. Its rungs are named by their place in it.
    pub(crate) ladder: Ladder,
    /// Pictures that are shown before this, and their sound, are decoded and not coded: others have made them
    /// already. What comes out begins with a keyframe at the first picture from here on.
    pub(crate) from: Option<Ticks>,
}

/// What comes out of a worker.
#[derive(Debug)]
pub(crate) enum Output {
    /// What the following frames of a rung are.
    Tracks(usize, Tracks),
    /// The next frame of a rung.
    Frame(usize, Frame),
    /// A small picture.
    Thumbnail(Thumbnail),
    /// It is over: all that was fed came out, or there is an error.
    Ended(Result<(), Error>),
}

/// A process at work. Dropping it kills the process.
#[derive(Debug)]
pub(crate) struct Worker {}

impl Worker {
    /// Starts one.
    pub(crate) fn start(_config: &Config, _confinement: &Confinement, _job: &Job) -> Result<Self, Error> {
        Ok(Self {})
    }

    /// Feeds it the next frame; never waits.
    ///
    /// # Errors
    /// When more waits than may: it is too slow, or stands still.
    pub(crate) fn feed(&mut self, _frame: &Frame) -> Result<(), Error> {
        Ok(())
    }

    /// Is there room for another second of the stream? A new worker is fed what the one before it left undone only as
    /// long as there is; what comes live is fed in any case.
    #[expect(dead_code, reason = "sessions will ask")]
    pub(crate) fn has_room(&self) -> bool {
        true
    }

    /// Its process, as long as there is one: to see how much processor time it takes.
    #[expect(dead_code, reason = "sessions will ask")]
    pub(crate) fn pid(&self) -> Option<u32> {
        None
    }

    /// Nothing more will be fed: it finishes what it has.
    pub(crate) fn finish(&mut self) {}

    /// What comes out next. After [`Output::Ended`] nothing does. Safe to cancel.
    pub(crate) async fn next(&mut self) -> Output {
        Output::Ended(Ok(()))
    }
}
