//! rillcast
fn main() {}
