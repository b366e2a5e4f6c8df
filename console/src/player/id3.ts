// Texts in ID3 tags, as timed metadata comes.
// Promise: any bytes are read without harm; what is no text of a kind that is known is left out.

/** A text that belongs to a moment of the stream. */
export interface TimedText {
  /** Seconds of the player's media time. */
  at: number;
  text: string;
  /** It came inside the encoder's own stream, not by `PutMetadata`. */
  isInband: boolean;
}

/** Who may own a `PRIV` frame with a text: the API, and the encoder. */
const API = "metadata.live-video.net";
const ENCODER = "inband.metadata.live-video.net";

const HEAD = 10;

/** A number in bytes of seven bits (ID3v2.4.0, 6.2). */
const sevens = (bytes: Uint8Array, at: number): number =>
  [0, 1, 2, 3].reduce((sum, place) => sum * 128 + ((bytes[at + place] ?? 0) & 127), 0);

const latin = (bytes: Uint8Array): string => String.fromCharCode(...bytes);

/** The frames of a tag: their names and what is in them. */
function* frames(tag: Uint8Array): Generator<[name: string, body: Uint8Array]> {
  if (latin(tag.subarray(0, 3)) !== "ID3") return;
  const end = Math.min(tag.length, HEAD + sevens(tag, 6));
  for (let at = HEAD; at + HEAD <= end; ) {
    const size = sevens(tag, at + 4);
    yield [latin(tag.subarray(at, at + 4)), tag.subarray(at + HEAD, Math.min(end, at + HEAD + size))];
    at += HEAD + size;
  }
}

/** The texts of timed metadata in a tag. */
export function textsIn(tag: Uint8Array): { text: string; isInband: boolean }[] {
  return [...frames(tag)].flatMap(([name, body]) => {
    if (name !== "PRIV") return [];
    const split = body.indexOf(0);
    const owner = split < 0 ? "" : latin(body.subarray(0, split));
    if (owner !== API && owner !== ENCODER) return [];
    return [{ text: new TextDecoder().decode(body.subarray(split + 1)), isInband: owner === ENCODER }];
  });
}
