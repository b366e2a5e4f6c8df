//! Files and blocks as objects: the same on a disk and in an S3 service.
//!
//! Promise: every test has buckets of its own; those in S3 share one service.

use std::fs;
use std::ops::Range;
use std::path::{Path, PathBuf};
use std::sync::OnceLock;

use blob::{BlobError, Blobs, Block, LIST_MAX, Patience, S3Config, S3Key, Trouble};
use bytes::Bytes;
use testkit::s3::{self, Fault, S3, Wire};

const KIND: &str = "video/mp2t";
const USUAL: fn() -> Patience = Patience::default;

/// Buckets of one kind, with one called `films`.
struct House {
    blobs: Blobs,
    folder: tempfile::TempDir,
    bucket: String,
}

fn service() -> &'static S3 {
    static SERVICE: OnceLock<S3> = OnceLock::new();
    SERVICE.get_or_init(S3::start)
}

fn client(endpoint: String) -> Blobs {
    let key = Some(S3Key { id: s3::KEY.to_owned(), secret: s3::SECRET.to_owned() });
    Blobs::s3(S3Config { endpoint: Some(endpoint), region: None, key, path_style: true })
}

fn on_disk() -> House {
    let folder = tempfile::tempdir().expect("a folder");
    House { blobs: Blobs::disk(folder.path().join("buckets")), folder, bucket: "films".to_owned() }
}

fn in_s3(name: &str) -> House {
    service().make_bucket(name);
    let blobs = client(format!("http://{}", service().address()));
    House { blobs, folder: tempfile::tempdir().expect("a folder"), bucket: name.to_owned() }
}

/// Bytes that tell where they stand.
fn film(bytes: usize) -> Vec<u8> {
    (0..bytes).map(|at| u8::try_from((at * 31 + at / 251) % 256).expect("less than 256")).collect()
}

impl House {
    fn file(&self, bytes: &[u8]) -> PathBuf {
        let path = self.folder.path().join(format!("file-{}", bytes.len()));
        fs::write(&path, bytes).expect("room");
        path
    }

    async fn put_file(&self, key: &str, path: &Path) -> Result<(), BlobError> {
        self.blobs.put_file(&self.bucket, key, path, KIND, USUAL()).await
    }

    async fn get(&self, key: &str) -> Option<Bytes> {
        self.blobs.get(&self.bucket, key).await.expect("readable")
    }

    async fn read(&self, key: &str, range: Range<u64>) -> Option<Bytes> {
        self.blobs.read(&self.bucket, key, range).await.expect("readable")
    }

    async fn sizes(&self) -> Vec<(String, u64)> {
        let listed = self.blobs.objects(&self.bucket, "", "").await.expect("a list");
        listed.into_iter().map(|listed| (listed.key, listed.stat.bytes)).collect()
    }
}

