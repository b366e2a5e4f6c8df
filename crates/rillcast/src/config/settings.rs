//! The table of all settings: key, default, meaning.
//!
//! Promise: this table is the only place that names a setting. Flags, environment variables, the file's
//! keys, `config/full.toml` and `docs/reference/config.md` are made from it.

use domain::{Limit, Limits};

/// One setting. Its key is its name everywhere: `data_dir` in the file, `RILLCAST_DATA_DIR` in the
/// environment, `--data-dir` as a flag.
#[derive(Clone, Copy, Debug)]
pub struct Setting {
    /// Name in the file, in snake case.
    pub key: &'static str,
    /// What it is when nobody says otherwise; `None`: not set.
    pub default: Option<&'static str>,
    /// What stands for the value in help texts.
    pub value: &'static str,
    /// One sentence for help texts, the full file and the reference page.
    pub help: &'static str,
}

impl Setting {
    /// Name of the environment variable.
    pub fn env(&self) -> String {
        format!("RILLCAST_{}", self.key.to_ascii_uppercase())
    }

    /// True when the text may hold a password, and must not be repeated to people.
    pub fn is_secret(&self) -> bool {
        matches!(self.key, "database" | "nats" | "aws_secret_key")
    }

    /// Name of the flag, without its dashes.
    pub fn flag(&self) -> String {
        self.key.replace('_', "-")
    }
}

const fn setting(
    key: &'static str,
    default: Option<&'static str>,
    value: &'static str,
    help: &'static str,
) -> Setting {
    Setting { key, default, value, help }
}

/// All settings, in the order in which people meet them; the limits of the profiles last.
pub const SETTINGS: &[Setting] = &{
    let mut all = [OWN[0]; OWN.len() + Limits::ALL.len()];
    let mut at = 0;
    while at < all.len() {
        all[at] = if at < OWN.len() { OWN[at] } else { limit(&Limits::ALL[at - OWN.len()]) };
        at += 1;
    }
    all
};

/// A limit is set by its number; not set, it is the profile's.
const fn limit(limit: &Limit) -> Setting {
    setting(limit.key, None, "COUNT", limit.help)
}

