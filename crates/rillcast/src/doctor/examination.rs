//! All looks at a house, side by side.
//!
//! Promise: each look ends within its limit, with a finding; dropped, all that is asynchronous of them ends.

use std::future::Future;
use std::pin::Pin;
use std::task::{Context, Poll};
use std::time::Duration;

use store::Store;
use tokio::task::JoinSet;
use tokio::time::timeout;

use super::finding::{Finding, Found, Group};
use super::{certificate, clock, data, destinations, listeners, logs, machine, reviewers, services};
use crate::config::Config;

/// A look that takes longer has found something by that.
const LIMIT: Duration = Duration::from_secs(10);

/// Whose house it is.
#[derive(Clone)]
pub(crate) struct Subject {
    pub(crate) config: Config,
    /// It is the server itself that looks.
    pub(crate) is_inside: bool,
    /// What the house knows; why it can't be asked, otherwise.
    pub(crate) store: Result<Store, String>,
}

/// Looks under way.
pub(crate) struct Examination {
    looks: JoinSet<Vec<Finding>>,
    total: usize,
}

impl Examination {
    /// Begins all looks that cost next to nothing.
    pub(crate) fn begin(subject: &Subject) -> Self {
        let mut it = Self { looks: JoinSet::new(), total: 0 };
        for (name, address) in listeners::configured(&subject.config) {
            it.one(Group::Listeners, name, listeners::door(subject.clone(), name, address));
        }
        it.one(Group::Listeners, "public_url", listeners::public_url(subject.clone()));
        it.one(Group::Tls, "certificate", certificate::look(subject.clone()));
        it.one(Group::Data, "data_dir", data::folder(subject.clone()));
        it.one(Group::Data, "space", data::space(subject.clone()));
        it.one(Group::Data, "fsync", data::speed(subject.clone()));
        it.one(Group::Data, "recordings", data::recordings(subject.clone()));
        it.many(Group::Data, "geoip_database", data::countries(subject.clone()));
        it.many(Group::Services, "database", services::database(subject.clone()));
        it.many(Group::Services, "nats", services::nats(subject.clone()));
        it.many(Group::Destinations, "buckets", destinations::buckets(subject.clone()));
        it.many(Group::Destinations, "sinks", destinations::sinks(subject.clone()));
        it.many(Group::Destinations, "chat_logs", logs::look(subject.clone()));
        it.many(Group::Destinations, "chat_review", reviewers::look(subject.clone()));
        it.one(Group::Machine, "clock", clock::look());
        it.one(Group::Machine, "memory", machine::memory());
        it.one(Group::Machine, "open_files", machine::open_files(subject.clone()));
        it.one(Group::Machine, "sockets", machine::sockets());
        it.one(Group::Transcoding, "ffmpeg", machine::ffmpeg(subject.clone()));
        it
    }

    /// Looks that there are, those that have ended among them.
    pub(crate) fn total(&self) -> usize {
        self.total
    }

    /// The findings of the next look to end; `None` behind the last.
    pub(crate) async fn next(&mut self) -> Option<Vec<Finding>> {
        std::future::poll_fn(|context| self.poll_next(context)).await
    }

    /// The same for those who poll.
    pub(crate) fn poll_next(&mut self, context: &mut Context<'_>) -> Poll<Option<Vec<Finding>>> {
        self.looks.poll_join_next(context).map(|ended| {
            // A look that panicked says nothing; the log does.
            ended.map(Result::unwrap_or_default)
        })
    }

    /// Adds one more look, which brings its own limit.
    pub(crate) fn add(&mut self, look: impl Future<Output = Vec<Finding>> + Send + 'static) {
        self.total += 1;
        self.looks.spawn(look);
    }

    fn one(&mut self, group: Group, name: &'static str, look: impl Future<Output = Found> + Send + 'static) {
        self.many(group, name, async move { vec![(String::new(), look.await)] });
    }

    /// A look that finds several things, each with a name of its own: `bucket:films`.
    fn many(
        &mut self,
        group: Group,
        name: &'static str,
        look: impl Future<Output = Vec<(String, Found)>> + Send + 'static,
    ) {
        let look: Pin<Box<dyn Future<Output = _> + Send>> = Box::pin(look);
        self.add(async move {
            let found = timeout(LIMIT, look).await.unwrap_or_else(|_| vec![(String::new(), late())]);
            let named = |(own, found): (String, Found)| {
                let check = if own.is_empty() { name.to_owned() } else { own };
                found.named(group, check)
            };
            found.into_iter().map(named).collect()
        });
    }
}

fn late() -> Found {
    Found::fail(
        format!("no answer within {} s", LIMIT.as_secs()),
        "See whether it, the network to it, or the disk under it hangs; then run the doctor again.",
    )
}
