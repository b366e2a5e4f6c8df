//! Amazon IVS low-latency streaming: the door from the wire to each resource's file.
//!
//! Promise: one line per operation and nothing else; the compiler asks for each that is served.

mod channels;
mod playback_key_pairs;
mod playback_restriction_policies;
mod recording_configurations;
mod stream_keys;
mod stream_sessions;
mod streams;
mod tagging;
mod viewer_sessions;

use api::ivs::{
    BatchGetChannelRequest, BatchGetChannelResponse, BatchGetStreamKeyRequest, BatchGetStreamKeyResponse,
    BatchStartViewerSessionRevocationRequest, BatchStartViewerSessionRevocationResponse,
    CreateChannelRequest, CreateChannelResponse, CreatePlaybackRestrictionPolicyRequest,
    CreatePlaybackRestrictionPolicyResponse, CreateRecordingConfigurationRequest,
    CreateRecordingConfigurationResponse, CreateStreamKeyRequest, CreateStreamKeyResponse,
    DeleteChannelRequest, DeletePlaybackKeyPairRequest, DeletePlaybackKeyPairResponse,
    DeletePlaybackRestrictionPolicyRequest, DeleteRecordingConfigurationRequest, DeleteStreamKeyRequest,
    GetChannelRequest, GetChannelResponse, GetPlaybackKeyPairRequest, GetPlaybackKeyPairResponse,
    GetPlaybackRestrictionPolicyRequest, GetPlaybackRestrictionPolicyResponse,
    GetRecordingConfigurationRequest, GetRecordingConfigurationResponse, GetStreamKeyRequest,
    GetStreamKeyResponse, GetStreamRequest, GetStreamResponse, GetStreamSessionRequest,
    GetStreamSessionResponse, ImportPlaybackKeyPairRequest, ImportPlaybackKeyPairResponse, Ivs,
    ListChannelsRequest, ListChannelsResponse, ListPlaybackKeyPairsRequest, ListPlaybackKeyPairsResponse,
    ListPlaybackRestrictionPoliciesRequest, ListPlaybackRestrictionPoliciesResponse,
    ListRecordingConfigurationsRequest, ListRecordingConfigurationsResponse, ListStreamKeysRequest,
    ListStreamKeysResponse, ListStreamSessionsRequest, ListStreamSessionsResponse, ListStreamsRequest,
    ListStreamsResponse, ListTagsForResourceRequest, ListTagsForResourceResponse, PutMetadataRequest,
    StartViewerSessionRevocationRequest, StartViewerSessionRevocationResponse, StopStreamRequest,
    StopStreamResponse, TagResourceRequest, TagResourceResponse, UntagResourceRequest, UntagResourceResponse,
    UpdateChannelRequest, UpdateChannelResponse, UpdatePlaybackRestrictionPolicyRequest,
    UpdatePlaybackRestrictionPolicyResponse,
};
use api::{ApiError, Call};

use crate::Control;

/// For each operation: its input, its output, and the file that says what it means.
macro_rules! operations {
    ($($operation:ident($input:ty) -> $output:ty = $file:ident::$meaning:ident;)+) => {
        impl Ivs for Control {
            $(async fn $operation(&self, call: &Call, input: $input) -> Result<$output, ApiError> {
                $file::$meaning(self, call, input).await
            })+
        }
    };
}

operations! {
    batch_get_channel(BatchGetChannelRequest) -> BatchGetChannelResponse = channels::batch_get;
    batch_get_stream_key(BatchGetStreamKeyRequest) -> BatchGetStreamKeyResponse = stream_keys::batch_get;
    batch_start_viewer_session_revocation(BatchStartViewerSessionRevocationRequest) -> BatchStartViewerSessionRevocationResponse = viewer_sessions::batch_start_revocation;
    create_channel(CreateChannelRequest) -> CreateChannelResponse = channels::create;
    create_playback_restriction_policy(CreatePlaybackRestrictionPolicyRequest) -> CreatePlaybackRestrictionPolicyResponse = playback_restriction_policies::create;
    create_recording_configuration(CreateRecordingConfigurationRequest) -> CreateRecordingConfigurationResponse = recording_configurations::create;
    create_stream_key(CreateStreamKeyRequest) -> CreateStreamKeyResponse = stream_keys::create;
    delete_channel(DeleteChannelRequest) -> () = channels::delete;
    delete_playback_key_pair(DeletePlaybackKeyPairRequest) -> DeletePlaybackKeyPairResponse = playback_key_pairs::delete;
    delete_playback_restriction_policy(DeletePlaybackRestrictionPolicyRequest) -> () = playback_restriction_policies::delete;
    delete_recording_configuration(DeleteRecordingConfigurationRequest) -> () = recording_configurations::delete;
    delete_stream_key(DeleteStreamKeyRequest) -> () = stream_keys::delete;
    get_channel(GetChannelRequest) -> GetChannelResponse = channels::get;
    get_playback_key_pair(GetPlaybackKeyPairRequest) -> GetPlaybackKeyPairResponse = playback_key_pairs::get;
    get_playback_restriction_policy(GetPlaybackRestrictionPolicyRequest) -> GetPlaybackRestrictionPolicyResponse = playback_restriction_policies::get;
    get_recording_configuration(GetRecordingConfigurationRequest) -> GetRecordingConfigurationResponse = recording_configurations::get;
    get_stream(GetStreamRequest) -> GetStreamResponse = streams::get;
    get_stream_key(GetStreamKeyRequest) -> GetStreamKeyResponse = stream_keys::get;
    get_stream_session(GetStreamSessionRequest) -> GetStreamSessionResponse = stream_sessions::get;
    import_playback_key_pair(ImportPlaybackKeyPairRequest) -> ImportPlaybackKeyPairResponse = playback_key_pairs::import;
    list_channels(ListChannelsRequest) -> ListChannelsResponse = channels::list;
    list_playback_key_pairs(ListPlaybackKeyPairsRequest) -> ListPlaybackKeyPairsResponse = playback_key_pairs::list;
    list_playback_restriction_policies(ListPlaybackRestrictionPoliciesRequest) -> ListPlaybackRestrictionPoliciesResponse = playback_restriction_policies::list;
    list_recording_configurations(ListRecordingConfigurationsRequest) -> ListRecordingConfigurationsResponse = recording_configurations::list;
    list_stream_keys(ListStreamKeysRequest) -> ListStreamKeysResponse = stream_keys::list;
    list_stream_sessions(ListStreamSessionsRequest) -> ListStreamSessionsResponse = stream_sessions::list;
    list_streams(ListStreamsRequest) -> ListStreamsResponse = streams::list;
    list_tags_for_resource(ListTagsForResourceRequest) -> ListTagsForResourceResponse = tagging::list;
    put_metadata(PutMetadataRequest) -> () = streams::put_metadata;
    start_viewer_session_revocation(StartViewerSessionRevocationRequest) -> StartViewerSessionRevocationResponse = viewer_sessions::start_revocation;
    stop_stream(StopStreamRequest) -> StopStreamResponse = streams::stop;
    tag_resource(TagResourceRequest) -> TagResourceResponse = tagging::tag;
    untag_resource(UntagResourceRequest) -> UntagResourceResponse = tagging::untag;
    update_channel(UpdateChannelRequest) -> UpdateChannelResponse = channels::update;
    update_playback_restriction_policy(UpdatePlaybackRestrictionPolicyRequest) -> UpdatePlaybackRestrictionPolicyResponse = playback_restriction_policies::update;
}
