//! The command line: what can be said to the binary and how it is explained.
//!
//! Promise: the flags of `serve` are the table of settings; nothing is spelt twice.

pub(crate) mod bar;
pub(crate) mod output;
pub(crate) mod style;
pub(crate) mod table;

use std::path::PathBuf;

use clap::{Arg, ArgAction, ArgGroup, ArgMatches, Command, value_parser};

use crate::config::{Inputs, SETTINGS, Setting};

/// The whole command line.
pub fn command() -> Command {
    Command::new("rillcast")
        .version(env!("CARGO_PKG_VERSION"))
        .about("Self-hosted live video and chat that speak the wire of Amazon IVS")
        .after_help("Start with `rillcast serve`, then open the line that it prints.")
        .subcommand_required(true)
        .arg_required_else_help(true)
        .subcommand(with_settings(
            Command::new("serve").about("Run the server until SIGTERM or SIGINT"),
            |_| true,
        ))
        .subcommand(config_command())
        .subcommand(keys_command())
        .subcommand(policy_command())
        .subcommand(db_command())
        .subcommand(chat_command())
        .subcommand(events_command())
        .subcommand(recordings_command())
        .subcommand(token_command())
        .subcommand(doctor_command())
}

fn config_command() -> Command {
    Command::new("config")
        .about("Look at the configuration")
        .subcommand_required(true)
        .arg_required_else_help(true)
        .subcommand(with_settings(
            Command::new("check").about("Print what holds and where each value came from; fail if it can't"),
            |_| true,
        ))
        .subcommand(Command::new("full").about("Print a file with every setting, its meaning and default"))
}

fn keys_command() -> Command {
    let id = || Arg::new("id").value_name("KEY-ID").required(true).help("The access key's id");
    let policy = || {
        Arg::new("policy").long("policy").value_name("POLICY").help(
            "What the key may do: a file with an IAM policy document, or admin, read-only or application",
        )
    };
    Command::new("keys")
        .about("Manage the access keys that sign API calls; a running server notices at once")
        .subcommand_required(true)
        .arg_required_else_help(true)
        .subcommand(with_database(
            Command::new("create")
                .visible_alias("add")
                .about("Make a key for the account and print its secret once")
                .arg(policy().default_value("admin"))
                .arg(
                    Arg::new("name")
                        .long("name")
                        .value_name("NAME")
                        .help("What the holder is called in refusals; by default the key's id"),
                ),
        ))
        .subcommand(with_database(Command::new("list").about("List keys, without their secrets")))
        .subcommand(with_database(
            Command::new("policy")
                .about("Print a key's policy, or give it another one")
                .arg(id())
                .arg(policy()),
        ))
        .subcommand(with_database(
            Command::new("disable").about("Refuse a key's calls from now on").arg(id()),
        ))
        .subcommand(with_database(Command::new("enable").about("Accept a disabled key again").arg(id())))
        .subcommand(with_database(Command::new("remove").about("Delete a key for good").arg(id())))
}

fn policy_command() -> Command {
    let named = || Arg::new("policy").value_name("POLICY").required(true);
    let ready = "admin, read-only or application";
    let flag = |name: &'static str, value: &'static str, help: &'static str| {
        Arg::new(name).long(name).value_name(value).required(true).help(help)
    };
    Command::new("policy")
        .about("Look at IAM policies and what they decide")
        .subcommand_required(true)
        .arg_required_else_help(true)
        .subcommand(
            Command::new("show")
                .about("Print a ready-made policy, to be changed and given back with --policy FILE")
                .arg(named().help(ready)),
        )
        .subcommand(
            Command::new("check")
                .about("Say whether a policy is valid, what it decides and why; exit code 1 when it denies")
                .arg(named().help(format!("A file with a policy document, or {ready}")))
                .arg(flag("action", "ACTION", "Such as ivs:GetChannel").required(false).requires("resource"))
                .arg(flag("resource", "ARN", "What is acted on, or *").required(false).requires("action"))
                .arg(
                    Arg::new("context")
                        .long("context")
                        .value_name("KEY=VALUE")
                        .action(ArgAction::Append)
                        .help("A condition key's value, such as aws:SourceIp=10.0.0.1; repeat for more"),
                ),
        )
}

