//! Messages of one connection that are in review, and those behind them.
//!
//! Promise: they are released in the order in which they were sent, each as soon as it and all before it have a
//! verdict; other connections wait for none of it.

use std::collections::{BTreeMap, VecDeque};
use std::net::IpAddr;
use std::sync::Arc;

use bus::{FrameKind, RoomNews};
use domain::chat_frame;
use fanout::Connection;
use parking_lot::Mutex;

use crate::clock::Id;
use crate::denial::Denial;
use crate::hall::Hall;
use crate::review::{Question, Verdict};
use crate::room::LiveRoom;
use crate::rules::Review;

/// What is known of a message before it is released.
pub(crate) struct Draft {
    pub(crate) connection: Connection,
    pub(crate) room: Arc<LiveRoom>,
    pub(crate) id: Id,
    pub(crate) at: i64,
    pub(crate) request_id: String,
    pub(crate) user: Arc<str>,
    pub(crate) user_attributes: Arc<str>,
    /// The message came with attributes; without, they are `null` unless the handler sets some.
    pub(crate) had_attributes: bool,
}

#[derive(Default)]
pub(crate) struct Chain {
    links: Mutex<Links>,
}

#[derive(Default)]
struct Links {
    waiting: VecDeque<Link>,
    /// The number of the first that waits.
    first: u64,
}

struct Link {
    draft: Draft,
    outcome: Option<Outcome>,
}

enum Outcome {
    /// The whole JSON text.
    Release(String),
    Deny(Option<String>),
}

impl Draft {
    pub(crate) fn question(
        &self,
        review: &Review,
        content: &str,
        attributes: Option<&BTreeMap<String, String>>,
        ip: IpAddr,
        max_length: u16,
    ) -> Question {
        Question {
            uri: Arc::clone(&review.uri),
            room: self.room.arn.clone(),
            message_id: self.id.as_str().into(),
            content: content.to_owned(),
            attributes: attributes.cloned().unwrap_or_default(),
            user: Arc::clone(&self.user),
            user_attributes: Arc::clone(&self.user_attributes),
            ip,
            max_length,
            fallback: review.fallback,
        }
    }

    fn outcome(&self, verdict: Verdict) -> Outcome {
        match verdict {
            Verdict::Deny { reason } => Outcome::Deny(reason),
            Verdict::Allow { content, attributes } => {
                self.room.tally.allowed();
                let kept = Some(&attributes).filter(|given| self.had_attributes || !given.is_empty());
                Outcome::Release(self.text(&content, kept))
            }
        }
    }

    fn text(&self, content: &str, attributes: Option<&BTreeMap<String, String>>) -> String {
        chat_frame::message(&chat_frame::Message {
            id: self.id.as_str(),
            request_id: &self.request_id,
            attributes,
            content,
            at: self.at,
            user: &self.user,
            user_attributes: &self.user_attributes,
        })
    }

    fn leave(self, hall: &Hall, outcome: Outcome) {
        let denied = match outcome {
            Outcome::Deny(reason) => Err(Denial::denied(reason)),
            Outcome::Release(text) => {
                let news = RoomNews::Frame {
                    kind: FrameKind::Message,
                    id: self.id.as_str().into(),
                    sender: Some(self.user),
                    at: self.at,
                    payload: text.into(),
                };
                hall.say(&self.room.arn, news)
            }
        };
        if let Err(denial) = denied {
            hall.metrics.errors.inc();
            self.room.tally.denied(&denial);
            hall.fanout().send(self.connection, denial.frame(self.id.as_str(), &self.request_id));
        }
    }
}

impl Chain {
    pub(crate) fn is_empty(&self) -> bool {
        self.links.lock().waiting.is_empty()
    }

    /// Has a message reviewed, and released in its turn.
    pub(crate) fn submit(self: &Arc<Self>, hall: &Arc<Hall>, draft: Draft, question: Question) {
        let number = self.links.lock().push(Link { draft, outcome: None });
        let (chain, hall_of_verdict) = (Arc::clone(self), Arc::clone(hall));
        hall.reviewer
            .submit(question, Box::new(move |verdict| chain.decide(&hall_of_verdict, number, verdict)));
    }

    /// Queues a message that needs no review behind those that do.
    pub(crate) fn append(
        &self,
        hall: &Hall,
        draft: Draft,
        content: &str,
        attributes: Option<&BTreeMap<String, String>>,
    ) {
        let text = draft.text(content, attributes);
        let mut links = self.links.lock();
        links.push(Link { draft, outcome: Some(Outcome::Release(text)) });
        links.release(hall);
    }

    fn decide(&self, hall: &Hall, number: u64, verdict: Verdict) {
        // Messages leave under the lock: another verdict's may not pass them.
        let mut links = self.links.lock();
        links.decide(number, verdict);
        links.release(hall);
    }
}

impl Links {
    fn push(&mut self, link: Link) -> u64 {
        self.waiting.push_back(link);
        self.first + self.waiting.len() as u64 - 1
    }

    fn decide(&mut self, number: u64, verdict: Verdict) {
        let place = number.checked_sub(self.first).and_then(|place| usize::try_from(place).ok());
        if let Some(link) = place.and_then(|place| self.waiting.get_mut(place)) {
            link.outcome = Some(link.draft.outcome(verdict));
        }
    }

    fn release(&mut self, hall: &Hall) {
        while let Some(link) = self.waiting.pop_front() {
            match link.outcome {
                Some(outcome) => {
                    self.first += 1;
                    link.draft.leave(hall, outcome);
                }
                None => {
                    self.waiting.push_front(link);
                    return;
                }
            }
        }
        self.waiting.shrink_to_fit();
    }
}
