//! The whole server as one value: every service bound to its pipes, every listener open.
//!
//! Promise: [`App::bind`] either opens everything or leaves nothing running; [`App::run`] returns within
//! the configured time after shutdown is asked for, publishers first, viewers last.

use std::net::SocketAddr;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::{Duration, SystemTime};

use api::{Api, Gate, RegionRule};
use blob::Spool;
use bus::Bus;
use chat::Chat;
use control::Control;
use events::{Admin, Events};
use live::Hub;
use store::Store;
use tokio::net::{TcpListener, TcpSocket};
use tokio::sync::Semaphore;
use tokio::task::JoinSet;
use tokio_util::sync::CancellationToken;
use tracing::{info, warn};

use crate::config::{Config, RecordingSettings};
use crate::desk::{Desk, House, IngestDoors};
use crate::error::AppError;
use crate::listener::Hall;
use crate::metrics::{Counted, Measures};
use crate::node::Node;
use crate::pipes::Pipes;
use crate::ready::Addresses;
use crate::routes::Routes;
use crate::telemetry::Tail;
use crate::tls::Tls;
use crate::upgrades::Upgrades;
use crate::watching::Watching;
use crate::{chatting, entropy, first_start, ready, telling, tls};

/// Viewers get this long to fetch the end of what they watch, once playlists say it has ended.
const FAREWELL: Duration = Duration::from_secs(2);

/// A client that takes next to nothing of what waits for it, for so long, is cut off.
const PATIENCE: Duration = Duration::from_secs(20);

/// The disk gets this long at the end to give back what viewers could rewind to.
const CLEARING: Duration = Duration::from_secs(2);

/// Name of the folder in the data folder where recordings wait for their buckets.
const TAPES: &str = "recordings";

/// Recordings get this long at the end to get into their buckets; what is left the next start finishes.
const DRAIN: Duration = Duration::from_secs(5);

/// Connections that the kernel keeps until they are accepted; it has a bound of its own (`somaxconn`).
const BACKLOG: u32 = 16 * 1024;

/// A server with its listeners open, not yet accepting.
pub struct App {
    config: Config,
    doors: Doors,
    tls: Tls,
    ingest: ingest::Ingest,
    transcode: transcode::Transcode,
    packager: packager::Packager,
    recorder: recording::Recorder,
    control: Control,
    chat: Chat,
    events: Events,
    routes: Arc<Routes>,
    measures: Measures,
    hub: Hub,
    spool: Spool,
    bus: Bus,
    store: Store,
    node: Node,
    addresses: Addresses,
    first_start: bool,
}

impl App {
    /// Opens the data folder and all listeners. `log` holds the newest lines of the log, to be shown to keys that may.
    pub async fn bind(config: Config, log: Tail) -> Result<Self, AppError> {
        let store = first_start::open(&config).await?;
        let first_start = first_start::root_key(&store, &config).await?;
        let node = node(&config)?;
        let doors = Doors::bind(&config)?;
        let http_address = address(&doors.http)?;
        let pipes = Pipes::open(&config, store, &node).await?;
        let tls = server_tls(&config)?;
        let ingest = bind_ingest(&config, &pipes, &node, Arc::clone(&tls.config)).await?;
        let transcode = bind_transcode(&config, &pipes);
        let packager = bind_packager(&config, &pipes);
        let recorder = bind_recorder(&config, &pipes, &node);
        let control = control(&config, http_address, &pipes, &node).await?;
        let chat = chatting::bind(&config, &pipes)?;
        let events = telling::bind(&config, &pipes, &node).await?;
        let playback = delivery(&config, &pipes, &node).await?;
        let house = House {
            config: config.clone(),
            node: node.name().to_owned(),
            public_url: public_url(&config, http_address),
            control: control.clone(),
            store: pipes.store.clone(),
            hub: pipes.hub.clone(),
            blobs: pipes.blobs.clone(),
            chat: chat.clone(),
            delivery: playback.clone(),
            ingest: IngestDoors {
                host: ingest_host(&config, http_address),
                rtmps: ingest.rtmps_addr(),
                rtmp: ingest.rtmp_addr(),
            },
            started: SystemTime::now(),
            log,
        };
        let routes = routes(house, &pipes, &events);
        let counts = Counted {
            told: events.counts(),
            transcoding: transcode.figures(),
            recording: recorder.figures(),
            ingest: ingest.figures(),
        };
        let measures = Measures::new(&config, &pipes, &chat, &routes.delivery, counts);
        let addresses = Addresses {
            http: http_address,
            https: doors.https.as_ref().map(address).transpose()?,
            metrics: doors.metrics.as_ref().map(address).transpose()?,
            rtmp: ingest.rtmp_addr(),
            rtmps: ingest.rtmps_addr(),
        };
        Ok(Self {
            config,
            doors,
            tls,
            ingest,
            transcode,
            packager,
            recorder,
            control,
            chat,
            events,
            routes,
            measures,
            hub: pipes.hub,
            spool: pipes.spool,
            bus: pipes.bus,
            store: pipes.store,
            node,
            addresses,
            first_start,
        })
    }

