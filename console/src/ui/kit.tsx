// What pages are made of: headings, buttons, fields, notices, dialogs, tabs. Tables are in table.tsx.
// Promise: each piece can be reached and used by the keyboard, has a name for those who don't see it, and looks
// right in light and dark; pages bring no styles of their own where a piece will do.
import { cloneElement, type ComponentChildren, createContext, isValidElement, type JSX } from "preact";
import { useContext, useEffect, useId, useLayoutEffect, useRef, useState } from "preact/hooks";
import type { Failure } from "../wire/call";
import { faultsAt } from "./faults";
import { asFailure } from "./load";

export { type Column, Table } from "./table";

/** A page's head: its title, what is said beside it, and what can be done with all of it. */
export function Head({ title, children, back, said }: { title: string; children?: ComponentChildren; back?: [string, string]; said?: ComponentChildren }) {
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
      {said && <span class="said">{said}</span>}
      <div class="acts">{children}</div>
    </header>
  );
}

/** A framed part of a page. */
export function Card({ title, acts, children, wide }: { title?: string; acts?: ComponentChildren; children: ComponentChildren; wide?: boolean }) {
  return (
    <section class={wide ? "card wide" : "card"} aria-label={title}>
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
  small?: boolean;
  children: ComponentChildren;
};

/** A button that shows when its work goes on and why it failed. One of a form lets the form check its fields first. */
export function Button({ onPress, kind = "plain", small, children, disabled, ...rest }: ButtonProps) {
  const [busy, setBusy] = useState(false);
  const [failure, setFailure] = useState<Failure>();
  const tell = useContext(Faults)?.tell;
  const here = useRef(true);
  useEffect(() => {
    here.current = true;
    return () => {
      here.current = false;
    };
  }, []);
  const press = async (button: HTMLButtonElement) => {
    // One that is busy stays in the keyboard's reach, or a dialog that it opens could not give the keyboard back.
    if (busy) return;
    if (rest.type === "submit" && button.form?.reportValidity() === false) return;
    setBusy(true);
    setFailure(undefined);
    tell?.(undefined);
    try {
      await onPress?.();
    } catch (error) {
      if (here.current) {
        setFailure(asFailure(error));
        tell?.(asFailure(error));
      }
    } finally {
      if (here.current) setBusy(false);
    }
  };
  return (
    <>
      <button
        type="button"
        {...rest}
        class={`button ${kind}${small ? " small" : ""}`}
        disabled={disabled}
        aria-busy={busy}
        onClick={onPress ? ({ currentTarget }) => void press(currentTarget) : undefined}
      >
        {children}
      </button>
      {failure && <Notice failure={failure} />}
    </>
  );
}

/** What went wrong, in the server's words, and what to do. */
export function Notice({ failure, children, kind = "bad" }: { failure?: Failure | undefined; children?: ComponentChildren; kind?: "bad" | "good" | "note" | "warn" }) {
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

/** Something is asked for, and is not there yet. */
export const Waiting = ({ children = "Loading…" }: { children?: ComponentChildren }) => (
  <p class="waiting" role="status">
    {children}
  </p>
);

/** Names and values; `tight` where values are short, `long` for addresses and commands, which take all the width. */
export function Facts({ of, tight, long }: { of: [name: string, value: ComponentChildren][]; tight?: boolean; long?: boolean }) {
  return (
    <dl class={tight ? "facts tight" : long ? "facts long" : "facts"}>
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

/** What went wrong with the form around a field. */
const Faults = createContext<{ failure: Failure | undefined; tell: (failure: Failure | undefined) => void } | undefined>(undefined);

/** A form: `Enter` presses its submit button, whose failure is shown at the field that the server names. */
export function Form({ children, label }: { children: ComponentChildren; label?: string }) {
  const [failure, tell] = useState<Failure>();
  return (
    <Faults.Provider value={{ failure, tell }}>
      <form aria-label={label} onSubmit={(event) => event.preventDefault()}>
        {children}
      </form>
    </Faults.Provider>
  );
}

interface FieldProps {
  label: string;
  help?: ComponentChildren;
  /** The member of the API that it is; what the server says of that member is shown here. */
  name?: string;
  /** What is wrong with it, in the page's own words. */
  fault?: string | undefined;
  children: ComponentChildren;
}

/** A named field of a form. */
export function Field({ label, help, name, fault, children }: FieldProps) {
  const id = useId();
  const failure = useContext(Faults)?.failure;
  const said = fault ?? (name && failure ? faultsAt(failure, name) : undefined);
  const below = (
    <>
      {help && <small id={`${id}-help`}>{help}</small>}
      {said && (
        <p class="fault" id={`${id}-fault`}>
          {said}
        </p>
      )}
    </>
  );
  const about = [help && `${id}-help`, said && `${id}-fault`].filter(Boolean).join(" ") || undefined;
  if (isValidElement(children) && typeof children.type === "string") {
    const given = children.props as { id?: string; type?: string; "aria-describedby"?: string };
    const own = given.id ?? id;
    const control = cloneElement(children as JSX.Element, {
      id: own,
      "aria-describedby": given["aria-describedby"] ?? about,
      "aria-invalid": said ? "true" : undefined,
    });
    const title = <label for={own}>{label}</label>;
    const isCheck = children.type === "input" && (given.type === "checkbox" || given.type === "radio");
    return (
      <div class={isCheck ? "field check" : "field"}>
        {isCheck ? [control, title] : [title, control]}
        {below}
      </div>
    );
  }
  return (
    <label class="field">
      <span>{label}</span>
      {children}
      {below}
    </label>
  );
}

/** A dialog over the page; `Escape` closes it, and what was looked at before has the keyboard again. */
export function Dialog({ title, onClose, children }: { title: string; onClose: () => void; children: ComponentChildren }) {
  const dialog = useRef<HTMLDialogElement>(null);
  useLayoutEffect(() => {
    const [here, before] = [dialog.current, document.activeElement];
    here?.showModal();
    // The first thing to fill in or press is what somebody came for, not the cross.
    here?.querySelector<HTMLElement>(FIRST)?.focus();
    return () => {
      // As long as it is open, nothing behind it can have the keyboard.
      here?.close();
      if (before instanceof HTMLElement && before.isConnected) before.focus({ preventScroll: true });
    };
  }, []);
  return (
    <dialog
      ref={dialog}
      class="dialog"
      aria-label={title}
      onCancel={(event) => {
        // Whoever shows it takes it away.
        event.preventDefault();
        onClose();
      }}
    >
      <header>
        <h2>{title}</h2>
        <button type="button" class="button small quiet" aria-label="Close" onClick={onClose}>
          ×
        </button>
      </header>
      {children}
    </dialog>
  );
}

const FIRST = ":is(input, select, textarea):not([disabled]), .acts button:not([disabled])";

/** A button that asks before it does what can't be undone. */
export function Destroy({ label, question, act, confirm, small }: { label: string; question: ComponentChildren; act: () => unknown; confirm?: string; small?: boolean }) {
  const [asks, setAsks] = useState(false);
  return (
    <>
      <Button kind="danger" small={small ?? false} onPress={() => setAsks(true)}>
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

/** Views of one thing, one at a time: arrows, Home and End move between them. */
export function Tabs<T extends string>({ of, at, onPick }: { of: readonly (readonly [T, string])[]; at: T; onPick: (tab: T) => void }) {
  const list = useRef<HTMLDivElement>(null);
  const move = (event: KeyboardEvent) => {
    const now = of.findIndex(([name]) => name === at);
    const to = { ArrowRight: now + 1, ArrowLeft: now - 1, Home: 0, End: of.length - 1 }[event.key];
    if (to === undefined) return;
    event.preventDefault();
    const next = (to + of.length) % of.length;
    const name = of[next]?.[0];
    if (name === undefined) return;
    onPick(name);
    list.current?.querySelectorAll<HTMLElement>("[role=tab]")[next]?.focus();
  };
  return (
    <div class="tabs" role="tablist" ref={list} onKeyDown={move}>
      {of.map(([name, title]) => (
        <button key={name} type="button" role="tab" aria-selected={name === at} tabIndex={name === at ? 0 : -1} onClick={() => onPick(name)}>
          {title}
        </button>
      ))}
    </div>
  );
}
