//! With what calls are signed.
//!
//! Promise: a caller waits for credentials only until the first search has ended; later searches run beside the
//! calls, well before what is held runs out, and a search that fails takes nothing away that still works.

use std::collections::HashMap;
use std::fmt;
use std::path::PathBuf;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use bytes::Bytes;
use reqsign_aws_v4::{Credential, DefaultCredentialProvider};
use reqsign_core::time::Timestamp;
use reqsign_core::{Context, FileRead, HttpSend, ProvideCredential as _, SigningCredential as _, StaticEnv};
use reqwest::Client;
use tokio::io::AsyncReadExt as _;
use tokio::sync::watch;
use tokio::task::JoinSet;
use tokio::time::timeout;

use crate::error::OutboundError;

/// A role's service that takes longer is not there.
const LOOKUP: Duration = Duration::from_secs(2);
/// Files and answers of a search are not longer than this many bytes.
const LOOKUP_BYTES: usize = 1 << 20;
/// Pause after a search that found nothing; twice as long after the next one, and so on.
const PAUSE: Duration = Duration::from_secs(15);
/// Longest pause.
const LONGEST_PAUSE: Duration = Duration::from_secs(300);
/// How often the time left is looked at.
const TICK: Duration = Duration::from_secs(60);
/// Credentials that end are searched anew so long before their end.
const AHEAD: Duration = Duration::from_secs(300);
/// Credentials without an end are read anew after so many ticks: somebody may have changed the file.
const TICKS: u32 = 10;

/// An access key and its secret.
#[derive(Clone, PartialEq, Eq)]
pub struct Keys {
    /// Access key id.
    pub id: String,
    /// Secret access key.
    pub secret: String,
    /// Session token of temporary keys.
    pub session: Option<String>,
}

impl Keys {
    pub(crate) fn credential(&self) -> Arc<Credential> {
        Arc::new(Credential {
            access_key_id: self.id.clone(),
            secret_access_key: self.secret.clone(),
            session_token: self.session.clone(),
            expires_in: None,
        })
    }
}

impl fmt::Debug for Keys {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Keys").field("id", &self.id).finish_non_exhaustive()
    }
}

/// Where AWS SDKs look for credentials: variables, the profile's files, a web identity, the container's and the
/// machine's role. The environment is given, not read.
#[derive(Clone, Default)]
pub struct Chain {
    /// Environment variables.
    pub environment: HashMap<String, String>,
    /// Home folder, for `~/.aws`.
    pub home: Option<PathBuf>,
    /// Profile in those files; `None`: what `AWS_PROFILE` says, or `default`.
    pub profile: Option<String>,
}

impl fmt::Debug for Chain {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Chain")
            .field("home", &self.home)
            .field("profile", &self.profile)
            .finish_non_exhaustive()
    }
}

/// Where credentials come from.
#[derive(Clone, Debug, Default)]
pub enum Credentials {
    /// Nowhere: signed calls need keys of their own.
    #[default]
    None,
    /// These.
    Keys(Keys),
    /// From where AWS SDKs would take them.
    Chain(Chain),
}

/// What the last search came to.
#[derive(Clone)]
enum Found {
    Unknown,
    Nothing,
    Some(Arc<Credential>),
}

/// Holds the credentials of the configuration.
pub(crate) struct Keyring {
    source: Source,
}

enum Source {
    None,
    Keys(Arc<Credential>),
    Chain(Box<Searched>),
}

struct Searched {
    chain: Chain,
    client: Client,
    found: watch::Sender<Found>,
    /// The search; it begins with the first call and ends with the keyring.
    search: Mutex<JoinSet<()>>,
}

impl fmt::Debug for Keyring {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Keyring(…)")
    }
}

impl Keyring {
    pub(crate) fn new(credentials: Credentials, client: Client) -> Self {
        let source = match credentials {
            Credentials::None => Source::None,
            Credentials::Keys(keys) => Source::Keys(keys.credential()),
            Credentials::Chain(chain) => Source::Chain(Box::new(Searched {
                chain,
                client,
                found: watch::Sender::new(Found::Unknown),
                search: Mutex::new(JoinSet::new()),
            })),
        };
        Self { source }
    }

    /// Credentials that can sign now.
    pub(crate) async fn credential(&self) -> Result<Arc<Credential>, OutboundError> {
        match &self.source {
            Source::None => Err(OutboundError::NoCredentials),
            Source::Keys(credential) => Ok(credential.clone()),
            Source::Chain(searched) => searched.credential().await,
        }
    }
}

