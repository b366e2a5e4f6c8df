//! Many rooms, and much at once.

use std::sync::Arc;
use std::time::Instant;

use bus::FrameKind;
use chat::log::{Full, Record};

use crate::house::{House, open_files, room_arn, until};

#[tokio::test(flavor = "multi_thread")]
async fn ten_thousand_rooms_are_one_file() {
    let mut house = House::new().await;
    house.config.file = std::time::Duration::from_secs(3_600);
    let configuration = house.configuration("Aaa").await;
    for number in 0..10_000 {
        house.room(number, &[&configuration]).await;
    }
    let running = house.run();
    (0..10_000).for_each(|number| running.say(&room_arn(number), number));
    until("the spool", || running.metric("ivschat_log_records_spooled_total") == 10_000).await;
    // The lock, the open segment, perhaps one that is read or synchronised.
    assert!(open_files(&house.config.folder) <= 4);
    running.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn appending_never_waits_and_refuses_beyond_its_bound() {
    let mut house = House::new().await;
    house.config.queue_bytes = 1 << 20;
    let room = house.room(1, &[]).await;
    // Nobody drains it.
    let log = house.open().unwrap();
    let payload: Arc<str> = "x".repeat(300).into();
    let record = Record { room, kind: FrameKind::Event, at: 0, payload };
    let started = Instant::now();
    let mut taken = 0;
    let refusal = loop {
        match log.append(record.clone()) {
            Ok(()) => taken += 1,
            Err(refusal) => break refusal,
        }
    };
    assert_eq!(refusal, Full);
    assert!(taken > 1_000, "{taken}");
    println!("{} ns each, with the record's copy", started.elapsed().as_nanos() / taken);
}
