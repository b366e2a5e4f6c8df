// The drawing of a chart, by uPlot: a chunk of its own, fetched when the first chart is looked at.
// Promise: colours are those of the page's style sheet; a drag or two fingers pick a range, and a finger shows values.
import UPlot from "uplot";
import { columnsOf, hasBand, type Series } from "./chart-columns";
import { sayMarks, sayTimes } from "./chart-words";

export type Range = readonly [from: number, to: number];

/** A moment that is marked by a line from top to bottom. */
export interface Mark {
  at: number;
  kind: "good" | "bad" | "warn" | "note";
}

export interface Wanted {
  series: readonly Series[];
  marks: readonly Mark[];
  range: Range;
  /** Charts of the same name show the cursor at the same moment. */
  sync: string | undefined;
  /** The least value at the axis's top. */
  atLeast: number;
}

export interface Told {
  /** The cursor is at this moment, or nowhere. */
  onCursor: (time: number | undefined) => void;
  /** Somebody picks a range. */
  onPick: (range: Range) => void;
  /** Somebody wants all again. */
  onReset: () => void;
}

export interface Plot {
  show: (wanted: Wanted) => void;
  pointAt: (time: number | undefined) => void;
  resize: () => void;
  close: () => void;
}

/** How many colours lines have before they come again. */
export const HUES = 5;

/** Draws into `box`, which has a width and a height. */
export function draw(box: HTMLElement, first: Wanted, told: Told): Plot {
  let wanted = first;
  const colour = paints(box);
  const units = [...new Set(first.series.map(({ unit }) => unit))].slice(0, 2);
  const scaleOf = (unit: string) => (unit === units[0] || units[1] === undefined ? "left" : "right");

  const lines: UPlot.Series[] = [];
  const bands: UPlot.Band[] = [];
  /** Lines without a dot below the cursor. */
  const plain = new Set<number>();
  first.series.forEach((one, at) => {
    const hue = `--chart-${(at % HUES) + 1}`;
    const line: UPlot.Series = {
      scale: scaleOf(one.unit),
      width: one.dashed ? 1 : 1.5,
      stroke: () => colour(hue),
      ...(one.dashed ? { dash: [5, 4], points: { show: false } } : { points: { size: 4 } }),
      ...(one.stepped && UPlot.paths.stepped ? { paths: UPlot.paths.stepped({ align: 1 }) } : {}),
    };
    const place = lines.push(line);
    if (one.dashed) plain.add(place);
    if (!hasBand(one)) return;
    const edge: UPlot.Series = { scale: scaleOf(one.unit), width: 0, points: { show: false } };
    const low = lines.push(edge);
    const high = lines.push({ ...edge });
    plain.add(low).add(high);
    bands.push({ series: [high, low], fill: () => faint(colour(hue)) });
  });

  const axis = (more: UPlot.Axis): UPlot.Axis => ({
    stroke: () => colour("--faint"),
    font: "12px system-ui, sans-serif",
    grid: { stroke: () => colour("--edge"), width: 1 },
    ticks: { show: false },
    ...more,
  });
  const plot = new UPlot(
    {
      width: box.clientWidth,
      height: box.clientHeight,
      ms: 1,
      legend: { show: false },
      padding: [8, units.length > 1 ? 0 : 12, 0, 0],
      cursor: {
        y: false,
        drag: { x: true, y: false, setScale: false, dist: 8 },
        points: { size: (_, at) => (plain.has(at) ? 0 : 7) },
        ...(first.sync ? { sync: { key: first.sync, scales: ["x", null] } } : {}),
        // A double click means all again; uPlot's own would fit the axis to the data.
        bind: {
          dblclick: () => {
            told.onReset();
            return null;
          },
        } as unknown as UPlot.Cursor.Bind,
      },
      scales: {
        x: { time: true, auto: false, range: () => [wanted.range[0], wanted.range[1]] },
        left: { range: (_, __, most) => [0, roofOf(most, wanted.atLeast)] },
        right: { range: (_, __, most) => [0, roofOf(most, 0)] },
      },
      axes: [
        axis({
          space: 70,
          values: (_, splits, __, ___, step) => sayTimes(splits, step),
          size: (_, values) => ((values ?? []).some((text) => text?.includes("\n")) ? 40 : 26),
        }),
        ...units.map((unit, at) =>
          axis({
            scale: at ? "right" : "left",
            side: at ? 1 : 3,
            space: 34,
            size: (_, values) => at ? widthOf(values) : Math.max(76, widthOf(values)),
            values: (_, splits) => sayMarks(splits, unit),
            ...(unit ? {} : { incrs: WHOLE }),
            ...(at ? { grid: { show: false } } : {}),
          }),
        ),
      ],
      series: [{}, ...lines],
      bands,
      hooks: {
        setCursor: [
          (self) => {
            const { left } = self.cursor;
            told.onCursor(left === undefined || left === null || left < 0 ? undefined : self.posToVal(left, "x"));
          },
        ],
        setSelect: [
          (self) => {
            const { left, width } = self.select;
            if (width < 8) return;
            const picked: Range = [self.posToVal(left, "x"), self.posToVal(left + width, "x")];
            self.setSelect({ left: 0, width: 0, top: 0, height: 0 }, false);
            if (picked[1] - picked[0] >= 1_000) told.onPick(picked);
          },
        ],
        drawAxes: [(self) => drawMarks(self, wanted.marks, colour)],
      },
    },
    columnsOf(first.series) as UPlot.AlignedData,
    box,
  );
  const untouch = touch(plot, told);
  const show = (next: Wanted) => {
    wanted = next;
    plot.batch(() => {
      plot.setData(columnsOf(next.series) as UPlot.AlignedData, false);
      plot.setScale("x", { min: next.range[0], max: next.range[1] });
    });
  };
  show(first);
  return {
    show,
    pointAt: (time) => {
      const left = time === undefined ? -10 : plot.valToPos(time, "x");
      point(plot, left);
    },
    resize: () => plot.setSize({ width: box.clientWidth, height: box.clientHeight }),
    close: () => {
      untouch();
      plot.destroy();
    },
  };
}

