//! Each condition operator, with the key there, missing and of another kind.

use serde_json::{Value, json};

use super::{context, decide, holds, policy};

const TEAM: &str = "aws:ResourceTag/team";

/// Each: the condition, the request's values, and whether it holds.
type Case = (Value, &'static [(&'static str, &'static [&'static str])], bool);

fn all(cases: Vec<Case>) {
    for (condition, values, want) in cases {
        assert_eq!(holds(&condition, values), want, "{condition} of {values:?}");
    }
}

#[test]
fn strings_are_compared_whole() {
    all(vec![
        (json!({ "StringEquals": { TEAM: "blue" } }), &[(TEAM, &["blue"])], true),
        (json!({ "StringEquals": { TEAM: "blue" } }), &[(TEAM, &["Blue"])], false),
        (json!({ "StringEquals": { TEAM: ["red", "blue"] } }), &[(TEAM, &["blue"])], true),
        (json!({ "StringEquals": { TEAM: "b*" } }), &[(TEAM, &["blue"])], false),
        (json!({ "StringEquals": { TEAM: "b*" } }), &[(TEAM, &["b*"])], true),
        (json!({ "StringEquals": { TEAM: "" } }), &[(TEAM, &[""])], true),
        (json!({ "StringEqualsIgnoreCase": { TEAM: "BLÜE" } }), &[(TEAM, &["blüe"])], true),
        (json!({ "StringEqualsIgnoreCase": { TEAM: "blue" } }), &[(TEAM, &["blues"])], false),
        (json!({ "StringLike": { TEAM: "b?u*" } }), &[(TEAM, &["blue"])], true),
        (json!({ "StringLike": { TEAM: "B*" } }), &[(TEAM, &["blue"])], false),
        (json!({ "StringLike": { TEAM: "*" } }), &[(TEAM, &[""])], true),
        (json!({ "StringLike": { TEAM: "?*" } }), &[(TEAM, &[""])], false),
    ]);
}

#[test]
fn negated_strings_must_differ_from_every_value_listed() {
    all(vec![
        (json!({ "StringNotEquals": { TEAM: ["red", "blue"] } }), &[(TEAM, &["blue"])], false),
        (json!({ "StringNotEquals": { TEAM: ["red", "blue"] } }), &[(TEAM, &["green"])], true),
        (json!({ "StringNotEqualsIgnoreCase": { TEAM: "BLUE" } }), &[(TEAM, &["blue"])], false),
        (json!({ "StringNotLike": { TEAM: ["r*", "b*"] } }), &[(TEAM, &["blue"])], false),
        (json!({ "StringNotLike": { TEAM: "r*" } }), &[(TEAM, &["blue"])], true),
    ]);
}

#[test]
fn a_missing_key_fails_what_must_match_and_passes_what_must_not() {
    let operators = [
        ("StringEquals", "x"),
        ("StringEqualsIgnoreCase", "x"),
        ("StringLike", "*"),
        ("NumericEquals", "1"),
        ("NumericLessThan", "1"),
        ("DateGreaterThan", "2020"),
        ("Bool", "false"),
        ("IpAddress", "0.0.0.0/0"),
        ("ArnLike", "arn:*:*:*:*:*"),
    ];
    for (operator, value) in operators {
        assert!(!holds(&json!({ operator: { TEAM: value } }), &[]), "{operator}");
        assert!(holds(&json!({ format!("{operator}IfExists"): { TEAM: value } }), &[]), "{operator}IfExists");
    }
    let negated = [
        ("StringNotEquals", "x"),
        ("StringNotEqualsIgnoreCase", "x"),
        ("StringNotLike", "*"),
        ("NumericNotEquals", "1"),
        ("DateNotEquals", "2020"),
        ("NotIpAddress", "0.0.0.0/0"),
        ("ArnNotEquals", "arn:*:*:*:*:*"),
        ("ArnNotLike", "arn:*:*:*:*:*"),
    ];
    for (operator, value) in negated {
        assert!(holds(&json!({ operator: { TEAM: value } }), &[]), "{operator}");
        assert!(holds(&json!({ format!("{operator}IfExists"): { TEAM: value } }), &[]), "{operator}IfExists");
    }
}

