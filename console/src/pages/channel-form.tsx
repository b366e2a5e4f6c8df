// The form of a channel: all that can be said of one, to make it or to change it.
// Promise: what is sent is what stands in the form, no more when nothing was changed; what the server says of a
// member is shown at its field.
import { useState } from "preact/hooks";
import { Button, Field, Form } from "../ui/kit";
import { useLoad } from "../ui/load";
import { ivs } from "../wire/call";
import { useMay } from "../wire/may";
import { all, type Channel, nameOf, type RecordingConfiguration, type RestrictionPolicy } from "./channel-wire";

/** What the form holds. */
type Draft = Pick<
  Channel,
  | "name"
  | "type"
  | "preset"
  | "latencyMode"
  | "authorized"
  | "insecureIngest"
  | "containerFormat"
  | "recordingConfigurationArn"
  | "playbackRestrictionPolicyArn"
> & {
  multitrack: boolean;
  multitrackPolicy: "ALLOW" | "REQUIRE";
  multitrackResolution: "SD" | "HD" | "FULL_HD";
};

const FRESH: Draft = {
  name: "",
  type: "STANDARD",
  preset: "",
  latencyMode: "LOW",
  authorized: false,
  insecureIngest: false,
  containerFormat: "TS",
  recordingConfigurationArn: "",
  playbackRestrictionPolicyArn: "",
  multitrack: false,
  multitrackPolicy: "ALLOW",
  multitrackResolution: "FULL_HD",
};

function draftOf(channel: Channel | undefined): Draft {
  if (!channel) return FRESH;
  const multitrack = channel.multitrackInputConfiguration;
  return {
    ...FRESH,
    name: channel.name,
    type: channel.type,
    preset: channel.preset,
    latencyMode: channel.latencyMode,
    authorized: channel.authorized,
    insecureIngest: channel.insecureIngest,
    containerFormat: channel.containerFormat,
    recordingConfigurationArn: channel.recordingConfigurationArn,
    playbackRestrictionPolicyArn: channel.playbackRestrictionPolicyArn,
    multitrack: multitrack?.enabled ?? false,
    multitrackPolicy: multitrack?.policy ?? "ALLOW",
    multitrackResolution: multitrack?.maximumResolution ?? "FULL_HD",
  };
}

/** The members of the API for what was changed. */
function changes(draft: Draft, before: Draft): Record<string, unknown> {
  const { multitrack, multitrackPolicy, multitrackResolution, preset, ...plain } = draft;
  const changed: Record<string, unknown> = {};
  for (const [name, value] of Object.entries(plain)) if (value !== before[name as keyof Draft]) changed[name] = value;
  if (hasPreset(draft.type) ? preset !== before.preset || draft.type !== before.type : false) changed["preset"] = preset || "HIGHER_BANDWIDTH_DELIVERY";
  const isTouched =
    multitrack !== before.multitrack || multitrackPolicy !== before.multitrackPolicy || multitrackResolution !== before.multitrackResolution;
  if (isTouched) {
    changed["multitrackInputConfiguration"] = multitrack
      ? { enabled: true, policy: multitrackPolicy, maximumResolution: multitrackResolution }
      : { enabled: false };
  }
  return changed;
}

const hasPreset = (type: Channel["type"]): boolean => type.startsWith("ADVANCED");

const TYPES: [Channel["type"], string][] = [
  ["STANDARD", "Standard: transcoded into a ladder up to the source"],
  ["BASIC", "Basic: passed through as it comes"],
  ["ADVANCED_SD", "Advanced SD: transcoded, up to 480p"],
  ["ADVANCED_HD", "Advanced HD: transcoded, up to 720p"],
];

interface Props {
  /** To change; without it one is made. */
  channel?: Channel;
  /** It was made or changed. */
  onDone: (channel: Channel) => void;
  onCancel?: () => void;
}

