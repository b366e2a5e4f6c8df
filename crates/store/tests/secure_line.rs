//! The line to a PostgreSQL server: by TCP, under TLS, refused.
//!
//! Promise: nothing but the certificate that the address names is trusted.

#![expect(clippy::unwrap_used, reason = "a failed step is a failed test")]

use std::error::Error as _;
use std::net::TcpListener;
use std::os::unix::fs::{MetadataExt, PermissionsExt, chown};
use std::path::PathBuf;

use rcgen::generate_simple_self_signed;
use store::Store;
use testkit::Postgres;

/// A server that speaks TLS on a port, its certificate for `localhost`, and an empty database.
fn server() -> (Postgres, PathBuf, String) {
    let server = Postgres::start(&[]);
    let certified = generate_simple_self_signed(["localhost".to_owned()]).unwrap();
    let (certificate, key) = (server.folder().join("cert.pem"), server.folder().join("key.pem"));
    std::fs::write(&certificate, certified.cert.pem()).unwrap();
    std::fs::write(&key, certified.signing_key.serialize_pem()).unwrap();
    std::fs::set_permissions(&key, PermissionsExt::from_mode(0o600)).unwrap();
    let owner = std::fs::metadata(server.folder()).unwrap();
    chown(&key, Some(owner.uid()), Some(owner.gid())).unwrap();
    let port = TcpListener::bind("127.0.0.1:0").unwrap().local_addr().unwrap().port();
    for (name, value) in [
        ("listen_addresses", "127.0.0.1"),
        ("ssl", "on"),
        ("ssl_cert_file", certificate.to_str().unwrap()),
        ("ssl_key_file", key.to_str().unwrap()),
    ] {
        server.sql("postgres", &format!("ALTER SYSTEM SET {name} = '{value}'"));
    }
    server.sql("postgres", "CREATE DATABASE secure");
    server.sql("postgres", &format!("ALTER SYSTEM SET port = {port}"));
    server.stop();
    server.resume();
    (server, certificate, format!("postgres://postgres@localhost:{port}/secure"))
}

#[tokio::test(flavor = "multi_thread")]
async fn a_server_is_trusted_by_the_certificate_that_the_address_names_and_by_no_other() {
    let (_server, certificate, address) = tokio::task::spawn_blocking(server).await.unwrap();
    let named = format!("{address}?sslmode=verify-full&sslrootcert={}", certificate.display());
    let store = Store::connect(&named).await.unwrap();
    store.ping().await.unwrap();
    store.close().await;
    let refused = Store::connect(&format!("{address}?sslmode=verify-full")).await.expect_err("unknown");
    assert!(refused.is_unavailable(), "{refused:?}");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_server_that_refuses_is_named_with_what_it_says() {
    let (server, _certificate, address) = tokio::task::spawn_blocking(server).await.unwrap();
    let store = Store::connect(&address).await.unwrap();
    let server = tokio::task::spawn_blocking(move || {
        server.stop();
        server
    });
    let _server = server.await.unwrap();
    let refused = store.ping().await.expect_err("no server");
    assert!(refused.is_unavailable(), "{refused:?}");
    let cause = refused.source().expect("a cause");
    let text = cause.to_string();
    assert!(text.contains("secure at localhost:") && text.contains("refused"), "{text}");
    assert!(cause.source().is_none(), "the text says it all");
}
