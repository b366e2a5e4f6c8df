//! Thousands of chat clients in one process, to measure the server that they are connected to.
//!
//! One thread reads all connections (epoll, edge-triggered), one sends messages at the moments they are due,
//! one looks at readers that are meant to be stuck. The plan comes as JSON in the first argument, the findings
//! go out as one line of JSON.
//!
//! Promise: every delivery is counted and its order is checked, at every connection; latency is counted from
//! the moment a message was due, not from when it was sent; processor time is the server's own, by the kernel's
//! per-process clock.

// The house rule is about tests and servers; here waiting for a moment is the work.
#![allow(
    clippy::disallowed_methods,
    reason = "a load generator sends when it is time, and looks ten times a second"
)]

mod clients;
mod dialect;
mod frames;
mod join;
mod load;
mod mint;
mod plan;
mod sender;
mod server;
mod stuck;
mod tally;

use plan::Plan;

fn main() -> Result<(), Box<dyn std::error::Error>> {
    let arguments: Vec<String> = std::env::args().collect();
    match arguments.get(1).map(String::as_str) {
        Some("mint") => {
            let plan: mint::Plan = serde_json::from_str(arguments.get(2).ok_or("mint needs a plan")?)?;
            println!("{}", serde_json::to_string(&mint::run(&plan)?)?);
        }
        Some(text) => {
            let plan: Plan = serde_json::from_str(text)?;
            println!("{}", serde_json::to_string(&load::run(&plan)?)?);
        }
        None => return Err("usage: chat-bench PLAN | chat-bench mint PLAN".into()),
    }
    Ok(())
}
