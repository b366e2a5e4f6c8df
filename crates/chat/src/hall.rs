//! All that chat shares on one node: the rooms that somebody is in, the accounts, the pipes.
//!
//! Promise: a room is read from the store once however many come to it at once, and is forgotten when nobody has
//! been in it for a while; memory follows those who are here.

use std::collections::HashMap;
use std::hash::{BuildHasher, RandomState};
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};
use std::sync::{Arc, OnceLock};
use std::time::{Duration, Instant};

use bus::{Body, Bus, NodeId, RoomNews, Subject};
use domain::{AccountId, Arn, ChatRates, ChatRestriction, Region, Room};
use fanout::{Close, Fanout, Group};
use parking_lot::{Mutex, RwLock};
use store::{Store, StoreError, Tenant};
use tracing::warn;

use crate::changes::Changes;
use crate::clock::{self, Steady};
use crate::denial::Denial;
use crate::extensions::Extensions;
use crate::extensions::moderation::Commands;
use crate::gateway::Gateway;
use crate::keys::Keys;
use crate::log::Log;
use crate::metrics::Metrics;
use crate::receiver::KICKED;
use crate::review::Reviewer;
use crate::room::{Account, LiveRoom, Place};
use crate::rules::Rules;
use crate::spender::Spender;
use crate::{Config, Deps};

/// Rooms are read behind as many locks, so that few who want different rooms wait for each other.
const DOORS: usize = 64;
/// A room in which nobody has been for so long is forgotten; one that remembers messages only after so long.
const VACANT: Duration = Duration::from_secs(60);
const VACANT_WITH_HISTORY: Duration = Duration::from_secs(3_600);
/// Whoever joins a room that was last read so long ago has it read again: nobody should have to say that it
/// changed, but on a bad day that word may be lost.
const STALE: Duration = Duration::from_secs(60);

type Accounts = HashMap<(AccountId, Region), Arc<Account>>;

pub(crate) struct Hall {
    pub(crate) config: Config,
    pub(crate) store: Store,
    pub(crate) bus: Bus,
    pub(crate) node: NodeId,
    pub(crate) reviewer: Reviewer,
    pub(crate) log: Option<Log>,
    pub(crate) keys: Keys,
    pub(crate) spender: Spender,
    pub(crate) metrics: Metrics,
    pub(crate) clock: Steady,
    /// `{}`, for all whose token has no attributes.
    pub(crate) no_attributes: Arc<str>,
    draining: AtomicBool,
    pub(crate) commands: Commands,
    rates: Arc<ChatRates>,
    fanout: OnceLock<Fanout<Gateway>>,
    rooms: RwLock<HashMap<Arn, Arc<LiveRoom>>>,
    accounts: Mutex<Accounts>,
    doors: [tokio::sync::Mutex<()>; DOORS],
    hasher: RandomState,
    groups: AtomicU64,
    changes: Changes,
}

impl Hall {
    pub(crate) fn new(config: Config, deps: Deps, spender: Spender, commands: Commands) -> Self {
        let Deps { store, bus, node, rates, reviewer, log } = deps;
        let mut metrics = Metrics::new();
        reviewer.register(metrics.registry());
        if let Some(log) = &log {
            log.register(metrics.registry());
        }
        Self {
            config,
            keys: Keys::new(store.clone()),
            store,
            bus,
            node,
            reviewer,
            log,
            spender,
            metrics,
            clock: Steady::start(),
            no_attributes: "{}".into(),
            draining: AtomicBool::new(false),
            commands,
            rates,
            fanout: OnceLock::new(),
            rooms: RwLock::default(),
            accounts: Mutex::default(),
            doors: std::array::from_fn(|_| tokio::sync::Mutex::new(())),
            hasher: RandomState::new(),
            groups: AtomicU64::new(1),
            changes: Changes::default(),
        }
    }

    pub(crate) fn set_fanout(&self, fanout: Fanout<Gateway>) {
        // Set once, by whoever made this.
        let _ = self.fanout.set(fanout);
    }

