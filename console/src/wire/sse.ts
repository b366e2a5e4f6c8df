// Server-sent events out of a body that goes on (HTML standard, "Server-sent events").
// Promise: a message that breaks off is not given; one that is too long to be true ends the reading.

/** One message: the place it names, and its data. A comment has neither. */
export interface Message {
  id?: string;
  data?: string;
}

/** No envelope comes near it. */
const LONGEST = 4 * 1024 * 1024;

/** The messages of a body, signs of life (comments) included. */
export async function* messages(body: ReadableStream<Uint8Array>): AsyncGenerator<Message> {
  const reader = body.getReader();
  const text = new TextDecoder();
  let held = "";
  try {
    for (;;) {
      const { value, done } = await reader.read();
      if (done) return;
      held += text.decode(value, { stream: true }).replaceAll("\r\n", "\n");
      const blocks = held.split("\n\n");
      held = blocks.pop() ?? "";
      if (held.length > LONGEST) throw new Error("The server sends an event without an end.");
      for (const block of blocks) yield read(block);
    }
  } finally {
    await reader.cancel().catch(() => undefined);
  }
}

function read(block: string): Message {
  const message: Message = {};
  for (const line of block.split("\n")) {
    const colon = line.indexOf(":");
    const [name, rest] = colon < 0 ? [line, ""] : [line.slice(0, colon), line.slice(colon + 1)];
    const value = rest.startsWith(" ") ? rest.slice(1) : rest;
    if (name === "id") message.id = value;
    if (name === "data") message.data = message.data === undefined ? value : `${message.data}\n${value}`;
  }
  return message;
}
