//! Connects all clients: some at once, or all.
//!
//! Promise: an answer that is no upgrade, lacks the token, or never comes is an error and is counted.

use std::collections::BTreeMap;
use std::io::{Read, Write};
use std::time::{Duration, Instant};

use mio::{Events, Interest, Poll, Registry, Token};
use serde::Serialize;

use crate::clients::{Client, Habit};
use crate::dialect;
use crate::plan::{Plan, Speech};
use crate::server;
use crate::tally::Spread;

/// When nobody got on for so long, those that are on their way have failed.
const PATIENCE: Duration = Duration::from_secs(20);
/// The longest answer to a request for an upgrade.
const LONGEST: usize = 16 * 1024;

#[derive(Debug, Default, Serialize)]
pub struct Joined {
    pub connections: usize,
    pub errors: usize,
    /// How often each kind of failure happened.
    pub failures: BTreeMap<String, usize>,
    pub seconds: f64,
    pub server_cpu_seconds: f64,
    pub generator_cpu_seconds: f64,
    /// From the first packet to the upgrade.
    pub took: Spread,
    /// Resident memory of the server when [`FEW`] had joined, in all and anonymous: what it takes once is behind.
    pub resident_few: (u64, u64),
}

/// So many joins wake up all that a server makes only once.
pub const FEW: usize = 500;

/// How far a client has come, and what it was answered so far.
enum Stage {
    Connecting,
    Asked(Vec<u8>),
    Greeted(Vec<u8>),
    Done,
}

struct Joining<'a> {
    plan: &'a Plan,
    tokens: &'a [String],
    registry: Registry,
    clients: Vec<Option<Client>>,
    stages: Vec<(Stage, Instant)>,
    on_the_way: usize,
    progress: Instant,
    found: Joined,
    micros: Vec<u32>,
}

/// Connects all; a client's place is its token in `poll`. The last ones have the bad habits.
pub fn all(plan: &Plan, tokens: &[String], poll: &mut Poll) -> std::io::Result<(Vec<Client>, Joined)> {
    let mut events = Events::with_capacity(1024);
    let (begun, server, own) = (Instant::now(), server::cpu_seconds(&plan.pids), server::own_cpu_seconds());
    let mut joining = Joining {
        plan,
        tokens,
        registry: poll.registry().try_clone()?,
        clients: Vec::with_capacity(plan.connections),
        stages: Vec::with_capacity(plan.connections),
        on_the_way: 0,
        progress: begun,
        found: Joined::default(),
        micros: Vec::with_capacity(plan.connections),
    };
    while joining.clients.len() < plan.connections || joining.on_the_way > 0 {
        while joining.clients.len() < plan.connections && joining.on_the_way < plan.at_once {
            joining.begin();
        }
        poll.poll(&mut events, Some(Duration::from_millis(100)))?;
        for event in &events {
            joining.go_on(event.token().0);
        }
        if joining.progress.elapsed() > PATIENCE {
            joining.give_up();
        }
    }
    let Joining { clients, mut found, mut micros, .. } = joining;
    found.seconds = begun.elapsed().as_secs_f64();
    found.server_cpu_seconds = server::cpu_seconds(&plan.pids) - server;
    found.generator_cpu_seconds = server::own_cpu_seconds() - own;
    found.took = Spread::of(&mut micros);
    let clients: Vec<Client> = clients.into_iter().flatten().collect();
    found.connections = clients.len();
    Ok((clients, found))
}

