//! All viewers, on one thread.
//!
//! Promise: each viewer has one request on its way and no more.

use std::io;
use std::time::{Duration, Instant};

use mio::{Events, Interest, Poll, Token};

use crate::answer;
use crate::line::{self, Line};
use crate::plan::Plan;
use crate::playlist;
use crate::tally::Tally;

/// Connections on their way at once, until all are there.
const AT_ONCE: usize = 64;
/// Between the last one there and the first answer that counts.
const SETTLE: Duration = Duration::from_secs(4);
const ROOM: usize = 64 * 1024;
const HEADERS: &str = "Host: media.example.com\r\n\
    User-Agent: Mozilla/5.0 (X11; Linux x86_64) AppleWebKit/537.36 (KHTML, like Gecko) Chrome/140.0.0.0 Safari/537.36\r\n\
    Accept: */*\r\nAccept-Language: en-GB,en;q=0.9\r\nOrigin: https://www.example.com\r\n\
    Referer: https://www.example.com/\r\nSec-Fetch-Dest: empty\r\nSec-Fetch-Mode: cors\r\n\
    Sec-Fetch-Site: cross-site\r\n\r\n";

struct Viewer {
    line: Line,
    came: Vec<u8>,
    /// Its media playlist, once it knows it.
    playlist: Option<String>,
    /// A request is on its way.
    waits: bool,
}

struct Crowd<'a> {
    plan: &'a Plan,
    poll: Poll,
    viewers: Vec<Option<Viewer>>,
    /// Viewers that have had an answer.
    arrived: usize,
    tally: Tally,
    /// The newest playlist, and the query that asks for the next one.
    latest: Vec<u8>,
    next: (u64, u64),
    query: String,
}

/// Runs the plan.
pub fn run(plan: &Plan) -> io::Result<Tally> {
    let mut crowd = Crowd {
        plan,
        poll: Poll::new()?,
        viewers: Vec::new(),
        arrived: 0,
        tally: Tally::of(plan.connections),
        latest: Vec::new(),
        next: (0, 0),
        query: String::new(),
    };
    crowd.run()?;
    Ok(crowd.tally)
}

impl Crowd<'_> {
    fn run(&mut self) -> io::Result<()> {
        let tls = if self.plan.tls { Some(line::tls()?) } else { None };
        let mut events = Events::with_capacity(4_096);
        let mut room = vec![0; ROOM];
        let (mut begin, mut has_begun) = (None, false);
        let mut tick = Instant::now();
        loop {
            while self.viewers.len() < self.plan.connections.min(self.arrived + AT_ONCE) {
                self.enter(Line::new(self.plan.address, tls.as_ref())?)?;
            }
            let now = Instant::now();
            if self.arrived >= self.plan.connections {
                let begin = *begin.get_or_insert(now + SETTLE);
                if !has_begun && now >= begin {
                    has_begun = true;
                    self.tally.begin();
                    println!("begin");
                }
                if now >= begin + self.plan.seconds {
                    println!("end");
                    return Ok(());
                }
                if let Some(every) = self.plan.every.filter(|_| now >= tick) {
                    tick = now + every;
                    self.ask_all(now);
                }
            }
            self.poll.poll(&mut events, Some(Duration::from_millis(5)))?;
            for event in &events {
                let Token(number) = event.token();
                if let Err(error) = self.attend(number, &mut room) {
                    eprintln!("a viewer is lost: {error}");
                    self.tally.lost += 1;
                    self.viewers[number] = None;
                }
            }
        }
    }

    fn enter(&mut self, mut line: Line) -> io::Result<()> {
        let token = Token(self.viewers.len());
        let interest = Interest::READABLE | Interest::WRITABLE;
        self.poll.registry().register(&mut line.socket, token, interest)?;
        line.send(format!("GET {} HTTP/1.1\r\n{HEADERS}", self.plan.path).as_bytes())?;
        self.viewers.push(Some(Viewer { line, came: Vec::new(), playlist: None, waits: true }));
        Ok(())
    }

    /// Everybody who waits for nothing asks.
    fn ask_all(&mut self, now: Instant) {
        self.tally.round(now);
        let request = format!("GET {} HTTP/1.1\r\n{HEADERS}", self.plan.path);
        for viewer in self.viewers.iter_mut().flatten().filter(|viewer| !viewer.waits) {
            viewer.waits = true;
            // A broken connection is found when it is read.
            let _ = viewer.line.send(request.as_bytes());
        }
    }

    fn attend(&mut self, number: usize, room: &mut [u8]) -> io::Result<()> {
        let Some(mut viewer) = self.viewers[number].take() else { return Ok(()) };
        viewer.line.flush()?;
        let came = &mut viewer.came;
        if !viewer.line.read(room, |bytes| came.extend_from_slice(bytes))? {
            return Err(io::ErrorKind::UnexpectedEof.into());
        }
        if let Some(found) = answer::read(&viewer.came)? {
            let came = std::mem::take(&mut viewer.came);
            viewer.waits = false;
            if found.status != 200 {
                self.tally.refused += 1;
                return Err(io::Error::other(format!("status {}", found.status)));
            }
            self.answered(&mut viewer, &came[found.body])?;
        }
        self.viewers[number] = Some(viewer);
        Ok(())
    }

    fn answered(&mut self, viewer: &mut Viewer, body: &[u8]) -> io::Result<()> {
        let now = Instant::now();
        if self.plan.every.is_some() {
            self.arrived += usize::from(self.arrived < self.plan.connections);
            self.tally.answer(now, body.len());
            return Ok(());
        }
        let path = match &viewer.playlist {
            None => {
                let path = playlist::rendition(&String::from_utf8_lossy(body), &self.plan.path)?;
                viewer.waits = true;
                viewer.line.send(format!("GET {path} HTTP/1.1\r\n{HEADERS}").as_bytes())?;
                viewer.playlist = Some(path);
                self.arrived += 1;
                return Ok(());
            }
            Some(path) => path,
        };
        if body != self.latest {
            let next = playlist::next(&String::from_utf8_lossy(body))?;
            if next > self.next {
                self.next = next;
                self.latest = body.to_vec();
                self.query = format!("_HLS_msn={}&_HLS_part={}", next.0, next.1);
                self.tally.round(now);
            }
        }
        self.tally.answer(now, body.len());
        viewer.waits = true;
        viewer.line.send(format!("GET {path}?{} HTTP/1.1\r\n{HEADERS}", self.query).as_bytes())
    }
}
