//! The guide as a web site: pages of Markdown become pages of HTML, with a side navigation in the order of
//! `docs/contents.md`, and a search index. Used by the build of the binary, and by `xtask site`.
//!
//! Promise: links between pages lead on, relative to where they stand, so any web server can serve the files; what
//! leads nowhere is told, and never stops a build.

use std::collections::BTreeMap;
use std::fmt::Write as _;
use std::fs;
use std::path::Path;

#[path = "frame.rs"]
mod frame;
#[path = "page.rs"]
mod page;

use frame::Frame;
use page::Page;

/// The page that everything begins with; its links are the order of all pages.
const CONTENTS: &str = "docs/contents.md";

/// Decisions are listed by their files, so that none has to be named in the contents.
const DECISIONS: &str = "docs/adr/";

/// What `console/dist` has for the pages.
const ASSETS: [&str; 2] = ["docs.css", "docs.js"];

/// A file of the site: its path below the site's root, and what is in it.
pub(crate) struct File {
    /// Such as `guide/chat.html`.
    pub(crate) path: String,
    /// All of it.
    pub(crate) content: Vec<u8>,
}

/// All of the site.
pub(crate) struct Site {
    /// In no order.
    pub(crate) files: Vec<File>,
    /// What leads nowhere, a line each.
    pub(crate) problems: Vec<String>,
}

/// A part of the navigation.
struct Part {
    title: String,
    /// Source paths, and what the pages are called in lists.
    pages: Vec<(String, String)>,
}

/// Builds the site of the checkout in `root`. `dist` has its style sheet and script; `served` says whether the
/// binary serves it, beside the console.
pub(crate) fn build(root: &Path, dist: &Path, version: &str, served: bool) -> Site {
    let mut problems = Vec::new();
    let mut pages = read_pages(root);
    let parts = parts(&mut pages, root, &mut problems);
    let order: Vec<&str> =
        parts.iter().flat_map(|part| &part.pages).map(|(source, _)| source.as_str()).collect();
    for source in pages.keys().filter(|source| *source != CONTENTS && !order.contains(&source.as_str())) {
        problems.push(format!("{source}: not in the contents"));
    }
    let mut files: BTreeMap<String, Vec<u8>> = BTreeMap::new();
    let frame = Frame { parts: &parts, pages: &pages, order: &order, version, served };
    for (source, page) in &pages {
        let (body, beside) = page.html(root, &pages, &mut problems);
        for file in beside {
            files.insert(outside(&file), fs::read(root.join(&file)).unwrap_or_default());
        }
        files.insert(output(source), frame.around(source, page, &body).into_bytes());
    }
    files.insert("search.json".to_owned(), index(&pages).into_bytes());
    for name in ASSETS {
        if let Ok(content) = fs::read(dist.join(name)) {
            files.insert(format!("assets/{name}"), content);
        }
    }
    let files = files.into_iter().map(|(path, content)| File { path, content }).collect();
    Site { files, problems }
}

/// All pages below `docs/`, by their paths.
fn read_pages(root: &Path) -> BTreeMap<String, Page> {
    let (mut pages, mut folders) = (BTreeMap::new(), vec!["docs".to_owned()]);
    while let Some(folder) = folders.pop() {
        for entry in fs::read_dir(root.join(&folder)).into_iter().flatten().flatten() {
            let path = format!("{folder}/{}", entry.file_name().to_string_lossy());
            if entry.path().is_dir() {
                folders.push(path);
            } else if path.ends_with(".md")
                && let Ok(text) = fs::read_to_string(entry.path())
            {
                pages.insert(path.clone(), Page::read(&path, text));
            }
        }
    }
    pages
}

/// The parts that the contents have, with what they name; pages that are not in `docs/` join here.
fn parts(pages: &mut BTreeMap<String, Page>, root: &Path, problems: &mut Vec<String>) -> Vec<Part> {
    let Some(contents) = pages.get(CONTENTS) else {
        problems.push(format!("{CONTENTS}: not there"));
        return Vec::new();
    };
    let mut parts: Vec<Part> = Vec::new();
    for (title, links) in contents.outline() {
        let mut part = Part { title, pages: Vec::new() };
        for (link, label) in links {
            if !pages.contains_key(&link) {
                match fs::read_to_string(root.join(&link)) {
                    Ok(text) => drop(pages.insert(link.clone(), Page::read(&link, text))),
                    Err(why) => problems.push(format!("{CONTENTS}: {link}: {why}")),
                }
            }
            if pages.contains_key(&link) && !part.pages.iter().any(|(listed, _)| *listed == link) {
                part.pages.push((link, label));
            }
        }
        parts.push(part);
    }
    let decisions: Vec<_> = pages
        .iter()
        .filter(|(path, _)| path.starts_with(DECISIONS))
        .map(|(path, page)| (path.clone(), page.title().to_owned()))
        .collect();
    if !decisions.is_empty() {
        parts.push(Part { title: "Decisions".to_owned(), pages: decisions });
    }
    parts
}

/// Where a source's page is: `docs/guide/chat.md` is `guide/chat.html`.
fn output(source: &str) -> String {
    if source == CONTENTS {
        return "index.html".to_owned();
    }
    let stem = source.strip_suffix(".md").unwrap_or(source);
    format!("{}.html", outside(stem))
}

/// Where another file is: `docs/guide/watch.png` is `guide/watch.png`, `deploy/x.conf` is `project/deploy/x.conf`.
fn outside(file: &str) -> String {
    file.strip_prefix("docs/").map_or_else(|| format!("project/{file}"), str::to_owned)
}

/// From one place of the site to another.
fn relative(from: &str, to: &str) -> String {
    let (from, to): (Vec<&str>, Vec<&str>) = (from.split('/').collect(), to.split('/').collect());
    let folders = from.len().saturating_sub(1);
    let shared = from[..folders].iter().zip(&to).take_while(|(one, other)| one == other).count();
    let shared = shared.min(to.len().saturating_sub(1));
    format!("{}{}", "../".repeat(folders - shared), to[shared..].join("/"))
}

/// What the search looks through: `{"pages": [[url, title]], "sections": [[page, anchor, title, text]]}`.
fn index(pages: &BTreeMap<String, Page>) -> String {
    let (mut list, mut sections) = (Vec::new(), Vec::new());
    for (source, page) in pages.iter().filter(|(source, _)| *source != CONTENTS) {
        for section in page.sections() {
            sections.push(format!(
                "[{},{},{},{}]",
                list.len(),
                quoted(&section.anchor),
                quoted(&section.title),
                quoted(&section.text)
            ));
        }
        list.push(format!("[{},{}]", quoted(&output(source)), quoted(page.title())));
    }
    format!("{{\"pages\":[{}],\n\"sections\":[{}]}}\n", list.join(","), sections.join(",\n"))
}

/// A text in JSON.
fn quoted(text: &str) -> String {
    let mut said = String::from("\"");
    for one in text.chars() {
        match one {
            '"' | '\\' => said.extend(['\\', one]),
            '\0'..='\u{1f}' => write!(said, "\\u{:04x}", u32::from(one)).expect("in memory"),
            _ => said.push(one),
        }
    }
    said.push('"');
    said
}
