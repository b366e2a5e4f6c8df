//! The parameters of a request.
//!
//! Promise: one that is unknown or given twice is refused, so a slip in a filter's name can't let everything
//! through; those of a signature are left to who verifies it.

use std::collections::BTreeMap;
use std::ops::RangeInclusive;

use api::ApiError;
use http::request::Parts;
use percent_encoding::percent_decode_str;

/// How the parameters of a presigned request begin.
const SIGNATURE: &str = "X-Amz-";

/// Parameters by their names, decoded.
#[derive(Debug)]
pub(super) struct Query {
    values: BTreeMap<String, String>,
}

impl Query {
    /// Reads the parameters, of which only these may be there.
    pub(super) fn read(parts: &Parts, known: &[&str]) -> Result<Self, ApiError> {
        let mut values = BTreeMap::new();
        for (name, value) in pairs(parts) {
            let (name, value) = (decoded(name)?, decoded(value)?);
            if name.starts_with(SIGNATURE) {
                continue;
            }
            if !known.contains(&name.as_str()) {
                return Err(ApiError::validation(format!("{name}: no such parameter")));
            }
            if values.insert(name.clone(), value).is_some() {
                return Err(ApiError::validation(format!("{name}: given more than once")));
            }
        }
        Ok(Self { values })
    }

    /// The first parameter of this name, whatever others there are.
    pub(super) fn find(parts: &Parts, wanted: &str) -> Option<String> {
        let value = |(name, value)| (decoded(name).ok()? == wanted).then(|| decoded(value).ok())?;
        pairs(parts).find_map(value)
    }

    pub(super) fn get(&self, name: &str) -> Option<&str> {
        self.values.get(name).map(String::as_str)
    }

    /// A whole number within bounds.
    pub(super) fn number(&self, name: &str, bounds: RangeInclusive<u32>) -> Result<Option<u32>, ApiError> {
        let read = |text: &str| {
            let number = text.parse().ok().filter(|number| bounds.contains(number));
            let text = || format!("{name}: must be a number from {} to {}", bounds.start(), bounds.end());
            number.ok_or_else(|| ApiError::validation(text()))
        };
        self.get(name).map(read).transpose()
    }
}

fn pairs(parts: &Parts) -> impl Iterator<Item = (&str, &str)> {
    let query = parts.uri.query().unwrap_or_default();
    let pairs = query.split('&').filter(|pair| !pair.is_empty());
    pairs.map(|pair| pair.split_once('=').unwrap_or((pair, "")))
}

/// As signatures are made: a plus is a plus.
fn decoded(text: &str) -> Result<String, ApiError> {
    let text = percent_decode_str(text).decode_utf8();
    text.map(Into::into).map_err(|_| ApiError::validation("A parameter is not UTF-8"))
}

#[cfg(test)]
mod tests {
    use http::Request;

    use super::*;

    fn parts(query: &str) -> Parts {
        Request::builder().uri(format!("/x?{query}")).body(()).expect("a request").into_parts().0
    }

    fn refused(query: &str) -> String {
        Query::read(&parts(query), &["pattern", "maxResults"]).expect_err("refused").to_string()
    }

    #[test]
    fn known_parameters_are_read_and_decoded_once() {
        let query = Query::read(&parts("pattern=%7B%2525+%7D&X-Amz-Date=1&X-Amz-Date=2&"), &["pattern"]);
        assert_eq!(query.expect("read").get("pattern"), Some("{%25+}"));
    }

    #[test]
    fn slips_are_refused() {
        assert_eq!(refused("patern=1"), "patern: no such parameter");
        assert_eq!(refused("pattern=1&pattern=1"), "pattern: given more than once");
        assert_eq!(refused("pattern=%ff"), "A parameter is not UTF-8");
        let number = |text| {
            let query = Query::read(&parts(text), &["maxResults"]).expect("read");
            query.number("maxResults", 1..=100).map_err(|error| error.to_string())
        };
        assert_eq!(number("maxResults=100"), Ok(Some(100)));
        assert_eq!(number(""), Ok(None));
        for text in ["maxResults=0", "maxResults=101", "maxResults=", "maxResults=-1", "maxResults=9e9"] {
            assert_eq!(number(text), Err("maxResults: must be a number from 1 to 100".to_owned()));
        }
    }
}
