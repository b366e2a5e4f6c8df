//! Who reviews chat messages.
//!
//! Promise: to each address a connection is made and nothing sent, so that no handler is asked about a message that
//! nobody wrote; no address is told beyond its host and port.

use std::collections::BTreeMap;

use chat::review::Targets;
use domain::chain;
use tokio::task::JoinSet;

use super::examination::Subject;
use super::finding::Found;
use super::reach::{self, Place};

/// Places that are tried, all at once.
const PLACES: usize = 50;

/// The file of message review handlers, and where they are; nothing when none is configured.
pub(super) async fn look(subject: Subject) -> Vec<(String, Found)> {
    let Some(path) = &subject.config.chat.review else { return Vec::new() };
    let text = tokio::fs::read_to_string(path).await.map_err(|error| reach::plain(&error));
    let read = text.and_then(|text| Targets::parse(&text).map_err(|error| chain(&error)));
    let targets = match read {
        Ok(targets) => targets,
        Err(why) => {
            let words = format!("{} can't be used: {why}", path.display());
            let advice = "Mend the file; docs/guide/chat-review.md says what may stand in it.";
            return vec![(String::new(), Found::fail(words, advice))];
        }
    };
    let mut found = vec![(String::new(), Found::ok(format!("{} is understood", path.display())))];
    let mut tries = JoinSet::new();
    for (place, targets) in places(&targets).into_iter().take(PLACES) {
        tries.spawn(reached(place, targets));
    }
    found.extend(tries.join_all().await);
    found
}

/// Each place once, with how many targets of the file are there.
fn places(targets: &Targets) -> BTreeMap<Place, usize> {
    let mut places = BTreeMap::new();
    for (url, count) in targets.addresses() {
        if let Some(place) = Place::of(url) {
            *places.entry(place).or_default() += count;
        }
    }
    places
}

async fn reached(place: Place, targets: usize) -> (String, Found) {
    let found = match place.open().await {
        Ok(()) if targets == 1 => Found::ok(format!("{place} takes connections")),
        Ok(()) => Found::ok(format!("{place} takes connections, for {targets} targets")),
        Err(why) => Found::fail(
            format!("{place} can't be reached: {why}"),
            "Look at the address in the file of review handlers, at DNS and firewall, and whether it runs; meanwhile \
             each room's fallbackResult decides about its messages.",
        ),
    };
    (format!("review:{place}"), found)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn handlers_at_one_place_are_tried_once() {
        let lambda =
            |name: &str, url: &str| format!("[[target]]\nuri = \"arn:{name}\"\nlambda = \"{url}\"\n");
        let text = [
            lambda("a", "https://one.example/x"),
            lambda("b:*", "https://one.example:443/y"),
            lambda("c", "http://[::1]:9/z"),
        ];
        let places = places(&Targets::parse(&text.concat()).expect("three targets"));
        let told: Vec<_> = places.iter().map(|(place, count)| (place.to_string(), *count)).collect();
        assert_eq!(told, [("[::1]:9".to_owned(), 1), ("one.example:443".to_owned(), 2)]);
    }
}
