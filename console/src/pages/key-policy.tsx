// Which policy: a ready-made one, or a document that the server checks while it is written.
// Promise: what is handed on is a ready-made policy's name or the text as it stands; the server has the last word.
import { useEffect, useState } from "preact/hooks";
import { Field, Notice } from "../ui/kit";
import { useLoad } from "../ui/load";
import { useMay } from "../wire/may";
import { check, policies, readyMadeName } from "./key-wire";

/** A policy starts from here. */
export const STARTER = JSON.stringify(
  { Version: "2012-10-17", Statement: [{ Effect: "Allow", Action: ["ivs:Get*", "ivs:List*"], Resource: "*" }] },
  null,
  2,
);

const SAID: Record<string, string> = {
  admin: "Everything in the account, keys too",
  "read-only": "Looks at everything, changes nothing, sees no stream keys",
  application: "What an application's backend needs: reads, stream keys, metadata, chat; creates and deletes nothing",
};

/** The text is a ready-made policy's name, or a document. */
export function PolicyField({ policy, onPolicy }: { policy: string; onPolicy: (policy: string) => void }) {
  const mayList = useMay("rillcast:ListPolicies");
  const mayCheck = useMay("rillcast:ReadPolicyDecision");
  const known = useLoad(async (signal) => (mayList ? policies(signal) : undefined), [mayList]).value;
  const names = known?.readyMade.map(({ name }) => name) ?? Object.keys(SAID);
  const isOwn = !names.includes(policy);
  const [fault, setFault] = useState<string>();
  useEffect(() => {
    setFault(undefined);
    if (!isOwn || !mayCheck) return;
    const stop = new AbortController();
    const timer = window.setTimeout(() => {
      check({ policy }, stop.signal).then(
        ({ valid, error }) => !stop.signal.aborted && setFault(valid ? undefined : error),
        () => undefined,
      );
    }, 300);
    return () => {
      stop.abort();
      window.clearTimeout(timer);
    };
  }, [policy, isOwn, mayCheck]);
  return (
    <>
      <Field label="May do" help={SAID[policy] ?? "An IAM policy document of your own"}>
        <select value={isOwn ? "" : policy} onChange={({ currentTarget }) => onPolicy(currentTarget.value || own(policy, known?.readyMade))}>
          {names.map((name) => (
            <option key={name} value={name}>
              {readyMadeName(name)}
            </option>
          ))}
          <option value="">Own policy…</option>
        </select>
      </Field>
      {isOwn && (
        <Field label="Policy document" name="policy" fault={fault} help="AWS's own JSON; actions of this server begin with ivs:, ivschat: and rillcast:">
          <textarea rows={12} spellcheck={false} value={policy} onInput={({ currentTarget }) => onPolicy(currentTarget.value)} />
        </Field>
      )}
      {policy === "admin" && <Notice kind="warn">Whoever has this key may make, change and remove other keys.</Notice>}
    </>
  );
}

/** A document to begin with: that of the ready-made policy that was picked before, to be changed. */
const own = (before: string, readyMade: { name: string; document: string }[] | undefined): string =>
  before === "admin" ? STARTER : (readyMade?.find(({ name }) => name === before)?.document ?? STARTER);
