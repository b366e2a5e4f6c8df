//! Answers of HTTP/1.1, as far as a load generator reads them.
//!
//! Promise: only answers with a length are understood; others end the connection.

use std::io;

/// A whole answer at the front of what came.
pub struct Answer {
    pub status: u16,
    /// Where the body begins and the answer ends.
    pub body: std::ops::Range<usize>,
}

/// `None` while some of it is missing.
pub fn read(bytes: &[u8]) -> io::Result<Option<Answer>> {
    let mut headers = [httparse::EMPTY_HEADER; 32];
    let mut head = httparse::Response::new(&mut headers);
    let httparse::Status::Complete(begin) = head.parse(bytes).map_err(io::Error::other)? else {
        return Ok(None);
    };
    let length = head.headers.iter().find(|header| header.name.eq_ignore_ascii_case("content-length"));
    let length = length.and_then(|header| std::str::from_utf8(header.value).ok()?.parse::<usize>().ok());
    let length = length.ok_or_else(|| io::Error::other("an answer without a length"))?;
    let end = begin + length;
    Ok((bytes.len() >= end).then_some(Answer { status: head.code.unwrap_or(0), body: begin..end }))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_answer_is_whole_with_its_last_byte() {
        let bytes = b"HTTP/1.1 200 OK\r\nContent-Length: 3\r\n\r\nabc";
        for length in 0..bytes.len() {
            assert!(read(&bytes[..length]).expect("a beginning").is_none(), "{length}");
        }
        let answer = read(bytes).expect("an answer").expect("whole");
        assert_eq!((answer.status, &bytes[answer.body]), (200, &b"abc"[..]));
    }
}
