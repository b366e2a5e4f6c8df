//! A stage for watching recordings: a bucket on disk, a row, a channel that may be private, and viewers who ask.
//!
//! Promise: nothing is recorded here; what lies in the bucket is what the test put there.

use std::net::{IpAddr, Ipv4Addr};
use std::time::{Duration, SystemTime, UNIX_EPOCH};

use auth::playback_token::{PlaybackSigner, sign};
use aws_lc_rs::encoding::AsDer as _;
use aws_lc_rs::signature::{ECDSA_P384_SHA384_FIXED_SIGNING, EcdsaKeyPair, KeyPair as _};
use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use blob::Blobs;
use bytes::Bytes;
use delivery::{Body, Config, Delivery, Deps};
use domain::{
    Arn, Channel, ChannelType, ContainerFormat, LatencyMode, MultitrackInput, PlaybackKeyPair,
    PlaybackRestrictionPolicy, Recording, RecordingConfiguration, RecordingStage, RecordingState,
    RenditionSelection, ResourceId, ResourceKind, StreamId, StreamKey, StreamKeyValue, Tags, Thumbnails,
};
use http::{HeaderMap, Method, Request, Response, StatusCode};
use http_body_util::BodyExt as _;
use live::{Hub, RingLimits};
use serde_json::{Value, json};
use store::{Store, StoreError, Tenant};

pub(crate) const BUCKET: &str = "films";
pub(crate) const PREFIX: &str = "ivs/v1/123456789012/abcdABCD0123/2024/1/2/3/4/aaaabbbbcccc";
pub(crate) const MASTER: &str = "media/hls/master.m3u8";
pub(crate) const PLAYLIST: &str = "media/hls/480p30/playlist.m3u8";
pub(crate) const CHUNK: &str = "media/hls/480p30/0.ts";
pub(crate) const LARGE: &str = "media/hls/1080p60/0.ts";
/// What lies at [`MASTER`].
pub(crate) const MASTER_TEXT: &str = "#EXTM3U\n\
    #EXT-X-MEDIA:TYPE=VIDEO,GROUP-ID=\"1080p60\",NAME=\"1080p60\",AUTOSELECT=YES,DEFAULT=YES\n\
    #EXT-X-STREAM-INF:BANDWIDTH=6000000,RESOLUTION=1920x1080,VIDEO=\"1080p60\"\n\
    1080p60/playlist.m3u8\n\
    #EXT-X-MEDIA:TYPE=VIDEO,GROUP-ID=\"480p30\",NAME=\"480p30\",AUTOSELECT=YES,DEFAULT=YES\n\
    #EXT-X-STREAM-INF:BANDWIDTH=1000000,RESOLUTION=852x480,VIDEO=\"480p30\"\n\
    480p30/playlist.m3u8\n";

pub(crate) struct Stage {
    pub(crate) store: Store,
    pub(crate) blobs: Blobs,
    pub(crate) delivery: Delivery,
    pub(crate) folder: tempfile::TempDir,
    signer: PlaybackSigner,
}

#[derive(Debug)]
pub(crate) struct Reply {
    pub(crate) status: StatusCode,
    pub(crate) headers: HeaderMap,
    pub(crate) body: Bytes,
}

impl Reply {
    pub(crate) fn header(&self, name: &str) -> &str {
        self.headers.get(name).map_or("", |value| value.to_str().expect("text"))
    }

    pub(crate) fn text(&self) -> &str {
        std::str::from_utf8(&self.body).expect("text")
    }

    /// Of a refusal.
    pub(crate) fn code(&self) -> String {
        let told: Value = serde_json::from_slice(&self.body).unwrap_or_default();
        told[0]["error_code"].as_str().unwrap_or_default().to_owned()
    }
}

/// The path of an object of the recording.
pub(crate) fn path(below: &str) -> String {
    format!("/recordings/{BUCKET}/{PREFIX}/{below}")
}

pub(crate) fn channel() -> Arn {
    Arn::parse("arn:aws:ivs:us-east-1:123456789012:channel/abcdABCD0123").expect("an ARN")
}

