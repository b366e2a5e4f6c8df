//! Admission: who may see a broadcast, and the pass that proves it from then on.
//!
//! Promise: a token is looked at once, in the multivariant playlist's request (and the thumbnail's), what costs little first; what is
//! checked of a pass costs no store and waits for nothing. A viewer who was revoked is refused within a second, on
//! all servers of a database.

mod house;
mod keys;
mod proofs;
mod recordings;
mod revoked;

use std::time::{Duration, SystemTime};

use auth::playback_token::{self, PlaybackClaims};
use aws_lc_rs::digest;
use domain::{Arn, StreamId, unix_millis};
use live::{Audience, Broadcast};
use store::{Store, StoreError, Tenant};
use tokio::time::{MissedTickBehavior, interval};
use tokio_util::sync::CancellationToken;

use crate::error::Error;
use crate::pass::{Mint, Pass};
use crate::readers::Readers;
use crate::visitor::Visitor;

use keys::Keys;
use proofs::Proofs;
use revoked::Revoked;

/// How often used tokens that ran out are forgotten, and revocations that no pass is old enough for.
const SWEEP: Duration = Duration::from_secs(60);
/// Rows that are forgotten at a time, so that other changes get their turn in between.
const SLICE: u32 = 1_000;

/// Lets viewers in.
#[derive(Debug)]
pub(crate) struct Admission {
    store: Store,
    mint: Mint,
    keys: Keys,
    proofs: Proofs,
    revoked: Revoked,
}

impl Admission {
    pub(crate) fn new(store: Store, key: &[u8; 32]) -> Self {
        let mint = Mint::new(key);
        Self {
            keys: Keys::new(store.clone()),
            proofs: Proofs::default(),
            revoked: Revoked::new(store.clone(), mint.clone()),
            store,
            mint,
        }
    }

    /// Lets a viewer in at the multivariant playlist. The pass also says which pages may read it. A look at the
    /// head uses no token up.
    ///
    /// # Errors
    /// [`Error::Private`] without a token when the channel is private, [`Error::Token`] when it opens nothing,
    /// [`Error::Used`], [`Error::Revoked`], [`Error::Origin`]; [`Error::Crowded`] when too many tokens are waiting
    /// to be proven, [`Error::Unsure`] while the database can't say whether it is good.
    pub(crate) async fn enter(
        &self,
        broadcast: &Broadcast,
        token: Option<&str>,
        visitor: &Visitor<'_>,
    ) -> Result<Pass, Error> {
        if broadcast.audience() == Audience::Everyone {
            return Ok(self.mint.fresh(broadcast.stream()));
        }
        let (claims, pass) = self.read(broadcast, token, visitor).await?;
        if visitor.counts {
            self.spend(&claims).await?;
        }
        Ok(pass)
    }

    /// Lets a viewer have a look, with what would let it in; a token for one use is as good for it before that use
    /// as after the look. Tells which pages may read what is seen.
    ///
    /// # Errors
    /// Those of [`Admission::enter`].
    pub(crate) async fn look(
        &self,
        broadcast: &Broadcast,
        token: Option<&str>,
        visitor: &Visitor<'_>,
    ) -> Result<Readers, Error> {
        if broadcast.audience() == Audience::Everyone {
            return Ok(Readers::Everyone);
        }
        let (claims, pass) = self.read(broadcast, token, visitor).await?;
        self.unless_used(&claims).await?;
        Ok(pass.readers())
    }

    /// Would this token let its viewer see the channel, whether or not it is on air? Nothing is used up.
    ///
    /// # Errors
    /// Those of [`Admission::enter`].
    pub(crate) async fn vouch(
        &self,
        channel: &Arn,
        token: Option<&str>,
        visitor: &Visitor<'_>,
    ) -> Result<(), Error> {
        if token.is_some_and(|token| self.entry(channel, token).is_some()) {
            return Ok(());
        }
        let (claims, _) = self.vet(channel, token, visitor).await?;
        self.revoked.know().await?;
        if self.mint.holder(&claims).is_some_and(|holder| self.revoked.ends(&holder)) {
            return Err(Error::Revoked);
        }
        self.unless_used(&claims).await
    }

    /// What a token of a private channel says, once all but its single use is looked at.
    async fn read(
        &self,
        broadcast: &Broadcast,
        token: Option<&str>,
        visitor: &Visitor<'_>,
    ) -> Result<(PlaybackClaims, Pass), Error> {
        let (claims, readers) = self.vet(broadcast.channel(), token, visitor).await?;
        let pass = self.unless_revoked(self.mint.private(broadcast.stream(), &claims)).await?;
        if !broadcast.is_playable() {
            return Err(Error::Offline);
        }
        Ok((claims, pass.with_readers(readers)))
    }

    /// What a token of a channel says, and which pages may read what it opens.
    async fn vet(
        &self,
        channel: &Arn,
        token: Option<&str>,
        visitor: &Visitor<'_>,
    ) -> Result<(PlaybackClaims, Readers), Error> {
        let token = token.filter(|token| !token.is_empty()).ok_or(Error::Private)?;
        let claims = self.prove(channel, token).await?;
        let readers = Readers::of(claims.origins(), visitor.origin);
        if claims.strict && readers == Readers::Nobody {
            return Err(Error::Origin);
        }
        Ok((claims, readers))
    }

