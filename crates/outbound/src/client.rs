//! The HTTP client that all calls share.
//!
//! Promise: no redirect is followed and no proxy used that was not configured, so that a signed call reaches the
//! host that it names and no other; idle connections are kept for the next call.

use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::time::Duration;

use bytes::{Bytes, BytesMut};
use reqwest::redirect::Policy;
use reqwest::{Client, Proxy, Url};
use rustls::pki_types::CertificateDer;
use rustls::pki_types::pem::PemObject as _;
use rustls::{ClientConfig, RootCertStore};
use tokio::time::{Instant, timeout_at};

use crate::credentials::{Credentials, Keyring};
use crate::error::OutboundError;

/// A connection that no call has used for so long is closed; most servers keep theirs a little longer, so that
/// a call seldom meets one that the other side is just closing.
const IDLE: Duration = Duration::from_secs(50);
/// A connection that many calls share is asked for a sign of life so often: else one that the network forgot
/// would let call after call run into its deadline.
const PING: Duration = Duration::from_secs(5);
/// Idle connections that are kept for one host.
const IDLE_PER_HOST: usize = 64;

/// How calls are made.
#[derive(Clone, Debug)]
pub struct Config {
    /// With what calls are signed that bring no keys of their own.
    pub credentials: Credentials,
    /// PEM file of certificates to trust besides the system's.
    pub roots: Option<PathBuf>,
    /// URL of a proxy for all calls; `None`: none, whatever the environment says.
    pub proxy: Option<String>,
    /// A connection that takes longer than this is given up, even if the call has time left.
    pub connect_timeout: Duration,
}

impl Default for Config {
    fn default() -> Self {
        Self {
            credentials: Credentials::None,
            roots: None,
            proxy: None,
            connect_timeout: Duration::from_secs(5),
        }
    }
}

/// An answer, whatever its status.
#[derive(Clone, Debug)]
pub struct Answer {
    /// HTTP status.
    pub status: u16,
    /// Headers.
    pub headers: http::HeaderMap,
    /// Body, at most the bound of the call.
    pub body: Bytes,
}

/// Makes calls. Clones share connections and credentials.
#[derive(Clone, Debug)]
pub struct Outbound {
    pub(crate) client: Client,
    pub(crate) keyring: Arc<Keyring>,
}

impl Outbound {
    /// Makes the client; fails if the roots' file can't be read or the proxy's URL is none. Nothing is called
    /// and no credentials are looked for until the first call that needs them.
    pub fn new(config: Config) -> Result<Self, OutboundError> {
        let mut builder = Client::builder()
            .tls_backend_preconfigured(tls(config.roots.as_deref())?)
            .user_agent(concat!("rillcast/", env!("CARGO_PKG_VERSION")))
            .redirect(Policy::none())
            .referer(false)
            .no_proxy()
            .tcp_nodelay(true)
            .connect_timeout(config.connect_timeout)
            .http2_keep_alive_interval(PING)
            .http2_keep_alive_timeout(PING)
            .pool_idle_timeout(IDLE)
            .pool_max_idle_per_host(IDLE_PER_HOST);
        if let Some(proxy) = &config.proxy {
            builder = builder.proxy(Proxy::all(proxy).map_err(client_error)?);
        }
        let client = builder.build().map_err(client_error)?;
        Ok(Self { keyring: Arc::new(Keyring::new(config.credentials, client.clone())), client })
    }

    /// Sends what was made ready and reads the answer, both before the deadline.
    pub(crate) async fn exchange(
        &self,
        request: reqwest::Request,
        deadline: Instant,
        max_answer: usize,
    ) -> Result<Answer, OutboundError> {
        let host = host_of(request.url());
        let started = Instant::now();
        timeout_at(deadline, answer(&self.client, request, &host, max_answer))
            .await
            .unwrap_or_else(|_| Err(OutboundError::Late(deadline.saturating_duration_since(started))))
    }
}

