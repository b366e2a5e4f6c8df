//! Every kept input runs through its target: seeds, and what once was a finding.
//!
//! Promise: an empty or missing corpus fails the test rather than passing it.

use std::path::Path;

fn replay(name: &str, run: fn(&[u8])) {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("corpus").join(name);
    let mut inputs = 0;
    for entry in std::fs::read_dir(&folder).expect("each target keeps a corpus") {
        let file = entry.expect("the folder is readable").path();
        run(&std::fs::read(&file).expect("an input is a file"));
        inputs += 1;
    }
    assert!(inputs > 0, "{} is empty", folder.display());
    run(&[]);
}

#[test]
fn frames_of_chat_clients_in_the_corpus_are_read_or_refused() {
    replay("chat", fuzz::chat::run);
}

#[test]
fn flv_bodies_of_the_corpus_are_read_without_a_panic() {
    replay("flv", fuzz::flv::run);
}

#[test]
fn fragments_of_the_corpus_add_up() {
    replay("fmp4", fuzz::fmp4::run);
}

#[test]
fn journals_of_the_corpus_mean_what_their_good_part_means() {
    replay("journal", fuzz::journal::run);
}

#[test]
fn patterns_of_the_corpus_mean_the_same_in_other_words() {
    replay("pattern", fuzz::pattern::run);
}

#[test]
fn playback_tokens_of_the_corpus_keep_to_their_bounds_and_prove_nothing() {
    replay("playback_token", fuzz::playback_token::run);
}

#[test]
fn policies_of_the_corpus_decide_as_they_explain() {
    replay("policy", fuzz::policy::run);
}

#[test]
fn publishers_of_the_corpus_end_the_same_however_they_are_cut() {
    replay("rtmp", fuzz::rtmp::run);
}

#[test]
fn transport_streams_of_the_corpus_read_the_same_however_they_are_cut() {
    replay("transport", fuzz::transport::run);
}

#[test]
fn websocket_clients_of_the_corpus_are_heard_alike_however_they_are_cut() {
    replay("websocket", fuzz::websocket::run);
}
