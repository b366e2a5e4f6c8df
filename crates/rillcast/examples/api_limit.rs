//! The limit that the API benchmark holds Rillcast against: the same frame (`api::Api`: limits, signature,
//! bounds, JSON) on the same HTTP listener, answered from memory instead of from a store.
//!
//! `api_limit <ready file>` binds a free port of 127.0.0.1, writes `{"http": "<address>"}` to the file and
//! serves until it is killed; `benches/api.py` starts it.
//!
//! Promise: does nothing per call that the server does not do too, and leaves out only what comes after the
//! frame: rules, rows, commits.

use std::collections::BTreeMap;
use std::convert::Infallible;
use std::sync::Arc;
use std::time::{Duration, SystemTime};

use api::ivs::{
    Channel, ChannelLatencyMode, ChannelSummary, ChannelType, ContainerFormat, CreateChannelResponse,
    GetChannelResponse, Ivs, ListChannelsResponse, MultitrackInputConfiguration, Srt, StreamKey,
};
use api::ivschat::IvsChat;
use api::{Api, ApiError, Call, Config, Key, KeyRing, Peer, RegionRule};
use auth::policy::{self, Policy};
use bytes::Bytes;
use domain::{AccountId, Arn, Region, Tags};
use http_body_util::BodyExt;
use http_body_util::combinators::UnsyncBoxBody;
use hyper::body::Incoming;
use hyper::service::service_fn;
use hyper::{Request, Response};
use hyper_util::rt::{TokioExecutor, TokioIo, TokioTimer};
use hyper_util::server::conn::auto;
use tokio::net::TcpListener;
use tokio::task::JoinSet;

/// The one key; `benches/api.py` signs with it.
const KEY_ID: &str = "RILLLIMITLIMITLIMITL";
const SECRET: &str = "limitlimitlimitlimitlimitlimitlimitlimit";
const ACCOUNT: &str = "123456789012";
const REGION: &str = "us-east-1";
/// As the listener of the server has it.
const HEADER_DEADLINE: Duration = Duration::from_secs(30);
const HEAD_LIMIT: usize = 64 * 1024;

type Answer = Response<UnsyncBoxBody<Bytes, Infallible>>;

#[tokio::main]
async fn main() -> Result<(), Box<dyn std::error::Error>> {
    tracing_subscriber::fmt().with_max_level(tracing::Level::WARN).with_writer(std::io::stderr).init();
    let ready = std::env::args().nth(1).ok_or("usage: api_limit <ready file>")?;
    let region = Region::parse(REGION).ok_or("a region")?;
    let keys = OneKey {
        account: AccountId::parse(ACCOUNT).ok_or("an account")?,
        policy: Arc::new(Policy::parse(policy::ADMIN)?),
    };
    let api = Arc::new(Api::new(Config::new(RegionRule::Only(region)), Memory::filled(), keys));
    let listener = TcpListener::bind("127.0.0.1:0").await?;
    tokio::fs::write(&ready, format!("{{\"http\": \"{}\"}}", listener.local_addr()?)).await?;
    serve(listener, api).await
}

async fn serve(
    listener: TcpListener,
    api: Arc<Api<Memory, OneKey>>,
) -> Result<(), Box<dyn std::error::Error>> {
    let mut server = auto::Builder::new(TokioExecutor::new());
    server.http1().timer(TokioTimer::new()).header_read_timeout(HEADER_DEADLINE).max_buf_size(HEAD_LIMIT);
    let mut connections = JoinSet::new();
    loop {
        let (stream, address) = tokio::select! {
            Some(_) = connections.join_next() => continue,
            accepted = listener.accept() => accepted?,
        };
        stream.set_nodelay(true)?;
        let api = Arc::clone(&api);
        let answer = service_fn(move |request: Request<Incoming>| {
            let api = Arc::clone(&api);
            async move {
                let peer = Peer { ip: address.ip(), secure: false };
                let reply = api.handle(request, peer, SystemTime::now()).await;
                Ok::<Answer, Infallible>(reply.map(BodyExt::boxed_unsync))
            }
        });
        let connection = server.serve_connection(TokioIo::new(stream), answer).into_owned();
        connections.spawn(async move { connection.await.is_ok() });
    }
}

/// A ring of one key in memory, which may do everything.
struct OneKey {
    account: AccountId,
    policy: Arc<Policy>,
}

impl KeyRing for OneKey {
    async fn find(&self, access_key_id: &str) -> Result<Option<Key>, ApiError> {
        let key = || Key {
            secret: SECRET.to_owned().into(),
            account: self.account.clone(),
            active: true,
            name: "bench".to_owned(),
            policy: Arc::clone(&self.policy),
        };
        Ok((access_key_id == KEY_ID).then(key))
    }