macro_rules! everywhere {
    ($($(#[$attributes:meta])* $name:ident)*) => {
        mod disk { $( #[tokio::test] async fn $name() { super::$name(super::on_disk()).await; } )* }
        mod remote {
            $( #[tokio::test] async fn $name() {
                super::$name(super::in_s3(&stringify!($name).replace('_', "")[..20])).await;
            } )*
        }
    };
}

everywhere! {
    a_file_becomes_an_object_and_is_gone
    a_file_that_came_before_is_not_missed
    blocks_are_put_together_in_their_order
    objects_are_read_in_ranges_and_told_by_size
    lists_tell_sizes_and_go_on_where_the_last_one_ended
    what_is_removed_is_gone_and_its_neighbours_are_not
    a_large_object_arrives_whole
    a_file_that_is_too_short_becomes_nothing
}

async fn a_file_becomes_an_object_and_is_gone(house: House) {
    for length in [0, 1, 70_000] {
        let path = house.file(&film(length));
        house.put_file("a/b/0.ts", &path).await.expect("it gets there");
        assert!(!path.exists());
        assert_eq!(house.get("a/b/0.ts").await.expect("it is there"), film(length));
    }
    assert_eq!(house.sizes().await, [("a/b/0.ts".to_owned(), 70_000)], "nothing else is left");
}

async fn a_file_that_came_before_is_not_missed(house: House) {
    let path = house.file(b"film");
    house.put_file("0.ts", &path).await.expect("it gets there");
    house.put_file("0.ts", &path).await.expect("it was done before");
    let gone = house.put_file("1.ts", &path).await.expect_err("neither file nor object");
    assert!(gone.is_gone() && gone.trouble() == Trouble::Other, "{gone:?}");
}

async fn blocks_are_put_together_in_their_order(house: House) {
    let path = house.file(b"0123456789 and what was appended meanwhile");
    let part = |range| Block::File(path.clone(), range);
    let word = |text| Block::Bytes(Bytes::from_static(text));
    for (blocks, whole) in [
        (vec![word(b"<"), part(0..10), word(b">"), part(2..4), part(5..5), word(b"")], "<0123456789>23"),
        (vec![], ""),
    ] {
        let put = house.blobs.put_blocks(&house.bucket, "list", blocks, KIND, USUAL());
        put.await.expect("it gets there");
        assert_eq!(house.get("list").await.expect("it is there"), whole);
    }
    assert!(path.exists());
}

async fn objects_are_read_in_ranges_and_told_by_size(house: House) {
    house.blobs.put(&house.bucket, "a/b", Bytes::from_static(b"0123456789")).await.expect("room");
    assert_eq!(house.read("a/b", 2..5).await.expect("there"), "234");
    assert_eq!(house.read("a/b", 8..100).await.expect("there"), "89");
    assert_eq!(house.read("a/c", 0..1).await, None);
    let stat = house.blobs.stat(&house.bucket, "a/b").await.expect("looked").expect("there");
    assert_eq!(stat.bytes, 10);
    let age = std::time::SystemTime::now().duration_since(stat.modified).unwrap_or_default();
    assert!(age.as_secs() < 600, "{age:?}");
    for key in ["a", "a/c"] {
        assert_eq!(house.blobs.stat(&house.bucket, key).await.expect("looked"), None, "{key}");
    }
}

async fn lists_tell_sizes_and_go_on_where_the_last_one_ended(house: House) {
    // The order is that of the keys as bytes, in which `a.` is before `a/`.
    let keys = ["a.b", "a/0", "a/1", "a/b/0", "a/b/1", "a0", "b"];
    for (size, key) in keys.into_iter().enumerate() {
        house.blobs.put(&house.bucket, key, film(size).into()).await.expect("room");
    }
    let all: Vec<_> = keys.into_iter().map(str::to_owned).zip(0..).collect();
    assert_eq!(house.sizes().await, all);
    for from in 0..keys.len() {
        let after = house.blobs.objects(&house.bucket, "", keys[from]).await.expect("a list");
        assert_eq!(after.into_iter().map(|listed| listed.key).collect::<Vec<_>>(), keys[from + 1..]);
    }
    let below = house.blobs.list(&house.bucket, "a/", "a/0").await.expect("a list");
    assert_eq!(below, ["a/1", "a/b/0", "a/b/1"]);
}

async fn what_is_removed_is_gone_and_its_neighbours_are_not(house: House) {
    for key in ["a/b/0", "a/b/1", "a/c/0", "d"] {
        house.blobs.put(&house.bucket, key, Bytes::from_static(b"x")).await.expect("room");
    }
    let keys = ["a/b/0", "a/b/1", "a/c/1", "none/at/all"].map(str::to_owned);
    for _ in 0..2 {
        house.blobs.remove(&house.bucket, &keys).await.expect("what is gone is no failure");
        assert_eq!(house.sizes().await, [("a/c/0".to_owned(), 1), ("d".to_owned(), 1)]);
    }
    house.blobs.remove(&house.bucket, &[]).await.expect("nothing to do");
}

async fn a_large_object_arrives_whole(house: House) {
    let whole = film((33 << 20) + 12_345);
    let path = house.file(&whole);
    house.put_file("large", &path).await.expect("it gets there");
    assert!(!path.exists());
    let stat = house.blobs.stat(&house.bucket, "large").await.expect("looked").expect("there");
    assert_eq!(stat.bytes, whole.len() as u64);
    for at in [0, (8 << 20) - 5, (16 << 20) - 5, (32 << 20) - 5, whole.len() - 10] {
        let read = house.read("large", at as u64..at as u64 + 10).await.expect("there");
        assert_eq!(read, whole[at..at + 10], "{at}");
    }
}

async fn a_file_that_is_too_short_becomes_nothing(house: House) {
    let path = house.file(b"0123");
    let blocks = vec![Block::File(path.clone(), 0..5)];
    let short = house.blobs.put_blocks(&house.bucket, "list", blocks, KIND, USUAL()).await;
    assert!(matches!(&short, Err(BlobError::Read { path: told, .. }) if *told == path), "{short:?}");
    assert_eq!(house.get("list").await, None);
}

#[tokio::test]
async fn a_list_on_disk_is_bounded() {
    let house = on_disk();
    let folder = house.folder.path().join("buckets/films/x");
    fs::create_dir_all(&folder).expect("room");
    for number in 0..LIST_MAX + 50 {
        fs::write(folder.join(format!("{number:05}")), "x").expect("room");
    }
    let first = house.blobs.objects("films", "x/", "").await.expect("a list");
    let last = &first.last().expect("many").key;
    let second = house.blobs.objects("films", "x/", last).await.expect("a list");
    assert_eq!((first.len(), second.len()), (LIST_MAX, 50));
    let all: Vec<_> = first.into_iter().chain(second).map(|listed| listed.key).collect();
    assert!(all.is_sorted() && all.iter().all(|key| key.len() == "x/00000".len()));
}

#[tokio::test]
async fn emptied_folders_go_and_the_bucket_stays() {
    let house = on_disk();
    house.blobs.put("films", "a/b/c", Bytes::new()).await.expect("room");
    house.blobs.remove("films", &["a/b/c".to_owned()]).await.expect("a disk");
    let left = fs::read_dir(house.folder.path().join("buckets/films")).expect("the bucket");
    assert_eq!(left.count(), 0);
}

#[tokio::test]
async fn a_file_of_another_file_system_is_copied() {
    let house = on_disk();
    let Ok(elsewhere) = tempfile::tempdir_in("/dev/shm") else { return };
    let path = elsewhere.path().join("file");
    fs::write(&path, film(100_000)).expect("room");
    house.put_file("0.ts", &path).await.expect("it gets there");
    assert!(!path.exists());
    assert_eq!(house.get("0.ts").await.expect("it is there"), film(100_000));
}

#[tokio::test]
async fn what_others_fetch_has_its_type() {
    let house = in_s3("what-others-fetch");
    house.put_file("small", &house.file(&film(10))).await.expect("it gets there");
    house.put_file("large", &house.file(&film(16 << 20))).await.expect("it gets there");
    for key in ["small", "large"] {
        let head = head(&format!("/{}/{key}", house.bucket)).await.to_lowercase();
        assert!(head.contains("content-type: video/mp2t\r\n"), "{head}");
    }
}

async fn head(target: &str) -> String {
    use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
    let mut socket = tokio::net::TcpStream::connect(service().address()).await.expect("the service");
    let asked = format!("HEAD {target} HTTP/1.1\r\nhost: s3\r\nconnection: close\r\n\r\n");
    socket.write_all(asked.as_bytes()).await.expect("the service reads");
    let mut answer = String::new();
    socket.read_to_string(&mut answer).await.expect("the service answers");
    answer
}

/// Buckets behind a wire.
async fn wired(
    bucket: &str,
    script: impl Fn(&s3::Called) -> Option<Fault> + Send + Sync + 'static,
) -> (House, Wire) {
    let mut house = in_s3(bucket);
    let wire = Wire::lay(service().address(), script).await;
    house.blobs = client(wire.endpoint());
    (house, wire)
}

#[tokio::test]
async fn a_large_object_goes_in_parts_and_takes_no_more_memory_than_one() {
    let (house, wire) = wired("in-parts", |_| None).await;
    house.put_file("large", &house.file(&film(20 << 20))).await.expect("it gets there");
    let calls: Vec<_> = wire.calls().into_iter().map(|call| (call.method, call.length)).collect();
    let parts = [8 << 20, 8 << 20, 4 << 20].map(|length| ("PUT".to_owned(), length));
    assert_eq!((&*calls[0].0, &calls[1..4], &*calls[4].0, calls.len()), ("POST", &parts[..], "POST", 5));
}

#[tokio::test]
async fn parts_of_an_object_that_did_not_get_through_are_removed() {
    let refuse = |call: &s3::Called| {
        call.target
            .contains("partNumber=2")
            .then_some(Fault::Answer(403, "<Error><Code>AccessDenied</Code></Error>"))
    };
    let (house, wire) = wired("refused-part", refuse).await;
    let path = house.file(&film(20 << 20));
    let refused = house.put_file("large", &path).await.expect_err("a part is missing");
    assert_eq!(refused.trouble(), Trouble::Denied);
    assert!(path.exists());
    let last = wire.calls().pop().expect("calls");
    assert_eq!((&*last.method, last.status), ("DELETE", Some(204)));
}

#[tokio::test]
async fn to_try_again_after_a_lost_answer_is_harmless() {
    let (house, wire) = wired("lost-answers", |call| match call.number {
        0 | 4 => Some(Fault::LoseAnswer),
        _ => None,
    })
    .await;
    let path = house.file(&film(1_000));
    let mut tries = 0;
    while house.put_file("0.ts", &path).await.is_err() {
        tries += 1;
        assert!(tries < 10 && path.exists());
    }
    assert!(!path.exists() && wire.calls().len() > 1);
    let large = house.file(&film(17 << 20));
    while house.put_file("1.ts", &large).await.is_err() {
        tries += 1;
        assert!(tries < 10 && large.exists());
    }
    assert_eq!(house.sizes().await, [("0.ts".to_owned(), 1_000), ("1.ts".to_owned(), 17 << 20)]);
}

#[tokio::test]
async fn a_service_that_takes_an_object_and_never_answers_is_noticed() {
    let (house, wire) = wired("never-answers", |call| (call.number == 0).then_some(Fault::Hang)).await;
    let path = house.file(&film(256 << 10));
    let put = house.put_file("0.ts", &path);
    let hangs = async {
        wire.wait_for(|calls| !calls.is_empty()).await;
        // The clock stands while the call is on its way, and is then put forward by more than it may take.
        tokio::time::pause();
        tokio::time::advance(USUAL().time(256 << 10)).await;
        tokio::time::resume();
    };
    let (slow, ()) = tokio::join!(put, hangs);
    let slow = slow.expect_err("no answer");
    assert!(slow.is_slow() && path.exists(), "{slow:?}");
    house.put_file("0.ts", &path).await.expect("it gets there");
}

#[tokio::test]
async fn a_bucket_that_is_missing_or_not_ours_is_told_apart_from_a_service_in_trouble() {
    let (mut house, _wire) =
        wired("told-apart", |_| Some(Fault::Answer(503, "<Error><Code>SlowDown</Code></Error>"))).await;
    let path = house.file(b"film");
    let away = house.put_file("0.ts", &path).await.expect_err("away");
    assert_eq!(away.trouble(), Trouble::Other, "{away:?}");
    house.blobs = client(format!("http://{}", service().address()));
    house.bucket = "no-such-bucket".to_owned();
    let missing = house.put_file("0.ts", &path).await.expect_err("no bucket");
    assert_eq!(missing.trouble(), Trouble::Missing, "{missing:?}");
    let key = Some(S3Key { id: s3::KEY.to_owned(), secret: "wrong".to_owned() });
    let endpoint = Some(format!("http://{}", service().address()));
    house.blobs = Blobs::s3(S3Config { endpoint, region: None, key, path_style: true });
    let denied = house.put_file("0.ts", &path).await.expect_err("not ours");
    assert_eq!(denied.trouble(), Trouble::Denied, "{denied:?}");
    assert!(path.exists());
}
