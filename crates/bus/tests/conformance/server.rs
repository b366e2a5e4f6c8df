//! A NATS server of a test's own, and a line to it that can be cut.
//!
//! Promise: the server ends with the test process, however that ends: its shell waits for the end of a pipe
//! that only the test process holds.

use std::net::SocketAddr;
use std::path::{Path, PathBuf};
use std::process::{Child, ChildStdin, Command, Stdio};
use std::sync::Arc;
use std::time::Duration;

use parking_lot::Mutex;
use tempfile::TempDir;
use tokio::net::{TcpListener, TcpStream};
use tokio::sync::watch;
use tokio::task::JoinSet;

use crate::ear::PATIENCE;

/// What the shell runs: its arguments are the server and its arguments.
const GUARD: &str = r#""$@" & server=$!; read -r _; kill -9 $server; wait"#;

/// A server on a port of its own.
pub(crate) struct Server {
    folder: TempDir,
    options: Vec<String>,
    port: u16,
    running: Mutex<Option<(Child, ChildStdin)>>,
}

impl Server {
    /// A server that keeps streams.
    pub(crate) async fn start() -> Self {
        Self::start_with(&["-js"]).await
    }

    /// A server with these options.
    pub(crate) async fn start_with(options: &[&str]) -> Self {
        let folder = tempfile::tempdir().expect("a temporary folder");
        let options = options.iter().map(|&option| option.to_owned()).collect();
        let mut server = Self { folder, options, port: 0, running: Mutex::default() };
        server.spawn("-1");
        server.port = server.read_port().await;
        server.wait_until_up().await;
        server
    }

    /// Adds a line to the server's own configuration file, for [`Server::start_with`]'s `-c`.
    pub(crate) fn configuration(text: &str) -> tempfile::NamedTempFile {
        let file = tempfile::NamedTempFile::new().expect("a temporary file");
        std::fs::write(file.path(), text).expect("a file to write");
        file
    }

    pub(crate) fn address(&self) -> SocketAddr {
        SocketAddr::from(([127, 0, 0, 1], self.port))
    }

    pub(crate) fn url(&self) -> String {
        format!("nats://{}", self.address())
    }

    /// Kills it, with all that it has in memory.
    pub(crate) fn stop(&self) {
        if let Some((mut shell, line)) = self.running.lock().take() {
            drop(line);
            let _ = shell.wait();
        }
    }

    /// Starts it again, empty, on the same port.
    pub(crate) async fn resume(&self) {
        self.spawn(&self.port.to_string());
        self.wait_until_up().await;
    }

    fn spawn(&self, port: &str) {
        let folder = self.folder.path().to_string_lossy().into_owned();
        let mut shell = Command::new("sh");
        shell.args(["-c", GUARD, "sh"]).arg(program()).args(&self.options);
        shell.args(["-a", "127.0.0.1", "-p", port, "-sd", &folder, "--ports_file_dir", &folder]);
        shell.stdin(Stdio::piped()).stdout(Stdio::null()).stderr(Stdio::null());
        let mut shell = shell.spawn().expect("a shell");
        let line = shell.stdin.take().expect("its input was asked for");
        *self.running.lock() = Some((shell, line));
    }

    async fn read_port(&self) -> u16 {
        until("the server to say its port", async || port_in(self.folder.path())).await
    }

    async fn wait_until_up(&self) {
        until("the server to listen", async || TcpStream::connect(self.address()).await.ok()).await;
    }
}

impl Drop for Server {
    fn drop(&mut self) {
        self.stop();
    }
}

/// Asks until there is an answer.
async fn until<T>(what: &str, ask: impl AsyncFn() -> Option<T>) -> T {
    let asked = tokio::time::timeout(PATIENCE, async {
        loop {
            if let Some(answer) = ask().await {
                return answer;
            }
            tokio::time::sleep(Duration::from_millis(5)).await;
        }
    });
    asked.await.unwrap_or_else(|_| panic!("waited for {what}"))
}

