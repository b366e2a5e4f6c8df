//! From method and path to an operation.
//!
//! Promise: a path's label is percent-decoded exactly once; two services may have the same path, then the
//! service named in the signature's scope decides; finding allocates nothing and takes as long with many
//! operations as with few.

use std::collections::HashMap;
use std::sync::LazyLock;

use http::Method;
use percent_encoding::percent_decode_str;
use serde_json::{Map, Value};

use crate::access::Access;
use crate::{ivs, ivschat};

/// A service of the vendor that Rillcast speaks for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Service {
    /// Low-latency streaming.
    Ivs,
    /// Chat.
    IvsChat,
}

impl Service {
    /// The name in a signature's scope and in an ARN.
    pub fn name(self) -> &'static str {
        match self {
            Self::Ivs => "ivs",
            Self::IvsChat => "ivschat",
        }
    }
}

/// How an operation is bound to HTTP; from the model.
#[derive(Debug, PartialEq, Eq)]
pub struct Route {
    /// The operation's name.
    pub name: &'static str,
    /// The operation as policies name it: `ivs:GetChannel`.
    pub action: &'static str,
    /// HTTP method.
    pub method: Method,
    /// Path, or a template whose end is a label in braces.
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
    IvsChat(ivschat::Operation),
}

impl Operation {
    pub(crate) fn all() -> impl Iterator<Item = Self> {
        let chat = ivschat::Operation::ALL.iter().copied().map(Self::IvsChat);
        ivs::Operation::ALL.iter().copied().map(Self::Ivs).chain(chat)
    }

    pub(crate) fn service(self) -> Service {
        match self {
            Self::Ivs(_) => Service::Ivs,
            Self::IvsChat(_) => Service::IvsChat,
        }
    }

    pub(crate) fn route(self) -> &'static Route {
        match self {
            Self::Ivs(operation) => operation.route(),
            Self::IvsChat(operation) => operation.route(),
        }
    }

    pub(crate) fn access(self) -> Access {
        match self {
            Self::Ivs(operation) => ivs::access(operation),
            Self::IvsChat(operation) => ivschat::access(operation),
        }
    }
}

/// The operations that have one path: for each service and method one at most.
#[derive(Debug, Default)]
pub(crate) struct Place {
    operations: Vec<Operation>,
}

impl Place {
    /// Those with this method.
    pub(crate) fn with(&self, method: &Method) -> impl Iterator<Item = Operation> {
        self.operations.iter().copied().filter(move |operation| operation.route().method == *method)
    }

    /// The methods that there are, as in an `Allow` header.
    pub(crate) fn methods(&self) -> String {
        let mut methods: Vec<_> = self.operations.iter().map(|op| op.route().method.as_str()).collect();
        methods.sort_unstable();
        methods.dedup();
        methods.join(", ")
    }
}

/// All paths of all services.
#[derive(Default)]
struct Plan {
    exact: HashMap<&'static str, Place>,
    /// Those that end in a label, by what stands before it.
    labelled: Vec<(&'static str, Place)>,
}

static PLAN: LazyLock<Plan> = LazyLock::new(|| {
    let mut plan = Plan::default();
    for operation in Operation::all() {
        plan.place(operation.route().path).operations.push(operation);
    }
    plan
});

impl Plan {
    fn place(&mut self, path: &'static str) -> &mut Place {
        let Some((before, _)) = template(path) else { return self.exact.entry(path).or_default() };
        let known = self.labelled.iter().position(|(prefix, _)| *prefix == before);
        let index = known.unwrap_or_else(|| {
            self.labelled.push((before, Place::default()));
            self.labelled.len() - 1
        });
        &mut self.labelled[index].1
    }
}

/// Looks a path up; `None` when no operation has it.
pub(crate) fn find(path: &str) -> Option<&'static Place> {
    let plan = &*PLAN;
    plan.exact.get(path).or_else(|| {
        let mut labelled = plan.labelled.iter();
        labelled.find(|(before, _)| held(before, path).is_some()).map(|(_, place)| place)
    })
}

/// Adds what path and query say to the members of the body; path and query win over a body that names the same.
pub(crate) fn bind(route: &Route, path: &str, query: Option<&str>, members: &mut Map<String, Value>) {
    if let Some((before, label)) = template(route.path) {
        let value = held(before, path).map(decode).map_or(Value::Null, Value::String);
        members.insert(label.to_owned(), value);
    }
    for name in route.query {
        let values: Vec<_> = parameters(query.unwrap_or_default(), name).map(Value::String).collect();
        // A list without elements has no form in a query: there is no telling it from an absent one.
        let member = if values.is_empty() { Value::Null } else { Value::Array(values) };
        members.insert((*name).to_owned(), member);
    }
}

