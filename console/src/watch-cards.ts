// Timed metadata as cards over the picture: a text of its own, or JSON with a title and a text.
// Promise: a card comes at its moment of the stream, whatever the delay, and goes some seconds later; nothing in it is
// read as markup. JSON of another kind is meant for programs, and not drawn.
import type { TimedText } from "./player/id3";

const SHOWN_MS = 8_000;
/** Of a text that is later than this its moment has passed. */
const LATE_S = 4;
/** Of a text that is further ahead the player's clock has been set anew. */
const EARLY_S = 60;
const LOOK_MS = 100;
/** Cards at a time, cards that wait, characters of a title or text. */
const MOST_SHOWN = 3;
const MOST_WAITING = 64;
const LONGEST = 280;

export interface Card {
  title: string;
  text: string;
}

/** What a text is drawn as, if it is. */
export function cardOf(text: string): Card | undefined {
  const cut = (value: unknown) => (typeof value === "string" ? [...value.trim()].slice(0, LONGEST).join("") : "");
  const plain = text.trim();
  let told: unknown = plain;
  try {
    told = JSON.parse(plain);
  } catch {
    // A text that is no JSON is its own.
  }
  const isMap = told !== null && typeof told === "object" && !Array.isArray(told);
  const { title, text: body } = (isMap ? told : {}) as { title?: unknown; text?: unknown };
  const card = isMap ? { title: cut(title), text: cut(body) } : { title: "", text: Array.isArray(told) ? "" : cut(plain) };
  return card.title || card.text ? card : undefined;
}

export class Cards {
  #waiting: { at: number; card: Card }[] = [];

  constructor(
    readonly place: HTMLElement,
    readonly video: HTMLVideoElement,
  ) {
    window.setInterval(() => this.#look(), LOOK_MS);
  }

  /** It was read, and its moment is about to come. */
  add({ at, text }: TimedText): void {
    const card = cardOf(text);
    if (!card) return;
    this.#waiting = [...this.#waiting.slice(1 - MOST_WAITING), { at, card }];
  }

  #look(): void {
    const now = this.video.currentTime;
    const due = this.#waiting.filter(({ at }) => at <= now);
    this.#waiting = this.#waiting.filter(({ at }) => at > now && at < now + EARLY_S);
    for (const { at, card } of due) if (now - at < LATE_S) this.#show(card);
  }

  #show({ title, text }: Card): void {
    const card = document.createElement("div");
    card.className = "card";
    for (const [name, words] of [["strong", title], ["span", text]] as const) {
      if (!words) continue;
      const line = document.createElement(name);
      line.textContent = words;
      card.append(line);
    }
    this.place.append(card);
    while (this.place.childElementCount > MOST_SHOWN) this.place.firstElementChild?.remove();
    window.setTimeout(() => card.remove(), SHOWN_MS);
  }
}
