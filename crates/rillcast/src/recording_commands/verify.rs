//! `rillcast recordings verify`: is all of a recording there, does it play, does it go on without a gap?
//!
//! Promise: exit code 0 means that nothing is wrong; each fault names its object.

use std::process::ExitCode;

use clap::ArgMatches;
use domain::{Recording, chain};
use recording::verify::{Progress, Report, Subject, verify};
use serde_json::json;

use super::{Shelves, Walk, list};
use crate::cli::bar::Bar;
use crate::cli::output::{Form, form};
use crate::commands::{print, refuse};

pub(super) async fn run(shelves: &Shelves, matches: &ArgMatches) -> ExitCode {
    let as_json = form(matches) == Form::Json;
    let result = match matches.get_one::<String>("id") {
        Some(id) => one(shelves, id, as_json).await,
        None => all(shelves, as_json).await,
    };
    match result {
        Ok(true) => ExitCode::SUCCESS,
        Ok(false) => ExitCode::FAILURE,
        Err(why) => refuse(1, &why),
    }
}

async fn one(shelves: &Shelves, id: &str, as_json: bool) -> Result<bool, String> {
    let recording = shelves.recording(id).await?;
    look(shelves, &recording, as_json).await
}

/// The newest first. One whose bucket can't be read does not keep the others from being looked at.
async fn all(shelves: &Shelves, as_json: bool) -> Result<bool, String> {
    let mut is_good = true;
    let mut walk = Walk::over(&shelves.store, None);
    while let Some(page) = walk.page().await? {
        for recording in page {
            match look(shelves, &recording, as_json).await {
                Ok(is_whole) => is_good &= is_whole,
                Err(why) => {
                    eprintln!("rillcast: {}: {why}", recording.id);
                    is_good = false;
                }
            }
        }
    }
    Ok(is_good)
}

async fn look(shelves: &Shelves, recording: &Recording, as_json: bool) -> Result<bool, String> {
    let mut bar = Bar::new(recording.id.as_str());
    let subject =
        Subject { bucket: &recording.configuration.bucket, prefix: &recording.prefix, row: Some(recording) };
    let mut progress = |Progress { done, total }| bar.show(done, total);
    let report = verify(&shelves.blobs, subject, &mut progress).await.map_err(|error| chain(&error))?;
    drop(bar);
    if as_json {
        print(&format!("{}\n", to_json(recording, &report)))?;
    } else {
        print(&to_text(recording, &report))?;
    }
    Ok(report.is_good())
}

fn to_json(recording: &Recording, report: &Report) -> String {
    let mut object = json!({ "id": recording.id.as_str(), "good": report.is_good() });
    if let (Some(object), Ok(serde_json::Value::Object(more))) =
        (object.as_object_mut(), serde_json::to_value(report))
    {
        object.extend(more);
    }
    object.to_string()
}

fn to_text(recording: &Recording, report: &Report) -> String {
    let verdict = match (report.is_good(), report.is_going_on) {
        (true, false) => "good",
        (true, true) => "good so far; it goes on",
        (false, _) => "DAMAGED",
    };
    let size = list::size(report.bytes);
    let mut text = format!("{}  {verdict}: {} objects, {size}", recording.id, report.objects);
    if report.thumbnails > 0 {
        text += &format!(", {} thumbnails", report.thumbnails);
    }
    text.push('\n');
    for rendition in &report.renditions {
        text += &format!(
            "  {:<10} {}  {} chunks, {} pictures, {}",
            rendition.name,
            list::length(rendition.duration_ms),
            rendition.chunks,
            rendition.pictures,
            list::size(rendition.bytes),
        );
        for (count, what) in [(rendition.gaps, "gaps"), (rendition.discontinuities, "discontinuities")] {
            if count > 0 {
                text += &format!(", {count} {what}");
            }
        }
        text.push('\n');
    }
    for fault in &report.faults {
        text += &format!("  fault: {} {}\n", fault.object, fault.words);
    }
    for note in &report.notes {
        text += &format!("  note: {} {}\n", note.object, note.words);
    }
    for (count, what) in [(report.more_faults, "faults"), (report.more_notes, "notes")] {
        if count > 0 {
            text += &format!("  and {count} more {what}\n");
        }
    }
    text
}
