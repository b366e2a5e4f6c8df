//! The settings as texts for people: a full file, a page, and what holds now with its origins.
//!
//! Promise: the committed `config/full.toml` and `docs/reference/config.md` equal these texts (a test
//! compares them).

use std::fmt::Write;

use serde_json::json;

use super::layers::Layers;
use super::settings::{SETTINGS, Setting};

/// Characters of the longest key.
const WIDTH: usize = 35;

const OPENING: &str = "# Every setting of Rillcast with its default. Lines are commented out: uncomment what you change.\n\
    # The same names work as environment variables (RILLCAST_HTTP) and as flags (--http).\n";

/// `config/full.toml`.
pub fn full_file() -> String {
    let mut text = OPENING.to_owned();
    for setting in SETTINGS {
        let value = setting.default.map_or_else(|| format!("\"{}\"", setting.value), toml_value);
        let _ = write!(text, "\n# {}\n# {} = {value}\n", setting.help, setting.key);
    }
    text
}

fn toml_value(text: &str) -> String {
    let bare = text.parse::<i64>().is_ok_and(|_| text.len() < 10) || matches!(text, "true" | "false");
    if bare { text.to_owned() } else { format!("\"{text}\"") }
}

/// `docs/reference/config.md`.
pub fn reference_page() -> String {
    let mut text = "# Configuration\n\nA setting has one name everywhere. Flags beat the environment, which beats the file, which beats \
        the defaults. The file is `rillcast.toml` in the working folder, or the one named by `--config FILE` \
        or `RILLCAST_CONFIG`. A key that is not in this table is refused, wherever it stands. \
        `rillcast config check` prints what holds and where each value came from.\n\n\
        | file | flag | environment | default | meaning |\n| --- | --- | --- | --- | --- |\n"
        .to_owned();
    for setting in SETTINGS {
        let _ = writeln!(text, "{}", row(setting));
    }
    text
}

fn row(setting: &Setting) -> String {
    let default = setting.default.map_or_else(|| "not set".to_owned(), |text| format!("`{text}`"));
    let (key, flag, env) = (setting.key, setting.flag(), setting.env());
    format!("| `{key}` | `--{flag} {}` | `{env}` | {default} | {} |", setting.value, setting.help)
}

/// What holds, a line a setting, with where it came from.
pub fn explain(layers: &Layers) -> String {
    let mut text = String::new();
    for setting in SETTINGS {
        let Some(raw) = layers.get(setting.key) else { continue };
        let value = match raw.text.as_deref() {
            None => "(not set)",
            Some(_) if setting.is_secret() => "(set, not shown)",
            Some(text) => text,
        };
        let _ = writeln!(text, "{:<WIDTH$} = {value:<28} # {}", setting.key, raw.source);
    }
    text
}

/// The same for programs: an object a line.
pub fn explain_json(layers: &Layers) -> String {
    let mut text = String::new();
    for setting in SETTINGS {
        let Some(raw) = layers.get(setting.key) else { continue };
        let source = raw.source.to_string();
        let line = match raw.text.as_deref() {
            Some(_) if setting.is_secret() => json!({ "key": setting.key, "secret": true, "source": source }),
            value => json!({ "key": setting.key, "value": value, "source": source }),
        };
        let _ = writeln!(text, "{line}");
    }
    text
}

#[cfg(test)]
mod tests {
    use std::path::Path;

    use super::*;

    /// Compares, or writes when `UPDATE_DOCS` is set in the test's environment.
    fn same_as_committed(path: &str, text: &str) {
        let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("../..").join(path);
        if std::env::var_os("UPDATE_DOCS").is_some() {
            std::fs::write(&path, text).expect("a writable checkout");
        }
        let committed = std::fs::read_to_string(&path).unwrap_or_default();
        assert_eq!(committed, text, "run `make docs` to renew {}", path.display());
    }

    #[test]
    fn the_committed_full_file_is_the_table() {
        same_as_committed("config/full.toml", &full_file());
    }

    #[test]
    fn the_committed_reference_page_is_the_table() {
        same_as_committed("docs/reference/config.md", &reference_page());
    }
}
