//! What is served, and how.
//!
//! Promise: headers and bytes are those that players, caches and browsers go by.

use std::os::unix::fs::symlink;

use blob::{Blobs, S3Config};
use bytes::Bytes;
use delivery::{Config, Delivery, Deps};
use domain::RecordingStage;
use http::{Method, StatusCode};
use http_body::Body as _;
use http_body_util::BodyExt as _;
use live::{Hub, RingLimits};
use store::Store;

use crate::stage::{BUCKET, CHUNK, MASTER, MASTER_TEXT, PLAYLIST, PREFIX, Stage, chunk, path};

#[tokio::test]
async fn an_object_is_served_whole_with_what_it_is() {
    let stage = Stage::new(false).await;
    for (below, kind, cache) in [
        (MASTER, "application/vnd.apple.mpegurl", "public, max-age=3600"),
        (PLAYLIST, "application/vnd.apple.mpegurl", "public, max-age=3600"),
        (CHUNK, "video/mp2t", "public, max-age=86400, immutable"),
        ("events/recording-ended.json", "application/json", "public, max-age=86400, immutable"),
        ("media/latest_thumbnail/thumb.jpg", "image/jpeg", "public, max-age=3600"),
    ] {
        let reply = stage.get(&path(below), &[]).await;
        assert_eq!(reply.status, StatusCode::OK, "{below}");
        assert_eq!(reply.header("content-type"), kind);
        assert_eq!(reply.header("cache-control"), cache);
        assert_eq!(reply.header("content-length"), reply.body.len().to_string());
        assert_eq!(reply.header("access-control-allow-origin"), "*");
        assert_eq!(reply.header("accept-ranges"), "bytes");
        assert_eq!(reply.header("x-content-type-options"), "nosniff");
        assert!(!reply.header("etag").is_empty() && !reply.header("last-modified").is_empty());
        let head = stage.ask(Method::HEAD, &path(below), &[]).await;
        assert_eq!(head.header("content-length"), reply.header("content-length"));
        assert_eq!((head.header("etag"), head.body.len()), (reply.header("etag"), 0));
    }
    assert_eq!(stage.get(&path(CHUNK), &[]).await.body, chunk());
    assert_eq!(stage.get(&path(MASTER), &[]).await.text(), MASTER_TEXT);
}

#[tokio::test]
async fn what_still_grows_is_kept_for_a_moment_only() {
    let stage = Stage::new(false).await;
    stage.write(false, RecordingStage::Started).await;
    let cache = async |below| stage.get(&path(below), &[]).await.header("cache-control").to_owned();
    assert_eq!(cache(PLAYLIST).await, "public, max-age=2");
    assert_eq!(cache("media/latest_thumbnail/thumb.jpg").await, "public, max-age=2");
    assert_eq!(cache(CHUNK).await, "public, max-age=86400, immutable");
}

#[tokio::test]
async fn ranges_are_as_asked() {
    let stage = Stage::new(false).await;
    let (whole, length) = (chunk(), chunk().len());
    for (range, first, last) in [
        ("bytes=0-0", 0, 0),
        ("bytes=100-299999", 100, 299_999),
        ("bytes=131072-262143", 131_072, 262_143),
        ("bytes=399990-", 399_990, length - 1),
        ("bytes=-10", length - 10, length - 1),
        ("bytes=399999-999999", 399_999, length - 1),
    ] {
        let reply = stage.get(&path(CHUNK), &[("range", range)]).await;
        assert_eq!(reply.status, StatusCode::PARTIAL_CONTENT, "{range}");
        assert_eq!(reply.header("content-range"), format!("bytes {first}-{last}/{length}"));
        assert_eq!(reply.header("content-length"), (last - first + 1).to_string());
        assert_eq!(reply.body, whole.slice(first..=last));
    }
    let reply = stage.get(&path(CHUNK), &[("range", "bytes=400000-")]).await;
    assert_eq!(reply.status, StatusCode::RANGE_NOT_SATISFIABLE);
    assert_eq!(reply.header("content-range"), "bytes */400000");
    let reply = stage.ask(Method::HEAD, &path(CHUNK), &[("range", "bytes=0-9")]).await;
    assert_eq!((reply.status, reply.header("content-length")), (StatusCode::OK, "400000"));
}

