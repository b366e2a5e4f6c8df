//! The served operations: how each is bound to HTTP, and the trait that gives them meaning.
//!
//! Promise: each operation is reached by its own route alone.
//!
//! Generated from the public model of `ivs` in botocore 1.44.5; do not edit.
//! To make it anew: `cargo run -p xtask -- generate`.

use std::future::Future;

use http::Method;
use serde_json::{Map, Value};

use super::shapes::*;
use crate::answer::{Reply, reply};
use crate::call::Call;
use crate::error::ApiError;
use crate::route::Route;
use crate::rule::parse;

/// An operation that is served.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Operation {
    /// `CreateChannel`.
    CreateChannel,
    /// `CreateStreamKey`.
    CreateStreamKey,
    /// `DeleteChannel`.
    DeleteChannel,
    /// `DeleteStreamKey`.
    DeleteStreamKey,
    /// `GetChannel`.
    GetChannel,
    /// `GetStreamKey`.
    GetStreamKey,
    /// `ListChannels`.
    ListChannels,
    /// `ListStreamKeys`.
    ListStreamKeys,
}

impl Operation {
    /// All of them, in the order of the list.
    pub const ALL: &[Self] = &[
        Self::CreateChannel,
        Self::CreateStreamKey,
        Self::DeleteChannel,
        Self::DeleteStreamKey,
        Self::GetChannel,
        Self::GetStreamKey,
        Self::ListChannels,
        Self::ListStreamKeys,
    ];

    /// How it is bound to HTTP.
    pub fn route(self) -> &'static Route {
        match self {
            Self::CreateChannel => &Route {
                name: "CreateChannel",
                method: Method::POST,
                path: "/CreateChannel",
                query: &[],
                status: 200,
            },
            Self::CreateStreamKey => &Route {
                name: "CreateStreamKey",
                method: Method::POST,
                path: "/CreateStreamKey",
                query: &[],
                status: 200,
            },
            Self::DeleteChannel => &Route {
                name: "DeleteChannel",
                method: Method::POST,
                path: "/DeleteChannel",
                query: &[],
                status: 204,
            },
            Self::DeleteStreamKey => &Route {
                name: "DeleteStreamKey",
                method: Method::POST,
                path: "/DeleteStreamKey",
                query: &[],
                status: 204,
            },
            Self::GetChannel => &Route {
                name: "GetChannel",
                method: Method::POST,
                path: "/GetChannel",
                query: &[],
                status: 200,
            },
            Self::GetStreamKey => &Route {
                name: "GetStreamKey",
                method: Method::POST,
                path: "/GetStreamKey",
                query: &[],
                status: 200,
            },
            Self::ListChannels => &Route {
                name: "ListChannels",
                method: Method::POST,
                path: "/ListChannels",
                query: &[],
                status: 200,
            },
            Self::ListStreamKeys => &Route {
                name: "ListStreamKeys",
                method: Method::POST,
                path: "/ListStreamKeys",
                query: &[],
                status: 200,
            },
        }
    }
}

/// What the operations mean; implemented by the service that owns the resources. Each function gets a
/// proven caller and an input within the model's bounds.
pub trait Ivs: Send + Sync + 'static {
    /// `POST /CreateChannel`, answers 200.
    fn create_channel(
        &self,
        call: &Call,
        input: CreateChannelRequest,
    ) -> impl Future<Output = Result<CreateChannelResponse, ApiError>> + Send;

    /// `POST /CreateStreamKey`, answers 200.
    fn create_stream_key(
        &self,
        call: &Call,
        input: CreateStreamKeyRequest,
    ) -> impl Future<Output = Result<CreateStreamKeyResponse, ApiError>> + Send;

    /// `POST /DeleteChannel`, answers 204.
    fn delete_channel(
        &self,
        call: &Call,
        input: DeleteChannelRequest,
    ) -> impl Future<Output = Result<(), ApiError>> + Send;

    /// `POST /DeleteStreamKey`, answers 204.
    fn delete_stream_key(
        &self,
        call: &Call,
        input: DeleteStreamKeyRequest,
    ) -> impl Future<Output = Result<(), ApiError>> + Send;

    /// `POST /GetChannel`, answers 200.
    fn get_channel(
        &self,
        call: &Call,
        input: GetChannelRequest,
    ) -> impl Future<Output = Result<GetChannelResponse, ApiError>> + Send;

    /// `POST /GetStreamKey`, answers 200.
    fn get_stream_key(
        &self,
        call: &Call,
        input: GetStreamKeyRequest,
    ) -> impl Future<Output = Result<GetStreamKeyResponse, ApiError>> + Send;

    /// `POST /ListChannels`, answers 200.
    fn list_channels(
        &self,
        call: &Call,
        input: ListChannelsRequest,
    ) -> impl Future<Output = Result<ListChannelsResponse, ApiError>> + Send;

    /// `POST /ListStreamKeys`, answers 200.
    fn list_stream_keys(
        &self,
        call: &Call,
        input: ListStreamKeysRequest,
    ) -> impl Future<Output = Result<ListStreamKeysResponse, ApiError>> + Send;
}

/// Reads the input, has the operation done, writes the output.
pub(crate) async fn perform<S: Ivs>(
    service: &S,
    operation: Operation,
    call: &Call,
    members: &Map<String, Value>,
) -> Result<Reply, ApiError> {
    match operation {
        Operation::CreateChannel => reply(&service.create_channel(call, parse(members)?).await?),
        Operation::CreateStreamKey => reply(&service.create_stream_key(call, parse(members)?).await?),
        Operation::DeleteChannel => {
            service.delete_channel(call, parse(members)?).await?;
            Ok(Reply::Empty)
        }
        Operation::DeleteStreamKey => {
            service.delete_stream_key(call, parse(members)?).await?;
            Ok(Reply::Empty)
        }
        Operation::GetChannel => reply(&service.get_channel(call, parse(members)?).await?),
        Operation::GetStreamKey => reply(&service.get_stream_key(call, parse(members)?).await?),
        Operation::ListChannels => reply(&service.list_channels(call, parse(members)?).await?),
        Operation::ListStreamKeys => reply(&service.list_stream_keys(call, parse(members)?).await?),
    }
}

/// The service's exceptions and the HTTP status of each.
#[cfg(test)]
pub(crate) const EXCEPTIONS: &[(&str, u16)] = &[
    ("AccessDeniedException", 403),
    ("ChannelNotBroadcasting", 404),
    ("ConflictException", 409),
    ("InternalServerException", 500),
    ("PendingVerification", 403),
    ("ResourceNotFoundException", 404),
    ("ServiceQuotaExceededException", 402),
    ("ServiceUnavailable", 503),
    ("StreamUnavailable", 503),
    ("ThrottlingException", 429),
    ("ValidationException", 400),
];
