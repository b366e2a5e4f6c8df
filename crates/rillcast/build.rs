//! Embeds the built pages of `console/dist`, or a notice in their place, so that the binary builds on a
//! machine without node; and the guide of `docs/`.
//!
//! Promise: the pages in the binary are those of `console/dist` at build time, all of them or none; they are kept
//! compressed.

use std::fmt::Write as _;
use std::io::Write as _;
use std::path::{Path, PathBuf};
use std::{env, fs};

use flate2::Compression;
use flate2::write::GzEncoder;

#[path = "build/site.rs"]
mod site;

const NOTICE: &str = "<!doctype html><meta charset=\"utf-8\"><title>Rillcast</title><p>This binary was built without \
    its pages. Run <code>make console</code> and build again.</p>";

/// Without these nothing was built.
const NEEDED: [&str; 2] = ["watch.html", "console.html"];

/// A file of the pages: its path below their folder, and what is in it.
struct Page {
    path: String,
    content: Vec<u8>,
}

fn main() {
    let home = PathBuf::from(env::var("CARGO_MANIFEST_DIR").expect("set by cargo"));
    let out = PathBuf::from(env::var("OUT_DIR").expect("set by cargo"));
    let (root, dist) = (home.join("../.."), home.join("../../console/dist"));
    embed(&out, "pages", &pages(&dist));
    embed(&out, "guide", &guide(&root, &dist));
}

/// The guide, in the order of its paths.
fn guide(root: &Path, dist: &Path) -> Vec<Page> {
    for place in ["docs", "benches/README.md", "CHANGELOG.md", "deploy"] {
        println!("cargo::rerun-if-changed={}", root.join(place).display());
    }
    println!("cargo::rerun-if-changed=build");
    let site = site::build(root, dist, &env::var("CARGO_PKG_VERSION").expect("set by cargo"), true);
    for problem in site.problems {
        println!("cargo::warning=the guide: {problem}");
    }
    let mut pages: Vec<Page> =
        site.files.into_iter().map(|file| Page { path: file.path, content: file.content }).collect();
    pages.sort_by(|one, other| one.path.cmp(&other.path));
    pages
}

/// The built pages, in the order of their paths.
fn pages(dist: &Path) -> Vec<Page> {
    println!("cargo::rerun-if-changed={}", dist.display());
    let mut pages = Vec::new();
    collect(dist, "", &mut pages);
    pages.sort_by(|one, other| one.path.cmp(&other.path));
    if NEEDED.iter().all(|needed| pages.iter().any(|page| page.path == *needed)) {
        return pages;
    }
    NEEDED.map(|name| Page { path: name.to_owned(), content: NOTICE.into() }).into()
}

fn collect(folder: &Path, below: &str, pages: &mut Vec<Page>) {
    for entry in fs::read_dir(folder).into_iter().flatten().flatten() {
        let name = entry.file_name().into_string().expect("a name in UTF-8");
        let (path, place) = (format!("{below}{name}"), entry.path());
        if place.is_dir() {
            collect(&place, &format!("{path}/"), pages);
        } else {
            pages.push(Page { path, content: fs::read(place).expect("a readable page") });
        }
    }
}

/// Writes `<name>.rs`: a table of paths and compressed contents, sorted by path.
fn embed(out: &Path, name: &str, pages: &[Page]) {
    let mut table = format!("pub(super) const {}: &[(&str, &[u8])] = &[\n", name.to_uppercase());
    for (number, page) in pages.iter().enumerate() {
        let file = format!("{name}.{number}.gz");
        let mut squeezed = GzEncoder::new(Vec::new(), Compression::best());
        squeezed.write_all(&page.content).expect("in memory");
        fs::write(out.join(&file), squeezed.finish().expect("in memory")).expect("a writable build folder");
        let path = &page.path;
        writeln!(table, "    ({path:?}, include_bytes!(concat!(env!(\"OUT_DIR\"), \"/{file}\"))),")
            .expect("in memory");
    }
    table.push_str("];\n");
    fs::write(out.join(format!("{name}.rs")), table).expect("a writable build folder");
}
