//! What a program that decodes strangers' media is kept from: privileges, the network, files, memory.
//!
//! Promise: each measure was tried with the program itself before it is relied on; one that this system does not
//! have is left out and told, and never keeps a worker from running.
//!
//! All of it is done by small programs that stand before the real one (`nice`, `prlimit`, `unshare`, `setpriv` of
//! coreutils and util-linux) and become it by `exec`, so there is still one process. To do the same between fork
//! and exec ourselves would need unsafe code, and to do it from outside afterwards would need rights over another
//! user's process that containers take away.

use std::os::unix::fs::PermissionsExt as _;
use std::path::{Path, PathBuf};
use std::process::Stdio;
use std::time::Duration;

use tokio::process::Command;

use crate::{Config, Encoder};

/// One thing that is kept from it.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Measure {
    /// It gives way to everything else on the machine.
    GivesWay,
    /// Its memory and its open files are bounded; it can make no file larger than nothing, and leaves no core.
    Bounds,
    /// It has no network: not even this machine's.
    NoNetwork,
    /// It can gain no privileges, has no capabilities, and is killed when the server is gone.
    NoPrivileges,
    /// It is nobody: it owns nothing and is in no group.
    Nobody,
}

impl Measure {
    /// All of them.
    pub const ALL: [Self; 5] =
        [Self::GivesWay, Self::Bounds, Self::NoNetwork, Self::NoPrivileges, Self::Nobody];
}

/// One way to a measure: words before the program, and what they bring.
struct Way {
    words: Vec<String>,
    brings: &'static [Measure],
}

/// How programs are started here.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Confinement {
    words: Vec<String>,
    measures: Vec<Measure>,
}

/// Longest time that a trial may take; a program that only tells its version needs a tenth of a second.
const TRIAL: Duration = Duration::from_secs(10);
/// The user and the group that own nothing, by number: not every container has a name for them.
const NOBODY: u32 = 65_534;
/// Files that may be opened. It has its pipes and the libraries it loads one after the other.
const OPEN_FILES: u32 = 64;

/// What it is told of our environment: where programs, libraries and drivers are. Nothing else: there may be
/// secrets.
const ENVIRONMENT: [&str; 4] = ["PATH", "LD_LIBRARY_PATH", "LIBVA_DRIVER_NAME", "LIBVA_DRIVERS_PATH"];

impl Confinement {
    /// Tries with the configured program what this system has. Takes as long as a few starts of the program.
    pub async fn found(config: &Config) -> Self {
        let mut steps = steps(config);
        let whole = Self::of(steps.iter().filter_map(|ways| ways.first()));
        if whole.works_for(&config.ffmpeg).await {
            return whole;
        }
        let mut found = Self::default();
        for way in steps.drain(..).flatten() {
            let is_there = way.brings.iter().any(|measure| found.has(*measure));
            let more = found.clone().with(&way);
            if !is_there && more.works_for(&config.ffmpeg).await {
                found = more;
            }
        }
        found
    }

    fn of<'a>(ways: impl Iterator<Item = &'a Way>) -> Self {
        ways.fold(Self::default(), Self::with)
    }

    fn with(mut self, way: &Way) -> Self {
        self.words.extend_from_slice(&way.words);
        self.measures.extend_from_slice(way.brings);
        self
    }

    /// What is in force.
    pub fn measures(&self) -> &[Measure] {
        &self.measures
    }

    /// Is this in force?
    pub fn has(&self, measure: Measure) -> bool {
        self.measures.contains(&measure)
    }

    /// A command that starts the program so confined: in its own process group, at the root of the file system, with
    /// nearly no environment, and killed when its handle is dropped. Its standard streams lead nowhere as long as
    /// the caller does not say where.
    pub(crate) fn command(&self, program: &Path) -> std::process::Command {
        let mut words = self.words.iter();
        let mut command = match words.next() {
            Some(first) => std::process::Command::new(whole_path(Path::new(first))),
            None => std::process::Command::new(whole_path(program)),
        };
        if !self.words.is_empty() {
            command.args(words).arg(program);
        }
        command.env_clear();
        // The one thing that is read from the environment below the roof: it is handed on, never looked at.
        let kept = ENVIRONMENT.iter().filter_map(|name| Some((*name, std::env::var_os(name)?)));
        command.envs(kept);
        command.current_dir("/").stdin(Stdio::null()).stdout(Stdio::null()).stderr(Stdio::null());
        std::os::unix::process::CommandExt::process_group(&mut command, 0);
        command
    }

    async fn works_for(&self, program: &Path) -> bool {
        let mut command = Command::from(self.command(program));
        command.args(["-hide_banner", "-version"]).kill_on_drop(true);
        let trial = tokio::time::timeout(TRIAL, command.status()).await;
        matches!(trial, Ok(Ok(status)) if status.success())
    }
}

