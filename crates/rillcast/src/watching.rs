//! Chat beside the picture: tokens of a channel's chat room for those who look at its watch page.
//!
//! A channel names its room by the tag `rillcast:chat-room` (the room's id or its ARN). Whoever may watch the channel
//! gets tokens for that room as a viewer without a name in any directory: to read, and to write once a name to be
//! shown was chosen.
//!
//! Promise: a token is given only to pages of this server, only to who may watch the channel now, only for the room
//! that the channel names, and never with more than the right to write; how many an address gets is bounded. One
//! tab is one user for as long as it is open, and none can be another's.

mod allowance;
mod wish;

use std::collections::BTreeMap;
use std::net::IpAddr;
use std::time::{Instant, SystemTime};

use aws_lc_rs::digest::{SHA256, digest};
use bytes::Bytes;
use chat::{Chat, Entry};
use control::Control;
use delivery::{Delivery, Proof};
use domain::{AccountId, Arn, Channel, ChatCapability, Region, ResourceId, ResourceKind};
use http::request::Parts;
use http::{HeaderMap, HeaderValue, Method, Request, Response, StatusCode, header};
use http_body::Body;
use http_body_util::{BodyExt, Full, LengthLimitError, Limited};
use serde_json::json;
use store::{Store, StoreError, Tenant};

use allowance::Allowance;
use wish::Wish;

/// A channel's tag that names its chat room.
pub(crate) const ROOM_TAG: &str = "rillcast:chat-room";

/// Bytes of a request: a viewer's token of the longest kind, twice.
const MOST: usize = 16 * 1024;

/// Who answers for the chat of watch pages.
pub(crate) struct Watching {
    control: Control,
    delivery: Delivery,
    chat: Chat,
    store: Store,
    region: Region,
    account: AccountId,
    /// What browsers reach this server by, as `host:port`.
    public: Option<String>,
    allowance: Allowance,
}

/// Why nobody gets a token.
#[derive(Debug)]
enum Refusal {
    /// Status, a word for programs, one for people.
    Plain(StatusCode, &'static str, &'static str),
    /// The request can't be read.
    Unclear(String),
    /// Who may not watch may not chat.
    Watching(delivery::Error),
    /// So many seconds are to be waited.
    Slowly(u64),
}

type Told<T> = Result<T, Refusal>;

const NO_CHAT: Refusal = Refusal::Plain(StatusCode::NOT_FOUND, "no_chat", "This channel has no chat.");
const BANNED: Refusal = Refusal::Plain(StatusCode::FORBIDDEN, "banned", "You are banned from this chat.");
const AWAY: Refusal =
    Refusal::Plain(StatusCode::SERVICE_UNAVAILABLE, "unavailable", "The server can't tell now. Try again.");

impl Watching {
    /// For channels of this region and account.
    pub(crate) fn new(
        control: Control,
        delivery: Delivery,
        chat: Chat,
        store: Store,
        (region, account): (Region, AccountId),
        public_url: &str,
    ) -> Self {
        let public = authority_of(public_url).map(str::to_ascii_lowercase);
        Self { control, delivery, chat, store, region, account, public, allowance: Allowance::default() }
    }

    /// Does the channel have a chat? While the database can't tell, it may have.
    pub(crate) async fn has_chat(&self, channel: &ResourceId) -> bool {
        match self.channel(channel).await {
            Ok(channel) => channel.is_some_and(|channel| channel.tags.contains_key(ROOM_TAG)),
            Err(_) => true,
        }
    }

    /// Answers a request for a chat token, whatever is wrong with it.
    pub(crate) async fn chat_token<B>(
        &self,
        id: &str,
        request: Request<B>,
        from: IpAddr,
    ) -> Response<Full<Bytes>>
    where
        B: Body,
        B::Error: Into<Box<dyn std::error::Error + Send + Sync>>,
    {
        let (parts, body) = request.into_parts();
        if parts.method != Method::POST {
            let mut response =
                Refusal::Plain(StatusCode::METHOD_NOT_ALLOWED, "method", "Ask by POST.").response();
            response.headers_mut().insert(header::ALLOW, HeaderValue::from_static("POST"));
            return response;
        }
        match self.grant(id, &parts, body, from).await {
            Ok(told) => answer(StatusCode::OK, &told),
            Err(refusal) => refusal.response(),
        }
    }

