//! One operator and key of a `Condition` block.
//!
//! Promise: missing keys and keys with several values count as IAM documents it ("Condition operators",
//! "Single-valued vs. multivalued context keys"): a missing key fails what must match and passes what must
//! not, `IfExists` lets it pass, `ForAllValues` is true of no values and `ForAnyValue` is false of them.

use super::context::Context;
use super::error::Fault;
use super::keys::Reference;
use super::operator::{Operator, Set, Test};
use super::variable::Variable;
use super::wanted::Wanted;

/// A key's values that an operator asks for.
#[derive(Clone, Debug)]
pub(super) struct Condition {
    /// The operator as written.
    pub(super) name: Box<str>,
    /// The key whose values are compared.
    pub(super) key: Reference,
    /// The policy's values as written.
    pub(super) written: Box<[String]>,
    /// The variables among the wanted values.
    pub(super) variables: Box<[Variable]>,
    operator: Operator,
    wanted: Wanted,
}

/// Why a condition does not hold.
#[derive(Clone, Copy, Debug)]
pub(super) enum Unmet<'a> {
    /// The request's values are not those wanted.
    Values,
    /// A variable among the wanted values has no value.
    Unresolved(&'a Variable),
}

impl Condition {
    /// Reads the values of `key` under the operator of this name.
    pub(super) fn parse(
        name: &str,
        operator: Operator,
        key: &str,
        values: Vec<String>,
        variables: bool,
    ) -> Result<Self, Fault> {
        let key = Reference::parse(key)?;
        if let Some(words) = operator.test.misfit(key.key.holds) {
            return Err(Fault::Mismatch(words));
        }
        if key.key.many && operator.set == Set::One && operator.test != Test::Null {
            return Err(Fault::NeedsSet);
        }
        let wanted = Wanted::parse(operator.test, &values, variables)?;
        let variables = wanted.variables().cloned().collect();
        Ok(Self { name: name.into(), key, written: values.into(), variables, operator, wanted })
    }

    /// Whether it holds for a request.
    pub(super) fn check(&self, context: &Context) -> Result<(), Unmet<'_>> {
        let values = context.get(&self.key.text);
        if self.operator.if_exists && values.is_empty() {
            return Ok(());
        }
        if let Some(unresolved) = self.variables.iter().find(|variable| variable.value(context).is_none()) {
            return Err(Unmet::Unresolved(unresolved));
        }
        if self.holds(values, context) { Ok(()) } else { Err(Unmet::Values) }
    }

    fn holds(&self, values: &[String], context: &Context) -> bool {
        // No values, or nothing but empty ones, is what the guide calls a null data set.
        let null = values.iter().all(String::is_empty);
        if let Wanted::Null(wanted) = &self.wanted {
            return wanted.contains(&null);
        }
        let negated = self.operator.negated;
        let passes = |value: &String| self.wanted.fits(value, context) != negated;
        match (self.operator.set, values) {
            (Set::All, _) => null || values.iter().all(passes),
            (Set::Any, _) => !null && values.iter().any(passes),
            (Set::One, [value]) => passes(value),
            // Two values of a key that should have one match nothing, like none.
            (Set::One, _) => negated,
        }
    }
}
