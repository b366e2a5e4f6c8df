//! A sink as it stands in the file, and what it means.
//!
//! Promise: a key that its kind of sink does not know is an error, so that a slip is never a setting that has no
//! effect.

use std::collections::BTreeMap;
use std::net::IpAddr;
use std::time::Duration;

use http::{HeaderMap, HeaderName, HeaderValue, Uri};
use outbound::Secret;
use serde::Deserialize;

use super::{EventBridge, Kind, Nats, Sink, Webhook};
use crate::error::SinksError;
use crate::pattern::Pattern;
use crate::subject;

const LONGEST_NAME: usize = 40;
/// EventBridge itself gives up after 24 hours (user guide, "Retrying event delivery").
const GIVE_UP_HOURS: u64 = 24;
const LONGEST_GIVE_UP_HOURS: u64 = 24 * 30;
const TIMEOUT_SECONDS: u64 = 10;
const LONGEST_TIMEOUT_SECONDS: u64 = 60;
const MOST_SECRETS: usize = 5;
const MOST_HEADERS: usize = 20;
/// Headers that the server makes itself.
const OWN_HEADERS: [&str; 8] = [
    "webhook-id",
    "webhook-timestamp",
    "webhook-signature",
    "host",
    "content-length",
    "transfer-encoding",
    "connection",
    "content-type",
];

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct File {
    #[serde(default)]
    sink: Vec<Written>,
}

/// All keys of all kinds.
#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct Written {
    name: String,
    kind: KindName,
    pattern: Option<String>,
    give_up_hours: Option<u64>,
    url: Option<String>,
    plain: Option<bool>,
    secret: Option<String>,
    secrets: Option<Vec<String>>,
    headers: Option<BTreeMap<String, String>>,
    timeout_seconds: Option<u64>,
    bus: Option<String>,
    region: Option<String>,
    endpoint: Option<String>,
    source: Option<String>,
    servers: Option<String>,
    authorities: Option<String>,
    subject: Option<String>,
    jetstream: Option<bool>,
    path: Option<String>,
}

#[derive(Clone, Copy, Deserialize, PartialEq)]
#[serde(rename_all = "lowercase")]
enum KindName {
    Webhook,
    EventBridge,
    Nats,
    File,
}

type What = String;

impl Written {
    pub(super) fn read(text: &str) -> Result<Vec<Self>, SinksError> {
        toml::from_str::<File>(text).map(|file| file.sink).map_err(|error| {
            let before = error.span().and_then(|span| text.get(..span.start)).unwrap_or_default();
            // Not the library's own text: it shows the line, which may hold a secret.
            SinksError::Toml { line: before.matches('\n').count() + 1, what: unquoted(error.message()) }
        })
    }

    /// What it means; `place` counts sinks from 1.
    pub(super) fn sink(mut self, place: usize) -> Result<Sink, SinksError> {
        let name = std::mem::take(&mut self.name);
        let fits = |byte: u8| byte.is_ascii_lowercase() || byte.is_ascii_digit() || byte == b'-';
        if name.is_empty() || name.len() > LONGEST_NAME || !name.bytes().all(fits) {
            let what = "a name has 1 to 40 lower-case letters, digits and hyphens".to_owned();
            return Err(SinksError::Value { sink: place.to_string(), what });
        }
        let pattern = self.pattern.take().map(|text| Pattern::parse(&text)).transpose();
        let pattern = pattern.map_err(|source| SinksError::Pattern { sink: name.clone(), source })?;
        let wrong = |what| SinksError::Value { sink: name.clone(), what };
        let hours = bounded("give_up_hours", self.give_up_hours, GIVE_UP_HOURS, LONGEST_GIVE_UP_HOURS);
        let give_up = Duration::from_secs(hours.map_err(wrong)? * 3600);
        let kind = self.meaning().map_err(wrong)?;
        Ok(Sink { name, pattern, give_up, kind })
    }

    fn meaning(mut self) -> Result<Kind, What> {
        let kind = match self.kind {
            KindName::Webhook => Kind::Webhook(self.webhook()?),
            KindName::EventBridge => Kind::EventBridge(self.eventbridge()?),
            KindName::Nats => Kind::Nats(self.nats()?),
            KindName::File => Kind::File(needed("path", self.path.take())?.into()),
        };
        match self.left() {
            Some(key) => Err(format!("a sink of this kind has no {key}")),
            None => Ok(kind),
        }
    }

    fn webhook(&mut self) -> Result<Webhook, What> {
        let url = needed("url", self.url.take())?;
        callable("url", &url, self.plain.take().unwrap_or(false))?;
        let mut texts = self.secrets.take().unwrap_or_default();
        texts.extend(self.secret.take());
        if texts.len() > MOST_SECRETS {
            return Err(format!("it has more than {MOST_SECRETS} secrets"));
        }
        let secret =
            |text: &String| Secret::parse(text).map_err(|error| format!("a secret is none: {error}"));
        let seconds = self.timeout_seconds.take();
        let seconds = bounded("timeout_seconds", seconds, TIMEOUT_SECONDS, LONGEST_TIMEOUT_SECONDS)?;
        Ok(Webhook {
            url,
            secrets: texts.iter().map(secret).collect::<Result<_, _>>()?,
            headers: headers(&self.headers.take().unwrap_or_default())?,
            timeout: Duration::from_secs(seconds),
        })
    }

