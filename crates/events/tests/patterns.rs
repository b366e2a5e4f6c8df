//! Event patterns, as the service's documentation and its open matcher have them.
//!
//! Promise: each operator is shown with what it takes and what it leaves, and each refusal with its place.

use events::Pattern;
use proptest::prelude::*;
use serde_json::{Value, json};

fn event() -> Value {
    json!({
        "version": "0", "id": "1", "detail-type": "IVS Stream State Change", "source": "aws.ivs",
        "account": "123456789012", "time": "2026-11-21T15:00:00Z", "region": "us-east-1",
        "resources": ["arn:aws:ivs:us-east-1:123456789012:channel/abc"],
        "detail": {
            "event_name": "Stream Start", "channel_name": "", "limit_value": 8_500_000, "ratio": 0.5,
            "truth": true, "nothing": null, "empty": [], "address": "10.1.2.3", "six": "2001:db8::7",
            "path": "/var/lib/app/x.png", "list": ["a", "b", 3], "objects": [{"x": 1, "y": 2}, {"x": 3, "y": 4}],
        },
    })
}

fn parse(pattern: &Value) -> Pattern {
    Pattern::parse(&pattern.to_string()).unwrap_or_else(|error| panic!("{pattern}: {error}"))
}

fn matches(conditions: Value) -> bool {
    let mut pattern = json!({});
    pattern["detail"] = conditions;
    parse(&pattern).matches(&event())
}

#[test]
fn a_value_is_one_of_those_that_are_wanted() {
    assert!(matches(json!({"event_name": ["Stream End", "Stream Start"]})));
    assert!(!matches(json!({"event_name": ["stream start"]})));
    assert!(matches(json!({"limit_value": [8_500_000]})));
    assert!(matches(json!({"limit_value": [8.5e6]})), "a number is its value, however it is written");
    assert!(!matches(json!({"limit_value": ["8500000"]})), "a number is no text");
    assert!(matches(json!({"truth": [true]})) && !matches(json!({"truth": [1]})));
    assert!(matches(json!({"nothing": [null]})) && !matches(json!({"missing": [null]})));
    assert!(matches(json!({"channel_name": [""]})));
}

#[test]
fn all_members_have_to_fit_and_unnamed_ones_may_be_anything() {
    assert!(matches(json!({"event_name": ["Stream Start"], "truth": [true]})));
    assert!(!matches(json!({"event_name": ["Stream Start"], "truth": [false]})));
    assert!(parse(&json!({"source": ["aws.ivs"], "detail": {"truth": [true]}})).matches(&event()));
    assert!(!parse(&json!({"source": ["aws.s3"], "detail": {"truth": [true]}})).matches(&event()));
}

#[test]
fn of_an_array_one_member_is_enough() {
    assert!(matches(json!({"list": ["b"]})) && matches(json!({"list": [3]})));
    assert!(!matches(json!({"list": ["c"]})));
    let channel = json!({"resources": [{"suffix": ":channel/abc"}]});
    assert!(parse(&channel).matches(&event()));
}

#[test]
fn of_objects_in_an_array_one_alone_has_to_fit() {
    assert!(matches(json!({"objects": {"x": [3], "y": [4]}})));
    assert!(!matches(json!({"objects": {"x": [1], "y": [4]}})));
}

#[test]
fn texts_are_known_by_their_beginning_their_end_and_their_letters() {
    assert!(matches(json!({"event_name": [{"prefix": "Stream "}]})));
    assert!(!matches(json!({"event_name": [{"prefix": "stream "}]})));
    assert!(matches(json!({"event_name": [{"prefix": {"equals-ignore-case": "sTREAM "}}]})));
    assert!(matches(json!({"event_name": [{"suffix": "Start"}]})));
    assert!(matches(json!({"event_name": [{"suffix": {"equals-ignore-case": "START"}}]})));
    assert!(matches(json!({"event_name": [{"equals-ignore-case": "STREAM START"}]})));
    assert!(!matches(json!({"event_name": [{"equals-ignore-case": "STREAM"}]})));
    assert!(!matches(json!({"limit_value": [{"prefix": "8"}]})), "a number has no beginning");
}

