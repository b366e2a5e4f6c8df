//! The newest lines of the log, in memory, for those who look at them from afar.
//!
//! Promise: bounded in lines and in bytes whatever is logged; a writer waits for no reader; what is told is what the
//! log itself was told, under the same filter, but for the calls that read this; a reader that comes too late is told
//! that it missed something.

use std::collections::VecDeque;
use std::fmt;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::SystemTime;

use domain::{chain, unix_millis};
use serde::Serialize;
use serde_json::{Map, Value};
use tokio::sync::watch;
use tracing::field::{Field, Visit};
use tracing::{Event, Level, Subscriber};
use tracing_subscriber::layer::{Context, Layer};

/// Lines that are kept.
const LINES: usize = 2_000;
/// Bytes that they may have together.
const BYTES: usize = 1 << 20;
/// Bytes of one text of a line; the rest of a longer one is cut off.
const TEXT: usize = 8 * 1024;
/// What a line costs beside its texts.
const COST: usize = 128;

/// The newest lines. Clones are the same.
#[derive(Clone, Debug)]
pub struct Tail(Arc<Inner>);

#[derive(Debug)]
struct Inner {
    kept: Mutex<Kept>,
    /// The number of the newest line.
    news: watch::Sender<u64>,
}

#[derive(Debug)]
struct Kept {
    lines: VecDeque<Arc<Line>>,
    bytes: usize,
    newest: u64,
}

/// One line.
#[derive(Debug, Serialize)]
pub(crate) struct Line {
    /// Grows from line to line, also over a new start of the server.
    pub(crate) id: u64,
    /// Milliseconds since 1970.
    time: i64,
    #[serde(serialize_with = "level_name")]
    level: Level,
    target: String,
    message: String,
    #[serde(skip_serializing_if = "Map::is_empty")]
    fields: Map<String, Value>,
}

fn level_name<S: serde::Serializer>(level: &Level, serializer: S) -> Result<S::Ok, S::Error> {
    serializer.serialize_str(level.as_str())
}

/// Which lines a reader wants.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Wanted {
    /// Those behind this one; `None`: the newest.
    pub(crate) after: Option<u64>,
    /// As grave as this, or graver.
    pub(crate) level: Level,
    /// Whose target begins so.
    pub(crate) target: String,
    /// So many at most.
    pub(crate) limit: usize,
}

/// What a reader gets.
#[derive(Debug, Serialize)]
pub(crate) struct Told {
    /// The oldest first.
    pub(crate) lines: Vec<Arc<Line>>,
    /// Where to go on.
    pub(crate) next: u64,
    /// Lines behind the place that was named are gone already.
    pub(crate) missed: bool,
}

impl Default for Tail {
    fn default() -> Self {
        // Numbers of this run begin behind those of all runs before it, as long as the clock goes on.
        let newest = u64::try_from(unix_millis(SystemTime::now())).unwrap_or(0) * 1_000;
        let kept = Kept { lines: VecDeque::new(), bytes: 0, newest };
        Self(Arc::new(Inner { kept: Mutex::new(kept), news: watch::Sender::new(newest) }))
    }
}

impl Tail {
    /// What is there now.
    pub(crate) fn look(&self, wanted: &Wanted) -> Told {
        let kept = self.kept();
        let fits =
            |line: &&Arc<Line>| line.level <= wanted.level && line.target.starts_with(wanted.target.as_str());
        let Some(after) = wanted.after else {
            let mut lines: Vec<_> =
                kept.lines.iter().rev().filter(fits).take(wanted.limit).cloned().collect();
            lines.reverse();
            return Told { lines, next: kept.newest, missed: false };
        };
        let oldest = kept.lines.front().map_or(kept.newest + 1, |line| line.id);
        let from = kept.lines.partition_point(|line| line.id <= after);
        let lines: Vec<_> = kept.lines.range(from..).filter(fits).take(wanted.limit).cloned().collect();
        let next = if lines.len() < wanted.limit { kept.newest } else { lines[lines.len() - 1].id };
        Told { lines, next, missed: after + 1 < oldest }
    }

