// What was measured of a channel's streams, as the server tells it (crates/rillcast/src/desk/samples.rs).
// Promise: where nothing was measured there is a gap, and no line over it.
import type { Point } from "../ui/chart-columns";
import { desk } from "./call";

/** Lists of the same length, one place for each point in time. */
export interface Samples {
  /** Milliseconds since 1970, as are all times here. */
  from: number;
  to: number;
  /** Milliseconds that a point stands for. */
  step: number;
  times: number[];
  bitrate: number[];
  bitrateLow: number[];
  bitrateHigh: number[];
  videoBitrate: number[];
  audioBitrate: number[];
  frameRate: number[];
  frameRateLow: number[];
  frameRateHigh: number[];
  keyframeInterval: number[];
  viewers: number[];
  health: Health[];
  sessions: { streamId: string; from: number; to?: number }[];
}

export type Health = "HEALTHY" | "STARVING" | "UNKNOWN";

interface Wanted {
  /** The channel's ARN. */
  channel: string;
  from?: number | undefined;
  to?: number | undefined;
  points?: number;
}

const query = ({ channel, from, to, points }: Wanted) => ({
  arn: channel,
  from: from === undefined ? undefined : Math.round(from),
  to: to === undefined ? undefined : Math.round(to),
  points,
});

/** Of one session; all of it without a range. */
export const samplesOfStream = (stream: string, wanted: Wanted, signal?: AbortSignal) =>
  desk<Samples>("GET", `streams/${encodeURIComponent(stream)}/samples`, {
    query: query(wanted),
    ...(signal ? { signal } : {}),
  });

/** Of all sessions of a channel in a range, at most 31 days; the last day without one. */
export const samplesOfChannel = (wanted: Wanted, signal?: AbortSignal) =>
  desk<Samples>("GET", "channels/samples", { query: query(wanted), ...(signal ? { signal } : {}) });

type Numbers = "bitrate" | "videoBitrate" | "audioBitrate" | "frameRate" | "keyframeInterval" | "viewers";

/** A line of a chart; with a band between the least and the most where a point stands for several samples. */
export function lineOf(samples: Samples, name: Numbers): Point[] {
  const [low, high] =
    name === "bitrate" ? [samples.bitrateLow, samples.bitrateHigh]
    : name === "frameRate" ? [samples.frameRateLow, samples.frameRateHigh]
    : [undefined, undefined];
  const points: Point[] = [];
  const starts = samples.sessions.map(({ from }) => from);
  let [last, session]: [number | undefined, number] = [undefined, 0];
  samples.times.forEach((time, at) => {
    const before = last;
    last = time;
    const were = session;
    while ((starts[session] ?? Infinity) <= time) session += 1;
    if (before !== undefined && (session > were || time - before > samples.step * GAP)) points.push([before + 1, null]);
    const value = samples[name][at] ?? null;
    // Nothing was heard of keyframes before there were two.
    const shown = name === "keyframeInterval" && value === 0 ? null : value;
    points.push(low && high ? [time, shown, low[at] ?? null, high[at] ?? null] : [time, shown]);
  });
  return points;
}

/** So many times the usual distance is a gap. */
const GAP = 2.6;

/** Spans of one health, in the order of time. */
export interface Spell {
  from: number;
  to: number;
  health: Health;
}

export function spellsOf({ times, health, step }: Samples): Spell[] {
  const spells: Spell[] = [];
  times.forEach((time, at) => {
    const now = health[at] ?? "UNKNOWN";
    const last = spells[spells.length - 1];
    const from = last && time - last.to <= step * GAP ? last.to : time - step;
    if (last && last.health === now && from === last.to) last.to = time;
    else spells.push({ from, to: time, health: now });
  });
  return spells;
}