    /// Where the listeners are.
    pub fn addresses(&self) -> Addresses {
        self.addresses
    }

    /// True when this start made the root access key.
    pub fn is_first_start(&self) -> bool {
        self.first_start
    }

    /// Serves until `shutdown`, then ends publishers, lets viewers see the end, and returns.
    pub async fn run(self, shutdown: CancellationToken) -> Result<(), AppError> {
        let Self {
            config,
            mut doors,
            tls,
            ingest,
            transcode,
            packager,
            recorder,
            control,
            chat,
            events,
            routes,
            measures,
            hub,
            spool,
            bus,
            store,
            node,
            addresses,
            ..
        } = self;
        let stages = Stages::default();
        let ready = Arc::clone(&routes.ready);
        let mut services = JoinSet::new();
        services.spawn(named(Name::Ingest, ingest.run(stages.ingest.clone())));
        services.spawn(named(Name::Transcode, transcode.run(stages.transcode.clone())));
        services.spawn(named(Name::Packager, packager.run(stages.packager.clone())));
        services.spawn(named(Name::Recorder, recorder.run(stages.recorder.clone())));
        services.spawn(named(Name::Web, control.run(stages.http.clone())));
        services.spawn(named(Name::Web, routes.delivery.clone().run(stages.http.clone())));
        services.spawn(named(Name::Web, measures.run(doors.metrics.take(), stages.http.clone())));
        doors.open(&mut services, hall(&config, Arc::clone(&routes), &stages.http), &tls.config);
        services.spawn(named(Name::Web, tls.keep(stages.http.clone())));
        services.spawn(named(Name::Chat, chat.run(stages.chat.clone())));
        services.spawn(named(Name::Events, events.run(stages.events.clone())));
        ready.store(true, Ordering::Release);
        if let Some(path) = &config.ready_file {
            ready::write(path, addresses)
                .map_err(|source| AppError::ReadyFile { path: path.clone(), source })?;
        }
        info!(http = %addresses.http, rtmp = ?addresses.rtmp, rtmps = ?addresses.rtmps, "ready");
        tokio::select! {
            () = shutdown.cancelled() => info!("shutting down"),
            Some(ended) = services.join_next() => {
                tracing::error!(service = ?ended, "a service ended by itself");
                return Err(AppError::ServiceEnded);
            }
        }
        ready.store(false, Ordering::Release);
        let orderly = async {
            stages.close(&mut services, &hub, || routes.hang_up()).await;
            routes.upgrades.finish().await;
            bus.close().await;
        };
        if tokio::time::timeout(config.shutdown, orderly).await.is_err() {
            warn!("shutdown took too long; what was left is cut");
        }
        services.shutdown().await;
        // Nobody reads it any more. What a slow disk keeps goes at the next start.
        let _ = tokio::time::timeout(CLEARING, spool.clear()).await;
        store.close().await;
        // Until here nobody else may be called so.
        drop(node);
        info!("stopped");
        Ok(())
    }
}

