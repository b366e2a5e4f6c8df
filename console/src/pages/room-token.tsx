// A chat token to try things with, and the lines of an application's backend and page that do the same.
// Promise: a token is shown once and kept nowhere.
import { useState } from "preact/hooks";
import { Button, Card, Facts, Field, Form, Paste } from "../ui/kit";
import { moment } from "../ui/words";
import { ivschat } from "../wire/call";
import type { Room } from "./room-wire";

const CAPABILITIES = ["SEND_MESSAGE", "DELETE_MESSAGE", "DISCONNECT_USER"] as const;

interface Made {
  token: string;
  tokenExpirationTime: string;
  sessionExpirationTime: string;
}

export function TestToken({ room }: { room: Room }) {
  const [user, setUser] = useState("alice");
  const [name, setName] = useState("Alice");
  const [minutes, setMinutes] = useState("60");
  const [may, setMay] = useState<string[]>(["SEND_MESSAGE"]);
  const [made, setMade] = useState<Made>();
  const wish = {
    roomIdentifier: room.arn,
    userId: user,
    capabilities: may,
    attributes: name ? { displayName: name } : {},
    sessionDurationInMinutes: Number(minutes),
  };
  return (
    <div class="grid">
      <Card title="Chat token">
        <Form label="Chat token">
          <Field label="User id" name="userId">
            <input required value={user} maxLength={128} autoComplete="off" onInput={({ currentTarget: { value } }) => setUser(value)} />
          </Field>
          <Field label="Name to be shown" name="attributes" help="As the attribute displayName, which everyone in the room gets with each message.">
            <input value={name} maxLength={200} autoComplete="off" onInput={({ currentTarget: { value } }) => setName(value)} />
          </Field>
          <Field label="Session, minutes" name="sessionDurationInMinutes" help="1 to 180.">
            <input type="number" min={1} max={180} required value={minutes} onInput={({ currentTarget: { value } }) => setMinutes(value)} />
          </Field>
          <fieldset>
            <legend>Capabilities</legend>
            {CAPABILITIES.map((one) => (
              <Field key={one} label={one}>
                <input type="checkbox" checked={may.includes(one)} onChange={() => setMay(may.includes(one) ? may.filter((other) => other !== one) : [...may, one])} />
              </Field>
            ))}
          </fieldset>
          <div class="acts">
            <Button kind="main" type="submit" onPress={async () => setMade(await ivschat<Made>("CreateChatToken", wish))}>
              Create token
            </Button>
          </div>
        </Form>
        {made && (
          <div role="status">
            <p>A token for one connection:</p>
            <p>
              <Paste text={made.token} label="token" />
            </p>
            <Facts
              of={[
                ["Opens a connection until", moment(made.tokenExpirationTime)],
                ["The session ends", moment(made.sessionExpirationTime)],
              ]}
            />
          </div>
        )}
      </Card>
      <Card title="In an application">
        <p>The backend, for whoever is logged in:</p>
        <pre>{`import boto3
chat = boto3.client("ivschat", endpoint_url="${location.origin}")
made = chat.create_chat_token(
    roomIdentifier="${room.arn}",
    userId="${user}",
    capabilities=${JSON.stringify(may)},
    attributes=${JSON.stringify(wish.attributes)},
    sessionDurationInMinutes=${minutes || 60},
)`}</pre>
        <p>The page:</p>
        <pre>{`import { ChatRoom, SendMessageRequest } from "amazon-ivs-chat-messaging";
const room = new ChatRoom({
  regionOrUrl: "${location.origin.replace(/^http/, "ws")}",
  tokenProvider: async () => (await fetch("/token")).json(),
});
room.addListener("message", (message) => console.log(message.content));
room.addListener("connect", () => room.sendMessage(new SendMessageRequest("hello")));
room.connect();`}</pre>
      </Card>
    </div>
  );
}
