// Keeps a live picture near the delay that the server asks for.
// Promise: a hiccup's delay does not stay; a viewer who went back in the stream is not hurried.
import type Hls from "hls.js";

/** Further behind than this, a jump to the live edge beats catching up. */
const TOO_LATE_S = 8;
/** A seek by more than this is meant. */
const BACK_S = 2;

export class Pace {
  /** The viewer went back in the stream. */
  isBack = false;
  /** The time of the last picture before a seek. */
  #shown = 0;

  constructor(
    readonly video: HTMLVideoElement,
    readonly player: () => Hls | undefined,
  ) {}

  /** Another stream. */
  reset(): void {
    this.isBack = false;
    this.#shown = 0;
  }

  /** Seconds between the newest listed media and the picture, as hls.js reckons it. */
  latency(): number | undefined {
    const seconds = this.player()?.latency;
    return seconds && Number.isFinite(seconds) && seconds > 0 ? seconds : undefined;
  }

  /** Seconds of media that are there and not yet shown. */
  buffered(): number {
    const { buffered, currentTime } = this.video;
    return buffered.length ? Math.max(0, buffered.end(buffered.length - 1) - currentTime) : 0;
  }

  /**
   * Called a few times a second. A few percent of speed are not heard; without them a hiccup's delay would stay
   * for ever. After a sleeping tab it jumps to the live edge.
   */
  keep(): void {
    const { video } = this;
    const [seconds, target, edge] = [this.latency(), this.player()?.targetLatency, this.player()?.liveSyncPosition];
    if (!seconds || !target || !edge || video.paused || this.isBack) return;
    const excess = seconds - target;
    if (excess > TOO_LATE_S) video.currentTime = edge;
    else if (excess > 0.1 && this.buffered() > 0.4) video.playbackRate = excess > 0.5 ? 1.1 : 1.04;
    else if (excess < 0.05 || this.buffered() < 0.3) video.playbackRate = 1;
  }

  /** The picture went on. */
  shown(): void {
    if (!this.video.seeking) this.#shown = this.video.currentTime;
  }

  /** A seek backwards is the viewer's, for the player skips only forwards; one to the live edge ends it. */
  sought(): void {
    const edge = this.player()?.liveSyncPosition;
    if (this.video.currentTime < this.#shown - BACK_S) this.isBack = true;
    else if (edge && edge - this.video.currentTime < BACK_S) this.isBack = false;
    if (this.isBack) this.video.playbackRate = 1;
  }

  /** To the newest picture. */
  toEdge(): void {
    const edge = this.player()?.liveSyncPosition;
    if (edge) this.video.currentTime = edge;
  }
}
