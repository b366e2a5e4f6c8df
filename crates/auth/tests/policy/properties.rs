//! Rules that hold for any policy and any question.

use auth::policy::{Context, Decision, Policy, Question};
use proptest::prelude::*;
use serde_json::{Value, json};

use super::{CHANNEL, allows, context, policy};

/// The plainest matcher that can be: it tries every way.
fn naive(pattern: &[char], text: &[char]) -> bool {
    match (pattern.split_first(), text.split_first()) {
        (None, None) => true,
        (Some(('*', rest)), _) => (0..=text.len()).any(|taken| naive(rest, &text[taken..])),
        (Some(('?', rest)), Some((_, after))) => naive(rest, after),
        (Some((want, rest)), Some((have, after))) => want == have && naive(rest, after),
        _ => false,
    }
}

fn chars(text: &str) -> Vec<char> {
    text.chars().collect()
}

fn statement() -> impl Strategy<Value = Value> {
    let effect = prop_oneof![Just("Allow"), Just("Deny")];
    let action = prop_oneof![Just("*"), Just("ivs:Get*"), Just("ivs:*Channel"), Just("ivschat:*")];
    let action_member = prop_oneof![Just("Action"), Just("NotAction")];
    let resource =
        prop_oneof![Just("*"), Just("arn:aws:ivs:*:*:channel/*"), Just("arn:a:b:c:d:${aws:username}")];
    let condition = prop_oneof![
        Just(json!({})),
        Just(json!({ "StringEquals": { "aws:username": "ann" } })),
        Just(json!({ "StringNotLike": { "aws:ResourceTag/a": "x*" } })),
        Just(json!({ "ForAllValues:StringEquals": { "aws:TagKeys": "a" } })),
        Just(json!({ "IpAddressIfExists": { "aws:SourceIp": "10.0.0.0/8" } })),
    ];
    (effect, action_member, action, resource, condition).prop_map(|(effect, member, action, resource, condition)| {
        json!({ "Effect": effect, member: action, "Resource": resource, "Condition": condition })
    })
}

fn request() -> impl Strategy<Value = Context> {
    let name = prop_oneof![Just(vec![]), Just(vec!["ann"]), Just(vec!["bob"]), Just(vec!["ann", "bob"])];
    let keys = prop_oneof![Just(vec![]), Just(vec!["a"]), Just(vec!["a", "b"]), Just(vec![""])];
    let address = prop_oneof![Just(vec![]), Just(vec!["10.1.2.3"]), Just(vec!["192.0.2.1"]), Just(vec!["?"])];
    (name, keys, address).prop_map(|(name, keys, address)| {
        context(&[("aws:username", &name), ("aws:TagKeys", &keys), ("aws:SourceIp", &address)])
    })
}

fn action() -> impl Strategy<Value = &'static str> {
    prop_oneof![Just("ivs:GetChannel"), Just("ivs:DeleteChannel"), Just("ivschat:GetRoom")]
}

