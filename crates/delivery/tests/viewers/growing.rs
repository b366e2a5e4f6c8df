//! Segments that are sent while they are made.

use std::pin::Pin;
use std::task::{Context, Poll, Waker};
use std::time::Duration;

use crate::stage::{Client, Stage, at_once};
use bytes::Bytes;
use delivery::{Body, Error};
use domain::{ContainerFormat, LatencyMode};
use http::{Method, Response, StatusCode};
use http_body::Body as _;
use live::{Airing, Audience};
use testkit::Film;
use tokio::time::Instant;

const LONG: Duration = Duration::from_secs(20);

fn airing(container: ContainerFormat) -> Airing {
    Airing { container, ..Audience::Everyone.into() }
}

/// On air, with two parts of segment 4.
fn on_air(container: ContainerFormat) -> Stage {
    let mut stage = Stage::airing(airing(container), &Film::default(), LONG);
    stage.play_until(|now| now.listed.len() == 4 && now.next_part() == 2);
    stage
}

fn begin(stage: &Stage, file: &str) -> impl Future<Output = Response<Body>> + Send + use<> {
    stage.answer(&Client::default(), Method::GET, &stage.path(file), &[])
}

/// What a reader of the body has without waiting: a block, the end, an error, or nothing yet.
fn look(body: &mut Body) -> Option<Option<Result<Bytes, Error>>> {
    match Pin::new(body).poll_frame(&mut Context::from_waker(Waker::noop())) {
        Poll::Pending => None,
        Poll::Ready(frame) => Some(frame.map(|frame| frame.map(|frame| frame.into_data().expect("data")))),
    }
}

fn block(body: &mut Body) -> Bytes {
    look(body).expect("it is there").expect("more comes").expect("no error")
}

fn waits(asked: Pin<&mut impl Future>) -> bool {
    asked.poll(&mut Context::from_waker(Waker::noop())).is_pending()
}

async fn next(body: &mut Body) -> Option<Result<Bytes, Error>> {
    let frame = std::future::poll_fn(|context| Pin::new(&mut *body).poll_frame(context)).await;
    frame.map(|frame| frame.map(|frame| frame.into_data().expect("data")))
}

#[tokio::test(start_paused = true)]
async fn each_part_comes_as_it_is_made_and_all_of_them_are_the_segment() {
    for (container, name, kind) in [
        (ContainerFormat::Ts, "s4.ts", "video/mp2t"),
        (ContainerFormat::FragmentedMp4, "s4.m4s", "video/iso.segment"),
    ] {
        let mut stage = on_air(container);
        let answer = begin(&stage, name).await;
        assert_eq!(answer.status(), StatusCode::OK);
        assert_eq!(answer.headers()["content-type"], kind);
        assert!(
            !answer.headers().contains_key("content-length")
                && !answer.headers().contains_key("accept-ranges")
        );
        assert_eq!(answer.headers()["cache-control"], "public, max-age=86400, immutable");
        let mut body = answer.into_body();
        let mut blocks = vec![block(&mut body), block(&mut body)];
        assert!(look(&mut body).is_none(), "the third part is not there");
        while stage.step().expect("the film is long enough").next_number() == 4 {
            blocks.push(block(&mut body));
            assert!(look(&mut body).is_none() && !body.is_end_stream());
        }
        while let Some(last) = look(&mut body).expect("nothing is missing") {
            blocks.push(last.expect("no error"));
        }
        let whole = stage.get(name).await;
        assert_eq!(whole.header("content-type"), kind);
        assert!(blocks.len() > 3 && blocks.concat() == whole.body);
        assert_eq!(whole.header("content-length"), whole.body.len().to_string());
        let parts =
            stage.broadcast.shelf().latest().expect("on air").segment(4).expect("listed").parts.clone();
        assert!(
            parts.iter().zip(&blocks).all(|(part, block)| part.data.as_ptr() == block.as_ptr()),
            "no copy"
        );
    }
}

#[tokio::test(start_paused = true)]
async fn the_segment_after_it_begins_with_its_first_part_and_no_further_one_is_there() {
    let mut stage = on_air(ContainerFormat::Ts);
    let mut asked = Box::pin(begin(&stage, "s5.ts"));
    assert!(waits(asked.as_mut()), "its head is held");
    for file in ["s6.ts", "s7.ts", "s18446744073709551615.ts"] {
        let reply = at_once(stage.get(file)).expect("a quick no");
        assert_eq!(reply.status, StatusCode::NOT_FOUND, "{file}");
    }
    while stage.step().expect("the film is long enough").next_number() < 5 {}
    if stage.broadcast.shelf().latest().expect("on air").next_part() == 0 {
        assert!(waits(asked.as_mut()));
        stage.step();
    }
    let mut body = asked.await.into_body();
    let first = stage.get("p5.0.ts").await.body;
    assert_eq!(block(&mut body), first);
    assert!(look(&mut body).is_none());
}

