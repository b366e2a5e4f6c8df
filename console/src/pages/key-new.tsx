// A new access key.
// Promise: its secret is shown until the dialog is closed, and never again.
import { useState } from "preact/hooks";
import { Button, Dialog, Field, Form, Notice, Paste } from "../ui/kit";
import { create, type MadeKey } from "./key-wire";
import { PolicyField } from "./key-policy";

export function NewKey({ onClose, onMade }: { onClose: () => void; onMade: () => void }) {
  const [made, setMade] = useState<MadeKey>();
  const [name, setName] = useState("");
  const [policy, setPolicy] = useState("read-only");
  const make = async () => {
    setMade(await create(name.trim(), policy));
    onMade();
  };
  if (made) return <Secret of={made} onClose={onClose} />;
  return (
    <Dialog title="Create access key" onClose={onClose}>
      <Form label="Create access key">
        <Field label="Name" name="name" help="Who or what uses it; it stands in the log and in refusals">
          <input value={name} maxLength={64} placeholder="backend" onInput={({ currentTarget }) => setName(currentTarget.value)} />
        </Field>
        <PolicyField policy={policy} onPolicy={setPolicy} />
        <div class="acts">
          <Button onPress={onClose}>Cancel</Button>
          <Button kind="main" type="submit" onPress={make}>
            Create
          </Button>
        </div>
      </Form>
    </Dialog>
  );
}

function Secret({ of: { key, secretAccessKey, region }, onClose }: { of: MadeKey; onClose: () => void }) {
  const profile = `[${key.name || "rillcast"}]\naws_access_key_id = ${key.accessKeyId}\naws_secret_access_key = ${secretAccessKey}\nregion = ${region}\n`;
  return (
    <Dialog title="Access key created" onClose={onClose}>
      <Notice kind="warn">Keep the secret now. It is shown this once; nobody can look it up later.</Notice>
      <dl class="facts">
        <div>
          <dt>Access key id</dt>
          <dd>
            <Paste text={key.accessKeyId} label="access key id" />
          </dd>
        </div>
        <div>
          <dt>Secret access key</dt>
          <dd>
            <Paste text={secretAccessKey} label="secret access key" />
          </dd>
        </div>
      </dl>
      <details>
        <summary>As a profile for ~/.aws/credentials</summary>
        <pre>{profile}</pre>
      </details>
      <div class="acts">
        <Button kind="main" onPress={onClose}>
          I have kept it
        </Button>
      </div>
    </Dialog>
  );
}
