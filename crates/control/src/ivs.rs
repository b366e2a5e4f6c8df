//! Amazon IVS low-latency streaming: the door from the wire to each resource's file.
//!
//! Promise: one line per operation and nothing else; the compiler asks for each that is served.

mod channels;
mod stream_keys;

use api::ivs::{
    CreateChannelRequest, CreateChannelResponse, CreateStreamKeyRequest, CreateStreamKeyResponse,
    DeleteChannelRequest, DeleteStreamKeyRequest, GetChannelRequest, GetChannelResponse, GetStreamKeyRequest,
    GetStreamKeyResponse, Ivs, ListChannelsRequest, ListChannelsResponse, ListStreamKeysRequest,
    ListStreamKeysResponse,
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
    create_channel(CreateChannelRequest) -> CreateChannelResponse = channels::create;
    create_stream_key(CreateStreamKeyRequest) -> CreateStreamKeyResponse = stream_keys::create;
    delete_channel(DeleteChannelRequest) -> () = channels::delete;
    delete_stream_key(DeleteStreamKeyRequest) -> () = stream_keys::delete;
    get_channel(GetChannelRequest) -> GetChannelResponse = channels::get;
    get_stream_key(GetStreamKeyRequest) -> GetStreamKeyResponse = stream_keys::get;
    list_channels(ListChannelsRequest) -> ListChannelsResponse = channels::list;
    list_stream_keys(ListStreamKeysRequest) -> ListStreamKeysResponse = stream_keys::list;
}
