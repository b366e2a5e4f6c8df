// Keeping order in a room: what can be done about a message, and about who wrote it.
// Promise: only what the key may do is offered; the reason is told to the room with what is done.
import { useState } from "preact/hooks";
import type { Entry } from "../chat/hall";
import { Button, Dialog, Field, Form } from "../ui/kit";
import { ivschat } from "../wire/call";
import { useMay } from "../wire/may";
import { command, type Room } from "./room-wire";

type Said = Entry & { kind: "message" };

/** Somebody whom something is to be done about; with one message of theirs, or none. */
export interface Case {
  userId: string;
  name: string;
  message?: Said;
}

/** What the key may do about messages and users. */
export function useModeration({ arn, tags }: Room) {
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
export function Order({ room, about, may, onClose, again }: { room: Room; about: Case; may: ReturnType<typeof useModeration>; onClose: () => void; again: () => void }) {
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