#[test]
fn asterisks_stand_for_any_text() {
    for wanted in ["*", "/var/*.png", "*/lib/*", "/var/lib/app/x.png", "*x*", "/*/*/*/*"] {
        assert!(matches(json!({"path": [{"wildcard": wanted}]})), "{wanted}");
    }
    for unwanted in ["", "/var/*.jpg", "*/lob/*", "/var", "*x", "/*/*/*/*/*", "/var/lib/app/x.png.png"] {
        assert!(!matches(json!({"path": [{"wildcard": unwanted}]})), "{unwanted}");
    }
    let star = |wildcard: &str, text: &str| {
        parse(&json!({"a": [{"wildcard": wildcard}]})).matches(&json!({"a": text}))
    };
    assert!(star(r"a\*b", "a*b") && !star(r"a\*b", "axb"));
    assert!(star(r"a\\*", r"a\b") && !star(r"a\\*", "a*"));
    assert!(star("ab*ab", "abab") && !star("aba*ba", "aba"), "ends don't share letters");
}

#[test]
fn anything_but_wants_the_member_to_be_there() {
    assert!(matches(json!({"event_name": [{"anything-but": "Stream End"}]})));
    assert!(!matches(json!({"event_name": [{"anything-but": ["Stream End", "Stream Start"]}]})));
    assert!(!matches(json!({"missing": [{"anything-but": "x"}]})));
    assert!(matches(json!({"limit_value": [{"anything-but": [1, 2]}]})));
    assert!(!matches(json!({"limit_value": [{"anything-but": 8.5e6}]})));
    assert!(!matches(json!({"event_name": [{"anything-but": {"prefix": "Stream"}}]})));
    assert!(matches(json!({"event_name": [{"anything-but": {"suffix": ["End", "Failure"]}}]})));
    assert!(!matches(
        json!({"event_name": [{"anything-but": {"equals-ignore-case": ["x", "stream START"]}}]})
    ));
    assert!(!matches(json!({"path": [{"anything-but": {"wildcard": "*/lib/*"}}]})));
    assert!(
        matches(json!({"limit_value": [{"anything-but": {"prefix": "8"}}]})),
        "a number begins with nothing"
    );
}

#[test]
fn numbers_are_compared() {
    assert!(matches(json!({"limit_value": [{"numeric": [">", 0, "<=", 8_500_000]}]})));
    assert!(!matches(json!({"limit_value": [{"numeric": [">", 0, "<", 8_500_000]}]})));
    assert!(matches(json!({"ratio": [{"numeric": ["=", 5e-1]}]})));
    assert!(
        matches(json!({"ratio": [{"numeric": ["<", 1]}]}))
            && !matches(json!({"ratio": [{"numeric": [">=", 1]}]}))
    );
    assert!(!matches(json!({"channel_name": [{"numeric": ["=", 0]}]})));
}

#[test]
fn addresses_are_in_networks() {
    assert!(matches(json!({"address": [{"cidr": "10.1.0.0/16"}]})));
    assert!(!matches(json!({"address": [{"cidr": "10.2.0.0/16"}]})));
    assert!(matches(json!({"six": [{"cidr": "2001:db8::/32"}]})));
    assert!(!matches(json!({"six": [{"cidr": "0.0.0.0/0"}]})));
    assert!(!matches(json!({"path": [{"cidr": "0.0.0.0/0"}]})));
}

#[test]
fn leaves_are_there_or_not() {
    assert!(
        matches(json!({"nothing": [{"exists": true}]})) && !matches(json!({"missing": [{"exists": true}]}))
    );
    assert!(
        matches(json!({"missing": [{"exists": false}]})) && !matches(json!({"truth": [{"exists": false}]}))
    );
    assert!(matches(json!({"objects": [{"exists": false}]})), "an object is no leaf");
    assert!(matches(json!({"empty": [{"exists": false}]})), "an empty array has no leaf");
    assert!(parse(&json!({"nowhere": {"deep": [{"exists": false}]}})).matches(&event()));
    assert!(matches(json!({"code": [{"exists": false}, "x"]})), "or one of the others");
}

#[test]
fn one_of_several_objects_may_do() {
    let either = json!({"source": ["aws.ivs"], "$or": [
        {"detail": {"event_name": ["Stream End"]}},
        {"detail": {"limit_value": [{"numeric": [">", 1000]}]}, "region": ["us-east-1"]},
    ]});
    assert!(parse(&either).matches(&event()));
    let neither = json!({"detail": {"$or": [{"truth": [false]}, {"ratio": [1]}]}});
    assert!(!parse(&neither).matches(&event()));
}

