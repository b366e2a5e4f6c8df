//! One attempt to deliver the first part of a queue.
//!
//! Promise: only what the destination took is acknowledged; what of a part was taken is not sent again by this
//! process when the rest failed; a record that the destination refuses for good holds up no other for long.

use std::collections::HashMap;
use std::error::Error;
use std::io;
use std::sync::Arc;
use std::time::{Duration, SystemTime};

use blob::Trouble;
use domain::{Arn, LogDestination, LoggingState};
use outbound::log_sink::{Delivery, LogEvent, SinkTrouble};
use tokio::task::{JoinSet, spawn_blocking};
use tokio::time::Instant;

use super::Shared;
use super::bucket::{BucketFile, Files, window, window_end};
use super::counts::Lost;
use super::lanes::Lane;
use super::rooms::{Asked, configuration};
use super::spool::Place;
use crate::clock;

/// Bytes of the queue that one attempt delivers at most.
pub(super) const PART: u64 = 8 << 20;
/// The store has so long to say where to.
const ASKING: Duration = Duration::from_secs(2);
/// Calls at once for one destination.
const CALLS: usize = 8;
/// A window is closed so long after its end: what was said in it has reached the spool by then.
const GRACE_MS: i64 = 1_500;
/// A window that begins so much later than now was given by a clock that was put back since.
const AHEAD_MS: i64 = 60_000;
/// Characters of an error that are logged: services send whole pages.
const WORDS: usize = 600;
/// Records that one attempt gives up as refused, if the destination takes none.
const REFUSED: usize = 10;

/// A part of the queue that was begun: what of it was taken, by file or room.
#[derive(Clone, Debug)]
pub(super) struct Begun {
    from: Place,
    to: Place,
    taken: HashMap<String, usize>,
}

/// What came of it.
#[derive(Debug)]
pub(super) enum Outcome {
    /// The part was taken, or there was none.
    Taken,
    /// It is too early, for so long or until there is more.
    Early(Duration),
    /// The destination is being changed: it is too early for so long, however much there is.
    Changing(Duration),
    /// Not all was taken.
    Failed(Option<Begun>),
}

/// A part as it is to be delivered.
enum Part {
    Files(Vec<BucketFile>),
    /// Of one room each for CloudWatch Logs; one for all for Firehose.
    Events(Vec<(String, Vec<LogEvent>)>),
}

enum Read {
    Early(Duration),
    Whole { part: Part, to: Place, damaged: u64 },
}

/// Why something was not taken.
struct Refusal(String);

pub(super) async fn attempt(shared: &Arc<Shared>, lane: &Arc<Lane>, begun: Option<Begun>) -> Outcome {
    let (destination, deleted) = match ask(shared, lane).await {
        Ok(asked) => asked,
        Err(outcome) => return outcome,
    };
    let from = lane.spool().cursor();
    // A part whose beginning was dropped meanwhile is another part.
    let begun = begun.filter(|begun| begun.from == from);
    let until = begun.as_ref().map(|begun| begun.to);
    let mut taken = begun.map(|begun| begun.taken).unwrap_or_default();
    let (part, to, damaged) = match read(shared, lane, &destination, until).await {
        Ok(Read::Whole { part, to, damaged }) => (part, to, damaged),
        Ok(Read::Early(pause)) => return Outcome::Early(pause),
        Err(error) => {
            tracing::error!(%error, configuration = %lane.arn, "could not read the chat log's spool");
            return Outcome::Failed(None);
        }
    };
    let result = match part {
        Part::Files(files) => put_files(shared, lane, &destination, files, &mut taken).await,
        Part::Events(groups) => send_groups(shared, lane, &destination, groups, &mut taken).await,
    };
    match result {
        Ok(()) => {
            shared.counts.lost(Some(&lane.arn), damaged, Lost::Damage);
            acknowledge(lane, to).await;
            Outcome::Taken
        }
        Err(refusal) => {
            tracing::warn!(configuration = %lane.arn, error = refusal.0, "a destination did not take the chat log");
            if deleted {
                expire(shared, lane).await;
            }
            Outcome::Failed(Some(Begun { from, to, taken }))
        }
    }
}

/// Where to, and whether the configuration was deleted: then to where it pointed last.
async fn ask(shared: &Arc<Shared>, lane: &Arc<Lane>) -> Result<(LogDestination, bool), Outcome> {
    match configuration(&shared.deps.store, &lane.arn, Instant::now() + ASKING).await {
        Asked::Is(found) if matches!(found.state, LoggingState::Creating | LoggingState::Updating) => {
            Err(Outcome::Changing(Duration::from_secs(1)))
        }
        Asked::Is(found) => {
            let (lane, destination) = (Arc::clone(lane), found.destination.clone());
            let kept = spawn_blocking(move || lane.set_destination(&destination)).await;
            if let Ok(Err(error)) = kept {
                tracing::warn!(%error, "could not keep a destination of the chat log");
            }
            Ok((found.destination, false))
        }
        Asked::IsNot => Ok((lane.destination(), true)),
        // The database is away: what it said last is still the best answer.
        Asked::NoAnswer => Ok((lane.destination(), false)),
    }
}

