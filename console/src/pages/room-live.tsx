// What is said in a room, as it is said; writing, and keeping order.
// Promise: what was done to a message or a user is shown when the room was told of it, not before.
import { useState } from "preact/hooks";
import { ChatRefusal, type Grant, type RoomEvent } from "../chat/client";
import { Composer } from "../chat/composer";
import { type Entry, nameOf, useHall } from "../chat/hall";
import { List } from "../chat/list";
import { Badge, Button, Card, Dialog, Empty, Field, Form, Notice } from "../ui/kit";
import { moment } from "../ui/words";
import { whoAmI } from "../wire/arn";
import { desk, ivschat } from "../wire/call";
import { useMay } from "../wire/may";
import { command, dropTag, type Person, type Restriction, type Room, setTag, type Stats } from "./room-wire";

type Said = Entry & { kind: "message" };

const KEPT = 2_000;

/** Somebody whom something is to be done about; with one message of theirs, or none. */
interface Case {
  userId: string;
  name: string;
  message?: Said;
}

export function Live({ room, stats, mayStats, again }: { room: Room; stats: Stats | undefined; mayStats: boolean; again: () => void }) {
  const mayWrite = useMay("ivschat:CreateChatToken", room.arn);
  const mayRead = useMay("rillcast:ReadRoom", room.arn);
  if (!mayWrite && !mayRead) return <Notice kind="note">This key may neither create chat tokens nor read along (rillcast:ReadRoom), so what is said here is not shown.</Notice>;
  return <Talk key={String(mayWrite)} room={room} stats={stats} mayWrite={mayWrite} mayStats={mayStats} again={again} />;
}

interface TalkProps {
  room: Room;
  stats: Stats | undefined;
  mayWrite: boolean;
  mayStats: boolean;
  again: () => void;
}

function Talk({ room, stats, mayWrite, mayStats, again }: TalkProps) {
  const mayModerate = useModeration(room);
  const [about, setAbout] = useState<Case>();
  const hall = useHall(room.arn, () => seat(room, mayWrite), { most: KEPT, tell });
  const { client, line, words } = hall;
  return (
    <div class="columns">
      <section class="card room-talk" aria-label="What is said">
        <List
          entries={hall.entries}
          label="Messages"
          own={client.userId}
          empty={line === "open" ? "Nothing was said since this page is open." : "Connecting…"}
          acts={
            mayModerate.any
              ? (message) => (
                  <Button small kind="plain" aria-label={`Moderate ${nameOf(message)}: ${message.content.slice(0, 60)}`} onPress={() => setAbout({ userId: message.userId, name: nameOf(message), message })}>
                    ⋯
                  </Button>
                )
              : undefined
          }
        />
        {words && (
          <div class="room-line">
            <Notice kind="note">{words}</Notice>
            {line === "removed" && <Button onPress={() => client.open()}>Come back</Button>}
          </div>
        )}
        {mayWrite && (
          <Composer
            send={(text) => client.send(text)}
            label="Write as the operator"
            barred={line === "open" ? undefined : "Not connected"}
            {...(room.maximumMessageLength ? { most: room.maximumMessageLength } : {})}
          />
        )}
      </section>
      <div class="stack">
        <Controls room={room} />
        {mayStats && <People people={stats?.room?.people} total={stats?.room?.users ?? 0} pick={mayModerate.any ? setAbout : undefined} />}
        {mayStats && stats && stats.restrictions.length > 0 && <Barred room={room} list={stats.restrictions} more={stats.moreRestrictions} mayLift={mayModerate.events} again={again} />}
      </div>
      {about && <Order room={room} about={about} may={mayModerate} onClose={() => setAbout(undefined)} again={again} />}
    </div>
  );
}

/** To write, a token as any application's backend makes them; else the desk's, to read along. */
async function seat({ arn }: Room, mayWrite: boolean): Promise<Grant> {
  if (!mayWrite) return desk<Grant>("POST", "rooms/seats", { query: { arn }, body: {} });
  const { name } = await whoAmI();
  const userId = `operator:${name}`.slice(0, 128);
  const { token } = await ivschat<{ token: string }>("CreateChatToken", {
    roomIdentifier: arn,
    userId,
    capabilities: ["SEND_MESSAGE", "DELETE_MESSAGE"],
    attributes: { displayName: name, role: "operator" },
    sessionDurationInMinutes: 180,
  });
  return { token, userId };
}

