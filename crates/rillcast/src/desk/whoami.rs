//! `POST whoami`: who the caller is, and what they may do. It needs no permission, as the vendor's
//! `sts:GetCallerIdentity` needs none.
//!
//! Promise: the answer to "may I?" is what a call would find now, from the same place; it tells of nobody else.

use api::{ApiError, Known};
use control::Control;
use serde::{Deserialize, Serialize};

use super::body;

/// Questions in one request.
const MOST: usize = 100;

/// Longest name of an action.
const ACTION_MAX: usize = 128;

/// Longest name of a resource; no ARN of the model is longer than 128.
const RESOURCE_MAX: usize = 256;

/// What is asked.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
struct Asked {
    #[serde(default)]
    asks: Vec<Ask>,
}

/// One question.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
struct Ask {
    action: String,
    #[serde(default = "everything")]
    resource: String,
}

fn everything() -> String {
    "*".to_owned()
}

/// Who they are.
#[derive(Debug, Serialize)]
#[serde(rename_all = "camelCase")]
pub(super) struct Identity {
    account: String,
    region: String,
    name: String,
    arn: String,
    access_key_id: String,
    /// One for each question, in their order.
    allowed: Vec<bool>,
}

/// Answers the caller about themselves.
pub(super) async fn whoami(known: &Known<'_, Control>) -> Result<Identity, ApiError> {
    let Asked { asks } = body::read(&known.admitted)?;
    if asks.len() > MOST {
        return Err(ApiError::validation(format!("asks: at most {MOST} questions")));
    }
    asks.iter().enumerate().try_for_each(|(at, ask)| ask.check(at))?;
    let mut allowed = Vec::with_capacity(asks.len());
    for Ask { action, resource } in &asks {
        allowed.push(known.may(action, resource).await?);
    }
    let call = &known.admitted.call;
    Ok(Identity {
        account: call.principal.account.to_string(),
        region: call.region.to_string(),
        name: call.principal.name.clone(),
        arn: call.principal.arn(),
        access_key_id: call.principal.access_key_id.clone(),
        allowed,
    })
}

impl Ask {
    /// Is it a question about one action and one resource, or all of them?
    fn check(&self, at: usize) -> Result<(), ApiError> {
        let refuse = |text: String| Err(ApiError::validation(format!("asks[{at}].{text}")));
        let name = |text: &str| text.bytes().all(|byte| byte.is_ascii_alphanumeric() || byte == b'-');
        let parts = self.action.split_once(':');
        if self.action.len() > ACTION_MAX || !parts.is_some_and(|(service, act)| name(service) && name(act)) {
            return refuse("action: one action as policies name it, such as ivs:GetChannel".to_owned());
        }
        if !(1..=RESOURCE_MAX).contains(&self.resource.len()) {
            return refuse(format!("resource: an ARN or *, at most {RESOURCE_MAX} bytes"));
        }
        Ok(())
    }
}
