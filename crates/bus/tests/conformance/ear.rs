//! A receiver that remembers what it heard, and what tests say.
//!
//! Promise: a wait ends with its condition or with the test's failure.

use std::sync::Arc;
use std::time::Duration;

use bus::{Body, Bus, Envelope, FrameKind, NodeId, Receiver, RoomNews, Subject};
use domain::Arn;
use parking_lot::Mutex;
use tokio::sync::Notify;

/// Far more than anything takes; reached only by a failure.
pub(crate) const PATIENCE: Duration = Duration::from_secs(30);

/// What an ear has heard so far.
#[derive(Default)]
pub(crate) struct Heard {
    pub(crate) envelopes: Vec<Arc<Envelope>>,
    pub(crate) lost: Vec<Arc<Envelope>>,
    pub(crate) gaps: usize,
    /// Envelopes heard before each gap.
    pub(crate) before_gap: Vec<usize>,
}

/// A receiver.
#[derive(Default)]
pub(crate) struct Ear {
    heard: Mutex<Heard>,
    news: Notify,
}

impl Ear {
    /// An ear on this bus.
    pub(crate) fn on(bus: &Bus) -> Arc<Self> {
        let ear = Arc::new(Self::default());
        bus.subscribe(Arc::clone(&ear) as Arc<dyn Receiver>);
        ear
    }

    /// Waits until `enough` holds and gives what `read` sees then.
    pub(crate) async fn when<T>(
        &self,
        what: &str,
        enough: impl Fn(&Heard) -> bool,
        read: impl Fn(&Heard) -> T,
    ) -> T {
        let wait = async {
            loop {
                let news = self.news.notified();
                {
                    let heard = self.heard.lock();
                    if enough(&heard) {
                        return read(&heard);
                    }
                }
                news.await;
            }
        };
        match tokio::time::timeout(PATIENCE, wait).await {
            Ok(read) => read,
            Err(_) => {
                let heard = self.heard.lock();
                panic!(
                    "waited for {what}; heard {}, lost {}, gaps {}",
                    heard.envelopes.len(),
                    heard.lost.len(),
                    heard.gaps
                )
            }
        }
    }

    /// Waits for so many envelopes and gives the words of all.
    pub(crate) async fn words(&self, count: usize) -> Vec<String> {
        let what = format!("{count} envelopes");
        self.when(&what, |heard| heard.envelopes.len() >= count, |heard| words(&heard.envelopes)).await
    }

    /// Looks at what it heard so far.
    pub(crate) fn look<T>(&self, read: impl Fn(&Heard) -> T) -> T {
        read(&self.heard.lock())
    }

    fn note(&self, note: impl FnOnce(&mut Heard)) {
        note(&mut self.heard.lock());
        self.news.notify_waiters();
    }
}

impl Receiver for Ear {
    fn receive(&self, envelope: &Arc<Envelope>) {
        self.note(|heard| heard.envelopes.push(Arc::clone(envelope)));
    }

    fn gap(&self) {
        self.note(|heard| {
            heard.gaps += 1;
            let before = heard.envelopes.len();
            heard.before_gap.push(before);
        });
    }

    fn lost(&self, envelope: &Arc<Envelope>) {
        self.note(|heard| heard.lost.push(Arc::clone(envelope)));
    }
}

pub(crate) fn node(name: &str) -> NodeId {
    NodeId(name.to_owned())
}

pub(crate) fn room(name: &str) -> Subject {
    let arn = format!("arn:aws:ivschat:us-west-2:123456789012:room/{name}");
    Subject::Room(Arn::parse(&arn).expect("a well-formed ARN"))
}

/// Something said, told apart by its text.
pub(crate) fn saying(text: &str) -> Body {
    Body::Room(RoomNews::Frame {
        kind: FrameKind::Message,
        id: "id".into(),
        sender: Some("sender".into()),
        at: 1,
        payload: text.into(),
    })
}

/// The text of what was said.
pub(crate) fn word(envelope: &Envelope) -> String {
    match &envelope.body {
        Body::Room(RoomNews::Frame { payload, .. }) => payload.to_string(),
        other => panic!("not something said: {other:?}"),
    }
}

pub(crate) fn words(envelopes: &[Arc<Envelope>]) -> Vec<String> {
    envelopes.iter().map(|envelope| word(envelope)).collect()
}
