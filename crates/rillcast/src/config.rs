//! Configuration: texts from many places, then one checked value.
//!
//! Promise: a [`Config`] is complete and consistent; whatever is wrong was said by name, value and place.

mod chat;
mod layers;
mod life;
mod measures;
mod outside;
mod recordings;
mod reference;
mod settings;
mod transcoding;

use std::net::{IpAddr, SocketAddr};
use std::path::PathBuf;
use std::time::Duration;

use domain::{AccountId, Limit, Limits, Region};
use ipnet::IpNet;

pub use chat::ChatSettings;
pub use layers::{Inputs, LayerError, Layers, Source, layers};
pub use life::LifeSettings;
pub use measures::MeasureSettings;
pub use outside::{BucketPlace, OutsideSettings};
pub use recordings::RecordingSettings;
pub use reference::{explain, explain_json, full_file, reference_page};
pub use settings::{SETTINGS, Setting};
pub use transcoding::TranscodeSettings;

/// Why a configuration is refused.
#[derive(Debug, thiserror::Error)]
pub enum ConfigError {
    /// The places could not be read.
    #[error(transparent)]
    Layers(#[from] LayerError),
    /// A value does not fit its setting.
    #[error("`{key}` can't be `{text}` ({place}): {why}")]
    Value {
        /// The setting.
        key: &'static str,
        /// What was said.
        text: String,
        /// Where.
        place: String,
        /// What it should be.
        why: String,
    },
    /// Two settings that need each other.
    #[error("`tls_certificate` and `tls_key` must be set together")]
    TlsPair,
    /// Two settings that need each other.
    #[error("`aws_access_key` and `aws_secret_key` must be set together")]
    KeyPair,
    /// A link to other servers, but no database that they share.
    #[error("`nats` links servers on one PostgreSQL: set `database` too")]
    LinkWithoutDatabase,
}

/// Everything that can be configured, checked. Fields are documented in [`SETTINGS`].
#[derive(Clone, Debug)]
pub struct Config {
    pub data_dir: PathBuf,
    pub database: Option<SecretText>,
    pub nats: Option<SecretText>,
    pub http: SocketAddr,
    pub https: Option<SocketAddr>,
    pub metrics: Option<SocketAddr>,
    pub rtmp: Option<SocketAddr>,
    pub rtmps: Option<SocketAddr>,
    pub ready_file: Option<PathBuf>,
    pub region: Region,
    pub any_region: bool,
    pub account: AccountId,
    pub public_url: Option<String>,
    pub ingest_host: Option<String>,
    pub trusted_proxies: Vec<IpNet>,
    pub geoip_database: Option<PathBuf>,
    pub tls: Option<TlsFiles>,
    pub part: Duration,
    pub window: Duration,
    pub silence: Duration,
    pub life: LifeSettings,
    pub transcoding: TranscodeSettings,
    pub recordings: RecordingSettings,
    pub measures: MeasureSettings,
    pub outside: OutsideSettings,
    pub chat: ChatSettings,
    pub max_publishers: usize,
    pub max_viewers: usize,
    pub limits: Limits,
    pub shutdown: Duration,
    pub log: String,
    pub log_format: LogFormat,
}

/// A text that may hold a password, such as the URL of a database. `Debug` does not show it.
#[derive(Clone, PartialEq, Eq)]
pub struct SecretText(String);

impl SecretText {
    /// The whole text.
    pub fn reveal(&self) -> &str {
        &self.0
    }
}

impl std::fmt::Debug for SecretText {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("SecretText(…)")
    }
}

/// The operator's own certificate.
#[derive(Clone, Debug)]
pub struct TlsFiles {
    /// PEM chain, leaf first.
    pub certificate: PathBuf,
    /// PEM private key.
    pub key: PathBuf,
}

/// How log lines look.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum LogFormat {
    /// For people.
    Text,
    /// One JSON object a line.
    Json,
}

