//! What stands below a command's options: examples, and where to read on.
//!
//! Promise: each line fits a terminal of a hundred columns.

/// What a command does, shown by commands to type.
pub(super) struct Lesson {
    text: String,
}

impl Lesson {
    /// Pairs of a command and what it does.
    pub(super) fn of(examples: &[(&str, &str)]) -> Self {
        let mut text = String::from("Examples:");
        for (command, what) in examples {
            text += &format!("\n  {command}\n      {what}");
        }
        Self { text }
    }

    /// Other commands and topics.
    pub(super) fn see(mut self, others: &str) -> Self {
        self.text += &format!("\n\nSee also: {others}");
        self
    }
}

impl From<Lesson> for clap::builder::StyledStr {
    fn from(lesson: Lesson) -> Self {
        lesson.text.into()
    }
}

/// `rillcast help exit-codes`.
pub(crate) const EXIT_CODES: &str = "\
0    Done; of a check: nothing is wrong
1    It failed, what was named is not there, or a check found something wrong
2    The command line or a setting can't be used; nothing was done
130  Ended by Ctrl-C (SIGINT); of `serve`, whose first one ends it in order: 0
143  Ended by SIGTERM; of `serve` likewise: 0

Whatever goes wrong is one line on standard error that begins with `rillcast: `; behind a command
line that is not understood, its usage follows. Checks are `doctor`, `config check`, `policy check`
(1: the policy denies) and `recordings verify` (1: not whole). A reader that has seen enough, as
in `rillcast recordings list | head -3`, is no failure.";
