//! Writes a service's structures, enumerations and the rules that read them.
//!
//! Promise: documentation is made from names and bounds alone; no text of the vendor's is copied.

use crate::exceptions::{knows_empty_word, pattern_enforced};
use crate::model::{Kind, Member, Model, Place, Shape};
use crate::names::{constant, field, variant};
use crate::reach::{Reach, framed};

/// `shapes.rs` of one service.
pub(crate) fn shapes(service: &str, model: &Model, reach: &Reach) -> Result<String, String> {
    let mut text = super::heading(
        service,
        "The shapes of the served operations, with their bounds.",
        "an input exists only with every bound of the model met.",
    );
    let mut body = String::new();
    for name in reach.read.union(&reach.written) {
        body += &one(model, reach, name)?;
    }
    text += &imports(&body);
    Ok(text + &body)
}

/// Only what the body uses, so that the output has no unused imports.
fn imports(body: &str) -> String {
    let mut text = String::new();
    let uses = |word: &str| body.contains(word);
    if uses("BTreeMap<") {
        text += "use std::collections::BTreeMap;\n";
    }
    if uses("PhantomData") {
        text += "use std::marker::PhantomData;\n";
    }
    if uses("Serialize") {
        text += "\nuse serde::Serialize;\n";
    }
    text += "\n";
    let rules = [
        "Dictionary",
        "Flag",
        "List",
        "Members",
        "Moment",
        "Nested",
        "Number",
        "Pattern",
        "Secret",
        "Structure",
        "Text",
        "Vocabulary",
        "Word",
    ];
    let names: Vec<_> = rules.into_iter().filter(|rule| mentions(body, rule)).collect();
    text += &format!("use crate::rule::{{{}}};\n", names.join(", "));
    if uses("Sensitive<") {
        text += "use crate::sensitive::Sensitive;\n";
    }
    if uses("Timestamp") {
        text += "use crate::timestamp::Timestamp;\n";
    }
    text + "\n"
}

/// Does the code use the name (a word of its own, outside comments and texts)?
fn mentions(body: &str, name: &str) -> bool {
    let code = body.lines().filter(|line| !line.trim_start().starts_with("///"));
    let mut words = code.flat_map(|line| line.split(|c: char| !c.is_alphanumeric() && c != '_' && c != '"'));
    words.any(|word| word == name)
}

fn one(model: &Model, reach: &Reach, name: &str) -> Result<String, String> {
    let shape = model.shape(name)?;
    let read = reach.read.contains(name);
    let mut text = String::new();
    match &shape.kind {
        Kind::Structure { members, union, .. } => {
            text += &structure(model, reach, name, members)?;
            if read {
                text += &reading(model, name, members, *union)?;
            }
        }
        Kind::Enum(words) => text += &enumeration(name, words, read, reach.written.contains(name)),
        Kind::Boolean | Kind::Timestamp => {}
        _ if read => text += &rule(model, name, shape)?,
        _ => {}
    }
    Ok(text)
}

fn structure(model: &Model, reach: &Reach, name: &str, members: &[Member]) -> Result<String, String> {
    let written = reach.written.contains(name);
    let mut derives = vec!["Clone", "Debug", "PartialEq", "Eq"];
    if defaults(model, members)? {
        derives.push("Default");
    }
    if written {
        derives.push("Serialize");
    }
    let mut text = format!("/// `{name}`.\n#[derive({})]\npub struct {name} {{\n", derives.join(", "));
    for member in members.iter().filter(|member| !framed(member)) {
        if written && member.place != Place::Body {
            return Err(format!("{name}.{}: output outside the body is not supported", member.name));
        }
        text += &format!("/// {}\n", describe(model, member)?);
        if written {
            text += &attribute(member);
        }
        text += &format!("pub {}: {},\n", field(&member.name), field_type(model, member)?);
    }
    Ok(text + "}\n\n")
}

fn attribute(member: &Member) -> String {
    let rename = format!("rename = \"{}\"", member.name);
    if member.required {
        format!("#[serde({rename})]\n")
    } else {
        format!("#[serde({rename}, skip_serializing_if = \"Option::is_none\")]\n")
    }
}

fn reading(model: &Model, name: &str, members: &[Member], union: bool) -> Result<String, String> {
    let from = if members.is_empty() && !union { "_from" } else { "from" };
    let mut text =
        format!("impl Structure for {name} {{\nfn read({from}: &mut Members<'_>) -> Option<Self> {{\n");
    if union {
        let names: Vec<_> = members.iter().map(|member| format!("{:?}", member.name)).collect();
        text += &format!("from.exactly_one(&[{}]);\n", names.join(", "));
    }
    for member in members {
        let how = if member.required { "required" } else { "optional" };
        let rule = reference(model, &member.shape)?;
        text += &format!("let {} = from.{how}({:?}, {rule});\n", field(&member.name), member.name);
    }
    let fields: Vec<_> = members
        .iter()
        .map(|member| match (field(&member.name), member.required) {
            (field, true) => format!("{field}: {field}?"),
            (field, false) => field,
        })
        .collect();
    Ok(text + &format!("Some(Self {{ {} }})\n}}\n}}\n\n", fields.join(", ")))
}

