//! The names of condition operators (IAM User Guide, "IAM JSON policy elements: Condition operators").
//!
//! Promise: a name is read whole (set prefix, base, `IfExists`) or not at all; what is not documented, such as
//! `NullIfExists`, does not exist here. `BinaryEquals` is left out: no key of these services is binary.

use std::cmp::Ordering;

use super::keys::Holds;

/// An operator, taken apart.
#[derive(Clone, Copy, Debug)]
pub(super) struct Operator {
    /// How several values of the key count.
    pub(super) set: Set,
    /// What is compared.
    pub(super) test: Test,
    /// Whether the comparison must fail.
    pub(super) negated: bool,
    /// Whether a missing key passes.
    pub(super) if_exists: bool,
}

/// How several values of a key count.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Set {
    /// There should be one.
    One,
    /// `ForAllValues:`
    All,
    /// `ForAnyValue:`
    Any,
}

/// What an operator compares.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Test {
    /// The same text.
    Equals,
    /// The same text but for upper and lower case.
    EqualsIgnoringCase,
    /// A text of this pattern.
    Like,
    /// A number in this order to that of the policy.
    Number(Order),
    /// A time in this order to that of the policy.
    Date(Order),
    /// The same truth.
    Bool,
    /// An address in this range.
    Address,
    /// An ARN of this pattern.
    Arn,
    /// No value.
    Null,
}

/// The orders of a request's value to the policy's that pass.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Order {
    Equal,
    Less,
    LessOrEqual,
    Greater,
    GreaterOrEqual,
}

impl Order {
    /// Whether this order of the two passes.
    pub(super) fn admits(self, order: Ordering) -> bool {
        match self {
            Self::Equal => order.is_eq(),
            Self::Less => order.is_lt(),
            Self::LessOrEqual => order.is_le(),
            Self::Greater => order.is_gt(),
            Self::GreaterOrEqual => order.is_ge(),
        }
    }

    fn parse(name: &str) -> Option<(Self, bool)> {
        Some(match name {
            "Equals" => (Self::Equal, false),
            "NotEquals" => (Self::Equal, true),
            "LessThan" => (Self::Less, false),
            "LessThanEquals" => (Self::LessOrEqual, false),
            "GreaterThan" => (Self::Greater, false),
            "GreaterThanEquals" => (Self::GreaterOrEqual, false),
            _ => return None,
        })
    }
}

impl Operator {
    /// Reads an operator's name.
    pub(super) fn parse(name: &str) -> Option<Self> {
        let (set, rest) = match name.split_once(':') {
            Some(("ForAllValues", rest)) => (Set::All, rest),
            Some(("ForAnyValue", rest)) => (Set::Any, rest),
            Some(_) => return None,
            None => (Set::One, name),
        };
        let (base, if_exists) = rest.strip_suffix("IfExists").map_or((rest, false), |base| (base, true));
        let (test, negated) = Test::parse(base)?;
        let bare = set == Set::One && !if_exists;
        (bare || test != Test::Null).then_some(Self { set, test, negated, if_exists })
    }
}

impl Test {
    fn parse(name: &str) -> Option<(Self, bool)> {
        if let Some(order) = name.strip_prefix("Numeric") {
            return Order::parse(order).map(|(order, negated)| (Self::Number(order), negated));
        }
        if let Some(order) = name.strip_prefix("Date") {
            return Order::parse(order).map(|(order, negated)| (Self::Date(order), negated));
        }
        Some(match name {
            "StringEquals" => (Self::Equals, false),
            "StringNotEquals" => (Self::Equals, true),
            "StringEqualsIgnoreCase" => (Self::EqualsIgnoringCase, false),
            "StringNotEqualsIgnoreCase" => (Self::EqualsIgnoringCase, true),
            "StringLike" => (Self::Like, false),
            "StringNotLike" => (Self::Like, true),
            "Bool" => (Self::Bool, false),
            "IpAddress" => (Self::Address, false),
            "NotIpAddress" => (Self::Address, true),
            "ArnEquals" | "ArnLike" => (Self::Arn, false),
            "ArnNotEquals" | "ArnNotLike" => (Self::Arn, true),
            "Null" => (Self::Null, false),
            _ => return None,
        })
    }

    /// What is wrong with comparing values of this kind so: in words, what they are. Text operators fit all
    /// keys, because every value is a text.
    pub(super) fn misfit(self, holds: Holds) -> Option<&'static str> {
        let fits = match self {
            Self::Equals | Self::EqualsIgnoringCase | Self::Like | Self::Null => true,
            Self::Number(_) => matches!(holds, Holds::Text | Holds::Epoch),
            Self::Date(_) => matches!(holds, Holds::Text | Holds::Date | Holds::Epoch),
            Self::Bool => matches!(holds, Holds::Text | Holds::Truth),
            Self::Address => matches!(holds, Holds::Text | Holds::Address),
            Self::Arn => matches!(holds, Holds::Text | Holds::Arn),
        };
        let words = match holds {
            Holds::Text => "a text",
            Holds::Name => "a name",
            Holds::Arn => "an ARN",
            Holds::Address => "an address",
            Holds::Truth => "true or false",
            Holds::Date => "a date",
            Holds::Epoch => "seconds since 1970",
        };
        (!fits).then_some(words)
    }
}
