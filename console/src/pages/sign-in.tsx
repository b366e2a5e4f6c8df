// The door: an access key, tried before it is kept.
// Promise: a key that the server does not take is not kept.
import { useState } from "preact/hooks";
import { Button, Field, Notice } from "../ui/kit";
import { desk } from "../wire/call";
import { forgetMay } from "../wire/may";
import { holdKey, type Identity } from "../wire/session";

export function SignIn({ onEnter, why }: { onEnter: (who: Identity) => void; why?: string | undefined }) {
  const [id, setId] = useState("");
  const [secret, setSecret] = useState("");
  const [region, setRegion] = useState("us-east-1");
  const enter = async () => {
    const key = { id: id.trim(), secret: secret.trim(), region: region.trim() };
    const who = await desk<Identity>("POST", "whoami", { body: {}, key });
    holdKey(key);
    forgetMay();
    onEnter(who);
  };
  return (
    <main class="door">
      <form onSubmit={(event) => event.preventDefault()}>
        <h1>Rillcast</h1>
        <p>Sign in with an access key. It stays in this tab; requests are signed with it here.</p>
        {why && <Notice kind="note">{why}</Notice>}
        <Field label="Access key id">
          <input required autocomplete="username" value={id} onInput={(event) => setId(event.currentTarget.value)} />
        </Field>
        <Field label="Secret access key">
          <input required type="password" autocomplete="current-password" value={secret} onInput={(event) => setSecret(event.currentTarget.value)} />
        </Field>
        <Field label="Region">
          <input required value={region} onInput={(event) => setRegion(event.currentTarget.value)} />
        </Field>
        <Button kind="main" type="submit" onPress={enter}>
          Sign in
        </Button>
        <p>
          <small>
            The first start wrote a key to <code>credentials</code> in the data folder; <code>rillcast keys create</code> makes more.
          </small>
        </p>
      </form>
    </main>
  );
}
