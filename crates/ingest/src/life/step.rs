//! One step of a stream's life, and what it means for its session and for those who are told.
//!
//! Promise: pure; what each step writes stands here and nowhere else.

use domain::{
    Event, EventId, EventKind, EventSubject, HealthChange, IncomingMedia, LimitBreach, StateChange,
    StreamHealth, StreamSession, TakeoverFailure,
};

/// Something that happened. Times are milliseconds since 1970, of when it did.
#[derive(Debug)]
pub(super) enum Step {
    /// What comes in is known, or another now.
    Incoming(Box<IncomingMedia>),
    /// A viewer who comes now can play it.
    Playable { at: i64 },
    /// It fares otherwise than before.
    Health { at: i64, before: StreamHealth, now: StreamHealth },
    /// Another encoder goes on with it.
    TakenOver { at: i64 },
    /// Another encoder wanted to and may not.
    TakeoverRefused { at: i64, why: TakeoverFailure },
    /// Its publisher is off air.
    OffAir(Farewell),
    /// Nothing of it is on its way to viewers any more.
    Drained { at: i64 },
}

/// Why and when a publisher went off air.
#[derive(Debug)]
pub(super) struct Farewell {
    pub(super) at: i64,
    /// The limit that it broke.
    pub(super) breach: Option<LimitBreach>,
    /// What was wrong with what it sent.
    pub(super) failure: Option<String>,
}

/// What some steps, one after the other, change and tell.
#[derive(Debug, Default)]
pub(super) struct Draft {
    incoming: Option<IncomingMedia>,
    started_at: Option<i64>,
    health: Option<StreamHealth>,
    ended_at: Option<i64>,
    pub(super) events: Vec<Event>,
}

impl Draft {
    /// Is there nothing to write?
    pub(super) fn is_empty(&self) -> bool {
        self.incoming.is_none() && self.health.is_none() && self.ended_at.is_none() && self.events.is_empty()
    }

    /// Is it the last of its session?
    pub(super) fn is_last(&self) -> bool {
        self.ended_at.is_some()
    }

    /// Was the session closed before, and not by this draft itself at an earlier try?
    pub(super) fn is_late_for(&self, session: &StreamSession) -> bool {
        session.ended_at.is_some() && session.ended_at != self.ended_at
    }

    /// Changes the session so.
    pub(super) fn apply(&self, session: &mut StreamSession) {
        if let Some(incoming) = &self.incoming {
            session.incoming = Some(incoming.clone());
        }
        session.started_at = session.started_at.or(self.started_at);
        session.health = self.health.unwrap_or(session.health);
        session.ended_at = self.ended_at.or(session.ended_at);
    }
}

/// Makes drafts of steps. It remembers of the past what later steps depend on.
#[derive(Debug)]
pub(super) struct Scribe {
    subject: EventSubject,
    is_started: bool,
    /// The publisher is off air, and it is not told yet: what it sent last may still become playable.
    farewell: Option<Farewell>,
    off_air_at: Option<i64>,
    /// Time of the newest event: none is told with an earlier one, whatever the clock does.
    latest: i64,
}

impl Scribe {
    pub(super) fn new(subject: EventSubject) -> Self {
        Self { subject, is_started: false, farewell: None, off_air_at: None, latest: i64::MIN }
    }

    /// The session's first event.
    pub(super) fn beginning(&mut self, at: i64) -> Event {
        self.latest = at;
        event(&self.subject, at, EventKind::State(StateChange::SessionCreated))
    }

    /// Adds a step to a draft.
    pub(super) fn take(&mut self, step: Step, draft: &mut Draft) {
        match step {
            Step::Incoming(incoming) => draft.incoming = Some(*incoming),
            Step::Playable { at } => self.start(at, draft),
            Step::Health { at, before, now } => {
                draft.health = Some(now);
                let change = match (before, now) {
                    (_, StreamHealth::Starving) => Some(HealthChange::StarvationStart),
                    (StreamHealth::Starving, StreamHealth::Healthy) => Some(HealthChange::StarvationEnd),
                    _ => None,
                };
                if let Some(change) = change {
                    self.tell(at, EventKind::Health(change), draft);
                }
            }
            Step::TakenOver { at } => {
                self.state(at, StateChange::StreamTakeover, draft);
            }
            Step::TakeoverRefused { at, why } => {
                self.state(at, StateChange::StreamTakeoverFailure(why), draft);
            }
            Step::OffAir(farewell) => {
                self.off_air_at = Some(farewell.at);
                self.farewell = Some(farewell);
                if self.is_started {
                    self.part(draft);
                }
            }
            Step::Drained { at } => self.end(at, draft),
        }
    }

    fn start(&mut self, at: i64, draft: &mut Draft) {
        // What became playable as the last of it drained was all there when its publisher went.
        let at = self.off_air_at.map_or(at, |off_air| at.min(off_air));
        self.is_started = true;
        draft.started_at = Some(self.state(at, StateChange::StreamStart, draft));
        self.part(draft);
    }

