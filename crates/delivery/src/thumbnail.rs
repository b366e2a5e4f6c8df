//! Thumbnails: the answer that shows what is on air.
//!
//! Promise: it is one whole picture, the newest; caches keep it for no longer than a page takes to be looked at, and
//! whoever has it already is told so.

use std::time::{Duration, SystemTime};

use domain::unix_millis;
use http::header::{ETAG, IF_MODIFIED_SINCE, IF_NONE_MATCH, LAST_MODIFIED, X_CONTENT_TYPE_OPTIONS};
use http::{HeaderMap, HeaderValue, Response, StatusCode};
use live::Thumbnail;

use crate::answer;
use crate::body::Body;
use crate::restriction::Leave;
use crate::tags;

const JPEG: &str = "image/jpeg";
/// Long enough for a page that shows it to many, short beside the time from one picture to the next.
const BRIEFLY: &str = "public, max-age=2";
/// The same for one viewer, whose token is in the URL or whose page or country is asked about.
const OWN_BRIEFLY: &str = "private, max-age=2";

/// The picture, or that it is still the same.
pub(crate) fn response(thumbnail: &Thumbnail, leave: &Leave, asked: &HeaderMap) -> Response<Body> {
    let cache = if leave.for_all { BRIEFLY } else { OWN_BRIEFLY };
    let tag = tag(thumbnail);
    let mut response = if is_known(thumbnail, &tag, asked) {
        answer::unchanged(tag, cache)
    } else {
        let mut response = answer::response(StatusCode::OK, JPEG, cache, thumbnail.jpeg.clone().into());
        response.headers_mut().insert(ETAG, tag);
        response
    };
    let headers = response.headers_mut();
    headers.insert(X_CONTENT_TYPE_OPTIONS, HeaderValue::from_static("nosniff"));
    // Whole seconds since 1970 are a date in every header's range.
    if let Ok(date) = HeaderValue::try_from(httpdate::fmt_http_date(seconds(thumbnail.time))) {
        headers.insert(LAST_MODIFIED, date);
    }
    response
}

/// Two pictures of one channel differ in when they were made or in the moment that they show.
fn tag(thumbnail: &Thumbnail) -> HeaderValue {
    let (made, shown) = (unix_millis(thumbnail.time), thumbnail.pts.count());
    let tag = format!("\"{made:x}-{shown:x}-{:x}\"", thumbnail.jpeg.len());
    HeaderValue::try_from(tag).unwrap_or(HeaderValue::from_static("\"\""))
}

/// A date is looked at where there is no tag (RFC 9110, 13.1.3).
fn is_known(thumbnail: &Thumbnail, tag: &HeaderValue, asked: &HeaderMap) -> bool {
    if asked.contains_key(IF_NONE_MATCH) {
        return tags::is_known(asked, tag);
    }
    let date = asked.get(IF_MODIFIED_SINCE).and_then(|date| date.to_str().ok());
    let date = date.and_then(|date| httpdate::parse_http_date(date).ok());
    date.is_some_and(|date| seconds(thumbnail.time) <= date)
}

/// The time in whole seconds, which is all that a header's date tells; never before 1970.
fn seconds(time: SystemTime) -> SystemTime {
    let since = time.duration_since(SystemTime::UNIX_EPOCH).unwrap_or_default();
    SystemTime::UNIX_EPOCH + Duration::from_secs(since.as_secs())
}

#[cfg(test)]
mod tests {
    use bytes::Bytes;
    use http::header::CACHE_CONTROL;
    use media::Ticks;
    use proptest::prelude::*;

    use super::*;
    use crate::readers::Readers;

    fn picture(seconds: u64, millis: u64) -> Thumbnail {
        Thumbnail {
            jpeg: Bytes::from_static(b"\xff\xd8jpeg\xff\xd9"),
            width: 320,
            height: 180,
            pts: Ticks::from_millis(i64::try_from(seconds).unwrap_or(0) * 1_000),
            time: SystemTime::UNIX_EPOCH + Duration::from_millis(seconds * 1_000 + millis),
        }
    }

    fn ask(thumbnail: &Thumbnail, headers: &[(http::HeaderName, &str)]) -> Response<Body> {
        let value = |value: &str| HeaderValue::from_str(value).expect("a header");
        let asked = headers.iter().map(|(name, text)| (name.clone(), value(text))).collect();
        response(thumbnail, &Leave { readers: Readers::Everyone, for_all: true }, &asked)
    }

    #[test]
    fn whoever_has_the_picture_is_told_so_by_tag_or_else_by_date() {
        let now = picture(1_790_000_000, 500);
        let first = ask(&now, &[]);
        assert_eq!((first.status(), first.body().len()), (StatusCode::OK, Some(8)));
        let [tag, date] =
            [ETAG, LAST_MODIFIED].map(|name| first.headers()[name].to_str().expect("text").to_owned());
        assert_eq!(date, "Mon, 21 Sep 2026 14:13:20 GMT");
        for (headers, status) in [
            (vec![(IF_NONE_MATCH, tag.as_str())], StatusCode::NOT_MODIFIED),
            (vec![(IF_MODIFIED_SINCE, date.as_str())], StatusCode::NOT_MODIFIED),
            (vec![(IF_NONE_MATCH, "\"other\""), (IF_MODIFIED_SINCE, date.as_str())], StatusCode::OK),
            (vec![(IF_MODIFIED_SINCE, "Mon, 21 Sep 2026 14:13:19 GMT")], StatusCode::OK),
            (vec![(IF_MODIFIED_SINCE, "yesterday")], StatusCode::OK),
        ] {
            let again = ask(&now, &headers);
            assert_eq!(again.status(), status, "{headers:?}");
            assert_eq!(again.headers()[CACHE_CONTROL], BRIEFLY);
        }
        let next = picture(1_790_000_000, 501);
        assert_eq!(ask(&next, &[(IF_NONE_MATCH, &tag)]).status(), StatusCode::OK);
    }

    proptest! {
        #[test]
        fn any_date_is_read_without_a_panic(bytes in any::<Vec<u8>>()) {
            if let Ok(value) = HeaderValue::from_bytes(&bytes) {
                let asked: HeaderMap = [(IF_MODIFIED_SINCE, value)].into_iter().collect();
                let leave = Leave { readers: Readers::Nobody, for_all: false };
                prop_assert_eq!(response(&picture(0, 0), &leave, &asked).status(), StatusCode::OK);
            }
        }
    }
}
