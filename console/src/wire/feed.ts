// Events as they come: one signed request that goes on, taken up again behind what was seen.
// Promise: while the server keeps events, none behind the first that was seen is missed or shown twice; the feed
// ends with its last reader, and pages that look at the same events share one.
import { useEffect, useState } from "preact/hooks";
import { ask, Failure } from "./call";
import { asFailure } from "../ui/load";
import { messages } from "./sse";

/** An event as the vendor's event bus has it. */
export interface Envelope {
  id: string;
  "detail-type": string;
  source: string;
  account: string;
  time: string;
  region: string;
  /** ARNs, of the channel first. */
  resources: string[];
  detail: Record<string, unknown>;
}

/** An event and its place in the order of all. */
export interface Happening {
  place: number;
  event: Envelope;
}

/** Which events. */
export interface Wanted {
  /** Of this channel alone: its ARN. */
  channel?: string | undefined;
  /** That match this event pattern (JSON text). */
  pattern?: string | undefined;
  /** Begin with those that are among the newest so many. */
  recent?: number | undefined;
}

/** What is known of a feed. */
export interface Fed {
  /** Newest first. */
  events: readonly Happening[];
  /** `waiting`: the server does not answer now, it is asked again soon. `over`: it will not be. */
  state: "joining" | "live" | "waiting" | "over";
  /** Why it waits, or is over. */
  failure: Failure | undefined;
}

/** The server shows life every 15 seconds; after so long without it the connection is taken as dead. */
const SILENCE = 45_000;
const PATIENCE = 30_000;

/** What is refused and will be again. */
const isFinal = ({ status }: Failure) => status >= 400 && status < 500 && status !== 429 && status !== 408;

const pause = (ms: number, signal: AbortSignal) =>
  new Promise<void>((resolve) => {
    const timer = setTimeout(resolve, ms);
    signal.addEventListener("abort", () => (clearTimeout(timer), resolve()), { once: true });
  });

/**
 * Events as they come, until `signal`. What can't be mended is thrown; what can is told to `onState` and mended.
 */
export async function* follow(
  wanted: Wanted,
  signal: AbortSignal,
  onState: (state: Fed["state"], failure?: Failure) => void = () => undefined,
): AsyncGenerator<Happening> {
  let [last, wait] = [undefined as string | undefined, 500];
  while (!signal.aborted) {
    const stop = new AbortController();
    const end = () => stop.abort();
    signal.addEventListener("abort", end, { once: true });
    let silence = setTimeout(end, SILENCE);
    try {
      const answer = await ask({
        method: "GET",
        path: "/rillcast/v1/events",
        query: { channel: wanted.channel, pattern: wanted.pattern, recent: last === undefined ? wanted.recent : undefined },
        service: "ivs",
        signal: stop.signal,
        ...(last === undefined ? {} : { headers: { "last-event-id": last } }),
      });
      onState("live");
      for await (const { id, data } of messages(answer.body ?? new ReadableStream())) {
        clearTimeout(silence);
        silence = setTimeout(end, SILENCE);
        wait = 500;
        if (id !== undefined) last = id;
        if (id !== undefined && data !== undefined) yield { place: Number(id), event: JSON.parse(data) as Envelope };
      }
    } catch (error) {
      if (signal.aborted) return;
      const failure = asFailure(error);
      if (isFinal(failure)) {
        onState("over", failure);
        throw failure;
      }
      onState("waiting", stop.signal.aborted ? undefined : failure);
    } finally {
      clearTimeout(silence);
      signal.removeEventListener("abort", end);
      stop.abort();
    }
    await pause(wait, signal);
    wait = Math.min(2 * wait, PATIENCE);
  }
}

/** A feed that several may look at. */
interface Shared {
  fed: Fed;
  most: number;
  readers: Set<(fed: Fed) => void>;
  stop: AbortController;
}

const shared = new Map<string, Shared>();

/** Pages are drawn anew so often at most, however many events come. */
const DRAW = 100;

function begin(wanted: Wanted, name: string, most: number): Shared {
  const feed: Shared = {
    fed: { events: [], state: "joining", failure: undefined },
    most,
    readers: new Set(),
    stop: new AbortController(),
  };
  let fresh: Happening[] = [];
  let timer: number | undefined;
  const draw = () => {
    timer = undefined;
    feed.fed = { ...feed.fed, events: [...fresh.reverse(), ...feed.fed.events].slice(0, feed.most) };
    fresh = [];
    feed.readers.forEach((tell) => tell(feed.fed));
  };
  const soon = () => {
    timer ??= window.setTimeout(draw, DRAW);
  };
  const run = async () => {
    const told = (state: Fed["state"], failure?: Failure) => {
      feed.fed = { ...feed.fed, state, failure };
      soon();
    };
    for await (const happening of follow(wanted, feed.stop.signal, told)) {
      fresh.push(happening);
      soon();
    }
  };
  run().catch((error: unknown) => {
    feed.fed = { ...feed.fed, state: "over", failure: asFailure(error) };
    // Whoever comes next tries anew.
    if (shared.get(name) === feed) shared.delete(name);
    soon();
  });
  feed.stop.signal.addEventListener("abort", () => window.clearTimeout(timer), { once: true });
  return feed;
}

/**
 * Events as they come, newest first, at most `most` of them: of one channel (its ARN), or of all. `recent` says how
 * far back to begin (default 100). A key may be refused this: ask `useMay("rillcast:ReadEvents", channelArn)`.
 */
export function useEvents(
  channel?: string,
  { pattern, recent = 100, most = 1_000, off = false }: { pattern?: string; recent?: number; most?: number; off?: boolean } = {},
): Fed {
  const [fed, setFed] = useState<Fed>({ events: [], state: "joining", failure: undefined });
  useEffect(() => {
    if (off) return;
    const name = JSON.stringify([channel, pattern, recent]);
    const feed = shared.get(name) ?? begin({ channel, pattern, recent }, name, most);
    shared.set(name, feed);
    feed.most = Math.max(feed.most, most);
    feed.readers.add(setFed);
    setFed(feed.fed);
    return () => {
      feed.readers.delete(setFed);
      if (feed.readers.size === 0) {
        feed.stop.abort();
        if (shared.get(name) === feed) shared.delete(name);
      }
    };
  }, [channel, pattern, recent, most, off]);
  return fed;
}