/** Pixels for an axis's words. Those on the left are as wide as usual words need, so that charts stand in line. */
const widthOf = (words: readonly string[] | null): number =>
  14 + 7 * Math.max(3, ...(words ?? []).map((text) => text.length));

/** Steps between marks of what is counted one by one. */
const WHOLE = [0, 1, 2, 3, 4, 5, 6, 7, 8].flatMap((power) => [1, 2, 5].map((step) => step * 10 ** power));

/** Moves the cursor, here and in the charts beside it; a negative place is nowhere. uPlot's own types leave out what
 * tells the others. */
function point(plot: UPlot, left: number): void {
  const move = plot.setCursor as (at: { left: number; top: number }, fire: boolean, tell: boolean) => void;
  move({ left, top: left < 0 ? left : 0 }, true, true);
}

/** The top of an axis: a little above the greatest value. */
function roofOf(most: number | null, atLeast: number): number {
  const top = Math.max(most ?? 0, atLeast);
  return top > 0 ? top * 1.08 : 1;
}

/** Colours by the names that the style sheet gives them, as they are just now. */
function paints(box: HTMLElement): (name: string) => string {
  const probe = document.createElement("span");
  probe.hidden = true;
  box.append(probe);
  const known = new Map<string, string>();
  return (name) => {
    const old = known.get(name);
    if (old) return old;
    probe.style.color = `var(${name})`;
    const found = getComputedStyle(probe).color;
    known.set(name, found);
    return found;
  };
}

const faint = (colour: string) => `color-mix(in srgb, ${colour} 22%, transparent)`;

function drawMarks(plot: UPlot, marks: readonly Mark[], colour: (name: string) => string): void {
  const { ctx, bbox } = plot;
  ctx.save();
  ctx.lineWidth = UPlot.pxRatio;
  for (const { at, kind } of marks) {
    const left = Math.round(plot.valToPos(at, "x", true));
    if (left < bbox.left || left > bbox.left + bbox.width) continue;
    ctx.strokeStyle = colour(kind === "note" ? "--faint" : `--${kind}`);
    ctx.setLineDash([3 * UPlot.pxRatio, 3 * UPlot.pxRatio]);
    ctx.beginPath();
    ctx.moveTo(left, bbox.top);
    ctx.lineTo(left, bbox.top + bbox.height);
    ctx.stroke();
  }
  ctx.restore();
}

/** One finger moves the cursor, two pick a range; up and down still scroll the page. */
function touch(plot: UPlot, told: Told): () => void {
  const { over } = plot;
  const fingers = new Map<number, number>();
  const x = (event: PointerEvent) => event.clientX - over.getBoundingClientRect().left;
  const down = (event: PointerEvent) => {
    if (event.pointerType !== "touch") return;
    fingers.set(event.pointerId, x(event));
    if (fingers.size === 1) point(plot, x(event));
    over.setPointerCapture(event.pointerId);
  };
  const move = (event: PointerEvent) => {
    if (!fingers.has(event.pointerId)) return;
    fingers.set(event.pointerId, x(event));
    const [one, other] = [...fingers.values()];
    if (one === undefined) return;
    if (other === undefined) point(plot, one);
    else {
      const height = over.clientHeight;
      plot.setSelect({ left: Math.min(one, other), width: Math.abs(one - other), top: 0, height }, false);
    }
  };
  const up = (event: PointerEvent) => {
    const were = fingers.size;
    fingers.delete(event.pointerId);
    if (were !== 2) return;
    const { left, width } = plot.select;
    plot.setSelect({ left: 0, width: 0, top: 0, height: 0 }, false);
    const picked: Range = [plot.posToVal(left, "x"), plot.posToVal(left + width, "x")];
    if (width >= 16 && picked[1] - picked[0] >= 1_000) told.onPick(picked);
  };
  const listeners = [["pointerdown", down], ["pointermove", move], ["pointerup", up], ["pointercancel", up]] as const;
  for (const [name, listener] of listeners) over.addEventListener(name, listener);
  return () => {
    for (const [name, listener] of listeners) over.removeEventListener(name, listener);
  };
}
