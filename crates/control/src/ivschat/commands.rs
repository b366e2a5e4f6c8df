//! Events of the API that are commands to a room which asked for that (`docs/guide/chat-extensions.md`).
//!
//! Promise: only rooms with the tag have commands, and of them only those listed here; a command that can't be
//! carried out is refused, not sent to the room as an event.

use std::collections::BTreeMap;

use api::ApiError;
use bus::RoomNews;
use domain::Room;

use super::bounds;

/// A room whose tag of this key is `true` takes commands.
const TAG: &str = "rillcast:moderation";

/// All of them are about the user of the attribute `UserId`.
const COMMANDS: &[&str] = &[
    "rillcast:BAN_USER",
    "rillcast:UNBAN_USER",
    "rillcast:MUTE_USER",
    "rillcast:UNMUTE_USER",
    "rillcast:DELETE_USER_MESSAGES",
    "rillcast:SEND_TO_USER",
];

/// Characters of a user's id (model, `UserID`).
const USER: usize = 128;

/// The command that an event means in this room; `None` when it is an event as any other.
pub(super) fn command(
    room: &Room,
    name: &str,
    attributes: Option<&BTreeMap<String, String>>,
) -> Result<Option<RoomNews>, ApiError> {
    if room.tags.get(TAG).is_none_or(|value| value != "true") || !COMMANDS.contains(&name) {
        return Ok(None);
    }
    let attributes = attributes.cloned().unwrap_or_default();
    let user = attributes.get("UserId").map_or("", String::as_str);
    if !(1..=USER).contains(&user.chars().count()) {
        return Err(ApiError::validation(format!(
            "attributes: {name} is about one user, so UserId must have 1 to {USER} characters"
        )));
    }
    bounds::user(user)?;
    let fits = |seconds: &String| seconds.parse::<u32>().is_ok_and(|seconds| seconds > 0);
    if !attributes.get("Seconds").is_none_or(fits) {
        return Err(ApiError::validation(format!(
            "attributes: Seconds must be a whole number between 1 and {}",
            u32::MAX
        )));
    }
    Ok(Some(RoomNews::Command { name: name.into(), attributes }))
}
