//! Calls over TLS.

use std::convert::Infallible;
use std::path::PathBuf;
use std::sync::Arc;

use auth::sigv4::Claim;
use bytes::Bytes;
use http::header::HOST;
use http_body_util::{BodyExt as _, Full};
use hyper::service::service_fn;
use hyper_util::rt::{TokioExecutor, TokioIo};
use hyper_util::server::conn::auto::Builder;
use outbound::{Config, Credentials, Outbound, OutboundError};
use tokio::net::TcpListener;
use tokio::task::JoinSet;
use tokio_rustls::TlsAcceptor;
use tokio_rustls::rustls::ServerConfig;
use tokio_rustls::rustls::pki_types::{CertificateDer, PrivateKeyDer};

use crate::{call, hook, keys};

/// A server that says which version of HTTP it was asked in, and by whom.
struct Server {
    url: String,
    certificate: String,
    _serving: JoinSet<()>,
}

async fn server(protocols: &[&[u8]]) -> Server {
    let own = rcgen::generate_simple_self_signed(["localhost".to_owned()]).expect("a certificate");
    let chain = vec![CertificateDer::from(own.cert.der().to_vec())];
    let key = PrivateKeyDer::try_from(own.signing_key.serialize_der()).expect("a key");
    let mut config = ServerConfig::builder().with_no_client_auth().with_single_cert(chain, key).expect("TLS");
    config.alpn_protocols = protocols.iter().map(|name| name.to_vec()).collect();
    let acceptor = TlsAcceptor::from(Arc::new(config));
    let listener = TcpListener::bind("127.0.0.1:0").await.expect("a port");
    let port = listener.local_addr().expect("its address").port();
    let mut serving = JoinSet::new();
    serving.spawn(async move {
        let service = service_fn(|request| async {
            Ok::<_, Infallible>(http::Response::new(Full::new(Bytes::from(told(request).await))))
        });
        while let Ok((stream, _)) = listener.accept().await {
            if let Ok(stream) = acceptor.accept(stream).await {
                let _ =
                    Builder::new(TokioExecutor::new()).serve_connection(TokioIo::new(stream), service).await;
            }
        }
    });
    Server { url: format!("https://localhost:{port}/"), certificate: own.cert.pem(), _serving: serving }
}

/// The version of HTTP, and whose signature the request has, if any.
async fn told(request: http::Request<hyper::body::Incoming>) -> String {
    let (mut head, body) = request.into_parts();
    let body = body.collect().await.expect("a body").to_bytes();
    let version = head.version;
    if let Some(authority) = head.uri.authority().cloned() {
        let host = authority.as_str().parse().expect("a header");
        assert!(head.headers.insert(HOST, host).is_none(), "HTTP/2 names the host once");
    }
    let Ok(claim) = Claim::parse(&head) else {
        return format!("{version:?}");
    };
    claim.verify(&keys().secret, &body).expect("a signature");
    format!("{version:?} {}", claim.access_key_id())
}

fn trusting(roots: Option<PathBuf>) -> Result<Outbound, OutboundError> {
    Outbound::new(Config { roots, credentials: Credentials::Keys(keys()), ..Config::default() })
}

#[tokio::test]
async fn a_certificate_is_trusted_if_the_file_of_roots_has_it() {
    let folder = tempfile::tempdir().expect("a folder");
    let roots = folder.path().join("roots.pem");
    for (protocols, version) in
        [(&[b"h2".as_slice(), b"http/1.1"][..], "HTTP/2.0"), (&[b"http/1.1"], "HTTP/1.1")]
    {
        let server = server(protocols).await;
        std::fs::write(&roots, &server.certificate).expect("written");
        let outbound = trusting(Some(roots.clone())).expect("a client");
        let answer = outbound.webhook(hook(&server.url)).await.expect("an answer");
        assert_eq!(answer.body, version);
        let answer = outbound.signed(call(&server.url)).await.expect("an answer");
        assert_eq!(answer.body, format!("{version} AKIDEXAMPLE"));
    }
}

#[tokio::test]
async fn an_unknown_certificate_is_refused() {
    let server = server(&[]).await;
    let error = trusting(None).expect("a client").webhook(hook(&server.url)).await.expect_err("not trusted");
    assert!(matches!(error, OutboundError::Connect { .. }), "{error:?}");
}

#[test]
fn a_file_without_roots_is_refused() {
    let folder = tempfile::tempdir().expect("a folder");
    let path = folder.path().join("roots.pem");
    let refusal = |path: &PathBuf| trusting(Some(path.clone())).expect_err("refused");
    assert!(matches!(refusal(&path), OutboundError::RootsFile { .. }));
    for text in ["", "no certificate", "-----BEGIN CERTIFICATE-----\nAAAA"] {
        std::fs::write(&path, text).expect("written");
        assert!(matches!(refusal(&path), OutboundError::RootsFile { .. }), "{text}");
    }
    std::fs::write(&path, "-----BEGIN CERTIFICATE-----\nAAAA\n-----END CERTIFICATE-----\n").expect("written");
    assert!(matches!(refusal(&path), OutboundError::Tls(_)));
}