    async fn resource_tags(&self, _: &Arn) -> Result<Option<Tags>, ApiError> {
        Ok(None)
    }
}

/// One channel and one page of channels, of the size that the server's have.
struct Memory {
    channel: Channel,
    key: StreamKey,
    page: Vec<ChannelSummary>,
}

impl Memory {
    fn filled() -> Self {
        let key_arn = format!("arn:aws:ivs:{REGION}:{ACCOUNT}:stream-key/abcdefghijkl");
        let key = StreamKey {
            arn: Some(key_arn),
            channel_arn: Some(arn(0)),
            tags: Some(BTreeMap::new()),
            value: Some(format!("sk_{REGION}_abcdefghijkl_{}", "k".repeat(30)).into()),
        };
        Self { channel: channel(0), key, page: (1..=100).map(summary).collect() }
    }
}

fn arn(number: u32) -> String {
    format!("arn:aws:ivs:{REGION}:{ACCOUNT}:channel/limit{number:07}")
}

fn channel(number: u32) -> Channel {
    Channel {
        ad_configuration_arn: Some(String::new()),
        arn: Some(arn(number)),
        authorized: Some(false),
        container_format: Some(ContainerFormat::Ts),
        failover_slate_configuration_arn: Some(String::new()),
        ingest_endpoint: Some("127.0.0.1".to_owned()),
        insecure_ingest: Some(false),
        latency_mode: Some(ChannelLatencyMode::Low),
        multitrack_input_configuration: Some(MultitrackInputConfiguration {
            enabled: Some(false),
            ..MultitrackInputConfiguration::default()
        }),
        name: Some(format!("bench-{number:07}")),
        playback_restriction_policy_arn: Some(String::new()),
        playback_url: Some(format!(
            "http://127.0.0.1:8080/api/video/v1/{REGION}.{ACCOUNT}.channel.limit{number:07}.m3u8"
        )),
        recording_configuration_arn: Some(String::new()),
        srt: Some(Srt { endpoint: Some("127.0.0.1".to_owned()), passphrase: Some("p".repeat(69).into()) }),
        tags: Some(BTreeMap::from([("stage".to_owned(), "bench".to_owned())])),
        r#type: Some(ChannelType::Standard),
        ..Channel::default()
    }
}

fn summary(number: u32) -> ChannelSummary {
    ChannelSummary {
        ad_configuration_arn: Some(String::new()),
        arn: Some(arn(number)),
        authorized: Some(false),
        failover_slate_configuration_arn: Some(String::new()),
        insecure_ingest: Some(false),
        latency_mode: Some(ChannelLatencyMode::Low),
        name: Some(format!("bench-{number:07}")),
        playback_restriction_policy_arn: Some(String::new()),
        recording_configuration_arn: Some(String::new()),
        tags: Some(BTreeMap::from([("stage".to_owned(), "bench".to_owned())])),
        r#type: Some(ChannelType::Standard),
        ..ChannelSummary::default()
    }
}

/// What each operation answers: those that are measured from memory, the rest refuse.
macro_rules! answer {
    (create_channel, $memory:ident) => {
        Ok(CreateChannelResponse {
            channel: Some($memory.channel.clone()),
            stream_key: Some($memory.key.clone()),
        })
    };
    (get_channel, $memory:ident) => {
        Ok(GetChannelResponse { channel: Some($memory.channel.clone()) })
    };
    (list_channels, $memory:ident) => {
        Ok(ListChannelsResponse { channels: $memory.page.clone(), next_token: Some("5".repeat(80)) })
    };
    ($other:ident, $memory:ident) => {
        Err(ApiError::validation(concat!("not measured: ", stringify!($other))))
    };
}

macro_rules! implement {
    ($($function:ident $operation:ident $input:ty => $output:ty;)+) => {
        impl Ivs for Memory {
            $(async fn $function(&self, _: &Call, _: $input) -> Result<$output, ApiError> {
                answer!($function, self)
            })+
        }
    };
}

macro_rules! leave_out {
    ($($function:ident $operation:ident $input:ty => $output:ty;)+) => {
        impl IvsChat for Memory {
            $(async fn $function(&self, _: &Call, _: $input) -> Result<$output, ApiError> {
                Err(ApiError::validation(concat!("not measured: ", stringify!($function))))
            })+
        }
    };
}

api::ivs_operations!(implement);
api::ivschat_operations!(leave_out);