/** What an event is in words. */
function tell({ name, attributes }: RoomEvent): string | undefined {
  const { UserId: user = "", Reason: reason } = attributes;
  const why = reason ? ` (${reason})` : "";
  switch (name) {
    case "aws:DELETE_MESSAGE":
      return `A message was deleted${why}.`;
    case "aws:DISCONNECT_USER":
      return `${user} was disconnected${why}.`;
    case "rillcast:DELETE_USER_MESSAGES":
      return `All messages of ${user} were deleted${why}.`;
    case "rillcast:JOIN":
      return `${user} came in.`;
    case "rillcast:LEAVE":
      return `${user} left.`;
    case "rillcast:PRESENCE":
      return undefined;
    default:
      return `Event ${name} ${JSON.stringify(attributes)}`;
  }
}

/** What the key may do about messages and users. */
function useModeration({ arn, tags }: Room) {
  const messages = useMay("ivschat:DeleteMessage", arn);
  const users = useMay("ivschat:DisconnectUser", arn);
  const sends = useMay("ivschat:SendEvent", arn);
  const events = sends && tags?.["rillcast:moderation"] === "true";
  return { messages, users, events, any: messages || users || events };
}

const SPANS = [
  ["60", "a minute"],
  ["600", "ten minutes"],
  ["3600", "an hour"],
  ["86400", "a day"],
  ["", "for good"],
] as const;

/** What is to be done about somebody. */
function Order({ room, about, may, onClose, again }: { room: Room; about: Case; may: ReturnType<typeof useModeration>; onClose: () => void; again: () => void }) {
  const [reason, setReason] = useState("");
  const [seconds, setSeconds] = useState<string>("600");
  const { userId, message } = about;
  const why: Record<string, string> = reason ? { Reason: reason } : {};
  const done = (act: () => Promise<unknown>) => async () => {
    await act();
    onClose();
    again();
  };
  const lasting: Record<string, string> = { UserId: userId, ...why, ...(seconds ? { Seconds: seconds } : {}) };
  return (
    <Dialog title={`Moderate ${about.name}`} onClose={onClose}>
      {message && <blockquote class="quote">{message.content}</blockquote>}
      <p class="faint">
        User <code>{userId}</code>
      </p>
      <Form label="Moderation">
        <Field label="Reason" help="Told to the room with what is done. May be empty.">
          <input value={reason} maxLength={256} autoComplete="off" onInput={({ currentTarget: { value } }) => setReason(value)} />
        </Field>
        <div class="acts start">
          {may.messages && message && (
            <Button kind="danger" onPress={done(() => ivschat("DeleteMessage", { roomIdentifier: room.arn, id: message.id, ...(reason ? { reason } : {}) }))}>
              Delete message
            </Button>
          )}
          {may.users && (
            <Button kind="danger" onPress={done(() => ivschat("DisconnectUser", { roomIdentifier: room.arn, userId, ...(reason ? { reason } : {}) }))}>
              Kick
            </Button>
          )}
          {may.events && (
            <Button kind="danger" onPress={done(() => command(room.arn, "rillcast:DELETE_USER_MESSAGES", { UserId: userId, ...why }))}>
              Delete all their messages
            </Button>
          )}
        </div>
        {may.events ? (
          <>
            <Field label="Ban or mute for">
              <select value={seconds} onChange={({ currentTarget: { value } }) => setSeconds(value)}>
                {SPANS.map(([value, title]) => (
                  <option key={value} value={value}>
                    {title}
                  </option>
                ))}
              </select>
            </Field>
            <div class="acts start">
              <Button kind="danger" onPress={done(() => command(room.arn, "rillcast:BAN_USER", lasting))}>
                Ban
              </Button>
              <Button kind="danger" onPress={done(() => command(room.arn, "rillcast:MUTE_USER", lasting))}>
                Mute
              </Button>
            </div>
          </>
        ) : (
          <small>Bans and mutes need the room's tag rillcast:moderation (and leave to send events).</small>
        )}
      </Form>
    </Dialog>
  );
}

/** What holds for the room as a whole: slow mode, and events to the room. */
function Controls({ room }: { room: Room }) {
  const maySet = useMay("ivschat:TagResource", room.arn);
  const mayDrop = useMay("ivschat:UntagResource", room.arn);
  const maySend = useMay("ivschat:SendEvent", room.arn);
  const [slow, setSlow] = useState(room.tags?.["rillcast:slow-mode"] ?? "");
  const [isSending, setSending] = useState(false);
  const [kept, setKept] = useState(false);
  if (!maySend && !(maySet && mayDrop)) return null;
  const keep = async () => {
    if (slow) await setTag(room.arn, "rillcast:slow-mode", slow);
    else await dropTag(room.arn, "rillcast:slow-mode");
    setKept(true);
  };
  return (
    <Card title="Keep order">
      {maySet && mayDrop && (
        <Form label="Pace of the room">
          <Field label="Slow mode" help="Time between two messages of one user.">
            <select
              value={slow}
              onChange={({ currentTarget: { value } }) => {
                setSlow(value);
                setKept(false);
              }}
            >
              {["", "5", "10", "30", "60", "300", ...(["", "5", "10", "30", "60", "300"].includes(slow) ? [] : [slow])].map((value) => (
                <option key={value} value={value}>
                  {value ? `${value} s` : "Off"}
                </option>
              ))}
            </select>
          </Field>
          <div class="acts start">
            <Button type="submit" onPress={keep}>
              Set slow mode
            </Button>
            {kept && <span role="status">Set; it holds in a moment.</span>}
          </div>
        </Form>
      )}
      {maySend && <Button onPress={() => setSending(true)}>Send event…</Button>}
      {isSending && (
        <Dialog title="Send event" onClose={() => setSending(false)}>
          <EventForm room={room} />
        </Dialog>
      )}
    </Card>
  );
}

