// A chart of what was measured over time: lines with units, the values below the cursor, gaps as gaps.
// Promise: it can be read without seeing it (figures in a table, arrow keys move through the moments), with a finger,
// in light and dark; what draws it is fetched only when there is a chart to draw.
import { useEffect, useMemo, useRef, useState } from "preact/hooks";
import { extentOf, type Point, type Series, shapeOf, sumOf, valueAt } from "./chart-columns";
import type { Mark, Plot, Range } from "./chart-plot";
import { say, sayMoment } from "./chart-words";

export type { Mark, Point, Range, Series };

export interface ChartProps {
  /** What is shown, for the heading and for those who can't see it. */
  name: string;
  series: readonly Series[];
  /** What to show, in milliseconds since 1970; everything when left out. */
  range?: Range | undefined;
  /** Somebody picked a range (a drag, two fingers), or wants all again. Without it the chart zooms by itself. */
  onRange?: ((range: Range | undefined) => void) | undefined;
  /** A part is shown and there is more: offers the way back even if `range` was given. */
  zoomed?: boolean;
  marks?: readonly Mark[];
  /** Pixels. */
  height?: number;
  /** Charts of the same name move their cursors together. */
  sync?: string;
  /** The least value at the axis's top, so that small changes do not look great. */
  atLeast?: number;
  /** Shown in place of lines when there are none. */
  none?: string;
}

const NO_MARKS: readonly Mark[] = [];

export function Chart(props: ChartProps) {
  const { name, series, marks = NO_MARKS, height = 180, sync, atLeast = 0, none = "Nothing was measured yet." } = props;
  const [own, setOwn] = useState<Range>();
  const [cursor, setCursor] = useState<number>();
  const box = useRef<HTMLDivElement>(null);
  const plot = useRef<Plot | undefined>(undefined);
  const extent = useMemo(() => extentOf(series), [series]);
  const range = (props.onRange ? undefined : own) ?? props.range ?? extent ?? EMPTY;
  const [from, to] = range;
  const pick = (picked: Range | undefined) => (props.onRange ? props.onRange(picked) : setOwn(picked));
  const newest = useRef(pick);
  newest.current = pick;

  const wanted = { series, marks, range, sync, atLeast };
  const held = useRef(wanted);
  held.current = wanted;
  const shape = shapeOf(series);
  const look = useLook();
  useEffect(() => {
    let here = true;
    let watch: ResizeObserver | undefined;
    void import("./chart-plot").then(({ draw }) => {
      const place = box.current;
      if (!here || !place) return;
      const drawn = draw(place, held.current, {
        onCursor: setCursor,
        onPick: (picked) => newest.current(picked),
        onReset: () => newest.current(undefined),
      });
      plot.current = drawn;
      watch = new ResizeObserver(() => drawn.resize());
      watch.observe(place);
    });
    return () => {
      here = false;
      watch?.disconnect();
      plot.current?.close();
      plot.current = undefined;
    };
  }, [shape, look, sync, height]);
  useEffect(() => plot.current?.show(held.current), [series, marks, from, to, atLeast]);

  const step = stepOf(series);
  const shown = cursor ?? to;
  const values = series.map((one) => (cursor === undefined ? newestOf(one, to) : valueAt(one, cursor, one.dashed ? Infinity : step * 2)));
  const said = series.map((one, at) => `${one.label} ${say(values[at], one.unit)}`).join(", ");
  const keys = (event: KeyboardEvent) => {
    const by = { ArrowLeft: -1, ArrowRight: 1, PageUp: -10, PageDown: 10 }[event.key];
    const now = Math.min(to, Math.max(from, cursor ?? to));
    if (by) plot.current?.pointAt(Math.min(to, Math.max(from, now + by * Math.max(step, (to - from) / 200))));
    else if (event.key === "Home") plot.current?.pointAt(from);
    else if (event.key === "End") plot.current?.pointAt(to);
    else if (event.key === "+" || event.key === "=") pick(around(now, range, 0.5));
    else if (event.key === "-") pick(around(now, range, 2));
    else if (event.key === "Escape") {
      plot.current?.pointAt(undefined);
      pick(undefined);
    } else return;
    event.preventDefault();
  };
  const isEmpty = !series.some(({ points }) => points.some(([, value]) => value !== null));
  const isZoomed = props.zoomed ?? (own !== undefined && !props.onRange);
  return (
    <figure class="chart">
      <figcaption>
        <span class="name">{name}</span>
        <ul class="legend">
          {series.map((one, at) => (
            <li key={one.label}>
              <Swatch at={at} dashed={one.dashed ?? false} />
              {one.label} <b>{say(values[at], one.unit)}</b>
            </li>
          ))}
        </ul>
        {cursor !== undefined && <span class="when">{sayMoment(cursor, range)}</span>}
        {isZoomed && (
          <button type="button" class="button small reset" onClick={() => pick(undefined)}>
            Show all
          </button>
        )}
      </figcaption>
      <div
        class="plot"
        ref={box}
        style={{ height: `${height}px` }}
        tabIndex={0}
        role="slider"
        aria-label={`${name}: moment`}
        aria-valuemin={Math.round(from / 1000)}
        aria-valuemax={Math.round(to / 1000)}
        aria-valuenow={Math.round(shown / 1000)}
        aria-valuetext={isEmpty ? none : `${sayMoment(shown, range)}: ${said}`}
        onKeyDown={keys}
      >
        {isEmpty && <p class="none">{none}</p>}
      </div>
      <Figures name={name} series={series} range={range} />
    </figure>
  );
}