impl Config {
    /// Checks the texts.
    pub fn from_layers(layers: &Layers) -> Result<Self, ConfigError> {
        let values = Values(layers);
        let config = Self {
            data_dir: values.needed("data_dir", |text| Ok(PathBuf::from(text)))?,
            database: values.wanted("database", database_url)?,
            nats: values.wanted("nats", nats_url)?,
            http: values.needed("http", address)?,
            https: values.needed("https", address_or_off)?,
            metrics: values.needed("metrics", address_or_off)?,
            rtmp: values.needed("rtmp", address_or_off)?,
            rtmps: values.needed("rtmps", address_or_off)?,
            ready_file: values.wanted("ready_file", |text| Ok(PathBuf::from(text)))?,
            region: values.needed("region", |text| {
                Region::parse(text).ok_or_else(|| "1 to 32 of a-z, 0-9 and -".to_owned())
            })?,
            any_region: values.needed("any_region", truth)?,
            account: values
                .needed("account", |text| AccountId::parse(text).ok_or_else(|| "twelve digits".to_owned()))?,
            public_url: values.wanted("public_url", base_url)?,
            ingest_host: values.wanted("ingest_host", host)?,
            trusted_proxies: values.wanted("trusted_proxies", networks)?.unwrap_or_default(),
            geoip_database: values.wanted("geoip_database", |text| Ok(PathBuf::from(text)))?,
            tls: values.tls()?,
            part: values.needed("part_ms", |text| Ok(Duration::from_millis(number(text, 100, 1_000)?)))?,
            window: values.needed("window_seconds", |text| Ok(Duration::from_secs(number(text, 6, 120)?)))?,
            silence: values
                .needed("silence_seconds", |text| Ok(Duration::from_secs(number(text, 2, 300)?)))?,
            life: LifeSettings::from_values(&values)?,
            transcoding: TranscodeSettings::from_values(&values)?,
            recordings: RecordingSettings::from_values(&values)?,
            measures: MeasureSettings::from_values(&values)?,
            outside: OutsideSettings::from_values(&values)?,
            chat: ChatSettings::from_values(&values)?,
            max_publishers: values.needed("max_publishers", |text| count(text, 1_000_000))?,
            max_viewers: values.needed("max_viewers", |text| count(text, 10_000_000))?,
            limits: values.limits()?,
            shutdown: values
                .needed("shutdown_seconds", |text| Ok(Duration::from_secs(number(text, 1, 300)?)))?,
            log: values.needed("log", |text| Ok(text.to_owned()))?,
            log_format: values.needed("log_format", |text| match text {
                "text" => Ok(LogFormat::Text),
                "json" => Ok(LogFormat::Json),
                _ => Err("text or json".to_owned()),
            })?,
        };
        match (&config.nats, &config.database) {
            (Some(_), None) => Err(ConfigError::LinkWithoutDatabase),
            _ => Ok(config),
        }
    }
}

struct Values<'a>(&'a Layers);

impl Values<'_> {
    fn wanted<T>(
        &self,
        key: &'static str,
        read: impl FnOnce(&str) -> Result<T, String>,
    ) -> Result<Option<T>, ConfigError> {
        let Some(raw) = self.0.get(key) else { return Ok(None) };
        let Some(text) = &raw.text else { return Ok(None) };
        let secret = SETTINGS.iter().any(|setting| setting.key == key && setting.is_secret());
        let shown = if secret { "…".to_owned() } else { text.clone() };
        let refuse = |why| ConfigError::Value { key, text: shown, place: raw.source.to_string(), why };
        read(text).map(Some).map_err(refuse)
    }

    fn needed<T>(
        &self,
        key: &'static str,
        read: impl FnOnce(&str) -> Result<T, String>,
    ) -> Result<T, ConfigError> {
        let absent = || ConfigError::Value {
            key,
            text: String::new(),
            place: self.0.get(key).map_or_else(|| "nowhere".to_owned(), |raw| raw.source.to_string()),
            why: "it must have a value".to_owned(),
        };
        self.wanted(key, read)?.ok_or_else(absent)
    }

    /// The profile's numbers, and over them those that were set by themselves.
    fn limits(&self) -> Result<Limits, ConfigError> {
        let mut limits = self.needed("limits", |text| match text {
            "open" => Ok(Limits::OPEN),
            "aws" => Ok(Limits::AWS),
            _ => Err("open or aws".to_owned()),
        })?;
        for Limit { key, .. } in Limits::ALL {
            let own = self.wanted(key, |text| count(text, 100_000_000))?;
            if let (Some(own), Some(limit)) = (own, limits.get_mut(key)) {
                *limit = own;
            }
        }
        Ok(limits)
    }

    fn tls(&self) -> Result<Option<TlsFiles>, ConfigError> {
        let path = |text: &str| Ok(PathBuf::from(text));
        match (self.wanted("tls_certificate", path)?, self.wanted("tls_key", path)?) {
            (Some(certificate), Some(key)) => Ok(Some(TlsFiles { certificate, key })),
            (None, None) => Ok(None),
            _ => Err(ConfigError::TlsPair),
        }
    }
}

fn address(text: &str) -> Result<SocketAddr, String> {
    text.parse().map_err(|_| "an address and a port, such as 127.0.0.1:8080 or [::]:8080".to_owned())
}

fn address_or_off(text: &str) -> Result<Option<SocketAddr>, String> {
    if text == "off" { Ok(None) } else { address(text).map(Some) }
}

