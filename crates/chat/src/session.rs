//! What is known of one connection, and what becomes of its requests.
//!
//! Promise: each request is checked in the order that `docs/reference/compatibility.md` gives; one that is refused
//! is answered with one ERROR frame and costs its connection's rate alone.

use std::collections::BTreeMap;
use std::net::IpAddr;
use std::sync::Arc;
use std::time::Instant;

use auth::chat_token::ChatClaims;
use bus::{FrameKind, RoomNews};
use domain::chat_frame::{self, DELETE_MESSAGE, DISCONNECT_USER, delete_attributes, disconnect_attributes};
use domain::{CHAT_ATTRIBUTE_BYTES, ChatAct, ChatCapability, Pace, chat_attribute_bytes};
use fanout::{Connection, Next};

use crate::chain::{Chain, Draft};
use crate::clock::{self, Id};
use crate::denial::Denial;
use crate::hall::Hall;
use crate::request::{Action, Field, Request};
use crate::room::{LiveRoom, Place};
use crate::rules::Rules;

/// Code points of a request id, of a reason, of a user's name.
const MAX_REQUEST_ID: usize = 256;
const MAX_REASON: usize = 256;
const MAX_USER: usize = 128;
/// Characters of a message's id.
const ID: usize = 12;
/// Requests beyond the rate without one within it between them: a hundred times what is allowed, so no client
/// that merely makes a mistake.
const FLOOD: u16 = 1_000;
/// Policy (RFC 6455 7.4.1).
const FLOODED: u16 = 1008;

/// One connection.
pub(crate) struct Session {
    place: Place,
    /// Who it is; shared by all connections of the user in the room.
    pub(crate) user: Arc<str>,
    /// The attributes of the token, as JSON text of an object.
    attributes: Arc<str>,
    /// Messages in review, and those behind them.
    chain: Option<Arc<Chain>>,
    pace: Pace,
    ip: IpAddr,
    capabilities: u8,
    refused: u16,
}

/// A SEND_MESSAGE whose fields were checked.
struct Send<'r> {
    content: &'r str,
    attributes: Option<&'r BTreeMap<String, String>>,
    request_id: &'r str,
}

impl Session {
    /// `user` is the shared name.
    pub(crate) fn new(
        place: Place,
        user: Arc<str>,
        attributes: Arc<str>,
        ip: IpAddr,
        capabilities: u8,
    ) -> Self {
        let (chain, pace, refused) = (None, Pace::default(), 0);
        Self { place, user, attributes, chain, pace, ip, capabilities, refused }
    }

    pub(crate) fn room(&self) -> &Arc<LiveRoom> {
        self.place.room()
    }

    /// The client sent a text.
    pub(crate) fn hear(&mut self, hall: &Arc<Hall>, connection: Connection, text: &str) -> Next {
        let parsed = Request::parse(text);
        let now = Instant::now();
        let in_time = self.pace.admit(hall.config.limits.chat_requests_per_connection, hall.clock.at(now));
        let id = Id::fresh();
        let (request_id, outcome) = match &parsed {
            Err(_) => ("", Err(Denial::NOT_AN_OBJECT)),
            Ok(request) if in_time => (request.request_id(), self.serve(hall, connection, id, request, now)),
            Ok(request) => (request.request_id(), Err(Denial::TOO_FAST)),
        };
        let Err(denial) = outcome else { return Next::Stay };
        hall.metrics.errors.inc();
        self.room().tally.denied(&denial);
        self.refused = if in_time { 0 } else { self.refused.saturating_add(1) };
        let frame = denial.frame(id.as_str(), request_id);
        if self.refused >= FLOOD {
            let reason = Denial::TOO_FAST.text.into_owned();
            return Next::Close { last: Some(frame), code: FLOODED, reason };
        }
        Next::Reply(frame)
    }

    fn serve(
        &mut self,
        hall: &Arc<Hall>,
        connection: Connection,
        id: Id,
        request: &Request<'_>,
        now: Instant,
    ) -> Result<(), Denial> {
        let action = request.action().ok_or(Denial::NO_SUCH_ACTION)?;
        hall.metrics.requested(action);
        if self.capabilities & bit(action) == 0 {
            return Err(Denial::forbidden(action));
        }
        match action {
            Action::SendMessage => self.send(hall, connection, id, request, now),
            Action::DeleteMessage => self.delete(hall, id, request, now),
            Action::DisconnectUser => self.disconnect(hall, id, request, now),
        }
    }

