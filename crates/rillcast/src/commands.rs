//! The commands of the binary: what each does, prints and exits with.
//!
//! Promise: 0 is success, 2 a command line or setting that can't be used, 1 everything else; whatever
//! goes wrong is one line that starts with `rillcast:`.

use std::io::{ErrorKind, Write as _};
use std::path::PathBuf;
use std::process::ExitCode;

use clap::ArgMatches;
use domain::chain;
use tokio::signal::unix::{SignalKind, signal};
use tokio_util::sync::CancellationToken;

use crate::app::{self, App};
use crate::cli::output::{Form, form};
use crate::config::{self, Config, Layers};
use crate::{
    backups, chat_keys, cli, doctor, event_commands, first_start, keys, policies, recording_commands, status,
    telemetry, token,
};

/// Exit code of a configuration that can't be used; the same as clap's for a command line.
pub(crate) const EXIT_USAGE: u8 = 2;

/// Does what the command line says.
pub async fn run(matches: &ArgMatches) -> ExitCode {
    let (name, matches) = matches.subcommand().expect("clap requires a subcommand");
    match name {
        "serve" => serve(matches).await,
        "config" => look_at_config(matches),
        "policy" => policies::run(matches),
        "completions" => complete(matches),
        "man" => manual(matches),
        "exit-codes" => say(Ok(format!("{}\n", cli::EXIT_CODES))),
        "status" => status_of_server(matches).await,
        "db" => manage_database(matches).await,
        "chat" => manage_chat(matches).await,
        "events" => manage_events(matches).await,
        "recordings" => manage_recordings(matches).await,
        "token" => token::run(matches),
        "doctor" => match read(matches) {
            Ok((_, config)) => doctor::run(&config, matches).await,
            Err(why) => refuse(EXIT_USAGE, &why),
        },
        _ => manage_keys(matches).await,
    }
}

async fn serve(matches: &ArgMatches) -> ExitCode {
    let started = |(_, config)| telemetry::start(&config).map(|log| (config, log));
    let (config, log) = match read(matches).and_then(started) {
        Ok(started) => started,
        Err(why) => return refuse(EXIT_USAGE, &why),
    };
    let shutdown = match on_signals() {
        Ok(shutdown) => shutdown,
        Err(why) => return refuse(1, &chain(&why)),
    };
    let app = match App::bind(config.clone(), log).await {
        Ok(app) => app,
        Err(why) => return refuse(1, &chain(&why)),
    };
    if let Err(why) = print(&welcome(&config, &app)) {
        return refuse(1, &why);
    }
    match app.run(shutdown).await {
        Ok(()) => ExitCode::SUCCESS,
        Err(why) => refuse(1, &chain(&why)),
    }
}

/// What a person wants to know first; scripts use the ready file.
fn welcome(config: &Config, app: &App) -> String {
    let http = app::reachable(app.addresses().http);
    let base = config.public_url.clone().unwrap_or_else(|| format!("http://{http}"));
    let folder = std::path::absolute(&config.data_dir).unwrap_or_else(|_| config.data_dir.clone());
    let credentials = folder.join(first_start::CREDENTIALS);
    let version = env!("CARGO_PKG_VERSION");
    if !credentials.exists() {
        // Restored from a backup, or a further server on one database.
        return format!(
            "Rillcast {version} on http://{http}; make an access key with rillcast keys create\n\
             Console:  {base}/console\n"
        );
    }
    let made = if app.is_first_start() { "made a root access key in" } else { "access keys are in" };
    let (file, region) = (credentials.display(), &config.region);
    format!(
        "Rillcast {version} on http://{http}; {made} {}\n\
         Console:  {base}/console  (sign in with the key in {file})\n\
         Watch:    {base}/watch/CHANNEL-ID once something is on air; guide: {base}/docs\n\
         List channels with:\n  AWS_SHARED_CREDENTIALS_FILE='{file}' aws --endpoint-url http://{http} --region {region} \
         ivs list-channels\n",
        folder.display(),
    )
}

fn complete(matches: &ArgMatches) -> ExitCode {
    let shell = matches.get_one("shell").copied().expect("clap requires a shell");
    say(Ok(cli::completions(shell)))
}

fn manual(matches: &ArgMatches) -> ExitCode {
    let folder = matches.get_one::<PathBuf>("dir").map(PathBuf::as_path);
    say(cli::manual(folder).map_err(|error| (1, format!("writing the manual pages: {error}"))))
}

