//! The served operations: how each is bound to HTTP, and the trait that gives them meaning.
//!
//! Promise: each operation is reached by its own route alone.
//!
//! Generated from the public model of `ivschat` in botocore 1.44.5; do not edit.
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
    /// `CreateChatToken`.
    CreateChatToken,
    /// `CreateLoggingConfiguration`.
    CreateLoggingConfiguration,
    /// `CreateRoom`.
    CreateRoom,
    /// `DeleteLoggingConfiguration`.
    DeleteLoggingConfiguration,
    /// `DeleteMessage`.
    DeleteMessage,
    /// `DeleteRoom`.
    DeleteRoom,
    /// `DisconnectUser`.
    DisconnectUser,
    /// `GetLoggingConfiguration`.
    GetLoggingConfiguration,
    /// `GetRoom`.
    GetRoom,
    /// `ListLoggingConfigurations`.
    ListLoggingConfigurations,
    /// `ListRooms`.
    ListRooms,
    /// `ListTagsForResource`.
    ListTagsForResource,
    /// `SendEvent`.
    SendEvent,
    /// `TagResource`.
    TagResource,
    /// `UntagResource`.
    UntagResource,
    /// `UpdateLoggingConfiguration`.
    UpdateLoggingConfiguration,
    /// `UpdateRoom`.
    UpdateRoom,
}

impl Operation {
    /// All of them, in the order of the list.
    pub const ALL: &[Self] = &[
        Self::CreateChatToken,
        Self::CreateLoggingConfiguration,
        Self::CreateRoom,
        Self::DeleteLoggingConfiguration,
        Self::DeleteMessage,
        Self::DeleteRoom,
        Self::DisconnectUser,
        Self::GetLoggingConfiguration,
        Self::GetRoom,
        Self::ListLoggingConfigurations,
        Self::ListRooms,
        Self::ListTagsForResource,
        Self::SendEvent,
        Self::TagResource,
        Self::UntagResource,
        Self::UpdateLoggingConfiguration,
        Self::UpdateRoom,
    ];

