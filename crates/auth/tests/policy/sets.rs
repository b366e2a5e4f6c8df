//! `ForAllValues:` and `ForAnyValue:` over the keys of tags.

use serde_json::json;

use super::{conditioned, context, decide, holds};

const KEYS: &str = "aws:TagKeys";

#[test]
fn for_all_values_needs_each_value_to_match_one() {
    let condition = json!({ "ForAllValues:StringEquals": { KEYS: ["team", "stage"] } });
    assert!(holds(&condition, &[(KEYS, &["team"])]));
    assert!(holds(&condition, &[(KEYS, &["team", "stage"])]));
    assert!(!holds(&condition, &[(KEYS, &["team", "owner"])]));
    assert!(!holds(&condition, &[(KEYS, &["Team"])]), "values keep their case");
}

#[test]
fn for_all_values_is_true_of_no_values() {
    let condition = json!({ "ForAllValues:StringEquals": { KEYS: "team" } });
    assert!(holds(&condition, &[]));
    assert!(holds(&condition, &[(KEYS, &[])]));
    assert!(holds(&condition, &[(KEYS, &[""])]), "an empty text is a null data set");
    assert!(!holds(&condition, &[(KEYS, &["", "x"])]));
    let negated = json!({ "ForAllValues:StringNotLike": { KEYS: "*" } });
    assert!(holds(&negated, &[]));
}

#[test]
fn a_null_check_closes_what_for_all_values_leaves_open() {
    let condition = json!({ "ForAllValues:StringEquals": { KEYS: "team" }, "Null": { KEYS: "false" } });
    assert!(holds(&condition, &[(KEYS, &["team"])]));
    assert!(!holds(&condition, &[]));
    assert!(!holds(&condition, &[(KEYS, &[""])]));
}

#[test]
fn for_any_value_needs_one_value_to_match_one() {
    let condition = json!({ "ForAnyValue:StringLike": { KEYS: ["team", "cost*"] } });
    assert!(holds(&condition, &[(KEYS, &["owner", "costcenter"])]));
    assert!(!holds(&condition, &[(KEYS, &["owner", "stage"])]));
    assert!(!holds(&condition, &[]));
    assert!(!holds(&json!({ "ForAnyValue:StringEquals": { KEYS: "" } }), &[(KEYS, &[""])]));
}

#[test]
fn negated_sets_ask_each_value_or_one_to_match_none() {
    let all = json!({ "ForAllValues:StringNotEquals": { KEYS: ["owner", "stage"] } });
    assert!(holds(&all, &[(KEYS, &["team", "cost"])]));
    assert!(!holds(&all, &[(KEYS, &["team", "owner"])]));
    let any = json!({ "ForAnyValue:StringNotEquals": { KEYS: ["owner", "stage"] } });
    assert!(holds(&any, &[(KEYS, &["team", "owner"])]));
    assert!(!holds(&any, &[(KEYS, &["stage", "owner"])]));
    assert!(!holds(&any, &[]), "no value is there to differ");
}

#[test]
fn if_exists_passes_a_missing_key_in_sets_too() {
    assert!(holds(&json!({ "ForAnyValue:StringEqualsIfExists": { KEYS: "team" } }), &[]));
    assert!(!holds(&json!({ "ForAnyValue:StringEqualsIfExists": { KEYS: "team" } }), &[(KEYS, &["x"])]));
}

#[test]
fn sets_of_truths_and_arns_work_alike() {
    assert!(holds(
        &json!({ "ForAnyValue:Bool": { "aws:SecureTransport": true } }),
        &[("aws:SecureTransport", &["true"])]
    ));
    let arns = json!({ "ForAllValues:ArnLike": { "aws:RequestTag/of": ["arn:a:b:c:d:e/*"] } });
    assert!(holds(&arns, &[("aws:RequestTag/of", &["arn:a:b:c:d:e/1"])]));
    assert!(!holds(&arns, &[("aws:RequestTag/of", &["arn:a:b:c:x:e/1"])]));
}

/// The guide's own table of one policy ("Condition operators", example with `ForAnyValue`).
#[test]
fn tagging_with_one_key_and_two_values_is_decided_as_the_guide_tables_it() {
    const TAG: &str = "aws:RequestTag/environment";
    type Values = &'static [(&'static str, &'static [&'static str])];
    let policy = conditioned(&json!({
        "StringEqualsIgnoreCase": { TAG: ["preprod", "storage"] },
        "ForAnyValue:StringEquals": { KEYS: "environment" },
    }));
    let table: [(Values, bool); 7] = [
        (&[(KEYS, &["environment"]), (TAG, &["preprod"])], true),
        (&[(KEYS, &["environment", "costcenter"]), (TAG, &["PreProd"])], true),
        (&[(KEYS, &["Environment"]), ("aws:RequestTag/Environment", &["preprod"])], false),
        (&[(KEYS, &["costcenter"]), (TAG, &["preprod"])], false),
        (&[(TAG, &["storage"])], false),
        (&[(KEYS, &["environment"])], false),
        (&[], false),
    ];
    for (values, want) in table {
        let decision = decide(&policy, "ivs:TagResource", "*", &context(values));
        assert_eq!(decision.is_allowed(), want, "{values:?}");
    }
}
