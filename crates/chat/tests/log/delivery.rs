//! What arrives where.

use std::time::Duration;

use store::Tenant;

use crate::house::{House, until};

#[tokio::test(flavor = "multi_thread")]
async fn a_room_with_three_configurations_is_logged_to_all_three() {
    let house = House::new().await;
    let configurations = [
        house.configuration("Aaa").await,
        house.configuration("Bbb").await,
        house.configuration("Ccc").await,
    ];
    let room = house.room(1, &configurations.iter().collect::<Vec<_>>()).await;
    let quiet = house.room(2, &[]).await;
    let running = house.run();
    for number in 0..100 {
        running.say(&room, number);
        running.say(&quiet, number);
    }
    for bucket in ["aaa", "bbb", "ccc"] {
        until("all records", || house.numbers(bucket, &room).len() == 100).await;
        assert_eq!(house.numbers(bucket, &room), (0..100).collect::<Vec<_>>());
        assert!(house.records(bucket, &quiet).is_empty());
        let record = &house.records(bucket, &room)[0];
        assert_eq!((record["type"].as_str(), record["version"].as_str()), (Some("MESSAGE"), Some("1.0")));
        let at = record["event_timestamp"].as_str().unwrap();
        let path = house.files(bucket).remove(0);
        let folders: Vec<_> = path.split('/').collect();
        assert_eq!(
            folders[..6],
            ["AWSLogs", "123456789012", "IVSChatLogs", "1.0", "us-east-1", "room_Room00000001"]
        );
        assert_eq!(folders[6..10].join("-"), at[..13].replace('T', "-"));
    }
    running.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_destination_that_is_down_stops_only_itself() {
    let house = House::new().await;
    let (good, bad) = (house.configuration("Good").await, house.configuration("Bad").await);
    let room = house.room(1, &[&bad, &good]).await;
    std::fs::create_dir(house.buckets()).unwrap();
    std::fs::write(house.buckets().join("bad"), "no folder").unwrap();
    let running = house.run();
    for number in 0..50 {
        running.say(&room, number);
    }
    until("the good one", || house.numbers("good", &room).len() == 50).await;
    until("failures", || running.metric("ivschat_log_destination_errors_total") >= 2).await;
    for number in 50..100 {
        running.say(&room, number);
    }
    until("the good one, later", || house.numbers("good", &room).len() == 100).await;
    std::fs::remove_file(house.buckets().join("bad")).unwrap();
    until("the bad one", || house.numbers("bad", &room).len() >= 100).await;
    assert_eq!(house.numbers("bad", &room), (0..100).collect::<Vec<_>>());
    assert_eq!(running.metric("ivschat_log_records_lost_total"), 0);
    running.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn the_last_words_of_a_deleted_room_and_configuration_are_logged() {
    let mut house = House::new().await;
    house.config.file = Duration::from_secs(3_600);
    let configuration = house.configuration("Gone").await;
    let room = house.room(1, &[&configuration]).await;
    let running = house.run();
    running.say(&room, 0);
    until("the spool", || running.metric("ivschat_log_records_spooled_total") == 1).await;
    let tenant = Tenant::of(&room);
    house.store.delete_room(&tenant, &room).await.unwrap();
    running.log.forget(&room);
    running.say(&room, 1);
    until("the spool", || running.metric("ivschat_log_records_spooled_total") == 2).await;
    house.store.delete_logging_configuration(&tenant, &configuration).await.unwrap();
    running.stop().await;
    house.config.file = Duration::from_secs(1);
    let running = house.run();
    until("all records", || house.numbers("gone", &room) == [0, 1]).await;
    running.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn what_is_said_after_a_change_is_logged_as_changed() {
    let house = House::new().await;
    let configuration = house.configuration("Aaa").await;
    let room = house.room(1, &[&configuration]).await;
    let running = house.run();
    running.say(&room, 0);
    until("the first", || house.numbers("aaa", &room) == [0]).await;
    house.detach(&room).await;
    running.log.forget(&room);
    running.say(&room, 1);
    let other = house.room(2, &[&configuration]).await;
    running.say(&other, 2);
    until("another room's", || house.numbers("aaa", &other) == [2]).await;
    assert_eq!(house.numbers("aaa", &room), [0]);
    running.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_server_that_is_stopped_delivers_first() {
    let mut house = House::new().await;
    house.config.file = Duration::from_secs(3_600);
    house.config.farewell = Duration::from_secs(60);
    let (good, bad) = (house.configuration("Good").await, house.configuration("Bad").await);
    let room = house.room(1, &[&bad, &good]).await;
    std::fs::create_dir(house.buckets()).unwrap();
    std::fs::write(house.buckets().join("bad"), "no folder").unwrap();
    let running = house.run();
    (0..10).for_each(|number| running.say(&room, number));
    running.stop().await;
    assert_eq!(house.numbers("good", &room), (0..10).collect::<Vec<_>>());
}

#[tokio::test(flavor = "multi_thread")]
async fn what_no_destination_takes_for_a_deleted_configuration_goes_after_its_retention() {
    let mut house = House::new().await;
    house.config.retention = Duration::ZERO;
    let configuration = house.configuration("Bad").await;
    let room = house.room(1, &[&configuration]).await;
    std::fs::create_dir(house.buckets()).unwrap();
    std::fs::write(house.buckets().join("bad"), "no folder").unwrap();
    let running = house.run();
    (0..10).for_each(|number| running.say(&room, number));
    until("failures", || running.metric("ivschat_log_destination_errors_total") >= 1).await;
    assert_eq!(running.metric("ivschat_log_records_lost_total"), 0, "as long as there is a configuration");
    let tenant = Tenant::of(&room);
    house.store.delete_room(&tenant, &room).await.unwrap();
    house.store.delete_logging_configuration(&tenant, &configuration).await.unwrap();
    until("the loss", || running.metric("ivschat_log_records_lost_total") == 10).await;
    running.stop().await;
    let queue = house.config.folder.join(format!("us-east-1_123456789012_{}", configuration.id));
    assert!(queue.exists());
    let running = house.run();
    until("the end of its queue", || !queue.exists()).await;
    running.stop().await;
}
