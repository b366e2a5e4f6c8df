//! One rendition as a viewer has it: its shelf, the forms of its playlist, and what was seen of them.
//!
//! Promise: every playlist that could be asked for is asked for.

use std::collections::VecDeque;
use std::sync::Arc;

use bytes::Bytes;
use http::StatusCode;
use live::{ShelfWriter, Snapshot};

use crate::followed::Followed;
use crate::reader::Playlist;
use crate::rules::{Form, Rule, Rules};

/// Fetches what is at a path.
pub(crate) type Get<'a> = &'a dyn Fn(&str) -> Result<Bytes, StatusCode>;

pub(crate) struct Seat {
    pub(crate) name: String,
    shelf: ShelfWriter,
    /// The source's have none.
    followed: Option<Followed>,
    /// So many of the source's snapshots it is behind.
    lag: usize,
    waiting: VecDeque<Arc<Snapshot>>,
    /// Something new is on the shelf.
    pub(crate) is_news: bool,
    pub(crate) forms: Vec<(Form, &'static str, Rules)>,
    /// Playlists of low latency, as players of different patience have them.
    known: Vec<Playlist>,
}

impl Seat {
    pub(crate) fn new(
        name: &str,
        shelf: ShelfWriter,
        followed: Option<(Followed, usize)>,
        forms: Vec<(Form, &'static str, Rules)>,
    ) -> Self {
        let (followed, lag) = followed.map_or((None, 0), |(followed, lag)| (Some(followed), lag));
        let (waiting, known) = Default::default();
        Self { name: name.to_owned(), shelf, followed, lag, waiting, is_news: false, forms, known }
    }

    /// The source's next snapshot.
    pub(crate) fn put(&mut self, source: &Arc<Snapshot>) {
        self.waiting.push_back(Arc::clone(source));
        if self.waiting.len() > self.lag {
            self.go_on();
        }
    }

    /// Shelves the next one; tells whether there was one.
    pub(crate) fn go_on(&mut self) -> bool {
        let Some(next) = self.waiting.pop_front() else { return false };
        let made = self.followed.as_mut().map_or_else(|| Arc::clone(&next), |followed| followed.of(&next));
        self.shelf.put(made);
        self.is_news = true;
        true
    }

    pub(crate) fn latest(&self) -> Option<&Playlist> {
        self.forms.first().and_then(|(_, _, rules)| rules.last.as_ref())
    }

    pub(crate) fn broke(&mut self, rule: Rule, detail: &str) {
        self.forms[0].2.broken.push((rule, format!("{}: {detail}", self.name)));
    }

    /// Is its newest finished segment whole?
    pub(crate) fn is_alive(&self) -> bool {
        self.latest().and_then(|now| now.segments.last()).is_some_and(|newest| !newest.gap)
    }

    /// Asks for all forms, below this viewer's folder.
    pub(crate) fn look(&mut self, folder: &str, get: Get<'_>) {
        let text = |path: &str| {
            let bytes = get(path).unwrap_or_else(|status| panic!("{status} for {path}"));
            String::from_utf8(bytes.to_vec()).expect("text")
        };
        let mut forms = std::mem::take(&mut self.forms);
        for (form, file, rules) in &mut forms {
            rules.see(&text(&format!("{folder}/{}/{file}", self.name)));
            if *form == Form::Low {
                self.deltas(rules, &text(&format!("{folder}/{}/{file}?_HLS_skip=YES", self.name)));
            }
        }
        if let [(_, _, first), (_, _, second)] = &mut forms[..] {
            first.beside(second);
        }
        self.forms = forms;
        let latest = self.latest().cloned();
        self.known.extend(latest);
    }

    /// A player that looks each time, and one that looks as seldom as it may: not older than half of the Skip
    /// Boundary (6.3.7).
    fn deltas(&mut self, rules: &mut Rules, text: &str) {
        let Some(now) = rules.last.clone() else { return };
        let oldest = f64::from(now.target) * 3.0;
        let end = |list: &Playlist| {
            let last = list.numbered().last().expect("never empty").1;
            let length = if last.uri.is_empty() { last.length_of_parts() } else { last.duration };
            #[expect(clippy::cast_precision_loss, reason = "milliseconds of one stream")]
            let from = last.date.unwrap_or(0) as f64;
            from + length * 1_000.0
        };
        let until = end(&now);
        self.known.retain(|list| until - end(list) <= oldest * 1_000.0);
        for known in [self.known.first(), self.known.last()].into_iter().flatten() {
            rules.delta(known, text);
        }
        if self.known.is_empty() {
            rules.delta(&now, text);
        }
    }

    /// What is new can be fetched at once, and what has left the list still; a gap never.
    pub(crate) fn fetch(&mut self, folder: &str, get: Get<'_>) {
        let [.., before, now] = &self.known[..] else { return };
        let uris = |list: &Playlist| -> Vec<(String, bool)> {
            let names = list.numbered().flat_map(|(_, segment)| {
                let parts = segment.parts.iter().map(|part| (part.uri.clone(), part.gap));
                let whole =
                    [(segment.uri.clone(), segment.gap)].into_iter().filter(|(uri, _)| !uri.is_empty());
                let map = segment.map.iter().map(|map| (map.clone(), false));
                parts.chain(whole).chain(map).collect::<Vec<_>>()
            });
            names.collect()
        };
        let (old, new) = (uris(before), uris(now));
        let changed =
            new.iter().filter(|uri| !old.contains(uri)).chain(old.iter().filter(|uri| !new.contains(uri)));
        let mut broken = Vec::new();
        for (uri, gap) in changed {
            let found = get(&resolve(&format!("{folder}/{}", self.name), uri));
            let wanted = if *gap { StatusCode::NOT_FOUND } else { StatusCode::OK };
            let status = found.map_or_else(|status| status, |_| StatusCode::OK);
            if status != wanted {
                broken.push(format!("{status} for {uri}"));
            }
        }
        broken.into_iter().for_each(|fault| self.broke(Rule::R29Fetched, &fault));
    }
}

/// A relative URI's path (RFC 3986, 5.2.4, as far as ours go).
pub(crate) fn resolve(folder: &str, uri: &str) -> String {
    let (mut folder, mut uri) = (folder, uri);
    while let Some(rest) = uri.strip_prefix("../") {
        folder = folder.rsplit_once('/').expect("deep enough").0;
        uri = rest;
    }
    format!("{folder}/{uri}")
}
