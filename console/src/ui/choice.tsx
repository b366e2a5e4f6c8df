// One of a few, each a button.
// Promise: which one holds is told in words too.

interface Props<T> {
  /** What is chosen. */
  name: string;
  of: readonly (readonly [value: T, title: string])[];
  at: T;
  onPick: (value: T) => void;
}

export function Choice<T>({ name, of, at, onPick }: Props<T>) {
  return (
    <div class="acts" role="group" aria-label={name}>
      {of.map(([value, title]) => (
        <button key={title} type="button" class="button small" aria-pressed={value === at} onClick={() => onPick(value)}>
          {title}
        </button>
      ))}
    </div>
  );
}
