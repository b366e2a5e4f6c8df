//! A claim ("this key signed this request") and its proof.
//!
//! Promise: a claim that parsed is complete and well-formed, but not yet believed; only `verify` returning
//! `Ok` makes it so.

use std::time::{Duration, SystemTime};

use aws_lc_rs::digest;
use domain::Region;
use http::HeaderMap;
use http::header::{AUTHORIZATION, DATE, HeaderName};
use http::request::Parts;
use percent_encoding::percent_decode_str;

use super::canonical;
use super::error::Error;
use super::limits::{MAX_AUTHORIZATION, MAX_EXPIRES, MAX_QUERY, MAX_SIGNED_HEADERS, SKEW};
use super::scope::{Scope, credential};
use super::signing_key::SigningKey;
use super::stamp::Stamp;

const ALGORITHM: &str = "AWS4-HMAC-SHA256";
const UNSIGNED: &str = "UNSIGNED-PAYLOAD";

const X_AMZ_DATE: HeaderName = HeaderName::from_static("x-amz-date");
const X_AMZ_CONTENT_SHA256: HeaderName = HeaderName::from_static("x-amz-content-sha256");
const X_AMZ_SECURITY_TOKEN: HeaderName = HeaderName::from_static("x-amz-security-token");

/// What the server answers for; a signature for anything else is refused.
#[derive(Clone, Copy, Debug)]
pub struct Expected<'a> {
    /// The one region, or `None` when any region will do.
    pub region: Option<&'a Region>,
    /// The service whose operation the request's route names.
    pub service: &'a str,
}

/// What a request says about who signed it.
#[derive(Clone, Debug)]
pub struct Claim {
    access_key_id: String,
    scope: Scope,
    signed: Stamp,
    /// Presigned only: for how long it is good.
    expires: Option<Duration>,
    signature: Vec<u8>,
    /// What the request says of its body's hash.
    payload: Option<String>,
    /// The canonical request up to the payload's hash.
    head: Vec<u8>,
}

/// The parts of a signature, from either form.
struct Raw {
    credential: String,
    signed_headers: String,
    signature: String,
    date: Option<Stamp>,
    expires: Option<Duration>,
    payload: Option<String>,
    token: bool,
    must_sign: Vec<&'static str>,
}

impl Claim {
    /// Reads the claim from a request's head. The header form wins when both are there.
    ///
    /// # Errors
    /// [`Error::Missing`] without any signature, [`Error::Incomplete`] for a malformed one,
    /// [`Error::UnrecognizedClient`] for a session token, [`Error::Invalid`] when a signed header was not sent.
    pub fn parse(parts: &Parts) -> Result<Self, Error> {
        let raw =
            if parts.headers.contains_key(AUTHORIZATION) { from_headers(parts)? } else { from_query(parts)? };
        let (access_key_id, scope) = credential(&raw.credential)?;
        let signed = raw.date.ok_or(Error::Incomplete(
            "A date is missing or malformed: send X-Amz-Date as YYYYMMDD'T'HHMMSS'Z'",
        ))?;
        if !signed.is_on(&scope.day) {
            return Err(Error::Invalid(
                "Date in Credential scope does not match the request's date".to_owned(),
            ));
        }
        if raw.token {
            return Err(Error::UnrecognizedClient);
        }
        check_signed_headers(&raw)?;
        let signature = hex::decode(&raw.signature).ok().filter(|bytes| bytes.len() == 32);
        Ok(Self {
            access_key_id,
            scope,
            signed,
            expires: raw.expires,
            signature: signature.ok_or(Error::Incomplete("Signature must be 64 hexadecimal digits"))?,
            payload: raw.payload,
            head: canonical::head(parts, &raw.signed_headers)
                .ok_or(Error::Invalid("A header named in SignedHeaders was not received".to_owned()))?,
        })
    }

    /// The key that is said to have signed.
    pub fn access_key_id(&self) -> &str {
        &self.access_key_id
    }

    /// What the signature is for.
    pub fn scope(&self) -> &Scope {
        &self.scope
    }