fn db_command() -> Command {
    let file = || Arg::new("file").value_name("FILE").required(true).value_parser(value_parser!(PathBuf));
    Command::new("db")
        .about("Back up and restore the database; also the way from SQLite to PostgreSQL and back")
        .subcommand_required(true)
        .arg_required_else_help(true)
        .subcommand(with_database(
            Command::new("backup")
                .about("Write everything as it stands now to a new file, while the server runs")
                .arg(file().help("Must not exist; only its owner may read it, as it holds secrets")),
        ))
        .subcommand(with_database(
            Command::new("restore")
                .about("Read a backup into an empty database; stop the server first")
                .arg(file().help("A file that `db backup` wrote"))
                .arg(
                    Arg::new("replace")
                        .long("replace")
                        .action(ArgAction::SetTrue)
                        .help("Drop what the database holds"),
                ),
        ))
}

fn chat_command() -> Command {
    Command::new("chat")
        .about("Manage what chat keeps")
        .subcommand_required(true)
        .arg_required_else_help(true)
        .subcommand(with_database(
            Command::new("rotate-key")
                .about("Seal chat tokens with a new key from now on; running servers follow within seconds")
                .arg(
                    Arg::new("revoke")
                        .long("revoke")
                        .action(ArgAction::SetTrue)
                        .help("Make tokens of older keys worthless too, within five minutes; connections that are open stay"),
                ),
        ))
}

fn events_command() -> Command {
    let sink = |help: &'static str| Arg::new("sink").long("sink").value_name("NAME").help(help);
    Command::new("events")
        .about("See how far the event sinks are, and send again what they would not take")
        .subcommand_required(true)
        .arg_required_else_help(true)
        .subcommand(with_database(
            Command::new("sinks").about("List the sinks, what waits for them and what they would not take"),
        ))
        .subcommand(with_database(
            Command::new("dead-letters")
                .about("List the events that were given up, each with the last reason")
                .arg(sink("Of this sink alone"))
                .arg(
                    Arg::new("json")
                        .long("json")
                        .action(ArgAction::SetTrue)
                        .help("A JSON object a line, with the event itself"),
                ),
        ))
        .subcommand(with_database(
            Command::new("redeliver")
                .about("Try dead letters again; running servers begin within seconds")
                .arg(sink("Those of this sink alone"))
                .arg(Arg::new("id").long("id").value_name("EVENT-ID").help("The one of this event"))
                .arg(Arg::new("all").long("all").action(ArgAction::SetTrue).help("All of them"))
                .group(ArgGroup::new("which").args(["id", "all"]).required(true)),
        ))
}

fn recordings_command() -> Command {
    let id = || Arg::new("id").value_name("ID").required(true).help("The recording's id");
    let switch = |name: &'static str, help: &'static str| {
        Arg::new(name).long(name).action(ArgAction::SetTrue).help(help)
    };
    let json = |help: &'static str| switch("json", help);
    Command::new("recordings")
        .about("Look after recordings, on disk and in S3; with running servers or none")
        .subcommand_required(true)
        .arg_required_else_help(true)
        .subcommand(with_buckets(
            Command::new("list")
                .about("List recordings, the newest first")
                .arg(
                    Arg::new("channel").long("channel").value_name("ARN").help("Those of this channel alone"),
                )
                .arg(json("A JSON object a line")),
        ))
        .subcommand(with_buckets(
            Command::new("show")
                .about("Print all that is known of a recording, with the URL that plays it")
                .arg(id())
                .arg(json("As a JSON object")),
        ))
        .subcommand(with_buckets(
            Command::new("verify")
                .about("Check that all of a recording is there, plays and has no gap; exit code 1 when not")
                .arg(id().required(false))
                .arg(switch("all", "All of them"))
                .arg(json("A JSON object a line"))
                .group(ArgGroup::new("which").args(["id", "all"]).required(true)),
        ))
        .subcommand(with_buckets(
            Command::new("export")
                .about("Write a recording to one MP4 file, nothing coded anew")
                .arg(id())
                .arg(
                    Arg::new("file")
                        .value_name("FILE")
                        .required(true)
                        .value_parser(value_parser!(PathBuf))
                        .help("The file, which appears when it is whole"),
                )
                .arg(
                    Arg::new("rendition")
                        .long("rendition")
                        .value_name("NAME")
                        .help("Such as 480p30; by default the highest"),
                )
                .arg(switch("force", "Replace a file that is there")),
        ))
        .subcommand(with_buckets(
            Command::new("remove")
                .about("Remove a recording for good: its objects and what is known of it")
                .arg(id())
                .arg(switch("yes", "Don't ask"))
                .arg(switch(
                    "force",
                    "Also one that its server has not finished, when that server is gone for good",
                )),
        ))
}

