// What a room is set to: limits, review, logging, tags, and its extensions, which are tags too.
// Promise: what the key may not change it is shown.
import { useState } from "preact/hooks";
import { Button, Card, Facts, Field, Form, Paste } from "../ui/kit";
import { moment } from "../ui/words";
import { useMay } from "../wire/may";
import { RoomForm } from "./room-form";
import { dropTag, type Room, setTag } from "./room-wire";

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
      <TagsCard room={room} again={again} />
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

function TagsCard({ room, again }: { room: Room; again: () => void }) {
  const maySet = useMay("ivschat:TagResource", room.arn);
  const mayDrop = useMay("ivschat:UntagResource", room.arn);
  const [name, setName] = useState("");
  const [value, setValue] = useState("");
  const tags = Object.entries(room.tags ?? {});
  const add = async () => {
    await setTag(room.arn, name, value);
    setName("");
    setValue("");
    again();
  };
  return (
    <Card title="Tags and extensions">
      {tags.length === 0 && <p class="faint">None.</p>}
      {tags.map(([tag, value]) => (
        <div key={tag} class="row">
          <span class="grow">
            <code>{tag}</code> = <code>{value}</code>
          </span>
          {mayDrop && (
            <Button
              small
              aria-label={`Remove tag ${tag}`}
              onPress={async () => {
                await dropTag(room.arn, tag);
                again();
              }}
            >
              Remove
            </Button>
          )}
        </div>
      ))}
      {maySet && (
        <Form label="Add a tag">
          <Field label="Key" name="tags" help={KNOWN.find(([known]) => known === name)?.[1] ?? "Those that begin with rillcast: turn extensions on."}>
            <input required value={name} maxLength={128} list="known-room-tags" autoComplete="off" onInput={({ currentTarget: { value } }) => setName(value)} />
          </Field>
          <datalist id="known-room-tags">
            {KNOWN.map(([tag]) => (
              <option key={tag} value={tag} />
            ))}
          </datalist>
          <Field label="Value">
            <input value={value} maxLength={256} autoComplete="off" onInput={({ currentTarget: { value } }) => setValue(value)} />
          </Field>
          <div class="acts">
            <Button type="submit" disabled={!name} onPress={add}>
              Add tag
            </Button>
          </div>
        </Form>
      )}
    </Card>
  );
}
