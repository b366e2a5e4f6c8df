//! What may be asked of a leaf.
//!
//! Promise: each operator's operand is checked when it is read; asking never fails and never goes back over a
//! text (wildcards look for one piece after the other).

use std::net::IpAddr;

use ipnet::IpNet;
use serde_json::{Number, Value};

use super::{PatternError, wrong};

/// Numbers that can be compared with (event-ruler, "Numeric matching").
const MOST: f64 = 5.0e9;

/// One alternative of a member.
#[derive(Clone, Debug)]
pub(super) enum Condition {
    /// Equal to it.
    Is(Value),
    /// A text that it fits.
    Text(TextTest),
    /// There is a leaf (or there is none).
    Exists(bool),
    /// None of them, but there.
    NoneOf(Vec<Value>),
    /// Fits none of them, but there.
    NoText(Vec<TextTest>),
    /// A number within.
    Within(Vec<(Order, f64)>),
    /// An address in this network.
    Address(IpNet),
}

/// What a text may be tested for.
#[derive(Clone, Debug)]
pub(super) enum TextTest {
    Starts(String),
    Ends(String),
    /// In lower case.
    StartsAnyCase(String),
    /// In lower case.
    EndsAnyCase(String),
    /// In lower case.
    IsAnyCase(String),
    /// The pieces between the asterisks, at least one.
    Pieces(Vec<String>),
}

/// How numbers are compared.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Order {
    Less,
    AtMost,
    Equal,
    AtLeast,
    More,
}

impl Condition {
    pub(super) fn read(value: &Value, at: &str) -> Result<Self, PatternError> {
        let members = match value {
            Value::Object(members) => members,
            Value::Array(_) => return Err(wrong(at, "is an array in an array")),
            leaf => return Ok(Self::Is(leaf.clone())),
        };
        let mut members = members.iter();
        let (Some((operator, operand)), None) = (members.next(), members.next()) else {
            return Err(wrong(at, "has other than one operator"));
        };
        let at = format!("{at}.{operator}");
        match operator.as_str() {
            "exists" => {
                operand.as_bool().map(Self::Exists).ok_or_else(|| wrong(&at, "is neither true nor false"))
            }
            "anything-but" => anything_but(operand, &at),
            "numeric" => numeric(operand, &at).map(Self::Within),
            "cidr" => network(operand, &at).map(Self::Address),
            _ => TextTest::read(operator, operand, &at).map(Self::Text),
        }
    }

    /// Is it so of one of a member's leaves?
    pub(super) fn holds(&self, leaves: &[&Value]) -> bool {
        match self {
            Self::Exists(wanted) => leaves.is_empty() != *wanted,
            _ => leaves.iter().any(|leaf| self.holds_of(leaf)),
        }
    }

    fn holds_of(&self, leaf: &Value) -> bool {
        match self {
            Self::Is(wanted) => equal(wanted, leaf),
            Self::Text(test) => leaf.as_str().is_some_and(|text| test.fits(text)),
            Self::Exists(wanted) => *wanted,
            Self::NoneOf(unwanted) => !unwanted.iter().any(|unwanted| equal(unwanted, leaf)),
            Self::NoText(tests) => {
                !leaf.as_str().is_some_and(|text| tests.iter().any(|test| test.fits(text)))
            }
            Self::Within(bounds) => leaf
                .as_f64()
                .is_some_and(|number| bounds.iter().all(|(order, bound)| order.holds(number, *bound))),
            Self::Address(network) => leaf
                .as_str()
                .and_then(|text| text.parse::<IpAddr>().ok())
                .is_some_and(|address| network.contains(&address)),
        }
    }
}

/// Equal as JSON; numbers by their value.
fn equal(one: &Value, other: &Value) -> bool {
    match (one, other) {
        (Value::Number(one), Value::Number(other)) => same_number(one, other),
        _ => one == other,
    }
}

/// Whole numbers beyond 2^53 would lose digits as fractions, so those are compared as what they are.
fn same_number(one: &Number, other: &Number) -> bool {
    let whole = |number: &Number| number.as_i64().map(i128::from).or(number.as_u64().map(i128::from));
    match (whole(one), whole(other)) {
        (Some(one), Some(other)) => one == other,
        _ => one.as_f64() == other.as_f64(),
    }
}

impl TextTest {
    fn read(operator: &str, operand: &Value, at: &str) -> Result<Self, PatternError> {
        match (operator, operand) {
            ("prefix", Value::String(text)) => Ok(Self::Starts(text.clone())),
            ("suffix", Value::String(text)) => Ok(Self::Ends(text.clone())),
            ("equals-ignore-case", Value::String(text)) => Ok(Self::IsAnyCase(text.to_lowercase())),
            ("wildcard", Value::String(text)) => pieces(text, at).map(Self::Pieces),
            ("prefix", Value::Object(_)) => any_case(operand, at).map(Self::StartsAnyCase),
            ("suffix", Value::Object(_)) => any_case(operand, at).map(Self::EndsAnyCase),
            ("prefix" | "suffix" | "equals-ignore-case" | "wildcard", _) => Err(wrong(at, "is no text")),
            _ => Err(wrong(at, "is no operator that is known")),
        }
    }

    fn fits(&self, text: &str) -> bool {
        match self {
            Self::Starts(start) => text.starts_with(start.as_str()),
            Self::Ends(end) => text.ends_with(end.as_str()),
            Self::StartsAnyCase(start) => text.to_lowercase().starts_with(start.as_str()),
            Self::EndsAnyCase(end) => text.to_lowercase().ends_with(end.as_str()),
            Self::IsAnyCase(whole) => text.to_lowercase() == *whole,
            Self::Pieces(pieces) => fits_pieces(text, pieces),
        }
    }
}

