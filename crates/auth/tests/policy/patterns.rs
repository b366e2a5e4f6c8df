//! Wildcards in actions and resources.

use serde_json::json;

use super::{CHANNEL, allows, policy};

fn action(pattern: &str, action: &str) -> bool {
    allows(&policy(&json!({ "Effect": "Allow", "Action": pattern, "Resource": "*" })), action, CHANNEL)
}

fn resource(pattern: &str, resource: &str) -> bool {
    allows(
        &policy(&json!({ "Effect": "Allow", "Action": "*", "Resource": pattern })),
        "ivs:GetChannel",
        resource,
    )
}

#[test]
fn actions_are_the_same_in_any_case() {
    assert!(action("IVS:getchannel", "ivs:GetChannel"));
    assert!(action("ivs:GETC*", "ivs:GetChannel"));
    assert!(action("ivs:*CHANNEL", "ivs:GetChannel"));
}

#[test]
fn actions_take_wildcards_anywhere_in_the_name() {
    assert!(action("ivs:*", "ivs:GetChannel"));
    assert!(action("ivs:*Stream*", "ivs:GetStreamSession"));
    assert!(action("ivs:?etChannel", "ivs:GetChannel"));
    assert!(!action("ivs:?GetChannel", "ivs:GetChannel"));
    assert!(!action("ivs:Get", "ivs:GetChannel"));
    assert!(!action("ivs:*", "ivschat:GetRoom"), "the name of a service is whole");
}

#[test]
fn resources_are_different_in_another_case() {
    assert!(resource(CHANNEL, CHANNEL));
    assert!(!resource(&CHANNEL.replace("abcd", "ABCD"), CHANNEL));
}

#[test]
fn a_star_in_a_resource_crosses_colons_and_slashes() {
    assert!(resource("arn:aws:ivs:*channel/*", CHANNEL));
    assert!(resource("arn:aws:ivs:*1234", CHANNEL));
    assert!(resource("arn:*", CHANNEL));
    assert!(resource("arn:aws:ivs:eu-west-?:*:channel/????????????", CHANNEL));
    assert!(!resource("arn:aws:ivs:*:*:stream-key/*", CHANNEL));
    assert!(!resource("arn:aws:ivs:*:channel/", CHANNEL));
}

#[test]
fn a_star_takes_nothing_as_well() {
    assert!(resource(&format!("{CHANNEL}*"), CHANNEL));
    assert!(resource(&CHANNEL.replace("channel", "chan*nel**"), CHANNEL));
}

#[test]
fn a_question_mark_is_one_character_however_many_bytes_it_has() {
    assert!(resource("arn:x/?!", "arn:x/é!"));
    assert!(!resource("arn:x/??!", "arn:x/é!"));
}

#[test]
fn a_pattern_that_backtracks_badly_is_decided_all_the_same() {
    let pattern = format!("arn:{}b", "*a".repeat(2_000));
    assert!(!resource(&pattern, &format!("arn:{}", "a".repeat(4_000))));
    assert!(resource(&pattern, &format!("arn:{}b", "a".repeat(4_000))));
}

#[test]
fn stars_of_the_older_version_are_wildcards_and_variables_are_plain_text() {
    let text = json!({ "Version": "2008-10-17", "Statement":
        { "Effect": "Allow", "Action": "*", "Resource": "arn:aws:ivs:*:*:channel/${aws:username}" } });
    let policy = auth::policy::Policy::parse(&text.to_string()).expect("the older version is one");
    assert!(allows(&policy, "ivs:GetChannel", "arn:aws:ivs:a:b:channel/${aws:username}"));
    assert!(!policy.reads_context());
}