    /// How it is bound to HTTP.
    pub fn route(self) -> &'static Route {
        match self {
            Self::CreateChatToken => &Route {
                name: "CreateChatToken",
                action: "ivschat:CreateChatToken",
                method: Method::POST,
                path: "/CreateChatToken",
                query: &[],
                status: 200,
            },
            Self::CreateLoggingConfiguration => &Route {
                name: "CreateLoggingConfiguration",
                action: "ivschat:CreateLoggingConfiguration",
                method: Method::POST,
                path: "/CreateLoggingConfiguration",
                query: &[],
                status: 200,
            },
            Self::CreateRoom => &Route {
                name: "CreateRoom",
                action: "ivschat:CreateRoom",
                method: Method::POST,
                path: "/CreateRoom",
                query: &[],
                status: 200,
            },
            Self::DeleteLoggingConfiguration => &Route {
                name: "DeleteLoggingConfiguration",
                action: "ivschat:DeleteLoggingConfiguration",
                method: Method::POST,
                path: "/DeleteLoggingConfiguration",
                query: &[],
                status: 204,
            },
            Self::DeleteMessage => &Route {
                name: "DeleteMessage",
                action: "ivschat:DeleteMessage",
                method: Method::POST,
                path: "/DeleteMessage",
                query: &[],
                status: 200,
            },
            Self::DeleteRoom => &Route {
                name: "DeleteRoom",
                action: "ivschat:DeleteRoom",
                method: Method::POST,
                path: "/DeleteRoom",
                query: &[],
                status: 204,
            },
            Self::DisconnectUser => &Route {
                name: "DisconnectUser",
                action: "ivschat:DisconnectUser",
                method: Method::POST,
                path: "/DisconnectUser",
                query: &[],
                status: 200,
            },
            Self::GetLoggingConfiguration => &Route {
                name: "GetLoggingConfiguration",
                action: "ivschat:GetLoggingConfiguration",
                method: Method::POST,
                path: "/GetLoggingConfiguration",
                query: &[],
                status: 200,
            },
            Self::GetRoom => &Route {
                name: "GetRoom",
                action: "ivschat:GetRoom",
                method: Method::POST,
                path: "/GetRoom",
                query: &[],
                status: 200,
            },
            Self::ListLoggingConfigurations => &Route {
                name: "ListLoggingConfigurations",
                action: "ivschat:ListLoggingConfigurations",
                method: Method::POST,
                path: "/ListLoggingConfigurations",
                query: &[],
                status: 200,
            },
            Self::ListRooms => &Route {
                name: "ListRooms",
                action: "ivschat:ListRooms",
                method: Method::POST,
                path: "/ListRooms",
                query: &[],
                status: 200,
            },
            Self::ListTagsForResource => &Route {
                name: "ListTagsForResource",
                action: "ivschat:ListTagsForResource",
                method: Method::GET,
                path: "/tags/{resourceArn}",
                query: &[],
                status: 200,
            },
            Self::SendEvent => &Route {
                name: "SendEvent",
                action: "ivschat:SendEvent",
                method: Method::POST,
                path: "/SendEvent",
                query: &[],
                status: 200,
            },
            Self::TagResource => &Route {
                name: "TagResource",
                action: "ivschat:TagResource",
                method: Method::POST,
                path: "/tags/{resourceArn}",
                query: &[],
                status: 200,
            },
            Self::UntagResource => &Route {
                name: "UntagResource",
                action: "ivschat:UntagResource",
                method: Method::DELETE,
                path: "/tags/{resourceArn}",
                query: &["tagKeys"],
                status: 200,
            },
            Self::UpdateLoggingConfiguration => &Route {
                name: "UpdateLoggingConfiguration",
                action: "ivschat:UpdateLoggingConfiguration",
                method: Method::POST,
                path: "/UpdateLoggingConfiguration",
                query: &[],
                status: 200,
            },
            Self::UpdateRoom => &Route {
                name: "UpdateRoom",
                action: "ivschat:UpdateRoom",
                method: Method::POST,
                path: "/UpdateRoom",
                query: &[],
                status: 200,
            },
        }
    }
}