async fn status_of_server(matches: &ArgMatches) -> ExitCode {
    match read(matches) {
        Ok((_, config)) => say(status::run(&config, matches).await.map_err(|why| (1, why))),
        Err(why) => refuse(EXIT_USAGE, &why),
    }
}

fn look_at_config(matches: &ArgMatches) -> ExitCode {
    let (name, matches) = matches.subcommand().expect("clap requires a subcommand");
    let text = match name {
        "check" => read(matches).map(|(layers, _)| match form(matches) {
            Form::Table => config::explain(&layers),
            Form::Json => config::explain_json(&layers),
        }),
        _ => Ok(config::full_file()),
    };
    say(text.map_err(|why| (EXIT_USAGE, why)))
}

async fn manage_keys(matches: &ArgMatches) -> ExitCode {
    let (name, matches) = matches.subcommand().expect("clap requires a subcommand");
    match read(matches) {
        Ok((_, config)) => say(keys::run(&config, name, matches).await.map_err(|why| (1, why))),
        Err(why) => refuse(EXIT_USAGE, &why),
    }
}

async fn manage_database(matches: &ArgMatches) -> ExitCode {
    let (name, matches) = matches.subcommand().expect("clap requires a subcommand");
    match read(matches) {
        Ok((_, config)) => say(backups::run(&config, name, matches).await.map_err(|why| (1, why))),
        Err(why) => refuse(EXIT_USAGE, &why),
    }
}

async fn manage_chat(matches: &ArgMatches) -> ExitCode {
    let (_, matches) = matches.subcommand().expect("clap requires a subcommand");
    match read(matches) {
        Ok((_, config)) => say(chat_keys::rotate(&config, matches).await.map_err(|why| (1, why))),
        Err(why) => refuse(EXIT_USAGE, &why),
    }
}

async fn manage_events(matches: &ArgMatches) -> ExitCode {
    let (name, matches) = matches.subcommand().expect("clap requires a subcommand");
    match read(matches) {
        Ok((_, config)) => say(event_commands::run(&config, name, matches).await.map_err(|why| (1, why))),
        Err(why) => refuse(EXIT_USAGE, &why),
    }
}

async fn manage_recordings(matches: &ArgMatches) -> ExitCode {
    let (name, matches) = matches.subcommand().expect("clap requires a subcommand");
    match read(matches) {
        Ok((_, config)) => recording_commands::run(config, name, matches).await,
        Err(why) => refuse(EXIT_USAGE, &why),
    }
}

fn read(matches: &ArgMatches) -> Result<(Layers, Config), String> {
    let env: Vec<_> = std::env::vars_os()
        .filter_map(|(name, value)| Some((name.into_string().ok()?, value.into_string().ok()?)))
        .collect();
    let layers = config::layers(cli::inputs(matches, &env)).map_err(|error| chain(&error))?;
    let config = Config::from_layers(&layers).map_err(|error| chain(&error))?;
    Ok((layers, config))
}

/// Cancelled by the first SIGTERM or SIGINT; a second one is left to end the process at once.
pub(crate) fn on_signals() -> std::io::Result<CancellationToken> {
    let (mut term, mut int) = (signal(SignalKind::terminate())?, signal(SignalKind::interrupt())?);
    let shutdown = CancellationToken::new();
    let token = shutdown.clone();
    let wait = async move {
        tokio::select! { _ = term.recv() => {}, _ = int.recv() => {} }
        token.cancel();
        tokio::select! { _ = term.recv() => {}, _ = int.recv() => {} }
        std::process::exit(1);
    };
    #[expect(clippy::disallowed_methods, reason = "ends with the process, whose signals it waits for")]
    tokio::spawn(wait);
    Ok(shutdown)
}

pub(crate) fn say(said: Result<String, (u8, String)>) -> ExitCode {
    match said {
        Ok(text) => match print(&text) {
            Ok(()) => ExitCode::SUCCESS,
            Err(why) => refuse(1, &why),
        },
        Err((code, why)) => refuse(code, &why),
    }
}

/// Prints to standard output. A reader that has seen enough, such as `head`, is no failure.
pub(crate) fn print(text: &str) -> Result<(), String> {
    let mut out = std::io::stdout().lock();
    match out.write_all(text.as_bytes()).and_then(|()| out.flush()) {
        Err(error) if error.kind() != ErrorKind::BrokenPipe => Err(format!("printing: {error}")),
        _ => Ok(()),
    }
}

pub(crate) fn refuse(code: u8, why: &str) -> ExitCode {
    eprintln!("rillcast: {why}");
    ExitCode::from(code)
}
