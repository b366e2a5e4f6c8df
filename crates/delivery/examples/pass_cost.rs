//! What a private channel costs beside a public one for each segment, and how many tokens are refused in a second
//! by what is wrong with them.
//!
//! A token of another key waits until keys are read anew, which is mostly time and no work: that line says how long
//! one client waits, not how many are refused in a second.
//!
//! Promise: both channels hold the same film and are asked in turns, so that a busy machine slows both; all of it
//! runs on one thread, and what is printed is the best of many rounds.
//!
//! `cargo run --release -p delivery --example pass_cost`

use std::hint::black_box;
use std::net::{IpAddr, Ipv4Addr};
use std::time::{Duration, Instant, SystemTime, UNIX_EPOCH};

use auth::playback_token::{PlaybackSigner, sign};
use aws_lc_rs::encoding::AsDer as _;
use aws_lc_rs::signature::{ECDSA_P384_SHA384_FIXED_SIGNING, EcdsaKeyPair, KeyPair as _};
use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use delivery::{Config, Delivery, Deps};
use domain::{Arn, PlaybackKeyPair, StreamId, Tags};
use http::{Request, StatusCode, Uri};
use http_body_util::{BodyExt as _, Collected};
use live::{Audience, Hub, Publisher, RingLimits};
use packager::{Segmenter, Window};
use serde_json::{Value, json};
use store::Store;
use testkit::Film;

const ADDRESS: IpAddr = IpAddr::V4(Ipv4Addr::LOCALHOST);
const ACCOUNT: &str = "arn:aws:ivs:us-east-1:123456789012";
const ROUNDS: usize = 20;
const REQUESTS: u32 = 10_000;

#[tokio::main(flavor = "current_thread")]
async fn main() {
    let (hub, store) = (Hub::new(RingLimits::default()), Store::in_memory().await.expect("memory"));
    let signer = import(&store).await;
    let public = air(&hub, "abcdABCD0123", 1, Audience::Everyone);
    let private = air(&hub, "abcdABCD0124", 2, Audience::TokenHolders);
    let delivery = Delivery::bind(Config::default(), Deps { hub, store, key: [7; 32], node: String::new() });
    let channel = private.broadcast().channel().clone();
    let token = |claims: Value| sign(&claims, &signer).expect("a token");
    let now = SystemTime::now().duration_since(UNIX_EPOCH).unwrap_or_default().as_secs();
    let good = json!({ "aws:channel-arn": channel.to_string(), "exp": now + 300, "aws:viewer-id": "ada" });

    let way_in = |token: &str| -> Uri {
        format!("{}?token={token}", delivery::multivariant_path(&channel)).parse().expect("a URI")
    };
    let playlist = ask(&delivery, &way_in(&token(good.clone()))).await;
    let line = std::str::from_utf8(&playlist.1).expect("text").lines().last().unwrap_or_default().to_owned();
    let pass = line.rsplit('/').nth(2).unwrap_or_default().to_owned();
    println!("a private pass has {} characters", pass.len());
    let segment = |publisher: &Publisher, pass: &str| -> Uri {
        let broadcast = publisher.broadcast();
        let base = delivery::multivariant_path(broadcast.channel());
        let base = base.strip_suffix(".m3u8").unwrap_or_default();
        format!("{base}/{}/{pass}source/s5.m4s", broadcast.stream()).parse().expect("a URI")
    };
    let shared = segment(&public, "");
    let own = segment(&private, &format!("{pass}/"));
    let (mut free, mut checked) = (Duration::MAX, Duration::MAX);
    for _ in 0..ROUNDS {
        free = free.min(round(&delivery, &shared, StatusCode::OK, REQUESTS).await);
        checked = checked.min(round(&delivery, &own, StatusCode::OK, REQUESTS).await);
    }
    let ratio = checked.as_secs_f64() / free.as_secs_f64();
    println!(
        "a segment: public {} ns, private {} ns, ratio {ratio:.3} (without HTTP and the socket)",
        free.as_nanos(),
        checked.as_nanos()
    );

    let other = PlaybackSigner::from_pem(&pair().0).expect("a key");
    let mut expired = good.clone();
    expired["exp"] = json!(now - 1);
    for (what, token, few) in [
        ("no token", String::new(), 1),
        ("garbage", "x".repeat(300), 1),
        ("an expired one", token(expired), 1),
        (
            "one of another key (one after the other, each waits 20 ms for newer keys)",
            sign(&good, &other).expect("a token"),
            100,
        ),
        ("a good one, brought again", token(good), 1),
    ] {
        let uri = way_in(&token);
        let wanted = if what.starts_with("a good") { StatusCode::OK } else { StatusCode::FORBIDDEN };
        let mut each = Duration::MAX;
        for _ in 0..if few > 1 { 2 } else { ROUNDS } {
            each = each.min(round(&delivery, &uri, wanted, REQUESTS / few).await);
        }
        println!("{what}: {} ns, {:.0} a second", each.as_nanos(), 1.0 / each.as_secs_f64());
    }
}

