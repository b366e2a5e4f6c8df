//! `rillcast status`: what a running server is, and what is on air.
//!
//! Promise: asked like any client asks, with a key that the server knows; nothing is read behind its back.

use std::path::Path;
use std::time::Duration;

use bytes::Bytes;
use clap::ArgMatches;
use domain::{chain, time_text};
use http::{HeaderMap, Method};
use outbound::{Answer, Call, Keys, Outbound};
use serde_json::{Value, json};
use tokio::time::Instant;

use crate::app::reachable;
use crate::cli::output::{Form, form};
use crate::cli::table::{Table, facts};
use crate::config::Config;
use crate::first_start::CREDENTIALS;

/// All questions together.
const PATIENCE: Duration = Duration::from_secs(15);
/// Bytes of one answer.
const ANSWER: usize = 1 << 20;
/// Streams of one answer.
const PAGE: u32 = 100;
/// Most streams that are listed.
const MOST: usize = 10_000;

/// Asks and returns what to print.
pub(crate) async fn run(config: &Config, matches: &ArgMatches) -> Result<String, String> {
    let url = matches.get_one::<String>("url").cloned();
    let url = url.unwrap_or_else(|| format!("http://{}", reachable(config.http)));
    let own = config.data_dir.join(CREDENTIALS);
    let file = matches.get_one::<std::path::PathBuf>("credentials").unwrap_or(&own);
    let client = Client {
        outbound: Outbound::new(outbound::Config::default()).map_err(|error| chain(&error))?,
        url: url.trim_end_matches('/').to_owned(),
        region: config.region.as_str().to_owned(),
        keys: keys(file)?,
        deadline: Instant::now() + PATIENCE,
    };
    let mut told = client.ask(Method::GET, "/rillcast/v1/machine", None).await?;
    let streams = client.streams().await?;
    if form(matches) == Form::Json {
        told["url"] = client.url.clone().into();
        if let Some(started) = told["started"].as_i64() {
            told["started"] = time_text(started).into();
        }
        told["streams"] = streams.into();
        return Ok(format!("{told}\n"));
    }
    Ok(text(&client.url, &told, &streams))
}

struct Client {
    outbound: Outbound,
    url: String,
    region: String,
    keys: Keys,
    deadline: Instant,
}

impl Client {
    async fn ask(&self, method: Method, path: &str, body: Option<&Value>) -> Result<Value, String> {
        let call = Call {
            service: "ivs",
            region: &self.region,
            keys: Some(&self.keys),
            method,
            url: &format!("{}{path}", self.url),
            headers: HeaderMap::new(),
            body: body.map_or_else(Bytes::new, |body| Bytes::from(body.to_string())),
            deadline: self.deadline,
            max_answer: ANSWER,
        };
        let answer = self.outbound.signed(call).await.map_err(|error| {
            format!(
                "{} does not answer: {}; does the server run, and is --url right?",
                self.url,
                chain(&error)
            )
        })?;
        self.read(&answer)
    }

    fn read(&self, answer: &Answer) -> Result<Value, String> {
        let told: Value = serde_json::from_slice(&answer.body).unwrap_or_default();
        if answer.status == 200 {
            return Ok(told);
        }
        let why = told["message"].as_str().or_else(|| told["exceptionMessage"].as_str());
        Err(match why {
            Some(why) => format!("{} refuses (status {}): {why}", self.url, answer.status),
            None => format!("what answers at {} is not Rillcast (status {})", self.url, answer.status),
        })
    }

    async fn streams(&self) -> Result<Vec<Value>, String> {
        let (mut all, mut next) = (Vec::new(), Value::Null);
        loop {
            let mut body = json!({ "maxResults": PAGE });
            if next.is_string() {
                body["nextToken"] = next;
            }
            let mut page = self.ask(Method::POST, "/ListStreams", Some(&body)).await?;
            next = page["nextToken"].take();
            match page["streams"].take() {
                Value::Array(streams) => all.extend(streams),
                _ => return Err(format!("what {} lists is not understood", self.url)),
            }
            if !next.is_string() || all.len() >= MOST {
                return Ok(all);
            }
        }
    }
}

fn text(url: &str, told: &Value, streams: &[Value]) -> String {
    let word = |name: &str| told[name].as_str().unwrap_or_default().to_owned();
    let viewers: i64 = streams.iter().filter_map(|stream| stream["viewerCount"].as_i64()).sum();
    let mut text = facts(&[
        ("server", url.to_owned()),
        ("version", word("version")),
        ("name", word("node")),
        ("region", word("region")),
        ("account", word("account")),
        ("since", told["started"].as_i64().map(time_text).unwrap_or_default()),
        ("on air", streams.len().to_string()),
        ("viewers", viewers.to_string()),
    ]);
    if !streams.is_empty() {
        let mut table = Table::new(["CHANNEL", "STATE", "HEALTH", "VIEWERS", "SINCE"], &[3]);
        for stream in streams {
            let word = |name: &str| stream[name].as_str().unwrap_or_default();
            let viewers = stream["viewerCount"].as_i64().unwrap_or(0).to_string();
            table.row([word("channelArn"), word("state"), word("health"), &viewers, word("startTime")]);
        }
        text += "\n";
        text += &table.text();
    }
    text
}

/// Profile `default` of an AWS credentials file.
fn keys(file: &Path) -> Result<Keys, String> {
    let text = std::fs::read_to_string(file).map_err(|error| {
        format!(
            "reading {}: {error}; --credentials names another file, or --data-dir the server's folder",
            file.display()
        )
    })?;
    let value = |name: &str| {
        let of = |line: &str| {
            let (key, value) = line.split_once('=')?;
            (key.trim() == name).then(|| value.trim().to_owned())
        };
        default_profile(&text).find_map(of)
    };
    match (value("aws_access_key_id"), value("aws_secret_access_key")) {
        (Some(id), Some(secret)) => Ok(Keys { id, secret, session: value("aws_session_token") }),
        _ => Err(format!("{} has no key in its profile `default`", file.display())),
    }
}

fn default_profile(text: &str) -> impl Iterator<Item = &str> {
    let mut is_default = false;
    text.lines().filter(move |line| {
        let line = line.trim();
        if line.starts_with('[') {
            is_default = line == "[default]";
            return false;
        }
        is_default
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_default_profile_is_read_and_no_other() {
        let text =
            "[other]\naws_access_key_id = A\n[default]\naws_access_key_id=B\n# no\n[more]\nregion = x\n";
        assert_eq!(default_profile(text).collect::<Vec<_>>(), ["aws_access_key_id=B", "# no"]);
    }
}
