// What needs somebody: starving streams, events that could not be delivered, disks and quotas that are nearly full,
// recording configurations that failed.
// Promise: each line says what is wrong and leads to where something can be done; without trouble nothing is shown.
import type { ComponentChildren } from "preact";
import { Icon } from "../ui/icons";
import { useLoad } from "../ui/load";
import { href } from "../ui/route";
import { bytes, idOf } from "../ui/words";
import { desk } from "../wire/call";
import { useMay } from "../wire/may";
import { all, nameOf, type RecordingConfiguration } from "./channel-wire";
import type { Machine, OnAir } from "./overview-wire";

const EVERY_MS = 15_000;
/** Parts of a disk that are free. */
const LITTLE = 0.08;
/** Streams that are named. */
const NAMED = 5;

/** What is wrong, and where to go. */
interface Trouble {
  id: string;
  said: ComponentChildren;
  to: string;
  where: string;
}

interface Sink {
  name: string;
  kind: string | null;
  deadLetters: number;
}

async function sinkTroubles(signal: AbortSignal): Promise<Trouble[]> {
  const { eventSinks } = await desk<{ eventSinks: Sink[] }>("GET", "event-sinks", { signal });
  return eventSinks
    .filter(({ deadLetters }) => deadLetters > 0)
    .map(({ name, deadLetters }) => ({
      id: `sink ${name}`,
      said: `${deadLetters === 1 ? "An event" : `${deadLetters} events`} could not be delivered to the sink ${name}.`,
      to: "/events?tab=sinks",
      where: "Event sinks",
    }));
}

async function diskTroubles(signal: AbortSignal): Promise<Trouble[]> {
  const { disks } = await desk<Machine>("GET", "machine", { signal });
  return disks
    .filter(({ free, total }) => total > 0 && free / total < LITTLE)
    .map(({ path, free, holds }) => ({
      id: `disk ${path}`,
      said: `The disk of ${path} (${holds.join(", ")}) has ${bytes(free)} left.`,
      to: "/doctor",
      where: "Doctor",
    }));
}

async function recordingTroubles(): Promise<Trouble[]> {
  const configurations = await all<RecordingConfiguration>("ListRecordingConfigurations", "recordingConfigurations");
  return configurations
    .filter(({ state }) => state === "CREATE_FAILED")
    .map((one) => ({
      id: one.arn,
      said: `The recording configuration ${nameOf(one)} failed: nothing is recorded by it.`,
      to: "/recordings?tab=configurations",
      where: "Recording configurations",
    }));
}

/** A part that is asked only by those who may; what fails is missing, as its own page says why. */
const part = (may: boolean, ask: (signal: AbortSignal) => Promise<Trouble[]>, signal: AbortSignal): Promise<Trouble[]> =>
  may ? ask(signal).catch(() => []) : Promise.resolve([]);

export function Attention({ streams }: { streams: OnAir[] | undefined }) {
  const sinks = useMay("rillcast:ListEventSinks");
  const machine = useMay("rillcast:ReadMachine");
  const recordings = useMay("ivs:ListRecordingConfigurations");
  const { value: found } = useLoad(
    async (signal) => {
      const parts = [part(sinks, sinkTroubles, signal), part(machine, diskTroubles, signal), part(recordings, recordingTroubles, signal)];
      return (await Promise.all(parts)).flat();
    },
    [sinks, machine, recordings],
    EVERY_MS,
  );
  const starving = (streams ?? []).filter(({ health }) => health === "STARVING");
  const troubles: Trouble[] = [
    ...starving.slice(0, NAMED).map(({ arn, name }) => ({
      id: arn,
      said: `${name || idOf(arn)} is starving: its encoder sends less than it should, or too late.`,
      to: `/channels/${idOf(arn)}?tab=health`,
      where: "Channel",
    })),
    ...(found ?? []),
  ];
  if (troubles.length === 0) return null;
  return (
    <section class="card attention" aria-label="Needs attention">
      <h2>
        <Icon name="warn" /> Needs attention
      </h2>
      <ul>
        {troubles.map(({ id, said, to, where }) => (
          <li key={id}>
            {said} <a href={href(to)}>{where}</a>
          </li>
        ))}
        {starving.length > NAMED && <li>{starving.length - NAMED} more streams are starving.</li>}
      </ul>
    </section>
  );
}
