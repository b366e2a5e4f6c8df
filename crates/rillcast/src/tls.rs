//! Certificates for RTMPS and HTTPS.
//!
//! Promise: without configuration a self-signed certificate is made once and kept, its key readable by
//! its owner alone; TLS 1.2 and 1.3 are spoken, with aws-lc as the only provider. A certificate that is
//! replaced on disk is taken without a restart; one that can't be used is told of, and the old one stays.

use std::path::{Path, PathBuf};
use std::sync::{Arc, Mutex, PoisonError, RwLock};
use std::time::{Duration, SystemTime};

use rustls::pki_types::pem::PemObject;
use rustls::pki_types::{CertificateDer, PrivateKeyDer};
use rustls::server::{ClientHello, ResolvesServerCert};
use rustls::sign::CertifiedKey;
use tokio_rustls::TlsAcceptor;
use tokio_util::sync::CancellationToken;

use crate::config::TlsFiles;
use crate::files;

/// Why there is no TLS.
#[derive(Debug, thiserror::Error)]
pub enum TlsError {
    /// A PEM file that can't be read or holds nothing of use.
    #[error("reading {}: {why}", path.display())]
    Pem {
        /// Which.
        path: PathBuf,
        /// What is wrong with it.
        why: String,
    },
    /// Certificate and key that do not fit each other or rustls.
    #[error("using the certificate {}", path.display())]
    Unusable {
        /// The certificate.
        path: PathBuf,
        /// Why.
        #[source]
        source: rustls::Error,
    },
    /// No self-signed certificate.
    #[error("making a self-signed certificate")]
    SelfSign(#[source] rcgen::Error),
    /// The certificate could not be kept.
    #[error("writing {}", path.display())]
    Write {
        /// Which file.
        path: PathBuf,
        /// Why.
        #[source]
        source: std::io::Error,
    },
}

/// How often the files are looked at. Programs that renew certificates write them weeks before they are needed.
const LOOK: Duration = Duration::from_secs(5);

/// The server's TLS configuration, and what keeps its certificate that of the files.
pub(crate) struct Tls {
    /// For RTMPS as it is; see [`acceptor_of_web`].
    pub config: Arc<rustls::ServerConfig>,
    kept: Arc<Kept>,
}

impl Tls {
    /// The operator's certificate, or the one kept in `folder`.
    pub(crate) fn open(
        files: Option<&TlsFiles>,
        folder: &Path,
        names: Vec<String>,
    ) -> Result<Self, TlsError> {
        let own = TlsFiles { certificate: folder.join("certificate.pem"), key: folder.join("key.pem") };
        let files = match files {
            Some(files) => files.clone(),
            None => {
                if !(own.certificate.exists() && own.key.exists()) {
                    self_sign(&own, folder, names)?;
                }
                own
            }
        };
        let kept = Arc::new(Kept::read(files)?);
        Ok(Self { config: config(Arc::clone(&kept))?, kept })
    }

    /// Takes what is replaced on disk, until `closing`.
    pub(crate) async fn keep(self, closing: CancellationToken) {
        while closing.run_until_cancelled(tokio::time::sleep(LOOK)).await.is_some() {
            let kept = Arc::clone(&self.kept);
            // A look that ends early is made again.
            let _ = tokio::task::spawn_blocking(move || kept.look_again()).await;
        }
    }
}

/// The certificate that is shown to clients.
#[derive(Debug)]
struct Kept {
    files: TlsFiles,
    shown: RwLock<Arc<CertifiedKey>>,
    seen: Mutex<Marks>,
}

/// By what a replaced file is told: when it was written, and how long it is. Of certificate and key.
type Marks = [Option<(SystemTime, u64)>; 2];

impl Kept {
    fn read(files: TlsFiles) -> Result<Self, TlsError> {
        let (seen, shown) = (Mutex::new(marks(&files)), RwLock::new(Arc::new(certified(&files)?)));
        Ok(Self { files, shown, seen })
    }

