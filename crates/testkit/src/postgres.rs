//! A PostgreSQL server for tests: a cluster of its own in a temporary folder, reached by a Unix socket.
//!
//! Promise: the server and its folder go away with the test process, also when that panics or is
//! killed: a watcher waits for the end of a pipe that only the test process holds.

use std::ffi::OsStr;
use std::fmt::Write as _;
use std::os::unix::fs::chown;
use std::os::unix::process::CommandExt;
use std::path::{Path, PathBuf};
use std::process::{Child, ChildStdin, Command, Stdio};
use std::sync::OnceLock;
use std::sync::atomic::{AtomicU32, Ordering};

use tempfile::TempDir;

/// No test needs its data after a power cut.
const SETTINGS: &str = "fsync = off\nsynchronous_commit = on\nfull_page_writes = off\nmax_connections = 300\n\
    shared_buffers = 32MB\nlisten_addresses = ''\n";

/// What the watcher runs: `$0` is `pg_ctl`, `$1` the cluster, `$2` the folder around it.
const WATCH: &str = r#"read -r _; "$0" -D "$1" -m immediate -s stop; rm -rf "$2""#;

/// A running (or stopped) server. Dropping it ends it.
pub struct Postgres {
    folder: TempDir,
    programs: PathBuf,
    owner: Option<(u32, u32)>,
    databases: AtomicU32,
    watcher: Child,
    /// Its end is what the watcher waits for.
    line: Option<ChildStdin>,
}

impl Postgres {
    /// The server that all tests of this process share; started when the first one asks.
    pub fn shared() -> &'static Self {
        static SHARED: OnceLock<Postgres> = OnceLock::new();
        SHARED.get_or_init(|| Self::start(&[]))
    }

    /// A server of one's own, with further lines for its `postgresql.conf`.
    ///
    /// # Panics
    /// When PostgreSQL is not installed (`make setup` sees to it) or does not start.
    pub fn start(settings: &[(&str, &str)]) -> Self {
        let programs = programs().expect("PostgreSQL is installed: make setup");
        let owner = other_owner();
        let folder = tempfile::Builder::new().prefix("postgres-").tempdir().expect("a temporary folder");
        if let Some((user, group)) = owner {
            chown(folder.path(), Some(user), Some(group)).expect("a folder to give away");
        }
        let cluster = folder.path().join("data");
        let mut initdb = command(programs.join("initdb"), owner);
        initdb.args(["--no-sync", "--auth=trust", "--username=postgres", "--encoding=UTF8", "--no-locale"]);
        run(initdb.arg("--pgdata").arg(&cluster));
        let mut text = SETTINGS.to_owned();
        let _ = writeln!(text, "unix_socket_directories = '{}'", folder.path().display());
        for (name, value) in settings {
            let _ = writeln!(text, "{name} = '{value}'");
        }
        std::fs::write(cluster.join("postgresql.auto.conf"), text).expect("a file in the cluster");
        let (watcher, line) = watch(&programs, owner, &cluster, folder.path());
        let server =
            Self { folder, programs, owner, databases: AtomicU32::new(0), watcher, line: Some(line) };
        server.resume();
        server
    }

    /// The folder around everything, owned by who runs the server.
    pub fn folder(&self) -> &Path {
        self.folder.path()
    }

    /// Makes an empty database and gives its address.
    pub fn database(&self) -> String {
        let name = format!("test_{}", self.databases.fetch_add(1, Ordering::Relaxed));
        self.sql("postgres", &format!("CREATE DATABASE {name}"));
        self.address(&name)
    }

    /// The address of the database of this name.
    pub fn address(&self, database: &str) -> String {
        format!("postgres://postgres@localhost/{database}?host={}", self.folder.path().display())
    }

    /// Runs SQL as the superuser and gives what it prints: rows by lines, columns by `|`.
    pub fn sql(&self, database: &str, sql: &str) -> String {
        let mut psql = command(self.programs.join("psql"), self.owner);
        psql.args(["-X", "-q", "-A", "-t", "-v", "ON_ERROR_STOP=1", "-U", "postgres", "-d", database]);
        run(psql.arg("-h").arg(self.folder.path()).args(["-c", sql]))
    }

    /// Ends the server as its operator would, disconnecting everyone.
    pub fn stop(&self) {
        self.control(&["-m", "fast", "stop"]);
    }

    /// Starts the server again, with all that was in it.
    pub fn resume(&self) {
        self.control(&["start"]);
    }

    fn control(&self, act: &[&str]) {
        let mut control = command(self.programs.join("pg_ctl"), self.owner);
        control.arg("-D").arg(self.folder.path().join("data"));
        control.arg("-l").arg(self.folder.path().join("log"));
        // No pipe: the server would inherit it, and reading to its end would take as long as the server.
        let done = control.args(["-s", "-w"]).args(act).stdout(Stdio::null()).stderr(Stdio::null()).status();
        let done = done.expect("pg_ctl runs");
        let log = || std::fs::read_to_string(self.folder.path().join("log")).unwrap_or_default();
        assert!(done.success(), "pg_ctl {act:?} failed:\n{}", log());
    }
}

