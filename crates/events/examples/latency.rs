//! How long an event takes from its commit to a webhook on this machine, one at a time and in bursts.
//!
//! Promise: times are taken on one clock, at the return of the commit and when the receiver has read the whole
//! call; the database is a file, as in a server.

use std::time::{Duration, Instant};

use domain::{Arn, Event, EventId, EventKind, EventSubject, StateChange, StreamId};
use events::{Config, Deps, Events, Sinks};
use outbound::Outbound;
use store::Store;
use testkit::{Answerer, Reply};
use tokio::task::JoinSet;
use tokio_util::sync::CancellationToken;

const ROUNDS: usize = 300;
const BURST: usize = 1_000;

#[tokio::main]
async fn main() -> Result<(), Box<dyn std::error::Error>> {
    let folder = tempfile::tempdir()?;
    let store = Store::open(&folder.path().join("store.db")).await?;
    let answerer = Answerer::start(|_| Reply::Wire(Reply::json(204, ""))).await;
    let sinks = format!("[[sink]]\nname = \"hook\"\nkind = \"webhook\"\nurl = \"{}\"\n", answerer.url("/"));
    let config = Config { sinks: Sinks::parse(&sinks)?, event_age: Duration::from_secs(86_400) };
    let outbound = Outbound::new(outbound::Config::default())?;
    let deps = Deps { store: store.clone(), outbound, node: "one".to_owned() };
    let (stop, mut tasks) = (CancellationToken::new(), JoinSet::new());
    tasks.spawn(Events::bind(config, deps).await?.run(stop.clone()));

    let mut times = Vec::new();
    for round in 1..=ROUNDS {
        // Not in step with anything that ticks.
        tokio::time::sleep(Duration::from_millis(7 + round as u64 % 13)).await;
        store.put_events(&[event(0)?]).await?;
        let committed = Instant::now();
        answerer.wait_for(round).await;
        times.push(committed.elapsed());
    }
    times.sort_unstable();
    let at = |part: usize| times[ROUNDS * part / 100].as_micros();
    println!("commit to webhook, one at a time: median {} us, 99 of 100 within {} us", at(50), at(99));

    let burst: Vec<Event> = (0..BURST).map(|number| event(number % 50)).collect::<Result<_, _>>()?;
    let begun = Instant::now();
    store.put_events(&burst).await?;
    answerer.wait_for(ROUNDS + BURST).await;
    println!(
        "{BURST} events of 50 channels in one commit: all there after {} ms",
        begun.elapsed().as_millis()
    );
    stop.cancel();
    tasks.join_next().await;
    Ok(())
}

fn event(channel: usize) -> Result<Event, Box<dyn std::error::Error>> {
    let channel = Arn::parse(&format!("arn:aws:ivs:us-east-1:123456789012:channel/{channel:012}"))?;
    let stream = StreamId::parse("st-12345678901234567890123").ok_or("a stream id")?;
    let mut bytes = [0; 16];
    aws_lc_rs::rand::fill(&mut bytes).map_err(|_| "entropy")?;
    Ok(Event {
        id: EventId::mint(&mut |into| into.copy_from_slice(&bytes)),
        at: 0,
        account: channel.account.clone(),
        region: channel.region.clone(),
        subject: Some(EventSubject { channel, channel_name: "mine".to_owned(), stream }),
        kind: EventKind::State(StateChange::StreamStart),
    })
}
