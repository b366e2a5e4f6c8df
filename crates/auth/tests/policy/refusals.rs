//! What is no policy, and what is said about it.

use std::error::Error;

use auth::policy::{KEYS, MAX_STATEMENTS, MAX_VALUES, Policy, PolicyError};
use serde_json::{Value, json};

fn refusal(text: &str) -> String {
    let error = Policy::parse(text).expect_err("no policy");
    let cause = error.source().map(|cause| format!(": {cause}")).unwrap_or_default();
    format!("{error}{cause}")
}

/// The refusal of a statement with these members beside those of a good one.
fn statement(changes: &Value) -> String {
    let mut statement =
        json!({ "Sid": "Mine", "Effect": "Allow", "Action": "ivs:GetChannel", "Resource": "*" });
    for (name, value) in changes.as_object().expect("changes are an object") {
        if value.is_null() {
            statement.as_object_mut().expect("an object").remove(name);
        } else {
            statement[name] = value.clone();
        }
    }
    refusal(&json!({ "Version": "2012-10-17", "Statement": [statement] }).to_string())
}

fn condition(condition: &Value) -> String {
    statement(&json!({ "Condition": condition }))
}

#[test]
fn a_text_that_is_not_json_says_where() {
    let text = refusal("{\"Version\": \"2012-10-17\",");
    assert!(text.contains("not valid JSON") && text.contains("line 1"), "{text}");
    assert!(refusal("").contains("not valid JSON"));
    assert!(refusal("[]").contains("an object"));
    assert!(refusal("{} {}").contains("trailing"));
}

#[test]
fn a_member_that_stands_twice_is_refused_wherever_it_is() {
    let twice = [
        r#"{"Version":"2012-10-17","Version":"2012-10-17","Statement":[]}"#,
        r#"{"Statement":{"Effect":"Deny","Effect":"Allow","Action":"*","Resource":"*"}}"#,
        r#"{"Statement":{"Effect":"Allow","Action":"*","Resource":"*","Condition":{"Bool":{"aws:SecureTransport":"true","aws:SecureTransport":"false"}}}}"#,
    ];
    for text in twice {
        assert!(refusal(text).contains("stands twice in one object"), "{text}");
    }
    let spelled =
        condition(&json!({ "Bool": { "aws:SecureTransport": "true", "aws:securetransport": "false" } }));
    assert!(spelled.contains("stands twice under this operator"), "{spelled}");
}

