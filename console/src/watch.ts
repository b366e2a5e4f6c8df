// The page that plays one channel: hls.js in low-latency mode, and figures about what it sees.
// It comes back by itself when the channel goes offline and on air again. A private channel needs the viewer's
// token behind the page's own address: `/watch/<channel>?token=…`.
import Hls, { type ErrorData, ErrorTypes, Events, type Level } from "hls.js";

const RETRY_OFFLINE_MS = 2_000;
/** A crowd does not go away in seconds. */
const RETRY_FULL_MS = 10_000;
const FIGURES_MS = 250;
/** Further behind than this, a jump to the live edge beats catching up. */
const TOO_LATE_S = 8;
/** A seek by more than this is meant. */
const BACK_S = 2;

type State = "waiting" | "live" | "ended" | "failed";

/** What the server says of a request that it refuses. */
interface Refusal {
  status: number;
  code: string | undefined;
}

const need = <T extends HTMLElement>(id: string): T => {
  const element = document.getElementById(id);
  if (!element) throw new Error(`the page has no #${id}`);
  return element as T;
};

const video = need<HTMLVideoElement>("video");
const unmute = need<HTMLButtonElement>("unmute");
const live = need<HTMLButtonElement>("golive");
const quality = need<HTMLSelectElement>("quality");
const token = new URLSearchParams(location.search).get("token");
const source = playback();

let player: Hls | undefined;
let retry: number | undefined;
/** The viewer went back in the stream, and is not to be hurried. */
let rewound = false;
/** The time of the last picture before a seek. */
let shown = 0;
/** The name of the quality that the viewer chose; empty: whatever the line can carry. */
let chosen = "";

/** Where the channel is played, with the viewer's token if there is one. */
function playback(): string {
  const path = document.querySelector<HTMLMetaElement>('meta[name="rillcast-playback"]')?.content ?? "";
  return token ? `${path}?${new URLSearchParams({ token })}` : path;
}

function show(state: State, notice: string): void {
  const label = need("state");
  label.dataset["state"] = state;
  label.textContent = state;
  need("notice").textContent = notice;
  // With controls the browser turns a wheel over what is said.
  video.controls = state === "live";
}

function start(): void {
  leave();
  if (Hls.isSupported()) startWithHls();
  else if (video.canPlayType("application/vnd.apple.mpegurl")) startNatively();
  else show("failed", "This browser can't play HLS.");
}

function startWithHls(): void {
  const hls = new Hls({
    lowLatencyMode: true,
    backBufferLength: 30,
    // hls.js catches up only while more than a second is buffered; `keepPace` knows lower latencies.
    maxLiveSyncPlaybackRate: 1,
  });
  hls.on(Events.MANIFEST_PARSED, () => {
    offer(hls);
    void play();
  });
  hls.on(Events.ERROR, (_, error) => recover(hls, error));
  hls.loadSource(source);
  hls.attachMedia(video);
  player = hls;
}

function startNatively(): void {
  video.src = source;
  // The element does not tell why, so the server is asked.
  video.onerror = () => void fetch(source).then(refusalIn).then(refuse, () => refuse(undefined));
  void play();
}

const nameOf = (level: Level): string => level.attrs["VIDEO"] ?? `${Math.min(level.width, level.height)}p`;

/** Puts the stream's qualities into the menu; of one there is nothing to choose. */
function offer(hls: Hls): void {
  const names = hls.levels.map(nameOf).reverse();
  if (!names.includes(chosen)) chosen = "";
  quality.replaceChildren(new Option("Automatic", ""), ...names.map((name) => new Option(name)));
  quality.value = chosen;
  need("choice").hidden = names.length < 2;
  if (chosen) choose(hls);
}

/** From the next segment on; a choice outlasts a stream that ends and comes back. */
function choose(hls: Hls): void {
  hls.nextLevel = hls.levels.findIndex((level) => nameOf(level) === chosen);
}

async function play(): Promise<void> {
  try {
    await video.play();
  } catch {
    show("waiting", "Press play to start.");
    video.controls = true;
  }
}

function recover(hls: Hls, error: ErrorData): void {
  if (!error.fatal) return;
  const status = error.response?.code ?? 0;
  if (error.type === ErrorTypes.MEDIA_ERROR) hls.recoverMediaError();
  else if (status >= 400 && status < 500) refuse({ status, code: codeIn(bodyOf(error)) });
  else later(`Playback failed (${error.details}). Trying again…`, "failed");
}

/** The body of a refused request; hls.js hands over the request, not what was in its answer. */
function bodyOf(error: ErrorData): string {
  const request: unknown = error.networkDetails;
  return request instanceof XMLHttpRequest && request.responseType !== "arraybuffer" ? request.responseText : "";
}

