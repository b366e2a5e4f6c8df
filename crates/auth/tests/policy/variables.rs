//! Policy variables in resources and conditions.

use serde_json::{Value, json};

use super::{context, decide, holds, policy};

/// Whether a policy with this resource allows that one to the caller `name`.
fn resource(pattern: &str, asked: &str, values: &[(&str, &[&str])]) -> bool {
    let policy = policy(&json!({ "Effect": "Allow", "Action": "*", "Resource": pattern }));
    decide(&policy, "ivs:GetChannel", asked, &context(values)).is_allowed()
}

const ANN: &[(&str, &[&str])] = &[("aws:username", &["ann"])];

#[test]
fn a_variable_stands_for_its_value_in_a_resource() {
    let pattern = "arn:aws:ivs:*:*:channel/${aws:username}-*";
    assert!(resource(pattern, "arn:aws:ivs:r:1:channel/ann-1", ANN));
    assert!(!resource(pattern, "arn:aws:ivs:r:1:channel/bob-1", ANN));
    assert!(resource("arn:aws:ivs:*:*:channel/${AWS:UserName}", "arn:aws:ivs:r:1:channel/ann", ANN));
}

#[test]
fn a_variable_stands_for_its_value_in_conditions_on_texts_and_arns() {
    const OWNER: &str = "aws:ResourceTag/owner";
    let owned = |condition: Value, owner| holds(&condition, &[ANN[0], (OWNER, &[owner])]);
    assert!(owned(json!({ "StringEquals": { OWNER: "${aws:username}" } }), "ann"));
    assert!(!owned(json!({ "StringEquals": { OWNER: "${aws:username}" } }), "bob"));
    assert!(owned(json!({ "StringNotEquals": { OWNER: "${aws:username}" } }), "bob"));
    assert!(owned(json!({ "StringLike": { OWNER: ["x", "${aws:username}/*"] } }), "ann/1"));
    assert!(owned(json!({ "StringEqualsIgnoreCase": { OWNER: "${aws:username}" } }), "ANN"));
    assert!(owned(
        json!({ "ArnLike": { OWNER: "arn:aws:iam:*:*:user/${aws:username}" } }),
        "arn:aws:iam::1:user/ann"
    ));
    assert!(!owned(
        json!({ "ArnLike": { OWNER: "arn:aws:iam:*:*:user/${aws:username}" } }),
        "arn:aws:iam::1:user/bob"
    ));
}

#[test]
fn wildcards_in_a_value_are_plain_characters() {
    let star: &[(&str, &[&str])] = &[("aws:username", &["*"])];
    assert!(!resource("arn:aws:ivs:*:*:channel/${aws:username}", "arn:aws:ivs:r:1:channel/ann", star));
    assert!(resource("arn:aws:ivs:*:*:channel/${aws:username}", "arn:aws:ivs:r:1:channel/*", star));
    let nested: &[(&str, &[&str])] = &[("aws:username", &["${aws:username}"])];
    assert!(resource("arn:a:b:c:d:${aws:username}", "arn:a:b:c:d:${aws:username}", nested));
}

#[test]
fn a_statement_with_a_variable_without_a_value_says_nothing() {
    assert!(!resource("arn:aws:ivs:*:*:channel/${aws:username}", "arn:aws:ivs:r:1:channel/", &[]));
    assert!(
        !holds(
            &json!({ "StringLike": { "aws:ResourceTag/a": ["home/", "home/${aws:username}/"] } }),
            &[("aws:ResourceTag/a", &["home/"])]
        ),
        "the other values do not help"
    );
    assert!(!holds(&json!({ "StringNotEquals": { "aws:ResourceTag/a": "${aws:username}" } }), &[]));
    let except = policy(&json!({
        "Effect": "Allow", "Action": "*", "NotResource": "arn:aws:ivs:*:*:channel/${aws:username}"
    }));
    assert!(!decide(&except, "ivs:GetChannel", "*", &context(&[])).is_allowed());
}

#[test]
fn a_key_with_two_values_is_no_variable() {
    let two: &[(&str, &[&str])] = &[("aws:RequestTag/a", &["x"]), ("aws:RequestTag/A", &["y"])];
    for pattern in ["arn:a:b:c:d:${aws:RequestTag/a}", "arn:a:b:c:d:${aws:RequestTag/a, 'x'}"] {
        assert!(!resource(pattern, "arn:a:b:c:d:x", two));
        assert!(!resource(pattern, "arn:a:b:c:d:y", two));
    }
}

#[test]
fn if_exists_does_not_ask_for_the_variable_when_its_key_is_missing() {
    let condition = json!({ "StringEqualsIfExists": { "aws:ResourceTag/owner": "${aws:RequestTag/who}" } });
    assert!(holds(&condition, &[]));
    assert!(!holds(&condition, &[("aws:ResourceTag/owner", &["ann"])]));
}

#[test]
fn a_default_stands_in_for_a_missing_value() {
    let pattern = "arn:aws:ivs:*:*:channel/${aws:username, 'no one'}";
    assert!(resource(pattern, "arn:aws:ivs:r:1:channel/no one", &[]));
    assert!(resource(pattern, "arn:aws:ivs:r:1:channel/ann", ANN));
    assert!(!resource(pattern, "arn:aws:ivs:r:1:channel/no one", ANN));
}

#[test]
fn special_characters_have_variables_of_their_own() {
    let pattern = "arn:aws:ivs:*:*:x/${*}${?}${$}*";
    assert!(resource(pattern, "arn:aws:ivs:r:1:x/*?$abc", &[]));
    assert!(!resource(pattern, "arn:aws:ivs:r:1:x/abc", &[]));
    assert!(holds(
        &json!({ "StringEquals": { "aws:ResourceTag/a": "${$}{x}$" } }),
        &[("aws:ResourceTag/a", &["${x}$"])]
    ));
}

#[test]
fn tags_with_spaces_and_marks_are_variables_too() {
    let values: &[(&str, &[&str])] = &[("aws:RequestTag/cost center:a+b=c@d/e.f_g-h", &["7"])];
    assert!(resource("arn:a:b:c:d:${aws:RequestTag/cost center:a+b=c@d/e.f_g-h}", "arn:a:b:c:d:7", values));
}