#[tokio::test(start_paused = true)]
async fn a_stall_of_three_target_durations_breaks_the_transfer_off() {
    let stage = on_air(ContainerFormat::Ts);
    let mut body = begin(&stage, "s4.ts").await.into_body();
    block(&mut body);
    block(&mut body);
    let began = Instant::now();
    assert_eq!(next(&mut body).await, Some(Err(Error::Overdue { seconds: 1 })));
    assert_eq!(began.elapsed().as_secs(), 3);
    assert!(body.is_end_stream() && next(&mut body).await.is_none());
}

#[tokio::test(start_paused = true)]
async fn a_segment_that_never_begins_is_answered_503() {
    let mut stage = Stage::airing(airing(ContainerFormat::Ts), &Film::default(), LONG);
    stage.play_until(|now| now.listed.len() == 4 && now.next_part() == 2);
    let reply = stage.get("s5.ts").await;
    assert_eq!((reply.status, reply.header("retry-after")), (StatusCode::SERVICE_UNAVAILABLE, "1"));
}

#[tokio::test(start_paused = true)]
async fn an_orderly_end_completes_the_segment_and_the_next_one_is_not_there() {
    let film = Film::default();
    let mut stage = Stage::airing(airing(ContainerFormat::Ts), &film, Duration::from_millis(9_500));
    let now = stage.play_until(|now| now.listed.len() >= 9 && now.next_part() == 2);
    let (number, after) = (now.next_number(), now.next_number() + 1);
    let mut body = begin(&stage, &format!("s{number}.ts")).await.into_body();
    let mut never = Box::pin(stage.get(&format!("s{after}.ts")));
    assert!(at_once(never.as_mut()).is_none());
    drop(now);
    stage.end();
    let mut blocks = Vec::new();
    while let Some(block) = next(&mut body).await {
        blocks.push(block.expect("no error"));
    }
    assert_eq!(blocks.concat(), stage.get(&format!("s{number}.ts")).await.body);
    assert_eq!(never.await.status, StatusCode::NOT_FOUND);
}

#[tokio::test(start_paused = true)]
async fn without_low_latency_nothing_is_sent_before_it_is_whole() {
    let airing = Airing { latency: LatencyMode::Normal, ..airing(ContainerFormat::Ts) };
    let mut stage = Stage::airing(airing, &Film::default(), LONG);
    stage.play_until(|now| now.listed.len() == 4 && now.next_part() == 2);
    for file in ["s4.ts", "s5.ts", "p4.0.ts", "p4.2.ts", "p3.0.ts"] {
        let reply = at_once(stage.get(file)).expect("a quick no");
        assert_eq!(reply.status, StatusCode::NOT_FOUND, "{file}");
    }
    assert_eq!(stage.get("s3.ts").await.status, StatusCode::OK);
}

#[tokio::test]
async fn ranges_of_it_are_ignored_and_a_head_waits_for_nothing() {
    let stage = on_air(ContainerFormat::Ts);
    let path = stage.path("s4.ts");
    let answer = stage.answer(&Client::default(), Method::GET, &path, &[("range", "bytes=0-9")]).await;
    assert_eq!(answer.status(), StatusCode::OK);
    let head = at_once(stage.request(Method::HEAD, &path)).expect("at once");
    assert_eq!((head.status, head.body.len()), (StatusCode::OK, 0));
    assert_eq!(head.header("content-type"), "video/mp2t");
    let later = at_once(stage.request(Method::HEAD, &stage.path("s5.ts"))).expect("at once");
    assert_eq!(later.status, StatusCode::NOT_FOUND);
}

#[tokio::test]
async fn those_who_take_it_count_among_those_who_wait_and_what_they_get_is_counted() {
    let mut stage = on_air(ContainerFormat::Ts);
    let mut bodies = Vec::new();
    for _ in 0..3 {
        bodies.push(begin(&stage, "s4.ts").await.into_body());
    }
    assert_eq!(stage.delivery.figures().held_media, 3);
    let (bytes, media) = (stage.delivery.figures().bytes, stage.broadcast.pulse().delivered_ms());
    let sent = block(&mut bodies[0]);
    assert_eq!(stage.delivery.figures().bytes - bytes, sent.len() as u64);
    assert!(stage.broadcast.pulse().delivered_ms() > media);
    assert!(look(&mut bodies[0]).is_some() && look(&mut bodies[0]).is_none());
    drop(bodies);
    assert_eq!(stage.delivery.figures().held_media, 0);
    assert_eq!(stage.broadcast.shelf().waiting(), 0, "who leaves is waited for by nobody");
    stage.step();
}

#[tokio::test(start_paused = true)]
async fn a_reader_so_slow_that_the_rest_is_gone_is_cut() {
    let mut stage = Stage::airing(airing(ContainerFormat::Ts), &Film::default(), Duration::from_secs(60));
    stage.play_until(|now| now.listed.len() == 4 && now.next_part() == 2);
    let mut body = begin(&stage, "s4.ts").await.into_body();
    block(&mut body);
    stage.play_until(|now| now.next_number() > 4 && now.segment(4).is_none());
    assert_eq!(next(&mut body).await, Some(Err(Error::Missing)));
}
