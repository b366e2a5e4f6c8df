//! What a signature is for: `<key id>/<day>/<region>/<service>/aws4_request`.
//!
//! Promise: every part is checked for its form before anybody looks it up.

use std::fmt;

use domain::Region;

use super::error::Error;

/// The end of every scope.
pub(super) const TERMINATOR: &str = "aws4_request";

/// Day, region and service that a signature holds for.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Scope {
    /// `YYYYMMDD`.
    pub day: String,
    /// The region that the caller means.
    pub region: Region,
    /// The service's signing name.
    pub service: String,
}

/// As it stands in the string to sign.
impl fmt::Display for Scope {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self { day, region, service } = self;
        write!(f, "{day}/{region}/{service}/{TERMINATOR}")
    }
}

/// Reads a `Credential`: the key id (16 to 128 word characters) and the scope.
pub(super) fn credential(text: &str) -> Result<(String, Scope), Error> {
    const BAD: Error = Error::Incomplete(
        "Credential must have the form <access key id>/<YYYYMMDD>/<region>/<service>/aws4_request",
    );
    let mut parts = text.split('/');
    let mut next = || parts.next().ok_or(BAD);
    let (key, day, region, service, end) = (next()?, next()?, next()?, next()?, next()?);
    let word = |byte: u8| byte.is_ascii_alphanumeric() || byte == b'_' || byte == b'-';
    let fits = end == TERMINATOR
        && parts.next().is_none()
        && (1..=128).contains(&key.len())
        && key.bytes().all(word)
        && day.len() == 8
        && day.bytes().all(|byte| byte.is_ascii_digit())
        && (1..=64).contains(&service.len())
        && service.bytes().all(word);
    let region = Region::parse(region).filter(|_| fits).ok_or(BAD)?;
    Ok((key.to_owned(), Scope { day: day.to_owned(), region, service: service.to_owned() }))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_credential_names_key_and_scope() {
        let (key, scope) =
            credential("AKIDEXAMPLE/20150830/us-east-1/ivs/aws4_request").expect("well-formed");
        assert_eq!((key.as_str(), scope.region.as_str()), ("AKIDEXAMPLE", "us-east-1"));
        assert_eq!(scope.to_string(), "20150830/us-east-1/ivs/aws4_request");
    }

    #[test]
    fn malformed_credentials_are_incomplete() {
        for text in [
            "",
            "AKID",
            "AKID/20150830/us-east-1/ivs",
            "AKID/20150830/us-east-1/ivs/aws4_request/x",
            "AKID/2015083/us-east-1/ivs/aws4_request",
            "/20150830/us-east-1/ivs/aws4_request",
            "AK ID/20150830/us-east-1/ivs/aws4_request",
            "AKID/20150830/US/ivs/aws4_request",
        ] {
            assert!(matches!(credential(text), Err(Error::Incomplete(_))), "{text}");
        }
    }
}
