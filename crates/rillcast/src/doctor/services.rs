//! The database, and the link to other servers.
//!
//! Promise: both are looked at without a change; no password is told.

use std::time::SystemTime;

use domain::{chain, unix_millis};
use store::{Look, Store};
use tokio::io::{AsyncBufReadExt as _, AsyncReadExt as _, AsyncWriteExt as _, BufReader};

use super::examination::Subject;
use super::finding::Found;
use super::reach;
use crate::first_start::DATABASE;

/// Milliseconds that two clocks may differ by: tokens and signatures live for minutes.
const SKEW: i64 = 5_000;
/// Bytes of a NATS server's answer that are read.
const ANSWER: u64 = 4_096;

pub(super) async fn database(subject: Subject) -> Vec<(String, Found)> {
    let config = &subject.config;
    let Some(address) = &config.database else {
        let path = config.data_dir.join(DATABASE);
        if !path.exists() {
            return one(Found::ok(format!("{} is made by the first start", path.display())));
        }
        return one(match Store::look_at_file(&path).await {
            Ok(look) => version(&look, &format!("{} in {}", look.product, path.display())),
            Err(error) => Found::fail(
                chain(&error),
                "Let the server's user read it; when it is damaged, stop the server and restore a backup with \
                 `rillcast db restore`.",
            ),
        });
    };
    match Store::look_at_server(address.reveal()).await {
        Ok(look) => {
            let mut found = one(version(&look, &format!("{} answers", look.product)));
            found.extend(look.clock.map(|clock| ("database_clock".to_owned(), skew(clock))));
            found
        }
        Err(error) => one(Found::fail(
            chain(&error),
            "See whether PostgreSQL runs, and whether the user, password, host and name in `database` are right \
             (`psql` takes the same URL).",
        )),
    }
}

fn one(found: Found) -> Vec<(String, Found)> {
    vec![(String::new(), found)]
}

fn version(look: &Look, words: &str) -> Found {
    let Look { step, known, .. } = look;
    match step {
        None => Found::ok(format!("{words}; its tables are made by the first start")),
        Some(step) if step > known => Found::fail(
            format!("{words}; a newer Rillcast has changed it (step {step}, this one knows {known})"),
            "Use that newer version, or restore a backup from before.",
        ),
        Some(step) if step < known => Found::ok(format!(
            "{words}; its tables are brought up to date by the next start (from step {step} to {known})"
        )),
        Some(step) => Found::ok(format!("{words}; its tables are up to date (step {step})")),
    }
}

fn skew(clock: i64) -> Found {
    let skew = (clock - unix_millis(SystemTime::now())).abs();
    if skew > SKEW {
        return Found::warn(
            format!("the database's clock and this machine's differ by {} s", skew / 1_000),
            "Let both follow NTP: times of sessions and tokens are compared between servers.",
        );
    }
    Found::ok(format!("the database's clock and this machine's differ by {skew} ms at most"))
}

/// Nothing when this server is alone.
pub(super) async fn nats(subject: Subject) -> Vec<(String, Found)> {
    let Some(servers) = &subject.config.nats else { return Vec::new() };
    let mut all = Vec::new();
    for server in servers.reveal().split(',') {
        let Ok(uri) = server.trim().parse::<http::Uri>() else { continue };
        let host = uri.host().unwrap_or_default().trim_matches(['[', ']']).to_owned();
        let port = uri.port_u16().unwrap_or(4_222);
        let userinfo =
            uri.authority().and_then(|all| all.as_str().rsplit_once('@')).map(|(user, _)| user.to_owned());
        all.push((format!("nats:{host}:{port}"), link(&host, port, userinfo.as_deref()).await));
    }
    all
}

async fn link(host: &str, port: u16, userinfo: Option<&str>) -> Found {
    let advice = "See whether nats-server runs there with JetStream (`-js`), and whether the host, port, user and \
                  password in `nats` are right.";
    let (greeting, stream) = match reach::greeting(host, port).await {
        Ok(greeted) => greeted,
        Err(why) => return Found::fail(format!("{host}:{port} does not answer: {why}"), advice),
    };
    let info = greeting.trim().strip_prefix("INFO ").and_then(|text| serde_json::from_str(text).ok());
    let Some(serde_json::Value::Object(info)) = info else {
        return Found::fail(format!("what answers at {host}:{port} is not NATS"), advice);
    };
    let version = info.get("version").and_then(serde_json::Value::as_str).unwrap_or("of unknown version");
    if info.get("jetstream") != Some(&true.into()) {
        return Found::fail(format!("NATS {version} answers, without JetStream"), advice);
    }
    if info.get("tls_required") == Some(&true.into()) {
        return Found::ok(format!(
            "NATS {version} with JetStream answers; it wants TLS, which was not tried"
        ));
    }
    match login(stream, userinfo).await {
        Ok(()) => Found::ok(format!("NATS {version} with JetStream answers")),
        Err(why) => Found::fail(format!("NATS {version} answers, but refuses: {why}"), advice),
    }
}

/// A connection that asks for nothing.
async fn login(mut stream: tokio::net::TcpStream, userinfo: Option<&str>) -> Result<(), String> {
    let mut connect =
        serde_json::json!({ "verbose": false, "pedantic": false, "lang": "rust", "version": "0" });
    if let Some(userinfo) = userinfo {
        let (user, pass) = userinfo.split_once(':').unwrap_or((userinfo, ""));
        let decoded =
            |text: &str| percent_encoding::percent_decode_str(text).decode_utf8_lossy().into_owned();
        if userinfo.contains(':') {
            connect["user"] = decoded(user).into();
            connect["pass"] = decoded(pass).into();
        } else {
            connect["auth_token"] = decoded(user).into();
        }
    }
    let sent = stream.write_all(format!("CONNECT {connect}\r\nPING\r\n").as_bytes()).await;
    sent.map_err(|error| reach::plain(&error))?;
    let mut answers = BufReader::new(stream.take(ANSWER)).lines();
    while let Some(line) = answers.next_line().await.map_err(|error| reach::plain(&error))? {
        if line.starts_with("PONG") {
            return Ok(());
        }
        if let Some(why) = line.strip_prefix("-ERR") {
            return Err(why.trim_matches([' ', '\'']).to_owned());
        }
    }
    Err("the connection was closed".to_owned())
}
