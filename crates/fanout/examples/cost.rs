//! What a delivery costs: 1,000 receivers on loopback, one group, by io_uring, by epoll, and by the least
//! that a server could do (`send` in a loop, nothing else), all in the same run.
//!
//! Promise: counts the CPU time of the threads that send, as the kernel accounts it, and of no other; the
//! receivers live in a process of their own. Prints CPU-seconds for a million deliveries; asserts nothing.
//!
//! Run: `cargo run --release -p fanout --example cost [seconds] [rounds]`.

use std::env;
use std::fs;
use std::io::{self, Read, Write};
use std::net::{TcpListener, TcpStream};
use std::os::fd::AsRawFd;
use std::process::{Child, Command, Stdio};
use std::sync::Arc;
use std::time::{Duration, Instant};

use bytes::Bytes;
use fanout::{Adoption, Config, Connection, Ended, Engine, Fanout, Frame, Group, Next, Service};

const RECEIVERS: usize = 1000;

/// As long as the JSON text of the anchors' runs.
const TEXT: usize = 200;

#[derive(Clone, Copy)]
struct Load {
    name: &'static str,
    /// Messages at once.
    burst: u32,
    /// Time between bursts.
    every: Duration,
}

const LOADS: [Load; 3] = [
    Load { name: "20/s", burst: 1, every: Duration::from_millis(50) },
    Load { name: "100/s", burst: 1, every: Duration::from_millis(10) },
    Load { name: "100/s in tens", burst: 10, every: Duration::from_millis(100) },
];

struct Mute;

impl Service for Mute {
    type Session = ();

    fn text(&self, _: Connection, (): &mut (), _: &str) -> Next {
        Next::Stay
    }

    fn due(&self, _: Connection, (): &mut ()) -> Next {
        Next::Stay
    }

    fn ended(&self, _: Connection, (): (), _: Ended) {}
}

fn main() -> io::Result<()> {
    let mut arguments = env::args().skip(1);
    let first = arguments.next();
    if first.as_deref() == Some("receive") {
        let port = arguments.next().and_then(|port| port.parse().ok()).expect("a port");
        return receive(port);
    }
    let seconds = first.and_then(|seconds| seconds.parse().ok()).unwrap_or(5);
    let rounds = arguments.next().and_then(|rounds| rounds.parse().ok()).unwrap_or(2);
    let span = Duration::from_secs(seconds);
    println!("CPU-seconds for a million deliveries, {RECEIVERS} receivers, frames of {} bytes", TEXT + 4);
    println!("{:>16} {:>10} {:>10} {:>10} {:>10}", "", "uring", "epoll", "send loop", "softirq");
    for round in 0..rounds {
        for load in LOADS {
            let before = softirq()?;
            let uring = engine(Engine::Uring, load, span)?;
            let softirq = (softirq()? - before) / (f64::from(deliveries(load, span)) / 1e6);
            let epoll = engine(Engine::Epoll, load, span)?;
            let floor = floor(load, span)?;
            let name = format!("{round}: {}", load.name);
            println!("{name:>16} {uring:>10.2} {epoll:>10.2} {floor:>10.2} {softirq:>10.2}");
        }
    }
    Ok(())
}

fn deliveries(load: Load, span: Duration) -> u32 {
    let bursts = u32::try_from(span.as_millis() / load.every.as_millis()).unwrap_or(0);
    bursts * load.burst * u32::try_from(RECEIVERS).unwrap_or(0)
}

/// The other process, and our ends of its connections.
struct Audience {
    process: Child,
    sockets: Vec<TcpStream>,
}

impl Audience {
    fn seat() -> io::Result<Self> {
        let listener = TcpListener::bind("127.0.0.1:0")?;
        let process = Command::new(env::current_exe()?)
            .args(["receive", &listener.local_addr()?.port().to_string()])
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .spawn()?;
        let sockets = (0..RECEIVERS).map(|_| Ok(listener.accept()?.0)).collect::<io::Result<_>>()?;
        Ok(Self { process, sockets })
    }

    /// Waits until all is over on the other side and gives back how many bytes each of them got in all.
    fn leave(mut self) -> io::Result<u64> {
        self.sockets.clear();
        let mut text = String::new();
        if let Some(mut output) = self.process.stdout.take() {
            output.read_to_string(&mut text)?;
        }
        self.process.wait()?;
        Ok(text.trim().parse().unwrap_or(0))
    }
}

/// Publishes at the times that a load names, late or not.
fn publish(load: Load, span: Duration, mut one: impl FnMut()) {
    let start = Instant::now();
    let mut bursts = 0;
    while load.every * bursts < span {
        let due = start + load.every * bursts;
        std::thread::park_timeout(due.saturating_duration_since(Instant::now()));
        if Instant::now() < due {
            continue;
        }
        for _ in 0..load.burst {
            one();
        }
        bursts += 1;
    }
}

