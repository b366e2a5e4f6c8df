//! Commands about the server itself: run it, look at it, set it up.
//!
//! Promise: each says what it is for, and shows it.

use std::path::PathBuf;

use clap::{Arg, ArgAction, ArgGroup, Command, value_parser};
use clap_complete::Shell;

use super::words::{EXIT_CODES, Lesson};
use super::{output, with_database, with_settings};

pub(super) fn serve() -> Command {
    let command = Command::new("serve").about("Run the server until SIGTERM or SIGINT").long_about(
        "Run the server until SIGTERM or SIGINT.\n\nThe first start makes the data folder, an access key and the file \
         `credentials` with it, in the form that AWS's tools read. The settings below may as well stand in \
         rillcast.toml or in the environment; `rillcast config check` tells which hold.",
    );
    let lesson = Lesson::of(&[
        ("rillcast serve", "On this machine alone; prints what to open"),
        (
            "rillcast serve --http 0.0.0.0:8080 --rtmp 0.0.0.0:1935 --public-url http://10.1.2.3:8080",
            "For a local network",
        ),
        ("rillcast serve --config /etc/rillcast.toml", "As a service does it"),
    ]);
    let lesson = lesson
        .see("rillcast config full, rillcast doctor, rillcast status; -h lists few settings, --help all");
    with_settings(command.after_help(lesson), |_| true)
}

pub(super) fn config() -> Command {
    let check = Command::new("check")
        .about("Print what holds and where each value came from; fail if it can't")
        .args(output::flags())
        .after_help(
            Lesson::of(&[
                ("rillcast config check", "All settings, with their origins"),
                (
                    "rillcast config check --config /etc/rillcast.toml >/dev/null",
                    "Before a restart: exit code 2 when it can't be used",
                ),
                (
                    "rillcast config check --output json | jq 'select(.key == \"http\")'",
                    "One of them, for a program",
                ),
            ])
            .see("rillcast config full, rillcast doctor"),
        );
    let full =
        Command::new("full").about("Print a file with every setting, its meaning and default").after_help(
            Lesson::of(&[(
                "rillcast config full > rillcast.toml",
                "A file to begin with: all lines are comments",
            )])
            .see("rillcast config check"),
        );
    parent(Command::new("config").about("Look at the configuration"))
        .subcommand(with_settings(check, |_| true))
        .subcommand(full)
}

pub(super) fn database() -> Command {
    let file = || Arg::new("file").value_name("FILE").required(true).value_parser(value_parser!(PathBuf));
    let backup = Command::new("backup")
        .about("Write everything as it stands now to a new file, while the server runs")
        .arg(file().help("Must not exist; only its owner may read it, as it holds secrets"))
        .after_help(
            Lesson::of(&[(
                "rillcast db backup \"rillcast-$(date +%F).jsonl\"",
                "Each night, by cron or a timer",
            )])
            .see("rillcast db restore"),
        );
    let restore = Command::new("restore")
        .about("Read a backup into an empty database; stop the server first")
        .arg(file().help("A file that `db backup` wrote"))
        .arg(switch("replace", "Drop what the database holds"))
        .after_help(
            Lesson::of(&[
                ("rillcast db restore backup.jsonl", "Into a new data folder"),
                (
                    "rillcast db restore backup.jsonl --database postgres://me:secret@db/rillcast",
                    "From SQLite to PostgreSQL",
                ),
            ])
            .see("rillcast db backup"),
        );
    parent(
        Command::new("db")
            .about("Back up and restore the database; also the way from SQLite to PostgreSQL and back"),
    )
    .subcommand(with_database(backup))
    .subcommand(with_database(restore))
}

pub(super) fn chat() -> Command {
    let rotate = Command::new("rotate-key")
        .about("Seal chat tokens with a new key from now on; running servers follow within seconds")
        .arg(switch(
            "revoke",
            "Make tokens of older keys worthless too, within five minutes; connections that are open stay",
        ))
        .after_help(Lesson::of(&[
            ("rillcast chat rotate-key", "Ahead of time; the server does it each day by itself"),
            ("rillcast chat rotate-key --revoke", "When a key may be known to others"),
        ]));
    parent(Command::new("chat").about("Manage what chat keeps")).subcommand(with_database(rotate))
}

