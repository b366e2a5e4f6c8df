// Charts of what is measured of streams: bitrate, frame rate, keyframe interval, viewers, health.
// Promise: all charts show the same time; a part that is picked is asked for anew, finer.
import { useMemo, useState } from "preact/hooks";
import { Chart, type Mark, type Range, type Series } from "../ui/chart";
import { Notice } from "../ui/kit";
import { useLoad } from "../ui/load";
import { Spells } from "../ui/spells";
import { useMay } from "../wire/may";
import { lineOf, type Samples, samplesOfChannel } from "../wire/samples";

/** What the encoder said it would send. */
export interface Announced {
  videoBitrate?: number | undefined;
  frameRate?: number | undefined;
}

interface HealthChartsProps {
  samples: Samples;
  range: Range;
  zoomed: boolean;
  onRange: (range: Range | undefined) => void;
  marks?: readonly Mark[];
  announced?: Announced;
}

const NO_MARKS: readonly Mark[] = [];

export function HealthCharts({ samples, range, zoomed, onRange, marks = NO_MARKS, announced }: HealthChartsProps) {
  const { videoBitrate, frameRate } = announced ?? {};
  const lines = useMemo(() => {
    const [first, last] = [samples.times[0], samples.times[samples.times.length - 1]];
    const level = (label: string, unit: string, value: number | undefined): Series[] =>
      value && first !== undefined && last !== undefined
        ? [{ label, unit, dashed: true, points: [[first, value], [last, value]] }]
        : [];
    return {
      bitrate: [
        { label: "Received", unit: "b/s", points: lineOf(samples, "bitrate") },
        { label: "Picture", unit: "b/s", points: lineOf(samples, "videoBitrate") },
        { label: "Sound", unit: "b/s", points: lineOf(samples, "audioBitrate") },
        ...level("Announced for the picture", "b/s", videoBitrate),
      ],
      frames: [
        { label: "Received", unit: "fps", points: lineOf(samples, "frameRate") },
        ...level("Announced", "fps", frameRate),
      ],
      keyframes: [{ label: "Between keyframes", unit: "s", points: lineOf(samples, "keyframeInterval"), stepped: true }],
      viewers: [{ label: "Watching", unit: "", points: lineOf(samples, "viewers"), stepped: true }],
    };
  }, [samples, videoBitrate, frameRate]);
  const common = { range, zoomed, onRange, marks, sync: "health" };
  return (
    <div class="stack">
      <Spells samples={samples} range={range} />
      {marks.length > 0 && <small>Upright dashed lines are events of the list below. Drag over a chart to look closer.</small>}
      <Chart name="Bitrate" series={lines.bitrate} height={220} {...common} />
      <Chart name="Frame rate" series={lines.frames} {...common} />
      <Chart name="Keyframe interval" series={lines.keyframes} height={150} {...common} />
      <Chart name="Viewers" series={lines.viewers} height={150} atLeast={4} {...common} />
    </div>
  );
}

const MINUTE = 60_000;
const HOUR = 60 * MINUTE;

const SPANS: readonly (readonly [milliseconds: number, title: string])[] = [
  [15 * MINUTE, "15 minutes"],
  [HOUR, "Hour"],
  [6 * HOUR, "6 hours"],
  [24 * HOUR, "Day"],
  [7 * 24 * HOUR, "7 days"],
  [31 * 24 * HOUR, "31 days"],
];

/** A channel's health until now, over whatever sessions it had. */
export function ChannelHealth({ channel }: { channel: string }) {
  const may = useMay("rillcast:ReadStreamSamples", channel);
  const [span, setSpan] = useState(HOUR);
  const [zoom, setZoom] = useState<Range>();
  const refresh = zoom ? undefined : span <= HOUR ? 5_000 : 60_000;
  const { value, failure } = useLoad<Samples | undefined>(
    (signal) => {
      if (!may) return Promise.resolve(undefined);
      const [from, to] = zoom ?? [Date.now() - span, undefined];
      return samplesOfChannel({ channel, from, to }, signal);
    },
    [channel, may, span, zoom],
    refresh,
  );
  if (!may) return <Notice kind="note">This key may not read what was measured (rillcast:ReadStreamSamples).</Notice>;
  return (
    <div class="stack">
      <Ranges of={SPANS} at={span} onPick={(picked) => (setZoom(undefined), setSpan(picked))} />
      <Notice failure={failure} />
      {value && <HealthCharts samples={value} range={zoom ?? [value.from, value.to]} zoomed={zoom !== undefined} onRange={setZoom} />}
    </div>
  );
}

/** How much time is shown. */
export function Ranges<T>({ of, at, onPick }: { of: readonly (readonly [T, string])[]; at: T; onPick: (value: T) => void }) {
  return (
    <div class="ranges" role="group" aria-label="Time shown">
      {of.map(([value, title]) => (
        <button key={title} type="button" class="button small" aria-pressed={value === at} onClick={() => onPick(value)}>
          {title}
        </button>
      ))}
    </div>
  );
}
