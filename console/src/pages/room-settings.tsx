// What a room is set to: limits, review, logging, tags, and its extensions, which are tags too.
// Promise: what the key may not change it is shown.
import { useState } from "preact/hooks";
import { Card, Facts, Paste } from "../ui/kit";
import { Tags } from "../ui/tags";
import { moment } from "../ui/words";
import { useMay } from "../wire/may";
import { RoomForm } from "./room-form";
import type { Room } from "./room-wire";

export function Settings({ room, again }: { room: Room; again: () => void }) {
  const mayUpdate = useMay("ivschat:UpdateRoom", room.arn);
  const [saved, setSaved] = useState(0);
  return (
    <div class="grid">
      <Card title="Room" wide>
        <Facts
          of={[
            ["ARN", <Paste text={room.arn} label="ARN" />],
            ["Created", moment(room.createTime)],
            ["Changed", moment(room.updateTime)],
          ]}
        />
      </Card>
      <Card title="Configuration">
        {mayUpdate ? (
          <>
            <RoomForm
              room={room}
              onDone={() => {
                setSaved((times) => times + 1);
                again();
              }}
            />
            {saved > 0 && <p role="status">Saved. It holds in a moment for everyone who is connected.</p>}
          </>
        ) : (
          <Facts
            of={[
              ["Name", room.name || "none"],
              ["Messages a second", room.maximumMessageRatePerSecond ?? ""],
              ["Characters of a message", room.maximumMessageLength ?? ""],
              ["Message review handler", room.messageReviewHandler?.uri || "none"],
              ["Logging configurations", (room.loggingConfigurationIdentifiers ?? []).join(", ") || "none"],
            ]}
          />
        )}
      </Card>
      <Tags of={room} title="Tags and extensions" known={KNOWN} again={again} />
    </div>
  );
}

/** Tags that mean something here, and what may stand in them. */
const KNOWN = [
  ["rillcast:history", "1 to 200: so many messages for whoever joins"],
  ["rillcast:moderation", "true: bans, mutes and other commands by events"],
  ["rillcast:slow-mode", "1 to 3600: seconds between two messages of a user"],
  ["rillcast:presence", "1 to 60: seconds between two tellings of how many are here"],
  ["rillcast:join-leave", "true: who comes and goes is told"],
] as const;
