//! A worker's beginning and its end, however it comes.

use std::collections::HashSet;

use super::*;
use crate::worker::Measure;

const LENGTH: Duration = Duration::from_millis(1_500);

fn film() -> Film {
    Film { width: 320, height: 180, gop: 25, b_frames: 2, ..Film::default() }
}

fn rungs() -> Vec<Rung> {
    vec![rung(144, false, Sound::Coded(64_000)), rung(90, true, Sound::Source)]
}

async fn confined(job: &Job) -> Worker {
    Worker::start(&config(), confinement().await, job).expect("ffmpeg is installed")
}

/// Feeds a film, as long as there is room.
fn feed(worker: &mut Worker, film: &Film) {
    for frame in film.frames(LENGTH).iter().take_while(|_| worker.has_room()).collect::<Vec<_>>() {
        worker.feed(frame).expect("there is room");
    }
}

/// Waits for the first picture of the worker.
async fn first_picture(worker: &mut Worker) -> Frame {
    loop {
        match timeout(PATIENCE, worker.next()).await.expect("it works") {
            Output::Frame(_, frame) if frame.track == TrackKind::Video => return frame,
            Output::Ended(ended) => panic!("it should go on: {ended:?}"),
            _ => {}
        }
    }
}

/// Waits for the end.
async fn end(worker: &mut Worker) -> Result<(), Error> {
    loop {
        if let Output::Ended(ended) = timeout(PATIENCE, worker.next()).await.expect("it ends") {
            return ended;
        }
    }
}

fn state(process: u32) -> Option<String> {
    std::fs::read_to_string(format!("/proc/{process}/status")).ok()
}

/// Waits until there is no such process, not even a dead one that nobody asked about.
async fn gone(process: u32) {
    let all = async {
        while state(process).is_some() {
            tokio::time::sleep(Duration::from_millis(2)).await;
        }
    };
    timeout(PATIENCE, all).await.expect("it is gone");
}

/// How much a process gives way (proc(5), field 19 of `stat`).
fn niceness(process: &str) -> Option<i32> {
    let fields = std::fs::read_to_string(format!("/proc/{process}/stat")).ok()?;
    fields.rsplit(')').next()?.split_ascii_whitespace().nth(16)?.parse().ok()
}

fn signal(process: u32, name: &str) {
    let status = std::process::Command::new("kill").args([name, &process.to_string()]).status();
    assert!(status.expect("kill is there").success());
}

#[tokio::test]
async fn one_that_takes_over_begins_with_a_keyframe_at_the_first_missing_picture() {
    let film = film();
    let shown = times(&film.pictures(LENGTH));
    let whole = work(&config(), &job(&film, rungs()), &film.frames(LENGTH)).await;
    // In the middle of a group, at its beginning, and between two pictures.
    for from in [shown[37].0, shown[25].0, shown[11].0 - Ticks::new(700)] {
        let job = Job { from: Some(from), ..job(&film, rungs()) };
        let made = work(&config(), &job, &film.frames(LENGTH)).await;
        made.ended.as_ref().expect("it finished");
        for index in [0, 1] {
            let mut wanted: Vec<_> =
                whole.picture_times(index).into_iter().filter(|(time, _)| *time >= from).collect();
            wanted[0].1 = true;
            assert_eq!(made.picture_times(index), wanted, "rung {index} from {from:?}");
        }
        // Each frame of sound has the time of one of the source's; the first is there for the decoder alone.
        let sounds: Vec<_> = made.rungs[0].sounds.iter().map(|frame| frame.pts).collect();
        let wanted: Vec<_> = film.sounds(LENGTH).iter().map(|frame| frame.pts).collect();
        let first = wanted.iter().position(|time| *time >= from).expect("the film goes on");
        assert_eq!(sounds[1..], wanted[first..]);
    }
}

#[tokio::test]
async fn the_end_of_a_killed_process_is_told_with_its_cause() {
    let film = film();
    let mut worker = confined(&job(&film, rungs())).await;
    feed(&mut worker, &film);
    first_picture(&mut worker).await;
    signal(worker.pid().expect("it runs"), "-KILL");
    let error = end(&mut worker).await.expect_err("it was killed");
    assert!(error.to_string().contains("signal: 9 (SIGKILL)"), "{error}");
    assert_eq!(worker.pid(), None);
    // Afterwards nothing comes any more, and feeding is no trouble.
    assert!(worker.feed(&film.frames(LENGTH)[0]).is_ok());
    let after = timeout(Duration::from_millis(20), worker.next()).await;
    assert!(after.is_err(), "{after:?}");
}

#[tokio::test]
async fn a_stopped_process_is_found_out_by_what_waits_and_ends_with_its_worker() {
    let film = Film { frame_rate: (60, 1), ..film() };
    let mut worker = confined(&job(&film, rungs())).await;
    let process = worker.pid().expect("it runs");
    signal(process, "-STOP");
    let error = film.frames(Duration::from_secs(30)).iter().find_map(|frame| worker.feed(frame).err());
    assert!(matches!(error, Some(Error::Behind)), "{error:?}");
    assert!(!worker.has_room());
    drop(worker);
    gone(process).await;
}

#[tokio::test]
async fn a_program_that_is_not_there_or_is_something_else_is_an_error() {
    let film = film();
    let config = Config { ffmpeg: "/nowhere/ffmpeg".into(), ..config() };
    let error = Worker::start(&config, &Confinement::default(), &job(&film, rungs())).map(|_| ());
    assert!(matches!(error, Err(Error::Program { .. })), "{error:?}");
    for program in ["/bin/false", "/bin/true", "/bin/echo"] {
        let config = Config { ffmpeg: program.into(), ..config.clone() };
        let mut worker = start(&config, &job(&film, rungs()));
        worker.finish();
        let ended = end(&mut worker).await;
        assert_eq!(ended.is_ok(), program != "/bin/false", "{program}: {ended:?}");
    }
}