#[test]
fn if_exists_compares_a_key_that_is_there() {
    all(vec![
        (json!({ "StringLikeIfExists": { TEAM: ["t1.*", "t2.*"] } }), &[(TEAM, &["t1.micro"])], true),
        (json!({ "StringLikeIfExists": { TEAM: ["t1.*", "t2.*"] } }), &[(TEAM, &["m2.micro"])], false),
        (json!({ "StringNotEqualsIfExists": { TEAM: "x" } }), &[(TEAM, &["x"])], false),
    ]);
}

#[test]
fn a_deny_with_a_negated_if_exists_denies_where_the_key_is_missing() {
    let policy = policy(&json!([
        { "Effect": "Allow", "Action": "*", "Resource": "*" },
        { "Effect": "Deny", "Action": "*", "Resource": "*",
          "Condition": { "StringNotEqualsIfExists": { TEAM: "blue" } } },
    ]));
    assert!(!decide(&policy, "ivs:GetChannel", "*", &context(&[])).is_allowed());
    assert!(decide(&policy, "ivs:GetChannel", "*", &context(&[(TEAM, &["blue"])])).is_allowed());
}

#[test]
fn operators_and_keys_must_all_hold_and_one_value_of_each() {
    let condition = json!({
        "StringEquals": { TEAM: ["blue", "red"], "aws:username": "ann" },
        "IpAddress": { "aws:SourceIp": "203.0.113.0/24" },
    });
    let with = |team, name, address| {
        holds(&condition, &[(TEAM, &[team]), ("aws:username", &[name]), ("aws:SourceIp", &[address])])
    };
    assert!(with("red", "ann", "203.0.113.9"));
    assert!(!with("green", "ann", "203.0.113.9"));
    assert!(!with("red", "bob", "203.0.113.9"));
    assert!(!with("red", "ann", "198.51.100.9"));
}

#[test]
fn numbers_are_compared_by_value() {
    all(vec![
        (json!({ "NumericEquals": { TEAM: 10 } }), &[(TEAM, &["10.0"])], true),
        (json!({ "NumericEquals": { TEAM: ["9", "10"] } }), &[(TEAM, &["10"])], true),
        (json!({ "NumericNotEquals": { TEAM: ["9", "10"] } }), &[(TEAM, &["10"])], false),
        (json!({ "NumericLessThan": { TEAM: "10" } }), &[(TEAM, &["9.5"])], true),
        (json!({ "NumericLessThan": { TEAM: "10" } }), &[(TEAM, &["10"])], false),
        (json!({ "NumericLessThanEquals": { TEAM: "10" } }), &[(TEAM, &["10"])], true),
        (json!({ "NumericGreaterThan": { TEAM: -1.5 } }), &[(TEAM, &["-1"])], true),
        (json!({ "NumericGreaterThanEquals": { TEAM: "10" } }), &[(TEAM, &["9"])], false),
        (json!({ "NumericLessThan": { TEAM: "10" } }), &[(TEAM, &["few"])], false),
        (json!({ "NumericLessThan": { TEAM: "10" } }), &[(TEAM, &["-inf"])], false),
        (json!({ "NumericNotEquals": { TEAM: "10" } }), &[(TEAM, &["few"])], true),
    ]);
}

