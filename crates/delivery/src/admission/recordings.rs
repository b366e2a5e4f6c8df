//! Who may see a private recording: whoever may see its channel, by the same tokens.
//!
//! Promise: a token is used up only when a pass is given away for it.

use std::time::{Duration, SystemTime};

use domain::{Recording, ResourceId, unix_millis};

use super::{Admission, now_ms};
use crate::error::Error;
use crate::pass::{Holder, Pass};
use crate::readers::Readers;
use crate::visitor::Visitor;

/// How long who runs a channel may watch a recording by one pass, pauses included: a day's work.
const SHOWN: Duration = Duration::from_secs(12 * 3_600);

/// How long a link to a whole recording may be followed.
const HANDED_OUT: Duration = Duration::from_secs(5 * 60);

impl Admission {
    /// What lets who is called `viewer` have a recording whole, and until when.
    pub(crate) fn hand_out(&self, recording: &Recording, viewer: &str) -> (String, SystemTime) {
        let until = SystemTime::now() + HANDED_OUT;
        let holder = Holder { tag: self.mint.tag(&recording.channel, viewer), version: 0 };
        (self.mint.copy(&recording.id, holder, unix_millis(until)), until)
    }

    /// Was this handed out for that recording, and is it still good?
    pub(crate) fn may_have(&self, recording: &ResourceId, text: &str) -> bool {
        let holder = self.mint.read_copy(recording, text, now_ms());
        holder.is_some_and(|holder| !self.revoked.ends(&holder))
    }

    /// A pass of the house for who is called `viewer`, and until when it is good.
    pub(crate) fn show(&self, recording: &Recording, viewer: &str) -> (Pass, SystemTime) {
        let until = SystemTime::now() + SHOWN;
        let holder = Holder { tag: self.mint.tag(&recording.channel, viewer), version: 0 };
        (self.mint.house_recording(&recording.id, holder, unix_millis(until)), until)
    }

    /// Lets a viewer in to a private recording, by a token that opens its channel. The pass also says which pages may
    /// read where it leads to.
    ///
    /// # Errors
    /// Those of [`Admission::enter`].
    pub(crate) async fn enter_recording(
        &self,
        recording: &Recording,
        token: Option<&str>,
        visitor: &Visitor<'_>,
    ) -> Result<Pass, Error> {
        let (claims, readers) = self.vet(&recording.channel, token, visitor).await?;
        let pass = self.mint.recording(&recording.id, &claims, now_ms());
        let pass = self.unless_revoked(pass).await?;
        self.spend(&claims).await?;
        Ok(pass.with_readers(readers))
    }

    /// Would this token let its viewer in? Tells which pages may read what is seen.
    ///
    /// # Errors
    /// Those of [`Admission::enter`].
    pub(crate) async fn look_at_recording(
        &self,
        recording: &Recording,
        token: Option<&str>,
        visitor: &Visitor<'_>,
    ) -> Result<Readers, Error> {
        let (claims, readers) = self.vet(&recording.channel, token, visitor).await?;
        self.unless_revoked(self.mint.recording(&recording.id, &claims, now_ms())).await?;
        self.unless_used(&claims).await?;
        Ok(readers)
    }

    /// Looks at the pass of a later request.
    ///
    /// # Errors
    /// Those of [`Admission::check`].
    pub(crate) fn check_recording(
        &self,
        recording: &Recording,
        pass: &str,
        visitor: &Visitor<'_>,
    ) -> Result<Pass, Error> {
        let pass = self.mint.read_recording(&recording.id, pass, now_ms()).ok_or(Error::Private)?;
        self.admit(pass, visitor)
    }
}
