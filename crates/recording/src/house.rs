//! What all recordings of a server share.
//!
//! Promise: a clone is another handle on the same.

use std::sync::Arc;

use store::Store;
use tokio_util::sync::CancellationToken;

use crate::Figures;
use crate::courier::Means;
use crate::retention::Retention;
use crate::tape::Rack;

/// What all recordings of a server share.
#[derive(Clone, Debug)]
pub(crate) struct House {
    /// The server's name.
    pub(crate) node: Arc<str>,
    pub(crate) store: Store,
    pub(crate) rack: Rack,
    /// Looks after the room that recordings take.
    pub(crate) retention: Arc<Retention>,
    /// What couriers share.
    pub(crate) means: Means,
    /// Nothing new begins, and no window is waited for.
    pub(crate) shutdown: CancellationToken,
    /// What is not in its bucket by then is left to the next start.
    pub(crate) deadline: CancellationToken,
}

impl House {
    pub(crate) fn figures(&self) -> &Arc<Figures> {
        &self.means.figures
    }
}
