//! The kernel's calls that the standard library does not have: epoll, eventfd, socket options, `sendmsg`.
//!
//! Promise: descriptors are owned or borrowed by type, buffers are slices; no caller needs unsafe code.

use std::io::{self, IoSlice};
use std::os::fd::{AsFd, AsRawFd, BorrowedFd, FromRawFd, OwnedFd};
use std::time::Duration;

/// Bytes of the kernel's send buffer. The kernel doubles it for its own bookkeeping.
const SEND_BUFFER: libc::c_int = 64 * 1024;

/// The socket is called writable when fewer bytes than this have not been sent.
const NOT_SENT: libc::c_int = 32 * 1024;

/// The value behind a call that says -1 for "see errno".
fn check(result: libc::c_int) -> io::Result<libc::c_int> {
    if result < 0 { Err(io::Error::last_os_error()) } else { Ok(result) }
}

/// What a descriptor is ready for.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Ready {
    /// The number given with the descriptor.
    pub(crate) token: u64,
    /// There is something to read: bytes, the end or an error.
    pub(crate) readable: bool,
    /// There is room to write, or an error.
    pub(crate) writable: bool,
}

/// Room for what one wait reports.
pub(crate) struct Events {
    buffer: Vec<libc::epoll_event>,
    count: usize,
}

impl Events {
    pub(crate) fn new(most: usize) -> Self {
        Self { buffer: vec![libc::epoll_event { events: 0, u64: 0 }; most], count: 0 }
    }

    pub(crate) fn len(&self) -> usize {
        self.count
    }

    pub(crate) fn get(&self, index: usize) -> Ready {
        const READ: u32 = (libc::EPOLLIN | libc::EPOLLHUP | libc::EPOLLERR | libc::EPOLLRDHUP) as u32;
        const WRITE: u32 = (libc::EPOLLOUT | libc::EPOLLERR) as u32;
        let event = self.buffer[index];
        let bits = event.events;
        Ready { token: event.u64, readable: bits & READ != 0, writable: bits & WRITE != 0 }
    }
}

/// A set of descriptors to wait on.
#[derive(Debug)]
pub(crate) struct Poll(OwnedFd);

impl Poll {
    #[allow(unsafe_code, reason = "the standard library has no epoll")]
    pub(crate) fn new() -> io::Result<Self> {
        // SAFETY: no memory is passed.
        let fd = check(unsafe { libc::epoll_create1(libc::EPOLL_CLOEXEC) })?;
        // SAFETY: the call succeeded, so this is a new descriptor that nobody else has.
        Ok(Self(unsafe { OwnedFd::from_raw_fd(fd) }))
    }

    /// Adds a descriptor that is waited on for reading.
    pub(crate) fn add(&self, fd: BorrowedFd<'_>, token: u64) -> io::Result<()> {
        self.control(libc::EPOLL_CTL_ADD, fd, token, libc::EPOLLIN)
    }

    /// Waits for room to write, too, or no more.
    pub(crate) fn want_room(&self, fd: BorrowedFd<'_>, token: u64, want: bool) -> io::Result<()> {
        let events = if want { libc::EPOLLIN | libc::EPOLLOUT } else { libc::EPOLLIN };
        self.control(libc::EPOLL_CTL_MOD, fd, token, events)
    }

    /// Takes a descriptor out. Closing it is not enough while something else holds the open file.
    pub(crate) fn remove(&self, fd: BorrowedFd<'_>) -> io::Result<()> {
        self.control(libc::EPOLL_CTL_DEL, fd, 0, 0)
    }

    #[allow(unsafe_code, reason = "the standard library has no epoll")]
    fn control(
        &self,
        operation: libc::c_int,
        fd: BorrowedFd<'_>,
        token: u64,
        events: libc::c_int,
    ) -> io::Result<()> {
        let mut event = libc::epoll_event { events: events.cast_unsigned(), u64: token };
        // SAFETY: both descriptors are open for the call, as their types say; the kernel copies the event.
        check(unsafe { libc::epoll_ctl(self.0.as_raw_fd(), operation, fd.as_raw_fd(), &raw mut event) })?;
        Ok(())
    }

    /// Waits until something is ready or the time is over, rounded up to milliseconds; without a time, for ever.
    #[allow(unsafe_code, reason = "the standard library has no epoll")]
    pub(crate) fn wait(&self, events: &mut Events, within: Option<Duration>) -> io::Result<()> {
        let timeout = within.map_or(-1, |within| {
            libc::c_int::try_from(within.as_nanos().div_ceil(1_000_000)).unwrap_or(libc::c_int::MAX)
        });
        events.count = 0;
        let most = libc::c_int::try_from(events.buffer.len()).unwrap_or(libc::c_int::MAX);
        // SAFETY: the kernel writes at most `most` events, and the buffer has that many.
        let count =
            unsafe { libc::epoll_wait(self.0.as_raw_fd(), events.buffer.as_mut_ptr(), most, timeout) };
        match check(count) {
            Ok(count) => events.count = usize::try_from(count).unwrap_or(0),
            Err(error) if error.kind() == io::ErrorKind::Interrupted => {}
            Err(error) => return Err(error),
        }
        Ok(())
    }
}

/// Wakes a thread that waits in [`Poll::wait`].
#[derive(Debug)]
pub(crate) struct Bell(OwnedFd);

