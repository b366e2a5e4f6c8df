// The tags of a resource: what is set, and forms to set and to remove.
// Promise: what the key may not do is not offered; a tag that means something here says what.
import { useState } from "preact/hooks";
import { useMay } from "../wire/may";
import { dropTag, serviceOf, setTag } from "../wire/tags";
import { Button, Card, Field, Form } from "./kit";

/** The resource, whose tags are the business of its own service. */
interface Tagged {
  arn: string;
  tags?: Record<string, string>;
}

interface Props {
  of: Tagged;
  title?: string;
  /** Tags that mean something to this server, and what may stand in them. */
  known: readonly (readonly [tag: string, meaning: string])[];
  /** Something has changed. */
  again: () => void;
}

export function Tags({ of, title = "Tags", known, again }: Props) {
  const service = serviceOf(of.arn);
  const [maySet, mayDrop] = [useMay(`${service}:TagResource`, of.arn), useMay(`${service}:UntagResource`, of.arn)];
  const [name, setName] = useState("");
  const [value, setValue] = useState("");
  const add = async () => {
    await setTag(of.arn, name, value);
    setName("");
    setValue("");
    again();
  };
  const drop = async (tag: string) => {
    await dropTag(of.arn, tag);
    again();
  };
  const tags = Object.entries(of.tags ?? {});
  const meaning = known.find(([tag]) => tag === name)?.[1];
  return (
    <Card title={title}>
      {tags.length === 0 && <p class="faint">None.</p>}
      {tags.map(([tag, value]) => (
        <div key={tag} class="row">
          <span class="grow">
            <code>{tag}</code> = <code>{value}</code>
          </span>
          {mayDrop && (
            <Button small aria-label={`Remove tag ${tag}`} onPress={() => drop(tag)}>
              Remove
            </Button>
          )}
        </div>
      ))}
      {maySet && (
        <Form label="Add a tag">
          <Field label="Key" name="tags" help={meaning ?? `Of use here: ${known.map(([tag]) => tag).join(", ")}.`}>
            <input required value={name} maxLength={128} list="known-tags" autoComplete="off" onInput={({ currentTarget: { value } }) => setName(value)} />
          </Field>
          <datalist id="known-tags">
            {known.map(([tag]) => (
              <option key={tag} value={tag} />
            ))}
          </datalist>
          <Field label="Value">
            <input value={value} maxLength={256} autoComplete="off" onInput={({ currentTarget: { value } }) => setValue(value)} />
          </Field>
          <div class="acts">
            <Button type="submit" disabled={!name} onPress={add}>
              Add tag
            </Button>
          </div>
        </Form>
      )}
    </Card>
  );
}
