//! The bounds of the vendor's model as values that read JSON.
//!
//! Promise: a rule returns a value only when every bound of its shape holds, and otherwise has noted why;
//! absent and null are the same, members that no shape names are ignored.

use std::collections::BTreeMap;
use std::marker::PhantomData;
use std::sync::OnceLock;

use regex::Regex;
use serde_json::{Map, Value};

use crate::error::ApiError;
use crate::sensitive::Sensitive;
use crate::timestamp::Timestamp;
use crate::violations::{Shown, Violations};

/// Reads one shape.
pub(crate) trait Rule {
    /// What it reads to.
    type Value;
    /// The value, or `None` with the reasons noted.
    fn read(&self, json: &Value, found: &mut Violations) -> Option<Self::Value>;
}

/// A structure: reads itself from its members.
pub(crate) trait Structure: Sized {
    /// The structure, or `None` with the reasons noted.
    fn read(members: &mut Members<'_>) -> Option<Self>;
}

/// An enumeration of the model.
pub(crate) trait Vocabulary: Sized {
    /// All words, in the model's order.
    const WORDS: &'static [&'static str];
    /// The member with this word; case counts.
    fn from_word(word: &str) -> Option<Self>;
}

/// Reads a whole input: the operation's members from path, query and body together.
pub(crate) fn parse<T: Structure>(members: &Map<String, Value>) -> Result<T, ApiError> {
    let mut found = Violations::default();
    let value = T::read(&mut Members { members, found: &mut found });
    match value {
        Some(value) if found.is_empty() => Ok(value),
        _ => Err(ApiError::Invalid(found)),
    }
}

/// The members of the structure that is being read.
pub(crate) struct Members<'a> {
    members: &'a Map<String, Value>,
    found: &'a mut Violations,
}

impl Members<'_> {
    /// A member that may be absent.
    pub(crate) fn optional<R: Rule>(&mut self, name: &str, rule: &R) -> Option<R::Value> {
        let json = self.members.get(name).filter(|json| !json.is_null())?;
        self.found.within(name.to_owned(), |found| rule.read(json, found))
    }

    /// A member that must be there.
    pub(crate) fn required<R: Rule>(&mut self, name: &str, rule: &R) -> Option<R::Value> {
        let json = self.members.get(name).unwrap_or(&Value::Null);
        self.found.within(name.to_owned(), |found| {
            if json.is_null() {
                found.add(Shown::Null, format_args!("Member must not be null"));
                return None;
            }
            rule.read(json, found)
        })
    }

    /// For unions: exactly one of `names` must be there.
    pub(crate) fn exactly_one(&mut self, names: &[&str]) {
        let count =
            names.iter().filter(|name| self.members.get(**name).is_some_and(|m| !m.is_null())).count();
        if count != 1 {
            self.found
                .add(Shown::Kind("object"), format_args!("Member must have exactly one of {names:?} set"));
        }
    }
}

/// A structure inside another one.
pub(crate) struct Nested<T>(pub(crate) PhantomData<fn() -> T>);

impl<T: Structure> Rule for Nested<T> {
    type Value = T;

    fn read(&self, json: &Value, found: &mut Violations) -> Option<T> {
        let members = typed(json, found, "an object", Value::as_object)?;
        T::read(&mut Members { members, found })
    }
}

/// A text: length in characters, a pattern that the whole text must match.
pub(crate) struct Text {
    pub(crate) min: Option<usize>,
    pub(crate) max: Option<usize>,
    pub(crate) pattern: Option<Pattern>,
}

impl Rule for Text {
    type Value = String;

    fn read(&self, json: &Value, found: &mut Violations) -> Option<String> {
        let text = typed(json, found, "a string", Value::as_str)?;
        let (shown, before) = (Shown::Text(text), found.count());
        length(text.chars().count(), self.min, self.max, shown, found);
        if let Some(pattern) = self.pattern.as_ref().filter(|pattern| !pattern.matches(text)) {
            let source = pattern.source;
            found.add(shown, format_args!("Member must satisfy regular expression pattern: {source}"));
        }
        (found.count() == before).then(|| text.to_owned())
    }
}

