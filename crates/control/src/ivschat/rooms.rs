//! What the operations on rooms mean (API reference, `CreateRoom` to `UpdateRoom`).
//!
//! Promise: a room is logged only to what was ACTIVE when it was named; whoever has the room open learns of each
//! change after its commit.

use api::ivschat::{
    CreateRoomRequest, CreateRoomResponse, DeleteRoomRequest, GetRoomRequest, GetRoomResponse,
    ListRoomsRequest, ListRoomsResponse, MessageReviewHandler, UpdateRoomRequest, UpdateRoomResponse,
};
use api::{ApiError, Call};
use domain::{Arn, Fallback, ResourceKind, ReviewHandler, Room};
use store::{Position, Recent, RecentRequest, RoomFilter};

use super::views;
use crate::error::{Refused, missing, refusal, refusal_of_quota};
use crate::paging::{self, List};
use crate::{Control, clock, tags, tenant};

/// `ListRooms` without `maxResults`.
const PAGE: u32 = 50;

pub(super) async fn create(
    control: &Control,
    call: &Call,
    input: CreateRoomRequest,
) -> Result<CreateRoomResponse, ApiError> {
    let (arn, now) = (control.mint(call, ResourceKind::Room), clock::millis());
    let tags = tags::checked(input.tags)?;
    let mut room = Room {
        arn,
        name: String::new(),
        created_at: now,
        updated_at: now,
        message_rate: Room::DEFAULT_RATE,
        message_length: Room::DEFAULT_LENGTH,
        review_handler: None,
        logging_configurations: Vec::new(),
        tags,
    };
    let wishes = Wishes {
        name: input.name,
        rate: input.maximum_message_rate_per_second,
        length: input.maximum_message_length,
        review_handler: input.message_review_handler,
        logging_configurations: input.logging_configuration_identifiers,
    };
    wishes.apply(&mut room)?;
    control
        .store
        .create_room(&room, control.limits.rooms)
        .await
        .map_err(|error| refusal_of_quota(call, error))?;
    tracing::info!(room = %room.arn, "room created");
    Ok(views::created(room))
}

/// Whoever is connected stays until the session ends, but can send nothing any more.
pub(super) async fn delete(control: &Control, call: &Call, input: DeleteRoomRequest) -> Result<(), ApiError> {
    let name = Arn::parse(&input.identifier).map_err(|_| missing(&input.identifier))?;
    control.store.delete_room(&tenant(call), &name).await.map_err(refusal)?;
    tracing::info!(room = %name, "room deleted");
    control.announce(&name).await;
    Ok(())
}

pub(super) async fn get(
    control: &Control,
    call: &Call,
    input: GetRoomRequest,
) -> Result<GetRoomResponse, ApiError> {
    find(control, call, &input.identifier).await.map(views::got)
}

/// From the latest change backwards.
pub(super) async fn list(
    control: &Control,
    call: &Call,
    input: ListRoomsRequest,
) -> Result<ListRoomsResponse, ApiError> {
    let tenant = tenant(call);
    let filter = filter(&input)?;
    // Each text is quoted, so no two filters read alike.
    let about = format!("{:?}", (&filter.name, &filter.review_handler_uri, &filter.logging_configuration));
    let list = List { operation: "ListRooms", tenant: &tenant, about: &about };
    let after = control.tokens.place(&list, input.next_token.as_deref())?.map(place);
    if let Some(configuration) = &filter.logging_configuration {
        let found = control.store.logging_configuration(&tenant, configuration).await.map_err(refusal)?;
        found.ok_or_else(|| ApiError::not_found(configuration))?;
    }
    let request = RecentRequest { after, limit: paging::limit(input.max_results, PAGE) };
    let page = control.store.rooms(&tenant, &filter, request).await.map_err(refusal)?;
    Ok(ListRoomsResponse {
        next_token: page.next.map(|recent| control.tokens.seal_place(&list, bytes(recent))),
        rooms: page.items.into_iter().map(views::summary).collect(),
    })
}

