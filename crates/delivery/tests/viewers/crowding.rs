//! More viewers than an account may have, and very many of them.

use std::time::Duration;

use crate::counting::{arrive, on_air, read, running, viewers};
use crate::stage::{Stage, store};
use delivery::{Config, Delivery, Deps};
use domain::Arn;
use http::{Method, StatusCode};
use live::{Audience, Hub, RingLimits};
use serde_json::Value;
use testkit::Film;
use tokio::time::sleep;
use tokio_util::sync::CancellationToken;

const LONG: Duration = Duration::from_secs(20);

/// A server whose accounts may have so many viewers.
fn server(viewers_per_account: u32) -> (Hub, Delivery) {
    server_with(Config { viewers_per_account, ..Config::default() })
}

fn server_with(config: Config) -> (Hub, Delivery) {
    let hub = Hub::new(RingLimits::default());
    (hub.clone(), Delivery::bind(config, Deps { hub, store: store(), key: [9; 32], node: String::new() }))
}

fn channel(server: &(Hub, Delivery), account: &str, id: &str) -> Stage {
    let arn = Arn::parse(&format!("arn:aws:ivs:us-east-1:{account}:channel/{id}")).expect("an ARN");
    let mut stage = Stage::beside(server.clone(), &arn, Audience::Everyone, &Film::default(), LONG);
    stage.play_until(|now| now.listed.len() == 4);
    stage
}

/// A viewer who stays.
async fn seat(stage: &Stage) -> String {
    let url = arrive(stage).await;
    assert_eq!(read(stage, &url).await.status, StatusCode::OK);
    url
}

/// Events about limits of an account, as they are told.
async fn told(account: &str) -> Vec<Value> {
    let events = store().events_after(0, 1_000).await.expect("a database");
    let own = events.into_iter().filter(|event| event.account.as_str() == account);
    own.map(|event| serde_json::from_str(&event.envelope).expect("JSON")).collect()
}

/// Waits until so many events are told.
async fn told_of(account: &str, count: usize) -> Vec<Value> {
    loop {
        let events = told(account).await;
        if events.len() >= count {
            return events;
        }
        sleep(Duration::from_millis(100)).await;
    }
}

#[tokio::test]
async fn beyond_the_accounts_limit_new_viewers_are_refused_and_known_ones_go_on() {
    let server = server(3);
    let (one, two) = (channel(&server, "200000000001", "a"), channel(&server, "200000000001", "b"));
    let stranger = channel(&server, "200000000002", "c");
    let late = arrive(&one).await;
    let seats = [seat(&one).await, seat(&two).await, seat(&two).await];

    let refused = two.request(Method::GET, &two.multivariant()).await;
    assert_eq!(refused.status, StatusCode::TOO_MANY_REQUESTS);
    let body: Value = serde_json::from_slice(&refused.body).expect("JSON");
    assert_eq!(body[0]["error_code"], "too_many_viewers");
    assert_eq!(body[0]["type"], "error");
    assert_eq!(refused.header("access-control-allow-origin"), "*");
    assert_eq!(refused.header("cache-control"), "no-cache");
    let status = read(&one, &late).await.status;
    assert_eq!(status, StatusCode::TOO_MANY_REQUESTS, "a way in isn't a seat");
    for (stage, url) in [(&one, &seats[0]), (&two, &seats[1]), (&two, &seats[2])] {
        assert_eq!(read(stage, url).await.status, StatusCode::OK);
    }
    assert_eq!((viewers(&one), viewers(&two)), (1, 2));
    seat(&stranger).await;
    assert_eq!(viewers(&stranger), 1, "another account has its own limit");
}

#[tokio::test(start_paused = true)]
async fn a_seat_is_free_again_when_its_viewer_went_or_its_broadcast_ended() {
    let server = server(2);
    let (mut one, two) = (channel(&server, "200000000003", "a"), channel(&server, "200000000003", "b"));
    running(&server.1, async {
        seat(&one).await;
        let stays = seat(&two).await;
        assert_eq!(two.request(Method::GET, &two.multivariant()).await.status, StatusCode::TOO_MANY_REQUESTS);
        one.end();
        sleep(Duration::from_secs(2)).await;
        read(&two, &stays).await;
        let goes = seat(&two).await;
        assert_eq!(viewers(&two), 2);
        for _ in 0..6 {
            sleep(Duration::from_secs(2)).await;
            read(&two, &stays).await;
        }
        assert_eq!(viewers(&two), 1);
        seat(&two).await;
        assert_eq!(read(&two, &goes).await.status, StatusCode::TOO_MANY_REQUESTS);
    })
    .await;
}

