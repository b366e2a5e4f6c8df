//! What is wrong with a request's input, in the vendor's wording.
//!
//! Promise: each violation names its member by path; sensitive values are never echoed, others only up to
//! [`Violations::SHOWN`] characters; at most [`Violations::KEPT`] are kept, however bad the input is.

use std::fmt;

/// The unmet bounds of one request. Reading goes on after the first, so that a caller sees all at once.
#[derive(Debug, Default)]
pub struct Violations {
    path: Vec<String>,
    found: Vec<Violation>,
    hidden: bool,
    count: usize,
}

/// One unmet bound.
#[derive(Debug)]
pub(crate) struct Violation {
    /// The member's path.
    pub(crate) path: String,
    /// The whole text.
    pub(crate) text: String,
}

impl Violations {
    /// Violations kept; the rest of the input is not reported.
    pub const KEPT: usize = 20;
    /// Characters of an offending value that are shown.
    pub const SHOWN: usize = 128;

    /// Is everything as it should be?
    pub fn is_empty(&self) -> bool {
        self.found.is_empty()
    }

    /// Notes that the value at the current path (shown as `value`) does not satisfy `constraint`.
    pub(crate) fn add(&mut self, value: Shown<'_>, constraint: fmt::Arguments<'_>) {
        self.count = self.count.saturating_add(1);
        if self.found.len() < Self::KEPT {
            let path = self.path.join(".");
            let value = if self.hidden { Shown::Hidden } else { value };
            let text = format!("{value} at '{path}' failed to satisfy constraint: {constraint}");
            self.found.push(Violation { path, text });
        }
    }

    /// Those that are kept, in the order in which they were found.
    pub(crate) fn found(&self) -> &[Violation] {
        &self.found
    }

    /// How many there have been so far, kept or not.
    pub(crate) fn count(&self) -> usize {
        self.count
    }

    /// Runs `read` with no value echoed: what it reads is sensitive.
    pub(crate) fn hiding<T>(&mut self, read: impl FnOnce(&mut Self) -> T) -> T {
        let before = std::mem::replace(&mut self.hidden, true);
        let value = read(self);
        self.hidden = before;
        value
    }

    /// Looks one step deeper: `read` runs with `step` added to the path.
    pub(crate) fn within<T>(&mut self, step: String, read: impl FnOnce(&mut Self) -> T) -> T {
        self.path.push(step);
        let value = read(self);
        self.path.pop();
        value
    }
}

impl fmt::Display for Violations {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let plural = if self.found.len() == 1 { "" } else { "s" };
        write!(f, "{} validation error{plural} detected: ", self.found.len())?;
        for (at, violation) in self.found.iter().enumerate() {
            let between = if at == 0 { "" } else { "; " };
            write!(f, "{between}{}", violation.text)?;
        }
        Ok(())
    }
}

/// An offending value as a violation shows it.
#[derive(Clone, Copy, Debug)]
pub(crate) enum Shown<'a> {
    /// There is none.
    Null,
    /// A text or a number.
    Text(&'a str),
    /// Only its JSON type: for wrong types, lists and maps.
    Kind(&'static str),
    /// Not to be echoed.
    Hidden,
}

impl fmt::Display for Shown<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Null => f.write_str("Value null"),
            Self::Kind(kind) => write!(f, "Value of type {kind}"),
            Self::Hidden => f.write_str("Value '***'"),
            Self::Text(text) => match text.char_indices().nth(Violations::SHOWN) {
                None => write!(f, "Value '{text}'"),
                Some((cut, _)) => write!(f, "Value '{}...'", text.get(..cut).unwrap_or_default()),
            },
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn violations_read_as_the_vendor_words_them() {
        let mut found = Violations::default();
        found.within("name".into(), |found| found.add(Shown::Text("a b"), format_args!("Member must X")));
        let one =
            "1 validation error detected: Value 'a b' at 'name' failed to satisfy constraint: Member must X";
        assert_eq!(found.to_string(), one);
        found.within("arn".into(), |found| found.add(Shown::Null, format_args!("Member must not be null")));
        assert!(found.to_string().starts_with("2 validation errors detected: "));
        assert!(
            found
                .to_string()
                .ends_with("; Value null at 'arn' failed to satisfy constraint: Member must not be null")
        );
    }

    #[test]
    fn long_values_are_cut_and_endless_violations_are_capped() {
        let mut found = Violations::default();
        for _ in 0..1_000 {
            found.add(Shown::Text(&"ü".repeat(500)), format_args!("X"));
        }
        assert!(found.to_string().starts_with("20 validation errors"));
        assert!(found.to_string().len() < 20 * (2 * Violations::SHOWN + 100));
    }
}
