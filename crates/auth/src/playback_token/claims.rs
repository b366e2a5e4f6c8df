//! What a token says, and the rules for it (user guide, "Generate and sign playback tokens").
//!
//! Promise: a claim of the vendor's that says something it can't is an error, since whoever wrote it meant
//! something by it; claims that it does not know are ignored. Claims about advertisements are looked at and have no
//! effect: there are none here.

use domain::{Arn, MultitrackResolution};
use serde_json::{Map, Value};

use super::Refusal;

/// The most characters of a viewer's id.
pub const MAX_VIEWER: usize = 40;
/// The most origins that are strictly enforced.
pub const MAX_STRICT_ORIGINS: usize = 5;
/// The most seconds that a token may have before it, where it is for one use or for a viewer.
pub const MAX_LIFE: i64 = 600;
/// So many seconds the clock of whoever signs may be ahead: otherwise a token of exactly ten minutes would be
/// refused now and then.
const AHEAD: i64 = 5;
/// The most bytes of the parameters for advertisements.
const MAX_AD_PARAMS: usize = 1_000;

const CHANNEL: &str = "aws:channel-arn";
const EXPIRY: &str = "exp";
const ORIGINS: &str = "aws:access-control-allow-origin";
const STRICT: &str = "aws:strict-origin-enforcement";
const SINGLE_USE: &str = "aws:single-use-uuid";
const VIEWER: &str = "aws:viewer-id";
const VERSION: &str = "aws:viewer-session-version";
const RESOLUTION: &str = "aws:maximum-resolution";
const ADS_OUT: &str = "aws:ads-opt-out";
const ADS_PARAMS: &str = "aws:ads-player-params";
const ADS_NAME: &str = "aws:ads-playback-config-name";
const ADS_REPORTING: &str = "aws:ads-reporting-mode";

/// What a token says.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct PlaybackClaims {
    /// The channel that it opens.
    pub channel: Arn,
    /// From when on it opens nothing, in seconds since 1970.
    pub expires_at: i64,
    /// Origins of pages, separated by commas; empty: those of all.
    pub origins: String,
    /// Requests of other origins are refused, rather than left to browsers.
    pub strict: bool,
    /// It opens once.
    pub single_use: Option<[u8; 16]>,
    /// Whose it is.
    pub viewer: Option<TokenViewer>,
    /// Larger renditions are not for the holder.
    pub maximum_resolution: Option<MultitrackResolution>,
}

/// Whose a token is.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct TokenViewer {
    /// 1 to 40 characters, none of them NUL.
    pub id: String,
    /// A revocation ends the sessions of the versions up to its own.
    pub version: i64,
}

impl PlaybackClaims {
    /// The origins, one by one.
    pub fn origins(&self) -> impl Iterator<Item = &str> {
        split(&self.origins)
    }

    /// Does the token open this channel now? Times are milliseconds since 1970.
    pub(super) fn check(&self, channel: &Arn, now_ms: i64) -> Result<(), Refusal> {
        if self.channel != *channel {
            return Err(Refusal::Channel);
        }
        if self.expires_at.saturating_mul(1_000) <= now_ms {
            return Err(Refusal::Expired);
        }
        let capped = match (&self.single_use, &self.viewer) {
            (Some(_), _) => Some(SINGLE_USE),
            (None, Some(_)) => Some(VIEWER),
            (None, None) => None,
        };
        let is_far = self.expires_at > now_ms.div_euclid(1_000).saturating_add(MAX_LIFE + AHEAD);
        capped.filter(|_| is_far).map_or(Ok(()), |claim| Err(Refusal::TooFarAhead { claim }))
    }
}

/// Reads the claims; none of them is compared with anything outside of the token.
pub(super) fn read(members: &Map<String, Value>) -> Result<PlaybackClaims, Refusal> {
    let claims = Claims(members);
    let channel = claims.text(CHANNEL)?.ok_or(Refusal::Missing { claim: CHANNEL })?;
    let expires_at = expiry(members.get(EXPIRY).ok_or(Refusal::Missing { claim: EXPIRY })?)?;
    let origins = claims.text(ORIGINS)?.unwrap_or_default();
    let strict = claims.flag(STRICT)?.unwrap_or(false);
    if strict && split(origins).count() > MAX_STRICT_ORIGINS {
        return Err(Refusal::ManyOrigins);
    }
    claims.check_advertisements()?;
    Ok(PlaybackClaims {
        channel: channel.parse().map_err(|_| unfit(CHANNEL, "the ARN of a channel"))?,
        expires_at,
        origins: origins.to_owned(),
        strict,
        single_use: claims.single_use()?,
        viewer: claims.viewer()?,
        maximum_resolution: claims.resolution()?,
    })
}