fn enumeration(name: &str, words: &[String], read: bool, written: bool) -> String {
    let words: Vec<&str> =
        knows_empty_word(name).then_some("").into_iter().chain(words.iter().map(String::as_str)).collect();
    let derive = if written { ", Serialize" } else { "" };
    let mut text =
        format!("/// `{name}`.\n#[derive(Clone, Copy, Debug, PartialEq, Eq{derive})]\npub enum {name} {{\n");
    for word in &words {
        let serde = if written { format!("#[serde(rename = {word:?})]\n") } else { String::new() };
        text += &format!("/// `{word:?}`.\n{serde}{},\n", variant(word));
    }
    let arms = |make: fn(&str, &str) -> String| -> String {
        words.iter().map(|word| make(word, &variant(word))).collect()
    };
    text += &format!(
        "}}\n\nimpl {name} {{\n/// The word on the wire.\npub fn as_str(self) -> &'static str {{\nmatch self {{\n{}}}\n}}\n\n\
         /// Reads the word on the wire; case counts.\npub fn parse(word: &str) -> Option<Self> {{\nmatch word {{\n{}_ => None,\n}}\n}}\n}}\n\n",
        arms(|word, variant| format!("Self::{variant} => {word:?},\n")),
        arms(|word, variant| format!("{word:?} => Some(Self::{variant}),\n")),
    );
    if read {
        let shown: Vec<_> =
            words.iter().filter(|word| !word.is_empty()).map(|word| format!("{word:?}")).collect();
        text += &format!(
            "impl Vocabulary for {name} {{\nconst WORDS: &'static [&'static str] = &[{}];\n\n\
             fn from_word(word: &str) -> Option<Self> {{\nSelf::parse(word)\n}}\n}}\n\n",
            shown.join(", ")
        );
    }
    text
}

/// The constant that reads a shape; structures, enumerations and plain values need none.
fn rule(model: &Model, name: &str, shape: &Shape) -> Result<String, String> {
    let (kind, value) = match &shape.kind {
        Kind::Text { min, max, pattern } => {
            let pattern = pattern.as_ref().filter(|_| pattern_enforced(name));
            let pattern = pattern.map_or("None".to_owned(), |p| format!("Some(Pattern::new({}))", raw(p)));
            let (min, max) = (bound(*min), bound(*max));
            ("Text".to_owned(), format!("Text {{ min: {min}, max: {max}, pattern: {pattern} }}"))
        }
        Kind::Integer { min, max, long } => {
            let width = if *long { "i64" } else { "i32" };
            let (min, max) = (bound(*min), bound(*max));
            let value = format!("Number {{ min: {min}, max: {max}, width: PhantomData }}");
            (format!("Number<{width}>"), value)
        }
        Kind::List { min, max, each } => {
            let (min, max) = (bound(*min), bound(*max));
            let value = format!("List {{ min: {min}, max: {max}, each: {} }}", reference(model, each)?);
            (format!("List<{}>", rule_type(model, each)?), value)
        }
        Kind::Map { min, max, key, value } => {
            let (min, max, keys) = (bound(*min), bound(*max), reference(model, key)?);
            let values = reference(model, value)?;
            let text = format!("Dictionary {{ min: {min}, max: {max}, key: {keys}, value: {values} }}");
            (format!("Dictionary<{}>", rule_type(model, value)?), text)
        }
        _ => return Ok(String::new()),
    };
    let (kind, value) =
        if shape.sensitive { (format!("Secret<{kind}>"), format!("Secret({value})")) } else { (kind, value) };
    Ok(format!("static {}: {kind} = {value};\n\n", constant(name)))
}

fn rule_type(model: &Model, name: &str) -> Result<String, String> {
    let shape = model.shape(name)?;
    let kind = match &shape.kind {
        Kind::Structure { .. } => format!("Nested<{name}>"),
        Kind::Enum(_) => format!("Word<{name}>"),
        Kind::Text { .. } => "Text".to_owned(),
        Kind::Integer { long: false, .. } => "Number<i32>".to_owned(),
        Kind::Integer { long: true, .. } => "Number<i64>".to_owned(),
        Kind::Boolean => "Flag".to_owned(),
        Kind::Timestamp => "Moment".to_owned(),
        Kind::List { each, .. } => format!("List<{}>", rule_type(model, each)?),
        Kind::Map { value, .. } => format!("Dictionary<{}>", rule_type(model, value)?),
    };
    Ok(if shape.sensitive { format!("Secret<{kind}>") } else { kind })
}

fn reference(model: &Model, name: &str) -> Result<String, String> {
    let shape = model.shape(name)?;
    let plain = match &shape.kind {
        Kind::Structure { .. } => format!("Nested::<{name}>(PhantomData)"),
        Kind::Enum(_) => format!("Word::<{name}>(PhantomData)"),
        Kind::Boolean => "Flag".to_owned(),
        Kind::Timestamp => "Moment".to_owned(),
        _ => return Ok(format!("&{}", constant(name))),
    };
    Ok(if shape.sensitive { format!("&Secret({plain})") } else { format!("&{plain}") })
}

