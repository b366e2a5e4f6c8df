//! `GET logs`: the newest lines of this server's log, and those that come.
//!
//! | in the query | is |
//! | --- | --- |
//! | `after` | a line's `id`, or `next` of an answer: lines behind it, the oldest first; without it the newest there are |
//! | `level` | `error`, `warn`, `info`, `debug` or `trace`: lines as grave as this or graver; without it all |
//! | `target` | how the target of a line begins, such as `ingest` |
//! | `limit` | so many lines at most, 1 to 2000; 500 without it |
//! | `wait` | seconds to wait for a line when there is none, 0 to 25 |
//!
//! The log tells of all accounts, so only keys of the server's own account read it. It is one server's: of several on
//! one database each has its own.
//!
//! Promise: an answer comes within the time that was asked for, and at once when the server closes.

use std::time::Duration;

use api::{Admitted, ApiError};
use http::request::Parts;
use tokio::time::{Instant, timeout_at};
use tokio_util::sync::CancellationToken;
use tracing::Level;

use super::{House, query};
use crate::telemetry::{Told, Wanted};

/// Longest text of `target`.
const TARGET: usize = 256;
/// Most lines of an answer.
const MOST: usize = 2_000;
/// Lines of an answer when nobody says how many.
const USUAL: usize = 500;
/// Longest wait in seconds.
const PATIENCE: u64 = 25;

/// Lines of the log.
pub(super) async fn logs(
    house: &House,
    admitted: &Admitted,
    closing: &CancellationToken,
) -> Result<Told, ApiError> {
    if admitted.call.principal.account != house.config.account {
        return Err(ApiError::AccessDenied(
            "The server log is for keys of the server's own account".to_owned(),
        ));
    }
    let (mut wanted, wait) = read(&admitted.parts)?;
    let until = Instant::now() + wait;
    let mut news = house.log.news();
    loop {
        news.mark_unchanged();
        let told = house.log.look(&wanted);
        if !told.lines.is_empty() || told.missed {
            return Ok(told);
        }
        // What was looked at once is not looked at again.
        wanted.after = Some(told.next);
        let waited = closing.run_until_cancelled(timeout_at(until, news.changed())).await;
        if !matches!(waited, Some(Ok(Ok(())))) {
            return Ok(told);
        }
    }
}

fn read(parts: &Parts) -> Result<(Wanted, Duration), ApiError> {
    only(parts, &["after", "level", "target", "limit", "wait"])?;
    let refuse = |name: &str, what: &str| ApiError::Validation(format!("{name}: {what}"));
    let number = |name: &str, least: u64, most: u64| {
        let Some(text) = query::find(parts, name) else { return Ok(None) };
        let number = text.parse().ok().filter(|number| (least..=most).contains(number));
        number.map(Some).ok_or_else(|| refuse(name, &format!("a whole number from {least} to {most}")))
    };
    let level = match query::find(parts, "level").as_deref() {
        None | Some("trace") => Level::TRACE,
        Some("debug") => Level::DEBUG,
        Some("info") => Level::INFO,
        Some("warn") => Level::WARN,
        Some("error") => Level::ERROR,
        Some(_) => return Err(refuse("level", "error, warn, info, debug or trace")),
    };
    let target = query::find(parts, "target").unwrap_or_default();
    if target.len() > TARGET {
        return Err(refuse("target", &format!("at most {TARGET} characters")));
    }
    let most = u64::try_from(MOST).unwrap_or(u64::MAX);
    let limit = number("limit", 1, most)?.and_then(|limit| usize::try_from(limit).ok()).unwrap_or(USUAL);
    let wait = Duration::from_secs(number("wait", 0, PATIENCE)?.unwrap_or(0));
    // Numbers that browsers can hold.
    let after = number("after", 0, (1 << 53) - 1)?;
    Ok((Wanted { after, level, target, limit }, wait))
}

/// A slip in a name must not look like a filter that holds.
fn only(parts: &Parts, names: &[&str]) -> Result<(), ApiError> {
    let pairs = parts.uri.query().unwrap_or_default().split('&').filter(|pair| !pair.is_empty());
    for pair in pairs {
        let name = pair.split('=').next().unwrap_or_default();
        if !names.contains(&name) {
            return Err(ApiError::Validation(format!("the query has `{}` at most", names.join("`, `"))));
        }
    }
    Ok(())
}
