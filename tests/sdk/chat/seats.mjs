// The official chat SDK's rooms by name, and what each of them heard: the same in Node and in a browser.
//
// Promise: nothing is put between the SDK and the server; what is told is what the SDK gave to its user.

import {
  ChatRoom,
  DeleteMessageRequest,
  DisconnectUserRequest,
  SendMessageRequest,
} from "amazon-ivs-chat-messaging";

// The SDK never gives up on a request by itself.
const PATIENCE = 30_000;
const HEARD = ["connecting", "connect", "disconnect", "message", "event", "messageDelete", "userDisconnect"];

const seats = new Map();

function request(kind, requestId, ...given) {
  const made = new kind(...given);
  if (requestId !== undefined && requestId !== null) made.requestId = requestId;
  return made;
}

async function outcome(promise) {
  let timer;
  const silence = new Promise((resolve) => (timer = setTimeout(() => resolve({ silence: true }), PATIENCE)));
  const told = promise.then(
    (done) => ({ done }),
    (refused) => ({ refused: refused instanceof Error ? { text: String(refused) } : refused }),
  );
  const first = await Promise.race([told, silence]);
  clearTimeout(timer);
  return first;
}

export const verbs = {
  // Takes a seat: tokens come from the application's server, as in every app.
  open({ name, url, tokens, maxReconnectAttempts }) {
    const tokenProvider = async () => {
      const answer = await fetch(`${tokens}?seat=${encodeURIComponent(name)}`);
      if (!answer.ok) throw new Error(`no token: ${answer.status}`);
      return answer.json();
    };
    const room = new ChatRoom({ regionOrUrl: url, tokenProvider, maxReconnectAttempts });
    room.logLevel = "error";
    const heard = [];
    for (const what of HEARD) room.addListener(what, (told) => heard.push({ what, told: told ?? null }));
    seats.set(name, { room, heard });
    room.connect();
  },

  heard: ({ name }) => seats.get(name).heard,
  state: ({ name }) => seats.get(name).room.state,
  leave: ({ name }) => seats.get(name).room.disconnect(),

  send: ({ name, content, attributes, requestId }) =>
    outcome(seats.get(name).room.sendMessage(request(SendMessageRequest, requestId, content, attributes ?? undefined))),
  // All at once, before any is answered.
  sendMany: ({ name, contents }) =>
    Promise.all(contents.map((content) => outcome(seats.get(name).room.sendMessage(new SendMessageRequest(content))))),
  remove: ({ name, id, reason }) =>
    outcome(seats.get(name).room.deleteMessage(new DeleteMessageRequest(id, reason ?? undefined))),
  kick: ({ name, user, reason }) =>
    outcome(seats.get(name).room.disconnectUser(new DisconnectUserRequest(user, reason ?? undefined))),
};

// One verb; its answer as plain JSON.
export async function perform({ verb, ...given }) {
  try {
    return { answer: JSON.parse(JSON.stringify((await verbs[verb](given)) ?? null)) };
  } catch (error) {
    return { failure: String(error?.stack ?? error) };
  }
}
