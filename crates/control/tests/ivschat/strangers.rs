//! Accounts and regions don't see each other.
//!
//! Promise: for every operation that takes a name, the stranger's answer is the same as for a name that nobody has.

use api::ivschat::{
    CreateChatTokenRequest, CreateRoomRequest, DeleteLoggingConfigurationRequest, DeleteMessageRequest,
    DeleteRoomRequest, DisconnectUserRequest, GetLoggingConfigurationRequest, GetRoomRequest, IvsChat,
    ListRoomsRequest, SendEventRequest, UpdateLoggingConfigurationRequest, UpdateRoomRequest,
};

use crate::house::{House, NOT_FOUND, caller_of, refused_as};

#[tokio::test]
async fn another_account_or_region_finds_nothing_by_any_operation() {
    let house = House::new().await;
    let (room, log) = (house.room("mine").await, house.active_log("bucket").await);
    house.heard();
    let control = &house.control;
    for stranger in [caller_of("999999999999", "us-east-1"), caller_of("123456789012", "eu-west-1")] {
        let stranger = &stranger;
        macro_rules! not_found {
            ($function:ident, $input:ident { $member:ident }, $arn:expr) => {
                let input = $input { $member: $arn.clone(), ..Default::default() };
                let text = refused_as(NOT_FOUND, control.$function(stranger, input).await);
                assert_eq!(text, format!("Resource: {} not found", $arn), stringify!($function));
            };
        }
        not_found!(create_chat_token, CreateChatTokenRequest { room_identifier }, room);
        not_found!(delete_message, DeleteMessageRequest { room_identifier }, room);
        not_found!(disconnect_user, DisconnectUserRequest { room_identifier }, room);
        not_found!(send_event, SendEventRequest { room_identifier }, room);
        let (identifier, arn) = (room.clone(), &room);
        let text = refused_as(NOT_FOUND, control.get_room(stranger, GetRoomRequest { identifier }).await);
        assert_eq!(text, format!("Resource: {arn} not found"));
        let input = DeleteRoomRequest { identifier: room.clone() };
        refused_as(NOT_FOUND, control.delete_room(stranger, input).await);
        not_found!(update_room, UpdateRoomRequest { identifier }, room);
        let input = GetLoggingConfigurationRequest { identifier: log.clone() };
        refused_as(NOT_FOUND, control.get_logging_configuration(stranger, input).await);
        let input = DeleteLoggingConfigurationRequest { identifier: log.clone() };
        refused_as(NOT_FOUND, control.delete_logging_configuration(stranger, input).await);
        not_found!(update_logging_configuration, UpdateLoggingConfigurationRequest { identifier }, log);
        let logged = CreateRoomRequest {
            logging_configuration_identifiers: Some(vec![log.clone()]),
            ..Default::default()
        };
        refused_as(NOT_FOUND, control.create_room(stranger, logged).await);
        let listed = control.list_rooms(stranger, ListRoomsRequest::default()).await.unwrap();
        assert_eq!(listed.rooms, []);
        let listed = control.list_logging_configurations(stranger, Default::default()).await.unwrap();
        assert_eq!(listed.logging_configurations, []);
    }
    assert_eq!(house.heard(), []);
}
