//! Errands that wait.
//!
//! Promise: first in, first out; of images that supersede each other only the newest waits.

use std::collections::{HashMap, VecDeque};

use super::Errand;

/// Files that are brought at once for one recording.
pub(super) const AT_ONCE: usize = 4;

#[derive(Debug, Default)]
pub(super) struct Queue {
    errands: VecDeque<Errand>,
    /// How many left it before the first.
    left: usize,
    /// Where, counted from the very first, those are that may be superseded.
    images: HashMap<String, usize>,
}

impl Queue {
    /// Gives the bytes of the errand whose place this one took.
    pub(super) fn push(&mut self, errand: Errand) -> u64 {
        if let Errand::Bytes { key, supersedes: true, .. } = &errand {
            let place = self.images.get(key).and_then(|at| at.checked_sub(self.left));
            if let Some(waiting) = place.and_then(|at| self.errands.get_mut(at)) {
                return std::mem::replace(waiting, errand).bytes();
            }
            self.images.insert(key.clone(), self.left + self.errands.len());
        }
        self.errands.push_back(errand);
        0
    }

    /// The next errands, to be done together: one, or as many as bring no more than [`AT_ONCE`] files.
    pub(super) fn pop(&mut self) -> Vec<Errand> {
        let (mut popped, mut files) = (Vec::new(), 0);
        while let Some(next) = self.errands.front() {
            files += next.files().len();
            let is_alone = popped.is_empty();
            if !is_alone && (!next.is_of_files() || files > AT_ONCE) {
                break;
            }
            let goes_on = next.is_of_files();
            popped.extend(self.errands.pop_front());
            self.left += 1;
            if !goes_on {
                break;
            }
        }
        popped
    }
}

#[cfg(test)]
mod tests {
    use bytes::Bytes;

    use super::*;

    fn image(key: &str, text: &'static str) -> Errand {
        Errand::Bytes { key: key.to_owned(), bytes: Bytes::from_static(text.as_bytes()), supersedes: true }
    }

    fn texts(queue: &mut Queue) -> Vec<String> {
        let next = || Some(queue.pop()).filter(|popped| !popped.is_empty());
        let text = |errand: Errand| match errand {
            Errand::Bytes { bytes, .. } => String::from_utf8_lossy(&bytes).into_owned(),
            Errand::Text { text, .. } => text,
            other => format!("{other:?}"),
        };
        std::iter::from_fn(next).flatten().map(text).collect()
    }

    #[test]
    fn of_images_that_supersede_each_other_the_newest_waits_where_the_oldest_did() {
        let mut queue = Queue::default();
        queue.push(Errand::Close);
        assert_eq!(queue.pop().len(), 1);
        assert_eq!(queue.push(image("a", "first")), 0);
        assert_eq!(queue.push(image("b", "other")), 0);
        queue.push(Errand::Text { key: "t".to_owned(), text: "text".to_owned() });
        assert_eq!(queue.push(image("a", "second")), 5);
        assert_eq!(queue.push(image("a", "third")), 6);
        assert_eq!(texts(&mut queue), ["third", "other", "text"]);
        queue.push(image("a", "fourth"));
        assert_eq!(texts(&mut queue), ["fourth"], "one that left is not superseded");
    }
}
