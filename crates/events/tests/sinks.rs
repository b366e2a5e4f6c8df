//! The file of sinks.
//!
//! Promise: what is accepted here can be worked with, and each refusal says which sink or line and why, without a
//! secret.

use events::Sinks;

fn refusal(text: &str) -> String {
    use std::error::Error as _;
    let error = Sinks::parse(text).expect_err(text);
    let cause = error.source().map(|cause| format!(": {cause}")).unwrap_or_default();
    format!("{error}{cause}")
}

#[test]
fn a_file_of_all_kinds_is_read() {
    let sinks = Sinks::parse(
        r#"
        [[sink]]
        name = "audit"
        kind = "webhook"
        url = "https://example.com/hook"
        secret = "whsec_c2l4dGVlbiBieXRlcyBvciBzbw=="
        headers = { authorization = "Bearer x" }
        timeout_seconds = 5
        give_up_hours = 48
        pattern = '''{"detail-type": ["IVS Stream State Change"]}'''

        [[sink]]
        name = "bus"
        kind = "eventbridge"
        region = "eu-west-1"
        source = "my.video"

        [[sink]]
        name = "broker-1"
        kind = "nats"
        servers = "nats://user:password@one:4222,tls://two"
        subject = "ivs.{channel}"
        jetstream = true

        [[sink]]
        name = "disk"
        kind = "file"
        path = "/var/log/events.jsonl"
        "#,
    )
    .expect("a file of sinks");
    let read: Vec<_> = sinks.iter().map(|sink| (sink.name(), sink.kind())).collect();
    let wanted = [("audit", "webhook"), ("bus", "eventbridge"), ("broker-1", "nats"), ("disk", "file")];
    assert_eq!(read, wanted);
    let shown = format!("{sinks:?}");
    for secret in ["Bearer", "password", "c2l4", "example.com"] {
        assert!(!shown.contains(secret), "{secret} in {shown}");
    }
}

#[test]
fn an_empty_file_has_no_sinks() {
    assert_eq!(Sinks::parse("").expect("nothing").iter().count(), 0);
}

#[test]
fn what_can_not_be_is_refused_by_line_or_by_name() {
    let sink = |kind: &str, rest: &str| format!("[[sink]]\nname = \"a\"\nkind = \"{kind}\"\n{rest}");
    let refused = [
        ("[[sink]]\nname = \"a\"\nkind = \"pigeon\"".to_owned(), "line 3: unknown variant `pigeon`"),
        (sink("file", "path = \"/x\"\nnoise = 1"), "line 5: unknown field `noise`"),
        (sink("webhook", "secrets = \"secret@\""), "line 4: invalid type: string \"…\", expected a sequence"),
        (sink("file", ""), "sink a: path is missing"),
        (sink("file", "path = \"/x\"\nurl = \"https://x\""), "sink a: a sink of this kind has no url"),
        ("[[sink]]\nname = \"A b\"\nkind = \"file\"\npath = \"x\"".to_owned(), "sink 1: a name has 1 to 40"),
        (sink("webhook", "url = \"http://example.com\""), "sink a: url is not https"),
        (sink("webhook", "url = \"ftp://x\""), "sink a: url: can't call an address that is neither"),
        (
            sink("webhook", "url = \"https://x\"\nsecret = \"short\""),
            "sink a: a secret is none: it has fewer",
        ),
        (
            sink("webhook", "url = \"https://x\"\ntimeout_seconds = 0"),
            "sink a: timeout_seconds is not from 1 to 60",
        ),
        (
            sink("webhook", "url = \"https://x\"\nheaders = { webhook-id = \"1\" }"),
            "sink a: the header webhook-id",
        ),
        (
            sink("webhook", "url = \"https://x\"\npattern = \"{}\""),
            "sink a: its pattern is none: the pattern is an",
        ),
        (sink("eventbridge", "region = \"us-east-1\""), "sink a: source is needed"),
        (sink("eventbridge", "region = \"us-east-1\"\nsource = \"aws.ivs\""), "sink a: source is needed"),
        (sink("eventbridge", "region = \"!\"\nsource = \"x\""), "sink a: region is no region"),
        (sink("nats", "servers = \"nats://x\"\nsubject = \"a b\""), "sink a: subject is none"),
        (
            sink("nats", "servers = \"nats://u:secret@:x\"\nsubject = \"a\""),
            "sink a: servers: not each is an address",
        ),
        (format!("{0}\n{0}", sink("file", "path = \"x\"")), "sink a: another sink has the same name"),
    ];
    for (text, why) in refused {
        let said = refusal(&text);
        assert!(said.starts_with(why), "{said:?} instead of {why:?}");
        assert!(!said.contains("secret@"), "{said}");
    }
}

#[test]
fn plain_addresses_are_for_this_machine_or_for_who_asks_for_them() {
    let hook = |url: &str, plain: &str| {
        Sinks::parse(&format!("[[sink]]\nname = \"a\"\nkind = \"webhook\"\nurl = \"{url}\"\n{plain}")).is_ok()
    };
    for url in ["http://127.0.0.1:80/x", "http://[::1]/", "http://localhost:3000"] {
        assert!(hook(url, ""), "{url}");
    }
    assert!(!hook("http://10.0.0.1/", "") && hook("http://10.0.0.1/", "plain = true"));
}

#[test]
fn there_are_at_most_as_many_sinks_as_are_looked_after() {
    let many = |count: usize| -> String {
        (0..count)
            .map(|at| format!("[[sink]]\nname = \"s{at}\"\nkind = \"file\"\npath = \"x{at}\"\n"))
            .collect()
    };
    assert!(Sinks::parse(&many(32)).is_ok());
    assert_eq!(refusal(&many(33)), "33 sinks are too many: at most 32");
}
