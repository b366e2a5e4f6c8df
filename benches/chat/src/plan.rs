//! What is to be measured.
//!
//! Promise: a plan that names a member it does not know is refused.

use serde::Deserialize;

/// What the server speaks.
#[derive(Clone, Copy, Debug, Deserialize, PartialEq, Eq)]
#[serde(rename_all = "lowercase")]
pub enum Speech {
    /// The messaging API of IVS Chat; a token for each connection.
    Ivs,
    /// What a client sends, all clients get.
    Plain,
    /// The NATS protocol in WebSocket frames.
    Nats,
}

/// One run: connect, settle, send, count.
#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Plan {
    /// What the server speaks.
    pub speech: Speech,
    /// Where it listens.
    pub address: std::net::SocketAddr,
    /// Its processes.
    pub pids: Vec<i32>,
    /// Connections in all; senders, stuck and slow ones are among them.
    pub connections: usize,
    /// A file with a token on each line, for [`Speech::Ivs`].
    pub tokens: Option<std::path::PathBuf>,
    /// Connections that may be on their way at once; as many as `connections` makes a storm.
    #[serde(default = "sixty_four")]
    pub at_once: usize,
    /// Connections that send, one after another in turn.
    #[serde(default = "one")]
    pub senders: usize,
    /// Messages a second by all senders together; 0 sends nothing.
    #[serde(default)]
    pub rate: f64,
    /// Messages that one sender writes at once, all due at that moment.
    #[serde(default = "one")]
    pub burst: usize,
    /// Seconds that are measured.
    #[serde(default)]
    pub seconds: f64,
    /// Seconds of messages before that.
    #[serde(default)]
    pub warm: f64,
    /// Seconds of silence between the last join and the first message, and after a join without messages.
    #[serde(default = "half")]
    pub settle: f64,
    /// Connections that never read.
    #[serde(default)]
    pub stuck: usize,
    /// Connections that read less than is sent to them.
    #[serde(default)]
    pub slow: usize,
    /// Messages of about two thousand bytes (500 characters of four bytes), not of two hundred.
    #[serde(default)]
    pub wide: bool,
}

fn sixty_four() -> usize {
    64
}

fn one() -> usize {
    1
}

fn half() -> f64 {
    0.5
}

impl Plan {
    /// Messages before the first one that is measured.
    pub fn warm_messages(&self) -> usize {
        self.whole_bursts(self.warm)
    }

    /// All messages.
    pub fn messages(&self) -> usize {
        self.whole_bursts(self.warm + self.seconds)
    }

    fn whole_bursts(&self, seconds: f64) -> usize {
        (self.rate * seconds / self.burst as f64).round() as usize * self.burst
    }
}