    /// What costs least is looked at first.
    async fn grant<B>(&self, id: &str, parts: &Parts, body: B, from: IpAddr) -> Told<serde_json::Value>
    where
        B: Body,
        B::Error: Into<Box<dyn std::error::Error + Send + Sync>>,
    {
        self.is_of_our_page(&parts.headers)?;
        self.allowance.admit(from, Instant::now()).map_err(Refusal::Slowly)?;
        let wish = Wish::parse(&whole(body).await?).map_err(Refusal::Unclear)?;
        let id = ResourceId::parse(id).ok_or(NO_CHAT)?;
        let channel = self.channel(&id).await.map_err(|error| away(&error))?.ok_or(NO_CHAT)?;
        let named = channel.tags.get(ROOM_TAG).ok_or(NO_CHAT)?;
        let proof = Proof { token: wish.token.as_deref(), playing: wish.playing.as_deref() };
        self.delivery.may_watch(&channel, proof, &parts.headers, from).await.map_err(Refusal::Watching)?;
        let room = room_of(&channel, named).ok_or(NO_CHAT)?;
        let user = user_of(&room, &wish.tab);
        match self.chat.entry(&room, &user, SystemTime::now()).await.map_err(|error| away(&error))? {
            Entry::Open => self.token(room, user, wish.display_name).await,
            Entry::NoRoom => Err(NO_CHAT),
            Entry::Banned => Err(BANNED),
        }
    }

    async fn token(&self, room: Arn, user: String, name: Option<String>) -> Told<serde_json::Value> {
        let (attributes, capabilities) = match &name {
            Some(name) => {
                let shown = BTreeMap::from([("displayName".to_owned(), name.clone())]);
                (shown, vec![ChatCapability::SendMessage])
            }
            None => (BTreeMap::new(), Vec::new()),
        };
        let sealed = self.control.house_chat_token(room, user.clone(), attributes, capabilities).await;
        let token = sealed.map_err(|error| {
            tracing::warn!(error = %error, "no chat token for a viewer of the watch page");
            AWAY
        })?;
        Ok(json!({ "token": token, "userId": user, "displayName": name }))
    }

    async fn channel(&self, id: &ResourceId) -> Result<Option<Channel>, StoreError> {
        let arn = Arn {
            region: self.region.clone(),
            account: self.account.clone(),
            kind: ResourceKind::Channel,
            id: id.clone(),
        };
        self.store.channel(&Tenant::of(&arn), &arn).await
    }

    /// Pages of others can't read the answer; they are not to spend what their visitors' address may ask for either.
    /// Browsers say where a page is from, and pages can't make them say something else. JSON can't be sent from
    /// elsewhere without asking first, and nobody is told yes.
    fn is_of_our_page(&self, headers: &HeaderMap) -> Told<()> {
        let text = |name| headers.get(name).map(|value: &HeaderValue| value.to_str().unwrap_or("?"));
        let foreign = Refusal::Plain(StatusCode::FORBIDDEN, "origin", "Only this server's own page may ask.");
        if text(header::HeaderName::from_static("sec-fetch-site")).is_some_and(|site| site != "same-origin") {
            return Err(foreign);
        }
        if let Some(origin) = text(header::ORIGIN) {
            let origin = authority_of(origin).map(str::to_ascii_lowercase);
            let asked = text(header::HOST).map(str::to_ascii_lowercase);
            if origin.is_none() || (origin != asked && origin != self.public) {
                return Err(foreign);
            }
        }
        let kind = text(header::CONTENT_TYPE).unwrap_or_default();
        if kind.split(';').next().is_some_and(|kind| kind.trim().eq_ignore_ascii_case("application/json")) {
            return Ok(());
        }
        Err(Refusal::Plain(StatusCode::UNSUPPORTED_MEDIA_TYPE, "media_type", "The request is to be JSON."))
    }
}

async fn whole<B>(body: B) -> Told<Bytes>
where
    B: Body,
    B::Error: Into<Box<dyn std::error::Error + Send + Sync>>,
{
    let collected = Box::pin(Limited::new(body, MOST).collect()).await;
    collected.map(http_body_util::Collected::to_bytes).map_err(|error| {
        if error.is::<LengthLimitError>() {
            Refusal::Plain(StatusCode::PAYLOAD_TOO_LARGE, "too_large", "The request is too long.")
        } else {
            Refusal::Unclear("the request broke off".to_owned())
        }
    })
}