    fn send(
        &mut self,
        hall: &Arc<Hall>,
        connection: Connection,
        id: Id,
        request: &Request<'_>,
        now: Instant,
    ) -> Result<(), Denial> {
        let rules = self.room().rules();
        let send = Send::read(request, &rules)?;
        let at = clock::now();
        self.may_send(hall, &rules, at / 1_000_000, now)?;
        let in_chain = self.chain.as_ref().is_some_and(|chain| !chain.is_empty());
        if rules.review.is_some() || in_chain {
            let draft = self.draft(connection, id, at, &send);
            self.queue(hall, draft, &send, &rules);
            return Ok(());
        }
        self.chain = None;
        let text = chat_frame::message(&chat_frame::Message {
            id: id.as_str(),
            request_id: send.request_id,
            attributes: send.attributes,
            content: send.content,
            at,
            user: &self.user,
            user_attributes: &self.attributes,
        });
        let news = RoomNews::Frame {
            kind: FrameKind::Message,
            id: id.as_str().into(),
            sender: Some(Arc::clone(&self.user)),
            at,
            payload: text.into(),
        };
        hall.say(&self.room().arn, news)
    }

    fn draft(&self, connection: Connection, id: Id, at: i64, send: &Send<'_>) -> Draft {
        Draft {
            connection,
            room: Arc::clone(self.room()),
            id,
            at,
            request_id: send.request_id.to_owned(),
            user: Arc::clone(&self.user),
            user_attributes: Arc::clone(&self.attributes),
            had_attributes: send.attributes.is_some(),
        }
    }

    /// Has the message reviewed, or released behind those that are in review since the room had a handler.
    fn queue(&mut self, hall: &Arc<Hall>, draft: Draft, send: &Send<'_>, rules: &Rules) {
        let ip = self.ip;
        let chain = self.chain.get_or_insert_default();
        match &rules.review {
            Some(review) => {
                let question = draft.question(review, send.content, send.attributes, ip, rules.max_length);
                chain.submit(hall, draft, question);
            }
            None => chain.append(hall, draft, send.content, send.attributes),
        }
    }

    /// The room and its restrictions, then the rates of room and account.
    fn may_send(&self, hall: &Hall, rules: &Rules, today: i64, now: Instant) -> Result<(), Denial> {
        let room = self.room();
        Hall::may_enter(rules, &self.user, today)?;
        if rules.mutes(&self.user, today) {
            return Err(Denial::MUTED);
        }
        let steady = hall.clock.at(now);
        let apart = rules.extensions.slow_mode.filter(|_| !self.is_moderator());
        let apart = apart.map(|apart| u64::try_from(apart.as_nanos()).unwrap_or(u64::MAX));
        let mut floor = room.floor();
        if let Some(seconds) = apart.and_then(|apart| floor.wait(&self.user, apart, steady)) {
            return Err(Denial::slow_mode(seconds));
        }
        let account = || room.account.rates.admit(ChatAct::Message, now);
        if !floor.admit(rules.rate, steady, account) {
            return Err(Denial::TOO_FAST);
        }
        if let Some(apart) = apart {
            floor.speaks(&self.user, apart, steady);
        }
        Ok(())
    }

    fn delete(&self, hall: &Hall, id: Id, request: &Request<'_>, now: Instant) -> Result<(), Denial> {
        let message = request.id.text().ok_or(Denial::field("Bad Request: Id must be a message's id"))?;
        if message.len() != ID || !message.bytes().all(|byte| byte.is_ascii_alphanumeric()) {
            return Err(Denial::field("Bad Request: Id must be 12 letters and digits"));
        }
        let (reason, request_id) = (reason(request)?, request_id(request)?);
        self.may_moderate(ChatAct::Deletion, now)?;
        let attributes = delete_attributes(message, reason);
        let at = clock::now();
        let text = chat_frame::event(id.as_str(), request_id, DELETE_MESSAGE, Some(&attributes), at);
        let news = RoomNews::Frame {
            kind: FrameKind::Event,
            id: id.as_str().into(),
            sender: Some(Arc::clone(&self.user)),
            at,
            payload: text.into(),
        };
        hall.say(&self.room().arn, news)
    }

