//! Work on the source itself: `cargo run -p xtask -- generate [--check] [--botocore DIR]`, and the guide as files
//! for any web server: `cargo run -p xtask -- site FOLDER`.
//!
//! Promise: with `--check` nothing is written, and the exit code says whether the committed output is what
//! the generator makes of the pinned model. A guide with a link that leads nowhere is written, and is a failure.

mod botocore;
mod exceptions;
mod generate;
mod model;
mod names;
mod reach;
#[path = "../../crates/rillcast/build/site.rs"]
mod site;
mod write;

use std::fs;
use std::path::{Path, PathBuf};
use std::process::ExitCode;

const USAGE: &str = "usage: xtask generate [--check] [--botocore DIR]\n       xtask site FOLDER";

fn main() -> ExitCode {
    match run(std::env::args().skip(1)) {
        Ok(report) => {
            println!("{report}");
            ExitCode::SUCCESS
        }
        Err(why) => {
            eprintln!("xtask: {why}");
            ExitCode::FAILURE
        }
    }
}

fn run(mut arguments: impl Iterator<Item = String>) -> Result<String, String> {
    match arguments.next().as_deref() {
        Some("generate") => generate::run(&order(arguments)?),
        Some("site") => write_site(Path::new(&arguments.next().ok_or(USAGE)?)),
        _ => Err(USAGE.to_owned()),
    }
}

fn order(mut arguments: impl Iterator<Item = String>) -> Result<generate::Order, String> {
    let mut order = generate::Order::default();
    while let Some(argument) = arguments.next() {
        match argument.as_str() {
            "--check" => order.check = true,
            "--botocore" => order.botocore = Some(PathBuf::from(arguments.next().ok_or(USAGE)?)),
            _ => return Err(USAGE.to_owned()),
        }
    }
    Ok(order)
}

fn write_site(folder: &Path) -> Result<String, String> {
    let root = Path::new(env!("CARGO_MANIFEST_DIR")).join("..");
    let site = site::build(&root, &root.join("console/dist"), env!("CARGO_PKG_VERSION"), false);
    for file in &site.files {
        let path = folder.join(&file.path);
        path.parent()
            .map_or(Ok(()), fs::create_dir_all)
            .and_then(|()| fs::write(&path, &file.content))
            .map_err(|error| format!("{}: {error}", path.display()))?;
    }
    if !site.problems.is_empty() {
        return Err(site.problems.join("\n       "));
    }
    Ok(format!("{} files in {}", site.files.len(), folder.display()))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn no_link_of_the_guide_leads_nowhere_and_files_stand_by_themselves() {
        let root = Path::new(env!("CARGO_MANIFEST_DIR")).join("..");
        let site = site::build(&root, &root.join("console/dist"), "1.0", false);
        assert_eq!(site.problems, Vec::<String>::new());
        let pages: Vec<_> = site.files.iter().filter(|file| file.path.ends_with(".html")).collect();
        assert!(pages.len() > 40, "{} pages", pages.len());
        for page in pages {
            let text = String::from_utf8_lossy(&page.content);
            assert!(!text.contains("href=\"/"), "{}: a link that only one server can follow", page.path);
        }
    }
}