impl Searched {
    async fn credential(&self) -> Result<Arc<Credential>, OutboundError> {
        self.begin();
        let mut found = self.found.subscribe();
        let known = found.wait_for(|found| !matches!(found, Found::Unknown)).await;
        match known.as_deref() {
            Ok(Found::Some(credential)) => Ok(credential.clone()),
            _ => Err(OutboundError::NoCredentials),
        }
    }

    fn begin(&self) {
        let mut search = self.search.lock().unwrap_or_else(PoisonError::into_inner);
        if search.is_empty() {
            search.spawn(keep_searching(self.chain.clone(), self.client.clone(), self.found.clone()));
        }
    }
}

async fn keep_searching(chain: Chain, client: Client, found: watch::Sender<Found>) {
    let context = Context::new()
        .with_file_read(Files)
        .with_http_send(Lookups(client))
        .with_env(StaticEnv { home_dir: chain.home, envs: chain.environment });
    // Sources that run a program are left out: a configuration file is no place to start programs from.
    let mut builder = DefaultCredentialProvider::builder().no_process().no_sso();
    if let Some(profile) = chain.profile {
        builder = builder.with_profile(profile);
    }
    let provider = builder.build();
    let mut pause = PAUSE;
    loop {
        match provider.provide_credential(&context).await {
            Ok(Some(credential)) => {
                let credential = Arc::new(credential);
                found.send_replace(Found::Some(credential.clone()));
                pause = PAUSE;
                rest(&credential).await;
            }
            // The chain has logged what was wrong with each source.
            _ => {
                found.send_if_modified(nothing);
                tokio::time::sleep(pause).await;
                pause = LONGEST_PAUSE.min(pause * 2);
            }
        }
    }
}

/// A search found nothing; what is held stays while it works.
fn nothing(found: &mut Found) -> bool {
    let works = matches!(found, Found::Some(held) if held.is_valid_at(Timestamp::now()));
    if !works {
        *found = Found::Nothing;
    }
    !works
}

/// Waits until it is time to search again.
async fn rest(held: &Credential) {
    let mut ticks = 0;
    loop {
        tokio::time::sleep(TICK).await;
        ticks += 1;
        let ends = held.expires_in.is_some();
        if (ends && !held.is_valid_at(Timestamp::now() + AHEAD)) || (!ends && ticks >= TICKS) {
            return;
        }
    }
}

/// Reads the profile's files.
#[derive(Clone, Copy, Debug)]
struct Files;

impl FileRead for Files {
    async fn file_read(&self, path: &str) -> reqsign_core::Result<Vec<u8>> {
        let file = tokio::fs::File::open(path).await?;
        let mut bytes = Vec::new();
        file.take(LOOKUP_BYTES as u64).read_to_end(&mut bytes).await?;
        Ok(bytes)
    }
}

/// Asks the services that hand out roles' credentials.
#[derive(Clone, Debug)]
struct Lookups(Client);

impl HttpSend for Lookups {
    async fn http_send(&self, request: http::Request<Bytes>) -> reqsign_core::Result<http::Response<Bytes>> {
        timeout(LOOKUP, self.ask(request))
            .await
            .map_err(|_| reqsign_core::Error::unexpected("the credentials' service is silent"))?
    }
}

impl Lookups {
    async fn ask(&self, request: http::Request<Bytes>) -> reqsign_core::Result<http::Response<Bytes>> {
        let failed = |error: reqwest::Error| {
            reqsign_core::Error::unexpected("the credentials' service could not be asked")
                .with_source(error.without_url())
        };
        let request = reqwest::Request::try_from(request).map_err(failed)?;
        let mut response = self.0.execute(request).await.map_err(failed)?;
        let mut answer = http::Response::new(Bytes::new());
        *answer.status_mut() = response.status();
        *answer.headers_mut() = std::mem::take(response.headers_mut());
        let mut body = Vec::new();
        while let Some(chunk) = response.chunk().await.map_err(failed)? {
            if body.len() + chunk.len() > LOOKUP_BYTES {
                return Err(reqsign_core::Error::unexpected("the credentials' service does not stop"));
            }
            body.extend_from_slice(&chunk);
        }
        *answer.body_mut() = body.into();
        Ok(answer)
    }
}
