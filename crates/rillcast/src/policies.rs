//! `rillcast policy`, and policies as the other commands take them.
//!
//! Promise: a policy is a file or a ready-made one, and is read by the very code that decides calls.

use std::path::Path;
use std::process::ExitCode;

use auth::policy::{self, Context, Decision, Policy, Question};
use clap::ArgMatches;
use domain::chain;
use serde_json::json;

use crate::cli::output::{Form, form};
use crate::commands::{EXIT_USAGE, print, refuse, say};

/// Runs one of the `policy` commands.
pub(crate) fn run(matches: &ArgMatches) -> ExitCode {
    let (command, matches) = matches.subcommand().expect("clap requires a subcommand");
    let named = matches.get_one::<String>("policy").expect("clap requires a policy");
    if command == "show" {
        let ready_made = policy::ready_made(named).map(str::to_owned);
        return say(ready_made.ok_or_else(|| (EXIT_USAGE, format!("{named} is none of: {}", ready()))));
    }
    let policy = match read(named).and_then(|text| Policy::parse(&text).map_err(|error| chain(&error))) {
        Ok(policy) => policy,
        Err(why) => return refuse(EXIT_USAGE, &why),
    };
    let text = |name: &str| matches.get_one::<String>(name);
    match (text("action"), text("resource")) {
        (Some(action), Some(resource)) => match context(matches) {
            Ok(context) => decide(&policy, &Question { action, resource, context: &context }, form(matches)),
            Err(why) => refuse(EXIT_USAGE, &why),
        },
        _ if form(matches) == Form::Json => say(Ok(format!("{}\n", json!({ "valid": true })))),
        _ => say(Ok(format!("{named} is a valid policy; --action and --resource ask what it decides\n"))),
    }
}

/// The text of a valid policy: a ready-made one's by its name, else a file's.
pub(crate) fn read(named: &str) -> Result<String, String> {
    if let Some(text) = policy::ready_made(named) {
        return Ok(text.to_owned());
    }
    let text = std::fs::read_to_string(Path::new(named))
        .map_err(|error| format!("reading the policy {named} (a file, or one of {}): {error}", ready()))?;
    Policy::parse(&text).map_err(|error| format!("{named} is not a policy: {}", chain(&error)))?;
    Ok(text)
}

/// The text of a valid policy as it comes over the wire, where no file of this machine may be named: a ready-made
/// one's by its name, else the text itself.
pub(crate) fn written(text: &str) -> Result<String, String> {
    if let Some(ready_made) = policy::ready_made(text) {
        return Ok(ready_made.to_owned());
    }
    Policy::parse(text).map_err(|error| chain(&error))?;
    Ok(text.to_owned())
}

/// What a policy says of a question, in words.
pub(crate) struct Verdict {
    pub(crate) allowed: bool,
    pub(crate) words: String,
    /// Of each statement, why it applies or not.
    pub(crate) lines: Vec<String>,
}

/// Asks a policy.
pub(crate) fn verdict(policy: &Policy, question: &Question<'_>) -> Verdict {
    let decision = policy.decide(question);
    let words = match &decision {
        Decision::Allowed { statement } => format!("ALLOWED by {statement}"),
        Decision::Denied { statement } => {
            format!("DENIED by {statement}: an explicit deny wins over every allow")
        }
        Decision::Unmentioned => "DENIED: no statement allows it".to_owned(),
    };
    let lines = policy.explain(question).into_iter().map(|line| line.to_string()).collect();
    Verdict { allowed: decision.is_allowed(), words, lines }
}

/// What a list calls it: the name of a ready-made one, or `custom`.
pub(crate) fn label(text: &str) -> &'static str {
    let same = |name: &&&str| policy::ready_made(name) == Some(text);
    policy::READY_MADE.iter().find(same).copied().unwrap_or("custom")
}

fn ready() -> String {
    policy::READY_MADE.join(", ")
}

/// A key that is given more than once has all of the values.
fn context(matches: &ArgMatches) -> Result<Context, String> {
    let mut context = Context::default();
    for pair in matches.get_many::<String>("context").into_iter().flatten() {
        let (key, value) = pair.split_once('=').ok_or_else(|| format!("{pair} is not KEY=VALUE"))?;
        let mut values = context.get(key).to_vec();
        values.push(value.to_owned());
        context.set_all(key, values);
    }
    Ok(context)
}

fn decide(policy: &Policy, question: &Question<'_>, form: Form) -> ExitCode {
    let Verdict { allowed, words, lines } = verdict(policy, question);
    let text = match form {
        Form::Table => lines.iter().fold(format!("{words}\n"), |text, line| format!("{text}  {line}\n")),
        Form::Json => {
            let object = json!({
                "valid": true,
                "allowed": allowed,
                "decision": words,
                "explanation": lines,
            });
            format!("{object}\n")
        }
    };
    if let Err(why) = print(&text) {
        return refuse(1, &why);
    }
    if allowed { ExitCode::SUCCESS } else { ExitCode::FAILURE }
}
