//! Finds the installed botocore and reads the vendor's models out of it.
//!
//! Promise: only the pinned version is read, so that two machines generate the same.

use std::io::Read;
use std::path::{Path, PathBuf};
use std::process::Command;

use flate2::read::GzDecoder;
use serde_json::Value;

/// The version whose models are the source of the generated code.
pub(crate) const VERSION: &str = "1.44.5";

/// Where botocore is installed: as told, else as the checkout's own Python says, else as `python3` says.
pub(crate) fn locate(told: Option<&Path>, root: &Path) -> Result<PathBuf, String> {
    if let Some(folder) = told {
        return Ok(folder.to_owned());
    }
    let own = root.join(".venv/bin/python");
    let python = if own.exists() { own } else { PathBuf::from("python3") };
    let output = Command::new(&python)
        .args(["-c", "import botocore,os;print(os.path.dirname(botocore.__file__))"])
        .output()
        .map_err(|error| format!("cannot run {}: {error}", python.display()))?;
    if !output.status.success() {
        return Err(format!("no botocore; install it: pip install botocore=={VERSION}"));
    }
    Ok(PathBuf::from(String::from_utf8_lossy(&output.stdout).trim()))
}

/// Refuses another version than the pinned one.
pub(crate) fn check_version(folder: &Path) -> Result<(), String> {
    let file = folder.join("__init__.py");
    let text = std::fs::read_to_string(&file).map_err(|error| format!("{}: {error}", file.display()))?;
    if text.contains(&format!("__version__ = '{VERSION}'")) {
        return Ok(());
    }
    Err(format!(
        "{} is not botocore {VERSION}; install it: pip install botocore=={VERSION}",
        folder.display()
    ))
}

/// Reads one service's model.
pub(crate) fn model(folder: &Path, service: &str, version: &str) -> Result<Value, String> {
    let file = folder.join("data").join(service).join(version).join("service-2.json.gz");
    let packed = std::fs::read(&file).map_err(|error| format!("{}: {error}", file.display()))?;
    let mut text = String::new();
    GzDecoder::new(packed.as_slice())
        .read_to_string(&mut text)
        .map_err(|error| format!("{}: {error}", file.display()))?;
    serde_json::from_str(&text).map_err(|error| format!("{}: {error}", file.display()))
}
