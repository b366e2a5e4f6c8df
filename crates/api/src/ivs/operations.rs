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
    /// `BatchGetChannel`.
    BatchGetChannel,
    /// `BatchGetStreamKey`.
    BatchGetStreamKey,
    /// `BatchStartViewerSessionRevocation`.
    BatchStartViewerSessionRevocation,
    /// `CreateChannel`.
    CreateChannel,
    /// `CreatePlaybackRestrictionPolicy`.
    CreatePlaybackRestrictionPolicy,
    /// `CreateRecordingConfiguration`.
    CreateRecordingConfiguration,
    /// `CreateStreamKey`.
    CreateStreamKey,
    /// `DeleteChannel`.
    DeleteChannel,
    /// `DeletePlaybackKeyPair`.
    DeletePlaybackKeyPair,
    /// `DeletePlaybackRestrictionPolicy`.
    DeletePlaybackRestrictionPolicy,
    /// `DeleteRecordingConfiguration`.
    DeleteRecordingConfiguration,
    /// `DeleteStreamKey`.
    DeleteStreamKey,
    /// `GetChannel`.
    GetChannel,
    /// `GetPlaybackKeyPair`.
    GetPlaybackKeyPair,
    /// `GetPlaybackRestrictionPolicy`.
    GetPlaybackRestrictionPolicy,
    /// `GetRecordingConfiguration`.
    GetRecordingConfiguration,
    /// `GetStream`.
    GetStream,
    /// `GetStreamKey`.
    GetStreamKey,
    /// `GetStreamSession`.
    GetStreamSession,
    /// `ImportPlaybackKeyPair`.
    ImportPlaybackKeyPair,
    /// `ListChannels`.
    ListChannels,
    /// `ListPlaybackKeyPairs`.
    ListPlaybackKeyPairs,
    /// `ListPlaybackRestrictionPolicies`.
    ListPlaybackRestrictionPolicies,
    /// `ListRecordingConfigurations`.
    ListRecordingConfigurations,
    /// `ListStreamKeys`.
    ListStreamKeys,
    /// `ListStreamSessions`.
    ListStreamSessions,
    /// `ListStreams`.
    ListStreams,
    /// `ListTagsForResource`.
    ListTagsForResource,
    /// `PutMetadata`.
    PutMetadata,
    /// `StartViewerSessionRevocation`.
    StartViewerSessionRevocation,
    /// `StopStream`.
    StopStream,
    /// `TagResource`.
    TagResource,
    /// `UntagResource`.
    UntagResource,
    /// `UpdateChannel`.
    UpdateChannel,
    /// `UpdatePlaybackRestrictionPolicy`.
    UpdatePlaybackRestrictionPolicy,
}

impl Operation {
    /// All of them, in the order of the list.
    pub const ALL: &[Self] = &[
        Self::BatchGetChannel,
        Self::BatchGetStreamKey,
        Self::BatchStartViewerSessionRevocation,
        Self::CreateChannel,
        Self::CreatePlaybackRestrictionPolicy,
        Self::CreateRecordingConfiguration,
        Self::CreateStreamKey,
        Self::DeleteChannel,
        Self::DeletePlaybackKeyPair,
        Self::DeletePlaybackRestrictionPolicy,
        Self::DeleteRecordingConfiguration,
        Self::DeleteStreamKey,
        Self::GetChannel,
        Self::GetPlaybackKeyPair,
        Self::GetPlaybackRestrictionPolicy,
        Self::GetRecordingConfiguration,
        Self::GetStream,
        Self::GetStreamKey,
        Self::GetStreamSession,
        Self::ImportPlaybackKeyPair,
        Self::ListChannels,
        Self::ListPlaybackKeyPairs,
        Self::ListPlaybackRestrictionPolicies,
        Self::ListRecordingConfigurations,
        Self::ListStreamKeys,
        Self::ListStreamSessions,
        Self::ListStreams,
        Self::ListTagsForResource,
        Self::PutMetadata,
        Self::StartViewerSessionRevocation,
        Self::StopStream,
        Self::TagResource,
        Self::UntagResource,
        Self::UpdateChannel,
        Self::UpdatePlaybackRestrictionPolicy,
    ];