#[tokio::test]
async fn what_it_said_last_is_told() {
    let film = film();
    let mut broken = rungs();
    if let Some(picture) = &mut broken[0].picture {
        picture.width = 0;
        picture.height = 70_000;
    }
    let mut worker = confined(&job(&film, broken)).await;
    feed(&mut worker, &film);
    let error = end(&mut worker).await.expect_err("there is no such size");
    let Error::Ended { status, last_words } = error else { panic!("{error}") };
    assert!(status.starts_with("exit status") && !last_words.is_empty(), "{status}: {last_words}");
}

#[tokio::test]
async fn fifty_workers_leave_no_process_and_no_open_file() {
    let film = film();
    let open = || std::fs::read_dir("/proc/self/fd").expect("Linux").count();
    let mut processes = HashSet::new();
    // The first one brings what the runtime needs for children.
    drop(confined(&job(&film, rungs())).await);
    let before = open();
    for number in 0..50 {
        let mut worker = confined(&job(&film, rungs())).await;
        processes.insert(worker.pid().expect("it runs"));
        match number % 5 {
            0 => {
                feed(&mut worker, &film);
                worker.finish();
                end(&mut worker).await.expect("all came out");
            }
            1 => feed(&mut worker, &film),
            _ => {}
        }
    }
    for process in processes {
        gone(process).await;
    }
    let all_closed = async {
        while open() > before {
            tokio::task::yield_now().await;
        }
    };
    timeout(PATIENCE, all_closed).await.expect("what was opened is closed");
}

#[tokio::test]
async fn a_confined_process_is_nobody_without_a_network_within_its_bounds() {
    let film = film();
    let confinement = confinement().await;
    let mut worker = confined(&job(&film, rungs())).await;
    feed(&mut worker, &film);
    first_picture(&mut worker).await;
    let process = worker.pid().expect("it runs");
    let state = state(process).expect("it runs");
    let says = |line: &str| state.lines().any(|other| other.split_ascii_whitespace().eq(line.split(' ')));
    assert!(state.starts_with("Name:\tffmpeg"), "the words before it became it: {state}");
    let limits = std::fs::read_to_string(format!("/proc/{process}/limits")).expect("Linux");
    for measure in confinement.measures() {
        match measure {
            Measure::NoPrivileges => assert!(says("NoNewPrivs: 1") && says("CapInh: 0000000000000000")),
            Measure::Nobody => {
                assert!(says("Uid: 65534 65534 65534 65534") && says("Gid: 65534 65534 65534 65534"));
                assert!(says("CapEff: 0000000000000000") && says("CapBnd: 0000000000000000"), "{state}");
            }
            Measure::Bounds => {
                let memory = config().memory;
                let told = |name: &str, value: u64| {
                    let line = limits.lines().find_map(|line| line.strip_prefix(name));
                    line.is_some_and(|line| line.split_ascii_whitespace().next() == Some(&value.to_string()))
                };
                assert!(told("Max data size", memory) && told("Max file size", 0), "{limits}");
            }
            Measure::NoNetwork => {
                let network = |process: &str| std::fs::read_link(format!("/proc/{process}/ns/net")).ok();
                assert_ne!(network(&process.to_string()), network("self"));
            }
            Measure::GivesWay => {
                let own = niceness("self").expect("Linux");
                let wanted = (own + i32::from(config().nice)).min(19);
                assert_eq!(niceness(&process.to_string()), Some(wanted));
            }
        }
    }
    let environment = std::fs::read(format!("/proc/{process}/environ")).expect("Linux");
    let names: HashSet<_> =
        environment.split(|byte| *byte == 0).filter_map(|line| line.split(|b| *b == b'=').next()).collect();
    assert!(!names.contains(&b"HOME"[..]) && !names.contains(&b"CARGO_MANIFEST_DIR"[..]));
    // Besides its pipes it has nothing open.
    for file in std::fs::read_dir(format!("/proc/{process}/fd")).expect("Linux") {
        let target = std::fs::read_link(file.expect("Linux").path()).expect("it runs");
        let target = target.to_string_lossy().into_owned();
        assert!(target.starts_with("pipe:") || target == "/dev/null", "{target}");
    }
}

#[tokio::test]
async fn a_measure_that_the_program_does_not_survive_is_left_out() {
    let usual = confinement().await;
    let folder = tempfile::tempdir().expect("a temporary folder");
    let ours = folder.path().join("ffmpeg");
    std::fs::write(&ours, "#!/bin/sh\n[ $(id -u) != 65534 ]\n").expect("room on the disk");
    for (path, mode) in [(folder.path(), 0o755), (&ours, 0o755)] {
        let mode = std::os::unix::fs::PermissionsExt::from_mode(mode);
        std::fs::set_permissions(path, mode).expect("it is ours");
    }
    // Another test, about to start something else, may still have it open for writing.
    while std::process::Command::new(&ours).status().is_err() {}
    let found = Confinement::found(&Config { ffmpeg: ours, ..config() }).await;
    let wanted: Vec<_> =
        usual.measures().iter().copied().filter(|measure| *measure != Measure::Nobody).collect();
    assert_eq!(found.measures(), wanted);
    let missing = Confinement::found(&Config { ffmpeg: "/nowhere/ffmpeg".into(), ..config() }).await;
    assert_eq!(missing.measures(), []);
}
