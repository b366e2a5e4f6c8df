//! An S3 service for tests, over a folder of its own, and a wire to it on which things go wrong.
//!
//! Promise: the service and its folder go away with the test process, however that ends: the service, and a watcher,
//! wait for the end of pipes that only that process holds.

mod wire;

use std::fs;
use std::io::{BufRead as _, BufReader};
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};

use tempfile::TempDir;

pub use wire::{Called, Fault, Wire};

/// The id of the one access key that the service knows.
pub const KEY: &str = "AKIATESTSOFRILLCAST0";
/// Its secret.
pub const SECRET: &str = "a secret of no worth at all";

/// What the watcher runs: `$0` is the folder.
const WATCH: &str = r#"read -r _; rm -rf "$0""#;

/// A running service.
pub struct S3 {
    folder: TempDir,
    process: Child,
    port: u16,
    watcher: Child,
}

impl S3 {
    /// Starts one without buckets.
    ///
    /// # Panics
    /// When node or the service's package is not installed (`make setup` sees to it), or it does not start.
    pub fn start() -> Self {
        let folder = tempfile::Builder::new().prefix("s3-").tempdir().expect("a temporary folder");
        fs::create_dir(folder.path().join("objects")).expect("a folder in it");
        let (process, port) = launch(&objects(&folder), 0);
        let mut watcher = Command::new("sh");
        watcher.args(["-c", WATCH]).arg(folder.path()).stdin(Stdio::piped());
        let watcher = watcher.spawn().expect("a shell");
        Self { folder, process, port, watcher }
    }

    /// Ends it as a power cut would.
    ///
    /// # Panics
    /// When the system does not let it.
    pub fn kill(&mut self) {
        self.process.kill().expect("a process of ours");
        self.process.wait().expect("its end");
    }

    /// Starts it again after [`S3::kill`], at the same address and with all that it had.
    ///
    /// # Panics
    /// As [`S3::start`].
    pub fn revive(&mut self) {
        (self.process, _) = launch(&objects(&self.folder), self.port);
    }

    /// Makes a bucket.
    ///
    /// # Panics
    /// When the file system refuses.
    pub fn make_bucket(&self, name: &str) {
        fs::create_dir(objects(&self.folder).join(name)).expect("a bucket's folder");
    }

    /// Where it listens, such as `127.0.0.1:9000`.
    pub fn address(&self) -> String {
        format!("127.0.0.1:{}", self.port)
    }

    /// The folder with a folder for each bucket.
    pub fn objects(&self) -> PathBuf {
        objects(&self.folder)
    }
}

impl Drop for S3 {
    fn drop(&mut self) {
        // It may have ended already.
        drop(self.process.kill());
        drop(self.process.wait());
        drop(self.watcher.stdin.take());
        drop(self.watcher.wait());
    }
}

fn objects(folder: &TempDir) -> PathBuf {
    folder.path().join("objects")
}

fn launch(objects: &Path, port: u16) -> (Child, u16) {
    let package = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../tests/s3");
    assert!(package.join("node_modules").exists(), "the S3 service is installed: make setup");
    let mut command = Command::new("node");
    command.arg(package.join("server.cjs")).arg(objects).args([&port.to_string(), KEY, SECRET]);
    command.stdin(Stdio::piped()).stdout(Stdio::piped());
    let mut process = command.spawn().expect("node is installed: make setup");
    let mut line = String::new();
    let output = process.stdout.take().expect("a pipe of ours");
    BufReader::new(output).read_line(&mut line).expect("a line with the port");
    (process, line.trim().parse().expect("the service's port"))
}
