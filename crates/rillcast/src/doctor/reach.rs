//! Ways to others: does somebody answer there?
//!
//! Promise: nothing is sent but what the protocol's greeting needs; answers are read up to a bound.

use std::sync::Arc;
use std::time::Duration;
use std::{fmt, io};

use rustls::pki_types::ServerName;
use rustls::{ClientConfig, RootCertStore};
use tokio::io::{
    AsyncBufReadExt as _, AsyncRead, AsyncReadExt as _, AsyncWrite, AsyncWriteExt as _, BufReader,
};
use tokio::net::TcpStream;
use tokio::time::timeout;
use tokio_rustls::TlsConnector;
use tokio_rustls::client::TlsStream;

/// An answer must be there after this.
const PATIENCE: Duration = Duration::from_secs(4);
/// Bytes of an answer that are read.
const ANSWER: u64 = 16 * 1024;

/// Where an HTTP address leads.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(super) struct Place {
    /// Without the brackets of an IPv6 address.
    host: String,
    port: u16,
    tls: bool,
}

impl Place {
    /// Nothing of what is no such address, or names no host.
    pub(super) fn of(url: &str) -> Option<Self> {
        let uri: http::Uri = url.parse().ok()?;
        let (tls, usual) = match uri.scheme_str()? {
            "https" => (true, 443),
            "http" => (false, 80),
            _ => return None,
        };
        let host = uri.host()?.trim_matches(['[', ']']).to_owned();
        Some(Self { host, port: uri.port_u16().unwrap_or(usual), tls })
    }

    /// Makes a connection and ends it; over TLS the other side has to prove who it is.
    pub(super) async fn open(&self) -> Result<(), String> {
        if self.tls {
            open_tls(&self.host, self.port).await.map(drop)
        } else {
            open(&self.host, self.port).await.map(drop)
        }
    }
}

impl fmt::Display for Place {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self { host, port, .. } = self;
        if host.contains(':') { write!(f, "[{host}]:{port}") } else { write!(f, "{host}:{port}") }
    }
}

/// A connection, over TLS or not.
pub(super) async fn open(host: &str, port: u16) -> Result<TcpStream, String> {
    match timeout(PATIENCE, TcpStream::connect((host, port))).await {
        Ok(Ok(stream)) => Ok(stream),
        Ok(Err(error)) => Err(plain(&error)),
        Err(_) => Err(format!("no answer within {} s", PATIENCE.as_secs())),
    }
}

/// A connection to one who proves to be that host.
pub(super) async fn open_tls(host: &str, port: u16) -> Result<TlsStream<TcpStream>, String> {
    let name = ServerName::try_from(host.to_owned()).map_err(|error| error.to_string())?;
    let connector = TlsConnector::from(Arc::new(client()?));
    let stream = open(host, port).await?;
    match timeout(PATIENCE, connector.connect(name, stream)).await {
        Ok(Ok(stream)) => Ok(stream),
        Ok(Err(error)) => Err(format!("TLS: {}", plain(&error))),
        Err(_) => Err(format!("TLS: no answer within {} s", PATIENCE.as_secs())),
    }
}

/// The certificates that this system trusts, and those of the public web.
pub(super) fn roots() -> RootCertStore {
    let mut roots = RootCertStore::from_iter(webpki_roots::TLS_SERVER_ROOTS.iter().cloned());
    roots.add_parsable_certificates(rustls_native_certs::load_native_certs().certs);
    roots
}

fn client() -> Result<ClientConfig, String> {
    let provider = Arc::new(rustls::crypto::aws_lc_rs::default_provider());
    let versions = ClientConfig::builder_with_provider(provider).with_safe_default_protocol_versions();
    let versions = versions.map_err(|error| error.to_string())?;
    Ok(versions.with_root_certificates(roots()).with_no_client_auth())
}

/// The status and the body that a GET is answered with.
pub(super) async fn get(url: &str, path: &str) -> Result<(u16, String), String> {
    let uri: http::Uri = url.parse().map_err(|_| "it is no URL".to_owned())?;
    let named = uri.host().ok_or_else(|| "it names no host".to_owned())?;
    let host = named.trim_matches(['[', ']']);
    let authority = uri.authority().map(http::uri::Authority::as_str).unwrap_or(named);
    let request = format!(
        "GET {path} HTTP/1.1\r\nHost: {authority}\r\nUser-Agent: rillcast-doctor\r\nConnection: close\r\n\r\n"
    );
    let talk = async {
        if uri.scheme_str() == Some("https") {
            exchange(open_tls(host, uri.port_u16().unwrap_or(443)).await?, &request).await
        } else {
            exchange(open(host, uri.port_u16().unwrap_or(80)).await?, &request).await
        }
    };
    let late = |_| format!("no answer within {} s", PATIENCE.as_secs());
    let bytes = timeout(PATIENCE, talk).await.map_err(late)??;
    read(&bytes).ok_or_else(|| "what answers does not speak HTTP".to_owned())
}

async fn exchange<S>(mut stream: S, request: &str) -> Result<Vec<u8>, String>
where
    S: AsyncRead + AsyncWrite + Unpin,
{
    stream.write_all(request.as_bytes()).await.map_err(|error| plain(&error))?;
    let mut bytes = Vec::new();
    match stream.take(ANSWER).read_to_end(&mut bytes).await {
        // Many end TLS without saying good-bye; what came before that is whole.
        Err(error) if bytes.is_empty() => Err(plain(&error)),
        _ => Ok(bytes),
    }
}

fn read(bytes: &[u8]) -> Option<(u16, String)> {
    let mut headers = [httparse::EMPTY_HEADER; 64];
    let mut response = httparse::Response::new(&mut headers);
    let httparse::Status::Complete(length) = response.parse(bytes).ok()? else { return None };
    Some((response.code?, String::from_utf8_lossy(bytes.get(length..)?).into_owned()))
}

/// The first line that a server sends unasked, such as NATS's greeting, and the connection.
pub(super) async fn greeting(host: &str, port: u16) -> Result<(String, TcpStream), String> {
    let mut reader = BufReader::new(open(host, port).await?).take(ANSWER);
    let mut line = String::new();
    match timeout(PATIENCE, reader.read_line(&mut line)).await {
        Ok(Ok(_)) => Ok((line, reader.into_inner().into_inner())),
        Ok(Err(error)) => Err(plain(&error)),
        Err(_) => Err("it says nothing".to_owned()),
    }
}

/// Without the number of the system's error.
pub(super) fn plain(error: &io::Error) -> String {
    let text = error.to_string();
    match text.split_once(" (os error") {
        Some((text, _)) => text.to_lowercase(),
        None => text,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_answer_is_read_or_not_http() {
        let answer = b"HTTP/1.1 200 OK\r\nContent-Length: 3\r\n\r\nok\n";
        assert_eq!(read(answer), Some((200, "ok\n".to_owned())));
        assert_eq!(read(b"SSH-2.0-OpenSSH\r\n"), None);
        assert_eq!(read(b""), None);
    }
}