/// Between commas, without space around.
fn split(origins: &str) -> impl Iterator<Item = &str> {
    origins.split(',').map(str::trim).filter(|origin| !origin.is_empty())
}

fn unfit(claim: &'static str, wanted: &'static str) -> Refusal {
    Refusal::Claim { claim, wanted }
}

/// A JWT's time may have a fraction (RFC 7519, 2), which is cut off. What is too large for us is just far ahead:
/// the vendor's own sample gives milliseconds.
#[expect(clippy::cast_possible_truncation, reason = "what is too large becomes the largest")]
fn expiry(value: &Value) -> Result<i64, Refusal> {
    let whole = value.as_i64().or_else(|| value.as_u64().map(|_| i64::MAX));
    whole.or_else(|| value.as_f64().map(|time| time as i64)).ok_or(unfit(EXPIRY, "a number"))
}

struct Claims<'t>(&'t Map<String, Value>);

impl<'t> Claims<'t> {
    fn text(&self, claim: &'static str) -> Result<Option<&'t str>, Refusal> {
        let Some(value) = self.0.get(claim) else { return Ok(None) };
        value.as_str().map(Some).ok_or(unfit(claim, "a text"))
    }

    fn flag(&self, claim: &'static str) -> Result<Option<bool>, Refusal> {
        let Some(value) = self.0.get(claim) else { return Ok(None) };
        value.as_bool().map(Some).ok_or(unfit(claim, "true or false"))
    }

    fn single_use(&self) -> Result<Option<[u8; 16]>, Refusal> {
        let Some(text) = self.text(SINGLE_USE)? else { return Ok(None) };
        uuid(text).map(Some).ok_or(unfit(SINGLE_USE, "a UUID"))
    }

    fn viewer(&self) -> Result<Option<TokenViewer>, Refusal> {
        let version = self.0.get(VERSION);
        let Some(id) = self.text(VIEWER)? else {
            return version.map_or(Ok(None), |_| Err(Refusal::VersionAlone));
        };
        if id.chars().count() > MAX_VIEWER {
            return Err(Refusal::LongViewer);
        }
        // No revocation can name these.
        if id.is_empty() || id.contains('\0') {
            return Err(unfit(VIEWER, "1 to 40 characters without NUL"));
        }
        let version = version.map(|value| value.as_i64().ok_or(unfit(VERSION, "a whole number of 64 bits")));
        Ok(Some(TokenViewer { id: id.to_owned(), version: version.transpose()?.unwrap_or(0) }))
    }

    fn resolution(&self) -> Result<Option<MultitrackResolution>, Refusal> {
        let Some(text) = self.text(RESOLUTION)? else { return Ok(None) };
        MultitrackResolution::parse(text).map(Some).ok_or(unfit(RESOLUTION, "SD, HD or FULL_HD"))
    }

    /// Bounded as the vendor has them, so that a token that is good here is good there.
    fn check_advertisements(&self) -> Result<(), Refusal> {
        self.flag(ADS_OUT)?;
        self.text(ADS_NAME)?;
        let fits = match self.0.get(ADS_PARAMS) {
            None => true,
            Some(Value::String(text)) => text.len() <= MAX_AD_PARAMS,
            Some(Value::Object(params)) => Value::from(params.clone()).to_string().len() <= MAX_AD_PARAMS,
            Some(_) => false,
        };
        if !fits {
            return Err(unfit(ADS_PARAMS, "a text or an object of at most 1000 bytes"));
        }
        match self.text(ADS_REPORTING)? {
            None | Some("CLIENT" | "SERVER") => Ok(()),
            Some(_) => Err(unfit(ADS_REPORTING, "CLIENT or SERVER")),
        }
    }
}

/// 32 hexadecimal digits in five groups (RFC 9562, 4), of either case and any version.
fn uuid(text: &str) -> Option<[u8; 16]> {
    let groups: Vec<_> = text.split('-').map(str::len).collect();
    let digits: String = text.split('-').collect();
    let mut bytes = [0; 16];
    hex::decode_to_slice(digits, &mut bytes).ok()?;
    (groups == [8, 4, 4, 4, 12]).then_some(bytes)
}
