//! How files are sent: ranges, entity tags, compression, caches, pages of other origins; which form of a playlist
//! whom.

use std::net::{IpAddr, Ipv4Addr};
use std::time::Duration;

use crate::counting::on_air;
use crate::stage::{Reply, Stage, pass_in};
use bytes::Bytes;
use domain::LatencyMode;
use http::response::Parts;
use http::{HeaderName, HeaderValue, Method, Request, StatusCode};
use http_body_util::BodyExt;
use live::{Airing, Audience};
use testkit::Film;

const FOREVER: &str = "public, max-age=86400, immutable";
const ADDRESS: IpAddr = IpAddr::V4(Ipv4Addr::LOCALHOST);

async fn get(stage: &Stage, file: &str, headers: &[(&str, &str)]) -> Reply {
    stage.asking(headers, Method::GET, &stage.path(file)).await
}

#[tokio::test]
async fn any_range_of_a_file_is_those_bytes_of_the_whole() {
    let stage = on_air();
    for file in ["s1.m4s", "p4.1.m4s", "i0.mp4"] {
        let whole = get(&stage, file, &[]).await;
        assert_eq!((whole.status, whole.header("accept-ranges")), (StatusCode::OK, "bytes"));
        let length = whole.body.len();
        let part =
            stage.broadcast.shelf().latest().expect("on air").segment(1).expect("listed").parts[0].data.len();
        let ranges =
            [(0, 0), (0, length - 1), (1, 1), (length - 1, length - 1), (part.min(length) - 1, length - 1)];
        for (first, last) in
            ranges.into_iter().chain((0..50).map(|step| (step * length / 60, step * length / 51 + 9)))
        {
            let last = last.min(length - 1);
            let piece = get(&stage, file, &[("range", &format!("bytes={first}-{last}"))]).await;
            assert_eq!(piece.status, StatusCode::PARTIAL_CONTENT);
            assert_eq!(piece.header("content-range"), format!("bytes {first}-{last}/{length}"));
            assert_eq!(piece.header("content-length"), (last - first + 1).to_string());
            assert_eq!(piece.body, whole.body[first..=last], "{file} {first}-{last}");
            assert_eq!(
                (piece.header("etag"), piece.header("cache-control")),
                (whole.header("etag"), FOREVER)
            );
        }
        let tail = get(&stage, file, &[("range", "bytes=-10")]).await;
        assert_eq!(tail.body, whole.body[length - 10..]);
        let behind = get(&stage, file, &[("range", &format!("bytes={length}-"))]).await;
        assert_eq!(behind.status, StatusCode::RANGE_NOT_SATISFIABLE);
        assert_eq!(behind.header("content-range"), format!("bytes */{length}"));
        for odd in ["bytes=0-1,4-5", "lines=0-1", "bytes=x"] {
            let all = get(&stage, file, &[("range", odd)]).await;
            assert_eq!((all.status, all.body), (StatusCode::OK, whole.body.clone()), "{odd}");
        }
    }
}

#[tokio::test]
async fn a_range_goes_on_with_the_same_file_only_and_a_head_has_none() {
    let stage = on_air();
    let tag = get(&stage, "s1.m4s", &[]).await.header("etag").to_owned();
    let status = async |condition: &str| {
        get(&stage, "s1.m4s", &[("range", "bytes=5-"), ("if-range", condition)]).await.status
    };
    assert_eq!(status(&tag).await, StatusCode::PARTIAL_CONTENT);
    assert_eq!(status("\"another\"").await, StatusCode::OK);
    assert_eq!(status("Wed, 21 Oct 2015 07:28:00 GMT").await, StatusCode::OK);
    let head = stage.asking(&[("range", "bytes=0-1")], Method::HEAD, &stage.path("s1.m4s")).await;
    assert_eq!(head.status, StatusCode::OK);
    let playlist = get(&stage, "index.m3u8", &[("range", "bytes=0-1")]).await;
    assert_eq!((playlist.status, playlist.header("accept-ranges")), (StatusCode::OK, ""));
}

#[tokio::test]
async fn who_has_it_already_is_told_so() {
    let mut stage = on_air();
    for file in ["index.m3u8", "s1.m4s", "i0.mp4", "p4.0.m4s"] {
        let first = get(&stage, file, &[]).await;
        let again = get(&stage, file, &[("if-none-match", first.header("etag"))]).await;
        assert_eq!((again.status, again.body.len()), (StatusCode::NOT_MODIFIED, 0), "{file}");
        for header in ["etag", "cache-control", "vary", "access-control-allow-origin"] {
            assert_eq!(again.header(header), first.header(header), "{file} {header}");
        }
        assert_eq!(get(&stage, file, &[("if-none-match", "\"x\"")]).await.status, StatusCode::OK);
    }
    let before = get(&stage, "index.m3u8", &[]).await;
    stage.step();
    let after = get(&stage, "index.m3u8", &[("if-none-match", before.header("etag"))]).await;
    assert_eq!(after.status, StatusCode::OK, "it has changed");
    assert_ne!(before.header("etag"), after.header("etag"));
}

