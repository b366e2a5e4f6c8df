// The chat beside the picture: anybody reads, and writes once they have said what to call them.
// Promise: one tab is one user for as long as it is open; what moderators do is seen at once, and said to whom it
// concerns.
import { render } from "preact";
import { useState } from "preact/hooks";
import { type Grant, NoWay, random, type RoomEvent } from "./chat/client";
import { Composer } from "./chat/composer";
import { useHall } from "./chat/hall";
import { List } from "./chat/list";

interface Place {
  channel: string;
  /** The viewer's token, for a private channel. */
  token: string;
  /** The path of a playlist that is played, once there is one. */
  playing: () => string | undefined;
}

const KEPT = 500;

/** What a browser keeps for a page; within other pages it may keep nothing. */
function kept(store: () => Storage, key: string): string {
  try {
    return store().getItem(key) ?? "";
  } catch {
    return "";
  }
}

function keep(store: () => Storage, key: string, value: string): void {
  try {
    store().setItem(key, value);
  } catch {
    // Then it is asked for again the next time.
  }
}

const tab = kept(() => sessionStorage, "rillcast-tab") || random(16);
keep(() => sessionStorage, "rillcast-tab", tab);

/** The server's leave to come in. Without a name: to read. */
async function ask({ channel, token, playing }: Place, name: string): Promise<Grant> {
  const path = playing();
  const wish = { tab, ...(name ? { displayName: name } : {}), ...(token ? { token } : {}), ...(path ? { playing: path } : {}) };
  let answer: Response;
  try {
    answer = await fetch(`/watch/${channel}/chat-token`, {
      method: "POST",
      headers: { "content-type": "application/json" },
      body: JSON.stringify(wish),
    });
  } catch {
    throw new Error("The chat can't be reached. Trying again…");
  }
  const told = (await answer.json().catch(() => ({}))) as Partial<Grant> & { code?: string; message?: string };
  if (answer.ok && told.token && told.userId) return { token: told.token, userId: told.userId };
  const words = told.message ?? "The chat can't be opened.";
  // A token for one use may have been used by the player, whose pass is as good, in a moment.
  const mayPass = answer.status >= 429 || (told.code === "invalid_playback_auth_token" && token !== "");
  if (mayPass) throw new Error(words);
  throw new NoWay(told.code === "invalid_playback_auth_token" ? "The chat is for viewers with a token, as the picture is." : words);
}

/** What an event is in words; most are for programs. */
function tell({ name, attributes }: RoomEvent): string | undefined {
  const reason = attributes["Reason"] ? ` ${attributes["Reason"]}` : "";
  const seconds = attributes["Seconds"] ? ` for ${attributes["Seconds"]} s` : "";
  if (name === "rillcast:MUTED") return `You were muted${seconds}.${reason}`;
  if (name === "rillcast:UNMUTED") return "You may write again.";
  return undefined;
}

function Chat({ place }: { place: Place }) {
  const [name, setName] = useState(kept(() => localStorage, "rillcast-name"));
  const [here, setHere] = useState("");
  // The name was tried when it was chosen; what came of it opens the next connection.
  const [fresh] = useState<{ grant: Grant | undefined }>({ grant: undefined });
  const grant = async () => {
    const held = fresh.grant;
    fresh.grant = undefined;
    return held ?? ask(place, name);
  };
  const hall = useHall(place.channel, grant, {
    most: KEPT,
    tell: (event) => {
      if (event.name === "rillcast:PRESENCE") setHere(event.attributes["Users"] ?? "");
      return tell(event);
    },
  });
  const { client, line, words } = hall;
  const choose = async (wanted: string) => {
    fresh.grant = await ask(place, wanted);
    setName(wanted);
    keep(() => localStorage, "rillcast-name", wanted);
    client.open();
  };
  return (
    <>
      <header>
        <h2>Chat</h2>
        {here && <span>{here} here</span>}
      </header>
      <List entries={hall.entries} label="Messages" own={client.userId} empty={line === "open" ? "Nothing was said yet." : line === "connecting" ? "Connecting…" : ""} />
      {words && (
        <p class="line" role="status">
          {words}{" "}
          {line === "removed" && (
            <button type="button" class="button" onClick={() => client.open()}>
              Come back
            </button>
          )}
        </p>
      )}
      {name ? (
        <>
          <Composer send={(text) => client.send(text)} label={`Write as ${name}`} barred={line === "open" ? undefined : "Not connected"} />
          <button type="button" class="rename" onClick={() => setName("")}>
            Another name
          </button>
        </>
      ) : (
        line !== "closed" && <NameForm choose={choose} />
      )}
    </>
  );
}

function NameForm({ choose }: { choose: (name: string) => Promise<void> }) {
  const [name, setName] = useState("");
  const [trouble, setTrouble] = useState("");
  const submit = async () => {
    try {
      await choose(name.trim());
    } catch (error) {
      setTrouble(error instanceof Error ? error.message : String(error));
    }
  };
  return (
    <form
      class="composer"
      onSubmit={(event) => {
        event.preventDefault();
        if (name.trim()) void submit();
      }}
    >
      <input aria-label="Your name in the chat" placeholder="Your name, to write" maxLength={40} value={name} autocomplete="nickname" onInput={({ currentTarget: { value } }) => setName(value)} />
      <button type="submit" class="button main" disabled={!name.trim()}>
        Join
      </button>
      {trouble && (
        <p class="composer-told" role="alert">
          {trouble}
        </p>
      )}
    </form>
  );
}

/** Puts the chat into the page. */
export function showChat(into: HTMLElement, place: Place): void {
  into.hidden = false;
  document.body.classList.add("with-chat");
  render(<Chat place={place} />, into);
}