/** Makes a channel (with its stream key), or changes one. */
export function ChannelForm({ channel, onDone, onCancel }: Props) {
  const before = draftOf(channel);
  const [draft, setDraft] = useState(before);
  const set = (change: Partial<Draft>) => setDraft((draft) => ({ ...draft, ...change }));
  const changed = changes(draft, before);
  const save = async () => {
    const operation = channel ? "UpdateChannel" : "CreateChannel";
    const told = await ivs<{ channel: Channel }>(operation, channel ? { arn: channel.arn, ...changed } : changed);
    onDone(told.channel);
  };
  return (
    <Form label={channel ? "Channel settings" : "New channel"}>
      <Field label="Name" name="name" help="Up to 128 letters, digits, - and _. Need not be unique.">
        <input value={draft.name} maxLength={128} autoComplete="off" spellcheck={false} onInput={({ currentTarget: { value } }) => set({ name: value })} />
      </Field>
      <Field label="Type" name="type" help={hasPreset(draft.type) || draft.type === "STANDARD" ? "Only where the server transcodes (its setting transcoding); else the stream is passed through." : "Viewers get what the encoder sends; costs next to nothing."}>
        {choice(draft.type, TYPES, (type) => set({ type }))}
      </Field>
      {hasPreset(draft.type) && (
        <Field label="Transcode preset" name="preset">
          {choice(draft.preset || "HIGHER_BANDWIDTH_DELIVERY", [
              ["HIGHER_BANDWIDTH_DELIVERY", "Higher bandwidth delivery"],
              ["CONSTRAINED_BANDWIDTH_DELIVERY", "Constrained bandwidth delivery"],
            ], (preset) => set({ preset }))}
        </Field>
      )}
      <Field label="Latency" name="latencyMode">
        {choice(draft.latencyMode, [
            ["LOW", "Low: two to three seconds"],
            ["NORMAL", "Normal: for broad playback, further behind"],
          ], (latencyMode) => set({ latencyMode }))}
      </Field>
      <Field label="Container" name="containerFormat">
        {choice(draft.containerFormat, [
            ["TS", "MPEG-TS"],
            ["FRAGMENTED_MP4", "Fragmented MP4 (CMAF)"],
          ], (containerFormat) => set({ containerFormat }))}
      </Field>
      <Field label="Private: viewers need a playback token" name="authorized">
        <input type="checkbox" checked={draft.authorized} onChange={({ currentTarget: { checked } }) => set({ authorized: checked })} />
      </Field>
      <Field label="Insecure ingest: take RTMP without TLS too" name="insecureIngest">
        <input type="checkbox" checked={draft.insecureIngest} onChange={({ currentTarget: { checked } }) => set({ insecureIngest: checked })} />
      </Field>
      <Field label="Multitrack video: the encoder makes the renditions (Enhanced RTMP)" name="multitrackInputConfiguration">
        <input type="checkbox" checked={draft.multitrack} onChange={({ currentTarget: { checked } }) => set({ multitrack: checked })} />
      </Field>
      {draft.multitrack && (
        <>
          <Field label="Several tracks" name="multitrackInputConfiguration.policy">
            {choice(draft.multitrackPolicy, [
                ["ALLOW", "are allowed"],
                ["REQUIRE", "are required"],
              ], (multitrackPolicy) => set({ multitrackPolicy }))}
          </Field>
          <Field label="Largest track" name="multitrackInputConfiguration.maximumResolution">
            {choice(draft.multitrackResolution, [
                ["FULL_HD", "Full HD"],
                ["HD", "HD"],
                ["SD", "SD"],
              ], (multitrackResolution) => set({ multitrackResolution }))}
          </Field>
        </>
      )}
      <Attached<RecordingConfiguration>
        label="Recording configuration"
        name="recordingConfigurationArn"
        none="Not recorded"
        operation="ListRecordingConfigurations"
        member="recordingConfigurations"
        value={draft.recordingConfigurationArn}
        said={(one) => (one.state === "ACTIVE" ? nameOf(one) : `${nameOf(one)} (${one.state})`)}
        onPick={(recordingConfigurationArn) => set({ recordingConfigurationArn })}
      />
      <Attached<RestrictionPolicy>
        label="Playback restriction policy"
        name="playbackRestrictionPolicyArn"
        none="No restriction"
        operation="ListPlaybackRestrictionPolicies"
        member="playbackRestrictionPolicies"
        value={draft.playbackRestrictionPolicyArn}
        said={nameOf}
        onPick={(playbackRestrictionPolicyArn) => set({ playbackRestrictionPolicyArn })}
      />
      <div class="acts">
        {onCancel && <Button onPress={onCancel}>Cancel</Button>}
        <Button type="submit" kind="main" disabled={Boolean(channel) && Object.keys(changed).length === 0} onPress={save}>
          {channel ? "Save changes" : "Create channel"}
        </Button>
      </div>
    </Form>
  );
}

/** One of a few words. An element, not a component: `Field` gives it its id and what describes it. */
const choice = <T extends string>(value: T, of: readonly (readonly [T, string])[], onPick: (value: T) => void) => (
  <select value={value} onChange={({ currentTarget }) => onPick(currentTarget.value as T)}>
    {of.map(([word, said]) => (
      <option key={word} value={word}>
        {said}
      </option>
    ))}
  </select>
);

interface AttachedProps<T> {
  label: string;
  name: string;
  none: string;
  operation: string;
  member: string;
  value: string;
  said: (one: T) => string;
  onPick: (arn: string) => void;
}

/** What a channel names by its ARN: one of the list, for those who may see it; else the ARN. */
function Attached<T extends { arn: string }>({ label, name, none, operation, member, value, said, onPick }: AttachedProps<T>) {
  const may = useMay(`ivs:${operation}`);
  const { value: list } = useLoad(async () => (may ? all<T>(operation, member) : undefined), [may]);
  const known = list ?? [];
  return (
    <Field label={label} name={name}>
      <select value={value} onChange={({ currentTarget }) => onPick(currentTarget.value)}>
        <option value="">{none}</option>
        {value && !known.some(({ arn }) => arn === value) && <option value={value}>{value}</option>}
        {known.map((one) => (
          <option key={one.arn} value={one.arn}>
            {said(one)}
          </option>
        ))}
      </select>
    </Field>
  );
}
