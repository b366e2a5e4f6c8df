// Things that are asked for, and asked for again while somebody looks.
// Promise: an answer that comes too late is dropped; a hidden tab asks nothing.
import { useCallback, useEffect, useRef, useState } from "preact/hooks";
import { Failure } from "../wire/call";

/** What is known of something that was asked for. */
export interface Loaded<T> {
  /** The newest answer. */
  value: T | undefined;
  /** Why the newest try failed. */
  failure: Failure | undefined;
  /** Asks again, now. */
  again: () => void;
}

export const asFailure = (error: unknown): Failure =>
  error instanceof Failure ? error : new Failure("Error", error instanceof Error ? error.message : String(error), 0);

/** Asks when it appears, when `inputs` change, and every `everyMs` milliseconds while the tab is looked at. */
export function useLoad<T>(
  load: (signal: AbortSignal) => Promise<T>,
  inputs: readonly unknown[],
  everyMs?: number,
): Loaded<T> {
  const [state, setState] = useState<{ value: T | undefined; failure: Failure | undefined }>({
    value: undefined,
    failure: undefined,
  });
  const [turn, setTurn] = useState(0);
  const newest = useRef(load);
  newest.current = load;
  useEffect(() => {
    const stop = new AbortController();
    let timer: number | undefined;
    const round = async () => {
      try {
        if (!document.hidden) {
          const value = await newest.current(stop.signal);
          if (!stop.signal.aborted) setState({ value, failure: undefined });
        }
      } catch (error) {
        if (!stop.signal.aborted) setState(({ value }) => ({ value, failure: asFailure(error) }));
      }
      if (everyMs && !stop.signal.aborted) timer = window.setTimeout(() => void round(), everyMs);
    };
    void round();
    return () => {
      stop.abort();
      window.clearTimeout(timer);
    };
  }, [...inputs, everyMs, turn]);
  const again = useCallback(() => setTurn((turn) => turn + 1), []);
  return { ...state, again };
}