async fn read(
    shared: &Arc<Shared>,
    lane: &Arc<Lane>,
    destination: &LogDestination,
    until: Option<Place>,
) -> io::Result<Read> {
    let (shared, lane, destination) = (Arc::clone(shared), Arc::clone(lane), destination.clone());
    let read = spawn_blocking(move || match destination {
        LogDestination::S3 { .. } => read_files(&shared, &lane, until),
        LogDestination::CloudWatchLogs { .. } => read_events(&lane, until, |room| room.id.to_string()),
        LogDestination::Firehose { .. } => read_events(&lane, until, |_| String::new()),
    });
    read.await.unwrap_or_else(|_| Err(io::Error::other("cut short")))
}

/// The lines of the first line's window, and later ones of earlier windows.
fn read_files(shared: &Shared, lane: &Lane, until: Option<Place>) -> io::Result<Read> {
    let (mut reader, from) = {
        let spool = lane.spool();
        (spool.reader(), spool.cursor())
    };
    let length = shared.config.file;
    let mut files = Files::new(shared.lanes.node(), &lane.arn, from, length);
    let (mut to, mut first, mut closed) = (from, None, false);
    while let Some((line, end)) = reader.next()? {
        let this = window(line.at_ms, length);
        closed = until.is_some_and(|until| end > until)
            || reader.consumed() > PART
            || first.is_some_and(|first| this > first);
        // The first line is taken however long it is.
        if closed && first.is_some() {
            break;
        }
        first.get_or_insert(this);
        files.put(line);
        to = end;
    }
    if !closed {
        to = reader.place();
    }
    let whole = closed || until.is_some() || reader.consumed() > PART || shared.ending();
    if let Some(pause) = first.filter(|_| !whole).and_then(|first| early(first, length)) {
        return Ok(Read::Early(pause));
    }
    Ok(Read::Whole { part: Part::Files(files.finish()?), to, damaged: reader.damaged() })
}

/// How long a window stays open.
fn early(start: i64, length: Duration) -> Option<Duration> {
    let now = clock::milliseconds(SystemTime::now());
    let left = window_end(start, length) + GRACE_MS - now;
    let left = u64::try_from(left).ok().filter(|left| *left > 0)?;
    (start - now < AHEAD_MS).then(|| Duration::from_millis(left))
}

fn read_events(lane: &Lane, until: Option<Place>, group: impl Fn(&Arn) -> String) -> io::Result<Read> {
    let (mut reader, from) = {
        let spool = lane.spool();
        (spool.reader(), spool.cursor())
    };
    let mut groups: Vec<(String, Vec<LogEvent>)> = Vec::new();
    let mut known: HashMap<String, usize> = HashMap::new();
    let mut to = from;
    let mut closed = false;
    while let Some((line, end)) = reader.next()? {
        closed = until.is_some_and(|until| end > until) || reader.consumed() > PART;
        if closed && to != from {
            break;
        }
        to = end;
        let key = group(&line.room);
        let at = *known.entry(key).or_insert_with_key(|key| {
            groups.push((key.clone(), Vec::new()));
            groups.len() - 1
        });
        let event = LogEvent { at_ms: line.at_ms, room: line.room.id.as_str().into(), text: line.text };
        groups[at].1.push(event);
    }
    if !closed {
        to = reader.place();
    }
    Ok(Read::Whole { part: Part::Events(groups), to, damaged: reader.damaged() })
}

/// Puts each file that was not put before, some at a time.
async fn put_files(
    shared: &Arc<Shared>,
    lane: &Arc<Lane>,
    destination: &LogDestination,
    files: Vec<BucketFile>,
    taken: &mut HashMap<String, usize>,
) -> Result<(), Refusal> {
    let LogDestination::S3 { bucket } = destination else { return Ok(()) };
    let mut left =
        files.into_iter().filter(|file| !taken.contains_key(&file.key)).collect::<Vec<_>>().into_iter();
    let (mut puts, mut done, mut refusal) = (JoinSet::new(), Vec::new(), None);
    loop {
        while puts.len() < CALLS && refusal.is_none() {
            let Some(file) = left.next() else { break };
            let (shared, bucket) = (Arc::clone(shared), bucket.clone());
            puts.spawn(async move {
                let put = shared.deps.blobs.put(&bucket, &file.key, file.bytes.clone()).await;
                (file, put)
            });
        }
        match puts.join_next().await {
            None => break,
            Some(Ok((file, Ok(())))) => {
                shared.counts.delivered(&lane.arn, file.records);
                done.push(file.key);
            }
            Some(Ok((_, Err(error)))) => {
                shared.counts.error(&lane.arn, error.trouble());
                refusal = Some(Refusal(chain(&error)));
            }
            Some(Err(error)) => refusal = Some(Refusal(chain(&error))),
        }
    }
    taken.extend(done.into_iter().map(|key| (key, 1)));
    refusal.map_or(Ok(()), Err)
}

