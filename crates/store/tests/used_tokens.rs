//! Used chat tokens, told by several nodes on one database in every order of things.
//!
//! Promise: whatever the nodes do in between, also when one is closed, cut off half-way or opened again, no
//! token is ever told to be the first twice, and one that nobody has brought is told so.

#![expect(clippy::unwrap_used, reason = "a failed step is a failed test")]

use std::collections::BTreeSet;
use std::path::PathBuf;
use std::sync::OnceLock;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::Duration;

use proptest::prelude::*;
use store::{SpentToken, Store};
use testkit::Postgres;
use tokio::runtime::Runtime;

const NODES: usize = 2;

/// Which tokens, by number: few, so that they meet.
type Batch = Vec<u8>;

#[derive(Clone, Debug)]
enum Act {
    Use(usize, Batch),
    /// All nodes at once.
    Race([Batch; NODES]),
    /// A caller goes away before the answer.
    GiveUp(usize, Batch),
    Close(usize),
    /// Without a word, as a crash would.
    Drop(usize),
}

fn act() -> impl Strategy<Value = Act> {
    let batch = || prop::collection::vec(0_u8..24, 0..12);
    prop_oneof![
        4 => (0..NODES, batch()).prop_map(|(node, batch)| Act::Use(node, batch)),
        4 => [batch(), batch()].prop_map(Act::Race),
        1 => (0..NODES, batch()).prop_map(|(node, batch)| Act::GiveUp(node, batch)),
        1 => (0..NODES).prop_map(Act::Close),
        1 => (0..NODES).prop_map(Act::Drop),
    ]
}

/// Where the nodes' database is.
#[derive(Clone)]
enum Place {
    File(PathBuf),
    Server(String),
}

impl Place {
    async fn open(&self) -> Store {
        match self {
            Self::File(path) => Store::open(path).await.unwrap(),
            Self::Server(address) => Store::connect(address).await.unwrap(),
        }
    }
}

/// The nodes, and what they have told.
struct Cluster {
    place: Place,
    nodes: Vec<Store>,
    /// Tells this run's tokens from those of others on the same database.
    run: u64,
    told: BTreeSet<u8>,
    /// Nobody heard whether these were used.
    unheard: BTreeSet<u8>,
}

impl Cluster {
    async fn start(place: Place) -> Self {
        static RUNS: AtomicU64 = AtomicU64::new(0);
        let mut nodes = Vec::new();
        for _ in 0..NODES {
            nodes.push(place.open().await);
        }
        let run = RUNS.fetch_add(1, Ordering::Relaxed);
        Self { place, nodes, run, told: BTreeSet::new(), unheard: BTreeSet::new() }
    }

    fn tokens(&self, batch: &[u8]) -> Vec<SpentToken> {
        let token = |number: &u8| {
            let unique = (u128::from(self.run) << 8) + u128::from(*number) + 1;
            let id = unique.wrapping_mul(0x9E37_79B9_7F4A_7C15_F39C_C060_5CED_C835).to_be_bytes();
            SpentToken { id, expires_at: i64::from(*number % 5) }
        };
        batch.iter().map(token).collect()
    }

    async fn act(&mut self, act: Act) -> Result<(), TestCaseError> {
        match act {
            Act::Use(node, batch) => {
                let first = self.nodes[node].spend_chat_tokens(&self.tokens(&batch)).await.unwrap();
                self.heard(&[(&batch, first)])
            }
            Act::Race([one, other]) => {
                let batches = [self.tokens(&one), self.tokens(&other)];
                let (first, second) = tokio::join!(
                    self.nodes[0].spend_chat_tokens(&batches[0]),
                    self.nodes[1].spend_chat_tokens(&batches[1]),
                );
                self.heard(&[(&one, first.unwrap()), (&other, second.unwrap())])
            }
            Act::GiveUp(node, batch) => {
                let tokens = self.tokens(&batch);
                let answer = self.nodes[node].spend_chat_tokens(&tokens);
                match tokio::time::timeout(Duration::ZERO, answer).await {
                    Ok(first) => self.heard(&[(&batch, first.unwrap())]),
                    Err(_) => {
                        self.unheard.extend(batch);
                        Ok(())
                    }
                }
            }
            Act::Close(node) => {
                self.nodes[node].close().await;
                self.nodes[node] = self.place.open().await;
                Ok(())
            }
            Act::Drop(node) => {
                self.nodes[node] = self.place.open().await;
                Ok(())
            }
        }
    }

    /// Looks at the answers that came at one time.
    fn heard(&mut self, answers: &[(&Batch, Vec<bool>)]) -> Result<(), TestCaseError> {
        let mut brought = BTreeSet::new();
        let mut first = BTreeSet::new();
        for (batch, answer) in answers {
            prop_assert_eq!(batch.len(), answer.len());
            let mut mentioned = BTreeSet::new();
            for (number, is_first) in batch.iter().zip(answer) {
                let again = !mentioned.insert(*number);
                prop_assert!(!(again && *is_first), "{} is the first at its second mention", number);
                prop_assert!(!is_first || first.insert(*number), "{} is the first for two nodes", number);
                prop_assert!(!is_first || !self.told.contains(number), "{} is the first again", number);
            }
            brought.extend(mentioned);
        }
        for number in brought.difference(&first) {
            let known = self.told.contains(number) || self.unheard.contains(number);
            prop_assert!(known, "{} is not the first, though nobody has brought it before", number);
        }
        self.told.extend(brought);
        Ok(())
    }
}

fn run(place: Place, acts: Vec<Act>) -> Result<(), TestCaseError> {
    static RUNTIME: OnceLock<Runtime> = OnceLock::new();
    let runtime = RUNTIME.get_or_init(|| Runtime::new().unwrap());
    runtime.block_on(async {
        let mut cluster = Cluster::start(place).await;
        for act in acts {
            cluster.act(act).await?;
        }
        for node in &cluster.nodes {
            node.close().await;
        }
        Ok(())
    })
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(48))]

    #[test]
    fn no_token_is_first_twice_in_one_file(acts in prop::collection::vec(act(), 1..30)) {
        let folder = tempfile::tempdir().unwrap();
        run(Place::File(folder.path().join("rillcast.db")), acts)?;
    }
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(16))]

    #[test]
    fn no_token_is_first_twice_on_one_server(acts in prop::collection::vec(act(), 1..30)) {
        static ADDRESS: OnceLock<String> = OnceLock::new();
        let address = ADDRESS.get_or_init(|| Postgres::shared().database());
        run(Place::Server(address.clone()), acts)?;
    }
}
