//! A wire to a service of HTTP/1.1 on which calls get lost, late, cut or answered by somebody else.
//!
//! Promise: what is not hurt gets through byte by byte; which call is hurt is for the test to say, not for chance.

use std::net::SocketAddr;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use tokio::io::{self, AsyncBufReadExt as _, AsyncReadExt as _, AsyncWriteExt as _, BufReader};
use tokio::net::{TcpListener, TcpStream};
use tokio::sync::watch;
use tokio::task::JoinSet;

/// Longer bodies are not kept.
const TEXT: usize = 64 << 10;

/// A call as it came.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Called {
    /// How many came before it.
    pub number: usize,
    /// Such as `PUT`.
    pub method: String,
    /// Path and query.
    pub target: String,
    /// Bytes of its body.
    pub length: usize,
    /// Its body, if that is a text that is not too long.
    pub text: String,
    /// Status that the caller was answered; `None`: none yet, or never.
    pub status: Option<u16>,
}

/// What becomes of a call.
#[derive(Clone, Debug)]
pub enum Fault {
    /// It gets this answer, and gets nowhere.
    Answer(u16, &'static str),
    /// The connection ends in the middle of its body.
    CutBody,
    /// It is read and never answered.
    Hang,
    /// It is done, but the connection ends before the answer.
    LoseAnswer,
    /// It is done, but its answer gets this body.
    Garble(&'static str),
    /// It is read at about this many bytes a second, then done.
    Slow(usize),
}

type Script = dyn Fn(&Called) -> Option<Fault> + Send + Sync;

/// The wire.
pub struct Wire {
    address: SocketAddr,
    calls: Arc<watch::Sender<Vec<Called>>>,
    _serving: JoinSet<()>,
}

struct Ends {
    service: String,
    script: Mutex<Box<Script>>,
    calls: Arc<watch::Sender<Vec<Called>>>,
}

impl Wire {
    /// One to the service at this address. The script says what becomes of each call.
    ///
    /// # Panics
    /// When there is no port to listen on.
    pub async fn lay(
        service: String,
        script: impl Fn(&Called) -> Option<Fault> + Send + Sync + 'static,
    ) -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").await.expect("a port");
        let address = listener.local_addr().expect("its number");
        let calls = Arc::new(watch::Sender::new(Vec::new()));
        let ends = Ends { service, script: Mutex::new(Box::new(script)), calls: Arc::clone(&calls) };
        let mut serving = JoinSet::new();
        serving.spawn(serve(listener, Arc::new(ends)));
        Self { address, calls, _serving: serving }
    }

    /// Where it listens, such as `http://127.0.0.1:9000`.
    pub fn endpoint(&self) -> String {
        format!("http://{}", self.address)
    }

    /// All calls so far, in the order that they came in.
    pub fn calls(&self) -> Vec<Called> {
        self.calls.borrow().clone()
    }

    /// Waits until there are calls like that.
    pub async fn wait_for(&self, are_there: impl Fn(&[Called]) -> bool) {
        let mut calls = self.calls.subscribe();
        calls.wait_for(|calls| are_there(calls)).await.expect("the wire is there as long as this is");
    }
}

async fn serve(listener: TcpListener, ends: Arc<Ends>) {
    let mut connections = JoinSet::new();
    while let Ok((socket, _)) = listener.accept().await {
        let ends = Arc::clone(&ends);
        // An error is the end of a connection, which is what the other side sees, too.
        connections.spawn(async move { drop(connection(socket, &ends).await) });
        while connections.try_join_next().is_some() {}
    }
}

struct Head {
    text: String,
    length: usize,
}

async fn connection(socket: TcpStream, ends: &Ends) -> io::Result<()> {
    let mut socket = BufReader::new(socket);
    while let Some(head) = head(&mut socket).await? {
        let called = ends.note(&head);
        let fault = ends.script.lock().unwrap_or_else(PoisonError::into_inner)(&called);
        if !call(&mut socket, &head, &called, fault, ends).await? {
            break;
        }
    }
    Ok(())
}

/// Does what becomes of a call. Does the connection go on?
async fn call(
    socket: &mut BufReader<TcpStream>,
    head: &Head,
    called: &Called,
    fault: Option<Fault>,
    ends: &Ends,
) -> io::Result<bool> {
    let body = match fault {
        Some(Fault::CutBody) => {
            body(socket, head.length / 2).await?;
            return Ok(false);
        }
        Some(Fault::Slow(rate)) => slow_body(socket, head.length, rate).await?,
        _ => body(socket, head.length).await?,
    };
    ends.read(called, &body);
    let answer = match fault {
        Some(Fault::Hang) => std::future::pending().await,
        Some(Fault::Answer(status, text)) => {
            ends.answered(called, status);
            let answer = with_body(&format!("HTTP/1.1 {status} Said\r\n"), text);
            socket.get_mut().write_all(&answer).await?;
            return Ok(true);
        }
        _ => forward(&ends.service, &head.text, &body).await?,
    };
    let status =
        std::str::from_utf8(answer.get(9..12).unwrap_or_default()).ok().and_then(|text| text.parse().ok());
    match fault {
        Some(Fault::LoseAnswer) => return Ok(false),
        Some(Fault::Garble(text)) => {
            socket.get_mut().write_all(&with_body("HTTP/1.1 200 OK\r\n", text)).await?;
        }
        _ => socket.get_mut().write_all(&answer).await?,
    }
    ends.answered(called, status.unwrap_or(0));
    // What the service said of the connection holds here, too.
    Ok(false)
}

impl Ends {
    fn note(&self, head: &Head) -> Called {
        let mut words = head.text.split(' ').map(str::to_owned);
        let (method, target) = (words.next().unwrap_or_default(), words.next().unwrap_or_default());
        let mut called =
            Called { number: 0, method, target, length: head.length, text: String::new(), status: None };
        self.calls.send_modify(|calls| {
            called.number = calls.len();
            calls.push(called.clone());
        });
        called
    }

