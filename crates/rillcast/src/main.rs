//! The `rillcast` binary.
//!
//! Promise: this page only starts the runtime; the server is [`rillcast::app::App`], a value.

use std::process::ExitCode;

#[tokio::main]
async fn main() -> ExitCode {
    rillcast::commands::run(&rillcast::cli::command().get_matches()).await
}
