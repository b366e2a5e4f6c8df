// A table of any length: only the rows in sight are in the page.
// Promise: what is in the page is bounded, however many rows there are; rows can be sorted, scrolled and reached by
// the keyboard; columns keep their widths while somebody scrolls.
import type { ComponentChildren } from "preact";
import { useEffect, useMemo, useRef, useState } from "preact/hooks";

/** A column of a table. */
export interface Column<T> {
  title: string;
  cell: (row: T) => ComponentChildren;
  /** `num`: right-aligned figures; `wide`: takes what is left; `aside`: left out on phones. */
  kind?: "num" | "wide" | "aside";
  /** What rows are sorted by when somebody asks for it. */
  sort?: (row: T) => string | number;
  /** Rem; by default 7 for figures, 16 at least for what is wide, else 9. */
  width?: number;
}

interface TableProps<T> {
  columns: Column<T>[];
  rows: readonly T[];
  name: string;
  idOf: (row: T) => string;
  label?: (row: T) => string;
  /** Said when there are no rows. */
  none?: ComponentChildren;
}

/** Pixels; every row is as high, so that the place of each is known without it being there. */
const ROW = 44;
const SPARE = 12;

const widthOf = <T,>({ kind, width }: Column<T>) => width ?? (kind === "num" ? 7 : kind === "wide" ? 16 : 9);

export function Table<T>({ columns, rows, name, idOf, label, none }: TableProps<T>) {
  const box = useRef<HTMLDivElement>(null);
  const [[from, to], setSight] = useState<[number, number]>([0, 40]);
  const [order, setOrder] = useState<{ title: string; down: boolean }>();
  const look = () => {
    const here = box.current;
    if (!here) return;
    const first = Math.max(0, Math.floor(here.scrollTop / ROW) - SPARE);
    const last = first + Math.ceil(here.clientHeight / ROW) + 2 * SPARE;
    // A few rows' way changes nothing.
    setSight((sight) => (sight[0] === first && sight[1] === last ? sight : [first, last]));
  };
  useEffect(look, [rows.length]);
  useEffect(() => {
    const here = box.current;
    if (!here) return;
    const watch = new ResizeObserver(look);
    watch.observe(here);
    return () => watch.disconnect();
  }, []);

  const by = columns.find(({ title }) => title === order?.title)?.sort;
  const sorted = useMemo(() => (by ? inOrder(rows, by, order?.down ?? false) : rows), [rows, order]);
  const shown = sorted.slice(from, to);
  // Of figures the greatest are looked for; a third time gives back the order that the rows came in.
  const turn = ({ title, kind }: Column<T>) => {
    const first = kind === "num";
    setOrder((now) => (now?.title !== title ? { title, down: first } : now.down !== first ? undefined : { title, down: !first }));
  };
  const least = (of: Column<T>[]) => `${of.reduce((sum, column) => sum + widthOf(column), 0)}rem`;
  const narrow = columns.filter(({ kind }) => kind !== "aside");
  return (
    <div class="table" ref={box} onScroll={look} tabIndex={0} role="region" aria-label={name}>
      <table aria-rowcount={rows.length + 1} style={{ "--least": least(columns), "--least-narrow": least(narrow) }}>
        <colgroup>
          {columns.map((column) => (
            <col key={column.title} class={column.kind} style={column.kind === "wide" ? {} : { width: `${widthOf(column)}rem` }} />
          ))}
        </colgroup>
        <thead>
          <tr>
            {columns.map((column) => (
              <th
                key={column.title}
                class={column.kind}
                scope="col"
                aria-sort={by && order?.title === column.title ? (order.down ? "descending" : "ascending") : undefined}
              >
                {column.sort ? (
                  <button type="button" onClick={() => turn(column)}>
                    {column.title}
                  </button>
                ) : (
                  column.title
                )}
              </th>
            ))}
          </tr>
        </thead>
        <tbody>
          {from > 0 && rows.length > 0 && <Gap rows={Math.min(from, rows.length)} />}
          {shown.map((row, at) => (
            <tr key={idOf(row)} aria-rowindex={from + at + 2} aria-label={label?.(row)}>
              {columns.map((column) => {
                const cell = column.cell(row);
                return (
                  <td key={column.title} class={column.kind} title={typeof cell === "string" ? cell : undefined}>
                    {cell}
                  </td>
                );
              })}
            </tr>
          ))}
          {to < rows.length && <Gap rows={rows.length - to} />}
        </tbody>
      </table>
      {rows.length === 0 && none && <p class="none">{none}</p>}
    </div>
  );
}

/** The room of rows that are out of sight. */
const Gap = ({ rows }: { rows: number }) => (
  <tr aria-hidden="true" style={{ height: `${rows * ROW}px` }}>
    <td />
  </tr>
);

function inOrder<T>(rows: readonly T[], by: (row: T) => string | number, down: boolean): T[] {
  const sign = down ? -1 : 1;
  return rows
    .map((row) => [by(row), row] as const)
    .sort(([one], [other]) =>
      sign * (typeof one === "string" && typeof other === "string" ? one.localeCompare(other) : Number(one) - Number(other)),
    )
    .map(([, row]) => row);
}
