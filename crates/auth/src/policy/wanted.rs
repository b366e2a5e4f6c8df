//! What a condition compares with: the policy's values, read once for their operator.
//!
//! Promise: a value that the operator cannot compare with is refused when the policy is read; a request's
//! value that it cannot compare is simply not equal, less, greater or like.

use std::net::IpAddr;

use super::context::Context;
use super::error::Fault;
use super::instant::Instant;
use super::net::Net;
use super::operator::{Order, Test};
use super::pattern::{Atom, Case, Pattern, Syntax, atoms};
use super::variable::Variable;

/// The policy's values under one operator and key: one of them must fit.
#[derive(Clone, Debug)]
pub(super) enum Wanted {
    Texts(Box<[Pattern]>, Case),
    Arns(Box<[ArnPattern]>),
    Numbers(Box<[f64]>, Order),
    Dates(Box<[Instant]>, Order),
    Truths(Box<[bool]>),
    Nets(Box<[Net]>),
    /// Whether the key must be missing.
    Null(Box<[bool]>),
}

/// The six parts of an ARN, each with wildcards of its own.
#[derive(Clone, Debug)]
pub(super) struct ArnPattern {
    parts: Box<[Pattern]>,
}

impl Wanted {
    /// Reads the values; `variables` says whether the policy's version knows them.
    pub(super) fn parse(test: Test, values: &[String], variables: bool) -> Result<Self, Fault> {
        let texts = |wildcards| each(values, |text| Pattern::parse(text, Syntax { wildcards, variables }));
        Ok(match test {
            Test::Equals => Self::Texts(texts(false)?, Case::Matters),
            Test::EqualsIgnoringCase => Self::Texts(texts(false)?, Case::Ignored),
            Test::Like => Self::Texts(texts(true)?, Case::Matters),
            Test::Arn => Self::Arns(each(values, |text| ArnPattern::parse(text, variables))?),
            Test::Number(order) => Self::Numbers(each(values, read(number, "a number"))?, order),
            Test::Date(order) => Self::Dates(each(values, read(Instant::parse, DATE))?, order),
            Test::Bool => Self::Truths(each(values, read(truth, "true or false"))?),
            Test::Address => {
                Self::Nets(each(values, read(Net::parse, "an address or a range like 203.0.113.0/24"))?)
            }
            Test::Null => Self::Null(each(values, read(truth, "true or false"))?),
        })
    }

    /// Whether one of the policy's values fits this value of a request.
    pub(super) fn fits(&self, value: &str, context: &Context) -> bool {
        match self {
            Self::Texts(patterns, case) => patterns.iter().any(|one| one.matches(value, *case, context)),
            Self::Arns(patterns) => patterns.iter().any(|one| one.matches(value, context)),
            Self::Numbers(numbers, order) => number(value).is_some_and(|have| {
                numbers.iter().any(|want| have.partial_cmp(want).is_some_and(|found| order.admits(found)))
            }),
            Self::Dates(dates, order) => Instant::parse(value)
                .is_some_and(|have| dates.iter().any(|want| order.admits(have.cmp(want)))),
            Self::Truths(truths) => truth(value).is_some_and(|have| truths.contains(&have)),
            Self::Nets(nets) => {
                value.parse::<IpAddr>().is_ok_and(|address| nets.iter().any(|net| net.contains(address)))
            }
            Self::Null(_) => false,
        }
    }

    /// The variables in the values.
    pub(super) fn variables(&self) -> Box<dyn Iterator<Item = &Variable> + '_> {
        match self {
            Self::Texts(patterns, _) => Box::new(patterns.iter().flat_map(Pattern::variables)),
            Self::Arns(patterns) => {
                Box::new(patterns.iter().flat_map(|one| one.parts.iter().flat_map(Pattern::variables)))
            }
            _ => Box::new(std::iter::empty()),
        }
    }
}

const DATE: &str = "a date in ISO 8601 like 2026-01-31T12:00:00Z, or seconds since 1970";

impl ArnPattern {
    fn parse(text: &str, variables: bool) -> Result<Self, Fault> {
        let (mut parts, mut part) = (Vec::new(), Vec::new());
        for atom in atoms(text, Syntax { wildcards: true, variables })? {
            match atom {
                Atom::Char(':') if parts.len() + 1 < ARN_PARTS => parts.push(std::mem::take(&mut part)),
                atom => part.push(atom),
            }
        }
        parts.push(part);
        if parts.len() != ARN_PARTS {
            return Err(Fault::Value { value: text.to_owned(), what: "an ARN of six parts between colons" });
        }
        let parts = parts.into_iter().map(|atoms| Pattern::of_atoms(text, atoms)).collect();
        Ok(Self { parts })
    }

    fn matches(&self, text: &str, context: &Context) -> bool {
        let mut have = text.splitn(ARN_PARTS, ':');
        self.parts
            .iter()
            .all(|part| have.next().is_some_and(|text| part.matches(text, Case::Matters, context)))
    }
}

/// `arn:partition:service:region:account:resource`
const ARN_PARTS: usize = 6;

fn each<T>(values: &[String], read: impl Fn(&str) -> Result<T, Fault>) -> Result<Box<[T]>, Fault> {
    values.iter().map(|value| read(value)).collect()
}

fn read<T>(parse: impl Fn(&str) -> Option<T>, what: &'static str) -> impl Fn(&str) -> Result<T, Fault> {
    move |text| parse(text).ok_or_else(|| Fault::Value { value: text.to_owned(), what })
}

fn number(text: &str) -> Option<f64> {
    let plain = text.bytes().all(|byte| byte.is_ascii_digit() || b"+-.eE".contains(&byte));
    if plain { text.parse().ok().filter(|number: &f64| number.is_finite()) } else { None }
}

fn truth(text: &str) -> Option<bool> {
    match text {
        _ if text.eq_ignore_ascii_case("true") => Some(true),
        _ if text.eq_ignore_ascii_case("false") => Some(false),
        _ => None,
    }
}