    /// Is the claim meant for this server, and for now? Needs no secret, so it is asked before one is looked up.
    ///
    /// # Errors
    /// [`Error::Invalid`] for another region or service, [`Error::Expired`] and [`Error::NotYetCurrent`] for a
    /// clock more than [`SKEW`] off or a presigned request after its life.
    pub fn check(&self, expected: Expected<'_>, now: SystemTime) -> Result<(), Error> {
        if expected.service != self.scope.service {
            let service = expected.service;
            return Err(Error::Invalid(format!(
                "Credential should be scoped to correct service: '{service}'."
            )));
        }
        if let Some(region) = expected.region.filter(|region| **region != self.scope.region) {
            return Err(Error::Invalid(format!(
                "Credential should be scoped to a valid region: '{region}'."
            )));
        }
        self.check_time(Stamp::from(now))
    }

    fn check_time(&self, now: Stamp) -> Result<(), Error> {
        let signed = self.signed;
        let latest = now.plus(SKEW);
        if signed > latest {
            return Err(Error::NotYetCurrent { signed, latest, now });
        }
        match self.expires {
            Some(life) if signed.plus(life) < now => {
                Err(Error::Expired { signed: signed.plus(life), earliest: now, now, allowance: "" })
            }
            None if signed < now.minus(SKEW) => {
                Err(Error::Expired { signed, earliest: now.minus(SKEW), now, allowance: " - 5 min." })
            }
            _ => Ok(()),
        }
    }

    /// Proves the claim with the key's secret and the body as received. Ask [`Self::check`] first.
    ///
    /// # Errors
    /// [`Error::Invalid`] when the body is not the one named, or the signature is not this secret's.
    pub fn verify(&self, secret: &str, body: &[u8]) -> Result<(), Error> {
        self.verify_with(&SigningKey::derive(secret, &self.scope), body)
    }

    /// As [`Self::verify`], with the key that was derived from the secret for this claim's scope.
    ///
    /// # Errors
    /// As [`Self::verify`].
    pub fn verify_with(&self, key: &SigningKey, body: &[u8]) -> Result<(), Error> {
        let mut received = [0; 64];
        hex_of(digest::digest(&digest::SHA256, body).as_ref(), &mut received);
        let payload = match self.payload.as_deref() {
            None => received.as_slice(),
            Some(UNSIGNED) if self.expires.is_some() => UNSIGNED.as_bytes(),
            Some(named) if named.as_bytes() == received => received.as_slice(),
            Some(_) => {
                return Err(Error::Invalid(
                    "The provided x-amz-content-sha256 does not match the body that was received".to_owned(),
                ));
            }
        };
        let mut canonical = digest::Context::new(&digest::SHA256);
        canonical.update(&self.head);
        canonical.update(payload);
        let mut hash = [0; 64];
        hex_of(canonical.finish().as_ref(), &mut hash);
        let mut text = format!("{ALGORITHM}\n{}\n{}\n", self.signed, self.scope).into_bytes();
        text.extend_from_slice(&hash);
        key.verify(&text, &self.signature)
    }
}

/// A SHA-256 digest in hexadecimal digits.
fn hex_of(digest: &[u8], text: &mut [u8; 64]) {
    hex::encode_to_slice(digest, text).expect("a SHA-256 digest is 32 bytes, so 64 digits");
}

/// `Authorization: AWS4-HMAC-SHA256 Credential=…, SignedHeaders=…, Signature=…`.
fn from_headers(parts: &Parts) -> Result<Raw, Error> {
    let text = single(&parts.headers, &AUTHORIZATION)?.unwrap_or_default();
    if text.len() > MAX_AUTHORIZATION {
        return Err(Error::Incomplete("Authorization header is too long"));
    }
    let fields = text
        .strip_prefix(ALGORITHM)
        .filter(|rest| rest.starts_with(' '))
        .ok_or(Error::Incomplete("Authorization header must use the algorithm AWS4-HMAC-SHA256"))?;
    let field = |name: &str| {
        let mut found =
            fields.split(',').filter_map(|field| field.trim().strip_prefix(name)?.strip_prefix('='));
        found.next().map(str::to_owned)
    };
    let stamp = single(&parts.headers, &X_AMZ_DATE)?;
    let date = match stamp {
        Some(text) => Stamp::parse(text),
        None => single(&parts.headers, &DATE)?.and_then(Stamp::parse_date),
    };
    let payload = single(&parts.headers, &X_AMZ_CONTENT_SHA256)?.map(str::to_owned);
    let mut must_sign = vec!["host", if stamp.is_some() { "x-amz-date" } else { "date" }];
    must_sign.extend(payload.as_ref().map(|_| "x-amz-content-sha256"));
    Ok(Raw {
        credential: field("Credential")
            .ok_or(Error::Incomplete("Authorization header requires 'Credential' parameter."))?,
        signed_headers: field("SignedHeaders")
            .ok_or(Error::Incomplete("Authorization header requires 'SignedHeaders' parameter."))?,
        signature: field("Signature")
            .ok_or(Error::Incomplete("Authorization header requires 'Signature' parameter."))?,
        date,
        expires: None,
        payload,
        token: parts.headers.contains_key(X_AMZ_SECURITY_TOKEN),
        must_sign,
    })
}

