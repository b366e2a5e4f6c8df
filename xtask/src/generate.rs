//! The act of generating: read the models and the list of served operations, write or compare the output.
//!
//! Promise: a file is only touched when its content changes.

use std::fmt::Write as _;
use std::io::Write as _;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};

use crate::model::{Model, Operation};
use crate::reach::Reach;
use crate::{botocore, write};

/// What was asked for.
#[derive(Debug, Default)]
pub(crate) struct Order {
    pub(crate) check: bool,
    pub(crate) botocore: Option<PathBuf>,
}

/// A service of the vendor: its name in botocore, its module in `api`, the version of its model, its trait.
struct Service {
    name: &'static str,
    version: &'static str,
    interface: &'static str,
}

const SERVICES: &[Service] = &[
    Service { name: "ivs", version: "2020-07-14", interface: "Ivs" },
    Service { name: "ivschat", version: "2020-07-14", interface: "IvsChat" },
];

struct Output {
    path: PathBuf,
    text: String,
}

/// Does it; the text is for the one who asked.
pub(crate) fn run(order: &Order) -> Result<String, String> {
    let root = Path::new(env!("CARGO_MANIFEST_DIR")).parent().ok_or("xtask has no parent folder")?;
    let folder = botocore::locate(order.botocore.as_deref(), root)?;
    botocore::check_version(&folder)?;
    let list = read(&root.join("crates/api/operations.txt"))?;
    let mut outputs = Vec::new();
    for service in SERVICES {
        let model = Model::parse(&botocore::model(&folder, service.name, service.version)?)?;
        outputs.extend(service_outputs(service, &model, &list)?);
    }
    if order.check { check(root, &outputs) } else { save(root, &outputs) }
}

fn service_outputs(service: &Service, model: &Model, list: &str) -> Result<Vec<Output>, String> {
    let served = served(service.name, model, list)?;
    if served.is_empty() {
        return Ok(Vec::new());
    }
    let reach = Reach::of(model, &served)?;
    let module = PathBuf::from("crates/api/src").join(service.name);
    Ok(vec![
        Output {
            path: module.join("shapes.rs"),
            text: format_rust(&write::shapes(service.name, model, &reach)?)?,
        },
        Output {
            path: module.join("operations.rs"),
            text: format_rust(&write::operations(service.name, service.interface, model, &served)?)?,
        },
        Output {
            path: PathBuf::from(format!("crates/api/tests/bounds/{}.json", service.name)),
            text: write::bounds(service.name, model, &served)?,
        },
    ])
}

/// The operations of one service that the list names, in the list's order.
fn served<'a>(service: &str, model: &'a Model, list: &str) -> Result<Vec<&'a Operation>, String> {
    let lines = list.lines().map(str::trim).filter(|line| !line.is_empty() && !line.starts_with('#'));
    let mut names = Vec::new();
    for line in lines {
        let (of, name) =
            line.split_once(' ').ok_or(format!("operations.txt: {line:?} is not `service Name`"))?;
        if SERVICES.iter().all(|known| known.name != of) {
            return Err(format!("operations.txt: unknown service {of:?}"));
        }
        if names.contains(&(of, name)) {
            return Err(format!("operations.txt: {line:?} is there twice"));
        }
        names.push((of, name));
    }
    names.into_iter().filter(|(of, _)| *of == service).map(|(_, name)| model.operation(name)).collect()
}

fn format_rust(text: &str) -> Result<String, String> {
    let mut child = Command::new("rustfmt")
        .args(["--edition", "2024", "--config", "max_width=110,use_small_heuristics=Max"])
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .spawn()
        .map_err(|error| format!("cannot run rustfmt: {error}"))?;
    let mut stdin = child.stdin.take().ok_or("rustfmt has no standard input")?;
    // rustfmt reads all of its input before it writes, so this can't block for good.
    stdin.write_all(text.as_bytes()).map_err(|error| format!("writing to rustfmt: {error}"))?;
    drop(stdin);
    let output = child.wait_with_output().map_err(|error| format!("rustfmt: {error}"))?;
    if !output.status.success() {
        return Err(format!("rustfmt refuses the generated text:\n{text}"));
    }
    String::from_utf8(output.stdout).map_err(|error| format!("rustfmt: {error}"))
}

fn save(root: &Path, outputs: &[Output]) -> Result<String, String> {
    let mut report = String::new();
    for output in outputs {
        let path = root.join(&output.path);
        let same = std::fs::read_to_string(&path).is_ok_and(|old| old == output.text);
        if !same {
            let folder = path.parent().ok_or("an output has no folder")?;
            std::fs::create_dir_all(folder).map_err(|error| format!("{}: {error}", folder.display()))?;
            std::fs::write(&path, &output.text).map_err(|error| format!("{}: {error}", path.display()))?;
        }
        let verb = if same { "unchanged" } else { "written" };
        let _infallible = writeln!(report, "{verb}: {}", output.path.display());
    }
    Ok(report.trim_end().to_owned())
}

fn check(root: &Path, outputs: &[Output]) -> Result<String, String> {
    for output in outputs {
        let old = std::fs::read_to_string(root.join(&output.path)).unwrap_or_default();
        if let Some(hint) = difference(&old, &output.text) {
            let path = output.path.display();
            return Err(format!(
                "{path} is not what the model gives; run: cargo run -p xtask -- generate\n{hint}"
            ));
        }
    }
    Ok(format!("{} generated files are up to date", outputs.len()))
}

/// The first line that differs, if any.
fn difference(old: &str, new: &str) -> Option<String> {
    if old == new {
        return None;
    }
    let (mut have, mut want) = (old.lines(), new.lines());
    for number in 1.. {
        let (have, want) = (have.next(), want.next());
        if have != want || have.is_none() {
            let end = "(end of file)";
            return Some(format!(
                "  line {number}\n  - {}\n  + {}",
                have.unwrap_or(end),
                want.unwrap_or(end)
            ));
        }
    }
    None
}

fn read(path: &Path) -> Result<String, String> {
    std::fs::read_to_string(path).map_err(|error| format!("{}: {error}", path.display()))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_difference_is_shown_by_its_first_line() {
        assert_eq!(difference("a\nb\n", "a\nb\n"), None);
        assert_eq!(difference("a\nb\n", "a\nc\n").as_deref(), Some("  line 2\n  - b\n  + c"));
        assert_eq!(difference("a\n", "a\nc\n").as_deref(), Some("  line 2\n  - (end of file)\n  + c"));
    }
}