/// The bound HTTP listeners.
struct Doors {
    http: TcpListener,
    https: Option<TcpListener>,
    metrics: Option<TcpListener>,
}

impl Doors {
    fn bind(config: &Config) -> Result<Self, AppError> {
        let (https, metrics) = (config.https.map(bind).transpose()?, config.metrics.map(bind).transpose()?);
        Ok(Self { http: bind(config.http)?, https, metrics })
    }

    fn open(self, services: &mut JoinSet<Name>, hall: Hall, tls: &rustls::ServerConfig) {
        if let Some(https) = self.https {
            let tls = Some(tls::acceptor_of_web(tls));
            services.spawn(named(Name::Web, hall.clone().serve(https, tls)));
        }
        services.spawn(named(Name::Web, hall.serve(self.http, None)));
    }
}

fn bind(address: SocketAddr) -> Result<TcpListener, AppError> {
    listen(address).map_err(|source| AppError::Listen { address, source })
}

/// With room for a storm of connections in the kernel: beyond it, clients wait a second and more for their
/// next try.
fn listen(address: SocketAddr) -> std::io::Result<TcpListener> {
    let socket = if address.is_ipv4() { TcpSocket::new_v4()? } else { TcpSocket::new_v6()? };
    socket.set_reuseaddr(true)?;
    socket.bind(address)?;
    socket.listen(BACKLOG)
}

fn address(listener: &TcpListener) -> Result<SocketAddr, AppError> {
    listener.local_addr().map_err(AppError::Address)
}

fn hall(config: &Config, routes: Arc<Routes>, closing: &CancellationToken) -> Hall {
    let places = Arc::new(Semaphore::new(config.max_viewers));
    Hall { routes, places, closing: closing.clone(), grace: FAREWELL, patience: PATIENCE }
}

fn server_tls(config: &Config) -> Result<Tls, AppError> {
    let names = certificate_names(config);
    Ok(Tls::open(config.tls.as_ref(), &config.data_dir.join("tls"), names)?)
}

/// What runs, as far as the order of its end matters.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Name {
    Ingest,
    Transcode,
    Packager,
    Recorder,
    Chat,
    Events,
    /// Listeners and what runs beside the API.
    Web,
}

async fn named(name: Name, service: impl Future<Output = ()>) -> Name {
    service.await;
    name
}

/// Waits until this service has ended; others may end meanwhile.
async fn end_of(name: Name, services: &mut JoinSet<Name>) {
    while let Some(ended) = services.join_next().await {
        if ended.is_ok_and(|ended| ended == name) {
            return;
        }
    }
}

/// The order in which services are asked to end: what feeds the others first.
#[derive(Default)]
struct Stages {
    ingest: CancellationToken,
    transcode: CancellationToken,
    packager: CancellationToken,
    recorder: CancellationToken,
    chat: CancellationToken,
    http: CancellationToken,
    events: CancellationToken,
}

impl Stages {
    /// `hang_up` ends answers that go on for ever.
    async fn close(&self, services: &mut JoinSet<Name>, hub: &Hub, hang_up: impl FnOnce()) {
        let streaming = !hub.on_air().is_empty();
        // Chat feeds nobody; cutting its connections takes its time beside the rest.
        self.chat.cancel();
        self.ingest.cancel();
        end_of(Name::Ingest, services).await;
        self.transcode.cancel();
        end_of(Name::Transcode, services).await;
        self.packager.cancel();
        end_of(Name::Packager, services).await;
        // It has seen the last of every stream by now; bringing it to its bucket takes its time beside the rest.
        self.recorder.cancel();
        if streaming {
            tokio::time::sleep(FAREWELL).await;
        }
        hang_up();
        self.http.cancel();
        end_of(Name::Recorder, services).await;
        // It is written by now how streams and recordings ended; there is a moment to tell of it.
        self.events.cancel();
        while services.join_next().await.is_some() {}
    }
}