#[tokio::test]
async fn playlists_are_compressed_for_those_who_ask_and_once_for_all() {
    let stage = on_air();
    let plain = get(&stage, "index.m3u8", &[]).await;
    assert_eq!((plain.header("content-encoding"), plain.header("vary")), ("", "Accept-Encoding"));
    let ask = async || get(&stage, "index.m3u8", &[("accept-encoding", "br, gzip;q=0.8")]).await;
    let (first, second) = (ask().await, ask().await);
    assert_eq!((first.header("content-encoding"), first.header("vary")), ("gzip", "Accept-Encoding"));
    assert_eq!(first.body.as_ptr(), second.body.as_ptr());
    assert!(first.body.len() * 2 < plain.body.len());
    assert_eq!(first.header("content-length"), first.body.len().to_string());
    assert_ne!(first.header("etag"), plain.header("etag"));
    let mut text = String::new();
    std::io::Read::read_to_string(&mut flate2::read::GzDecoder::new(&first.body[..]), &mut text)
        .expect("gzip");
    assert_eq!(text, plain.text());
    let again = [("accept-encoding", "gzip"), ("if-none-match", first.header("etag"))];
    let again = get(&stage, "index.m3u8", &again).await;
    assert_eq!((again.status, again.header("content-encoding")), (StatusCode::NOT_MODIFIED, ""));
    for refusing in ["gzip;q=0", "identity", "br"] {
        let reply = get(&stage, "index.m3u8", &[("accept-encoding", refusing)]).await;
        assert_eq!(reply.body, plain.body, "{refusing}");
    }
    let media = get(&stage, "s1.m4s", &[("accept-encoding", "gzip")]).await;
    assert_eq!((media.header("content-encoding"), media.header("vary")), ("", ""));
}

/// The lines of a head.
fn lines(head: &Parts) -> Bytes {
    let line =
        |(name, value): (&HeaderName, &HeaderValue)| format!("{name}: {}\n", value.to_str().expect("text"));
    let lines: String = head.headers.iter().map(line).collect();
    format!("{}\n{lines}", head.status).into()
}

#[tokio::test]
async fn a_crowd_shares_one_head_that_says_what_an_answer_of_ones_own_does() {
    let stage = on_air();
    let held = stage.path("index.m3u8?_HLS_msn=3");
    let delta = stage.path("index.m3u8?_HLS_msn=3&_HLS_skip=YES");
    for (uri, coding) in [(&held, "identity"), (&held, "gzip"), (&delta, "identity"), (&delta, "gzip")] {
        let request = || {
            let request = Request::get(uri).header("accept-encoding", coding);
            request.body(()).expect("a well-formed request")
        };
        let ask = async || match stage.delivery.reply(&request().into_parts().0, ADDRESS).await {
            delivery::Reply::Shared(shared) => shared,
            delivery::Reply::Own(own) => panic!("{uri}: {own:?}"),
        };
        let head = ask().await.head(lines);
        let again = ask().await;
        assert_eq!(again.head(|_| panic!("it is written once")), head);
        let (own, body) = stage.delivery.handle(request(), ADDRESS).await.into_parts();
        assert_eq!(lines(&own), head, "{uri} {coding}");
        assert_eq!(body.collect().await.expect("all of it").to_bytes(), again.body());
    }
}

#[tokio::test]
async fn what_is_not_for_a_crowd_is_an_answer_of_ones_own() {
    let stage = on_air();
    let held = "index.m3u8?_HLS_msn=3";
    let strange = &[("if-none-match", "\"x\"")][..];
    let asked =
        [(Method::GET, "index.m3u8", &[][..]), (Method::HEAD, held, &[]), (Method::GET, held, strange)];
    for (method, file, headers) in asked {
        let mut request = Request::builder().method(method).uri(stage.path(file));
        for (name, value) in headers {
            request = request.header(*name, *value);
        }
        let (head, ()) = request.body(()).expect("a well-formed request").into_parts();
        let reply = stage.delivery.reply(&head, ADDRESS).await;
        assert!(matches!(reply, delivery::Reply::Own(_)), "{head:?}");
        assert_eq!(reply.into_response().status(), StatusCode::OK);
    }
}

#[tokio::test]
async fn a_file_has_one_path() {
    let stage = on_air();
    let shared = stage.path("s1.m4s");
    let playlist = stage.path("index.m3u8");
    let own = playlist.replace("index.m3u8", "s1.m4s");
    assert_eq!(
        stage.request(Method::GET, &own).await.status,
        StatusCode::NOT_FOUND,
        "public media have no pass"
    );
    let bare = shared.replace("s1.m4s", "index.m3u8");
    assert_eq!(stage.request(Method::GET, &bare).await.status, StatusCode::FORBIDDEN);
    for rendition in ["720p30", "Source", "..", "%73ource", "source/source"] {
        for path in [&shared, &playlist] {
            let other = path.replace("/source/", &format!("/{rendition}/"));
            let status = stage.request(Method::GET, &other).await.status;
            assert!(
                status == StatusCode::NOT_FOUND
                    || (status == StatusCode::FORBIDDEN && rendition.contains('/')),
                "{other}: {status}"
            );
        }
    }
}