/** The word for programs in a refusal: `[{"error_code": …}]`. */
function codeIn(body: string): string | undefined {
  try {
    const told: unknown = JSON.parse(body);
    const code: unknown = Array.isArray(told) ? told[0]?.error_code : undefined;
    return typeof code === "string" ? code : undefined;
  } catch {
    return undefined;
  }
}

async function refusalIn(answer: Response): Promise<Refusal | undefined> {
  return answer.ok ? undefined : { status: answer.status, code: codeIn(await answer.text()) };
}

/** Says why nothing plays, and asks again where that may help. */
function refuse(refusal: Refusal | undefined): void {
  switch (refusal?.status) {
    case 403:
      leave();
      return show("failed", forbidden(refusal.code));
    case 404:
      return later("The channel is offline. Waiting for it to start…");
    case 429:
      return later("As many people watch as may. Waiting for a place…", "waiting", RETRY_FULL_MS);
    default:
      return later("Playback failed. Trying again…", "failed");
  }
}

function forbidden(code: string | undefined): string {
  if (code === "content_geoblocked") return "This channel can't be watched in your country.";
  if (code === "origin_not_allowed") return "This channel may not be watched on this page.";
  if (code !== "invalid_playback_auth_token") return "The server refuses to play this channel.";
  return token
    ? "This token does not open the channel: it has expired, was used before, was revoked, or is for another one."
    : "This channel is private. Add a viewer's token to the address of this page: ?token=…";
}

function leave(): void {
  window.clearTimeout(retry);
  player?.destroy();
  player = undefined;
  rewound = false;
  shown = 0;
}

function later(notice: string, state: State = "waiting", wait = RETRY_OFFLINE_MS): void {
  leave();
  show(state, notice);
  retry = window.setTimeout(start, wait);
}

/** Seconds between the newest listed media and the picture, as hls.js reckons it. */
function latency(): number | undefined {
  const seconds = player?.latency;
  return seconds && Number.isFinite(seconds) && seconds > 0 ? seconds : undefined;
}

function buffered(): number {
  const ranges = video.buffered;
  return ranges.length ? Math.max(0, ranges.end(ranges.length - 1) - video.currentTime) : 0;
}

/**
 * Keeps the picture near the delay that the server asks for. A few percent of speed are not heard;
 * without them a hiccup's delay would stay for ever. After a sleeping tab it jumps to the live edge,
 * but a viewer who went back in the stream stays there.
 */
function keepPace(seconds: number | undefined): void {
  const target = player?.targetLatency;
  const edge = player?.liveSyncPosition;
  if (!seconds || !target || !edge || video.paused || rewound) return;
  const excess = seconds - target;
  if (excess > TOO_LATE_S) video.currentTime = edge;
  else if (excess > 0.1 && buffered() > 0.4) video.playbackRate = excess > 0.5 ? 1.1 : 1.04;
  else if (excess < 0.05 || buffered() < 0.3) video.playbackRate = 1;
}

/** A seek backwards is the viewer's, for the player skips only forwards; one to the live edge ends it. */
function sought(): void {
  const edge = player?.liveSyncPosition;
  if (video.currentTime < shown - BACK_S) rewound = true;
  else if (edge && edge - video.currentTime < BACK_S) rewound = false;
  if (rewound) video.playbackRate = 1;
}

function goLive(): void {
  const edge = player?.liveSyncPosition;
  if (edge) video.currentTime = edge;
  void play();
}

function figures(): void {
  const seconds = latency();
  keepPace(seconds);
  live.hidden = !rewound;
  const level = player?.levels[player.currentLevel];
  need("latency").textContent = seconds ? `${seconds.toFixed(2)} s` : "–";
  need("buffer").textContent = `${buffered().toFixed(2)} s`;
  need("picture").textContent = video.videoWidth ? `${video.videoWidth}×${video.videoHeight}` : "–";
  need("bitrate").textContent = level ? `${(level.bitrate / 1e6).toFixed(1)} Mb/s` : "–";
}

video.addEventListener("playing", () => {
  show("live", "");
  unmute.hidden = !video.muted;
});
video.addEventListener("volumechange", () => (unmute.hidden = !video.muted));
video.addEventListener("ended", () => later("The stream has ended. Waiting for the next one…", "ended"));
video.addEventListener("timeupdate", () => {
  if (!video.seeking) shown = video.currentTime;
});
video.addEventListener("seeking", sought);
unmute.addEventListener("click", () => (video.muted = false));
live.addEventListener("click", goLive);
quality.addEventListener("change", () => {
  chosen = quality.value;
  if (player) choose(player);
});
need<HTMLAnchorElement>("playlist").href = source;
window.setInterval(figures, FIGURES_MS);

// For tests and for curious people at the developer tools.
Object.assign(window, { rillcast: { get player() { return player; }, latency, buffered } });

start();
