//! Restriction: from which countries and for which pages a channel may be watched.
//!
//! Promise: a policy's change holds within a second; where the country can't be told, the viewer is served
//! (user guide, "Undesired content and viewers"). To look at a channel without a policy costs nothing, at one
//! with a policy no store and no allocation.

mod countries;
mod policies;

use std::net::IpAddr;

use live::{Broadcast, Hub};
use store::Store;
use tokio_util::sync::CancellationToken;

use crate::error::Error;
use crate::readers::Readers;
use crate::visitor::Visitor;

pub(crate) use countries::Country;
pub use countries::{Countries, CountriesError};
use policies::{Policies, Policy};

/// What a visitor who is let in may have.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Leave {
    /// Which pages may read the answer.
    pub(crate) readers: Readers,
    /// Anybody else would get the same, so a cache may hand it on.
    pub(crate) for_all: bool,
}

impl Leave {
    const UNRESTRICTED: Self = Self { readers: Readers::Everyone, for_all: true };
}

/// Knows the policies of what is on air, and where addresses are.
#[derive(Debug)]
pub(crate) struct Restriction {
    policies: Policies,
    countries: Option<Countries>,
}

impl Restriction {
    /// Without a database of addresses no country can be told.
    pub(crate) fn new(store: Store, hub: Hub, countries: Option<Countries>) -> Self {
        Self { policies: Policies::new(store, hub), countries }
    }

    /// May this visitor fetch the multivariant playlist? The one answer that a policy's origins touch where they
    /// are not strict, and then browsers enforce it.
    ///
    /// # Errors
    /// [`Error::Country`], [`Error::Origin`]; [`Error::Unsure`] while nobody can tell what the policy says.
    pub(crate) async fn enter(&self, broadcast: &Broadcast, visitor: &Visitor<'_>) -> Result<Leave, Error> {
        let Some(policy) = self.policies.of(broadcast).await? else { return Ok(Leave::UNRESTRICTED) };
        let leave = self.apply(&policy, visitor)?;
        Ok(Leave { readers: policy.readers(visitor.origin), ..leave })
    }

    /// May this visitor fetch anything else of the broadcast?
    ///
    /// # Errors
    /// Those of [`Restriction::enter`].
    pub(crate) async fn check(&self, broadcast: &Broadcast, visitor: &Visitor<'_>) -> Result<Leave, Error> {
        let Some(policy) = self.policies.of(broadcast).await? else { return Ok(Leave::UNRESTRICTED) };
        self.apply(&policy, visitor)
    }

    fn apply(&self, policy: &Policy, visitor: &Visitor<'_>) -> Result<Leave, Error> {
        if policy.has_countries()
            && let Some(country) = self.country(visitor.address)
            && !policy.allows(country)
        {
            return Err(Error::Country);
        }
        let readers = if policy.is_strict() { policy.readers(visitor.origin) } else { Readers::Everyone };
        if readers == Readers::Nobody {
            return Err(Error::Origin);
        }
        let for_all = !policy.has_countries() && readers == Readers::Everyone;
        Ok(Leave { readers, for_all })
    }

    /// The country of an address, where it can be told.
    pub(crate) fn country(&self, address: IpAddr) -> Option<Country> {
        self.countries.as_ref()?.country(address)
    }

    /// Keeps policies and the database of addresses fresh until `shutdown`.
    pub(crate) async fn run(&self, shutdown: CancellationToken) {
        let countries = async {
            if let Some(countries) = &self.countries {
                countries.run(shutdown.clone()).await;
            }
        };
        tokio::join!(self.policies.run(shutdown.clone()), countries);
    }
}