/// The room that the tag names: of the channel's own region and account.
fn room_of(channel: &Channel, named: &str) -> Option<Arn> {
    let Arn { region, account, .. } = channel.arn.clone();
    match ResourceId::parse(named) {
        Some(id) => Some(Arn { region, account, kind: ResourceKind::Room, id }),
        None => Arn::parse(named)
            .ok()
            .filter(|arn| arn.kind == ResourceKind::Room && arn.region == region && arn.account == account),
    }
}

/// The user that a tab is in a room. Only the tab knows what it is made of, so none can pass for another.
fn user_of(room: &Arn, tab: &str) -> String {
    let print = digest(&SHA256, format!("watch page\0{room}\0{tab}").as_bytes());
    let mut user = "viewer-".to_owned();
    for byte in &print.as_ref()[..8] {
        user.push_str(&format!("{byte:02x}"));
    }
    user
}

/// `host:port` of a URL, without the port that its scheme has by itself.
fn authority_of(url: &str) -> Option<&str> {
    let (scheme, rest) = url.split_once("://")?;
    let authority = rest.split('/').next().filter(|authority| !authority.is_empty())?;
    let own = if scheme.eq_ignore_ascii_case("https") { ":443" } else { ":80" };
    Some(authority.strip_suffix(own).unwrap_or(authority))
}

fn away(error: &StoreError) -> Refusal {
    tracing::warn!(error = %domain::chain(error), "a channel's chat can't be looked up");
    AWAY
}

impl Refusal {
    fn response(self) -> Response<Full<Bytes>> {
        let told = |code: &str, message: &str| json!({ "code": code, "message": message });
        match self {
            Self::Plain(status, code, message) => answer(status, &told(code, message)),
            Self::Unclear(message) => answer(StatusCode::BAD_REQUEST, &told("bad_request", &message)),
            Self::Watching(error) => answer(error.status(), &told(error.code(), &error.to_string())),
            Self::Slowly(seconds) => {
                let message = format!("Too many requests from this address. Wait {seconds} s.");
                let mut response = answer(StatusCode::TOO_MANY_REQUESTS, &told("too_many", &message));
                response.headers_mut().insert(header::RETRY_AFTER, seconds.into());
                response
            }
        }
    }
}

fn answer(status: StatusCode, told: &serde_json::Value) -> Response<Full<Bytes>> {
    let mut response = Response::new(Full::from(told.to_string()));
    *response.status_mut() = status;
    let headers = response.headers_mut();
    headers.insert(header::CONTENT_TYPE, HeaderValue::from_static("application/json"));
    headers.insert(header::CACHE_CONTROL, HeaderValue::from_static("no-store"));
    headers.insert(header::X_CONTENT_TYPE_OPTIONS, HeaderValue::from_static("nosniff"));
    response
}

#[cfg(test)]
mod tests {
    use super::*;

    fn room() -> Arn {
        "arn:aws:ivschat:us-east-1:123456789012:room/abcdABCD0123".parse().expect("an ARN")
    }

    #[test]
    fn a_tab_is_one_user_in_a_room_and_another_elsewhere() {
        let other = Arn { id: ResourceId::parse("abcdABCD0124").expect("an id"), ..room() };
        let user = user_of(&room(), "0123456789abcdef");
        assert_eq!(user, user_of(&room(), "0123456789abcdef"));
        assert_eq!(user.len(), "viewer-".len() + 16);
        assert_ne!(user, user_of(&room(), "0123456789abcdee"));
        assert_ne!(user, user_of(&other, "0123456789abcdef"));
    }

    #[test]
    fn ports_that_go_without_saying_are_not_said() {
        for (url, authority) in [
            ("https://example.com", Some("example.com")),
            ("https://example.com:443/path", Some("example.com")),
            ("http://example.com:80", Some("example.com")),
            ("http://127.0.0.1:8080", Some("127.0.0.1:8080")),
            ("null", None),
            ("https://", None),
        ] {
            assert_eq!(authority_of(url), authority, "{url}");
        }
    }
}
