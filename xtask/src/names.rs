//! Names of the model as names of Rust.
//!
//! Promise: pure text to text; two names of one shape never become the same (checked by the generator's
//! own compilation).

/// `latencyMode`, `CreateChannel`, `playbackURL` to `latency_mode`, `create_channel`, `playback_url`.
pub(crate) fn snake(name: &str) -> String {
    let letters: Vec<char> = name.chars().collect();
    let mut text = String::new();
    for (index, letter) in letters.iter().enumerate() {
        let before = index.checked_sub(1).and_then(|before| letters.get(before));
        let after = letters.get(index + 1);
        let starts_word = letter.is_uppercase()
            && before.is_some_and(|before| {
                before.is_lowercase()
                    || before.is_ascii_digit()
                    || (before.is_uppercase() && after.is_some_and(|after| after.is_lowercase()))
            });
        if starts_word {
            text.push('_');
        }
        text.extend(letter.to_lowercase());
    }
    text
}

/// A struct field: snake case, raw where Rust has the word for itself.
pub(crate) fn field(name: &str) -> String {
    let name = snake(name);
    match name.as_str() {
        "type" | "match" | "ref" | "use" | "move" | "loop" | "enum" | "struct" | "fn" | "in" | "mod" => {
            format!("r#{name}")
        }
        _ => name,
    }
}

/// A constant for a shape: `CHANNEL_NAME`.
pub(crate) fn constant(shape: &str) -> String {
    snake(shape).to_uppercase()
}

/// An enumeration's member: `FULL_HD` to `FullHd`; the empty word to `Unset`.
pub(crate) fn variant(word: &str) -> String {
    if word.is_empty() {
        return "Unset".to_owned();
    }
    let parts = word.split(|c: char| !c.is_ascii_alphanumeric()).filter(|part| !part.is_empty());
    let name: String = parts.map(|part| part[..1].to_uppercase() + &part[1..].to_lowercase()).collect();
    if name.starts_with(|c: char| c.is_ascii_digit()) { format!("N{name}") } else { name }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_follow_rusts_conventions() {
        assert_eq!(snake("playbackRestrictionPolicyArn"), "playback_restriction_policy_arn");
        assert_eq!(snake("PlaybackURL"), "playback_url");
        assert_eq!(snake("S3DestinationConfiguration"), "s3_destination_configuration");
        assert_eq!(field("type"), "r#type");
        assert_eq!(constant("ChannelArn"), "CHANNEL_ARN");
        assert_eq!(variant("ADVANCED_SD"), "AdvancedSd");
        assert_eq!(variant(""), "Unset");
        assert_eq!(variant("4K"), "N4k");
    }
}
