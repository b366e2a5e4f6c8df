//! What a caller may do is what its key's policy says, for every operation.
//!
//! Promise: an operation without a case here fails the walk. The cases are a second reading of the vendor's
//! Service Authorization Reference, by hand, apart from the frame's own table.

use api::Route;
use api::ivs::Operation;
use bytes::Bytes;
use http::Request;
use http_body_util::Full;
use serde_json::{Value, json};

use crate::fake::{Answer, Keys, PEER, ask_with, served};
use crate::signer::Signer;

const CHANNEL: &str = "arn:aws:ivs:us-east-1:123456789012:channel/abc";
const ANOTHER: &str = "arn:aws:ivs:us-east-1:123456789012:channel/xyz";
const STREAM_KEY: &str = "arn:aws:ivs:us-east-1:123456789012:stream-key/abc";
const PLAYBACK_KEY: &str = "arn:aws:ivs:us-east-1:123456789012:playback-key/abc";
const RESTRICTION: &str = "arn:aws:ivs:us-east-1:123456789012:playback-restriction-policy/abc";
const RECORDING: &str = "arn:aws:ivs:us-east-1:123456789012:recording-configuration/abc";
const ROOM: &str = "arn:aws:ivschat:us-east-1:123456789012:room/abc";
const LOGGING: &str = "arn:aws:ivschat:us-east-1:123456789012:logging-configuration/abc";
const ANY_ROOM: &str = "arn:aws:ivschat:us-east-1:123456789012:room/*";
const ANY_LOGGING: &str = "arn:aws:ivschat:us-east-1:123456789012:logging-configuration/*";
const ANY_CHANNEL: &str = "arn:aws:ivs:us-east-1:123456789012:channel/*";
const ANY_STREAM_KEY: &str = "arn:aws:ivs:us-east-1:123456789012:stream-key/*";
const ANY_PLAYBACK_KEY: &str = "arn:aws:ivs:us-east-1:123456789012:playback-key/*";
const ANY_RESTRICTION: &str = "arn:aws:ivs:us-east-1:123456789012:playback-restriction-policy/*";
const ANY_RECORDING: &str = "arn:aws:ivs:us-east-1:123456789012:recording-configuration/*";

/// The channel as a path has it.
const PATH: &str = "/tags/arn%3Aaws%3Aivs%3Aus-east-1%3A123456789012%3Achannel%2Fabc";

/// The room as a path has it.
const ROOM_PATH: &str = "/tags/arn%3Aaws%3Aivschat%3Aus-east-1%3A123456789012%3Aroom%2Fabc";

/// A valid input of an operation, and the resources that it is about, in the order they are asked about.
struct Case {
    input: Value,
    about: &'static [&'static str],
}

