//! A recording as one MP4 file, for a browser: a link that anybody may follow for some minutes, and what it leads to.
//!
//! A link in a page carries no signature of a request, so `POST recordings/{id}/downloads` gives one that carries a
//! proof of its own. The film is made while it is sent; before its first byte all chunks are looked through once, so
//! that its length is known.
//!
//! Promise: a link opens one recording and nothing else of it; no more than a few films are sent at once, each with a
//! chunk in memory; a film that is cut off is seen to be.

use std::future::Future;
use std::pin::Pin;
use std::sync::Arc;
use std::task::{Context, Poll, ready};

use api::{Admitted, ApiError};
use bytes::Bytes;
use domain::{Recording, ResourceId, chain, unix_millis};
use http::{Response, StatusCode, header};
use http_body::{Body, Frame, SizeHint};
use recording::export::{ExportError, Sending};
use serde::{Deserialize, Serialize};
use tokio::sync::OwnedSemaphorePermit;

use super::{House, Places, find, moment};
use crate::desk::body;

/// What the paths of links begin with.
pub(crate) const DOWNLOADS: &str = "/rillcast/downloads/";

/// The longest that is sent: about 150 MB of memory, while the header is made.
const LONGEST_MS: u64 = 24 * 3_600_000;

#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
struct Asked {
    /// The highest unless told.
    rendition: Option<String>,
}

/// A link.
#[derive(Debug, Serialize)]
#[serde(rename_all = "camelCase")]
pub(super) struct Link {
    url: String,
    file_name: String,
    /// Milliseconds since 1970: what is being sent by then goes on.
    expires_at: i64,
}

pub(super) async fn link(house: &House, admitted: &Admitted, id: &str) -> Result<Link, ApiError> {
    let Asked { rendition } = body::read(admitted)?;
    let is_plain = |name: &str| {
        let fits = |byte: u8| byte.is_ascii_alphanumeric() || b"-_.".contains(&byte);
        (1..=64).contains(&name.len()) && name.bytes().all(fits)
    };
    if !rendition.as_deref().is_none_or(is_plain) {
        return Err(ApiError::validation("rendition: must be the name of one of the recording's renditions"));
    }
    let recording = find(house, admitted, id).await?;
    let who = &admitted.call.principal;
    tracing::info!(recording = id, key = %who.access_key_id, "a link to download was given");
    let (pass, until) = house.delivery.hand_out(&recording, &who.access_key_id);
    let file_name = file_name(&recording);
    let query = rendition.map_or_else(String::new, |rendition| format!("?rendition={rendition}"));
    let url = format!("{}{DOWNLOADS}{id}/{pass}/{file_name}{query}", house.public_url);
    Ok(Link { url, file_name, expires_at: unix_millis(until) })
}

/// The channel's name, as far as every file system takes it, the day and the id.
fn file_name(recording: &Recording) -> String {
    let name: String = recording.channel_name.chars().filter(char::is_ascii_alphanumeric).take(40).collect();
    let day = moment(recording.started_at);
    let day = day.split('T').next().unwrap_or_default();
    let dash = if name.is_empty() { "" } else { "-" };
    format!("{name}{dash}{day}-{}.mp4", recording.id)
}

/// Answers a request for a path under [`DOWNLOADS`].
pub(in crate::desk) async fn send(
    house: &House,
    places: &Places,
    path: &str,
    query: Option<&str>,
) -> Response<Film> {
    match film(house, places, path, query).await {
        Ok(response) => response,
        Err((status, words)) => {
            let mut response = Response::new(Film::words(words));
            *response.status_mut() = status;
            let headers = response.headers_mut();
            headers
                .insert(header::CONTENT_TYPE, header::HeaderValue::from_static("text/plain; charset=utf-8"));
            headers.insert(header::CACHE_CONTROL, header::HeaderValue::from_static("no-store"));
            if status == StatusCode::SERVICE_UNAVAILABLE {
                headers.insert(header::RETRY_AFTER, header::HeaderValue::from_static("30"));
            }
            response
        }
    }
}

