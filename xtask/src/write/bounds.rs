//! Writes the conformance table: each bound of each served input, violated once.
//!
//! Promise: a bound of the model that gets no line here is an error, unless the exceptions name it.

use serde_json::{Map, Value, json};

use crate::exceptions::{knows_empty_word, pattern_enforced};
use crate::model::{Kind, Model, Operation, Place};

/// How deep nested shapes are followed; the models are not recursive.
const DEPTH: usize = 8;

/// One value that breaks one bound.
struct Case {
    /// Path of the member as the violation names it.
    path: String,
    /// What the violation says.
    constraint: String,
    /// The offending value.
    value: Value,
}

/// `bounds/<service>.json` for the tests.
pub(crate) fn bounds(service: &str, model: &Model, served: &[&Operation]) -> Result<String, String> {
    let mut lines = Vec::new();
    for op in served {
        let Some(input) = &op.input else { continue };
        for member in model.members(input)? {
            let mut found = cases(model, &member.shape, DEPTH)?;
            if member.place != Place::Body {
                // A path or a query holds texts only: wrong types have no form there.
                found.retain(|case| !case.constraint.starts_with("Member must be ") && sendable(&case.value));
            }
            if member.required && member.place != Place::Path {
                found.push(Case::new("Member must not be null", Value::Null));
            }
            for case in found {
                lines.push(line(op, &member.name, &member.place, &case)?);
            }
        }
    }
    let head = format!(
        "{{\n\"generated\": \"from the model of {service} in botocore {}; do not edit; cargo run -p xtask -- generate\",\n\"cases\": [\n",
        crate::botocore::VERSION
    );
    Ok(head + &lines.join(",\n") + "\n]\n}\n")
}

impl Case {
    fn new(constraint: impl Into<String>, value: Value) -> Self {
        Self { path: String::new(), constraint: constraint.into(), value }
    }

    fn under(self, step: &str, wrap: impl FnOnce(Value) -> Value) -> Self {
        let path = if self.path.is_empty() { step.to_owned() } else { format!("{step}.{}", self.path) };
        Self { path, constraint: self.constraint, value: wrap(self.value) }
    }
}

fn sendable(value: &Value) -> bool {
    let text = |value: &Value| value.as_str().is_some_and(|text| !text.is_empty());
    value.as_array().map_or_else(|| text(value), |list| !list.is_empty() && list.iter().all(Value::is_string))
}

fn line(op: &Operation, member: &str, place: &Place, case: &Case) -> Result<String, String> {
    let path = if case.path.is_empty() { member.to_owned() } else { format!("{member}.{}", case.path) };
    let mut uri = op.path.clone();
    let mut body = Map::new();
    match place {
        Place::Body => {
            body.insert(member.to_owned(), case.value.clone());
        }
        Place::Path => {
            let text = case.value.as_str().ok_or(format!("{}.{member}: a path holds texts only", op.name))?;
            uri = uri.replace(&format!("{{{member}}}"), &encode(text));
        }
        Place::Query => {
            let elements = case.value.as_array().into_iter().flatten().filter_map(Value::as_str);
            let pairs: Vec<_> = elements.map(|text| format!("{member}={}", encode(text))).collect();
            uri = format!("{uri}?{}", pairs.join("&"));
        }
        Place::Header(_) => return Err(format!("{}.{member}: input headers are not supported", op.name)),
    }
    // Labels that this case is not about get a harmless text.
    let uri = uri.replace(['{', '}'], "");
    let line = json!({
        "operation": op.name, "method": op.method, "uri": uri, "body": body,
        "member": path, "constraint": case.constraint,
    });
    Ok(line.to_string())
}

fn encode(text: &str) -> String {
    let mut out = String::new();
    for byte in text.bytes() {
        if byte.is_ascii_alphanumeric() || b"-._~".contains(&byte) {
            out.push(char::from(byte));
        } else {
            out += &format!("%{byte:02X}");
        }
    }
    out
}

