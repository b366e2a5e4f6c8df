//! Says what else the crate is built from: `sqlx::migrate!` reads a folder that cargo does not watch.
//!
//! Promise: a new migration file alone rebuilds the crate.

fn main() {
    println!("cargo::rerun-if-changed=migrations");
}