/// A private key in PEM, its public half in hexadecimal digits.
fn pair() -> (String, String) {
    let pair = EcdsaKeyPair::generate(&ECDSA_P384_SHA384_FIXED_SIGNING).expect("a key pair");
    let private = STANDARD.encode(pair.to_pkcs8v1().expect("its form").as_ref());
    let public = pair.public_key().as_der().expect("its form");
    (
        format!("-----BEGIN PRIVATE KEY-----\n{private}\n-----END PRIVATE KEY-----"),
        hex::encode(public.as_ref()),
    )
}

/// Two keys, as an account has while it changes them; the one that signs.
async fn import(store: &Store) -> PlaybackSigner {
    let mut signer = None;
    for number in 1..=2 {
        let (private, public_key) = pair();
        let arn = Arn::parse(&format!("{ACCOUNT}:playback-key/abcdABCD000{number}")).expect("an ARN");
        let pair = PlaybackKeyPair {
            arn,
            name: String::new(),
            public_key,
            fingerprint: number.to_string(),
            tags: Tags::new(),
        };
        store.import_playback_key_pair(&pair, 2).await.expect("room for it");
        signer = Some(PlaybackSigner::from_pem(&private).expect("a good key"));
    }
    signer.expect("there are two")
}

/// A channel on air whose film has ended and whose stream has not.
fn air(hub: &Hub, id: &str, number: u8, audience: Audience) -> Publisher {
    let channel = Arn::parse(&format!("{ACCOUNT}:channel/{id}")).expect("an ARN");
    let stream = StreamId::mint(&mut |bytes| bytes.fill(number));
    let publisher = hub.publish(&channel, stream, audience, UNIX_EPOCH).expect("a free channel");
    let film = Film::default();
    let mut segmenter = Segmenter::new(packager::Config::default().part);
    segmenter.tracks(std::sync::Arc::new(film.tracks()));
    let shelf = publisher.broadcast().shelf().writer().expect("the first writer");
    let mut window: Option<Window> = None;
    for frame in film.frames(Duration::from_secs(20)) {
        let now = UNIX_EPOCH + frame.dts.to_duration();
        segmenter.frame(frame, now);
        while let Some(cut) = segmenter.next_cut() {
            let terms = *segmenter.terms().expect("cuts come after terms");
            let window = window.get_or_insert_with(|| Window::new(terms, &packager::Config::default()));
            window.apply(cut);
            if let Some(snapshot) = window.snapshot(UNIX_EPOCH) {
                shelf.put(snapshot);
            }
        }
    }
    // Without its end nobody is told that the film is over.
    std::mem::forget(shelf);
    publisher
}

async fn round(delivery: &Delivery, uri: &Uri, wanted: StatusCode, requests: u32) -> Duration {
    let begun = Instant::now();
    for _ in 0..requests {
        let (status, bytes) = ask(delivery, uri).await;
        assert_eq!(status, wanted);
        black_box(bytes);
    }
    begun.elapsed() / requests
}

async fn ask(delivery: &Delivery, uri: &Uri) -> (StatusCode, bytes::Bytes) {
    let request = Request::builder().uri(uri.clone()).header("user-agent", "player").body(());
    let reply = delivery.handle(request.expect("a request"), ADDRESS).await;
    let status = reply.status();
    (status, reply.into_body().collect().await.map(Collected::to_bytes).unwrap_or_default())
}