fn cases(model: &Model, name: &str, depth: usize) -> Result<Vec<Case>, String> {
    let depth = depth.checked_sub(1).ok_or(format!("{name}: nested too deeply"))?;
    let mut found = Vec::new();
    match &model.shape(name)?.kind {
        Kind::Text { min, max, pattern } => {
            found.push(Case::new("Member must be a string", json!(7)));
            lengths(&mut found, *min, *max, |count| json!("a".repeat(count)));
            if let Some(pattern) = pattern.as_ref().filter(|_| pattern_enforced(name)) {
                found.push(unmatched(name, pattern, *min, *max)?);
            }
        }
        Kind::Enum(words) => {
            found.push(Case::new("Member must be a string", json!(7)));
            let set = format!("Member must satisfy enum value set: [{}]", words.join(", "));
            found.push(Case::new(set.clone(), json!("NO_SUCH_WORD")));
            if !knows_empty_word(name) {
                found.push(Case::new(set, json!("")));
            }
        }
        Kind::Integer { min, max, .. } => {
            found.push(Case::new("Member must be an integer", json!("7")));
            found.push(Case::new("Member must be an integer", json!(1.5)));
            if let Some(max) = max {
                let text = format!("Member must have value less than or equal to {max}");
                found.push(Case::new(text, json!(max.saturating_add(1))));
            }
            if let Some(min) = min {
                let text = format!("Member must have value greater than or equal to {min}");
                found.push(Case::new(text, json!(min.saturating_sub(1))));
            }
        }
        Kind::Boolean => found.push(Case::new("Member must be a boolean", json!("true"))),
        Kind::Timestamp => {
            found.push(Case::new("Member must be a string", json!(1_634_860_000)));
            found.push(Case::new("Member must be an ISO 8601 date and time", json!("yesterday")));
        }
        Kind::List { min, max, each } => {
            found.push(Case::new("Member must be an array", json!({})));
            lengths(&mut found, *min, *max, |count| json!(vec!["a"; count]));
            let inner = cases(model, each, depth)?.into_iter();
            found.extend(inner.map(|case| case.under("1.member", |value| json!([value]))));
        }
        Kind::Map { min, max, key, value } => {
            found.push(Case::new("Member must be an object", json!([])));
            lengths(&mut found, *min, *max, |count| {
                (0..count).map(|index| (format!("k{index}"), json!("v"))).collect::<Map<_, _>>().into()
            });
            let keys = cases(model, key, depth)?.into_iter().filter(|case| case.value.is_string());
            found
                .extend(keys.map(|case| case.under("key", |key| json!({ key.as_str().unwrap_or(""): "v" }))));
            let values = cases(model, value, depth)?.into_iter();
            found.extend(values.map(|case| case.under("value", |value| json!({ "k": value }))));
        }
        Kind::Structure { members, .. } => {
            found.push(Case::new("Member must be an object", json!("text")));
            for member in members {
                let inner = cases(model, &member.shape, depth)?.into_iter();
                found.extend(
                    inner.map(|case| case.under(&member.name, |value| json!({ &member.name: value }))),
                );
                if member.required {
                    let absent = Case::new("Member must not be null", json!({}));
                    found.push(absent.under(&member.name, |_| json!({})));
                }
            }
        }
    }
    Ok(found)
}

fn lengths(found: &mut Vec<Case>, min: Option<i64>, max: Option<i64>, make: impl Fn(usize) -> Value) {
    let count = |bound: Option<i64>| bound.and_then(|bound| usize::try_from(bound).ok());
    if let Some(max) = count(max) {
        let text = format!("Member must have length less than or equal to {max}");
        found.push(Case::new(text, make(max + 1)));
    }
    if let Some(min) = count(min).filter(|min| *min > 0) {
        let text = format!("Member must have length greater than or equal to {min}");
        found.push(Case::new(text, make(min - 1)));
    }
}

/// A text of a fitting length that the pattern does not match.
fn unmatched(name: &str, pattern: &str, min: Option<i64>, max: Option<i64>) -> Result<Case, String> {
    let whole = regex::Regex::new(&format!("^(?:{pattern})$"))
        .map_err(|error| format!("{name}: pattern {pattern:?}: {error}"))?;
    let length = usize::try_from(min.unwrap_or(1).max(1)).unwrap_or(1);
    let fits = |text: &&String| max.is_none_or(|max| i64::try_from(text.len()).is_ok_and(|len| len <= max));
    let texts = ["!", "~", "\"", "\\"].map(|sign| sign.repeat(length));
    let text = texts.iter().filter(fits).find(|text| !whole.is_match(text));
    let text = text.ok_or(format!("{name}: no text known that {pattern:?} refuses"))?;
    Ok(Case::new(format!("Member must satisfy regular expression pattern: {pattern}"), json!(text)))
}

#[cfg(test)]
mod tests {
    use serde_json::Value;

    use crate::model::Model;
    use crate::write::sample;

    fn cases(operation: &str) -> Vec<Value> {
        let model = Model::parse(&sample::model()).expect("a whole model");
        let served = [model.operation(operation).expect("in the sample")];
        let text = super::bounds("sample", &model, &served).expect("expressible");
        let file: Value = serde_json::from_str(&text).expect("JSON");
        file["cases"].as_array().expect("a list").clone()
    }

    #[test]
    fn bounds_of_path_and_query_are_broken_where_they_stand() {
        let cases = cases("UntagResource");
        let too_long = format!("/tags/{}", "a".repeat(129));
        assert!(cases.iter().any(|case| case["uri"] == too_long && case["member"] == "resourceArn"));
        let key = |case: &&Value| case["member"] == "tagKeys.1.member";
        let broken = cases.iter().find(key).expect("the element's bounds");
        assert!(broken["uri"].as_str().is_some_and(|uri| uri.starts_with("/tags/resourceArn?tagKeys=")));
        assert!(
            cases
                .iter()
                .any(|case| case["member"] == "tagKeys" && case["constraint"] == "Member must not be null")
        );
    }

    #[test]
    fn each_bound_of_a_body_has_a_line() {
        let told: Vec<_> = cases("Tell").iter().map(|case| case["constraint"].to_string()).collect();
        for part in ["must be a string", "less than or equal to 9", "enum value set: [LOUD, LOW]"] {
            assert!(told.iter().any(|constraint| constraint.contains(part)), "{part}: {told:?}");
        }
    }
}