fn case(operation: &str) -> Option<Case> {
    let case = |input, about| Some(Case { input, about });
    let arn = |arn: &'static str, about| case(json!({ "arn": arn }), about);
    let live = |more: Value| {
        let mut input = json!({ "channelArn": CHANNEL });
        input.as_object_mut()?.extend(more.as_object()?.clone());
        case(input, &[CHANNEL])
    };
    match operation {
        "BatchGetChannel" => case(json!({ "arns": [CHANNEL, ANOTHER] }), &[CHANNEL, ANOTHER]),
        "BatchGetStreamKey" => case(json!({ "arns": [STREAM_KEY] }), &[STREAM_KEY]),
        "BatchStartViewerSessionRevocation" => {
            let viewer = |arn| json!({ "channelArn": arn, "viewerId": "v" });
            case(json!({ "viewerSessions": [viewer(CHANNEL), viewer(ANOTHER)] }), &[CHANNEL, ANOTHER])
        }
        "CreateChannel" => case(json!({ "name": "a" }), &[ANY_CHANNEL, ANY_STREAM_KEY]),
        "CreatePlaybackRestrictionPolicy" => case(json!({}), &[ANY_RESTRICTION]),
        "CreateRecordingConfiguration" => {
            case(json!({ "destinationConfiguration": { "s3": { "bucketName": "abc" } } }), &[ANY_RECORDING])
        }
        "CreateStreamKey" => case(json!({ "channelArn": CHANNEL }), &[ANY_STREAM_KEY]),
        "DeleteChannel" => arn(CHANNEL, &[CHANNEL, ANY_STREAM_KEY]),
        "GetChannel" | "UpdateChannel" => arn(CHANNEL, &[CHANNEL]),
        "DeletePlaybackKeyPair" | "GetPlaybackKeyPair" => arn(PLAYBACK_KEY, &[PLAYBACK_KEY]),
        "DeletePlaybackRestrictionPolicy"
        | "GetPlaybackRestrictionPolicy"
        | "UpdatePlaybackRestrictionPolicy" => arn(RESTRICTION, &[RESTRICTION]),
        "DeleteRecordingConfiguration" | "GetRecordingConfiguration" => arn(RECORDING, &[RECORDING]),
        "DeleteStreamKey" | "GetStreamKey" => arn(STREAM_KEY, &[STREAM_KEY]),
        "GetStream" | "GetStreamSession" | "ListStreamSessions" | "StopStream" => live(json!({})),
        "PutMetadata" => live(json!({ "metadata": "x" })),
        "StartViewerSessionRevocation" => live(json!({ "viewerId": "v" })),
        "ImportPlaybackKeyPair" => case(json!({ "publicKeyMaterial": "x" }), &[ANY_PLAYBACK_KEY]),
        "ListChannels" | "ListStreams" => case(json!({}), &[ANY_CHANNEL]),
        "ListPlaybackKeyPairs" => case(json!({}), &[ANY_PLAYBACK_KEY]),
        "ListPlaybackRestrictionPolicies" => case(json!({}), &["*"]),
        "ListRecordingConfigurations" => case(json!({}), &[ANY_RECORDING]),
        "ListStreamKeys" => case(json!({ "channelArn": CHANNEL }), &[CHANNEL, ANY_STREAM_KEY]),
        "ListTagsForResource" | "UntagResource" => case(json!({}), &[CHANNEL]),
        "TagResource" => case(json!({ "tags": { "a": "b" } }), &[CHANNEL]),
        _ => None,
    }
}

fn chat_case(operation: &str) -> Option<Case> {
    let case = |input, about| Some(Case { input, about });
    let s3 = json!({ "s3": { "bucketName": "abc" } });
    match operation {
        "CreateChatToken" => case(json!({ "roomIdentifier": ROOM, "userId": "u" }), &[ROOM]),
        "CreateLoggingConfiguration" => case(json!({ "destinationConfiguration": s3 }), &[ANY_LOGGING]),
        "CreateRoom" => case(json!({ "loggingConfigurationIdentifiers": [LOGGING] }), &[ANY_ROOM]),
        "DeleteMessage" => case(json!({ "roomIdentifier": ROOM, "id": "abcdefghijkl" }), &[ROOM]),
        "DisconnectUser" => case(json!({ "roomIdentifier": ROOM, "userId": "u" }), &[ROOM]),
        "SendEvent" => case(json!({ "roomIdentifier": ROOM, "eventName": "e" }), &[ROOM]),
        "DeleteLoggingConfiguration" | "GetLoggingConfiguration" | "UpdateLoggingConfiguration" => {
            case(json!({ "identifier": LOGGING }), &[LOGGING])
        }
        "DeleteRoom" | "GetRoom" | "UpdateRoom" => case(json!({ "identifier": ROOM }), &[ROOM]),
        "ListLoggingConfigurations" => case(json!({}), &[ANY_LOGGING]),
        "ListRooms" => case(json!({ "loggingConfigurationIdentifier": LOGGING }), &[ANY_ROOM]),
        "ListTagsForResource" | "UntagResource" => case(json!({}), &[ROOM]),
        "TagResource" => case(json!({ "tags": { "a": "b" } }), &[ROOM]),
        _ => None,
    }
}

/// A policy of these statements.
fn policy(statements: &[Value]) -> String {
    json!({ "Version": "2012-10-17", "Statement": statements }).to_string()
}

fn statement(effect: &str, action: &str, resource: &Value) -> Value {
    json!({ "Effect": effect, "Action": action, "Resource": resource })
}

fn on(mut statement: Value, condition: Value) -> Value {
    statement["Condition"] = condition;
    statement
}

fn call(operation: Operation, input: &Value) -> Request<Full<Bytes>> {
    ask_for("ivs", operation.route(), input)
}