/// `?X-Amz-Algorithm=…&X-Amz-Credential=…&X-Amz-Date=…&X-Amz-Expires=…&X-Amz-SignedHeaders=…&X-Amz-Signature=…`.
fn from_query(parts: &Parts) -> Result<Raw, Error> {
    let query = parts.uri.query().unwrap_or_default();
    if query.len() > MAX_QUERY {
        return Err(Error::Incomplete("Query is too long"));
    }
    let field = |name: &str| {
        let mut pairs = query.split('&').filter_map(|pair| pair.split_once('='));
        let (_, value) = pairs.find(|(key, _)| *key == name)?;
        percent_decode_str(value).decode_utf8().ok().map(std::borrow::Cow::into_owned)
    };
    let algorithm = field("X-Amz-Algorithm").ok_or(Error::Missing)?;
    if algorithm != ALGORITHM {
        return Err(Error::Incomplete("X-Amz-Algorithm must be AWS4-HMAC-SHA256"));
    }
    let expires = field("X-Amz-Expires").and_then(|text| text.parse::<u32>().ok());
    let expires = expires.filter(|seconds| (1..=MAX_EXPIRES).contains(seconds));
    let expires = expires.ok_or(Error::Incomplete("X-Amz-Expires must be 1 to 604800 seconds"))?;
    Ok(Raw {
        credential: field("X-Amz-Credential").ok_or(Error::Incomplete("X-Amz-Credential is missing"))?,
        signed_headers: field("X-Amz-SignedHeaders")
            .ok_or(Error::Incomplete("X-Amz-SignedHeaders is missing"))?,
        signature: field(canonical::SIGNATURE_PARAMETER)
            .ok_or(Error::Incomplete("X-Amz-Signature is missing"))?,
        date: field("X-Amz-Date").and_then(|text| Stamp::parse(&text)),
        expires: Some(Duration::from_secs(expires.into())),
        payload: field("X-Amz-Content-Sha256"),
        token: field("X-Amz-Security-Token").is_some() || parts.headers.contains_key(X_AMZ_SECURITY_TOKEN),
        must_sign: vec!["host"],
    })
}

fn check_signed_headers(raw: &Raw) -> Result<(), Error> {
    let names = || raw.signed_headers.split(';');
    let token = |byte: u8| byte.is_ascii_graphic() && !byte.is_ascii_uppercase();
    if names().count() > MAX_SIGNED_HEADERS || names().any(|name| name.is_empty() || !name.bytes().all(token))
    {
        return Err(Error::Incomplete("SignedHeaders must be lower-case header names joined by semicolons"));
    }
    if !names().is_sorted_by(|a, b| a < b) {
        return Err(Error::Incomplete("SignedHeaders must be sorted, each once"));
    }
    if raw.must_sign.iter().any(|must| names().all(|name| name != *must)) {
        return Err(Error::Incomplete(
            "SignedHeaders must include host, the date and x-amz-content-sha256 when sent",
        ));
    }
    Ok(())
}

/// The one value of a header that must not be repeated.
fn single<'a>(headers: &'a HeaderMap, name: &HeaderName) -> Result<Option<&'a str>, Error> {
    const BAD: Error = Error::Incomplete("A header of the signature is repeated or not plain text");
    let mut values = headers.get_all(name).iter();
    let Some(value) = values.next() else { return Ok(None) };
    if values.next().is_some() {
        return Err(BAD);
    }
    value.to_str().map(|text| Some(text.trim())).map_err(|_| BAD)
}
