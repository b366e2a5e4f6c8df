//! The story of a chat: rooms and their log from the first create to the last delete.
//!
//! Promise: the steps have the names and the order of the story that the other SDKs are told
//! (`tests/harness/sdk_chat_story.py`).

use std::collections::HashMap;

use aws_sdk_ivschat::Client;
use aws_sdk_ivschat::error::ProvideErrorMetadata;
use aws_sdk_ivschat::operation::create_chat_token::CreateChatTokenError;
use aws_sdk_ivschat::operation::create_room::CreateRoomError;
use aws_sdk_ivschat::operation::delete_logging_configuration::DeleteLoggingConfigurationError;
use aws_sdk_ivschat::operation::delete_room::DeleteRoomError;
use aws_sdk_ivschat::operation::get_logging_configuration::GetLoggingConfigurationError;
use aws_sdk_ivschat::operation::get_room::{GetRoomError, GetRoomOutput};
use aws_sdk_ivschat::types::{
    ChatTokenCapability, CreateLoggingConfigurationState, DestinationConfiguration, FallbackResult,
    MessageReviewHandler, ResourceType, S3DestinationConfiguration, ValidationExceptionReason,
};

use crate::story::Failure;

const LAMBDA: &str = "arn:aws:lambda:us-east-1:123456789012:function:review";

/// Asserts that an answer is this variant of the operation's error, with this status and words that hold
/// `$words`; gives the error.
macro_rules! refused {
    ($answer:expr, $error:ident::$class:ident, $status:literal, $words:expr) => {{
        let error = $answer.expect_err("the call is refused");
        let status = error.raw_response().map(|response| response.status().as_u16());
        assert_eq!(status, Some($status), "{error:?}");
        match error.into_service_error() {
            $error::$class(told) => {
                let text = ProvideErrorMetadata::message(&told).expect("an error has a text");
                assert!(!text.is_empty() && text.contains($words), "{text:?} holds {:?}", $words);
                assert_eq!(told.meta().code(), Some(stringify!($class)));
                told
            }
            other => panic!("{other:?} is no {}", stringify!($class)),
        }
    }};
}

pub(crate) struct ChatStory {
    chat: Client,
    region: String,
    account: String,
    room: String,
    log: String,
}

/// Runs steps by name and prints each name once the step holds.
macro_rules! steps {
    ($story:ident: $($step:ident),+ $(,)?) => {
        $($story.$step().await?; println!(stringify!($step));)+
    };
}

impl ChatStory {
    pub(crate) fn new(chat: Client, region: String, account: String) -> Self {
        Self { chat, region, account, room: String::new(), log: String::new() }
    }

    pub(crate) async fn tell(mut self) -> Result<(), Failure> {
        steps!(self:
            a_log_is_active_when_its_bucket_can_be_written_to,
            a_room_with_nothing_said_has_the_defaults,
            a_room_is_updated_in_place,
            rooms_are_listed_from_the_latest_change_backwards,
            a_log_in_use_is_not_deleted,
            a_token_is_given_out,
            a_moderator_acts_on_the_room,
            tags_come_and_go_on_each_kind,
            a_refusal_says_why,
            all_is_deleted_and_stays_so,
        );
        Ok(())
    }

    async fn a_log_is_active_when_its_bucket_can_be_written_to(&mut self) -> Result<(), Failure> {
        let bucket = S3DestinationConfiguration::builder().bucket_name("chat-logs").build()?;
        let destination = DestinationConfiguration::S3(bucket);
        let create = self.chat.create_logging_configuration().name("archive");
        let made = create.destination_configuration(destination.clone()).send().await?;
        assert_eq!(made.state(), Some(&CreateLoggingConfigurationState::Active));
        assert_eq!(made.destination_configuration(), Some(&destination));
        self.log = made.arn.expect("a logging configuration has an ARN");
        let renamed = self.chat.update_logging_configuration().identifier(&self.log).name("renamed");
        assert_eq!(renamed.send().await?.name(), Some("renamed"));
        let read = self.chat.get_logging_configuration().identifier(&self.log).send().await?;
        assert_eq!((read.name(), read.create_time()), (Some("renamed"), made.create_time.as_ref()));
        Ok(())
    }

