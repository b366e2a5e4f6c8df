// Recordings, as the server tells of them, and how pages ask for them.
// Promise: media is fetched from the server that the page came from, whatever its public address is.
import { ask, desk, Failure } from "../wire/call";
import { lines } from "../wire/lines";

export type State = "RECORDING_STARTED" | "RECORDING_ENDED" | "RECORDING_ENDED_WITH_FAILURE";

export interface Row {
  id: string;
  state: State;
  /** Why it failed; empty unless it did. */
  reason: string;
  recordingSessionId: string;
  channelArn: string;
  channelName: string;
  private: boolean;
  recordingConfigurationArn: string;
  storage: "disk" | "s3";
  bucket: string;
  prefix: string;
  server: string;
  streamIds: string[];
  startedAt: string;
  endedAt: string | null;
  /** 0 while it goes on. */
  durationMs: number;
  bytes: number;
  /** Where viewers find it. */
  url: string;
  /** Key below the prefix of a picture that is likely to be there. */
  thumbnail?: string;
}

export interface Shot {
  key: string;
  at: string | null;
  offsetMs: number | null;
}

export interface Facts extends Row {
  trouble?: string;
  playableMs: number;
  renditions: { name: string; width?: number; height?: number }[];
  thumbnails: number;
  shots: Shot[];
}

export interface Pass {
  playbackUrl: string;
  baseUrl: string;
  expiresAt: number;
}

export interface Page {
  recordings: Row[];
  nextToken?: string;
}

interface Filter {
  arn?: string | undefined;
  stream?: string | undefined;
  id?: string | undefined;
}

const PAGE = 200;

export const listRecordings = ({ arn, stream, id }: Filter, nextToken?: string, signal?: AbortSignal) =>
  desk<Page>("GET", "recordings", {
    query: { ...(arn ? { arn } : {}), ...(stream ? { stream } : {}), ...(id ? { id } : {}), ...(nextToken ? { nextToken } : {}), maxResults: PAGE },
    ...(signal ? { signal } : {}),
  });

const below = (id: string, more = ""): string => `recordings/${encodeURIComponent(id)}${more}`;

export const getRecording = (id: string, arn: string, signal?: AbortSignal) =>
  desk<Facts>("GET", below(id), { query: { arn }, ...(signal ? { signal } : {}) });

export const deleteRecording = (id: string, arn: string) => desk<{ objects: number }>("DELETE", below(id), { query: { arn } });

export const downloadLink = (id: string, arn: string, rendition: string) =>
  desk<{ url: string; fileName: string }>("POST", below(id, "/downloads"), { query: { arn }, body: { rendition } });

/** The same place, on the server that the page came from. */
export function here(url: string): string {
  const { pathname, search } = new URL(url);
  return pathname + search;
}

const AHEAD_MS = 60_000;
const passes = new Map<string, Promise<Pass>>();

/** A pass that is good for a while yet; asked for once. */
export async function passFor({ id, channelArn }: Pick<Row, "id" | "channelArn">): Promise<Pass> {
  const held = passes.get(id);
  if (held && (await held).expiresAt - AHEAD_MS > Date.now()) return held;
  const fresh = desk<Pass>("POST", below(id, "/watch-pass"), { query: { arn: channelArn }, body: {} });
  passes.set(id, fresh);
  fresh.catch(() => passes.delete(id));
  return fresh;
}

/** What was found of a recording. */
export interface Report {
  kind: "report";
  good: boolean;
  isGoingOn: boolean;
  faults: { object: string; words: string }[];
  moreFaults: number;
  notes: { object: string; words: string }[];
  moreNotes: number;
  objects: number;
  bytes: number;
  thumbnails: number;
  renditions: { name: string; chunks: number; gaps: number; pictures: number; durationMs: number; bytes: number }[];
}

type Told = { kind: "progress"; done: number; total: number } | Report | { kind: "failed"; message: string };

/** Has every object looked at; tells how far that is. */
export async function verify(id: string, arn: string, onProgress: (part: number) => void, signal: AbortSignal): Promise<Report> {
  const answer = await ask({ method: "POST", path: `/rillcast/v1/${below(id, "/verify")}`, query: { arn }, body: {}, service: "ivs", signal });
  for await (const line of lines(answer)) {
    const told = JSON.parse(line) as Told;
    if (told.kind === "report") return told;
    if (told.kind === "failed") throw new Failure("BucketUnreadable", `The bucket can't be read, which says nothing of the recording: ${told.message}`, 0);
    onProgress(told.total ? told.done / told.total : 0);
  }
  throw new Failure("CutOff", "The check was cut off: the server is closing, or the connection broke. Try again.", 0);
}
