//! `rillcast recordings show`: all that is known of one.
//!
//! Promise: the URL that is shown is one that plays, as far as the settings tell.

use domain::{Recording, time_text};
use serde_json::json;

use super::{Shelves, list, url};
use crate::cli::output::Form;

pub(super) async fn run(shelves: &Shelves, id: &str, form: Form) -> Result<String, String> {
    let recording = shelves.recording(id).await?;
    Ok(match form {
        Form::Json => as_json(shelves, &recording),
        Form::Table => as_text(shelves, &recording),
    })
}

fn as_text(shelves: &Shelves, recording: &Recording) -> String {
    let mut text = String::new();
    let mut line = |name: &str, value: &str| {
        if !value.is_empty() {
            text += &format!("{name:<15}{value}\n");
        }
    };
    line("id", recording.id.as_str());
    line("session", recording.session.as_str());
    line("stage", recording.stage.as_str());
    line("reason", &recording.reason);
    line("channel", &recording.channel.to_string());
    line("channel name", &recording.channel_name);
    line("private", if recording.is_private { "yes" } else { "no" });
    line("configuration", &recording.configuration.arn.to_string());
    line("bucket", &recording.configuration.bucket);
    line("prefix", &recording.prefix);
    line("server", &recording.node);
    for stream in &recording.streams {
        line("stream", stream.as_str());
    }
    line("began", &time_text(recording.started_at));
    line("ended", &recording.ended_at.map(time_text).unwrap_or_default());
    if list::is_over(recording) {
        line("length", &format!("{} ({} ms)", list::length(recording.duration_ms), recording.duration_ms));
        line("size", &format!("{} ({} bytes)", list::size(recording.bytes), recording.bytes));
    }
    line("url", &url::of(shelves, recording));
    text
}

/// One object on a line, with the names that the HTTP interfaces use.
pub(super) fn as_json(shelves: &Shelves, recording: &Recording) -> String {
    let object = json!({
        "id": recording.id.as_str(),
        "recordingSessionId": recording.session.as_str(),
        "state": recording.stage.as_str(),
        "reason": recording.reason,
        "channelArn": recording.channel.to_string(),
        "channelName": recording.channel_name,
        "private": recording.is_private,
        "recordingConfigurationArn": recording.configuration.arn.to_string(),
        "bucket": recording.configuration.bucket,
        "prefix": recording.prefix,
        "server": recording.node,
        "streamIds": recording.streams.iter().map(domain::StreamId::as_str).collect::<Vec<_>>(),
        "startedAt": time_text(recording.started_at),
        "endedAt": recording.ended_at.map(time_text),
        "durationMs": recording.duration_ms,
        "bytes": recording.bytes,
        "url": url::of(shelves, recording),
    });
    format!("{object}\n")
}