async fn answer(
    client: &Client,
    request: reqwest::Request,
    host: &str,
    limit: usize,
) -> Result<Answer, OutboundError> {
    let broken = |error: reqwest::Error| broke(error, host);
    let mut response = client.execute(request).await.map_err(broken)?;
    let too_long = || OutboundError::TooLong { host: host.to_owned(), limit };
    let announced = response.content_length().unwrap_or(0);
    if announced > limit as u64 {
        return Err(too_long());
    }
    let mut body = BytesMut::new();
    while let Some(chunk) = response.chunk().await.map_err(broken)? {
        if body.len() + chunk.len() > limit {
            return Err(too_long());
        }
        body.extend_from_slice(&chunk);
    }
    Ok(Answer {
        status: response.status().as_u16(),
        headers: std::mem::take(response.headers_mut()),
        body: body.freeze(),
    })
}

fn broke(error: reqwest::Error, host: &str) -> OutboundError {
    let host = host.to_owned();
    let connecting = error.is_connect() || error.is_timeout();
    let source = error.without_url();
    if connecting { OutboundError::Connect { host, source } } else { OutboundError::Broken { host, source } }
}

fn client_error(error: reqwest::Error) -> OutboundError {
    OutboundError::Client(error.without_url())
}

/// Can this text be called? To be asked when configuration is read, so that a slip shows at once.
///
/// # Errors
/// [`OutboundError::Address`].
pub fn is_address(text: &str) -> Result<(), OutboundError> {
    address(text).map(|_| ())
}

/// Reads an address that can be called: `http` or `https`, with a host, without a name and password in it.
pub(crate) fn address(text: &str) -> Result<Url, OutboundError> {
    let url = Url::parse(text).map_err(|_| OutboundError::Address("is no URL"))?;
    if !matches!(url.scheme(), "http" | "https") {
        return Err(OutboundError::Address("is neither http nor https"));
    }
    if !url.has_host() {
        return Err(OutboundError::Address("has no host"));
    }
    if !url.username().is_empty() || url.password().is_some() {
        return Err(OutboundError::Address("has a user name in it"));
    }
    Ok(url)
}

fn host_of(url: &Url) -> String {
    let host = url.host_str().unwrap_or_default();
    url.port().map_or_else(|| host.to_owned(), |port| format!("{host}:{port}"))
}

/// TLS with the system's roots, those of the file, and Mozilla's where the system has none, as in the smallest
/// containers.
fn tls(file: Option<&Path>) -> Result<ClientConfig, OutboundError> {
    let mut roots = RootCertStore::empty();
    roots.add_parsable_certificates(rustls_native_certs::load_native_certs().certs);
    if roots.is_empty() {
        roots.extend(webpki_roots::TLS_SERVER_ROOTS.iter().cloned());
    }
    if let Some(path) = file {
        for certificate in roots_of(path)? {
            roots.add(certificate)?;
        }
    }
    let provider = Arc::new(rustls::crypto::aws_lc_rs::default_provider());
    let mut config = ClientConfig::builder_with_provider(provider)
        .with_safe_default_protocol_versions()?
        .with_root_certificates(roots)
        .with_no_client_auth();
    config.alpn_protocols = vec![b"h2".to_vec(), b"http/1.1".to_vec()];
    Ok(config)
}

fn roots_of(path: &Path) -> Result<Vec<CertificateDer<'static>>, OutboundError> {
    let failed = |source| OutboundError::RootsFile { path: path.to_owned(), source };
    let text = std::fs::read(path).map_err(failed)?;
    let certificates = CertificateDer::pem_slice_iter(&text)
        .collect::<Result<Vec<_>, _>>()
        .map_err(|error| failed(std::io::Error::new(std::io::ErrorKind::InvalidData, error.to_string())))?;
    if certificates.is_empty() {
        let none = std::io::Error::new(std::io::ErrorKind::InvalidData, "there is no certificate in it");
        return Err(failed(none));
    }
    Ok(certificates)
}
