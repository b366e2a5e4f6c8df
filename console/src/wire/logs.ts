// The server's log as it grows: asked for again and again, each time behind what was seen.
// Promise: no line is shown twice, and it is said when some were missed; a server that is away is asked again.
import { Failure, desk } from "./call";
import { asFailure } from "../ui/load";

export const LEVELS = ["error", "warn", "info", "debug", "trace"] as const;
export type Level = (typeof LEVELS)[number];

/** A line of the log. */
export interface Line {
  id: number;
  /** Milliseconds since 1970. */
  time: number;
  level: Uppercase<Level>;
  target: string;
  message: string;
  fields?: Record<string, string | number | boolean>;
}

/** What comes of one question. */
export interface News {
  lines: Line[];
  next: number;
  missed: boolean;
}

/** Seconds that the server waits for a line; less than what proxies wait for an answer. */
const WAIT = 20;
const BETWEEN_TRIES = 3_000;

const pause = (ms: number, signal: AbortSignal) =>
  new Promise<void>((resolve) => {
    const timer = setTimeout(resolve, ms);
    signal.addEventListener("abort", () => (clearTimeout(timer), resolve()), { once: true });
  });

/** Lines as they come, until `signal`. What can't be mended is thrown; what can is told to `onTrouble` and mended. */
export async function* tail(signal: AbortSignal, onTrouble: (failure: Failure | undefined) => void): AsyncGenerator<News> {
  let after: number | undefined;
  while (!signal.aborted) {
    try {
      const query = after === undefined ? { limit: 2_000 } : { after, wait: WAIT, limit: 2_000 };
      const news = await desk<News>("GET", "logs", { query, signal });
      onTrouble(undefined);
      after = news.next;
      yield news;
    } catch (error) {
      if (signal.aborted) return;
      const failure = asFailure(error);
      if (failure.status >= 400 && failure.status < 500 && failure.status !== 429) throw failure;
      onTrouble(failure);
      await pause(BETWEEN_TRIES, signal);
    }
  }
}
