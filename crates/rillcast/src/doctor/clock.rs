//! The clock: signatures, tokens and certificates are judged by it.
//!
//! Promise: what can't be told is not guessed.

use std::path::Path;

use tokio::process::Command;

use super::finding::Found;

const ADVICE: &str = "Let the clock follow others: `timedatectl set-ntp true`, or install chrony. Signed calls are \
                      refused when it is 5 minutes wrong.";
/// systemd-timesyncd touches it when it has set the clock.
const SET: &str = "/run/systemd/timesync/synchronized";

pub(super) async fn look() -> Found {
    if Path::new(SET).exists() {
        return Found::ok("set by systemd-timesyncd");
    }
    if let Some(told) = told("chronyc", &["-n", "tracking"]).await
        && let Some(status) = told.lines().find_map(|line| line.strip_prefix("Leap status"))
    {
        let status = status.trim_matches([' ', '\t', ':']);
        return if status == "Not synchronised" {
            Found::warn("chrony runs and has not set it yet", ADVICE)
        } else {
            Found::ok("set by chrony")
        };
    }
    match told("timedatectl", &["show", "--property=NTPSynchronized", "--value"]).await.as_deref() {
        Some("yes") => Found::ok("synchronised, says the kernel"),
        Some("no") => Found::warn("nothing sets it, says the kernel", ADVICE),
        _ => Found::skip("no program here tells whether it is set; in a container it is the host's"),
    }
}

/// What a program prints, if it ends well.
async fn told(program: &str, words: &[&str]) -> Option<String> {
    let done = Command::new(program).args(words).kill_on_drop(true).output().await.ok()?;
    done.status.success().then(|| String::from_utf8_lossy(&done.stdout).trim().to_owned())
}