    pub(crate) fn fanout(&self) -> &Fanout<Gateway> {
        self.fanout.get().expect("the engine is there before anybody has a handle")
    }

    /// Nanoseconds on the steady clock.
    pub(crate) fn steady(&self) -> u64 {
        self.clock.at(Instant::now())
    }

    /// From now on nobody is admitted.
    pub(crate) fn begin_to_drain(&self) {
        self.draining.store(true, Ordering::Relaxed);
    }

    pub(crate) fn is_draining(&self) -> bool {
        self.draining.load(Ordering::Relaxed)
    }

    /// Says something about a room to all nodes.
    pub(crate) fn say(&self, room: &Arn, news: RoomNews) -> Result<(), Denial> {
        self.bus.publish(Subject::Room(room.clone()), Body::Room(news)).map_err(|error| {
            warn!(%room, %error, "could not say something in a room");
            Denial::INTERNAL
        })
    }

    /// The room, if somebody is in it or was a moment ago.
    pub(crate) fn live(&self, arn: &Arn) -> Option<Arc<LiveRoom>> {
        self.rooms.read().get(arn).map(Arc::clone)
    }

    pub(crate) fn live_rooms(&self) -> usize {
        self.rooms.read().len()
    }

    /// The room, read from the store if need be; `None` when there is none.
    pub(crate) async fn room(&self, arn: &Arn) -> Result<Option<Arc<LiveRoom>>, StoreError> {
        if let Some(room) = self.live(arn) {
            return Ok(Some(room));
        }
        let door = usize::try_from(self.hasher.hash_one(arn) % DOORS as u64).unwrap_or(0);
        let _one_at_a_time = self.doors[door].lock().await;
        if let Some(room) = self.live(arn) {
            return Ok(Some(room));
        }
        // Boxed, as it is needed once for a room: who waits in a crowd is to be small.
        let Some(rules) = Box::pin(self.read(arn)).await? else { return Ok(None) };
        let group = Group(self.groups.fetch_add(1, Ordering::Relaxed));
        let room = LiveRoom::new(arn.clone(), group, self.account(arn), self.clock, rules);
        let room = Arc::clone(self.rooms.write().entry(arn.clone()).or_insert_with(|| Arc::new(room)));
        // What was said of it since it was read found nobody to hear it.
        self.must_read(arn);
        Ok(Some(room))
    }

    /// A place in the room; the second is `None` when the account has no more.
    pub(crate) async fn place(&self, arn: &Arn) -> Result<Option<Option<Place>>, StoreError> {
        loop {
            let Some(room) = self.room(arn).await? else { return Ok(None) };
            // Rooms are forgotten under the other side of this lock, and only without places.
            let rooms = self.rooms.read();
            if rooms.get(arn).is_some_and(|known| Arc::ptr_eq(known, &room)) {
                if room.rules().read_at.elapsed() > STALE {
                    self.changes.note(arn);
                }
                return Ok(Some(Place::take(room, self.config.limits.chat_connections)));
            }
        }
    }

    fn account(&self, arn: &Arn) -> Arc<Account> {
        let mut accounts = self.accounts.lock();
        let known = accounts.entry((arn.account.clone(), arn.region.clone()));
        Arc::clone(known.or_insert_with(|| {
            let rates = self.rates.account(&arn.account, &arn.region, Instant::now());
            Arc::new(Account { rates, connections: 0.into() })
        }))
    }

    /// Connections of an account here, and those about to be.
    pub(crate) fn connections_of(&self, account: &AccountId, region: &Region) -> u32 {
        let accounts = self.accounts.lock();
        let known = accounts.get(&(account.clone(), region.clone()));
        known.map_or(0, |account| account.connections.load(Ordering::Relaxed))
    }

    /// Does the room take commands, as the store has it?
    pub(crate) async fn takes_commands(&self, arn: &Arn) -> Result<bool, StoreError> {
        let room = self.store.room(&Tenant::of(arn), arn).await?;
        Ok(room.is_some_and(|room| Extensions::of(&room.tags).moderation))
    }