    async fn a_room_with_nothing_said_has_the_defaults(&mut self) -> Result<(), Failure> {
        let made = self.chat.create_room().send().await?;
        assert_eq!(
            (made.maximum_message_rate_per_second(), made.maximum_message_length()),
            (Some(10), Some(500))
        );
        assert_eq!((made.name(), made.message_review_handler()), (Some(""), None));
        assert!(made.logging_configuration_identifiers().is_empty());
        assert_eq!(made.tags().map(HashMap::len), Some(0));
        self.room = made.arn.expect("a room has an ARN");
        assert_eq!(self.read().await?.update_time(), made.update_time.as_ref());
        Ok(())
    }

    async fn a_room_is_updated_in_place(&mut self) -> Result<(), Failure> {
        let update = || self.chat.update_room().identifier(&self.room);
        update().name("lobby").send().await?;
        update().maximum_message_rate_per_second(100).maximum_message_length(1).send().await?;
        let handler = |uri: &str| {
            MessageReviewHandler::builder().uri(uri).fallback_result(FallbackResult::Deny).build()
        };
        for uri in [LAMBDA, ""] {
            let answer = update().message_review_handler(handler(uri)).send().await?;
            assert_eq!(answer.message_review_handler(), Some(&handler(uri)));
        }
        update().logging_configuration_identifiers(&self.log).send().await?;
        let read = self.read().await?;
        assert_eq!((read.name(), read.maximum_message_length()), (Some("lobby"), Some(1)));
        assert_eq!(read.maximum_message_rate_per_second(), Some(100));
        assert_eq!(read.logging_configuration_identifiers(), [self.log.as_str()]);
        assert_eq!(read.message_review_handler(), Some(&handler("")));
        Ok(())
    }

    async fn rooms_are_listed_from_the_latest_change_backwards(&mut self) -> Result<(), Failure> {
        let other = self.chat.create_room().name("other").send().await?.arn.expect("a room has an ARN");
        let page = || self.chat.list_rooms().max_results(1);
        let first = page().send().await?;
        let last = page().set_next_token(first.next_token.clone()).send().await?;
        let seen: Vec<_> = first.rooms.iter().chain(&last.rooms).filter_map(|room| room.arn()).collect();
        assert_eq!((seen, last.next_token()), (vec![other.as_str(), &self.room], None));
        for filtered in [page().name("lobby"), page().logging_configuration_identifier(&self.log)] {
            let found = filtered.send().await?.rooms;
            assert_eq!(found.iter().filter_map(|room| room.arn()).collect::<Vec<_>>(), [&self.room]);
        }
        assert!(page().message_review_handler_uri(LAMBDA).send().await?.rooms.is_empty());
        let logs = self.chat.list_logging_configurations().send().await?.logging_configurations;
        assert_eq!(logs.iter().filter_map(|log| log.arn()).collect::<Vec<_>>(), [&self.log]);
        self.chat.delete_room().identifier(other).send().await?;
        Ok(())
    }

    async fn a_log_in_use_is_not_deleted(&mut self) -> Result<(), Failure> {
        let deleted = self.chat.delete_logging_configuration().identifier(&self.log).send().await;
        let told = refused!(deleted, DeleteLoggingConfigurationError::ConflictException, 409, &self.log);
        assert_eq!(told.resource_type(), &ResourceType::Room);
        assert!(self.log.ends_with(told.resource_id()));
        Ok(())
    }