fn field_type(model: &Model, member: &Member) -> Result<String, String> {
    let value = value_type(model, &member.shape)?;
    Ok(if member.required { value } else { format!("Option<{value}>") })
}

fn value_type(model: &Model, name: &str) -> Result<String, String> {
    let shape = model.shape(name)?;
    let plain = match &shape.kind {
        Kind::Structure { .. } | Kind::Enum(_) => name.to_owned(),
        Kind::Text { .. } => "String".to_owned(),
        Kind::Integer { long: false, .. } => "i32".to_owned(),
        Kind::Integer { long: true, .. } => "i64".to_owned(),
        Kind::Boolean => "bool".to_owned(),
        Kind::Timestamp => "Timestamp".to_owned(),
        Kind::List { each, .. } => format!("Vec<{}>", value_type(model, each)?),
        Kind::Map { value, .. } => format!("BTreeMap<String, {}>", value_type(model, value)?),
    };
    Ok(if shape.sensitive { format!("Sensitive<{plain}>") } else { plain })
}

/// Can the structure be made without naming a member?
fn defaults(model: &Model, members: &[Member]) -> Result<bool, String> {
    for member in members.iter().filter(|member| member.required) {
        let fits = match &model.shape(&member.shape)?.kind {
            Kind::Enum(_) | Kind::Timestamp => false,
            Kind::Structure { members, .. } => defaults(model, members)?,
            _ => true,
        };
        if !fits {
            return Ok(false);
        }
    }
    Ok(true)
}

fn describe(model: &Model, member: &Member) -> Result<String, String> {
    let need = if member.required { "required" } else { "optional" };
    let mut parts = vec![format!("`{}`: {need}", member.name)];
    let shape = model.shape(&member.shape)?;
    let span = |min: &Option<i64>, max: &Option<i64>, unit: &str| match (min, max) {
        (None, None) => None,
        (Some(min), Some(max)) => Some(format!("{min} to {max}{unit}")),
        (Some(min), None) => Some(format!("at least {min}{unit}")),
        (None, Some(max)) => Some(format!("at most {max}{unit}")),
    };
    match &shape.kind {
        Kind::Text { min, max, pattern } => {
            parts.extend(span(min, max, " characters"));
            let pattern = pattern.as_ref().filter(|_| pattern_enforced(&member.shape));
            parts.extend(pattern.map(|pattern| format!("pattern `{pattern}`")));
        }
        Kind::Integer { min, max, .. } => parts.extend(span(min, max, "")),
        Kind::List { min, max, .. } => parts.extend(span(min, max, " elements")),
        Kind::Map { min, max, .. } => parts.extend(span(min, max, " entries")),
        _ => {}
    }
    if shape.sensitive {
        parts.push("sensitive".to_owned());
    }
    Ok(parts.join(", ") + ".")
}

fn bound(value: Option<i64>) -> String {
    value.map_or("None".to_owned(), |value| format!("Some({value})"))
}

fn raw(text: &str) -> String {
    if text.contains('\\') || text.contains('"') { format!("r#\"{text}\"#") } else { format!("{text:?}") }
}

#[cfg(test)]
mod tests {
    use crate::model::Model;
    use crate::reach::Reach;
    use crate::write::sample;

    fn written(operation: &str) -> String {
        let model = Model::parse(&sample::model()).expect("a whole model");
        let reach = Reach::of(&model, &[model.operation(operation).expect("in the sample")]).expect("closed");
        super::shapes("sample", &model, &reach).expect("expressible")
    }

    #[test]
    fn a_request_reads_its_members_and_a_response_skips_absent_ones() {
        let text = written("ListTagsForResource");
        assert!(text.contains("let resource_arn = from.required(\"resourceArn\", &RESOURCE_ARN);"), "{text}");
        assert!(text.contains("pub tags: BTreeMap<String, String>,"), "{text}");
        assert!(!text.contains("static TAGS"), "an output's bounds are not the server's to check");
    }

    #[test]
    fn lists_and_malformed_patterns_are_written_as_rules() {
        let text = written("UntagResource");
        let list = "static TAG_KEY_LIST: List<Text> = List { min: Some(0), max: Some(50), each: &TAG_KEY };";
        assert!(text.contains(list), "{text}");
        let arn = "static RESOURCE_ARN: Text = Text { min: Some(1), max: Some(128), pattern: None };";
        assert!(text.contains(arn), "the exceptions name this pattern\n{text}");
        assert!(text.contains("pub struct UntagResourceResponse {\n}"), "{text}");
    }

    #[test]
    fn sensitive_members_and_enumerations_get_their_own_types() {
        let text = written("Tell");
        assert!(text.contains("pub secret: Option<Sensitive<String>>,"), "{text}");
        assert!(text.contains("static WORD_OF_MOUTH: Secret<Text> = Secret(Text {"), "{text}");
        assert!(
            text.contains("let r#type = from.optional(\"type\", &Word::<Volume>(PhantomData));"),
            "{text}"
        );
        assert!(
            text.contains("use crate::rule::{Members, Secret, Structure, Text, Vocabulary, Word};"),
            "{text}"
        );
    }
}
