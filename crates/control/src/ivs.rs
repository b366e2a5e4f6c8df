//! Amazon IVS low-latency streaming: the door from the wire to each resource's file.
//!
//! Promise: no operation is reached but through its rate; the compiler asks for each that is served.

mod batches;
mod channels;
mod playback_key_pairs;
mod playback_restriction_policies;
mod recording_configurations;
mod stream_keys;
mod stream_sessions;
mod streams;
mod tagging;
mod viewer_sessions;

use api::ivs::{Ivs, Operation};
use api::{ApiError, Call};

use crate::Control;

/// The function that says what an operation means, by the operation's name.
mod meaning {
    pub(super) use super::channels::{
        batch_get as batch_get_channel, create as create_channel, delete as delete_channel,
        get as get_channel, list as list_channels, update as update_channel,
    };
    pub(super) use super::playback_key_pairs::{
        delete as delete_playback_key_pair, get as get_playback_key_pair, import as import_playback_key_pair,
        list as list_playback_key_pairs,
    };
    pub(super) use super::playback_restriction_policies::{
        create as create_playback_restriction_policy, delete as delete_playback_restriction_policy,
        get as get_playback_restriction_policy, list as list_playback_restriction_policies,
        update as update_playback_restriction_policy,
    };
    pub(super) use super::recording_configurations::{
        create as create_recording_configuration, delete as delete_recording_configuration,
        get as get_recording_configuration, list as list_recording_configurations,
    };
    pub(super) use super::stream_keys::{
        batch_get as batch_get_stream_key, create as create_stream_key, delete as delete_stream_key,
        get as get_stream_key, list as list_stream_keys,
    };
    pub(super) use super::stream_sessions::{get as get_stream_session, list as list_stream_sessions};
    pub(super) use super::streams::{
        get as get_stream, list as list_streams, put_metadata, stop as stop_stream,
    };
    pub(super) use super::tagging::{
        list as list_tags_for_resource, tag as tag_resource, untag as untag_resource,
    };
    pub(super) use super::viewer_sessions::{
        batch_start_revocation as batch_start_viewer_session_revocation,
        start_revocation as start_viewer_session_revocation,
    };
}

/// Written once for all: the types of each come from the generated list.
macro_rules! answer {
    ($($function:ident $operation:ident $input:ty => $output:ty;)+) => {
        impl Ivs for Control {
            $(async fn $function(&self, call: &Call, input: $input) -> Result<$output, ApiError> {
                self.rates.admit(call, Operation::$operation)?;
                meaning::$function(self, call, input).await
            })+
        }
    };
}

api::ivs_operations!(answer);

/// What an update does to a member: nothing when it is not given.
fn set<T>(member: &mut T, given: Option<T>) {
    if let Some(given) = given {
        *member = given;
    }
}
