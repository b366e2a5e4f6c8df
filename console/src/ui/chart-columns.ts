// What a chart draws: lines of points in time, brought together on one axis.
// Promise: a gap stays a gap, and no point is moved.

/** A moment in milliseconds since 1970, what was measured (`null`: a gap), and between what it varied, if told. */
export type Point = readonly [time: number, value: number | null, low?: number | null, high?: number | null];

/** One line of a chart. */
export interface Series {
  label: string;
  /** What is counted: `b/s`, `fps`, `s`, `B`, or any short word. Lines of another unit than the first's get their own
   * axis on the right; there are two axes at most. */
  unit: string;
  /** In the order of time. */
  points: readonly Point[];
  /** A line of less weight: what was announced, or a limit. */
  dashed?: boolean;
  /** Values stay from point to point rather than lean from one to the next. */
  stepped?: boolean;
}

type Cell = number | null | undefined;

/** One column of times, then each line's: its values, and its lows and highs where it has a band. */
export type Columns = [times: number[], ...values: Cell[][]];

export const hasBand = ({ points }: Series): boolean => points.some(([, , low]) => low !== undefined);

/** Charts with as many lines of the same kinds are drawn with the same settings. */
export const shapeOf = (series: readonly Series[]): string =>
  series.map((one) => [one.label, one.unit, hasBand(one), one.dashed, one.stepped].join("|")).join("\n");

/** Brings lines together: where one has no point of its own at a moment there is nothing, which is no gap. */
export function columnsOf(series: readonly Series[]): Columns {
  const moments = new Set<number>();
  for (const { points } of series) for (const [time] of points) moments.add(time);
  const times = [...moments].sort((one, other) => one - other);
  const place = new Map(times.map((time, at) => [time, at]));
  const columns: Columns = [times];
  for (const one of series) {
    const band = hasBand(one);
    const made: Cell[][] = Array.from({ length: band ? 3 : 1 }, () => new Array<Cell>(times.length).fill(undefined));
    for (const [time, value, low = value, high = value] of one.points) {
      const at = place.get(time) ?? 0;
      const cells = value === null ? [null, null, null] : [value, low, high];
      cells.slice(0, made.length).forEach((cell, column) => {
        const filled = made[column];
        if (filled) filled[at] = cell;
      });
    }
    columns.push(...made);
  }
  return columns;
}

/** A line's value at a moment, or at the nearest point before that is not further away than `within`. */
export function valueAt({ points }: Series, time: number, within: number): number | null {
  let [from, to] = [0, points.length];
  while (from < to) {
    const middle = (from + to) >> 1;
    if ((points[middle]?.[0] ?? Infinity) <= time) from = middle + 1;
    else to = middle;
  }
  const found = points[from - 1];
  return found && time - found[0] <= within ? found[1] : null;
}

/** What a line comes to within a range. */
export interface Sum {
  newest: number | null;
  lowest: number | null;
  mean: number | null;
  highest: number | null;
}

export function sumOf({ points }: Series, [from, to]: readonly [number, number]): Sum {
  const sum: Sum = { newest: null, lowest: null, mean: null, highest: null };
  let [total, count] = [0, 0];
  for (const [time, value, low = value, high = value] of points) {
    if (time < from || time > to || value === null) continue;
    sum.newest = value;
    sum.lowest = Math.min(sum.lowest ?? Infinity, low ?? value);
    sum.highest = Math.max(sum.highest ?? -Infinity, high ?? value);
    total += value;
    count += 1;
  }
  if (count) sum.mean = total / count;
  return sum;
}

/** The first and the last moment of all lines. */
export function extentOf(series: readonly Series[]): readonly [number, number] | undefined {
  const ends = series.flatMap(({ points }) => {
    const [first, last] = [points[0], points[points.length - 1]];
    return first && last ? [first[0], last[0]] : [];
  });
  return ends.length ? [Math.min(...ends), Math.max(...ends)] : undefined;
}