/// What stands before a path's label, and the label's name.
fn template(path: &'static str) -> Option<(&'static str, &'static str)> {
    let (before, label) = path.split_once('{')?;
    Some((before, label.strip_suffix('}')?))
}

/// What a path holds in the place of its label, still encoded: one segment, or a bare ARN.
fn held<'a>(before: &str, path: &'a str) -> Option<&'a str> {
    let rest = path.strip_prefix(before)?;
    let fits = if rest.contains('/') { is_bare_arn(rest) } else { !rest.is_empty() };
    fits.then_some(rest)
}

/// Some clients, and proxies that decode paths, send an ARN's slash as it is. There is one way to read that as
/// long as it is one slash between two plain names; the signature is over the path as it came.
fn is_bare_arn(text: &str) -> bool {
    let Some((head, id)) = text.split_once('/') else { return false };
    let arn = |prefix: &str| head.get(..prefix.len()).is_some_and(|start| start.eq_ignore_ascii_case(prefix));
    let plain = |byte: u8| byte.is_ascii_alphanumeric() || byte == b'-';
    (arn("arn:") || arn("arn%3A")) && !id.is_empty() && id.bytes().all(plain)
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
    use proptest::prelude::*;

    use super::*;

    const UNTAG: Route = Route {
        name: "UntagResource",
        action: "ivs:UntagResource",
        method: Method::DELETE,
        path: "/tags/{resourceArn}",
        query: &["tagKeys"],
        status: 200,
    };

    fn found(method: &Method, path: &str) -> Vec<Operation> {
        find(path).map(|place| place.with(method).collect()).unwrap_or_default()
    }

    #[test]
    fn every_operation_is_found_by_its_own_route_alone() {
        for operation in Operation::all() {
            let route = operation.route();
            let path = route.path.replace(['{', '}'], "");
            let mut found_there = found(&route.method, &path);
            found_there.retain(|found| found.service() == operation.service());
            assert_eq!(found_there, [operation]);
            assert_eq!(found(&Method::PATCH, &path), []);
        }
    }

    #[test]
    fn a_path_knows_its_methods() {
        assert_eq!(find("/GetChannel").expect("a path").methods(), "POST");
        assert_eq!(find("/tags/x").expect("a path").methods(), "DELETE, GET, POST");
    }

    #[test]
    fn actions_are_the_services_prefix_and_the_operations_name() {
        for operation in Operation::all() {
            let (route, service) = (operation.route(), operation.service().name());
            assert_eq!(route.action, format!("{service}:{}", route.name));
        }
    }

    #[test]
    fn paths_are_exact_and_case_counts() {
        let wrong =
            ["/", "", "/createchannel", "/CreateChannel/", "//CreateChannel", "/CreateChannel/x", "*"];
        for path in wrong.into_iter().chain(["/tags", "/tags/", "/Tags/x", "/tags/x/y", "/tags//x"]) {
            assert!(find(path).is_none(), "{path}");
        }
    }

    #[test]
    fn an_arn_may_come_with_its_slash_bare_when_there_is_one_way_to_read_it() {
        for head in ["arn:aws:ivs:us-east-1:1:channel", "arn%3Aaws%3Aivs%3Aus-east-1%3A1%3Achannel"] {
            let path = format!("/tags/{head}/abc-1");
            assert_eq!(found(&Method::GET, &path).len(), 2, "one of each service: {path}");
            let mut members = Map::new();
            bind(&UNTAG, &path, None, &mut members);
            assert_eq!(members["resourceArn"], "arn:aws:ivs:us-east-1:1:channel/abc-1");
            for tail in ["/", "/.", "/..", "//abc", "/abc/", "/abc/d", "/a%2Fb", "/a.b"] {
                assert!(find(&format!("/tags/{head}{tail}")).is_none(), "{tail}");
            }
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

    proptest! {
        #[test]
        fn any_request_line_is_read_without_a_panic(path in "(/tags/(arn:)?)?\\PC{0,40}", query in "\\PC{0,40}") {
            let mut members = Map::new();
            bind(&UNTAG, &path, Some(&query), &mut members);
            // What is found under a label is what the operation gets there.
            let labelled = find(&path).is_some_and(|place| place.with(&Method::DELETE).next().is_some());
            prop_assert_eq!(labelled, members["resourceArn"].is_string());
        }
    }

    #[test]
    fn an_empty_label_or_absent_list_is_not_there() {
        let mut members = Map::from_iter([("resourceArn".to_owned(), Value::from("forged"))]);
        bind(&UNTAG, "/tags/", None, &mut members);
        assert_eq!((&members["resourceArn"], &members["tagKeys"]), (&Value::Null, &Value::Null));
    }
}
