//! What crashes, full disks and absent databases do to the log.

use std::time::Duration;

use chat::log::LogError;

use crate::house::{House, until};

#[tokio::test(flavor = "multi_thread")]
async fn what_was_not_delivered_is_delivered_by_the_next_run() {
    let mut house = House::new().await;
    let configuration = house.configuration("Aaa").await;
    let room = house.room(1, &[&configuration]).await;
    house.config.file = Duration::from_secs(3_600);
    let running = house.run();
    (0..500).for_each(|number| running.say(&room, number));
    running.stop().await;
    assert!(house.files("aaa").is_empty());
    house.config.file = Duration::from_secs(1);
    let running = house.run();
    until("all records", || house.numbers("aaa", &room).len() == 500).await;
    assert_eq!(house.numbers("aaa", &room), (0..500).collect::<Vec<_>>());
    running.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn killed_again_and_again_it_loses_nothing_that_reached_the_spool() {
    let house = House::new().await;
    let configuration = house.configuration("Aaa").await;
    let rooms = [house.room(1, &[&configuration]).await, house.room(2, &[&configuration]).await];
    let mut said = 0;
    for round in 0..10 {
        let running = house.run_after_kill().await;
        for _ in 0..200 {
            rooms.iter().for_each(|room| running.say(room, said));
            said += 1;
        }
        until("the spool", || running.metric("ivschat_log_records_spooled_total") == 400).await;
        // Some rounds end before, some after and some amid a delivery.
        if round % 3 != 0 {
            until("a file", || house.files("aaa").len() > round / 3).await;
        }
        running.kill().await;
    }
    let running = house.run_after_kill().await;
    for room in &rooms {
        let all = || {
            let mut numbers = house.numbers("aaa", room);
            numbers.dedup();
            numbers.sort();
            numbers.dedup();
            numbers.len() == said
        };
        until("all records", all).await;
        assert_eq!(
            house.numbers("aaa", room),
            (0..said).collect::<Vec<_>>(),
            "once each: names are repeatable"
        );
    }
    running.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn while_the_database_is_away_records_wait_unsorted() {
    let mut house = House::new().await;
    let configuration = house.configuration("Aaa").await;
    let room = house.room(1, &[&configuration]).await;
    house.store.close().await;
    let running = house.run();
    (0..300).for_each(|number| running.say(&room, number));
    let unsorted = house.config.folder.join("unsorted");
    // What is only in memory would be lost with the process: the last one has to be on disk, too.
    let spooled = || {
        let files = std::fs::read_dir(&unsorted).unwrap().flatten();
        let bytes = files.filter_map(|file| std::fs::read(file.path()).ok()).collect::<Vec<_>>().concat();
        bytes.windows(8).any(|window| window == b"\"n\":299,".as_slice())
    };
    until("the unsorted spool", spooled).await;
    running.kill().await;
    let running = house.run_again().await;
    (300..400).for_each(|number| running.say(&room, number));
    until("all records", || house.numbers("aaa", &room).len() == 400).await;
    assert_eq!(house.numbers("aaa", &room), (0..400).collect::<Vec<_>>());
    running.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_full_spool_drops_the_oldest_of_the_largest_queue_and_says_so() {
    let mut house = House::new().await;
    house.config.max_bytes = 12 << 20;
    let (good, bad) = (house.configuration("Good").await, house.configuration("Bad").await);
    let (lucky, unlucky) = (house.room(1, &[&good]).await, house.room(2, &[&bad]).await);
    std::fs::create_dir(house.buckets()).unwrap();
    std::fs::write(house.buckets().join("bad"), "no folder").unwrap();
    let running = house.run();
    let total = 20_000;
    for number in 0..total {
        running.say_long(&unlucky, number, 1_000);
        if number % 1_000 == 0 {
            running.say(&lucky, number);
            let spooled = number as u64;
            until("the spool", || running.metric("ivschat_log_records_spooled_total") >= spooled).await;
        }
    }
    until("the lucky one", || house.numbers("good", &lucky).len() == 20).await;
    until("the bound", || running.metric("ivschat_log_spool_bytes") <= 12 << 20).await;
    let lost = usize::try_from(running.metric("ivschat_log_records_lost_total")).unwrap();
    assert!(lost > 0);
    std::fs::remove_file(house.buckets().join("bad")).unwrap();
    until("the rest", || house.numbers("bad", &unlucky).len() == total - lost).await;
    assert_eq!(house.numbers("bad", &unlucky), (lost..total).collect::<Vec<_>>());
    running.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_folder_in_use_is_refused() {
    let house = House::new().await;
    let running = house.run();
    assert!(matches!(house.open(), Err(LogError::InUse { .. })));
    running.stop().await;
    house.open().unwrap();
}
