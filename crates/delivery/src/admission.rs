//! Admission: who may see a broadcast, and the pass that proves it from then on.
//!
//! Promise: a pass is proven by its own bytes and the key alone; what is checked of it costs no store.

use domain::StreamId;
use live::{Audience, Broadcast};
use store::Store;
use tokio_util::sync::CancellationToken;

use crate::error::Error;
use crate::pass::{Mint, Pass};
use crate::visitor::Visitor;

/// Lets viewers in.
#[derive(Debug)]
pub(crate) struct Admission {
    #[expect(dead_code, reason = "keys and revocations are read from it soon")]
    store: Store,
    mint: Mint,
}

impl Admission {
    pub(crate) fn new(store: Store, key: &[u8; 32]) -> Self {
        Self { store, mint: Mint::new(key) }
    }

    /// Lets a viewer in at the multivariant playlist.
    ///
    /// # Errors
    /// [`Error::Private`] when the channel is private and the token does not open it.
    pub(crate) async fn enter(
        &self,
        broadcast: &Broadcast,
        token: Option<&str>,
        visitor: &Visitor<'_>,
    ) -> Result<Pass, Error> {
        let _ = (token, visitor);
        match broadcast.audience() {
            Audience::Everyone => Ok(self.mint.fresh(broadcast.stream())),
            Audience::TokenHolders => Err(Error::Private),
        }
    }

    /// Looks at the pass of a later request.
    ///
    /// # Errors
    /// [`Error::Private`] when it was not made here for this stream, or is not good any more.
    pub(crate) fn check(&self, stream: &StreamId, pass: &str, visitor: &Visitor<'_>) -> Result<Pass, Error> {
        let _ = visitor;
        self.mint.read(stream, pass).ok_or(Error::Private)
    }

    /// Is this pass still good, after a request was held?
    pub(crate) fn is_good(&self, broadcast: &Broadcast, pass: &Pass) -> bool {
        let _ = (broadcast, pass);
        true
    }

    /// Learns of revocations until `shutdown`.
    pub(crate) async fn run(&self, shutdown: CancellationToken) {
        shutdown.cancelled().await;
    }
}
