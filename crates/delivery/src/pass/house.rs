//! Passes of the house: for who runs a channel and is to see what viewers see, without a token of the customer's.
//!
//! Promise: an entry is good for one thing and until the moment that was said; the pass that it is exchanged for names
//! its holder, so that it can be revoked like any viewer's.

use domain::StreamId;

use super::{Holder, Mint, PRIVATE, Pass, Terms, rights};

/// What a proof is about.
const ENTRY: &[u8] = b"entry of the house\0";

impl Mint {
    /// What opens `subject` (a channel's ARN, say) for this holder before `until`, in milliseconds since 1970. It
    /// stands where a token would, and is never like one: it has no dots.
    pub(crate) fn entry(&self, subject: &str, holder: Holder, until: i64) -> String {
        self.vouch(ENTRY, subject, &until.to_be_bytes(), of_the_house(holder)).to_string()
    }

    /// Whose an entry is; `None` unless it was made here, for this subject, and is still good.
    pub(crate) fn read_entry(&self, subject: &str, text: &str, now: i64) -> Option<Holder> {
        let (_, said) = self.proven_words(ENTRY, subject, text)?;
        let (until, said) = said.split_first_chunk::<8>()?;
        let holder = rights(text, said)?.viewer?;
        (now < i64::from_be_bytes(*until)).then_some(holder)
    }

    /// A fresh pass for who has shown an entry.
    pub(crate) fn house(&self, stream: &StreamId, holder: Holder) -> Pass {
        self.vouch(PRIVATE, stream.as_str(), &[], of_the_house(holder))
    }
}

pub(super) fn of_the_house(holder: Holder) -> Terms {
    Terms { viewer: Some(holder), origins: String::new(), cap: None, is_house: true }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    const CHANNEL: &str = "arn:aws:ivs:us-east-1:123456789012:channel/abcdABCD0123";
    const OTHER: &str = "arn:aws:ivs:us-east-1:123456789012:channel/abcdABCD0124";
    const NOW: i64 = 1_700_000_000_000;

    fn mint() -> Mint {
        Mint::new(&[7; 32])
    }

    fn holder() -> Holder {
        Holder { tag: [5; 16], version: 0 }
    }

    fn stream(letter: char) -> StreamId {
        StreamId::parse(&format!("st-{}", String::from(letter).repeat(23))).expect("a stream id")
    }

    #[test]
    fn an_entry_opens_one_channel_for_a_time() {
        let entry = mint().entry(CHANNEL, holder(), NOW + 1);
        assert_eq!(mint().read_entry(CHANNEL, &entry, NOW), Some(holder()));
        assert_eq!(mint().read_entry(CHANNEL, &entry, NOW + 1), None);
        assert_eq!(mint().read_entry(OTHER, &entry, NOW), None);
        assert_eq!(Mint::new(&[8; 32]).read_entry(CHANNEL, &entry, NOW), None);
        assert!(!entry.contains('.'));
    }

    #[test]
    fn entries_and_passes_do_not_stand_in_for_each_other() {
        let (entry, pass) = (mint().entry(CHANNEL, holder(), i64::MAX), mint().house(&stream('a'), holder()));
        assert_eq!(mint().read(&stream('a'), &entry), None);
        assert_eq!(mint().read_entry(CHANNEL, &pass.to_string(), NOW), None);
        assert_eq!(mint().read_entry(stream('a').as_str(), &pass.to_string(), NOW), None);
        assert_eq!(mint().read(&stream('b'), &pass.to_string()), None);
        assert_eq!(mint().read(&stream('a'), &pass.to_string()), Some(pass));
    }

    #[test]
    fn the_pass_of_the_house_is_known_and_names_its_holder() {
        let text = mint().house(&stream('a'), holder()).to_string();
        let pass = mint().read(&stream('a'), &text).expect("our own");
        assert!(pass.is_house() && pass.holder() == Some(holder()) && pass.cap().is_none());
        assert!(!mint().fresh(&stream('a')).is_house());
    }

    proptest! {
        #[test]
        fn a_changed_entry_is_an_invented_one(at in 0..80_usize, by in 1_u8..128) {
            let mut changed = mint().entry(CHANNEL, holder(), i64::MAX).into_bytes();
            let at = at % changed.len();
            changed[at] = changed[at].wrapping_add(by) & 0x7f;
            let changed = String::from_utf8(changed).expect("ASCII");
            prop_assert_eq!(mint().read_entry(CHANNEL, &changed, NOW), None);
        }

        #[test]
        fn any_text_is_read_without_a_panic(text in "\\PC{0,80}") {
            prop_assert_eq!(mint().read_entry(CHANNEL, &text, NOW), None);
        }
    }
}