fn other(kind: ResourceKind) -> Arn {
    Arn { kind, ..channel() }
}

/// A chunk of more than one block.
pub(crate) fn chunk() -> Bytes {
    (0..400_000_u32).map(|at| (at % 251) as u8).collect()
}

impl Stage {
    /// A recording that is over, of a channel that is private or not.
    pub(crate) async fn new(is_private: bool) -> Self {
        let folder = tempfile::tempdir().expect("a folder");
        let (store, blobs) =
            (Store::in_memory().await.expect("memory"), Blobs::disk(folder.path().to_owned()));
        let hub = Hub::new(RingLimits::default());
        let deps = Deps { hub, store: store.clone(), key: [7; 32], node: String::new() };
        let delivery = Delivery::bind(Config::default(), deps).with_buckets(blobs.clone());
        let pair = EcdsaKeyPair::generate(&ECDSA_P384_SHA384_FIXED_SIGNING).expect("a key");
        let pem = STANDARD.encode(pair.to_pkcs8v1().expect("a form").as_ref());
        let signer = PlaybackSigner::from_pem(&format!(
            "-----BEGIN PRIVATE KEY-----\n{pem}\n-----END PRIVATE KEY-----"
        ));
        let stage = Self { store, blobs, delivery, folder, signer: signer.expect("a signer") };
        stage.make_channel(is_private).await;
        stage.import(&pair).await;
        stage.fill().await;
        stage.write(is_private, RecordingStage::Ended).await;
        stage
    }

    async fn make_channel(&self, authorized: bool) {
        let made = Channel {
            arn: channel(),
            name: String::new(),
            latency_mode: LatencyMode::Low,
            channel_type: ChannelType::Standard,
            preset: None,
            authorized,
            insecure_ingest: false,
            container_format: ContainerFormat::Ts,
            multitrack_input: MultitrackInput::default(),
            recording_configuration: None,
            playback_restriction_policy: None,
            srt_passphrase: "passphrase".to_owned(),
            tags: Tags::new(),
        };
        let key = StreamKey {
            arn: other(ResourceKind::StreamKey),
            channel: channel(),
            value: StreamKeyValue::parse("sk_us-east-1_abc_def").expect("a value"),
            tags: Tags::new(),
        };
        self.store.create_channel(&made, &key, 9).await.expect("room for it");
    }

    async fn import(&self, pair: &EcdsaKeyPair) {
        let der = pair.public_key().as_der().expect("a form");
        let pair = PlaybackKeyPair {
            arn: other(ResourceKind::PlaybackKeyPair),
            name: String::new(),
            public_key: der.as_ref().iter().map(|byte| format!("{byte:02x}")).collect(),
            fingerprint: String::new(),
            tags: Tags::new(),
        };
        self.store.import_playback_key_pair(&pair, 9).await.expect("room for it");
    }

    async fn fill(&self) {
        let media = "#EXTM3U\n#EXTINF:10.000,\n0.ts\n".repeat(100);
        for (below, bytes) in [
            (MASTER, Bytes::from_static(MASTER_TEXT.as_bytes())),
            (PLAYLIST, media.into()),
            (CHUNK, chunk()),
            (LARGE, chunk()),
            ("events/recording-ended.json", Bytes::from_static(b"{}")),
            ("media/latest_thumbnail/thumb.jpg", Bytes::from_static(b"jpeg")),
        ] {
            self.put(below, bytes).await;
        }
    }

    pub(crate) async fn put(&self, below: &str, bytes: Bytes) {
        self.blobs.put(BUCKET, &format!("{PREFIX}/{below}"), bytes).await.expect("written");
    }