async fn film(
    house: &House,
    places: &Places,
    path: &str,
    query: Option<&str>,
) -> Result<Response<Film>, (StatusCode, String)> {
    let none = || (StatusCode::NOT_FOUND, "This link is not good any more: get another one.\n".to_owned());
    let mut steps = path.strip_prefix(DOWNLOADS).unwrap_or_default().split('/');
    let (Some(id), Some(pass), Some(name), None) = (steps.next(), steps.next(), steps.next(), steps.next())
    else {
        return Err(none());
    };
    let id = ResourceId::parse(id).filter(|id| house.delivery.may_have(id, pass)).ok_or_else(none)?;
    let found = house.store.recording(&id).await.map_err(|error| {
        tracing::warn!(why = %chain(&error), "a recording that is wanted can't be looked up");
        (StatusCode::SERVICE_UNAVAILABLE, "The database does not answer: try again.\n".to_owned())
    })?;
    let recording = found.filter(|one| file_name(one) == name).ok_or_else(none)?;
    let Ok(place) = Arc::clone(&places.downloads).try_acquire_owned() else {
        let words = "As many recordings are being downloaded as can be at once: try again in a while.\n";
        return Err((StatusCode::SERVICE_UNAVAILABLE, words.to_owned()));
    };
    let rendition = query.and_then(|query| query.split('&').find_map(|pair| pair.strip_prefix("rendition=")));
    let bucket = &recording.configuration.bucket;
    let begun = Sending::begin(&house.blobs, bucket, &recording.prefix, rendition, LONGEST_MS).await;
    let (sent, sending) = begun.map_err(|error| {
        let status = match error {
            ExportError::Missing(_) | ExportError::Rendition { .. } | ExportError::Empty => {
                StatusCode::NOT_FOUND
            }
            ExportError::Long { .. } => StatusCode::PAYLOAD_TOO_LARGE,
            _ => StatusCode::SERVICE_UNAVAILABLE,
        };
        (status, format!("Recording {id} can't be sent: {}.\n", chain(&error)))
    })?;
    let mut response = Response::new(Film::of(sending, sent.bytes, id.to_string(), place));
    let headers = response.headers_mut();
    headers.insert(header::CONTENT_TYPE, header::HeaderValue::from_static("video/mp4"));
    headers.insert(header::CACHE_CONTROL, header::HeaderValue::from_static("no-store"));
    headers.insert(header::X_CONTENT_TYPE_OPTIONS, header::HeaderValue::from_static("nosniff"));
    let disposition = header::HeaderValue::try_from(format!("attachment; filename=\"{name}\""));
    if let Ok(disposition) = disposition {
        headers.insert(header::CONTENT_DISPOSITION, disposition);
    }
    Ok(response)
}

type Next = Pin<Box<dyn Future<Output = (Sending, Result<Option<Bytes>, ExportError>)> + Send>>;

/// A film on its way, or words.
pub(crate) struct Film {
    words: Option<Bytes>,
    /// `None` behind the last block.
    next: Option<Next>,
    left: u64,
    id: String,
    place: Option<OwnedSemaphorePermit>,
}

impl Film {
    fn words(words: String) -> Self {
        let left = words.len() as u64;
        Self { words: Some(words.into()), next: None, left, id: String::new(), place: None }
    }

    fn of(sending: Sending, bytes: u64, id: String, place: OwnedSemaphorePermit) -> Self {
        Self { words: None, next: Some(next(sending)), left: bytes, id, place: Some(place) }
    }

    fn take(&mut self, block: Bytes) -> Poll<Option<Result<Frame<Bytes>, delivery::Error>>> {
        self.left = self.left.saturating_sub(block.len() as u64);
        Poll::Ready(Some(Ok(Frame::data(block))))
    }
}

fn next(mut sending: Sending) -> Next {
    Box::pin(async move {
        let block = sending.next().await;
        (sending, block)
    })
}

impl Body for Film {
    type Data = Bytes;
    type Error = delivery::Error;

    fn poll_frame(
        self: Pin<&mut Self>,
        context: &mut Context<'_>,
    ) -> Poll<Option<Result<Frame<Bytes>, delivery::Error>>> {
        let film = self.get_mut();
        if let Some(words) = film.words.take() {
            return film.take(words);
        }
        let Some(waiting) = &mut film.next else { return Poll::Ready(None) };
        let (sending, block) = ready!(waiting.as_mut().poll(context));
        film.next = None;
        match block {
            Ok(Some(block)) => {
                film.next = Some(next(sending));
                film.take(block)
            }
            Ok(None) => {
                film.place = None;
                Poll::Ready(None)
            }
            Err(error) => {
                tracing::warn!(recording = %film.id, why = %chain(&error), "a download is cut off");
                film.place = None;
                Poll::Ready(Some(Err(delivery::Error::Unreadable)))
            }
        }
    }

    fn size_hint(&self) -> SizeHint {
        SizeHint::with_exact(self.left)
    }
}