    /// How it is bound to HTTP.
    pub fn route(self) -> &'static Route {
        match self {
            Self::BatchGetChannel => &Route {
                name: "BatchGetChannel",
                action: "ivs:BatchGetChannel",
                method: Method::POST,
                path: "/BatchGetChannel",
                query: &[],
                status: 200,
            },
            Self::BatchGetStreamKey => &Route {
                name: "BatchGetStreamKey",
                action: "ivs:BatchGetStreamKey",
                method: Method::POST,
                path: "/BatchGetStreamKey",
                query: &[],
                status: 200,
            },
            Self::BatchStartViewerSessionRevocation => &Route {
                name: "BatchStartViewerSessionRevocation",
                action: "ivs:BatchStartViewerSessionRevocation",
                method: Method::POST,
                path: "/BatchStartViewerSessionRevocation",
                query: &[],
                status: 200,
            },
            Self::CreateChannel => &Route {
                name: "CreateChannel",
                action: "ivs:CreateChannel",
                method: Method::POST,
                path: "/CreateChannel",
                query: &[],
                status: 200,
            },
            Self::CreatePlaybackRestrictionPolicy => &Route {
                name: "CreatePlaybackRestrictionPolicy",
                action: "ivs:CreatePlaybackRestrictionPolicy",
                method: Method::POST,
                path: "/CreatePlaybackRestrictionPolicy",
                query: &[],
                status: 200,
            },
            Self::CreateRecordingConfiguration => &Route {
                name: "CreateRecordingConfiguration",
                action: "ivs:CreateRecordingConfiguration",
                method: Method::POST,
                path: "/CreateRecordingConfiguration",
                query: &[],
                status: 200,
            },
            Self::CreateStreamKey => &Route {
                name: "CreateStreamKey",
                action: "ivs:CreateStreamKey",
                method: Method::POST,
                path: "/CreateStreamKey",
                query: &[],
                status: 200,
            },
            Self::DeleteChannel => &Route {
                name: "DeleteChannel",
                action: "ivs:DeleteChannel",
                method: Method::POST,
                path: "/DeleteChannel",
                query: &[],
                status: 204,
            },
            Self::DeletePlaybackKeyPair => &Route {
                name: "DeletePlaybackKeyPair",
                action: "ivs:DeletePlaybackKeyPair",
                method: Method::POST,
                path: "/DeletePlaybackKeyPair",
                query: &[],
                status: 200,
            },
            Self::DeletePlaybackRestrictionPolicy => &Route {
                name: "DeletePlaybackRestrictionPolicy",
                action: "ivs:DeletePlaybackRestrictionPolicy",
                method: Method::POST,
                path: "/DeletePlaybackRestrictionPolicy",
                query: &[],
                status: 204,
            },
            Self::DeleteRecordingConfiguration => &Route {
                name: "DeleteRecordingConfiguration",
                action: "ivs:DeleteRecordingConfiguration",
                method: Method::POST,
                path: "/DeleteRecordingConfiguration",
                query: &[],
                status: 204,
            },
            Self::DeleteStreamKey => &Route {
                name: "DeleteStreamKey",
                action: "ivs:DeleteStreamKey",
                method: Method::POST,
                path: "/DeleteStreamKey",
                query: &[],
                status: 204,
            },
            Self::GetChannel => &Route {
                name: "GetChannel",
                action: "ivs:GetChannel",
                method: Method::POST,
                path: "/GetChannel",
                query: &[],
                status: 200,
            },
            Self::GetPlaybackKeyPair => &Route {
                name: "GetPlaybackKeyPair",
                action: "ivs:GetPlaybackKeyPair",
                method: Method::POST,
                path: "/GetPlaybackKeyPair",
                query: &[],
                status: 200,
            },
            Self::GetPlaybackRestrictionPolicy => &Route {
                name: "GetPlaybackRestrictionPolicy",
                action: "ivs:GetPlaybackRestrictionPolicy",
                method: Method::POST,
                path: "/GetPlaybackRestrictionPolicy",
                query: &[],
                status: 200,
            },
            Self::GetRecordingConfiguration => &Route {
                name: "GetRecordingConfiguration",
                action: "ivs:GetRecordingConfiguration",
                method: Method::POST,
                path: "/GetRecordingConfiguration",
                query: &[],
                status: 200,
            },
            Self::GetStream => &Route {
                name: "GetStream",
                action: "ivs:GetStream",
                method: Method::POST,
                path: "/GetStream",
                query: &[],
                status: 200,
            },
            Self::GetStreamKey => &Route {
                name: "GetStreamKey",
                action: "ivs:GetStreamKey",
                method: Method::POST,
                path: "/GetStreamKey",
                query: &[],
                status: 200,
            },
            Self::GetStreamSession => &Route {
                name: "GetStreamSession",
                action: "ivs:GetStreamSession",
                method: Method::POST,
                path: "/GetStreamSession",
                query: &[],
                status: 200,
            },
            Self::ImportPlaybackKeyPair => &Route {
                name: "ImportPlaybackKeyPair",
                action: "ivs:ImportPlaybackKeyPair",
                method: Method::POST,
                path: "/ImportPlaybackKeyPair",
                query: &[],
                status: 200,
            },
            Self::ListChannels => &Route {
                name: "ListChannels",
                action: "ivs:ListChannels",
                method: Method::POST,
                path: "/ListChannels",
                query: &[],
                status: 200,
            },
            Self::ListPlaybackKeyPairs => &Route {
                name: "ListPlaybackKeyPairs",
                action: "ivs:ListPlaybackKeyPairs",
                method: Method::POST,
                path: "/ListPlaybackKeyPairs",
                query: &[],
                status: 200,
            },
            Self::ListPlaybackRestrictionPolicies => &Route {
                name: "ListPlaybackRestrictionPolicies",
                action: "ivs:ListPlaybackRestrictionPolicies",
                method: Method::POST,
                path: "/ListPlaybackRestrictionPolicies",
                query: &[],
                status: 200,
            },
            Self::ListRecordingConfigurations => &Route {
                name: "ListRecordingConfigurations",
                action: "ivs:ListRecordingConfigurations",
                method: Method::POST,
                path: "/ListRecordingConfigurations",
                query: &[],
                status: 200,
            },
            Self::ListStreamKeys => &Route {
                name: "ListStreamKeys",
                action: "ivs:ListStreamKeys",
                method: Method::POST,
                path: "/ListStreamKeys",
                query: &[],
                status: 200,
            },
            Self::ListStreamSessions => &Route {
                name: "ListStreamSessions",
                action: "ivs:ListStreamSessions",
                method: Method::POST,
                path: "/ListStreamSessions",
                query: &[],
                status: 200,
            },
            Self::ListStreams => &Route {
                name: "ListStreams",
                action: "ivs:ListStreams",
                method: Method::POST,
                path: "/ListStreams",
                query: &[],
                status: 200,
            },
            Self::ListTagsForResource => &Route {
                name: "ListTagsForResource",
                action: "ivs:ListTagsForResource",
                method: Method::GET,
                path: "/tags/{resourceArn}",
                query: &[],
                status: 200,
            },
            Self::PutMetadata => &Route {
                name: "PutMetadata",
                action: "ivs:PutMetadata",
                method: Method::POST,
                path: "/PutMetadata",
                query: &[],
                status: 204,
            },
            Self::StartViewerSessionRevocation => &Route {
                name: "StartViewerSessionRevocation",
                action: "ivs:StartViewerSessionRevocation",
                method: Method::POST,
                path: "/StartViewerSessionRevocation",
                query: &[],
                status: 200,
            },
            Self::StopStream => &Route {
                name: "StopStream",
                action: "ivs:StopStream",
                method: Method::POST,
                path: "/StopStream",
                query: &[],
                status: 200,
            },
            Self::TagResource => &Route {
                name: "TagResource",
                action: "ivs:TagResource",
                method: Method::POST,
                path: "/tags/{resourceArn}",
                query: &[],
                status: 200,
            },
            Self::UntagResource => &Route {
                name: "UntagResource",
                action: "ivs:UntagResource",
                method: Method::DELETE,
                path: "/tags/{resourceArn}",
                query: &["tagKeys"],
                status: 200,
            },
            Self::UpdateChannel => &Route {
                name: "UpdateChannel",
                action: "ivs:UpdateChannel",
                method: Method::POST,
                path: "/UpdateChannel",
                query: &[],
                status: 200,
            },
            Self::UpdatePlaybackRestrictionPolicy => &Route {
                name: "UpdatePlaybackRestrictionPolicy",
                action: "ivs:UpdatePlaybackRestrictionPolicy",
                method: Method::POST,
                path: "/UpdatePlaybackRestrictionPolicy",
                query: &[],
                status: 200,
            },
        }
    }
}