fn ask_for(service: &'static str, route: &Route, input: &Value) -> Request<Full<Bytes>> {
    let query = if route.query.is_empty() { "" } else { "?tagKeys=a&tagKeys=b" };
    let tagged = if service == "ivs" { PATH } else { ROOM_PATH };
    let uri = format!("{}{query}", route.path.replace("/tags/{resourceArn}", tagged));
    let body = if route.method == "POST" { input.to_string() } else { String::new() };
    Signer::of(service).sign(route.method.as_str(), &uri, &body)
}

/// What the holder of a key with these statements gets, and whether the operation was reached.
async fn held_to(statements: &[Value], request: Request<Full<Bytes>>) -> (Answer, bool) {
    ask_with(Keys::with(&policy(statements)), PEER, request).await
}

fn refused_text(action: &str, resource: &str, why: &str) -> String {
    let user = "arn:aws:iam::123456789012:user/somebody";
    format!("User: {user} is not authorized to perform: {action} on resource: {resource} {why}")
}

fn unmentioned(action: &str, resource: &str) -> String {
    let why = format!("because no identity-based policy allows the {action} action");
    refused_text(action, resource, &why)
}

#[track_caller]
fn assert_refused((answer, reached): &(Answer, bool), text: &str) {
    assert_eq!(answer.outcome(), (403, "AccessDeniedException"), "{text}");
    assert_eq!(answer.text(), text);
    assert!(!reached, "the operation was reached: {text}");
}

#[track_caller]
fn assert_reached((answer, reached): &(Answer, bool), what: &str) {
    assert!(reached, "{what}: {:?}", answer.body);
}

#[tokio::test]
async fn every_served_operation_is_done_only_when_the_policy_allows_it_on_each_of_its_resources() {
    for (service, route) in served() {
        let name = route.name;
        let action = format!("{service}:{name}");
        let case = if service == "ivs" { case(name) } else { chat_case(name) };
        let Some(Case { input, about }) = case else { panic!("{action} lacks an authorization case") };
        let request = || ask_for(service, route, &input);

        let exactly = statement("Allow", &action, &json!(about));
        assert_reached(&held_to(&[exactly], request()).await, name);

        assert_refused(&held_to(&[], request()).await, &unmentioned(&action, about[0]));
        let other_action = statement("Allow", "ivs:NoSuchThing", &json!("*"));
        assert_refused(&held_to(&[other_action], request()).await, &unmentioned(&action, about[0]));

        let all = statement("Allow", "*", &json!("*"));
        for resource in about {
            // Every name but this one; a name ending in `*` is itself a pattern, so it is left out by hand.
            let others: Vec<_> = about.iter().filter(|other| *other != resource).collect();
            let mut allowed = vec![statement("Allow", &action, &json!([format!("{CHANNEL}-not-this")]))];
            allowed.extend((!others.is_empty()).then(|| statement("Allow", &action, &json!(others))));
            assert_refused(&held_to(&allowed, request()).await, &unmentioned(&action, resource));

            let deny = statement("Deny", &action, &json!(resource));
            let denied = held_to(&[all.clone(), deny], request()).await;
            let first = if *resource == "*" { about[0] } else { resource };
            let why = "with an explicit deny in an identity-based policy";
            assert_refused(&denied, &refused_text(&action, first, why));
        }
    }
}

