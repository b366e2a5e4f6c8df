//! What the ready-made policies let a key do.

use auth::policy::{Policy, READY_MADE, ready_made};

use super::{CHANNEL, allows};

fn named(name: &str) -> Policy {
    let text = ready_made(name).expect("a ready-made policy");
    Policy::parse(text).unwrap_or_else(|error| panic!("{name}: {error}"))
}

fn all(policy: &Policy, actions: &[&str]) -> bool {
    actions.iter().all(|action| allows(policy, action, CHANNEL) && allows(policy, action, "*"))
}

fn none(policy: &Policy, actions: &[&str]) -> bool {
    actions.iter().all(|action| !allows(policy, action, CHANNEL))
}

const READS: &[&str] = &[
    "ivs:BatchGetChannel",
    "ivs:GetChannel",
    "ivs:GetPlaybackKeyPair",
    "ivs:GetPlaybackRestrictionPolicy",
    "ivs:GetRecordingConfiguration",
    "ivs:GetStream",
    "ivs:GetStreamSession",
    "ivs:ListChannels",
    "ivs:ListPlaybackKeyPairs",
    "ivs:ListPlaybackRestrictionPolicies",
    "ivs:ListRecordingConfigurations",
    "ivs:ListStreamKeys",
    "ivs:ListStreamSessions",
    "ivs:ListStreams",
    "ivs:ListTagsForResource",
    "ivschat:GetLoggingConfiguration",
    "ivschat:GetRoom",
    "ivschat:ListLoggingConfigurations",
    "ivschat:ListRooms",
    "ivschat:ListTagsForResource",
    "rillcast:GetRecording",
    "rillcast:ListRecordings",
    "rillcast:ListRecordingConfigurationReasons",
    "rillcast:ListDeadLetters",
    "rillcast:ListEventSinks",
    "rillcast:ListPolicies",
    "rillcast:ListQuotas",
    "rillcast:ReadEvents",
    "rillcast:ReadPolicyDecision",
    "rillcast:ReadRoom",
    "rillcast:ReadRoomStats",
    "rillcast:ListLiveStreams",
    "rillcast:ReadIngestAddresses",
    "rillcast:ReadStreamSamples",
];

const STREAM_KEYS: &[&str] = &["ivs:BatchGetStreamKey", "ivs:GetStreamKey"];

/// Of those who run the server.
const HOUSE: &[&str] = &["rillcast:ListAccessKeys", "rillcast:ReadMachine", "rillcast:ReadServerLog"];

const RUNS: &[&str] = &[
    "ivs:BatchStartViewerSessionRevocation",
    "ivs:PutMetadata",
    "ivs:StartViewerSessionRevocation",
    "ivs:StopStream",
    "rillcast:WatchChannel",
    "rillcast:WatchRecording",
    "ivschat:CreateChatToken",
    "ivschat:DeleteMessage",
    "ivschat:DisconnectUser",
    "ivschat:SendEvent",
];

const CHANGES: &[&str] = &[
    "rillcast:CreateAccessKey",
    "rillcast:DeleteAccessKey",
    "rillcast:PutAccessKeyPolicy",
    "rillcast:RedeliverEvents",
    "rillcast:UpdateAccessKey",
    "rillcast:RunDoctor",
    "rillcast:DeleteRecording",
    "rillcast:DownloadRecording",
    "rillcast:VerifyRecording",
    "ivs:CreateChannel",
    "ivs:CreatePlaybackRestrictionPolicy",
    "ivs:CreateRecordingConfiguration",
    "ivs:CreateStreamKey",
    "ivs:DeleteChannel",
    "ivs:DeletePlaybackKeyPair",
    "ivs:DeletePlaybackRestrictionPolicy",
    "ivs:DeleteRecordingConfiguration",
    "ivs:DeleteStreamKey",
    "ivs:ImportPlaybackKeyPair",
    "ivs:TagResource",
    "ivs:UntagResource",
    "ivs:UpdateChannel",
    "ivs:UpdatePlaybackRestrictionPolicy",
    "ivschat:CreateLoggingConfiguration",
    "ivschat:CreateRoom",
    "ivschat:DeleteLoggingConfiguration",
    "ivschat:DeleteRoom",
    "ivschat:TagResource",
    "ivschat:UntagResource",
    "ivschat:UpdateLoggingConfiguration",
    "ivschat:UpdateRoom",
];

#[test]
fn the_administrator_may_do_everything() {
    let admin = named("admin");
    assert!([READS, HOUSE, STREAM_KEYS, RUNS, CHANGES].iter().all(|actions| all(&admin, actions)));
}

#[test]
fn the_reader_sees_everything_but_stream_keys() {
    let reader = named("read-only");
    assert!(all(&reader, READS) && all(&reader, HOUSE));
    assert!([STREAM_KEYS, RUNS, CHANGES].iter().all(|actions| none(&reader, actions)));
}

#[test]
fn the_application_runs_streams_and_chats_and_makes_nothing() {
    let application = named("application");
    assert!([READS, STREAM_KEYS, RUNS].iter().all(|actions| all(&application, actions)));
    assert!(none(&application, CHANGES) && none(&application, HOUSE));
}

#[test]
fn the_ready_made_policies_are_found_by_name_and_read_nothing_of_the_request() {
    assert!(READY_MADE.iter().all(|name| !named(name).reads_context()));
    assert_eq!(ready_made("Admin"), None);
}