/// What the operations mean; implemented by the service that owns the resources. Each function gets a
/// proven caller and an input within the model's bounds.
pub trait Ivs: Send + Sync + 'static {
    /// `POST /BatchGetChannel`, answers 200.
    fn batch_get_channel(
        &self,
        call: &Call,
        input: BatchGetChannelRequest,
    ) -> impl Future<Output = Result<BatchGetChannelResponse, ApiError>> + Send;

    /// `POST /BatchGetStreamKey`, answers 200.
    fn batch_get_stream_key(
        &self,
        call: &Call,
        input: BatchGetStreamKeyRequest,
    ) -> impl Future<Output = Result<BatchGetStreamKeyResponse, ApiError>> + Send;

    /// `POST /BatchStartViewerSessionRevocation`, answers 200.
    fn batch_start_viewer_session_revocation(
        &self,
        call: &Call,
        input: BatchStartViewerSessionRevocationRequest,
    ) -> impl Future<Output = Result<BatchStartViewerSessionRevocationResponse, ApiError>> + Send;

    /// `POST /CreateChannel`, answers 200.
    fn create_channel(
        &self,
        call: &Call,
        input: CreateChannelRequest,
    ) -> impl Future<Output = Result<CreateChannelResponse, ApiError>> + Send;

    /// `POST /CreatePlaybackRestrictionPolicy`, answers 200.
    fn create_playback_restriction_policy(
        &self,
        call: &Call,
        input: CreatePlaybackRestrictionPolicyRequest,
    ) -> impl Future<Output = Result<CreatePlaybackRestrictionPolicyResponse, ApiError>> + Send;

    /// `POST /CreateRecordingConfiguration`, answers 200.
    fn create_recording_configuration(
        &self,
        call: &Call,
        input: CreateRecordingConfigurationRequest,
    ) -> impl Future<Output = Result<CreateRecordingConfigurationResponse, ApiError>> + Send;

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

    /// `POST /DeletePlaybackKeyPair`, answers 200.
    fn delete_playback_key_pair(
        &self,
        call: &Call,
        input: DeletePlaybackKeyPairRequest,
    ) -> impl Future<Output = Result<DeletePlaybackKeyPairResponse, ApiError>> + Send;

    /// `POST /DeletePlaybackRestrictionPolicy`, answers 204.
    fn delete_playback_restriction_policy(
        &self,
        call: &Call,
        input: DeletePlaybackRestrictionPolicyRequest,
    ) -> impl Future<Output = Result<(), ApiError>> + Send;

    /// `POST /DeleteRecordingConfiguration`, answers 204.
    fn delete_recording_configuration(
        &self,
        call: &Call,
        input: DeleteRecordingConfigurationRequest,
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

    /// `POST /GetPlaybackKeyPair`, answers 200.
    fn get_playback_key_pair(
        &self,
        call: &Call,
        input: GetPlaybackKeyPairRequest,
    ) -> impl Future<Output = Result<GetPlaybackKeyPairResponse, ApiError>> + Send;

    /// `POST /GetPlaybackRestrictionPolicy`, answers 200.
    fn get_playback_restriction_policy(
        &self,
        call: &Call,
        input: GetPlaybackRestrictionPolicyRequest,
    ) -> impl Future<Output = Result<GetPlaybackRestrictionPolicyResponse, ApiError>> + Send;

    /// `POST /GetRecordingConfiguration`, answers 200.
    fn get_recording_configuration(
        &self,
        call: &Call,
        input: GetRecordingConfigurationRequest,
    ) -> impl Future<Output = Result<GetRecordingConfigurationResponse, ApiError>> + Send;

    /// `POST /GetStream`, answers 200.
    fn get_stream(
        &self,
        call: &Call,
        input: GetStreamRequest,
    ) -> impl Future<Output = Result<GetStreamResponse, ApiError>> + Send;

    /// `POST /GetStreamKey`, answers 200.
    fn get_stream_key(
        &self,
        call: &Call,
        input: GetStreamKeyRequest,
    ) -> impl Future<Output = Result<GetStreamKeyResponse, ApiError>> + Send;

    /// `POST /GetStreamSession`, answers 200.
    fn get_stream_session(
        &self,
        call: &Call,
        input: GetStreamSessionRequest,
    ) -> impl Future<Output = Result<GetStreamSessionResponse, ApiError>> + Send;

    /// `POST /ImportPlaybackKeyPair`, answers 200.
    fn import_playback_key_pair(
        &self,
        call: &Call,
        input: ImportPlaybackKeyPairRequest,
    ) -> impl Future<Output = Result<ImportPlaybackKeyPairResponse, ApiError>> + Send;

    /// `POST /ListChannels`, answers 200.
    fn list_channels(
        &self,
        call: &Call,
        input: ListChannelsRequest,
    ) -> impl Future<Output = Result<ListChannelsResponse, ApiError>> + Send;

    /// `POST /ListPlaybackKeyPairs`, answers 200.
    fn list_playback_key_pairs(
        &self,
        call: &Call,
        input: ListPlaybackKeyPairsRequest,
    ) -> impl Future<Output = Result<ListPlaybackKeyPairsResponse, ApiError>> + Send;

    /// `POST /ListPlaybackRestrictionPolicies`, answers 200.
    fn list_playback_restriction_policies(
        &self,
        call: &Call,
        input: ListPlaybackRestrictionPoliciesRequest,
    ) -> impl Future<Output = Result<ListPlaybackRestrictionPoliciesResponse, ApiError>> + Send;

    /// `POST /ListRecordingConfigurations`, answers 200.
    fn list_recording_configurations(
        &self,
        call: &Call,
        input: ListRecordingConfigurationsRequest,
    ) -> impl Future<Output = Result<ListRecordingConfigurationsResponse, ApiError>> + Send;

    /// `POST /ListStreamKeys`, answers 200.
    fn list_stream_keys(
        &self,
        call: &Call,
        input: ListStreamKeysRequest,
    ) -> impl Future<Output = Result<ListStreamKeysResponse, ApiError>> + Send;

    /// `POST /ListStreamSessions`, answers 200.
    fn list_stream_sessions(
        &self,
        call: &Call,
        input: ListStreamSessionsRequest,
    ) -> impl Future<Output = Result<ListStreamSessionsResponse, ApiError>> + Send;

    /// `POST /ListStreams`, answers 200.
    fn list_streams(
        &self,
        call: &Call,
        input: ListStreamsRequest,
    ) -> impl Future<Output = Result<ListStreamsResponse, ApiError>> + Send;

    /// `GET /tags/{resourceArn}`, answers 200.
    fn list_tags_for_resource(
        &self,
        call: &Call,
        input: ListTagsForResourceRequest,
    ) -> impl Future<Output = Result<ListTagsForResourceResponse, ApiError>> + Send;

    /// `POST /PutMetadata`, answers 204.
    fn put_metadata(
        &self,
        call: &Call,
        input: PutMetadataRequest,
    ) -> impl Future<Output = Result<(), ApiError>> + Send;

    /// `POST /StartViewerSessionRevocation`, answers 200.
    fn start_viewer_session_revocation(
        &self,
        call: &Call,
        input: StartViewerSessionRevocationRequest,
    ) -> impl Future<Output = Result<StartViewerSessionRevocationResponse, ApiError>> + Send;

    /// `POST /StopStream`, answers 200.
    fn stop_stream(
        &self,
        call: &Call,
        input: StopStreamRequest,
    ) -> impl Future<Output = Result<StopStreamResponse, ApiError>> + Send;

    /// `POST /tags/{resourceArn}`, answers 200.
    fn tag_resource(
        &self,
        call: &Call,
        input: TagResourceRequest,
    ) -> impl Future<Output = Result<TagResourceResponse, ApiError>> + Send;

    /// `DELETE /tags/{resourceArn}`, answers 200.
    fn untag_resource(
        &self,
        call: &Call,
        input: UntagResourceRequest,
    ) -> impl Future<Output = Result<UntagResourceResponse, ApiError>> + Send;

    /// `POST /UpdateChannel`, answers 200.
    fn update_channel(
        &self,
        call: &Call,
        input: UpdateChannelRequest,
    ) -> impl Future<Output = Result<UpdateChannelResponse, ApiError>> + Send;

    /// `POST /UpdatePlaybackRestrictionPolicy`, answers 200.
    fn update_playback_restriction_policy(
        &self,
        call: &Call,
        input: UpdatePlaybackRestrictionPolicyRequest,
    ) -> impl Future<Output = Result<UpdatePlaybackRestrictionPolicyResponse, ApiError>> + Send;
}

