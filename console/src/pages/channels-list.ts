// All channels of an account with what is on air on them, shown as the pages of the lists come in.
// Promise: a thousand channels are shown from the first hundred on; what is on air is asked for again, the channels
// only when somebody asks.
import { useCallback, useEffect, useState } from "preact/hooks";
import { asFailure } from "../ui/load";
import { type Failure, ivs } from "../wire/call";
import type { Channel, Stream } from "./channel-wire";

/** What lists of channels tell of one. */
export type Listed = Pick<Channel, "arn" | "name" | "latencyMode" | "type" | "authorized" | "insecureIngest"> & {
  recordingConfigurationArn?: string;
  playbackRestrictionPolicyArn?: string;
};

const PAGE = 100;
const MOST = 50_000;

async function* pages<T>(operation: string, member: string, signal: AbortSignal): AsyncGenerator<T[]> {
  let nextToken: string | undefined;
  let count = 0;
  do {
    const told = await ivs<Record<string, unknown>>(operation, { maxResults: PAGE, ...(nextToken ? { nextToken } : {}) }, signal);
    const items = (told[member] ?? []) as T[];
    yield items;
    count += items.length;
    nextToken = told["nextToken"] as string | undefined;
  } while (nextToken && count < MOST && !signal.aborted);
}

/** What is known of the channels. */
export interface Channels {
  channels: readonly Listed[];
  /** More come. */
  isComing: boolean;
  failure: Failure | undefined;
  again: () => void;
}

export function useChannels(): Channels {
  const [channels, setChannels] = useState<readonly Listed[]>([]);
  const [isComing, setComing] = useState(true);
  const [failure, setFailure] = useState<Failure>();
  const [turn, setTurn] = useState(0);
  useEffect(() => {
    const stop = new AbortController();
    const run = async () => {
      const all: Listed[] = [];
      setComing(true);
      for await (const items of pages<Listed>("ListChannels", "channels", stop.signal)) {
        if (stop.signal.aborted) return;
        all.push(...items);
        // The first hundred at once; what was shown before stays until all is there again.
        if (turn === 0) setChannels([...all]);
      }
      setChannels(all);
      setFailure(undefined);
      setComing(false);
    };
    run().catch((error: unknown) => {
      if (stop.signal.aborted) return;
      setFailure(asFailure(error));
      setComing(false);
    });
    return () => stop.abort();
  }, [turn]);
  return { channels, isComing, failure, again: useCallback(() => setTurn((turn) => turn + 1), []) };
}

/** All that is on air, by the channel's ARN. */
export async function streams(signal: AbortSignal): Promise<Map<string, Stream>> {
  const found = new Map<string, Stream>();
  for await (const items of pages<Stream>("ListStreams", "streams", signal)) {
    for (const stream of items) found.set(stream.channelArn, stream);
  }
  return found;
}
