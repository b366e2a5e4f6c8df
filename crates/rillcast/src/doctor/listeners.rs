//! Doors to the house: can they be opened, or are they open already?
//!
//! Promise: a port that is tried is free again at once; nothing is asked of a server that is not a page for probes.

use std::io::ErrorKind;
use std::net::SocketAddr;

use tokio::net::TcpListener;

use super::examination::Subject;
use super::finding::Found;
use super::{reach, running};
use crate::app::reachable;
use crate::config::Config;

/// The listeners that are not closed, and where they are to be.
pub(super) fn configured(config: &Config) -> Vec<(&'static str, SocketAddr)> {
    let all = [
        ("http", Some(config.http)),
        ("https", config.https),
        ("metrics", config.metrics),
        ("rtmp", config.rtmp),
        ("rtmps", config.rtmps),
    ];
    all.into_iter().filter_map(|(name, address)| Some((name, address?))).collect()
}

pub(super) async fn door(subject: Subject, name: &'static str, address: SocketAddr) -> Found {
    if subject.is_inside {
        return Found::ok(if address.port() == 0 {
            format!("open on a port of {} that was free", address.ip())
        } else {
            format!("open on {address}")
        });
    }
    match TcpListener::bind(address).await {
        Ok(_) if address.port() == 0 => Found::ok(format!("any free port of {}", address.ip())),
        Ok(_) => Found::ok(format!("{address} is free")),
        Err(error) if error.kind() == ErrorKind::AddrInUse => taken(&subject, name, address).await,
        Err(error) if error.kind() == ErrorKind::PermissionDenied => Found::fail(
            format!("{address} is not for this user: ports below 1024 are root's"),
            format!(
                "Let the service bind it (systemd: AmbientCapabilities=CAP_NET_BIND_SERVICE), or take another port \
                 with --{name}."
            ),
        ),
        Err(error) if error.kind() == ErrorKind::AddrNotAvailable => Found::fail(
            format!("{} is not an address of this machine", address.ip()),
            format!(
                "Set {name} to an address that `ip address` shows, or to 0.0.0.0:{} for all.",
                address.port()
            ),
        ),
        Err(error) => Found::fail(
            format!("{address} can't be opened: {}", reach::plain(&error)),
            format!("Set {name} to another address."),
        ),
    }
}

async fn taken(subject: &Subject, name: &str, address: SocketAddr) -> Found {
    let runs = running::is_running(&subject.config.data_dir);
    let answers = match name {
        "http" => {
            let url = format!("http://{}", reachable(address));
            matches!(reach::get(&url, "/healthz").await, Ok((200, text)) if text == "ok\n")
        }
        _ => reach::open(&reachable(address).ip().to_string(), address.port()).await.is_ok(),
    };
    match (runs, answers) {
        (true, true) => Found::ok(format!("{address} is in use by the server that runs on this data folder")),
        (false, true) if name == "http" => Found::fail(
            format!("{address} is in use by a Rillcast with another data folder"),
            "Stop that one, or set data_dir to its folder, or take another port with --http.",
        ),
        _ => Found::fail(
            format!("{address} is in use by another program"),
            format!(
                "See which one with `ss -ltnp 'sport = :{}'`, stop it, or take another port with --{name}.",
                address.port()
            ),
        ),
    }
}

/// Playback URLs begin with it: can this machine follow one?
pub(super) async fn public_url(subject: Subject) -> Found {
    let config = &subject.config;
    let Some(url) = &config.public_url else {
        return if config.http.ip().is_loopback() {
            Found::ok("not set: only this machine can watch, by the address of http")
        } else {
            Found::warn(
                format!("not set: playback URLs name {}, which viewers elsewhere may not reach", config.http),
                "Set public_url to how viewers reach this server, such as https://video.example.com.",
            )
        };
    };
    let runs = subject.is_inside || running::is_running(&config.data_dir);
    match reach::get(url, "/healthz").await {
        Ok((200, text)) if text == "ok\n" => Found::ok(format!("{url} leads to a Rillcast")),
        Ok((status, _)) => Found::fail(
            format!("{url} answers, but not as Rillcast does (status {status} for /healthz)"),
            "Let the proxy that answers there hand all paths on to the address of http.",
        ),
        Err(why) if !runs => Found::skip(format!("{url} does not answer ({why}), and no server runs yet")),
        Err(why) => Found::fail(
            format!("{url} can't be reached from here: {why}"),
            "Look at DNS, firewall, proxy and certificate of that name. Where only this machine can't reach it \
             (a router that does not turn around), try from outside.",
        ),
    }
}
