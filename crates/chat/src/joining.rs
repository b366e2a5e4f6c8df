//! How an admitted connection comes into its room.
//!
//! Promise: it gets what the room remembers, then everything that is said from then on, nothing twice.

use std::net::TcpStream;
use std::sync::Arc;

use bytes::Bytes;
use fanout::{Adoption, Close};
use tracing::debug;

use crate::admission::Seat;
use crate::clock;
use crate::denial::Denial;
use crate::extensions::presence;
use crate::hall::Hall;
use crate::receiver::KICKED;
use crate::session::Session;

pub(crate) fn join(hall: &Hall, seat: Seat, stream: TcpStream, early: Bytes) {
    let Seat { place, user, attributes, capabilities, ip, until } = seat;
    let room = Arc::clone(place.room());
    let connection = hall.fanout().name();
    // The room's lock: what is said meanwhile is either remembered or still to come.
    let mut floor = room.floor();
    let (user, is_first) = floor.enter(&user, connection);
    let adoption = Adoption {
        connection,
        group: room.group,
        early,
        greeting: floor.history.frames(),
        deadline: Some(until),
        session: Session::new(place, Arc::clone(&user), attributes, ip, capabilities),
    };
    if let Err(error) = hall.fanout().adopt(stream, adoption) {
        floor.leave(&user, connection);
        debug!(%error, "a chat connection was lost before it began");
        return;
    }
    drop(floor);
    room.tally.joined();
    // Whoever was banned since the check: the ban's own kick may have come before the user was here.
    if room.rules().bans(&user, clock::now() / 1_000_000) {
        let reason = Denial::BANNED.text.into_owned();
        hall.fanout().close(connection, Close::Frame { code: KICKED, reason });
    }
    if is_first {
        presence::tell_join(hall, &room, &user);
    }
}
