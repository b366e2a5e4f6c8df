// How a chart's values and moments are said.
// Promise: the same words on the axis, below the cursor and in the table; times are of the browser's zone.
import { bitrate, bytes, NONE } from "./words";

/** A value with its unit. */
export function say(value: number | null | undefined, unit: string): string {
  if (value === null || value === undefined) return NONE;
  if (unit === "b/s") return bitrate(value);
  if (unit === "B") return bytes(value);
  const digits = Math.abs(value) >= 100 || Number.isInteger(value) ? 0 : Math.abs(value) >= 10 ? 1 : 2;
  const number = value.toLocaleString(undefined, { maximumFractionDigits: digits });
  return unit ? `${number} ${unit}` : number;
}

/** The values at an axis's marks, all in the same step of the unit. */
export function sayMarks(values: readonly number[], unit: string): string[] {
  const most = Math.max(...values.map(Math.abs), 0);
  const [by, name] = unit === "b/s" ? stepOf(most, ["b/s", "kb/s", "Mb/s", "Gb/s"])
    : unit === "B" ? stepOf(most, ["B", "kB", "MB", "GB"]) : [1, unit];
  const numbers = values.map((value) => (value / by).toLocaleString(undefined, { maximumFractionDigits: 3 }));
  return numbers.map((number, at) => (name && values[at] ? `${number} ${name}` : number));
}

function stepOf(most: number, names: readonly string[]): [by: number, name: string] {
  let [by, at] = [1, 0];
  while (most / by >= 1000 && at < names.length - 1) {
    by *= 1000;
    at += 1;
  }
  return [by, names[at] ?? ""];
}

const DAY = 86_400_000;

/** A moment within a range: no more of it than the range needs. */
export function sayMoment(time: number, [from, to]: readonly [number, number]): string {
  const at = new Date(time);
  const isLong = to - from > DAY || at.toDateString() !== new Date(from).toDateString();
  const clock: Intl.DateTimeFormatOptions = { hour: "2-digit", minute: "2-digit", second: "2-digit" };
  return isLong
    ? at.toLocaleString(undefined, { day: "numeric", month: "short", ...clock })
    : at.toLocaleTimeString(undefined, clock);
}

/** The moments at the marks of a time axis, which lie `step` milliseconds apart; a new day is named. */
export function sayTimes(times: readonly number[], step: number): string[] {
  let day = "";
  return times.map((time) => {
    const at = new Date(time);
    const date = at.toLocaleDateString(undefined, { day: "numeric", month: "short" });
    if (step >= DAY) return date;
    const clock = at.toLocaleTimeString(undefined, {
      hour: "2-digit",
      minute: "2-digit",
      ...(step < 60_000 ? { second: "2-digit" } : {}),
    });
    const isNew = day !== "" && date !== day;
    day = date;
    return isNew ? `${clock}\n${date}` : clock;
  });
}
