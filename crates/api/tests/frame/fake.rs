//! A service that remembers nothing: just enough behaviour to see calls arrive and answers leave.
//!
//! Promise: what it does is plain from the input's ARN; whatever has no behaviour here answers with an empty
//! output.

use std::any::Any;
use std::collections::BTreeMap;
use std::net::{IpAddr, Ipv4Addr};
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex};

use api::ivs::{
    Channel, ChannelType, CreateChannelRequest, CreateChannelResponse, CreateStreamKeyResponse,
    GetChannelRequest, Ivs, StreamKey, TranscodePreset,
};
use api::ivschat::{GetRoomRequest, IvsChat};
use api::{Api, ApiError, Call, Config, Key, KeyRing, Peer, RegionRule, Route, Sensitive, Why};
use auth::policy::{ADMIN, Policy};
use bytes::Bytes;
use domain::{AccountId, Arn, Region, Tags};
use http::{HeaderMap, Request, Response, StatusCode};
use http_body::Body;
use http_body_util::{BodyExt, Full};
use serde_json::Value;

use crate::signer::now;

#[derive(Default)]
pub(crate) struct Fake {
    /// Set by every operation.
    reached: Arc<AtomicBool>,
}

/// Every operation of a trait, answered by one function.
macro_rules! alike {
    ($service:ident: $($function:ident $operation:ident $input:ty => $output:ty;)+) => {
        impl $service for Fake {
            $(async fn $function(&self, call: &Call, input: $input) -> Result<$output, ApiError> {
                self.reached.store(true, Ordering::Relaxed);
                let mut output = <$output>::default();
                answer(call, &input, &mut output).map(|()| output)
            })+
        }
    };
}

macro_rules! streaming {
    ($($lines:tt)+) => { alike! { Ivs: $($lines)+ } };
}

macro_rules! chat {
    ($($lines:tt)+) => { alike! { IvsChat: $($lines)+ } };
}

api::ivs_operations!(streaming);
api::ivschat_operations!(chat);

/// The routes of all operations, each with the name of its service.
pub(crate) fn served() -> impl Iterator<Item = (&'static str, &'static Route)> {
    let chat = api::ivschat::Operation::ALL.iter().map(|operation| ("ivschat", operation.route()));
    api::ivs::Operation::ALL.iter().map(|operation| ("ivs", operation.route())).chain(chat)
}

/// Fills in what the tests look at; an output that no test looks at stays empty.
fn answer(call: &Call, input: &dyn Any, output: &mut dyn Any) -> Result<(), ApiError> {
    if let Some(input) = input.downcast_ref::<GetChannelRequest>() {
        return Err(refusal(&input.arn));
    }
    if let Some(input) = input.downcast_ref::<GetRoomRequest>() {
        return Err(refusal(&input.identifier));
    }
    if let (Some(input), Some(output)) = (input.downcast_ref(), output.downcast_mut()) {
        *output = created(call, input);
    } else if let Some(output) = output.downcast_mut::<CreateStreamKeyResponse>() {
        let value = Some(Sensitive("sk_secret".to_owned()));
        output.stream_key = Some(StreamKey { value, tags: Some(BTreeMap::new()), ..StreamKey::default() });
    }
    Ok(())
}

fn created(call: &Call, input: &CreateChannelRequest) -> CreateChannelResponse {
    let channel = Channel {
        name: input.name.clone(),
        r#type: input.r#type.or(Some(ChannelType::Standard)),
        preset: Some(TranscodePreset::Unset),
        playback_url: Some(call.request_id.clone()),
        ingest_endpoint: Some(call.principal.account.to_string()),
        tags: Some(input.tags.clone().unwrap_or_default()),
        ..Channel::default()
    };
    CreateChannelResponse { channel: Some(channel), stream_key: None }
}

/// An error for each id.
fn refusal(arn: &str) -> ApiError {
    let text = || "why".to_owned();
    let why = || Why::new("why");
    let arn = match Arn::parse(arn) {
        Ok(arn) => arn,
        Err(error) => return ApiError::validation(error.to_string()),
    };
    match arn.id.as_str() {
        "missing" => ApiError::not_found(&arn),
        "busy" => ApiError::Conflict(why()),
        "full" => ApiError::ServiceQuotaExceeded(why()),
        "fast" => ApiError::Throttling(why()),
        "away" => ApiError::unavailable("reading the channel", "the disk is on fire"),
        "forbidden" => ApiError::AccessDenied(text()),
        "offline" => ApiError::ChannelNotBroadcasting(text()),
        _ => ApiError::internal("reading the channel", "the disk is on fire"),
    }
}

/// One active key, one that is not, and one whose record can't be read; all with the same policy.
pub(crate) struct Keys {
    /// Of all keys; a test may change it.
    pub(crate) secret: Arc<Mutex<&'static str>>,
    policy: Arc<Policy>,
    tags: BTreeMap<String, Tags>,
}