/// Reads the input, then asks for permission, then has the operation done and writes the output. There is
/// no call but the one that the permission gives, so no operation is reached without it.
pub(crate) async fn perform<S: Ivs>(
    service: &S,
    operation: Operation,
    members: &Map<String, Value>,
    permission: impl Future<Output = Result<Call, ApiError>> + Send,
) -> Result<Reply, ApiError> {
    match operation {
        Operation::BatchGetChannel => {
            let input = parse(members)?;
            let call = permission.await?;
            reply(&service.batch_get_channel(&call, input).await?)
        }
        Operation::BatchGetStreamKey => {
            let input = parse(members)?;
            let call = permission.await?;
            reply(&service.batch_get_stream_key(&call, input).await?)
        }
        Operation::BatchStartViewerSessionRevocation => {
            let input = parse(members)?;
            let call = permission.await?;
            reply(&service.batch_start_viewer_session_revocation(&call, input).await?)
        }
        Operation::CreateChannel => {
            let input = parse(members)?;
            let call = permission.await?;
            reply(&service.create_channel(&call, input).await?)
        }
        Operation::CreatePlaybackRestrictionPolicy => {
            let input = parse(members)?;
            let call = permission.await?;
            reply(&service.create_playback_restriction_policy(&call, input).await?)
        }
        Operation::CreateRecordingConfiguration => {
            let input = parse(members)?;
            let call = permission.await?;
            reply(&service.create_recording_configuration(&call, input).await?)
        }
        Operation::CreateStreamKey => {
            let input = parse(members)?;
            let call = permission.await?;
            reply(&service.create_stream_key(&call, input).await?)
        }
        Operation::DeleteChannel => {
            let input = parse(members)?;
            let call = permission.await?;
            service.delete_channel(&call, input).await?;
            Ok(Reply::Empty)
        }
        Operation::DeletePlaybackKeyPair => {
            let input = parse(members)?;
            let call = permission.await?;
            reply(&service.delete_playback_key_pair(&call, input).await?)
        }
        Operation::DeletePlaybackRestrictionPolicy => {
            let input = parse(members)?;
            let call = permission.await?;
            service.delete_playback_restriction_policy(&call, input).await?;
            Ok(Reply::Empty)
        }
        Operation::DeleteRecordingConfiguration => {
            let input = parse(members)?;
            let call = permission.await?;
            service.delete_recording_configuration(&call, input).await?;
            Ok(Reply::Empty)
        }
        Operation::DeleteStreamKey => {
            let input = parse(members)?;
            let call = permission.await?;
            service.delete_stream_key(&call, input).await?;
            Ok(Reply::Empty)
        }
        Operation::GetChannel => {
            let input = parse(members)?;
            let call = permission.await?;
            reply(&service.get_channel(&call, input).await?)
        }
        Operation::GetPlaybackKeyPair => {
            let input = parse(members)?;
            let call = permission.await?;
            reply(&service.get_playback_key_pair(&call, input).await?)
        }
        Operation::GetPlaybackRestrictionPolicy => {
            let input = parse(members)?;
            let call = permission.await?;
            reply(&service.get_playback_restriction_policy(&call, input).await?)
        }
        Operation::GetRecordingConfiguration => {
            let input = parse(members)?;
            let call = permission.await?;
            reply(&service.get_recording_configuration(&call, input).await?)
        }
        Operation::GetStream => {
            let input = parse(members)?;
            let call = permission.await?;
            reply(&service.get_stream(&call, input).await?)
        }
        Operation::GetStreamKey => {
            let input = parse(members)?;
            let call = permission.await?;
            reply(&service.get_stream_key(&call, input).await?)
        }
        Operation::GetStreamSession => {
            let input = parse(members)?;
            let call = permission.await?;
            reply(&service.get_stream_session(&call, input).await?)
        }
        Operation::ImportPlaybackKeyPair => {
            let input = parse(members)?;
            let call = permission.await?;
            reply(&service.import_playback_key_pair(&call, input).await?)
        }
        Operation::ListChannels => {
            let input = parse(members)?;
            let call = permission.await?;
            reply(&service.list_channels(&call, input).await?)
        }
        Operation::ListPlaybackKeyPairs => {
            let input = parse(members)?;
            let call = permission.await?;
            reply(&service.list_playback_key_pairs(&call, input).await?)
        }
        Operation::ListPlaybackRestrictionPolicies => {
            let input = parse(members)?;
            let call = permission.await?;
            reply(&service.list_playback_restriction_policies(&call, input).await?)
        }
        Operation::ListRecordingConfigurations => {
            let input = parse(members)?;
            let call = permission.await?;
            reply(&service.list_recording_configurations(&call, input).await?)
        }
        Operation::ListStreamKeys => {
            let input = parse(members)?;
            let call = permission.await?;
            reply(&service.list_stream_keys(&call, input).await?)
        }
        Operation::ListStreamSessions => {
            let input = parse(members)?;
            let call = permission.await?;
            reply(&service.list_stream_sessions(&call, input).await?)
        }
        Operation::ListStreams => {
            let input = parse(members)?;
            let call = permission.await?;
            reply(&service.list_streams(&call, input).await?)
        }
        Operation::ListTagsForResource => {
            let input = parse(members)?;
            let call = permission.await?;
            reply(&service.list_tags_for_resource(&call, input).await?)
        }
        Operation::PutMetadata => {
            let input = parse(members)?;
            let call = permission.await?;
            service.put_metadata(&call, input).await?;
            Ok(Reply::Empty)
        }
        Operation::StartViewerSessionRevocation => {
            let input = parse(members)?;
            let call = permission.await?;
            reply(&service.start_viewer_session_revocation(&call, input).await?)
        }
        Operation::StopStream => {
            let input = parse(members)?;
            let call = permission.await?;
            reply(&service.stop_stream(&call, input).await?)
        }
        Operation::TagResource => {
            let input = parse(members)?;
            let call = permission.await?;
            reply(&service.tag_resource(&call, input).await?)
        }
        Operation::UntagResource => {
            let input = parse(members)?;
            let call = permission.await?;
            reply(&service.untag_resource(&call, input).await?)
        }
        Operation::UpdateChannel => {
            let input = parse(members)?;
            let call = permission.await?;
            reply(&service.update_channel(&call, input).await?)
        }
        Operation::UpdatePlaybackRestrictionPolicy => {
            let input = parse(members)?;
            let call = permission.await?;
            reply(&service.update_playback_restriction_policy(&call, input).await?)
        }
    }
}

