//! Who runs a channel and wants to see it: let in by the house, wherever they sit.
//!
//! Promise: an entry is given to whom the caller vouches for, and is good for [`LIFE`]. What it opens ends like any
//! viewer's when its holder is revoked.

use std::time::{Duration, SystemTime, UNIX_EPOCH};

use domain::Arn;
use live::Broadcast;

use super::{Admission, now_ms};
use crate::error::Error;
use crate::pass::{Holder, Pass};

/// How long an entry may be shown; what plays by then goes on. Pages renew it when they start anew.
pub(crate) const LIFE: Duration = Duration::from_secs(10 * 60);

impl Admission {
    /// What stands in place of a token for who is called `viewer`, and until when it is good.
    pub(crate) fn invite(&self, channel: &Arn, viewer: &str) -> (String, SystemTime) {
        let until = SystemTime::now() + LIFE;
        let millis = until.duration_since(UNIX_EPOCH).map_or(0, |since| since.as_millis());
        let holder = Holder { tag: self.mint.tag(channel, viewer), version: 0 };
        let until_ms = i64::try_from(millis).unwrap_or(i64::MAX);
        (self.mint.entry(&channel.to_string(), holder, until_ms), until)
    }

    /// Whose entry to this channel this is, if it is one and still good, and its holder was not revoked.
    pub(crate) fn entry(&self, channel: &Arn, token: &str) -> Option<Holder> {
        // Tokens have dots, entries none: nothing is proven in vain.
        let may_be = !token.is_empty() && !token.contains('.');
        let holder = may_be.then(|| self.mint.read_entry(&channel.to_string(), token, now_ms())).flatten()?;
        (!self.revoked.ends(&holder)).then_some(holder)
    }

    /// The pass for an entry; `None` when this is none.
    ///
    /// # Errors
    /// [`Error::Unsure`] as long as it isn't known who is revoked.
    pub(crate) async fn enter_by_the_house(
        &self,
        broadcast: &Broadcast,
        token: Option<&str>,
    ) -> Result<Option<Pass>, Error> {
        let Some(holder) = token.and_then(|token| self.entry(broadcast.channel(), token)) else {
            return Ok(None);
        };
        let pass = self.unless_revoked(self.mint.house(broadcast.stream(), holder)).await?;
        Ok(Some(pass))
    }
}
