//! What a watch page asks for when it asks for a chat token.
//!
//! Promise: a name that is shown to others has something to see in it and nothing that bends the line it stands in;
//! all that is read has a bound.

use serde::Deserialize;

/// Code points of a name.
const NAME: usize = 40;
/// Characters of what a tab knows itself by: 128 random bits in hex need 32.
const TAB: std::ops::RangeInclusive<usize> = 16..=64;

/// A request, checked.
#[derive(Debug, Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub(super) struct Wish {
    /// What the tab made up for itself and tells nobody else.
    pub(super) tab: String,
    /// What it wants to be called. Without it: only to read.
    pub(super) display_name: Option<String>,
    /// The viewer's token for a private channel.
    pub(super) token: Option<String>,
    /// The path of a playlist that it plays.
    pub(super) playing: Option<String>,
}

impl Wish {
    /// Reads a request; the error says what is wrong with it.
    pub(super) fn parse(body: &[u8]) -> Result<Self, String> {
        let wish: Self = serde_json::from_slice(body).map_err(|error| format!("not a request: {error}"))?;
        let is_plain = |byte: u8| byte.is_ascii_alphanumeric() || byte == b'-' || byte == b'_';
        if !TAB.contains(&wish.tab.len()) || !wish.tab.bytes().all(is_plain) {
            return Err(format!("tab: must have {} to {} letters and digits", TAB.start(), TAB.end()));
        }
        let display_name = wish.display_name.as_deref().map(name).transpose()?;
        Ok(Self { display_name, ..wish })
    }
}

/// A name as it is shown: spaces in a row are one.
fn name(text: &str) -> Result<String, String> {
    let name = text.split_whitespace().collect::<Vec<_>>().join(" ");
    if name.chars().any(|char| char.is_control() || bends(char)) {
        return Err("displayName: has characters that can't be seen".to_owned());
    }
    if name.is_empty() || name.chars().nth(NAME).is_some() {
        return Err(format!("displayName: must have 1 to {NAME} characters"));
    }
    Ok(name)
}

/// Is it of those that turn the direction of what stands around them, or that nobody sees (Unicode, "Bidirectional
/// Algorithm" and "Default Ignorable Code Points")? Those that join letters and emoji are let through.
fn bends(char: char) -> bool {
    matches!(
        char,
        '\u{ad}' | '\u{61c}' | '\u{115f}' | '\u{1160}' | '\u{180e}' | '\u{200b}' | '\u{200e}' | '\u{200f}'
            | '\u{2028}'..='\u{202e}' | '\u{2060}'..='\u{206f}' | '\u{3164}' | '\u{feff}' | '\u{ffa0}'
            | '\u{fff9}'..='\u{fffb}' | '\u{e0000}'..='\u{e007f}'
    )
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn asked(name: &str) -> Result<Option<String>, String> {
        let body = serde_json::json!({ "tab": "0123456789abcdef", "displayName": name });
        Wish::parse(body.to_string().as_bytes()).map(|wish| wish.display_name)
    }

    #[test]
    fn names_are_shown_as_people_write_them() {
        for (given, shown) in [("Ada", "Ada"), ("  Ada \t Lovelace ", "Ada Lovelace"), ("Zoë 👩‍🚀", "Zoë 👩‍🚀")]
        {
            assert_eq!(asked(given), Ok(Some(shown.to_owned())), "{given}");
        }
    }

    #[test]
    fn names_that_deceive_are_refused() {
        for given in ["", "   ", "\u{202e}ada", "a\u{200b}b", "a\u{0}b", "\u{3164}", &"x".repeat(41)] {
            assert!(asked(given).is_err(), "{given:?}");
        }
        assert!(asked(&"é".repeat(40)).is_ok());
    }

    #[test]
    fn a_request_that_is_none_is_refused() {
        for body in [
            "",
            "[]",
            "{}",
            r#"{"tab":7}"#,
            r#"{"tab":"short"}"#,
            r#"{"tab":"0123456789abcde "}"#,
            r#"{"tab":"0123456789abcdef","userId":"ada"}"#,
            r#"{"tab":"0123456789abcdef","capabilities":["DELETE_MESSAGE"]}"#,
        ] {
            assert!(Wish::parse(body.as_bytes()).is_err(), "{body}");
        }
        assert!(Wish::parse(br#"{"tab":"0123456789abcdef","displayName":null}"#).is_ok());
    }

    proptest! {
        #[test]
        fn any_bytes_are_read_without_a_panic(body: Vec<u8>) {
            prop_assert!(Wish::parse(&body).is_err());
        }
    }
}
