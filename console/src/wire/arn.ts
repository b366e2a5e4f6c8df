// ARNs of what addresses in the console name by their last part alone.
// Promise: the account and region are those of the signed-in key, asked for once.
import { useEffect, useState } from "preact/hooks";
import { desk } from "./call";
import { heldKey, type Identity } from "./session";

let known: { key: string; who: Promise<Identity> } | undefined;

/** Who is signed in. */
export function whoAmI(): Promise<Identity> {
  const key = heldKey()?.id ?? "";
  if (known?.key !== key) {
    const who = desk<Identity>("POST", "whoami", { body: {} });
    who.catch(() => {
      known = undefined;
    });
    known = { key, who };
  }
  return known.who;
}

export type Kind = "channel" | "stream-key" | "recording-configuration" | "playback-key" | "playback-restriction-policy" | "room" | "logging-configuration";

const CHAT: readonly Kind[] = ["room", "logging-configuration"];

export const arnOf = ({ account, region }: Identity, kind: Kind, id: string): string =>
  `arn:aws:${CHAT.includes(kind) ? "ivschat" : "ivs"}:${region}:${account}:${kind}/${id}`;

/** The ARN of one's own thing of this id; nothing until it is known who one is. */
export function useArn(kind: Kind, id: string): string | undefined {
  const [arn, setArn] = useState<string>();
  useEffect(() => {
    let here = true;
    void whoAmI().then(
      (who) => here && setArn(arnOf(who, kind, id)),
      () => undefined,
    );
    return () => {
      here = false;
    };
  }, [kind, id]);
  return arn;
}
