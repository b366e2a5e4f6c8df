//! What others make of the command line: completions of shells, manual pages.
//!
//! Promise: made from the same value that arguments are read with.

use std::io;
use std::path::Path;

use clap::Command;
use clap_complete::Shell;
use clap_mangen::Man;

use super::command;

/// What a shell reads to complete commands.
pub(crate) fn completions(shell: Shell) -> String {
    let mut text = Vec::new();
    clap_complete::generate(shell, &mut command(), "rillcast", &mut text);
    String::from_utf8_lossy(&text).into_owned()
}

/// The manual page of `rillcast`, or a page of each command in a folder; gives what to print.
pub(crate) fn manual(folder: Option<&Path>) -> io::Result<String> {
    let mut whole = command();
    whole.build();
    let Some(folder) = folder else {
        return Ok(page(&whole)?.1);
    };
    std::fs::create_dir_all(folder)?;
    let mut all = Vec::new();
    collect(&whole, &mut all);
    for one in &all {
        let (name, text) = page(one)?;
        std::fs::write(folder.join(name), text)?;
    }
    Ok(format!("wrote {} pages to {}\n", all.len(), folder.display()))
}

/// A command and all below it that have a page.
fn collect<'a>(command: &'a Command, all: &mut Vec<&'a Command>) {
    all.push(command);
    for below in command.get_subcommands().filter(|below| below.get_name() != "help" && !below.is_hide_set())
    {
        collect(below, all);
    }
}

/// Name and text of a page of section 1.
fn page(command: &Command) -> io::Result<(String, String)> {
    let name = command.get_display_name().unwrap_or_else(|| command.get_name()).to_owned();
    let mut text = Vec::new();
    Man::new(command.clone()).title(name.to_uppercase()).render(&mut text)?;
    Ok((format!("{name}.1"), String::from_utf8_lossy(&text).into_owned()))
}
