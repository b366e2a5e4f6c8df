// From which countries and for which pages a channel may be watched: the policy that it has, and the account's others.
// Promise: the policy that a channel is under is changed only by who presses for it; what is live keeps its choice.
import { useState } from "preact/hooks";
import { Button, Card, Destroy, Dialog, Facts, Field, Form, Notice, Waiting } from "../ui/kit";
import { useLoad } from "../ui/load";
import { ivs } from "../wire/call";
import { useMay } from "../wire/may";
import type { Part } from "./channel";
import { all, nameOf, type RestrictionPolicy } from "./channel-wire";

export function Restriction({ channel, stream, again }: Part) {
  const mayList = useMay("ivs:ListPlaybackRestrictionPolicies");
  const mayMake = useMay("ivs:CreatePlaybackRestrictionPolicy");
  const mayChoose = useMay("ivs:UpdateChannel", channel.arn);
  const [edited, setEdited] = useState<RestrictionPolicy | "new">();
  const policies = useLoad(
    async () => (mayList ? all<RestrictionPolicy>("ListPlaybackRestrictionPolicies", "playbackRestrictionPolicies") : undefined),
    [mayList],
  );
  const own = channel.playbackRestrictionPolicyArn;
  const choose = async (playbackRestrictionPolicyArn: string) => {
    await ivs("UpdateChannel", { arn: channel.arn, playbackRestrictionPolicyArn });
    again();
  };
  if (!mayList) return own ? <Card title="Playback restriction">{own}</Card> : null;
  return (
    <Card title="Playback restriction" acts={mayMake && <Button small onPress={() => setEdited("new")}>New policy</Button>}>
      <Notice failure={policies.failure} />
      <p>
        {own ? "Viewers are under the policy that is marked. " : "The channel is under no policy. "}
        <span class="faint">This console watches wherever it is.</span>
      </p>
      {!policies.value && !policies.failure && <Waiting />}
      {policies.value?.map((policy) => (
        <Policy
          key={policy.arn}
          policy={policy}
          isOwn={policy.arn === own}
          onEdit={() => setEdited(policy)}
          onDone={policies.again}
          {...(mayChoose && !stream ? { onChoose: choose } : {})}
        />
      ))}
      {stream && mayChoose && <p class="faint">Which policy a channel is under can't be changed while it is live. What a policy says can.</p>}
      {edited && (
        <Dialog title={edited === "new" ? "New restriction policy" : `Edit ${nameOf(edited)}`} onClose={() => setEdited(undefined)}>
          <Edit
            policy={edited === "new" ? undefined : edited}
            onDone={() => {
              setEdited(undefined);
              policies.again();
            }}
          />
        </Dialog>
      )}
    </Card>
  );
}

interface PolicyProps {
  policy: RestrictionPolicy;
  isOwn: boolean;
  onEdit: () => void;
  onDone: () => void;
  onChoose?: (arn: string) => Promise<void>;
}

function Policy({ policy, isOwn, onEdit, onDone, onChoose }: PolicyProps) {
  const mayEdit = useMay("ivs:UpdatePlaybackRestrictionPolicy", policy.arn);
  const mayDelete = useMay("ivs:DeletePlaybackRestrictionPolicy", policy.arn);
  const { allowedCountries: countries, allowedOrigins: origins } = policy;
  return (
    <fieldset>
      <legend>
        {nameOf(policy)} {isOwn && <span class="badge good">This channel's</span>}
      </legend>
      <Facts
        of={[
          ["Countries", countries.length ? countries.join(", ") : "All"],
          ["Pages", origins.length ? origins.join(", ") + (policy.enableStrictOriginEnforcement ? " (strict)" : "") : "All"],
        ]}
      />
      <div class="acts">
        {onChoose && (
          <Button small onPress={() => onChoose(isOwn ? "" : policy.arn)}>
            {isOwn ? "Take off this channel" : "Use for this channel"}
          </Button>
        )}
        {mayEdit && (
          <Button small onPress={onEdit}>
            Edit
          </Button>
        )}
        {mayDelete && (
          <Destroy
            small
            label="Delete"
            confirm="Delete policy"
            question={`${nameOf(policy)} goes for good. The API refuses while a channel is under it.`}
            act={async () => {
              await ivs("DeletePlaybackRestrictionPolicy", { arn: policy.arn });
              onDone();
            }}
          />
        )}
      </div>
    </fieldset>
  );
}

const words = (text: string): string[] => text.split(/[\s,]+/).filter(Boolean);

function Edit({ policy, onDone }: { policy: RestrictionPolicy | undefined; onDone: () => void }) {
  const [name, setName] = useState(policy?.name ?? "");
  const [countries, setCountries] = useState(policy?.allowedCountries.join(", ") ?? "");
  const [origins, setOrigins] = useState(policy?.allowedOrigins.join("\n") ?? "");
  const [strict, setStrict] = useState(policy?.enableStrictOriginEnforcement ?? false);
  const save = async () => {
    await ivs(policy ? "UpdatePlaybackRestrictionPolicy" : "CreatePlaybackRestrictionPolicy", {
      ...(policy ? { arn: policy.arn } : {}),
      name,
      allowedCountries: words(countries.toUpperCase()),
      allowedOrigins: words(origins),
      enableStrictOriginEnforcement: strict,
    });
    onDone();
  };
  return (
    <Form label="Restriction policy">
      <Field label="Name" name="name">
        <input value={name} maxLength={128} autoComplete="off" onInput={({ currentTarget: { value } }) => setName(value)} />
      </Field>
      <Field label="Countries that may watch" name="allowedCountries" help="Two letters each, such as DE, FR. Empty: all. Needs a database of addresses (geoip_database).">
        <input value={countries} autoComplete="off" onInput={({ currentTarget: { value } }) => setCountries(value)} />
      </Field>
      <Field label="Pages that may play" name="allowedOrigins" help="One origin a line, such as https://example.com or https://*.example.com. Empty: all.">
        <textarea value={origins} rows={3} spellcheck={false} onInput={({ currentTarget: { value } }) => setOrigins(value)} />
      </Field>
      <Field label="Refuse requests that tell no such origin (strict)" name="enableStrictOriginEnforcement">
        <input type="checkbox" checked={strict} onChange={({ currentTarget: { checked } }) => setStrict(checked)} />
      </Field>
      <div class="acts">
        <Button type="submit" kind="main" onPress={save}>
          {policy ? "Save policy" : "Create policy"}
        </Button>
      </div>
    </Form>
  );
}
