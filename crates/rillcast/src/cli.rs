//! The command line: what can be said to the binary and how it is explained.
//!
//! Promise: the flags of `serve` are the table of settings; nothing is spelt twice.

pub(crate) mod bar;
mod content;
mod house;
pub(crate) mod output;
mod pages;
mod people;
#[cfg(test)]
mod reference;
pub(crate) mod style;
pub(crate) mod table;
mod topics;
mod words;

use std::path::PathBuf;
use std::process::ExitCode;

use clap::{Arg, ArgMatches, ColorChoice, Command, value_parser};

use crate::commands::EXIT_USAGE;
use crate::config::{Inputs, SETTINGS, Setting};
pub(crate) use pages::{completions, manual};
pub(crate) use words::EXIT_CODES;
use words::Lesson;

/// Columns of help texts on a terminal that is wider.
const COLUMNS: usize = 100;

/// The whole command line.
pub fn command() -> Command {
    let lesson = Lesson::of(&[
        ("rillcast serve", "Start; then open what it prints"),
        ("rillcast doctor", "What does not work here, and what to do about it"),
        ("rillcast keys create --name backend --policy application", "An access key for an application"),
    ]);
    Command::new("rillcast")
        .version(env!("CARGO_PKG_VERSION"))
        .about("Self-hosted live video and chat that speak the wire of Amazon IVS")
        .after_help(lesson.see("rillcast help COMMAND, rillcast help exit-codes, rillcast man"))
        .max_term_width(COLUMNS)
        .subcommand_required(true)
        .arg_required_else_help(true)
        .subcommand(house::serve())
        .subcommand(house::status())
        .subcommand(house::doctor())
        .subcommand(house::config())
        .subcommand(people::keys())
        .subcommand(people::policy())
        .subcommand(people::token())
        .subcommand(content::recordings())
        .subcommand(content::events())
        .subcommand(house::chat())
        .subcommand(house::database())
        .subcommand(house::completions())
        .subcommand(house::man())
        .subcommand(house::exit_codes())
}

/// What was said on this process's command line, or what to print and the code to exit with: help is printed where
/// it is asked for, a slip is told in the words of all errors.
pub fn said() -> Result<ArgMatches, ExitCode> {
    // Left to itself it takes a build machine (`CI=true`) for a terminal that wants colours, whatever `TERM` says.
    let colour = if style::is_coloured(&std::io::stdout()) { ColorChoice::Auto } else { ColorChoice::Never };
    command().color(colour).try_get_matches().map_err(|error| {
        if !error.use_stderr() {
            // It knows about readers that are gone.
            let _ = error.print();
            return ExitCode::SUCCESS;
        }
        let text = error.render().to_string();
        match text.strip_prefix("error: ") {
            Some(text) => eprint!("rillcast: {text}"),
            // A command without what it needs: its help.
            None => eprint!("{text}"),
        }
        ExitCode::from(EXIT_USAGE)
    })
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

/// Below the command's own flags, by topic; `-h` leaves out what few set.
fn with_settings(command: Command, wanted: fn(&Setting) -> bool) -> Command {
    let flag = |setting: &Setting| {
        let help = match setting.default {
            Some(default) => format!("{} [{}] [default: {default}]", setting.help, setting.env()),
            None => format!("{} [{}]", setting.help, setting.env()),
        };
        Arg::new(setting.key)
            .long(setting.flag())
            .value_name(setting.value)
            .help(help)
            .help_heading(topics::of(setting.key))
            .hide_short_help(!topics::is_first(setting.key))
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
