// What is known of a room by who is in it: what was said and is still to be seen, and how the line is.
// Promise: each message stands once, in the order of the room; what was deleted is gone; memory is bounded. However
// fast a room talks, the page is drawn a few times a second.
import { useEffect, useMemo, useRef, useState } from "preact/hooks";
import { ChatClient, type Grant, type Line, type Message, type RoomEvent } from "./client";

/** Something in the list: a message, or what happened, in words. */
export type Entry = ({ kind: "message" } & Message) | { kind: "note"; id: string; at: number; text: string };

export interface Hall {
  entries: readonly Entry[];
  line: Line;
  /** Why the line is as it is. */
  words: string;
  client: ChatClient;
  /** Changes with each message and event that came. */
  heard: { messages: number; events: number };
}

interface Manners {
  /** How many entries are kept. */
  most: number;
  /** What is said of an event; nothing: it is not shown. */
  tell?: (event: RoomEvent, own: string) => string | undefined;
}

const DRAW_MS = 80;

/** Comes into the room for as long as the component is there. `name` is the room's: another one is another room. */
export function useHall(name: string, grant: () => Promise<Grant>, { most, tell }: Manners): Hall {
  const [state, setState] = useState<Omit<Hall, "client">>({ entries: [], line: "connecting", words: "", heard: { messages: 0, events: 0 } });
  const newest = useRef({ grant, tell });
  newest.current = { grant, tell };
  const client = useMemo(() => {
    let entries: Entry[] = [];
    let [line, words]: [Line, string] = ["connecting", ""];
    const known = new Set<string>();
    const heard = { messages: 0, events: 0 };
    let timer: number | undefined;
    const draw = () => {
      timer ??= window.setTimeout(() => {
        timer = undefined;
        setState({ entries, line, words, heard: { ...heard } });
      }, DRAW_MS);
    };
    const add = (entry: Entry) => {
      if (known.has(entry.id)) return;
      known.add(entry.id);
      entries = [...entries.slice(Math.max(0, entries.length + 1 - most)), entry];
      if (known.size > 4 * most) {
        known.clear();
        for (const { id } of entries) known.add(id);
      }
      draw();
    };
    const drop = (gone: (entry: Entry) => boolean) => {
      entries = entries.filter((entry) => !gone(entry));
      draw();
    };
    const made: ChatClient = new ChatClient(() => newest.current.grant(), {
      onMessage: (message) => {
        heard.messages += 1;
        add({ kind: "message", ...message });
      },
      onDelete: (id) => drop((entry) => entry.id === id),
      onEvent: (event) => {
        heard.events += 1;
        if (event.name === "rillcast:DELETE_USER_MESSAGES") {
          const user = event.attributes["UserId"];
          drop((entry) => entry.kind === "message" && entry.userId === user);
        }
        const text = newest.current.tell?.(event, made.userId);
        if (text) add({ kind: "note", id: event.id, at: event.at, text });
        draw();
      },
      onLine: (now, why) => {
        [line, words] = [now, why];
        draw();
      },
    });
    return made;
  }, [name]);
  useEffect(() => {
    client.open();
    return () => client.close();
  }, [client]);
  return { ...state, client };
}

/** What somebody is called: the name in the token, else the user's id. */
export const nameOf = ({ userId, sender }: Message): string => sender["displayName"] || sender["username"] || sender["name"] || userId;