pub(super) fn doctor() -> Command {
    let doctor = Command::new("doctor")
        .about("Try what is configured on this machine, and say what to do about the rest")
        .long_about(
            "Try what is configured on this machine, and say what to do about the rest: listeners, certificate, disk, \
             clock, database, NATS, buckets, event sinks, destinations of chat logs, message review handlers, limits \
             of the system, ffmpeg and its encoders.\n\nIt works before the first start and beside a running server, \
             with the settings that the server has. Each look ends within ten seconds. Exit code 1 when something \
             that is configured does not work.",
        )
        .args(output::flags())
        .arg(switch("quick", "Leave out what takes long: the measurement of the encoders"))
        .after_help(
            Lesson::of(&[
                ("rillcast doctor", "Everything, with the settings that hold here"),
                ("rillcast doctor --quick --config /etc/rillcast.toml", "In seconds, for the service's settings"),
                ("rillcast doctor --output json | jq '.findings[] | select(.outcome != \"ok\")'", "For a program"),
            ])
            .see("rillcast config check, rillcast status, rillcast help exit-codes"),
        );
    with_settings(doctor, |_| true)
}

pub(super) fn status() -> Command {
    const KEYS: &[&str] = &["data_dir", "http", "region"];
    let status = Command::new("status")
        .about("Ask a running server what it is and what is on air")
        .arg(
            Arg::new("url")
                .long("url")
                .value_name("URL")
                .help("The server; by default the one that the settings name, on this machine"),
        )
        .arg(
            Arg::new("credentials")
                .long("credentials")
                .value_name("FILE")
                .value_parser(value_parser!(PathBuf))
                .help("AWS credentials file, profile default; by default the one in the data folder"),
        )
        .args(output::flags())
        .after_help(
            Lesson::of(&[
                ("rillcast status", "The server of this data folder"),
                (
                    "rillcast status --url https://video.example.com --credentials ~/.aws/credentials",
                    "One elsewhere",
                ),
            ])
            .see("rillcast doctor"),
        );
    with_settings(status, |setting| KEYS.contains(&setting.key))
}

pub(super) fn completions() -> Command {
    Command::new("completions")
        .about("Print what a shell needs to complete commands and flags")
        .arg(
            Arg::new("shell")
                .value_name("SHELL")
                .required(true)
                .value_parser(value_parser!(Shell))
                .help("Which shell"),
        )
        .after_help(Lesson::of(&[
            ("source <(rillcast completions bash)", "For this session of bash"),
            (
                "rillcast completions bash > ~/.local/share/bash-completion/completions/rillcast",
                "For all sessions to come",
            ),
            ("rillcast completions zsh > ~/.zfunc/_rillcast", "zsh, with ~/.zfunc in fpath"),
            ("rillcast completions fish > ~/.config/fish/completions/rillcast.fish", "fish"),
        ]))
}

pub(super) fn man() -> Command {
    Command::new("man")
        .about("Print the manual page, or write the pages of all commands to a folder")
        .arg(
            Arg::new("dir")
                .value_name("DIR")
                .value_parser(value_parser!(PathBuf))
                .help("Folder for the pages, which is made; without it the page of `rillcast` is printed"),
        )
        .after_help(Lesson::of(&[
            ("rillcast man | man -l -", "Read it"),
            ("rillcast man /usr/local/share/man/man1", "Install all pages: man rillcast-keys-create"),
        ]))
}

/// A topic of `help` that can be asked for as a command.
pub(super) fn exit_codes() -> Command {
    Command::new("exit-codes").about("What exit codes mean").hide(true).after_help(EXIT_CODES)
}

/// A command that is nothing without one of its own.
pub(super) fn parent(command: Command) -> Command {
    command.subcommand_required(true).arg_required_else_help(true)
}

pub(super) fn switch(name: &'static str, help: &'static str) -> Arg {
    Arg::new(name).long(name).action(ArgAction::SetTrue).help(help)
}

/// One of these must be given.
pub(super) fn one_of<const N: usize>(names: [&'static str; N]) -> ArgGroup {
    ArgGroup::new("which").args(names).required(true)
}