impl Keys {
    /// Keys whose holder may do what `policy` says.
    pub(crate) fn with(policy: &str) -> Self {
        let policy = Policy::parse(policy).expect("a policy");
        let secret = Arc::new(Mutex::new("a-secret"));
        Self { secret, policy: Arc::new(policy), tags: BTreeMap::new() }
    }

    /// And a resource with these tags.
    pub(crate) fn and(mut self, arn: &str, tags: &[(&str, &str)]) -> Self {
        let tags = tags.iter().map(|(key, value)| ((*key).to_owned(), (*value).to_owned()));
        self.tags.insert(arn.to_owned(), tags.collect());
        self
    }
}

impl KeyRing for Keys {
    async fn find(&self, access_key_id: &str) -> Result<Option<Key>, ApiError> {
        let secret = *self.secret.lock().expect("no holder panics");
        let key = |active| Key {
            secret: Sensitive(secret.to_owned()),
            account: AccountId::parse("123456789012").expect("twelve digits"),
            active,
            name: "somebody".to_owned(),
            policy: Arc::clone(&self.policy),
        };
        match access_key_id {
            "AKIDACTIVE" => Ok(Some(key(true))),
            "AKIDSLEEPING" => Ok(Some(key(false))),
            "AKIDBROKEN" => Err(ApiError::internal("finding the key", "the disk is on fire")),
            "AKIDAWAY" => Err(ApiError::unavailable("finding the key", "the disk is on fire")),
            _ => Ok(None),
        }
    }

    async fn resource_tags(&self, arn: &Arn) -> Result<Option<Tags>, ApiError> {
        if arn.id.as_str() == "away" {
            return Err(ApiError::unavailable("finding the tags", "the disk is on fire"));
        }
        Ok(self.tags.get(&arn.to_string()).cloned())
    }
}

/// An answer, read whole.
pub(crate) struct Answer {
    pub(crate) status: StatusCode,
    pub(crate) headers: HeaderMap,
    pub(crate) body: Bytes,
}

impl Answer {
    pub(crate) fn header(&self, name: &str) -> &str {
        self.headers.get(name).and_then(|value| value.to_str().ok()).unwrap_or_default()
    }

    pub(crate) fn json(&self) -> Value {
        serde_json::from_slice(&self.body).expect("the body is JSON")
    }

    /// Status and error code.
    pub(crate) fn outcome(&self) -> (u16, &str) {
        (self.status.as_u16(), self.header("x-amzn-errortype"))
    }

    /// The text of the error, which must be the same for modelled and generic readers; chat has one member
    /// for both.
    pub(crate) fn text(&self) -> String {
        let json = self.json();
        let modelled = json.get("exceptionMessage").unwrap_or(&json["message"]);
        assert_eq!(&json["message"], modelled);
        json["message"].as_str().expect("a text").to_owned()
    }
}

pub(crate) fn config() -> Config {
    Config::new(RegionRule::Only(Region::parse("us-east-1").expect("a region")))
}

/// Who asks unless a test says otherwise.
pub(crate) const PEER: Peer = Peer { ip: IpAddr::V4(Ipv4Addr::new(203, 0, 113, 7)), secure: false };

/// What the frame with the usual configuration answers to one who may do everything.
pub(crate) async fn ask<B>(request: Request<B>) -> Answer
where
    B: Body + Send,
    B::Data: Send,
    B::Error: Into<Box<dyn std::error::Error + Send + Sync>>,
{
    ask_of(config(), request).await
}

/// What the frame answers to one who may do everything.
pub(crate) async fn ask_of<B>(config: Config, request: Request<B>) -> Answer
where
    B: Body + Send,
    B::Data: Send,
    B::Error: Into<Box<dyn std::error::Error + Send + Sync>>,
{
    read(Api::new(config, Fake::default(), Keys::with(ADMIN)).handle(request, PEER, now()).await).await
}

/// What the frame answers to the holder of such a key, and whether the operation was reached.
pub(crate) async fn ask_with(keys: Keys, peer: Peer, request: Request<Full<Bytes>>) -> (Answer, bool) {
    let reached = Arc::new(AtomicBool::new(false));
    let fake = Fake { reached: Arc::clone(&reached) };
    let answer = read(Api::new(config(), fake, keys).handle(request, peer, now()).await).await;
    (answer, reached.load(Ordering::Relaxed))
}

pub(crate) async fn read(response: Response<Full<Bytes>>) -> Answer {
    let (parts, body) = response.into_parts();
    let body = body.collect().await.expect("a body in memory can't fail").to_bytes();
    Answer { status: parts.status, headers: parts.headers, body }
}
