//! A log with all that it needs.

use std::io::Read as _;
use std::path::{Path, PathBuf};
use std::time::{Duration, SystemTime, UNIX_EPOCH};

use blob::Blobs;
use bus::FrameKind;
use chat::log::{Config, Deps, Log, LogError, Record};
use domain::{Arn, LogDestination, LoggingConfiguration, LoggingState, Room};
use flate2::read::GzDecoder;
use outbound::log_sink::{LogSinks, LogSinksConfig};
use outbound::{Credentials, Keys, Outbound};
use prometheus_client::encoding::text::encode;
use prometheus_client::registry::Registry;
use store::{Store, Tenant};
use tokio::task::JoinHandle;
use tokio_util::sync::CancellationToken;

const PATIENCE: Duration = Duration::from_secs(60);

pub(crate) struct House {
    pub(crate) folder: tempfile::TempDir,
    pub(crate) store: Store,
    pub(crate) config: Config,
    /// Where services are; `None`: nowhere.
    pub(crate) service: Option<String>,
}

pub(crate) struct Running {
    pub(crate) log: Log,
    pub(crate) registry: Registry,
    shutdown: CancellationToken,
    task: JoinHandle<()>,
}

pub(crate) fn room_arn(number: usize) -> Arn {
    Arn::parse(&format!("arn:aws:ivschat:us-east-1:123456789012:room/Room{number:08}")).unwrap()
}

pub(crate) fn configuration_arn(name: &str) -> Arn {
    Arn::parse(&format!("arn:aws:ivschat:us-east-1:123456789012:logging-configuration/{name}")).unwrap()
}

/// The payload with this number, long enough for a spool to fill.
pub(crate) fn payload(number: usize, length: usize) -> String {
    format!("{{\"n\":{number},\"filling\":\"{}\"}}", "x".repeat(length))
}

impl House {
    pub(crate) async fn new() -> Self {
        let folder = tempfile::tempdir().unwrap();
        let store = Store::open(&folder.path().join("db/rillcast.db")).await.unwrap();
        let mut config = Config::new(folder.path().join("chat-log"));
        config.flush = Duration::from_millis(20);
        config.file = Duration::from_secs(1);
        config.pause = Duration::from_secs(1);
        config.farewell = Duration::ZERO;
        Self { folder, store, config, service: None }
    }

    pub(crate) fn buckets(&self) -> PathBuf {
        self.folder.path().join("buckets")
    }

    pub(crate) fn open(&self) -> Result<Log, LogError> {
        self.open_on(self.store.clone())
    }

    fn open_on(&self, store: Store) -> Result<Log, LogError> {
        let keys = Keys { id: "AKIDEXAMPLE".to_owned(), secret: "secret".to_owned(), session: None };
        let calls = outbound::Config { credentials: Credentials::Keys(keys), ..Default::default() };
        let services =
            LogSinksConfig { logs_endpoint: self.service.clone(), firehose_endpoint: self.service.clone() };
        let sinks = LogSinks::new(Outbound::new(calls).unwrap(), services);
        Log::open(self.config.clone(), Deps { store, blobs: Blobs::disk(self.buckets()), sinks })
    }

    pub(crate) fn run(&self) -> Running {
        Running::start(self.open().unwrap())
    }

    /// A run after one that was killed, whose last write may still be on its way to the disk.
    pub(crate) async fn run_after_kill(&self) -> Running {
        let mut log = None;
        until("the killed one's end", || {
            log = self.open().ok();
            log.is_some()
        })
        .await;
        Running::start(log.unwrap())
    }

    /// Another run of the server on the same folder: its own handle on the database.
    pub(crate) async fn run_again(&mut self) -> Running {
        self.store = Store::open(&self.folder.path().join("db/rillcast.db")).await.unwrap();
        self.run_after_kill().await
    }

    /// An active configuration whose bucket has its name in lower case.
    pub(crate) async fn configuration(&self, name: &str) -> Arn {
        self.configuration_of(name, LogDestination::S3 { bucket: name.to_lowercase() }).await
    }

    pub(crate) async fn configuration_of(&self, name: &str, destination: LogDestination) -> Arn {
        let arn = configuration_arn(name);
        let configuration = LoggingConfiguration {
            arn: arn.clone(),
            name: String::new(),
            created_at: 0,
            updated_at: 0,
            destination,
            state: LoggingState::Active,
            tags: Default::default(),
        };
        self.store.create_logging_configuration(&configuration, u32::MAX).await.unwrap();
        arn
    }

    pub(crate) async fn room(&self, number: usize, configurations: &[&Arn]) -> Arn {
        let arn = room_arn(number);
        let room = Room {
            arn: arn.clone(),
            name: String::new(),
            created_at: 0,
            updated_at: 0,
            message_rate: Room::DEFAULT_RATE,
            message_length: Room::DEFAULT_LENGTH,
            review_handler: None,
            logging_configurations: configurations.iter().map(|arn| (*arn).clone()).collect(),
            tags: Default::default(),
        };
        self.store.create_room(&room, u32::MAX).await.unwrap();
        arn
    }