    fn disconnect(&self, hall: &Hall, id: Id, request: &Request<'_>, now: Instant) -> Result<(), Denial> {
        let user = request.user.text().ok_or(Denial::field("Bad Request: UserId must be a string"))?;
        if user.is_empty() || is_longer(user, MAX_USER) {
            return Err(Denial::field("Bad Request: UserId must have 1 to 128 characters"));
        }
        let (reason, request_id) = (reason(request)?, request_id(request)?);
        self.may_moderate(ChatAct::Disconnection, now)?;
        let attributes = disconnect_attributes(user, reason);
        let at = clock::now();
        let text = chat_frame::event(id.as_str(), request_id, DISCONNECT_USER, Some(&attributes), at);
        let news = RoomNews::Disconnect {
            id: id.as_str().into(),
            at,
            payload: text.into(),
            user: user.into(),
            reason: reason.map(Into::into),
        };
        hall.say(&self.room().arn, news)
    }

    fn may_moderate(&self, act: ChatAct, now: Instant) -> Result<(), Denial> {
        let room = self.room();
        if room.rules().gone {
            return Err(Denial::NO_ROOM);
        }
        room.account.rates.admit(act, now).then_some(()).ok_or(Denial::TOO_FAST)
    }

    fn is_moderator(&self) -> bool {
        self.capabilities & (bit(Action::DeleteMessage) | bit(Action::DisconnectUser)) != 0
    }
}

impl<'r> Send<'r> {
    fn read(request: &'r Request<'_>, rules: &Rules) -> Result<Self, Denial> {
        let content = match request.content.text() {
            Some("") | None => {
                return Err(Denial::field("Bad Request: Content must be a text that is not empty"));
            }
            Some(content) => content,
        };
        if is_longer(content, rules.max_length.into()) {
            return Err(Denial::TOO_LONG);
        }
        let attributes = match &request.attributes {
            Field::Absent => None,
            Field::Map(attributes) => Some(attributes),
            Field::Text(_) | Field::Other => {
                return Err(Denial::field("Bad Request: Attributes must be a map from string to string"));
            }
        };
        if attributes.is_some_and(|attributes| chat_attribute_bytes(attributes) > CHAT_ATTRIBUTE_BYTES) {
            return Err(Denial::too_large("Payload Too Large: Attributes have more than 1024 bytes"));
        }
        Ok(Self { content, attributes, request_id: request_id(request)? })
    }
}

/// The bit of each capability of a token.
pub(crate) fn capabilities(claims: &ChatClaims) -> u8 {
    let action = |capability: &ChatCapability| match capability {
        ChatCapability::SendMessage => Action::SendMessage,
        ChatCapability::DeleteMessage => Action::DeleteMessage,
        ChatCapability::DisconnectUser => Action::DisconnectUser,
    };
    claims.capabilities.iter().map(|capability| bit(action(capability))).fold(0, |all, one| all | one)
}

fn bit(action: Action) -> u8 {
    1 << action as u8
}

fn request_id<'r>(request: &'r Request<'_>) -> Result<&'r str, Denial> {
    match &request.request_id {
        Field::Absent => Ok(""),
        Field::Text(id) if is_longer(id, MAX_REQUEST_ID) => {
            Err(Denial::too_large("Payload Too Large: RequestId has more than 256 characters"))
        }
        Field::Text(id) => Ok(id),
        Field::Map(_) | Field::Other => Err(Denial::field("Bad Request: RequestId must be a string")),
    }
}

/// An empty reason is none.
fn reason<'r>(request: &'r Request<'_>) -> Result<Option<&'r str>, Denial> {
    match &request.reason {
        Field::Absent => Ok(None),
        Field::Text(reason) if is_longer(reason, MAX_REASON) => {
            Err(Denial::field("Bad Request: Reason has more than 256 characters"))
        }
        Field::Text(reason) => Ok(Some(&**reason).filter(|reason| !reason.is_empty())),
        Field::Map(_) | Field::Other => Err(Denial::field("Bad Request: Reason must be a string")),
    }
}

/// Has the text more code points than this? Texts of fewer bytes need no count.
fn is_longer(text: &str, most: usize) -> bool {
    text.len() > most && text.chars().nth(most).is_some()
}
