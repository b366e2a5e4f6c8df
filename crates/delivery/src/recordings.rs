//! Recordings: who may have which object, and how it goes out. Those in buckets on disk are for their viewers; those in
//! S3, whose viewers go there themselves, for who holds a pass of the house.
//!
//! `/recordings/<bucket>/<key>` is an object of a recording. Of a private one it is `/recordings/~<pass>/<bucket>/<key>`:
//! a request with a token is led there, and relative URIs in playlists stay there.
//!
//! Promise: only objects below a recording's prefix are served, and of what is not there nothing is told. Who may watch
//! is asked as for the channel, by what is true now; a recording that began private stays private. Whoever reads slowly
//! keeps no thread, and no more memory than a block ([`Opened::stride`]).

mod address;
mod exhibits;
pub(crate) mod filed;
mod masters;
mod pressing;
mod reply;

use std::net::IpAddr;
use std::sync::Arc;
use std::time::SystemTime;

use blob::{Blobs, Opened};
use bytes::Bytes;
use domain::{Recording, ResourceId};
use http::request::Parts;
use http::{Method, Response};
use store::Store;
use tokio::sync::{OwnedSemaphorePermit, Semaphore};

use crate::Delivery;
use crate::admission::Admission;
use crate::body::Body;
use crate::error::Error;
use crate::pass::Pass;
use crate::readers::Readers;
use crate::restriction::Leave;
use crate::visitor::Visitor;

use address::Address;
use exhibits::Exhibits;
use filed::Filed;
use pressing::Pressing;
use reply::Found;

/// What the paths of recordings begin with.
pub const RECORDINGS: &str = "/recordings/";

/// Objects that are held open at once, each for one client that takes it; more are answered 503.
const OPEN: usize = 2_048;
/// Those of them that are in S3, of which a larger block is in memory.
const FAR: usize = 128;
/// Reads at once.
const READS: usize = 16;
/// The longest playlist that is looked into.
const LONGEST_MASTER: u64 = 256 << 10;

/// Shows what is in the buckets.
#[derive(Debug)]
pub(crate) struct Gallery {
    blobs: Blobs,
    exhibits: Exhibits,
    pressing: Pressing,
    places: Arc<Semaphore>,
    reads: Arc<Semaphore>,
}

impl Gallery {
    pub(crate) fn new(store: Store, blobs: Blobs) -> Self {
        let places = if blobs.are_on_disk() { OPEN } else { FAR };
        Self {
            blobs,
            exhibits: Exhibits::new(store),
            pressing: Pressing::default(),
            places: Arc::new(Semaphore::new(places)),
            reads: Arc::new(Semaphore::new(READS)),
        }
    }

    async fn open(&self, address: &Address<'_>) -> Result<(Opened, OwnedSemaphorePermit), Error> {
        let place = Arc::clone(&self.places).try_acquire_owned().map_err(|_| Error::Crowded)?;
        match self.blobs.open(address.bucket, address.key).await {
            Ok(Some(opened)) => Ok((opened, place)),
            Ok(None) => Err(Error::Missing),
            Err(error) => {
                tracing::warn!(why = %domain::chain(&error), "an object of a recording can't be read");
                Err(Error::Unreadable)
            }
        }
    }
}

impl Delivery {
    /// The path below which the objects of a recording are for who is called `viewer`, without a slash at the end, and
    /// until when: wherever they sit, whatever viewers need, and in S3 too.
    pub fn show(&self, recording: &Recording, viewer: &str) -> (String, SystemTime) {
        let (pass, until) = self.admission.show(recording, viewer);
        let (bucket, prefix) = (&recording.configuration.bucket, &recording.prefix);
        (format!("{RECORDINGS}~{pass}/{bucket}/{prefix}"), until)
    }

    /// What lets its holder, who is called `viewer`, fetch a recording whole by other ways than these, and until when.
    pub fn hand_out(&self, recording: &Recording, viewer: &str) -> (String, SystemTime) {
        self.admission.hand_out(recording, viewer)
    }

    /// Was this handed out for the recording of this id, and is it still good?
    pub fn may_have(&self, recording: &ResourceId, pass: &str) -> bool {
        self.admission.may_have(recording, pass)
    }

