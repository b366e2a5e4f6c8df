//! What `CreateChatToken` means (API reference).
//!
//! Promise: a token's times spare the official SDK's refresh timer: it opens a connection for as long as the
//! session may last, and for five minutes at least; the session ends when the answer says so.

use std::collections::BTreeMap;

use api::ivschat::{ChatTokenCapability, CreateChatTokenRequest, CreateChatTokenResponse};
use api::{ApiError, Call, Sensitive};
use auth::chat_token::{self, ChatClaims};
use domain::{Arn, ChatCapability, from_unix_millis};

use super::{bounds, rooms, views};
use crate::error::refusal;
use crate::{Control, clock, entropy};

/// `sessionDurationInMinutes` when it is not given.
const SESSION_MINUTES: i32 = 60;

const MINUTE: i64 = 60_000;

/// The least that a token opens connections for, in milliseconds. The official SDK for JavaScript fetches a new
/// token a minute before the old one runs out; one that lives about a minute has it fetch without a pause.
const TOKEN: i64 = 5 * MINUTE;

pub(super) async fn create(
    control: &Control,
    call: &Call,
    input: CreateChatTokenRequest,
) -> Result<CreateChatTokenResponse, ApiError> {
    let attributes = input.attributes.map(|attributes| attributes.0).unwrap_or_default();
    bounds::attributes(&attributes)?;
    bounds::user(&input.user_id.0)?;
    let room = rooms::find(control, call, &input.room_identifier).await?;
    let minutes = input.session_duration_in_minutes.unwrap_or(SESSION_MINUTES);
    let wanted = Wanted {
        room: room.arn,
        user: input.user_id.0,
        attributes,
        capabilities: capabilities(input.capabilities),
        minutes,
    };
    let Sealed { token, session_expires_at, token_expires_at } = seal(control, wanted).await?;
    Ok(CreateChatTokenResponse {
        session_expiration_time: Some(from_unix_millis(session_expires_at).into()),
        token: Some(Sensitive(token)),
        token_expiration_time: Some(from_unix_millis(token_expires_at).into()),
    })
}

/// Who is to come into which room, and for how long.
struct Wanted {
    room: Arn,
    user: String,
    attributes: BTreeMap<String, String>,
    capabilities: Vec<ChatCapability>,
    minutes: i32,
}

/// A token and its times, in milliseconds since 1970.
struct Sealed {
    token: String,
    session_expires_at: i64,
    token_expires_at: i64,
}

async fn seal(control: &Control, wanted: Wanted) -> Result<Sealed, ApiError> {
    let now = clock::millis();
    let session_expires_at = now.saturating_add(i64::from(wanted.minutes) * MINUTE);
    let token_expires_at = session_expires_at.max(now.saturating_add(TOKEN));
    let mut id = [0; 16];
    entropy::fill(&mut id);
    let claims = ChatClaims {
        id,
        room: wanted.room,
        user: wanted.user,
        attributes: wanted.attributes,
        capabilities: wanted.capabilities,
        token_expires_at,
        session_expires_at,
    };
    let key = control.chat_keys.newest(&control.store).await.map_err(refusal)?;
    let mut nonce = [0; chat_token::NONCE];
    entropy::fill(&mut nonce);
    let token = chat_token::seal(&claims, &key, nonce);
    tracing::debug!(room = %claims.room, key = key.id, "chat token created");
    Ok(Sealed { token, session_expires_at, token_expires_at })
}

impl Control {
    /// A chat token for somebody whom the house itself lets in, such as a viewer of the watch page, for an hour.
    /// Whether the room is there is the caller's to know; `user` has 1 to 128 characters and no NUL.
    ///
    /// # Errors
    /// [`ApiError`] when the attributes are too long or the database does not give a key.
    pub async fn house_chat_token(
        &self,
        room: Arn,
        user: String,
        attributes: BTreeMap<String, String>,
        capabilities: Vec<ChatCapability>,
    ) -> Result<String, ApiError> {
        bounds::attributes(&attributes)?;
        bounds::user(&user)?;
        let wanted = Wanted { room, user, attributes, capabilities, minutes: SESSION_MINUTES };
        Ok(seal(self, wanted).await?.token)
    }
}

/// Each once.
fn capabilities(asked: Option<Vec<ChatTokenCapability>>) -> Vec<ChatCapability> {
    let mut capabilities = Vec::new();
    for capability in asked.into_iter().flatten().map(views::capability) {
        if !capabilities.contains(&capability) {
            capabilities.push(capability);
        }
    }
    capabilities
}