/// Where a program is that is told by its name alone: the standard library starts one with an environment of its own
/// at the least cost only if it need not look for it.
fn whole_path(program: &Path) -> PathBuf {
    let is_name = program.components().count() == 1 && program.is_relative();
    let folders = std::env::var_os("PATH").filter(|_| is_name);
    let paths = folders.iter().flat_map(std::env::split_paths).map(|folder| folder.join(program));
    paths.filter(|path| path.is_absolute()).find(|path| may_run(path)).unwrap_or_else(|| program.to_owned())
}

fn may_run(path: &Path) -> bool {
    path.metadata().is_ok_and(|found| found.is_file() && found.permissions().mode() & 0o111 != 0)
}

/// Step by step, from the outermost program in, the ways to each; better ones first.
fn steps(config: &Config) -> Vec<Vec<Way>> {
    let is_software = config.encoder == Encoder::X264;
    let mut steps = Vec::new();
    if config.nice > 0 {
        let words = vec!["nice".to_owned(), "-n".to_owned(), config.nice.to_string()];
        steps.push(vec![Way { words, brings: &[Measure::GivesWay] }]);
    }
    steps.push(vec![Way { words: bounds(config, is_software), brings: &[Measure::Bounds] }]);
    let unshare = |options: &[&str]| {
        let words = ["unshare"].iter().chain(options).chain(&["--"]).map(|word| (*word).to_owned());
        Way { words: words.collect(), brings: &[Measure::NoNetwork] }
    };
    // The second way serves a server that is not root, where the system lets users have namespaces.
    steps.push(vec![unshare(&["--net"]), unshare(&["--user", "--net"])]);
    let way = |options: &[String], brings| Way { words: privileges(options), brings };
    let [user, group] = [format!("--reuid={NOBODY}"), format!("--regid={NOBODY}")];
    let [alone, unbound] = ["--clear-groups", "--bounding-set=-all"].map(str::to_owned);
    let nobody = way(&[user, group, alone, unbound.clone()], &[Measure::NoPrivileges, Measure::Nobody]);
    // Root, where it stays root, loses its capabilities; others have none, and no right to lower what they may have.
    let mut ways = vec![way(&[unbound], &[Measure::NoPrivileges]), way(&[], &[Measure::NoPrivileges])];
    // A device's file is open to its group alone, which nobody is not in.
    if is_software {
        ways.insert(0, nobody);
    }
    steps.push(ways);
    steps
}

/// Memory is bounded by what a process may write to (`RLIMIT_DATA`), not by the addresses that it sets aside: drivers
/// of graphics cards set aside more addresses than there is memory, and so does an allocator with many threads.
fn bounds(config: &Config, is_software: bool) -> Vec<String> {
    let mut words = vec!["prlimit".to_owned(), "--core=0".to_owned(), format!("--data={}", config.memory)];
    if is_software {
        words.push(format!("--nofile={OPEN_FILES}"));
        words.push("--fsize=0".to_owned());
    }
    words.push("--".to_owned());
    words
}

fn privileges(user: &[String]) -> Vec<String> {
    let mut words = vec!["setpriv".to_owned()];
    words.extend_from_slice(user);
    let rest = ["--no-new-privs", "--pdeathsig=KILL", "--inh-caps=-all", "--"];
    words.extend(rest.map(str::to_owned));
    words
}
