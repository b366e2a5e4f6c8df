//! What the operator reads of a call.
//!
//! Promise: one line per call, with the cause of a failure and the reason of a refusal.

use std::io;
use std::sync::{Arc, Mutex};

use api::ivs::Operation;

use crate::fake::{Keys, PEER, ask_with};
use crate::signer::Signer;

const ARN: &str = "arn:aws:ivs:us-east-1:123456789012:channel/";

/// The lines that were written while it stood.
#[derive(Clone, Default)]
struct Lines(Arc<Mutex<Vec<u8>>>);

impl io::Write for Lines {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        self.0.lock().expect("no writer panics").extend_from_slice(bytes);
        Ok(bytes.len())
    }

    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}

/// The log of one GetChannel by the holder of a key with such a policy.
async fn logged(policy: &str, id: &str) -> String {
    let lines = Lines::default();
    let writer = lines.clone();
    let subscriber = tracing_subscriber::fmt().with_ansi(false).with_writer(move || writer.clone()).finish();
    let until_answered = tracing::subscriber::set_default(subscriber);
    let body = format!(r#"{{"arn": "{ARN}{id}"}}"#);
    let request = Signer::default().sign("POST", Operation::GetChannel.route().path, &body);
    ask_with(Keys::with(policy), PEER, request).await;
    drop(until_answered);
    let text = lines.0.lock().expect("no writer panics").clone();
    String::from_utf8(text).expect("the log is text")
}

#[track_caller]
fn assert_one_line(log: &str, parts: &[&str]) {
    assert_eq!(log.lines().count(), 1, "{log}");
    for part in parts {
        assert!(log.contains(part), "{part}: {log}");
    }
}

#[tokio::test]
async fn a_failure_is_one_line_with_its_cause() {
    for (id, status) in [("away", "status=503"), ("abc", "status=500")] {
        let log = logged(auth::policy::ADMIN, id).await;
        let parts =
            ["ERROR", "GetChannel", "AKIDACTIVE", status, "reading the channel", "the disk is on fire"];
        assert_one_line(&log, &parts);
    }
}

#[tokio::test]
async fn a_refusal_by_policy_is_one_line_with_operation_key_resource_and_reason() {
    let resource = format!("{ARN}abc");
    let denies = r#"{"Version": "2012-10-17", "Statement":
        [{"Sid": "NotThese", "Effect": "Deny", "Action": "ivs:Get*", "Resource": "*"}]}"#;
    let silent = r#"{"Version": "2012-10-17", "Statement": []}"#;
    for (policy, reason) in [(denies, "denied by NotThese"), (silent, "no statement allows it")] {
        let log = logged(policy, "abc").await;
        assert_one_line(&log, &["INFO", "GetChannel", "AKIDACTIVE", "AccessDenied", &resource, reason]);
    }
}