    /// A pass that is about to be given away.
    async fn unless_revoked(&self, pass: Pass) -> Result<Pass, Error> {
        self.revoked.know().await?;
        if self.is_revoked(&pass) { Err(Error::Revoked) } else { Ok(pass) }
    }

    /// Was it used, if it is for one use?
    async fn unless_used(&self, claims: &PlaybackClaims) -> Result<(), Error> {
        let Some(id) = single_use(claims) else { return Ok(()) };
        match self.store.is_playback_token_spent(id).await {
            Ok(false) => Ok(()),
            Ok(true) => Err(Error::Used),
            Err(error) => Err(unsure(&error)),
        }
    }

    /// Looks at the pass of a later request.
    ///
    /// # Errors
    /// [`Error::Private`] when it was not made here for this stream; [`Error::Revoked`]; [`Error::Origin`];
    /// [`Error::Unsure`] as long as it isn't known who is revoked.
    pub(crate) fn check(&self, stream: &StreamId, pass: &str, visitor: &Visitor<'_>) -> Result<Pass, Error> {
        self.admit(self.mint.read(stream, pass).ok_or(Error::Private)?, visitor)
    }

    /// Is a pass that was made here good for this request?
    fn admit(&self, pass: Pass, visitor: &Visitor<'_>) -> Result<Pass, Error> {
        if pass.holder().is_some() && !self.revoked.is_known() {
            return Err(Error::Unsure);
        }
        if self.is_revoked(&pass) {
            return Err(Error::Revoked);
        }
        match pass.strict_readers(visitor.origin) {
            Readers::Nobody => Err(Error::Origin),
            readers => Ok(pass.with_readers(readers)),
        }
    }

    /// Is this pass still good, after a request was held?
    pub(crate) fn is_good(&self, pass: &Pass) -> bool {
        !self.is_revoked(pass)
    }

    fn is_revoked(&self, pass: &Pass) -> bool {
        pass.holder().is_some_and(|holder| self.revoked.ends(&holder))
    }

    /// The claims of a token that opens this channel and that a key of its tenant has signed.
    async fn prove(&self, channel: &Arn, token: &str) -> Result<PlaybackClaims, Error> {
        let unproven = playback_token::read(token, channel, now_ms()).map_err(Error::Token)?;
        let asked = std::time::Instant::now();
        let tenant = Tenant::of(channel);
        let keys = self.keys.recent(&tenant).await?;
        if let Some(claims) = self.proofs.prove(&unproven, token, &keys).await? {
            return Ok(claims);
        }
        // A key that was imported a moment ago may not be among those that were read before.
        let now = self.keys.as_of(&tenant, asked).await?;
        let again = if now.is(&keys) { None } else { self.proofs.prove(&unproven, token, &now).await? };
        again.ok_or(Error::Token(playback_token::Refusal::Signature))
    }

    /// Uses a token up, if it is for one use.
    async fn spend(&self, claims: &PlaybackClaims) -> Result<(), Error> {
        let Some(id) = single_use(claims) else { return Ok(()) };
        match self.store.spend_playback_token(id, claims.expires_at.saturating_mul(1_000)).await {
            Ok(true) => Ok(()),
            Ok(false) => Err(Error::Used),
            Err(error) => Err(unsure(&error)),
        }
    }

    /// Learns of revocations until `shutdown`, and forgets what is over.
    pub(crate) async fn run(&self, shutdown: CancellationToken) {
        let sweeps = async {
            let mut ticks = interval(SWEEP);
            ticks.set_missed_tick_behavior(MissedTickBehavior::Delay);
            while shutdown.run_until_cancelled(ticks.tick()).await.is_some() {
                self.sweep(&shutdown).await;
            }
        };
        tokio::join!(self.revoked.follow(&shutdown), sweeps);
    }

    async fn sweep(&self, shutdown: &CancellationToken) {
        self.revoked.sweep();
        while !shutdown.is_cancelled() {
            let tokens = self.store.forget_spent_playback_tokens(now_ms(), SLICE).await;
            let revoked = self.store.forget_viewer_revocations(revoked::needed_since(), SLICE).await;
            match (tokens, revoked) {
                (Ok(tokens), Ok(revoked)) if tokens.max(revoked) >= u64::from(SLICE) => {}
                (Ok(_), Ok(_)) => return,
                (Err(error), _) | (_, Err(error)) => {
                    tracing::warn!(why = %domain::chain(&error), "what is over for private channels is still kept");
                    return;
                }
            }
        }
    }
}

/// What names a token for one use among all. Two accounts may have chosen the same.
fn single_use(claims: &PlaybackClaims) -> Option<[u8; 16]> {
    let uuid = claims.single_use.as_ref()?;
    let tenant = Tenant::of(&claims.channel);
    let mut name = digest::Context::new(&digest::SHA256);
    name.update(format!("{}\0{}\0", tenant.account, tenant.region).as_bytes());
    name.update(uuid);
    let mut id = [0; 16];
    id.copy_from_slice(&name.finish().as_ref()[..16]);
    Some(id)
}

fn unsure(error: &StoreError) -> Error {
    tracing::warn!(why = %domain::chain(error), "it can't be told whether a playback token was used");
    Error::Unsure
}

fn now_ms() -> i64 {
    unix_millis(SystemTime::now())
}
