//! Sends each message at the moment it is due.
//!
//! Promise: a late message keeps the moment at which it was due, so that its lateness counts as the server's
//! latency; how late the sender itself was is told.

use std::io::Write;
use std::net::TcpStream;
use std::time::{Duration, Instant};

use crate::dialect::{self, Message};
use crate::plan::Plan;
use crate::server;
use crate::tally::Spread;

#[derive(Debug)]
pub struct Sent {
    pub messages: usize,
    /// Behind what was due.
    pub late: Spread,
    /// When the first measured message was about to leave: the moment, the server's, the generator's and the
    /// kernel's processor time until then.
    pub from: Mark,
}

/// Clocks at one moment.
#[derive(Clone, Copy, Debug)]
pub struct Mark {
    pub at: Instant,
    pub server: f64,
    pub own: f64,
    pub kernel: f64,
}

impl Mark {
    pub fn now(plan: &Plan) -> Self {
        Self {
            at: Instant::now(),
            server: server::cpu_seconds(&plan.pids),
            own: server::own_cpu_seconds(),
            kernel: server::soft_interrupt_seconds(),
        }
    }
}

/// Sends all messages of the plan; returns when the last has left.
pub fn run(plan: &Plan, zero: Instant, mut sockets: Vec<TcpStream>) -> std::io::Result<Sent> {
    let (all, warm) = (plan.messages(), plan.warm_messages());
    let begin = Instant::now() + Duration::from_millis(50);
    let mut lateness = Vec::with_capacity(all / plan.burst + 1);
    let mut from = Mark::now(plan);
    let mut bytes = Vec::new();
    for number in (0..all).step_by(plan.burst) {
        let due = begin + Duration::from_secs_f64(number as f64 / plan.rate);
        let sender = number / plan.burst % sockets.len();
        bytes.clear();
        for number in number..number + plan.burst {
            let message = Message { sender, number, due_nanos: (due - zero).as_nanos() as u64 };
            dialect::put(&mut bytes, plan.speech, message, plan.wide);
        }
        if number == warm {
            // Between two messages, so that what the warm-up cost is behind.
            sleep_until(due - Duration::from_millis(2).min(due - begin));
            from = Mark::now(plan);
        }
        sleep_until(due);
        lateness.push(due.elapsed().as_micros() as u32);
        write(&mut sockets[sender], &bytes)?;
    }
    Ok(Sent { messages: all, late: Spread::of(&mut lateness), from })
}

fn sleep_until(moment: Instant) {
    std::thread::sleep(moment.saturating_duration_since(Instant::now()));
}

/// The sockets do not block, since the receivers share them.
fn write(socket: &mut TcpStream, mut bytes: &[u8]) -> std::io::Result<()> {
    while !bytes.is_empty() {
        match socket.write(bytes) {
            Ok(count) => bytes = &bytes[count..],
            Err(error) if error.kind() == std::io::ErrorKind::WouldBlock => {
                std::thread::sleep(Duration::from_micros(200));
            }
            Err(error) => return Err(error),
        }
    }
    Ok(())
}