    fn eventbridge(&mut self) -> Result<EventBridge, What> {
        let region = needed("region", self.region.take())?;
        if domain::Region::parse(&region).is_none() {
            return Err("region is no region, such as us-east-1".to_owned());
        }
        let source = self.source.take();
        let endpoint = match self.endpoint.take() {
            Some(endpoint) => {
                callable("endpoint", &endpoint, true)?;
                format!("{}/", endpoint.trim_end_matches('/'))
            }
            None if source.as_ref().is_none_or(|source| source.starts_with("aws.")) => {
                let why = "EventBridge takes none that begins with \"aws.\", as the events' own does";
                return Err(format!("source is needed: {why}"));
            }
            None => format!("https://events.{region}.amazonaws.com/"),
        };
        let bus = self.bus.take().unwrap_or_else(|| "default".to_owned());
        for (key, text) in [("bus", Some(&bus)), ("source", source.as_ref())] {
            if text.is_some_and(|text| text.is_empty() || text.len() > 1600) {
                return Err(format!("{key} is empty or too long"));
            }
        }
        Ok(EventBridge { bus, region, endpoint, source })
    }

    fn nats(&mut self) -> Result<Nats, What> {
        let subject = needed("subject", self.subject.take())?;
        subject::check(&subject)?;
        let servers = needed("servers", self.servers.take())?;
        crate::outlet::check_servers(&servers)?;
        let authorities = self.authorities.take().map(Into::into);
        Ok(Nats { servers, authorities, subject, jetstream: self.jetstream.take().unwrap_or(false) })
    }

    /// A key that nobody took.
    fn left(&self) -> Option<&'static str> {
        let keys = [
            ("url", self.url.is_some()),
            ("plain", self.plain.is_some()),
            ("secret", self.secret.is_some()),
            ("secrets", self.secrets.is_some()),
            ("headers", self.headers.is_some()),
            ("timeout_seconds", self.timeout_seconds.is_some()),
            ("bus", self.bus.is_some()),
            ("region", self.region.is_some()),
            ("endpoint", self.endpoint.is_some()),
            ("source", self.source.is_some()),
            ("servers", self.servers.is_some()),
            ("authorities", self.authorities.is_some()),
            ("subject", self.subject.is_some()),
            ("jetstream", self.jetstream.is_some()),
            ("path", self.path.is_some()),
        ];
        keys.iter().find(|(_, there)| *there).map(|(key, _)| *key)
    }
}

/// A message without the texts that it quotes: one of them may be a secret in the wrong place.
fn unquoted(message: &str) -> String {
    match (message.find('"'), message.rfind('"')) {
        (Some(first), Some(last)) if first < last => {
            format!("{}\"…\"{}", &message[..first], &message[last + 1..])
        }
        _ => message.to_owned(),
    }
}

fn needed(key: &str, value: Option<String>) -> Result<String, What> {
    value.filter(|text| !text.is_empty()).ok_or_else(|| format!("{key} is missing"))
}

fn bounded(key: &str, value: Option<u64>, usual: u64, most: u64) -> Result<u64, What> {
    let value = value.unwrap_or(usual);
    (1..=most).contains(&value).then_some(value).ok_or_else(|| format!("{key} is not from 1 to {most}"))
}

/// Can the address be called, and may it be? Events in the clear stay on this machine, or somebody said `plain`.
fn callable(key: &str, url: &str, plain: bool) -> Result<(), What> {
    outbound::is_address(url).map_err(|error| format!("{key}: {error}"))?;
    let uri: Uri = url.parse().map_err(|_| format!("{key} is no URI"))?;
    let host = uri.host().unwrap_or_default();
    let address = host.trim_start_matches('[').trim_end_matches(']').parse::<IpAddr>();
    let here = host == "localhost" || address.is_ok_and(|address| address.is_loopback());
    match uri.scheme_str() == Some("https") || here || plain {
        true => Ok(()),
        false => Err(format!("{key} is not https; `plain = true` allows that")),
    }
}

fn headers(written: &BTreeMap<String, String>) -> Result<HeaderMap, What> {
    if written.len() > MOST_HEADERS {
        return Err(format!("it has more than {MOST_HEADERS} headers"));
    }
    let mut headers = HeaderMap::new();
    for (name, value) in written {
        let key = HeaderName::try_from(name).map_err(|_| format!("{name:?} is no header's name"))?;
        if OWN_HEADERS.contains(&key.as_str()) {
            return Err(format!("the header {key} is the server's own"));
        }
        let mut value =
            HeaderValue::try_from(value).map_err(|_| format!("the header {key} has no such value"))?;
        value.set_sensitive(true);
        headers.insert(key, value);
    }
    Ok(headers)
}
