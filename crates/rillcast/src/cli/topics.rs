//! What each setting is about: the headings of `--help`, and the ten settings that most people set.
//!
//! Promise: every setting has a heading.

/// What `-h` shows; `--help` shows all.
const FIRST: &[&str] = &[
    "data_dir",
    "database",
    "http",
    "https",
    "rtmp",
    "rtmps",
    "public_url",
    "tls_certificate",
    "tls_key",
    "log",
];

/// By the names of settings, or how they begin (with `*`); the first that fits counts.
const TOPICS: &[(&str, &[&str])] = &[
    ("Data", &["data_dir", "database", "nats", "ready_file"]),
    ("Listeners", &["http", "https", "metrics", "rtmp", "rtmps", "trusted_proxies", "tls_*"]),
    ("Names", &["region", "any_region", "account", "public_url", "ingest_host"]),
    ("Streams", &["silence_seconds", "max_stream_seconds", "session_days", "max_publishers"]),
    ("Playback", &["part_ms", "window_seconds", "dvr_disk_mb", "geoip_database", "max_viewers"]),
    ("Transcoding and thumbnails", &["transcod*", "ffmpeg", "thumbnail_*"]),
    ("Buckets and recordings", &["buckets", "s3_*", "recording_*"]),
    ("Events and metrics", &["event_*", "metrics_channels", "cloudwatch_*"]),
    ("AWS services", &["logs_endpoint", "firehose_endpoint", "aws_*"]),
    ("Chat", &["chat_*"]),
    ("Process", &["shutdown_seconds", "log", "log_format"]),
    ("Limits", &["limits", "*"]),
];

/// The heading under which a setting stands.
pub(super) fn of(key: &str) -> &'static str {
    let fits = |pattern: &&str| match pattern.strip_suffix('*') {
        Some(start) => key.starts_with(start),
        None => key == *pattern,
    };
    let found = TOPICS.iter().find(|(_, patterns)| patterns.iter().any(fits));
    found.map_or("Limits", |(topic, _)| topic)
}

/// Is it one of those that most people set?
pub(super) fn is_first(key: &str) -> bool {
    FIRST.contains(&key)
}

#[cfg(test)]
mod tests {
    use domain::Limits;

    use super::*;
    use crate::config::SETTINGS;

    #[test]
    fn only_limits_are_among_the_limits() {
        for setting in SETTINGS {
            let is_limit =
                setting.key == "limits" || Limits::ALL.iter().any(|limit| limit.key == setting.key);
            assert_eq!(of(setting.key) == "Limits", is_limit, "{}", setting.key);
        }
    }

    #[test]
    fn ten_settings_are_shown_first() {
        assert_eq!(SETTINGS.iter().filter(|setting| is_first(setting.key)).count(), 10);
    }
}
