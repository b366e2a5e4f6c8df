//! The floors: a crate imports only from strictly lower ones, and services never from services.
//!
//! Promise: a crate that is not on a floor, or an edge that leads up or sideways, fails this test by name.

use std::collections::BTreeMap;
use std::process::Command;

use serde_json::Value;

/// Every crate of `crates/` with its floor. `ARCHITECTURE.md` has the same table in words.
const FLOORS: &[(&str, u8)] = &[
    ("domain", 0),
    ("media", 0),
    ("auth", 0),
    ("live", 1),
    ("store", 1),
    ("blob", 1),
    ("bus", 1),
    ("fanout", 1),
    ("outbound", 1),
    ("api", 1),
    ("control", 2),
    ("ingest", 2),
    ("packager", 2),
    ("delivery", 2),
    ("chat", 2),
    ("events", 2),
    ("transcode", 2),
    ("recording", 2),
    ("rillcast", 3),
];

/// Beside the floors: they may see everything and nothing of the product may see them.
const BESIDE: &[&str] = &["testkit", "xtask", "fuzz"];

/// Edges on one floor that the house allows.
const EXCEPTIONS: &[(&str, &str)] = &[("auth", "domain")];

#[test]
fn every_import_leads_to_a_lower_floor() {
    let floors: BTreeMap<_, _> = FLOORS.iter().copied().collect();
    let mut breaches = Vec::new();
    for (from, to) in edges() {
        let (Some(upper), Some(lower)) = (floors.get(from.as_str()), floors.get(to.as_str())) else {
            if !BESIDE.contains(&from.as_str()) {
                breaches.push(format!("{from} imports {to}, which is beside the house"));
            }
            continue;
        };
        let allowed = EXCEPTIONS.contains(&(from.as_str(), to.as_str()));
        if upper <= lower && !allowed {
            breaches.push(format!("{from} (floor {upper}) imports {to} (floor {lower})"));
        }
    }
    assert!(breaches.is_empty(), "{breaches:#?}");
}

#[test]
fn every_crate_is_on_a_floor_or_beside_the_house() {
    let known = |name: &str| FLOORS.iter().any(|(floor, _)| *floor == name) || BESIDE.contains(&name);
    let strangers: Vec<_> = members().into_keys().filter(|name| !known(name)).collect();
    assert!(strangers.is_empty(), "give these a floor: {strangers:?}");
}

#[test]
fn ground_crates_know_no_runtime() {
    let members = members();
    for (name, _) in FLOORS.iter().filter(|(_, floor)| *floor == 0) {
        let imports = &members[*name];
        for runtime in ["tokio", "tokio-util", "hyper", "sqlx", "tracing"] {
            assert!(!imports.iter().any(|import| import == runtime), "{name} imports {runtime}");
        }
    }
}

/// Imports (not those of tests) between members of the workspace.
fn edges() -> Vec<(String, String)> {
    let members = members();
    let pairs = members.iter().flat_map(|(from, imports)| imports.iter().map(move |to| (from, to)));
    pairs.filter(|(_, to)| members.contains_key(*to)).map(|(from, to)| (from.clone(), to.clone())).collect()
}

/// Each member of the workspace with the names of what it imports.
fn members() -> BTreeMap<String, Vec<String>> {
    let cargo = std::env::var("CARGO").unwrap_or_else(|_| "cargo".to_owned());
    let output = Command::new(cargo)
        .args(["metadata", "--no-deps", "--offline", "--format-version", "1"])
        .current_dir(concat!(env!("CARGO_MANIFEST_DIR"), "/.."))
        .output()
        .expect("cargo metadata runs");
    assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
    let metadata: Value = serde_json::from_slice(&output.stdout).expect("cargo metadata is JSON");
    let list = |value: &Value| value.as_array().cloned().unwrap_or_default();
    let text = |value: &Value| value.as_str().unwrap_or_default().to_owned();
    list(&metadata["packages"])
        .iter()
        .map(|package| {
            let product = list(&package["dependencies"]).into_iter().filter(|edge| edge["kind"] != "dev");
            (text(&package["name"]), product.map(|edge| text(&edge["name"])).collect())
        })
        .collect()
}
