//! Gets chat tokens: sends requests that were signed beforehand and writes down what is answered.
//!
//! Promise: each request is sent once; any answer but a token ends the run.

use std::io::{BufRead, BufReader, Write};
use std::net::TcpStream;
use std::time::Instant;

use serde::{Deserialize, Serialize};

#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Plan {
    /// Of the API.
    pub address: std::net::SocketAddr,
    /// Its processes.
    pub pids: Vec<i32>,
    /// Signed requests, each behind its length in four bytes, the lowest first.
    pub requests: std::path::PathBuf,
    /// Gets a token on each line.
    pub out: std::path::PathBuf,
}

#[derive(Debug, Serialize)]
pub struct Minted {
    pub tokens: usize,
    pub seconds: f64,
    pub server_cpu_seconds: f64,
}

#[derive(Deserialize)]
struct Answer {
    token: String,
}

type Failure = Box<dyn std::error::Error>;

pub fn run(plan: &Plan) -> Result<Minted, Failure> {
    let file = std::fs::read(&plan.requests)?;
    let (begun, cpu) = (Instant::now(), crate::server::cpu_seconds(&plan.pids));
    let mut stream = TcpStream::connect(plan.address)?;
    stream.set_nodelay(true)?;
    let mut answers = BufReader::new(stream.try_clone()?);
    let mut out = std::io::BufWriter::new(std::fs::File::create(&plan.out)?);
    let (mut rest, mut tokens) = (file.as_slice(), 0);
    while let Some((length, behind)) = rest.split_first_chunk::<4>() {
        let (request, behind) =
            behind.split_at_checked(u32::from_le_bytes(*length) as usize).ok_or("a cut request")?;
        rest = behind;
        stream.write_all(request)?;
        writeln!(out, "{}", answer(&mut answers)?.token)?;
        tokens += 1;
    }
    out.flush()?;
    let server_cpu_seconds = crate::server::cpu_seconds(&plan.pids) - cpu;
    Ok(Minted { tokens, seconds: begun.elapsed().as_secs_f64(), server_cpu_seconds })
}

fn answer(from: &mut impl BufRead) -> Result<Answer, Failure> {
    let (mut head, mut length) = (String::new(), 0);
    loop {
        let mut line = String::new();
        if from.read_line(&mut line)? == 0 {
            return Err("the server hung up".into());
        }
        if let Some((name, value)) = line.split_once(':')
            && name.eq_ignore_ascii_case("content-length")
        {
            length = value.trim().parse()?;
        }
        if line.trim().is_empty() {
            break;
        }
        head += &line;
    }
    let mut body = vec![0; length];
    from.read_exact(&mut body)?;
    if !head.starts_with("HTTP/1.1 200") {
        return Err(format!("{head}{}", String::from_utf8_lossy(&body)).into());
    }
    Ok(serde_json::from_slice(&body)?)
}
