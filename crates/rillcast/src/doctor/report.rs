//! What was found, for people.
//!
//! Promise: it reads from the top to the bottom; what is wrong comes last, each with what to do.

use std::fmt::Write as _;

use super::finding::{Finding, Outcome};
use super::transcoding::{Capacity, Coder, Findings, Kept, Thumbnails};
use crate::cli::style::{Ink, paint};

/// Characters of the longest usual name of a check.
const NAME: usize = 15;

/// The whole text; what was measured of transcoding in its own words.
pub(super) fn text(findings: &[Finding], measured: Option<&Findings>, is_coloured: bool) -> String {
    let mut text = String::new();
    let mut group = None;
    for finding in findings {
        if group != Some(finding.group) {
            let gap = if group.is_some() { "\n" } else { "" };
            let _ = writeln!(text, "{gap}{}", paint(finding.group.title(), Ink::Strong, is_coloured));
            group = Some(finding.group);
        }
        let (word, ink) = word(finding.outcome);
        let word = paint(&format!("{word:<4}"), ink, is_coloured);
        let _ = writeln!(text, "  {word}  {:<NAME$}  {}", finding.check, finding.found);
    }
    if let Some(measured) = measured {
        let _ = writeln!(text, "\n{}", paint("Transcoding", Ink::Strong, is_coloured));
        text.push_str(&transcoding(measured));
    }
    text.push_str(&what_to_do(findings, is_coloured));
    text.push_str(&verdict(findings, measured));
    text
}

fn word(outcome: Outcome) -> (&'static str, Ink) {
    match outcome {
        Outcome::Ok => ("ok", Ink::Good),
        Outcome::Warn => ("warn", Ink::Warning),
        Outcome::Fail => ("FAIL", Ink::Bad),
        Outcome::Skip => ("-", Ink::Faint),
    }
}

/// The gravest last, where the eye is when it has all been printed.
fn what_to_do(findings: &[Finding], is_coloured: bool) -> String {
    let mut text = String::new();
    for (outcome, what) in [(Outcome::Warn, "Worth a look"), (Outcome::Fail, "Problem")] {
        for finding in findings.iter().filter(|finding| finding.outcome == outcome) {
            let what = paint(what, word(outcome).1, is_coloured);
            let _ = writeln!(text, "\n{what}: {}: {}.", finding.check, finding.found.trim_end_matches('.'));
            let _ = writeln!(text, "{}", finding.advice.as_deref().unwrap_or_default());
        }
    }
    text
}

fn verdict(findings: &[Finding], measured: Option<&Findings>) -> String {
    let problem = |problem: &super::transcoding::Problem| {
        format!("\nProblem: {}.\n{}\n", problem.problem.trim_end_matches('.'), problem.advice)
    };
    let mut text: String = measured.iter().flat_map(|measured| &measured.problems).map(problem).collect();
    let count = |outcome| findings.iter().filter(|finding| finding.outcome == outcome).count();
    let failures = count(Outcome::Fail) + measured.map_or(0, |measured| measured.problems.len());
    text.push('\n');
    text.push_str(&match failures {
        0 => "Everything that is configured works".to_owned(),
        1 => "1 thing does not work".to_owned(),
        many => format!("{many} things do not work"),
    });
    text.push_str(&match count(Outcome::Warn) {
        0 => ".\n".to_owned(),
        1 => "; 1 is worth a look.\n".to_owned(),
        many => format!("; {many} are worth a look.\n"),
    });
    text
}

/// What was measured.
fn transcoding(found: &Findings) -> String {
    let mut text = String::new();
    if !found.transcoding {
        text.push_str("Nothing is transcoded, as configured: transcoding = \"off\".\n");
    }
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
