// What the overview asks for: streams with what is measured of them, the machine, what is about to go wrong.
// Promise: what a key may not ask about is left out, not refused.
import { desk, ivs } from "../wire/call";
import type { Stream } from "./channel-wire";
import { streams } from "./channels-list";

/** A stream of this server, as `GET live` tells it. */
interface Measured {
  channelArn: string;
  channelName: string;
  streamId: string;
  started: number;
  health: Stream["health"];
  viewers: number;
  bitrate?: number;
  frameRate?: number;
  isPlayable: boolean;
  hasThumbnail: boolean;
}

/** A stream, of whichever server. */
export interface OnAir {
  arn: string;
  name: string | undefined;
  health: Stream["health"];
  viewers: number;
  /** Milliseconds since 1970. */
  started: number;
  bitrate: number | undefined;
  /** Unknown of streams of other servers. */
  hasThumbnail: boolean | undefined;
}

/** Names of channels whose streams other servers have. */
const names = new Map<string, string>();

async function learnNames(arns: readonly string[], signal: AbortSignal): Promise<void> {
  const unknown = arns.filter((arn) => !names.has(arn)).slice(0, 50);
  if (unknown.length === 0) return;
  const told = await ivs<{ channels: { arn: string; name: string }[] }>("BatchGetChannel", { arns: unknown }, signal).catch(() => ({ channels: [] }));
  for (const arn of unknown) names.set(arn, "");
  for (const { arn, name } of told.channels) names.set(arn, name);
}

/** All that is on air: as the API lists it, with what this server measures. Those that most watch come first. */
export async function onAir(may: { list: boolean; measured: boolean }, signal: AbortSignal): Promise<OnAir[] | undefined> {
  if (!may.list && !may.measured) return undefined;
  const [listed, { streams: here }] = await Promise.all([
    may.list ? streams(signal) : new Map<string, Stream>(),
    may.measured ? desk<{ streams: Measured[] }>("GET", "live", { signal }) : { streams: [] as Measured[] },
  ]);
  const all = here.map((one): OnAir => ({
    arn: one.channelArn,
    name: one.channelName,
    health: one.health,
    // Those of all servers, where they are known.
    viewers: listed.get(one.channelArn)?.viewerCount ?? one.viewers,
    started: one.started,
    bitrate: one.bitrate,
    hasThumbnail: one.hasThumbnail,
  }));
  const known = new Set(all.map(({ arn }) => arn));
  const others = [...listed.values()].filter(({ channelArn }) => !known.has(channelArn));
  await learnNames(others.map(({ channelArn }) => channelArn), signal);
  for (const one of others) {
    all.push({
      arn: one.channelArn,
      name: names.get(one.channelArn),
      health: one.health,
      viewers: one.viewerCount,
      started: Date.parse(one.startTime),
      bitrate: undefined,
      hasThumbnail: undefined,
    });
  }
  return all.sort((one, other) => other.viewers - one.viewers || one.started - other.started);
}

export interface Disk {
  holds: string[];
  path: string;
  total: number;
  free: number;
}

/** As `GET machine` tells it. */
export interface Machine {
  version: string;
  node: string;
  started: number;
  now: number;
  processor: { count?: number; usedSeconds?: number; busy?: number; idle?: number; load?: number };
  memory: { resident?: number; total?: number; available?: number };
  disks: Disk[];
  files: { open?: number; most?: number };
}

/** Shares of the processors, from 0 to 1, between two looks. */
export interface Shares {
  own: number | undefined;
  machine: number | undefined;
}

export function sharesBetween(before: Machine | undefined, now: Machine): Shares {
  const [was, is] = [before?.processor, now.processor];
  const seconds = before ? (now.now - before.now) / 1_000 : 0;
  if (!was || seconds <= 0 || before?.started !== now.started) return { own: undefined, machine: undefined };
  const used = is.usedSeconds === undefined || was.usedSeconds === undefined ? undefined : is.usedSeconds - was.usedSeconds;
  const own = used === undefined || !is.count ? undefined : clamp(used / seconds / is.count);
  const [busy, idle] = [(is.busy ?? NaN) - (was.busy ?? NaN), (is.idle ?? NaN) - (was.idle ?? NaN)];
  return { own, machine: busy + idle > 0 ? clamp(busy / (busy + idle)) : undefined };
}

const clamp = (share: number) => Math.max(0, Math.min(1, share));
