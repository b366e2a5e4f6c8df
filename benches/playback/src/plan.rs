//! What was asked for on the command line.
//!
//! Promise: what can't be understood is named.

use std::io;
use std::net::SocketAddr;
use std::time::Duration;

/// One run.
#[derive(Debug)]
pub struct Plan {
    pub address: SocketAddr,
    pub path: String,
    pub connections: usize,
    pub seconds: Duration,
    pub tls: bool,
    /// All ask at the same moment, so often; by default each waits for the next part.
    pub every: Option<Duration>,
}

impl Plan {
    pub fn read(mut words: impl Iterator<Item = String>) -> io::Result<Self> {
        let mut next = |name: &str| words.next().ok_or_else(|| wrong(&format!("{name} is missing")));
        let mut plan = Self {
            address: number(&next("ADDRESS")?)?,
            path: next("PATH")?,
            connections: number(&next("CONNECTIONS")?)?,
            seconds: Duration::from_secs(number(&next("SECONDS")?)?),
            tls: false,
            every: None,
        };
        for word in words {
            match word.strip_prefix("every=") {
                Some(every) => plan.every = Some(Duration::from_millis(number(every)?)),
                None if word == "tls" => plan.tls = true,
                None => return Err(wrong(&format!("what is {word}?"))),
            }
        }
        Ok(plan)
    }
}

fn number<T: std::str::FromStr>(word: &str) -> io::Result<T> {
    word.parse().map_err(|_| wrong(&format!("what is {word}?")))
}

fn wrong(what: &str) -> io::Error {
    io::Error::new(io::ErrorKind::InvalidInput, what)
}
