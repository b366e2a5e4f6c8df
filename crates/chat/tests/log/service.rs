//! CloudWatch Logs and Firehose by hand: just enough HTTP for one kind of client.

use serde_json::{Value, json};
use tokio::io::{AsyncBufReadExt as _, AsyncReadExt as _, AsyncWriteExt as _, BufReader};
use tokio::net::{TcpListener, TcpStream};
use tokio::task::JoinSet;

/// Status and body for an action and its input.
pub(crate) type Answer = (u16, Value);

pub(crate) struct Service {
    pub(crate) url: String,
    // Ends with the test.
    _tasks: JoinSet<()>,
}

pub(crate) fn refusal(name: &str) -> Answer {
    (400, json!({"__type": name, "message": "words"}))
}

impl Service {
    pub(crate) async fn start(
        answer: impl Fn(&str, Value) -> Answer + Clone + Send + Sync + 'static,
    ) -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let url = format!("http://{}", listener.local_addr().unwrap());
        let mut tasks = JoinSet::new();
        tasks.spawn(async move {
            let mut connections = JoinSet::new();
            while let Ok((socket, _)) = listener.accept().await {
                let answer = answer.clone();
                connections.spawn(async move { drop(serve(socket, &answer).await) });
            }
        });
        Self { url, _tasks: tasks }
    }
}

async fn serve(socket: TcpStream, answer: &impl Fn(&str, Value) -> Answer) -> std::io::Result<()> {
    let mut socket = BufReader::new(socket);
    loop {
        let (mut length, mut action, mut line) = (0, String::new(), String::new());
        while socket.read_line(&mut line).await? > 2 {
            let (name, value) = line.split_once(':').unwrap_or((&line, ""));
            match name.to_ascii_lowercase().as_str() {
                "content-length" => length = value.trim().parse().unwrap(),
                "x-amz-target" => action = value.trim().rsplit('.').next().unwrap().to_owned(),
                _ => {}
            }
            line.clear();
        }
        if action.is_empty() {
            return Ok(());
        }
        let mut body = vec![0; length];
        socket.read_exact(&mut body).await?;
        let (status, body) = answer(&action, serde_json::from_slice(&body).unwrap());
        let body = body.to_string();
        let head = format!("HTTP/1.1 {status} X\r\ncontent-length: {}\r\n\r\n", body.len());
        socket.write_all(head.as_bytes()).await?;
        socket.write_all(body.as_bytes()).await?;
    }
}