    pub(crate) async fn detach(&self, room: &Arn) {
        let clear = |room: &mut Room| {
            room.logging_configurations.clear();
            Ok::<_, store::StoreError>(())
        };
        self.store.update_room(&Tenant::of(room), room, clear).await.unwrap();
    }

    /// Paths of all files in a bucket, relative to it, in order.
    pub(crate) fn files(&self, bucket: &str) -> Vec<String> {
        let root = self.buckets().join(bucket);
        let mut files = Vec::new();
        walk(&root, &mut files);
        let mut files: Vec<_> = files
            .iter()
            .map(|path| path.strip_prefix(&root).unwrap().to_str().unwrap().to_owned())
            .filter(|path| !path.contains(".rillcast-"))
            .collect();
        files.sort();
        files
    }

    /// All records of a room in a bucket, in the order of file names within each second and lines in each file.
    pub(crate) fn records(&self, bucket: &str, room: &Arn) -> Vec<serde_json::Value> {
        let of_room = format!("room_{}/", room.id);
        let mut records: Vec<Vec<serde_json::Value>> = Vec::new();
        for path in self.files(bucket).into_iter().filter(|path| path.contains(&of_room)) {
            let bytes = std::fs::read(self.buckets().join(bucket).join(path)).unwrap();
            let mut text = String::new();
            GzDecoder::new(&bytes[..]).read_to_string(&mut text).unwrap();
            records.push(text.lines().map(|line| serde_json::from_str(line).unwrap()).collect::<Vec<_>>());
        }
        // Files of one minute are told apart by a hash alone; each one's first record says which came first.
        records.sort_by_key(|lines| lines[0]["payload"]["n"].as_u64().unwrap());
        records.concat()
    }

    pub(crate) fn numbers(&self, bucket: &str, room: &Arn) -> Vec<usize> {
        let number =
            |record: &serde_json::Value| usize::try_from(record["payload"]["n"].as_u64().unwrap()).unwrap();
        self.records(bucket, room).iter().map(number).collect()
    }
}

fn walk(folder: &Path, files: &mut Vec<PathBuf>) {
    for entry in std::fs::read_dir(folder).into_iter().flatten().flatten() {
        if entry.path().is_dir() { walk(&entry.path(), files) } else { files.push(entry.path()) }
    }
}

impl Running {
    fn start(log: Log) -> Self {
        let mut registry = Registry::with_prefix("ivschat");
        log.register(&mut registry);
        let shutdown = CancellationToken::new();
        let runtime = tokio::runtime::Handle::current();
        let task = runtime.spawn(log.clone().run(shutdown.clone()));
        Self { log, registry, shutdown, task }
    }

    pub(crate) fn say(&self, room: &Arn, number: usize) {
        self.say_long(room, number, 0);
    }

    pub(crate) fn say_long(&self, room: &Arn, number: usize, length: usize) {
        let now = SystemTime::now().duration_since(UNIX_EPOCH).unwrap();
        let payload = payload(number, length).into();
        let at = i64::try_from(now.as_nanos()).unwrap();
        let record = Record { room: room.clone(), kind: FrameKind::Message, at, payload };
        self.log.append(record).unwrap();
    }

    pub(crate) fn metric(&self, name: &str) -> u64 {
        let mut text = String::new();
        encode(&mut text, &self.registry).unwrap();
        let lines = text.lines().filter(|line| line.starts_with(name));
        lines.filter_map(|line| line.rsplit(' ').next()?.parse::<u64>().ok()).sum()
    }

    /// A process that ends as it should.
    pub(crate) async fn stop(self) {
        let Self { log, registry, shutdown, task } = self;
        shutdown.cancel();
        task.await.unwrap();
        drop((log, registry));
    }

    /// A process that is killed: nothing more of it runs.
    pub(crate) async fn kill(self) {
        let Self { log, registry, shutdown, task } = self;
        task.abort();
        drop(task.await);
        drop((log, registry, shutdown));
    }
}

/// Waits until `wanted` holds.
pub(crate) async fn until(what: &str, mut wanted: impl FnMut() -> bool) {
    let patience = tokio::time::timeout(PATIENCE, async {
        while !wanted() {
            tokio::time::sleep(Duration::from_millis(10)).await;
        }
    });
    assert!(patience.await.is_ok(), "waited in vain for {what}");
}

pub(crate) fn open_files(folder: &Path) -> usize {
    let files = std::fs::read_dir("/proc/self/fd").unwrap().flatten();
    files.filter(|fd| std::fs::read_link(fd.path()).is_ok_and(|path| path.starts_with(folder))).count()
}
