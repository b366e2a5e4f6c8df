//! Who may have what comes with a channel beside its media, such as its chat: whoever may watch it.
//!
//! Promise: nothing is used up, counted or held; who could not watch now is refused with the words that a player
//! would get.

use std::net::IpAddr;

use domain::Channel;
use http::HeaderMap;

use crate::Delivery;
use crate::error::Error;
use crate::path::{self, Target};
use crate::visitor::Visitor;

/// What a viewer of a private channel has in hand.
#[derive(Clone, Copy, Debug, Default)]
pub struct Proof<'a> {
    /// The token that it came with. One for a single use is good until that use.
    pub token: Option<&'a str>,
    /// The path of a playlist that it plays, which holds its pass: good while that stream is on air.
    pub playing: Option<&'a str>,
}

impl Delivery {
    /// May somebody at `address` be told what this channel's viewers are told?
    ///
    /// # Errors
    /// [`Error::Country`] and [`Error::Origin`] by the channel's restriction policy; where it is private also
    /// [`Error::Private`], [`Error::Token`], [`Error::Used`] and [`Error::Revoked`]; [`Error::Crowded`] and
    /// [`Error::Unsure`] when it can't be told now.
    pub async fn may_watch(
        &self,
        channel: &Channel,
        proof: Proof<'_>,
        headers: &HeaderMap,
        address: IpAddr,
    ) -> Result<(), Error> {
        let visitor = Visitor::of(headers, address, false);
        self.restriction.check_by(channel.playback_restriction_policy.as_ref(), &visitor).await?;
        if !channel.authorized {
            return Ok(());
        }
        match proof.playing {
            Some(path) if self.plays(channel, path, &visitor).is_ok() => Ok(()),
            _ => self.admission.vouch(&channel.arn, proof.token, &visitor).await,
        }
    }

    /// Is this the path of a playlist that its holder may have of what the channel shows now?
    fn plays(&self, channel: &Channel, path: &str, visitor: &Visitor<'_>) -> Result<(), Error> {
        let Some(Target::Media(place, _)) = path::parse(path) else { return Err(Error::Private) };
        let broadcast = self.hub.broadcast(&channel.arn).ok_or(Error::Offline)?;
        let named =
            place.names().is_some_and(|(arn, stream)| arn == channel.arn && stream == *broadcast.stream());
        let pass = place.pass.filter(|_| named).ok_or(Error::Private)?;
        self.admission.check(broadcast.stream(), pass, visitor).map(|_| ())
    }
}