const EMPTY: Range = [Date.now() - 60_000, Date.now()];

/** The figures in words, for those who don't see the lines or want numbers. */
function Figures({ name, series, range }: { name: string; series: readonly Series[]; range: Range }) {
  return (
    <details>
      <summary>
        Figures<span class="unseen">: {name}</span>
      </summary>
      <table>
        <thead>
          <tr>
            {["", "Newest", "Lowest", "Mean", "Highest"].map((title) => (title ? <th key={title} scope="col">{title}</th> : <td key="corner" />))}
          </tr>
        </thead>
        <tbody>
          {series.map((one) => {
            const sum = sumOf(one, range);
            return (
              <tr key={one.label}>
                <th scope="row">{one.label}</th>
                {[sum.newest, sum.lowest, sum.mean, sum.highest].map((value, at) => (
                  <td key={at}>{say(value, one.unit)}</td>
                ))}
              </tr>
            );
          })}
        </tbody>
      </table>
    </details>
  );
}

const Swatch = ({ at, dashed }: { at: number; dashed: boolean }) => (
  <svg width="14" height="8" aria-hidden="true">
    <line
      x1="0"
      x2="14"
      y1="4"
      y2="4"
      style={{ stroke: `var(--chart-${(at % 5) + 1})` }}
      stroke-width={dashed ? 2 : 3}
      stroke-dasharray={dashed ? "4 3" : undefined}
    />
  </svg>
);

/** How far points lie apart, as a rule. */
function stepOf(series: readonly Series[]): number {
  const steps = series.flatMap(({ points }) => {
    const [first, last] = [points[0], points[points.length - 1]];
    return first && last && points.length > 1 ? [(last[0] - first[0]) / (points.length - 1)] : [];
  });
  return steps.length ? Math.max(1_000, Math.min(...steps)) : 5_000;
}

const newestOf = ({ points }: Series, to: number): number | null => {
  for (let at = points.length - 1; at >= 0; at -= 1) if ((points[at]?.[0] ?? 0) <= to) return points[at]?.[1] ?? null;
  return null;
};

function around(middle: number, [from, to]: Range, by: number): Range {
  const width = Math.max(10_000, (to - from) * by);
  return [middle - width / 2, middle + width / 2];
}

/** Changes when the page turns from light to dark. */
function useLook(): string {
  const now = () => `${getComputedStyle(document.documentElement).colorScheme} ${matchMedia("(prefers-color-scheme: dark)").matches}`;
  const [look, setLook] = useState(now);
  useEffect(() => {
    const turned = () => setLook(now());
    const system = matchMedia("(prefers-color-scheme: dark)");
    system.addEventListener("change", turned);
    const root = new MutationObserver(turned);
    root.observe(document.documentElement, { attributes: true });
    return () => {
      system.removeEventListener("change", turned);
      root.disconnect();
    };
  }, []);
  return look;
}
