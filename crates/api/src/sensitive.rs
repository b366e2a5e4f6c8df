//! Values that must not be seen in passing.
//!
//! Promise: `Debug` never shows the content; only serialization to the caller and the owner's own hands do.

use std::fmt;

use serde::Serialize;

/// A member that the model marks sensitive.
#[derive(Clone, Default, PartialEq, Eq, Serialize)]
#[serde(transparent)]
pub struct Sensitive<T>(pub T);

impl<T> From<T> for Sensitive<T> {
    fn from(value: T) -> Self {
        Self(value)
    }
}

impl<T> fmt::Debug for Sensitive<T> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Sensitive(…)")
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn debug_output_hides_the_value_and_serialization_shows_it() {
        let secret = Sensitive::from("sk_abc".to_owned());
        assert_eq!(format!("{secret:?}"), "Sensitive(…)");
        assert_eq!(serde_json::to_string(&secret).expect("a string"), "\"sk_abc\"");
    }
}
