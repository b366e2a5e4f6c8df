// A client of chat rooms: the messaging API of Amazon IVS Chat and this server's extensions, over one WebSocket.
// Promise: each connection is opened with a token of its own; a line that breaks is taken up again, ever more slowly;
// who was shown the door does not knock by itself. What is sent is heard back or fails in words for a person.

/** What opens one connection, and who it is for. */
export interface Grant {
  token: string;
  userId: string;
}

export interface Message {
  id: string;
  /** Milliseconds since 1970. */
  at: number;
  content: string;
  attributes: Record<string, string>;
  userId: string;
  /** What the token says of the sender. */
  sender: Record<string, string>;
}

export interface RoomEvent {
  id: string;
  at: number;
  name: string;
  attributes: Record<string, string>;
}

export type Line = "connecting" | "open" | "waiting" | "removed" | "closed";

/** Whom to tell. */
export interface Ears {
  onMessage: (message: Message) => void;
  /** This message is to vanish. */
  onDelete: (id: string) => void;
  onEvent: (event: RoomEvent) => void;
  /** How the line is, and why in words where there is something to say. */
  onLine: (line: Line, words: string) => void;
}

/** Why a request was refused. */
export class ChatRefusal extends Error {
  constructor(
    readonly code: number,
    message: string,
    /** Seconds after which it would be taken, in slow mode. */
    readonly wait?: number,
  ) {
    super(message);
  }
}

/** There is no use in asking for a token again. */
export class NoWay extends Error {}

const PATIENCE_MS = 15_000;
const SOONEST_MS = 1_000;
const LATEST_MS = 30_000;
/** "Going away": how this server ends the connections of who was disconnected. */
const REMOVED = 1001;

interface Asked {
  done: () => void;
  fail: (why: ChatRefusal) => void;
  timer: number;
}

interface Frame {
  Type: string;
  Id: string;
  RequestId: string;
  Content: string;
  Attributes: Record<string, string> | null;
  SendTime: string;
  Sender: { UserId: string; Attributes: Record<string, string> | null };
  EventName: string;
  ErrorCode: number;
  ErrorMessage: string;
}

export class ChatClient {
  #socket: WebSocket | undefined;
  #asked = new Map<string, Asked>();
  #retry: number | undefined;
  #tries = 0;
  /** Counts openings: what an earlier one brings comes too late. */
  #turn = 0;
  /** The opening that brought the present connection. */
  #current = 0;
  /** They wait for the newest opening. */
  #waiting: (() => void)[] = [];
  /** Who this client is, once it is known. */
  userId = "";

  constructor(
    readonly grant: () => Promise<Grant>,
    readonly ears: Ears,
  ) {}

