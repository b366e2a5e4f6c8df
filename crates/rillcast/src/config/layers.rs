//! From many places to one text per setting: defaults, then file, then environment, then flags.
//!
//! Promise: a key that no setting has is refused, wherever it stands, and every value remembers where
//! it came from.

use std::collections::BTreeMap;
use std::fmt;
use std::path::{Path, PathBuf};

use super::settings::SETTINGS;

/// Name of the file that is read from the working folder when none is named.
pub(super) const DEFAULT_FILE: &str = "rillcast.toml";

/// Where a value came from.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Source {
    /// The table of settings.
    Default,
    /// A file.
    File(PathBuf),
    /// An environment variable.
    Env(String),
    /// A flag.
    Flag(String),
}

impl fmt::Display for Source {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Default => f.write_str("default"),
            Self::File(path) => write!(f, "file {}", path.display()),
            Self::Env(name) => write!(f, "environment {name}"),
            Self::Flag(name) => write!(f, "flag --{name}"),
        }
    }
}

/// A value as text and its origin.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Raw {
    /// The text; `None` for a setting that is not set.
    pub text: Option<String>,
    /// Its origin.
    pub source: Source,
}

/// Why the places could not be read.
#[derive(Debug, thiserror::Error)]
pub enum LayerError {
    /// The file can't be read.
    #[error("reading {}", path.display())]
    Read {
        /// Which.
        path: PathBuf,
        /// Why.
        #[source]
        source: std::io::Error,
    },
    /// The file is not TOML.
    #[error("{} is not valid TOML", path.display())]
    Toml {
        /// Which.
        path: PathBuf,
        /// Why.
        #[source]
        source: Box<toml::de::Error>,
    },
    /// A key that no setting has.
    #[error("{place} sets `{key}`, which is no setting of Rillcast{hint}")]
    UnknownKey {
        /// The key.
        key: String,
        /// Where it stands.
        place: Source,
        /// The nearest known key, if one is near.
        hint: String,
    },
    /// A value that is a table or a list.
    #[error("{} sets `{key}` to something other than a text, number or boolean", path.display())]
    Shape {
        /// The key.
        key: String,
        /// Where.
        path: PathBuf,
    },
}

/// All settings with their texts.
pub type Layers = BTreeMap<&'static str, Raw>;

/// What the process was started with.
pub struct Inputs<'a> {
    /// `--config`: a file that must exist. Without it [`DEFAULT_FILE`] is read if it is there.
    pub file: Option<PathBuf>,
    /// The environment.
    pub env: &'a [(String, String)],
    /// Flags that were given, by key.
    pub flags: Vec<(&'static str, String)>,
}

/// Lays the places over one another; the later wins.
pub fn layers(inputs: Inputs<'_>) -> Result<Layers, LayerError> {
    let mut layers: Layers = SETTINGS
        .iter()
        .map(|setting| {
            (setting.key, Raw { text: setting.default.map(str::to_owned), source: Source::Default })
        })
        .collect();
    let default_file = || Path::new(DEFAULT_FILE).exists().then(|| PathBuf::from(DEFAULT_FILE));
    if let Some(path) = inputs.file.or_else(default_file) {
        for (key, text) in read_file(&path)? {
            put(&mut layers, &key, text, Source::File(path.clone()))?;
        }
    }
    for (name, text) in inputs.env {
        let Some(key) = name.strip_prefix("RILLCAST_") else { continue };
        if key != "CONFIG" {
            put(&mut layers, &key.to_ascii_lowercase(), text.clone(), Source::Env(name.clone()))?;
        }
    }
    for (key, text) in inputs.flags {
        put(&mut layers, key, text, Source::Flag(key.replace('_', "-")))?;
    }
    Ok(layers)
}

fn put(layers: &mut Layers, key: &str, text: String, source: Source) -> Result<(), LayerError> {
    match layers.get_mut(key) {
        Some(slot) => {
            *slot = Raw { text: Some(text).filter(|text| !text.is_empty()), source };
            Ok(())
        }
        None => Err(LayerError::UnknownKey { key: key.to_owned(), place: source, hint: hint(key) }),
    }
}