#[tokio::test]
async fn who_is_refused_makes_one_event_about_the_account() {
    let server = server(1);
    let stage = channel(&server, "200000000004", "a");
    running(&server.1, async {
        seat(&stage).await;
        for _ in 0..7 {
            assert_eq!(read(&stage, &stage.multivariant()).await.status, StatusCode::TOO_MANY_REQUESTS);
        }
        let events = told_of("200000000004", 1).await;
        let [event] = events.as_slice() else { panic!("{events:?}") };
        assert_eq!(event["detail-type"], "IVS Limit Breach");
        assert_eq!(event["resources"], serde_json::json!([]));
        let detail = &event["detail"];
        assert_eq!(detail["limit_name"], "Concurrent Viewers");
        assert_eq!((detail["limit_value"].as_u64(), &detail["limit_unit"]), (Some(1), &"viewers".into()));
        // A look may come between them.
        assert!((1..=7).contains(&detail["exceeded_by"].as_u64().expect("a number")), "{detail}");
    })
    .await;
}

#[tokio::test]
async fn beyond_a_channels_limit_new_viewers_go_to_the_accounts_other_channels() {
    let server = server_with(Config { viewers_per_channel: 2, ..Config::default() });
    let (one, two) = (channel(&server, "200000000007", "a"), channel(&server, "200000000007", "b"));
    running(&server.1, async {
        let late = arrive(&one).await;
        let seats = [seat(&one).await, seat(&one).await];
        let refused = one.request(Method::GET, &one.multivariant()).await;
        assert_eq!(refused.status, StatusCode::TOO_MANY_REQUESTS);
        let body: Value = serde_json::from_slice(&refused.body).expect("JSON");
        assert_eq!(body[0]["error_code"], "too_many_viewers");
        assert_eq!(read(&one, &late).await.status, StatusCode::TOO_MANY_REQUESTS);
        for seat in &seats {
            assert_eq!(read(&one, seat).await.status, StatusCode::OK);
        }
        seat(&two).await;
        assert_eq!((viewers(&one), viewers(&two)), (2, 1));
        let [event] = &told_of("200000000007", 1).await[..] else { panic!("one event") };
        assert_eq!(event["resources"], serde_json::json!([one.broadcast.channel().to_string()]));
        assert_eq!(event["detail"]["limit_name"], "Concurrent Viewers");
        assert_eq!(event["detail"]["limit_value"], 2);
        assert_eq!(event["detail"]["stream_id"], one.broadcast.stream().as_str());
    })
    .await;
}

#[tokio::test]
async fn what_was_refused_last_is_told_at_shutdown() {
    let server = server(1);
    let stage = channel(&server, "200000000005", "a");
    seat(&stage).await;
    let shutdown = CancellationToken::new();
    shutdown.cancel();
    assert_eq!(read(&stage, &stage.multivariant()).await.status, StatusCode::TOO_MANY_REQUESTS);
    server.1.clone().run(shutdown).await;
    assert_eq!(told("200000000005").await.len(), 1);
}

#[tokio::test(start_paused = true)]
async fn a_crowd_is_counted_to_the_last_one_and_goes() {
    let stage = on_air();
    running(&stage.delivery, async {
        for _ in 0..20_000 {
            let url = arrive(&stage).await;
            read(&stage, &url).await;
        }
        assert_eq!(viewers(&stage), 20_000);
        sleep(Duration::from_secs(12)).await;
        assert_eq!(viewers(&stage), 0);
    })
    .await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn who_come_at_once_are_let_in_up_to_the_limit_exactly() {
    let server = server(500);
    let stage = channel(&server, "200000000006", "a");
    let mut tasks = tokio::task::JoinSet::new();
    let mut urls = Vec::new();
    for _ in 0..1_000 {
        urls.push(arrive(&stage).await);
    }
    for url in urls {
        let reply = stage.request(Method::GET, &url);
        tasks.spawn(async move { reply.await.status });
    }
    let statuses = tasks.join_all().await;
    assert_eq!(statuses.iter().filter(|status| **status == StatusCode::OK).count(), 500);
    running(&server.1, async {
        while viewers(&stage) != 500 {
            sleep(Duration::from_millis(20)).await;
        }
    })
    .await;
}
