// Plays one stream or recording in a video element: hls.js with low latency, or the browser itself where that can't.
// Promise: a channel that goes off air and on again comes back by itself; a refusal is told once, in words, and what
// may pass is tried again.
import Hls, { type ErrorData, ErrorTypes, Events, type Level, type MetadataSample } from "hls.js";
import { textsIn, type TimedText } from "./id3";
import { Pace } from "./pace";
import { type Refusal, refusalIn, refusalOf, whyForbidden } from "./refusal";

const RETRY_OFFLINE_MS = 2_000;
/** A crowd does not go away in seconds. */
const RETRY_FULL_MS = 10_000;
const PACE_MS = 250;
/** Texts that were told and are not told again when their part is read anew. */
const REMEMBERED = 256;

export type State = "waiting" | "live" | "ended" | "failed";

/** How to play, and whom to tell. */
export interface Manners {
  /** Where from, such as a playback URL; asked for anew whenever playing starts. Why it fails is told. */
  source: string | (() => Promise<string>);
  /** A stream (low latency, waits for the next one), or a recording from its start. */
  live: boolean;
  onState: (state: State, notice: string) => void;
  /** The names of the renditions, the best first, and the chosen one; empty: whatever the line can carry. */
  onQualities?: (names: string[], chosen: string) => void;
  /** A text of timed metadata was read; its moment is about to come. */
  onMetadata?: (text: TimedText) => void;
  /** Make cues of metadata too, in a track of the element, for scripts that look there. */
  cues?: boolean;
  /** Why a 403 is one; by default the words for holders of tokens. */
  forbidden?: (refusal: Refusal) => string;
}

export const nameOf = (level: Level): string =>
  level.attrs["VIDEO"] ?? (level.width && level.height ? `${Math.min(level.width, level.height)}p` : "audio");

export class Playback {
  /** While hls.js plays. */
  hls: Hls | undefined;
  readonly pace: Pace;
  /** The name of the rendition that the viewer chose; empty: whatever the line can carry. */
  chosen = "";
  #retry: number | undefined;
  #beat: number | undefined;
  /** Counts starts: what an earlier one asked for comes too late. */
  #turn = 0;
  #told = new Set<string>();
  readonly #ears = new AbortController();

