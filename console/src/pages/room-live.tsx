// What is said in a room, as it is said; writing, and keeping order.
// Promise: what was done to a message or a user is shown when the room was told of it, not before.
import { useState } from "preact/hooks";
import type { Grant, RoomEvent } from "../chat/client";
import { Composer } from "../chat/composer";
import { nameOf, useHall } from "../chat/hall";
import { List } from "../chat/list";
import { Button, Notice } from "../ui/kit";
import { whoAmI } from "../wire/arn";
import { desk, ivschat } from "../wire/call";
import { useMay } from "../wire/may";
import { Controls } from "./room-controls";
import { type Case, Order, useModeration } from "./room-order";
import { Barred, People } from "./room-people";
import type { Room, Stats } from "./room-wire";

const KEPT = 2_000;

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
