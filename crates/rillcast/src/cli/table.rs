//! Tables for people.
//!
//! Promise: columns stand under one another whatever is in them; a line is cut to the width of the terminal where there
//! is one, and never where a program reads.

use std::fmt::Write as _;
use std::io::{IsTerminal as _, stdout};

/// Between two columns.
const GAP: &str = "  ";

/// A table that is filled row by row.
#[derive(Debug)]
pub(crate) struct Table {
    heads: Vec<&'static str>,
    rows: Vec<Vec<String>>,
    right: &'static [usize],
}

impl Table {
    /// With these heads; columns of figures, counted from 0, stand at the right.
    pub(crate) fn new<const N: usize>(heads: [&'static str; N], right: &'static [usize]) -> Self {
        Self { heads: heads.to_vec(), rows: Vec::new(), right }
    }

    /// One more row; control characters become blanks.
    pub(crate) fn row<const N: usize>(&mut self, cells: [&str; N]) {
        let plain =
            |cell: &str| cell.chars().map(|char| if char.is_control() { ' ' } else { char }).collect();
        self.rows.push(cells.into_iter().map(plain).collect());
    }

    /// The whole table for standard output.
    pub(crate) fn text(&self) -> String {
        self.within(if stdout().is_terminal() { columns() } else { None })
    }

    fn within(&self, most: Option<usize>) -> String {
        let widths: Vec<usize> = (0..self.heads.len()).map(|column| self.width(column)).collect();
        let mut text = String::new();
        let heads: Vec<_> = self.heads.iter().map(|head| (*head).to_owned()).collect();
        for row in std::iter::once(&heads).chain(&self.rows) {
            let cells = row.iter().enumerate().map(|(column, cell)| self.cell(cell, column, widths[column]));
            let line: Vec<_> = cells.collect();
            let _ = writeln!(text, "{}", cut(line.join(GAP).trim_end(), most));
        }
        text
    }

    fn width(&self, column: usize) -> usize {
        let cells = self.rows.iter().filter_map(|row| row.get(column)).map(|cell| cell.chars().count());
        cells.chain([self.heads[column].len()]).max().unwrap_or(0)
    }

    fn cell(&self, cell: &str, column: usize, width: usize) -> String {
        if self.right.contains(&column) { format!("{cell:>width$}") } else { format!("{cell:<width$}") }
    }
}

/// Names and values, one under the other; values that are empty are left out.
pub(crate) fn facts(of: &[(&str, String)]) -> String {
    let shown = of.iter().filter(|(_, value)| !value.is_empty());
    let width = shown.clone().map(|(name, _)| name.len()).max().unwrap_or(0);
    shown.map(|(name, value)| format!("{name:<width$}{GAP}{value}\n")).collect()
}

/// A line of its own, cut to the width of the terminal where standard output is one.
pub(crate) fn fitted(line: &str) -> String {
    let most = if stdout().is_terminal() { columns() } else { None };
    format!("{}\n", cut(line.trim_end(), most))
}

fn cut(line: &str, most: Option<usize>) -> String {
    match most {
        Some(most) if line.chars().count() > most => {
            line.chars().take(most.saturating_sub(1)).chain(['…']).collect()
        }
        _ => line.to_owned(),
    }
}

/// How wide the terminal is.
fn columns() -> Option<usize> {
    let size = rustix::termios::tcgetwinsize(stdout()).ok()?;
    Some(usize::from(size.ws_col)).filter(|columns| *columns >= 20)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn table() -> Table {
        let mut table = Table::new(["NAME", "COUNT", "WHAT"], &[1]);
        table.row(["a", "7", "ä long\ntext"]);
        table.row(["longer", "1000000", ""]);
        table
    }

    #[test]
    fn columns_stand_under_one_another() {
        let lines = "NAME      COUNT  WHAT\na             7  ä long text\nlonger  1000000\n";
        assert_eq!(table().within(None), lines);
    }

    #[test]
    fn lines_are_cut_to_the_terminal() {
        assert_eq!(table().within(Some(20)).lines().nth(1), Some("a             7  ä …"));
    }

    #[test]
    fn what_is_not_known_is_left_out_of_facts() {
        let of = [("id", "1".to_owned()), ("longer", "2".to_owned()), ("none", String::new())];
        assert_eq!(facts(&of), "id      1\nlonger  2\n");
    }
}
