//! `GET policies`: those that are ready-made, and the words that others are made of. `POST policies/check`: is a
//! policy valid, what does it decide, and why?
//!
//! Promise: decided by the very code that decides calls; a policy that is checked is kept nowhere.

use std::collections::BTreeMap;

use api::{Admitted, ApiError};
use auth::policy::{self, Context, Policy, Question};
use domain::chain;
use serde::{Deserialize, Serialize};

use super::body;
use super::doors::Door;
use crate::policies::{self as rules, Verdict};

/// Longest action, resource, or value of the context that is asked about.
const TEXT_MAX: usize = 512;

/// Values of the context that may be given.
const CONTEXT_MAX: usize = 32;

/// What policies may say.
#[derive(Debug, Serialize)]
#[serde(rename_all = "camelCase")]
pub(super) struct Policies {
    ready_made: Vec<ReadyMade>,
    /// What keys can do here, as policies name it.
    actions: Vec<&'static str>,
    condition_keys: Vec<ConditionKey>,
}

#[derive(Debug, Serialize)]
struct ReadyMade {
    name: &'static str,
    document: &'static str,
}

#[derive(Debug, Serialize)]
struct ConditionKey {
    name: &'static str,
    meaning: &'static str,
}

/// What is to be checked.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
struct Asked {
    /// A ready-made policy's name, or a document.
    policy: String,
    action: Option<String>,
    resource: Option<String>,
    /// Values of condition keys.
    #[serde(default)]
    context: BTreeMap<String, Vec<String>>,
}

/// What came of it.
#[derive(Debug, Default, Serialize)]
pub(super) struct Checked {
    valid: bool,
    /// Why it is not.
    #[serde(skip_serializing_if = "Option::is_none")]
    error: Option<String>,
    /// Is the action allowed? Nothing when none was asked about.
    #[serde(skip_serializing_if = "Option::is_none")]
    allowed: Option<bool>,
    #[serde(skip_serializing_if = "Option::is_none")]
    decision: Option<String>,
    /// Of each statement, why it applies or not.
    #[serde(skip_serializing_if = "Option::is_none")]
    explanation: Option<Vec<String>>,
}

/// All that policies are made of.
pub(super) fn list() -> Policies {
    let text = |name: &&'static str| Some(ReadyMade { name, document: policy::ready_made(name)? });
    let mut actions: Vec<_> = api::ivs::Operation::ALL.iter().map(|one| one.route().action).collect();
    actions.extend(api::ivschat::Operation::ALL.iter().map(|one| one.route().action));
    actions.extend(events::ADMIN_ACTIONS);
    actions.extend(Door::actions());
    actions.sort_unstable();
    actions.dedup();
    let key = |key: &policy::Key| ConditionKey { name: key.name, meaning: key.meaning };
    Policies {
        ready_made: policy::READY_MADE.iter().filter_map(text).collect(),
        actions,
        condition_keys: policy::KEYS.iter().map(key).collect(),
    }
}

/// Checks a policy, and asks it if there is a question.
pub(super) fn check(admitted: &Admitted) -> Result<Checked, ApiError> {
    let asked: Asked = body::read(admitted)?;
    asked.check_bounds()?;
    let read = rules::written(&asked.policy);
    let policy = match read.and_then(|text| Policy::parse(&text).map_err(|error| chain(&error))) {
        Ok(policy) => policy,
        Err(why) => return Ok(Checked { error: Some(why), ..Checked::default() }),
    };
    let Some(action) = &asked.action else { return Ok(Checked { valid: true, ..Checked::default() }) };
    let mut context = Context::default();
    for (key, values) in asked.context {
        context.set_all(key, values);
    }
    let resource = asked.resource.as_deref().unwrap_or("*");
    let Verdict { allowed, words, lines } =
        rules::verdict(&policy, &Question { action, resource, context: &context });
    Ok(Checked {
        valid: true,
        error: None,
        allowed: Some(allowed),
        decision: Some(words),
        explanation: Some(lines),
    })
}

impl Asked {
    fn check_bounds(&self) -> Result<(), ApiError> {
        let long = |text: &String| text.len() > TEXT_MAX;
        if self.action.as_ref().is_some_and(long) || self.resource.as_ref().is_some_and(long) {
            return Err(ApiError::validation(format!("action and resource: at most {TEXT_MAX} bytes")));
        }
        if self.resource.is_some() && self.action.is_none() {
            return Err(ApiError::validation("action: needed beside resource"));
        }
        let values = self.context.values().map(Vec::len).sum::<usize>();
        let texts = self.context.iter().flat_map(|(key, values)| std::iter::once(key).chain(values));
        if values > CONTEXT_MAX || self.context.len() > CONTEXT_MAX || texts.into_iter().any(long) {
            return Err(ApiError::validation(format!(
                "context: at most {CONTEXT_MAX} values of at most {TEXT_MAX} bytes"
            )));
        }
        Ok(())
    }
}
