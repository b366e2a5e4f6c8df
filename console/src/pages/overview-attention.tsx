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
import type { Machine, OnAir } from "./overview-wire";

const EVERY_MS = 15_000;
/** Parts of a disk that are free. */
const LITTLE = 0.08;
/** Part of a quota that is used. */
const NEAR = 0.9;
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

interface Failed {
  arn: string;
  name: string;
  bucket: string;
  reason: string;
}

async function recordingTroubles(signal: AbortSignal): Promise<Trouble[]> {
  const { recordingConfigurations } = await desk<{ recordingConfigurations: Failed[] }>("GET", "recording-configuration-reasons", { signal });
  return recordingConfigurations.map(({ arn, name, bucket, reason }) => ({
    id: arn,
    said: `The recording configuration ${name || idOf(arn)} can't write to ${bucket}: ${reason}`,
    to: "/recordings?tab=configurations",
    where: "Recording configurations",
  }));
}

interface Quota {
  name: string;
  setting: string;
  limit: number;
  rate: boolean;
  used?: number;
}

async function quotaTroubles(signal: AbortSignal): Promise<Trouble[]> {
  const { quotas } = await desk<{ quotas: Quota[] }>("GET", "quotas", { signal });
  return quotas
    .filter(({ rate, used, limit }) => !rate && used !== undefined && used >= limit * NEAR)
    .map(({ name, setting, used, limit }) => ({
      id: `quota ${setting}`,
      said: `${name}: ${used} of ${limit} are used.`,
      to: "/quotas",
      where: "Quotas",
    }));
}

/** A part that is asked only by those who may; what fails is missing, as its own page says why. */
const part = (may: boolean, ask: (signal: AbortSignal) => Promise<Trouble[]>, signal: AbortSignal): Promise<Trouble[]> =>
  may ? ask(signal).catch(() => []) : Promise.resolve([]);

export function Attention({ streams }: { streams: OnAir[] | undefined }) {
  const sinks = useMay("rillcast:ListEventSinks");
  const machine = useMay("rillcast:ReadMachine");
  const recordings = useMay("rillcast:ListRecordingConfigurationReasons");
  const quotas = useMay("rillcast:ListQuotas");
  const { value: found } = useLoad(
    async (signal) => {
      const parts = [
        part(sinks, sinkTroubles, signal),
        part(machine, diskTroubles, signal),
        part(recordings, recordingTroubles, signal),
        part(quotas, quotaTroubles, signal),
      ];
      return (await Promise.all(parts)).flat();
    },
    [sinks, machine, recordings, quotas],
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
