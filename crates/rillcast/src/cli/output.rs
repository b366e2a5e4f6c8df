//! `--output table|json`: how commands that list or show print what they found.
//!
//! Promise: JSON is for programs and stays as it is from version to version, but for members that come to it; a list
//! is one object a line, everything else one object.

use clap::{Arg, ArgAction, ArgMatches};

/// How to print.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Form {
    /// For people.
    Table,
    /// For programs.
    Json,
}

/// The flag, and what it was called before.
pub(super) fn flags() -> [Arg; 2] {
    [
        Arg::new("output")
            .long("output")
            .short('o')
            .value_name("FORM")
            .value_parser(["table", "json"])
            .default_value("table")
            .hide_possible_values(true)
            .help("How to print it: table, or json for programs"),
        Arg::new("json").long("json").action(ArgAction::SetTrue).hide(true),
    ]
}

/// What was asked for.
pub(crate) fn form(matches: &ArgMatches) -> Form {
    let is_json = matches.get_one::<String>("output").is_some_and(|form| form == "json")
        || matches.try_get_one::<bool>("json").ok().flatten().copied().unwrap_or(false);
    if is_json { Form::Json } else { Form::Table }
}
