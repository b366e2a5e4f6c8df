//! IAM policies as their guide describes them, asked through the public face alone.
//!
//! Promise: each test is a rule of the IAM User Guide or a choice that `auth::policy` documents.

mod conditions;
mod decisions;
mod explanations;
mod patterns;
mod properties;
mod ready_made;
mod refusals;
mod sets;
mod variables;

use auth::policy::{Context, Decision, Policy, Question};
use serde_json::{Value, json};

const CHANNEL: &str = "arn:aws:ivs:eu-west-1:123456789012:channel/abcdABCD1234";

/// A policy of the newer version with these statements.
fn policy(statements: &Value) -> Policy {
    let text = json!({ "Version": "2012-10-17", "Statement": statements }).to_string();
    Policy::parse(&text).unwrap_or_else(|error| panic!("{error}: {text}"))
}

/// A policy that allows everything under a condition.
fn conditioned(condition: &Value) -> Policy {
    policy(&json!({ "Effect": "Allow", "Action": "*", "Resource": "*", "Condition": condition }))
}

/// A context with these values.
fn context(values: &[(&str, &[&str])]) -> Context {
    let mut context = Context::default();
    for (key, values) in values {
        context.set_all(*key, values.iter().map(|value| (*value).to_owned()).collect());
    }
    context
}

fn decide(policy: &Policy, action: &str, resource: &str, context: &Context) -> Decision {
    policy.decide(&Question { action, resource, context })
}

fn allows(policy: &Policy, action: &str, resource: &str) -> bool {
    decide(policy, action, resource, &Context::default()).is_allowed()
}

/// Whether the condition holds for a request with these values.
fn holds(condition: &Value, values: &[(&str, &[&str])]) -> bool {
    decide(&conditioned(condition), "ivs:GetChannel", CHANNEL, &context(values)).is_allowed()
}