#[test]
fn dates_are_compared_as_points_in_time() {
    const NOW: &str = "aws:CurrentTime";
    all(vec![
        (
            json!({ "DateGreaterThan": { NOW: "2026-01-31T12:00:00Z" } }),
            &[(NOW, &["2026-01-31T12:00:01Z"])],
            true,
        ),
        (
            json!({ "DateGreaterThan": { NOW: "2026-01-31T12:00:00Z" } }),
            &[(NOW, &["2026-01-31T12:00:00Z"])],
            false,
        ),
        (
            json!({ "DateGreaterThanEquals": { NOW: "2026-01-31T12:00:00Z" } }),
            &[(NOW, &["2026-01-31T13:00:00+01:00"])],
            true,
        ),
        (
            json!({ "DateLessThan": { NOW: "2026-01-31T12:00:00.5Z" } }),
            &[(NOW, &["2026-01-31T12:00:00.499Z"])],
            true,
        ),
        (json!({ "DateLessThanEquals": { NOW: "2026" } }), &[(NOW, &["2026-01-01T00:00:00Z"])], true),
        (json!({ "DateLessThan": { NOW: "2026-02" } }), &[(NOW, &["2026-01-31T23:59:59Z"])], true),
        (json!({ "DateEquals": { NOW: "2026-01-31" } }), &[(NOW, &["2026-01-31T00:00Z"])], true),
        (json!({ "DateNotEquals": { NOW: "2026-01-31" } }), &[(NOW, &["2026-01-31T00:00Z"])], false),
        (json!({ "DateEquals": { NOW: 1_769_860_800 } }), &[(NOW, &["2026-01-31T12:00:00Z"])], true),
        (
            json!({ "DateLessThan": { "aws:EpochTime": "2026-01-31T12:00:01Z" } }),
            &[("aws:EpochTime", &["1769860800"])],
            true,
        ),
        (
            json!({ "NumericLessThan": { "aws:EpochTime": 1_769_860_801 } }),
            &[("aws:EpochTime", &["1769860800"])],
            true,
        ),
        (json!({ "DateLessThan": { NOW: "2030" } }), &[(NOW, &["soon"])], false),
        (json!({ "DateNotEquals": { NOW: "2030" } }), &[(NOW, &["soon"])], true),
    ]);
}

#[test]
fn addresses_are_looked_for_in_ranges() {
    const FROM: &str = "aws:SourceIp";
    all(vec![
        (json!({ "IpAddress": { FROM: "203.0.113.0/24" } }), &[(FROM, &["203.0.113.1"])], true),
        (json!({ "IpAddress": { FROM: "203.0.113.0/24" } }), &[(FROM, &["198.51.100.1"])], false),
        (json!({ "IpAddress": { FROM: "203.0.113.7" } }), &[(FROM, &["203.0.113.7"])], true),
        (json!({ "IpAddress": { FROM: "203.0.113.7" } }), &[(FROM, &["203.0.113.8"])], false),
        (
            json!({ "IpAddress": { FROM: ["203.0.113.0/24", "2001:DB8:1234:5678::/64"] } }),
            &[(FROM, &["2001:db8:1234:5678::9"])],
            true,
        ),
        (
            json!({ "IpAddress": { FROM: "2001:DB8:1234:5678::/64" } }),
            &[(FROM, &["2001:db8:1234:5679::9"])],
            false,
        ),
        (json!({ "IpAddress": { FROM: "0.0.0.0/0" } }), &[(FROM, &["255.1.2.3"])], true),
        (json!({ "IpAddress": { FROM: "0.0.0.0/0" } }), &[(FROM, &["::1"])], false),
        (json!({ "IpAddress": { FROM: "::/0" } }), &[(FROM, &["fe80::1"])], true),
        (json!({ "IpAddress": { FROM: "203.0.113.0/24" } }), &[(FROM, &["::ffff:203.0.113.1"])], true),
        (
            json!({ "NotIpAddress": { FROM: ["203.0.113.0/24", "10.0.0.0/8"] } }),
            &[(FROM, &["10.1.1.1"])],
            false,
        ),
        (json!({ "NotIpAddress": { FROM: "203.0.113.0/24" } }), &[(FROM, &["10.1.1.1"])], true),
        (json!({ "IpAddress": { FROM: "0.0.0.0/0" } }), &[(FROM, &["nowhere"])], false),
        (json!({ "StringLike": { FROM: "10.*" } }), &[(FROM, &["10.1.1.1"])], true),
    ]);
}

