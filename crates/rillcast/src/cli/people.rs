//! Commands about who may do what: access keys, policies, playback tokens.
//!
//! Promise: each says what it is for, and shows it.

use clap::{Arg, ArgAction, Command, value_parser};

use super::house::{parent, switch};
use super::words::Lesson;
use super::{output, with_database};

const READY: &str = "admin, read-only or application";

pub(super) fn keys() -> Command {
    let id = || Arg::new("id").value_name("KEY-ID").required(true).help("The access key's id");
    let policy = || {
        Arg::new("policy").long("policy").value_name("POLICY").help(
            "What the key may do: a file with an IAM policy document, or admin, read-only or application",
        )
    };
    let create = Command::new("create")
        .visible_alias("add")
        .about("Make a key for the account and print its secret once")
        .arg(policy().default_value("admin"))
        .arg(
            Arg::new("name")
                .long("name")
                .value_name("NAME")
                .help("What the holder is called in refusals; by default the key's id"),
        )
        .args(output::flags())
        .after_help(
            Lesson::of(&[
                (
                    "rillcast keys create --name backend --policy application >> ~/.aws/credentials",
                    "For an application",
                ),
                ("rillcast keys create --name grafana --policy read-only", "For one who only looks"),
            ])
            .see("rillcast policy show, rillcast keys list"),
        );
    let list =
        Command::new("list").about("List keys, without their secrets").args(output::flags()).after_help(
            Lesson::of(&[("rillcast keys list", "Who has a key, and what it may do")])
                .see("rillcast keys policy, rillcast keys disable"),
        );
    let change = Command::new("policy")
        .about("Print a key's policy, or give it another one")
        .arg(id())
        .arg(policy())
        .after_help(
            Lesson::of(&[
                ("rillcast keys policy RILLEXAMPLEKEYID0000", "Print it"),
                ("rillcast keys policy RILLEXAMPLEKEYID0000 --policy read-only", "Change it, at once"),
            ])
            .see("rillcast policy check"),
        );
    let simple = |name: &'static str, about: &'static str, what: &str, see: &str| {
        let example = format!("rillcast keys {name} RILLEXAMPLEKEYID0000");
        Command::new(name).about(about).arg(id()).after_help(Lesson::of(&[(&example, what)]).see(see))
    };
    let disable = simple(
        "disable",
        "Refuse a key's calls from now on",
        "When it may be in the wrong hands",
        "rillcast keys enable",
    );
    let enable = simple("enable", "Accept a disabled key again", "When it was not", "rillcast keys disable");
    let remove =
        simple("remove", "Delete a key for good", "When nobody uses it any more", "rillcast keys disable");
    parent(
        Command::new("keys")
            .about("Manage the access keys that sign API calls; a running server notices at once"),
    )
    .subcommand(with_database(create))
    .subcommand(with_database(list))
    .subcommand(with_database(change))
    .subcommand(with_database(disable))
    .subcommand(with_database(enable))
    .subcommand(with_database(remove))
}

pub(super) fn policy() -> Command {
    let named = || Arg::new("policy").value_name("POLICY").required(true);
    let flag = |name: &'static str, value: &'static str, help: &'static str| {
        Arg::new(name).long(name).value_name(value).required(true).help(help)
    };
    let show = Command::new("show")
        .about("Print a ready-made policy, to be changed and given back with --policy FILE")
        .arg(named().help(READY))
        .after_help(
            Lesson::of(&[("rillcast policy show read-only > mine.json", "A policy to begin with")])
                .see("rillcast policy check, rillcast keys policy"),
        );
    let check = Command::new("check")
        .about("Say whether a policy is valid, what it decides and why; exit code 1 when it denies")
        .arg(named().help(format!("A file with a policy document, or {READY}")))
        .arg(flag("action", "ACTION", "Such as ivs:GetChannel").required(false).requires("resource"))
        .arg(flag("resource", "ARN", "What is acted on, or *").required(false).requires("action"))
        .arg(
            Arg::new("context")
                .long("context")
                .value_name("KEY=VALUE")
                .action(ArgAction::Append)
                .help("A condition key's value, such as aws:SourceIp=10.0.0.1; repeat for more"),
        )
        .args(output::flags())
        .after_help(
            Lesson::of(&[
                ("rillcast policy check mine.json", "Is it valid?"),
                (
                    "rillcast policy check read-only --action ivs:StopStream --resource '*'",
                    "What does it decide?",
                ),
            ])
            .see("rillcast policy show"),
        );
    parent(Command::new("policy").about("Look at IAM policies and what they decide"))
        .subcommand(show)
        .subcommand(check)
}

pub(super) fn token() -> Command {
    let flag = |name: &'static str, value: &'static str, help: &'static str| {
        Arg::new(name).long(name).value_name(value).help(help)
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
        .args(output::flags())
        .after_help(Lesson::of(&[(
            "rillcast token --channel \"$ARN\" --key private.pem --url http://127.0.0.1:8080",
            "A URL that plays for ten minutes",
        )]))
}
