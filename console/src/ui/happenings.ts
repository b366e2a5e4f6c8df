// What a stream session tells of itself, in words for people.
// Promise: an event that is not known here is shown by its own name.
import type { Mark } from "./chart-plot";

/** An event of a stream session, as `GetStreamSession` tells it. */
export interface StreamEvent {
  eventTime: string;
  name: string;
  type: string;
  code?: string;
}

export type Kind = Mark["kind"];

const TOLD: Record<string, [kind: Kind, words: string]> = {
  "Session Created": ["note", "An encoder connected with the stream key."],
  "Stream Start": ["good", "The stream could be played from here on."],
  "Stream End": ["note", "The encoder left; the stream went off air."],
  "Session Ended": ["note", "All that came in was handed on; the session is closed."],
  "Stream Failure": ["bad", "The stream could not go on. The server log says why."],
  "Stream Takeover": ["note", "Another encoder went on with the stream."],
  "Stream Takeover Failure": ["warn", "Another encoder wanted to go on with the stream and was refused."],
  "Starvation Start": ["warn", "Less arrived than the encoder announced: look at its network and its processor."],
  "Starvation End": ["good", "As much arrived again as the encoder announced."],
  "Ingest Bitrate": ["bad", "More bits a second came in than the channel's type allows; the stream was ended."],
  "Ingest Resolution": ["bad", "The picture was larger than the channel's type allows; the stream was ended."],
  "Concurrent Viewers": ["bad", "As many viewers watched as the account may have; more were turned away."],
  "Concurrent Broadcasts": ["bad", "The account had as many streams on air as it may have."],
  "Recording Start": ["note", "Recording began."],
  "Recording End": ["note", "Recording ended; all of it is in its bucket."],
  "Recording Start Failure": ["bad", "Recording could not begin: look at the bucket of the recording configuration."],
  "Recording End Failure": ["bad", "Something is missing at the end of the recording: look at its bucket."],
};

const CODES: Record<string, string> = {
  PRIORITY_TOO_LOW: "its priority was not above that of the stream on air",
};

export const kindOf = ({ name, type }: StreamEvent): Kind => TOLD[name]?.[0] ?? (type.includes("Limit Breach") ? "bad" : "note");

/** What happened, and what may be done about it. */
export function wordsOf({ name, code }: StreamEvent): string {
  const words = TOLD[name]?.[1] ?? "";
  return code ? `${words} (${CODES[code] ?? code})` : words;
}

export const timeOf = ({ eventTime }: StreamEvent): number => new Date(eventTime).getTime();

/** Lines in charts at what happened; beginnings and ends are the charts' own. */
export const marksOf = (events: readonly StreamEvent[]): Mark[] =>
  events
    .filter(({ name }) => name !== "Session Created" && name !== "Session Ended")
    .map((event) => ({ at: timeOf(event), kind: kindOf(event) }));