fn token_command() -> Command {
    let flag = |name: &'static str, value: &'static str, help: &'static str| {
        Arg::new(name).long(name).value_name(value).help(help)
    };
    let switch = |name: &'static str, help: &'static str| {
        Arg::new(name).long(name).action(ArgAction::SetTrue).help(help)
    };
    Command::new("token")
        .about("Sign a playback token for a private channel, to try it; no server is needed")
        .arg(flag("channel", "ARN", "The channel that the token opens").required(true))
        .arg(flag("key", "FILE", "The private key (PEM) whose public half was imported").required(true))
        .arg(
            flag("ttl", "TIME", "How long it opens anything: seconds, or such as 10m or 2h")
                .default_value("10m"),
        )
        .arg(flag("viewer-id", "TEXT", "Who watches, so that the session can be revoked"))
        .arg(
            flag("session-version", "NUMBER", "Which of the viewer's sessions it is")
                .value_parser(value_parser!(i64))
                .allow_negative_numbers(true),
        )
        .arg(switch("single-use", "It opens once"))
        .arg(
            flag("origin", "ORIGIN", "A page that may play, such as https://*.example.com; repeat for more")
                .action(ArgAction::Append),
        )
        .arg(switch("strict-origin", "Requests without such an Origin are refused, all of them"))
        .arg(flag("max-resolution", "NAME", "The largest rendition: SD, HD or FULL_HD"))
        .arg(flag(
            "url",
            "BASE",
            "Print the URL to play instead, on this server, such as http://127.0.0.1:8080",
        ))
}

fn doctor_command() -> Command {
    let doctor = Command::new("doctor")
        .about("Try what this machine can do of what is configured; exit code 1 when something does not work")
        .args(output::flags())
        .arg(
            Arg::new("quick")
                .long("quick")
                .action(ArgAction::SetTrue)
                .help("Leave out what takes long: the measurement of the encoders"),
        );
    with_settings(doctor, |_| true)
}

/// With the settings that say which database, and whose keys.
fn with_database(command: Command) -> Command {
    with_settings(command, |setting| matches!(setting.key, "data_dir" | "database" | "account" | "region"))
}

/// With the settings that say which database, which buckets, and where they are reached.
fn with_buckets(command: Command) -> Command {
    const KEYS: &[&str] = &[
        "data_dir",
        "database",
        "account",
        "region",
        "http",
        "public_url",
        "buckets",
        "s3_endpoint",
        "s3_region",
        "s3_path_style",
        "aws_access_key",
        "aws_secret_key",
    ];
    with_settings(command, |setting| KEYS.contains(&setting.key))
}

fn with_settings(command: Command, wanted: fn(&Setting) -> bool) -> Command {
    let flag = |setting: &Setting| {
        let help = match setting.default {
            Some(default) => format!("{} [{}] [default: {default}]", setting.help, setting.env()),
            None => format!("{} [{}]", setting.help, setting.env()),
        };
        Arg::new(setting.key).long(setting.flag()).value_name(setting.value).help(help)
    };
    let file = Arg::new("config")
        .long("config")
        .value_name("FILE")
        .value_parser(value_parser!(PathBuf))
        .help("Configuration file [RILLCAST_CONFIG] [default: rillcast.toml, if it is there]");
    command.arg(file).args(SETTINGS.iter().filter(|setting| wanted(setting)).map(flag))
}

/// The places that a command's configuration comes from.
pub fn inputs<'a>(matches: &ArgMatches, env: &'a [(String, String)]) -> Inputs<'a> {
    let named = |(name, file): &(String, String)| (name == "RILLCAST_CONFIG").then(|| PathBuf::from(file));
    let given = |setting: &Setting| {
        let text = matches.try_get_one::<String>(setting.key).ok().flatten()?;
        Some((setting.key, text.clone()))
    };
    Inputs {
        file: matches.get_one("config").cloned().or_else(|| env.iter().find_map(named)),
        env,
        flags: SETTINGS.iter().filter_map(given).collect(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_command_line_is_consistent() {
        command().debug_assert();
    }

    #[test]
    fn the_flags_that_scripts_rely_on_stand() {
        let words = [
            "rillcast",
            "serve",
            "--data-dir",
            "d",
            "--http",
            "127.0.0.1:0",
            "--rtmp",
            "127.0.0.1:0",
            "--rtmps",
            "127.0.0.1:0",
            "--ready-file",
            "r",
        ];
        let matches = command().try_get_matches_from(words).expect("accepted");
        let (_, serve) = matches.subcommand().expect("a subcommand");
        assert_eq!(inputs(serve, &[]).flags.len(), 5);
    }
}
