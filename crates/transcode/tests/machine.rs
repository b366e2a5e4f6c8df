//! The machine as it is examined, with the installed `ffmpeg`.
//!
//! Promise: an installation that workers can't use is told from one that they can, in words that help.

use std::error::Error as _;
use std::os::unix::fs::PermissionsExt;
use std::path::{Path, PathBuf};

use transcode::{Config, Confinement, Encoder, Error, Film, Machine};

async fn examined(config: &Config) -> Result<Machine, Error> {
    Machine::examine(config, &Confinement::found(config).await).await
}

/// A program that does what this script says.
fn program(folder: &Path, script: &str) -> PathBuf {
    let path = folder.join("ffmpeg");
    std::fs::write(&path, format!("#!/bin/sh\n{script}\n")).expect("the folder can be written to");
    std::fs::set_permissions(&path, std::fs::Permissions::from_mode(0o755)).expect("it is ours");
    // Whoever workers run as may come here.
    std::fs::set_permissions(folder, std::fs::Permissions::from_mode(0o755)).expect("it is ours");
    path
}

fn told(error: &Error) -> String {
    let cause = error.source().map(|cause| format!(": {cause}")).unwrap_or_default();
    format!("{error}{cause}")
}

#[tokio::test]
async fn the_installed_program_is_fit_and_is_measured() {
    let machine = examined(&Config::default()).await.expect("ffmpeg with libx264 is installed");
    assert!(machine.version.starts_with(|letter: char| letter.is_ascii_digit()), "{}", machine.version);
    assert_eq!(machine.trial.fault(), None);
    assert!(machine.trial.checks.len() >= 7, "{:?}", machine.trial.checks);
    // A core of this century codes a small ladder in real time at least, and none codes a hundred of the largest.
    let a_core = machine.trial.pixels_a_core().expect("Linux tells processor time");
    assert!((4_000_000..8_000_000_000).contains(&a_core), "{a_core}");
    let cores = std::thread::available_parallelism().expect("Linux tells").get() as u64;
    assert_eq!(machine.capacity, a_core * cores / 100 * 80);
}

#[tokio::test]
async fn an_encoder_that_may_look_ahead_and_reorder_is_fit_too() {
    let machine = examined(&Config { lookahead: 8, b_frames: 2, ..Config::default() }).await;
    assert_eq!(machine.expect("ffmpeg with libx264 is installed").trial.fault(), None);
}

#[tokio::test]
async fn a_speed_that_the_encoder_does_not_know_is_told() {
    let config = Config { speed: "nonsense".to_owned(), ..Config::default() };
    let error = examined(&config).await.expect_err("x264 does not know it");
    assert!(told(&error).starts_with("x264 can't be used: "), "{}", told(&error));
    assert!(told(&error).contains("nonsense"), "{}", told(&error));
}

#[tokio::test]
async fn an_encoder_that_is_not_here_is_told_by_what_ffmpeg_said_first() {
    let config = Config { encoder: Encoder::V4l2, ..Config::default() };
    let confinement = Confinement::found(&config).await;
    let film = Film::make(&config, &confinement).await.expect("libx264 makes it");
    let error = Machine::try_out(&config, &confinement, &film).await.expect_err("there is no such device");
    assert_eq!(told(&error), "v4l2 can't be used: Could not find a valid device");
}

#[tokio::test]
async fn a_program_that_is_not_there_is_told_by_its_name() {
    let config = Config { ffmpeg: PathBuf::from("/nowhere/ffmpeg"), ..Config::default() };
    let error = examined(&config).await.expect_err("there is nothing");
    assert_eq!(told(&error), "`/nowhere/ffmpeg` can't be run: No such file or directory (os error 2)");
}

#[tokio::test]
async fn a_program_that_is_too_old_is_told_its_age() {
    let folder = tempfile::tempdir().expect("a folder can be made");
    let ffmpeg = program(folder.path(), "echo 'ffmpeg version 4.4.2-0ubuntu0.22.04.1 Copyright'");
    let error = examined(&Config { ffmpeg, ..Config::default() }).await.expect_err("it is too old");
    assert_eq!(told(&error), "ffmpeg 4.4.2 is too old: 5.1 or newer is needed");
}

#[tokio::test]
async fn what_is_no_ffmpeg_is_told_so() {
    let folder = tempfile::tempdir().expect("a folder can be made");
    let ffmpeg = program(folder.path(), "echo hello");
    let error = examined(&Config { ffmpeg, ..Config::default() }).await.expect_err("it only says hello");
    assert_eq!(told(&error), "the installed ffmpeg can't be used: it does not say that it is ffmpeg");
    let ffmpeg = program(folder.path(), "echo no such luck >&2; exit 3");
    let error = examined(&Config { ffmpeg, ..Config::default() }).await.expect_err("it fails");
    assert_eq!(told(&error), "the worker ended (exit status: 3): no such luck");
}

#[tokio::test]
async fn a_program_that_leaves_keyframes_out_is_found_unfit() {
    let folder = tempfile::tempdir().expect("a folder can be made");
    // It forgets what it was told about keyframes, but where it makes the film.
    let script = "case \"$*\" in\n*lavfi*|*-version*) exec ffmpeg \"$@\";;\nesac\n\
                  for word do shift; [ \"$word\" = source ] && word=expr:eq\\(n,0\\); set -- \"$@\" \"$word\"; done\n\
                  exec ffmpeg \"$@\"";
    let ffmpeg = program(folder.path(), script);
    let error = examined(&Config { ffmpeg, ..Config::default() }).await.expect_err("keyframes are missing");
    assert!(told(&error).contains("720p60 has keyframes at [0.0"), "{}", told(&error));
}