/// Calls a macro with every served operation, one a line: `function Operation Input => Output;`. For
/// whoever answers all of them alike, as tests do.
#[macro_export]
macro_rules! ivs_operations {
($callback:ident) => {
  $callback! {
    batch_get_channel BatchGetChannel $crate::ivs::BatchGetChannelRequest => $crate::ivs::BatchGetChannelResponse;
    batch_get_stream_key BatchGetStreamKey $crate::ivs::BatchGetStreamKeyRequest => $crate::ivs::BatchGetStreamKeyResponse;
    batch_start_viewer_session_revocation BatchStartViewerSessionRevocation $crate::ivs::BatchStartViewerSessionRevocationRequest => $crate::ivs::BatchStartViewerSessionRevocationResponse;
    create_channel CreateChannel $crate::ivs::CreateChannelRequest => $crate::ivs::CreateChannelResponse;
    create_playback_restriction_policy CreatePlaybackRestrictionPolicy $crate::ivs::CreatePlaybackRestrictionPolicyRequest => $crate::ivs::CreatePlaybackRestrictionPolicyResponse;
    create_recording_configuration CreateRecordingConfiguration $crate::ivs::CreateRecordingConfigurationRequest => $crate::ivs::CreateRecordingConfigurationResponse;
    create_stream_key CreateStreamKey $crate::ivs::CreateStreamKeyRequest => $crate::ivs::CreateStreamKeyResponse;
    delete_channel DeleteChannel $crate::ivs::DeleteChannelRequest => ();
    delete_playback_key_pair DeletePlaybackKeyPair $crate::ivs::DeletePlaybackKeyPairRequest => $crate::ivs::DeletePlaybackKeyPairResponse;
    delete_playback_restriction_policy DeletePlaybackRestrictionPolicy $crate::ivs::DeletePlaybackRestrictionPolicyRequest => ();
    delete_recording_configuration DeleteRecordingConfiguration $crate::ivs::DeleteRecordingConfigurationRequest => ();
    delete_stream_key DeleteStreamKey $crate::ivs::DeleteStreamKeyRequest => ();
    get_channel GetChannel $crate::ivs::GetChannelRequest => $crate::ivs::GetChannelResponse;
    get_playback_key_pair GetPlaybackKeyPair $crate::ivs::GetPlaybackKeyPairRequest => $crate::ivs::GetPlaybackKeyPairResponse;
    get_playback_restriction_policy GetPlaybackRestrictionPolicy $crate::ivs::GetPlaybackRestrictionPolicyRequest => $crate::ivs::GetPlaybackRestrictionPolicyResponse;
    get_recording_configuration GetRecordingConfiguration $crate::ivs::GetRecordingConfigurationRequest => $crate::ivs::GetRecordingConfigurationResponse;
    get_stream GetStream $crate::ivs::GetStreamRequest => $crate::ivs::GetStreamResponse;
    get_stream_key GetStreamKey $crate::ivs::GetStreamKeyRequest => $crate::ivs::GetStreamKeyResponse;
    get_stream_session GetStreamSession $crate::ivs::GetStreamSessionRequest => $crate::ivs::GetStreamSessionResponse;
    import_playback_key_pair ImportPlaybackKeyPair $crate::ivs::ImportPlaybackKeyPairRequest => $crate::ivs::ImportPlaybackKeyPairResponse;
    list_channels ListChannels $crate::ivs::ListChannelsRequest => $crate::ivs::ListChannelsResponse;
    list_playback_key_pairs ListPlaybackKeyPairs $crate::ivs::ListPlaybackKeyPairsRequest => $crate::ivs::ListPlaybackKeyPairsResponse;
    list_playback_restriction_policies ListPlaybackRestrictionPolicies $crate::ivs::ListPlaybackRestrictionPoliciesRequest => $crate::ivs::ListPlaybackRestrictionPoliciesResponse;
    list_recording_configurations ListRecordingConfigurations $crate::ivs::ListRecordingConfigurationsRequest => $crate::ivs::ListRecordingConfigurationsResponse;
    list_stream_keys ListStreamKeys $crate::ivs::ListStreamKeysRequest => $crate::ivs::ListStreamKeysResponse;
    list_stream_sessions ListStreamSessions $crate::ivs::ListStreamSessionsRequest => $crate::ivs::ListStreamSessionsResponse;
    list_streams ListStreams $crate::ivs::ListStreamsRequest => $crate::ivs::ListStreamsResponse;
    list_tags_for_resource ListTagsForResource $crate::ivs::ListTagsForResourceRequest => $crate::ivs::ListTagsForResourceResponse;
    put_metadata PutMetadata $crate::ivs::PutMetadataRequest => ();
    start_viewer_session_revocation StartViewerSessionRevocation $crate::ivs::StartViewerSessionRevocationRequest => $crate::ivs::StartViewerSessionRevocationResponse;
    stop_stream StopStream $crate::ivs::StopStreamRequest => $crate::ivs::StopStreamResponse;
    tag_resource TagResource $crate::ivs::TagResourceRequest => $crate::ivs::TagResourceResponse;
    untag_resource UntagResource $crate::ivs::UntagResourceRequest => $crate::ivs::UntagResourceResponse;
    update_channel UpdateChannel $crate::ivs::UpdateChannelRequest => $crate::ivs::UpdateChannelResponse;
    update_playback_restriction_policy UpdatePlaybackRestrictionPolicy $crate::ivs::UpdatePlaybackRestrictionPolicyRequest => $crate::ivs::UpdatePlaybackRestrictionPolicyResponse;
  }
};
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
