//! What wins, and what is not said.

use auth::policy::{Context, Decision};
use serde_json::json;

use super::{CHANNEL, allows, decide, policy};

#[test]
fn what_no_statement_speaks_of_is_denied() {
    let policy = policy(&json!([{ "Effect": "Allow", "Action": "ivs:GetChannel", "Resource": "*" }]));
    assert_eq!(decide(&policy, "ivs:DeleteChannel", CHANNEL, &Context::default()), Decision::Unmentioned);
    assert!(!Decision::Unmentioned.is_allowed());
}

#[test]
fn a_policy_without_statements_allows_nothing() {
    assert!(!allows(&policy(&json!([])), "ivs:ListChannels", "*"));
}

#[test]
fn an_explicit_deny_wins_before_and_behind_an_allow() {
    let allow = json!({ "Sid": "All", "Effect": "Allow", "Action": "*", "Resource": "*" });
    let deny = json!({ "Sid": "No", "Effect": "Deny", "Action": "ivs:Delete*", "Resource": "*" });
    for statements in [json!([allow, deny]), json!([deny, allow])] {
        let policy = policy(&statements);
        let decision = decide(&policy, "ivs:DeleteChannel", CHANNEL, &Context::default());
        assert!(matches!(decision, Decision::Denied { statement } if statement.as_str() == "No"));
        assert!(allows(&policy, "ivs:GetChannel", CHANNEL));
    }
}

#[test]
fn a_decision_names_the_first_statement_that_makes_it() {
    let policy = policy(&json!([
        { "Effect": "Deny", "Action": "ivs:StopStream", "Resource": "*" },
        { "Effect": "Allow", "Action": "ivs:Get*", "Resource": "*" },
        { "Sid": "Again", "Effect": "Allow", "Action": "ivs:*", "Resource": "*" },
    ]));
    let named = |action| match decide(&policy, action, CHANNEL, &Context::default()) {
        Decision::Allowed { statement } | Decision::Denied { statement } => statement.to_string(),
        Decision::Unmentioned => String::new(),
    };
    assert_eq!(named("ivs:StopStream"), "statement 1");
    assert_eq!(named("ivs:GetChannel"), "statement 2");
    assert_eq!(named("ivs:PutMetadata"), "Again");
}

#[test]
fn one_statement_needs_no_list() {
    let policy = policy(&json!({ "Effect": "Allow", "Action": "ivs:GetChannel", "Resource": CHANNEL }));
    assert!(allows(&policy, "ivs:GetChannel", CHANNEL));
}

#[test]
fn not_action_covers_every_action_but_those_listed() {
    let policy = policy(&json!({
        "Effect": "Allow", "NotAction": ["ivs:Delete*", "ivschat:*"], "Resource": "*"
    }));
    assert!(allows(&policy, "ivs:GetChannel", CHANNEL));
    assert!(!allows(&policy, "ivs:DeleteChannel", CHANNEL));
    assert!(!allows(&policy, "ivschat:GetRoom", CHANNEL));
}

#[test]
fn not_resource_covers_every_resource_but_those_listed() {
    let policy = policy(&json!([
        { "Effect": "Allow", "Action": "*", "Resource": "*" },
        { "Effect": "Deny", "Action": "ivs:*", "NotResource": [CHANNEL, "arn:aws:ivs:*:*:stream-key/*"] },
    ]));
    assert!(allows(&policy, "ivs:GetChannel", CHANNEL));
    assert!(allows(&policy, "ivs:GetStreamKey", "arn:aws:ivs:eu-west-1:123456789012:stream-key/x"));
    assert!(!allows(&policy, "ivs:GetChannel", "arn:aws:ivs:eu-west-1:123456789012:channel/other"));
    assert!(!allows(&policy, "ivs:ListChannels", "*"));
}

#[test]
fn an_operation_without_a_resource_needs_one_that_is_everything() {
    let channels =
        json!({ "Effect": "Allow", "Action": "ivs:ListChannels", "Resource": "arn:aws:ivs:*:*:channel/*" });
    assert!(!allows(&policy(&channels), "ivs:ListChannels", "*"));
    let everything = json!({ "Effect": "Allow", "Action": "ivs:ListChannels", "Resource": "*" });
    assert!(allows(&policy(&everything), "ivs:ListChannels", "*"));
}

#[test]
fn the_condition_of_a_deny_decides_whether_it_denies() {
    let policy = policy(&json!([
        { "Effect": "Allow", "Action": "*", "Resource": "*" },
        { "Effect": "Deny", "Action": "*", "Resource": "*", "Condition": { "Bool": { "aws:SecureTransport": false } } },
    ]));
    let asked = |tls: &str| {
        decide(&policy, "ivs:GetChannel", CHANNEL, &super::context(&[("aws:SecureTransport", &[tls])]))
            .is_allowed()
    };
    assert!(asked("true"));
    assert!(!asked("false"));
}

#[test]
fn a_policy_tells_what_it_reads() {
    let tags = json!({ "Effect": "Allow", "Action": "*", "Resource": "*",
        "Condition": { "StringEquals": { "AWS:resourcetag/Team": "blue" } } });
    assert!(policy(&tags).reads_resource_tags() && policy(&tags).reads_context());
    let variable = json!({ "Effect": "Allow", "Action": "*",
        "Resource": "arn:aws:ivs:*:*:channel/${aws:ResourceTag/Id, 'none'}" });
    assert!(policy(&variable).reads_resource_tags());
    let hidden = json!({ "Effect": "Allow", "Action": "*", "Resource": "*",
        "Condition": { "StringEquals": { "aws:username": "${aws:ResourceTag/Owner}" } } });
    assert!(policy(&hidden).reads_resource_tags());
    let other = json!({ "Effect": "Allow", "Action": "*", "Resource": "*",
        "Condition": { "StringEquals": { "aws:RequestTag/Team": "blue" } } });
    assert!(!policy(&other).reads_resource_tags() && policy(&other).reads_context());
    let nothing = json!({ "Effect": "Allow", "Action": "*", "Resource": "*" });
    assert!(!policy(&nothing).reads_context());
}
