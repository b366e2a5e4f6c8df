//! The house's rules about files: each opens with its purpose and promise, none has a name that says nothing.
//!
//! Promise: the rules are checked on every source file of `crates/`, without a list to keep.

use std::fs;
use std::path::{Path, PathBuf};

const EMPTY_NAMES: &[&str] = &["util", "utils", "common", "helper", "helpers", "misc", "manager", "types"];

#[test]
fn every_file_says_what_it_is_for_and_what_it_promises() {
    let silent: Vec<_> = sources()
        .into_iter()
        .filter(|path| !path.components().any(|part| part.as_os_str() == "tests"))
        .filter(|path| {
            let text = fs::read_to_string(path).expect("a readable source");
            let opening: String =
                text.lines().take_while(|line| line.starts_with("//!")).collect::<Vec<_>>().join("\n");
            opening.is_empty() || !(opening.contains("Promise") || opening.contains("Generated"))
        })
        .collect();
    assert!(silent.is_empty(), "no `//!` with a promise at the top: {silent:#?}");
}

#[test]
fn no_file_has_a_name_that_says_nothing() {
    let empty = |path: &PathBuf| {
        let stem = path.file_stem().and_then(|stem| stem.to_str()).unwrap_or_default();
        EMPTY_NAMES.contains(&stem)
    };
    let named: Vec<_> = sources().into_iter().filter(empty).collect();
    assert!(named.is_empty(), "{named:#?}");
}

/// All Rust files of the product.
fn sources() -> Vec<PathBuf> {
    let mut found = Vec::new();
    collect(&Path::new(env!("CARGO_MANIFEST_DIR")).join("../crates"), &mut found);
    assert!(found.len() > 50, "the walk found only {} files", found.len());
    found
}

fn collect(folder: &Path, found: &mut Vec<PathBuf>) {
    for entry in fs::read_dir(folder).expect("a readable folder") {
        let path = entry.expect("a readable entry").path();
        if path.is_dir() {
            collect(&path, found);
        } else if path.extension().is_some_and(|ending| ending == "rs") {
            found.push(path);
        }
    }
}
