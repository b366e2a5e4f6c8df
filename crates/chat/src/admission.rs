//! Who may connect: the handshake, the token, the room, bans and the quota.
//!
//! Promise: nobody gets a [`Seat`] without a token that was good, in time and never used before. The token is used
//! up last, so that only who gets in spends it; after that nothing is refused.

use std::net::IpAddr;
use std::sync::Arc;
use std::time::{Duration, Instant, SystemTime};

use auth::chat_token::ChatClaims;
use domain::{ResourceKind, chat_frame};
use http::header::{HeaderName, HeaderValue, RETRY_AFTER, SEC_WEBSOCKET_VERSION};
use http::request::Parts;
use http::{Response, StatusCode};
use store::{SpentToken, StoreError};
use tracing::warn;

use crate::clock;
use crate::hall::Hall;
use crate::handshake::Offer;
use crate::keys::Unopened;
use crate::room::Place;
use crate::session;
use crate::spender::Spent;

/// A connection that was admitted and has not yet joined.
pub struct Seat {
    pub(crate) place: Place,
    pub(crate) user: String,
    pub(crate) attributes: Arc<str>,
    pub(crate) capabilities: u8,
    pub(crate) ip: IpAddr,
    /// When the session expires.
    pub(crate) until: Instant,
}

impl std::fmt::Debug for Seat {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Seat").field("room", &self.place.room().arn).finish_non_exhaustive()
    }
}

/// Why a handshake is refused.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("{status}: {text}")]
pub struct Refusal {
    status: StatusCode,
    text: &'static str,
}

impl Refusal {
    pub(crate) fn new(status: StatusCode, text: &'static str) -> Self {
        Self { status, text }
    }

    /// The answer to send.
    pub fn response(&self) -> Response<String> {
        let mut response = Response::new(self.text.to_owned());
        *response.status_mut() = self.status;
        let mut set =
            |name: HeaderName, value| response.headers_mut().insert(name, HeaderValue::from_static(value));
        set(http::header::CONTENT_TYPE, "text/plain; charset=utf-8");
        match self.status {
            StatusCode::UPGRADE_REQUIRED => drop(set(SEC_WEBSOCKET_VERSION, "13")),
            StatusCode::SERVICE_UNAVAILABLE | StatusCode::TOO_MANY_REQUESTS => drop(set(RETRY_AFTER, "1")),
            _ => (),
        }
        response
    }

    fn away(error: &StoreError) -> Self {
        warn!(error = %domain::chain(error), "a chat handshake could not be checked");
        Self::new(StatusCode::SERVICE_UNAVAILABLE, "try again")
    }
}

const NOT_A_TOKEN: &str = "not a valid chat token";

/// Checks a handshake, in the order of what the checks cost.
pub(crate) async fn admit(
    hall: &Hall,
    parts: &Parts,
    peer: IpAddr,
    now: SystemTime,
) -> Result<(Response<()>, Seat), Refusal> {
    if hall.is_draining() {
        return Err(Refusal::new(StatusCode::SERVICE_UNAVAILABLE, "this server is ending"));
    }
    let offer = Offer::read(parts, hall.config.origins.as_deref())?;
    let claims = open(hall, offer.token).await?;
    let until = check_times(&claims, clock::milliseconds(now))?;
    let place = place(hall, &claims, clock::milliseconds(now)).await?;
    spend(hall, &claims).await?;
    hall.metrics.joins.inc();
    let seat = Seat {
        capabilities: session::capabilities(&claims),
        attributes: hall.attributes(&claims.attributes),
        user: claims.user,
        place,
        ip: peer,
        until,
    };
    Ok((offer.accept(), seat))
}

async fn open(hall: &Hall, token: &str) -> Result<ChatClaims, Refusal> {
    hall.keys.open(token).await.map_err(|why| match why {
        Unopened::Invalid => Refusal::new(StatusCode::UNAUTHORIZED, NOT_A_TOKEN),
        Unopened::Away(error) => Refusal::away(&error),
    })
}

/// When the session expires.
fn check_times(claims: &ChatClaims, now: i64) -> Result<Instant, Refusal> {
    let left = claims.session_expires_at.saturating_sub(now);
    match u64::try_from(left) {
        Ok(left) if left > 0 && claims.token_expires_at > now => {
            // A day is more than any session lasts.
            Ok(Instant::now() + Duration::from_millis(left).min(Duration::from_secs(86_400)))
        }
        _ => Err(Refusal::new(StatusCode::UNAUTHORIZED, "the chat token has expired")),
    }
}

async fn place(hall: &Hall, claims: &ChatClaims, now: i64) -> Result<Place, Refusal> {
    let no_room = || Refusal::new(StatusCode::NOT_FOUND, "the room does not exist");
    if claims.room.kind != ResourceKind::Room {
        return Err(no_room());
    }
    let place = hall.place(&claims.room).await.map_err(|error| Refusal::away(&error))?.ok_or_else(no_room)?;
    let too_many = Refusal::new(StatusCode::TOO_MANY_REQUESTS, "the account has too many chat connections");
    let place = place.ok_or(too_many)?;
    let rules = place.room().rules();
    if rules.gone {
        return Err(no_room());
    }
    if rules.bans(&claims.user, now) {
        return Err(Refusal::new(StatusCode::FORBIDDEN, "banned from this room"));
    }
    Ok(place)
}

async fn spend(hall: &Hall, claims: &ChatClaims) -> Result<(), Refusal> {
    let token = SpentToken { id: claims.id, expires_at: claims.token_expires_at };
    match hall.spender.spend(token).await {
        Spent::First => Ok(()),
        Spent::Again => Err(Refusal::new(StatusCode::UNAUTHORIZED, "the chat token was used before")),
        Spent::Unknown => Err(Refusal::new(StatusCode::SERVICE_UNAVAILABLE, "try again")),
    }
}

impl Hall {
    /// Attributes as JSON text; most tokens have none, and all of those share one.
    fn attributes(&self, attributes: &std::collections::BTreeMap<String, String>) -> Arc<str> {
        if attributes.is_empty() {
            return Arc::clone(&self.no_attributes);
        }
        chat_frame::attributes(attributes).into()
    }
}
