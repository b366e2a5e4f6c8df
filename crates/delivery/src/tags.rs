//! Entity tags: has the asker the answer already (RFC 9110, sections 8.8.3 and 13.1)?
//!
//! Promise: a tag that can't be read matches nothing, so whoever sends nonsense gets the whole answer.

use bytes::{BufMut, BytesMut};
use http::{HeaderMap, HeaderName, HeaderValue, header};

/// Media never change under their URL, so all of them may have one tag.
pub(crate) const MEDIA: HeaderValue = HeaderValue::from_static("\"1\"");

/// The tag of a text: what tells it from others, and in which encoding it is, for a strong tag is of exact bytes.
pub(crate) fn of_text(digest: &[u8], squeezed: bool) -> Option<HeaderValue> {
    let mut tag = BytesMut::with_capacity(digest.len() + 4);
    tag.put_u8(b'"');
    tag.put_slice(digest);
    if squeezed {
        tag.put_slice(b"-z");
    }
    tag.put_u8(b'"');
    HeaderValue::from_maybe_shared(tag.freeze()).ok()
}

/// Does `If-None-Match` name this tag? Weak ones do too: a cache on the way may have weakened it.
pub(crate) fn is_known(headers: &HeaderMap, tag: &HeaderValue) -> bool {
    let Ok(own) = tag.to_str() else { return false };
    let is_own = |one: &str| {
        let one = one.trim();
        one == "*" || one.strip_prefix("W/").unwrap_or(one) == own
    };
    let names = |value: &HeaderValue| value.to_str().is_ok_and(|list| list.split(',').any(is_own));
    headers.get_all(header::IF_NONE_MATCH).iter().any(names)
}

/// Is a range of this very file wanted? Not if `If-Range` names another one, or a date, which nothing here has.
pub(crate) fn may_be_continued(headers: &HeaderMap, tag: &HeaderValue) -> bool {
    headers.get(header::IF_RANGE).is_none_or(|wanted| wanted == tag)
}

/// Does the asker read this encoding at least as gladly as the bare text (RFC 9110, 12.5.3)?
pub(crate) fn accepts_gzip(headers: &HeaderMap) -> bool {
    if !headers.contains_key(header::ACCEPT_ENCODING) {
        return false;
    }
    let gzip = weight(headers, header::ACCEPT_ENCODING, &["gzip", "x-gzip"]);
    let squeezed = gzip.or_else(|| weight(headers, header::ACCEPT_ENCODING, &["*"])).unwrap_or(0);
    // What is not named is welcome least of all.
    let bare = weight(headers, header::ACCEPT_ENCODING, &["identity"]).unwrap_or(0);
    squeezed > 0 && squeezed >= bare
}

/// The weight of the first of these names in a list, in thousandths; `None` when none stands there.
fn weight(headers: &HeaderMap, name: HeaderName, wanted: &[&str]) -> Option<u32> {
    let lists = headers.get_all(name).into_iter().filter_map(|value| value.to_str().ok());
    let mut items = lists.flat_map(|list| list.split(','));
    items.find_map(|item| {
        let mut pieces = item.split(';').map(str::trim);
        let name = pieces.next()?;
        wanted.iter().any(|wanted| name.eq_ignore_ascii_case(wanted)).then(|| {
            let weight =
                pieces.find_map(|piece| piece.strip_prefix("q=").or_else(|| piece.strip_prefix("Q=")));
            weight.map_or(1_000, thousandths)
        })
    })
}

/// `0.5` is 500; what is no weight is none.
fn thousandths(text: &str) -> u32 {
    let (whole, rest) = text.split_once('.').unwrap_or((text, ""));
    let is_digits = |text: &str| text.len() <= 3 && text.bytes().all(|byte| byte.is_ascii_digit());
    if !is_digits(rest) {
        return 0;
    }
    match whole {
        "1" => 1_000,
        "0" => format!("{rest:0<3}").parse().unwrap_or(0),
        _ => 0,
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn with(name: HeaderName, value: &str) -> HeaderMap {
        [(name, HeaderValue::from_str(value).expect("a header"))].into_iter().collect()
    }

    #[test]
    fn a_known_tag_is_found_in_a_list_strong_or_weak() {
        let tag = of_text(b"0123456789abcdef", true).expect("a tag");
        assert_eq!(tag, "\"0123456789abcdef-z\"");
        for (list, known) in [
            ("\"0123456789abcdef-z\"", true),
            ("W/\"0123456789abcdef-z\"", true),
            ("\"other\", W/\"x\" ,\"0123456789abcdef-z\"", true),
            ("*", true),
            ("\"0123456789abcdef\"", false),
            ("0123456789abcdef-z", false),
            ("w/\"0123456789abcdef-z\"", false),
            ("", false),
        ] {
            assert_eq!(is_known(&with(header::IF_NONE_MATCH, list), &tag), known, "{list}");
        }
        assert!(!is_known(&HeaderMap::new(), &tag));
    }

    #[test]
    fn a_range_goes_on_only_with_the_file_that_it_began_with() {
        let may = |value| may_be_continued(&with(header::IF_RANGE, value), &MEDIA);
        assert!(may("\"1\"") && may_be_continued(&HeaderMap::new(), &MEDIA));
        assert!(!may("W/\"1\"") && !may("\"2\"") && !may("Wed, 21 Oct 2015 07:28:00 GMT"));
    }

    #[test]
    fn encodings_are_weighed_as_the_standard_has_it() {
        for (list, gzip) in [
            ("gzip", true),
            ("gzip, deflate, br", true),
            ("br;q=1.0, GZIP;q=0.5", true),
            ("x-gzip", true),
            ("*", true),
            ("*;q=0.1", true),
            ("gzip;q=0", false),
            ("gzip;q=0.000, *", false),
            ("*;q=0", false),
            ("br", false),
            ("", false),
            ("identity", false),
            ("identity;q=1, gzip;q=0.5", false),
            ("identity;q=0.5, gzip;q=0.5", true),
            ("gzip;q=1.0;x=1", true),
            ("gzip;q=x", false),
            ("gzip;q=0.0001", false),
            ("gzipped", false),
        ] {
            assert_eq!(accepts_gzip(&with(header::ACCEPT_ENCODING, list)), gzip, "{list}");
        }
        assert!(!accepts_gzip(&HeaderMap::new()));
    }

    proptest! {
        #[test]
        fn any_header_is_read_without_a_panic(bytes in any::<Vec<u8>>()) {
            if let Ok(value) = HeaderValue::from_bytes(&bytes) {
                for name in [header::ACCEPT_ENCODING, header::IF_NONE_MATCH, header::IF_RANGE] {
                    let headers: HeaderMap = [(name, value.clone())].into_iter().collect();
                    accepts_gzip(&headers);
                    is_known(&headers, &MEDIA);
                    may_be_continued(&headers, &MEDIA);
                }
            }
        }
    }
}