    async fn read(&self, arn: &Arn) -> Result<Option<Rules>, StoreError> {
        let begun = Instant::now();
        let Some(room) = self.store.room(&Tenant::of(arn), arn).await? else { return Ok(None) };
        let restrictions = self.restrictions(&room).await?;
        Ok(Some(Rules::new(&room, restrictions, begun)))
    }

    async fn restrictions(&self, room: &Room) -> Result<Vec<ChatRestriction>, StoreError> {
        let asked = Extensions::of(&room.tags).moderation;
        if asked { self.store.chat_restrictions(&room.arn).await } else { Ok(Vec::new()) }
    }

    /// The room is to be read again, if it is in memory.
    pub(crate) fn must_read(&self, arn: &Arn) {
        if self.rooms.read().contains_key(arn) {
            self.changes.note(arn);
        }
    }

    /// Resolves when all rooms that were to be read again by now were read.
    pub(crate) fn caught_up(&self) -> impl Future<Output = ()> + use<> {
        self.changes.read()
    }

    /// All rooms are to be read again.
    pub(crate) fn must_read_all(&self) {
        self.rooms.read().keys().for_each(|arn| self.changes.note(arn));
    }

    /// Reads what changed, as soon as it changes.
    pub(crate) async fn keep_reading(self: Arc<Self>) {
        const PAUSE: Duration = Duration::from_millis(500);
        loop {
            let changed = self.changes.take().await;
            let mut failed = false;
            for arn in &changed.rooms {
                if let Err(error) = self.read_again(arn).await {
                    warn!(room = %arn, error = %domain::chain(&error), "could not read a room again");
                    self.must_read(arn);
                    failed = true;
                }
            }
            if failed {
                tokio::time::sleep(PAUSE).await;
            } else {
                self.changes.done(&changed);
            }
        }
    }

    async fn read_again(&self, arn: &Arn) -> Result<(), StoreError> {
        let Some(room) = self.live(arn) else { return Ok(()) };
        let begun = Instant::now();
        let rules = self.read(arn).await?;
        room.set_rules(rules.unwrap_or_else(|| room.rules().of_gone_room(begun)));
        self.turn_out(&room);
        Ok(())
    }

    /// Ends the connections of banned users, such as of one that was joining while it was banned.
    fn turn_out(&self, room: &LiveRoom) {
        let (rules, now) = (room.rules(), clock::now() / 1_000_000);
        let floor = room.floor();
        for seat in rules.banned(now).flat_map(|user| floor.of(user)) {
            let reason = Denial::BANNED.text.into_owned();
            self.fanout().close(*seat, Close::Frame { code: KICKED, reason });
        }
    }

    /// Forgets rooms that nobody has been in for a while, and accounts without rooms.
    pub(crate) fn sweep(&self) {
        let now = self.steady();
        let ago = |age: Duration| now.saturating_sub(u64::try_from(age.as_nanos()).unwrap_or(u64::MAX));
        let mut rooms = self.rooms.write();
        rooms.retain(|_, room| {
            let remembers = room.rules().extensions.history > 0;
            !room.is_idle_since(ago(if remembers { VACANT_WITH_HISTORY } else { VACANT }))
        });
        drop(rooms);
        self.accounts.lock().retain(|_, account| Arc::strong_count(account) > 1);
    }

    /// Every room in memory.
    pub(crate) fn all(&self) -> Vec<Arc<LiveRoom>> {
        self.rooms.read().values().map(Arc::clone).collect()
    }

    /// Is the user banned from the room, or the room gone?
    pub(crate) fn may_enter(rules: &Rules, user: &str, now: i64) -> Result<(), Denial> {
        match (rules.gone, rules.bans(user, now)) {
            (true, _) => Err(Denial::NO_ROOM),
            (false, true) => Err(Denial::BANNED),
            (false, false) => Ok(()),
        }
    }
}
