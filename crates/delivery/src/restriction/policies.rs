//! Policies: what the playback restriction policies of this node's broadcasts say.
//!
//! Promise: a policy is read for its first viewer, who waits for it, and then again each second by nobody's
//! request; while the store is away the last word stands, and where there is none nobody is let in.

use std::collections::{HashMap, HashSet};
use std::sync::{Arc, PoisonError, RwLock};
use std::time::Duration;

use domain::{Arn, PlaybackRestrictionPolicy};
use live::Hub;
use store::{Store, StoreError, Tenant};
use tokio::sync::Mutex;
use tokio::time::{Instant, MissedTickBehavior, interval, timeout};
use tokio_util::sync::CancellationToken;
use tracing::{info, warn};

use crate::error::Error;
use crate::readers::Readers;
use crate::restriction::Country;

/// How often policies are read again: often enough for a change to hold within a second.
const LOOK: Duration = Duration::from_millis(800);
/// The first viewer waits no longer than this for a store that is away, and the next ones are told so without
/// asking for as long as [`PAUSE`].
const PATIENCE: Duration = Duration::from_secs(3);
const PAUSE: Duration = Duration::from_secs(1);
/// A policy that nobody on air needs is forgotten after this; ended broadcasts are read a little longer.
const KEPT: Duration = Duration::from_secs(120);

/// A policy, ready to be asked.
#[derive(Debug, PartialEq, Eq)]
pub(crate) struct Policy {
    /// `None`: all of them.
    countries: Option<Vec<Country>>,
    origins: Vec<String>,
    strict: bool,
}

impl Policy {
    /// What is no code allows no country, but the list that it stands in restricts all the same.
    pub(crate) fn new(policy: PlaybackRestrictionPolicy) -> Self {
        let PlaybackRestrictionPolicy { allowed_countries: codes, allowed_origins, strict_origin, .. } =
            policy;
        let countries =
            (!codes.is_empty()).then(|| codes.iter().filter_map(|code| Country::parse(code)).collect());
        Self { countries, origins: allowed_origins, strict: strict_origin }
    }

    pub(crate) fn has_countries(&self) -> bool {
        self.countries.is_some()
    }

    pub(crate) fn allows(&self, country: Country) -> bool {
        self.countries.as_ref().is_none_or(|allowed| allowed.contains(&country))
    }

    /// Must every request name an origin that is allowed?
    pub(crate) fn is_strict(&self) -> bool {
        self.strict
    }

    /// Which pages may read what a request from `origin` gets.
    pub(crate) fn readers(&self, origin: Option<&[u8]>) -> Readers {
        Readers::of(self.origins.iter().map(String::as_str), origin)
    }
}

#[derive(Debug)]
struct Known {
    policy: Arc<Policy>,
    /// When it was on air last, or read first.
    needed: Instant,
}

/// The policies that viewers are under.
#[derive(Debug)]
pub(crate) struct Policies {
    store: Store,
    hub: Hub,
    known: RwLock<HashMap<Arn, Known>>,
    /// First readings, one at a time, and which of them failed when.
    door: Mutex<HashMap<Arn, Instant>>,
}

impl Policies {
    pub(crate) fn new(store: Store, hub: Hub) -> Self {
        Self { store, hub, known: RwLock::default(), door: Mutex::default() }
    }

    /// The policy of a broadcast or a recording, if it has one.
    ///
    /// # Errors
    /// [`Error::Unsure`] when it has one that was never read and can't be read now.
    pub(crate) async fn of(&self, policy: Option<&Arn>) -> Result<Option<Arc<Policy>>, Error> {
        let Some(arn) = policy else { return Ok(None) };
        match self.known(arn) {
            Some(policy) => Ok(Some(policy)),
            // Boxed, as is all that is rare on the way of each request: what is not there is not moved about.
            None => Box::pin(self.first(arn)).await.map(Some),
        }
    }

