//! A running ingest over an empty store and hub, beside a packager, and encoders to send to it.
//!
//! Promise: what it started ends with it.

use std::future::Future;
use std::io::Read;
use std::net::{IpAddr, SocketAddr};
use std::process::{Child, Command, Stdio};
use std::sync::Arc;
use std::time::Duration;

use domain::{
    AccountId, Arn, Channel, ChannelType, ContainerFormat, LatencyMode, MultitrackInput, Region, ResourceId,
    ResourceKind, StreamKey, StreamKeyValue, StreamSession, Tags,
};
use ingest::{Config, Deps, Ingest};
use live::{Broadcast, Hub, Next, RingLimits, Subscriber};
use media::{Frame, Tracks};
use store::{Store, Tenant};
use tokio::task::JoinSet;
use tokio_util::sync::CancellationToken;

pub(crate) struct House {
    pub(crate) hub: Hub,
    pub(crate) rtmp: SocketAddr,
    rtmps: SocketAddr,
    pub(crate) store: Store,
    shutdown: CancellationToken,
    running: JoinSet<()>,
    end: CancellationToken,
    packaging: JoinSet<()>,
}

/// Fails a test that waits for what does not come.
pub(crate) async fn within<T>(future: impl Future<Output = T>) -> T {
    tokio::time::timeout(Duration::from_secs(60), future).await.expect("it happens within a minute")
}

impl House {
    pub(crate) async fn open() -> Self {
        Self::open_with(Config::default()).await
    }

    /// On free ports of this machine, whatever addresses the configuration has.
    pub(crate) async fn open_with(config: Config) -> Self {
        Self::open_on(Store::in_memory().await.expect("a store"), config).await
    }

    /// On a store that may hold something already.
    pub(crate) async fn open_on(store: Store, config: Config) -> Self {
        let here = Some(SocketAddr::from((IpAddr::from([127, 0, 0, 1]), 0)));
        let hub = Hub::new(RingLimits::default());
        let deps = Deps { store: store.clone(), hub: hub.clone(), tls: certificate() };
        let ingest =
            Ingest::bind(Config { rtmp: here, rtmps: here, ..config }, deps).await.expect("free ports");
        let (rtmp, rtmps) = (ingest.rtmp_addr().expect("RTMP"), ingest.rtmps_addr().expect("RTMPS"));
        let (shutdown, mut running) = (CancellationToken::new(), JoinSet::new());
        running.spawn(ingest.run(shutdown.clone()));
        let (end, mut packaging) = (CancellationToken::new(), JoinSet::new());
        let deps = packager::Deps { hub: hub.clone(), spool: None };
        let packager = packager::Packager::bind(packager::Config::default(), deps);
        packaging.spawn(packager.run(end.clone()));
        // It decides at once that what comes in is passed through.
        let config = transcode::Config { is_on: false, ..transcode::Config::default() };
        let transcode = transcode::Transcode::bind(config, transcode::Deps { hub: hub.clone() });
        packaging.spawn(transcode.run(end.clone()));
        Self { hub, rtmp, rtmps, store, shutdown, running, end, packaging }
    }

    /// Makes a channel named by one letter; gives its key.
    pub(crate) async fn channel(&self, letter: char, insecure: bool) -> String {
        let channel = channel(letter, insecure);
        let text = format!("sk_us-east-1_{}_{}", letter.to_string().repeat(12), "s".repeat(30));
        let value = StreamKeyValue::parse(&text).expect("a key");
        let key = StreamKey {
            arn: arn(letter, ResourceKind::StreamKey),
            channel: channel.arn.clone(),
            value,
            tags: Tags::new(),
        };
        self.store.create_channel(&channel, &key, 100).await.expect("a new channel");
        text
    }

    pub(crate) fn rtmp_url(&self, key: &str) -> String {
        format!("rtmp://{}/app/{key}", self.rtmp)
    }

    pub(crate) fn rtmps_url(&self, key: &str) -> String {
        format!("rtmps://{}/app/{key}", self.rtmps)
    }

    /// The newest session of channel `a`, if it has one.
    pub(crate) async fn session(&self) -> Option<StreamSession> {
        let channel = Arn::parse("arn:aws:ivs:us-east-1:123456789012:channel/aaaaaaaaaaaa").expect("an ARN");
        let newest = self.store.stream_session(&Tenant::of(&channel), &channel, None).await;
        newest.expect("a store")
    }

    /// Waits until somebody is on air.
    pub(crate) async fn broadcast(&self) -> Arc<Broadcast> {
        let mut changes = self.hub.changes();
        within(async {
            loop {
                if let Some(broadcast) = self.hub.on_air().pop() {
                    return broadcast;
                }
                changes.changed().await.expect("the hub outlives its streams");
            }
        })
        .await
    }

    /// Waits until nobody is on air.
    pub(crate) async fn silence(&self) {
        let mut changes = self.hub.changes();
        within(async {
            while !self.hub.on_air().is_empty() {
                changes.changed().await.expect("the hub outlives its streams");
            }
        })
        .await;
    }

