//! Where handlers are invoked: a TOML text with one `[[target]]` for each line of the map.
//!
//! Promise: a text is taken whole or refused with the line and the key that are wrong; no error shows a secret.

use std::collections::{BTreeMap, HashMap};
use std::fmt;
use std::ops::RangeInclusive;
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::time::Duration;

use outbound::{Keys, Secret};
use serde::de::Error as _;
use serde::{Deserialize, Deserializer};
use toml::Spanned;

use super::ask::Endpoint;
use super::breaker::Thresholds;

const MOST: usize = 1_000;
const TIMEOUT_MS: RangeInclusive<u64> = 10..=10_000;
const PLACES: RangeInclusive<usize> = 1..=10_000;
const QUEUE: RangeInclusive<usize> = 0..=100_000;
const FAILURES: RangeInclusive<u32> = 1..=1_000;
const PAUSE_SECONDS: RangeInclusive<u64> = 1..=3_600;
const SECRET_FILE_BYTES: u64 = 64 * 1024;

/// What is wrong with a text that says where handlers are invoked.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("line {line}: {what}")]
pub struct TargetsError {
    /// Line of the text, from 1.
    pub line: usize,
    /// Key and reason.
    pub what: String,
}

/// Which handler is invoked where, and how long it may take. The default has none: then all messages of rooms
/// with a handler take the room's fallback.
#[derive(Clone, Debug, Default)]
pub struct Targets {
    exact: HashMap<String, Arc<Target>>,
    /// Longest first.
    prefixes: Vec<(String, Arc<Target>)>,
}

/// One line of the map.
pub(super) struct Target {
    pub(super) endpoint: Endpoint,
    pub(super) timeout: Duration,
    /// Questions that one handler has at once.
    pub(super) places: usize,
    /// Messages that wait for a place of one handler.
    pub(super) queue: usize,
    pub(super) thresholds: Thresholds,
}

impl fmt::Debug for Target {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Target").field("timeout", &self.timeout).finish_non_exhaustive()
    }
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Text {
    #[serde(default)]
    target: Vec<Entry>,
}

/// One `[[target]]`.
#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Entry {
    uri: Spanned<String>,
    lambda: Option<String>,
    region: Option<String>,
    access_key: Option<String>,
    session_token: Option<String>,
    webhook: Option<String>,
    #[serde(default, deserialize_with = "hidden")]
    secret: Option<String>,
    secret_file: Option<PathBuf>,
    timeout_ms: Option<u64>,
    max_concurrency: Option<usize>,
    max_queue: Option<usize>,
    breaker_failures: Option<u32>,
    breaker_seconds: Option<u64>,
}

impl Targets {
    /// Reads the text, and the files of secrets that it names.
    ///
    /// # Errors
    /// What is no TOML, has unknown keys, values out of their bounds, keys that exclude or lack each other, the
    /// same `uri` twice, or a secret file that can't be read.
    pub fn parse(text: &str) -> Result<Self, TargetsError> {
        let read: Text = toml::from_str(text).map_err(|error| TargetsError {
            line: error.span().map_or(1, |span| line(text, span.start)),
            what: error.message().to_owned(),
        })?;
        if read.target.len() > MOST {
            return Err(TargetsError { line: 1, what: format!("there are more than {MOST} targets") });
        }
        let mut targets = Self::default();
        for entry in read.target {
            let line = line(text, entry.uri.span().start);
            targets.add(entry).map_err(|what| TargetsError { line, what })?;
        }
        targets.prefixes.sort_by_key(|(prefix, _)| std::cmp::Reverse(prefix.len()));
        Ok(targets)
    }

    /// The URLs that handlers are asked at, sorted, each with how many of the file's targets name it. Behind the host
    /// they may hold what others should not see.
    pub fn addresses(&self) -> BTreeMap<&str, usize> {
        let mut addresses = BTreeMap::new();
        for target in self.exact.values().chain(self.prefixes.iter().map(|(_, target)| target)) {
            let (Endpoint::Lambda { base: url, .. } | Endpoint::Webhook { url, .. }) = &target.endpoint;
            *addresses.entry(url.as_str()).or_default() += 1;
        }
        addresses
    }