function EventForm({ room }: { room: Room }) {
  const [name, setName] = useState("");
  const [lines, setLines] = useState("");
  const [sent, setSent] = useState("");
  const send = async () => {
    const attributes: Record<string, string> = {};
    for (const line of lines.split("\n").filter((line) => line.trim())) {
      const at = line.indexOf("=");
      if (at < 1) throw new ChatRefusal(0, `Write each attribute as name=value; this is none: ${line}`);
      attributes[line.slice(0, at).trim()] = line.slice(at + 1).trim();
    }
    const { id } = await ivschat<{ id: string }>("SendEvent", { roomIdentifier: room.arn, eventName: name, attributes });
    setSent(id);
  };
  return (
    <Form label="Event">
      <Field label="Name" name="eventName" help="Every client in the room gets it, such as app:POLL.">
        <input required value={name} maxLength={100} autoComplete="off" onInput={({ currentTarget: { value } }) => setName(value)} />
      </Field>
      <Field label="Attributes" name="attributes" help="One in a line: name=value">
        <textarea value={lines} onInput={({ currentTarget: { value } }) => setLines(value)} />
      </Field>
      <div class="acts">
        {sent && <span role="status">Sent as {sent}.</span>}
        <Button kind="main" type="submit" onPress={send}>
          Send
        </Button>
      </div>
    </Form>
  );
}

const SHOWN = 50;

function People({ people = [], total, pick }: { people?: Person[] | undefined; total: number; pick: ((about: Case) => void) | undefined }) {
  const [text, setText] = useState("");
  const found = people.filter(({ userId }) => userId.toLowerCase().includes(text.trim().toLowerCase()));
  return (
    <Card title={`Who is here (${total})`}>
      {people.length > 12 && <input type="search" aria-label="Find a user" placeholder="User id" value={text} onInput={({ currentTarget: { value } }) => setText(value)} />}
      {found.length === 0 && <Empty>Nobody{text ? " of that name" : ""}.</Empty>}
      <ul class="plain">
        {found.slice(0, SHOWN).map(({ userId, connections }) => (
          <li key={userId}>
            <span class="grow">
              {userId} {connections > 1 && <Badge>{`${connections} connections`}</Badge>}
            </span>
            {pick && (
              <Button small kind="plain" aria-label={`Moderate ${userId}`} onPress={() => pick({ userId, name: userId })}>
                ⋯
              </Button>
            )}
          </li>
        ))}
      </ul>
      {total > Math.min(found.length, SHOWN) && !text && <small>and {total - Math.min(found.length, SHOWN)} more</small>}
    </Card>
  );
}

function Barred({ room, list, more, mayLift, again }: { room: Room; list: Restriction[]; more: number; mayLift: boolean; again: () => void }) {
  return (
    <Card title="Banned and muted">
      <ul class="plain">
        {list.slice(0, SHOWN).map(({ userId, kind, until, reason }) => (
          <li key={`${kind} ${userId}`}>
            <span class="grow">
              <Badge kind={kind === "BAN" ? "bad" : "warn"}>{kind === "BAN" ? "Banned" : "Muted"}</Badge> {userId}{" "}
              <small>
                {until ? `until ${moment(until)}` : "for good"}
                {reason ? `: ${reason}` : ""}
              </small>
            </span>
            {mayLift && (
              <Button
                small
                aria-label={`Lift: ${userId}`}
                onPress={async () => {
                  await command(room.arn, kind === "BAN" ? "rillcast:UNBAN_USER" : "rillcast:UNMUTE_USER", { UserId: userId });
                  again();
                }}
              >
                Lift
              </Button>
            )}
          </li>
        ))}
      </ul>
      {list.length + more > SHOWN && <small>and {list.length + more - SHOWN} more</small>}
    </Card>
  );
}