fn read_file(path: &Path) -> Result<Vec<(String, String)>, LayerError> {
    let text =
        std::fs::read_to_string(path).map_err(|source| LayerError::Read { path: path.to_owned(), source })?;
    let table: toml::Table = text
        .parse()
        .map_err(|source| LayerError::Toml { path: path.to_owned(), source: Box::new(source) })?;
    let as_text = |(key, value): (String, toml::Value)| match value {
        toml::Value::String(text) => Ok((key, text)),
        toml::Value::Integer(number) => Ok((key, number.to_string())),
        toml::Value::Boolean(truth) => Ok((key, truth.to_string())),
        _ => Err(LayerError::Shape { key, path: path.to_owned() }),
    };
    table.into_iter().map(as_text).collect()
}

/// `; did you mean …?` for a key at most two letters off.
fn hint(key: &str) -> String {
    let near = SETTINGS.iter().map(|setting| (distance(key, setting.key), setting.key)).min();
    match near {
        Some((0..=2, known)) => format!("; did you mean `{known}`?"),
        _ => String::new(),
    }
}

/// Levenshtein distance.
fn distance(a: &str, b: &str) -> usize {
    let mut row: Vec<usize> = (0..=b.len()).collect();
    for (i, x) in a.bytes().enumerate() {
        let mut diagonal = i;
        row[0] = i + 1;
        for (j, y) in b.bytes().enumerate() {
            let replaced = diagonal + usize::from(x != y);
            diagonal = row[j + 1];
            row[j + 1] = replaced.min(row[j] + 1).min(diagonal + 1);
        }
    }
    row[b.len()]
}

#[cfg(test)]
mod tests {
    use super::*;

    fn with_file(text: &str) -> (tempfile::TempDir, PathBuf) {
        let folder = tempfile::tempdir().expect("a temporary folder");
        let path = folder.path().join("rillcast.toml");
        std::fs::write(&path, text).expect("a written file");
        (folder, path)
    }

    #[test]
    fn flags_beat_environment_beats_file_beats_defaults() {
        let (_folder, path) = with_file("http = \"127.0.0.1:1\"\nregion = \"eu-west-1\"\npart_ms = 300");
        let env = [("RILLCAST_HTTP".to_owned(), "127.0.0.1:2".to_owned())];
        let flags = vec![("rtmp", "127.0.0.1:3".to_owned())];
        let layers = layers(Inputs { file: Some(path.clone()), env: &env, flags }).expect("layers");
        let text = |key: &str| layers[key].text.clone().expect("a value");
        assert_eq!(text("http"), "127.0.0.1:2");
        assert_eq!(text("rtmp"), "127.0.0.1:3");
        assert_eq!(text("region"), "eu-west-1");
        assert_eq!(text("part_ms"), "300");
        assert_eq!(layers["region"].source, Source::File(path));
        assert_eq!(layers["account"].source, Source::Default);
    }

    #[test]
    fn an_unknown_key_is_refused_with_the_nearest_one() {
        let (_folder, path) = with_file("htp = \"127.0.0.1:1\"");
        let error = layers(Inputs { file: Some(path), env: &[], flags: vec![] }).expect_err("refused");
        assert!(error.to_string().contains("did you mean `http`?"), "{error}");
        let env = [("RILLCAST_NO_SUCH_THING".to_owned(), "1".to_owned())];
        let error = layers(Inputs { file: None, env: &env, flags: vec![] }).expect_err("refused");
        assert!(error.to_string().contains("RILLCAST_NO_SUCH_THING"), "{error}");
    }

    #[test]
    fn a_table_where_a_value_belongs_is_refused() {
        let (_folder, path) = with_file("[http]\naddress = 1");
        let error = layers(Inputs { file: Some(path), env: &[], flags: vec![] }).expect_err("refused");
        assert!(error.to_string().contains("`http`"), "{error}");
    }
}