  constructor(
    readonly video: HTMLVideoElement,
    readonly manners: Manners,
  ) {
    this.pace = new Pace(video, () => (manners.live ? this.hls : undefined));
    const listen = (name: string, then: () => void) =>
      video.addEventListener(name, then, { signal: this.#ears.signal });
    listen("playing", () => manners.onState("live", ""));
    listen("timeupdate", () => this.pace.shown());
    listen("seeking", () => this.pace.sought());
    listen("ended", () => this.#ended());
    this.#beat = window.setInterval(() => this.pace.keep(), PACE_MS);
  }

  /** Begins, or begins anew. */
  start(): void {
    this.#leave();
    const turn = this.#turn;
    const { source } = this.manners;
    if (typeof source === "string") return this.#play(source);
    source().then(
      (found) => turn === this.#turn && this.#play(found),
      (error: unknown) => turn === this.#turn && this.#sourceless(error),
    );
  }

  /** Ends for good. */
  close(): void {
    this.#leave();
    window.clearInterval(this.#beat);
    this.#ears.abort();
    this.video.removeAttribute("src");
    this.video.load();
  }

  /** From the next segment on; a choice outlasts a stream that ends and comes back. */
  choose(name: string): void {
    this.chosen = name;
    if (this.hls) this.hls.nextLevel = this.hls.levels.findIndex((level) => nameOf(level) === name);
  }

  /** Plays on, at the newest picture. */
  toEdge(): void {
    this.pace.toEdge();
    void this.#press();
  }

  /** The rendition that is shown. */
  level(): Level | undefined {
    return this.hls?.levels[this.hls.currentLevel];
  }

  #play(source: string): void {
    if (Hls.isSupported()) this.#playByHls(source);
    else if (this.video.canPlayType("application/vnd.apple.mpegurl")) this.#playNatively(source);
    else this.manners.onState("failed", "This browser can't play HLS.");
  }

  #playByHls(source: string): void {
    const { live, cues = true } = this.manners;
    const hls = new Hls({
      lowLatencyMode: live,
      backBufferLength: 30,
      ...(live ? {} : { startPosition: 0 }),
      enableEmsgMetadataCues: cues,
      enableID3MetadataCues: cues,
      enableDateRangeMetadataCues: cues,
      // hls.js catches up only while more than a second is buffered; `Pace` knows lower latencies.
      maxLiveSyncPlaybackRate: 1,
    });
    hls.on(Events.MANIFEST_PARSED, () => {
      this.#offer(hls);
      void this.#press();
    });
    hls.on(Events.FRAG_PARSING_METADATA, (_, { samples }) => this.#tell(samples));
    hls.on(Events.ERROR, (_, error) => this.#recover(hls, error));
    hls.loadSource(source);
    hls.attachMedia(this.video);
    this.hls = hls;
  }

  #playNatively(source: string): void {
    const { video } = this;
    const turn = this.#turn;
    video.src = source;
    // The element does not tell why, so the server is asked.
    video.onerror = () => {
      const refusal = fetch(source).then(async (answer) =>
        answer.ok ? undefined : refusalOf(answer.status, await answer.text()),
      );
      const then = (told?: Refusal) => turn === this.#turn && this.#refuse(told);
      void refusal.then(then, () => then());
    };
    void this.#press();
  }

  async #press(): Promise<void> {
    const turn = this.#turn;
    try {
      await this.video.play();
    } catch {
      if (turn === this.#turn) this.manners.onState("waiting", "Press play to start.");
    }
  }

  #offer(hls: Hls): void {
    const names = hls.levels.map(nameOf).reverse();
    if (!names.includes(this.chosen)) this.chosen = "";
    this.manners.onQualities?.(names, this.chosen);
    if (this.chosen) this.choose(this.chosen);
  }

  #tell(samples: MetadataSample[]): void {
    for (const { pts, data } of samples) {
      for (const text of textsIn(data)) {
        const name = `${pts.toFixed(3)} ${text.text}`;
        if (this.#told.has(name)) continue;
        this.#told.add(name);
        const [oldest] = this.#told;
        if (oldest && this.#told.size > REMEMBERED) this.#told.delete(oldest);
        this.manners.onMetadata?.({ at: pts, ...text });
      }
    }
  }

  #recover(hls: Hls, error: ErrorData): void {
    if (!error.fatal) return;
    const refusal = refusalIn(error);
    if (error.type === ErrorTypes.MEDIA_ERROR) hls.recoverMediaError();
    else if (refusal && refusal.status < 500) this.#refuse(refusal);
    else this.#later(`${refusal?.words ?? `Playback failed (${error.details})`}. Trying again…`, "failed");
  }

  /** Says why nothing plays, and asks again where that may help. */
  #refuse(refusal: Refusal | undefined): void {
    const { live, forbidden, onState, source } = this.manners;
    switch (refusal?.status) {
      case 403: {
        const hasToken = typeof source === "string" && /[?&]token=/.test(source);
        this.#leave();
        return onState("failed", (forbidden ?? ((told) => whyForbidden(told, hasToken)))(refusal));
      }
      case 404:
        return this.#later(live ? "The channel is offline. Waiting for it to start…" : "Nothing is there to play yet. Trying again…");
      case 429:
        return this.#later("As many people watch as may. Waiting for a place…", "waiting", RETRY_FULL_MS);
      default:
        return this.#later(`${refusal?.words ?? "Playback failed"}. Trying again…`, "failed");
    }
  }

  #sourceless(error: unknown): void {
    this.#later(error instanceof Error ? error.message : String(error), "failed", RETRY_FULL_MS);
  }

  #ended(): void {
    if (this.manners.live) this.#later("The stream has ended. Waiting for the next one…", "ended");
    else this.manners.onState("ended", "");
  }

  #leave(): void {
    this.#turn += 1;
    window.clearTimeout(this.#retry);
    this.hls?.destroy();
    this.hls = undefined;
    this.video.onerror = null;
    this.#told.clear();
    this.pace.reset();
  }

  #later(notice: string, state: State = "waiting", wait = RETRY_OFFLINE_MS): void {
    this.#leave();
    this.manners.onState(state, notice);
    this.#retry = window.setTimeout(() => this.start(), wait);
  }
}