    fn read(&self, called: &Called, body: &[u8]) {
        let text = std::str::from_utf8(body).unwrap_or_default();
        if body.len() <= TEXT {
            self.calls.send_modify(|calls| text.clone_into(&mut calls[called.number].text));
        }
    }

    fn answered(&self, called: &Called, status: u16) {
        self.calls.send_modify(|calls| calls[called.number].status = Some(status));
    }
}

/// Line and headers; `None` at the connection's end.
async fn head(socket: &mut BufReader<TcpStream>) -> io::Result<Option<Head>> {
    let (mut text, mut length) = (String::new(), 0);
    loop {
        let begin = text.len();
        if socket.read_line(&mut text).await? == 0 {
            return Ok(None);
        }
        let line = text[begin..].trim_end();
        if line.is_empty() {
            return Ok(Some(Head { text, length }));
        }
        let value = line.split_once(':').filter(|(name, _)| name.eq_ignore_ascii_case("content-length"));
        if let Some((_, value)) = value {
            length = value.trim().parse().unwrap_or(0);
        }
    }
}

async fn body(socket: &mut BufReader<TcpStream>, length: usize) -> io::Result<Vec<u8>> {
    let mut body = vec![0; length];
    socket.read_exact(&mut body).await?;
    Ok(body)
}

/// A tenth of a second's bytes at a time.
async fn slow_body(socket: &mut BufReader<TcpStream>, length: usize, rate: usize) -> io::Result<Vec<u8>> {
    let mut whole = Vec::with_capacity(length);
    while whole.len() < length {
        let piece = (rate / 10).clamp(1, length - whole.len());
        whole.extend(body(socket, piece).await?);
        tokio::time::sleep(Duration::from_millis(100)).await;
    }
    Ok(whole)
}

/// On a connection of its own, so that the answer ends where that does.
async fn forward(service: &str, head: &str, body: &[u8]) -> io::Result<Vec<u8>> {
    let mut socket = TcpStream::connect(service).await?;
    let head = head.strip_suffix("\r\n").unwrap_or(head);
    socket.write_all(format!("{head}connection: close\r\n\r\n").as_bytes()).await?;
    socket.write_all(body).await?;
    let mut answer = Vec::new();
    socket.read_to_end(&mut answer).await?;
    Ok(answer)
}

fn with_body(line: &str, text: &str) -> Vec<u8> {
    format!("{line}content-type: application/xml\r\ncontent-length: {}\r\n\r\n{text}", text.len())
        .into_bytes()
}
