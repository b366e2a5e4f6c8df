//! Work on the source itself: `cargo run -p xtask -- generate [--check] [--botocore DIR]`.
//!
//! Promise: with `--check` nothing is written, and the exit code says whether the committed output is what
//! the generator makes of the pinned model.

mod botocore;
mod exceptions;
mod generate;
mod model;
mod names;
mod reach;
mod write;

use std::path::PathBuf;
use std::process::ExitCode;

const USAGE: &str = "usage: xtask generate [--check] [--botocore DIR]";

fn main() -> ExitCode {
    match parse(std::env::args().skip(1)).and_then(|order| generate::run(&order)) {
        Ok(report) => {
            println!("{report}");
            ExitCode::SUCCESS
        }
        Err(why) => {
            eprintln!("xtask: {why}");
            ExitCode::FAILURE
        }
    }
}

fn parse(mut arguments: impl Iterator<Item = String>) -> Result<generate::Order, String> {
    if arguments.next().as_deref() != Some("generate") {
        return Err(USAGE.to_owned());
    }
    let mut order = generate::Order::default();
    while let Some(argument) = arguments.next() {
        match argument.as_str() {
            "--check" => order.check = true,
            "--botocore" => order.botocore = Some(PathBuf::from(arguments.next().ok_or(USAGE)?)),
            _ => return Err(USAGE.to_owned()),
        }
    }
    Ok(order)
}
