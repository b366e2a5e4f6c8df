//! Which version of the program is installed.
//!
//! Promise: only a version that is known to be too old is refused; builds with a name of their own are tried.

use std::path::Path;
use std::process::Stdio;

use tokio::process::Command;

use crate::worker::Confinement;
use crate::{Config, Error};

/// The first that has `-fps_mode`.
const OLDEST: (u32, u32) = (5, 1);

pub(super) async fn installed(config: &Config, confinement: &Confinement) -> Result<String, Error> {
    let program = |cause| Error::Program { program: config.ffmpeg.display().to_string(), cause };
    is_runnable(&config.ffmpeg).await.map_err(program)?;
    let mut command = Command::from(confinement.command(&config.ffmpeg));
    command.arg("-version").stdout(Stdio::piped()).stderr(Stdio::piped()).kill_on_drop(true);
    let output = command.output().await.map_err(program)?;
    if !output.status.success() {
        let words = String::from_utf8_lossy(&output.stderr);
        let last_words = words.lines().last().unwrap_or_default().to_owned();
        return Err(Error::Ended { status: output.status.to_string(), last_words });
    }
    let said = String::from_utf8_lossy(&output.stdout);
    let version = told(&said).ok_or_else(|| Error::Unfit("it does not say that it is ffmpeg".to_owned()))?;
    match numbers(version) {
        Some(numbers) if numbers < OLDEST => Err(Error::TooOld { version: version.to_owned() }),
        _ => Ok(version.to_owned()),
    }
}

/// Can it be started at all? Where programs stand before it that confine it, these would be what is there.
async fn is_runnable(program: &Path) -> std::io::Result<()> {
    let mut command = Command::new(program);
    command.arg("-version").stdin(Stdio::null()).stdout(Stdio::null()).stderr(Stdio::null());
    command.kill_on_drop(true).status().await.map(drop)
}

/// `5.1.9` of `ffmpeg version 5.1.9-0+deb12u1 Copyright …`; a build of its own is told whole.
fn told(said: &str) -> Option<&str> {
    let word = said.strip_prefix("ffmpeg version ")?.split_ascii_whitespace().next()?;
    let release = word.strip_prefix('n').unwrap_or(word);
    let digits =
        release.find(|letter: char| !letter.is_ascii_digit() && letter != '.').unwrap_or(release.len());
    let number = release.get(..digits)?.trim_end_matches('.');
    Some(if number.contains('.') { number } else { word })
}

fn numbers(version: &str) -> Option<(u32, u32)> {
    let mut parts = version.split('.').map(str::parse);
    Some((parts.next()?.ok()?, parts.next()?.ok()?))
}

#[cfg(test)]
mod tests {
    use super::{numbers, told};

    #[test]
    fn the_number_of_a_release_is_told_without_its_packagers_words() {
        let of = |word: &str| {
            told(&format!("ffmpeg version {word} Copyright (c) 2000-2026\nbuilt with")).map(str::to_owned)
        };
        assert_eq!(of("5.1.9-0+deb12u1").as_deref(), Some("5.1.9"));
        assert_eq!(of("n6.0").as_deref(), Some("6.0"));
        assert_eq!(of("7.0.2-static").as_deref(), Some("7.0.2"));
        assert_eq!(of("N-117000-g1234abcd").as_deref(), Some("N-117000-g1234abcd"));
        assert_eq!(of("2026-01-01-git-abc").as_deref(), Some("2026-01-01-git-abc"));
        assert_eq!(told("bash: ffmpeg: not found"), None);
        assert_eq!(told(""), None);
    }

    #[test]
    fn builds_without_a_number_have_none_to_be_too_old_by() {
        assert_eq!(numbers("4.4.2"), Some((4, 4)));
        assert_eq!(numbers("5.1"), Some((5, 1)));
        assert_eq!(numbers("N-117000-g1234abcd"), None);
        assert_eq!(numbers("2026-01-01-git-abc"), None);
    }
}
