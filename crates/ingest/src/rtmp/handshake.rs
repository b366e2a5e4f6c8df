//! The RTMP handshake, server side (Adobe RTMP 1.0, 5.2; the digest form is folklore that every
//! implementation shares).
//!
//! Promise: a simple handshake's S2 echoes C1 byte for byte, because some publishers check it; a client
//! that sends a digest, in either of its two schemas, gets one back in the same schema.

use aws_lc_rs::hmac;
use domain::Entropy;

use crate::error::{Error, Foreign};

/// Length of C1, S1, C2 and S2.
const PACKET: usize = 1536;
const DIGEST: usize = 32;
const VERSION: u8 = 3;

/// The constant that follows the name in both genuine keys.
const SALT: [u8; 32] = [
    0xf0, 0xee, 0xc2, 0x4a, 0x80, 0x68, 0xbe, 0xe8, 0x2e, 0x00, 0xd0, 0xd1, 0x02, 0x9e, 0x7e, 0x57, 0x6e,
    0xec, 0x5d, 0x2d, 0x29, 0x80, 0x6f, 0xab, 0x93, 0xb8, 0xe6, 0x36, 0xcf, 0xeb, 0x31, 0xae,
];
const CLIENT_NAME: &[u8] = b"Genuine Adobe Flash Player 001";
const SERVER_NAME: &[u8] = b"Genuine Adobe Flash Media Server 001";
/// The version that S1 of a digest handshake claims; non-zero tells the client to look for a digest.
const SERVER_VERSION: [u8; 4] = [4, 5, 0, 1];

/// Where the digest's offset bytes stand: the two schemas swap the key and the digest block.
const SCHEMAS: [usize; 2] = [8, 772];

/// A server's side of the handshake.
#[derive(Debug)]
pub(crate) struct Handshake {
    step: Step,
    received: Vec<u8>,
    random: [u8; PACKET],
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Step {
    Version,
    Hello,
    Echo,
    Done,
}

impl Handshake {
    pub(crate) fn new(entropy: Entropy<'_>) -> Self {
        let mut random = [0; PACKET];
        entropy(&mut random);
        Self { step: Step::Version, received: Vec::new(), random }
    }

    /// Takes bytes from the front of `input` and appends the answer to `output`; true once all is said.
    pub(crate) fn advance(&mut self, input: &mut &[u8], output: &mut Vec<u8>) -> Result<bool, Error> {
        while self.step != Step::Done {
            match self.step {
                Step::Version => {
                    let Some((version, rest)) = input.split_first() else { return Ok(false) };
                    check_version(*version)?;
                    *input = rest;
                    self.step = Step::Hello;
                }
                Step::Hello => {
                    let Some(hello) = self.packet(input) else { return Ok(false) };
                    answer(&hello, self.random, output);
                    self.step = Step::Echo;
                }
                Step::Echo => {
                    // C2's content is not checked: several encoders fill it with whatever they have.
                    if self.packet(input).is_none() {
                        return Ok(false);
                    }
                    self.step = Step::Done;
                }
                Step::Done => {}
            }
        }
        Ok(true)
    }