#[tokio::test]
async fn a_range_goes_on_only_with_the_file_that_it_began_with() {
    let stage = Stage::new(false).await;
    let first = stage.get(&path(CHUNK), &[("range", "bytes=0-9")]).await;
    let tag = first.header("etag");
    let on = async |wanted: &str| {
        let headers = [("range", "bytes=10-19"), ("if-range", wanted)];
        stage.get(&path(CHUNK), &headers).await.status
    };
    assert_eq!(on(tag).await, StatusCode::PARTIAL_CONTENT);
    assert_eq!(on("\"other\"").await, StatusCode::OK);
    assert_eq!(on(&format!("W/{tag}")).await, StatusCode::OK);
    // Two files may have come in the second that a date tells.
    assert_eq!(on(first.header("last-modified")).await, StatusCode::OK);
    let file = stage.folder.path().join(BUCKET).join(PREFIX).join(CHUNK);
    let long_ago = std::time::SystemTime::UNIX_EPOCH + std::time::Duration::from_secs(1_700_000_000);
    std::fs::File::open(file).and_then(|file| file.set_modified(long_ago)).expect("another date");
    assert_eq!(on("Tue, 14 Nov 2023 22:13:20 GMT").await, StatusCode::PARTIAL_CONTENT);
    assert_eq!(on("Tue, 14 Nov 2023 22:13:21 GMT").await, StatusCode::OK);
    assert_eq!(on(tag).await, StatusCode::OK, "it was touched");
}

#[tokio::test]
async fn whoever_has_an_object_is_told_so() {
    let stage = Stage::new(false).await;
    let first = stage.get(&path(PLAYLIST), &[]).await;
    let (tag, date) = (first.header("etag").to_owned(), first.header("last-modified").to_owned());
    for (name, value, status) in [
        ("if-none-match", tag.as_str(), StatusCode::NOT_MODIFIED),
        ("if-none-match", "\"other\"", StatusCode::OK),
        ("if-modified-since", date.as_str(), StatusCode::NOT_MODIFIED),
        ("if-modified-since", "Tue, 14 Nov 2023 22:13:20 GMT", StatusCode::OK),
        ("if-modified-since", "nonsense", StatusCode::OK),
    ] {
        let reply = stage.get(&path(PLAYLIST), &[(name, value)]).await;
        assert_eq!(reply.status, status, "{name}: {value}");
        assert_eq!(reply.header("etag"), tag);
        assert_eq!(reply.body.is_empty(), status == StatusCode::NOT_MODIFIED);
    }
    stage.put(PLAYLIST, Bytes::from_static(b"#EXTM3U\n")).await;
    let reply = stage.get(&path(PLAYLIST), &[("if-none-match", &tag)]).await;
    assert_eq!((reply.status, reply.text()), (StatusCode::OK, "#EXTM3U\n"));
}

#[tokio::test]
async fn playlists_are_squeezed_for_those_who_can_read_that() {
    let stage = Stage::new(false).await;
    let whole = stage.get(&path(PLAYLIST), &[]).await;
    let gzip = [("accept-encoding", "gzip, deflate")];
    let squeezed = stage.get(&path(PLAYLIST), &gzip).await;
    assert_eq!((squeezed.header("content-encoding"), squeezed.header("vary")), ("gzip", "Accept-Encoding"));
    assert_ne!(squeezed.header("etag"), whole.header("etag"));
    assert!(squeezed.body.len() < whole.body.len() / 5);
    let mut text = String::new();
    let mut reader = flate2::read::GzDecoder::new(&squeezed.body[..]);
    std::io::Read::read_to_string(&mut reader, &mut text).expect("gzip");
    assert_eq!(text, whole.text());
    let known = [gzip[0], ("if-none-match", squeezed.header("etag"))];
    assert_eq!(stage.get(&path(PLAYLIST), &known).await.status, StatusCode::NOT_MODIFIED);
    let range = [gzip[0], ("range", "bytes=0-6")];
    assert_eq!(stage.get(&path(PLAYLIST), &range).await.text(), "#EXTM3U");
    assert_eq!(stage.get(&path(CHUNK), &gzip).await.header("content-encoding"), "");
}