/// The operand of `{"prefix": {"equals-ignore-case": …}}`, in lower case.
fn any_case(operand: &Value, at: &str) -> Result<String, PatternError> {
    let members = operand.as_object().filter(|members| members.len() == 1);
    let text = members.and_then(|members| members.get("equals-ignore-case")).and_then(Value::as_str);
    text.map(str::to_lowercase)
        .ok_or_else(|| wrong(at, "is neither a text nor {\"equals-ignore-case\": a text}"))
}

/// Splits a wildcard at its asterisks. `\*` and `\\` stand for themselves; no other escape is one, and two
/// asterisks side by side say no more than one.
fn pieces(text: &str, at: &str) -> Result<Vec<String>, PatternError> {
    let mut pieces = vec![String::new()];
    let mut rest = text.chars().peekable();
    while let Some(character) = rest.next() {
        let plain = match character {
            '*' if rest.peek() == Some(&'*') => return Err(wrong(at, "has two asterisks side by side")),
            '*' => {
                pieces.push(String::new());
                continue;
            }
            '\\' => rest
                .next_if(|next| matches!(next, '*' | '\\'))
                .ok_or_else(|| wrong(at, "has a backslash before something else than \\ or *"))?,
            other => other,
        };
        if let Some(piece) = pieces.last_mut() {
            piece.push(plain);
        }
    }
    Ok(pieces)
}

/// The first piece begins the text and the last ends it; those between are each looked for after the one before,
/// as early as possible, which leaves the most to the rest.
fn fits_pieces(text: &str, pieces: &[String]) -> bool {
    let [first, between @ .., last] = pieces else {
        return pieces.first().is_some_and(|only| only == text);
    };
    let Some(mut rest) = text.strip_prefix(first.as_str()).and_then(|rest| rest.strip_suffix(last.as_str()))
    else {
        return false;
    };
    between.iter().all(|piece| {
        let found = rest.find(piece.as_str()).map(|at| &rest[at + piece.len()..]);
        rest = found.unwrap_or("");
        found.is_some()
    })
}

fn anything_but(operand: &Value, at: &str) -> Result<Condition, PatternError> {
    match operand {
        Value::String(_) | Value::Number(_) => Ok(Condition::NoneOf(vec![operand.clone()])),
        Value::Array(values) => {
            let alike = values.iter().all(Value::is_string) || values.iter().all(Value::is_number);
            match values.is_empty() || !alike {
                true => Err(wrong(at, "is no array of texts alone or numbers alone")),
                false => Ok(Condition::NoneOf(values.clone())),
            }
        }
        Value::Object(members) => {
            let mut members = members.iter();
            let (Some((operator, operand)), None) = (members.next(), members.next()) else {
                return Err(wrong(at, "has other than one operator"));
            };
            no_text(operator, operand, &format!("{at}.{operator}")).map(Condition::NoText)
        }
        _ => Err(wrong(at, "is neither a text, a number, an array of one of them, nor an operator on texts")),
    }
}

fn no_text(operator: &str, operand: &Value, at: &str) -> Result<Vec<TextTest>, PatternError> {
    let texts = match operand {
        Value::Array(texts) if !texts.is_empty() => texts.as_slice(),
        Value::Object(_) => return Err(wrong(at, "is neither a text nor an array of texts")),
        other => std::slice::from_ref(other),
    };
    let read = |text: &Value| match text.as_str() {
        // Every text begins and ends with nothing, so nothing would ever match.
        Some("") if operator != "equals-ignore-case" => Err(wrong(at, "is empty")),
        Some(_) => TextTest::read(operator, text, at),
        None => Err(wrong(at, "is neither a text nor an array of texts")),
    };
    texts.iter().map(read).collect()
}

fn numeric(operand: &Value, at: &str) -> Result<Vec<(Order, f64)>, PatternError> {
    let values = operand.as_array().ok_or_else(|| wrong(at, "is no array such as [\">\", 0, \"<=\", 5]"))?;
    let bounds = values.chunks(2).map(|pair| bound(pair, at)).collect::<Result<Vec<_>, _>>()?;
    match bounds.as_slice() {
        [_] => Ok(bounds),
        [(Order::More | Order::AtLeast, low), (Order::Less | Order::AtMost, high)] => match low < high {
            true => Ok(bounds),
            false => Err(wrong(at, "has a lower bound that is not below the upper one")),
        },
        _ => Err(wrong(at, "is neither one comparison nor a lower bound and then an upper one")),
    }
}

fn bound(pair: &[Value], at: &str) -> Result<(Order, f64), PatternError> {
    let [order, number] = pair else { return Err(wrong(at, "ends without a number")) };
    let order = match order.as_str() {
        Some("<") => Order::Less,
        Some("<=") => Order::AtMost,
        Some("=") => Order::Equal,
        Some(">=") => Order::AtLeast,
        Some(">") => Order::More,
        _ => return Err(wrong(at, "compares by something else than <, <=, =, >= or >")),
    };
    let number = number.as_f64().ok_or_else(|| wrong(at, "compares with something that is no number"))?;
    match number.abs() <= MOST {
        true => Ok((order, number)),
        false => Err(wrong(at, "compares with a number beyond five thousand millions")),
    }
}

impl Order {
    fn holds(self, number: f64, bound: f64) -> bool {
        match self {
            Self::Less => number < bound,
            Self::AtMost => number <= bound,
            Self::Equal => number == bound,
            Self::AtLeast => number >= bound,
            Self::More => number > bound,
        }
    }
}

fn network(operand: &Value, at: &str) -> Result<IpNet, PatternError> {
    let network = operand.as_str().and_then(|text| text.parse().ok());
    network.ok_or_else(|| wrong(at, "is no network such as 10.0.0.0/24 or 2001:db8::/32"))
}
