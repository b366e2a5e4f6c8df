//! An HTTP/1.1 endpoint on the loopback that answers as a test says: well, badly, late or never.
//!
//! Promise: what was asked is kept whole and in order; nothing of it outlives the value.

use std::net::SocketAddr;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Arc, Mutex, PoisonError};

use http::header::CONTENT_LENGTH;
use http::request::Parts;
use tokio::io::{AsyncReadExt, AsyncWriteExt, BufReader};
use tokio::net::{TcpListener, TcpStream};
use tokio::sync::{Semaphore, watch};
use tokio::task::JoinSet;

/// A request as it came.
#[derive(Clone, Debug)]
pub struct Asked {
    /// Line and headers. The URI has no host, as on the wire.
    pub head: Parts,
    /// Body.
    pub body: Vec<u8>,
}

/// What a request gets.
#[derive(Clone, Debug)]
pub enum Reply {
    /// These bytes, then the next request.
    Wire(Vec<u8>),
    /// These bytes when the gate has a permit to give, then the next request.
    Gated(Arc<Semaphore>, Vec<u8>),
    /// These bytes, then nothing more although the connection stays.
    Stalled(Vec<u8>),
    /// The end of the connection.
    Hangup,
}

impl Reply {
    /// The bytes of a JSON answer.
    pub fn json(status: u16, body: &str) -> Vec<u8> {
        Self::with(status, "content-type: application/json\r\n", body)
    }

    /// The bytes of an answer with more header lines, each ended by CR LF.
    pub fn with(status: u16, lines: &str, body: &str) -> Vec<u8> {
        format!("HTTP/1.1 {status} Said\r\n{lines}content-length: {}\r\n\r\n{body}", body.len()).into_bytes()
    }
}

type Script = dyn Fn(&Asked) -> Reply + Send + Sync;

/// The endpoint.
pub struct Answerer {
    address: SocketAddr,
    seen: Arc<Seen>,
    _serving: JoinSet<()>,
}

struct Seen {
    connections: AtomicUsize,
    asked: Mutex<Vec<Asked>>,
    count: watch::Sender<usize>,
}

impl Answerer {
    /// Listens on a free port and answers each request as `script` says.
    pub async fn start(script: impl Fn(&Asked) -> Reply + Send + Sync + 'static) -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").await.expect("the loopback has a free port");
        let address = listener.local_addr().expect("a bound listener has an address");
        let seen = Arc::new(Seen {
            connections: AtomicUsize::new(0),
            asked: Mutex::default(),
            count: watch::Sender::new(0),
        });
        let mut serving = JoinSet::new();
        serving.spawn(accept(listener, Arc::new(script), seen.clone()));
        Self { address, seen, _serving: serving }
    }

    /// Where it listens.
    pub fn address(&self) -> SocketAddr {
        self.address
    }

    /// `http://`, the address, and this path.
    pub fn url(&self, path: &str) -> String {
        format!("http://{}{path}", self.address)
    }

    /// All requests so far.
    pub fn asked(&self) -> Vec<Asked> {
        self.seen.asked.lock().unwrap_or_else(PoisonError::into_inner).clone()
    }

    /// How many connections there were.
    pub fn connections(&self) -> usize {
        self.seen.connections.load(Ordering::Relaxed)
    }

    /// Waits until there were so many requests.
    pub async fn wait_for(&self, count: usize) {
        let mut seen = self.seen.count.subscribe();
        seen.wait_for(|seen| *seen >= count).await.expect("the counter lives as long as the endpoint");
    }
}

async fn accept(listener: TcpListener, script: Arc<Script>, seen: Arc<Seen>) {
    let mut connections = JoinSet::new();
    while let Ok((stream, _)) = listener.accept().await {
        seen.connections.fetch_add(1, Ordering::Relaxed);
        connections.spawn(serve(stream, script.clone(), seen.clone()));
    }
}

async fn serve(stream: TcpStream, script: Arc<Script>, seen: Arc<Seen>) {
    let mut stream = BufReader::new(stream);
    while let Some(asked) = request(&mut stream).await {
        let reply = script(&asked);
        let count = {
            let mut all = seen.asked.lock().unwrap_or_else(PoisonError::into_inner);
            all.push(asked);
            all.len()
        };
        seen.count.send_replace(count);
        let sent = match reply {
            Reply::Wire(bytes) => stream.write_all(&bytes).await,
            Reply::Gated(gate, bytes) => {
                let Ok(permit) = gate.acquire().await else { return };
                permit.forget();
                stream.write_all(&bytes).await
            }
            Reply::Stalled(bytes) => {
                let _ = stream.write_all(&bytes).await;
                // Ends when the caller gives up.
                let _ = stream.read_u8().await;
                return;
            }
            Reply::Hangup => return,
        };
        if sent.is_err() {
            return;
        }
    }
}

/// The next request of a connection; `None` at its end.
async fn request(stream: &mut BufReader<TcpStream>) -> Option<Asked> {
    let mut head = Vec::new();
    while !head.ends_with(b"\r\n\r\n") {
        head.push(stream.read_u8().await.ok()?);
    }
    let head = parts(std::str::from_utf8(&head).ok()?)?;
    let length = head.headers.get(CONTENT_LENGTH).map_or(Some(0), |text| text.to_str().ok()?.parse().ok())?;
    let mut body = vec![0; length];
    stream.read_exact(&mut body).await.ok()?;
    Some(Asked { head, body })
}

fn parts(text: &str) -> Option<Parts> {
    let mut lines = text.lines();
    let mut line = lines.next()?.split(' ');
    let mut request = http::Request::builder().method(line.next()?).uri(line.next()?);
    for (name, value) in lines.filter_map(|line| line.split_once(": ")) {
        request = request.header(name, value);
    }
    Some(request.body(()).ok()?.into_parts().0)
}
