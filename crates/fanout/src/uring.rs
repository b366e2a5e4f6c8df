//! Sends through io_uring: queued in memory, handed over many at a time.
//!
//! Promise: a send is never left to the kernel for later. It is tried within the call that hands it over
//! (`MSG_DONTWAIT`), so the bytes need to live only as long as that call, and a send that succeeds costs no
//! completion (`IOSQE_CQE_SKIP_SUCCESS`). Sockets are registered, which spares the kernel finding the file.

use std::io;
use std::marker::PhantomData;
use std::os::fd::RawFd;

use io_uring::squeue::{Entry, Flags};
use io_uring::types::{Fd, Fixed};
use io_uring::{IoUring, Probe, opcode};

use crate::kernel;
use crate::sender::Failure;

/// Sends handed over in one call.
const ENTRIES: u32 = 256;

/// Most sockets that a ring registers (the kernel's own bound, `IORING_MAX_FIXED_FILES`).
const MOST_FILES: u64 = 1 << 20;

/// A queue of sends of one thread.
pub(crate) struct Ring {
    ring: IoUring,
    /// Sockets of slots below this are registered.
    files: u32,
    /// Which of them are.
    registered: Vec<bool>,
}

impl Ring {
    /// A ring for the thread that calls; other threads may not use it.
    ///
    /// # Errors
    /// What the kernel refuses or lacks.
    pub(crate) fn new(shards: usize) -> io::Result<Self> {
        let ring = IoUring::builder()
            .setup_single_issuer()
            .setup_coop_taskrun()
            .setup_submit_all()
            .dontfork()
            .build(ENTRIES)?;
        if !ring.params().is_feature_skip_cqe_on_success() || !ring.params().is_feature_nodrop() {
            return Err(io::Error::new(io::ErrorKind::Unsupported, "this kernel's io_uring is too old"));
        }
        let mut probe = Probe::new();
        ring.submitter().register_probe(&mut probe)?;
        if !probe.is_supported(opcode::Send::CODE) {
            return Err(io::Error::new(io::ErrorKind::Unsupported, "this kernel's io_uring cannot send"));
        }
        let files = table_size(shards);
        ring.submitter().register_files_sparse(files)?;
        Ok(Self { ring, files, registered: Vec::new() })
    }

    /// Registers the socket of a slot, or with -1 takes it back. One that cannot be registered is sent to by
    /// its descriptor.
    pub(crate) fn register(&mut self, slot: u32, fd: RawFd) {
        let place = slot as usize;
        if self.registered.len() <= place {
            self.registered.resize(place + 1, false);
        }
        if slot >= self.files || (fd < 0 && !self.registered[place]) {
            return;
        }
        let done = self.ring.submitter().register_files_update(slot, &[fd]);
        self.registered[place] = fd >= 0 && matches!(done, Ok(1));
    }

    /// Hands over what is queued and collects what failed.
    fn submit(&mut self, failures: &mut Vec<Failure>) {
        while !self.ring.submission().is_empty() {
            // Interruptions and shortages pass, and the queue is untouched by them; anything else means that
            // this ring is broken, which the kernel only says of rings that are misused.
            if let Err(error) = self.ring.submit()
                && !matches!(error.raw_os_error(), Some(libc::EINTR | libc::EAGAIN | libc::EBUSY))
            {
                panic!("io_uring refuses its own queue: {error}");
            }
            self.collect(failures);
        }
    }

    fn collect(&mut self, failures: &mut Vec<Failure>) {
        for completion in self.ring.completion() {
            let [slot, length] = split(completion.user_data());
            let result = completion.result();
            let result = u32::try_from(result).map_err(|_| -result);
            if result != Ok(length) {
                failures.push(Failure { slot, length, result });
            }
        }
    }
}

/// Two numbers in the one that the kernel hands back.
fn join(slot: u32, length: u32) -> u64 {
    u64::from(slot) << 32 | u64::from(length)
}

#[allow(clippy::cast_possible_truncation, reason = "takes the halves apart")]
fn split(data: u64) -> [u32; 2] {
    [(data >> 32) as u32, data as u32]
}

/// Each shard may come to hold more than its share of the descriptors; eight bytes a place are no matter.
fn table_size(shards: usize) -> u32 {
    let limit = kernel::descriptor_limit().min(MOST_FILES);
    let share = limit.div_ceil(shards.max(1) as u64).saturating_mul(2).min(limit);
    u32::try_from(share).unwrap_or(0).max(1)
}

/// Sends that are being queued. They are handed over when this is dropped at the latest, so that none is
/// queued when the bytes' borrow ends.
pub(crate) struct Sends<'b, 'a> {
    ring: &'b mut Ring,
    failures: &'b mut Vec<Failure>,
    bytes: PhantomData<&'a [u8]>,
}

impl<'b, 'a> Sends<'b, 'a> {
    pub(crate) fn new(ring: &'b mut Ring, failures: &'b mut Vec<Failure>) -> Self {
        Self { ring, failures, bytes: PhantomData }
    }

    /// Queues one.
    #[allow(unsafe_code, reason = "the kernel reads the bytes after this returned")]
    pub(crate) fn push(&mut self, slot: u32, fd: RawFd, bytes: &'a [u8]) {
        let length = u32::try_from(bytes.len()).unwrap_or(u32::MAX);
        let entry = self.entry(slot, fd, bytes.as_ptr(), length);
        if self.ring.ring.submission().is_full() {
            self.ring.submit(self.failures);
        }
        // SAFETY: `bytes` lives for 'a, which outlives this value; the queue is handed over before this value is
        // gone, and a send that has been handed over is done (see `entry`), so the kernel reads the bytes only
        // while they are borrowed. Nobody can keep this value from being dropped: `Sender::batch` owns it.
        let pushed = unsafe { self.ring.ring.submission().push(&entry) };
        if pushed.is_err() {
            self.failures.push(Failure { slot, length, result: Ok(0) });
        }
    }

    /// `MSG_DONTWAIT` lets the kernel fail a send that would have to wait, so it is never kept for later;
    /// `MSG_WAITALL` lets it call a short one a failure, so that it is reported although successes are not.
    fn entry(&self, slot: u32, fd: RawFd, bytes: *const u8, length: u32) -> Entry {
        let flags = libc::MSG_DONTWAIT | libc::MSG_WAITALL | libc::MSG_NOSIGNAL;
        let entry = if self.ring.registered.get(slot as usize).is_some_and(|registered| *registered) {
            opcode::Send::new(Fixed(slot), bytes, length).flags(flags).build()
        } else {
            opcode::Send::new(Fd(fd), bytes, length).flags(flags).build()
        };
        entry.flags(Flags::SKIP_SUCCESS).user_data(join(slot, length))
    }
}

impl Drop for Sends<'_, '_> {
    fn drop(&mut self) {
        self.ring.submit(self.failures);
    }
}