pub(super) async fn update(
    control: &Control,
    call: &Call,
    input: UpdateRoomRequest,
) -> Result<UpdateRoomResponse, ApiError> {
    let name = Arn::parse(&input.identifier).map_err(|_| missing(&input.identifier))?;
    let wishes = Wishes {
        name: input.name,
        rate: input.maximum_message_rate_per_second,
        length: input.maximum_message_length,
        review_handler: input.message_review_handler,
        logging_configurations: input.logging_configuration_identifiers,
    };
    let mut changed = false;
    let revise = |room: &mut Room| {
        let before = room.clone();
        wishes.apply(room)?;
        changed = *room != before;
        if changed {
            room.updated_at = clock::millis().max(before.updated_at);
        }
        Ok::<_, Refused>(())
    };
    let room = control.store.update_room(&tenant(call), &name, revise).await?;
    if changed {
        tracing::info!(room = %name, "room updated");
        control.announce(&name).await;
    }
    Ok(views::updated(room))
}

/// The caller's room of this name. One of another account or region is not found either.
pub(super) async fn find(control: &Control, call: &Call, arn: &str) -> Result<Room, ApiError> {
    let name = Arn::parse(arn).map_err(|_| missing(arn))?;
    let found = control.store.room(&tenant(call), &name).await.map_err(refusal)?;
    found.ok_or_else(|| missing(arn))
}

/// What the caller says about a room; what is not said stays.
struct Wishes {
    name: Option<String>,
    rate: Option<i32>,
    length: Option<i32>,
    review_handler: Option<MessageReviewHandler>,
    logging_configurations: Option<Vec<String>>,
}

impl Wishes {
    fn apply(self, room: &mut Room) -> Result<(), ApiError> {
        if let Some(name) = self.name {
            room.name = name;
        }
        if let Some(rate) = self.rate {
            room.message_rate = u8::try_from(rate).map_err(|_| {
                ApiError::validation("maximumMessageRatePerSecond: must be between 1 and 100")
            })?;
        }
        if let Some(length) = self.length {
            room.message_length = u16::try_from(length)
                .map_err(|_| ApiError::validation("maximumMessageLength: must be between 1 and 500"))?;
        }
        if let Some(handler) = self.review_handler {
            room.review_handler = Some(review_handler(handler, room.review_handler.take()));
        }
        if let Some(named) = self.logging_configurations {
            room.logging_configurations = logging_configurations(named)?;
        }
        Ok(())
    }
}

/// One whose URI is "" reviews nothing, and is still shown: whoever keeps a description of the room finds what
/// was written there.
fn review_handler(asked: MessageReviewHandler, before: Option<ReviewHandler>) -> ReviewHandler {
    let before = before.unwrap_or(ReviewHandler { uri: String::new(), fallback: Fallback::Allow });
    ReviewHandler {
        uri: asked.uri.unwrap_or(before.uri),
        fallback: asked.fallback_result.map_or(before.fallback, views::fallback),
    }
}

/// Each once, in the order given.
fn logging_configurations(named: Vec<String>) -> Result<Vec<Arn>, ApiError> {
    let mut arns = Vec::with_capacity(named.len());
    for text in named {
        let arn = Arn::parse(&text).map_err(|_| missing(&text))?;
        if !arns.contains(&arn) {
            arns.push(arn);
        }
    }
    Ok(arns)
}

/// Empty texts filter nothing.
fn filter(input: &ListRoomsRequest) -> Result<RoomFilter, ApiError> {
    let given = |text: &Option<String>| text.clone().filter(|text| !text.is_empty());
    let configuration = given(&input.logging_configuration_identifier);
    Ok(RoomFilter {
        name: given(&input.name),
        review_handler_uri: given(&input.message_review_handler_uri),
        logging_configuration: configuration
            .map(|text| Arn::parse(&text).map_err(|_| missing(&text)))
            .transpose()?,
    })
}

/// A place in the list as a page token holds it.
fn bytes(recent: Recent) -> [u8; 16] {
    let mut bytes = [0; 16];
    let (time, position) = bytes.split_at_mut(8);
    time.copy_from_slice(&recent.updated_at.to_be_bytes());
    position.copy_from_slice(&recent.position.get().to_be_bytes());
    bytes
}

fn place(bytes: [u8; 16]) -> Recent {
    let (time, position) = bytes.split_at(8);
    let number = |half: &[u8]| i64::from_be_bytes(half.try_into().expect("8 of the 16 bytes"));
    Recent { updated_at: number(time), position: Position::new(number(position)) }
}