const OWN: &[Setting] = &[
    setting(
        "data_dir",
        Some("rillcast-data"),
        "DIR",
        "Folder for the database, credentials and certificates; made on the first start.",
    ),
    setting(
        "database",
        None,
        "URL",
        "PostgreSQL database, as postgres://user:password@host:5432/name; by default an SQLite file in the data folder.",
    ),
    setting(
        "nats",
        None,
        "URL",
        "NATS server with JetStream that links several servers on one PostgreSQL, as nats://user:password@host:4222; by default this server is alone.",
    ),
    setting(
        "http",
        Some("127.0.0.1:8080"),
        "ADDR",
        "Address of the HTTP listener: API, playback, pages, health. Port 0 picks a free one.",
    ),
    setting(
        "https",
        Some("off"),
        "ADDR",
        "Address of the same over TLS, with the certificate below: https:// and wss://; `off` closes it.",
    ),
    setting(
        "metrics",
        Some("off"),
        "ADDR",
        "Address of a listener for Prometheus, whose only page is /metrics; `off` closes it.",
    ),
    setting("rtmp", Some("127.0.0.1:1935"), "ADDR", "Address for plain RTMP; `off` closes it."),
    setting("rtmps", Some("127.0.0.1:1936"), "ADDR", "Address for RTMP over TLS; `off` closes it."),
    setting(
        "ready_file",
        None,
        "FILE",
        "File that is written when all listeners are bound: a JSON object with their addresses.",
    ),
    setting("region", Some("us-east-1"), "NAME", "Region in ARNs, stream keys and playback URLs."),
    setting(
        "any_region",
        Some("false"),
        "BOOL",
        "Accept requests signed for any region instead of the configured one only.",
    ),
    setting("account", Some("123456789012"), "DIGITS", "Account that the root access key belongs to."),
    setting(
        "public_url",
        None,
        "URL",
        "Base of playback URLs, as viewers reach this server; by default http:// and the bound address.",
    ),
    setting(
        "ingest_host",
        None,
        "HOST",
        "Host that channels name as their ingest endpoint; by default the host of the public URL.",
    ),
    setting(
        "trusted_proxies",
        None,
        "NETWORKS",
        "Proxies, as addresses or networks with commas between, whose X-Forwarded-For and X-Forwarded-Proto are believed.",
    ),
    setting(
        "geoip_database",
        None,
        "FILE",
        "Database of addresses in MaxMind's format that tells viewers' countries, such as GeoLite2-Country.mmdb; replaced on disk, it is read again. Without it all countries are served.",
    ),
    setting(
        "tls_certificate",
        None,
        "FILE",
        "PEM file with the certificate chain for RTMPS and HTTPS; by default a self-signed one is made.",
    ),
    setting("tls_key", None, "FILE", "PEM file with the private key of the certificate."),
    setting("part_ms", Some("200"), "MS", "Length of a low-latency part in milliseconds, 100 to 1000."),
    setting(
        "window_seconds",
        Some("12"),
        "SECONDS",
        "Media that a live playlist lists at least, 6 to 120; as much again stays readable.",
    ),
    setting(
        "dvr_disk_mb",
        Some("10240"),
        "MIB",
        "Disk in the data folder for what viewers of channels with the tag rillcast:dvr may go back to, all streams together, 0 to 16777216; beyond it the stream that uses the most gives up its oldest, and 0 leaves all with the usual window.",
    ),
    setting(
        "transcoding",
        Some("on"),
        "on|off",
        "Make the ladder of renditions of STANDARD and ADVANCED channels; off, or where ffmpeg can't be used, all channels are passed through.",
    ),
    setting(
        "ffmpeg",
        Some("ffmpeg"),
        "PROGRAM",
        "The ffmpeg, 5.1 or newer, that transcodes: a path, or a name that is looked for in PATH.",
    ),
    setting(
        "transcode_encoder",
        Some("x264"),
        "NAME",
        "What codes the pictures: x264 (software), nvenc, vaapi, qsv or v4l2; `rillcast doctor` tells which of them work here.",
    ),
    setting(
        "transcode_speed",
        Some("veryfast"),
        "PRESET",
        "The encoder's own preset: of x264 ultrafast to slow; slower ones give better pictures for more CPU.",
    ),
    setting(
        "transcode_lookahead",
        Some("0"),
        "COUNT",
        "Pictures that the encoder looks ahead, 0 to 60: better pictures for as much latency.",
    ),
    setting(
        "transcode_b_frames",
        Some("0"),
        "COUNT",
        "B-frames between two other pictures, 0 to 3: better pictures for as much latency.",
    ),
    setting(
        "transcode_capacity",
        None,
        "MEGAPIXELS",
        "Millions of pixels a second that may be coded, all streams together; by default as much as a measurement at the start finds.",
    ),
    setting(
        "transcode_when_full",
        Some("degrade"),
        "degrade|refuse",
        "What happens to a stream whose ladder is more than that: it gets fewer renditions, or is refused with the event Stream Failure.",
    ),
    setting(
        "transcode_threads",
        Some("0"),
        "COUNT",
        "Threads that each encoder of a stream may use, 0 to 256; 0: as the encoder chooses.",
    ),
    setting(
        "transcode_memory_mb",
        Some("2048"),
        "MIB",
        "Memory that the worker of one stream may take, 128 to 1048576; one that wants more ends, and another takes its place.",
    ),
    setting(
        "transcode_nice",
        Some("5"),
        "COUNT",
        "How much workers give way to everything else on the machine: 0 not at all, 19 wholly.",
    ),
    setting(
        "thumbnail_seconds",
        Some("5"),
        "SECONDS",
        "From one thumbnail of a transcoded stream to the next, 0 to 60; 0: none are made.",
    ),
    setting(
        "thumbnail_passed_seconds",
        Some("30"),
        "SECONDS",
        "The same for streams that are passed through, 0 to 3600: there each thumbnail is a process of its own.",
    ),
    setting(
        "thumbnail_lines",
        Some("360"),
        "PIXELS",
        "The shorter edge of thumbnails, 64 to 1080; never more than the stream's own.",
    ),
    setting(
        "silence_seconds",
        Some("30"),
        "SECONDS",
        "A publisher that sends no picture for this long is taken for gone, 2 to 300.",
    ),
    setting(
        "max_stream_seconds",
        Some("172800"),
        "SECONDS",
        "A stream that is on air for this long is ended, 10 to 2592000; its encoder may begin another.",
    ),
    setting(
        "session_days",
        Some("60"),
        "DAYS",
        "Ended streams' sessions and their events are kept this long, 1 to 3650.",
    ),
    setting(
        "event_sinks",
        None,
        "FILE",
        "TOML file that says who is told what happens to streams: webhooks, EventBridge, NATS, files.",
    ),
    setting(
        "event_days",
        Some("7"),
        "DAYS",
        "Events wait this long for sinks that are away, and can be read again as long, 1 to 365.",
    ),
    setting(
        "metrics_channels",
        Some("1000"),
        "COUNT",
        "Channels that have series of their own on the metrics page, 0 to 100000; further ones share `_other`.",
    ),
    setting(
        "cloudwatch_metrics",
        Some("off"),
        "SWITCH",
        "`on` also sends the streams' metrics to CloudWatch each minute.",
    ),
    setting("cloudwatch_endpoint", None, "URL", "CloudWatch service other than Amazon's."),
    setting(
        "cloudwatch_namespace",
        Some("Rillcast/IVS"),
        "NAME",
        "Namespace of those metrics; Amazon's own CloudWatch takes none that begins with AWS/.",
    ),
    setting(
        "buckets",
        Some("disk"),
        "PLACE",
        "Where S3 buckets are: `disk` keeps each as a folder in the data folder, `s3` calls an S3 service.",
    ),
    setting("s3_endpoint", None, "URL", "S3 service other than Amazon's."),
    setting("s3_region", None, "NAME", "Region of the buckets; by default that of ARNs (`region`)."),
    setting(
        "s3_path_style",
        Some("auto"),
        "SWITCH",
        "Buckets are the first part of the path (`on`), or of the host's name (`off`); `auto`: of the path with an `s3_endpoint`.",
    ),
    setting(
        "recording_folder",
        None,
        "DIR",
        "Where recordings wait until they are in their buckets; by default in the data folder.",
    ),
    setting(
        "recording_keep_free_mb",
        Some("512"),
        "MB",
        "Recordings end, and their streams go on, when that disk has less than this left, 0 to 16777216.",
    ),
    setting(
        "recording_uploads",
        Some("8"),
        "COUNT",
        "Objects of recordings that are brought into buckets at once, 1 to 256.",
    ),
    setting(
        "recording_days",
        None,
        "DAYS",
        "Recordings in buckets on disk are removed this long after their end, 1 to 36500; by default never.",
    ),
    setting(
        "recording_disk_mb",
        None,
        "MB",
        "What recordings in buckets on disk may take together before the oldest are removed, 1 and more; by default all there is.",
    ),
    setting("logs_endpoint", None, "URL", "CloudWatch Logs service other than Amazon's."),
    setting("firehose_endpoint", None, "URL", "Kinesis Data Firehose service other than Amazon's."),
    setting(
        "aws_access_key",
        None,
        "ID",
        "Access key for calls to those services and to Lambda; by default what AWS SDKs would use: environment, profile (but not for S3), role.",
    ),
    setting("aws_secret_key", None, "SECRET", "Secret of that access key."),
    setting(
        "chat_threads",
        None,
        "COUNT",
        "Threads that serve chat connections, 1 to 256; by default one for each core.",
    ),
    setting(
        "chat_engine",
        Some("auto"),
        "ENGINE",
        "How chat is sent: `uring`, `epoll`, or `auto`: io_uring where the kernel lets us.",
    ),
    setting(
        "chat_flush_ms",
        Some("20"),
        "MS",
        "Messages of a busy chat room leave together, this far apart, 0 to 100; a quiet room's leave at once.",
    ),
    setting(
        "chat_ping_seconds",
        Some("30"),
        "SECONDS",
        "Chat connections are pinged so often, 1 to 300; two unanswered pings end one.",
    ),
    setting(
        "chat_stall_seconds",
        Some("10"),
        "SECONDS",
        "A chat connection that takes nothing for this long while something waits for it is ended, 1 to 120.",
    ),
    setting(
        "chat_origins",
        None,
        "ORIGINS",
        "Web origins whose pages may open chat connections, with commas between, such as https://example.com; by default all. Programs that send no Origin always may.",
    ),
    setting(
        "chat_review",
        None,
        "FILE",
        "TOML file that says where the message review handlers of chat rooms are invoked.",
    ),
    setting(
        "chat_log_mb",
        Some("1024"),
        "MIB",
        "Chat log that waits on disk for its destinations at most, 1 to 1048576; beyond that the oldest is dropped.",
    ),
    setting(
        "chat_log_seconds",
        Some("300"),
        "SECONDS",
        "Chat log files of a bucket hold at most so much time, 1 to 3600.",
    ),
    setting(
        "chat_key_hours",
        Some("24"),
        "HOURS",
        "Age at which the key that seals chat tokens is replaced, 1 to 8760.",
    ),
    setting("max_publishers", Some("1000"), "COUNT", "RTMP and RTMPS connections at once."),
    setting("max_viewers", Some("20000"), "COUNT", "HTTP connections at once."),
    setting(
        "limits",
        Some("open"),
        "PROFILE",
        "Quotas and rates of each account: `open` is generous, `aws` has the numbers of Amazon IVS; each can be set by itself below.",
    ),
    setting(
        "shutdown_seconds",
        Some("10"),
        "SECONDS",
        "Longest time that a shutdown may take after the signal, 1 to 300.",
    ),
    setting(
        "log",
        Some("info"),
        "FILTER",
        "What is logged: off, error, warn, info, debug, trace, or per crate.",
    ),
    setting("log_format", Some("text"), "FORMAT", "How log lines look: text or json."),
];

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn keys_are_unique_and_in_snake_case() {
        let mut keys: Vec<_> = SETTINGS.iter().map(|setting| setting.key).collect();
        assert!(keys.iter().all(|key| {
            key.bytes().all(|byte| byte.is_ascii_lowercase() || byte.is_ascii_digit() || byte == b'_')
        }));
        keys.sort_unstable();
        keys.dedup();
        assert_eq!(keys.len(), SETTINGS.len());
    }
}
