// One access key: what it may do, tried out; another policy; disabled, enabled, removed.
// Promise: the key that is signed in changes nothing of itself, and is told so.
import { useState } from "preact/hooks";
import { Button, Destroy, Dialog, Facts, Field, Form, Notice, Tabs } from "../ui/kit";
import { useLoad } from "../ui/load";
import { moment, NONE } from "../ui/words";
import { useMay } from "../wire/may";
import { PolicyField } from "./key-policy";
import { type AccessKey, change, check, type Checked, policies, policyName, remove, setPolicy } from "./key-wire";

interface Props {
  of: AccessKey;
  onChange: () => void;
  onClose: () => void;
}

type Tab = "about" | "try" | "policy";

export function KeyDialog({ of: key, onChange, onClose }: Props) {
  const [tab, setTab] = useState<Tab>("about");
  const mayTry = useMay("rillcast:ReadPolicyDecision");
  const mayPolicy = useMay("rillcast:PutAccessKeyPolicy") && !key.own;
  const tabs: [Tab, string][] = [["about", "About"]];
  if (mayTry) tabs.push(["try", "What may it do?"]);
  if (mayPolicy) tabs.push(["policy", "Change policy"]);
  return (
    <Dialog title={`Access key ${key.name || key.accessKeyId}`} onClose={onClose}>
      <Tabs of={tabs} at={tab} onPick={setTab} />
      {tab === "about" && <About of={key} onChange={onChange} onClose={onClose} />}
      {tab === "try" && <Try of={key} />}
      {tab === "policy" && <Change of={key} onDone={() => (onChange(), setTab("about"))} />}
    </Dialog>
  );
}

function About({ of: key, onChange, onClose }: Props) {
  const mayUpdate = useMay("rillcast:UpdateAccessKey") && !key.own;
  const mayDelete = useMay("rillcast:DeleteAccessKey") && !key.own;
  const turn = async () => {
    await change(key.accessKeyId, key.active ? "disable" : "enable");
    onChange();
  };
  const away = async () => {
    await remove(key.accessKeyId);
    onChange();
    onClose();
  };
  return (
    <div class="stack">
      <Facts
        of={[
          ["Access key id", <code>{key.accessKeyId}</code>],
          ["State", key.active ? "Active" : "Disabled"],
          ["May do", policyName(key)],
          ["Created", moment(key.created)],
          ["Last used", key.lastUsed ? moment(key.lastUsed) : NONE],
        ]}
      />
      <details>
        <summary>Policy document</summary>
        <pre tabIndex={0}>{key.document}</pre>
      </details>
      {key.own && (
        <Notice kind="note">You are signed in with this key. It does not change, disable or remove itself, so that nobody locks themselves out: use another key, or rillcast keys on the server.</Notice>
      )}
      <div class="acts">
        {mayUpdate && <Button onPress={turn}>{key.active ? "Disable" : "Enable"}</Button>}
        {mayDelete && <Destroy label="Remove" confirm="Remove key" question={`Remove ${key.name || key.accessKeyId} for good? Whatever signs with it is refused from then on. To be able to go back, disable it.`} act={away} />}
      </div>
    </div>
  );
}

function Change({ of: key, onDone }: { of: AccessKey; onDone: () => void }) {
  const [policy, setText] = useState(key.policy === "custom" ? key.document : key.policy);
  const keep = async () => {
    await setPolicy(key.accessKeyId, policy);
    onDone();
  };
  return (
    <Form label="Change policy">
      <PolicyField policy={policy} onPolicy={setText} />
      <div class="acts">
        <Button kind="main" type="submit" onPress={keep}>
          Save policy
        </Button>
      </div>
    </Form>
  );
}

/** Lines of `KEY=VALUE`. */
function context(text: string): Record<string, string[]> {
  const found: Record<string, string[]> = {};
  for (const line of text.split("\n")) {
    const at = line.indexOf("=");
    if (at > 0) (found[line.slice(0, at).trim()] ??= []).push(line.slice(at + 1).trim());
  }
  return found;
}

function Try({ of: key }: { of: AccessKey }) {
  const mayList = useMay("rillcast:ListPolicies");
  const known = useLoad(async (signal) => (mayList ? policies(signal) : undefined), [mayList]).value;
  const [action, setAction] = useState("ivs:GetChannel");
  const [resource, setResource] = useState("*");
  const [more, setMore] = useState("");
  const [told, setTold] = useState<Checked>();
  const ask = async () => {
    setTold(undefined);
    setTold(await check({ policy: key.document, action: action.trim(), resource: resource.trim() || "*", context: context(more) }));
  };
  return (
    <Form label="What may it do?">
      <Field label="Action" name="action">
        <input required list="actions" spellcheck={false} value={action} onInput={({ currentTarget }) => setAction(currentTarget.value)} />
      </Field>
      <datalist id="actions">
        {known?.actions.map((name) => (
          <option key={name} value={name} />
        ))}
      </datalist>
      <Field label="Resource" name="resource" help="An ARN, arn:aws:ivs:REGION:ACCOUNT:channel/* for one to be created, or * where the action names none">
        <input spellcheck={false} value={resource} onInput={({ currentTarget }) => setResource(currentTarget.value)} />
      </Field>
      <details>
        <summary>What else is known of the request</summary>
        <Field label="Condition keys" name="context" help="One KEY=VALUE a line, such as aws:SourceIp=192.0.2.7">
          <textarea rows={3} spellcheck={false} value={more} onInput={({ currentTarget }) => setMore(currentTarget.value)} />
        </Field>
      </details>
      <div class="acts">
        <Button kind="main" type="submit" onPress={ask}>
          Ask
        </Button>
      </div>
      {told && (
        <div class={`notice ${told.allowed ? "good" : "bad"}`} role="status">
          <p>{told.decision ?? told.error}</p>
          {told.explanation?.map((line) => (
            <p key={line}>
              <small>{line}</small>
            </p>
          ))}
        </div>
      )}
    </Form>
  );
}