    /// Where the handler of that ARN is invoked: the line with exactly it, else the longest pattern.
    pub(super) fn target(&self, uri: &str) -> Option<Arc<Target>> {
        let fits = |(prefix, target): &(String, Arc<Target>)| uri.starts_with(prefix).then(|| target.clone());
        self.exact.get(uri).cloned().or_else(|| self.prefixes.iter().find_map(fits))
    }

    fn add(&mut self, entry: Entry) -> Result<(), String> {
        let target = Arc::new(entry.target()?);
        let uri = entry.uri.into_inner();
        let twice = || format!("uri: `{uri}` stands there twice");
        match uri.strip_suffix('*') {
            _ if uri.is_empty() => Err("uri: is empty".to_owned()),
            Some(prefix) if prefix.contains('*') => Err("uri: only its end may be a `*`".to_owned()),
            Some(prefix) if self.prefixes.iter().any(|(known, _)| known == prefix) => Err(twice()),
            Some(prefix) => {
                self.prefixes.push((prefix.to_owned(), target));
                Ok(())
            }
            None if uri.contains('*') => Err("uri: only its end may be a `*`".to_owned()),
            None if self.exact.contains_key(&uri) => Err(twice()),
            None => {
                self.exact.insert(uri, target);
                Ok(())
            }
        }
    }
}

impl Entry {
    fn target(&self) -> Result<Target, String> {
        Ok(Target {
            endpoint: self.endpoint()?,
            timeout: Duration::from_millis(within("timeout_ms", self.timeout_ms, 200, &TIMEOUT_MS)?),
            places: within("max_concurrency", self.max_concurrency, 64, &PLACES)?,
            queue: within("max_queue", self.max_queue, 1_000, &QUEUE)?,
            thresholds: Thresholds {
                failures: within("breaker_failures", self.breaker_failures, 5, &FAILURES)?,
                pause: Duration::from_secs(within(
                    "breaker_seconds",
                    self.breaker_seconds,
                    5,
                    &PAUSE_SECONDS,
                )?),
            },
        })
    }

    fn endpoint(&self) -> Result<Endpoint, String> {
        match (&self.lambda, &self.webhook) {
            (Some(url), None) => self.lambda(url),
            (None, Some(url)) => self.webhook(url),
            _ => Err("one of lambda and webhook is needed".to_owned()),
        }
    }

    fn lambda(&self, url: &str) -> Result<Endpoint, String> {
        let base = address("lambda", url)?;
        if base.contains(['?', '#']) {
            return Err("lambda: may have a path, but no query".to_owned());
        }
        let keys = match (&self.access_key, self.secret()?) {
            (Some(id), Some(secret)) => {
                let secret = secret.trim().to_owned();
                Some(Keys { id: id.clone(), secret, session: self.session_token.clone() })
            }
            (None, None) if self.session_token.is_none() => None,
            _ => {
                return Err(
                    "access_key: needs secret or secret_file, and they and session_token it".to_owned()
                );
            }
        };
        Ok(Endpoint::Lambda {
            base: base.trim_end_matches('/').to_owned(),
            region: self.region.clone(),
            keys,
        })
    }

    fn webhook(&self, url: &str) -> Result<Endpoint, String> {
        let foreign = [
            ("region", &self.region),
            ("access_key", &self.access_key),
            ("session_token", &self.session_token),
        ];
        if let Some((key, _)) = foreign.iter().find(|(_, value)| value.is_some()) {
            return Err(format!("{key}: a webhook has none"));
        }
        let secrets = self.secret()?.ok_or("webhook: needs secret or secret_file")?;
        let secrets = secrets
            .lines()
            .map(str::trim)
            .filter(|line| !line.is_empty())
            .map(|line| Secret::parse(line).map_err(|error| format!("{}: {error}", self.secret_key())))
            .collect::<Result<Vec<_>, _>>()?;
        if secrets.is_empty() {
            return Err(format!("{}: is empty", self.secret_key()));
        }
        Ok(Endpoint::Webhook { url: address("webhook", url)?.to_owned(), secrets })
    }

    /// The key that the secret comes from.
    fn secret_key(&self) -> &'static str {
        if self.secret_file.is_some() { "secret_file" } else { "secret" }
    }

    fn secret(&self) -> Result<Option<String>, String> {
        match (&self.secret, &self.secret_file) {
            (Some(_), Some(_)) => Err("secret: not with secret_file".to_owned()),
            (secret, None) => Ok(secret.clone()),
            (None, Some(path)) => file(path).map(Some),
        }
    }
}

