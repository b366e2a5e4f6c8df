// How the machine fares: processors, memory, disks, and what runs on it.
// Promise: what the server does not tell is not shown.
import { useRef } from "preact/hooks";
import { Card, Facts, Notice, Waiting } from "../ui/kit";
import { useLoad } from "../ui/load";
import { bytes, span } from "../ui/words";
import { desk } from "../wire/call";
import { useMay } from "../wire/may";
import { type Machine, sharesBetween } from "./overview-wire";

const EVERY_MS = 4_000;
/** Shares between two looks this near would be chance. */
const FIRST_MS = 900;

export function Health() {
  return useMay("rillcast:ReadMachine") ? <MachineCard /> : null;
}

function MachineCard() {
  const before = useRef<Machine | undefined>(undefined);
  const { value, failure } = useLoad(
    async (signal) => {
      const look = () => desk<Machine>("GET", "machine", { signal });
      if (!before.current) {
        before.current = await look();
        await new Promise((done) => setTimeout(done, FIRST_MS));
      }
      const machine = await look();
      const shares = sharesBetween(before.current, machine);
      before.current = machine;
      return { machine, shares };
    },
    [],
    EVERY_MS,
  );
  if (!value) return <Card title="Machine">{failure ? <Notice failure={failure} /> : <Waiting />}</Card>;
  const { machine, shares } = value;
  const { memory, processor, files } = machine;
  const facts: [string, string][] = [
    ["Version", machine.version],
    ["Node", machine.node],
    ["Running for", ago(machine)],
    ...(processor.load === undefined ? [] : [["Load", processor.load.toFixed(2)] as [string, string]]),
    ...(files.open === undefined ? [] : [["Open files", files.most === undefined ? String(files.open) : `${files.open} of ${files.most}`] as [string, string]]),
  ];
  return (
    <Card title="Machine">
      <div class="gauges">
        <Gauge name={processor.count === 1 ? "Processor" : `Processors (${processor.count ?? "?"})`} share={shares.machine} />
        <Gauge name="Rillcast's share" share={shares.own} />
        {memory.total !== undefined && memory.available !== undefined && (
          <Gauge
            name="Memory"
            share={1 - memory.available / memory.total}
            said={`${memory.resident === undefined ? "" : `Rillcast ${bytes(memory.resident)}; `}${bytes(memory.available)} free of ${bytes(memory.total)}`}
          />
        )}
        {machine.disks.map((disk) => (
          <Gauge key={disk.path} name={`Disk: ${disk.holds.join(", ")}`} share={disk.total ? 1 - disk.free / disk.total : undefined} said={`${bytes(disk.free)} free of ${bytes(disk.total)}`} />
        ))}
      </div>
      <Facts tight of={facts} />
    </Card>
  );
}

function ago({ now, started }: Machine): string {
  const days = Math.floor((now - started) / 86_400_000);
  return days ? (days === 1 ? "1 day" : `${days} days`) : span((now - started) / 1_000);
}

/** From here on it is coloured. */
const [MUCH, FULL] = [0.8, 0.92];

function Gauge({ name, share, said }: { name: string; share: number | undefined; said?: string }) {
  if (share === undefined) return null;
  const percent = Math.round(share * 100);
  return (
    <div>
      <p>
        <span>{name}</span>
        <b>{said ?? `${percent} %`}</b>
      </p>
      <div class={`bar ${share >= FULL ? "bad" : share >= MUCH ? "warn" : ""}`} role="meter" aria-label={name} aria-valuemin={0} aria-valuemax={100} aria-valuenow={percent} aria-valuetext={said ?? `${percent} percent`}>
        <span style={{ width: `${percent}%` }} />
      </div>
    </div>
  );
}
