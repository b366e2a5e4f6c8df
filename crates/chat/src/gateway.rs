//! Where the engine tells chat what clients do.
//!
//! Promise: runs on the engine's threads and never waits.

use std::sync::{Arc, Weak};

use fanout::{Connection, Ended, Next, Service};

use crate::denial::Denial;
use crate::extensions::presence;
use crate::hall::Hall;
use crate::session::Session;

/// Close code of a session that has expired: policy. The vendor's is not documented, and clients look at the
/// ERROR frame before it, or at the reason.
const EXPIRED: u16 = 1008;

/// The engine's way to the hall. Weak, since the hall holds the engine.
pub(crate) struct Gateway(pub(crate) Weak<Hall>);

impl Service for Gateway {
    type Session = Session;

    fn text(&self, connection: Connection, session: &mut Session, message: &str) -> Next {
        match self.0.upgrade() {
            Some(hall) => session.hear(&hall, connection, message),
            None => Next::Stay,
        }
    }

    fn due(&self, _: Connection, _: &mut Session) -> Next {
        let last = Some(Denial::EXPIRED.unasked());
        Next::Close { last, code: EXPIRED, reason: Denial::EXPIRED.close_reason() }
    }

    fn ended(&self, connection: Connection, session: Session, _: Ended) {
        let last = session.room().floor().leave(&session.user, connection);
        let hall = self.0.upgrade();
        if let Some(hall) = hall.filter(|_| last) {
            presence::tell_leave(&hall, session.room(), &session.user);
        }
    }
}

impl Gateway {
    pub(crate) fn new(hall: &Arc<Hall>) -> Self {
        Self(Arc::downgrade(hall))
    }
}
