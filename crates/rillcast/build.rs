//! Embeds the built pages of `console/dist`, or a notice in their place, so that the binary builds on a
//! machine without node.
//!
//! Promise: the pages in the binary are those of `console/dist` at build time, all of them or none.

use std::path::{Path, PathBuf};
use std::{env, fs};

const NOTICE: &str = "<!doctype html><meta charset=\"utf-8\"><title>Rillcast</title><p>This binary was built without \
    its pages. Run <code>make console</code> and build again.</p>";

fn main() {
    let console =
        Path::new(&env::var("CARGO_MANIFEST_DIR").expect("set by cargo")).join("../../console/dist");
    let out = PathBuf::from(env::var("OUT_DIR").expect("set by cargo"));
    println!("cargo::rerun-if-changed={}", console.display());
    let names = ["watch.html", "watch.js", "watch.css"];
    let built = names.iter().all(|name| console.join(name).exists());
    for name in names {
        let content = if built { fs::read(console.join(name)).expect("a readable page") } else { vec![] };
        fs::write(out.join(name), content).expect("a writable build folder");
    }
    if !built {
        fs::write(out.join("watch.html"), NOTICE).expect("a writable build folder");
    }
    let include = |name: &str, constant: &str, call: &str, kind: &str| {
        format!("pub(super) const {constant}: &{kind} = {call}!(concat!(env!(\"OUT_DIR\"), \"/{name}\"));\n")
    };
    let code = include("watch.html", "WATCH_HTML", "include_str", "str")
        + &include("watch.js", "WATCH_JS", "include_bytes", "[u8]")
        + &include("watch.css", "WATCH_CSS", "include_bytes", "[u8]");
    fs::write(out.join("pages.rs"), code).expect("a writable build folder");
}