    /// Tells of lines that come later than those that a reader has seen.
    pub(crate) fn news(&self) -> watch::Receiver<u64> {
        self.0.news.subscribe()
    }

    fn kept(&self) -> MutexGuard<'_, Kept> {
        self.0.kept.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn add(&self, level: Level, time: i64, words: Words) {
        let Words { target, message, fields } = words;
        let mut kept = self.kept();
        kept.newest += 1;
        let line = Line { id: kept.newest, time, level, target, message, fields };
        kept.bytes += line.bytes();
        kept.lines.push_back(Arc::new(line));
        while kept.lines.len() > LINES || kept.bytes > BYTES {
            let Some(oldest) = kept.lines.pop_front() else { break };
            kept.bytes -= oldest.bytes();
        }
        let newest = kept.newest;
        drop(kept);
        self.0.news.send_replace(newest);
    }
}

impl Line {
    fn bytes(&self) -> usize {
        let fields = self.fields.iter().map(|(name, value)| name.len() + value.as_str().map_or(8, str::len));
        COST + self.target.len() + self.message.len() + fields.map(|bytes| bytes + COST / 2).sum::<usize>()
    }
}

impl<S: Subscriber> Layer<S> for Tail {
    fn on_event(&self, event: &Event<'_>, _: Context<'_, S>) {
        let metadata = event.metadata();
        let mut words = Words { target: metadata.target().to_owned(), ..Words::default() };
        event.record(&mut words);
        if words.is_of_a_reader() {
            return;
        }
        self.add(*metadata.level(), unix_millis(SystemTime::now()), words);
    }
}

/// What an event says, as it is told field by field.
#[derive(Debug, Default)]
struct Words {
    target: String,
    message: String,
    fields: Map<String, Value>,
}

impl Words {
    /// The line of a call that read this tail. Told to those who wait for lines, it would make them call again, and so
    /// on without end.
    fn is_of_a_reader(&self) -> bool {
        let is = |name: &str, value: Value| self.fields.get(name) == Some(&value);
        is("operation", "ReadServerLog".into()) && is("status", 200.into())
    }

    fn put(&mut self, field: &Field, value: Value) {
        match field.name() {
            // What came by the `log` crate brings its own name along.
            "log.target" => {
                if let Value::String(target) = value {
                    self.target = target;
                }
            }
            name if name.starts_with("log.") => {}
            name => {
                self.fields.insert(name.to_owned(), value);
            }
        }
    }

    fn put_text(&mut self, field: &Field, text: String) {
        let text = cut(text);
        if field.name() == "message" {
            self.message = text;
        } else {
            self.put(field, Value::String(text));
        }
    }
}

/// At most [`TEXT`] bytes of it, whole characters.
fn cut(mut text: String) -> String {
    if text.len() > TEXT {
        let end = (0..=TEXT).rev().find(|at| text.is_char_boundary(*at)).unwrap_or(0);
        text.truncate(end);
        text.push('…');
    }
    text
}

impl Visit for Words {
    fn record_debug(&mut self, field: &Field, value: &dyn fmt::Debug) {
        self.put_text(field, format!("{value:?}"));
    }

    fn record_str(&mut self, field: &Field, value: &str) {
        self.put_text(field, value.to_owned());
    }

    fn record_error(&mut self, field: &Field, value: &(dyn std::error::Error + 'static)) {
        self.put_text(field, chain(value));
    }

    fn record_i64(&mut self, field: &Field, value: i64) {
        self.put(field, value.into());
    }

    fn record_u64(&mut self, field: &Field, value: u64) {
        self.put(field, value.into());
    }

    fn record_f64(&mut self, field: &Field, value: f64) {
        self.put(field, value.into());
    }

    fn record_bool(&mut self, field: &Field, value: bool) {
        self.put(field, value.into());
    }
}

#[cfg(test)]
mod tests {
    use tracing_subscriber::layer::SubscriberExt as _;