    /// Tells of the publisher's end, once.
    fn part(&mut self, draft: &mut Draft) {
        let Some(Farewell { at, breach, failure }) = self.farewell.take() else { return };
        if let Some(breach) = breach {
            self.tell(at, EventKind::Breach(breach), draft);
        }
        if let Some(reason) = failure {
            self.state(at, StateChange::StreamFailure { reason }, draft);
        }
        self.state(at, StateChange::SessionEnded, draft);
    }

    fn end(&mut self, at: i64, draft: &mut Draft) {
        self.part(draft);
        // One that never started ended with its publisher.
        let drained = self.is_started.then(|| self.state(at, StateChange::StreamEnd, draft));
        draft.ended_at = drained.or(Some(self.latest));
    }

    fn state(&mut self, at: i64, change: StateChange, draft: &mut Draft) -> i64 {
        self.tell(at, EventKind::State(change), draft)
    }

    /// Gives the time that it was told with.
    fn tell(&mut self, at: i64, kind: EventKind, draft: &mut Draft) -> i64 {
        self.latest = self.latest.max(at);
        draft.events.push(event(&self.subject, self.latest, kind));
        self.latest
    }
}

/// An event about a stream.
pub(super) fn event(subject: &EventSubject, at: i64, kind: EventKind) -> Event {
    Event {
        id: EventId::mint(&mut crate::entropy),
        at,
        account: subject.channel.account.clone(),
        region: subject.channel.region.clone(),
        subject: Some(subject.clone()),
        kind,
    }
}

/// What events of a session are about.
pub(super) fn subject(session: &StreamSession) -> EventSubject {
    EventSubject {
        channel: session.channel.arn.clone(),
        channel_name: session.channel.name.clone(),
        stream: session.stream.clone(),
    }
}

#[cfg(test)]
mod tests {
    use domain::{Arn, BreachedLimit, StreamId};

    use super::*;

    fn told(steps: Vec<Step>) -> (Draft, Vec<&'static str>) {
        let channel = Arn::parse("arn:aws:ivs:us-east-1:123456789012:channel/abcdABCD0123").expect("an ARN");
        let stream = StreamId::parse("st-12345678901234567890123").expect("a stream id");
        let mut scribe = Scribe::new(EventSubject { channel, channel_name: String::new(), stream });
        let mut draft = Draft::default();
        for step in steps {
            scribe.take(step, &mut draft);
        }
        let names = draft.events.iter().map(|event| event.kind.name()).collect();
        (draft, names)
    }

    fn off_air(at: i64) -> Step {
        Step::OffAir(Farewell { at, breach: None, failure: None })
    }

    #[test]
    fn a_stream_that_could_be_played_starts_and_ends() {
        let (draft, names) = told(vec![Step::Playable { at: 5 }, off_air(7), Step::Drained { at: 9 }]);
        assert_eq!(names, ["Stream Start", "Session Ended", "Stream End"]);
        assert_eq!((draft.started_at, draft.ended_at), (Some(5), Some(9)));
    }

    #[test]
    fn a_stream_that_becomes_playable_as_it_drains_still_starts_before_it_ends() {
        let (draft, names) = told(vec![off_air(7), Step::Playable { at: 8 }, Step::Drained { at: 9 }]);
        assert_eq!(names, ["Stream Start", "Session Ended", "Stream End"]);
        assert_eq!((draft.started_at, draft.ended_at), (Some(7), Some(9)));
    }

    #[test]
    fn a_stream_that_never_could_be_played_only_ends() {
        let (draft, names) = told(vec![off_air(7), Step::Drained { at: 9 }]);
        assert_eq!(names, ["Session Ended"]);
        assert_eq!((draft.started_at, draft.ended_at), (None, Some(7)));
    }

    #[test]
    fn times_never_go_back() {
        let (draft, _) = told(vec![Step::Playable { at: 5 }, off_air(3), Step::Drained { at: 4 }]);
        assert!(draft.events.iter().all(|event| event.at == 5));
        assert_eq!(draft.ended_at, Some(5));
    }

    #[test]
    fn what_was_wrong_is_told_before_the_end() {
        let limit = BreachedLimit::IngestPixels;
        let breach = Some(LimitBreach { limit, value: 1, exceeded_by: 1 });
        let failure = Some("no".to_owned());
        let steps = vec![Step::OffAir(Farewell { at: 7, breach, failure }), Step::Drained { at: 9 }];
        assert_eq!(told(steps).1, ["Ingest Resolution", "Stream Failure", "Session Ended"]);
    }

    #[test]
    fn only_the_ways_in_and_out_of_starving_are_events() {
        use StreamHealth::{Healthy, Starving, Unknown};
        let steps = [(Unknown, Healthy), (Healthy, Starving), (Starving, Healthy), (Healthy, Unknown)];
        let steps = steps.map(|(before, now)| Step::Health { at: 1, before, now });
        let (draft, names) = told(steps.into());
        assert_eq!(names, ["Starvation Start", "Starvation End"]);
        assert_eq!(draft.health, Some(Unknown));
    }
}
