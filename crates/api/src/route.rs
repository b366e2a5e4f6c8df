//! From method and path to an operation.
//!
//! Promise: a path template's label is one percent-encoded segment, decoded exactly once; two services may
//! have the same path, then the service named in the signature's scope decides.

use http::Method;
use percent_encoding::percent_decode_str;
use serde_json::{Map, Value};

use crate::ivs;

/// A service of the vendor that Rillcast speaks for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Service {
    /// Low-latency streaming.
    Ivs,
}

impl Service {
    /// The name in a signature's scope and in an ARN.
    pub fn name(self) -> &'static str {
        match self {
            Self::Ivs => "ivs",
        }
    }
}

/// How an operation is bound to HTTP; from the model.
#[derive(Debug, PartialEq, Eq)]
pub struct Route {
    /// The operation's name.
    pub name: &'static str,
    /// HTTP method.
    pub method: Method,
    /// Path template; a label stands in braces and is one segment.
    pub path: &'static str,
    /// Query parameters that bind to list members, by the same name.
    pub query: &'static [&'static str],
    /// Status of success; 204 has no body.
    pub status: u16,
}

/// An operation of one of the services.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Operation {
    Ivs(ivs::Operation),
}

impl Operation {
    pub(crate) fn all() -> impl Iterator<Item = Self> {
        ivs::Operation::ALL.iter().copied().map(Self::Ivs)
    }

    pub(crate) fn service(self) -> Service {
        match self {
            Self::Ivs(_) => Service::Ivs,
        }
    }

    pub(crate) fn route(self) -> &'static Route {
        match self {
            Self::Ivs(operation) => operation.route(),
        }
    }
}

/// What a method and a path lead to.
#[derive(Debug, PartialEq, Eq)]
pub(crate) enum Found {
    /// Nothing has this path.
    NoPath,
    /// The path is known, with these methods only.
    NoMethod(Vec<&'static Method>),
    /// One operation per service at most.
    Operations(Vec<Operation>),
}

/// Looks a request line up.
pub(crate) fn find(method: &Method, path: &str) -> Found {
    let here: Vec<_> = Operation::all().filter(|op| labels(op.route().path, path).is_some()).collect();
    if here.is_empty() {
        return Found::NoPath;
    }
    let fitting: Vec<_> = here.iter().copied().filter(|op| op.route().method == *method).collect();
    if fitting.is_empty() {
        return Found::NoMethod(here.into_iter().map(|op| &op.route().method).collect());
    }
    Found::Operations(fitting)
}

/// Adds what path and query say to the members of the body; path and query win over a body that names the same.
pub(crate) fn bind(route: &Route, path: &str, query: Option<&str>, members: &mut Map<String, Value>) {
    for (name, value) in labels(route.path, path).unwrap_or_default() {
        members.insert(name.to_owned(), Value::String(value));
    }
    for name in route.query {
        let values: Vec<_> = parameters(query.unwrap_or_default(), name).map(Value::String).collect();
        // A list without elements has no form in a query: there is no telling it from an absent one.
        let member = if values.is_empty() { Value::Null } else { Value::Array(values) };
        members.insert((*name).to_owned(), member);
    }
}

fn labels(template: &'static str, path: &str) -> Option<Vec<(&'static str, String)>> {
    let (mut wanted, mut given) = (template.split('/'), path.split('/'));
    let mut labels = Vec::new();
    loop {
        match (wanted.next(), given.next()) {
            (None, None) => return Some(labels),
            (Some(wanted), Some(given)) => match label(wanted) {
                Some(_) if given.is_empty() => return None,
                Some(name) => labels.push((name, decode(given))),
                None if wanted == given => {}
                None => return None,
            },
            _ => return None,
        }
    }
}

fn label(segment: &str) -> Option<&str> {
    segment.strip_prefix('{')?.strip_suffix('}')
}

fn parameters<'a>(query: &'a str, name: &'a str) -> impl Iterator<Item = String> + 'a {
    let pairs = query.split('&').map(|pair| pair.split_once('=').unwrap_or((pair, "")));
    pairs.filter(move |(key, _)| decode(key) == name).map(|(_, value)| decode(value))
}

fn decode(text: &str) -> String {
    percent_decode_str(text).decode_utf8_lossy().into_owned()
}

#[cfg(test)]
mod tests {
    use super::*;

    const UNTAG: Route = Route {
        name: "UntagResource",
        method: Method::DELETE,
        path: "/tags/{resourceArn}",
        query: &["tagKeys"],
        status: 200,
    };

    #[test]
    fn every_operation_is_found_by_its_own_route_alone() {
        for operation in Operation::all() {
            let route = operation.route();
            let path = route.path.replace(['{', '}'], "");
            assert_eq!(find(&route.method, &path), Found::Operations(vec![operation]));
            assert_eq!(find(&Method::PATCH, &path), Found::NoMethod(vec![&route.method]));
        }
    }

    #[test]
    fn paths_are_exact_and_case_counts() {
        for path in ["/", "", "/createchannel", "/CreateChannel/", "//CreateChannel", "/CreateChannel/x", "*"]
        {
            assert_eq!(find(&Method::POST, path), Found::NoPath, "{path}");
        }
    }

    #[test]
    fn labels_and_query_lists_are_bound_decoded_once_and_win_over_the_body() {
        let mut members = Map::from_iter([("resourceArn".to_owned(), Value::from("forged"))]);
        let path = "/tags/arn%3Aaws%3Aivs%3Aus-east-1%3A1%3Achannel%2Fa%2525";
        bind(&UNTAG, path, Some("tagKeys=a%20b&other=1&tagKeys=c%2Bd"), &mut members);
        assert_eq!(members["resourceArn"], "arn:aws:ivs:us-east-1:1:channel/a%25");
        assert_eq!(members["tagKeys"], serde_json::json!(["a b", "c+d"]));
    }

    #[test]
    fn an_empty_label_or_absent_list_is_not_there() {
        assert_eq!(labels(UNTAG.path, "/tags/"), None);
        let mut members = Map::new();
        bind(&UNTAG, "/tags/x", None, &mut members);
        assert_eq!(members["tagKeys"], Value::Null);
    }
}