#[tokio::test]
async fn nothing_but_objects_of_recordings_is_served() {
    let stage = Stage::new(false).await;
    let bucket = stage.folder.path().join(BUCKET);
    std::fs::write(stage.folder.path().join("secret"), "secret").expect("written");
    symlink(stage.folder.path().join("secret"), bucket.join(PREFIX).join("media/link.ts")).expect("linked");
    symlink("/", bucket.join(PREFIX).join("media/root")).expect("linked");
    std::fs::write(bucket.join(PREFIX).join("media/.hidden"), "secret").expect("written");
    let unknown = PREFIX.replace("aaaa", "bbbb");
    stage.blobs.put(BUCKET, &format!("{unknown}/{CHUNK}"), chunk()).await.expect("written");
    stage.blobs.put(BUCKET, "logs/0.gz", chunk()).await.expect("written");
    for path in [
        path("media/none.ts"),
        path("media/link.ts"),
        path("media/root/etc/hostname"),
        path("media/.hidden"),
        path("media"),
        path("media/hls/"),
        path(""),
        path("../../secret"),
        path("media/%2e%2e/x"),
        path("media%2fhls%2fmaster.m3u8"),
        path("media/hls/master.m3u8%00"),
        format!("/recordings/{BUCKET}/{unknown}/{CHUNK}"),
        format!("/recordings/{BUCKET}/logs/0.gz"),
        format!("/recordings/other/{PREFIX}/{CHUNK}"),
        format!("/recordings/{BUCKET}/../{BUCKET}/{PREFIX}/{CHUNK}"),
        "/recordings/".to_owned(),
    ] {
        let reply = stage.get(&path, &[]).await;
        assert_eq!((reply.status, reply.code().as_str()), (StatusCode::NOT_FOUND, "not_found"), "{path}");
    }
    let reply = stage.ask(Method::PUT, &path(CHUNK), &[]).await;
    assert_eq!(reply.status, StatusCode::METHOD_NOT_ALLOWED);
    assert_eq!(stage.ask(Method::OPTIONS, &path(CHUNK), &[]).await.status, StatusCode::NO_CONTENT);
}

#[tokio::test]
async fn buckets_in_s3_are_not_served_from_here() {
    let store = Store::in_memory().await.expect("memory");
    let deps = Deps { hub: Hub::new(RingLimits::default()), store, key: [7; 32], node: String::new() };
    let blobs = Blobs::s3(S3Config { endpoint: None, region: None, key: None, path_style: false });
    let delivery = Delivery::bind(Config::default(), deps).with_buckets(blobs);
    let request = http::Request::builder().uri(path(MASTER)).body(()).expect("a request");
    let reply = delivery.handle(request, [127, 0, 0, 1].into()).await;
    assert_eq!(reply.status(), StatusCode::NOT_FOUND);
    let text = reply.into_body().collect().await.expect("a body").to_bytes();
    assert!(String::from_utf8_lossy(&text).contains("S3 service"));
}

#[tokio::test]
async fn whoever_reads_slowly_reads_what_was_there_and_is_sent_no_more_than_a_block_at_a_time() {
    let stage = Stage::new(false).await;
    let mut body = stage.respond(Method::GET, &path(CHUNK), &[]).await.into_body();
    let mut read = body.frame().await.expect("a block").expect("read").into_data().expect("data").to_vec();
    stage.put(CHUNK, Bytes::from_static(b"another one")).await;
    while let Some(block) = body.frame().await {
        let block = block.expect("read").into_data().expect("data");
        assert!(block.len() <= 128 << 10);
        read.extend(block);
    }
    assert_eq!(read, chunk());
    assert!(body.is_end_stream());
}

#[tokio::test]
async fn a_file_that_is_cut_short_breaks_its_answer_off() {
    let stage = Stage::new(false).await;
    let mut body = stage.respond(Method::GET, &path(CHUNK), &[]).await.into_body();
    body.frame().await.expect("a block").expect("read");
    let file = stage.folder.path().join(BUCKET).join(PREFIX).join(CHUNK);
    std::fs::OpenOptions::new().write(true).open(file).and_then(|file| file.set_len(10)).expect("cut");
    assert!(body.frame().await.expect("a block").is_err());
    assert!(body.frame().await.is_none());
}

#[tokio::test]
async fn rows_are_asked_for_again_and_the_last_word_stands_while_the_database_is_away() {
    let stage = Stage::new(false).await;
    assert_eq!(stage.get(&path(CHUNK), &[]).await.status, StatusCode::OK);
    stage.store.close().await;
    tokio::time::sleep(std::time::Duration::from_millis(1_100)).await;
    assert_eq!(stage.get(&path(CHUNK), &[]).await.status, StatusCode::OK);
    let other = path(CHUNK).replace("aaaa", "bbbb");
    assert_eq!(stage.get(&other, &[]).await.status, StatusCode::SERVICE_UNAVAILABLE);
}

#[tokio::test]
async fn a_recording_that_is_removed_is_gone() {
    let stage = Stage::new(false).await;
    assert_eq!(stage.get(&path(CHUNK), &[]).await.status, StatusCode::OK);
    let id = domain::ResourceId::parse("aaaabbbbcccc").expect("an id");
    stage.store.remove_recording(&id).await.expect("removed");
    stage.until(StatusCode::NOT_FOUND, &path(CHUNK), &[]).await;
}
