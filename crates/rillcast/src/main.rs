//! The `rillcast` binary.
//!
//! Promise: this page only starts the runtime; the server is [`rillcast::app::App`], a value. A disk that hangs does
//! not keep the process from ending.

use std::process::ExitCode;
use std::time::Duration;

use tokio::runtime::Builder;

/// Threads that wait for the disk get this long at the end; whatever matters was waited for before.
const PATIENCE: Duration = Duration::from_secs(1);

fn main() -> ExitCode {
    let said = match rillcast::cli::said() {
        Ok(said) => said,
        Err(code) => return code,
    };
    let runtime = match Builder::new_multi_thread().enable_all().build() {
        Ok(runtime) => runtime,
        Err(error) => {
            eprintln!("rillcast: the system gives no threads or no events: {error}");
            return ExitCode::FAILURE;
        }
    };
    let code = runtime.block_on(rillcast::commands::run(&said));
    runtime.shutdown_timeout(PATIENCE);
    code
}