fn engine(engine: Engine, load: Load, span: Duration) -> io::Result<f64> {
    let mut audience = Audience::seat()?;
    let config = Config { shards: 1, engine, ping: Duration::from_secs(40_000_000), ..Config::default() };
    let fanout = Fanout::start(config, Arc::new(Mute))?;
    for stream in audience.sockets.drain(..) {
        let connection = fanout.name();
        let adoption = Adoption {
            connection,
            group: Group(1),
            early: Bytes::new(),
            greeting: Vec::new(),
            deadline: None,
            session: (),
        };
        fanout.adopt(stream, adoption)?;
    }
    let frame = Frame::text(&"x".repeat(TEXT));
    let thread = thread_named("fanout-0")?;
    let before = cpu(&thread)?;
    publish(load, span, || fanout.publish(Group(1), &frame));
    std::thread::park_timeout(Duration::from_millis(100));
    let used = cpu(&thread)? - before;
    let delivered = fanout.counts().delivered;
    drop(fanout);
    let got = audience.leave()?;
    assert_eq!(got, delivered * frame.bytes().len() as u64, "bytes that arrived");
    Ok(used / (delivered as f64 / 1e6))
}

/// One thread, one `send` for each receiver and message, no protocol.
fn floor(load: Load, span: Duration) -> io::Result<f64> {
    let audience = Audience::seat()?;
    for socket in &audience.sockets {
        socket.set_nodelay(true)?;
    }
    let frame = Frame::text(&"x".repeat(TEXT));
    let thread = fs::read_link("/proc/thread-self")?;
    let before = cpu(&format!("/proc/{}", thread.display()))?;
    let mut delivered = 0u64;
    publish(load, span, || {
        for mut socket in &audience.sockets {
            delivered += u64::from(socket.write(frame.bytes()).is_ok_and(|sent| sent == frame.bytes().len()));
        }
    });
    let used = cpu(&format!("/proc/{}", thread.display()))? - before;
    audience.leave()?;
    Ok(used / (delivered as f64 / 1e6))
}

/// The directory of a thread of this process.
fn thread_named(name: &str) -> io::Result<String> {
    for task in fs::read_dir("/proc/self/task")? {
        let path = task?.path().display().to_string();
        if fs::read_to_string(format!("{path}/comm"))?.trim() == name {
            return Ok(path);
        }
    }
    Err(io::ErrorKind::NotFound.into())
}

/// CPU seconds of a thread: the first number of its `schedstat`, in nanoseconds.
fn cpu(thread: &str) -> io::Result<f64> {
    let text = fs::read_to_string(format!("{thread}/schedstat"))?;
    let nanoseconds: u64 = text.split(' ').next().and_then(|number| number.parse().ok()).unwrap_or(0);
    Ok(nanoseconds as f64 / 1e9)
}

/// CPU seconds of the kernel's own threads for soft interrupts, which are charged to nobody.
fn softirq() -> io::Result<f64> {
    let mut sum = 0.0;
    for process in fs::read_dir("/proc")? {
        let path = process?.path().display().to_string();
        if fs::read_to_string(format!("{path}/comm")).is_ok_and(|name| name.starts_with("ksoftirqd")) {
            sum += cpu(&path).unwrap_or(0.0);
        }
    }
    Ok(sum)
}

/// The other side: reads what comes on all connections until they end, and says how much it was.
#[allow(unsafe_code, reason = "epoll, as the engine does it, but this is another process")]
fn receive(port: u16) -> io::Result<()> {
    // SAFETY: no memory is passed.
    let poll = unsafe { libc::epoll_create1(0) };
    let mut sockets: Vec<Option<TcpStream>> = Vec::new();
    for index in 0..RECEIVERS {
        let socket = TcpStream::connect(("127.0.0.1", port))?;
        let mut event = libc::epoll_event { events: libc::EPOLLIN as u32, u64: index as u64 };
        // SAFETY: both descriptors are open; the kernel copies the event.
        unsafe { libc::epoll_ctl(poll, libc::EPOLL_CTL_ADD, socket.as_raw_fd(), &raw mut event) };
        sockets.push(Some(socket));
    }
    let mut events = vec![libc::epoll_event { events: 0, u64: 0 }; RECEIVERS];
    let mut buffer = vec![0; 65536];
    let (mut open, mut bytes) = (RECEIVERS, 0u64);
    while open > 0 {
        let most = i32::try_from(events.len()).unwrap_or(0);
        // SAFETY: the kernel writes at most as many events as the vector has.
        let count = unsafe { libc::epoll_wait(poll, events.as_mut_ptr(), most, -1) };
        for event in events.iter().take(usize::try_from(count).unwrap_or(0)) {
            let place = &mut sockets[usize::try_from(event.u64).unwrap_or(0)];
            let Some(socket) = place else { continue };
            match (&*socket).read(&mut buffer) {
                Ok(count) if count > 0 => bytes += count as u64,
                _ => {
                    *place = None;
                    open -= 1;
                }
            }
        }
    }
    println!("{bytes}");
    Ok(())
}
