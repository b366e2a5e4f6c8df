//! Many messages, and handlers that are slow.

use std::sync::Arc;
use std::sync::mpsc;

use chat::review::{Question, Reviewer, Verdict};
use domain::Fallback;
use testkit::{Answerer, Asked, Reply};
use tokio::sync::Semaphore;
use tokio::sync::mpsc::{Receiver, channel};

use crate::{HANDLER, allowed, count, denied, function, question, reviewer};

const ANSWER: &str = r#"{"ReviewResult":"ALLOW","Content":"Hello"}"#;

/// Answers when the gate lets it, or at once where the path says `quick`.
async fn gated(gate: &Arc<Semaphore>) -> Answerer {
    let gate = gate.clone();
    Answerer::start(move |asked: &Asked| {
        let answer = Reply::json(200, ANSWER);
        match asked.head.uri.path().contains("quick") {
            true => Reply::Wire(answer),
            false => Reply::Gated(gate.clone(), answer),
        }
    })
    .await
}

fn submit(reviewer: &Reviewer, question: Question) -> Receiver<Verdict> {
    let (sender, receiver) = channel(1);
    let deliver = move |verdict| sender.try_send(verdict).expect("one verdict");
    reviewer.submit(question, Box::new(deliver));
    receiver
}

#[tokio::test]
async fn a_slow_handler_delays_no_other_even_behind_the_same_pattern() {
    let gate = Arc::new(Semaphore::new(0));
    let endpoint = gated(&gate).await;
    let text = format!(
        "[[target]]\nuri = \"arn:aws:lambda:*\"\nlambda = \"{}\"\ntimeout_ms = 10000\nmax_concurrency = 1",
        endpoint.url("")
    );
    let reviewer = reviewer(&text);
    let mut slow: Vec<_> = (0..10).map(|_| submit(&reviewer, question(Fallback::Deny))).collect();
    endpoint.wait_for(1).await;
    let quick = Question { uri: format!("{HANDLER}-quick").into(), ..question(Fallback::Deny) };
    for _ in 0..20 {
        assert_eq!(reviewer.review(quick.clone()).await, allowed("Hello", &[("k", "v")]));
    }
    assert!(slow.iter_mut().all(|verdict| verdict.try_recv().is_err()), "the gate is shut");
    gate.add_permits(10);
    for mut verdict in slow {
        assert_eq!(verdict.recv().await, Some(allowed("Hello", &[("k", "v")])));
    }
}

#[tokio::test]
async fn a_handler_has_so_many_questions_at_once_and_so_many_waiting() {
    let gate = Arc::new(Semaphore::new(0));
    let endpoint = gated(&gate).await;
    let reviewer = reviewer(&function(&endpoint.url(""), "max_concurrency = 2\nmax_queue = 3"));
    let asked: Vec<_> = (0..2).map(|_| submit(&reviewer, question(Fallback::Deny))).collect();
    endpoint.wait_for(2).await;
    // Three more wait, in whatever order the runtime comes to them; the other two are over the bound.
    let mut more: Vec<_> = (0..5).map(|_| submit(&reviewer, question(Fallback::Deny))).collect();
    let mut over = 0;
    while over < 2 {
        let given = more.iter_mut().filter_map(|verdict| verdict.try_recv().ok());
        over += given.inspect(|verdict| assert_eq!(*verdict, denied(None))).count();
        tokio::task::yield_now().await;
    }
    assert_eq!(endpoint.asked().len(), 2);
    gate.add_permits(5);
    for mut verdict in asked {
        assert_eq!(verdict.recv().await, Some(allowed("Hello", &[("k", "v")])));
    }
    reviewer.drained().await;
    let answered = more.iter_mut().filter_map(|verdict| verdict.try_recv().ok()).count();
    assert_eq!(answered, 3);
    assert_eq!(count(&reviewer, "invocation_errors"), 2);
    assert_eq!(endpoint.connections(), 2);
}

#[tokio::test]
async fn waiting_for_a_place_counts_into_the_deadline() {
    let gate = Arc::new(Semaphore::new(0));
    let endpoint = gated(&gate).await;
    let reviewer = reviewer(&function(&endpoint.url(""), "max_concurrency = 1\ntimeout_ms = 60"));
    let verdicts: Vec<_> = (0..10).map(|_| submit(&reviewer, question(Fallback::Deny))).collect();
    for mut verdict in verdicts {
        assert_eq!(verdict.recv().await, Some(denied(None)));
    }
    assert_eq!(count(&reviewer, "invocation_errors"), 10);
    // The first had the place for all of its time; whoever got it then had no time left, or next to none.
    assert!(endpoint.asked().len() < 10);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_question_may_come_from_any_thread_and_each_has_its_verdict_before_the_end() {
    let gate = Arc::new(Semaphore::new(1_000));
    let endpoint = gated(&gate).await;
    let reviewer = reviewer(&function(&endpoint.url(""), ""));
    let (sender, verdicts) = mpsc::channel();
    let submitting = reviewer.clone();
    let submitter = std::thread::spawn(move || {
        for _ in 0..500 {
            let sender = sender.clone();
            let deliver = move |verdict| sender.send((verdict, std::thread::current().id())).expect("kept");
            submitting.submit(question(Fallback::Deny), Box::new(deliver));
        }
        std::thread::current().id()
    });
    let thread = submitter.join().expect("no panic");
    reviewer.drained().await;
    let verdicts: Vec<_> = verdicts.into_iter().collect();
    assert_eq!(verdicts.len(), 500);
    let expected = allowed("Hello", &[("k", "v")]);
    assert!(verdicts.iter().all(|(verdict, on)| *verdict == expected && *on != thread));
    assert!(endpoint.connections() < 250, "connections are used again");
}
