//! Colours of what the commands print.
//!
//! Promise: colours only where a terminal takes them and nobody asked for none (`NO_COLOR`, see no-color.org;
//! `TERM=dumb`); without colours nothing is lost, as every colour stands behind a word.

use std::ffi::OsStr;
use std::io::IsTerminal;

/// What a text is about.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Ink {
    Good,
    Warning,
    Bad,
    Faint,
    Strong,
}

impl Ink {
    /// Select Graphic Rendition (ECMA-48, 8.3.117).
    fn code(self) -> &'static str {
        match self {
            Self::Good => "32",
            Self::Warning => "33",
            Self::Bad => "31",
            Self::Faint => "2",
            Self::Strong => "1",
        }
    }
}

/// Are colours welcome there?
pub(crate) fn is_coloured(stream: &impl IsTerminal) -> bool {
    let (no_color, term) = (std::env::var_os("NO_COLOR"), std::env::var_os("TERM"));
    stream.is_terminal() && are_wanted(no_color.as_deref(), term.as_deref())
}

fn are_wanted(no_color: Option<&OsStr>, term: Option<&OsStr>) -> bool {
    no_color.is_none_or(OsStr::is_empty) && term.is_none_or(|term| term != "dumb")
}

/// The text in this colour, where colours are welcome.
pub(crate) fn paint(text: &str, ink: Ink, is_coloured: bool) -> String {
    if is_coloured { format!("\x1b[{}m{text}\x1b[0m", ink.code()) } else { text.to_owned() }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn who_wants_no_colours_gets_none() {
        let wanted = |no_color: Option<&str>, term: Option<&str>| {
            are_wanted(no_color.map(OsStr::new), term.map(OsStr::new))
        };
        assert!(wanted(None, Some("xterm")) && wanted(Some(""), None));
        assert!(!wanted(Some("1"), Some("xterm")) && !wanted(None, Some("dumb")));
        assert_eq!(paint("a", Ink::Good, false), "a");
        assert_eq!(paint("a", Ink::Bad, true), "\x1b[31ma\x1b[0m");
    }
}
