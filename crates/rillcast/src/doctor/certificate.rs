//! The certificate of HTTPS and RTMPS: is it readable, of its key, of this house, believed, and for how long still?
//!
//! Promise: it is read by the code that servers read it with and judged by the code that clients judge it with.

mod validity;

use std::path::Path;
use std::sync::Arc;
use std::time::{SystemTime, UNIX_EPOCH};

use domain::chain;
use rustls::client::WebPkiServerVerifier;
use rustls::client::danger::ServerCertVerifier as _;
use rustls::pki_types::pem::PemObject as _;
use rustls::pki_types::{CertificateDer, ServerName, UnixTime};
use rustls::server::ParsedCertificate;
use rustls::{CertificateError, Error};

use super::examination::Subject;
use super::finding::Found;
use super::reach;
use crate::app::host_of;
use crate::config::{Config, TlsFiles};
use crate::tls;
use validity::Validity;

const DAY: i64 = 24 * 3_600;
/// Days before the end at which somebody should know: certificates by ACME are renewed thirty days before theirs.
const SOON: i64 = 14;

pub(super) async fn look(subject: Subject) -> Found {
    let config = subject.config;
    if config.https.is_none() && config.rtmps.is_none() {
        return Found::skip("neither https nor rtmps is open");
    }
    let looked = tokio::task::spawn_blocking(move || judge(&config)).await;
    looked.unwrap_or_else(|_| Found::skip("looking at it failed"))
}

fn judge(config: &Config) -> Found {
    let Some(files) = &config.tls else { return own(config) };
    if let Err(error) = tls::certified(files) {
        return Found::fail(
            chain(&error),
            "Set tls_certificate to a PEM file with the certificate and those of its issuers behind it, and tls_key to \
             the PEM file of the private key that it was made for; the server's user must be able to read both.",
        );
    }
    match certificates(&files.certificate) {
        Some(chain) => judged(config, files, &chain),
        None => Found::fail("there is no certificate in it", "Give tls_certificate another file."),
    }
}

fn certificates(path: &Path) -> Option<Vec<CertificateDer<'static>>> {
    let chain = CertificateDer::pem_file_iter(path).ok()?.collect::<Result<Vec<_>, _>>().ok()?;
    (!chain.is_empty()).then_some(chain)
}

/// Made by the server itself.
fn own(config: &Config) -> Found {
    let path = config.data_dir.join("tls").join("certificate.pem");
    let what = if path.exists() {
        "self-signed, made by the server"
    } else {
        "a self-signed one is made by the first start"
    };
    let Some(https) = config.https else {
        return Found::ok(format!("{what}: encoders of RTMPS must be told to accept it"));
    };
    if https.ip().is_loopback() {
        return Found::ok(format!("{what}: browsers on this machine will warn"));
    }
    Found::warn(
        format!("{what}: browsers and players refuse it"),
        "Set tls_certificate and tls_key to those of a public authority, such as Let's Encrypt's.",
    )
}

fn judged(config: &Config, files: &TlsFiles, chain: &[CertificateDer<'static>]) -> Found {
    let path = files.certificate.display();
    let now = i64::try_from(SystemTime::now().duration_since(UNIX_EPOCH).unwrap_or_default().as_secs());
    let now = now.unwrap_or(i64::MAX);
    let Some(validity) = Validity::of(&chain[0]) else {
        return Found::warn(
            format!("{path} can't be understood in full"),
            "Look at it with `openssl x509 -text`.",
        );
    };
    let renew = "Renew it, with certbot by `certbot renew`; the server takes the new one by itself.";
    if validity.until < now {
        return Found::fail(format!("{path} expired {} days ago", (now - validity.until) / DAY), renew);
    }
    if validity.from > now {
        return Found::fail(
            format!("{path} is not valid yet, by this machine's clock"),
            "Set the clock, or wait until it is.",
        );
    }
    if let Some(name) = missing(config, &chain[0]) {
        return Found::fail(
            format!("{path} is not for the name {name}, by which this server is reached"),
            format!(
                "Get a certificate for {name}, or set public_url and ingest_host to a name that it is for."
            ),
        );
    }
    if let Some(found) = unbelieved(config, chain) {
        return found;
    }
    let days = (validity.until - now) / DAY;
    if days < SOON {
        return Found::warn(format!("{path} expires in {days} days"), renew);
    }
    Found::ok(format!("{path} fits its key and is good for {days} days"))
}

/// The names by which clients of TLS reach this server, as far as the settings tell.
fn names(config: &Config) -> Vec<String> {
    let secure = config.public_url.as_deref().filter(|url| url.starts_with("https:"));
    let ingest = config.rtmps.and(config.ingest_host.clone());
    let mut names: Vec<_> = secure.map(host_of).into_iter().chain(ingest).collect();
    names.dedup();
    names
}

fn missing(config: &Config, certificate: &CertificateDer<'_>) -> Option<String> {
    let parsed = ParsedCertificate::try_from(certificate).ok()?;
    let is_for = |name: &String| {
        let name = ServerName::try_from(name.trim_matches(['[', ']']).to_owned());
        name.is_ok_and(|name| rustls::client::verify_server_name(&parsed, &name).is_ok())
    };
    names(config).into_iter().find(|name| !is_for(name))
}

/// Why clients with nothing but the system's authorities do not believe it.
fn unbelieved(config: &Config, chain: &[CertificateDer<'static>]) -> Option<Found> {
    let provider = Arc::new(rustls::crypto::aws_lc_rs::default_provider());
    let verifier = WebPkiServerVerifier::builder_with_provider(Arc::new(reach::roots()), provider).build();
    let name = names(config).into_iter().next().unwrap_or_else(|| "localhost".to_owned());
    let name = ServerName::try_from(name.trim_matches(['[', ']']).to_owned()).ok()?;
    let refused =
        verifier.ok()?.verify_server_cert(&chain[0], &chain[1..], &name, &[], UnixTime::now()).err()?;
    match refused {
        Error::InvalidCertificate(CertificateError::UnknownIssuer) if chain.len() == 1 => Some(Found::warn(
            "nobody who knows only the public authorities believes it: it is self-signed, or its issuer's certificate is \
             missing in the file",
            "Put the issuers' certificates behind it (certbot's fullchain.pem has them), or get one of a public \
             authority.",
        )),
        Error::InvalidCertificate(CertificateError::UnknownIssuer) => Some(Found::warn(
            "its authority is not one that this system knows",
            "Clients must be told to trust that authority; for the public, get a certificate of a public one.",
        )),
        _ => None,
    }
}
