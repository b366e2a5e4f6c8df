//! Which part of the house answers a request.
//!
//! Promise: every request gets exactly one owner by its path alone, and what no page, probe or playlist
//! claims belongs to the API, which answers strangers as AWS does.

use std::convert::Infallible;
use std::net::IpAddr;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::SystemTime;

use api::Api;
use bytes::Bytes;
use chat::Chat;
use control::Control;
use delivery::Delivery;
use domain::{AccountId, Region, ResourceId};
use events::Admin;
use http::request::Parts;
use http::{HeaderMap, Method, Request, Response, StatusCode, header};
use http_body_util::combinators::UnsyncBoxBody;
use http_body_util::{BodyExt, Full};
use hyper::body::{Body, Incoming};
use ipnet::IpNet;
use store::Store;
use tokio::net::TcpStream;

use crate::desk::{DOWNLOADS, Desk};
use crate::opening::{self, Opening};
use crate::pages::{self, Asset};
use crate::peer;
use crate::upgrades::Upgrades;
use crate::watching::Watching;

/// What every route answers with.
pub(crate) type Reply = Response<ReplyBody>;

/// What an answer holds. Only media that is sent while it is made can break off.
pub(crate) type ReplyBody = UnsyncBoxBody<Bytes, delivery::Error>;

/// What a watch page's path ends with where its chat tokens come from.
const CHAT_TOKEN: &str = "/chat-token";

/// The owners of all paths.
pub(crate) struct Routes {
    /// The wire of `ivs`.
    pub api: Api<Control, Control>,
    /// What keys may ask about events.
    pub admin: Admin<Control>,
    /// What keys may ask about the house: what the console shows beside the API.
    pub desk: Desk,
    /// Playlists and media.
    pub delivery: Delivery,
    /// Chat connections.
    pub upgrades: Upgrades,
    /// Chat of watch pages.
    pub watching: Watching,
    /// Whose forwarding headers are believed.
    pub trusted_proxies: Vec<IpNet>,
    /// Asked by `/readyz`.
    pub store: Store,
    /// Region of the watch page's playback path.
    pub region: Region,
    /// Account of the watch page's playback path.
    pub account: AccountId,
    /// Set while requests are welcome.
    pub ready: Arc<AtomicBool>,
}

/// How a request came.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Came {
    /// The other end of the connection.
    pub ip: IpAddr,
    /// Over TLS.
    pub secure: bool,
}

impl Routes {
    /// Ends answers that go on for ever or wait for something.
    pub(crate) fn hang_up(&self) {
        self.admin.close();
        self.desk.close();
    }

    /// Answers one request.
    pub(crate) async fn answer(&self, request: Request<Incoming>, came: Came) -> Reply {
        let path = request.uri().path();
        if path.starts_with(delivery::PREFIX) || path.starts_with(delivery::RECORDINGS) {
            let (head, _) = request.into_parts();
            return self.media(&head, came).await.into_response().map(BodyExt::boxed_unsync);
        }
        let reading = matches!(*request.method(), Method::GET | Method::HEAD);
        match path {
            "/healthz" if reading => text(StatusCode::OK, "ok\n"),
            "/readyz" if reading => self.readiness().await,
            "/" if request.headers().contains_key(header::UPGRADE) => self.upgrade(request, came).await,
            "/" if reading => page(&pages::landing(request.headers()), request.headers()),
            _ if path.starts_with(DOWNLOADS) && *request.method() == Method::GET => {
                self.desk.download(path, request.uri().query()).await.map(BodyExt::boxed_unsync)
            }
            _ if Desk::owns(path) => {
                let peer = self.peer(request.headers(), came);
                self.desk.handle(request, peer, SystemTime::now()).await.map(whole)
            }
            _ if path.starts_with(Admin::<Control>::PREFIX) => {
                let peer = self.peer(request.headers(), came);
                self.admin.handle(request, peer, SystemTime::now()).await.map(whole)
            }
            _ if path.starts_with("/watch/") && (reading || path.ends_with(CHAT_TOKEN)) => {
                self.watch(request, came).await
            }
            _ if reading && (path == "/console" || path.starts_with("/console/")) => {
                found(self.console(&path["/console".len()..]), request.headers())
            }
            // Links of the guide are relative, so it has to be looked at from within its folder.
            "/docs" if reading => moved("/docs/"),
            _ if reading && path.starts_with("/docs/") => {
                found(pages::guide(&path["/docs/".len()..]), request.headers())
            }
            _ => {
                let peer = self.peer(request.headers(), came);
                let reply = self.api.handle(request, peer, SystemTime::now()).await;
                reply.map(whole)
            }
        }
    }

    /// Answers a request for a playlist, media or a recording.
    pub(crate) async fn media(&self, head: &Parts, came: Came) -> delivery::Reply {
        let ip = self.peer(&head.headers, came).ip;
        self.delivery.reply(head, ip).await
    }

