//! Patterns: literal text, the wildcards `*` and `?`, and policy variables (IAM User Guide, "Resource" and
//! "IAM policy elements: Variables and tags").
//!
//! Promise: a match takes at most the length of the pattern times that of the text, allocates nothing unless
//! the pattern has variables, and takes the value of a variable literally, whatever characters it has.

use super::context::Context;
use super::error::Fault;
use super::variable::Variable;

/// One element of a pattern.
#[derive(Clone, Debug)]
pub(super) enum Atom {
    /// This very character.
    Char(char),
    /// `?`: any one character.
    One,
    /// `*`: any characters, or none.
    Many,
    /// What the variable stands for in a request.
    Variable(Variable),
}

/// Whether upper and lower case are the same.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Case {
    Matters,
    Ignored,
}

/// What a text is read for.
#[derive(Clone, Copy, Debug)]
pub(super) struct Syntax {
    /// `*` and `?` are wildcards.
    pub(super) wildcards: bool,
    /// `${…}` is a variable.
    pub(super) variables: bool,
}

/// A pattern as written, prepared for matching.
#[derive(Clone, Debug)]
pub(super) struct Pattern {
    /// The text in the policy.
    pub(super) written: Box<str>,
    form: Form,
}

/// The common forms apart, so that they cost a comparison.
#[derive(Clone, Debug)]
enum Form {
    Everything,
    Literal(Box<str>),
    Start(Box<str>),
    Atoms(Box<[Atom]>),
}

impl Pattern {
    /// Reads a pattern.
    pub(super) fn parse(text: &str, syntax: Syntax) -> Result<Self, Fault> {
        Ok(Self::of_atoms(text, atoms(text, syntax)?))
    }

    /// A pattern of these atoms, which `written` was read into.
    pub(super) fn of_atoms(written: &str, atoms: Vec<Atom>) -> Self {
        Self { written: written.into(), form: Form::of(atoms) }
    }

    /// The variables in it.
    pub(super) fn variables(&self) -> impl Iterator<Item = &Variable> {
        let atoms = if let Form::Atoms(atoms) = &self.form { &**atoms } else { &[] };
        atoms
            .iter()
            .filter_map(|atom| if let Atom::Variable(variable) = atom { Some(variable) } else { None })
    }

    /// Whether the whole `text` is of this pattern. A variable without a value matches nothing.
    pub(super) fn matches(&self, text: &str, case: Case, context: &Context) -> bool {
        match &self.form {
            Form::Everything => true,
            Form::Literal(literal) => starts(literal, text, case).is_some_and(str::is_empty),
            Form::Start(start) => starts(start, text, case).is_some(),
            Form::Atoms(atoms) if self.variables().next().is_none() => wild(atoms, text, case),
            Form::Atoms(atoms) => resolved(atoms, context).is_some_and(|atoms| wild(&atoms, text, case)),
        }
    }
}

impl Form {
    fn of(atoms: Vec<Atom>) -> Self {
        let literal = |atoms: &[Atom]| {
            let char = |atom: &Atom| if let Atom::Char(char) = atom { Some(*char) } else { None };
            atoms.iter().map(char).collect::<Option<Box<str>>>()
        };
        if let Some(text) = literal(&atoms) {
            return Self::Literal(text);
        }
        match atoms.split_last() {
            Some((Atom::Many, [])) => Some(Self::Everything),
            Some((Atom::Many, start)) => literal(start).map(Self::Start),
            _ => None,
        }
        .unwrap_or_else(|| Self::Atoms(atoms.into()))
    }
}

/// Reads the elements of a pattern.
pub(super) fn atoms(text: &str, syntax: Syntax) -> Result<Vec<Atom>, Fault> {
    let mut atoms = Vec::with_capacity(text.len());
    let mut rest = text;
    while let Some(char) = rest.chars().next() {
        if syntax.variables && rest.starts_with("${") {
            let (atom, after) = Variable::parse(rest)
                .map_err(|fault| fault.unwrap_or_else(|| Fault::Variable(text.to_owned())))?;
            atoms.push(atom);
            rest = after;
            continue;
        }
        atoms.push(match char {
            '*' if syntax.wildcards => Atom::Many,
            '?' if syntax.wildcards => Atom::One,
            _ => Atom::Char(char),
        });
        rest = &rest[char.len_utf8()..];
    }
    Ok(atoms)
}

/// The atoms with each variable's value in its place; `None` when one has no value.
fn resolved(atoms: &[Atom], context: &Context) -> Option<Vec<Atom>> {
    let mut resolved = Vec::with_capacity(atoms.len());
    for atom in atoms {
        match atom {
            Atom::Variable(variable) => resolved.extend(variable.value(context)?.chars().map(Atom::Char)),
            other => resolved.push(other.clone()),
        }
    }
    Some(resolved)
}

/// What is left of `text` after `start`; `None` when it does not begin so.
fn starts<'a>(start: &str, text: &'a str, case: Case) -> Option<&'a str> {
    if case == Case::Matters {
        return text.strip_prefix(start);
    }
    let mut rest = text.chars();
    let begins = start.chars().all(|want| rest.next().is_some_and(|have| same(want, have, case)));
    begins.then_some(rest.as_str())
}

/// Matches without variables: on a mismatch, only the last `*` takes one character more. To widen an earlier
/// one could not help, because the last one may take whatever that one would.
fn wild(atoms: &[Atom], text: &str, case: Case) -> bool {
    let (mut at, mut rest) = (0, text.chars());
    let mut last_many = None;
    loop {
        let mut after = rest.clone();
        let fits = match (atoms.get(at), after.next()) {
            (Some(Atom::Many), _) => {
                at += 1;
                last_many = Some((at, rest.clone()));
                continue;
            }
            (None, None) => return true,
            (Some(Atom::One), Some(_)) => true,
            (Some(Atom::Char(want)), Some(have)) => same(*want, have, case),
            _ => false,
        };
        if fits {
            (at, rest) = (at + 1, after);
            continue;
        }
        let Some((behind, mut from)) = last_many else { return false };
        if from.next().is_none() {
            return false;
        }
        (at, rest) = (behind, from.clone());
        last_many = Some((behind, from));
    }
}

fn same(one: char, other: char, case: Case) -> bool {
    one == other
        || case == Case::Ignored
            && if one.is_ascii() && other.is_ascii() {
                one.eq_ignore_ascii_case(&other)
            } else {
                one.to_lowercase().eq(other.to_lowercase())
            }
}