    /// Reads the files if one has changed. While only one of the two is there yet, they don't fit each other.
    fn look_again(&self) {
        let now = marks(&self.files);
        let before = std::mem::replace(&mut *self.seen.lock().unwrap_or_else(PoisonError::into_inner), now);
        if before == now {
            return;
        }
        let file = self.files.certificate.display();
        match certified(&self.files) {
            Ok(fresh) => {
                *self.shown.write().unwrap_or_else(PoisonError::into_inner) = Arc::new(fresh);
                tracing::info!(%file, "the TLS certificate was replaced");
            }
            Err(error) => {
                let error = &error as &dyn std::error::Error;
                tracing::warn!(error, %file, "the new TLS certificate can't be used; the old one stays");
            }
        }
    }
}

impl ResolvesServerCert for Kept {
    fn resolve(&self, _: ClientHello<'_>) -> Option<Arc<CertifiedKey>> {
        Some(Arc::clone(&self.shown.read().unwrap_or_else(PoisonError::into_inner)))
    }
}

fn marks(files: &TlsFiles) -> Marks {
    [&files.certificate, &files.key].map(|path| {
        let about = std::fs::metadata(path).ok()?;
        Some((about.modified().ok()?, about.len()))
    })
}

/// HTTP/2 in the words of ALPN (RFC 9113, 3.1).
pub(crate) const HTTP_2: &[u8] = b"h2";

/// The same certificate for HTTP: HTTP/2 where the client speaks it.
pub(crate) fn acceptor_of_web(config: &rustls::ServerConfig) -> TlsAcceptor {
    let mut config = config.clone();
    config.alpn_protocols = vec![HTTP_2.to_vec(), b"http/1.1".to_vec()];
    TlsAcceptor::from(Arc::new(config))
}

pub(crate) fn certified(files: &TlsFiles) -> Result<CertifiedKey, TlsError> {
    let pem = |path: &Path, why: String| TlsError::Pem { path: path.to_owned(), why };
    let chain = CertificateDer::pem_file_iter(&files.certificate)
        .and_then(Iterator::collect::<Result<Vec<_>, _>>)
        .map_err(|error| pem(&files.certificate, error.to_string()))?;
    if chain.is_empty() {
        return Err(pem(&files.certificate, "no certificate in it".to_owned()));
    }
    let key = PrivateKeyDer::from_pem_file(&files.key).map_err(|error| pem(&files.key, error.to_string()))?;
    CertifiedKey::from_der(chain, key, &rustls::crypto::aws_lc_rs::default_provider())
        .map_err(|source| TlsError::Unusable { path: files.certificate.clone(), source })
}

fn config(kept: Arc<Kept>) -> Result<Arc<rustls::ServerConfig>, TlsError> {
    let path = kept.files.certificate.clone();
    let unusable = |source| TlsError::Unusable { path: path.clone(), source };
    let provider = Arc::new(rustls::crypto::aws_lc_rs::default_provider());
    let mut config = rustls::ServerConfig::builder_with_provider(provider)
        .with_safe_default_protocol_versions()
        .map_err(unusable)?
        .with_no_client_auth()
        .with_cert_resolver(kept);
    // What is needed to go on with a session is with the client: a crowd that comes back costs no signatures.
    config.ticketer = rustls::crypto::aws_lc_rs::Ticketer::new().map_err(unusable)?;
    config.send_tls13_tickets = 1;
    Ok(Arc::new(config))
}

fn self_sign(files: &TlsFiles, folder: &Path, names: Vec<String>) -> Result<(), TlsError> {
    let mut params = rcgen::CertificateParams::new(names).map_err(TlsError::SelfSign)?;
    params.distinguished_name.push(rcgen::DnType::CommonName, "Rillcast self-signed");
    let key = rcgen::KeyPair::generate().map_err(TlsError::SelfSign)?;
    let certificate = params.self_signed(&key).map_err(TlsError::SelfSign)?;
    let write = |path: &Path, source| TlsError::Write { path: path.to_owned(), source };
    files::private_folder(folder).map_err(|source| write(folder, source))?;
    files::write_private(&files.key, key.serialize_pem().as_bytes())
        .map_err(|source| write(&files.key, source))?;
    files::write_private(&files.certificate, certificate.pem().as_bytes())
        .map_err(|source| write(&files.certificate, source))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn names() -> Vec<String> {
        vec!["localhost".to_owned(), "127.0.0.1".to_owned()]
    }

    fn made(folder: &Path) -> TlsFiles {
        let files = TlsFiles { certificate: folder.join("certificate.pem"), key: folder.join("key.pem") };
        self_sign(&files, folder, names()).expect("a fresh certificate");
        files
    }

    fn shown(tls: &Tls) -> Vec<u8> {
        tls.kept.shown.read().expect("readable").cert[0].to_vec()
    }

    #[test]
    fn a_certificate_is_made_once_and_used_again() {
        let folder = tempfile::tempdir().expect("a folder");
        let tls = folder.path().join("tls");
        Tls::open(None, &tls, names()).expect("a fresh certificate");
        let first = std::fs::read(tls.join("certificate.pem")).expect("a certificate");
        Tls::open(None, &tls, names()).expect("the kept certificate");
        assert_eq!(std::fs::read(tls.join("certificate.pem")).expect("a certificate"), first);
    }

    #[test]
    fn a_broken_pem_file_is_named() {
        let folder = tempfile::tempdir().expect("a folder");
        let path = folder.path().join("broken.pem");
        std::fs::write(&path, "nothing").expect("a file");
        let files = TlsFiles { certificate: path.clone(), key: path };
        let error = Tls::open(Some(&files), folder.path(), vec![]).err().expect("refused");
        assert!(error.to_string().contains("broken.pem"), "{error}");
    }

    #[test]
    fn a_replaced_certificate_is_taken_once_it_fits_its_key() {
        let folder = tempfile::tempdir().expect("a folder");
        let (old, fresh) = (folder.path().join("old"), folder.path().join("fresh"));
        let (files, next) = (made(&old), made(&fresh));
        let tls = Tls::open(Some(&files), &old, names()).expect("usable");
        let before = shown(&tls);
        // Files that are written within one tick of the file system's clock have other lengths, or do in life.
        let put = |from: &Path, to: &Path| {
            let text = std::fs::read_to_string(from).expect("readable") + "\n";
            std::fs::write(to, text).expect("writable");
        };
        put(&next.certificate, &files.certificate);
        tls.kept.look_again();
        assert_eq!(shown(&tls), before, "a certificate without its key yet");
        put(&next.key, &files.key);
        tls.kept.look_again();
        let after = shown(&tls);
        assert_ne!(after, before);
        std::fs::write(&files.certificate, "nothing").expect("writable");
        tls.kept.look_again();
        assert_eq!(shown(&tls), after, "a broken one");
        std::fs::remove_file(&files.key).expect("removable");
        tls.kept.look_again();
        assert_eq!(shown(&tls), after, "an absent one");
    }
}