#[tokio::test]
async fn the_ivs_player_is_given_its_own_form_and_anyone_may_choose() {
    let stage = on_air();
    let form = async |query: &str, headers: &[(&str, &str)]| -> String {
        let reply = stage.asking(headers, Method::GET, &format!("{}{query}", stage.multivariant())).await;
        let text = reply.text();
        assert_eq!(pass_in(text).len(), 22);
        text.trim_end().rsplit('/').next().expect("a name").to_owned()
    };
    let ivs = "application/x-mpegURL, application/vnd.apple.mpegurl, application/json, text/plain";
    for (query, accept, name) in [
        ("", "*/*", "index.m3u8"),
        ("", ivs, "prefetch.m3u8"),
        ("", "application/vnd.apple.mpegurl, application/x-mpegURL", "index.m3u8"),
        ("?player_backend=mediaplayer", "*/*", "prefetch.m3u8"),
        ("?allow_source=true&player_version=1.24.0", "*/*", "prefetch.m3u8"),
        ("?form=low", ivs, "index.m3u8"),
        ("?form=prefetch", "*/*", "prefetch.m3u8"),
        ("?a=b&form=plain", "*/*", "plain.m3u8"),
    ] {
        assert_eq!(form(query, &[("accept", accept)]).await, name, "{query} {accept}");
    }
    let odd = stage.request(Method::GET, &format!("{}?form=odd", stage.multivariant())).await;
    assert_eq!(odd.status, StatusCode::BAD_REQUEST);
    for name in ["index.m3u8", "prefetch.m3u8", "plain.m3u8"] {
        assert_eq!(stage.get(name).await.status, StatusCode::OK, "{name}");
    }
    let (low, prefetch) = (stage.get("index.m3u8").await, stage.get("prefetch.m3u8").await);
    assert!(low.text().contains("#EXT-X-PART:") && !prefetch.text().contains("#EXT-X-PART"));
    assert!(prefetch.text().contains("#EXT-X-PREFETCH:") && !prefetch.text().contains("SERVER-CONTROL"));
}

#[tokio::test]
async fn without_low_latency_there_is_one_form_and_directives_mean_nothing() {
    let airing = Airing { latency: LatencyMode::Normal, ..Audience::Everyone.into() };
    let mut stage = Stage::airing(airing, &Film::default(), Duration::from_secs(20));
    stage.play_until(|now| now.listed.len() == 4 && now.next_part() == 2);
    for query in ["", "?form=low", "?form=prefetch", "?player_backend=mediaplayer"] {
        let reply = stage.request(Method::GET, &format!("{}{query}", stage.multivariant())).await;
        assert!(reply.text().trim_end().ends_with("/plain.m3u8"), "{query}");
    }
    for name in ["index.m3u8", "prefetch.m3u8"] {
        assert_eq!(stage.get(name).await.status, StatusCode::NOT_FOUND, "{name}");
    }
    let plain = stage.get("plain.m3u8").await;
    for low in ["#EXT-X-PART", "#EXT-X-PREFETCH", "PRELOAD-HINT", "CAN-BLOCK-RELOAD"] {
        assert!(!plain.text().contains(low), "{low}");
    }
    for query in ["?_HLS_msn=99", "?_HLS_part=1", "?_HLS_msn=4&_HLS_part=2"] {
        let reply = crate::stage::at_once(stage.get(&format!("plain.m3u8{query}"))).expect("at once");
        assert_eq!(reply.body, plain.body, "{query}");
    }
}

#[tokio::test]
async fn all_that_is_served_is_counted_by_kind_and_by_why_not() {
    let stage = on_air();
    let before = stage.delivery.figures();
    let segment = get(&stage, "s1.m4s", &[]).await;
    stage.request(Method::HEAD, &stage.path("s1.m4s")).await;
    get(&stage, "s99.m4s", &[]).await;
    get(&stage, "s1.m4s", &[("if-none-match", segment.header("etag"))]).await;
    stage.request(Method::GET, "/api/video/v1/nothing").await;
    stage.request(Method::POST, &stage.multivariant()).await;
    let after = stage.delivery.figures();
    let grown = |kind: &str, class: &str| {
        let count = |reading: &delivery::Reading| {
            let mut series = reading.requests.iter();
            series.find(|(one, other, _)| (*one, *other) == (kind, class)).expect("a series").2
        };
        count(&after) - count(&before)
    };
    assert_eq!(
        [grown("segment", "2xx"), grown("segment", "3xx"), grown("segment", "4xx"), grown("other", "4xx")],
        [2, 1, 1, 1]
    );
    assert_eq!(grown("multivariant", "4xx"), 1);
    assert!(after.bytes - before.bytes > segment.body.len() as u64, "and what refusals say");
    let refused =
        |reading: &delivery::Reading| -> u64 { reading.refused.iter().map(|(_, count)| count).sum() };
    assert_eq!(refused(&after) - refused(&before), 3);
}
