//! A publisher by hand, for what no encoder does on demand: fall silent, hold back a keyframe, lie dead.
//!
//! Promise: what it sends is correct RTMP of a film; it hears what the server says without waiting for more.

use std::net::SocketAddr;
use std::time::Duration;

use media::amf0::{Value, encode};
use media::{Frame, TrackKind};
use testkit::Film;
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::TcpStream;

use crate::house::within;

const COMMAND: u8 = 20;
const DATA: u8 = 18;
const VIDEO: u8 = 9;
const AUDIO: u8 = 8;

pub(crate) struct Publisher {
    stream: TcpStream,
    film: Film,
    frames: Vec<Frame>,
    next: usize,
    /// Everything that the server said.
    heard: Vec<u8>,
}

/// 25 pictures a second, a keyframe each second.
pub(crate) fn film() -> Film {
    Film { frame_rate: (25, 1), gop: 25, ..Film::default() }
}

impl Publisher {
    /// Comes, and asks to publish by a key, which may have a query.
    pub(crate) async fn knock(address: SocketAddr, key: &str, film: Film) -> Self {
        let stream = TcpStream::connect(address).await.expect("an open door");
        let frames = film.frames(Duration::from_secs(8));
        let mut publisher = Self { stream, film, frames, next: 0, heard: Vec::new() };
        let mut hello = vec![3];
        hello.extend_from_slice(&[0; 2 * 1536]);
        publisher.send(&hello).await;
        let app = Value::object([("app", Value::string("app"))]);
        publisher.message(COMMAND, 0, &[Value::string("connect"), Value::Number(1.0), app]).await;
        let create = [Value::string("createStream"), Value::Number(2.0), Value::Null];
        publisher.message(COMMAND, 0, &create).await;
        let publish = [Value::string("publish"), Value::Number(3.0), Value::Null, Value::string(key)];
        publisher.message(COMMAND, 0, &publish).await;
        publisher
    }

    /// Comes, is let in, and says what its media are.
    pub(crate) async fn enter(address: SocketAddr, key: &str, film: Film) -> Self {
        let mut publisher = Self::knock(address, key, film).await;
        publisher.hears("NetStream.Publish.Start").await;
        publisher.headers().await;
        publisher
    }

    pub(crate) async fn headers(&mut self) {
        let tracks = self.film.tracks();
        let properties = match tracks.audio {
            Some(_) => vec![("audiocodecid".to_owned(), Value::Number(10.0))],
            None => Vec::new(),
        };
        self.message(DATA, 0, &[Value::string("onMetaData"), Value::EcmaArray(properties)]).await;
        if let Some(video) = tracks.video {
            self.tag(VIDEO, 0, &[&[0x17, 0, 0, 0, 0], &video.record[..]].concat()).await;
        }
        if let Some(audio) = tracks.audio {
            self.tag(AUDIO, 0, &[&[0xaf, 0], &audio.config[..]].concat()).await;
        }
    }

    /// Sends so many pictures, and the sound between them.
    pub(crate) async fn show(&mut self, pictures: usize) {
        let mut left = pictures;
        while left > 0 {
            let frame = self.frames[self.next].clone();
            self.next += 1;
            left -= usize::from(frame.track == TrackKind::Video);
            let time = u32::try_from(frame.dts.count() / 90).expect("a short film");
            match frame.track {
                TrackKind::Video => {
                    let kind = if frame.keyframe { 0x17 } else { 0x27 };
                    self.tag(VIDEO, time, &[&[kind, 1, 0, 0, 0], &frame.data[..]].concat()).await;
                }
                TrackKind::Audio => self.tag(AUDIO, time, &[&[0xaf, 1], &frame.data[..]].concat()).await,
            }
        }
    }

    /// Leaves out so many pictures, and the sound between them.
    pub(crate) fn skip(&mut self, pictures: usize) {
        let mut left = pictures;
        while left > 0 {
            left -= usize::from(self.frames[self.next].track == TrackKind::Video);
            self.next += 1;
        }
    }

    pub(crate) async fn tell(&mut self, handler: &str, value: Value) {
        self.message(DATA, 0, &[Value::string(handler), value]).await;
    }

    pub(crate) async fn finish(&mut self) {
        let goodbye = [Value::string("deleteStream"), Value::Number(0.0), Value::Null, Value::Number(1.0)];
        self.message(COMMAND, 0, &goodbye).await;
    }

    /// Answers a ping request.
    pub(crate) async fn pong(&mut self) {
        self.raw(4, 0, &[0, 7, 0, 0, 0, 0]).await;
    }

    /// Leaves by a reset, as a machine does that was restarted.
    pub(crate) fn reset(self) {
        self.stream.set_zero_linger().expect("a socket takes it");
    }

    /// Waits until the server has said this.
    pub(crate) async fn hears(&mut self, text: &str) {
        self.hears_bytes(text.as_bytes()).await;
    }

    pub(crate) async fn hears_bytes(&mut self, wanted: &[u8]) {
        within(async {
            while !contains(&self.heard, wanted) {
                let mut piece = [0; 4096];
                let count = self.stream.read(&mut piece).await.expect("an open connection");
                let said = || String::from_utf8_lossy(&self.heard).into_owned();
                assert!(count > 0, "closed before {}; said {}", String::from_utf8_lossy(wanted), said());
                self.heard.extend_from_slice(&piece[..count]);
            }
        })
        .await;
    }

    /// Waits for the answer to the request to publish, and gives all that the server said.
    pub(crate) async fn answer(&mut self) -> String {
        within(async {
            let mut piece = [0; 4096];
            while !contains(&self.heard, b"NetStream.Publish.") {
                let count = self.stream.read(&mut piece).await.unwrap_or(0);
                assert!(count > 0, "closed without an answer");
                self.heard.extend_from_slice(&piece[..count]);
            }
        })
        .await;
        String::from_utf8_lossy(&self.heard).into_owned()
    }

    /// Waits until the server closes, and gives all it said.
    pub(crate) async fn farewell(mut self) -> String {
        // A reset is an end, too.
        let _ = within(self.stream.read_to_end(&mut self.heard)).await;
        String::from_utf8_lossy(&self.heard).into_owned()
    }

    async fn message(&mut self, kind: u8, time: u32, values: &[Value]) {
        self.raw(kind, time, &encode(values)).await;
    }

    async fn tag(&mut self, kind: u8, time: u32, body: &[u8]) {
        self.raw(kind, time, body).await;
    }

    /// One message in chunks of 128 bytes.
    async fn raw(&mut self, kind: u8, time: u32, body: &[u8]) {
        let mut bytes = vec![3];
        bytes.extend_from_slice(&time.to_be_bytes()[1..]);
        bytes.extend_from_slice(&u32::try_from(body.len()).expect("short").to_be_bytes()[1..]);
        bytes.extend_from_slice(&[kind, 1, 0, 0, 0]);
        for (index, chunk) in body.chunks(128).enumerate() {
            if index > 0 {
                bytes.push(0xc3);
            }
            bytes.extend_from_slice(chunk);
        }
        self.send(&bytes).await;
    }

    async fn send(&mut self, bytes: &[u8]) {
        within(self.stream.write_all(bytes)).await.expect("an open connection");
    }
}

fn contains(haystack: &[u8], needle: &[u8]) -> bool {
    haystack.windows(needle.len()).any(|window| window == needle)
}
