//! What a refusal looks like to the SDK's user.
//!
//! Promise: an error counts only as its own variant of the operation's error, with the same text wherever the SDK
//! shows it.

use aws_sdk_ivs::error::ProvideErrorMetadata;

/// Asserts that an answer is this variant of the operation's error, with this status and words that hold `$words`.
macro_rules! refused {
    ($answer:expr, $error:ident::$class:ident, $status:literal, $words:expr) => {{
        let error = $answer.expect_err("the call is refused");
        let status = error.raw_response().map(|response| response.status().as_u16());
        assert_eq!(status, Some($status), "{error:?}");
        match error.into_service_error() {
            $error::$class(told) => {
                let shown = [told.exception_message(), told.message()];
                $crate::refused::assert_told(&told, stringify!($class), shown, $words);
            }
            other => panic!("{other:?} is no {}", stringify!($class)),
        }
    }};
}

pub(crate) use refused;

/// The modelled member, the generic one and what all errors have in common say the same, and say it in words.
pub(crate) fn assert_told(
    told: &impl ProvideErrorMetadata,
    class: &str,
    shown: [Option<&str>; 2],
    words: &str,
) {
    let meta = told.meta();
    let text = meta.message().expect("an error has a text");
    assert!(!text.is_empty() && text.contains(words), "{text:?} holds {words:?}");
    assert_eq!(shown, [Some(text); 2]);
    assert_eq!(meta.code(), Some(class));
}
