//! `docs/reference/cli.md`: the command line as a page.
//!
//! Promise: the committed page is made of the value that arguments are read with (a test compares them).

use std::fmt::Write as _;
use std::path::Path;

use clap::{Arg, Command};

use super::command;
use super::words::EXIT_CODES;
use crate::config::SETTINGS;

const OPENING: &str = "# The command line\n\n`rillcast help COMMAND` prints the same, `rillcast man DIR` writes manual \
    pages, and `rillcast completions SHELL` prints what bash, zsh, fish, elvish or PowerShell need to complete it.\n\n\
    Settings are flags too, the same for all commands that need them; [config.md](config.md) has them all, and where \
    else they may be set. Colours and progress bars are for terminals alone; `NO_COLOR=1` and `TERM=dumb` keep colours \
    away. Lines of tables are cut only to the width of a terminal.\n";

const JSON: &str = "## JSON\n\nEvery command that lists or shows takes `--output json` (`-o json`). A list is one \
    object a line, everything else one object. Members may be added in later versions; none changes its meaning. Times \
    are RFC 3339 in UTC, and what is not known is `null` or left out.\n\n\
    | command | members |\n| --- | --- |\n\
    | `config check` | a line each: `key`, `value` (`null`: not set; secrets are not told), `source` |\n\
    | `doctor` | `well`; `findings`: `group`, `check`, `outcome` (`ok`, `warn`, `fail`, `skip`), `found`, `advice`; without `--quick` also `transcoding`, `ffmpeg`, `confinement`, `encoders`, `capacity`, `thumbnails`, `problems` |\n\
    | `events dead-letters` | a line each: `sink`, `id`, `time`, `attempts`, `failedAt`, `reason`, `event` |\n\
    | `events sinks` | a line each: `sink`, `waiting`, `deadLetters` (both counted up to 1000), `deliveredBy` (`null`: nobody now) |\n\
    | `keys create` | `accessKeyId`, `secretAccessKey`, `region` |\n\
    | `keys list` | a line each: `accessKeyId`, `account`, `active`, `policy`, `name` |\n\
    | `policy check` | `valid`; with a question also `allowed`, `decision`, `explanation` |\n\
    | `recordings list`, `show` | `id`, `recordingSessionId`, `state`, `reason`, `channelArn`, `channelName`, `private`, `recordingConfigurationArn`, `bucket`, `prefix`, `server`, `streamIds`, `startedAt`, `endedAt`, `durationMs`, `bytes`, `url` |\n\
    | `recordings verify` | a line each: `id`, `good`, and what was counted and found |\n\
    | `status` | `url`, `version`, `node`, `region`, `account`, `started`, `streams`: `channelArn`, `streamId`, `state`, `health`, `viewerCount`, `startTime` |\n\
    | `token` | `token`, or `url` |\n";

fn page() -> String {
    let mut whole = command();
    whole.build();
    let mut text = OPENING.to_owned();
    let _ = writeln!(text, "\n## Exit codes\n\n```text\n{EXIT_CODES}\n```\n\n{JSON}");
    for one in whole.get_subcommands().filter(|one| one.get_name() != "help" && !one.is_hide_set()) {
        put(&mut text, one);
    }
    format!("{}\n", text.trim_end())
}

fn put(text: &mut String, command: &Command) {
    let name = command.get_bin_name().unwrap_or_else(|| command.get_name());
    let below: Vec<_> = command.get_subcommands().filter(|below| below.get_name() != "help").collect();
    let about = command.get_long_about().or_else(|| command.get_about()).map(ToString::to_string);
    let level = if name.split(' ').count() > 2 { "###" } else { "##" };
    let _ = writeln!(text, "{level} `{name}`\n\n{}\n", stop(&about.unwrap_or_default()));
    if below.is_empty() {
        let usage = command.clone().render_usage().to_string();
        let _ = writeln!(text, "```text\n{}\n```\n", usage.trim_start_matches("Usage: "));
        options(text, command);
    }
    if let Some(lesson) = command.get_after_help() {
        let lesson = lesson.to_string();
        let (examples, see) = lesson.split_once("\n\nSee also: ").unwrap_or((&lesson, ""));
        let _ = writeln!(text, "```text\n{}\n```\n", examples.trim_start_matches("Examples:\n"));
        if !see.is_empty() {
            let _ = writeln!(text, "See also: {see}.\n");
        }
    }
    for below in below {
        put(text, below);
    }
}

/// A sentence ends with a full stop.
fn stop(about: &str) -> String {
    if about.ends_with('.') { about.to_owned() } else { format!("{about}.") }
}

fn options(text: &mut String, command: &Command) {
    let is_setting =
        |arg: &&Arg| arg.get_id() == "config" || SETTINGS.iter().any(|one| arg.get_id() == one.key);
    let own = command.get_arguments().filter(|arg| !is_setting(arg) && !arg.is_hide_set());
    let own: Vec<_> = own.filter(|arg| !["help", "version"].contains(&arg.get_id().as_str())).collect();
    let settings: Vec<_> = command.get_arguments().filter(is_setting).collect();
    if !own.is_empty() {
        text.push_str("| | |\n| --- | --- |\n");
        for arg in own {
            let help = arg.get_help().map(ToString::to_string).unwrap_or_default();
            let default: Vec<_> =
                arg.get_default_values().iter().map(|value| value.to_string_lossy()).collect();
            let default = match default.as_slice() {
                [one] if one != "false" => format!(" (default: {one})"),
                _ => String::new(),
            };
            let _ = writeln!(text, "| `{}` | {help}{default} |", spelt(arg).replace('|', "\\|"));
        }
        text.push('\n');
    }
    if settings.len() == SETTINGS.len() + 1 {
        text.push_str("And all [settings](config.md).\n\n");
    } else if !settings.is_empty() {
        let names = settings.iter().filter_map(|arg| arg.get_long()).map(|name| format!("`--{name}`"));
        let names: Vec<_> = names.collect();
        let _ = writeln!(text, "And the settings {}.\n", names.join(", "));
    }
}

fn spelt(arg: &Arg) -> String {
    let value = arg.get_value_names().and_then(|names| names.first()).map(ToString::to_string);
    let value = value.filter(|_| arg.get_action().takes_values()).unwrap_or_default();
    let short = arg.get_short().map(|short| format!("-{short}, ")).unwrap_or_default();
    match arg.get_long() {
        Some(long) => format!("{short}--{long} {value}").trim_end().to_owned(),
        None => value,
    }
}

#[test]
fn the_committed_command_page_is_the_command_line() {
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../docs/reference/cli.md");
    let text = page();
    if std::env::var_os("UPDATE_DOCS").is_some() {
        std::fs::write(&path, &text).expect("a writable checkout");
    }
    let committed = std::fs::read_to_string(&path).unwrap_or_default();
    assert_eq!(committed, text, "run `make docs` to renew {}", path.display());
}