/// What the operations mean; implemented by the service that owns the resources. Each function gets a
/// proven caller and an input within the model's bounds.
pub trait IvsChat: Send + Sync + 'static {
    /// `POST /CreateChatToken`, answers 200.
    fn create_chat_token(
        &self,
        call: &Call,
        input: CreateChatTokenRequest,
    ) -> impl Future<Output = Result<CreateChatTokenResponse, ApiError>> + Send;

    /// `POST /CreateLoggingConfiguration`, answers 200.
    fn create_logging_configuration(
        &self,
        call: &Call,
        input: CreateLoggingConfigurationRequest,
    ) -> impl Future<Output = Result<CreateLoggingConfigurationResponse, ApiError>> + Send;

    /// `POST /CreateRoom`, answers 200.
    fn create_room(
        &self,
        call: &Call,
        input: CreateRoomRequest,
    ) -> impl Future<Output = Result<CreateRoomResponse, ApiError>> + Send;

    /// `POST /DeleteLoggingConfiguration`, answers 204.
    fn delete_logging_configuration(
        &self,
        call: &Call,
        input: DeleteLoggingConfigurationRequest,
    ) -> impl Future<Output = Result<(), ApiError>> + Send;

    /// `POST /DeleteMessage`, answers 200.
    fn delete_message(
        &self,
        call: &Call,
        input: DeleteMessageRequest,
    ) -> impl Future<Output = Result<DeleteMessageResponse, ApiError>> + Send;

    /// `POST /DeleteRoom`, answers 204.
    fn delete_room(
        &self,
        call: &Call,
        input: DeleteRoomRequest,
    ) -> impl Future<Output = Result<(), ApiError>> + Send;

    /// `POST /DisconnectUser`, answers 200.
    fn disconnect_user(
        &self,
        call: &Call,
        input: DisconnectUserRequest,
    ) -> impl Future<Output = Result<DisconnectUserResponse, ApiError>> + Send;

    /// `POST /GetLoggingConfiguration`, answers 200.
    fn get_logging_configuration(
        &self,
        call: &Call,
        input: GetLoggingConfigurationRequest,
    ) -> impl Future<Output = Result<GetLoggingConfigurationResponse, ApiError>> + Send;

    /// `POST /GetRoom`, answers 200.
    fn get_room(
        &self,
        call: &Call,
        input: GetRoomRequest,
    ) -> impl Future<Output = Result<GetRoomResponse, ApiError>> + Send;

    /// `POST /ListLoggingConfigurations`, answers 200.
    fn list_logging_configurations(
        &self,
        call: &Call,
        input: ListLoggingConfigurationsRequest,
    ) -> impl Future<Output = Result<ListLoggingConfigurationsResponse, ApiError>> + Send;

    /// `POST /ListRooms`, answers 200.
    fn list_rooms(
        &self,
        call: &Call,
        input: ListRoomsRequest,
    ) -> impl Future<Output = Result<ListRoomsResponse, ApiError>> + Send;

    /// `GET /tags/{resourceArn}`, answers 200.
    fn list_tags_for_resource(
        &self,
        call: &Call,
        input: ListTagsForResourceRequest,
    ) -> impl Future<Output = Result<ListTagsForResourceResponse, ApiError>> + Send;

    /// `POST /SendEvent`, answers 200.
    fn send_event(
        &self,
        call: &Call,
        input: SendEventRequest,
    ) -> impl Future<Output = Result<SendEventResponse, ApiError>> + Send;

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

    /// `POST /UpdateLoggingConfiguration`, answers 200.
    fn update_logging_configuration(
        &self,
        call: &Call,
        input: UpdateLoggingConfigurationRequest,
    ) -> impl Future<Output = Result<UpdateLoggingConfigurationResponse, ApiError>> + Send;

    /// `POST /UpdateRoom`, answers 200.
    fn update_room(
        &self,
        call: &Call,
        input: UpdateRoomRequest,
    ) -> impl Future<Output = Result<UpdateRoomResponse, ApiError>> + Send;
}