/// A shape that the model marks sensitive.
pub(crate) struct Secret<R>(pub(crate) R);

impl<R: Rule> Rule for Secret<R> {
    type Value = Sensitive<R::Value>;

    fn read(&self, json: &Value, found: &mut Violations) -> Option<Self::Value> {
        found.hiding(|found| self.0.read(json, found)).map(Sensitive)
    }
}

/// A regular expression of the model, compiled when first used; it must match the whole text.
pub(crate) struct Pattern {
    source: &'static str,
    compiled: OnceLock<Regex>,
}

impl Pattern {
    pub(crate) const fn new(source: &'static str) -> Self {
        Self { source, compiled: OnceLock::new() }
    }

    fn matches(&self, text: &str) -> bool {
        let compile = || {
            Regex::new(&format!("^(?:{})$", self.source))
                .expect("the generator compiled each pattern before writing it")
        };
        self.compiled.get_or_init(compile).is_match(text)
    }
}

/// One of a fixed set of words.
pub(crate) struct Word<E>(pub(crate) PhantomData<fn() -> E>);

impl<E: Vocabulary> Rule for Word<E> {
    type Value = E;

    fn read(&self, json: &Value, found: &mut Violations) -> Option<E> {
        let word = typed(json, found, "a string", Value::as_str)?;
        let value = E::from_word(word);
        if value.is_none() {
            let words = E::WORDS.join(", ");
            found.add(Shown::Text(word), format_args!("Member must satisfy enum value set: [{words}]"));
        }
        value
    }
}

/// A whole number in a range.
pub(crate) struct Number<N> {
    pub(crate) min: Option<i64>,
    pub(crate) max: Option<i64>,
    pub(crate) width: PhantomData<fn() -> N>,
}

impl<N: TryFrom<i64>> Rule for Number<N> {
    type Value = N;

    fn read(&self, json: &Value, found: &mut Violations) -> Option<N> {
        let number = typed(json, found, "an integer", Value::as_i64)?;
        let text = number.to_string();
        if let Some(max) = self.max.filter(|max| number > *max) {
            found.add(Shown::Text(&text), format_args!("Member must have value less than or equal to {max}"));
            return None;
        }
        if let Some(min) = self.min.filter(|min| number < *min) {
            found.add(
                Shown::Text(&text),
                format_args!("Member must have value greater than or equal to {min}"),
            );
            return None;
        }
        let value = N::try_from(number).ok();
        if value.is_none() {
            found.add(Shown::Text(&text), format_args!("Member must fit the integer's width"));
        }
        value
    }
}

/// True or false.
pub(crate) struct Flag;

impl Rule for Flag {
    type Value = bool;

    fn read(&self, json: &Value, found: &mut Violations) -> Option<bool> {
        typed(json, found, "a boolean", Value::as_bool)
    }
}

/// A moment as ISO 8601 text.
#[cfg_attr(not(test), expect(dead_code, reason = "no served operation takes a time yet"))]
pub(crate) struct Moment;

impl Rule for Moment {
    type Value = Timestamp;

    fn read(&self, json: &Value, found: &mut Violations) -> Option<Timestamp> {
        let text = typed(json, found, "a string", Value::as_str)?;
        let time = Timestamp::parse(text);
        if time.is_none() {
            found.add(Shown::Text(text), format_args!("Member must be an ISO 8601 date and time"));
        }
        time
    }
}

/// A list with a bounded number of elements.
pub(crate) struct List<R: 'static> {
    pub(crate) min: Option<usize>,
    pub(crate) max: Option<usize>,
    pub(crate) each: &'static R,
}

impl<R: Rule> Rule for List<R> {
    type Value = Vec<R::Value>;