/// Only the scheme is looked at: what follows is the database client's to understand, and may be secret.
fn database_url(text: &str) -> Result<SecretText, String> {
    let known = ["postgres://", "postgresql://"].iter().any(|scheme| text.starts_with(scheme));
    if known { Ok(SecretText(text.to_owned())) } else { Err("a URL that begins with postgres://".to_owned()) }
}

fn nats_url(text: &str) -> Result<SecretText, String> {
    let known = ["nats://", "tls://"].iter().any(|scheme| text.starts_with(scheme));
    known
        .then(|| SecretText(text.to_owned()))
        .ok_or_else(|| "a URL that begins with nats:// or tls://".to_owned())
}

fn networks(text: &str) -> Result<Vec<IpNet>, String> {
    let one = |text: &str| text.parse().ok().or_else(|| text.parse::<IpAddr>().ok().map(IpNet::from));
    let all = text.split(',').map(|part| one(part.trim())).collect::<Option<_>>();
    all.ok_or_else(|| "addresses or networks, such as 127.0.0.1,10.0.0.0/8".to_owned())
}

fn truth(text: &str) -> Result<bool, String> {
    text.parse().map_err(|_| "true or false".to_owned())
}

fn number(text: &str, least: u64, most: u64) -> Result<u64, String> {
    let fits = text.parse().ok().filter(|value| (least..=most).contains(value));
    fits.ok_or_else(|| format!("a whole number from {least} to {most}"))
}

fn count<T: TryFrom<u64>>(text: &str, most: u32) -> Result<T, String> {
    let value = number(text, 1, u64::from(most))?;
    T::try_from(value).map_err(|_| format!("at most {most}"))
}

fn base_url(text: &str) -> Result<String, String> {
    let why = || "http:// or https:// and a host, without a path".to_owned();
    let uri: http::Uri = text.parse().map_err(|_| why())?;
    let scheme = uri.scheme_str().filter(|scheme| matches!(*scheme, "http" | "https")).ok_or_else(why)?;
    let authority = uri.authority().ok_or_else(why)?;
    match uri.path_and_query().map(http::uri::PathAndQuery::as_str) {
        None | Some("/") => Ok(format!("{scheme}://{authority}")),
        Some(_) => Err(why()),
    }
}

fn host(text: &str) -> Result<String, String> {
    let fits = |byte: u8| byte.is_ascii_alphanumeric() || b".-:[]".contains(&byte);
    if text.bytes().all(fits) { Ok(text.to_owned()) } else { Err("a host name or address".to_owned()) }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn config(flags: &[(&'static str, &str)]) -> Result<Config, ConfigError> {
        let flags = flags.iter().map(|(key, text)| (*key, (*text).to_owned())).collect();
        Config::from_layers(&layers(Inputs { file: None, env: &[], flags })?)
    }

    #[test]
    fn the_defaults_are_a_valid_configuration() {
        let config = config(&[]).expect("defaults");
        assert_eq!(config.http, "127.0.0.1:8080".parse().expect("an address"));
        assert_eq!(config.part, Duration::from_millis(200));
    }

    #[test]
    fn off_closes_a_listener() {
        assert_eq!(config(&[("rtmp", "off")]).expect("a configuration").rtmp, None);
    }

    #[test]
    fn a_value_that_does_not_fit_names_key_value_and_place() {
        for (key, text) in [
            ("http", "8080"),
            ("account", "12"),
            ("part_ms", "20"),
            ("any_region", "yes"),
            ("public_url", "ftp://host"),
            ("public_url", "http://host/path"),
            ("region", "US EAST"),
            ("log_format", "xml"),
            ("limits", "none"),
            ("quota_channels", "0"),
            ("rate_tags", "many"),
            ("trusted_proxies", "10.0.0.0/8,proxy"),
            ("database", "…"),
        ] {
            let error = config(&[(key, text)]).expect_err(key).to_string();
            assert!(error.contains(key) && error.contains(text) && error.contains("flag --"), "{error}");
        }
    }

    #[test]
    fn a_limit_of_its_own_stands_over_the_profile() {
        let config = config(&[("limits", "aws"), ("quota_channels", "7")]).expect("a configuration");
        assert_eq!(config.limits, Limits { channels: 7, ..Limits::AWS });
    }

    #[test]
    fn a_database_password_does_not_show() {
        let config = config(&[("database", "postgres://me:secret@host/name")]).expect("a configuration");
        assert!(!format!("{config:?}").contains("secret"));
    }

    #[test]
    fn half_a_certificate_is_refused() {
        assert!(matches!(config(&[("tls_key", "key.pem")]), Err(ConfigError::TlsPair)));
    }
}