    /// A WebSocket handshake: admitted or refused before the answer, handed over behind it.
    async fn upgrade(&self, mut request: Request<Incoming>, came: Came) -> Reply {
        let peer = self.peer(request.headers(), came);
        let on = hyper::upgrade::on(&mut request);
        let (parts, _) = request.into_parts();
        if !Chat::is_handshake(&parts) {
            return page(&pages::landing(&parts.headers), &parts.headers);
        }
        match self.upgrades.chat().admit(&parts, peer.ip, SystemTime::now()).await {
            Ok((welcome, seat)) => {
                self.upgrades.hand_over(on, seat);
                welcome.map(|()| whole(Full::default()))
            }
            Err(refusal) => refusal.response().map(|text| whole(Full::from(text))),
        }
    }

    /// A handshake that came whole on a connection of its own: answered and handed over at once.
    pub(crate) async fn open_chat(&self, opening: Opening, stream: TcpStream, came: Came) {
        let Opening { parts, early } = opening;
        let (peer, chat) = (self.peer(&parts.headers, came), self.upgrades.chat());
        match chat.admit(&parts, peer.ip, SystemTime::now()).await {
            Ok((welcome, seat)) => {
                // A fresh connection takes as little as this whole; one that does not is lost.
                let welcome = opening::answer(&welcome, None);
                let sent = stream.try_write(&welcome).is_ok_and(|sent| sent == welcome.len());
                if let (true, Ok(stream)) = (sent, stream.into_std()) {
                    chat.join(seat, stream, early);
                }
            }
            Err(refusal) => {
                let (parts, text) = refusal.response().into_parts();
                let refusal = opening::answer(&Response::from_parts(parts, ()), Some(&text));
                // Nobody is there to be told if this fails.
                let _ = stream.try_write(&refusal);
            }
        }
    }

    fn peer(&self, headers: &HeaderMap, came: Came) -> api::Peer {
        let peer = peer::behind(came.ip, headers, &self.trusted_proxies);
        api::Peer { secure: peer.secure || came.secure, ..peer }
    }

    async fn readiness(&self) -> Reply {
        if !self.ready.load(Ordering::Acquire) {
            return text(StatusCode::SERVICE_UNAVAILABLE, "starting or stopping\n");
        }
        match self.store.ping().await {
            Ok(()) => text(StatusCode::OK, "ready\n"),
            Err(error) => {
                tracing::error!(error = &error as &dyn std::error::Error, "the database does not answer");
                text(StatusCode::SERVICE_UNAVAILABLE, "the database does not answer\n")
            }
        }
    }

    /// A file of the console; each path without one is a place within its page.
    fn console(&self, rest: &str) -> Option<Asset> {
        match rest.strip_prefix("/assets/") {
            Some(name) => pages::built(name),
            None => pages::console(&self.region),
        }
    }

    /// Answers what is asked below `/watch/`.
    async fn watch(&self, request: Request<Incoming>, came: Came) -> Reply {
        let path = request.uri().path().to_owned();
        let rest = path.strip_prefix("/watch/").unwrap_or_default();
        if let Some(channel) = rest.strip_suffix(CHAT_TOKEN) {
            let ip = self.peer(request.headers(), came).ip;
            return self.watching.chat_token(channel, request, ip).await.map(whole);
        }
        let asset = match (rest.strip_prefix("assets/"), ResourceId::parse(rest)) {
            (Some(name), _) => pages::built(name).filter(|_| name.starts_with("watch.")),
            (None, Some(channel)) => {
                let has_chat = self.watching.has_chat(&channel).await;
                pages::watch(&self.region, &self.account, &channel, has_chat)
            }
            (None, None) => None,
        };
        found(asset, request.headers())
    }
}

/// What can't break off.
fn whole<B>(body: B) -> ReplyBody
where
    B: Body<Data = Bytes, Error = Infallible> + Send + 'static,
{
    body.map_err(|never| match never {}).boxed_unsync()
}

fn found(asset: Option<Asset>, asked: &HeaderMap) -> Reply {
    asset.map_or_else(|| text(StatusCode::NOT_FOUND, "no such page\n"), |asset| page(&asset, asked))
}

fn moved(to: &'static str) -> Reply {
    let mut reply = text(StatusCode::PERMANENT_REDIRECT, "moved\n");
    reply.headers_mut().insert(header::LOCATION, http::HeaderValue::from_static(to));
    reply
}

fn text(status: StatusCode, body: &'static str) -> Reply {
    let asset = Asset::text("text/plain; charset=utf-8", body);
    asset.response(status, &HeaderMap::new()).map(whole)
}

fn page(asset: &Asset, asked: &HeaderMap) -> Reply {
    asset.response(StatusCode::OK, asked).map(whole)
}