    fn read(&self, json: &Value, found: &mut Violations) -> Option<Self::Value> {
        let elements = typed(json, found, "an array", Value::as_array)?;
        length(elements.len(), self.min, self.max, Shown::Kind("array"), found);
        let numbered = elements.iter().enumerate();
        let read = numbered.map(|(index, json)| {
            found.within(format!("{}.member", index + 1), |found| self.each.read(json, found))
        });
        // Not short-circuited: every bad element is to be named.
        read.collect::<Vec<_>>().into_iter().collect()
    }
}

/// A map from bounded texts with a bounded number of entries.
pub(crate) struct Dictionary<R: 'static> {
    pub(crate) min: Option<usize>,
    pub(crate) max: Option<usize>,
    pub(crate) key: &'static Text,
    pub(crate) value: &'static R,
}

impl<R: Rule> Rule for Dictionary<R> {
    type Value = BTreeMap<String, R::Value>;

    fn read(&self, json: &Value, found: &mut Violations) -> Option<Self::Value> {
        let entries = typed(json, found, "an object", Value::as_object)?;
        length(entries.len(), self.min, self.max, Shown::Kind("object"), found);
        let read = entries.iter().map(|(key, json)| {
            let name =
                found.within("key".to_owned(), |found| self.key.read(&Value::String(key.clone()), found));
            let value = found.within("value".to_owned(), |found| self.value.read(json, found));
            Some((name?, value?))
        });
        read.collect::<Vec<_>>().into_iter().collect()
    }
}

fn length(count: usize, min: Option<usize>, max: Option<usize>, shown: Shown<'_>, found: &mut Violations) {
    if let Some(max) = max.filter(|max| count > *max) {
        found.add(shown, format_args!("Member must have length less than or equal to {max}"));
    }
    if let Some(min) = min.filter(|min| count < *min) {
        found.add(shown, format_args!("Member must have length greater than or equal to {min}"));
    }
}

fn typed<'a, T>(
    json: &'a Value,
    found: &mut Violations,
    wanted: &str,
    take: impl FnOnce(&'a Value) -> Option<T>,
) -> Option<T> {
    let value = take(json);
    if value.is_none() {
        found.add(Shown::Kind(kind(json)), format_args!("Member must be {wanted}"));
    }
    value
}

