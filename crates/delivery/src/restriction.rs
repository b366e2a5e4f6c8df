//! Restriction: from which countries and for which pages a channel may be watched.
//!
//! Promise: a policy's change holds within a second; where the country can't be told, the viewer is served
//! (user guide, "Undesired content and viewers"). To look at a channel without a policy costs nothing, at one
//! with a policy no store and no allocation.

mod countries;
mod policies;

use std::net::IpAddr;

use domain::Arn;
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
    /// Of who holds a pass of the house: no policy is asked, and the answer is theirs.
    pub(crate) const OF_THE_HOUSE: Self = Self { readers: Readers::Everyone, for_all: false };
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
        self.enter_by(broadcast.restriction(), visitor).await
    }

    /// May this visitor fetch a playlist of what is under this policy? As [`Restriction::enter`].
    ///
    /// # Errors
    /// Those of [`Restriction::enter`].
    pub(crate) async fn enter_by(&self, policy: Option<&Arn>, visitor: &Visitor<'_>) -> Result<Leave, Error> {
        let Some(policy) = self.policies.of(policy).await? else { return Ok(Leave::UNRESTRICTED) };
        let leave = self.apply(&policy, visitor)?;
        Ok(Leave { readers: policy.readers(visitor.origin), ..leave })
    }

    /// May this visitor fetch anything else of the broadcast?
    ///
    /// # Errors
    /// Those of [`Restriction::enter`].
    pub(crate) async fn check(&self, broadcast: &Broadcast, visitor: &Visitor<'_>) -> Result<Leave, Error> {
        self.check_by(broadcast.restriction(), visitor).await
    }

    /// May this visitor fetch anything else of what is under this policy?
    ///
    /// # Errors
    /// Those of [`Restriction::enter`].
    pub(crate) async fn check_by(&self, policy: Option<&Arn>, visitor: &Visitor<'_>) -> Result<Leave, Error> {
        let Some(policy) = self.policies.of(policy).await? else { return Ok(Leave::UNRESTRICTED) };
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

#[cfg(test)]
mod tests {
    use std::time::{Duration, SystemTime};

    use domain::{Arn, PlaybackRestrictionPolicy, StreamId, Tags};
    use http::HeaderValue;
    use live::{Airing, Audience, Publisher, RingLimits};
    use store::Tenant;

    use super::*;

    /// A channel on air under a policy, and who guards it.
    struct Stage {
        store: Store,
        policy: Arn,
        publisher: Publisher,
        restriction: Restriction,
        _folder: tempfile::TempDir,
    }

    fn arn(resource: &str) -> Arn {
        Arn::parse(&format!("arn:aws:ivs:us-east-1:123456789012:{resource}")).expect("a well-formed ARN")
    }

    fn countries() -> (tempfile::TempDir, Countries) {
        let folder = tempfile::tempdir().expect("a folder");
        let path = folder.path().join("countries.mmdb");
        std::fs::write(&path, include_bytes!("../testdata/countries.mmdb")).expect("a file");
        let countries = Countries::open(path).expect("a database");
        (folder, countries)
    }

    impl Stage {
        async fn new(countries_allowed: &[&str], origins: &[&str], strict: bool) -> Self {
            let stage = Self::without_policy().await;
            let texts = |all: &[&str]| all.iter().copied().map(str::to_owned).collect();
            let policy = PlaybackRestrictionPolicy {
                arn: stage.policy.clone(),
                name: String::new(),
                allowed_countries: texts(countries_allowed),
                allowed_origins: texts(origins),
                strict_origin: strict,
                tags: Tags::default(),
            };
            stage.store.create_playback_restriction_policy(&policy, 10).await.expect("a policy");
            stage
        }

        /// The channel names one, but there is none.
        async fn without_policy() -> Self {
            let store = Store::in_memory().await.expect("memory");
            let policy = arn("playback-restriction-policy/abcdABCD0123");
            let airing = Airing { restriction: Some(policy.clone()), ..Airing::from(Audience::Everyone) };
            let hub = Hub::new(RingLimits::default());
            let stream = StreamId::mint(&mut |bytes| bytes.fill(1));
            let publisher = hub.publish(&arn("channel/abcdABCD0123"), stream, airing, SystemTime::now());
            let (folder, countries) = countries();
            let restriction = Restriction::new(store.clone(), hub, Some(countries));
            let publisher = publisher.expect("a free channel");
            Self { store, policy, publisher, restriction, _folder: folder }
        }

        async fn allow(&self, countries: &[&str]) {
            let change = |policy: &mut PlaybackRestrictionPolicy| {
                policy.allowed_countries = countries.iter().copied().map(str::to_owned).collect();
                Ok::<_, store::StoreError>(())
            };
            let tenant = Tenant::of(&self.policy);
            let changed = self.store.update_playback_restriction_policy(&tenant, &self.policy, change).await;
            changed.expect("a change");
        }

        async fn enter(&self, address: &str, origin: Option<&str>) -> Result<Leave, Error> {
            self.restriction.enter(self.publisher.broadcast(), &visitor(address, origin)).await
        }

        async fn check(&self, address: &str, origin: Option<&str>) -> Result<Leave, Error> {
            self.restriction.check(self.publisher.broadcast(), &visitor(address, origin)).await
        }
    }

    fn visitor<'a>(address: &str, origin: Option<&'a str>) -> Visitor<'a> {
        let address = address.parse().expect("an address");
        Visitor {
            address,
            origin: origin.map(str::as_bytes),
            ..Visitor::of(NO_HEADERS.get_or_init(Default::default), address, true)
        }
    }

    static NO_HEADERS: std::sync::OnceLock<http::HeaderMap> = std::sync::OnceLock::new();

    const GERMAN: &str = "192.0.2.1";
    const AMERICAN: &str = "198.51.100.1";
    const UNKNOWN: &str = "203.0.113.1";
    const PAGE: &str = "https://a.example";

    fn only(page: &'static str) -> Readers {
        Readers::Only(HeaderValue::from_static(page))
    }

    #[tokio::test]
    async fn viewers_of_other_countries_are_refused_with_every_request() {
        let stage = Stage::new(&["DE", "FR"], &[], false).await;
        for address in [GERMAN, "::ffff:192.0.2.1", "2001:db8:100::1", UNKNOWN, "127.0.0.1"] {
            let leave = Ok(Leave { readers: Readers::Everyone, for_all: false });
            assert_eq!(stage.enter(address, None).await, leave, "{address}");
            assert_eq!(stage.check(address, None).await, leave, "{address}");
        }
        for address in [AMERICAN, "::ffff:198.51.100.1", "2001:db8::1"] {
            assert_eq!(stage.enter(address, Some(PAGE)).await, Err(Error::Country), "{address}");
            assert_eq!(stage.check(address, None).await, Err(Error::Country), "{address}");
        }
    }

    #[tokio::test]
    async fn origins_that_are_not_strict_are_for_browsers_and_the_multivariant_alone() {
        let stage = Stage::new(&[], &["https://a.example", "https://*.b.example"], false).await;
        let leave = |readers| Ok(Leave { readers, for_all: true });
        assert_eq!(stage.enter(AMERICAN, Some(PAGE)).await, leave(only(PAGE)));
        assert_eq!(
            stage.enter(AMERICAN, Some("https://x.b.example")).await,
            leave(only("https://x.b.example"))
        );
        assert_eq!(stage.enter(AMERICAN, Some("https://c.example")).await, leave(Readers::Nobody));
        assert_eq!(stage.enter(AMERICAN, None).await, leave(Readers::Nobody));
        assert_eq!(stage.check(AMERICAN, Some("https://c.example")).await, leave(Readers::Everyone));
        assert_eq!(stage.check(AMERICAN, None).await, leave(Readers::Everyone));
    }

    #[tokio::test]
    async fn strict_origins_are_asked_of_every_request_and_every_client() {
        let stage = Stage::new(&[], &["https://a.example"], true).await;
        let leave = Ok(Leave { readers: only(PAGE), for_all: false });
        assert_eq!(stage.enter(AMERICAN, Some(PAGE)).await, leave);
        assert_eq!(stage.check(AMERICAN, Some(PAGE)).await, leave);
        for origin in [None, Some("https://c.example"), Some("null"), Some("")] {
            assert_eq!(stage.enter(AMERICAN, origin).await, Err(Error::Origin), "{origin:?}");
            assert_eq!(stage.check(AMERICAN, origin).await, Err(Error::Origin), "{origin:?}");
        }
    }

    #[tokio::test]
    async fn a_policy_without_lists_restricts_nothing_even_strictly() {
        let stage = Stage::new(&[], &[], true).await;
        for origin in [None, Some("https://c.example")] {
            assert_eq!(stage.enter(AMERICAN, origin).await, Ok(Leave::UNRESTRICTED));
            assert_eq!(stage.check(AMERICAN, origin).await, Ok(Leave::UNRESTRICTED));
        }
    }

    #[tokio::test]
    async fn without_a_database_of_countries_everyone_is_somewhere_allowed() {
        let mut stage = Stage::new(&["DE"], &[], false).await;
        stage.restriction.countries = None;
        assert!(stage.enter(AMERICAN, None).await.is_ok());
    }

    #[tokio::test]
    async fn a_policy_that_changes_holds_for_those_who_watch_already() {
        let stage = Stage::new(&["DE"], &[], false).await;
        let shutdown = CancellationToken::new();
        let story = async {
            assert!(stage.check(GERMAN, None).await.is_ok());
            stage.allow(&["US"]).await;
            let refused = async {
                while stage.check(GERMAN, None).await != Err(Error::Country) {
                    tokio::time::sleep(Duration::from_millis(10)).await;
                }
            };
            tokio::time::timeout(Duration::from_secs(20), refused)
                .await
                .expect("a policy that is read again");
            assert!(stage.check(AMERICAN, None).await.is_ok());
            shutdown.cancel();
        };
        tokio::join!(stage.restriction.run(shutdown.clone()), story);
    }

    #[tokio::test]
    async fn while_the_store_is_away_the_last_word_stands() {
        let stage = Stage::new(&["DE"], &[], false).await;
        assert!(stage.check(GERMAN, None).await.is_ok());
        stage.store.close().await;
        assert!(stage.restriction.policies.renew().await.is_err());
        assert!(stage.check(GERMAN, None).await.is_ok());
        assert_eq!(stage.check(AMERICAN, None).await, Err(Error::Country));
    }

    #[tokio::test]
    async fn a_policy_that_nobody_could_read_lets_nobody_in_until_it_is_read() {
        let away = Stage::new(&["DE"], &[], false).await;
        away.store.close().await;
        let absent = Stage::without_policy().await;
        for stage in [away, absent] {
            assert_eq!(stage.enter(GERMAN, None).await, Err(Error::Unsure));
            assert_eq!(stage.check(GERMAN, None).await, Err(Error::Unsure), "also without asking again");
        }
    }

    #[tokio::test]
    async fn policies_are_read_before_the_first_viewer_comes_and_kept_while_on_air() {
        let stage = Stage::new(&["DE"], &[], false).await;
        stage.restriction.policies.renew().await.expect("a store");
        stage.store.close().await;
        assert_eq!(stage.check(AMERICAN, None).await, Err(Error::Country));
    }
}
