//! What a refusal looks like to the SDK's user.
//!
//! Promise: an error counts only as its own variant of the operation's error, with the same text wherever the SDK
//! shows it.

/// Asserts that an answer is this variant of the operation's error, with this status and words that hold `$text`.
macro_rules! refused {
    ($answer:expr, $error:ident::$class:ident, $status:literal, $text:expr) => {{
        let error = $answer.expect_err("the call is refused");
        let status = error.raw_response().map(|response| response.status().as_u16());
        assert_eq!(status, Some($status), "{error:?}");
        match error.into_service_error() {
            $error::$class(told) => {
                let text = told.exception_message().expect("the modelled member holds the text");
                assert!(!text.is_empty() && text.contains($text), "{told:?} holds {:?}", $text);
                assert_eq!(told.message(), Some(text), "the generic member holds the same text");
                assert_eq!(told.meta().message(), Some(text), "so does what all errors have in common");
                assert_eq!(told.meta().code(), Some(stringify!($class)));
            }
            other => panic!("{other:?} is no {}", stringify!($class)),
        }
    }};
}

pub(crate) use refused;