/// Reads a text without telling what else was there.
fn hidden<'de, D: Deserializer<'de>>(from: D) -> Result<Option<String>, D::Error> {
    match toml::Value::deserialize(from)? {
        toml::Value::String(text) => Ok(Some(text)),
        _ => Err(D::Error::custom("secret: is no text")),
    }
}

fn file(path: &Path) -> Result<String, String> {
    let failed = |why: &dyn fmt::Display| format!("secret_file: can't read {}: {why}", path.display());
    let size = std::fs::metadata(path).map_err(|error| failed(&error))?.len();
    if size > SECRET_FILE_BYTES {
        return Err(failed(&"it is too long"));
    }
    std::fs::read_to_string(path).map_err(|error| failed(&error))
}

fn address<'a>(key: &str, text: &'a str) -> Result<&'a str, String> {
    let usable = outbound::is_address(text);
    usable.map(|()| text).map_err(|error| format!("{key}: {error}"))
}

fn within<T: PartialOrd + fmt::Display>(
    key: &str,
    given: Option<T>,
    default: T,
    bounds: &RangeInclusive<T>,
) -> Result<T, String> {
    let value = given.unwrap_or(default);
    if bounds.contains(&value) {
        return Ok(value);
    }
    Err(format!("{key}: {value} is not within {} to {}", bounds.start(), bounds.end()))
}

fn line(text: &str, at: usize) -> usize {
    1 + text.bytes().take(at).filter(|byte| *byte == b'\n').count()
}

#[cfg(test)]
mod tests {
    use super::*;

    const HOOK: &str = "webhook = \"https://example.com/review\"\nsecret = \"0123456789abcdef\"\n";

    fn refusal(text: &str) -> String {
        Targets::parse(text).expect_err(text).to_string()
    }

    fn webhook(line: &str) -> String {
        format!("[[target]]\nuri = \"arn:a\"\n{HOOK}{line}\n")
    }

    #[test]
    fn an_empty_text_has_no_targets() {
        let targets = Targets::parse("# nothing yet\n").expect("no targets");
        assert!(targets.target("arn:aws:lambda:eu-west-1:1:function:f").is_none());
    }

    #[test]
    fn an_exact_arn_goes_before_patterns_and_a_longer_pattern_before_a_shorter() {
        let entry = |uri: &str, ms: u32| format!("[[target]]\nuri = \"{uri}\"\n{HOOK}timeout_ms = {ms}\n");
        let text =
            [entry("*", 100), entry("arn:f:*", 101), entry("arn:f:x", 102), entry("arn:*", 103)].concat();
        let targets = Targets::parse(&text).expect("four targets");
        let timeout = |uri: &str| targets.target(uri).map(|target| target.timeout.as_millis());
        assert_eq!(timeout("arn:f:x"), Some(102));
        assert_eq!(timeout("arn:f:xy"), Some(101));
        assert_eq!(timeout("arn:g"), Some(103));
        assert_eq!(timeout("other"), Some(100));
    }

    #[test]
    fn each_address_is_told_once_with_its_targets() {
        let lambda = |uri: &str| format!("[[target]]\nuri = \"{uri}\"\nlambda = \"http://h/base/\"\n");
        let text = [webhook(""), lambda("arn:b"), lambda("arn:c:*")].concat();
        let targets = Targets::parse(&text).expect("three targets");
        let told: Vec<_> = targets.addresses().into_iter().collect();
        assert_eq!(told, [("http://h/base", 2), ("https://example.com/review", 1)]);
        assert!(Targets::default().addresses().is_empty());
    }

    #[test]
    fn the_defaults_are_the_vendors_deadline_and_modest_bounds() {
        let targets = Targets::parse(&webhook("")).expect("a target");
        let target = targets.target("arn:a").expect("the target");
        assert_eq!(target.timeout, Duration::from_millis(200));
        assert_eq!((target.places, target.queue), (64, 1_000));
        assert_eq!(target.thresholds, Thresholds { failures: 5, pause: Duration::from_secs(5) });
    }

