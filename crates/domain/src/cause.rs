//! Errors for the log and for people.
//!
//! Promise: one line per error, each cause said once, outermost first.

use std::error::Error;

/// An error and its causes on one line, parted by colons. A cause that the text so far already ends with is
/// left out: some libraries repeat it.
pub fn chain(error: &dyn Error) -> String {
    let mut text = error.to_string();
    let mut next = error.source();
    while let Some(cause) = next {
        let why = cause.to_string();
        if !text.ends_with(&why) {
            text += ": ";
            text += &why;
        }
        next = cause.source();
    }
    text
}

#[cfg(test)]
mod tests {
    use std::fmt;

    use super::*;

    #[derive(Debug)]
    struct Layer(&'static str, Option<Box<Layer>>);

    impl fmt::Display for Layer {
        fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
            f.write_str(self.0)
        }
    }

    impl Error for Layer {
        fn source(&self) -> Option<&(dyn Error + 'static)> {
            self.1.as_deref().map(|cause| cause as &(dyn Error + 'static))
        }
    }

    #[test]
    fn each_cause_is_said_once_outermost_first() {
        let disk = Layer("disk full", None);
        let library = Layer("write failed: disk full", Some(Box::new(disk)));
        let ours = Layer("saving a channel", Some(Box::new(library)));
        assert_eq!(chain(&ours), "saving a channel: write failed: disk full");
    }
}