impl Joining<'_> {
    fn begin(&mut self) {
        let place = self.clients.len();
        let from_behind = self.plan.connections - place;
        let habit = match from_behind {
            n if n <= self.plan.stuck => Habit::Never,
            n if n <= self.plan.stuck + self.plan.slow => Habit::Slow,
            _ => Habit::Prompt,
        };
        let client = Client::connect(self.plan.address, habit).and_then(|mut client| {
            let both = Interest::READABLE | Interest::WRITABLE;
            self.registry.register(&mut client.stream, Token(place), both)?;
            Ok(client)
        });
        let stage = if client.is_ok() { Stage::Connecting } else { Stage::Done };
        self.stages.push((stage, Instant::now()));
        match client {
            Ok(client) => {
                self.on_the_way += 1;
                self.clients.push(Some(client));
            }
            Err(error) => {
                self.clients.push(None);
                self.count(error.to_string());
            }
        }
    }

    fn go_on(&mut self, place: usize) {
        if let Err(why) = self.step(place) {
            self.clients[place] = None;
            self.stages[place].0 = Stage::Done;
            self.on_the_way -= 1;
            self.count(why);
        }
    }

    fn step(&mut self, place: usize) -> Result<(), String> {
        let (stage, begun) = &mut self.stages[place];
        let Some(client) = &mut self.clients[place] else { return Ok(()) };
        let words = |error: std::io::Error| error.to_string();
        let token = self.tokens.get(place).map(String::as_str);
        if matches!(stage, Stage::Connecting) {
            if let Some(error) = client.stream.take_error().map_err(words)? {
                return Err(words(error));
            }
            if client.stream.peer_addr().is_err() {
                return Ok(());
            }
            let request = dialect::request(self.plan.speech, &self.plan.address.to_string(), token);
            client.stream.write_all(request.as_bytes()).map_err(words)?;
            *stage = Stage::Asked(Vec::new());
        }
        let (Stage::Asked(answer) | Stage::Greeted(answer)) = stage else { return Ok(()) };
        read_all(client, answer).map_err(words)?;
        if let Stage::Asked(answer) = stage {
            let Some(end) = memchr::memmem::find(answer, b"\r\n\r\n") else { return Ok(()) };
            let head = String::from_utf8_lossy(&answer[..end]).into_owned();
            check(&head, self.plan.speech, token)?;
            let rest = answer.split_off(end + 4);
            match dialect::greeting(self.plan.speech) {
                Some(greeting) => {
                    client.stream.write_all(&greeting).map_err(words)?;
                    *stage = Stage::Greeted(rest);
                    return Ok(());
                }
                None => client.take(self.plan.speech, &rest, &mut |_, _| {}),
            }
        } else if let Stage::Greeted(answer) = stage
            && memchr::memmem::find(answer, dialect::GREETED).is_none()
        {
            return Ok(());
        }
        self.micros.push(begun.elapsed().as_micros() as u32);
        *stage = Stage::Done;
        self.on_the_way -= 1;
        self.progress = Instant::now();
        if self.micros.len() == FEW {
            self.found.resident_few = server::resident_bytes(&self.plan.pids);
        }
        Ok(())
    }

    fn count(&mut self, why: String) {
        self.found.errors += 1;
        *self.found.failures.entry(why).or_default() += 1;
    }

    fn give_up(&mut self) {
        for place in 0..self.stages.len() {
            if !matches!(self.stages[place].0, Stage::Done) {
                self.clients[place] = None;
                self.stages[place].0 = Stage::Done;
                self.on_the_way -= 1;
                self.count("no answer".to_owned());
            }
        }
        self.progress = Instant::now();
    }
}

fn read_all(client: &mut Client, answer: &mut Vec<u8>) -> std::io::Result<()> {
    let mut buffer = [0; 4096];
    loop {
        match client.stream.read(&mut buffer) {
            Ok(0) => return Err(std::io::Error::other("ended before the upgrade")),
            Ok(count) if answer.len() + count <= LONGEST => answer.extend_from_slice(&buffer[..count]),
            Ok(_) => return Err(std::io::Error::other("an endless answer")),
            Err(error) if error.kind() == std::io::ErrorKind::WouldBlock => return Ok(()),
            Err(error) => return Err(error),
        }
    }
}

/// The answer is an upgrade and, where there is a token, repeats it.
fn check(head: &str, speech: Speech, token: Option<&str>) -> Result<(), String> {
    let first = head.lines().next().unwrap_or_default();
    if !first.starts_with("HTTP/1.1 101") {
        return Err(first.to_owned());
    }
    if speech == Speech::Ivs {
        let echoed = head.lines().filter_map(|line| line.split_once(':'));
        let mut echoed = echoed.filter(|(name, _)| name.eq_ignore_ascii_case("sec-websocket-protocol"));
        if echoed.next().map(|(_, value)| value.trim()) != token {
            return Err("the token is not echoed".to_owned());
        }
    }
    Ok(())
}
