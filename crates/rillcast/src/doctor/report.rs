//! What was found, for people.
//!
//! Promise: it reads from the top to the bottom; what is wrong comes last, each with what to do.

use std::fmt::Write as _;

use super::transcoding::{Capacity, Coder, Findings, Kept, Thumbnails};

/// The whole text.
pub(super) fn text(found: &Findings) -> String {
    let mut text = String::new();
    let mut line = |label: &str, words: &str| put(&mut text, label, words);
    line("ffmpeg", &program(found));
    if found.ffmpeg.version.is_some() {
        found.encoders.iter().for_each(|coder| line(coder.name, &encoder(coder)));
        if let Some(capacity) = &found.capacity {
            line("capacity", &room(capacity));
        }
        line("thumbnails", &thumbnails(&found.thumbnails));
        text.push_str("\nA worker, one for each stream that is transcoded:\n");
        found.confinement.iter().for_each(|kept| put(&mut text, mark(kept.in_force), &confined(kept)));
    }
    if let Some(coder) = found.configured().filter(|coder| !coder.checks.is_empty()) {
        let _ = writeln!(text, "\nSelf-test of {}, with one ladder of a short film:", coder.name);
        for check in &coder.checks {
            let fault = check.fault.as_ref().map(|fault| format!(": {fault}")).unwrap_or_default();
            put(&mut text, mark(check.fault.is_none()), &format!("{}{fault}", check.what));
        }
    }
    text.push_str(&verdict(found));
    text
}

fn put(text: &mut String, label: &str, words: &str) {
    let _ = writeln!(text, "{label:<12}{words}");
}

fn mark(is_so: bool) -> &'static str {
    if is_so { "  yes" } else { "  no" }
}

fn program(found: &Findings) -> String {
    let program = &found.ffmpeg;
    let path = program.path.as_ref().unwrap_or(&program.name).display();
    match (&program.version, &program.path) {
        (Some(version), _) => format!("{version}, {path}"),
        (None, Some(_)) => format!("{path} can't be used"),
        (None, None) => format!("{path} is not there"),
    }
}

fn encoder(coder: &Coder) -> String {
    let works = match &coder.fault {
        None => "works".to_owned(),
        Some(fault) if coder.is_configured => format!("does not work: {fault}"),
        Some(fault) => format!("not here: {fault}"),
    };
    if coder.is_configured { format!("{works} (configured)") } else { works }
}

fn room(capacity: &Capacity) -> String {
    let millions = |pixels: u64| (pixels + 500_000) / 1_000_000;
    let origin = if capacity.is_set {
        format!("as it is set; measured: {}", millions(capacity.measured))
    } else {
        "as measured".to_owned()
    };
    let pixels = millions(capacity.pixels_a_second);
    // The largest pictures first: of those there are the fewest.
    let mut rooms: Vec<_> = capacity.standard_streams.iter().collect();
    rooms.sort_unstable_by_key(|(input, streams)| (**streams, std::cmp::Reverse(**input)));
    let rooms: Vec<_> = rooms.iter().map(|(input, streams)| format!("{streams} of {input}")).collect();
    let rooms = rooms.join(", or ");
    format!("{pixels} million pixels a second, {origin}: room for streams on STANDARD channels, {rooms}")
}

fn thumbnails(thumbnails: &Thumbnails) -> String {
    match (thumbnails.seconds, thumbnails.works) {
        (0, _) => "none, as configured".to_owned(),
        (seconds, true) => format!("one every {seconds} s, of {} lines at most", thumbnails.lines),
        (_, false) => "none, as there is no encoder".to_owned(),
    }
}

fn confined(kept: &Kept) -> String {
    kept.advice.map_or_else(|| kept.what.to_owned(), |advice| format!("{}: {advice}", kept.what))
}

fn verdict(found: &Findings) -> String {
    if !found.transcoding {
        return "\nNothing is transcoded, as configured: transcoding = \"off\".\n".to_owned();
    }
    if found.is_well() {
        return "\nEverything that is configured works.\n".to_owned();
    }
    let problem = |problem: &super::transcoding::Problem| {
        format!("\nProblem: {}.\n{}\n", problem.problem.trim_end_matches('.'), problem.advice)
    };
    found.problems.iter().map(problem).collect()
}
