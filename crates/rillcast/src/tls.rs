//! Certificates for RTMPS and HTTPS.
//!
//! Promise: without configuration a self-signed certificate is made once and kept, its key readable by
//! its owner alone; TLS 1.2 and 1.3 are spoken, with aws-lc as the only provider.

use std::path::{Path, PathBuf};
use std::sync::Arc;

use rustls::pki_types::pem::PemObject;
use rustls::pki_types::{CertificateDer, PrivateKeyDer};
use tokio_rustls::TlsAcceptor;

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

/// The server's TLS configuration: the operator's certificate, or the one kept in `folder`.
pub(crate) fn server_config(
    files: Option<&TlsFiles>,
    folder: &Path,
    names: Vec<String>,
) -> Result<Arc<rustls::ServerConfig>, TlsError> {
    let own = TlsFiles { certificate: folder.join("certificate.pem"), key: folder.join("key.pem") };
    let files = match files {
        Some(files) => files,
        None => {
            if !(own.certificate.exists() && own.key.exists()) {
                self_sign(&own, folder, names)?;
            }
            &own
        }
    };
    load(files)
}

/// HTTP/2 in the words of ALPN (RFC 9113, 3.1).
pub(crate) const HTTP_2: &[u8] = b"h2";

/// The same certificate for HTTP: HTTP/2 where the client speaks it.
pub(crate) fn acceptor_of_web(config: &rustls::ServerConfig) -> TlsAcceptor {
    let mut config = config.clone();
    config.alpn_protocols = vec![HTTP_2.to_vec(), b"http/1.1".to_vec()];
    TlsAcceptor::from(Arc::new(config))
}

fn load(files: &TlsFiles) -> Result<Arc<rustls::ServerConfig>, TlsError> {
    let pem = |path: &Path, why: String| TlsError::Pem { path: path.to_owned(), why };
    let chain = CertificateDer::pem_file_iter(&files.certificate)
        .and_then(Iterator::collect::<Result<Vec<_>, _>>)
        .map_err(|error| pem(&files.certificate, error.to_string()))?;
    if chain.is_empty() {
        return Err(pem(&files.certificate, "no certificate in it".to_owned()));
    }
    let key = PrivateKeyDer::from_pem_file(&files.key).map_err(|error| pem(&files.key, error.to_string()))?;
    let provider = Arc::new(rustls::crypto::aws_lc_rs::default_provider());
    let unusable = |source| TlsError::Unusable { path: files.certificate.clone(), source };
    let mut config = rustls::ServerConfig::builder_with_provider(provider)
        .with_safe_default_protocol_versions()
        .and_then(|builder| builder.with_no_client_auth().with_single_cert(chain, key))
        .map_err(unusable)?;
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

    #[test]
    fn a_certificate_is_made_once_and_used_again() {
        let folder = tempfile::tempdir().expect("a folder");
        let tls = folder.path().join("tls");
        server_config(None, &tls, names()).expect("a fresh certificate");
        let first = std::fs::read(tls.join("certificate.pem")).expect("a certificate");
        server_config(None, &tls, names()).expect("the kept certificate");
        assert_eq!(std::fs::read(tls.join("certificate.pem")).expect("a certificate"), first);
    }

    #[test]
    fn a_broken_pem_file_is_named() {
        let folder = tempfile::tempdir().expect("a folder");
        let path = folder.path().join("broken.pem");
        std::fs::write(&path, "nothing").expect("a file");
        let files = TlsFiles { certificate: path.clone(), key: path };
        let error = server_config(Some(&files), folder.path(), vec![]).expect_err("refused");
        assert!(error.to_string().contains("broken.pem"), "{error}");
    }
}
