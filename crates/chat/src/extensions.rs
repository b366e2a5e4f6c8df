//! What Rillcast adds to chat rooms, room by room, by tags (`docs/guide/chat-extensions.md`).
//!
//! Promise: a room without these tags behaves as the vendor's; a tag whose value makes no sense is as good as none.

pub(crate) mod history;
pub(crate) mod moderation;
pub(crate) mod presence;

use std::time::Duration;

use domain::Tags;

/// What a room's tags ask for.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(crate) struct Extensions {
    /// So many messages are replayed to whoever joins, at most 200.
    pub(crate) history: usize,
    /// Counts are told so often, when they changed.
    pub(crate) presence: Option<Duration>,
    /// Who comes and goes is told.
    pub(crate) join_leave: bool,
    /// A user's messages are at least so far apart.
    pub(crate) slow_mode: Option<Duration>,
    /// Some events of the API are commands, and bans and mutes hold.
    pub(crate) moderation: bool,
}

impl Extensions {
    pub(crate) fn of(tags: &Tags) -> Self {
        let number = |key: &str, most: u64| {
            let number = tags.get(key)?.parse().ok()?;
            (1..=most).contains(&number).then_some(number)
        };
        let is_on = |key: &str| tags.get(key).is_some_and(|value| value == "true");
        Self {
            history: number("rillcast:history", 200).map_or(0, |count| usize::try_from(count).unwrap_or(0)),
            presence: number("rillcast:presence", 60).map(Duration::from_secs),
            join_leave: is_on("rillcast:join-leave"),
            slow_mode: number("rillcast:slow-mode", 3_600).map(Duration::from_secs),
            moderation: is_on("rillcast:moderation"),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_tags_that_make_sense_ask_for_something() {
        let tags = |pairs: &[(&str, &str)]| -> Tags {
            pairs.iter().map(|(key, value)| ((*key).to_owned(), (*value).to_owned())).collect()
        };
        assert_eq!(Extensions::of(&tags(&[("team", "a")])), Extensions::default());
        let odd = tags(&[
            ("rillcast:history", "201"),
            ("rillcast:presence", "0"),
            ("rillcast:join-leave", "yes"),
            ("rillcast:slow-mode", "-1"),
            ("rillcast:moderation", ""),
        ]);
        assert_eq!(Extensions::of(&odd), Extensions::default());
        let all = tags(&[
            ("rillcast:history", "200"),
            ("rillcast:presence", "60"),
            ("rillcast:join-leave", "true"),
            ("rillcast:slow-mode", "3600"),
            ("rillcast:moderation", "true"),
        ]);
        let wanted = Extensions {
            history: 200,
            presence: Some(Duration::from_secs(60)),
            join_leave: true,
            slow_mode: Some(Duration::from_secs(3_600)),
            moderation: true,
        };
        assert_eq!(Extensions::of(&all), wanted);
    }
}
