//! `rillcast token`: playback tokens by hand, to try a private channel.
//!
//! Promise: a token is printed only when the code that servers read tokens with takes it; the private key is read
//! from its file and goes nowhere else.

use std::path::Path;
use std::process::ExitCode;
use std::time::{SystemTime, UNIX_EPOCH};

use auth::playback_token::{self, PlaybackSigner};
use clap::ArgMatches;
use domain::{Arn, ResourceKind};
use serde_json::{Map, Value, json};

use crate::cli::output::{Form, form};
use crate::commands::{EXIT_USAGE, say};
use crate::entropy;

/// Runs the command.
pub(crate) fn run(matches: &ArgMatches) -> ExitCode {
    say(token(matches).map_err(|why| (EXIT_USAGE, why)))
}

fn token(matches: &ArgMatches) -> Result<String, String> {
    let text = |name: &str| matches.get_one::<String>(name).map(String::as_str);
    let named = text("channel").unwrap_or_default();
    let channel: Arn = named.parse().map_err(|_| format!("--channel: {named} is not an ARN"))?;
    if channel.kind != ResourceKind::Channel {
        return Err(format!("--channel: {named} is not the ARN of a channel"));
    }
    let now = SystemTime::now().duration_since(UNIX_EPOCH).unwrap_or_default();
    let life = seconds(text("ttl").unwrap_or_default())
        .ok_or("--ttl: a number of seconds, or with m or h behind it, such as 10m")?;
    let expires = now.as_secs().saturating_add(life);
    let claims = Value::Object(claims(matches, &channel, expires));
    let token = playback_token::sign(&claims, &signer(text("key").unwrap_or_default())?)
        .map_err(|error| error.to_string())?;
    let now = i64::try_from(now.as_millis()).unwrap_or(i64::MAX);
    playback_token::read(&token, &channel, now)
        .map_err(|refusal| format!("a server would refuse: {refusal}"))?;
    let (name, value) = match text("url") {
        None => ("token", token),
        Some(base) => {
            let path = delivery::multivariant_path(&channel);
            ("url", format!("{}{path}?token={token}", base.trim_end_matches('/')))
        }
    };
    Ok(match form(matches) {
        Form::Table => format!("{value}\n"),
        Form::Json => format!("{}\n", json!({ name: value })),
    })
}

fn signer(file: &str) -> Result<PlaybackSigner, String> {
    let text = std::fs::read_to_string(Path::new(file))
        .map_err(|error| format!("--key: reading {file}: {error}"))?;
    PlaybackSigner::from_pem(&text).map_err(|error| format!("--key: {file}: {error}"))
}

fn claims(matches: &ArgMatches, channel: &Arn, expires: u64) -> Map<String, Value> {
    let text = |name: &str| matches.get_one::<String>(name).cloned();
    let origins: Vec<_> = matches.get_many::<String>("origin").into_iter().flatten().cloned().collect();
    let mut claims = Map::new();
    let mut say = |claim: &str, value: Option<Value>| {
        if let Some(value) = value {
            claims.insert(claim.to_owned(), value);
        }
    };
    say("aws:channel-arn", Some(channel.to_string().into()));
    say("exp", Some(expires.into()));
    say("aws:viewer-id", text("viewer-id").map(Value::from));
    say(
        "aws:viewer-session-version",
        matches.get_one::<i64>("session-version").map(|version| (*version).into()),
    );
    say("aws:single-use-uuid", matches.get_flag("single-use").then(|| uuid().into()));
    say("aws:access-control-allow-origin", (!origins.is_empty()).then(|| origins.join(",").into()));
    say("aws:strict-origin-enforcement", matches.get_flag("strict-origin").then_some(Value::Bool(true)));
    say("aws:maximum-resolution", text("max-resolution").map(Value::from));
    claims
}

/// A random UUID (RFC 9562, 5.4).
fn uuid() -> String {
    let mut bytes = [0; 16];
    entropy::fill(&mut bytes);
    bytes[6] = bytes[6] & 0x0f | 0x40;
    bytes[8] = bytes[8] & 0x3f | 0x80;
    let digits = format!("{:032x}", u128::from_be_bytes(bytes));
    format!("{}-{}-{}-{}-{}", &digits[..8], &digits[8..12], &digits[12..16], &digits[16..20], &digits[20..])
}

fn seconds(text: &str) -> Option<u64> {
    let (number, unit) = match text.strip_suffix(['s', 'm', 'h']) {
        Some(number) if text.ends_with('m') => (number, 60),
        Some(number) if text.ends_with('h') => (number, 3_600),
        Some(number) => (number, 1),
        None => (text, 1),
    };
    number.parse::<u64>().ok()?.checked_mul(unit)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_life_is_said_in_seconds_minutes_or_hours() {
        for (text, wanted) in [
            ("7", Some(7)),
            ("7s", Some(7)),
            ("10m", Some(600)),
            ("2h", Some(7_200)),
            ("", None),
            ("m", None),
        ] {
            assert_eq!(seconds(text), wanted, "{text}");
        }
        for text in ["-1", "1.5m", "10 m", "1d", "99999999999999999999", "99999999999999999h"] {
            assert_eq!(seconds(text), None, "{text}");
        }
    }

    #[test]
    fn a_made_up_uuid_is_random_and_of_its_version() {
        let (one, other) = (uuid(), uuid());
        assert_ne!(one, other);
        assert_eq!((one.len(), one.as_bytes()[14]), (36, b'4'));
    }
}
