//! Playlists in fewer bytes.
//!
//! Promise: a playlist is squeezed once for all who ask for it, off the runtime's threads and few at a time; all that
//! are kept have a bound, and what is too long to be squeezed in a moment is sent as it is.

use std::collections::VecDeque;
use std::io::Write as _;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use blob::Opened;
use bytes::Bytes;
use flate2::Compression;
use flate2::write::GzEncoder;
use http::header::RANGE;
use tokio::sync::{OnceCell, Semaphore};

use super::reply::Found;
use super::whole;
use crate::tags;

/// Shorter ones are not worth it.
const LEAST: u64 = 1 << 10;
/// Two days of a rendition have about 5 MB of byte ranges.
const MOST: u64 = 16 << 20;
/// Playlists that are remembered, as squeezed; each has a tenth of its bytes or less.
const KEPT: usize = 32;
/// Playlists that are squeezed at once.
const TURNS: usize = 2;

/// Squeezes playlists.
#[derive(Debug)]
pub(super) struct Pressing {
    recent: Mutex<VecDeque<(u64, Pressed)>>,
    turns: Semaphore,
}

impl Default for Pressing {
    fn default() -> Self {
        Self { recent: Mutex::default(), turns: Semaphore::new(TURNS) }
    }
}

type Pressed = Arc<OnceCell<Bytes>>;

impl Pressing {
    /// A playlist, squeezed, for who can read that and wants it whole; otherwise `None`.
    pub(super) async fn of(&self, found: &Found<'_>, opened: &Opened) -> Option<Bytes> {
        let wanted = found.address.is_playlist() && !found.asked.contains_key(RANGE);
        if !wanted || !(LEAST..=MOST).contains(&opened.bytes) || !tags::accepts_gzip(found.asked) {
            return None;
        }
        let pressed = recent(&mut self.recent(), opened.mark);
        let made = pressed.get_or_try_init(|| async {
            let _turn = self.turns.acquire().await.map_err(drop)?;
            let text = whole(opened, MOST).await.map_err(drop)?;
            tokio::task::spawn_blocking(move || squeeze(&text)).await.map_err(drop)?.map_err(drop)
        });
        made.await.ok().cloned()
    }

    /// Held for a search in a short list.
    fn recent(&self) -> MutexGuard<'_, VecDeque<(u64, Pressed)>> {
        self.recent.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// The place of one, which is now the last to be forgotten.
fn recent(all: &mut VecDeque<(u64, Pressed)>, mark: u64) -> Pressed {
    let known = all.iter().rposition(|(own, _)| *own == mark).and_then(|at| all.remove(at));
    let (mark, pressed) = known.unwrap_or_else(|| (mark, Pressed::default()));
    all.push_back((mark, Arc::clone(&pressed)));
    if all.len() > KEPT {
        all.pop_front();
    }
    pressed
}

fn squeeze(text: &[u8]) -> std::io::Result<Bytes> {
    let mut encoder = GzEncoder::new(Vec::with_capacity(text.len() / 8), Compression::fast());
    encoder.write_all(text)?;
    Ok(encoder.finish()?.into())
}
