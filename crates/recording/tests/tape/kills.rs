//! A process that is killed while it writes.
//!
//! Promise: the killed one is a process of its own, and says of each segment that it is on the tape before it puts the
//! next one there; what it said is looked for, byte by byte.

use std::fs;
use std::io::{BufRead as _, BufReader, Write as _};
use std::process::{Command, Stdio};

use domain::ContainerFormat::FragmentedMp4;
use recording::tape::Chunk;

use crate::reel::{self, Plan};

const FOLDER: &str = "RILLCAST_TEST_TAPE";
const RENDITIONS: usize = 3;

/// Not a test of its own: what the process does that is killed.
#[tokio::test]
async fn somebody_who_writes_until_killed() {
    let Some(root) = std::env::var_os(FOLDER) else { return };
    let rack = reel::rack(root.as_ref());
    let mut tape = reel::tape(&rack, RENDITIONS, FragmentedMp4).await;
    for number in 0.. {
        reel::take(&mut tape, &plan(number), RENDITIONS, FragmentedMp4).await.unwrap();
        // The test harness would keep what is printed.
        writeln!(std::io::stderr(), "taken {number}").unwrap();
    }
}

fn plan(number: u64) -> Plan {
    Plan {
        bytes: 5_000,
        discontinuity: number % 13 == 12,
        init: u32::try_from(number / 26).unwrap(),
        ..Plan::of(number)
    }
}

/// Kills it when it has taken so many, and gives how many it said that it took.
fn kill_after(root: &std::path::Path, segments: u64) -> u64 {
    let mut command = Command::new(std::env::current_exe().unwrap());
    command.args(["--exact", "kills::somebody_who_writes_until_killed", "--nocapture"]).env(FOLDER, root);
    let mut child = command.stdout(Stdio::null()).stderr(Stdio::piped()).spawn().unwrap();
    let lines = BufReader::new(child.stderr.take().unwrap()).lines();
    let mut told = 0;
    for line in lines {
        // One that was torn by the kill is not said.
        if line.unwrap_or_default() == format!("taken {told}") {
            told += 1;
        }
        if told == segments {
            child.kill().unwrap();
        }
    }
    child.wait().unwrap();
    told
}

#[tokio::test(flavor = "multi_thread")]
async fn what_was_taken_is_there_after_a_kill_at_any_moment() {
    let mut most = 0;
    for round in 0_u64..50 {
        let root = reel::quick_folder();
        let segments = 1 + round * 7 % 41;
        let told = kill_after(root.path(), segments);
        assert!(told >= segments);
        let mut recovered = reel::recover(&reel::rack(root.path())).await;
        let found = recovered.tape.sums().segments;
        assert!(found == told || found == told + 1, "told {told}, found {found}");
        assert_eq!((recovered.torn_segments, recovered.tape.sums().lost_segments), (0, 0));
        check(&reel::chunks(&mut recovered).await, found);
        most = most.max(told);
    }
    assert!(most > 26, "no chunk of another section was ever written");
}

/// Are these chunks, one behind the other, so many segments?
fn check(chunks: &[Chunk], segments: u64) {
    for rendition in 0..RENDITIONS {
        let file = |chunk: &Chunk| chunk.files[rendition].clone().expect("there are no gaps");
        let found: Vec<u8> =
            chunks.iter().flat_map(|chunk| fs::read(file(chunk).parcel.path).unwrap()).collect();
        let expected: Vec<u8> = (0..segments).flat_map(|number| plan(number).payload(rendition)).collect();
        assert!(found == expected, "rendition {rendition}: {} bytes of {}", found.len(), expected.len());
        let told: u64 = chunks.iter().flat_map(|chunk| file(chunk).entries).map(|entry| entry.bytes).sum();
        assert_eq!(told, expected.len() as u64);
        assert!(chunks.iter().all(|chunk| file(chunk).init.is_some()));
    }
}