/// Reads the input, then asks for permission, then has the operation done and writes the output. There is
/// no call but the one that the permission gives, so no operation is reached without it.
pub(crate) async fn perform<S: IvsChat>(
    service: &S,
    operation: Operation,
    members: &Map<String, Value>,
    permission: impl Future<Output = Result<Call, ApiError>> + Send,
) -> Result<Reply, ApiError> {
    match operation {
        Operation::CreateChatToken => {
            let input = parse(members)?;
            let call = permission.await?;
            reply(&service.create_chat_token(&call, input).await?)
        }
        Operation::CreateLoggingConfiguration => {
            let input = parse(members)?;
            let call = permission.await?;
            reply(&service.create_logging_configuration(&call, input).await?)
        }
        Operation::CreateRoom => {
            let input = parse(members)?;
            let call = permission.await?;
            reply(&service.create_room(&call, input).await?)
        }
        Operation::DeleteLoggingConfiguration => {
            let input = parse(members)?;
            let call = permission.await?;
            service.delete_logging_configuration(&call, input).await?;
            Ok(Reply::Empty)
        }
        Operation::DeleteMessage => {
            let input = parse(members)?;
            let call = permission.await?;
            reply(&service.delete_message(&call, input).await?)
        }
        Operation::DeleteRoom => {
            let input = parse(members)?;
            let call = permission.await?;
            service.delete_room(&call, input).await?;
            Ok(Reply::Empty)
        }
        Operation::DisconnectUser => {
            let input = parse(members)?;
            let call = permission.await?;
            reply(&service.disconnect_user(&call, input).await?)
        }
        Operation::GetLoggingConfiguration => {
            let input = parse(members)?;
            let call = permission.await?;
            reply(&service.get_logging_configuration(&call, input).await?)
        }
        Operation::GetRoom => {
            let input = parse(members)?;
            let call = permission.await?;
            reply(&service.get_room(&call, input).await?)
        }
        Operation::ListLoggingConfigurations => {
            let input = parse(members)?;
            let call = permission.await?;
            reply(&service.list_logging_configurations(&call, input).await?)
        }
        Operation::ListRooms => {
            let input = parse(members)?;
            let call = permission.await?;
            reply(&service.list_rooms(&call, input).await?)
        }
        Operation::ListTagsForResource => {
            let input = parse(members)?;
            let call = permission.await?;
            reply(&service.list_tags_for_resource(&call, input).await?)
        }
        Operation::SendEvent => {
            let input = parse(members)?;
            let call = permission.await?;
            reply(&service.send_event(&call, input).await?)
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
        Operation::UpdateLoggingConfiguration => {
            let input = parse(members)?;
            let call = permission.await?;
            reply(&service.update_logging_configuration(&call, input).await?)
        }
        Operation::UpdateRoom => {
            let input = parse(members)?;
            let call = permission.await?;
            reply(&service.update_room(&call, input).await?)
        }
    }
}

/// Calls a macro with every served operation, one a line: `function Operation Input => Output;`. For
/// whoever answers all of them alike, as tests do.
#[macro_export]
macro_rules! ivschat_operations {
($callback:ident) => {
  $callback! {
    create_chat_token CreateChatToken $crate::ivschat::CreateChatTokenRequest => $crate::ivschat::CreateChatTokenResponse;
    create_logging_configuration CreateLoggingConfiguration $crate::ivschat::CreateLoggingConfigurationRequest => $crate::ivschat::CreateLoggingConfigurationResponse;
    create_room CreateRoom $crate::ivschat::CreateRoomRequest => $crate::ivschat::CreateRoomResponse;
    delete_logging_configuration DeleteLoggingConfiguration $crate::ivschat::DeleteLoggingConfigurationRequest => ();
    delete_message DeleteMessage $crate::ivschat::DeleteMessageRequest => $crate::ivschat::DeleteMessageResponse;
    delete_room DeleteRoom $crate::ivschat::DeleteRoomRequest => ();
    disconnect_user DisconnectUser $crate::ivschat::DisconnectUserRequest => $crate::ivschat::DisconnectUserResponse;
    get_logging_configuration GetLoggingConfiguration $crate::ivschat::GetLoggingConfigurationRequest => $crate::ivschat::GetLoggingConfigurationResponse;
    get_room GetRoom $crate::ivschat::GetRoomRequest => $crate::ivschat::GetRoomResponse;
    list_logging_configurations ListLoggingConfigurations $crate::ivschat::ListLoggingConfigurationsRequest => $crate::ivschat::ListLoggingConfigurationsResponse;
    list_rooms ListRooms $crate::ivschat::ListRoomsRequest => $crate::ivschat::ListRoomsResponse;
    list_tags_for_resource ListTagsForResource $crate::ivschat::ListTagsForResourceRequest => $crate::ivschat::ListTagsForResourceResponse;
    send_event SendEvent $crate::ivschat::SendEventRequest => $crate::ivschat::SendEventResponse;
    tag_resource TagResource $crate::ivschat::TagResourceRequest => $crate::ivschat::TagResourceResponse;
    untag_resource UntagResource $crate::ivschat::UntagResourceRequest => $crate::ivschat::UntagResourceResponse;
    update_logging_configuration UpdateLoggingConfiguration $crate::ivschat::UpdateLoggingConfigurationRequest => $crate::ivschat::UpdateLoggingConfigurationResponse;
    update_room UpdateRoom $crate::ivschat::UpdateRoomRequest => $crate::ivschat::UpdateRoomResponse;
  }
};
}

/// The service's exceptions and the HTTP status of each.
#[cfg(test)]
pub(crate) const EXCEPTIONS: &[(&str, u16)] = &[
    ("AccessDeniedException", 403),
    ("ConflictException", 409),
    ("InternalServerException", 500),
    ("PendingVerification", 403),
    ("ResourceNotFoundException", 404),
    ("ServiceQuotaExceededException", 402),
    ("ThrottlingException", 429),
    ("ValidationException", 400),
];
