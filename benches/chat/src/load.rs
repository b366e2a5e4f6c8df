//! One run from the first connection to the last delivery.
//!
//! Promise: the run ends: with the last delivery, or when nothing more comes.

use std::collections::{BTreeMap, HashSet};
use std::net::TcpStream;
use std::os::fd::AsFd;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::{Duration, Instant};

use mio::{Events, Poll};
use serde::Serialize;

use crate::clients::{Client, Ended, Habit};
use crate::dialect::Heard;
use crate::join::{self, Joined};
use crate::plan::{Plan, Speech};
use crate::sender::{self, Mark, Sent};
use crate::server;
use crate::stuck::{self, Watched};
use crate::tally::{Spread, Tally};

/// After the last message: nothing heard for so long means that nothing comes any more.
const SILENCE: Duration = Duration::from_secs(2);
/// How often and how much a slow client reads.
const SIP: Duration = Duration::from_millis(500);
const SIP_BYTES: usize = 1024;

#[derive(Debug, Serialize)]
pub struct Findings {
    pub join: Joined,
    /// Resident memory before the first connection and when all have settled; in all, and anonymous.
    pub resident_before: (u64, u64),
    pub resident_joined: (u64, u64),
    /// Of the server while all were connected and nothing was sent.
    pub idle_cpu_seconds: f64,
    pub idle_seconds: f64,
    pub load: Option<Loaded>,
}

#[derive(Debug, Serialize)]
pub struct Loaded {
    pub messages: usize,
    /// Messages that the server refused, and words of the first refusals.
    pub refused: u64,
    pub refusals: Vec<String>,
    /// To clients that read.
    pub deliveries: u64,
    pub expected: u64,
    /// Of those that read: how many different sequences they heard (1 is right); overtakings by sender.
    pub sequences: usize,
    pub overtaken: u64,
    /// Clients that read and were cut or closed all the same.
    pub ended: BTreeMap<String, usize>,
    /// Of the measured part.
    pub measured_deliveries: u64,
    pub seconds: f64,
    pub server_cpu_seconds: f64,
    pub server_cpu_per_million: f64,
    pub generator_cpu_seconds: f64,
    /// The kernel's own threads, charged to nobody.
    pub kernel_cpu_seconds: f64,
    pub latency: Spread,
    /// Of the generator's own sending.
    pub late: Spread,
    pub watched: Option<Watched>,
}

/// Runs a plan.
pub fn run(plan: &Plan) -> Result<Findings, Box<dyn std::error::Error>> {
    let tokens: Vec<String> = match &plan.tokens {
        Some(file) => std::fs::read_to_string(file)?.lines().map(str::to_owned).collect(),
        None => Vec::new(),
    };
    if plan.speech == Speech::Ivs && tokens.len() < plan.connections {
        return Err("fewer tokens than connections".into());
    }
    let mut poll = Poll::new()?;
    let resident_before = server::resident_bytes(&plan.pids);
    let (mut clients, join) = join::all(plan, &tokens, &mut poll)?;
    if join.errors > 0 && plan.rate > 0.0 {
        return Err(format!("not all could join: {:?}", join.failures).into());
    }
    let idle = (Instant::now(), server::cpu_seconds(&plan.pids));
    let settled = rest(plan, &mut poll, &mut clients)?;
    let (idle_seconds, idle_cpu_seconds) =
        (idle.0.elapsed().as_secs_f64(), server::cpu_seconds(&plan.pids) - idle.1);
    let resident_joined = server::resident_bytes(&plan.pids);
    let load = if plan.rate > 0.0 { Some(loaded(plan, &mut poll, clients)?) } else { None };
    if load.is_none() && settled > 0 {
        return Err(format!("{settled} connections ended by themselves").into());
    }
    Ok(Findings { join, resident_before, resident_joined, idle_cpu_seconds, idle_seconds, load })
}

/// Waits, answers pings; how many connections ended meanwhile.
fn rest(plan: &Plan, poll: &mut Poll, clients: &mut [Client]) -> std::io::Result<usize> {
    let (mut events, mut buffer) = (Events::with_capacity(1024), vec![0; 64 * 1024]);
    let end = Instant::now() + Duration::from_secs_f64(plan.settle);
    // What came between an upgrade and now.
    for client in clients.iter_mut().filter(|client| client.habit == Habit::Prompt) {
        client.read(plan.speech, &mut buffer, &mut |_, _| {});
    }
    while Instant::now() < end {
        poll.poll(&mut events, Some(end.saturating_duration_since(Instant::now())))?;
        for event in &events {
            if let Some(client) = clients.get_mut(event.token().0) {
                client.read(plan.speech, &mut buffer, &mut |_, _| {});
            }
        }
    }
    Ok(clients.iter().filter(|client| client.ended.is_some()).count())
}

