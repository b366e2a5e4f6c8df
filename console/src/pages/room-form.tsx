// What a room is set to, for a new one and for one that is there.
// Promise: what the server says of a field stands at that field; a member that was not touched is sent as it was.
import { useState } from "preact/hooks";
import { Button, Field, Form } from "../ui/kit";
import { useLoad } from "../ui/load";
import { ivschat } from "../wire/call";
import { useMay } from "../wire/may";
import { destinationOf, loggings, type Room } from "./room-wire";

/** The extensions that a new room may begin with. */
const EXTENSIONS = [
  ["rillcast:moderation", "true", "Moderation", "Bans, mutes and taking back all that a user said."],
  ["rillcast:history", "50", "History", "Whoever joins gets the last 50 messages."],
  ["rillcast:presence", "5", "Presence", "Everyone is told how many are here."],
] as const;

export function RoomForm({ room, onDone }: { room?: Room; onDone: (room: Room) => void }) {
  const [name, setName] = useState(room?.name ?? "");
  const [rate, setRate] = useState(String(room?.maximumMessageRatePerSecond ?? 10));
  const [length, setLength] = useState(String(room?.maximumMessageLength ?? 500));
  const [uri, setUri] = useState(room?.messageReviewHandler?.uri ?? "");
  const [fallback, setFallback] = useState<string>(room?.messageReviewHandler?.fallbackResult ?? "ALLOW");
  const [logged, setLogged] = useState(room?.loggingConfigurationIdentifiers ?? []);
  const [on, setOn] = useState<string[]>(room ? [] : ["rillcast:moderation", "rillcast:history"]);
  const mayList = useMay("ivschat:ListLoggingConfigurations");
  const mayTag = useMay("ivschat:TagResource");
  const known = useLoad(async () => (mayList ? loggings() : []), [mayList]);
  const submit = async () => {
    const before = room?.messageReviewHandler;
    const wishes = {
      name,
      maximumMessageRatePerSecond: Number(rate),
      maximumMessageLength: Number(length),
      ...(uri !== (before?.uri ?? "") || fallback !== (before?.fallbackResult ?? "ALLOW")
        ? { messageReviewHandler: { uri, fallbackResult: fallback } }
        : {}),
      loggingConfigurationIdentifiers: logged,
    };
    const tags = Object.fromEntries(EXTENSIONS.filter(([tag]) => mayTag && on.includes(tag)).map(([tag, value]) => [tag, value]));
    onDone(
      room
        ? await ivschat<Room>("UpdateRoom", { identifier: room.arn, ...wishes })
        : await ivschat<Room>("CreateRoom", { ...wishes, ...(Object.keys(tags).length ? { tags } : {}) }),
    );
  };
  const toggle = (list: string[], one: string) => (list.includes(one) ? list.filter((other) => other !== one) : [...list, one]);
  return (
    <Form label={room ? "Settings of the room" : "New room"}>
      <Field label="Name" name="name" help="Letters, digits, - and _. It need not be the only one of its kind.">
        <input value={name} maxLength={128} autoComplete="off" onInput={({ currentTarget: { value } }) => setName(value)} />
      </Field>
      <Field label="Messages a second" name="maximumMessageRatePerSecond" help="Of all users together, 1 to 100.">
        <input type="number" min={1} max={100} required value={rate} onInput={({ currentTarget: { value } }) => setRate(value)} />
      </Field>
      <Field label="Characters of a message" name="maximumMessageLength" help="1 to 500.">
        <input type="number" min={1} max={500} required value={length} onInput={({ currentTarget: { value } }) => setLength(value)} />
      </Field>
      <Field label="Message review handler" name="messageReviewHandler" help="ARN of a Lambda function; where it is asked is in the server's review targets. Empty: messages are not reviewed.">
        <input value={uri} placeholder="arn:aws:lambda:…" autoComplete="off" onInput={({ currentTarget: { value } }) => setUri(value)} />
      </Field>
      {uri && (
        <Field label="Without an answer of the handler" help="What becomes of a message when the handler is away or late.">
          <select value={fallback} onChange={({ currentTarget: { value } }) => setFallback(value)}>
            <option value="ALLOW">ALLOW: it is sent</option>
            <option value="DENY">DENY: it is refused</option>
          </select>
        </Field>
      )}
      {(known.value?.length ?? 0) > 0 && (
        <fieldset>
          <legend>Logged to (at most 3)</legend>
          {known.value?.map((one) => (
            <Field key={one.arn} label={`${one.name || one.id}: ${destinationOf(one)} (${one.state})`}>
              <input
                type="checkbox"
                checked={logged.includes(one.arn)}
                disabled={!logged.includes(one.arn) && (one.state !== "ACTIVE" || logged.length >= 3)}
                onChange={() => setLogged(toggle(logged, one.arn))}
              />
            </Field>
          ))}
        </fieldset>
      )}
      {!room && mayTag && (
        <fieldset>
          <legend>Extensions</legend>
          {EXTENSIONS.map(([tag, , title, help]) => (
            <Field key={tag} label={title} help={help}>
              <input type="checkbox" checked={on.includes(tag)} onChange={() => setOn(toggle(on, tag))} />
            </Field>
          ))}
        </fieldset>
      )}
      <div class="acts">
        <Button kind="main" type="submit" onPress={submit}>
          {room ? "Save" : "Create room"}
        </Button>
      </div>
    </Form>
  );
}