    use super::*;

    fn logged(act: impl FnOnce()) -> Tail {
        let tail = Tail::default();
        tracing::subscriber::with_default(tracing_subscriber::registry().with(tail.clone()), act);
        tail
    }

    fn all() -> Wanted {
        Wanted { after: None, level: Level::TRACE, target: String::new(), limit: 10_000 }
    }

    fn messages(told: &Told) -> Vec<&str> {
        told.lines.iter().map(|line| line.message.as_str()).collect()
    }

    #[test]
    fn a_line_is_told_with_its_fields() {
        let tail = logged(|| tracing::warn!(target: "here", count = 7, name = "a", is = true, "it {}", "is"));
        let told = serde_json::to_value(tail.look(&all())).expect("JSON");
        let line = &told["lines"][0];
        assert_eq!((&line["level"], &line["target"]), (&"WARN".into(), &"here".into()));
        assert_eq!(line["message"], "it is");
        assert_eq!(line["fields"], serde_json::json!({ "count": 7, "name": "a", "is": true }));
        assert_eq!(told["next"], line["id"]);
    }

    #[test]
    fn a_reader_goes_on_where_it_was() {
        let tail = logged(|| (0..10).for_each(|number| tracing::info!("{number}")));
        let first = tail.look(&Wanted { limit: 3, ..all() });
        assert_eq!(messages(&first), ["7", "8", "9"]);
        let start = first.next - 10;
        let second = tail.look(&Wanted { after: Some(start), limit: 4, ..all() });
        assert_eq!((messages(&second), second.missed), (vec!["0", "1", "2", "3"], false));
        let third = tail.look(&Wanted { after: Some(second.next), ..all() });
        assert_eq!(messages(&third), ["4", "5", "6", "7", "8", "9"]);
        let end = tail.look(&Wanted { after: Some(third.next), ..all() });
        assert_eq!((end.lines.len(), end.next), (0, third.next));
    }

    #[test]
    fn level_and_target_pick_lines() {
        let tail = logged(|| {
            tracing::debug!(target: "a::b", "1");
            tracing::error!(target: "a::c", "2");
            tracing::warn!(target: "b", "3");
        });
        assert_eq!(messages(&tail.look(&Wanted { level: Level::WARN, ..all() })), ["2", "3"]);
        assert_eq!(messages(&tail.look(&Wanted { target: "a::".to_owned(), ..all() })), ["1", "2"]);
    }

    #[test]
    fn memory_is_bounded_and_a_late_reader_told() {
        let tail = logged(|| {
            let long = "é".repeat(TEXT);
            (0..300).for_each(|_| tracing::info!("{long}"));
        });
        assert!(tail.kept().bytes <= BYTES);
        let told = tail.look(&Wanted { after: Some(0), ..all() });
        assert!(told.missed && told.lines.len() > 100 && told.lines.len() < 300);
        let tail = logged(|| (0..LINES + 5).for_each(|number| tracing::info!("{number}")));
        let told = tail.look(&Wanted { after: Some(0), ..all() });
        assert_eq!((told.lines.len(), messages(&told)[0], told.missed), (LINES, "5", true));
    }

    #[test]
    fn reading_the_log_is_no_news_in_it() {
        let tail = logged(|| {
            tracing::info!(operation = "ReadServerLog", status = 200, "call");
            tracing::info!(operation = "ReadServerLog", status = 403, "refused");
        });
        assert_eq!(messages(&tail.look(&all())), ["refused"]);
    }

    #[test]
    fn what_another_run_numbered_is_behind_this_one() {
        let tail = logged(|| tracing::info!("new"));
        assert_eq!(messages(&tail.look(&Wanted { after: Some(1), ..all() })), ["new"]);
    }
}
