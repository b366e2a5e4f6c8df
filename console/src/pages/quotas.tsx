// Quotas: what bounds the account, and how near it is.
// Promise: the nearest first; from 80 % it is said in words, not by colour alone.
import { Badge, Card, type Column, Head, Notice, Table, Waiting } from "../ui/kit";
import { useLoad } from "../ui/load";
import { href } from "../ui/route";
import { idOf } from "../ui/words";
import { desk } from "../wire/call";

interface Quota {
  name: string;
  setting: string;
  about: string;
  limit: number;
  open: number;
  aws: number;
  rate: boolean;
  used?: number;
  at?: string;
  here: boolean;
}

/** From here on it is near. */
const NEAR = 0.8;

type Counted = Quota & { used: number };

const isCounted = (quota: Quota): quota is Counted => quota.used !== undefined;
const share = ({ used, limit }: Counted) => used / limit;

export default function Quotas(_: { names: Record<string, string> }) {
  const { value, failure } = useLoad((signal) => desk<{ node: string; quotas: Quota[] }>("GET", "quotas", { signal }), [], 10_000);
  const counted = (value?.quotas ?? []).filter(isCounted).sort((one, other) => share(other) - share(one) || one.name.localeCompare(other.name));
  const near = counted.filter((quota) => share(quota) >= NEAR);
  const others = (value?.quotas ?? []).filter((quota) => !isCounted(quota));
  return (
    <>
      <Head title="Quotas" said={near.length ? `${near.length} near or reached` : ""} />
      <Notice failure={failure} />
      {!value && !failure && <Waiting />}
      {near.length > 0 && (
        <Notice kind="warn">
          {near.map(({ name }) => name).join(", ")}: at {Math.round(NEAR * 100)} % or more. What would go beyond is refused; raise the setting and start the
          server again.
        </Notice>
      )}
      {value && (
        <Card title="In use">
          <ul class="quotas">
            {counted.map((quota) => (
              <Bar key={quota.setting} of={quota} />
            ))}
          </ul>
        </Card>
      )}
      {value && (
        <Card title="Rates, and limits of single things">
          <Table name="Rates, and limits of single things" columns={COLUMNS} rows={others} idOf={({ setting }) => setting} />
        </Card>
      )}
      {value && (
        <p>
          <small>
            Limits are set in the server’s configuration by the settings named here (<code>limits = "aws"</code> takes the vendor’s own for all).
          </small>
        </p>
      )}
    </>
  );
}

function Bar({ of: quota }: { of: Counted }) {
  const part = share(quota);
  const level = part >= 1 ? "bad" : part >= NEAR ? "warn" : "";
  return (
    <li>
      <div class="row">
        <b>{quota.name}</b>
        {level && <Badge kind={level}>{part >= 1 ? "Reached" : "Near"}</Badge>}
        <span class="num">
          {quota.used.toLocaleString()} of {quota.limit.toLocaleString()}
        </span>
      </div>
      <div class={`bar ${level}`} role="meter" aria-label={quota.name} aria-valuemin={0} aria-valuemax={quota.limit} aria-valuenow={Math.min(quota.used, quota.limit)}>
        <span style={{ width: `${Math.min(100, part * 100)}%` }} />
      </div>
      <small>
        {quota.about} Setting <code>{quota.setting}</code>
        {quota.here && "; counted on this server"}
        {quota.at && quota.used > 0 && (
          <>
            ; most on <a href={href(`/channels/${idOf(quota.at)}`)}>{idOf(quota.at)}</a>
          </>
        )}
      </small>
    </li>
  );
}

const COLUMNS: Column<Quota>[] = [
  { title: "Name", kind: "wide", sort: ({ name }) => name, cell: ({ name, about }) => <span title={about}>{name}</span> },
  { title: "Limit", kind: "num", width: 9, sort: ({ limit }) => limit, cell: ({ limit, rate }) => `${limit.toLocaleString()}${rate ? " a second" : ""}` },
  { title: "With AWS", kind: "num", width: 8, sort: ({ aws }) => aws, cell: ({ aws }) => aws.toLocaleString() },
  { title: "Setting", kind: "aside", width: 17, sort: ({ setting }) => setting, cell: ({ setting }) => <code>{setting}</code> },
];