/// The port in the file that the server writes: `{"nats":["nats://127.0.0.1:4222"],…}`.
fn port_in(folder: &Path) -> Option<u16> {
    let mut files = std::fs::read_dir(folder).ok()?.filter_map(|entry| Some(entry.ok()?.path()));
    let file = files.find(|file| file.extension().is_some_and(|end| end == "ports"))?;
    let ports: serde_json::Value = serde_json::from_slice(&std::fs::read(file).ok()?).ok()?;
    ports["nats"][0].as_str()?.rsplit(':').next()?.parse().ok()
}

/// Debian keeps it where only root's path leads.
fn program() -> PathBuf {
    let debian = PathBuf::from("/usr/sbin/nats-server");
    if debian.exists() { debian } else { PathBuf::from("nats-server") }
}

/// How a line is.
#[derive(Clone, Copy, PartialEq, Eq)]
enum State {
    Up,
    /// Connected, but nothing goes through: as when a cable is pulled.
    Stalled,
    /// Each connection ends.
    Cut,
}

/// A line to a server, for one node.
pub(crate) struct Line {
    address: SocketAddr,
    state: Arc<watch::Sender<State>>,
    open: Arc<watch::Sender<usize>>,
    _tasks: JoinSet<()>,
}

impl Line {
    pub(crate) async fn to(server: &Server) -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").await.expect("a port");
        let address = listener.local_addr().expect("a bound listener has an address");
        let state = Arc::new(watch::Sender::new(State::Up));
        let open = Arc::new(watch::Sender::new(0));
        let mut tasks = JoinSet::new();
        tasks.spawn(accept(listener, server.address(), Arc::clone(&state), Arc::clone(&open)));
        Self { address, state, open, _tasks: tasks }
    }

    pub(crate) fn url(&self) -> String {
        format!("nats://{}", self.address)
    }

    pub(crate) fn stall(&self) {
        self.state.send_replace(State::Stalled);
    }

    /// Ends each connection, with all that is on it.
    pub(crate) async fn cut(&self) {
        self.state.send_replace(State::Cut);
        let none = self.open.subscribe().wait_for(|open| *open == 0).await.map(|_| ());
        none.expect("the line outlives its connections");
    }

    pub(crate) fn mend(&self) {
        self.state.send_replace(State::Up);
    }
}

async fn accept(
    listener: TcpListener,
    server: SocketAddr,
    state: Arc<watch::Sender<State>>,
    open: Arc<watch::Sender<usize>>,
) {
    let mut lines = JoinSet::new();
    while let Ok((near, _)) = listener.accept().await {
        let mut seen = state.subscribe();
        if *seen.borrow_and_update() == State::Cut {
            continue;
        }
        open.send_modify(|open| *open += 1);
        let open = Arc::clone(&open);
        lines.spawn(async move {
            connect(near, server, seen).await;
            open.send_modify(|open| *open -= 1);
        });
    }
}

async fn connect(near: TcpStream, server: SocketAddr, seen: watch::Receiver<State>) {
    let Ok(far) = TcpStream::connect(server).await else { return };
    let (near_in, near_out) = near.into_split();
    let (far_in, far_out) = far.into_split();
    let mut end = seen.clone();
    tokio::select! {
        biased;
        _ = end.wait_for(|state| *state == State::Cut) => {}
        () = copy(near_in, far_out, seen.clone()) => {}
        () = copy(far_in, near_out, seen) => {}
    }
}

async fn copy(
    mut from: tokio::net::tcp::OwnedReadHalf,
    mut to: tokio::net::tcp::OwnedWriteHalf,
    mut state: watch::Receiver<State>,
) {
    use tokio::io::{AsyncReadExt, AsyncWriteExt};
    let mut bytes = vec![0; 65_536];
    loop {
        let Ok(count @ 1..) = from.read(&mut bytes).await else { return };
        // What a stalled line holds is gone with a cut.
        match state.wait_for(|state| *state != State::Stalled).await {
            Ok(state) if *state == State::Up => {}
            _ => return,
        }
        if to.write_all(&bytes[..count]).await.is_err() {
            return;
        }
    }
}