impl Bell {
    #[allow(unsafe_code, reason = "the standard library has no eventfd")]
    pub(crate) fn new() -> io::Result<Self> {
        // SAFETY: no memory is passed.
        let fd = check(unsafe { libc::eventfd(0, libc::EFD_CLOEXEC | libc::EFD_NONBLOCK) })?;
        // SAFETY: the call succeeded, so this is a new descriptor that nobody else has.
        Ok(Self(unsafe { OwnedFd::from_raw_fd(fd) }))
    }

    /// Rings; one that rings already goes on ringing.
    #[allow(unsafe_code, reason = "the standard library has no eventfd")]
    pub(crate) fn ring(&self) {
        let one = 1u64;
        // SAFETY: eight bytes are read from a variable that has eight. Only a counter that is full refuses, and
        // that one is ringing.
        unsafe { libc::write(self.0.as_raw_fd(), (&raw const one).cast(), 8) };
    }

    /// Silences it.
    #[allow(unsafe_code, reason = "the standard library has no eventfd")]
    pub(crate) fn silence(&self) {
        let mut count = 0u64;
        // SAFETY: eight bytes are written to a variable that has eight.
        unsafe { libc::read(self.0.as_raw_fd(), (&raw mut count).cast(), 8) };
    }
}

impl AsFd for Bell {
    fn as_fd(&self) -> BorrowedFd<'_> {
        self.0.as_fd()
    }
}

/// Bounds what the kernel keeps for a reader that is stuck, and lets small frames leave at once. A local
/// socket, behind which somebody encrypts, has a buffer but neither of the options of TCP.
pub(crate) fn prepare(socket: BorrowedFd<'_>) -> io::Result<()> {
    set(socket, libc::SOL_SOCKET, libc::SO_SNDBUF, &SEND_BUFFER)?;
    of_tcp(set(socket, libc::IPPROTO_TCP, libc::TCP_NODELAY, &1i32))?;
    of_tcp(set(socket, libc::IPPROTO_TCP, libc::TCP_NOTSENT_LOWAT, &NOT_SENT))
}

fn of_tcp(done: io::Result<()>) -> io::Result<()> {
    let known =
        |error: &io::Error| matches!(error.raw_os_error(), Some(libc::EOPNOTSUPP | libc::ENOPROTOOPT));
    done.or_else(|error| if known(&error) { Ok(()) } else { Err(error) })
}

/// Lets closing reset the connection: what the peer did not take is thrown away.
pub(crate) fn reset_when_closed(socket: BorrowedFd<'_>) -> io::Result<()> {
    set(socket, libc::SOL_SOCKET, libc::SO_LINGER, &libc::linger { l_onoff: 1, l_linger: 0 })
}

#[allow(unsafe_code, reason = "the standard library has few socket options")]
fn set<T>(socket: BorrowedFd<'_>, level: libc::c_int, name: libc::c_int, value: &T) -> io::Result<()> {
    let length = libc::socklen_t::try_from(size_of::<T>()).unwrap_or(0);
    // SAFETY: the kernel reads `length` bytes of a value that has as many.
    check(unsafe {
        libc::setsockopt(socket.as_raw_fd(), level, name, std::ptr::from_ref(value).cast(), length)
    })?;
    Ok(())
}

/// Sends one buffer without waiting.
#[allow(unsafe_code, reason = "no wait and no signal at once is not in the standard library")]
pub(crate) fn send(socket: BorrowedFd<'_>, bytes: &[u8]) -> io::Result<usize> {
    let flags = libc::MSG_DONTWAIT | libc::MSG_NOSIGNAL;
    // SAFETY: the kernel reads the slice, which is borrowed for the call.
    let sent = unsafe { libc::send(socket.as_raw_fd(), bytes.as_ptr().cast(), bytes.len(), flags) };
    usize::try_from(sent).map_err(|_| io::Error::last_os_error())
}

/// Sends several buffers as one without waiting.
#[allow(unsafe_code, reason = "no wait and no signal at once is not in the standard library")]
pub(crate) fn send_all(socket: BorrowedFd<'_>, buffers: &[IoSlice<'_>]) -> io::Result<usize> {
    // SAFETY: a message header of zeros is a valid, empty one.
    let mut message: libc::msghdr = unsafe { std::mem::zeroed() };
    // The kernel only reads through this pointer; `IoSlice` has the layout of `iovec` by its documentation.
    message.msg_iov = buffers.as_ptr().cast_mut().cast();
    message.msg_iovlen = buffers.len();
    // SAFETY: the header names slices that are borrowed for the call.
    let sent = unsafe {
        libc::sendmsg(socket.as_raw_fd(), &raw const message, libc::MSG_DONTWAIT | libc::MSG_NOSIGNAL)
    };
    usize::try_from(sent).map_err(|_| io::Error::last_os_error())
}

/// How many descriptors this process may have.
#[allow(unsafe_code, reason = "the standard library does not know limits")]
pub(crate) fn descriptor_limit() -> u64 {
    let mut limit = libc::rlimit { rlim_cur: 0, rlim_max: 0 };
    // SAFETY: the kernel writes one limit to a variable that holds one.
    unsafe { libc::getrlimit(libc::RLIMIT_NOFILE, &raw mut limit) };
    limit.rlim_cur
}