fn kind(json: &Value) -> &'static str {
    match json {
        Value::Null => "null",
        Value::Bool(_) => "boolean",
        Value::Number(_) => "number",
        Value::String(_) => "string",
        Value::Array(_) => "array",
        Value::Object(_) => "object",
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    static NAME: Text = Text { min: Some(1), max: Some(4), pattern: Some(Pattern::new("[a-zA-Z0-9-_]*")) };
    static COUNT: Number<i32> = Number { min: Some(1), max: Some(100), width: PhantomData };
    static WIDE: Number<i32> = Number { min: None, max: None, width: PhantomData };
    static NAMES: List<Text> = List { min: Some(1), max: Some(2), each: &NAME };
    static TAGS: Dictionary<Text> = Dictionary { min: None, max: Some(2), key: &NAME, value: &NAME };
    static HIDDEN: Secret<Text> = Secret(Text { min: None, max: Some(2), pattern: None });

    fn read<R: Rule>(rule: &R, json: &Value) -> Result<R::Value, String> {
        let mut found = Violations::default();
        let value = rule.read(json, &mut found);
        if found.is_empty() { Ok(value.expect("no violation means a value")) } else { Err(found.to_string()) }
    }

    fn refused<R: Rule>(rule: &R, json: &Value, part: &str)
    where
        R::Value: std::fmt::Debug,
    {
        let text = read(rule, json).expect_err("outside the bounds");
        assert!(text.contains(part), "{text}");
    }

    #[test]
    fn a_texts_length_is_counted_in_characters_and_its_pattern_holds_for_the_whole() {
        assert_eq!(read(&NAME, &json!("a-_9")).as_deref(), Ok("a-_9"));
        refused(&NAME, &json!("abcde"), "Member must have length less than or equal to 4");
        refused(&NAME, &json!(""), "Member must have length greater than or equal to 1");
        refused(&NAME, &json!("ab c"), "Member must satisfy regular expression pattern: [a-zA-Z0-9-_]*");
        refused(&NAME, &json!("ab\n"), "regular expression");
        let wide = Text { min: None, max: Some(2), pattern: None };
        assert_eq!(read(&wide, &json!("üü")).as_deref(), Ok("üü"));
    }

    #[test]
    fn numbers_keep_their_range_and_width() {
        assert_eq!(read(&COUNT, &json!(100)), Ok(100));
        refused(
            &COUNT,
            &json!(101),
            "Value '101' at '' failed to satisfy constraint: Member must have value less",
        );
        refused(&COUNT, &json!(0), "greater than or equal to 1");
        refused(
            &COUNT,
            &json!("5"),
            "Value of type string at '' failed to satisfy constraint: Member must be an integer",
        );
        refused(&COUNT, &json!(u64::MAX), "Member must be an integer");
        refused(&WIDE, &json!(i64::MAX), "width");
    }

    #[test]
    fn every_bad_element_of_a_list_is_named_by_its_place() {
        assert_eq!(read(&NAMES, &json!(["a", "b"])).map(|names| names.len()), Ok(2));
        refused(&NAMES, &json!([]), "length greater than or equal to 1");
        refused(&NAMES, &json!(["a", "b", "c"]), "length less than or equal to 2");
        let text = read(&NAMES, &json!(["!", 7])).expect_err("two bad elements");
        assert!(
            text.starts_with("2 validation errors")
                && text.contains("'1.member'")
                && text.contains("'2.member'")
        );
    }

    #[test]
    fn keys_and_values_of_a_map_have_bounds_of_their_own() {
        assert_eq!(read(&TAGS, &json!({"a": "b"})).map(|tags| tags.len()), Ok(1));
        refused(&TAGS, &json!({"": "b"}), "at 'key'");
        refused(&TAGS, &json!({"a": 1}), "at 'value'");
        refused(&TAGS, &json!({"a": "1", "b": "2", "c": "3"}), "less than or equal to 2");
    }

    #[test]
    fn a_sensitive_value_is_never_echoed() {
        assert_eq!(read(&HIDDEN, &json!("ab")), Ok(Sensitive("ab".to_owned())));
        let text = read(&HIDDEN, &json!("secret!")).expect_err("too long");
        assert!(!text.contains("secret") && text.contains("Value '***'"));
    }

    #[test]
    fn a_moment_is_iso_8601_text() {
        assert!(read(&Moment, &json!("2021-10-22T00:03:57Z")).is_ok());
        refused(&Moment, &json!("soon"), "Member must be an ISO 8601 date and time");
        refused(&Moment, &json!(1_634_860_000), "Member must be a string");
    }

    /// A union with one level of nesting, as the chat service's DestinationConfiguration has.
    #[derive(Debug, PartialEq)]
    struct Destination {
        one: Option<String>,
        two: Option<bool>,
    }

    impl Structure for Destination {
        fn read(from: &mut Members<'_>) -> Option<Self> {
            from.exactly_one(&["one", "two"]);
            let one = from.optional("one", &NAME);
            let two = from.optional("two", &Flag);
            Some(Self { one, two })
        }
    }

    #[test]
    fn a_union_has_exactly_one_member() {
        let rule = Nested::<Destination>(PhantomData);
        assert_eq!(
            read(&rule, &json!({"two": true, "one": null})),
            Ok(Destination { one: None, two: Some(true) })
        );
        refused(&rule, &json!({"one": "a", "two": true}), "exactly one");
        refused(&rule, &json!({}), "exactly one");
        refused(&rule, &json!([]), "Member must be an object");
    }

    #[test]
    fn absent_and_null_are_the_same_and_unknown_members_are_ignored() {
        let members = |json: Value| json.as_object().cloned().expect("an object");
        let absent: Destination = parse(&members(json!({"two": false}))).expect("fine");
        let null: Destination = parse(&members(json!({"two": false, "one": null, "x": 1}))).expect("fine");
        assert_eq!(absent, null);
    }
}
