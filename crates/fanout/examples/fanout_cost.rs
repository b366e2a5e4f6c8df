//! What a delivery costs: 1,000 receivers on loopback, one group, by io_uring, by epoll, and by the least
//! that a server could do (one `send` for each receiver and burst, nothing else), all in the same run. Then what
//! an idle connection costs.
//!
//! Promise: counts the CPU time of the threads that send, as the kernel accounts it, and of no other; the
//! receivers live in a process of their own. Prints CPU-seconds for a million deliveries and bytes of memory;
//! asserts nothing that depends on time.
//!
//! Run: `cargo run --release -p fanout --example fanout_cost [seconds] [rounds]`.

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

/// Connections of the second part.
const IDLE: usize = 15_000;

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
        let mut number =
            || arguments.next().and_then(|number| number.parse::<usize>().ok()).expect("a number");
        return receive(u16::try_from(number()).expect("a port"), number());
    }
    let seconds = first.and_then(|seconds| seconds.parse().ok()).unwrap_or(5);
    let rounds = arguments.next().and_then(|rounds| rounds.parse().ok()).unwrap_or(2);
    let span = Duration::from_secs(seconds);
    println!("CPU-seconds for a million deliveries, {RECEIVERS} receivers, frames of {} bytes", TEXT + 4);
    println!("{:>20} {:>10} {:>10} {:>10} {:>10}", "", "uring", "epoll", "send loop", "softirq");
    for round in 0..rounds {
        for load in LOADS {
            let before = softirq()?;
            let uring = engine(Engine::Uring, load, span)?;
            let softirq = (softirq()? - before) / (f64::from(deliveries(load, span)) / 1e6);
            let epoll = engine(Engine::Epoll, load, span)?;
            let floor = floor(load, span)?;
            let name = format!("{round}: {}", load.name);
            println!("{name:>20} {uring:>10.2} {epoll:>10.2} {floor:>10.2} {softirq:>10.2}");
        }
    }
    for engine in [Engine::Uring, Engine::Epoll] {
        idle(engine, span)?;
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
    fn seat(receivers: usize) -> io::Result<Self> {
        let listener = TcpListener::bind("127.0.0.1:0")?;
        let process = Command::new(env::current_exe()?)
            .args(["receive", &listener.local_addr()?.port().to_string(), &receivers.to_string()])
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .spawn()?;
        let sockets = (0..receivers).map(|_| Ok(listener.accept()?.0)).collect::<io::Result<_>>()?;
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
fn publish(load: Load, span: Duration, mut burst: impl FnMut()) {
    let start = Instant::now();
    let mut bursts = 0;
    while load.every * bursts < span {
        let due = start + load.every * bursts;
        std::thread::park_timeout(due.saturating_duration_since(Instant::now()));
        if Instant::now() < due {
            continue;
        }
        burst();
        bursts += 1;
    }
}

/// Longer than any run.
const FOREVER: Duration = Duration::from_secs(40_000_000);

/// An engine with one thread.
fn start(engine: Engine, ping: Duration) -> io::Result<Fanout<Mute>> {
    Fanout::start(Config { shards: 1, engine, ping, ..Config::default() }, Arc::new(Mute))
}

/// Hands all sockets over and waits until the engine has them.
fn adopt(fanout: &Fanout<Mute>, audience: &mut Audience) -> io::Result<()> {
    let all = audience.sockets.len() as u64;
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
    while fanout.counts().connections < all {
        std::thread::park_timeout(Duration::from_millis(1));
    }
    Ok(())
}

/// What many connections cost that nobody talks to, with the usual pings.
fn idle(engine: Engine, span: Duration) -> io::Result<()> {
    let mut audience = Audience::seat(IDLE)?;
    let fanout = start(engine, Config::default().ping)?;
    let thread = thread_named("fanout-0")?;
    let (memory, before) = (resident()?, cpu(&thread)?);
    adopt(&fanout, &mut audience)?;
    let count = IDLE as f64;
    let join = (cpu(&thread)? - before) / count * 1e6;
    let memory = (resident()? - memory) / count;
    let before = cpu(&thread)?;
    std::thread::park_timeout(span);
    let share = (cpu(&thread)? - before) / span.as_secs_f64() * 100.0;
    println!(
        "{IDLE} idle by {engine:?}: {memory:.0} bytes each, {join:.1} us of the shard to adopt one, \
         {share:.2} % of a core for them all"
    );
    drop(fanout);
    audience.leave()?;
    Ok(())
}

/// Bytes of this process in memory.
fn resident() -> io::Result<f64> {
    let text = fs::read_to_string("/proc/self/statm")?;
    let pages: u64 = text.split(' ').nth(1).and_then(|number| number.parse().ok()).unwrap_or(0);
    Ok(pages as f64 * 4096.0)
}

fn engine(engine: Engine, load: Load, span: Duration) -> io::Result<f64> {
    let mut audience = Audience::seat(RECEIVERS)?;
    let fanout = start(engine, FOREVER)?;
    adopt(&fanout, &mut audience)?;
    let frame = Frame::text(&"x".repeat(TEXT));
    let thread = thread_named("fanout-0")?;
    let before = cpu(&thread)?;
    publish(load, span, || (0..load.burst).for_each(|_| fanout.publish(Group(1), &frame)));
    std::thread::park_timeout(Duration::from_millis(100));
    let used = cpu(&thread)? - before;
    let delivered = fanout.counts().delivered;
    drop(fanout);
    let got = audience.leave()?;
    assert_eq!(got, delivered * frame.bytes().len() as u64, "bytes that arrived");
    Ok(used / (delivered as f64 / 1e6))
}

/// One thread, one `send` for each receiver and burst, no protocol.
fn floor(load: Load, span: Duration) -> io::Result<f64> {
    let audience = Audience::seat(RECEIVERS)?;
    for socket in &audience.sockets {
        socket.set_nodelay(true)?;
    }
    let burst = Frame::text(&"x".repeat(TEXT)).bytes().repeat(load.burst as usize);
    let thread = fs::read_link("/proc/thread-self")?;
    let before = cpu(&format!("/proc/{}", thread.display()))?;
    let mut delivered = 0u64;
    publish(load, span, || {
        for mut socket in &audience.sockets {
            if socket.write(&burst).is_ok_and(|sent| sent == burst.len()) {
                delivered += u64::from(load.burst);
            }
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
fn receive(port: u16, receivers: usize) -> io::Result<()> {
    // SAFETY: no memory is passed.
    let poll = unsafe { libc::epoll_create1(0) };
    let mut sockets: Vec<Option<TcpStream>> = Vec::new();
    for index in 0..receivers {
        let socket = TcpStream::connect(("127.0.0.1", port))?;
        let mut event = libc::epoll_event { events: libc::EPOLLIN as u32, u64: index as u64 };
        // SAFETY: both descriptors are open; the kernel copies the event.
        unsafe { libc::epoll_ctl(poll, libc::EPOLL_CTL_ADD, socket.as_raw_fd(), &raw mut event) };
        sockets.push(Some(socket));
    }
    let mut events = vec![libc::epoll_event { events: 0, u64: 0 }; receivers];
    let mut buffer = vec![0; 65536];
    let (mut open, mut bytes) = (receivers, 0u64);
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
