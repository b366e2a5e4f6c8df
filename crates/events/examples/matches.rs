//! Says of each line `{"pattern": …, "event": …}` whether they match: `true`, `false`, or why the pattern is none.
//!
//! Promise: one line out for each line in, so that another matcher can be asked the same.

use std::io::{BufRead as _, Write as _};

use events::Pattern;
use serde_json::Value;

fn main() -> std::io::Result<()> {
    let mut out = std::io::stdout().lock();
    for line in std::io::stdin().lock().lines() {
        let asked: Value = serde_json::from_str(&line?)?;
        match Pattern::parse(&asked["pattern"].to_string()) {
            Ok(pattern) => writeln!(out, "{}", pattern.matches(&asked["event"]))?,
            Err(error) => writeln!(out, "{error}")?,
        }
    }
    Ok(())
}
