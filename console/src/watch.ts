// The page that plays one channel, with its chat beside it and timed metadata over the picture. Others may show it
// within their pages. A private channel needs the viewer's token behind the page's own address:
// `/watch/<channel>?token=…`; `embed`, `chat`, `muted` and `autoplay` are described in docs/guide/watch-page.md.
// Promise: the picture never waits for the chat; what comes from others is shown as text, never read as markup.
import { Playback, type State } from "./player/playback";
import { showChat } from "./watch-chat";
import { Cards } from "./watch-cards";

const FIGURES_MS = 250;

const need = <T extends HTMLElement>(id: string): T => {
  const element = document.getElementById(id);
  if (!element) throw new Error(`the page has no #${id}`);
  return element as T;
};
const told = (name: string): string =>
  document.querySelector<HTMLMetaElement>(`meta[name="rillcast-${name}"]`)?.content ?? "";

const wishes = new URLSearchParams(location.search);
const token = wishes.get("token") ?? "";
const isEmbedded = wishes.get("embed") === "1" || window.top !== window.self;
const source = token ? `${told("playback")}?${new URLSearchParams({ token })}` : told("playback");

const video = need<HTMLVideoElement>("video");
const unmute = need<HTMLButtonElement>("unmute");
const live = need<HTMLButtonElement>("golive");
const press = need<HTMLButtonElement>("play");
const quality = need<HTMLSelectElement>("quality");

const cards = new Cards(need("cards"), video);
const playback = new Playback(video, {
  source,
  live: true,
  onState: show,
  onQualities: offer,
  onMetadata: (text) => cards.add(text),
});

function show(state: State, notice: string): void {
  const label = need("state");
  label.dataset["state"] = state;
  label.textContent = state;
  need("notice").textContent = notice;
  // With controls the browser turns a wheel over what is said.
  video.controls = state === "live" || notice.startsWith("Press play");
  unmute.hidden = state !== "live" || !video.muted;
}

/** Puts the stream's qualities into the menu; of one there is nothing to choose. */
function offer(names: string[], chosen: string): void {
  quality.replaceChildren(new Option("Automatic", ""), ...names.map((name) => new Option(name)));
  quality.value = chosen;
  need("choice").hidden = names.length < 2;
}

function figures(): void {
  const seconds = playback.pace.latency();
  live.hidden = !playback.pace.isBack;
  const level = playback.level();
  need("latency").textContent = seconds ? `${seconds.toFixed(2)} s` : "–";
  need("buffer").textContent = `${playback.pace.buffered().toFixed(2)} s`;
  need("picture").textContent = video.videoWidth ? `${video.videoWidth}×${video.videoHeight}` : "–";
  need("bitrate").textContent = level ? `${(level.bitrate / 1e6).toFixed(1)} Mb/s` : "–";
}

/** The path of a playlist that is played: it holds what proves that its viewer was let in. */
function playing(): string | undefined {
  const url = playback.hls?.levels[0]?.url[0];
  return url && new URL(url, location.href).pathname;
}

video.addEventListener("volumechange", () => {
  unmute.hidden = !video.muted || need("state").dataset["state"] !== "live";
});
unmute.addEventListener("click", () => {
  video.muted = false;
});
live.addEventListener("click", () => playback.toEdge());
quality.addEventListener("change", () => playback.choose(quality.value));
need<HTMLAnchorElement>("playlist").href = source;
window.setInterval(figures, FIGURES_MS);

// For tests and for curious people at the developer tools.
Object.assign(window, {
  rillcast: {
    get player() {
      return playback.hls;
    },
    latency: () => playback.pace.latency(),
    buffered: () => playback.pace.buffered(),
  },
});

document.body.classList.toggle("embedded", isEmbedded);
video.muted = wishes.get("muted") !== "0";
if (wishes.get("autoplay") === "0") {
  show("waiting", "");
  press.hidden = false;
  press.addEventListener("click", () => {
    press.hidden = true;
    show("waiting", "Connecting…");
    playback.start();
  });
} else {
  playback.start();
}
if (told("chat") === "on" && wishes.get("chat") !== "0") showChat(need("chat"), { channel: told("channel"), token, playing });
