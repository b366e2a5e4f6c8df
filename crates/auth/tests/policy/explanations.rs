//! What `explain` says.

use auth::policy::{Context, Obstacle, Question};
use serde_json::json;

use super::{CHANNEL, context, policy};

fn lines(statements: &serde_json::Value, context: &Context) -> Vec<String> {
    let question = Question { action: "ivs:GetChannel", resource: CHANNEL, context };
    policy(statements).explain(&question).iter().map(ToString::to_string).collect()
}

#[test]
fn each_statement_says_whether_it_applies_and_else_what_first_does_not() {
    let statements = json!([
        { "Sid": "Reads", "Effect": "Allow", "Action": "ivs:Get*", "Resource": "*" },
        { "Effect": "Deny", "Action": ["ivs:Delete*", "ivs:Stop*"], "Resource": "*" },
        { "Effect": "Deny", "NotAction": "ivs:Get*", "Resource": "*" },
        { "Effect": "Allow", "Action": "*", "Resource": "arn:aws:ivs:*:*:stream-key/*" },
        { "Effect": "Allow", "Action": "*", "NotResource": CHANNEL },
        { "Effect": "Allow", "Action": "*", "Resource": "arn:a:b:c:d:${aws:username}" },
        { "Effect": "Allow", "Action": "*", "Resource": "*",
          "Condition": { "StringEquals": { "aws:ResourceTag/team": ["blue", "red"] } } },
        { "Effect": "Allow", "Action": "*", "Resource": "*",
          "Condition": { "DateLessThan": { "aws:CurrentTime": "2026" } } },
    ]);
    let lines = lines(&statements, &context(&[("aws:ResourceTag/team", &["green"])]));
    assert_eq!(
        lines,
        [
            "Reads (Allow) applies".to_owned(),
            "statement 2 (Deny) does not apply: ivs:GetChannel is not among its Action: \"ivs:Delete*\", \"ivs:Stop*\"".into(),
            "statement 3 (Deny) does not apply: ivs:GetChannel is among its NotAction: \"ivs:Get*\"".into(),
            format!("statement 4 (Allow) does not apply: {CHANNEL} is not among its Resource: \"arn:aws:ivs:*:*:stream-key/*\""),
            format!("statement 5 (Allow) does not apply: {CHANNEL} is among its NotResource: \"{CHANNEL}\""),
            "statement 6 (Allow) does not apply: the variable ${aws:username} has no value in this request".into(),
            "statement 7 (Allow) does not apply: StringEquals aws:ResourceTag/team wants \"blue\", \"red\"; the request has \"green\"".into(),
            "statement 8 (Allow) does not apply: DateLessThan aws:CurrentTime wants \"2026\"; the request does not have it".into(),
        ]
    );
}

#[test]
fn a_line_is_one_line_whatever_the_request_holds() {
    let statements = json!({ "Effect": "Allow", "Action": "*", "Resource": "*",
        "Condition": { "StringEquals": { "aws:ResourceTag/a": (0..20).map(|n| n.to_string()).collect::<Vec<_>>() } } });
    let lines = lines(&statements, &context(&[("aws:ResourceTag/a", &["x\ny\u{1b}[2J"])]));
    assert_eq!(lines.len(), 1);
    assert!(!lines[0].contains('\n') && !lines[0].contains('\u{1b}'), "{}", lines[0]);
    assert!(lines[0].contains("\"7\" and 12 more"), "{}", lines[0]);
}

#[test]
fn an_obstacle_can_be_read_by_a_program() {
    let policy = policy(&json!({ "Effect": "Allow", "Action": "*", "Resource": "*",
        "Condition": { "Bool": { "aws:SecureTransport": true } } }));
    let context = context(&[("aws:SecureTransport", &["false"])]);
    let lines = policy.explain(&Question { action: "ivs:GetChannel", resource: "*", context: &context });
    let wanted = Obstacle::Condition {
        operator: "Bool".to_owned(),
        key: "aws:SecureTransport".to_owned(),
        wanted: vec!["true".to_owned()],
        actual: vec!["false".to_owned()],
    };
    assert_eq!(lines[0].obstacle.as_ref(), Some(&wanted));
}