impl Drop for Postgres {
    fn drop(&mut self) {
        drop(self.line.take());
        let _ = self.watcher.wait();
    }
}

fn watch(programs: &Path, owner: Option<(u32, u32)>, cluster: &Path, folder: &Path) -> (Child, ChildStdin) {
    let mut watcher = command(OsStr::new("sh"), owner);
    watcher.args(["-c", WATCH]).arg(programs.join("pg_ctl")).args([cluster, folder]);
    // A group of its own: an interrupt from the keyboard is for the tests, and the watcher comes after.
    watcher.process_group(0).stdin(Stdio::piped()).stdout(Stdio::null()).stderr(Stdio::null());
    let mut watcher = watcher.spawn().expect("a shell");
    let line = watcher.stdin.take().expect("its input was asked for");
    (watcher, line)
}

/// Where `initdb` and its like are: on the path, or where Debian keeps them by version. A link on the path
/// is followed, since its neighbours may not be linked.
fn programs() -> Option<PathBuf> {
    let path = std::env::var_os("PATH").unwrap_or_default();
    let debian = std::fs::read_dir("/usr/lib/postgresql").into_iter().flatten();
    let debian = debian.filter_map(|entry| entry.ok().map(|entry| entry.path().join("bin")));
    let found = std::env::split_paths(&path).chain(debian);
    let mut found =
        found.filter_map(|folder| folder.join("initdb").canonicalize().ok()?.parent().map(PathBuf::from));
    found.find(|folder| folder.join("psql").exists())
}

/// Whom the server shall run as when that can't be this user: PostgreSQL refuses to run as root.
fn other_owner() -> Option<(u32, u32)> {
    use std::os::unix::fs::MetadataExt;
    let root = std::fs::metadata("/proc/self").is_ok_and(|process| process.uid() == 0);
    let users = std::fs::read_to_string("/etc/passwd").unwrap_or_default();
    let find = |name: &str| {
        let line = users.lines().find(|line| line.split(':').next() == Some(name))?;
        let mut numbers = line.split(':').skip(2);
        Some((numbers.next()?.parse().ok()?, numbers.next()?.parse().ok()?))
    };
    root.then(|| find("postgres").or_else(|| find("nobody")).expect("a user that is not root"))
}

fn command(program: impl AsRef<OsStr>, owner: Option<(u32, u32)>) -> Command {
    let mut command = Command::new(program);
    // Not the folder of the tests, which another user may not be allowed to enter.
    command.current_dir("/").env("LC_ALL", "C");
    if let Some((user, group)) = owner {
        command.uid(user).gid(group);
    }
    command
}

fn run(command: &mut Command) -> String {
    let output = command.stdin(Stdio::null()).output().expect("a program of PostgreSQL runs");
    assert!(output.status.success(), "{command:?}: {}", String::from_utf8_lossy(&output.stderr));
    String::from_utf8_lossy(&output.stdout).into_owned()
}
