//! Amazon IVS Chat: the door from the wire to each resource's file.
//!
//! Promise: no operation is reached but through its rate; the compiler asks for each that is served.

mod bounds;
mod commands;
mod logging_configurations;
mod messages;
mod rooms;
mod tagging;
mod tokens;
mod views;

use api::ivschat::{IvsChat, Operation};
use api::{ApiError, Call};

use crate::Control;

/// The function that says what an operation means, by the operation's name.
mod meaning {
    pub(super) use super::logging_configurations::{
        create as create_logging_configuration, delete as delete_logging_configuration,
        get as get_logging_configuration, list as list_logging_configurations,
        update as update_logging_configuration,
    };
    pub(super) use super::messages::{delete as delete_message, disconnect_user, send_event};
    pub(super) use super::rooms::{
        create as create_room, delete as delete_room, get as get_room, list as list_rooms,
        update as update_room,
    };
    pub(super) use super::tagging::{
        list as list_tags_for_resource, tag as tag_resource, untag as untag_resource,
    };
    pub(super) use super::tokens::create as create_chat_token;
}

/// Written once for all: the types of each come from the generated list.
macro_rules! answer {
    ($($function:ident $operation:ident $input:ty => $output:ty;)+) => {
        impl IvsChat for Control {
            $(async fn $function(&self, call: &Call, input: $input) -> Result<$output, ApiError> {
                self.rates.admit_chat(call, Operation::$operation)?;
                meaning::$function(self, call, input).await
            })+
        }
    };
}

api::ivschat_operations!(answer);