    /// Writes the recording's row.
    pub(crate) async fn write(&self, is_private: bool, stage: RecordingStage) {
        let id = ResourceId::parse("aaaabbbbcccc").expect("an id");
        let recording = Recording {
            session: id.clone(),
            id,
            channel: channel(),
            channel_name: String::new(),
            is_private,
            configuration: RecordingConfiguration {
                arn: other(ResourceKind::RecordingConfiguration),
                name: String::new(),
                bucket: BUCKET.to_owned(),
                state: RecordingState::Active,
                state_reason: String::new(),
                thumbnails: Thumbnails::default(),
                rendition_selection: RenditionSelection::All,
                renditions: Vec::new(),
                reconnect_window_seconds: 0,
                tags: Tags::new(),
            },
            prefix: PREFIX.to_owned(),
            node: "here".to_owned(),
            streams: vec![StreamId::mint(&mut |bytes| bytes.fill(1))],
            started_at: 0,
            ended_at: (stage != RecordingStage::Started).then_some(1),
            stage,
            duration_ms: 0,
            bytes: 0,
            reason: String::new(),
        };
        self.store.put_recording(&recording, &recording.streams[0], &[]).await.expect("a row");
    }

    pub(crate) async fn change_channel(&self, change: impl FnOnce(&mut Channel)) {
        let arn = channel();
        let tenant = Tenant::of(&arn);
        let changed = self.store.update_channel(&tenant, &arn, |channel| {
            change(channel);
            Ok::<_, StoreError>(())
        });
        changed.await.expect("changed");
    }

    /// Puts the channel under a policy that strictly wants this origin.
    pub(crate) async fn restrict(&self, origin: &str, strict: bool) {
        let policy = PlaybackRestrictionPolicy {
            arn: other(ResourceKind::PlaybackRestrictionPolicy),
            name: String::new(),
            allowed_countries: Vec::new(),
            allowed_origins: vec![origin.to_owned()],
            strict_origin: strict,
            tags: Tags::new(),
        };
        self.store.create_playback_restriction_policy(&policy, 9).await.expect("room for it");
        self.change_channel(|channel| channel.playback_restriction_policy = Some(policy.arn)).await;
    }

    /// A token of the channel, with more claims.
    pub(crate) fn token(&self, more: &[(&str, Value)]) -> String {
        let now = SystemTime::now().duration_since(UNIX_EPOCH).expect("after 1970");
        let mut claims = json!({ "aws:channel-arn": channel().to_string(), "exp": now.as_secs() + 300 });
        for (name, value) in more {
            claims[*name] = value.clone();
        }
        sign(&claims, &self.signer).expect("a token")
    }

    pub(crate) async fn respond(
        &self,
        method: Method,
        path: &str,
        headers: &[(&str, &str)],
    ) -> Response<Body> {
        let mut request = Request::builder().method(method).uri(path);
        for (name, value) in headers {
            request = request.header(*name, *value);
        }
        let request = request.body(()).expect("a request");
        self.delivery.handle(request, IpAddr::V4(Ipv4Addr::LOCALHOST)).await
    }

    pub(crate) async fn ask(&self, method: Method, path: &str, headers: &[(&str, &str)]) -> Reply {
        let (parts, body) = self.respond(method, path, headers).await.into_parts();
        let body = body.collect().await.expect("a whole body").to_bytes();
        Reply { status: parts.status, headers: parts.headers, body }
    }

    pub(crate) async fn get(&self, path: &str, headers: &[(&str, &str)]) -> Reply {
        self.ask(Method::GET, path, headers).await
    }

    /// Where a token leads to.
    pub(crate) async fn enter(&self, token: &str, headers: &[(&str, &str)]) -> String {
        let reply = self.get(&format!("{}?token={token}", path(MASTER)), headers).await;
        assert_eq!(reply.status, StatusCode::FOUND, "{}", reply.text());
        reply.header("location").to_owned()
    }

    /// Asks until the answer has this status: what is known of a row may be a second old.
    pub(crate) async fn until(&self, status: StatusCode, path: &str, headers: &[(&str, &str)]) {
        let asks = async {
            // A body that nobody takes may break off meanwhile.
            while self.respond(Method::GET, path, headers).await.status() != status {
                tokio::time::sleep(Duration::from_millis(20)).await;
            }
        };
        tokio::time::timeout(Duration::from_secs(60), asks).await.expect("that answer");
    }
}
