//! A stream's life as its connection tells it: what is kept of it, measured and told outside.
//!
//! Promise: telling never makes the connection wait.

use tokio::time::Instant;

use crate::ending::Ending;
use crate::intake::Output;
use crate::rtmp::Announced;

/// What the connection of a stream tells. It goes with the stream: after a takeover the next connection has it.
#[derive(Debug, Default)]
pub(crate) struct Life {}

impl Life {
    /// Bytes came, of whatever kind.
    pub(crate) fn arrived(&mut self, _bytes: u64, _now: Instant) {}

    /// The encoder described its stream.
    pub(crate) fn described(&mut self, _announced: &Announced) {}

    /// This goes on air next.
    pub(crate) fn heard(&mut self, _output: &Output) {}

    /// A second went by. Says when the stream has to end: it broke a limit, or was on air for too long.
    pub(crate) fn tick(&mut self, _now: Instant) -> Option<Ending> {
        None
    }

    /// Another encoder goes on with the stream.
    pub(crate) fn taken_over(&mut self) {}

    /// Another encoder wanted to go on with the stream and may not.
    pub(crate) fn takeover_refused(&mut self, _why: domain::TakeoverFailure) {}

    /// The publisher is off air.
    pub(crate) fn end(self, _ending: &Ending) {}
}
