// What the server says of a request for media that it refuses.
// Promise: a refusal is told in words for a person; what can't be read is told as such.
import type { ErrorData } from "hls.js";

/** A refused request. */
export interface Refusal {
  status: number;
  /** The word for programs. */
  code: string | undefined;
  /** The server's own words. */
  words: string | undefined;
}

/** What stands in the body of a refusal: `[{"error": …, "error_code": …}]`. */
export function refusalOf(status: number, body: string): Refusal {
  const text = (value: unknown) => (typeof value === "string" && value ? value : undefined);
  try {
    const told: unknown = JSON.parse(body);
    const { error, error_code } = ((Array.isArray(told) ? told[0] : undefined) ?? {}) as Record<string, unknown>;
    return { status, code: text(error_code), words: text(error) };
  } catch {
    return { status, code: undefined, words: undefined };
  }
}

/** The refusal that hls.js met, if it was one. It hands over the request, not what was in its answer. */
export function refusalIn(error: ErrorData): Refusal | undefined {
  const status = error.response?.code ?? 0;
  if (status < 400 || status > 599) return undefined;
  const request: unknown = error.networkDetails;
  const isText = request instanceof XMLHttpRequest && request.responseType !== "arraybuffer";
  return refusalOf(status, isText ? request.responseText : "");
}

/** Why a channel does not open, for who holds a token or none. */
export function whyForbidden(refusal: Refusal, hasToken: boolean): string {
  if (refusal.code === "content_geoblocked") return "This channel can't be watched in your country.";
  if (refusal.code === "origin_not_allowed") return "This channel may not be watched on this page.";
  if (refusal.code !== "invalid_playback_auth_token") return refusal.words ?? "The server refuses to play this channel.";
  return hasToken
    ? "This token does not open the channel: it has expired, was used before, was revoked, or is for another one."
    : "This channel is private. Add a viewer's token to the address of this page: ?token=…";
}
