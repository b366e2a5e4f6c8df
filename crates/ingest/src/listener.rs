//! The doors: accept connections, keep them within their number, wait for them at the end.
//!
//! Promise: no connection outlives [`run`], a full house turns newcomers away at once, and a peer that vanished
//! from the network is noticed within seconds, without a byte of RTMP.

use std::collections::HashMap;
use std::net::{IpAddr, SocketAddr};
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use domain::chain;
use socket2::{SockRef, TcpKeepalive};
use tokio::net::{TcpListener, TcpSocket, TcpStream};
use tokio::task::JoinSet;
use tokio::time::{sleep, timeout};
use tokio_rustls::TlsAcceptor;
use tokio_util::sync::CancellationToken;

use crate::connection::{self, Peer, Shared};
use crate::error::Error;

/// Connections that wait to be accepted.
const BACKLOG: u32 = 1_024;
/// After this, connections that have not ended by themselves are cut.
const GRACE: Duration = Duration::from_secs(5);
/// A connection on which nothing arrives for this long is probed by the system, so often, this far apart.
const IDLE: Duration = Duration::from_secs(2);
const PROBES: u32 = 3;
const PROBE_PAUSE: Duration = Duration::from_secs(1);
/// How long what was sent, probes included, may stay without an acknowledgement.
#[cfg(any(target_os = "android", target_os = "fuchsia", target_os = "linux"))]
const UNACKNOWLEDGED: Duration = Duration::from_secs(5);
/// How long to wait when the system has no sockets left to give.
const OUT_OF_SOCKETS: Duration = Duration::from_millis(100);

/// One listening socket; with TLS it is RTMPS.
pub(crate) struct Door {
    pub(crate) listener: TcpListener,
    pub(crate) tls: Option<TlsAcceptor>,
}

impl Door {
    /// Opens a door.
    pub(crate) fn open(address: SocketAddr, tls: Option<TlsAcceptor>) -> Result<Self, Error> {
        let protocol = if tls.is_some() { "RTMPS" } else { "RTMP" };
        let listen = || {
            let socket = if address.is_ipv4() { TcpSocket::new_v4() } else { TcpSocket::new_v6() }?;
            socket.set_reuseaddr(true)?;
            socket.bind(address)?;
            socket.listen(BACKLOG)
        };
        let listener = listen().map_err(|source| Error::Bind { protocol, address, source })?;
        Ok(Self { listener, tls })
    }
}

/// Accepts until shutdown, then waits for the connections to end.
pub(crate) async fn run(door: Door, house: House, shared: Arc<Shared>, shutdown: CancellationToken) {
    let mut connections = JoinSet::new();
    loop {
        let accepted = tokio::select! {
            accepted = door.listener.accept() => accepted,
            Some(_) = connections.join_next() => continue,
            () = shutdown.cancelled() => break,
        };
        match accepted {
            Ok((stream, address)) => match house.take_seat(address.ip()) {
                Some(seat) => {
                    let guest = Guest { seat, tls: door.tls.clone(), shared: shared.clone() };
                    connections.spawn(guest.serve(stream, address, shutdown.clone()));
                }
                None => tracing::warn!(peer = %address, "connection refused: too many"),
            },
            Err(error) => {
                tracing::warn!(cause = %error, "accept a connection");
                sleep(OUT_OF_SOCKETS).await;
            }
        }
    }
    let all = async { while connections.join_next().await.is_some() {} };
    if timeout(GRACE, all).await.is_err() {
        tracing::warn!("connections cut that did not end in time");
    }
}

/// Nagle's algorithm would hold our few small answers back; and a peer that lost its network says no goodbye.
fn tune(stream: &TcpStream) -> std::io::Result<()> {
    stream.set_nodelay(true)?;
    let socket = SockRef::from(stream);
    let probes = TcpKeepalive::new().with_time(IDLE).with_interval(PROBE_PAUSE).with_retries(PROBES);
    socket.set_tcp_keepalive(&probes)?;
    #[cfg(any(target_os = "android", target_os = "fuchsia", target_os = "linux"))]
    socket.set_tcp_user_timeout(Some(UNACKNOWLEDGED))?;
    Ok(())
}

/// A connection on its way in.
struct Guest {
    seat: Seat,
    tls: Option<TlsAcceptor>,
    shared: Arc<Shared>,
}

