// What the server finds when it looks itself over, finding by finding.
// Promise: an examination that was cut off is a failure, never a good report.
import { ask, Failure } from "./call";
import { lines } from "./lines";

export type Outcome = "ok" | "warn" | "fail" | "skip";

/** One thing that was looked at. */
export interface Finding {
  kind: "finding";
  group: string;
  check: string;
  outcome: Outcome;
  found: string;
  advice?: string;
  /** Looks that have ended. */
  done: number;
}

type Told = { kind: "begun"; total: number } | Finding | { kind: "done"; well: boolean };

/** Begins an examination; `transcoding` measures the encoders too. */
export async function* examine(transcoding: boolean, signal: AbortSignal): AsyncGenerator<Told> {
  const answer = await ask({
    method: "POST",
    path: "/rillcast/v1/doctor",
    body: transcoding ? { transcoding } : {},
    service: "ivs",
    signal,
  });
  let isDone = false;
  for await (const line of lines(answer)) {
    const told = JSON.parse(line) as Told;
    isDone = told.kind === "done";
    yield told;
  }
  if (!isDone) throw new Failure("CutOff", "The examination was cut off: the server is closing, or the connection broke.", 0);
}
