// What holds for a room as a whole: slow mode, and events to everyone in it.
// Promise: an attribute that can't be read is told before anything is sent.
import { useState } from "preact/hooks";
import { Button, Card, Dialog, Field, Form } from "../ui/kit";
import { Failure, ivschat } from "../wire/call";
import { useMay } from "../wire/may";
import { dropTag, setTag } from "../wire/tags";
import type { Room } from "./room-wire";

/** What holds for the room as a whole: slow mode, and events to the room. */
export function Controls({ room }: { room: Room }) {
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
      if (at < 1) throw new Failure("Attributes", `Write each attribute as name=value; this is none: ${line}`, 0);
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
