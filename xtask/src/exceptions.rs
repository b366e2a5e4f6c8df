//! Where the vendor's model is not what the vendor's service does. Each line has its reason.
//!
//! Promise: the only place where generated bounds differ from the model.

/// Shapes whose pattern is not enforced.
pub(crate) const PATTERNS_NOT_ENFORCED: &[(&str, &str)] = &[(
    "ResourceArn",
    "the model's `[a-z-]/` allows one letter as the resource kind, which no ARN of the service has",
)];

/// Texts that may be longer than the model says.
pub(crate) const LONGER: &[(&str, i64, &str)] = &[(
    "PlaybackRestrictionPolicyAllowedOrigin",
    256,
    "the service's quota page allows 256 characters, the model 128",
)];

/// Enumerations that also know the empty word.
pub(crate) const EMPTY_WORD: &[(&str, &str)] =
    &[("TranscodePreset", "a BASIC or STANDARD channel reads back with the preset \"\"")];

/// Enumerations with words that the model lacks.
pub(crate) const MORE_WORDS: &[(&str, &[&str], &str)] = &[
    (
        "CreateLoggingConfigurationState",
        &["CREATING", "CREATE_FAILED"],
        "the model knows ACTIVE alone, but a destination that could not be tried yet, or failed, is not that",
    ),
    (
        "UpdateLoggingConfigurationState",
        &["CREATING", "CREATE_FAILED", "UPDATING", "UPDATE_FAILED"],
        "the model knows ACTIVE alone, but a destination that could not be tried yet, or failed, is not that",
    ),
];

/// Headers that the frame puts on every answer itself; output members bound to them are not generated.
pub(crate) const FRAME_HEADERS: &[&str] = &[
    "Access-Control-Allow-Origin",
    "Access-Control-Expose-Headers",
    "Cache-Control",
    "Content-Security-Policy",
    "Strict-Transport-Security",
    "X-Content-Type-Options",
    "X-Frame-Options",
];

pub(crate) fn pattern_enforced(shape: &str) -> bool {
    PATTERNS_NOT_ENFORCED.iter().all(|(name, _)| *name != shape)
}

pub(crate) fn knows_empty_word(shape: &str) -> bool {
    EMPTY_WORD.iter().any(|(name, _)| *name == shape)
}

/// The words that an enumeration has besides those of the model.
pub(crate) fn more_words(shape: &str) -> &'static [&'static str] {
    MORE_WORDS.iter().find(|(name, ..)| *name == shape).map_or(&[], |(_, words, _)| words)
}

/// The most characters of a text shape, when not what the model says.
pub(crate) fn longer(shape: &str) -> Option<i64> {
    LONGER.iter().find(|(name, ..)| *name == shape).map(|(_, max, _)| *max)
}
