//! Where encoders put the stream key.
//!
//! Promise: the key is found wherever it stands (name, application path, query), and what is shown of an
//! address never holds it.
//!
//! The documented form is `rtmps://host/app/KEY[?priority=N]`. Seen in the field: no application at all,
//! the key as a second part of the application, doubled and trailing slashes, an instance name
//! (`_definst_`) before or after it, the key in the query.

use domain::StreamKeyValue;

/// What every key that is issued here begins with.
const KEY_PREFIX: &str = "sk_";
/// The instance that Flash Media Server calls the default.
const DEFAULT_INSTANCE: &str = "_definst_";
/// Query parameters that encoders are told to put a key into.
const KEY_PARAMETERS: [&str; 5] = ["key", "streamkey", "stream_key", "streamKey", "sk"];
/// How much of an application's name is kept for logs, in characters.
const SHOWN: usize = 40;

/// What a publisher asks for.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct PublishRequest {
    /// The application's name, cleaned for logs; it decides nothing.
    pub app: String,
    /// The stream key, if there is anything that could be one.
    pub stream_key: Option<StreamKeyValue>,
    /// `?priority=N` of a stream takeover, 1 to 2 147 483 647 (IVS user guide, "Stream Takeover").
    pub priority: Option<u32>,
    /// The encoder's name as `connect` gave it (`flashVer`), cleaned for logs.
    pub encoder: String,
}

impl PublishRequest {
    /// Reads the application of `connect` (or the path of `tcUrl` when that is empty) and the name of
    /// `publish`.
    pub(crate) fn parse(app: &str, tc_url: &str, name: &str, encoder: &str) -> Self {
        let app = if app.is_empty() { url_path(tc_url) } else { app };
        let ((app_path, app_query), (name_path, name_query)) = (split(app), split(name));
        let places: Vec<&str> = segments(app_path).chain(segments(name_path)).collect();
        let parameters = || parameters(name_query).chain(parameters(app_query));
        let genuine = places.iter().copied().rfind(|place| place.starts_with(KEY_PREFIX));
        let in_query = || parameters().find(|(key, _)| KEY_PARAMETERS.contains(key)).map(|(_, value)| value);
        let last = || segments(name_path).last().or_else(|| segments(app_path).skip(1).last());
        Self {
            app: segments(app_path)
                .find(|place| !place.starts_with(KEY_PREFIX))
                .map(shown)
                .unwrap_or_default(),
            stream_key: genuine.or_else(in_query).or_else(last).and_then(StreamKeyValue::parse),
            priority: parameters().find(|(key, _)| *key == "priority").and_then(|(_, value)| priority(value)),
            encoder: shown(encoder),
        }
    }
}

/// The path and query of a URL.
fn url_path(url: &str) -> &str {
    let after_scheme = url.split_once("://").map_or("", |(_, rest)| rest);
    after_scheme.split_once('/').map_or("", |(_, path)| path)
}

fn split(path: &str) -> (&str, &str) {
    path.split_once('?').unwrap_or((path, ""))
}

fn segments(path: &str) -> impl Iterator<Item = &str> {
    path.split('/').map(str::trim).filter(|part| !part.is_empty() && *part != DEFAULT_INSTANCE)
}

/// Encoders that append their own parameters to an address that has some write a second `?`.
fn parameters(query: &str) -> impl Iterator<Item = (&str, &str)> {
    query.split(['&', '?']).filter_map(|pair| pair.split_once('='))
}

fn priority(text: &str) -> Option<u32> {
    text.parse().ok().filter(|priority| (1..=2_147_483_647).contains(priority))
}

/// A text from outside, fit for a log line: short and without control characters.
pub(crate) fn shown(text: &str) -> String {
    text.chars().filter(|character| !character.is_control()).take(SHOWN).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    const KEY: &str = "sk_us-east-1_abcdABCD0123_xyz";

    fn key(app: &str, name: &str) -> Option<String> {
        let request = PublishRequest::parse(app, "", name, "");
        assert!(!request.app.contains(KEY), "{app} {name}");
        request.stream_key.map(|key| key.reveal().to_owned())
    }

    #[test]
    fn the_key_is_found_wherever_encoders_put_it() {
        for (app, name) in [
            ("app", KEY.to_owned()),
            ("app/", format!("/{KEY}/")),
            ("", KEY.to_owned()),
            (&format!("app/{KEY}"), String::new()),
            (&format!("app//{KEY}"), "stream".to_owned()),
            (KEY, String::new()),
            ("app/_definst_", format!("{KEY}/_definst_")),
            ("app", format!("x/{KEY}")),
            ("app", format!("{KEY}?priority=3")),
            ("app", format!("{KEY}?clientConfigId=1?priority=3")),
            ("app", format!("?key={KEY}")),
            (&format!("app?streamkey={KEY}"), "live".to_owned()),
        ] {
            assert_eq!(key(app, &name).as_deref(), Some(KEY), "{app} {name}");
        }
    }

    #[test]
    fn an_unusual_key_is_the_names_last_part() {
        assert_eq!(key("live", "a/b").as_deref(), Some("b"));
        assert_eq!(key("live/mine", "").as_deref(), Some("mine"));
        assert_eq!(key("live", ""), None);
        assert_eq!(key("live", &"x".repeat(300)), None);
    }

    #[test]
    fn an_empty_app_is_read_from_tc_url() {
        let request = PublishRequest::parse("", &format!("rtmps://host:443/app/{KEY}"), "", "OBS\n\u{7}");
        assert_eq!(request.stream_key.unwrap().reveal(), KEY);
        assert_eq!((request.app.as_str(), request.encoder.as_str()), ("app", "OBS"));
    }

    #[test]
    fn a_priority_outside_its_range_is_none() {
        let of = |query: &str| PublishRequest::parse("app", "", &format!("{KEY}?{query}"), "").priority;
        assert_eq!(of("priority=1"), Some(1));
        assert_eq!(of("a=b&priority=2147483647"), Some(2_147_483_647));
        assert_eq!(of("priority=0"), None);
        assert_eq!(of("priority=2147483648"), None);
        assert_eq!(of("priority=-1"), None);
    }
}
