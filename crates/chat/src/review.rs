//! The message review handler (user guide, "IVS Chat Message Review Handler").
//!
//! **Way in**: [`Reviewer::submit`] from any thread. **Way out**: the handler's endpoint, then the verdict.
//!
//! Promise: a verdict comes within the target's deadline, whatever the handler does; a slow or dead handler
//! costs others nothing: each has its own places, queue and breaker, and nobody waits for it but the messages
//! that it is asked about.

mod answer;
mod ask;
mod breaker;
mod counts;
mod figures;
mod lane;
mod lanes;
mod question;
mod targets;

use std::sync::Arc;

use outbound::Outbound;
use tokio::runtime::Handle;
use tokio::time::Instant;
use tokio_util::task::TaskTracker;

use counts::Counts;
pub use figures::HandlerFigures;
use lane::Lane;
use lanes::Lanes;
pub use question::{Question, Verdict};
pub use targets::{Targets, TargetsError};

/// Asks review handlers. A clone is another handle on the same.
#[derive(Clone)]
pub struct Reviewer {
    lanes: Arc<Lanes>,
    counts: Arc<Counts>,
    outbound: Outbound,
    runtime: Handle,
    asking: TaskTracker,
}

impl Reviewer {
    /// `runtime` is where handlers are asked, whatever thread a question comes from.
    pub fn new(targets: Targets, outbound: Outbound, runtime: Handle) -> Self {
        Self {
            lanes: Arc::new(Lanes::new(targets)),
            counts: Arc::default(),
            outbound,
            runtime,
            asking: TaskTracker::new(),
        }
    }

    /// Asks, and gives the verdict to `deliver`, always on a thread of the runtime and never before this call
    /// has returned to it. Never waits. Verdicts come in whatever order handlers answer: who needs an order
    /// keeps it.
    pub fn submit(&self, question: Question, deliver: Box<dyn FnOnce(Verdict) + Send>) {
        let reviewer = self.clone();
        // The time spent until the runtime gets to it counts too.
        let asked = Instant::now();
        let verdict = async move { deliver(reviewer.review_since(question, asked).await) };
        self.asking.spawn_on(verdict, &self.runtime);
    }

    /// Asks, and waits for the verdict: at most the target's deadline.
    pub async fn review(&self, question: Question) -> Verdict {
        self.review_since(question, Instant::now()).await
    }

    /// Ends when all that was submitted has been delivered, at most the longest deadline later. To be called
    /// when nobody submits any more.
    pub async fn drained(&self) {
        self.asking.close();
        self.asking.wait().await;
    }

    /// How a handler fares on this server.
    pub fn figures(&self, uri: &str) -> HandlerFigures {
        self.lanes.lane(&uri.into()).map(|lane| lane.figures()).unwrap_or_default()
    }

    /// Puts the counts into a registry, under the vendor's names in snake case; it adds the prefix.
    pub fn register(&self, registry: &mut prometheus_client::registry::Registry) {
        self.counts.register(registry);
    }

    async fn review_since(&self, question: Question, asked: Instant) -> Verdict {
        let lane = self.lanes.lane(&question.uri);
        let answer = match &lane {
            Some(lane) => lane.ask(&self.outbound, &question, asked).await,
            None => Err(ask::Failure::NoTarget),
        };
        match answer {
            Ok(answer) => self.heard(question, &answer, lane.as_deref()),
            Err(failure) => {
                self.counts.invocation_error(&question.uri, &failure);
                question.fall_back()
            }
        }
    }

    fn heard(&self, question: Question, answer: &[u8], lane: Option<&Lane>) -> Verdict {
        let broke = |flaw| {
            self.counts.invalid_answer(&question.uri, flaw);
            if let Some(lane) = lane {
                lane.record.broke(flaw);
            }
        };
        match answer::read(answer, question.max_length) {
            Ok(answer) => {
                if let Some(flaw) = answer.flaw {
                    broke(flaw);
                }
                if let Some(lane) = lane {
                    lane.record.decided(&answer.decision);
                }
                answer.decision.on(question)
            }
            Err(flaw) => {
                broke(flaw);
                question.fall_back()
            }
        }
    }
}
