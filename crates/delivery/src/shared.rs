//! Replies: an answer of one request's own, or one that a crowd shares.
//!
//! Promise: either way the answer is the same; the head of a shared one is written once for all who get it.

use bytes::Bytes;
use http::response::Parts;
use http::{Response, StatusCode};

use crate::answer;
use crate::body::Body;
use crate::playlist::Text;

/// What a request gets.
#[derive(Debug)]
pub enum Reply {
    /// An answer of its own.
    Own(Response<Body>),
    /// One that all get who asked for the same moment.
    Shared(Shared),
}

impl Reply {
    /// The answer, whoever else gets it.
    pub fn into_response(self) -> Response<Body> {
        match self {
            Self::Own(response) => response,
            Self::Shared(shared) => shared.response(),
        }
    }

    pub(crate) fn status(&self) -> StatusCode {
        match self {
            Self::Own(response) => response.status(),
            Self::Shared(_) => StatusCode::OK,
        }
    }

    /// Bytes of the body, as far as they are known.
    pub(crate) fn known_bytes(&self) -> u64 {
        match self {
            Self::Own(response) => response.body().len().unwrap_or(0),
            Self::Shared(shared) => shared.bytes().len() as u64,
        }
    }
}

/// A playlist whose URL names the moment, for any page to read.
#[derive(Debug)]
pub struct Shared {
    text: Text,
    squeezed: bool,
    for_all: bool,
}

impl Shared {
    pub(crate) fn new(text: Text, squeezed: bool, for_all: bool) -> Self {
        Self { text, squeezed, for_all }
    }

    /// Its head in the words of a protocol, written by the first who asks: all callers must write the same for the
    /// same head.
    pub fn head(&self, write: impl FnOnce(&Parts) -> Bytes) -> Bytes {
        let place = usize::from(self.squeezed) * 2 + usize::from(self.for_all);
        self.text.heads()[place].get_or_init(|| write(&self.response().into_parts().0)).clone()
    }

    /// Its body.
    pub fn body(&self) -> Bytes {
        self.bytes().clone()
    }

    fn bytes(&self) -> &Bytes {
        self.text.bytes(self.squeezed)
    }

    fn response(&self) -> Response<Body> {
        answer::held_playlist(&self.text, self.squeezed, self.for_all)
    }
}