/// Sends what of each group was not taken before, some groups at a time.
async fn send_groups(
    shared: &Arc<Shared>,
    lane: &Arc<Lane>,
    destination: &LogDestination,
    groups: Vec<(String, Vec<LogEvent>)>,
    taken: &mut HashMap<String, usize>,
) -> Result<(), Refusal> {
    let mut left = groups.into_iter();
    let (mut sends, mut refusal) = (JoinSet::new(), None);
    loop {
        while sends.len() < CALLS && refusal.is_none() {
            let Some((key, events)) = left.next() else { break };
            let already = taken.get(&key).copied().unwrap_or(0).min(events.len());
            if already == events.len() {
                continue;
            }
            let (shared, lane, destination) = (Arc::clone(shared), Arc::clone(lane), destination.clone());
            sends.spawn(async move {
                let sent = send(&shared, &lane, &destination, &events[already..]).await;
                (key, already + sent.taken, sent.refusal)
            });
        }
        match sends.join_next().await {
            None => break,
            Some(Ok((key, done, refused))) => {
                taken.insert(key, done);
                refusal = refused.or(refusal);
            }
            Some(Err(error)) => refusal = Some(Refusal(chain(&error))),
        }
    }
    refusal.map_or(Ok(()), Err)
}

struct Sent {
    taken: usize,
    refusal: Option<Refusal>,
}

/// Sends a group's records. When the destination finds a batch unfit, smaller and smaller ones are tried, until
/// the record that it means is found and given up.
async fn send(shared: &Shared, lane: &Lane, destination: &LogDestination, events: &[LogEvent]) -> Sent {
    let (mut taken, mut step, mut given_up, mut good) = (0, events.len(), 0, false);
    while taken < events.len() {
        let batch = &events[taken..events.len().min(taken + step)];
        let Delivery { taken: some, refused, error } =
            shared.deps.sinks.deliver(destination, &lane.arn.region, batch).await;
        taken += some;
        good |= some > refused;
        shared.counts.delivered(&lane.arn, some.saturating_sub(refused) as u64);
        shared.counts.lost(Some(&lane.arn), refused as u64, Lost::Refused);
        let Some(error) = error else {
            step = step.saturating_mul(2);
            continue;
        };
        let trouble = match error.trouble() {
            SinkTrouble::Denied => Trouble::Denied,
            SinkTrouble::Missing => Trouble::Missing,
            SinkTrouble::Unfit | SinkTrouble::Other => Trouble::Other,
        };
        shared.counts.error(&lane.arn, trouble);
        let unfit = error.trouble() == SinkTrouble::Unfit && (good || given_up < REFUSED);
        if !unfit {
            return Sent { taken, refusal: Some(Refusal(chain(&error))) };
        }
        if batch.len() - some <= 1 {
            taken += 1;
            given_up += 1;
            shared.counts.lost(Some(&lane.arn), 1, Lost::Refused);
        }
        step = ((batch.len() - some) / 2).max(1);
    }
    Sent { taken, refusal: None }
}

async fn acknowledge(lane: &Arc<Lane>, to: Place) {
    let kept = Arc::clone(lane);
    let kept = spawn_blocking(move || kept.spool().acknowledge(to)).await;
    if let Ok(Err(error)) = kept {
        tracing::error!(%error, configuration = %lane.arn, "could not keep how far the chat log was delivered");
    }
}

/// Drops what waits too long for the destination of a configuration that was deleted.
async fn expire(shared: &Arc<Shared>, lane: &Arc<Lane>) {
    let (shared, lane) = (Arc::clone(shared), Arc::clone(lane));
    let expired = spawn_blocking(move || -> io::Result<()> {
        let mut spool = lane.spool();
        while let Some(age) = spool.oldest().and_then(|oldest| oldest.elapsed().ok()) {
            if age < shared.config.retention {
                break;
            }
            let lost = spool.drop_oldest()?;
            shared.counts.lost(Some(&lane.arn), lost, Lost::Retention);
        }
        Ok(())
    });
    if let Ok(Err(error)) = expired.await {
        tracing::error!(%error, "could not drop the chat log of a configuration that was deleted");
    }
}

/// An error with those of its causes that it does not repeat itself, cut.
fn chain(error: &dyn Error) -> String {
    let mut words = error.to_string();
    let mut source = error.source();
    while let Some(cause) = source {
        let cause_words = cause.to_string();
        if !words.contains(&cause_words) {
            words = format!("{words}: {cause_words}");
        }
        source = cause.source();
    }
    words.chars().map(|c| if c.is_control() { ' ' } else { c }).take(WORDS).collect()
}
