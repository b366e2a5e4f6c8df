// What pages are made of: headings, buttons, fields, notices, dialogs, tables.
// Promise: each piece can be reached and used by the keyboard, has a name for those who don't see it, and looks
// right in light and dark; pages bring no styles of their own where a piece will do.
import type { ComponentChildren, JSX } from "preact";
import { useEffect, useRef, useState } from "preact/hooks";
import type { Failure } from "../wire/call";
import { asFailure } from "./load";

/** A page's head: its title, and what can be done with all of it. */
export function Head({ title, children, back }: { title: string; children?: ComponentChildren; back?: [string, string] }) {
  useEffect(() => {
    document.title = `${title} · Rillcast`;
  }, [title]);
  return (
    <header class="head">
      {back && (
        <a class="back" href={back[0]}>
          ‹ {back[1]}
        </a>
      )}
      <h1>{title}</h1>
      <div class="acts">{children}</div>
    </header>
  );
}

/** A framed part of a page. */
export function Card({ title, acts, children, wide }: { title?: string; acts?: ComponentChildren; children: ComponentChildren; wide?: boolean }) {
  return (
    <section class={wide ? "card wide" : "card"}>
      {(title || acts) && (
        <header>
          {title && <h2>{title}</h2>}
          <div class="acts">{acts}</div>
        </header>
      )}
      {children}
    </section>
  );
}

type ButtonProps = Omit<JSX.IntrinsicElements["button"], "onClick"> & {
  /** Awaited; until then the button is busy. What it throws is shown beside it. */
  onPress?: () => unknown;
  kind?: "plain" | "main" | "danger";
  children: ComponentChildren;
};

/** A button that shows when its work goes on and why it failed. */
export function Button({ onPress, kind = "plain", children, disabled, ...rest }: ButtonProps) {
  const [busy, setBusy] = useState(false);
  const [failure, setFailure] = useState<Failure>();
  const here = useRef(true);
  useEffect(
    () => () => {
      here.current = false;
    },
    [],
  );
  const press = async () => {
    setBusy(true);
    setFailure(undefined);
    try {
      await onPress?.();
    } catch (error) {
      if (here.current) setFailure(asFailure(error));
    } finally {
      if (here.current) setBusy(false);
    }
  };
  return (
    <>
      <button type="button" {...rest} class={`button ${kind}`} disabled={Boolean(disabled) || busy} aria-busy={busy} onClick={onPress ? () => void press() : undefined}>
        {children}
      </button>
      {failure && <Notice failure={failure} />}
    </>
  );
}

/** What went wrong, in the server's words, and what to do. */
export function Notice({ failure, children, kind = "bad" }: { failure?: Failure | undefined; children?: ComponentChildren; kind?: "bad" | "good" | "note" }) {
  if (!failure && !children) return null;
  return (
    <p class={`notice ${kind}`} role={kind === "bad" ? "alert" : "status"}>
      {failure ? failure.message : children}
    </p>
  );
}

/** Something between brackets of colour: LIVE, HEALTHY. */
export const Badge = ({ kind = "note", children }: { kind?: "good" | "bad" | "warn" | "note" | "live"; children: ComponentChildren }) => (
  <span class={`badge ${kind}`}>{children}</span>
);

/** Nothing is here, and what to do about it. */
export const Empty = ({ children }: { children: ComponentChildren }) => <div class="empty">{children}</div>;

/** Names and values. */
export function Facts({ of }: { of: [name: string, value: ComponentChildren][] }) {
  return (
    <dl class="facts">
      {of.map(([name, value]) => (
        <div key={name}>
          <dt>{name}</dt>
          <dd>{value}</dd>
        </div>
      ))}
    </dl>
  );
}

/** A text to be copied. */
export function Paste({ text, label }: { text: string; label: string }) {
  const [copied, setCopied] = useState(false);
  const place = useRef<HTMLElement>(null);
  const copy = async () => {
    try {
      await navigator.clipboard.writeText(text);
    } catch {
      // Without TLS browsers keep the clipboard from pages; the old way still works.
      const range = document.createRange();
      if (place.current) range.selectNodeContents(place.current);
      getSelection()?.removeAllRanges();
      getSelection()?.addRange(range);
      document.execCommand("copy");
    }
    setCopied(true);
    window.setTimeout(() => setCopied(false), 1_500);
  };
  return (
    <span class="paste">
      <code ref={place}>{text}</code>
      <button type="button" class="button small" aria-label={`Copy ${label}`} onClick={() => void copy()}>
        {copied ? "Copied" : "Copy"}
      </button>
    </span>
  );
}