  /** Comes in; or, where a connection is open, comes in anew and leaves the old one then. */
  open(): void {
    const turn = ++this.#turn;
    window.clearTimeout(this.#retry);
    if (!this.#socket) this.ears.onLine("connecting", "");
    this.grant().then(
      ({ token, userId }) => turn === this.#turn && this.#connect(turn, token, userId),
      (error: unknown) => turn === this.#turn && this.#ungranted(error),
    );
  }

  /** Leaves for good. */
  close(): void {
    this.#turn += 1;
    window.clearTimeout(this.#retry);
    this.#drop();
    this.#go();
    this.ears.onLine("closed", "");
  }

  /** Ends when the room has heard it. */
  async send(content: string, attributes?: Record<string, string>): Promise<void> {
    // What comes in anew may do more than what still stands: a nameless viewer may only read.
    if (this.#socket && this.#current !== this.#turn) await new Promise<void>((go) => this.#waiting.push(go));
    return this.#ask({ Action: "SEND_MESSAGE", Content: content, ...(attributes ? { Attributes: attributes } : {}) });
  }

  #ask(request: Record<string, unknown>): Promise<void> {
    const socket = this.#socket;
    if (socket?.readyState !== WebSocket.OPEN) {
      return Promise.reject(new ChatRefusal(0, "The chat is not connected. Wait a moment and try again."));
    }
    const id = random(8);
    return new Promise((done, fail) => {
      const timer = window.setTimeout(() => {
        this.#asked.delete(id);
        fail(new ChatRefusal(0, "The chat did not answer. It may have been sent all the same."));
      }, PATIENCE_MS);
      this.#asked.set(id, { done, fail, timer });
      socket.send(JSON.stringify({ ...request, RequestId: id }));
    });
  }

  #connect(turn: number, token: string, userId: string): void {
    const before = this.#socket;
    const url = `${location.protocol === "https:" ? "wss:" : "ws:"}//${location.host}/`;
    const socket = new WebSocket(url, token);
    let removed = "";
    socket.onopen = () => {
      if (turn !== this.#turn) return socket.close();
      this.#socket = socket;
      this.#current = turn;
      this.userId = userId;
      this.#tries = 0;
      before?.close();
      this.ears.onLine("open", "");
      this.#go();
    };
    socket.onmessage = ({ data }) => {
      const frame = read(data);
      // Until the next connection is open, this one is still heard: what is told meanwhile is not told again.
      if (!frame || (turn !== this.#turn && socket !== this.#socket)) return;
      const attributes = frame.Attributes ?? {};
      if (frame.Type === "EVENT" && frame.EventName === "aws:DISCONNECT_USER" && attributes["UserId"] === userId) {
        removed = attributes["Reason"] ?? "";
      }
      this.#hear(frame);
    };
    socket.onclose = ({ code, reason }) => {
      if (turn !== this.#turn) {
        if (socket === this.#socket) this.#drop();
        return;
      }
      this.#drop();
      if (code === REMOVED) {
        const why = removed || reason;
        return this.ears.onLine("removed", `You were removed from the chat${why ? `: ${why}` : "."}`);
      }
      // A session that has run its time is taken up at once.
      if (code >= 4000 || reason.includes("401")) return this.open();
      this.#later("The line to the chat is lost. Trying again…");
    };
  }

  #hear(frame: Frame): void {
    const { ears } = this;
    const attributes = frame.Attributes ?? {};
    switch (frame.Type) {
      case "MESSAGE": {
        const sender = frame.Sender ?? { UserId: "", Attributes: null };
        ears.onMessage({
          id: frame.Id,
          at: Date.parse(frame.SendTime),
          content: frame.Content,
          attributes,
          userId: sender.UserId,
          sender: sender.Attributes ?? {},
        });
        return this.#settle(frame.RequestId);
      }
      case "EVENT":
        if (frame.EventName === "aws:DELETE_MESSAGE") {
          const id = attributes["MessageID"] ?? attributes["MessageId"];
          if (id) ears.onDelete(id);
        }
        ears.onEvent({ id: frame.Id, at: Date.parse(frame.SendTime), name: frame.EventName, attributes });
        return this.#settle(frame.RequestId);
      case "ERROR":
        return this.#settle(frame.RequestId, refusal(frame.ErrorCode, frame.ErrorMessage));
    }
  }

  #settle(request: string, why?: ChatRefusal): void {
    const asked = this.#asked.get(request);
    if (!asked) return;
    this.#asked.delete(request);
    window.clearTimeout(asked.timer);
    if (why) asked.fail(why);
    else asked.done();
  }

  #ungranted(error: unknown): void {
    const words = error instanceof Error ? error.message : String(error);
    this.#go();
    if (!(error instanceof NoWay)) return this.#later(words);
    this.#drop();
    this.ears.onLine("closed", words);
  }

  #later(words: string): void {
    const wait = Math.min(LATEST_MS, SOONEST_MS * 2 ** this.#tries) * (0.75 + Math.random() / 2);
    this.#tries += 1;
    this.#go();
    this.ears.onLine("waiting", words);
    this.#retry = window.setTimeout(() => this.open(), wait);
  }

  /** Nothing is waited for any longer: the newest connection is open, or it failed. */
  #go(): void {
    this.#waiting.splice(0).forEach((go) => go());
  }

  #drop(): void {
    const socket = this.#socket;
    this.#socket = undefined;
    socket?.close();
    for (const id of [...this.#asked.keys()]) {
      this.#settle(id, new ChatRefusal(0, "The line broke before the chat answered. It may have been sent all the same."));
    }
  }
}

/** So many random bytes, as text. */
export function random(bytes: number): string {
  return [...crypto.getRandomValues(new Uint8Array(bytes))].map((byte) => byte.toString(16).padStart(2, "0")).join("");
}

function read(data: unknown): Frame | undefined {
  try {
    const frame: unknown = typeof data === "string" ? JSON.parse(data) : undefined;
    return frame && typeof frame === "object" ? (frame as Frame) : undefined;
  } catch {
    return undefined;
  }
}

/** What to do about a refusal. */
function refusal(code: number, told: string): ChatRefusal {
  const slow = /slow mode, (\d+) s/.exec(told);
  if (slow) return new ChatRefusal(code, `Slow mode: wait ${slow[1]} s before the next message.`, Number(slow[1]));
  if (code === 429) return new ChatRefusal(code, "Too fast. Wait a second and send it again.");
  if (code === 406) return new ChatRefusal(code, `Not sent: ${told}`);
  if (code === 403 && told.includes("muted")) return new ChatRefusal(code, "You are muted in this room. You can read on.");
  if (code === 404) return new ChatRefusal(code, "This chat room is gone.");
  if (told === "Message exceeds maximum length") return new ChatRefusal(code, "This is too long for this room. Shorten it.");
  return new ChatRefusal(code, told || `The chat refused it (${code}).`);
}
