// The page that plays one channel: hls.js in low-latency mode, and figures about what it sees.
// It comes back by itself when the channel goes offline and on air again.
import Hls, { type ErrorData, ErrorDetails, ErrorTypes, Events } from "hls.js";

const RETRY_OFFLINE_MS = 2_000;
const FIGURES_MS = 250;
/** Further behind than this, a jump to the live edge beats catching up. */
const TOO_LATE_S = 8;

type State = "waiting" | "live" | "ended" | "failed";

const need = <T extends HTMLElement>(id: string): T => {
  const element = document.getElementById(id);
  if (!element) throw new Error(`the page has no #${id}`);
  return element as T;
};

const video = need<HTMLVideoElement>("video");
const unmute = need<HTMLButtonElement>("unmute");
const source = document.querySelector<HTMLMetaElement>('meta[name="rillcast-playback"]')?.content ?? "";

let player: Hls | undefined;
let retry: number | undefined;

function show(state: State, notice: string): void {
  const label = need("state");
  label.dataset["state"] = state;
  label.textContent = state;
  need("notice").textContent = notice;
}

function start(): void {
  player?.destroy();
  player = undefined;
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
  hls.on(Events.MANIFEST_PARSED, () => void play());
  hls.on(Events.ERROR, (_, error) => recover(hls, error));
  hls.loadSource(source);
  hls.attachMedia(video);
  player = hls;
}

function startNatively(): void {
  video.src = source;
  video.onerror = () => later("The channel is offline. Waiting for it to start…");
  void play();
}

async function play(): Promise<void> {
  try {
    await video.play();
  } catch {
    show("waiting", "Press play to start.");
  }
}

function recover(hls: Hls, error: ErrorData): void {
  if (!error.fatal) return;
  const offline = error.details === ErrorDetails.MANIFEST_LOAD_ERROR && error.response?.code === 404;
  if (offline) later("The channel is offline. Waiting for it to start…");
  else if (error.type === ErrorTypes.MEDIA_ERROR) hls.recoverMediaError();
  else later(`Playback failed (${error.details}). Trying again…`, "failed");
}

function later(notice: string, state: State = "waiting"): void {
  show(state, notice);
  player?.destroy();
  player = undefined;
  window.clearTimeout(retry);
  retry = window.setTimeout(start, RETRY_OFFLINE_MS);
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
 * without them a hiccup's delay would stay for ever. After a sleeping tab it jumps to the live edge.
 */
function keepPace(seconds: number | undefined): void {
  const target = player?.targetLatency;
  const edge = player?.liveSyncPosition;
  if (!seconds || !target || !edge || video.paused) return;
  const excess = seconds - target;
  if (excess > TOO_LATE_S) video.currentTime = edge;
  else if (excess > 0.1 && buffered() > 0.4) video.playbackRate = excess > 0.5 ? 1.1 : 1.04;
  else if (excess < 0.05 || buffered() < 0.3) video.playbackRate = 1;
}

function figures(): void {
  const seconds = latency();
  keepPace(seconds);
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
unmute.addEventListener("click", () => (video.muted = false));
window.setInterval(figures, FIGURES_MS);

// For tests and for curious people at the developer tools.
Object.assign(window, { rillcast: { get player() { return player; }, latency, buffered } });

start();
