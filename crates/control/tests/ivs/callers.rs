//! Who calls, and what refusals are expected.
//!
//! Promise: the same for the tests of both services.

use api::{ApiError, Call};
use auth::Principal;
use domain::{AccountId, Region};

pub(crate) fn caller() -> Call {
    caller_of("123456789012", "us-east-1")
}

pub(crate) fn caller_of(account: &str, region: &str) -> Call {
    let account = AccountId::parse(account).unwrap();
    let principal = Principal { account, access_key_id: "RILLTEST".to_owned(), name: "tester".to_owned() };
    Call::trusted(principal, Region::parse(region).unwrap(), "a-request")
}

/// Status, code and text of a refusal.
fn refused<T>(result: Result<T, ApiError>) -> (u16, &'static str, String) {
    let error = result.err().expect("a refusal");
    let (status, code) = error.wire();
    (status.as_u16(), code, error.to_string())
}

pub(crate) const NOT_FOUND: (u16, &str) = (404, "ResourceNotFoundException");
pub(crate) const INVALID: (u16, &str) = (400, "ValidationException");
pub(crate) const CONFLICT: (u16, &str) = (409, "ConflictException");
pub(crate) const QUOTA: (u16, &str) = (402, "ServiceQuotaExceededException");

/// Asserts status and code, and returns the text.
pub(crate) fn refused_as<T>(wire: (u16, &str), result: Result<T, ApiError>) -> String {
    let (status, code, text) = refused(result);
    assert_eq!((status, code), wire, "{text}");
    text
}