    async fn a_token_is_given_out(&mut self) -> Result<(), Failure> {
        let create = || self.chat.create_chat_token().room_identifier(&self.room);
        let asked = create().user_id("user \u{2713}").session_duration_in_minutes(180);
        let asked = asked.capabilities(ChatTokenCapability::SendMessage).attributes("name", "Max");
        let made = asked.capabilities(ChatTokenCapability::DeleteMessage).send().await?;
        assert!(made.token().is_some_and(|token| !token.is_empty()));
        assert_eq!(made.token_expiration_time(), made.session_expiration_time());
        assert!(made.token_expiration_time().is_some());
        let long = create().user_id("u").attributes("k", "v".repeat(1_024)).send().await;
        let told = refused!(long, CreateChatTokenError::ValidationException, 400, "attributes");
        assert_eq!(told.reason(), &ValidationExceptionReason::FieldValidationFailed);
        let fields: Vec<_> = told.field_list().iter().map(|field| field.name()).collect();
        assert_eq!(fields, ["attributes"]);
        Ok(())
    }

    async fn a_moderator_acts_on_the_room(&mut self) -> Result<(), Failure> {
        let delete = self.chat.delete_message().room_identifier(&self.room).id("M2YcHkgffEvU");
        let deleted = delete.reason("spam").send().await?.id.expect("an operation has an id");
        let send = self.chat.send_event().room_identifier(&self.room).event_name("app:GOAL");
        let sent = send.attributes("by", "7").send().await?.id.expect("an operation has an id");
        assert!(deleted.len() == 12 && sent.len() == 12 && deleted != sent);
        let disconnect = self.chat.disconnect_user().room_identifier(&self.room);
        disconnect.user_id("user \u{2713}").reason("rude").send().await?;
        Ok(())
    }

    async fn tags_come_and_go_on_each_kind(&mut self) -> Result<(), Failure> {
        for arn in [&self.room, &self.log] {
            let tag = self.chat.tag_resource().resource_arn(arn);
            tag.tags("a/b", "1 + 1").tags("c", "").tags("Straße", "ü").send().await?;
            let untag = self.chat.untag_resource().resource_arn(arn);
            untag.tag_keys("a/b").tag_keys("Straße").tag_keys("was never there").send().await?;
            let read = self.chat.list_tags_for_resource().resource_arn(arn).send().await?.tags;
            assert_eq!(read, HashMap::from([("c".to_owned(), String::new())]));
        }
        Ok(())
    }

    async fn a_refusal_says_why(&mut self) -> Result<(), Failure> {
        let unknown = format!("arn:aws:ivschat:{}:{}:room/AAAAbbbb0000", self.region, self.account);
        let got = self.chat.get_room().identifier(&unknown).send().await;
        let told = refused!(got, GetRoomError::ResourceNotFoundException, 404, &unknown);
        assert_eq!((told.resource_id(), told.resource_type()), ("AAAAbbbb0000", &ResourceType::Room));
        let token = self.chat.create_chat_token().room_identifier(&unknown).user_id("u").send().await;
        refused!(token, CreateChatTokenError::ResourceNotFoundException, 404, &unknown);
        let spaced = self.chat.create_room().name("with spaces in it").send().await;
        refused!(spaced, CreateRoomError::ValidationException, 400, "name");
        Ok(())
    }

    async fn all_is_deleted_and_stays_so(&mut self) -> Result<(), Failure> {
        let (room, log) = (&self.room, &self.log);
        self.chat.delete_room().identifier(room).send().await?;
        self.chat.delete_logging_configuration().identifier(log).send().await?;
        let got = self.chat.get_room().identifier(room).send().await;
        refused!(got, GetRoomError::ResourceNotFoundException, 404, room);
        let deleted = self.chat.delete_room().identifier(room).send().await;
        refused!(deleted, DeleteRoomError::ResourceNotFoundException, 404, room);
        let got = self.chat.get_logging_configuration().identifier(log).send().await;
        refused!(got, GetLoggingConfigurationError::ResourceNotFoundException, 404, log);
        assert!(self.chat.list_rooms().send().await?.rooms.is_empty());
        Ok(())
    }

    async fn read(&self) -> Result<GetRoomOutput, Failure> {
        Ok(self.chat.get_room().identifier(&self.room).send().await?)
    }
}
