//! What is known of a request: condition keys and their values.
//!
//! Promise: keys are found whatever their case (IAM User Guide, "Condition": key names are not
//! case-sensitive); nothing is read from anywhere but what was set.

/// The condition keys of one request with their values. A key without a value is as one that is not there.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Context {
    entries: Vec<Entry>,
}

#[derive(Clone, Debug, PartialEq, Eq)]
struct Entry {
    key: String,
    values: Vec<String>,
}

impl Context {
    /// Gives `key` one value; one that was set under the same spelling is replaced.
    ///
    /// Another spelling of a key that is there adds to it, and a key that should have one value then has
    /// two, which match no more than none: so it is with two tags whose keys differ in case only.
    pub fn set(&mut self, key: impl Into<String>, value: impl Into<String>) {
        self.put(key.into(), vec![value.into()]);
    }

    /// Gives `key` these values, as [`Context::set`] does with one.
    pub fn set_all(&mut self, key: impl Into<String>, values: Vec<String>) {
        self.put(key.into(), values);
    }

    /// Adds a value to those that `key` has.
    pub fn add(&mut self, key: impl Into<String>, value: impl Into<String>) {
        let (key, value) = (key.into(), value.into());
        match self.entries.iter_mut().find(|entry| same_key(&entry.key, &key)) {
            Some(entry) => entry.values.push(value),
            None => self.entries.push(Entry { key, values: vec![value] }),
        }
    }

    /// The values of `key`; none when it was not set.
    pub fn get(&self, key: &str) -> &[String] {
        let entry = self.entries.iter().find(|entry| same_key(&entry.key, key));
        entry.map_or(&[], |entry| entry.values.as_slice())
    }

    /// The value of `key`, if it has exactly one.
    pub(super) fn single(&self, key: &str) -> Option<&str> {
        match self.get(key) {
            [value] => Some(value),
            _ => None,
        }
    }

    fn put(&mut self, key: String, values: Vec<String>) {
        match self.entries.iter_mut().find(|entry| same_key(&entry.key, &key)) {
            Some(entry) if entry.key == key => entry.values = values,
            Some(entry) => entry.values.extend(values),
            None => self.entries.push(Entry { key, values }),
        }
    }
}

fn same_key(one: &str, other: &str) -> bool {
    if one.is_ascii() && other.is_ascii() {
        return one.eq_ignore_ascii_case(other);
    }
    one.chars().flat_map(char::to_lowercase).eq(other.chars().flat_map(char::to_lowercase))
}
