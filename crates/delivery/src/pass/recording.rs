//! Passes for recordings.
//!
//! Promise: one is good for one recording and for [`LIFE`], so that no pass is older than the oldest revocation that
//! is still known.

use std::time::Duration;

use auth::playback_token::PlaybackClaims;
use domain::ResourceId;

use super::house::of_the_house;
use super::{Holder, Mint, Pass, rights};

/// What a proof is about.
const RECORDING: &[u8] = b"recording pass\0";
const COPY: &[u8] = b"copy of a recording\0";

/// How long a viewer may take for a recording, pauses included: as long as a stream can be. Revocations are known for
/// an hour longer.
pub(crate) const LIFE: Duration = Duration::from_secs(48 * 3_600);

impl Mint {
    /// A fresh pass for the holder of a token of the channel; `now` in milliseconds since 1970.
    pub(crate) fn recording(&self, id: &ResourceId, claims: &PlaybackClaims, now: i64) -> Pass {
        let life = i64::try_from(LIFE.as_millis()).unwrap_or(i64::MAX);
        self.vouch(RECORDING, id.as_str(), &now.saturating_add(life).to_be_bytes(), self.terms(claims))
    }

    /// A pass of the house, good before `until`.
    pub(crate) fn house_recording(&self, id: &ResourceId, holder: Holder, until: i64) -> Pass {
        self.vouch(RECORDING, id.as_str(), &until.to_be_bytes(), of_the_house(holder))
    }

    /// What lets this holder have the recording whole before `until`.
    pub(crate) fn copy(&self, id: &ResourceId, holder: Holder, until: i64) -> String {
        self.vouch(COPY, id.as_str(), &until.to_be_bytes(), of_the_house(holder)).to_string()
    }

    /// Whose that is; `None` unless it was made here, for this recording, and is still good.
    pub(crate) fn read_copy(&self, id: &ResourceId, text: &str, now: i64) -> Option<Holder> {
        let (_, said) = self.proven_words(COPY, id.as_str(), text)?;
        let (until, said) = said.split_first_chunk::<8>()?;
        let holder = rights(text, said)?.viewer?;
        (now < i64::from_be_bytes(*until)).then_some(holder)
    }

    /// Reads a pass; `None` unless it was made here, for this recording, and is still good.
    pub(crate) fn read_recording(&self, id: &ResourceId, text: &str, now: i64) -> Option<Pass> {
        let (session, said) = self.proven_words(RECORDING, id.as_str(), text)?;
        let (until, said) = said.split_first_chunk::<8>()?;
        let rights = rights(text, said)?;
        (now < i64::from_be_bytes(*until)).then(|| Pass { session, rights: Some(Box::new(rights)) })
    }
}

#[cfg(test)]
mod tests {
    use auth::playback_token::TokenViewer;
    use domain::StreamId;

    use super::*;

    fn id(text: &str) -> ResourceId {
        ResourceId::parse(text).expect("an id")
    }

    fn claims() -> PlaybackClaims {
        PlaybackClaims {
            channel: "arn:aws:ivs:us-east-1:123456789012:channel/abcdABCD0123".parse().expect("an ARN"),
            expires_at: 0,
            origins: "https://a.com".to_owned(),
            strict: true,
            single_use: None,
            viewer: Some(TokenViewer { id: "ada".to_owned(), version: 7 }),
            maximum_resolution: None,
        }
    }

    #[test]
    fn a_pass_opens_its_recording_for_a_time() {
        let (mint, now, own) = (Mint::new(&[7; 32]), 1_700_000_000_000, id("abcdABCD0123"));
        let made = mint.recording(&own, &claims(), now);
        let text = made.to_string();
        let read = |at| mint.read_recording(&own, &text, at);
        let life = i64::try_from(LIFE.as_millis()).expect("a number");
        assert_eq!(read(now), Some(made));
        assert!(read(now + life - 1).is_some_and(|pass| pass.holder().is_some_and(|one| one.version == 7)));
        assert_eq!(read(now + life), None);
    }

    #[test]
    fn a_pass_of_the_house_says_so_and_ends() {
        let (mint, now, own) = (Mint::new(&[7; 32]), 1_700_000_000_000, id("abcdABCD0123"));
        let holder = Holder { tag: [5; 16], version: 0 };
        let text = mint.house_recording(&own, holder, now + 1).to_string();
        let read = mint.read_recording(&own, &text, now).expect("our own");
        assert!(read.is_house() && read.holder() == Some(holder));
        assert_eq!(mint.read_recording(&own, &text, now + 1), None);
        assert_eq!(mint.read_recording(&id("abcdABCD0124"), &text, now), None);
        let viewers = mint.recording(&own, &claims(), now).to_string();
        assert!(!mint.read_recording(&own, &viewers, now).expect("our own").is_house());
    }

    #[test]
    fn a_copy_is_one_recordings_for_a_time_and_no_pass() {
        let (mint, now, own) = (Mint::new(&[7; 32]), 1_700_000_000_000, id("abcdABCD0123"));
        let holder = Holder { tag: [5; 16], version: 0 };
        let text = mint.copy(&own, holder, now + 1);
        assert_eq!(mint.read_copy(&own, &text, now), Some(holder));
        assert_eq!(mint.read_copy(&own, &text, now + 1), None);
        assert_eq!(mint.read_copy(&id("abcdABCD0124"), &text, now), None);
        assert_eq!(Mint::new(&[8; 32]).read_copy(&own, &text, now), None);
        assert_eq!(mint.read_recording(&own, &text, now), None);
        let pass = mint.house_recording(&own, holder, now + 1).to_string();
        assert_eq!(mint.read_copy(&own, &pass, now), None);
    }

    #[test]
    fn a_pass_opens_nothing_else() {
        let (mint, now, own) = (Mint::new(&[7; 32]), 1_700_000_000_000, id("abcdABCD0123"));
        let text = mint.recording(&own, &claims(), now).to_string();
        assert_eq!(mint.read_recording(&id("abcdABCD0124"), &text, now), None);
        assert_eq!(Mint::new(&[8; 32]).read_recording(&own, &text, now), None);
        let stream = StreamId::parse("st-12345678901234567890123").expect("a stream id");
        assert_eq!(mint.read(&stream, &text), None);
        let live = mint.private(&stream, &claims()).to_string();
        assert_eq!(mint.read_recording(&own, &live, now), None);
        for text in ["", "~", "abc", &text[1..]] {
            assert_eq!(mint.read_recording(&own, text, now), None);
        }
    }
}