    /// Reads policies again until `shutdown`.
    pub(crate) async fn run(&self, shutdown: CancellationToken) {
        let mut looks = interval(LOOK);
        looks.set_missed_tick_behavior(MissedTickBehavior::Delay);
        let mut is_away = false;
        while shutdown.run_until_cancelled(looks.tick()).await.is_some() {
            let Some(renewed) = shutdown.run_until_cancelled(self.renew()).await else { return };
            match (is_away, &renewed) {
                (false, Err(error)) => {
                    let error = error as &dyn std::error::Error;
                    warn!(error, "playback restriction policies can't be read; the last known ones hold");
                }
                (true, Ok(())) => info!("playback restriction policies are read again"),
                _ => {}
            }
            is_away = renewed.is_err();
        }
    }

    /// Reads each policy that is needed, and forgets those that are not.
    pub(super) async fn renew(&self) -> Result<(), StoreError> {
        let on_air = self.hub.on_air();
        let on_air: HashSet<&Arn> = on_air.iter().filter_map(|broadcast| broadcast.restriction()).collect();
        let (now, mut trouble) = (Instant::now(), Ok(()));
        for arn in self.keep(&on_air, now) {
            match self.read(&arn).await {
                Ok(Some(policy)) => drop(self.learn(&arn, policy, now)),
                // One that is gone can't be attached to anything, so its last word stands for who still watches.
                Ok(None) => {}
                // This one's own trouble; the others are read all the same.
                Err(error @ StoreError::Decode { .. }) => trouble = Err(error),
                Err(error) => return Err(error),
            }
        }
        self.door.lock().await.retain(|_, failed| failed.elapsed() < PAUSE);
        trouble
    }

    /// What is to be read: all that is known and needed, and all that is on air.
    fn keep(&self, on_air: &HashSet<&Arn>, now: Instant) -> Vec<Arn> {
        let mut known = self.known.write().unwrap_or_else(PoisonError::into_inner);
        for (_, known) in known.iter_mut().filter(|(arn, _)| on_air.contains(arn)) {
            known.needed = now;
        }
        known.retain(|_, known| now.duration_since(known.needed) < KEPT);
        let fresh = on_air.iter().copied().filter(|arn| !known.contains_key(arn));
        fresh.chain(known.keys()).cloned().collect()
    }

    /// Reads a policy that nobody asked for before. Who comes meanwhile waits, and does not ask again.
    async fn first(&self, arn: &Arn) -> Result<Arc<Policy>, Error> {
        let mut failed = self.door.lock().await;
        if let Some(policy) = self.known(arn) {
            return Ok(policy);
        }
        if failed.get(arn).is_some_and(|failed| failed.elapsed() < PAUSE) {
            return Err(Error::Unsure);
        }
        let read = timeout(PATIENCE, self.read(arn)).await;
        match read {
            Ok(Ok(Some(policy))) => return Ok(self.learn(arn, policy, Instant::now())),
            Ok(Ok(None)) => warn!(policy = %arn, "a playback restriction policy is not there"),
            Ok(Err(error)) => {
                let error = &error as &dyn std::error::Error;
                warn!(policy = %arn, error, "a playback restriction policy can't be read");
            }
            Err(_) => warn!(policy = %arn, "a playback restriction policy can't be read in time"),
        }
        failed.insert(arn.clone(), Instant::now());
        Err(Error::Unsure)
    }

    async fn read(&self, arn: &Arn) -> Result<Option<Policy>, StoreError> {
        let found = self.store.playback_restriction_policy(&Tenant::of(arn), arn).await?;
        Ok(found.map(Policy::new))
    }

    fn known(&self, arn: &Arn) -> Option<Arc<Policy>> {
        let known = self.known.read().unwrap_or_else(PoisonError::into_inner);
        known.get(arn).map(|known| Arc::clone(&known.policy))
    }

    fn learn(&self, arn: &Arn, policy: Policy, now: Instant) -> Arc<Policy> {
        let policy = Arc::new(policy);
        let mut known = self.known.write().unwrap_or_else(PoisonError::into_inner);
        let entry = known.entry(arn.clone());
        let entry = entry.or_insert_with(|| Known { policy: Arc::clone(&policy), needed: now });
        if *entry.policy != *policy {
            entry.policy = policy;
        }
        Arc::clone(&entry.policy)
    }
}