fn node(config: &Config) -> Result<Node, AppError> {
    Node::take(&config.data_dir).map_err(|source| AppError::Node { path: config.data_dir.clone(), source })
}

async fn bind_ingest(
    config: &Config,
    pipes: &Pipes,
    node: &Node,
    tls: Arc<rustls::ServerConfig>,
) -> Result<ingest::Ingest, AppError> {
    let settings = ingest::Config {
        rtmp: config.rtmp,
        rtmps: config.rtmps,
        max_connections: config.max_publishers,
        timeouts: ingest::Timeouts { silence: config.silence, ..ingest::Timeouts::default() },
        limits: config.limits,
        node: node.name().to_owned(),
        max_stream: config.life.max_stream,
        session_age: config.life.session_age,
        ..ingest::Config::default()
    };
    let deps = ingest::Deps { store: pipes.store.clone(), hub: pipes.hub.clone(), tls };
    Ok(ingest::Ingest::bind(settings, deps).await?)
}

fn bind_transcode(config: &Config, pipes: &Pipes) -> transcode::Transcode {
    let deps = transcode::Deps { hub: pipes.hub.clone() };
    transcode::Transcode::bind(config.transcoding.0.clone(), deps)
}

fn bind_packager(config: &Config, pipes: &Pipes) -> packager::Packager {
    let settings = packager::Config {
        part: config.part,
        window: config.window,
        rewind_bytes: config.life.rewind_bytes,
        ..packager::Config::default()
    };
    let deps = packager::Deps { hub: pipes.hub.clone(), spool: Some(pipes.spool.clone()) };
    packager::Packager::bind(settings, deps)
}

fn bind_recorder(config: &Config, pipes: &Pipes, node: &Node) -> recording::Recorder {
    let RecordingSettings { folder, keep_free, uploads, keep_for, keep_bytes } = config.recordings.clone();
    let settings = recording::Config {
        node: node.name().to_owned(),
        tapes: folder.unwrap_or_else(|| config.data_dir.join(TAPES)),
        keep_free,
        uploads,
        keep_for,
        keep_bytes,
        drain: DRAIN,
    };
    let deps =
        recording::Deps { hub: pipes.hub.clone(), store: pipes.store.clone(), blobs: pipes.blobs.clone() };
    recording::Recorder::bind(settings, deps)
}

/// What URLs for those outside begin with, without a slash at the end.
fn public_url(config: &Config, http: SocketAddr) -> String {
    let url = config.public_url.clone().unwrap_or_else(|| format!("http://{}", reachable(http)));
    url.trim_end_matches('/').to_owned()
}

/// The name by which encoders reach this server.
fn ingest_host(config: &Config, http: SocketAddr) -> String {
    config.ingest_host.clone().unwrap_or_else(|| host_of(&public_url(config, http)))
}

async fn control(config: &Config, http: SocketAddr, pipes: &Pipes, node: &Node) -> Result<Control, AppError> {
    let public_url = public_url(config, http);
    let meaning = control::Config {
        ingest_endpoint: ingest_host(config, http),
        public_url,
        limits: config.limits,
        node: node.name().to_owned(),
        chat_key_age: config.chat.key_age,
        ..control::Config::default()
    };
    let deps = control::Deps {
        store: pipes.store.clone(),
        hub: pipes.hub.clone(),
        blobs: pipes.blobs.clone(),
        sinks: pipes.sinks.clone(),
        bus: pipes.bus.clone(),
        chat_rates: Arc::clone(&pipes.rates),
    };
    Ok(Control::new(meaning, deps).await?)
}