proptest! {
    #[test]
    fn any_text_is_read_or_refused_without_a_panic(text in any::<String>()) {
        let _any = Policy::parse(&text).map_err(|error| error.to_string());
    }

    #[test]
    fn almost_policies_are_read_or_refused_without_a_panic(
        operator in "(ForAllValues:|ForAnyValue:)?(String|Numeric|Date|Arn|Bool|Null|IpAddress)(Not)?(Equals|Like|LessThan)?(IfExists)?",
        key in "aws:(username|TagKeys|RequestTag/[a-z${},']{0,4}|CurrentTime|EpochTime|SourceIp)",
        value in "[-0-9TZ:.+a-f/*?${},' ]{0,24}|\\$\\{aws:username(, '[a-z]*')?\\}",
        resource in "arn:[*?:a${}w-]{0,20}",
        asked in ".{0,20}",
        actual in ".{0,20}|[-0-9TZ:.]{0,24}",
    ) {
        let text = json!({ "Version": "2012-10-17", "Statement": { "Effect": "Allow", "Action": "*",
            "Resource": resource, "Condition": { operator: { key.clone(): value } } } }).to_string();
        if let Ok(policy) = Policy::parse(&text) {
            let mut context = Context::default();
            context.set(key, actual);
            let question = Question { action: "ivs:GetChannel", resource: &asked, context: &context };
            let applies = policy.explain(&question)[0].obstacle.is_none();
            prop_assert_eq!(policy.decide(&question).is_allowed(), applies);
        }
    }

    #[test]
    fn wildcards_match_what_the_plainest_matcher_matches(pattern in "[ab*?é]{0,8}", text in "[abé]{0,8}") {
        let policy = policy(&json!({ "Effect": "Allow", "Action": "*", "Resource": format!("arn:{pattern}") }));
        let wanted = naive(&chars(&pattern), &chars(&text));
        prop_assert_eq!(allows(&policy, "ivs:GetChannel", &format!("arn:{text}")), wanted);
    }

    #[test]
    fn wildcards_in_actions_match_so_too_in_any_case(pattern in "[aB*?]{1,8}", text in "[Ab]{0,8}") {
        let policy = policy(&json!({ "Effect": "Allow", "Action": format!("ivs:{pattern}"), "Resource": "*" }));
        let wanted = naive(&chars(&pattern.to_lowercase()), &chars(&text.to_lowercase()));
        prop_assert_eq!(allows(&policy, &format!("ivs:{text}"), "*"), wanted);
    }

    #[test]
    fn a_value_matches_only_itself(value in "[ab*?${}]{0,6}", text in "[ab*?${}]{0,6}") {
        let policy = policy(&json!({ "Effect": "Allow", "Action": "*", "Resource": "arn:a:b:c:d:${aws:username}" }));
        let context = context(&[("aws:username", &[&value])]);
        let resource = format!("arn:a:b:c:d:{text}");
        let question = Question { action: "ivs:GetChannel", resource: &resource, context: &context };
        prop_assert_eq!(policy.decide(&question).is_allowed(), value == text);
    }

    #[test]
    fn the_order_of_statements_never_matters(
        statements in prop::collection::vec(statement(), 0..6), action in action(), context in request(),
    ) {
        let question = Question { action, resource: CHANNEL, context: &context };
        let answer = |statements: &[Value]| match policy(&json!(statements)).decide(&question) {
            Decision::Allowed { .. } => 1,
            Decision::Denied { .. } => -1,
            Decision::Unmentioned => 0,
        };
        let mut turned = statements.clone();
        turned.reverse();
        prop_assert_eq!(answer(&statements), answer(&turned));
    }

    #[test]
    fn a_policy_decides_as_its_statements_do_alone(
        statements in prop::collection::vec(statement(), 0..6), action in action(), context in request(),
    ) {
        let question = Question { action, resource: CHANNEL, context: &context };
        let alone: Vec<_> = statements.iter().map(|one| policy(one).decide(&question)).collect();
        let denied = alone.iter().any(|one| matches!(one, Decision::Denied { .. }));
        let allowed = alone.iter().any(Decision::is_allowed);
        let together = policy(&json!(statements)).decide(&question);
        prop_assert_eq!(together.is_allowed(), allowed && !denied);
        prop_assert_eq!(matches!(together, Decision::Denied { .. }), denied);
    }

    #[test]
    fn a_policy_that_reads_nothing_decides_the_same_without_a_context(
        statements in prop::collection::vec(statement(), 0..4), action in action(), context in request(),
    ) {
        let policy = policy(&json!(statements));
        if !policy.reads_context() {
            let with = Question { action, resource: CHANNEL, context: &context };
            let without = Question { context: &Context::default(), ..with };
            prop_assert_eq!(policy.decide(&with), policy.decide(&without));
        }
    }
}