#[test]
fn truths_are_the_same_in_any_case() {
    const TLS: &str = "aws:SecureTransport";
    all(vec![
        (json!({ "Bool": { TLS: "false" } }), &[(TLS, &["false"])], true),
        (json!({ "Bool": { TLS: true } }), &[(TLS, &["TRUE"])], true),
        (json!({ "Bool": { TLS: "False" } }), &[(TLS, &["true"])], false),
        (json!({ "Bool": { TLS: ["true", "false"] } }), &[(TLS, &["true"])], true),
        (json!({ "Bool": { TLS: "false" } }), &[(TLS, &["no"])], false),
    ]);
}

#[test]
fn arns_are_compared_part_by_part() {
    const WHO: &str = "aws:PrincipalArn";
    const FINANCE: &str = "arn:aws:some:*:111122223333:finance/*";
    all(vec![
        (
            json!({ "ArnLike": { WHO: FINANCE } }),
            &[(WHO, &["arn:aws:some:us-east-2:111122223333:finance/a"])],
            true,
        ),
        (
            json!({ "ArnEquals": { WHO: FINANCE } }),
            &[(WHO, &["arn:aws:some:us-east-2:111122223333:finance/a:b"])],
            true,
        ),
        (
            json!({ "ArnLike": { WHO: FINANCE } }),
            &[(WHO, &["arn:aws:some:us-east-2:999999999999:store/abc:111122223333:finance/document.txt"])],
            false,
        ),
        (
            json!({ "StringLike": { WHO: FINANCE } }),
            &[(WHO, &["arn:aws:some:us-east-2:999999999999:store/abc:111122223333:finance/document.txt"])],
            true,
        ),
        (
            json!({ "ArnNotLike": { WHO: FINANCE } }),
            &[(WHO, &["arn:aws:some:us-east-2:111122223333:finance/a"])],
            false,
        ),
        (
            json!({ "ArnNotEquals": { WHO: FINANCE } }),
            &[(WHO, &["arn:aws:some:us-east-2:111122223333:sales/a"])],
            true,
        ),
        (json!({ "ArnLike": { WHO: "arn:*:*:*:*:*" } }), &[(WHO, &["not an arn"])], false),
    ]);
}

#[test]
fn null_asks_whether_a_key_is_there() {
    all(vec![
        (json!({ "Null": { TEAM: "true" } }), &[], true),
        (json!({ "Null": { TEAM: "true" } }), &[(TEAM, &["x"])], false),
        (json!({ "Null": { TEAM: false } }), &[(TEAM, &["x"])], true),
        (json!({ "Null": { TEAM: false } }), &[], false),
        (json!({ "Null": { TEAM: false } }), &[(TEAM, &[""])], false),
        (json!({ "Null": { "aws:TagKeys": "false" } }), &[("aws:TagKeys", &["a", "b"])], true),
    ]);
}

#[test]
fn keys_are_the_same_in_any_case_and_values_are_not() {
    all(vec![
        (json!({ "StringEquals": { "AWS:resourceTag/TEAM": "blue" } }), &[(TEAM, &["blue"])], true),
        (
            json!({ "StringEquals": { "aws:ResourceTag/GRÖSSE": "l" } }),
            &[("aws:ResourceTag/größe", &["l"])],
            false,
        ),
        (json!({ "StringEquals": { "aws:ResourceTag/ÄÖ": "l" } }), &[("aws:ResourceTag/äö", &["l"])], true),
    ]);
}

#[test]
fn two_tags_that_differ_in_case_only_match_no_single_value() {
    let values: &[(&str, &[&str])] =
        &[("aws:ResourceTag/team", &["blue"]), ("aws:ResourceTag/Team", &["red"])];
    assert!(!holds(&json!({ "StringEquals": { TEAM: "blue" } }), values));
    assert!(!holds(&json!({ "StringEquals": { TEAM: "red" } }), values));
    assert!(
        holds(&json!({ "StringNotEquals": { TEAM: "blue" } }), values),
        "so a deny unless it is blue denies"
    );
    assert!(!holds(&json!({ "StringEqualsIfExists": { TEAM: "blue" } }), values));
}

#[test]
fn an_empty_condition_block_asks_nothing() {
    assert!(holds(&json!({}), &[]));
}
