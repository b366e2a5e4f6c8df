//! How often chat's operations may be called.
//!
//! Promise: every operation is looked at; what calls and clients do together is counted together.

use std::time::Instant;

use api::ivschat::{DeleteMessageRequest, DisconnectUserRequest, IvsChat, Operation};
use api::{ApiError, Call};
use domain::{ChatAct, Limits, Region};

use crate::house::{House, caller, caller_of};

const THROTTLED: (u16, &str) = (429, "ThrottlingException");

fn throttled<T>(result: &Result<T, ApiError>) -> bool {
    let wire = result.as_ref().err().map(ApiError::wire);
    wire.is_some_and(|(status, code)| (status.as_u16(), code) == THROTTLED)
}

/// Calls an operation with an empty input: whether the call was throttled.
macro_rules! call_each {
    ($($function:ident $operation:ident $input:ty => $output:ty;)+) => {
        async fn is_throttled(house: &House, call: &Call, operation: Operation) -> bool {
            match operation {
                $(Operation::$operation => {
                    throttled(&IvsChat::$function(&*house.control, call, <$input>::default()).await)
                })+
            }
        }
    };
}

api::ivschat_operations!(call_each);

#[tokio::test]
async fn each_operation_has_a_rate_of_its_own_for_each_account_and_region() {
    let limits = Limits {
        room_calls: 1,
        logging_configuration_calls: 1,
        chat_token_calls: 1,
        chat_event_calls: 1,
        chat_deletions: 1,
        chat_disconnections: 1,
        tag_calls: 1,
        ..Limits::default()
    };
    let house = House::with(limits).await;
    for caller in [caller(), caller_of("999999999999", "us-east-1"), caller_of("123456789012", "eu-west-1")] {
        for operation in Operation::ALL {
            assert!(!is_throttled(&house, &caller, *operation).await, "{operation:?}");
        }
        // A bucket may gain one while the others are asked, so each is asked until it is empty.
        for operation in Operation::ALL {
            let mut asked = 0;
            while !is_throttled(&house, &caller, *operation).await {
                asked += 1;
                assert!(asked < 100, "{operation:?} is never throttled");
            }
        }
    }
}

#[tokio::test]
async fn deletions_and_disconnections_are_counted_with_those_of_clients() {
    let limits = Limits { chat_deletions: 1, chat_disconnections: 1, ..Limits::default() };
    let house = House::with(limits).await;
    let (room, call) = (house.room("a").await, caller());
    let now = Instant::now();
    let region = Region::parse("us-east-1").unwrap();
    let clients = house.rates.account(&call.principal.account, &region, now);
    // What clients did a moment from now is in the bucket before the call.
    while clients.admit(ChatAct::Deletion, now) {}
    while clients.admit(ChatAct::Disconnection, now) {}
    let delete =
        DeleteMessageRequest { room_identifier: room.clone(), id: "abcdefghijkl".to_owned(), reason: None };
    let disconnect = DisconnectUserRequest { room_identifier: room, ..Default::default() };
    assert!(throttled(&house.control.delete_message(&call, delete).await));
    assert!(throttled(&house.control.disconnect_user(&call, disconnect).await));
    assert_eq!(house.heard(), []);
}
