//! A service that remembers nothing: just enough behaviour to see calls arrive and answers leave.
//!
//! Promise: what it does is plain from the input's ARN.

use std::collections::BTreeMap;

use api::ivs::{
    Channel, ChannelType, CreateChannelRequest, CreateChannelResponse, CreateStreamKeyRequest,
    CreateStreamKeyResponse, DeleteChannelRequest, DeleteStreamKeyRequest, GetChannelRequest,
    GetChannelResponse, GetStreamKeyRequest, GetStreamKeyResponse, Ivs, ListChannelsRequest,
    ListChannelsResponse, ListStreamKeysRequest, ListStreamKeysResponse, StreamKey, TranscodePreset,
};
use api::{Api, ApiError, Call, Config, Key, KeyRing, RegionRule, Sensitive};
use bytes::Bytes;
use domain::{AccountId, Arn, Region};
use http::{HeaderMap, Request, Response, StatusCode};
use http_body::Body;
use http_body_util::{BodyExt, Full};
use serde_json::Value;

use crate::signer::now;

pub(crate) struct Fake;

impl Ivs for Fake {
    async fn create_channel(
        &self,
        call: &Call,
        input: CreateChannelRequest,
    ) -> Result<CreateChannelResponse, ApiError> {
        let channel = Channel {
            name: input.name,
            r#type: input.r#type.or(Some(ChannelType::Standard)),
            preset: Some(TranscodePreset::Unset),
            playback_url: Some(call.request_id.clone()),
            ingest_endpoint: Some(call.principal.account.to_string()),
            tags: Some(input.tags.unwrap_or_default()),
            ..Channel::default()
        };
        Ok(CreateChannelResponse { channel: Some(channel), stream_key: None })
    }

    async fn get_channel(
        &self,
        _call: &Call,
        input: GetChannelRequest,
    ) -> Result<GetChannelResponse, ApiError> {
        let arn = Arn::parse(&input.arn).map_err(|error| ApiError::validation(error.to_string()))?;
        let text = || "why".to_owned();
        Err(match arn.id.as_str() {
            "missing" => ApiError::not_found(&arn),
            "busy" => ApiError::Conflict(text()),
            "full" => ApiError::ServiceQuotaExceeded(text()),
            "fast" => ApiError::Throttling(text()),
            "forbidden" => ApiError::AccessDenied(text()),
            "offline" => ApiError::ChannelNotBroadcasting(text()),
            _ => ApiError::internal("reading the channel", "the disk is on fire"),
        })
    }

    async fn list_channels(
        &self,
        _call: &Call,
        _input: ListChannelsRequest,
    ) -> Result<ListChannelsResponse, ApiError> {
        Ok(ListChannelsResponse { channels: Vec::new(), next_token: None })
    }

    async fn delete_channel(&self, _call: &Call, _input: DeleteChannelRequest) -> Result<(), ApiError> {
        Ok(())
    }

    async fn create_stream_key(
        &self,
        _call: &Call,
        _input: CreateStreamKeyRequest,
    ) -> Result<CreateStreamKeyResponse, ApiError> {
        let value = Some(Sensitive("sk_secret".to_owned()));
        let key = StreamKey { value, tags: Some(BTreeMap::new()), ..StreamKey::default() };
        Ok(CreateStreamKeyResponse { stream_key: Some(key) })
    }

    async fn get_stream_key(
        &self,
        _call: &Call,
        _input: GetStreamKeyRequest,
    ) -> Result<GetStreamKeyResponse, ApiError> {
        Ok(GetStreamKeyResponse::default())
    }

    async fn list_stream_keys(
        &self,
        _call: &Call,
        _input: ListStreamKeysRequest,
    ) -> Result<ListStreamKeysResponse, ApiError> {
        Ok(ListStreamKeysResponse::default())
    }

    async fn delete_stream_key(&self, _call: &Call, _input: DeleteStreamKeyRequest) -> Result<(), ApiError> {
        Ok(())
    }
}

/// One active key, one that is not, and one whose record can't be read.
pub(crate) struct Keys;

impl KeyRing for Keys {
    async fn find(&self, access_key_id: &str) -> Result<Option<Key>, ApiError> {
        let account = AccountId::parse("123456789012").expect("twelve digits");
        let key = |active| Key { secret: Sensitive("a-secret".to_owned()), account, active };
        match access_key_id {
            "AKIDACTIVE" => Ok(Some(key(true))),
            "AKIDSLEEPING" => Ok(Some(key(false))),
            "AKIDBROKEN" => Err(ApiError::internal("finding the key", "the disk is on fire")),
            _ => Ok(None),
        }
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

    /// The text of the error, which must be the same for modelled and generic readers.
    pub(crate) fn text(&self) -> String {
        let json = self.json();
        assert_eq!(json["message"], json["exceptionMessage"]);
        json["message"].as_str().expect("a text").to_owned()
    }
}

pub(crate) fn config() -> Config {
    Config::new(RegionRule::Only(Region::parse("us-east-1").expect("a region")))
}

/// What the frame with the usual configuration answers.
pub(crate) async fn ask<B>(request: Request<B>) -> Answer
where
    B: Body + Send,
    B::Data: Send,
    B::Error: Into<Box<dyn std::error::Error + Send + Sync>>,
{
    ask_of(config(), request).await
}

/// What the frame answers.
pub(crate) async fn ask_of<B>(config: Config, request: Request<B>) -> Answer
where
    B: Body + Send,
    B::Data: Send,
    B::Error: Into<Box<dyn std::error::Error + Send + Sync>>,
{
    read(Api::new(config, Fake, Keys).handle(request, now()).await).await
}

async fn read(response: Response<Full<Bytes>>) -> Answer {
    let (parts, body) = response.into_parts();
    let body = body.collect().await.expect("a body in memory can't fail").to_bytes();
    Answer { status: parts.status, headers: parts.headers, body }
}
