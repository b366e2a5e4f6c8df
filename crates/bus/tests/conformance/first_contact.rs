//! What a bus demands of its broker, and what it says when that is not so.
//!
//! Promise: each broker that will not do is refused at the start, with the reason by name.

use bus::{Bus, BusConnectError, NatsConfig};

use crate::ear::{Ear, node, room, saying};
use crate::server::Server;

async fn refusal(config: NatsConfig) -> BusConnectError {
    match Bus::nats(config, node("0")).await {
        Ok(_) => panic!("this broker should be refused"),
        Err(error) => error,
    }
}

fn named(url: String, name: &str) -> NatsConfig {
    NatsConfig { name: name.to_owned(), ..NatsConfig::new(url) }
}

#[tokio::test]
async fn a_server_without_jetstream_is_refused_by_name() {
    let server = Server::start_with(&[]).await;
    let error = refusal(NatsConfig::new(server.url())).await;
    assert!(matches!(error, BusConnectError::NoJetStream), "{error:?}");
    assert!(error.to_string().contains("-js"));
}

#[tokio::test]
async fn a_server_that_is_not_there_is_refused() {
    let server = Server::start().await;
    server.stop();
    let error = refusal(NatsConfig::new(server.url())).await;
    assert!(matches!(error, BusConnectError::Connect(_)), "{error:?}");
}

#[tokio::test]
async fn what_is_no_address_is_refused() {
    for text in ["", "http://localhost", "nats://local host", "nats://a,,nats://b"] {
        let error = refusal(NatsConfig::new(text)).await;
        assert!(matches!(error, BusConnectError::Address(_)), "{text}: {error:?}");
    }
}

#[tokio::test]
async fn one_server_of_a_list_is_enough() {
    let (dead, alive) = (Server::start().await, Server::start().await);
    dead.stop();
    for servers in [format!("{},{}", dead.url(), alive.url()), format!("{}, {}", alive.url(), dead.url())] {
        let bus = Bus::nats(NatsConfig::new(servers), node("0")).await;
        assert!(bus.expect("one is up").figures().linked);
    }
}

#[tokio::test]
async fn a_password_and_a_token_open_the_server_that_wants_them() {
    let server = Server::start_with(&["-js", "--user", "us er", "--pass", "p@ss/wörd"]).await;
    let address = server.address();
    let good = NatsConfig::new(format!("nats://us%20er:p%40ss%2Fw%C3%B6rd@{address}"));
    assert!(!format!("{good:?}").contains("p%40ss"), "no secret is printed");
    Bus::nats(good, node("0")).await.expect("the right password");
    for wrong in [format!("nats://us%20er:other@{address}"), format!("nats://{address}")] {
        let error = refusal(NatsConfig::new(wrong)).await;
        assert!(matches!(error, BusConnectError::Connect(_)), "{error:?}");
    }
    let server = Server::start_with(&["-js", "--auth", "tok/en"]).await;
    let good = format!("nats://tok%2Fen@{}", server.address());
    Bus::nats(NatsConfig::new(good), node("0")).await.expect("the right token");
}

#[tokio::test]
async fn a_server_that_takes_small_messages_only_is_refused() {
    let settings = Server::configuration("max_payload: 65536\njetstream: enabled\n");
    let server = Server::start_with(&["-c", &settings.path().to_string_lossy()]).await;
    let error = refusal(NatsConfig::new(server.url())).await;
    assert!(matches!(error, BusConnectError::Payload { most: 65_536, .. }), "{error:?}");
}

#[tokio::test]
async fn a_server_without_memory_for_the_stream_is_refused() {
    let settings = Server::configuration("jetstream { max_mem: 1M, max_file: 1M }\n");
    let server = Server::start_with(&["-c", &settings.path().to_string_lossy()]).await;
    let error = refusal(NatsConfig::new(server.url())).await;
    assert!(matches!(error, BusConnectError::MakeStream { .. }), "{error:?}");
}

#[tokio::test]
async fn a_user_who_may_not_publish_is_refused() {
    let settings = Server::configuration(
        r#"jetstream: enabled
        authorization {
            users: [{ user: u, password: p, permissions: { publish: { deny: "rillcast.>" } } }]
        }"#,
    );
    let server = Server::start_with(&["-c", &settings.path().to_string_lossy()]).await;
    let error = refusal(NatsConfig::new(format!("nats://u:p@{}", server.address()))).await;
    assert!(matches!(error, BusConnectError::Deaf), "{error:?}");
}

#[tokio::test]
async fn a_stream_of_the_name_about_something_else_is_refused() {
    let server = Server::start().await;
    let client = async_nats::connect(server.url()).await.expect("a server that is up");
    let other = async_nats::jetstream::stream::Config {
        name: "RILLCAST_ROOMS".to_owned(),
        subjects: vec!["orders.>".to_owned()],
        ..Default::default()
    };
    async_nats::jetstream::new(client).create_stream(other).await.expect("a stream");
    let error = refusal(NatsConfig::new(server.url())).await;
    assert!(matches!(error, BusConnectError::OtherStream { .. }), "{error:?}");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn installations_of_two_names_share_a_server_and_hear_nothing_of_each_other() {
    let server = Server::start().await;
    let mut buses = Vec::new();
    for name in ["one", "other-1"] {
        buses.push(Bus::nats(named(server.url(), name), node(name)).await.expect("a server that is up"));
    }
    let ears = [Ear::on(&buses[0]), Ear::on(&buses[1])];
    for (bus, said) in buses.iter().zip(["from one", "from other"]) {
        bus.publish(room("aaaaaaaaaaaa"), saying(said)).expect("a bus that is up");
    }
    assert_eq!(ears[0].words(1).await, ["from one"]);
    assert_eq!(ears[1].words(1).await, ["from other"]);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_node_that_starts_later_hears_from_now_on() {
    let server = Server::start().await;
    let first = Bus::nats(NatsConfig::new(server.url()), node("1")).await.expect("a server that is up");
    let ear = Ear::on(&first);
    first.publish(room("aaaaaaaaaaaa"), saying("before")).expect("a bus that is up");
    ear.words(1).await;
    let second = Bus::nats(NatsConfig::new(server.url()), node("2")).await.expect("a server that is up");
    let late = Ear::on(&second);
    first.publish(room("aaaaaaaaaaaa"), saying("after")).expect("a bus that is up");
    assert_eq!(late.words(1).await, ["after"]);
}