/** A named field of a form. */
export function Field({ label, help, children }: { label: string; help?: ComponentChildren; children: ComponentChildren }) {
  return (
    <label class="field">
      <span>{label}</span>
      {children}
      {help && <small>{help}</small>}
    </label>
  );
}

/** A dialog over the page; `Escape` closes it. */
export function Dialog({ title, onClose, children }: { title: string; onClose: () => void; children: ComponentChildren }) {
  const dialog = useRef<HTMLDialogElement>(null);
  useEffect(() => dialog.current?.showModal(), []);
  return (
    <dialog ref={dialog} class="dialog" aria-label={title} onClose={onClose} onCancel={onClose}>
      <header>
        <h2>{title}</h2>
        <button type="button" class="button small" aria-label="Close" onClick={onClose}>
          ×
        </button>
      </header>
      {children}
    </dialog>
  );
}

/** A button that asks before it does what can't be undone. */
export function Destroy({ label, question, act, confirm }: { label: string; question: ComponentChildren; act: () => unknown; confirm?: string }) {
  const [asks, setAsks] = useState(false);
  return (
    <>
      <Button kind="danger" onPress={() => setAsks(true)}>
        {label}
      </Button>
      {asks && (
        <Dialog title={label} onClose={() => setAsks(false)}>
          <p>{question}</p>
          <div class="acts">
            <Button onPress={() => setAsks(false)}>Cancel</Button>
            <Button
              kind="danger"
              onPress={async () => {
                await act();
                setAsks(false);
              }}
            >
              {confirm ?? label}
            </Button>
          </div>
        </Dialog>
      )}
    </>
  );
}

/** Views of one thing, one at a time. */
export function Tabs<T extends string>({ of, at, onPick }: { of: readonly (readonly [T, string])[]; at: T; onPick: (tab: T) => void }) {
  return (
    <div class="tabs" role="tablist">
      {of.map(([name, title]) => (
        <button key={name} type="button" role="tab" aria-selected={name === at} onClick={() => onPick(name)}>
          {title}
        </button>
      ))}
    </div>
  );
}

/** A column of a table. */
export interface Column<T> {
  title: string;
  cell: (row: T) => ComponentChildren;
  /** `num`: right-aligned figures; `wide`: takes what is left; `aside`: left out on phones. */
  kind?: "num" | "wide" | "aside";
}

const ROW = 44;
const SPARE = 12;

/** A table of any length: only the rows in sight are in the page. */
export function Table<T>({ columns, rows, name, idOf, label }: { columns: Column<T>[]; rows: readonly T[]; name: string; idOf: (row: T) => string; label?: (row: T) => string }) {
  const box = useRef<HTMLDivElement>(null);
  const [[from, to], setSight] = useState([0, 40]);
  const look = () => {
    const here = box.current;
    if (!here) return;
    const first = Math.max(0, Math.floor(here.scrollTop / ROW) - SPARE);
    setSight([first, first + Math.ceil(here.clientHeight / ROW) + 2 * SPARE]);
  };
  useEffect(look, [rows.length]);
  const shown = rows.slice(from, to);
  return (
    <div class="table" ref={box} onScroll={look} tabIndex={0} role="region" aria-label={name}>
      <table aria-rowcount={rows.length + 1}>
        <thead>
          <tr>
            {columns.map((column) => (
              <th key={column.title} class={column.kind} scope="col">
                {column.title}
              </th>
            ))}
          </tr>
        </thead>
        <tbody>
          {from > 0 && <tr aria-hidden="true" style={{ height: `${from * ROW}px` }} />}
          {shown.map((row, at) => (
            <tr key={idOf(row)} aria-rowindex={from + at + 2} aria-label={label?.(row)}>
              {columns.map((column) => (
                <td key={column.title} class={column.kind}>
                  {column.cell(row)}
                </td>
              ))}
            </tr>
          ))}
          {to < rows.length && <tr aria-hidden="true" style={{ height: `${(rows.length - to) * ROW}px` }} />}
        </tbody>
      </table>
    </div>
  );
}