    #[test]
    fn what_is_wrong_is_named_with_its_line_and_key() {
        let cases = [
            ("[[target]]\nuri = 5\n", "line 2: "),
            ("\n[[target]\n", "line 2: "),
            ("[[target]]\nlambda = \"http://h\"\n", "line 1: missing field `uri`"),
            ("[[target]]\nuri = \"\"\n", "line 2: one of lambda and webhook is needed"),
            ("targets = 1\n", "line 1: unknown field `targets`"),
            (&webhook("speed = 9"), "line 5: unknown field `speed`"),
            (&webhook("timeout_ms = 5"), "line 2: timeout_ms: 5 is not within 10 to 10000"),
            (&webhook("max_concurrency = 0"), "line 2: max_concurrency: 0 "),
            (&webhook("breaker_seconds = 0"), "line 2: breaker_seconds: 0 "),
            (&webhook("lambda = \"http://h\""), "line 2: one of lambda and webhook"),
            (&webhook("region = \"eu-west-1\""), "line 2: region: a webhook has none"),
            (&webhook("secret_file = \"/nowhere\""), "line 2: secret: not with secret_file"),
            ("[[target]]\nuri = \"a*b\"\nlambda = \"http://h\"\n", "line 2: uri: only its end"),
            ("[[target]]\nuri = \"**\"\nlambda = \"http://h\"\n", "line 2: uri: only its end"),
            (
                "[[target]]\nuri = \"a\"\nlambda = \"ftp://h\"\n",
                "line 2: lambda: can't call an address that is neither",
            ),
            ("[[target]]\nuri = \"a\"\nlambda = \"http://h?x\"\n", "line 2: lambda: may have a path"),
            ("[[target]]\nuri = \"a\"\nwebhook = \"http://h\"\n", "line 2: webhook: needs secret"),
            (
                "[[target]]\nuri = \"a\"\nlambda = \"http://h\"\naccess_key = \"A\"\n",
                "line 2: access_key: needs",
            ),
            ("[[target]]\nuri = \"a\"\nlambda = \"http://h\"\nsecret = \"A\"\n", "line 2: access_key: needs"),
        ];
        for (text, begins) in cases {
            let refusal = refusal(text);
            assert!(refusal.starts_with(begins), "{text}: {refusal}");
        }
        let twice = format!("{}{}", webhook(""), webhook(""));
        assert_eq!(refusal(&twice), "line 7: uri: `arn:a` stands there twice");
    }

    #[test]
    fn a_secret_never_shows() {
        let short = "[[target]]\nuri = \"a\"\nwebhook = \"http://h\"\nsecret = \"hunter2\"\n";
        assert_eq!(refusal(short), "line 2: secret: it has fewer than 16 bytes");
        let number = "[[target]]\nuri = \"a\"\nwebhook = \"http://h\"\nsecret = 987654321987654321\n";
        assert!(!refusal(number).contains("987654321"), "{}", refusal(number));
        let shown = format!("{:?}", Targets::parse(&webhook("")));
        assert!(!shown.contains("0123456789abcdef"), "{shown}");
    }

    #[test]
    fn secrets_may_come_from_files_and_a_webhook_may_have_several() {
        let folder = tempfile::tempdir().expect("a folder");
        let path = folder.path().join("secret");
        std::fs::write(&path, "0123456789abcdef\n\nwhsec_MDEyMzQ1Njc4OWFiY2RlZg==\n").expect("written");
        let entry = |rest: &str| format!("[[target]]\nuri = \"a\"\nsecret_file = {path:?}\n{rest}\n");
        let targets = Targets::parse(&entry("webhook = \"http://h\"")).expect("a webhook");
        let target = targets.target("a").expect("the target");
        assert!(matches!(&target.endpoint, Endpoint::Webhook { secrets, .. } if secrets.len() == 2));
        let lambda = entry("lambda = \"http://h/base/\"\naccess_key = \"AK\"");
        let target = Targets::parse(&lambda).expect("a function").target("a").expect("the target");
        let Endpoint::Lambda { base, keys: Some(keys), .. } = &target.endpoint else {
            panic!("no keys: {:?}", target.endpoint);
        };
        assert_eq!((base.as_str(), keys.id.as_str()), ("http://h/base", "AK"));
        std::fs::remove_file(&path).expect("removed");
        assert!(refusal(&lambda).starts_with("line 2: secret_file: can't read "));
    }
}
