//! What an encoder tells viewers, on its way to them.
//!
//! Promise: no encoder makes viewers' players work more than the API could; what is too much is counted, and
//! said once.

use std::collections::VecDeque;
use std::time::Duration;

use live::Publisher;

use crate::rtmp::Told;

/// The rate of an encoder's texts: as many in a second as the API takes (user guide, "Service quotas":
/// `PutMetadata`, 5 a second for a channel).
#[derive(Debug, Default)]
pub(crate) struct Texts {
    /// When the newest of them came, oldest first.
    passed: VecDeque<Duration>,
    dropped: u64,
}

impl Texts {
    const A_SECOND: usize = 5;

    /// Hands a text on to the next picture; `arrival` counts from any beginning.
    pub(crate) fn pass(&mut self, told: &Told, arrival: Duration, publisher: &mut Publisher) {
        let full = self.passed.len() == Self::A_SECOND
            && self.passed.front().is_some_and(|first| arrival < *first + Duration::from_secs(1));
        match told {
            Told::Text(text) if !full => {
                if self.passed.len() == Self::A_SECOND {
                    self.passed.pop_front();
                }
                self.passed.push_back(arrival);
                publisher.push_text(text);
            }
            Told::Text(_) => self.drop_one(publisher, "more than five in a second"),
            Told::Unfit => self.drop_one(publisher, "not of 1 byte to 1 KB"),
        }
    }

    /// How many were not handed on.
    pub(crate) fn dropped(&self) -> u64 {
        self.dropped
    }

    /// The first is news, later ones are only counted.
    fn drop_one(&mut self, publisher: &Publisher, cause: &str) {
        if self.dropped == 0 {
            let channel = publisher.broadcast().channel();
            tracing::warn!(%channel, cause, "a text of the encoder's is not handed on");
        }
        self.dropped += 1;
    }
}

#[cfg(test)]
mod tests {
    use std::time::SystemTime;

    use domain::{Arn, StreamId};
    use live::{Audience, Hub, RingLimits};

    use super::*;

    #[test]
    fn five_texts_a_second_pass_and_the_rest_is_counted() {
        let hub = Hub::new(RingLimits::default());
        let channel = Arn::parse("arn:aws:ivs:us-east-1:123456789012:channel/abcdABCD0123").expect("an ARN");
        let stream = StreamId::mint(&mut |bytes| bytes.fill(1));
        let publisher = hub.publish(&channel, stream, Audience::Everyone, SystemTime::UNIX_EPOCH);
        let mut publisher = publisher.expect("a free channel");
        let mut texts = Texts::default();
        let mut dropped_after = |milliseconds, count| {
            for _ in 0..count {
                let text = Told::Text("hi".to_owned());
                texts.pass(&text, Duration::from_millis(milliseconds), &mut publisher);
            }
            texts.dropped()
        };
        assert_eq!(dropped_after(0, 3), 0);
        assert_eq!(dropped_after(900, 4), 2);
        assert_eq!(dropped_after(1_000, 4), 3, "three of the first second are a second old");
        assert_eq!(dropped_after(9_000, 6), 4);
        texts.pass(&Told::Unfit, Duration::from_secs(20), &mut publisher);
        assert_eq!(texts.dropped(), 5);
    }
}
