//! Commands about what was made: events and recordings.
//!
//! Promise: each says what it is for, and shows it.

use std::path::PathBuf;

use clap::{Arg, Command, value_parser};

use super::house::{one_of, parent, switch};
use super::words::Lesson;
use super::{output, with_buckets, with_database};

pub(super) fn events() -> Command {
    let sink = |help: &'static str| Arg::new("sink").long("sink").value_name("NAME").help(help);
    let sinks = Command::new("sinks")
        .about("List the sinks, what waits for them and what they would not take")
        .args(output::flags())
        .after_help(
            Lesson::of(&[("rillcast events sinks", "Is anything behind?")])
                .see("rillcast events dead-letters"),
        );
    let letters = Command::new("dead-letters")
        .about("List the events that were given up, each with the last reason")
        .arg(sink("Of this sink alone"))
        .args(output::flags())
        .after_help(
            Lesson::of(&[
                ("rillcast events dead-letters --sink billing", "What one of them would not take"),
                ("rillcast events dead-letters --output json | jq .event", "The events themselves"),
            ])
            .see("rillcast events redeliver"),
        );
    let redeliver = Command::new("redeliver")
        .about("Try dead letters again; running servers begin within seconds")
        .arg(sink("Those of this sink alone"))
        .arg(Arg::new("id").long("id").value_name("EVENT-ID").help("The one of this event"))
        .arg(switch("all", "All of them"))
        .group(one_of(["id", "all"]))
        .after_help(
            Lesson::of(&[("rillcast events redeliver --sink billing --all", "When the sink is well again")])
                .see("rillcast events dead-letters"),
        );
    parent(
        Command::new("events")
            .about("See how far the event sinks are, and send again what they would not take"),
    )
    .subcommand(with_database(sinks))
    .subcommand(with_database(letters))
    .subcommand(with_database(redeliver))
}

pub(super) fn recordings() -> Command {
    parent(
        Command::new("recordings")
            .about("Look after recordings, on disk and in S3; with running servers or none"),
    )
    .subcommand(with_buckets(list()))
    .subcommand(with_buckets(show()))
    .subcommand(with_buckets(verify()))
    .subcommand(with_buckets(export()))
    .subcommand(with_buckets(remove()))
}

fn id() -> Arg {
    Arg::new("id").value_name("ID").required(true).help("The recording's id")
}

fn list() -> Command {
    Command::new("list")
        .about("List recordings, the newest first")
        .arg(Arg::new("channel").long("channel").value_name("ARN").help("Those of this channel alone"))
        .args(output::flags())
        .after_help(
            Lesson::of(&[
                ("rillcast recordings list | head -20", "The newest"),
                (
                    "rillcast recordings list --output json | jq -s 'map(.bytes) | add'",
                    "What they take together",
                ),
            ])
            .see("rillcast recordings show"),
        )
}

fn show() -> Command {
    Command::new("show")
        .about("Print all that is known of a recording, with the URL that plays it")
        .arg(id())
        .args(output::flags())
        .after_help(
            Lesson::of(&[("rillcast recordings show wPG7Ofo2Iuc1", "Where it is and how it ended")])
                .see("rillcast recordings verify, rillcast recordings export"),
        )
}

fn verify() -> Command {
    Command::new("verify")
        .about("Check that all of a recording is there, plays and has no gap; exit code 1 when not")
        .arg(id().required(false))
        .arg(switch("all", "All of them"))
        .args(output::flags())
        .group(one_of(["id", "all"]))
        .after_help(
            Lesson::of(&[
                ("rillcast recordings verify wPG7Ofo2Iuc1", "One of them"),
                ("rillcast recordings verify --all", "After a disk was in trouble"),
            ])
            .see("rillcast recordings list"),
        )
}

fn export() -> Command {
    let file = Arg::new("file")
        .value_name("FILE")
        .required(true)
        .value_parser(value_parser!(PathBuf))
        .help("The file, which appears when it is whole");
    let rendition = Arg::new("rendition")
        .long("rendition")
        .value_name("NAME")
        .help("Such as 480p30; by default the highest");
    Command::new("export")
        .about("Write a recording to one MP4 file, nothing coded anew")
        .arg(id())
        .arg(file)
        .arg(rendition)
        .arg(switch("force", "Replace a file that is there"))
        .after_help(
            Lesson::of(&[("rillcast recordings export wPG7Ofo2Iuc1 show.mp4", "For an editor, or to keep")])
                .see("rillcast recordings show"),
        )
}

fn remove() -> Command {
    Command::new("remove")
        .about("Remove recordings for good: their objects and what is known of them")
        .arg(id().num_args(1..).help("The recordings' ids"))
        .arg(switch("yes", "Don't ask"))
        .arg(switch("force", "Also one that its server has not finished, when that server is gone for good"))
        .after_help(
            Lesson::of(&[
                ("rillcast recordings remove wPG7Ofo2Iuc1", "One of them; asks first"),
                (
                    "rillcast recordings list -o json | jq -r .id | xargs rillcast recordings remove --yes",
                    "All there are",
                ),
            ])
            .see("rillcast recordings list"),
        )
}