fn routes(house: House, pipes: &Pipes, events: &Events) -> Arc<Routes> {
    let House { config, control, chat, delivery, .. } = house.clone();
    let rule = if config.any_region { RegionRule::Any } else { RegionRule::Only(config.region.clone()) };
    let gate = || Gate::new(api::Config::new(rule.clone()), control.clone());
    let tenant = (config.region.clone(), config.account.clone());
    let watching = Watching::new(
        control.clone(),
        delivery.clone(),
        chat.clone(),
        pipes.store.clone(),
        tenant,
        &house.public_url,
    );
    Arc::new(Routes {
        watching,
        desk: Desk::new(gate(), house),
        admin: Admin::new(gate(), pipes.store.clone(), events.counts()),
        api: Api::new(api::Config::new(rule), control.clone(), control.clone()),
        delivery,
        upgrades: Upgrades::new(chat),
        trusted_proxies: config.trusted_proxies,
        store: pipes.store.clone(),
        region: config.region,
        account: config.account,
        ready: Arc::new(AtomicBool::new(false)),
    })
}

async fn delivery(config: &Config, pipes: &Pipes, node: &Node) -> Result<delivery::Delivery, AppError> {
    let key = playback_key(&pipes.store).await?;
    let settings = delivery::Config {
        viewers_per_account: config.limits.concurrent_viewers,
        viewers_per_channel: config.limits.concurrent_viewers_per_channel,
        ..delivery::Config::default()
    };
    let deps = delivery::Deps {
        hub: pipes.hub.clone(),
        store: pipes.store.clone(),
        key,
        node: node.name().to_owned(),
    };
    let delivery = delivery::Delivery::bind(settings, deps)
        .with_spool(pipes.spool.clone())
        .with_buckets(pipes.blobs.clone());
    Ok(match countries(config)? {
        Some(countries) => delivery.with_countries(countries),
        None => delivery,
    })
}

/// Blocks for as long as a file of some megabytes takes; nothing runs yet.
fn countries(config: &Config) -> Result<Option<delivery::Countries>, AppError> {
    let Some(path) = &config.geoip_database else { return Ok(None) };
    let refused = |source| AppError::Countries { path: path.clone(), source };
    delivery::Countries::open(path).map(Some).map_err(refused)
}

/// What proves viewers' passes: one for all servers on a database, so that any of them may be asked.
async fn playback_key(store: &Store) -> Result<[u8; 32], AppError> {
    let mut fresh = [0; 32];
    entropy::fill(&mut fresh);
    let kept = store.installation_secret("playback passes", &fresh).await;
    let kept = kept.map_err(AppError::PlaybackKey)?;
    // What another version may have kept under the name: any bytes make a key.
    Ok(kept.try_into().unwrap_or(fresh))
}

/// An address that a client on this machine can use: the loopback one for a wildcard.
pub fn reachable(address: SocketAddr) -> SocketAddr {
    let mut reachable = address;
    if address.ip().is_unspecified() {
        reachable.set_ip(match address {
            SocketAddr::V4(_) => std::net::Ipv4Addr::LOCALHOST.into(),
            SocketAddr::V6(_) => std::net::Ipv6Addr::LOCALHOST.into(),
        });
    }
    reachable
}

/// The host of a base URL that [`Config`] has checked.
pub(crate) fn host_of(url: &str) -> String {
    let host = url.parse::<http::Uri>().ok().and_then(|uri| uri.host().map(str::to_owned));
    host.unwrap_or_else(|| "127.0.0.1".to_owned())
}

fn certificate_names(config: &Config) -> Vec<String> {
    let hosts = [config.public_url.as_deref().map(host_of), config.ingest_host.clone()];
    let mut names = vec!["localhost".to_owned(), "127.0.0.1".to_owned(), "::1".to_owned()];
    names.extend(hosts.into_iter().flatten().filter(|host| !host.is_empty()));
    names.dedup();
    names
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_wildcard_address_is_shown_as_loopback() {
        let shown = |text: &str| reachable(text.parse().expect("an address")).to_string();
        assert_eq!(shown("0.0.0.0:80"), "127.0.0.1:80");
        assert_eq!(shown("[::]:80"), "[::1]:80");
        assert_eq!(shown("10.1.2.3:80"), "10.1.2.3:80");
    }

    #[test]
    fn the_ingest_host_follows_the_public_url() {
        assert_eq!(host_of("https://video.example.com:8443"), "video.example.com");
    }
}