    /// Shuts down and waits for it.
    pub(crate) async fn close(mut self) {
        self.shutdown.cancel();
        within(self.running.join_next()).await;
        self.end.cancel();
        within(self.packaging.join_all()).await;
    }
}

/// A name of the account that owns everything here.
pub(crate) fn arn(letter: char, kind: ResourceKind) -> Arn {
    Arn {
        region: Region::parse("us-east-1").expect("a region"),
        account: AccountId::parse("123456789012").expect("an account"),
        kind,
        id: ResourceId::parse(&letter.to_string().repeat(12)).expect("an id"),
    }
}

/// A channel named by one letter.
pub(crate) fn channel(letter: char, insecure: bool) -> Channel {
    Channel {
        arn: arn(letter, ResourceKind::Channel),
        name: String::new(),
        latency_mode: LatencyMode::Low,
        channel_type: ChannelType::Standard,
        preset: None,
        authorized: false,
        insecure_ingest: insecure,
        container_format: ContainerFormat::Ts,
        multitrack_input: MultitrackInput::default(),
        recording_configuration: None,
        playback_restriction_policy: None,
        srt_passphrase: String::new(),
        tags: Tags::new(),
    }
}

fn certificate() -> Arc<rustls::ServerConfig> {
    let made = rcgen::generate_simple_self_signed(vec!["localhost".to_owned()]).expect("a certificate");
    let key = rustls::pki_types::PrivateKeyDer::try_from(made.signing_key.serialize_der()).expect("a key");
    let provider = Arc::new(rustls::crypto::aws_lc_rs::default_provider());
    let config = rustls::ServerConfig::builder_with_provider(provider)
        .with_safe_default_protocol_versions()
        .expect("TLS 1.2 and 1.3")
        .with_no_client_auth()
        .with_single_cert(vec![made.cert.into()], key);
    Arc::new(config.expect("a key that fits its certificate"))
}

/// Reads to the end of the stream, or until `enough`.
pub(crate) async fn watch(
    subscriber: &mut Subscriber,
    enough: impl Fn(&[Frame]) -> bool,
) -> (Vec<Tracks>, Vec<Frame>) {
    let (mut tracks, mut frames) = (Vec::new(), Vec::new());
    within(async {
        while !enough(&frames) {
            match subscriber.next().await {
                Next::Tracks(told) => tracks.push(Tracks::clone(&told)),
                Next::Frame(frame) => frames.push(frame),
                Next::Metadata(_) => panic!("nobody sends metadata"),
                Next::Lagged => panic!("this reader never falls behind"),
                Next::End => break,
            }
        }
    })
    .await;
    (tracks, frames)
}

/// An ffmpeg that is killed when it is dropped.
pub(crate) struct Encoder(Child);

impl Encoder {
    /// A synthetic picture, and a tone where `arguments` map it; they end with the output.
    pub(crate) fn start(input: &[&str], arguments: &[&str]) -> Self {
        let picture = ["-f", "lavfi", "-i", "testsrc2=size=320x180:rate=25"];
        let tone = ["-f", "lavfi", "-i", "sine=frequency=440:sample_rate=48000"];
        let child = Command::new("ffmpeg")
            .args(["-hide_banner", "-loglevel", "error", "-nostdin"])
            .args(input)
            .args(picture)
            .args(input)
            .args(tone)
            .args(arguments)
            .stdin(Stdio::null())
            .stdout(Stdio::null())
            .stderr(Stdio::piped())
            .spawn();
        Self(child.expect("ffmpeg is installed"))
    }

    /// Sends in real time for as long as it is let.
    pub(crate) fn go_live(url: &str) -> Self {
        let output = [H264, AAC, &["-f", "flv", url]].concat();
        Self::start(&["-re"], &output)
    }

    pub(crate) fn signal(&self, name: &str) {
        let sent = Command::new("kill").args([name, &self.0.id().to_string()]).status();
        assert!(sent.expect("kill is installed").success());
    }

    /// Waits for its end: whether it was satisfied, and what it complained of.
    pub(crate) async fn finish(mut self) -> (bool, String) {
        within(tokio::task::spawn_blocking(move || {
            let mut complaints = String::new();
            let mut pipe = self.0.stderr.take().expect("a piped stderr");
            pipe.read_to_string(&mut complaints).expect("text");
            (self.0.wait().expect("a child").success(), complaints)
        }))
        .await
        .expect("the wait does not panic")
    }
}

impl Drop for Encoder {
    fn drop(&mut self) {
        if self.0.kill().is_ok() {
            self.0.wait().expect("a killed child");
        }
    }
}

/// One keyframe at the start, so that whoever subscribes later still gets everything.
pub(crate) const H264: &[&str] =
    &["-c:v", "libx264", "-preset", "veryfast", "-bf", "2", "-g", "9999", "-b:v", "300k"];
pub(crate) const AAC: &[&str] = &["-c:a", "aac", "-b:a", "96k"];
