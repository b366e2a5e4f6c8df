//! `rillcast events`: how far the sinks are, and what they would not take.
//!
//! Promise: works on the database beside running servers, which notice within a second; what it prints of an
//! event is what the event's consumers get.

use std::time::SystemTime;

use clap::ArgMatches;
use domain::{EventId, chain, time_text, unix_millis};
use serde_json::json;
use store::{DeadLetter, PageRequest, SinkRow, Store};

use crate::cli::output::{Form, form};
use crate::cli::table::Table;
use crate::config::Config;
use crate::first_start;

/// Letters and events that are read at a time.
const PAGE: u32 = 500;

/// Events behind a sink's place that are counted.
const COUNTED: u32 = 1_000;

/// Runs one of the `events` commands and returns what to print.
pub(crate) async fn run(config: &Config, command: &str, matches: &ArgMatches) -> Result<String, String> {
    let store = first_start::open(config).await.map_err(|error| chain(&error))?;
    let sink = text(matches, "sink");
    if let Some(sink) = sink {
        known(&store, sink).await?;
    }
    match command {
        "sinks" => sinks(&store, form(matches)).await,
        "dead-letters" => dead_letters(&store, sink, form(matches)).await,
        _ => redeliver(&store, sink, text(matches, "id")).await,
    }
}

fn text<'a>(matches: &'a ArgMatches, name: &str) -> Option<&'a str> {
    matches.try_get_one::<String>(name).ok().flatten().map(String::as_str)
}

/// A slip in a sink's name must not look like a sink without letters.
async fn known(store: &Store, sink: &str) -> Result<(), String> {
    let rows = store.sinks().await.map_err(|error| chain(&error))?;
    if rows.iter().any(|row| row.name == sink) {
        return Ok(());
    }
    // One that is no longer named may have letters still.
    let letters = store.dead_letters(Some(sink), PageRequest::first(1), None).await;
    match letters.map_err(|error| chain(&error))?.items.first() {
        Some(_) => Ok(()),
        None => Err(format!("there is no event sink {sink}")),
    }
}

async fn sinks(store: &Store, form: Form) -> Result<String, String> {
    let rows = store.sinks().await.map_err(|error| chain(&error))?;
    let mut table = Table::new(["SINK", "WAITING", "DEAD LETTERS", "DELIVERED BY"], &[]);
    let mut lines = String::new();
    for row in rows {
        let events = store.events_after(row.position, COUNTED).await.map_err(|error| chain(&error))?;
        let letters = store.dead_letters(Some(&row.name), PageRequest::first(COUNTED), None).await;
        let (waiting, dead) = (events.len(), letters.map_err(|error| chain(&error))?.items.len());
        let by = holder(&row);
        if form == Form::Json {
            let object =
                json!({ "sink": row.name, "waiting": waiting, "deadLetters": dead, "deliveredBy": by });
            lines += &format!("{object}\n");
        } else {
            table.row([&row.name, &many(waiting), &many(dead), by.unwrap_or("nobody now")]);
        }
    }
    Ok(if form == Form::Json { lines } else { table.text() })
}

/// How many, as far as they are counted.
fn many(count: usize) -> String {
    if count < COUNTED as usize { count.to_string() } else { format!("{COUNTED}+") }
}

/// The server that looks after a sink now.
fn holder(row: &SinkRow) -> Option<&str> {
    let held = row.held_until > unix_millis(SystemTime::now());
    (held && !row.holder.is_empty()).then_some(row.holder.as_str())
}

async fn dead_letters(store: &Store, sink: Option<&str>, form: Form) -> Result<String, String> {
    let mut table = Table::new(["SINK", "EVENT", "GIVEN UP", "ATTEMPTS", "REASON"], &[3]);
    let mut lines = String::new();
    let mut next = Some(PageRequest::first(PAGE));
    while let Some(request) = next {
        let page = store.dead_letters(sink, request, None).await.map_err(|error| chain(&error))?;
        for letter in &page.items {
            let DeadLetter { sink, id, attempts, .. } = letter;
            match form {
                Form::Json => lines += &as_json(letter),
                Form::Table => table.row([
                    sink,
                    id.as_str(),
                    &time_text(letter.failed_at),
                    &attempts.to_string(),
                    &letter.reason,
                ]),
            }
        }
        next = page.next.map(|after| PageRequest { after, limit: PAGE });
    }
    Ok(if form == Form::Json { lines } else { table.text() })
}

/// One object a line, with the names that the HTTP interface has.
fn as_json(letter: &DeadLetter) -> String {
    let event = serde_json::from_str(&letter.envelope).unwrap_or_else(|_| json!(letter.envelope));
    let letter = json!({
        "sink": letter.sink,
        "id": letter.id.as_str(),
        "time": time_text(letter.at),
        "attempts": letter.attempts,
        "failedAt": time_text(letter.failed_at),
        "reason": letter.reason,
        "event": event,
    });
    format!("{letter}\n")
}

async fn redeliver(store: &Store, sink: Option<&str>, id: Option<&str>) -> Result<String, String> {
    let read = |id| EventId::parse(id).ok_or_else(|| format!("{id} is not the id of an event"));
    let id = id.map(read).transpose()?;
    let due = store.redeliver(sink, id.as_ref(), None).await.map_err(|error| chain(&error))?;
    let letters = if due == 1 { "dead letter is" } else { "dead letters are" };
    Ok(format!("{due} {letters} tried again\n"))
}