#[test]
fn the_document_has_three_members_of_known_forms() {
    assert!(refusal("{}").contains("Statement: is missing"));
    assert!(refusal(r#"{"Version":"2020-01-01","Statement":[]}"#).contains("Version: must be"));
    assert!(refusal(r#"{"Version":2012,"Statement":[]}"#).contains("Version: must be"));
    assert!(refusal(r#"{"Id":1,"Statement":[]}"#).contains("Id: must be"));
    assert!(refusal(r#"{"Statement":[],"Statements":[]}"#).contains("Statements: is unknown here"));
    assert!(refusal(r#"{"Statement":["Allow"]}"#).starts_with("statement 1, Statement: must be"));
    assert!(Policy::parse(r#"{"Id":"x","Statement":[]}"#).is_ok());
}

#[test]
fn a_refusal_names_the_statement_and_the_member() {
    assert!(
        statement(&json!({ "Effect": "allow" })).starts_with("Mine, Effect: must be \"Allow\" or \"Deny\"")
    );
    assert!(statement(&json!({ "Sid": null, "Effect": "allow" })).starts_with("statement 1, Effect:"));
    let text = condition(&json!({ "StringEquals": { "aws:Foo": "x" } }));
    assert!(text.starts_with("Mine, Condition StringEquals aws:Foo: "), "{text}");
}

#[test]
fn each_statement_needs_its_members_and_no_others() {
    assert!(statement(&json!({ "Effect": null })).contains("Effect: is missing"));
    assert!(statement(&json!({ "Action": null })).contains("Action: is missing"));
    assert!(statement(&json!({ "Resource": null })).contains("Resource: is missing"));
    assert!(statement(&json!({ "NotAction": "ivs:*" })).contains("NotAction: cannot stand beside Action"));
    assert!(statement(&json!({ "NotResource": "*" })).contains("NotResource: cannot stand beside Resource"));
    assert!(statement(&json!({ "Conditions": {} })).contains("Conditions: is unknown here"));
    assert!(statement(&json!({ "effect": "Deny" })).contains("effect: is unknown here"));
    assert!(statement(&json!({ "Principal": "*" })).contains("Principal: cannot stand"));
    assert!(statement(&json!({ "NotPrincipal": "*" })).contains("NotPrincipal: cannot stand"));
}

#[test]
fn names_of_statements_are_plain_and_each_there_once() {
    assert!(statement(&json!({ "Sid": "with space" })).contains("Sid: must be a text of letters and digits"));
    let one = json!({ "Sid": "A", "Effect": "Allow", "Action": "*", "Resource": "*" });
    assert!(refusal(&json!({ "Statement": [one, one] }).to_string()).contains("the same Sid"));
    let nameless = json!({ "Sid": "", "Effect": "Allow", "Action": "*", "Resource": "*" });
    assert!(Policy::parse(&json!({ "Statement": [nameless, nameless] }).to_string()).is_ok());
}

#[test]
fn an_action_is_a_star_or_a_service_and_a_name() {
    for action in [
        "GetChannel",
        "ivs",
        "ivs:",
        ":GetChannel",
        "iv*:GetChannel",
        "ivs:Get Channel",
        "",
        "**",
        "ivs:${aws:username}",
    ] {
        assert!(statement(&json!({ "Action": action })).contains("Action: \""), "{action}");
    }
    assert!(statement(&json!({ "Action": [] })).contains("Action: must have at least one value"));
    assert!(statement(&json!({ "Action": ["ivs:*", 1] })).contains("Action: must be a text"));
    assert!(statement(&json!({ "Action": { "a": "b" } })).contains("Action: must be a text"));
}

#[test]
fn a_resource_is_a_star_or_an_arn() {
    for resource in ["channel/1", "", "**", "*:channel/*", "ARN:aws:ivs:::x", "${aws:username}"] {
        assert!(statement(&json!({ "Resource": resource })).contains("Resource: \""), "{resource}");
    }
    assert!(statement(&json!({ "Resource": [] })).contains("Resource: must have at least one value"));
    let early = statement(&json!({ "Resource": "arn:aws:ivs:*:${aws:PrincipalAccount}:channel/*" }));
    assert!(early.contains("before the fifth colon"), "{early}");
}

#[test]
fn a_variable_has_an_end_and_a_key_with_one_value() {
    for inside in [
        "${",
        "${aws:username",
        "${}",
        "${ }",
        "${aws:username,}",
        "${aws:username, x}",
        "${aws:username, 'x}",
    ] {
        let text = statement(&json!({ "Resource": format!("arn:a:b:c:d:{inside}") }));
        assert!(text.contains("not of the form ${key}"), "{inside}: {text}");
    }
    let unknown = statement(&json!({ "Resource": "arn:a:b:c:d:${aws:userName2}" }));
    assert!(unknown.contains("aws:userName2 is not a condition key"), "{unknown}");
    let many = condition(&json!({ "StringEquals": { "aws:username": "${aws:TagKeys}" } }));
    assert!(many.contains("aws:TagKeys may have several values and cannot be a variable"), "{many}");
}

#[test]
fn an_unknown_condition_key_is_refused_with_those_that_are_known() {
    for key in ["aws:ResourceTags/a", "aws:RequestTag/", "aws:RequestTag", "s3:prefix", "aws:SourceIP2", ""] {
        let text = condition(&json!({ "StringEquals": { key: "x" } }));
        assert!(text.contains("is not a condition key of these services"), "{key}: {text}");
        assert!(KEYS.iter().all(|known| text.contains(known.name)), "{text}");
    }
}

#[test]
fn an_unknown_operator_is_refused() {
    for operator in [
        "StringEqual",
        "stringEquals",
        "NullIfExists",
        "ForAllValues:Null",
        "ForSomeValues:StringEquals",
        "ForAllValues:",
        "IfExists",
        "Numeric",
        "DateLike",
        "BinaryEquals",
        "StringEqualsIfExistsIfExists",
        "",
    ] {
        let text = condition(&json!({ operator: { "aws:username": "x" } }));
        assert!(text.contains("is not a condition operator that is known here"), "{operator}: {text}");
    }
    assert!(condition(&json!({ "StringEquals": "x" })).contains("must be an object of condition keys"));
    assert!(condition(&json!({ "StringEquals": {} })).contains("must have at least one value"));
    assert!(condition(&json!([])).contains("must be an object of operators"));
}

#[test]
fn a_value_must_be_one_that_the_operator_can_compare() {
    let bad = [
        ("NumericEquals", "aws:RequestTag/a", "ten"),
        ("NumericEquals", "aws:RequestTag/a", "inf"),
        ("NumericEquals", "aws:RequestTag/a", "${aws:username}"),
        ("DateLessThan", "aws:CurrentTime", "tomorrow"),
        ("DateLessThan", "aws:CurrentTime", "2026-02-30"),
        ("DateLessThan", "aws:CurrentTime", "2026-01-31T12:00:00"),
        ("DateLessThan", "aws:CurrentTime", "2026-01T12:00Z"),
        ("DateLessThan", "aws:CurrentTime", "2026-01-31T24:00Z"),
        ("DateLessThan", "aws:CurrentTime", "99999999999999999999"),
        ("Bool", "aws:SecureTransport", "yes"),
        ("IpAddress", "aws:SourceIp", "203.0.113.0/33"),
        ("IpAddress", "aws:SourceIp", "203.0.113/24"),
        ("IpAddress", "aws:SourceIp", "203.0.113.0/"),
        ("IpAddress", "aws:SourceIp", "::1/+9"),
        ("ArnLike", "aws:PrincipalArn", "arn:aws:iam::user"),
        ("Null", "aws:TagKeys", "maybe"),
    ];
    for (operator, key, value) in bad {
        let text = condition(&json!({ operator: { key: value } }));
        assert!(text.contains("\" is not "), "{operator} {value}: {text}");
        assert!(Policy::parse(&text).is_err());
    }
    assert!(
        condition(&json!({ "StringEquals": { "aws:username": null } })).contains("must be a text, a number")
    );
    assert!(
        condition(&json!({ "StringEquals": { "aws:username": [["x"]] } }))
            .contains("must be a text, a number")
    );
    assert!(
        condition(&json!({ "StringEquals": { "aws:username": [] } }))
            .contains("must have at least one value")
    );
}

#[test]
fn an_operator_must_fit_the_values_of_its_key() {
    let misfits = [
        ("IpAddress", "aws:username", "10.0.0.0/8", "a name"),
        ("NotIpAddress", "aws:CurrentTime", "10.0.0.0/8", "a date"),
        ("NumericEquals", "aws:CurrentTime", "1", "a date"),
        ("DateLessThan", "aws:SourceIp", "2026", "an address"),
        ("Bool", "aws:EpochTime", "true", "seconds since 1970"),
        ("ArnLike", "aws:SecureTransport", "arn:a:b:c:d:e", "true or false"),
        ("DateLessThan", "aws:PrincipalArn", "2026", "an ARN"),
    ];
    for (operator, key, value, what) in misfits {
        let text = condition(&json!({ operator: { key: value } }));
        assert!(text.ends_with(&format!("this operator cannot compare {what}")), "{text}");
    }
}

#[test]
fn keys_of_tags_need_a_set_operator() {
    let text = condition(&json!({ "StringEquals": { "aws:TagKeys": "team" } }));
    assert!(text.contains("put ForAllValues: or ForAnyValue: before the operator"), "{text}");
}

#[test]
fn a_policy_is_bounded_in_bytes_statements_and_values() {
    let good = r#"{"Statement":[]}"#;
    let longest = format!("{good}{}", " ".repeat(Policy::MAX_BYTES - good.len()));
    assert!(Policy::parse(&longest).is_ok());
    assert!(
        matches!(Policy::parse(&format!("{longest} ")), Err(PolicyError::TooLong { bytes }) if bytes == Policy::MAX_BYTES + 1)
    );
    let one = json!({ "Effect": "Deny", "Action": "*", "Resource": "*" });
    let statements = |count| json!({ "Statement": vec![one.clone(); count] }).to_string();
    assert!(Policy::parse(&statements(MAX_STATEMENTS)).is_ok());
    assert!(
        refusal(&statements(MAX_STATEMENTS + 1)).contains("Statement: has 257 elements; 256 are allowed")
    );
    assert!(
        statement(&json!({ "Action": vec!["ivs:A"; MAX_VALUES + 1] }))
            .contains("has 513 elements; 512 are allowed")
    );
}

#[test]
fn deep_nesting_is_an_error_and_no_overflow() {
    let text = format!("{{\"Statement\":{}", "[".repeat(Policy::MAX_BYTES - 20));
    assert!(refusal(&text).contains("recursion limit"));
}