    /// Answers a request for a path under [`RECORDINGS`].
    pub(crate) async fn exhibit(&self, head: &Parts, peer: IpAddr) -> Result<Response<Body>, Error> {
        let address = address::parse(head.uri.path()).ok_or(Error::Missing)?;
        let gallery = self.gallery.as_ref().ok_or(Error::Elsewhere)?;
        let is_far = !gallery.blobs.are_on_disk();
        if is_far && address.pass.is_none() {
            return Err(Error::Elsewhere);
        }
        let exhibit = gallery.exhibits.at(address.bucket, address.prefix).await?;
        let visitor = Visitor::of(&head.headers, peer, head.method == Method::GET);
        let policy = exhibit.restriction.as_ref();
        let of_the_house = address
            .pass
            .and_then(|pass| self.admission.check_recording(&exhibit.recording, pass, &visitor).ok())
            .is_some_and(|pass| pass.is_house());
        let mut leave = match address.is_playlist() {
            _ if of_the_house => Leave::OF_THE_HOUSE,
            _ if is_far => return Err(Error::Elsewhere),
            true => self.restriction.enter_by(policy, &visitor).await?,
            false => self.restriction.check_by(policy, &visitor).await?,
        };
        leave.for_all &= !exhibit.is_private;
        let token = token(head.uri.query().unwrap_or(""));
        let pass = match (address.pass, exhibit.is_private) {
            (None, false) => None,
            // It was private a moment ago, and its viewers go on.
            (Some(pass), _) => Some(self.admission.check_recording(&exhibit.recording, pass, &visitor)?),
            (None, true) => {
                let readers = self.admission.look_at_recording(&exhibit.recording, token, &visitor).await?;
                leave.readers = leave.readers.and(readers);
                if visitor.counts {
                    // Before a token for one use is used up for nothing.
                    drop(gallery.open(&address).await?);
                    let entered = self.admission.enter_recording(&exhibit.recording, token, &visitor).await?;
                    return Ok(reply::lead(&address, &entered, leave.readers));
                }
                None
            }
        };
        leave.readers = leave.readers.and(pass.as_ref().map_or(Readers::Everyone, Pass::readers));
        let cap = pass.as_ref().and_then(Pass::cap);
        if !masters::fits(address.rendition(), cap) {
            return Err(Error::Entitlement);
        }
        let (opened, place) = gallery.open(&address).await?;
        let found = Found { address: &address, exhibit: &exhibit, leave, asked: &head.headers };
        if let Some(cap) = cap.filter(|_| address.is_multivariant()) {
            let text = whole(&opened, LONGEST_MASTER).await?;
            return Ok(found.text(masters::within(&text, cap).ok_or(Error::Entitlement)?));
        }
        if let Some(pressed) = gallery.pressing.of(&found, &opened).await {
            return Ok(found.pressed(&opened, pressed));
        }
        let keeper =
            Keeper { admission: Arc::clone(&self.admission), pass, reads: Arc::clone(&gallery.reads) };
        Ok(found.object(visitor.counts, &opened, |first, count| {
            Body::filed(Filed::new(opened.clone(), first, count, keeper, place))
        }))
    }
}

/// On whose behalf an object is sent, and how.
#[derive(Debug)]
pub(crate) struct Keeper {
    admission: Arc<Admission>,
    /// Public recordings need none.
    pass: Option<Pass>,
    reads: Arc<Semaphore>,
}

impl Keeper {
    /// May more be sent?
    fn allows(&self) -> bool {
        self.pass.as_ref().is_none_or(|pass| self.admission.is_good(pass))
    }
}

/// A short object.
async fn whole(opened: &Opened, most: u64) -> Result<Bytes, Error> {
    if opened.bytes > most {
        return Err(Error::Unreadable);
    }
    let length = usize::try_from(opened.bytes).map_err(|_| Error::Unreadable)?;
    opened.read(0, length).await.map_err(|_| Error::Unreadable)
}

/// The playback token, as it stands in the query.
fn token(query: &str) -> Option<&str> {
    query.split('&').find_map(|pair| pair.strip_prefix("token="))
}
