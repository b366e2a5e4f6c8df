//! Events that are commands to a room which asked for that.
//!
//! Promise: without the tag nothing differs from the vendor.

use std::collections::BTreeMap;

use api::ApiError;
use api::ivschat::{IvsChat, SendEventRequest, TagResourceRequest};
use bus::RoomNews;
use domain::Tags;

use crate::house::{House, INVALID, caller, refused_as};

fn attributes(pairs: &[(&str, &str)]) -> BTreeMap<String, String> {
    pairs.iter().map(|(key, value)| ((*key).to_owned(), (*value).to_owned())).collect()
}

async fn send(house: &House, room: &str, name: &str, pairs: &[(&str, &str)]) -> Result<RoomNews, ApiError> {
    house.heard();
    let input = SendEventRequest {
        room_identifier: room.to_owned(),
        event_name: name.to_owned(),
        attributes: Some(attributes(pairs)),
    };
    house.control.send_event(&caller(), input).await?;
    Ok(house.heard().pop().unwrap().1)
}

async fn moderated(house: &House, value: &str) -> String {
    let room = house.room("a").await;
    let tags = Tags::from([("rillcast:moderation".to_owned(), value.to_owned())]);
    let input = TagResourceRequest { resource_arn: room.clone(), tags };
    IvsChat::tag_resource(&*house.control, &caller(), input).await.unwrap();
    room
}

#[tokio::test]
async fn in_a_room_with_the_tag_the_six_names_are_commands() {
    let house = House::new().await;
    let room = moderated(&house, "true").await;
    let user = [("UserId", "u1"), ("Seconds", "60"), ("Reason", "spam")];
    for name in ["BAN_USER", "UNBAN_USER", "MUTE_USER", "UNMUTE_USER", "DELETE_USER_MESSAGES", "SEND_TO_USER"]
    {
        let name = format!("rillcast:{name}");
        let heard = send(&house, &room, &name, &user).await.unwrap();
        assert_eq!(heard, RoomNews::Command { name: name.into(), attributes: attributes(&user) });
    }
    for name in ["rillcast:OTHER", "rillcast:ban_user", "BAN_USER"] {
        assert!(matches!(send(&house, &room, name, &user).await.unwrap(), RoomNews::Frame { .. }), "{name}");
    }
}

#[tokio::test]
async fn without_the_tag_they_are_events_as_any_other() {
    let house = House::new().await;
    for room in [house.room("a").await, moderated(&house, "yes").await] {
        let heard = send(&house, &room, "rillcast:BAN_USER", &[]).await.unwrap();
        assert!(matches!(heard, RoomNews::Frame { .. }));
    }
}

#[tokio::test]
async fn a_command_that_makes_no_sense_is_refused() {
    let house = House::new().await;
    let room = moderated(&house, "true").await;
    let long = "u".repeat(129);
    for pairs in [
        &[][..],
        &[("UserId", "")],
        &[("UserId", &long)],
        &[("UserId", "a\0")],
        &[("UserId", "u"), ("Seconds", "0")],
        &[("UserId", "u"), ("Seconds", "soon")],
        &[("UserId", "u"), ("Seconds", "-5")],
    ] {
        refused_as(INVALID, send(&house, &room, "rillcast:BAN_USER", pairs).await);
        assert_eq!(house.heard(), []);
    }
}