impl Guest {
    async fn serve(self, stream: TcpStream, address: SocketAddr, shutdown: CancellationToken) {
        // Everything still works when a socket does not take these; some of it later.
        if let Err(error) = tune(&stream) {
            tracing::debug!(peer = %address, cause = %error, "set the options of a socket");
        }
        let peer = Peer { address, encrypted: self.tls.is_some() };
        match &self.tls {
            None => connection::serve(stream, peer, &self.shared, &shutdown).await,
            Some(acceptor) => {
                let patience = self.shared.config.timeouts.handshake;
                let greeted = tokio::select! {
                    greeted = timeout(patience, acceptor.accept(stream)) => greeted,
                    () = shutdown.cancelled() => return,
                };
                let late = |_| Error::TooSlow(patience);
                match greeted.map_err(late).and_then(|done| done.map_err(Error::Tls)) {
                    Ok(stream) => connection::serve(stream, peer, &self.shared, &shutdown).await,
                    Err(error) => {
                        tracing::info!(peer = %address, cause = chain(&error), "connection refused");
                    }
                }
            }
        }
        drop(self.seat);
    }
}

/// How many may be in at once, over all doors.
#[derive(Clone)]
pub(crate) struct House {
    seats: Arc<Mutex<Seats>>,
    maximum: usize,
    per_address: usize,
}

#[derive(Default)]
struct Seats {
    taken: usize,
    by_address: HashMap<IpAddr, usize>,
}

impl House {
    pub(crate) fn new(maximum: usize, per_address: usize) -> Self {
        Self { seats: Arc::default(), maximum, per_address }
    }

    fn take_seat(&self, address: IpAddr) -> Option<Seat> {
        let mut seats = self.seats.lock().unwrap_or_else(PoisonError::into_inner);
        let mine = seats.by_address.get(&address).copied().unwrap_or(0);
        if seats.taken >= self.maximum || mine >= self.per_address {
            return None;
        }
        seats.taken += 1;
        seats.by_address.insert(address, mine + 1);
        Some(Seat { house: self.clone(), address })
    }
}

/// A place that is given back when it is dropped.
struct Seat {
    house: House,
    address: IpAddr,
}

impl Drop for Seat {
    fn drop(&mut self) {
        let mut seats = self.house.seats.lock().unwrap_or_else(PoisonError::into_inner);
        seats.taken -= 1;
        if let Some(mine) = seats.by_address.get_mut(&self.address) {
            *mine -= 1;
            if *mine == 0 {
                seats.by_address.remove(&self.address);
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[cfg(target_os = "linux")]
    #[tokio::test]
    async fn a_connection_is_probed_after_two_seconds_and_given_up_after_five() {
        let listener = TcpListener::bind("127.0.0.1:0").await.expect("a free port");
        let address = listener.local_addr().expect("an address");
        let (_client, accepted) = tokio::join!(TcpStream::connect(address), listener.accept());
        let (stream, _) = accepted.expect("a connection");
        tune(&stream).expect("the system has these options");
        let socket = SockRef::from(&stream);
        assert!(socket.keepalive().expect("readable") && socket.tcp_nodelay().expect("readable"));
        assert_eq!(socket.tcp_keepalive_time().expect("readable"), IDLE);
        assert_eq!(socket.tcp_keepalive_interval().expect("readable"), PROBE_PAUSE);
        assert_eq!(socket.tcp_keepalive_retries().expect("readable"), PROBES);
        assert_eq!(socket.tcp_user_timeout().expect("readable"), Some(UNACKNOWLEDGED));
    }

    #[test]
    fn a_full_house_has_no_seat_until_one_leaves() {
        let house = House::new(3, 2);
        let (here, there) = (IpAddr::from([127, 0, 0, 1]), IpAddr::from([127, 0, 0, 2]));
        let first = house.take_seat(here);
        let second = house.take_seat(here);
        assert!(first.is_some() && second.is_some());
        assert!(house.take_seat(here).is_none(), "two of three, and its own two");
        let third = house.take_seat(there);
        assert!(third.is_some());
        assert!(house.take_seat(there).is_none(), "three of three");
        drop(first);
        assert!(house.take_seat(here).is_some());
    }
}
