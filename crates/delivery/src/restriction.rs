//! Restriction: from which countries and for which pages a channel may be watched.
//!
//! Promise: a policy's change holds within a second; where the country can't be told, the viewer is served
//! (user guide, "Undesired content and viewers").

use std::net::IpAddr;

use live::Broadcast;
use store::Store;
use tokio_util::sync::CancellationToken;

use crate::error::Error;
use crate::visitor::Visitor;

/// Knows the policies of what is on air.
#[derive(Debug)]
pub(crate) struct Restriction {
    #[expect(dead_code, reason = "policies are read from it soon")]
    store: Store,
}

impl Restriction {
    pub(crate) fn new(store: Store) -> Self {
        Self { store }
    }

    /// May this visitor fetch the multivariant playlist? Tells which pages may read the answer.
    ///
    /// # Errors
    /// [`Error::Private`].
    pub(crate) async fn enter(&self, broadcast: &Broadcast, visitor: &Visitor<'_>) -> Result<(), Error> {
        let _ = (broadcast, visitor);
        Ok(())
    }

    /// May this visitor fetch anything else of the broadcast?
    ///
    /// # Errors
    /// [`Error::Private`].
    pub(crate) async fn check(&self, broadcast: &Broadcast, visitor: &Visitor<'_>) -> Result<(), Error> {
        let _ = (broadcast, visitor);
        Ok(())
    }

    /// The country of an address by ISO 3166-1 alpha-2, where it can be told.
    #[expect(dead_code, reason = "session data tell it soon")]
    pub(crate) fn country(&self, address: IpAddr) -> Option<String> {
        let _ = address;
        None
    }

    /// Keeps policies and the database of addresses fresh until `shutdown`.
    pub(crate) async fn run(&self, shutdown: CancellationToken) {
        shutdown.cancelled().await;
    }
}