#[tokio::test]
async fn a_policy_is_asked_after_the_signature_and_the_bounds() {
    let bad = Signer::default().sign("POST", "/GetChannel", r#"{"arn": "nonsense"}"#);
    assert_eq!(held_to(&[], bad).await.0.outcome(), (400, "ValidationException"));
    let forged = Signer { secret: "another", ..Signer::default() };
    let forged = forged.sign("POST", "/GetChannel", &json!({ "arn": CHANNEL }).to_string());
    assert_eq!(held_to(&[], forged).await.0.outcome(), (403, "InvalidSignatureException"));
}

#[tokio::test]
async fn a_resource_of_another_account_is_refused_by_a_policy_that_names_ones_own() {
    let foreign = CHANNEL.replace("123456789012", "999999999999");
    let own = statement("Allow", "ivs:*", &json!("arn:aws:ivs:*:123456789012:*"));
    let answer = held_to(&[own], call(Operation::GetChannel, &json!({ "arn": foreign }))).await;
    assert_refused(&answer, &unmentioned("ivs:GetChannel", &foreign));
}

#[tokio::test]
async fn tags_on_what_is_created_need_their_own_permission() {
    let create = statement("Allow", "ivs:CreateChannel", &json!("*"));
    let tagged = || call(Operation::CreateChannel, &json!({ "tags": { "stage": "dev" } }));
    let answer = held_to(std::slice::from_ref(&create), tagged()).await;
    assert_refused(&answer, &unmentioned("ivs:TagResource", ANY_CHANNEL));
    let tag = statement("Allow", "ivs:TagResource", &json!(ANY_CHANNEL));
    assert_reached(&held_to(&[create.clone(), tag], tagged()).await, "both allowed");
    let none = call(Operation::CreateChannel, &json!({ "tags": {} }));
    assert_reached(&held_to(&[create], none).await, "no tags");
    let create = statement("Allow", "ivschat:CreateRoom", &json!("*"));
    let tagged = json!({ "tags": { "stage": "dev" } });
    let tagged = || ask_for("ivschat", api::ivschat::Operation::CreateRoom.route(), &tagged);
    let answer = held_to(std::slice::from_ref(&create), tagged()).await;
    assert_refused(&answer, &unmentioned("ivschat:TagResource", ANY_ROOM));
    let tag = statement("Allow", "ivschat:TagResource", &json!(ANY_ROOM));
    assert_reached(&held_to(&[create, tag], tagged()).await, "both allowed");
}

#[tokio::test]
async fn a_policy_for_one_service_says_nothing_about_the_other() {
    let streaming = [statement("Allow", "ivs:*", &json!("*"))];
    let list = api::ivschat::Operation::ListTagsForResource.route();
    let answer = held_to(&streaming, ask_for("ivschat", list, &json!({}))).await;
    assert_refused(&answer, &unmentioned("ivschat:ListTagsForResource", ROOM));
    let chat = [statement("Allow", "ivschat:*", &json!("*"))];
    let answer = held_to(&chat, call(Operation::ListTagsForResource, &json!({}))).await;
    assert_refused(&answer, &unmentioned("ivs:ListTagsForResource", CHANNEL));
}

#[tokio::test]
async fn conditions_read_the_tags_that_a_request_sets() {
    let dev = json!({ "StringEquals": { "aws:RequestTag/stage": "dev" } });
    let allow = [on(statement("Allow", "ivs:*", &json!("*")), dev)];
    let create = |stage| call(Operation::CreateChannel, &json!({ "tags": { "stage": stage } }));
    assert_reached(&held_to(&allow, create("dev")).await, "dev");
    assert_refused(&held_to(&allow, create("prod")).await, &unmentioned("ivs:CreateChannel", ANY_CHANNEL));
    // A member that the operation ignores is not a tag that it sets.
    let get = call(Operation::GetChannel, &json!({ "arn": CHANNEL, "tags": { "stage": "dev" } }));
    assert_refused(&held_to(&allow, get).await, &unmentioned("ivs:GetChannel", CHANNEL));
}

#[tokio::test]
async fn conditions_read_the_keys_of_all_tags_in_a_request() {
    let keys = |keys: &[&str]| {
        let condition = json!({ "ForAllValues:StringEquals": { "aws:TagKeys": keys } });
        [on(statement("Allow", "ivs:*", &json!("*")), condition)]
    };
    let untag = || call(Operation::UntagResource, &json!({}));
    assert_reached(&held_to(&keys(&["a", "b"]), untag()).await, "both keys are allowed");
    assert_refused(&held_to(&keys(&["a"]), untag()).await, &unmentioned("ivs:UntagResource", CHANNEL));
    let tag = |tags: Value| call(Operation::TagResource, &json!({ "tags": tags }));
    assert_reached(&held_to(&keys(&["a"]), tag(json!({ "a": "1" }))).await, "its key is allowed");
    let two = held_to(&keys(&["a"]), tag(json!({ "a": "1", "c": "2" }))).await;
    assert_refused(&two, &unmentioned("ivs:TagResource", CHANNEL));
}

#[tokio::test]
async fn conditions_read_the_tags_of_each_resource_of_ones_own() {
    let foreign = CHANNEL.replace("123456789012", "999999999999");
    let elsewhere = CHANNEL.replace("us-east-1", "eu-west-1");
    let dev = json!({ "StringEquals": { "aws:ResourceTag/stage": "dev" } });
    let text = policy(&[on(statement("Allow", "ivs:*", &json!("*")), dev)]);
    let keys = || {
        let tags = [("stage", "dev")];
        Keys::with(&text).and(CHANNEL, &tags).and(&foreign, &tags).and(&elsewhere, &tags)
    };
    let get = |arn: &str| call(Operation::GetChannel, &json!({ "arn": arn }));
    assert_reached(&ask_with(keys(), PEER, get(CHANNEL)).await, "tagged");
    for arn in [ANOTHER, &foreign, &elsewhere] {
        assert_refused(&ask_with(keys(), PEER, get(arn)).await, &unmentioned("ivs:GetChannel", arn));
    }
    let batch = call(Operation::BatchGetChannel, &json!({ "arns": [CHANNEL, ANOTHER] }));
    assert_refused(&ask_with(keys(), PEER, batch).await, &unmentioned("ivs:BatchGetChannel", ANOTHER));
}

#[tokio::test]
async fn a_call_whose_tags_cannot_be_read_is_not_done() {
    let away = CHANNEL.replace("abc", "away");
    let prod = json!({ "StringEquals": { "aws:ResourceTag/stage": "prod" } });
    let all = statement("Allow", "*", &json!("*"));
    let but = on(statement("Deny", "ivs:DeleteChannel", &json!("*")), prod);
    let (answer, reached) =
        held_to(&[all, but], call(Operation::DeleteChannel, &json!({ "arn": away }))).await;
    assert_eq!(answer.outcome(), (503, "ServiceUnavailable"));
    assert!(!reached);
}

#[tokio::test]
async fn conditions_read_where_from_and_how_a_request_came() {
    let near = json!({ "IpAddress": { "aws:SourceIp": "203.0.113.0/24" }, "Bool": { "aws:SecureTransport": "true" } });
    let text = policy(&[on(statement("Allow", "*", &json!("*")), near)]);
    let list = || call(Operation::ListChannels, &json!({}));
    for (ip, secure, allowed) in [
        ("203.0.113.7", true, true),
        ("::ffff:203.0.113.7", true, true),
        ("203.0.113.7", false, false),
        ("198.51.100.7", true, false),
        ("2001:db8::7", true, false),
    ] {
        let peer = api::Peer { ip: ip.parse().expect("an address"), secure };
        assert_eq!(ask_with(Keys::with(&text), peer, list()).await.1, allowed, "{ip} {secure}");
    }
}

#[tokio::test]
async fn conditions_read_the_servers_clock_and_the_callers_name() {
    for (until, allowed) in [("2015-08-30T12:36:01Z", true), ("2015-08-30T12:36:00Z", false)] {
        let early = json!({ "DateLessThan": { "aws:CurrentTime": until } });
        let allow = on(statement("Allow", "*", &json!("*")), early);
        let answer = held_to(&[allow], call(Operation::ListChannels, &json!({}))).await;
        assert_eq!(answer.1, allowed, "{until}");
    }
    for (name, allowed) in [("somebody", true), ("else", false)] {
        let named = json!({ "StringEquals": { "aws:username": name } });
        let allow = on(statement("Allow", "*", &json!("*")), named);
        let answer = held_to(&[allow], call(Operation::ListChannels, &json!({}))).await;
        assert_eq!(answer.1, allowed, "{name}");
    }
}

#[tokio::test]
async fn every_condition_key_that_a_policy_may_name_has_a_value() {
    for key in auth::policy::KEYS {
        let tag = if key.is_tag() { "a" } else { "" };
        let there = json!({ "Null": { format!("{}{tag}", key.name): "false" } });
        let text = policy(&[on(statement("Allow", "*", &json!("*")), there)]);
        let keys = Keys::with(&text).and(CHANNEL, &[("a", "b")]);
        let tag = call(Operation::TagResource, &json!({ "tags": { "a": "b" } }));
        assert_reached(&ask_with(keys, PEER, tag).await, key.name);
    }
}