#[test]
fn a_pattern_that_is_none_is_refused_with_the_place() {
    let refused = [
        ("", "an event pattern is JSON: EOF while parsing a value at line 1 column 0"),
        (
            "{\"a\": [1], \"a\": [2]}",
            "an event pattern is JSON: the member \"a\" stands twice in one object at line 1 column 20",
        ),
        ("[]", "the pattern is no object"),
        ("{}", "the pattern is an empty object: it would match everything"),
        (r#"{"a": {}}"#, "a is an empty object: it would match everything"),
        (r#"{"a": []}"#, "a is an empty array: nothing could match it"),
        (r#"{"a": "b"}"#, "a is neither an object nor an array"),
        (r#"{"a": [["b"]]}"#, "a[0] is an array in an array"),
        (r#"{"a": {"b": [1, {"sounds-like": "c"}]}}"#, "a.b[1].sounds-like is no operator that is known"),
        (r#"{"a": [{"prefix": "b", "suffix": "c"}]}"#, "a[0] has other than one operator"),
        (r#"{"a": [{}]}"#, "a[0] has other than one operator"),
        (r#"{"a": [{"prefix": 1}]}"#, "a[0].prefix is no text"),
        (r#"{"a": [{"wildcard": "a**"}]}"#, "a[0].wildcard has two asterisks side by side"),
        (r#"{"a": [{"exists": "yes"}]}"#, "a[0].exists is neither true nor false"),
        (r#"{"a": [{"cidr": "10.0.0.0"}]}"#, "a[0].cidr is no network such as 10.0.0.0/24 or 2001:db8::/32"),
        (r#"{"a": [{"numeric": [">"]}]}"#, "a[0].numeric ends without a number"),
        (
            r#"{"a": [{"numeric": ["~", 1]}]}"#,
            "a[0].numeric compares by something else than <, <=, =, >= or >",
        ),
        (r#"{"$or": [{"a": [1]}]}"#, "$or has fewer than two objects to choose from"),
    ];
    for (text, why) in refused {
        assert_eq!(Pattern::parse(text).map(drop).map_err(|error| error.to_string()), Err(why.to_owned()));
    }
    for text in [
        r#"{"a": [{"wildcard": "a\\b"}]}"#,
        r#"{"a": [{"numeric": ["<", 1, ">", 0]}]}"#,
        r#"{"a": [{"numeric": [">", 5, "<", 5]}]}"#,
        r#"{"a": [{"numeric": ["=", 5, "<", 6]}]}"#,
        r#"{"a": [{"numeric": ["=", 5000000001]}]}"#,
        r#"{"a": [{"anything-but": ["b", 1]}]}"#,
        r#"{"a": [{"anything-but": []}]}"#,
        r#"{"a": [{"anything-but": true}]}"#,
        r#"{"a": [{"anything-but": {"prefix": ""}}]}"#,
        r#"{"a": [{"anything-but": {"exists": true}}]}"#,
    ] {
        assert!(Pattern::parse(text).is_err(), "{text}");
    }
}

#[test]
fn a_pattern_has_at_most_as_many_bytes_as_the_service_takes() {
    let pattern = |length: usize| format!(r#"{{"a":["{}"]}}"#, "x".repeat(length - 10));
    assert_eq!(pattern(4096).len(), 4096);
    assert!(Pattern::parse(&pattern(4096)).is_ok());
    assert!(Pattern::parse(&pattern(4097)).is_err());
}

fn text() -> impl Strategy<Value = String> {
    "[ab*\\\\]{0,6}"
}

/// What wildcards mean, the slow way.
fn slow(pattern: &[char], text: &[char]) -> bool {
    match pattern {
        [] => text.is_empty(),
        ['*', rest @ ..] => (0..=text.len()).any(|skipped| slow(rest, &text[skipped..])),
        ['\\', sign, rest @ ..] | [sign, rest @ ..] => text.first() == Some(sign) && slow(rest, &text[1..]),
    }
}

proptest! {
    #[test]
    fn wildcards_mean_what_trying_everything_finds(wildcard in text(), text in text()) {
        let pattern = json!({"a": [{"wildcard": wildcard}]}).to_string();
        if let Ok(pattern) = Pattern::parse(&pattern) {
            let (signs, letters): (Vec<char>, Vec<char>) = (wildcard.chars().collect(), text.chars().collect());
            prop_assert_eq!(pattern.matches(&json!({"a": text})), slow(&signs, &letters));
        }
    }

    #[test]
    fn an_event_matches_the_pattern_of_its_own_values(key in "[a-z]{1,4}", text in ".{0,9}", number in any::<i64>()) {
        let event = json!({"top": {&key: text, "number": number}});
        let own = json!({"top": {&key: [text], "number": [number]}});
        if key != "number" {
            prop_assert!(parse(&own).matches(&event));
        }
    }

    #[test]
    fn no_text_makes_reading_a_pattern_fail_badly(text in ".{0,80}") {
        if let Err(error) = Pattern::parse(&text) {
            prop_assert!(!error.to_string().is_empty());
        }
    }
}
