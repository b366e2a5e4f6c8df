// Who is in a room, and who is kept out or silent.
// Promise: of a crowd some are shown, and it is said how many more there are.
import { useState } from "preact/hooks";
import { Badge, Button, Card, Empty } from "../ui/kit";
import { moment } from "../ui/words";
import type { Case } from "./room-order";
import { command, type Person, type Restriction, type Room } from "./room-wire";

const SHOWN = 50;

export function People({ people = [], total, pick }: { people?: Person[] | undefined; total: number; pick: ((about: Case) => void) | undefined }) {
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

export function Barred({ room, list, more, mayLift, again }: { room: Room; list: Restriction[]; more: number; mayLift: boolean; again: () => void }) {
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