    /// Gathers one whole packet, across inputs if need be.
    fn packet(&mut self, input: &mut &[u8]) -> Option<Vec<u8>> {
        let missing = PACKET.saturating_sub(self.received.len());
        let (head, rest) = input.split_at(missing.min(input.len()));
        self.received.extend_from_slice(head);
        *input = rest;
        (self.received.len() == PACKET).then(|| std::mem::take(&mut self.received))
    }
}

fn check_version(version: u8) -> Result<(), Error> {
    let foreign = match version {
        // A server answers 3 to versions that it does not know (5.2.2); up to 31 they are reserved for that.
        3..=5 | 7 | 10..=21 | 23..=31 => return Ok(()),
        6 | 8 | 9 => Foreign::Rtmpe(version),
        22 => Foreign::Tls,
        b'A'..=b'Z' => Foreign::Http,
        other => Foreign::Version(other),
    };
    Err(Error::NotRtmp(foreign))
}

fn answer(hello: &[u8], random: [u8; PACKET], output: &mut Vec<u8>) {
    let genuine = find_digest(hello);
    output.push(VERSION);
    let mut own = random;
    own[..8].fill(0);
    if let Some((schema, _)) = genuine {
        own[4..8].copy_from_slice(&SERVER_VERSION);
        let at = digest_offset(&own, schema);
        let digest = digest_of(&own, at, SERVER_NAME);
        own[at..at + DIGEST].copy_from_slice(&digest);
    }
    output.extend_from_slice(&own);
    match genuine {
        None => output.extend_from_slice(hello),
        Some((_, digest)) => output.extend_from_slice(&signed_echo(random, &digest)),
    }
}

/// S2 of a digest handshake: random bytes signed with a key that is made from the client's digest.
fn signed_echo(mut packet: [u8; PACKET], client: &[u8; DIGEST]) -> [u8; PACKET] {
    packet.reverse();
    let key = sign(&[SERVER_NAME, &SALT].concat(), client);
    let (body, tail) = packet.split_at_mut(PACKET - DIGEST);
    tail.copy_from_slice(&sign(&key, body));
    packet
}

/// The client's digest and the schema it was found in, if it sent one. Simple clients write zero where
/// digest clients write their version.
fn find_digest(hello: &[u8]) -> Option<(usize, [u8; DIGEST])> {
    let hello: &[u8; PACKET] = hello.try_into().ok()?;
    if hello[4..8] == [0; 4] {
        return None;
    }
    SCHEMAS.into_iter().find_map(|schema| {
        let at = digest_offset(hello, schema);
        let digest = digest_of(hello, at, CLIENT_NAME);
        (hello[at..at + DIGEST] == digest).then_some((schema, digest))
    })
}

/// At most `772 + 4 + 4 * 255 % 728 + 32`, so always inside the packet.
fn digest_offset(packet: &[u8; PACKET], schema: usize) -> usize {
    let sum: usize = packet[schema..schema + 4].iter().map(|byte| usize::from(*byte)).sum();
    sum % 728 + schema + 4
}

/// The HMAC over the packet without the place of the digest itself.
fn digest_of(packet: &[u8; PACKET], at: usize, name: &[u8]) -> [u8; DIGEST] {
    let mut context = hmac::Context::with_key(&hmac::Key::new(hmac::HMAC_SHA256, name));
    context.update(&packet[..at]);
    context.update(&packet[at + DIGEST..]);
    tag(context.sign().as_ref())
}

fn sign(key: &[u8], message: &[u8]) -> [u8; DIGEST] {
    tag(hmac::sign(&hmac::Key::new(hmac::HMAC_SHA256, key), message).as_ref())
}

fn tag(bytes: &[u8]) -> [u8; DIGEST] {
    bytes.try_into().expect("an HMAC-SHA256 tag has 32 bytes")
}

#[cfg(test)]
mod tests {
    use super::*;

    fn entropy() -> impl FnMut(&mut [u8]) {
        |bytes| {
            for (byte, value) in bytes.iter_mut().zip((0u8..=250).cycle()) {
                *byte = value;
            }
        }
    }

    fn shake(hello: &[u8]) -> Vec<u8> {
        let mut output = Vec::new();
        let mut handshake = Handshake::new(&mut entropy());
        let bytes = [&[3u8][..], hello, &[0u8; PACKET], b"next"].concat();
        let mut input = bytes.as_slice();
        assert!(handshake.advance(&mut input, &mut output).expect("a good handshake"));
        assert_eq!(input, b"next");
        output
    }

    fn client_hello(schema: usize) -> [u8; PACKET] {
        let mut hello = [7u8; PACKET];
        hello[..8].copy_from_slice(&[0, 0, 0, 0, 9, 0, 124, 2]);
        let at = digest_offset(&hello, schema);
        let digest = digest_of(&hello, at, CLIENT_NAME);
        hello[at..at + DIGEST].copy_from_slice(&digest);
        hello
    }

    #[test]
    fn a_simple_handshake_echoes_c1_exactly() {
        let mut hello = [0x5a; PACKET];
        hello[4..8].fill(0);
        let output = shake(&hello);
        assert_eq!(output.len(), 1 + 2 * PACKET);
        assert_eq!(output[0], 3);
        assert_eq!(&output[1 + PACKET..], &hello);
    }

    #[test]
    fn a_digest_handshake_is_answered_in_the_clients_schema() {
        for schema in SCHEMAS {
            let output = shake(&client_hello(schema));
            let own: &[u8; PACKET] = output[1..=PACKET].try_into().unwrap();
            let at = digest_offset(own, schema);
            assert_eq!(own[at..at + DIGEST], digest_of(own, at, SERVER_NAME), "schema at {schema}");
        }
    }

    #[test]
    fn a_version_without_a_valid_digest_falls_back_to_simple() {
        let mut hello = client_hello(8);
        hello[900] ^= 1;
        assert_eq!(&shake(&hello)[1 + PACKET..], &hello);
    }

    #[test]
    fn foreign_protocols_are_named() {
        let first = |byte: u8| {
            let mut handshake = Handshake::new(&mut entropy());
            match handshake.advance(&mut [byte].as_slice(), &mut Vec::new()) {
                Err(Error::NotRtmp(foreign)) => Some(foreign),
                _ => None,
            }
        };
        assert_eq!(first(0x16), Some(Foreign::Tls));
        assert_eq!(first(b'G'), Some(Foreign::Http));
        assert_eq!(first(b'P'), Some(Foreign::Http));
        assert_eq!(first(6), Some(Foreign::Rtmpe(6)));
        assert_eq!(first(200), Some(Foreign::Version(200)));
        assert_eq!(first(3), None);
    }
}