fn loaded(
    plan: &Plan,
    poll: &mut Poll,
    mut clients: Vec<Client>,
) -> Result<Loaded, Box<dyn std::error::Error>> {
    let sockets = clients[..plan.senders]
        .iter()
        .map(|client| client.stream.as_fd().try_clone_to_owned().map(TcpStream::from))
        .collect::<std::io::Result<Vec<_>>>()?;
    let bad = clients.iter().filter(|client| client.habit != Habit::Prompt);
    let ports: Vec<u16> =
        bad.filter_map(|client| client.stream.local_addr().ok()).map(|addr| addr.port()).collect();
    let (zero, over) = (Instant::now(), AtomicBool::new(false));
    let readers = (plan.connections - plan.stuck - plan.slow) as u64;
    let mut receiving = Receiving::new(plan, zero, readers);
    let (sent, watched) = std::thread::scope(|scope| {
        let sending = scope.spawn(|| sender::run(plan, zero, sockets));
        let watching =
            (!ports.is_empty()).then(|| scope.spawn(|| stuck::watch(plan, &ports, Instant::now(), &over)));
        let received = receiving.until_done(poll, &mut clients, || sending.is_finished());
        over.store(true, Ordering::Relaxed);
        let sent = sending.join().map_err(|_| std::io::Error::other("the sender failed"))??;
        let watched = watching.and_then(|watching| watching.join().ok());
        received.map(|()| (sent, watched))
    })?;
    Ok(receiving.findings(&clients, &sent, watched))
}

struct Receiving<'a> {
    plan: &'a Plan,
    zero: Instant,
    readers: u64,
    tally: Tally,
    refused: u64,
    refusals: Vec<String>,
    /// When the last delivery of all had come.
    end: Mark,
}

impl<'a> Receiving<'a> {
    fn new(plan: &'a Plan, zero: Instant, readers: u64) -> Self {
        let measured = (plan.messages() - plan.warm_messages()) * readers as usize;
        let tally = Tally::new(plan.warm_messages(), measured);
        Self { plan, zero, readers, tally, refused: 0, refusals: Vec::new(), end: Mark::now(plan) }
    }

    fn expected(&self) -> u64 {
        (self.plan.messages() as u64).saturating_sub(self.refused) * self.readers
    }

    fn until_done(
        &mut self,
        poll: &mut Poll,
        clients: &mut [Client],
        sent: impl Fn() -> bool,
    ) -> std::io::Result<()> {
        let (mut events, mut buffer) = (Events::with_capacity(1024), vec![0; 256 * 1024]);
        let (mut heard, mut last, mut sipped) = (0, Instant::now(), Instant::now());
        loop {
            poll.poll(&mut events, Some(Duration::from_millis(20)))?;
            for event in &events {
                if let Some(client) = clients.get_mut(event.token().0)
                    && client.habit == Habit::Prompt
                {
                    self.read(client, &mut buffer);
                }
            }
            if self.plan.slow > 0 && sipped.elapsed() >= SIP {
                sipped = Instant::now();
                for client in clients.iter_mut().filter(|client| client.habit == Habit::Slow) {
                    sip(client);
                }
            }
            if self.tally.heard > heard {
                (heard, last) = (self.tally.heard, Instant::now());
            }
            if sent() && (heard >= self.expected() || last.elapsed() > SILENCE) {
                break;
            }
        }
        self.end = Mark::now(self.plan);
        // What went unheard because a message came twice elsewhere shows in the sequences.
        Ok(())
    }

    fn read(&mut self, client: &mut Client, buffer: &mut [u8]) {
        let (tally, zero) = (&mut self.tally, self.zero);
        let (refused, refusals) = (&mut self.refused, &mut self.refusals);
        let mut now = None;
        client.read(self.plan.speech, buffer, &mut |ear, heard| match heard {
            Heard::Message(message) => {
                let now = *now.get_or_insert_with(|| zero.elapsed().as_nanos() as u64);
                tally.hear(ear, message, now);
            }
            Heard::Refusal(words) => {
                *refused += 1;
                if refusals.len() < 3 {
                    refusals.push(words);
                }
            }
        });
    }

    fn findings(mut self, clients: &[Client], sent: &Sent, watched: Option<Watched>) -> Loaded {
        let prompt = || clients.iter().filter(|client| client.habit == Habit::Prompt);
        let sequences: HashSet<(u64, u64)> =
            prompt().map(|client| (client.ear.heard, client.ear.sequence)).collect();
        let mut ended = BTreeMap::new();
        for how in prompt().filter_map(|client| client.ended.as_ref()) {
            let name = match how {
                Ended::Closed(code) => format!("closed with {code}"),
                Ended::Cut => "cut".to_owned(),
            };
            *ended.entry(name).or_insert(0) += 1;
        }
        let measured = self.tally.micros.len() as u64;
        let server = self.end.server - sent.from.server;
        Loaded {
            messages: sent.messages,
            refused: self.refused,
            deliveries: self.tally.heard,
            expected: self.expected(),
            sequences: sequences.len(),
            overtaken: self.tally.overtaken,
            ended,
            measured_deliveries: measured,
            seconds: (self.end.at - sent.from.at).as_secs_f64(),
            server_cpu_seconds: server,
            server_cpu_per_million: server / measured.max(1) as f64 * 1e6,
            generator_cpu_seconds: self.end.own - sent.from.own,
            kernel_cpu_seconds: self.end.kernel - sent.from.kernel,
            latency: Spread::of(&mut self.tally.micros),
            late: sent.late,
            watched,
            refusals: self.refusals,
        }
    }
}

/// A slow client takes a little, whatever it is.
fn sip(client: &mut Client) {
    use std::io::Read;
    let mut few = [0; SIP_BYTES];
    match client.stream.read(&mut few) {
        Ok(0) => client.ended = Some(Ended::Cut),
        Err(error) if error.kind() != std::io::ErrorKind::WouldBlock => client.ended = Some(Ended::Cut),
        _ => {}
    }
}
